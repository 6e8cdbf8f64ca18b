/* names_split.c - a text as the tokens that names are made of. */
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <saksi/base/text.h>

#include "names.h"

#define PHONE_DIGITS 8u /* what stays the same with and without a country code */

uint64_t token_hash(const char *folded, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)folded[i]) * UINT64_C(1099511628211);
	/* Hashes are summed: mix them, so that sums do not meet. */
	h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
	h ^= h >> 31;
	return h ? h : 1;
}

const char *token_text(const struct tokens *t, size_t i)
{
	const char *pool = (const char *)t->pool.p;

	return pool != NULL && t->list != NULL ? pool + t->list[i].folded : "";
}

void tokens_free(struct tokens *t)
{
	free(t->list);
	buf_free(&t->pool);
	memset(t, 0, sizeof *t);
}

/* ---- letters ------------------------------------------------------------------- */

enum letter { LETTER_NONE, LETTER_IGNORED, LETTER_WORD, LETTER_MARK, LETTER_CLUSTER };

/* What nobody sees, and what would hide a name from a search. */
static bool is_invisible(UChar32 c)
{
	return u_charType(c) == U_FORMAT_CHAR || c == 0x034f || c == 0x17b4 ||
	    c == 0x17b5 || (c >= 0xfe00 && c <= 0xfe0f);
}

static bool without_spaces(UChar32 c)
{
	static const UScriptCode codes[] = {USCRIPT_KHMER, USCRIPT_THAI, USCRIPT_LAO,
	    USCRIPT_MYANMAR, USCRIPT_HAN, USCRIPT_HIRAGANA, USCRIPT_KATAKANA,
	    USCRIPT_TIBETAN, USCRIPT_JAVANESE, USCRIPT_BALINESE, USCRIPT_TAI_LE,
	    USCRIPT_NEW_TAI_LUE, USCRIPT_LANNA, USCRIPT_CHAM};
	UErrorCode e = U_ZERO_ERROR;
	UScriptCode code = c < 0x0e00 ? USCRIPT_LATIN : uscript_getScript(c, &e);
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i] == code)
			return true;
	return false;
}

static enum letter letter_of(UChar32 c)
{
	if (c < 0x80)
		return u_isalnum(c) ? LETTER_WORD : LETTER_NONE;
	if (is_invisible(c))
		return LETTER_IGNORED;
	if ((U_GET_GC_MASK(c) & U_GC_M_MASK) != 0)
		return LETTER_MARK;
	if (!u_isalnum(c))
		return LETTER_NONE;
	return without_spaces(c) && !u_isdigit(c) ? LETTER_CLUSTER : LETTER_WORD;
}

/* Puts the letter after it below the one before it, as one cluster. */
static bool is_joiner(UChar32 c)
{
	return c == 0x17d2 || c == 0x1039;
}

/* ---- one token ------------------------------------------------------------------ */

struct splitter {
	struct tokens *t;
	struct token now; /* letters 0: none is open */
	struct buf raw;	  /* its bytes, without the invisible ones */
	bool apart, joined;
};

static void token_end(struct splitter *s)
{
	struct tokens *t = s->t;
	if (s->raw.len == 0)
		return;
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 32;
		struct token *grown = realloc(t->list, cap * sizeof *grown);
		if (!grown) {
			t->failed = true;
			buf_reset(&s->raw);
			return;
		}
		t->list = grown;
		t->cap = cap;
	}
	struct token *x = &t->list[t->n];
	*x = s->now;
	x->folded = t->pool.len;
	if (text_fold(&t->pool, (const char *)s->raw.p, s->raw.len, NULL) != SAKSI_OK)
		t->failed = true;
	size_t n = t->pool.len - x->folded;
	buf_add_byte(&t->pool, 0);
	t->failed = t->failed || t->pool.failed;
	if (!t->failed && n > 0) {
		const char *folded = (const char *)t->pool.p + x->folded;
		x->hash = token_hash(folded, n);
		x->letters = 0;
		for (size_t i = 0; i < n; i++)
			x->letters += ((unsigned char)folded[i] & 0xc0) != 0x80;
		t->n++;
	}
	buf_reset(&s->raw);
	s->apart = false;
}

static void token_letter(struct splitter *s, const char *text, size_t from, size_t to,
    UChar32 c, bool cluster)
{
	bool begins =
	    s->raw.len == 0 || cluster != s->now.cluster || (cluster && !s->joined);
	if (begins) {
		token_end(s);
		s->now = (struct token){.from = from,
		    .cluster = cluster,
		    .apart = s->apart,
		    .capital = u_tolower(c) != c || u_toupper(c) == c};
	}
	buf_add(&s->raw, text + from, to - from);
	s->now.to = to;
}

/* ---- telephone numbers, whatever groups they are written in ------------------------ */

static bool is_number(const struct tokens *t, size_t i)
{
	const char *p = token_text(t, i);
	return p[strspn(p, "0123456789")] == '\0';
}

static bool is_near(const char *text, size_t from, size_t to)
{
	return to - from <= 3 && strspn(text + from, " .-()/") >= to - from;
}

static void join_numbers(struct tokens *t, const char *text, size_t first)
{
	struct token *list = t->list;
	size_t w = first;

	if (list == NULL)
		return;
	for (size_t i = first; i < t->n && !t->failed; i++) {
		struct token *x = &list[i], *last = w > first ? &list[w - 1] : NULL;
		if (!last || !is_number(t, i) || !is_number(t, w - 1) ||
		    !is_near(text, last->to, x->from)) {
			list[w++] = *x;
			continue;
		}
		struct buf b = BUF_INIT;
		buf_add_str(&b, token_text(t, w - 1));
		buf_add_str(&b, token_text(t, i));
		last->to = x->to;
		last->folded = t->pool.len;
		buf_add(&t->pool, b.p, b.len);
		buf_add_byte(&t->pool, 0);
		t->failed = t->failed || b.failed || t->pool.failed;
		buf_free(&b);
	}
	t->n = w;
	for (size_t i = first; i < t->n && !t->failed; i++) {
		size_t n = strlen(token_text(t, i));
		if (!is_number(t, i))
			continue;
		if (n > PHONE_DIGITS)
			list[i].folded += n - PHONE_DIGITS;
		n = strlen(token_text(t, i));
		list[i].letters = (unsigned)n;
		list[i].hash = token_hash(token_text(t, i), n);
	}
}

void tokens_split(struct tokens *t, const char *text)
{
	struct splitter s = {.t = t, .raw = BUF_INIT, .apart = true};
	const uint8_t *bytes = (const uint8_t *)text;
	const size_t length = strlen(text), first = t->n;
	size_t i = 0;
	while (i < length && !t->failed) {
		size_t from = i;
		UChar32 c;
		U8_NEXT(bytes, i, length, c);
		enum letter l = c < 0 ? LETTER_NONE : letter_of(c);
		if (l == LETTER_IGNORED)
			continue;
		if (l == LETTER_MARK && s.raw.len > 0) {
			buf_add(&s.raw, text + from, i - from);
			s.now.to = i;
		} else if (l == LETTER_WORD || l == LETTER_CLUSTER) {
			token_letter(&s, text, from, i, c, l == LETTER_CLUSTER);
		} else {
			token_end(&s);
			s.apart = true;
		}
		s.joined = is_joiner(c);
		t->failed = t->failed || s.raw.failed;
	}
	token_end(&s);
	buf_free(&s.raw);
	join_numbers(t, text, first);
}
