/* kv_salvage_pick.c - of all that is genuine, what is current. */
#include <stdlib.h>
#include <string.h>

#include "kv_salvage.h"

#define HEIGHT_MAX 4u

/* ---- the meta record ----------------------------------------------------------------- */

static bool meta_of(struct kv_salvage *s, uint64_t txn, struct kv_meta *out,
    enum saksi_err *rc, struct saksi_error *err)
{
	struct salvage_cursor c;

	salvage_seek(&c, &s->list, KV_DB_META, txn);
	if (!salvage_at(&c, KV_DB_META, txn) ||
	    (*rc = salvage_bytes(s, &c.now, err)) != SAKSI_OK)
		return false;
	*rc = kv_meta_read(out, s->kv, txn, s->bytes.p, s->bytes.len, err);
	if (*rc == SAKSI_ENOMEM)
		return false;
	if (*rc == SAKSI_ENEWER)
		return false;
	if (*rc != SAKSI_OK)
		*rc = SAKSI_OK; /* of no use, and no reason to give up */
	else
		return true;
	return false;
}

/* The two heads, where both are what LMDB writes: of one commit and the one before. */
static uint64_t newest_by_heads(const struct kv_salvage *s)
{
	struct meta_page m[2];
	uint8_t raw[META_BYTES];
	struct page_fault f;

	for (unsigned i = 0; i < 2; i++) {
		salvage_read(s, raw, sizeof(raw), (uint64_t)i * s->page);
		if (!meta_parse(&m[i], raw, i, &f) || m[i].txn % 2 != i)
			return 0;
	}
	if (m[0].txn + 1 != m[1].txn && m[1].txn + 1 != m[0].txn)
		return 0;
	return m[0].txn > m[1].txn ? m[0].txn : m[1].txn;
}

/*
 * That of the newest head if the heads agree; else the newest of any in the
 * file.  The second may be of a commit that was cut off at its last step,
 * which then counts as done.
 */
enum saksi_err salvage_meta(struct kv_salvage *s, struct saksi_error *err)
{
	uint64_t head = newest_by_heads(s);
	enum saksi_err rc = SAKSI_OK;
	struct salvage_cursor c;

	s->has_meta = s->sure = head > 0 && meta_of(s, head, &s->meta, &rc, err);
	if (s->has_meta || rc != SAKSI_OK)
		return rc;
	salvage_before(&c, &s->list, KV_DB_META, UINT64_MAX);
	while (rc == SAKSI_OK && !s->has_meta && c.there) {
		s->has_meta = meta_of(s, c.now.n, &s->meta, &rc, err);
		salvage_before(&c, &s->list, KV_DB_META, c.now.n);
	}
	return rc;
}

uint64_t kv_salvage_newest(const struct kv_salvage *s, bool *sure)
{
	*sure = s->sure;
	return s->has_meta ? s->meta.txn : 0;
}

void kv_salvage_state(const struct kv_salvage *s, enum kv_table t,
    struct kv_salvage_state *out)
{
	memset(out, 0, sizeof(*out));
	out->known = s->has_meta;
	if (!s->has_meta)
		return;
	out->first = s->meta.t[t].first;
	out->next = s->meta.t[t].next;
	out->count = s->meta.t[t].count;
}

/* ---- version lists ----------------------------------------------------------------------- */

static uint64_t span(unsigned level)
{
	uint64_t n = CHUNK_ENTRIES;

	while (level-- > 0)
		n *= CHUNK_ENTRIES;
	return n;
}

static enum saksi_err chunk_load(struct kv_salvage *s, uint64_t key, uint32_t version,
    struct saksi_error *err)
{
	struct salvage_cursor c;
	enum saksi_err rc;

