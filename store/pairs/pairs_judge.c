/*
 * pairs_judge.c - reasons and score of a pair.
 *
 * The names alone make a pair possible; a second attribute that agrees makes it
 * probable (records.md, section 5, rule 9).  Nothing makes it certain.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pairs_int.h"

#define AGREE_MOST 0.38
#define AGREE_MORE 0.02 /* each further one of its kind */
#define DIFFER 0.2
#define ONE_SOURCE 0.04
#define LEAST 0.2 /* below it too much differs */
#define SURE 0.99
#define YEAR_DAYS 366

static const double rank_score[] = {
    [NAME_FAR] = 0,
    [NAME_PART] = 0.20,
    [NAME_LOOSE] = 0.34,
    [NAME_NEAR2] = 0.40,
    [NAME_SOUND] = 0.46,
    [NAME_NEAR1] = 0.50,
    [NAME_ORDER] = 0.56,
    [NAME_EQUAL] = 0.60,
};

struct attr_worth {
	double worth;
	const char *words;
};
static const struct attr_worth worth[ATTR_KINDS_AGREE] = {
    [ATTR_DOCUMENT] = {0.30, "same number of a document"},
    [ATTR_CONTACT] = {0.22, "same contact"},
    [ATTR_BORN] = {0.20, "dates of birth agree"},
    [ATTR_DIED] = {0.16, "dates of death agree"},
    [ATTR_ORGANISATION] = {0.14, "same organisation"},
    [ATTR_ROLE] = {0.10, "same role"},
    [ATTR_OCCUPATION] = {0.06, "same occupation"},
    [ATTR_RELATED] = {0.14, "related to the same record"},
    [ATTR_EVENT] = {0.12, "same event"},
    [ATTR_DAY] = {0.10, "same kind of act on the same day"},
    [ATTR_COMPANION] = {0.12, "named with the same other"},
    [ATTR_PLACE] = {0.06, "same place"},
    [ATTR_KIND] = {0.06, "same kind"},
};

