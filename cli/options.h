/* options.h - the command line, read and asked. */
#ifndef SAKSI_CLI_OPTIONS_H
#define SAKSI_CLI_OPTIONS_H

#include <saksi/base/buf.h>

#include "cli.h"

/** cli_parse: Fill ${c} from the command line; SAKSI_EINVAL with a suggestion. */
SAKSI_MUST_CHECK enum saksi_err cli_parse(struct cli *c, int argc, char **argv);
/** cli_opt(c, name): Value of an option of this command, or NULL. */
const char *cli_opt(const struct cli *c, const char *name);
bool cli_flag(const struct cli *c, const char *name);
/** cli_opt_list: All values of a repeated option, NULL-terminated; caller frees. */
const char **cli_opt_list(const struct cli *c, const char *name);
/** cli_check_text: 1 to ${max} bytes of UTF-8 that show as they are, or SAKSI_EINVAL. */
SAKSI_MUST_CHECK enum saksi_err cli_check_text(struct cli *c, const char *what,
    const char *text, size_t max);
/** cli_number(out, text, max): Decimal digits only, at most ${max}. */
bool cli_number(unsigned long *out, const char *text, unsigned long max);
/** cli_join_args(out, c, from): Arguments joined by spaces. */
void cli_join_args(struct buf *out, const struct cli *c, size_t from);

#endif
