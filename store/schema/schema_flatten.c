/*
 * schema_flatten.c - a record apart into entries, and together again.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "schema_internal.h"

static bool entry_add(struct schema_entries *out, const struct schema_field *f, json_t *v)
{
	struct schema_entry *p = list_room(out->list, out->n, &out->cap, sizeof(*p));

	if (p == NULL)
		return false;
	out->list = p;
	out->list[out->n++] = (struct schema_entry){f, json_incref(v)};
	return true;
}

/* A register or a list; ${required}: absent is a fault. */
static void flatten_field(struct checker *c, struct schema_entries *out,
    const struct schema_field *f, const json_t *v)
{
	c->field = f;
	if (v == NULL || (f->many && json_is_array(v) && json_array_size(v) == 0)) {
		if (f->required)
			check_fault(c, "missing; it is required");
		return;
	}
	if (!f->many && json_is_array(v)) {
		check_fault(c, "takes one value; write it without [...]");
		return;
	}
	json_t *x = f->many ? check_list(c, f, v) : check_entry(c, f, v);
	if (x == NULL)
		return;
	bool ok = true;
	if (!f->many)
		ok = entry_add(out, f, x);
	for (size_t i = 0; f->many && ok && i < json_array_size(x); i++)
		ok = entry_add(out, f, json_array_get(x, i));
	if (!ok)
		c->nomem = true;
	json_decref(x);
}

static void unknown_keys(struct checker *c, const struct schema_field *f, size_t n,
    const json_t *o, const char *what, bool top)
{
	const char *key;
	json_t *v;
	json_object_foreach (json_loop(o), key, v) {
		if ((top && key_is_reserved(key) && strcmp(key, "v") != 0) ||
		    field_in(f, n, key) != NULL)
			continue;
		struct text_near near;
		text_near_begin(&near, key);
		for (size_t i = 0; i < n; i++)
			(void)text_near_try(&near, f[i].name);
		check_unknown(c, what, key, &near);
	}
}

/* A single group is no value itself: each leaf is a register or list. */
static void flatten_group(struct checker *c, struct schema_entries *out,
    const struct schema_field *g, const json_t *v)
{
	c->field = g;
	if (v == NULL) {
		if (g->required)
			check_fault(c, "missing; it is required");
		return;
	}
	if (!json_is_object(v)) {
		check_fault(c, "not an object; write {...} with the fields of %s",
		    g->path);
		return;
	}
	if (value_wrapped(v)) {
		check_fault(c,
		    "a group is no value; give its fields their class and source "
		    "one by one");
		return;
	}
	unknown_keys(c, g->fields, g->n_fields, v, g->path, false);
	for (size_t i = 0; json_object_size(v) != 0 && i < g->n_fields; i++)
		flatten_field(c, out, &g->fields[i],
		    json_object_get(v, g->fields[i].name));
}

static enum saksi_err checker_end(const struct checker *c, struct saksi_error *err)
{
	return c->nomem || c->faults->failed ? saksi_fail_nomem(err) : SAKSI_OK;
}

static bool filled(const json_t *v)
{
	return v != NULL && !(json_is_array(v) && json_array_size(v) == 0);
}

void schema_advise(const struct schema_type *t, const json_t *record, size_t line,
    struct schema_faults *faults)
{
	if (t->named[0] == NULL)
		return;
	for (size_t i = 0; i < 2; i++)
		if (filled(json_object_get(record, t->named[i])))
			return;
	schema_faults_add(faults, line, true, t->named[0],
	    "empty, and so is %s; nothing tells people who or what this is", t->named[1]);
}

enum saksi_err schema_flatten(struct schema_entries *out, const struct schema *s,
    const struct schema_type *t, const json_t *record, const struct schema_resolver *res,
    size_t line, struct schema_faults *faults, struct saksi_error *err)
{
	struct checker c = {.s = s, .res = res, .faults = faults, .line = line};

	*out = (struct schema_entries){NULL, 0, 0};
	if (!json_is_object(record)) {
		check_fault(&c, "not an object; write {...} with the fields of a record");
		return checker_end(&c, err);
	}
	unknown_keys(&c, t->fields, t->n_fields, record, t->name, true);
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct schema_field *f = &t->fields[i];
		const json_t *v = json_object_get(record, f->name);
		if (field_is_single_group(f))
			flatten_group(&c, out, f, v);
		else
			flatten_field(&c, out, f, v);
	}
	schema_advise(t, record, line, faults);
	enum saksi_err e = checker_end(&c, err);
	if (e != SAKSI_OK)
		schema_entries_free(out);
	return e;
}

enum saksi_err schema_canonical(json_t **out, const struct schema *s,
    const struct schema_field *f, const json_t *value, const struct schema_resolver *res,
    size_t line, struct schema_faults *faults, struct saksi_error *err)
{
	struct checker c = {.s = s, .res = res, .faults = faults, .line = line, .field = f};

	*out = NULL;
	if (field_is_single_group(f))
		check_fault(&c,
		    "a group is no value; set its fields one by one, as %s.%s", f->path,
		    f->fields[0].name);
	else
		*out = check_entry(&c, f, value);
	enum saksi_err e = checker_end(&c, err);
	if (e != SAKSI_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return e;
}

/* ---- and together again --------------------------------------------------------- */

/* The object that holds ${f}: the record, or its group, made if need be. */
static json_t *put_parent(json_t *record, const struct schema_field *f)
{
	size_t n = strcspn(f->path, ".");
	if (f->path[n] == '\0')
		return record;
	char group[64];
	if (n >= sizeof(group))
		return NULL;
	memcpy(group, f->path, n);
	group[n] = '\0';
	json_t *o = json_object_get(record, group);
	if (o != NULL)
		return json_is_object(o) ? o : NULL;
	o = json_object();
	return json_object_set_new(record, group, o) == 0 ? o : NULL;
}

int schema_put(json_t *record, const struct schema_field *f, json_t *value)
{
	json_t *parent = put_parent(record, f);
	if (parent == NULL)
		return -1;
	if (!f->many)
		return json_object_set(parent, f->name, value);
	json_t *list = json_object_get(parent, f->name);
	if (list == NULL) {
		list = json_array();
		if (json_object_set_new(parent, f->name, list) != 0)
			return -1;
	}
	return json_array_append(list, value);
}
