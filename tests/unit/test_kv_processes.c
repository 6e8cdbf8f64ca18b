/*
 * test_kv_processes.c - several processes at one vault, killed ones, full and
 * failing disks.  SAKSI_ROUNDS: how often to kill (default 40).
 */
#include "kv_fixture.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

/* ---- a disk that fails: LMDB's own calls end here -------------------------------- */

static int write_fault;
static int write_countdown; /* the n-th write from now fails; 0: none */
static bool write_short;    /* half of it is written */
static bool write_heads;    /* count only writes of heads, else only of pages */

static bool write_fails(bool head)
{
	return write_countdown > 0 && head == write_heads && --write_countdown == 0;
}

/* Seen by LMDB's library although the tree is built with hidden symbols. */
#define EVERYWHERE __attribute__((visibility("default")))

EVERYWHERE ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	if (!write_fails(n < 4096))
		return syscall(SYS_pwrite64, fd, p, n, at);
	if (write_short)
		return syscall(SYS_pwrite64, fd, p, n / 2, at);
	errno = write_fault;
	return -1;
}

EVERYWHERE ssize_t writev(int fd, const struct iovec *v, int n)
{
	if (!write_fails(false))
		return syscall(SYS_writev, fd, v, n);
	if (write_short)
		return syscall(SYS_writev, fd, v, 1);
	errno = write_fault;
	return -1;
}

static void fail_write(int error, bool by_half, bool heads, int nth)
{
	write_fault = error;
	write_short = by_half;
	write_heads = heads;
	write_countdown = nth;
}

/* ---- helpers --------------------------------------------------------------------- */

static void nap(long us)
{
	struct timespec ts = {us / 1000000, us % 1000000 * 1000};

	(void)nanosleep(&ts, NULL);
}

