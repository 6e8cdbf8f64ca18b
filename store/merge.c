/* merge.c - what a data changeset does to records. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>

#include "entry.h"
#include "rows.h"
#include "vault_impl.h"

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

/* What is let in can be shown: a value that JSON can't hold is no value. */
static enum saksi_err check_value(const struct wire_op *op, struct saksi_error *err)
{
	struct mp_reader r;

	if (op->value == NULL)
		return SAKSI_OK;
	mp_read_init(&r, op->value, op->value_len);
	return mpjson_check(&r, err);
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
	enum saksi_err rc;

	if (n == 0)
		mp_fail(r, "a record part without operations");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		if (++*total > CHANGESET_OPS_MAX)
			return saksi_fail(err, SAKSI_ELIMIT,
			    "changeset: more than %u operations", CHANGESET_OPS_MAX);
		if (!read_wire_op(r, &op))
			return saksi_fail(err, SAKSI_ENEWER,
			    "changeset: holds an operation that only a newer saksi knows");
		if (!r->failed && (rc = check_value(&op, err)) != SAKSI_OK)
			return rc;
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

	if (cs->seq == 1 && cs->n_parts != 1)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "changeset: the first entry of a data log only opens it");
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
static enum saksi_err write_over(struct buf *b, const struct wire_op *op,
    struct saksi_txn *t, const struct stored_entry *e, struct saksi_error *err)
{
	struct buf dots = BUF_INIT;
	struct mp_reader r = op->dots;
	uint32_t kept = 0;
	enum saksi_err rc = SAKSI_OK;

	for (uint32_t i = 0; i < op->n_dots; i++) {
		struct cat_entry cause;
		struct saksi_hash id;
		uint32_t number;
		bool found;

		read_dot(&r, &id, &number);
		if ((rc = catalog_entry(t, &id, &cause, &found, err)) != SAKSI_OK)
			break;
		if (!found || cause.n == e->n ||
		    !vclock_has(&e->past, cause.branch, cause.seq))
			continue;
		mp_array(&dots, 2);
		mp_uint(&dots, cause.n);
		mp_uint(&dots, number);
		kept++;
	}
	mp_array(b, kept);
	buf_add(b, dots.p, dots.len);
	b->failed |= dots.failed;
	buf_free(&dots);
	return rc;
}

static bool op_is_on(const struct wire_op *op, const char *field)
{
	return op->field_len == strlen(field) &&
	    memcmp(op->field, field, op->field_len) == 0;
}

static enum saksi_err write_op(struct group *g, struct buf *ops, const struct wire_op *op,
    uint32_t number, struct saksi_txn *t, const struct stored_entry *e,
    struct saksi_error *err)
{
	mp_array(ops, 5);
	mp_uint(ops, number);
	mp_uint(ops, op->code);
	mp_str(ops, op->field, op->field_len);
	if (op->value == NULL)
		mp_nil(ops);
	else
		buf_add(ops, op->value, op->value_len);
	g->deletes |= op->value != NULL && op_is_on(op, "deleted");
	g->heads |=
	    op_is_on(op, "deleted") || op_is_on(op, "type") || op_is_on(op, "ref");
	g->n_ops++;
	return write_over(ops, op, t, e, err);
}

bool merge_is_record_part(const struct changeset *cs, uint32_t part)
{
	struct saksi_id id;
	struct mp_reader r;
	uint64_t tag;

	return cs->parts[part].p != NULL &&
	    read_part_head(&r, &cs->parts[part], &id, &tag) > 0;
}

enum saksi_err merge_group(struct group *g, struct saksi_txn *t,
    const struct stored_entry *e, uint32_t part, struct saksi_error *err)
{
	struct buf ops = BUF_INIT;
	struct mp_reader r;
	struct wire_op op;
	uint64_t tag = 0;
	uint32_t n = 0;
	enum saksi_err rc = SAKSI_OK;

	memset(g, 0, sizeof(*g));
	if (e->cs->parts[part].p != NULL)
		n = read_part_head(&r, &e->cs->parts[part], &g->record, &tag);
	if (n == 0)
		return SAKSI_OK;
	for (uint32_t i = 0;
	     i < n && rc == SAKSI_OK && read_wire_op(&r, &op) && !r.failed; i++)
		rc = write_op(g, &ops, &op, part << 16 | i, t, e, err);
	mp_array(&g->bytes, 7);
	mp_uint(&g->bytes, e->n);
	mp_uint(&g->bytes, e->branch);
	mp_uint(&g->bytes, e->cs->seq);
	mp_uint(&g->bytes, e->cs->hlc);
	mp_uint(&g->bytes, e->max_hlc);
	if (g->deletes)
		vclock_write(&g->bytes, &e->past);
	else
		mp_nil(&g->bytes);
	mp_array(&g->bytes, n);
	buf_add(&g->bytes, ops.p, ops.len);
	if (rc == SAKSI_OK)
		rc = buf_ok(&ops, err);
	buf_free(&ops);
	if (rc == SAKSI_OK && r.failed)
		rc = mp_done(&r, "record part", err);
	return rc == SAKSI_OK ? buf_ok(&g->bytes, err) : rc;
}

