/* search_plan.c - from a query's tree to seekers. */
#include <string.h>

#include "search_int.h"

static enum saksi_err plan_node(struct seeker **out, struct seeking *s,
    const struct node *n, uint64_t budget, struct saksi_error *err);

/* What it costs to read a record and ask it, in terms to be walked through. */
#define ASKING 40u
#define BUDGET_MIN 64u

static enum saksi_err plan_term(struct seeker **out, struct seeking *s,
    enum index_family family, const void *p, size_t n, struct saksi_error *err)
{
	struct index_term t;

	index_term(&t, family, p, n);
	return seeker_term(out, s, &t, err);
}

enum saksi_err plan_all(struct seeker **out, struct seeking *s, struct saksi_error *err)
{
	return plan_term(out, s, IX_DOCS, NULL, 0, err);
}

enum saksi_err gather_term(struct seeking *s, const struct index_term *t,
    struct doc_set_scores *set, unsigned level, bool doubt, struct saksi_error *err)
{
	struct seeker *k = NULL;
	enum saksi_err rc = seeker_term(&k, s, t, err);

	if (rc == SAKSI_OK) {
		k->doubt = doubt;
		rc = seeker_gather(k, set, level, err);
	}
	seeker_free(&k);
	return rc;
}

/* ---- days ------------------------------------------------------------------------- */

/* The part of a term that all dates share. */
static void days_prefix(struct index_term *t, const char *path)
{
	static const uint8_t tag = FIELD_DATE_TAG;

	if (path == NULL)
		index_term(t, IX_DATE, NULL, 0);
	else
		index_term_keyed(t, IX_FIELD, path, &tag, 1);
}

static void append(struct index_term *t, const uint8_t *p, size_t n)
{
	memcpy(t->b + t->n, p, n);
	t->n += n;
}

struct days_walk {
	struct index_term t;
	size_t skip; /* bytes before the date */
	const struct edtf *days;
	struct doc_set_scores *set;
};

static bool want_day(void *ctx)
{
	const struct days_walk *d = ctx;

	return d->t.n == d->skip + DATE_TERM &&
	    date_term_overlaps(d->t.b + d->skip, d->days);
}

static bool take_day(void *ctx, uint64_t doc, const uint8_t *p, size_t n)
{
	const struct days_walk *d = ctx;

	(void)p;
	(void)n;
	return set_put(d->set, doc, SET_LEVEL, false);
}

static enum saksi_err gather_days(struct seeking *s, struct seeker *into,
    const struct index_term *prefix, enum date_class c, const struct edtf *days,
    uint64_t *budget, struct saksi_error *err)
{
	uint8_t from[DATE_TERM], to[DATE_TERM];
	struct index_term first = *prefix, of_class = *prefix;
	struct days_walk d = {.skip = prefix->n, .days = days, .set = &into->set};
	struct index_walk *w = NULL;
	bool found = true;

	date_range(from, to, c, days);
	append(&of_class, from, 1);
	append(&first, from, DATE_TERM);
	enum saksi_err rc =
	    index_walk_open(&w, s->src->x, s->src->kv, &of_class, &first, err);
	while (rc == SAKSI_OK && found && *budget > 0) {
		*budget -= *budget == NO_BUDGET ? 0 : 1;
		rc = index_walk_docs(w, &d.t, want_day, take_day, &d, &found, err);
		/* Those of the first term behind the range overlap no more than others do. */
		if (found && memcmp(d.t.b + d.skip, to, DATE_TERM) > 0)
			break;
	}
	index_walk_close(&w);
	return rc;
}

enum saksi_err plan_days(struct seeker **out, struct seeking *s, const char *path,
    const struct edtf *days, uint64_t budget, struct saksi_error *err)
{
	struct index_term prefix;
	enum saksi_err rc = seeker_new(out, FIND_SET, err);

	days_prefix(&prefix, path);
	for (int c = 0; c < DATE_CLASSES && rc == SAKSI_OK && budget > 0; c++)
		rc =
		    gather_days(s, *out, &prefix, (enum date_class)c, days, &budget, err);
	if (rc != SAKSI_OK || budget == 0)
		seeker_free(out);
	else
		(*out)->estimate = (*out)->set.n;
	return rc;
}

