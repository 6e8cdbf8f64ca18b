/* test_pairs_room.c - where names are kept while records are compared, and sorted. */
#include "test.h"

#include "pairs_int.h"

static void a_pool_moves_nothing(void **state)
{
	enum { LEN = 100, PIECES = 3 };
	const size_t in_one = POOL_PIECE / LEN;
	struct pair_pool p = {.n = 0};
	const uint8_t *first = NULL;
	uint32_t at = 0, begin = 0;
	size_t n = 0;

	(void)state;
	assert_false(pair_pool_has_room(&p, 1, 0));
	for (; pair_pool_has_room(&p, LEN, PIECES); n++) {
		uint8_t *room = pair_pool_room(&p, LEN, &at);

		assert_non_null(room);
		memset(room, (int)(n % 251), LEN);
		assert_ptr_equal(pair_pool_at(&p, at), room);
		/* None lies across the end of a piece. */
		assert_int_equal(at, n / in_one * POOL_PIECE + n % in_one * LEN);
		if (n == 0) {
			first = room;
			begin = at;
		}
	}
	assert_int_equal(n, PIECES * in_one);
	assert_int_equal(p.n, PIECES);
	assert_ptr_equal(pair_pool_at(&p, begin), first);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *e = pair_pool_at(&p,
		    (uint32_t)(i / in_one * POOL_PIECE + i % in_one * LEN));

		assert_int_equal(e[0], i % 251);
		assert_int_equal(e[LEN - 1], i % 251);
	}
	/* What is left of the last one takes less. */
	assert_true(pair_pool_has_room(&p, POOL_PIECE % LEN, PIECES));
	assert_false(pair_pool_has_room(&p, POOL_PIECE % LEN + 1, PIECES));
	assert_null(pair_pool_room(&p, POOL_PIECE + 1, &at));
	pair_pool_free(&p);
	assert_int_equal(p.n, 0);
}

static int by_byte(const void *a, const void *b)
{
	const uint8_t *x = a, *y = b;

	return (int)*x - (int)*y;
}

/* Each length up to some, of each size; in order, equal ones and against the order. */
static void sorting_in_place(void **state)
{
	uint8_t list[70 * PAIR_SORT_MAX];

	(void)state;
	for (size_t size = 1; size <= PAIR_SORT_MAX; size++)
		for (unsigned n = 0; n <= 70; n++)
			for (unsigned step = 0; step < 256; step += 51) {
				unsigned left[256] = {0};

				for (unsigned i = 0; i < n; i++) {
					memset(list + i * size, (int)(i * step & 0xff),
					    size);
					left[i * step & 0xff]++;
				}
				pair_sort(list, n, size, by_byte);
				for (unsigned i = 0; i < n; i++) {
					const uint8_t *e = list + i * size;

					/* Each value as often as before, and whole. */
					assert_true(left[e[0]]-- > 0);
					assert_true(memcmp(e, e + 1, size - 1) == 0);
					assert_true(i == 0 || e[0] >= e[-(ptrdiff_t)size]);
				}
			}
}

static void a_pool_has_an_end(void **state)
{
	struct pair_pool p = {.n = 0};
	uint32_t at;

	(void)state;
	for (size_t i = 0; i < POOL_PIECES; i++) {
		assert_non_null(pair_pool_room(&p, POOL_PIECE, &at));
		assert_int_equal(at, i * POOL_PIECE);
	}
	assert_false(pair_pool_has_room(&p, 1, POOL_PIECES));
	assert_null(pair_pool_room(&p, 1, &at));
	pair_pool_free(&p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_pool_moves_nothing),
    cmocka_unit_test(a_pool_has_an_end),
    cmocka_unit_test(sorting_in_place),
};

TEST_MAIN(tests, NULL, NULL)
