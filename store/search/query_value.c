/*
 * query_value.c - field:value on one record.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "query_int.h"

struct asking {
	const struct query *q;
	const struct node *n;
	bool hit, nomem;
};

/* ---- field:value ------------------------------------------------------------------ */

/* The words stand in ${text}, or it is the value itself, folded. */
static bool says(struct asking *a, const char *text)
{
	struct words w = {BUF_INIT, NULL, 0, 0};

	if (text == NULL || *text == '\0')
		return false;
	if (strcmp(text, (const char *)a->n->text.p) == 0)
		return true;
	if (a->n->words.n == 0)
		return false;
	if (!words_add_raw(&w, text))
		a->nomem = true;
	bool hit = !a->nomem && words_find(&w, 0, w.n, &a->n->words, a->n->prefix) != 0;
	words_free(&w);
	return hit;
}

/* Any string that the value holds: KH-12, an amount's bare digits, a remark. */
static bool says_inside(struct asking *a, const json_t *v)
{
	const char *key;
	json_t *x;

	if (json_is_string(v))
		return says(a, json_string_value(v));
	if (!json_is_object(v))
		return false;
	void *it = json_object_iter((json_t *)(uintptr_t)v);
	for (; it != NULL; it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
		key = json_object_iter_key(it);
		x = json_object_iter_value(it);
		if (strcmp(key, "source") != 0 && says_inside(a, x))
			return true;
	}
	return false;
}

static bool is_reference(const struct node *n, const char *id)
{
	return id != NULL &&
	    (strcmp(id, (const char *)n->text.p) == 0 ||
		(n->id[0] != '\0' && strcmp(id, n->id) == 0));
}

/* 04:030101000000, or its digits alone. */
static bool is_code(const struct node *n, const char *code)
{
	const char *want = (const char *)n->text.p,
		   *colon = code != NULL ? strchr(code, ':') : NULL;
	return code != NULL &&
	    (strcmp(code, want) == 0 || (colon != NULL && strcmp(colon + 1, want) == 0));
}

static bool in_days(const struct node *n, const char *date)
{
	struct edtf d;
	char day[11];
	if (!n->dated || date == NULL)
		return false;
	if (strlen(date) > 10 && date[10] == 'T') {
		memcpy(day, date, 10);
		day[10] = '\0';
		date = day;
	}
	return edtf_parse(&d, date, NULL) == SAKSI_OK && edtf_overlaps(&d, &n->days);
}

static bool says_in_words(struct asking *a, const struct schema_field *f, const json_t *v)
{
	struct buf text = BUF_INIT;
	value_text(&text, a->q->s, f, v);
	(void)buf_cstr(&text);
	if (text.failed)
		a->nomem = true;
	bool hit = !text.failed && says(a, (const char *)text.p);
	buf_free(&text);
	return hit;
}

static bool value_says(struct asking *a, const struct schema_field *f, const json_t *v)
{
	const json_t *plain = value_plain(v);
	const char *text = json_string_value(plain);
	if (f->kind == FIELD_REF)
		return is_reference(a->n, text);
	if (f->kind == FIELD_SOURCE)
		return is_reference(a->n,
			   text != NULL
			       ? text
			       : json_string_value(json_object_get(plain, "item"))) ||
		    says_inside(a, plain);
	if (f->kind == FIELD_CODE && is_code(a->n, text))
		return true;
	if (f->kind == FIELD_DATE || f->kind == FIELD_TIME) {
		if (a->n->dated)
			return in_days(a->n,
			    text != NULL
				? text
				: json_string_value(json_object_get(plain, "edtf")));
	}
	return says_in_words(a, f, v) || says_inside(a, v);
}

static bool field_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	struct asking *a = ctx;
	if (!field_has_name(f, a->n->key) || f->kind == FIELD_GROUP)
		return true;
	a->hit = value_says(a, f, v);
	return !a->hit && !a->nomem;
}

int match_field(const struct query *q, const struct node *n, const json_t *record)
{
	struct asking a = {.q = q, .n = n};
	record_values(q->s, record, field_value, &a);
	return a.nomem ? -1 : a.hit;
}
