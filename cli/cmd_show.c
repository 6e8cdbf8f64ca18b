/* show: one record, its rivals, and what links to it. */
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/text.h>

#include "find.h"
#include "joined.h"
#include "links.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "terminal.h"
#include "view.h"

#define NAME_COLUMNS 20u

static const struct cli_option options[] = {
    {"as-of", 0, false, "DATE", "as it stood at the end of that day (UTC)"},
    {NULL, 0, false, NULL, NULL},
};

struct show {
	struct cli *c;
	struct saksi_id id;
	struct saksi_record *r;
	json_t *json;
	struct links links;
	struct joined joined;
	enum saksi_class cls;
	json_t *sources; /* of single values, numbered as they come */
};

/* The end of a day as claimed time, or a point in time as RFC 3339. */
static enum saksi_err as_of(int64_t *us, const char *text, struct saksi_error *err)
{
	struct edtf d;

	*us = 0;
	if (text == NULL || time_parse(us, text))
		return SAKSI_OK;
	if (edtf_parse(&d, text, NULL) != SAKSI_OK || d.latest == EDTF_DAY_MAX)
		return saksi_fail(err, SAKSI_EINVAL,
		    "--as-of: takes a day such as 2026-03-31, or a time such as "
		    "2026-03-31T12:00:00Z");
	*us = ((int64_t)d.latest + 1) * 86400 * 1000000 - 1;
	return SAKSI_OK;
}

/* ---- for people ------------------------------------------------------------------ */

/* The number under which a source is listed below. */
static size_t source_number(struct show *s, json_t *source)
{
	size_t i;
	const json_t *e;

	json_array_foreach (s->sources, i, e) {
		if (json_equal(e, source))
			return i + 1;
	}
	arr_add(&s->sources, json_incref(source));
	return json_array_size(s->sources);
}

static void source_marks(struct show *s, struct buf *out, const json_t *list)
{
	size_t i;
	json_t *e;

	json_array_foreach (list, i, e) {
		buf_printf(out, " [%zu]", source_number(s, e));
	}
}

/* What a value says of itself beside its content. */
static void marks(struct show *s, struct buf *out, const struct schema_field *f,
    const json_t *v)
{
	const json_t *plain = value_plain(v);
	enum saksi_class cls = schema_value_class(s->r->cls, f, v);

	if (f->kind == FIELD_NAME || f->kind == FIELD_GROUP)
		source_marks(s, out, json_object_get(plain, "source"));
	if (plain != v) {
		source_marks(s, out, json_object_get(v, "source"));
		if (view_text(v, "status")[0] != '\0')
			buf_printf(out, "  [%s]", view_text(v, "status"));
		if (view_text(v, "note")[0] != '\0')
			buf_printf(out, "  [note: %s]", view_text(v, "note"));
	}
	if (cls != s->cls)
		buf_printf(out, "  [class %c]", class_letter(cls));
}

static void print_value(struct show *s, const struct schema_field *f, const json_t *v,
    const char *name)
{
	struct buf text = BUF_INIT;

	view_value(s->c, &text, f, v);
	marks(s, &text, f, v);
	term_style(stdout, "2");
	out_name(stdout, name, 0, NAME_COLUMNS);
	term_style(stdout, "0");
	(void)fputs("  ", stdout);
	out_paragraph(stdout, buf_cstr(&text), NAME_COLUMNS + 2);
	(void)fputc('\n', stdout);
	buf_free(&text);
}

static void print_fields(struct show *s, const json_t *object,
    const struct schema_field *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_object_get(object, list[i].name);
		size_t k;
		const json_t *e;

		if (v == NULL)
			continue;
		if (list[i].kind == FIELD_GROUP && !list[i].many) {
			print_fields(s, v, list[i].fields, list[i].n_fields);
		} else if (list[i].many && json_is_array(v)) {
			json_array_foreach (v, k, e) {
				print_value(s, &list[i], e, k == 0 ? list[i].path : "");
			}
		} else {
			print_value(s, &list[i], v, list[i].path);
		}
	}
}

/* The ${n} rival values from ${first} on. */
static void print_rival_values(struct show *s, size_t first, size_t n)
{
	const char *field = s->r->values[first].field;

	if (n > 0)
		(void)printf("\nConflict in %s\n", field);
	for (size_t i = 0; i < n; i++) {
		const struct record_value *v = &s->r->values[first + i];
		struct buf text = BUF_INIT;
		char at[24];

		view_any(s->c, &text, s->r->type, field, v->value);
		time_people(at, v->time_us);
		(void)printf("  %zu  ", i + 1);
		out_paragraph(stdout, buf_cstr(&text), 5);
		(void)fputs("\n     by ", stdout);
		out_text(stdout, view_device(s->c, v->branch));
		(void)printf(", %s\n", at);
		buf_free(&text);
	}
	if (n > 0)
		(void)printf("  decide: saksi resolve %.*s %s --take NUMBER\n", SHORT_ID,
		    view_text(s->json, "id"), field);
}

static void print_rivals(struct show *s)
{
	const struct saksi_record *r = s->r;

	if (r->delete_conflict)
		(void)printf("\nOne deleted this record while another edited it (saksi "
			     "conflicts).\n");
	for (size_t i = 0; i < r->n_visible; i++)
		print_rival_values(s, i, view_rivals(r, i));
}

