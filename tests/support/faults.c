/*
 * faults.c - loaded before saksi with LD_PRELOAD; makes chosen calls fail.
 *
 *   SAKSI_FAULTS       what fails: KIND:N:WHY, comma between; the Nth call of
 *                      that kind, from 1; "N+" that one and all after it.  WHY
 *                      is a number (errno or LMDB's) or "short" (a read or
 *                      write that moves only a part).  KIND@1 is a call of the
 *                      first thread that was made beside the one there was,
 *                      KIND@8 of the first forked child: each counts for itself,
 *                      so that it makes no difference which one runs first.
 *   SAKSI_FAULTS_LOG   a file: what struck and where from, how many calls of
 *                      each kind were made, how many secrets lived at the end.
 *   SAKSI_FAULTS_SITES if set, also the first call from each distinct place.
 *   SAKSI_FAULTS_KDF   if set, and not 0, a passphrase costs nothing.  A vault made that
 *                      way opens only that way.
 *   SAKSI_FAULTS_CHILD if set, a forked child counts too, and says what strikes.
 *
 * Only a program named saksi is touched.  The same specification strikes the
 * same calls again: nothing here depends on time or addresses.
 */
#undef _FORTIFY_SOURCE /* its inline open() and read() would be in the way */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <keyutils.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>
#include <sodium.h>

enum kind {
	ALLOC,
	SODIUM,
	KDF,
	RANDOM,
	OPEN,
	READ,
	WRITE,
	SYNC,
	SIZE,
	NAME,
	STAT,
	MAP,
	LOCK,
	FCNTL,
	CLOSE,
	DIRECTORY,
	PROCESS,
	CHILD,
	WAIT,
	THREAD,
	KEY,
	DB_ENV,
	DB_TXN,
	DB_GET,
	DB_PUT,
	DB_COMMIT,
	KINDS
};

static const char *const kind_names[KINDS] = {"alloc", "sodium", "kdf", "random", "open",
    "read", "write", "sync", "size", "name", "stat", "map", "lock", "fcntl", "close",
    "dir", "process", "child", "wait", "thread", "key", "db-env", "db-txn", "db-get",
    "db-put", "db-commit"};

#define FAULTS_MAX 64
#define DEPTH 12
#define NEAR 6
#define SITES 16384u
#define SHORT (-1000000)
#define HANG_S 30u
#define WHO 16u /* threads, then forked children */
#define FIRST_CHILD 8u

struct fault {
	enum kind kind;
	unsigned who;
	unsigned long n;
	bool on;
	int why;
};

static struct fault faults[FAULTS_MAX];
static size_t n_faults;
static unsigned long calls[WHO][KINDS];
static uint64_t sites[SITES];
static atomic_flag sites_taken = ATOMIC_FLAG_INIT;
static atomic_long secrets;
static atomic_uint n_threads;
static unsigned n_children;
static bool armed;
static bool want_sites;
static bool cheap_kdf;
static bool children;
static int log_fd = -1;
static const char *log_path;
static _Thread_local bool busy;
static _Thread_local unsigned who;

/* There with LeakSanitizer only. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* ---- the log: raw calls, so that nothing here counts --------------------------------- */

static int open_log(void)
{
	return (int)syscall(SYS_openat, AT_FDCWD, log_path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	char line[512];
	va_list ap;
	int n;

	int fd = log_fd;

	if (fd < 0)
		return;
	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	/* A child closes all that it does not know. */
	if (who >= FIRST_CHILD)
		fd = open_log();
	if (n > 0)
		(void)syscall(SYS_write, fd, line, (size_t)n);
	if (who >= FIRST_CHILD)
		(void)syscall(SYS_close, fd);
}

static void say_where(void)
{
	void *frames[32];
	int n = backtrace(frames, 32);
	Dl_info info;

	for (int i = 2; i < n; i++) {
		if (dladdr(frames[i], &info) == 0 || info.dli_fname == NULL)
			continue;
		say("  %s +0x%lx %s\n", info.dli_fname,
		    (unsigned long)((uintptr_t)frames[i] - (uintptr_t)info.dli_fbase),
		    info.dli_sname == NULL ? "" : info.dli_sname);
	}
}

/* ---- counting and striking --------------------------------------------------------------- */

static bool new_site(enum kind kind)
{
	void *frames[DEPTH];
	int n = backtrace(frames, DEPTH);
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)kind ^ (uint64_t)who << 8;
	bool is_new = false;

	for (int i = 2; i < n; i++)
		h = (h ^ (uint64_t)(uintptr_t)frames[i]) * 0x100000001b3u;
	h |= 1;
	while (atomic_flag_test_and_set(&sites_taken))
		;
	for (uint64_t i = h >> 8; !is_new; i++) {
		uint64_t *slot = &sites[i % SITES];

		if (*slot == h)
			break;
		is_new = *slot == 0;
		if (is_new)
			*slot = h;
	}
	atomic_flag_clear(&sites_taken);
	return is_new;
}

