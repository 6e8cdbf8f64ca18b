/* search_words.c - words, what they begin with, and phrases. */
#include <string.h>

#include "search_int.h"

/* A longer word has lost its end in the index. */
#define WORD_MAX (INDEX_TERM_MAX - 1u - 16u)

static void word_term(struct index_term *t, enum index_family family,
    const struct words *w, size_t i)
{
	const char *s = words_get(w, i);

	index_term(t, family, s, strlen(s));
}

static enum saksi_err plan_word(struct seeker **out, struct seeking *s,
    enum index_family family, const struct words *w, size_t i, struct saksi_error *err)
{
	struct index_term t;
	enum saksi_err rc;

	word_term(&t, family, w, i);
	rc = seeker_term(out, s, &t, err);
	if (rc == SAKSI_OK && family == IX_WORD) {
		(*out)->impact = true;
		(*out)->worth = term_worth(s, (*out)->estimate);
	}
	return rc;
}

/* ---- beginnings --------------------------------------------------------------------- */

struct prefix_walk {
	struct doc_set_scores *set;
	bool scored;
	uint64_t n;
};

/* As a level of a set: it grows with the number of times and has an end, as BM25. */
static unsigned level_of(const uint8_t *p, size_t n)
{
	static const double weights[] = {0.5, 1, 3, 3};
	double tf = n == 0
	    ? 1
	    : weights[index_impact_weight(p[0]) & 3u] * index_impact_times(p[0]);

	return (unsigned)(SET_LEVEL * tf / (tf + 1.2));
}

static bool take_doc(void *ctx, uint64_t doc, const uint8_t *p, size_t n)
{
	struct prefix_walk *w = ctx;

	w->n++;
	return set_put(w->set, doc, w->scored ? level_of(p, n) : SET_LEVEL, false);
}

/* So many postings are read in the time that it takes to walk to a term. */
#define POSTINGS 16u

static enum saksi_err gather_prefix(struct seeking *s, struct seeker *into,
    const struct index_term *prefix, bool scored, uint64_t *budget,
    struct saksi_error *err)
{
	struct prefix_walk p = {&into->set, scored, 0};
	struct index_walk *w = NULL;
	struct index_term t;
	bool found = true;
	enum saksi_err rc = index_walk_open(&w, s->src->x, s->src->kv, prefix, NULL, err);

	while (rc == SAKSI_OK && found && *budget > 0) {
		uint64_t cost;

		p.n = 0;
		rc = index_walk_docs(w, &t, NULL, take_doc, &p, &found, err);
		cost = 1 + p.n / POSTINGS;
		if (*budget != NO_BUDGET)
			*budget -= cost < *budget ? cost : *budget;
	}
	index_walk_close(&w);
	return rc;
}

enum saksi_err plan_prefix(struct seeker **out, struct seeking *s,
    const struct index_term *prefix, bool scored, uint64_t budget,
    struct saksi_error *err)
{
	enum saksi_err rc = seeker_new(out, FIND_SET, err);

	if (rc == SAKSI_OK)
		rc = gather_prefix(s, *out, prefix, scored, &budget, err);
	if (rc != SAKSI_OK || budget == 0) {
		seeker_free(out);
		return rc;
	}
	(*out)->estimate = (*out)->set.n;
	if (scored)
		(*out)->worth = term_worth(s, (*out)->estimate) * 2.2;
	return SAKSI_OK;
}

static enum saksi_err plan_beginning(struct seeker **out, struct seeking *s,
    const struct words *w, size_t i, uint64_t budget, struct saksi_error *err)
{
	const char *word = words_get(w, i);
	size_t n = strlen(word);
	struct index_term t;
	enum saksi_err rc;

	index_term(&t, IX_WORD, word, n < WORD_MAX ? n : WORD_MAX);
	rc = plan_prefix(out, s, &t, true, budget, err);
	if (*out != NULL)
		(*out)->doubt = n > WORD_MAX;
	return rc;
}

/* ---- phrases -------------------------------------------------------------------------- */

static enum saksi_err plan_phrase(struct seeker **out, struct seeking *s,
    const struct words *w, size_t n, struct saksi_error *err)
{
	size_t rarest = 0;
	uint64_t least = UINT64_MAX;
	enum saksi_err rc = seeker_new(out, FIND_PHRASE, err);

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		struct seeker *kid = NULL;

		rc = plan_word(&kid, s, IX_POSITION, w, i, err);
		if (rc == SAKSI_OK && kid->estimate < least) {
			least = kid->estimate;
			rarest = i;
		}
		if (rc == SAKSI_OK)
			(*out)->worth += term_worth(s, kid->estimate);
		if (rc == SAKSI_OK)
			rc = seeker_add(*out, &kid, err);
	}
	if (rc == SAKSI_OK)
		rc = plan_word(&(*out)->weight, s, IX_WORD, w, rarest, err);
	if (rc != SAKSI_OK) {
		seeker_free(out);
		return rc;
	}
	seeker_complete(*out);
	return SAKSI_OK;
}

/* "t shir*": all words but the last as a phrase, and the records are asked. */
static enum saksi_err plan_open_phrase(struct seeker **out, struct seeking *s,
    const struct words *w, struct saksi_error *err)
{
	enum saksi_err rc = w->n == 2 ? plan_word(out, s, IX_WORD, w, 0, err)
				      : plan_phrase(out, s, w, w->n - 1, err);

	if (rc == SAKSI_OK)
		(*out)->doubt = true;
	return rc;
}

enum saksi_err plan_words(struct seeker **out, struct seeking *s, const struct node *n,
    uint64_t budget, struct saksi_error *err)
{
	const struct words *w = &n->words;

	*out = NULL;
	if (w->n == 0)
		return seeker_new(out, FIND_NONE, err);
	if (w->n == 1)
		return n->prefix ? plan_beginning(out, s, w, 0, budget, err)
				 : plan_word(out, s, IX_WORD, w, 0, err);
	return n->prefix ? plan_open_phrase(out, s, w, err)
			 : plan_phrase(out, s, w, w->n, err);
}
