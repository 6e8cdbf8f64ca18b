/*
 * bearers.c - whose names may stand in the texts of a submission.
 *
 * The person table can be long: of each record only its names are looked at,
 * and it is kept only if all words of one of them stand in the document.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bearers.h"

#define BEARERS_MAX 50000u
#define DIGITS_LEAST 7u
#define ADDRESS_LEAST 8u /* bytes; shorter places are whole towns */

struct victim *bearer_of(struct bearer *b)
{
	return b->victim ? b->victim : &b->own;
}

/* ---- the texts ---------------------------------------------------------------------- */

static void texts_of(json_t *v, text_fn *fn, void *ctx)
{
	const char *key;
	json_t *x;
	size_t i;
	if (json_is_string(v))
		fn(ctx, v);
	json_array_foreach (v, i, x) {
		texts_of(x, fn, ctx);
	}
	json_object_foreach (v, key, x) {
		/* "text", "list" ...: ours, not the records'. */
		if (strcmp(key, "kind") != 0)
			texts_of(x, fn, ctx);
	}
}

/* Who submits is told to nobody but the recipient, also when it is the victim. */
static bool is_submitter(const json_t *form_section)
{
	const json_t *f;
	size_t i;
	json_array_foreach (json_object_get(form_section, "feeds"), i, f) {
		if (strcmp(json_string_value(f), "submitter") == 0)
			return true;
	}
	return false;
}

void each_text(struct submission *s, text_fn *fn, void *ctx)
{
	const json_t *forms = json_object_get(s->form, "sections");
	json_t *x;
	size_t i;
	json_array_foreach (json_object_get(s->document, "sections"), i, x) {
		if (!is_submitter(json_array_get(forms, i)))
			texts_of(json_object_get(x, "blocks"), fn, ctx);
	}
	texts_of(json_object_get(s->document, "cover"), fn, ctx);
}

static void index_text(void *ctx, json_t *text)
{
	name_index_add(ctx, json_string_value(text));
}

/* ---- the names of a record ---------------------------------------------------------- */

typedef void name_fn(void *ctx, enum name_kind kind, bool open, const char *text);

static bool is_seen(const json_t *seen, const char *text)
{
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(seen, "names"), i, x) {
		if (strcmp(text_at(value_plain(x), "text"), text) == 0)
			return true;
	}
	return false;
}

/* What reaches one person; "by his brother" does not. */
static bool is_contact(const char *text)
{
	size_t digits = 0;
	for (const char *p = text; *p; p++)
		digits += *p >= '0' && *p <= '9';
	return strchr(text, '@') || digits >= DIGITS_LEAST;
}

static void contacts_of(const json_t *record, name_fn *fn, void *ctx)
{
	const char *exact =
	    text_at(value_plain(json_object_get(record, "address")), "exact");
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(record, "contacts"), i, x) {
		const char *text = text_at(value_plain(x), "text");
		if (is_contact(text))
			fn(ctx, NAME_CONTACT, false, text);
	}
	if (strlen(exact) >= ADDRESS_LEAST)
		fn(ctx, NAME_CONTACT, false, exact);
}

/* A rival of the names is one too: nobody decided yet which of them is right. */
static void rivals_of(const json_t *record, name_fn *fn, void *ctx)
{
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(record, "rivals"), i, x) {
		const json_t *v = value_plain(json_object_get(x, "value"));
		if (strncmp(text_at(x, "field"), "names", 5) == 0)
			fn(ctx, NAME_WHOLE, false,
			    json_is_string(v) ? json_string_value(v) : text_at(v, "text"));
	}
}

/* ${seen}: what may be read of it; a name that is not in it is not open. */
static void names_of(const json_t *record, const json_t *seen, name_fn *fn, void *ctx)
{
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(record, "names"), i, x) {
		const char *text = text_at(value_plain(x), "text");
		fn(ctx, NAME_WHOLE, is_seen(seen, text), text);
	}
	json_array_foreach (json_object_get(record, "variants"), i, x) {
		if (strncmp(text_at(value_plain(x), "about"), "name", 4) == 0)
			fn(ctx, NAME_WHOLE, seen != NULL,
			    text_at(value_plain(x), "value"));
	}
	rivals_of(record, fn, ctx);
}

/* ---- the bearers ----------------------------------------------------------------------- */

static struct bearer *bearer_add(struct bearers *b)
{
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 64;
		struct bearer *grown = realloc(b->list, cap * sizeof *grown);
		if (!grown) {
			b->failed = true;
			return NULL;
		}
		b->list = grown;
		b->cap = cap;
	}
	struct bearer *x = &b->list[b->n++];
	memset(x, 0, sizeof *x);
	return x;
}

struct add_names {
	struct bearers *b;
	size_t owner;
	bool parts;
};

