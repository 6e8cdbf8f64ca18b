/*
 * csv.h - the parts of the csv exporter.  README.md defines the form.
 */
#ifndef EXPORTER_CSV_H
#define EXPORTER_CSV_H

#include "text.h"
#include "value.h"

/* ---- cell.c: one value as the text of one cell ----------------------------- */
/** cell_value(t, v): Its main part.  Return whether that is the whole of it. */
bool cell_value(struct text *t, const msgpack_object *v);
/**
 * cell_put(row, p, n, number):
 * Append a cell, quoted where RFC 4180 asks for it.  What a spreadsheet would
 * take for a formula is defused, unless it is a plain number.  Return whether
 * it went out unchanged.
 */
bool cell_put(struct text *row, const char *p, size_t n, bool number);
/** cell_plain(v): ${v} inside of {"v": ...}, or itself. */
const msgpack_object *cell_plain(const msgpack_object *v);
/** map_get(map, key): The value of ${key}, a text; NULL if there is none. */
const msgpack_object *map_get(const msgpack_object *map, const msgpack_object *key);

/* ---- names.c: what codes and records are called -------------------------------- */
struct named {
	char id[26], party[26]; /* ${party}: to whom it was done; NUL if to nobody */
	uint32_t others;	/* parties besides that one */
	size_t at, n, n_date;	/* in words: what it is called, then its date */
};
struct names {
	const msgpack_object *codes; /* {list: [{code, label}]} */
	struct named *list;
	size_t n, cap;
	struct text words;
	bool failed; /* out of memory */
};
/** names_add(x, record, type): ${type}: its entry in the schema. */
void names_add(struct names *x, const msgpack_object *record, const msgpack_object *type);
/** names_ready: All are there; before the first names_say(). */
void names_ready(struct names *x);
void names_free(struct names *x);
/** names_has(field): Do its values have words of their own? */
bool names_has(const msgpack_object *field);
/**
 * names_say(t, x, field, v):
 * The words for one value; nothing for a record that is not in the export.
 */
void names_say(struct text *t, const struct names *x, const msgpack_object *field,
    const msgpack_object *v);

/* ---- table.c: records of one type as rows ----------------------------------- */
struct column {
	const msgpack_object *field;
	const msgpack_object *leaf; /* of a group, else NULL */
	bool used, named;	    /* has a cell with text; has one with words */
};
struct table {
	struct column *columns;
	size_t n;
	const char *separator;
	const struct names *names; /* NULL: no columns of words */
	size_t nameless;	   /* references whose record is not in the export */
};
/** table_make(x, fields): Columns of ${fields}; false: no memory. */
bool table_make(struct table *x, const msgpack_object *fields);
void table_free(struct table *x);
/** table_see(x, record): Note which columns it uses. */
bool table_see(struct table *x, const msgpack_object *record);
/** table_all(x): Every column counts as used. */
void table_all(struct table *x);
/** table_header(t, x): The first line: the columns that are used. */
void table_header(struct text *t, const struct table *x);
/** table_row(t, x, record): One line per record. */
void table_row(struct text *t, struct table *x, const msgpack_object *record);

/* ---- zip.c: texts as the files of a ZIP -------------------------------------- */
struct zip_file {
	const char *name;
	size_t name_len;
	struct text text;
};
/** zip_write(...): Through ${put}; false on failure, with words. */
bool zip_write(const struct zip_file *files, size_t n,
    int (*put)(void *ctx, const void *p, size_t len), void *ctx, const char **words);

#endif
