/*
 * Output files: whole or absent, also when a signal ends the command, and in
 * the words of the command line.
 */
#include <string.h>

#include "options.h"
#include "outfile.h"
#include "signals.h"

/* Whether there is a --force to speak of depends on the command. */
static bool may_force(const struct cli *c)
{
	for (const struct cli_option *o = c->command->options;
	     o != NULL && o->name != NULL; o++)
		if (strcmp(o->name, "force") == 0)
			return true;
	return false;
}

static enum saksi_err exists(struct cli *c, const char *path, enum saksi_err rc)
{
	if (rc != SAKSI_EEXIST || !may_force(c))
		return rc;
	return saksi_fail(&c->err, SAKSI_EEXIST,
	    "%s: exists already; choose another name, or --force replaces it", path);
}

enum saksi_err outfile_open(struct cli *c, struct fs_out *o, const char *path)
{
	enum saksi_err rc;

	signals_block(true);
	rc = fs_out_open(o, path, may_force(c) && cli_flag(c, "force"), &c->err);
	if (rc == SAKSI_OK)
		signals_unfinished(o->tmp);
	signals_block(false);
	return exists(c, path, rc);
}

enum saksi_err outfile_commit(struct cli *c, struct fs_out *o)
{
	enum saksi_err rc;

	/* What lacks something must not leave; what the vault has done is done. */
	if (memory_has_run_out() && (c->command->flags & CMD_WRITES) == 0)
		return saksi_fail_nomem(&c->err);
	signals_block(true);
	rc = fs_out_commit(o, &c->err);
	c->delivered = c->delivered || rc == SAKSI_OK;
	if (rc != SAKSI_OK && o->path != NULL)
		rc = exists(c, o->path, rc);
	fs_out_abort(o);
	signals_unfinished(NULL);
	signals_block(false);
	return rc;
}

void outfile_abort(struct fs_out *o)
{
	signals_block(true);
	if (o->tmp != NULL)
		signals_unfinished(NULL);
	fs_out_abort(o);
	signals_block(false);
}

enum saksi_err outfile_write(struct cli *c, const char *path, const void *p, size_t n)
{
	struct fs_out o = FS_OUT_INIT;
	enum saksi_err rc = outfile_open(c, &o, path);

	if (rc == SAKSI_OK)
		rc = fs_write_all(o.fd, p, n, path, &c->err);
	if (rc == SAKSI_OK)
		rc = outfile_commit(c, &o);
	outfile_abort(&o);
	return rc;
}
