/* test_session.c - unlocked for a time: who gets in, what is left afterwards. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <keyutils.h>

#include "session_internal.h"
#include "test.h"
#include "vectors.h"

#define OK(call) assert_int_equal(call, SAKSI_OK)

struct vault {
	uint8_t id[VAULT_ID];
	struct secret *key;
};

static char run_dir[] = "run.XXXXXX";
static char run_path[2100];

static int setup(void **state)
{
	char cwd[2048];

	(void)state;
	if (!mkdtemp(run_dir) || !getcwd(cwd, sizeof(cwd)))
		return -1;
	(void)snprintf(run_path, sizeof(run_path), "%s/%s", cwd, run_dir);
	return setenv("XDG_RUNTIME_DIR", run_path, 1);
}

static void vault_new(struct vault *v)
{
	crypto_random(v->id, sizeof(v->id));
	v->key = NULL;
	OK(secret_new(&v->key, CRYPTO_KEY, NULL));
	crypto_random(secret_bytes(v->key), CRYPTO_KEY);
}

static void vault_free(struct vault *v)
{
	enum saksi_err rc = session_drop(v->id, NULL);

	assert_true(rc == SAKSI_OK || rc == SAKSI_ENOTFOUND);
	secret_free(&v->key);
}

static bool loads(const struct vault *v)
{
	struct secret *key = NULL;
	enum saksi_err rc = session_load(&key, v->id, NULL);

	if (rc == SAKSI_OK)
		assert_memory_equal(secret_view(key), secret_view(v->key), CRYPTO_KEY);
	else
		assert_int_equal(rc, SAKSI_ENOTFOUND);
	secret_free(&key);
	return rc == SAKSI_OK;
}

/* The only file below folder saksi of ${dir}: its path, or "" if there is none. */
static void only_file(char *out, size_t size, const char *dir)
{
	char path[2200];
	struct dirent *e;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/saksi", dir);
	out[0] = '\0';
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			assert_int_equal(out[0], '\0');
			(void)snprintf(out, size, "%s/%s", path, e->d_name);
		}
	if (d)
		(void)closedir(d);
}

static void in_child(void (*fn)(const struct vault *v), const struct vault *v)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn(v);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHILD(condition)                                                              \
	do {                                                                          \
		if (!(condition)) {                                                   \
			(void)fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
			_exit(1);                                                     \
		}                                                                     \
	} while (0)

/* ---- there and back ------------------------------------------------------ */

static void save_load_drop(void **state)
{
	struct vault v;

	(void)state;
	vault_new(&v);
	assert_false(loads(&v));
	assert_int_equal(session_drop(v.id, NULL), SAKSI_ENOTFOUND);
	OK(session_save(v.id, v.key, 60, NULL));
	assert_true(loads(&v));
	assert_true(loads(&v));
	OK(session_drop(v.id, NULL));
	assert_false(loads(&v));
	assert_int_equal(session_drop(v.id, NULL), SAKSI_ENOTFOUND);
	vault_free(&v);
}

static void saved_again(void **state)
{
	struct vault v;

	(void)state;
	vault_new(&v);
	OK(session_save(v.id, v.key, 60, NULL));
	crypto_random(secret_bytes(v.key), CRYPTO_KEY);
	OK(session_save(v.id, v.key, 60, NULL));
	assert_true(loads(&v));
	vault_free(&v);
}

static void vaults_are_apart(void **state)
{
	struct vault a, b;
	char one[2500], two[2500];

	(void)state;
	vault_new(&a);
	vault_new(&b);
	OK(session_save(a.id, a.key, 60, NULL));
	only_file(one, sizeof(one), run_path);
	assert_int_equal(rename(one, "kept"), 0);
	OK(session_save(b.id, b.key, 60, NULL));
	only_file(two, sizeof(two), run_path);
	assert_string_not_equal(one, two);
	assert_int_equal(rename("kept", one), 0);
	assert_true(loads(&a));
	assert_true(loads(&b));
	assert_int_equal(rename(one, two), 0); /* a's file in the place of b's */
	assert_false(loads(&b));
	vault_free(&a);
	vault_free(&b);
}

static void bad_arguments(void **state)
{
	struct vault v;

	(void)state;
	vault_new(&v);
	assert_int_equal(session_save(v.id, v.key, 0, NULL), SAKSI_EINVAL);
	assert_int_equal(session_save(v.id, v.key, 7 * 24 * 3600 + 1, NULL), SAKSI_EINVAL);
	secret_truncate(v.key, 31);
	assert_int_equal(session_save(v.id, v.key, 60, NULL), SAKSI_EINVAL);
	vault_free(&v);
}

