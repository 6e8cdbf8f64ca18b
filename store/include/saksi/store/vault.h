/*
 * vault.h - a vault: one directory, its keys, transactions, local affairs.
 *
 *   keys       slot file (keyring.h)
 *   data.mdb   sealed tables (FORMAT.md section 3), lock.mdb beside it
 *
 * The vault knows records and logs; who is in the team, and which foreign
 * changeset may come in, is sync/'s: it sets the writer and the policy.
 */
#ifndef SAKSI_STORE_VAULT_H
#define SAKSI_STORE_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <saksi/keys/keyring.h>
#include <saksi/schema/schema.h>
#include <saksi/store/changeset.h>

struct saksi_vault;
struct saksi_txn;

#define VAULT_READ_ONLY 1u
#define VAULT_ANY_FORMAT 2u /* an older one too, to be migrated */

/**
 * saksi_vault_create(out, dir, schema, pass, cost, err):
 * Make ${dir} (absent, or an empty directory) a vault, 0700, files 0600,
 * whole or not at all.  ${schema} is borrowed until close.  ${pass} is
 * normalised here.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_create(struct saksi_vault **out,
    const char *dir, const struct schema *schema, const struct secret *pass,
    const struct crypto_kdf_cost *cost, struct saksi_error *err);
/**
 * saksi_vault_open(out, dir, schema, pass, flags, err):
 * ${pass} NULL: by the session (unlock); SAKSI_ELOCKED if there is none.
 * SAKSI_ENOTFOUND no vault here; SAKSI_EAUTH wrong passphrase;
 * SAKSI_EDAMAGED, also when its key slots are gone; SAKSI_ENEWER;
 * SAKSI_ENOMEM (KDF); SAKSI_EIO; SAKSI_EREFUSED: an older format.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_open(struct saksi_vault **out,
    const char *dir, const struct schema *schema, const struct secret *pass,
    unsigned flags, struct saksi_error *err);
/** saksi_vault_exists(dir): A slot file or data file is there. */
bool saksi_vault_exists(const char *dir);
/** saksi_vault_id_at(dir, id, err): The public vault id, without unlocking. */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_id_at(const char *dir, uint8_t id[VAULT_ID],
    struct saksi_error *err);
void saksi_vault_close(struct saksi_vault **v);
/**
 * saksi_vault_discard(v): Close the vault and remove its files.  For one that
 * was just created and could not be given what makes it useful; never another.
 */
void saksi_vault_discard(struct saksi_vault **v);

const struct schema *saksi_vault_schema(const struct saksi_vault *v);
uint64_t saksi_vault_size(const struct saksi_vault *v);
/** saksi_vault_unlock_for(v, seconds, err): session_save() with this vault's key. */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_unlock_for(struct saksi_vault *v,
    unsigned seconds, struct saksi_error *err);

/* ---- key slots ------------------------------------------------------------
 * SAKSI_EPARTIAL from any of these that write: the slot file holds the change,
 * but in one of its two copies only, or what follows it was not written; the
 * words say which. */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_slots(struct saksi_vault *v,
    struct slot_dir *out, struct crypto_kdf_cost *cost, struct saksi_error *err);
/** saksi_vault_slot_add: Passphrase into a free slot. SAKSI_ELIMIT: none free. */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_slot_add(struct saksi_vault *v,
    const struct secret *pass, const char *label, unsigned *slot,
    struct saksi_error *err);
/** saksi_vault_slot_change: The slot that ${old} opens gets ${pass}. */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_slot_change(struct saksi_vault *v,
    const struct secret *old, const struct secret *pass, unsigned *slot,
    struct saksi_error *err);
/** saksi_vault_rekdf: New cost; only ${old}'s slot survives, now under ${pass}. */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_rekdf(struct saksi_vault *v,
    const struct secret *old, const struct secret *pass,
    const struct crypto_kdf_cost *cost, unsigned *slot, struct saksi_error *err);
/** saksi_vault_slot_remove: SAKSI_EREFUSED for the last one. */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_slot_remove(struct saksi_vault *v,
    unsigned slot, struct saksi_error *err);

/* ---- transactions ---------------------------------------------------------- */
SAKSI_MUST_CHECK enum saksi_err saksi_txn_begin(struct saksi_txn **out,
    struct saksi_vault *v, bool write, struct saksi_error *err);
/** saksi_txn_commit: Consumes ${*t} even when it fails; durable when it returns. */
SAKSI_MUST_CHECK enum saksi_err saksi_txn_commit(struct saksi_txn **t,
    struct saksi_error *err);
