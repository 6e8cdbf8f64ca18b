/* test_kv_guard.c - faults end a function, or what they ended before. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kv_guard.h"
#include "test.h"

static void fault_segv(void *arg)
{
	volatile uint8_t *p = arg;

	p[0] = 1;
}

struct nested {
	void *bad;
	bool inner;
	bool after;
};

static void run_nested(void *arg)
{
	struct nested *n = arg;

	n->inner = guard_run(fault_segv, n->bad);
	n->after = true;
	fault_segv(n->bad);
}

static void do_nothing(void *arg)
{
	(void)arg;
}

static volatile sig_atomic_t handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

static void test_guard(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct sigaction now;
	struct sigaction old;
	struct sigaction mine;
	struct nested n;
	char path[] = "short.XXXXXX";
	void *cut;
	int fd;

	(void)state;
	n.bad = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(n.bad != MAP_FAILED);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)page), 0);
	cut = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(cut != MAP_FAILED);
	assert_int_equal(ftruncate(fd, 0), 0);

	assert_int_equal(sigaction(SIGSEGV, NULL, &old), 0);
	guard_install();
	assert_true(guard_run(do_nothing, NULL));
	assert_false(guard_run(fault_segv, n.bad));
	assert_false(guard_run(fault_segv, n.bad)); /* the signal is not left blocked */
	assert_false(guard_run(fault_segv, cut));   /* SIGBUS */
	n.inner = true;
	n.after = false;
	assert_false(guard_run(run_nested, &n));
	assert_false(n.inner);
	assert_true(n.after);
	guard_install();
	guard_remove();
	assert_false(guard_run(fault_segv, n.bad));
	guard_remove();
	assert_int_equal(sigaction(SIGSEGV, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, old.sa_handler);

	/* signals that others send, and handlers that stood before */
	memset(&mine, 0, sizeof(mine));
	mine.sa_handler = handler;
	assert_int_equal(sigaction(SIGBUS, &mine, &old), 0);
	guard_install();
	assert_int_equal(raise(SIGBUS), 0);
	assert_int_equal(handled, 1);
	guard_remove();
	assert_int_equal(sigaction(SIGBUS, &old, &now), 0);
	assert_ptr_equal(now.sa_handler, handler);
	(void)munmap(n.bad, page);
	(void)munmap(cut, page);
	(void)close(fd);
	(void)unlink(path);
}

/* Outside of guard_run() a fault kills as it would without us. */
static void test_guard_outside(void **state)
{
	int status;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct sigaction dfl = {.sa_handler = SIG_DFL};

		(void)sigaction(SIGSEGV, &dfl, NULL);
		guard_install();
		(void)guard_run(do_nothing, NULL);
		fault_segv(
		    mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_guard),
    cmocka_unit_test(test_guard_outside),
};

TEST_MAIN(tests, NULL, NULL)
