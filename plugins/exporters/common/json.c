#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANK_FIELDS 100u  /* the schema's fields start here */
#define RANK_PARTS 10000u /* then what is no field */

static const char *const heads[] = {"id", "ref", "type", "class"};
static const char *const parts[] = {"v", "text", "edtf", "item", "locator", "field",
    "value", "qualifier", "amount", "currency", "kind", "term", "term_min", "term_max",
    "suspended", "suspended_stated", "money", "collective", "country", "subdivision",
    "script", "lang", "order", "stated", "equivalent_as_stated", "exact", "lat", "lon",
    "type", "basis", "by", "at", "class", "source", "status", "note"};

struct place {
	uint32_t rank;
	uint32_t index;
};

static int by_rank(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	/* Maps come with ascending keys. */
	return x->index < y->index ? -1 : x->index > y->index;
}

static uint32_t among(const msgpack_object *key, const char *const *list, size_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (value_is(key, list[i]))
			return i;
	return UINT32_MAX;
}

static uint32_t rank_of(const msgpack_object *key, const msgpack_object *fields,
    bool record)
{
	uint32_t r;
	if (record && (r = among(key, heads, sizeof heads / sizeof *heads)) != UINT32_MAX)
		return r;
	uint32_t n =
	    fields && fields->type == MSGPACK_OBJECT_ARRAY ? fields->via.array.size : 0;
	for (r = 0; r < n; r++)
		if (value_same(value_get(&fields->via.array.ptr[r], "name"), key))
			return RANK_FIELDS + r;
	r = among(key, parts, sizeof parts / sizeof *parts);
	return RANK_PARTS +
	    (r != UINT32_MAX ? r : (uint32_t)(sizeof parts / sizeof *parts));
}

static void json_any(struct text *t, const msgpack_object *v,
    const msgpack_object *fields, bool record);

static void json_map(struct text *t, const msgpack_object *v,
    const msgpack_object *fields, bool record)
{
	uint32_t n = v->via.map.size;
	struct place *order = calloc(n ? n : 1, sizeof *order);
	if (!order) {
		t->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		order[i].rank = rank_of(&v->via.map.ptr[i].key, fields, record);
		order[i].index = i;
	}
	qsort(order, n, sizeof *order, by_rank);
	text_char(t, '{');
	for (uint32_t i = 0; i < n; i++) {
		const msgpack_object_kv *kv = &v->via.map.ptr[order[i].index];
		const msgpack_object *f = field_named(fields, &kv->key);
		if (i > 0)
			text_char(t, ',');
		json_any(t, &kv->key, NULL, false);
		text_char(t, ':');
		/* What stands in {"v": ...} is ordered like the bare value. */
		json_any(t, &kv->val,
		    f					     ? value_get(f, "fields")
			: value_is(&kv->key, "v") && !record ? fields
							     : NULL,
		    false);
	}
	text_char(t, '}');
	free(order);
}

static void json_array(struct text *t, const msgpack_object *v,
    const msgpack_object *fields)
{
	text_char(t, '[');
	for (uint32_t i = 0; i < v->via.array.size; i++) {
		if (i > 0)
			text_char(t, ',');
		json_any(t, &v->via.array.ptr[i], fields, false);
	}
	text_char(t, ']');
}

void json_string(struct text *t, const char *s, size_t n)
{
	text_char(t, '"');
	size_t from = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		char esc[8] = {'\\', 0};
		if (c == '"' || c == '\\')
			esc[1] = (char)c;
		else if (c == '\n')
			esc[1] = 'n';
		else if (c == '\t')
			esc[1] = 't';
		else if (c == '\r')
			esc[1] = 'r';
		else if (c < 0x20)
			snprintf(esc, sizeof esc, "\\u%04x", c);
		else
			continue;
		text_add(t, s + from, i - from);
		text_str(t, esc);
		from = i + 1;
	}
	text_add(t, s + from, n - from);
	text_char(t, '"');
}

/* Fewest digits that read back as the same number; always a real to a reader. */
static void json_real(struct text *t, double d)
{
	char s[40];
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(s, sizeof s, "%.*g", digits, d);
		double back = strtod(s, NULL);
		if (memcmp(&back, &d, sizeof d) == 0)
			break;
	}
	text_str(t, s);
	if (!strpbrk(s, ".e"))
		text_str(t, ".0");
}

static void json_any(struct text *t, const msgpack_object *v,
    const msgpack_object *fields, bool record)
{
	char s[32];
	switch ((int)v->type) {
	case MSGPACK_OBJECT_BOOLEAN:
		text_str(t, v->via.boolean ? "true" : "false");
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		snprintf(s, sizeof s, "%" PRIu64, v->via.u64);
		text_str(t, s);
		break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		snprintf(s, sizeof s, "%" PRId64, v->via.i64);
		text_str(t, s);
		break;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		json_real(t, v->via.f64);
		break;
	case MSGPACK_OBJECT_STR:
		json_string(t, v->via.str.ptr, v->via.str.size);
		break;
	case MSGPACK_OBJECT_ARRAY:
		json_array(t, v, fields);
		break;
	case MSGPACK_OBJECT_MAP:
		json_map(t, v, fields, record);
		break;
	default:
		text_str(t, "null");
	}
}

void json_record(struct text *t, const msgpack_object *record,
    const msgpack_object *fields)
{
	json_any(t, record, fields, true);
}

void json_value(struct text *t, const msgpack_object *v, const msgpack_object *field)
{
	json_any(t, v, value_get(field, "fields"), false);
}
