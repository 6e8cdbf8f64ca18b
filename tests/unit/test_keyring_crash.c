/* test_keyring_crash.c - killed in the middle, failing disks, two commands at once. */
#include "keyring_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#define STEPS (KEYRING_STEP_SECOND_DONE + 1u)

static enum keyring_step stop_at;

static bool die(enum keyring_step step)
{
	if (step == stop_at)
		_exit(0); /* what is written stays, nothing more comes */
	return true;
}

static bool break_down(enum keyring_step step)
{
	return step != stop_at;
}

/* ---- changes to be interrupted ------------------------------------------- */

struct change {
	enum saksi_err (*make)(struct fixture *f);
	const char *before; /* opens before and not after, or NULL */
	const char *after;  /* opens after and not before, or NULL */
};

static enum saksi_err add(struct fixture *f)
{
	return set_slot(f->k, f, 4, "added");
}

static enum saksi_err change(struct fixture *f)
{
	return set_slot(f->k, f, 0, "changed");
}

static enum saksi_err clear(struct fixture *f)
{
	return keyring_clear(f->k, f->dirfd, 1, NULL);
}

static enum saksi_err rekey(struct fixture *f)
{
	struct secret *pass = passphrase("first");
	const struct secret *passes[] = {pass};
	const unsigned slots[] = {0};
	enum saksi_err rc;

	rc = keyring_rekey(f->k, f->dirfd, &cheap, f->vault_key, 1, slots, passes, NULL);
	secret_free(&pass);
	return rc;
}

static const struct change changes[] = {{add, NULL, "added"},
    {change, "first", "changed"}, {clear, "second", NULL}, {rekey, "second", NULL}};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static void start(struct fixture *f)
{
	fixture_new(f);
	OK(set_slot(f->k, f, 1, "second"));
}

static void assert_state(const struct fixture *f, const struct change *c, bool done)
{
	if (c->before)
		assert_int_equal(opens(f, c->before) >= 0, !done);
	if (c->after)
		assert_int_equal(opens(f, c->after) >= 0, done);
	if (c->make != change)
		assert_int_equal(opens(f, "first"), 0);
}

static void wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_true(
	    WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
}

static void run_until(struct fixture *f, const struct change *c, enum keyring_step step)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		stop_at = step;
		keyring_test_hook(die);
		(void)c->make(f);
		_exit(1); /* it was not stopped */
	}
	wait_for(pid);
}

static void stopped_between_any_two_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHANGES; i++)
		for (unsigned step = 0; step < STEPS; step++) {
			struct fixture f;

			start(&f);
			run_until(&f, &changes[i], (enum keyring_step)step);
			assert_state(&f, &changes[i], step >= KEYRING_STEP_FIRST_DONE);
			/* and the next command works, whatever was left */
			keyring_free(&f.k);
			OK(keyring_load(&f.k, f.dirfd, NULL));
			assert_int_equal(keyring_damage(f.k) != NULL,
			    step > KEYRING_STEP_LOCKED && step < KEYRING_STEP_SECOND_DONE);
			OK(set_slot(f.k, &f, 6, "next"));
			assert_null(keyring_damage(f.k));
			assert_int_equal(opens(&f, "next"), 6);
			assert_state(&f, &changes[i], step >= KEYRING_STEP_FIRST_DONE);
			fixture_free(&f);
		}
}

/* With one copy damaged already, that one must be written first. */
static void stopped_when_one_copy_was_damaged(void **state)
{
	(void)state;
	for (unsigned which = 0; which < KEYRING_COPIES; which++)
		for (unsigned step = 0; step < STEPS; step++) {
			static uint8_t file[KEYRING_FILE_SIZE];
			struct fixture f;

			start(&f);
			assert_int_equal(file_get(&f, file, sizeof(file)), sizeof(file));
			file[which * KEYRING_COPY_SIZE + 777] ^= 1;
			file_put(&f, file, sizeof(file));
			keyring_free(&f.k);
			OK(keyring_load(&f.k, f.dirfd, NULL));
			run_until(&f, &changes[1], (enum keyring_step)step);
			assert_state(&f, &changes[1], step >= KEYRING_STEP_FIRST_DONE);
			fixture_free(&f);
		}
}