/* ---- combining --------------------------------------------------------------------- */

/* It is many terms, and how many is known when they have been walked through. */
static bool is_wide(const struct node *n)
{
	switch (n->kind) {
	case NODE_WORDS:
		return n->prefix;
	case NODE_DATE:
	case NODE_NAME:
	case NODE_FIELD:
		return true;
	case NODE_AND:
	case NODE_OR:
	case NODE_NOT:
		for (const struct node *c = n->child; c != NULL; c = c->next)
			if (is_wide(c))
				return true;
		return false;
	case NODE_ALL:
	case NODE_TYPE:
	case NODE_CLASS:
	case NODE_REF:
		break;
	}
	return false;
}

/* One part of an AND; what gives up leaves the rest in doubt. */
static enum saksi_err add_part(struct seeker *all, struct seeking *s,
    const struct node *n, uint64_t budget, struct saksi_error *err)
{
	struct seeker *kid = NULL;
	bool not = n->kind == NODE_NOT;
	enum saksi_err rc = plan_node(&kid, s, not ? n->child : n, budget, err);

	if (rc != SAKSI_OK)
		return rc;
	if (kid == NULL)
		all->doubt = true;
	return not ? seeker_exclude(all, &kid, err) : seeker_add(all, &kid, err);
}

static uint64_t budget_of(const struct seeker *all, uint64_t budget)
{
	uint64_t least = NO_BUDGET;

	for (size_t i = 0; i < all->n_kids; i++)
		if (all->kids[i]->estimate < least)
			least = all->kids[i]->estimate;
	if (least > budget / ASKING)
		return budget;
	return least * ASKING < BUDGET_MIN ? BUDGET_MIN : least * ASKING;
}

static enum saksi_err plan_and(struct seeker **out, struct seeking *s,
    const struct node *first, uint64_t budget, struct saksi_error *err)
{
	struct seeker *all = NULL, *any = NULL;
	enum saksi_err rc = seeker_new(&all, FIND_ALL_OF, err);

	for (int wide = 0; wide < 2; wide++)
		for (const struct node *n = first; n != NULL && rc == SAKSI_OK;
		     n = n->next)
			if (is_wide(n) == (wide == 1))
				rc = add_part(all, s, n, budget_of(all, budget), err);
	if (rc == SAKSI_OK && all->n_kids == 0 && all->doubt && budget != NO_BUDGET) {
		/* Nothing is left that would not be everything. */
		seeker_free(&all);
		return SAKSI_OK;
	}
	if (rc == SAKSI_OK && all->n_kids == 0 &&
	    (rc = plan_all(&any, s, err)) == SAKSI_OK)
		rc = seeker_add(all, &any, err);
	if (rc != SAKSI_OK) {
		seeker_free(&all);
		return rc;
	}
	seeker_complete(all);
	*out = all;
	return SAKSI_OK;
}

static enum saksi_err plan_or(struct seeker **out, struct seeking *s,
    const struct node *first, uint64_t budget, struct saksi_error *err)
{
	struct seeker *any = NULL;
	bool gave_up = false;
	enum saksi_err rc = seeker_new(&any, FIND_ANY_OF, err);

	for (const struct node *n = first; n != NULL && rc == SAKSI_OK && !gave_up;
	     n = n->next) {
		struct seeker *kid = NULL;

		rc = plan_node(&kid, s, n, budget, err);
		gave_up = kid == NULL;
		if (rc == SAKSI_OK)
			rc = seeker_add(any, &kid, err);
	}
	if (rc != SAKSI_OK || gave_up) {
		seeker_free(&any);
		return rc;
	}
	seeker_complete(any);
	*out = any;
	return SAKSI_OK;
}

