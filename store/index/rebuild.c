/*
 * rebuild.c - an index made anew while it is used.
 *
 * What there is stays as it is: no run older than the rebuilding is merged or
 * removed, its tail becomes a segment first.  Documents are put into new
 * runs, and since the youngest run counts, each says from then on what was
 * put anew.  Once all are, the older runs leave the list in one transaction;
 * their blocks, known by their numbers, are removed afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "index_int.h"

#define SWEEP_BLOCKS 4000u
/* A run has at least one block, but for those whose merging was given up. */
#define IDS_APART 4096u

/* ---- is it sound ---------------------------------------------------------------- */

static enum saksi_err look_at(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	const bool *tail = ctx;
	struct block_iter it;
	struct run *r;
	enum saksi_err rc;

	if (!*tail)
		return n == SUPER_NUMBER ? SAKSI_OK : block_open(&it, p, len, err);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return saksi_fail_nomem(err);
	buf_add(&r->bytes, p, len);
	if ((rc = buf_ok(&r->bytes, err)) == SAKSI_OK)
		rc = run_parse(r, err);
	run_free(r);
	return rc;
}

enum saksi_err index_sound(struct kv_txn *txn, struct saksi_error *err)
{
	struct super s = {.next_id = 0};
	struct buf b = BUF_INIT;
	bool tail = false;
	enum saksi_err rc;

	if ((rc = kv_get(txn, KV_INDEX, SUPER_NUMBER, &b, err)) == SAKSI_OK)
		rc = super_read(&s, b.p, b.len, err);
	super_free(&s);
	buf_free(&b);
	if (rc == SAKSI_OK)
		rc = kv_scan(txn, KV_INDEX, 0, look_at, &tail, err);
	tail = true;
	if (rc == SAKSI_OK)
		rc = kv_scan(txn, KV_TAIL, 0, look_at, &tail, err);
	return rc;
}

/* ---- begin ---------------------------------------------------------------------- */

void index_rebuild_use(struct index *x, bool on)
{
	x->rebuilding = on;
}

/* What they have written so far is among the blocks that are swept. */
static void give_up_merges(struct super *s)
{
	for (unsigned i = 0; i < LEVELS; i++) {
		if (s->merges[i] == NULL)
			continue;
		buf_free(&s->merges[i]->writer);
		free(s->merges[i]);
		s->merges[i] = NULL;
	}
	for (size_t i = 0; i < s->n_runs; i++)
		s->runs[i]->merging = false;
	s->n_drops = 0;
}

/* A tail that new runs came to lie in would have some changesets twice. */
static enum saksi_err put_tail_by(struct index *x, struct kv_txn *txn,
    struct saksi_error *err)
{
	struct run *last;

	if (x->n_tail == 0)
		return SAKSI_OK;
	last = x->tail[--x->n_tail];
	x->tail_bytes -= last->bytes.len;
	return flush_to_segment(x, txn, last, err);
}

enum saksi_err index_rebuild_begin(struct index *x, struct kv_txn *txn, bool blank,
    uint64_t log_end, uint64_t row_end, struct saksi_error *err)
{
	struct rebuild *r = &x->super.rebuild;
	uint64_t first, count;
	enum saksi_err rc;

	if (blank) {
		rc = index_clear(x, txn, err);
	} else {
		give_up_merges(&x->super);
		memset(r, 0, sizeof(*r));
		r->run_id = UINT64_MAX; /* nothing is to be merged now */
		rc = put_tail_by(x, txn, err);
	}
	if (rc != SAKSI_OK)
		return rc;
	memset(r, 0, sizeof(*r));
	kv_range(txn, KV_INDEX, &first, &r->block, &count);
	/* Nobody may take a new run for one that had its id before. */
	if (blank)
		x->super.next_id = r->block + IDS_APART;
	r->phase = INDEX_REBUILD_PUT;
	r->blank = blank;
	r->run_id = x->super.next_id;
	r->swept = blank ? r->block : SUPER_NUMBER + 1;
	r->log = r->row = 1;
	r->log_end = log_end;
	r->row_end = row_end;
	return super_write(&x->super, txn, err);
}

void index_rebuild_at(const struct index *x, struct index_rebuild *at)
{
	const struct rebuild *r = &x->super.rebuild;

	at->phase = r->phase;
	at->log = r->log;
	at->log_end = r->log_end;
	at->row = r->row;
	at->row_end = r->row_end;
}

/* ---- on, and to the end ------------------------------------------------------------ */

/* From here on the new runs are the index. */
static void leave_older(struct super *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_runs; i++) {
		if (s->runs[i]->id < s->rebuild.run_id)
			run_free(s->runs[i]);
		else
			s->runs[kept++] = s->runs[i];
	}
	s->n_runs = kept;
	s->rebuild.phase = INDEX_REBUILD_SWEEP;
	s->rebuild.blank = false;
}

enum saksi_err index_rebuild_put(struct index *x, struct kv_txn *txn, uint64_t log,
    uint64_t row, struct saksi_error *err)
{
	struct rebuild *r = &x->super.rebuild;

	if (r->phase != INDEX_REBUILD_PUT || !gather_empty(x->gather))
		return saksi_fail(err, SAKSI_EINVAL, "index: it is not being made anew");
	r->log = log;
	r->row = row;
	if (log >= r->log_end && row >= r->row_end)
		leave_older(&x->super);
	return super_write(&x->super, txn, err);
}

enum saksi_err index_rebuild_sweep(struct index *x, struct kv_txn *txn,
    struct saksi_error *err)
{
	struct rebuild *r = &x->super.rebuild;
	unsigned removed = 0;
	enum saksi_err rc;

	if (r->phase != INDEX_REBUILD_SWEEP)
		return SAKSI_OK;
	for (; r->swept < r->block && removed < SWEEP_BLOCKS; r->swept++) {
		rc = kv_del(txn, KV_INDEX, r->swept, err);
		if (rc != SAKSI_OK && rc != SAKSI_ENOTFOUND)
			return rc;
		removed += rc == SAKSI_OK;
	}
	if (r->swept >= r->block)
		memset(r, 0, sizeof(*r));
	return super_write(&x->super, txn, err);
}
