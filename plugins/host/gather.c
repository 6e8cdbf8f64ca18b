/* gather.c - whom and what the intervention is about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "submission.h"

#define VICTIMS_MAX 2000u

const char *text_at(const json_t *o, const char *key)
{
	const char *t = json_string_value(value_plain(json_object_get(o, key)));
	return t ? t : "";
}

bool refers(const json_t *record, const char *key, const char *id)
{
	const json_t *v = json_object_get(record, key), *x;
	size_t i;
	if (!json_is_array(v))
		return strcmp(text_at(record, key), id) == 0;
	json_array_foreach (v, i, x) {
		const char *t = json_string_value(value_plain(x));
		if (t && strcmp(t, id) == 0)
			return true;
	}
	return false;
}

enum saksi_err record_get(json_t **out, const struct submission *s, const char *id,
    struct saksi_error *err)
{
	const struct host_source *source = s->job->source;
	*out = NULL;
	if (source->get(source->ctx, id, out) == 0)
		return SAKSI_OK;
	*out = NULL; /* whatever it left there is not ours */
	return source_failed(err);
}

struct victim *victim_find(const struct submission *s, const char *id)
{
	for (size_t i = 0; i < s->n_victims; i++)
		if (strcmp(s->victims[i].id, id) == 0)
			return &s->victims[i];
	return NULL;
}

/* ${record} is taken over. */
static enum saksi_err add_victim(struct submission *s, const char *id, json_t *record,
    struct saksi_error *err)
{
	json_t *seen = NULL;
	if (victim_find(s, id) || strlen(id) > 26) {
		json_decref(record);
		return SAKSI_OK;
	}
	if (s->n_victims == VICTIMS_MAX) {
		json_decref(record);
		return saksi_fail(err, SAKSI_ELIMIT,
		    "the submission is about more than %u persons; split it",
		    VICTIMS_MAX);
	}
	enum saksi_err rc = cut_record(&seen, &s->cut, record, err);
	struct victim *grown = rc == SAKSI_OK
	    ? list_room(s->victims, s->n_victims, &s->room_victims, sizeof *grown)
	    : NULL;
	if (!grown) {
		json_decref(record);
		json_decref(seen);
		return rc != SAKSI_OK ? rc : saksi_fail_nomem(err);
	}
	s->victims = grown;
	struct victim *v = &grown[s->n_victims++];
	memset(v, 0, sizeof *v);
	snprintf(v->id, sizeof v->id, "%s", id);
	v->record = record;
	v->seen = seen;
	v->named = json_array_size(json_object_get(seen, "names")) > 0;
	s->above += seen == NULL;
	return SAKSI_OK;
}

static bool is_party(const json_t *record)
{
	const char *type = text_at(record, "type");
	return strcmp(type, "person") == 0 || strcmp(type, "organisation") == 0;
}

static enum saksi_err add_party(struct submission *s, const char *id,
    struct saksi_error *err)
{
	json_t *record;
	enum saksi_err rc = record_get(&record, s, id, err);
	if (rc != SAKSI_OK || !record)
		return rc;
	if (is_party(record))
		return add_victim(s, id, record, err);
	json_decref(record);
	return SAKSI_OK;
}

static enum saksi_err add_parties(struct submission *s, const json_t *record,
    const char *key, struct saksi_error *err)
{
	const json_t *list = json_object_get(record, key), *x;
	enum saksi_err rc = SAKSI_OK;
	size_t i;
	json_array_foreach (list, i, x) {
		const char *id = json_string_value(value_plain(x));
		if (id && rc == SAKSI_OK)
			rc = add_party(s, id, err);
	}
	return rc;
}

struct act_walk {
	struct submission *s;
	struct saksi_error *err;
	enum saksi_err rc;
};

static int add_act_victim(void *ctx, json_t *act)
{
	struct act_walk *w = ctx;
	const char *victim = text_at(act, "victim");
	if (victim[0])
		w->rc = add_party(w->s, victim, w->err);
	return w->rc == SAKSI_OK ? 0 : -1;
}

