/* txn.c - transactions and this device's own affairs. */
#include <stdlib.h>

#include "rows.h"
#include "vault_impl.h"

#define BATCH_BYTES \
	(1u << 20) /* with what the index makes of it, thirty times that in memory */

/*
 * A slot file with one damaged copy is one fault away from a lost vault, and
 * after a cut-off change its older copy may still know a removed passphrase.
 * Who writes mends it; where that fails, `verify` goes on telling.
 */
static void heal_keys(struct saksi_vault *v)
{
	if (v->healed || keyring_damage(v->keys) == NULL)
		return;
	v->healed = true;
	if (keyring_repair(v->keys, v->dirfd, NULL) != SAKSI_OK)
		return;
}

enum saksi_err saksi_txn_begin(struct saksi_txn **out, struct saksi_vault *v, bool write,
    struct saksi_error *err)
{
	struct saksi_txn *t;
	enum saksi_err rc;

	*out = NULL;
	if (write && v->read_only)
		return saksi_fail(err, SAKSI_EREFUSED, "%s: opened to read only", v->dir);
	if (write)
		heal_keys(v);
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return saksi_fail_nomem(err);
	t->v = v;
	t->write = write;
	if ((rc = kv_begin(&t->kv, v->kv, write, err)) != SAKSI_OK) {
		free(t);
		return rc;
	}
	*out = t;
	return SAKSI_OK;
}

static void txn_free(struct saksi_txn *t)
{
	if (t->v->ahead == t)
		t->v->ahead = NULL;
	free(t);
}

enum saksi_err saksi_txn_commit(struct saksi_txn **pt, struct saksi_error *err)
{
	struct saksi_txn *t = *pt;
	uint64_t number = kv_txn_number(t->kv);
	enum saksi_err rc;

	*pt = NULL;
	rc = t->touched ? catalog_flush(t, err) : SAKSI_OK;
	if (rc == SAKSI_OK && kv_txn_changed(t->kv))
		rc = anchor_line(t, err);
	if (rc == SAKSI_OK)
		rc = kv_commit(&t->kv, err);
	else
		kv_abort(&t->kv);
	if (rc != SAKSI_OK)
		catalog_reset(&t->v->catalog);
	else if (t->touched)
		catalog_committed(&t->v->catalog, number);
	if (rc == SAKSI_OK)
		anchor_write(t->v, t->own);
	txn_free(t);
	return rc;
}

void saksi_txn_abort(struct saksi_txn **pt)
{
	struct saksi_txn *t;

	if (pt == NULL || (t = *pt) == NULL)
		return;
	kv_abort(&t->kv);
	if (t->touched)
		catalog_reset(&t->v->catalog);
	txn_free(t);
	*pt = NULL;
}

struct saksi_vault *saksi_txn_vault(struct saksi_txn *t)
{
	return t->v;
}

bool saksi_txn_full(const struct saksi_txn *t)
{
	return kv_txn_dirty(t->kv) >= BATCH_BYTES;
}

enum saksi_err saksi_txn_settle(struct saksi_txn *t, struct saksi_error *err)
{
	return t->touched ? catalog_flush(t, err) : SAKSI_OK;
}

enum saksi_err txn_catalog(struct saksi_txn *t, struct catalog **out,
    struct saksi_error *err)
{
	*out = &t->v->catalog;
	/* What this transaction wrote is in the catalog, not yet in a commit. */
	if (t->touched)
		return SAKSI_OK;
	if (t->v->ahead != NULL)
		return saksi_fail(err, SAKSI_EINVAL,
		    "vault: it is asked in one transaction while another one writes");
	return catalog_sync(&t->v->catalog, t->kv, err);
}

void txn_touch(struct saksi_txn *t)
{
	t->touched = true;
	t->v->ahead = t;
}

enum saksi_err txn_index(struct saksi_txn *t, struct index **x, struct kv_txn **kv,
    struct saksi_error *err)
{
	struct catalog *c;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK ||
	    (t->touched && (rc = catalog_flush(t, err)) != SAKSI_OK))
		return rc;
	*x = c->index;
	*kv = t->kv;
	return SAKSI_OK;
}

enum saksi_err txn_record_json(struct saksi_txn *t, uint64_t number, json_t **out,
    struct saksi_error *err)
{
	struct state s;
	enum saksi_err rc;

	*out = NULL;
	if ((rc = txn_state(t, number, 0, &s, err)) != SAKSI_OK)
		return rc;
	rc = state_json(out, t, &s, number, err);
	state_free(&s);
	/* Whoever asks for one asks for many. */
	kv_txn_rest(t->kv);
	return rc;
}

enum saksi_err txn_state(struct saksi_txn *t, uint64_t number, int64_t as_of_us,
    struct state *out, struct saksi_error *err)
{
	struct catalog *c;
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	if ((rc = rows_load(&b, t->kv, number, err)) == SAKSI_OK &&
	    (rc = state_take(out, &b, err)) == SAKSI_OK &&
	    (rc = state_view(out, c, as_of_us, err)) != SAKSI_OK)
		state_free(out);
	buf_free(&b);
	return rc;
}

enum saksi_err saksi_local_get(struct saksi_txn *t, enum local_slot slot, struct buf *out,
    struct saksi_error *err)
{
	return kv_get(t->kv, KV_LOCAL, slot, out, err);
}

enum saksi_err saksi_local_put(struct saksi_txn *t, enum local_slot slot, const void *p,
    size_t n, struct saksi_error *err)
{
	return kv_put(t->kv, KV_LOCAL, slot, p, n, err);
}

enum saksi_err saksi_local_del(struct saksi_txn *t, enum local_slot slot,
    struct saksi_error *err)
{
	return kv_del(t->kv, KV_LOCAL, slot, err);
}

enum saksi_err saksi_log_clear(struct saksi_txn *t, struct saksi_error *err)
{
	enum saksi_err rc;

	txn_touch(t);
	if ((rc = kv_clear(t->kv, KV_LOG, err)) == SAKSI_OK &&
	    (rc = kv_clear(t->kv, KV_RECORDS, err)) == SAKSI_OK &&
	    (rc = kv_clear(t->kv, KV_HELD, err)) == SAKSI_OK)
		rc = catalog_clear(&t->v->catalog, t->kv, err);
	return rc;
}
