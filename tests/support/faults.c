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
#include "faults.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const kind_names[KINDS] = {"alloc", "sodium", "kdf", "random", "open",
    "read", "write", "sync", "size", "name", "stat", "map", "lock", "fcntl", "close",
    "dir", "process", "child", "wait", "thread", "key", "db-env", "db-txn", "db-get",
    "db-put", "db-commit"};

#define FAULTS_MAX 64
#define DEPTH 12
#define NEAR 6
#define SITES 16384u
#define HANG_S 30u
#define WHO 16u /* threads, then forked children */

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
atomic_long secrets;
atomic_uint n_threads;
static unsigned n_children;
static bool armed;
static bool want_sites;
bool cheap_kdf;
static bool children;
static int log_fd = -1;
static const char *log_path;
_Thread_local bool busy;
_Thread_local unsigned who;

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

int strike(enum kind kind, const char *function)
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

void find_real(void *where, const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL)
		_exit(126);
	memcpy(where, &p, sizeof(p));
}
