/* test_crypto.c - vectors, round trips, every bit altered, misuse. */
#include <string.h>
#include <sys/resource.h>

#include <saksi/keys/crypto.h>

#include <sodium.h>

#include "test.h"
#include "vectors.h"

#define OK(call) assert_int_equal(call, SAKSI_OK)

struct v {
	struct vectors f;
	struct buf in, out, got;
	uint8_t key[CRYPTO_KEY];
};

static void v_open(struct v *v)
{
	memset(v, 0, sizeof(*v));
	vectors_open(&v->f, "crypto.txt");
}

/* The next block that begins with the given field. */
static bool v_next(struct v *v, const char *kind)
{
	buf_free(&v->in);
	buf_free(&v->out);
	buf_free(&v->got);
	while (vectors_next(&v->f))
		if (strcmp(v->f.name[0], kind) == 0)
			return true;
	return false;
}

static void v_close(struct v *v, unsigned seen, unsigned expected)
{
	vectors_close(&v->f);
	assert_int_equal(seen, expected);
}

static void v_in_out(struct v *v)
{
	vectors_hex(&v->in, &v->f, "in");
	vectors_hex(&v->out, &v->f, "out");
}

static void assert_bytes(const struct buf *a, const struct buf *b)
{
	assert_int_equal(a->len, b->len);
	if (a->len > 0)
		assert_memory_equal(a->p, b->p, a->len);
}

/* ---- vectors ------------------------------------------------------------- */

static void hash_vectors(void **state)
{
	struct v v;
	unsigned n = 0;

	(void)state;
	for (v_open(&v); v_next(&v, "hash"); n++) {
		struct crypto_hash_state st;
		struct saksi_hash h, parts;
		const char *tag = vectors_text(&v.f, "hash");

		v_in_out(&v);
		assert_int_equal(v.out.len, sizeof(h.b));
		crypto_hash_of(&h, tag, v.in.p, v.in.len);
		assert_memory_equal(h.b, v.out.p, sizeof(h.b));
		crypto_hash_init(&st, tag);
		for (size_t i = 0; i < v.in.len; i++)
			crypto_hash_add(&st, v.in.p + i, 1);
		crypto_hash_final(&st, &parts);
		assert_memory_equal(h.b, parts.b, sizeof(h.b));
	}
	v_close(&v, n, 4);
}

static void prf_vectors(void **state)
{
	struct v v;
	unsigned n = 0;

	(void)state;
	for (v_open(&v); v_next(&v, "prf"); n++) {
		uint8_t out[64];

		v_in_out(&v);
		vectors_bytes(v.key, sizeof(v.key), &v.f, "key");
		crypto_prf(out, v.out.len, v.key, vectors_text(&v.f, "prf"), v.in.p,
		    v.in.len);
		assert_memory_equal(out, v.out.p, v.out.len);
	}
	v_close(&v, n, 4);
}

static void seal_vectors(void **state)
{
	struct v v;
	unsigned n = 0;

	(void)state;
	for (v_open(&v); v_next(&v, "seal"); n++) {
		struct buf ad = BUF_INIT;

		v_in_out(&v);
		vectors_hex(&ad, &v.f, "ad");
		vectors_bytes(v.key, sizeof(v.key), &v.f, "key");
		OK(crypto_open(&v.got, v.key, ad.p, ad.len, v.out.p, v.out.len, NULL));
		assert_bytes(&v.got, &v.in);
		buf_free(&ad);
	}
	v_close(&v, n, 4);
}

static void sign_vectors(void **state)
{
	struct v v;
	unsigned n = 0;

	(void)state;
	for (v_open(&v); v_next(&v, "sign"); n++) {
		const char *tag = vectors_text(&v.f, "sign");
		uint8_t pk[CRYPTO_KEY], derived[CRYPTO_KEY], sig[CRYPTO_SIG];
		struct secret *sk = NULL;
		struct saksi_hash h;

		v_in_out(&v);
		vectors_bytes(v.key, sizeof(v.key), &v.f, "seed");
		vectors_bytes(pk, sizeof(pk), &v.f, "pk");
		memcpy(h.b, v.in.p, sizeof(h.b));
		OK(secret_new(&sk, CRYPTO_SIGN_SK, NULL));
		crypto_sign_seed_keypair(derived, secret_bytes(sk), v.key);
		assert_memory_equal(derived, pk, sizeof(pk));
		crypto_sign_hash(sig, sk, tag, &h);
		assert_memory_equal(sig, v.out.p, sizeof(sig));
		OK(crypto_verify_hash(v.out.p, pk, tag, &h, NULL));
		secret_free(&sk);
	}
	v_close(&v, n, 2);
}

