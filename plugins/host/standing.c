/*
 * standing.c - who of those whose names stand in the texts may be named.
 *
 * Consent decides for everybody.  Without any, only an office opens a name:
 * that of an alleged perpetrator, a judge, an authority; and not for whom
 * something was done to in these events, nor for a source.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "bearers.h"

#define WHERE_MAX 2u

/* ---- where a name comes from ----------------------------------------------------------- */

struct origin {
	struct bearers *b;
	const json_t *record;
	const char *key; /* of the record's field */
	struct name_hits hits;
};

/* What these say of a person is the office that it holds. */
static bool tells_office(const char *key)
{
	static const char *const keys[] = {"authority_stated", "addressed_to_stated",
	    "warrant_by"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* "title of event evt-1"; the ref if a terminal and a shell mind nothing in it. */
static void place_of(struct buf *out, const struct origin *o, const struct bearer *x)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	const char *ref = text_at(o->record, "ref"), *id = text_at(o->record, "id");
	bool ok = ref[0] && strlen(ref) <= 40 && ref[strspn(ref, plain)] == '\0';
	if (strcmp(id, ((const struct victim *)(x->victim ? x->victim : &x->own))->id) ==
	    0)
		buf_add_str(out, "a reference to the record itself");
	else
		buf_printf(out, "%s of %s %s", o->key, text_at(o->record, "type"),
		    ok ? ref : id);
}

static void note_place(struct origin *o, struct bearer *x)
{
	struct buf place = BUF_INIT;
	place_of(&place, o, x);
	const char *there = buf_cstr(&x->where), *p = buf_cstr(&place);
	if (!strstr(there, p) && x->n_where++ < WHERE_MAX)
		buf_printf(&x->where, "%s%s", x->where.len ? ", " : "", p);
	o->b->failed = o->b->failed || place.failed || x->where.failed;
	buf_free(&place);
}

static void look_into(struct origin *o, const json_t *v)
{
	const char *key;
	json_t *x;
	size_t i;
	if (json_is_string(v))
		names_in(&o->hits, &o->b->names, json_string_value(v));
	for (i = 0; json_is_string(v) && i < o->hits.n; i++) {
		struct bearer *found = &o->b->list[o->hits.list[i].owner];
		found->office = found->office ||
		    (tells_office(o->key) && o->hits.list[i].kind == NAME_WHOLE &&
			o->hits.list[i].words > 1);
		if (found->found && o->hits.list[i].kind != NAME_PART)
			note_place(o, found);
	}
	json_array_foreach (v, i, x) {
		look_into(o, x);
	}
	json_object_foreach ((json_t *)(uintptr_t)v, key, x) {
		const char *outer = o->key;
		if (tells_office(key))
			o->key = key;
		look_into(o, x);
		o->key = outer;
	}
}

static void look_for_places(struct bearers *b)
{
	struct origin o = {.b = b};
	const char *id, *key;
	json_t *record, *v;
	json_object_foreach (b->s->cut.used, id, record) {
		o.record = record;
		json_object_foreach (record, key, v) {
			o.key = key;
			if (strcmp(key, "id") != 0 && strcmp(key, "ref") != 0)
				look_into(&o, v);
		}
	}
	o.record = b->s->intervention;
	json_object_foreach (b->s->intervention, key, v) {
		o.key = key;
		/* Who submits stands in a part of its own. */
		if (strcmp(key, "submitter") != 0)
			look_into(&o, v);
	}
	b->failed = b->failed || o.hits.failed;
	free(o.hits.list);
}

/* ---- offices ----------------------------------------------------------------------------- */

struct office_walk {
	const char *id;
	bool holds;
};

static bool is_id(const json_t *o, const char *key, const char *id)
{
	return strcmp(text_at(o, key), id) == 0;
}

/* Accused of an act, or whose order it was. */
static int on_act(void *ctx, json_t *act)
{
	struct office_walk *w = ctx;
	const json_t *d = value_plain(json_object_get(act, "detention")), *x;
	size_t i;
	w->holds =
	    w->holds || is_id(d, "ordered_by", w->id) || is_id(d, "held_by", w->id);
	json_array_foreach (json_object_get(act, "involvement"), i, x) {
		w->holds = w->holds || is_id(value_plain(x), "perpetrator", w->id);
	}
	return 0;
}

static bool is_authority(const json_t *organisation)
{
	static const char *const kinds[] = {"state-authority", "legislature", "court"};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(text_at(organisation, "kind"), kinds[i]) == 0)
			return true;
	return false;
}

static int on_organisation(void *ctx, json_t *organisation)
{
	struct office_walk *w = ctx;
	w->holds = w->holds ||
	    (refers(organisation, "heads", w->id) && is_authority(organisation));
	return 0;
}

/* A role that only the State gives, when no organisation says it. */
static bool is_office(struct bearers *b, const char *role)
{
	static const char *const words[] = {"minister", "judge", "prosecutor", "governor",
	    "police", "gendarme", "soldier", "magistrate"};
	struct tokens t = {0};
	bool found = false;
	tokens_split(&t, role);
	for (size_t i = 0; i < t.n && !t.failed; i++)
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			found = found || strcmp(token_text(&t, i), words[k]) == 0;
	b->failed = b->failed || t.failed;
	tokens_free(&t);
	return found;
}

