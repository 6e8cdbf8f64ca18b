/* items.c - the items of a container as bytes. */
/* What zstd works with holds record text: it is wiped with our allocator. */
#define ZSTD_STATIC_LINKING_ONLY

#include "items.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include <saksi/base/wiping.h>

#define MANIFEST_VERSION 1u
#define METHOD_RAW 0u
#define METHOD_ZSTD 1u
#define CHANGE_HEAD 5u
#define ZSTD_LEVEL 3

/* ---- M3 manifest ---------------------------------------------------------------- */

static void manifest_body(struct buf *b, const struct manifest *m)
{
	mp_array(b, 11);
	mp_uint(b, MANIFEST_VERSION);
	mp_uint(b, m->carrier);
	mp_bin(b, m->space.b, sizeof(m->space.b));
	mp_bin(b, m->coll, sizeof(m->coll));
	mp_bin(b, m->epoch.b, sizeof(m->epoch.b));
	mp_bin(b, m->sealer.b, sizeof(m->sealer.b));
	mp_uint(b, m->counter);
	mp_uint(b, m->height);
	mp_uint(b, (uint64_t)m->made_us);
	mp_bin(b, m->nonce, sizeof(m->nonce));
	mp_bin(b, m->header, sizeof(m->header));
}

void manifest_write(struct buf *out, struct manifest *m, const struct secret *sign_sk)
{
	struct buf body = BUF_INIT;

	manifest_body(&body, m);
	crypto_hash_of(&m->hash, "manifest", body.p, body.len);
	crypto_sign_hash(m->sig, sign_sk, "manifest-sig", &m->hash);
	mp_array(out, 2);
	mp_bin(out, body.p, body.len);
	mp_bin(out, m->sig, sizeof(m->sig));
	out->failed = out->failed || body.failed;
	buf_free(&body);
}

static enum saksi_err manifest_body_read(struct manifest *m, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	uint64_t version, carrier, made;

	mp_read_init(&r, p, n);
	mp_expect_array(&r, 11);
	version = mp_read_uint(&r);
	carrier = mp_read_uint(&r);
	if (!r.failed &&
	    (version != MANIFEST_VERSION || carrier < CARRIER_BUNDLE ||
		carrier > CARRIER_DIRECTORY))
		return saksi_fail(err, SAKSI_ENEWER,
		    "bundle: made by a newer version of saksi; update this one");
	m->carrier = (unsigned)carrier;
	mp_read_fixed(&r, m->space.b, sizeof(m->space.b));
	mp_read_fixed(&r, m->coll, sizeof(m->coll));
	mp_read_fixed(&r, m->epoch.b, sizeof(m->epoch.b));
	mp_read_fixed(&r, m->sealer.b, sizeof(m->sealer.b));
	m->counter = mp_read_uint(&r);
	m->height = mp_read_uint(&r);
	made = mp_read_uint(&r);
	m->made_us = made <= (uint64_t)INT64_MAX ? (int64_t)made : INT64_MAX;
	mp_read_fixed(&r, m->nonce, sizeof(m->nonce));
	mp_read_fixed(&r, m->header, sizeof(m->header));
	crypto_hash_of(&m->hash, "manifest", p, n);
	return mp_done(&r, "manifest", err);
}

enum saksi_err manifest_read(struct manifest *m, const void *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	const uint8_t *body = NULL;
	size_t len;
	enum saksi_err rc;

	memset(m, 0, sizeof(*m));
	mp_read_init(&r, p, n);
	mp_expect_array(&r, 2);
	len = mp_read_bin(&r, &body);
	mp_read_fixed(&r, m->sig, sizeof(m->sig));
	rc = mp_done(&r, "manifest", err);
	return rc == SAKSI_OK ? manifest_body_read(m, body, len, err) : rc;
}

bool manifest_signed_by(const struct manifest *m, const uint8_t pk[CRYPTO_KEY])
{
	return crypto_verify_hash(m->sig, pk, "manifest-sig", &m->hash, NULL) == SAKSI_OK;
}

/* ---- M4 frontier ---------------------------------------------------------------- */

