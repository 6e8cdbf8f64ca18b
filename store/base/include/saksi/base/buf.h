/*
 * buf.h - growing byte buffer that wipes what it frees.
 *
 * Holds record text, so growth copies and wipes the old block.  A failed
 * allocation sets the sticky flag `failed`: appends after it do nothing, and
 * the user checks once with buf_ok().
 */
#ifndef SAKSI_BASE_BUF_H
#define SAKSI_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <saksi/base/err.h>

struct buf {
	uint8_t *p;
	size_t len;
	size_t cap;
	bool failed;
};
#define BUF_INIT                  \
	{                         \
		NULL, 0, 0, false \
	}

/** buf_add: Append bytes.  Inline where there is room: most appends are of a few. */
void buf_add_growing(struct buf *b, const void *src, size_t n);
static inline void buf_add(struct buf *b, const void *src, size_t n)
{
	if (n > 0 && n <= b->cap - b->len && !b->failed) {
		memcpy(b->p + b->len, src, n);
		b->len += n;
	} else
		buf_add_growing(b, src, n);
}
static inline void buf_add_byte(struct buf *b, uint8_t c)
{
	buf_add(b, &c, 1);
}
void buf_add_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) SAKSI_PRINTF(2, 3);
void buf_le32(struct buf *b, uint32_t v);
void buf_le64(struct buf *b, uint64_t v);
/** buf_reserve(b, n): Make room for ${n} more bytes; return where, or NULL. */
uint8_t *buf_reserve(struct buf *b, size_t n);
/** buf_cstr(b): NUL-terminate (not counted in len); "" when failed. */
const char *buf_cstr(struct buf *b);
/** buf_reset(b): Wipe the content, keep the block. */
void buf_reset(struct buf *b);
/** buf_free(b): Wipe, free, re-initialise.  NULL is fine. */
void buf_free(struct buf *b);
/** buf_ok(b, err): SAKSI_OK, or SAKSI_ENOMEM if an append failed. */
SAKSI_MUST_CHECK enum saksi_err buf_ok(const struct buf *b, struct saksi_error *err);

uint16_t le16_get(const uint8_t *p);
uint32_t le32_get(const uint8_t *p);
uint64_t le64_get(const uint8_t *p);
void le16_put(uint8_t *p, uint16_t v);
void le32_put(uint8_t *p, uint32_t v);
void le64_put(uint8_t *p, uint64_t v);

/** hex_encode(out, p, n): 2n lower-case digits and a NUL into ${out}. */
void hex_encode(char *out, const uint8_t *p, size_t n);
/** hex_decode(out, n, s): Exactly 2n digits (either case); false otherwise. */
bool hex_decode(uint8_t *out, size_t n, const char *s);

#endif
