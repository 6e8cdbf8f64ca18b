/* test_migrate.c - a vault of format 1 into the present one: whole, or not at all. */
#include "vaults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>

#include "kv_int.h"
#include "migrate.h"
#include "vault_impl.h"

#define VAULT "migrating"
#define DIGEST "0a8779834ee198ab6a40ef31db527315a8ff3db892ebc0453c33b86afb0c2f19"

/* The disk is as full as a test wants it. */
int __real_fstatvfs(int fd, struct statvfs *st);
int __wrap_fstatvfs(int fd, struct statvfs *st);
static bool disk_full;
int __wrap_fstatvfs(int fd, struct statvfs *st)
{
	int rc = __real_fstatvfs(fd, st);

	if (rc == 0 && disk_full)
		st->f_bavail = 1;
	return rc;
}

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

static void take_old(void)
{
	char command[1500];

	snprintf(command, sizeof(command),
	    "rm -rf " VAULT " && mkdir -m 700 " VAULT " && "
	    "cp '%s'/tests/vectors/vault-1/data.mdb '%s'/tests/vectors/vault-1/keys " VAULT
	    " && chmod 600 " VAULT "/*",
	    getenv("SAKSI_SRC"), getenv("SAKSI_SRC"));
	run(command);
}

static bool is_unchanged(void)
{
	char command[700];

	snprintf(command, sizeof(command),
	    "cmp -s '%s'/tests/vectors/vault-1/data.mdb " VAULT "/data.mdb",
	    getenv("SAKSI_SRC"));
	return system(command) == 0;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static enum saksi_err open_flags(struct saksi_vault **v, unsigned flags)
{
	struct secret *pass = passphrase("a golden vault of format one");
	enum saksi_err rc = saksi_vault_open(v, VAULT, g_schema, pass, flags, &g_err);

	secret_free(&pass);
	return rc;
}

static struct saksi_vault *open_any(void)
{
	struct saksi_vault *v = NULL;

	OK(open_flags(&v, VAULT_ANY_FORMAT));
	return v;
}

static void digest_is(struct saksi_vault *v)
{
	struct saksi_txn *t = NULL;
	struct saksi_hash h;
	char hex[65];

	OK(saksi_txn_begin(&t, v, false, &g_err));
	OK(saksi_state_digest(t, &h, &g_err));
	saksi_txn_abort(&t);
	hex_encode(hex, h.b, sizeof(h.b));
	assert_string_equal(hex, DIGEST);
}

/* Every value of a table under its number, and what numbers are handed out next. */
static enum saksi_err add_value(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	(void)err;
	buf_le64(ctx, n);
	buf_le64(ctx, len);
	buf_add(ctx, p, len);
	return SAKSI_OK;
}

static void dump(struct buf *b, struct saksi_vault *v)
{
	static const enum kv_table tables[] = {KV_RECORDS, KV_LOG, KV_HELD, KV_LOCAL};
	struct saksi_txn *t = NULL;

	OK(saksi_txn_begin(&t, v, false, &g_err));
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint64_t range[3];

		kv_range(t->kv, tables[i], &range[0], &range[1], &range[2]);
		buf_add(b, range, sizeof(range));
		OK(kv_scan(t->kv, tables[i], 0, add_value, b, &g_err));
	}
	saksi_txn_abort(&t);
	OK(buf_ok(b, &g_err));
}

static void is_whole(struct saksi_vault *v)
{
	unsigned newest, format = saksi_vault_format(v, &newest);

	assert_int_equal(format, newest);
	OK(saksi_vault_verify(v, true, NULL, NULL, NULL, NULL, &g_err));
	digest_is(v);
	assert_false(is_there(VAULT "/" MIGRATION_DIR));
}

static void what_it_holds_stays(void **state)
{
	struct buf before = BUF_INIT, after = BUF_INIT;
	struct saksi_vault *v;
	struct saksi_txn *t = NULL;
	struct stat st;
	unsigned newest;

	(void)state;
	take_old();
	v = open_any();
	assert_int_equal(saksi_vault_format(v, &newest), 1);
	assert_int_equal(newest, KV_FORMAT);
	assert_int_equal(saksi_txn_begin(&t, v, true, &g_err), SAKSI_EREFUSED);
	dump(&before, v);
	OK(saksi_vault_migrate(v, NULL, NULL, &g_err));
	dump(&after, v);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.p, after.p, after.len);
	is_whole(v);
	OK(saksi_vault_migrate(v, NULL, NULL, &g_err));
	saksi_vault_close(&v);
	OK(open_flags(&v, 0));
	is_whole(v);
	saksi_vault_close(&v);
	OK(open_flags(&v, VAULT_READ_ONLY));
	digest_is(v);
	saksi_vault_close(&v);
	assert_int_equal(stat(VAULT "/data.mdb", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buf_free(&before);
	buf_free(&after);
}

static void it_is_refused_in_words(void **state)
{
	struct saksi_vault *v = NULL;

	(void)state;
	take_old();
	assert_int_equal(open_flags(&v, 0), SAKSI_EREFUSED);
	assert_non_null(strstr(g_err.msg, "older format 1"));
	assert_int_equal(open_flags(&v, VAULT_READ_ONLY), SAKSI_EREFUSED);
	assert_non_null(strstr(g_err.msg, "older format 1"));
	OK(open_flags(&v, VAULT_READ_ONLY | VAULT_ANY_FORMAT));
	assert_int_equal(saksi_vault_migrate(v, NULL, NULL, &g_err), SAKSI_EREFUSED);
	saksi_vault_close(&v);
	assert_true(is_unchanged());
}

static void a_newer_one_is_refused_by_name(void **state)
{
	static const unsigned flags[] = {0, VAULT_ANY_FORMAT, VAULT_READ_ONLY};
	struct secret *pass = passphrase("a long enough passphrase");
	struct device d;
	char path[1024];

	(void)state;
	kv_test_newest(KV_FORMAT + 1);
	device_make(&d, g_schema);
	saksi_vault_close(&d.v);
	kv_test_newest(0);
	snprintf(path, sizeof(path), "%s/vault", d.dir);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		assert_int_equal(saksi_vault_open(&d.v, path, g_schema, pass, flags[i],
				     &g_err),
		    SAKSI_ENEWER);
		assert_non_null(
		    strstr(g_err.msg, "it has format 3, this saksi knows up to 2"));
	}
	secret_free(&pass);
	device_end(&d);
}

