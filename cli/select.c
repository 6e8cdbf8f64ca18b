/* The records that a query selects, found by the index. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
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

struct sortable {
	struct selected what;
	size_t key; /* where in the text of all keys its own begins, then its id */
};
struct sorting {
	struct buf keys;
	struct sortable *list;
	bool descending;
};

static enum saksi_err add_key(struct cli *c, struct sorting *o, const struct selection *s,
    size_t i, selection_key_fn *key, const char *arg)
{
	json_t *record = NULL;
	enum saksi_err rc = select_read(c, s->list[i].number, s->deleted, &record);

	if (rc != SAKSI_OK)
		return rc;
	o->list[i] = (struct sortable){s->list[i], o->keys.len};
	key(c, &o->keys, record, arg);
	buf_add(&o->keys, "", 1);
	buf_add_str(&o->keys, view_text(record, "id"));
	buf_add(&o->keys, "", 1);
	json_decref(record);
	return buf_ok(&o->keys, &c->err);
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct sorting *o = arg;
	const char *x = (const char *)o->keys.p + ((const struct sortable *)a)->key;
	const char *y = (const char *)o->keys.p + ((const struct sortable *)b)->key;
	int d = strcmp(x, y);

	if (d == 0)
		d = strcmp(x + strlen(x) + 1, y + strlen(y) + 1);
	return o->descending ? -d : d;
}

enum saksi_err selection_sort(struct cli *c, struct selection *s, selection_key_fn *key,
    const char *arg, bool descending)
{
	struct sorting o = {BUF_INIT, NULL, descending};
	enum saksi_err rc = SAKSI_OK;

	if (s->n == 0)
		return SAKSI_OK;
	if ((o.list = reallocarray(NULL, s->n, sizeof(*o.list))) == NULL)
		return saksi_fail_nomem(&c->err);
	for (size_t i = 0; i < s->n && rc == SAKSI_OK; i++)
		rc = add_key(c, &o, s, i, key, arg);
	if (rc == SAKSI_OK) {
		qsort_r(o.list, s->n, sizeof(*o.list), by_key, &o);
		for (size_t i = 0; i < s->n; i++)
			s->list[i] = o.list[i].what;
	}
	free(o.list);
	buf_free(&o.keys);
	return rc;
}
