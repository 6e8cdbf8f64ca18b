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
	json_t *known;	/* id -> bool: asked before */
	json_t *unfit;	/* id -> {check, type}: left out for what they are */
	json_t *used;	/* id -> cut record: what was cut so far; NULL: not kept */
	bool failed;	/* the source failed meanwhile */
	bool no_memory; /* or memory did */
};
/** cut_ok(c, err): Neither the source nor memory failed since the beginning. */
SAKSI_MUST_CHECK enum saksi_err cut_ok(const struct cut *c, struct saksi_error *err);
/** cut_name(cut, id): The record exists, may be read here and is not above the ceiling. */
bool cut_name(void *cut, const char *id);
/**
 * cut_record(out, c, record, err):
 * schema_cut(); *out NULL when it is above, or when nothing here can read it:
 * then cut_findings() names it.
 */
SAKSI_MUST_CHECK enum saksi_err cut_record(json_t **out, struct cut *c,
    const json_t *record, struct saksi_error *err);
/** cut_unfit(c, record, check): Leave a record out and have it named: TYPE or RECORD. */
void cut_unfit(struct cut *c, const json_t *record, const char *check);
/** cut_findings(c, findings): Name what was left out for what it is. */
void cut_findings(const struct cut *c, struct host_findings *findings);
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
/** feed_fits(item): What every reader of msgpack takes: depth, no NUL in texts. */
bool feed_fits(const json_t *item);
SAKSI_MUST_CHECK enum saksi_err feed_item(struct runner *r, const json_t *item,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err feed_end(struct runner *r, struct saksi_error *err);
/** option_key(out, option): The key of "key=value"; false if there is none. */
bool option_key(char out[64], const char *option);

/* ---- stream.c, export.c ------------------------------------------------------------- */
SAKSI_MUST_CHECK enum saksi_err stream_export(const struct host_job *job,
    struct host_findings *findings, struct host_result *result, struct saksi_error *err);

/* ---- findings.c ---------------------------------------------------------------------- */
void finding_add(struct host_findings *f, const char *check, enum host_level level,
    const char *subject, const char *fmt, ...) SAKSI_PRINTF(5, 6);
/** utf8_fit(s, most): How many bytes of ${s}, at most ${most}, are whole characters. */
size_t utf8_fit(const char *s, size_t most);

#endif
