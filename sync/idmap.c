/* idmap.c - a set of 32-byte ids, each with a number. */
#include "idmap.h"

#include <stdlib.h>
#include <string.h>

#include <saksi/base/buf.h>
#include <saksi/base/secret.h>

void idmap_free(struct idmap *m)
{
	free(m->slots);
	*m = (struct idmap)IDMAP_INIT;
}

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t find_slot(const struct idmap *m, const struct saksi_hash *id)
{
	uint64_t h = mix(le64_get(id->b) ^ m->key[0]);
	size_t at;

	h = mix(h ^ le64_get(id->b + 8) ^ m->key[1]);
	for (at = (size_t)h & (m->cap - 1); m->slots[at].used;
	     at = (at + 1) & (m->cap - 1))
		if (hash_cmp(&m->slots[at].id, id) == 0)
			break;
	return at;
}

static enum saksi_err grow(struct idmap *m, struct saksi_error *err)
{
	struct idmap bigger = *m;

	if (m->cap == 0)
		random_bytes(bigger.key, sizeof(bigger.key));
	bigger.cap = m->cap == 0 ? 64 : m->cap * 2;
	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].used)
			bigger.slots[find_slot(&bigger, &m->slots[i].id)] = m->slots[i];
	free(m->slots);
	*m = bigger;
	return SAKSI_OK;
}

enum saksi_err idmap_put(struct idmap *m, const struct saksi_hash *id, uint32_t value,
    struct saksi_error *err)
{
	enum saksi_err rc;
	size_t at;

	if (m->n * 2 >= m->cap && (rc = grow(m, err)) != SAKSI_OK)
		return rc;
	at = find_slot(m, id);
	if (!m->slots[at].used)
		m->n++;
	m->slots[at] = (struct idmap_slot){*id, value, true};
	return SAKSI_OK;
}

uint32_t idmap_get(const struct idmap *m, const struct saksi_hash *id)
{
	size_t at;

	if (m->cap == 0)
		return IDMAP_NONE;
	at = find_slot(m, id);
	return m->slots[at].used ? m->slots[at].value : IDMAP_NONE;
}
