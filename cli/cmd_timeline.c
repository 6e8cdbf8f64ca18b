/* timeline: acts, charges, decisions and interventions in date order. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "cli.h"

struct entry {
	struct saksi_id id;
	json_t *record;
	struct edtf date;
	bool dated;
};
struct line {
	struct cli *c;
	struct links links;
	struct entry *list;
	size_t n, cap;
};

static bool is_dated_type(const char *type)
{
	static const char *const types[] = {"act", "charge", "decision", "intervention"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static enum saksi_err add(struct line *l, const struct saksi_id *id)
{
	struct saksi_record *r = NULL;
	json_t *json = NULL;
	const char *date;
	struct entry *e;
	enum saksi_err rc;

	for (size_t i = 0; i < l->n; i++)
		if (id_cmp(&l->list[i].id, id) == 0)
			return SAKSI_OK;
	rc = view_get(l->c, id, 0, &r, &json);
	if (rc == SAKSI_ENOTFOUND || (rc == SAKSI_OK && r->state == RECORD_DELETED)) {
		saksi_record_free(&r);
		json_decref(json);
		return SAKSI_OK;
	}
	saksi_record_free(&r);
	if (rc != SAKSI_OK)
		return rc;
	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? l->cap * 2 : 32;
		struct entry *list = reallocarray(l->list, cap, sizeof(*list));

		if (list == NULL) {
			json_decref(json);
			return saksi_fail_nomem(&l->c->err);
		}
		l->list = list;
		l->cap = cap;
	}
	e = &l->list[l->n++];
	memset(e, 0, sizeof(*e));
	e->id = *id;
	e->record = json;
	date = view_date(json);
	e->dated = date != NULL && edtf_parse(&e->date, date, NULL) == SAKSI_OK;
	return SAKSI_OK;
}

/* What refers to ${id}; through its source alone does not count. */
static enum saksi_err add_linked(struct line *l, const struct saksi_id *id)
{
	size_t n;
	const struct link *list = links_to(&l->links, id, &n);
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++)
		if (is_dated_type(list[i].type) &&
		    strncmp(list[i].field, "source", 6) != 0)
			rc = add(l, &list[i].from);
	return rc;
}

struct inner {
	struct line *l;
	enum saksi_err rc;
};

static bool follow(void *ctx, const struct schema_field *f, const char *text)
{
	static const char *const through[] = {"subjects", "events", "proceedings",
	    "charges", "decisions"};
	struct inner *in = ctx;
	struct saksi_id id;

	for (size_t i = 0; i < sizeof(through) / sizeof(through[0]); i++) {
		if (strcmp(f->path, through[i]) != 0 || !id_parse(&id, text))
			continue;
		if (strcmp(f->path, "charges") == 0 || strcmp(f->path, "decisions") == 0)
			in->rc = add(in->l, &id);
		else
			in->rc = add_linked(in->l, &id);
	}
	return in->rc == SAKSI_OK;
}

/* A case or a proceeding has its course in what it lists. */
static enum saksi_err add_inner(struct line *l, const char *type, const json_t *record)
{
	struct inner in = {l, SAKSI_OK};

	if (strcmp(type, "case") == 0 || strcmp(type, "proceeding") == 0)
		record_refs(l->c->schema, record, follow, &in);
	return in.rc;
}

/* By the first possible day, then the last one; undated ones at the end. */
static int by_date(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	int32_t dx = x->date.earliest == EDTF_DAY_MIN ? x->date.latest : x->date.earliest;
	int32_t dy = y->date.earliest == EDTF_DAY_MIN ? y->date.latest : y->date.earliest;

	if (x->dated != y->dated)
		return x->dated ? -1 : 1;
	if (x->dated && dx != dy)
		return dx < dy ? -1 : 1;
	if (x->dated && x->date.latest != y->date.latest)
		return x->date.latest < y->date.latest ? -1 : 1;
	return id_cmp(&x->id, &y->id);
}

