/* test_changeset.c - the bytes of changesets, log entries and records. */
#include "vaults.h"

#include "entry.h"
#include "state.h"
#include "vault_impl.h"
#include "vectors.h"

static struct buf g_cs[3]; /* the three changesets of the vectors */
static struct saksi_hash g_id[3];
static uint8_t g_pk[CRYPTO_KEY];

static void load(void)
{
	struct vectors v;

	vectors_open(&v, "changeset.txt");
	while (vectors_next(&v)) {
		unsigned long long i;

		if (vectors_find(&v, "changeset") == NULL)
			continue;
		i = vectors_number(&v, "changeset") - 1;
		vectors_hex(&g_cs[i], &v, "bytes");
		vectors_bytes(g_id[i].b, sizeof(g_id[i].b), &v, "id");
		vectors_bytes(g_pk, sizeof(g_pk), &v, "pk");
	}
	vectors_close(&v);
}

static void golden_changesets_are_read(void **state)
{
	struct saksi_hash device, log;
	uint8_t nonce[16];
	unsigned reason;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct changeset *cs = NULL;

		OK(changeset_decode(&cs, g_cs[i].p, g_cs[i].len, &g_err));
		assert_memory_equal(cs->id.b, g_id[i].b, sizeof(cs->id.b));
		assert_int_equal(cs->seq, i + 1);
		assert_int_equal(cs->n_parts, i == 1 ? 2 : 1);
		OK(changeset_verify(cs, g_pk, &g_err));
		OK(merge_check(cs, &g_err));
		assert_int_equal(changeset_log_open(cs, &device, nonce, &reason), i == 0);
		if (i == 0) {
			log_id_of(&log, &device, cs->coll, nonce);
			assert_memory_equal(log.b, cs->log.b, sizeof(log.b));
			assert_int_equal(reason, LOG_NEW);
		}
		changeset_free(&cs);
	}
}

static void golden_entry_and_record_are_written(void **state)
{
	struct vectors v;
	struct stored_entry e = {.n = 3,
	    .received_us = INT64_C(1790000000000000),
	    .max_hlc = 7 << 16};
	struct device d;
	struct saksi_txn *t;
	struct catalog *c;
	struct state s;
	struct buf out = BUF_INIT, want = BUF_INIT;

	(void)state;
	device_make(&d, g_schema);
	t = begin(&d, true);
	OK(txn_catalog(t, &c, &g_err));
	txn_touch(t);
	for (uint32_t i = 0; i < 3; i++) {
		struct stored_entry one = {.n = i + 1};

		OK(changeset_decode(&one.cs, g_cs[i].p, g_cs[i].len, &g_err));
		one.max_hlc = one.cs->hlc;
		OK(vclock_raise(&one.past, 0, i + 1, &g_err));
		OK(catalog_add_stored(c, &one, &g_err));
		if (i > 0) {
			struct group g;

			OK(merge_group(&g, t, &one, 0, &g_err));
			if (i == 1)
				state_init(&s, &g.record);
			OK(state_append(&s, &g.bytes, &g_err));
			buf_free(&g.bytes);
		}
		if (i == 2) {
			changeset_log_open(one.cs, &e.device, (uint8_t[16]){0},
			    &(unsigned){0});
			e.cs = one.cs;
			e.past = one.past;
		} else
			stored_entry_free(&one);
	}
	OK(state_view(&s, c, 0, &g_err));
	state_write(&out, &s);
	vectors_open(&v, "changeset.txt");
	while (vectors_next(&v)) {
		if (vectors_find(&v, "record") != NULL) {
			vectors_hex(&want, &v, "out");
			assert_int_equal(out.len, want.len);
			assert_memory_equal(out.p, want.p, want.len);
		} else if (vectors_find(&v, "log") != NULL) {
			vectors_bytes(e.device.b, sizeof(e.device.b), &v, "device");
			e.sealer = e.device;
		} else if (vectors_find(&v, "entry") != NULL) {
			struct buf bytes = BUF_INIT, expected = BUF_INIT;
			struct stored_entry back;

			stored_entry_write(&bytes, &e);
			vectors_hex(&expected, &v, "out");
			assert_int_equal(bytes.len, expected.len);
			assert_memory_equal(bytes.p, expected.p, expected.len);
			OK(stored_entry_read(&back, 3, bytes.p, bytes.len, &g_err));
			assert_memory_equal(back.cs->id.b, g_id[2].b, sizeof(g_id[2].b));
			stored_entry_free(&back);
			buf_free(&bytes);
			buf_free(&expected);
		}
	}
	vectors_close(&v);
	assert_int_equal(s.shown, RECORD_DELETED);
	state_free(&s);
	stored_entry_free(&e);
	saksi_txn_abort(&t);
	device_end(&d);
	buf_free(&out);
	buf_free(&want);
}

/* Any other byte string is refused, or is another changeset with no valid signature. */
static void no_flipped_bit_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t at = 0; at < g_cs[i].len; at++)
			for (unsigned bit = 0; bit < 8; bit++) {
				struct changeset *cs = NULL;

				g_cs[i].p[at] ^= (uint8_t)(1u << bit);
				if (changeset_decode(&cs, g_cs[i].p, g_cs[i].len, NULL) ==
				    SAKSI_OK)
					assert_int_equal(changeset_verify(cs, g_pk, NULL),
					    SAKSI_EAUTH);
				changeset_free(&cs);
				g_cs[i].p[at] ^= (uint8_t)(1u << bit);
			}
}

