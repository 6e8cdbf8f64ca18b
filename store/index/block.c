/* block.c - entries in a block, and the filters of leaves. */
#include <string.h>

#include <saksi/base/bits.h>

#include "block.h"

#define FILTER_BITS 10u	 /* a key */
#define FILTER_PROBES 6u /* false: about 1 in 120 */

static enum saksi_err malformed(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EDAMAGED,
	    "index: a block in it makes no sense; run `saksi reindex`");
}

enum saksi_err block_open(struct block_iter *it, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	size_t len;

	it->bad = false;
	it->term_len = 0;
	if (n < BLOCK_HEAD || (p[0] != BLOCK_LEAF && p[0] != BLOCK_FENCE))
		return malformed(err);
	it->kind = (enum block_kind)p[0];
	it->n_restarts = p[1];
	len = le16_get(p + 2);
	it->restarts = p + BLOCK_HEAD;
	if (len > n - BLOCK_HEAD || 2u * it->n_restarts > n - BLOCK_HEAD - len)
		return malformed(err);
	it->base = it->restarts + 2u * (size_t)it->n_restarts;
	it->end = it->base + len;
	it->p = it->base;
	return SAKSI_OK;
}

static bool spoilt(struct block_iter *it)
{
	it->bad = true;
	it->p = it->end;
	return false;
}

static bool read_fence(struct block_iter *it)
{
	const uint8_t *p = it->value, *end = p + it->value_len;

	if (!varint_get(&p, end, &it->doc) || !varint_get(&p, end, &it->child))
		return false;
	it->filter = p;
	it->filter_len = (size_t)(end - p);
	return true;
}

/* An entry that was looked at; its term is what it shares with the current one and ${rest}. */
struct entry {
	size_t shared, n_rest, n_value;
	const uint8_t *rest, *value;
};

/* At ${p}, behind a term of ${before} bytes. */
static bool look(struct entry *e, const uint8_t *p, const uint8_t *end, size_t before)
{
	uint64_t shared, rest, len;

	if (!varint_get(&p, end, &shared) || !varint_get(&p, end, &rest) ||
	    shared > before || rest > INDEX_TERM_MAX - shared ||
	    rest > (size_t)(end - p) || shared + rest == 0)
		return false;
	e->shared = (size_t)shared;
	e->n_rest = (size_t)rest;
	e->rest = p;
	p += rest;
	if (!varint_get(&p, end, &len) || len > (size_t)(end - p))
		return false;
	e->value = p;
	e->n_value = (size_t)len;
	return true;
}

/* Go on to the entry, but do not read its value. */
static void enter(struct block_iter *it, const struct entry *e)
{
	memcpy(it->term + e->shared, e->rest, e->n_rest);
	it->term_len = e->shared + e->n_rest;
	it->value = e->value;
	it->value_len = e->n_value;
	it->p = e->value + e->n_value;
}

static bool read_value(struct block_iter *it)
{
	uint64_t count;

	if (it->kind == BLOCK_FENCE
		? !read_fence(it)
		: !chunk_first(it->value, it->value_len, &it->doc, &count))
		return spoilt(it);
	return true;
}

bool block_next(struct block_iter *it)
{
	struct entry e;

	if (it->p >= it->end)
		return false;
	if (!look(&e, it->p, it->end, it->term_len))
		return spoilt(it);
	enter(it, &e);
	return read_value(it);
}

/* The entry of restart ${i}, whose term stands whole. */
static bool look_restart(struct block_iter *it, unsigned i, struct entry *e)
{
	size_t at = le16_get(it->restarts + 2u * (size_t)i);

	if (at >= (size_t)(it->end - it->base) || !look(e, it->base + at, it->end, 0))
		return spoilt(it);
	return true;
}

/* What is sought, and how many of its bytes the current entry, which is not past it, has. */
struct sought {
	const uint8_t *term;
	size_t n;
	uint64_t doc;
	size_t same;
};

/* Of an entry of the same term. */
static bool begins_past(const struct block_iter *it, const struct entry *e, uint64_t doc)
{
	const uint8_t *p = e->value;
	uint64_t first, count;

	if (doc == DOC_MAX)
		return false;
	if (it->kind == BLOCK_FENCE)
		return varint_get(&p, p + e->n_value, &first) && first > doc;
	return chunk_first(p, e->n_value, &first, &count) && first > doc;
}

/*
 * Is this entry, behind the current one, past what is sought?  What shares more
 * with the current one than what is sought does, stands where that stands to it.
 */
static bool is_past(const struct block_iter *it, const struct entry *e, struct sought *s)
{
	size_t i = e->shared, k = 0;
	bool past;

	if (i > s->same)
		return false;
	while (k < e->n_rest && i < s->n && e->rest[k] == s->term[i]) {
		k++;
		i++;
	}
	if (k < e->n_rest)
		past = i == s->n || e->rest[k] > s->term[i];
	else
		past = i == s->n && begins_past(it, e, s->doc);
	if (!past)
		s->same = i;
	return past;
}

