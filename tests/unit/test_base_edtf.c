/*
 * Dates: each form, each refusal, and the calendar under them.
 */
#include <stdio.h>
#include <string.h>

#include <saksi/base/edtf.h>
#include <saksi/base/fsio.h>
#include <saksi/base/secret.h>

#include "test.h"

#define MIN EDTF_DAY_MIN
#define MAX EDTF_DAY_MAX

/* Days by their own text, so that the table can be read. */
static int32_t day(const char *s)
{
	int y;
	int m;
	int d;

	if (*s == '<')
		return MIN;
	if (*s == '>')
		return MAX;
	assert_int_equal(sscanf(s, "%4d-%2d-%2d", &y, &m, &d), 3);
	return day_from_civil(y, m, d);
}

static const struct {
	const char *s;
	int reading;
	const char *from;
	const char *to;
	const char *flags; /* u, a, k */
	const char *words;
} good[] = {
    {"2019", EDTF_ON, "2019-01-01", "2019-12-31", "", "2019"},
    {"2019-07", EDTF_ON, "2019-07-01", "2019-07-31", "", "July 2019"},
    {"2019-02", EDTF_ON, "2019-02-01", "2019-02-28", "", "February 2019"},
    {"2020-02", EDTF_ON, "2020-02-01", "2020-02-29", "", "February 2020"},
    {"2016-07-10", EDTF_ON, "2016-07-10", "2016-07-10", "k", "10 July 2016"},
    {"2020-02-29", EDTF_ON, "2020-02-29", "2020-02-29", "k", "29 February 2020"},
    {"2000-02-29", EDTF_ON, "2000-02-29", "2000-02-29", "k", "29 February 2000"},
    {"0000", EDTF_ON, "0000-01-01", "0000-12-31", "", "0000"},
    {"0000-02-29", EDTF_ON, "0000-02-29", "0000-02-29", "k", "29 February 0000"},
    {"9999", EDTF_ON, "9999-01-01", "9999-12-31", "", "9999"},
    {"2019?", EDTF_ON, "2019-01-01", "2019-12-31", "u", "perhaps 2019"},
    {"2019~", EDTF_ON, "2019-01-01", "2019-12-31", "a", "about 2019"},
    {"2019-07%", EDTF_ON, "2019-07-01", "2019-07-31", "ua", "perhaps about July 2019"},
    {"2019-07-31~", EDTF_ON, "2019-07-31", "2019-07-31", "ak", "about 31 July 2019"},
    {"2017-06/2018-07", EDTF_SPAN, "2017-06-01", "2018-07-31", "",
	"from June 2017 to July 2018"},
    {"2017-06-15/2017-06", EDTF_SPAN, "2017-06-15", "2017-06-30", "",
	"from 15 June 2017 to June 2017"},
    {"2017-06/2017-06-15", EDTF_SPAN, "2017-06-01", "2017-06-15", "",
	"from June 2017 to 15 June 2017"},
    {"2017/2017-01", EDTF_SPAN, "2017-01-01", "2017-01-31", "",
	"from 2017 to January 2017"},
    {"2017-06/2017-06", EDTF_SPAN, "2017-06-01", "2017-06-30", "", "throughout June 2017"},
    {"2017-06-15/2017-06-15", EDTF_SPAN, "2017-06-15", "2017-06-15", "k", "15 June 2017"},
    {"2020-11/..", EDTF_SPAN, "2020-11-01", ">", "", "from November 2020 on"},
    {"2020-11/", EDTF_SPAN, "2020-11-01", ">", "",
	"from November 2020 to an unknown date"},
    {"../2020-11", EDTF_SPAN, "<", "2020-11-30", "", "until November 2020"},
    {"/2020-11", EDTF_SPAN, "<", "2020-11-30", "",
	"from an unknown date to November 2020"},
    {"2019~/2020?", EDTF_SPAN, "2019-01-01", "2020-12-31", "ua",
	"from about 2019 to perhaps 2020"},
    {"[2019-07-31..2019-08]", EDTF_WITHIN, "2019-07-31", "2019-08-31", "",
	"between 31 July 2019 and August 2019"},
    {"[2019..2019]", EDTF_WITHIN, "2019-01-01", "2019-12-31", "", "some day in 2019"},
    {"[2019-07-31..]", EDTF_WITHIN, "2019-07-31", ">", "", "31 July 2019 or later"},
    {"[..2019-07-31]", EDTF_WITHIN, "<", "2019-07-31", "", "31 July 2019 or earlier"},
    {"[2019-09-01%..2019-09-30%]", EDTF_WITHIN, "2019-09-01", "2019-09-30", "ua",
	"between perhaps about 1 September 2019 and perhaps about 30 September 2019"},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct saksi_error err = {SAKSI_OK, 0, ""};
		char words[111];
		struct edtf e;

		if (edtf_parse(&e, good[i].s, &err) != SAKSI_OK)
			fail_msg("%s: %s", good[i].s, err.msg);
		assert_int_equal(e.reading, good[i].reading);
		assert_int_equal(e.earliest, day(good[i].from));
		assert_int_equal(e.latest, day(good[i].to));
		assert_int_equal(e.uncertain, strchr(good[i].flags, 'u') != NULL);
		assert_int_equal(e.approximate, strchr(good[i].flags, 'a') != NULL);
		assert_int_equal(e.day_known, strchr(good[i].flags, 'k') != NULL);
		assert_true(edtf_long(words, sizeof(words), good[i].s));
		assert_string_equal(words, good[i].words);
	}
}

