/*
 * catalog.h - which changesets, branches and records there are, in memory.
 *
 * Read from the vault at the first question and kept in step from then on:
 * own writes add to it, a commit of another process is read in, an aborted
 * write throws it away.  Looking up an id, a reference or a log head asks
 * here; the sealed tables are the truth.
 */
#ifndef SAKSI_STORE_CATALOG_H
#define SAKSI_STORE_CATALOG_H

#include <saksi/kv/kv.h>
#include "state.h"
#include <saksi/store/log.h>
#include <saksi/store/record.h>

struct cat_entry { /* a merged changeset */
	struct saksi_hash id;
	uint64_t n, seq, hlc;
	uint64_t max_hlc; /* greatest of its own and all its causes' */
	uint32_t branch;
	uint8_t kind;
};
struct cat_branch {
	struct saksi_hash log, device;
	size_t head; /* position of the newest entry */
	uint8_t kind;
	uint8_t coll[16];
	bool forked;
};
struct cat_record {
	struct saksi_id id;
	uint64_t number;
	enum state_code code;
	char *type, *ref; /* owned; "" if none */
};

struct cat_index { /* open addressing: 64-bit keyed hash -> position */
	uint64_t *hash;
	uint32_t *pos; /* position + 1; 0: free */
	size_t cap, n;
};
struct catalog {
	bool valid;
	uint64_t txn;	    /* transaction number it agrees with */
	uint64_t log_first; /* to notice that logs were cleared */
	uint64_t log_next;
	uint8_t key[CRYPTO_KEY]; /* of the indexes, random per process */
	struct cat_entry *entries;
	size_t n_entries, cap_entries;
	struct cat_branch *branches;
	size_t n_branches, cap_branches;
	struct cat_record *records;
	size_t n_records, cap_records;
	struct cat_index by_changeset, by_record, by_ref, by_log;
};

void catalog_reset(struct catalog *c);
/** catalog_sync: Bring ${c} in step with what ${txn} sees. */
SAKSI_MUST_CHECK enum saksi_err catalog_sync(struct catalog *c, struct kv_txn *txn,
    struct saksi_error *err);
const struct cat_entry *catalog_entry(const struct catalog *c,
    const struct saksi_hash *id);
const struct cat_entry *catalog_entry_n(const struct catalog *c, uint64_t n);
/** catalog_branch_of: Number of the first branch of ${log}; SIZE_MAX if there is none. */
size_t catalog_branch_of(const struct catalog *c, const struct saksi_hash *log);
/** catalog_head: The newest entry of a branch; NULL if there is no such branch. */
const struct cat_entry *catalog_head(const struct catalog *c, size_t branch);
const struct cat_record *catalog_record(const struct catalog *c,
    const struct saksi_id *id);
/** catalog_by_ref: Records with that ref, from position *at on (start with 0); NULL at the end. */
const struct cat_record *catalog_by_ref(const struct catalog *c, const char *ref,
    size_t *at);
/**
 * catalog_add_entry(c, e, b): ${b} describes the branch when e->branch is a new
 * one (its `head` is set here).
 */
SAKSI_MUST_CHECK enum saksi_err catalog_add_entry(struct catalog *c,
    const struct cat_entry *e, const struct cat_branch *b, struct saksi_error *err);
/** catalog_add_stored: The same from an entry as it is stored. */
struct stored_entry;
SAKSI_MUST_CHECK enum saksi_err catalog_add_stored(struct catalog *c,
    const struct stored_entry *s, struct saksi_error *err);
/** catalog_put_record: Add, or renew what the head says. */
SAKSI_MUST_CHECK enum saksi_err catalog_put_record(struct catalog *c, uint64_t number,
    const struct state_head *h, struct saksi_error *err);

#endif