static void sealed_box_vectors(void **state)
{
	struct v v;
	unsigned n = 0;

	(void)state;
	for (v_open(&v); v_next(&v, "sealed_box"); n++) {
		uint8_t pk[CRYPTO_KEY];
		struct secret *sk = NULL;

		v_in_out(&v);
		vectors_bytes(pk, sizeof(pk), &v.f, "pk");
		vectors_bytes(v.key, sizeof(v.key), &v.f, "sk");
		OK(secret_copy(&sk, v.key, sizeof(v.key), NULL));
		OK(crypto_sealed_box_open(&v.got, pk, sk, v.out.p, v.out.len, NULL));
		assert_bytes(&v.got, &v.in);
		secret_free(&sk);
	}
	v_close(&v, n, 2);
}

static void stream_chunk_vector(struct crypto_stream *s, const struct vectors *f,
    unsigned i)
{
	struct buf in = BUF_INIT, ad = BUF_INIT, boxed = BUF_INIT;
	uint8_t got[256];
	char name[16];
	int final = -1;

	(void)snprintf(name, sizeof(name), "in%u", i);
	vectors_hex(&in, f, name);
	(void)snprintf(name, sizeof(name), "ad%u", i);
	vectors_hex(&ad, f, name);
	(void)snprintf(name, sizeof(name), "out%u", i);
	vectors_hex(&boxed, f, name);
	OK(crypto_stream_pull(s, got, boxed.p, boxed.len, ad.p, ad.len, &final, NULL));
	assert_int_equal(final, i == 3);
	assert_int_equal(boxed.len, in.len + CRYPTO_STREAM_OVERHEAD);
	if (in.len > 0)
		assert_memory_equal(got, in.p, in.len);
	buf_free(&in);
	buf_free(&ad);
	buf_free(&boxed);
}

static void stream_vectors(void **state)
{
	uint8_t header[CRYPTO_STREAM_HEADER];
	struct crypto_stream *s = NULL;
	struct v v;

	(void)state;
	v_open(&v);
	assert_true(v_next(&v, "stream"));
	vectors_bytes(v.key, sizeof(v.key), &v.f, "key");
	vectors_bytes(header, sizeof(header), &v.f, "header");
	OK(crypto_stream_pull_new(&s, header, v.key, NULL));
	for (unsigned i = 0; i < 4; i++)
		stream_chunk_vector(s, &v.f, i);
	crypto_stream_free(&s);
	assert_null(s);
	vectors_close(&v.f);
}

static void password_vectors(void **state)
{
	struct v v;
	unsigned n = 0;

	(void)state;
	for (v_open(&v); v_next(&v, "password"); n++) {
		uint8_t salt[CRYPTO_SALT];
		struct secret *pass = NULL, *got = NULL;
		struct crypto_kdf_cost cost = {(uint32_t)vectors_number(&v.f, "ops"),
		    vectors_number(&v.f, "mib") << 20};

		v_in_out(&v);
		vectors_bytes(salt, sizeof(salt), &v.f, "salt");
		OK(secret_copy(&pass, v.in.p, v.in.len, NULL));
		OK(crypto_password(&got, pass, salt, &cost, NULL));
		assert_int_equal(secret_len(got), v.out.len);
		assert_memory_equal(secret_view(got), v.out.p, v.out.len);
		secret_free(&got);
		secret_free(&pass);
	}
	v_close(&v, n, 3);
}

/* ---- seals --------------------------------------------------------------- */

