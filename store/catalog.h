/*
 * catalog.h - which changesets, branches and records there are.
 *
 * Branches, of which there are as many as logs, are kept in memory and in
 * KV_BRANCH.  Changesets and records, of which there are any number, are
 * looked up in the index: this is its one user below search.c.
 */
#ifndef SAKSI_STORE_CATALOG_H
#define SAKSI_STORE_CATALOG_H

#include <saksi/index/index.h>
#include <saksi/kv/kv.h>
#include <saksi/store/log.h>
#include <saksi/store/record.h>

#include "state.h"

struct cat_entry { /* a merged changeset */
	struct saksi_hash id;
	uint64_t n, seq, hlc;
	uint64_t max_hlc; /* greatest of its own and all its causes' */
	uint32_t branch;
	uint8_t kind;
};
struct cat_branch {
	struct saksi_hash log, device;
	struct cat_entry head; /* its newest entry */
	uint8_t kind;
	uint8_t coll[16];
	bool forked;
	bool changed; /* since it was written */
};
struct cat_record {
	struct saksi_id id;
	uint64_t number;
	struct state_head head; /* points into ${row} */
	struct buf row;		/* owner */
};
#define CAT_RECORD_INIT         \
	{                       \
		.row = BUF_INIT \
	}
void cat_record_free(struct cat_record *r);

/* What was looked up last by id: an import asks for each several times. */
#define CAT_SEEN 4096u
struct cat_seen {
	struct saksi_id id;
	uint64_t number; /* 0: there is none */
	bool known;
};
/* What a new record says and is to be found by, made beforehand. */
struct cat_ahead {
	struct saksi_id id;
	bool made;
	uint64_t number;    /* of its row, if all goes as expected */
	struct state state; /* viewed */
	struct index_doc doc;
};
struct catalog {
	bool valid;
	uint64_t base; /* the committed transaction that it agrees with */
	struct index *index;
	struct cat_branch *branches;
	size_t n_branches, cap_branches;
	/* in a write transaction: records whose terms are to be put anew */
	uint64_t *touched;
	size_t n_touched, cap_touched;
	/* what is in the past of entry ${past_n}, mostly the cause of the next one */
	struct vclock past;
	uint64_t past_n; /* 0: of none */
	/* borrowed, in the order in which they are written */
	struct cat_ahead *ahead;
	size_t n_ahead;
	struct index_sorted *sorted; /* those that are made, or NULL */
	struct cat_seen *seen;	     /* CAT_SEEN of them, by id; NULL: none yet */
};

/** catalog_reset: Forget everything: it is read again. */
void catalog_reset(struct catalog *c);
void catalog_free(struct catalog *c);
/** catalog_create: In a vault that has nothing yet, or is emptied. */
SAKSI_MUST_CHECK enum saksi_err catalog_create(struct catalog *c, struct kv_txn *kv,
    struct saksi_error *err);
/** catalog_sync: Bring ${c} in step with what ${kv} sees. */
SAKSI_MUST_CHECK enum saksi_err catalog_sync(struct catalog *c, struct kv_txn *kv,
    struct saksi_error *err);
/** catalog_flush: Write what this transaction added, terms of touched records too. */
SAKSI_MUST_CHECK enum saksi_err catalog_flush(struct saksi_txn *t,
    struct saksi_error *err);
/** catalog_committed: The transaction ${number} with what was flushed is durable. */
void catalog_committed(struct catalog *c, uint64_t number);
/** catalog_keep_past: That entry ${n} has this past, until the catalog is read anew. */
SAKSI_MUST_CHECK enum saksi_err catalog_keep_past(struct catalog *c, uint64_t n,
    const struct vclock *past, struct saksi_error *err);
/** catalog_clear: Nothing is there any more. */
SAKSI_MUST_CHECK enum saksi_err catalog_clear(struct catalog *c, struct kv_txn *kv,
    struct saksi_error *err);

/* ---- changesets: catalog.c -------------------------------------------------------- */

