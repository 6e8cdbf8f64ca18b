/* pairs_links.c - what people have decided about pairs of records. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "pairs_int.h"
#include "search_int.h"
#include "vault_impl.h"

static const char *const judging[] = {"same-as", "different-from", "same-act"};
static const char *const statuses[] = {"confirmed", "probable", "possible", "rejected"};

/* How two are related that are therefore two. */
static const char *const relations[] = {"child-of", "parent-of", "sibling-of", "twin-of",
    "spouse-of", "colleague-of", "part-of", "member-of", "founded-by", "run-by"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *text_of(const json_t *record, const char *key)
{
	return json_string_value(value_plain(json_object_get(record, key)));
}

/* The same word in memory that stays, or NULL. */
static const char *one_of(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n && word != NULL; i++)
		if (strcmp(list[i], word) == 0)
			return list[i];
	return NULL;
}

/* Where two devices disagree nothing is confirmed yet. */
static bool has_rivals(const json_t *link, const char *field)
{
	const json_t *rivals = json_object_get(link, "rivals");
	size_t i;
	const json_t *e;

	json_array_foreach (rivals, i, e) {
		const char *f = json_string_value(json_object_get(e, "field"));

		if (f != NULL && strcmp(f, field) == 0)
			return true;
	}
	return false;
}

static bool read_link(struct saksi_pair_link *l, const json_t *record,
    const struct saksi_id *self)
{
	const char *type = json_string_value(json_object_get(record, "type"));
	const char *id = json_string_value(json_object_get(record, "id"));
	const char *a = text_of(record, "a"), *b = text_of(record, "b");
	struct saksi_id ends[2];

	if (type == NULL || strcmp(type, "relationship") != 0 || id == NULL ||
	    a == NULL || b == NULL || !id_parse(&l->link, id) || !id_parse(&ends[0], a) ||
	    !id_parse(&ends[1], b) || id_cmp(&ends[0], &ends[1]) == 0)
		return false;
	if (id_cmp(&ends[0], self) != 0 && id_cmp(&ends[1], self) != 0)
		return false; /* it is named elsewhere in it */
	l->other = id_cmp(&ends[0], self) == 0 ? ends[1] : ends[0];
	l->kind = one_of(judging, COUNT(judging), text_of(record, "kind"));
	if (l->kind == NULL || has_rivals(record, "a") || has_rivals(record, "b"))
		return false;
	l->status = one_of(statuses, COUNT(statuses), text_of(record, "status"));
	if (l->status == NULL || has_rivals(record, "status") ||
	    has_rivals(record, "kind"))
		l->status = "";
	return true;
}

/* ---- of one record --------------------------------------------------------------------- */

struct gathering {
	struct saksi_txn *t;
	const struct saksi_id *self;
	int64_t as_of_us;
	struct saksi_pair_links *out;
	struct saksi_error *err;
};

