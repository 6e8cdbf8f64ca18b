/* timeline: acts, charges, decisions and interventions in date order. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/text.h>

#include "find.h"
#include "joined.h"
#include "links.h"
#include "open.h"
#include "output.h"
#include "terminal.h"
#include "view.h"

struct entry {
	struct saksi_id id;
	json_t *record;
	struct edtf date;
	bool dated;
	bool whole;   /* what was decided on it belongs to the line too */
	bool folded;  /* an earlier one in the line tells of it */
	json_t *also; /* of an act that was told several times, or NULL */
};
struct line {
	struct cli *c;
	struct links links;
	struct joined joined; /* with whom it is about */
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

static enum saksi_err add(struct line *l, const struct saksi_id *id, bool whole)
{
	struct saksi_record *r = NULL;
	json_t *json = NULL;
	const char *date;
	struct entry *list, *e;
	enum saksi_err rc;

	for (size_t i = 0; i < l->n; i++)
		if (id_cmp(&l->list[i].id, id) == 0) {
			l->list[i].whole = l->list[i].whole || whole;
			return SAKSI_OK;
		}
	rc = view_get(l->c, id, 0, &r, &json);
	if (rc == SAKSI_ENOTFOUND || (rc == SAKSI_OK && r->state == RECORD_DELETED)) {
		saksi_record_free(&r);
		json_decref(json);
		return SAKSI_OK;
	}
	saksi_record_free(&r);
	if (rc != SAKSI_OK)
		return rc;
	if ((list = list_room(l->list, l->n, &l->cap, sizeof(*list))) == NULL) {
		json_decref(json);
		return saksi_fail_nomem(&l->c->err);
	}
	l->list = list;
	e = &l->list[l->n++];
	memset(e, 0, sizeof(*e));
	e->id = *id;
	e->record = json;
	e->whole = whole;
	date = view_date(json);
	e->dated = date != NULL && edtf_parse(&e->date, date, NULL) == SAKSI_OK;
	return SAKSI_OK;
}

/* What refers to ${id}; through its source alone does not count. */
static enum saksi_err add_linked(struct line *l, const struct saksi_id *id, bool whole)
{
	size_t n;
	const struct link *list;
	enum saksi_err rc = links_to(&l->links, id, &list, &n);

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++)
		if (is_dated_type(list[i].type) &&
		    strncmp(list[i].field, "source", 6) != 0)
			rc = add(l, &list[i].from, whole);
	return rc;
}

struct inner {
	struct line *l;
	bool loose; /* only decisions that name no charge */
	enum saksi_err rc;
};

/* Decisions, and without ${loose} charges, that a proceeding lists. */
static bool follow_proceeding(void *ctx, const struct schema_field *f, const char *text)
{
	struct inner *in = ctx;
	struct saksi_id id;
	json_t *decision = NULL;

	if (!id_parse(&id, text))
		return true;
	if (strcmp(f->path, "charges") == 0 && !in->loose)
		in->rc = add(in->l, &id, true);
	if (strcmp(f->path, "decisions") != 0)
		return in->rc == SAKSI_OK;
	if (in->loose)
		in->rc = view_get(in->l->c, &id, 0, NULL, &decision);
	if (in->rc == SAKSI_OK && json_object_get(decision, "charges") == NULL)
		in->rc = add(in->l, &id, true);
	if (in->rc == SAKSI_ENOTFOUND)
		in->rc = SAKSI_OK;
	json_decref(decision);
	return in->rc == SAKSI_OK;
}

static enum saksi_err add_proceeding(struct line *l, const struct saksi_id *id, bool loose)
{
	struct inner in = {l, loose, SAKSI_OK};
	struct saksi_record *r = NULL;
	json_t *json = NULL;
	enum saksi_err rc = view_get(l->c, id, 0, &r, &json);

	if (rc == SAKSI_OK && r->state != RECORD_DELETED) {
		record_refs(l->c->schema, json, follow_proceeding, &in);
		rc = in.rc;
		if (rc == SAKSI_OK && !loose)
			rc = add_linked(l, id, true);
	}
	saksi_record_free(&r);
	json_decref(json);
	return rc == SAKSI_ENOTFOUND ? SAKSI_OK : rc;
}

