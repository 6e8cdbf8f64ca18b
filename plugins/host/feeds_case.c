/* feeds_case.c - sections on what happened, where, when and what followed. */
#include <stdio.h>
#include <string.h>

#include <saksi/base/edtf.h>
#include <saksi/base/fsio.h>

#include "submission.h"

static void feed_case_type(struct section *x)
{
	if (x->s->n_victims > 0)
		block_text(x, "text",
		    "Case of one or more individuals, groups or organisations");
}

/* ---- answers of the intervention ------------------------------------------------------- */

/* What the form itself says. */
static void feed_text(struct section *x)
{
	if (form_text(x->form, "text")[0])
		block_text(x, "text", form_text(x->form, "text"));
}

static void put_answers(struct section *x, const char *key)
{
	const json_t *a;
	size_t i;
	json_array_foreach (json_object_get(x->s->answers, key), i, a) {
		block_text(x, "text", form_meaning(x->s->form, key, json_string_value(a)));
	}
}

static void feed_option(struct section *x)
{
	put_answers(x, form_text(x->form, "option"));
}

static void feed_option2(struct section *x)
{
	put_answers(x, form_text(x->form, "option2"));
}

static void feed_addressees(struct section *x)
{
	const char *stated = text_at(x->s->intervention, "addressed_to_stated");
	const json_t *a;
	size_t i;
	if (stated[0])
		block_text(x, "text", stated);
	json_array_foreach (json_object_get(x->s->intervention, "addressed_to"), i, a) {
		const char *id = json_string_value(value_plain(a));
		struct buf b = BUF_INIT;
		if (id && words_record(&b, x->s, id))
			block_text(x, "text", buf_cstr(&b));
		build_done(x->s, &b);
	}
}

static void feed_request(struct section *x)
{
	const char *request = text_at(x->s->intervention, "request");
	if (request[0]) {
		block_text(x, "heading", "Request");
		block_text(x, "text", request);
	}
}

/* ---- places and dates -------------------------------------------------------------------- */

static void add_place(struct section *x, json_t *lines, const json_t *record, bool country)
{
	const struct schema_type *t = schema_type(x->s->schema, text_at(record, "type"));
	const struct schema_field *f = t ? schema_field(t, "place") : NULL;
	const json_t *v = json_object_get(record, "place"), *one;
	struct buf b = BUF_INIT;
	if (!f || !v)
		return;
	one = value_plain(json_is_array(v) ? json_array_get(v, 0) : v);
	if (!country)
		words_value(&b, x->s, f, v);
	else
		words_state(&b, one);
	build_once(x->s, lines, &b);
	build_done(x->s, &b);
}

static json_t *places(struct section *x, bool country)
{
	json_t *lines = build_array(x->s);
	const char *id;
	json_t *seen;
	json_object_foreach (x->s->events, id, seen) {
		if (json_is_object(seen))
			add_place(x, lines, seen, country);
	}
	for (size_t i = 0; i < x->s->n_main; i++)
		add_place(x, lines, x->s->facts[i].seen, country);
	return lines;
}

static void put_list(struct section *x, json_t *lines)
{
	if (json_array_size(lines) > 0)
		block_add(x, "list", "items", lines);
	else
		json_decref(lines);
}

static void feed_places(struct section *x)
{
	put_list(x, places(x, false));
}

/* Where it happened says which State, unless somebody said it. */
static void feed_states(struct section *x)
{
	if (json_object_get(x->s->answers, form_text(x->form, "option")))
		return;
	put_list(x, places(x, true));
}

static void feed_dates(struct section *x)
{
	struct buf b = BUF_INIT;
	const struct fact *first = NULL, *last = NULL;
	for (size_t i = 0; i < x->s->n_main; i++) {
		const struct fact *f = &x->s->facts[i];
		if (f->day == EDTF_DAY_MAX)
			continue;
		first = first ? first : f;
		last = f;
	}
	if (!first)
		return;
	json_t *fields = block_fields(x);
	if (words_date(&b, json_object_get(first->seen, "date")))
		block_field(x, fields, "First recorded fact", buf_cstr(&b));
	b.len = 0;
	if (words_date(&b, json_object_get(last->seen, "date")))
		block_field(x, fields, "Last recorded fact", buf_cstr(&b));
	build_done(x->s, &b);
}

