#include "value.h"

#include <stdlib.h>
#include <string.h>

bool message_take(struct message *m, const uint8_t *p, size_t len)
{
	message_free(m);
	m->bytes = malloc(len ? len : 1);
	if (!m->bytes)
		return false;
	memcpy(m->bytes, p, len);
	msgpack_unpacked_init(&m->unpacked);
	m->held = true;
	size_t at = 0;
	return msgpack_unpack_next(&m->unpacked, m->bytes, len, &at) ==
	    MSGPACK_UNPACK_SUCCESS &&
	    at == len;
}

void message_free(struct message *m)
{
	if (m->held)
		msgpack_unpacked_destroy(&m->unpacked);
	free(m->bytes);
	m->bytes = NULL;
	m->held = false;
}

const msgpack_object *message_root(const struct message *m)
{
	return &m->unpacked.data;
}

bool value_is(const msgpack_object *v, const char *s)
{
	size_t n = strlen(s);
	return v && v->type == MSGPACK_OBJECT_STR && v->via.str.size == n &&
	    memcmp(v->via.str.ptr, s, n) == 0;
}

bool value_same(const msgpack_object *a, const msgpack_object *b)
{
	return a && b && a->type == MSGPACK_OBJECT_STR && b->type == MSGPACK_OBJECT_STR &&
	    a->via.str.size == b->via.str.size &&
	    memcmp(a->via.str.ptr, b->via.str.ptr, a->via.str.size) == 0;
}

const msgpack_object *value_get(const msgpack_object *map, const char *key)
{
	if (!map || map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++)
		if (value_is(&map->via.map.ptr[i].key, key))
			return &map->via.map.ptr[i].val;
	return NULL;
}

const msgpack_object *field_named(const msgpack_object *fields, const msgpack_object *name)
{
	if (!fields || fields->type != MSGPACK_OBJECT_ARRAY)
		return NULL;
	for (uint32_t i = 0; i < fields->via.array.size; i++)
		if (value_same(value_get(&fields->via.array.ptr[i], "name"), name))
			return &fields->via.array.ptr[i];
	return NULL;
}

const msgpack_object *schema_fields(const msgpack_object *info, const msgpack_object *type)
{
	return value_get(field_named(value_get(value_get(info, "schema"), "types"), type),
	    "fields");
}