void pair_say(json_t **list, const char *fmt, ...)
{
	char words[512];
	struct buf b = BUF_INIT;
	va_list ap;
	json_t *s;

	if (list == NULL || *list == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	/* A letter may have been cut in two. */
	size_t n = strlen(words);
	while ((s = json_stringn(words, n)) == NULL && n > 0 && n + 4 > strlen(words))
		n--;
	buf_free(&b);
	if (s == NULL || json_array_append_new(*list, s) != 0) {
		json_decref(*list);
		*list = NULL;
	}
}

/* ---- names ------------------------------------------------------------------------------- */

static void say_names(const struct name_match *m, json_t **reasons)
{
	static const char *const words[] = {
	    [NAME_FAR] = "",
	    [NAME_PART] = "the one name is part of the other",
	    [NAME_LOOSE] = "sounds nearly alike",
	    [NAME_NEAR2] = "near spelling, two letters differ",
	    [NAME_SOUND] = "sounds alike (equal skeleton)",
	    [NAME_NEAR1] = "near spelling, one letter differs",
	    [NAME_ORDER] = "same words in another order",
	    [NAME_EQUAL] = "same name",
	};
	bool alias = m->a->alias != m->b->alias;

	if (m->rank == NAME_EQUAL && m->a->acronym && m->b->acronym)
		pair_say(reasons, "same acronym: %s", m->a->text);
	else if (strcmp(m->a->text, m->b->text) == 0)
		pair_say(reasons, "%s: %s", words[m->rank], m->a->text);
	else
		pair_say(reasons, "%s: %s, %s", words[m->rank], m->a->text, m->b->text);
	if (m->sound && m->rank == NAME_NEAR1)
		pair_say(reasons, "sounds alike (equal skeleton)");
	if (alias)
		pair_say(reasons, "an alias of the one is a name of the other");
}

/* ---- attributes ---------------------------------------------------------------------------- */

static bool is_date(enum attr_kind k)
{
	return k == ATTR_BORN || k == ATTR_DIED;
}

/* A century agrees with everybody. */
static bool is_narrow(const struct edtf *d)
{
	return d->earliest != EDTF_DAY_MIN && d->latest != EDTF_DAY_MAX &&
	    (int64_t)d->latest - d->earliest <= YEAR_DAYS;
}

static bool agrees(const struct pair_attr *a, const struct pair_attr *b)
{
	if (is_date(a->kind))
		return is_narrow(&a->date) && is_narrow(&b->date) &&
		    edtf_overlaps(&a->date, &b->date);
	return strcmp(a->key, b->key) == 0;
}

struct weighing {
	const struct pair_profile *a, *b;
	json_t **reasons, **against;
	double agree, differ;
	unsigned n_agree, n_differ;
};

static void agree(struct weighing *w, const struct pair_attr *a, bool first)
{
	const struct attr_worth *k = &worth[a->kind];

	w->agree += first ? k->worth : AGREE_MORE;
	w->n_agree += a->kind != ATTR_KIND;
	if (a->words != NULL && a->kind != ATTR_RELATED)
		pair_say(w->reasons, "%s: %s", k->words, a->words);
	else
		pair_say(w->reasons, "%s", k->words);
}

static void weigh_kind(struct weighing *w, enum attr_kind kind)
{
	bool first = true;

	for (size_t i = 0; i < w->a->n_attrs; i++)
		for (size_t k = 0; k < w->b->n_attrs; k++) {
			const struct pair_attr *x = &w->a->attrs[i];
			const struct pair_attr *y = &w->b->attrs[k];

			if (x->kind != kind || y->kind != kind || !agrees(x, y))
				continue;
			agree(w, x, first);
			first = false;
		}
}

static void differ(struct weighing *w, double by, const char *words)
{
	w->differ += by;
	w->n_differ++;
	pair_say(w->against, "%s", words);
}

static bool any(const struct weighing *w, enum attr_kind kind,
    bool (*test)(const struct pair_attr *a, const struct pair_attr *b))
{
	for (size_t i = 0; i < w->a->n_attrs; i++)
		for (size_t k = 0; k < w->b->n_attrs; k++)
			if (w->a->attrs[i].kind == kind && w->b->attrs[k].kind == kind &&
			    test(&w->a->attrs[i], &w->b->attrs[k]))
				return true;
	return false;
}

static bool equal_keys(const struct pair_attr *a, const struct pair_attr *b)
{
	return strcmp(a->key, b->key) == 0;
}

static bool other_keys(const struct pair_attr *a, const struct pair_attr *b)
{
	return strcmp(a->key, b->key) != 0;
}

static bool apart(const struct pair_attr *a, const struct pair_attr *b)
{
	return !edtf_overlaps(&a->date, &b->date);
}

static void weigh_differences(struct weighing *w)
{
	if (any(w, ATTR_BORN, apart))
		differ(w, 2 * DIFFER, "dates of birth differ");
	if (any(w, ATTR_DIED, apart))
		differ(w, 2 * DIFFER, "dates of death differ");
	if (any(w, ATTR_SEX, other_keys))
		differ(w, DIFFER, "sex or gender differs");
	if (any(w, ATTR_SIDE, equal_keys))
		differ(w, DIFFER, "named side by side in one charge, decision or case");
}

static void conclude(struct pair_judgement *j, double score, const struct weighing *w)
{
	score += w->agree < AGREE_MOST ? w->agree : AGREE_MOST;
	score -= w->differ;
	j->probable = w->n_agree > 0 && w->n_differ == 0;
	j->score = score < LEAST ? 0 : score > SURE ? SURE : score;
}

/* Who writes of two spells them as two; but slips happen within one page. */
static void weigh_sources(struct weighing *w, enum name_rank rank)
{
	if (rank >= NAME_ORDER || !any(w, ATTR_SOURCE, equal_keys))
		return;
	w->differ += ONE_SOURCE;
	pair_say(w->against, "one document names both");
}

void pair_judge(struct pair_judgement *j, const struct name_match *m,
    const struct pair_profile *a, const struct pair_profile *b, json_t **reasons,
    json_t **against)
{
	struct weighing w = {.a = a, .b = b, .reasons = reasons, .against = against};

	memset(j, 0, sizeof(*j));
	if (m->rank == NAME_FAR)
		return;
	say_names(m, reasons);
	for (unsigned k = 0; k < ATTR_KINDS_AGREE; k++)
		weigh_kind(&w, (enum attr_kind)k);
	weigh_differences(&w);
	weigh_sources(&w, m->rank);
	conclude(j, rank_score[m->rank] + (m->sound && m->rank == NAME_NEAR1 ? 0.03 : 0),
	    &w);
	/* A part of a name is no name: many are called Sokha. */
	if (m->rank == NAME_PART && w.n_agree == 0)
		j->score = 0;
	if (m->rank == NAME_PART)
		j->probable = j->probable && w.n_agree > 1;
}
