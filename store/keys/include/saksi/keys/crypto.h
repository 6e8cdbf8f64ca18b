/*
 * crypto.h - every cryptographic operation of saksi, by libsodium.
 *
 * Suite 1, the only one today: BLAKE2b-256, XChaCha20-Poly1305-IETF with
 * random 24-byte nonces, Ed25519, X25519, Argon2id 1.3.  Each hash, signature
 * and associated data begins with a purpose ("tag"), so that no value made
 * for one use passes for another.  XChaCha20-Poly1305 does not commit to its
 * key: whoever tries several keys checks a commitment first.
 *
 * libsodium itself exports crypto_hash(), crypto_sign_keypair() and
 * crypto_box_keypair(); a function of ours by one of these names would be
 * called from inside the shared library too, so ours are named otherwise.
 */
#ifndef SAKSI_KEYS_CRYPTO_H
#define SAKSI_KEYS_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <saksi/base/buf.h>
#include <saksi/base/err.h>
#include <saksi/base/id.h>
#include <saksi/base/secret.h>

#define CRYPTO_SUITE 1u
#define CRYPTO_KEY 32u /* symmetric keys, X25519 keys, Ed25519 public keys */
#define CRYPTO_NONCE 24u
#define CRYPTO_TAG 16u
#define CRYPTO_SEAL_OVERHEAD (CRYPTO_NONCE + CRYPTO_TAG)
#define CRYPTO_SIG 64u
#define CRYPTO_SIGN_SK 64u

void crypto_random(void *out, size_t n);

/* ---- BLAKE2b -------------------------------------------------------------
 * H(tag, x) = BLAKE2b-256("saksi1" 00 tag 00 x).
 * PRF(key, tag, x) = BLAKE2b-outlen(key; "saksi1" 00 tag 00 x), 16..64 bytes. */
struct crypto_hash_state {
	_Alignas(64) uint8_t opaque[384];
};
void crypto_hash_init(struct crypto_hash_state *st, const char *tag);
void crypto_hash_add(struct crypto_hash_state *st, const void *p, size_t n);
void crypto_hash_final(struct crypto_hash_state *st, struct saksi_hash *out);
/** crypto_hash_of(out, tag, p, n): H(${tag}, ${p}) at once. */
void crypto_hash_of(struct saksi_hash *out, const char *tag, const void *p, size_t n);
void crypto_prf(uint8_t *out, size_t outlen, const uint8_t key[CRYPTO_KEY],
    const char *tag, const void *p, size_t n);
/** crypto_kdf(out, key, tag, err): Sub-key PRF(key, tag, "") as a new secret. */
SAKSI_MUST_CHECK enum saksi_err crypto_kdf(struct secret **out, const struct secret *key,
    const char *tag, struct saksi_error *err);
/** crypto_equal(a, b, n): Constant-time comparison. */
int crypto_equal(const void *a, const void *b, size_t n);

/* ---- sealing: nonce(24) || ciphertext || tag(16) ------------------------- */
SAKSI_MUST_CHECK enum saksi_err crypto_seal(struct buf *out,
    const uint8_t key[CRYPTO_KEY], const void *ad, size_t adlen, const void *plain,
    size_t n, struct saksi_error *err);
/** crypto_open: Append the plaintext; SAKSI_EAUTH and nothing appended if altered. */
SAKSI_MUST_CHECK enum saksi_err crypto_open(struct buf *out,
    const uint8_t key[CRYPTO_KEY], const void *ad, size_t adlen, const void *sealed,
    size_t n, struct saksi_error *err);

/**
 * crypto_solve_ad(key, ad, adlen, at, any_before, sealed, n, fn, ctx):
 * Who holds the key can compute associated data that he forgot back from an
 * intact sealed value.  ${ad} is what he knows, with zero bytes in the block
 * of 16 from ${at} on (and, with ${any_before}, in the byte before it) that he
 * does not.  ${fn} is called with what may be added there, a few times (with
 * ${any_before} about a thousand), until it says that the block looks as it
 * must: of each 2^k ways in which it may look, 1 in 2^(126 - k) altered values
 * passes, so leave few, and open the value then.
 */
typedef bool crypto_solve_fn(void *ctx, uint8_t before, const uint8_t block[16]);
bool crypto_solve_ad(const uint8_t key[CRYPTO_KEY], const void *ad, size_t adlen,
    size_t at, bool any_before, const void *sealed, size_t n, crypto_solve_fn *fn,
    void *ctx);

