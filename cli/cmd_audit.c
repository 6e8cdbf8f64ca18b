/* audit: what left the vault, over which objections, and changes to its keys. */
#include <saksi/base/mpjson.h>

#include "open.h"
#include "output.h"
#include "view.h"

struct entry {
	struct cli *c;
	uint64_t n;
};

static enum saksi_err print_json(struct cli *c, const struct log_entry *e,
    const char *what, json_t *details)
{
	json_t *o = json_object();

	obj_time(&o, "at", (int64_t)(e->cs->hlc >> 16) * 1000);
	obj_text(&o, "by", view_device(c, e->branch));
	obj_text(&o, "what", what);
	obj_set(&o, "details", json_incref(details));
	return cli_out_json(c, o);
}

static void print_people(struct cli *c, const struct log_entry *e, const char *what,
    const json_t *details)
{
	struct buf text = BUF_INIT;
	char at[24];

	time_people(at, (int64_t)(e->cs->hlc >> 16) * 1000);
	json_text(&text, details);
	(void)printf("%s  ", at);
	out_text(stdout, view_device(c, e->branch));
	(void)fputs("\n  ", stdout);
	out_text(stdout, what);
	(void)fputs("  ", stdout);
	out_text(stdout, buf_cstr(&text));
	(void)fputc('\n', stdout);
	buf_free(&text);
}

/* [2, str what, map details], FORMAT.md section 5. */
static enum saksi_err print_part(struct entry *en, const struct log_entry *e,
    const struct changeset_part *part, struct saksi_error *err)
{
	struct buf what = BUF_INIT;
	struct mp_reader r;
	const char *p;
	size_t n;
	json_t *details = NULL;
	enum saksi_err rc;

	mp_read_init(&r, part->p, part->len);
	if (mp_read_array(&r) != 3 || mp_read_uint(&r) != PART_AUDIT)
		return SAKSI_OK;
	n = mp_read_str(&r, &p);
	buf_add(&what, p, n);
	rc = buf_ok(&what, err);
	if (rc == SAKSI_OK)
		rc = mpjson_read(&details, &r, err);
	if (rc == SAKSI_OK && en->c->json)
		rc = print_json(en->c, e, buf_cstr(&what), details);
	else if (rc == SAKSI_OK)
		print_people(en->c, e, buf_cstr(&what), details);
	en->n += rc == SAKSI_OK;
	json_decref(details);
	buf_free(&what);
	return rc;
}

static enum saksi_err each(void *ctx, const struct log_entry *e, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (uint32_t i = 0;
	     e->cs->kind == CS_DATA && i < e->cs->n_parts && rc == SAKSI_OK; i++)
		if (e->cs->parts[i].p != NULL)
			rc = print_part(ctx, e, &e->cs->parts[i], err);
	return rc;
}

static enum saksi_err run(struct cli *c)
{
	struct entry en = {c, 0};
	enum saksi_err rc = cli_open(c);

	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	if (rc == SAKSI_OK)
		rc = saksi_log_each(c->txn, 0, each, &en, &c->err);
	if (rc == SAKSI_OK && en.n == 0 && !c->json)
		cli_say(c,
		    "Nothing yet: exports, overrides and changes of keys are noted here.");
	return rc;
}

const struct cli_command cmd_audit = {
    .name = "audit",
    .usage = "",
    .brief = "what was exported, overridden and changed in the keys",
    .help =
	"Lists the audit trail of the team, oldest first: each export, each check that\n"
	"was overridden with its reason, each change of a key slot; when, and by whom.\n"
	"The entries are signed, kept in the log, and travel to the team's devices.",
    .example = "saksi audit",
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
