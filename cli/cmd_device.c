/* device request | add | join | list: who is in the team. */
#include <string.h>

#include <saksi/base/text.h>

#include "open.h"
#include "options.h"
#include "outfile.h"
#include "output.h"
#include "signals.h"
#include "terminal.h"

#define CARD_MAX (1u << 20)

static const struct cli_option request_options[] = {
    {"output", 'o', false, "FILE", "where to write the request (required)"},
    {"name", 0, false, "PERSON", "who uses this device; else as given to init"},
    {"device", 0, false, "LABEL", "what it is called; else as given to init"},
    {"force", 0, false, NULL, "replace FILE if it is there"},
    {NULL, 0, false, NULL, NULL},
};

static enum saksi_err need_output(struct cli *c, const char **file)
{
	*file = cli_opt(c, "output");
	if (*file != NULL && (*file)[0] != '\0')
		return SAKSI_OK;
	return saksi_fail(&c->err, SAKSI_EINVAL, "%s: needs -o FILE", c->command->name);
}

/* The words to compare stand on the screen before anything is asked. */
static void say_words(struct cli *c, const char *what, const char *words)
{
	FILE *f = c->json ? stderr : stdout;

	if (c->json && c->yes)
		return;
	(void)fprintf(f, "%s\n\n    ", what);
	out_text(f, words);
	(void)fputs("\n\n", f);
}

/* ---- request ---------------------------------------------------------------------- */

static enum saksi_err run_request(struct cli *c)
{
	const char *person = cli_opt(c, "name");
	const char *label = cli_opt(c, "device");
	const char *file;
	char words[TEAM_WORDS_TEXT];
	struct buf request = BUF_INIT;
	json_t *o;
	enum saksi_err rc = need_output(c, &file);

	if (rc == SAKSI_OK)
		rc = cli_open(c);
	if (rc != SAKSI_OK)
		return rc;
	if (person == NULL)
		person = saksi_team_self(c->team)->person;
	if (label == NULL)
		label = saksi_team_self(c->team)->label;
	rc = saksi_join_request(c->vault, person, label, &request, words, &c->err);
	if (rc == SAKSI_OK)
		rc = outfile_write(c, file, request.p, request.len);
	buf_free(&request);
	if (rc != SAKSI_OK)
		return rc;
	if (c->json) {
		o = json_object();
		obj_text(&o, "file", file);
		obj_text(&o, "words", words);
		return cli_out_json(c, o);
	}
	say_words(c, "The words of this request:", words);
	cli_say(c, "1. Bring %s to an admin's device and run there:", file);
	cli_say(c, "       saksi device add %s --role editor -o welcome", file);
	cli_say(c,
	    "2. Compare the words with what is shown there, by voice or side by side.");
	cli_say(c, "3. Bring the file `welcome` back and run here:");
	cli_say(c, "       saksi device join welcome");
	cli_say(c, "The request is good for 7 days.");
	return SAKSI_OK;
}

const struct cli_command cmd_device_request = {
    .name = "device request",
    .usage = "-o FILE [--name PERSON] [--device LABEL] [--force]",
    .brief = "ask to join a team (on the new device)",
    .help =
	"Writes a join request and prints its fingerprint as words. The vault must be\n"
	"fresh: one with records of its own can't join (export them, join with a fresh\n"
	"vault, import). Asking again replaces the request made before.",
    .example = "saksi device request -o request.bin --name Sokha --device phone",
    .options = request_options,
    .max_args = 0,
    .flags = CMD_WRITES,
    .run = run_request,
};

/* ---- add -------------------------------------------------------------------------- */

static const struct cli_option add_options[] = {
    {"role", 0, false, "ROLE", "admin, editor or reader (required)"},
    {"output", 'o', false, "FILE", "where to write the welcome (required)"},
    {"force", 0, false, NULL, "replace FILE if it is there"},
    {NULL, 0, false, NULL, NULL},
};

static json_t *info_json(const struct join_info *i)
{
	char id[65];
	json_t *o = json_object();

	hex_encode(id, i->device.b, sizeof(i->device.b));
	obj_text(&o, "device", id);
	obj_text(&o, "person", i->person);
	obj_text(&o, "label", i->label);
	obj_text(&o, "role", team_role_name(i->role));
	obj_text(&o, "words", i->words);
	obj_text(&o, "welcome_words", i->welcome_words);
	return o;
}

