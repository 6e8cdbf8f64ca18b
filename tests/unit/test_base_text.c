/*
 * Text: what a person typed, compared, split and shown.  Invisible characters
 * are written as escapes.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#include "test.h"
#include "utf8.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef enum saksi_err text_fn(struct buf *out, const char *s, size_t n,
    struct saksi_error *err);

static void assert_becomes(text_fn *fn, const char *in, const char *want)
{
	struct buf b = BUF_INIT;
	struct saksi_error err = {SAKSI_OK, 0, ""};

	buf_add_str(&b, "before "); /* all of them append */
	if (fn(&b, in, strlen(in), &err) != SAKSI_OK)
		fail_msg("%s: %s", in, err.msg);
	assert_string_equal(buf_cstr(&b) + 7, want);
	buf_free(&b);
}

static const struct {
	const char *p;
	size_t n;
} malformed[] = {{"\xff", 1}, {"\x80", 1}, {"\xc0\x80", 2}, {"\xc1\xbf", 2},
    {"\xe0\x9f\xbf", 3}, {"\xed\xa0\x80", 3}, {"\xed\xbf\xbf", 3},
    {"\xf0\x8f\xbf\xbf", 4}, {"\xf4\x90\x80\x80", 4}, {"\xf5\x80\x80\x80", 4},
    {"\xe1\x9e", 2}, {"a\xc3", 2}, {"a\0b", 3}, {"\xc3(", 2},
    {"\xf8\x88\x80\x80\x80", 5}};

