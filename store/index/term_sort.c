/*
 * term_sort.c - terms in order.
 *
 * Terms of one family and field begin alike for long, so they are sorted eight
 * bytes at a time, each time only those that are alike so far: multikey quicksort
 * (Bentley and Sedgewick, Fast algorithms for sorting and searching strings,
 * 1997), with the bytes at hand beside each (Ng and Kakehi, Cache efficient radix
 * sort for string sorting, 2007).
 */
#include <stdlib.h>

#include "index_int.h"

#define PART 8u
#define FEW 12u /* these are inserted one by one */

/* The bytes from ${depth} on as a number; after a term's end there are zeros. */
static uint64_t part_at(const struct term_place *t, size_t depth)
{
	uint64_t part = 0;

	if (t->n >= depth + PART) {
		for (size_t i = 0; i < PART; i++)
			part = part << 8 | t->term[depth + i];
		return part;
	}
	for (size_t i = depth; i < depth + PART; i++)
		part = part << 8 | (i < t->n ? t->term[i] : 0u);
	return part;
}

static bool before(const struct term_place *a, const struct term_place *b, size_t depth)
{
	if (a->part != b->part)
		return a->part < b->part;
	return term_cmp(a->term + depth, a->n - depth, b->term + depth, b->n - depth) < 0;
}

static void insert_each(struct term_place *list, size_t n, size_t depth)
{
	for (size_t i = 1; i < n; i++) {
		struct term_place t = list[i];
		size_t at = i;

		for (; at > 0 && before(&t, &list[at - 1], depth); at--)
			list[at] = list[at - 1];
		list[at] = t;
	}
}

static void swap(struct term_place *a, struct term_place *b)
{
	struct term_place t = *a;

	*a = *b;
	*b = t;
}

static uint64_t middle(uint64_t a, uint64_t b, uint64_t c)
{
	if (a < b)
		return b < c ? b : a < c ? c : a;
	return a < c ? a : b < c ? c : b;
}

/* Those that end within the bytes at hand come first, the shorter before the longer. */
static size_t ended_first(struct term_place *list, size_t n, size_t depth)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (list[i].n <= depth + PART)
			swap(&list[i], &list[k++]);
	insert_each(list, k, depth);
	return k;
}

static int by_term(const void *pa, const void *pb)
{
	const struct term_place *a = pa, *b = pb;

	return term_cmp(a->term, a->n, b->term, b->n);
}

static void sort_from(struct term_place *list, size_t n, size_t depth);

/* All have the same bytes up to ${depth} and there. */
static void sort_alike(struct term_place *list, size_t n, size_t depth)
{
	size_t k;

	if (n < 2)
		return;
	k = ended_first(list, n, depth);

	for (size_t i = k; i < n; i++)
		list[i].part = part_at(&list[i], depth + PART);
	sort_from(list + k, n - k, depth + PART);
}

/* Less than, equal to and greater than some part. */
static void split(struct term_place *list, size_t n, size_t *less, size_t *greater)
{
	uint64_t pivot = middle(list[0].part, list[n / 2].part, list[n - 1].part);
	size_t low = 0, at = 0, high = n;

	while (at < high) {
		if (list[at].part < pivot)
			swap(&list[low++], &list[at++]);
		else if (list[at].part > pivot)
			swap(&list[at], &list[--high]);
		else
			at++;
	}
	*less = low;
	*greater = high;
}

/* The parts of all, at ${depth}, are known. */
static void sort_from(struct term_place *list, size_t n, size_t depth)
{
	size_t low, high, budget = 2;

	for (size_t i = n; i > 1; i /= 2)
		budget += 2;
	while (n > FEW) {
		/* Terms chosen to make bad pivots gain nothing. */
		if (budget-- == 0) {
			qsort(list, n, sizeof(*list), by_term);
			return;
		}
		split(list, n, &low, &high);
		sort_alike(list + low, high - low, depth);
		/* The smaller side by a call, so that they are never many at once. */
		if (low < n - high) {
			sort_from(list, low, depth);
			list += high;
			n -= high;
		} else {
			sort_from(list + high, n - high, depth);
			n = low;
		}
	}
	insert_each(list, n, depth);
}

void term_sort(struct term_place *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		list[i].part = part_at(&list[i], 0);
	sort_from(list, n, 0);
}
