/* pairs_sort.c - sorting in place: glibc's qsort() takes as much room again for a while. */
#include "pairs_int.h"

struct sorting {
	uint8_t *list;
	size_t size;
	int (*cmp)(const void *a, const void *b);
};

static uint8_t *at(const struct sorting *s, size_t i)
{
	return s->list + i * s->size;
}

static void swap(const struct sorting *s, size_t i, size_t k)
{
	uint8_t tmp[PAIR_SORT_MAX];

	memcpy(tmp, at(s, i), s->size);
	memcpy(at(s, i), at(s, k), s->size);
	memcpy(at(s, k), tmp, s->size);
}

/* The greatest of a heap of ${n} is its first; this holds but for number ${i}. */
static void sift_down(const struct sorting *s, size_t i, size_t n)
{
	for (size_t kid; (kid = 2 * i + 1) < n; i = kid) {
		if (kid + 1 < n && s->cmp(at(s, kid), at(s, kid + 1)) < 0)
			kid++;
		if (s->cmp(at(s, i), at(s, kid)) >= 0)
			return;
		swap(s, i, kid);
	}
}

void pair_sort(void *list, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	const struct sorting s = {list, size, cmp};

	for (size_t i = n / 2; i > 0; i--)
		sift_down(&s, i - 1, n);
	for (; n > 1; n--) {
		swap(&s, 0, n - 1);
		sift_down(&s, 0, n - 1);
	}
}