/* ---- Ed25519 over "saksi1" 00 tag 00 hash(32) ---------------------------- */
SAKSI_MUST_CHECK enum saksi_err crypto_sign_new(uint8_t pk[CRYPTO_KEY],
    struct secret **sk, struct saksi_error *err);
void crypto_sign_hash(uint8_t sig[CRYPTO_SIG], const struct secret *sk, const char *tag,
    const struct saksi_hash *h);
/** crypto_verify_hash: SAKSI_EAUTH if it is not ${pk}'s signature. */
SAKSI_MUST_CHECK enum saksi_err crypto_verify_hash(const uint8_t sig[CRYPTO_SIG],
    const uint8_t pk[CRYPTO_KEY], const char *tag, const struct saksi_hash *h,
    struct saksi_error *err);

/* ---- X25519 ------------------------------------------------------------- */
SAKSI_MUST_CHECK enum saksi_err crypto_box_new(uint8_t pk[CRYPTO_KEY], struct secret **sk,
    struct saksi_error *err);
/** crypto_sealed_box: crypto_box_curve25519xchacha20poly1305_seal (does not look random). */
SAKSI_MUST_CHECK enum saksi_err crypto_sealed_box(struct buf *out,
    const uint8_t to_pk[CRYPTO_KEY], const void *plain, size_t n,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err crypto_sealed_box_open(struct buf *out,
    const uint8_t my_pk[CRYPTO_KEY], const struct secret *my_sk, const void *boxed,
    size_t n, struct saksi_error *err);

/* ---- streams: crypto_secretstream_xchacha20poly1305 ---------------------- */
#define CRYPTO_STREAM_HEADER 24u
#define CRYPTO_STREAM_OVERHEAD 17u
struct crypto_stream; /* opaque, wiped when freed */
SAKSI_MUST_CHECK enum saksi_err crypto_stream_push_new(struct crypto_stream **out,
    uint8_t header[CRYPTO_STREAM_HEADER], const uint8_t key[CRYPTO_KEY],
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err crypto_stream_push(struct crypto_stream *s, uint8_t *out,
    const void *plain, size_t n, const void *ad, size_t adlen, int final,
    struct saksi_error *err); /* ${out}: n + CRYPTO_STREAM_OVERHEAD bytes */
SAKSI_MUST_CHECK enum saksi_err crypto_stream_pull_new(struct crypto_stream **out,
    const uint8_t header[CRYPTO_STREAM_HEADER], const uint8_t key[CRYPTO_KEY],
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err crypto_stream_pull(struct crypto_stream *s, uint8_t *out,
    const void *boxed, size_t n, const void *ad, size_t adlen, int *final,
    struct saksi_error *err); /* ${out}: n - CRYPTO_STREAM_OVERHEAD bytes */
void crypto_stream_free(struct crypto_stream **s);

/* ---- Argon2id ------------------------------------------------------------ */
struct crypto_kdf_cost {
	uint32_t ops; /* passes */
	uint64_t mem; /* bytes */
};
enum crypto_kdf_level { KDF_INTERACTIVE, KDF_MODERATE, KDF_SENSITIVE };
/** crypto_kdf_cost(level): libsodium's figures; floor 64 MiB. */
struct crypto_kdf_cost crypto_kdf_cost(enum crypto_kdf_level level);
#define CRYPTO_KDF_OPS_MIN 1u
#define CRYPTO_KDF_OPS_MAX 64u
#define CRYPTO_KDF_MEM_MIN ((uint64_t)8 << 20)
#define CRYPTO_KDF_MEM_MAX ((uint64_t)4 << 30)
/** crypto_kdf_cost_sane(c): Within these bounds and whole KiB, as any file's must be. */
bool crypto_kdf_cost_sane(const struct crypto_kdf_cost *c);
#define CRYPTO_SALT 16u
/** crypto_password(out, pass, salt, cost, err): 32 bytes. SAKSI_ENOMEM names the need. */
SAKSI_MUST_CHECK enum saksi_err crypto_password(struct secret **out,
    const struct secret *pass, const uint8_t salt[CRYPTO_SALT],
    const struct crypto_kdf_cost *cost, struct saksi_error *err);

/** padme_len(n): The padded length of PADME (Nikitin et al., PoPETs 2019). */
uint64_t padme_len(uint64_t n);

#endif
