/*
 * Canonical msgpack: what is written, and all that is refused when read.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mp.h>
#include <saksi/base/secret.h>

#include "test.h"

/* Bytes written in hex, spaces for the eye. */
static struct buf bytes(const char *hex)
{
	struct buf b = BUF_INIT;
	char pair[3] = "";
	uint8_t v;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		pair[0] = *hex++;
		pair[1] = *hex;
		assert_true(hex_decode(&v, 1, pair));
		buf_add_byte(&b, v);
	}
	return b;
}

static bool skips(const void *p, size_t n, unsigned depth)
{
	/* In a block of exactly this size a sanitizer sees the first byte too far. */
	uint8_t *copy = malloc(n == 0 ? 1 : n);
	const uint8_t *start = NULL;
	struct mp_reader r;
	size_t len;
	bool ok;

	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, p, n);
	mp_read_init(&r, copy, n);
	len = mp_skip(&r, depth, &start);
	assert_non_null(start);
	ok = mp_done(&r, "item", NULL) == SAKSI_OK;
	if (ok) {
		assert_int_equal(len, n);
		assert_ptr_equal(start, copy);
	}
	if (r.failed) {
		assert_int_equal(len, 0);
		assert_non_null(r.why);
	}
	free(copy);
	return ok;
}

static bool skips_hex(const char *hex)
{
	struct buf b = bytes(hex);
	bool ok = skips(b.p, b.len, 64);

	buf_free(&b);
	return ok;
}

static void assert_bytes(struct buf *b, const char *hex)
{
	struct buf want = bytes(hex);

	assert_false(b->failed);
	assert_int_equal(b->len, want.len);
	assert_memory_equal(b->p, want.p, want.len);
	assert_true(skips(b->p, b->len, 64));
	buf_free(&want);
	buf_reset(b);
}

static void test_shortest_forms(void **state)
{
	static const struct {
		int64_t v;
		const char *hex;
	} ints[] = {{0, "00"}, {127, "7f"}, {128, "cc80"}, {255, "ccff"}, {256, "cd0100"},
	    {65535, "cdffff"}, {65536, "ce00010000"}, {UINT32_MAX, "ceffffffff"},
	    {INT64_C(4294967296), "cf0000000100000000"},
	    {INT64_MAX, "cf7fffffffffffffff"}, {-1, "ff"}, {-32, "e0"}, {-33, "d0df"},
	    {-128, "d080"}, {-129, "d1ff7f"}, {-32768, "d18000"}, {-32769, "d2ffff7fff"},
	    {INT32_MIN, "d280000000"}, {INT64_C(-2147483649), "d3ffffffff7fffffff"},
	    {INT64_MIN, "d38000000000000000"}};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		struct mp_reader r;

		mp_int(&b, ints[i].v);
		mp_read_init(&r, b.p, b.len);
		assert_int_equal(mp_peek(&r), ints[i].v < 0 ? MP_NEGINT : MP_UINT);
		assert_true(mp_read_int(&r) == ints[i].v);
		assert_int_equal(mp_done(&r, "n", NULL), SAKSI_OK);
		assert_bytes(&b, ints[i].hex);
		if (ints[i].v >= 0) {
			mp_uint(&b, (uint64_t)ints[i].v);
			assert_bytes(&b, ints[i].hex);
		}
	}
	mp_uint(&b, UINT64_MAX);
	assert_bytes(&b, "cfffffffffffffffff");
	mp_nil(&b);
	mp_bool(&b, false);
	assert_int_equal(b.len, 2);
	assert_memory_equal(b.p, "\xc0\xc2", 2);
	buf_reset(&b);
	mp_double(&b, 1.5);
	assert_bytes(&b, "cb3ff8000000000000");
	mp_double(&b, -0.0);
	assert_bytes(&b, "cb0000000000000000");
	mp_cstr(&b, "\xe1\x9e\x80");
	assert_bytes(&b, "a3e19e80");
	mp_bin(&b, NULL, 0);
	assert_bytes(&b, "c400");
	buf_free(&b);
}

