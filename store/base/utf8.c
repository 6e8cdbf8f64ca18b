#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <saksi/base/text.h>

#include "utf8.h"

/* Length of a sequence by its first byte, and the least value it may hold. */
static size_t lead(uint8_t c, uint32_t *bits, uint32_t *least)
{
	if (c < 0x80) {
		*bits = c;
		*least = 0;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		*bits = c & 0x1fu;
		*least = 0x80;
		return 2;
	}
	if (c >= 0xe0 && c <= 0xef) {
		*bits = c & 0x0fu;
		*least = 0x800;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*bits = c & 0x07u;
		*least = 0x10000;
		return 4;
	}
	return 0;
}

size_t utf8_decode(uint32_t *cp, const void *p, size_t n)
{
	const uint8_t *s = p;
	uint32_t v = 0;
	uint32_t least = 0;
	size_t len;

	*cp = 0;
	if (n == 0)
		return 0;
	len = lead(s[0], &v, &least);
	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s[i] & 0x3fu);
	}
	if (v < least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return len;
}

size_t utf8_encode(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* Eight bytes of ASCII without a NUL. */
static inline bool is_plain(const uint8_t *s)
{
	uint64_t v;

	memcpy(&v, s, sizeof(v));
	/* The high bit of each byte, set where it stands or where the byte is 0. */
	return ((v | (v - UINT64_C(0x0101010101010101))) &
		   UINT64_C(0x8080808080808080)) == 0;
}

/* Three bytes, as those of most scripts have: neither too long nor a surrogate. */
static inline bool is_usual(const uint8_t *s)
{
	return s[0] > 0xe0 && s[0] < 0xf0 && s[0] != 0xed && (s[1] & 0xc0) == 0x80 &&
	    (s[2] & 0xc0) == 0x80;
}

/* Two bytes, not too long. */
static inline bool is_pair(const uint8_t *s)
{
	return s[0] >= 0xc2 && s[0] <= 0xdf && (s[1] & 0xc0) == 0x80;
}

/* Two of three bytes each; eight bytes are there, of which the first six are looked at. */
static inline bool are_usual(const uint8_t *s)
{
	const uint64_t v = (uint64_t)s[0] | (uint64_t)s[1] << 8 | (uint64_t)s[2] << 16 |
	    (uint64_t)s[3] << 24 | (uint64_t)s[4] << 32 | (uint64_t)s[5] << 40 |
	    (uint64_t)s[6] << 48 | (uint64_t)s[7] << 56;
	const unsigned a = v & 0x0fu, b = v >> 24 & 0x0fu;

	return (v & UINT64_C(0x0000c0c0f0c0c0f0)) == UINT64_C(0x00008080e08080e0) &&
	    a != 0 && a != 0x0d && b != 0 && b != 0x0d;
}

bool utf8_valid(const void *p, size_t n)
{
	const uint8_t *s = p;
	uint32_t cp;

	for (size_t i = 0; i < n;) {
		size_t used;

		if (n - i >= 8) {
			if (is_plain(s + i)) {
				i += 8;
				continue;
			}
			/* Where one such stands, more follow. */
			if (are_usual(s + i)) {
				do {
					i += 6;
				} while (n - i >= 8 && are_usual(s + i));
				continue;
			}
		} else if (n >= 8 && is_plain(s + n - 8)) {
			return true;
		}
		if (s[i] != 0 && s[i] < 0x80) {
			i++;
			continue;
		}
		if (n - i >= 3 && is_usual(s + i)) {
			i += 3;
			continue;
		}
		if (n - i >= 2 && is_pair(s + i)) {
			i += 2;
			continue;
		}
		used = utf8_decode(&cp, s + i, n - i);
		if (used == 0 || cp == 0)
			return false;
		i += used;
	}
	return true;
}
