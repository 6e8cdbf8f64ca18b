#include <stdlib.h>
#include <string.h>

#include "json_keys.h"

static int by_bytes(const void *va, const void *vb)
{
	const struct json_member *a = va;
	const struct json_member *b = vb;
	int c = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);

	if (c != 0)
		return c;
	return (a->len > b->len) - (a->len < b->len);
}

/* jansson's iterators want an object that they might change. */
static void collect(struct json_member *m, size_t n, json_t *object)
{
	void *it = json_object_iter(object);

	for (size_t i = 0; i < n && it != NULL; i++) {
		m[i].key = json_object_iter_key(it);
		m[i].len = json_object_iter_key_len(it);
		m[i].value = json_object_iter_value(it);
		it = json_object_iter_next(object, it);
	}
}

bool json_members(struct json_member **out, size_t *n, const json_t *object)
{
	/* A hold on it of our own gives a pointer that is not const. */
	union {
		const json_t *read;
		json_t *any;
	} o = {object};

	*out = NULL;
	*n = json_object_size(object);
	if (*n == 0)
		return true;
	*out = calloc(*n, sizeof(**out));
	if (*out == NULL)
		return false;
	collect(*out, *n, o.any);
	qsort(*out, *n, sizeof(**out), by_bytes);
	return true;
}
