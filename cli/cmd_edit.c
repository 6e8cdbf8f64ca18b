/* edit: change fields of a record, all in one draft. */
#include "assign.h"
#include "change.h"
#include "open.h"
#include "view.h"

static bool had_name(const struct change *ch)
{
	for (size_t i = 0; i < 2; i++)
		if (ch->type->named[i] != NULL && change_count(ch, ch->type->named[i]) > 0)
			return true;
	return false;
}

/* What this change took from the whole, in the words of add and import. */
static void advise(struct change *ch)
{
	struct schema_faults faults = {0};
	json_t *now = NULL;

	if (!had_name(ch) || cli_begin(ch->c, false) != SAKSI_OK)
		return;
	if (view_get(ch->c, &ch->id, 0, NULL, &now) == SAKSI_OK)
		schema_advise(ch->type, now, 0, &faults);
	cli_abort(ch->c);
	faults_print(&faults, ch->type->name);
	schema_faults_free(&faults);
	json_decref(now);
}

static enum saksi_err run(struct cli *c)
{
	struct change ch;
	bool wrote = false;
	enum saksi_err rc = change_begin_live(&ch, c, c->args[0]);

	if (rc == SAKSI_OK)
		rc = change_apply(&ch, c->args + 1, c->n_args - 1);
	if (rc == SAKSI_OK)
		rc = change_commit(&ch, &wrote);
	if (rc == SAKSI_OK && wrote)
		advise(&ch);
	if (rc == SAKSI_OK)
		rc = change_report(&ch, wrote ? "changed" : "unchanged");
	change_end(&ch);
	return rc;
}

const struct cli_command cmd_edit = {
    .name = "edit",
    .usage = "ID FIELD=VALUE ...",
    .brief = "change a record",
    .help =
	"FIELD=VALUE sets a field; of a list it sets the whole list (give it several\n"
	"times for several values). FIELD+=VALUE adds to a list, FIELD-=VALUE takes from\n"
	"it (a value, or the words that `show` has for it), FIELD= clears. Nothing is\n"
	"overwritten: the history keeps what was there. Nothing is written if any value\n"
	"is faulty. ID is an id, the beginning of one (4 letters or more), or a ref.",
    .example = "saksi edit per-sok-dara citizenship+=TH occupation='union leader'\n"
	       "saksi edit 4g7k2m9q detention.warrant_shown=no date=",
    .min_args = 2,
    .max_args = CMD_ANY_ARGS,
    .flags = CMD_WRITES,
    .run = run,
};
