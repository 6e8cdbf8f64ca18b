/* init: a vault, its first device, its team, and the recovery kit. */
#include <string.h>
#include <unistd.h>

#include "open.h"
#include "options.h"
#include "outfile.h"
#include "output.h"
#include "passphrase.h"
#include "signals.h"
#include "terminal.h"

#define SEED 32u
#define NAME_BYTES 100u

static const struct cli_option options[] = {
    {"name", 0, false, "PERSON", "who uses this device; colleagues see it beside changes"},
    {"device", 0, false, "LABEL", "what this device is called"},
    {"kdf", 0, false, "LEVEL",
	"cost of guessing the passphrase: interactive, moderate (default), sensitive"},
    {"recovery", 0, false, "FILE", "make the recovery kit and write it to FILE"},
    {NULL, 0, false, NULL, NULL},
};

struct init {
	struct buf person, label;
	struct crypto_kdf_cost cost;
	struct secret *pass;
	bool with_root, asking, kit_written, kit_shown;
	struct cli *c;
	struct fs_out kit;
};

static enum saksi_err ask_texts(struct cli *c, struct init *in)
{
	const char *person = cli_opt(c, "name");
	const char *label = cli_opt(c, "device");
	enum saksi_err rc = SAKSI_OK;

	if (person != NULL)
		buf_add_str(&in->person, person);
	else if (in->asking)
		rc = term_line(&in->person,
		    "Your name, as colleagues shall see it [me]: ", "me", &c->err);
	else
		buf_add_str(&in->person, "me");
	if (rc != SAKSI_OK)
		return rc;
	if (label != NULL)
		buf_add_str(&in->label, label);
	else if (in->asking)
		rc = term_line(&in->label,
		    "A name for this device [device-1]: ", "device-1", &c->err);
	else
		buf_add_str(&in->label, "device-1");
	return rc;
}

/* Before anything is made. */
static enum saksi_err check_texts(struct cli *c, struct init *in)
{
	enum saksi_err rc =
	    cli_check_text(c, "--name", buf_cstr(&in->person), NAME_BYTES);

	if (rc == SAKSI_OK)
		rc = cli_check_text(c, "--device", buf_cstr(&in->label), NAME_BYTES);
	return rc;
}

static void kit_text(struct buf *out, const char *words, const char *team)
{
	buf_printf(out,
	    "Recovery kit of the saksi team %s\n\n"
	    "These words are the team's root key, for a later version of saksi. Keep them:\n"
	    "without them a team whose admins' devices are all lost can admit nobody.\n"
	    "They do not open the vault. Keep them on paper, away from every device, and\n"
	    "secret: they stand for the team. saksi kept no copy.\n\n"
	    "    %.47s\n    %s\n",
	    team, words, words + 48);
}

/* Whoever reads may take all day, and a Ctrl-C is then an answer too. */
static void show_kit(const char *text)
{
	signals_block(false);
	term_say("");
	term_say(text);
	while (
	    !term_yes("Have you written the words down? They are shown only now.", false))
		;
	signals_block(true);
}

/*
 * The kit's words: in the file, or on the terminal itself, never in a pipe.
 * Before the team is there: a stop must not leave one whose kit nobody has.
 */
static enum saksi_err hand_over(void *ctx, const struct secret *root,
    const struct saksi_hash *space, struct saksi_error *err)
{
	struct init *in = ctx;
	char words[3 * SEED];
	char team[17];
	struct buf text = BUF_INIT;
	enum saksi_err rc;

	hash_short(team, space);
	words_text(words, secret_view(root), secret_len(root));
	kit_text(&text, words, team);
	wipe(words, sizeof(words));
	rc = buf_ok(&text, err);
	if (rc == SAKSI_OK && in->kit.fd >= 0) {
		rc = fs_write_all(in->kit.fd, text.p, text.len, in->kit.path, err);
		if (rc == SAKSI_OK)
			rc = outfile_commit(in->c, &in->kit);
		signals_block(true);
		in->kit_written = rc == SAKSI_OK;
	} else if (rc == SAKSI_OK) {
		show_kit(buf_cstr(&text));
		in->kit_shown = true;
	}
	buf_free(&text);
	return rc;
}

static enum saksi_err prepare(struct cli *c, struct init *in)
{
	const char *file = cli_opt(c, "recovery");
	enum saksi_err rc = cli_schema(c);