/** catalog_entry: By id. catalog_arrival: By arrival number. */
SAKSI_MUST_CHECK enum saksi_err catalog_entry(struct saksi_txn *t,
    const struct saksi_hash *id, struct cat_entry *e, bool *found,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err catalog_arrival(struct saksi_txn *t, uint64_t n,
    struct cat_entry *e, bool *found, struct saksi_error *err);
/** catalog_at: The entry of a branch with this sequence number. */
SAKSI_MUST_CHECK enum saksi_err catalog_at(struct saksi_txn *t, uint32_t branch,
    uint64_t seq, struct cat_entry *e, bool *found, struct saksi_error *err);
/** catalog_branch_of: Number of the first branch of ${log}; SIZE_MAX if there is none. */
size_t catalog_branch_of(const struct catalog *c, const struct saksi_hash *log);
/** catalog_head: The newest entry of a branch; NULL if there is no such branch. */
const struct cat_entry *catalog_head(const struct catalog *c, size_t branch);
/** catalog_add_stored: One more entry of the log; of a new branch when it says so. */
struct stored_entry;
SAKSI_MUST_CHECK enum saksi_err catalog_add_stored(struct catalog *c,
    const struct stored_entry *s, struct saksi_error *err);

/** catalog_add_head / catalog_put_entry: Its two parts: branches, and what the index says. */
SAKSI_MUST_CHECK enum saksi_err catalog_add_head(struct catalog *c,
    const struct stored_entry *s, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err catalog_put_entry(struct catalog *c,
    const struct stored_entry *s, struct saksi_error *err);
/** catalog_no_branches: Forget them, to be added anew from the log. */
SAKSI_MUST_CHECK enum saksi_err catalog_no_branches(struct catalog *c, struct kv_txn *kv,
    struct saksi_error *err);

/* ---- records: catalog_record.c --------------------------------------------------- */

/** catalog_number: The row number of a record; *number 0 if there is none. */
SAKSI_MUST_CHECK enum saksi_err catalog_number(struct saksi_txn *t,
    const struct saksi_id *id, uint64_t *number, struct saksi_error *err);
/**
 * catalog_guess: The number that a record probably has, if that takes no reading; 0: it
 * is not known.  Who reads that row compares its id, and if it is another one or
 * cannot be read asks catalog_number().  Errors are only those of opening the catalogue.
 */
SAKSI_MUST_CHECK enum saksi_err catalog_guess(struct saksi_txn *t,
    const struct saksi_id *id, uint64_t *number, struct saksi_error *err);
/** catalog_record: With its head. The caller frees it, found or not. */
SAKSI_MUST_CHECK enum saksi_err catalog_record(struct saksi_txn *t,
    const struct saksi_id *id, struct cat_record *r, bool *found,
    struct saksi_error *err);
/**
 * catalog_by_ref / catalog_by_prefix: Call ${fn} for each record with that
 * reference, or whose id begins with these letters.
 */
typedef enum saksi_err catalog_fn(void *ctx, const struct cat_record *r,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err catalog_by_ref(struct saksi_txn *t, const char *ref,
    catalog_fn *fn, void *ctx, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err catalog_by_prefix(struct saksi_txn *t,
    const char *letters, catalog_fn *fn, void *ctx, struct saksi_error *err);
/** catalog_by_id: Every record, in order of ids. */
SAKSI_MUST_CHECK enum saksi_err catalog_by_id(struct saksi_txn *t, catalog_fn *fn,
    void *ctx, struct saksi_error *err);
/** catalog_made: A record that was not there before has row ${number}; 0: there is surely none. */
void catalog_made(struct catalog *c, const struct saksi_id *id, uint64_t number);
/** catalog_touch: What record ${number} says has changed. */
SAKSI_MUST_CHECK enum saksi_err catalog_touch(struct catalog *c, uint64_t number,
    struct saksi_error *err);
/** catalog_terms: Add what a record of state ${s} is to be found by. */
SAKSI_MUST_CHECK enum saksi_err catalog_terms(struct index_doc *d, struct saksi_txn *t,
    uint64_t number, const struct state *s, struct saksi_error *err);
/** catalog_ahead: What was made beforehand of a record that is to be made; or NULL. */
struct cat_ahead *catalog_ahead(struct catalog *c, const struct saksi_id *id);
/** catalog_index: Put the terms of record ${number}, whose state is ${s}. */
SAKSI_MUST_CHECK enum saksi_err catalog_index(struct saksi_txn *t, uint64_t number,
    const struct state *s, struct saksi_error *err);

#endif
