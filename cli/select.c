/* The records that a query selects, found by the index. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/store/order.h>
#include <saksi/store/search.h>

#include "find.h"
#include "output.h"
#include "select.h"
#include "view.h"

/* ---- finding ------------------------------------------------------------------------ */

static enum saksi_err keep(struct selection *o, const struct search_hit *hit,
    struct saksi_error *err)
{
	struct selected *list = list_room(o->list, o->n, &o->cap, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	o->list = list;
	o->list[o->n++] = (struct selected){hit->number, hit->score};
	return SAKSI_OK;
}

static enum saksi_err take_all(struct cli *c, const struct query *q, struct selection *out)
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
		rc = keep(out, &hit, &c->err);
	if (rc == SAKSI_OK)
		rc = saksi_search_rest(s, &out->rest, &out->rest_sure, &c->err);
	saksi_search_close(&s);
	return rc;
}

static enum saksi_err parse(struct cli *c, struct query **q, const char *text)
{
	struct schema_resolver res = cli_resolver(c);

	return query_parse(q, c->schema, text, &res, &c->err);
}

enum saksi_err select_records(struct cli *c, const char *text, struct selection *out)
{
	struct query *q = NULL;
	enum saksi_err rc = parse(c, &q, text);

	if (rc == SAKSI_OK)
		rc = take_all(c, q, out);
	query_free(&q);
	return rc;
}

enum saksi_err select_of_type(struct cli *c, const char *text, const char *type,
    struct selection *out)
{
	struct query *q = NULL;
	enum saksi_err rc = parse(c, &q, text);

	if (rc == SAKSI_OK)
		rc = query_of_type(q, type, &c->err);
	if (rc == SAKSI_OK)
		rc = take_all(c, q, out);
	query_free(&q);
	return rc;
}

void selection_free(struct selection *s)
{
	free(s->list);
	memset(s, 0, sizeof(*s));
}

/* ---- reading ------------------------------------------------------------------------ */

enum saksi_err select_read(struct cli *c, uint64_t number, bool deleted, json_t **record)
{
	struct saksi_record *r = NULL;
	enum saksi_err rc = saksi_search_record(&r, c->txn, number, &c->err);

	*record = NULL;
	if (rc == SAKSI_OK)
		rc = saksi_record_json(record, c->txn, r, saksi_team_device_name, c->team,
		    &c->err);
	if (rc == SAKSI_OK && deleted) {
		obj_set(record, "deleted", view_deletion(c, r));
		if (*record == NULL)
			rc = saksi_fail_nomem(&c->err);
	}
	saksi_record_free(&r);
	return rc;
}

/* ---- sorting ------------------------------------------------------------------------ */

struct sorting {
	struct selection *s;
	size_t n; /* of them that have their place again */
};

static enum saksi_err add_key(struct cli *c, struct saksi_order *o,
    const struct selection *s, size_t i, struct buf *text, selection_key_fn *key,
    const char *arg)
{
	json_t *record = NULL;
	enum saksi_err rc = select_read(c, s->list[i].number, s->deleted, &record);

	if (rc != SAKSI_OK)
		return rc;
	buf_reset(text);
	key(c, text, record, arg);
	if ((rc = buf_ok(text, &c->err)) == SAKSI_OK)
		rc = saksi_order_add(o, buf_cstr(text), view_text(record, "id"),
		    &s->list[i], sizeof(s->list[i]), &c->err);
	json_decref(record);
	return rc;
}

/* Each was read before the first one is put back. */
static enum saksi_err take_back(void *ctx, const void *what, size_t n,
    struct saksi_error *err)
{
	struct sorting *o = ctx;

	(void)err;
	memcpy(&o->s->list[o->n++], what, n);
	return SAKSI_OK;
}

enum saksi_err selection_sort(struct cli *c, struct selection *s, selection_key_fn *key,
    const char *arg, bool descending)
{
	struct sorting sorting = {s, 0};
	struct saksi_order *o = NULL;
	struct buf text = BUF_INIT;
	enum saksi_err rc;

	if (s->n == 0)
		return SAKSI_OK;
	rc = saksi_order_new(&o, c->vault, descending, &c->err);
	for (size_t i = 0; i < s->n && rc == SAKSI_OK; i++)
		rc = add_key(c, o, s, i, &text, key, arg);
	if (rc == SAKSI_OK)
		rc = saksi_order_each(o, take_back, &sorting, &c->err);
	saksi_order_free(&o);
	buf_free(&text);
	return rc;
}
