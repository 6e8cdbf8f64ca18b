/* key list | add passphrase | change | remove: the slots that open the vault. */
#include <string.h>

#include "audit.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "passphrase.h"
#include "terminal.h"

#define LABEL_BYTES 63u

static const char *kind_name(uint8_t kind)
{
	switch (kind) {
	case SLOT_EMPTY:
		return "empty";
	case SLOT_PASSPHRASE:
		return "passphrase";
	case SLOT_RECOVERY:
		return "recovery";
	case SLOT_SHARES:
		return "shares";
	case SLOT_UNFINISHED:
		return "unfinished";
	default:
		return "unknown";
	}
}

/*
 * Key slots are this device's own; that one changed is the team's to know.
 * ${done}: what became of the change.  SAKSI_EPARTIAL is one that holds.
 */
static enum saksi_err audit_slot(struct cli *c, const char *did, unsigned slot,
    enum saksi_err done)
{
	struct saksi_error kept = c->err;
	char why[SAKSI_REASON];
	json_t *o;
	enum saksi_err rc;

	if (done != SAKSI_OK && done != SAKSI_EPARTIAL)
		return done;
	o = json_object();

	obj_text(&o, "did", did);
	obj_int(&o, "slot", slot);
	rc = o == NULL ? saksi_fail_nomem(&c->err) : audit_write(c, "key", o, false);
	json_decref(o);
	if (rc == SAKSI_OK) {
		c->err = kept;
		return done;
	}
	/* The slot is as it was asked for, and whoever typed has to know. */
	if (done == SAKSI_OK)
		return saksi_fail(&c->err, SAKSI_EPARTIAL,
		    "key slot %u: was %s, but the audit trail lacks it (%s)", slot, did,
		    saksi_reason(why, &c->err));
	(void)saksi_reason(why, &c->err);
	return saksi_fail(&c->err, SAKSI_EPARTIAL,
	    "%.*s; and the audit trail lacks it (%s)",
	    (int)(sizeof(kept.msg) - strlen(why) - 40), kept.msg, why);
}

static enum saksi_err report_slot(struct cli *c, const char *did, unsigned slot)
{
	json_t *o;

	if (!c->json) {
		cli_say(c, "Slot %u: %s.", slot, did);
		return SAKSI_OK;
	}
	o = json_object();
	obj_int(&o, "slot", slot);
	obj_text(&o, "did", did);
	return cli_out_json(c, o);
}

/* ---- list ----------------------------------------------------------------------- */

static enum saksi_err list_json(struct cli *c, const struct slot_dir *d)
{
	enum saksi_err rc = SAKSI_OK;

	for (unsigned i = 0; i < KEYRING_SLOTS && rc == SAKSI_OK; i++) {
		json_t *o;

		if (d->slot[i].kind == SLOT_EMPTY)
			continue;
		o = json_object();
		obj_int(&o, "slot", i);
		obj_text(&o, "kind", kind_name(d->slot[i].kind));
		obj_text(&o, "label", d->slot[i].label);
		obj_time(&o, "made", d->slot[i].made_us);
		rc = cli_out_json(c, o);
	}
	return rc;
}

static enum saksi_err run_list(struct cli *c)
{
	struct slot_dir d;
	struct crypto_kdf_cost cost;
	enum saksi_err rc = cli_open_vault(c, false);

	if (rc == SAKSI_OK)
		rc = saksi_vault_slots(c->vault, &d, &cost, &c->err);
	if (rc != SAKSI_OK)
		return rc;
	if (c->json)
		return list_json(c, &d);
	for (unsigned i = 0; i < KEYRING_SLOTS; i++) {
		char made[24];

		if (d.slot[i].kind == SLOT_EMPTY)
			continue;
		time_people(made, d.slot[i].made_us);
		(void)printf("%u  %-10s  %s  ", i, kind_name(d.slot[i].kind), made);
		out_text(stdout, d.slot[i].label);
		(void)fputc('\n', stdout);
	}
	cli_say(c, "Argon2id: %u passes over %llu MiB.", cost.ops,
	    (unsigned long long)(cost.mem >> 20));
	return SAKSI_OK;
}

