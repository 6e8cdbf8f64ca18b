/* rows.c - a record's state in one row or several. */
#include <string.h>

#include "rows.h"

#define ROW_CONTINUED 2u

static enum saksi_err read_first(struct rows_parts *w, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;

	memset(w, 0, sizeof(*w));
	mp_read_init(&r, p, n);
	state_head_read(&r, &w->head);
	w->n_more = mp_read_array(&r);
	w->more = r.p;
	for (uint32_t i = 0; i < w->n_more && !r.failed; i++)
		mp_skip(&r, 1, NULL);
	w->more_len = (size_t)(r.p - w->more);
	w->n_groups = mp_read_array(&r);
	w->groups = r.p;
	w->groups_len = (size_t)(r.end - r.p);
	r.p = r.end;
	return mp_done(&r, "stored record", err);
}

static enum saksi_err read_continuation(struct rows_parts *w, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;

	memset(w, 0, sizeof(*w));
	mp_read_init(&r, p, n);
	mp_expect_array(&r, 3);
	if (mp_read_uint(&r) != ROW_CONTINUED)
		mp_fail(&r, "a continuation is expected");
	mp_read_fixed(&r, w->head.id.b, sizeof(w->head.id.b));
	w->n_groups = mp_read_array(&r);
	w->groups = r.p;
	w->groups_len = (size_t)(r.end - r.p);
	r.p = r.end;
	return mp_done(&r, "stored record, continued", err);
}

enum saksi_err rows_split(struct rows_parts *w, bool *first, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;

	mp_read_init(&r, p, n);
	mp_read_array(&r);
	*first = mp_read_uint(&r) != ROW_CONTINUED;
	return !r.failed && !*first ? read_continuation(w, p, n, err)
				    : read_first(w, p, n, err);
}

enum saksi_err rows_head(struct state_head *h, bool *first, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct rows_parts w;
	enum saksi_err rc = rows_split(&w, first, p, n, err);

	if (*first)
		*h = w.head;
	return rc;
}

/* Append the groups of the rows that ${w} names; count them. */
static enum saksi_err add_continuations(struct buf *groups, uint64_t *count,
    struct kv_txn *kv, const struct rows_parts *w, struct saksi_error *err)
{
	struct mp_reader r;
	enum saksi_err rc = SAKSI_OK;

	mp_read_init(&r, w->more, w->more_len);
	for (uint32_t i = 0; i < w->n_more && rc == SAKSI_OK; i++) {
		struct buf b = BUF_INIT;
		struct rows_parts more;
		uint64_t number, n;

		mp_expect_array(&r, 2);
		number = mp_read_uint(&r);
		n = mp_read_uint(&r);
		if (r.failed)
			return mp_done(&r, "stored record", err);
		if ((rc = kv_get(kv, KV_RECORDS, number, &b, err)) == SAKSI_OK &&
		    (rc = read_continuation(&more, b.p, b.len, err)) == SAKSI_OK) {
			if (more.n_groups != n || id_cmp(&more.head.id, &w->head.id) != 0)
				rc = saksi_fail(err, SAKSI_EDAMAGED,
				    "stored record: a continuation belongs to another");
			buf_add(groups, more.groups, more.groups_len);
			*count += n;
		}
		buf_free(&b);
	}
	return rc;
}

static enum saksi_err join(struct buf *out, struct kv_txn *kv, const struct rows_parts *w,
    struct saksi_error *err)
{
	struct buf groups = BUF_INIT;
	uint64_t count = 0;
	enum saksi_err rc;

	if ((rc = add_continuations(&groups, &count, kv, w, err)) != SAKSI_OK ||
	    (rc = buf_ok(&groups, err)) != SAKSI_OK)
		goto fail;
	count += w->n_groups;
	if (count > UINT32_MAX) {
		rc = saksi_fail(err, SAKSI_ELIMIT,
		    "stored record: its history is too long");
		goto fail;
	}
	state_head_write(out, &w->head);
	mp_array(out, 0);
	mp_array(out, (uint32_t)count);
	buf_add(out, groups.p, groups.len);
	buf_add(out, w->groups, w->groups_len);
	rc = buf_ok(out, err);
fail:
	buf_free(&groups);
	return rc;
}

