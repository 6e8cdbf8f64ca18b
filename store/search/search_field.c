/*
 * search_field.c - field:value.
 *
 * A key means one path or several (detention: all of that group), each of one
 * kind in one type and maybe another elsewhere; what terms there are of a value
 * is said in terms_field.c.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "search_int.h"

struct asked {
	const struct schema_field *f;
	bool mixed; /* other types have another kind of field there */
};
struct planning {
	struct seeking *s;
	const struct node *n;
	uint64_t budget;
	struct asked *list;
	size_t n_list, cap_list;
	struct seeker *any;
	bool gave_up;
	struct saksi_error *err;
	enum saksi_err rc;
};

static bool ask_one(struct planning *p, const struct schema_field *f)
{
	struct asked *list;
	bool mixed = false;

	if (f->kind == FIELD_GROUP || !field_has_name(f, p->n->key))
		return true;
	for (size_t i = 0; i < p->n_list; i++) {
		struct asked *a = &p->list[i];

		if (strcmp(a->f->path, f->path) != 0)
			continue;
		if (a->f->kind == f->kind && a->f->list == f->list)
			return true;
		if (a->f->kind != f->kind)
			mixed = a->mixed = true;
	}
	if ((list = list_room(p->list, p->n_list, &p->cap_list, sizeof(*list))) == NULL)
		return false;
	p->list = list;
	list[p->n_list++] = (struct asked){f, mixed};
	return true;
}

static bool ask_fields(struct planning *p)
{
	size_t n;
	const struct schema_type *t = schema_types(p->s->src->schema, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < t[i].n_fields; k++) {
			const struct schema_field *f = &t[i].fields[k];

			if (!ask_one(p, f))
				return false;
			for (size_t m = 0; m < f->n_fields; m++)
				if (!ask_one(p, &f->fields[m]))
					return false;
		}
	return true;
}

/* ---- parts -------------------------------------------------------------------------- */

/* Take a kid; NULL means that it gave up. */
static bool take(struct planning *p, struct seeker **kid, bool doubt)
{
	if (p->rc == SAKSI_OK && *kid == NULL)
		p->gave_up = true;
	if (p->rc != SAKSI_OK || p->gave_up) {
		seeker_free(kid);
		return false;
	}
	(*kid)->doubt = (*kid)->doubt || doubt;
	p->rc = seeker_add(p->any, kid, p->err);
	return p->rc == SAKSI_OK;
}

static void field_term(struct index_term *t, const struct asked *a, const void *p,
    size_t n)
{
	index_term_keyed(t, IX_FIELD, a->f->path, p, n);
}

static bool add_raw(struct planning *p, const struct asked *a, const char *s)
{
	struct seeker *kid = NULL;
	struct index_term t;

	if (s[0] == '\0')
		return true;
	field_term(&t, a, s, strlen(s));
	p->rc = seeker_term(&kid, p->s, &t, p->err);
	return take(p, &kid, a->mixed);
}

static bool add_reference(struct planning *p, const struct asked *a)
{
	return add_raw(p, a, (const char *)p->n->text.p) && add_raw(p, a, p->n->id);
}

/* Each code whose words, or those of its label, say the value. */
struct telling {
	struct planning *p;
	const struct asked *a;
};

static bool says(struct planning *p, const char *text)
{
	struct words w = {BUF_INIT, NULL, 0, 0};
	bool ok = words_add_raw(&w, text);
	bool hit = ok && words_find(&w, 0, w.n, &p->n->words, p->n->prefix) != 0;

	if (!ok)
		p->rc = saksi_fail_nomem(p->err);
	words_free(&w);
	return hit || strcmp(text, (const char *)p->n->text.p) == 0;
}

static void tell_code(void *ctx, const char *code, const char *label, const char *broader)
{
	struct telling *t = ctx;

	(void)broader;
	if (t->p->rc == SAKSI_OK && !t->p->gave_up &&
	    strcmp(code, (const char *)t->p->n->text.p) != 0 &&
	    (says(t->p, code) || says(t->p, label)))
		(void)add_raw(t->p, t->a, code);
}

static bool add_codes(struct planning *p, const struct asked *a)
{
	struct telling t = {p, a};

	if (!add_raw(p, a, (const char *)p->n->text.p))
		return false;
	if (a->f->list != NULL)
		schema_codes(p->s->src->schema, a->f->list, tell_code, &t);
	return p->rc == SAKSI_OK && !p->gave_up;
}

static bool add_all_days(struct planning *p, const struct asked *a)
{
	static const uint8_t date = FIELD_DATE_TAG, more = FIELD_MORE_TAG;
	struct index_term t;
	struct seeker *kid = NULL;

	field_term(&t, a, &date, 1);
	p->rc = plan_prefix(&kid, p->s, &t, false, p->budget, p->err);
	if (!take(p, &kid, true))
		return false;
	field_term(&t, a, &more, 1);
	p->rc = seeker_term(&kid, p->s, &t, p->err);
	return take(p, &kid, true);
}

