/*
 * utf8.h - one strict decoder for all of base (private).
 */
#ifndef SAKSI_BASE_UTF8_H
#define SAKSI_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/**
 * utf8_decode(cp, p, n):
 * Decode the sequence at ${p} (${n} bytes remain).  Return its length, or 0
 * when it is malformed, overlong, a surrogate, above U+10FFFF or cut off.
 * NUL is a character of length 1 here.
 */
size_t utf8_decode(uint32_t *cp, const void *p, size_t n);

/** utf8_encode(out, cp): Write the 1 .. 4 bytes of ${cp}; return how many. */
size_t utf8_encode(char out[4], uint32_t cp);

#endif
