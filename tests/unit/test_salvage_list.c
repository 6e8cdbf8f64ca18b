/* What was found in a damaged file, packed: against a plain list of the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kv_salvage_list.h"

#define PAGE 4096u
#define PAGES 100000u
#define VALUES 60000u

static uint8_t reached[PAGES / 8 + 1];
static uint64_t seed = 1;

static uint64_t chance(uint64_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % n;
}

static int compare(const void *a, const void *b)
{
	const struct salvaged *x = a, *y = b;

	if (x->db != y->db)
		return x->db < y->db ? -1 : 1;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	if (x->version != y->version)
		return x->version < y->version ? -1 : 1;
	if (x->reached != y->reached)
		return x->reached ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* A table's numbers, few of them so that copies and several versions are met, and far ones. */
static struct salvaged any_value(void)
{
	struct salvaged v = {.db = (uint8_t)chance(4),
	    .version = (uint32_t)chance(3) * 0x7fffffffu,
	    .len = (uint32_t)chance(1u << 24),
	    .at = chance((uint64_t)PAGES * PAGE)};

	switch (chance(8)) {
	case 0:
		v.n = UINT64_MAX - chance(5);
		break;
	case 1:
		v.n = chance(20) << 59;
		break;
	default:
		v.n = chance(4000);
	}
	v.reached = ((unsigned)reached[v.at / PAGE / 8] >> v.at / PAGE % 8 & 1u) != 0;
	return v;
}

struct both {
	struct salvage_list list;
	struct salvaged *plain; /* in order, of copies the first one */
	size_t n;
};

static void fill(struct both *b, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < sizeof(reached); i++)
		reached[i] = (uint8_t)chance(256);
	salvage_list_init(&b->list, reached, PAGE);
	b->plain = calloc(n + 1, sizeof(*b->plain));
	assert_non_null(b->plain);
	for (size_t i = 0; i < n; i++) {
		struct salvaged v = any_value();

		b->plain[i] = v;
		v.reached = !v.reached; /* it is looked up */
		assert_true(salvage_list_add(&b->list, &v));
	}
	assert_true(salvage_list_close(&b->list));
	qsort(b->plain, n, sizeof(*b->plain), compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || b->plain[kept - 1].db != b->plain[i].db ||
		    b->plain[kept - 1].n != b->plain[i].n ||
		    b->plain[kept - 1].version != b->plain[i].version)
			b->plain[kept++] = b->plain[i];
	b->n = kept;
}

static void both_free(struct both *b)
{
	salvage_list_free(&b->list);
	free(b->plain);
}

static void same(const struct salvaged *a, const struct salvaged *b)
{
	assert_int_equal(compare(a, b), 0);
	assert_int_equal(a->len, b->len);
}

static size_t first_of(const struct both *b, unsigned db, uint64_t n)
{
	size_t i = 0;

	while (i < b->n &&
	    (b->plain[i].db < db || (b->plain[i].db == db && b->plain[i].n < n)))
		i++;
	return i;
}

static void check_all(const struct both *b)
{
	struct salvage_cursor c;
	size_t i = 0;

	for (salvage_seek(&c, &b->list, 0, 0); c.there; salvage_step(&c)) {
		assert_true(i < b->n);
		same(&c.now, &b->plain[i++]);
	}
	assert_int_equal(i, b->n);
}

static void check_place(const struct both *b, unsigned db, uint64_t n)
{
	size_t i = first_of(b, db, n), end = i;
	struct salvage_group g = {.v = NULL};
	struct salvage_cursor c;
	struct saksi_error err;

	salvage_before(&c, &b->list, db, n);
	assert_int_equal(c.there, i > 0);
	if (i > 0)
		same(&c.now, &b->plain[i - 1]);
	salvage_seek(&c, &b->list, db, n);
	assert_int_equal(c.there, i < b->n);
	if (i == b->n)
		return;
	same(&c.now, &b->plain[i]);
	while (end < b->n && b->plain[end].db == b->plain[i].db &&
	    b->plain[end].n == b->plain[i].n)
		end++;
	assert_int_equal(salvage_take(&g, &c, &err), SAKSI_OK);
	assert_int_equal(g.n, end - i);
	for (size_t k = 0; k < g.n; k++)
		same(&g.v[k], &b->plain[i + k]);
	assert_int_equal(c.there, end < b->n);
	free(g.v);
}

static void as_a_plain_list(void **state)
{
	static const size_t sizes[] = {0, 1, 2, SALVAGE_FRESH - 1, SALVAGE_FRESH,
	    SALVAGE_FRESH + 1, VALUES};

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct both b;

		fill(&b, sizes[s]);
		check_all(&b);
		for (unsigned i = 0; i < 300; i++) {
			struct salvaged v = any_value();

			check_place(&b, v.db, v.n);
		}
		check_place(&b, 0, 0);
		check_place(&b, 255, UINT64_MAX);
		both_free(&b);
	}
}

/* A file as LMDB fills it, rewritten some times over. */
static void little_room(void **state)
{
	struct salvage_list l;
	size_t bytes = 0;

	(void)state;
	memset(reached, 0xff, sizeof(reached));
	salvage_list_init(&l, reached, PAGE);
	for (unsigned copy = 0; copy < 4; copy++) {
		for (uint64_t n = 0; n < VALUES; n++) {
			struct salvaged v = {.n = n,
			    .at = n / 5 * PAGE + (4 - n % 5) * 780 + 64,
			    .version = (uint32_t)(n * 2654435761u),
			    .len = 757 + 41,
			    .db = 1};

			assert_true(salvage_list_add(&l, &v));
		}
	}
	assert_true(salvage_list_close(&l));
	assert_int_equal(l.n_runs, 1);
	assert_int_equal(l.runs[0].values, VALUES);
	for (size_t i = 0; i < l.runs[0].n; i++)
		bytes += l.runs[0].blocks[i].len + sizeof(l.runs[0].blocks[i]);
	assert_true(bytes <= VALUES * 11u);
	salvage_list_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_a_plain_list),
	    cmocka_unit_test(little_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
