/* check.c - `verify`: everything in the vault against everything that pins it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "rows.h"
#include "vault_impl.h"

struct checking {
	struct saksi_vault *v;
	struct saksi_txn *t;
	struct catalog *c;
	saksi_device_key_fn *key;
	void *key_ctx;
	void (*fault)(void *ctx, const char *words);
	void *fault_ctx;
	size_t faults;
	/* deep: records rebuilt from the log, by position in the catalog */
	struct state *rebuilt;
	size_t n_rebuilt;
};

static void found(struct checking *k, const char *fmt, ...) SAKSI_PRINTF(2, 3);

static void found(struct checking *k, const char *fmt, ...)
{
	char words[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	k->faults++;
	if (k->fault != NULL)
		k->fault(k->fault_ctx, words);
}

static void pass_on(void *ctx, const char *words)
{
	found(ctx, "%s", words);
}

static void check_signature(struct checking *k, const struct stored_entry *e)
{
	uint8_t pk[CRYPTO_KEY];
	char name[17];

	if (k->key == NULL)
		return;
	hash_short(name, &e->cs->id);
	if (!k->key(k->key_ctx, &e->device, pk))
		found(k, "changeset %s: written by a device that is not in the team",
		    name);
	else if (changeset_verify(e->cs, pk, NULL) != SAKSI_OK)
		found(k, "changeset %s: its signature is not its author's", name);
}

/* What it cites is here and before it, and its chain holds. */
static bool causes_in_order(struct checking *k, const struct stored_entry *e,
    const char *name)
{
	const struct saksi_hash *causes[CHANGESET_CAUSES_MAX];
	size_t n = changeset_causes(e->cs, causes);
	const struct cat_entry *prev;

	for (size_t i = 0; i < n; i++) {
		const struct cat_entry *cause = catalog_entry(k->c, causes[i]);

		if (cause == NULL || cause->n >= e->n) {
			found(k, "changeset %s: a cause of it is missing", name);
			return false;
		}
	}
	prev = e->cs->has_prev ? catalog_entry(k->c, &e->cs->prev) : NULL;
	if (prev != NULL &&
	    (hash_cmp(&k->c->branches[prev->branch].log, &e->cs->log) != 0 ||
		prev->seq + 1 != e->cs->seq))
		found(k, "changeset %s: breaks the chain of its log", name);
	return true;
}

/* The derived version vector is the one that the signed links give. */
static enum saksi_err check_causes(struct checking *k, const struct stored_entry *e,
    struct saksi_error *err)
{
	const struct cat_entry *me = catalog_entry(k->c, &e->cs->id);
	struct vclock past = {NULL, 0};
	uint64_t max_hlc = believable_hlc(e->cs->hlc, e->received_us);
	char name[17];
	enum saksi_err rc;

	hash_short(name, &e->cs->id);
	if (me == NULL || me->n != e->n)
		found(k, "changeset %s: stands twice, or under another number", name);
	if (!causes_in_order(k, e, name))
		return SAKSI_OK;
	if ((rc = log_join_causes(k->t, k->c, e->cs, &past, &max_hlc, err)) == SAKSI_OK)
		rc = vclock_raise(&past, e->branch, e->cs->seq, err);
	if (rc == SAKSI_OK &&
	    (past.n != e->past.n || max_hlc != e->max_hlc ||
		memcmp(past.seq, e->past.seq, past.n * sizeof(*past.seq)) != 0))
		found(k, "changeset %s: what is kept about its causes is wrong", name);
	vclock_free(&past);
	return rc;
}

static enum saksi_err rebuild(struct checking *k, const struct stored_entry *e,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (uint32_t i = 0;
	     e->cs->kind == CS_DATA && i < e->cs->n_parts && rc == SAKSI_OK; i++) {
		const struct cat_record *r;
		struct group g;

		rc = merge_group(&g, k->c, e, i, err);
		if (rc == SAKSI_OK && g.n_ops > 0) {
			if ((r = catalog_record(k->c, &g.record)) == NULL)
				found(k, "a record that the log speaks of is missing");
			else
				rc = state_append(&k->rebuilt[r - k->c->records],
				    &g.bytes, err);
		}
		buf_free(&g.bytes);
	}
	return rc;
}

static enum saksi_err check_entry(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct checking *k = ctx;
	struct stored_entry e;
	enum saksi_err rc;

	if ((rc = stored_entry_read(&e, n, p, len, err)) != SAKSI_OK)
		return rc;
	check_signature(k, &e);
	if ((rc = check_causes(k, &e, err)) == SAKSI_OK && k->rebuilt != NULL)
		rc = rebuild(k, &e, err);
	stored_entry_free(&e);
	return rc;
}

static enum saksi_err compare_record(struct checking *k, size_t i, struct saksi_error *err)
{
	const struct cat_record *r = &k->c->records[i];
	struct buf kept = BUF_INIT, made = BUF_INIT;
	char id[ID_TEXT_LEN + 1];
	enum saksi_err rc;

	if ((rc = state_view(&k->rebuilt[i], k->c, 0, err)) != SAKSI_OK)
		return rc;
	state_write(&made, &k->rebuilt[i]);
	if ((rc = rows_load(&kept, k->t->kv, r->number, err)) == SAKSI_OK &&
	    (rc = buf_ok(&made, err)) == SAKSI_OK &&
	    (kept.len != made.len || memcmp(kept.p, made.p, made.len) != 0)) {
		id_text(id, &r->id);
		found(k, "record %s: is not what the log makes of it", id);
	}
	buf_free(&kept);
	buf_free(&made);
	return rc;
}

static enum saksi_err check_log(struct checking *k, bool deep, struct saksi_error *err)
{
	enum saksi_err rc;

	if ((rc = txn_catalog(k->t, &k->c, err)) != SAKSI_OK)
		return rc;
	if (deep) {
		k->n_rebuilt = k->c->n_records;
		if ((k->rebuilt = calloc(k->n_rebuilt + 1, sizeof(*k->rebuilt))) == NULL)
			return saksi_fail_nomem(err);
		for (size_t i = 0; i < k->n_rebuilt; i++)
			state_init(&k->rebuilt[i], &k->c->records[i].id);
	}
	rc = kv_scan(k->t->kv, KV_LOG, 0, check_entry, k, err);
	for (size_t i = 0; i < k->n_rebuilt && rc == SAKSI_OK; i++)
		rc = compare_record(k, i, err);
	return rc;
}

/* What the vault holds is wrong, and not memory, a lock or the disk's mood. */
static bool is_damage(enum saksi_err rc)
{
	return rc != SAKSI_ENOMEM && rc != SAKSI_EIO && rc != SAKSI_EBUSY;
}

enum saksi_err saksi_vault_verify(struct saksi_vault *v, bool deep,
    saksi_device_key_fn *key, void *key_ctx, void (*fault)(void *ctx, const char *words),
    void *fault_ctx, struct saksi_error *err)
{
	struct checking k = {.v = v,
	    .key = key,
	    .key_ctx = key_ctx,
	    .fault = fault,
	    .fault_ctx = fault_ctx};
	struct saksi_error why = {0};
	enum saksi_err rc;

	if (keyring_damage(v->keys) != NULL)
		found(&k, "%s", keyring_damage(v->keys));
	rc = kv_verify(v->kv, pass_on, &k, &why);
	if (!is_damage(rc))
		return saksi_fail(err, rc, "%s", why.msg);
	if (rc != SAKSI_OK && k.faults == 0)
		found(&k, "%s", why.msg);
	if (rc == SAKSI_OK) {
		/* With the tables in order, what they hold can be looked at. */
		rc = saksi_txn_begin(&k.t, v, false, &why);
		if (rc == SAKSI_OK)
			rc = check_log(&k, deep, &why);
		if (rc != SAKSI_OK && is_damage(rc))
			found(&k, "%s", why.msg);
	}
	for (size_t i = 0; i < k.n_rebuilt; i++)
		state_free(&k.rebuilt[i]);
	free(k.rebuilt);
	saksi_txn_abort(&k.t);
	if (!is_damage(rc))
		return saksi_fail(err, rc, "%s", why.msg);
	if (k.faults > 0)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "vault: %zu fault%s found; copy the folder away before anything else, then ask a team "
		    "device to sync what is missing",
		    k.faults, k.faults == 1 ? "" : "s");
	return SAKSI_OK;
}
