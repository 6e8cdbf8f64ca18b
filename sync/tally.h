/* tally.h - what a read did, gathered while it goes on, told at its end. */
#ifndef SAKSI_SYNC_TALLY_H
#define SAKSI_SYNC_TALLY_H

#include <saksi/sync/exchange.h>

#include "idmap.h"

struct touched { /* one record; with a device: what that device did to it */
	struct saksi_id record;
	struct saksi_hash device;
	int was, is;
	size_t values;
};
struct recent { /* in a transaction that is not yet committed */
	struct merge_change change;
	struct saksi_hash device;
};
struct tally {
	struct sync_summary *sum;
	struct recent *recent;
	size_t n_recent, cap_recent;
	struct idmap records, pairs;
	struct touched *by_record, *by_pair;
	uint32_t n_records, n_pairs;
	size_t cap_records, cap_pairs;
	bool failed; /* out of memory: the list is not whole */
	size_t refused_listed, missing_listed;
	struct {
		size_t received, known, refused, listed;
	} mark; /* counts at the last commit */
};

void tally_init(struct tally *t, struct sync_summary *sum);
void tally_free(struct tally *t);
void tally_change(struct tally *t, const struct merge_change *c,
    const struct saksi_hash *device);
/** tally_refused: Counted always, listed up to a limit. */
void tally_refused(struct tally *t, const char *what, const char *reason);
/** tally_missing: ${id} or ${device} may be NULL, ${seq} 0: not known. */
void tally_missing(struct tally *t, const struct saksi_hash *id, const char *device,
    uint64_t seq);
/** tally_warn: Once per text. */
void tally_warn(struct tally *t, const char *fmt, ...) SAKSI_PRINTF(2, 3);
/** tally_mark, tally_back: What is counted from here on may have to be taken back. */
void tally_mark(struct tally *t);
void tally_back(struct tally *t);
/**
 * tally_finish: Counts and the list of changes, with labels as of ${txn}.  All
 * is in the vault already, so what can't be told is left out with a warning.
 */
void tally_finish(struct tally *t, struct saksi_team *team, struct saksi_txn *txn);

#endif
