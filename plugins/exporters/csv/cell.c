#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "json.h"

const msgpack_object *cell_plain(const msgpack_object *v)
{
	const msgpack_object *inner = value_get(v, "v");
	return inner ? inner : v;
}

const msgpack_object *map_get(const msgpack_object *map, const msgpack_object *key)
{
	if (!map || map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++)
		if (value_same(&map->via.map.ptr[i].key, key))
			return &map->via.map.ptr[i].val;
	return NULL;
}

static void add_part(struct text *t, size_t start, const char *before,
    const msgpack_object *v)
{
	if (!v)
		return;
	if (t->n > start)
		text_str(t, before);
	(void)cell_value(t, v);
}

/* A value of several parts: the ones a reader looks for, in a fixed order. */
static void cell_map(struct text *t, const msgpack_object *v)
{
	static const char *const shapes[][5] = {
	    {"v"},
	    {"edtf"},
	    {"text"},
	    {"item", "locator"},
	    {"amount", "currency"},
	    {"value"},
	    {"subdivision", "stated"},
	    {"country", "stated"},
	    {"kind", "term", "term_min", "term_max", "money"},
	    {"stated"},
	};
	size_t start = t->n;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		if (!value_get(v, shapes[i][0]))
			continue;
		for (size_t k = 0; k < 5 && shapes[i][k]; k++)
			add_part(t, start,
			    shapes[i][0][0] == 's' || shapes[i][0][0] == 'c' ? ", " : " ",
			    value_get(v, shapes[i][k]));
		return;
	}
	json_value(t, v, NULL);
}

bool cell_value(struct text *t, const msgpack_object *v)
{
	if (v->type == MSGPACK_OBJECT_STR) {
		text_add(t, v->via.str.ptr, v->via.str.size);
		return true;
	}
	if (v->type == MSGPACK_OBJECT_MAP) {
		cell_map(t, v);
		return false;
	}
	json_value(t, v, NULL);
	return v->type != MSGPACK_OBJECT_ARRAY;
}

/* Length of the white space, BOM or zero-width character at ${p}; 0 if none. */
static size_t blank(const char *p, size_t n)
{
	static const char *const wide[] = {"\xc2\xa0", "\xe3\x80\x80", "\xef\xbb\xbf",
	    "\xe2\x80\x8b", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x81\xa0"};
	if (n > 0 && *p == ' ')
		return 1;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (n >= strlen(wide[i]) && memcmp(p, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	return 0;
}

/* Spreadsheets run what starts with these, also after blanks and full-width. */
static bool is_formula(const char *p, size_t n)
{
	static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
	    "\xef\xbc\xa0", "\xe2\x88\x92"};
	size_t b;
	while ((b = blank(p, n)) > 0) {
		p += b;
		n -= b;
	}
	if (n == 0)
		return false;
	if (memchr("=+-@\t\r\n", *p, 7))
		return true;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (n >= 3 && memcmp(p, wide[i], 3) == 0)
			return true;
	return false;
}

static bool must_quote(const char *p, size_t n)
{
	if (n > 0 && (p[0] == ' ' || p[n - 1] == ' '))
		return true;
	for (size_t i = 0; i < n; i++)
		if (memchr(",\"\r\n;\t", p[i], 6))
			return true;
	return false;
}

bool cell_put(struct text *row, const char *p, size_t n, bool number)
{
	bool defuse = !number && is_formula(p, n);
	bool quote = defuse || must_quote(p, n);
	if (quote)
		text_char(row, '"');
	if (defuse)
		text_char(row, '\'');
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"')
			text_char(row, '"');
		text_char(row, p[i]);
	}
	if (quote)
		text_char(row, '"');
	return !defuse;
}
