/* varint.c - numbers in as few bytes as they need. */
#include <saksi/base/varint.h>

size_t varint_put(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	return n;
}

size_t varint_len(uint64_t v)
{
	size_t n = 1;

	while (v >= 0x80) {
		v >>= 7;
		n++;
	}
	return n;
}

void buf_varint(struct buf *b, uint64_t v)
{
	uint8_t p[VARINT_MAX];

	buf_add(b, p, varint_put(p, v));
}

bool varint_get_long(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
	const uint8_t *q = *p;
	uint64_t x = 0;

	for (unsigned shift = 0; q < end && shift < 63; shift += 7) {
		x |= (uint64_t)(*q & 0x7f) << shift;
		if ((*q++ & 0x80) == 0) {
			*p = q;
			*v = x;
			return true;
		}
	}
	return false;
}
