/*
 * An exporter that tries to get out, in each of its callbacks and while it is
 * loaded, achieves nothing: it reports no success, the test finds no trace,
 * and the host comes back in time.  The same object, run without the runner,
 * shows that the attempts themselves are able.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/secret.h>
#include <saksi/host/host.h>

#include "../hostile/hostile.h"
#include "host_fixture.h"
#include "runner.h"
#include "saksi_paths.h"

/* The tables of attempts are compiled in for their names; none is run here. */
void (*hostile_write)(const void *p, size_t n);
void (*hostile_log)(const char *text);
pid_t parent(const struct orders *o)
{
	(void)o;
	abort();
}

#define TIMEOUT_MS 1000
#define PATIENCE_MS 4000 /* what the host may take beyond it on a busy machine */
#define MAX_OUT (8u << 20)
#define MEMORY (UINT64_C(256) << 20)
static const char secret_text[] = "what nobody may read or change";

static char runner_path[PATH_MAX], object_path[PATH_MAX], patched_path[PATH_MAX];
static char file_path[ORDERS_PART], fresh_path[ORDERS_PART];
static int listener = -1;
static char port[8];
static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void write_secret(void)
{
	int fd = open(file_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, secret_text, sizeof secret_text), sizeof secret_text);
	close(fd);
}

static int set_up(void **state)
{
	struct sockaddr_in a;
	socklen_t len = sizeof a;
	char here[ORDERS_PART - 20];
	(void)state;

	fixture_path(runner_path, SAKSI_REL_RUNNER);
	fixture_path(object_path, "exporters/hostile.so");
	assert_non_null(getcwd(here, sizeof here));
	snprintf(patched_path, sizeof patched_path, "%s/patched.so", here);
	snprintf(file_path, sizeof file_path, "%s/secret", here);
	snprintf(fresh_path, sizeof fresh_path, "%s/fresh", here);
	write_secret();

	memset(&a, 0, sizeof a);
	a.sin_family = AF_INET;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	snprintf(port, sizeof port, "%u", ntohs(a.sin_port));

	signal(SIGUSR1, on_signal);
	signal(SIGIO, on_signal);
	/* Nothing of this may reach the exporter. */
	setenv("SAKSI_TEST_SECRET", "in the environment", 1);
	assert_true(open(file_path, O_RDONLY) >= 0); /* left open across the fork */
	return 0;
}

/* Copy the object and write the orders into the copy. */
static void give_orders(const char *when, const char *what)
{
	struct saksi_error err;
	struct buf b = BUF_INIT;
	struct orders o = {ORDERS_MARK, "", "", "", "", "", ""};
	assert_int_equal(fs_read_file(&b, object_path, 1 << 24, &err), SAKSI_OK);
	uint8_t *at = memmem(b.p, b.len, ORDERS_MARK, sizeof ORDERS_MARK);
	assert_non_null(at);
	assert_true((size_t)(at - b.p) + sizeof o <= b.len);
	snprintf(o.when, sizeof o.when, "%s", when);
	snprintf(o.what, sizeof o.what, "%s", what);
	memcpy(o.file, file_path, sizeof o.file);
	memcpy(o.fresh, fresh_path, sizeof o.fresh);
	snprintf(o.parent, sizeof o.parent, "%d", (int)getpid());
	memcpy(o.port, port, sizeof o.port);
	memcpy(at, &o, sizeof o);
	unlink(patched_path);
	int fd = open(patched_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, b.p, b.len, "copy", &err), SAKSI_OK);
	close(fd);
	buf_free(&b);
}

/* ---- with the runner ----------------------------------------------------------- */

struct outcome {
	enum saksi_err rc;
	struct saksi_error err;
	char output[300];
	off_t output_len;
	long ms;
};

static long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum saksi_err whole_run(struct runner *r, const struct runner_setup *s,
    struct saksi_error *err)
{
	static const uint8_t empty_map[] = {0x80};
	enum saksi_err rc = runner_start(r, s, err);
	if (rc == SAKSI_OK)
		rc = runner_register(r, err);
	if (rc == SAKSI_OK)
		rc = runner_send(r, FRAME_OPTION, "any\0thing", 10, err);
	if (rc == SAKSI_OK)
		rc = runner_send(r, FRAME_BEGIN, empty_map, 1, err);
	for (int i = 0; i < 3 && rc == SAKSI_OK; i++)
		rc = runner_send(r, FRAME_ITEM, empty_map, 1, err);
	if (rc == SAKSI_OK)
		rc = runner_send(r, FRAME_END, NULL, 0, err);
	if (rc == SAKSI_OK)
		rc = runner_finish(r, err);
	return rc;
}

