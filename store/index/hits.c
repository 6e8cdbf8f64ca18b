/* hits.c - the documents of one term, over all runs. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/secret.h>

#include "index_int.h"

struct hit_run {
	struct cursor c;
	size_t at; /* which run of the index */
	struct chunk chunk;
	struct chunk_at payload;
	size_t i; /* posting in the chunk */
	bool done;
	bool shadowed; /* a younger run may hold some of the same records */
};
struct index_hits {
	struct index *x;
	struct kv_txn *txn;
	struct index_term term;
	bool log;
	struct hit_run *run;
	size_t n;
	size_t now;	/* whose document was returned last */
	uint64_t limit; /* the others stand at this document, or further on */
	bool begun;
	uint64_t estimate;
};

static bool may_hide(const struct run *young, const struct run *old)
{
	return young->docs > 0 && old->docs > 0 && young->min_doc <= old->max_doc &&
	    old->min_doc <= young->max_doc;
}

static enum saksi_err open_chunk(struct hit_run *r, struct saksi_error *err)
{
	r->i = 0;
	r->payload = (struct chunk_at){0, NULL};
	return chunk_read(&r->chunk, family_payload(r->c.term[0]), r->c.chunk,
	    r->c.chunk_len, err);
}

enum saksi_err run_shadowed(struct index *x, struct kv_txn *txn, size_t at, bool *out,
    struct saksi_error *err)
{
	enum saksi_err rc;

	*out = false;
	for (size_t i = at + 1; i < run_count(x); i++) {
		if (!may_hide(run_at(x, i), run_at(x, at)))
			continue;
		*out = true;
		if ((rc = run_set(x, txn, run_at(x, i), err)) != SAKSI_OK)
			return rc;
	}
	return SAKSI_OK;
}

bool run_hides(struct index *x, size_t at, uint64_t doc)
{
	for (size_t i = at + 1; i < run_count(x); i++)
		if (doc_set_has(&run_at(x, i)->set, doc))
			return true;
	return false;
}

/* Younger runs that overlap it have to be asked about each record. */
static enum saksi_err find_shadows(struct index_hits *h, struct hit_run *r,
    struct saksi_error *err)
{
	return h->log ? SAKSI_OK : run_shadowed(h->x, h->txn, r->at, &r->shadowed, err);
}

/* A long first chunk will be followed by others as dense as it is. */
#define CHUNK_LONG 256u

static uint64_t estimate(const struct run *r, const struct chunk *c)
{
	uint64_t first = c->docs[0], last = c->docs[c->n - 1];

	if (c->n < CHUNK_LONG || r->max_doc <= last)
		return c->n;
	return c->n +
	    (uint64_t)((double)c->n * (double)(r->max_doc - last) /
		(double)(last - first + 1));
}

static enum saksi_err open_run(struct index_hits *h, size_t at, struct saksi_error *err)
{
	struct hit_run *r = &h->run[h->n];
	bool found;
	enum saksi_err rc;

	if ((rc = cursor_open(&r->c, h->x, h->txn, run_at(h->x, at), err)) != SAKSI_OK)
		return rc;
	h->n++;
	r->at = at;
	rc = cursor_probe(&r->c, &h->term, &found, err);
	if (rc != SAKSI_OK || !found) {
		if (rc == SAKSI_OK)
			run_note_lack(run_at(h->x, at), &h->term);
		cursor_close(&r->c);
		h->n--;
		return rc;
	}
	if ((rc = find_shadows(h, r, err)) != SAKSI_OK)
		return rc;
	if ((rc = open_chunk(r, err)) == SAKSI_OK)
		h->estimate += estimate(run_at(h->x, at), &r->chunk);
	return rc;
}

/* Runs that may have it. */
static size_t count_runs(const struct index *x, const struct index_term *t)
{
	size_t n = 0;

	for (size_t i = 0; i < run_count(x); i++)
		n += !run_lacks(run_at(x, i), t);
	return n;
}

enum saksi_err index_hits_open(struct index_hits **out, struct index *x,
    struct kv_txn *txn, const struct index_term *t, struct saksi_error *err)
{
	struct index_hits *h = calloc(1, sizeof(*h));
	enum saksi_err rc = SAKSI_OK;

