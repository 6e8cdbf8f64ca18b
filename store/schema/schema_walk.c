/*
 * schema_walk.c - going through the values of a record.
 */
#include <string.h>

#include "schema_internal.h"

/* Leaves of one element of a list of groups, lists among them taken apart. */
static bool group_leaves(const struct schema_field *g, const json_t *o,
    record_value_fn *fn, void *ctx)
{
	for (size_t i = 0; i < g->n_fields; i++) {
		const struct schema_field *f = &g->fields[i];
		const json_t *v = json_object_get(o, f->name);
		if (v == NULL)
			continue;
		if (!f->many && !fn(ctx, f, v))
			return false;
		for (size_t k = 0; f->many && k < json_array_size(v); k++)
			if (!fn(ctx, f, json_array_get(v, k)))
				return false;
	}
	return true;
}

bool value_leaves(const struct schema_field *f, const json_t *v, record_value_fn *fn,
    void *ctx)
{
	if (f->kind != FIELD_GROUP)
		return fn(ctx, f, v);
	/* The element's own sources and note, then what it holds. */
	if (value_wrapped(v) && !fn(ctx, f, v))
		return false;
	return group_leaves(f, value_plain(v), fn, ctx);
}

static bool field_values(const struct schema_field *f, const json_t *v,
    record_value_fn *fn, void *ctx)
{
	if (!f->many)
		return value_leaves(f, v, fn, ctx);
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!value_leaves(f, json_array_get(v, i), fn, ctx))
			return false;
	return true;
}

static bool rival_values(const struct schema_type *t, const json_t *record,
    record_value_fn *fn, void *ctx)
{
	const json_t *rivals = json_object_get(record, "rivals");
	for (size_t i = 0; i < json_array_size(rivals); i++) {
		const json_t *r = json_array_get(rivals, i);
		const char *path = json_str(r, "field");
		const struct schema_field *f =
		    path != NULL ? schema_field(t, path) : NULL;
		const json_t *v = json_object_get(r, "value");
		if (f != NULL && v != NULL && !value_leaves(f, v, fn, ctx))
			return false;
	}
	return true;
}

bool record_values(const struct schema *s, const json_t *record, record_value_fn *fn,
    void *ctx)
{
	const struct schema_type *t = schema_type(s, json_str(record, "type"));
	if (t == NULL)
		return true;
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct schema_field *f = &t->fields[i];
		const json_t *v = json_object_get(record, f->name);
		if (v == NULL)
			continue;
		if (!field_is_single_group(f)) {
			if (!field_values(f, v, fn, ctx))
				return false;
			continue;
		}
		for (size_t k = 0; k < f->n_fields; k++) {
			const json_t *x = json_object_get(v, f->fields[k].name);
			if (x != NULL && !field_values(&f->fields[k], x, fn, ctx))
				return false;
		}
	}
	return rival_values(t, record, fn, ctx);
}

/* ---- dates ------------------------------------------------------------------- */

struct dates {
	bool (*fn)(void *ctx, const struct schema_field *f, const struct edtf *d);
	void *ctx;
};

bool value_date(struct edtf *out, const struct schema_field *f, const json_t *v)
{
	char day[11];

	if (f->kind != FIELD_DATE && f->kind != FIELD_TIME)
		return false;
	v = value_plain(v);
	const char *s = json_is_string(v) ? json_string_value(v) : json_str(v, "edtf");
	if (s == NULL)
		return false;
	if (f->kind == FIELD_TIME) {
		/* 2021-05-31T08:15:00Z: its day. */
		if (strlen(s) < sizeof(day))
			return false;
		memcpy(day, s, sizeof(day) - 1);
		day[sizeof(day) - 1] = '\0';
		s = day;
	}
	return edtf_parse(out, s, NULL) == SAKSI_OK;
}

static bool dates_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	const struct dates *d = ctx;
	struct edtf e;

	return !value_date(&e, f, v) || d->fn(d->ctx, f, &e);
}

void record_dates(const struct schema *s, const json_t *record,
    bool (*fn)(void *ctx, const struct schema_field *f, const struct edtf *d), void *ctx)
{
	struct dates d = {fn, ctx};
	(void)record_values(s, record, dates_value, &d);
}

/* ---- references ------------------------------------------------------------------ */

struct refs {
	bool (*fn)(void *ctx, const struct schema_field *f, const char *id);
	void *ctx;
};

static bool refs_sources(const struct refs *r, const struct schema_field *f,
    const json_t *sources)
{
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const char *id = json_str(json_array_get(sources, i), "item");
		if (id != NULL && !r->fn(r->ctx, f, id))
			return false;
	}
	return true;
}

static bool refs_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	const struct refs *r = ctx;

	return value_refs(f, v, r->fn, r->ctx);
}

