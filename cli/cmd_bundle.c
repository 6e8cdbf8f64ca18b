/* bundle write | read: exchange by file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "open.h"
#include "options.h"
#include "outfile.h"
#include "output.h"
#include "progress.h"
#include "summary.h"

static const struct cli_option write_options[] = {
    {"since-peer", 0, false, "DEVICE", "leave out what this device was seen to have"},
    {"force", 0, false, NULL, "replace FILE if it is there"},
    {NULL, 0, false, NULL, NULL},
};

static enum saksi_err write_to(struct cli *c, int fd, struct sync_summary *s)
{
	const char *peer = cli_opt(c, "since-peer");
	const struct team_device *since = NULL;
	struct sync_options opt;
	enum saksi_err rc = SAKSI_OK;

	if (peer != NULL)
		rc = saksi_team_find(c->team, peer, &since, &c->err);
	if (rc != SAKSI_OK)
		return rc;
	opt = summary_options(c, "writing");
	rc = saksi_bundle_write(c->team, fd, since, &opt, s, &c->err);
	progress_end();
	return rc;
}

static enum saksi_err report_written(struct cli *c, const char *file,
    const struct sync_summary *s, bool pipe)
{
	json_t *warnings = json_object_get(s->detail, "warnings");
	json_t *o;

	if (c->json && !pipe) {
		o = json_object();
		obj_text(&o, "file", file);
		obj_int(&o, "sent", s->sent);
		obj_set(&o, "warnings",
		    warnings != NULL ? json_incref(warnings) : json_array());
		return cli_out_json(c, o);
	}
	if (!pipe)
		cli_say(c,
		    "%s: %zu change%s. Give it to a colleague; it looks like random bytes.",
		    file, s->sent, s->sent == 1 ? "" : "s");
	return SAKSI_OK;
}

static enum saksi_err run_write(struct cli *c)
{
	const char *file = c->args[0];
	bool pipe = strcmp(file, "-") == 0;
	struct fs_out out = FS_OUT_INIT;
	struct sync_summary s;
	enum saksi_err rc;

	if (pipe && isatty(STDOUT_FILENO) == 1)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "bundle write: a bundle is no text for a terminal; name a file");
	sync_summary_init(&s);
	rc = cli_open(c);
	if (rc == SAKSI_OK && !pipe)
		rc = outfile_open(c, &out, file);
	if (rc == SAKSI_OK)
		rc = write_to(c, pipe ? STDOUT_FILENO : out.fd, &s);
	if (rc == SAKSI_OK && !pipe)
		rc = outfile_commit(c, &out);
	if (rc == SAKSI_OK)
		summary_trouble(&s);
	if (rc == SAKSI_OK)
		rc = report_written(c, file, &s, pipe);
	outfile_abort(&out);
	sync_summary_free(&s);
	return rc;
}

const struct cli_command cmd_bundle_write = {
    .name = "bundle write",
    .usage = "FILE|- [--since-peer DEVICE] [--force]",
    .brief = "changes for colleagues, as an encrypted file",
    .help =
	"Writes what others may lack into one encrypted file, for a USB stick, mail or\n"
	"a messenger. Only devices of the team can read it. Without --since-peer it holds\n"
	"everything.",
    .example = "saksi bundle write /media/usb/notes.bin --since-peer office",
    .options = write_options,
    .min_args = 1,
    .max_args = 1,
    .run = run_write,
};

static enum saksi_err read_from(struct cli *c, int fd)
{
	struct sync_options opt;
	struct sync_summary s;
	enum saksi_err rc;

	sync_summary_init(&s);
	opt = summary_options(c, "reading");
	rc = saksi_bundle_read(c->team, fd, &opt, &s, &c->err);
	/* Cut off or altered: what was verified is merged, and said; if there was any. */
	return summary_end(c, NULL, &s, rc,
	    s.received + s.known > 0 ||
		(c->json && (rc == SAKSI_EPARTIAL || s.refused > 0)));
}

static enum saksi_err run_read(struct cli *c)
{
	const char *file = c->args[0];
	int fd = STDIN_FILENO;
	enum saksi_err rc = cli_open(c);

	if (rc != SAKSI_OK)
		return rc;
	if (strcmp(file, "-") != 0)
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return saksi_fail_sys(&c->err, "%s: cannot be read", file);
	rc = read_from(c, fd);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return rc;
}

const struct cli_command cmd_bundle_read = {
    .name = "bundle read",
    .usage = "FILE|-",
    .brief = "take in a colleague's bundle",
    .help =
	"Verifies and merges a bundle, and tells who changed what. The numbers are those\n"
	"by which `list` changes. Reading it again changes nothing. A bundle that was\n"
	"altered, or is not for this team, ends with exit code 3; one that was cut off\n"
	"with 6: what was whole is merged.",
    .example = "saksi bundle read /media/usb/notes.bin",
    .min_args = 1,
    .max_args = 1,
    .flags = CMD_WRITES,
    .run = run_read,
};
