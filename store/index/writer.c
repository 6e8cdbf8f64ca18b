/* writer.c - a new segment from postings in order. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mp.h>
#include <saksi/base/secret.h>

#include "index_int.h"

/* A chunk that would have less room than this begins in the next block. */
#define ROOM_MIN 48u
/* Below this the fences of a leaf's terms would be longer than worth it. */
#define HASHES_MAX 512u

enum saksi_err writer_open(struct writer *w, struct index *x, struct kv_txn *txn,
    struct saksi_error *err)
{
	memset(w, 0, sizeof(*w));
	w->x = x;
	w->txn = txn;
	w->min_doc = UINT64_MAX;
	w->hashes = calloc(HASHES_MAX, sizeof(*w->hashes));
	w->level[0] = malloc(sizeof(*w->level[0]));
	if (w->hashes == NULL || w->level[0] == NULL)
		return saksi_fail_nomem(err);
	block_start(w->level[0], BLOCK_LEAF);
	return SAKSI_OK;
}

void writer_close(struct writer *w)
{
	for (unsigned i = 0; i < HEIGHT_MAX; i++) {
		if (w->level[i] != NULL)
			wipe(w->level[i], sizeof(*w->level[i]));
		free(w->level[i]);
	}
	free(w->hashes);
	chunk_build_free(&w->chunk);
	buf_free(&w->scratch);
	wipe(w, sizeof(*w));
}

static enum saksi_err put_block(struct writer *w, unsigned level, uint64_t *number,
    struct saksi_error *err)
{
	uint8_t bytes[BLOCK_BYTES];
	enum saksi_err rc;

	block_finish(w->level[level], bytes);
	if ((rc = kv_next(w->txn, KV_INDEX, number, err)) != SAKSI_OK ||
	    (rc = kv_put(w->txn, KV_INDEX, *number, bytes, sizeof(bytes), err)) !=
		SAKSI_OK)
		goto fail;
	w->blocks++;
	w->written++;
fail:
	wipe(bytes, sizeof(bytes));
	return rc;
}

static enum saksi_err close_block(struct writer *w, unsigned level,
    struct saksi_error *err);

static void note_first(struct writer *w, unsigned level, const uint8_t *term, size_t n,
    uint64_t doc)
{
	if (w->level[level]->count > 0)
		return;
	memcpy(w->first_term[level], term, n);
	w->first_len[level] = n;
	w->first_doc[level] = doc;
}

/* The fence entry of the block of ${level} that has just been written. */
static enum saksi_err add_fence(struct writer *w, unsigned level, uint64_t number,
    struct saksi_error *err)
{
	unsigned up = level + 1;
	struct buf *v = &w->scratch;
	enum saksi_err rc;

	if (up == HEIGHT_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "index: a segment is too large");
	v->len = 0;
	buf_varint(v, w->first_doc[level]);
	buf_varint(v, number);
	if (level == 0 && w->n_hashes > 0)
		filter_build(v, w->hashes, w->n_hashes);
	w->n_hashes = 0;
	if ((rc = buf_ok(v, err)) != SAKSI_OK)
		return rc;
	if (w->level[up] == NULL) {
		if ((w->level[up] = malloc(sizeof(*w->level[up]))) == NULL)
			return saksi_fail_nomem(err);
		block_start(w->level[up], BLOCK_FENCE);
	}
	if (block_room(w->level[up], w->first_term[level], w->first_len[level]) < v->len) {
		struct buf keep = *v; /* close_block() writes into the scratch too */

		*v = (struct buf)BUF_INIT;
		rc = close_block(w, up, err);
		buf_free(v);
		*v = keep;
		if (rc != SAKSI_OK)
			return rc;
	}
	note_first(w, up, w->first_term[level], w->first_len[level], w->first_doc[level]);
	block_append(w->level[up], w->first_term[level], w->first_len[level], v->p,
	    v->len);
	return SAKSI_OK;
}

static enum saksi_err close_block(struct writer *w, unsigned level,
    struct saksi_error *err)
{
	uint64_t number;
	enum saksi_err rc;

	if (w->level[level]->count == 0)
		return SAKSI_OK;
	if ((rc = put_block(w, level, &number, err)) != SAKSI_OK ||
	    (rc = add_fence(w, level, number, err)) != SAKSI_OK)
		return rc;
	block_start(w->level[level], w->level[level]->kind);
	return SAKSI_OK;
}

/* What is gathered of the present term becomes an entry. */
static enum saksi_err close_chunk(struct writer *w, struct saksi_error *err)
{
	struct buf *v = &w->scratch;
	enum saksi_err rc;

	if (w->chunk.n == 0)
		return SAKSI_OK;
	v->len = 0;
	chunk_write(v, &w->chunk);
	if ((rc = buf_ok(v, err)) != SAKSI_OK)
		return rc;
	note_first(w, 0, w->term, w->term_len, w->chunk.first);
	block_append(w->level[0], w->term, w->term_len, v->p, v->len);
	if (family_has_filter(w->term[0]) && w->n_hashes < HASHES_MAX)
		w->hashes[w->n_hashes++] = term_hash(w->term, w->term_len);
	chunk_reset(&w->chunk);
	return SAKSI_OK;
}

static void count_docs(struct writer *w, uint64_t n, uint64_t first, uint64_t last,
    const uint8_t *lengths)
{
	w->docs += n;
	for (uint64_t i = 0; i < n; i++)
		w->words += index_length(lengths[i]);
	if (first < w->min_doc)
		w->min_doc = first;
	if (last > w->max_doc)
		w->max_doc = last;
}

/* The chunk is this term's, and ${room} is known. */
static enum saksi_err begin_chunk(struct writer *w, const uint8_t *term, size_t n,
    struct saksi_error *err)
{
	enum saksi_err rc;

