/* An older format is met: say what it takes, ask, copy. */
#include <string.h>

#include "migrate.h"
#include "output.h"
#include "progress.h"
#include "terminal.h"

extern const struct cli_command cmd_migrate;

static enum saksi_err ask(struct cli *c, unsigned format, unsigned newest)
{
	struct buf b = BUF_INIT;
	uint64_t needed = 0, there = 0;
	enum saksi_err rc =
	    saksi_vault_migration_room(c->vault, &needed, &there, &c->err);

	if (rc != SAKSI_OK)
		return rc;
	if (c->command == &cmd_migrate || c->yes) {
		cli_say(c, "Copying the vault from format %u into format %u.", format,
		    newest);
		return SAKSI_OK;
	}
	if (!term_there())
		return saksi_fail(&c->err, SAKSI_EREFUSED,
		    "%s: it has the older format %u; `saksi migrate` copies it into format %u "
		    "(this may take %llu MiB beside it, %llu MiB are free)",
		    c->dir, format, newest, (unsigned long long)(needed >> 20),
		    (unsigned long long)(there >> 20));
	buf_printf(&b,
	    "This vault has the older format %u. Copying it into format %u may take %llu MiB "
	    "beside it (%llu MiB are free). The old file is overwritten when the copy has been "
	    "checked; an older saksi cannot open the vault then. Copy it now?",
	    format, newest, (unsigned long long)(needed >> 20),
	    (unsigned long long)(there >> 20));
	if ((rc = buf_ok(&b, &c->err)) == SAKSI_OK)
		rc = cli_ask(c, buf_cstr(&b));
	buf_free(&b);
	return rc;
}

enum saksi_err cli_migrate(struct cli *c)
{
	unsigned newest;
	unsigned format = saksi_vault_format(c->vault, &newest);
	enum saksi_err rc;

	if (format == newest || (rc = ask(c, format, newest)) != SAKSI_OK)
		return format == newest ? SAKSI_OK : rc;
	progress_begin(c, "copying");
	rc = saksi_vault_migrate(c->vault, progress_named, NULL, &c->err);
	progress_end();
	if (rc == SAKSI_OK)
		cli_say(c, "The vault has format %u now.", newest);
	return rc;
}
