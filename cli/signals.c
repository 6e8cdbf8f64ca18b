/*
 * What an interrupted command leaves behind: nothing.  The terminal gets its
 * echo back, the temporary file of an unfinished output goes; the open
 * transaction dies with the process.  Only async-signal-safe calls here.
 */
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define N_ENDS (sizeof(ends) / sizeof(ends[0]))

static volatile sig_atomic_t terminal = -1;
static struct termios terminal_was;
static const char *volatile unfinished;

static void on_end(int sig)
{
	if (terminal >= 0)
		(void)tcsetattr(terminal, TCSAFLUSH, &terminal_was);
	if (unfinished != NULL)
		(void)unlink(unfinished);
	/* SA_RESETHAND: this one is the system's, and says by which signal we ended. */
	(void)raise(sig);
}

void signals_install(void)
{
	struct sigaction sa;
	struct sigaction was;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_end;
	/* A cast of the system's own flag, whose type is unsigned in its header. */
	sa.sa_flags = (int)SA_RESETHAND;
	(void)sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < N_ENDS; i++) {
		/* nohup and background jobs ignore some: leave that so. */
		if (sigaction(ends[i], NULL, &was) == 0 && was.sa_handler == SIG_IGN)
			continue;
		(void)sigaction(ends[i], &sa, NULL);
	}
	/* A reader that went away shows as EPIPE. */
	(void)signal(SIGPIPE, SIG_IGN);
}

void signals_block(bool on)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < N_ENDS; i++)
		(void)sigaddset(&set, ends[i]);
	(void)sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void signals_terminal(int fd, const struct termios *saved)
{
	signals_block(true);
	if (fd >= 0)
		terminal_was = *saved;
	terminal = fd;
	signals_block(false);
}

enum saksi_err outfile_open(struct fs_out *o, const char *path, bool force,
    struct saksi_error *err)
{
	enum saksi_err rc;

	signals_block(true);
	rc = fs_out_open(o, path, force, err);
	if (rc == SAKSI_OK)
		unfinished = o->tmp;
	signals_block(false);
	return rc;
}

enum saksi_err outfile_commit(struct fs_out *o, struct saksi_error *err)
{
	enum saksi_err rc;

	signals_block(true);
	rc = fs_out_commit(o, err);
	fs_out_abort(o);
	unfinished = NULL;
	signals_block(false);
	return rc;
}

void outfile_abort(struct fs_out *o)
{
	signals_block(true);
	if (o->tmp != NULL && unfinished == o->tmp)
		unfinished = NULL;
	fs_out_abort(o);
	signals_block(false);
}

enum saksi_err outfile_write(const char *path, const void *p, size_t n, bool force,
    struct saksi_error *err)
{
	struct fs_out o = FS_OUT_INIT;
	enum saksi_err rc = outfile_open(&o, path, force, err);

	if (rc == SAKSI_OK)
		rc = fs_write_all(o.fd, p, n, path, err);
	if (rc == SAKSI_OK)
		rc = outfile_commit(&o, err);
	outfile_abort(&o);
	return rc;
}
