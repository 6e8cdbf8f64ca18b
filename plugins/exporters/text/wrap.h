/*
 * wrap.h - paragraphs of a given width.
 */
#ifndef EXPORTER_WRAP_H
#define EXPORTER_WRAP_H

#include "text.h"

/**
 * wrap_add(t, p, n, width, indent):
 * Append ${n} bytes as lines of at most ${width} characters (0: no limit),
 * broken at spaces only; lines after the first begin with ${indent} spaces.
 * Line ends in the text stay; other control characters become spaces.  Ends
 * with a line end.
 */
void wrap_add(struct text *t, const char *p, size_t n, size_t width, size_t indent);
/** wrap_columns(p, n): Characters of UTF-8. */
size_t wrap_columns(const char *p, size_t n);

#endif