static void test_utf8(void **state)
{
	(void)state;
	assert_true(utf8_valid("", 0));
	assert_true(
	    utf8_valid("a\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80", 15));
	assert_true(utf8_valid("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8));
	for (size_t i = 0; i < COUNT(malformed); i++) {
		struct buf b = BUF_INIT;

		assert_false(utf8_valid(malformed[i].p, malformed[i].n));
		assert_int_equal(text_nfc(&b, malformed[i].p, malformed[i].n, NULL),
		    SAKSI_EINVAL);
		assert_int_equal(text_fold(&b, malformed[i].p, malformed[i].n, NULL),
		    SAKSI_EINVAL);
		assert_int_equal(text_skeleton(&b, malformed[i].p, malformed[i].n, NULL),
		    SAKSI_EINVAL);
		assert_int_equal(b.len, 0);
		buf_free(&b);
	}
}

/* Each code point there is, one way and the other. */
static void test_utf8_all(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		char s[4];
		uint32_t again;
		size_t n = utf8_encode(s, cp);

		if (cp >= 0xd800 && cp <= 0xdfff) {
			assert_int_equal(utf8_decode(&again, s, n), 0);
			continue;
		}
		assert_int_equal(utf8_decode(&again, s, n), n);
		assert_int_equal(again, cp);
		assert_int_equal(utf8_decode(&again, s, n - 1), 0);
	}
}

static void test_nfc(void **state)
{
	(void)state;
	assert_becomes(text_nfc, "", "");
	assert_becomes(text_nfc, "abc", "abc");
	assert_becomes(text_nfc, "e\u0301", "\u00e9");
	assert_becomes(text_nfc, "\u212b \ufb01", "\u00c5 \ufb01");
	assert_becomes(text_nfc, "\u1100\u1161\u11a8", "\uac01");
	assert_becomes(text_nfc, "\u1797\u17d2\u1793\u17c6\u1796\u17c1\u1789",
	    "\u1797\u17d2\u1793\u17c6\u1796\u17c1\u1789");
	assert_becomes(text_nfc, "a\u200bb", "a\u200bb");
	/* Three times as long is the most there is. */
	assert_becomes(text_nfc, "\u0390\U0001d160",
	    "\u0390\U0001d158\U0001d165\U0001d16e");
}

static void test_fold(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {{"", ""}, {"  ", ""}, {"Chak  Sopheap\n", "chak sopheap"},
	    {"\t a\r\n b\v\fc ", "a b c"}, {"\u00c9CoLe \u00e9t\u00e9", "ecole ete"},
	    {"Stra\u00dfe STRASSE", "strasse strasse"},
	    {"\ufb01 \u2460\u33a2", "fi 1km2"},
	    {"\u0391\u0301\u03c3\u03c2", "\u03b1\u03c3\u03c3"},
	    {"\u0425\u0440\u0443\u0449\u0451\u0432",
		"\u0445\u0440\u0443\u0449\u0435\u0432"},
	    /* Marks of other scripts are letters there. */
	    {"\u1780\u17b7\u17c6", "\u1780\u17b7\u17c6"},
	    {"\u0e01\u0e49", "\u0e01\u0e49"}, {"\u05d0\u05b8", "\u05d0\u05b8"},
	    /* Zero-width: word break, joiners, marks of direction, soft hyphen, BOM. */
	    {"\u1797\u17d2\u1793\u17c6\u200b\u1796\u17c1\u1789",
		"\u1797\u17d2\u1793\u17c6\u1796\u17c1\u1789"},
	    {"a\u200cb\u200dc\u200ed\u200fe\u2060f\ufeffg\u00adh", "abcdefgh"},
	    {"\u0660\u0661\u0669 \u06f5 \u17e0\u17e9 \u0967 \uff18 \U0001d7dc",
		"019 5 09 1 8 4"},
	    {"a\u00a0b\u3000c\u2009d\xc2\x85"
	     "e\u2028f",
		"a b c d e f"},
	    {"O\u2019Brien O\u02bcBrien", "o'brien o'brien"}, {"\u0130\u0131", "i\u0131"},
	    {"\u00bd", "1\u20442"}, {"\u0345", "\u03b9"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_becomes(text_fold, cases[i].in, cases[i].out);
}

/* For each code point between letters: folding again changes nothing. */
static void test_fold_twice(void **state)
{
	struct buf once = BUF_INIT;
	struct buf twice = BUF_INIT;

	(void)state;
	for (uint32_t cp = 1; cp <= 0x10ffff; cp++) {
		char s[16] = "x";
		size_t n = 1;

		if (cp == 0xd800)
			cp = 0xe000;
		/* Unassigned planes all fold alike. */
		if (cp == 0x32000)
			cp = 0xe0000;
		if (cp == 0xe1000)
			cp = 0x10fffe;
		n += utf8_encode(s + n, cp);
		s[n++] = (char)0xcc; /* a mark below */
		s[n++] = (char)0xa3;
		buf_reset(&once);
		buf_reset(&twice);
		assert_int_equal(text_fold(&once, s, n, NULL), SAKSI_OK);
		assert_int_equal(text_fold(&twice, (const char *)once.p, once.len, NULL),
		    SAKSI_OK);
		if (once.len != twice.len || memcmp(once.p, twice.p, once.len) != 0)
			fail_msg("U+%04X folds further", (unsigned)cp);
	}
	buf_free(&once);
	buf_free(&twice);
}

static void test_too_long(void **state)
{
	const size_t n = (size_t)INT32_MAX / 32 + 1;
	struct buf b = BUF_INIT;
	char *s = malloc(n);

	(void)state;
	assert_non_null(s);
	memset(s, 'x', n);
	memcpy(s + n - 2, "\u00e9", 2);
	assert_int_equal(text_nfc(&b, s, n, NULL), SAKSI_ELIMIT);
	assert_int_equal(text_fold(&b, s, n, NULL), SAKSI_ELIMIT);
	assert_int_equal(b.len, 0);
	free(s);
	buf_free(&b);
}

struct list {
	struct buf b;
	size_t left;
};

static bool add_word(void *ctx, const char *word, size_t len)
{
	struct list *l = ctx;

	assert_int_equal(strlen(word), len);
	if (l->b.len > 0)
		buf_add_byte(&l->b, '|');
	buf_add(&l->b, word, len);
	return --l->left > 0;
}

static void assert_words(const char *in, const char *want)
{
	struct list l = {BUF_INIT, 1000};
	struct buf folded = BUF_INIT;

	assert_int_equal(text_fold(&folded, in, strlen(in), NULL), SAKSI_OK);
	assert_int_equal(text_words((const char *)folded.p, folded.len, add_word, &l,
			     NULL),
	    SAKSI_OK);
	assert_string_equal(buf_cstr(&l.b), want);
	buf_free(&l.b);
	buf_free(&folded);
}

static void test_words(void **state)
{
	struct list l = {BUF_INIT, 2};

	(void)state;
	assert_words("", "");
	assert_words(" ... !? \u17d4", "");
	assert_words("The court's verdict, 31 July 2019.",
	    "the|court's|verdict|31|july|2019");
	/* I go to school in Phnom Penh; the court put it off. */
	assert_words("ខ្ញុំទៅសាលារៀននៅភ្នំពេញ", "ខ្ញុំ|ទៅ|សាលារៀន|នៅ|ភ្នំពេញ");
	assert_words("ខ្ញុំ\u200bទៅ\u200bសាលារៀន", "ខ្ញុំ|ទៅ|សាលារៀន");
	assert_words("តុលាការបានលើកពេល ២០១៩។", "តុលាការ|បាន|លើកពេល|2019");
	/* The vowel AM stays apart, as folding left it. */
	assert_words("ทำงาน น้ำใจ", "ท\u0e4d\u0e32งาน|น้\u0e4d\u0e32ใจ");
	assert_words("\u0663\u0664 \u0663", "34|3");
	assert_words("東京に住む", "東京|に|住む");
	assert_int_equal(text_words("a b c", 5, add_word, &l, NULL), SAKSI_OK);
	assert_string_equal(buf_cstr(&l.b), "a|b");
	assert_int_equal(text_words("\xff", 1, add_word, &l, NULL), SAKSI_EINVAL);
	buf_free(&l.b);
}

static void skeleton_of(struct buf *b, const char *name)
{
	assert_int_equal(text_skeleton(b, name, strlen(name), NULL), SAKSI_OK);
	(void)buf_cstr(b);
}

/* Pairs of names in the sample documents: distance of the folded, of the skeletons. */
static void test_names(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		unsigned skeletons;
	} pairs[] = {{"Kong Raiya", "Kung Raiya", 0}, {"Rong Chhun", "Rong Chuun", 0},
	    {"Chak Sopheap", "Sopheap Chak", 0},
	    {"Phuon Keoreaksmey", "Phoung Keorasmey", 2},
	    {"Yeang Sothearin", "Yeang Sochea Meta", 4}, {"Kem Sokha", "Lem Sokha", 1},
	    {"Soy Chhay", "Son Chhay", 1}, {"Chhum Huot", "Chhum Hou", 1},
	    /* The same name in two alphabets. */
	    {"កឹម សុខា", "Kem Sokha", 0}, {"គង់ រ៉ៃយ៉ា", "Kong Raiya", 0},
	    {"រ៉ុង ឈុន", "Rong Chhun", 0}, {"ហ៊ុន សែន", "Hun Sen", 0},
	    {"អ៊ុំ សំអុន", "Om Samon", 0}, {"ប៉ែន សុវណ្ណ", "Pen Sovann", 0},
	    {"កុមារណ៍", "Kumar", 0}, {"Sovann", "Sovan", 0},
	    {"Иванов Пётр", "Ivanov Petr", 0}, {"Đỗ Mười", "Do Muoi", 0},
	    {"O'Brien", "OBrien", 0}, {"Chak-Sopheap", "chak sopheap", 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct buf a = BUF_INIT;
		struct buf b = BUF_INIT;

		skeleton_of(&a, pairs[i].a);
		skeleton_of(&b, pairs[i].b);
		if (text_distance((const char *)a.p, (const char *)b.p, 9) !=
		    pairs[i].skeletons)
			fail_msg("%s (%s), %s (%s)", pairs[i].a, (const char *)a.p,
			    pairs[i].b, (const char *)b.p);
		buf_free(&a);
		buf_free(&b);
	}
	assert_becomes(text_skeleton, "", "");
	assert_becomes(text_skeleton, "  - ", "");
	assert_becomes(text_skeleton, "Aong Ahha 7b", "7b ah ang");
}

/* Its letters grow 18 times; all of them would take longer than a test may. */
#define GIANT (1500u * 1000u)

static void test_giant_names(void **state)
{
	static const char letter[] = "\xef\xb7\xba";
	struct buf name = BUF_INIT, a = BUF_INIT, b = BUF_INIT;

	(void)state;
	while (name.len < GIANT)
		buf_add_str(&name, letter);
	assert_int_equal(text_skeleton(&a, (const char *)name.p, name.len, NULL),
	    SAKSI_OK);
	assert_int_equal(text_skeleton(&b, (const char *)name.p,
			     TEXT_SKELETON_MAX / 3 * 3, NULL),
	    SAKSI_OK);
	assert_string_equal(buf_cstr(&a), buf_cstr(&b));
	assert_true(a.len > 0);
	buf_reset(&name);
	buf_reset(&a);
	buf_reset(&b);
	/* Words are not cut in two; one byte less, and all of it counts. */
	while (name.len < TEXT_SKELETON_MAX - 2)
		buf_add_byte(&name, name.len % 6 == 5 ? ' ' : 'k');
	buf_add_str(&name, " zz");
	assert_int_equal(text_skeleton(&a, (const char *)name.p, name.len, NULL),
	    SAKSI_OK);
	assert_null(strchr(buf_cstr(&a), 'z'));
	assert_int_equal(text_skeleton(&b, (const char *)name.p, name.len - 1, NULL),
	    SAKSI_OK);
	assert_non_null(strchr(buf_cstr(&b), 'z'));
	buf_free(&name);
	buf_free(&a);
	buf_free(&b);
}

/* The textbook's table, which cannot be wrong in the way a band can. */
static unsigned slow_distance(const char *a, const char *b, unsigned max)
{
	unsigned d[12][12];

	for (unsigned i = 0; i <= strlen(a); i++)
		for (unsigned j = 0; j <= strlen(b); j++) {
			unsigned v = i == 0 ? j : i;

			if (i > 0 && j > 0) {
				v = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
				v = d[i - 1][j] + 1 < v ? d[i - 1][j] + 1 : v;
				v = d[i][j - 1] + 1 < v ? d[i][j - 1] + 1 : v;
			}
			d[i][j] = v;
		}
	return d[strlen(a)][strlen(b)] > max ? max + 1 : d[strlen(a)][strlen(b)];
}

static void test_distance(void **state)
{
	uint32_t x = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char s[2][12];

		for (int k = 0; k < 2; k++) {
			size_t n = 0;

			x = x * 1664525u + 1013904223u;
			for (uint32_t len = x >> 28; n < len && n < 10; n++) {
				x = x * 1664525u + 1013904223u;
				s[k][n] = (char)('a' + (x >> 30));
			}
			s[k][n] = '\0';
		}
		for (unsigned max = 0; max < 12; max++)
			if (text_distance(s[0], s[1], max) !=
			    slow_distance(s[0], s[1], max))
				fail_msg("%s, %s, %u", s[0], s[1], max);
	}
	assert_int_equal(text_distance("កឹម", "កឹន", 5), 1);
	assert_int_equal(text_distance("a\xff", "a\xfe", 5), 1);
	assert_int_equal(text_distance("", "abc", UINT32_MAX), 3);
}

static void assert_shown(const char *in, size_t n, bool multiline, const char *want)
{
	struct buf b = BUF_INIT;

	text_printable(&b, in, n, multiline);
	assert_string_equal(buf_cstr(&b), want);
	assert_true(utf8_valid(b.p, b.len));
	buf_free(&b);
}

static void test_printable(void **state)
{
	static const char in[] = "a\x1b[31mb\r\n\tc\x7f\0d";

	(void)state;
	assert_shown(in, sizeof(in) - 1, false, "a\\x1b[31mb\\x0d\\x0a\\x09c\\x7f\\x00d");
	assert_shown(in, sizeof(in) - 1, true, "a\\x1b[31mb\\x0d\n\tc\\x7f\\x00d");
	assert_shown("\xff", 1, false, "\\xff");
	assert_shown("\xe1\x9ex", 3, false, "\\xe1\\x9ex");
	assert_shown("\xc2\x9b"
		     "31m",
	    5, true, "\\u{9b}31m");
	assert_shown("\u202eb\u202c\u2066c\u2069", 14, false,
	    "\\u{202e}b\\u{202c}\\u{2066}c\\u{2069}");
	assert_shown("\u2028\u2029", 6, true, "\\u{2028}\\u{2029}");
	assert_shown("\U000e0041\uffff", 7, false, "\\u{e0041}\\u{ffff}");
	assert_shown("ភ្នំ\u200bពេញ \u0645\u200d", strlen("ភ្នំ\u200bពេញ \u0645\u200d"),
	    false, "ភ្នំ\u200bពេញ \u0645\u200d");
	assert_shown("\xed\xa0\x80", 3, false, "\\xed\\xa0\\x80");
	assert_shown("", 0, false, "");
}

/* Nothing that begins an escape sequence survives, whatever the bytes. */
static void test_printable_bytes(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			char in[3] = {(char)a, (char)b, 'm'};
			struct buf out = BUF_INIT;

			text_printable(&out, in, sizeof(in), false);
			assert_true(utf8_valid(out.p, out.len));
			for (size_t i = 0; i < out.len; i++) {
				assert_true(out.p[i] >= 0x20 && out.p[i] != 0x7f);
				if (i + 1 < out.len && out.p[i] == 0xc2)
					assert_true(out.p[i + 1] >= 0xa0);
			}
			buf_free(&out);
		}
}

static void test_columns(void **state)
{
	static const struct {
		const char *s;
		size_t columns;
	} cases[] = {{"", 0}, {"abc", 3}, {"e\u0301", 1}, {"東京", 4}, {"\uac01", 2},
	    {"\u1100\u1161\u11a8", 2}, {"a\u200bb", 2}, {"\uff21", 2}, {"ភ្នំ", 2},
	    {"\u00ad", 1}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(text_columns(cases[i].s, strlen(cases[i].s)),
		    cases[i].columns);
}

static void assert_passphrase(const char *in, size_t n, const char *want)
{
	struct secret *raw = NULL;
	struct secret *out = NULL;
	enum saksi_err rc;

	assert_int_equal(secret_copy(&raw, in, n, NULL), SAKSI_OK);
	rc = text_passphrase(&out, raw, NULL);
	assert_int_equal(rc, want == NULL ? SAKSI_EINVAL : SAKSI_OK);
	if (want != NULL) {
		assert_int_equal(secret_len(out), strlen(want));
		assert_memory_equal(secret_view(out), want, strlen(want));
	} else {
		assert_null(out);
	}
	secret_free(&raw);
	secret_free(&out);
}

static void test_passphrase(void **state)
{
	struct secret *none = NULL;
	struct secret *out = NULL;

	(void)state;
	assert_passphrase("correct horse", 13, "correct horse");
	assert_passphrase("e\u0301\ufb01 \u00a0", strlen("e\u0301\ufb01 \u00a0"),
	    "\u00e9fi  ");
	assert_passphrase("\uff30\uff41", 6, "Pa");
	assert_passphrase("\ufdfa", 3,
	    "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064a\u0647 "
	    "\u0648\u0633\u0644\u0645");
	assert_passphrase("\xff", 1, NULL);
	assert_passphrase("a\0b", 3, NULL);
	assert_int_equal(secret_new(&none, 4, NULL), SAKSI_OK);
	secret_truncate(none, 0);
	assert_int_equal(text_passphrase(&out, none, NULL), SAKSI_EINVAL);
	assert_null(out);
	secret_free(&none);
}

static int nothing_left(void **state)
{
	(void)state;
	text_end_thread();
	text_end_thread();
	return 0;
}

static void test_near(void **state)
{
	static const char *const names[] = {"list", "lock", "status", "Arrest",
	    "per-kong-raiya", "a"};
	static const struct {
		const char *word, *meant;
	} cases[] = {{"lsit", "list"}, {"LIST", "list"}, {"lok", "lock"},
	    {"sttaus", "status"}, {"arest", "Arrest"},
	    {"per-kong-raya", "per-kong-raiya"}, {"per-kung-rayia", NULL},
	    {"xyzzy", NULL}, {"", NULL}, {"a", NULL}, {"zz", NULL}, {"ost", NULL}};
	char endless[TEXT_NEAR_MAX + 1];
	struct text_near n;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		text_near_begin(&n, cases[i].word);
		for (size_t k = 0; k < COUNT(names); k++)
			(void)text_near_try(&n, names[k]);
		if (cases[i].meant == NULL)
			assert_null(n.best);
		else
			assert_string_equal(n.best, cases[i].meant);
	}
	memset(endless, 'a', TEXT_NEAR_MAX);
	endless[TEXT_NEAR_MAX] = '\0';
	text_near_begin(&n, endless);
	assert_false(text_near_try(&n, endless));
	text_near_begin(&n, "aa");
	assert_false(text_near_try(&n, endless));
}

static void test_countries(void **state)
{
	static const char *const some[] = {"KH", "TH", "MM", "TL", "SS", "GB"};
	static const char *const none[] = {"UK", "XX", "ZZ", "kh", "K", "", "KHM"};

	(void)state;
	for (size_t i = 0; i < COUNT(some); i++)
		assert_true(text_is_country(some[i]));
	for (size_t i = 0; i < COUNT(none); i++)
		assert_false(text_is_country(none[i]));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_utf8),
    cmocka_unit_test(test_utf8_all),
    cmocka_unit_test(test_nfc),
    cmocka_unit_test(test_fold),
    cmocka_unit_test(test_fold_twice),
    cmocka_unit_test(test_too_long),
    cmocka_unit_test(test_words),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_giant_names),
    cmocka_unit_test(test_distance),
    cmocka_unit_test(test_near),
    cmocka_unit_test(test_countries),
    cmocka_unit_test(test_printable),
    cmocka_unit_test(test_printable_bytes),
    cmocka_unit_test(test_columns),
    cmocka_unit_test(test_passphrase),
};

TEST_MAIN(tests, NULL, nothing_left)