static enum saksi_err print_json(struct line *l, const struct entry *e)
{
	const char *date = view_date(e->record);
	struct buf label = BUF_INIT;
	json_t *o = json_object();

	view_label(l->c, &label, e->record);
	obj_set(&o, "date", date != NULL ? json_string(date) : json_null());
	obj_text(&o, "id", view_text(e->record, "id"));
	obj_text(&o, "type", view_text(e->record, "type"));
	if (view_text(e->record, "ref")[0] != '\0')
		obj_text(&o, "ref", view_text(e->record, "ref"));
	obj_text(&o, "label", buf_cstr(&label));
	buf_free(&label);
	return cli_out_json(l->c, o);
}

static void date_words(char words[96], const struct entry *e)
{
	const char *date = view_date(e->record);

	if (date == NULL)
		(void)snprintf(words, 96, "undated");
	else if (!edtf_long(words, 96, date))
		(void)snprintf(words, 96, "%.90s", date);
}

/* As wide as the longest date, so that nothing is cut in vain. */
static unsigned date_columns(const struct line *l)
{
	char words[96];
	size_t most = 10;

	for (size_t i = 0; i < l->n; i++) {
		date_words(words, &l->list[i]);
		if (text_columns(words, strlen(words)) > most)
			most = text_columns(words, strlen(words));
	}
	return most < 60 ? (unsigned)most : 60;
}

static void print_text(struct line *l, const struct entry *e, unsigned columns)
{
	struct buf label = BUF_INIT;
	char words[96];

	date_words(words, e);
	view_label(l->c, &label, e->record);
	out_cell(stdout, words, columns);
	(void)fputs("  ", stdout);
	out_cell(stdout, view_text(e->record, "type"), 12);
	(void)printf("  %.*s  ", SHORT_ID, view_text(e->record, "id"));
	out_text(stdout, buf_cstr(&label));
	(void)fputc('\n', stdout);
	buf_free(&label);
}

static enum saksi_err collect(struct line *l, const char *name)
{
	struct cli *c = l->c;
	struct saksi_id id;
	struct saksi_record *r = NULL;
	json_t *json = NULL;
	enum saksi_err rc = saksi_record_find(c->txn, name, &id, &c->err);

	if (rc == SAKSI_OK)
		rc = view_get(c, &id, 0, &r, &json);
	if (rc == SAKSI_OK)
		rc = links_load(c, &l->links);
	if (rc == SAKSI_OK && is_dated_type(r->type))
		rc = add(l, &id);
	if (rc == SAKSI_OK)
		rc = add_linked(l, &id);
	if (rc == SAKSI_OK)
		rc = add_inner(l, r->type, json);
	saksi_record_free(&r);
	json_decref(json);
	if (rc == SAKSI_OK && l->n > 0)
		qsort(l->list, l->n, sizeof(*l->list), by_date);
	return rc;
}

static enum saksi_err run(struct cli *c)
{
	struct line l = {.c = c};
	enum saksi_err rc = cli_open(c);

	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	if (rc == SAKSI_OK)
		rc = collect(&l, c->args[0]);
	for (size_t i = 0; i < l.n && rc == SAKSI_OK; i++) {
		if (c->json)
			rc = print_json(&l, &l.list[i]);
		else
			print_text(&l, &l.list[i], date_columns(&l));
	}
	if (rc == SAKSI_OK && l.n == 0 && !c->json)
		cli_say(c, "Nothing with a date refers to it.");
	for (size_t i = 0; i < l.n; i++)
		json_decref(l.list[i].record);
	free(l.list);
	links_free(&l.links);
	return rc;
}

const struct cli_command cmd_timeline = {
    .name = "timeline",
    .usage = "ID",
    .brief = "what happened, in date order",
    .help = "The acts, charges, decisions and interventions of a person, organisation,\n"
	    "event, proceeding or case by date; what has no date comes last.",
    .example = "saksi timeline per-kong-raiya",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
