/* slots.c - key slots of an open vault: the slot file and its directory in step. */
#include <stdio.h>
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/text.h>

#include "vault_impl.h"

static enum saksi_err read_dir(struct saksi_txn *t, struct slot_dir *d,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	if ((rc = saksi_local_get(t, LOCAL_SLOT_DIR, &b, err)) == SAKSI_OK)
		rc = slot_dir_read(d, b.p, b.len, err);
	buf_free(&b);
	return rc;
}

static enum saksi_err write_dir(struct saksi_txn *t, const struct slot_dir *d,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	slot_dir_write(&b, d);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		rc = saksi_local_put(t, LOCAL_SLOT_DIR, b.p, b.len, err);
	buf_free(&b);
	return rc;
}

enum saksi_err saksi_vault_slots(struct saksi_vault *v, struct slot_dir *out,
    struct crypto_kdf_cost *cost, struct saksi_error *err)
{
	struct saksi_txn *t = NULL;
	enum saksi_err rc;

	if ((rc = saksi_txn_begin(&t, v, false, err)) == SAKSI_OK)
		rc = read_dir(t, out, err);
	saksi_txn_abort(&t);
	if (cost != NULL)
		*cost = keyring_cost(v->keys);
	return rc;
}

/* The change stands, be it in one of the file's two copies only. */
static bool holds(enum saksi_err rc)
{
	return rc == SAKSI_OK || rc == SAKSI_EPARTIAL;
}

static bool is_way_in(const struct slot_info *s)
{
	return s->kind != SLOT_EMPTY && s->kind != SLOT_UNFINISHED;
}

static enum saksi_err note_slot(struct saksi_vault *v, unsigned slot,
    const struct slot_info *info, struct saksi_error *err)
{
	struct slot_dir d;
	struct saksi_txn *t = NULL;
	enum saksi_err rc;

	if ((rc = saksi_txn_begin(&t, v, true, err)) == SAKSI_OK &&
	    (rc = read_dir(t, &d, err)) == SAKSI_OK) {
		d.slot[slot] = *info;
		if ((rc = write_dir(t, &d, err)) == SAKSI_OK)
			rc = saksi_txn_commit(&t, err);
	}
	saksi_txn_abort(&t);
	return rc;
}

/* Take a free slot, first one that was never begun; note that it is being filled. */
static enum saksi_err claim_slot(struct saksi_vault *v, struct slot_info *info,
    unsigned *slot, struct saksi_error *err)
{
	static const uint8_t wanted[] = {SLOT_EMPTY, SLOT_UNFINISHED};
	struct slot_dir d;
	struct saksi_txn *t = NULL;
	unsigned at = KEYRING_SLOTS;
	enum saksi_err rc;

	if ((rc = saksi_txn_begin(&t, v, true, err)) != SAKSI_OK ||
	    (rc = read_dir(t, &d, err)) != SAKSI_OK)
		goto fail;
	for (size_t w = 0; w < 2 && at == KEYRING_SLOTS; w++)
		for (unsigned i = 0; i < KEYRING_SLOTS && at == KEYRING_SLOTS; i++)
			if (d.slot[i].kind == wanted[w])
				at = i;
	if (at == KEYRING_SLOTS) {
		rc = saksi_fail(err, SAKSI_ELIMIT,
		    "key slots: all %u are used; remove one first (`saksi key list`)",
		    KEYRING_SLOTS);
		goto fail;
	}
	info->kind = SLOT_UNFINISHED;
	d.slot[at] = *info;
	*slot = at;
	if ((rc = write_dir(t, &d, err)) == SAKSI_OK)
		rc = saksi_txn_commit(&t, err);
fail:
	saksi_txn_abort(&t);
	return rc;
}

/*
 * The list and the file are two writes, and a stop between them must not
 * leave a passphrase that opens the vault and is not listed, nor a listed one
 * that does not and is counted as a way in.  So a slot is listed as
 * unfinished before it is filled, and as what it is after.
 */
enum saksi_err saksi_vault_slot_add(struct saksi_vault *v, const struct secret *pass,
    const char *label, unsigned *slot, struct saksi_error *err)
{
	struct slot_info info = {.made_us = clock_now_us()};
	struct secret *nfkc = NULL;
	enum saksi_err rc, list_rc;

	snprintf(info.label, sizeof(info.label), "%s", label == NULL ? "" : label);
	if ((rc = text_passphrase(&nfkc, pass, err)) != SAKSI_OK ||
	    (rc = claim_slot(v, &info, slot, err)) != SAKSI_OK)
		goto fail;
	rc = keyring_set(v->keys, v->dirfd, *slot, SLOT_PASSPHRASE, v->key, nfkc, err);
	if (!holds(rc))
		goto fail;
	info.kind = SLOT_PASSPHRASE;
	if ((list_rc = note_slot(v, *slot, &info, err)) != SAKSI_OK)
		rc = list_rc;
fail:
	secret_free(&nfkc);
	return rc;
}