	if (rc == SAKSI_OK)
		rc = cli_dir(c);
	if (rc != SAKSI_OK)
		return rc;
	if (saksi_vault_exists(c->dir))
		return saksi_fail(&c->err, SAKSI_EEXIST,
		    "%s: there is a vault already; choose another folder with -C",
		    c->dir);
	rc = kdf_level(&in->cost, cli_opt(c, "kdf"), &c->err);
	in->asking = c->passphrase_fd < 0 && term_there();
	if (rc == SAKSI_OK)
		rc = ask_texts(c, in);
	if (rc == SAKSI_OK)
		rc = check_texts(c, in);
	if (rc == SAKSI_OK && file != NULL)
		rc = outfile_open(c, &in->kit, file);
	if (rc == SAKSI_OK)
		rc = pass_new(c, &in->pass);
	if (rc != SAKSI_OK)
		return rc;
	in->with_root = file != NULL ||
	    (in->asking &&
		term_yes("Make a recovery kit? It is for a later version of saksi; without it a "
			 "team whose admins' devices are all lost can admit nobody. "
			 "(recommended)",
		    true));
	return SAKSI_OK;
}

/* A vault without its team: as if it had never been, and its recovery kit too. */
static void discard(struct cli *c, const struct init *in)
{
	if (in->kit_written && unlink(cli_opt(c, "recovery")) == 0)
		c->delivered = false;
	if (in->kit_shown)
		cli_warn("the words that were shown are of no use: no vault was made");
	if (c->team != NULL)
		saksi_team_free(&c->team);
	if (c->vault != NULL)
		saksi_vault_discard(&c->vault);
}

/* The vault and its team belong together: a Ctrl-C waits for both. */
static enum saksi_err make(struct cli *c, struct init *in)
{
	enum saksi_err rc;

	signals_block(true);
	rc = saksi_vault_create(&c->vault, c->dir, c->schema, in->pass, &in->cost,
	    &c->err);
	if (rc == SAKSI_OK)
		rc = saksi_team_found(c->vault, buf_cstr(&in->person),
		    buf_cstr(&in->label), in->with_root ? hand_over : NULL, in, &c->err);
	if (rc == SAKSI_OK)
		rc = cli_team(c);
	if (rc != SAKSI_OK)
		discard(c, in);
	signals_block(false);
	return rc;
}

static enum saksi_err report(struct cli *c, const struct init *in)
{
	char team[65];
	json_t *o;

	if (!in->with_root)
		cli_warn(
		    "no recovery kit was made: a team whose admins' devices are all lost can "
		    "admit nobody, in later versions of saksi too");
	if (c->json) {
		o = json_object();
		hex_encode(team, saksi_team_space(c->team)->b, 32);
		obj_text(&o, "vault", c->dir);
		obj_text(&o, "team", team);
		obj_text(&o, "person", saksi_team_self(c->team)->person);
		obj_text(&o, "device", saksi_team_self(c->team)->label);
		obj_set(&o, "recovery", json_boolean(in->with_root));
		return cli_out_json(c, o);
	}
	cli_say(c, "The vault is in %s.", c->dir);
	cli_say(c, "There is no way in without the passphrase: nobody can reset it.");
	cli_say(c,
	    "Next: `saksi unlock` keeps it open for a time, `saksi schema` shows what can "
	    "be recorded.");
	cli_say(c,
	    "To join a colleague's team instead: `saksi device request -o request`.");
	return SAKSI_OK;
}

static enum saksi_err run(struct cli *c)
{
	struct init in = {.person = BUF_INIT,
	    .label = BUF_INIT,
	    .kit = FS_OUT_INIT,
	    .c = c};
	enum saksi_err rc = prepare(c, &in);

	if (rc == SAKSI_OK)
		rc = make(c, &in);
	if (rc == SAKSI_OK)
		rc = report(c, &in);
	outfile_abort(&in.kit);
	secret_free(&in.pass);
	buf_free(&in.person);
	buf_free(&in.label);
	return rc;
}

const struct cli_command cmd_init = {
    .name = "init",
    .usage = "[--name PERSON] [--device LABEL] [--kdf LEVEL] [--recovery FILE]",
    .brief = "make a vault",
    .help =
	"Makes the vault (see -C), this device's keys and a team with this device as\n"
	"its first admin. Asks for a passphrase twice, and whether to make a recovery\n"
	"kit: the team's root key as words to write down. The kit is for a later version\n"
	"of saksi; keep it: without it a team whose admins' devices are all lost can\n"
	"admit nobody. With --passphrase-fd nothing is asked; the kit is then made only\n"
	"with --recovery. A device that is to join a team begins with `init` too, and\n"
	"goes on with `device request`.",
    .example = "saksi -C ~/cases init --name Sokha --device laptop",
    .options = options,
    .max_args = 0,
    .flags = CMD_WRITES,
    .run = run,
};