/* Each length form at the sizes where the next one begins. */
static void test_lengths(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536,
	    70000};
	char *text = calloc(1, 70000);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 70000);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const size_t n = sizes[i];
		const uint8_t *bin;
		const char *str;
		struct mp_reader r;
		struct buf b = BUF_INIT;

		mp_str(&b, text, n);
		mp_bin(&b, text, n);
		mp_array(&b, (uint32_t)n);
		for (size_t k = 0; k < n; k++)
			mp_nil(&b);
		assert_int_equal(buf_ok(&b, NULL), SAKSI_OK);
		mp_read_init(&r, b.p, b.len);
		assert_int_equal(mp_peek(&r), MP_STR);
		assert_int_equal(mp_read_str(&r, &str), n);
		assert_memory_equal(str, text, n);
		assert_int_equal(mp_read_bin(&r, &bin), n);
		assert_memory_equal(bin, text, n);
		assert_int_equal(mp_read_array(&r), n);
		for (size_t k = 0; k < n; k++)
			assert_true(mp_read_nil(&r));
		assert_int_equal(mp_done(&r, "lengths", NULL), SAKSI_OK);
		buf_free(&b);
	}
	free(text);
}

/* Shorter forms exist, or the specification's type is left out of ours. */
static void test_refused_forms(void **state)
{
	static const char *const refused[] = {"cc00", "cc7f", "cd0000", "cd00ff",
	    "ce00000000", "ce0000ffff", "cf0000000000000000", "cf00000000ffffffff",
	    "d000", "d07f", "d0ff", "d0e0", "d1ffff", "d1ff80", "d10080", "d17fff",
	    "d2ffffffff", "d2ffff8000", "d200000001", "d3ffffffffffffffff",
	    "d3ffffffff80000000", "d30000000000000001", "d37fffffffffffffff",
	    /* text and bytes in longer heads than they need */
	    "d900", "d90161",
	    "d91f61616161616161616161616161616161616161616161616161616161616161",
	    "da000161", "db0000000161", "c5000161", "c60000000161", "dc0000", "dc000101",
	    "dd00000000", "dd0000000101", "de0000", "df00000000",
	    /* never used, float 32, ext */
	    "c1", "ca3f800000", "c70000", "c7010000", "c8000000", "c900000000 00",
	    "d40000", "d5000000", "d600000000 00", "d700 0000000000000000",
	    "d800 00000000000000000000000000000000",
	    /* NaN, infinities, the second zero */
	    "cb7ff8000000000000", "cb7ff0000000000000", "cbfff0000000000000",
	    "cb8000000000000000", "cb7ff0000000000001"};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char in_array[160] = "91";

		if (skips_hex(refused[i]))
			fail_msg("%s was taken", refused[i]);
		assert_true(strlen(refused[i]) < sizeof(in_array) - 3);
		strcat(in_array, refused[i]);
		assert_false(skips_hex(in_array));
	}
}

static void test_lone_heads(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		const uint8_t head = (uint8_t)c;
		const bool whole = c <= 0x80 || c == 0x90 || c == 0xa0 || c == 0xc0 ||
		    c == 0xc2 || c == 0xc3 || c >= 0xe0;

		assert_int_equal(skips(&head, 1, 64), whole);
	}
	assert_false(skips("", 0, 64));
}

static void test_huge_counts(void **state)
{
	(void)state;
	assert_false(skips_hex("ddffffffff"));
	assert_false(skips_hex("ddffffffff c0c0c0c0"));
	assert_false(skips_hex("dfffffffff"));
	assert_false(skips_hex("df80000000 a161c0"));
	assert_false(skips_hex("dbffffffff 61"));
	assert_false(skips_hex("c6ffffffff 61"));
	assert_false(skips_hex("dcffff c0"));
	assert_false(skips_hex("deffff a161c0"));
	assert_false(skips_hex("81a161"));   /* half a member */
	assert_false(skips_hex("82a161c0")); /* one of two */
	assert_false(skips_hex("92c0"));
}

static void test_utf8(void **state)
{
	static const char *const refused[] = {"a180", "a1ff", "a2c080", "a2c1bf",
	    "a3e08080", "a3e09fbf", "a3eda080", "a3edbfbf", "a4f0808080", "a4f08fbfbf",
	    "a4f4908080", "a4f5808080", "a1c3", "a2e19e", "a3f09f92", "a2c328", "a100",
	    "a3610062", "a5f888808080"};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (skips_hex(refused[i]))
			fail_msg("%s was taken", refused[i]);
	assert_true(skips_hex("a2c2a2"));
	assert_true(skips_hex("a3ed9fbf"));
	assert_true(skips_hex("a4f48fbfbf"));
	mp_str(&b, "\xff", 1);
	assert_true(b.failed);
	buf_free(&b);
	mp_double(&b, (double)NAN);
	assert_true(b.failed);
	buf_free(&b);
}

