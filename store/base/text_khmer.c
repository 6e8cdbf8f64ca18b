#include <stddef.h>

#include "text_khmer.h"

#define FIRST 0x1780
#define LAST 0x17d3
#define BEARER 0x17a2	   /* the letter that only bears a vowel */
#define VOWEL_FIRST 0x17b6 /* dependent vowels */
#define VOWEL_LAST 0x17c5
#define HARDENER 0x17c9 /* makes b a p */
#define SILENCER 0x17cd /* the letter under it is not spoken */
#define LATIN_MAX 4

/* By code point from U+1780.  Signs without a sound of their own are empty. */
static const char latin[LAST - FIRST + 1][LATIN_MAX + 1] = {
    /* 1780 consonants */
    "k", "kh", "k", "kh", "ng", "ch", "chh", "ch", "chh", "nh", "d", "th", "d", "th", "n",
    "t", "th", "t", "th", "n", "b", "ph", "p", "ph", "m", "y", "r", "l", "v", "sh", "s",
    "s", "h", "l", "a",
    /* 17a3 independent vowels */
    "a", "a", "e", "ei", "o", "ok", "ou", "ov", "rue", "rue", "lue", "lue", "e", "ai",
    "o", "o", "au", "", "",
    /* 17b6 dependent vowels */
    "a", "e", "ei", "oe", "eu", "o", "ou", "uo", "aeu", "oea", "ie", "e", "ae", "ai",
    "ao", "au",
    /* 17c6 signs */
    "m", "h", "", "", "", "", "", "", "", "", "", "", "", ""};

static bool is_vowel(UChar c)
{
	return c >= VOWEL_FIRST && c <= VOWEL_LAST;
}

/* The vowel of a bearer may come after one sign: that of Oum in Khmer letters. */
static bool bears_vowel(UChar next, UChar after)
{
	return is_vowel(next) || (next > VOWEL_LAST && next <= LAST && is_vowel(after));
}

/* How the letter at ${i} sounds, given what stands around it. */
static const char *sound(const struct u16 *in, int32_t i)
{
	const UChar c = in->p[i];
	const UChar next = i + 1 < in->len ? in->p[i + 1] : 0;

	if (next == SILENCER)
		return "";
	if (c == 0x1794 && next == HARDENER)
		return "p";
	if (c == BEARER && bears_vowel(next, i + 2 < in->len ? in->p[i + 2] : 0))
		return "";
	return latin[c - FIRST];
}

enum saksi_err khmer_latin(struct u16 *out, const struct u16 *in, struct saksi_error *err)
{
	enum saksi_err rc = u16_alloc(out, (int64_t)in->len * LATIN_MAX, err);

	if (rc != SAKSI_OK)
		return rc;
	for (int32_t i = 0; i < in->len; i++) {
		const char *s;

		if (in->p[i] < FIRST || in->p[i] > LAST) {
			out->p[out->len++] = in->p[i];
			continue;
		}
		for (s = sound(in, i); *s != '\0'; s++)
			out->p[out->len++] = (UChar)*s;
	}
	return SAKSI_OK;
}