void saksi_txn_abort(struct saksi_txn **t);
struct saksi_vault *saksi_txn_vault(struct saksi_txn *t);
/** saksi_txn_full(t): Enough is written; commit and begin another. */
bool saksi_txn_full(const struct saksi_txn *t);
/**
 * saksi_txn_settle(t, err): Write now what the commit would write of the index.
 * SAKSI_ELIMIT: it is more than a transaction holds.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_txn_settle(struct saksi_txn *t,
    struct saksi_error *err);

/* ---- this device's own affairs: sealed, never synced ------------------------ */
enum local_slot {
	LOCAL_SLOT_DIR = 1, /* keyring.h slot_dir */
	LOCAL_DEVICE = 2,   /* sync: device secrets */
	LOCAL_TEAM = 3,	    /* sync: which space, own logs, import key */
	LOCAL_EPOCHS = 4,   /* sync: epoch keys */
	LOCAL_JOIN = 5,	    /* sync: an open join request */
	LOCAL_REMOTES = 6,  /* sync: what each remote and peer was seen to hold */
	LOCAL_TRUST = 7,    /* cli: trusted exporters */
	LOCAL_LINE = 8,	    /* anchor: which line of commits this file's numbers count */
	LOCAL_LAST = 1000
};
/** saksi_local_get: Append; SAKSI_ENOTFOUND if never put. */
SAKSI_MUST_CHECK enum saksi_err saksi_local_get(struct saksi_txn *t, enum local_slot slot,
    struct buf *out, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_local_put(struct saksi_txn *t, enum local_slot slot,
    const void *p, size_t n, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_local_del(struct saksi_txn *t, enum local_slot slot,
    struct saksi_error *err);

/* ---- who writes ------------------------------------------------------------- */
/* One of this device's own logs.  The secret is borrowed until replaced. */
struct saksi_writer {
	struct saksi_hash space;
	uint8_t coll[16];
	struct saksi_hash device;
	struct saksi_hash log;
	uint8_t nonce[16]; /* log = H("log", device, coll, nonce) */
	unsigned reason;   /* enum log_open_reason, for seq 1 */
	const struct secret *sign_sk;
};
/** saksi_vault_set_writer: For CS_DATA or CS_MEMBERSHIP; NULL: none. */
void saksi_vault_set_writer(struct saksi_vault *v, enum changeset_kind kind,
    const struct saksi_writer *w);
/**
 * saksi_vault_restored(t, restored, err):
 * Whether this vault, or a writer's log, went on further than it knows: it was
 * put back to an older state, or copied.  Then nothing more may be written there:
 * set a writer of a new log (LOG_RESTORED).
 */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_restored(struct saksi_txn *t, bool *restored,
    struct saksi_error *err);
/*
 * Asked before each own changeset: may this device append?  Fills ${auth}
 * with the membership heads to cite.  SAKSI_EREFUSED for a reader's edit.
 */
typedef enum saksi_err saksi_policy_fn(void *ctx, struct saksi_txn *t,
    enum changeset_kind kind, struct saksi_hash auth[CHANGESET_AUTH_MAX],
    uint32_t *n_auth, struct saksi_error *err);
void saksi_vault_set_policy(struct saksi_vault *v, saksi_policy_fn *fn, void *ctx);
/*
 * The key under which imports derive record ids from references; it travels
 * with the team.  Until it is set, records with a ref can't be made.
 */
void saksi_vault_set_import_key(struct saksi_vault *v, const uint8_t key[CRYPTO_KEY]);

/* ---- older formats ---------------------------------------------------------- */
/** Told how far a long work is: "records", 300 of 1000; total 0: not known. */
typedef void saksi_work_fn(void *ctx, const char *what, size_t done, size_t total);
/** saksi_vault_format: The format of its data; *newest: what this saksi writes. */
unsigned saksi_vault_format(const struct saksi_vault *v, unsigned *newest);
/**
 * saksi_vault_migration_room(v, needed, free, err):
 * Bytes that a migration may need beside the vault, and that the disk has.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_migration_room(struct saksi_vault *v,
    uint64_t *needed, uint64_t *free_bytes, struct saksi_error *err);
/**
 * saksi_vault_migrate(v, progress, ctx, err):
 * Of a vault opened with VAULT_ANY_FORMAT: copy its data into a file of the
 * present format, check the copy, put it in place of the old file and
 * overwrite that.  Stopped at any moment it leaves the old file, or the new
 * one, whole.  SAKSI_EBUSY: others have it open; SAKSI_EIO: no room.  After a
 * failure the vault can only be closed.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_migrate(struct saksi_vault *v,
    saksi_work_fn *progress, void *ctx, struct saksi_error *err);

/* ---- the index anew --------------------------------------------------------- */
struct reindex_report {
	uint64_t changesets, records;
	bool blank; /* the old index could not be read, so nothing was found meanwhile */
};
/**
 * saksi_vault_reindex(v, out, progress, ctx, err):
 * Make the index and the list of branches anew from log and records.  While
 * it runs others read and write; stopped at any moment it goes on with the
 * next call.  ${progress} may be NULL.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_reindex(struct saksi_vault *v,
    struct reindex_report *out, saksi_work_fn *progress, void *ctx,
    struct saksi_error *err);

/* ---- checks ----------------------------------------------------------------- */
/* Finds a device's signing key; false if unknown. */
typedef bool saksi_device_key_fn(void *ctx, const struct saksi_hash *device,
    uint8_t pk[CRYPTO_KEY]);
/**
 * saksi_vault_verify(v, deep, key, ctx, fault, err):
 * Slot file copies, pages, every value, version, count and set hash; every
 * changeset's form, chain and dependencies; with ${key}, every signature;
 * with ${deep}, every record rebuilt from the log and compared.  ${fault}
 * is called with words for each.  SAKSI_EDAMAGED if any.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_vault_verify(struct saksi_vault *v, bool deep,
    saksi_device_key_fn *key, void *key_ctx, void (*fault)(void *ctx, const char *words),
    void *fault_ctx, struct saksi_error *err);

#endif