const struct cli_command cmd_key_list = {
    .name = "key list",
    .usage = "",
    .brief = "the key slots in use",
    .help =
	"Lists the slots that open the vault, and what one guess of a passphrase costs.",
    .example = "saksi key list",
    .max_args = 0,
    .run = run_list,
};

/* ---- add ------------------------------------------------------------------------ */

static const struct cli_option add_options[] = {
    {"label", 0, false, "TEXT", "what the slot is for, such as \"paper in the safe\""},
    {NULL, 0, false, NULL, NULL},
};

static enum saksi_err run_add(struct cli *c)
{
	const char *label = cli_opt(c, "label");
	struct secret *pass = NULL;
	unsigned slot = 0;
	enum saksi_err rc = SAKSI_OK;

	if (label != NULL)
		rc = cli_check_text(c, "--label", label, LABEL_BYTES);
	/* Who finds the vault unlocked must not be able to come back for good. */
	if (rc == SAKSI_OK)
		rc = cli_open_vault(c, true);
	if (rc == SAKSI_OK)
		rc = cli_team(c);
	if (rc == SAKSI_OK)
		rc = pass_new(c, &pass);
	if (rc == SAKSI_OK)
		rc = saksi_vault_slot_add(c->vault, pass,
		    label != NULL ? label : "passphrase", &slot, &c->err);
	secret_free(&pass);
	rc = audit_slot(c, "added", slot, rc);
	return rc == SAKSI_OK ? report_slot(c, "added", slot) : rc;
}

const struct cli_command cmd_key_add = {
    .name = "key add passphrase",
    .usage = "[--label TEXT]",
    .brief = "another passphrase for the vault",
    .help =
	"Adds a passphrase that opens the vault as well. Asks for one that opens it now,\n"
	"also while the vault is unlocked. With --passphrase-fd the first line is a\n"
	"passphrase that opens it now, the second the new one. There are eight slots.",
    .example = "saksi key add passphrase --label 'for the deputy'",
    .options = add_options,
    .max_args = 0,
    .flags = CMD_WRITES,
    .run = run_add,
};

/* ---- change --------------------------------------------------------------------- */

static const struct cli_option change_options[] = {
    {"kdf", 0, false, "LEVEL",
	"also change the cost of guessing; drops all other slots (asks)"},
    {NULL, 0, false, NULL, NULL},
};

static enum saksi_err other_slots(struct cli *c, size_t *n)
{
	struct slot_dir d;
	struct crypto_kdf_cost cost;
	enum saksi_err rc = saksi_vault_slots(c->vault, &d, &cost, &c->err);

	*n = 0;
	for (unsigned i = 0; rc == SAKSI_OK && i < KEYRING_SLOTS; i++)
		*n += d.slot[i].kind != SLOT_EMPTY;
	*n -= *n > 0;
	return rc;
}

static enum saksi_err change_cost(struct cli *c, const struct secret *old,
    const struct secret *pass, const struct crypto_kdf_cost *cost, unsigned *slot)
{
	char question[160];
	size_t others;
	enum saksi_err rc = other_slots(c, &others);

	(void)snprintf(question, sizeof(question),
	    "The new cost holds for the whole key file: %zu other slot%s will be dropped. Go on?",
	    others, others == 1 ? "" : "s");
	if (rc == SAKSI_OK && others > 0)
		rc = cli_ask(c, question);
	if (rc == SAKSI_OK)
		rc = saksi_vault_rekdf(c->vault, old, pass, cost, slot, &c->err);
	return rc;
}

static enum saksi_err run_change(struct cli *c)
{
	struct secret *old = NULL;
	struct secret *pass = NULL;
	struct crypto_kdf_cost cost;
	unsigned slot = 0;
	enum saksi_err rc = SAKSI_OK;

