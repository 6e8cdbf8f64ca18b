/*
 * checks.c - what stands against sending a submission, in a table.
 *
 * Each check of a form definition is a function here; the definition says
 * how much it weighs.  Words are for the user's own screen.
 */
#include <stdio.h>
#include <string.h>

#include "checks.h"

static const char *intervention_id(const struct check_run *c)
{
	return text_at(c->s->intervention, "id");
}

/* ---- completeness ------------------------------------------------------------------- */

static const json_t *submitter(const struct check_run *c)
{
	return value_plain(json_object_get(c->s->intervention, "submitter"));
}

static bool has_contact(const json_t *g)
{
	return text_at(g, "email")[0] || text_at(g, "address")[0];
}

static bool any_place(const struct submission *s)
{
	const char *id;
	json_t *seen;
	bool any = false;
	json_object_foreach (s->events, id, seen) {
		any = any || json_object_get(seen, "place");
	}
	for (size_t i = 0; i < s->n_main; i++)
		any = any || json_object_get(s->facts[i].seen, "place");
	return any;
}

static bool any_date(const struct submission *s)
{
	const char *id;
	json_t *seen;
	bool any = false;
	json_object_foreach (s->events, id, seen) {
		any = any || json_object_get(seen, "date");
	}
	for (size_t i = 0; i < s->n_main; i++)
		any = any || json_object_get(s->facts[i].seen, "date");
	return any;
}

static bool any_description(const struct submission *s)
{
	const char *id;
	json_t *seen;
	bool any = s->n_main > 0;
	json_object_foreach (s->events, id, seen) {
		any = any || json_array_size(json_object_get(seen, "description")) > 0;
	}
	return any;
}

static bool any_victim(const struct submission *s)
{
	for (size_t i = 0; i < s->n_victims; i++)
		if (s->victims[i].seen)
			return true;
	return false;
}

typedef bool has_fn(const struct submission *s);

/* Would a submission up to ${ceiling} have it? */
static bool has_up_to(struct check_run *c, has_fn *has, enum saksi_class ceiling)
{
	struct host_job job = *c->s->job;
	job.ceiling = ceiling;
	struct submission whole = {.job = &job,
	    .schema = c->s->schema,
	    .form = json_incref(c->s->form),
	    .findings = c->s->findings,
	    .cut = {.source = job.source, .ceiling = ceiling}};
	c->rc = submission_gather(&whole, c->err);
	bool there = c->rc == SAKSI_OK && has(&whole);
	submission_free(&whole);
	return there;
}

/* What is there, but above the ceiling, is no reason to go on without it. */
static void missing(struct check_run *c, has_fn *has, const char *what, const char *advice)
{
	static const enum saksi_class classes[] = {CLASS_R, CLASS_C};
	if (c->rc != SAKSI_OK || has(c->s))
		return;
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		char letter = class_letter(classes[i]);
		if (classes[i] <= c->s->job->ceiling)
			continue;
		bool there = has_up_to(c, has, classes[i]);
		if (c->rc != SAKSI_OK)
			return;
		if (!there)
			continue;
		finding_add(c->s->findings, c->id, c->level, intervention_id(c),
		    "%s: your records are class %c: repeat with --ceiling %c", what,
		    letter, letter);
		if (!c->s->findings->failed)
			c->s->findings->list[c->s->findings->n - 1].ceiling = letter;
		return;
	}
	finding_add(c->s->findings, c->id, c->level, intervention_id(c), "%s: %s", what,
	    advice);
}

static bool has_submitter(const struct submission *s)
{
	const json_t *g = value_plain(json_object_get(s->intervention, "submitter"));
	return text_at(g, "name")[0] && has_contact(g);
}

static void check_f1(struct check_run *c)
{
	missing(c, any_victim, "no victim is identified",
	    "name persons, events or a case in the intervention's `about`");
	missing(c, any_date, "no date",
	    "record when it happened on the event or its acts");
	missing(c, any_place, "no place",
	    "record where it happened on the event or its acts");
	missing(c, any_description, "no description",
	    "record acts, charges or decisions, or describe the event");
	if (c->rc == SAKSI_OK && !has_submitter(c->s))
		finding_add(c->s->findings, c->id, c->level, intervention_id(c),
		    "no submitter with an address or e-mail: record `submitter` on the "
		    "intervention");
}

