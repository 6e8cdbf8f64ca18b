#include <stdlib.h>
#include <string.h>

#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#include "text_u16.h"

/* ICU counts in int32_t; eighteen-fold growth must still fit. */
#define TEXT_MAX ((size_t)INT32_MAX / 32)

enum saksi_err icu_fail(struct saksi_error *err, UErrorCode e)
{
	if (e == U_MEMORY_ALLOCATION_ERROR)
		return saksi_fail_nomem(err);
	return saksi_fail(err, SAKSI_EIO,
	    "Unicode: the ICU library failed (%s); is its data package installed?",
	    u_errorName(e));
}

bool text_is_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80 || s[i] == '\0')
			return false;
	return true;
}

void u16_free(struct u16 *u)
{
	if (u->p != NULL) {
		wipe(u->p, (size_t)u->cap * sizeof(*u->p));
		free(u->p);
	}
	*u = (struct u16)U16_INIT;
}

enum saksi_err u16_alloc(struct u16 *out, int64_t cap, struct saksi_error *err)
{
	u16_free(out);
	if (cap > INT32_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "text: too long");
	out->p = malloc(((size_t)cap + 1) * sizeof(*out->p));
	if (out->p == NULL)
		return saksi_fail_nomem(err);
	out->cap = (int32_t)cap;
	return SAKSI_OK;
}

enum saksi_err u16_from_utf8(struct u16 *out, const char *s, size_t n,
    struct saksi_error *err)
{
	UErrorCode e = U_ZERO_ERROR;
	enum saksi_err rc;

	if (n > TEXT_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "text: longer than %zu bytes",
		    (size_t)TEXT_MAX);
	if (!utf8_valid(s, n))
		return saksi_fail(err, SAKSI_EINVAL,
		    "text: is not UTF-8; save it in that encoding and try again");
	/* No sequence takes more units than it had bytes. */
	rc = u16_alloc(out, (int64_t)n, err);
	if (rc != SAKSI_OK || n == 0)
		return rc;
	(void)u_strFromUTF8(out->p, out->cap, &out->len, s, (int32_t)n, &e);
	return U_FAILURE(e) ? icu_fail(err, e) : SAKSI_OK;
}

void u16_to_utf8(struct buf *out, const UChar *p, int32_t len)
{
	UErrorCode e = U_ZERO_ERROR;
	int32_t n = 0;
	uint8_t *where;

	if (len <= 0)
		return;
	if (len > INT32_MAX / 3) {
		out->failed = true;
		return;
	}
	where = buf_reserve(out, (size_t)len * 3);
	if (where == NULL)
		return;
	(void)u_strToUTF8((char *)where, len * 3, &n, p, len, &e);
	if (U_FAILURE(e))
		out->failed = true;
	else
		out->len += (size_t)n;
}

void u16_push(struct u16 *u, UChar32 cp)
{
	U16_APPEND_UNSAFE(u->p, u->len, cp);
}

void u16_swap(struct u16 *a, struct u16 *b)
{
	struct u16 t = *a;

	*a = *b;
	*b = t;
}

static const UNormalizer2 *normalizer(enum u16_form form, UErrorCode *e)
{
	switch (form) {
	case U16_NFC:
		return unorm2_getNFCInstance(e);
	case U16_NFD:
		return unorm2_getNFDInstance(e);
	case U16_NFKC:
		return unorm2_getNFKCInstance(e);
	case U16_NFKD:
		break;
	}
	return unorm2_getNFKDInstance(e);
}

enum saksi_err u16_normalize(struct u16 *u, enum u16_form form, int32_t room,
    struct saksi_error *err)
{
	UErrorCode e = U_ZERO_ERROR;
	const UNormalizer2 *norm;
	struct u16 to = U16_INIT;
	enum saksi_err rc = icu_room(err);
	int64_t cap = (int64_t)u->len * room + 32;

	if (rc != SAKSI_OK)
		return rc;
	norm = normalizer(form, &e);
	if (U_FAILURE(e))
		return icu_fail(err, e);
	do {
		e = U_ZERO_ERROR;
		rc = u16_alloc(&to, cap, err);
		if (rc != SAKSI_OK)
			return rc;
		to.len = unorm2_normalize(norm, u->p, u->len, to.p, to.cap, &e);
		cap = to.len;
	} while (e == U_BUFFER_OVERFLOW_ERROR);
	if (U_FAILURE(e)) {
		to.len = 0;
		u16_free(&to);
		return icu_fail(err, e);
	}
	u16_swap(u, &to);
	u16_free(&to);
	return SAKSI_OK;
}
