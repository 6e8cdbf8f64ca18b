/* words.c - records and values in the words of a submission. */
#include <stdio.h>
#include <string.h>

#include <unicode/uloc.h>
#include <unicode/ustring.h>

#include <saksi/base/edtf.h>

#include "submission.h"

void words_country(struct buf *out, const char *code)
{
	char locale[16], utf8[200];
	UChar name[64];
	UErrorCode u = U_ZERO_ERROR;
	int32_t n = 0, bytes = 0;
	if (strlen(code) == 2) {
		snprintf(locale, sizeof locale, "und_%s", code);
		n = uloc_getDisplayCountry(locale, "en", name, 64, &u);
		u_strToUTF8(utf8, sizeof utf8, &bytes, name, n, &u);
	}
	if (n > 0 && U_SUCCESS(u) && u != U_STRING_NOT_TERMINATED_WARNING)
		buf_add_str(out, utf8);
	else
		buf_add_str(out, code);
}

bool words_date(struct buf *out, const json_t *date)
{
	char words[200];
	const json_t *v = value_plain(date);
	const char *edtf = json_is_string(v) ? json_string_value(v) : text_at(v, "edtf");
	if (!edtf || !edtf[0])
		return false;
	if (edtf_long(words, sizeof words, edtf))
		buf_add_str(out, words);
	else
		buf_add_str(out, edtf);
	return true;
}

bool words_record(struct buf *out, struct submission *s, const char *id)
{
	json_t *record = NULL, *seen = NULL;
	size_t before = out->len;
	const struct victim *v = victim_find(s, id);
	if (v) {
		buf_add_str(out, v->called);
		return true;
	}
	if (!cut_name(&s->cut, id))
		return false;
	/* build_ok() looks there. */
	if (record_get(&record, s, id, NULL) != SAKSI_OK)
		s->cut.failed = true;
	else if (record && cut_record(&seen, &s->cut, record, NULL) != SAKSI_OK)
		s->failed = true;
	if (seen)
		record_label(out, s->schema, seen);
	json_decref(seen);
	json_decref(record);
	return out->len > before;
}

