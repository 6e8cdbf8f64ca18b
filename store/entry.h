/*
 * entry.h - what table KV_LOG holds: a changeset and what is known of it here.
 *
 *   [received_us, bin32 sealer, bin32 device, branch, max_hlc,
 *    [seq per branch ...], bin changeset]           (FORMAT.md section 6)
 *
 * Only the changeset is signed; the rest is derived from it and its causes.
 */
#ifndef SAKSI_STORE_ENTRY_H
#define SAKSI_STORE_ENTRY_H

#include <saksi/kv/kv.h>
#include <saksi/store/log.h>

#define BRANCHES_MAX (UINT32_MAX / 2)

/**
 * believable_hlc(hlc, received_us):
 * For `--as-of`: nothing was made after it was received.  A claim of more
 * than a day beyond that counts as made when it came, so that one far clock
 * does not hide what cites it.
 */
uint64_t believable_hlc(uint64_t hlc, int64_t received_us);

/* Version vector: seq[i] of branch i is in the causal past (0: nothing). */
struct vclock {
	uint64_t *seq;
	size_t n;
};
SAKSI_MUST_CHECK enum saksi_err vclock_raise(struct vclock *v, uint32_t branch,
    uint64_t seq, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err vclock_join(struct vclock *v, const struct vclock *other,
    struct saksi_error *err);
bool vclock_has(const struct vclock *v, uint32_t branch, uint64_t seq);
void vclock_free(struct vclock *v);
void vclock_write(struct buf *b, const struct vclock *v);
SAKSI_MUST_CHECK enum saksi_err vclock_read(struct vclock *v, struct mp_reader *r,
    struct saksi_error *err);

struct stored_entry {
	uint64_t n;
	int64_t received_us;
	struct saksi_hash sealer;
	struct saksi_hash device; /* that opened the log */
	uint32_t branch;
	uint64_t max_hlc;
	struct vclock past;   /* including itself */
	struct changeset *cs; /* owned */
};
void stored_entry_write(struct buf *b, const struct stored_entry *e);
SAKSI_MUST_CHECK enum saksi_err stored_entry_read(struct stored_entry *e, uint64_t n,
    const uint8_t *p, size_t len, struct saksi_error *err);
void stored_entry_free(struct stored_entry *e);

#endif