static void short_id(uint8_t out[FRONTIER_SHORT], const struct frontier *f,
    const char *tag, const struct saksi_hash *id)
{
	uint8_t full[16];

	crypto_prf(full, sizeof(full), f->key, tag, id->b, sizeof(id->b));
	memcpy(out, full, FRONTIER_SHORT);
}

void frontier_log(uint8_t out[FRONTIER_SHORT], const struct frontier *f,
    const struct saksi_hash *log)
{
	short_id(out, f, "frontier-log", log);
}

void frontier_id(uint8_t out[FRONTIER_SHORT], const struct frontier *f,
    const struct saksi_hash *id)
{
	short_id(out, f, "frontier-head", id);
}

void frontier_digest(struct saksi_hash *out, const struct frontier *f,
    const struct saksi_hash *ids, size_t n)
{
	crypto_prf(out->b, sizeof(out->b), f->key, "frontier-all", ids, n * sizeof(*ids));
}

void frontier_free(struct frontier *f)
{
	free(f->list);
	memset(f, 0, sizeof(*f));
}

void frontier_write(struct buf *out, const struct frontier *f)
{
	mp_array(out, 3);
	mp_bin(out, f->key, sizeof(f->key));
	mp_bin(out, f->digest.b, sizeof(f->digest.b));
	mp_array(out, (uint32_t)f->n);
	for (size_t i = 0; i < f->n; i++) {
		mp_array(out, 3);
		mp_bin(out, f->list[i].log, FRONTIER_SHORT);
		mp_uint(out, f->list[i].seq);
		mp_bin(out, f->list[i].head, FRONTIER_SHORT);
	}
}

enum saksi_err frontier_read(struct frontier *f, const void *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	uint32_t heads;
	enum saksi_err rc;

	memset(f, 0, sizeof(*f));
	mp_read_init(&r, p, n);
	mp_expect_array(&r, 3);
	mp_read_fixed(&r, f->key, sizeof(f->key));
	mp_read_fixed(&r, f->digest.b, sizeof(f->digest.b));
	heads = mp_read_array(&r);
	if (heads > FRONTIER_HEADS_MAX)
		mp_fail(&r, "too many heads");
	if (!r.failed && heads > 0) {
		f->list = calloc(heads, sizeof(*f->list));
		if (f->list == NULL)
			return saksi_fail_nomem(err);
	}
	for (; f->n < heads && !r.failed; f->n++) {
		mp_expect_array(&r, 3);
		mp_read_fixed(&r, f->list[f->n].log, FRONTIER_SHORT);
		f->list[f->n].seq = mp_read_uint(&r);
		mp_read_fixed(&r, f->list[f->n].head, FRONTIER_SHORT);
	}
	rc = mp_done(&r, "frontier", err);
	if (rc != SAKSI_OK)
		frontier_free(f);
	return rc;
}

/* ---- M5 changeset --------------------------------------------------------------- */

/* Out of memory is not the same as bytes that are no frame. */
static bool short_of_memory(size_t rc)
{
	return ZSTD_isError(rc) && ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation;
}

static size_t pack(uint8_t *out, size_t cap, const uint8_t *p, size_t n)
{
	struct wiping mem = WIPING_INIT;
	ZSTD_CCtx *z =
	    ZSTD_createCCtx_advanced((ZSTD_customMem){wiping_take, wiping_give, &mem});
	size_t rc = z == NULL ? (size_t)-ZSTD_error_memory_allocation
			      : ZSTD_compressCCtx(z, out, cap, p, n, ZSTD_LEVEL);

	(void)ZSTD_freeCCtx(z);
	return rc;
}

static size_t unpack(uint8_t *out, size_t len, const uint8_t *p, size_t n)
{
	struct wiping mem = WIPING_INIT;
	ZSTD_DCtx *z =
	    ZSTD_createDCtx_advanced((ZSTD_customMem){wiping_take, wiping_give, &mem});
	size_t rc = z == NULL ? (size_t)-ZSTD_error_memory_allocation
			      : ZSTD_decompressDCtx(z, out, len, p, n);

	(void)ZSTD_freeDCtx(z);
	return rc;
}

