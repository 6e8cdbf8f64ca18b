/*
 * search_order.c - terms in order, or against it.
 *
 * An index is walked forward only.  Backwards, the last few terms of a range are
 * cut off, read forward and given out from the end: where the range is too long,
 * it is halved between byte values until what remains is short enough.
 */
#include <stdlib.h>
#include <string.h>

#include "search_int.h"

#define BATCH 256u

struct term_walk {
	const struct search_source *src;
	struct index_term prefix;
	bool descending;
	struct index_walk *forward;
	/* backwards */
	struct index_term end; /* what is left lies before it */
	bool bounded, done;
	struct index_term *list;
	size_t n;
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
	if ((*w)->list != NULL)
		wipe((*w)->list, (BATCH + 1) * sizeof(*(*w)->list));
	free((*w)->list);
	wipe(*w, sizeof(**w));
	free(*w);
	*w = NULL;
}

/* Up to ${max} terms from ${from} to the end of what is left. */
static enum saksi_err read_some(struct term_walk *w, const struct index_term *from,
    size_t max, struct saksi_error *err)
{
	struct index_walk *walk = NULL;
	bool found = true;
	enum saksi_err rc =
	    index_walk_open(&walk, w->src->x, w->src->kv, &w->prefix, from, err);

	w->n = 0;
	while (rc == SAKSI_OK && w->n < max &&
	    (rc = index_walk_next(walk, &w->list[w->n], &found, err)) == SAKSI_OK &&
	    found && (!w->bounded || compare(&w->list[w->n], &w->end) < 0))
		w->n++;
	index_walk_close(&walk);
	return rc;
}

/* The greatest byte after ${at} from which on there still is something. */
static enum saksi_err last_byte(struct term_walk *w, struct index_term *at, bool *found,
    struct saksi_error *err)
{
	unsigned low = 0, high = 256;
	enum saksi_err rc = SAKSI_OK;

	at->n++;
	at->b[at->n - 1] = 0;
	if ((rc = read_some(w, at, 1, err)) != SAKSI_OK || w->n == 0) {
		*found = false;
		at->n--;
		return rc;
	}
	while (low + 1 < high) {
		unsigned mid = low + (high - low) / 2;

		at->b[at->n - 1] = (uint8_t)mid;
		if ((rc = read_some(w, at, 1, err)) != SAKSI_OK)
			return rc;
		if (w->n > 0)
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
	enum saksi_err rc;

	for (;;) {
		if ((rc = read_some(w, &at, BATCH + 1, err)) != SAKSI_OK)
			return rc;
		if (w->n <= BATCH)
			break;
		found = at.n < INDEX_TERM_MAX;
		if (found && (rc = last_byte(w, &at, &found, err)) != SAKSI_OK)
			return rc;
		if (!found)
			return saksi_fail(err, SAKSI_EDAMAGED,
			    "index: its terms are not in order; run `saksi reindex`");
	}
	w->done = compare(&at, &w->prefix) == 0;
	w->end = at;
	w->bounded = true;
	return SAKSI_OK;
}

enum saksi_err term_walk_next(struct term_walk *w, struct index_term *t, bool *found,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	*found = false;
	if (!w->descending)
		return index_walk_next(w->forward, t, found, err);
	while (w->n == 0 && !w->done && rc == SAKSI_OK)
		rc = refill(w, err);
	if (rc != SAKSI_OK || w->n == 0)
		return rc;
	*t = w->list[--w->n];
	*found = true;
	return SAKSI_OK;
}
