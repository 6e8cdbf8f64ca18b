/*
 * crypto_solve.c - what a sealed value was bound to, computed back from its tag.
 *
 * The tag of ChaCha20-Poly1305 is a polynomial in r over the blocks of
 * associated data, ciphertext and lengths, plus s, in the field of integers
 * modulo p = 2^130 - 5.  Whoever holds the key knows r and s, so one unknown
 * block of associated data follows from the tag by a division in that field.
 * For bytes that were altered the result is a random number of 130 bits, so
 * the caller's knowledge of how the block must look is what authenticates.
 *
 * Numbers are five limbs of 26 bits.  Nothing here runs in constant time: it
 * works on what its owner salvages, offline.
 */
#include <string.h>

#include <sodium.h>

#include <saksi/keys/crypto.h>

#define LIMBS 5u
#define MASK 0x3ffffffu
#define BLOCK 16u
#define AD_MAX 64u

struct field {
	uint32_t v[LIMBS];
};

/* Each limb below 2^26, but for the second, which may be a little above. */
static void carry(struct field *out, uint64_t h[LIMBS])
{
	uint64_t c = 0;

	for (unsigned i = 0; i < LIMBS; i++) {
		h[i] += c;
		c = h[i] >> 26;
		h[i] &= MASK;
	}
	h[0] += c * 5;
	h[1] += h[0] >> 26;
	h[0] &= MASK;
	for (unsigned i = 0; i < LIMBS; i++)
		out->v[i] = (uint32_t)h[i];
}

static void field_mul(struct field *out, const struct field *a, const struct field *b)
{
	uint64_t h[LIMBS] = {0};

	for (unsigned i = 0; i < LIMBS; i++) {
		for (unsigned j = 0; j < LIMBS; j++) {
			uint64_t product = (uint64_t)a->v[i] * b->v[j];

			if (i + j < LIMBS)
				h[i + j] += product;
			else
				h[i + j - LIMBS] += product * 5;
		}
	}
	carry(out, h);
}

static void field_add(struct field *out, const struct field *a, const struct field *b)
{
	uint64_t h[LIMBS];

	for (unsigned i = 0; i < LIMBS; i++)
		h[i] = (uint64_t)a->v[i] + b->v[i];
	carry(out, h);
}

/* a - b; twice p is added first, so that no limb falls below zero. */
static void field_sub(struct field *out, const struct field *a, const struct field *b)
{
	uint64_t h[LIMBS];

	for (unsigned i = 0; i < LIMBS; i++)
		h[i] =
		    (uint64_t)a->v[i] + (i == 0 ? 2 * (MASK - 4u) : 2 * MASK) - b->v[i];
	carry(out, h);
}

static void field_power(struct field *out, const struct field *a, uint64_t e)
{
	struct field x = *a;
	struct field y = {{1, 0, 0, 0, 0}};

	for (; e > 0; e >>= 1) {
		if ((e & 1) != 0)
			field_mul(&y, &y, &x);
		field_mul(&x, &x, &x);
	}
	*out = y;
}

/* a^(p - 2), by Fermat; p - 2 has ones in all its 130 bits but 1 and 2. */
static void field_invert(struct field *out, const struct field *a)
{
	struct field y = {{1, 0, 0, 0, 0}};

	for (unsigned bit = 130; bit-- > 0;) {
		field_mul(&y, &y, &y);
		if (bit != 1 && bit != 2)
			field_mul(&y, &y, a);
	}
	*out = y;
}

