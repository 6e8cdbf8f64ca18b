/*
 * crypto.c - hashes, seals, signatures, boxes and streams by libsodium.
 *
 * The functions without a result stop the process when they are called
 * against their contract: a wrong hash or key must never be used in silence.
 */
#include <saksi/keys/crypto.h>

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define PREFIX "saksi1"
#define PREFIX_LEN sizeof(PREFIX) /* with its 00 byte */
#define TAG_MAX 64u
#define SEALED_BOX_OVERHEAD crypto_box_curve25519xchacha20poly1305_SEALBYTES

_Static_assert(CRYPTO_KEY == crypto_generichash_KEYBYTES, "BLAKE2b key size");
_Static_assert(CRYPTO_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "AEAD key");
_Static_assert(CRYPTO_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(CRYPTO_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "AEAD tag");
_Static_assert(CRYPTO_SIG == crypto_sign_ed25519_BYTES, "signature");
_Static_assert(CRYPTO_SIGN_SK == crypto_sign_ed25519_SECRETKEYBYTES, "signing key");
_Static_assert(CRYPTO_KEY == crypto_sign_ed25519_PUBLICKEYBYTES, "Ed25519 key");
_Static_assert(CRYPTO_KEY == crypto_box_curve25519xchacha20poly1305_PUBLICKEYBYTES,
    "X25519 public key");
_Static_assert(CRYPTO_KEY == crypto_box_curve25519xchacha20poly1305_SECRETKEYBYTES,
    "X25519 secret key");
_Static_assert(sizeof(((struct crypto_hash_state *)NULL)->opaque) >=
	sizeof(crypto_generichash_state),
    "opaque hash state is large enough");
_Static_assert(_Alignof(struct crypto_hash_state) >= _Alignof(crypto_generichash_state),
    "opaque hash state is aligned");

void crypto_random(void *out, size_t n)
{
	randombytes_buf(out, n);
}

/* ---- BLAKE2b ------------------------------------------------------------- */

static void must(int rc)
{
	if (rc != 0)
		abort();
}

static void hash_add(crypto_generichash_state *st, const void *p, size_t n)
{
	if (n > 0)
		must(crypto_generichash_update(st, p, n));
}

static void hash_start(crypto_generichash_state *st, const uint8_t *key, size_t outlen,
    const char *tag)
{
	must(crypto_generichash_init(st, key, key ? CRYPTO_KEY : 0, outlen));
	hash_add(st, PREFIX, PREFIX_LEN);
	hash_add(st, tag, strlen(tag) + 1);
}

static crypto_generichash_state *inner(struct crypto_hash_state *st)
{
	void *p = st; /* opaque is all there is in it */

	return p;
}

void crypto_hash_init(struct crypto_hash_state *st, const char *tag)
{
	hash_start(inner(st), NULL, sizeof(struct saksi_hash), tag);
}

void crypto_hash_add(struct crypto_hash_state *st, const void *p, size_t n)
{
	hash_add(inner(st), p, n);
}

void crypto_hash_final(struct crypto_hash_state *st, struct saksi_hash *out)
{
	must(crypto_generichash_final(inner(st), out->b, sizeof(out->b)));
	wipe(st, sizeof(*st));
}

void crypto_hash_of(struct saksi_hash *out, const char *tag, const void *p, size_t n)
{
	struct crypto_hash_state st;

	crypto_hash_init(&st, tag);
	crypto_hash_add(&st, p, n);
	crypto_hash_final(&st, out);
}

void crypto_prf(uint8_t *out, size_t outlen, const uint8_t key[CRYPTO_KEY],
    const char *tag, const void *p, size_t n)
{
	crypto_generichash_state st;

	if (outlen < crypto_generichash_BYTES_MIN || outlen > crypto_generichash_BYTES_MAX)
		abort();
	hash_start(&st, key, outlen, tag);
	hash_add(&st, p, n);
	must(crypto_generichash_final(&st, out, outlen));
	wipe(&st, sizeof(st));
}

enum saksi_err crypto_kdf(struct secret **out, const struct secret *key, const char *tag,
    struct saksi_error *err)
{
	enum saksi_err rc;

	*out = NULL;
	if (secret_len(key) != CRYPTO_KEY)
		return saksi_fail(err, SAKSI_EINVAL, "key: not of %u bytes", CRYPTO_KEY);
	rc = secret_new(out, CRYPTO_KEY, err);
	if (rc == SAKSI_OK)
		crypto_prf(secret_bytes(*out), CRYPTO_KEY, secret_view(key), tag, NULL, 0);
	return rc;
}

int crypto_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

/* ---- sealing ------------------------------------------------------------- */

/* Room for n + extra bytes at the end of out, which grows only when done. */
static enum saksi_err make_room(uint8_t **at, struct buf *out, size_t n, size_t extra,
    struct saksi_error *err)
{
	*at = NULL;
	if (n > SIZE_MAX / 2)
		return saksi_fail(err, SAKSI_ELIMIT, "sealed value: too large");
	/* one more byte, so that an empty plaintext has an address as well */
	*at = buf_reserve(out, n + extra + 1);
	return *at ? SAKSI_OK : saksi_fail_nomem(err);
}

enum saksi_err crypto_seal(struct buf *out, const uint8_t key[CRYPTO_KEY], const void *ad,
    size_t adlen, const void *plain, size_t n, struct saksi_error *err)
{
	uint8_t *p;
	enum saksi_err rc = make_room(&p, out, n, CRYPTO_SEAL_OVERHEAD, err);

	if (rc != SAKSI_OK)
		return rc;
	crypto_random(p, CRYPTO_NONCE);
	must(crypto_aead_xchacha20poly1305_ietf_encrypt(p + CRYPTO_NONCE, NULL, plain, n,
	    ad, adlen, NULL, p, key));
	out->len += n + CRYPTO_SEAL_OVERHEAD;
	return SAKSI_OK;
}

enum saksi_err crypto_open(struct buf *out, const uint8_t key[CRYPTO_KEY], const void *ad,
    size_t adlen, const void *sealed, size_t n, struct saksi_error *err)
{
	const uint8_t *c = sealed;
	uint8_t *p;
	enum saksi_err rc;

	if (n < CRYPTO_SEAL_OVERHEAD)
		return saksi_fail(err, SAKSI_EAUTH, "sealed value: too short to be one");
	rc = make_room(&p, out, n - CRYPTO_SEAL_OVERHEAD, 0, err);
	if (rc != SAKSI_OK)
		return rc;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(p, NULL, NULL, c + CRYPTO_NONCE,
		n - CRYPTO_NONCE, ad, adlen, c, key) != 0)
		return saksi_fail(err, SAKSI_EAUTH,
		    "sealed value: altered, or sealed for another place or key");
	out->len += n - CRYPTO_SEAL_OVERHEAD;
	return SAKSI_OK;
}

