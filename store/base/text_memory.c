/*
 * text_memory.c - ICU's memory: wiped when it is given back, with a reserve.
 *
 * ICU does not look at each of its allocations: where one of them fails, it may
 * follow a null pointer.  So what it has begun gets its memory from a reserve
 * once there is no other, and nothing more is begun when that grows small.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uclean.h>

#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#include "text_u16.h"

#define RESERVE ((size_t)1 << 20)
#define ENOUGH (RESERVE / 4 * 3) /* for what is begun */

union header {
	size_t n;
	max_align_t align;
};

static union header reserve[RESERVE / sizeof(union header)];
static atomic_size_t used; /* of reserve; nothing comes back to it */

static bool from_reserve(const union header *h)
{
	return (uintptr_t)h >= (uintptr_t)reserve &&
	    (uintptr_t)h < (uintptr_t)(reserve + sizeof(reserve) / sizeof(reserve[0]));
}

static union header *take_reserve(size_t bytes)
{
	const size_t all = sizeof(reserve) / sizeof(reserve[0]);
	const size_t want = (bytes + sizeof(*reserve) - 1) / sizeof(*reserve);
	size_t at = atomic_load(&used);

	do {
		if (want > all - at)
			return NULL;
	} while (!atomic_compare_exchange_weak(&used, &at, at + want));
	return &reserve[at];
}

static void *U_CALLCONV get(const void *ctx, size_t n)
{
	union header *h;

	(void)ctx;
	if (n > SIZE_MAX / 2)
		return NULL;
	h = malloc(sizeof(*h) + n);
	if (h == NULL)
		h = take_reserve(sizeof(*h) + n);
	if (h == NULL)
		return NULL;
	h->n = n;
	return h + 1;
}

static void U_CALLCONV give_back(const void *ctx, void *p)
{
	union header *h = p;

	(void)ctx;
	if (h == NULL)
		return;
	h--;
	wipe(h + 1, h->n);
	if (!from_reserve(h))
		free(h);
}

static void *U_CALLCONV resize(const void *ctx, void *p, size_t n)
{
	void *q = get(ctx, n);
	size_t old = p == NULL ? 0 : ((union header *)p - 1)->n;

	if (q == NULL || p == NULL)
		return q;
	memcpy(q, p, old < n ? old : n);
	give_back(ctx, p);
	return q;
}

void text_wiping_alloc(void)
{
	UErrorCode e = U_ZERO_ERROR;

	u_setMemoryFunctions(NULL, get, resize, give_back, &e);
}

enum saksi_err icu_room(struct saksi_error *err)
{
	const size_t all = sizeof(reserve) / sizeof(reserve[0]);

	return all - atomic_load(&used) < ENOUGH / sizeof(*reserve)
	    ? saksi_fail_nomem(err)
	    : SAKSI_OK;
}
