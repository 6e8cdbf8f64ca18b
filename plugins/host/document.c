/* document.c - join a form definition with the records into a document. */
#include <stdio.h>
#include <string.h>

#include <saksi/base/fsio.h>

#include "submission.h"

/* ---- blocks ------------------------------------------------------------------------ */

void block_add(struct section *x, const char *kind, const char *key, json_t *value)
{
	json_t *b = build_object(x->s);
	build_set(x->s, b, "kind", json_string(kind));
	build_set(x->s, b, key, value);
	build_add(x->s, x->blocks, b);
}

void block_text(struct section *x, const char *kind, const char *text)
{
	block_add(x, kind, "text", json_string(text));
}

json_t *block_fields(struct section *x)
{
	json_t *fields = build_array(x->s);
	block_add(x, "fields", "fields", fields);
	/* The block keeps it alive; without memory there may be no block. */
	return x->s->failed ? NULL : fields;
}

void block_field(struct section *x, json_t *fields, const char *label, const char *text)
{
	build_add(x->s, fields, json_pack("{s:s, s:s}", "label", label, "value", text));
}

/* ---- sections ------------------------------------------------------------------------ */

static const struct feed *feed_find(const char *name)
{
	static const struct feed *const tables[] = {feeds_case, feeds_people};
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const struct feed *f = tables[t]; f->name; f++)
			if (strcmp(f->name, name) == 0)
				return f;
	return NULL;
}

bool feed_known(const char *name)
{
	return feed_find(name) != NULL;
}

/* A section says what it has, or that there is nothing: never silence. */
static json_t *section_make(struct submission *s, const json_t *form)
{
	struct section x = {s, form, build_array(s)};
	const json_t *feeds = json_object_get(form, "feeds"), *f;
	size_t i;
	json_array_foreach (feeds, i, f) {
		feed_find(json_string_value(f))->fn(&x);
	}
	if (json_array_size(x.blocks) == 0) {
		const char *gap = form_text(form, "gap");
		block_text(&x, "gap", gap[0] ? gap : "nothing on this in the records");
	}
	return json_pack("{s:s, s:s, s:o}", "id", form_text(form, "id"), "title",
	    form_text(form, "title"), "blocks", x.blocks);
}

/* ---- cover --------------------------------------------------------------------------- */

static void cover_add(struct submission *s, json_t *cover, const char *label,
    const char *value)
{
	build_add(s, cover, json_pack("{s:s, s:s}", "label", label, "value", value));
}

/* Answers that the form puts on its cover. */
static void cover_answers(struct submission *s, json_t *cover)
{
	const json_t *o, *a;
	size_t i, k;
	json_array_foreach (json_object_get(s->form, "options"), i, o) {
		const char *key = form_text(o, "key");
		const json_t *list = json_object_get(s->answers, key);
		struct buf b = BUF_INIT;
		if (!json_is_true(json_object_get(o, "cover")))
			continue;
		json_array_foreach (list, k, a) {
			const char *value = json_string_value(a);
			const char *meaning = form_meaning(s->form, key, value);
			buf_printf(&b, "%s%s", k ? "; " : "", value);
			if (strcmp(meaning, value) != 0)
				buf_printf(&b, " (%s)", meaning);
		}
		cover_add(s, cover, form_text(o, "label"),
		    b.len ? buf_cstr(&b) : "[not recorded]");
		build_done(s, &b);
	}
}

static json_t *cover_make(struct submission *s, const char *made)
{
	json_t *cover = build_array(s);
	const char ceiling[2] = {class_letter(s->job->ceiling), '\0'};
	const json_t *n;
	size_t i;
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s, version %s", form_text(s->form, "id"),
	    form_text(s->form, "version"));
	cover_add(s, cover, "Form definition", buf_cstr(&b));
	build_done(s, &b);
	cover_add(s, cover, "Verified on", form_text(s->form, "verified_on"));
	cover_add(s, cover, "Made", made);
	cover_add(s, cover, "Made with", s->job->generator ? s->job->generator : "saksi");
	cover_add(s, cover, "Highest class of the case records in it", ceiling);
	cover_answers(s, cover);
	json_array_foreach (json_object_get(s->form, "notes"), i, n) {
		cover_add(s, cover, "Note",
		    json_string_value(n) ? json_string_value(n) : "");
	}
	return cover;
}

enum saksi_err document_make(struct submission *s, struct saksi_error *err)
{
	const json_t *form;
	char made[24];
	size_t i;
	json_t *sections = build_array(s);

	time_text(made, clock_now_us());
	json_array_foreach (json_object_get(s->form, "sections"), i, form) {
		build_add(s, sections, section_make(s, form));
	}
	s->document = json_pack("{s:s, s:{s:s, s:s, s:s}, s:s, s:o, s:o}", "title",
	    form_text(s->form, "name"), "form", "id", form_text(s->form, "id"), "version",
	    form_text(s->form, "version"), "verified_on",
	    form_text(s->form, "verified_on"), "made", made, "cover", cover_make(s, made),
	    "sections", sections);
	s->failed = s->failed || !s->document;
	return build_ok(s, err);
}