	if (s->chunk.valid && s->chunk.key == key && s->chunk.version == version)
		return SAKSI_OK;
	s->chunk.valid = false;
	salvage_seek(&c, &s->list, KV_DB_VERSIONS, key);
	while (salvage_at(&c, KV_DB_VERSIONS, key) && c.now.version != version)
		salvage_step(&c);
	if (!salvage_at(&c, KV_DB_VERSIONS, key))
		return SAKSI_OK;
	if ((rc = salvage_bytes(s, &c.now, err)) != SAKSI_OK)
		return rc;
	kv_scratch(&s->kv->plain);
	rc = kv_unseal_raw(&s->kv->plain, s->kv, KV_DB_VERSIONS, key, version, s->bytes.p,
	    s->bytes.len, err);
	if (rc == SAKSI_ENOMEM)
		return rc;
	if (rc != SAKSI_OK || s->kv->plain.len != CHUNK_ENTRIES * 4u)
		return SAKSI_OK;
	for (unsigned i = 0; i < CHUNK_ENTRIES; i++)
		s->chunk.entry[i] = le32_get(s->kv->plain.p + 4 * (size_t)i);
	s->chunk.key = key;
	s->chunk.version = version;
	s->chunk.valid = true;
	return SAKSI_OK;
}

/* What the lists say of ${n}.  ${*known} false: one of them is lost. */
static enum saksi_err listed(struct kv_salvage *s, unsigned t, uint64_t n, bool *known,
    uint32_t *entry, struct saksi_error *err)
{
	const struct kv_table_state *state = &s->meta.t[t];
	uint32_t version = state->root;
	enum saksi_err rc;

	*entry = 0;
	*known = s->has_meta;
	if (!*known)
		return SAKSI_OK;
	/* Numbers that were handed out since are unknown, not absent, unless it is the last. */
	if (n >= state->next)
		*known = s->sure;
	if (n < state->first || n >= state->next)
		return SAKSI_OK;
	if (state->height == 0 || n / span(state->height - 1u) > 0)
		return SAKSI_OK;
	for (unsigned level = state->height; level-- > 0 && version != 0;) {
		rc = chunk_load(s, kv_chunk_key(t, level, n / span(level)), version, err);
		if (rc != SAKSI_OK)
			return rc;
		*known = s->chunk.valid;
		if (!*known)
			return SAKSI_OK;
		version = s->chunk.entry[level > 0 ? n / span(level - 1) % CHUNK_ENTRIES
						   : n % CHUNK_ENTRIES];
	}
	*entry = version;
	return SAKSI_OK;
}

enum saksi_err kv_salvage_expects(struct kv_salvage *s, enum kv_table t, uint64_t n,
    enum kv_expected *out, struct saksi_error *err)
{
	uint32_t entry;
	bool known;
	enum saksi_err rc = listed(s, t, n, &known, &entry, err);

	*out = EXPECT_UNKNOWN;
	if (rc != SAKSI_OK)
		return rc;
	/* Without gaps: the meta record alone says it. */
	if (kv_is_append_only(t) && s->has_meta) {
		const struct kv_table_state *state = &s->meta.t[t];

		if (n >= state->first && n < state->next)
			*out = EXPECT_THERE;
		else if (n < state->first || s->sure)
			*out = EXPECT_NOT;
	} else if (known && version_there(entry)) {
		*out = EXPECT_THERE;
	} else if (known && (s->sure || (entry != 0 && t != KV_LOCAL))) {
		/* What an older list has as removed is gone; only settings come back. */
		*out = EXPECT_NOT;
	}
	return SAKSI_OK;
}

enum saksi_err kv_salvage_standing(struct kv_salvage *s, enum kv_table t, uint64_t n,
    enum kv_standing *out, struct saksi_error *err)
{
	struct salvage_cursor c;
	enum saksi_err rc;
	uint32_t entry;
	bool known;

	*out = STANDS;
	rc = listed(s, t, n, &known, &entry, err);
	if (rc != SAKSI_OK || (known && !version_there(entry)))
		return rc;
	salvage_seek(&c, &s->list, t, n);
	/* Without its list no value can be read, whole as it may be. */
	if (!known) {
		*out = salvage_at(&c, t, n) ? STANDS_ELSEWHERE : STANDS_NOT;
		return SAKSI_OK;
	}
	*out = STANDS_NOT;
	for (; salvage_at(&c, t, n); salvage_step(&c))
		if (c.now.version == (entry & VERSION_MAX))
			*out = c.now.reached ? STANDS : STANDS_ELSEWHERE;
	return SAKSI_OK;
}

