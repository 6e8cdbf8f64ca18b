/*
 * saksi - from a command line to an exit code.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi_paths.h>

#include <saksi/base/give_back.h>
#include <saksi/base/mpjson.h>
#include <saksi/base/text.h>

#include "help.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "signals.h"

/* Exit codes, in one place. */
static int exit_code(enum saksi_err rc)
{
	switch (rc) {
	case SAKSI_OK:
		return 0;
	case SAKSI_EINVAL:
		return 2;
	case SAKSI_EAUTH:
	case SAKSI_EDAMAGED:
	case SAKSI_ELOCKED:
		return 3;
	case SAKSI_ENOTFOUND:
		return 4;
	case SAKSI_EREFUSED:
		return 5;
	case SAKSI_EPARTIAL:
		return 6;
	case SAKSI_EEXIST:
	case SAKSI_EFORMAT:
	case SAKSI_ENEWER:
	case SAKSI_ELIMIT:
	case SAKSI_EBUSY:
	case SAKSI_ENOMEM:
	case SAKSI_EIO:
		return 1;
	}
	return 1;
}

/* A vault's file must never become descriptor 1 and be printed into. */
static bool standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

static enum saksi_err show_help(struct cli *c)
{
	if (c->command != NULL)
		help_command(stdout, c->command);
	else if (c->family[0] != '\0')
		help_family(stdout, c->family);
	else
		help_program(stdout);
	return SAKSI_OK;
}

static enum saksi_err no_command(struct cli *c)
{
	if (c->family[0] == '\0') {
		help_short(stderr);
		return SAKSI_EINVAL;
	}
	help_family(stderr, c->family);
	return saksi_fail(&c->err, SAKSI_EINVAL, "%s: which of these?", c->family);
}

static enum saksi_err run(struct cli *c, int argc, char **argv)
{
	enum saksi_err rc = cli_parse(c, argc, argv);

	if (rc != SAKSI_OK)
		return rc;
	if (c->want_version) {
		(void)puts("saksi " SAKSI_VERSION);
		return SAKSI_OK;
	}
	if (c->want_help)
		return show_help(c);
	if (c->command == NULL)
		return no_command(c);
	return c->command->run(c);
}

/* What was printed must have arrived; a reader that left is no error to talk of. */
static int finish(const struct cli *c, int code)
{
	const bool writes =
	    c->delivered || (c->command != NULL && (c->command->flags & CMD_WRITES) != 0);

	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	if (errno != EPIPE)
		cli_warn("standard output: cannot be written (%s)%s", strerror(errno),
		    code == 0 && writes ? "; all else was done" : "");
	return code != 0 ? code : 1;
}

/*
 * What only shows something goes on without the memory it lacks.  Then an answer
 * is not whole and no success; a change that was made stays one.
 */
static enum saksi_err check_memory(struct cli *c)
{
	if (!memory_has_run_out())
		return SAKSI_OK;
	if (!c->delivered && (c->command == NULL || (c->command->flags & CMD_WRITES) == 0))
		return saksi_fail_nomem(&c->err);
	cli_warn("memory: the system had no more to give; all was done, but what was "
		 "printed may lack something");
	return SAKSI_OK;
}

int main(int argc, char **argv)
{
	static const char no_null[] = "saksi: /dev/null: cannot be opened\n";
	struct cli c = {.passphrase_fd = -1};
	enum saksi_err rc;

	if (!standard_descriptors()) {
		(void)!write(STDERR_FILENO, no_null, sizeof(no_null) - 1);
		return 1;
	}
	(void)umask(077);
	signals_install();
	process_give_back();
	json_wiping_alloc();
	text_wiping_alloc();
	rc = process_harden(&c.err);
	if (rc == SAKSI_OK)
		rc = run(&c, argc, argv);
	if (rc == SAKSI_OK && c.unread.code != SAKSI_OK) {
		c.err = c.unread;
		rc = c.unread.code;
	}
	if (rc == SAKSI_OK)
		rc = check_memory(&c);
	progress_end();
	cli_close(&c);
	text_end_thread();
	if (rc != SAKSI_OK && c.err.msg[0] != '\0')
		cli_warn("%s", c.err.msg);
	return finish(&c, exit_code(rc));
}
