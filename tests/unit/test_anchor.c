/* test_anchor.c - the notes of how far own logs have come: vectors, every byte altered. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "anchor_form.h"
#include "vectors.h"

#define OK(call) assert_int_equal(call, SAKSI_OK)

struct sample {
	uint8_t vault_id[VAULT_ID];
	struct secret *vault_key, *key;
	enum anchor_place place;
	uint8_t plain[ANCHOR_PLAIN], raw[ANCHOR_SEALED];
	char name[ANCHOR_NAME + 1];
};

static void sample_read(struct sample *s, const struct vectors *v)
{
	memset(s, 0, sizeof(*s));
	vectors_bytes(s->vault_id, sizeof(s->vault_id), v, "vault_id");
	OK(secret_new(&s->vault_key, CRYPTO_KEY, NULL));
	vectors_bytes(secret_bytes(s->vault_key), CRYPTO_KEY, v, "vault_key");
	OK(anchor_key(&s->key, s->vault_key, NULL));
	s->place = (enum anchor_place)vectors_number(v, "place");
	vectors_bytes(s->plain, sizeof(s->plain), v, "plain");
	vectors_bytes(s->raw, sizeof(s->raw), v, "file");
	anchor_name(s->name, s->vault_key, s->vault_id);
	assert_string_equal(s->name, vectors_text(v, "name"));
}

static void sample_free(struct sample *s)
{
	secret_free(&s->vault_key);
	secret_free(&s->key);
}

/* The entries, as the bytes of the plain note have them. */
static void check_entries(const struct anchor_notes *a, const uint8_t *plain)
{
	assert_int_equal(a->n, plain[1]);
	assert_int_equal(a->anew[0], plain[2]);
	assert_int_equal(a->anew[1], plain[3]);
	for (unsigned i = 0; i < a->n; i++) {
		const uint8_t *e = plain + 8 + 80 * (size_t)i;
		uint64_t seq = 0;

		for (unsigned k = 8; k-- > 0;)
			seq = seq << 8 | e[8 + k];
		assert_int_equal(a->list[i].kind, e[0]);
		assert_true(a->list[i].seq == seq);
		assert_memory_equal(a->list[i].log.b, e + 16, 32);
		assert_memory_equal(a->list[i].head.b, e + 48, 32);
	}
}

static void vectors(void **state)
{
	static const unsigned entries[] = {2, ANCHOR_ENTRIES};
	struct vectors v;
	unsigned n = 0;

	(void)state;
	vectors_open(&v, "anchor.txt");
	for (; vectors_next(&v); n++) {
		struct anchor_notes a;
		struct sample s;

		sample_read(&s, &v);
		assert_true(anchor_open(&a, s.key, s.vault_id, s.place, s.raw));
		assert_true(n < 2 && a.n == entries[n]);
		check_entries(&a, s.plain);
		sample_free(&s);
	}
	assert_int_equal(n, 2);
	vectors_close(&v);
}

/* What is written opens by the page's rules, and holds the same bytes. */
static void written(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "anchor.txt");
	while (vectors_next(&v)) {
		struct buf raw = BUF_INIT, plain = BUF_INIT, ad = BUF_INIT;
		struct anchor_notes a;
		struct sample s;

		sample_read(&s, &v);
		assert_true(anchor_open(&a, s.key, s.vault_id, s.place, s.raw));
		OK(anchor_seal(&raw, &a, s.key, s.vault_id, s.place, NULL));
		assert_int_equal(raw.len, ANCHOR_SEALED);
		assert_int_equal(raw.p[0], s.raw[0]);
		assert_memory_not_equal(raw.p + 1, s.raw + 1, CRYPTO_NONCE);
		buf_add(&ad, "saksi1\0anchor\0\1\0", 16);
		buf_add(&ad, s.vault_id, sizeof(s.vault_id));
		buf_add_byte(&ad, (uint8_t)s.place);
		OK(crypto_open(&plain, secret_view(s.key), ad.p, ad.len, raw.p + 1,
		    raw.len - 1, NULL));
		assert_int_equal(plain.len, sizeof(s.plain));
		assert_memory_equal(plain.p, s.plain, sizeof(s.plain));
		buf_free(&raw);
		buf_free(&plain);
		buf_free(&ad);
		sample_free(&s);
	}
	vectors_close(&v);
}

static void only_as_it_is(void **state)
{
	struct anchor_notes a;
	struct vectors v;
	struct sample s;
	uint8_t other[VAULT_ID];

	(void)state;
	vectors_open(&v, "anchor.txt");
	assert_true(vectors_next(&v));
	sample_read(&s, &v);
	for (size_t i = 0; i < sizeof(s.raw); i++) {
		s.raw[i] ^= (uint8_t)(1u << i % 8);
		assert_false(anchor_open(&a, s.key, s.vault_id, s.place, s.raw));
		s.raw[i] ^= (uint8_t)(1u << i % 8);
	}
	/* Neither note passes for the other one, nor for another vault's. */
	assert_false(anchor_open(&a, s.key, s.vault_id, ANCHOR_IN_STATE, s.raw));
	memcpy(other, s.vault_id, sizeof(other));
	other[3] ^= 1;
	assert_false(anchor_open(&a, s.key, other, s.place, s.raw));
	assert_false(anchor_open(&a, s.vault_key, s.vault_id, s.place, s.raw));
	assert_true(anchor_open(&a, s.key, s.vault_id, s.place, s.raw));
	sample_free(&s);
	vectors_close(&v);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(vectors),
    cmocka_unit_test(written),
    cmocka_unit_test(only_as_it_is),
};

TEST_MAIN(tests, setup_hardened, NULL)
