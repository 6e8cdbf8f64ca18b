/* list.c - arrays that grow. */
#include <stdint.h>
#include <stdlib.h>

#include <saksi/base/list.h>

void *list_room(void *list, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? 16 : *cap * 2;
	void *p;

	if (n < *cap)
		return list;
	if (more < *cap || more > SIZE_MAX / size)
		return NULL;
	if ((p = realloc(list, more * size)) != NULL)
		*cap = more;
	return p;
}
