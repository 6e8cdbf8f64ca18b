/*
 * Records for an exporter.  The order depends on the records alone, so that
 * two vaults with the same records export the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "source.h"

static int failed(struct source *s)
{
	s->err = s->c->err;
	return -1;
}

static int next(void *ctx, json_t **out)
{
	struct source *s = ctx;

	*out = NULL;
	if (s->at == s->chosen.n)
		return 0;
	if (view_get(s->c, &s->chosen.list[s->at].id, 0, NULL, out) != SAKSI_OK)
		return failed(s);
	s->at++;
	return 0;
}

static int again(void *ctx)
{
	struct source *s = ctx;

	s->at = 0;
	return 0;
}

static int get(void *ctx, const char *text, json_t **out)
{
	struct source *s = ctx;
	struct saksi_id id;
	struct saksi_record *r = NULL;
	enum saksi_err rc;

	*out = NULL;
	if (!id_parse(&id, text))
		return 0;
	rc = view_get(s->c, &id, 0, &r, out);
	if (rc == SAKSI_OK && r->state == RECORD_DELETED) {
		json_decref(*out);
		*out = NULL;
	}
	saksi_record_free(&r);
	return rc == SAKSI_OK || rc == SAKSI_ENOTFOUND ? 0 : failed(s);
}

static int linked(void *ctx, const char *text, const char *type,
    int (*fn)(void *fctx, json_t *record), void *fctx)
{
	struct source *s = ctx;
	struct saksi_id id;
	const struct link *list;
	size_t n;
	int stop = 0;

	if (!id_parse(&id, text))
		return 0;
	if (!s->linked && links_load(s->c, &s->links) != SAKSI_OK)
		return failed(s);
	s->linked = true;
	if (links_to(&s->links, &id, &list, &n) != SAKSI_OK)
		return failed(s);
	for (size_t i = 0; i < n && stop == 0; i++) {
		json_t *record = NULL;

		if (strcmp(list[i].type, type) != 0)
			continue;
		/* Sorted: several links from one record stand together. */
		if (i > 0 && id_cmp(&list[i].from, &list[i - 1].from) == 0)
			continue;
		if (view_get(s->c, &list[i].from, 0, NULL, &record) != SAKSI_OK)
			return failed(s);
		stop = fn(fctx, record);
		json_decref(record);
	}
	return stop;
}

struct party_walk {
	struct source *s;
	int (*fn)(void *fctx, json_t *record, bool deleted);
	void *fctx;
};

static enum saksi_err on_party(void *ctx, const struct saksi_record *r,
    struct saksi_error *err)
{
	struct party_walk *w = ctx;
	json_t *record = NULL;
	enum saksi_err rc;
	int stop;

	if (strcmp(r->type, "person") != 0 && strcmp(r->type, "organisation") != 0)
		return SAKSI_OK;
	rc = saksi_record_json(&record, w->s->c->txn, r, saksi_team_device_name,
	    w->s->c->team, err);
	if (rc != SAKSI_OK)
		return rc;
	stop = w->fn(w->fctx, record, r->state == RECORD_DELETED);
	json_decref(record);
	/* The host knows why it stopped. */
	return stop == 0 ? SAKSI_OK : SAKSI_EREFUSED;
}

static int parties(void *ctx, int (*fn)(void *fctx, json_t *record, bool deleted),
    void *fctx)
{
	struct source *s = ctx;
	struct party_walk w = {s, fn, fctx};
	enum saksi_err rc = saksi_record_each(s->c->txn, true, on_party, &w, &s->c->err);

	if (rc == SAKSI_EREFUSED)
		return -1;
	return rc == SAKSI_OK ? 0 : failed(s);
}

static size_t type_order(struct cli *c, const char *type)
{
	size_t n;
	const struct schema_type *types = schema_types(c->schema, &n);
	size_t i;

	for (i = 0; i < n && strcmp(types[i].name, type) != 0; i++)
		;
	return i;
}

/* By type as in the schema, then ref (those without one last), then id. */
static enum saksi_err make_key(struct cli *c, struct selected *e)
{
	struct buf key = BUF_INIT;
	const char *ref = view_text(e->record, "ref");

	buf_printf(&key, "%04zu %s %s", type_order(c, view_text(e->record, "type")),
	    ref[0] != '\0' ? ref : "\x7f", view_text(e->record, "id"));
	e->key = key.failed ? NULL : strdup(buf_cstr(&key));
	buf_free(&key);
	json_decref(e->record);
	e->record = NULL;
	return e->key != NULL ? SAKSI_OK : saksi_fail_nomem(&c->err);
}

static int by_key(const void *a, const void *b)
{
	const struct selected *x = a;
	const struct selected *y = b;

	return strcmp(x->key, y->key);
}

enum saksi_err source_begin(struct source *s, struct cli *c, const char *query)
{
	enum saksi_err rc;

	memset(s, 0, sizeof(*s));
	s->c = c;
	s->host = (struct host_source){s, c->schema, next, again, get, linked, parties};
	rc = select_records(c, query, true, &s->chosen);
	for (size_t i = 0; i < s->chosen.n && rc == SAKSI_OK; i++)
		rc = make_key(c, &s->chosen.list[i]);
	if (rc == SAKSI_OK && s->chosen.n > 0)
		qsort(s->chosen.list, s->chosen.n, sizeof(*s->chosen.list), by_key);
	return rc;
}

void source_end(struct source *s)
{
	selection_free(&s->chosen);
	links_free(&s->links);
}
