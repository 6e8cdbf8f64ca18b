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

/* ---- table.c: records of one type as rows ----------------------------------- */
/** table_header(t, fields): The first line. */
void table_header(struct text *t, const msgpack_object *fields);
/** table_row(t, record, fields, separator): One line per record. */
void table_row(struct text *t, const msgpack_object *record, const msgpack_object *fields,
    const char *separator);

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