static void check_a1(struct check_run *c)
{
	const json_t *g = submitter(c);
	if (!text_at(g, "name")[0] && !text_at(g, "organisation")[0])
		finding_add(c->s->findings, c->id, c->level, intervention_id(c),
		    "anonymous submissions are not considered: record submitter.name");
	if (!has_contact(g) && !text_at(g, "phone")[0])
		finding_add(c->s->findings, c->id, c->level, intervention_id(c),
		    "the submitter cannot be reached: record submitter.email or "
		    "submitter.address");
}

/* ---- not from the media alone ----------------------------------------------------------- */

/* All of an item's authors are media, or it is a post by nobody known. */
static bool is_media(struct check_run *c, const char *id)
{
	json_t *item = NULL, *author = NULL;
	const json_t *x;
	size_t i;
	bool media = true;
	c->rc = record_get(&item, c->s, id, c->err);
	if (c->rc != SAKSI_OK || !item)
		return false;
	const json_t *authors = json_object_get(item, "authors");
	json_array_foreach (authors, i, x) {
		const char *who = json_string_value(value_plain(x));
		c->rc = who ? record_get(&author, c->s, who, c->err) : SAKSI_OK;
		media = media && author &&
		    strcmp(text_at(author, "kind"), "media-outlet") == 0;
		json_decref(author);
		author = NULL;
		if (c->rc != SAKSI_OK)
			break;
	}
	if (json_array_size(authors) == 0)
		media = strcmp(text_at(item, "kind"), "post") == 0;
	json_decref(item);
	return media;
}

struct sources {
	size_t all, media;
};

static void count_sources(struct check_run *c, struct sources *n, const json_t *record)
{
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(record, "source"), i, x) {
		const json_t *v = value_plain(x);
		const char *id =
		    json_is_string(v) ? json_string_value(v) : text_at(v, "item");
		n->all++;
		n->media += is_media(c, id);
		if (c->rc != SAKSI_OK)
			return;
	}
}

struct information_walk {
	struct check_run *c;
	struct sources *n;
};

/* Somebody who told the team is no medium; else the item counts. */
static int on_information(void *ctx, json_t *record)
{
	struct information_walk *w = ctx;
	const char *item = text_at(record, "item");
	if (text_at(record, "source_party")[0]) {
		w->n->all++;
	} else if (item[0]) {
		w->n->all++;
		w->n->media += is_media(w->c, item);
	}
	return w->c->rc == SAKSI_OK ? 0 : -1;
}

static void check_event_sources(struct check_run *c, const char *event, const char *title)
{
	const struct host_source *source = c->s->job->source;
	struct sources n = {0, 0};
	struct information_walk w = {c, &n};
	json_t *record = NULL;
	c->rc = record_get(&record, c->s, event, c->err);
	if (c->rc == SAKSI_OK && record)
		count_sources(c, &n, record);
	json_decref(record);
	for (size_t i = 0; i < c->s->n_facts && c->rc == SAKSI_OK; i++)
		if (strcmp(text_at(c->s->facts[i].record, "event"), event) == 0)
			count_sources(c, &n, c->s->facts[i].record);
	if (c->rc == SAKSI_OK &&
	    source->linked(source->ctx, event, "information", on_information, &w) != 0 &&
	    c->rc == SAKSI_OK)
		c->rc = source_failed(c->err);
	if (c->rc == SAKSI_OK && n.all == n.media)
		finding_add(c->s->findings, c->id, c->level, event,
		    n.all == 0 ? "%.*s: no source is recorded"
			       : "%.*s: every source is the media; add one that is not",
		    (int)utf8_fit(title, 200), title);
}

static void check_a2(struct check_run *c)
{
	const char *id;
	json_t *seen;
	json_object_foreach (c->s->events, id, seen) {
		const char *title = text_at(seen, "title");
		if (c->rc == SAKSI_OK)
			check_event_sources(c, id,
			    title[0] ? title : "an event above the ceiling");
	}
}

