/* terms_field.c - what field:value asks for, but for the texts of prose. */
#include <string.h>

#include "terms_int.h"

bool field_is_prose(enum field_kind k)
{
	return k == FIELD_TEXT || k == FIELD_NOTE || k == FIELD_NAME;
}

/*
 * The label of a listed code is looked up when one asks.  An addition (x-...) to
 * a numbered list is filed elsewhere, so nobody would meet it there.
 */
bool field_code_is_listed(const struct schema *s, const struct schema_field *f,
    const char *code)
{
	bool numbered = f->list != NULL && f->list[0] >= '0' && f->list[0] <= '9';

	return f->list != NULL && !(numbered && strncmp(code, "x-", 2) == 0) &&
	    schema_code_label(s, f->list, code) != NULL;
}

void maker_field(struct maker *m, const void *p, size_t n)
{
	struct index_term t;

	if (maker_full(m))
		return;
	index_term_keyed(&t, IX_FIELD, m->f->path, p, n);
	index_doc_term(m->d, &t);
}

void maker_field_few(struct maker *m)
{
	static const uint8_t more = FIELD_MORE_TAG;
	const struct few_words *w = &m->few;

	/* What has no word at all may still be asked for as it is. */
	if (w->n == 0 || w->n > w->max) {
		maker_field(m, &more, 1);
		return;
	}
	for (const char *s = (const char *)w->bytes.p, *end = s + w->bytes.len; s < end;
	     s += strlen(s) + 1)
		maker_field(m, s, strlen(s));
}

/* Every string inside, as query_value.c goes through them. */
static bool add_inside(struct maker *m, const json_t *v, const char *skip,
    const char *skip2)
{
	json_t *o = (json_t *)(uintptr_t)v;

	if (json_is_string(v))
		return maker_field_text(m, json_string_value(v), json_string_length(v));
	if (!json_is_object(v))
		return true;
	for (void *it = json_object_iter(o); it != NULL;
	     it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);

		if (strcmp(key, "source") == 0 ||
		    (skip != NULL && strcmp(key, skip) == 0) ||
		    (skip2 != NULL && strcmp(key, skip2) == 0))
			continue;
		if (!add_inside(m, json_object_iter_value(it), NULL, NULL))
			return false;
	}
	return true;
}

/* What is said of a value: class, status; its note is a text. */
static bool add_wrapper(struct maker *m, const json_t *v, const json_t *plain)
{
	bool note = field_is_prose(m->f->kind);

	return plain == v || add_inside(m, v, "v", note ? "note" : NULL);
}

static bool add_raw(struct maker *m, const char *s)
{
	if (s != NULL)
		maker_field(m, s, strlen(s));
	return true;
}

static bool add_code(struct maker *m, const char *code)
{
	const char *label;

	if (code == NULL)
		return true;
	(void)add_raw(m, code);
	if (field_code_is_listed(m->s, m->f, code))
		return true;
	if (!maker_field_text(m, code, strlen(code)))
		return false;
	label = m->f->list != NULL ? schema_code_label(m->s, m->f->list, code) : NULL;
	return label == NULL || maker_field_text(m, label, strlen(label));
}

static bool add_date(struct maker *m, const json_t *v)
{
	uint8_t term[1 + DATE_TERM] = {FIELD_DATE_TAG};
	struct edtf d;

	if (value_date(&d, m->f, v)) {
		date_term(term + 1, &d);
		maker_field(m, term, sizeof(term));
		return true;
	}
	term[0] = FIELD_MORE_TAG;
	maker_field(m, term, 1);
	return true;
}

/* In words, and what stands in it that the words leave out. */
static bool add_value(struct maker *m, const json_t *v, const json_t *plain)
{
	struct buf text = BUF_INIT;
	bool ok = true;

	if (!json_is_string(plain)) {
		value_text(&text, m->s, m->f, v);
		m->nomem = m->nomem || text.failed;
		ok = !text.failed && maker_field_text(m, (const char *)text.p, text.len);
		buf_free(&text);
	}
	return ok && add_inside(m, v, NULL, NULL);
}

bool terms_of_field(struct maker *m, const json_t *v)
{
	const json_t *plain = value_plain(v);
	const char *text = json_string_value(plain);

	switch (m->f->kind) {
	case FIELD_GROUP:
		return true;
	case FIELD_REF:
		return add_raw(m, text);
	case FIELD_SOURCE:
		return add_raw(m,
			   text != NULL
			       ? text
			       : json_string_value(json_object_get(plain, "item"))) &&
		    add_inside(m, plain, NULL, NULL);
	case FIELD_CODE:
		return add_code(m, text) && add_wrapper(m, v, plain);
	case FIELD_DATE:
	case FIELD_TIME:
		return add_date(m, v);
	case FIELD_TEXT:
	case FIELD_NOTE:
		return add_wrapper(m, v, plain);
	case FIELD_NAME:
		return (plain == v || add_wrapper(m, v, plain)) &&
		    (json_is_string(plain) || add_inside(m, plain, "text", "note"));
	case FIELD_PLACE:
	case FIELD_NUMBER:
	case FIELD_MONEY:
	case FIELD_SANCTION:
	case FIELD_LANG:
	case FIELD_COUNTRY:
	case FIELD_YESNO:
	case FIELD_INT:
	case FIELD_ATTACHMENT:
		break;
	}
	return add_value(m, v, plain);
}