	*out = NULL;
	if (h == NULL)
		return saksi_fail_nomem(err);
	h->x = x;
	h->txn = txn;
	h->term = *t;
	h->log = family_is_log(t->b[0]);
	h->run = calloc(count_runs(x, t) + 1, sizeof(*h->run));
	if (h->run == NULL)
		rc = saksi_fail_nomem(err);
	for (size_t i = 0; rc == SAKSI_OK && i < run_count(x); i++)
		if (!run_lacks(run_at(x, i), t))
			rc = open_run(h, i, err);
	if (rc != SAKSI_OK) {
		index_hits_close(&h);
		return rc;
	}
	*out = h;
	return SAKSI_OK;
}

void index_hits_close(struct index_hits **h)
{
	if (*h == NULL)
		return;
	for (size_t i = 0; (*h)->run != NULL && i < (*h)->n; i++) {
		cursor_close(&(*h)->run[i].c);
		chunk_free(&(*h)->run[i].chunk);
	}
	free((*h)->run);
	wipe(&(*h)->term, sizeof((*h)->term));
	free(*h);
	*h = NULL;
}

static bool on_term(const struct index_hits *h, const struct hit_run *r)
{
	return r->c.valid &&
	    term_cmp(r->c.term, r->c.term_len, h->term.b, h->term.n) == 0;
}

/* The next chunk that may hold ${from} or what is behind it. */
static enum saksi_err next_chunk(struct index_hits *h, struct hit_run *r, uint64_t from,
    struct saksi_error *err)
{
	enum saksi_err rc;

	for (unsigned moves = 0;; moves++) {
		/* Not in the next one: far away, so once by the fences. */
		rc = moves == 1 ? cursor_seek(&r->c, h->term.b, h->term.n, from, err)
				: cursor_next(&r->c, err);
		if (rc != SAKSI_OK)
			return rc;
		if (!on_term(h, r)) {
			r->done = true;
			return SAKSI_OK;
		}
		if ((rc = open_chunk(r, err)) != SAKSI_OK ||
		    r->chunk.docs[r->chunk.n - 1] >= from)
			return rc;
	}
}

/* The first posting of the chunk that is not before ${from}; there is one. */
static void gallop(struct hit_run *r, uint64_t from)
{
	const uint64_t *docs = r->chunk.docs;
	size_t low = r->i, step = 1, high;

	while (low + step < r->chunk.n && docs[low + step] < from) {
		low += step;
		step *= 2;
	}
	high = low + step < r->chunk.n ? low + step : r->chunk.n - 1;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (docs[mid] < from)
			low = mid + 1;
		else
			high = mid;
	}
	r->i = low;
}

static bool is_hidden(const struct index_hits *h, const struct hit_run *r, uint64_t doc)
{
	return r->shadowed && run_hides(h->x, r->at, doc);
}

/* To the first posting at or after ${from} that counts. */
static enum saksi_err advance(struct index_hits *h, struct hit_run *r, uint64_t from,
    struct saksi_error *err)
{
	enum saksi_err rc;

	while (!r->done) {
		if (r->chunk.docs[r->chunk.n - 1] < from) {
			if ((rc = next_chunk(h, r, from, err)) != SAKSI_OK)
				return rc;
			if (r->done)
				break;
		}
		if (r->chunk.docs[r->i] < from)
			gallop(r, from);
		if (!is_hidden(h, r, r->chunk.docs[r->i]))
			break;
		from = r->chunk.docs[r->i] + 1;
	}
	return SAKSI_OK;
}

static enum saksi_err choose(struct index_hits *h, uint64_t from, bool *found,
    struct saksi_error *err)
{
	uint64_t best = UINT64_MAX;
	enum saksi_err rc;

	h->limit = UINT64_MAX;
	for (size_t i = 0; i < h->n; i++) {
		struct hit_run *r = &h->run[i];
		uint64_t doc;

		if ((rc = advance(h, r, from, err)) != SAKSI_OK)
			return rc;
		if (r->done)
			continue;
		doc = r->chunk.docs[r->i];
		if (doc < best) {
			h->limit = best;
			best = doc;
			h->now = i;
		} else if (doc < h->limit)
			h->limit = doc;
	}
	*found = best != UINT64_MAX;
	return SAKSI_OK;
}

