/*
 * search_int.h - what the parts of searching share.
 *
 *   search_set.c     documents with a score, gathered
 *   search_seek.c    documents one after the other, combined; search_pair.c two terms
 *   search_plan.c    a query's tree to seekers; search_field.c field:value,
 *                    search_name.c name~x, search_words.c words and phrases
 *   search_order.c   the terms of IX_SORT in either direction
 *   search_kept.c    the best hits, or all of them
 *   search.c         in the order that is asked for
 *   search_txn.c     all this on what a transaction sees
 *   query.c, query_*.c  the query language, and a query on one record: query_int.h
 *   terms.c, terms_*.c  what a record is found by: terms.h
 */
#ifndef SAKSI_STORE_SEARCH_INT_H
#define SAKSI_STORE_SEARCH_INT_H

#include <saksi/store/search.h>

#include "query_int.h"
#include "terms.h"

/* Where a search looks, and how it reads a record. */
struct search_source {
	struct index *x;
	struct kv_txn *kv;
	const struct schema *schema;
	enum saksi_err (
	    *json)(void *ctx, uint64_t number, json_t **out, struct saksi_error *err);
	void *ctx;
};
/** search_open_in: saksi_search_open() in any source, which is copied. */
SAKSI_MUST_CHECK enum saksi_err search_open_in(struct saksi_search **out,
    const struct search_source *src, const struct query *q,
    const struct search_options *opt, struct saksi_error *err);

/* ---- gathered documents ---------------------------------------------------------- */

#define SET_PAGE 4096u
#define SET_DOUBT 0x80u /* has to be asked about */
#define SET_LEVEL 0x7fu /* 1 and more: how well it fits */

struct doc_set_scores {
	uint8_t **page;
	size_t n_pages;
	uint64_t n;
};
/** set_put: Keep the better level; what is certain once stays so. false: no memory. */
bool set_put(struct doc_set_scores *s, uint64_t doc, unsigned level, bool doubt);
/** set_get: The byte of a document; 0: it is not there. */
uint8_t set_get(const struct doc_set_scores *s, uint64_t doc);
/** set_next: The first document from ${doc} on; false: none. */
bool set_next(const struct doc_set_scores *s, uint64_t *doc);
void set_free(struct doc_set_scores *s);

/* ---- hits that are kept ----------------------------------------------------------- */

struct kept {
	struct search_hit hit;
	struct buf *key; /* of its order; a million of ranked ones go without */
};
struct kept_hits {
	struct kept *list;
	size_t n, cap;
};
/** kept_add: At the end. */
SAKSI_MUST_CHECK enum saksi_err kept_add(struct kept_hits *h, const struct kept *k,
    struct saksi_error *err);
/** kept_is_worse(a, b): A lower score; of equal ones, the higher number. */
bool kept_is_worse(const struct kept *a, const struct kept *b);
/** kept_rank: Into a heap whose first is the worst. */
SAKSI_MUST_CHECK enum saksi_err kept_rank(struct kept_hits *h, const struct kept *k,
    struct saksi_error *err);
void kept_replace_worst(struct kept_hits *h, const struct kept *k);
/** kept_order: The heap as a list, the best first. */
void kept_order(struct kept_hits *h);

/* ---- seekers --------------------------------------------------------------------- */