static void assert_child(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		fail_msg("signal %d", WTERMSIG(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static pid_t start(void)
{
	pid_t child;

	(void)fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	return child;
}

/* In a child: complain and die. */
static void need(bool good, const struct fixture *f, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, f->err.msg);
	_exit(1);
}

/* A transaction that keeps an invariant: number n, its twin and the log agree. */
static enum saksi_err step(struct fixture *f, uint64_t n, size_t extra)
{
	static uint8_t bulk[300000];
	struct kv_txn *t = NULL;
	enum saksi_err rc = kv_begin(&t, f->kv, true, &f->err);
	uint64_t number = 0;

	if (rc != SAKSI_OK)
		return rc;
	if (extra > 0)
		crypto_random(bulk, extra);
	memcpy(bulk, &n, 8);
	rc = kv_put(t, KV_LOCAL, 1, &n, sizeof(n), &f->err);
	if (rc == SAKSI_OK)
		rc = kv_put(t, KV_RECORDS, 1 + n % 50, bulk, 8 + extra, &f->err);
	if (rc == SAKSI_OK)
		rc = kv_next(t, KV_LOG, &number, &f->err);
	if (rc == SAKSI_OK)
		rc = kv_put(t, KV_LOG, number, &n, sizeof(n), &f->err);
	if (rc == SAKSI_OK)
		return kv_commit(&t, &f->err);
	kv_abort(&t);
	return rc;
}

static uint64_t read_u64(struct fixture *f, struct kv_txn *t, enum kv_table table,
    uint64_t n)
{
	struct buf b = BUF_INIT;
	uint64_t v = 0;
	enum saksi_err rc = kv_get(t, table, n, &b, &f->err);

	if (rc == SAKSI_ENOTFOUND)
		return 0;
	if (rc != SAKSI_OK || b.len < 8)
		fail_msg("read: %s", f->err.msg);
	memcpy(&v, b.p, 8);
	buf_free(&b);
	return v;
}

/* The last step that is there; everything agrees with it. */
static uint64_t last_step(struct fixture *f)
{
	struct kv_txn *t = begin(f, false);
	uint64_t n = read_u64(f, t, KV_LOCAL, 1);
	uint64_t first;
	uint64_t next;
	uint64_t count;

	kv_range(t, KV_LOG, &first, &next, &count);
	if (n > 0) {
		assert_int_equal(read_u64(f, t, KV_RECORDS, 1 + n % 50), n);
		assert_int_equal(read_u64(f, t, KV_LOG, next - 1), n);
	}
	kv_abort(&t);
	return n;
}

/* ---- two writers, one reader, a map that grows ------------------------------------ */

#define TURNS 120u

static void writer(struct fixture *f, unsigned who)
{
	static uint8_t p[30000];
	struct kv_txn *t = NULL;
	unsigned i;
	uint64_t n = 0;
	uint64_t sum = 0;
	struct buf b = BUF_INIT;

	need(reopen(f, 0) == SAKSI_OK, f, "open");
	for (i = 0; i < TURNS; i++) {
		need(kv_begin(&t, f->kv, true, &f->err) == SAKSI_OK, f, "begin");
		buf_reset(&b);
		sum = 0;
		if (kv_get(t, KV_LOCAL, 1, &b, &f->err) == SAKSI_OK)
			memcpy(&sum, b.p, 8);
		sum++;
		need(kv_put(t, KV_LOCAL, 1, &sum, 8, &f->err) == SAKSI_OK, f, "put");
		need(kv_next(t, KV_RECORDS, &n, &f->err) == SAKSI_OK, f, "next");
		crypto_random(p, sizeof(p));
		p[0] = (uint8_t)who;
		need(kv_put(t, KV_RECORDS, n, p, sizeof(p), &f->err) == SAKSI_OK, f,
		    "put");
		need(kv_next(t, KV_LOG, &n, &f->err) == SAKSI_OK, f, "next");
		need(kv_put(t, KV_LOG, n, &sum, 8, &f->err) == SAKSI_OK, f, "put");
		need(n == sum, f, "log and counter differ");
		if (i % 10 == 9)
			kv_abort(&t);
		else
			need(kv_commit(&t, &f->err) == SAKSI_OK, f, "commit");
	}
	buf_free(&b);
	kv_close(&f->kv);
	secret_free(&f->vault_key);
	_exit(0);
}

static void reader(struct fixture *f, int until)
{
	struct pollfd done = {until, 0, 0};
	struct kv_txn *t = NULL;
	uint64_t a = 0;
	uint64_t b = 0;
	uint64_t count;
	struct buf v = BUF_INIT;
	uint64_t sum;
	uint64_t last = 0;

	need(reopen(f, 0) == SAKSI_OK, f, "open");
	while (poll(&done, 1, 0) == 0) {
		need(kv_begin(&t, f->kv, false, &f->err) == SAKSI_OK, f, "reader: begin");
		kv_range(t, KV_LOG, &a, &b, &count);
		sum = 0;
		buf_reset(&v);
		if (kv_get(t, KV_LOCAL, 1, &v, &f->err) == SAKSI_OK)
			memcpy(&sum, v.p, 8);
		need(sum == count, f, "reader: counter");
		need(sum >= last, f, "reader: went back");
		last = sum;
		kv_range(t, KV_RECORDS, &a, &b, &count);
		need(sum == count, f, "reader: records");
		if (count > 0) {
			buf_reset(&v);
			need(kv_get(t, KV_RECORDS, b - 1, &v, &f->err) == SAKSI_OK, f,
			    "reader: get");
		}
		kv_abort(&t);
	}
	buf_free(&v);
	kv_close(&f->kv);
	secret_free(&f->vault_key);
	_exit(0);
}

static void test_together(void **state)
{
	struct fixture f;
	struct kv_txn *t;
	pid_t child[4];
	uint64_t first;
	uint64_t next;
	uint64_t count;
	int ends[2];
	unsigned i;

	(void)state;
	kv_test_map_size(512u << 10);
	fixture_new(&f);
	kv_close(&f.kv);
	assert_int_equal(pipe(ends), 0);
	for (i = 0; i < 4; i++) {
		child[i] = start();
		if (child[i] == 0) {
			(void)close(ends[1]);
			if (i < 2)
				writer(&f, i);
			reader(&f, ends[0]);
		}
	}
	assert_child(child[0]);
	assert_child(child[1]);
	(void)close(ends[1]);
	assert_child(child[2]);
	assert_child(child[3]);
	(void)close(ends[0]);
	OK(reopen(&f, 0));
	t = begin(&f, false);
	kv_range(t, KV_RECORDS, &first, &next, &count);
	assert_int_equal(count, 2 * (TURNS - TURNS / 10));
	assert_int_equal(read_u64(&f, t, KV_LOCAL, 1), count);
	kv_abort(&t);
	assert_sound(&f);
	kv_test_map_size(0);
	fixture_free(&f);
}

/* A process that has the vault open follows what another one makes of it. */
static void test_follows_growth(void **state)
{
	static uint8_t p[200000];
	struct fixture f;
	struct kv_txn *t;
	pid_t child;
	unsigned i;

	(void)state;
	kv_test_map_size(512u << 10);
	fixture_new(&f);
	OK(step(&f, 1, 0));
	child = start();
	if (child == 0) {
		f.kv = NULL; /* the parent's */
		need(reopen(&f, 0) == SAKSI_OK, &f, "open");
		for (i = 0; i < 40; i++) {
			t = begin(&f, true);
			put(&f, t, KV_HELD, next_number(&f, t, KV_HELD), p, i * 5000);
			crypto_random(p, sizeof(p));
			commit(&f, t);
		}
		kv_close(&f.kv);
		_exit(0);
	}
	assert_child(child);
	t = begin(&f, false);
	assert_int_equal(read_u64(&f, t, KV_LOCAL, 1), 1);
	kv_abort(&t);
	OK(step(&f, 2, 0));
	assert_int_equal(last_step(&f), 2);
	assert_sound(&f);
	kv_test_map_size(0);
	fixture_free(&f);
}

/* ---- killed ------------------------------------------------------------------------ */

static unsigned kills(void)
{
	const char *s = getenv("SAKSI_ROUNDS");

	return s != NULL ? (unsigned)strtoul(s, NULL, 10) : 40;
}

/* Steps without end; each one done is told through the pipe. */
static void restless(struct fixture *f, int to, uint64_t from)
{
	uint64_t n;

	need(reopen(f, 0) == SAKSI_OK, f, "open");
	for (n = from + 1;; n++) {
		need(step(f, n, n % 7 == 0 ? 40000 : n % 3 * 100) == SAKSI_OK, f, "step");
		if (write(to, &n, sizeof(n)) != sizeof(n))
			_exit(0);
	}
}

static void test_killed_while_committing(void **state)
{
	struct fixture f;
	unsigned round;
	uint64_t acked = 0;
	uint64_t got;
	uint64_t n;
	int ends[2];
	pid_t child;

	(void)state;
	fixture_new(&f);
	kv_close(&f.kv);
	for (round = 0; round < kills(); round++) {
		assert_int_equal(pipe(ends), 0);
		child = start();
		if (child == 0) {
			(void)close(ends[0]);
			restless(&f, ends[1], acked);
		}
		(void)close(ends[1]);
		if (read(ends[0], &n, sizeof(n)) == sizeof(n))
			acked = n;
		nap((long)(rand() % 9000));
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		while (read(ends[0], &n, sizeof(n)) == sizeof(n))
			acked = n;
		(void)close(ends[0]);
		OK(reopen(&f, 0));
		got = last_step(&f);
		assert_true(got == acked || got == acked + 1);
		acked = got;
		assert_sound(&f);
		kv_close(&f.kv);
	}
	assert_true(acked > kills());
	fixture_free(&f);
}

/* One is killed with the write lock in its hands; another waits for it. */
static void test_killed_with_the_lock(void **state)
{
	struct fixture f;
	struct kv_txn *t;
	int ends[2];
	pid_t child;
	char c;

	(void)state;
	fixture_new(&f);
	OK(step(&f, 1, 0));
	assert_int_equal(pipe(ends), 0);
	child = start();
	if (child == 0) {
		f.kv = NULL;
		need(reopen(&f, 0) == SAKSI_OK, &f, "open");
		t = begin(&f, true);
		put(&f, t, KV_LOCAL, 1, "half", 4);
		(void)!write(ends[1], "x", 1);
		nap(100000);
		(void)kill(getpid(), SIGKILL);
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	OK(step(&f, 2, 0)); /* waits until the other is dead */
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(last_step(&f), 2);
	assert_sound(&f);
	(void)close(ends[0]);
	(void)close(ends[1]);
	fixture_free(&f);
}

/* A killed reader must not keep pages from being used again. */
static void test_killed_reader(void **state)
{
	struct fixture f;
	struct kv_txn *t;
	uint64_t size;
	int ends[2];
	pid_t child;
	unsigned i;
	char c;

	(void)state;
	fixture_new(&f);
	for (i = 1; i <= 100; i++)
		OK(step(&f, i, 5000));
	assert_int_equal(pipe(ends), 0);
	child = start();
	if (child == 0) {
		f.kv = NULL;
		need(reopen(&f, 0) == SAKSI_OK, &f, "open");
		t = begin(&f, false);
		(void)!write(ends[1], "x", 1);
		(void)pause();
		kv_abort(&t);
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	size = kv_file_size(f.kv);
	for (; i <= 500; i++)
		OK(step(&f, i, 5000));
	assert_true(kv_file_size(f.kv) < size + (4u << 20));
	assert_sound(&f);
	(void)close(ends[0]);
	(void)close(ends[1]);
	fixture_free(&f);
}

/* ---- full and failing disks --------------------------------------------------------- */

static void assert_step_fails(struct fixture *f, uint64_t n, int sys)
{
	assert_int_equal(step(f, n, 3000), SAKSI_EIO);
	assert_int_equal(f->err.sys, sys);
	if (sys == ENOSPC)
		assert_non_null(strstr(f->err.msg, "free some space"));
}

/* Data pages that cannot be written: that commit fails, the next one works. */
static void test_failing_data(void **state)
{
	struct fixture f;
	unsigned failed = 0;
	uint64_t n = 0;
	enum saksi_err rc;
	unsigned i;

	(void)state;
	fixture_new(&f);
	for (i = 1; i <= 40; i++) {
		OK(step(&f, ++n, 3000));
		fail_write(i % 2 == 0 ? ENOSPC : EIO, i % 5 == 0, false, 1 + (int)i % 3);
		rc = step(&f, n + 1, 3000);
		if (write_countdown == 0) {
			assert_int_equal(rc, SAKSI_EIO);
			failed++;
		} else {
			assert_int_equal(rc,
			    SAKSI_OK); /* so many writes were not needed */
			n++;
		}
		write_countdown = 0;
		assert_int_equal(last_step(&f), n);
		assert_sound(&f);
	}
	assert_true(failed >= 20);
	OK(reopen(&f, 0));
	assert_int_equal(last_step(&f), n);
	assert_sound(&f);
	fixture_free(&f);
}

/* The head cannot be written: what was there before holds, also for others. */
static void test_failing_head(void **state)
{
	struct fixture f;
	unsigned i;
	pid_t child;

	(void)state;
	for (i = 0; i < 3; i++) {
		fixture_new(&f);
		OK(step(&f, 1, 3000));
		OK(step(&f, 2, 0));
		fail_write(i == 0 ? ENOSPC : EIO, i == 2, true, 1);
		if (i == 0)
			assert_step_fails(&f, 3, ENOSPC);
		else
			assert_int_equal(step(&f, 3, 3000), SAKSI_EIO);
		write_countdown = 0;
		/* LMDB wants a fresh start after that. */
		assert_int_equal(step(&f, 3, 0), SAKSI_EIO);
		child = start();
		if (child == 0) {
			f.kv = NULL;
			need(reopen(&f, 0) == SAKSI_OK, &f, "open");
			need(last_step(&f) == 2, &f, "the state before");
			need(step(&f, 3, 0) == SAKSI_OK, &f, "step");
			kv_close(&f.kv);
			_exit(0);
		}
		assert_child(child);
		OK(reopen(&f, 0));
		assert_int_equal(last_step(&f), 3);
		OK(step(&f, 4, 0));
		assert_sound(&f);
		fixture_free(&f);
	}
}

/* In a child with its own mounts: 0 done, 77 not allowed here. */
static int on_small_disk(void)
{
	char dir[] = "disk.XXXXXX";
	struct fixture f;
	enum saksi_err rc = SAKSI_OK;
	uint64_t n;
	unsigned again;
	char path[320];

	if (mkdtemp(dir) == NULL)
		return 1;
	if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return 77;
	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=3m,mode=0700") != 0)
		return 77;
	if (chdir(dir) != 0)
		return 1;
	fixture_new(&f);
	for (n = 1; rc == SAKSI_OK; n++)
		rc = step(&f, n, 20000 + n % 5 * 10000);
	n -= 2;
	if (rc != SAKSI_EIO || f.err.sys != ENOSPC || n < 10)
		return 2;
	for (again = 0; again < 5; again++) {
		if (step(&f, n + 1, 290000) != SAKSI_EIO)
			return 3;
	}
	if (last_step(&f) != n)
		return 4;
	assert_sound(&f);
	OK(reopen(&f, 0));
	if (last_step(&f) != n)
		return 5;
	assert_sound(&f);
	/* with some room again it goes on */
	(void)snprintf(path, sizeof(path), "size=%um", 8u);
	if (mount("tmpfs", ".", "tmpfs", MS_REMOUNT, path) == 0 &&
	    step(&f, n + 1, 290000) != SAKSI_OK)
		return 6;
	assert_sound(&f);
	fixture_free(&f);
	return 0;
}

static void test_full_disk(void **state)
{
	int status;
	pid_t child;
	DIR *d;
	struct dirent *e;

	(void)state;
	child = start();
	if (child == 0)
		_exit(on_small_disk());
	assert_int_equal(waitpid(child, &status, 0), child);
	d = opendir(".");
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, "disk.", 5) == 0)
			(void)rmdir(e->d_name);
	}
	if (d != NULL)
		(void)closedir(d);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_together),
    cmocka_unit_test(test_follows_growth),
    cmocka_unit_test(test_killed_while_committing),
    cmocka_unit_test(test_killed_with_the_lock),
    cmocka_unit_test(test_killed_reader),
    cmocka_unit_test(test_failing_data),
    cmocka_unit_test(test_failing_head),
    cmocka_unit_test(test_full_disk),
};

TEST_MAIN(tests, setup_hardened, NULL)
