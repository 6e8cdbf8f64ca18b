/*
 * schema_class.c - who may see what: classes of values, cutting to a ceiling.
 */
#include <string.h>

#include "schema_internal.h"

/* What an object states as its class; a letter that we do not know is S. */
static enum saksi_class stated_class(const json_t *o)
{
	const json_t *v = json_object_get(o, "class");
	if (v == NULL)
		return CLASS_NONE;
	enum saksi_class c = class_parse(json_string_value(v));
	return c == CLASS_NONE ? CLASS_S : c;
}

enum saksi_class schema_record_class(const json_t *record)
{
	enum saksi_class c = stated_class(record);
	return c == CLASS_NONE ? CLASS_C : c;
}

enum saksi_class schema_value_class(enum saksi_class record_class,
    const struct schema_field *f, const json_t *value)
{
	enum saksi_class c = record_class;
	if (c == CLASS_NONE)
		c = f->cls != CLASS_NONE ? f->cls : CLASS_C;
	if (f->sealed)
		c = CLASS_S;
	if (value_wrapped(value)) {
		enum saksi_class own = stated_class(value);
		c = own > c ? own : c;
	}
	return c;
}

/* ---- cutting ---------------------------------------------------------------- */

struct cutter {
	const struct schema *s;
	const struct schema_type *t;
	enum saksi_class record, ceiling;
	bool (*may_name)(void *ctx, const char *id);
	void *ctx;
	bool nomem;
};

/* Each of these returns a new value, or NULL when nothing of it may stay. */
static json_t *cut_entry(struct cutter *c, const struct schema_field *f, const json_t *v);

static json_t *keep(struct cutter *c, json_t *v)
{
	if (v == NULL)
		c->nomem = true;
	return v;
}

static void put(struct cutter *c, json_t *o, const char *key, json_t *v)
{
	if (v != NULL && json_object_set_new(o, key, v) != 0)
		c->nomem = true;
}

