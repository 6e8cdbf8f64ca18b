/* test_kv_open.c - what opens, as what, and what never does. */
#include "kv_fixture.h"

#include <errno.h>
#include <signal.h>

static void write_history(struct fixture *f, const char *what)
{
	struct kv_txn *t = begin(f, true);
	char text[64];

	for (uint64_t n = 1; n <= 8; n++) {
		(void)snprintf(text, sizeof(text), "%s %u", what, (unsigned)n);
		put_str(f, t, KV_RECORDS, n, text);
	}
	(void)snprintf(text, sizeof(text), "%s log", what);
	put_str(f, t, KV_LOG, next_number(f, t, KV_LOG), text);
	commit(f, t);
}

/* What can be read is what was committed, or an error; never the other history. */
static void reads_committed(struct fixture *f, unsigned *read, unsigned *told)
{
	struct kv_txn *t = NULL;
	struct buf b = BUF_INIT;

	if (reopen(f, 0) != SAKSI_OK || kv_begin(&t, f->kv, false, &f->err) != SAKSI_OK) {
		++*told;
		return;
	}
	for (uint64_t n = 1; n <= 9; n++) {
		buf_reset(&b);
		if (kv_get(t, n == 9 ? KV_LOG : KV_RECORDS, n == 9 ? 2 : n, &b, NULL) ==
		    SAKSI_OK) {
			assert_non_null(strstr(buf_cstr(&b), "committed"));
			assert_null(strstr(buf_cstr(&b), "cut off"));
			++*read;
		} else
			++*told;
	}
	buf_free(&b);
	kv_abort(&t);
}

/*
 * A killed command leaves the pages of a transaction that never was; the next
 * one has the same number and writes to the same places.
 */
static void test_what_was_never_committed_does_not_open(void **state)
{
	struct buf before = BUF_INIT, other = BUF_INIT, now = BUF_INIT;
	unsigned read = 0, told = 0;
	struct fixture f;

	(void)state;
	fixture_new(&f);
	write_history(&f, "committed first");
	kv_close(&f.kv);
	load_file(&f, &before);
	OK(reopen(&f, 0));
	write_history(&f, "cut off");
	kv_close(&f.kv);
	load_file(&f, &other);
	store_file(&f, before.p, before.len);
	OK(reopen(&f, 0));
	write_history(&f, "committed second");
	kv_close(&f.kv);
	load_file(&f, &now);
	for (size_t at = 8192; at + 4096 <= now.len && at + 4096 <= other.len;
	     at += 4096) {
		struct buf mixed = BUF_INIT;

		buf_add(&mixed, now.p, now.len);
		OK(buf_ok(&mixed, NULL));
		memcpy(mixed.p + at, other.p + at, 4096);
		store_file(&f, mixed.p, mixed.len);
		reads_committed(&f, &read, &told);
		kv_close(&f.kv);
		buf_free(&mixed);
	}
	assert_true(read > 9);
	assert_true(told > 0);
	buf_free(&before);
	buf_free(&other);
	buf_free(&now);
	folder_free(&f);
}