/* ---- Ed25519 ------------------------------------------------------------- */

struct signed_text {
	uint8_t b[PREFIX_LEN + TAG_MAX + 1 + sizeof(struct saksi_hash)];
	size_t len;
};

static void signed_text(struct signed_text *t, const char *tag, const struct saksi_hash *h)
{
	size_t taglen = strlen(tag) + 1;

	if (taglen > TAG_MAX + 1)
		abort();
	memcpy(t->b, PREFIX, PREFIX_LEN);
	memcpy(t->b + PREFIX_LEN, tag, taglen);
	memcpy(t->b + PREFIX_LEN + taglen, h->b, sizeof(h->b));
	t->len = PREFIX_LEN + taglen + sizeof(h->b);
}

enum saksi_err crypto_sign_new(uint8_t pk[CRYPTO_KEY], struct secret **sk,
    struct saksi_error *err)
{
	enum saksi_err rc;

	*sk = NULL;
	rc = secret_new(sk, CRYPTO_SIGN_SK, err);
	if (rc == SAKSI_OK)
		must(crypto_sign_ed25519_keypair(pk, secret_bytes(*sk)));
	return rc;
}

void crypto_sign_hash(uint8_t sig[CRYPTO_SIG], const struct secret *sk, const char *tag,
    const struct saksi_hash *h)
{
	struct signed_text t;

	if (secret_len(sk) != CRYPTO_SIGN_SK)
		abort();
	signed_text(&t, tag, h);
	must(crypto_sign_ed25519_detached(sig, NULL, t.b, t.len, secret_view(sk)));
}

