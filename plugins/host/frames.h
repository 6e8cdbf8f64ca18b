/*
 * frames.h - what host and runner say to each other over two pipes.
 *
 *   offset 0  1  type
 *          1  4  length of the body, little-endian
 *          5  .  body
 *
 * Host to runner: OPTION* BEGIN ITEM* END.  Runner to host: CONFINED,
 * REGISTER, then WRITE and LOG as the exporter likes, and DONE or FAILED.
 * From CONFINED on, the exporter's own code runs in the runner, so the host
 * takes nothing that follows for the runner's word.
 */
#ifndef SAKSI_HOST_FRAMES_H
#define SAKSI_HOST_FRAMES_H

#define FRAME_HEAD 5u
#define FRAME_BODY_MAX (64u * 1024u * 1024u) /* to the runner: one item */
#define FRAME_REPLY_MAX (64u * 1024u)	     /* to the host */
#define FRAME_LOG_MAX 1000u		     /* bytes of one log line */

/* Descriptors of the runner; 0, 1 and 2 are /dev/null. */
#define RUNNER_FD_IN 3
#define RUNNER_FD_OUT 4
#define RUNNER_FD_PLUGIN 5
#define RUNNER_FD_FREE 6 /* closed from here on */

enum frame_type {
	/* to the runner */
	FRAME_OPTION = 'O', /* key, NUL, value, NUL */
	FRAME_BEGIN = 'B',  /* canonical msgpack */
	FRAME_ITEM = 'I',   /* canonical msgpack */
	FRAME_END = 'E',    /* empty */
	/* to the host */
	FRAME_NOEXEC = 'N',   /* errno, 4 bytes: the runner could not be started */
	FRAME_CONFINED = 'C', /* Landlock ABI, 4 bytes */
	FRAME_REGISTER = 'R', /* see below */
	FRAME_WRITE = 'W',    /* bytes of the output */
	FRAME_LOG = 'L',      /* level, 1 byte; text */
	FRAME_FAILED = 'F',   /* text; nothing follows */
	FRAME_DONE = 'D'      /* empty; nothing follows */
};

/*
 * REGISTER: abi, size, input (4 bytes each), then name, description,
 * media_type, file_ending, options: length (4 bytes) and bytes each.
 */
#define REGISTER_STRINGS 5u

/*
 * saksi-runner MODE PARENT CPU_SECONDS MEMORY_BYTES OUTPUT_BYTES
 * MODE is "describe" (end after REGISTER) or "run"; numbers are decimal.
 */
#define RUNNER_ARGS 6

#endif
