/*
 * gate_impl.h - inside of the gate; verify.c, gate.c and gate_report.c only.
 *
 * verify.c says what becomes of one changeset, gate.c what follows from it,
 * gate_report.c what people are told.
 */
#ifndef SAKSI_SYNC_GATE_IMPL_H
#define SAKSI_SYNC_GATE_IMPL_H

#include "cut.h"
#include "verify.h"

struct piece { /* of the queue */
	size_t at, n;
};
struct gate {
	struct saksi_team *t;
	struct tally *tally;
	gate_here_fn *here;
	void *ctx;
	struct saksi_txn *txn; /* while working */
	struct hold hold;
	struct saksi_hash sealer;
	struct buf queue;
	struct piece *pieces;
	size_t n_pieces, cap_pieces;
	struct saksi_hash *released; /* merged or quarantined: who waited for them? */
	size_t n_released, cap_released;
	uint64_t *arrivals; /* for `here`, once this transaction is committed */
	size_t n_arrivals, cap_arrivals;
	size_t done;  /* pieces of the queue that are committed */
	bool moved;   /* this transaction holds something */
	bool careful; /* one transaction did not hold all: commit after each */
	bool members_changed;
	bool unsettled; /* the container left something that may end otherwise later */
};

enum outcome { MERGED, KNOWN, WAITS, QUARANTINED, REFUSED };
struct verdict {
	enum outcome what;
	struct saksi_hash need; /* WAITS: for this cause; zero: for membership */
	char reason[200];
	struct saksi_hash device; /* if found */
	bool has_device;
};

static inline void say(struct verdict *v, enum outcome what, const char *reason)
{
	v->what = what;
	cut_copy(v->reason, sizeof(v->reason), reason);
}

/**
 * verify_one(g, cs, sealer, verified, v, err):
 * All of PROTOCOL.md section 6 for one changeset, the merge included.
 * ${*verified}: its signature was found good before, or is now.  Fails only
 * for reasons of this vault.
 */
SAKSI_MUST_CHECK enum saksi_err verify_one(struct gate *g, const struct changeset *cs,
    const struct saksi_hash *sealer, bool *verified, struct verdict *v,
    struct saksi_error *err);
/** gate_report(g, err): Missing, warnings, changes and counts, as the vault has them now. */
SAKSI_MUST_CHECK enum saksi_err gate_report(struct gate *g, struct saksi_error *err);

#endif
