/* request.c - M1 REQUEST: encode, decode, sign, check. */
#include "request.h"

#include <string.h>

#include <saksi/base/fsio.h>

#define MAGIC "saksiRQ1"
#define MAGIC_LEN 8u
#define REQUEST_VERSION 1u

void request_body_write(struct buf *out, struct join_request *q)
{
	size_t from = out->len;

	mp_array(out, 10);
	mp_uint(out, REQUEST_VERSION);
	mp_uint(out, CRYPTO_SUITE);
	keys_write(out, &q->keys);
	mp_bin(out, q->nonce, sizeof(q->nonce));
	mp_bin(out, q->once_pk, sizeof(q->once_pk));
	mp_cstr(out, q->person);
	mp_cstr(out, q->label);
	mp_uint(out, (uint64_t)q->made_us);
	if (!out->failed)
		crypto_hash_of(&q->id, "request", out->p + from, out->len - from);
}

enum saksi_err request_body_read(struct join_request *q, const void *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	uint64_t version, suite, made;

	memset(q, 0, sizeof(*q));
	mp_read_init(&r, p, n);
	mp_expect_array(&r, 10);
	version = mp_read_uint(&r);
	suite = mp_read_uint(&r);
	if (!r.failed && (version != REQUEST_VERSION || suite != CRYPTO_SUITE))
		return saksi_fail(err, SAKSI_ENEWER,
		    "join request: made by a newer version of saksi; update this one");
	keys_read(&r, &q->keys);
	mp_read_fixed(&r, q->nonce, sizeof(q->nonce));
	mp_read_fixed(&r, q->once_pk, sizeof(q->once_pk));
	name_read(&r, q->person);
	name_read(&r, q->label);
	made = mp_read_uint(&r);
	if (made > (uint64_t)INT64_MAX)
		mp_fail(&r, "a time out of range");
	q->made_us = r.failed ? 0 : (int64_t)made;
	device_id_of(&q->device, &q->keys);
	crypto_hash_of(&q->id, "request", p, n);
	return mp_done(&r, "join request", err);
}

void request_write(struct buf *out, const struct buf *body, const struct saksi_hash *id,
    const struct secret *sign_sk)
{
	uint8_t sig[CRYPTO_SIG];

	crypto_sign_hash(sig, sign_sk, "request-sig", id);
	buf_add(out, MAGIC, MAGIC_LEN);
	buf_add(out, body->p, body->len);
	buf_add(out, sig, sizeof(sig));
}

enum saksi_err request_read(struct join_request *q, const void *p, size_t n,
    struct saksi_error *err)
{
	const uint8_t *b = p;
	enum saksi_err rc;

	if (n < MAGIC_LEN || memcmp(b, MAGIC, MAGIC_LEN) != 0)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "join request: this file is none; it is what `device request` wrote");
	if (n > REQUEST_MAX || n < MAGIC_LEN + CRYPTO_SIG)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "join request: cut off or altered; ask for it again");
	rc = request_body_read(q, b + MAGIC_LEN, n - MAGIC_LEN - CRYPTO_SIG, err);
	if (rc == SAKSI_OK &&
	    crypto_verify_hash(b + n - CRYPTO_SIG, q->keys.sign_pk, "request-sig", &q->id,
		NULL) != SAKSI_OK)
		rc = saksi_fail(err, SAKSI_EAUTH,
		    "join request: its signature is wrong, so it was altered; ask for it again");
	return rc;
}

enum saksi_err request_fresh(const struct join_request *q, struct saksi_error *err)
{
	int64_t now = clock_now_us();

	if (q->made_us < now - JOIN_LIFE_US)
		return saksi_fail(err, SAKSI_EREFUSED,
		    "join request: older than 7 days; make a new one on the new device");
	if (q->made_us > now + JOIN_AHEAD_US)
		return saksi_fail(err, SAKSI_EREFUSED,
		    "join request: its time lies in the future; set the clocks of both devices");
	return SAKSI_OK;
}

void request_words(char words[TEAM_WORDS_TEXT], const struct join_request *q)
{
	words_text(words, q->id.b, TEAM_WORDS);
}
