/*
 * cli.h - the program's own context: arguments, the opened vault, the commands.
 *
 * Only cli/ prints, prompts or exits.  A command is a row of the table in
 * commands.c and a file cmd_NAME.c; it returns an enum saksi_err with words in
 * c->err, and main.c alone turns that into the exit code.  What else there is
 * has a header of its own.
 */
#ifndef SAKSI_CLI_H
#define SAKSI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <saksi/base/err.h>
#include <saksi/schema/schema.h>
#include <saksi/store/vault.h>
#include <saksi/sync/team.h>

struct cli;

/* ---- the table ---------------------------------------------------------------- */
struct cli_option {
	const char *name; /* without dashes; NULL ends a list */
	char letter;	  /* short form, or 0 */
	bool many;	  /* may be given more than once */
	const char *arg;  /* what its value is called; NULL: a flag */
	const char *help;
};

#define CMD_WRITES 1u /* changes the vault: not with --read-only */
#define CMD_QUERY 2u  /* takes a query, so `-word` is text and no option */
#define CMD_ANY_ARGS 1000000u

struct cli_command {
	const char *name;  /* "key list" */
	const char *usage; /* what follows the name */
	const char *brief; /* one line */
	const char *help;  /* paragraphs, wrapped by hand */
	const char *example;
	const struct cli_option *options; /* NULL: none */
	unsigned min_args, max_args;
	unsigned flags;
	enum saksi_err (*run)(struct cli *c);
};
/** cli_commands: The table, ending with NULL. */
extern const struct cli_command *const cli_commands[];
extern const struct cli_option cli_globals[];

struct cli_given {
	const struct cli_option *option;
	const char *value; /* NULL for a flag */
};

struct cli {
	const struct cli_command *command; /* NULL until it is known */
	char family[64];		   /* words before it was known: "key" */
	bool delivered;			   /* a file was put in place */
	bool want_help, want_version;

	const char *vault_dir; /* as given with -C */
	int passphrase_fd;     /* -1: not given */
	bool json, quiet, yes, read_only;
	const char **args;
	size_t n_args;
	struct cli_given *given;
	size_t n_given;

	/* made on demand, undone by cli_close() */
	char *dir;
	struct schema *schema;
	struct saksi_vault *vault;
	struct saksi_team *team;
	struct saksi_txn *txn;

	struct saksi_error err;
	/* What other records are called, and which links there are: then; 0: now. */
	int64_t as_of_us;
	/* The first record that could not be read while another one was shown; the
	 * rest is still printed, and main() ends with this. */
	struct saksi_error unread;
};

#endif
