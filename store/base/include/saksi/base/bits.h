/*
 * bits.h - a bit for each number, in bytes that the caller has made large enough.
 */
#ifndef SAKSI_BASE_BITS_H
#define SAKSI_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool bit_get(const uint8_t *map, uint64_t i)
{
	return ((unsigned)map[i / 8] >> i % 8 & 1u) != 0;
}
static inline void bit_set(uint8_t *map, uint64_t i)
{
	map[i / 8] = (uint8_t)(map[i / 8] | 1u << i % 8);
}

#endif
