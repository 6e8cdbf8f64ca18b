#include <string.h>

#include "kv_int.h"

/*
 * A sealed value:  suite (1) || nonce (24) || ciphertext || tag (16)
 * Its plain bytes are a frame:  codec (1) || length (4) || bytes || zeros
 *
 * Frames have few lengths, chosen by what LMDB makes of them on 4 KiB pages: of
 * the short ones 16, 14, 12, 10, 8, 7, 6, 5, 4, 3 or 2 fill a page, the others
 * whole pages, to which LMDB rounds up anyway.
 */
#define SUITE_BYTES 1u
#define FRAME_HEAD 5u
#define PAGE 4096u
#define PAGE_LOSS 57u /* LMDB's header 16, suite 1, nonce 24, tag 16 */

#define SCRATCH_MAX ((size_t)64 << 10)

enum codec { CODEC_RAW = 0, CODEC_ZSTD = 1, CODEC_SHORT = 2 };

static const uint16_t in_page[] = {195, 231, 281, 349, 451, 523, 621, 757, 961, 1301,
    1980};
#define IN_PAGE (sizeof(in_page) / sizeof(in_page[0]))

#define AD_BYTES 47u
static const uint8_t ad_tag[10] = "saksi1\0kv";

static const char *const key_tags[KV_DBS] = {
    [KV_DB_META] = "kv/meta",
    [KV_RECORDS] = "kv/records",
    [KV_LOG] = "kv/log",
    [KV_HELD] = "kv/held",
    [KV_LOCAL] = "kv/local",
    [KV_INDEX] = "kv/index",
    [KV_TAIL] = "kv/tail",
    [KV_BRANCH] = "kv/branch",
    [KV_DB_VERSIONS] = "kv/versions",
};

bool kv_db_used(unsigned db)
{
	return db < KV_DBS && key_tags[db] != NULL;
}

enum saksi_err kv_keys_make(struct kv *kv, const struct secret *vault_key,
    struct saksi_error *err)
{
	enum saksi_err rc;
	unsigned db;

	for (db = 0; db < KV_DBS; db++) {
		if (!kv_db_used(db))
			continue;
		rc = crypto_kdf(&kv->keys[db], vault_key, key_tags[db], err);
		if (rc != SAKSI_OK)
			return rc;
	}
	return crypto_kdf(&kv->set_key, vault_key, "kv/set", err);
}

void kv_keys_drop(struct kv *kv)
{
	unsigned db;

	for (db = 0; db < KV_DBS; db++)
		secret_free(&kv->keys[db]);
	secret_free(&kv->set_key);
}

/* The meta record tells the format itself, so its own binding leaves it out. */
static void make_ad(uint8_t ad[AD_BYTES], const struct kv *kv, unsigned db, uint64_t n,
    uint64_t version)
{
	memcpy(ad, ad_tag, 10);
	le32_put(ad + 10, db == KV_DB_META ? 0 : kv->format);
	memcpy(ad + 14, kv->vault_id, VAULT_ID);
	ad[30] = (uint8_t)db;
	le64_put(ad + 31, n);
	le64_put(ad + 39, version);
}

/* ---- sealing ---------------------------------------------------------------- */

/* buf_reset() wipes the whole block: too slow here after one long value. */
void kv_scratch(struct buf *b)
{
	if (b->failed || b->cap > SCRATCH_MAX) {
		buf_free(b);
	} else if (b->len > 0) {
		wipe(b->p, b->len);
		b->len = 0;
	}
}

void kv_set_head(struct buf *b, unsigned db, uint64_t n)
{
	kv_scratch(b);
	buf_add_byte(b, (uint8_t)db);
	buf_le64(b, n);
}

enum saksi_err kv_seal_raw(struct kv *kv, unsigned db, uint64_t n, uint64_t version,
    const void *plain, size_t len, struct saksi_error *err)
{
	uint8_t ad[AD_BYTES];

	make_ad(ad, kv, db, n, version);
	kv_set_head(&kv->sealed, db, n);
	buf_add_byte(&kv->sealed, CRYPTO_SUITE);
	return crypto_seal(&kv->sealed, secret_view(kv->keys[db]), ad, sizeof(ad), plain,
	    len, err);
}

