/* Records as people see them: labels, values in words, who and when. */
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>
#include <saksi/base/text.h>

#include "output.h"
#include "terminal.h"
#include "view.h"

#define DATE_COLUMNS 22u /* "31 July 2020 or later" */

enum saksi_err view_get(struct cli *c, const struct saksi_id *id, int64_t as_of_us,
    struct saksi_record **r, json_t **json)
{
	struct saksi_record *mine = NULL;
	enum saksi_err rc = saksi_record_get(&mine, c->txn, id, as_of_us, &c->err);

	if (rc == SAKSI_OK && json != NULL)
		rc = saksi_record_json(json, c->txn, mine, saksi_team_device_name,
		    c->team, &c->err);
	if (rc == SAKSI_OK && r != NULL) {
		*r = mine;
		mine = NULL;
	}
	saksi_record_free(&mine);
	return rc;
}

void view_unread(struct cli *c, enum saksi_err rc)
{
	if (rc != SAKSI_ENOTFOUND && c->unread.code == SAKSI_OK)
		c->unread = c->err;
}

void view_ref(struct cli *c, struct buf *out, const char *text)
{
	struct saksi_id id;
	struct saksi_record *r = NULL;
	json_t *json = NULL;
	enum saksi_err rc;

	if (!id_parse(&id, text)) {
		buf_printf(out, "%s (not in the vault)", text);
		return;
	}
	rc = view_get(c, &id, c->as_of_us, &r, &json);
	if (rc == SAKSI_OK) {
		view_label(c, out, json);
		buf_printf(out, " (%.*s%s)", SHORT_ID, text,
		    r->state == RECORD_DELETED ? ", deleted" : "");
	} else {
		view_unread(c, rc);
		buf_printf(out, "%.*s (%s)", SHORT_ID, text,
		    rc != SAKSI_ENOTFOUND  ? "cannot be read"
			: c->as_of_us != 0 ? "not in the vault then"
					   : "not in the vault");
	}
	saksi_record_free(&r);
	json_decref(json);
}

static void view_source(struct cli *c, struct buf *out, const json_t *v)
{
	const char *item = json_string_value(json_object_get(v, "item"));
	const char *where = json_string_value(json_object_get(v, "locator"));

	if (item == NULL)
		item = json_string_value(v);
	if (item != NULL)
		view_ref(c, out, item);
	if (where != NULL)
		buf_printf(out, ", %s", where);
}

void view_values(struct cli *c, struct buf *out, const struct schema_field *f,
    const json_t *v)
{
	size_t i;
	const json_t *e;

	if (!json_is_array(v)) {
		view_value(c, out, f, v);
		return;
	}
	json_array_foreach (v, i, e) {
		if (i > 0)
			buf_add_str(out, ", ");
		view_value(c, out, f, e);
	}
}

static void view_group(struct cli *c, struct buf *out, const struct schema_field *f,
    const json_t *v)
{
	bool first = true;

	for (size_t i = 0; i < f->n_fields; i++) {
		const json_t *leaf = json_object_get(v, f->fields[i].name);

		/* Sources are beside the point of a line; show lists them below. */
		if (leaf == NULL || f->fields[i].kind == FIELD_SOURCE)
			continue;
		if (!first)
			buf_add_str(out, "; ");
		first = false;
		buf_printf(out, "%s: ", f->fields[i].name);
		view_values(c, out, &f->fields[i], leaf);
	}
}

/* "(alias)", "(acronym)"; a plain name needs no word. */
static void view_name_kind(struct buf *out, const json_t *name)
{
	const char *kind = view_text(name, "kind");

	if (kind[0] != '\0' && strcmp(kind, "name") != 0)
		buf_printf(out, " (%s)", kind);
}

void view_value(struct cli *c, struct buf *out, const struct schema_field *f,
    const json_t *v)
{
	const json_t *plain = value_plain(v);

	if (f->kind == FIELD_REF && json_is_string(plain))
		view_ref(c, out, json_string_value(plain));
	else if (f->kind == FIELD_SOURCE)
		view_source(c, out, plain);
	else if (f->kind == FIELD_GROUP && json_is_object(plain))
		view_group(c, out, f, plain);
	else
		value_text(out, c->schema, f, v);
	if (f->kind == FIELD_NAME)
		view_name_kind(out, plain);
}

const struct schema_field *view_field(struct cli *c, const char *type, const char *path)
{
	static const struct schema_field reserved[] = {
	    {.name = "class", .path = "class", .kind = FIELD_TEXT},
	    {.name = "ref", .path = "ref", .kind = FIELD_TEXT},
	    {.name = "type", .path = "type", .kind = FIELD_TEXT},
	};
	const struct schema_type *t;

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(reserved[i].path, path) == 0)
			return &reserved[i];
	t = schema_type(c->schema, type);
	return t != NULL ? schema_field(t, path) : NULL;
}

void view_any(struct cli *c, struct buf *out, const char *type, const char *path,
    const json_t *v)
{
	const struct schema_field *f = view_field(c, type, path);

	if (f != NULL)
		view_value(c, out, f, v);
	else if (strcmp(path, "deleted") == 0)
		buf_add_str(out, view_text(v, "reason"));
	else if (json_is_string(v))
		buf_add_str(out, json_string_value(v));
	else
		json_text(out, v);
}

