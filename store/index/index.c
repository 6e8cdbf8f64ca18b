/* index.c - in step with the vault; what was put into the tail, or a segment. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/secret.h>

#include "index_int.h"

enum saksi_err index_new(struct index **out, struct saksi_error *err)
{
	struct index *x = calloc(1, sizeof(*x));
	enum saksi_err rc;

	*out = NULL;
	if (x == NULL)
		return saksi_fail_nomem(err);
	if ((rc = gather_new(&x->gather, err)) != SAKSI_OK) {
		free(x);
		return rc;
	}
	*out = x;
	return SAKSI_OK;
}

static void tail_free(struct index *x)
{
	for (size_t i = 0; i < x->n_tail; i++)
		run_free(x->tail[i]);
	free(x->tail);
	x->tail = NULL;
	x->n_tail = x->cap_tail = x->tail_bytes = 0;
}

static enum saksi_err renew_gather(struct index *x, struct saksi_error *err)
{
	gather_free(&x->gather);
	return gather_new(&x->gather, err);
}

void index_forget(struct index *x)
{
	super_free(&x->super);
	tail_free(x);
	/* What was never committed has numbers that others will get. */
	blocks_forget(x);
	guesses_free(&x->guesses);
	/* Without memory for a new one index_put() fails, and says why. */
	if (renew_gather(x, NULL) != SAKSI_OK)
		x->gather = NULL;
	x->valid = false;
}

void index_free(struct index **x)
{
	if (*x == NULL)
		return;
	super_free(&(*x)->super);
	tail_free(*x);
	gather_free(&(*x)->gather);
	blocks_free(*x);
	guesses_free(&(*x)->guesses);
	free(*x);
	*x = NULL;
}

void index_committed(struct index *x, uint64_t number)
{
	if (x->valid)
		x->txn = number;
}

/* ---- in step ---------------------------------------------------------------------- */

static enum saksi_err tail_add(struct index *x, struct run *r, struct saksi_error *err)
{
	struct run **list = list_room(x->tail, x->n_tail, &x->cap_tail, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	x->tail = list;
	x->tail[x->n_tail++] = r;
	x->tail_bytes += r->bytes.len;
	return SAKSI_OK;
}

static enum saksi_err tail_load(struct index *x, struct kv_txn *txn, uint64_t n,
    struct saksi_error *err)
{
	struct run *r = calloc(1, sizeof(*r));
	enum saksi_err rc;

	if (r == NULL)
		return saksi_fail_nomem(err);
	r->id = n;
	if ((rc = kv_get(txn, KV_TAIL, n, &r->bytes, err)) == SAKSI_OK &&
	    (rc = run_parse(r, err)) == SAKSI_OK)
		rc = tail_add(x, r, err);
	if (rc != SAKSI_OK)
		run_free(r);
	return rc;
}

/* Values of the tail that are read already stay. */
static enum saksi_err tail_sync(struct index *x, struct kv_txn *txn,
    struct saksi_error *err)
{
	uint64_t first, next, count, from = x->super.tail_first;
	size_t gone = 0;
	enum saksi_err rc;

	while (gone < x->n_tail && x->tail[gone]->id < from) {
		x->tail_bytes -= x->tail[gone]->bytes.len;
		run_free(x->tail[gone++]);
	}
	if (gone > 0) {
		memmove(x->tail, x->tail + gone,
		    (x->n_tail - gone) * sizeof(struct run *));
		x->n_tail -= gone;
	}
	kv_range(txn, KV_TAIL, &first, &next, &count);
	/* An older state than the one before: what came later is not there yet. */
	while (x->n_tail > 0 && x->tail[x->n_tail - 1]->id >= next) {
		x->tail_bytes -= x->tail[x->n_tail - 1]->bytes.len;
		run_free(x->tail[--x->n_tail]);
	}
	/* And what went into a segment since is still here. */
	if (x->n_tail > 0 && x->tail[0]->id != from)
		tail_free(x);
	if (x->n_tail > 0)
		from = x->tail[x->n_tail - 1]->id + 1;
	for (; from < next; from++)
		if ((rc = tail_load(x, txn, from, err)) != SAKSI_OK)
			return rc;
	return SAKSI_OK;
}

/* What is known of a segment is known of it still. */
static void keep_known(struct super *s, struct super *old)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		for (size_t j = 0; j < old->n_runs; j++) {
			if (old->runs[j]->id != s->runs[i]->id ||
			    old->runs[j]->root != s->runs[i]->root)
				continue;
			s->runs[i]->set = old->runs[j]->set;
			s->runs[i]->has_set = old->runs[j]->has_set;
			s->runs[i]->lacks = old->runs[j]->lacks;
			memset(&old->runs[j]->set, 0, sizeof(old->runs[j]->set));
			old->runs[j]->has_set = false;
			s->runs[i]->id_filter = old->runs[j]->id_filter;
			memset(&old->runs[j]->id_filter, 0,
			    sizeof(old->runs[j]->id_filter));
		}
	}
}