static void print_sources(struct show *s)
{
	static const struct schema_field source = {.kind = FIELD_SOURCE};
	size_t i;
	const json_t *e;

	if (json_array_size(s->sources) > 0)
		(void)fputs("\nSources\n", stdout);
	json_array_foreach (s->sources, i, e) {
		struct buf text = BUF_INIT;

		view_value(s->c, &text, &source, e);
		(void)printf("  [%zu] ", i + 1);
		out_paragraph(stdout, buf_cstr(&text), 6);
		(void)fputc('\n', stdout);
		buf_free(&text);
	}
}

static enum saksi_err print_links(struct show *s)
{
	size_t n;
	const struct link *l;
	enum saksi_err rc = links_to(&s->links, &s->id, &l, &n);

	if (n > 0)
		(void)fputs("\nLinked from\n", stdout);
	for (size_t i = 0; i < n && rc == SAKSI_OK; i++)
		rc = link_print(s->c, &l[i], false);
	return rc;
}

static void print_deletion(struct show *s)
{
	json_t *d = view_deletion(s->c, s->r);
	struct buf by = BUF_INIT;

	view_deleted_on(&by, d);
	(void)fputs("DELETED: ", stdout);
	out_paragraph(stdout, view_reason(s->r), 9);
	(void)fprintf(stdout, "\n%*s", 9, "");
	out_text(stdout, buf_cstr(&by));
	(void)printf("\n%*ssaksi undelete %.*s brings it back\n\n", 9, "", SHORT_ID,
	    view_text(s->json, "id"));
	buf_free(&by);
	json_decref(d);
}

static enum saksi_err print_text(struct show *s)
{
	const struct schema_type *t = schema_type(s->c->schema, s->r->type);
	struct buf label = BUF_INIT;

	view_label(s->c, &label, s->json);
	term_style(stdout, "1");
	out_text(stdout, buf_cstr(&label));
	term_style(stdout, "0");
	buf_free(&label);
	(void)printf("\n%s  %s", s->r->type, view_text(s->json, "id"));
	if (s->r->ref[0] != '\0') {
		(void)fputs("  ref ", stdout);
		out_text(stdout, s->r->ref);
	}
	(void)printf("  class %c%s\n\n", class_letter(s->cls),
	    s->r->cls == CLASS_NONE ? " (by field)" : "");
	if (s->r->state == RECORD_DELETED)
		print_deletion(s);
	if (t != NULL)
		print_fields(s, s->json, t->fields, t->n_fields);
	print_rivals(s);
	print_sources(s);
	enum saksi_err rc = print_links(s);
	return rc == SAKSI_OK ? joined_print(&s->joined, &s->links) : rc;
}

/* ---- for programs ---------------------------------------------------------------- */

static enum saksi_err print_json(struct show *s)
{
	json_t *o, *list;
	size_t n;
	const struct link *l;
	enum saksi_err rc = links_to(&s->links, &s->id, &l, &n);

	if (rc != SAKSI_OK)
		return rc;
	o = json_incref(s->json);
	list = json_array();

	for (size_t i = 0; i < n; i++) {
		char id[ID_TEXT_LEN + 1];
		json_t *e = json_object();

		id_text(id, &l[i].from);
		obj_text(&e, "id", id);
		obj_text(&e, "type", l[i].type);
		obj_text(&e, "field", l[i].field);
		arr_add(&list, e);
	}
	obj_set(&o, "links", list);
	if ((rc = joined_json(&s->joined, &s->links, &o)) != SAKSI_OK) {
		json_decref(o);
		return rc;
	}
	if (s->r->state == RECORD_DELETED)
		obj_set(&o, "deleted", view_deletion(s->c, s->r));
	return cli_out_json(s->c, o);
}

static enum saksi_err run(struct cli *c)
{
	struct show s = {.c = c};
	enum saksi_err rc = as_of(&c->as_of_us, cli_opt(c, "as-of"), &c->err);

	if (rc == SAKSI_OK)
		rc = cli_open(c);
	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	if (rc == SAKSI_OK)
		rc = cli_find(c, c->args[0], &s.id);
	if (rc == SAKSI_OK)
		rc = view_get(c, &s.id, c->as_of_us, &s.r, &s.json);
	if (rc == SAKSI_OK)
		rc = links_load(c, &s.links);
	if (rc == SAKSI_OK)
		rc = joined_load(&s.joined, c, &s.id);
	if (rc == SAKSI_OK) {
		s.sources = json_array();
		s.cls = s.r->cls != CLASS_NONE ? s.r->cls : CLASS_C;
		rc = c->json ? print_json(&s) : print_text(&s);
	}
	links_free(&s.links);
	joined_free(&s.joined);
	json_decref(s.sources);
	json_decref(s.json);
	saksi_record_free(&s.r);
	return rc;
}

const struct cli_command cmd_show = {
    .name = "show",
    .usage = "ID [--as-of DATE]",
    .brief = "a record, its conflicts, and what links to it",
    .help =
	"ID is an id, the beginning of one (4 letters or more), or a ref. Values above\n"
	"or below the record's own class say so. Records that are confirmed to be the same\n"
	"(`saksi link`) are named, with what refers to each. With --json: the interchange\n"
	"form, `links`, and `joined`. With --as-of: what was claimed to be known at the end\n"
	"of that day, in this record and in those that it names or that link to it.",
    .example = "saksi show per-kong-raiya\nsaksi show 4g7k --as-of 2026-03-31",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
