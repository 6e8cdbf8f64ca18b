/*
 * block.h - what one sealed block of a segment holds, and how postings are packed.
 *
 *   block  = kind (1), restarts (1), bytes of entries (2), restart offsets (2 each),
 *            entries, zeros                              BLOCK_BYTES in all
 *   entry  = varint shared, varint rest, rest bytes of the term, varint length, value
 *   leaf:   value = a chunk of postings
 *   fence:  value = varint first document, varint block number, filter
 *
 * Terms are cut against the one before; every RESTART_EVERY entries one
 * stands whole, and its offset in the list, for binary search.  Entries are
 * in order of (term, first document): a long list of postings is several
 * entries of one term, and a fence leads to the right one.
 *
 *   chunk  = varint n, varint first document, n - 1 varint differences,
 *            then by family nothing, n bytes, n times (varint length, bytes), or
 *            n times varints, of which all but the last are odd
 *
 * All numbers are LEB128 varints; 16-bit ones little-endian.  Blocks are
 * authentic when they are read, so a fault here is a fault of the writer;
 * it is told as damage all the same, and never followed.
 */
#ifndef SAKSI_INDEX_BLOCK_H
#define SAKSI_INDEX_BLOCK_H

#include <saksi/base/varint.h>
#include <saksi/index/index.h>

#define BLOCK_BYTES 1975u /* with kv's frame the longest value that shares a page */
#define RESTART_EVERY 8u
#define BLOCK_HEAD 4u
#define RESTARTS_MAX 255u
#define DOC_MAX (UINT64_C(1) << 40) /* as kv's numbers */

enum block_kind { BLOCK_LEAF = 1, BLOCK_FENCE = 2 };
enum payload_kind { PAYLOAD_NONE, PAYLOAD_BYTE, PAYLOAD_BYTES, PAYLOAD_VARINTS };

/* ---- terms ----------------------------------------------------------------------- */

int term_cmp(const uint8_t *a, size_t na, const uint8_t *b, size_t nb);
uint64_t term_hash(const void *p, size_t n);
enum payload_kind family_payload(uint8_t family);
/** family_is_log: Its documents are changesets, which never change. */
bool family_is_log(uint8_t family);
bool family_has_filter(uint8_t family);

/* ---- chunks --------------------------------------------------------------------- */

struct chunk { /* decoded */
	uint64_t *docs;
	size_t n, cap;
	enum payload_kind kind;
	const uint8_t *pay, *end; /* all payloads, into the bytes that were read */
};
/** chunk_first(p, n, doc, count): Only the first document and how many there are. */
bool chunk_first(const uint8_t *p, size_t n, uint64_t *doc, uint64_t *count);
/** chunk_read: SAKSI_EDAMAGED. Payloads point into ${p}. */
SAKSI_MUST_CHECK enum saksi_err chunk_read(struct chunk *c, enum payload_kind kind,
    const uint8_t *p, size_t n, struct saksi_error *err);
void chunk_free(struct chunk *c);
/** chunk_payload(c, at, i, p, n): Of posting ${i}; ${*at} goes on from call to call, 0 first. */
struct chunk_at {
	size_t i;
	const uint8_t *p;
};
void chunk_payload(const struct chunk *c, struct chunk_at *at, size_t i,
    const uint8_t **p, size_t *n);

/* A chunk as it stands, where only its ends are of interest. */
struct chunk_parts {
	uint64_t n, first, last;
	const uint8_t *docs; /* differences, up to ${pay} */
	const uint8_t *pay, *end;
};
/** chunk_split: false: it makes no sense.  Payloads of their own lengths are not looked at. */
bool chunk_split(struct chunk_parts *c, enum payload_kind kind, const uint8_t *p,
    size_t n);

struct chunk_build {
	struct buf docs, pay;
	uint64_t first, last, n;
};
/** chunk_add: Documents ascending. */
void chunk_add(struct chunk_build *c, enum payload_kind kind, uint64_t doc,
    const uint8_t *p, size_t n);
/** chunk_size_with: The size once this posting is added too. */
size_t chunk_size_with(const struct chunk_build *c, enum payload_kind kind, uint64_t doc,
    size_t n);
/** chunk_add_all: A whole chunk, whose documents come after those that it has. */
void chunk_add_all(struct chunk_build *c, const struct chunk_parts *more);
size_t chunk_size_with_all(const struct chunk_build *c, const struct chunk_parts *more);
void chunk_write(struct buf *out, const struct chunk_build *c);
void chunk_reset(struct chunk_build *c);
void chunk_build_free(struct chunk_build *c);

/* ---- reading a block ------------------------------------------------------------- */

struct block_iter {
	const uint8_t *base, *end; /* entries */
	const uint8_t *restarts;
	unsigned n_restarts;
	const uint8_t *p; /* behind the current entry */
	enum block_kind kind;
	bool bad;
	/* the current entry */
	uint8_t term[INDEX_TERM_MAX];
	size_t term_len;
	uint64_t doc; /* its first document */
	const uint8_t *value;
	size_t value_len;
	uint64_t child; /* fence */
	const uint8_t *filter;
	size_t filter_len;
};
SAKSI_MUST_CHECK enum saksi_err block_open(struct block_iter *it, const uint8_t *p,
    size_t n, struct saksi_error *err);
/** block_next: false at the end; then look at ${bad}. */
bool block_next(struct block_iter *it);
/**
 * block_seek(it, term, n, doc):
 * To the last entry at or before (term, doc), else to the first one.  false:
 * empty or bad.
 */
bool block_seek(struct block_iter *it, const uint8_t *term, size_t n, uint64_t doc);
/** filter_may_have: No filter: it may. */
bool filter_may_have(const uint8_t *filter, size_t n, uint64_t hash);

/* ---- writing one ------------------------------------------------------------------ */

struct block_build {
	enum block_kind kind;
	uint8_t entries[BLOCK_BYTES];
	size_t len;
	uint16_t restart[RESTARTS_MAX];
	unsigned n_restarts, count;
	uint8_t last[INDEX_TERM_MAX];
	size_t last_len;
};
void block_start(struct block_build *b, enum block_kind kind);
/** block_room(b, term, n): Longest value that an entry of this term may have. */
size_t block_room(const struct block_build *b, const uint8_t *term, size_t n);
/** block_append: The value fits block_room(). */
void block_append(struct block_build *b, const uint8_t *term, size_t n,
    const uint8_t *value, size_t value_len);
/** block_finish: BLOCK_BYTES bytes into ${out}. */
void block_finish(const struct block_build *b, uint8_t out[BLOCK_BYTES]);
/** filter_len(n): Bytes of a filter of ${n} hashes. */
size_t filter_len(size_t n);
/** filter_add(filter, n, hash): To one of ${n} bytes, n > 0, which begins all zero. */
void filter_add(uint8_t *filter, size_t n, uint64_t hash);
/** filter_build(out, hashes, n): Append a filter of ${n} hashes. */
void filter_build(struct buf *out, const uint64_t *hashes, size_t n);

#endif
