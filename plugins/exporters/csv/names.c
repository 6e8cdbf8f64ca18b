/*
 * names.c - what people call a code or a record.
 *
 * Of records only what this export was handed is known: a name that was cut,
 * or whose record was not selected, is not here and can't slip into a table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"

#define ID 26u

static const msgpack_object *first_of(const msgpack_object *v)
{
	if (v && v->type == MSGPACK_OBJECT_ARRAY)
		v = v->via.array.size > 0 ? &v->via.array.ptr[0] : NULL;
	return v ? cell_plain(v) : NULL;
}

static bool is_text(const msgpack_object *v)
{
	return v && v->type == MSGPACK_OBJECT_STR && v->via.str.size > 0;
}

static void add_text(struct text *t, const msgpack_object *v)
{
	text_add(t, v->via.str.ptr, v->via.str.size);
}

/* ---- codes ----------------------------------------------------------------------- */

static void say_code(struct text *t, const struct names *names,
    const msgpack_object *list, const msgpack_object *code)
{
	const msgpack_object *codes =
	    is_text(list) && names->codes ? map_get(names->codes, list) : NULL;
	if (!is_text(code))
		return;
	if (codes && codes->type == MSGPACK_OBJECT_ARRAY)
		for (uint32_t i = 0; i < codes->via.array.size; i++) {
			const msgpack_object *c = &codes->via.array.ptr[i];
			const msgpack_object *label = value_get(c, "label");
			if (value_same(value_get(c, "code"), code) && is_text(label)) {
				add_text(t, label);
				return;
			}
		}
	add_text(t, code);
}

/* ---- records --------------------------------------------------------------------- */

/* The first name that is a name; failing that the first one of any kind. */
static const msgpack_object *name_in(const msgpack_object *names)
{
	const msgpack_object *any = NULL;
	if (!names || names->type != MSGPACK_OBJECT_ARRAY)
		return NULL;
	for (uint32_t i = 0; i < names->via.array.size; i++) {
		const msgpack_object *v = cell_plain(&names->via.array.ptr[i]);
		const msgpack_object *kind = value_get(v, "kind");
		const msgpack_object *text = value_get(v, "text");
		if (is_text(text) && (!kind || value_is(kind, "name")))
			return text;
		any = any ? any : text;
	}
	return is_text(any) ? any : NULL;
}

/* The first code in the field ${name}, in words. */
static bool describe_code(struct names *x, const msgpack_object *record,
    const msgpack_object *fields, const char *name)
{
	const msgpack_object *v = first_of(value_get(record, name));
	const msgpack_object *f = NULL;
	if (!is_text(v) || !fields || fields->type != MSGPACK_OBJECT_ARRAY)
		return false;
	for (uint32_t i = 0; i < fields->via.array.size && !f; i++)
		if (value_is(value_get(&fields->via.array.ptr[i], "name"), name))
			f = &fields->via.array.ptr[i];
	if (!f)
		return false;
	say_code(&x->words, x, value_get(f, "list"), v);
	return true;
}

static void describe(struct names *x, const msgpack_object *record,
    const msgpack_object *type)
{
	static const char *const instead[] = {"group_description", "pseudonym", "label"};
	const msgpack_object *fields = value_get(type, "fields"),
			     *label = value_get(type, "label"), *name = NULL;
	const msgpack_object *kind = value_get(field_named(fields, label), "kind");
	if (value_is(kind, "code") &&
	    (describe_code(x, record, fields, "local_kind") ||
		describe_code(x, record, fields, "kind")))
		return;
	if (value_is(kind, "name"))
		name = name_in(map_get(record, label));
	else if (value_is(kind, "text"))
		name = first_of(map_get(record, label));
	for (size_t i = 0; !is_text(name) && i < sizeof instead / sizeof *instead; i++)
		name = first_of(value_get(record, instead[i]));
	if (!is_text(name))
		name = value_get(type, "name");
	if (is_text(name))
		add_text(&x->words, name);
	const msgpack_object *article = first_of(value_get(record, "article"));
	if (is_text(article)) {
		text_str(&x->words, ", article ");
		add_text(&x->words, article);
	}
}

/* An act, a charge or a decision alone says little: to whom it was done. */
static void note_party(struct named *e, const msgpack_object *record)
{
	static const char *const parties[][2] = {{"act", "victim"}, {"charge", "accused"},
	    {"decision", "subjects"}};
	for (size_t i = 0; i < sizeof parties / sizeof *parties; i++) {
		if (!value_is(value_get(record, "type"), parties[i][0]))
			continue;
		const msgpack_object *v = value_get(record, parties[i][1]);
		const msgpack_object *id = first_of(v);
		if (is_text(id) && id->via.str.size == ID)
			memcpy(e->party, id->via.str.ptr, ID);
		if (v && v->type == MSGPACK_OBJECT_ARRAY && v->via.array.size > 1)
			e->others = v->via.array.size - 1;
	}
}

