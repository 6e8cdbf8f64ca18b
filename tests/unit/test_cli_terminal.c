/*
 * Asking for a passphrase on a real terminal: no echo, and the echo comes back
 * whatever ends the question.  Each test is a child with a pseudo-terminal of
 * its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "signals.h"
#include "terminal.h"
#include "test.h"

#define TYPED "typed in the dark"

struct tty {
	int master, slave; /* the slave is kept open, so that its settings can be read */
	pid_t child;
	char seen[4096];
	size_t n;
};

/* A shell's background jobs, tests among them, ignore some signals. */
static void default_signals(void)
{
	static const int all[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		(void)signal(all[i], SIG_DFL);
}

static void begin(struct tty *t, int (*fn)(void))
{
	memset(t, 0, sizeof(*t));
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t->master >= 0);
	assert_int_equal(grantpt(t->master), 0);
	assert_int_equal(unlockpt(t->master), 0);
	t->slave = open(ptsname(t->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t->slave >= 0);
	t->child = fork();
	assert_true(t->child >= 0);
	if (t->child == 0) {
		(void)setsid();
		if (ioctl(t->slave, TIOCSCTTY, 0) != 0)
			_exit(97);
		default_signals();
		signals_install();
		(void)alarm(20);
		_exit(fn());
	}
}

/* Read until ${text} was shown; fails after ten seconds. */
static void wait_for(struct tty *t, const char *text)
{
	struct pollfd p = {t->master, POLLIN, 0};

	while (strstr(t->seen, text) == NULL) {
		ssize_t k;

		if (poll(&p, 1, 10000) <= 0)
			fail_msg("the terminal never showed: %s", text);
		k = read(t->master, t->seen + t->n, sizeof(t->seen) - 1 - t->n);
		assert_true(k > 0);
		t->n += (size_t)k;
		t->seen[t->n] = '\0';
	}
}

static void type(struct tty *t, const char *text)
{
	assert_int_equal(write(t->master, text, strlen(text)), (ssize_t)strlen(text));
}

static bool echoes(const struct tty *t)
{
	struct termios now;

	assert_int_equal(tcgetattr(t->slave, &now), 0);
	return (now.c_lflag & ECHO) != 0;
}

static int end(struct tty *t)
{
	int status = 0;

	assert_int_equal(waitpid(t->child, &status, 0), t->child);
	assert_true(echoes(t));
	assert_null(strstr(t->seen, TYPED));
	(void)close(t->master);
	(void)close(t->slave);
	return status;
}

/* ---- what the children do ----------------------------------------------------- */

static int ask_secret(void)
{
	struct secret *s = NULL;
	struct saksi_error err;
	int code = 1;

	if (term_secret(&s, "Secret: ", &err) == SAKSI_OK)
		code = secret_len(s) == strlen(TYPED) &&
			memcmp(secret_view(s), TYPED, strlen(TYPED)) == 0
		    ? 0
		    : 2;
	secret_free(&s);
	return secret_live() == 0 ? code : 3;
}

static int ask_yes(void)
{
	return term_yes("Go on?", false) ? 0 : 1;
}

static int ask_yes_by_default(void)
{
	return term_yes("Go on?", true) ? 0 : 1;
}

static int ask_line(void)
{
	struct buf b = BUF_INIT;
	int code = 1;

	if (term_line(&b, "Name [me]: ", "me", NULL) == SAKSI_OK)
		code = strcmp(buf_cstr(&b), "me") == 0 ? 0 : 2;
	buf_free(&b);
	return code;
}

static int ask_evil(void)
{
	return term_yes("A\033[2J\xe2\x80\xae?", false) ? 0 : 1;
}

/* ---- tests --------------------------------------------------------------------- */

static void reads_without_echo(void **state)
{
	struct tty t;

	(void)state;
	begin(&t, ask_secret);
	wait_for(&t, "Secret: ");
	assert_false(echoes(&t));
	type(&t, TYPED "\n");
	wait_for(&t, "\n");
	assert_int_equal(end(&t), 0);
}

static void refuses_nothing_and_too_much(void **state)
{
	struct tty t;
	char more[300];

	(void)state;
	begin(&t, ask_secret);
	wait_for(&t, "Secret: ");
	type(&t, "\n");
	assert_int_equal(WEXITSTATUS(end(&t)), 1);

	begin(&t, ask_secret);
	wait_for(&t, "Secret: ");
	memset(more, 'x', sizeof(more) - 1);
	more[sizeof(more) - 1] = '\0';
	/* A line of a terminal holds 4095 bytes; ours ends at 1024. */
	for (int i = 0; i < 5; i++)
		type(&t, more);
	type(&t, "\n");
	assert_int_equal(WEXITSTATUS(end(&t)), 1);
}

static void end_of_file_is_no_passphrase(void **state)
{
	struct tty t;

	(void)state;
	begin(&t, ask_secret);
	wait_for(&t, "Secret: ");
	type(&t, "\004");
	assert_int_equal(WEXITSTATUS(end(&t)), 1);
}

static void signals_bring_the_echo_back(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct tty t;

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int status;

		begin(&t, ask_secret);
		wait_for(&t, "Secret: ");
		assert_false(echoes(&t));
		if (signals[i] == SIGINT)
			type(&t, "\003");
		else
			assert_int_equal(kill(t.child, signals[i]), 0);
		status = end(&t);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
	}
}

