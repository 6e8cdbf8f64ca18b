/* migrate.h - a vault of an older format. */
#ifndef SAKSI_CLI_MIGRATE_H
#define SAKSI_CLI_MIGRATE_H

#include "cli.h"

/**
 * cli_migrate(c):
 * Of an open vault: if it has an older format, offer to copy it into the
 * present one (`saksi migrate` and --yes: without asking) and do it.
 */
SAKSI_MUST_CHECK enum saksi_err cli_migrate(struct cli *c);

#endif