/* The innermost frames, as the same number in each run and from each command. */
static uint64_t place(void)
{
	void *frames[NEAR + 2];
	int n = backtrace(frames, NEAR + 2);
	uint64_t h = 0xcbf29ce484222325u;
	Dl_info info;

	for (int i = 2; i < n; i++)
		if (dladdr(frames[i], &info) != 0)
			h = (h ^
				((uint64_t)(uintptr_t)frames[i] -
				    (uint64_t)(uintptr_t)info.dli_fbase)) *
			    0x100000001b3u;
	return h;
}

/* "" or "@1": whose calls are counted. */
static const char *whose(char text[16])
{
	text[0] = '\0';
	if (who > 0)
		(void)snprintf(text, 16, "@%u", who);
	return text;
}

/* What the call shall fail with, or 0.  errno is left alone. */
static int strike(enum kind kind, const char *function)
{
	const int saved = errno;
	unsigned long n;
	char w[16];
	int why = 0;

	if (!armed || busy)
		return 0;
	busy = true;
	n = ++calls[who][kind];
	if (want_sites && new_site(kind))
		say("site %s%s %lu %s %016llx\n", kind_names[kind], whose(w), n, function,
		    (unsigned long long)place());
	for (size_t i = 0; i < n_faults && why == 0; i++) {
		const struct fault *f = &faults[i];

		if (f->kind != kind || f->who != who)
			continue;
		if (f->n == n || (f->on && f->n < n))
			why = f->why;
		if (why != 0 && f->n == n) {
			say("struck %s%s %lu %s %d\n", kind_names[kind], whose(w), n,
			    function, why);
			say_where();
		}
	}
	busy = false;
	errno = saved;
	return why;
}

static bool parse_one(const char *s, size_t len)
{
	struct fault *f = &faults[n_faults];
	size_t all = strcspn(s, ":");
	size_t name = strcspn(s, "@:");
	char *end = NULL;

	if (n_faults == FAULTS_MAX || all >= len)
		return false;
	f->who = s[name] == '@' ? (unsigned)strtoul(s + name + 1, NULL, 10) : 0;
	for (int k = 0; k < KINDS; k++) {
		if (strlen(kind_names[k]) != name || strncmp(kind_names[k], s, name) != 0)
			continue;
		f->kind = (enum kind)k;
		f->n = strtoul(s + all + 1, &end, 10);
		f->on = *end == '+';
		end += f->on ? 1 : 0;
		if (*end != ':')
			return false;
		f->why = strncmp(end + 1, "short", 5) == 0 ? SHORT : atoi(end + 1);
		n_faults++;
		return f->why != 0 && f->who < WHO;
	}
	return false;
}

static void parse(const char *s)
{
	while (s != NULL && *s != '\0') {
		size_t len = strcspn(s, ",");

		if (!parse_one(s, len)) {
			say("unknown %s\n", s);
			_exit(125);
		}
		s += len;
		s += *s == ',' ? 1 : 0;
	}
}

/* fork() has numbered it. */
static void in_child(void)
{
	armed = armed && children;
	log_fd = armed ? log_fd : -1;
	if (n_children < WHO - FIRST_CHILD)
		who = FIRST_CHILD + n_children;
	atomic_flag_clear(&sites_taken);
}

static void in_parent(void)
{
	n_children++;
}

