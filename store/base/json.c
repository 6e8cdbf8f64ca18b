/*
 * JSON as text: jansson does the parsing, escaping and number formatting.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>
#include <saksi/base/secret.h>

#include "json_keys.h"

#define PARSE_DEPTH_MAX 16u
#define TEXT_DEPTH_MAX 64u

/* ---- memory --------------------------------------------------------------- */

union header {
	size_t n;
	max_align_t align;
};

/*
 * jansson's parser calls a lack of memory bad syntax: see it for ourselves.  And
 * it goes on with a text that could not grow, as if the end had been kept, and
 * reads past it: once starved, it gets nothing more, and so gives up before.
 */
static _Thread_local bool starved;
static _Thread_local bool parsing;

static void *wiping_malloc(size_t n)
{
	union header *h = NULL;

	if (n <= SIZE_MAX - sizeof(*h) && !(parsing && starved))
		h = malloc(sizeof(*h) + n);
	if (h == NULL) {
		starved = true;
		memory_ran_out();
		return NULL;
	}
	h->n = n;
	return h + 1;
}

static void wiping_free(void *p)
{
	union header *h = p;

	if (h == NULL)
		return;
	h--;
	wipe(h, sizeof(*h) + h->n);
	free(h);
}

void json_wiping_alloc(void)
{
	json_set_alloc_funcs(wiping_malloc, wiping_free);
}

/* ---- writing -------------------------------------------------------------- */

static int to_buf(const char *p, size_t n, void *data)
{
	struct buf *b = data;

	buf_add(b, p, n);
	return b->failed ? -1 : 0;
}

static void scalar(struct buf *b, const json_t *v, size_t flags)
{
	if (json_dump_callback(v, to_buf, b, JSON_ENCODE_ANY | JSON_COMPACT | flags) != 0)
		b->failed = true;
}

/* The number that ${n} bytes of JSON hold. */
static double number_of(const char *text, size_t n)
{
	json_t *v = json_loadb(text, n, JSON_DECODE_ANY, NULL);
	double d = json_real_value(v);

	json_decref(v);
	return d;
}

/* The fewest digits that give the same number back: 11.55, not 11.550000000000001. */
static void real(struct buf *b, const json_t *v)
{
	const double want = json_real_value(v);
	char text[64];
	size_t n = 0;

	for (size_t digits = 15; digits <= 17; digits++) {
		double got;

		n = json_dumpb(v, text, sizeof(text),
		    JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
		if (n == 0 || n > sizeof(text)) {
			b->failed = true;
			return;
		}
		got = number_of(text, n);
		if (memcmp(&got, &want, sizeof(got)) == 0)
			break;
	}
	buf_add(b, text, n);
	wipe(text, sizeof(text)); /* a latitude may be a hiding place */
}

static void text_value(struct buf *b, const json_t *v, unsigned depth);

static void text_object(struct buf *b, const json_t *v, unsigned depth)
{
	struct json_member *m = NULL;
	size_t n = 0;

	if (!json_members(&m, &n, v)) {
		b->failed = true;
		return;
	}
	buf_add_byte(b, '{');
	for (size_t i = 0; i < n && !b->failed; i++) {
		json_t *key = json_stringn(m[i].key, m[i].len);

		if (i > 0)
			buf_add_byte(b, ',');
		scalar(b, key, 0);
		json_decref(key);
		buf_add_byte(b, ':');
		text_value(b, m[i].value, depth);
	}
	buf_add_byte(b, '}');
	free(m);
}

static void text_array(struct buf *b, const json_t *v, unsigned depth)
{
	buf_add_byte(b, '[');
	for (size_t i = 0; i < json_array_size(v) && !b->failed; i++) {
		if (i > 0)
			buf_add_byte(b, ',');
		text_value(b, json_array_get(v, i), depth);
	}
	buf_add_byte(b, ']');
}

static void text_value(struct buf *b, const json_t *v, unsigned depth)
{
	if (v == NULL || depth == 0) {
		b->failed = true;
		return;
	}
	if (json_is_object(v))
		text_object(b, v, depth - 1);
	else if (json_is_array(v))
		text_array(b, v, depth - 1);
	else if (json_is_real(v))
		real(b, v);
	else
		scalar(b, v, 0);
}

void json_text(struct buf *b, const json_t *v)
{
	text_value(b, v, TEXT_DEPTH_MAX);
}

/* ---- reading -------------------------------------------------------------- */

/*
 * Brackets outside of strings, counted before jansson recurses over them.  On
 * text that is no JSON the count means nothing, and jansson says why.
 */
static bool too_deep(const char *p, size_t n)
{
	unsigned depth = 0;
	bool string = false;

	for (size_t i = 0; i < n; i++) {
		if (string && p[i] == '\\') {
			i++;
		} else if (p[i] == '"') {
			string = !string;
		} else if (!string && (p[i] == '[' || p[i] == '{')) {
			if (++depth > PARSE_DEPTH_MAX)
				return true;
		} else if (!string && (p[i] == ']' || p[i] == '}') && depth > 0) {
			depth--;
		}
	}
	return false;
}

/* jansson's own words quote the text around the fault. */
static const char *words_for(enum json_error_code code)
{
	switch (code) {
	case json_error_invalid_utf8:
		return "text that is not UTF-8";
	case json_error_premature_end_of_input:
		return "the line ends too early";
	case json_error_end_of_input_expected:
		return "something follows the end";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a NUL character";
	case json_error_duplicate_key:
		return "a key that stands twice";
	case json_error_numeric_overflow:
		return "a number that is too large";
	case json_error_stack_overflow:
		return "nested too deep";
	case json_error_invalid_syntax:
	case json_error_invalid_format:
	case json_error_wrong_type:
	case json_error_null_value:
	case json_error_item_not_found:
	case json_error_index_out_of_range:
	case json_error_unknown:
	case json_error_cannot_open_file:
	case json_error_invalid_argument:
	case json_error_out_of_memory:
		break;
	}
	return "not JSON";
}

enum saksi_err json_parse_line(json_t **out, const char *text, size_t len,
    const char *what, struct saksi_error *err)
{
	json_error_t fault;
	enum json_error_code code;

	*out = NULL;
	memset(&fault, 0, sizeof(fault));
	if (too_deep(text, len))
		return saksi_fail(err, SAKSI_EFORMAT, "%s: nested deeper than %u levels",
		    what, PARSE_DEPTH_MAX);
	starved = false;
	parsing = true;
	*out = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
	parsing = false;
	/* A key whose text could not grow is a key all the same. */
	if (*out != NULL && starved) {
		json_decref(*out);
		*out = NULL;
	}
	if (*out != NULL)
		return SAKSI_OK;
	code = json_error_code(&fault);
	/* Without words of its own it did not get as far as reading. */
	if (starved || code == json_error_out_of_memory || fault.text[0] == '\0')
		return saksi_fail_nomem(err);
	if (fault.line > 1)
		return saksi_fail(err, SAKSI_EFORMAT, "%s: line %d, column %d: %s", what,
		    fault.line, fault.column, words_for(code));
	return saksi_fail(err, SAKSI_EFORMAT, "%s: column %d: %s", what, fault.column,
	    words_for(code));
}
