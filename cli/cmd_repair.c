/* repair: what is genuine of a damaged vault, into a fresh one. */
#include <string.h>

#include <saksi/store/repair.h>

#include "open.h"
#include "options.h"
#include "output.h"
#include "passphrase.h"
#include "progress.h"
#include "terminal.h"

static const struct cli_option options[] = {
    {"to", 0, false, "DIR", "the folder in which the fresh vault is made"},
    {NULL, 0, false, NULL, NULL},
};

struct repairing {
	struct cli *c;
	struct saksi_repair *r;
	json_t *lost;
	size_t faults; /* of the fresh vault: a fault of saksi's own */
};

static void on_lost(void *ctx, const char *words)
{
	struct repairing *p = ctx;

	arr_add(&p->lost, json_string(words));
	progress_end();
	if (!p->c->json)
		cli_warn("%s", words);
}

static void on_progress(void *ctx, const char *what, size_t done, size_t total)
{
	(void)ctx;
	progress_named(NULL, what, done, total);
}

static void on_fault(void *ctx, const char *words)
{
	struct repairing *p = ctx;

	p->faults++;
	cli_warn("the fresh vault: %s", words);
}

/* The vault says something wrong, rather than this run being short of something. */
static bool is_damage(enum saksi_err rc)
{
	return rc == SAKSI_EDAMAGED || rc == SAKSI_EAUTH || rc == SAKSI_EFORMAT ||
	    rc == SAKSI_ENOTFOUND || rc == SAKSI_ENEWER;
}

static enum saksi_err begin(struct repairing *p, const struct secret *pass, bool anew)
{
	struct cli *c = p->c;
	struct repair_options opt = {.anew = anew,
	    .progress = on_progress,
	    .lost = on_lost,
	    .ctx = p};
	enum saksi_err rc;

	progress_begin(c, "Reading pages");
	rc = saksi_repair_begin(&p->r, c->dir, cli_opt(c, "to"), c->schema, pass, &opt,
	    &c->err);
	progress_end();
	return rc;
}

/*
 * Without this device's keys, or the beginning of the team, no log can be
 * gone on with: the records are then stated by a new device of a new team.
 */
static enum saksi_err team_or_new(struct repairing *p, const struct secret *pass)
{
	struct cli *c = p->c;
	enum saksi_err rc = saksi_team_load(&c->team, saksi_repair_vault(p->r), &c->err);

	if (rc == SAKSI_OK && saksi_team_self(c->team) == NULL) {
		saksi_team_free(&c->team);
		rc = SAKSI_ENOTFOUND;
	}
	if (!is_damage(rc))
		return rc;
	saksi_repair_abort(&p->r);
	json_array_clear(p->lost);
	on_lost(p,
	    "this device's keys or its team's beginning: lost; the records are stated by a new "
	    "device of a new team, and who said what when is lost. Join the old team with a "
	    "fresh vault, if there is one");
	rc = begin(p, pass, true);
	if (rc == SAKSI_OK)
		rc = saksi_team_found(saksi_repair_vault(p->r), "me", "repaired", NULL,
		    NULL, &c->err);
	if (rc == SAKSI_OK)
		rc = saksi_team_load(&c->team, saksi_repair_vault(p->r), &c->err);
	return rc;
}

/* What is made is worth something only if it reads. */
static enum saksi_err check(struct repairing *p)
{
	struct cli *c = p->c;
	enum saksi_err rc = saksi_vault_verify(saksi_repair_vault(p->r), true,
	    saksi_team_device_key, c->team, on_fault, p, &c->err);

	if (rc == SAKSI_OK || p->faults == 0)
		return rc;
	return saksi_fail(&c->err, SAKSI_EIO,
	    "repair: the fresh vault does not verify, so it was not kept; the old one is as it was; "
	    "copy both data.mdb and keys away and report this");
}

static enum saksi_err finish(struct repairing *p)
{
	struct cli *c = p->c;
	struct repair_report rep;
	json_t *o;
	enum saksi_err rc;

