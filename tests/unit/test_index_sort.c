/* test_index_sort.c - terms in order, beside qsort() with term_cmp(). */
#include <stdlib.h>
#include <string.h>

#include "test.h"

#include "index_int.h"

#define MANY 20000u

struct terms {
	uint8_t (*bytes)[INDEX_TERM_MAX];
	struct term_place *list, *want;
	size_t n;
	uint64_t seed;
};

static uint32_t draw(struct terms *t, uint32_t below)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return (uint32_t)((t->seed >> 20) % below);
}

static void terms_new(struct terms *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	t->seed = seed;
	t->bytes = calloc(MANY, sizeof(*t->bytes));
	t->list = calloc(MANY, sizeof(*t->list));
	t->want = calloc(MANY, sizeof(*t->want));
	assert_non_null(t->bytes);
	assert_non_null(t->list);
	assert_non_null(t->want);
}

static void terms_free(struct terms *t)
{
	free(t->bytes);
	free(t->list);
	free(t->want);
}

static void add(struct terms *t, size_t n)
{
	t->list[t->n] = (struct term_place){.term = t->bytes[t->n],
	    .n = (uint32_t)n,
	    .which = (uint32_t)t->n};
	t->n++;
}

static int by_term(const void *pa, const void *pb)
{
	const struct term_place *a = pa, *b = pb;

	return term_cmp(a->term, a->n, b->term, b->n);
}

/* No two may be equal. */
static void without_doubles(struct terms *t)
{
	size_t kept = 0;

	qsort(t->want, t->n, sizeof(*t->want), by_term);
	for (size_t i = 0; i < t->n; i++)
		if (kept == 0 || by_term(&t->want[kept - 1], &t->want[i]) != 0)
			t->want[kept++] = t->want[i];
	t->n = kept;
}

static void check_sorted(struct terms *t)
{
	memcpy(t->want, t->list, t->n * sizeof(*t->want));
	without_doubles(t);
	memcpy(t->list, t->want, t->n * sizeof(*t->list));
	for (size_t i = t->n; i-- > 1;) { /* in any order */
		size_t at = draw(t, (uint32_t)i + 1);
		struct term_place swap = t->list[i];

		t->list[i] = t->list[at];
		t->list[at] = swap;
	}
	term_sort(t->list, t->n);
	for (size_t i = 0; i < t->n; i++)
		assert_int_equal(t->list[i].which, t->want[i].which);
}

/* Few letters, zeros among them, of all lengths: many are another's beginning. */
static void test_alike(void **state)
{
	struct terms t;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		uint32_t letters, longest, n;

		terms_new(&t, seed * UINT64_C(0x9e3779b97f4a7c15));
		letters = 1 + draw(&t, 3);
		longest = 1 + draw(&t, INDEX_TERM_MAX);
		n = draw(&t, 2000);
		for (uint32_t i = 0; i < n; i++) {
			size_t len = 1 + draw(&t, longest);

			for (size_t k = 0; k < len; k++)
				t.bytes[i][k] = (uint8_t)draw(&t, letters + 1);
			add(&t, len);
		}
		check_sorted(&t);
		terms_free(&t);
	}
}

/* As fields are: a path that many share, then a value. */
static void test_paths(void **state)
{
	static const char *const paths[] = {"(status", "(charged_under", "(charged_with",
	    ")name", "@w"};
	struct terms t;

	(void)state;
	terms_new(&t, 7);
	for (size_t i = 0; i < MANY; i++) {
		int n = snprintf((char *)t.bytes[i], INDEX_TERM_MAX, "%s",
		    paths[draw(&t, 5)]);
		int more = snprintf((char *)t.bytes[i] + n + 1,
		    INDEX_TERM_MAX - (size_t)n - 1, "%u", draw(&t, 100000));

		add(&t, (size_t)(n + 1 + more));
	}
	check_sorted(&t);
	terms_free(&t);
}

/* In order, the other way round, up and down. */
static void test_orders(void **state)
{
	struct terms t;

	(void)state;
	for (unsigned order = 0; order < 3; order++) {
		terms_new(&t, 1);
		for (uint32_t i = 0; i < MANY; i++) {
			uint32_t v = order == 0 ? i
			    : order == 1	? MANY - i
			    : i < MANY / 2	? 2 * i
						: 2 * (MANY - i) + 1;

			for (unsigned k = 0; k < 4; k++)
				t.bytes[i][k] = (uint8_t)(v >> (24 - 8 * k));
			add(&t, 4);
		}
		term_sort(t.list, t.n);
		for (size_t i = 1; i < t.n; i++)
			assert_true(by_term(&t.list[i - 1], &t.list[i]) < 0);
		terms_free(&t);
	}
}

static void test_few(void **state)
{
	static const uint8_t a[] = {1, 0}, b[] = {1};
	struct term_place list[] = {{.term = a, .n = 2, .which = 0},
	    {.term = b, .n = 1, .which = 1}};

	(void)state;
	term_sort(list, 0);
	term_sort(list, 1);
	assert_int_equal(list[0].which, 0);
	term_sort(list, 2);
	assert_int_equal(list[0].which, 1);
	assert_int_equal(list[1].which, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_alike),
    cmocka_unit_test(test_paths),
    cmocka_unit_test(test_orders),
    cmocka_unit_test(test_few),
};

TEST_MAIN(tests, NULL, NULL)