enum saksi_err index_hits_next(struct index_hits *h, uint64_t from, uint64_t *doc,
    bool *found, struct saksi_error *err)
{
	struct hit_run *r;
	enum saksi_err rc;

	*found = false;
	if (h->n == 0)
		return SAKSI_OK;
	r = &h->run[h->now];
	/* While the others stand further on, one run is all there is to look at. */
	if (h->begun && from <= h->limit && !r->done) {
		if ((rc = advance(h, r, from, err)) != SAKSI_OK)
			return rc;
		if (!r->done && r->chunk.docs[r->i] < h->limit) {
			*doc = r->chunk.docs[r->i];
			*found = true;
			return SAKSI_OK;
		}
	}
	h->begun = true;
	if ((rc = choose(h, from, found, err)) == SAKSI_OK && *found)
		*doc = h->run[h->now].chunk.docs[h->run[h->now].i];
	return rc;
}

size_t index_hits_ahead(const struct index_hits *h, const uint64_t **docs)
{
	const struct hit_run *r = &h->run[h->now];
	size_t low = r->i + 1, high = r->chunk.n;

	*docs = r->chunk.docs + r->i;
	if (r->shadowed)
		return 1;
	/* Up to where another run goes on. */
	if (r->chunk.docs[high - 1] < h->limit)
		low = high;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->chunk.docs[mid] < h->limit)
			low = mid + 1;
		else
			high = mid;
	}
	return low - r->i;
}

const uint8_t *index_hits_payload(const struct index_hits *h, size_t *n)
{
	struct hit_run *r = &h->run[h->now];
	const uint8_t *p;

	chunk_payload(&r->chunk, &r->payload, r->i, &p, n);
	return p;
}

uint64_t index_hits_estimate(const struct index_hits *h)
{
	return h->estimate;
}

enum saksi_err index_each(struct index *x, struct kv_txn *txn, const struct index_term *t,
    index_each_fn *fn, void *ctx, struct saksi_error *err)
{
	struct index_hits *h = NULL;
	uint64_t doc = 0;
	bool found;
	enum saksi_err rc;

	if ((rc = index_hits_open(&h, x, txn, t, err)) != SAKSI_OK)
		return rc;
	/* Documents count from 1. */
	while ((rc = index_hits_next(h, doc + 1, &doc, &found, err)) == SAKSI_OK && found)
		if ((rc = fn(ctx, doc, err)) != SAKSI_OK)
			break;
	index_hits_close(&h);
	return rc;
}

/* Does the chunk that may hold the document hold it? */
static enum saksi_err run_has(struct index *x, struct kv_txn *txn, const struct run *r,
    const struct index_term *t, uint64_t doc, bool *has, struct saksi_error *err)
{
	struct chunk chunk = {.docs = NULL};
	struct cursor c;
	enum saksi_err rc = cursor_open(&c, x, txn, r, err);

	*has = false;
	if (rc != SAKSI_OK)
		return rc;
	rc = cursor_seek(&c, t->b, t->n, doc, err);
	if (rc == SAKSI_OK && c.valid && c.doc <= doc &&
	    term_cmp(c.term, c.term_len, t->b, t->n) == 0)
		rc = chunk_read(&chunk, family_payload(t->b[0]), c.chunk, c.chunk_len,
		    err);
	for (size_t i = 0; i < chunk.n && !*has; i++)
		*has = chunk.docs[i] == doc;
	chunk_free(&chunk);
	cursor_close(&c);
	return rc;
}

enum saksi_err index_has(struct index *x, struct kv_txn *txn, const struct index_term *t,
    uint64_t doc, bool *has, struct saksi_error *err)
{
	enum saksi_err rc;
	bool shadowed;

	*has = false;
	for (size_t i = 0; i < run_count(x); i++) {
		const struct run *r = run_at(x, i);

		if (r->docs == 0 || doc < r->min_doc || doc > r->max_doc)
			continue;
		if ((rc = run_has(x, txn, r, t, doc, has, err)) != SAKSI_OK)
			return rc;
		if (!*has)
			continue;
		if ((rc = run_shadowed(x, txn, i, &shadowed, err)) != SAKSI_OK)
			return rc;
		*has = !shadowed || !run_hides(x, i, doc);
		if (*has)
			break;
	}
	return SAKSI_OK;
}

