/*
 * search_order.c - terms in order, or against it.
 *
 * An index is walked forward only.  Backwards, the last few terms of a range are
 * cut off, read forward and given out from the end: where the range is too long,
 * it is halved between byte values until what remains is short enough.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "search_int.h"

#define BATCH 256u

struct of_term { /* its documents, in ${docs} */
	size_t at, n;
};
struct term_walk {
	const struct search_source *src;
	struct index_term prefix;
	bool descending;
	struct index_walk *forward;
	/* backwards */
	struct index_term end; /* what is left lies before it */
	bool bounded, done;
	struct index_term t;
	struct of_term *list;
	size_t n;
	/* of the term at hand; backwards, of all that were read */
	uint64_t *docs;
	size_t n_docs, cap_docs;
};

static int compare(const struct index_term *a, const struct index_term *b)
{
	int c = memcmp(a->b, b->b, a->n < b->n ? a->n : b->n);

	return c != 0 ? c : (a->n > b->n) - (a->n < b->n);
}

enum saksi_err term_walk_open(struct term_walk **out, const struct search_source *src,
    const struct index_term *prefix, bool descending, struct saksi_error *err)
{
	struct term_walk *w = calloc(1, sizeof(*w));
	enum saksi_err rc = SAKSI_OK;

	*out = NULL;
	if (w == NULL)
		return saksi_fail_nomem(err);
	w->src = src;
	w->prefix = *prefix;
	w->descending = descending;
	if (!descending)
		rc = index_walk_open(&w->forward, src->x, src->kv, prefix, NULL, err);
	else if ((w->list = calloc(BATCH + 1, sizeof(*w->list))) == NULL)
		rc = saksi_fail_nomem(err);
	if (rc != SAKSI_OK) {
		term_walk_close(&w);
		return rc;
	}
	*out = w;
	return SAKSI_OK;
}

void term_walk_close(struct term_walk **w)
{
	if (*w == NULL)
		return;
	index_walk_close(&(*w)->forward);
	free((*w)->list);
	free((*w)->docs);
	wipe(*w, sizeof(**w));
	free(*w);
	*w = NULL;
}

/* How many terms, up to ${max}, there are from ${from} to the end of what is left. */
static enum saksi_err count_some(struct term_walk *w, const struct index_term *from,
    size_t max, size_t *n, struct saksi_error *err)
{
	struct index_walk *walk = NULL;
	bool found = true;
	enum saksi_err rc =
	    index_walk_open(&walk, w->src->x, w->src->kv, &w->prefix, from, err);

	*n = 0;
	while (rc == SAKSI_OK && *n < max &&
	    (rc = index_walk_next(walk, &w->t, &found, err)) == SAKSI_OK && found &&
	    (!w->bounded || compare(&w->t, &w->end) < 0))
		++*n;
	index_walk_close(&walk);
	return rc;
}

static bool take_doc(void *ctx, uint64_t doc, const uint8_t *p, size_t n)
{
	struct term_walk *w = ctx;
	uint64_t *docs = list_room(w->docs, w->n_docs, &w->cap_docs, sizeof(*docs));

	(void)p;
	(void)n;
	if (docs == NULL)
		return false;
	w->docs = docs;
	docs[w->n_docs++] = doc;
	return true;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The runs of an index come one after the other. */
static void put_in_order(uint64_t *docs, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (docs[i - 1] > docs[i]) {
			qsort(docs, n, sizeof(*docs), by_number);
			return;
		}
}

static enum saksi_err read_some(struct term_walk *w, const struct index_term *from,
    struct saksi_error *err)
{
	struct index_walk *walk = NULL;
	bool found = true;
	enum saksi_err rc =
	    index_walk_open(&walk, w->src->x, w->src->kv, &w->prefix, from, err);

	w->n = w->n_docs = 0;
	while (rc == SAKSI_OK && found && w->n < BATCH) {
		size_t at = w->n_docs;

		rc = index_walk_docs(walk, &w->t, NULL, take_doc, w, &found, err);
		if (found && w->bounded && compare(&w->t, &w->end) >= 0)
			break;
		if (found)
			w->list[w->n++] = (struct of_term){at, w->n_docs - at};
	}
	index_walk_close(&walk);
	return rc;
}

/* The greatest byte after ${at} from which on there still is something. */
static enum saksi_err last_byte(struct term_walk *w, struct index_term *at, bool *found,
    struct saksi_error *err)
{
	unsigned low = 0, high = 256;
	size_t n;
	enum saksi_err rc = SAKSI_OK;

	at->n++;
	at->b[at->n - 1] = 0;
	if ((rc = count_some(w, at, 1, &n, err)) != SAKSI_OK || n == 0) {
		*found = false;
		at->n--;
		return rc;
	}
	while (low + 1 < high) {
		unsigned mid = low + (high - low) / 2;

		at->b[at->n - 1] = (uint8_t)mid;
		if ((rc = count_some(w, at, 1, &n, err)) != SAKSI_OK)
			return rc;
		if (n > 0)
			low = mid;
		else
			high = mid;
	}
	at->b[at->n - 1] = (uint8_t)low;
	*found = true;
	return SAKSI_OK;
}

static enum saksi_err refill(struct term_walk *w, struct saksi_error *err)
{
	struct index_term at = w->prefix;
	bool found = true;
	size_t n;
	enum saksi_err rc;

	for (;;) {
		if ((rc = count_some(w, &at, BATCH + 1, &n, err)) != SAKSI_OK)
			return rc;
		if (n <= BATCH)
			break;
		found = at.n < INDEX_TERM_MAX;
		if (found && (rc = last_byte(w, &at, &found, err)) != SAKSI_OK)
			return rc;
		if (!found)
			return saksi_fail(err, SAKSI_EDAMAGED,
			    "index: its terms are not in order; run `saksi reindex`");
	}
	if ((rc = read_some(w, &at, err)) != SAKSI_OK)
		return rc;
	w->done = compare(&at, &w->prefix) == 0;
	w->end = at;
	w->bounded = true;
	return SAKSI_OK;
}

enum saksi_err term_walk_next(struct term_walk *w, const uint64_t **docs, size_t *n,
    struct saksi_error *err)
{
	struct of_term last = {0, 0};
	bool found = true;
	enum saksi_err rc = SAKSI_OK;

	*n = 0;
	if (!w->descending) {
		/* A term whose records all say something else by now has no documents. */
		for (w->n_docs = 0; rc == SAKSI_OK && found && w->n_docs == 0;)
			rc = index_walk_docs(w->forward, &w->t, NULL, take_doc, w, &found,
			    err);
		last.n = w->n_docs;
	}
	while (w->descending && last.n == 0 && rc == SAKSI_OK && (w->n > 0 || !w->done)) {
		if (w->n == 0)
			rc = refill(w, err);
		else
			last = w->list[--w->n];
	}
	if (rc != SAKSI_OK)
		return rc;
	if (last.n > 0)
		put_in_order(w->docs + last.at, last.n);
	*docs = w->docs + last.at;
	*n = last.n;
	return SAKSI_OK;
}
