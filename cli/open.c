/*
 * From a command to an open vault: where it is, who may open it, and closing
 * in the right order whatever happened.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi_paths.h>

#include <saksi/base/fsio.h>

#include "migrate.h"
#include "open.h"
#include "output.h"
#include "passphrase.h"
#include "terminal.h"

#define TRIES 3

char *cli_place(const char *relative)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	return fs_join(exe, relative);
}

enum saksi_err cli_schema(struct cli *c)
{
	char *dir;
	enum saksi_err rc;

	if (c->schema != NULL)
		return SAKSI_OK;
	dir = cli_place(SAKSI_REL_DATA "/schema");
	if (dir == NULL)
		return saksi_fail(&c->err, SAKSI_EIO,
		    "saksi: the place of its own data files is unknown; is /proc there?");
	rc = schema_load(&c->schema, dir, &c->err);
	free(dir);
	return rc;
}

static char *default_dir(void)
{
	const char *base = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");

	/* The XDG rules: a relative path there counts as unset. */
	if (base != NULL && base[0] == '/')
		return fs_join(base, "saksi/default");
	if (home != NULL && home[0] == '/')
		return fs_join(home, ".local/share/saksi/default");
	return NULL;
}

enum saksi_err cli_dir(struct cli *c)
{
	const char *env = getenv("SAKSI_VAULT");

	if (c->dir != NULL)
		return SAKSI_OK;
	if (c->vault_dir != NULL && c->vault_dir[0] == '\0')
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--vault: the name of the folder is empty");
	errno = 0;
	if (c->vault_dir != NULL)
		c->dir = strdup(c->vault_dir);
	else if (env != NULL && env[0] != '\0')
		c->dir = strdup(env);
	else
		c->dir = default_dir();
	if (c->dir == NULL && errno == ENOMEM)
		return saksi_fail_nomem(&c->err);
	if (c->dir == NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "vault: neither -C nor $SAKSI_VAULT nor $HOME says where it is");
	return SAKSI_OK;
}

/* Why there seems to be no vault: absent, not one, or not for us to see. */
static enum saksi_err no_vault(struct cli *c)
{
	DIR *d = opendir(c->dir);

	if (d == NULL && errno != ENOENT && errno != ENOTDIR)
		return saksi_fail_sys(&c->err, "%s: cannot be opened", c->dir);
	if (d == NULL)
		return saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "%s: there is no vault; make one with `saksi init`, or say where it is "
		    "with -C",
		    c->dir);
	(void)closedir(d);
	/* A folder that may be listed but not searched hides what it holds. */
	if (access(c->dir, X_OK) != 0)
		return saksi_fail_sys(&c->err, "%s: cannot be opened", c->dir);
	return saksi_fail(&c->err, SAKSI_ENOTFOUND,
	    "%s: is not a vault (it has no file `%s`); say where the vault is with -C",
	    c->dir, KEYRING_FILE);
}

static unsigned open_flags(const struct cli *c)
{
	/* An older one is opened to be migrated; see cli_migrate(). */
	return c->read_only ? VAULT_READ_ONLY : VAULT_ANY_FORMAT;
}

enum saksi_err cli_open_with(struct cli *c, const struct secret *pass)
{
	return saksi_vault_open(&c->vault, c->dir, c->schema, pass, open_flags(c),
	    &c->err);
}

/* ${kept}, unless NULL: the passphrase that opened it. */
static enum saksi_err open_by_asking(struct cli *c, struct secret **kept)
{
	bool tty = c->passphrase_fd < 0;
	enum saksi_err rc = SAKSI_OK;

	for (int i = 0; i < (tty ? TRIES : 1); i++) {
		struct secret *pass = NULL;

		if (tty && !term_there())
			return saksi_fail(&c->err, SAKSI_ELOCKED,
			    "vault: it is locked and there is no terminal to ask on; use "
			    "`saksi unlock`, or --passphrase-fd N");
		rc = pass_current(c, &pass);
		if (rc == SAKSI_OK)
			rc = cli_open_with(c, pass);
		if (rc == SAKSI_OK && kept != NULL) {
			*kept = pass;
			pass = NULL;
		}
		secret_free(&pass);
		if (rc != SAKSI_EAUTH)
			break;
		if (tty && i + 1 < TRIES)
			term_say("That is not the passphrase. Once more.");
	}
	return rc;
}

enum saksi_err cli_open_vault(struct cli *c, bool ask)
{
	enum saksi_err rc = cli_schema(c);

	if (rc == SAKSI_OK)
		rc = cli_dir(c);
	if (rc != SAKSI_OK || c->vault != NULL)
		return rc;
	if (!saksi_vault_exists(c->dir))
		return no_vault(c);
	if (!ask && c->passphrase_fd < 0) {
		rc = cli_open_with(c, NULL);
		if (rc != SAKSI_ELOCKED)
			return rc == SAKSI_OK ? cli_migrate(c) : rc;
	}
	rc = open_by_asking(c, NULL);
	return rc == SAKSI_OK ? cli_migrate(c) : rc;
}

enum saksi_err cli_open_kept(struct cli *c, struct secret **pass)
{
	enum saksi_err rc = cli_schema(c);

	*pass = NULL;
	if (rc == SAKSI_OK)
		rc = cli_dir(c);
	if (rc != SAKSI_OK)
		return rc;
	rc = saksi_vault_exists(c->dir) ? open_by_asking(c, pass) : no_vault(c);
	return rc == SAKSI_OK ? cli_migrate(c) : rc;
}

enum saksi_err cli_team(struct cli *c)
{
	enum saksi_err rc;

	if (c->team != NULL)
		return SAKSI_OK;
	rc = saksi_team_load(&c->team, c->vault, &c->err);
	if (rc == SAKSI_ENOTFOUND)
		return saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "%s: `init` was interrupted here, so it holds no records; remove the folder "
		    "and run `saksi init` again",
		    c->dir);
	if (rc == SAKSI_OK && saksi_team_restored(c->team))
		cli_warn(
		    "this vault was put back to an older state, or is a copy: records or settings that "
		    "it had on this device are not in it. Records come back when a colleague's device "
		    "syncs; look at passphrases and `saksi plugin list` yourself. What is written from "
		    "now on goes into a new log");
	return rc;
}

enum saksi_err cli_open(struct cli *c)
{
	enum saksi_err rc = cli_open_vault(c, false);

	return rc == SAKSI_OK ? cli_team(c) : rc;
}

enum saksi_err cli_begin(struct cli *c, bool write)
{
	cli_abort(c);
	return saksi_txn_begin(&c->txn, c->vault, write, &c->err);
}

enum saksi_err cli_commit(struct cli *c)
{
	return saksi_txn_commit(&c->txn, &c->err);
}

void cli_abort(struct cli *c)
{
	if (c->txn != NULL)
		saksi_txn_abort(&c->txn);
	c->txn = NULL;
}

void cli_close(struct cli *c)
{
	cli_abort(c);
	if (c->team != NULL)
		saksi_team_free(&c->team);
	if (c->vault != NULL)
		saksi_vault_close(&c->vault);
	if (c->schema != NULL)
		schema_free(&c->schema);
	free(c->dir);
	free(c->args);
	free(c->given);
	c->dir = NULL;
	c->args = NULL;
	c->given = NULL;
}