static void every_flipped_bit_of_a_seal_is_refused(void **state)
{
	struct buf sealed = BUF_INIT, plain = BUF_INIT;
	uint8_t key[CRYPTO_KEY], ad[20];
	struct saksi_error err;

	(void)state;
	crypto_random(key, sizeof(key));
	crypto_random(ad, sizeof(ad));
	OK(crypto_seal(&sealed, key, ad, sizeof(ad), "a name", 6, NULL));
	assert_int_equal(sealed.len, 6 + CRYPTO_SEAL_OVERHEAD);
	buf_add_str(&plain, "before");
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		sealed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(crypto_open(&plain, key, ad, sizeof(ad), sealed.p,
				     sealed.len, &err),
		    SAKSI_EAUTH);
		assert_int_equal(err.code, SAKSI_EAUTH);
		assert_int_equal(plain.len, 6);
		sealed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < sealed.len; n++)
		assert_int_equal(crypto_open(&plain, key, ad, sizeof(ad), sealed.p, n,
				     NULL),
		    SAKSI_EAUTH);
	for (size_t i = 0; i < sizeof(ad); i++) {
		ad[i] ^= 1;
		assert_int_equal(crypto_open(&plain, key, ad, sizeof(ad), sealed.p,
				     sealed.len, NULL),
		    SAKSI_EAUTH);
		ad[i] ^= 1;
	}
	assert_int_equal(crypto_open(&plain, key, ad, sizeof(ad) - 1, sealed.p,
			     sealed.len, NULL),
	    SAKSI_EAUTH);
	OK(crypto_open(&plain, key, ad, sizeof(ad), sealed.p, sealed.len, NULL));
	assert_int_equal(plain.len, 12);
	assert_memory_equal(plain.p, "beforea name", 12);
	buf_free(&sealed);
	buf_free(&plain);
}

static void nothing_can_be_sealed(void **state)
{
	struct buf sealed = BUF_INIT, plain = BUF_INIT;
	uint8_t key[CRYPTO_KEY] = {7};

	(void)state;
	OK(crypto_seal(&sealed, key, NULL, 0, NULL, 0, NULL));
	assert_int_equal(sealed.len, CRYPTO_SEAL_OVERHEAD);
	OK(crypto_open(&plain, key, NULL, 0, sealed.p, sealed.len, NULL));
	assert_int_equal(plain.len, 0);
	assert_int_equal(crypto_open(&plain, key, NULL, 0, NULL, 0, NULL), SAKSI_EAUTH);
	assert_int_equal(crypto_seal(&sealed, key, NULL, 0, key, SIZE_MAX - 10, NULL),
	    SAKSI_ELIMIT);
	buf_free(&sealed);
	buf_free(&plain);
}

static void nonces_differ(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	uint8_t key[CRYPTO_KEY] = {1};

	(void)state;
	OK(crypto_seal(&a, key, NULL, 0, "same", 4, NULL));
	OK(crypto_seal(&b, key, NULL, 0, "same", 4, NULL));
	assert_memory_not_equal(a.p, b.p, CRYPTO_NONCE);
	buf_free(&a);
	buf_free(&b);
}

