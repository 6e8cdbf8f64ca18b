/*
 * rows.h - where a record's state lies: one row of KV_RECORDS, or several.
 *
 * The first row holds the head and the newest groups; when these grow past
 * ROW_GROUPS_MAX they move to a row of their own.  So a change costs the same
 * however long a record's history is, and no history is too long to merge.
 *
 *   [1, bin16 id, str type, str ref, uint state, [[row, count] ...], [group ...]]
 *   [2, bin16 id, [group ...]]                                 a continuation
 */
#ifndef SAKSI_STORE_ROWS_H
#define SAKSI_STORE_ROWS_H

#include "state.h"
#include <saksi/kv/kv.h>

#define ROW_GROUPS_MAX \
	(32u << 10) /* 1,024 records in one changeset stay under kv.h's batch */

/**
 * rows_head(h, first, p, n, err):
 * The head in a row; ${*first} false and nothing in ${h} for a continuation.
 */
SAKSI_MUST_CHECK enum saksi_err rows_head(struct state_head *h, bool *first,
    const uint8_t *p, size_t n, struct saksi_error *err);
struct rows_parts {		/* a row, read; points into its bytes */
	struct state_head head; /* of a continuation: only the id */
	uint32_t n_more;
	const uint8_t *more; /* the raw list's elements */
	size_t more_len;
	uint32_t n_groups;
	const uint8_t *groups;
	size_t groups_len;
};
/** rows_split(w, first, p, n, err): A row of either kind. */
SAKSI_MUST_CHECK enum saksi_err rows_split(struct rows_parts *w, bool *first,
    const uint8_t *p, size_t n, struct saksi_error *err);
/** rows_load(out, kv, number, err): Append the whole state, as state_read() takes it. */
SAKSI_MUST_CHECK enum saksi_err rows_load(struct buf *out, struct kv_txn *kv,
    uint64_t number, struct saksi_error *err);
/** rows_whole: The same when the first row, ${p}, is at hand. */
SAKSI_MUST_CHECK enum saksi_err rows_whole(struct buf *out, struct kv_txn *kv,
    const uint8_t *p, size_t n, struct saksi_error *err);
/**
 * rows_append(kv, number, h, group, err):
 * Add one group to record ${number} and give it the head ${h}; makes the
 * first row when there is none.
 */
SAKSI_MUST_CHECK enum saksi_err rows_append(struct kv_txn *kv, uint64_t number,
    const struct state_head *h, const struct buf *group, struct saksi_error *err);

#endif
