/* carry.h - one container, from the vault or into it; bundles and directories use it. */
#ifndef SAKSI_SYNC_CARRY_H
#define SAKSI_SYNC_CARRY_H

#include "remotes.h"

/* ---- outgoing.c: write one container ------------------------------------------------ */
struct outgoing {
	struct saksi_team *team;
	struct box_writer *box;
	struct manifest manifest;
	struct crypto_hash_state running;
	struct content_end end;
	struct buf item;
};
void place_of(struct box_place *place, const struct saksi_team *t);
/** outgoing_begin: Manifest and frontier.  ${txn} is what the content is read from. */
SAKSI_MUST_CHECK enum saksi_err outgoing_begin(struct outgoing *o, struct saksi_team *t,
    struct saksi_txn *txn, enum carrier carrier, uint64_t counter, box_sink_fn *sink,
    void *ctx, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err outgoing_change(struct outgoing *o,
    const struct changeset *cs, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err outgoing_end(struct outgoing *o, struct saksi_error *err);
void outgoing_free(struct outgoing *o);
/**
 * outgoing_each(t, txn, want, fn, ctx, err):
 * What ${want} asks for, in the order in which it is sent: membership, then data.
 */
typedef bool carry_want_fn(void *ctx, const struct log_entry *e);
SAKSI_MUST_CHECK enum saksi_err outgoing_each(struct saksi_team *t, struct saksi_txn *txn,
    carry_want_fn *want, saksi_log_fn *fn, void *ctx, struct saksi_error *err);

/* ---- incoming.c: read one container --------------------------------------------------- */
struct incoming {
	struct saksi_team *team;
	struct gate *gate;
	struct tally *tally;
	const struct sync_options *opt;
	enum carrier carrier;
	struct manifest manifest; /* of the container just read */
	struct frontier frontier;
	bool ours; /* it opens with a key of this team */
	bool proven, settled;
	uint64_t count;
};
/** incoming_peek: The manifest alone; its signature is checked if the sealer is known. */
SAKSI_MUST_CHECK enum saksi_err incoming_peek(struct incoming *in, int fd,
    struct saksi_error *err);
/**
 * incoming_read(in, fd, err):
 * Through the gate.  In each case what was verified before the fault is merged.
 */
SAKSI_MUST_CHECK enum saksi_err incoming_read(struct incoming *in, int fd,
    struct saksi_error *err);
/** incoming_frames: Open every frame and look at nothing.  Bytes after them: SAKSI_EFORMAT. */
SAKSI_MUST_CHECK enum saksi_err incoming_frames(struct incoming *in, int fd,
    struct saksi_error *err);
void incoming_free(struct incoming *in);

#endif
