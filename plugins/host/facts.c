/* facts.c - the dated facts of the victims, in order. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/edtf.h>
#include <saksi/base/list.h>

#include "submission.h"

#define FACTS_MAX 20000u

static const struct {
	const char *type, *key; /* which key names the victim */
} kinds[] = {{"act", "victim"}, {"charge", "accused"}, {"decision", "subjects"}};

struct walk {
	struct submission *s;
	const char *victim;
	int kind;
	struct saksi_error *err;
	enum saksi_err rc;
};

/* What is known exactly comes before what was "on that day or later". */
int32_t days_of(const json_t *record, int32_t *last)
{
	struct edtf d;
	const json_t *v = value_plain(json_object_get(record, "date"));
	const char *text = json_is_string(v) ? json_string_value(v) : text_at(v, "edtf");
	*last = EDTF_DAY_MAX;
	if (!text || !text[0] || edtf_parse(&d, text, NULL) != SAKSI_OK)
		return EDTF_DAY_MAX;
	*last = d.latest;
	/* "Some day before": what is known is its end. */
	return d.earliest == EDTF_DAY_MIN ? d.latest : d.earliest;
}

static bool known(const struct submission *s, const char *id)
{
	for (size_t i = 0; i < s->n_facts; i++)
		if (strcmp(text_at(s->facts[i].record, "id"), id) == 0)
			return true;
	return false;
}

/*
 * What hangs on another event than those that the submission is about is not
 * part of it.  What hangs on none may be, so it is told, apart from the rest.
 */
static enum saksi_err is_ours(bool *ours, bool *other, const struct submission *s,
    const json_t *record, struct saksi_error *err)
{
	enum tie tie = TIE_OURS;
	*ours = true;
	*other = false;
	if (json_object_size(s->things) == 0)
		return SAKSI_OK; /* about persons alone: all that happened to them */
	enum saksi_err rc = fact_tie(&tie, s, record, err);
	*ours = tie != TIE_ELSEWHERE || json_object_size(s->events) == 0;
	*other = tie != TIE_OURS;
	return rc;
}

static enum saksi_err add_fact(struct submission *s, json_t *record, int kind, bool other,
    struct saksi_error *err)
{
	json_t *seen = NULL;
	enum saksi_err rc = cut_record(&seen, &s->cut, record, err);
	if (rc != SAKSI_OK)
		return rc;
	if (!seen) {
		s->above++;
		return SAKSI_OK;
	}
	if (s->n_facts == FACTS_MAX) {
		json_decref(seen);
		return saksi_fail(err, SAKSI_ELIMIT,
		    "the submission has more than %u facts; split it", FACTS_MAX);
	}
	struct fact *grown =
	    list_room(s->facts, s->n_facts, &s->room_facts, sizeof *grown);
	if (!grown) {
		json_decref(seen);
		return saksi_fail_nomem(err);
	}
	s->facts = grown;
	struct fact *f = &grown[s->n_facts++];
	*f = (struct fact){json_incref(record), seen, 0, 0, kind, other};
	f->day = days_of(seen, &f->last_day);
	s->n_main += !other;
	return SAKSI_OK;
}

static int on_record(void *ctx, json_t *record)
{
	struct walk *w = ctx;
	bool ours, other;
	if (!refers(record, kinds[w->kind].key, w->victim) ||
	    known(w->s, text_at(record, "id")))
		return 0;
	w->rc = is_ours(&ours, &other, w->s, record, w->err);
	if (w->rc == SAKSI_OK && ours)
		w->rc = add_fact(w->s, record, w->kind, other, w->err);
	return w->rc == SAKSI_OK ? 0 : -1;
}

/* Ids are random: they decide only where nothing that is told does. */
static int by_day(const void *a, const void *b)
{
	static const char *const keys[] = {"kind", "label_stated", "note", "id"};
	const struct fact *x = a, *y = b;
	if (x->other != y->other)
		return x->other ? 1 : -1;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->last_day != y->last_day)
		return x->last_day < y->last_day ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	int c = 0;
	for (size_t i = 0; i < sizeof keys / sizeof *keys && c == 0; i++)
		c = strcmp(text_at(x->record, keys[i]), text_at(y->record, keys[i]));
	return c;
}

enum saksi_err facts_gather(struct submission *s, struct saksi_error *err)
{
	const struct host_source *source = s->job->source;
	for (size_t i = 0; i < s->n_victims; i++) {
		if (!s->victims[i].seen)
			continue;
		for (int k = 0; k < 3; k++) {
			struct walk w = {s, s->victims[i].id, k, err, SAKSI_OK};
			int n = source->linked(source->ctx, w.victim, kinds[k].type,
			    on_record, &w);
			if (w.rc != SAKSI_OK)
				return w.rc;
			if (n != 0)
				return source_failed(err);
		}
	}
	if (s->n_facts > 0)
		qsort(s->facts, s->n_facts, sizeof *s->facts, by_day);
	return SAKSI_OK;
}

void victim_done(struct victim *v)
{
	json_decref(v->record);
	json_decref(v->seen);
	for (int p = 0; p < PURPOSES; p++)
		json_decref(v->consents[p].entry);
	free(v->called);
}

void submission_free(struct submission *s)
{
	for (size_t i = 0; i < s->n_victims; i++)
		victim_done(&s->victims[i]);
	for (size_t i = 0; i < s->n_facts; i++) {
		json_decref(s->facts[i].record);
		json_decref(s->facts[i].seen);
	}
	free(s->victims);
	free(s->facts);
	json_decref(s->form);
	json_decref(s->answers);
	json_decref(s->intervention);
	json_decref(s->events);
	json_decref(s->things);
	json_decref(s->missing);
	json_decref(s->tied);
	json_decref(s->recalled);
	json_decref(s->relied);
	json_decref(s->document);
	cut_free(&s->cut);
}
