#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wire.h"

static scmp_filter_ctx filters[FILTER_STAGES];

/* Without conditions. */
static const char *const allowed[] = {"read", "pread64", "write", "writev", "close",
    "lseek", "fstat", "dup", "newfstatat", "munmap", "mremap", "brk", "madvise", "futex",
    "exit", "exit_group", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep",
    "gettimeofday", "time", "getrandom", "getpid", "gettid", "sched_yield",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
    "landlock_restrict_self"};

/*
 * No library falls back from these gracefully or needs to: whoever calls one
 * wants out.  The rest of what is not allowed fails softly, because libraries
 * probe for sockets, terminals and processors and live without them.
 */
static const char *const deadly[] = {"ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "kcmp", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "kill",
    "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "add_key", "request_key", "keyctl",
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "execve", "execveat", "memfd_create", "memfd_secret", "mount",
    "umount2", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
    "mount_setattr", "pivot_root", "chroot", "unshare", "setns", "init_module",
    "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon",
    "swapoff", "open_by_handle_at", "fanotify_init", "personality", "ioperm", "iopl",
    "modify_ldt", "acct", "quotactl", "pkey_mprotect", "remap_file_pages", "shmat",
    "migrate_pages", "move_pages", "landlock_create_ruleset", "landlock_add_rule"};

static void must(int rc, const char *what)
{
	if (rc < 0)
		wire_fail("seccomp refuses a rule for %s (%s)", what, strerror(-rc));
}

/* Unknown here means unknown to this processor: then nobody can call it. */
static void rule(scmp_filter_ctx f, uint32_t action, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);
	if (nr >= 0)
		must(seccomp_rule_add_array(f, action, nr, 0, NULL), name);
}

static void rule_if(scmp_filter_ctx f, uint32_t action, const char *name,
    const struct scmp_arg_cmp *args, unsigned n)
{
	int nr = seccomp_syscall_resolve_name(name);
	if (nr >= 0)
		must(seccomp_rule_add_array(f, action, nr, n, args), name);
}

static struct scmp_arg_cmp arg_is(unsigned arg, uint64_t value)
{
	return (struct scmp_arg_cmp){arg, SCMP_CMP_EQ, value, 0};
}

/* Of the bits in ${mask}, exactly those in ${value} are set. */
static struct scmp_arg_cmp arg_bits(unsigned arg, uint64_t mask, uint64_t value)
{
	return (struct scmp_arg_cmp){arg, SCMP_CMP_MASKED_EQ, mask, value};
}

static scmp_filter_ctx new_filter(uint32_t otherwise)
{
	scmp_filter_ctx f = seccomp_init(otherwise);
	if (!f)
		wire_fail("seccomp is not available");
	/* 32-bit and x32 calls go by other numbers: the lists do not hold for them. */
	must(seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
	    "other ABIs");
	must(seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0), "no_new_privs");
	return f;
}

/* Writable memory never becomes code, and code never writable. */
static void rules_for_memory(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_exec = arg_bits(2, PROT_EXEC, 0);
	const struct scmp_arg_cmp no_write = arg_bits(2, PROT_WRITE, 0);
	rule_if(f, SCMP_ACT_ALLOW, "mmap", &no_exec, 1);
	rule_if(f, SCMP_ACT_ALLOW, "mmap", &no_write, 1);
	rule_if(f, SCMP_ACT_ALLOW, "mprotect", &no_exec, 1);
}

static void rules_for_files(scmp_filter_ctx f)
{
	/* O_TMPFILE holds O_DIRECTORY's bit; its own is what counts. */
	const uint64_t tmpfile_bit = (uint64_t)(O_TMPFILE & ~O_DIRECTORY);
	const struct scmp_arg_cmp read_only = arg_bits(2,
	    (uint64_t)(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_PATH) | tmpfile_bit,
	    O_RDONLY);
	rule_if(f, SCMP_ACT_ALLOW, "openat", &read_only, 1);
	/* Of fcntl, what cannot make the kernel send a signal (F_SETOWN, F_SETSIG). */
	static const int harmless[] = {F_GETFD, F_SETFD, F_GETFL};
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
		const struct scmp_arg_cmp is = arg_is(1, (uint64_t)harmless[i]);
		rule_if(f, SCMP_ACT_ALLOW, "fcntl", &is, 1);
	}
	rule(f, SCMP_ACT_ERRNO(ENOTTY), "ioctl"); /* what a C library expects of a pipe */
}

static void rules_for_processes(scmp_filter_ctx f)
{
	/* abort() and raise() signal the process itself; limits may be read. */
	const struct scmp_arg_cmp self = arg_is(0, (uint64_t)getpid());
	rule_if(f, SCMP_ACT_ALLOW, "tgkill", &self, 1);
	const struct scmp_arg_cmp own_limits[2] = {arg_is(0, 0), arg_is(2, 0)};
	rule_if(f, SCMP_ACT_ALLOW, "prlimit64", own_limits, 2);
	const struct scmp_arg_cmp narrow = arg_is(0, SECCOMP_SET_MODE_FILTER);
	rule_if(f, SCMP_ACT_ALLOW, "seccomp", &narrow, 1);
	/* "Not built in" is what callers of these expect and recover from. */
	static const char *const absent[] = {"clone3", "openat2", "statx", "rseq",
	    "close_range"};
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		rule(f, SCMP_ACT_ERRNO(ENOSYS), absent[i]);
}

static scmp_filter_ctx filter_libraries(void)
{
	scmp_filter_ctx f = new_filter(SCMP_ACT_ERRNO(EPERM));
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		rule(f, SCMP_ACT_ALLOW, allowed[i]);
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		rule(f, SCMP_ACT_KILL_PROCESS, deadly[i]);
	rules_for_memory(f);
	rules_for_files(f);
	rules_for_processes(f);
	return f;
}

/* The two calls by which dlopen() reaches a file come to trap.c instead. */
static scmp_filter_ctx filter_exporter(void)
{
	scmp_filter_ctx f = new_filter(SCMP_ACT_ALLOW);
	rule(f, SCMP_ACT_TRAP, "openat");
	rule(f, SCMP_ACT_TRAP, "open");
	rule(f, SCMP_ACT_TRAP, "newfstatat");
	rule(f, SCMP_ACT_ERRNO(EPERM), "landlock_restrict_self");
	return f;
}

static scmp_filter_ctx filter_calls(void)
{
	scmp_filter_ctx f = new_filter(SCMP_ACT_ALLOW);
	const struct scmp_arg_cmp exec = arg_bits(2, PROT_EXEC, PROT_EXEC);
	rule_if(f, SCMP_ACT_ERRNO(EACCES), "mmap", &exec, 1);
	rule(f, SCMP_ACT_ERRNO(EPERM), "seccomp");
	rule(f, SCMP_ACT_ERRNO(EPERM), "dup");
	return f;
}

void filters_prepare(void)
{
	filters[FILTER_LIBRARIES] = filter_libraries();
	filters[FILTER_EXPORTER] = filter_exporter();
	filters[FILTER_CALLS] = filter_calls();
}

void filter_load(enum filter_stage stage)
{
	int rc = seccomp_load(filters[stage]);
	if (rc < 0) {
		wire_fail("this kernel cannot confine it: seccomp filters are refused (%s)",
		    strerror(-rc));
	}
}
