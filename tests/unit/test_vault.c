/* test_vault.c - making, opening and sharing a vault; its key slots. */
#include "vaults.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct crypto_kdf_cost g_weak = {1, 8u << 20};

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void only_the_owner_can_look(void **state)
{
	static const char *const files[] = {"keys", "data.mdb", "lock.mdb"};
	mode_t old = umask(0);
	struct device d;
	char path[160];

	(void)state;
	device_make(&d, g_schema);
	umask(old);
	path_of(path, &d, "");
	assert_int_equal(mode_of(path), 0700);
	for (size_t i = 0; i < 3; i++) {
		path_of(path, &d, files[i]);
		assert_int_equal(mode_of(path), 0600);
	}
	device_end(&d);
}

static void what_is_no_vault_is_said(void **state)
{
	struct device d;
	struct saksi_vault *v = NULL;
	struct secret *pass = passphrase("a long enough passphrase"),
		      *wrong = passphrase("wrong");
	char path[160], file[160], away[160];
	int fd;

	(void)state;
	device_make(&d, g_schema);
	path_of(path, &d, "");
	assert_int_equal(saksi_vault_open(&v, "no/such/folder", g_schema, pass, 0, &g_err),
	    SAKSI_ENOTFOUND);
	assert_int_equal(saksi_vault_open(&v, d.dir, g_schema, pass, 0, &g_err),
	    SAKSI_ENOTFOUND);
	assert_non_null(strstr(g_err.msg, "not a vault"));
	assert_int_equal(saksi_vault_create(&v, path, g_schema, pass, &g_weak, &g_err),
	    SAKSI_EEXIST);
	/* A folder with something in it is not taken over. */
	assert_int_equal(saksi_vault_create(&v, d.dir, g_schema, pass, &g_weak, &g_err),
	    SAKSI_EEXIST);
	saksi_vault_close(&d.v);
	assert_int_equal(saksi_vault_open(&v, path, g_schema, wrong, 0, &g_err),
	    SAKSI_EAUTH);
	assert_non_null(strstr(g_err.msg, "passphrase"));
	assert_int_equal(saksi_vault_open(&v, path, g_schema, NULL, 0, &g_err),
	    SAKSI_ELOCKED);
	assert_non_null(strstr(g_err.msg, "locked"));
	/* Without its slots it is a damaged vault, neither locked nor none. */
	path_of(file, &d, "keys");
	path_of(away, &d, "elsewhere");
	assert_int_equal(rename(file, away), 0);
	assert_int_equal(saksi_vault_open(&v, path, g_schema, NULL, 0, &g_err),
	    SAKSI_EDAMAGED);
	assert_non_null(strstr(g_err.msg, "key slots"));
	assert_int_equal(rename(away, file), 0);
	/* A format of tomorrow: both copies of the slot file. */
	fd = open(file, O_RDWR);
	assert_true(fd != -1);
	assert_int_equal(pwrite(fd, "\x63", 1, 8), 1);
	assert_int_equal(pwrite(fd, "\x63", 1, 4096 + 8), 1);
	close(fd);
	assert_int_equal(saksi_vault_open(&v, path, g_schema, pass, 0, &g_err),
	    SAKSI_ENEWER);
	assert_null(v);
	secret_free(&pass);
	secret_free(&wrong);
	device_end(&d);
}

static void key_slots_come_and_go(void **state)
{
	struct device d;
	struct secret *one = passphrase("a long enough passphrase"),
		      *two = passphrase("second one");
	struct secret *three = passphrase("third one");
	struct slot_dir dir;
	struct crypto_kdf_cost cost;
	unsigned slot = 9, other = 9;

	(void)state;
	device_make(&d, g_schema);
	OK(saksi_vault_slot_add(d.v, two, "office", &slot, &g_err));
	assert_true(opens(&d, "second one"));
	assert_true(opens(&d, "a long enough passphrase"));
	OK(saksi_vault_slots(d.v, &dir, &cost, &g_err));
	assert_int_equal(dir.slot[slot].kind, SLOT_PASSPHRASE);
	assert_string_equal(dir.slot[slot].label, "office");
	assert_int_equal(cost.mem, g_weak.mem);
	OK(saksi_vault_slot_change(d.v, two, three, &other, &g_err));
	assert_int_equal(other, slot);
	assert_false(opens(&d, "second one"));
	assert_true(opens(&d, "third one"));
	assert_int_equal(saksi_vault_slot_change(d.v, two, three, &other, &g_err),
	    SAKSI_EAUTH);
	OK(saksi_vault_slot_remove(d.v, slot, &g_err));
	assert_false(opens(&d, "third one"));
	assert_true(opens(&d, "a long enough passphrase"));
	assert_int_equal(saksi_vault_slot_remove(d.v, slot, &g_err), SAKSI_ENOTFOUND);
	assert_int_equal(saksi_vault_slot_remove(d.v, 0, &g_err), SAKSI_EREFUSED);
	for (unsigned i = 1; i < KEYRING_SLOTS; i++)
		OK(saksi_vault_slot_add(d.v, two, "", &slot, &g_err));
	assert_int_equal(saksi_vault_slot_add(d.v, two, "", &slot, &g_err), SAKSI_ELIMIT);
	slot = 9;
	OK(saksi_vault_rekdf(d.v, one, three, &(struct crypto_kdf_cost){2, 9u << 20},
	    &slot, &g_err));
	assert_int_equal(slot, 0);
	assert_false(opens(&d, "second one"));
	assert_false(opens(&d, "a long enough passphrase"));
	assert_true(opens(&d, "third one"));
	OK(saksi_vault_slots(d.v, &dir, &cost, &g_err));
	assert_int_equal(cost.ops, 2);
	for (unsigned i = 1; i < KEYRING_SLOTS; i++)
		assert_int_equal(dir.slot[i].kind, SLOT_EMPTY);
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	secret_free(&one);
	secret_free(&two);
	secret_free(&three);
	device_end(&d);
}

