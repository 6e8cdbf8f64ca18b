/*
 * Files: whole or absent, never somebody else's, never a device.
 *
 * This program has its own random_bytes(), renameat2(), link(), rename() and
 * fstatfs() in front of the real ones, to play file systems and attackers.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/secret.h>

#include "test.h"

/* ---- what stands in front of the system ----------------------------------- */

static uint8_t next_random; /* the coming temporary name */
static bool no_renameat2;   /* as on file systems without RENAME_NOREPLACE */
static bool no_link;	    /* as on FAT */
static bool no_rename;	    /* as on a dying disk */
static long fs_type;
static const char *fuse_mount; /* a line of mountinfo after the device number */

void random_bytes(void *p, size_t n)
{
	memset(p, next_random++, n);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	if (no_renameat2) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int link(const char *from, const char *to)
{
	if (no_link) {
		errno = EPERM;
		return -1;
	}
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int rename(const char *from, const char *to)
{
	if (no_rename) {
		errno = EIO;
		return -1;
	}
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int fstatfs(int fd, struct statfs *out)
{
	if (syscall(SYS_fstatfs, fd, out) != 0)
		return -1;
	if (fs_type != 0)
		out->f_type = fs_type;
	return 0;
}

FILE *fopen(const char *path, const char *mode)
{
	static char line[200];
	struct stat st;
	int fd;

	if (fuse_mount != NULL && strcmp(path, "/proc/self/mountinfo") == 0) {
		if (stat(".", &st) != 0)
			return NULL;
		/* A remote mount of another device stands after it. */
		(void)snprintf(line, sizeof(line),
		    "1 2 %u:%u %s\n1 2 %u:%u / /x rw - fuse.sshfs x rw\n",
		    major(st.st_dev), minor(st.st_dev), fuse_mount, major(st.st_dev) + 1,
		    minor(st.st_dev));
		return fmemopen(line, strlen(line), "r");
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopen(fd, mode);
}

/* ---- a folder of one's own ------------------------------------------------ */

static char folder[64];

static int in_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/saksi-fsio-XXXXXX");
	return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int out_of_folder(void **state)
{
	char rm[96];

	(void)state;
	no_renameat2 = no_link = no_rename = false;
	(void)snprintf(rm, sizeof(rm), "rm -rf %s", folder);
	return chdir("/") == 0 && system(rm) == 0 && secret_live() == 0 ? 0 : -1;
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, text, strlen(text), name, NULL), SAKSI_OK);
	(void)close(fd);
}

static void assert_holds(const char *name, const char *text)
{
	struct buf b = BUF_INIT;

	assert_int_equal(fs_read_file(&b, name, 1000, NULL), SAKSI_OK);
	assert_string_equal(buf_cstr(&b), text);
	buf_free(&b);
}

static bool there(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static size_t entries(void)
{
	DIR *d = opendir(".");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;
}

/* ---- reading -------------------------------------------------------------- */

static enum saksi_err reads(const char *name, size_t max)
{
	struct buf b = BUF_INIT;
	struct saksi_error err = {SAKSI_OK, 0, ""};
	enum saksi_err rc;

	buf_add_str(&b, "kept");
	rc = fs_read_file(&b, name, max, &err);
	assert_memory_equal(b.p, "kept", 4);
	if (rc != SAKSI_OK) {
		assert_int_equal(b.len, 4);
		assert_int_equal(err.code, rc);
		assert_non_null(strstr(err.msg, name));
	}
	buf_free(&b);
	return rc;
}

static void test_read_file(void **state)
{
	(void)state;
	put("five", "12345");
	put("none", "");
	assert_int_equal(symlink("five", "to-five"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(reads("five", 5), SAKSI_OK);
	assert_int_equal(reads("five", SIZE_MAX), SAKSI_OK);
	assert_int_equal(reads("to-five", 5), SAKSI_OK);
	assert_int_equal(reads("none", 0), SAKSI_OK);
	assert_int_equal(reads("five", 4), SAKSI_ELIMIT);
	assert_int_equal(reads("five", 0), SAKSI_ELIMIT);
	/* Claims no size, has one. */
	assert_int_equal(reads("/proc/self/status", 100000), SAKSI_OK);
	assert_int_equal(reads("/proc/self/status", 20), SAKSI_ELIMIT);
	assert_int_equal(reads("absent", 5), SAKSI_ENOTFOUND);
	assert_int_equal(reads(".", 5), SAKSI_EINVAL);
	assert_int_equal(reads("fifo", 5), SAKSI_EINVAL);
	assert_int_equal(reads("/dev/zero", 5), SAKSI_EINVAL);
	assert_int_equal(reads("five/x", 5), SAKSI_EIO);
}

/* A child that does what ${fn} says with the other end of a pipe. */
static pid_t with_pipe(int ends[2], int child_end, void (*fn)(int fd))
{
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(ends[1 - child_end]);
		fn(ends[child_end]);
		_exit(0);
	}
	(void)close(ends[child_end]);
	return pid;
}

static void write_slowly(int fd)
{
	for (int i = 0; i < 20; i++) {
		(void)usleep(2000);
		if (write(fd, "0123456789", 10) != 10)
			_exit(1);
	}
}

static void read_slowly(int fd)
{
	static char block[65536];
	size_t total = 0;

	for (;;) {
		ssize_t n = read(fd, block, sizeof(block));

		if (n <= 0)
			break;
		total += (size_t)n;
		(void)usleep(1000);
	}
	_exit(total == 1000000 ? 0 : 1);
}

static void test_pipes(void **state)
{
	struct buf b = BUF_INIT;
	int ends[2];
	int status;
	pid_t pid;

	(void)state;
	/* Non-blocking ends, as a terminal or another program may leave them. */
	pid = with_pipe(ends, 1, write_slowly);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fs_read_fd(&b, ends[0], 200, NULL), SAKSI_OK);
	assert_int_equal(b.len, 200);
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	buf_free(&b);

	pid = with_pipe(ends, 1, write_slowly);
	assert_int_equal(fs_read_fd(&b, ends[0], 199, NULL), SAKSI_ELIMIT);
	assert_int_equal(b.len, 0);
	(void)close(ends[0]);
	(void)waitpid(pid, &status, 0);

	assert_non_null(buf_reserve(&b, 1000000));
	memset(b.p, 'x', 1000000);
	pid = with_pipe(ends, 0, read_slowly);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fs_write_all(ends[1], b.p, 1000000, "pipe", NULL), SAKSI_OK);
	(void)close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	buf_free(&b);
	assert_int_equal(fs_read_fd(&b, -1, 10, NULL), SAKSI_EIO);
	buf_free(&b);
}

static void test_positions(void **state)
{
	struct saksi_error err;
	char in[8] = "";
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fs_pwrite_all(fd, "12345", 5, 3, "f", NULL), SAKSI_OK);
	assert_int_equal(fs_pread_all(fd, in, 8, 0, "f", NULL), SAKSI_OK);
	assert_memory_equal(in, "\0\0\00012345", 8);
	assert_int_equal(fs_pread_all(fd, in, 8, 1, "f", &err), SAKSI_EDAMAGED);
	assert_non_null(strstr(err.msg, "f: ends too early"));
	assert_int_equal(fs_pread_all(fd, in, 0, 100, "f", NULL), SAKSI_OK);
	assert_int_equal(fs_pread_all(fd, in, 1, UINT64_MAX, "f", NULL), SAKSI_EINVAL);
	assert_int_equal(fs_pread_all(fd, in, 2, INT64_MAX - 1, "f", NULL), SAKSI_EINVAL);
	assert_int_equal(fs_pwrite_all(fd, in, 1, UINT64_MAX, "f", NULL), SAKSI_EINVAL);
	(void)close(fd);
	assert_int_equal(fs_pread_all(fd, in, 1, 0, "f", &err), SAKSI_EIO);
	assert_int_equal(err.sys, EBADF);
}

static void test_full_device(void **state)
{
	struct saksi_error err;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, "x", 1, "full", &err), SAKSI_EIO);
	assert_int_equal(err.sys, ENOSPC);
	assert_non_null(strstr(err.msg, "full: cannot be written: "));
	(void)close(fd);
}

