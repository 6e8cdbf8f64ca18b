#include <stdlib.h>
#include <string.h>

#include "kv_int.h"

/*
 * For each table a tree of chunks.  A chunk holds CHUNK_ENTRIES
 * numbers of 32 bits: at level 0 the versions of as many values, above that
 * the versions of as many chunks.  The version of the top chunk stands in the
 * meta record.  A chunk is sealed under its own version, so whoever holds the
 * meta record holds the versions of everything below it.
 *
 * Chunks are cached under (place, version).  A version names one content, so
 * a cached chunk stays right whatever transaction asks for it; only chunks of
 * a write transaction that was not committed have to be dropped.
 */
#define CHUNK_BYTES (CHUNK_ENTRIES * 4u)
#define CACHE_CHUNKS 2048u /* 8 MiB */
#define CACHE_WRITING 768u /* 3 MiB, beside the pages that LMDB then holds */
#define CACHE_BUCKETS 4096u
#define HEIGHT_MAX 4u

struct kv_chunk {
	uint64_t key;
	uint32_t version;
	struct kv_chunk *chain; /* in its bucket */
	struct kv_chunk *newer; /* clean ones, by use; dirty ones: the next dirty */
	struct kv_chunk *older;
	bool asked; /* for, since it was linked */
	uint32_t entry[CHUNK_ENTRIES];
};

uint64_t kv_chunk_key(unsigned table, unsigned level, uint64_t index)
{
	return (uint64_t)table << 56 | (uint64_t)level << 48 | index;
}

void kv_chunk_split(uint64_t key, unsigned *table, unsigned *level, uint64_t *index)
{
	*table = (unsigned)(key >> 56);
	*level = (unsigned)(key >> 48 & 0xff);
	*index = key & (UINT64_MAX >> 16);
}

/* How many numbers a chunk of this level spans. */
static uint64_t span(unsigned level)
{
	uint64_t n = CHUNK_ENTRIES;

	while (level-- > 0)
		n *= CHUNK_ENTRIES;
	return n;
}

/* ---- cache -------------------------------------------------------------------- */

static struct kv_chunk **bucket(struct kv *kv, uint64_t key, uint32_t version)
{
	uint64_t h = (key * UINT64_C(0x9e3779b97f4a7c15)) ^
	    (version * UINT64_C(0xc2b2ae3d27d4eb4f));

	return &kv->cache.buckets[(h >> 32) % CACHE_BUCKETS];
}

static void unlink_used(struct kv *kv, struct kv_chunk *c)
{
	if (c->newer != NULL)
		c->newer->older = c->older;
	else
		kv->cache.newest = c->older;
	if (c->older != NULL)
		c->older->newer = c->newer;
	else
		kv->cache.oldest = c->newer;
	kv->cache.clean--;
}

static void link_used(struct kv *kv, struct kv_chunk *c)
{
	c->asked = false;
	c->newer = NULL;
	c->older = kv->cache.newest;
	if (c->older != NULL)
		c->older->newer = c;
	else
		kv->cache.oldest = c;
	kv->cache.newest = c;
	kv->cache.clean++;
}

static void unlink_bucket(struct kv *kv, struct kv_chunk *c)
{
	struct kv_chunk **at = bucket(kv, c->key, c->version);

	while (*at != c)
		at = &(*at)->chain;
	*at = c->chain;
}

static void chunk_free(struct kv *kv, struct kv_chunk *c)
{
	unlink_bucket(kv, c);
	wipe(c, sizeof(*c));
	free(c);
}

/*
 * What was asked for once more is spared once.  To put it in its place each time
 * would cost more than all the rest of a look-up.
 */
static void trim(struct kv *kv)
{
	size_t most = kv->writer != NULL ? CACHE_WRITING : CACHE_CHUNKS;
	struct kv_chunk *c;

	while (kv->cache.clean > most) {
		c = kv->cache.oldest;
		unlink_used(kv, c);
		if (c->asked)
			link_used(kv, c);
		else
			chunk_free(kv, c);
	}
}

static bool is_dirty(const struct kv_chunk *c)
{
	return c->older == c;
}

static struct kv_chunk *cache_find(struct kv *kv, uint64_t key, uint32_t version)
{
	struct kv_chunk *c;

	if (kv->cache.buckets == NULL)
		return NULL;
	for (c = *bucket(kv, key, version); c != NULL; c = c->chain) {
		if (c->key != key || c->version != version)
			continue;
		c->asked = true;
		return c;
	}
	return NULL;
}

