/*
 * consent.c - who agreed to what, read before anything is cut.
 *
 * An answer is alive when it was given, is not withdrawn and not past its
 * day.  Where answers of one person contradict each other the later one
 * counts, and of one that has no date the more careful one: a refusal or
 * withdrawal without a date stands against every consent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/edtf.h>
#include <saksi/base/fsio.h>

#include "submission.h"

static const char *const codes[PURPOSES] = {"share-with-un", "name-to-government",
    "name-public"};

const char *purpose_code(enum purpose p)
{
	return codes[p];
}

/* The days that an entry names, or what stands for none. */
static bool days(const json_t *entry, const char *key, int32_t *earliest, int32_t *latest)
{
	struct edtf d;
	const json_t *v = value_plain(json_object_get(entry, key));
	const char *text = json_is_string(v) ? json_string_value(v) : text_at(v, "edtf");
	if (!v)
		return false;
	if (!text || edtf_parse(&d, text, NULL) != SAKSI_OK) {
		*earliest = EDTF_DAY_MIN;
		*latest = EDTF_DAY_MAX;
		return true;
	}
	*earliest = d.earliest;
	*latest = d.latest;
	return true;
}

struct weigh {
	int32_t today;
	int32_t given_on, refused_on;
	const json_t *given, *refused;
	char given_in[27], refused_in[27];
	bool expired;
};

static void refuse(struct weigh *w, const json_t *entry, const char *record, int32_t on)
{
	if (w->refused && on < w->refused_on)
		return;
	w->refused = entry;
	w->refused_on = on;
	snprintf(w->refused_in, sizeof w->refused_in, "%s", record);
}

static void weigh_entry(struct weigh *w, const json_t *entry, const char *record)
{
	const char *answer = text_at(entry, "answer");
	int32_t from = EDTF_DAY_MIN, to = EDTF_DAY_MAX, early, late;
	(void)days(entry, "date", &from, &to);
	if (days(entry, "withdrawn", &early, &late)) {
		refuse(w, entry, record, late);
		return;
	}
	if (strcmp(answer, "refused") == 0 || strcmp(answer, "withdrawn") == 0) {
		refuse(w, entry, record, to);
		return;
	}
	if (strcmp(answer, "given") != 0)
		return; /* not possible: no answer, somebody else may have given one */
	/* A day that is not known exactly may be over already. */
	if (days(entry, "expires", &early, &late) && early < w->today) {
		w->expired = true;
		return;
	}
	if (w->given && from < w->given_on)
		return;
	w->given = entry;
	w->given_on = from;
	snprintf(w->given_in, sizeof w->given_in, "%s", record);
}

static void weigh_list(struct weigh *w, const json_t *record, const char *person,
    const char *purpose, bool own)
{
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(record, "consent"), i, x) {
		const json_t *entry = value_plain(x);
		const char *who = text_at(entry, "person");
		/* In a case each consent says whose it is: never one for all. */
		if (who[0] ? strcmp(who, person) != 0 : !own)
			continue;
		if (strcmp(text_at(entry, "purpose"), purpose) == 0)
			weigh_entry(w, entry, text_at(record, "id"));
	}
}

struct case_walk {
	json_t *cases; /* kept until the weighing is over: entries are borrowed */
	bool failed;
};

static int keep_case(void *ctx, json_t *record)
{
	struct case_walk *w = ctx;
	w->failed = json_array_append(w->cases, record) != 0;
	return w->failed ? -1 : 0;
}

static enum saksi_err read_one(struct victim *v, enum purpose p, const json_t *cases,
    struct saksi_error *err)
{
	struct weigh w = {0};
	const json_t *x;
	size_t i;
	w.today = (int32_t)(clock_now_us() / INT64_C(86400000000));
	weigh_list(&w, v->record, v->id, codes[p], true);
	json_array_foreach (cases, i, x) {
		weigh_list(&w, x, v->id, codes[p], false);
	}

	struct consent *c = &v->consents[p];
	const json_t *entry = NULL;
	c->expired = w.expired;
	if (w.refused && (!w.given || w.refused_on >= w.given_on)) {
		c->answer = ANSWER_NO;
		entry = w.refused;
		memcpy(c->where, w.refused_in, sizeof c->where);
	} else if (w.given) {
		c->answer = ANSWER_YES;
		entry = w.given;
		memcpy(c->where, w.given_in, sizeof c->where);
	}
	if (entry && !(c->entry = json_deep_copy(entry)))
		return saksi_fail_nomem(err);
	return SAKSI_OK;
}

/* ---- what to call a victim --------------------------------------------------------- */