enum saksi_err change_write(struct buf *out, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	size_t bound = ZSTD_compressBound(n), packed = n;
	uint8_t *at;

	if (n > CHANGESET_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "bundle: a changeset is too long");
	at = buf_reserve(out, CHANGE_HEAD + bound);
	if (at == NULL)
		return saksi_fail_nomem(err);
	packed = pack(at + CHANGE_HEAD, bound, p, n);
	if (short_of_memory(packed))
		return saksi_fail_nomem(err);
	if (ZSTD_isError(packed) || packed >= n) {
		at[0] = METHOD_RAW;
		memcpy(at + CHANGE_HEAD, p, n);
		packed = n;
	} else {
		at[0] = METHOD_ZSTD;
	}
	le32_put(at + 1, (uint32_t)n);
	out->len += CHANGE_HEAD + packed;
	return SAKSI_OK;
}

enum saksi_err change_read(struct buf *out, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	uint32_t len = n < CHANGE_HEAD ? 0 : le32_get(p + 1);
	size_t got;
	uint8_t *at;

	if (n < CHANGE_HEAD || len == 0 || len > CHANGESET_MAX || p[0] > METHOD_ZSTD)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "bundle: an item is not well-formed");
	if (p[0] == METHOD_RAW) {
		if (n - CHANGE_HEAD != len)
			return saksi_fail(err, SAKSI_EFORMAT,
			    "bundle: an item is not as long as it says");
		buf_add(out, p + CHANGE_HEAD, len);
		return buf_ok(out, err);
	}
	at = buf_reserve(out, len);
	if (at == NULL)
		return saksi_fail_nomem(err);
	got = unpack(at, len, p + CHANGE_HEAD, n - CHANGE_HEAD);
	if (short_of_memory(got))
		return saksi_fail_nomem(err);
	if (got != len)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "bundle: an item does not decompress to what it says");
	out->len += len;
	return SAKSI_OK;
}

/* ---- M6 end --------------------------------------------------------------------- */

void running_add(struct crypto_hash_state *st, unsigned type, const void *p, size_t n)
{
	uint8_t head[5];

	head[0] = (uint8_t)type;
	le32_put(head + 1, (uint32_t)n);
	crypto_hash_add(st, head, sizeof(head));
	crypto_hash_add(st, p, n);
}

static void end_hash(struct saksi_hash *out, const struct content_end *e,
    const struct manifest *m)
{
	struct crypto_hash_state st;
	uint8_t count[8];

	le64_put(count, e->count);
	crypto_hash_init(&st, "content-end");
	crypto_hash_add(&st, m->hash.b, sizeof(m->hash.b));
	crypto_hash_add(&st, count, sizeof(count));
	crypto_hash_add(&st, e->running.b, sizeof(e->running.b));
	crypto_hash_final(&st, out);
}

void end_write(struct buf *out, struct content_end *e, const struct manifest *m,
    const struct secret *sign_sk)
{
	struct saksi_hash h;

	end_hash(&h, e, m);
	crypto_sign_hash(e->sig, sign_sk, "content-sig", &h);
	mp_array(out, 3);
	mp_uint(out, e->count);
	mp_bin(out, e->running.b, sizeof(e->running.b));
	mp_bin(out, e->sig, sizeof(e->sig));
}

enum saksi_err end_read(struct content_end *e, const void *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;

	memset(e, 0, sizeof(*e));
	mp_read_init(&r, p, n);
	mp_expect_array(&r, 3);
	e->count = mp_read_uint(&r);
	mp_read_fixed(&r, e->running.b, sizeof(e->running.b));
	mp_read_fixed(&r, e->sig, sizeof(e->sig));
	return mp_done(&r, "end of a bundle", err);
}

bool end_signed_by(const struct content_end *e, const struct manifest *m,
    const uint8_t pk[CRYPTO_KEY])
{
	struct saksi_hash h;

	end_hash(&h, e, m);
	return crypto_verify_hash(e->sig, pk, "content-sig", &h, NULL) == SAKSI_OK;
}