/* ---- values -------------------------------------------------------------------------------- */

static enum saksi_err hand_out(struct kv_salvage *s, const struct salvaged *v,
    enum kv_found_as as, kv_salvage_fn *fn, void *ctx, struct saksi_error *err)
{
	struct kv_found found = {v->n, v->version, as};
	struct buf plain = BUF_INIT;
	enum saksi_err rc;

	if ((rc = salvage_bytes(s, v, err)) == SAKSI_OK)
		rc = kv_unseal_value(&plain, s->kv, v->db, v->n, v->version, s->bytes.p,
		    s->bytes.len, err);
	if (rc == SAKSI_OK)
		rc = fn(ctx, &found, plain.p, plain.len, err);
	else if (rc == SAKSI_EAUTH || rc == SAKSI_EDAMAGED)
		rc = SAKSI_OK; /* the disk read it otherwise before */
	buf_free(&plain);
	return rc;
}

static enum saksi_err give_number(struct kv_salvage *s, const struct salvage_group *g,
    kv_salvage_fn *fn, void *ctx, struct saksi_error *err)
{
	const struct salvaged *v = g->v;
	enum kv_expected expected;
	size_t listed_at = SIZE_MAX;
	enum saksi_err rc;
	uint32_t entry;
	bool known;

	if ((rc = kv_salvage_expects(s, v->db, v->n, &expected, err)) != SAKSI_OK ||
	    expected == EXPECT_NOT ||
	    (rc = listed(s, v->db, v->n, &known, &entry, err)) != SAKSI_OK)
		return rc;
	for (size_t i = 0; known && i < g->n; i++) {
		if (v[i].version != (entry & VERSION_MAX))
			continue;
		listed_at = i;
		if (!version_there(entry))
			break; /* and as this one it is gone for ever */
		rc = hand_out(s, &v[i], FOUND_CURRENT, fn, ctx, err);
		/* Of a list that may be old itself it is only the likeliest. */
		if (rc != SAKSI_OK || s->sure)
			return rc;
	}
	/* First those that lie where they should. */
	for (unsigned reached = 2; reached-- > 0;) {
		for (size_t i = 0; i < g->n && rc == SAKSI_OK; i++) {
			enum kv_found_as as = s->sure && known && entry != 0 ? FOUND_OLDER
			    : reached ? FOUND_LIKELY
				      : FOUND_LOOSE;

			if (i != listed_at && v[i].reached == (reached == 1))
				rc = hand_out(s, &v[i], as, fn, ctx, err);
		}
	}
	return rc;
}

/* Of the numbers from ${first} to ${last}. */
static enum saksi_err give(struct kv_salvage *s, unsigned t, uint64_t first,
    uint64_t last, kv_salvage_fn *fn, void *ctx, struct saksi_error *err)
{
	struct salvage_group g = {.v = NULL};
	struct salvage_cursor c;
	enum saksi_err rc = SAKSI_OK;

	salvage_seek(&c, &s->list, t, first);
	while (rc == SAKSI_OK && c.there && c.now.db == t && c.now.n <= last) {
		if ((rc = salvage_take(&g, &c, err)) == SAKSI_OK)
			rc = give_number(s, &g, fn, ctx, err);
	}
	free(g.v);
	return rc;
}

enum saksi_err kv_salvage_one(struct kv_salvage *s, enum kv_table t, uint64_t n,
    kv_salvage_fn *fn, void *ctx, struct saksi_error *err)
{
	return give(s, t, n, n, fn, ctx, err);
}

enum saksi_err kv_salvage_each(struct kv_salvage *s, enum kv_table t, kv_salvage_fn *fn,
    void *ctx, struct saksi_error *err)
{
	return give(s, t, 0, UINT64_MAX, fn, ctx, err);
}
