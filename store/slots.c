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

/* List the slots of ${mask} as ${with} has them; NULL: as empty. */
static enum saksi_err list_as(struct saksi_vault *v, unsigned mask,
    const struct slot_dir *with, struct saksi_error *err)
{
	struct slot_dir d;
	struct saksi_txn *t = NULL;
	enum saksi_err rc;

	if ((rc = saksi_txn_begin(&t, v, true, err)) == SAKSI_OK &&
	    (rc = read_dir(t, &d, err)) == SAKSI_OK) {
		for (unsigned i = 0; i < KEYRING_SLOTS; i++) {
			if ((mask & (1u << i)) == 0)
				continue;
			memset(&d.slot[i], 0, sizeof(d.slot[i]));
			if (with != NULL)
				d.slot[i] = with->slot[i];
		}
		if ((rc = write_dir(t, &d, err)) == SAKSI_OK)
			rc = saksi_txn_commit(&t, err);
	}
	saksi_txn_abort(&t);
	return rc;
}

/*
 * The list and the file are two writes.  A stop between them must leave no
 * passphrase that opens the vault and is not listed, and none that is listed,
 * does not open it, and is counted as a way in when the last one is looked
 * for.  So a slot is listed as unfinished before the file changes, and as
 * what it is after.
 */

static enum saksi_err no_such_slot(unsigned slot, struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_ENOTFOUND,
	    "key slot %u: is empty (`saksi key list`)", slot);
}

/* A way in has to stay. */
static enum saksi_err check_removable(const struct slot_dir *d, unsigned slot,
    struct saksi_error *err)
{
	unsigned used = 0;

	for (unsigned i = 0; i < KEYRING_SLOTS; i++)
		used += is_way_in(&d->slot[i]);
	if (d->slot[slot].kind == SLOT_EMPTY)
		return no_such_slot(slot, err);
	if (used == 1 && is_way_in(&d->slot[slot]))
		return saksi_fail(err, SAKSI_EREFUSED,
		    "key slot %u: the only one; without it the vault could never be opened again",
		    slot);
	return SAKSI_OK;
}

/*
 * List what is in use of ${mask} as unfinished; ${before} is the list as it was.
 * ${remove} is the one slot of it that shall go, for which a way in has to
 * stay, or KEYRING_SLOTS: looked at in the same transaction, for of two
 * commands that each remove one of the last two slots only one may.
 */
static enum saksi_err list_unfinished(struct saksi_vault *v, unsigned mask,
    unsigned remove, struct slot_dir *before, struct saksi_error *err)
{
	struct slot_dir d;
	struct saksi_txn *t = NULL;
	enum saksi_err rc;

	if ((rc = saksi_txn_begin(&t, v, true, err)) != SAKSI_OK ||
	    (rc = read_dir(t, before, err)) != SAKSI_OK)
		goto fail;
	if (remove < KEYRING_SLOTS &&
	    (rc = check_removable(before, remove, err)) != SAKSI_OK)
		goto fail;
	d = *before;
	for (unsigned i = 0; i < KEYRING_SLOTS; i++)
		if ((mask & (1u << i)) != 0 && d.slot[i].kind != SLOT_EMPTY)
			d.slot[i].kind = SLOT_UNFINISHED;
	if ((rc = write_dir(t, &d, err)) == SAKSI_OK)
		rc = saksi_txn_commit(&t, err);
fail:
	saksi_txn_abort(&t);
	return rc;
}

/* The file failed and is as it was, so the list shall be: ${rc}, and words if it can't. */
static enum saksi_err list_back(struct saksi_vault *v, unsigned mask,
    const struct slot_dir *before, enum saksi_err rc, struct saksi_error *err)
{
	struct saksi_error second = {SAKSI_OK, 0, ""};
	char why[SAKSI_REASON];

	if (list_as(v, mask, before, &second) == SAKSI_OK || err == NULL)
		return rc;
	return saksi_fail(err, rc,
	    "key slots: nothing was changed (%s), but `saksi key list` shows as unfinished "
	    "what was to be; when there is room on the disk, repeat it",
	    saksi_reason(why, err));
}

/*
 * The file holds the change, be it in one of its copies, and the list may not
 * follow: what is then to be said, of both.
 */
static enum saksi_err list_after(struct saksi_vault *v, unsigned mask,
    const struct slot_dir *with, enum saksi_err done, const char *words,
    struct saksi_error *err)
{
	struct saksi_error second = {SAKSI_OK, 0, ""};
	struct saksi_error first = {SAKSI_OK, 0, ""};
	char why[SAKSI_REASON];

	if (list_as(v, mask, with, &second) == SAKSI_OK)
		return done;
	if (done != SAKSI_OK && err != NULL)
		first = *err;
	return saksi_fail(err, SAKSI_EPARTIAL, "key slots: %s (%s)%s%s", words,
	    saksi_reason(why, &second), done == SAKSI_OK ? "" : "; ", first.msg);
}

