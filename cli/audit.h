/* audit.h - the audit trail. */
#ifndef SAKSI_CLI_AUDIT_H
#define SAKSI_CLI_AUDIT_H

#include <jansson.h>

#include "cli.h"

/**
 * audit_write(c, what, details, must):
 * An entry of the audit trail in a transaction of its own.  A device that may
 * only read cannot write one: refused if ${must}, else said and passed over.
 */
SAKSI_MUST_CHECK enum saksi_err audit_write(struct cli *c, const char *what,
    const json_t *details, bool must);

#endif