static enum saksi_err by_role(bool *holds, struct bearers *b, const json_t *record,
    struct saksi_error *err)
{
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(record, "roles"), i, x) {
		const json_t *v = value_plain(x);
		const char *id = text_at(v, "organisation");
		json_t *organisation = NULL;
		*holds = *holds || is_office(b, text_at(v, "role"));
		if (*holds || !id[0])
			continue;
		enum saksi_err rc = record_get(&organisation, b->s, id, err);
		*holds = rc == SAKSI_OK && is_authority(organisation);
		json_decref(organisation);
		if (rc != SAKSI_OK)
			return rc;
	}
	json_array_foreach (json_object_get(record, "occupation"), i, x) {
		const char *text = json_string_value(value_plain(x));
		*holds = *holds || (text && is_office(b, text));
	}
	return SAKSI_OK;
}

static enum saksi_err holds_office(bool *holds, struct bearers *b, const struct bearer *x,
    struct saksi_error *err)
{
	const struct host_source *source = b->s->job->source;
	struct office_walk w = {x->own.id, false};
	*holds = x->office || refers(b->s->intervention, "addressed_to", x->own.id);
	if (*holds)
		return SAKSI_OK;
	if (source->linked(source->ctx, w.id, "act", on_act, &w) != 0 ||
	    source->linked(source->ctx, w.id, "organisation", on_organisation, &w) != 0)
		return source_failed(err);
	*holds = w.holds;
	/* Who is charged here may be so for what they are in office. */
	return *holds || x->tie ? SAKSI_OK : by_role(holds, b, x->own.record, err);
}

/* ---- sources ------------------------------------------------------------------------------- */

static int on_information(void *ctx, json_t *information)
{
	struct office_walk *w = ctx;
	w->holds = w->holds || is_id(information, "source_party", w->id);
	return 0;
}

/* Of anything in the vault: who tells of one thing is in danger in another. */
static enum saksi_err is_source(bool *source, const struct bearers *b,
    const struct bearer *x, struct saksi_error *err)
{
	const struct host_source *from = b->s->job->source;
	struct office_walk w = {x->own.id, false};
	if (from->linked(from->ctx, w.id, "information", on_information, &w) != 0)
		return source_failed(err);
	*source = w.holds;
	return SAKSI_OK;
}

/* ---- all together --------------------------------------------------------------------------- */

static void weigh_victim(struct bearer *x)
{
	/* Who is named is asked for by C1 and C2. */
	x->guarded = true;
	x->standing =
	    x->victim->withheld || !x->victim->seen ? STANDING_WITHHELD : STANDING_OPEN;
}

/* Who may be named because of an answer is in the audit trail with it. */
static enum saksi_err note_relied(struct submission *s, const struct bearer *x,
    struct saksi_error *err)
{
	if (x->standing != STANDING_OPEN)
		return SAKSI_OK;
	s->relied = s->relied ? s->relied : json_array();
	return s->relied && answers_note(s->relied, &x->own) ? SAKSI_OK
							     : saksi_fail_nomem(err);
}

static enum saksi_err weigh(struct bearers *b, struct bearer *x, struct saksi_error *err)
{
	struct victim *v = &x->own;
	bool source = false, office = false;
	enum saksi_err rc = is_source(&source, b, x, err);
	if (rc == SAKSI_OK)
		rc = answers_read(b->s, v, err);
	x->standing = STANDING_WITHHELD;
	if (rc != SAKSI_OK) {
		return rc;
	} else if (x->deleted) {
		x->why = "is deleted from the vault";
	} else if (answers_refuse(b->s, v)) {
		x->why = v->consents[SHARE_WITH_UN].answer == ANSWER_NO
		    ? "refused or withdrew consent to share the case with the UN"
		    : "refused to be named to the Government";
	} else if (v->consents[SHARE_WITH_UN].answer == ANSWER_YES &&
	    v->consents[NAME_TO_GOVERNMENT].answer != ANSWER_NONE) {
		x->standing = STANDING_OPEN;
	} else if (source) {
		x->tie = x->tie ? x->tie : "source";
		x->why = "is a source in the records and did not agree to be named";
	} else {
		if (!x->tie || strcmp(x->tie, "victim") != 0)
			rc = holds_office(&office, b, x, err);
		x->standing = office ? STANDING_OPEN
		    : !v->seen	     ? STANDING_WITHHELD
				     : STANDING_UNASKED;
		x->why = !v->seen ? "is above the ceiling, and no answer is recorded"
		    : x->tie
		    ? "is another victim or accused of these events and was not asked"
		    : "is in the vault and no answer is recorded";
	}
	x->guarded = x->tie || answers_refuse(b->s, v);
	return rc == SAKSI_OK ? note_relied(b->s, x, err) : rc;
}

enum saksi_err bearers_weigh(struct bearers *b, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	look_for_places(b);
	for (size_t i = 0; i < b->n && rc == SAKSI_OK && !b->failed; i++) {
		struct bearer *x = &b->list[i];
		if (x->victim)
			weigh_victim(x);
		else if (x->found)
			rc = weigh(b, x, err);
	}
	if (rc != SAKSI_OK)
		return rc;
	return b->failed ? saksi_fail_nomem(err) : SAKSI_OK;
}