/* ---- limits ----------------------------------------------------------- */

/* Characters that the text of a section has. */
static size_t characters(const json_t *v)
{
	const char *s = json_string_value(v), *key;
	json_t *x;
	size_t n = 0, i;
	for (; s && *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	json_array_foreach (v, i, x) {
		n += characters(x);
	}
	json_object_foreach ((json_t *)(uintptr_t)v, key, x) {
		n += strcmp(key, "kind") == 0 ? 0 : characters(x);
	}
	return n;
}

static void check_limits(struct check_run *c)
{
	const json_t *limits = json_object_get(c->s->form, "limits"), *l, *section;
	size_t i, k;
	json_array_foreach (limits, i, l) {
		json_array_foreach (json_object_get(c->s->document, "sections"), k,
		    section) {
			const char *id = form_text(l, "section");
			size_t most =
			    (size_t)json_integer_value(json_object_get(l, "characters"));
			size_t n = characters(json_object_get(section, "blocks"));
			if (strcmp(form_text(section, "id"), id) == 0 && n > most)
				finding_add(c->s->findings, c->id, c->level, "",
				    "%s has %zu characters, more than %zu; the form may cut it",
				    id, n, most);
		}
	}
}

static const struct {
	const char *id;
	check_fn *fn;
} table[] = {{"C1", check_c1}, {"C2", check_c2}, {"F1", check_f1}, {"A1", check_a1},
    {"A2", check_a2}, {"LIMIT", check_limits}, {"CEILING", check_ceiling}};

static bool has_check(const json_t *form, const char *id)
{
	const json_t *list = json_object_get(form, "checks"), *check;
	size_t i;
	json_array_foreach (list, i, check) {
		if (strcmp(form_text(check, "id"), id) == 0)
			return true;
	}
	return false;
}

bool check_asked(const struct submission *s, const char *id)
{
	return has_check(s->form, id);
}

enum saksi_err checks_may_override(const json_t *form, const char *const *overrides,
    struct saksi_error *err)
{
	for (; overrides && *overrides; overrides++) {
		struct buf list = BUF_INIT;
		const json_t *check;
		size_t i;
		/* This one comes with any form. */
		if (strcmp(*overrides, "C8") == 0 || has_check(form, *overrides))
			continue;
		json_array_foreach (json_object_get(form, "checks"), i, check) {
			buf_printf(&list, "%s, ", form_text(check, "id"));
		}
		enum saksi_err rc = buf_ok(&list, err);
		if (rc == SAKSI_OK)
			rc = saksi_fail(err, SAKSI_EINVAL,
			    "--override %.40s: %s has no such check; it has %.300sC8",
			    *overrides, form_text(form, "id"), buf_cstr(&list));
		buf_free(&list);
		return rc;
	}
	return SAKSI_OK;
}

bool check_known(const char *id)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].id, id) == 0)
			return true;
	return false;
}

enum saksi_err checks_run(struct submission *s, struct saksi_error *err)
{
	const json_t *list = json_object_get(s->form, "checks"), *check;
	size_t i;
	json_array_foreach (list, i, check) {
		struct check_run c = {s, form_text(check, "id"), form_level(check), err,
		    SAKSI_OK};
		for (size_t k = 0; k < sizeof table / sizeof *table; k++)
			if (strcmp(table[k].id, c.id) == 0)
				table[k].fn(&c);
		if (c.rc != SAKSI_OK)
			return c.rc;
	}
	return s->findings->failed ? saksi_fail_nomem(err) : SAKSI_OK;
}

const struct host_finding *checks_override(struct host_findings *f,
    const char *const *overrides)
{
	const struct host_finding *first = NULL;
	for (size_t i = 0; i < f->n; i++) {
		struct host_finding *x = &f->list[i];
		if (x->level != HOST_BLOCK)
			continue;
		for (size_t k = 0; overrides && overrides[k]; k++)
			x->overridden =
			    x->overridden || strcmp(overrides[k], x->check) == 0;
		if (!x->overridden && !first)
			first = x;
	}
	return first;
}
