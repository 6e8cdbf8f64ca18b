/*
 * runner.h - one confined process that runs one exporter, seen from the host.
 *
 *     runner_start -> runner_register -> runner_send* -> runner_finish
 *
 * runner_free() at any time kills and reaps it.  Every wait ends at the
 * deadline.  From the first option on, what the exporter says may quote
 * records: it goes to the log callback only, never into an error's words.
 */
#ifndef SAKSI_HOST_RUNNER_H
#define SAKSI_HOST_RUNNER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <saksi/base/buf.h>
#include <saksi/exporter.h>

#include "frames.h"

struct runner_setup {
	const char *program; /* the runner's path */
	int plugin_fd;
	bool describe; /* end after the registration */
	int out_fd;    /* -1: no output is expected */
	unsigned timeout_ms;
	uint64_t max_out;
	uint64_t max_memory;
	void (*log)(void *ctx, int level, const char *text);
	void *ctx;
};

/* What an exporter says of itself; checked here again, for it could be forged. */
struct registration {
	uint32_t abi, size, input;
	char name[33];
	char description[201];
	char media_type[201];
	char file_ending[16];
	char options[2001];
};

struct runner {
	struct runner_setup setup;
	pid_t pid;
	int to, from; /* pipes; -1 when closed */
	int64_t deadline;
	uint64_t written;
	size_t lines; /* of log */
	bool confined, registered, fed, done, eof;
	uint8_t *in; /* bytes of a frame that is not whole yet */
	size_t n_in;
	struct registration reg;
	struct sigaction old_pipe;
	bool pipe_ignored;
};

SAKSI_MUST_CHECK enum saksi_err runner_start(struct runner *r,
    const struct runner_setup *s, struct saksi_error *err);
/** runner_register(r, err): Wait until ${r->reg} is filled. */
SAKSI_MUST_CHECK enum saksi_err runner_register(struct runner *r, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err runner_send(struct runner *r, enum frame_type type,
    const void *body, size_t len, struct saksi_error *err);
/** runner_finish(r, err): Wait for DONE and a clean end. */
SAKSI_MUST_CHECK enum saksi_err runner_finish(struct runner *r, struct saksi_error *err);
/** runner_free(r): Kill, reap, forget.  Also after a failed start. */
void runner_free(struct runner *r);

/* ---- between spawn.c and runner.c ------------------------------------------ */
/** spawn_runner(r, err): Pipes, fork, exec; sets pid, to, from. */
SAKSI_MUST_CHECK enum saksi_err spawn_runner(struct runner *r, struct saksi_error *err);
/** registration_parse(reg, body, len): false if it breaks the rules. */
bool registration_parse(struct registration *reg, const uint8_t *body, size_t len);

#endif