	if (w->chunk.n > 0) {
		if (term_cmp(term, n, w->term, w->term_len) == 0)
			return SAKSI_OK;
		if ((rc = close_chunk(w, err)) != SAKSI_OK)
			return rc;
	}
	memcpy(w->term, term, n);
	w->term_len = n;
	w->room = block_room(w->level[0], term, n);
	return SAKSI_OK;
}

static bool fits(const struct writer *w, size_t need)
{
	return need <= w->room && (w->chunk.n > 0 || w->room >= ROOM_MIN);
}

enum saksi_err writer_add(struct writer *w, const uint8_t *term, size_t n, uint64_t doc,
    const uint8_t *p, size_t len, struct saksi_error *err)
{
	enum payload_kind kind = family_payload(term[0]);
	enum saksi_err rc;

	if ((rc = begin_chunk(w, term, n, err)) != SAKSI_OK)
		return rc;
	if (!fits(w, chunk_size_with(&w->chunk, kind, doc, len))) {
		if ((rc = close_chunk(w, err)) != SAKSI_OK ||
		    (rc = close_block(w, 0, err)) != SAKSI_OK)
			return rc;
		w->room = block_room(w->level[0], term, n);
	}
	chunk_add(&w->chunk, kind, doc, p, len);
	if (term[0] == IX_DOCS)
		count_docs(w, 1, doc, doc, p);
	return SAKSI_OK;
}

enum saksi_err writer_add_all(struct writer *w, const uint8_t *term, size_t n,
    const struct chunk_parts *c, bool *all, struct saksi_error *err)
{
	enum saksi_err rc = begin_chunk(w, term, n, err);

	*all = rc == SAKSI_OK && fits(w, chunk_size_with_all(&w->chunk, c));
	if (!*all)
		return rc;
	chunk_add_all(&w->chunk, c);
	if (term[0] == IX_DOCS)
		count_docs(w, c->n, c->first, c->last, c->pay);
	return SAKSI_OK;
}

enum saksi_err writer_finish(struct writer *w, struct run *r, struct saksi_error *err)
{
	uint64_t number = 0;
	unsigned top = 0;
	enum saksi_err rc;

	if ((rc = close_chunk(w, err)) != SAKSI_OK)
		return rc;
	for (;; top++) {
		bool last = top + 1 == HEIGHT_MAX || w->level[top + 1] == NULL;

		if (last) {
			/* Nothing above it: this one is the root. */
			rc = put_block(w, top, &number, err);
			break;
		}
		if ((rc = close_block(w, top, err)) != SAKSI_OK)
			return rc;
	}
	r->root = number;
	r->height = top + 1;
	r->blocks = w->blocks;
	r->docs = w->docs;
	r->words = w->words;
	r->min_doc = w->docs > 0 ? w->min_doc : 1;
	r->max_doc = w->docs > 0 ? w->max_doc : 0;
	return rc;
}

/* ---- put by -------------------------------------------------------------------------- */

/* Fences only: what is open in the leaf is written. */
enum saksi_err writer_pause(struct writer *w, struct buf *out, struct saksi_error *err)
{
	uint8_t bytes[BLOCK_BYTES];
	unsigned levels = 1;
	enum saksi_err rc;

	if ((rc = close_chunk(w, err)) != SAKSI_OK ||
	    (rc = close_block(w, 0, err)) != SAKSI_OK)
		return rc;
	while (levels < HEIGHT_MAX && w->level[levels] != NULL)
		levels++;
	mp_array(out, 6);
	mp_uint(out, w->blocks);
	mp_uint(out, w->docs);
	mp_uint(out, w->words);
	mp_uint(out, w->docs > 0 ? w->min_doc : 0);
	mp_uint(out, w->max_doc);
	mp_array(out, levels - 1);
	for (unsigned i = 1; i < levels; i++) {
		block_finish(w->level[i], bytes);
		mp_bin(out, bytes, sizeof(bytes));
	}
	return buf_ok(out, err);
}

static bool refill(struct writer *w, unsigned level, const uint8_t *p, size_t n)
{
	struct block_iter it;

	if (block_open(&it, p, n, NULL) != SAKSI_OK || it.kind != BLOCK_FENCE)
		return false;
	block_start(w->level[level], BLOCK_FENCE);
	while (block_next(&it)) {
		if (block_room(w->level[level], it.term, it.term_len) < it.value_len)
			return false;
		note_first(w, level, it.term, it.term_len, it.doc);
		block_append(w->level[level], it.term, it.term_len, it.value,
		    it.value_len);
	}
	return !it.bad;
}

enum saksi_err writer_resume(struct writer *w, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	const uint8_t *bytes;
	uint32_t levels;
	size_t len;

	mp_read_init(&r, p, n);
	mp_expect_array(&r, 6);
	w->blocks = mp_read_uint(&r);
	w->docs = mp_read_uint(&r);
	w->words = mp_read_uint(&r);
	w->min_doc = mp_read_uint(&r);
	w->max_doc = mp_read_uint(&r);
	if (w->docs == 0)
		w->min_doc = UINT64_MAX;
	levels = mp_read_array(&r);
	if (levels >= HEIGHT_MAX)
		mp_fail(&r, "a segment that is too large");
	for (unsigned i = 1; i <= levels && !r.failed; i++) {
		len = mp_read_bin(&r, &bytes);
		if (r.failed)
			break;
		if ((w->level[i] = malloc(sizeof(*w->level[i]))) == NULL)
			return saksi_fail_nomem(err);
		if (!refill(w, i, bytes, len))
			mp_fail(&r, "a fence that makes no sense");
	}
	return mp_done(&r, "index", err);
}
