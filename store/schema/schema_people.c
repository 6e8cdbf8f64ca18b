/*
 * schema_people.c - values and records in words.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_internal.h"

static bool has_text(const json_t *o, const char *key)
{
	return json_str(o, key) != NULL;
}

/* Add ${s} after ${sep} unless it is the first or absent. */
static void join(struct buf *out, size_t start, const char *sep, const char *s)
{
	if (s == NULL)
		return;
	if (out->len > start)
		buf_add_str(out, sep);
	buf_add_str(out, s);
}

static void code_text(struct buf *out, const struct schema *s, const char *list,
    const char *code)
{
	const char *label = schema_code_label(s, list, code);
	buf_add_str(out, label != NULL ? label : code);
}

static void date_text(struct buf *out, const json_t *v)
{
	char words[200];
	const char *edtf = json_is_string(v) ? json_string_value(v) : json_str(v, "edtf");
	const char *stated = json_str(v, "stated");

	if (edtf != NULL && edtf_long(words, sizeof(words), edtf))
		buf_add_str(out, words);
	else if (edtf != NULL || stated != NULL)
		buf_add_str(out, edtf != NULL ? edtf : stated);
	else
		buf_add_str(out, "date unknown");
}

static void number_text(struct buf *out, const json_t *n)
{
	if (json_is_integer(n))
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(n));
	else
		buf_printf(out, "%.10g", json_real_value(n));
}

/* The exact place, what the source calls it, its part of the country, the country. */
static void place_text(struct buf *out, const json_t *v)
{
	size_t start = out->len;
	const char *part = json_str(v, "subdivision"), *country = json_str(v, "country");

	join(out, start, ", ", json_str(v, "exact"));
	join(out, start, ", ", json_str(v, "stated"));
	if (part != NULL && !has_text(v, "stated"))
		join(out, start, ", ", part);
	else
		join(out, start, ", ", country);
	if (out->len == start && json_is_number(json_object_get(v, "lat"))) {
		number_text(out, json_object_get(v, "lat"));
		buf_add_str(out, ", ");
		number_text(out, json_object_get(v, "lon"));
	}
}

static void quantity_text(struct buf *out, const json_t *v)
{
	const char *qualifier = json_str(v, "qualifier"), *stated = json_str(v, "stated");
	const json_t *n = json_object_get(v, "value");

	if (n == NULL) {
		buf_add_str(out, stated != NULL ? stated : "");
		return;
	}
	if (qualifier != NULL)
		buf_printf(out, "%s ", qualifier);
	number_text(out, n);
}

/* 4000000.50 as 4,000,000.50 */
static void amount_text(struct buf *out, const char *amount)
{
	size_t whole = strcspn(amount, ".");
	for (size_t i = 0; i < whole; i++) {
		if (i != 0 && (whole - i) % 3 == 0)
			buf_add_byte(out, ',');
		buf_add_byte(out, (uint8_t)amount[i]);
	}
	buf_add_str(out, amount + whole);
}

static void money_text(struct buf *out, const json_t *v)
{
	const char *amount = json_str(v, "amount"), *stated = json_str(v, "stated");
	const char *currency = json_str(v, "currency");

	if (amount == NULL) {
		buf_add_str(out, stated != NULL ? stated : "");
		return;
	}
	amount_text(out, amount);
	if (currency != NULL)
		buf_printf(out, " %s", currency);
}

/* P1Y6M as "1 year 6 months"; what is no ISO 8601 duration stays as it is. */
static void duration_text(struct buf *out, const char *s)
{
	static const struct {
		char unit;
		bool time;
		const char *name;
	} units[] = {{'Y', false, "year"}, {'M', false, "month"}, {'W', false, "week"},
	    {'D', false, "day"}, {'H', true, "hour"}, {'M', true, "minute"},
	    {'S', true, "second"}};
	bool time = false, first = true;

	if (strcmp(s, "LIFE") == 0)
		buf_add_str(out, "life");
	else if (!duration_valid(s))
		buf_add_str(out, s);
	else
		for (const char *p = s + 1; *p != '\0'; p++) {
			size_t n = strspn(p, "0123456789.,");
			if (*p == 'T') {
				time = true;
				continue;
			}
			for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
				if (units[i].unit == p[n] && units[i].time == time)
					buf_printf(out, "%s%.*s %s%s", first ? "" : " ",
					    (int)n, p, units[i].name,
					    n == 1 && *p == '1' ? "" : "s");
			first = false;
			p += n;
			if (*p == '\0')
				return;
		}
}

