/* summary.h - what a sync or a bundle did, for people and programs. */
#ifndef SAKSI_CLI_SUMMARY_H
#define SAKSI_CLI_SUMMARY_H

#include <saksi/sync/exchange.h>

#include "cli.h"

struct sync_options summary_options(struct cli *c, const char *what);
/** summary_trouble: Refusals and warnings on standard error, also with --quiet. */
void summary_trouble(const struct sync_summary *s);
/** summary_print: ${remote} may be NULL.  Nothing with --quiet. */
SAKSI_MUST_CHECK enum saksi_err summary_print(struct cli *c, const char *remote,
    const struct sync_summary *s);

#endif
