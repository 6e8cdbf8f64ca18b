/*
 * query_match.c - a query on one record.
 *
 * Score.  A word or phrase: the weight of the heaviest text that it stands
 * in (name or title 3, other text 1, label of a code 0.5), times the number
 * of its words when they are several, and a little for each further place.
 * name~x: up to 3.  AND and OR add up what matches; the rest only filters.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "query_int.h"

#define PHRASE_BONUS 1.5
#define FURTHER_BONUS 0.05
#define FURTHER_MAX 10u
#define NAME_WEIGHT 3.0

/* The words of a record, and to which text they belong. */
struct text_run {
	size_t from, to;
	enum text_weight weight;
};
struct matching {
	const struct query *q;
	const json_t *record;
	struct words words;
	struct text_run *runs;
	size_t n_runs, cap_runs;
	bool nomem;
};

static bool run_add(void *ctx, const struct schema_field *f, enum text_weight weight,
    const char *text)
{
	struct text_run *p;
	struct matching *m = ctx;
	(void)f;
	if ((p = list_room(m->runs, m->n_runs, &m->cap_runs, sizeof(*p))) == NULL) {
		m->nomem = true;
		return false;
	}
	m->runs = p;
	size_t from = m->words.n;
	if (!words_add_raw(&m->words, text)) {
		m->nomem = true;
		return false;
	}
	m->runs[m->n_runs++] = (struct text_run){from, m->words.n, weight};
	return true;
}

static double weight_value(enum text_weight w)
{
	switch (w) {
	case TEXT_HEAD:
		return 3.0;
	case TEXT_BODY:
		return 1.0;
	case TEXT_LABEL:
		break;
	}
	return 0.5;
}

static bool match_words(const struct matching *m, const struct node *n, double *score)
{
	double best = 0;
	size_t hits = 0;
	for (size_t i = 0; i < m->n_runs; i++) {
		const struct text_run *r = &m->runs[i];
		size_t k = words_find(&m->words, r->from, r->to, &n->words, n->prefix);
		double w = weight_value(r->weight);
		if (k != 0 && w > best)
			best = w;
		hits += k;
	}
	if (hits == 0)
		return false;
	if (n->words.n > 1)
		best *= PHRASE_BONUS * (double)n->words.n;
	size_t further = hits - 1 < FURTHER_MAX ? hits - 1 : FURTHER_MAX;
	*score += best + FURTHER_BONUS * (double)further;
	return true;
}

/* ---- dates and references ------------------------------------------------------------ */

struct seeking {
	const struct node *n;
	bool hit;
};

static bool seek_date(void *ctx, const struct schema_field *f, const struct edtf *d)
{
	struct seeking *s = ctx;
	(void)f;
	s->hit = edtf_overlaps(d, &s->n->days);
	return !s->hit;
}

static bool seek_ref(void *ctx, const struct schema_field *f, const char *id)
{
	struct seeking *s = ctx;
	(void)f;
	s->hit = strcmp(id, (const char *)s->n->text.p) == 0;
	return !s->hit;
}

/* ---- the tree --------------------------------------------------------------------------- */

static bool match_node(struct matching *m, const struct node *n, double *score);

static bool match_chain(struct matching *m, const struct node *n, bool all, double *score)
{
	bool any = false;
	for (const struct node *c = n->child; c != NULL; c = c->next) {
		bool hit = match_node(m, c, score);
		if (all && !hit)
			return false;
		any = any || hit;
	}
	return all || any;
}

static bool match_leaf(struct matching *m, const struct node *n, double *score)
{
	struct seeking s = {n, false};
	double fit = 0;
	int r;

	switch (n->kind) {
	case NODE_DATE:
		record_dates(m->q->s, m->record, seek_date, &s);
		return s.hit;
	case NODE_REF:
		record_refs(m->q->s, m->record, seek_ref, &s);
		return s.hit;
	case NODE_NAME:
		r = match_name(m->q, n, m->record, &fit);
		*score += r > 0 ? NAME_WEIGHT * fit : 0;
		break;
	case NODE_FIELD:
		r = match_field(m->q, n, m->record);
		break;
	case NODE_ALL:
	case NODE_AND:
	case NODE_OR:
	case NODE_NOT:
	case NODE_WORDS:
	case NODE_TYPE:
	case NODE_CLASS:
	default:
		return false;
	}
	if (r < 0)
		m->nomem = true;
	return r > 0;
}

static bool match_node(struct matching *m, const struct node *n, double *score)
{
	const char *type;
	double unused = 0;

	switch (n->kind) {
	case NODE_ALL:
		return true;
	case NODE_AND:
		return match_chain(m, n, true, score);
	case NODE_OR:
		return match_chain(m, n, false, score);
	case NODE_NOT:
		return !match_node(m, n->child, &unused);
	case NODE_WORDS:
		return match_words(m, n, score);
	case NODE_TYPE:
		type = json_string_value(json_object_get(m->record, "type"));
		return type != NULL && strcmp(type, (const char *)n->text.p) == 0;
	case NODE_CLASS:
		return schema_record_class(m->record) == n->cls;
	case NODE_DATE:
	case NODE_REF:
	case NODE_NAME:
	case NODE_FIELD:
		break;
	}
	return match_leaf(m, n, score);
}

int query_match(const struct query *q, const json_t *record, double *score)
{
	struct matching m = {.q = q, .record = record};
	double sum = 0;
	bool hit = false;

	if (q->texts)
		record_texts(q->s, record, run_add, &m);
	if (!m.nomem)
		hit = match_node(&m, q->root, &sum);
	words_free(&m.words);
	free(m.runs);
	if (m.nomem)
		return -1;
	if (score != NULL)
		*score = hit ? sum : 0;
	return hit;
}
