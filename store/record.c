/* record.c - records: found by name, got, counted and summed up. */
#include <stdlib.h>
#include <string.h>

#include <saksi/store/record.h>

#include "rows.h"
#include "state.h"
#include "vault_impl.h"

static bool existed(const struct state *s)
{
	for (size_t i = 0; i < s->n_ops; i++)
		if (s->ops[i].counted)
			return true;
	return false;
}

static enum saksi_err get_at(struct saksi_record **out, struct saksi_txn *t,
    uint64_t number, const struct saksi_id *id, int64_t as_of_us, struct saksi_error *err)
{
	char text[ID_TEXT_LEN + 1];
	struct state s;
	enum saksi_err rc;

	if ((rc = txn_state(t, number, as_of_us, &s, err)) != SAKSI_OK)
		return rc;
	if (id_cmp(&s.id, id) != 0)
		rc = saksi_fail(err, SAKSI_EDAMAGED,
		    "index: it takes one record for another; run `saksi reindex`");
	else if (!existed(&s)) {
		id_text(text, id);
		rc = saksi_fail(err, SAKSI_ENOTFOUND,
		    "record %s: was not there yet at that time", text);
	} else
		rc = record_from_state(out, &s, number, err);
	state_free(&s);
	return rc;
}

enum saksi_err saksi_record_get(struct saksi_record **out, struct saksi_txn *t,
    const struct saksi_id *id, int64_t as_of_us, struct saksi_error *err)
{
	char text[ID_TEXT_LEN + 1];
	uint64_t number;
	enum saksi_err rc;

	*out = NULL;
	if ((rc = catalog_guess(t, id, &number, err)) != SAKSI_OK)
		return rc;
	/* What is wrong then, if anything is, the index's own word tells. */
	if (number != 0 && get_at(out, t, number, id, as_of_us, NULL) == SAKSI_OK)
		return SAKSI_OK;
	if ((rc = catalog_number(t, id, &number, err)) != SAKSI_OK)
		return rc;
	if (number != 0)
		return get_at(out, t, number, id, as_of_us, err);
	id_text(text, id);
	return saksi_fail(err, SAKSI_ENOTFOUND, "record %s: there is none", text);
}

enum saksi_err state_json(json_t **out, struct saksi_txn *t, const struct state *s,
    uint64_t number, struct saksi_error *err)
{
	struct saksi_record *r = NULL;
	enum saksi_err rc;

	*out = NULL;
	if ((rc = record_from_state(&r, s, number, err)) == SAKSI_OK)
		rc = saksi_record_json(out, t, r, NULL, NULL, err);
	saksi_record_free(&r);
	return rc;
}

/* ---- names -------------------------------------------------------------------------- */

#define CANDIDATES_SHOWN 8u

struct candidates {
	struct buf list;
	size_t n;
	bool deleted; /* the first one is */
	struct saksi_id id;
};

static void add_candidate(struct candidates *k, const struct cat_record *r)
{
	char text[ID_TEXT_LEN + 1], type[32];

	if (k->n++ == 0)
		k->id = r->id;
	if (k->n > CANDIDATES_SHOWN)
		return;
	id_text(text, &r->id);
	head_text(type, sizeof(type), r->head.type, r->head.type_len);
	buf_printf(&k->list, " %s (%s)", text, type);
}

static enum saksi_err by_ref(void *ctx, const struct cat_record *r,
    struct saksi_error *err)
{
	struct candidates *k = ctx;
	bool deleted = r->head.code == STATE_DELETED;

	(void)err;
	/* A deleted one gives way to one that is there. */
	if (k->n > 0 && deleted)
		return SAKSI_OK;
	if (k->n > 0 && k->deleted) {
		k->n = 0;
		buf_reset(&k->list);
	}
	if (k->n == 0)
		k->deleted = deleted;
	add_candidate(k, r);
	return SAKSI_OK;
}

static enum saksi_err by_prefix(void *ctx, const struct cat_record *r,
    struct saksi_error *err)
{
	(void)err;
	add_candidate(ctx, r);
	return SAKSI_OK;
}

enum saksi_err saksi_record_find(struct saksi_txn *t, const char *name,
    struct saksi_id *id, struct saksi_error *err)
{
	struct candidates k = {.list = BUF_INIT};
	const char *more;
	uint64_t number;
	enum saksi_err rc;

