/* stream.c - records, one after the other, to an exporter of records. */
#include "job.h"

/* How many will go and how many stay; needs only the records' own class. */
static enum saksi_err count_records(const struct host_job *job,
    struct host_result *result, struct saksi_error *err)
{
	const struct host_source *s = job->source;
	for (;;) {
		json_t *record = NULL;
		if (s->next(s->ctx, &record) != 0)
			return source_failed(err);
		if (!record)
			return s->rewind(s->ctx) == 0 ? SAKSI_OK : source_failed(err);
		if (schema_record_class(record) <= job->ceiling)
			result->records++;
		else
			result->withheld++;
		json_decref(record);
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
		enum saksi_err rc = cut_record(&seen, cut, record, err);
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

enum saksi_err stream_export(const struct host_job *job, struct host_result *result,
    struct saksi_error *err)
{
	struct cut cut = {job->source, job->ceiling, NULL, false};
	struct runner r;
	enum saksi_err rc = count_records(job, result, err);
	if (rc != SAKSI_OK)
		return rc;
	rc = feed_start(&r, job, SAKSI_INPUT_RECORDS, NULL, result->records, err);
	if (rc == SAKSI_OK)
		rc = send_records(&r, &cut, job, result, err);
	if (rc == SAKSI_OK)
		rc = feed_end(&r, err);
	runner_free(&r);
	cut_free(&cut);
	return rc;
}