/* ${v}, or NULL when it holds nothing. */
static json_t *unless_empty(json_t *v)
{
	if ((json_is_object(v) && json_object_size(v) == 0) ||
	    (json_is_array(v) && json_array_size(v) == 0)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static bool may(const struct cutter *c, const json_t *id)
{
	const char *s = json_string_value(id);
	return s != NULL && (c->may_name == NULL || c->may_name(c->ctx, s));
}

static json_t *cut_sources(struct cutter *c, const json_t *sources)
{
	json_t *out = keep(c, json_array());
	for (size_t i = 0; out != NULL && i < json_array_size(sources); i++) {
		const json_t *x = json_array_get(sources, i);
		if (may(c, json_object_get(x, "item")) &&
		    json_array_append_new(out, json_deep_copy(x)) != 0)
			c->nomem = true;
	}
	return unless_empty(out);
}

/* An object as it is, but for its `source` and the key ${but}. */
static json_t *cut_object(struct cutter *c, const json_t *v, const char *but)
{
	const char *key;
	json_t *x;
	json_t *out = keep(c, json_object());
	json_object_foreach (json_loop(v), key, x) {
		if (strcmp(key, but) == 0)
			continue;
		if (strcmp(key, "source") == 0)
			put(c, out, key, cut_sources(c, x));
		else
			put(c, out, key, keep(c, json_deep_copy(x)));
	}
	return out;
}

static json_t *cut_list(struct cutter *c, const struct schema_field *f, const json_t *v)
{
	json_t *out = keep(c, json_array());
	for (size_t i = 0; out != NULL && i < json_array_size(v); i++) {
		json_t *x = cut_entry(c, f, json_array_get(v, i));
		if (x != NULL && json_array_append_new(out, x) != 0)
			c->nomem = true;
	}
	return unless_empty(out);
}

static json_t *cut_field(struct cutter *c, const struct schema_field *f, const json_t *v)
{
	return f->many ? cut_list(c, f, v) : cut_entry(c, f, v);
}

/* What a variant says is as secret as the field that it is about. */
static bool variant_sealed(const struct cutter *c, const struct schema_field *g,
    const json_t *v)
{
	const char *about =
	    strcmp(g->path, "variants") == 0 ? json_str(v, "about") : NULL;
	const struct schema_field *f = about != NULL ? schema_field(c->t, about) : NULL;
	return f != NULL && f->sealed;
}

static json_t *cut_group(struct cutter *c, const struct schema_field *g, const json_t *v)
{
	if (variant_sealed(c, g, v) && c->ceiling < CLASS_S)
		return NULL;
	json_t *out = keep(c, json_object());
	for (size_t i = 0; out != NULL && i < g->n_fields; i++) {
		const struct schema_field *f = &g->fields[i];
		const json_t *x = json_object_get(v, f->name);
		if (x == NULL)
			continue;
		json_t *y = cut_field(c, f, x);
		bool seen = schema_value_class(c->record, f, x) <= c->ceiling;
		bool unnamed = f->kind == FIELD_REF && seen;
		if (y == NULL && (f->required || unnamed)) {
			json_decref(out);
			return NULL;
		}
		put(c, out, f->name, y);
	}
	return unless_empty(out);
}

static json_t *cut_plain(struct cutter *c, const struct schema_field *f, const json_t *v)
{
	if (f->kind == FIELD_GROUP)
		return cut_group(c, f, v);
	if (f->kind == FIELD_REF && !may(c, v))
		return NULL;
	if (f->kind == FIELD_SOURCE &&
	    !may(c, json_is_string(v) ? v : json_object_get(v, "item")))
		return NULL;
	if (f->kind == FIELD_NAME && json_is_object(v))
		return cut_object(c, v, "");
	return keep(c, json_deep_copy(v));
}

static json_t *cut_entry(struct cutter *c, const struct schema_field *f, const json_t *v)
{
	if (schema_value_class(c->record, f, v) > c->ceiling)
		return NULL;
	json_t *plain = cut_plain(c, f, value_plain(v));
	if (plain == NULL || !value_wrapped(v))
		return plain;
	json_t *out = cut_object(c, v, "v");
	if (out == NULL || json_object_size(out) == 0) {
		json_decref(out);
		return plain;
	}
	put(c, out, "v", plain);
	return out;
}

static json_t *cut_single_group(struct cutter *c, const struct schema_field *g,
    const json_t *v)
{
	json_t *out = keep(c, json_object());
	for (size_t i = 0; out != NULL && i < g->n_fields; i++) {
		const json_t *x = json_object_get(v, g->fields[i].name);
		if (x != NULL)
			put(c, out, g->fields[i].name, cut_field(c, &g->fields[i], x));
	}
	return unless_empty(out);
}

/* The value of a rival that may stay; of the record's own class too. */
static json_t *cut_rival(struct cutter *c, const json_t *rival)
{
	const char *path = json_str(rival, "field");
	const json_t *v = json_object_get(rival, "value");
	if (path == NULL || v == NULL)
		return NULL;
	if (strcmp(path, "class") == 0) {
		enum saksi_class cls = class_parse(json_string_value(v));
		bool shown = cls != CLASS_NONE && cls <= c->ceiling;
		return shown ? keep(c, json_deep_copy(v)) : NULL;
	}
	const struct schema_field *f = schema_field(c->t, path);
	return f != NULL ? cut_entry(c, f, v) : NULL;
}

static json_t *cut_rivals(struct cutter *c, const json_t *rivals)
{
	json_t *out = keep(c, json_array());
	for (size_t i = 0; out != NULL && i < json_array_size(rivals); i++) {
		const json_t *r = json_array_get(rivals, i);
		json_t *v = cut_rival(c, r);
		if (v == NULL)
			continue;
		json_t *o = cut_object(c, r, "value");
		put(c, o, "value", v);
		/* Who in the team wrote it, and when, is nobody else's affair. */
		if (o != NULL && c->ceiling < CLASS_S) {
			json_object_del(o, "by");
			json_object_del(o, "at");
		}
		if (json_array_append_new(out, o) != 0)
			c->nomem = true;
	}
	return unless_empty(out);
}

static void cut_key(struct cutter *c, json_t *out, const char *key, const json_t *v)
{
	const struct schema_field *f = field_in(c->t->fields, c->t->n_fields, key);

	if (strcmp(key, "rivals") == 0)
		put(c, out, key, cut_rivals(c, v));
	else if (key_is_reserved(key) && strcmp(key, "v") != 0)
		put(c, out, key, keep(c, json_deep_copy(v)));
	else if (f != NULL)
		put(c, out, key,
		    field_is_single_group(f) ? cut_single_group(c, f, v)
					     : cut_field(c, f, v));
}

enum saksi_err schema_cut(json_t **out, const struct schema *s, const json_t *record,
    enum saksi_class ceiling, bool (*may_name)(void *ctx, const char *id), void *ctx,
    struct saksi_error *err)
{
	struct cutter c = {.s = s,
	    .t = schema_type(s, json_str(record, "type")),
	    .record = stated_class(record),
	    .ceiling = ceiling,
	    .may_name = may_name,
	    .ctx = ctx};
	const char *key;
	json_t *v;

	*out = NULL;
	/* What is above the ceiling stays, whatever it is. */
	if (schema_record_class(record) > ceiling)
		return SAKSI_OK;
	if (c.t == NULL)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "record: of no type that the schema has; "
		    "install the version that wrote it");
	json_t *o = keep(&c, json_object());
	json_object_foreach (json_loop(record), key, v) {
		if (o != NULL)
			cut_key(&c, o, key, v);
	}
	if (c.nomem) {
		json_decref(o);
		return saksi_fail_nomem(err);
	}
	*out = o;
	return SAKSI_OK;
}