/* Of a person in a case only what names that person. */
static bool follow_case(void *ctx, const struct schema_field *f, const char *text)
{
	struct inner *in = ctx;
	struct saksi_id id;

	if (!id_parse(&id, text))
		return true;
	if (strcmp(f->path, "subjects") == 0)
		in->rc = add_linked(in->l, &id, false);
	else if (strcmp(f->path, "events") == 0)
		in->rc = add_linked(in->l, &id, true);
	else if (strcmp(f->path, "proceedings") == 0)
		in->rc = add_proceeding(in->l, &id, false);
	return in->rc == SAKSI_OK;
}

/* What was decided on one charge, or on appeal of one decision. */
static enum saksi_err add_outcome(struct line *l, const struct saksi_id *id, bool charge)
{
	size_t n;
	const struct link *list;
	enum saksi_err rc = links_to(&l->links, id, &list, &n);

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		const char *by = list[i].field;

		if (strcmp(list[i].type, "decision") == 0 &&
		    strcmp(by, charge ? "charges" : "appeal_of") == 0)
			rc = add(l, &list[i].from, true);
		else if (charge && strcmp(list[i].type, "proceeding") == 0 &&
		    strcmp(by, "charges") == 0)
			rc = add_proceeding(l, &list[i].from, true);
	}
	return rc;
}

/* The list grows while it is walked: an appeal of an appeal. */
static enum saksi_err add_outcomes(struct line *l)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < l->n && rc == SAKSI_OK; i++) {
		const char *type = view_text(l->list[i].record, "type");
		struct saksi_id id = l->list[i].id;

		if (l->list[i].whole && strcmp(type, "charge") == 0)
			rc = add_outcome(l, &id, true);
		else if (l->list[i].whole && strcmp(type, "decision") == 0)
			rc = add_outcome(l, &id, false);
	}
	return rc;
}

static enum saksi_err add_all(struct line *l, const struct saksi_id *id, const char *type,
    const json_t *record)
{
	struct inner in = {l, false, SAKSI_OK};
	bool party = strcmp(type, "person") == 0 || strcmp(type, "organisation") == 0;
	enum saksi_err rc = SAKSI_OK;

	if (is_dated_type(type))
		rc = add(l, id, true);
	if (rc == SAKSI_OK)
		rc = add_linked(l, id, !party);
	if (rc == SAKSI_OK && strcmp(type, "proceeding") == 0)
		rc = add_proceeding(l, id, false);
	if (rc == SAKSI_OK && strcmp(type, "case") == 0) {
		record_refs(l->c->schema, record, follow_case, &in);
		rc = in.rc;
	}
	return rc == SAKSI_OK ? add_outcomes(l) : rc;
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

/* ---- what is confirmed to be one ------------------------------------------------- */

static enum saksi_err add_joined(struct line *l, const struct saksi_id *id)
{
	struct saksi_record *r = NULL;
	json_t *json = NULL;
	enum saksi_err rc = view_get(l->c, id, 0, &r, &json);

	if (rc == SAKSI_OK)
		rc = add_all(l, id, r->type, json);
	saksi_record_free(&r);
	json_decref(json);
	return rc;
}

/* An act that was told several times is one line. */
static enum saksi_err fold(struct line *l, size_t at)
{
	struct entry *e = &l->list[at];
	struct joined j;
	enum saksi_err rc;

	if (e->folded || strcmp(view_text(e->record, "type"), "act") != 0)
		return SAKSI_OK;
	rc = joined_load(&j, l->c, &e->id);
	for (size_t i = at + 1; i < l->n && rc == SAKSI_OK; i++)
		l->list[i].folded = l->list[i].folded || joined_has(&j, &l->list[i].id);
	if (rc == SAKSI_OK && j.with.n > 0) {
		e->also = json_object();
		rc = joined_also(&j, e->record, &e->also);
	}
	joined_free(&j);
	return rc;
}

static enum saksi_err fold_all(struct line *l)
{
	size_t n = 0;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < l->n && rc == SAKSI_OK; i++)
		rc = fold(l, i);
	for (size_t i = 0; i < l->n; i++) {
		if (l->list[i].folded)
			json_decref(l->list[i].record);
		else
			l->list[n++] = l->list[i];
	}
	l->n = n;
	return rc;
}

/* ---- output ------------------------------------------------------------------------ */

static void json_on(struct line *l, json_t **o, const struct entry *e)
{
	const struct saksi_id *on = joined_hangs_on(&l->joined, e->record);
	char id[ID_TEXT_LEN + 1];

	if (on == NULL)
		return;
	id_text(id, on);
	obj_text(o, "on", id);
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
	json_on(l, &o, e);
	if (o != NULL && e->also != NULL && json_object_update(o, e->also) != 0) {
		json_decref(o);
		o = NULL;
	}
	return cli_out_json(l->c, o);
}

