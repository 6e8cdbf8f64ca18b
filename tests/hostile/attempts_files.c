/* Files: by the C library, by raw calls, by /proc, by what is open already. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "hostile.h"

static int got(long fd)
{
	return fd >= 0;
}

static int open_passwd(const struct orders *o)
{
	(void)o;
	return got(open("/etc/passwd", O_RDONLY));
}

static int open_file(const struct orders *o)
{
	return got(open(o->file, O_RDONLY));
}

static int fopen_file(const struct orders *o)
{
	return fopen(o->file, "r") != NULL;
}

static int open_raw(const struct orders *o)
{
	return got(syscall(SYS_openat, AT_FDCWD, o->file, O_RDONLY, 0));
}

#ifdef SYS_open
static int open_old(const struct orders *o)
{
	return got(syscall(SYS_open, o->file, O_RDONLY, 0));
}
#endif

static int open_openat2(const struct orders *o)
{
	uint64_t how[3] = {O_RDONLY, 0, 0};
	return got(syscall(437, AT_FDCWD, o->file, how, sizeof how));
}

static int open_path_only(const struct orders *o)
{
	return got(open(o->file, O_PATH));
}

static int open_library(const struct orders *o)
{
	(void)o;
	return got(open("/etc/ld.so.cache", O_RDONLY));
}

static int load_library(const struct orders *o)
{
	(void)o;
	return dlopen("libcrypt.so.1", RTLD_NOW) != NULL ||
	    dlopen("libm.so.6", RTLD_NOW) != NULL;
}

static int open_folder(const struct orders *o)
{
	(void)o;
	return got(open("/", O_RDONLY | O_DIRECTORY));
}

static int stat_file(const struct orders *o)
{
	struct stat st;
	return stat(o->file, &st) == 0;
}

static int stat_trick(const struct orders *o)
{
	/* AT_EMPTY_PATH with a path is still a look at that path. */
	struct stat st;
	return syscall(SYS_newfstatat, AT_FDCWD, o->file, &st, AT_EMPTY_PATH) == 0;
}

static int stat_statx(const struct orders *o)
{
	char st[256];
	return syscall(SYS_statx, AT_FDCWD, o->file, 0, 0x7ff, st) == 0;
}

static int access_file(const struct orders *o)
{
	return access(o->file, F_OK) == 0;
}

static int read_link(const struct orders *o)
{
	char s[200];
	(void)o;
	return readlink("/proc/self/exe", s, sizeof s) > 0 ||
	    readlink("/proc/self/fd/3", s, sizeof s) > 0;
}

static int change_folder(const struct orders *o)
{
	(void)o;
	return chdir("/tmp") == 0;
}

static int current_folder(const struct orders *o)
{
	char s[400];
	(void)o;
	return getcwd(s, sizeof s) != NULL;
}

static int proc_maps(const struct orders *o)
{
	(void)o;
	return got(open("/proc/self/maps", O_RDONLY));
}

static int proc_parent(const struct orders *o)
{
	char s[64];
	(void)o;
	for (int pid = 1; pid < 3; pid++) {
		snprintf(s, sizeof s, "/proc/%d/cmdline", pid);
		if (got(open(s, O_RDONLY)))
			return 1;
	}
	snprintf(s, sizeof s, "/proc/%d/mem", (int)parent(o));
	return got(open(s, O_RDWR));
}

static int proc_self_fd(const struct orders *o)
{
	(void)o;
	return got(open("/proc/self/fd/5", O_RDONLY)) || got(open("/dev/fd/5", O_RDONLY));
}

static int proc_self_mem(const struct orders *o)
{
	(void)o;
	return got(open("/proc/self/mem", O_RDWR));
}

static int create(const struct orders *o)
{
	return got(open(o->fresh, O_WRONLY | O_CREAT, 0600));
}

static int create_old(const struct orders *o)
{
	return got(creat(o->fresh, 0600));
}

static int create_tmpfile(const struct orders *o)
{
	(void)o;
	return got(open("/tmp", O_TMPFILE | O_RDWR, 0600)) || tmpfile() != NULL;
}

static int create_dir(const struct orders *o)
{
	return mkdir(o->fresh, 0700) == 0;
}

static int create_node(const struct orders *o)
{
	return mkfifo(o->fresh, 0600) == 0;
}

