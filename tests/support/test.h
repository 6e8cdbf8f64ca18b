/*
 * test.h - what every unit test begins with and ends with.
 *
 *	static const struct CMUnitTest tests[] = {
 *	    cmocka_unit_test(first),
 *	};
 *
 *	TEST_MAIN(tests, NULL, NULL)
 *
 * After the last test no secret may be left in memory, whatever the tests
 * themselves look at.
 */
#ifndef SAKSI_TESTS_TEST_H
#define SAKSI_TESTS_TEST_H

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>

#include <cmocka.h>

#include <saksi/base/secret.h>
#include <saksi/base/text.h>

static inline int tests_end(int failed)
{
	text_end_thread(); /* what is indexed keeps ICU's handles open */
	if (secret_live() == 0)
		return failed;
	(void)fprintf(stderr, "%zu secrets are left in memory\n", secret_live());
	return failed + 1;
}

/** RUN_TESTS(tests, setup, teardown): The exit status of a program that runs an array of them. */
#define RUN_TESTS(tests, setup, teardown) \
	tests_end(cmocka_run_group_tests(tests, setup, teardown))

/** TEST_MAIN(tests, setup, teardown): A main() that does just that. */
#define TEST_MAIN(tests, setup, teardown)                 \
	int main(void)                                    \
	{                                                 \
		return RUN_TESTS(tests, setup, teardown); \
	}

/** setup_hardened: A setup: as the program itself begins. */
static inline int setup_hardened(void **state)
{
	(void)state;
	return process_harden(NULL) == SAKSI_OK ? 0 : -1;
}

#endif
