#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>

#include "json_keys.h"
#include "mp_head.h"

/* ---- JSON to msgpack ------------------------------------------------------ */

static void write_value(struct buf *b, const json_t *v, unsigned depth);

static void write_object(struct buf *b, const json_t *v, unsigned depth)
{
	struct json_member *m = NULL;
	size_t n = 0;

	if (!json_members(&m, &n, v) || n > UINT32_MAX) {
		b->failed = true;
		goto out;
	}
	mp_map(b, (uint32_t)n);
	for (size_t i = 0; i < n && !b->failed; i++) {
		mp_str(b, m[i].key, m[i].len);
		write_value(b, m[i].value, depth);
	}
out:
	free(m);
}

static void write_array(struct buf *b, const json_t *v, unsigned depth)
{
	const size_t n = json_array_size(v);

	if (n > UINT32_MAX) {
		b->failed = true;
		return;
	}
	mp_array(b, (uint32_t)n);
	for (size_t i = 0; i < n && !b->failed; i++)
		write_value(b, json_array_get(v, i), depth);
}

static void write_value(struct buf *b, const json_t *v, unsigned depth)
{
	if (v == NULL) {
		b->failed = true;
		return;
	}
	switch (json_typeof(v)) {
	case JSON_NULL:
		mp_nil(b);
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		mp_bool(b, json_is_true(v));
		return;
	case JSON_INTEGER:
		mp_int(b, json_integer_value(v));
		return;
	case JSON_REAL:
		mp_double(b, json_real_value(v));
		return;
	case JSON_STRING:
		mp_str(b, json_string_value(v), json_string_length(v));
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	/* The reader would refuse it. */
	if (depth == 0) {
		b->failed = true;
		return;
	}
	if (json_is_array(v))
		write_array(b, v, depth - 1);
	else
		write_object(b, v, depth - 1);
}

void mpjson_write(struct buf *b, const json_t *v)
{
	write_value(b, v, MP_DEPTH_MAX);
}

/* ---- msgpack to JSON ------------------------------------------------------ */

/*
 * mp_skip() has already found the item canonical and shallow enough, so that
 * here only memory can fail, or what JSON has no word for.
 */
static json_t *read_value(struct mp_reader *r, bool *nomem);

static json_t *read_array(struct mp_reader *r, bool *nomem)
{
	uint32_t n = mp_read_array(r);
	json_t *a = json_array();

	for (uint32_t i = 0; a != NULL && i < n; i++) {
		json_t *v = read_value(r, nomem);

		if (v == NULL) {
			json_decref(a);
			return NULL;
		}
		if (json_array_append_new(a, v) != 0) {
			json_decref(a);
			a = NULL;
		}
	}
	*nomem = *nomem || a == NULL;
	return a;
}

static json_t *read_object(struct mp_reader *r, bool *nomem)
{
	uint32_t n = mp_read_map(r);
	json_t *o = json_object();

	for (uint32_t i = 0; o != NULL && i < n; i++) {
		const char *key;
		size_t len = mp_read_str(r, &key);
		json_t *v = read_value(r, nomem);

		if (v == NULL) {
			json_decref(o);
			return NULL;
		}
		if (json_object_setn_new_nocheck(o, key, len, v) != 0) {
			json_decref(o);
			o = NULL;
		}
	}
	*nomem = *nomem || o == NULL;
	return o;
}

static json_t *read_scalar(struct mp_reader *r, enum mp_type type)
{
	const char *s;
	size_t n;

	switch (type) {
	case MP_NIL:
		(void)mp_read_nil(r);
		return json_null();
	case MP_BOOL:
		return json_boolean(mp_read_bool(r));
	case MP_UINT:
	case MP_NEGINT:
		return json_integer(mp_read_int(r));
	case MP_DOUBLE:
		return json_real(mp_read_double(r));
	case MP_STR:
		n = mp_read_str(r, &s);
		return json_stringn_nocheck(s, n);
	case MP_BIN:
	case MP_ARRAY:
	case MP_MAP:
	case MP_BAD:
		break;
	}
	mp_fail(r, "a type that a value cannot have");
	return NULL;
}

static json_t *read_value(struct mp_reader *r, bool *nomem)
{
	const enum mp_type type = mp_peek(r);
	json_t *v;

	if (type == MP_ARRAY)
		return read_array(r, nomem);
	if (type == MP_MAP)
		return read_object(r, nomem);
	v = read_scalar(r, type);
	if (v == NULL && !r->failed)
		*nomem = true;
	/* A number beyond 63 bits only shows after it was read. */
	if (r->failed) {
		json_decref(v);
		return NULL;
	}
	return v;
}

enum saksi_err mpjson_make(json_t **out, const uint8_t *item, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	bool nomem = false;

	mp_read_again(&r, item, n);
	*out = read_value(&r, &nomem);
	if (*out != NULL)
		return SAKSI_OK;
	if (nomem)
		return saksi_fail_nomem(err);
	return saksi_fail(err, SAKSI_EFORMAT, "value: does not follow its format: %s",
	    r.why);
}

enum saksi_err mpjson_read(json_t **out, struct mp_reader *r, struct saksi_error *err)
{
	const uint8_t *item;
	size_t n = mp_skip(r, MP_DEPTH_MAX, &item);
	enum saksi_err rc;

	*out = NULL;
	if (r->failed)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "value: does not follow its format: %s", r->why);
	rc = mpjson_make(out, item, n, err);
	if (rc == SAKSI_EFORMAT)
		mp_fail(r, "a value that JSON has no word for");
	return rc;
}

static const char *no_value(const struct mp_head *h)
{
	if (h->type == MP_BIN || h->type == MP_BAD)
		return "a type that a value cannot have";
	return h->type == MP_UINT && h->v > INT64_MAX ? "a number is too large" : NULL;
}

enum saksi_err mpjson_check(struct mp_reader *r, struct saksi_error *err)
{
	const uint8_t *item;
	const char *fault = NULL;
	struct mp_reader inner;
	size_t n = mp_skip(r, MP_DEPTH_MAX, &item);

	/* One head after the other: how they nest was seen already. */
	mp_read_again(&inner, item, r->failed ? 0 : n);
	while (fault == NULL && inner.p < inner.end) {
		struct mp_head h;

		if (!mp_head_get(&h, &inner))
			break;
		fault = no_value(&h);
		inner.p += h.size;
		if (h.type == MP_STR)
			inner.p += h.v;
	}
	if (fault != NULL)
		mp_fail(r, fault);
	if (r->failed)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "value: does not follow its format: %s", r->why);
	return SAKSI_OK;
}
