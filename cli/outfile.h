/* outfile.h - output files, whole or absent. */
#ifndef SAKSI_CLI_OUTFILE_H
#define SAKSI_CLI_OUTFILE_H

#include <saksi/base/fsio.h>

#include "cli.h"

/*
 * Output files that a signal does not leave half written; see fsio.h.  One at
 * a time.  An existing file is replaced if the command was given --force.
 */
SAKSI_MUST_CHECK enum saksi_err outfile_open(struct cli *c, struct fs_out *o,
    const char *path);
SAKSI_MUST_CHECK enum saksi_err outfile_commit(struct cli *c, struct fs_out *o);
void outfile_abort(struct fs_out *o);
/** outfile_write: A whole small file at once. */
SAKSI_MUST_CHECK enum saksi_err outfile_write(struct cli *c, const char *path,
    const void *p, size_t n);

#endif
