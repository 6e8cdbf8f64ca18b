/*
 * schema_value.c - checking of values that are objects.
 */
#include <string.h>

#include <saksi/base/mpjson.h>

#include "schema_internal.h"

/* ---- sets ------------------------------------------------------------------ */

void set_add(struct checker *c, json_t *set, json_t *array, json_t *v)
{
	struct buf b = BUF_INIT;
	bool ok = false;

	json_text(&b, v);
	const char *key = buf_cstr(&b);
	if (!b.failed)
		ok = json_object_get(set, key) != NULL ||
		    (json_object_set_new(set, key, json_true()) == 0 &&
			json_array_append(array, v) == 0);
	if (!ok)
		c->nomem = true;
	buf_free(&b);
	json_decref(v);
}

/* ---- objects ---------------------------------------------------------------- */

static void object_unknown_keys(struct checker *c, const json_t *v,
    const struct part *parts, size_t n, const char *what)
{
	const char *key;
	json_t *x;
	json_object_foreach (json_loop(v), key, x) {
		if (part_find(parts, n, key) != NULL)
			continue;
		struct text_near near;
		text_near_begin(&near, key);
		for (size_t i = 0; i < n; i++)
			(void)text_near_try(&near, parts[i].name);
		check_unknown(c, what, key, &near);
	}
}

/* One key into ${out}; false after a fault. */
static bool object_part(struct checker *c, json_t *out, const json_t *v,
    const struct part *p)
{
	const json_t *x = json_object_get(v, p->name);
	if (x == NULL && p->required)
		check_fault(c, "missing; it is required");
	if (x == NULL)
		return !p->required;
	json_t *y = check_part(c, p, x);
	if (y == NULL)
		return false;
	if (p->kind == PART_SOURCES && json_array_size(y) == 0) {
		json_decref(y);
		return true;
	}
	if (json_object_set_new(out, p->name, y) != 0)
		c->nomem = true;
	return true;
}

json_t *check_object(struct checker *c, const json_t *v, const struct part *parts,
    size_t n, const char *what)
{
	size_t errors = c->faults->n_errors;
	const char *part = c->part;

	if (!json_is_object(v)) {
		check_fault(c, "not an object; write {...} with the keys of %s", what);
		return NULL;
	}
	json_t *out = check_keep(c, json_object());
	object_unknown_keys(c, v, parts, n, what);
	for (size_t i = 0; out != NULL && i < n; i++) {
		c->part = parts[i].kind == PART_VALUE ? part : parts[i].name;
		(void)object_part(c, out, v, &parts[i]);
	}
	c->part = part;
	if (out != NULL && c->faults->n_errors == errors && json_object_size(out) == 0)
		check_fault(c, "holds nothing; leave the key out");
	if (c->faults->n_errors != errors || c->nomem) {
		json_decref(out);
		return NULL;
	}
	return out;
}

static bool has(const json_t *o, const char *key)
{
	return json_object_get(o, key) != NULL;
}

static bool is(const json_t *o, const char *key, const char *text)
{
	const char *s = json_str(o, key);
	return s != NULL && strcmp(s, text) == 0;
}

/* Refuse what the keys say together. */
static json_t *refuse(struct checker *c, json_t *o, const char *why)
{
	check_fault(c, "%s", why);
	json_decref(o);
	return NULL;
}

static json_t *date_finish(struct checker *c, json_t *o)
{
	if (is(o, "basis", "derived") && !has(o, "edtf"))
		return refuse(c, o, "derived, but has no edtf; write the date");
	if (!has(o, "edtf") && !has(o, "stated") && !is(o, "basis", "unknown"))
		return refuse(c, o, "no edtf; write the date, or basis unknown");
	if (is(o, "basis", "stated"))
		(void)json_object_del(o, "basis");
	if (json_object_size(o) > 1 || !has(o, "edtf"))
		return o;
	json_t *s = json_incref(json_object_get(o, "edtf"));
	json_decref(o);
	return s;
}

static json_t *place_finish(struct checker *c, json_t *o)
{
	const char *country = json_str(o, "country"), *part = json_str(o, "subdivision");

	if (has(o, "lat") != has(o, "lon"))
		return refuse(c, o, "lat without lon or lon without lat; write both");
	if (country != NULL && part != NULL && strncmp(country, part, 2) != 0)
		return refuse(c, o, "the subdivision is of another country; correct one");
	return o;
}

static json_t *money_finish(struct checker *c, json_t *o)
{
	if (has(o, "amount") != has(o, "currency"))
		return refuse(c, o,
		    "amount without currency or currency without amount; write both");
	if (!has(o, "amount") && !has(o, "stated"))
		return refuse(c, o,
		    "no amount; write it, or the words of the source as stated");
	return o;
}

static json_t *sanction_finish(struct checker *c, json_t *o)
{
	if (has(o, "term") && (has(o, "term_min") || has(o, "term_max")))
		return refuse(c, o,
		    "term beside term_min or term_max; write one or the other");
	if (json_is_false(json_object_get(o, "collective")))
		(void)json_object_del(o, "collective");
	return o;
}

static json_t *number_finish(struct checker *c, json_t *o)
{
	if (!has(o, "value") && !has(o, "stated"))
		return refuse(c, o,
		    "no value; write it, or the words of the source as stated");
	return o;
}