enum saksi_err index_sync(struct index *x, struct kv_txn *txn, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	struct super fresh = {.next_id = 0};
	enum saksi_err rc;

	if (x->valid && x->txn == kv_txn_base(txn))
		return SAKSI_OK;
	if ((rc = kv_get(txn, KV_INDEX, SUPER_NUMBER, &b, err)) == SAKSI_OK)
		rc = super_read(&fresh, b.p, b.len, err);
	buf_free(&b);
	if (rc == SAKSI_OK && fresh.rebuild.blank && !x->rebuilding)
		rc = saksi_fail(err, SAKSI_EBUSY,
		    "index: it is being made anew; wait until `saksi reindex` has ended, or run it "
		    "again if it was stopped");
	if (rc == SAKSI_OK) {
		keep_known(&fresh, &x->super);
		guesses_free(&x->guesses);
		super_free(&x->super);
		x->super = fresh;
		rc = tail_sync(x, txn, err);
	} else
		super_free(&fresh);
	if (rc != SAKSI_OK) {
		index_forget(x);
		return rc;
	}
	x->valid = true;
	x->txn = kv_txn_base(txn);
	return SAKSI_OK;
}

/* From now on ${x} says what this transaction will have written. */
static enum saksi_err start_empty(struct index *x, struct kv_txn *txn,
    struct saksi_error *err)
{
	uint64_t first, next, count;

	index_forget(x);
	kv_range(txn, KV_TAIL, &first, &next, &count);
	x->super.next_id = 1;
	x->super.tail_first = next;
	x->valid = true;
	x->txn = kv_txn_base(txn);
	return super_write(&x->super, txn, err);
}

enum saksi_err index_create(struct index *x, struct kv_txn *txn, struct saksi_error *err)
{
	return start_empty(x, txn, err);
}

enum saksi_err index_clear(struct index *x, struct kv_txn *txn, struct saksi_error *err)
{
	enum saksi_err rc;

	if ((rc = kv_clear(txn, KV_INDEX, err)) == SAKSI_OK &&
	    (rc = kv_clear(txn, KV_TAIL, err)) == SAKSI_OK)
		rc = start_empty(x, txn, err);
	return rc;
}

/* ---- putting ------------------------------------------------------------------------ */

static enum saksi_err can_put(const struct index *x, struct saksi_error *err)
{
	return x->gather == NULL ? saksi_fail_nomem(err) : SAKSI_OK;
}

enum saksi_err index_put(struct index *x, uint64_t doc, struct index_doc *d,
    struct saksi_error *err)
{
	enum saksi_err rc = can_put(x, err);

	return rc == SAKSI_OK ? gather_put(x->gather, doc, d, err) : rc;
}

enum saksi_err index_put_sorted(struct index *x, struct index_sorted *s, uint64_t doc,
    struct index_doc *d, struct saksi_error *err)
{
	enum saksi_err rc = index_put(x, doc, d, err);

	if (rc == SAKSI_OK && s != NULL)
		gather_is_sorted(x->gather, doc, s);
	return rc;
}

enum saksi_err index_put_log(struct index *x, uint64_t n, const struct index_term *terms,
    size_t n_terms, const void *payload, size_t payload_len, struct saksi_error *err)
{
	enum saksi_err rc = can_put(x, err);

	return rc == SAKSI_OK
	    ? gather_put_log(x->gather, n, terms, n_terms, payload, payload_len, err)
	    : rc;
}

size_t index_pending(const struct index *x)
{
	return x->gather == NULL ? 0 : gather_bytes(x->gather);
}

/* ---- flushing ------------------------------------------------------------------------- */

#define MERGE_EVERY 8u	 /* small transactions */
#define MERGE_BLOCKS 64u /* then, and with each segment beside what it has itself */

static bool is_small(const struct index *x, const struct run *r)
{
	return r->docs <= SMALL_DOCS && r->bytes.len <= SMALL_BYTES &&
	    x->n_tail < TAIL_RUNS && x->tail_bytes + r->bytes.len <= TAIL_BYTES;
}

static enum saksi_err flush_to_tail(struct index *x, struct kv_txn *txn, struct run *r,
    struct saksi_error *err)
{
	bool busy = x->super.n_drops > 0;
	enum saksi_err rc;

	if ((rc = kv_next(txn, KV_TAIL, &r->id, err)) != SAKSI_OK ||
	    (rc = kv_put(txn, KV_TAIL, r->id, r->bytes.p, r->bytes.len, err)) !=
		SAKSI_OK ||
	    (rc = tail_add(x, r, err)) != SAKSI_OK) {
		run_free(r);
		return rc;
	}
	for (unsigned i = 0; i < LEVELS; i++)
		busy |= x->super.merges[i] != NULL;
	if (!busy || r->id % MERGE_EVERY != 0)
		return SAKSI_OK;
	if ((rc = merge_carry_on(x, txn, MERGE_BLOCKS, &busy, err)) == SAKSI_OK)
		rc = super_write(&x->super, txn, err);
	return rc;
}

