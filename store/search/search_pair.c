/*
 * search_pair.c - what the documents of two terms have in common.
 *
 * Common terms have long lists, of which whole chunks lie decoded in memory.
 * Comparing two of them number by number waits for each comparison before the
 * next: marking one list in a small window and looking the other one up in it
 * does not.
 */
#include <stdlib.h>
#include <string.h>

#include "search_int.h"

#define WINDOW 4096u /* documents */
#define AHEAD 1024u
#define AHEAD_BYTES ((AHEAD + 1) * sizeof(uint64_t)) /* behind them: marks */

bool pair_is(const struct seeker *s)
{
	return s->n_kids >= 2 && s->kids[0]->kind == FIND_TERM &&
	    s->kids[1]->kind == FIND_TERM;
}

/* Where two ascending lists first have the same; else up to where one of them is through. */
static bool first_common(const uint64_t *a, size_t na, const uint64_t *b, size_t nb,
    uint64_t *doc)
{
	size_t i = 0, k = 0;

	while (i < na && k < nb && a[i] != b[k]) {
		bool less = a[i] < b[k];

		i += less;
		k += !less;
	}
	if (i < na && k < nb) {
		*doc = a[i];
		return true;
	}
	*doc = (i == na ? a[na - 1] : b[nb - 1]) + 1;
	return false;
}

enum saksi_err pair_reach(struct seeker *a, struct seeker *b, uint64_t *from, bool *end,
    struct saksi_error *err)
{
	for (;;) {
		const uint64_t *x, *y;
		size_t n, m;
		enum saksi_err rc;

		if ((rc = seeker_seek(a, *from, err)) != SAKSI_OK ||
		    (!a->end && (rc = seeker_seek(b, a->doc, err)) != SAKSI_OK))
			return rc;
		*end = a->end || b->end;
		if (*end || a->doc == b->doc) {
			*from = *end ? *from : a->doc;
			return SAKSI_OK;
		}
		n = index_hits_ahead(a->hits, &x);
		m = index_hits_ahead(b->hits, &y);
		(void)first_common(x, n, y, m, from);
	}
}

static size_t below(const uint64_t *list, size_t n, size_t i, uint64_t doc)
{
	while (i < n && list[i] < doc)
		i++;
	return i;
}

/* Take back the marks of documents from ${first} on. */
static void unmark(uint8_t marks[WINDOW], const uint64_t *list, size_t n, uint64_t first)
{
	if (n > WINDOW / 32) {
		memset(marks, 0, WINDOW);
		return;
	}
	for (size_t i = 0; i < n; i++)
		marks[list[i] - first] = 0;
}

/*
 * Up to AHEAD of what two ascending lists share, ascending; ${*next}: all of it
 * below here.  ${out} has room for one more; ${marks} are 0, and are so again.
 */
static size_t list_common(uint64_t out[AHEAD + 1], uint8_t marks[WINDOW],
    const uint64_t *a, size_t na, const uint64_t *b, size_t nb, uint64_t *next)
{
	const uint64_t last = a[na - 1] < b[nb - 1] ? a[na - 1] : b[nb - 1];
	size_t i = 0, k = 0, n = 0;

	while (n < AHEAD && i < na && k < nb) {
		uint64_t first = a[i] > b[k] ? a[i] : b[k];
		uint64_t end;
		size_t from;

		if (first > last)
			break;
		end = last - first < WINDOW ? last + 1 : first + WINDOW;
		i = below(a, na, i, first);
		k = below(b, nb, k, first);
		for (from = i; i < na && a[i] < end; i++)
			marks[a[i] - first] = 1;
		/* Without a branch that could be guessed wrong. */
		for (; k < nb && b[k] < end && n < AHEAD; k++) {
			out[n] = b[k];
			n += marks[b[k] - first];
		}
		unmark(marks, a + from, i - from, first);
	}
	*next = last + 1;
	if (n == AHEAD)
		*next = b[k - 1] + 1;
	return n;
}

/* What both have in the chunks where they stand, after ${s->ahead}. */
static enum saksi_err look_ahead(struct seeker *s, uint64_t *next, struct saksi_error *err)
{
	const uint64_t *x, *y;
	size_t n = index_hits_ahead(s->kids[0]->hits, &x);
	size_t m = index_hits_ahead(s->kids[1]->hits, &y);

	if (s->ahead == NULL) {
		if ((s->ahead = malloc(AHEAD_BYTES + WINDOW)) == NULL)
			return saksi_fail_nomem(err);
		memset((uint8_t *)s->ahead + AHEAD_BYTES, 0, WINDOW);
	}
	s->at_ahead = 0;
	s->n_ahead =
	    list_common(s->ahead, (uint8_t *)s->ahead + AHEAD_BYTES, x, n, y, m, next);
	return SAKSI_OK;
}

enum saksi_err pair_meet(struct seeker *s, uint64_t from, struct saksi_error *err)
{
	struct seeker *a = s->kids[0], *b = s->kids[1];
	uint64_t next;
	enum saksi_err rc;

	while (s->at_ahead < s->n_ahead && s->ahead[s->at_ahead] < from)
		s->at_ahead++;
	if (s->at_ahead == s->n_ahead) {
		s->at_ahead = s->n_ahead = 0;
		if ((rc = pair_reach(a, b, &from, &s->end, err)) != SAKSI_OK || s->end ||
		    (rc = look_ahead(s, &next, err)) != SAKSI_OK)
			return rc;
	}
	s->doc = s->ahead[s->at_ahead];
	s->sure = !a->doubt && !b->doubt;
	return SAKSI_OK;
}

enum saksi_err pair_count(struct seeker *s, uint64_t from, uint64_t *n,
    struct saksi_error *err)
{
	struct seeker *a = s->kids[0], *b = s->kids[1];
	enum saksi_err rc;

	for (;;) {
		if ((rc = seeker_seek(a, from, err)) != SAKSI_OK || a->end ||
		    (rc = seeker_seek(b, from, err)) != SAKSI_OK || b->end ||
		    (rc = look_ahead(s, &from, err)) != SAKSI_OK)
			break;
		*n += s->n_ahead;
	}
	s->n_ahead = 0;
	return rc;
}
