/* team_impl.h - inside of a team; sync/ only. */
#ifndef SAKSI_SYNC_TEAM_IMPL_H
#define SAKSI_SYNC_TEAM_IMPL_H

#include "local.h"
#include "membership.h"

struct saksi_team {
	struct saksi_vault *v;
	struct local_device self;
	struct local_team local;
	struct local_epochs keys;
	struct membership *members;
	uint8_t coll[16];
	struct team_epoch *epochs; /* all it can open; the one it seals under first */
	size_t n_epochs;
	bool can_seal;			/* the writer's choice is among them: the first */
	size_t epochs_looked;		/* of membership's: their boxes were tried */
	struct saksi_writer writers[2]; /* data, membership */
	struct team_device *devices;	/* as membership lists them, `self` set */
	char (*names)[260];		/* "PERSON (LABEL)" of each */
	size_t n_devices;
	bool restored; /* found so when it was loaded: its logs are new ones */
	bool keys_dirty, local_dirty; /* not yet in the vault: team_save() */
	struct saksi_hash bad_key[8]; /* authors of KEYs that do not fit their commitment */
	size_t n_bad_keys;
};

/** coll_main(coll, space): H("coll", space)[0..16]. */
void coll_main(uint8_t coll[16], const struct saksi_hash *space);
/** team_catch_up: Add membership that is in the log and not yet evaluated. */
SAKSI_MUST_CHECK enum saksi_err team_catch_up(struct saksi_team *t, struct saksi_txn *txn,
    struct saksi_error *err);
/** team_note(t, cs, device): One membership changeset has been merged. */
SAKSI_MUST_CHECK enum saksi_err team_note(struct saksi_team *t,
    const struct changeset *cs, const struct saksi_hash *device, struct saksi_error *err);
/** team_new_log(t, kind, reason): The next own entry of that kind opens a log. */
void team_new_log(struct saksi_team *t, enum changeset_kind kind,
    enum log_open_reason reason);
/** team_save(t, txn): Put what changed of this device's affairs. */
SAKSI_MUST_CHECK enum saksi_err team_save(struct saksi_team *t, struct saksi_txn *txn,
    struct saksi_error *err);
/** team_name(t, device, out): Its name, or its short id. */
void team_name(const struct saksi_team *t, const struct saksi_hash *device, char out[260]);

/* epoch.c */
/** epoch_op_new(op, key, members...): A KEY operation with a box for each device. */
SAKSI_MUST_CHECK enum saksi_err epoch_op_new(struct op_key *op, const struct secret *key,
    const struct saksi_hash *prev, const struct team_device *devices, size_t n,
    struct saksi_error *err);
/** epochs_learn(t, err): Open boxes that are for us, each once; sets keys_dirty. */
SAKSI_MUST_CHECK enum saksi_err epochs_learn(struct saksi_team *t,
    struct saksi_error *err);
/** epoch_for_all(t, id): Each device of the team is known to hold that epoch. */
bool epoch_for_all(const struct saksi_team *t, const struct saksi_hash *id);
/** epochs_choose(t, err): Fill t->epochs. */
SAKSI_MUST_CHECK enum saksi_err epochs_choose(struct saksi_team *t,
    struct saksi_error *err);

#endif
