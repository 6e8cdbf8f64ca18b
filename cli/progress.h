/* progress.h - how far something long has come. */
#ifndef SAKSI_CLI_PROGRESS_H
#define SAKSI_CLI_PROGRESS_H

#include <stddef.h>

#include "cli.h"

void progress_begin(const struct cli *c, const char *what);
void progress_step(void *ctx, size_t done, size_t total);
void progress_named(void *ctx, const char *what, size_t done, size_t total);
/** progress_end: Wipe the line.  Fine when none was begun. */
void progress_end(void);

#endif