static void a_failed_buffer_stays_failed(void **state)
{
	struct buf b = BUF_INIT;
	uint8_t key[CRYPTO_KEY] = {1};

	(void)state;
	b.failed = true;
	assert_int_equal(crypto_seal(&b, key, NULL, 0, "x", 1, NULL), SAKSI_ENOMEM);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

/* ---- hashes and keys ----------------------------------------------------- */

static void purposes_separate(void **state)
{
	struct saksi_hash a, b;
	uint8_t key[CRYPTO_KEY] = {3}, p[32], q[32];

	(void)state;
	crypto_hash_of(&a, "one", "x", 1);
	crypto_hash_of(&b, "two", "x", 1);
	assert_memory_not_equal(a.b, b.b, sizeof(a.b));
	/* a purpose can't be continued by what is hashed */
	crypto_hash_of(&a, "one", "two", 3);
	crypto_hash_of(&b, "onetwo", NULL, 0);
	assert_memory_not_equal(a.b, b.b, sizeof(a.b));
	crypto_prf(p, 32, key, "one", "x", 1);
	crypto_prf(q, 32, key, "two", "x", 1);
	assert_memory_not_equal(p, q, sizeof(p));
	crypto_prf(q, 16, key, "one", "x", 1);
	assert_memory_not_equal(p, q, 16);
}

static void sub_keys(void **state)
{
	struct secret *key = NULL, *a = NULL, *b = NULL;
	uint8_t expected[CRYPTO_KEY];

	(void)state;
	OK(secret_copy(&key, "0123456789abcdef0123456789abcdef", CRYPTO_KEY, NULL));
	OK(crypto_kdf(&a, key, "records", NULL));
	crypto_prf(expected, sizeof(expected), secret_view(key), "records", NULL, 0);
	assert_memory_equal(secret_view(a), expected, sizeof(expected));
	OK(crypto_kdf(&b, key, "log", NULL));
	assert_int_equal(crypto_equal(secret_view(a), secret_view(b), CRYPTO_KEY), 0);
	assert_int_equal(crypto_equal(secret_view(a), expected, CRYPTO_KEY), 1);
	secret_free(&b);
	secret_truncate(key, CRYPTO_KEY - 1);
	assert_int_equal(crypto_kdf(&b, key, "log", NULL), SAKSI_EINVAL);
	assert_null(b);
	secret_free(&a);
	secret_free(&key);
}

/* ---- signatures ---------------------------------------------------------- */

static void signatures(void **state)
{
	uint8_t pk[CRYPTO_KEY], other_pk[CRYPTO_KEY], sig[CRYPTO_SIG];
	struct secret *sk = NULL, *other = NULL;
	struct saksi_hash h;

	(void)state;
	OK(crypto_sign_new(pk, &sk, NULL));
	OK(crypto_sign_new(other_pk, &other, NULL));
	crypto_random(h.b, sizeof(h.b));
	crypto_sign_hash(sig, sk, "purpose", &h);
	OK(crypto_verify_hash(sig, pk, "purpose", &h, NULL));
	assert_int_equal(crypto_verify_hash(sig, pk, "other", &h, NULL), SAKSI_EAUTH);
	assert_int_equal(crypto_verify_hash(sig, other_pk, "purpose", &h, NULL),
	    SAKSI_EAUTH);
	for (size_t bit = 0; bit < sizeof(sig) * 8; bit++) {
		sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(crypto_verify_hash(sig, pk, "purpose", &h, NULL),
		    SAKSI_EAUTH);
		sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t i = 0; i < sizeof(h.b); i++) {
		h.b[i] ^= 0x80;
		assert_int_equal(crypto_verify_hash(sig, pk, "purpose", &h, NULL),
		    SAKSI_EAUTH);
		h.b[i] ^= 0x80;
	}
	secret_free(&sk);
	secret_free(&other);
}

/* A signature that a second person could make fit, or a key that fits anything. */
static void malleable_signatures_are_refused(void **state)
{
	/* the group order, little-endian: s + order verifies in careless code */
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
	    0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	    0, 0, 0, 0, 0, 0x10};
	uint8_t pk[CRYPTO_KEY], sig[CRYPTO_SIG];
	struct secret *sk = NULL;
	struct saksi_hash h = {{1}};
	unsigned carry = 0;

	(void)state;
	OK(crypto_sign_new(pk, &sk, NULL));
	crypto_sign_hash(sig, sk, "t", &h);
	for (unsigned i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(crypto_verify_hash(sig, pk, "t", &h, NULL), SAKSI_EAUTH);
	/* the neutral element as key and R, s = 0: fits every message */
	memset(pk, 0, sizeof(pk));
	memset(sig, 0, sizeof(sig));
	pk[0] = 1;
	sig[0] = 1;
	assert_int_equal(crypto_verify_hash(sig, pk, "t", &h, NULL), SAKSI_EAUTH);
	/* the same point, not canonical: y = p + 1 */
	memset(pk, 0xff, sizeof(pk));
	pk[0] = 0xee;
	pk[31] = 0x7f;
	assert_int_equal(crypto_verify_hash(sig, pk, "t", &h, NULL), SAKSI_EAUTH);
	secret_free(&sk);
}

/* ---- boxes --------------------------------------------------------------- */

struct pair {
	uint8_t pk[CRYPTO_KEY];
	struct secret *sk;
};

static void sealed_boxes(void **state)
{
	struct pair a = {{0}, NULL}, b = {{0}, NULL};
	struct buf boxed = BUF_INIT, plain = BUF_INIT;

	(void)state;
	OK(crypto_box_new(a.pk, &a.sk, NULL));
	OK(crypto_box_new(b.pk, &b.sk, NULL));
	OK(crypto_sealed_box(&boxed, a.pk, "", 0, NULL));
	OK(crypto_sealed_box_open(&plain, a.pk, a.sk, boxed.p, boxed.len, NULL));
	assert_int_equal(plain.len, 0);
	assert_int_equal(crypto_sealed_box_open(&plain, b.pk, b.sk, boxed.p, boxed.len,
			     NULL),
	    SAKSI_EAUTH);
	for (size_t i = 0; i < boxed.len; i++) {
		assert_int_equal(crypto_sealed_box_open(&plain, a.pk, a.sk, boxed.p, i,
				     NULL),
		    SAKSI_EAUTH);
		boxed.p[i] ^= 1;
		assert_int_equal(crypto_sealed_box_open(&plain, a.pk, a.sk, boxed.p,
				     boxed.len, NULL),
		    SAKSI_EAUTH);
		boxed.p[i] ^= 1;
	}
	secret_free(&a.sk);
	secret_free(&b.sk);
	buf_free(&boxed);
	buf_free(&plain);
}

/* Keys of low order give a shared secret that everybody knows. */
static void low_order_keys_are_refused(void **state)
{
	struct pair a = {{0}, NULL};
	struct buf out = BUF_INIT;
	uint8_t zero[CRYPTO_KEY] = {0}, one[CRYPTO_KEY] = {1}, boxed[64] = {0};

	(void)state;
	OK(crypto_box_new(a.pk, &a.sk, NULL));
	assert_int_equal(crypto_sealed_box(&out, zero, "x", 1, NULL), SAKSI_EINVAL);
	assert_int_equal(crypto_sealed_box(&out, one, "x", 1, NULL), SAKSI_EINVAL);
	assert_int_equal(crypto_sealed_box_open(&out, a.pk, a.sk, boxed, sizeof(boxed),
			     NULL),
	    SAKSI_EAUTH);
	assert_int_equal(out.len, 0);
	secret_truncate(a.sk, 31);
	assert_int_equal(crypto_sealed_box_open(&out, a.pk, a.sk, boxed, sizeof(boxed),
			     NULL),
	    SAKSI_EINVAL);
	secret_free(&a.sk);
	buf_free(&out);
}

/* ---- streams ------------------------------------------------------------- */

#define CHUNK 50u
#define BOXED (CHUNK + CRYPTO_STREAM_OVERHEAD)

struct sent {
	uint8_t key[CRYPTO_KEY], header[CRYPTO_STREAM_HEADER], chunk[3][BOXED];
};

static void send_three(struct sent *t)
{
	struct crypto_stream *s = NULL;
	uint8_t plain[CHUNK];

	crypto_random(t->key, sizeof(t->key));
	OK(crypto_stream_push_new(&s, t->header, t->key, NULL));
	for (unsigned i = 0; i < 3; i++) {
		memset(plain, (int)i, sizeof(plain));
		OK(crypto_stream_push(s, t->chunk[i], plain, sizeof(plain), "ad", 2,
		    i == 2, NULL));
	}
	assert_int_equal(crypto_stream_push(s, t->chunk[0], plain, 1, NULL, 0, 0, NULL),
	    SAKSI_EINVAL);
	crypto_stream_free(&s);
}

/* Pull chunks in the order of ${order}; how many came through. */
static unsigned receive(const struct sent *t, const unsigned *order, unsigned n,
    int *final)
{
	struct crypto_stream *s = NULL;
	uint8_t plain[CHUNK];
	unsigned done = 0;

	OK(crypto_stream_pull_new(&s, t->header, t->key, NULL));
	while (done < n) {
		if (crypto_stream_pull(s, plain, t->chunk[order[done]], BOXED, "ad", 2,
			final, NULL) != SAKSI_OK)
			break;
		for (unsigned i = 0; i < CHUNK; i++)
			assert_int_equal(plain[i], order[done]);
		done++;
	}
	if (done < n) { /* a stream that failed stays failed */
		assert_int_equal(crypto_stream_pull(s, plain, t->chunk[done], BOXED, "ad",
				     2, final, NULL),
		    SAKSI_EAUTH);
		assert_int_equal(*final, 0);
	}
	crypto_stream_free(&s);
	return done;
}

static void streams_keep_order_and_end(void **state)
{
	static const unsigned right[] = {0, 1, 2}, swapped[] = {1, 0, 2},
			      dropped[] = {0, 2}, twice[] = {0, 0}, past[] = {0, 1, 2, 2};
	struct sent t;
	int final = 0;

	(void)state;
	send_three(&t);
	assert_int_equal(receive(&t, right, 3, &final), 3);
	assert_int_equal(final, 1);
	assert_int_equal(receive(&t, right, 2, &final), 2);
	assert_int_equal(final, 0);
	assert_int_equal(receive(&t, swapped, 3, &final), 0);
	assert_int_equal(receive(&t, dropped, 2, &final), 1);
	assert_int_equal(receive(&t, twice, 2, &final), 1);
	assert_int_equal(receive(&t, past, 4, &final), 3);
	for (unsigned i = 0; i < BOXED; i++) {
		t.chunk[1][i] ^= 0x10;
		assert_int_equal(receive(&t, right, 3, &final), 1);
		t.chunk[1][i] ^= 0x10;
	}
}

static void streams_misused(void **state)
{
	struct crypto_stream *push = NULL, *pull = NULL;
	uint8_t key[CRYPTO_KEY] = {1}, header[CRYPTO_STREAM_HEADER], out[64] = {0};
	int final;

	(void)state;
	OK(crypto_stream_push_new(&push, header, key, NULL));
	OK(crypto_stream_pull_new(&pull, header, key, NULL));
	assert_int_equal(crypto_stream_push(pull, out, "x", 1, NULL, 0, 0, NULL),
	    SAKSI_EINVAL);
	assert_int_equal(crypto_stream_pull(push, out, out, 20, NULL, 0, &final, NULL),
	    SAKSI_EINVAL);
	assert_int_equal(crypto_stream_pull(pull, out, out, 16, NULL, 0, &final, NULL),
	    SAKSI_EAUTH);
	crypto_stream_free(&push);
	crypto_stream_free(&pull);
	crypto_stream_free(&pull);
	crypto_stream_free(NULL);
}

/* ---- Argon2id ------------------------------------------------------------ */

static void costs(void **state)
{
	static const struct crypto_kdf_cost bad[] = {{0, 64u << 20}, {65, 64u << 20},
	    {1, (8u << 20) - 1024}, {1, ((uint64_t)4 << 30) + 1024}, {1, (8u << 20) + 1},
	    {1, UINT64_MAX}, {UINT32_MAX, UINT64_MAX}};
	struct crypto_kdf_cost i = crypto_kdf_cost(KDF_INTERACTIVE);
	struct crypto_kdf_cost m = crypto_kdf_cost(KDF_MODERATE);
	struct crypto_kdf_cost s = crypto_kdf_cost(KDF_SENSITIVE);
	struct secret *pass = NULL, *out = NULL;
	uint8_t salt[CRYPTO_SALT] = {0};

	(void)state;
	assert_true(i.mem == (uint64_t)64 << 20 && i.ops == 2);
	assert_true(m.mem == (uint64_t)256 << 20 && m.ops == 3);
	assert_true(s.mem == (uint64_t)1 << 30 && s.ops == 4);
	OK(secret_copy(&pass, "p", 1, NULL));
	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		assert_false(crypto_kdf_cost_sane(&bad[n]));
		assert_int_equal(crypto_password(&out, pass, salt, &bad[n], NULL),
		    SAKSI_EINVAL);
		assert_null(out);
	}
	secret_free(&pass);
}

