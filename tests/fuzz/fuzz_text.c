/*
 * Text of strangers: folding settles, words come from the text, name keys are
 * sorted, and what is shown cannot act on a terminal.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

static void must(int true_enough)
{
	if (!true_enough)
		abort();
}

static bool check_word(void *ctx, const char *word, size_t len)
{
	const struct buf *folded = ctx;

	must(len > 0 && strlen(word) == len && utf8_valid(word, len));
	must(memmem(folded->p, folded->len, word, len) != NULL);
	return true;
}

static void check_folding(const char *s, size_t n)
{
	struct buf once = BUF_INIT;
	struct buf twice = BUF_INIT;

	must((text_fold(&once, s, n, NULL) == SAKSI_OK) == utf8_valid(s, n));
	if (utf8_valid(s, n)) {
		const char *p = buf_cstr(&once);

		must(utf8_valid(p, once.len));
		must(once.len == 0 || (p[0] != ' ' && p[once.len - 1] != ' '));
		must(strstr(p, "  ") == NULL);
		must(text_fold(&twice, p, once.len, NULL) == SAKSI_OK);
		must(twice.len == once.len);
		must(once.len == 0 || memcmp(once.p, twice.p, once.len) == 0);
		must(text_words(p, once.len, check_word, &once, NULL) == SAKSI_OK);
	}
	buf_free(&once);
	buf_free(&twice);
}

static void check_normal_form(const char *s, size_t n)
{
	struct buf once = BUF_INIT;
	struct buf twice = BUF_INIT;

	must((text_nfc(&once, s, n, NULL) == SAKSI_OK) == utf8_valid(s, n));
	if (once.len > 0) {
		must(text_nfc(&twice, (const char *)once.p, once.len, NULL) == SAKSI_OK);
		must(twice.len == once.len && memcmp(once.p, twice.p, once.len) == 0);
	}
	buf_free(&once);
	buf_free(&twice);
}

static void check_name(const char *s, size_t n)
{
	struct buf key = BUF_INIT;
	const char *p;

	if (text_skeleton(&key, s, n, NULL) == SAKSI_OK) {
		p = buf_cstr(&key);
		must(utf8_valid(p, key.len));
		must(text_distance(p, p, 3) == 0);
		must(text_distance(p, "sk", 3) == text_distance("sk", p, 3));
	}
	buf_free(&key);
}

static void check_shown(const char *s, size_t n)
{
	struct buf out = BUF_INIT;

	text_printable(&out, s, n, false);
	must(utf8_valid(out.p, out.len));
	for (size_t i = 0; i < out.len; i++) {
		must(out.p[i] >= 0x20 && out.p[i] != 0x7f);
		must(out.p[i] != 0xc2 || out.p[i + 1] >= 0xa0);
	}
	must(text_columns((const char *)out.p, out.len) <= 2 * out.len);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;

	check_folding(s, size);
	check_normal_form(s, size);
	check_name(s, size);
	check_shown(s, size);
	return 0;
}