	if (name[0] == '\0')
		return saksi_fail(err, SAKSI_EINVAL,
		    "an id or a reference is expected, not an empty text");
	/* A whole id is that record, even where another one has it for a reference. */
	if (id_parse(&k.id, name)) {
		if ((rc = catalog_number(t, &k.id, &number, err)) != SAKSI_OK)
			return rc;
		k.n = number != 0;
	}
	rc = k.n > 0 ? SAKSI_OK : catalog_by_ref(t, name, by_ref, &k, err);
	if (rc == SAKSI_OK && k.n > 1)
		rc = saksi_fail(err, SAKSI_EINVAL,
		    "this reference: stands for several records; name one by id:%s%s",
		    buf_cstr(&k.list), k.n > CANDIDATES_SHOWN ? " ..." : "");
	if (rc == SAKSI_OK && k.n == 0) {
		rc = catalog_by_prefix(t, name, by_prefix, &k, err);
		more = k.n > CANDIDATES_SHOWN ? " ..." : "";
		if (rc == SAKSI_OK && k.n == 0)
			rc = saksi_fail(err, SAKSI_ENOTFOUND,
			    "no record has this id or reference; `saksi find` searches by content");
		else if (rc == SAKSI_OK && k.n > 1)
			rc = saksi_fail(err, SAKSI_EINVAL,
			    "this begins the ids of %zu records; add letters:%s%s", k.n,
			    buf_cstr(&k.list), more);
	}
	if (rc == SAKSI_OK)
		*id = k.id;
	buf_free(&k.list);
	return rc;
}

bool type_fits(const char *type, const char *to)
{
	if (to == NULL || strcmp(to, "any") == 0 || type[0] == '\0')
		return true;
	if (strcmp(to, "party") == 0)
		return strcmp(type, "person") == 0 || strcmp(type, "organisation") == 0;
	return strcmp(type, to) == 0;
}

bool head_fits(const struct state_head *h, const char *to)
{
	char type[64];

	head_text(type, sizeof(type), h->type, h->type_len);
	return type_fits(type, to);
}

bool saksi_record_resolver(void *txn, const char *text, const char *to, char out[27])
{
	struct cat_record r;
	struct saksi_id id;
	bool found = false;

	if (saksi_record_find(txn, text, &id, NULL) != SAKSI_OK)
		return false;
	if (catalog_record(txn, &id, &r, &found, NULL) != SAKSI_OK)
		found = false;
	found = found && head_fits(&r.head, to);
	cat_record_free(&r);
	if (found)
		id_text(out, &id);
	return found;
}

/* ---- the whole ------------------------------------------------------------------------ */

struct counting {
	struct saksi_txn *t;
	json_t *by_type;
	size_t *conflicts, *deleted;
};

static enum saksi_err count(json_t *by_type, const char *type, json_int_t n,
    struct saksi_error *err)
{
	const char *key = type[0] == '\0' ? "unknown" : type;
	json_int_t now = json_integer_value(json_object_get(by_type, key)) + n;

	if (now == 0)
		(void)json_object_del(by_type, key);
	else if (json_object_set_new(by_type, key, json_integer(now)) != 0)
		return saksi_fail_nomem(err);
	return SAKSI_OK;
}

/* Call ${fn} for each record that a term names. */
static enum saksi_err each_hit(struct saksi_txn *t, const struct index_term *term,
    index_each_fn *fn, void *ctx, struct saksi_error *err)
{
	struct index *x;
	struct kv_txn *kv;
	enum saksi_err rc = txn_index(t, &x, &kv, err);

	return rc == SAKSI_OK ? index_each(x, kv, term, fn, ctx, err) : rc;
}

static enum saksi_err count_one(void *ctx, uint64_t number, struct saksi_error *err)
{
	uint64_t *n = ctx;

	(void)number;
	(void)err;
	++*n;
	return SAKSI_OK;
}

static enum saksi_err count_deleted(void *ctx, uint64_t number, struct saksi_error *err)
{
	struct counting *k = ctx;
	struct buf row = BUF_INIT;
	struct state_head h;
	char type[64];
	bool first;
	enum saksi_err rc;

	if ((rc = kv_get(k->t->kv, KV_RECORDS, number, &row, err)) == SAKSI_OK &&
	    (rc = rows_head(&h, &first, row.p, row.len, err)) == SAKSI_OK) {
		head_text(type, sizeof(type), h.type, h.type_len);
		rc = count(k->by_type, type, -1, err);
		++*k->deleted;
	}
	buf_free(&row);
	return rc;
}

static enum saksi_err count_conflict(void *ctx, uint64_t number, struct saksi_error *err)
{
	struct counting *k = ctx;
	struct state s;
	enum saksi_err rc;

