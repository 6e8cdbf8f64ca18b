/* Who refers to whom, found by one pass over the visible records. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct gather {
	struct cli *c;
	struct links *out;
	struct saksi_id from;
	const char *type;
	bool failed;
};

static bool add_link(void *ctx, const struct schema_field *f, const char *text)
{
	struct gather *g = ctx;
	struct links *l = g->out;
	struct saksi_id to;

	if (!id_parse(&to, text))
		return true;
	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? l->cap * 2 : 256;
		struct link *list = reallocarray(l->list, cap, sizeof(*list));

		if (list == NULL) {
			g->failed = true;
			return false;
		}
		l->list = list;
		l->cap = cap;
	}
	l->list[l->n++] = (struct link){to, g->from, g->type, f->path};
	return true;
}

static enum saksi_err add_record(struct gather *g, const struct saksi_record *r,
    struct saksi_error *err)
{
	const struct schema_type *t = schema_type(g->c->schema, r->type);
	json_t *json = NULL;
	enum saksi_err rc;

	if (t == NULL)
		return SAKSI_OK;
	rc = saksi_record_json(&json, g->c->txn, r, NULL, NULL, err);
	if (rc != SAKSI_OK)
		return rc;
	g->from = r->id;
	g->type = t->name;
	record_refs(g->c->schema, json, add_link, g);
	json_decref(json);
	return g->failed ? saksi_fail_nomem(err) : SAKSI_OK;
}

/* As it is, or as it was at the time that the command asks for. */
static enum saksi_err look_at(void *ctx, const struct saksi_record *r,
    struct saksi_error *err)
{
	struct gather *g = ctx;
	struct saksi_record *then = NULL;
	enum saksi_err rc;

	if (g->c->as_of_us == 0)
		return add_record(g, r, err);
	rc = saksi_record_get(&then, g->c->txn, &r->id, g->c->as_of_us, err);
	if (rc == SAKSI_OK && then->state != RECORD_DELETED)
		rc = add_record(g, then, err);
	saksi_record_free(&then);
	return rc == SAKSI_ENOTFOUND ? SAKSI_OK : rc;
}

static int by_target(const void *a, const void *b)
{
	const struct link *x = a;
	const struct link *y = b;
	int d = id_cmp(&x->to, &y->to);

	if (d == 0)
		d = strcmp(x->type, y->type);
	if (d == 0)
		d = id_cmp(&x->from, &y->from);
	return d != 0 ? d : strcmp(x->field, y->field);
}

enum saksi_err links_load(struct cli *c, struct links *out)
{
	struct gather g = {.c = c, .out = out};
	enum saksi_err rc =
	    saksi_record_each(c->txn, c->as_of_us != 0, look_at, &g, &c->err);

	if (rc != SAKSI_OK) {
		links_free(out);
		return rc;
	}
	if (out->n > 0)
		qsort(out->list, out->n, sizeof(*out->list), by_target);
	return SAKSI_OK;
}

const struct link *links_to(const struct links *l, const struct saksi_id *id, size_t *n)
{
	size_t lo = 0;
	size_t hi = l->n;
	size_t end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (id_cmp(&l->list[mid].to, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < l->n && id_cmp(&l->list[end].to, id) == 0; end++)
		;
	*n = end - lo;
	return *n > 0 ? l->list + lo : NULL;
}

void links_free(struct links *l)
{
	free(l->list);
	memset(l, 0, sizeof(*l));
}