static enum saksi_err add_link(struct saksi_pair_links *out,
    const struct saksi_pair_link *l, struct saksi_error *err)
{
	struct saksi_pair_link *list =
	    list_room(out->list, out->n, &out->cap, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	out->list = list;
	list[out->n++] = *l;
	return SAKSI_OK;
}

/* As it was then, if it was there and not deleted. */
static enum saksi_err link_then(json_t **out, struct gathering *g, uint64_t number)
{
	json_t *now = NULL;
	struct saksi_record *r = NULL;
	struct saksi_id id;
	enum saksi_err rc = txn_record_json(g->t, number, &now, g->err);
	const char *text = rc == SAKSI_OK ? text_of(now, "id") : NULL;

	*out = NULL;
	if (text == NULL || !id_parse(&id, text))
		goto done;
	rc = saksi_record_get(&r, g->t, &id, g->as_of_us, g->err);
	if (rc == SAKSI_OK && r->state != RECORD_DELETED)
		rc = saksi_record_json(out, g->t, r, NULL, NULL, g->err);
	if (rc == SAKSI_ENOTFOUND)
		rc = SAKSI_OK;
done:
	saksi_record_free(&r);
	json_decref(now);
	return rc;
}

/* Most that refer to a record are no relationships: the index knows which are. */
static enum saksi_err is_relationship(struct saksi_txn *t, uint64_t number, bool *yes,
    struct saksi_error *err)
{
	struct index_term term;
	struct index *x;
	struct kv_txn *kv;
	enum saksi_err rc = txn_index(t, &x, &kv, err);

	*yes = false;
	index_term(&term, IX_TYPE, "relationship", 12);
	return rc == SAKSI_OK ? index_has(x, kv, &term, number, yes, err) : rc;
}

static enum saksi_err look_at(void *ctx, uint64_t number, struct saksi_error *err)
{
	struct gathering *g = ctx;
	struct saksi_pair_link l;
	json_t *record = NULL;
	bool deleted, relationship;
	enum saksi_err rc = is_relationship(g->t, number, &relationship, err);

	if (rc != SAKSI_OK || !relationship)
		return rc;
	if (g->as_of_us != 0) {
		rc = link_then(&record, g, number);
	} else {
		rc = pair_deleted(g->t, number, &deleted, err);
		if (rc != SAKSI_OK || deleted)
			return rc;
		rc = txn_record_json(g->t, number, &record, err);
	}
	if (rc == SAKSI_OK && record != NULL && read_link(&l, record, g->self))
		rc = add_link(g->out, &l, err);
	json_decref(record);
	return rc;
}

enum saksi_err saksi_pair_links_of(struct saksi_txn *t, const struct saksi_id *id,
    int64_t as_of_us, struct saksi_pair_links *out, struct saksi_error *err)
{
	struct gathering g = {t, id, as_of_us, out, err};

	return saksi_search_links(t, id, look_at, &g, err);
}

void saksi_pair_links_free(struct saksi_pair_links *l)
{
	free(l->list);
	memset(l, 0, sizeof(*l));
}

static bool confirms(const struct saksi_pair_link *l)
{
	return strcmp(l->kind, "different-from") != 0 &&
	    strcmp(l->status, "confirmed") == 0;
}

static enum saksi_err is_there(struct saksi_txn *t, const struct saksi_id *id,
    int64_t as_of_us, bool *yes, struct saksi_error *err)
{
	struct saksi_record *r = NULL;
	enum saksi_err rc = saksi_record_get(&r, t, id, as_of_us, err);

	*yes = rc == SAKSI_OK && r->state != RECORD_DELETED;
	saksi_record_free(&r);
	return rc == SAKSI_ENOTFOUND ? SAKSI_OK : rc;
}

static bool is_joined(const struct saksi_pair_links *out, const struct saksi_id *id)
{
	for (size_t i = 0; i < out->n; i++)
		if (id_cmp(&out->list[i].other, id) == 0)
			return true;
	return false;
}

/* Those next to ${at} that were not met before. */
static enum saksi_err join_from(struct saksi_txn *t, const struct saksi_id *at,
    const struct saksi_id *self, int64_t as_of_us, struct saksi_pair_links *out,
    struct saksi_error *err)
{
	struct saksi_pair_links near = {0};
	enum saksi_err rc = saksi_pair_links_of(t, at, as_of_us, &near, err);

	for (size_t i = 0; i < near.n && rc == SAKSI_OK && out->n < JOINED_MAX; i++) {
		const struct saksi_pair_link *l = &near.list[i];
		bool there;

		if (!confirms(l) || id_cmp(&l->other, self) == 0 ||
		    is_joined(out, &l->other))
			continue;
		rc = is_there(t, &l->other, as_of_us, &there, err);
		if (rc == SAKSI_OK && there)
			rc = add_link(out, l, err);
	}
	saksi_pair_links_free(&near);
	return rc;
}

enum saksi_err saksi_pairs_joined(struct saksi_txn *t, const struct saksi_id *id,
    int64_t as_of_us, struct saksi_pair_links *out, struct saksi_error *err)
{
	const struct saksi_id self = *id;
	enum saksi_err rc = join_from(t, &self, &self, as_of_us, out, err);

	for (size_t i = 0; i < out->n && rc == SAKSI_OK; i++) {
		struct saksi_id at = out->list[i].other; /* the list may move */

		rc = join_from(t, &at, &self, as_of_us, out, err);
	}
	return rc;
}

/* ---- of all ------------------------------------------------------------------------------- */

struct loading {
	struct pair_decisions *d;
	struct saksi_txn *t;
	const struct doc_bits *of;
	struct saksi_error *err;
};

/* A rejected different-from says nothing: they may be one or two. */
static enum decided decision(const json_t *record, const char *kind)
{
	const char *status = text_of(record, "status");
	bool open =
	    status == NULL || has_rivals(record, "status") || has_rivals(record, "kind");
	bool rejected = !open && strcmp(status, "rejected") == 0;

	if (one_of(judging, COUNT(judging), kind) == NULL)
		return rejected ? DECIDED_NOT : DECIDED_APART;
	if (strcmp(kind, "different-from") == 0)
		return rejected ? DECIDED_NOT : DECIDED_APART;
	if (rejected)
		return DECIDED_APART;
	if (!open && strcmp(status, "confirmed") == 0)
		return DECIDED_SAME;
	return !open && strcmp(status, "probable") == 0 ? DECIDED_PROBABLE
							: DECIDED_POSSIBLE;
}

static enum saksi_err number_of(struct loading *l, const json_t *record, const char *end,
    uint64_t *number)
{
	const char *text = text_of(record, end);
	struct saksi_id id;

	*number = 0;
	if (text == NULL || !id_parse(&id, text))
		return SAKSI_OK;
	return catalog_number(l->t, &id, number, l->err);
}

static enum saksi_err take(struct loading *l, const json_t *record, const char *kind)
{
	struct pair_decisions *d = l->d;
	struct decided_pair p = {.what = decision(record, kind)};
	struct decided_pair *list;
	uint64_t a = 0, b = 0;
	enum saksi_err rc = number_of(l, record, "a", &a);

	if (rc == SAKSI_OK)
		rc = number_of(l, record, "b", &b);
	if (rc != SAKSI_OK || a == b || !bits_has(l->of, a) || !bits_has(l->of, b) ||
	    p.what == DECIDED_NOT)
		return rc;
	list = list_room(d->list, d->n, &d->cap, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(l->err);
	d->list = list;
	p.a = a < b ? a : b;
	p.b = a < b ? b : a;
	list[d->n++] = p;
	return SAKSI_OK;
}

static enum saksi_err load_kind(struct loading *l, const char *kind)
{
	struct index_hits *h = NULL;
	struct index_term term;
	struct index *x;
	struct kv_txn *kv;
	uint64_t doc = 0;
	bool found = true;
	enum saksi_err rc = txn_index(l->t, &x, &kv, l->err);

	index_term_keyed(&term, IX_FIELD, "kind", kind, strlen(kind));
	if (rc == SAKSI_OK)
		rc = index_hits_open(&h, x, kv, &term, l->err);
	while (rc == SAKSI_OK &&
	    (rc = index_hits_next(h, doc, &doc, &found, l->err)) == SAKSI_OK && found) {
		json_t *record = NULL;
		bool deleted;

		rc = pair_deleted(l->t, doc++, &deleted, l->err);
		if (rc == SAKSI_OK && !deleted)
			rc = txn_record_json(l->t, doc - 1, &record, l->err);
		if (rc == SAKSI_OK && record != NULL)
			rc = take(l, record, kind);
		json_decref(record);
	}
	index_hits_close(&h);
	return rc;
}

static int by_pair(const void *x, const void *y)
{
	const struct decided_pair *a = x, *b = y;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	if (a->b != b->b)
		return a->b < b->b ? -1 : 1;
	return (int)b->what - (int)a->what;
}

static int by_number(const void *x, const void *y)
{
	const struct joined_number *a = x, *b = y;

	return a->number < b->number ? -1 : a->number > b->number;
}

static struct joined_number *joined_at(const struct pair_decisions *d, uint64_t number)
{
	struct joined_number key = {number, 0};

	return d->n_joined == 0
	    ? NULL
	    : bsearch(&key, d->joined, d->n_joined, sizeof(key), by_number);
}

uint64_t pair_root(const struct pair_decisions *d, uint64_t number)
{
	const struct joined_number *j;

	while ((j = joined_at(d, number)) != NULL && j->root != number)
		number = j->root;
	return number;
}

/* Everyone who is confirmed to be the same as another, each under the lowest number. */
static enum saksi_err join_all(struct pair_decisions *d, struct saksi_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->list[i].what == DECIDED_SAME;
	if (n == 0)
		return SAKSI_OK;
	d->joined = calloc(2 * n, sizeof(*d->joined));
	if (d->joined == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < d->n; i++) {
		const struct decided_pair *p = &d->list[i];

		if (p->what != DECIDED_SAME)
			continue;
		d->joined[d->n_joined++] = (struct joined_number){p->a, p->a};
		d->joined[d->n_joined++] = (struct joined_number){p->b, p->b};
	}
	pair_sort(d->joined, d->n_joined, sizeof(*d->joined), by_number);
	n = 0;
	for (size_t i = 0; i < d->n_joined; i++)
		if (n == 0 || d->joined[n - 1].number != d->joined[i].number)
			d->joined[n++] = d->joined[i];
	d->n_joined = n;
	for (size_t i = 0; i < d->n; i++) {
		uint64_t a, b;

		if (d->list[i].what != DECIDED_SAME)
			continue;
		a = pair_root(d, d->list[i].a);
		b = pair_root(d, d->list[i].b);
		if (a != b)
			joined_at(d, a < b ? b : a)->root = a < b ? a : b;
	}
	return SAKSI_OK;
}

/* What was decided of one of those that are joined holds for all of them. */
static void move_to_roots(struct pair_decisions *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		uint64_t a = pair_root(d, d->list[i].a), b = pair_root(d, d->list[i].b);

		if (a == b)
			continue;
		d->list[n] = d->list[i];
		d->list[n].a = a < b ? a : b;
		d->list[n++].b = a < b ? b : a;
	}
	d->n = n;
	pair_sort(d->list, n, sizeof(*d->list), by_pair);
}

enum saksi_err pair_decisions_load(struct pair_decisions *d, struct saksi_txn *t,
    const struct doc_bits *of, struct saksi_error *err)
{
	struct loading l = {d, t, of, err};
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < COUNT(judging) && rc == SAKSI_OK; i++)
		rc = load_kind(&l, judging[i]);
	for (size_t i = 0; i < COUNT(relations) && rc == SAKSI_OK; i++)
		rc = load_kind(&l, relations[i]);
	if (rc == SAKSI_OK)
		rc = join_all(d, err);
	if (rc == SAKSI_OK)
		move_to_roots(d);
	return rc;
}

enum decided pair_decided(const struct pair_decisions *d, uint64_t a, uint64_t b)
{
	size_t lo = 0, hi = d->n;

	a = pair_root(d, a);
	b = pair_root(d, b);
	if (a == b)
		return DECIDED_SAME;
	struct decided_pair key = {a < b ? a : b, a < b ? b : a, DECIDED_APART};
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_pair(&d->list[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < d->n && d->list[lo].a == key.a && d->list[lo].b == key.b
	    ? d->list[lo].what
	    : DECIDED_NOT;
}

void pair_decisions_free(struct pair_decisions *d)
{
	free(d->list);
	free(d->joined);
	memset(d, 0, sizeof(*d));
}
