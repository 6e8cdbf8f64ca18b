/* test_base_varint.c - numbers in as few bytes as they need. */
#include <string.h>

#include <saksi/base/varint.h>

#include "test.h"

#define LARGEST (UINT64_MAX >> 1)

static const struct {
	uint64_t v;
	size_t len;
	const char *bytes;
} known[] = {{0, 1, "\x00"}, {1, 1, "\x01"}, {127, 1, "\x7f"}, {128, 2, "\x80\x01"},
    {300, 2, "\xac\x02"}, {16383, 2, "\xff\x7f"}, {16384, 3, "\x80\x80\x01"},
    {UINT32_MAX, 5, "\xff\xff\xff\xff\x0f"},
    {LARGEST >> 7, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f"},
    {(LARGEST >> 7) + 1, 9, "\x80\x80\x80\x80\x80\x80\x80\x80\x01"},
    {LARGEST, 9, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"}};

static void written_as_known(void **state)
{
	struct buf b = BUF_INIT;
	uint8_t p[VARINT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(varint_len(known[i].v), known[i].len);
		assert_int_equal(varint_put(p, known[i].v), known[i].len);
		assert_memory_equal(p, known[i].bytes, known[i].len);
		buf_reset(&b);
		buf_varint(&b, known[i].v);
		assert_int_equal(b.len, known[i].len);
		assert_memory_equal(b.p, known[i].bytes, b.len);
	}
	buf_free(&b);
}

/* Nothing is read, and nothing is moved. */
static void assert_none(const uint8_t *p, size_t n)
{
	const uint8_t *at = p;
	uint64_t v;

	assert_false(varint_get(&at, p + n, &v));
	assert_ptr_equal(at, p);
}

static void read_as_written_or_not_at_all(void **state)
{
	struct buf b = BUF_INIT;
	const uint8_t *at;
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		buf_varint(&b, known[i].v);
		for (size_t n = 0; n < known[i].len; n++) /* cut off */
			assert_none((const uint8_t *)known[i].bytes, n);
	}
	at = b.p;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_true(varint_get(&at, b.p + b.len, &v));
		assert_true(v == known[i].v);
	}
	assert_ptr_equal(at, b.p + b.len);
	assert_none(at, 0);
	buf_free(&b);
}

static void more_than_63_bits_are_not_read(void **state)
{
	static const uint64_t large[] = {LARGEST + 1, LARGEST + 2, UINT64_MAX};
	uint8_t p[2 * VARINT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		assert_int_equal(varint_len(large[i]), VARINT_MAX);
		assert_int_equal(varint_put(p, large[i]), VARINT_MAX);
		assert_none(p, VARINT_MAX);
	}
	/* However long, and whatever its last byte adds. */
	memset(p, 0x80, sizeof(p));
	p[sizeof(p) - 1] = 0;
	for (size_t n = 0; n <= sizeof(p); n++)
		assert_none(p, n);
	p[9] = 0;
	assert_none(p, 10);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(written_as_known),
    cmocka_unit_test(read_as_written_or_not_at_all),
    cmocka_unit_test(more_than_63_bits_are_not_read),
};

TEST_MAIN(tests, NULL, NULL)
