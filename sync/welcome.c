/* welcome.c - M2 WELCOME: encode, sign, seal; open, decode. */
#include <stdlib.h>
#include <string.h>

#include "membership.h"
#include "request.h"

#define MAGIC "saksiWL1"
#define MAGIC_LEN 8u
#define WELCOME_VERSION 1u
#define PLAIN_MIN 8192u

void welcome_free(struct welcome *w)
{
	local_epochs_free(&w->epochs);
	free(w->changes);
	buf_free(&w->text);
	wipe(w, sizeof(*w));
}

static void write_body(struct buf *b, const struct welcome *w)
{
	mp_array(b, 10);
	mp_uint(b, WELCOME_VERSION);
	mp_uint(b, CRYPTO_SUITE);
	mp_bin(b, w->request.b, sizeof(w->request.b));
	mp_bin(b, w->space.b, sizeof(w->space.b));
	mp_bin(b, w->add.b, sizeof(w->add.b));
	mp_bin(b, w->adder.b, sizeof(w->adder.b));
	mp_uint(b, (uint64_t)w->made_us);
	mp_bin(b, w->import_key, sizeof(w->import_key));
	mp_array(b, (uint32_t)w->epochs.n);
	for (size_t i = 0; i < w->epochs.n; i++) {
		mp_array(b, 2);
		mp_bin(b, w->epochs.list[i].id.b, sizeof(w->epochs.list[i].id.b));
		mp_bin(b, secret_view(w->epochs.list[i].key), CRYPTO_KEY);
	}
	mp_array(b, (uint32_t)w->n_changes);
	for (size_t i = 0; i < w->n_changes; i++)
		mp_bin(b, w->changes[i].p, w->changes[i].n);
}

static void pad(struct buf *b)
{
	uint64_t want = padme_len(b->len > PLAIN_MIN ? b->len : PLAIN_MIN);
	size_t more = (size_t)want - b->len;
	uint8_t *p = buf_reserve(b, more + 1);

	if (p != NULL) {
		memset(p, 0, more);
		b->len += more;
	}
}

enum saksi_err welcome_write(struct buf *out, const struct welcome *w,
    const uint8_t once_pk[CRYPTO_KEY], const struct secret *sign_sk,
    struct saksi_error *err)
{
	struct buf body = BUF_INIT, plain = BUF_INIT;
	struct saksi_hash h;
	uint8_t sig[CRYPTO_SIG];
	enum saksi_err rc;

	write_body(&body, w);
	rc = buf_ok(&body, err);
	if (rc == SAKSI_OK && body.len > WELCOME_MAX / 2)
		rc =
		    saksi_fail(err, SAKSI_ELIMIT, "welcome: the membership is too large");
	if (rc != SAKSI_OK)
		goto fail;
	crypto_hash_of(&h, "welcome", body.p, body.len);
	crypto_sign_hash(sig, sign_sk, "welcome-sig", &h);
	buf_le32(&plain, (uint32_t)body.len);
	buf_add(&plain, body.p, body.len);
	buf_add(&plain, sig, sizeof(sig));
	pad(&plain);
	buf_add(out, MAGIC, MAGIC_LEN);
	rc = buf_ok(&plain, err);
	if (rc == SAKSI_OK)
		rc = crypto_sealed_box(out, once_pk, plain.p, plain.len, err);
	if (rc == SAKSI_OK)
		rc = buf_ok(out, err);
fail:
	buf_free(&body);
	buf_free(&plain);
	return rc;
}

/* ---- reading -------------------------------------------------------------------- */

static enum saksi_err read_epochs(struct mp_reader *r, struct welcome *w,
    struct saksi_error *err)
{
	uint32_t n = mp_read_array(r);
	enum saksi_err rc = SAKSI_OK;

	if (n > EPOCHS_KEPT_MAX)
		mp_fail(r, "too many epochs");
	for (uint32_t i = 0; i < n && !r->failed && rc == SAKSI_OK; i++) {
		struct saksi_hash id = {{0}};
		const uint8_t *key = NULL;

		mp_expect_array(r, 2);
		mp_read_fixed(r, id.b, sizeof(id.b));
		if (mp_read_bin(r, &key) != CRYPTO_KEY)
			mp_fail(r, "a key of another size");
		if (!r->failed)
			rc = local_epochs_add(&w->epochs, &id, key, err);
	}
	return rc;
}