static enum saksi_err add_event_victims(struct submission *s, const char *event,
    struct saksi_error *err)
{
	const struct host_source *source = s->job->source;
	struct act_walk w = {s, err, SAKSI_OK};
	if (source->linked(source->ctx, event, "act", add_act_victim, &w) != 0 &&
	    w.rc == SAKSI_OK)
		return source_failed(err);
	return w.rc;
}

enum saksi_err event_add(struct submission *s, const char *id, struct saksi_error *err)
{
	json_t *record = NULL, *seen = NULL;
	if (!id[0] || json_object_get(s->events, id))
		return SAKSI_OK;
	enum saksi_err rc = record_get(&record, s, id, err);
	if (rc == SAKSI_OK && record)
		rc = cut_record(&seen, &s->cut, record, err);
	if (rc == SAKSI_OK && record &&
	    json_object_set_new(s->events, id, seen ? seen : json_null()) != 0)
		rc = saksi_fail_nomem(err);
	json_decref(record);
	return rc;
}

static enum saksi_err about_thing(struct submission *s, const json_t *record,
    bool parties, struct saksi_error *err);

struct things {
	const char *key, *type;
};

/* Only things of the type that belongs there: so this ends, whatever is recorded. */
static enum saksi_err about_things(struct submission *s, const json_t *record,
    const struct things *things, bool parties, struct saksi_error *err)
{
	const json_t *list = json_object_get(record, things->key), *x;
	enum saksi_err rc = SAKSI_OK;
	size_t i;
	json_array_foreach (list, i, x) {
		const char *id = json_string_value(value_plain(x));
		json_t *thing = NULL;
		if (!id || rc != SAKSI_OK)
			continue;
		rc = record_get(&thing, s, id, err);
		if (rc == SAKSI_OK && thing &&
		    strcmp(text_at(thing, "type"), things->type) == 0)
			rc = about_thing(s, thing, parties, err);
		json_decref(thing);
	}
	return rc;
}

/* What belongs to a thing of each type: persons, events, and things again. */
static const struct way {
	const char *type, *party, *parties, *event;
	struct things things[2];
	bool parts; /* its things have the persons */
} ways[] = {
    {"event", NULL, NULL, "id", {{NULL, NULL}, {NULL, NULL}}, false},
    {"act", "victim", NULL, "event", {{NULL, NULL}, {NULL, NULL}}, false},
    {"charge", NULL, "accused", "event", {{"act", "act"}, {NULL, NULL}}, false},
    {"decision", NULL, "subjects", NULL, {{"charges", "charge"}, {NULL, NULL}}, false},
    {"proceeding", NULL, NULL, NULL, {{"charges", "charge"}, {"decisions", "decision"}},
	true},
    {"case", NULL, "subjects", NULL, {{"events", "event"}, {"proceedings", "proceeding"}},
	false},
};

static enum saksi_err go_way(struct submission *s, const json_t *record,
    const struct way *w, bool parties, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	if (w->event)
		rc = event_add(s, text_at(record, w->event), err);
	for (size_t i = 0; i < 2 && w->things[i].key && rc == SAKSI_OK; i++)
		rc = about_things(s, record, &w->things[i], parties && w->parts, err);
	if (!parties || rc != SAKSI_OK)
		return rc;
	if (w->party)
		rc = add_party(s, text_at(record, w->party), err);
	if (rc == SAKSI_OK && w->parties)
		rc = add_parties(s, record, w->parties, err);
	if (rc == SAKSI_OK && strcmp(w->type, "event") == 0)
		rc = add_event_victims(s, text_at(record, "id"), err);
	return rc;
}

/* What is not a person: its events now, its persons if none was named directly. */
static enum saksi_err about_thing(struct submission *s, const json_t *record,
    bool parties, struct saksi_error *err)
{
	const char *type = text_at(record, "type"), *id = text_at(record, "id");
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (strcmp(type, ways[i].type) != 0)
			continue;
		/* Of a case only the parts say what belongs to it. */
		if (strcmp(type, "case") != 0 &&
		    json_object_set_new(s->things, id, json_true()) != 0)
			return saksi_fail_nomem(err);
		return go_way(s, record, &ways[i], parties, err);
	}
	return SAKSI_OK;
}

