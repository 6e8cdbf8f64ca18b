/* test_restored.c - whether a vault was put back is asked of notes that may not be to be had. */
#include "vaults.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "anchor.h"
#include "vault_impl.h"

static void vault_path(char out[160], const struct device *d, const char *name)
{
	snprintf(out, 160, "%s/vault%s", d->dir, name);
}

static void add_record(struct device *d)
{
	struct saksi_txn *t = NULL;
	struct saksi_draft *dr = NULL;
	struct saksi_id id;

	OK(saksi_txn_begin(&t, d->v, true, &g_err));
	OK(saksi_draft_new(&dr, t, &g_err));
	OK(saksi_draft_create(dr, &id, "event", NULL, NULL, &g_err));
	OK(saksi_draft_commit(dr, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&dr);
}

/* A vault in use, with a note of its one entry. */
static void noted(struct device *d)
{
	char path[160];
	struct stat st;

	device_make(d, g_schema);
	device_reopen(d, g_schema);
	add_record(d);
	vault_path(path, d, "/" ANCHOR_FILE);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);
}

static void no_descriptor_left(bool none)
{
	struct rlimit r;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	if (fd >= 0)
		close(fd);
	assert_true(fd >= 0 || !none);
	r.rlim_cur = none ? (rlim_t)fd : r.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
}

static enum saksi_err ask(struct device *d, bool *restored)
{
	struct saksi_txn *t = NULL;
	enum saksi_err rc;

	OK(saksi_txn_begin(&t, d->v, false, &g_err));
	rc = saksi_vault_restored(t, restored, &g_err);
	saksi_txn_abort(&t);
	return rc;
}

static void without_descriptors_nobody_can_tell(void **state)
{
	struct device d;
	bool restored = true;

	(void)state;
	noted(&d);
	OK(ask(&d, &restored));
	assert_false(restored);
	/* Neither whether the log is behind, nor whether the line of commits is. */
	for (unsigned with_log = 0; with_log < 2; with_log++) {
		saksi_vault_set_writer(d.v, CS_DATA, with_log == 1 ? &d.w : NULL);
		no_descriptor_left(true);
		assert_int_equal(ask(&d, &restored), SAKSI_EIO);
		no_descriptor_left(false);
		assert_non_null(strstr(g_err.msg, "anchor: the note"));
	}
	OK(ask(&d, &restored));
	device_end(&d);
}

/* What is carried into a repaired vault keeps its log from one number twice. */
static void a_note_that_cannot_be_opened_is_not_carried_as_none(void **state)
{
	const uid_t me = geteuid();
	char path[160], note[160];
	struct buf before = BUF_INIT, after = BUF_INIT;
	struct device d;
	bool restored = true, unread = true;

	(void)state;
	noted(&d);
	vault_path(path, &d, "");
	vault_path(note, &d, "/" ANCHOR_FILE);
	OK(fs_read_file(&before, note, 1u << 16, &g_err));
	no_descriptor_left(true);
	assert_int_equal(anchor_carry(d.v, path, false, &unread, &g_err), SAKSI_EIO);
	no_descriptor_left(false);
	assert_non_null(strstr(g_err.msg, "cannot be opened"));
	/* Permission: of the file, or for root of another user's. */
	assert_int_equal(chmod(note, 0), 0);
	if (me == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(anchor_carry(d.v, path, false, &unread, &g_err), SAKSI_EIO);
	assert_int_equal(seteuid(me), 0);
	assert_int_equal(chmod(note, 0600), 0);
	assert_non_null(strstr(g_err.msg, "cannot be opened"));
	OK(fs_read_file(&after, note, 1u << 16, &g_err));
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.p, after.p, before.len);
	/* And with both: the same note, or one that asks for new logs. */
	OK(anchor_carry(d.v, path, false, &unread, &g_err));
	assert_false(unread);
	OK(ask(&d, &restored));
	assert_false(restored);
	OK(anchor_carry(d.v, path, true, &unread, &g_err));
	OK(ask(&d, &restored));
	assert_true(restored);
	/* None at all is none. */
	OK(anchor_carry(d.v, "no/such/folder", false, &unread, &g_err));
	buf_free(&before);
	buf_free(&after);
	device_end(&d);
}

/* Another process writes between the beginning of a transaction and the question. */
static void what_another_process_noted_since_is_no_older_state(void **state)
{
	struct saksi_txn *t = NULL;
	struct device d;
	bool restored = true;
	pid_t child;
	int go[2], status;
	char c = 0;

	(void)state;
	noted(&d);
	saksi_vault_close(&d.v);
	assert_int_equal(pipe(go), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (read(go[0], &c, 1) != 1)
			_exit(1);
		device_reopen(&d, g_schema);
		add_record(&d);
		saksi_vault_close(&d.v);
		_exit(0);
	}
	device_reopen(&d, g_schema);
	OK(saksi_txn_begin(&t, d.v, false, &g_err));
	assert_int_equal(write(go[1], &c, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	OK(saksi_vault_restored(t, &restored, &g_err));
	assert_false(restored);
	saksi_txn_abort(&t);
	close(go[0]);
	close(go[1]);
	device_end(&d);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(without_descriptors_nobody_can_tell),
    cmocka_unit_test(a_note_that_cannot_be_opened_is_not_carried_as_none),
    cmocka_unit_test(what_another_process_noted_since_is_no_older_state),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