static void sanction_term(struct buf *out, const json_t *v)
{
	const char *term = json_str(v, "term");
	const char *min = json_str(v, "term_min"), *max = json_str(v, "term_max");

	if (term != NULL || min != NULL || max != NULL)
		buf_add_str(out, ", ");
	if (term != NULL)
		duration_text(out, term);
	if (min != NULL) {
		buf_add_str(out, max == NULL ? "at least " : "");
		duration_text(out, min);
	}
	if (max != NULL) {
		buf_add_str(out, min == NULL ? "up to " : " to ");
		duration_text(out, max);
	}
}

static void sanction_text(struct buf *out, const struct schema *s, const json_t *v)
{
	const char *kind = json_str(v, "kind"), *suspended = json_str(v, "suspended");
	const json_t *money = json_object_get(v, "money");

	if (kind != NULL)
		code_text(out, s, "sanction-kind", kind);
	sanction_term(out, v);
	if (suspended != NULL) {
		buf_add_str(out, ", suspended: ");
		duration_text(out, suspended);
	} else if (has_text(v, "suspended_stated")) {
		buf_printf(out, ", %s", json_str(v, "suspended_stated"));
	}
	if (money != NULL) {
		buf_add_str(out, ", ");
		money_text(out, money);
	}
	if (json_is_true(json_object_get(v, "collective")))
		buf_add_str(out, ", together");
}

static void source_text(struct buf *out, const json_t *v)
{
	const char *locator = json_str(v, "locator");
	const char *item = json_is_string(v) ? json_string_value(v) : json_str(v, "item");

	buf_add_str(out, item != NULL ? item : "");
	if (locator != NULL)
		buf_printf(out, ", %s", locator);
}

static void attachment_text(struct buf *out, const json_t *v)
{
	const char *key;
	json_t *x;
	bool first = true;
	json_object_foreach (json_loop(v), key, x) {
		buf_printf(out, "%s%s: ", first ? "" : ", ", key);
		if (json_is_string(x))
			buf_add_str(out, json_string_value(x));
		else
			number_text(out, x);
		first = false;
	}
}

/* "role: leader; organisation: ..." */
static void group_text(struct buf *out, const struct schema *s,
    const struct schema_field *g, const json_t *v)
{
	bool first = true;
	for (size_t i = 0; i < g->n_fields; i++) {
		const json_t *x = json_object_get(v, g->fields[i].name);
		if (x == NULL)
			continue;
		buf_add_str(out, first ? "" : "; ");
		for (const char *p = g->fields[i].name; *p != '\0'; p++)
			buf_add_byte(out, (uint8_t)(*p == '_' ? ' ' : *p));
		buf_add_str(out, ": ");
		value_text(out, s, &g->fields[i], x);
		first = false;
	}
}

static void plain_text(struct buf *out, const struct schema *s,
    const struct schema_field *f, const json_t *v)
{
	const char *text = json_string_value(v);

	switch (f->kind) {
	case FIELD_CODE:
		code_text(out, s, f->list, text != NULL ? text : "");
		return;
	case FIELD_DATE:
		date_text(out, v);
		return;
	case FIELD_NAME:
		buf_add_str(out,
		    text != NULL	      ? text
			: has_text(v, "text") ? json_str(v, "text")
					      : "");
		return;
	case FIELD_PLACE:
		place_text(out, v);
		return;
	case FIELD_NUMBER:
		quantity_text(out, v);
		return;
	case FIELD_MONEY:
		money_text(out, v);
		return;
	case FIELD_SANCTION:
		sanction_text(out, s, v);
		return;
	case FIELD_INT:
		number_text(out, v);
		return;
	case FIELD_GROUP:
		group_text(out, s, f, v);
		return;
	case FIELD_SOURCE:
		source_text(out, v);
		return;
	case FIELD_ATTACHMENT:
		attachment_text(out, v);
		return;
	case FIELD_TEXT:
	case FIELD_NOTE:
	case FIELD_TIME:
	case FIELD_REF:
	case FIELD_LANG:
	case FIELD_COUNTRY:
	case FIELD_YESNO:
		buf_add_str(out, text != NULL ? text : "");
		return;
	}
}

