/* local.c - device keys, team, epochs and open request in the vault's local table. */
#include "local.h"

#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#define LOCAL_VERSION 1u

enum saksi_err local_read(struct buf *b, struct saksi_txn *t, enum local_slot slot,
    struct mp_reader *r, uint32_t fields, const char *what, struct saksi_error *err)
{
	enum saksi_err rc = saksi_local_get(t, slot, b, err);

	if (rc != SAKSI_OK)
		return rc;
	mp_read_init(r, b->p, b->len);
	if (mp_read_array(r) != fields)
		mp_fail(r, "unexpected length");
	if (mp_read_uint(r) != LOCAL_VERSION && !r->failed)
		return saksi_fail(err, SAKSI_ENEWER,
		    "%s: kept by a newer version of saksi", what);
	return SAKSI_OK;
}

enum saksi_err local_write(struct saksi_txn *t, enum local_slot slot, const struct buf *b,
    struct saksi_error *err)
{
	enum saksi_err rc = buf_ok(b, err);

	return rc == SAKSI_OK ? saksi_local_put(t, slot, b->p, b->len, err) : rc;
}

static void write_secret(struct buf *b, const struct secret *s)
{
	mp_bin(b, secret_view(s), secret_len(s));
}

static enum saksi_err read_secret(struct secret **out, struct mp_reader *r, size_t len,
    struct saksi_error *err)
{
	const uint8_t *p = NULL;
	size_t n = mp_read_bin(r, &p);

	*out = NULL;
	if (!r->failed && n != len)
		mp_fail(r, "a key of another size");
	return r->failed ? SAKSI_OK : secret_copy(out, p, n, err);
}

/* ---- device ------------------------------------------------------------------- */

void local_device_free(struct local_device *d)
{
	secret_free(&d->sign_sk);
	secret_free(&d->seal_sk);
	secret_free(&d->noise_sk);
	memset(d, 0, sizeof(*d));
}

enum saksi_err local_device_new(struct local_device *d, struct saksi_error *err)
{
	enum saksi_err rc;

	memset(d, 0, sizeof(*d));
	rc = crypto_sign_new(d->keys.sign_pk, &d->sign_sk, err);
	if (rc == SAKSI_OK)
		rc = crypto_box_new(d->keys.seal_pk, &d->seal_sk, err);
	if (rc == SAKSI_OK)
		rc = crypto_box_new(d->keys.noise_pk, &d->noise_sk, err);
	if (rc != SAKSI_OK)
		local_device_free(d);
	else
		device_id_of(&d->id, &d->keys);
	return rc;
}

static void write_device_secrets(struct buf *b, const struct local_device *d)
{
	write_secret(b, d->sign_sk);
	write_secret(b, d->seal_sk);
	write_secret(b, d->noise_sk);
}

static enum saksi_err read_device_secrets(struct local_device *d, struct mp_reader *r,
    struct saksi_error *err)
{
	enum saksi_err rc = read_secret(&d->sign_sk, r, CRYPTO_SIGN_SK, err);

	if (rc == SAKSI_OK)
		rc = read_secret(&d->seal_sk, r, CRYPTO_KEY, err);
	if (rc == SAKSI_OK)
		rc = read_secret(&d->noise_sk, r, CRYPTO_KEY, err);
	return rc;
}

enum saksi_err local_device_put(struct saksi_txn *t, const struct local_device *d,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	mp_array(&b, 7);
	mp_uint(&b, LOCAL_VERSION);
	keys_write(&b, &d->keys);
	write_device_secrets(&b, d);
	rc = local_write(t, LOCAL_DEVICE, &b, err);
	buf_free(&b);
	return rc;
}

enum saksi_err local_device_get(struct local_device *d, struct saksi_txn *t,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	struct mp_reader r;
	enum saksi_err rc;

	memset(d, 0, sizeof(*d));
	rc = local_read(&b, t, LOCAL_DEVICE, &r, 7, "this device's keys", err);
	if (rc != SAKSI_OK)
		goto fail;
	keys_read(&r, &d->keys);
	rc = read_device_secrets(d, &r, err);
	if (rc == SAKSI_OK)
		rc = mp_done(&r, "this device's keys", err);
	device_id_of(&d->id, &d->keys);
fail:
	buf_free(&b);
	if (rc != SAKSI_OK)
		local_device_free(d);
	return rc;
}

/* ---- team --------------------------------------------------------------------- */

enum saksi_err local_team_put(struct saksi_txn *t, const struct local_team *l,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	mp_array(&b, 8);
	mp_uint(&b, LOCAL_VERSION);
	mp_bin(&b, l->space.b, sizeof(l->space.b));
	mp_bin(&b, l->data.nonce, sizeof(l->data.nonce));
	mp_uint(&b, l->data.reason);
	mp_bin(&b, l->member.nonce, sizeof(l->member.nonce));
	mp_uint(&b, l->member.reason);
	mp_bin(&b, l->import_key, sizeof(l->import_key));
	mp_int(&b, l->since_us);
	rc = local_write(t, LOCAL_TEAM, &b, err);
	buf_free(&b);
	return rc;
}

static unsigned read_reason(struct mp_reader *r)
{
	uint64_t v = mp_read_uint(r);

	if (v > LOG_ROTATED)
		mp_fail(r, "an unknown reason for a log");
	return r->failed ? LOG_NEW : (unsigned)v;
}