static enum saksi_err open_slot(struct saksi_vault *v, const struct secret *old,
    unsigned *slot, struct saksi_error *err)
{
	struct secret *nfkc = NULL, *key = NULL;
	enum saksi_err rc;

	if ((rc = text_passphrase(&nfkc, old, err)) == SAKSI_OK)
		rc = keyring_open(&key, slot, v->keys, nfkc, err);
	secret_free(&nfkc);
	secret_free(&key);
	return rc;
}

enum saksi_err saksi_vault_slot_change(struct saksi_vault *v, const struct secret *old,
    const struct secret *pass, unsigned *slot, struct saksi_error *err)
{
	struct secret *nfkc = NULL;
	enum saksi_err rc;

	if ((rc = open_slot(v, old, slot, err)) == SAKSI_OK &&
	    (rc = text_passphrase(&nfkc, pass, err)) == SAKSI_OK)
		rc = keyring_set(v->keys, v->dirfd, *slot, SLOT_PASSPHRASE, v->key, nfkc,
		    err);
	secret_free(&nfkc);
	return rc;
}

/* Forget in the directory every slot but ${keep}. */
static enum saksi_err list_only(struct saksi_vault *v, unsigned keep,
    struct saksi_error *err)
{
	struct slot_dir d;
	struct saksi_txn *t = NULL;
	enum saksi_err rc;

	if ((rc = saksi_txn_begin(&t, v, true, err)) == SAKSI_OK &&
	    (rc = read_dir(t, &d, err)) == SAKSI_OK) {
		for (unsigned i = 0; i < KEYRING_SLOTS; i++)
			if (i != keep)
				memset(&d.slot[i], 0, sizeof(d.slot[i]));
		if ((rc = write_dir(t, &d, err)) == SAKSI_OK)
			rc = saksi_txn_commit(&t, err);
	}
	saksi_txn_abort(&t);
	return rc;
}

enum saksi_err saksi_vault_rekdf(struct saksi_vault *v, const struct secret *old,
    const struct secret *pass, const struct crypto_kdf_cost *cost, unsigned *slot,
    struct saksi_error *err)
{
	struct secret *nfkc = NULL;
	const struct secret *passes[1];
	enum saksi_err rc, dir_rc;

	if ((rc = open_slot(v, old, slot, err)) != SAKSI_OK ||
	    (rc = text_passphrase(&nfkc, old, err)) != SAKSI_OK)
		goto fail;
	passes[0] = nfkc;
	rc = keyring_rekey(v->keys, v->dirfd, cost, v->key, 1, slot, passes, err);
	if (!holds(rc))
		goto fail;
	if ((dir_rc = list_only(v, *slot, err)) != SAKSI_OK)
		rc = dir_rc;
	secret_free(&nfkc);
	if (holds(rc) && (rc = text_passphrase(&nfkc, pass, err)) == SAKSI_OK)
		rc = keyring_set(v->keys, v->dirfd, *slot, SLOT_PASSPHRASE, v->key, nfkc,
		    err);
fail:
	secret_free(&nfkc);
	return rc;
}

enum saksi_err saksi_vault_slot_remove(struct saksi_vault *v, unsigned slot,
    struct saksi_error *err)
{
	struct slot_dir d;
	struct saksi_txn *t = NULL;
	unsigned used = 0;
	enum saksi_err rc, dir_rc;

	if ((rc = saksi_txn_begin(&t, v, true, err)) != SAKSI_OK ||
	    (rc = read_dir(t, &d, err)) != SAKSI_OK)
		goto fail;
	for (unsigned i = 0; i < KEYRING_SLOTS; i++)
		used += is_way_in(&d.slot[i]);
	if (slot >= KEYRING_SLOTS || d.slot[slot].kind == SLOT_EMPTY) {
		rc = saksi_fail(err, SAKSI_ENOTFOUND,
		    "key slot %u: is empty (`saksi key list`)", slot);
		goto fail;
	}
	if (used == 1 && is_way_in(&d.slot[slot])) {
		rc = saksi_fail(err, SAKSI_EREFUSED,
		    "key slot %u: the only one; without it the vault could never be opened again",
		    slot);
		goto fail;
	}
	memset(&d.slot[slot], 0, sizeof(d.slot[slot]));
	if (!holds(rc = keyring_clear(v->keys, v->dirfd, slot, err)))
		goto fail;
	if ((dir_rc = write_dir(t, &d, err)) == SAKSI_OK)
		dir_rc = saksi_txn_commit(&t, err);
	if (dir_rc != SAKSI_OK)
		rc = dir_rc;
fail:
	saksi_txn_abort(&t);
	return rc;
}
