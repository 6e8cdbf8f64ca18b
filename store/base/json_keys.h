/*
 * json_keys.h - the members of a JSON object in ascending byte order (private).
 */
#ifndef SAKSI_BASE_JSON_KEYS_H
#define SAKSI_BASE_JSON_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct json_member {
	const char *key; /* points into the object */
	size_t len;
	const json_t *value;
};

/**
 * json_members(out, n, object):
 * Set ${*out} to ${*n} members in order (free() it; NULL when there are none).
 * false when out of memory.
 */
bool json_members(struct json_member **out, size_t *n, const json_t *object);

#endif
