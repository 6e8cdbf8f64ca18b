/*
 * log.h - changesets of this and other devices, in causal order.
 *
 * A changeset is merged only when all it cites (prev, deps) is merged, so
 * arrival numbers are a topological order.  A log that forks (one device key
 * on two machines, or a lying one) is kept as branches; both are merged.
 * Causality is known by a version vector over branches, kept beside each
 * entry and derived from the signed links alone.
 */
#ifndef SAKSI_STORE_LOG_H
#define SAKSI_STORE_LOG_H

#include <saksi/store/vault.h>

#define HLC_FUTURE_MS (24 * 60 * 60 * 1000) /* a clock may be that far ahead */

struct log_entry {
	uint64_t n;	 /* arrival number in this vault */
	uint32_t branch; /* local number of the log's branch */
	int64_t received_us;
	struct saksi_hash sealer; /* device that handed it over; own device for own */
	struct changeset *cs;	  /* owned */
};
void log_entry_free(struct log_entry *e);

/* ---- reading ---------------------------------------------------------------- */
/** saksi_log_has(t, id, has, err): Whether this changeset is in the vault. */
SAKSI_MUST_CHECK enum saksi_err saksi_log_has(struct saksi_txn *t,
    const struct saksi_hash *id, bool *has, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_log_get(struct saksi_txn *t,
    const struct saksi_hash *id, struct log_entry *out, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_log_get_n(struct saksi_txn *t, uint64_t n,
    struct log_entry *out, struct saksi_error *err);
/**
 * saksi_log_at(t, branch, seq, id, there, err):
 * The changeset with that sequence number in a branch.  What a log had before it
 * forked stands in the first of its branches alone.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_log_at(struct saksi_txn *t, uint32_t branch,
    uint64_t seq, struct saksi_hash *id, bool *there, struct saksi_error *err);
/** saksi_log_each: In arrival (= topological) order from number ${from} on. */
typedef enum saksi_err saksi_log_fn(void *ctx, const struct log_entry *e,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_log_each(struct saksi_txn *t, uint64_t from,
    saksi_log_fn *fn, void *ctx, struct saksi_error *err);
/** saksi_log_count: Merged changesets. */
SAKSI_MUST_CHECK enum saksi_err saksi_log_count(struct saksi_txn *t, uint64_t *count,
    struct saksi_error *err);

struct log_head { /* newest entry of one branch */
	struct saksi_hash log, device, id;
	uint64_t seq, n;
	uint32_t branch;
	uint8_t kind; /* CS_DATA, CS_MEMBERSHIP */
	uint8_t coll[16];
	bool forked; /* the log has another branch */
};
/** saksi_log_heads: All branches' heads; caller frees ${*list} with free(). */
SAKSI_MUST_CHECK enum saksi_err saksi_log_heads(struct saksi_txn *t,
    struct log_head **list, size_t *n, struct saksi_error *err);
/** saksi_log_device: The device of a branch; SAKSI_ENOTFOUND if there is no such branch. */
SAKSI_MUST_CHECK enum saksi_err saksi_log_device(struct saksi_txn *t, uint32_t branch,
    struct saksi_hash *device, struct saksi_error *err);
/** saksi_log_device_of: The device that opened ${log}; SAKSI_ENOTFOUND if nothing of it is here. */
SAKSI_MUST_CHECK enum saksi_err saksi_log_device_of(struct saksi_txn *t,
    const struct saksi_hash *log, struct saksi_hash *device, struct saksi_error *err);

/* ---- causality --------------------------------------------------------------- */
struct log_cover; /* a causally closed set of changesets */
SAKSI_MUST_CHECK enum saksi_err log_cover_new(struct log_cover **out,
    struct saksi_error *err);
/** log_cover_add: The changeset and everything before it. SAKSI_ENOTFOUND if not merged. */
SAKSI_MUST_CHECK enum saksi_err log_cover_add(struct log_cover *c, struct saksi_txn *t,
    const struct saksi_hash *id, struct saksi_error *err);
bool log_cover_has(const struct log_cover *c, const struct log_entry *e);
void log_cover_free(struct log_cover **c);

/* ---- own changesets: see record.h's draft for records --------------------------- */
/**
 * saksi_log_append(t, kind, parts, n, out_id, err):
 * Write one changeset to this device's log of that kind (opening the log if
 * it is new), sign it, merge it.  SAKSI_EREFUSED by policy.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_log_append(struct saksi_txn *t,
    enum changeset_kind kind, const struct part_bytes *parts, size_t n,
    struct saksi_hash *out_id, struct saksi_error *err);

/* ---- foreign changesets: only sync's gate calls these ----------------------------- */
/**
 * saksi_log_missing(t, cs, ids, n, err):
 * Which causes (prev, deps and auth heads) are not merged here.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_log_missing(struct saksi_txn *t,
    const struct changeset *cs, struct saksi_hash ids[CHANGESET_CAUSES_MAX], uint32_t *n,
    struct saksi_error *err);
/**
 * saksi_log_check(cs, err):
 * Form and limits of a changeset's parts, asked of nothing but its bytes:
 * SAKSI_EFORMAT, SAKSI_ELIMIT, SAKSI_ENEWER.  What passes is never refused by
 * saksi_log_merge() for its size.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_log_check(const struct changeset *cs,
    struct saksi_error *err);
/*
 * What a merge did, for the summary: called per record touched.
 * ${was}, ${is}: 0 absent, 1 visible, 2 deleted.
 */
struct merge_change {
	struct saksi_id record;
	uint32_t branch; /* whose */
	int was, is;
	size_t values; /* ops applied */
};
typedef void merge_change_fn(void *ctx, const struct merge_change *c);
/**
 * saksi_log_merge(t, cs, sealer, fn, ctx, err):
 * Take in a verified, authorised changeset whose causes are all here.
 * Already here: SAKSI_EEXIST (nothing done).  Broken chain (seq, prev, log,
 * LOG_OPEN): SAKSI_EFORMAT.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_log_merge(struct saksi_txn *t,
    const struct changeset *cs, const struct saksi_hash *sealer, merge_change_fn *fn,
    void *ctx, struct saksi_error *err);

/* ---- held back: pending on something, or quarantined ------------------------------- */
enum held_why { HELD_PENDING = 1, HELD_QUARANTINED = 2 };
struct held_entry {
	uint64_t n;
	uint8_t why;
	struct saksi_hash sealer;
	char reason[160];
	struct changeset *cs; /* owned by the iteration */
};
SAKSI_MUST_CHECK enum saksi_err saksi_held_put(struct saksi_txn *t,
    const struct changeset *cs, enum held_why why, const struct saksi_hash *sealer,
    const char *reason, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_held_each(struct saksi_txn *t,
    enum saksi_err (*fn)(void *ctx, const struct held_entry *e, struct saksi_error *err),
    void *ctx, struct saksi_error *err);
/** saksi_held_del: Not while iterating. */
SAKSI_MUST_CHECK enum saksi_err saksi_held_del(struct saksi_txn *t, uint64_t n,
    struct saksi_error *err);

/** saksi_log_clear(t, err): Forget every log and record (a founding team given up at join). */
SAKSI_MUST_CHECK enum saksi_err saksi_log_clear(struct saksi_txn *t,
    struct saksi_error *err);

#endif