/* A zeroed chunk in its bucket, in no list yet. */
static struct kv_chunk *cache_new(struct kv *kv, uint64_t key, uint32_t version)
{
	struct kv_chunk **at;
	struct kv_chunk *c;

	if (kv->cache.buckets == NULL) {
		kv->cache.buckets = calloc(CACHE_BUCKETS, sizeof(struct kv_chunk *));
		if (kv->cache.buckets == NULL)
			return NULL;
	}
	trim(kv);
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->key = key;
	c->version = version;
	at = bucket(kv, key, version);
	c->chain = *at;
	*at = c;
	return c;
}

static void mark_dirty(struct kv *kv, struct kv_chunk *c)
{
	c->older = c;
	c->newer = kv->cache.dirty;
	kv->cache.dirty = c;
}

void kv_versions_settle(struct kv *kv, bool keep)
{
	struct kv_chunk *c;
	struct kv_chunk *next;

	for (c = kv->cache.dirty; c != NULL; c = next) {
		next = c->newer;
		if (keep)
			link_used(kv, c);
		else
			chunk_free(kv, c);
	}
	kv->cache.dirty = NULL;
	trim(kv);
}

void kv_versions_free(struct kv *kv)
{
	struct kv_chunk *c;

	while ((c = kv->cache.oldest) != NULL) {
		unlink_used(kv, c);
		chunk_free(kv, c);
	}
	if (kv->cache.dirty == NULL) {
		free(kv->cache.buckets);
		kv->cache.buckets = NULL;
	}
}

/* ---- chunks --------------------------------------------------------------------- */

static enum saksi_err chunk_open(struct kv_chunk *c, struct kv *kv, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	enum saksi_err rc;
	unsigned i;

	kv_scratch(&kv->plain);
	rc = kv_unseal_raw(&kv->plain, kv, KV_DB_VERSIONS, c->key, c->version, p, len,
	    NULL);
	if (rc == SAKSI_OK && kv->plain.len != CHUNK_BYTES)
		rc = SAKSI_EDAMAGED;
	if (rc == SAKSI_EAUTH || rc == SAKSI_EDAMAGED)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": version list %llx was altered, moved or put back; run "
		    "`saksi verify`; go back to a copy, or to a device of the team",
		    (unsigned long long)c->key);
	if (rc != SAKSI_OK)
		return saksi_fail_nomem(err);
	for (i = 0; i < CHUNK_ENTRIES; i++)
		c->entry[i] = le32_get(kv->plain.p + 4 * (size_t)i);
	return SAKSI_OK;
}

static enum saksi_err chunk_get(struct kv_chunk **out, struct kv_txn *txn, uint64_t key,
    uint32_t version, struct saksi_error *err)
{
	struct kv *kv = txn->kv;
	struct kv_chunk *c = cache_find(kv, key, version);
	enum saksi_err rc;
	bool found;

	*out = c;
	if (c != NULL)
		return SAKSI_OK;
	kv_scratch(&kv->older);
	rc = kv_read_sealed(&kv->older, &found, txn, KV_DB_VERSIONS, key, err);
	if (rc != SAKSI_OK)
		return rc;
	if (!found)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": version list %llx is missing; run `saksi verify`, restore a "
		    "backup",
		    (unsigned long long)key);
	c = cache_new(kv, key, version);
	if (c == NULL)
		return saksi_fail_nomem(err);
	rc = chunk_open(c, kv, kv->older.p, kv->older.len, err);
	if (rc != SAKSI_OK) {
		chunk_free(kv, c);
		return rc;
	}
	link_used(kv, c);
	*out = c;
	return SAKSI_OK;
}

/*
 * The version of chunk (level, index): 0 when there is none, and then
 * ${*hole} numbers from there on have no chunk either.
 */
static enum saksi_err find_chunk(struct kv_txn *txn, unsigned table, unsigned level,
    uint64_t index, uint32_t *version, uint64_t *hole, struct saksi_error *err)
{
	const struct kv_table_state *t = &txn->meta.t[table];
	uint64_t number;
	struct kv_chunk *c;
	enum saksi_err rc;
	unsigned at;

	*version = 0;
	*hole = UINT64_MAX;
	if (level >= t->height || index > KV_NUMBER_MAX / span(level))
		return SAKSI_OK;
	number = index * span(level);
	if (number / span(t->height - 1u) > 0)
		return SAKSI_OK;
	*version = t->root;
	for (at = t->height - 1u; at > level && *version != 0; at--) {
		rc = chunk_get(&c, txn, kv_chunk_key(table, at, number / span(at)),
		    *version, err);
		if (rc != SAKSI_OK)
			return rc;
		*version = c->entry[number / span(at - 1) % CHUNK_ENTRIES];
	}
	*hole = span(at) - number % span(at);
	return SAKSI_OK;
}

