/*
 * search.c - a search: candidates, the doubtful ones asked, in some order.
 *
 * Ranked, all candidates are scored and the best are kept in a heap; a record
 * in doubt is read only when its score would do.  Sorted, either the records are
 * few, and are read for their keys, or the index's own order is followed until
 * enough are found.
 */
#include <stdlib.h>
#include <string.h>

#include "search_int.h"

/* What it costs to read a record, in steps through the index's order. */
#define READING 40u

struct saksi_search {
	struct search_source src;
	const struct query *q;
	struct search_options opt;
	struct seeking seeking;
	struct seeker *root;
	uint64_t left_out, given; /* of the offset; hits */
	uint64_t at;		  /* CREATED: from where to seek */
	/* RANKED, and SORTED when they are few */
	struct kept_hits kept;
	size_t next;
	uint64_t seen; /* matches, and maybe matches */
	bool unsure;
	/* SORTED by the index's order; CREATED backwards uses the set */
	bool by_set, by_walk, walked;
	struct doc_set_scores set, shown;
	struct term_walk *walk;
	const uint64_t *of_term;
	size_t n_of_term, at_of_term;
	uint64_t steps, back;
};

/* ---- asking ---------------------------------------------------------------------- */

static enum saksi_err ask(struct saksi_search *s, uint64_t number, bool *match,
    json_t **json, struct saksi_error *err)
{
	json_t *record = NULL;
	enum saksi_err rc = s->src.json(s->src.ctx, number, &record, err);
	int hit;

	*match = false;
	if (rc != SAKSI_OK)
		return rc;
	hit = query_match(s->q, record, NULL);
	if (hit < 0)
		rc = saksi_fail_nomem(err);
	*match = hit > 0;
	if (json != NULL && rc == SAKSI_OK)
		*json = record;
	else
		json_decref(record);
	return rc;
}

static enum saksi_err is_match(struct saksi_search *s, uint64_t number, bool sure,
    bool *match, struct saksi_error *err)
{
	*match = sure;
	return sure ? SAKSI_OK : ask(s, number, match, NULL, err);
}

/* ---- lists ------------------------------------------------------------------------ */

static uint64_t wanted(const struct saksi_search *s)
{
	if (s->opt.limit == 0 || s->opt.limit > UINT64_MAX - s->opt.offset)
		return UINT64_MAX;
	return s->opt.limit + s->opt.offset;
}

/* ---- by relevance ------------------------------------------------------------------ */

static enum saksi_err rank_one(struct saksi_search *s, struct saksi_error *err)
{
	struct kept k = {{s->root->doc, 0}, NULL};
	bool full = s->kept.n >= wanted(s), match;
	enum saksi_err rc = seeker_score(s->root, &s->seeking, &k.hit.score, err);

	if (rc != SAKSI_OK)
		return rc;
	if (full && !kept_is_worse(&s->kept.list[0], &k)) {
		s->unsure = s->unsure || !s->root->sure;
		s->seen++;
		return SAKSI_OK;
	}
	rc = is_match(s, s->root->doc, s->root->sure, &match, err);
	if (rc != SAKSI_OK || !match)
		return rc;
	s->seen++;
	if (!full)
		return kept_rank(&s->kept, &k, err);
	kept_replace_worst(&s->kept, &k);
	return SAKSI_OK;
}

static enum saksi_err rank_all(struct saksi_search *s, struct saksi_error *err)
{
	enum saksi_err rc = seeker_seek(s->root, 0, err);

	while (rc == SAKSI_OK && !s->root->end) {
		if ((rc = rank_one(s, err)) == SAKSI_OK)
			rc = seeker_seek(s->root, s->root->doc + 1, err);
	}
	if (rc == SAKSI_OK)
		kept_order(&s->kept);
	return rc;
}

/* ---- sorted ------------------------------------------------------------------------- */

static const char *json_text(const json_t *record, const char *key)
{
	const char *s = json_string_value(json_object_get(record, key));

	return s != NULL ? s : "";
}

/* The terms that the order goes by; SAKSI_EINVAL if there are none. */
static enum saksi_err order_terms(const struct saksi_search *s, struct index_term *prefix,
    struct saksi_error *err)
{
	static const struct {
		const char *name;
		enum index_family family;
	} own[] = {{"id", IX_ID}, {"ref", IX_REF}, {"type", IX_TYPE}, {"class", IX_CLASS}};
	const char *by = s->opt.sort != NULL ? s->opt.sort : "";

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(by, own[i].name) == 0) {
			index_term(prefix, own[i].family, NULL, 0);
			return SAKSI_OK;
		}
	if (!saksi_search_sortable(s->src.schema, by))
		return saksi_fail(err, SAKSI_EINVAL,
		    "search: the index has no order by this field; sort by another");
	index_term_keyed(prefix, IX_SORT, strcmp(by, "label") == 0 ? SORT_LABEL : by,
	    NULL, 0);
	return SAKSI_OK;
}