/* Sanitizers and valgrind map more than the limit for themselves. */
static bool address_space_is_ours(void)
{
#if defined(SAKSI_SANITIZED)
	return false;
#else
	return getenv("SAKSI_TEST_WRAPPER") == NULL;
#endif
}

static void too_little_memory_names_the_need(void **state)
{
	struct crypto_kdf_cost cost = {1, (uint64_t)2 << 30};
	struct rlimit old, low;
	struct secret *pass = NULL, *out = NULL;
	uint8_t salt[CRYPTO_SALT] = {0};
	struct saksi_error err = {SAKSI_OK, 0, ""};

	(void)state;
	if (!address_space_is_ours())
		skip();
	OK(secret_copy(&pass, "p", 1, NULL));
	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)1 << 30;
	assert_int_equal(setrlimit(RLIMIT_AS, &low), 0);
	assert_int_equal(crypto_password(&out, pass, salt, &cost, &err), SAKSI_ENOMEM);
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
	assert_null(out);
	assert_non_null(strstr(err.msg, "2048 MiB"));
	secret_free(&pass);
}

/* ---- PADME --------------------------------------------------------------- */

static void padme(void **state)
{
	static const uint64_t known[][2] = {{0, 0}, {1, 1}, {2, 2}, {7, 7}, {8, 8},
	    {9, 10}, {15, 16}, {17, 18}, {100, 104}, {255, 256}, {257, 272}, {1000, 1024},
	    {1025, 1088}, {65537, 67584}, {1000000, 1015808}, {UINT64_MAX, UINT64_MAX}};
	uint64_t last = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(padme_len(known[i][0]), known[i][1]);
	for (uint64_t n = 1; n < 300000; n++) {
		uint64_t p = padme_len(n);

		assert_true(p >= n && p >= last);
		assert_true((p - n) * 100 <= n * 12);
		assert_int_equal(padme_len(p), p);
		last = p;
	}
}

