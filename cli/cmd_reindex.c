/* reindex: the index anew, from log and records. */
#include "open.h"
#include "output.h"
#include "progress.h"

static enum saksi_err run(struct cli *c)
{
	struct reindex_report r = {0};
	json_t *o;
	/* Without the team: to read it, the index is needed. */
	enum saksi_err rc = cli_open_vault(c, false);

	if (rc != SAKSI_OK)
		return rc;
	progress_begin(c, "records");
	rc = saksi_vault_reindex(c->vault, &r, progress_named, NULL, &c->err);
	progress_end();
	if (rc != SAKSI_OK)
		return rc;
	if (c->json) {
		o = json_object();
		obj_int(&o, "records", (size_t)r.records);
		obj_int(&o, "changesets", (size_t)r.changesets);
		return cli_out_json(c, o);
	}
	cli_say(c, "The index was made anew from %llu record%s and %llu change%s.",
	    (unsigned long long)r.records, r.records == 1 ? "" : "s",
	    (unsigned long long)r.changesets, r.changesets == 1 ? "" : "s");
	return SAKSI_OK;
}

const struct cli_command cmd_reindex = {
    .name = "reindex",
    .usage = "",
    .brief = "make the search index anew",
    .help =
	"Makes everything that is looked up anew from the records and the log, for when\n"
	"`saksi verify` says that the index is damaged or does not fit them. Others may\n"
	"read and write meanwhile, and find everything, unless the old index cannot be\n"
	"read at all: then the vault can be used once this is done. Stopped at any\n"
	"moment, it goes on with the next `saksi reindex`.",
    .example = "saksi reindex",
    .flags = CMD_WRITES,
    .max_args = 0,
    .run = run,
};
