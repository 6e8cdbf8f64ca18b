/*
 * search_seek.c - documents one after the other.
 *
 * Seekers go forward only.  One that needs all of several goes in leaps: each
 * seeks what the others stand on, the rarest first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "search_int.h"

enum saksi_err seeker_new(struct seeker **out, enum seek_kind kind,
    struct saksi_error *err)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return saksi_fail_nomem(err);
	(*out)->kind = kind;
	return SAKSI_OK;
}

enum saksi_err seeker_term(struct seeker **out, struct seeking *s,
    const struct index_term *t, struct saksi_error *err)
{
	enum saksi_err rc = seeker_new(out, FIND_TERM, err);

	if (rc == SAKSI_OK)
		rc = index_hits_open(&(*out)->hits, s->src->x, s->src->kv, t, err);
	if (rc != SAKSI_OK) {
		seeker_free(out);
		return rc;
	}
	(*out)->estimate = index_hits_estimate((*out)->hits);
	return SAKSI_OK;
}

static void free_list(struct seeker **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		seeker_free(&list[i]);
	free((void *)list);
}

void seeker_free(struct seeker **s)
{
	if (*s == NULL)
		return;
	index_hits_close(&(*s)->hits);
	set_free(&(*s)->set);
	free_list((*s)->kids, (*s)->n_kids);
	free_list((*s)->minus, (*s)->n_minus);
	seeker_free(&(*s)->weight);
	free((*s)->ahead);
	free(*s);
	*s = NULL;
}

/* Lists double at the powers of two, so that they need no capacity. */
static enum saksi_err append(struct seeker ***list, size_t *n, struct seeker **kid,
    struct saksi_error *err)
{
	struct seeker **p = *list;

	if (*kid == NULL)
		return SAKSI_OK;
	if ((*n & (*n - 1)) == 0) {
		p = realloc((void *)p, (*n == 0 ? 1 : *n * 2) * sizeof(*p));
		if (p == NULL) {
			seeker_free(kid);
			return saksi_fail_nomem(err);
		}
		*list = p;
	}
	p[(*n)++] = *kid;
	*kid = NULL;
	return SAKSI_OK;
}

enum saksi_err seeker_add(struct seeker *s, struct seeker **kid, struct saksi_error *err)
{
	return append(&s->kids, &s->n_kids, kid, err);
}

enum saksi_err seeker_exclude(struct seeker *s, struct seeker **kid,
    struct saksi_error *err)
{
	return append(&s->minus, &s->n_minus, kid, err);
}

static int by_estimate(const void *a, const void *b)
{
	const struct seeker *const *x = a;
	const struct seeker *const *y = b;

	return ((*x)->estimate > (*y)->estimate) - ((*x)->estimate < (*y)->estimate);
}

void seeker_complete(struct seeker *s)
{
	for (size_t i = 0; s->kind == FIND_PHRASE && i < s->n_kids; i++)
		s->kids[i]->times = (uint32_t)i; /* where its word stands */
	if (s->kind != FIND_ANY_OF && s->n_kids > 1)
		qsort((void *)s->kids, s->n_kids, sizeof(*s->kids), by_estimate);
	for (size_t i = 0; i < s->n_kids; i++) {
		uint64_t n = s->kids[i]->estimate;

		if (s->kind == FIND_ANY_OF)
			s->estimate += n;
		else if (i == 0 || n < s->estimate)
			s->estimate = n;
	}
}

/* ---- moving on ------------------------------------------------------------------- */

static enum saksi_err seek_term(struct seeker *s, uint64_t from, struct saksi_error *err)
{
	bool found;
	enum saksi_err rc = index_hits_next(s->hits, from, &s->doc, &found, err);

	s->end = rc != SAKSI_OK || !found;
	s->sure = true;
	return rc;
}

static void seek_set(struct seeker *s, uint64_t from)
{
	s->doc = from;
	s->end = !set_next(&s->set, &s->doc);
	s->sure = !s->end && (set_get(&s->set, s->doc) & SET_DOUBT) == 0;
}

/* ---- counting -------------------------------------------------------------------- */

static enum saksi_err count_term(struct seeker *s, uint64_t from, uint64_t *n,
    struct saksi_error *err)
{
	enum saksi_err rc;

	while ((rc = seeker_seek(s, from, err)) == SAKSI_OK && !s->end) {
		const uint64_t *docs;
		size_t k = index_hits_ahead(s->hits, &docs);

		*n += k;
		from = docs[k - 1] + 1;
	}
	return rc;
}

enum saksi_err seeker_count(struct seeker *s, uint64_t from, uint64_t *n, bool *exact,
    struct saksi_error *err)
{
	enum saksi_err rc;

