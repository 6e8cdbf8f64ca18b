/*
 * short_memory.h - memory that runs out when a test says so.
 *
 * For programs linked with saksi_short_of_memory(): what the tree itself
 * allocates comes here.  Libraries do not, unless their own hooks lead here.
 */
#ifndef SAKSI_TESTS_SHORT_MEMORY_H
#define SAKSI_TESTS_SHORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

static long budget = -1; /* how many allocations still succeed; negative: all */
static bool refused;	 /* one was refused */
static bool refuse_once; /* the next, and no further one */

static inline bool may_allocate(void)
{
	if (budget < 0)
		return true;
	if (budget > 0) {
		budget--;
		return true;
	}
	refused = true;
	if (refuse_once)
		budget = -1;
	return false;
}

/* The linker's names for what was called, and for what is called instead. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__real_sodium_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void *__wrap_sodium_malloc(size_t n);

void *__wrap_malloc(size_t n)
{
	return may_allocate() ? __real_malloc(n) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return may_allocate() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t n)
{
	return may_allocate() ? __real_realloc(p, n) : NULL;
}

char *__wrap_strdup(const char *s)
{
	return may_allocate() ? __real_strdup(s) : NULL;
}

char *__wrap_strndup(const char *s, size_t n)
{
	return may_allocate() ? __real_strndup(s, n) : NULL;
}

void *__wrap_sodium_malloc(size_t n)
{
	return may_allocate() ? __real_sodium_malloc(n) : NULL;
}

#endif
