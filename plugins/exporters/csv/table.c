#include <string.h>

#include "csv.h"
#include "json.h"

static const char *const heads[] = {"id", "ref", "class"};

static uint32_t n_of(const msgpack_object *array)
{
	return array && array->type == MSGPACK_OBJECT_ARRAY ? array->via.array.size : 0;
}

static const msgpack_object *nth(const msgpack_object *array, uint32_t i)
{
	return &array->via.array.ptr[i];
}

static const msgpack_object *named(const msgpack_object *map, const msgpack_object *name)
{
	if (!map || map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++)
		if (value_same(&map->via.map.ptr[i].key, name))
			return &map->via.map.ptr[i].val;
	return NULL;
}

static void put_name(struct text *t, const msgpack_object *field)
{
	const msgpack_object *path = value_get(field, "path");
	if (path && path->type == MSGPACK_OBJECT_STR)
		(void)cell_put(t, path->via.str.ptr, path->via.str.size, false);
}

void table_header(struct text *t, const msgpack_object *fields)
{
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		text_str(t, heads[i]);
		text_char(t, ',');
	}
	for (uint32_t i = 0; i < n_of(fields); i++) {
		const msgpack_object *f = nth(fields, i),
				     *leaves = value_get(f, "fields");
		for (uint32_t k = 0; k < n_of(leaves); k++) {
			put_name(t, nth(leaves, k));
			text_char(t, ',');
		}
		if (n_of(leaves) == 0) {
			put_name(t, f);
			text_char(t, ',');
		}
	}
	text_str(t, "rivals,more\r\n");
}

static bool holds(const struct text *t, size_t from, const char *s)
{
	size_t n = strlen(s);
	for (size_t i = from; n > 0 && i + n <= t->n; i++)
		if (memcmp(t->p + i, s, n) == 0)
			return true;
	return false;
}

/* A list joined by the separator; whole only if one can take it apart again. */
static bool join(struct text *t, const msgpack_object *v, const char *separator)
{
	if (v->type != MSGPACK_OBJECT_ARRAY)
		return cell_value(t, v);
	bool whole = true;
	for (uint32_t i = 0; i < n_of(v); i++) {
		if (i > 0)
			text_str(t, separator);
		size_t from = t->n;
		whole = cell_value(t, nth(v, i)) && whole;
		whole = !holds(t, from, separator) && whole;
	}
	return whole;
}

/* The leaf ${name} of each element, one place per element so that columns align. */
static bool join_leaf(struct text *t, const msgpack_object *group,
    const msgpack_object *name, const char *separator)
{
	const msgpack_object *leaf;
	if (group->type != MSGPACK_OBJECT_ARRAY) {
		leaf = named(cell_plain(group), name);
		return (leaf ? join(t, leaf, separator) : true) &&
		    cell_plain(group) == group;
	}
	for (uint32_t i = 0; i < n_of(group); i++) {
		if (i > 0)
			text_str(t, separator);
		leaf = named(cell_plain(nth(group, i)), name);
		if (leaf)
			(void)join(t, leaf, "|");
	}
	return false;
}

static bool is_number(const msgpack_object *v)
{
	return v->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    v->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
	    v->type == MSGPACK_OBJECT_FLOAT64 || v->type == MSGPACK_OBJECT_FLOAT32;
}

/* Cells of one field; false if `more` has to hold the whole of it. */
static bool put_field(struct text *t, const msgpack_object *v,
    const msgpack_object *field, const char *separator)
{
	const msgpack_object *leaves = value_get(field, "fields");
	struct text cell = {0};
	bool whole = true;
	if (n_of(leaves) == 0) {
		if (v) {
			whole = join(&cell, v, separator);
			whole = cell_put(t, cell.p, cell.n, is_number(v)) && whole;
		}
		text_char(t, ',');
	}
	for (uint32_t k = 0; k < n_of(leaves); k++) {
		const msgpack_object *name = value_get(nth(leaves, k), "name");
		if (v) {
			const msgpack_object *leaf = named(v, name);
			cell.n = 0;
			whole = join_leaf(&cell, v, name, separator) && whole;
			whole =
			    cell_put(t, cell.p, cell.n, leaf && is_number(leaf)) && whole;
		}
		text_char(t, ',');
	}
	t->failed = t->failed || cell.failed;
	text_free(&cell);
	return whole;
}

void table_row(struct text *t, const msgpack_object *record, const msgpack_object *fields,
    const char *separator)
{
	struct text more = {0}, rivals = {0};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		const msgpack_object *v = value_get(record, heads[i]);
		if (v && v->type == MSGPACK_OBJECT_STR)
			(void)cell_put(t, v->via.str.ptr, v->via.str.size, false);
		text_char(t, ',');
	}
	for (uint32_t i = 0; i < n_of(fields); i++) {
		const msgpack_object *f = nth(fields, i), *name = value_get(f, "name");
		const msgpack_object *v = named(record, name);
		if (put_field(t, v, f, separator))
			continue;
		text_char(&more, more.n > 0 ? ',' : '{');
		json_string(&more, name->via.str.ptr, name->via.str.size);
		text_char(&more, ':');
		json_value(&more, v, f);
	}
	if (more.n > 0)
		text_char(&more, '}');
	const msgpack_object *r = value_get(record, "rivals");
	if (r)
		json_value(&rivals, r, NULL);
	(void)cell_put(t, rivals.p, rivals.n, false);
	text_char(t, ',');
	(void)cell_put(t, more.p, more.n, false);
	text_str(t, "\r\n");
	t->failed = t->failed || more.failed || rivals.failed;
	text_free(&more);
	text_free(&rivals);
}