	*n = 0;
	*exact = true;
	if (s->kind == FIND_TERM && !s->doubt) {
		rc = count_term(s, from, n, err);
	} else if (s->kind == FIND_ALL_OF && !s->doubt && s->n_kids == 2 &&
	    s->n_minus == 0 && pair_is(s) && !s->kids[0]->doubt && !s->kids[1]->doubt) {
		rc = pair_count(s, from, n, err);
	} else {
		while ((rc = seeker_seek(s, from, err)) == SAKSI_OK && !s->end) {
			++*n;
			*exact = *exact && s->sure;
			from = s->doc + 1;
		}
	}
	s->end = rc == SAKSI_OK;
	return rc;
}

/* ---- several ---------------------------------------------------------------------- */

/* The first document from ${from} on that all kids have. */
static enum saksi_err meet(struct seeker *s, uint64_t from, struct saksi_error *err)
{
	size_t same = 0;

	if (s->kind == FIND_ALL_OF && s->n_kids == 2 && pair_is(s))
		return pair_meet(s, from, err);
	s->end = s->n_kids == 0;
	s->doc = from;
	while (!s->end && same < s->n_kids) {
		struct seeker *k = s->kids[same];
		enum saksi_err rc = same == 0 && pair_is(s)
		    ? pair_reach(k, s->kids[1], &s->doc, &s->end, err)
		    : seeker_seek(k, s->doc, err);

		if (rc != SAKSI_OK || s->end)
			return rc;
		if (k->end) {
			s->end = true;
		} else if (k->doc != s->doc) {
			/* Back to the rarest, which leaps furthest. */
			s->doc = k->doc;
			same = 0;
		} else {
			same++;
		}
	}
	s->sure = true;
	for (size_t i = 0; i < s->n_kids && !s->end; i++)
		s->sure = s->sure && s->kids[i]->sure;
	return SAKSI_OK;
}

/* Is the document one of those that are left out? Maybe: it is in doubt. */
static enum saksi_err is_excluded(struct seeker *s, bool *out, struct saksi_error *err)
{
	*out = false;
	for (size_t i = 0; i < s->n_minus && !*out; i++) {
		struct seeker *k = s->minus[i];
		enum saksi_err rc = seeker_seek(k, s->doc, err);

		if (rc != SAKSI_OK)
			return rc;
		if (k->end || k->doc != s->doc)
			continue;
		if (k->sure)
			*out = true;
		else
			s->sure = false;
	}
	return SAKSI_OK;
}

static enum saksi_err seek_all_of(struct seeker *s, uint64_t from, struct saksi_error *err)
{
	bool excluded = true;

	if (s->n_minus == 0 && pair_step(s, from))
		return SAKSI_OK;
	for (;; from = s->doc + 1) {
		enum saksi_err rc = meet(s, from, err);

		if (rc != SAKSI_OK || s->end)
			return rc;
		if ((rc = is_excluded(s, &excluded, err)) != SAKSI_OK || !excluded)
			return rc;
	}
}

static enum saksi_err seek_any_of(struct seeker *s, uint64_t from, struct saksi_error *err)
{
	s->end = true;
	for (size_t i = 0; i < s->n_kids; i++) {
		struct seeker *k = s->kids[i];
		enum saksi_err rc = seeker_seek(k, from, err);

		if (rc != SAKSI_OK)
			return rc;
		if (k->end)
			continue;
		if (s->end || k->doc < s->doc) {
			s->doc = k->doc;
			s->sure = k->sure;
			s->end = false;
		} else if (k->doc == s->doc) {
			s->sure = s->sure || k->sure;
		}
	}
	return SAKSI_OK;
}

/* ---- phrases ----------------------------------------------------------------------- */

struct places {
	const uint8_t *p, *end;
	uint32_t at;
	bool more;
};

static void places_next(struct places *w)
{
	w->more = index_position_next(&w->p, w->end, &w->at);
}

/* Forward to ${at} or behind it. */
static bool places_reach(struct places *w, uint32_t at)
{
	while (w->more && w->at < at)
		places_next(w);
	return w->more;
}

static bool stands_here(struct places *w, size_t n, uint32_t first)
{
	for (size_t i = 1; i < n; i++)
		if (!places_reach(&w[i], first + (uint32_t)i) ||
		    w[i].at != first + (uint32_t)i)
			return false;
	return true;
}

/* How often the words stand one after the other; in doubt when nobody counted. */
static enum saksi_err count_phrase(struct seeker *s, struct saksi_error *err)
{
	struct places *w = calloc(s->n_kids, sizeof(*w));

	s->times = 0;
	if (w == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < s->n_kids; i++) {
		struct seeker *k = s->kids[i];
		size_t n;
		const uint8_t *p = index_hits_payload(k->hits, &n);
		struct places *at = &w[k->times];

		if (n == 0)
			s->sure = false;
		*at = (struct places){p, p + n, 0, false};
		places_next(at);
	}
	for (; s->sure && w[0].more; places_next(&w[0]))
		s->times += stands_here(w, s->n_kids, w[0].at);
	free(w);
	return SAKSI_OK;
}

