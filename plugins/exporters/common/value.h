/*
 * value.h - reading msgpack values of the host, for exporters.
 */
#ifndef EXPORTER_VALUE_H
#define EXPORTER_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <msgpack.h>

/* One decoded message that outlives the call it came in. */
struct message {
	char *bytes;
	msgpack_unpacked unpacked;
	bool held;
};

/** message_take(m, p, len): Decode a copy; false if it cannot be. */
bool message_take(struct message *m, const uint8_t *p, size_t len);
void message_free(struct message *m);
/** message_root(m): The value. */
const msgpack_object *message_root(const struct message *m);

/** value_get(map, key): The value of ${key}; NULL if there is none. */
const msgpack_object *value_get(const msgpack_object *map, const char *key);
bool value_is(const msgpack_object *v, const char *s);
bool value_same(const msgpack_object *a, const msgpack_object *b);

/** schema_fields(begin_info, type): The array of fields of ${type}, or NULL. */
const msgpack_object *schema_fields(const msgpack_object *info,
    const msgpack_object *type);
/** field_named(fields, name): The field of that name, or NULL. */
const msgpack_object *field_named(const msgpack_object *fields,
    const msgpack_object *name);

#endif