/* ---- what happened ------------------------------------------------------------------------ */

static void put_description(struct section *x, const json_t *event)
{
	const json_t *d = json_object_get(event, "description"), *one;
	size_t i;
	json_array_foreach (d, i, one) {
		const char *text = json_string_value(value_plain(one));
		if (text)
			block_text(x, "text", text);
	}
}

static void feed_events(struct section *x)
{
	const char *id;
	json_t *seen;
	json_object_foreach (x->s->events, id, seen) {
		if (!json_is_object(seen))
			continue;
		struct buf b = BUF_INIT;
		buf_add_str(&b, text_at(seen, "title"));
		size_t n = b.len;
		buf_add_str(&b, " (");
		if (words_date(&b, json_object_get(seen, "date")))
			buf_add_str(&b, ")");
		else
			b.len = n;
		block_text(x, "heading", buf_cstr(&b));
		put_description(x, seen);
		build_done(x->s, &b);
	}
}

static json_t *fact_block(struct section *x, const struct fact *f)
{
	struct buf date = BUF_INIT, words = BUF_INIT;
	if (!words_date(&date, json_object_get(f->seen, "date")))
		buf_add_str(&date, "[date not recorded]");
	words_fact(&words, x->s, f);
	json_t *o = json_pack("{s:s, s:s, s:o}", "date", buf_cstr(&date), "text",
	    buf_cstr(&words), "sources", words_sources(x->s, f->seen));
	build_done(x->s, &date);
	build_done(x->s, &words);
	return o;
}

/* Facts from ${i} to before ${end}, if there are any. */
static void put_facts(struct section *x, const char *heading, const char *remark,
    size_t i, size_t end)
{
	json_t *facts;
	if (i == end)
		return;
	facts = build_array(x->s);
	for (; i < end; i++)
		build_add(x->s, facts, fact_block(x, &x->s->facts[i]));
	block_text(x, "heading", heading);
	if (remark)
		block_text(x, "text", remark);
	block_add(x, "facts", "facts", facts);
}

static void feed_facts(struct section *x)
{
	put_facts(x, "Facts in order of date", NULL, 0, x->s->n_main);
	put_facts(x, "Earlier and other facts recorded about the same person(s)",
	    "The records do not connect these with what this submission is about.",
	    x->s->n_main, x->s->n_facts);
}

static void feed_law(struct section *x)
{
	static const char *const keys[] = {"provisions", "legal_basis"};
	json_t *lines = build_array(x->s);
	for (size_t i = 0; i < x->s->n_main; i++)
		for (size_t k = 0; k < 2; k++) {
			const json_t *p;
			size_t n;
			json_array_foreach (json_object_get(x->s->facts[i].seen, keys[k]),
			    n, p) {
				const char *id = json_string_value(value_plain(p));
				struct buf b = BUF_INIT;
				if (id && words_record(&b, x->s, id))
					build_once(x->s, lines, &b);
				build_done(x->s, &b);
			}
		}
	put_list(x, lines);
}

static void feed_documents(struct section *x)
{
	json_t *lines = build_array(x->s);
	for (size_t i = 0; i < x->s->n_facts; i++) {
		json_t *titles = words_sources(x->s, x->s->facts[i].seen);
		const json_t *t;
		size_t k;
		json_array_foreach (titles, k, t) {
			struct buf b = BUF_INIT;
			buf_add_str(&b, json_string_value(t));
			build_once(x->s, lines, &b);
			build_done(x->s, &b);
		}
		json_decref(titles);
	}
	put_list(x, lines);
}

/* ---- what was done about it ------------------------------------------------------------------ */

struct step_walk {
	struct section *x;
	json_t *lines, *known;
	bool un, answers;
};

static bool is_un(const json_t *record)
{
	static const char *const un[] = {"x-sp", "x-wgad", "x-tb", "x-upr"};
	for (size_t i = 0; i < sizeof un / sizeof *un; i++)
		if (refers(record, "kind", un[i]))
			return true;
	return false;
}