static void test_map_keys(void **state)
{
	(void)state;
	assert_true(skips_hex("80"));
	assert_true(skips_hex("82a161c0a162c0"));
	assert_true(skips_hex("83a0c0a161c0a26161c0"));
	assert_false(skips_hex("82a162c0a161c0"));   /* falling */
	assert_false(skips_hex("82a161c0a161c0"));   /* twice */
	assert_false(skips_hex("82a26161c0a161c0")); /* a prefix comes first */
	assert_false(skips_hex("8101c0"));
	assert_false(skips_hex("81c0c0"));
	assert_false(skips_hex("81c40161c0"));
	assert_false(skips_hex("8190c0"));
	assert_true(skips_hex("81a16191 82a161c0a162c0"));
	assert_false(skips_hex("81a16191 82a162c0a161c0"));
	/* The order of one map is not that of the map around it. */
	assert_true(skips_hex("82a16d81a16101a16e81a16101"));
	/* Bytes, not letters: U+00E9 comes after z. */
	assert_true(skips_hex("82a17ac0a2c3a9c0"));
}

static void test_depth(void **state)
{
	const size_t n = 100000;
	uint8_t *deep = malloc(n + 1);
	uint8_t nine[] = {0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x90};

	(void)state;
	assert_non_null(deep);
	memset(deep, 0x91, n);
	deep[n] = 0xc0;
	assert_false(skips(deep, n + 1, 64));
	assert_false(skips(deep, n + 1, UINT32_MAX));
	for (size_t i = 0; i < n; i += 2) {
		deep[i] = 0x81;
		deep[i + 1] = 0xa0;
	}
	assert_false(skips(deep, n + 1, 64));
	assert_true(skips(nine + 1, 8, MP_DEPTH_MAX));
	assert_false(skips(nine, 9, MP_DEPTH_MAX));
	assert_true(skips(nine, 9, MP_DEPTH_MAX + 1));
	assert_false(skips("\x90", 1, 0));
	assert_true(skips("\xc0", 1, 0));
	memset(deep, 0x91, 64);
	deep[64] = 0xc0;
	assert_true(skips(deep, 65, 64));
	memset(deep, 0x91, 65);
	deep[65] = 0xc0;
	assert_false(skips(deep, 66, 64));
	free(deep);
}

static void sample(struct buf *b)
{
	mp_array(b, 6);
	mp_uint(b, 300);
	mp_map(b, 2);
	mp_cstr(b, "date");
	mp_cstr(b, "2019-07-31");
	mp_cstr(b, "names");
	mp_array(b, 2);
	mp_bin(b, "\x00\x01\x02\x03", 4);
	mp_double(b, 11.5564);
	mp_int(b, -70000);
	mp_bool(b, true);
	mp_nil(b);
	mp_cstr(b, "\xe1\x9e\x80\xe1\x9f\x92\xe1\x9e\x81, at least thirty-two bytes long");
}

static void test_truncation(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	sample(&b);
	assert_true(skips(b.p, b.len, 64));
	for (size_t n = 0; n < b.len; n++)
		assert_false(skips(b.p, n, 64));
	buf_add_byte(&b, 0xc0);
	assert_false(skips(b.p, b.len, 64));
	buf_free(&b);
}

static void test_cursor(void **state)
{
	struct buf b = BUF_INIT;
	struct mp_reader r;
	const char *s;
	const uint8_t *p;
	uint8_t four[4];

	(void)state;
	sample(&b);
	mp_read_init(&r, b.p, b.len);
	mp_expect_array(&r, 6);
	assert_int_equal(mp_read_uint(&r), 300);
	assert_int_equal(mp_read_map(&r), 2);
	assert_int_equal(mp_read_str(&r, &s), 4);
	assert_memory_equal(s, "date", 4);
	assert_int_equal(mp_read_str(&r, &s), 10);
	assert_memory_equal(s, "2019-07-31", 10);
	assert_int_equal(mp_read_str(&r, &s), 5);
	assert_memory_equal(s, "names", 5);
	mp_expect_array(&r, 2);
	mp_read_fixed(&r, four, sizeof(four));
	assert_memory_equal(four, "\x00\x01\x02\x03", 4);
	assert_true(mp_read_double(&r) > 11.5 && !r.failed);
	assert_int_equal(mp_read_int(&r), -70000);
	assert_false(mp_read_nil(&r));
	assert_true(mp_read_bool(&r));
	assert_true(mp_read_nil(&r));
	assert_int_not_equal(mp_skip(&r, 0, &p), 0);
	assert_int_equal(mp_peek(&r), MP_BAD);
	assert_int_equal(mp_done(&r, "sample", NULL), SAKSI_OK);
	buf_free(&b);
}

