/* cursor.c - a place in one run: a segment's tree of blocks, or entries in memory. */
#include <stdlib.h>
#include <string.h>

#include "index_int.h"

#include <saksi/base/secret.h>

enum saksi_err cursor_open(struct cursor *c, struct index *x, struct kv_txn *txn,
    const struct run *run, struct saksi_error *err)
{
	memset(c, 0, sizeof(*c));
	c->x = x;
	c->txn = txn;
	c->run = run;
	if (run->height == 0)
		return SAKSI_OK;
	c->level = calloc(run->height, sizeof(*c->level));
	return c->level == NULL ? saksi_fail_nomem(err) : SAKSI_OK;
}

void cursor_close(struct cursor *c)
{
	for (unsigned i = 0; c->level != NULL && i < c->run->height; i++) {
		block_room_give(c->x, &c->level[i].bytes);
		wipe(&c->level[i].it, sizeof(c->level[i].it));
	}
	free(c->level);
	memset(c, 0, sizeof(*c));
}

static enum saksi_err malformed(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EDAMAGED,
	    "index: a block in it is not the one that is expected; run `saksi reindex`");
}

/* ---- fences, where they are cached --------------------------------------------------- */

struct fence_key {
	const uint8_t *term;
	size_t n;
	uint64_t doc;
};
struct filter { /* of a fence's child; valid until the next block is cached */
	const uint8_t *p;
	size_t n;
};

/* From fence ${*number} to its child where the key belongs; ${f} may be NULL. */
static enum saksi_err fence_child(struct index *x, struct kv_txn *txn,
    const struct fence_key *key, uint64_t *number, struct filter *f,
    struct saksi_error *err)
{
	struct block_iter it;
	const uint8_t *p;
	size_t n;
	enum saksi_err rc;

	if ((rc = block_cached(x, txn, *number, true, &p, &n, err)) != SAKSI_OK ||
	    (rc = block_open(&it, p, n, err)) != SAKSI_OK)
		return rc;
	if (it.kind != BLOCK_FENCE || !block_seek(&it, key->term, key->n, key->doc))
		return malformed(err);
	*number = it.child;
	if (f != NULL)
		*f = (struct filter){it.filter, it.filter_len};
	wipe(it.term, it.term_len);
	return SAKSI_OK;
}

/* ---- segments -------------------------------------------------------------------- */

static enum saksi_err load(struct cursor *c, unsigned level, uint64_t number,
    struct saksi_error *err)
{
	bool leaf = level + 1 == c->run->height;
	struct cursor_level *l = &c->level[level];
	enum saksi_err rc;

	if (l->number == number && l->bytes.len > 0 && !l->it.bad)
		return block_open(&l->it, l->bytes.p, l->bytes.len, err);
	l->number = 0;
	if (l->bytes.p == NULL)
		l->bytes = block_room_take(c->x);
	if (l->bytes.len > 0)
		wipe(l->bytes.p, l->bytes.len);
	l->bytes.len = 0;
	rc = c->once ? block_read(c->txn, number, &l->bytes, err)
		     : block_load(c->x, c->txn, number, !leaf, &l->bytes, err);
	if (rc != SAKSI_OK ||
	    (rc = block_open(&l->it, l->bytes.p, l->bytes.len, err)) != SAKSI_OK)
		return rc;
	if ((l->it.kind == BLOCK_LEAF) != leaf)
		return malformed(err);
	l->number = number;
	return SAKSI_OK;
}

static void show(struct cursor *c)
{
	const struct block_iter *it = &c->level[c->run->height - 1].it;

	c->valid = true;
	c->term = it->term;
	c->term_len = it->term_len;
	c->doc = it->doc;
	c->chunk = it->value;
	c->chunk_len = it->value_len;
}

/* From the entry where level ${level} stands, down to the first leaf entry. */
static enum saksi_err descend(struct cursor *c, unsigned level, struct saksi_error *err)
{
	enum saksi_err rc;

	for (; level + 1 < c->run->height; level++) {
		if ((rc = load(c, level + 1, c->level[level].it.child, err)) != SAKSI_OK)
			return rc;
		if (!block_next(&c->level[level + 1].it))
			return malformed(err);
	}
	show(c);
	return SAKSI_OK;
}

/* The fences over the leaf where it stands, as a seek to its last entry leaves them. */
static enum saksi_err place_fences(struct cursor *c, struct saksi_error *err)
{
	const struct cursor_level *leaf = &c->level[c->run->height - 1];
	uint64_t number = c->run->root;
	enum saksi_err rc;

	for (unsigned i = 0; i + 1 < c->run->height; i++) {
		struct block_iter *it = &c->level[i].it;

		if ((rc = load(c, i, number, err)) != SAKSI_OK)
			return rc;
		if (!block_seek(it, leaf->it.term, leaf->it.term_len, leaf->it.doc))
			return malformed(err);
		number = it->child;
	}
	c->fences_placed = true;
	return number == leaf->number ? SAKSI_OK : malformed(err);
}