static void write_records(struct device *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct saksi_txn *t = begin(d, true);
		struct saksi_draft *dr = NULL;
		struct saksi_id id;

		OK(saksi_draft_new(&dr, t, &g_err));
		OK(saksi_draft_create(dr, &id, "event", NULL, NULL, &g_err));
		OK(saksi_draft_commit(dr, NULL, &g_err));
		OK(saksi_txn_commit(&t, &g_err));
		saksi_draft_free(&dr);
	}
}

static size_t g_faults;

static void count_fault(void *ctx, const char *words)
{
	(void)ctx;
	assert_true(strlen(words) > 10);
	g_faults++;
}

static void a_damaged_slot_copy_is_no_loss_but_is_reported(void **state)
{
	struct device d;
	char file[160];
	int fd;

	(void)state;
	device_make(&d, g_schema);
	path_of(file, &d, "keys");
	fd = open(file, O_RDWR);
	assert_int_equal(pwrite(fd, "damage", 6, 300), 6);
	close(fd);
	assert_true(opens(&d, "a long enough passphrase"));
	g_faults = 0;
	assert_int_equal(saksi_vault_verify(d.v, false, NULL, NULL, count_fault, NULL,
			     &g_err),
	    SAKSI_EDAMAGED);
	assert_int_equal(g_faults, 1);
	/* Whoever writes next mends it. */
	set_writer(&d);
	write_records(&d, 1);
	OK(saksi_vault_verify(d.v, false, NULL, NULL, count_fault, NULL, &g_err));
	assert_int_equal(g_faults, 1);
	device_end(&d);
}

static size_t count_records(struct device *d)
{
	struct saksi_txn *t = begin(d, false);
	json_t *types = NULL;
	size_t conflicts, deleted, n;

	OK(saksi_record_counts(t, &types, &conflicts, &deleted, &g_err));
	n = (size_t)json_integer_value(json_object_get(types, "event"));
	json_decref(types);
	saksi_txn_abort(&t);
	return n;
}