enum saksi_err local_team_get(struct local_team *l, struct saksi_txn *t,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	struct mp_reader r;
	enum saksi_err rc;

	memset(l, 0, sizeof(*l));
	rc = local_read(&b, t, LOCAL_TEAM, &r, 8, "this device's team", err);
	if (rc == SAKSI_OK) {
		mp_read_fixed(&r, l->space.b, sizeof(l->space.b));
		mp_read_fixed(&r, l->data.nonce, sizeof(l->data.nonce));
		l->data.reason = read_reason(&r);
		mp_read_fixed(&r, l->member.nonce, sizeof(l->member.nonce));
		l->member.reason = read_reason(&r);
		mp_read_fixed(&r, l->import_key, sizeof(l->import_key));
		l->since_us = mp_read_int(&r);
		rc = mp_done(&r, "this device's team", err);
	}
	buf_free(&b);
	return rc;
}

/* ---- epochs ------------------------------------------------------------------- */

void local_epochs_free(struct local_epochs *e)
{
	for (size_t i = 0; i < e->n; i++)
		secret_free(&e->list[i].key);
	free(e->list);
	*e = (struct local_epochs){NULL, 0, 0};
}

const struct local_epoch *local_epochs_find(const struct local_epochs *e,
    const struct saksi_hash *id)
{
	for (size_t i = 0; i < e->n; i++)
		if (hash_cmp(&e->list[i].id, id) == 0)
			return &e->list[i];
	return NULL;
}

enum saksi_err local_epochs_add(struct local_epochs *e, const struct saksi_hash *id,
    const uint8_t key[CRYPTO_KEY], struct saksi_error *err)
{
	struct local_epoch *list;
	enum saksi_err rc;

	if (local_epochs_find(e, id) != NULL)
		return SAKSI_OK;
	if (e->n >= EPOCHS_KEPT_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "epochs: more than %u keys",
		    EPOCHS_KEPT_MAX);
	list = list_room(e->list, e->n, &e->cap, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	e->list = list;
	e->list[e->n].id = *id;
	rc = secret_copy(&e->list[e->n].key, key, CRYPTO_KEY, err);
	if (rc == SAKSI_OK)
		e->n++;
	return rc;
}

enum saksi_err local_epochs_put(struct saksi_txn *t, const struct local_epochs *e,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	mp_array(&b, 2);
	mp_uint(&b, LOCAL_VERSION);
	mp_array(&b, (uint32_t)e->n);
	for (size_t i = 0; i < e->n; i++) {
		mp_array(&b, 2);
		mp_bin(&b, e->list[i].id.b, sizeof(e->list[i].id.b));
		write_secret(&b, e->list[i].key);
	}
	rc = local_write(t, LOCAL_EPOCHS, &b, err);
	buf_free(&b);
	return rc;
}

enum saksi_err local_epochs_get(struct local_epochs *e, struct saksi_txn *t,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	struct mp_reader r;
	enum saksi_err rc;
	uint32_t n;

	*e = (struct local_epochs){NULL, 0, 0};
	rc = local_read(&b, t, LOCAL_EPOCHS, &r, 2, "epoch keys", err);
	if (rc != SAKSI_OK)
		goto fail;
	n = mp_read_array(&r);
	for (uint32_t i = 0; i < n && !r.failed && rc == SAKSI_OK; i++) {
		struct saksi_hash id = {{0}};
		const uint8_t *key = NULL;

		mp_expect_array(&r, 2);
		mp_read_fixed(&r, id.b, sizeof(id.b));
		if (mp_read_bin(&r, &key) != CRYPTO_KEY)
			mp_fail(&r, "a key of another size");
		if (!r.failed)
			rc = local_epochs_add(e, &id, key, err);
	}
	if (rc == SAKSI_OK)
		rc = mp_done(&r, "epoch keys", err);
fail:
	buf_free(&b);
	if (rc != SAKSI_OK)
		local_epochs_free(e);
	return rc;
}

/* ---- open request --------------------------------------------------------------- */

void local_join_free(struct local_join *j)
{
	buf_free(&j->request);
	local_device_free(&j->device);
	secret_free(&j->once_sk);
}

enum saksi_err local_join_put(struct saksi_txn *t, const struct local_join *j,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	mp_array(&b, 6);
	mp_uint(&b, LOCAL_VERSION);
	mp_bin(&b, j->request.p, j->request.len);
	write_device_secrets(&b, &j->device);
	write_secret(&b, j->once_sk);
	rc = local_write(t, LOCAL_JOIN, &b, err);
	buf_free(&b);
	return rc;
}

enum saksi_err local_join_get(struct local_join *j, struct saksi_txn *t,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	struct mp_reader r;
	const uint8_t *body = NULL;
	enum saksi_err rc;
	size_t n;

	memset(j, 0, sizeof(*j));
	rc = local_read(&b, t, LOCAL_JOIN, &r, 6, "the open join request", err);
	if (rc != SAKSI_OK)
		goto fail;
	n = mp_read_bin(&r, &body);
	if (!r.failed)
		buf_add(&j->request, body, n);
	rc = read_device_secrets(&j->device, &r, err);
	if (rc == SAKSI_OK)
		rc = read_secret(&j->once_sk, &r, CRYPTO_KEY, err);
	if (rc == SAKSI_OK)
		rc = mp_done(&r, "the open join request", err);
	if (rc == SAKSI_OK)
		rc = buf_ok(&j->request, err);
fail:
	buf_free(&b);
	if (rc != SAKSI_OK)
		local_join_free(j);
	return rc;
}