void names_add(struct names *x, const msgpack_object *record, const msgpack_object *type)
{
	const msgpack_object *id = value_get(record, "id");
	if (x->failed || !id || id->type != MSGPACK_OBJECT_STR || id->via.str.size != ID)
		return;
	if (x->n == x->cap) {
		size_t cap = x->cap ? x->cap * 2 : 64;
		struct named *grown = realloc(x->list, cap * sizeof *grown);
		if (!grown) {
			x->failed = true;
			return;
		}
		x->list = grown;
		x->cap = cap;
	}
	struct named *e = &x->list[x->n++];
	memset(e, 0, sizeof *e);
	memcpy(e->id, id->via.str.ptr, ID);
	e->at = x->words.n;
	describe(x, record, type);
	e->n = x->words.n - e->at;
	note_party(e, record);
	const msgpack_object *date = value_get(record, "date");
	/* A title or a name stands alone; what is called by its kind has a day. */
	if (date && !value_is(value_get(type, "label"), "title"))
		(void)cell_value(&x->words, date);
	e->n_date = x->words.n - e->at - e->n;
	x->failed = x->failed || x->words.failed;
}

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct named *)a)->id, ((const struct named *)b)->id, ID);
}

void names_ready(struct names *x)
{
	if (x->n > 1)
		qsort(x->list, x->n, sizeof *x->list, by_id);
}

void names_free(struct names *x)
{
	free(x->list);
	text_free(&x->words);
	memset(x, 0, sizeof *x);
}

static const struct named *find(const struct names *x, const char id[ID])
{
	struct named key = {.n = 0};
	memcpy(key.id, id, ID);
	return x->n ? bsearch(&key, x->list, x->n, sizeof key, by_id) : NULL;
}

/* "Arrest: Thun Ratha and 2 others, 2020-07-31" */
static void say_record(struct text *t, const struct names *x, const msgpack_object *id)
{
	if (!is_text(id) || id->via.str.size != ID)
		return;
	const struct named *e = find(x, id->via.str.ptr);
	if (!e)
		return;
	text_add(t, x->words.p + e->at, e->n);
	const struct named *party = e->party[0] ? find(x, e->party) : NULL;
	if (party) {
		text_str(t, ": ");
		text_add(t, x->words.p + party->at, party->n);
		if (e->others > 0) {
			char words[40];
			snprintf(words, sizeof words, " and %u other%s",
			    (unsigned)e->others, e->others == 1 ? "" : "s");
			text_str(t, words);
		}
	}
	if (e->n_date > 0) {
		text_str(t, ", ");
		text_add(t, x->words.p + e->at + e->n, e->n_date);
	}
}

/* ---- values ---------------------------------------------------------------------- */

static const char *const kinds[] = {"code", "ref", "source", "sanction"};

bool names_has(const msgpack_object *field)
{
	const msgpack_object *kind = value_get(field, "kind");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (value_is(kind, kinds[i]))
			return true;
	return false;
}

static void say_source(struct text *t, const struct names *x, const msgpack_object *v)
{
	const msgpack_object *item =
				 v->type == MSGPACK_OBJECT_STR ? v : value_get(v, "item"),
			     *locator = value_get(v, "locator");
	size_t start = t->n;
	if (item)
		say_record(t, x, item);
	if (t->n > start && is_text(locator)) {
		text_str(t, ", ");
		add_text(t, locator);
	}
}

static void say_sanction(struct text *t, const struct names *x, const msgpack_object *v)
{
	static const char *const parts[] = {"term", "term_min", "term_max", "money"};
	const msgpack_object *kind = value_get(v, "kind");
	msgpack_object list;
	list.type = MSGPACK_OBJECT_STR;
	list.via.str.ptr = "sanction-kind";
	list.via.str.size = sizeof "sanction-kind" - 1;
	if (kind)
		say_code(t, x, &list, kind);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const msgpack_object *part = value_get(v, parts[i]);
		if (!part)
			continue;
		text_str(t, i == 2 && value_get(v, "term_min") ? "/" : " ");
		(void)cell_value(t, part);
	}
}

void names_say(struct text *t, const struct names *x, const msgpack_object *field,
    const msgpack_object *v)
{
	const msgpack_object *kind = value_get(field, "kind");
	v = cell_plain(v);
	if (value_is(kind, "code"))
		say_code(t, x, value_get(field, "list"), v);
	else if (value_is(kind, "ref"))
		say_record(t, x, v);
	else if (value_is(kind, "source"))
		say_source(t, x, v);
	else
		say_sanction(t, x, v);
}
