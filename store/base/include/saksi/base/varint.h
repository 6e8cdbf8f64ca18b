/*
 * varint.h - numbers in as few bytes as they need: LEB128, up to 63 bits.
 */
#ifndef SAKSI_BASE_VARINT_H
#define SAKSI_BASE_VARINT_H

#include <saksi/base/buf.h>

#define VARINT_MAX 10u
/**
 * varint_put(p, v):
 * Up to VARINT_MAX bytes; returns how many.  ${v} is below 2^63: a larger one is
 * written and not read again.
 */
size_t varint_put(uint8_t *p, uint64_t v);
/** varint_len(v): How many bytes varint_put() writes. */
size_t varint_len(uint64_t v);
/** buf_varint(b, v): Append ${v}, as varint_put() writes it. */
void buf_varint(struct buf *b, uint64_t v);

/** varint_get_long: varint_get() of what is longer than one byte, or nothing. */
bool varint_get_long(const uint8_t **p, const uint8_t *end, uint64_t *v);
/** varint_get(p, end, v): And ${*p} behind it; false at the end or when it is too long. */
static inline bool varint_get(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
	if (*p >= end || **p >= 0x80)
		return varint_get_long(p, end, v);
	*v = *(*p)++;
	return true;
}

#endif