/* ---- what may be in the way ------------------------------------------------------------ */

static void without_room_nothing_happens(void **state)
{
	struct saksi_vault *v;

	(void)state;
	take_old();
	v = open_any();
	disk_full = true;
	assert_int_equal(saksi_vault_migrate(v, NULL, NULL, &g_err), SAKSI_EIO);
	disk_full = false;
	assert_non_null(strstr(g_err.msg, "may need 32 MiB"));
	assert_int_equal(g_err.sys, ENOSPC);
	saksi_vault_close(&v);
	assert_true(is_unchanged());
	assert_false(is_there(VAULT "/" MIGRATION_DIR));
}

static void no_longer_room_undoes_it(void **state)
{
	struct rlimit was, low;
	struct saksi_vault *v;
	pid_t pid;
	int status;

	(void)state;
	take_old();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		v = open_any();
		(void)getrlimit(RLIMIT_FSIZE, &was);
		low = was;
		low.rlim_cur = 64u << 10;
		(void)setrlimit(RLIMIT_FSIZE, &low);
		status = saksi_vault_migrate(v, NULL, NULL, &g_err) == SAKSI_EIO ? 0 : 1;
		saksi_vault_close(&v);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(is_unchanged());
	assert_false(is_there(VAULT "/" MIGRATION_DIR));
}

static void nobody_else_may_have_it_open(void **state)
{
	struct saksi_vault *v;
	int ready[2], go[2], status;
	char c = 0;
	pid_t pid;

	(void)state;
	take_old();
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		v = open_any();
		(void)!write(ready[1], "r", 1);
		(void)!read(go[0], &c, 1);
		saksi_vault_close(&v);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	v = open_any();
	assert_int_equal(saksi_vault_migrate(v, NULL, NULL, &g_err), SAKSI_EBUSY);
	saksi_vault_close(&v);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(is_unchanged());
	v = open_any();
	OK(saksi_vault_migrate(v, NULL, NULL, &g_err));
	is_whole(v);
	saksi_vault_close(&v);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
}

/* Of those that begin together each migrates, finds it done, or is refused as busy. */
static void two_at_once_are_one(void **state)
{
	struct saksi_vault *v = NULL;
	pid_t pid[3];
	int status;

	(void)state;
	take_old();
	for (int i = 0; i < 3; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			enum saksi_err rc = open_flags(&v, VAULT_ANY_FORMAT);

			if (rc == SAKSI_OK)
				rc = saksi_vault_migrate(v, NULL, NULL, &g_err);
			saksi_vault_close(&v);
			if (rc != SAKSI_OK && rc != SAKSI_EBUSY)
				print_error("error %d: %s\n", (int)rc, g_err.msg);
			_exit(rc == SAKSI_OK ? 0 : rc == SAKSI_EBUSY ? 1 : 2);
		}
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status));
		assert_true(WEXITSTATUS(status) < 2);
	}
	v = open_any();
	OK(saksi_vault_migrate(v, NULL, NULL, &g_err));
	is_whole(v);
	saksi_vault_close(&v);
}

/* ---- who waits meanwhile ------------------------------------------------------------------ */

#define WAITING 3
static pid_t waiting[WAITING];

static void open_in_a_child(pid_t *pid)
{
	struct saksi_vault *v = NULL;

	*pid = fork();
	assert_true(*pid >= 0);
	if (*pid == 0) {
		enum saksi_err rc = open_flags(&v, VAULT_ANY_FORMAT);

		if (rc != SAKSI_OK)
			print_error("who waited got error %d: %s\n", (int)rc, g_err.msg);
		saksi_vault_close(&v);
		_exit(rc != SAKSI_OK);
	}
}

/* Long enough for them to come to the lock; who comes later has it easier. */
static void let_them_come(void)
{
	const struct timespec ts = {.tv_nsec = 200000000};

	(void)nanosleep(&ts, NULL);
}