static enum saksi_err seek_phrase(struct seeker *s, uint64_t from, struct saksi_error *err)
{
	for (;; from = s->doc + 1) {
		enum saksi_err rc = meet(s, from, err);

		if (rc == SAKSI_OK && !s->end)
			rc = count_phrase(s, err);
		if (rc != SAKSI_OK || s->end || s->times > 0 || !s->sure)
			return rc;
	}
}

enum saksi_err seeker_seek(struct seeker *s, uint64_t from, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	if (s->end || (s->begun && s->doc >= from))
		return SAKSI_OK;
	s->begun = true;
	switch (s->kind) {
	case FIND_NONE:
		s->end = true;
		break;
	case FIND_TERM:
		rc = seek_term(s, from, err);
		break;
	case FIND_SET:
		seek_set(s, from);
		break;
	case FIND_ALL_OF:
		rc = seek_all_of(s, from, err);
		break;
	case FIND_ANY_OF:
		rc = seek_any_of(s, from, err);
		break;
	case FIND_PHRASE:
		rc = seek_phrase(s, from, err);
		break;
	}
	if (s->doubt)
		s->sure = false;
	return rc;
}

enum saksi_err seeker_gather(struct seeker *s, struct doc_set_scores *into,
    unsigned level, struct saksi_error *err)
{
	enum saksi_err rc = seeker_seek(s, 0, err);

	while (rc == SAKSI_OK && !s->end) {
		if (!set_put(into, s->doc, level, !s->sure))
			return saksi_fail_nomem(err);
		rc = seeker_seek(s, s->doc + 1, err);
	}
	return rc;
}

/* ---- relevance --------------------------------------------------------------------- */
/*
 * BM25 (Robertson, Zaragoza: The probabilistic relevance framework, 2009), with
 * occurrences weighted by where they stand.
 */
#define K1 1.2
#define B 0.75
#define PHRASE_BONUS 1.5

double term_worth(const struct seeking *q, uint64_t n)
{
	double all = (double)(q->docs > n ? q->docs : n);

	return log(1.0 + (all - (double)n + 0.5) / ((double)n + 0.5));
}

static double place_weight(unsigned weight)
{
	return weight >= 2 ? 3.0 : weight == 1 ? 1.0 : 0.5;
}

static enum saksi_err length_of(struct seeking *q, uint64_t doc, double *out,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	if (q->length_of != doc) {
		rc = index_doc_length(q->src->x, q->src->kv, doc, &q->length, err);
		q->length_of = doc;
	}
	*out = q->length;
	return rc;
}

static enum saksi_err score_places(struct seeker *s, struct seeking *q, double weight,
    double times, double *score, struct saksi_error *err)
{
	double length, tf = weight * times;
	enum saksi_err rc = length_of(q, s->doc, &length, err);

	if (rc != SAKSI_OK)
		return rc;
	if (q->mean_length > 0)
		length /= q->mean_length;
	*score += s->worth * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length));
	return SAKSI_OK;
}

static enum saksi_err score_impact(struct seeker *s, struct seeking *q, double *score,
    struct saksi_error *err)
{
	size_t n;
	const uint8_t *p = index_hits_payload(s->hits, &n);

	if (n == 0)
		return SAKSI_OK;
	return score_places(s, q, place_weight(index_impact_weight(p[0])),
	    index_impact_times(p[0]), score, err);
}

static enum saksi_err score_phrase(struct seeker *s, struct seeking *q, double *score,
    struct saksi_error *err)
{
	double weight = 1;
	size_t n = 0;
	const uint8_t *p;
	enum saksi_err rc = seeker_seek(s->weight, s->doc, err);

	if (rc != SAKSI_OK)
		return rc;
	if (!s->weight->end && s->weight->doc == s->doc) {
		p = index_hits_payload(s->weight->hits, &n);
		if (n > 0)
			weight = place_weight(index_impact_weight(p[0]));
	}
	return score_places(s, q, weight * PHRASE_BONUS, s->times > 0 ? s->times : 1,
	    score, err);
}

enum saksi_err seeker_score(struct seeker *s, struct seeking *q, double *score,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	switch (s->kind) {
	case FIND_NONE:
		break;
	case FIND_TERM:
		if (s->impact)
			return score_impact(s, q, score, err);
		*score += s->worth;
		break;
	case FIND_SET:
		*score += s->worth * (set_get(&s->set, s->doc) & SET_LEVEL) / SET_LEVEL;
		break;
	case FIND_ALL_OF:
	case FIND_ANY_OF:
		/* Two terms may stand before what they share. */
		for (size_t i = 0; s->n_ahead > 0 && i < s->n_kids && rc == SAKSI_OK; i++)
			rc = seeker_seek(s->kids[i], s->doc, err);
		for (size_t i = 0; i < s->n_kids && rc == SAKSI_OK; i++)
			if (!s->kids[i]->end && s->kids[i]->doc == s->doc)
				rc = seeker_score(s->kids[i], q, score, err);
		break;
	case FIND_PHRASE:
		return score_phrase(s, q, score, err);
	}
	return rc;
}