bool block_seek(struct block_iter *it, const uint8_t *term, size_t n, uint64_t doc)
{
	struct sought s = {term, n, doc, 0};
	unsigned low = 0, high = it->n_restarts;
	struct entry e;
	bool past;

	if (high == 0)
		return false;
	/* The last restart that is not past it; low is one, or the first. */
	while (high - low > 1) {
		unsigned mid = low + (high - low) / 2;

		if (!look_restart(it, mid, &e))
			return false;
		s.same = 0;
		if (is_past(it, &e, &s))
			high = mid;
		else
			low = mid;
	}
	if (!look_restart(it, low, &e))
		return false;
	s.same = 0;
	past = is_past(it, &e, &s);
	enter(it, &e);
	while (!past && it->p < it->end) {
		if (!look(&e, it->p, it->end, it->term_len))
			return spoilt(it);
		if (!(past = is_past(it, &e, &s)))
			enter(it, &e);
	}
	return read_value(it);
}

/* ---- filters ---------------------------------------------------------------------- */

/* Double hashing: Kirsch and Mitzenmacher, Less hashing, same performance, 2006. */
static uint64_t probe(uint64_t hash, unsigned i, uint64_t bits)
{
	uint64_t a = hash & UINT32_MAX, b = hash >> 32 | 1u;

	return (a + i * b) % bits;
}

bool filter_may_have(const uint8_t *filter, size_t n, uint64_t hash)
{
	for (unsigned i = 0; n > 0 && i < FILTER_PROBES; i++) {
		uint64_t at = probe(hash, i, (uint64_t)n * 8);

		if (!bit_get(filter, at))
			return false;
	}
	return true;
}

size_t filter_len(size_t n)
{
	return (n * FILTER_BITS + 7) / 8;
}

void filter_add(uint8_t *filter, size_t n, uint64_t hash)
{
	for (unsigned i = 0; i < FILTER_PROBES; i++) {
		uint64_t at = probe(hash, i, (uint64_t)n * 8);

		bit_set(filter, at);
	}
}

void filter_build(struct buf *out, const uint64_t *hashes, size_t n)
{
	size_t len = filter_len(n);
	uint8_t *p = buf_reserve(out, len);

	if (p == NULL || n == 0)
		return;
	memset(p, 0, len);
	for (size_t k = 0; k < n; k++)
		filter_add(p, len, hashes[k]);
	out->len += len;
}

/* ---- building ---------------------------------------------------------------------- */

void block_start(struct block_build *b, enum block_kind kind)
{
	b->kind = kind;
	b->len = 0;
	b->n_restarts = b->count = 0;
	b->last_len = 0;
}

static size_t shared_with_last(const struct block_build *b, const uint8_t *term, size_t n)
{
	size_t i = 0;

	if (b->count % RESTART_EVERY == 0)
		return 0;
	while (i < n && i < b->last_len && term[i] == b->last[i])
		i++;
	return i;
}

size_t block_room(const struct block_build *b, const uint8_t *term, size_t n)
{
	size_t shared = shared_with_last(b, term, n);
	size_t used = BLOCK_HEAD + 2u * (size_t)b->n_restarts + b->len;
	size_t need = varint_len(shared) + varint_len(n - shared) + n - shared +
	    2 /* length of the value */ + (b->count % RESTART_EVERY == 0 ? 2 : 0);

	if (b->n_restarts == RESTARTS_MAX || used + need >= BLOCK_BYTES)
		return 0;
	return BLOCK_BYTES - used - need;
}

void block_append(struct block_build *b, const uint8_t *term, size_t n,
    const uint8_t *value, size_t value_len)
{
	size_t shared = shared_with_last(b, term, n);

	if (b->count % RESTART_EVERY == 0)
		b->restart[b->n_restarts++] = (uint16_t)b->len;
	b->len += varint_put(b->entries + b->len, shared);
	b->len += varint_put(b->entries + b->len, n - shared);
	memcpy(b->entries + b->len, term + shared, n - shared);
	b->len += n - shared;
	b->len += varint_put(b->entries + b->len, value_len);
	memcpy(b->entries + b->len, value, value_len);
	b->len += value_len;
	memcpy(b->last, term, n);
	b->last_len = n;
	b->count++;
}

void block_finish(const struct block_build *b, uint8_t out[BLOCK_BYTES])
{
	size_t at = BLOCK_HEAD;

	out[0] = (uint8_t)b->kind;
	out[1] = (uint8_t)b->n_restarts;
	le16_put(out + 2, (uint16_t)b->len);
	for (unsigned i = 0; i < b->n_restarts; i++, at += 2)
		le16_put(out + at, b->restart[i]);
	memcpy(out + at, b->entries, b->len);
	memset(out + at + b->len, 0, BLOCK_BYTES - at - b->len);
}