/*
 * A name that was refused to the Government stays out of a text that is made
 * to be copied into a letter to it.  Whoever submits may decide otherwise
 * (option names=confidential): then the United Nations get it, marked as
 * confidential, if the victim agreed to share the case with them.  A refusal
 * is never overridden; only a missing answer is.
 */
bool answers_refuse(const struct submission *s, const struct victim *v)
{
	const json_t *names = json_array_get(json_object_get(s->answers, "names"), 0);
	const char *how = json_string_value(names);
	if (v->consents[SHARE_WITH_UN].answer == ANSWER_NO)
		return true;
	if (v->consents[NAME_TO_GOVERNMENT].answer != ANSWER_NO)
		return false;
	return !(how && strcmp(how, "confidential") == 0 &&
	    v->consents[SHARE_WITH_UN].answer == ANSWER_YES);
}

/* What can be told of the name; NULL for one that only gets a number. */
static enum saksi_err call_victim(struct submission *s, struct victim *v,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	/* The pseudonym is there to be used, whatever class it has. */
	const char *pseudonym = text_at(v->record, "pseudonym");
	/* Without a name there is none to withhold. */
	v->withheld = answers_refuse(s, v) &&
	    json_array_size(json_object_get(v->record, "names")) > 0;
	if (pseudonym[0] && (v->withheld || (v->seen && !v->named)))
		buf_add_str(&b, pseudonym);
	else if (v->withheld || !v->seen)
		return SAKSI_OK;
	else
		record_label(&b, s->schema, v->seen);
	v->called = b.failed ? NULL : strdup(buf_cstr(&b));
	buf_free(&b);
	return v->called ? SAKSI_OK : saksi_fail_nomem(err);
}

/*
 * By what they are called, so that no two vaults tell it otherwise.  Those
 * without come last and by their ids, which are random: the place of a
 * withheld name in the alphabet would say how it begins.
 */
static int by_name(const void *a, const void *b)
{
	const struct victim *x = a, *y = b;
	if (!x->called != !y->called)
		return x->called ? -1 : 1;
	int c = x->called ? strcmp(x->called, y->called) : 0;
	return c ? c : strcmp(x->id, y->id);
}

static enum saksi_err number_victims(struct submission *s, struct saksi_error *err)
{
	if (s->n_victims > 1)
		qsort(s->victims, s->n_victims, sizeof *s->victims, by_name);
	for (size_t i = 0; i < s->n_victims; i++) {
		struct buf b = BUF_INIT;
		if (s->victims[i].called)
			continue;
		buf_printf(&b, "Victim %zu (name withheld)", i + 1);
		s->victims[i].called = b.failed ? NULL : strdup(buf_cstr(&b));
		buf_free(&b);
		if (!s->victims[i].called)
			return saksi_fail_nomem(err);
	}
	return SAKSI_OK;
}

enum saksi_err answers_read(const struct submission *s, struct victim *v,
    struct saksi_error *err)
{
	const struct host_source *source = s->job->source;
	struct case_walk w = {json_array(), false};
	enum saksi_err rc = w.cases ? SAKSI_OK : saksi_fail_nomem(err);
	if (rc == SAKSI_OK &&
	    source->linked(source->ctx, v->id, "case", keep_case, &w) != 0)
		rc = w.failed ? saksi_fail_nomem(err) : source_failed(err);
	for (int p = 0; p < PURPOSES && rc == SAKSI_OK; p++)
		rc = read_one(v, (enum purpose)p, w.cases, err);
	json_decref(w.cases);
	return rc;
}

enum saksi_err consents_read(struct submission *s, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	for (size_t i = 0; i < s->n_victims && rc == SAKSI_OK; i++) {
		rc = answers_read(s, &s->victims[i], err);
		if (rc == SAKSI_OK)
			rc = call_victim(s, &s->victims[i], err);
	}
	return rc == SAKSI_OK ? number_victims(s, err) : rc;
}

bool answers_note(json_t *list, const struct victim *v)
{
	for (int p = 0; p < PURPOSES; p++) {
		const struct consent *c = &v->consents[p];
		if (!c->entry)
			continue;
		/* Enough to find the entry again; what it says stays sealed there. */
		json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "person", v->id, "purpose",
		    codes[p], "answer", c->answer == ANSWER_YES ? "yes" : "no", "record",
		    c->where);
		if (!o || json_array_append_new(list, o) != 0)
			return false;
	}
	return true;
}

json_t *consents_relied_on(const struct submission *s)
{
	json_t *list = s->relied ? json_copy(s->relied) : json_array();
	for (size_t i = 0; i < s->n_victims; i++) {
		if (s->victims[i].seen && !answers_note(list, &s->victims[i])) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