/* ---- output files --------------------------------------------------------- */

static struct fs_out opened(const char *name, bool force, const char *text)
{
	struct fs_out o;
	struct saksi_error err = {SAKSI_OK, 0, ""};

	if (fs_out_open(&o, name, force, &err) != SAKSI_OK)
		fail_msg("%s", err.msg);
	assert_int_equal(fs_write_all(o.fd, text, strlen(text), name, NULL), SAKSI_OK);
	return o;
}

static void test_out(void **state)
{
	struct fs_out o = FS_OUT_INIT;
	struct stat st;
	mode_t old = umask(0);

	(void)state;
	fs_out_abort(&o);
	assert_int_equal(fs_out_commit(&o, NULL), SAKSI_EINVAL);
	o = opened("new", false, "whole");
	assert_false(there("new"));
	assert_int_equal(fcntl(o.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fs_out_commit(&o, NULL), SAKSI_OK);
	fs_out_abort(&o);
	fs_out_abort(&o);
	(void)umask(old);
	assert_holds("new", "whole");
	assert_int_equal(stat("new", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(entries(), 1);

	o = opened("other", false, "half");
	fs_out_abort(&o);
	assert_int_equal(entries(), 1);

	assert_int_equal(fs_out_open(&o, "new", false, NULL), SAKSI_EEXIST);
	o = opened("new", true, "again");
	assert_holds("new", "whole");
	assert_int_equal(fs_out_commit(&o, NULL), SAKSI_OK);
	assert_holds("new", "again");
	assert_int_equal(entries(), 1);
}

static enum saksi_err opens(const char *name, bool force)
{
	struct fs_out o;
	enum saksi_err rc = fs_out_open(&o, name, force, NULL);

	if (rc != SAKSI_OK)
		assert_true(o.fd == -1 && o.path == NULL && o.tmp == NULL);
	fs_out_abort(&o);
	return rc;
}

static void test_out_refused(void **state)
{
	(void)state;
	put("file", "mine");
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(symlink("file", "to-file"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(opens("dangling", false), SAKSI_EEXIST);
	assert_int_equal(opens("to-file", false), SAKSI_EEXIST);
	assert_int_equal(opens("fifo", false), SAKSI_EEXIST);
	assert_int_equal(opens("fifo", true), SAKSI_EINVAL);
	assert_int_equal(opens("/dev/null", true), SAKSI_EINVAL);
	assert_int_equal(opens(".", true), SAKSI_EINVAL);
	assert_int_equal(opens("a/..", true), SAKSI_EINVAL);
	assert_int_equal(opens("", true), SAKSI_EINVAL);
	assert_int_equal(opens("x/", true), SAKSI_EINVAL);
	assert_int_equal(opens("/", true), SAKSI_EINVAL);
	assert_int_equal(opens(folder, true), SAKSI_EINVAL);
	assert_int_equal(opens("absent/x", false), SAKSI_ENOTFOUND);
	assert_int_equal(opens("file/x", false), SAKSI_EIO);
	assert_int_equal(entries(), 4);
	assert_holds("file", "mine");
}

/* Forced, a symbolic link gives way; what it points to does not. */
static void test_out_link(void **state)
{
	struct fs_out o;
	struct stat st;

	(void)state;
	put("victim", "precious");
	assert_int_equal(symlink("victim", "name"), 0);
	o = opened("name", true, "new");
	assert_int_equal(fs_out_commit(&o, NULL), SAKSI_OK);
	assert_holds("victim", "precious");
	assert_holds("name", "new");
	assert_int_equal(lstat("name", &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void plant(uint8_t random)
{
	char name[40];
	char hex[17];
	uint8_t r[8];

	memset(r, random, sizeof(r));
	hex_encode(hex, r, sizeof(r));
	(void)snprintf(name, sizeof(name), ".saksi-%s.part", hex);
	assert_int_equal(symlink("victim", name), 0);
}

static void test_planted_link(void **state)
{
	struct fs_out o;
	struct saksi_error err;

	(void)state;
	put("victim", "precious");
	next_random = 1;
	for (uint8_t i = 1; i < 6; i++)
		plant(i);
	o = opened("name", false, "mine");
	assert_holds("victim", "precious");
	assert_int_equal(fs_out_commit(&o, NULL), SAKSI_OK);
	assert_holds("name", "mine");
	assert_holds("victim", "precious");
	assert_int_equal(entries(), 7);

	/* Wherever one looks: give up, and leave what is not ours. */
	next_random = 100;
	for (uint8_t i = 100; i < 140; i++)
		plant(i);
	assert_int_equal(fs_out_open(&o, "name2", false, &err), SAKSI_EIO);
	assert_int_equal(err.sys, EEXIST);
	assert_int_equal(entries(), 47);
	assert_holds("victim", "precious");
}

static void one_way_of_renaming(void)
{
	struct fs_out o = opened("new", false, "mine");
	struct stat st;

	assert_int_equal(fs_out_commit(&o, NULL), SAKSI_OK);
	assert_holds("new", "mine");
	assert_int_equal(stat("new", &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(entries(), 1);
	/* Somebody else's file, appeared in between, stays. */
	o = opened("late", false, "mine");
	put("late", "theirs");
	assert_int_equal(fs_out_commit(&o, NULL), SAKSI_EEXIST);
	fs_out_abort(&o);
	assert_holds("late", "theirs");
	assert_int_equal(unlink("late"), 0);
	o = opened("late", false, "mine");
	assert_int_equal(symlink("new", "late"), 0);
	assert_int_equal(fs_out_commit(&o, NULL), SAKSI_EEXIST);
	fs_out_abort(&o);
	assert_holds("new", "mine");
	assert_int_equal(unlink("late"), 0);
	assert_int_equal(unlink("new"), 0);
	assert_int_equal(entries(), 0);
}

static void test_ways_of_renaming(void **state)
{
	struct fs_out o;
	struct saksi_error err;

	(void)state;
	one_way_of_renaming();
	no_renameat2 = true;
	one_way_of_renaming();
	no_link = true;
	one_way_of_renaming();
	/* The name that was only reserved does not stay behind. */
	no_rename = true;
	o = opened("new", false, "mine");
	assert_int_equal(fs_out_commit(&o, &err), SAKSI_EIO);
	assert_int_equal(err.sys, EIO);
	assert_false(there("new"));
	fs_out_abort(&o);
	assert_int_equal(entries(), 0);
}

/* Runs ${fn} in a child, which ends with 0, 77 (cannot be tried here) or other. */
static int child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* 0 when an output file of a megabyte failed with ${sys} and left nothing. */
static int fails_to_write(int sys)
{
	static char block[65536];
	struct saksi_error err = {SAKSI_OK, 0, ""};
	struct fs_out o;
	enum saksi_err rc;

	if (fs_out_open(&o, "big", false, &err) != SAKSI_OK)
		return 2;
	rc = SAKSI_OK;
	for (int i = 0; i < 16 && rc == SAKSI_OK; i++)
		rc = fs_write_all(o.fd, block, sizeof(block), "big", &err);
	if (rc != SAKSI_EIO || err.sys != sys)
		return 3;
	fs_out_abort(&o);
	return entries() == 0 ? 0 : 4;
}

static bool write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/* Without privileges: be root of a namespace, where one may mount. */
static bool own_mounts(void)
{
	const unsigned uid = geteuid();
	const unsigned gid = getegid();
	char users[40];
	char groups[40];

	if (unshare(CLONE_NEWNS) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	(void)snprintf(users, sizeof(users), "0 %u 1", uid);
	(void)snprintf(groups, sizeof(groups), "0 %u 1", gid);
	return write_map("/proc/self/uid_map", users) &&
	    write_map("/proc/self/setgroups", "deny") &&
	    write_map("/proc/self/gid_map", groups);
}

static void on_small_disk(void)
{
	if (!own_mounts())
		_exit(77);
	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("small", folder, "tmpfs", 0, "size=256k,mode=0777") != 0 ||
	    chdir(folder) != 0)
		_exit(77);
	_exit(fails_to_write(ENOSPC));
}

static void under_size_limit(void)
{
	const struct rlimit small = {200000, 200000};

	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &small) != 0)
		_exit(77);
	_exit(fails_to_write(EFBIG));
}

static void test_full_disk(void **state)
{
	int status;

	(void)state;
	assert_int_equal(child(under_size_limit), 0);
	status = child(on_small_disk);
	if (status == 77)
		print_message("no small file system can be mounted here\n");
	else
		assert_int_equal(status, 0);
}

static void killed_while_writing(void)
{
	struct fs_out o;

	if (fs_out_open(&o, "new", true, NULL) != SAKSI_OK ||
	    fs_write_all(o.fd, "half", 4, "new", NULL) != SAKSI_OK)
		_exit(1);
	(void)raise(SIGKILL);
}

static void test_killed(void **state)
{
	(void)state;
	put("new", "old and whole");
	assert_int_equal(child(killed_while_writing), 128 + SIGKILL);
	assert_holds("new", "old and whole");
}

/* ---- folders -------------------------------------------------------------- */

static void test_folders(void **state)
{
	struct stat st;
	char *joined;

	(void)state;
	put("file", "");
	assert_int_equal(fs_mkdirs("a/b//c/", NULL), SAKSI_OK);
	assert_int_equal(fs_mkdirs("a/b/c", NULL), SAKSI_OK);
	assert_int_equal(stat("a/b", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(symlink("a", "s"), 0);
	assert_int_equal(fs_mkdirs("s/d", NULL), SAKSI_OK);
	assert_true(there("a/d"));
	assert_int_equal(fs_mkdirs("/", NULL), SAKSI_OK);
	assert_int_equal(fs_mkdirs("///", NULL), SAKSI_OK);
	assert_int_equal(fs_mkdirs(".", NULL), SAKSI_OK);
	assert_int_equal(fs_mkdirs("", NULL), SAKSI_EINVAL);
	assert_int_equal(fs_mkdirs("file", NULL), SAKSI_EEXIST);
	assert_int_equal(fs_mkdirs("file/x", NULL), SAKSI_EEXIST);
	assert_int_equal(fs_sync_dir("a", NULL), SAKSI_OK);
	assert_int_equal(fs_sync_dir("absent", NULL), SAKSI_ENOTFOUND);
	assert_int_equal(fs_sync_dir("file", NULL), SAKSI_EIO);

	joined = fs_join("a", "b");
	assert_string_equal(joined, "a/b");
	free(joined);
	joined = fs_join("/", "b");
	assert_string_equal(joined, "/b");
	free(joined);
	joined = fs_join("", "b");
	assert_string_equal(joined, "b");
	free(joined);
}

static void test_network(void **state)
{
	static const long remote[] = {0x6969, 0xff534d42, 0xfe534d42, 0x517b, 0x01021997};
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_false(fs_is_network(fd));
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
		fs_type = remote[i];
		assert_true(fs_is_network(fd));
	}
	/* A user-space file system by its number, a disk by its mount. */
	fs_type = 0x65735546;
	assert_false(fs_is_network(fd));
	fuse_mount = "/ /home rw,nosuid shared:3 - fuse.sshfs user@host: rw";
	assert_true(fs_is_network(fd));
	fuse_mount = "/ /home rw,nosuid - fuseblk /dev/sdb1 rw";
	assert_false(fs_is_network(fd));
	fuse_mount = "/ /home rw,nosuid - fuse.gocryptfs /x rw";
	assert_false(fs_is_network(fd));
	fuse_mount = NULL;
	fs_type = 0;
	(void)close(fd);
	assert_false(fs_is_network(fd));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, in_folder, out_of_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_FOLDER(test_read_file),
	    cmocka_unit_test(test_pipes),
	    IN_FOLDER(test_positions),
	    cmocka_unit_test(test_full_device),
	    IN_FOLDER(test_out),
	    IN_FOLDER(test_out_refused),
	    IN_FOLDER(test_out_link),
	    IN_FOLDER(test_planted_link),
	    IN_FOLDER(test_ways_of_renaming),
	    IN_FOLDER(test_full_disk),
	    IN_FOLDER(test_killed),
	    IN_FOLDER(test_folders),
	    IN_FOLDER(test_network),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return RUN_TESTS(tests, NULL, NULL);
}
