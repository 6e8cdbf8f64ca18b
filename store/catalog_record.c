/* catalog_record.c - records by id and by reference. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "catalog.h"
#include "rows.h"
#include "terms.h"
#include "vault_impl.h"

/* ---- what was looked up lately ---------------------------------------------------- */

static struct cat_seen *seen_at(struct catalog *c, const struct saksi_id *id)
{
	if (c->seen == NULL)
		c->seen = calloc(CAT_SEEN, sizeof(*c->seen));
	/* Ids are random, or as good as; without memory nothing is kept. */
	return c->seen == NULL ? NULL : &c->seen[le32_get(id->b) % CAT_SEEN];
}

static void see(struct catalog *c, const struct saksi_id *id, uint64_t number)
{
	struct cat_seen *s = seen_at(c, id);

	if (s != NULL)
		*s = (struct cat_seen){*id, number, true};
}

void catalog_made(struct catalog *c, const struct saksi_id *id, uint64_t number)
{
	see(c, id, number);
}

/* ---- by id ----------------------------------------------------------------------------- */

enum saksi_err catalog_number(struct saksi_txn *t, const struct saksi_id *id,
    uint64_t *number, struct saksi_error *err)
{
	struct catalog *c;
	struct cat_seen *s;
	struct index_term term;
	bool found;
	enum saksi_err rc;

	*number = 0;
	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	if ((s = seen_at(c, id)) != NULL && s->known && id_cmp(&s->id, id) == 0) {
		*number = s->number;
		return SAKSI_OK;
	}
	index_term(&term, IX_ID, id->b, sizeof(id->b));
	rc = index_find_one(c->index, t->kv, &term, number, NULL, &found, err);
	if (rc == SAKSI_OK)
		see(c, id, found ? *number : 0);
	return rc;
}

enum saksi_err catalog_guess(struct saksi_txn *t, const struct saksi_id *id,
    uint64_t *number, struct saksi_error *err)
{
	struct index_term term;
	struct catalog *c;
	enum saksi_err rc = txn_catalog(t, &c, err);

	*number = 0;
	if (rc != SAKSI_OK)
		return rc;
	index_term(&term, IX_ID, id->b, sizeof(id->b));
	*number = index_guess(c->index, &term);
	return SAKSI_OK;
}

static enum saksi_err load_head(struct kv_txn *kv, uint64_t number, struct cat_record *r,
    struct saksi_error *err)
{
	bool first = false;
	enum saksi_err rc;

	buf_reset(&r->row);
	r->number = number;
	if ((rc = kv_get(kv, KV_RECORDS, number, &r->row, err)) == SAKSI_OK)
		rc = rows_head(&r->head, &first, r->row.p, r->row.len, err);
	if (rc == SAKSI_ENOTFOUND || (rc == SAKSI_OK && !first))
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "index: it names a record that is not there; run `saksi reindex`");
	r->id = r->head.id;
	return rc;
}

enum saksi_err catalog_record(struct saksi_txn *t, const struct saksi_id *id,
    struct cat_record *r, bool *found, struct saksi_error *err)
{
	uint64_t number;
	enum saksi_err rc;

	memset(r, 0, sizeof(*r));
	*found = false;
	if ((rc = catalog_number(t, id, &number, err)) != SAKSI_OK || number == 0)
		return rc;
	if ((rc = load_head(t->kv, number, r, err)) != SAKSI_OK)
		return rc;
	if (id_cmp(&r->id, id) != 0)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "index: it takes one record for another; run `saksi reindex`");
	*found = true;
	return SAKSI_OK;
}

/* ---- several ----------------------------------------------------------------------------- */

/* Hits show what is flushed; what this transaction put belongs among it. */
static enum saksi_err ready(struct saksi_txn *t, struct catalog **c,
    struct saksi_error *err)
{
	enum saksi_err rc = txn_catalog(t, c, err);

	return rc == SAKSI_OK && t->write && t->touched ? catalog_flush(t, err) : rc;
}

static enum saksi_err each_of(struct saksi_txn *t, struct catalog *c,
    const struct index_term *term, catalog_fn *fn, void *ctx, struct saksi_error *err)
{
	struct cat_record r = CAT_RECORD_INIT;
	struct index_hits *h = NULL;
	uint64_t doc = 0;
	bool found;
	enum saksi_err rc;

	if ((rc = index_hits_open(&h, c->index, t->kv, term, err)) != SAKSI_OK)
		return rc;
	while (
	    (rc = index_hits_next(h, doc + 1, &doc, &found, err)) == SAKSI_OK && found) {
		if ((rc = load_head(t->kv, doc, &r, err)) != SAKSI_OK ||
		    (rc = fn(ctx, &r, err)) != SAKSI_OK)
			break;
	}
	index_hits_close(&h);
	cat_record_free(&r);
	return rc;
}

enum saksi_err catalog_by_ref(struct saksi_txn *t, const char *ref, catalog_fn *fn,
    void *ctx, struct saksi_error *err)
{
	struct index_term term;
	struct catalog *c;
	enum saksi_err rc;

	if ((rc = ready(t, &c, err)) != SAKSI_OK)
		return rc;
	index_term(&term, IX_REF, ref, strlen(ref));
	return each_of(t, c, &term, fn, ctx, err);
}

