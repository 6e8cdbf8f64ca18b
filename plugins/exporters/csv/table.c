#include <stdlib.h>
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

/* ---- columns --------------------------------------------------------------------- */

bool table_make(struct table *x, const msgpack_object *fields)
{
	size_t n = 0;
	for (uint32_t i = 0; i < n_of(fields); i++) {
		uint32_t leaves = n_of(value_get(nth(fields, i), "fields"));
		n += leaves ? leaves : 1;
	}
	x->columns = calloc(n ? n : 1, sizeof *x->columns);
	if (!x->columns)
		return false;
	for (uint32_t i = 0; i < n_of(fields); i++) {
		const msgpack_object *f = nth(fields, i),
				     *leaves = value_get(f, "fields");
		for (uint32_t k = 0; k < n_of(leaves); k++)
			x->columns[x->n++] =
			    (struct column){.field = f, .leaf = nth(leaves, k)};
		if (n_of(leaves) == 0)
			x->columns[x->n++] = (struct column){.field = f};
	}
	return true;
}

void table_free(struct table *x)
{
	free(x->columns);
	x->columns = NULL;
	x->n = 0;
}

/* Whose kind and list say how its values read. */
static const msgpack_object *innermost(const struct column *c)
{
	return c->leaf ? c->leaf : c->field;
}

void table_all(struct table *x)
{
	for (size_t i = 0; i < x->n; i++) {
		x->columns[i].used = true;
		x->columns[i].named = names_has(innermost(&x->columns[i]));
	}
}

static void put_name(struct text *t, const struct column *c, const char *end)
{
	const msgpack_object *path = value_get(innermost(c), "path");
	if (!path || path->type != MSGPACK_OBJECT_STR)
		return;
	(void)cell_put(t, path->via.str.ptr, path->via.str.size, false);
	text_str(t, end);
}

void table_header(struct text *t, const struct table *x)
{
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		text_str(t, heads[i]);
		text_char(t, ',');
	}
	for (size_t i = 0; i < x->n; i++) {
		if (x->columns[i].used)
			put_name(t, &x->columns[i], ",");
		if (x->names && x->columns[i].named)
			put_name(t, &x->columns[i], "_label,");
	}
	text_str(t, "rivals,more\r\n");
}

/* ---- cells ----------------------------------------------------------------------- */

/* How values are written: themselves, or with ${names} what they are called. */
struct way {
	const struct names *names;
	const msgpack_object *field;
	const char *separator;
	bool any;	 /* something was written */
	size_t nameless; /* values that are there and have no words */
};

