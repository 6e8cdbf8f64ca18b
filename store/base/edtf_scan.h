/*
 * edtf_scan.h - an EDTF string taken apart (private): shared by what computes
 * its days and what says it in words.
 */
#ifndef SAKSI_BASE_EDTF_SCAN_H
#define SAKSI_BASE_EDTF_SCAN_H

#include <stdbool.h>

struct edtf_point {
	enum { POINT_NONE, POINT_OPEN, POINT_YEAR, POINT_MONTH, POINT_DAY } kind;
	int year;
	int month; /* 1 .. 12, or 0 */
	int day;   /* 1 .. 31, or 0 */
	bool uncertain;
	bool approximate;
};

struct edtf_parts {
	enum { PARTS_ON, PARTS_SPAN, PARTS_WITHIN } form;
	struct edtf_point a;
	struct edtf_point b; /* as a, for PARTS_ON */
};

/** edtf_scan(out, s): NULL, or in static words what is wrong. */
const char *edtf_scan(struct edtf_parts *out, const char *s);

#endif
