#include "text.h"

#include <stdlib.h>
#include <string.h>

void text_add(struct text *t, const void *p, size_t n)
{
	if (t->failed || n == 0)
		return;
	if (n > t->cap - t->n) {
		size_t cap = t->cap ? t->cap : 1024;
		while (cap - t->n < n && cap < (size_t)1 << 40)
			cap *= 2;
		char *grown = cap - t->n >= n ? realloc(t->p, cap) : NULL;
		if (!grown) {
			t->failed = true;
			return;
		}
		t->p = grown;
		t->cap = cap;
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

void text_str(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_char(struct text *t, char c)
{
	text_add(t, &c, 1);
}

void text_free(struct text *t)
{
	free(t->p);
	memset(t, 0, sizeof *t);
}
