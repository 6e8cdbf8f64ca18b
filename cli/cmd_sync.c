/* sync: with a shared directory. */
#include <string.h>

#include "open.h"
#include "output.h"
#include "summary.h"

static enum saksi_err one_remote(struct cli *c, const char *remote)
{
	struct sync_options opt;
	struct sync_summary s;
	enum saksi_err rc;

	sync_summary_init(&s);
	opt = summary_options(c, "syncing");
	rc = saksi_sync_dir(c->team, remote + 4, &opt, &s, &c->err);
	/* What was received is kept, also when then nothing could be sent. */
	return summary_end(c, remote, &s, rc, rc == SAKSI_EPARTIAL || s.received > 0);
}

static enum saksi_err check_remotes(struct cli *c)
{
	for (size_t i = 0; i < c->n_args; i++)
		if (strncmp(c->args[i], "dir:", 4) != 0 || c->args[i][4] == '\0')
			return saksi_fail(&c->err, SAKSI_EINVAL,
			    "%s: is no place to sync with; write dir:PATH for a shared folder",
			    c->args[i]);
	return SAKSI_OK;
}

static enum saksi_err run(struct cli *c)
{
	enum saksi_err worst = SAKSI_OK;
	struct saksi_error first = {0};
	enum saksi_err rc = check_remotes(c);

	if (rc == SAKSI_OK)
		rc = cli_open(c);
	if (rc != SAKSI_OK)
		return rc;
	/* One remote out of reach must not keep the others waiting. */
	for (size_t i = 0; i < c->n_args; i++) {
		rc = one_remote(c, c->args[i]);
		if (rc == SAKSI_OK)
			continue;
		if (worst != SAKSI_OK)
			cli_warn("%s", c->err.msg);
		else
			first = c->err;
		worst = worst == SAKSI_OK ? rc : worst;
	}
	if (worst != SAKSI_OK)
		c->err = first;
	return worst;
}

const struct cli_command cmd_sync = {
    .name = "sync",
    .usage = "dir:PATH ...",
    .brief = "exchange changes through a shared folder",
    .help =
	"Reads what is new in a shared folder (a network drive, a synchronised folder, a\n"
	"USB stick), adds what it lacks, and tells who changed what. The folder holds\n"
	"encrypted objects with random names; only devices of the team can read them.\n"
	"Exit code 6: done, but something in the folder was damaged or refused.",
    .example = "saksi sync dir:/media/share/team",
    .min_args = 1,
    .max_args = 16,
    .flags = CMD_WRITES,
    .run = run,
};
