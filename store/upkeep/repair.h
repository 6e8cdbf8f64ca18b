/* repair.h - what the parts of a repair share. */
#ifndef SAKSI_STORE_REPAIR_INT_H
#define SAKSI_STORE_REPAIR_INT_H

#include <saksi/kv/salvage.h>
#include <saksi/store/repair.h>

#include "vault_impl.h"

/* Numbers of changes that are not merged, where numbers of merged ones stand. */
#define NOT_MERGED (UINT64_C(1) << 42)
#define LOST_BRANCHES_MAX 65536u

struct repair_pending { /* a change that survives and can't be merged */
	struct saksi_hash id;
	uint64_t n; /* in the damaged vault */
};
/* Records whose row stands for all that was: a bit for each row of the fresh vault. */
struct repair_seen {
	uint8_t *rows;
	size_t bytes;
	struct saksi_id *drafted; /* that have no row yet */
	size_t n_drafted, cap_drafted;
	struct saksi_id *rowless; /* that have none even so, for they say nothing */
	size_t n_rowless, cap_rowless;
	bool in_order; /* rowless */
};
struct saksi_repair {
	struct repair_options opt;
	struct repair_report report;
	struct saksi_vault *v; /* the fresh one */
	char *dir;	       /* where it is to stand */
	struct kv_salvage *salvage;
	struct saksi_txn *t;

	uint64_t *merged; /* by number there: number here, 0: not merged */
	uint64_t n_merged;
	uint32_t *branches; /* by branch there: branch here, UINT32_MAX: none */
	size_t n_branches;
	uint32_t lost_branches; /* those of which nothing is merged count from here on */
	struct repair_pending *pending; /* by id */
	size_t n_pending, cap_pending;
	uint64_t kept_bytes; /* of those kept as pending */

	struct repair_seen seen;
};

void repair_lost(struct saksi_repair *r, const char *fmt, ...) SAKSI_PRINTF(2, 3);
/** repair_batch: Commit when enough is written, and begin again. */
SAKSI_MUST_CHECK enum saksi_err repair_batch(struct saksi_repair *r,
    struct saksi_error *err);
/** repair_number: What change ${n} of the damaged vault is called here. */
uint64_t repair_number(const struct saksi_repair *r, uint64_t n);
uint32_t repair_branch(const struct saksi_repair *r, uint64_t branch);

/* repair_log.c */
SAKSI_MUST_CHECK enum saksi_err repair_log(struct saksi_repair *r,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err repair_held(struct saksi_repair *r,
    struct saksi_error *err);

/* repair_group.c: histories of a record, in numbers of the fresh vault */
/** repair_row_groups: Append those of ${n} groups that no merged change made. */
SAKSI_MUST_CHECK enum saksi_err repair_row_groups(struct saksi_repair *r, struct buf *out,
    uint32_t *count, const uint8_t *groups, size_t len, uint32_t n,
    struct saksi_error *err);
/** repair_part_group: Append what part ${part} of a pending change does to a record. */
SAKSI_MUST_CHECK enum saksi_err repair_part_group(struct saksi_repair *r, struct buf *out,
    const struct stored_entry *e, uint32_t part, struct saksi_error *err);
/** repair_part_record: The record of a part; false if it is about none. */
bool repair_part_record(const struct changeset *cs, uint32_t part, struct saksi_id *id);

/* repair_seen.c */
/** repair_seen_note: This record is settled; it has a row of the fresh vault, or is drafted. */
SAKSI_MUST_CHECK enum saksi_err repair_seen_note(struct saksi_repair *r,
    const struct saksi_id *id, struct saksi_error *err);
/** repair_seen_written: What was drafted is written, so each record has a row. */
SAKSI_MUST_CHECK enum saksi_err repair_seen_written(struct saksi_repair *r,
    struct saksi_error *err);
/** repair_seen_row: Whether row ${n} of the fresh vault is of a record that was noted. */
bool repair_seen_row(const struct saksi_repair *r, uint64_t n);
/** repair_seen_record: Whether it was noted; ask when nothing is drafted any more. */
SAKSI_MUST_CHECK enum saksi_err repair_seen_record(struct saksi_repair *r,
    const struct saksi_id *id, bool *seen, struct saksi_error *err);
void repair_seen_free(struct repair_seen *s);

/* append.c */
/** log_restore: saksi_log_merge() of what was merged before, at ${received_us}. */
SAKSI_MUST_CHECK enum saksi_err log_restore(struct saksi_txn *t,
    const struct changeset *cs, const struct saksi_hash *sealer, int64_t received_us,
    struct saksi_error *err);

#endif