/* ---- what lies where ----------------------------------------------------- */

static void only_for_the_owner(void **state)
{
	struct vault v;
	struct stat st;
	char path[2500], folder[2500], hex[2 * VAULT_ID + 1];
	mode_t old = umask(0);

	(void)state;
	vault_new(&v);
	OK(session_save(v.id, v.key, 60, NULL));
	(void)umask(old);
	only_file(path, sizeof(path), run_path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	(void)snprintf(folder, sizeof(folder), "%s/saksi", run_path);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	hex_encode(hex, v.id, sizeof(v.id));
	assert_null(strstr(path, hex));
	vault_free(&v);
}

static void file_bytes(struct buf *out, const char *path)
{
	buf_reset(out);
	OK(fs_read_file(out, path, 4096, NULL));
}

static bool holds(const struct buf *b, const uint8_t *p, size_t n)
{
	return memmem(b->p, b->len, p, n) != NULL;
}

static void the_file_alone_says_nothing(void **state)
{
	struct vault v;
	struct buf b = BUF_INIT;
	char path[2500];

	(void)state;
	vault_new(&v);
	OK(session_save(v.id, v.key, 60, NULL));
	only_file(path, sizeof(path), run_path);
	file_bytes(&b, path);
	assert_int_equal(b.len, SESSION_FILE_SIZE);
	for (size_t i = 0; i + 8 <= CRYPTO_KEY; i++)
		assert_false(holds(&b, secret_view(v.key) + i, 8));
	assert_false(holds(&b, v.id, sizeof(v.id)));
	buf_free(&b);
	vault_free(&v);
}

static void drop_overwrites_and_revokes(void **state)
{
	struct vault v;
	struct buf before = BUF_INIT;
	struct secret *ticket = NULL;
	uint8_t after[SESSION_FILE_SIZE];
	char path[2500];
	int fd;

	(void)state;
	vault_new(&v);
	OK(session_save(v.id, v.key, 60, NULL));
	only_file(path, sizeof(path), run_path);
	file_bytes(&before, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	OK(ticket_get(&ticket, before.p + SE_DESC, NULL));
	secret_free(&ticket);
	OK(session_drop(v.id, NULL));
	assert_int_equal(ticket_get(&ticket, before.p + SE_DESC, NULL), SAKSI_ENOTFOUND);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(pread(fd, after, sizeof(after), 0), sizeof(after));
	(void)close(fd);
	for (size_t i = 0; i + 8 <= sizeof(after); i++)
		assert_memory_not_equal(after + i, before.p + i, 8);
	buf_free(&before);
	vault_free(&v);
}

static void what_an_interrupted_save_left_is_dropped_too(void **state)
{
	struct vault v;
	char path[2500], left[2600];

	(void)state;
	vault_new(&v);
	OK(session_save(v.id, v.key, 60, NULL));
	only_file(path, sizeof(path), run_path);
	(void)snprintf(left, sizeof(left), "%s.new", path);
	assert_int_equal(link(path, left), 0);
	OK(session_save(v.id, v.key, 60, NULL)); /* is not in its way either */
	assert_true(loads(&v));
	assert_int_equal(link(path, left), 0);
	OK(session_drop(v.id, NULL));
	assert_int_equal(access(left, F_OK), -1);
	vault_free(&v);
}

/* ---- time ---------------------------------------------------------------- */

static void time_runs_out(void **state)
{
	const struct timespec nap = {0, 100000000};
	struct vault v;
	char path[2500];
	unsigned i;

	(void)state;
	vault_new(&v);
	OK(session_save(v.id, v.key, 1, NULL));
	assert_true(loads(&v));
	for (i = 0; i < 50 && loads(&v); i++)
		(void)nanosleep(&nap, NULL);
	assert_true(i < 50);
	only_file(path, sizeof(path), run_path);
	assert_string_equal(path, ""); /* the first to notice cleans up */
	assert_int_equal(session_drop(v.id, NULL), SAKSI_ENOTFOUND);
	vault_free(&v);
}

/* ---- damage -------------------------------------------------------------- */

static void put(const char *path, const uint8_t *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	(void)close(fd);
}

static void altered_files_are_removed(void **state)
{
	struct vault v;
	struct buf b = BUF_INIT;
	char path[2500];

	(void)state;
	vault_new(&v);
	for (size_t i = 0; i < SESSION_FILE_SIZE + 3; i++) {
		OK(session_save(v.id, v.key, 60, NULL));
		only_file(path, sizeof(path), run_path);
		file_bytes(&b, path);
		if (i < SESSION_FILE_SIZE)
			b.p[i] ^= (uint8_t)(1u << i % 8);
		else
			buf_add(&b, "more", i - SESSION_FILE_SIZE + 1);
		put(path, b.p, i % 7 ? b.len : b.len - i / 2);
		assert_false(loads(&v));
		assert_int_equal(access(path, F_OK), -1);
	}
	buf_free(&b);
	vault_free(&v);
}

/* ---- folders ------------------------------------------------------------- */

static void folder_path(char *out, size_t size, const char *name)
{
	(void)snprintf(out, size, "%s/%s", run_path, name);
}

static void assert_empty(const char *path)
{
	assert_int_equal(rmdir(path), 0);
}

/* A folder that others could enter, or a link, is passed over. */
static void foreign_folders_are_not_used(void **state)
{
	struct vault v;
	char folder[2500], target[2500];

	(void)state;
	vault_new(&v);
	folder_path(folder, sizeof(folder), "saksi");
	folder_path(target, sizeof(target), "target");
	(void)rmdir(folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(chmod(folder, 0711), 0);
	OK(session_save(v.id, v.key, 60, NULL));
	assert_true(loads(&v));
	assert_empty(folder);
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(symlink("target", folder), 0);
	OK(session_save(v.id, v.key, 60, NULL));
	assert_true(loads(&v));
	assert_int_equal(unlink(folder), 0);
	assert_empty(target);
	assert_int_equal(chmod(run_path, 0755), 0);
	OK(session_save(v.id, v.key, 60, NULL));
	assert_true(loads(&v));
	assert_int_equal(access(folder, F_OK), -1);
	assert_int_equal(chmod(run_path, 0700), 0);
	vault_free(&v);
}

static void works_without_a_runtime_directory(void **state)
{
	static const char *const useless[] = {"", "relative/path", "/no/such/place"};
	struct vault v;

	(void)state;
	vault_new(&v);
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	OK(session_save(v.id, v.key, 60, NULL));
	assert_true(loads(&v));
	/* a session that has one finds it all the same, to use and to lock */
	assert_int_equal(setenv("XDG_RUNTIME_DIR", run_path, 1), 0);
	assert_true(loads(&v));
	OK(session_drop(v.id, NULL));
	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
		assert_int_equal(setenv("XDG_RUNTIME_DIR", useless[i], 1), 0);
		OK(session_save(v.id, v.key, 60, NULL));
		assert_true(loads(&v));
		OK(session_drop(v.id, NULL));
	}
	assert_int_equal(setenv("XDG_RUNTIME_DIR", run_path, 1), 0);
	vault_free(&v);
}

/* The folder is there and can't be written: the ticket must not stay behind. */
static void unprivileged_save(const struct vault *v)
{
	struct saksi_error err = {SAKSI_OK, 0, ""};
	char name[SESSION_NAME_TEXT], path[2500];

	session_file_name(name, v->id);
	(void)snprintf(path, sizeof(path), "%s/saksi/%s", run_path, name);
	CHILD(mkdir(path, 0700) == 0); /* in the place of the file */
	CHILD(setenv("XDG_RUNTIME_DIR", run_path, 1) == 0);
	CHILD(session_save(v->id, v->key, 60, &err) == SAKSI_OK);
	CHILD(loads(v)); /* the next place served */
	CHILD(session_drop(v->id, NULL) == SAKSI_OK);
	CHILD(rmdir(path) == 0);
}

static void a_place_that_fails_is_passed_over(void **state)
{
	struct vault v;
	char folder[2500];

	(void)state;
	vault_new(&v);
	folder_path(folder, sizeof(folder), "saksi");
	assert_true(mkdir(folder, 0700) == 0 || errno == EEXIST);
	in_child(unprivileged_save, &v);
	vault_free(&v);
}

/* ---- other processes ----------------------------------------------------- */

static void other_login(const struct vault *v)
{
	CHILD(keyctl_join_session_keyring(NULL) >= 0);
	CHILD(loads(v));
	CHILD(session_drop(v->id, NULL) == SAKSI_OK);
	CHILD(!loads(v));
}

static void another_login_of_the_user_can_use_and_lock_it(void **state)
{
	struct vault v;

	(void)state;
	vault_new(&v);
	OK(session_save(v.id, v.key, 60, NULL));
	in_child(other_login, &v);
	assert_false(loads(&v));
	vault_free(&v);
}

static void other_user(const struct vault *v)
{
	if (setgid(65534) != 0 || setuid(65534) != 0)
		_exit(0);
	CHILD(!loads(v));
	CHILD(session_drop(v->id, NULL) == SAKSI_ENOTFOUND);
}

static void another_user_cannot(void **state)
{
	struct vault v;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can become somebody else */
	vault_new(&v);
	OK(session_save(v.id, v.key, 60, NULL));
	in_child(other_user, &v);
	assert_true(loads(&v));
	vault_free(&v);
}

#define DENY(name)                                             \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)

static void no_kernel_keyring(const struct vault *v)
{
	struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)),
	    DENY(add_key), DENY(keyctl), DENY(request_key),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};
	struct vault other = {{9}, NULL};
	struct saksi_error err = {SAKSI_OK, 0, ""};

	CHILD(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHILD(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0);
	CHILD(!loads(v)); /* and the file stays: its ticket may be alive elsewhere */
	CHILD(session_save(other.id, v->key, 60, &err) == SAKSI_EIO);
	CHILD(strstr(err.msg, "keyring cannot be used here") != NULL);
	CHILD(strstr(err.msg, "passphrase to each command") != NULL);
}