/* Take a free slot, first one that was never begun; note that it is being filled. */
static enum saksi_err claim_slot(struct saksi_vault *v, struct slot_dir *before,
    const struct slot_info *info, unsigned *slot, struct saksi_error *err)
{
	static const uint8_t wanted[] = {SLOT_EMPTY, SLOT_UNFINISHED};
	struct slot_dir d;
	struct saksi_txn *t = NULL;
	unsigned at = KEYRING_SLOTS;
	enum saksi_err rc;

	if ((rc = saksi_txn_begin(&t, v, true, err)) != SAKSI_OK ||
	    (rc = read_dir(t, before, err)) != SAKSI_OK)
		goto fail;
	d = *before;
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
	d.slot[at] = *info;
	*slot = at;
	if ((rc = write_dir(t, &d, err)) == SAKSI_OK)
		rc = saksi_txn_commit(&t, err);
fail:
	saksi_txn_abort(&t);
	return rc;
}

enum saksi_err saksi_vault_slot_add(struct saksi_vault *v, const struct secret *pass,
    const char *label, unsigned *slot, struct saksi_error *err)
{
	struct slot_info info = {.kind = SLOT_UNFINISHED, .made_us = clock_now_us()};
	struct slot_dir d;
	struct secret *nfkc = NULL;
	enum saksi_err rc;

	(void)snprintf(info.label, sizeof(info.label), "%s", label == NULL ? "" : label);
	if ((rc = text_passphrase(&nfkc, pass, err)) != SAKSI_OK ||
	    (rc = claim_slot(v, &d, &info, slot, err)) != SAKSI_OK)
		goto fail;
	rc = keyring_set(v->keys, v->dirfd, *slot, SLOT_PASSPHRASE, v->key, nfkc, err);
	if (!holds(rc)) {
		rc = list_back(v, 1u << *slot, &d, rc, err);
		goto fail;
	}
	info.kind = SLOT_PASSPHRASE;
	d.slot[*slot] = info;
	rc = list_after(v, 1u << *slot, &d, rc,
	    "the new passphrase opens the vault, but `saksi key list` shows its slot as "
	    "unfinished; to have it listed, remove that slot and add it again",
	    err);
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

/* The new cost with the old passphrase holds; now the new passphrase. */
static enum saksi_err change_after_cost(struct saksi_vault *v, unsigned slot,
    const struct secret *nfkc, struct saksi_error *err)
{
	char why[SAKSI_REASON];
	enum saksi_err rc;

	rc = keyring_set(v->keys, v->dirfd, slot, SLOT_PASSPHRASE, v->key, nfkc, err);
	if (holds(rc) || err == NULL)
		return rc;
	return saksi_fail(err, SAKSI_EPARTIAL,
	    "key slots: the new cost holds and the other slots are gone, but the passphrase is "
	    "the old one still (%s); repeat `saksi key change` when that is mended",
	    saksi_reason(why, err));
}

enum saksi_err saksi_vault_rekdf(struct saksi_vault *v, const struct secret *old,
    const struct secret *pass, const struct crypto_kdf_cost *cost, unsigned *slot,
    struct saksi_error *err)
{
	struct secret *was = NULL, *new = NULL;
	struct slot_dir d;
	const struct secret *passes[1];
	unsigned others;
	enum saksi_err rc;

	if ((rc = open_slot(v, old, slot, err)) != SAKSI_OK ||
	    (rc = text_passphrase(&was, old, err)) != SAKSI_OK ||
	    (rc = text_passphrase(&new, pass, err)) != SAKSI_OK)
		goto fail;
	others = ((1u << KEYRING_SLOTS) - 1) & ~(1u << *slot);
	if ((rc = list_unfinished(v, others, KEYRING_SLOTS, &d, err)) != SAKSI_OK)
		goto fail;
	passes[0] = was;
	rc = keyring_rekey(v->keys, v->dirfd, cost, v->key, 1, slot, passes, err);
	if (!holds(rc)) {
		rc = list_back(v, others, &d, rc, err);
		goto fail;
	}
	rc = change_after_cost(v, *slot, new, err);
	rc = list_after(v, others, NULL, rc,
	    "`saksi key list` shows as unfinished the slots that were dropped; remove those",
	    err);
fail:
	secret_free(&was);
	secret_free(&new);
	return rc;
}

enum saksi_err saksi_vault_slot_remove(struct saksi_vault *v, unsigned slot,
    struct saksi_error *err)
{
	const unsigned mask = slot < KEYRING_SLOTS ? 1u << slot : 0;
	struct slot_dir d;
	enum saksi_err rc;

	if (mask == 0)
		return no_such_slot(slot, err);
	if ((rc = list_unfinished(v, mask, slot, &d, err)) != SAKSI_OK)
		return rc;
	if (!holds(rc = keyring_clear(v->keys, v->dirfd, slot, err)))
		return list_back(v, mask, &d, rc, err);
	return list_after(v, mask, NULL, rc,
	    "the slot was removed, but `saksi key list` shows it as unfinished; remove it "
	    "again",
	    err);
}
