/* verify: every value, chain, signature and count. */
#include "cli.h"

static const struct cli_option options[] = {
    {"deep", 0, false, NULL, "also rebuild every record from the log and compare"},
    {NULL, 0, false, NULL, NULL},
};

struct faults {
	struct cli *c;
	size_t n;
	json_t *list;
};

static void on_fault(void *ctx, const char *words)
{
	struct faults *f = ctx;

	f->n++;
	if (f->c->json)
		arr_add(&f->list, json_string(words));
	else
		cli_warn("%s", words);
}

/* A vault whose membership can't be read is still checked, without signatures. */
static void load_team(struct cli *c, struct faults *f)
{
	struct saksi_error err = {0};

	if (saksi_team_load(&c->team, c->vault, &err) != SAKSI_OK)
		on_fault(f, err.msg);
}

static enum saksi_err finish(struct cli *c, struct faults *f, enum saksi_err rc)
{
	json_t *o = NULL;

	if (rc == SAKSI_OK && f->n > 0)
		rc = saksi_fail(&c->err, SAKSI_EDAMAGED, "vault: damaged");
	if (rc == SAKSI_EDAMAGED || rc == SAKSI_EAUTH)
		rc = saksi_fail(&c->err, SAKSI_EDAMAGED,
		    "vault: %zu fault%s found; copy what can still be read (`saksi export "
		    "ndjson`) and sync with another device",
		    f->n, f->n == 1 ? "" : "s");
	if (c->json && (rc == SAKSI_OK || rc == SAKSI_EDAMAGED)) {
		o = json_object();
		obj_set(&o, "ok", json_boolean(rc == SAKSI_OK));
		obj_set(&o, "faults", json_incref(f->list));
		if (cli_out_json(c, o) != SAKSI_OK)
			return c->err.code;
	} else if (rc == SAKSI_OK) {
		cli_say(c, "No fault found.");
	}
	return rc;
}

static enum saksi_err run(struct cli *c)
{
	struct faults f = {c, 0, NULL};
	enum saksi_err rc = cli_open_vault(c, false);

	if (rc != SAKSI_OK)
		return rc;
	f.list = json_array();
	load_team(c, &f);
	rc = saksi_vault_verify(c->vault, cli_flag(c, "deep"),
	    c->team != NULL ? saksi_team_device_key : NULL, c->team, on_fault, &f,
	    &c->err);
	if (rc != SAKSI_OK && f.n == 0)
		on_fault(&f, c->err.msg);
	rc = finish(c, &f, rc);
	json_decref(f.list);
	return rc;
}

const struct cli_command cmd_verify = {
    .name = "verify",
    .usage = "[--deep]",
    .brief = "check the vault for damage",
    .help = "Checks every value, every chain of changes and every signature, and prints\n"
	    "each fault. Exit code 3 if there is any. With --deep every record is also\n"
	    "made anew from the log and compared.",
    .example = "saksi verify --deep",
    .options = options,
    .max_args = 0,
    .run = run,
};
