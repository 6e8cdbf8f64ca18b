/* terms_date.c - days as terms. */
#include <string.h>

#include "terms.h"

static const int64_t widths[] = {1, 31, 366, 3653, 36525};

#define WIDTHS (sizeof(widths) / sizeof(widths[0]))

static void put_day(uint8_t *p, int32_t day)
{
	uint32_t v = (uint32_t)day ^ UINT32_C(0x80000000);

	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static int32_t get_day(const uint8_t *p)
{
	uint32_t v =
	    (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	int64_t day = (int64_t)v + INT32_MIN;

	return (int32_t)day;
}

static enum date_class class_of(const struct edtf *d)
{
	int64_t width = (int64_t)d->latest - d->earliest + 1;

	if (d->earliest == EDTF_DAY_MIN)
		return d->latest == EDTF_DAY_MAX ? DATE_NOTHING : DATE_NO_FIRST;
	if (d->latest == EDTF_DAY_MAX)
		return DATE_NO_LAST;
	for (size_t i = 0; i < WIDTHS; i++)
		if (width <= widths[i])
			return (enum date_class)i;
	return DATE_LONG;
}

static void put_term(uint8_t out[DATE_TERM], enum date_class c, int32_t first,
    int32_t last)
{
	out[0] = (uint8_t)c;
	put_day(out + 1, first);
	put_day(out + 5, last);
}

void date_term(uint8_t out[DATE_TERM], const struct edtf *d)
{
	put_term(out, class_of(d), d->earliest, d->latest);
}

void date_range(uint8_t from[DATE_TERM], uint8_t to[DATE_TERM], enum date_class c,
    const struct edtf *q)
{
	int64_t first = EDTF_DAY_MIN;

	switch (c) {
	case DATE_NO_FIRST: /* all begin alike; those that end too early come first */
		put_term(from, c, EDTF_DAY_MIN, q->earliest);
		put_term(to, c, EDTF_DAY_MIN, EDTF_DAY_MAX);
		return;
	case DATE_DAY:
	case DATE_MONTH:
	case DATE_YEAR:
	case DATE_DECADE:
	case DATE_CENTURY:
		if (q->earliest != EDTF_DAY_MIN)
			first = (int64_t)q->earliest - widths[c] + 1;
		break;
	case DATE_LONG:
	case DATE_NO_LAST:
	case DATE_NOTHING:
	case DATE_CLASSES:
		break;
	}
	put_term(from, c, first < EDTF_DAY_MIN ? EDTF_DAY_MIN : (int32_t)first,
	    EDTF_DAY_MIN);
	put_term(to, c, q->latest, EDTF_DAY_MAX);
}

bool date_term_overlaps(const uint8_t term[DATE_TERM], const struct edtf *q)
{
	return get_day(term + 1) <= q->latest && get_day(term + 5) >= q->earliest;
}
