#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/buf.h>
#include <saksi/base/secret.h>

#define FIRST_CAP 64u

/* realloc() may leave the old block behind with record text in it. */
static bool grow(struct buf *b, size_t need)
{
	size_t cap = b->cap == 0 ? FIRST_CAP : b->cap;
	uint8_t *p;

	while (cap < need) {
		if (cap > SIZE_MAX / 2)
			return false;
		cap *= 2;
	}
	p = malloc(cap);
	if (p == NULL) {
		memory_ran_out();
		return false;
	}
	if (b->p != NULL) {
		memcpy(p, b->p, b->len);
		wipe(b->p, b->cap);
		free(b->p);
	}
	b->p = p;
	b->cap = cap;
	return true;
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (b->p == NULL || n > b->cap - b->len) {
		if (n > SIZE_MAX - b->len || !grow(b, b->len + n)) {
			b->failed = true;
			return NULL;
		}
	}
	return b->p + b->len;
}

void buf_add_growing(struct buf *b, const void *src, size_t n)
{
	uint8_t *where;

	if (n == 0)
		return;
	where = buf_reserve(b, n);
	if (where == NULL)
		return;
	memcpy(where, src, n);
	b->len += n;
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_list again;
	uint8_t *where;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		b->failed = true;
	where = n < 0 ? NULL : buf_reserve(b, (size_t)n + 1);
	if (where != NULL) {
		(void)vsnprintf((char *)where, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_le32(struct buf *b, uint32_t v)
{
	uint8_t p[4];

	le32_put(p, v);
	buf_add(b, p, sizeof(p));
}

void buf_le64(struct buf *b, uint64_t v)
{
	uint8_t p[8];

	le64_put(p, v);
	buf_add(b, p, sizeof(p));
}

const char *buf_cstr(struct buf *b)
{
	uint8_t *where = buf_reserve(b, 1);

	if (where == NULL)
		return "";
	*where = 0;
	return (const char *)b->p;
}

void buf_reset(struct buf *b)
{
	if (b->p != NULL)
		wipe(b->p, b->cap);
	b->len = 0;
	b->failed = false;
}

void buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	if (b->p != NULL) {
		wipe(b->p, b->cap);
		free(b->p);
	}
	*b = (struct buf)BUF_INIT;
}

enum saksi_err buf_ok(const struct buf *b, struct saksi_error *err)
{
	return b->failed ? saksi_fail_nomem(err) : SAKSI_OK;
}