static enum saksi_err read_changes(struct mp_reader *r, struct welcome *w,
    struct saksi_error *err)
{
	uint32_t n = mp_read_array(r);

	if (n > MEMBERSHIP_MAX)
		mp_fail(r, "too many membership changes");
	if (r->failed || n == 0)
		return SAKSI_OK;
	w->changes = calloc(n, sizeof(*w->changes));
	if (w->changes == NULL)
		return saksi_fail_nomem(err);
	for (uint32_t i = 0; i < n && !r->failed; i++)
		w->changes[w->n_changes++].n = mp_read_bin(r, &w->changes[i].p);
	return SAKSI_OK;
}

static enum saksi_err read_body(struct welcome *w, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	uint64_t version, suite, made;
	enum saksi_err rc;

	mp_read_init(&r, p, n);
	mp_expect_array(&r, 10);
	version = mp_read_uint(&r);
	suite = mp_read_uint(&r);
	if (!r.failed && (version != WELCOME_VERSION || suite != CRYPTO_SUITE))
		return saksi_fail(err, SAKSI_ENEWER,
		    "welcome: made by a newer version of saksi; update this one");
	mp_read_fixed(&r, w->request.b, sizeof(w->request.b));
	mp_read_fixed(&r, w->space.b, sizeof(w->space.b));
	mp_read_fixed(&r, w->add.b, sizeof(w->add.b));
	mp_read_fixed(&r, w->adder.b, sizeof(w->adder.b));
	made = mp_read_uint(&r);
	if (made > (uint64_t)INT64_MAX)
		mp_fail(&r, "a time out of range");
	w->made_us = r.failed ? 0 : (int64_t)made;
	mp_read_fixed(&r, w->import_key, sizeof(w->import_key));
	rc = read_epochs(&r, w, err);
	if (rc == SAKSI_OK)
		rc = read_changes(&r, w, err);
	return rc == SAKSI_OK ? mp_done(&r, "welcome", err) : rc;
}

static enum saksi_err altered(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EAUTH,
	    "welcome: altered, or an answer to another request; ask the admin for it again");
}

enum saksi_err welcome_read(struct welcome *w, const void *p, size_t n,
    const uint8_t once_pk[CRYPTO_KEY], const struct secret *once_sk,
    struct saksi_error *err)
{
	const uint8_t *b = p;
	uint32_t len;
	enum saksi_err rc;

	memset(w, 0, sizeof(*w));
	if (n < MAGIC_LEN || n > WELCOME_MAX || memcmp(b, MAGIC, MAGIC_LEN) != 0)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "welcome: this file is none; it is what `device add` wrote");
	rc = crypto_sealed_box_open(&w->text, once_pk, once_sk, b + MAGIC_LEN,
	    n - MAGIC_LEN, err);
	if (rc != SAKSI_OK) {
		welcome_free(w);
		return rc == SAKSI_EAUTH ? altered(err) : rc;
	}
	rc = altered(err);
	if (w->text.len < 4 + CRYPTO_SIG)
		goto fail;
	len = le32_get(w->text.p);
	if (len > w->text.len - 4 - CRYPTO_SIG)
		goto fail;
	for (size_t i = 4 + (size_t)len + CRYPTO_SIG; i < w->text.len; i++)
		if (w->text.p[i] != 0)
			goto fail;
	crypto_hash_of(&w->hash, "welcome", w->text.p + 4, len);
	memcpy(w->sig, w->text.p + 4 + len, sizeof(w->sig));
	rc = read_body(w, w->text.p + 4, len, err);
fail:
	if (rc != SAKSI_OK)
		welcome_free(w);
	return rc;
}

void welcome_words(char words[TEAM_WORDS_TEXT], const struct welcome *w)
{
	struct crypto_hash_state st;
	struct saksi_hash h;

	crypto_hash_init(&st, "welcome-words");
	crypto_hash_add(&st, w->request.b, sizeof(w->request.b));
	crypto_hash_add(&st, w->space.b, sizeof(w->space.b));
	crypto_hash_add(&st, w->add.b, sizeof(w->add.b));
	crypto_hash_add(&st, w->adder.b, sizeof(w->adder.b));
	crypto_hash_final(&st, &h);
	words_text(words, h.b, TEAM_WORDS);
}