	saksi_team_free(&c->team);
	rc = saksi_repair_end(&p->r, &rep, &c->err);
	if (rc != SAKSI_OK)
		return rc;
	if (c->json) {
		o = json_object();
		obj_text(&o, "vault", cli_opt(c, "to"));
		obj_int(&o, "records", rep.records);
		obj_int(&o, "restated", rep.restated);
		obj_int(&o, "changes", rep.changes);
		obj_int(&o, "pending", rep.pending);
		obj_int(&o, "missing", rep.missing);
		obj_int(&o, "held", rep.held);
		obj_int(&o, "settings", rep.settings);
		obj_set(&o, "lost", json_incref(p->lost));
		rc = cli_out_json(c, o);
		if (rc != SAKSI_OK)
			return rc;
	}
	cli_say(c, "Saved %zu record%s and %zu change%s into %s.", rep.records,
	    rep.records == 1 ? "" : "s", rep.changes, rep.changes == 1 ? "" : "s",
	    cli_opt(c, "to"));
	if (rep.restated > 0)
		cli_say(c, "%zu of the records were stated once more by this device.",
		    rep.restated);
	if (rep.pending > 0)
		cli_say(c,
		    "%zu changes wait for lost ones; a colleague's device may bring these.",
		    rep.pending);
	cli_say(c, "The old folder is as it was. Keep it until a colleague has synced.");
	if (json_array_size(p->lost) == 0)
		return SAKSI_OK;
	return saksi_fail(&c->err, SAKSI_EDAMAGED,
	    "repair: not everything could be saved (%zu line%s above); sync with another device, or "
	    "look for an older copy of the folder",
	    json_array_size(p->lost), json_array_size(p->lost) == 1 ? "" : "s");
}

static enum saksi_err work(struct repairing *p, const struct secret *pass)
{
	enum saksi_err rc = begin(p, pass, false);

	if (rc == SAKSI_OK)
		rc = team_or_new(p, pass);
	if (rc == SAKSI_OK)
		rc = saksi_repair_records(p->r, &p->c->err);
	if (rc == SAKSI_OK)
		rc = check(p);
	return rc == SAKSI_OK ? finish(p) : rc;
}

/* By the session if the vault is unlocked; its tables are not opened to ask. */
static enum saksi_err with_key(struct repairing *p)
{
	struct cli *c = p->c;
	struct secret *pass = NULL;
	enum saksi_err rc;

	if (c->passphrase_fd < 0) {
		rc = work(p, NULL);
		if (rc != SAKSI_ELOCKED)
			return rc;
		if (!term_there())
			return saksi_fail(&c->err, SAKSI_ELOCKED,
			    "vault: it is locked and there is no terminal to ask on; use "
			    "--passphrase-fd N");
	}
	rc = pass_current(c, &pass);
	if (rc == SAKSI_OK)
		rc = work(p, pass);
	secret_free(&pass);
	return rc;
}

static enum saksi_err run(struct cli *c)
{
	struct repairing p = {.c = c};
	enum saksi_err rc;

	if (cli_opt(c, "to") == NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--to: say in which folder the fresh vault is to be made");
	if ((rc = cli_schema(c)) != SAKSI_OK || (rc = cli_dir(c)) != SAKSI_OK)
		return rc;
	if (!saksi_vault_exists(c->dir))
		return saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "%s: there is no vault; say where it is with -C", c->dir);
	if ((p.lost = json_array()) == NULL)
		return saksi_fail_nomem(&c->err);
	rc = with_key(&p);
	if (c->team != NULL)
		saksi_team_free(&c->team);
	saksi_repair_abort(&p.r);
	json_decref(p.lost);
	return rc;
}

const struct cli_command cmd_repair = {
    .name = "repair",
    .usage = "--to DIR",
    .brief = "save what is genuine of a damaged vault into a fresh one",
    .help =
	"Reads every page of the vault (see -C), whatever is wrong with it, and makes a\n"
	"fresh vault in DIR of all that is genuine: the log of changes, and of records\n"
	"whose changes are lost what their own rows say. The same passphrases open it.\n"
	"Each thing that is lost is named; exit code 3 then, 0 if nothing is. The damaged\n"
	"vault is only read. Go on with the fresh one alone: it writes a new log. Where the\n"
	"list of trusted exporters may not be the last one, none is trusted there.",
    .example = "saksi -C ~/cases repair --to ~/cases-saved",
    .options = options,
    .max_args = 0,
    .run = run,
};