static void date_words(char words[DATE_WORDS], const struct entry *e)
{
	view_date_words(words, e->record);
	if (words[0] == '\0')
		(void)snprintf(words, DATE_WORDS, "undated");
}

/* As wide as the longest date, so that nothing is cut in vain. */
static unsigned date_columns(const struct line *l)
{
	char words[DATE_WORDS];
	size_t most = 10;
	unsigned width = term_width(stdout);

	for (size_t i = 0; i < l->n; i++) {
		date_words(words, &l->list[i]);
		if (text_columns(words, strlen(words)) > most)
			most = text_columns(words, strlen(words));
	}
	most = most < 60 ? most : 60;
	return width > 0 && most > width / 3 ? width / 3 : (unsigned)most;
}

static void print_text(struct line *l, const struct entry *e, unsigned columns)
{
	const struct saksi_id *on = joined_hangs_on(&l->joined, e->record);
	struct buf title = BUF_INIT;
	char words[DATE_WORDS];

	date_words(words, e);
	view_title(l->c, &title, e->record, 0);
	if (on != NULL) {
		buf_add_str(&title, "  (of ");
		joined_label(l->c, &title, on);
		buf_add_byte(&title, ')');
	}
	joined_say_also(l->c, &title, e->also);
	out_name(stdout, words, 0, columns);
	(void)fputs("  ", stdout);
	out_cell(stdout, view_text(e->record, "type"), 12);
	(void)printf("  %.*s  ", SHORT_ID, view_text(e->record, "id"));
	out_paragraph(stdout, buf_cstr(&title), columns + 2 + 12 + 2 + SHORT_ID + 2);
	(void)fputc('\n', stdout);
	buf_free(&title);
}

static enum saksi_err collect(struct line *l, const char *name)
{
	struct cli *c = l->c;
	struct saksi_id id;
	struct saksi_record *r = NULL;
	json_t *json = NULL;
	enum saksi_err rc = cli_find(c, name, &id);

	if (rc == SAKSI_OK)
		rc = view_get(c, &id, 0, &r, &json);
	if (rc == SAKSI_OK)
		rc = links_load(c, &l->links);
	if (rc == SAKSI_OK)
		rc = add_all(l, &id, r->type, json);
	saksi_record_free(&r);
	json_decref(json);
	if (rc == SAKSI_OK)
		rc = joined_load(&l->joined, c, &id);
	for (size_t i = 0; i < l->joined.with.n && rc == SAKSI_OK; i++)
		rc = add_joined(l, &l->joined.with.list[i].other);
	if (rc == SAKSI_OK && l->n > 0)
		qsort(l->list, l->n, sizeof(*l->list), by_date);
	return rc == SAKSI_OK ? fold_all(l) : rc;
}

static enum saksi_err run(struct cli *c)
{
	struct line l = {.c = c};
	unsigned columns;
	enum saksi_err rc = cli_open(c);

	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	if (rc == SAKSI_OK)
		rc = collect(&l, c->args[0]);
	columns = date_columns(&l);
	for (size_t i = 0; i < l.n && rc == SAKSI_OK; i++) {
		if (c->json)
			rc = print_json(&l, &l.list[i]);
		else
			print_text(&l, &l.list[i], columns);
	}
	if (rc == SAKSI_OK && l.n == 0 && !c->json)
		cli_say(c, "Nothing with a date refers to it.");
	for (size_t i = 0; i < l.n; i++) {
		json_decref(l.list[i].record);
		json_decref(l.list[i].also);
	}
	free(l.list);
	links_free(&l.links);
	joined_free(&l.joined);
	return rc;
}

const struct cli_command cmd_timeline = {
    .name = "timeline",
    .usage = "ID",
    .brief = "what happened, in date order",
    .help =
	"The acts, charges, decisions and interventions of a person, organisation,\n"
	"event, proceeding or case by date; what has no date comes last. An event, a\n"
	"proceeding and a case have the decisions on their charges too, and appeals. What\n"
	"is confirmed to be the same (`saksi link`) is in one line of time: each entry of\n"
	"another record says of which, and acts that are the same are one entry with all\n"
	"their sources. With --json: `on`, `same`, `sources`.",
    .example = "saksi timeline per-kong-raiya",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