static enum saksi_err ask_admit(struct cli *c, const struct join_info *i,
    enum team_role role)
{
	char question[480];
	char made[24];

	time_people(made, i->made_us);
	cli_say(c, "%s asks to join with the device \"%s\" (asked %s).", i->person,
	    i->label, made);
	say_words(c, "The words of the request:", i->words);
	(void)snprintf(question, sizeof(question),
	    "Does the new device show the same words, and shall it be %s %s?",
	    role == ROLE_ADMIN || role == ROLE_EDITOR ? "an" : "a", team_role_name(role));
	return cli_ask(c, question);
}

static enum saksi_err check_role(struct cli *c, enum team_role *role)
{
	const char *text = cli_opt(c, "role");

	*role = text != NULL ? team_role_parse(text) : ROLE_NONE;
	if (*role == ROLE_ADMIN || *role == ROLE_EDITOR || *role == ROLE_READER)
		return SAKSI_OK;
	return saksi_fail(&c->err, SAKSI_EINVAL,
	    "device add: needs --role admin, --role editor or --role reader");
}

/*
 * From here on the device is in the team, and the welcome exists only here: its
 * request is used up, but the new device can make another.
 */
static enum saksi_err hand_over(struct cli *c, struct fs_out *out,
    const struct buf *welcome, const char *file)
{
	struct saksi_error why;
	enum saksi_err rc =
	    fs_write_all(out->fd, welcome->p, welcome->len, file, &c->err);

	if (rc == SAKSI_OK)
		rc = outfile_commit(c, out);
	if (rc == SAKSI_OK)
		return rc;
	why = c->err;
	cli_warn("%s", why.msg);
	return saksi_fail(&c->err, rc,
	    "device add: the device was admitted, but its welcome could not be written, so it "
	    "cannot join by this request; run `saksi device request` there again and repeat "
	    "`device add` with the new one (`device list` keeps the unused entry)");
}

static enum saksi_err admit(struct cli *c, const struct buf *request, enum team_role role,
    const char *file, struct join_info *info)
{
	struct buf welcome = BUF_INIT;
	struct fs_out out = FS_OUT_INIT;
	enum saksi_err rc =
	    saksi_join_inspect(c->team, request->p, request->len, info, &c->err);

	/* Before a device is admitted, its welcome must have a place. */
	if (rc == SAKSI_OK)
		rc = outfile_open(c, &out, file);
	if (rc == SAKSI_OK)
		rc = ask_admit(c, info, role);
	signals_block(true);
	if (rc == SAKSI_OK)
		rc = saksi_join_admit(c->team, request->p, request->len, role, &welcome,
		    info, &c->err);
	if (rc == SAKSI_OK)
		rc = hand_over(c, &out, &welcome, file);
	signals_block(false);
	outfile_abort(&out);
	buf_free(&welcome);
	return rc;
}

static enum saksi_err run_add(struct cli *c)
{
	struct buf request = BUF_INIT;
	struct join_info info;
	enum team_role role;
	const char *file;
	json_t *o;
	enum saksi_err rc = need_output(c, &file);

	memset(&info, 0, sizeof(info));
	if (rc == SAKSI_OK)
		rc = check_role(c, &role);
	if (rc == SAKSI_OK)
		rc = fs_read_file(&request, c->args[0], CARD_MAX, &c->err);
	if (rc == SAKSI_OK)
		rc = cli_open(c);
	if (rc == SAKSI_OK)
		rc = admit(c, &request, role, file, &info);
	buf_free(&request);
	if (rc != SAKSI_OK)
		return rc;
	if (c->json) {
		o = info_json(&info);
		obj_text(&o, "file", file);
		return cli_out_json(c, o);
	}
	say_words(c, "The words of the welcome, which the new device must show too:",
	    info.welcome_words);
	cli_say(c, "Bring %s to the new device and run there: saksi device join %s", file,
	    file);
	cli_say(c, "Records follow with `saksi bundle write FILE`, or `saksi sync`.");
	return SAKSI_OK;
}

const struct cli_command cmd_device_add = {
    .name = "device add",
    .usage = "REQUEST --role ROLE -o WELCOME [--force]",
    .brief = "admit a device to the team (on an admin's device)",
    .help =
	"Shows who asks and the words of the request; compare them with the new device,\n"
	"by voice or side by side, before you say yes. Then the device is certified and\n"
	"WELCOME written, which only it can open. An admin may admit devices, an\n"
	"editor change records, a reader only read. No device can be removed from a team\n"
	"in this version.",
    .example = "saksi device add request.bin --role editor -o welcome.bin",
    .options = add_options,
    .min_args = 1,
    .max_args = 1,
    .flags = CMD_WRITES,
    .run = run_add,
};