	/* What was asked is understood before anybody types a passphrase. */
	if (cli_opt(c, "kdf") != NULL)
		rc = kdf_level(&cost, cli_opt(c, "kdf"), &c->err);
	if (rc == SAKSI_OK)
		rc = cli_open_kept(c, &old);
	if (rc == SAKSI_OK)
		rc = cli_team(c);
	if (rc == SAKSI_OK)
		rc = pass_new(c, &pass);
	if (rc == SAKSI_OK && cli_opt(c, "kdf") != NULL)
		rc = change_cost(c, old, pass, &cost, &slot);
	else if (rc == SAKSI_OK)
		rc = saksi_vault_slot_change(c->vault, old, pass, &slot, &c->err);
	secret_free(&old);
	secret_free(&pass);
	rc = audit_slot(c, "changed", slot, rc);
	return rc == SAKSI_OK ? report_slot(c, "changed", slot) : rc;
}

const struct cli_command cmd_key_change = {
    .name = "key change",
    .usage = "[--kdf LEVEL]",
    .brief = "another passphrase in place of this one",
    .help =
	"Asks for a passphrase that opens the vault and puts a new one in its slot.\n"
	"With --passphrase-fd: first line the old one, second line the new one.\n"
	"The vault's own key stays: who has an older copy of the file `keys` and knows a\n"
	"passphrase of that time opens that copy and this vault as it is now. Where that\n"
	"may be so, make a new vault: as another device of the team, or with\n"
	"`saksi export ndjson --ceiling S` and `saksi import`.",
    .example = "saksi key change",
    .options = change_options,
    .max_args = 0,
    .flags = CMD_WRITES,
    .run = run_change,
};

/* ---- remove --------------------------------------------------------------------- */

/* What can't be done is said before anybody is asked about it. */
static enum saksi_err check_removable(struct cli *c, unsigned slot)
{
	struct slot_dir d;
	struct crypto_kdf_cost cost;
	bool others = false;
	enum saksi_err rc = saksi_vault_slots(c->vault, &d, &cost, &c->err);

	if (rc == SAKSI_OK && d.slot[slot].kind == SLOT_EMPTY)
		return saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "slot %u: is empty; `saksi key list` shows those in use", slot);
	for (unsigned i = 0; rc == SAKSI_OK && i < KEYRING_SLOTS; i++)
		others = others ||
		    (i != slot && d.slot[i].kind != SLOT_EMPTY &&
			d.slot[i].kind != SLOT_UNFINISHED);
	if (rc == SAKSI_OK && !others && d.slot[slot].kind != SLOT_UNFINISHED)
		rc = saksi_fail(&c->err, SAKSI_EREFUSED,
		    "slot %u: is the last one, and without it nobody could open the vault; add "
		    "another with `saksi key add passphrase`, or put a new passphrase in its "
		    "place with `saksi key change`",
		    slot);
	return rc;
}

static enum saksi_err run_remove(struct cli *c)
{
	unsigned long slot;
	char question[80];
	enum saksi_err rc;

	if (!cli_number(&slot, c->args[0], KEYRING_SLOTS - 1))
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: is not the number of a slot; `saksi key list` shows them",
		    c->args[0]);
	rc = cli_open(c);
	if (rc == SAKSI_OK)
		rc = check_removable(c, (unsigned)slot);
	(void)snprintf(question, sizeof(question),
	    "Slot %lu will not open the vault any more. Go on?", slot);
	if (rc == SAKSI_OK)
		rc = cli_ask(c, question);
	if (rc == SAKSI_OK)
		rc = saksi_vault_slot_remove(c->vault, (unsigned)slot, &c->err);
	rc = audit_slot(c, "removed", (unsigned)slot, rc);
	return rc == SAKSI_OK ? report_slot(c, "removed", (unsigned)slot) : rc;
}

const struct cli_command cmd_key_remove = {
    .name = "key remove",
    .usage = "SLOT",
    .brief = "take a key slot away",
    .help =
	"Overwrites a slot, so that its passphrase does not open the vault any more. The\n"
	"last one can't be removed. An older copy of the file `keys` still opens this vault\n"
	"with the passphrases of its time; `saksi key change --help` says what to do then.",
    .example = "saksi key remove 1",
    .min_args = 1,
    .max_args = 1,
    .flags = CMD_WRITES,
    .run = run_remove,
};
