/* migrate: an older format into the present one. */
#include "open.h"
#include "output.h"

static enum saksi_err run(struct cli *c)
{
	unsigned format, newest = 0;
	json_t *o;
	enum saksi_err rc = cli_open_vault(c, false); /* which copies it */

	if (rc != SAKSI_OK)
		return rc;
	format = saksi_vault_format(c->vault, &newest);
	if (c->json) {
		o = json_object();
		obj_int(&o, "format", format);
		return cli_out_json(c, o);
	}
	return SAKSI_OK;
}

const struct cli_command cmd_migrate = {
    .name = "migrate",
    .usage = "",
    .brief = "bring an older vault's files up to date",
    .help =
	"Copies a vault that an older saksi made into the present format, checks the\n"
	"copy, puts it in place of the old file and overwrites that one. Stopped at\n"
	"any moment, the old file or the new one is whole; run it again. It takes up to\n"
	"twice the vault's size of free space for a while, and nobody else may have the\n"
	"vault open. Other commands offer the same when they meet such a vault. An\n"
	"older saksi cannot open the vault afterwards. Nothing happens to a vault that\n"
	"has the present format.",
    .example = "saksi migrate",
    .flags = CMD_WRITES,
    .max_args = 0,
    .run = run,
};