static void test_refused(void **state)
{
	static const char *const bad[] = {"", " ", "2019 ", " 2019", "\t2019", "2019\n",
	    "-1", "-2019", "+2019", "219", "02019", "20190", "1234567890", "y2019",
	    "Y12019", "2019-7", "2019-007", "2019-00", "2019-13", "2019-21", "2019-07-00",
	    "2019-07-32", "2019-02-29", "2019-02-30", "1900-02-29", "2100-02-29",
	    "2019-04-31", "2019-7-1", "2019-07-1", "2019-07-001", "2019-", "2019-07-",
	    "2019-07-01-", "201X", "2019-XX", "2019u", "?2019", "2019??", "2019?~",
	    "2019?-07", "2019-07~-01", "2019-07-01T00:00", "2019-07-01Z", "2019/2018",
	    "2019-07-02/2019-07-01", "2019-07/2019-06", "2019/2018-12", "/", "../..",
	    "../", "/..", "//", "2019//2020", "2019/2020/2021", "2019/.", "./2019",
	    "2019/...", ".../2019", "..", "...", "2019..", "2019..2020", "..2019", "[]",
	    "[..]", "[2019]", "[2019", "2019]", "[2019..2020", "[2019.2020]",
	    "[2019...2020]", "[2019..2018]", "[2019-07-02..2019-07-01]", "[2019..2020]?",
	    "[2019..2020]~", "[2019..2020] ", "[2019,2020]", "[2019..2020,2021]",
	    "[ 2019..2020]", "[2019/2020]", "[2019..2020]/2021", "[[2019..2020]]",
	    "{2019..2020}", "[....]", "[../2019]", "2019-07-01\xc2\xa0",
	    "\xd9\xa2\xd9\xa0\xd9\xa1\xd9\xa9", "2019\xe2\x80\x93 07",
	    "[2019-09-01%..2019-09-30%]]", "2019E3", "2019S2"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct saksi_error err = {SAKSI_OK, 0, ""};
		struct edtf e = {EDTF_SPAN, 1, 2, true, true, true};
		char words[111] = "left";

		if (edtf_parse(&e, bad[i], &err) != SAKSI_EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
		/* The next step: an example, or this date as it is written. */
		assert_true(strstr(err.msg, "; write ") != NULL ||
		    strstr(err.msg, "2019-07-31") != NULL);
		assert_int_equal(e.earliest | e.latest, 0);
		assert_false(edtf_long(words, sizeof(words), bad[i]));
		assert_string_equal(words, "");
	}
}

/* The words name the first thing that is wrong. */
static void test_reasons(void **state)
{
	static const struct {
		const char *s;
		const char *why;
	} cases[] = {{"20190", "four digits"}, {"2019-007", "two digits"},
	    {"2026-02-30", "date: February 2026 has 28 days; write a day from 01 to 28"},
	    {"2020-02-30", "February 2020 has 29 days"},
	    {"2019-01/2019-04-31", "April 2019 has 30 days"},
	    {"[2019-06-31..2020]", "June 2019 has 30 days"}, {"2019-13", "01 to 12"},
	    {"8/3/2026",
		"the year comes first, then month and day; write 2026-03-08 or "
		"2026-08-03"},
	    {"31.12.2026", "month and day; write 2026-12-31"},
	    {"12/31/2026", "month and day; write 2026-12-31"},
	    {"3-3-2026", "month and day; write 2026-03-03"},
	    {"31/2/2026", "the year comes first, then month and day, as in"},
	    {"0/1/2026", "the year comes first, then month and day, as in"},
	    {"2026/3/8", "two digits each; write 2026-03-08"},
	    {"2026-3-8", "two digits each; write 2026-03-08"},
	    {"2026.3", "two digits; write 2026-03"}, {"3/2026", "first; write 2026-03"},
	    {"8 March 2026", "month and day; write 2026-03-08"},
	    {"Sept. 8, 2026", "month and day; write 2026-09-08"},
	    {"march 2026", "the year comes first; write 2026-03"},
	    {"32 March 2026", "the year comes first, then month and day, as in"},
	    {"2020/2019", "before"}, {"2019-07-01T12:00", "follows"},
	    {"../..", "at least one end"}, {"", "empty"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct saksi_error err;
		struct edtf e;

		assert_int_equal(edtf_parse(&e, cases[i].s, &err), SAKSI_EINVAL);
		if (strstr(err.msg, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].s, err.msg);
	}
}

static void test_overlaps(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool yes;
	} cases[] = {{"2019", "2019-07-31", true}, {"2019-12-31", "2020", false},
	    {"2019/2020", "2020-12-31/2021", true}, {"2019/..", "9999", true},
	    {"2019/..", "2018", false}, {"[..2019]", "2019-12-31", true},
	    {"[..2019]", "2020-01-01", false}, {"../2019", "[2018..]", true},
	    {"[2019..]", "[..2018]", false}, {"0000", "../2000", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct edtf a;
		struct edtf b;

		assert_int_equal(edtf_parse(&a, cases[i].a, NULL), SAKSI_OK);
		assert_int_equal(edtf_parse(&b, cases[i].b, NULL), SAKSI_OK);
		assert_int_equal(edtf_overlaps(&a, &b), cases[i].yes);
		assert_int_equal(edtf_overlaps(&b, &a), cases[i].yes);
	}
}

static void test_short_room(void **state)
{
	char words[16];

	(void)state;
	assert_true(edtf_long(words, 13, "2016-07-10"));
	assert_false(edtf_long(words, 12, "2016-07-10"));
	assert_string_equal(words, "");
	assert_false(edtf_long(words, 0, "2016-07-10"));
}

/* Every day of two 400-year cycles follows the one before. */
static void test_calendar(void **state)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int32_t d = day_from_civil(1600, 1, 1);

	(void)state;
	assert_int_equal(day_from_civil(1970, 1, 1), 0);
	assert_int_equal(day_from_civil(1969, 12, 31), -1);
	assert_int_equal(day_from_civil(2000, 3, 1), 11017);
	assert_int_equal(day_from_civil(0, 1, 1), -719528);
	for (int y = 1600; y < 2400; y++) {
		bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

		for (int m = 1; m <= 12; m++) {
			int last = lengths[m - 1] + (m == 2 && leap ? 1 : 0);

			for (int md = 1; md <= last; md++, d++) {
				int y2;
				int m2;
				int d2;

				assert_int_equal(day_from_civil(y, m, md), d);
				civil_from_day(&y2, &m2, &d2, d);
				assert_true(y2 == y && m2 == m && d2 == md);
			}
		}
	}
	for (int32_t e = MAX - 1; e > MIN + 50000; e -= 48611) {
		int y;
		int m;
		int md;

		civil_from_day(&y, &m, &md, e);
		assert_int_equal(day_from_civil(y, m, md), e);
	}
}

static void test_durations(void **state)
{
	static const char *const yes[] = {"P18M", "P2Y", "P1Y6M", "P10D", "P2W",
	    "P1Y2M3D", "PT48H", "P1DT12H", "PT1H30M5S", "P0D", "LIFE", "P999999999D"};
	static const char *const no[] = {"", "P", "PT", "P1", "P1YT", "18M", "P1M1Y",
	    "P1Y1Y", "P-1Y", "-P1Y", "P1.5Y", "P1,5Y", "P1H", "PT1D", "PT1Y", "p1y",
	    "P1y", "P 1Y", "P1Y ", "LIFE ", "life", "P1YM", "PY", "P1YT1H1H",
	    "P1234567890D", "P1Y6"};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!duration_valid(yes[i]))
			fail_msg("%s was refused", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (duration_valid(no[i]))
			fail_msg("%s was taken", no[i]);
}

static void test_time(void **state)
{
	static const char *const no[] = {"", "2026-11-21", "2026-11-21T18:48:03",
	    "2026-11-21T18:48Z", "2026-11-21 18:48:03Z", "2026-11-21T18:48:03+00:00",
	    "2026-11-21T24:00:00Z", "2026-11-21T18:60:00Z", "2026-11-21T18:48:60Z",
	    "2026-02-29T00:00:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z",
	    "2026-01-00T00:00:00Z", "2026-11-21T18:48:03.Z",
	    "2026-11-21T18:48:03.1234567891Z", "2026-11-21T18:48:03Zx",
	    "2026-11-21T18:48:03.5", "-026-11-21T18:48:03Z", "12026-11-21T18:48:03Z"};
	char out[24];
	int64_t us = 0;

	(void)state;
	time_text(out, INT64_C(1795286883000000));
	assert_string_equal(out, "2026-11-21T18:48:03Z");
	assert_true(time_parse(&us, out));
	assert_true(us == INT64_C(1795286883000000));
	assert_true(time_parse(&us, "2026-11-21T18:48:03.25Z"));
	assert_true(us == INT64_C(1795286883250000));
	assert_true(time_parse(&us, "1969-12-31T23:59:59.999999999Z"));
	assert_true(us == -1);
	time_text(out, -1);
	assert_string_equal(out, "1969-12-31T23:59:59Z");
	time_text(out, INT64_MIN);
	assert_string_equal(out, "0000-01-01T00:00:00Z");
	time_text(out, INT64_MAX);
	assert_string_equal(out, "9999-12-31T23:59:59Z");
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (time_parse(&us, no[i]))
			fail_msg("%s was taken", no[i]);
}

static int64_t fixed_clock(void)
{
	return 42;
}

static void test_clock(void **state)
{
	(void)state;
	clock_replace(fixed_clock);
	assert_int_equal(clock_now_us(), 42);
	clock_replace(NULL);
	assert_true(clock_now_us() > INT64_C(1700000000000000));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_good),
    cmocka_unit_test(test_refused),
    cmocka_unit_test(test_reasons),
    cmocka_unit_test(test_overlaps),
    cmocka_unit_test(test_short_room),
    cmocka_unit_test(test_calendar),
    cmocka_unit_test(test_durations),
    cmocka_unit_test(test_time),
    cmocka_unit_test(test_clock),
};

TEST_MAIN(tests, NULL, NULL)
