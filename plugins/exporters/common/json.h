/*
 * json.h - a value as JSON in one line: the same bytes for the same value.
 *
 * Keys stand in an order that people can read: `id ref type class`, then as
 * in the schema, then the parts of a value with the main one first.  Numbers
 * have the fewest digits that give the same number back.
 */
#ifndef EXPORTER_JSON_H
#define EXPORTER_JSON_H

#include "text.h"
#include "value.h"

/** json_record(t, record, fields): ${fields} of its type, or NULL. */
void json_record(struct text *t, const msgpack_object *record,
    const msgpack_object *fields);
/** json_value(t, v, field): One value of ${field} (NULL if not of the schema). */
void json_value(struct text *t, const msgpack_object *v, const msgpack_object *field);
void json_string(struct text *t, const char *s, size_t n);

#endif
