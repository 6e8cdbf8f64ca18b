/*
 * repair_group.c - what changes that are not in the log did to a record.
 *
 * A group of state.h, of a surviving row or made of a pending change, with the
 * numbers that changes and branches have in the fresh vault; those that it
 * does not have get numbers that no change will ever have.
 */
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "repair.h"
#include "state.h"

/* ---- of a row ------------------------------------------------------------------------ */

static void copy_dots(struct saksi_repair *r, struct buf *out, struct mp_reader *in)
{
	uint32_t n = mp_read_array(in);

	mp_array(out, n);
	for (uint32_t i = 0; i < n && !in->failed; i++) {
		mp_expect_array(in, 2);
		mp_array(out, 2);
		mp_uint(out, repair_number(r, mp_read_uint(in)));
		mp_uint(out, mp_read_uint(in));
	}
}

static void copy_op(struct saksi_repair *r, struct buf *out, struct mp_reader *in)
{
	const uint8_t *p;
	size_t n;

	mp_expect_array(in, 5);
	mp_array(out, 5);
	mp_uint(out, mp_read_uint(in));
	mp_uint(out, mp_read_uint(in));
	for (unsigned i = 0; i < 2; i++) {
		n = mp_skip(in, MP_DEPTH_MAX, &p);
		if (!in->failed)
			buf_add(out, p, n);
	}
	copy_dots(r, out, in);
}

static enum saksi_err write_past(struct saksi_repair *r, struct buf *out,
    const struct vclock *past, struct saksi_error *err)
{
	struct vclock here = {NULL, 0};
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = past->n; i-- > 0 && rc == SAKSI_OK;)
		if (past->seq[i] > 0)
			rc = vclock_raise(&here, repair_branch(r, i), past->seq[i], err);
	if (rc == SAKSI_OK)
		vclock_write(out, &here);
	vclock_free(&here);
	return rc;
}

static enum saksi_err copy_past(struct saksi_repair *r, struct buf *out,
    struct mp_reader *in, struct saksi_error *err)
{
	struct vclock past;
	enum saksi_err rc;

	if (mp_read_nil(in)) {
		mp_nil(out);
		return SAKSI_OK;
	}
	if ((rc = vclock_read(&past, in, err)) == SAKSI_OK)
		rc = write_past(r, out, &past, err);
	vclock_free(&past);
	return rc;
}

static enum saksi_err copy_group(struct saksi_repair *r, struct buf *out,
    struct mp_reader *in, bool *merged, struct saksi_error *err)
{
	uint64_t n;
	uint32_t ops;
	enum saksi_err rc;

	mp_expect_array(in, 7);
	n = repair_number(r, mp_read_uint(in));
	*merged = n < NOT_MERGED;
	mp_array(out, 7);
	mp_uint(out, n);
	mp_uint(out, repair_branch(r, mp_read_uint(in)));
	for (unsigned i = 0; i < 3; i++)
		mp_uint(out, mp_read_uint(in));
	if ((rc = copy_past(r, out, in, err)) != SAKSI_OK)
		return rc;
	ops = mp_read_array(in);
	mp_array(out, ops);
	for (uint32_t i = 0; i < ops && !in->failed; i++)
		copy_op(r, out, in);
	return SAKSI_OK;
}

enum saksi_err repair_row_groups(struct saksi_repair *r, struct buf *out, uint32_t *count,
    const uint8_t *groups, size_t len, uint32_t n, struct saksi_error *err)
{
	struct mp_reader in;
	enum saksi_err rc;

	mp_read_init(&in, groups, len);
	for (uint32_t i = 0; i < n; i++) {
		size_t at = out->len;
		bool merged;

		if ((rc = copy_group(r, out, &in, &merged, err)) != SAKSI_OK)
			return rc;
		if (in.failed)
			return mp_done(&in, "stored record", err);
		if (merged)
			out->len = at; /* the fresh vault has it from the log */
		else
			++*count;
	}
	return buf_ok(out, err);
}

/* ---- of a pending change ---------------------------------------------------------------- */

bool repair_part_record(const struct changeset *cs, uint32_t part, struct saksi_id *id)
{
	struct mp_reader r;

	if (cs->kind != CS_DATA || !merge_is_record_part(cs, part))
		return false;
	mp_read_init(&r, cs->parts[part].p, cs->parts[part].len);
	mp_read_array(&r);
	mp_read_uint(&r);
	mp_read_fixed(&r, id->b, sizeof(id->b));
	return !r.failed;
}

