/*
 * The proleptic Gregorian calendar, with a year 0 (ISO 8601).
 */
#include <stdbool.h>

#include <saksi/base/edtf.h>

#include "civil.h"

#define EPOCH 719528 /* days from 0000-01-01 to 1970-01-01 */

static const int before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334,
    365};

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

/* Days from 0000-01-01 to the first of January of ${year}. */
static int64_t before_year(int64_t year)
{
	const int64_t y = year - 1;

	return year * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) + 1;
}

static int64_t before_month_of(int64_t year, int month)
{
	return before_month[month - 1] + (month > 2 && is_leap(year) ? 1 : 0);
}

int civil_month_days(int64_t year, int month)
{
	if (month == 2)
		return is_leap(year) ? 29 : 28;
	return before_month[month] - before_month[month - 1];
}

int32_t day_from_civil(int year, int month, int day)
{
	int64_t d;

	if (month < 1)
		month = 1;
	if (month > 12)
		month = 12;
	d = before_year(year) + before_month_of(year, month) + day - 1 - EPOCH;
	if (d <= EDTF_DAY_MIN)
		return EDTF_DAY_MIN + 1;
	return d >= EDTF_DAY_MAX ? EDTF_DAY_MAX - 1 : (int32_t)d;
}

void civil_from_day(int *year, int *month, int *day, int32_t days)
{
	const int64_t d = (int64_t)days + EPOCH;
	/* 146,097 days are 400 years; the estimate is off by one at most. */
	int64_t y = floor_div(d * 400, 146097);
	int m = 12;
	int64_t rest;

	while (before_year(y) > d)
		y--;
	while (before_year(y + 1) <= d)
		y++;
	rest = d - before_year(y);
	while (before_month_of(y, m) > rest)
		m--;
	*year = (int)y;
	*month = m;
	*day = (int)(rest - before_month_of(y, m)) + 1;
}