/* ---- what a value was bound to --------------------------------------------------- */

struct wanted {
	uint8_t before;
	uint8_t block[16];
	unsigned calls;
};

static bool is_wanted(void *ctx, uint8_t before, const uint8_t block[16])
{
	struct wanted *w = ctx;

	w->calls++;
	return before == w->before && memcmp(block, w->block, sizeof(w->block)) == 0;
}

/* 47 bytes, of which those from ${at} to the end of their block are forgotten. */
static void forgotten_binding(size_t at, bool any_before, size_t n)
{
	uint8_t key[CRYPTO_KEY], ad[47], plain[5000];
	struct wanted w = {0};
	struct buf b = BUF_INIT;
	size_t end = at + 16 < sizeof(ad) ? at + 16 : sizeof(ad);

	crypto_random(key, sizeof(key));
	crypto_random(ad, sizeof(ad));
	crypto_random(plain, sizeof(plain));
	assert_int_equal(crypto_seal(&b, key, ad, sizeof(ad), plain, n, NULL), SAKSI_OK);
	memcpy(w.block, ad + at, end - at);
	memset(ad + at, 0, end - at);
	if (any_before) {
		w.before = ad[at - 1];
		ad[at - 1] = 0;
	}
	assert_true(crypto_solve_ad(key, ad, sizeof(ad), at, any_before, b.p, b.len,
	    is_wanted, &w));
	assert_true(w.calls <= (any_before ? 5 * 256u : 5u));
	b.p[b.len / 2] ^= 1;
	assert_false(crypto_solve_ad(key, ad, sizeof(ad), at, any_before, b.p, b.len,
	    is_wanted, &w));
	buf_free(&b);
}