static int by_id(const void *key, const void *element)
{
	const struct repair_pending *p = element;

	return hash_cmp(key, &p->id);
}

/* Its number here, be it merged or pending; false if it is lost. */
static enum saksi_err number_of(struct saksi_repair *r, const struct saksi_hash *id,
    uint64_t *n, bool *known, struct saksi_error *err)
{
	const struct repair_pending *p;
	struct cat_entry e;
	enum saksi_err rc = catalog_entry(r->t, id, &e, known, err);

	*n = e.n;
	if (rc != SAKSI_OK || *known)
		return rc;
	p = r->n_pending == 0 ? NULL
			      : bsearch(id, r->pending, r->n_pending, sizeof(*p), by_id);
	*known = p != NULL;
	if (p != NULL)
		*n = repair_number(r, p->n);
	return SAKSI_OK;
}

static enum saksi_err known_dots(struct saksi_repair *r, struct buf *out,
    struct mp_reader *in, struct saksi_error *err)
{
	uint32_t n = mp_read_array(in), kept = 0;
	struct buf dots = BUF_INIT;
	enum saksi_err rc = SAKSI_OK;

	for (uint32_t i = 0; i < n && !in->failed && rc == SAKSI_OK; i++) {
		struct saksi_hash id;
		uint64_t number, change = 0;
		bool known = false;

		mp_expect_array(in, 2);
		mp_read_fixed(in, id.b, sizeof(id.b));
		number = mp_read_uint(in);
		if (!in->failed)
			rc = number_of(r, &id, &change, &known, err);
		if (!known)
			continue;
		mp_array(&dots, 2);
		mp_uint(&dots, change);
		mp_uint(&dots, number);
		kept++;
	}
	mp_array(out, kept);
	buf_add(out, dots.p, dots.len);
	out->failed |= dots.failed;
	buf_free(&dots);
	return rc;
}

static enum saksi_err part_op(struct saksi_repair *r, struct buf *out,
    struct mp_reader *in, uint64_t number, bool *deletes, struct saksi_error *err)
{
	const uint8_t *p;
	const char *field;
	uint64_t code;
	size_t n;

	mp_read_array(in);
	code = mp_read_uint(in);
	mp_array(out, 5);
	mp_uint(out, number);
	mp_uint(out, code);
	n = mp_read_str(in, &field);
	if (in->failed)
		return SAKSI_OK;
	mp_str(out, field, n);
	*deletes |= code != OP_REMOVE && n == 7 && memcmp(field, "deleted", 7) == 0;
	if (code == OP_REMOVE) {
		mp_nil(out);
	} else {
		n = mp_skip(in, MP_DEPTH_MAX, &p);
		if (in->failed)
			return SAKSI_OK;
		buf_add(out, p, n);
	}
	if (code != OP_ADD)
		return known_dots(r, out, in, err);
	mp_array(out, 0);
	return SAKSI_OK;
}

enum saksi_err repair_part_group(struct saksi_repair *r, struct buf *out,
    const struct stored_entry *e, uint32_t part, struct saksi_error *err)
{
	struct buf ops = BUF_INIT;
	struct mp_reader in;
	bool deletes = false;
	uint32_t n;
	enum saksi_err rc = SAKSI_OK;

	mp_read_init(&in, e->cs->parts[part].p, e->cs->parts[part].len);
	mp_read_array(&in);
	mp_read_uint(&in);
	mp_skip(&in, 1, NULL);
	n = mp_read_array(&in);
	for (uint32_t i = 0; i < n && rc == SAKSI_OK && !in.failed; i++)
		rc = part_op(r, &ops, &in, (uint64_t)part << 16 | i, &deletes, err);
	mp_array(out, 7);
	mp_uint(out, repair_number(r, e->n));
	mp_uint(out, repair_branch(r, e->branch));
	mp_uint(out, e->cs->seq);
	mp_uint(out, e->cs->hlc);
	mp_uint(out, e->max_hlc);
	if (rc == SAKSI_OK && deletes)
		rc = write_past(r, out, &e->past, err);
	else if (rc == SAKSI_OK)
		mp_nil(out);
	mp_array(out, n);
	buf_add(out, ops.p, ops.len);
	out->failed |= ops.failed;
	buf_free(&ops);
	if (rc == SAKSI_OK && in.failed)
		return mp_done(&in, "record part", err);
	return rc == SAKSI_OK ? buf_ok(out, err) : rc;
}
