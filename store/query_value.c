/*
 * query_value.c - field:value and name~x on one record.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "query_int.h"

struct asking {
	const struct query *q;
	const struct node *n;
	bool hit, nomem;
	double best; /* NAME */
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

/* ---- name~x --------------------------------------------------------------------------- */

/* How well one name, or a run of its words, fits: 0 not at all, 1 equal. */
static double fits(struct asking *a, const char *part, size_t len)
{
	const struct node *n = a->n;
	struct buf text = BUF_INIT, skeleton = BUF_INIT;
	double fit = 0;

	buf_add(&text, part, len);
	const char *s = buf_cstr(&text);
	unsigned d = text_distance(s, (const char *)n->text.p, n->near);
	if (d <= n->near) {
		fit = 1.0 - 0.25 * d;
	} else if (n->skeleton.len != 0) {
		if (text_skeleton(&skeleton, s, text.len, NULL) != SAKSI_OK)
			a->nomem = true;
		else if (strcmp(buf_cstr(&skeleton), (const char *)n->skeleton.p) == 0)
			fit = 0.5;
	}
	if (text.failed || skeleton.failed)
		a->nomem = true;
	buf_free(&text);
	buf_free(&skeleton);
	return fit;
}

static void keep_best(struct asking *a, double fit)
{
	if (fit > a->best)
		a->best = fit;
}

/* Each run of as many words as were asked for: "raiya" in "kong raiya". */
static void runs_fit(struct asking *a, const char *name, size_t words)
{
	const char *from = name;
	for (size_t i = 0; i + a->n->name_words <= words; i++) {
		const char *to = from;
		for (size_t k = 0; k < a->n->name_words; k++)
			to += strcspn(to + (k != 0), " ") + (k != 0);
		keep_best(a, fits(a, from, (size_t)(to - from)));
		from += strcspn(from, " ");
		from += *from == ' ';
	}
}

static bool name_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	struct asking *a = ctx;
	struct buf name = BUF_INIT;
	size_t words = 1;

	if (f->kind != FIELD_NAME)
		return true;
	const json_t *plain = value_plain(v);
	const char *text = json_is_string(plain)
	    ? json_string_value(plain)
	    : json_string_value(json_object_get(plain, "text"));
	if (text == NULL)
		return true;
	if (!fold_into(&name, text, strlen(text)))
		a->nomem = true;
	const char *folded = buf_cstr(&name);
	for (const char *s = folded; *s != '\0'; s++)
		words += *s == ' ';
	/* A skeleton needs the name as it was written, in its own script. */
	if (!a->nomem)
		keep_best(a, fits(a, text, strlen(text)));
	if (!a->nomem)
		keep_best(a, fits(a, folded, name.len));
	if (!a->nomem && words > a->n->name_words)
		runs_fit(a, folded, words);
	buf_free(&name);
	return !a->nomem && a->best < 1.0;
}

int match_name(const struct query *q, const struct node *n, const json_t *record,
    double *score)
{
	struct asking a = {.q = q, .n = n};
	record_values(q->s, record, name_value, &a);
	*score = a.best;
	return a.nomem ? -1 : a.best > 0;
}