static bool take_number(void *ctx, uint64_t doc, const uint8_t *p, size_t n)
{
	(void)p;
	(void)n;
	*(uint64_t *)ctx = doc;
	return true;
}

static enum saksi_err tell(struct saksi_txn *t, const struct index_term *term,
    uint64_t number, struct cat_record *r, catalog_fn *fn, void *ctx,
    struct saksi_error *err)
{
	enum saksi_err rc;

	if (term->n != 1 + sizeof(r->id.b))
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "index: an id in it is too short; run `saksi reindex`");
	/* What says so no more, says so elsewhere. */
	if (number == 0)
		return SAKSI_OK;
	if ((rc = load_head(t->kv, number, r, err)) != SAKSI_OK)
		return rc;
	if (memcmp(r->id.b, term->b + 1, sizeof(r->id.b)) != 0)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "index: it takes one record for another; run `saksi reindex`");
	return fn(ctx, r, err);
}

static enum saksi_err walk_ids(struct saksi_txn *t, const void *prefix, size_t n,
    catalog_fn *fn, void *ctx, struct saksi_error *err)
{
	struct cat_record r = CAT_RECORD_INIT;
	struct index_term term;
	struct index_walk *w = NULL;
	struct catalog *c;
	uint64_t number = 0;
	bool found = true;
	enum saksi_err rc;

	if ((rc = ready(t, &c, err)) != SAKSI_OK)
		return rc;
	index_term(&term, IX_ID, prefix, n);
	rc = index_walk_open(&w, c->index, t->kv, &term, NULL, err);
	while (rc == SAKSI_OK &&
	    (rc = index_walk_docs(w, &term, NULL, take_number, &number, &found, err)) ==
		SAKSI_OK &&
	    found) {
		rc = tell(t, &term, number, &r, fn, ctx, err);
		number = 0;
		kv_txn_rest(t->kv);
	}
	index_walk_close(&w);
	cat_record_free(&r);
	return rc;
}

struct prefix {
	const char *letters;
	catalog_fn *fn;
	void *ctx;
};

static enum saksi_err if_it_begins(void *ctx, const struct cat_record *r,
    struct saksi_error *err)
{
	const struct prefix *p = ctx;

	return id_prefix_match(&r->id, p->letters) ? p->fn(p->ctx, r, err) : SAKSI_OK;
}

enum saksi_err catalog_by_prefix(struct saksi_txn *t, const char *letters, catalog_fn *fn,
    void *ctx, struct saksi_error *err)
{
	struct prefix p = {letters, fn, ctx};
	size_t n = strlen(letters);
	char whole[ID_TEXT_LEN + 1];
	struct saksi_id id;

	/* As the smallest id that begins so; its whole bytes are the term's. */
	if (n < 4 || n > ID_TEXT_LEN)
		return SAKSI_OK;
	memset(whole, '0', ID_TEXT_LEN);
	whole[ID_TEXT_LEN] = '\0';
	memcpy(whole, letters, n);
	if (!id_parse(&id, whole))
		return SAKSI_OK;
	return walk_ids(t, id.b, (5 * n - 2) / 8, if_it_begins, &p, err);
}

enum saksi_err catalog_by_id(struct saksi_txn *t, catalog_fn *fn, void *ctx,
    struct saksi_error *err)
{
	return walk_ids(t, NULL, 0, fn, ctx, err);
}

/* ---- terms ------------------------------------------------------------------------------- */

enum saksi_err catalog_touch(struct catalog *c, uint64_t number, struct saksi_error *err)
{
	uint64_t *list =
	    list_room(c->touched, c->n_touched, &c->cap_touched, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	c->touched = list;
	c->touched[c->n_touched++] = number;
	return SAKSI_OK;
}

enum saksi_err catalog_terms(struct index_doc *d, struct saksi_txn *t, uint64_t number,
    const struct state *s, struct saksi_error *err)
{
	json_t *json = NULL;
	enum saksi_err rc;

	if ((rc = state_json(&json, t, s, number, err)) == SAKSI_OK)
		rc = record_terms(d, t->v->schema, json, s->shown == RECORD_DELETED,
		    s->n_conflicts > 0, err);
	json_decref(json);
	return rc;
}

enum saksi_err catalog_index(struct saksi_txn *t, uint64_t number, const struct state *s,
    struct saksi_error *err)
{
	struct index_doc d = INDEX_DOC_INIT;
	enum saksi_err rc;

	if ((rc = catalog_terms(&d, t, number, s, err)) == SAKSI_OK)
		rc = index_put(t->v->catalog.index, number, &d, err);
	index_doc_free(&d);
	return rc;
}

struct cat_ahead *catalog_ahead(struct catalog *c, const struct saksi_id *id)
{
	for (size_t i = 0; i < c->n_ahead; i++) {
		struct cat_ahead *a = &c->ahead[i];

		if (id_cmp(&a->id, id) != 0)
			continue;
		c->ahead += i + 1;
		c->n_ahead -= i + 1;
		return a->made ? a : NULL;
	}
	return NULL;
}
