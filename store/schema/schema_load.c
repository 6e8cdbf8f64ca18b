/*
 * schema_load.c - schema.json to types and fields.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/list.h>
#include <saksi/base/mpjson.h>

#include "schema_internal.h"

#define SCHEMA_VERSION 1

void *pool_alloc(struct pool *p, size_t n, size_t size)
{
	void **q = list_room(p->p, p->n, &p->cap, sizeof(*q));
	if (q == NULL)
		return NULL;
	p->p = q;
	void *m = calloc(n ? n : 1, size);
	if (m != NULL)
		p->p[p->n++] = m;
	return m;
}

void pool_free(struct pool *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->p[i]);
	free(p->p);
	*p = (struct pool){NULL, 0, 0};
}

/* "v" marks a value with its own class; the other reserved keys are a record's. */
static bool name_ok(const char *s, bool inner)
{
	size_t n = strlen(s);
	return n >= 1 && n <= 32 && s[0] >= 'a' && s[0] <= 'z' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n &&
	    (inner ? strcmp(s, "v") != 0 : !key_is_reserved(s));
}

static enum saksi_err bad(struct saksi_error *err, const char *where, const char *why)
{
	return saksi_fail(err, SAKSI_EFORMAT,
	    "schema.json: %s: %s; put the data file of this version back", where, why);
}

static bool kind_parse(enum field_kind *out, const char *s)
{
	for (int k = FIELD_TEXT; s != NULL && k <= FIELD_ATTACHMENT; k++)
		if (strcmp(field_kind_name((enum field_kind)k), s) == 0) {
			*out = (enum field_kind)k;
			return true;
		}
	return false;
}

/* Read a flag or string that may be absent; anything else is a mistake. */
static bool flag_in(bool *out, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	*out = json_is_true(v);
	return v == NULL || json_is_boolean(v);
}

static bool str_in(const char **out, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	*out = json_string_value(v);
	return v == NULL || json_is_string(v);
}

static bool keys_known(const json_t *o)
{
	static const char *const known[] = {"kind", "many", "required", "sealed", "class",
	    "list", "to", "esf", "fields", "about", "future"};
	const char *key;
	json_t *v;
	json_object_foreach (json_loop(o), key, v) {
		size_t i = 0;
		while (i < sizeof(known) / sizeof(known[0]) && strcmp(known[i], key) != 0)
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			return false;
	}
	return true;
}

static enum saksi_err fields_load(struct schema *s, const struct schema_field **out,
    size_t *n_out, const json_t *o, const struct schema_field *group,
    struct saksi_error *err);

/* What a field says about itself must make sense as a whole. */
static const char *field_mistake(const struct schema_field *f, const json_t *o,
    const struct schema_field *group)
{
	if ((f->kind == FIELD_GROUP) != (json_object_get(o, "fields") != NULL))
		return "a group, and nothing else, has fields";
	if (f->kind == FIELD_GROUP && group != NULL)
		return "a group inside a group";
	if ((f->kind == FIELD_CODE) != (f->list != NULL))
		return "a code, and nothing else, has a list";
	if ((f->kind == FIELD_REF) != (f->to != NULL))
		return "a reference, and nothing else, has a target";
	return NULL;
}

static enum saksi_err field_path(struct schema *s, struct schema_field *f,
    const struct schema_field *group, struct saksi_error *err)
{
	f->path = f->name;
	if (group == NULL)
		return SAKSI_OK;
	size_t n = strlen(group->name) + 1 + strlen(f->name) + 1;
	char *path = pool_alloc(&s->pool, n, 1);
	if (path == NULL)
		return saksi_fail_nomem(err);
	memcpy(path, group->name, strlen(group->name));
	path[strlen(group->name)] = '.';
	memcpy(path + strlen(group->name) + 1, f->name, strlen(f->name) + 1);
	f->path = path;
	return SAKSI_OK;
}

static enum saksi_err field_load(struct schema *s, struct schema_field *f,
    const char *name, const json_t *o, const struct schema_field *group,
    struct saksi_error *err)
{
	const char *cls;

