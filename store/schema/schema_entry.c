/*
 * schema_entry.c - checking of groups, of whole entries, of lists.
 */
#include "schema_internal.h"

/* ---- groups ---------------------------------------------------------------------- */

static void group_leaf(struct checker *c, const struct schema_field *leaf, json_t *out,
    const json_t *v)
{
	c->field = leaf;
	const json_t *x = json_object_get(v, leaf->name);
	if (x == NULL) {
		if (leaf->required)
			check_fault(c, "missing; it is required");
		return;
	}
	json_t *y = leaf->many ? check_list(c, leaf, x) : check_entry(c, leaf, x);
	if (y == NULL)
		return;
	if (leaf->many && json_array_size(y) == 0) {
		json_decref(y);
		if (leaf->required)
			check_fault(c, "empty; it is required");
	} else if (json_object_set_new(out, leaf->name, y) != 0) {
		c->nomem = true;
	}
}

static void group_unknown_keys(struct checker *c, const struct schema_field *g,
    const json_t *v)
{
	const char *key;
	json_t *x;
	json_object_foreach (json_loop(v), key, x) {
		if (field_in(g->fields, g->n_fields, key) != NULL)
			continue;
		struct text_near near;
		text_near_begin(&near, key);
		for (size_t i = 0; i < g->n_fields; i++)
			(void)text_near_try(&near, g->fields[i].name);
		check_unknown(c, g->path, key, &near);
	}
}

/* An element of a list of groups: one atomic value, checked field by field. */
json_t *check_group(struct checker *c, const struct schema_field *g, const json_t *v)
{
	if (!json_is_object(v)) {
		check_fault(c, "not an object; write {...} with the fields of %s",
		    g->path);
		return NULL;
	}
	size_t errors = c->faults->n_errors;
	json_t *out = check_keep(c, json_object());
	group_unknown_keys(c, g, v);
	for (size_t i = 0; out != NULL && i < g->n_fields; i++)
		group_leaf(c, &g->fields[i], out, v);
	c->field = g;
	if (out != NULL && c->faults->n_errors == errors && json_object_size(out) == 0)
		check_fault(c, "holds nothing; take it out");
	if (c->faults->n_errors != errors || c->nomem) {
		json_decref(out);
		return NULL;
	}
	return out;
}

/* ---- entries ------------------------------------------------------------ */

json_t *check_entry(struct checker *c, const struct schema_field *f, const json_t *v)
{
	const struct schema_field *field = c->field;
	json_t *out;

	c->field = f;
	if (value_wrapped(v)) {
		size_t n;
		const struct part *parts = wrapper_parts(&n);
		out = check_object(c, v, parts, n, "{\"v\": ...}");
		if (out != NULL && json_object_size(out) == 1) {
			json_t *plain = json_incref(json_object_get(out, "v"));
			json_decref(out);
			out = plain;
		}
	} else {
		out = check_value(c, f, v);
	}
	c->field = field;
	return out;
}

json_t *check_list(struct checker *c, const struct schema_field *f, const json_t *v)
{
	const struct schema_field *field = c->field;
	size_t element = c->element, errors = c->faults->n_errors;

	c->field = f;
	if (!json_is_array(v)) {
		check_fault(c, "not a list; write [...] even for one value");
		c->field = field;
		return NULL;
	}
	json_t *out = check_keep(c, json_array()), *set = check_keep(c, json_object());
	for (size_t i = 0; out != NULL && set != NULL && i < json_array_size(v); i++) {
		c->element = element != 0 ? element : i + 1;
		json_t *x = check_entry(c, f, json_array_get(v, i));
		if (x != NULL)
			set_add(c, set, out, x);
	}
	json_decref(set);
	c->element = element;
	c->field = field;
	if (c->faults->n_errors != errors || c->nomem) {
		json_decref(out);
		return NULL;
	}
	return out;
}
