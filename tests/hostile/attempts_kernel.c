/* What else the kernel offers: keys, rings, filters, name spaces, new code. */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#include "hostile.h"

#define RAW(name, ...)                            \
	static int name(const struct orders *o)   \
	{                                         \
		(void)o;                          \
		return syscall(__VA_ARGS__) >= 0; \
	}

static char zeros[512];

RAW(key_add, SYS_add_key, "user", "saksi-hostile", "x", 1, -4)
RAW(key_request, SYS_request_key, "user", "saksi", NULL, 0)
RAW(key_control, SYS_keyctl, 0, -4, 1) /* KEYCTL_GET_KEYRING_ID of the user's */
RAW(key_search, SYS_keyctl, 10, -4, "user", "saksi", 0)
RAW(uring, SYS_io_uring_setup, 4, zeros)
RAW(bpf_program, SYS_bpf, 0, zeros, 72)
RAW(perf, SYS_perf_event_open, zeros, 0, -1, -1, 0)
RAW(fault_fd, SYS_userfaultfd, 1)
RAW(memory_file, SYS_memfd_create, "x", 0)
RAW(secret_memory, 447, 0)
RAW(new_user_ns, SYS_unshare, CLONE_NEWUSER)
RAW(enter_ns, SYS_setns, 3, 0)
RAW(mount_proc, SYS_mount, "proc", "/tmp", "proc", 0, NULL)
RAW(change_root, SYS_chroot, "/")
RAW(persona, SYS_personality, 0x0400000) /* READ_IMPLEXEC */
RAW(open_tree_root, 428, AT_FDCWD, "/", 0)
RAW(load_module, SYS_finit_module, 5, "", 0)
RAW(syslog_read, SYS_syslog, 10, NULL, 0)
RAW(host_name, SYS_sethostname, "x", 1)
RAW(set_clock, SYS_clock_settime, 99, zeros)
RAW(set_user, SYS_setresuid, 0, 0, 0)
RAW(user_id, SYS_getuid)
RAW(more_filters, SYS_seccomp, 1, 0, zeros)
RAW(new_ruleset, 444, NULL, 0, 1)
RAW(notify_fd, SYS_eventfd2, 0, 0)
RAW(splice_out, SYS_splice, 5, NULL, 4, NULL, 1, 0)
RAW(send_file, SYS_sendfile, 4, 5, NULL, 1)
RAW(copy_range, SYS_copy_file_range, 5, NULL, 4, NULL, 1, 0)
RAW(lock_memory, SYS_mlockall, 1)
RAW(read_ahead, SYS_readahead, 5, 0, 1)

static int machine_name(const struct orders *o)
{
	struct utsname u;
	(void)o;
	return uname(&u) == 0;
}

static int terminal_input(const struct orders *o)
{
	(void)o;
	for (int fd = 0; fd < 6; fd++)
		if (ioctl(fd, TIOCSTI, "x") == 0 || ioctl(fd, FIONREAD, zeros) == 0)
			return 1;
	return 0;
}

static int map_writable_code(const struct orders *o)
{
	(void)o;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int make_code(const struct orders *o)
{
	void *p =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)o;
	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int write_code(const struct orders *o)
{
	uintptr_t at = (uintptr_t)write_code & ~(uintptr_t)4095;
	void *p;
	(void)o;
	memcpy(&p, &at, sizeof p);
	/* Writable, yes; but then it is code no more and cannot become it again. */
	return mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
}

static int make_code_by_key(const struct orders *o)
{
	void *p =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)o;
	return syscall(SYS_pkey_mprotect, p, 4096, PROT_READ | PROT_EXEC, -1) == 0;
}

#ifdef __x86_64__
/* The same kernel by its other doors: 32-bit calls and x32 numbers. */
static int by_32_bit(const struct orders *o)
{
	long r = 20; /* getpid */
	(void)o;
	__asm__ volatile("int $0x80" : "+a"(r) : : "memory", "r8", "r9", "r10", "r11");
	return r > 0;
}

static int by_x32(const struct orders *o)
{
	(void)o;
	return syscall(0x40000000 + SYS_getppid) > 0;
}
#endif

const struct attempt attempts_kernel[] = {{"key-add", key_add},
    {"key-request", key_request}, {"key-control", key_control},
    {"key-search", key_search}, {"io-uring", uring}, {"bpf", bpf_program}, {"perf", perf},
    {"userfaultfd", fault_fd}, {"memory-file", memory_file},
    {"secret-memory", secret_memory}, {"new-user-ns", new_user_ns},
    {"enter-ns", enter_ns}, {"mount", mount_proc}, {"chroot", change_root},
    {"personality", persona}, {"open-tree", open_tree_root}, {"load-module", load_module},
    {"syslog", syslog_read}, {"host-name", host_name}, {"set-clock", set_clock},
    {"set-user", set_user}, {"user-id", user_id}, {"more-filters", more_filters},
    {"new-ruleset", new_ruleset}, {"eventfd", notify_fd}, {"splice", splice_out},
    {"sendfile", send_file}, {"copy-range", copy_range}, {"lock-memory", lock_memory},
    {"read-ahead", read_ahead}, {"machine-name", machine_name},
    {"terminal", terminal_input}, {"map-writable-code", map_writable_code},
    {"make-code", make_code}, {"write-code", write_code},
    {"make-code-by-key", make_code_by_key},
#ifdef __x86_64__
    {"32-bit-calls", by_32_bit}, {"x32-calls", by_x32},
#endif
    {NULL, NULL}};