void record_refs(const struct schema *s, const json_t *record,
    bool (*fn)(void *ctx, const struct schema_field *f, const char *id), void *ctx)
{
	struct refs r = {fn, ctx};
	(void)record_values(s, record, refs_value, &r);
}

bool value_refs(const struct schema_field *f, const json_t *v,
    bool (*fn)(void *ctx, const struct schema_field *f, const char *id), void *ctx)
{
	struct refs r = {fn, ctx};

	if (value_wrapped(v) && !refs_sources(&r, f, json_object_get(v, "source")))
		return false;
	v = value_plain(v);
	const char *id = NULL;
	if (f->kind == FIELD_REF)
		id = json_string_value(v);
	else if (f->kind == FIELD_SOURCE)
		id = json_is_string(v) ? json_string_value(v) : json_str(v, "item");
	if (id != NULL)
		return fn(ctx, f, id);
	return f->kind != FIELD_NAME || refs_sources(&r, f, json_object_get(v, "source"));
}

/* ---- texts ------------------------------------------------------------------------- */

struct texts {
	const struct schema *s;
	const struct schema_type *t;
	record_text_fn *fn;
	void *ctx;
};

static enum text_weight weight_of(const struct texts *x, const struct schema_field *f)
{
	if (strcmp(f->path, x->t->label) == 0 || strcmp(f->path, "title") == 0)
		return TEXT_HEAD;
	return TEXT_BODY;
}

static bool texts_code(const struct texts *x, const struct schema_field *f,
    const char *list, const json_t *v)
{
	const char *code = json_string_value(v);
	const char *label = code != NULL ? schema_code_label(x->s, list, code) : NULL;
	return label == NULL || x->fn(x->ctx, f, TEXT_LABEL, label);
}

static bool texts_parts(const struct texts *x, const struct schema_field *f,
    const struct part *parts, size_t n, const json_t *o);

static bool texts_part(const struct texts *x, const struct schema_field *f,
    const struct part *p, const json_t *v)
{
	if (v == NULL)
		return true;
	if (p->kind == PART_CODE)
		return texts_code(x, f, p->arg, v);
	if (p->kind == PART_MONEY) {
		size_t n;
		const struct part *money = kind_parts(FIELD_MONEY, &n);
		return texts_parts(x, f, money, n, v);
	}
	if ((p->kind != PART_TEXT && p->kind != PART_NOTE) || !json_is_string(v))
		return true;
	/* A name weighs as a name, a remark about it as a remark. */
	bool head = f->kind == FIELD_NAME && p->kind == PART_TEXT;
	return x->fn(x->ctx, f, head ? TEXT_HEAD : TEXT_BODY, json_string_value(v));
}

static bool texts_parts(const struct texts *x, const struct schema_field *f,
    const struct part *parts, size_t n, const json_t *o)
{
	for (size_t i = 0; i < n; i++)
		if (!texts_part(x, f, &parts[i], json_object_get(o, parts[i].name)))
			return false;
	return true;
}

static bool texts_attachment(const struct texts *x, const struct schema_field *f,
    const json_t *o)
{
	const char *key;
	json_t *v;
	json_object_foreach (json_loop(o), key, v)
		if (json_is_string(v) &&
		    !x->fn(x->ctx, f, TEXT_BODY, json_string_value(v)))
			return false;
	return true;
}

static bool texts_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	const struct texts *x = ctx;
	const char *note = value_wrapped(v) ? json_str(v, "note") : NULL;
	size_t n;

	if (note != NULL && !x->fn(x->ctx, f, TEXT_BODY, note))
		return false;
	v = value_plain(v);
	if (f->kind == FIELD_TEXT || f->kind == FIELD_NOTE)
		return !json_is_string(v) ||
		    x->fn(x->ctx, f, weight_of(x, f), json_string_value(v));
	if (f->kind == FIELD_CODE)
		return texts_code(x, f, f->list, v);
	if (f->kind == FIELD_ATTACHMENT)
		return texts_attachment(x, f, v);
	if (f->kind ==
	    FIELD_SOURCE) /* "lines 3, 5" would make every record match "lines" */
		return true;
	const struct part *parts = kind_parts(f->kind, &n);
	return parts == NULL || texts_parts(x, f, parts, n, v);
}

bool value_texts(const struct schema *s, const struct schema_type *t,
    const struct schema_field *f, const json_t *v, record_text_fn *fn, void *ctx)
{
	struct texts x = {s, t, fn, ctx};
	return texts_value(&x, f, v);
}

void record_texts(const struct schema *s, const json_t *record, record_text_fn *fn,
    void *ctx)
{
	struct texts x = {s, schema_type(s, json_str(record, "type")), fn, ctx};
	if (x.t != NULL)
		(void)record_values(s, record, texts_value, &x);
}