/* A second interruption, after one that left the copies different. */
static void stopped_twice(void **state)
{
	const unsigned stride = fewer(10) == 10 ? 1 : 2;

	(void)state;
	for (unsigned one = 0; one < STEPS; one += stride)
		for (unsigned two = 0; two < STEPS; two += stride) {
			struct fixture f;
			bool done = two >= KEYRING_STEP_FIRST_DONE;

			start(&f);
			run_until(&f, &changes[0], (enum keyring_step)one);
			keyring_free(&f.k);
			OK(keyring_load(&f.k, f.dirfd, NULL));
			run_until(&f, &changes[1], (enum keyring_step)two);
			assert_state(&f, &changes[1], done);
			assert_int_equal(opens(&f, "added") >= 0,
			    one >= KEYRING_STEP_FIRST_DONE);
			fixture_free(&f);
		}
}

/* ---- kill -9 ------------------------------------------------------------- */

static void change_for_ever(struct fixture *f)
{
	for (unsigned i = 0;; i++) {
		if (set_slot(f->k, f, 0, i % 2 ? "first" : "changed") != SAKSI_OK)
			_exit(1);
		if (set_slot(f->k, f, 1 + i % 7, "other") != SAKSI_OK)
			_exit(2);
		if (keyring_clear(f->k, f->dirfd, 1 + i % 7, NULL) != SAKSI_OK)
			_exit(3);
	}
}

static void killed_at_random(void **state)
{
	struct fixture f;

	(void)state;
	srand(20261121);
	for (unsigned i = 0; i < fewer(60); i++) {
		struct timespec nap = {0, 1000000 + rand() % 60000000};
		pid_t pid;

		fixture_new(&f);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			change_for_ever(&f);
		(void)nanosleep(&nap, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		wait_for(pid);
		assert_true((opens(&f, "first") == 0) != (opens(&f, "changed") == 0));
		fixture_free(&f);
	}
}

/* ---- a disk that fails --------------------------------------------------- */

static void failed_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHANGES; i++)
		for (unsigned step = 0; step < KEYRING_STEP_SECOND_DONE; step++) {
			const bool holds = step >= KEYRING_STEP_FIRST_DONE;
			struct fixture f;

			start(&f);
			stop_at = (enum keyring_step)step;
			keyring_test_hook(break_down);
			assert_int_equal(changes[i].make(&f),
			    holds ? SAKSI_EPARTIAL : SAKSI_EIO);
			keyring_test_hook(NULL);
			assert_state(&f, &changes[i], holds);
			/* the keyring in memory followed, so that the next change is allowed */
			OK(set_slot(f.k, &f, 6, "next"));
			assert_state(&f, &changes[i], holds);
			fixture_free(&f);
		}
}

static void a_failed_creation_leaves_no_file(void **state)
{
	struct fixture f;
	struct secret *pass = passphrase("first");

	(void)state;
	folder_new(&f);
	keyring_test_allow_weak_kdf();
	for (unsigned step = 0; step < KEYRING_STEP_SECOND_DONE; step++) {
		stop_at = (enum keyring_step)step;
		keyring_test_hook(break_down);
		assert_int_not_equal(keyring_create(&f.k, f.dirfd, f.vault_id,
					 f.vault_key, pass, &cheap, NULL),
		    SAKSI_OK);
		keyring_test_hook(NULL);
		assert_null(f.k);
		assert_int_equal(faccessat(f.dirfd, KEYRING_FILE, F_OK, 0), -1);
	}
	secret_free(&pass);
	fixture_free(&f);
}

/* ---- two commands at once ------------------------------------------------ */

static void two_views_of_one_file(void **state)
{
	struct fixture f;
	struct keyring *mine = NULL, *theirs = NULL;

	(void)state;
	fixture_new(&f);
	OK(keyring_load(&mine, f.dirfd, NULL));
	OK(keyring_load(&theirs, f.dirfd, NULL));
	OK(set_slot(theirs, &f, 1, "theirs"));
	OK(set_slot(mine, &f, 2, "mine")); /* another slot: both stay */
	assert_int_equal(opens(&f, "theirs"), 1);
	assert_int_equal(opens(&f, "mine"), 2);
	assert_int_equal(set_slot(f.k, &f, 1, "late"), SAKSI_EBUSY); /* the same one */
	assert_int_equal(keyring_clear(f.k, f.dirfd, 2, NULL), SAKSI_EBUSY);
	assert_int_equal(opens(&f, "theirs"), 1);
	assert_int_equal(rekey(&f), SAKSI_EBUSY); /* would drop what it has not seen */
	assert_int_equal(opens(&f, "mine"), 2);
	keyring_free(&f.k);
	OK(keyring_load(&f.k, f.dirfd, NULL));
	OK(rekey(&f));
	assert_int_equal(set_slot(mine, &f, 5, "old salt"), SAKSI_EBUSY);
	assert_int_equal(opens(&f, "mine"), -1);
	keyring_free(&mine);
	keyring_free(&theirs);
	fixture_free(&f);
}