static bool add_days(struct planning *p, const struct asked *a)
{
	struct seeker *kid = NULL;

	if (!p->n->dated)
		return add_all_days(p, a);
	p->rc = plan_days(&kid, p->s, a->f->path, &p->n->days, p->budget, p->err);
	return take(p, &kid, a->mixed);
}

/* ---- words ------------------------------------------------------------------------------ */

static enum saksi_err plan_field_word(struct seeker **out, struct planning *p,
    const struct asked *a, size_t i)
{
	const char *word = words_get(&p->n->words, i);
	size_t n = strlen(word), key = strlen(a->f->path) + 1;
	size_t room = INDEX_TERM_MAX - 17 - key;
	struct index_term t;
	bool prefix = p->n->prefix && i + 1 == p->n->words.n;
	enum saksi_err rc;

	field_term(&t, a, word, prefix && n > room ? room : n);
	if (!prefix)
		return seeker_term(out, p->s, &t, p->err);
	rc = plan_prefix(out, p->s, &t, false, p->budget, p->err);
	if (*out != NULL)
		(*out)->doubt = n > room;
	return rc;
}

/* All words, somewhere in values of the field. */
static bool add_short(struct planning *p, const struct asked *a)
{
	struct seeker *all = NULL, *kid = NULL;
	bool doubt =
	    a->mixed || p->n->words.n > 1 || (p->n->prefix && a->f->kind == FIELD_CODE);

	p->rc = seeker_new(&all, FIND_ALL_OF, p->err);
	for (size_t i = 0; i < p->n->words.n && p->rc == SAKSI_OK; i++) {
		p->rc = plan_field_word(&kid, p, a, i);
		if (p->rc == SAKSI_OK && kid == NULL) {
			p->gave_up = true;
			break;
		}
		if (p->rc == SAKSI_OK)
			p->rc = seeker_add(all, &kid, p->err);
	}
	if (p->rc == SAKSI_OK && !p->gave_up)
		seeker_complete(all);
	return take(p, &all, doubt);
}

/* A value that is too long to have its words under the field. */
static bool add_long(struct planning *p, const struct asked *a)
{
	static const uint8_t more = FIELD_MORE_TAG;
	struct seeker *all = NULL, *kid = NULL;
	struct index_term t;

	field_term(&t, a, &more, 1);
	p->rc = seeker_new(&all, FIND_ALL_OF, p->err);
	if (p->rc == SAKSI_OK)
		p->rc = seeker_term(&kid, p->s, &t, p->err);
	if (p->rc == SAKSI_OK)
		p->rc = seeker_add(all, &kid, p->err);
	if (p->rc == SAKSI_OK && field_is_prose(a->f->kind) && p->n->words.n > 0) {
		p->rc = plan_words(&kid, p->s, p->n, p->budget, p->err);
		if (p->rc == SAKSI_OK)
			p->rc = seeker_add(all, &kid, p->err);
	}
	if (p->rc == SAKSI_OK)
		seeker_complete(all);
	return take(p, &all, true);
}

static bool add_field(struct planning *p, const struct asked *a)
{
	switch (a->f->kind) {
	case FIELD_REF:
		return add_reference(p, a);
	case FIELD_DATE:
	case FIELD_TIME:
		return add_days(p, a);
	case FIELD_SOURCE:
		if (!add_reference(p, a))
			return false;
		break;
	case FIELD_CODE:
		if (!add_codes(p, a))
			return false;
		break;
	case FIELD_TEXT:
	case FIELD_NOTE:
	case FIELD_NAME:
	case FIELD_PLACE:
	case FIELD_NUMBER:
	case FIELD_MONEY:
	case FIELD_SANCTION:
	case FIELD_LANG:
	case FIELD_COUNTRY:
	case FIELD_YESNO:
	case FIELD_INT:
	case FIELD_GROUP:
	case FIELD_ATTACHMENT:
		break;
	}
	return (p->n->words.n == 0 || add_short(p, a)) && add_long(p, a);
}

enum saksi_err plan_field(struct seeker **out, struct seeking *s, const struct node *n,
    uint64_t budget, struct saksi_error *err)
{
	struct planning p = {.s = s, .n = n, .budget = budget, .err = err};

	*out = NULL;
	p.rc = seeker_new(&p.any, FIND_ANY_OF, err);
	if (p.rc == SAKSI_OK && !ask_fields(&p))
		p.rc = saksi_fail_nomem(err);
	for (size_t i = 0; i < p.n_list && p.rc == SAKSI_OK && !p.gave_up; i++)
		(void)add_field(&p, &p.list[i]);
	free(p.list);
	if (p.rc != SAKSI_OK || p.gave_up) {
		seeker_free(&p.any);
		return p.rc;
	}
	seeker_complete(p.any);
	*out = p.any;
	return SAKSI_OK;
}
