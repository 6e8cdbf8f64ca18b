/* The records that a query selects: a scan, in order of creation. */
#include <stdlib.h>
#include <string.h>

#include <saksi/store/query.h>

#include "cli.h"

struct scan {
	struct cli *c;
	const struct query *query;
	struct selection *out;
	bool keep;
};

static enum saksi_err keep_one(struct scan *s, const struct saksi_record *r, double score,
    json_t *json, struct saksi_error *err)
{
	struct selection *o = s->out;

	if (o->n == o->cap) {
		size_t cap = o->cap > 0 ? o->cap * 2 : 64;
		struct selected *list = reallocarray(o->list, cap, sizeof(*list));

		if (list == NULL)
			return saksi_fail_nomem(err);
		o->list = list;
		o->cap = cap;
	}
	o->list[o->n] = (struct selected){r->id, score, NULL, NULL};
	if (s->keep)
		o->list[o->n].record = json_incref(json);
	o->n++;
	return SAKSI_OK;
}

static enum saksi_err match_one(void *ctx, const struct saksi_record *r,
    struct saksi_error *err)
{
	struct scan *s = ctx;
	json_t *json = NULL;
	double score = 0;
	int hit;
	enum saksi_err rc;

	if (s->out->deleted && r->state != RECORD_DELETED)
		return SAKSI_OK;
	rc = saksi_record_json(&json, s->c->txn, r, saksi_team_device_name, s->c->team,
	    err);

	if (rc != SAKSI_OK)
		return rc;
	hit = query_match(s->query, json, &score);
	if (hit < 0)
		rc = saksi_fail_nomem(err);
	else if (hit > 0 && s->out->deleted)
		obj_set(&json, "deleted", view_deletion(s->c, r));
	if (rc == SAKSI_OK && json == NULL)
		rc = saksi_fail_nomem(err);
	if (rc == SAKSI_OK && hit > 0)
		rc = keep_one(s, r, score, json, err);
	json_decref(json);
	return rc;
}

enum saksi_err select_records(struct cli *c, const char *text, bool keep,
    struct selection *out)
{
	struct schema_resolver res = cli_resolver(c);
	struct query *q = NULL;
	struct scan s = {c, NULL, out, keep};
	enum saksi_err rc = query_parse(&q, c->schema, text, &res, &c->err);

	if (rc != SAKSI_OK)
		return rc;
	s.query = q;
	rc = saksi_record_each(c->txn, out->deleted, match_one, &s, &c->err);
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
