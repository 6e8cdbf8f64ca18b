/*
 * schema_fixture.h - the shipped schema, and JSON written with single quotes,
 * for tests of what is built on it.
 */
#ifndef SAKSI_TEST_SCHEMA_FIXTURE_H
#define SAKSI_TEST_SCHEMA_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>
#include <saksi/base/secret.h>
#include <saksi/schema/schema.h>

#include "test.h"

#define PATH_SIZE 1024

static struct schema *schema;
static struct schema_faults faults;
static struct saksi_error g_err;

/* A folder of the shipped data, from the source tree or beside the build's bin/. */
static inline void data_path(char out[PATH_SIZE], const char *name)
{
	const char *src = getenv("SAKSI_SRC");
	char exe[900];
	if (src != NULL) {
		assert_true(snprintf(out, PATH_SIZE, "%.900s/data/%s", src, name) > 0);
		return;
	}
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	assert_true(n > 0);
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	assert_true(snprintf(out, PATH_SIZE, "%.900s/../share/saksi/%s", exe, name) > 0);
}

static inline int schema_setup(void **state)
{
	char dir[PATH_SIZE];
	(void)state;
	data_path(dir, "schema");
	assert_int_equal(schema_load(&schema, dir, &g_err), SAKSI_OK);
	return 0;
}

static inline int schema_teardown(void **state)
{
	(void)state;
	schema_faults_free(&faults);
	schema_free(&schema);
	assert_null(schema);
	schema_free(&schema);
	schema_free(NULL);
	return 0;
}

/* {'a': 'b'} as JSON; what needs an apostrophe writes \u0027. */
static inline json_t *json_of(const char *text)
{
	struct buf b = BUF_INIT;
	json_t *v = NULL;
	for (const char *p = text; *p != '\0'; p++)
		buf_add_byte(&b, (uint8_t)(*p == '\'' ? '"' : *p));
	json_error_t e;
	v = json_loadb((const char *)b.p, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
	buf_free(&b);
	assert_non_null(v);
	return v;
}

/* Compact, keys sorted, single quotes; lives until the next calls. */
static inline const char *json_show(const json_t *v)
{
	static char shown[4][4096];
	static unsigned next;
	char *out = shown[next++ % 4];
	struct buf b = BUF_INIT;
	if (v == NULL)
		return "NULL";
	json_text(&b, v);
	assert_false(b.failed);
	assert_true(b.len < sizeof(shown[0]));
	memcpy(out, buf_cstr(&b), b.len + 1);
	for (char *p = out; *p != '\0'; p++)
		if (*p == '"')
			*p = '\'';
	buf_free(&b);
	return out;
}

static inline const struct schema_field *field_of(const char *type, const char *path)
{
	const struct schema_type *t = schema_type(schema, type);
	assert_non_null(t);
	const struct schema_field *f = schema_field(t, path);
	assert_non_null(f);
	return f;
}

static inline void faults_clear(void)
{
	schema_faults_free(&faults);
}

#endif
