/*
 * test_base_words.c - the short ways of folding and of finding words give what
 * ICU gives.
 *
 * A text with something behind it that only ICU can judge goes the long way; what
 * stands before must come out the same.
 */
#include <string.h>

#include <saksi/base/text.h>

#include "test.h"

static uint64_t seed = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 20) % below);
}

static bool join(void *ctx, const char *word, size_t n)
{
	struct buf *out = ctx;

	assert_int_equal(strlen(word), n);
	buf_add(out, word, n);
	buf_add_byte(out, '|');
	return true;
}

/* The same words with a Khmer full stop behind, which is none. */
static void check_words(const char *s, size_t n)
{
	struct buf text = BUF_INIT, brief = BUF_INIT, full = BUF_INIT;

	buf_add(&text, s, n);
	buf_add_str(&text, " \u17d4");
	assert_int_equal(text_words(s, n, join, &brief, NULL), SAKSI_OK);
	assert_int_equal(text_words((const char *)text.p, text.len, join, &full, NULL),
	    SAKSI_OK);
	if (strcmp(buf_cstr(&brief), buf_cstr(&full)) != 0)
		fail_msg("\"%.*s\": %s, not %s", (int)n, s, buf_cstr(&brief),
		    buf_cstr(&full));
	buf_free(&text);
	buf_free(&brief);
	buf_free(&full);
}

/* All texts of up to four characters that matter to the rules. */
static void test_short_words(void **state)
{
	static const char kinds[] = "ab1_:,;.' -\"\n@";
	size_t n = sizeof(kinds) - 1, all = 1;

	(void)state;
	for (size_t len = 1; len <= 4; len++) {
		all *= n;
		for (size_t k = 0; k < all; k++) {
			char s[8];

			for (size_t i = 0, z = k; i < len; i++, z /= n)
				s[i] = kinds[z % n];
			check_words(s, len);
		}
	}
}

static void test_random_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		char s[300];
		size_t n = 1 + draw(i % 50 == 0 ? 299 : 40);

		for (size_t k = 0; k < n; k++)
			s[k] = (char)(draw(3) == 0 ? 1 + draw(127) : 'a' + draw(26));
		check_words(s, n);
	}
}

/* With a letter behind it that is to be decomposed. */
static void check_fold(const char *s, size_t n)
{
	struct buf text = BUF_INIT, brief = BUF_INIT, full = BUF_INIT;

	buf_add_str(&text, "x ");
	buf_add(&text, s, n);
	buf_add_str(&text, " x");
	assert_int_equal(text_fold(&brief, (const char *)text.p, text.len, NULL),
	    SAKSI_OK);
	buf_add_str(&brief, " e");
	buf_add_str(&text, " \u00c9");
	assert_int_equal(text_fold(&full, (const char *)text.p, text.len, NULL), SAKSI_OK);
	if (strcmp(buf_cstr(&brief), buf_cstr(&full)) != 0)
		fail_msg("\"%.*s\": %s, not %s", (int)n, s, buf_cstr(&brief),
		    buf_cstr(&full));
	buf_free(&text);
	buf_free(&brief);
	buf_free(&full);
}

static size_t encode(char *out, uint32_t c)
{
	size_t n = 0;

	if (c < 0x80) {
		out[n++] = (char)c;
	} else if (c < 0x800) {
		out[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		out[n++] = (char)(0xe0 | c >> 12);
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | c >> 18);
		out[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		out[n++] = (char)(0x80 | (c & 0x3f));
	return n;
}

static void test_fold_each(void **state)
{
	(void)state;
	for (uint32_t c = 1; c < 0x20000; c++) {
		char s[8];

		if (c >= 0xd800 && c < 0xe000)
			continue;
		check_fold(s, encode(s, c));
	}
}

static void test_fold_random(void **state)
{
	static const uint32_t from[] = {0x20, 0x41, 0x600, 0x620, 0x1780, 0x1780, 0xe00,
	    0x200b, 0x300, 0x4e00, 0xc0};
	static const uint32_t many[] = {0x5f, 0x3a, 0x100, 0xb0, 0x60, 0x60, 0x60, 0x10,
	    0x40, 0x100, 0x100};

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		char s[200];
		size_t n = 0;

		for (unsigned k = draw(20); k > 0; k--) {
			unsigned kind = draw(sizeof(from) / sizeof(from[0]));

			n += encode(s + n, from[kind] + draw(many[kind]));
		}
		check_fold(s, n);
	}
}

struct nesting {
	unsigned outer, inner;
};

static bool count_inner(void *ctx, const char *word, size_t n)
{
	struct nesting *c = ctx;

	(void)word;
	(void)n;
	c->inner++;
	return true;
}

static bool count_outer(void *ctx, const char *word, size_t n)
{
	struct nesting *c = ctx;

	c->outer++;
	assert_int_equal(text_words(word, n, count_inner, c, NULL), SAKSI_OK);
	return true;
}

/* Whoever gets a word may take it apart again. */
static void test_nested(void **state)
{
	static const char khmer[] = "ខ្ញុំទៅសាលារៀន";
	struct nesting c = {0, 0};

	(void)state;
	assert_int_equal(text_words(khmer, strlen(khmer), count_outer, &c, NULL),
	    SAKSI_OK);
	assert_int_equal(c.outer, 3);
	assert_int_equal(c.inner, 3);
}

static int end_thread(void **state)
{
	(void)state;
	text_end_thread();
	return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_short_words),
    cmocka_unit_test(test_random_words),
    cmocka_unit_test(test_fold_each),
    cmocka_unit_test(test_fold_random),
    cmocka_unit_test(test_nested),
};

TEST_MAIN(tests, NULL, end_thread)
