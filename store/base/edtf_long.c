/*
 * A date in English words, for reading; never parsed again.
 */
#include <stdio.h>
#include <string.h>

#include <saksi/base/edtf.h>

#include "edtf_scan.h"

#define POINT_LEN 48u

static void point_words(char out[POINT_LEN], const struct edtf_point *p)
{
	static const char *const months[] = {"", "January", "February", "March", "April",
	    "May", "June", "July", "August", "September", "October", "November",
	    "December"};
	const char *how = "";
	char date[32] = "";

	if (p->uncertain)
		how = p->approximate ? "perhaps about " : "perhaps ";
	else if (p->approximate)
		how = "about ";
	switch (p->kind) {
	case POINT_YEAR:
		(void)snprintf(date, sizeof(date), "%04d", p->year);
		break;
	case POINT_MONTH:
		(void)snprintf(date, sizeof(date), "%s %04d", months[p->month], p->year);
		break;
	case POINT_DAY:
		(void)snprintf(date, sizeof(date), "%d %s %04d", p->day, months[p->month],
		    p->year);
		break;
	case POINT_NONE:
	case POINT_OPEN:
		break;
	}
	(void)snprintf(out, POINT_LEN, "%s%s", how, date);
}

static int span_words(char *out, size_t size, const struct edtf_parts *p)
{
	char a[POINT_LEN];
	char b[POINT_LEN];

	point_words(a, &p->a);
	point_words(b, &p->b);
	if (p->b.kind == POINT_OPEN)
		return snprintf(out, size, "from %s on", a);
	if (p->b.kind == POINT_NONE)
		return snprintf(out, size, "from %s to an unknown date", a);
	if (p->a.kind == POINT_OPEN)
		return snprintf(out, size, "until %s", b);
	if (p->a.kind == POINT_NONE)
		return snprintf(out, size, "from an unknown date to %s", b);
	if (strcmp(a, b) == 0)
		return snprintf(out, size,
		    p->a.kind == POINT_DAY ? "%s" : "throughout %s", a);
	return snprintf(out, size, "from %s to %s", a, b);
}

static int within_words(char *out, size_t size, const struct edtf_parts *p)
{
	char a[POINT_LEN];
	char b[POINT_LEN];

	point_words(a, &p->a);
	point_words(b, &p->b);
	if (p->b.kind == POINT_NONE)
		return snprintf(out, size, "%s or later", a);
	if (p->a.kind == POINT_NONE)
		return snprintf(out, size, "%s or earlier", b);
	if (strcmp(a, b) == 0)
		return snprintf(out, size,
		    p->a.kind == POINT_DAY ? "%s" : "some day in %s", a);
	return snprintf(out, size, "between %s and %s", a, b);
}

bool edtf_long(char *out, size_t size, const char *s)
{
	struct edtf_parts p;
	char a[POINT_LEN];
	int n = 0;

	if (size == 0)
		return false;
	out[0] = '\0';
	if (edtf_scan(&p, s) != NULL)
		return false;
	switch (p.form) {
	case PARTS_ON:
		point_words(a, &p.a);
		n = snprintf(out, size, "%s", a);
		break;
	case PARTS_SPAN:
		n = span_words(out, size, &p);
		break;
	case PARTS_WITHIN:
		n = within_words(out, size, &p);
		break;
	}
	if (n < 0 || (size_t)n >= size) {
		out[0] = '\0';
		return false;
	}
	return true;
}