enum seek_kind {
	FIND_NONE, /* nothing */
	FIND_TERM, /* one term */
	FIND_SET,
	FIND_ALL_OF, /* kids; but none of ${minus} */
	FIND_ANY_OF,
	FIND_PHRASE /* kids are IX_POSITION, one for each word */
};
struct seeker {
	enum seek_kind kind;
	struct index_hits *hits;
	struct doc_set_scores set;
	struct seeker **kids, **minus;
	size_t n_kids, n_minus;
	struct seeker *weight; /* PHRASE: IX_WORD of one of its words */
	bool impact;	       /* TERM: its payload is one, and counts */
	double worth;	       /* of the best match */
	bool doubt;	       /* whatever it finds has to be asked about */
	uint64_t estimate;
	/* where it stands */
	bool begun, end, sure;
	uint64_t doc;
	uint32_t times; /* PHRASE: how often; a kid of one: which word it is */
	/* ALL_OF two terms: what they share, found before it is sought */
	uint64_t *ahead;
	size_t n_ahead, at_ahead;
};
/* What all seekers of a search need. */
struct seeking {
	const struct search_source *src;
	const struct query *q;
	uint64_t docs;	    /* about */
	double mean_length; /* words of a document */
	uint64_t length_of;
	uint32_t length;
};
SAKSI_MUST_CHECK enum saksi_err seeker_new(struct seeker **out, enum seek_kind kind,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err seeker_term(struct seeker **out, struct seeking *s,
    const struct index_term *t, struct saksi_error *err);
/** seeker_add(s, kid, err): Takes ${*kid}, also when it fails; NULL is no kid. */
SAKSI_MUST_CHECK enum saksi_err seeker_add(struct seeker *s, struct seeker **kid,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err seeker_exclude(struct seeker *s, struct seeker **kid,
    struct saksi_error *err);
/** seeker_complete(s): Kids are complete: order them, estimate. */
void seeker_complete(struct seeker *s);
/** seeker_seek(s, q, from, err): To the first document >= ${from}: doc, sure; or end. */
SAKSI_MUST_CHECK enum saksi_err seeker_seek(struct seeker *s, uint64_t from,
    struct saksi_error *err);
/** seeker_count(s, from, n, exact, err): How many it finds from ${from} on; it is at its end then. */
SAKSI_MUST_CHECK enum saksi_err seeker_count(struct seeker *s, uint64_t from, uint64_t *n,
    bool *exact, struct saksi_error *err);
/** seeker_score: Of the document it stands on. */
SAKSI_MUST_CHECK enum saksi_err seeker_score(struct seeker *s, struct seeking *q,
    double *score, struct saksi_error *err);
/** seeker_gather(s, into, level, err): All its documents; those in doubt as such. */
SAKSI_MUST_CHECK enum saksi_err seeker_gather(struct seeker *s,
    struct doc_set_scores *into, unsigned level, struct saksi_error *err);
void seeker_free(struct seeker **s);
/** term_worth(q, n): What a term of ${n} documents tells (Robertson, Sparck Jones). */
double term_worth(const struct seeking *q, uint64_t n);

/* ---- two terms: search_pair.c ------------------------------------------------------- */

/** pair_is: Its first kids are two terms. */
bool pair_is(const struct seeker *s);
/** pair_reach(a, b, from, end, err): Both to the first document from ${*from} on that they share. */
SAKSI_MUST_CHECK enum saksi_err pair_reach(struct seeker *a, struct seeker *b,
    uint64_t *from, bool *end, struct saksi_error *err);
/** pair_meet: The same, of a seeker of two terms only; these stay where s->ahead begins. */
SAKSI_MUST_CHECK enum saksi_err pair_meet(struct seeker *s, uint64_t from,
    struct saksi_error *err);
/** pair_step: To the next one in s->ahead, when that is not before ${from}. */
static inline bool pair_step(struct seeker *s, uint64_t from)
{
	if (s->at_ahead + 1 >= s->n_ahead || s->ahead[s->at_ahead + 1] < from)
		return false;
	s->doc = s->ahead[++s->at_ahead];
	return true;
}
/** pair_count: Add how many its two terms share; it is at its end then. */
SAKSI_MUST_CHECK enum saksi_err pair_count(struct seeker *s, uint64_t from, uint64_t *n,
    struct saksi_error *err);

/* ---- plans ------------------------------------------------------------------------- */

/*
 * A plan that would take more than ${budget} terms gives up, and *out is NULL:
 * asking the few records that the rest finds is cheaper.
 */
#define NO_BUDGET UINT64_MAX
SAKSI_MUST_CHECK enum saksi_err plan_query(struct seeker **out, struct seeking *s,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err plan_words(struct seeker **out, struct seeking *s,
    const struct node *n, uint64_t budget, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err plan_field(struct seeker **out, struct seeking *s,
    const struct node *n, uint64_t budget, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err plan_name(struct seeker **out, struct seeking *s,
    const struct node *n, uint64_t budget, struct saksi_error *err);
/** plan_all: Every document. */
SAKSI_MUST_CHECK enum saksi_err plan_all(struct seeker **out, struct seeking *s,
    struct saksi_error *err);
/** plan_days: Dates that overlap; ${path} NULL: any date, else of that field. */
SAKSI_MUST_CHECK enum saksi_err plan_days(struct seeker **out, struct seeking *s,
    const char *path, const struct edtf *days, uint64_t budget, struct saksi_error *err);
/**
 * plan_prefix(out, s, prefix, scored, budget, err):
 * All documents of all terms that begin so.  ${scored}: by their impact.
 */
SAKSI_MUST_CHECK enum saksi_err plan_prefix(struct seeker **out, struct seeking *s,
    const struct index_term *prefix, bool scored, uint64_t budget,
    struct saksi_error *err);
/** gather_term(s, t, set, level, doubt, err): All documents of one term. */
SAKSI_MUST_CHECK enum saksi_err gather_term(struct seeking *s, const struct index_term *t,
    struct doc_set_scores *set, unsigned level, bool doubt, struct saksi_error *err);

/* ---- order --------------------------------------------------------------------------- */

/* The documents of terms that begin with some bytes, in their order or against it. */
struct term_walk;
SAKSI_MUST_CHECK enum saksi_err term_walk_open(struct term_walk **out,
    const struct search_source *src, const struct index_term *prefix, bool descending,
    struct saksi_error *err);
/**
 * term_walk_next(w, docs, n, err):
 * The documents of the next term, ascending, valid until the next call; ${*n} is 0 at
 * the end.
 */
SAKSI_MUST_CHECK enum saksi_err term_walk_next(struct term_walk *w, const uint64_t **docs,
    size_t *n, struct saksi_error *err);
void term_walk_close(struct term_walk **w);

#endif