static void a_forgotten_binding_is_found(void **state)
{
	static const size_t lengths[] = {0, 1, 15, 16, 17, 63, 64, 256, 1980, 5000};

	(void)state;
	for (unsigned round = 0; round < 40; round++)
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
			for (size_t at = 0; at < 48; at += 16) {
				forgotten_binding(at, false, lengths[i]);
				if (at > 0)
					forgotten_binding(at, true, lengths[i]);
			}
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(hash_vectors),
    cmocka_unit_test(prf_vectors),
    cmocka_unit_test(seal_vectors),
    cmocka_unit_test(sign_vectors),
    cmocka_unit_test(sealed_box_vectors),
    cmocka_unit_test(stream_vectors),
    cmocka_unit_test(password_vectors),
    cmocka_unit_test(every_flipped_bit_of_a_seal_is_refused),
    cmocka_unit_test(nothing_can_be_sealed),
    cmocka_unit_test(nonces_differ),
    cmocka_unit_test(a_failed_buffer_stays_failed),
    cmocka_unit_test(purposes_separate),
    cmocka_unit_test(sub_keys),
    cmocka_unit_test(signatures),
    cmocka_unit_test(malleable_signatures_are_refused),
    cmocka_unit_test(sealed_boxes),
    cmocka_unit_test(low_order_keys_are_refused),
    cmocka_unit_test(streams_keep_order_and_end),
    cmocka_unit_test(streams_misused),
    cmocka_unit_test(costs),
    cmocka_unit_test(too_little_memory_names_the_need),
    cmocka_unit_test(padme),
    cmocka_unit_test(a_forgotten_binding_is_found),
};

TEST_MAIN(tests, NULL, NULL)