/* 64 documents and more: level 0, 512 and more: level 1, ... */
static unsigned level_of(uint64_t docs)
{
	unsigned level = 0;

	while (level + 1 < LEVELS && docs / TAIL_RUNS >= FANOUT) {
		docs /= FANOUT;
		level++;
	}
	return level;
}

static enum saksi_err write_segment(struct index *x, struct kv_txn *txn,
    struct run *const *runs, size_t n, struct run *out, struct saksi_error *err)
{
	struct merger m = {.n = 0};
	struct writer w = {.x = NULL};
	enum saksi_err rc;

	if ((rc = merger_open(&m, x, txn, runs, n, err)) == SAKSI_OK &&
	    (rc = writer_open(&w, x, txn, err)) == SAKSI_OK)
		rc = merger_start(&m, NULL, 0, 0, err);
	if (rc == SAKSI_OK)
		rc = merger_copy(&m, &w, UINT64_MAX, err);
	if (rc == SAKSI_OK)
		rc = writer_finish(&w, out, err);
	writer_close(&w);
	merger_close(&m);
	return rc;
}

static enum saksi_err add_segment(struct index *x, struct run *r, struct saksi_error *err)
{
	struct super *s = &x->super;

	r->id = s->next_id++;
	r->level = level_of(r->docs);
	/* None that is older may have a lower level. */
	for (size_t i = 0; i < s->n_runs; i++)
		if (s->runs[i]->level < r->level && !s->runs[i]->merging)
			s->runs[i]->level = r->level;
	return super_add_run(s, r, s->n_runs, err);
}

static enum saksi_err empty_tail(struct index *x, struct kv_txn *txn,
    struct saksi_error *err)
{
	uint64_t first, next, count;
	enum saksi_err rc;

	for (size_t i = 0; i < x->n_tail; i++)
		if (x->tail[i]->id != 0 &&
		    (rc = kv_del(txn, KV_TAIL, x->tail[i]->id, err)) != SAKSI_OK)
			return rc;
	tail_free(x);
	kv_range(txn, KV_TAIL, &first, &next, &count);
	x->super.tail_first = next;
	return SAKSI_OK;
}

/* The tail and what was put (whose id is 0) become one segment. */
enum saksi_err flush_to_segment(struct index *x, struct kv_txn *txn, struct run *r,
    struct saksi_error *err)
{
	struct run *out;
	enum saksi_err rc = tail_add(x, r, err);
	bool busy;

	if (rc != SAKSI_OK) {
		run_free(r);
		return rc;
	}
	if ((out = calloc(1, sizeof(*out))) == NULL)
		return saksi_fail_nomem(err);
	if ((rc = write_segment(x, txn, x->tail, x->n_tail, out, err)) != SAKSI_OK ||
	    (rc = add_segment(x, out, err)) != SAKSI_OK) {
		run_free(out);
		return rc;
	}
	if ((rc = empty_tail(x, txn, err)) == SAKSI_OK)
		rc = merge_carry_on(x, txn, out->blocks * FANOUT + MERGE_BLOCKS, &busy,
		    err);
	return rc == SAKSI_OK ? super_write(&x->super, txn, err) : rc;
}

/* What was sorted beforehand, and the rest. */
static enum saksi_err flush_beside(struct index *x, struct kv_txn *txn,
    struct run *sorted, struct run *rest, struct saksi_error *err)
{
	enum saksi_err rc = tail_add(x, sorted, err);

	if (rc == SAKSI_OK)
		return flush_to_segment(x, txn, rest, err);
	run_free(sorted);
	run_free(rest);
	return rc;
}

enum saksi_err index_flush(struct index *x, struct kv_txn *txn, struct saksi_error *err)
{
	struct run *r, *sorted;
	enum saksi_err rc = can_put(x, err);

	if (rc != SAKSI_OK || gather_empty(x->gather))
		return rc;
	sorted = gather_take_sorted(x->gather);
	if ((rc = gather_run(x->gather, &r, err)) != SAKSI_OK) {
		run_free(sorted);
		return rc;
	}
	if (sorted != NULL)
		return flush_beside(x, txn, sorted, r, err);
	return is_small(x, r) ? flush_to_tail(x, txn, r, err)
			      : flush_to_segment(x, txn, r, err);
}

void index_count(const struct index *x, struct index_counts *c)
{
	memset(c, 0, sizeof(*c));
	c->runs = run_count(x);
	for (size_t i = 0; i < c->runs; i++) {
		const struct run *r = run_at(x, i);

		c->docs += r->docs;
		c->words += r->words;
		c->blocks += r->blocks;
	}
}
