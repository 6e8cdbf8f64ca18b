/*
 * Progress of long work: one line on a terminal's standard error, from the
 * second second on; never in a pipe, never with --quiet.
 */
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "progress.h"

#define FIRST_AFTER_US 1000000
#define AGAIN_AFTER_US 100000

static struct {
	bool on, shown;
	const char *what;
	int64_t begun, last;
} state;

void progress_begin(const struct cli *c, const char *what)
{
	state.on = !c->quiet && isatty(STDERR_FILENO) == 1;
	state.shown = false;
	state.what = what;
	state.begun = clock_now_us();
	state.last = 0;
}

void progress_named(void *ctx, const char *what, size_t done, size_t total)
{
	int64_t now;

	(void)ctx;
	if (!state.on)
		return;
	now = clock_now_us();
	if (now - state.begun < FIRST_AFTER_US || now - state.last < AGAIN_AFTER_US)
		return;
	state.last = now;
	state.shown = true;
	if (total > 0)
		(void)fprintf(stderr, "\r%s %zu of %zu (%zu %%)\033[K", what, done, total,
		    done >= total ? 100 : (size_t)((double)done * 100 / (double)total));
	else
		(void)fprintf(stderr, "\r%s %zu\033[K", what, done);
	(void)fflush(stderr);
}

void progress_step(void *ctx, size_t done, size_t total)
{
	progress_named(ctx, state.what != NULL ? state.what : "", done, total);
}

void progress_end(void)
{
	if (state.on && state.shown) {
		(void)fputs("\r\033[K", stderr);
		(void)fflush(stderr);
	}
	state.on = false;
}