static void run_confined(struct outcome *out, const char *when, const char *what)
{
	struct runner r;
	struct buf bytes = BUF_INIT;
	struct runner_setup s = {.program = runner_path,
	    .timeout_ms = TIMEOUT_MS,
	    .max_out = MAX_OUT,
	    .max_memory = MEMORY};
	FILE *f = tmpfile();

	memset(out, 0, sizeof *out);
	assert_non_null(f);
	give_orders(when, what);
	assert_int_equal(host_plugin_open(&s.plugin_fd, &bytes, patched_path, &out->err),
	    SAKSI_OK);
	s.out_fd = fileno(f);
	long start = now_ms();
	out->rc = whole_run(&r, &s, &out->err);
	runner_free(&r);
	out->ms = now_ms() - start;
	out->output_len = lseek(s.out_fd, 0, SEEK_END);
	assert_true(pread(s.out_fd, out->output, sizeof out->output - 1, 0) >= 0);
	close(s.plugin_fd);
	fclose(f);
	buf_free(&bytes);
}

static void assert_untouched(const char *what)
{
	char now[sizeof secret_text + 1];
	struct stat st;
	struct rlimit limit;
	struct pollfd p = {listener, POLLIN, 0};
	cpu_set_t cpus;

	int fd = open(file_path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, now, sizeof now), sizeof secret_text);
	assert_memory_equal(now, secret_text, sizeof secret_text);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_nlink, 1);
	close(fd);
	if (lstat(fresh_path, &st) == 0)
		fail_msg("%s: left a file", what);
	if (poll(&p, 1, 0) != 0)
		fail_msg("%s: connected", what);
	if (signals != 0)
		fail_msg("%s: sent a signal", what);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), 0);
	assert_int_equal(getrlimit(RLIMIT_CPU, &limit), 0);
	assert_true(limit.rlim_cur == RLIM_INFINITY);
	assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		fail_msg("%s: left a process", what);
}

static void assert_held(const struct outcome *o, const char *when, const char *what)
{
	/* It got as far as to try. */
	if (strstr(o->err.msg, "cannot be loaded") || strstr(o->err.msg, "refused here"))
		fail_msg("%s in %s: %s", what, when, o->err.msg);
	if (strstr(o->output, "ACHIEVED"))
		fail_msg("%s in %s: %s", what, when, o->output);
	/* Nothing lost in silence: it says that it tried, or the host says why not. */
	if (o->rc == SAKSI_OK && !strstr(o->output, "refused") &&
	    strcmp(when, "close") != 0 && strncmp(what, "early-done", 10) != 0)
		fail_msg("%s in %s: neither refused nor stopped: %s", what, when,
		    o->output);
	if (o->rc != SAKSI_OK)
		assert_true(strlen(o->err.msg) > 10);
	if (o->ms > TIMEOUT_MS + PATIENCE_MS)
		fail_msg("%s in %s: took %ld ms", what, when, o->ms);
	assert_true(o->output_len <= (off_t)MAX_OUT);
	assert_untouched(what);
}

static void all_of(const struct attempt *table, const char *when)
{
	for (; table->name; table++) {
		struct outcome o;
		run_confined(&o, when, table->name);
		assert_held(&o, when, table->name);
		if (getenv("SAKSI_TEST_VERBOSE"))
			print_message("%-11s %-20s %5ld ms  %s\n", when, table->name,
			    o.ms, o.rc == SAKSI_OK ? o.output : o.err.msg);
	}
}

