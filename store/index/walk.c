/*
 * walk.c - the terms that begin with some bytes, over all runs.
 *
 * The runs stand in a heap, the one with the least term on top.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/secret.h>

#include "index_int.h"

struct head {
	uint64_t key; /* the first bytes behind the prefix, big-endian */
	size_t run;
};
struct index_walk {
	struct index *x;
	struct kv_txn *txn;
	struct index_term prefix;
	struct cursor *c; /* of each run, oldest first */
	size_t n;
	struct head *heap; /* runs that stand on a term of the range */
	size_t n_heap;
	bool *shadowed; /* a younger run may hold some of the same records */
	struct chunk chunk;
};

/* ---- the heap -------------------------------------------------------------------- */

static bool in_range(const struct index_walk *w, const struct cursor *c)
{
	return c->valid && c->term_len >= w->prefix.n &&
	    memcmp(c->term, w->prefix.b, w->prefix.n) == 0;
}

static uint64_t key_of(const struct index_walk *w, const struct cursor *c)
{
	uint64_t key = 0;

	for (size_t i = w->prefix.n; i < w->prefix.n + 8; i++)
		key = key << 8 | (i < c->term_len ? c->term[i] : 0);
	return key;
}

static bool before(const struct index_walk *w, const struct head *a, const struct head *b)
{
	const struct cursor *x = &w->c[a->run], *y = &w->c[b->run];
	int c;

	if (a->key != b->key)
		return a->key < b->key;
	c = term_cmp(x->term, x->term_len, y->term, y->term_len);
	return c < 0 || (c == 0 && a->run < b->run);
}

static void sift_down(struct index_walk *w, size_t i)
{
	struct head h = w->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= w->n_heap)
			break;
		if (child + 1 < w->n_heap &&
		    before(w, &w->heap[child + 1], &w->heap[child]))
			child++;
		if (!before(w, &w->heap[child], &h))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = h;
}

/* The run on top has gone on. */
static void settle(struct index_walk *w)
{
	struct head *top = &w->heap[0];
	const struct cursor *c = &w->c[top->run];

	if (in_range(w, c))
		top->key = key_of(w, c);
	else
		*top = w->heap[--w->n_heap];
	if (w->n_heap > 0)
		sift_down(w, 0);
}

static enum saksi_err fill(struct index_walk *w, struct saksi_error *err)
{
	if ((w->heap = calloc(w->n + 1, sizeof(*w->heap))) == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < w->n; i++)
		if (in_range(w, &w->c[i]))
			w->heap[w->n_heap++] = (struct head){key_of(w, &w->c[i]), i};
	for (size_t i = w->n_heap / 2; i-- > 0;)
		sift_down(w, i);
	return SAKSI_OK;
}

static enum saksi_err open_all(struct index_walk *w, struct index *x, struct kv_txn *txn,
    const struct index_term *from, struct saksi_error *err)
{
	size_t runs = run_count(x);
	enum saksi_err rc;

	if ((w->c = calloc(runs + 1, sizeof(*w->c))) == NULL)
		return saksi_fail_nomem(err);
	for (; w->n < runs; w->n++) {
		struct cursor *c = &w->c[w->n];

		if ((rc = cursor_open(c, x, txn, run_at(x, w->n), err)) != SAKSI_OK)
			return rc;
		if ((rc = cursor_seek(c, from->b, from->n, 0, err)) != SAKSI_OK) {
			cursor_close(c);
			return rc;
		}
	}
	return SAKSI_OK;
}

enum saksi_err index_walk_open(struct index_walk **out, struct index *x,
    struct kv_txn *txn, const struct index_term *prefix, const struct index_term *from,
    struct saksi_error *err)
{
	struct index_walk *w = calloc(1, sizeof(*w));
	enum saksi_err rc;

	*out = NULL;
	if (w == NULL)
		return saksi_fail_nomem(err);
	w->x = x;
	w->txn = txn;
	w->prefix = *prefix;
	if (from == NULL || term_cmp(from->b, from->n, prefix->b, prefix->n) < 0)
		from = prefix;
	if ((rc = open_all(w, x, txn, from, err)) != SAKSI_OK ||
	    (rc = fill(w, err)) != SAKSI_OK) {
		index_walk_close(&w);
		return rc;
	}
	*out = w;
	return SAKSI_OK;
}