static void processes_at_once_lose_nothing(void **state)
{
	static const char *const words[KEYRING_SLOTS] = {"first", "p1", "p2", "p3", "p4",
	    "p5", "p6", "p7"};
	struct fixture f;
	pid_t pid[KEYRING_SLOTS];

	(void)state;
	for (unsigned turn = 0; turn < fewer(5) + 1; turn++) {
		fixture_new(&f);
		for (unsigned i = 1; i < KEYRING_SLOTS; i++) {
			pid[i] = fork();
			assert_true(pid[i] >= 0);
			if (pid[i] == 0)
				_exit(set_slot(f.k, &f, i, words[i]) != SAKSI_OK);
		}
		for (unsigned i = 1; i < KEYRING_SLOTS; i++)
			wait_for(pid[i]);
		for (unsigned i = 0; i < KEYRING_SLOTS; i++)
			assert_int_equal(opens(&f, words[i]), (int)i);
		fixture_free(&f);
	}
}

static bool linger(enum keyring_step step)
{
	const struct timespec nap = {0, 5000000};

	(void)step;
	(void)nanosleep(&nap, NULL);
	return true;
}

static void a_reader_never_sees_half_a_change(void **state)
{
	struct fixture f;
	pid_t pid;

	(void)state;
	fixture_new(&f);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		keyring_test_hook(linger);
		change_for_ever(&f);
	}
	for (unsigned i = 0; i < 50; i++) {
		const struct timespec nap = {0, 3000000};
		struct keyring *k = NULL;

		OK(keyring_load(&k, f.dirfd, NULL));
		assert_null(keyring_damage(k));
		keyring_free(&k);
		(void)nanosleep(&nap, NULL);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	wait_for(pid);
	fixture_free(&f);
}

static void a_held_file_is_busy_but_readable(void **state)
{
	struct fixture f;
	struct saksi_error err;
	int fd;

	(void)state;
	fixture_new(&f);
	fd = openat(f.dirfd, KEYRING_FILE, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_int_equal(opens(&f, "first"), 0);
	assert_int_equal(keyring_clear(f.k, f.dirfd, 1, &err), SAKSI_EBUSY);
	assert_non_null(strstr(err.msg, "another command"));
	(void)close(fd);
	OK(keyring_clear(f.k, f.dirfd, 1, NULL));
	fixture_free(&f);
}

/* A file that gets its place while a command waits for the old one's lock. */
static void a_replaced_file_is_not_written(void **state)
{
	const struct timespec nap = {1, 0};
	static uint8_t file[KEYRING_FILE_SIZE], after[KEYRING_FILE_SIZE];
	struct fixture f;
	pid_t pid;
	int fd;

	(void)state;
	fixture_new(&f);
	assert_int_equal(file_get(&f, file, sizeof(file)), sizeof(file));
	fd = openat(f.dirfd, KEYRING_FILE, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(fd);
		_exit(keyring_clear(f.k, f.dirfd, 1, NULL) != SAKSI_EBUSY);
	}
	(void)nanosleep(&nap, NULL);
	assert_int_equal(unlinkat(f.dirfd, KEYRING_FILE, 0), 0);
	file_put(&f, file, sizeof(file));
	(void)close(fd);
	wait_for(pid);
	assert_int_equal(file_get(&f, after, sizeof(after)), sizeof(after));
	assert_memory_equal(file, after, sizeof(file));
	fixture_free(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(stopped_between_any_two_steps),
    cmocka_unit_test(stopped_when_one_copy_was_damaged),
    cmocka_unit_test(stopped_twice),
    cmocka_unit_test(killed_at_random),
    cmocka_unit_test(failed_writes),
    cmocka_unit_test(a_failed_creation_leaves_no_file),
    cmocka_unit_test(two_views_of_one_file),
    cmocka_unit_test(processes_at_once_lose_nothing),
    cmocka_unit_test(a_reader_never_sees_half_a_change),
    cmocka_unit_test(a_held_file_is_busy_but_readable),
    cmocka_unit_test(a_replaced_file_is_not_written),
};

TEST_MAIN(tests, NULL, NULL)