void value_text(struct buf *out, const struct schema *s, const struct schema_field *f,
    const json_t *v)
{
	if (!json_is_array(v)) {
		plain_text(out, s, f, value_plain(v));
		return;
	}
	for (size_t i = 0; i < json_array_size(v); i++) {
		buf_add_str(out, i != 0 ? "; " : "");
		plain_text(out, s, f, value_plain(json_array_get(v, i)));
	}
}

/* ---- records -------------------------------------------------------------------- */

/* The first name that is a name; failing that the first one of any kind. */
static const char *name_of(const json_t *record)
{
	const json_t *names = json_object_get(record, "names");
	const char *any = NULL;
	for (size_t i = 0; i < json_array_size(names); i++) {
		const json_t *n = value_plain(json_array_get(names, i));
		const char *text = json_str(n, "text"), *kind = json_str(n, "kind");
		if (text != NULL && (kind == NULL || strcmp(kind, "name") == 0))
			return text;
		any = any == NULL ? text : any;
	}
	return any;
}

static const char *text_of(const json_t *record, const char *key)
{
	return json_string_value(value_plain(json_object_get(record, key)));
}

/* Add a field in words after a separator; false if the record has none. */
static bool label_add(struct buf *out, size_t start, const char *sep,
    const struct schema *s, const struct schema_type *t, const json_t *record,
    const char *field)
{
	const struct schema_field *f = schema_field(t, field);
	const json_t *v = json_object_get(record, field);
	if (json_is_array(v))
		v = json_array_get(v, 0);
	if (f == NULL || v == NULL)
		return false;
	if (out->len > start)
		buf_add_str(out, sep);
	value_text(out, s, f, v);
	return true;
}

/* What is known by no title: what it is, with words and dates that tell it apart. */
static void label_made(struct buf *out, size_t start, const struct schema *s,
    const struct schema_type *t, const json_t *record)
{
	static const char *const more[] = {"position", "addressed_to_stated",
	    "connection", "date"};
	bool named = (schema_field(t, "local_kind") != NULL &&
	    label_add(out, start, "", s, t, record, "local_kind"));
	const struct schema_field *f = schema_field(t, t->label);

	if (!named && f != NULL && f->kind == FIELD_CODE)
		named = label_add(out, start, "", s, t, record, t->label);
	if (!named)
		buf_add_str(out, t->name);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		(void)label_add(out, start, ", ", s, t, record, more[i]);
}

void record_label(struct buf *out, const struct schema *s, const json_t *record)
{
	static const char *const instead[] = {"group_description", "pseudonym", "label"};
	const struct schema_type *t = schema_type(s, json_str(record, "type"));
	size_t start = out->len;

	if (t == NULL)
		return;
	const struct schema_field *f = schema_field(t, t->label);
	bool text = f != NULL && f->kind == FIELD_TEXT;
	const char *name = text ? text_of(record, t->label) : NULL;
	if (f != NULL && f->kind == FIELD_NAME)
		name = name_of(record);
	for (size_t i = 0; name == NULL && i < sizeof(instead) / sizeof(instead[0]); i++)
		name = schema_field(t, instead[i]) != NULL ? text_of(record, instead[i])
							   : NULL;
	if (name == NULL) {
		label_made(out, start, s, t, record);
		return;
	}
	buf_add_str(out, name);
	const char *article = text_of(record, "article");
	if (strcmp(t->name, "provision") == 0 && article != NULL)
		buf_printf(out, ", article %s", article);
}
