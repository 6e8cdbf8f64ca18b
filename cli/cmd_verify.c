/* verify: every value, chain, signature and count. */
#include <string.h>

#include "open.h"
#include "options.h"
#include "output.h"

static const struct cli_option options[] = {
    {"deep", 0, false, NULL, "also rebuild every record from the log and compare"},
    {NULL, 0, false, NULL, NULL},
};

struct faults {
	struct cli *c;
	size_t n;
	size_t in_keys; /* of these in a copy of the key file */
	json_t *list;	/* each once */
};

/* What to do about damage is said once, at the end. */
static size_t without_advice(const char *words)
{
	static const char *const advice[] = {"; run `saksi verify`",
	    "; go back to a copy"};
	size_t n = strlen(words);

	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		const char *p = strstr(words, advice[i]);

		if (p != NULL && (size_t)(p - words) < n)
			n = (size_t)(p - words);
	}
	return n;
}

static bool is_listed(const struct faults *f, const char *words)
{
	size_t i;
	const json_t *e;

	json_array_foreach (f->list, i, e) {
		if (strcmp(json_string_value(e), words) == 0)
			return true;
	}
	return false;
}

static void on_fault(void *ctx, const char *words)
{
	struct faults *f = ctx;
	char text[sizeof(f->c->err.msg)];

	(void)snprintf(text, sizeof(text), "%.*s", (int)without_advice(words), words);
	/* One bad page is met on many ways. */
	if (is_listed(f, text))
		return;
	f->n++;
	f->in_keys += strstr(text, "of the key slots") != NULL;
	arr_add(&f->list, json_string(text));
	if (!f->c->json)
		cli_warn("%s", text);
}

/* Whether it says something of the vault, or only of this run. */
static bool is_damage(enum saksi_err rc)
{
	return rc == SAKSI_EDAMAGED || rc == SAKSI_EAUTH || rc == SAKSI_EFORMAT ||
	    rc == SAKSI_ENOTFOUND;
}

/* A vault whose membership can't be read is still checked, without signatures. */
static enum saksi_err load_team(struct cli *c, struct faults *f)
{
	enum saksi_err rc = saksi_team_load(&c->team, c->vault, &c->err);

	if (rc == SAKSI_OK || !is_damage(rc))
		return rc;
	on_fault(f, c->err.msg);
	return SAKSI_OK;
}

static enum saksi_err refuse(struct cli *c, const struct faults *f)
{
	if (f->n == f->in_keys)
		return saksi_fail(&c->err, SAKSI_EDAMAGED,
		    "vault: one copy of its key file is damaged; any command that changes a key "
		    "slot writes both anew, such as `saksi key change`");
	return saksi_fail(&c->err, SAKSI_EDAMAGED,
	    "vault: %zu fault%s found; `saksi repair --to DIR` saves what is whole; sync with "
	    "another device, or go back to a copy",
	    f->n, f->n == 1 ? "" : "s");
}

static enum saksi_err finish(struct cli *c, struct faults *f, enum saksi_err rc)
{
	json_t *o = NULL;

	if (is_damage(rc) && f->n == 0)
		on_fault(f, c->err.msg);
	if (f->n > 0 && (rc == SAKSI_OK || is_damage(rc)))
		rc = refuse(c, f);
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
	struct faults f = {.c = c};
	enum saksi_err rc = cli_open_vault(c, false);

	/* Damage that keeps the tables from being opened at all is a fault as well. */
	if (rc != SAKSI_OK && (rc != SAKSI_EDAMAGED || c->err.msg[0] == '\0'))
		return rc;
	f.list = json_array();
	if (f.list == NULL)
		return saksi_fail_nomem(&c->err);
	if (rc == SAKSI_OK)
		rc = load_team(c, &f);
	if (rc == SAKSI_OK)
		rc = saksi_vault_verify(c->vault, cli_flag(c, "deep"),
		    c->team != NULL ? saksi_team_device_key : NULL, c->team, on_fault, &f,
		    &c->err);
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