static json_t *name_finish(json_t *o)
{
	if (is(o, "kind", "name"))
		(void)json_object_del(o, "kind");
	return o;
}

/* {KEY: v}, for kinds where a bare value is an accepted short form. */
static json_t *bare(struct checker *c, const char *key, json_t *v)
{
	if (v == NULL)
		return NULL;
	json_t *o = json_object();
	if (json_object_set_new(o, key, v) != 0) {
		c->nomem = true;
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *check_money(struct checker *c, const json_t *v)
{
	size_t n;
	const struct part *parts = kind_parts(FIELD_MONEY, &n);
	json_t *o = check_object(c, v, parts, n, "money");
	return o != NULL ? money_finish(c, o) : NULL;
}

json_t *check_source(struct checker *c, const json_t *v)
{
	size_t n;
	const struct part *parts = kind_parts(FIELD_SOURCE, &n);
	if (json_is_string(v))
		return bare(c, "item", check_ref(c, v, "item"));
	return check_object(c, v, parts, n, "source");
}

json_t *check_sources(struct checker *c, const json_t *v)
{
	if (!json_is_array(v)) {
		check_fault(c, "not a list; write [{\"item\": ...}]");
		return NULL;
	}
	size_t errors = c->faults->n_errors;
	json_t *out = check_keep(c, json_array()), *set = check_keep(c, json_object());
	for (size_t i = 0; out != NULL && set != NULL && i < json_array_size(v); i++) {
		json_t *x = check_source(c, json_array_get(v, i));
		if (x != NULL)
			set_add(c, set, out, x);
	}
	json_decref(set);
	if (c->faults->n_errors != errors || c->nomem) {
		json_decref(out);
		return NULL;
	}
	return out;
}

/*
 * What attach wrote, coming back by import: named strings and numbers.  The
 * vault that holds the file knows what they must say.
 */
json_t *check_attachment(struct checker *c, const json_t *v)
{
	const char *key;
	json_t *x;
	size_t n = json_object_size(v);

	if (!json_is_object(v) || n == 0 || n > 32) {
		check_fault(c, "made by attach, never by hand; attach the file");
		return NULL;
	}
	json_t *out = check_keep(c, json_object());
	size_t errors = c->faults->n_errors;
	json_object_foreach (json_loop(v), key, x) {
		json_t *y = NULL;
		size_t len = strlen(key);
		if (len == 0 || len > 32 ||
		    strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
			check_fault(c, "made by attach, never by hand; attach the file");
		else if (json_is_string(x))
			y = check_text(c, x, false);
		else
			y = check_int(c, x);
		if (y != NULL && out != NULL && json_object_set_new(out, key, y) != 0)
			c->nomem = true;
	}
	if (c->faults->n_errors != errors || c->nomem) {
		json_decref(out);
		return NULL;
	}
	return out;
}

/* ---- any value --------------------------------------------------------------------- */

static json_t *check_object_kind(struct checker *c, const struct schema_field *f,
    const json_t *v)
{
	size_t n;
	const struct part *parts = kind_parts(f->kind, &n);
	json_t *o = check_object(c, v, parts, n, field_kind_name(f->kind));
	if (o == NULL)
		return NULL;
	if (f->kind == FIELD_DATE)
		return date_finish(c, o);
	if (f->kind == FIELD_PLACE)
		return place_finish(c, o);
	if (f->kind == FIELD_SANCTION)
		return sanction_finish(c, o);
	if (f->kind == FIELD_NUMBER)
		return number_finish(c, o);
	return name_finish(o);
}

json_t *check_value(struct checker *c, const struct schema_field *f, const json_t *v)
{
	if (value_wrapped(v)) {
		check_fault(c, "one {\"v\": ...} inside another; write the value itself");
		return NULL;
	}
	switch (f->kind) {
	case FIELD_TEXT:
		return check_text(c, v, false);
	case FIELD_NOTE:
		return check_text(c, v, true);
	case FIELD_CODE:
		return check_code(c, v, f->list);
	case FIELD_DATE:
		return json_is_string(v) ? check_edtf(c, v) : check_object_kind(c, f, v);
	case FIELD_TIME:
		return check_time(c, v);
	case FIELD_NAME:
		return json_is_string(v) ? bare(c, "text", check_text(c, v, false))
					 : check_object_kind(c, f, v);
	case FIELD_NUMBER:
		return json_is_number(v) ? bare(c, "value", check_number(c, v))
					 : check_object_kind(c, f, v);
	case FIELD_PLACE:
	case FIELD_SANCTION:
		return check_object_kind(c, f, v);
	case FIELD_MONEY:
		return check_money(c, v);
	case FIELD_REF:
		return check_ref(c, v, f->to);
	case FIELD_LANG:
		return check_lang(c, v);
	case FIELD_COUNTRY:
		return check_country(c, v);
	case FIELD_YESNO:
		return check_yesno(c, v);
	case FIELD_INT:
		return check_int(c, v);
	case FIELD_SOURCE:
		return check_source(c, v);
	case FIELD_ATTACHMENT:
		return check_attachment(c, v);
	case FIELD_GROUP:
		return check_group(c, f, v);
	}
	return NULL;
}
