/* term.c - terms, families and the small numbers in payloads. */
#include <string.h>

#include <saksi/keys/crypto.h>

#include "block.h"

#define CUT_HASH 16u

void index_term(struct index_term *t, enum index_family family, const void *p, size_t n)
{
	struct saksi_hash h;

	t->b[0] = (uint8_t)family;
	t->n = n + 1;
	if (t->n <= INDEX_TERM_MAX) {
		if (n > 0)
			memcpy(t->b + 1, p, n);
		return;
	}
	t->n = INDEX_TERM_MAX;
	crypto_hash_of(&h, "index-term", p, n);
	memcpy(t->b + 1, p, INDEX_TERM_MAX - 1 - CUT_HASH);
	memcpy(t->b + INDEX_TERM_MAX - CUT_HASH, h.b, CUT_HASH);
}

void index_term_keyed(struct index_term *t, enum index_family family, const char *key,
    const void *p, size_t n)
{
	size_t key_len = strlen(key) + 1;
	struct saksi_hash h;

	t->b[0] = (uint8_t)family;
	t->n = 1 + key_len + n;
	if (key_len > INDEX_TERM_MAX / 2) { /* no field has such a name */
		index_term(t, family, key, key_len);
		return;
	}
	memcpy(t->b + 1, key, key_len);
	if (t->n <= INDEX_TERM_MAX) {
		if (n > 0)
			memcpy(t->b + 1 + key_len, p, n);
		return;
	}
	t->n = INDEX_TERM_MAX;
	crypto_hash_of(&h, "index-term", p, n);
	memcpy(t->b + 1 + key_len, p, INDEX_TERM_MAX - 1 - key_len - CUT_HASH);
	memcpy(t->b + INDEX_TERM_MAX - CUT_HASH, h.b, CUT_HASH);
}

int term_cmp(const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
	int c = memcmp(a, b, na < nb ? na : nb);

	return c != 0 ? c : (na > nb) - (na < nb);
}

/* FNV-1a with a last mixing; for tables and filters, where no secret hangs on it. */
uint64_t term_hash(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

enum payload_kind family_payload(uint8_t family)
{
	switch (family) {
	case IX_DOCS:
	case IX_WORD:
		return PAYLOAD_BYTE;
	case IX_POSITION:
		return PAYLOAD_VARINTS;
	case IX_ARRIVAL:
		return PAYLOAD_BYTES;
	default:
		return PAYLOAD_NONE;
	}
}

bool family_is_log(uint8_t family)
{
	return family == IX_CHANGESET || family == IX_ARRIVAL || family == IX_SEQ;
}

bool family_has_filter(uint8_t family)
{
	return family == IX_ID || family == IX_REF || family == IX_CHANGESET ||
	    family == IX_ARRIVAL;
}

/* ---- payloads ------------------------------------------------------------------- */

#define TIMES_MAX 60u

uint8_t index_impact(unsigned weight, uint32_t times)
{
	if (times > TIMES_MAX)
		times = TIMES_MAX;
	return (uint8_t)((weight & 3u) << 6 | times);
}

unsigned index_impact_weight(uint8_t impact)
{
	return impact >> 6;
}

uint32_t index_impact_times(uint8_t impact)
{
	return impact & 0x3fu;
}

bool index_position_next(const uint8_t **p, const uint8_t *end, uint32_t *position)
{
	uint64_t gap;

	if (*p >= end || !varint_get(p, end, &gap) || gap < 2 ||
	    gap >> 1 > UINT32_MAX - *position)
		return false;
	*position += (uint32_t)(gap >> 1);
	return true;
}

/* Exact up to 31, then sixteen steps to each doubling. */
uint8_t index_length_class(uint32_t words)
{
	unsigned shift = 0;

	while (words >> shift > 31)
		shift++;
	if (shift == 0)
		return (uint8_t)words;
	if (shift > 14)
		return 255;
	return (uint8_t)(shift * 16 + (words >> shift));
}

uint32_t index_length(uint8_t cls)
{
	unsigned shift;

	if (cls < 32)
		return cls;
	shift = cls / 16u - 1u;
	return (uint32_t)(cls - shift * 16u) << shift;
}