static void add_name(void *ctx, enum name_kind kind, bool open, const char *text)
{
	struct add_names *a = ctx;
	struct tokens t = {0};
	names_add(&a->b->names, a->owner, kind, open, text);
	if (!a->parts || kind != NAME_WHOLE)
		return;
	tokens_split(&t, text);
	for (size_t i = 0; i < t.n && t.n > 1 && !t.failed; i++)
		if (!t.list[i].cluster)
			names_add(&a->b->names, a->owner, NAME_PART, open,
			    token_text(&t, i));
	a->b->failed = a->b->failed || t.failed;
	tokens_free(&t);
}

static void add_names(struct bearers *b, size_t owner, bool parts)
{
	struct add_names a = {b, owner, parts};
	const struct victim *v = bearer_of(&b->list[owner]);
	names_of(v->record, v->seen, add_name, &a);
	/* Sealed: with this ceiling they may be read, and are not missed. */
	if (b->s->job->ceiling < CLASS_S)
		contacts_of(v->record, add_name, &a);
}

struct may_stand {
	struct name_index *index;
	bool may;
};

static void may_name(void *ctx, enum name_kind kind, bool open, const char *text)
{
	struct may_stand *m = ctx;
	(void)kind;
	(void)open;
	m->may = m->may || name_index_may(m->index, text);
}

struct table_walk {
	struct bearers *b;
	struct name_index index;
};

/* Organisations are named freely, except those that something happened to. */
static bool is_meant(const struct submission *s, const json_t *record)
{
	const char *id = text_at(record, "id");
	return strcmp(text_at(record, "type"), "person") == 0 ||
	    json_object_get(s->tied, id) || json_object_get(s->missing, id);
}

static int on_party(void *ctx, json_t *record, bool deleted)
{
	struct table_walk *w = ctx;
	struct bearers *b = w->b;
	const char *id = text_at(record, "id");
	struct may_stand m = {&w->index, false};
	if (deleted && json_object_get(b->s->missing, id) &&
	    json_object_set_new(b->s->recalled, id, json_true()) != 0)
		b->failed = true;
	names_of(record, NULL, may_name, &m);
	contacts_of(record, may_name, &m);
	b->failed = b->failed || w->index.failed;
	if (b->failed)
		return -1;
	if (!m.may || strlen(id) > 26 || victim_find(b->s, id) || !is_meant(b->s, record))
		return 0;
	if (b->n >= BEARERS_MAX) {
		b->rc = saksi_fail(b->err, SAKSI_ELIMIT,
		    "the texts of the submission hold the names of more than %u persons; "
		    "split it",
		    BEARERS_MAX);
		return -1;
	}
	struct bearer *x = bearer_add(b);
	if (!x)
		return -1;
	snprintf(x->own.id, sizeof x->own.id, "%s", id);
	x->own.record = json_incref(record);
	x->deleted = deleted;
	x->tie = json_string_value(json_object_get(b->s->tied, id));
	if (!deleted)
		b->rc = cut_record(&x->own.seen, &b->s->cut, record, b->err);
	return b->rc == SAKSI_OK ? 0 : -1;
}

static void walk_table(struct bearers *b)
{
	const struct host_source *source = b->s->job->source;
	struct table_walk w = {b, {0}};
	/* Who is seen here is not in the document for that. */
	json_t *used = b->s->cut.used;
	each_text(b->s, index_text, &w.index);
	b->failed = b->failed || w.index.failed;
	b->s->cut.used = NULL;
	if (!b->failed && source->parties(source->ctx, on_party, &w) != 0 &&
	    b->rc == SAKSI_OK && !b->failed)
		b->rc = source_failed(b->err);
	b->s->cut.used = used;
	name_index_free(&w.index);
}

enum saksi_err bearers_gather(struct bearers *b, struct submission *s,
    struct saksi_error *err)
{
	memset(b, 0, sizeof *b);
	b->s = s;
	b->err = err;
	s->recalled = json_object();
	b->failed = !s->recalled;
	for (size_t i = 0; i < s->n_victims && !b->failed; i++) {
		struct bearer *x = bearer_add(b);
		if (x)
			x->victim = &s->victims[i];
	}
	if (!b->failed)
		walk_table(b);
	for (size_t i = 0; i < b->n && !b->failed && b->rc == SAKSI_OK; i++) {
		const struct victim *v = b->list[i].victim;
		add_names(b, i, v ? v->withheld || !v->seen : b->list[i].tie != NULL);
	}
	if (!b->failed && b->rc == SAKSI_OK)
		names_ready(&b->names);
	if (b->rc != SAKSI_OK)
		return b->rc;
	return b->failed || b->names.failed ? saksi_fail_nomem(err) : SAKSI_OK;
}

void bearers_free(struct bearers *b)
{
	for (size_t i = 0; i < b->n; i++) {
		victim_done(&b->list[i].own);
		buf_free(&b->list[i].where);
	}
	free(b->list);
	names_free(&b->names);
}
