/* source.h - the vault's records as the plugin host wants them. */
#ifndef SAKSI_CLI_SOURCE_H
#define SAKSI_CLI_SOURCE_H

#include <saksi/host/host.h>

#include "links.h"

struct source {
	struct cli *c;
	/* numbers, by type, ref, id: the same records, the same order */
	uint64_t *list;
	size_t n, cap;
	size_t at; /* of those that next() gives */
	struct links links;
	bool linked;
	struct host_source host;
	struct saksi_error err; /* why a callback failed */
};
/** source_begin(s, c, query): Needs c->txn, which must last as long. */
SAKSI_MUST_CHECK enum saksi_err source_begin(struct source *s, struct cli *c,
    const char *query);
void source_end(struct source *s);

#endif
