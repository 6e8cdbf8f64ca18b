/*
 * cache.c - blocks that were read lately, and room for those that a cursor stands in.
 */
#include <stdlib.h>

#include <saksi/base/secret.h>

#include "index_int.h"

static void cache_forget(struct cache_slot *cache)
{
	for (size_t i = 0; cache != NULL && i < CACHE_SLOTS; i++)
		cache[i].number = 0;
}

static void cache_free(struct cache_slot *cache)
{
	for (size_t i = 0; cache != NULL && i < CACHE_SLOTS; i++)
		buf_free(&cache[i].bytes);
	free(cache);
}

void blocks_forget(struct index *x)
{
	cache_forget(x->fences);
	cache_forget(x->leaves);
}

void blocks_free(struct index *x)
{
	cache_free(x->fences);
	cache_free(x->leaves);
	for (unsigned i = 0; i < x->n_spare; i++)
		buf_free(&x->spare[i]);
}

bool block_is_cached(const struct index *x, uint64_t n, bool fence)
{
	const struct cache_slot *cache = fence ? x->fences : x->leaves;

	return cache != NULL && cache[n % CACHE_SLOTS].number == n;
}

enum saksi_err block_cached(struct index *x, struct kv_txn *txn, uint64_t n, bool fence,
    const uint8_t **p, size_t *len, struct saksi_error *err)
{
	struct cache_slot **cache = fence ? &x->fences : &x->leaves, *slot;
	enum saksi_err rc;

	if (*cache == NULL && (*cache = calloc(CACHE_SLOTS, sizeof(**cache))) == NULL)
		return saksi_fail_nomem(err);
	/* A block's number never gets another content, so what is here is right. */
	slot = &(*cache)[n % CACHE_SLOTS];
	if (slot->number != n) {
		slot->number = 0;
		if (slot->bytes.len > 0)
			wipe(slot->bytes.p, slot->bytes.len);
		slot->bytes.len = 0;
		if ((rc = kv_get(txn, KV_INDEX, n, &slot->bytes, err)) != SAKSI_OK) {
			buf_free(&slot->bytes);
			return rc;
		}
		slot->number = n;
		kv_txn_rest(txn);
	}
	*p = slot->bytes.p;
	*len = slot->bytes.len;
	return SAKSI_OK;
}

enum saksi_err block_load(struct index *x, struct kv_txn *txn, uint64_t n, bool fence,
    struct buf *out, struct saksi_error *err)
{
	const uint8_t *p;
	size_t len;
	enum saksi_err rc;

	if ((rc = block_cached(x, txn, n, fence, &p, &len, err)) != SAKSI_OK)
		return rc;
	buf_add(out, p, len);
	return buf_ok(out, err);
}

enum saksi_err block_read(struct kv_txn *txn, uint64_t n, struct buf *out,
    struct saksi_error *err)
{
	enum saksi_err rc = kv_get(txn, KV_INDEX, n, out, err);

	kv_txn_rest(txn);
	return rc;
}

struct buf block_room_take(struct index *x)
{
	return x->n_spare > 0 ? x->spare[--x->n_spare] : (struct buf)BUF_INIT;
}

void block_room_give(struct index *x, struct buf *b)
{
	if (b->p == NULL || b->failed || x->n_spare == SPARES) {
		buf_free(b);
		return;
	}
	wipe(b->p, b->len);
	b->len = 0;
	x->spare[x->n_spare++] = *b;
	*b = (struct buf)BUF_INIT;
}