	f->name = name;
	if (!name_ok(name, group != NULL))
		return bad(err, "a field",
		    "its name is not of a-z, 0-9, _ or is reserved");
	enum saksi_err e = field_path(s, f, group, err);
	if (e != SAKSI_OK)
		return e;
	if (!json_is_object(o) || !keys_known(o))
		return bad(err, f->path, "has a key that is not known");
	if (!kind_parse(&f->kind, json_str(o, "kind")))
		return bad(err, f->path, "its kind is not known");
	if (!flag_in(&f->many, o, "many") || !flag_in(&f->required, o, "required") ||
	    !flag_in(&f->sealed, o, "sealed") || !str_in(&cls, o, "class") ||
	    !str_in(&f->list, o, "list") || !str_in(&f->to, o, "to") ||
	    !str_in(&f->esf, o, "esf") || !str_in(&f->about, o, "about") ||
	    !flag_in(&f->future, o, "future"))
		return bad(err, f->path, "a key holds the wrong type");
	if (cls != NULL && (f->cls = class_parse(cls)) == CLASS_NONE)
		return bad(err, f->path, "its class is none of P R C S");
	const char *why = field_mistake(f, o, group);
	if (why != NULL)
		return bad(err, f->path, why);
	if (group != NULL) {
		f->sealed = f->sealed || group->sealed;
		f->cls = f->cls == CLASS_NONE ? group->cls : f->cls;
	}
	if (f->kind == FIELD_GROUP)
		return fields_load(s, &f->fields, &f->n_fields,
		    json_object_get(o, "fields"), f, err);
	return SAKSI_OK;
}

static enum saksi_err fields_load(struct schema *s, const struct schema_field **out,
    size_t *n_out, const json_t *o, const struct schema_field *group,
    struct saksi_error *err)
{
	const char *where = group != NULL ? group->name : "a type";
	size_t n = json_object_size(o);
	if (!json_is_object(o) || n == 0 || n > SCHEMA_FIELDS_MAX)
		return bad(err, where, "has no fields or too many");
	struct schema_field *f = pool_alloc(&s->pool, n, sizeof(*f));
	if (f == NULL)
		return saksi_fail_nomem(err);

	size_t i = 0;
	const char *key;
	json_t *v;
	json_object_foreach (json_loop(o), key, v) {
		enum saksi_err e = field_load(s, &f[i], key, v, group, err);
		if (e != SAKSI_OK)
			return e;
		i++;
	}
	*out = f;
	*n_out = n;
	return SAKSI_OK;
}

/* The two fields of which one should say who or what a record is. */
static enum saksi_err type_named(struct schema_type *t, const json_t *list,
    struct saksi_error *err)
{
	if (list == NULL)
		return SAKSI_OK;
	for (size_t i = 0; i < 2; i++) {
		t->named[i] = json_string_value(json_array_get(list, i));
		if (t->named[i] == NULL ||
		    field_in(t->fields, t->n_fields, t->named[i]) == NULL)
			return bad(err, t->name, "named_by is not two of its fields");
	}
	return SAKSI_OK;
}

/* Own fields first, then those common ones that the type does not define itself. */
static enum saksi_err type_load(struct schema *s, struct schema_type *t, const char *name,
    const json_t *o, const struct schema_field *common, size_t n_common,
    struct saksi_error *err)
{
	const struct schema_field *own = NULL;
	size_t n_own = 0;

	t->name = name;
	t->label = json_str(o, "label");
	t->about = json_str(o, "about");
	if (!name_ok(name, false) || !json_is_object(o))
		return bad(err, "a type", "is not an object with a name");
	enum saksi_err e =
	    fields_load(s, &own, &n_own, json_object_get(o, "fields"), NULL, err);
	if (e != SAKSI_OK)
		return e;
	struct schema_field *all = pool_alloc(&s->pool, n_own + n_common, sizeof(*all));
	if (all == NULL)
		return saksi_fail_nomem(err);
	memcpy(all, own, n_own * sizeof(*all));
	t->fields = all;
	t->n_fields = n_own;
	for (size_t i = 0; i < n_common; i++)
		if (field_in(own, n_own, common[i].name) == NULL)
			all[t->n_fields++] = common[i];
	if (t->label == NULL || field_in(t->fields, t->n_fields, t->label) == NULL)
		return bad(err, name, "its label is not one of its fields");
	return type_named(t, json_object_get(o, "named_by"), err);
}

