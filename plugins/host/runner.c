/* runner.c - feed the runner, take what it says, hold it to its limits. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#define IN_CAP (FRAME_HEAD + FRAME_REPLY_MAX)
#define LOG_LINES_MAX 1000u
#define END_PATIENCE_MS 2000 /* from its last word to its end */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *called(const struct runner *r)
{
	return r->registered ? r->reg.name : "the exporter";
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

enum saksi_err runner_start(struct runner *r, const struct runner_setup *s,
    struct saksi_error *err)
{
	memset(r, 0, sizeof *r);
	r->to = r->from = r->pid = -1;
	r->setup = *s;
	r->deadline = now_ms() + s->timeout_ms;
	r->in = malloc(IN_CAP);
	if (!r->in)
		return saksi_fail_nomem(err);

	/* A runner that dies must not take the program with it. */
	struct sigaction ignore;
	memset(&ignore, 0, sizeof ignore);
	ignore.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &ignore, &r->old_pipe) != 0)
		return saksi_fail_sys(err, "setting a signal's handler");
	r->pipe_ignored = true;
	return spawn_runner(r, err);
}

/* ---- what it says ---------------------------------------------------------- */

static void say(struct runner *r, int level, const uint8_t *p, size_t n)
{
	struct buf b = BUF_INIT;
	if (!r->setup.log)
		return;
	text_printable(&b, (const char *)p, n, false);
	r->setup.log(r->setup.ctx, level, buf_cstr(&b));
	buf_free(&b);
}

static enum saksi_err on_write(struct runner *r, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	if (!r->registered || r->setup.out_fd < 0)
		return saksi_fail(err, SAKSI_EIO,
		    "%s: wrote before it was asked to; stopped", called(r));
	if (n > r->setup.max_out - r->written)
		return saksi_fail(err, SAKSI_EIO,
		    "%s: its output is larger than the limit of %llu bytes; stopped",
		    called(r), (unsigned long long)r->setup.max_out);
	r->written += n;
	return fs_write_all(r->setup.out_fd, p, n, "the output", err);
}

static enum saksi_err on_log(struct runner *r, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	if (n < 1 || n > FRAME_LOG_MAX)
		return saksi_fail(err, SAKSI_EIO,
		    "%s: sent a malformed line of log; stopped", called(r));
	if (++r->lines > LOG_LINES_MAX)
		return saksi_fail(err, SAKSI_EIO,
		    "%s: wrote more than %u lines of log; stopped", called(r),
		    LOG_LINES_MAX);
	say(r, p[0] > SAKSI_LOG_ERROR ? SAKSI_LOG_ERROR : p[0], p + 1, n - 1);
	return SAKSI_OK;
}

static enum saksi_err on_failed(struct runner *r, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	if (r->fed) {
		say(r, SAKSI_LOG_ERROR, p, n);
		return saksi_fail(err, SAKSI_EIO, "%s: gave up, in its own words above",
		    called(r));
	}
	/* It has seen no record yet. */
	struct buf b = BUF_INIT;
	text_printable(&b, (const char *)p, n < 400 ? n : 400, false);
	enum saksi_err rc = r->confined
	    ? saksi_fail(err, SAKSI_EIO, "%s: %s", called(r), buf_cstr(&b))
	    : saksi_fail(err, SAKSI_EIO, "exports are refused here: %s", buf_cstr(&b));
	buf_free(&b);
	return rc;
}