static bool any_of(const json_t *record, const char *const *keys)
{
	for (; *keys; keys++)
		if (json_object_get(record, *keys))
			return true;
	return false;
}

/*
 * Only what was done: not what somebody still prepares.  What is made from a
 * form here, or is for special procedures, begins as a draft, and a day to
 * come is a plan; other interventions may rest on an item that tells of them.
 */
static bool was_done(const json_t *record)
{
	static const char *const sent[] = {"sent_hash", "reference", "response", "impact",
	    NULL};
	static const char *const told[] = {"status", "item", "source", NULL};
	const int32_t today = (int32_t)(clock_now_us() / INT64_C(86400000000));
	int32_t last, first = days_of(record, &last);
	bool draft = text_at(record, "form")[0] || refers(record, "kind", "x-sp");
	if (any_of(record, sent))
		return true;
	if (first != EDTF_DAY_MAX && (first <= today || !draft))
		return true;
	return !draft && any_of(record, told);
}

static void step_words(struct buf *b, struct step_walk *w, const json_t *seen)
{
	static const char *const keys[] = {"kind", "addressed_to_stated", "request",
	    "reference", "status", "response", "impact"};
	const struct schema_type *t = schema_type(w->x->s->schema, "intervention");
	if (words_date(b, json_object_get(seen, "date")))
		buf_add_str(b, ": ");
	for (size_t i = w->answers ? 5 : 0; i < (w->answers ? 7u : 5u); i++) {
		const json_t *v = json_object_get(seen, keys[i]);
		const struct schema_field *f = schema_field(t, keys[i]);
		if (!v || !f)
			continue;
		words_value(b, w->x->s, f, v);
		buf_add_str(b, ". ");
	}
	while (b->len > 0 && b->p[b->len - 1] == ' ')
		b->len--;
}

static int on_step(void *ctx, json_t *record)
{
	struct step_walk *w = ctx;
	struct submission *s = w->x->s;
	const char *id = text_at(record, "id");
	json_t *seen = NULL;
	struct buf b = BUF_INIT;
	bool answered =
	    json_object_get(record, "response") || json_object_get(record, "impact");
	if (strcmp(id, s->job->intervention) == 0 || json_object_get(w->known, id) ||
	    !was_done(record) || (w->answers ? !answered : is_un(record) != w->un))
		return 0;
	build_set(s, w->known, id, json_true());
	if (cut_record(&seen, &s->cut, record, NULL) != SAKSI_OK)
		s->failed = true;
	if (seen) {
		step_words(&b, w, seen);
		build_once(s, w->lines, &b);
	}
	build_done(s, &b);
	json_decref(seen);
	return 0;
}

static void steps(struct section *x, bool un, bool answers)
{
	const struct host_source *source = x->s->job->source;
	struct step_walk w = {x, build_array(x->s), build_object(x->s), un, answers};
	const char *id;
	json_t *seen;
	for (size_t i = 0; i < x->s->n_victims; i++)
		if (source->linked(source->ctx, x->s->victims[i].id, "intervention",
			on_step, &w) != 0)
			x->s->cut.failed = true;
	json_object_foreach (x->s->events, id, seen) {
		if (source->linked(source->ctx, id, "intervention", on_step, &w) != 0)
			x->s->cut.failed = true;
	}
	put_list(x, w.lines);
	json_decref(w.known);
}

static void feed_steps(struct section *x)
{
	steps(x, false, false);
}

static void feed_steps_un(struct section *x)
{
	steps(x, true, false);
}

static void feed_responses(struct section *x)
{
	steps(x, false, true);
}

const struct feed feeds_case[] = {{"text", feed_text}, {"case-type", feed_case_type},
    {"option", feed_option}, {"option-2", feed_option2}, {"addressees", feed_addressees},
    {"request", feed_request}, {"places", feed_places}, {"states", feed_states},
    {"dates", feed_dates}, {"events", feed_events}, {"facts", feed_facts},
    {"law", feed_law}, {"documents", feed_documents}, {"steps", feed_steps},
    {"steps-un", feed_steps_un}, {"responses", feed_responses}, {NULL, NULL}};
