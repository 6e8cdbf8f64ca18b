/* vault_impl.h - what a vault and a transaction are made of; store/ only. */
#ifndef SAKSI_STORE_VAULT_IMPL_H
#define SAKSI_STORE_VAULT_IMPL_H

#include "anchor.h"
#include "catalog.h"
#include <saksi/kv/kv.h>
#include <saksi/store/record.h>

struct state;
struct stored_entry;

struct saksi_vault {
	char *dir;
	int dirfd;
	const struct schema *schema;
	struct keyring *keys;
	struct secret *key; /* the vault key */
	struct kv *kv;
	struct catalog catalog;
	struct saksi_txn *ahead; /* the one whose writes are in the catalog already */
	struct saksi_writer writers[2]; /* data, membership */
	bool has_writer[2];
	saksi_policy_fn *policy;
	void *policy_ctx;
	uint8_t import_key[CRYPTO_KEY];
	bool has_import_key;
	bool read_only;
	bool in_use;   /* it has its place and its name, and is not being made */
	bool new_line; /* found put back: what is written from now on is numbered apart */
	bool any_format;	   /* opened for migrating, should it be older */
	struct secret *anchor_key; /* made when it is needed */
	bool healed; /* a damaged copy of the slot file was seen and mended once */
};

struct saksi_txn {
	struct saksi_vault *v;
	struct kv_txn *kv;
	bool write;
	bool touched; /* the catalog holds what is not committed */
	/* What it appended to own logs, data and membership; its own number. */
	struct anchor_own own[ANCHOR_KINDS];
};

/* vault.c: how a vault is made and put in its place */
/** vault_open_keys: Its keys alone, no tables: v->kv stays NULL. */
SAKSI_MUST_CHECK enum saksi_err vault_open_keys(struct saksi_vault **out, const char *dir,
    const struct schema *schema, const struct secret *pass, struct saksi_error *err);
/** vault_target(out, dir, err): ${dir} without a slash at its end, if a vault can be made there. */
SAKSI_MUST_CHECK enum saksi_err vault_target(char **out, const char *dir,
    struct saksi_error *err);
/** vault_put_in_place(there, tmp, dir, err): Rename, for good; ${*there}: the name is changed. */
SAKSI_MUST_CHECK enum saksi_err vault_put_in_place(bool *there, const char *tmp,
    char *dir, struct saksi_error *err);
/** vault_remove_half(dir): A vault that could not be finished. */
void vault_remove_half(const char *dir);

/** txn_touch: From here on the catalog holds what is not committed. */
void txn_touch(struct saksi_txn *t);
/** txn_index: The index, in step and with all that was put; and the tables below it. */
SAKSI_MUST_CHECK enum saksi_err txn_index(struct saksi_txn *t, struct index **x,
    struct kv_txn **kv, struct saksi_error *err);
/** txn_catalog: The vault's catalog, in step with this transaction. */
SAKSI_MUST_CHECK enum saksi_err txn_catalog(struct saksi_txn *t, struct catalog **out,
    struct saksi_error *err);
/** txn_state: A record's state by number, viewed as of ${as_of_us} (0: now). */
SAKSI_MUST_CHECK enum saksi_err txn_state(struct saksi_txn *t, uint64_t number,
    int64_t as_of_us, struct state *out, struct saksi_error *err);

/* log.c */
/** log_load: The entry with arrival number ${n}; free with stored_entry_free(). */
SAKSI_MUST_CHECK enum saksi_err log_load(struct saksi_txn *t, uint64_t n,
    struct stored_entry *out, struct saksi_error *err);

/* append.c */
struct vclock;
/**
 * log_join_causes(t, cs, past, max_hlc, err):
 * Join the pasts of all that ${cs} cites; *max_hlc grows to their greatest.
 */
SAKSI_MUST_CHECK enum saksi_err log_join_causes(struct saksi_txn *t,
    const struct changeset *cs, struct vclock *past, uint64_t *max_hlc,
    struct saksi_error *err);

/* record.c, record_fill.c, txn.c */
/** record_from_state: What a viewed state shows. */
SAKSI_MUST_CHECK enum saksi_err record_from_state(struct saksi_record **out,
    const struct state *s, uint64_t number, struct saksi_error *err);
/** state_json: The same in the interchange form. */
SAKSI_MUST_CHECK enum saksi_err state_json(json_t **out, struct saksi_txn *t,
    const struct state *s, uint64_t number, struct saksi_error *err);
/** txn_record_json: Record ${number} as it stands now. */
SAKSI_MUST_CHECK enum saksi_err txn_record_json(struct saksi_txn *t, uint64_t number,
    json_t **out, struct saksi_error *err);
/** type_fits(type, to): A record of ${type} may stand where the schema says ${to}. */
bool type_fits(const char *type, const char *to);
bool head_fits(const struct state_head *h, const char *to);

/* order.c */
/** order_test_room(bytes): For tests: so much is put in order at a time (0: the usual). */
void order_test_room(size_t bytes);

/* reindex.c */
/** reindex_test_step(docs): For tests: so many documents in one step (0: the usual). */
void reindex_test_step(uint64_t docs);

/* check_touched.c */
/**
 * check_touched(v, fault, ctx, err):
 * With faults in the tables: name each record that they touch, by its row or
 * by a change to it, and whether a whole copy is left for `repair`.
 */
SAKSI_MUST_CHECK enum saksi_err check_touched(struct saksi_vault *v,
    void (*fault)(void *ctx, const char *words), void *ctx, struct saksi_error *err);

/* merge.c */

SAKSI_MUST_CHECK enum saksi_err merge_apply(struct saksi_txn *t,
    const struct stored_entry *e, merge_change_fn *fn, void *ctx,
    struct saksi_error *err);
/** merge_check: The form of a data changeset's parts; SAKSI_EFORMAT, SAKSI_ELIMIT, SAKSI_ENEWER. */
SAKSI_MUST_CHECK enum saksi_err merge_check(const struct changeset *cs,
    struct saksi_error *err);
/** merge_is_record_part: Part ${part} is there and does something to a record. */
bool merge_is_record_part(const struct changeset *cs, uint32_t part);
/* What one part does to a record, as a group of state.h; the caller frees bytes. */
struct group {
	struct saksi_id record;
	struct buf bytes;
	size_t n_ops; /* 0: the part is about no record, or erased */
	bool heads;   /* touches type, ref or deleted */
	bool deletes;
};
/** merge_group: Encode what part ${part} of ${e} does. */
SAKSI_MUST_CHECK enum saksi_err merge_group(struct group *g, struct saksi_txn *t,
    const struct stored_entry *e, uint32_t part, struct saksi_error *err);

#endif
