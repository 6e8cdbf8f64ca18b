/*
 * membership.h - who is in the team: a pure function of a set of membership
 * changesets (PROTOCOL.md section 3).
 *
 * Changesets are added causes first.  What a device may do is asked for a set
 * of causes, never for "now": the answer can't change by what comes later.
 */
#ifndef SAKSI_SYNC_MEMBERSHIP_H
#define SAKSI_SYNC_MEMBERSHIP_H

#include "ops.h"

#define MEMBERSHIP_MAX 16384u

struct membership;

/* A valid KEY operation. */
struct epoch_op {
	struct saksi_hash id;
	uint32_t node; /* of its changeset: order in which it was added */
	struct saksi_hash author;
	struct op_key key;
};

SAKSI_MUST_CHECK enum saksi_err membership_new(struct membership **out,
    const struct saksi_hash *space, struct saksi_error *err);
void membership_free(struct membership **m);
/**
 * membership_founder(m, device, log): Whose first entry may come before GENESIS
 * (learned from GENESIS when that is added; needed to judge a whole set).
 */
void membership_founder(struct membership *m, const struct saksi_hash *device,
    const struct saksi_hash *log);
/**
 * membership_judge(v, m, cs, device, why, size, err):
 * PROTOCOL.md 3.2, for either kind.  ${why} (or NULL): words for anything but
 * TEAM_OK.  Fails only for lack of memory.
 */
SAKSI_MUST_CHECK enum saksi_err membership_judge(enum team_verdict *v,
    const struct membership *m, const struct changeset *cs,
    const struct saksi_hash *device, char *why, size_t size, struct saksi_error *err);
/**
 * membership_add(m, cs, device, err):
 * Its causes must be there.  One that is not authorised is remembered as a
 * cause of others and grants nothing.
 */
SAKSI_MUST_CHECK enum saksi_err membership_add(struct membership *m,
    const struct changeset *cs, const struct saksi_hash *device, struct saksi_error *err);

bool membership_has(const struct membership *m, const struct saksi_hash *id);
size_t membership_count(const struct membership *m);
/** membership_id(m, i): In the order added, causes first. */
const struct saksi_hash *membership_id(const struct membership *m, size_t i);
/**
 * membership_heads(m, device, heads, n):
 * What no other cites: at most 8, one that knows ${device}'s grant first.
 */
void membership_heads(const struct membership *m, const struct saksi_hash *device,
    struct saksi_hash heads[CHANGESET_AUTH_MAX], uint32_t *n);
const struct team_device *membership_devices(const struct membership *m, size_t *n);
const struct team_device *membership_device(const struct membership *m,
    const struct saksi_hash *id);
/** membership_request_used(m, request): Some valid ADD_DEVICE answers it. */
bool membership_request_used(const struct membership *m, const struct saksi_hash *request);
bool membership_has_genesis(const struct membership *m);
const struct epoch_op *membership_epochs(const struct membership *m, size_t *n);
/**
 * membership_epoch_for_all(m, e):
 * A signed statement says of each device that it holds epoch ${e}: it issued
 * it, or each of its ADD_DEVICEs lists it.  A box is no such statement: only
 * its receiver can tell whether it opens.
 */
bool membership_epoch_for_all(const struct membership *m, const struct epoch_op *e);
/** membership_before(m, a, b): Node ${a} lies in the causal past of node ${b}. */
bool membership_before(const struct membership *m, uint32_t a, uint32_t b);

#endif