/* The same key as the index has, of a record that was read. */
static enum saksi_err order_key(const struct saksi_search *s, struct buf *out,
    const json_t *record, bool *found, struct saksi_error *err)
{
	const char *by = s->opt.sort;
	struct saksi_id id;

	if (strcmp(by, "id") == 0 && id_parse(&id, json_text(record, "id")))
		buf_add(out, id.b, sizeof(id.b));
	else if (strcmp(by, "ref") == 0 || strcmp(by, "type") == 0)
		buf_add_str(out, json_text(record, by));
	else if (strcmp(by, "class") == 0)
		buf_add_byte(out, (uint8_t)class_letter(schema_record_class(record)));
	else
		return record_sort_key(out, s->src.schema, record,
		    strcmp(by, "label") == 0 ? SORT_LABEL : by, found, err);
	*found = out->len > 0;
	return buf_ok(out, err);
}

static int compare_keys(const struct buf *a, const struct buf *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int c = n > 0 ? memcmp(a->p, b->p, n) : 0;

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static int by_order(const struct kept *x, const struct kept *y, int sign)
{
	int c;

	if ((x->key->len == 0) != (y->key->len == 0))
		return x->key->len == 0 ? 1 : -1;
	c = sign * compare_keys(x->key, y->key);
	return c != 0 ? c
		      : (x->hit.number > y->hit.number) - (x->hit.number < y->hit.number);
}

static int by_key_up(const void *a, const void *b)
{
	return by_order(a, b, 1);
}

static int by_key_down(const void *a, const void *b)
{
	return by_order(a, b, -1);
}

static void key_free(struct buf *key)
{
	if (key == NULL)
		return;
	buf_free(key);
	free(key);
}

static enum saksi_err sort_one(struct saksi_search *s, uint64_t number, bool sure,
    struct saksi_error *err)
{
	struct kept k = {{number, 0}, NULL};
	json_t *json = NULL;
	bool match = true, found;
	enum saksi_err rc = sure ? s->src.json(s->src.ctx, number, &json, err)
				 : ask(s, number, &match, &json, err);

	if (rc == SAKSI_OK && match) {
		if ((k.key = calloc(1, sizeof(*k.key))) == NULL)
			rc = saksi_fail_nomem(err);
		else
			rc = order_key(s, k.key, json, &found, err);
		if (rc == SAKSI_OK && (rc = kept_add(&s->kept, &k, err)) == SAKSI_OK) {
			s->seen++;
			k.key = NULL;
		}
	}
	key_free(k.key);
	json_decref(json);
	return rc;
}

static enum saksi_err sort_few(struct saksi_search *s, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (uint64_t doc = 0; set_next(&s->set, &doc) && rc == SAKSI_OK; doc++)
		if (set_get(&s->shown, doc) == 0)
			rc = sort_one(s, doc, (set_get(&s->set, doc) & SET_DOUBT) == 0,
			    err);
	if (rc == SAKSI_OK && s->kept.n > 1)
		qsort(s->kept.list, s->kept.n, sizeof(*s->kept.list),
		    s->opt.descending ? by_key_down : by_key_up);
	return rc;
}

/* Steps to as many matches as are wanted, if they lie evenly; or read them all? */
static bool are_few(const struct saksi_search *s)
{
	uint64_t n = s->set.n, docs = s->seeking.docs, want = wanted(s);
	double steps =
	    n == 0 || want >= n ? (double)docs : (double)want * (double)docs / (double)n;

	return (double)n * READING <= steps;
}

static enum saksi_err sort_begin(struct saksi_search *s, struct saksi_error *err)
{
	struct index_term prefix;
	enum saksi_err rc = order_terms(s, &prefix, err);

	if (rc == SAKSI_OK)
		rc = seeker_gather(s->root, &s->set, 1, err);
	if (rc != SAKSI_OK)
		return rc;
	if (are_few(s))
		return sort_few(s, err);
	s->by_walk = true;
	return term_walk_open(&s->walk, &s->src, &prefix, s->opt.descending, err);
}

/*
 * The next document in the order of terms, then what has no such term.  When the
 * way is longer than reading all of them would be, they are read after all.
 */
static enum saksi_err walk_on(struct saksi_search *s, uint64_t *doc, bool *found,
    struct saksi_error *err)
{
	*found = false;
	while (!s->walked) {
		if (s->at_of_term < s->n_of_term) {
			*doc = s->of_term[s->at_of_term++];
			*found = true;
			return SAKSI_OK;
		}
		if (s->steps / READING > s->set.n) {
			s->by_walk = false;
			return sort_few(s, err);
		}
		enum saksi_err rc =
		    term_walk_next(s->walk, &s->of_term, &s->n_of_term, err);
		if (rc != SAKSI_OK)
			return rc;
		s->at_of_term = 0;
		s->steps += 1 + s->n_of_term / 8;
		s->walked = s->n_of_term == 0;
	}
	*found = set_next(&s->set, &s->at);
	*doc = s->at;
	s->at++;
	return SAKSI_OK;
}

static enum saksi_err next_by_walk(struct saksi_search *s, uint64_t *doc, bool *found,
    struct saksi_error *err)
{
	for (;;) {
		enum saksi_err rc = walk_on(s, doc, found, err);
		uint8_t b;
		bool match;

		if (rc != SAKSI_OK || !*found)
			return rc;
		b = set_get(&s->set, *doc);
		if (b == 0 || set_get(&s->shown, *doc) != 0)
			continue;
		if (!set_put(&s->shown, *doc, 1, false))
			return saksi_fail_nomem(err);
		rc = is_match(s, *doc, (b & SET_DOUBT) == 0, &match, err);
		if (rc != SAKSI_OK || match)
			return rc;
	}
}

/* ---- by creation ------------------------------------------------------------------- */

static enum saksi_err next_forward(struct saksi_search *s, uint64_t *doc, bool *found,
    struct saksi_error *err)
{
	for (;;) {
		bool match;
		enum saksi_err rc = seeker_seek(s->root, s->at, err);

		*found = false;
		if (rc != SAKSI_OK || s->root->end)
			return rc;
		*doc = s->root->doc;
		s->at = *doc + 1;
		rc = is_match(s, *doc, s->root->sure, &match, err);
		*found = rc == SAKSI_OK && match;
		if (rc != SAKSI_OK || match)
			return rc;
	}
}

static enum saksi_err next_backward(struct saksi_search *s, uint64_t *doc, bool *found,
    struct saksi_error *err)
{
	*found = false;
	while (s->back > 0) {
		uint8_t b = set_get(&s->set, --s->back);
		bool match;
		enum saksi_err rc;

		if (b == 0)
			continue;
		*doc = s->back;
		rc = is_match(s, *doc, (b & SET_DOUBT) == 0, &match, err);
		*found = rc == SAKSI_OK && match;
		if (rc != SAKSI_OK || match)
			return rc;
	}
	return SAKSI_OK;
}

/* ---- a search ------------------------------------------------------------------------- */

struct known_path {
	const char *path;
	bool sortable, other;
};

static void look_at_field(struct known_path *k, const struct schema_field *f)
{
	if (f->kind == FIELD_GROUP || strcmp(f->path, k->path) != 0)
		return;
	if (sort_key_has(f->kind))
		k->sortable = true;
	else
		k->other = true;
}

bool saksi_search_sortable(const struct schema *s, const char *by)
{
	static const char *const own[] = {"label", "id", "ref", "type", "class"};
	struct known_path k = {by, false, false};
	size_t n;
	const struct schema_type *t = schema_types(s, &n);

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(by, own[i]) == 0)
			return true;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < t[i].n_fields; j++) {
			const struct schema_field *f = &t[i].fields[j];

			look_at_field(&k, f);
			for (size_t m = 0; m < f->n_fields; m++)
				look_at_field(&k, &f->fields[m]);
		}
	return k.sortable && !k.other;
}

