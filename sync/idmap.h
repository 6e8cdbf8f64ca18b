/* idmap.h - a set of 32-byte ids, each with a number. */
#ifndef SAKSI_SYNC_IDMAP_H
#define SAKSI_SYNC_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <saksi/base/err.h>
#include <saksi/base/id.h>

#define IDMAP_NONE UINT32_MAX

struct idmap_slot {
	struct saksi_hash id;
	uint32_t value;
	bool used;
};
/* Open addressing.  The ids are hashes but others choose them, so a slot is
 * found by a keyed mix that nobody can prepare for. */
struct idmap {
	struct idmap_slot *slots;
	size_t cap, n;
	uint64_t key[2];
};
#define IDMAP_INIT           \
	{                    \
		NULL, 0, 0,  \
		{            \
			0, 0 \
		}            \
	}

void idmap_free(struct idmap *m);
/** idmap_put(m, id, value, err): Replaces an earlier value. */
SAKSI_MUST_CHECK enum saksi_err idmap_put(struct idmap *m, const struct saksi_hash *id,
    uint32_t value, struct saksi_error *err);
/** idmap_get(m, id): IDMAP_NONE if it is not there. */
uint32_t idmap_get(const struct idmap *m, const struct saksi_hash *id);

#endif