	if ((rc = txn_state(k->t, number, 0, &s, err)) != SAKSI_OK)
		return rc;
	if (s.shown != RECORD_DELETED)
		*k->conflicts += s.n_conflicts;
	state_free(&s);
	return SAKSI_OK;
}

static enum saksi_err count_types(struct counting *k, struct saksi_error *err)
{
	struct index_term prefix, term;
	struct index_walk *w = NULL;
	struct index *x;
	struct kv_txn *kv;
	char type[64];
	uint64_t n;
	bool found;
	enum saksi_err rc;

	index_term(&prefix, IX_TYPE, NULL, 0);
	if ((rc = txn_index(k->t, &x, &kv, err)) != SAKSI_OK ||
	    (rc = index_walk_open(&w, x, kv, &prefix, NULL, err)) != SAKSI_OK)
		return rc;
	while ((rc = index_walk_next(w, &term, &found, err)) == SAKSI_OK && found) {
		head_text(type, sizeof(type), (const char *)term.b + 1, term.n - 1);
		n = 0;
		rc = each_hit(k->t, &term, count_one, &n, err);
		if (rc == SAKSI_OK)
			rc = count(k->by_type, type, (json_int_t)n, err);
		if (rc != SAKSI_OK)
			break;
	}
	index_walk_close(&w);
	return rc;
}

enum saksi_err saksi_record_counts(struct saksi_txn *t, json_t **by_type,
    size_t *conflicts, size_t *deleted, struct saksi_error *err)
{
	struct counting k = {t, json_object(), conflicts, deleted};
	struct index_term term;
	enum saksi_err rc;

	*conflicts = *deleted = 0;
	if ((*by_type = k.by_type) == NULL)
		return saksi_fail_nomem(err);
	if ((rc = count_types(&k, err)) != SAKSI_OK)
		return rc;
	index_term(&term, IX_STATE, "deleted", 7);
	if ((rc = each_hit(t, &term, count_deleted, &k, err)) != SAKSI_OK)
		return rc;
	index_term(&term, IX_STATE, "conflict", 8);
	return each_hit(t, &term, count_conflict, &k, err);
}

static int by_field_and_value(const void *pa, const void *pb)
{
	const struct state_op *const *a = pa, *const *b = pb;

	return state_compare_content(*a, *b);
}

/* [id, [[field, value] ...]] with distinct visible values, sorted by bytes. */
static enum saksi_err digest_record(struct crypto_hash_state *st, struct state *s,
    struct saksi_error *err)
{
	const struct state_op **list =
	    calloc(s->n_ops + 1, sizeof(const struct state_op *));
	struct buf b = BUF_INIT;
	size_t n = 0;
	enum saksi_err rc;

	if (list == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < s->n_ops; i++)
		if (s->ops[i].visible && !s->ops[i].folded)
			list[n++] = &s->ops[i];
	qsort(list, n, sizeof(const struct state_op *), by_field_and_value);
	mp_array(&b, 2);
	mp_bin(&b, s->id.b, sizeof(s->id.b));
	mp_array(&b, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		mp_array(&b, 2);
		mp_str(&b, list[i]->field, list[i]->field_len);
		buf_add(&b, list[i]->value, list[i]->value_len);
	}
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		crypto_hash_add(st, b.p, b.len);
	buf_free(&b);
	free(list);
	return rc;
}

struct digesting {
	struct saksi_txn *t;
	struct crypto_hash_state st;
};

static enum saksi_err digest_one(void *ctx, const struct cat_record *r,
    struct saksi_error *err)
{
	struct digesting *d = ctx;
	struct buf whole = BUF_INIT;
	struct catalog *c;
	struct state s;
	enum saksi_err rc;

	if (r->head.code == STATE_DELETED)
		return SAKSI_OK;
	if ((rc = txn_catalog(d->t, &c, err)) == SAKSI_OK &&
	    (rc = rows_whole(&whole, d->t->kv, r->row.p, r->row.len, err)) == SAKSI_OK &&
	    (rc = state_take(&s, &whole, err)) == SAKSI_OK) {
		if ((rc = state_view(&s, c, 0, err)) == SAKSI_OK)
			rc = digest_record(&d->st, &s, err);
		state_free(&s);
	}
	buf_free(&whole);
	return rc;
}

enum saksi_err saksi_state_digest(struct saksi_txn *t, struct saksi_hash *out,
    struct saksi_error *err)
{
	struct digesting d = {.t = t};
	enum saksi_err rc;

	crypto_hash_init(&d.st, "state");
	rc = catalog_by_id(t, digest_one, &d, err);
	crypto_hash_final(&d.st, out);
	return rc;
}
