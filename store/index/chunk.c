/* chunk.c - postings of one term, packed together. */
#include <stdlib.h>
#include <string.h>

#include "block.h"

bool chunk_first(const uint8_t *p, size_t n, uint64_t *doc, uint64_t *count)
{
	const uint8_t *end = p + n;

	return varint_get(&p, end, count) && *count > 0 && varint_get(&p, end, doc);
}

static enum saksi_err malformed(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EDAMAGED,
	    "index: a list in it makes no sense; run `saksi reindex`");
}

static bool make_room(struct chunk *c, size_t n)
{
	uint64_t *docs;

	if (n <= c->cap)
		return true;
	if ((docs = realloc(c->docs, n * sizeof(*docs))) == NULL)
		return false;
	c->docs = docs;
	c->cap = n;
	return true;
}

/* Past one payload of its own length. */
static bool pass_payload(const uint8_t **p, const uint8_t *end, enum payload_kind kind)
{
	uint64_t v;

	if (kind == PAYLOAD_BYTES) {
		if (!varint_get(p, end, &v) || v > (size_t)(end - *p))
			return false;
		*p += v;
		return true;
	}
	do {
		if (!varint_get(p, end, &v))
			return false;
	} while ((v & 1u) != 0);
	return true;
}

static bool payloads_fit(struct chunk *c)
{
	const uint8_t *p = c->pay;

	switch (c->kind) {
	case PAYLOAD_NONE:
		return c->pay == c->end;
	case PAYLOAD_BYTE:
		return (size_t)(c->end - c->pay) == c->n;
	case PAYLOAD_BYTES:
	case PAYLOAD_VARINTS:
		break;
	}
	for (size_t i = 0; i < c->n; i++)
		if (!pass_payload(&p, c->end, c->kind))
			return false;
	return p == c->end;
}

enum saksi_err chunk_read(struct chunk *c, enum payload_kind kind, const uint8_t *p,
    size_t n, struct saksi_error *err)
{
	const uint8_t *end = p + n;
	uint64_t count, doc, step;

	c->n = 0;
	c->kind = kind;
	if (!varint_get(&p, end, &count) || count == 0 || count > n ||
	    !varint_get(&p, end, &doc))
		return malformed(err);
	if (!make_room(c, (size_t)count))
		return saksi_fail_nomem(err);
	c->docs[0] = doc;
	for (size_t i = 1; i < count; i++) {
		if (p < end && *p < 0x80)
			step = *p++;
		else if (!varint_get(&p, end, &step))
			return malformed(err);
		if (step == 0 || step > DOC_MAX - doc)
			return malformed(err);
		doc += step;
		c->docs[i] = doc;
	}
	c->n = (size_t)count;
	c->pay = p;
	c->end = end;
	return payloads_fit(c) ? SAKSI_OK : malformed(err);
}

bool chunk_split(struct chunk_parts *c, enum payload_kind kind, const uint8_t *p, size_t n)
{
	uint64_t step;

	c->end = p + n;
	if (!varint_get(&p, c->end, &c->n) || c->n == 0 || c->n > n ||
	    !varint_get(&p, c->end, &c->first) || c->first > DOC_MAX)
		return false;
	c->docs = p;
	c->last = c->first;
	for (uint64_t i = 1; i < c->n; i++) {
		if (p < c->end && *p < 0x80)
			step = *p++;
		else if (!varint_get(&p, c->end, &step))
			return false;
		if (step == 0 || step > DOC_MAX - c->last)
			return false;
		c->last += step;
	}
	c->pay = p;
	return kind > PAYLOAD_BYTE ||
	    (size_t)(c->end - p) == (kind == PAYLOAD_BYTE ? c->n : 0);
}

void chunk_free(struct chunk *c)
{
	free(c->docs);
	memset(c, 0, sizeof(*c));
}

void chunk_payload(const struct chunk *c, struct chunk_at *at, size_t i,
    const uint8_t **p, size_t *n)
{
	uint64_t len;

	*p = NULL;
	*n = 0;
	if (c->kind == PAYLOAD_NONE)
		return;
	if (c->kind == PAYLOAD_BYTE) {
		*p = c->pay + i;
		*n = 1;
		return;
	}
	if (at->p == NULL || i < at->i) {
		at->p = c->pay;
		at->i = 0;
	}
	/* chunk_read() has looked at all of them. */
	for (; at->i < i; at->i++)
		if (!pass_payload(&at->p, c->end, c->kind))
			return;
	*p = at->p;
	if (c->kind == PAYLOAD_BYTES) {
		if (varint_get(p, c->end, &len))
			*n = (size_t)len;
		return;
	}
	for (const uint8_t *q = *p; pass_payload(&q, c->end, c->kind);) {
		*n = (size_t)(q - *p);
		return;
	}
}

/* ---- building -------------------------------------------------------------------- */

void chunk_add(struct chunk_build *c, enum payload_kind kind, uint64_t doc,
    const uint8_t *p, size_t n)
{
	if (c->n == 0)
		c->first = doc;
	else
		buf_varint(&c->docs, doc - c->last);
	c->last = doc;
	c->n++;
	if (kind == PAYLOAD_BYTES)
		buf_varint(&c->pay, n);
	if (kind != PAYLOAD_NONE)
		buf_add(&c->pay, p, n);
}

size_t chunk_size_with(const struct chunk_build *c, enum payload_kind kind, uint64_t doc,
    size_t n)
{
	size_t size = kind == PAYLOAD_NONE ? 0 : n;

	if (kind == PAYLOAD_BYTES)
		size += varint_len(n);

	if (c->n == 0)
		return size + 1 + varint_len(doc);
	return size + varint_len(c->n + 1) + varint_len(c->first) + c->docs.len +
	    c->pay.len + varint_len(doc - c->last);
}

void chunk_add_all(struct chunk_build *c, const struct chunk_parts *more)
{
	if (c->n == 0)
		c->first = more->first;
	else
		buf_varint(&c->docs, more->first - c->last);
	buf_add(&c->docs, more->docs, (size_t)(more->pay - more->docs));
	buf_add(&c->pay, more->pay, (size_t)(more->end - more->pay));
	c->last = more->last;
	c->n += more->n;
}

size_t chunk_size_with_all(const struct chunk_build *c, const struct chunk_parts *more)
{
	uint64_t first = c->n == 0 ? more->first : c->first;
	size_t step = c->n == 0 ? 0 : varint_len(more->first - c->last);

	return varint_len(c->n + more->n) + varint_len(first) + c->docs.len + step +
	    c->pay.len + (size_t)(more->end - more->docs);
}

void chunk_write(struct buf *out, const struct chunk_build *c)
{
	buf_varint(out, c->n);
	buf_varint(out, c->first);
	buf_add(out, c->docs.p, c->docs.len);
	buf_add(out, c->pay.p, c->pay.len);
	out->failed |= c->docs.failed || c->pay.failed;
}

static void empty(struct buf *b)
{
	if (b->len > 0)
		wipe(b->p, b->len);
	b->len = 0;
}

void chunk_reset(struct chunk_build *c)
{
	empty(&c->docs);
	empty(&c->pay);
	c->n = c->first = c->last = 0;
}

void chunk_build_free(struct chunk_build *c)
{
	buf_free(&c->docs);
	buf_free(&c->pay);
	c->n = c->first = c->last = 0;
}
