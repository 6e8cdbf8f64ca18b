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
#include <sys/mman.h>

#include <unicode/uclean.h>

#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#include "text_u16.h"

/*
 * A transliterator takes 7 MiB at its first use, and two threads may begin one at
 * a time.  What is not touched costs nothing.
 */
#define RESERVE ((size_t)16 << 20)
#define ENOUGH ((size_t)14 << 20) /* for what is begun */

union header {
	size_t n;
	max_align_t align;
};

static bool ours; /* ICU's memory comes from here */
static union header *reserve;
static size_t all;	   /* of reserve; 0: there was no room for one */
static atomic_size_t used; /* of reserve; all comes back when the last is given back */
static size_t live;
static atomic_flag taken = ATOMIC_FLAG_INIT;

static bool from_reserve(const union header *h)
{
	return all > 0 && (uintptr_t)h >= (uintptr_t)reserve &&
	    (uintptr_t)h < (uintptr_t)(reserve + all);
}

static union header *take_reserve(size_t bytes)
{
	const size_t want = (bytes + sizeof(*reserve) - 1) / sizeof(*reserve);
	union header *h = NULL;

	while (atomic_flag_test_and_set(&taken))
		;
	if (want <= all - used) {
		h = &reserve[used];
		used += want;
		live++;
	}
	atomic_flag_clear(&taken);
	return h;
}

static void free_reserve(void)
{
	while (atomic_flag_test_and_set(&taken))
		;
	if (--live == 0)
		used = 0;
	atomic_flag_clear(&taken);
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
	if (from_reserve(h))
		free_reserve();
	else
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
	void *p = mmap(NULL, RESERVE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p != MAP_FAILED) {
		reserve = p;
		all = RESERVE / sizeof(*reserve);
	}
	ours = true;
	u_setMemoryFunctions(NULL, get, resize, give_back, &e);
}

enum saksi_err icu_room(struct saksi_error *err)
{
	if (!ours)
		return SAKSI_OK;
	if (all - atomic_load_explicit(&used, memory_order_relaxed) >=
	    ENOUGH / sizeof(*reserve))
		return SAKSI_OK;
	return saksi_fail_nomem(err);
}
