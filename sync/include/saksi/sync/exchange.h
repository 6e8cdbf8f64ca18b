/*
 * exchange.h - carriers: bundle files and shared directories.
 *
 * PROTOCOL.md sections 5-8.  What travels is sealed under an epoch key and
 * padded; what comes in passes one gate (verify.c) and ends merged, pending,
 * quarantined or refused.  Nothing valid is dropped.
 */
#ifndef SAKSI_SYNC_EXCHANGE_H
#define SAKSI_SYNC_EXCHANGE_H

#include <saksi/sync/team.h>

struct sync_options {
	void (*progress)(void *ctx, const char *what, size_t done, size_t total);
	void *ctx;
};

/*
 * What happened, as `sync` and `bundle read` print it.  `detail` is a JSON
 * object with
 *   changes: [{id, type, label, by, did: "new"|"changed"|"deleted"|"undeleted", values}]
 *   refused: [{what, reason}], missing: [{id, device, seq}], warnings: [text]
 */
struct sync_summary {
	size_t sent, received; /* changesets: written; new to this vault */
	size_t known;	       /* came, but were here already */
	size_t new_records, changed, deleted;
	size_t undeleted;	     /* visible again */
	size_t new_deleted;	     /* never seen here before, and deleted already */
	size_t conflicts;	     /* open in the vault afterwards */
	size_t pending, quarantined; /* held in the vault afterwards */
	size_t refused, missing;
	json_t *detail;
};
void sync_summary_init(struct sync_summary *s);
void sync_summary_free(struct sync_summary *s);

/**
 * saksi_bundle_write(t, fd, since, opt, sum, err):
 * Write a bundle of what ${since} (a device; NULL: anyone) was not seen to
 * have.  ${fd} is an empty regular file or a pipe.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_bundle_write(struct saksi_team *t, int fd,
    const struct team_device *since, const struct sync_options *opt,
    struct sync_summary *sum, struct saksi_error *err);
/**
 * saksi_bundle_read(t, fd, opt, sum, err):
 * SAKSI_OK; SAKSI_EPARTIAL cut off (the verified prefix is merged);
 * SAKSI_EAUTH altered (likewise), not for this team, or trailing bytes
 * (nothing merged).  ${sum} is filled in each case.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_bundle_read(struct saksi_team *t, int fd,
    const struct sync_options *opt, struct sync_summary *sum, struct saksi_error *err);
/**
 * saksi_sync_dir(t, path, opt, sum, err):
 * Read what is new in a shared directory, then add what it lacks; each
 * object written once under a random-looking name, read back before it counts.
 * SAKSI_EPARTIAL when an object was damaged or refused (the rest is done).
 */
SAKSI_MUST_CHECK enum saksi_err saksi_sync_dir(struct saksi_team *t, const char *path,
    const struct sync_options *opt, struct sync_summary *sum, struct saksi_error *err);
/** saksi_sync_status: {"remotes": {NAME: {last_sync, ...}}, "peers": {...}} for `status`. */
SAKSI_MUST_CHECK enum saksi_err saksi_sync_status(struct saksi_team *t, json_t **out,
    size_t *pending, size_t *quarantined, struct saksi_error *err);

#endif
