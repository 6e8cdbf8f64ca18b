#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kv_guard.h"

#define STACK_BYTES (64u << 10)

struct frame {
	sigjmp_buf back;
	struct frame *outer;
};

/* Per thread: a fault in another thread must not land on this stack. */
static _Thread_local struct frame *volatile innermost;

static const int guarded_signals[] = {SIGSEGV, SIGBUS};
#define NSIGNALS (sizeof(guarded_signals) / sizeof(guarded_signals[0]))

static unsigned installed;
static struct sigaction before[NSIGNALS];
static stack_t stack_before;
static bool stack_is_ours;
static _Alignas(16) uint8_t own_stack[STACK_BYTES];

static void leave(struct frame *f)
{
	innermost = f->outer;
	siglongjmp(f->back, 1);
}

/* Hand the signal to its earlier handler; without one, the fault repeats. */
static void pass_on(int sig, siginfo_t *info, void *context)
{
	const struct sigaction *old = &before[sig == guarded_signals[0] ? 0 : 1];

	if ((old->sa_flags & SA_SIGINFO) != 0) {
		old->sa_sigaction(sig, info, context);
		return;
	}
	if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
		old->sa_handler(sig);
		return;
	}
	(void)sigaction(sig, old, NULL);
	if (info->si_code <= 0)
		(void)raise(sig); /* sent by a process: nothing repeats it */
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	struct frame *f = innermost;

	if (f != NULL && info->si_code > 0)
		leave(f);
	pass_on(sig, info, context);
}

void guard_assert(struct MDB_env *env, const char *words)
{
	struct frame *f = innermost;

	(void)env;
	(void)words;
	if (f != NULL)
		leave(f);
}

static void take_stack(void)
{
	stack_t ours;

	stack_is_ours = false;
	if (sigaltstack(NULL, &stack_before) != 0)
		return;
	if ((stack_before.ss_flags & SS_DISABLE) == 0)
		return;
	memset(&ours, 0, sizeof(ours));
	ours.ss_sp = own_stack;
	ours.ss_size = sizeof(own_stack);
	stack_is_ours = sigaltstack(&ours, NULL) == 0;
}

void guard_install(void)
{
	struct sigaction sa;
	size_t i;

	if (installed++ > 0)
		return;
	take_stack();
	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = on_signal;
	/* SA_NODEFER: leaving by longjmp would else keep the signal blocked. */
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	(void)sigemptyset(&sa.sa_mask);
	for (i = 0; i < NSIGNALS; i++)
		(void)sigaction(guarded_signals[i], &sa, &before[i]);
}

void guard_remove(void)
{
	size_t i;

	if (installed == 0 || --installed > 0)
		return;
	for (i = 0; i < NSIGNALS; i++)
		(void)sigaction(guarded_signals[i], &before[i], NULL);
	if (stack_is_ours)
		(void)sigaltstack(&stack_before, NULL);
	stack_is_ours = false;
}

bool guard_run(void (*fn)(void *arg), void *arg)
{
	struct frame f;

	f.outer = innermost;
	if (sigsetjmp(f.back, 0) != 0)
		return false;
	innermost = &f;
	fn(arg);
	innermost = f.outer;
	return true;
}
