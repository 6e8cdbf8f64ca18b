/*
 * missing.c - whom the records name, but nobody can read here.
 *
 * A deleted person is not given to an export: then there is no name to take
 * out of titles and notes, and no answer to respect.  So it is never passed
 * over in silence.
 */
#include <string.h>

#include <saksi/base/text.h>

#include "submission.h"

#define NAMED_MAX 100u /* findings; what is beyond them is counted */

/* Noted with the ${key} that names it. */
static enum saksi_err look_for(struct submission *s, const char *id, const char *key,
    struct saksi_error *err)
{
	json_t *record = NULL;
	if (!id || !id[0] || victim_find(s, id) || json_object_get(s->missing, id))
		return SAKSI_OK;
	/* What was done to somebody says more than of what they are accused. */
	const bool more = strcmp(key, "victim") == 0;
	if (strcmp(key, "about") != 0 && (more || !json_object_get(s->tied, id)) &&
	    json_object_set_new(s->tied, id, json_string(key)) != 0)
		return saksi_fail_nomem(err);
	enum saksi_err rc = record_get(&record, s, id, err);
	if (rc == SAKSI_OK && !record &&
	    json_object_set_new(s->missing, id, json_string(key)) != 0)
		rc = saksi_fail_nomem(err);
	json_decref(record);
	return rc;
}

/* The one record, or each of the records, that ${key} names. */
static enum saksi_err look_at(struct submission *s, const json_t *record, const char *key,
    struct saksi_error *err)
{
	const json_t *v = json_object_get(record, key), *x;
	enum saksi_err rc = SAKSI_OK;
	size_t i;
	if (!json_is_array(v))
		return look_for(s, text_at(record, key), key, err);
	json_array_foreach (v, i, x) {
		rc = look_for(s, json_string_value(value_plain(x)), key, err);
		if (rc != SAKSI_OK)
			return rc;
	}
	return rc;
}

static enum saksi_err look_at_persons(struct submission *s, const json_t *record,
    struct saksi_error *err)
{
	static const char *const keys[] = {"victim", "accused", "subjects"};
	enum saksi_err rc = SAKSI_OK;
	for (size_t i = 0; i < sizeof keys / sizeof *keys && rc == SAKSI_OK; i++)
		rc = look_at(s, record, keys[i], err);
	return rc;
}

struct missing_walk {
	struct submission *s;
	struct saksi_error *err;
	enum saksi_err rc;
};

static int on_record(void *ctx, json_t *record)
{
	struct missing_walk *w = ctx;
	w->rc = look_at_persons(w->s, record, w->err);
	return w->rc == SAKSI_OK ? 0 : -1;
}

static enum saksi_err look_around(struct submission *s, const char *event,
    struct saksi_error *err)
{
	static const char *const types[] = {"act", "charge"};
	const struct host_source *source = s->job->source;
	struct missing_walk w = {s, err, SAKSI_OK};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		int n = source->linked(source->ctx, event, types[i], on_record, &w);
		if (w.rc != SAKSI_OK)
			return w.rc;
		if (n != 0)
			return source_failed(err);
	}
	return SAKSI_OK;
}

/* What `about` names, and the persons in it. */
static enum saksi_err look_at_about(struct submission *s, struct saksi_error *err)
{
	const json_t *list = json_object_get(s->intervention, "about"), *x;
	size_t i;
	json_array_foreach (list, i, x) {
		const char *id = json_string_value(value_plain(x));
		json_t *record = NULL;
		enum saksi_err rc = look_for(s, id, "about", err);
		if (rc == SAKSI_OK && id)
			rc = record_get(&record, s, id, err);
		if (rc == SAKSI_OK && record)
			rc = look_at_persons(s, record, err);
		json_decref(record);
		if (rc != SAKSI_OK)
			return rc;
	}
	return SAKSI_OK;
}

enum saksi_err missing_gather(struct submission *s, struct saksi_error *err)
{
	const char *id;
	json_t *seen;
	s->missing = json_object();
	s->tied = json_object();
	if (!s->missing || !s->tied)
		return saksi_fail_nomem(err);
	enum saksi_err rc = look_at_about(s, err);
	json_object_foreach (s->events, id, seen) {
		if (rc == SAKSI_OK)
			rc = look_around(s, id, err);
	}
	for (size_t i = 0; i < s->n_facts && rc == SAKSI_OK; i++)
		rc = look_at_persons(s, s->facts[i].record, err);
	return rc;
}

void missing_findings(const struct submission *s)
{
	size_t n = json_object_size(s->missing), i = 0;
	const char *id;
	json_t *x;
	json_object_foreach (s->missing, id, x) {
		const bool about = strcmp(json_string_value(x), "about") == 0;
		struct buf name = BUF_INIT;
		if (i++ == NAMED_MAX)
			break;
		text_printable(&name, id, strlen(id), false);
		finding_add(s->findings, "C8", HOST_BLOCK, id,
		    "%s is deleted or not in the vault: %.80s; undelete it, or remove it from "
		    "%s (%s)",
		    about ? "what this submission is `about`"
			  : "a victim that an act of this submission names",
		    buf_cstr(&name), about ? "`about`" : "the act",
		    json_object_get(s->recalled, id)
			? "if you override this, its names are taken out of the text"
			: "its names are not known here, so none can be taken out of the text");
		s->findings->failed = s->findings->failed || name.failed;
		buf_free(&name);
	}
	if (n > NAMED_MAX)
		finding_add(s->findings, "C8", HOST_BLOCK, "",
		    "and %zu more that are deleted or not in the vault", n - NAMED_MAX);
}