__attribute__((constructor)) static void begin(void)
{
	char exe[4096];
	const char *kdf;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	void *first[2];

	if (n < 6 || memcmp(exe + n - 6, "/saksi", 6) != 0)
		return;
	/* The first one loads a library, for good. */
	if (__lsan_disable != NULL)
		__lsan_disable();
	(void)backtrace(first, 2);
	if (__lsan_enable != NULL)
		__lsan_enable();
	log_path = getenv("SAKSI_FAULTS_LOG");
	if (log_path != NULL)
		log_fd = open_log();
	/* Out of the way: tests of closed descriptors want the low numbers. */
	if (log_fd >= 0 && log_fd < 200) {
		int high = (int)syscall(SYS_fcntl, log_fd, F_DUPFD_CLOEXEC, 200);

		if (high >= 0) {
			(void)syscall(SYS_close, log_fd);
			log_fd = high;
		}
	}
	want_sites = getenv("SAKSI_FAULTS_SITES") != NULL;
	kdf = getenv("SAKSI_FAULTS_KDF");
	cheap_kdf = kdf != NULL && strcmp(kdf, "0") != 0;
	children = getenv("SAKSI_FAULTS_CHILD") != NULL;
	parse(getenv("SAKSI_FAULTS"));
	(void)pthread_atfork(NULL, in_parent, in_child);
	(void)alarm(HANG_S);
	armed = true;
}

__attribute__((destructor)) static void end(void)
{
	if (!armed)
		return;
	armed = false;
	for (who = 0; who < WHO; who++)
		for (int k = 0; k < KINDS; k++)
			if (calls[who][k] > 0) {
				char w[16];

				say("calls %s%s %lu\n", kind_names[k], whose(w),
				    calls[who][k]);
			}
	say("secrets %ld\n", atomic_load(&secrets));
}

/* ---- the real ones ------------------------------------------------------------------------- */

static void find(void *where, const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL)
		_exit(126);
	memcpy(where, &p, sizeof(p));
}

