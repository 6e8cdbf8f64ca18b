/* Without end, out of turn, and against the pipes themselves. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hostile.h"

static int spin(const struct orders *o)
{
	(void)o;
	for (volatile unsigned long i = 0;; i++)
		;
	return 0;
}

static int spin_deaf(const struct orders *o)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int s = 1; s < 65; s++)
		signal(s, SIG_IGN);
	return spin(o);
}

static int sleep_long(const struct orders *o)
{
	(void)o;
	for (;;)
		sleep(1000);
	return 0;
}

static int stop_self(const struct orders *o)
{
	(void)o;
	raise(SIGSTOP);
	return 0;
}

/* More than the limit in use at once: that is what must not be possible. */
static int allocate(const struct orders *o)
{
	(void)o;
	for (size_t held = 0;; held += 1 << 20) {
		char *p = malloc(1 << 20);
		if (!p)
			return held > (size_t)300 << 20;
		memset(p, 1, 1 << 20);
	}
}

static int allocate_maps(const struct orders *o)
{
	(void)o;
	for (size_t held = 0;; held += 1 << 24) {
		void *p = mmap(NULL, 1 << 24, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (p == MAP_FAILED)
			return held > (size_t)300 << 20;
	}
}

static int allocate_shared(const struct orders *o)
{
	(void)o;
	for (size_t held = 0;; held += 1 << 24) {
		char *p = mmap(NULL, 1 << 24, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return held > (size_t)900 << 20;
		memset(p, 1, 1 << 24);
	}
}

static volatile int for_ever = 1;

static int deep(volatile char *above)
{
	volatile char here[512];
	here[0] = above[0];
	return for_ever ? deep(here) + here[0] : 0;
}

static int overflow_stack(const struct orders *o)
{
	volatile char first = 1;
	(void)o;
	return deep(&first);
}

static int write_endless(const struct orders *o)
{
	static char block[1 << 16];
	(void)o;
	memset(block, 'x', sizeof block);
	for (;;)
		hostile_write(block, sizeof block);
	return 0;
}

static int log_endless(const struct orders *o)
{
	(void)o;
	for (;;)
		hostile_log("again and again");
	return 0;
}

static void raw(const void *p, size_t n)
{
	(void)!write(4, p, n);
}

static int garbage(const struct orders *o)
{
	static unsigned char block[4096];
	(void)o;
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (unsigned char)(i * 151 + 17);
	for (int i = 0; i < 100; i++)
		raw(block, sizeof block);
	return 0;
}

static int huge_frame(const struct orders *o)
{
	(void)o;
	raw("W\xff\xff\xff\xff", 5);
	return 0;
}

static int half_frame(const struct orders *o)
{
	(void)o;
	raw("W\x10\0\0\0half", 9);
	_exit(0);
}

static int frames_endless(const struct orders *o)
{
	static char block[1005] = {'W', (char)0xe8, 3, 0, 0};
	(void)o;
	for (;;)
		raw(block, sizeof block);
	return 0;
}

static int second_registration(const struct orders *o)
{
	(void)o;
	raw("R\0\0\0\0", 5);
	return 0;
}

/* Ends well before it was given everything. */
static int early_done(const struct orders *o)
{
	(void)o;
	raw("D\0\0\0\0", 5);
	_exit(0);
}

static int done_and_more(const struct orders *o)
{
	(void)o;
	raw("D\0\0\0\0W\1\0\0\0x", 11);
	return 0;
}

static int done_and_stay(const struct orders *o)
{
	(void)o;
	raw("D\0\0\0\0", 5);
	return spin(o);
}

static int fake_failure(const struct orders *o)
{
	(void)o;
	raw("F\x04\0\0\0\x1b[2J", 9);
	return 0;
}

static int steal_records(const struct orders *o)
{
	char block[256];
	(void)o;
	for (;;)
		if (read(3, block, sizeof block) <= 0)
			_exit(0);
	return 0;
}

static int close_all(const struct orders *o)
{
	(void)o;
	for (int fd = 0; fd < 64; fd++)
		close(fd);
	return 0;
}

static int close_and_spin(const struct orders *o)
{
	close_all(o);
	return spin(o);
}

static int exit_well(const struct orders *o)
{
	(void)o;
	exit(0);
}

static int exit_at_once(const struct orders *o)
{
	(void)o;
	_exit(0);
}

static int crash(const struct orders *o)
{
	(void)o;
	volatile int *volatile p = NULL;
	*p = 1;
	return 0;
}

static int call_abort(const struct orders *o)
{
	(void)o;
	abort();
}

static int kill_self(const struct orders *o)
{
	(void)o;
	raise(SIGKILL);
	return 0;
}

static int jump(const struct orders *o)
{
	jmp_buf nowhere;
	(void)o;
	memset(&nowhere, 0x41, sizeof nowhere);
	longjmp(nowhere, 1);
}

const struct attempt attempts_limits[] = {{"spin", spin}, {"spin-deaf", spin_deaf},
    {"sleep", sleep_long}, {"stop-self", stop_self}, {"allocate", allocate},
    {"allocate-maps", allocate_maps}, {"allocate-shared", allocate_shared},
    {"overflow-stack", overflow_stack}, {"write-endless", write_endless},
    {"log-endless", log_endless}, {"garbage", garbage}, {"huge-frame", huge_frame},
    {"half-frame", half_frame}, {"frames-endless", frames_endless},
    {"second-registration", second_registration}, {"early-done", early_done},
    {"done-and-more", done_and_more}, {"done-and-stay", done_and_stay},
    {"fake-failure", fake_failure}, {"steal-records", steal_records},
    {"close-all", close_all}, {"close-and-spin", close_and_spin}, {"exit", exit_well},
    {"exit-at-once", exit_at_once}, {"crash", crash}, {"abort", call_abort},
    {"kill-self", kill_self}, {"jump", jump}, {NULL, NULL}};