/* Both extend the one log of this device, which must not fork. */
static void two_processes_write_one_vault(void **state)
{
	struct device d;
	struct saksi_txn *t;
	struct log_head *heads = NULL;
	size_t n;
	pid_t child[2];

	(void)state;
	device_make(&d, g_schema);
	saksi_vault_close(&d.v);
	for (size_t i = 0; i < 2; i++) {
		child[i] = fork();
		assert_true(child[i] != -1);
		if (child[i] == 0) {
			device_reopen(&d, g_schema);
			write_records(&d, 25);
			saksi_vault_close(&d.v);
			_exit(0);
		}
	}
	for (size_t i = 0; i < 2; i++) {
		int status;

		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	device_reopen(&d, g_schema);
	assert_int_equal(count_records(&d), 50);
	t = begin(&d, false);
	OK(saksi_log_heads(t, &heads, &n, &g_err));
	assert_int_equal(n, 1);
	assert_int_equal(heads[0].seq, 51);
	free(heads);
	saksi_txn_abort(&t);
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	device_end(&d);
}

/* What another process commits is seen by the next transaction here. */
static void a_commit_elsewhere_is_seen(void **state)
{
	struct device d;
	int go[2], done[2];
	pid_t child;
	char c = 0;

	(void)state;
	device_make(&d, g_schema);
	saksi_vault_close(&d.v);
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(done), 0);
	child = fork();
	if (child == 0) {
		device_reopen(&d, g_schema);
		if (read(go[0], &c, 1) != 1)
			_exit(1);
		write_records(&d, 3);
		saksi_vault_close(&d.v);
		if (write(done[1], &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	device_reopen(&d, g_schema);
	assert_int_equal(count_records(&d), 0);
	assert_int_equal(write(go[1], &c, 1), 1);
	assert_int_equal(read(done[0], &c, 1), 1);
	assert_int_equal(count_records(&d), 3);
	/* And a write here goes on from it. */
	write_records(&d, 1);
	assert_int_equal(count_records(&d), 4);
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	assert_int_equal(waitpid(child, NULL, 0), child);
	for (size_t i = 0; i < 2; i++) {
		close(go[i]);
		close(done[i]);
	}
	device_end(&d);
}

static void an_aborted_write_leaves_nothing(void **state)
{
	struct device d;
	struct saksi_txn *t;
	struct saksi_draft *dr = NULL;
	struct saksi_id id;
	struct saksi_hash before, after;

	(void)state;
	device_make(&d, g_schema);
	write_records(&d, 2);
	before = device_digest(&d);
	t = begin(&d, true);
	OK(saksi_draft_new(&dr, t, &g_err));
	OK(saksi_draft_create(dr, &id, "event", "evt-x", NULL, &g_err));
	OK(saksi_draft_commit(dr, NULL, &g_err));
	saksi_draft_free(&dr);
	OK(saksi_record_find(t, "evt-x", &id, &g_err));
	saksi_txn_abort(&t);
	after = device_digest(&d);
	assert_memory_equal(before.b, after.b, sizeof(before.b));
	t = begin(&d, false);
	assert_int_equal(saksi_record_find(t, "evt-x", &id, &g_err), SAKSI_ENOTFOUND);
	saksi_txn_abort(&t);
	write_records(&d, 1);
	assert_int_equal(count_records(&d), 3);
	device_end(&d);
}

/* Nobody gets between an id and its record by calling another one so. */
static void a_whole_id_is_no_reference(void **state)
{
	struct device d;
	struct saksi_txn *t;
	struct saksi_draft *dr = NULL;
	struct saksi_id first, second, found;
	char text[ID_TEXT_LEN + 1], resolved[27];

	(void)state;
	device_make(&d, g_schema);
	t = begin(&d, true);
	OK(saksi_draft_new(&dr, t, &g_err));
	OK(saksi_draft_create(dr, &first, "event", "evt-x", NULL, &g_err));
	id_text(text, &first);
	OK(saksi_draft_create(dr, &second, "person", text, NULL, &g_err));
	OK(saksi_draft_commit(dr, NULL, &g_err));
	saksi_draft_free(&dr);
	OK(saksi_txn_commit(&t, &g_err));
	t = begin(&d, false);
	OK(saksi_record_find(t, text, &found, &g_err));
	assert_int_equal(id_cmp(&found, &first), 0);
	assert_true(saksi_record_resolver(t, text, "event", resolved));
	assert_string_equal(resolved, text);
	assert_false(saksi_record_resolver(t, text, "person", resolved));
	saksi_txn_abort(&t);
	device_end(&d);
}

static void who_is_in_no_team_signs_nothing(void **state)
{
	struct device d;
	struct saksi_txn *t;
	struct saksi_draft *dr = NULL;
	struct saksi_id id;

	(void)state;
	device_make(&d, g_schema);
	saksi_vault_set_writer(d.v, CS_DATA, NULL);
	saksi_vault_set_import_key(d.v, NULL);
	t = begin(&d, true);
	OK(saksi_draft_new(&dr, t, &g_err));
	assert_int_equal(saksi_draft_create(dr, &id, "event", "evt-x", NULL, &g_err),
	    SAKSI_EREFUSED);
	OK(saksi_draft_create(dr, &id, "event", NULL, NULL, &g_err));
	assert_int_equal(saksi_draft_commit(dr, NULL, &g_err), SAKSI_EREFUSED);
	saksi_draft_free(&dr);
	saksi_txn_abort(&t);
	device_end(&d);
}

static void read_only_reads_only(void **state)
{
	struct device d;
	struct saksi_txn *t = NULL;
	struct secret *pass = passphrase("a long enough passphrase");
	char path[160];

	(void)state;
	device_make(&d, g_schema);
	write_records(&d, 2);
	saksi_vault_close(&d.v);
	path_of(path, &d, "");
	OK(saksi_vault_open(&d.v, path, g_schema, pass, VAULT_READ_ONLY, &g_err));
	assert_int_equal(count_records(&d), 2);
	assert_int_equal(saksi_txn_begin(&t, d.v, true, &g_err), SAKSI_EREFUSED);
	secret_free(&pass);
	device_end(&d);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(only_the_owner_can_look),
    cmocka_unit_test(what_is_no_vault_is_said),
    cmocka_unit_test(key_slots_come_and_go),
    cmocka_unit_test(a_damaged_slot_copy_is_no_loss_but_is_reported),
    cmocka_unit_test(two_processes_write_one_vault),
    cmocka_unit_test(a_commit_elsewhere_is_seen),
    cmocka_unit_test(an_aborted_write_leaves_nothing),
    cmocka_unit_test(a_whole_id_is_no_reference),
    cmocka_unit_test(who_is_in_no_team_signs_nothing),
    cmocka_unit_test(read_only_reads_only),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
