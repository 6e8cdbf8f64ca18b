/*
 * anchor.h - how far this device's own logs have come, kept beside the tables.
 *
 * A vault that is put back whole to an older state is sound in itself.  So the
 * newest own entry of each log is noted, sealed, after each commit: in the
 * file `anchor` of the vault, and in the user's state folder, which a copy of
 * the vault does not take along.  When the log that is to be gone on with has
 * an entry noted that the vault lacks, the vault was put back, or is a copy:
 * going on would give one sequence number to two entries (FORMAT.md section 11).
 *
 * A note that is late (a crash after the commit) is no harm: its entry is
 * there.  Writing never fails a command, and is not synced: power loss may
 * leave an older note, or none.
 */
#ifndef SAKSI_STORE_ANCHOR_H
#define SAKSI_STORE_ANCHOR_H

#include <saksi/store/vault.h>

#define ANCHOR_FILE "anchor"

struct anchor_own { /* what a transaction appended last to an own log */
	bool set;
	uint64_t seq;
	struct saksi_hash log, head;
};

/** anchor_write(v, own): After the commit; ${own}: data, membership. */
void anchor_write(struct saksi_vault *v, const struct anchor_own own[2]);
/**
 * anchor_missing(t, i, missing, err):
 * Whether a note names an entry of the log of writer ${i} that is not here, or
 * asks for a new log.
 */
SAKSI_MUST_CHECK enum saksi_err anchor_missing(struct saksi_txn *t, unsigned i,
    bool *missing, struct saksi_error *err);
/** anchor_damage(v): NULL, or words: the vault's own note is there and does not open. */
const char *anchor_damage(struct saksi_vault *v);
/**
 * anchor_carry(v, from, anew):
 * For a repaired vault: the notes of the folder ${from}; ${anew}: and ask for
 * new logs, because own entries are lost.
 */
void anchor_carry(struct saksi_vault *v, const char *from, bool anew);
/** anchor_forget(v): Remove the note in the state folder. */
void anchor_forget(struct saksi_vault *v);

#endif
