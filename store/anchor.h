/*
 * anchor.h - how far this vault and its own logs have come, kept beside the tables.
 *
 * A vault that is put back whole to an older state is sound in itself.  So the
 * number of the newest commit, whatever it changed, and the newest own entry of
 * each log are noted, sealed, after each commit: in the
 * file `anchor` of the vault, and in the user's state folder, which a copy of
 * the vault does not take along.  When the log that is to be gone on with has
 * an entry noted that the vault lacks, the vault was put back, or is a copy:
 * going on would give one sequence number to two entries (FORMAT.md section 11).
 * When only the number noted is above that of the vault, others' changes or
 * settings are missing; it is told alike.
 *
 * Numbers count within a line of commits.  A file that is made anew, or a vault
 * that was found put back and is written to all the same, begins a line with a
 * random name, so that its low numbers are not taken for old ones.
 *
 * A note that is late (a crash after the commit) is no harm: its entry is
 * there.  Writing never fails a command, and is not synced: power loss may
 * leave an older note, or none.
 */
#ifndef SAKSI_STORE_ANCHOR_H
#define SAKSI_STORE_ANCHOR_H

#include <saksi/store/vault.h>

#define ANCHOR_FILE "anchor"

#define ANCHOR_KINDS 3u

struct anchor_own { /* what a transaction appended last to an own log, or that it was */
	bool set;
	uint64_t seq;
	struct saksi_hash log, head;
};

/**
 * anchor_line(t, err):
 * Before a commit that changes something: its number, to be noted after it; a
 * vault that was found put back gets a line of its own.
 */
SAKSI_MUST_CHECK enum saksi_err anchor_line(struct saksi_txn *t, struct saksi_error *err);
/** anchor_line_new(t, err): Begin a line: the numbers of this file count from here. */
SAKSI_MUST_CHECK enum saksi_err anchor_line_new(struct saksi_txn *t,
    struct saksi_error *err);
/** anchor_write(v, own): After the commit; ${own}: data, membership, line. */
void anchor_write(struct saksi_vault *v, const struct anchor_own own[ANCHOR_KINDS]);
/**
 * anchor_missing(t, i, missing, err):
 * Whether a note names an entry of the log of writer ${i} that is not here, or
 * asks for a new log.  An error where a note cannot be opened for lack of memory or
 * descriptors, or the vault's own for lack of permission: it might say so.
 */
SAKSI_MUST_CHECK enum saksi_err anchor_missing(struct saksi_txn *t, unsigned i,
    bool *missing, struct saksi_error *err);
/** anchor_damage(v): NULL, or words: the vault's own note is there and does not open. */
const char *anchor_damage(struct saksi_vault *v);
/**
 * anchor_carry(v, from, anew, unread, err):
 * For a repaired vault: the notes of the folder ${from}; ${anew}: and ask for
 * new logs, because own entries are lost.  A note that cannot be opened now, or
 * not be written, is an error: it keeps a log from getting one number twice.
 * One that the disk does not give asks for new logs, to be safe: ${*unread}.
 */
SAKSI_MUST_CHECK enum saksi_err anchor_carry(struct saksi_vault *v, const char *from,
    bool anew, bool *unread, struct saksi_error *err);
/** anchor_forget(v): Remove the note in the state folder. */
void anchor_forget(struct saksi_vault *v);

#endif