#define REAL(name)                            \
	static __typeof__(name) *real = NULL; \
	int why;                              \
	if (real == NULL)                     \
	find(&real, #name)

#define STRUCK(kind, name) ((why = strike((kind), #name)) != 0)

/* Fail by errno with value V. */
#define FAIL_IF(kind, name, v)            \
	do {                              \
		if (STRUCK(kind, name)) { \
			errno = why;      \
			return v;         \
		}                         \
	} while (0)

/* ---- memory ---------------------------------------------------------------------------------- */

void *malloc(size_t n)
{
	REAL(malloc);
	FAIL_IF(ALLOC, malloc, NULL);
	return real(n);
}

void *calloc(size_t n, size_t m)
{
	REAL(calloc);
	FAIL_IF(ALLOC, calloc, NULL);
	return real(n, m);
}

void *realloc(void *p, size_t n)
{
	REAL(realloc);
	FAIL_IF(ALLOC, realloc, NULL);
	return real(p, n);
}

void *reallocarray(void *p, size_t n, size_t m)
{
	REAL(reallocarray);
	FAIL_IF(ALLOC, reallocarray, NULL);
	return real(p, n, m);
}

int posix_memalign(void **p, size_t align, size_t n)
{
	REAL(posix_memalign);
	if (STRUCK(ALLOC, posix_memalign))
		return why;
	return real(p, align, n);
}

void *sodium_malloc(const size_t n)
{
	void *p;
	REAL(sodium_malloc);
	FAIL_IF(SODIUM, sodium_malloc, NULL);
	p = real(n);
	atomic_fetch_add(&secrets, p != NULL ? 1 : 0);
	return p;
}

void sodium_free(void *p)
{
	static __typeof__(sodium_free) *real = NULL;

	if (real == NULL)
		find(&real, "sodium_free");
	atomic_fetch_sub(&secrets, p != NULL ? 1 : 0);
	real(p);
}

int crypto_pwhash(unsigned char *const out, unsigned long long outlen,
    const char *const pw, unsigned long long pwlen, const unsigned char *const salt,
    unsigned long long ops, size_t mem, int alg)
{
	REAL(crypto_pwhash);
	FAIL_IF(KDF, crypto_pwhash, -1);
	if (cheap_kdf)
		return crypto_generichash(out, (size_t)outlen, (const unsigned char *)pw,
		    pwlen, salt, crypto_pwhash_SALTBYTES);
	return real(out, outlen, pw, pwlen, salt, ops, mem, alg);
}

ssize_t getrandom(void *p, size_t n, unsigned flags)
{
	REAL(getrandom);
	FAIL_IF(RANDOM, getrandom, -1);
	return real(p, n, flags);
}

/* ---- files -------------------------------------------------------------------------------------- */

static mode_t mode_of(int flags, va_list ap)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(ap, int) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;
	REAL(open);
	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	FAIL_IF(OPEN, open, -1);
	return real(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;
	REAL(openat);
	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	FAIL_IF(OPEN, openat, -1);
	return real(dir, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	REAL(fopen);
	FAIL_IF(OPEN, fopen, NULL);
	return real(path, mode);
}

DIR *opendir(const char *path)
{
	REAL(opendir);
	FAIL_IF(OPEN, opendir, NULL);
	return real(path);
}

DIR *fdopendir(int fd)
{
	REAL(fdopendir);
	FAIL_IF(OPEN, fdopendir, NULL);
	return real(fd);
}

/* A transfer of N bytes that shall be cut short: at least one, not all. */
static size_t part(size_t n)
{
	return n > 1 ? n / 2 : n;
}

#define TRANSFER(kind, name, n, ...)         \
	do {                                 \
		if (STRUCK(kind, name)) {    \
			if (why != SHORT) {  \
				errno = why; \
				return -1;   \
			}                    \
			(n) = part(n);       \
		}                            \
		return real(__VA_ARGS__);    \
	} while (0)

ssize_t read(int fd, void *p, size_t n)
{
	REAL(read);
	TRANSFER(READ, read, n, fd, p, n);
}

ssize_t pread(int fd, void *p, size_t n, off_t off)
{
	REAL(pread);
	TRANSFER(READ, pread, n, fd, p, n, off);
}

ssize_t write(int fd, const void *p, size_t n)
{
	REAL(write);
	TRANSFER(WRITE, write, n, fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t off)
{
	REAL(pwrite);
	TRANSFER(WRITE, pwrite, n, fd, p, n, off);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	REAL(writev);
	if (STRUCK(WRITE, writev)) {
		if (why == SHORT && n > 1)
			return real(fd, v, n - 1);
		if (why != SHORT) {
			errno = why;
			return -1;
		}
	}
	return real(fd, v, n);
}

int fflush(FILE *f)
{
	REAL(fflush);
	if (f == stdout && STRUCK(WRITE, fflush) && why != SHORT) {
		errno = why;
		return EOF;
	}
	return real(f);
}

int fsync(int fd)
{
	REAL(fsync);
	FAIL_IF(SYNC, fsync, -1);
	return real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	FAIL_IF(SYNC, fdatasync, -1);
	return real(fd);
}

int msync(void *p, size_t n, int flags)
{
	REAL(msync);
	FAIL_IF(SYNC, msync, -1);
	return real(p, n, flags);
}

int ftruncate(int fd, off_t n)
{
	REAL(ftruncate);
	FAIL_IF(SIZE, ftruncate, -1);
	return real(fd, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	REAL(posix_fallocate);
	if (STRUCK(SIZE, posix_fallocate))
		return why;
	return real(fd, at, n);
}

int rename(const char *from, const char *to)
{
	REAL(rename);
	FAIL_IF(NAME, rename, -1);
	return real(from, to);
}

int renameat(int fd, const char *from, int fd2, const char *to)
{
	REAL(renameat);
	FAIL_IF(NAME, renameat, -1);
	return real(fd, from, fd2, to);
}

int renameat2(int fd, const char *from, int fd2, const char *to, unsigned flags)
{
	REAL(renameat2);
	FAIL_IF(NAME, renameat2, -1);
	return real(fd, from, fd2, to, flags);
}

int linkat(int fd, const char *from, int fd2, const char *to, int flags)
{
	REAL(linkat);
	FAIL_IF(NAME, linkat, -1);
	return real(fd, from, fd2, to, flags);
}

int link(const char *from, const char *to)
{
	REAL(link);
	FAIL_IF(NAME, link, -1);
	return real(from, to);
}

int unlink(const char *path)
{
	REAL(unlink);
	FAIL_IF(NAME, unlink, -1);
	return real(path);
}

int unlinkat(int fd, const char *path, int flags)
{
	REAL(unlinkat);
	FAIL_IF(NAME, unlinkat, -1);
	return real(fd, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	FAIL_IF(NAME, mkdir, -1);
	return real(path, mode);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
	REAL(mkdirat);
	FAIL_IF(NAME, mkdirat, -1);
	return real(fd, path, mode);
}

int rmdir(const char *path)
{
	REAL(rmdir);
	FAIL_IF(NAME, rmdir, -1);
	return real(path);
}

int fchmod(int fd, mode_t mode)
{
	REAL(fchmod);
	FAIL_IF(NAME, fchmod, -1);
	return real(fd, mode);
}

int stat(const char *path, struct stat *st)
{
	REAL(stat);
	FAIL_IF(STAT, stat, -1);
	return real(path, st);
}

int lstat(const char *path, struct stat *st)
{
	REAL(lstat);
	FAIL_IF(STAT, lstat, -1);
	return real(path, st);
}

int fstat(int fd, struct stat *st)
{
	REAL(fstat);
	FAIL_IF(STAT, fstat, -1);
	return real(fd, st);
}

int fstatat(int fd, const char *path, struct stat *st, int flags)
{
	REAL(fstatat);
	FAIL_IF(STAT, fstatat, -1);
	return real(fd, path, st, flags);
}

int fstatfs(int fd, struct statfs *st)
{
	REAL(fstatfs);
	FAIL_IF(STAT, fstatfs, -1);
	return real(fd, st);
}

int fstatvfs(int fd, struct statvfs *st)
{
	REAL(fstatvfs);
	FAIL_IF(STAT, fstatvfs, -1);
	return real(fd, st);
}

int access(const char *path, int mode)
{
	REAL(access);
	FAIL_IF(STAT, access, -1);
	return real(path, mode);
}

ssize_t readlink(const char *path, char *p, size_t n)
{
	REAL(readlink);
	FAIL_IF(STAT, readlink, -1);
	return real(path, p, n);
}

char *realpath(const char *path, char *p)
{
	REAL(realpath);
	FAIL_IF(STAT, realpath, NULL);
	return real(path, p);
}

off_t lseek(int fd, off_t off, int whence)
{
	REAL(lseek);
	FAIL_IF(STAT, lseek, -1);
	return real(fd, off, whence);
}

void *mmap(void *p, size_t n, int prot, int flags, int fd, off_t off)
{
	REAL(mmap);
	FAIL_IF(MAP, mmap, MAP_FAILED);
	return real(p, n, prot, flags, fd, off);
}

int madvise(void *p, size_t n, int advice)
{
	REAL(madvise);
	FAIL_IF(MAP, madvise, -1);
	return real(p, n, advice);
}

int mlock(const void *p, size_t n)
{
	REAL(mlock);
	FAIL_IF(MAP, mlock, -1);
	return real(p, n);
}

int flock(int fd, int op)
{
	REAL(flock);
	FAIL_IF(LOCK, flock, -1);
	return real(fd, op);
}

int fcntl(int fd, int op, ...)
{
	const bool lock =
	    op == F_SETLK || op == F_SETLKW || op == F_GETLK || op == F_OFD_SETLK;
	va_list ap;
	void *arg;
	REAL(fcntl);
	va_start(ap, op);
	arg = va_arg(ap, void *);
	va_end(ap);
	FAIL_IF(lock ? LOCK : FCNTL, fcntl, -1);
	return real(fd, op, arg);
}

int close(int fd)
{
	REAL(close);
	if (STRUCK(CLOSE, close)) {
		(void)real(fd);
		errno = why;
		return -1;
	}
	return real(fd);
}

struct dirent *readdir(DIR *d)
{
	REAL(readdir);
	FAIL_IF(DIRECTORY, readdir, NULL);
	return real(d);
}

/* ---- processes and the kernel's keyring ------------------------------------------------------------ */

pid_t fork(void)
{
	REAL(fork);
	FAIL_IF(PROCESS, fork, -1);
	return real();
}

int pipe2(int fd[2], int flags)
{
	REAL(pipe2);
	FAIL_IF(PROCESS, pipe2, -1);
	return real(fd, flags);
}

int memfd_create(const char *name, unsigned flags)
{
	REAL(memfd_create);
	FAIL_IF(PROCESS, memfd_create, -1);
	return real(name, flags);
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	REAL(poll);
	FAIL_IF(WAIT, poll, -1);
	return real(fds, n, timeout);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	REAL(waitpid);
	FAIL_IF(WAIT, waitpid, -1);
	return real(pid, status, options);
}

int dup2(int from, int to)
{
	REAL(dup2);
	FAIL_IF(CHILD, dup2, -1);
	return real(from, to);
}

int chdir(const char *path)
{
	REAL(chdir);
	FAIL_IF(CHILD, chdir, -1);
	return real(path);
}

int execve(const char *path, char *const argv[], char *const env[])
{
	REAL(execve);
	FAIL_IF(CHILD, execve, -1);
	return real(path, argv, env);
}

int setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
	REAL(setrlimit);
	FAIL_IF(CHILD, setrlimit, -1);
	return real(what, limit);
}

int prctl(int option, ...)
{
	va_list ap;
	unsigned long a[4];
	REAL(prctl);
	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	FAIL_IF(CHILD, prctl, -1);
	return real(option, a[0], a[1], a[2], a[3]);
}

/* ---- threads ---------------------------------------------------------------------------------------- */

struct started {
	void *(*fn)(void *);
	void *ctx;
	unsigned who;
};

static void *first_of_thread(void *ctx)
{
	const struct started s = *(struct started *)ctx;

	busy = true;
	free(ctx);
	busy = false;
	who = s.who;
	return s.fn(s.ctx);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
    void *ctx)
{
	struct started *s;
	int rc = EAGAIN;
	REAL(pthread_create);
	if (STRUCK(THREAD, pthread_create))
		return why;
	busy = true; /* its stack is no call of ours */
	s = malloc(sizeof(*s));
	if (s != NULL) {
		*s = (struct started){fn, ctx, 1 + atomic_fetch_add(&n_threads, 1)};
		s->who = s->who < FIRST_CHILD ? s->who : FIRST_CHILD - 1;
		rc = real(thread, attr, first_of_thread, s);
	}
	if (rc != 0)
		free(s);
	busy = false;
	return rc;
}

int pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr)
{
	REAL(pthread_mutex_init);
	if (STRUCK(THREAD, pthread_mutex_init))
		return why;
	return real(lock, attr);
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	REAL(pthread_cond_init);
	if (STRUCK(THREAD, pthread_cond_init))
		return why;
	return real(cond, attr);
}

key_serial_t add_key(const char *type, const char *name, const void *p, size_t n,
    key_serial_t ring)
{
	REAL(add_key);
	FAIL_IF(KEY, add_key, -1);
	return real(type, name, p, n, ring);
}

long keyctl_search(key_serial_t ring, const char *type, const char *name, key_serial_t to)
{
	REAL(keyctl_search);
	FAIL_IF(KEY, keyctl_search, -1);
	return real(ring, type, name, to);
}

long keyctl_read(key_serial_t key, char *p, size_t n)
{
	REAL(keyctl_read);
	FAIL_IF(KEY, keyctl_read, -1);
	return real(key, p, n);
}

long keyctl_revoke(key_serial_t key)
{
	REAL(keyctl_revoke);
	FAIL_IF(KEY, keyctl_revoke, -1);
	return real(key);
}

long keyctl_unlink(key_serial_t key, key_serial_t ring)
{
	REAL(keyctl_unlink);
	FAIL_IF(KEY, keyctl_unlink, -1);
	return real(key, ring);
}

long keyctl_setperm(key_serial_t key, key_perm_t perm)
{
	REAL(keyctl_setperm);
	FAIL_IF(KEY, keyctl_setperm, -1);
	return real(key, perm);
}

long keyctl_set_timeout(key_serial_t key, unsigned s)
{
	REAL(keyctl_set_timeout);
	FAIL_IF(KEY, keyctl_set_timeout, -1);
	return real(key, s);
}

/* ---- LMDB -------------------------------------------------------------------------------------------- */

/* LMDB says what failed by its result. */
#define DB_FAIL_IF(kind, name)          \
	do {                            \
		if (STRUCK(kind, name)) \
			return why;     \
	} while (0)

int mdb_env_create(MDB_env **env)
{
	REAL(mdb_env_create);
	DB_FAIL_IF(DB_ENV, mdb_env_create);
	return real(env);
}

int mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
	REAL(mdb_env_open);
	DB_FAIL_IF(DB_ENV, mdb_env_open);
	return real(env, path, flags, mode);
}

int mdb_env_set_mapsize(MDB_env *env, size_t n)
{
	REAL(mdb_env_set_mapsize);
	DB_FAIL_IF(DB_ENV, mdb_env_set_mapsize);
	return real(env, n);
}

int mdb_env_set_maxdbs(MDB_env *env, MDB_dbi n)
{
	REAL(mdb_env_set_maxdbs);
	DB_FAIL_IF(DB_ENV, mdb_env_set_maxdbs);
	return real(env, n);
}

int mdb_env_set_maxreaders(MDB_env *env, unsigned n)
{
	REAL(mdb_env_set_maxreaders);
	DB_FAIL_IF(DB_ENV, mdb_env_set_maxreaders);
	return real(env, n);
}

int mdb_env_get_fd(MDB_env *env, mdb_filehandle_t *fd)
{
	REAL(mdb_env_get_fd);
	DB_FAIL_IF(DB_ENV, mdb_env_get_fd);
	return real(env, fd);
}

int mdb_env_info(MDB_env *env, MDB_envinfo *info)
{
	REAL(mdb_env_info);
	DB_FAIL_IF(DB_ENV, mdb_env_info);
	return real(env, info);
}

int mdb_reader_check(MDB_env *env, int *dead)
{
	REAL(mdb_reader_check);
	DB_FAIL_IF(DB_ENV, mdb_reader_check);
	return real(env, dead);
}

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
	REAL(mdb_txn_begin);
	DB_FAIL_IF(DB_TXN, mdb_txn_begin);
	return real(env, parent, flags, txn);
}

int mdb_dbi_open(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi)
{
	REAL(mdb_dbi_open);
	DB_FAIL_IF(DB_TXN, mdb_dbi_open);
	return real(txn, name, flags, dbi);
}

int mdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data)
{
	REAL(mdb_get);
	DB_FAIL_IF(DB_GET, mdb_get);
	return real(txn, dbi, key, data);
}

int mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags)
{
	REAL(mdb_put);
	DB_FAIL_IF(DB_PUT, mdb_put);
	return real(txn, dbi, key, data, flags);
}

int mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data)
{
	REAL(mdb_del);
	DB_FAIL_IF(DB_PUT, mdb_del);
	return real(txn, dbi, key, data);
}

int mdb_drop(MDB_txn *txn, MDB_dbi dbi, int del)
{
	REAL(mdb_drop);
	DB_FAIL_IF(DB_PUT, mdb_drop);
	return real(txn, dbi, del);
}

int mdb_cursor_open(MDB_txn *txn, MDB_dbi dbi, MDB_cursor **cursor)
{
	REAL(mdb_cursor_open);
	DB_FAIL_IF(DB_TXN, mdb_cursor_open);
	return real(txn, dbi, cursor);
}

int mdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *data, MDB_cursor_op op)
{
	REAL(mdb_cursor_get);
	DB_FAIL_IF(DB_GET, mdb_cursor_get);
	return real(cursor, key, data, op);
}

int mdb_cursor_put(MDB_cursor *cursor, MDB_val *key, MDB_val *data, unsigned flags)
{
	REAL(mdb_cursor_put);
	DB_FAIL_IF(DB_PUT, mdb_cursor_put);
	return real(cursor, key, data, flags);
}

/* A commit that fails has ended the transaction all the same. */
int mdb_txn_commit(MDB_txn *txn)
{
	REAL(mdb_txn_commit);
	if (STRUCK(DB_COMMIT, mdb_txn_commit)) {
		mdb_txn_abort(txn);
		return why;
	}
	return real(txn);
}
