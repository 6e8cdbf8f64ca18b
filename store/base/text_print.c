#include <unicode/uchar.h>

#include <saksi/base/text.h>

#include "utf8.h"

struct range {
	uint32_t first;
	uint32_t last;
};

static bool among(const struct range *r, size_t n, uint32_t cp)
{
	for (size_t i = 0; i < n; i++)
		if (cp >= r[i].first && cp <= r[i].last)
			return true;
	return false;
}

/*
 * What makes a terminal act, or a line read otherwise than it is stored.
 * Joiners and the plain direction marks stay: Khmer, Arabic, Persian and
 * Hebrew text needs them and they reach no further than their neighbours.
 */
static bool unsafe(uint32_t cp)
{
	static const struct range bad[] = {{0x7f, 0x9f}, /* DEL, C1 controls */
	    {0x2028, 0x202e},	    /* line, paragraph separator; embeddings, overrides */
	    {0x2066, 0x206f},	    /* isolates; deprecated format characters */
	    {0xfff9, 0xfffb},	    /* interlinear annotation */
	    {0xfdd0, 0xfdef},	    /* no characters */
	    {0xe0000, 0xe00ff},	    /* tags: invisible text */
	    {0xe01f0, 0xe0fff},	    /* unassigned, invisible */
	    {0xf0000, UINT32_MAX}}; /* private planes */

	return cp < 0x20 || (cp & 0xfffe) == 0xfffe ||
	    among(bad, sizeof(bad) / sizeof(bad[0]), cp);
}

void text_printable(struct buf *out, const char *s, size_t n, bool multiline)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t used = utf8_decode(&cp, s + i, n - i);

		if (used == 0) {
			buf_printf(out, "\\x%02x", (unsigned)(unsigned char)s[i]);
			i++;
			continue;
		}
		if ((multiline && (cp == '\n' || cp == '\t')) || !unsafe(cp))
			buf_add(out, s + i, used);
		else if (cp < 0x80)
			buf_printf(out, "\\x%02x", (unsigned)cp);
		else
			buf_printf(out, "\\u{%x}", (unsigned)cp);
		i += used;
	}
}

static size_t width(uint32_t cp)
{
	int8_t type = u_charType((UChar32)cp);
	int32_t wide = u_getIntPropertyValue((UChar32)cp, UCHAR_EAST_ASIAN_WIDTH);
	int32_t hangul = u_getIntPropertyValue((UChar32)cp, UCHAR_HANGUL_SYLLABLE_TYPE);

	if (cp == 0xad) /* terminals show the soft hyphen */
		return 1;
	if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK ||
	    type == U_FORMAT_CHAR || type == U_CONTROL_CHAR)
		return 0;
	/* Vowels and finals join the syllable that a wide initial began. */
	if (hangul == U_HST_VOWEL_JAMO || hangul == U_HST_TRAILING_JAMO)
		return 0;
	return wide == U_EA_WIDE || wide == U_EA_FULLWIDTH ? 2 : 1;
}

size_t text_columns(const char *s, size_t n)
{
	size_t columns = 0;

	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t used = utf8_decode(&cp, s + i, n - i);

		columns += used == 0 ? 1 : width(cp);
		i += used == 0 ? 1 : used;
	}
	return columns;
}
