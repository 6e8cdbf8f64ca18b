/*
 * schema_parts.c - what objects hold, key by key.
 */
#include <string.h>

#include "schema_internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct part date_parts[] = {
    {"edtf", PART_EDTF, NULL, false},
    {"stated", PART_TEXT, NULL, false},
    {"basis", PART_WORD, "stated derived unknown", false},
    {"note", PART_NOTE, NULL, false},
};
static const struct part name_parts[] = {
    {"text", PART_TEXT, NULL, true},
    {"kind", PART_CODE, "name-kind", false},
    {"script", PART_SCRIPT, NULL, false},
    {"lang", PART_LANG, NULL, false},
    {"order", PART_WORD, "family-first given-first", false},
    {"source", PART_SOURCES, NULL, false},
    {"note", PART_NOTE, NULL, false},
};
static const struct part place_parts[] = {
    {"country", PART_COUNTRY, NULL, false},
    {"subdivision", PART_SUBDIVISION, NULL, false},
    {"stated", PART_TEXT, NULL, false},
    {"exact", PART_TEXT, NULL, false},
    {"lat", PART_LATITUDE, NULL, false},
    {"lon", PART_LONGITUDE, NULL, false},
    {"type", PART_CODE, "17", false},
};
static const struct part number_parts[] = {
    {"value", PART_NUMBER, NULL, false},
    {"qualifier", PART_TEXT, NULL, false},
    {"stated", PART_TEXT, NULL, false},
};
static const struct part money_parts[] = {
    {"amount", PART_AMOUNT, NULL, false},
    {"currency", PART_CURRENCY, NULL, false},
    {"stated", PART_TEXT, NULL, false},
    {"equivalent_as_stated", PART_TEXT, NULL, false},
};
static const struct part sanction_parts[] = {
    {"kind", PART_CODE, "sanction-kind", true},
    {"term", PART_TERM, NULL, false},
    {"term_min", PART_TERM, NULL, false},
    {"term_max", PART_TERM, NULL, false},
    {"suspended", PART_SUSPENDED, NULL, false},
    {"suspended_stated", PART_TEXT, NULL, false},
    {"money", PART_MONEY, NULL, false},
    {"collective", PART_YES, NULL, false},
    {"stated", PART_TEXT, NULL, false},
    {"note", PART_NOTE, NULL, false},
};
static const struct part source_parts[] = {
    {"item", PART_REF, "item", true},
    {"locator", PART_TEXT, NULL, false},
};
static const struct part wrapper[] = {
    {"v", PART_VALUE, NULL, true},
    {"class", PART_WORD, "P R C S", false},
    {"source", PART_SOURCES, NULL, false},
    {"status", PART_WORD, "accepted disputed superseded wrong-in-source", false},
    {"note", PART_NOTE, NULL, false},
};

static const struct {
	const struct part *parts;
	size_t n;
} by_kind[] = {
    [FIELD_DATE] = {date_parts, COUNT(date_parts)},
    [FIELD_NAME] = {name_parts, COUNT(name_parts)},
    [FIELD_PLACE] = {place_parts, COUNT(place_parts)},
    [FIELD_NUMBER] = {number_parts, COUNT(number_parts)},
    [FIELD_MONEY] = {money_parts, COUNT(money_parts)},
    [FIELD_SANCTION] = {sanction_parts, COUNT(sanction_parts)},
    [FIELD_SOURCE] = {source_parts, COUNT(source_parts)},
};

const struct part *kind_parts(enum field_kind k, size_t *n)
{
	if ((size_t)k >= COUNT(by_kind)) {
		*n = 0;
		return NULL;
	}
	*n = by_kind[k].n;
	return by_kind[k].parts;
}

const struct part *wrapper_parts(size_t *n)
{
	*n = COUNT(wrapper);
	return wrapper;
}

const struct part *part_find(const struct part *parts, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(parts[i].name, name) == 0)
			return &parts[i];
	return NULL;
}

bool value_wrapped(const json_t *v)
{
	return json_is_object(v) && json_object_get(v, "v") != NULL;
}

const json_t *value_plain(const json_t *v)
{
	return value_wrapped(v) ? json_object_get(v, "v") : v;
}
