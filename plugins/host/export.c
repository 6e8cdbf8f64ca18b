/* export.c - the two calls: check, and export. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "submission.h"

enum saksi_err submission_make(struct submission *s, const struct host_job *job,
    struct host_findings *findings, struct saksi_error *err)
{
	memset(s, 0, sizeof *s);
	s->job = job;
	s->schema = job->source->schema;
	s->findings = findings;
	s->cut = (struct cut){.source = job->source, .ceiling = job->ceiling};
	s->cut.used = json_object();
	enum saksi_err rc =
	    s->cut.used ? form_load(&s->form, job->form, err) : saksi_fail_nomem(err);
	if (rc == SAKSI_OK)
		rc = checks_may_override(s->form, job->overrides, err);
	if (rc == SAKSI_OK)
		rc = submission_gather(s, err);
	if (rc == SAKSI_OK)
		rc = form_answers(&s->answers, s->form, s->intervention, job->options,
		    err);
	if (rc == SAKSI_OK)
		rc = consents_read(s, err);
	if (rc == SAKSI_OK)
		rc = document_make(s, err);
	if (rc == SAKSI_OK)
		rc = missing_gather(s, err);
	if (rc == SAKSI_OK)
		rc = withhold(s, err);
	if (rc == SAKSI_OK)
		missing_findings(s);
	if (rc == SAKSI_OK)
		rc = checks_run(s, err);
	cut_findings(&s->cut, findings);
	return rc == SAKSI_OK && findings->failed ? saksi_fail_nomem(err) : rc;
}

static enum saksi_err run_document(const struct submission *s, const struct host_job *job,
    struct saksi_error *err)
{
	struct runner r;
	json_t *keys = form_option_keys(s->form);
	if (!keys)
		return saksi_fail_nomem(err);
	enum saksi_err rc = feed_start(&r, job, SAKSI_INPUT_DOCUMENT, keys, 1, err);
	if (rc == SAKSI_OK)
		rc = feed_item(&r, s->document, err);
	if (rc == SAKSI_OK)
		rc = feed_end(&r, err);
	runner_free(&r);
	json_decref(keys);
	return rc;
}

/* No record at all: whatever an exporter minds now, it minds about its options. */
static enum saksi_err run_empty(const struct host_job *job, struct saksi_error *err)
{
	struct runner r;
	enum saksi_err rc = feed_start(&r, job, SAKSI_INPUT_RECORDS, NULL, 0, err);
	if (rc == SAKSI_OK)
		rc = feed_end(&r, err);
	runner_free(&r);
	return rc;
}

/* There is an option that is for the exporter; what it thinks of it only it knows. */
static enum saksi_err has_exporter_options(bool *has, const struct host_job *job,
    const json_t *form, struct saksi_error *err)
{
	json_t *keys;
	char key[64];
	*has = false;
	if (!job->options || !job->options[0])
		return SAKSI_OK;
	keys = form ? form_option_keys(form) : json_object();
	if (!keys)
		return saksi_fail_nomem(err);
	for (size_t i = 0; job->options[i]; i++)
		*has = *has || !option_key(key, job->options[i]) ||
		    !json_object_get(keys, key);
	json_decref(keys);
	return SAKSI_OK;
}

/* Run the exporter into nothing, so that a wrong option is found before it matters. */
static enum saksi_err try_options(const struct host_job *job, const struct submission *s,
    struct saksi_error *err)
{
	struct host_job trial = *job;
	bool has;
	enum saksi_err rc = has_exporter_options(&has, job, s ? s->form : NULL, err);
	if (rc != SAKSI_OK || !has)
		return rc;
	trial.out_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (trial.out_fd < 0)
		return saksi_fail_sys(err, "/dev/null");
	rc = s ? run_document(s, &trial, err) : run_empty(&trial, err);
	(void)close(trial.out_fd);
	return rc;
}

enum saksi_err host_check(const struct host_job *job, struct host_findings *findings,
    struct saksi_error *err)
{
	struct submission s;
	memset(findings, 0, sizeof *findings);
	if (!job->form)
		return try_options(job, NULL, err);
	enum saksi_err rc = submission_make(&s, job, findings, err);
	if (rc == SAKSI_OK)
		rc = try_options(job, &s, err);
	if (rc == SAKSI_OK)
		(void)checks_override(findings, job->overrides);
	submission_free(&s);
	return rc;
}

static enum saksi_err form_export(const struct host_job *job,
    struct host_findings *findings, struct host_result *result, struct saksi_error *err)
{
	struct submission s;
	enum saksi_err rc = submission_make(&s, job, findings, err);
	if (rc == SAKSI_OK) {
		const struct host_finding *block =
		    checks_override(findings, job->overrides);
		if (block)
			rc = saksi_fail(err, SAKSI_EREFUSED,
			    block->ceiling
				? "%s: check %s blocks; see the findings for the ceiling it needs"
				: "%s: check %s blocks; see the findings for what to record, or "
				  "override it with a reason",
			    form_text(s.form, "id"), block->check);
	}
	if (rc == SAKSI_OK)
		rc = run_document(&s, job, err);
	if (rc == SAKSI_OK) {
		for (size_t i = 0; i < s.n_victims; i++)
			result->records += s.victims[i].seen != NULL;
		result->records += s.n_facts;
		result->withheld = s.above;
		result->relied_on = consents_relied_on(&s);
		if (!result->relied_on)
			rc = saksi_fail_nomem(err);
	}
	if (rc == SAKSI_OK && job->progress)
		job->progress(job->ctx, result->records, result->records);
	submission_free(&s);
	return rc;
}

enum saksi_err host_export(const struct host_job *job, struct host_findings *findings,
    struct host_result *result, struct saksi_error *err)
{
	memset(findings, 0, sizeof *findings);
	memset(result, 0, sizeof *result);
	return job->form ? form_export(job, findings, result, err)
			 : stream_export(job, findings, result, err);
}
