#include <string.h>

#include <unicode/ubrk.h>

#include <saksi/base/text.h>

#include "text_u16.h"

typedef bool word_fn(void *ctx, const char *word, size_t len);

/* ---- ASCII ------------------------------------------------------------------- */

enum letter {
	LETTER_OTHER,
	LETTER_AL,     /* a letter */
	LETTER_NUM,    /* a digit */
	LETTER_JOIN,   /* _ */
	LETTER_COMMA,  /* stays between digits */
	LETTER_POINT,  /* stays between digits, and between letters */
	LETTER_UNKNOWN /* ICU's versions do not agree about it */
};

static enum letter letter_of(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return LETTER_AL;
	if (c >= '0' && c <= '9')
		return LETTER_NUM;
	switch (c) {
	case '_':
		return LETTER_JOIN;
	case ',':
	case ';':
		return LETTER_COMMA;
	case '.':
	case '\'':
		return LETTER_POINT;
	case ':':
	case '@':
		return LETTER_UNKNOWN;
	default:
		return LETTER_OTHER;
	}
}

static bool in_word(enum letter l)
{
	return l == LETTER_AL || l == LETTER_NUM || l == LETTER_JOIN;
}

static bool binds(enum letter a, enum letter between, enum letter b)
{
	return a == b &&
	    ((a == LETTER_AL && between == LETTER_POINT) ||
		(a == LETTER_NUM && (between == LETTER_POINT || between == LETTER_COMMA)));
}

/* The rules below hold for all of ${s}, whatever the version of ICU. */
static bool plain_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x80 || c == '\0' || c == '@')
			return false;
		if (c == ':' && i > 0 && i + 1 < n &&
		    letter_of((unsigned char)s[i - 1]) == LETTER_AL &&
		    letter_of((unsigned char)s[i + 1]) == LETTER_AL)
			return false;
	}
	return true;
}

/* Where the word that begins at ${i} ends (UAX #29, rules WB5 to WB13b). */
static size_t ascii_word(const char *s, size_t n, size_t i)
{
	enum letter last = letter_of((unsigned char)s[i]);

	for (;;) {
		enum letter next =
		    i + 1 < n ? letter_of((unsigned char)s[i + 1]) : LETTER_OTHER;
		enum letter after =
		    i + 2 < n ? letter_of((unsigned char)s[i + 2]) : LETTER_OTHER;

		if (in_word(next)) {
			last = next;
			i++;
		} else if (binds(last, next, after)) {
			i += 2;
		} else {
			return i + 1;
		}
	}
}

#define WORD_ROOM 64u

static enum saksi_err ascii_words(const char *s, size_t n, word_fn *fn, void *ctx,
    struct saksi_error *err)
{
	char small[WORD_ROOM];
	struct buf large = BUF_INIT;
	enum saksi_err rc = SAKSI_OK;
	bool more = true;
	size_t end;

	for (size_t i = 0; more && rc == SAKSI_OK && i < n; i = end) {
		enum letter l = letter_of((unsigned char)s[i]);
		size_t len;

		end = i + 1;
		if (!in_word(l))
			continue;
		end = ascii_word(s, n, i);
		len = end - i;
		if (len == 1 && l == LETTER_JOIN)
			continue;
		if (len < sizeof(small)) {
			memcpy(small, s + i, len);
			small[len] = '\0';
			more = fn(ctx, small, len);
			continue;
		}
		buf_reset(&large);
		buf_add(&large, s + i, len);
		(void)buf_cstr(&large);
		rc = buf_ok(&large, err);
		more = rc == SAKSI_OK && fn(ctx, (const char *)large.p, len);
	}
	wipe(small, sizeof(small));
	buf_free(&large);
	return rc;
}

/* ---- any script -------------------------------------------------------------- */

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

/*
 * Opening reads the rules, and each dictionary again: one is kept per thread.
 * Whoever uses it takes it out, so that a callback may look for words itself.
 */
static _Thread_local UBreakIterator *breaks;

void text_words_end_thread(void)
{
	if (breaks != NULL)
		ubrk_close(breaks);
	breaks = NULL;
}

static enum saksi_err take_breaks(UBreakIterator **out, const struct u16 *u,
    struct saksi_error *err)
{
	UErrorCode e = U_ZERO_ERROR;
	enum saksi_err rc = icu_room(err);

	if (rc != SAKSI_OK)
		return rc;
	*out = breaks;
	breaks = NULL;
	if (*out == NULL)
		*out = ubrk_open(UBRK_WORD, "", u->p, u->len, &e);
	else
		ubrk_setText(*out, u->p, u->len, &e);
	if (U_SUCCESS(e))
		return SAKSI_OK;
	if (*out != NULL)
		ubrk_close(*out);
	*out = NULL;
	return icu_fail(err, e);
}

/* It must not keep looking at a text that is gone. */
static void give_breaks(UBreakIterator *it)
{
	static const UChar none[] = {0};
	UErrorCode e = U_ZERO_ERROR;

	ubrk_setText(it, none, 0, &e);
	if (U_SUCCESS(e) && breaks == NULL)
		breaks = it;
	else
		ubrk_close(it);
}

static enum saksi_err wide_words(const char *s, size_t n, word_fn *fn, void *ctx,
    struct saksi_error *err)
{
	UBreakIterator *it = NULL;
	struct u16 u = U16_INIT;
	enum saksi_err rc = u16_from_utf8(&u, s, n, err);

	if (rc != SAKSI_OK || u.len == 0)
		goto fail;
	join_am(&u);
	rc = take_breaks(&it, &u, err);
	if (rc != SAKSI_OK)
		goto fail;
	rc = each_word(it, &u, fn, ctx, err);
	give_breaks(it);
fail:
	u16_free(&u);
	return rc;
}

enum saksi_err text_words(const char *s, size_t n, word_fn *fn, void *ctx,
    struct saksi_error *err)
{
	return plain_ascii(s, n) ? ascii_words(s, n, fn, ctx, err)
				 : wide_words(s, n, fn, ctx, err);
}
