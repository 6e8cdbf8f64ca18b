/* hold.h - changesets that can't be merged yet, or may not: in memory while a gate is open. */
#ifndef SAKSI_SYNC_HOLD_H
#define SAKSI_SYNC_HOLD_H

#include "idmap.h"
#include "team_impl.h"

#define HOLD_COUNT_MAX 1000u
#define HOLD_BYTES_MAX ((uint64_t)16 << 20)

struct waiting {
	struct changeset *cs;	 /* owned; NULL: gone */
	struct changeset *gone;	 /* owned; was `cs` until this transaction */
	struct saksi_hash bytes; /* H("held", all bytes): copies of one id differ in it */
	struct saksi_hash sealer;
	uint64_t n;		/* number in the vault; 0: not yet there */
	uint8_t why;		/* enum held_why */
	bool verified;		/* its signature is good */
	bool seen;		/* came in this run, from what is being read now */
	bool rewrite;		/* differs from what the vault holds */
	bool stuck;		/* too much for this vault: not tried again in this run */
	struct saksi_hash need; /* a cause it waits for; zero: a change in membership */
	char reason[160];
};
struct hold {
	struct waiting *list;
	size_t n, cap;
	struct idmap by_bytes;	  /* -> place in list */
	struct idmap quarantined; /* changeset id -> place in list */
	size_t from;		  /* first that came with the container being read */
	size_t since;		  /* first that came in this transaction */
};

void hold_free(struct hold *h);
/** hold_load: What the vault holds; doubles are dropped from it (write transactions). */
SAKSI_MUST_CHECK enum saksi_err hold_load(struct hold *h, struct saksi_txn *txn,
    struct saksi_error *err);
/** hold_find: The very same bytes, or NULL. */
struct waiting *hold_find(const struct hold *h, const struct changeset *cs);
/**
 * hold_add(h, cs, sealer, err):
 * Takes over ${*cs}.  SAKSI_ELIMIT: ${sealer}'s quota is used up (${*cs} stays
 * the caller's).
 */
SAKSI_MUST_CHECK enum saksi_err hold_add(struct hold *h, struct changeset **cs,
    uint8_t why, const struct saksi_hash *sealer, const struct saksi_hash *need,
    const char *reason, struct saksi_error *err);
/** hold_set: Why it waits has changed. */
SAKSI_MUST_CHECK enum saksi_err hold_set(struct hold *h, struct waiting *w, uint8_t why,
    const struct saksi_hash *need, const char *reason, struct saksi_error *err);
/** hold_drop: It is merged or refused, if the transaction is committed. */
SAKSI_MUST_CHECK enum saksi_err hold_drop(struct hold *h, struct waiting *w,
    struct saksi_txn *txn, struct saksi_error *err);
/**
 * hold_book(h, sealer, over): What came since hold_mark() is ${sealer}'s; what is
 * over his quota is dropped and counted in ${*over}.
 */
void hold_mark(struct hold *h);
void hold_book(struct hold *h, const struct saksi_hash *sealer, size_t *over);
/** hold_commit, hold_undo: The transaction in which all this happened is over. */
void hold_commit(struct hold *h);
void hold_undo(struct hold *h);
/** hold_save(h, at, txn): Write what the vault lacks, from place ${*at} until ${txn} is full. */
SAKSI_MUST_CHECK enum saksi_err hold_save(struct hold *h, size_t *at,
    struct saksi_txn *txn, struct saksi_error *err);
void hold_count(const struct hold *h, size_t *pending, size_t *quarantined);

#endif
