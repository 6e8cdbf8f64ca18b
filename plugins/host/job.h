/*
 * job.h - what the parts of one export share.
 */
#ifndef SAKSI_HOST_JOB_H
#define SAKSI_HOST_JOB_H

#include <saksi/host/host.h>

#include "runner.h"

/* ---- cut.c: what may be named --------------------------------------------------- */
struct cut {
	const struct host_source *source;
	enum saksi_class ceiling;
	json_t *known; /* id -> bool: asked before */
	bool failed;   /* the source or memory failed meanwhile */
};
/** cut_name(cut, id): The record exists and is itself at or below the ceiling. */
bool cut_name(void *cut, const char *id);
/** cut_record(out, c, record, err): schema_cut(); *out NULL when it is above. */
SAKSI_MUST_CHECK enum saksi_err cut_record(json_t **out, struct cut *c,
    const json_t *record, struct saksi_error *err);
void cut_free(struct cut *c);
/** source_failed(err): Words for a callback of the source that returned -1. */
enum saksi_err source_failed(struct saksi_error *err);

/* ---- info.c: what begin() gets ----------------------------------------------------- */
SAKSI_MUST_CHECK enum saksi_err info_make(struct buf *out, const struct host_job *job,
    size_t count, struct saksi_error *err);

/* ---- feed.c: a started runner, with its options --------------------------------------- */
/** feed_start(r, job, input, form_keys...): Start, check input kind, give options, BEGIN. */
SAKSI_MUST_CHECK enum saksi_err feed_start(struct runner *r, const struct host_job *job,
    uint32_t input, const json_t *form_options, size_t count, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err feed_item(struct runner *r, const json_t *item,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err feed_end(struct runner *r, struct saksi_error *err);
/** option_key(out, option): The key of "key=value"; false if there is none. */
bool option_key(char out[64], const char *option);

/* ---- stream.c, export.c ------------------------------------------------------------- */
SAKSI_MUST_CHECK enum saksi_err stream_export(const struct host_job *job,
    struct host_result *result, struct saksi_error *err);

/* ---- findings.c ---------------------------------------------------------------------- */
void finding_add(struct host_findings *f, const char *check, enum host_level level,
    const char *subject, const char *fmt, ...) SAKSI_PRINTF(5, 6);

#endif