static enum saksi_err segment_next(struct cursor *c, struct saksi_error *err)
{
	unsigned level = c->run->height;
	enum saksi_err rc;

	while (level-- > 0) {
		if (block_next(&c->level[level].it))
			return descend(c, level, err);
		if (c->level[level].it.bad)
			return malformed(err);
		if (!c->fences_placed && (rc = place_fences(c, err)) != SAKSI_OK)
			return rc;
	}
	c->valid = false;
	return SAKSI_OK;
}

/* Down one fence: in the cursor's own copy where it has one, else as it is cached. */
static enum saksi_err pass_fence(struct cursor *c, unsigned level,
    const struct fence_key *key, uint64_t *number, struct saksi_error *err)
{
	struct cursor_level *l = &c->level[level];
	enum saksi_err rc;

	if (l->number != *number || l->it.bad) {
		c->fences_placed = false;
		return fence_child(c->x, c->txn, key, number, NULL, err);
	}
	if ((rc = block_open(&l->it, l->bytes.p, l->bytes.len, err)) != SAKSI_OK)
		return rc;
	if (!block_seek(&l->it, key->term, key->n, key->doc))
		return malformed(err);
	*number = l->it.child;
	return SAKSI_OK;
}

static enum saksi_err segment_seek(struct cursor *c, const uint8_t *term, size_t n,
    uint64_t doc, struct saksi_error *err)
{
	const struct fence_key key = {term, n, doc};
	const unsigned leaf = c->run->height - 1;
	uint64_t number = c->run->root;
	enum saksi_err rc;

	c->fences_placed = true;
	for (unsigned i = 0; i < leaf; i++)
		if ((rc = pass_fence(c, i, &key, &number, err)) != SAKSI_OK)
			return rc;
	if ((rc = load(c, leaf, number, err)) != SAKSI_OK)
		return rc;
	if (!block_seek(&c->level[leaf].it, term, n, doc))
		return malformed(err);
	show(c);
	return SAKSI_OK;
}

enum saksi_err segment_leaf(struct index *x, struct kv_txn *txn, const struct run *r,
    const struct index_term *t, uint64_t *number, bool *may, struct saksi_error *err)
{
	const struct fence_key key = {t->b, t->n, DOC_MAX};
	struct filter f = {NULL, 0};
	enum saksi_err rc;

	*number = r->root;
	for (unsigned level = 0; level + 1 < r->height; level++)
		if ((rc = fence_child(x, txn, &key, number, &f, err)) != SAKSI_OK)
			return rc;
	*may = r->height == 1 || !family_has_filter(t->b[0]) ||
	    filter_may_have(f.p, f.n, term_hash(t->b, t->n));
	return SAKSI_OK;
}

/* ---- memory ------------------------------------------------------------------------ */

static void mem_show(struct cursor *c)
{
	const struct mem_entry *e;
	uint64_t count;

	c->valid = c->at < c->run->n_entries;
	if (!c->valid)
		return;
	e = &c->run->entries[c->at];
	c->term = e->term;
	c->term_len = e->term_len;
	c->chunk = e->chunk;
	c->chunk_len = e->chunk_len;
	if (!chunk_first(c->chunk, c->chunk_len, &c->doc, &count))
		c->doc = DOC_MAX; /* run_parse() has looked */
}

static void mem_seek(struct cursor *c, const uint8_t *term, size_t n)
{
	size_t low = 0, high = c->run->n_entries;

	/* A term has one entry here. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct mem_entry *e = &c->run->entries[mid];

		if (term_cmp(e->term, e->term_len, term, n) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	c->at = low;
	mem_show(c);
}

/* ---- both --------------------------------------------------------------------------- */

enum saksi_err cursor_next(struct cursor *c, struct saksi_error *err)
{
	if (c->run->height > 0)
		return segment_next(c, err);
	c->at++;
	mem_show(c);
	return SAKSI_OK;
}

enum saksi_err cursor_seek(struct cursor *c, const uint8_t *term, size_t n, uint64_t doc,
    struct saksi_error *err)
{
	enum saksi_err rc;

	if (c->run->height == 0) {
		mem_seek(c, term, n);
		return SAKSI_OK;
	}
	rc = segment_seek(c, term, n, doc, err);
	/* Where the term begins in the block after. */
	while (rc == SAKSI_OK && c->valid && term_cmp(c->term, c->term_len, term, n) < 0)
		rc = segment_next(c, err);
	return rc;
}

enum saksi_err cursor_probe(struct cursor *c, const struct index_term *t, bool *found,
    struct saksi_error *err)
{
	uint64_t leaf;
	bool may = true;
	enum saksi_err rc = SAKSI_OK;

	*found = false;
	if (c->run->height > 1 && family_has_filter(t->b[0]))
		rc = segment_leaf(c->x, c->txn, c->run, t, &leaf, &may, err);
	if (rc != SAKSI_OK || !may)
		return rc;
	rc = cursor_seek(c, t->b, t->n, 0, err);
	*found =
	    rc == SAKSI_OK && c->valid && term_cmp(c->term, c->term_len, t->b, t->n) == 0;
	return rc;
}
