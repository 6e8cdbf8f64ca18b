/*
 * Who refers to whom: by the index, as things are; as they were, by one pass over all
 * records, since the index knows only the present.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/store/search.h>

#include "links.h"
#include "output.h"
#include "view.h"

struct links_of {
	struct saksi_id to;
	struct link *list;
	size_t n, cap;
};
struct gather {
	struct cli *c;
	const struct saksi_id *only; /* references to this one; NULL: all */
	struct link *list;
	size_t n, cap;
	struct saksi_id from;
	const char *type;
	bool failed;
};

static bool add_link(void *ctx, const struct schema_field *f, const char *text)
{
	struct gather *g = ctx;
	struct link *list;
	struct saksi_id to;

	if (!id_parse(&to, text) || (g->only != NULL && id_cmp(&to, g->only) != 0))
		return true;
	list = list_room(g->list, g->n, &g->cap, sizeof(*list));
	if (list == NULL) {
		g->failed = true;
		return false;
	}
	g->list = list;
	list[g->n++] = (struct link){to, g->from, g->type, f->path};
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

/* As it was at the time that the command asks for. */
static enum saksi_err look_at(void *ctx, const struct saksi_record *r,
    struct saksi_error *err)
{
	struct gather *g = ctx;
	struct saksi_record *then = NULL;
	enum saksi_err rc =
	    saksi_record_get(&then, g->c->txn, &r->id, g->c->as_of_us, err);

	if (rc == SAKSI_OK && then->state != RECORD_DELETED)
		rc = add_record(g, then, err);
	saksi_record_free(&then);
	return rc == SAKSI_ENOTFOUND ? SAKSI_OK : rc;
}

static enum saksi_err look_at_number(void *ctx, uint64_t number, struct saksi_error *err)
{
	struct gather *g = ctx;
	struct saksi_record *r = NULL;
	enum saksi_err rc = saksi_search_record(&r, g->c->txn, number, err);

	if (rc == SAKSI_OK && r->state != RECORD_DELETED)
		rc = add_record(g, r, err);
	saksi_record_free(&r);
	return rc;
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

static void in_order(struct link *list, size_t n)
{
	if (n > 0)
		qsort(list, n, sizeof(*list), by_target);
}

enum saksi_err links_load(struct cli *c, struct links *out)
{
	struct gather g = {.c = c};
	enum saksi_err rc;

	memset(out, 0, sizeof(*out));
	out->c = c;
	if (c->as_of_us == 0)
		return SAKSI_OK;
	rc = saksi_record_each(c->txn, true, look_at, &g, &c->err);
	if (rc != SAKSI_OK) {
		free(g.list);
		return rc;
	}
	in_order(g.list, g.n);
	out->whole = true;
	out->list = g.list;
	out->n = g.n;
	return SAKSI_OK;
}

static const struct link *find_in(const struct links *l, const struct saksi_id *id,
    size_t *n)
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

static enum saksi_err ask(struct links *l, const struct saksi_id *id,
    struct links_of **out)
{
	struct cli *c = l->c;
	struct gather g = {.c = c, .only = id};
	struct links_of **of, *one;
	enum saksi_err rc = saksi_search_links(c->txn, id, look_at_number, &g, &c->err);

	*out = NULL;
	if (rc != SAKSI_OK)
		goto fail;
	rc = SAKSI_ENOMEM;
	of = list_room((void *)l->of, l->n_of, &l->cap_of, sizeof(*of));
	if (of == NULL)
		goto fail;
	l->of = of;
	if ((one = calloc(1, sizeof(*one))) == NULL)
		goto fail;
	in_order(g.list, g.n);
	*one = (struct links_of){*id, g.list, g.n, g.cap};
	of[l->n_of++] = one;
	*out = one;
	return SAKSI_OK;
fail:
	free(g.list);
	return rc == SAKSI_ENOMEM ? saksi_fail_nomem(&c->err) : rc;
}

enum saksi_err links_to(struct links *l, const struct saksi_id *id,
    const struct link **list, size_t *n)
{
	struct links_of *of = NULL;
	enum saksi_err rc = SAKSI_OK;

	*list = NULL;
	*n = 0;
	if (l->whole) {
		*list = find_in(l, id, n);
		return SAKSI_OK;
	}
	for (size_t i = 0; i < l->n_of && of == NULL; i++)
		if (id_cmp(&l->of[i]->to, id) == 0)
			of = l->of[i];
	if (of == NULL)
		rc = ask(l, id, &of);
	if (rc != SAKSI_OK)
		return rc;
	*list = of->list;
	*n = of->n;
	return SAKSI_OK;
}

void links_free(struct links *l)
{
	for (size_t i = 0; i < l->n_of; i++) {
		free(l->of[i]->list);
		free(l->of[i]);
	}
	free((void *)l->of);
	free(l->list);
	memset(l, 0, sizeof(*l));
}

enum saksi_err link_print(struct cli *c, const struct link *l, bool of)
{
	struct buf label = BUF_INIT;
	json_t *from = NULL;
	char id[ID_TEXT_LEN + 1];
	enum saksi_err rc = view_get(c, &l->from, c->as_of_us, NULL, &from);

	if (rc == SAKSI_OK) {
		view_label(c, &label, from);
		if (of) {
			id_text(id, &l->to);
			buf_printf(&label, "  (of %.*s)", SHORT_ID, id);
		}
		id_text(id, &l->from);
		(void)printf("  %.*s  %-12s  %-20s  ", SHORT_ID, id, l->type, l->field);
		out_paragraph(stdout, buf_cstr(&label),
		    2 + SHORT_ID + 2 + 12 + 2 + 20 + 2);
		(void)fputc('\n', stdout);
	}
	json_decref(from);
	buf_free(&label);
	return rc;
}