static void they_come_after_the_switch(void *ctx, const char *what, size_t done,
    size_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
	if (strcmp(what, "overwriting the old file") != 0)
		return;
	for (int i = 0; i < WAITING; i++)
		open_in_a_child(&waiting[i]);
	let_them_come();
}

static void they_are_served(void)
{
	int status;

	for (int i = 0; i < WAITING; i++) {
		assert_int_equal(waitpid(waiting[i], &status, 0), waiting[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

/* Its lock file is still of the old file when they come to it. */
static void who_waits_finds_the_new_one(void **state)
{
	struct saksi_vault *v;

	(void)state;
	take_old();
	v = open_any();
	OK(saksi_vault_migrate(v, they_come_after_the_switch, NULL, &g_err));
	is_whole(v);
	saksi_vault_close(&v);
	they_are_served();
}

/* As when the migrating process is killed before it opens the vault again. */
static void a_blank_lock_is_begun_anew(void **state)
{
	int dirfd, lock = -1;
	struct saksi_vault *v;

	(void)state;
	take_old();
	v = open_any();
	OK(saksi_vault_migrate(v, NULL, NULL, &g_err));
	saksi_vault_close(&v);
	dirfd = open(VAULT, O_RDONLY | O_DIRECTORY);
	assert_true(dirfd >= 0);
	OK(migrate_lock(&lock, dirfd, &g_err));
	OK(migrate_lock_blank(lock, &g_err));
	for (int i = 0; i < WAITING; i++)
		open_in_a_child(&waiting[i]);
	let_them_come();
	close(lock);
	they_are_served();
	close(dirfd);
	v = open_any();
	is_whole(v);
	saksi_vault_close(&v);
}

/* ---- stopped ------------------------------------------------------------------------------ */

static unsigned steps_left;

static void stop_there(void *ctx, const char *what, size_t done, size_t total)
{
	(void)ctx;
	(void)what;
	(void)done;
	(void)total;
	if (steps_left-- == 0)
		_exit(9);
}

static void stopped_anywhere_one_is_whole(void **state)
{
	unsigned old = 0, at;
	int status = 9 << 8;

	(void)state;
	for (at = 0; WIFEXITED(status) && WEXITSTATUS(status) == 9; at++) {
		struct saksi_vault *v = NULL;
		unsigned newest, format;
		pid_t pid;

		take_old();
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			steps_left = at;
			v = open_any();
			_exit(saksi_vault_migrate(v, stop_there, NULL, NULL) != SAKSI_OK);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (is_unchanged())
			old++;
		v = open_any();
		format = saksi_vault_format(v, &newest);
		assert_false(is_there(VAULT "/" MIGRATION_DIR));
		if (format == 1)
			OK(saksi_vault_migrate(v, NULL, NULL, &g_err));
		is_whole(v);
		saksi_vault_close(&v);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* The last stop is after the switch, all before it leave the old one. */
	assert_true(old > 10);
	assert_int_equal(at, old + 2);
}

/* ---- leftovers ------------------------------------------------------------------------------ */

static void only_the_old_file_is_overwritten(void **state)
{
	struct saksi_vault *v;
	struct stat st;

	(void)state;
	take_old();
	v = open_any();
	OK(saksi_vault_migrate(v, NULL, NULL, &g_err));
	saksi_vault_close(&v);
	/* As after a stop between the switch and the end; with a backup's own link. */
	run("mkdir -m 700 " VAULT "/migration && printf '%4096s' x >" VAULT
	    "/migration/old.mdb && ln -f " VAULT "/migration/old.mdb linked");
	v = open_any();
	is_whole(v);
	saksi_vault_close(&v);
	run("printf '%4096s' x | cmp - linked");
	/* Links that lead elsewhere are removed, not followed. */
	run("mkdir -m 700 " VAULT "/migration && ln -s ../../linked " VAULT
	    "/migration/old.mdb");
	v = open_any();
	saksi_vault_close(&v);
	run("printf '%4096s' x | cmp - linked");
	run("rm -rf " VAULT
	    "/migration && mkdir elsewhere && printf x >elsewhere/data.mdb && "
	    "ln -s ../elsewhere " VAULT "/migration");
	v = open_any();
	saksi_vault_close(&v);
	assert_int_equal(stat("elsewhere/data.mdb", &st), 0);
	run("rm -rf linked elsewhere " VAULT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_it_holds_stays),
    cmocka_unit_test(it_is_refused_in_words),
    cmocka_unit_test(a_newer_one_is_refused_by_name),
    cmocka_unit_test(without_room_nothing_happens),
    cmocka_unit_test(no_longer_room_undoes_it),
    cmocka_unit_test(nobody_else_may_have_it_open),
    cmocka_unit_test(two_at_once_are_one),
    cmocka_unit_test(who_waits_finds_the_new_one),
    cmocka_unit_test(a_blank_lock_is_begun_anew),
    cmocka_unit_test(stopped_anywhere_one_is_whole),
    cmocka_unit_test(only_the_old_file_is_overwritten),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