/* The head after ${group}, by looking at the whole history. */
static enum saksi_err look_again(struct saksi_txn *t, const struct catalog *c,
    uint64_t number, bool known, const struct saksi_id *id, const struct buf *group,
    struct state *s, struct state_head *h, struct saksi_error *err)
{
	struct buf whole = BUF_INIT;
	enum saksi_err rc = SAKSI_OK;

	state_init(s, id);
	if (known && (rc = rows_load(&whole, t->kv, number, err)) == SAKSI_OK)
		rc = state_read(s, whole.p, whole.len, err);
	buf_free(&whole);
	if (rc == SAKSI_OK && (rc = state_append(s, group, err)) == SAKSI_OK &&
	    (rc = state_view(s, c, 0, err)) == SAKSI_OK)
		state_head_of(h, s);
	return rc;
}

/* The row of a record that is there: its terms are written when all is merged. */
static enum saksi_err apply_known(struct saksi_txn *t, struct catalog *c,
    struct cat_record *known, const struct group *g, struct state_head *h,
    struct saksi_error *err)
{
	struct state s = {.n_ops = 0};
	enum saksi_err rc = SAKSI_OK;

	if (known->head.code == STATE_PLAIN && !g->heads)
		*h = known->head; /* nothing that the head says can have changed */
	else
		rc = look_again(t, c, known->number, true, &known->id, &g->bytes, &s, h,
		    err);
	if (rc == SAKSI_OK)
		rc = rows_append(t->kv, known->number, h, &g->bytes, err);
	if (rc == SAKSI_OK)
		rc = catalog_touch(c, known->number, err);
	state_free(&s);
	return rc;
}

/* ${g} is all that there is of it, or its first part, which has the whole head. */
static enum saksi_err put_ahead(struct saksi_txn *t, struct catalog *c, uint64_t number,
    struct cat_ahead *a, const struct group *g, struct state_head *h,
    struct saksi_error *err)
{
	enum saksi_err rc;

	state_head_of(h, &a->state);
	if ((rc = rows_append(t->kv, number, h, &g->bytes, err)) != SAKSI_OK)
		return rc;
	return index_put_sorted(c->index, number == a->number ? c->sorted : NULL, number,
	    &a->doc, err);
}

static enum saksi_err apply_new(struct saksi_txn *t, struct catalog *c,
    const struct saksi_id *id, const struct group *g, struct state_head *h,
    struct saksi_error *err)
{
	struct cat_ahead *a = catalog_ahead(c, id);
	struct state s = {.n_ops = 0};
	uint64_t number;
	enum saksi_err rc;

	if ((rc = kv_next(t->kv, KV_RECORDS, &number, err)) != SAKSI_OK)
		return rc;
	if (a != NULL)
		rc = put_ahead(t, c, number, a, g, h, err);
	else if ((rc = look_again(t, c, number, false, id, &g->bytes, &s, h, err)) ==
		SAKSI_OK &&
	    (rc = rows_append(t->kv, number, h, &g->bytes, err)) == SAKSI_OK)
		rc = catalog_index(t, number, &s, err);
	if (rc == SAKSI_OK)
		catalog_made(c, id, number);
	state_free(&s);
	return rc;
}

static enum saksi_err apply_group(struct saksi_txn *t, struct catalog *c,
    const struct group *g, int *was, int *is, struct saksi_error *err)
{
	struct cat_record known;
	struct state_head h = {.id = g->record};
	bool found;
	enum saksi_err rc;

	*was = 0;
	rc = catalog_record(t, &g->record, &known, &found, err);
	if (rc == SAKSI_OK && found) {
		*was = (int)state_shown(known.head.code);
		rc = apply_known(t, c, &known, g, &h, err);
	} else if (rc == SAKSI_OK)
		rc = apply_new(t, c, &g->record, g, &h, err);
	if (rc == SAKSI_OK)
		*is = (int)state_shown(h.code);
	cat_record_free(&known);
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
		struct group g;

		rc = merge_group(&g, t, e, i, err);
		change.record = g.record;
		change.values = g.n_ops;
		if (rc == SAKSI_OK && g.n_ops > 0) {
			rc = apply_group(t, c, &g, &change.was, &change.is, err);
			if (rc == SAKSI_OK && fn != NULL)
				fn(ctx, &change);
		}
		buf_free(&g.bytes);
	}
	return rc;
}
