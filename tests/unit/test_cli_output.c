/*
 * What is cut to fit a terminal: by the columns that it takes there, and never
 * in the middle of a letter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#include "output.h"

/* "tra, kra, stri": consonants below others, vowels around them. */
#define KHMER "ត្រា ក្រ ស្ត្រី កម្ពុជា"

static bool ends_with_coeng(const char *p, size_t n)
{
	return n >= 3 && memcmp(p + n - 3, "\xe1\x9f\x92", 3) == 0;
}

static void test_fit(void **state)
{
	size_t n = strlen(KHMER);
	size_t last = 0;

	(void)state;
	for (size_t columns = 0; columns <= text_columns(KHMER, n); columns++) {
		size_t fits = out_fit(KHMER, n, columns);

		assert_true(fits >= last);
		assert_true(text_columns(KHMER, fits) <= columns);
		assert_true(utf8_valid(KHMER, fits));
		assert_false(ends_with_coeng(KHMER, fits));
		last = fits;
	}
	assert_int_equal(last, n);
	assert_int_equal(out_fit("", 0, 5), 0);
	assert_int_equal(out_fit("abc", 3, 2), 2);
}

/* Exactly as wide as asked for, whatever is in it. */
static void test_cell(void **state)
{
	static const char *const texts[] = {"", "a", "abcdefghij", "abcdefghijk", KHMER,
	    "a\033[31mb", "漢字漢字漢字漢字"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (unsigned width = 1; width <= 24; width++) {
			char *made = NULL;
			size_t n = 0;
			FILE *f = open_memstream(&made, &n);

			assert_non_null(f);
			out_cell(f, texts[i], width);
			assert_int_equal(fclose(f), 0);
			if (text_columns(made, n) != width)
				fail_msg("%s: not %u columns", made, width);
			assert_null(strchr(made, '\033'));
			free(made);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fit),
	    cmocka_unit_test(test_cell),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed != 0 || secret_live() != 0;
}