static void a_stop_waits(void **state)
{
	struct tty t;

	(void)state;
	begin(&t, ask_secret);
	wait_for(&t, "Secret: ");
	assert_int_equal(kill(t.child, SIGTSTP), 0);
	type(&t, TYPED "\n");
	wait_for(&t, "\n");
	assert_int_equal(end(&t), 0);
}

static void yes_and_no(void **state)
{
	static const struct {
		const char *typed;
		int no_default, yes_default;
	} cases[] = {{"y\n", 0, 0}, {"Yes\n", 0, 0}, {"n\n", 1, 1}, {"NO\n", 1, 1},
	    {"\n", 1, 0}};
	struct tty t;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&t, ask_yes);
		wait_for(&t, "Go on? [y/N] ");
		type(&t, cases[i].typed);
		assert_int_equal(WEXITSTATUS(end(&t)), cases[i].no_default);
		begin(&t, ask_yes_by_default);
		wait_for(&t, "Go on? [Y/n] ");
		type(&t, cases[i].typed);
		assert_int_equal(WEXITSTATUS(end(&t)), cases[i].yes_default);
	}
	begin(&t, ask_yes);
	wait_for(&t, "[y/N] ");
	type(&t, "perhaps\n");
	wait_for(&t, "Please answer y or n.");
	type(&t, "y\n");
	assert_int_equal(WEXITSTATUS(end(&t)), 0);
}

static void an_empty_line_is_the_default(void **state)
{
	struct tty t;

	(void)state;
	begin(&t, ask_line);
	wait_for(&t, "Name [me]: ");
	type(&t, "\n");
	assert_int_equal(WEXITSTATUS(end(&t)), 0);
}

static void questions_are_escaped(void **state)
{
	struct tty t;

	(void)state;
	begin(&t, ask_evil);
	wait_for(&t, "[y/N] ");
	assert_null(strchr(t.seen, '\033'));
	assert_null(strstr(t.seen, "\xe2\x80\xae"));
	type(&t, "n\n");
	assert_int_equal(WEXITSTATUS(end(&t)), 1);
}

/* In a session of its own there is no terminal to ask on. */
static void without_a_terminal(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct secret *s = NULL;

		(void)setsid();
		_exit(!term_there() && term_secret(&s, "", NULL) == SAKSI_EAUTH ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_without_echo),
    cmocka_unit_test(refuses_nothing_and_too_much),
    cmocka_unit_test(end_of_file_is_no_passphrase),
    cmocka_unit_test(signals_bring_the_echo_back),
    cmocka_unit_test(a_stop_waits),
    cmocka_unit_test(yes_and_no),
    cmocka_unit_test(an_empty_line_is_the_default),
    cmocka_unit_test(questions_are_escaped),
    cmocka_unit_test(without_a_terminal),
};

TEST_MAIN(tests, setup_hardened, NULL)