/* ---- join ------------------------------------------------------------------------- */

static enum saksi_err ask_join(struct cli *c, const struct join_info *i)
{
	char question[360];

	cli_say(c, "%s admits this device to a team of %u as %s.", i->adder, i->devices,
	    team_role_name(i->role));
	say_words(c, "The words of the welcome:", i->welcome_words);
	(void)snprintf(question, sizeof(question),
	    "Does the admin's device show the same words, and shall this vault join?");
	return cli_ask(c, question);
}

static enum saksi_err run_join(struct cli *c)
{
	struct buf welcome = BUF_INIT;
	struct join_info info;
	json_t *o;
	enum saksi_err rc = fs_read_file(&welcome, c->args[0], CARD_MAX, &c->err);

	memset(&info, 0, sizeof(info));
	if (rc == SAKSI_OK)
		rc = cli_open(c);
	if (rc == SAKSI_OK)
		rc = saksi_join_open(c->vault, welcome.p, welcome.len, &info, &c->err);
	if (rc == SAKSI_OK)
		rc = ask_join(c, &info);
	if (rc == SAKSI_OK)
		rc = saksi_join_accept(c->vault, welcome.p, welcome.len, &c->err);
	buf_free(&welcome);
	if (rc != SAKSI_OK)
		return rc;
	if (c->json) {
		o = info_json(&info);
		obj_text(&o, "adder", info.adder);
		obj_int(&o, "devices", info.devices);
		return cli_out_json(c, o);
	}
	cli_say(c, "Joined. Records come with the next bundle or sync.");
	return SAKSI_OK;
}

const struct cli_command cmd_device_join = {
    .name = "device join",
    .usage = "WELCOME",
    .brief = "become part of the team (on the new device)",
    .help =
	"Opens the welcome that answers this device's request, shows its words to be\n"
	"compared with the admin's device, and joins. The vault gives up the team that\n"
	"`init` made.",
    .example = "saksi device join welcome.bin",
    .min_args = 1,
    .max_args = 1,
    .flags = CMD_WRITES,
    .run = run_join,
};

/* ---- list ------------------------------------------------------------------------- */

static enum saksi_err device_json(struct cli *c, const struct team_device *d)
{
	char id[65];
	json_t *o = json_object();

	hex_encode(id, d->id.b, sizeof(d->id.b));
	obj_text(&o, "id", id);
	obj_text(&o, "person", d->person);
	obj_text(&o, "label", d->label);
	obj_text(&o, "role", team_role_name(d->role));
	obj_time(&o, "added", d->added_us);
	obj_set(&o, "self", json_boolean(d->self));
	return cli_out_json(c, o);
}

/* As wide as the longest label, or person, within reason. */
static unsigned widest(const struct team_device *list, size_t n, bool label)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++) {
		const char *s = label ? list[i].label : list[i].person;
		size_t columns = text_columns(s, strlen(s));

		most = columns > most ? columns : most;
	}
	return most < 24 ? (unsigned)most : 24;
}

static enum saksi_err run_list(struct cli *c)
{
	const struct team_device *list;
	size_t n = 0;
	enum saksi_err rc = cli_open(c);

	if (rc != SAKSI_OK)
		return rc;
	list = saksi_team_devices(c->team, &n);
	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		char id[17];
		char added[24];

		if (c->json) {
			rc = device_json(c, &list[i]);
			continue;
		}
		hash_short(id, &list[i].id);
		time_people(added, list[i].added_us);
		(void)printf("%.8s  %-7s  ", id, team_role_name(list[i].role));
		out_cell(stdout, list[i].label, widest(list, n, true));
		(void)fputs("  ", stdout);
		out_cell(stdout, list[i].person, widest(list, n, false));
		(void)printf("  since %s%s\n", added,
		    list[i].self ? "  (this device)" : "");
	}
	return rc;
}

const struct cli_command cmd_device_list = {
    .name = "device list",
    .usage = "",
    .brief = "the devices of the team",
    .help =
	"Each device: the beginning of its id, its role, name, who uses it, since when.",
    .example = "saksi device list",
    .max_args = 0,
    .run = run_list,
};