enum saksi_err crypto_verify_hash(const uint8_t sig[CRYPTO_SIG],
    const uint8_t pk[CRYPTO_KEY], const char *tag, const struct saksi_hash *h,
    struct saksi_error *err)
{
	struct signed_text t;

	signed_text(&t, tag, h);
	if (crypto_sign_ed25519_verify_detached(sig, t.b, t.len, pk) != 0)
		return saksi_fail(err, SAKSI_EAUTH, "signature: not made by this key");
	return SAKSI_OK;
}

/* ---- X25519 -------------------------------------------------------------- */

static enum saksi_err check_key(const struct secret *sk, struct saksi_error *err)
{
	if (secret_len(sk) != CRYPTO_KEY)
		return saksi_fail(err, SAKSI_EINVAL,
		    "box: the secret key has a wrong size");
	return SAKSI_OK;
}

enum saksi_err crypto_box_new(uint8_t pk[CRYPTO_KEY], struct secret **sk,
    struct saksi_error *err)
{
	enum saksi_err rc;

	*sk = NULL;
	rc = secret_new(sk, CRYPTO_KEY, err);
	if (rc == SAKSI_OK)
		must(crypto_box_curve25519xchacha20poly1305_keypair(pk,
		    secret_bytes(*sk)));
	return rc;
}

enum saksi_err crypto_sealed_box(struct buf *out, const uint8_t to_pk[CRYPTO_KEY],
    const void *plain, size_t n, struct saksi_error *err)
{
	uint8_t *p;
	enum saksi_err rc = make_room(&p, out, n, SEALED_BOX_OVERHEAD, err);

	if (rc != SAKSI_OK)
		return rc;
	if (crypto_box_curve25519xchacha20poly1305_seal(p, plain, n, to_pk) != 0)
		return saksi_fail(err, SAKSI_EINVAL, "box: the public key is not usable");
	out->len += n + SEALED_BOX_OVERHEAD;
	return SAKSI_OK;
}

enum saksi_err crypto_sealed_box_open(struct buf *out, const uint8_t my_pk[CRYPTO_KEY],
    const struct secret *my_sk, const void *boxed, size_t n, struct saksi_error *err)
{
	uint8_t *p = NULL;
	enum saksi_err rc = check_key(my_sk, err);

	if (rc != SAKSI_OK)
		return rc;
	if (n < SEALED_BOX_OVERHEAD)
		return saksi_fail(err, SAKSI_EAUTH, "box: too short to be one");
	rc = make_room(&p, out, n - SEALED_BOX_OVERHEAD, 0, err);
	if (rc != SAKSI_OK)
		return rc;
	if (crypto_box_curve25519xchacha20poly1305_seal_open(p, boxed, n, my_pk,
		secret_view(my_sk)) != 0)
		return saksi_fail(err, SAKSI_EAUTH, "box: altered, or for another key");
	out->len += n - SEALED_BOX_OVERHEAD;
	return SAKSI_OK;
}

/* PADME keeps the top bits of a length: as many as its exponent has bits, so
 * that a length tells O(log log n) bits and costs 12 % at most. */
uint64_t padme_len(uint64_t n)
{
	unsigned e = 0, s = 0;
	uint64_t mask;

	if (n < 2)
		return n;
	for (uint64_t v = n; v > 1; v >>= 1)
		e++;
	for (unsigned v = e; v > 0; v >>= 1)
		s++;
	mask = ((uint64_t)1 << (e - s)) - 1;
	return n > UINT64_MAX - mask ? n : (n + mask) & ~mask;
}