static void test_open_errors(void **state)
{
	struct secret *other_key = NULL;
	struct fixture f;
	struct kv *kv = NULL;
	char path[320];
	uint8_t other_id[VAULT_ID] = {1};

	(void)state;
	fixture_new(&f);
	kv_close(&f.kv);
	OK(secret_new(&other_key, CRYPTO_KEY, NULL));
	assert_int_equal(kv_open(&kv, f.dir, f.vault_id, other_key, 0, &f.err),
	    SAKSI_EDAMAGED);
	assert_int_equal(kv_open(&kv, f.dir, other_id, f.vault_key, 0, &f.err),
	    SAKSI_EDAMAGED);
	assert_int_equal(kv_open(&kv, "no/such/dir", f.vault_id, f.vault_key, 0, &f.err),
	    SAKSI_ENOTFOUND);
	data_path(&f, path);
	assert_int_equal(kv_open(&kv, path, f.vault_id, f.vault_key, 0, &f.err),
	    SAKSI_EIO);
	assert_int_equal(f.err.sys, ENOTDIR);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(reopen(&f, 0), SAKSI_ENOTFOUND);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(reopen(&f, 0), SAKSI_EDAMAGED);
	assert_int_equal(reopen(&f, KV_CREATE), SAKSI_EDAMAGED);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(reopen(&f, 0), SAKSI_EIO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(reopen(&f, 0), SAKSI_EDAMAGED);
	assert_null(kv);
	secret_free(&other_key);
	fixture_free(&f);
}

static void test_modes(void **state)
{
	static const char *const names[] = {KV_DATA_FILE, "lock.mdb"};
	static const mode_t masks[] = {0, 022, 0277, 0777};
	struct fixture f;
	struct stat st;
	char path[320];
	mode_t was;
	unsigned i;
	unsigned j;

	(void)state;
	for (i = 0; i < 4; i++) {
		folder_new(&f);
		was = umask(masks[i]);
		OK(reopen(&f, KV_CREATE));
		assert_int_equal(umask(was), masks[i]);
		for (j = 0; j < 2; j++) {
			(void)snprintf(path, sizeof(path), "%s/%s", f.dir, names[j]);
			assert_int_equal(stat(path, &st), 0);
			assert_int_equal(st.st_mode & 07777, 0600);
		}
		fixture_free(&f);
	}
}

static void test_unfinished_creation(void **state)
{
	struct fixture f;
	char path[320];
	int fd;

	(void)state;
	folder_new(&f);
	data_path(&f, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(reopen(&f, 0), SAKSI_EDAMAGED);
	OK(reopen(&f, KV_CREATE));
	assert_sound(&f);
	fixture_free(&f);
}

static void test_read_only(void **state)
{
	struct fixture f;
	struct kv_txn *t = NULL;
	char lock[320];
	int ends[2];
	pid_t child;
	char c;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_RECORDS, 1, "one");
	commit(&f, t);
	kv_close(&f.kv);
	(void)snprintf(lock, sizeof(lock), "%s/lock.mdb", f.dir);
	assert_int_equal(unlink(lock), 0);
	OK(reopen(&f, KV_READ_ONLY));
	assert_int_not_equal(access(lock, F_OK), 0);
	assert_int_equal(kv_begin(&t, f.kv, true, &f.err), SAKSI_EREFUSED);
	t = begin(&f, false);
	assert_int_equal(kv_txn_number(t), 2);
	assert_str(&f, t, KV_RECORDS, 1, "one");
	kv_abort(&t);
	assert_sound(&f);
	kv_close(&f.kv);
	/* refused while another process has it open */
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		c = reopen(&f, 0) == SAKSI_OK ? 'y' : 'n';
		(void)!write(ends[1], &c, 1);
		(void)pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_int_equal(reopen(&f, KV_READ_ONLY), SAKSI_EBUSY);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)close(ends[0]);
	(void)close(ends[1]);
	OK(reopen(&f, KV_READ_ONLY));
	fixture_free(&f);
}

static void test_refused_after_fork(void **state)
{
	struct kv_txn *mine = NULL;
	struct fixture f;
	struct kv_txn *t;
	struct buf b = BUF_INIT;
	pid_t child;
	int status;
	bool good;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_RECORDS, 1, "one");
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		good = kv_begin(&mine, f.kv, false, &f.err) == SAKSI_EINVAL &&
		    kv_get(t, KV_RECORDS, 1, &b, &f.err) == SAKSI_EINVAL &&
		    kv_commit(&t, &f.err) == SAKSI_EINVAL;
		kv_close(&f.kv);
		/* its own is fine, as far as the parent's writing lets it */
		good = good && reopen(&f, 0) == SAKSI_OK;
		kv_close(&f.kv);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	put_str(&f, t, KV_RECORDS, 2, "two");
	commit(&f, t);
	assert_sound(&f);
	fixture_free(&f);
}

/* The file shrinks under an open transaction: words, then nothing is touched. */
static void test_shrinks_while_open(void **state)
{
	struct buf b = BUF_INIT;
	struct fixture f;
	struct kv_txn *t;
	char path[320];
	unsigned i;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	for (i = 1; i <= 200; i++)
		put_str(&f, t, KV_RECORDS, i, "value");
	commit(&f, t);
	t = begin(&f, false);
	data_path(&f, path);
	assert_int_equal(truncate(path, 8192), 0);
	assert_int_equal(kv_get(t, KV_RECORDS, 150, &b, &f.err), SAKSI_EDAMAGED);
	assert_int_equal(kv_get(t, KV_RECORDS, 1, &b, &f.err), SAKSI_EDAMAGED);
	assert_int_equal(b.len, 0);
	kv_abort(&t);
	assert_int_equal(kv_begin(&t, f.kv, true, &f.err), SAKSI_EDAMAGED);
	kv_close(&f.kv);
	assert_int_equal(reopen(&f, 0), SAKSI_EDAMAGED);
	fixture_free(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_what_was_never_committed_does_not_open),
    cmocka_unit_test(test_open_errors),
    cmocka_unit_test(test_modes),
    cmocka_unit_test(test_unfinished_creation),
    cmocka_unit_test(test_read_only),
    cmocka_unit_test(test_refused_after_fork),
    cmocka_unit_test(test_shrinks_while_open),
};

TEST_MAIN(tests, setup_hardened, NULL)