enum saksi_err kv_chunk_version(struct kv_txn *txn, unsigned table, unsigned level,
    uint64_t index, uint32_t *version, struct saksi_error *err)
{
	uint64_t hole;

	return find_chunk(txn, table, level, index, version, &hole, err);
}

enum saksi_err kv_chunks_count(struct kv_txn *txn, unsigned table, uint64_t *count,
    struct saksi_error *err)
{
	uint64_t end = txn->meta.t[table].next;
	uint64_t number;
	uint64_t hole;
	enum saksi_err rc;
	uint32_t version;
	unsigned level;

	*count = 0;
	for (level = 0; level < txn->meta.t[table].height; level++) {
		for (number = 0; number < end; number += hole) {
			rc = find_chunk(txn, table, level, number / span(level), &version,
			    &hole, err);
			if (rc != SAKSI_OK)
				return rc;
			if (version != 0) {
				++*count;
				hole = span(level);
			} else if (hole > end) {
				break;
			}
		}
	}
	return SAKSI_OK;
}

/*
 * The level-0 chunk that holds ${n}, NULL when there is none: then ${*hole}
 * numbers from the start of its place on have none.
 */
static enum saksi_err leaf_get(struct kv_chunk **out, uint64_t *hole, struct kv_txn *txn,
    unsigned table, uint64_t n, struct saksi_error *err)
{
	uint64_t index = n / CHUNK_ENTRIES;
	enum saksi_err rc;
	uint32_t version;

	*out = NULL;
	rc = find_chunk(txn, table, 0, index, &version, hole, err);
	if (rc != SAKSI_OK || version == 0)
		return rc;
	return chunk_get(out, txn, kv_chunk_key(table, 0, index), version, err);
}

enum saksi_err kv_version_get(struct kv_txn *txn, unsigned table, uint64_t n,
    uint32_t *entry, struct saksi_error *err)
{
	struct kv_chunk *c;
	enum saksi_err rc;
	uint64_t hole;

	*entry = 0;
	rc = leaf_get(&c, &hole, txn, table, n, err);
	if (rc == SAKSI_OK && c != NULL)
		*entry = c->entry[n % CHUNK_ENTRIES];
	return rc;
}

/* The first number >= ${*n} in its chunk that is there. */
static bool first_there(const struct kv_chunk *c, uint64_t *n)
{
	uint64_t i;

	for (i = *n % CHUNK_ENTRIES; i < CHUNK_ENTRIES; i++) {
		if (version_there(c->entry[i])) {
			*n += i - *n % CHUNK_ENTRIES;
			return true;
		}
	}
	return false;
}

enum saksi_err kv_version_next(struct kv_txn *txn, unsigned table, uint64_t *n,
    uint32_t *entry, bool *found, struct saksi_error *err)
{
	uint64_t end = txn->meta.t[table].next;
	uint64_t at = *n;
	struct kv_chunk *c;
	enum saksi_err rc;
	uint64_t hole;

	*found = false;
	while (at < end) {
		rc = leaf_get(&c, &hole, txn, table, at, err);
		if (rc != SAKSI_OK)
			return rc;
		if (c != NULL && first_there(c, &at)) {
			*n = at;
			*entry = c->entry[at % CHUNK_ENTRIES];
			*found = at < end;
			return SAKSI_OK;
		}
		if (c == NULL && hole > end)
			return SAKSI_OK;
		at -= at % CHUNK_ENTRIES;
		at += c == NULL ? hole : CHUNK_ENTRIES;
	}
	return SAKSI_OK;
}

/* ---- changes ---------------------------------------------------------------------- */

uint32_t kv_version_new(uint32_t old)
{
	uint32_t version;

	do {
		crypto_random(&version, sizeof(version));
		version &= VERSION_MAX;
	} while (version == 0 || version == (old & VERSION_MAX));
	return version;
}

/*
 * The chunk at ${key} for writing.  ${*version} is its version in the chunk
 * above (0: make it) and becomes the new one.
 */
