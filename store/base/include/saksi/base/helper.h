/*
 * helper.h - a second thread, for work that touches neither vault nor index.
 *
 * One task at a time.  Where no thread can be had, or none was asked for, the
 * task is done by who gives it, so that nothing depends on there being one.  A
 * forked child has none; what it had given is not done there.
 */
#ifndef SAKSI_BASE_HELPER_H
#define SAKSI_BASE_HELPER_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

typedef void helper_fn(void *ctx);
struct helper {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	helper_fn *fn; /* the task, until it is done */
	void *ctx;
	pid_t process; /* whose thread it is */
	bool ready;    /* lock and changed are */
	bool runs;     /* the thread does */
	bool leave;
};

/** helper_init(h): Nobody yet.  helper_call(h): From now on, if possible, a thread. */
void helper_init(struct helper *h);
void helper_call(struct helper *h);
/** helper_give(h, fn, ctx): Begin a task.  The one before must have been waited for. */
void helper_give(struct helper *h, helper_fn *fn, void *ctx);
/** helper_wait(h): Until the task is done; fine if there is none. */
void helper_wait(struct helper *h);
/** helper_end(h): Wait, let the thread go. */
void helper_end(struct helper *h);

#endif
