/*
 * remotes.h - what peers and directories were seen to hold (LOCAL_REMOTES),
 * and frontiers, by which peers tell: PROTOCOL.md 5.1, 8, 9.
 */
#ifndef SAKSI_SYNC_REMOTES_H
#define SAKSI_SYNC_REMOTES_H

#include "items.h"
#include "tally.h"
#include "team_impl.h"
#include "verify.h"

/* All of it fits one local value of 4 MiB. */
#define REMOTE_PEERS_MAX 512u
#define REMOTE_HEADS_MAX 64u
#define REMOTE_DIRS_MAX 16u
#define REMOTE_OBJECTS_MAX 4096u
#define REMOTE_RANGES_MAX 1024u
#define REMOTE_NAME_MAX 1024u
#define OBJECT_NAME 16u

struct remote_peer {
	struct saksi_hash device;
	int64_t time_us;
	struct saksi_hash *heads; /* owned */
	size_t n;
};
struct remote_object {
	uint8_t name[OBJECT_NAME];
	uint8_t print[OBJECT_NAME]; /* of its size and first bytes */
};
struct remote_range { /* of arrival numbers */
	uint64_t first, count;
};
struct remote_dir {
	char *name; /* owned */
	int64_t time_us;
	struct remote_object *objects; /* owned; in the order seen */
	size_t n_objects, cap_objects;
	struct remote_range *ranges; /* owned; ascending, apart */
	size_t n_ranges, cap_ranges;
};
struct remotes {
	uint64_t counter; /* of the next own object */
	struct remote_peer *peers;
	size_t n_peers, cap_peers;
	struct remote_dir *dirs;
	size_t n_dirs, cap_dirs;
};
void remotes_free(struct remotes *r);
/** remotes_get: Nothing kept yet: empty. */
SAKSI_MUST_CHECK enum saksi_err remotes_get(struct remotes *r, struct saksi_txn *t,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err remotes_put(struct saksi_txn *t, const struct remotes *r,
    struct saksi_error *err);
const struct remote_peer *remotes_peer(const struct remotes *r,
    const struct saksi_hash *device);
/** remotes_dir: The directory of that name, made if it is new (the longest unused gives way). */
SAKSI_MUST_CHECK enum saksi_err remotes_dir(struct remotes *r, const char *name,
    struct remote_dir **out, struct saksi_error *err);
void remote_dir_free(struct remote_dir *d);
/** remote_dir_forget: Everything seen there. */
void remote_dir_forget(struct remote_dir *d);
SAKSI_MUST_CHECK enum saksi_err remote_dir_object(struct remote_dir *d,
    const struct remote_object *o, struct saksi_error *err);
const struct remote_object *remote_dir_find(const struct remote_dir *d,
    const uint8_t name[OBJECT_NAME]);
/** remote_dir_add: Arrival number ${n} is in the directory. */
SAKSI_MUST_CHECK enum saksi_err remote_dir_add(struct remote_dir *d, uint64_t n,
    struct saksi_error *err);
bool remote_dir_has(const struct remote_dir *d, uint64_t n);

/* ---- frontier.c ------------------------------------------------------------------ */
/** frontier_of: What this vault holds. */
SAKSI_MUST_CHECK enum saksi_err frontier_of(struct frontier *f, struct saksi_txn *t,
    struct saksi_error *err);
/**
 * frontier_learn(r, f, sealer, team, txn, gate, tally, err):
 * Remember what ${sealer} holds, as far as it is here; count what is not.
 */
SAKSI_MUST_CHECK enum saksi_err frontier_learn(struct remotes *r,
    const struct frontier *f, const struct manifest *m, const struct saksi_team *team,
    struct saksi_txn *txn, const struct gate *gate, struct tally *tally,
    struct saksi_error *err);

#endif