/* Only those that are deleted, or none of them. */
static enum saksi_err by_state(struct saksi_search *s, struct saksi_error *err)
{
	struct seeker *all = NULL, *deleted = NULL;
	struct index_term t;
	enum saksi_err rc;

	index_term(&t, IX_STATE, "deleted", 7);
	if ((rc = seeker_term(&deleted, &s->seeking, &t, err)) != SAKSI_OK)
		return rc;
	if (!s->opt.deleted && deleted->estimate == 0) {
		seeker_free(&deleted);
		return SAKSI_OK;
	}
	rc = seeker_new(&all, FIND_ALL_OF, err);
	if (rc == SAKSI_OK)
		rc = seeker_add(all, &s->root, err);
	if (rc == SAKSI_OK)
		rc = s->opt.deleted ? seeker_add(all, &deleted, err)
				    : seeker_exclude(all, &deleted, err);
	seeker_free(&deleted);
	if (rc != SAKSI_OK) {
		seeker_free(&all);
		return rc;
	}
	seeker_complete(all);
	s->root = all;
	return SAKSI_OK;
}

static enum saksi_err begin(struct saksi_search *s, struct saksi_error *err)
{
	struct index_counts c;
	enum saksi_err rc;

	index_count(s->src.x, &c);
	s->seeking = (struct seeking){.src = &s->src, .q = s->q, .docs = c.docs};
	if (c.docs > 0)
		s->seeking.mean_length = (double)c.words / (double)c.docs;
	if ((rc = plan_query(&s->root, &s->seeking, err)) != SAKSI_OK ||
	    (rc = by_state(s, err)) != SAKSI_OK)
		return rc;
	switch (s->opt.order) {
	case SEARCH_RANKED:
		return rank_all(s, err);
	case SEARCH_SORTED:
		return sort_begin(s, err);
	case SEARCH_CREATED:
		break;
	}
	if (!s->opt.descending)
		return SAKSI_OK;
	s->by_set = true;
	rc = seeker_gather(s->root, &s->set, 1, err);
	s->back = (uint64_t)s->set.n_pages * SET_PAGE;
	return rc;
}