static enum saksi_err plan_not(struct seeker **out, struct seeking *s,
    const struct node *n, uint64_t budget, struct saksi_error *err)
{
	struct seeker *all = NULL, *any = NULL;
	enum saksi_err rc = seeker_new(&all, FIND_ALL_OF, err);

	if (rc == SAKSI_OK)
		rc = add_part(all, s, n, budget, err);
	if (rc == SAKSI_OK && (rc = plan_all(&any, s, err)) == SAKSI_OK)
		rc = seeker_add(all, &any, err);
	if (rc != SAKSI_OK || (all->doubt && budget != NO_BUDGET)) {
		seeker_free(&all);
		return rc;
	}
	seeker_complete(all);
	*out = all;
	return SAKSI_OK;
}

/* NULL without an error: over the budget. */
static enum saksi_err plan_node(struct seeker **out, struct seeking *s,
    const struct node *n, uint64_t budget, struct saksi_error *err)
{
	const char *text = (const char *)n->text.p;
	struct index_term t;
	char cls;

	*out = NULL;
	switch (n->kind) {
	case NODE_ALL:
		break;
	case NODE_AND:
		return plan_and(out, s, n->child, budget, err);
	case NODE_OR:
		return plan_or(out, s, n->child, budget, err);
	case NODE_NOT:
		return plan_not(out, s, n, budget, err);
	case NODE_WORDS:
		return plan_words(out, s, n, budget, err);
	case NODE_NAME:
		return plan_name(out, s, n, budget, err);
	case NODE_TYPE:
		return plan_term(out, s, IX_TYPE, text, strlen(text), err);
	case NODE_CLASS:
		cls = class_letter(n->cls);
		return plan_term(out, s, IX_CLASS, &cls, 1, err);
	case NODE_DATE:
		return plan_days(out, s, NULL, &n->days, budget, err);
	case NODE_REF:
		term_link(&t, text);
		return seeker_term(out, s, &t, err);
	case NODE_FIELD:
		return plan_field(out, s, n, budget, err);
	}
	return plan_all(out, s, err);
}

/* Beside what the terms say, each long record, which is asked (terms.h). */
static enum saksi_err beside_long(struct seeker **root, struct seeker **found,
    struct seeker **asked, struct saksi_error *err)
{
	struct seeker *rest = NULL, *any = NULL;
	enum saksi_err rc;

	(*asked)->doubt = true;
	if ((rc = seeker_new(&rest, FIND_ALL_OF, err)) == SAKSI_OK &&
	    (rc = seeker_add(rest, root, err)) == SAKSI_OK &&
	    (rc = seeker_exclude(rest, found, err)) == SAKSI_OK &&
	    (rc = seeker_new(&any, FIND_ANY_OF, err)) == SAKSI_OK) {
		seeker_complete(rest);
		if ((rc = seeker_add(any, &rest, err)) == SAKSI_OK &&
		    (rc = seeker_add(any, asked, err)) == SAKSI_OK) {
			seeker_complete(any);
			*root = any;
			return SAKSI_OK;
		}
	}
	seeker_free(&rest);
	seeker_free(&any);
	return rc;
}

enum saksi_err plan_query(struct seeker **out, struct seeking *s, struct saksi_error *err)
{
	struct seeker *found = NULL, *asked = NULL;
	struct index_term t;
	enum saksi_err rc = plan_node(out, s, s->q->root, NO_BUDGET, err);

	index_term(&t, IX_STATE, STATE_LONG, strlen(STATE_LONG));
	if (rc == SAKSI_OK && (rc = seeker_term(&found, s, &t, err)) == SAKSI_OK &&
	    found->estimate > 0 && (rc = seeker_term(&asked, s, &t, err)) == SAKSI_OK)
		rc = beside_long(out, &found, &asked, err);
	seeker_free(&found);
	seeker_free(&asked);
	return rc;
}
