/*
 * ties.c - what a fact has to do with what a submission is about.
 *
 * An act has an event.  A charge has one, or is for acts that have.  A
 * decision has those of its charges, or of the acts that name it.  What has
 * none itself has those of the charges in its proceeding.
 */
#include <string.h>

#include "submission.h"

static bool is_thing(const struct submission *s, const json_t *record)
{
	return json_object_get(s->things, text_at(record, "id")) != NULL;
}

static void stronger(enum tie *tie, enum tie other)
{
	*tie = other > *tie ? other : *tie;
}

static enum tie event_tie(const struct submission *s, const json_t *record)
{
	const char *event = text_at(record, "event");
	if (is_thing(s, record))
		return TIE_OURS;
	if (!event[0])
		return TIE_NONE;
	return json_object_get(s->events, event) ? TIE_OURS : TIE_ELSEWHERE;
}

typedef enum saksi_err tie_fn(enum tie *tie, const struct submission *s,
    const json_t *record, struct saksi_error *err);

/* The strongest tie of the records that ${key} names. */
static enum saksi_err ties_of(enum tie *tie, const struct submission *s,
    const json_t *record, const char *key, tie_fn *fn, struct saksi_error *err)
{
	const json_t *list = json_object_get(record, key), *x;
	size_t i;
	json_array_foreach (list, i, x) {
		const char *id = json_string_value(value_plain(x));
		json_t *other = NULL;
		enum saksi_err rc = id ? record_get(&other, s, id, err) : SAKSI_OK;
		if (rc == SAKSI_OK && other)
			rc = fn(tie, s, other, err);
		json_decref(other);
		if (rc != SAKSI_OK)
			return rc;
	}
	return SAKSI_OK;
}

static enum saksi_err act_tie(enum tie *tie, const struct submission *s,
    const json_t *act, struct saksi_error *err)
{
	(void)err;
	stronger(tie, event_tie(s, act));
	return SAKSI_OK;
}

static enum saksi_err charge_tie(enum tie *tie, const struct submission *s,
    const json_t *charge, struct saksi_error *err)
{
	enum tie own = event_tie(s, charge);
	stronger(tie, own);
	return own == TIE_NONE ? ties_of(tie, s, charge, "act", act_tie, err) : SAKSI_OK;
}

struct tie_walk {
	const struct submission *s;
	enum tie *tie;
	struct saksi_error *err;
	enum saksi_err rc;
};

static int on_act(void *ctx, json_t *act)
{
	struct tie_walk *w = ctx;
	w->rc = act_tie(w->tie, w->s, act, w->err);
	return w->rc == SAKSI_OK ? 0 : -1;
}

static int on_proceeding(void *ctx, json_t *proceeding)
{
	struct tie_walk *w = ctx;
	if (is_thing(w->s, proceeding))
		*w->tie = TIE_OURS;
	else
		w->rc = ties_of(w->tie, w->s, proceeding, "charges", charge_tie, w->err);
	return w->rc == SAKSI_OK ? 0 : -1;
}

/* The ties of the records of ${type} that refer to ${record}, if it has none itself. */
static enum saksi_err ties_to(enum tie *tie, const struct submission *s,
    const json_t *record, const char *type, int (*fn)(void *, json_t *),
    struct saksi_error *err)
{
	const struct host_source *source = s->job->source;
	struct tie_walk w = {s, tie, err, SAKSI_OK};
	if (*tie != TIE_NONE)
		return SAKSI_OK;
	if (source->linked(source->ctx, text_at(record, "id"), type, fn, &w) != 0 &&
	    w.rc == SAKSI_OK)
		return source_failed(err);
	return w.rc;
}

enum saksi_err fact_tie(enum tie *tie, const struct submission *s, const json_t *record,
    struct saksi_error *err)
{
	const char *type = text_at(record, "type");
	*tie = event_tie(s, record);
	if (*tie != TIE_NONE || strcmp(type, "act") == 0)
		return SAKSI_OK;
	if (strcmp(type, "charge") == 0) {
		enum saksi_err rc = charge_tie(tie, s, record, err);
		return rc == SAKSI_OK
		    ? ties_to(tie, s, record, "proceeding", on_proceeding, err)
		    : rc;
	}
	enum saksi_err rc = ties_of(tie, s, record, "charges", charge_tie, err);
	if (rc == SAKSI_OK)
		rc = ties_to(tie, s, record, "act", on_act, err);
	if (rc == SAKSI_OK)
		rc = ties_to(tie, s, record, "proceeding", on_proceeding, err);
	return rc;
}