size_t view_rivals(const struct saksi_record *r, size_t i)
{
	const struct record_value *v = r->values;
	size_t n = 0;

	if (!v[i].set || (i > 0 && strcmp(v[i - 1].field, v[i].field) == 0))
		return 0;
	while (i + n < r->n_visible && strcmp(v[i + n].field, v[i].field) == 0)
		n++;
	return n > 1 ? n : 0;
}

const char *view_device(struct cli *c, uint32_t branch)
{
	static char unknown[17];
	struct saksi_hash device;
	const char *name;
	enum saksi_err rc = saksi_log_device(c->txn, branch, &device, &c->err);

	if (rc != SAKSI_OK) {
		view_unread(c, rc);
		return "an unknown device";
	}
	name = saksi_team_device_name(c->team, &device);
	if (name != NULL && name[0] != '\0')
		return name;
	hash_short(unknown, &device);
	return unknown;
}

const char *view_date(const json_t *record)
{
	const json_t *d = value_plain(json_object_get(record, "date"));

	if (json_is_object(d))
		d = json_object_get(d, "edtf");
	return json_string_value(d);
}

void view_date_words(char out[DATE_WORDS], const json_t *record)
{
	const char *date = view_date(record);

	if (date == NULL)
		out[0] = '\0';
	else if (!edtf_long(out, DATE_WORDS, date))
		(void)snprintf(out, DATE_WORDS, "%.*s", (int)DATE_WORDS - 1, date);
}

const char *view_text(const json_t *record, const char *key)
{
	const char *s = json_string_value(json_object_get(record, key));

	return s != NULL ? s : "";
}

/* The newest visible one; NULL if there is none. */
static const struct record_value *deletion_of(const struct saksi_record *r)
{
	const struct record_value *d = NULL;

	for (size_t i = 0; i < r->n_visible; i++)
		if (strcmp(r->values[i].field, "deleted") == 0)
			d = &r->values[i];
	return d;
}

json_t *view_deletion(struct cli *c, const struct saksi_record *r)
{
	const struct record_value *d = deletion_of(r);
	json_t *o = json_object();

	obj_text(&o, "reason", view_reason(r));
	if (d != NULL) {
		obj_text(&o, "by", view_device(c, d->branch));
		obj_time(&o, "at", d->time_us);
	}
	return o;
}

void view_deleted_on(struct buf *out, const json_t *deletion)
{
	int64_t us;
	char at[24];

	buf_printf(out, "by %s", view_text(deletion, "by"));
	if (time_parse(&us, view_text(deletion, "at"))) {
		time_people(at, us);
		buf_printf(out, ", %s", at);
	}
}

const char *view_reason(const struct saksi_record *r)
{
	const struct record_value *d = deletion_of(r);

	return d != NULL ? view_text(d->value, "reason") : "";
}

void view_widths(struct view_columns *w, const json_t *record)
{
	char date[DATE_WORDS];
	size_t type = strlen(view_text(record, "type"));
	size_t columns;

	view_date_words(date, record);
	columns = text_columns(date, strlen(date));

	if (type > w->type)
		w->type = (unsigned)type;
	if (columns > w->date)
		w->date = columns < DATE_COLUMNS ? (unsigned)columns : DATE_COLUMNS;
}

void view_line(struct cli *c, FILE *f, const json_t *record, const struct view_columns *w)
{
	unsigned width = term_width(f);
	unsigned used = SHORT_ID + 2 + w->type + 2;
	unsigned room;
	size_t taken;
	char date[DATE_WORDS] = "";
	const char *ref = view_text(record, "ref");
	struct buf label = BUF_INIT;

	(void)fprintf(f, "%.*s  ", SHORT_ID, view_text(record, "id"));
	out_cell(f, view_text(record, "type"), w->type);
	(void)fputs("  ", f);
	if (w->date > 0) {
		/* A long one moves its own line to the right, up to a third of it. */
		unsigned columns;

		view_date_words(date, record);
		columns = (unsigned)text_columns(date, strlen(date));
		if (width > 0 && columns > width / 3)
			columns = width / 3;
		else if (columns < w->date)
			columns = width > 0 && w->date > width / 3 ? width / 3 : w->date;
		out_cell(f, date, columns);
		(void)fputs("  ", f);
		used += columns + 2;
	}
	room = width == 0 ? 0 : width > used + 5 ? width - used - 1 : 4;
	if (w->date > 0)
		view_title(c, &label, record, room);
	else
		view_label(c, &label, record);
	/* Half a ref cannot be typed; the id at the left does as well. */
	taken = text_columns(buf_cstr(&label), label.len) + 4 +
	    text_columns(ref, strlen(ref));
	if (ref[0] != '\0' && (room == 0 || taken <= room))
		buf_printf(&label, "  [%s]", ref);
	out_cell(f, buf_cstr(&label), room);
	(void)fputc('\n', f);
	buf_free(&label);
}
