/* membership_impl.h - inside of the evaluator; membership*.c only. */
#ifndef SAKSI_SYNC_MEMBERSHIP_IMPL_H
#define SAKSI_SYNC_MEMBERSHIP_IMPL_H

#include "idmap.h"
#include "membership.h"

struct node {
	struct saksi_hash id;
	uint64_t *past; /* bit i: node i lies before this one; owned */
	bool cited;	/* by some later node */
};
struct grant { /* a valid GENESIS or ADD_DEVICE */
	uint32_t node;
	uint64_t hlc;
	struct team_device d;
	struct saksi_hash request;
	struct saksi_hash *epochs; /* owned: what its WELCOME carried, ascending */
	uint32_t n_epochs;
};
struct membership {
	struct saksi_hash space;
	bool has_founder;
	struct saksi_hash founder, founder_log;
	bool has_genesis;
	uint32_t genesis;	       /* node */
	struct saksi_hash first_epoch; /* the one that GENESIS came with */
	struct idmap index;	       /* changeset -> node */
	struct node *nodes;
	uint32_t n_nodes;
	size_t cap_nodes;
	struct grant *grants;
	uint32_t n_grants;
	size_t cap_grants;
	struct epoch_op *epochs;
	uint32_t n_epochs;
	size_t cap_epochs;
	struct team_device *devices; /* one per device, in order of admission */
	size_t n_devices;
};

/* The nodes that a changeset cites. */
struct causes {
	uint32_t node[CHANGESET_CAUSES_MAX];
	uint32_t n;
	bool missing;
};
void causes_of(struct causes *c, const struct membership *m, const struct changeset *cs,
    bool auth_only);
bool node_before(const struct membership *m, uint32_t a, uint32_t b);

#endif