/* ---- one ----------------------------------------------------------------------------- */

static enum saksi_err take(const uint8_t *chunk, size_t n, uint8_t family, uint64_t *doc,
    struct buf *payload, struct saksi_error *err)
{
	struct chunk c = {.docs = NULL};
	struct chunk_at at = {0, NULL};
	const uint8_t *p;
	size_t len;
	enum saksi_err rc;

	if ((rc = chunk_read(&c, family_payload(family), chunk, n, err)) == SAKSI_OK) {
		*doc = c.docs[0];
		chunk_payload(&c, &at, 0, &p, &len);
		if (payload != NULL) {
			buf_add(payload, p, len);
			rc = buf_ok(payload, err);
		}
	}
	chunk_free(&c);
	return rc;
}

/*
 * Down a segment without a cursor: its fences in the cache, one leaf at the
 * most.  These terms have one document each, so the last entry at or before
 * the term is it, or there is none.
 */
static enum saksi_err find_in_segment(struct index *x, struct kv_txn *txn, struct run *r,
    const struct index_term *t, struct block_iter *it, bool *found,
    struct saksi_error *err)
{
	const uint8_t *p;
	uint64_t number;
	size_t n;
	bool may, known;
	enum saksi_err rc;

	*found = false;
	if (t->b[0] == IX_ID && !run_may_have_id(x, txn, r, t))
		return SAKSI_OK;
	if ((rc = segment_leaf(x, txn, r, t, &number, &may, err)) != SAKSI_OK || !may)
		return rc;
	known = t->b[0] != IX_ID || block_is_cached(x, number, false);
	if ((rc = block_cached(x, txn, number, false, &p, &n, err)) != SAKSI_OK ||
	    (rc = block_open(it, p, n, err)) != SAKSI_OK)
		return rc;
	if (!known)
		guesses_learn(x, p, n);
	*found = it->kind == BLOCK_LEAF && block_seek(it, t->b, t->n, DOC_MAX) &&
	    term_cmp(it->term, it->term_len, t->b, t->n) == 0;
	return SAKSI_OK;
}

static enum saksi_err find_in_run(struct index *x, struct kv_txn *txn, struct run *r,
    const struct index_term *t, uint64_t *doc, struct buf *payload, bool *found,
    struct saksi_error *err)
{
	struct block_iter it;
	struct cursor c;
	enum saksi_err rc;

	if (r->height > 0) {
		rc = find_in_segment(x, txn, r, t, &it, found, err);
		if (rc == SAKSI_OK && *found)
			rc = take(it.value, it.value_len, t->b[0], doc, payload, err);
		return rc;
	}
	if ((rc = cursor_open(&c, x, txn, r, err)) != SAKSI_OK)
		return rc;
	if ((rc = cursor_probe(&c, t, found, err)) == SAKSI_OK && *found)
		rc = take(c.chunk, c.chunk_len, t->b[0], doc, payload, err);
	cursor_close(&c);
	return rc;
}

enum saksi_err index_find_one(struct index *x, struct kv_txn *txn,
    const struct index_term *t, uint64_t *doc, struct buf *payload, bool *found,
    struct saksi_error *err)
{
	const uint8_t *p;
	size_t n;
	enum saksi_err rc;

	*found = false;
	if (x->gather != NULL && gather_find(x->gather, t, doc, &p, &n)) {
		*found = true;
		if (payload == NULL)
			return SAKSI_OK;
		buf_add(payload, p, n);
		return buf_ok(payload, err);
	}
	/* A term of these families never names another document: the longest runs first. */
	for (size_t i = 0; i < run_count(x); i++) {
		rc = find_in_run(x, txn, run_at(x, i), t, doc, payload, found, err);
		if (rc != SAKSI_OK || *found)
			return rc;
	}
	return SAKSI_OK;
}
