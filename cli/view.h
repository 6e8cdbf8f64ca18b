/* view.h - records as people see them. */
#ifndef SAKSI_CLI_VIEW_H
#define SAKSI_CLI_VIEW_H

#include <stdio.h>

#include <jansson.h>

#include <saksi/base/buf.h>
#include <saksi/store/record.h>

#include "cli.h"

#define SHORT_ID 8 /* letters of an id in lists */
/** view_get: The record and its interchange form; either may be NULL. */
SAKSI_MUST_CHECK enum saksi_err view_get(struct cli *c, const struct saksi_id *id,
    int64_t as_of_us, struct saksi_record **r, json_t **json);
/*
 * Names of other records are looked up for what follows.  One that cannot be
 * read (damage) is shown as such and kept in c->unread.
 */
/** view_label: What people call a record, with whom it was done to, and its date. */
void view_label(struct cli *c, struct buf *out, const json_t *record);
/**
 * view_title(c, out, record, columns):
 * The same without its date, where that stands beside it.  To keep to
 * ${columns} (0: any) what it is called is cut rather than the names.
 */
void view_title(struct cli *c, struct buf *out, const json_t *record, unsigned columns);
/** view_unread(c, rc): Keep c->err as c->unread, unless something is merely not there. */
void view_unread(struct cli *c, enum saksi_err rc);
/** view_ref: Label and short id of the record that a reference names. */
void view_ref(struct cli *c, struct buf *out, const char *text);
/** view_value: A register's value or list element in words, references by label. */
void view_value(struct cli *c, struct buf *out, const struct schema_field *f,
    const json_t *v);
/** view_values: The same of a field that may be a list: all of it, with commas. */
void view_values(struct cli *c, struct buf *out, const struct schema_field *f,
    const json_t *v);
/** view_field: The field of a record's type, or a pseudo field for class, ref, type. */
const struct schema_field *view_field(struct cli *c, const char *type, const char *path);
/** view_any: A value of any field, also of one that this version does not know. */
void view_any(struct cli *c, struct buf *out, const char *type, const char *path,
    const json_t *v);
/**
 * view_rivals(r, i):
 * How many rival values begin at values[${i}]: visible ones of one register;
 * 0 unless it is the first of several.  Elements of a list are no rivals.
 */
size_t view_rivals(const struct saksi_record *r, size_t i);
const char *view_device(struct cli *c, uint32_t branch);
/** view_date: The record's own `date` as EDTF text, or NULL (borrowed). */
const char *view_date(const json_t *record);
#define DATE_WORDS 120u
/** view_date_words: In words; as it is when it is no EDTF; "" if there is none. */
void view_date_words(char out[DATE_WORDS], const json_t *record);
const char *view_text(const json_t *record, const char *key); /* "" if none */
/** view_deletion: {reason, by, at} of the newest visible `deleted`; NULL: no memory. */
json_t *view_deletion(struct cli *c, const struct saksi_record *r);
/** view_deleted_on: "by Sokha (office), 2026-03-08 12:00 UTC", from view_deletion(). */
void view_deleted_on(struct buf *out, const json_t *deletion);
/** view_reason: Why it was deleted, as the newest visible `deleted` says; or "". */
const char *view_reason(const struct saksi_record *r);
/* Columns of a list, as wide as what is in it needs; date 0: none. */
struct view_columns {
	unsigned type, date;
};
void view_widths(struct view_columns *w, const json_t *record);
/** view_line: A line of a list: short id, type, date, label, ref. */
void view_line(struct cli *c, FILE *f, const json_t *record, const struct view_columns *w);

#endif
