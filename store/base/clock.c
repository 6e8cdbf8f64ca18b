#include <stdio.h>
#include <string.h>
#include <time.h>

#include <saksi/base/edtf.h>
#include <saksi/base/fsio.h>

#define US_PER_S INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)

static int64_t (*replaced)(void);

int64_t clock_now_us(void)
{
	struct timespec ts;

	if (replaced != NULL)
		return replaced();
	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

void clock_replace(int64_t (*fn)(void))
{
	replaced = fn;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

void time_text(char out[24], int64_t us)
{
	/* Claimed times come from other devices: four digits of year, always. */
	const int64_t first = day_from_civil(0, 1, 1) * S_PER_DAY;
	const int64_t last = (day_from_civil(10000, 1, 1)) * S_PER_DAY - 1;
	int64_t s = floor_div(us, US_PER_S);
	unsigned rest;
	int64_t day;
	int year;
	int month;
	int mday;

	if (s < first)
		s = first;
	if (s > last)
		s = last;
	day = floor_div(s, S_PER_DAY);
	rest = (unsigned)(s - day * S_PER_DAY);
	civil_from_day(&year, &month, &mday, (int32_t)day);
	(void)snprintf(out, 24, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000,
	    (unsigned)month % 100, (unsigned)mday % 100, rest / 3600 % 100,
	    rest / 60 % 60, rest % 60);
}

/* ${n} digits at ${*s}, then the character ${after}. */
static bool number(int *out, const char **s, int n, char after)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (**s - '0');
	}
	*out = v;
	return *(*s)++ == after;
}

/* Past the seconds: an optional fraction, then Z and the end. */
static bool fraction_and_end(int64_t *us, const char *s, char first)
{
	int64_t unit = 100000;
	int digits = 0;

	*us = 0;
	if (first == 'Z')
		return *s == '\0';
	for (; *s >= '0' && *s <= '9' && digits < 9; s++, digits++) {
		*us += (*s - '0') * unit;
		unit /= 10;
	}
	return digits > 0 && s[0] == 'Z' && s[1] == '\0';
}

bool time_parse(int64_t *out, const char *s)
{
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second;
	int y2;
	int m2;
	int d2;
	int32_t days;
	int64_t us;

	*out = 0;
	if (!number(&year, &s, 4, '-') || !number(&month, &s, 2, '-') ||
	    !number(&day, &s, 2, 'T') || !number(&hour, &s, 2, ':') ||
	    !number(&minute, &s, 2, ':'))
		return false;
	if (!number(&second, &s, 2, 'Z') && s[-1] != '.')
		return false;
	if (!fraction_and_end(&us, s, s[-1]))
		return false;
	if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
		return false;
	days = day_from_civil(year, month, day);
	civil_from_day(&y2, &m2, &d2, days);
	if (m2 != month || d2 != day)
		return false;
	*out = ((days * S_PER_DAY) + hour * 3600 + minute * 60 + second) * US_PER_S + us;
	return true;
}