enum saksi_err kv_unseal_raw(struct buf *out, const struct kv *kv, unsigned db,
    uint64_t n, uint64_t version, const uint8_t *p, size_t len, struct saksi_error *err)
{
	uint8_t ad[AD_BYTES];
	enum saksi_err rc;

	if (len < SUITE_BYTES + CRYPTO_SEAL_OVERHEAD || p[0] != CRYPTO_SUITE)
		return saksi_fail(err, SAKSI_EAUTH,
		    KV_FILE_NAME
		    ": value %llu of table %u is damaged, or sealed in a way that "
		    "this saksi does not know; run `saksi verify`",
		    (unsigned long long)n, db);
	make_ad(ad, kv, db, n, version);
	rc = crypto_open(out, secret_view(kv->keys[db]), ad, sizeof(ad), p + SUITE_BYTES,
	    len - SUITE_BYTES, NULL);
	if (rc == SAKSI_EAUTH)
		return saksi_fail(err, rc,
		    KV_FILE_NAME
		    ": value %llu of table %u was altered, moved or put back; run "
		    "`saksi verify`; go back to a copy, or to a device of the team",
		    (unsigned long long)n, db);
	if (rc != SAKSI_OK)
		return saksi_fail_nomem(err);
	return SAKSI_OK;
}

/* ---- bindings computed back --------------------------------------------------- */

/* The block of the binding that holds most of the number, and the version. */
#define UNKNOWN_AT 32u
#define VERSION_AT 7u /* in that block */

struct unbind {
	unsigned db;
	bool known; /* the number is */
	uint64_t n;
	uint64_t version;
};

static bool possible_number(unsigned db, uint64_t n)
{
	uint64_t index;
	unsigned table, level;

	if (db == KV_DB_META)
		return n == 0;
	if (db != KV_DB_VERSIONS)
		return n < KV_NUMBER_MAX;
	kv_chunk_split(n, &table, &level, &index);
	return table >= 1 && table < KV_TABLE_END && level < 4 &&
	    index <= KV_NUMBER_MAX / CHUNK_ENTRIES;
}

static bool accept_binding(void *ctx, uint8_t before, const uint8_t block[16])
{
	struct unbind *u = ctx;
	uint8_t number[8];
	uint64_t version;

	version = le64_get(block + VERSION_AT);
	if (block[15] != 0 || version == 0 ||
	    version > (u->db == KV_DB_META ? UINT64_C(1) << 40 : VERSION_MAX))
		return false;
	if (u->known) {
		if (memcmp(block, (const uint8_t[VERSION_AT]){0}, VERSION_AT) != 0)
			return false;
	} else {
		number[0] = before;
		memcpy(number + 1, block, VERSION_AT);
		if (!possible_number(u->db, le64_get(number)))
			return false;
		u->n = le64_get(number);
	}
	u->version = version;
	return true;
}

bool kv_unbind(struct kv *kv, unsigned db, bool known, uint64_t *n, uint64_t *version,
    const uint8_t *p, size_t len)
{
	struct unbind u = {.db = db, .known = known, .n = *n};
	uint8_t ad[AD_BYTES];

	if (len < SUITE_BYTES + CRYPTO_SEAL_OVERHEAD || p[0] != CRYPTO_SUITE ||
	    (known && !possible_number(db, *n)))
		return false;
	make_ad(ad, kv, db, known ? *n : 0, 0);
	if (!crypto_solve_ad(secret_view(kv->keys[db]), ad, sizeof(ad), UNKNOWN_AT,
		!known, p + SUITE_BYTES, len - SUITE_BYTES, accept_binding, &u))
		return false;
	*n = u.n;
	*version = u.version;
	return true;
}

/* ---- frames ------------------------------------------------------------------ */

size_t kv_frame_len(size_t len)
{
	size_t need = len + FRAME_HEAD;

	for (size_t i = 0; i < IN_PAGE; i++)
		if (need <= in_page[i])
			return in_page[i];
	return (need + PAGE_LOSS + PAGE - 1) / PAGE * PAGE - PAGE_LOSS;
}

/* Compressed, if that saves a step; the body's length, or 0. */
static size_t pack(struct kv *kv, uint8_t *body, const void *plain, size_t len,
    enum codec *codec)
{
	size_t n;

	*codec = len <= KV_DICT_MAX ? CODEC_SHORT : CODEC_ZSTD;
	if (kv_frame_len(len) == in_page[0])
		return 0;
	n = *codec == CODEC_SHORT ? kv_zstd_pack_short(kv->zstd, body, len, plain, len)
				  : kv_zstd_pack(kv->zstd, body, len, plain, len);
	return n > 0 && kv_frame_len(n) < kv_frame_len(len) ? n : 0;
}

