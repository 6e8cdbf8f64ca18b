/*
 * text.h - a growing text, for exporters.  A failed allocation is remembered
 * and checked once, at the end.
 */
#ifndef EXPORTER_TEXT_H
#define EXPORTER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *p;
	size_t n, cap;
	bool failed;
};

void text_add(struct text *t, const void *p, size_t n);
void text_str(struct text *t, const char *s);
void text_char(struct text *t, char c);
void text_free(struct text *t);

#endif
