/*
 * Name keys (data/schema/README.md): what stays equal when a name is written
 * down by ear in another alphabet.
 */
#include <stdlib.h>
#include <string.h>

#include <unicode/ustring.h>
#include <unicode/utrans.h>

#include <saksi/base/text.h>

#include "text_khmer.h"
#include "text_u16.h"
#include "utf8.h"

/* ---- romanising ----------------------------------------------------------- */

/* Opening takes 30 ms; one per thread, since it is not safe to share. */
static _Thread_local UTransliterator *to_latin;

static enum saksi_err open_latin(struct saksi_error *err)
{
	static const char name[] = "Any-Latin; Latin-ASCII";
	UChar id[sizeof(name)];
	UErrorCode e = U_ZERO_ERROR;

	if (to_latin != NULL)
		return SAKSI_OK;
	u_charsToUChars(name, id, sizeof(name));
	to_latin = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &e);
	if (U_FAILURE(e)) {
		to_latin = NULL;
		return icu_fail(err, e);
	}
	return SAKSI_OK;
}

void text_end_thread(void)
{
	if (to_latin != NULL)
		utrans_close(to_latin);
	to_latin = NULL;
	text_words_end_thread();
}

static enum saksi_err any_latin(struct u16 *u, struct saksi_error *err)
{
	struct u16 to = U16_INIT;
	int64_t cap = (int64_t)u->len * 4 + 64;
	UErrorCode e;
	enum saksi_err rc = icu_room(err);

	if (rc == SAKSI_OK)
		rc = open_latin(err);
	if (rc != SAKSI_OK)
		return rc;
	do {
		int32_t limit = u->len;

		rc = u16_alloc(&to, cap, err);
		if (rc != SAKSI_OK)
			return rc;
		/* It works in place, and leaves a mess when the place is short. */
		memcpy(to.p, u->p, (size_t)u->len * sizeof(*u->p));
		to.len = u->len;
		e = U_ZERO_ERROR;
		utrans_transUChars(to_latin, to.p, &to.len, to.cap, 0, &limit, &e);
		cap = to.len;
	} while (e == U_BUFFER_OVERFLOW_ERROR && cap > to.cap);
	if (U_FAILURE(e)) {
		u16_free(&to);
		return icu_fail(err, e);
	}
	u16_swap(u, &to);
	u16_free(&to);
	return SAKSI_OK;
}

static enum saksi_err romanise(struct buf *out, const char *s, size_t n,
    struct saksi_error *err)
{
	struct u16 raw = U16_INIT;
	struct u16 u = U16_INIT;
	enum saksi_err rc = u16_from_utf8(&raw, s, n, err);

	if (rc != SAKSI_OK)
		goto fail;
	rc = u16_normalize(&raw, U16_NFC, 1, err);
	if (rc != SAKSI_OK)
		goto fail;
	rc = khmer_latin(&u, &raw, err);
	if (rc != SAKSI_OK)
		goto fail;
	rc = any_latin(&u, err);
	if (rc != SAKSI_OK)
		goto fail;
	u16_to_utf8(out, u.p, u.len);
	rc = buf_ok(out, err);
fail:
	u16_free(&u);
	u16_free(&raw);
	return rc;
}

/* Folded, and in Latin letters as far as anything is known about the script. */
static enum saksi_err folded_latin(struct buf *out, const char *s, size_t n,
    struct saksi_error *err)
{
	struct buf latin = BUF_INIT;
	enum saksi_err rc = text_fold(out, s, n, err);

	if (rc != SAKSI_OK || text_is_ascii((const char *)out->p, out->len))
		return rc;
	rc = romanise(&latin, s, n, err);
	if (rc == SAKSI_OK) {
		buf_reset(out);
		rc = text_fold(out, (const char *)latin.p, latin.len, err);
	}
	buf_free(&latin);
	return rc;
}

/* ---- the key -------------------------------------------------------------- */

struct key {
	struct buf text; /* the words' keys, each ended by NUL */
	size_t words;
	uint32_t last;	 /* letter before, as written */
	bool vowel_last; /* that letter was a vowel */
};

static bool is_vowel(uint32_t c)
{
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

static bool is_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
}

static void end_word(struct key *k)
{
	if (k->last == 0)
		return;
	buf_add_byte(&k->text, 0);
	k->words++;
	k->last = 0;
}

static void add_letter(struct key *k, uint32_t c)
{
	const bool first = k->last == 0;
	const bool doubled = k->last == c;
	const bool aspirate = c == 'h' && !first && !k->vowel_last;
	char utf8[4];

	if (doubled)
		return;
	/* "chhun" is "chun": the h stays out of sight of what follows. */
	if (aspirate)
		return;
	if (first || !is_vowel(c))
		buf_add(&k->text, utf8, utf8_encode(utf8, c));
	k->last = c;
	k->vowel_last = is_vowel(c);
}

static void split(struct key *k, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t c;
		size_t used = utf8_decode(&c, s + i, n - i);

		i += used == 0 ? 1 : used;
		/* O'Brien is one word, Chak-Sopheap two. */
		if (used == 0 || c == '\'')
			continue;
		if (is_letter(c))
			add_letter(k, c);
		else
			end_word(k);
	}
	end_word(k);
}

static int by_text(const void *a, const void *b)
{
	const char *const *sa = a;
	const char *const *sb = b;

	return strcmp(*sa, *sb);
}

static enum saksi_err sorted(struct buf *out, const struct key *k, struct saksi_error *err)
{
	const char **words;
	const char *at = (const char *)k->text.p;

	if (k->words == 0)
		return SAKSI_OK;
	words = calloc(k->words, sizeof(*words));
	if (words == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < k->words; i++) {
		words[i] = at;
		at += strlen(at) + 1;
	}
	qsort(words, k->words, sizeof(*words), by_text);
	for (size_t i = 0; i < k->words; i++) {
		if (i > 0)
			buf_add_byte(out, ' ');
		buf_add_str(out, words[i]);
	}
	free(words);
	return buf_ok(out, err);
}

/*
 * How much of a name counts: all of it, or of a longer one as many whole words as
 * fit, or letters when they are mostly one word.  ICU romanises in place, which of
 * a long text takes time that grows with its square.
 */
static size_t counted(const char *s, size_t n)
{
	size_t end = TEXT_SKELETON_MAX, word;

	if (n <= TEXT_SKELETON_MAX)
		return n;
	for (word = end; word > TEXT_SKELETON_MAX / 2; word--)
		if (s[word] == ' ')
			return word;
	while (end > 0 && ((unsigned char)s[end] & 0xc0) == 0x80)
		end--;
	return end;
}

enum saksi_err text_skeleton(struct buf *out, const char *s, size_t n,
    struct saksi_error *err)
{
	struct buf plain = BUF_INIT;
	struct key k = {BUF_INIT, 0, 0, false};
	enum saksi_err rc = folded_latin(&plain, s, counted(s, n), err);

	if (rc != SAKSI_OK)
		goto fail;
	split(&k, (const char *)plain.p, plain.len);
	rc = buf_ok(&k.text, err);
	if (rc != SAKSI_OK)
		goto fail;
	rc = sorted(out, &k, err);
fail:
	buf_free(&k.text);
	buf_free(&plain);
	return rc;
}