static int create_link(const struct orders *o)
{
	return symlink("/", o->fresh) == 0 || link(o->file, o->fresh) == 0;
}

static int write_file(const struct orders *o)
{
	return got(open(o->file, O_WRONLY)) || got(open(o->file, O_RDONLY | O_TRUNC));
}

static int truncate_file(const struct orders *o)
{
	return truncate(o->file, 0) == 0;
}

static int remove_file(const struct orders *o)
{
	return unlink(o->file) == 0 || rename(o->file, o->fresh) == 0;
}

static int chmod_file(const struct orders *o)
{
	return chmod(o->file, 0777) == 0 || chown(o->file, 1, 1) == 0 ||
	    utimensat(AT_FDCWD, o->file, NULL, 0) == 0;
}

static int xattr_file(const struct orders *o)
{
	return setxattr(o->file, "user.x", "y", 1, 0) == 0 ||
	    getxattr(o->file, "user.x", NULL, 0) >= 0;
}

static int watch_file(const struct orders *o)
{
	int fd = inotify_init1(0);
	return fd >= 0 && inotify_add_watch(fd, o->file, IN_ACCESS) >= 0;
}

static int handle_file(const struct orders *o)
{
	char h[256] = {64};
	int mount = 0;
	return syscall(SYS_name_to_handle_at, AT_FDCWD, o->file, h, &mount, 0) == 0;
}

static int user_names(const struct orders *o)
{
	struct passwd *p = getpwuid(0);
	(void)o;
	return p != NULL;
}

static int other_descriptors(const struct orders *o)
{
	(void)o;
	for (int fd = 6; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 1;
	return 0;
}

static int environment(const struct orders *o)
{
	(void)o;
	for (char **e = environ; e && *e; e++)
		if (strncmp(*e, "LC_ALL=", 7) != 0 && strncmp(*e, "TZ=", 3) != 0)
			return 1;
	return 0;
}

static int change_own_file(const struct orders *o)
{
	(void)o;
	return pwrite(5, "x", 1, 0) == 1 || ftruncate(5, 0) == 0 ||
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 5, 0) != MAP_FAILED;
}

static int change_null(const struct orders *o)
{
	(void)o;
	return fchmod(0, 0600) == 0 || fchown(0, 1, 1) == 0;
}

static void other_handler(int sig)
{
	(void)sig;
}

static int own_trap(const struct orders *o)
{
	signal(SIGSYS, other_handler);
	int fd = open(o->file, O_RDONLY);
	char c;
	return fd >= 6 && read(fd, &c, 1) >= 0;
}

static int no_trap(const struct orders *o)
{
	signal(SIGSYS, SIG_IGN);
	int fd = open(o->file, O_RDONLY);
	char c;
	return fd >= 6 && read(fd, &c, 1) >= 0;
}

const struct attempt attempts_files[] = {{"open-passwd", open_passwd},
    {"open-file", open_file}, {"fopen-file", fopen_file}, {"open-raw", open_raw},
#ifdef SYS_open
    {"open-old", open_old},
#endif
    {"openat2", open_openat2}, {"open-path-only", open_path_only},
    {"open-library", open_library}, {"load-library", load_library},
    {"open-folder", open_folder}, {"stat-file", stat_file}, {"stat-trick", stat_trick},
    {"statx-file", stat_statx}, {"access-file", access_file}, {"read-link", read_link},
    {"change-folder", change_folder}, {"current-folder", current_folder},
    {"proc-maps", proc_maps}, {"proc-parent", proc_parent},
    {"proc-self-fd", proc_self_fd}, {"proc-self-mem", proc_self_mem}, {"create", create},
    {"create-old", create_old}, {"create-tmpfile", create_tmpfile},
    {"create-dir", create_dir}, {"create-node", create_node},
    {"create-link", create_link}, {"write-file", write_file},
    {"truncate-file", truncate_file}, {"remove-file", remove_file},
    {"chmod-file", chmod_file}, {"xattr-file", xattr_file}, {"watch-file", watch_file},
    {"handle-file", handle_file}, {"user-names", user_names},
    {"other-descriptors", other_descriptors}, {"environment", environment},
    {"change-own-file", change_own_file}, {"change-null", change_null},
    {"own-trap", own_trap}, {"no-trap", no_trap}, {NULL, NULL}};
