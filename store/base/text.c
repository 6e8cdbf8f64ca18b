#include <string.h>

#include <saksi/base/text.h>

#include "text_u16.h"

/* No character grows further than this under NFKC (UAX #15). */
#define GROWTH_MAX 18

enum saksi_err text_nfc(struct buf *out, const char *s, size_t n, struct saksi_error *err)
{
	struct u16 u = U16_INIT;
	enum saksi_err rc;

	if (text_is_ascii(s, n)) {
		buf_add(out, s, n);
		return buf_ok(out, err);
	}
	rc = u16_from_utf8(&u, s, n, err);
	if (rc != SAKSI_OK)
		goto fail;
	rc = u16_normalize(&u, U16_NFC, 1, err);
	if (rc != SAKSI_OK)
		goto fail;
	u16_to_utf8(out, u.p, u.len);
	rc = buf_ok(out, err);
fail:
	u16_free(&u);
	return rc;
}

static enum saksi_err check_passphrase(const struct secret *in, struct saksi_error *err)
{
	if (secret_len(in) == 0)
		return saksi_fail(err, SAKSI_EINVAL, "passphrase: it is empty");
	if (!utf8_valid(secret_view(in), secret_len(in)))
		return saksi_fail(err, SAKSI_EINVAL,
		    "passphrase: is not UTF-8; check the terminal's encoding");
	return SAKSI_OK;
}

enum saksi_err text_passphrase(struct secret **out, const struct secret *in,
    struct saksi_error *err)
{
	struct u16 u = U16_INIT;
	struct buf b = BUF_INIT;
	enum saksi_err rc = check_passphrase(in, err);

	*out = NULL;
	if (rc != SAKSI_OK)
		return rc;
	rc = u16_from_utf8(&u, (const char *)secret_view(in), secret_len(in), err);
	if (rc != SAKSI_OK)
		goto fail;
	rc = u16_normalize(&u, U16_NFKC, GROWTH_MAX, err);
	if (rc != SAKSI_OK)
		goto fail;
	u16_to_utf8(&b, u.p, u.len);
	rc = buf_ok(&b, err);
	if (rc != SAKSI_OK)
		goto fail;
	rc = secret_copy(out, b.p, b.len, err);
fail:
	buf_free(&b);
	u16_free(&u);
	return rc;
}
