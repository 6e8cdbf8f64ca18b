/* found.c - begin a team: GENESIS, the first epoch, the import key. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>

#include "team_impl.h"

struct founding {
	struct local_device device;
	struct local_team local;
	struct local_epochs epochs;
	struct buf genesis, key;
	struct secret *root;
};

static void founding_free(struct founding *f)
{
	local_device_free(&f->device);
	local_epochs_free(&f->epochs);
	wipe(&f->local, sizeof(f->local));
	buf_free(&f->genesis);
	buf_free(&f->key);
	secret_free(&f->root);
}

/* Without it the team has no root, and never will. */
static enum saksi_err make_root(struct op_genesis *g, struct secret **root,
    struct saksi_error *err)
{
	struct secret *sk = NULL;
	enum saksi_err rc = crypto_sign_new(g->root_pk, &sk, err);

	if (rc == SAKSI_OK) /* the first half of an Ed25519 secret is its seed */
		rc = secret_copy(root, secret_view(sk), 32, err);
	g->has_root = rc == SAKSI_OK;
	secret_free(&sk);
	return rc;
}

static enum saksi_err make_genesis(struct founding *f, const char *person,
    const char *label, bool with_root, struct saksi_error *err)
{
	struct member_op op = {.tag = OP_GENESIS};
	struct op_genesis *g = &op.u.genesis;
	enum saksi_err rc = with_root ? make_root(g, &f->root, err) : SAKSI_OK;

	if (rc != SAKSI_OK)
		return rc;
	g->keys = f->device.keys;
	memcpy(g->person, person, strlen(person) + 1);
	memcpy(g->label, label, strlen(label) + 1);
	crypto_random(g->nonce, sizeof(g->nonce));
	member_op_write(&f->genesis, &op);
	rc = buf_ok(&f->genesis, err);
	if (rc == SAKSI_OK)
		crypto_hash_of(&f->local.space, "space", f->genesis.p, f->genesis.len);
	return rc;
}

static enum saksi_err make_epoch(struct founding *f, struct saksi_error *err)
{
	struct member_op op = {.tag = OP_KEY};
	struct team_device self = {.id = f->device.id};
	struct secret *key = NULL;
	struct saksi_hash id;
	enum saksi_err rc = secret_new(&key, CRYPTO_KEY, err);

	if (rc != SAKSI_OK)
		return rc;
	crypto_random(secret_bytes(key), CRYPTO_KEY);
	memcpy(self.seal_pk, f->device.keys.seal_pk, CRYPTO_KEY);
	rc = epoch_op_new(&op.u.key, key, NULL, &self, 1, err);
	if (rc == SAKSI_OK) {
		member_op_write(&f->key, &op);
		rc = buf_ok(&f->key, err);
	}
	if (rc == SAKSI_OK) {
		crypto_hash_of(&id, "epoch", f->key.p, f->key.len);
		rc = local_epochs_add(&f->epochs, &id, secret_view(key), err);
	}
	member_op_free(&op);
	secret_free(&key);
	return rc;
}

static enum saksi_err write_founding(struct founding *f, struct saksi_txn *txn,
    struct saksi_error *err)
{
	struct part_bytes parts[] = {{f->genesis.p, f->genesis.len},
	    {f->key.p, f->key.len}};
	struct saksi_writer w = {.space = f->local.space,
	    .device = f->device.id,
	    .reason = LOG_NEW,
	    .sign_sk = f->device.sign_sk};
	struct buf old = BUF_INIT;
	enum saksi_err rc = saksi_local_get(txn, LOCAL_TEAM, &old, err);

	buf_free(&old);
	if (rc == SAKSI_OK)
		return saksi_fail(err, SAKSI_EEXIST, "team: this vault has one already");
	if (rc != SAKSI_ENOTFOUND)
		return rc;
	memcpy(w.nonce, f->local.member.nonce, sizeof(w.nonce));
	log_id_of(&w.log, &w.device, w.coll, w.nonce);
	saksi_vault_set_policy(saksi_txn_vault(txn), NULL, NULL);
	saksi_vault_set_writer(saksi_txn_vault(txn), CS_MEMBERSHIP, &w);
	rc = saksi_log_append(txn, CS_MEMBERSHIP, parts, 2, NULL, err);
	saksi_vault_set_writer(saksi_txn_vault(txn), CS_MEMBERSHIP, NULL);
	if (rc == SAKSI_OK)
		rc = local_device_put(txn, &f->device, err);
	if (rc == SAKSI_OK)
		rc = local_team_put(txn, &f->local, err);
	if (rc == SAKSI_OK)
		rc = local_epochs_put(txn, &f->epochs, err);
	return rc;
}

enum saksi_err saksi_team_found(struct saksi_vault *v, const char *person,
    const char *label, saksi_kit_fn *kit, void *ctx, struct saksi_error *err)
{
	struct founding f = {.genesis = BUF_INIT, .key = BUF_INIT};
	struct saksi_txn *txn = NULL;
	enum saksi_err rc;

	if (!name_valid(person, strlen(person)) || !name_valid(label, strlen(label)))
		return saksi_fail(err, SAKSI_EINVAL,
		    "team: person and device need names of 1 to %u bytes, without control "
		    "characters",
		    NAME_MAX_BYTES);
	rc = local_device_new(&f.device, err);
	if (rc != SAKSI_OK)
		goto fail;
	crypto_random(f.local.data.nonce, sizeof(f.local.data.nonce));
	crypto_random(f.local.member.nonce, sizeof(f.local.member.nonce));
	crypto_random(f.local.import_key, sizeof(f.local.import_key));
	f.local.since_us = clock_now_us();
	rc = make_genesis(&f, person, label, kit != NULL, err);
	if (rc == SAKSI_OK)
		rc = make_epoch(&f, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_begin(&txn, v, true, err);
	if (rc == SAKSI_OK)
		rc = write_founding(&f, txn, err);
	if (rc == SAKSI_OK && kit != NULL)
		rc = kit(ctx, f.root, &f.local.space, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&txn, err);
fail:
	saksi_txn_abort(&txn);
	founding_free(&f);
	return rc;
}