#define TABLE(t)                                     \
	static void t##_constructor(void **state)    \
	{                                            \
		(void)state;                         \
		all_of(attempts_##t, "constructor"); \
	}                                            \
	static void t##_item(void **state)           \
	{                                            \
		(void)state;                         \
		all_of(attempts_##t, "item");        \
	}
TABLE(files)
TABLE(sockets)
TABLE(processes)
TABLE(kernel)
TABLE(limits)

static void other_callbacks(void **state)
{
	static const char *const when[] = {"open", "option", "begin", "end", "close"};
	static const char *const what[] = {"open-file", "create", "inet-udp", "fork",
	    "exec-shell", "kill-parent", "make-code", "spin", "write-endless", "exit",
	    "garbage"};
	(void)state;
	for (size_t i = 0; i < sizeof when / sizeof *when; i++)
		for (size_t k = 0; k < sizeof what / sizeof *what; k++) {
			struct outcome o;
			run_confined(&o, when[i], what[k]);
			assert_held(&o, when[i], what[k]);
		}
}

/* What the host says is what happened. */
static void words(void **state)
{
	static const struct {
		const char *what, *says;
	} cases[] = {{"spin", "within its limit"}, {"sleep", "within its limit"},
	    {"stop-self", "within its limit"}, {"write-endless", "larger than the limit"},
	    {"frames-endless", "larger than the limit"}, {"log-endless", "lines of log"},
	    {"trace-parent", "forbidden"}, {"key-control", "forbidden"},
	    {"kill-parent", "forbidden"}, {"crash", "crashed"}, {"abort", "crashed"},
	    {"exit", "before it was done"}, {"garbage", "broke the protocol"},
	    {"huge-frame", "broke the protocol"}, {"done-and-more", "broke the protocol"},
	    {"second-registration", "broke the protocol"}, {"fake-failure", "gave up"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct outcome o;
		run_confined(&o, "item", cases[i].what);
		assert_int_not_equal(o.rc, SAKSI_OK);
		if (!strstr(o.err.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].what, o.err.msg);
		if (strchr(o.err.msg, '\x1b'))
			fail_msg("%s: raw bytes in the words", cases[i].what);
	}
}

/* ---- without it: the attempts are able ------------------------------------------ */

static int control_fd;

static int control_write(void *ctx, const void *p, size_t len)
{
	(void)ctx;
	return write(control_fd, p, len) == (ssize_t)len ? 0 : -1;
}

static void control_log(void *ctx, int level, const char *text)
{
	(void)ctx;
	(void)level;
	(void)text;
}

static void control_child(void)
{
	const struct saksi_exporter_host host = {sizeof host, NULL, control_write,
	    control_log};
	const struct saksi_exporter *(*entry)(void);
	void *h = dlopen(patched_path, RTLD_NOW | RTLD_LOCAL);
	void *symbol = h ? dlsym(h, SAKSI_EXPORTER_SYMBOL) : NULL;
	if (!symbol)
		_exit(9);
	memcpy(&entry, &symbol, sizeof entry);
	const struct saksi_exporter *e = entry();
	void *x = e->open(&host);
	(void)e->item(x, (const uint8_t *)"\x80", 1);
	(void)e->end(x);
	_exit(0);
}

static void able_without_the_runner(void **state)
{
	static const char *const what[] = {"open-passwd", "open-file", "fopen-file",
	    "open-raw", "open-path-only", "open-library", "load-library", "open-folder",
	    "stat-file", "stat-trick", "access-file", "read-link", "change-folder",
	    "current-folder", "proc-maps", "create", "create-old", "create-dir",
	    "write-file", "user-names", "environment", "other-descriptors", "inet-tcp",
	    "inet-udp", "unix-stream", "connect", "socketpair", "pipe", "fork", "thread",
	    "exec-by-system", "exec-memory", "kill-parent", "tgkill-parent",
	    "queue-parent", "parent-id", "timer", "memory-file", "map-writable-code",
	    "make-code", "machine-name", "user-id"};
	(void)state;
	for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
		char output[300] = "";
		FILE *f = tmpfile();
		assert_non_null(f);
		control_fd = fileno(f);
		give_orders("item", what[i]);
		pid_t pid = fork();
		if (pid == 0)
			control_child();
		int status = 0;
		while (waitpid(pid, &status, 0) < 0)
			assert_int_equal(errno, EINTR);
		assert_true(pread(control_fd, output, sizeof output - 1, 0) >= 0);
		fclose(f);
		if (!strstr(output, "ACHIEVED"))
			fail_msg("%s: cannot do it even unconfined: %s", what[i], output);
		unlink(fresh_path);
		rmdir(fresh_path);
		write_secret();
	}
	/* The traces that the other tests look for do appear. */
	assert_true(signals >= 3);
	struct pollfd p = {listener, POLLIN, 0};
	assert_int_equal(poll(&p, 1, 0), 1);
	close(accept(listener, NULL, NULL));
	signals = 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(files_constructor),
    cmocka_unit_test(files_item),
    cmocka_unit_test(sockets_constructor),
    cmocka_unit_test(sockets_item),
    cmocka_unit_test(processes_constructor),
    cmocka_unit_test(processes_item),
    cmocka_unit_test(kernel_constructor),
    cmocka_unit_test(kernel_item),
    cmocka_unit_test(limits_constructor),
    cmocka_unit_test(limits_item),
    cmocka_unit_test(other_callbacks),
    cmocka_unit_test(words),
    cmocka_unit_test(able_without_the_runner),
};

TEST_MAIN(tests, set_up, NULL)