/* 16 bytes and what stands above them. */
static void field_read(struct field *out, const uint8_t p[BLOCK], uint32_t above)
{
	uint32_t w[4];

	for (unsigned i = 0; i < 4; i++)
		w[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 |
		    (uint32_t)p[4 * i + 2] << 16 | (uint32_t)p[4 * i + 3] << 24;
	out->v[0] = w[0] & MASK;
	out->v[1] = (w[0] >> 26 | w[1] << 6) & MASK;
	out->v[2] = (w[1] >> 20 | w[2] << 12) & MASK;
	out->v[3] = (w[2] >> 14 | w[3] << 18) & MASK;
	out->v[4] = w[3] >> 8 | above << 24;
}

/* The one number below p that is meant; false if it takes more than 16 bytes. */
static bool field_write(uint8_t out[BLOCK], const struct field *a)
{
	uint64_t h[LIMBS], g[LIMBS];
	uint64_t c = 5;
	struct field f;
	uint32_t w[4];

	for (unsigned i = 0; i < LIMBS; i++)
		h[i] = a->v[i];
	carry(&f, h);
	for (unsigned i = 0; i < LIMBS; i++)
		h[i] = f.v[i];
	carry(&f, h);
	for (unsigned i = 0; i < LIMBS; i++) {
		g[i] = f.v[i] + c;
		c = g[i] >> 26;
		g[i] &= MASK;
	}
	for (unsigned i = 0; c > 0 && i < LIMBS; i++)
		f.v[i] = (uint32_t)g[i];
	w[0] = f.v[0] | f.v[1] << 26;
	w[1] = f.v[1] >> 6 | f.v[2] << 20;
	w[2] = f.v[2] >> 12 | f.v[3] << 14;
	w[3] = f.v[3] >> 18 | f.v[4] << 8;
	for (unsigned i = 0; i < BLOCK; i++)
		out[i] = (uint8_t)(w[i / 4] >> 8 * (i % 4));
	return f.v[4] >> 24 == 0;
}

static void absorb(struct field *h, const struct field *r, const uint8_t *p, size_t n)
{
	uint8_t block[BLOCK];
	struct field b;

	for (; n > 0; p += BLOCK, n -= BLOCK) {
		if (n < BLOCK) {
			memset(block, 0, sizeof(block));
			memcpy(block, p, n);
			p = block;
			n = BLOCK;
		}
		field_read(&b, p, 1);
		field_add(h, h, &b);
		field_mul(h, h, r);
	}
}

/* The one-time key of this value: r, clamped, and s. */
static void one_time_key(struct field *r, struct field *s, const uint8_t key[CRYPTO_KEY],
    const uint8_t *nonce)
{
	uint8_t sub[crypto_core_hchacha20_OUTPUTBYTES];
	uint8_t inner[crypto_stream_chacha20_ietf_NONCEBYTES] = {0};
	uint8_t k[32];

	(void)crypto_core_hchacha20(sub, nonce, key, NULL);
	memcpy(inner + 4, nonce + 16, 8);
	(void)crypto_stream_chacha20_ietf(k, sizeof(k), inner, sub);
	for (unsigned i = 3; i < BLOCK; i += 4)
		k[i] &= 15;
	for (unsigned i = 4; i < BLOCK; i += 4)
		k[i] &= 252;
	field_read(r, k, 0);
	field_read(s, k + BLOCK, 0);
	wipe(sub, sizeof(sub));
	wipe(k, sizeof(k));
}

struct solve {
	const uint8_t *tag;
	struct field r, s;
	struct field rest;    /* the polynomial without the unknown block */
	struct field inverse; /* of the power of r that the block is taken times */
	struct field step;    /* 2^120 r: one more in the byte before the block */
};

static void lengths(struct field *h, const struct field *r, size_t adlen, size_t n)
{
	uint8_t block[BLOCK];

	for (unsigned i = 0; i < 8; i++) {
		block[i] = (uint8_t)((uint64_t)adlen >> 8 * i);
		block[8 + i] = (uint8_t)((uint64_t)n >> 8 * i);
	}
	absorb(h, r, block, sizeof(block));
}

static void prepare(struct solve *q, const uint8_t key[CRYPTO_KEY], const uint8_t *ad,
    size_t adlen, size_t at, const uint8_t *sealed, size_t n)
{
	static const uint8_t top[BLOCK] = {[BLOCK - 1] = 1};
	size_t cipher = n - CRYPTO_SEAL_OVERHEAD;
	uint64_t power =
	    (adlen - at + BLOCK - 1) / BLOCK + (cipher + BLOCK - 1) / BLOCK + 1;
	struct field f;

	one_time_key(&q->r, &q->s, key, sealed);
	memset(&q->rest, 0, sizeof(q->rest));
	absorb(&q->rest, &q->r, ad, adlen);
	absorb(&q->rest, &q->r, sealed + CRYPTO_NONCE, cipher);
	lengths(&q->rest, &q->r, adlen, cipher);
	field_power(&f, &q->r, power);
	field_invert(&q->inverse, &f);
	field_read(&f, top, 0);
	field_mul(&q->step, &f, &q->r);
	q->tag = sealed + CRYPTO_NONCE + cipher;
}

/*
 * False if surely more than ${n} bytes are in it: with the zeros behind the end of
 * the associated data nearly all that is tried is out without being written down.
 * A carry that is still to come turns the highest limb, when it is all ones, to 0.
 */
static bool may_fit(const struct field *x, size_t n)
{
	uint32_t top = x->v[LIMBS - 1];

	return n >= BLOCK || top == MASK || top >> (n > 13 ? 8 * (n - 13) : 0) == 0;
}

bool crypto_solve_ad(const uint8_t key[CRYPTO_KEY], const void *ad, size_t adlen,
    size_t at, bool any_before, const void *sealed, size_t n, crypto_solve_fn *fn,
    void *ctx)
{
	uint8_t block[BLOCK];
	struct solve q;
	struct field x;
	bool found = false;

	if (n < CRYPTO_SEAL_OVERHEAD || at % BLOCK != 0 || at >= adlen ||
	    adlen > AD_MAX || (any_before && at == 0))
		return false;
	prepare(&q, key, ad, adlen, at, sealed, n);
	/* The tag is a sum modulo 2^128 of s and a number below p. */
	for (uint32_t above = 0; above < 5 && !found; above++) {
		field_read(&x, q.tag, above);
		field_sub(&x, &x, &q.s);
		field_sub(&x, &x, &q.rest);
		field_mul(&x, &x, &q.inverse);
		for (unsigned before = 0; before < (any_before ? 256u : 1u) && !found;
		     before++) {
			if (may_fit(&x, adlen - at) && field_write(block, &x))
				found = fn(ctx, (uint8_t)before, block);
			field_sub(&x, &x, &q.step);
		}
	}
	wipe(&q, sizeof(q));
	return found;
}
