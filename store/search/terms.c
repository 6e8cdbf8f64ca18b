/* terms.c - one pass over a record for all that it is to be found by. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/id.h>
#include <saksi/base/list.h>
#include <saksi/base/text.h>

#include "terms_int.h"

/* Between texts, so that no phrase spans two. */
#define TEXT_GAP 1u

static void add_term(struct maker *m, enum index_family family, const void *p, size_t n)
{
	struct index_term t;

	index_term(&t, family, p, n);
	index_doc_term(m->d, &t);
}

bool maker_full(struct maker *m)
{
	m->cut = m->cut || m->d->list.len >= RECORD_TERMS_MAX;
	return m->cut;
}

void maker_term(struct maker *m, enum index_family family, const void *p, size_t n)
{
	if (!maker_full(m))
		add_term(m, family, p, n);
}

bool maker_fold(struct maker *m, const char *text, size_t n)
{
	buf_reset(&m->folded);
	m->rc = text_fold(&m->folded, text, n, m->err);
	return m->rc == SAKSI_OK;
}

/* ---- words --------------------------------------------------------------------- */

static void few_begin(struct few_words *w, size_t max)
{
	buf_reset(&w->bytes);
	w->n = 0;
	w->max = max;
}

static void few_add(struct few_words *w, const char *word, size_t n)
{
	if (w->n++ < w->max)
		buf_add(&w->bytes, word, n + 1);
}

static bool gather_word(void *ctx, const char *word, size_t n)
{
	few_add(ctx, word, n);
	return true;
}

bool maker_field_text(struct maker *m, const char *text, size_t n)
{
	if (n == 0 || maker_full(m))
		return true;
	few_begin(&m->few, FIELD_WORDS_MAX);
	if (!maker_fold(m, text, n))
		return false;
	m->rc = text_words((const char *)m->folded.p, m->folded.len, gather_word, &m->few,
	    m->err);
	m->nomem = m->nomem || m->few.bytes.failed;
	maker_field_few(m);
	return m->rc == SAKSI_OK && !m->nomem;
}

struct saying {
	struct maker *m;
	unsigned weight;
};

static bool say_word(void *ctx, const char *word, size_t n)
{
	struct saying *s = ctx;

	if (maker_full(s->m))
		return false;
	index_doc_word(s->m->d, word, n, s->m->position++, s->weight);
	few_add(&s->m->few, word, n);
	return true;
}

static unsigned weight_number(enum text_weight w)
{
	switch (w) {
	case TEXT_HEAD:
		return 2;
	case TEXT_BODY:
		return 1;
	case TEXT_LABEL:
		break;
	}
	return 0;
}

static bool say_text(void *ctx, const struct schema_field *f, enum text_weight weight,
    const char *text)
{
	struct maker *m = ctx;
	struct saying s = {m, weight_number(weight)};
	bool prose = field_is_prose(f->kind) && weight != TEXT_LABEL;

	if (maker_full(m))
		return true;
	few_begin(&m->few, prose ? FIELD_PROSE_MAX : 0);
	if (!maker_fold(m, text, strlen(text)))
		return false;
	m->rc =
	    text_words((const char *)m->folded.p, m->folded.len, say_word, &s, m->err);
	m->position += TEXT_GAP;
	m->nomem = m->nomem || m->few.bytes.failed;
	if (m->rc != SAKSI_OK || m->nomem)
		return false;
	if (prose)
		maker_field_few(m);
	return f->kind != FIELD_NAME || weight != TEXT_HEAD || terms_of_name(m, text);
}

/* ---- references, dates, order ------------------------------------------------------ */

void term_link(struct index_term *t, const char *ref)
{
	struct saksi_id id;
	char text[ID_TEXT_LEN + 1];

	if (id_parse(&id, ref)) {
		id_text(text, &id);
		if (strcmp(text, ref) == 0) {
			index_term(t, IX_LINK, id.b, sizeof(id.b));
			return;
		}
	}
	index_term(t, IX_LINK, ref, strlen(ref));
}

