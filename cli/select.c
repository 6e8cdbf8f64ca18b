/* The records that a query selects, found by the index. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/store/search.h>

#include "cli.h"

static enum saksi_err keep_one(struct selection *o, const struct saksi_record *r,
    double score, json_t *json, struct saksi_error *err)
{
	struct selected *list = list_room(o->list, o->n, &o->cap, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	o->list = list;
	o->list[o->n++] = (struct selected){r->id, score, json_incref(json), NULL};
	return SAKSI_OK;
}

static enum saksi_err take_hit(struct cli *c, const struct search_hit *hit, bool keep,
    struct selection *out)
{
	struct saksi_record *r = NULL;
	json_t *json = NULL;
	enum saksi_err rc = saksi_search_record(&r, c->txn, hit->number, &c->err);

	if (rc == SAKSI_OK && keep)
		rc = saksi_record_json(&json, c->txn, r, saksi_team_device_name, c->team,
		    &c->err);
	if (rc == SAKSI_OK && keep && out->deleted) {
		obj_set(&json, "deleted", view_deletion(c, r));
		if (json == NULL)
			rc = saksi_fail_nomem(&c->err);
	}
	if (rc == SAKSI_OK)
		rc = keep_one(out, r, hit->score, json, &c->err);
	json_decref(json);
	saksi_record_free(&r);
	return rc;
}

static enum saksi_err take_all(struct cli *c, const struct query *q, bool keep,
    struct selection *out)
{
	struct search_options how = out->how;
	struct saksi_search *s = NULL;
	struct search_hit hit;
	bool found = true;
	enum saksi_err rc;

	how.deleted = out->deleted;
	rc = saksi_search_open(&s, c->txn, q, &how, &c->err);
	while (rc == SAKSI_OK &&
	    (rc = saksi_search_next(s, &hit, &found, &c->err)) == SAKSI_OK && found)
		rc = take_hit(c, &hit, keep, out);
	if (rc == SAKSI_OK)
		rc = saksi_search_rest(s, &out->rest, &out->rest_sure, &c->err);
	saksi_search_close(&s);
	return rc;
}

enum saksi_err select_records(struct cli *c, const char *text, bool keep,
    struct selection *out)
{
	struct schema_resolver res = cli_resolver(c);
	struct query *q = NULL;
	enum saksi_err rc = query_parse(&q, c->schema, text, &res, &c->err);

	if (rc == SAKSI_OK)
		rc = take_all(c, q, keep, out);
	query_free(&q);
	return rc;
}

void selection_free(struct selection *s)
{
	for (size_t i = 0; i < s->n; i++) {
		json_decref(s->list[i].record);
		if (s->list[i].key != NULL)
			wipe(s->list[i].key, strlen(s->list[i].key));
		free(s->list[i].key);
	}
	free(s->list);
	memset(s, 0, sizeof(*s));
}
