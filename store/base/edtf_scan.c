#include <stddef.h>
#include <string.h>

#include "civil.h"
#include "edtf_scan.h"

/* The longest is [YYYY-MM-DD?..YYYY-MM-DD?]: refuse longer without a look. */
#define EDTF_LEN_MAX 26u

/* Exactly ${n} digits, and not more of them. */
static bool digits(int *out, const char **s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (**s - '0');
	}
	*out = v;
	return **s < '0' || **s > '9';
}

static void suffix(struct edtf_point *p, const char **s)
{
	p->uncertain = **s == '?' || **s == '%';
	p->approximate = **s == '~' || **s == '%';
	if (p->uncertain || p->approximate)
		(*s)++;
}

static const char *date(struct edtf_point *p, const char **s)
{
	p->kind = POINT_YEAR;
	if (!digits(&p->year, s, 4))
		return "a year has four digits";
	if (**s == '-') {
		(*s)++;
		p->kind = POINT_MONTH;
		if (!digits(&p->month, s, 2))
			return "a month has two digits";
		if (p->month < 1 || p->month > 12)
			return "there are only months 01 to 12";
	}
	if (**s == '-') {
		(*s)++;
		p->kind = POINT_DAY;
		if (!digits(&p->day, s, 2))
			return "a day has two digits";
		if (p->day < 1 || p->day > civil_month_days(p->year, p->month))
			return "that month has no such day";
	}
	suffix(p, s);
	return NULL;
}

/* An end of a span or set: a date, or nothing known about it. */
static const char *end(struct edtf_point *p, const char **s, char stop)
{
	p->kind = POINT_NONE;
	if (**s == stop)
		return NULL;
	if (strncmp(*s, "..", 2) == 0) {
		if (stop == '.' || stop == ']')
			return NULL;
		p->kind = POINT_OPEN;
		*s += 2;
		return NULL;
	}
	return date(p, s);
}

static bool is_date(const struct edtf_point *p)
{
	return p->kind != POINT_NONE && p->kind != POINT_OPEN;
}

/* The first day of ${a} after the last day of ${b}, by what is stated of both. */
static bool after(const struct edtf_point *a, const struct edtf_point *b)
{
	if (a->year != b->year)
		return a->year > b->year;
	if (a->month == 0 || b->month == 0)
		return false;
	if (a->month != b->month)
		return a->month > b->month;
	return a->day != 0 && b->day != 0 && a->day > b->day;
}

static const char *check_ends(const struct edtf_parts *p)
{
	if (!is_date(&p->a) && !is_date(&p->b))
		return "at least one end must be a date";
	if (is_date(&p->a) && is_date(&p->b) && after(&p->a, &p->b))
		return "the end lies before the start";
	return NULL;
}

static const char *scan_set(struct edtf_parts *out, const char *s)
{
	const char *fault;

	out->form = PARTS_WITHIN;
	s++;
	fault = end(&out->a, &s, '.');
	if (fault != NULL)
		return fault;
	if (strncmp(s, "..", 2) != 0)
		return "a set is written with two dots between its ends";
	s += 2;
	fault = end(&out->b, &s, ']');
	if (fault != NULL)
		return fault;
	if (*s != ']' || s[1] != '\0')
		return "a set ends with a square bracket and nothing after it";
	return check_ends(out);
}

static const char *scan_span(struct edtf_parts *out, const char *s)
{
	const char *fault;

	out->form = PARTS_SPAN;
	fault = end(&out->a, &s, '/');
	if (fault != NULL)
		return fault;
	if (*s != '/')
		return "something that is no date stands before the stroke";
	s++;
	fault = end(&out->b, &s, '\0');
	if (fault != NULL)
		return fault;
	if (*s != '\0')
		return "something follows the date";
	return check_ends(out);
}

const char *edtf_scan(struct edtf_parts *out, const char *s)
{
	const char *fault;

	memset(out, 0, sizeof(*out));
	if (strnlen(s, EDTF_LEN_MAX + 1) > EDTF_LEN_MAX)
		return "too long";
	if (*s == '\0')
		return "it is empty";
	if (*s == '[')
		return scan_set(out, s);
	if (strchr(s, '/') != NULL)
		return scan_span(out, s);
	out->form = PARTS_ON;
	fault = date(&out->a, &s);
	if (fault != NULL)
		return fault;
	out->b = out->a;
	return *s == '\0' ? NULL : "something follows the date";
}