static enum saksi_err types_load(struct schema *s, struct saksi_error *err)
{
	const struct schema_field *common = NULL;
	size_t n_common = 0;
	enum saksi_err e = fields_load(s, &common, &n_common,
	    json_object_get(s->json, "common"), NULL, err);
	if (e != SAKSI_OK)
		return e;
	json_t *types = json_object_get(s->json, "types");
	size_t n = json_object_size(types);
	if (n == 0 || n > SCHEMA_FIELDS_MAX)
		return bad(err, "types", "has no types or too many");
	s->types = pool_alloc(&s->pool, n, sizeof(*s->types));
	if (s->types == NULL)
		return saksi_fail_nomem(err);
	const char *key;
	json_t *v;
	json_object_foreach (types, key, v) {
		e = type_load(s, &s->types[s->n_types], key, v, common, n_common, err);
		if (e != SAKSI_OK)
			return e;
		s->n_types++;
	}
	return SAKSI_OK;
}

/* Targets and lists can only be looked up once all is loaded. */
static enum saksi_err fields_link(const struct schema *s, const struct schema_field *f,
    size_t n, struct saksi_error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (f[i].to != NULL && strcmp(f[i].to, "party") != 0 &&
		    strcmp(f[i].to, "any") != 0 && schema_type(s, f[i].to) == NULL)
			return bad(err, f[i].path, "its target is no type");
		if (f[i].list != NULL && !list_is_thesaurus(f[i].list) &&
		    strncmp(f[i].list, "x-", 2) != 0 && !list_is_closed(s, f[i].list))
			return bad(err, f[i].path, "its list is not known");
		enum saksi_err e = fields_link(s, f[i].fields, f[i].n_fields, err);
		if (e != SAKSI_OK)
			return e;
	}
	return SAKSI_OK;
}

static enum saksi_err schema_json_load(json_t **out, const char *dir,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	char *path = fs_join(dir, "schema.json");
	if (path == NULL)
		return saksi_fail_nomem(err);
	enum saksi_err e = fs_read_file(&b, path, SCHEMA_JSON_MAX, err);
	free(path);
	if (e == SAKSI_OK) {
		e = json_parse_line(out, (const char *)b.p, b.len, "schema.json", err);
		if (e == SAKSI_EFORMAT)
			e = saksi_fail(err, e,
			    "schema.json: not JSON; put the data file of this version back");
	}
	buf_free(&b);
	return e;
}

static enum saksi_err load_all(struct schema *s, const char *dir, struct saksi_error *err)
{
	enum saksi_err e = schema_json_load(&s->json, dir, err);
	if (e != SAKSI_OK)
		return e;
	json_int_t version = json_integer_value(json_object_get(s->json, "schema"));
	if (version > SCHEMA_VERSION)
		return saksi_fail(err, SAKSI_ENEWER,
		    "schema.json: made for a newer saksi; "
		    "install that version");
	if (version != SCHEMA_VERSION)
		return bad(err, "schema", "no version number");
	e = types_load(s, err);
	if (e != SAKSI_OK)
		return e;
	for (size_t i = 0; i < s->n_types; i++) {
		e = fields_link(s, s->types[i].fields, s->types[i].n_fields, err);
		if (e != SAKSI_OK)
			return e;
	}
	return codes_load(s, dir, err);
}

enum saksi_err schema_load(struct schema **out, const char *dir, struct saksi_error *err)
{
	*out = NULL;
	struct schema *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return saksi_fail_nomem(err);
	enum saksi_err e = load_all(s, dir, err);
	if (e != SAKSI_OK) {
		schema_free(&s);
		return e;
	}
	*out = s;
	return SAKSI_OK;
}

void schema_free(struct schema **sp)
{
	if (sp == NULL || *sp == NULL)
		return;
	struct schema *s = *sp;
	json_decref(s->json);
	buf_free(&s->tsv);
	pool_free(&s->pool);
	free(s->codes);
	free(s->by_code);
	free(s);
	*sp = NULL;
}