static enum saksi_err on_frame(struct runner *r, enum frame_type type, const uint8_t *p,
    size_t n, struct saksi_error *err)
{
	if (r->done)
		goto broken;
	/* Before CONFINED only the runner's own code has run. */
	if (!r->confined) {
		if (type == FRAME_CONFINED && n == 4) {
			r->confined = true;
			return SAKSI_OK;
		}
		if (type == FRAME_NOEXEC && n == 4) {
			errno = (int)le32_get(p);
			return saksi_fail_sys(err, "cannot start the runner %s",
			    r->setup.program);
		}
		if (type != FRAME_FAILED)
			goto broken;
	}
	if (type == FRAME_FAILED)
		return on_failed(r, p, n, err);
	if (type == FRAME_REGISTER && !r->registered) {
		if (!registration_parse(&r->reg, p, n))
			return saksi_fail(err, SAKSI_EIO,
			    "the exporter: its registration is malformed; it was not used");
		r->registered = true;
		return SAKSI_OK;
	}
	if (type == FRAME_WRITE)
		return on_write(r, p, n, err);
	if (type == FRAME_LOG)
		return on_log(r, p, n, err);
	if (type == FRAME_DONE && n == 0 && r->registered) {
		r->done = true;
		return SAKSI_OK;
	}
broken:
	return saksi_fail(err, SAKSI_EIO, "%s: broke the protocol of the runner; stopped",
	    called(r));
}

static enum saksi_err take_frames(struct runner *r, struct saksi_error *err)
{
	size_t at = 0;
	enum saksi_err rc = SAKSI_OK;
	while (rc == SAKSI_OK && r->n_in - at >= FRAME_HEAD) {
		size_t n = le32_get(r->in + at + 1);
		if (n > FRAME_REPLY_MAX)
			return saksi_fail(err, SAKSI_EIO,
			    "%s: broke the protocol of the runner; stopped", called(r));
		if (r->n_in - at - FRAME_HEAD < n)
			break;
		rc = on_frame(r, (enum frame_type)r->in[at], r->in + at + FRAME_HEAD, n,
		    err);
		at += FRAME_HEAD + n;
	}
	memmove(r->in, r->in + at, r->n_in - at);
	r->n_in -= at;
	return rc;
}

/* ---- waiting --------------------------------------------------------------- */

/* Read what is there; fill r->in and work it off. */
static enum saksi_err read_some(struct runner *r, struct saksi_error *err)
{
	ssize_t n = read(r->from, r->in + r->n_in, IN_CAP - r->n_in);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return SAKSI_OK;
	if (n < 0)
		return saksi_fail_sys(err, "reading from the exporter");
	if (n == 0) {
		r->eof = true;
		return SAKSI_OK;
	}
	r->n_in += (size_t)n;
	return take_frames(r, err);
}

/* One wait.  With ${out}, send from it and advance ${*at}. */
static enum saksi_err step(struct runner *r, const struct buf *out, size_t *at,
    struct saksi_error *err)
{
	struct pollfd p[2] = {{r->from, POLLIN, 0}, {out ? r->to : -1, POLLOUT, 0}};
	int64_t left = r->deadline - now_ms();
	if (left <= 0)
		return saksi_fail(err, SAKSI_EIO,
		    "%s: did not end within its limit of %u.%u seconds; stopped",
		    called(r), r->setup.timeout_ms / 1000,
		    r->setup.timeout_ms % 1000 / 100);
	int n = poll(p, 2, left > INT32_MAX ? INT32_MAX : (int)left);
	if (n < 0 && errno != EINTR)
		return saksi_fail_sys(err, "waiting for the exporter");
	if (n <= 0)
		return SAKSI_OK;
	if (p[0].revents) {
		enum saksi_err rc = read_some(r, err);
		if (rc != SAKSI_OK || r->eof)
			return rc;
	}
	if (out && p[1].revents) {
		ssize_t w = write(r->to, out->p + *at, out->len - *at);
		if (w >= 0)
			*at += (size_t)w;
		else if (errno == EPIPE)
			close_fd(
			    &r->to); /* why, it says on the other pipe or by its end */
		else if (errno != EAGAIN && errno != EINTR)
			return saksi_fail_sys(err, "writing to the exporter");
	}
	return SAKSI_OK;
}

