/*
 * vectors.h - read golden vectors: blocks of "name: value" lines in
 * tests/vectors, an empty line between blocks, "#" before a remark.
 *
 * A fault in a vector file stops the test program: a vector that is skipped
 * proves nothing.
 */
#ifndef SAKSI_TEST_VECTORS_H
#define SAKSI_TEST_VECTORS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/buf.h>
#include <saksi/base/fsio.h>

#define VECTOR_FIELDS 32u

struct vectors {
	struct buf text;
	char *at; /* the rest of the file */
	unsigned n;
	const char *name[VECTOR_FIELDS];
	const char *value[VECTOR_FIELDS];
};

static inline void vectors_stop(const char *what, const char *name)
{
	(void)fprintf(stderr, "vectors: %s: %s\n", name, what);
	abort();
}

/** vectors_open(v, file): ${file} of $SAKSI_SRC/tests/vectors. */
static inline void vectors_open(struct vectors *v, const char *file)
{
	const char *src = getenv("SAKSI_SRC");
	char path[4096];

	memset(v, 0, sizeof(*v));
	if (!src)
		vectors_stop("SAKSI_SRC is not set", file);
	(void)snprintf(path, sizeof(path), "%s/tests/vectors/%s", src ? src : "", file);
	if (fs_read_file(&v->text, path, (size_t)16 << 20, NULL) != SAKSI_OK)
		vectors_stop("cannot be read", path);
	buf_add_byte(&v->text, 0);
	if (v->text.failed)
		vectors_stop("no memory", file);
	v->at = (char *)v->text.p;
}

static inline void vectors_close(struct vectors *v)
{
	buf_free(&v->text);
}

/** vectors_next(v): The next block; false after the last. */
static inline bool vectors_next(struct vectors *v)
{
	v->n = 0;
	while (v->at && *v->at) {
		char *line = v->at, *end = strchr(line, '\n'), *colon;

		v->at = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		if (line[0] == '#')
			continue;
		if (line[0] == '\0') {
			if (v->n > 0)
				return true;
			continue;
		}
		colon = strstr(line, ": ");
		if (!colon || v->n == VECTOR_FIELDS) {
			vectors_stop("no field, or one too many", line);
			return false;
		}
		*colon = '\0';
		v->name[v->n] = line;
		v->value[v->n++] = colon + 2;
	}
	return v->n > 0;
}

/** vectors_find(v, name): The field's text, or NULL. */
static inline const char *vectors_find(const struct vectors *v, const char *name)
{
	for (unsigned i = 0; i < v->n; i++)
		if (strcmp(v->name[i], name) == 0)
			return v->value[i];
	return NULL;
}

static inline const char *vectors_text(const struct vectors *v, const char *name)
{
	const char *s = vectors_find(v, name);

	if (!s)
		vectors_stop("no such field", name);
	return s ? s : "";
}

/** vectors_hex(out, v, name): Append the field's bytes. */
static inline void vectors_hex(struct buf *out, const struct vectors *v, const char *name)
{
	const char *s = vectors_text(v, name);
	size_t n = strlen(s) / 2;
	uint8_t *p = buf_reserve(out, n + 1);

	if (!p || !hex_decode(p, n, s))
		vectors_stop("not hex", name);
	out->len += n;
}

/** vectors_bytes(out, n, v, name): Exactly ${n} bytes. */
static inline void vectors_bytes(uint8_t *out, size_t n, const struct vectors *v,
    const char *name)
{
	if (!hex_decode(out, n, vectors_text(v, name)))
		vectors_stop("not hex of the expected length", name);
}

static inline unsigned long long vectors_number(const struct vectors *v, const char *name)
{
	char *end;
	const char *s = vectors_text(v, name);
	unsigned long long n = strtoull(s, &end, 10);

	if (end == s || *end)
		vectors_stop("not a number", name);
	return n;
}

#endif
