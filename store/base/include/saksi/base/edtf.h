/*
 * edtf.h - the subset of EDTF (ISO 8601-2:2019) that records use.
 *
 *   YYYY | YYYY-MM | YYYY-MM-DD        with suffix ? ~ %
 *   a/b        a span that lasted throughout; either end may be .. (open)
 *              or empty (unknown)
 *   [a..b]     some day between; either end may be left out
 *
 * Days are counted from 1970-01-01 in the proleptic Gregorian calendar.
 */
#ifndef SAKSI_BASE_EDTF_H
#define SAKSI_BASE_EDTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <saksi/base/err.h>

#define EDTF_DAY_MIN INT32_MIN /* open or unknown start */
#define EDTF_DAY_MAX INT32_MAX /* open or unknown end */

struct edtf {
	enum { EDTF_ON, EDTF_SPAN, EDTF_WITHIN } reading;
	int32_t earliest; /* first day that is possible */
	int32_t latest;	  /* last day that is possible */
	bool uncertain;	  /* ? or % anywhere */
	bool approximate; /* ~ or % anywhere */
	bool day_known;	  /* earliest == latest; with ? or ~ still only perhaps */
};

/** edtf_parse(out, s, err): SAKSI_EINVAL with the reason and an example. */
SAKSI_MUST_CHECK enum saksi_err edtf_parse(struct edtf *out, const char *s,
    struct saksi_error *err);
#define EDTF_WHY 220u
/**
 * edtf_explain(out, size, s): Why ${s} is no EDTF, and how that date is written;
 * false if it is.  Says nothing of ${s} but numbers of its date.
 */
bool edtf_explain(char *out, size_t size, const char *s);
/** edtf_overlaps(a, b): The intervals [earliest, latest] share a day. */
bool edtf_overlaps(const struct edtf *a, const struct edtf *b);
/**
 * edtf_long(out, size, s): ${s} in words for a person: "10 July 2016",
 * "about 2019", "between 31 July 2019 and ...".  false, and "", if ${s} is not
 * EDTF or its words (at most 110 bytes) do not fit.
 */
bool edtf_long(char *out, size_t size, const char *s);

int32_t day_from_civil(int year, int month, int day);
void civil_from_day(int *year, int *month, int *day, int32_t days);

/** duration_valid(s): ISO 8601 duration (P18M, P2Y, P1Y6M, P10D ...) or LIFE. */
bool duration_valid(const char *s);

#endif
