/* merge.c - what a data changeset does to records. */
#include "entry.h"
#include "state.h"
#include "vault_impl.h"

#include <stdlib.h>
#include <string.h>

struct wire_op {
	uint8_t code;
	const char *field;
	size_t field_len;
	const uint8_t *value;
	size_t value_len;
	uint32_t n_dots;
	struct mp_reader dots; /* stands before the first dot */
};

#define FIELD_MAX 160u

static void read_dot(struct mp_reader *r, struct saksi_hash *id, uint32_t *number)
{
	uint64_t n;

	mp_expect_array(r, 2);
	mp_read_fixed(r, id->b, sizeof(id->b));
	n = mp_read_uint(r);
	if (n > UINT32_MAX)
		mp_fail(r, "operation number out of range");
	*number = (uint32_t)n;
}

static void read_dots(struct mp_reader *r, struct wire_op *op)
{
	struct saksi_hash id;
	uint32_t number;

	op->n_dots = mp_read_array(r);
	op->dots = *r;
	for (uint32_t i = 0; i < op->n_dots && !r->failed; i++)
		read_dot(r, &id, &number);
}

static void read_value(struct mp_reader *r, struct wire_op *op)
{
	if (mp_peek(r) == MP_NIL)
		mp_fail(r, "a value is missing");
	op->value_len = mp_skip(r, MP_DEPTH_MAX, &op->value);
}

static bool is_reserved_register(const struct wire_op *op)
{
	return (op->field_len == 4 && memcmp(op->field, "type", 4) == 0) ||
	    (op->field_len == 3 && memcmp(op->field, "ref", 3) == 0) ||
	    (op->field_len == 5 && memcmp(op->field, "class", 5) == 0);
}

/* Returns false, without a fault in ${r}, for an operation of a newer version. */
static bool read_wire_op(struct mp_reader *r, struct wire_op *op)
{
	static const uint32_t fields[] = {[OP_SET] = 4, [OP_ADD] = 3, [OP_REMOVE] = 3};
	uint32_t n = mp_read_array(r);
	uint64_t code = mp_read_uint(r);

	memset(op, 0, sizeof(*op));
	if (r->failed)
		return true;
	if (code < OP_SET || code > OP_REMOVE)
		return false;
	if (n != fields[code])
		mp_fail(r, "wrong number of parts in an operation");
	op->code = (uint8_t)code;
	op->field_len = mp_read_str(r, &op->field);
	if (op->field_len == 0 || op->field_len > FIELD_MAX)
		mp_fail(r, "field name too short or too long");
	if (code != OP_REMOVE)
		read_value(r, op);
	if (code != OP_ADD)
		read_dots(r, op);
	if (!r->failed && is_reserved_register(op) && op->value != NULL) {
		struct mp_reader v;

		mp_read_init(&v, op->value, op->value_len);
		if (code != OP_SET || mp_peek(&v) != MP_STR)
			mp_fail(r, "type, ref and class are texts");
	}
	return true;
}

/* Leaves the reader before the operations; 0: not a record part. */
static uint32_t read_part_head(struct mp_reader *r, const struct changeset_part *part,
    struct saksi_id *id, uint64_t *tag)
{
	mp_read_init(r, part->p, part->len);
	mp_read_array(r);
	*tag = mp_read_uint(r);
	if (r->failed || *tag != PART_RECORD)
		return 0;
	mp_read_init(r, part->p, part->len);
	mp_expect_array(r, 3);
	mp_read_uint(r);
	mp_read_fixed(r, id->b, sizeof(id->b));
	return mp_read_array(r);
}

static enum saksi_err check_record_part(struct mp_reader *r, uint32_t n, size_t *total,
    struct saksi_error *err)
{
	struct wire_op op;

	if (n == 0)
		mp_fail(r, "a record part without operations");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		if (++*total > CHANGESET_OPS_MAX)
			return saksi_fail(err, SAKSI_ELIMIT,
			    "changeset: more than %u operations", CHANGESET_OPS_MAX);
		if (!read_wire_op(r, &op))
			return saksi_fail(err, SAKSI_ENEWER,
			    "changeset: holds an operation that only a newer saksi knows");
	}
	return mp_done(r, "record part", err);
}

static enum saksi_err check_audit_part(const struct changeset_part *part,
    struct saksi_error *err)
{
	struct mp_reader r;
	const char *what;

	mp_read_init(&r, part->p, part->len);
	mp_expect_array(&r, 3);
	mp_read_uint(&r);
	mp_read_str(&r, &what);
	if (mp_peek(&r) != MP_MAP)
		mp_fail(&r, "details are a map");
	mp_skip(&r, MP_DEPTH_MAX, NULL);
	return mp_done(&r, "audit part", err);
}

enum saksi_err merge_check(const struct changeset *cs, struct saksi_error *err)
{
	size_t total = 0;

	for (uint32_t i = 0; i < cs->n_parts; i++) {
		struct mp_reader r;
		struct saksi_id id;
		uint64_t tag = 0;
		uint32_t n;
		enum saksi_err rc = SAKSI_OK;

		if (cs->parts[i].p == NULL)
			continue; /* erased: nothing to check, nothing to do */
		n = read_part_head(&r, &cs->parts[i], &id, &tag);
		if (r.failed)
			return mp_done(&r, "changeset part", err);
		if (tag == PART_RECORD)
			rc = check_record_part(&r, n, &total, err);
		else if (tag == PART_AUDIT)
			rc = check_audit_part(&cs->parts[i], err);
		else if (tag != PART_LOG_OPEN || cs->seq != 1 || i != 0)
			rc = saksi_fail(err, SAKSI_ENEWER,
			    "changeset: holds a part that only a newer saksi knows");
		if (rc != SAKSI_OK)
			return rc;
	}
	return SAKSI_OK;
}

