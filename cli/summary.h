/* summary.h - what a sync or a bundle did, for people and programs. */
#ifndef SAKSI_CLI_SUMMARY_H
#define SAKSI_CLI_SUMMARY_H

#include <saksi/sync/exchange.h>

#include "cli.h"

struct sync_options summary_options(struct cli *c, const char *what);
/** summary_trouble: Refusals and warnings on standard error, also with --quiet. */
void summary_trouble(const struct sync_summary *s);
/**
 * summary_end(c, remote, s, rc, worth):
 * The end of an exchange that came to ${rc}, words in c->err: what was done of it
 * is printed if it is ${worth} that or all went well, trouble in any case; frees
 * ${s}.  What the command ends with.
 */
SAKSI_MUST_CHECK enum saksi_err summary_end(struct cli *c, const char *remote,
    struct sync_summary *s, enum saksi_err rc, bool worth);
#endif
