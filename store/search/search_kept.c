/* search_kept.c - the best of all hits, in a heap whose first is the worst of them. */
#include <saksi/base/list.h>

#include "search_int.h"

bool kept_is_worse(const struct kept *a, const struct kept *b)
{
	if (a->hit.score != b->hit.score) /* exact: equal sums came about alike */
		return a->hit.score < b->hit.score;
	return a->hit.number > b->hit.number;
}

static void swap(struct kept *a, struct kept *b)
{
	struct kept t = *a;

	*a = *b;
	*b = t;
}

static void sift_down(struct kept *h, size_t n, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= n)
			return;
		if (child + 1 < n && kept_is_worse(&h[child + 1], &h[child]))
			child++;
		if (!kept_is_worse(&h[child], &h[i]))
			return;
		swap(&h[child], &h[i]);
		i = child;
	}
}

static void sift_up(struct kept *h, size_t i)
{
	while (i > 0 && kept_is_worse(&h[i], &h[(i - 1) / 2])) {
		swap(&h[i], &h[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

enum saksi_err kept_add(struct kept_hits *h, const struct kept *k, struct saksi_error *err)
{
	struct kept *list = list_room(h->list, h->n, &h->cap, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	h->list = list;
	list[h->n++] = *k;
	return SAKSI_OK;
}

enum saksi_err kept_rank(struct kept_hits *h, const struct kept *k,
    struct saksi_error *err)
{
	enum saksi_err rc = kept_add(h, k, err);

	if (rc == SAKSI_OK)
		sift_up(h->list, h->n - 1);
	return rc;
}

void kept_replace_worst(struct kept_hits *h, const struct kept *k)
{
	h->list[0] = *k;
	sift_down(h->list, h->n, 0);
}

void kept_order(struct kept_hits *h)
{
	/* In place, since qsort() takes as much room again. */
	for (size_t n = h->n; n > 1; n--) {
		swap(&h->list[0], &h->list[n - 1]);
		sift_down(h->list, n - 1, 0);
	}
}