enum saksi_err kv_seal_value(struct kv *kv, unsigned db, uint64_t n, uint64_t version,
    const void *plain, size_t len, struct saksi_error *err)
{
	size_t room = kv_frame_len(len);
	enum codec codec = CODEC_RAW;
	uint8_t *frame;
	size_t body;

	kv_scratch(&kv->plain);
	frame = buf_reserve(&kv->plain, room);
	if (frame == NULL) {
		buf_free(&kv->plain);
		return saksi_fail_nomem(err);
	}
	kv->plain.len = room; /* from here on kv_scratch() wipes it */
	body = db == KV_INDEX ? 0 : pack(kv, frame + FRAME_HEAD, plain, len, &codec);
	frame[0] = body > 0 ? (uint8_t)codec : CODEC_RAW;
	if (body == 0) {
		body = len;
		if (len > 0)
			memcpy(frame + FRAME_HEAD, plain, len);
	}
	le32_put(frame + 1, (uint32_t)len);
	memset(frame + FRAME_HEAD + body, 0, room - FRAME_HEAD - body);
	return kv_seal_raw(kv, db, n, version, frame, kv_frame_len(body), err);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

static bool unpack(struct buf *out, struct kv_zstd *zstd, uint8_t *frame, size_t n)
{
	size_t len;
	uint8_t *where;
	bool good;

	if (n < FRAME_HEAD)
		return false;
	len = le32_get(frame + 1);
	if (len > KV_VALUE_MAX)
		return false;
	if (frame[0] == CODEC_RAW) {
		if (len > n - FRAME_HEAD ||
		    !all_zero(frame + FRAME_HEAD + len, n - FRAME_HEAD - len))
			return false;
		buf_add(out, frame + FRAME_HEAD, len);
		return true;
	}
	if (frame[0] != CODEC_ZSTD && frame[0] != CODEC_SHORT)
		return false;
	if (frame[0] == CODEC_SHORT && !kv_zstd_ready(zstd)) {
		out->failed = true; /* which is told as want of memory */
		return true;
	}
	where = buf_reserve(out, len);
	if (where == NULL)
		return out->failed;
	/* The length is read: its four bytes make room for those left out. */
	good = frame[0] == CODEC_ZSTD
	    ? kv_zstd_unpack(zstd, where, len, frame + FRAME_HEAD, n - FRAME_HEAD)
	    : kv_zstd_unpack_short(zstd, where, len, frame + FRAME_HEAD - 4,
		  n - FRAME_HEAD + 4);
	if (!good) {
		wipe(where, len);
		return false;
	}
	out->len += len;
	return true;
}

enum saksi_err kv_unseal_apart(struct buf *out, const struct kv *kv, struct kv_zstd *own,
    struct buf *frame, unsigned db, uint64_t n, uint64_t version, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	enum saksi_err rc;

	kv_scratch(frame);
	rc = kv_unseal_raw(frame, kv, db, n, version, p, len, err);
	if (rc != SAKSI_OK)
		return rc;
	if (!unpack(out, own, frame->p, frame->len))
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": value %llu of table %u opens but holds no frame that this "
		    "saksi knows; use a newer version",
		    (unsigned long long)n, db);
	return buf_ok(out, err);
}

enum saksi_err kv_unseal_value(struct buf *out, struct kv *kv, unsigned db, uint64_t n,
    uint64_t version, const uint8_t *p, size_t len, struct saksi_error *err)
{
	return kv_unseal_apart(out, kv, kv->zstd, &kv->plain, db, n, version, p, len, err);
}

/* ---- set hash ----------------------------------------------------------------- */

static void item_hash(const struct kv *kv, uint8_t out[KV_HASH], const struct buf *headed)
{
	crypto_prf(out, KV_HASH, secret_view(kv->set_key), "kv/set", headed->p,
	    headed->len);
}

void kv_set_add(struct kv *kv, uint8_t set[KV_HASH], const struct buf *headed)
{
	uint8_t h[KV_HASH];
	unsigned carry = 0;
	unsigned i;

	item_hash(kv, h, headed);
	for (i = 0; i < KV_HASH; i++) {
		carry += (unsigned)set[i] + h[i];
		set[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

void kv_set_sub(struct kv *kv, uint8_t set[KV_HASH], const struct buf *headed)
{
	uint8_t h[KV_HASH];
	unsigned borrow = 0;
	unsigned i;

	item_hash(kv, h, headed);
	for (i = 0; i < KV_HASH; i++) {
		borrow = (unsigned)set[i] - h[i] - borrow;
		set[i] = (uint8_t)borrow;
		borrow = borrow >> 8 & 1u;
	}
}
