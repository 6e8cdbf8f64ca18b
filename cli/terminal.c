/*
 * Asking a person.  Questions go to the terminal itself (/dev/tty), so they
 * work when standard input or output is a file or a pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <saksi/base/text.h>

#include "signals.h"
#include "terminal.h"

static int open_terminal(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool term_there(void)
{
	int fd = open_terminal();

	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

static void put(int fd, const char *s)
{
	size_t n = strlen(s);

	while (n > 0) {
		ssize_t k = write(fd, s, n);

		if (k <= 0)
			return;
		s += k;
		n -= (size_t)k;
	}
}

void term_say(const char *text)
{
	int fd = open_terminal();

	if (fd < 0)
		return;
	put(fd, text);
	put(fd, "\n");
	(void)close(fd);
}

/* Bytes up to the end of the line; -1: end of file before any, -2: too long. */
static int read_line(int fd, char *out, size_t max)
{
	size_t n = 0;
	bool long_line = false;
	char ch;

	for (;;) {
		ssize_t k = read(fd, &ch, 1);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0 && n == 0)
			return -1;
		if (k <= 0 || ch == '\n')
			break;
		if (n < max)
			out[n++] = ch;
		else
			long_line = true;
	}
	wipe(&ch, sizeof(ch));
	return long_line ? -2 : (int)n;
}

static enum saksi_err read_secret(struct secret **out, int fd, struct saksi_error *err)
{
	enum saksi_err rc = secret_new(out, TYPED_MAX, err);
	int n;

	if (rc != SAKSI_OK)
		return rc;
	n = read_line(fd, (char *)secret_bytes(*out), TYPED_MAX);
	if (n > 0) {
		secret_truncate(*out, (size_t)n);
		return SAKSI_OK;
	}
	secret_free(out);
	if (n == -2)
		return saksi_fail(err, SAKSI_EINVAL, "passphrase: longer than %u bytes",
		    TYPED_MAX);
	return saksi_fail(err, SAKSI_EINVAL, "passphrase: none was typed");
}

enum saksi_err term_secret(struct secret **out, const char *prompt,
    struct saksi_error *err)
{
	int fd = open_terminal();
	struct termios was;
	struct termios quiet;
	struct sigaction stop;
	struct sigaction stop_was;
	enum saksi_err rc;

	*out = NULL;
	if (fd < 0)
		return saksi_fail(err, SAKSI_EAUTH,
		    "passphrase: there is no terminal to ask on; use --passphrase-fd N");
	if (tcgetattr(fd, &was) != 0) {
		rc = saksi_fail_sys(err, "passphrase: the terminal cannot be used");
		(void)close(fd);
		return rc;
	}
	/* A stop would leave the shell without echo. */
	memset(&stop, 0, sizeof(stop));
	stop.sa_handler = SIG_IGN;
	(void)sigaction(SIGTSTP, &stop, &stop_was);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	signals_terminal(fd, &was);
	(void)tcsetattr(fd, TCSAFLUSH, &quiet);
	put(fd, prompt);
	rc = read_secret(out, fd, err);
	(void)tcsetattr(fd, TCSAFLUSH, &was);
	signals_terminal(-1, NULL);
	(void)sigaction(SIGTSTP, &stop_was, NULL);
	put(fd, "\n");
	(void)close(fd);
	return rc;
}

enum saksi_err term_line(struct buf *out, const char *prompt, const char *fallback,
    struct saksi_error *err)
{
	char line[TYPED_MAX];
	int fd = open_terminal();
	int n;

	if (fd < 0)
		return saksi_fail(err, SAKSI_EINVAL, "%s there is no terminal to ask on",
		    prompt);
	put(fd, prompt);
	n = read_line(fd, line, sizeof(line));
	(void)close(fd);
	if (n == -2)
		return saksi_fail(err, SAKSI_EINVAL, "%s the answer is too long", prompt);
	if (n > 0)
		buf_add(out, line, (size_t)n);
	else
		buf_add_str(out, fallback);
	wipe(line, sizeof(line));
	return buf_ok(out, err);
}

bool term_yes(const char *question, bool fallback)
{
	struct buf prompt = BUF_INIT;
	struct buf answer = BUF_INIT;
	bool yes = fallback;

	text_printable(&prompt, question, strlen(question), true);
	buf_add_str(&prompt, fallback ? " [Y/n] " : " [y/N] ");
	for (int i = 0; i < 3; i++) {
		const char *a;

		buf_reset(&answer);
		if (term_line(&answer, buf_cstr(&prompt), "", NULL) != SAKSI_OK)
			break;
		a = buf_cstr(&answer);
		if (*a == '\0')
			break;
		if (*a == 'y' || *a == 'Y' || *a == 'n' || *a == 'N') {
			yes = *a == 'y' || *a == 'Y';
			break;
		}
		term_say("Please answer y or n.");
	}
	buf_free(&prompt);
	buf_free(&answer);
	return yes;
}

enum saksi_err cli_ask(struct cli *c, const char *question)
{
	if (c->yes)
		return SAKSI_OK;
	if (!term_there())
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: asks first, and there is no terminal to ask on; add --yes if you mean it",
		    c->command->name);
	(void)fflush(stdout);
	if (term_yes(question, false))
		return SAKSI_OK;
	return saksi_fail(&c->err, SAKSI_EEXIST, "%s: not done, as you wished",
	    c->command->name);
}

bool term_colour(FILE *f)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return (no == NULL || no[0] == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0 && isatty(fileno(f)) == 1;
}

unsigned term_width(FILE *f)
{
	struct winsize ws;

	if (isatty(fileno(f)) != 1)
		return 0;
	if (ioctl(fileno(f), TIOCGWINSZ, &ws) != 0 || ws.ws_col < 20)
		return 80;
	return ws.ws_col;
}

void term_style(FILE *f, const char *sgr)
{
	if (term_colour(f))
		(void)fprintf(f, "\033[%sm", sgr);
}