/* A case without subjects is about the victims of its events. */
static enum saksi_err victims_of_events(struct submission *s, struct saksi_error *err)
{
	const char *id;
	json_t *seen;
	enum saksi_err rc = SAKSI_OK;
	json_object_foreach (s->events, id, seen) {
		if (rc == SAKSI_OK)
			rc = add_event_victims(s, id, err);
	}
	return rc;
}

static enum saksi_err events_of_facts(struct submission *s, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	for (size_t i = 0; i < s->n_main && rc == SAKSI_OK; i++)
		rc = event_add(s, text_at(s->facts[i].seen, "event"), err);
	return rc;
}

/* First the persons: whether there are any decides what the rest means. */
static enum saksi_err about(struct submission *s, bool parties, struct saksi_error *err)
{
	const json_t *list = json_object_get(s->intervention, "about"), *x;
	enum saksi_err rc = SAKSI_OK;
	size_t i;
	json_array_foreach (list, i, x) {
		const char *id = json_string_value(value_plain(x));
		json_t *record = NULL;
		if (!id)
			continue;
		rc = record_get(&record, s, id, err);
		if (record && !schema_type(s->schema, text_at(record, "type")))
			cut_unfit(&s->cut, record, "TYPE");
		if (rc == SAKSI_OK && record && is_party(record) == parties) {
			if (parties) {
				s->by_name = true;
				rc = add_victim(s, id, json_incref(record), err);
			} else {
				rc = about_thing(s, record, !s->by_name, err);
			}
		}
		json_decref(record);
		if (rc != SAKSI_OK)
			break;
	}
	return rc;
}

/* ---- their order: by day and title, so that no two vaults tell it otherwise --------- */

struct event {
	const char *id;
	json_t *seen;
	int32_t day, last_day;
};

static int by_day(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->last_day != y->last_day)
		return x->last_day < y->last_day ? -1 : 1;
	int c = strcmp(text_at(x->seen, "title"), text_at(y->seen, "title"));
	return c ? c : strcmp(x->id, y->id);
}

static enum saksi_err sort_events(struct submission *s, struct saksi_error *err)
{
	size_t n = json_object_size(s->events), i = 0;
	struct event *list = calloc(n + 1, sizeof *list);
	json_t *sorted = json_object();
	bool ok = list && sorted;
	const char *id;
	json_t *seen;
	json_object_foreach (s->events, id, seen) {
		if (!ok)
			break;
		list[i] = (struct event){id, seen, 0, 0};
		list[i].day = days_of(seen, &list[i].last_day);
		i++;
	}
	if (ok && n > 1)
		qsort(list, n, sizeof *list, by_day);
	for (i = 0; ok && i < n; i++)
		ok = json_object_set(sorted, list[i].id, list[i].seen) == 0;
	free(list);
	if (!ok) {
		json_decref(sorted);
		return saksi_fail_nomem(err);
	}
	json_decref(s->events);
	s->events = sorted;
	return SAKSI_OK;
}

enum saksi_err submission_gather(struct submission *s, struct saksi_error *err)
{
	s->events = json_object();
	s->things = json_object();
	if (!s->events || !s->things)
		return saksi_fail_nomem(err);
	if (!s->job->intervention)
		return saksi_fail(err, SAKSI_EINVAL,
		    "%s: is made from an intervention record; name it with --for",
		    form_text(s->form, "id"));
	enum saksi_err rc = record_get(&s->intervention, s, s->job->intervention, err);
	if (rc != SAKSI_OK)
		return rc;
	if (!s->intervention ||
	    strcmp(text_at(s->intervention, "type"), "intervention") != 0)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "%s: there is no such intervention record", s->job->intervention);
	rc = about(s, true, err);
	if (rc == SAKSI_OK)
		rc = about(s, false, err);
	if (rc == SAKSI_OK && s->n_victims == 0)
		rc = victims_of_events(s, err);
	if (rc == SAKSI_OK)
		rc = facts_gather(s, err);
	/* About persons alone: then what happened to them says where to look. */
	if (rc == SAKSI_OK && json_object_size(s->events) == 0)
		rc = events_of_facts(s, err);
	if (rc == SAKSI_OK)
		rc = sort_events(s, err);
	return rc;
}
