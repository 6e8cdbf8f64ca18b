/*
 * timed.c - run a command again and again, from its start to its end.
 *
 *   bench_timed METRIC --dir ID-OR-ANYTHING --records N --gets RUNS ... < COMMAND
 *
 * The command stands on standard input, one argument per line; {id} is the id
 * of another random record each time.  Writes METRIC (median) and "rss:
 * METRIC" (the largest of all runs).  Stops early when --budget is used up,
 * after three runs at least.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define ARGS_MAX 32

static char **read_command(void)
{
	static char line[4096], *args[ARGS_MAX + 1];
	size_t n = 0;

	while (n < ARGS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if ((args[n++] = strdup(line)) == NULL)
			die("no memory");
	}
	if (n == 0)
		die("standard input holds no command");
	return args;
}

static void run_child(char **args)
{
	int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		(void)dup2(null, 0);
		(void)dup2(null, 1);
	}
	execv(args[0], args);
	_exit(127);
}

static double run_once(char **args, long *rss)
{
	struct rusage use;
	double start = now_us();
	pid_t pid = fork();
	int status;

	if (pid == 0)
		run_child(args);
	if (pid < 0 || wait4(pid, &status, 0, &use) != pid)
		die("%s: cannot be run", args[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("%s %s: failed", args[0], args[1] == NULL ? "" : args[1]);
	if (use.ru_maxrss > *rss)
		*rss = use.ru_maxrss;
	return now_us() - start;
}

int main(int argc, char **argv)
{
	struct bench b;
	struct samples us = {0};
	struct dice d;
	char **args, id[ID_TEXT_LEN + 1], metric[80];
	long rss = 0;
	double began = now_us();

	bench_args(&b, argc, argv);
	args = read_command();
	d = dice_new(b.seed, 55);
	while (us.n < b.gets && (us.n < 3 || now_us() - began < b.budget * 1e6)) {
		char *now[ARGS_MAX + 1];
		struct saksi_id raw;

		gen_id(b.gen, dice_below(&d, b.records), &raw);
		id_text(id, &raw);
		memcpy(now, args, sizeof(now));
		for (char **a = now; *a != NULL; a++)
			if (strcmp(*a, "{id}") == 0)
				*a = id;
		samples_add(&us, run_once(now, &rss));
	}
	(void)snprintf(metric, sizeof(metric), "command: %.60s", b.what);
	result(&b, metric, samples_at(&us, 0.5) / 1e3, "ms");
	(void)snprintf(metric, sizeof(metric), "rss: %.60s", b.what);
	result(&b, metric, (double)rss / 1024, "MiB");
	samples_free(&us);
	for (char **a = args; *a != NULL; a++)
		free(*a);
	bench_end(&b);
	return 0;
}
