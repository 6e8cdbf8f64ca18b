/*
 * reindex.c - the index and the list of branches, anew from log and records.
 *
 * Each step is one transaction that leaves a vault in which all is found; the
 * state record of the index says where to go on, so it does not matter who
 * takes the next step, or when.
 */
#include <string.h>

#include "entry.h"
#include "rows.h"
#include "vault_impl.h"

/* Of one transaction: what is read for it; merging writes some times that. */
#define STEP_BYTES (1u << 20)
#define STEP_ENTRY_BYTES (16u << 20)
#define STEP_DOCS 4096u

static uint64_t step_docs = STEP_DOCS;

void reindex_test_step(uint64_t docs)
{
	step_docs = docs > 0 ? docs : STEP_DOCS;
}

struct reindexing {
	struct saksi_vault *v;
	struct catalog *c;
	struct reindex_report *out;
	saksi_work_fn *progress;
	void *ctx;
};

static void tell(const struct reindexing *r, const char *what, uint64_t done,
    uint64_t total)
{
	if (r->progress != NULL)
		r->progress(r->ctx, what, (size_t)done, (size_t)total);
}

/* ---- is there an index to live on -------------------------------------------------- */

static enum saksi_err ignore_value(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	(void)ctx;
	(void)n;
	(void)p;
	(void)len;
	(void)err;
	return SAKSI_OK;
}

/* Whether it can be read does not say that it is right. */
static enum saksi_err is_sound(const struct reindexing *r, struct saksi_txn *t,
    bool *sound, struct saksi_error *err)
{
	struct catalog *c;
	enum saksi_err rc;

	tell(r, "looking at the index", 0, 0);
	if ((rc = index_sound(t->kv, err)) == SAKSI_OK &&
	    (rc = kv_scan(t->kv, KV_BRANCH, 0, ignore_value, NULL, err)) == SAKSI_OK)
		rc = txn_catalog(t, &c, err);
	*sound = rc == SAKSI_OK;
	/* These say nothing of the index. */
	if (rc == SAKSI_ENOMEM || rc == SAKSI_EIO || rc == SAKSI_EBUSY)
		return rc;
	return SAKSI_OK;
}

/* ---- beginning ------------------------------------------------------------------------ */

static enum saksi_err add_head(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct stored_entry e;
	enum saksi_err rc;

	if ((rc = stored_entry_read(&e, n, p, len, err)) == SAKSI_OK)
		rc = catalog_add_head(ctx, &e, err);
	stored_entry_free(&e);
	return rc;
}

static enum saksi_err begin_in(struct reindexing *r, struct saksi_txn *t, bool sound,
    struct saksi_error *err)
{
	uint64_t first, log_end, row_end, count;
	enum saksi_err rc;

	txn_touch(t);
	kv_range(t->kv, KV_LOG, &first, &log_end, &count);
	kv_range(t->kv, KV_RECORDS, &first, &row_end, &count);
	rc = sound ? catalog_no_branches(r->c, t->kv, err)
		   : catalog_clear(r->c, t->kv, err);
	if (rc == SAKSI_OK &&
	    (rc = kv_scan(t->kv, KV_LOG, 0, add_head, r->c, err)) == SAKSI_OK &&
	    (rc = catalog_flush(t, err)) == SAKSI_OK)
		rc = index_rebuild_begin(r->c->index, t->kv, !sound, log_end, row_end,
		    err);
	return rc;
}

/* Goes on with one that was stopped, unless that left what cannot be read. */
static enum saksi_err begin(struct reindexing *r, struct saksi_error *err)
{
	struct index_rebuild at = {.phase = INDEX_REBUILD_NONE};
	struct saksi_txn *t = NULL;
	struct catalog *c;
	bool sound = false;
	enum saksi_err rc;

	/* Reading it all takes its time: not while others wait for the lock. */
	if ((rc = saksi_txn_begin(&t, r->v, false, err)) == SAKSI_OK)
		rc = is_sound(r, t, &sound, err);
	saksi_txn_abort(&t);
	if (rc != SAKSI_OK || (rc = saksi_txn_begin(&t, r->v, true, err)) != SAKSI_OK)
		return rc;
	if (sound && (rc = txn_catalog(t, &c, err)) == SAKSI_OK)
		index_rebuild_at(r->c->index, &at);
	r->out->blank = !sound;
	if (rc == SAKSI_OK && at.phase == INDEX_REBUILD_NONE)
		rc = begin_in(r, t, sound, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&t, err);
	saksi_txn_abort(&t);
	return rc;
}

/* ---- steps ---------------------------------------------------------------------------- */

static enum saksi_err put_entries(struct reindexing *r, struct saksi_txn *t,
    struct index_rebuild *at, struct saksi_error *err)
{
	size_t bytes = 0;
	enum saksi_err rc = SAKSI_OK;

