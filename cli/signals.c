/*
 * What an interrupted command leaves behind: nothing.  The terminal gets its
 * echo back, the temporary file of an unfinished output goes; the open
 * transaction dies with the process.  Only async-signal-safe calls here.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "signals.h"

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

/* No random numbers: no key, no nonce, and nothing that could be written safely. */
static void on_misuse(void)
{
	static const char words[] =
	    "saksi: cryptography: the system's random numbers cannot be read; the command was "
	    "stopped; restart this computer and try again\n";

	if (terminal >= 0)
		(void)tcsetattr(terminal, TCSAFLUSH, &terminal_was);
	if (unfinished != NULL)
		(void)unlink(unfinished);
	while (write(STDERR_FILENO, words, sizeof(words) - 1) < 0 && errno == EINTR)
		;
	_exit(1);
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
	/* A reader that went away shows as EPIPE, a file at its size limit as EFBIG. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	process_on_misuse(on_misuse);
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

void signals_unfinished(const char *path)
{
	unfinished = path;
}