static void test_sticky(void **state)
{
	struct saksi_error err;
	struct mp_reader r;
	const char *s = NULL;
	const uint8_t *p = NULL;
	uint8_t two[2] = {7, 7};

	(void)state;
	mp_read_init(&r, "\xa1\x61\x05\x92\x01\x02", 6);
	assert_int_equal(mp_read_uint(&r), 0); /* a text stands there */
	assert_true(r.failed);
	assert_int_equal(mp_peek(&r), MP_BAD);
	assert_int_equal(mp_read_str(&r, &s), 0);
	assert_non_null(s);
	assert_int_equal(mp_read_bin(&r, &p), 0);
	assert_non_null(p);
	mp_read_fixed(&r, two, sizeof(two));
	assert_int_equal(two[0] | two[1], 0);
	assert_int_equal(mp_read_array(&r) | mp_read_map(&r), 0);
	assert_true(mp_read_int(&r) == 0 && mp_read_double(&r) == 0.0);
	assert_false(mp_read_nil(&r) || mp_read_bool(&r));
	assert_int_equal(mp_skip(&r, 8, NULL), 0);
	mp_fail(&r, "a later fault");
	assert_int_equal(mp_done(&r, "a thing", &err), SAKSI_EFORMAT);
	assert_non_null(strstr(err.msg, "a thing"));
	assert_non_null(strstr(err.msg, "a number is missing"));
	assert_null(strstr(err.msg, "later"));
}

/* Runs ${read} over ${hex}; the cursor must then have failed. */
#define ASSERT_REFUSED(hex, read)                 \
	do {                                      \
		struct buf in_ = bytes(hex);      \
		struct mp_reader r;               \
		mp_read_init(&r, in_.p, in_.len); \
		read;                             \
		assert_true(r.failed);            \
		buf_free(&in_);                   \
	} while (0)

static void test_wrong_items(void **state)
{
	uint8_t out[4];

	(void)state;
	ASSERT_REFUSED("", (void)mp_read_uint(&r));
	ASSERT_REFUSED("cd01", (void)mp_read_int(&r));
	/* Two members need four bytes at least: known before any is looked at. */
	ASSERT_REFUSED("82a161c0", (void)mp_read_map(&r));
	ASSERT_REFUSED("92c0", (void)mp_read_array(&r));
	ASSERT_REFUSED("a261", (void)mp_skip(&r, 8, NULL));
	ASSERT_REFUSED("cf8000000000000000", (void)mp_read_int(&r));
	ASSERT_REFUSED("ff", (void)mp_read_uint(&r));
	ASSERT_REFUSED("00", (void)mp_read_bool(&r));
	ASSERT_REFUSED("00", (void)mp_read_double(&r));
	ASSERT_REFUSED("92c0c0", mp_expect_array(&r, 3));
	ASSERT_REFUSED("80", (void)mp_read_array(&r));
	ASSERT_REFUSED("90", (void)mp_read_map(&r));
	ASSERT_REFUSED("c403616263", mp_read_fixed(&r, out, 4));
	ASSERT_REFUSED("a461626364", mp_read_fixed(&r, out, 4));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_shortest_forms),
    cmocka_unit_test(test_lengths),
    cmocka_unit_test(test_refused_forms),
    cmocka_unit_test(test_lone_heads),
    cmocka_unit_test(test_huge_counts),
    cmocka_unit_test(test_utf8),
    cmocka_unit_test(test_map_keys),
    cmocka_unit_test(test_depth),
    cmocka_unit_test(test_truncation),
    cmocka_unit_test(test_cursor),
    cmocka_unit_test(test_sticky),
    cmocka_unit_test(test_wrong_items),
};

TEST_MAIN(tests, NULL, NULL)
