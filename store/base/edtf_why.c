/*
 * What is wrong with a date, and how it is written: for who typed it the way
 * dates are written elsewhere.  Names nothing but the numbers of that date.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <saksi/base/edtf.h>

#include "civil.h"
#include "edtf_scan.h"

#define TYPED_MAX 40u /* longer texts are no date in another guise */
#define PARTS_MAX 3u

static const char *const months[] = {"", "January", "February", "March", "April", "May",
    "June", "July", "August", "September", "October", "November", "December"};

/* A number or the name of a month. */
struct part {
	int value;
	size_t digits; /* 0: a name */
};

static int month_by_name(const char *s, size_t n)
{
	for (int m = 1; m <= 12 && n >= 3; m++)
		if (n <= strlen(months[m]) && strncasecmp(months[m], s, n) == 0)
			return m;
	return 0;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *one_part(struct part *p, const char *s)
{
	size_t n = 0;

	*p = (struct part){0, strspn(s, "0123456789")};
	if (p->digits > 4)
		return NULL;
	for (; n < p->digits; n++)
		p->value = p->value * 10 + (s[n] - '0');
	if (n > 0)
		return s + n;
	while (is_letter(s[n]))
		n++;
	p->value = month_by_name(s, n);
	return p->value > 0 ? s + n : NULL;
}

/* Two or three of them with something between; 0: it is not made like that. */
static size_t split(struct part *p, const char *s)
{
	size_t n = 0;

	if (strnlen(s, TYPED_MAX + 1) > TYPED_MAX)
		return 0;
	for (;;) {
		size_t gap;

		if (n == PARTS_MAX || (s = one_part(&p[n++], s)) == NULL)
			return 0;
		if (*s == '\0')
			return n;
		gap = strspn(s, "/.-, ");
		if (gap == 0)
			return 0;
		s += gap;
	}
}

/* "YYYY-MM-DD" if there is such a day; ${day} 0: of the month. */
static bool written(char out[16], int year, int month, int day)
{
	if (month < 1 || month > 12 || day > civil_month_days(year, month))
		return false;
	if (day == 0)
		(void)snprintf(out, 16, "%04u-%02u", (unsigned)year % 10000,
		    (unsigned)month % 100);
	else
		(void)snprintf(out, 16, "%04u-%02u-%02u", (unsigned)year % 10000,
		    (unsigned)month % 100, (unsigned)day % 100);
	return true;
}

/* Day, month, year in whatever order the other two stand. */
static void year_last(char *out, size_t size, const struct part *a, const struct part *b,
    int year)
{
	char first[16] = "";
	char second[16] = "";
	bool day_first =
	    a->digits > 0 && a->value > 0 && written(first, year, b->value, a->value);
	bool month_first =
	    b->digits > 0 && b->value > 0 && written(second, year, a->value, b->value);

	if (!day_first && !month_first)
		(void)snprintf(out, size,
		    "the year comes first, then month and day, as in 2019-07-31");
	else if (day_first && month_first && strcmp(first, second) != 0)
		(void)snprintf(out, size,
		    "the year comes first, then month and day; write %s or %s", first,
		    second);
	else
		(void)snprintf(out, size,
		    "the year comes first, then month and day; write %s",
		    day_first ? first : second);
}

/* Another way to write a date that exists. */
static bool other_guise(char *out, size_t size, const char *s)
{
	struct part p[PARTS_MAX];
	size_t n = split(p, s);
	char date[16];

	if (n == 3 && p[2].digits == 4)
		year_last(out, size, &p[0], &p[1], p[2].value);
	else if (n == 3 && p[0].digits == 4 && p[2].digits > 0 && p[2].value > 0 &&
	    written(date, p[0].value, p[1].value, p[2].value))
		(void)snprintf(out, size,
		    "month and day are written with hyphens and two digits each; write %s",
		    date);
	else if (n == 2 && p[0].digits == 4 && p[1].digits < 4 &&
	    written(date, p[0].value, p[1].value, 0))
		(void)snprintf(out, size,
		    "a month is written with a hyphen and two digits; write %s", date);
	else if (n == 2 && p[1].digits == 4 && p[0].digits < 4 &&
	    written(date, p[1].value, p[0].value, 0))
		(void)snprintf(out, size, "the year comes first; write %s", date);
	else
		return false;
	return true;
}

/* A day that its month does not have. */
static bool no_such_day(char *out, size_t size, const struct edtf_point *p)
{
	int days;

	if (p->kind != POINT_DAY || p->month < 1 || p->month > 12 || p->day < 1)
		return false;
	days = civil_month_days(p->year, p->month);
	if (p->day <= days)
		return false;
	(void)snprintf(out, size, "%s %04d has %d days; write a day from 01 to %02d",
	    months[p->month], p->year, days, days);
	return true;
}

bool edtf_explain(char *out, size_t size, const char *s)
{
	struct edtf_parts p;
	const char *fault = edtf_scan(&p, s);

	if (fault == NULL)
		return false;
	if (no_such_day(out, size, &p.a) || no_such_day(out, size, &p.b) ||
	    other_guise(out, size, s))
		return true;
	(void)snprintf(out, size,
	    "%s; write 2019, 2019-07, 2019-07-31, 2019~ (about), 2019? (perhaps), "
	    "2017-06/2018-07 (throughout) or [2019-07-01..2019-07-31] (some day in it)",
	    fault);
	return true;
}