static void without_a_kernel_keyring(void **state)
{
	struct vault v;

	(void)state;
	vault_new(&v);
	OK(session_save(v.id, v.key, 60, NULL));
	in_child(no_kernel_keyring, &v);
	assert_true(loads(&v));
	vault_free(&v);
}

/* ---- vector -------------------------------------------------------------- */

static void session_vector(void **state)
{
	struct vectors v;
	struct secret *ticket = NULL, *key = NULL;
	uint8_t id[VAULT_ID], vault_key[CRYPTO_KEY], raw[CRYPTO_KEY];
	uint8_t file[SESSION_FILE_SIZE];
	char name[SESSION_NAME_TEXT];

	(void)state;
	vectors_open(&v, "keyring.txt");
	while (vectors_next(&v) && strcmp(v.name[0], "session") != 0)
		;
	vectors_bytes(id, sizeof(id), &v, "vault_id");
	vectors_bytes(vault_key, sizeof(vault_key), &v, "vault_key");
	vectors_bytes(raw, sizeof(raw), &v, "ticket");
	vectors_bytes(file, sizeof(file), &v, "file");
	session_file_name(name, id);
	assert_string_equal(name, vectors_text(&v, "name"));
	OK(secret_copy(&ticket, raw, sizeof(raw), NULL));
	OK(session_unwrap(&key, file, id, ticket, NULL));
	assert_memory_equal(secret_view(key), vault_key, sizeof(vault_key));
	secret_free(&key);
	id[0] ^= 1;
	assert_int_equal(session_unwrap(&key, file, id, ticket, NULL), SAKSI_EAUTH);
	assert_null(key);
	secret_free(&ticket);
	vectors_close(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(save_load_drop),
	    cmocka_unit_test(saved_again),
	    cmocka_unit_test(vaults_are_apart),
	    cmocka_unit_test(bad_arguments),
	    cmocka_unit_test(only_for_the_owner),
	    cmocka_unit_test(the_file_alone_says_nothing),
	    cmocka_unit_test(drop_overwrites_and_revokes),
	    cmocka_unit_test(what_an_interrupted_save_left_is_dropped_too),
	    cmocka_unit_test(time_runs_out),
	    cmocka_unit_test(altered_files_are_removed),
	    cmocka_unit_test(foreign_folders_are_not_used),
	    cmocka_unit_test(works_without_a_runtime_directory),
	    cmocka_unit_test(a_place_that_fails_is_passed_over),
	    cmocka_unit_test(another_login_of_the_user_can_use_and_lock_it),
	    cmocka_unit_test(another_user_cannot),
	    cmocka_unit_test(without_a_kernel_keyring),
	    cmocka_unit_test(session_vector),
	};

	if (syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1) < 0) {
		(void)fprintf(stderr, "skipped: this system has no kernel keyring\n");
		return 77;
	}
	return RUN_TESTS(tests, setup, NULL);
}
