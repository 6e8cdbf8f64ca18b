/*
 * repair.h - save what is genuine of a damaged vault into a fresh one.
 *
 * The damaged vault is only read.  The fresh one has its key slots, vault id
 * and vault key, so the same passphrases open it, and tables sealed anew.
 * The log is merged again, change by change; records follow from it.  A
 * change that cites a lost one can't stand in a log: it is kept as pending,
 * and what it and lost changes did to a record is taken from the record's
 * rows, where these survive, and stated once more by this device.
 *
 *   saksi_repair_begin   keys, log, this device's affairs, held changesets
 *   (the caller loads the team on saksi_repair_vault(), or founds one)
 *   saksi_repair_records what only the rows know
 *   (the caller verifies saksi_repair_vault())
 *   saksi_repair_end     put in place
 */
#ifndef SAKSI_STORE_REPAIR_H
#define SAKSI_STORE_REPAIR_H

#include <saksi/store/vault.h>

struct saksi_repair;

struct repair_options {
	/*
	 * Leave log and team behind and only state the records: for when the
	 * device's keys or the beginning of the team are lost.
	 */
	bool anew;
	void (*progress)(void *ctx, const char *what, size_t done, size_t total);
	/* Called with words for each thing that is lost. */
	void (*lost)(void *ctx, const char *words);
	void *ctx;
};
struct repair_report {
	size_t changes;	 /* of the log, merged */
	size_t pending;	 /* kept, waiting for lost ones */
	size_t missing;	 /* lost; as far as can be told */
	size_t records;	 /* in the fresh vault */
	size_t restated; /* of these with values that only their rows knew */
	size_t held;	 /* changesets that were held before */
	size_t settings; /* of this device's own affairs */
	size_t losses;	 /* calls of lost() */
};

/** saksi_repair_begin: ${pass} NULL: by the session.  ${to} is absent or an empty folder. */
SAKSI_MUST_CHECK enum saksi_err saksi_repair_begin(struct saksi_repair **out,
    const char *from, const char *to, const struct schema *schema,
    const struct secret *pass, const struct repair_options *opt, struct saksi_error *err);
struct saksi_vault *saksi_repair_vault(struct saksi_repair *r);
/** saksi_repair_records: Needs the vault's writer. */
SAKSI_MUST_CHECK enum saksi_err saksi_repair_records(struct saksi_repair *r,
    struct saksi_error *err);
/** saksi_repair_end: Close the fresh vault and put it in place; frees ${*r} in any case. */
SAKSI_MUST_CHECK enum saksi_err saksi_repair_end(struct saksi_repair **r,
    struct repair_report *report, struct saksi_error *err);
/** saksi_repair_abort: Remove what was made. */
void saksi_repair_abort(struct saksi_repair **r);

#endif
