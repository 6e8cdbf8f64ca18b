#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include <saksi/base/text.h>

#include "text_u16.h"

#define ASCII_END 0x80

static bool ascii_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Most of what is indexed; the same result as the long way. */
static void fold_ascii(struct buf *out, const char *s, size_t n)
{
	uint8_t *w = buf_reserve(out, n);
	const uint8_t *start = w;
	bool gap = false;

	if (w == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (ascii_space(c)) {
			gap = w > start;
			continue;
		}
		if (gap)
			*w++ = ' ';
		gap = false;
		*w++ = (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	out->len += (size_t)(w - start);
}

static UChar32 next_point(const struct u16 *u, int32_t len, int32_t *i)
{
	const UChar c = u->p[(*i)++];

	if (!U16_IS_LEAD(c) || *i >= len)
		return c;
	return U16_GET_SUPPLEMENTARY(c, u->p[(*i)++]);
}

static bool is_mark(UChar32 c)
{
	int8_t type = u_charType(c);

	return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK;
}

/* Scripts whose marks writers leave out or type differently. */
static bool loses_marks(UChar32 base)
{
	UErrorCode e = U_ZERO_ERROR;
	UScriptCode script;

	if (base < ASCII_END)
		return (base | 0x20) >= 'a' && (base | 0x20) <= 'z';
	script = uscript_getScript(base, &e);
	return U_SUCCESS(e) &&
	    (script == USCRIPT_LATIN || script == USCRIPT_GREEK ||
		script == USCRIPT_CYRILLIC);
}

static UChar32 plain(UChar32 c)
{
	if (c < ASCII_END)
		return c;
	/* The three ways in which an apostrophe is typed. */
	if (c == 0x2019 || c == 0x2018 || c == 0x02bc)
		return '\'';
	if (u_charType(c) == U_DECIMAL_DIGIT_NUMBER)
		return '0' + u_charDigitValue(c);
	return c;
}

/* In place: what is written is never longer than what was read. */
static void drop_and_map(struct u16 *u)
{
	const int32_t len = u->len;
	bool bare = false; /* the last base loses its marks */
	bool gap = false;
	int32_t i = 0;

	u->len = 0;
	while (i < len) {
		const UChar32 c = next_point(u, len, &i);
		const bool mark = c >= ASCII_END && is_mark(c);

		if (mark && bare)
			continue;
		if (u_isUWhiteSpace(c)) {
			gap = u->len > 0;
			bare = false;
			continue;
		}
		if (gap)
			u16_push(u, ' ');
		gap = false;
		if (!mark)
			bare = loses_marks(c);
		u16_push(u, plain(c));
	}
}

/*
 * Letters and signs of Khmer and Arabic that are neither invisible nor change when
 * capitals do; ICU would look each of them up.
 */
static bool is_steady(UChar32 c)
{
	return c < ASCII_END || (c >= 0x1780 && c <= 0x17b3) ||
	    (c >= 0x17b6 && c <= 0x17dd) || (c >= 0x0620 && c <= 0x06d3);
}

/* Before all else: an invisible character keeps marks from their order. */
static void drop_ignorable(struct u16 *u)
{
	const int32_t len = u->len;
	int32_t i = 0;

	u->len = 0;
	while (i < len) {
		const UChar32 c = next_point(u, len, &i);

		if (is_steady(c) ||
		    !u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
			u16_push(u, c);
	}
}

static enum saksi_err fold_case(struct u16 *u, struct saksi_error *err)
{
	struct u16 to = U16_INIT;
	UErrorCode e = U_ZERO_ERROR;
	/* Full case folding makes at most three units of one. */
	enum saksi_err rc = u16_alloc(&to, (int64_t)u->len * 3 + 4, err);

	if (rc != SAKSI_OK)
		return rc;
	to.len = u_strFoldCase(to.p, to.cap, u->p, u->len, U_FOLD_CASE_DEFAULT, &e);
	if (U_FAILURE(e)) {
		u16_free(&to);
		return icu_fail(err, e);
	}
	u16_swap(u, &to);
	u16_free(&to);
	return SAKSI_OK;
}

/*
 * What is decomposed already and has no capitals but ASCII's (Khmer, Thai, most
 * Arabic and Chinese) comes out of all the steps below as this leaves it.
 */
static enum saksi_err fold_ascii_only(struct u16 *u, bool *done, struct saksi_error *err)
{
	UErrorCode e = U_ZERO_ERROR;
	const UNormalizer2 *norm;
	int32_t i = 0;
	enum saksi_err rc = icu_room(err);

	*done = false;
	if (rc != SAKSI_OK)
		return rc;
	norm = unorm2_getNFKDInstance(&e);
	if (U_SUCCESS(e) && unorm2_spanQuickCheckYes(norm, u->p, u->len, &e) < u->len)
		return SAKSI_OK;
	if (U_FAILURE(e))
		return icu_fail(err, e);
	while (i < u->len) {
		const UChar32 c = next_point(u, u->len, &i);

		if (c >= ASCII_END &&
		    u_hasBinaryProperty(c, UCHAR_CHANGES_WHEN_CASEFOLDED))
			return SAKSI_OK;
	}
	for (i = 0; i < u->len; i++)
		if (u->p[i] >= 'A' && u->p[i] <= 'Z')
			u->p[i] = (UChar)(u->p[i] - 'A' + 'a');
	*done = true;
	return SAKSI_OK;
}

/*
 * Compatibility caseless matching (Unicode Standard, section 3.13, D146):
 * decomposing and folding each undo the other's work in places.
 */
static enum saksi_err fold_wide(struct u16 *u, struct saksi_error *err)
{
	enum saksi_err rc;
	bool done;

	drop_ignorable(u);
	rc = fold_ascii_only(u, &done, err);
	if (rc != SAKSI_OK || done) {
		if (done)
			drop_and_map(u);
		return rc;
	}
	rc = u16_normalize(u, U16_NFD, 2, err);
	for (int pass = 0; rc == SAKSI_OK && pass < 2; pass++) {
		rc = fold_case(u, err);
		if (rc == SAKSI_OK)
			rc = u16_normalize(u, U16_NFKD, 2, err);
	}
	/* This leaves the order of marks, and so the normal form, as it is. */
	if (rc == SAKSI_OK)
		drop_and_map(u);
	return rc;
}

enum saksi_err text_fold(struct buf *out, const char *s, size_t n, struct saksi_error *err)
{
	struct u16 u = U16_INIT;
	enum saksi_err rc;

	if (text_is_ascii(s, n)) {
		fold_ascii(out, s, n);
		return buf_ok(out, err);
	}
	rc = u16_from_utf8(&u, s, n, err);
	if (rc != SAKSI_OK)
		goto fail;
	rc = fold_wide(&u, err);
	if (rc != SAKSI_OK)
		goto fail;
	u16_to_utf8(out, u.p, u.len);
	rc = buf_ok(out, err);
fail:
	u16_free(&u);
	return rc;
}
