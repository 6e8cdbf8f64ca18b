/* join.h - a WELCOME while it is being checked; join.c only. */
#ifndef SAKSI_SYNC_JOIN_H
#define SAKSI_SYNC_JOIN_H

#include "idmap.h"
#include "membership.h"
#include "request.h"

struct joining_change {
	struct changeset *cs; /* owned */
	struct saksi_hash device;
};
struct joining {
	struct local_join mine;
	struct join_request q;
	struct welcome w;
	struct joining_change *list;
	size_t n;
	struct idmap index; /* changeset -> place in list */
	struct membership *members;
	struct saksi_hash founder;
	uint8_t founder_pk[CRYPTO_KEY];
	enum team_role role;
};

#endif
