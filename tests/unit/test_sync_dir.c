/* test_sync_dir.c - devices meet in a shared directory, among junk and damage. */
#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>
#include <time.h>

#include "craft.h"
#include "directory.h"

static char g_dir[64];

/* Linked with --wrap: a medium that fails when an object is to be kept. */
static bool g_fsync_fails, g_close_fails;
static int g_bad_closes; /* of what is not open */

int __real_fsync(int fd);
int __real_close(int fd);
int __wrap_fsync(int fd);
int __wrap_close(int fd);

/* A file in the shared directory that is being written. */
static bool is_part(int fd)
{
	char link[64], path[400];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 5)
		return false;
	path[n] = '\0';
	return strcmp(path + n - 5, ".part") == 0;
}

static int fail_once(bool *fails)
{
	*fails = false;
	errno = EIO;
	return -1;
}

int __wrap_fsync(int fd)
{
	return g_fsync_fails && is_part(fd) ? fail_once(&g_fsync_fails)
					    : __real_fsync(fd);
}

int __wrap_close(int fd)
{
	bool fail = g_close_fails && is_part(fd);
	int rc = __real_close(fd);

	g_bad_closes += rc != 0 && errno == EBADF;
	return fail ? fail_once(&g_close_fails) : rc;
}

static void dir_make(void)
{
	snprintf(g_dir, sizeof(g_dir), "saksi-dir-XXXXXX");
	assert_non_null(mkdtemp(g_dir));
}

static void dir_end(void)
{
	char cmd[200];

	snprintf(cmd, sizeof(cmd), "chmod -R u+w %s; rm -rf %s", g_dir, g_dir);
	assert_int_equal(system(cmd), 0);
}

static enum saksi_err sync_rc(struct peer *p, struct sync_summary *sum)
{
	sync_summary_init(sum);
	return saksi_sync_dir(p->t, g_dir, NULL, sum, &g_err);
}

static void sync_ok(struct peer *p, size_t sent, size_t received)
{
	struct sync_summary sum;

	OK(sync_rc(p, &sum));
	assert_int_equal(sum.sent, sent);
	assert_int_equal(sum.received, received);
	assert_int_equal(sum.refused, 0);
	assert_int_equal(sum.missing, 0);
	assert_int_equal(json_array_size(json_object_get(sum.detail, "warnings")), 0);
	sync_summary_free(&sum);
}

static void at(char path[400], const char *name)
{
	snprintf(path, 400, "%.63s/%.300s", g_dir, name);
}

/* Names in the directory, sorted; how many. */
static size_t names(char (*out)[256], size_t max)
{
	DIR *d = opendir(g_dir);
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		assert_true(n < max);
		memset(out[n], 0, sizeof(out[n]));
		snprintf(out[n++], 256, "%s", e->d_name);
	}
	closedir(d);
	qsort(out, n, sizeof(*out), (int (*)(const void *, const void *))strcmp);
	return n;
}

