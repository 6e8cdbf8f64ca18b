/* kv_salvage_pick.c - of all that is genuine, what is current. */
#include <string.h>

#include "kv_salvage.h"

#define HEIGHT_MAX 4u

/* ---- the meta record ----------------------------------------------------------------- */

static bool meta_of(struct kv_salvage *s, uint64_t txn, struct kv_meta *out,
    enum saksi_err *rc, struct saksi_error *err)
{
	const struct salvaged *v;
	size_t count;

	v = salvage_find(s, KV_DB_META, txn, &count);
	if (count == 0 || (*rc = salvage_bytes(s, v, err)) != SAKSI_OK)
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
	size_t count, end;

	s->has_meta = s->sure = head > 0 && meta_of(s, head, &s->meta, &rc, err);
	if (s->has_meta || rc != SAKSI_OK)
		return rc;
	end = (size_t)(salvage_find(s, KV_DB_META, UINT64_MAX, &count) - s->list);
	while (end-- > 0 && rc == SAKSI_OK && !s->has_meta) {
		if (s->list[end].db != KV_DB_META)
			break;
		s->has_meta = meta_of(s, s->list[end].n, &s->meta, &rc, err);
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
	const struct salvaged *v;
	enum saksi_err rc;
	size_t count;

	if (s->chunk.valid && s->chunk.key == key && s->chunk.version == version)
		return SAKSI_OK;
	s->chunk.valid = false;
	v = salvage_find(s, KV_DB_VERSIONS, key, &count);
	while (count > 0 && v->version != version) {
		v++;
		count--;
	}
	if (count == 0)
		return SAKSI_OK;
	if ((rc = salvage_bytes(s, v, err)) != SAKSI_OK)
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
	size_t count;
	const struct salvaged *v = salvage_find(s, t, n, &count);
	enum saksi_err rc;
	uint32_t entry;
	bool known;

	*out = STANDS;
	rc = listed(s, t, n, &known, &entry, err);
	if (rc != SAKSI_OK || (known && !version_there(entry)))
		return rc;
	/* Without its list no value can be read, whole as it may be. */
	if (!known) {
		*out = count > 0 ? STANDS_ELSEWHERE : STANDS_NOT;
		return SAKSI_OK;
	}
	*out = STANDS_NOT;
	for (size_t i = 0; i < count; i++)
		if (v[i].version == (entry & VERSION_MAX))
			*out = v[i].reached ? STANDS : STANDS_ELSEWHERE;
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

static enum saksi_err give_number(struct kv_salvage *s, const struct salvaged *v,
    size_t count, kv_salvage_fn *fn, void *ctx, struct saksi_error *err)
{
	enum kv_expected expected;
	size_t listed_at = SIZE_MAX;
	enum saksi_err rc;
	uint32_t entry;
	bool known;

	if ((rc = kv_salvage_expects(s, v->db, v->n, &expected, err)) != SAKSI_OK ||
	    expected == EXPECT_NOT ||
	    (rc = listed(s, v->db, v->n, &known, &entry, err)) != SAKSI_OK)
		return rc;
	for (size_t i = 0; known && i < count; i++) {
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
		for (size_t i = 0; i < count && rc == SAKSI_OK; i++) {
			enum kv_found_as as = s->sure && known && entry != 0 ? FOUND_OLDER
			    : reached ? FOUND_LIKELY
				      : FOUND_LOOSE;

			if (i != listed_at && v[i].reached == (reached == 1))
				rc = hand_out(s, &v[i], as, fn, ctx, err);
		}
	}
	return rc;
}

enum saksi_err kv_salvage_one(struct kv_salvage *s, enum kv_table t, uint64_t n,
    kv_salvage_fn *fn, void *ctx, struct saksi_error *err)
{
	size_t count;
	const struct salvaged *v = salvage_find(s, t, n, &count);

	return count == 0 ? SAKSI_OK : give_number(s, v, count, fn, ctx, err);
}

enum saksi_err kv_salvage_each(struct kv_salvage *s, enum kv_table t, kv_salvage_fn *fn,
    void *ctx, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	size_t count;
	size_t at = (size_t)(salvage_find(s, t, 0, &count) - s->list);

	for (; rc == SAKSI_OK && at < s->n && s->list[at].db == t; at += count) {
		const struct salvaged *v = salvage_find(s, t, s->list[at].n, &count);

		rc = give_number(s, v, count, fn, ctx, err);
	}
	return rc;
}
