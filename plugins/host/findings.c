/* findings.c - what the checks found, in a list. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "job.h"

size_t utf8_fit(const char *s, size_t most)
{
	size_t n = strnlen(s, most + 1);
	if (n <= most)
		return n;
	for (n = most; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

void finding_add(struct host_findings *f, const char *check, enum host_level level,
    const char *subject, const char *fmt, ...)
{
	struct host_finding *grown = list_room(f->list, f->n, &f->cap, sizeof *grown);
	if (!grown) {
		f->failed = true; /* a lost block must not look like none */
		return;
	}
	f->list = grown;
	struct host_finding *x = &f->list[f->n++];
	char all[1200] = "";
	va_list ap;
	memset(x, 0, sizeof *x);
	snprintf(x->check, sizeof x->check, "%s", check);
	snprintf(x->subject, sizeof x->subject, "%s", subject ? subject : "");
	x->level = level;
	va_start(ap, fmt);
	if (vsnprintf(all, sizeof all, fmt, ap) < 0)
		f->failed = true;
	va_end(ap);
	memcpy(x->words, all, utf8_fit(all, sizeof x->words - 1));
}

void host_findings_free(struct host_findings *f)
{
	free(f->list);
	memset(f, 0, sizeof *f);
}
