/* spawn.c - from this process to a fresh one that has nothing of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runner.h"

/* All that the child needs, made before the fork: after it nothing allocates. */
struct child {
	const char *program;
	char *const *argv;
	int null, in, out, plugin;
	pid_t parent;
};

static void say_and_end(int fd, int why)
{
	uint8_t frame[FRAME_HEAD + 4] = {FRAME_NOEXEC, 4, 0, 0, 0};
	le32_put(frame + FRAME_HEAD, (uint32_t)why);
	(void)!write(fd, frame, sizeof frame);
	_exit(1);
}

static void reset_signals(void)
{
	struct sigaction a;
	sigset_t none;
	memset(&a, 0, sizeof a);
	a.sa_handler = SIG_DFL;
	for (int s = 1; s < NSIG; s++)
		(void)sigaction(s, &a, NULL); /* not possible for a few of them */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_main(const struct child *c)
{
	static char lang[] = "LC_ALL=C", zone[] = "TZ=UTC0";
	char *const env[] = {lang, zone, NULL};
	int from[6] = {c->null, c->null, c->null, c->in, c->out, c->plugin};

	/* First out of the way, so that no dup2() closes what a later one needs. */
	for (int i = 0; i < 6; i++)
		from[i] = fcntl(from[i], F_DUPFD, 16);
	for (int i = 0; i < 6; i++)
		if (from[i] < 0 || dup2(from[i], i) < 0)
			say_and_end(c->out, errno);
	if (syscall(SYS_close_range, (unsigned)RUNNER_FD_FREE, ~0u, 0u) != 0)
		say_and_end(RUNNER_FD_OUT, errno);
	reset_signals();
	if (setsid() < 0 || chdir("/") != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		say_and_end(RUNNER_FD_OUT, errno);
	if (getppid() != c->parent)
		_exit(1);
	execve(c->program, c->argv, env);
	say_and_end(RUNNER_FD_OUT, errno);
}

static enum saksi_err fork_child(struct runner *r, int in, int out,
    struct saksi_error *err)
{
	static char modes[2][9] = {"run", "describe"};
	char program[] = "saksi-runner", numbers[4][24];
	const uint64_t values[4] = {(uint64_t)getpid(),
	    (r->setup.timeout_ms + 999u) / 1000u + 1u, r->setup.max_memory,
	    r->setup.max_out};
	char *argv[RUNNER_ARGS + 1] = {program, modes[r->setup.describe]};
	for (int i = 0; i < 4; i++) {
		snprintf(numbers[i], sizeof numbers[i], "%llu",
		    (unsigned long long)values[i]);
		argv[2 + i] = numbers[i];
	}
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return saksi_fail_sys(err, "/dev/null");
	const struct child c = {r->setup.program, argv, null, in, out, r->setup.plugin_fd,
	    getpid()};
	pid_t pid = fork();
	if (pid == 0)
		child_main(&c);
	enum saksi_err rc = SAKSI_OK;
	if (pid < 0)
		rc = saksi_fail_sys(err, "starting a process for the exporter");
	close(null);
	r->pid = pid;
	return rc;
}

enum saksi_err spawn_runner(struct runner *r, struct saksi_error *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	enum saksi_err rc;

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
	    fcntl(in[1], F_SETFL, O_NONBLOCK) != 0) {
		rc = saksi_fail_sys(err, "making a pipe to the exporter");
		goto fail;
	}
	rc = fork_child(r, in[0], out[1], err);
	if (rc != SAKSI_OK)
		goto fail;
	close(in[0]);
	close(out[1]);
	r->to = in[1];
	r->from = out[0];
	return SAKSI_OK;
fail:
	for (int i = 0; i < 2; i++) {
		if (in[i] >= 0)
			close(in[i]);
		if (out[i] >= 0)
			close(out[i]);
	}
	return rc;
}
