/* wiping.c - blocks that are wiped when they are given back. */
#include <stdint.h>
#include <stdlib.h>

#include <saksi/base/secret.h>
#include <saksi/base/wiping.h>

void *wiping_take(void *w, size_t n)
{
	struct wiping *list = w;
	struct wiping_block *b;

	if (n > SIZE_MAX - sizeof(*b))
		return NULL;
	/* Zeroed: libzstd looks at tables before it has filled them. */
	b = calloc(1, sizeof(*b) + n);
	if (b == NULL)
		return NULL;
	b->len = n;
	b->before = &list->first;
	b->next = list->first.next;
	if (b->next != NULL)
		b->next->before = b;
	list->first.next = b;
	return b + 1;
}

void wiping_give(void *w, void *p)
{
	struct wiping_block *b;

	(void)w;
	if (p == NULL)
		return;
	b = (struct wiping_block *)p - 1;
	b->before->next = b->next;
	if (b->next != NULL)
		b->next->before = b->before;
	wipe(p, b->len);
	free(b);
}