enum saksi_err rows_whole(struct buf *out, struct kv_txn *kv, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct rows_parts w;
	enum saksi_err rc = read_first(&w, p, n, err);

	if (rc != SAKSI_OK)
		return rc;
	if (w.n_more > 0)
		return join(out, kv, &w, err);
	/* A row that is continued nowhere has the form of the whole. */
	buf_add(out, p, n);
	return buf_ok(out, err);
}

enum saksi_err rows_load(struct buf *out, struct kv_txn *kv, uint64_t number,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	struct rows_parts w;
	enum saksi_err rc;

	if ((rc = kv_get(kv, KV_RECORDS, number, &b, err)) == SAKSI_OK &&
	    (rc = read_first(&w, b.p, b.len, err)) == SAKSI_OK) {
		if (w.n_more > 0) {
			rc = join(out, kv, &w, err);
		} else if (out->p == NULL && !out->failed) {
			*out = b;
			return SAKSI_OK;
		} else {
			buf_add(out, b.p, b.len);
			rc = buf_ok(out, err);
		}
	}
	buf_free(&b);
	return rc;
}

/* Put ${n} groups into a row of their own and note it in the list ${more}. */
static enum saksi_err move_out(struct kv_txn *kv, const struct saksi_id *id,
    const struct buf *groups, uint32_t n, struct buf *more, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	uint64_t number;
	enum saksi_err rc;

	mp_array(&b, 3);
	mp_uint(&b, ROW_CONTINUED);
	mp_bin(&b, id->b, sizeof(id->b));
	mp_array(&b, n);
	buf_add(&b, groups->p, groups->len);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK &&
	    (rc = kv_next(kv, KV_RECORDS, &number, err)) == SAKSI_OK &&
	    (rc = kv_put(kv, KV_RECORDS, number, b.p, b.len, err)) == SAKSI_OK) {
		mp_array(more, 2);
		mp_uint(more, number);
		mp_uint(more, n);
	}
	buf_free(&b);
	return rc;
}

enum saksi_err rows_append(struct kv_txn *kv, uint64_t number, const struct state_head *h,
    const struct buf *group, struct saksi_error *err)
{
	struct buf old = BUF_INIT, row = BUF_INIT, groups = BUF_INIT, more = BUF_INIT;
	struct rows_parts w = {.n_more = 0};
	uint32_t n_groups;
	enum saksi_err rc;

	rc = kv_get(kv, KV_RECORDS, number, &old, err);
	if (rc == SAKSI_OK)
		rc = read_first(&w, old.p, old.len, err);
	else if (rc == SAKSI_ENOTFOUND)
		rc = SAKSI_OK;
	if (rc != SAKSI_OK)
		goto fail;
	buf_add(&more, w.more, w.more_len);
	buf_add(&groups, w.groups, w.groups_len);
	buf_add(&groups, group->p, group->len);
	n_groups = w.n_groups + 1;
	if ((rc = buf_ok(&groups, err)) != SAKSI_OK)
		goto fail;
	if (groups.len > ROW_GROUPS_MAX) {
		if ((rc = move_out(kv, &h->id, &groups, n_groups, &more, err)) != SAKSI_OK)
			goto fail;
		w.n_more++;
		n_groups = 0;
		buf_reset(&groups);
	}
	state_head_write(&row, h);
	mp_array(&row, w.n_more);
	buf_add(&row, more.p, more.len);
	mp_array(&row, n_groups);
	buf_add(&row, groups.p, groups.len);
	if ((rc = buf_ok(&more, err)) == SAKSI_OK && (rc = buf_ok(&row, err)) == SAKSI_OK)
		rc = kv_put(kv, KV_RECORDS, number, row.p, row.len, err);
fail:
	buf_free(&old);
	buf_free(&row);
	buf_free(&groups);
	buf_free(&more);
	return rc;
}