	for (uint64_t from = at->log; rc == SAKSI_OK && at->log < at->log_end &&
	     at->log - from < step_docs && bytes < STEP_ENTRY_BYTES;
	     at->log++) {
		struct stored_entry e;
		struct buf b = BUF_INIT;

		rc = kv_get(t->kv, KV_LOG, at->log, &b, err);
		bytes += b.len;
		if (rc == SAKSI_OK &&
		    (rc = stored_entry_read(&e, at->log, b.p, b.len, err)) == SAKSI_OK) {
			rc = catalog_put_entry(r->c, &e, err);
			stored_entry_free(&e);
			r->out->changesets++;
		} else if (rc == SAKSI_ENOTFOUND) {
			rc = SAKSI_OK; /* before the log began */
		}
		buf_free(&b);
	}
	return rc;
}

static enum saksi_err put_row(struct reindexing *r, struct saksi_txn *t, uint64_t n,
    size_t *bytes, struct saksi_error *err)
{
	struct buf b = BUF_INIT, whole = BUF_INIT;
	struct state_head head;
	struct state s;
	bool first = false;
	enum saksi_err rc;

	if ((rc = kv_get(t->kv, KV_RECORDS, n, &b, err)) == SAKSI_ENOTFOUND)
		rc = SAKSI_OK;
	else if (rc == SAKSI_OK)
		rc = rows_head(&head, &first, b.p, b.len, err);
	*bytes += b.len;
	if (rc == SAKSI_OK && first &&
	    (rc = rows_whole(&whole, t->kv, b.p, b.len, err)) == SAKSI_OK &&
	    (rc = state_read(&s, whole.p, whole.len, err)) == SAKSI_OK) {
		if ((rc = state_view(&s, r->c, 0, err)) == SAKSI_OK)
			rc = catalog_index(t, n, &s, err);
		state_free(&s);
		r->out->records++;
	}
	buf_free(&whole);
	buf_free(&b);
	return rc;
}

static enum saksi_err put_rows(struct reindexing *r, struct saksi_txn *t,
    struct index_rebuild *at, struct saksi_error *err)
{
	size_t bytes = 0;
	enum saksi_err rc = SAKSI_OK;

	for (uint64_t from = at->row; rc == SAKSI_OK && at->row < at->row_end &&
	     at->row - from < step_docs && bytes < STEP_BYTES;
	     at->row++)
		rc = put_row(r, t, at->row, &bytes, err);
	return rc;
}

static enum saksi_err step_in(struct reindexing *r, struct saksi_txn *t,
    struct index_rebuild *at, struct saksi_error *err)
{
	enum saksi_err rc;

	txn_touch(t);
	if (at->phase == INDEX_REBUILD_SWEEP) {
		tell(r, "removing the old index", 0, 0);
		return index_rebuild_sweep(r->c->index, t->kv, err);
	}
	if (at->log < at->log_end) {
		tell(r, "changesets", at->log - 1, at->log_end - 1);
		rc = put_entries(r, t, at, err);
	} else {
		tell(r, "records", at->row - 1, at->row_end - 1);
		rc = put_rows(r, t, at, err);
	}
	if (rc == SAKSI_OK && (rc = catalog_flush(t, err)) == SAKSI_OK)
		rc = index_rebuild_put(r->c->index, t->kv, at->log, at->row, err);
	return rc;
}

static enum saksi_err step(struct reindexing *r, bool *done, struct saksi_error *err)
{
	struct index_rebuild at;
	struct saksi_txn *t = NULL;
	struct catalog *c;
	enum saksi_err rc;

	if ((rc = saksi_txn_begin(&t, r->v, true, err)) != SAKSI_OK)
		return rc;
	if ((rc = txn_catalog(t, &c, err)) == SAKSI_OK) {
		index_rebuild_at(c->index, &at);
		*done = at.phase == INDEX_REBUILD_NONE;
	}
	if (rc == SAKSI_OK && !*done && (rc = step_in(r, t, &at, err)) == SAKSI_OK)
		rc = saksi_txn_commit(&t, err);
	saksi_txn_abort(&t);
	return rc;
}

enum saksi_err saksi_vault_reindex(struct saksi_vault *v, struct reindex_report *out,
    saksi_work_fn *progress, void *ctx, struct saksi_error *err)
{
	struct reindexing r = {v, &v->catalog, out, progress, ctx};
	bool done = false;
	enum saksi_err rc = SAKSI_OK;

	memset(out, 0, sizeof(*out));
	if (r.c->index == NULL && (rc = index_new(&r.c->index, err)) != SAKSI_OK)
		return rc;
	index_rebuild_use(r.c->index, true);
	rc = begin(&r, err);
	while (rc == SAKSI_OK && !done)
		rc = step(&r, &done, err);
	index_rebuild_use(r.c->index, false);
	/* It remembers what the old one did not find. */
	catalog_reset(r.c);
	return rc;
}
