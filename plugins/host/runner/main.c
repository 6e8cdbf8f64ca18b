/*
 * saksi-runner - runs one exporter for saksi, confined.
 *
 * Started by saksi with three descriptors (frames.h) and nothing else: no
 * environment, no open file, no memory of the program that started it.  It
 * gives up all it does not need, then loads the exporter and hands it what
 * the host sends.  It is of no use by hand.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filter.h"
#include "landlock.h"
#include "limits.h"
#include "needed.h"
#include "plugin.h"
#include "trap.h"
#include "wire.h"

static uint64_t output_left;
static const char over_limit[] = "\002the output is at its limit";

static int host_write(void *ctx, const void *p, size_t len)
{
	(void)ctx;
	if (len <= output_left) {
		output_left -= len;
		wire_write(p, len);
		return 0;
	}
	/* One byte too many tells the host, who counts too, what happened. */
	if (output_left < UINT64_MAX)
		wire_write(p, (size_t)output_left + 1);
	wire_send(FRAME_LOG, over_limit, sizeof over_limit - 1);
	output_left = 0;
	return -1;
}

static void host_log(void *ctx, int level, const char *text)
{
	uint8_t body[FRAME_LOG_MAX];
	(void)ctx;
	if (!text)
		return;
	size_t n = strnlen(text, sizeof body - 1);
	body[0] =
	    (uint8_t)(level < 0 || level > SAKSI_LOG_ERROR ? SAKSI_LOG_ERROR : level);
	memcpy(body + 1, text, n);
	wire_send(FRAME_LOG, body, n + 1);
}

static const struct saksi_exporter_host host = {sizeof host, NULL, host_write, host_log};

/* Closing is part of failing: what the exporter has left to say comes out. */
static void gave_up(const struct saksi_exporter *e, void *h, const char *where)
{
	if (e->close)
		e->close(h);
	wire_fail("it gave up in %s()", where);
}

static void give_option(const struct saksi_exporter *e, void *h, const uint8_t *body,
    size_t len)
{
	const char *key = (const char *)body;
	size_t n = len > 0 ? strnlen(key, len) : 0;
	if (len < 2 || n + 1 >= len || body[len - 1] != '\0')
		wire_fail("the host sent a malformed option");
	if (!e->option)
		wire_fail("it takes no options");
	if (e->option(h, key, key + n + 1) != 0)
		gave_up(e, h, "option");
}

static void run(const struct saksi_exporter *e)
{
	void *h = NULL;
	if (e->open) {
		h = e->open(&host);
		if (!h)
			wire_fail("it gave up in open()");
	}
	for (;;) {
		const uint8_t *body;
		size_t len;
		enum frame_type type = wire_read(&body, &len);
		if (type == FRAME_OPTION) {
			give_option(e, h, body, len);
		} else if (type == FRAME_BEGIN) {
			if (e->begin && e->begin(h, body, len) != 0)
				gave_up(e, h, "begin");
		} else if (type == FRAME_ITEM) {
			if (e->item(h, body, len) != 0)
				gave_up(e, h, "item");
		} else if (type == FRAME_END) {
			if (e->end && e->end(h) != 0)
				gave_up(e, h, "end");
			if (e->close)
				e->close(h);
			return;
		} else {
			wire_fail("the host sent a frame of an unknown type");
		}
	}
}

static uint64_t number(const char *s)
{
	char *end;
	uint64_t v = strtoull(s, &end, 10);
	if (s[0] < '0' || s[0] > '9' || *end)
		_exit(2);
	return v;
}

static bool started_by_host(int argc)
{
	struct stat st;
	return argc == RUNNER_ARGS && fstat(RUNNER_FD_IN, &st) == 0 &&
	    S_ISFIFO(st.st_mode) && fstat(RUNNER_FD_OUT, &st) == 0 &&
	    S_ISFIFO(st.st_mode) && fstat(RUNNER_FD_PLUGIN, &st) == 0 &&
	    S_ISREG(st.st_mode);
}

int main(int argc, char **argv)
{
	struct saksi_exporter e;
	struct walls walls;

	if (!started_by_host(argc)) {
		static const char words[] =
		    "saksi-runner is started by saksi itself and is of no use by hand\n";
		(void)!write(STDERR_FILENO, words, sizeof words - 1);
		return 2;
	}
	output_left = number(argv[5]);
	limits_detach((long)number(argv[2]));
	limits_drop_capabilities();
	walls_prepare(&walls);
	filters_prepare();
	limits_set(number(argv[3]), number(argv[4]));

	walls_raise(walls.libraries);
	filter_load(FILTER_LIBRARIES);
	needed_load();
	walls_raise(walls.nothing);
	trap_install();
	filter_load(FILTER_EXPORTER);
	const uint8_t abi[4] = {(uint8_t)walls.abi, (uint8_t)(walls.abi >> 8), 0, 0};
	wire_send(FRAME_CONFINED, abi, sizeof abi);

	plugin_load(&e);
	if (strcmp(argv[1], "run") == 0)
		run(&e);
	wire_send(FRAME_DONE, NULL, 0);
	_exit(0); /* not the exporter's destructors */
}