static void add_label(struct buf *out, const char *name)
{
	for (size_t i = 0; name[i]; i++) {
		char c = name[i] == '_' ? ' ' : name[i];
		buf_add_byte(out,
		    (uint8_t)(i == 0 && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
	}
}

static void add_words(struct buf *out, const char *name)
{
	for (; *name; name++)
		buf_add_byte(out, (uint8_t)(*name == '_' ? ' ' : *name));
}

static void words_group(struct buf *out, struct submission *s,
    const struct schema_field *g, const json_t *v)
{
	size_t start = out->len;
	for (size_t i = 0; i < g->n_fields; i++) {
		const struct schema_field *f = &g->fields[i];
		const json_t *x = json_object_get(v, f->name);
		struct buf part = BUF_INIT;
		if (!x || f->kind == FIELD_SOURCE)
			continue;
		words_value(&part, s, f, x);
		if (part.len > 0) {
			buf_add_str(out, out->len > start ? ", " : "");
			/* Of roles, "role: " says nothing. */
			if (strncmp(g->name, f->name, strlen(f->name)) != 0) {
				add_words(out, f->name);
				buf_add_str(out, ": ");
			}
			buf_add_str(out, buf_cstr(&part));
		}
		out->failed = out->failed || part.failed;
		buf_free(&part);
	}
}

void words_state(struct buf *out, const json_t *place)
{
	const char *country = text_at(place, "country"),
		   *part = text_at(place, "subdivision");
	char two[3] = "";
	if (!country[0] && strlen(part) > 3) {
		memcpy(two, part, 2);
		country = two;
	}
	if (country[0])
		words_country(out, country);
}

/* Which of them is meant is for the shipped list to say, not for a reader. */
static void words_place(struct buf *out, const json_t *v)
{
	const char *exact = text_at(v, "exact"), *stated = text_at(v, "stated");
	const char *part = text_at(v, "subdivision");
	size_t before = out->len;
	if (exact[0])
		buf_printf(out, "%s, ", exact);
	if (stated[0])
		buf_printf(out, "%s, ", stated);
	else if (part[0])
		buf_printf(out, "%s, ", part);
	size_t n = out->len;
	words_state(out, v);
	if (out->len == n && n > before)
		out->len -= 2;
}

static void words_one(struct buf *out, struct submission *s, const struct schema_field *f,
    const json_t *v)
{
	if (f->kind == FIELD_REF) {
		const char *id = json_string_value(v);
		if (id)
			(void)words_record(out, s, id);
	} else if (f->kind == FIELD_GROUP) {
		words_group(out, s, f, v);
	} else if (f->kind == FIELD_PLACE && json_is_object(v)) {
		words_place(out, v);
	} else if (f->kind == FIELD_COUNTRY && json_is_string(v)) {
		words_country(out, json_string_value(v));
	} else if (f->kind == FIELD_DATE) {
		(void)words_date(out, v);
	} else {
		value_text(out, s->schema, f, v);
	}
}

void words_value(struct buf *out, struct submission *s, const struct schema_field *f,
    const json_t *v)
{
	const json_t *x;
	size_t i, start = out->len;
	if (!json_is_array(v)) {
		words_one(out, s, f, value_plain(v));
		return;
	}
	json_array_foreach (v, i, x) {
		struct buf part = BUF_INIT;
		words_one(&part, s, f, value_plain(x));
		if (part.len > 0)
			buf_printf(out, "%s%s", out->len > start ? "; " : "",
			    buf_cstr(&part));
		out->failed = out->failed || part.failed;
		buf_free(&part);
	}
}

json_t *words_sources(struct submission *s, const json_t *record)
{
	json_t *titles = build_array(s), *seen = build_object(s);
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(record, "source"), i, x) {
		const json_t *v = value_plain(x);
		const char *id =
		    json_is_string(v) ? json_string_value(v) : text_at(v, "item");
		struct buf b = BUF_INIT;
		if (!json_object_get(seen, id) && words_record(&b, s, id))
			build_add(s, titles, json_string(buf_cstr(&b)));
		build_set(s, seen, id, json_true());
		build_done(s, &b);
	}
	json_decref(seen);
	return titles;
}

/* ---- a fact ------------------------------------------------------------------------ */

/* Whose fact it is: of all it names, only those that this submission is about. */
static void add_whose(struct buf *out, struct submission *s, const struct fact *f)
{
	static const char *const keys[] = {"victim", "accused", "subjects"};
	bool any = false;
	for (size_t i = 0; i < s->n_victims; i++)
		if (s->victims[i].seen &&
		    refers(f->record, keys[f->rank], s->victims[i].id)) {
			buf_printf(out, "%s%s", any ? ", " : "", s->victims[i].called);
			any = true;
		}
	buf_add_str(out, any ? ": " : "");
}

static void add_what(struct buf *out, struct submission *s, const struct fact *f)
{
	static const char *const heads[3][2] = {{"local_kind", "kind"},
	    {"label_stated", "label"}, {"kind", NULL}};
	const struct schema_type *t = schema_type(s->schema, text_at(f->seen, "type"));
	if (f->rank == 1)
		buf_add_str(out, "Charge: ");
	for (int i = 0; i < 2 && heads[f->rank][i]; i++) {
		const struct schema_field *field = schema_field(t, heads[f->rank][i]);
		const json_t *v = json_object_get(f->seen, heads[f->rank][i]);
		if (field && v) {
			words_value(out, s, field, v);
			buf_add_str(out, ". ");
			return;
		}
	}
	buf_printf(out, "%s. ", f->rank == 1 ? "not stated" : t->name);
}

/* Said otherwise in the document, or not for others to read. */
static bool is_said(const char *name)
{
	static const char *const said[] = {"event", "victim", "accused", "subjects",
	    "kind", "local_kind", "label_stated", "date", "source", "items",
	    "external_ids", "tags", "languages", "received", "internal_note", "variants",
	    "arbitrariness"};
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (strcmp(name, said[i]) == 0)
			return true;
	return false;
}

static void add_rest(struct buf *out, struct submission *s, const json_t *record)
{
	const struct schema_type *t = schema_type(s->schema, text_at(record, "type"));
	for (size_t i = 0; t && i < t->n_fields; i++) {
		const struct schema_field *f = &t->fields[i];
		const json_t *v = json_object_get(record, f->name);
		struct buf part = BUF_INIT;
		if (!v || is_said(f->name))
			continue;
		words_value(&part, s, f, v);
		if (part.len > 0) {
			const char *p = buf_cstr(&part);
			add_label(out, f->name);
			buf_printf(out, ": %s%s ", p,
			    strchr(".!?", p[part.len - 1]) ? "" : ".");
		}
		out->failed = out->failed || part.failed;
		buf_free(&part);
	}
}

/* What sources, or the team, do not agree on is said, not decided here. */
static void add_disagreements(struct buf *out, const json_t *record)
{
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(record, "variants"), i, x) {
		const json_t *v = value_plain(x);
		buf_printf(out, "Another source says on %s: %s. ", text_at(v, "about"),
		    text_at(v, "value"));
	}
	json_array_foreach (json_object_get(record, "rivals"), i, x) {
		buf_printf(out, "The records disagree on %s; see them before sending. ",
		    text_at(x, "field"));
	}
}

void words_fact(struct buf *out, struct submission *s, const struct fact *f)
{
	add_whose(out, s, f);
	add_what(out, s, f);
	add_rest(out, s, f->seen);
	add_disagreements(out, f->seen);
	while (out->len > 0 && out->p[out->len - 1] == ' ')
		out->len--;
}
