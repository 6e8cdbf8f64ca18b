/* open.h - schema, vault, team and transaction of a command. */
#ifndef SAKSI_CLI_OPEN_H
#define SAKSI_CLI_OPEN_H

#include <saksi/base/secret.h>

#include "cli.h"

/** cli_place(c, relative): A path beside the program; caller frees, NULL: no memory. */
char *cli_place(const char *relative);
SAKSI_MUST_CHECK enum saksi_err cli_schema(struct cli *c);
/** cli_dir: Fill c->dir: -C, $SAKSI_VAULT, or the default place. */
SAKSI_MUST_CHECK enum saksi_err cli_dir(struct cli *c);
/** cli_open: Schema, vault and team. */
SAKSI_MUST_CHECK enum saksi_err cli_open(struct cli *c);
/** cli_open_vault(c, ask): The vault only; ${ask}: never by the session. */
SAKSI_MUST_CHECK enum saksi_err cli_open_vault(struct cli *c, bool ask);
/** cli_open_kept: As cli_open_vault(c, true); hands out the passphrase that opened it. */
SAKSI_MUST_CHECK enum saksi_err cli_open_kept(struct cli *c, struct secret **pass);
/** cli_open_with: The vault with a passphrase that the command has already. */
SAKSI_MUST_CHECK enum saksi_err cli_open_with(struct cli *c, const struct secret *pass);
SAKSI_MUST_CHECK enum saksi_err cli_team(struct cli *c);
/** cli_begin(c, write): The one transaction of a command, c->txn. */
SAKSI_MUST_CHECK enum saksi_err cli_begin(struct cli *c, bool write);
SAKSI_MUST_CHECK enum saksi_err cli_commit(struct cli *c);
void cli_abort(struct cli *c);
void cli_close(struct cli *c);

#endif