static void no_truncation_or_tail_passes(void **state)
{
	struct changeset *cs = NULL;
	struct buf longer = BUF_INIT;

	(void)state;
	for (size_t n = 0; n < g_cs[1].len; n++) {
		uint8_t *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, g_cs[1].p, n);
		assert_int_not_equal(changeset_decode(&cs, copy, n, NULL), SAKSI_OK);
		free(copy);
	}
	buf_add(&longer, g_cs[1].p, g_cs[1].len);
	buf_add_byte(&longer, 0xc0);
	assert_int_equal(changeset_decode(&cs, longer.p, longer.len, NULL), SAKSI_EFORMAT);
	buf_free(&longer);
}

static void limits_hold_at_the_edge(void **state)
{
	struct changeset head = {.kind = CS_DATA, .seq = 1, .hlc = 1}, *cs = NULL;
	struct secret *sk = NULL;
	uint8_t pk[CRYPTO_KEY], *big = calloc(1, CHANGESET_MAX + 1);
	static struct part_bytes parts[CHANGESET_PARTS_MAX + 1];

	(void)state;
	assert_non_null(big);
	OK(crypto_sign_new(pk, &sk, &g_err));
	for (size_t i = 0; i <= CHANGESET_PARTS_MAX; i++)
		parts[i] = (struct part_bytes){big, 1};
	OK(changeset_build(&cs, &head, parts, CHANGESET_PARTS_MAX, sk, &g_err));
	changeset_free(&cs);
	assert_int_equal(changeset_build(&cs, &head, parts, CHANGESET_PARTS_MAX + 1, sk,
			     &g_err),
	    SAKSI_ELIMIT);
	parts[0].len = CHANGESET_MAX;
	assert_int_equal(changeset_build(&cs, &head, parts, 1, sk, &g_err), SAKSI_ELIMIT);
	assert_int_equal(changeset_decode(&cs, big, CHANGESET_MAX + 1, &g_err),
	    SAKSI_ELIMIT);
	/* Five bytes that claim four thousand million elements. */
	assert_int_equal(changeset_decode(&cs, "\xdd\xff\xff\xff\xff", 5, &g_err),
	    SAKSI_EFORMAT);
	/* The first entry has no predecessor, and no other goes without. */
	head.seq = 2;
	parts[0].len = 1;
	assert_int_equal(changeset_build(&cs, &head, parts, 1, sk, &g_err), SAKSI_EFORMAT);
	free(big);
	secret_free(&sk);
}

static void an_erased_part_keeps_id_and_signature(void **state)
{
	struct changeset *whole = NULL, *cs = NULL;
	struct buf b = BUF_INIT;
	struct mp_reader r;
	const uint8_t *header, *sig, *part;
	size_t header_len, sig_len, part_len;

	(void)state;
	OK(changeset_decode(&whole, g_cs[1].p, g_cs[1].len, &g_err));
	mp_read_init(&r, g_cs[1].p, g_cs[1].len);
	mp_expect_array(&r, 3);
	header_len = mp_read_bin(&r, &header);
	sig_len = mp_read_bin(&r, &sig);
	mp_expect_array(&r, 2);
	part_len = mp_skip(&r, 4, &part);
	assert_true(part_len > 0);
	mp_array(&b, 3);
	mp_bin(&b, header, header_len);
	mp_bin(&b, sig, sig_len);
	mp_array(&b, 2);
	mp_array(&b, 2);
	mp_bin(&b, whole->parts[0].commit.b, sizeof(whole->parts[0].commit.b));
	mp_uint(&b, whole->parts[0].len);
	mp_array(&b, 2);
	mp_bin(&b, whole->parts[1].salt, sizeof(whole->parts[1].salt));
	mp_bin(&b, whole->parts[1].p, whole->parts[1].len);
	OK(changeset_decode(&cs, b.p, b.len, &g_err));
	assert_memory_equal(cs->id.b, whole->id.b, sizeof(cs->id.b));
	assert_null(cs->parts[0].p);
	assert_non_null(cs->parts[1].p);
	OK(changeset_verify(cs, g_pk, &g_err));
	OK(merge_check(cs, &g_err));
	changeset_free(&cs);
	changeset_free(&whole);
	buf_free(&b);
}

static int setup(void **state)
{
	load();
	return vaults_setup(state);
}

static int teardown(void **state)
{
	for (size_t i = 0; i < 3; i++)
		buf_free(&g_cs[i]);
	return vaults_teardown(state);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(golden_changesets_are_read),
    cmocka_unit_test(golden_entry_and_record_are_written),
    cmocka_unit_test(no_flipped_bit_passes),
    cmocka_unit_test(no_truncation_or_tail_passes),
    cmocka_unit_test(limits_hold_at_the_edge),
    cmocka_unit_test(an_erased_part_keeps_id_and_signature),
};

TEST_MAIN(tests, setup, teardown)