/* Keep of the dots those that name a cause: only what was seen can be hidden. */
static void write_over(struct buf *b, const struct wire_op *op, const struct catalog *c,
    const struct stored_entry *e)
{
	struct buf dots = BUF_INIT;
	struct mp_reader r = op->dots;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < op->n_dots; i++) {
		const struct cat_entry *cause;
		struct saksi_hash id;
		uint32_t number;

		read_dot(&r, &id, &number);
		cause = catalog_entry(c, &id);
		if (cause == NULL || cause->n == e->n ||
		    !vclock_has(&e->past, cause->branch, cause->seq))
			continue;
		mp_array(&dots, 2);
		mp_uint(&dots, cause->n);
		mp_uint(&dots, number);
		kept++;
	}
	mp_array(b, kept);
	buf_add(b, dots.p, dots.len);
	b->failed |= dots.failed;
	buf_free(&dots);
}

enum saksi_err merge_group(struct buf *out, const struct catalog *c,
    const struct stored_entry *e, uint32_t part, struct saksi_id *record, size_t *n_ops,
    struct saksi_error *err)
{
	struct buf ops = BUF_INIT;
	struct mp_reader r;
	struct wire_op op;
	uint64_t tag = 0;
	bool deletes = false;
	uint32_t n = 0;
	enum saksi_err rc;

	if (e->cs->parts[part].p != NULL)
		n = read_part_head(&r, &e->cs->parts[part], record, &tag);
	*n_ops = n;
	if (n == 0)
		return SAKSI_OK;
	for (uint32_t i = 0; i < n && read_wire_op(&r, &op) && !r.failed; i++) {
		mp_array(&ops, 5);
		mp_uint(&ops, part << 16 | i);
		mp_uint(&ops, op.code);
		mp_str(&ops, op.field, op.field_len);
		if (op.value == NULL)
			mp_nil(&ops);
		else
			buf_add(&ops, op.value, op.value_len);
		write_over(&ops, &op, c, e);
		deletes |= op.value != NULL && op.field_len == 7 &&
		    memcmp(op.field, "deleted", 7) == 0;
	}
	mp_array(out, 7);
	mp_uint(out, e->n);
	mp_uint(out, e->branch);
	mp_uint(out, e->cs->seq);
	mp_uint(out, e->cs->hlc);
	mp_uint(out, e->max_hlc);
	if (deletes)
		vclock_write(out, &e->past);
	else
		mp_nil(out);
	mp_array(out, n);
	buf_add(out, ops.p, ops.len);
	rc = buf_ok(&ops, err);
	buf_free(&ops);
	if (rc == SAKSI_OK && r.failed)
		rc = mp_done(&r, "record part", err);
	return rc == SAKSI_OK ? buf_ok(out, err) : rc;
}

static enum saksi_err store_state(struct saksi_txn *t, struct catalog *c, uint64_t number,
    struct state *s, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	const char *type = "", *ref = "";
	size_t type_len = 0, ref_len = 0;
	enum saksi_err rc;

	state_write(&b, s);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		rc = kv_put(t->kv, KV_RECORDS, number, b.p, b.len, err);
	buf_free(&b);
	if (rc != SAKSI_OK)
		return rc;
	if (s->type != NULL)
		type_len = state_value_str(s->type, &type);
	if (s->ref != NULL)
		ref_len = state_value_str(s->ref, &ref);
	return catalog_put_record(c, &s->id, number, s->shown, type, type_len, ref,
	    ref_len, err);
}

static enum saksi_err apply_group(struct saksi_txn *t, struct catalog *c,
    const struct saksi_id *id, const struct buf *group, int *was, int *is,
    struct saksi_error *err)
{
	const struct cat_record *known = catalog_record(c, id);
	struct state s;
	uint64_t number;
	enum saksi_err rc;

	*was = 0;
	if (known != NULL) {
		number = known->number;
		*was = (int)known->state;
		if ((rc = txn_state(t, number, 0, &s, err)) != SAKSI_OK)
			return rc;
	} else {
		state_init(&s, id);
		if ((rc = kv_next(t->kv, KV_RECORDS, &number, err)) != SAKSI_OK)
			return rc;
	}
	if ((rc = state_append(&s, group, err)) == SAKSI_OK) {
		state_view(&s, c, 0);
		*is = (int)s.shown;
		rc = store_state(t, c, number, &s, err);
	}
	state_free(&s);
	return rc;
}

enum saksi_err merge_apply(struct saksi_txn *t, const struct stored_entry *e,
    merge_change_fn *fn, void *ctx, struct saksi_error *err)
{
	struct catalog *c;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	for (uint32_t i = 0; i < e->cs->n_parts && rc == SAKSI_OK; i++) {
		struct merge_change change = {.branch = e->branch};
		struct buf group = BUF_INIT;

		rc = merge_group(&group, c, e, i, &change.record, &change.values, err);
		if (rc == SAKSI_OK && change.values > 0) {
			rc = apply_group(t, c, &change.record, &group, &change.was,
			    &change.is, err);
			if (rc == SAKSI_OK && fn != NULL)
				fn(ctx, &change);
		}
		buf_free(&group);
	}
	return rc;
}
