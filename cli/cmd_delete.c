/* delete, undelete: hide a record, and show it again.  Nothing is lost. */
#include <string.h>

#include "change.h"
#include "links.h"
#include "options.h"
#include "output.h"

#define REASON_BYTES 2000u

static const struct cli_option options[] = {
    {"reason", 0, false, "TEXT", "why; kept in the history (required)"},
    {NULL, 0, false, NULL, NULL},
};

/* An act belongs to its event; without the event it would tell nothing. */
static enum saksi_err check_acts(struct change *ch)
{
	struct links l = {0};
	const struct link *list;
	size_t n;
	size_t acts = 0;
	enum saksi_err rc;

	if (strcmp(ch->r->type, "event") != 0)
		return SAKSI_OK;
	rc = links_load(ch->c, &l);
	if (rc == SAKSI_OK)
		rc = links_to(&l, &ch->id, &list, &n);
	if (rc != SAKSI_OK) {
		links_free(&l);
		return rc;
	}
	for (size_t i = 0; i < n; i++)
		acts += strcmp(list[i].type, "act") == 0 &&
		    strcmp(list[i].field, "event") == 0;
	links_free(&l);
	if (acts == 0)
		return SAKSI_OK;
	return saksi_fail(&ch->c->err, SAKSI_EREFUSED,
	    "event: %zu act%s belong%s to it; delete or move those first (`saksi timeline` "
	    "shows them)",
	    acts, acts == 1 ? "" : "s", acts == 1 ? "s" : "");
}

/* What still names it goes on showing the name: somebody asked for it to be gone. */
static void warn_links(struct change *ch)
{
	struct links l = {0};
	const struct link *list;
	size_t n = 0;

	if (links_load(ch->c, &l) != SAKSI_OK ||
	    links_to(&l, &ch->id, &list, &n) != SAKSI_OK)
		n = 0;
	links_free(&l);
	if (n > 0)
		cli_warn("%zu other record%s still refer%s to it and show%s its name, marked "
			 "as deleted; see `saksi list ref:ID`, and change them if the name "
			 "must go",
		    n, n == 1 ? "" : "s", n == 1 ? "s" : "", n == 1 ? "s" : "");
}

static enum saksi_err run_delete(struct cli *c)
{
	const char *reason = cli_opt(c, "reason");
	struct change ch;
	bool wrote = false;
	enum saksi_err rc;

	if (reason == NULL || reason[0] == '\0')
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "delete: needs --reason TEXT, which colleagues will see");
	rc = cli_check_text(c, "--reason", reason, REASON_BYTES);
	if (rc != SAKSI_OK)
		return rc;
	rc = change_begin(&ch, c, c->args[0]);
	if (rc == SAKSI_OK && ch.r->state == RECORD_DELETED)
		rc = saksi_fail(&c->err, SAKSI_ENOTFOUND, "%s: is deleted already",
		    c->args[0]);
	if (rc == SAKSI_OK)
		rc = check_acts(&ch);
	if (rc == SAKSI_OK)
		warn_links(&ch);
	if (rc == SAKSI_OK)
		rc = saksi_draft_delete(ch.draft, &ch.id, reason, &c->err);
	if (rc == SAKSI_OK)
		rc = change_commit(&ch, &wrote);
	if (rc == SAKSI_OK)
		rc = change_report(&ch, "deleted");
	change_end(&ch);
	return rc;
}

const struct cli_command cmd_delete = {
    .name = "delete",
    .usage = "ID --reason TEXT",
    .brief = "hide a record; its history stays",
    .help =
	"The record is no longer listed, searched or exported, here and after a sync on\n"
	"other devices. Its content and history stay in the vault; `undelete` brings it\n"
	"back. An event with acts is refused. What still names it goes on showing the\n"
	"name, marked as deleted; nothing new can name it. `list --deleted` shows what was\n"
	"deleted.",
    .example = "saksi delete 4g7k2m9q --reason 'entered twice'",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .flags = CMD_WRITES,
    .run = run_delete,
};

static enum saksi_err run_undelete(struct cli *c)
{
	struct change ch;
	bool wrote = false;
	enum saksi_err rc = change_begin(&ch, c, c->args[0]);

	if (rc == SAKSI_OK && ch.r->state != RECORD_DELETED && !ch.r->delete_conflict)
		rc = saksi_fail(&c->err, SAKSI_EEXIST, "%s: is not deleted", c->args[0]);
	if (rc == SAKSI_OK)
		rc = saksi_draft_undelete(ch.draft, &ch.id, &c->err);
	if (rc == SAKSI_OK)
		rc = change_commit(&ch, &wrote);
	if (rc == SAKSI_OK)
		rc = change_report(&ch, "undeleted");
	change_end(&ch);
	return rc;
}

const struct cli_command cmd_undelete = {
    .name = "undelete",
    .usage = "ID",
    .brief = "bring a deleted record back",
    .help =
	"Shows a deleted record again, with everything that it held. Also settles the\n"
	"conflict when one device deleted what another edited.",
    .example = "saksi undelete 4g7k2m9q",
    .min_args = 1,
    .max_args = 1,
    .flags = CMD_WRITES,
    .run = run_undelete,
};