static bool add_link(void *ctx, const struct schema_field *f, const char *id)
{
	struct maker *m = ctx;
	struct index_term t;

	(void)f;
	term_link(&t, id);
	index_doc_term(m->d, &t);
	return true;
}

static void add_date(struct maker *m, const json_t *v)
{
	uint8_t term[DATE_TERM];
	struct edtf d;

	if (!value_date(&d, m->f, v))
		return;
	date_term(term, &d);
	maker_term(m, IX_DATE, term, sizeof(term));
}

/* Only the first value of a field counts for its order. */
static bool is_first(struct maker *m)
{
	const struct schema_field **list;

	for (size_t i = 0; i < m->n_sorted; i++)
		if (strcmp(m->sorted[i]->path, m->f->path) == 0)
			return false;
	list = list_room((void *)m->sorted, m->n_sorted, &m->cap_sorted, sizeof(*list));
	if (list == NULL) {
		m->nomem = true;
		return false;
	}
	m->sorted = list;
	m->sorted[m->n_sorted++] = m->f;
	return true;
}

static void add_sort_key(struct maker *m, const char *path)
{
	struct index_term t;

	if (m->key.failed) {
		m->nomem = true;
		return;
	}
	index_term_keyed(&t, IX_SORT, path, m->key.p, m->key.len);
	index_doc_term(m->d, &t);
}

static bool add_order(struct maker *m, const json_t *v)
{
	if (!sort_key_has(m->f->kind) || !is_first(m))
		return !m->nomem;
	buf_reset(&m->key);
	if (value_sort_key(&m->key, m->s, m->f, v) || m->key.failed)
		add_sort_key(m, m->f->path);
	return !m->nomem;
}

/* ---- a record ------------------------------------------------------------------------ */

static bool add_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	struct maker *m = ctx;

	m->f = f;
	add_date(m, v);
	return value_texts(m->s, m->t, f, v, say_text, m) &&
	    value_refs(f, v, add_link, m) && add_order(m, v) && terms_of_field(m, v);
}

static void add_head(struct maker *m, const json_t *record, bool deleted, bool conflict)
{
	const char *id = json_string_value(json_object_get(record, "id"));
	const char *ref = json_string_value(json_object_get(record, "ref"));
	const char *type = json_string_value(json_object_get(record, "type"));
	const char cls = class_letter(schema_record_class(record));
	struct saksi_id number;

	if (id != NULL && id_parse(&number, id))
		add_term(m, IX_ID, number.b, sizeof(number.b));
	if (ref != NULL)
		add_term(m, IX_REF, ref, strlen(ref));
	if (type != NULL)
		add_term(m, IX_TYPE, type, strlen(type));
	add_term(m, IX_CLASS, &cls, 1);
	if (deleted)
		add_term(m, IX_STATE, "deleted", 7);
	if (conflict)
		add_term(m, IX_STATE, "conflict", 8);
}

enum saksi_err record_terms(struct index_doc *d, const struct schema *s,
    const json_t *record, bool deleted, bool conflict, struct saksi_error *err)
{
	const char *type = json_string_value(json_object_get(record, "type"));
	struct maker m = {.d = d, .s = s, .err = err};

	add_head(&m, record, deleted, conflict);
	m.t = type != NULL ? schema_type(s, type) : NULL;
	if (m.t != NULL) {
		(void)record_values(s, record, add_value, &m);
		buf_reset(&m.key);
		if (!m.nomem && m.rc == SAKSI_OK &&
		    (label_sort_key(&m.key, s, record) || m.key.failed))
			add_sort_key(&m, SORT_LABEL);
	}
	if (m.cut)
		add_term(&m, IX_STATE, STATE_LONG, strlen(STATE_LONG));
	free((void *)m.sorted);
	buf_free(&m.folded);
	buf_free(&m.few.bytes);
	buf_free(&m.key);
	if (m.rc != SAKSI_OK)
		return m.rc;
	return m.nomem ? saksi_fail_nomem(err) : buf_ok(&d->list, err);
}