static bool write_value(struct text *t, const msgpack_object *v, struct way *how)
{
	size_t from = t->n;
	bool whole = true;
	if (how->names)
		names_say(t, how->names, how->field, v);
	else
		whole = cell_value(t, v);
	how->any = how->any || t->n > from;
	how->nameless += t->n == from;
	return whole;
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
static bool join(struct text *t, const msgpack_object *v, const char *separator,
    struct way *how)
{
	if (v->type != MSGPACK_OBJECT_ARRAY)
		return write_value(t, v, how);
	bool whole = true;
	for (uint32_t i = 0; i < n_of(v); i++) {
		if (i > 0)
			text_str(t, separator);
		size_t from = t->n;
		whole = write_value(t, nth(v, i), how) && whole;
		whole = !holds(t, from, separator) && whole;
	}
	return whole;
}

/* The leaf ${name} of each element, one place per element so that columns align. */
static bool join_leaf(struct text *t, const msgpack_object *group,
    const msgpack_object *name, struct way *how)
{
	const msgpack_object *leaf;
	if (group->type != MSGPACK_OBJECT_ARRAY) {
		leaf = map_get(cell_plain(group), name);
		return (leaf ? join(t, leaf, how->separator, how) : true) &&
		    cell_plain(group) == group;
	}
	for (uint32_t i = 0; i < n_of(group); i++) {
		if (i > 0)
			text_str(t, how->separator);
		leaf = map_get(cell_plain(nth(group, i)), name);
		if (leaf)
			(void)join(t, leaf, "|", how);
	}
	return false;
}

static bool is_number(const msgpack_object *v)
{
	return v &&
	    (v->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
		v->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
		v->type == MSGPACK_OBJECT_FLOAT64 || v->type == MSGPACK_OBJECT_FLOAT32);
}

/* The text of one cell into ${t}; false if it does not say all. */
static bool make_cell(struct text *t, const struct column *c, const msgpack_object *v,
    struct way *how)
{
	how->field = innermost(c);
	return c->leaf ? join_leaf(t, v, value_get(c->leaf, "name"), how)
		       : join(t, v, how->separator, how);
}

static const msgpack_object *value_for(const msgpack_object *record,
    const struct column *c)
{
	return map_get(record, value_get(c->field, "name"));
}

bool table_see(struct table *x, const msgpack_object *record)
{
	struct text cell = {0};
	for (size_t i = 0; i < x->n; i++) {
		struct column *c = &x->columns[i];
		const msgpack_object *v = value_for(record, c);
		struct way plain = {.separator = x->separator};
		struct way words = {.separator = x->separator, .names = x->names};
		if (!v)
			continue;
		cell.n = 0;
		if (!c->used) {
			(void)make_cell(&cell, c, v, &plain);
			c->used = plain.any;
		}
		if (!c->named && x->names && names_has(innermost(c))) {
			(void)make_cell(&cell, c, v, &words);
			c->named = words.any;
		}
	}
	bool ok = !cell.failed;
	text_free(&cell);
	return ok;
}

/* One column's cells; false if `more` has to hold the whole of the value. */
static bool put_column(struct text *t, struct text *cell, struct table *x,
    const struct column *c, const msgpack_object *v)
{
	struct way plain = {.separator = x->separator};
	struct way words = {.separator = x->separator, .names = x->names};
	bool whole = true;
	cell->n = 0;
	if (v) {
		const msgpack_object *leaf =
		    c->leaf ? map_get(v, value_get(c->leaf, "name")) : v;
		whole = make_cell(cell, c, v, &plain);
		if (c->used)
			whole = cell_put(t, cell->p, cell->n, is_number(leaf)) && whole;
	}
	if (c->used)
		text_char(t, ',');
	if (!x->names || !names_has(innermost(c)))
		return whole;
	cell->n = 0;
	if (v)
		(void)make_cell(cell, c, v, &words);
	x->nameless += words.nameless;
	if (!c->named)
		return whole;
	/* Words are for reading only: what they lack is in the cell before. */
	if (words.any)
		(void)cell_put(t, cell->p, cell->n, false);
	text_char(t, ',');
	return whole;
}

static void put_tail(struct text *t, const struct text *more, const msgpack_object *rivals)
{
	struct text cell = {0};
	if (rivals)
		json_value(&cell, rivals, NULL);
	(void)cell_put(t, cell.p, cell.n, false);
	text_char(t, ',');
	(void)cell_put(t, more->p, more->n, false);
	text_str(t, "\r\n");
	t->failed = t->failed || cell.failed;
	text_free(&cell);
}

void table_row(struct text *t, struct table *x, const msgpack_object *record)
{
	struct text more = {0}, cell = {0};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		const msgpack_object *v = value_get(record, heads[i]);
		if (v && v->type == MSGPACK_OBJECT_STR)
			(void)cell_put(t, v->via.str.ptr, v->via.str.size, false);
		text_char(t, ',');
	}
	for (size_t i = 0; i < x->n;) {
		const msgpack_object *f = x->columns[i].field,
				     *name = value_get(f, "name"),
				     *v = map_get(record, name);
		bool whole = true;
		/* The leaves of one group stand together. */
		for (; i < x->n && x->columns[i].field == f; i++)
			whole = put_column(t, &cell, x, &x->columns[i], v) && whole;
		if (whole)
			continue;
		text_char(&more, more.n > 0 ? ',' : '{');
		json_string(&more, name->via.str.ptr, name->via.str.size);
		text_char(&more, ':');
		json_value(&more, v, f);
	}
	if (more.n > 0)
		text_char(&more, '}');
	put_tail(t, &more, value_get(record, "rivals"));
	t->failed = t->failed || more.failed || cell.failed;
	text_free(&more);
	text_free(&cell);
}