enum saksi_err search_open_in(struct saksi_search **out, const struct search_source *src,
    const struct query *q, const struct search_options *opt, struct saksi_error *err)
{
	struct saksi_search *s = calloc(1, sizeof(*s));
	enum saksi_err rc;

	*out = NULL;
	if (s == NULL)
		return saksi_fail_nomem(err);
	s->src = *src;
	s->q = q;
	s->opt = *opt;
	if ((rc = begin(s, err)) != SAKSI_OK) {
		saksi_search_close(&s);
		return rc;
	}
	*out = s;
	return SAKSI_OK;
}

static enum saksi_err next_any(struct saksi_search *s, struct search_hit *hit,
    bool *found, struct saksi_error *err)
{
	*hit = (struct search_hit){0, 0};
	if (s->by_walk) {
		enum saksi_err rc = next_by_walk(s, &hit->number, found, err);

		if (rc != SAKSI_OK || s->by_walk)
			return rc;
	}
	if (s->by_set)
		return next_backward(s, &hit->number, found, err);
	if (s->opt.order == SEARCH_CREATED)
		return next_forward(s, &hit->number, found, err);
	*found = s->next < s->kept.n;
	if (*found)
		*hit = s->kept.list[s->next++].hit;
	return SAKSI_OK;
}

enum saksi_err saksi_search_next(struct saksi_search *s, struct search_hit *hit,
    bool *found, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	*found = false;
	if (s->opt.limit != 0 && s->given >= s->opt.limit)
		return SAKSI_OK;
	do {
		rc = next_any(s, hit, found, err);
	} while (rc == SAKSI_OK && *found && s->left_out++ < s->opt.offset);
	s->given += *found;
	return rc;
}

/* Candidates that were not yet given, without reading any. */
static enum saksi_err count_rest(struct saksi_search *s, uint64_t *n, bool *exact,
    struct saksi_error *err)
{
	if (s->by_walk || s->by_set) {
		for (uint64_t doc = 0; set_next(&s->set, &doc); doc++) {
			if (s->by_set ? doc >= s->back : set_get(&s->shown, doc) != 0)
				continue;
			++*n;
			*exact = *exact && (set_get(&s->set, doc) & SET_DOUBT) == 0;
		}
		return SAKSI_OK;
	}
	return seeker_count(s->root, s->at, n, exact, err);
}

enum saksi_err saksi_search_rest(struct saksi_search *s, uint64_t *n, bool *exact,
    struct saksi_error *err)
{
	*n = 0;
	*exact = true;
	if (s->opt.order == SEARCH_CREATED || s->by_walk)
		return count_rest(s, n, exact, err);
	*n = s->seen - s->next;
	*exact = !s->unsure;
	return SAKSI_OK;
}

void saksi_search_close(struct saksi_search **s)
{
	struct saksi_search *x = *s;

	if (x == NULL)
		return;
	seeker_free(&x->root);
	term_walk_close(&x->walk);
	for (size_t i = 0; i < x->kept.n; i++)
		key_free(x->kept.list[i].key);
	free(x->kept.list);
	set_free(&x->set);
	set_free(&x->shown);
	free(x);
	*s = NULL;
}