/* Reap it, killing it when it does not go by itself.  false: nobody knows how. */
static bool reap(struct runner *r, int patience_ms, int *status)
{
	int64_t until = now_ms() + patience_ms;
	const struct timespec pause = {0, 1000000};
	pid_t got = 0;
	while (r->pid > 0) {
		got = waitpid(r->pid, status, WNOHANG);
		if (got != 0 && !(got < 0 && errno == EINTR))
			break;
		if (now_ms() >= until)
			kill(r->pid, SIGKILL);
		nanosleep(&pause, NULL);
	}
	r->pid = -1;
	return got > 0;
}

/* It ended, or closed its pipe, before it was done. */
static enum saksi_err ended(struct runner *r, struct saksi_error *err)
{
	int status = 0;
	if (!reap(r, END_PATIENCE_MS, &status))
		return saksi_fail(err, SAKSI_EIO, "%s: ended before it was done",
		    called(r));
	if (WIFEXITED(status))
		return saksi_fail(err, SAKSI_EIO,
		    "%s: ended before it was done (status %d)", called(r),
		    WEXITSTATUS(status));
	int sig = WTERMSIG(status);
	if (sig == SIGSYS)
		return saksi_fail(err, SAKSI_EIO,
		    "%s: tried a system call that is forbidden to exporters; stopped",
		    called(r));
	if (sig == SIGXCPU)
		return saksi_fail(err, SAKSI_EIO,
		    "%s: used up its processor time; stopped", called(r));
	if (sig == SIGKILL)
		return saksi_fail(err, SAKSI_EIO,
		    "%s: stopped by the system (processor time, or memory ran out) or hung",
		    called(r));
	return saksi_fail(err, SAKSI_EIO, "%s: crashed (signal %d)", called(r), sig);
}

enum saksi_err runner_register(struct runner *r, struct saksi_error *err)
{
	while (!r->registered) {
		enum saksi_err rc = step(r, NULL, NULL, err);
		if (rc != SAKSI_OK)
			return rc;
		if (r->eof)
			return ended(r, err);
	}
	return SAKSI_OK;
}

enum saksi_err runner_send(struct runner *r, enum frame_type type, const void *body,
    size_t len, struct saksi_error *err)
{
	struct buf out = BUF_INIT;
	enum saksi_err rc;
	size_t at = 0;

	if (len > FRAME_BODY_MAX)
		return saksi_fail(err, SAKSI_ELIMIT,
		    "a record is larger than the %u bytes that an exporter takes",
		    FRAME_BODY_MAX);
	r->fed = true;
	buf_add_byte(&out, (uint8_t)type);
	buf_le32(&out, (uint32_t)len);
	buf_add(&out, body, len);
	rc = buf_ok(&out, err);
	while (rc == SAKSI_OK && at < out.len) {
		rc = step(r, &out, &at, err);
		if (rc == SAKSI_OK && r->eof)
			rc = ended(r, err);
	}
	buf_free(&out);
	return rc;
}

enum saksi_err runner_finish(struct runner *r, struct saksi_error *err)
{
	int status = 0;
	while (!r->eof) {
		enum saksi_err rc = step(r, NULL, NULL, err);
		if (rc != SAKSI_OK)
			return rc;
		if (r->done && r->deadline > now_ms() + END_PATIENCE_MS)
			r->deadline = now_ms() + END_PATIENCE_MS;
	}
	if (!r->done || r->n_in > 0)
		return ended(r, err);
	if (!reap(r, END_PATIENCE_MS, &status) || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		return saksi_fail(err, SAKSI_EIO,
		    "%s: said it was done but did not end well", called(r));
	return SAKSI_OK;
}

void runner_free(struct runner *r)
{
	int status;
	if (r->pid > 0)
		(void)reap(r, 0, &status);
	close_fd(&r->to);
	close_fd(&r->from);
	if (r->in)
		wipe(r->in, IN_CAP); /* output holds record text */
	free(r->in);
	r->in = NULL;
	if (r->pipe_ignored)
		(void)sigaction(SIGPIPE, &r->old_pipe, NULL);
	r->pipe_ignored = false;
}
