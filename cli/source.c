/*
 * Records for an exporter.  The order depends on the records alone, so that
 * two vaults with the same records export the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "links.h"
#include "select.h"
#include "source.h"
#include "view.h"

static int failed(struct source *s)
{
	s->err = s->c->err;
	return -1;
}

static int next(void *ctx, json_t **out)
{
	struct source *s = ctx;

	*out = NULL;
	if (s->at == s->n)
		return 0;
	if (select_read(s->c, s->list[s->at], false, out) != SAKSI_OK)
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

/* Those without one last. */
static void ref_key(struct cli *c, struct buf *out, const json_t *record, const char *arg)
{
	const char *ref = view_text(record, "ref");

	(void)c;
	(void)arg;
	buf_add_str(out, ref[0] != '\0' ? ref : "\x7f");
}

/* A type at a time, since to sort them all the refs and ids of all must be at hand. */
static enum saksi_err add_type(struct source *s, const char *query, const char *type)
{
	struct selection one = {0};
	enum saksi_err rc = select_of_type(s->c, query, type, &one);

	if (rc == SAKSI_OK)
		rc = selection_sort(s->c, &one, ref_key, NULL, false);
	for (size_t i = 0; i < one.n && rc == SAKSI_OK; i++) {
		uint64_t *list = list_room(s->list, s->n, &s->cap, sizeof(*list));

		if (list == NULL) {
			rc = saksi_fail_nomem(&s->c->err);
			break;
		}
		s->list = list;
		list[s->n++] = one.list[i].number;
	}
	selection_free(&one);
	return rc;
}

enum saksi_err source_begin(struct source *s, struct cli *c, const char *query)
{
	size_t n;
	const struct schema_type *types = schema_types(c->schema, &n);
	enum saksi_err rc = SAKSI_OK;

	memset(s, 0, sizeof(*s));
	s->c = c;
	s->host = (struct host_source){s, c->schema, next, again, get, linked, parties};
	for (size_t i = 0; i < n && rc == SAKSI_OK; i++)
		rc = add_type(s, query, types[i].name);
	return rc == SAKSI_OK ? add_type(s, query, NULL) : rc;
}

void source_end(struct source *s)
{
	free(s->list);
	links_free(&s->links);
}
