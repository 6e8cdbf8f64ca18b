#include <unicode/ubrk.h>

#include <saksi/base/text.h>

#include "text_u16.h"

/*
 * Folding takes the vowel AM of Thai and Lao apart, which the dictionaries know
 * only as one letter: put it together to find the words, and apart again in
 * what the caller sees.
 */
static UChar am_of(UChar ring, UChar aa)
{
	if (ring == 0x0e4d && aa == 0x0e32)
		return 0x0e33;
	return ring == 0x0ecd && aa == 0x0eb2 ? 0x0eb3 : 0;
}

static void join_am(struct u16 *u)
{
	int32_t w = 0;

	for (int32_t r = 0; r < u->len; r++) {
		UChar am = r + 1 < u->len ? am_of(u->p[r], u->p[r + 1]) : 0;

		u->p[w++] = am != 0 ? am : u->p[r];
		r += am != 0 ? 1 : 0;
	}
	u->len = w;
}

static void word_bytes(struct buf *out, const UChar *p, int32_t len)
{
	static const UChar thai[] = {0x0e4d, 0x0e32};
	static const UChar lao[] = {0x0ecd, 0x0eb2};
	int32_t from = 0;

	for (int32_t i = 0; i < len; i++) {
		if (p[i] != 0x0e33 && p[i] != 0x0eb3)
			continue;
		u16_to_utf8(out, p + from, i - from);
		u16_to_utf8(out, p[i] == 0x0e33 ? thai : lao, 2);
		from = i + 1;
	}
	u16_to_utf8(out, p + from, len - from);
}

typedef bool word_fn(void *ctx, const char *word, size_t len);

static enum saksi_err each_word(UBreakIterator *it, const struct u16 *u, word_fn *fn,
    void *ctx, struct saksi_error *err)
{
	struct buf word = BUF_INIT;
	enum saksi_err rc = SAKSI_OK;
	int32_t from = ubrk_first(it);
	int32_t to;

	while (rc == SAKSI_OK && (to = ubrk_next(it)) != UBRK_DONE) {
		/* Spaces and punctuation have a status below. */
		if (ubrk_getRuleStatus(it) >= UBRK_WORD_NUMBER) {
			buf_reset(&word);
			word_bytes(&word, u->p + from, to - from);
			(void)buf_cstr(&word);
			rc = buf_ok(&word, err);
			if (rc == SAKSI_OK && !fn(ctx, (const char *)word.p, word.len))
				break;
		}
		from = to;
	}
	buf_free(&word);
	return rc;
}

enum saksi_err text_words(const char *s, size_t n, word_fn *fn, void *ctx,
    struct saksi_error *err)
{
	struct u16 u = U16_INIT;
	UErrorCode e = U_ZERO_ERROR;
	UBreakIterator *it = NULL;
	enum saksi_err rc = u16_from_utf8(&u, s, n, err);

	if (rc != SAKSI_OK || u.len == 0)
		goto fail;
	join_am(&u);
	it = ubrk_open(UBRK_WORD, "", u.p, u.len, &e);
	if (U_FAILURE(e)) {
		rc = icu_fail(err, e);
		goto fail;
	}
	rc = each_word(it, &u, fn, ctx, err);
fail:
	if (it != NULL)
		ubrk_close(it);
	u16_free(&u);
	return rc;
}