static bool is_on(const struct cursor *c, const struct index_term *t)
{
	return c->valid && c->term_len == t->n && memcmp(c->term, t->b, t->n) == 0;
}

/* Past all entries of the term. */
static enum saksi_err pass(struct cursor *c, const struct index_term *t,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	unsigned steps = 0;

	while (rc == SAKSI_OK && is_on(c, t)) {
		/* A long list: by the fences to its last entry. */
		if (++steps == 4)
			rc = cursor_seek(c, t->b, t->n, DOC_MAX, err);
		else
			rc = cursor_next(c, err);
	}
	return rc;
}

/* The next term, which no run has passed yet. */
static void least_term(const struct index_walk *w, struct index_term *t, bool *found)
{
	const struct cursor *least;

	*found = w->n_heap > 0;
	if (!*found)
		return;
	least = &w->c[w->heap[0].run];
	memcpy(t->b, least->term, least->term_len);
	t->n = least->term_len;
}

/* All runs past it. */
static enum saksi_err pass_all(struct index_walk *w, const struct index_term *t,
    struct saksi_error *err)
{
	enum saksi_err rc;

	while (w->n_heap > 0 && is_on(&w->c[w->heap[0].run], t)) {
		if ((rc = pass(&w->c[w->heap[0].run], t, err)) != SAKSI_OK)
			return rc;
		settle(w);
	}
	return SAKSI_OK;
}

enum saksi_err index_walk_next(struct index_walk *w, struct index_term *t, bool *found,
    struct saksi_error *err)
{
	least_term(w, t, found);
	return *found ? pass_all(w, t, err) : SAKSI_OK;
}

/* ---- with their documents -------------------------------------------------------- */

static enum saksi_err find_shadows(struct index_walk *w, struct saksi_error *err)
{
	enum saksi_err rc;

	if (w->shadowed != NULL)
		return SAKSI_OK;
	if ((w->shadowed = calloc(w->n + 1, sizeof(*w->shadowed))) == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < w->n; i++)
		if ((rc = run_shadowed(w->x, w->txn, i, &w->shadowed[i], err)) != SAKSI_OK)
			return rc;
	return SAKSI_OK;
}

static enum saksi_err tell_chunk(struct index_walk *w, size_t run, index_doc_fn *fn,
    void *ctx, struct saksi_error *err)
{
	const struct cursor *c = &w->c[run];
	struct chunk_at at = {0, NULL};
	enum saksi_err rc = chunk_read(&w->chunk, family_payload(c->term[0]), c->chunk,
	    c->chunk_len, err);

	for (size_t i = 0; rc == SAKSI_OK && i < w->chunk.n; i++) {
		const uint8_t *p;
		size_t n;

		if (w->shadowed[run] && run_hides(w->x, run, w->chunk.docs[i]))
			continue;
		chunk_payload(&w->chunk, &at, i, &p, &n);
		if (!fn(ctx, w->chunk.docs[i], p, n))
			rc = saksi_fail_nomem(err);
	}
	return rc;
}

enum saksi_err index_walk_docs(struct index_walk *w, struct index_term *t,
    index_want_fn *want, index_doc_fn *fn, void *ctx, bool *found,
    struct saksi_error *err)
{
	enum saksi_err rc = find_shadows(w, err);

	least_term(w, t, found);
	if (rc != SAKSI_OK || !*found)
		return rc;
	if (want != NULL && !want(ctx))
		return pass_all(w, t, err);
	while (w->n_heap > 0 && is_on(&w->c[w->heap[0].run], t)) {
		size_t run = w->heap[0].run;

		while (rc == SAKSI_OK && is_on(&w->c[run], t)) {
			rc = tell_chunk(w, run, fn, ctx, err);
			if (rc == SAKSI_OK)
				rc = cursor_next(&w->c[run], err);
		}
		if (rc != SAKSI_OK)
			return rc;
		settle(w);
	}
	return SAKSI_OK;
}

void index_walk_close(struct index_walk **w)
{
	if (*w == NULL)
		return;
	for (size_t i = 0; (*w)->c != NULL && i < (*w)->n; i++)
		cursor_close(&(*w)->c[i]);
	free((*w)->c);
	free((*w)->shadowed);
	if ((*w)->heap != NULL)
		wipe((*w)->heap, ((*w)->n + 1) * sizeof(*(*w)->heap));
	free((*w)->heap);
	chunk_free(&(*w)->chunk);
	free(*w);
	*w = NULL;
}
