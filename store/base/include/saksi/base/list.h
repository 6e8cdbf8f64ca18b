/*
 * list.h - arrays that grow by one element at a time.
 */
#ifndef SAKSI_BASE_LIST_H
#define SAKSI_BASE_LIST_H

#include <stddef.h>

/**
 * list_room(list, n, cap, size):
 * ${list}, an array from malloc() with room for ${*cap} elements of ${size}
 * bytes, with room for one more after its first ${n}: the same, or moved and
 * ${*cap} raised.  NULL when out of memory; ${list} then stays as it was.
 */
void *list_room(void *list, size_t n, size_t *cap, size_t size);

#endif