static enum saksi_err chunk_touch(struct kv_chunk **out, struct kv_txn *txn, uint64_t key,
    uint32_t *version, struct saksi_error *err)
{
	struct kv *kv = txn->kv;
	struct kv_chunk *old = NULL;
	struct kv_chunk *c;
	enum saksi_err rc;
	uint32_t fresh;

	if (*version != 0) {
		rc = chunk_get(&old, txn, key, *version, err);
		if (rc != SAKSI_OK)
			return rc;
		*out = old;
		if (is_dirty(old))
			return SAKSI_OK;
		/* cache_new() frees clean chunks, but not the last of those that it spares. */
		unlink_used(kv, old);
		link_used(kv, old);
		old->asked = true;
	}
	fresh = kv_version_new(*version);
	c = cache_new(kv, key, fresh);
	if (c == NULL)
		return saksi_fail_nomem(err);
	if (old != NULL)
		memcpy(c->entry, old->entry, sizeof(c->entry));
	mark_dirty(kv, c);
	txn->changed = true;
	txn->dirty += 4096;
	*version = fresh;
	*out = c;
	return SAKSI_OK;
}

/* One more level on top, until ${n} has a place. */
static enum saksi_err grow(struct kv_txn *txn, unsigned table, uint64_t n,
    struct saksi_error *err)
{
	struct kv_table_state *t = &txn->meta.t[table];
	struct kv_chunk *c;
	enum saksi_err rc;
	uint32_t version;

	while (t->height == 0 || n / span(t->height - 1u) > 0) {
		if (t->height == HEIGHT_MAX)
			return saksi_fail(err, SAKSI_ELIMIT,
			    KV_FILE_NAME
			    ": the number of values in table %u is at its limit",
			    table);
		version = 0;
		rc = chunk_touch(&c, txn, kv_chunk_key(table, t->height, 0), &version,
		    err);
		if (rc != SAKSI_OK)
			return rc;
		c->entry[0] = t->root;
		t->root = version;
		t->height++;
	}
	return SAKSI_OK;
}

enum saksi_err kv_version_set(struct kv_txn *txn, unsigned table, uint64_t n,
    uint32_t entry, struct saksi_error *err)
{
	struct kv_table_state *t = &txn->meta.t[table];
	uint32_t *version;
	struct kv_chunk *c;
	enum saksi_err rc;
	unsigned level;

	rc = grow(txn, table, n, err);
	if (rc != SAKSI_OK)
		return rc;
	version = &t->root;
	for (level = t->height; level-- > 0;) {
		rc = chunk_touch(&c, txn, kv_chunk_key(table, level, n / span(level)),
		    version, err);
		if (rc != SAKSI_OK)
			return rc;
		version = &c->entry[level > 0 ? n / span(level - 1) % CHUNK_ENTRIES
					      : n % CHUNK_ENTRIES];
	}
	*version = entry;
	return SAKSI_OK;
}

enum saksi_err kv_versions_gone(struct kv_txn *txn, unsigned table,
    struct saksi_error *err)
{
	enum saksi_err rc;
	uint32_t entry;
	bool found;
	uint64_t n;

	for (n = txn->meta.t[table].first;; n++) {
		rc = kv_version_next(txn, table, &n, &entry, &found, err);
		if (rc != SAKSI_OK || !found)
			return rc;
		rc = kv_version_set(txn, table, n, entry | VERSION_GONE, err);
		if (rc != SAKSI_OK)
			return rc;
	}
}

enum saksi_err kv_versions_flush(struct kv_txn *txn, struct saksi_error *err)
{
	uint8_t plain[CHUNK_BYTES];
	struct kv *kv = txn->kv;
	struct kv_chunk *c;
	enum saksi_err rc;
	unsigned i;

	for (c = kv->cache.dirty; c != NULL; c = c->newer) {
		for (i = 0; i < CHUNK_ENTRIES; i++)
			le32_put(plain + 4 * (size_t)i, c->entry[i]);
		rc = kv_seal_raw(kv, KV_DB_VERSIONS, c->key, c->version, plain,
		    sizeof(plain), err);
		if (rc == SAKSI_OK)
			rc = kv_db_write(txn, KV_DB_VERSIONS, c->key,
			    kv->sealed.p + KV_SET_HEAD, kv->sealed.len - KV_SET_HEAD,
			    err);
		if (rc != SAKSI_OK)
			return rc;
	}
	return SAKSI_OK;
}
