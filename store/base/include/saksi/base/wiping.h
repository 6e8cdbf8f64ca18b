/*
 * wiping.h - an allocator for libraries that let theirs be chosen, whose blocks
 * are wiped when they are given back.
 */
#ifndef SAKSI_BASE_WIPING_H
#define SAKSI_BASE_WIPING_H

#include <stddef.h>

/* Before each block; in a list, so that leak checkers see what is in use. */
struct wiping_block {
	_Alignas(max_align_t) struct wiping_block *next;
	struct wiping_block *before;
	size_t len; /* of what follows */
};
struct wiping {
	struct wiping_block first; /* the list's fixed end; it must not move */
};
#define WIPING_INIT                   \
	{                             \
		{                     \
			NULL, NULL, 0 \
		}                     \
	}

/** wiping_take(w, n): A zeroed block, NULL when out of memory; ${w}: a struct wiping. */
void *wiping_take(void *w, size_t n);
/** wiping_give(w, p): Wipe and free it; NULL is none. */
void wiping_give(void *w, void *p);

#endif
