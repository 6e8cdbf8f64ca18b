/* findings.c - what the checks found, in a list. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

void finding_add(struct host_findings *f, const char *check, enum host_level level,
    const char *subject, const char *fmt, ...)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 16;
		struct host_finding *grown = realloc(f->list, cap * sizeof *grown);
		if (!grown) {
			f->failed = true; /* a lost block must not look like none */
			return;
		}
		f->list = grown;
		f->cap = cap;
	}
	struct host_finding *x = &f->list[f->n++];
	va_list ap;
	memset(x, 0, sizeof *x);
	snprintf(x->check, sizeof x->check, "%s", check);
	snprintf(x->subject, sizeof x->subject, "%s", subject ? subject : "");
	x->level = level;
	va_start(ap, fmt);
	vsnprintf(x->words, sizeof x->words, fmt, ap);
	va_end(ap);
}

void host_findings_free(struct host_findings *f)
{
	free(f->list);
	memset(f, 0, sizeof *f);
}
