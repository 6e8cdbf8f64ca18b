/* walk.c - the terms that begin with some bytes, over all runs. */
#include <stdlib.h>
#include <string.h>

#include "index_int.h"

struct index_walk {
	struct index *x;
	struct kv_txn *txn;
	struct index_term prefix;
	struct cursor *c; /* of each run, oldest first */
	size_t n;
	bool *shadowed; /* a younger run may hold some of the same records */
	struct chunk chunk;
};

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
	if ((rc = open_all(w, x, txn, from, err)) != SAKSI_OK) {
		index_walk_close(&w);
		return rc;
	}
	*out = w;
	return SAKSI_OK;
}

static bool in_range(const struct index_walk *w, const struct cursor *c)
{
	return c->valid && c->term_len >= w->prefix.n &&
	    memcmp(c->term, w->prefix.b, w->prefix.n) == 0;
}

/* Past all entries of the term. */
static enum saksi_err pass(struct cursor *c, const struct index_term *t,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	unsigned steps = 0;

	while (rc == SAKSI_OK && c->valid &&
	    term_cmp(c->term, c->term_len, t->b, t->n) == 0) {
		/* A long list: by the fences to its last entry. */
		if (++steps == 4)
			rc = cursor_seek(c, t->b, t->n, DOC_MAX, err);
		else
			rc = cursor_next(c, err);
	}
	return rc;
}

/* To the next term, without passing it. */
static void least_term(const struct index_walk *w, struct index_term *t, bool *found)
{
	const struct cursor *least = NULL;

	for (size_t i = 0; i < w->n; i++)
		if (in_range(w, &w->c[i]) &&
		    (least == NULL ||
			term_cmp(w->c[i].term, w->c[i].term_len, least->term,
			    least->term_len) < 0))
			least = &w->c[i];
	*found = least != NULL;
	if (least == NULL)
		return;
	memcpy(t->b, least->term, least->term_len);
	t->n = least->term_len;
}

enum saksi_err index_walk_next(struct index_walk *w, struct index_term *t, bool *found,
    struct saksi_error *err)
{
	enum saksi_err rc;

	least_term(w, t, found);
	for (size_t i = 0; *found && i < w->n; i++)
		if ((rc = pass(&w->c[i], t, err)) != SAKSI_OK)
			return rc;
	return SAKSI_OK;
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
	if (*found && want != NULL && !want(ctx)) {
		for (size_t i = 0; rc == SAKSI_OK && i < w->n; i++)
			rc = pass(&w->c[i], t, err);
		return rc;
	}
	for (size_t i = 0; *found && i < w->n; i++) {
		struct cursor *c = &w->c[i];

		while (rc == SAKSI_OK && c->valid &&
		    term_cmp(c->term, c->term_len, t->b, t->n) == 0) {
			rc = tell_chunk(w, i, fn, ctx, err);
			if (rc == SAKSI_OK)
				rc = cursor_next(c, err);
		}
	}
	return rc;
}

void index_walk_close(struct index_walk **w)
{
	if (*w == NULL)
		return;
	for (size_t i = 0; (*w)->c != NULL && i < (*w)->n; i++)
		cursor_close(&(*w)->c[i]);
	free((*w)->c);
	free((*w)->shadowed);
	chunk_free(&(*w)->chunk);
	free(*w);
	*w = NULL;
}
