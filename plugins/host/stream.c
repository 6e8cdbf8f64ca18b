/* stream.c - records, one after the other, to an exporter of records. */
#include <saksi/base/mpjson.h>

#include "job.h"

/*
 * What the exporter gets of ${record}; NULL if it stays here.  One bad record
 * never ends an export: what cannot be handed over is left out and named.
 */
static enum saksi_err hand_over(json_t **out, struct cut *cut, const json_t *record,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc = cut_record(out, cut, record, err);
	if (rc != SAKSI_OK || !*out)
		return rc;
	bool fits = feed_fits(*out);
	if (fits)
		mpjson_write(&b, *out);
	fits = fits && b.len <= FRAME_BODY_MAX;
	rc = buf_ok(&b, err);
	buf_free(&b);
	if (rc == SAKSI_OK && !fits) {
		cut_unfit(cut, *out, "RECORD");
		rc = cut_ok(cut, err);
	}
	if (rc != SAKSI_OK || !fits) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

/* How many will go and how many stay: an exporter is told before the first. */
static enum saksi_err count_records(const struct host_job *job, struct cut *cut,
    struct host_result *result, struct saksi_error *err)
{
	const struct host_source *s = job->source;
	for (;;) {
		json_t *record = NULL, *seen = NULL;
		if (s->next(s->ctx, &record) != 0)
			return source_failed(err);
		if (!record)
			return s->rewind(s->ctx) == 0 ? SAKSI_OK : source_failed(err);
		enum saksi_err rc = hand_over(&seen, cut, record, err);
		result->records += seen != NULL;
		result->withheld += seen == NULL;
		json_decref(seen);
		json_decref(record);
		if (rc != SAKSI_OK)
			return rc;
	}
}

static enum saksi_err send_records(struct runner *r, struct cut *cut,
    const struct host_job *job, const struct host_result *result, struct saksi_error *err)
{
	const struct host_source *s = job->source;
	size_t done = 0;
	for (;;) {
		json_t *record = NULL, *seen = NULL;
		if (s->next(s->ctx, &record) != 0)
			return source_failed(err);
		if (!record)
			break;
		enum saksi_err rc = hand_over(&seen, cut, record, err);
		if (rc == SAKSI_OK && seen)
			rc = feed_item(r, seen, err);
		done += seen != NULL;
		json_decref(seen);
		json_decref(record);
		if (rc != SAKSI_OK)
			return rc;
		if (job->progress)
			job->progress(job->ctx, done, result->records);
	}
	return done == result->records
	    ? SAKSI_OK
	    : saksi_fail(err, SAKSI_EIO,
		  "the records changed during the export; try again");
}

enum saksi_err stream_export(const struct host_job *job, struct host_findings *findings,
    struct host_result *result, struct saksi_error *err)
{
	struct cut cut = {.source = job->source, .ceiling = job->ceiling};
	struct runner r;
	enum saksi_err rc = count_records(job, &cut, result, err);
	if (rc != SAKSI_OK) {
		cut_free(&cut);
		return rc;
	}
	rc = feed_start(&r, job, SAKSI_INPUT_RECORDS, NULL, result->records, err);
	if (rc == SAKSI_OK)
		rc = send_records(&r, &cut, job, result, err);
	if (rc == SAKSI_OK)
		rc = feed_end(&r, err);
	runner_free(&r);
	cut_findings(&cut, findings);
	cut_free(&cut);
	/* A warning that is lost must not look like none. */
	return rc == SAKSI_OK && findings->failed ? saksi_fail_nomem(err) : rc;
}