static void put_file(const char *name, const void *p, size_t n)
{
	char path[400];
	int fd;

	at(path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	OK(fs_write_all(fd, p, n, name, &g_err));
	close(fd);
}

static void get_file(const char *name, struct buf *out)
{
	char path[400];

	at(path, name);
	buf_reset(out);
	OK(fs_read_file(out, path, 1 << 24, &g_err));
}

static void two(struct peer *a, struct peer *b)
{
	dir_make();
	team_of_two(a, b);
}

static void end(struct peer *a, struct peer *b)
{
	peer_end(a);
	peer_end(b);
	dir_end();
}

static void only_what_the_directory_lacks_is_written(void **state)
{
	struct peer a, b, c;
	struct saksi_id id;
	static char list[16][256];

	(void)state;
	two(&a, &b);
	id = peer_create(&a, "ev", "Arrests at the market");
	sync_ok(&a, 5, 0);
	assert_int_equal(names(list, 16), 1);
	assert_int_equal(strlen(list[0]), 32);
	sync_ok(&a, 0, 0);
	sync_ok(&b, 0, 2);
	assert_same_state(&a, &b);
	peer_edit(&a, &id, "title", "By the laptop");
	peer_edit(&b, &id, "title", "By the phone");
	sync_ok(&b, 2, 0);
	sync_ok(&a, 1, 2);
	sync_ok(&b, 0, 1);
	sync_ok(&a, 0, 0);
	sync_ok(&b, 0, 0);
	assert_same_state(&a, &b);
	assert_int_equal(names(list, 16), 3);
	/* what came by another way is added as well, by whoever syncs */
	peer_make(&c, "Eve", "old");
	peer_join(&c, &a, ROLE_EDITOR, "Eve", "tablet");
	peer_create(&c, "ev-2", "By Eve");
	bundle_pass(&c, &b);
	sync_ok(&b, 3, 0); /* her admission, her log, her record */
	sync_ok(&c, 0, 5);
	sync_ok(&a, 0, 2);
	assert_same_state(&a, &c);
	assert_same_state(&a, &b);
	peer_end(&c);
	end(&a, &b);
}

static void nothing_can_be_read_there(void **state)
{
	static const char *const needles[] = {"Arrests", "market", "Channary", "laptop",
	    "ev-0001"};
	struct peer a, b;
	struct buf one = BUF_INIT;
	static char list[16][256];
	size_t n;

	(void)state;
	two(&a, &b);
	peer_create(&a, "ev-0001", "Arrests at the market");
	sync_ok(&a, 5, 0);
	peer_create(&a, "ev-0002", "Arrests at the market, again");
	sync_ok(&a, 1, 0);
	n = names(list, 16);
	assert_int_equal(n, 2);
	/* names of one sealer have nothing in common */
	assert_memory_not_equal(list[0], list[1], 6);
	for (size_t i = 0; i < n; i++) {
		get_file(list[i], &one);
		assert_int_equal((one.len - 80) % 4096, 0);
		for (size_t k = 0; k < sizeof(needles) / sizeof(needles[0]); k++)
			assert_null(
			    memmem(one.p, one.len, needles[k], strlen(needles[k])));
		assert_null(memmem(one.p, one.len, saksi_team_space(a.t)->b, 8));
	}
	buf_free(&one);
	end(&a, &b);
}

static void what_is_not_ours_is_left_alone(void **state)
{
	static const char hexname[] = "00112233445566778899aabbccddeeff";
	struct peer a, b;
	struct sync_summary sum;
	struct buf copy = BUF_INIT;
	static char list[32][256], before[32][256];
	char path[400], name[300];
	uint8_t noise[80 + 4096];
	size_t n;

	(void)state;
	two(&a, &b);
	peer_create(&a, "ev", "Arrests");
	sync_ok(&a, 5, 0);
	assert_int_equal(names(list, 32), 1);
	get_file(list[0], &copy);
	/* names that sync tools and people leave behind */
	snprintf(name, sizeof(name), "%s (conflicted copy 2026-11-21)", list[0]);
	put_file(name, copy.p, copy.len);
	snprintf(name, sizeof(name), "%s.sync-conflict-20261121", list[0]);
	put_file(name, copy.p, copy.len);
	put_file(".DS_Store", "junk", 4);
	put_file("README.txt", "hello", 5);
	put_file("00112233445566778899AABBCCDDEEFF", copy.p, copy.len); /* case changed */
	at(path, "00000000000000000000000000000001");
	assert_int_equal(symlink("/etc/passwd", path), 0);
	at(path, "00000000000000000000000000000002");
	assert_int_equal(mkfifo(path, 0600), 0);
	at(path, "00000000000000000000000000000003");
	assert_int_equal(mkdir(path, 0700), 0);
	put_file("00000000000000000000000000000004", "", 0);
	crypto_random(noise, sizeof(noise));
	put_file("00000000000000000000000000000005", noise, sizeof(noise));
	at(path, "00000000000000000000000000000006"); /* a link that leads to nothing */
	assert_int_equal(symlink("nowhere", path), 0);
	put_file(hexname, copy.p, copy.len); /* ours, under a name that is not its own */
	n = names(before, 32);
	assert_int_equal(sync_rc(&b, &sum), SAKSI_EPARTIAL);
	assert_int_equal(sum.received, 2);
	assert_true(refused_for(&sum, "is a link"));
	assert_true(refused_for(&sum, "no regular file"));
	assert_true(refused_for(&sum, "not its own"));
	assert_true(refused_for(&sum, "not there to its end"));
	assert_true(warned(&sum, "not for this team"));
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	assert_int_equal(names(list, 32), n);
	assert_memory_equal(list, before, n * sizeof(list[0]));
	buf_free(&copy);
	end(&a, &b);
}

static void damaged_objects_are_tried_again(void **state)
{
	struct peer a, b;
	struct sync_summary sum;
	struct buf whole = BUF_INIT;
	static char list[16][256];

	(void)state;
	two(&a, &b);
	peer_create(&a, "ev", "Arrests");
	sync_ok(&a, 5, 0);
	assert_int_equal(names(list, 16), 1);
	get_file(list[0], &whole);
	/* half there, as a tool that copies slowly leaves it */
	for (size_t n = 0; n < whole.len; n += 401) {
		put_file(list[0], whole.p, n);
		assert_int_equal(sync_rc(&b, &sum), SAKSI_EPARTIAL);
		assert_int_equal(sum.received, 0);
		assert_true(refused_for(&sum, "not there to its end"));
		sync_summary_free(&sum);
	}
	/* b has added what it holds itself; the rest arrives once it is whole */
	assert_int_equal(names(list + 1, 15), 2);
	put_file(list[0], whole.p, whole.len);
	sync_ok(&b, 0, 2);
	sync_ok(&a, 0, 0);
	assert_same_state(&a, &b);
	buf_free(&whole);
	end(&a, &b);
}

static void a_flipped_bit_is_refused_and_healed(void **state)
{
	struct peer a, b;
	struct sync_summary sum;
	struct buf whole = BUF_INIT;
	static char list[16][256];

	(void)state;
	two(&a, &b);
	bundle_pass(&a, &b); /* b has the membership: it has nothing to add */
	peer_create(&a, "ev", "Arrests");
	sync_ok(&a, 5, 0);
	assert_int_equal(names(list, 16), 1);
	get_file(list[0], &whole);
	for (size_t i = 56; i < whole.len; i += 211) {
		whole.p[i] ^= 1;
		put_file(list[0], whole.p, whole.len);
		whole.p[i] ^= 1;
		assert_int_equal(sync_rc(&b, &sum), SAKSI_EPARTIAL);
		assert_int_equal(sum.received, 0);
		assert_true(refused_for(&sum, "altered"));
		sync_summary_free(&sum);
	}
	put_file(list[0], whole.p, whole.len);
	sync_ok(&b, 0, 2);
	assert_same_state(&a, &b);
	buf_free(&whole);
	end(&a, &b);
}

/* Its manifest is in order; what is wrong comes later. */
static void damage_behind_the_beginning_is_found(void **state)
{
	static char list[16][256], text[9000];
	struct peer a, b;
	struct sync_summary sum;
	struct buf whole = BUF_INIT;

	(void)state;
	two(&a, &b);
	bundle_pass(&a, &b);
	crypto_random(text, sizeof(text));
	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = (char)('!' + (unsigned char)text[i] % 90);
	text[sizeof(text) - 1] = '\0';
	peer_create(&a, "one", "First");
	peer_create(&a, "two", text);
	sync_ok(&a, 6, 0);
	assert_int_equal(names(list, 16), 1);
	get_file(list[0], &whole);
	assert_true(whole.len >= 80 + 3 * 4096);
	/* the last frame: what stands before it is merged, and counts for nothing yet */
	whole.p[whole.len - 1] ^= 1;
	put_file(list[0], whole.p, whole.len);
	assert_int_equal(sync_rc(&b, &sum), SAKSI_EPARTIAL);
	assert_true(refused_for(&sum, "altered"));
	assert_int_equal(sum.received, 2);
	assert_int_equal(sum.sent, 5); /* nobody else could read it there */
	sync_summary_free(&sum);
	whole.p[whole.len - 1] ^= 1;
	/* cut off in its middle */
	put_file(list[0], whole.p, 80 + 4096 + 100);
	assert_int_equal(sync_rc(&b, &sum), SAKSI_EPARTIAL);
	assert_true(refused_for(&sum, "not there to its end"));
	sync_summary_free(&sum);
	/* longer than it is */
	buf_add_byte(&whole, 7);
	put_file(list[0], whole.p, whole.len);
	assert_int_equal(sync_rc(&b, &sum), SAKSI_EPARTIAL);
	assert_true(refused_for(&sum, "follow its end"));
	assert_int_equal(sum.received, 1);
	sync_summary_free(&sum);
	whole.len--;
	put_file(list[0], whole.p, whole.len);
	OK(sync_rc(&b, &sum));
	assert_int_equal(sum.received, 0);
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	buf_free(&whole);
	end(&a, &b);
}

static void a_directory_that_was_put_back_is_filled_again(void **state)
{
	struct peer a, b;
	struct saksi_id id;
	struct sync_summary sum;
	struct buf whole = BUF_INIT;
	static char first[16][256], list[16][256];
	char path[400];

	(void)state;
	two(&a, &b);
	id = peer_create(&a, "ev", "Arrests");
	sync_ok(&a, 5, 0);
	assert_int_equal(names(first, 16), 1);
	peer_edit(&a, &id, "title", "Second");
	sync_ok(&a, 1, 0);
	assert_int_equal(names(list, 16), 2);
	/* rolled back: the second object is gone */
	for (int i = 0; i < 2; i++)
		if (strcmp(list[i], first[0]) != 0) {
			at(path, list[i]);
			assert_int_equal(unlink(path), 0);
		}
	OK(sync_rc(&a, &sum));
	assert_true(warned(&sum, "gone or were replaced"));
	assert_int_equal(sum.sent, 1);
	sync_summary_free(&sum);
	sync_ok(&a, 0, 0);
	/* replaced: another content under the name */
	get_file(first[0], &whole);
	whole.p[70] ^= 1;
	put_file(first[0], whole.p, whole.len);
	assert_int_equal(sync_rc(&a, &sum), SAKSI_EPARTIAL);
	assert_true(warned(&sum, "gone or were replaced"));
	assert_int_equal(sum.sent, 5);
	sync_summary_free(&sum);
	/* emptied */
	snprintf(path, sizeof(path), "rm %s/*", g_dir);
	assert_int_equal(system(path), 0);
	OK(sync_rc(&a, &sum));
	assert_int_equal(sum.sent, 6);
	sync_summary_free(&sum);
	sync_ok(&b, 0, 3);
	assert_same_state(&a, &b);
	buf_free(&whole);
	end(&a, &b);
}

/* A restored vault has forgotten which names it has used. */
static void taken_names_are_never_written_over(void **state)
{
	struct peer a, b;
	struct saksi_id id;
	static char list[16][256], again[16][256];
	char cmd[300];
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct sync_summary sum;

	(void)state;
	two(&a, &b);
	id = peer_create(&a, "ev", "Arrests");
	peer_close(&a);
	snprintf(cmd, sizeof(cmd), "cp -r %s/vault %s/backup", a.dir, a.dir);
	assert_int_equal(system(cmd), 0);
	peer_open(&a);
	peer_edit(&a, &id, "title", "Before the loss");
	sync_ok(&a, 6, 0);
	assert_int_equal(names(list, 16), 1);
	get_file(list[0], &x);
	peer_close(&a);
	/* With the whole disk: the note in the state folder goes, too. */
	snprintf(cmd, sizeof(cmd),
	    "rm -r %s/vault \"$HOME/.local/state/saksi\" && mv %s/backup %s/vault", a.dir,
	    a.dir, a.dir);
	assert_int_equal(system(cmd), 0);
	peer_open(&a);
	OK(sync_rc(&a, &sum));
	assert_true(warned(&sum, "restored"));
	assert_int_equal(sum.received, 1);
	assert_int_equal(sum.sent, 0);
	sync_summary_free(&sum);
	peer_edit(&a, &id, "title", "After it");
	sync_ok(&a, 2, 0); /* its new log */
	assert_int_equal(names(again, 16), 2);
	get_file(list[0], &y);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.p, y.p, x.len);
	sync_ok(&b, 0, 5);
	assert_same_state(&a, &b);
	buf_free(&x);
	buf_free(&y);
	end(&a, &b);
}

