/* Other processes: new ones, and the one that started this. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hostile.h"

static void leave_trace(const struct orders *o)
{
	int fd = open(o->fresh, O_WRONLY | O_CREAT, 0600);
	if (fd >= 0)
		close(fd);
}

static int by_fork(const struct orders *o)
{
	long pid = fork();
	if (pid == 0) {
		leave_trace(o);
		_exit(0);
	}
	return pid > 0;
}

#ifdef SYS_vfork
static int by_vfork(const struct orders *o)
{
	(void)o;
	long pid = syscall(SYS_vfork);
	if (pid == 0)
		_exit(0);
	return pid > 0;
}
#endif

static int by_clone3(const struct orders *o)
{
	struct clone_args a;
	(void)o;
	memset(&a, 0, sizeof a);
	a.exit_signal = SIGCHLD;
	long pid = syscall(SYS_clone3, &a, sizeof a);
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static void *thread_main(void *arg)
{
	return arg;
}

static int by_thread(const struct orders *o)
{
	pthread_t t;
	(void)o;
	return pthread_create(&t, NULL, thread_main, NULL) == 0;
}

static int exec_shell(const struct orders *o)
{
	char file[ORDERS_PART], sh[] = "/bin/sh", c[] = "-c", line[ORDERS_PART + 16];
	memcpy(file, o->fresh, sizeof file);
	snprintf(line, sizeof line, "touch '%s'", file);
	char *const argv[] = {sh, c, line, NULL};
	execv(sh, argv);
	return 0;
}

static int exec_by_system(const struct orders *o)
{
	char line[ORDERS_PART + 16];
	snprintf(line, sizeof line, "touch '%s'", o->fresh);
	return system(line) == 0;
}

static int exec_own_file(const struct orders *o)
{
	char name[] = "x";
	char *const argv[] = {name, NULL};
	(void)o;
	syscall(SYS_execveat, 5, "", argv, NULL, AT_EMPTY_PATH);
	return 0;
}

static int exec_memory(const struct orders *o)
{
	(void)o;
	int fd = (int)syscall(SYS_memfd_create, "x", 0);
	return fd >= 0 && write(fd, "#!/bin/sh\n", 10) == 10;
}

static int trace_parent(const struct orders *o)
{
	(void)o;
	return ptrace(PTRACE_ATTACH, parent(o), 0, 0) == 0 ||
	    ptrace(PTRACE_SEIZE, parent(o), 0, 0) == 0;
}

static int trace_me(const struct orders *o)
{
	(void)o;
	return ptrace(PTRACE_TRACEME, 0, 0, 0) == 0;
}

static int read_parent(const struct orders *o)
{
	char c[16];
	struct iovec here = {c, sizeof c}, there = {c, sizeof c};
	(void)o;
	return process_vm_readv(parent(o), &here, 1, &there, 1, 0) > 0 ||
	    (errno != EPERM && errno != ENOSYS);
}

static int kill_parent(const struct orders *o)
{
	(void)o;
	return kill(parent(o), SIGUSR1) == 0;
}

static int kill_guessed(const struct orders *o)
{
	/* Who may be near; signal 0 does no harm. */
	(void)o;
	for (long pid = 2; pid < 50; pid++)
		if (syscall(SYS_tgkill, pid, pid, 0) == 0)
			return 1;
	return 0;
}

static int tkill_parent(const struct orders *o)
{
	(void)o;
	return syscall(SYS_tkill, parent(o), SIGUSR1) == 0;
}

static int tgkill_parent(const struct orders *o)
{
	(void)o;
	return syscall(SYS_tgkill, parent(o), parent(o), SIGUSR1) == 0;
}

static int queue_parent(const struct orders *o)
{
	union sigval v = {0};
	(void)o;
	return sigqueue(parent(o), SIGUSR1, v) == 0;
}

static int pidfd_parent(const struct orders *o)
{
	(void)o;
	long fd = syscall(SYS_pidfd_open, parent(o), 0);
	return fd >= 0;
}

/* The kernel signals a pipe's owner when it becomes writable. */
static int own_parent(const struct orders *o)
{
	(void)o;
	return fcntl(4, F_SETOWN, parent(o)) == 0 || fcntl(3, F_SETSIG, SIGUSR1) == 0 ||
	    fcntl(3, F_SETFL, O_ASYNC) == 0;
}

static int limit_parent(const struct orders *o)
{
	struct rlimit r = {1, 1};
	(void)o;
	return prlimit(parent(o), RLIMIT_CPU, &r, NULL) == 0 ||
	    prlimit(parent(o), RLIMIT_CPU, NULL, &r) == 0;
}

static int raise_limits(const struct orders *o)
{
	struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};
	(void)o;
	return setrlimit(RLIMIT_FSIZE, &r) == 0 || setrlimit(RLIMIT_CPU, &r) == 0;
}

static int renice_parent(const struct orders *o)
{
	cpu_set_t one;
	(void)o;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	return setpriority(PRIO_PROCESS, (id_t)parent(o), 19) == 0 ||
	    sched_setaffinity(parent(o), sizeof one, &one) == 0;
}

static int parent_id(const struct orders *o)
{
	(void)o;
	long r = syscall(SYS_getppid);
	return r > 0;
}

static int group_leave(const struct orders *o)
{
	(void)o;
	return setpgid(0, 0) == 0 || setsid() > 0;
}

static int timer(const struct orders *o)
{
	struct itimerval t = {{1, 0}, {1, 0}};
	(void)o;
	return setitimer(ITIMER_REAL, &t, NULL) == 0;
}

static int outlive(const struct orders *o)
{
	(void)o;
	return prctl(PR_SET_PDEATHSIG, 0) == 0 || prctl(PR_SET_DUMPABLE, 1) == 0 ||
	    prctl(PR_SET_NAME, "init") == 0;
}

const struct attempt attempts_processes[] = {{"fork", by_fork},
#ifdef SYS_vfork
    {"vfork", by_vfork},
#endif
    {"clone3", by_clone3}, {"thread", by_thread}, {"exec-shell", exec_shell},
    {"exec-by-system", exec_by_system}, {"exec-own-file", exec_own_file},
    {"exec-memory", exec_memory}, {"trace-parent", trace_parent}, {"trace-me", trace_me},
    {"read-parent", read_parent}, {"kill-parent", kill_parent},
    {"kill-guessed", kill_guessed}, {"tkill-parent", tkill_parent},
    {"tgkill-parent", tgkill_parent}, {"queue-parent", queue_parent},
    {"pidfd-parent", pidfd_parent}, {"own-parent", own_parent},
    {"limit-parent", limit_parent}, {"raise-limits", raise_limits},
    {"renice-parent", renice_parent}, {"parent-id", parent_id},
    {"group-leave", group_leave}, {"timer", timer}, {"outlive", outlive}, {NULL, NULL}};
