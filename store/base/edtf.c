#include <string.h>

#include <saksi/base/edtf.h>

#include "civil.h"
#include "edtf_scan.h"

static int32_t first_day(const struct edtf_point *p)
{
	switch (p->kind) {
	case POINT_YEAR:
		return day_from_civil(p->year, 1, 1);
	case POINT_MONTH:
		return day_from_civil(p->year, p->month, 1);
	case POINT_DAY:
		return day_from_civil(p->year, p->month, p->day);
	case POINT_NONE:
	case POINT_OPEN:
		break;
	}
	return EDTF_DAY_MIN;
}

static int32_t last_day(const struct edtf_point *p)
{
	switch (p->kind) {
	case POINT_YEAR:
		return day_from_civil(p->year, 12, 31);
	case POINT_MONTH:
		return day_from_civil(p->year, p->month,
		    civil_month_days(p->year, p->month));
	case POINT_DAY:
		return day_from_civil(p->year, p->month, p->day);
	case POINT_NONE:
	case POINT_OPEN:
		break;
	}
	return EDTF_DAY_MAX;
}

enum saksi_err edtf_parse(struct edtf *out, const char *s, struct saksi_error *err)
{
	struct edtf_parts p;
	char why[EDTF_WHY];

	memset(out, 0, sizeof(*out));
	if (edtf_scan(&p, s) != NULL) {
		(void)edtf_explain(why, sizeof(why), s);
		return saksi_fail(err, SAKSI_EINVAL, "date: %s", why);
	}
	out->reading = p.form == PARTS_ON ? EDTF_ON
	    : p.form == PARTS_SPAN	  ? EDTF_SPAN
					  : EDTF_WITHIN;
	out->earliest = first_day(&p.a);
	out->latest = last_day(&p.b);
	out->uncertain = p.a.uncertain || p.b.uncertain;
	out->approximate = p.a.approximate || p.b.approximate;
	out->day_known = out->earliest == out->latest;
	return SAKSI_OK;
}

bool edtf_overlaps(const struct edtf *a, const struct edtf *b)
{
	return a->earliest <= b->latest && b->earliest <= a->latest;
}

/* ---- durations ------------------------------------------------------------ */

/*
 * Pass "<digits><unit>" groups whose units come in the order of ${units};
 * return how many there were, or -1.
 */
static int groups(const char **s, const char *units)
{
	int n = 0;

	while (**s >= '0' && **s <= '9') {
		size_t len = strspn(*s, "0123456789");
		const char *unit;

		if (len > 9 || (*s)[len] == '\0')
			return -1;
		unit = strchr(units, (*s)[len]);
		if (unit == NULL)
			return -1;
		units = unit + 1;
		*s += len + 1;
		n++;
	}
	return n;
}

bool duration_valid(const char *s)
{
	int days;
	int times = 0;

	if (strcmp(s, "LIFE") == 0)
		return true;
	if (*s++ != 'P')
		return false;
	days = groups(&s, "YMWD");
	if (days >= 0 && *s == 'T') {
		s++;
		times = groups(&s, "HMS");
		if (times == 0)
			return false;
	}
	return days >= 0 && times >= 0 && days + times > 0 && *s == '\0';
}