static void make_old(const char *name)
{
	char path[400];
	struct timespec t[2] = {{.tv_sec = time(NULL) - 25 * 3600},
	    {.tv_sec = time(NULL) - 25 * 3600}};

	at(path, name);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

/* Own leftovers go once no sync can still be at them; those of others stay. */
static void leftovers_of_an_interrupted_sync_go(void **state)
{
	struct peer a, b;
	uint8_t name[OBJECT_NAME];
	static char list[16][256];
	static const char other[] =
	    ".11112222333344445555666677778888.0123456789abcdef.part";
	char hex[33], fresh[80], old[80];

	(void)state;
	two(&a, &b);
	peer_create(&a, "ev", "Arrests");
	object_name_of(name, a.t->epochs[0].key, &a.t->self.id, 0);
	hex_encode(hex, name, sizeof(name));
	snprintf(fresh, sizeof(fresh), ".%s.0000000000000000.part", hex);
	snprintf(old, sizeof(old), ".%s.ffffffffffffffff.part", hex);
	put_file(fresh, "half an object", 14);
	put_file(old, "half an object", 14);
	put_file(other, "someone else's", 14);
	make_old(old);
	make_old(other);
	sync_ok(&b, 3, 0);
	assert_int_equal(names(list, 16), 4);
	sync_ok(&a, 2, 0);
	assert_int_equal(names(list, 16), 4);
	assert_true(strcmp(list[0], other) == 0 || strcmp(list[1], other) == 0);
	assert_true(strcmp(list[0], fresh) == 0 || strcmp(list[1], fresh) == 0);
	make_old(fresh);
	sync_ok(&a, 0, 0);
	assert_int_equal(names(list, 16), 3);
	assert_string_equal(list[0], other);
	sync_ok(&b, 0, 2);
	assert_same_state(&a, &b);
	end(&a, &b);
}

/* One vault, several processes, one folder: nobody takes another's file away. */
static void processes_sync_side_by_side(void **state)
{
	struct peer a, b;
	static char list[64][256];
	struct sync_summary sum;
	pid_t child[4];

	(void)state;
	two(&a, &b);
	for (int i = 0; i < 30; i++)
		peer_create(&a, NULL, "Arrests");
	peer_close(&a);
	for (int i = 0; i < 4; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0) {
			enum saksi_err rc = SAKSI_OK;

			peer_open(&a);
			for (int k = 0; k < 4 && rc == SAKSI_OK; k++) {
				rc = sync_rc(&a, &sum);
				sync_summary_free(&sum);
				peer_create(&a, NULL, "And another");
			}
			if (rc != SAKSI_OK)
				print_message("%s\n", g_err.msg);
			_exit(rc == SAKSI_OK ? 0 : 1);
		}
	}
	for (int i = 0; i < 4; i++) {
		int status = -1;

		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
	peer_open(&a);
	OK(sync_rc(&a, &sum));
	assert_int_equal(sum.refused, 0);
	sync_summary_free(&sum);
	for (size_t i = 0, n = names(list, 64); i < n; i++)
		assert_null(strstr(list[i], ".part"));
	/* all is remembered, and nothing written twice in a row */
	OK(sync_rc(&a, &sum));
	assert_int_equal(sum.sent + sum.received, 0);
	assert_int_equal(json_array_size(json_object_get(sum.detail, "warnings")), 0);
	sync_summary_free(&sum);
	OK(sync_rc(&b, &sum));
	assert_int_equal(sum.refused + sum.missing, 0);
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	end(&a, &b);
}

/* ---- copies that only look like the real thing ------------------------------------------- */

struct forging {
	struct outgoing out;
	int fd;
	bool spoil, data_only;
};

static enum saksi_err to_file(void *ctx, const void *p, size_t n, struct saksi_error *err)
{
	const struct forging *f = ctx;

	return fs_write_all(f->fd, p, n, "object", err);
}

static enum saksi_err forge_one(void *ctx, const struct log_entry *e,
    struct saksi_error *err)
{
	struct forging *f = ctx;
	struct changeset copy = *e->cs;
	enum saksi_err rc;

	if (f->data_only && copy.kind != CS_DATA)
		return SAKSI_OK;
	if (!f->spoil || copy.kind != CS_DATA)
		return outgoing_change(&f->out, e->cs, err);
	memset(&copy.bytes, 0, sizeof(copy.bytes));
	buf_add(&copy.bytes, e->cs->bytes.p, e->cs->bytes.len);
	for (size_t k = 0; k + CRYPTO_SIG <= copy.bytes.len; k++)
		if (memcmp(copy.bytes.p + k, e->cs->sig, CRYPTO_SIG) == 0) {
			copy.bytes.p[k] ^= 1;
			break;
		}
	rc = outgoing_change(&f->out, &copy, err);
	buf_free(&copy.bytes);
	return rc;
}

/* An object by ${m} with all it holds; ${spoil}: wrong signatures on what is data. */
static void forge_object(struct peer *m, uint64_t counter, bool spoil, bool data_only)
{
	struct saksi_txn *t = peer_begin(m, false);
	struct forging f = {.spoil = spoil, .data_only = data_only};
	uint8_t name[OBJECT_NAME];
	char hex[33], path[400];

	object_name_of(name, m->t->epochs[0].key, &m->t->self.id, counter);
	hex_encode(hex, name, sizeof(name));
	at(path, hex);
	f.fd = open(path, O_CREAT | O_RDWR, 0600);
	assert_true(f.fd >= 0);
	OK(outgoing_begin(&f.out, m->t, t, CARRIER_DIRECTORY, counter, to_file, &f,
	    &g_err));
	OK(saksi_log_each(t, 0, forge_one, &f, &g_err));
	OK(outgoing_end(&f.out, &g_err));
	outgoing_free(&f.out);
	close(f.fd);
	saksi_txn_abort(&t);
}

static void three(struct peer *a, struct peer *b, struct peer *m, enum team_role role)
{
	dir_make();
	team_of_three(a, b, ROLE_EDITOR, m, role);
}

/* What Mallory put there does not keep A's testimony from B. */
static void assert_b_gets_all(struct peer *a, struct peer *b, size_t sent)
{
	struct sync_summary sum;

	(void)sync_rc(a, &sum);
	assert_int_equal(sum.sent, sent);
	sync_summary_free(&sum);
	(void)sync_rc(b, &sum);
	sync_summary_free(&sum);
	assert_same_state(a, b);
	(void)sync_rc(a, &sum);
	assert_int_equal(sum.sent, 0); /* once is enough */
	sync_summary_free(&sum);
}

static void spoilt_copies_do_not_count(void **state)
{
	struct peer a, b, m;

	(void)state;
	three(&a, &b, &m, ROLE_EDITOR);
	peer_create(&a, "one", "Testimony");
	bundle_pass(&a, &m);
	forge_object(&m, 777, true, false);
	assert_b_gets_all(&a, &b, 2);
	peer_end(&m);
	end(&a, &b);
}

/* A does not know Mallory, whom B admitted: nothing says that others do. */
static void an_unproven_object_does_not_count(void **state)
{
	struct peer a, b, m;
	struct sync_summary sum;

	(void)state;
	dir_make();
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	peer_make(&m, "Mallory", "old");
	peer_join(&b, &a, ROLE_ADMIN, "Dara", "phone");
	peer_create(&a, "one", "Testimony");
	bundle_pass(&a, &b);
	peer_join(&m, &b, ROLE_EDITOR, "Mallory", "tablet");
	bundle_pass(&b, &m);
	forge_object(&m, 777, false, true);
	OK(sync_rc(&a, &sum));
	assert_true(warned(&sum, "not known here"));
	assert_int_equal(sum.sent, 5);
	sync_summary_free(&sum);
	peer_end(&m);
	end(&a, &b);
}

static void what_not_all_can_open_does_not_count(void **state)
{
	struct peer a, b, m;
	struct saksi_txn *t;
	struct member_op op = {.tag = OP_KEY};
	struct team_device to[2];
	struct secret *key = NULL;
	struct buf part = BUF_INIT;

	(void)state;
	three(&a, &b, &m, ROLE_ADMIN);
	/* a key for Mallory and A, not for B */
	to[0] = *saksi_team_device(m.t, &a.t->self.id);
	to[1] = *saksi_team_device(m.t, &m.t->self.id);
	OK(secret_new(&key, 32, &g_err));
	crypto_random(secret_bytes(key), 32);
	OK(epoch_op_new(&op.u.key, key, NULL, to, 2, &g_err));
	member_op_write(&part, &op);
	t = peer_begin(&m, true);
	OK(saksi_log_append(t, CS_MEMBERSHIP, &(struct part_bytes){part.p, part.len}, 1,
	    NULL, &g_err));
	OK(team_catch_up(m.t, t, &g_err));
	OK(team_save(m.t, t, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	bundle_pass(&m, &a);
	bundle_pass(&m, &b);
	assert_int_equal(a.t->n_epochs, 2);
	peer_create(&a, "one", "Testimony");
	bundle_pass(&a, &m);
	/* sealed under it, by a program that does not ask who can open it */
	struct team_epoch first = m.t->epochs[0];
	m.t->epochs[0] = m.t->epochs[1];
	m.t->epochs[1] = first;
	forge_object(&m, 5, false, false);
	assert_b_gets_all(&a, &b, 8);
	member_op_free(&op);
	secret_free(&key);
	buf_free(&part);
	peer_end(&m);
	end(&a, &b);
}

static void much_is_split_and_order_does_not_matter(void **state)
{
	static char text[3000];
	struct peer a, b;
	struct saksi_txn *t;
	struct saksi_draft *d = NULL;
	struct sync_summary sum;
	static char list[64][256];

	(void)state;
	two(&a, &b);
	/* over 8 MiB that do not compress, in changesets of 250 KiB */
	for (int k = 0; k < rounds(50); k++) {
		t = peer_begin(&a, true);
		OK(saksi_draft_new(&d, t, &g_err));
		for (int i = 0; i < 80; i++) {
			struct saksi_id id;
			json_t *v;

			crypto_random(text, sizeof(text));
			for (size_t c = 0; c + 1 < sizeof(text); c++)
				text[c] = (char)(' ' + 1 + (unsigned char)text[c] % 90);
			text[sizeof(text) - 1] = '\0';
			v = json_string(text);
			OK(saksi_draft_create(d, &id, "event", NULL, "C", &g_err));
			OK(saksi_draft_set(d, &id, "title", v, &g_err));
			json_decref(v);
		}
		OK(saksi_draft_commit(d, NULL, &g_err));
		saksi_draft_free(&d);
		OK(saksi_txn_commit(&t, &g_err));
	}
	OK(sync_rc(&a, &sum));
	assert_int_equal(names(list, 64), rounds(50) < 50 ? 1 : 2);
	sync_summary_free(&sum);
	OK(sync_rc(&b, &sum));
	assert_int_equal(sum.new_records, 80 * (size_t)rounds(50));
	assert_int_equal(sum.pending, 0);
	assert_int_equal(sum.refused, 0);
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	sync_ok(&b, 0, 0);
	end(&a, &b);
}

/* A medium that fails, at whatever step, is read as far as that goes. */
static void a_medium_that_can_not_be_written_is_still_read(void **state)
{
	static char list[16][256];

	(void)state;
	for (int step = 0; step < 2; step++) {
		struct peer a, b;
		struct sync_summary sum;

		two(&a, &b);
		peer_create(&a, "ev", "Arrests");
		sync_ok(&a, 5, 0);
		peer_create(&b, "ev-2", "Others");
		g_fsync_fails = step == 0;
		g_close_fails = step == 1;
		assert_int_equal(sync_rc(&b, &sum), SAKSI_EIO);
		assert_false(g_fsync_fails || g_close_fails);
		assert_int_equal(g_bad_closes, 0);
		assert_int_equal(sum.received, 2);
		assert_int_equal(sum.sent, 0);
		sync_summary_free(&sum);
		assert_int_equal(names(list, 16), 1); /* nothing is left behind */
		sync_ok(&b, 2, 0);
		sync_ok(&a, 0, 2);
		assert_same_state(&a, &b);
		end(&a, &b);
	}
}

static void missing_places_are_named(void **state)
{
	struct peer a, b;
	struct sync_summary sum;
	json_t *status;
	size_t pending, quarantined;

	(void)state;
	two(&a, &b);
	sync_summary_init(&sum);
	assert_int_equal(saksi_sync_dir(a.t, "not-there", NULL, &sum, &g_err),
	    SAKSI_ENOTFOUND);
	sync_summary_free(&sum);
	put_file("plain", "x", 1);
	char path[400];
	at(path, "plain");
	sync_summary_init(&sum);
	assert_int_equal(saksi_sync_dir(a.t, path, NULL, &sum, &g_err), SAKSI_EINVAL);
	sync_summary_free(&sum);
	OK(saksi_sync_status(a.t, &status, &pending, &quarantined, &g_err));
	assert_int_equal(json_object_size(json_object_get(status, "remotes")), 0);
	json_decref(status);
	sync_ok(&a, 3, 0);
	sync_ok(&b, 0, 0);
	OK(saksi_sync_status(b.t, &status, &pending, &quarantined, &g_err));
	assert_int_equal(json_object_size(json_object_get(status, "remotes")), 1);
	assert_non_null(
	    json_object_get(json_object_get(status, "peers"), "Channary (laptop)"));
	assert_int_equal(pending + quarantined, 0);
	json_decref(status);
	end(&a, &b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(only_what_the_directory_lacks_is_written),
    cmocka_unit_test(nothing_can_be_read_there),
    cmocka_unit_test(what_is_not_ours_is_left_alone),
    cmocka_unit_test(damaged_objects_are_tried_again),
    cmocka_unit_test(a_flipped_bit_is_refused_and_healed),
    cmocka_unit_test(damage_behind_the_beginning_is_found),
    cmocka_unit_test(a_directory_that_was_put_back_is_filled_again),
    cmocka_unit_test(taken_names_are_never_written_over),
    cmocka_unit_test(leftovers_of_an_interrupted_sync_go),
    cmocka_unit_test(processes_sync_side_by_side),
    cmocka_unit_test(spoilt_copies_do_not_count),
    cmocka_unit_test(an_unproven_object_does_not_count),
    cmocka_unit_test(what_not_all_can_open_does_not_count),
    cmocka_unit_test(much_is_split_and_order_does_not_matter),
    cmocka_unit_test(a_medium_that_can_not_be_written_is_still_read),
    cmocka_unit_test(missing_places_are_named),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
