/* helper.c - one thread, one task at a time. */
#include <signal.h>
#include <string.h>

#include <unistd.h>

#include <saksi/base/helper.h>
#include <saksi/base/text.h>

void helper_init(struct helper *h)
{
	memset(h, 0, sizeof(*h));
}

static void *work(void *ctx)
{
	struct helper *h = ctx;

	(void)pthread_mutex_lock(&h->lock);
	for (;;) {
		helper_fn *fn;

		while (h->fn == NULL && !h->leave)
			(void)pthread_cond_wait(&h->changed, &h->lock);
		if ((fn = h->fn) == NULL)
			break;
		(void)pthread_mutex_unlock(&h->lock);
		fn(h->ctx);
		(void)pthread_mutex_lock(&h->lock);
		h->fn = NULL;
		(void)pthread_cond_broadcast(&h->changed);
	}
	(void)pthread_mutex_unlock(&h->lock);
	text_end_thread();
	return NULL;
}

/* Signals are for the thread that was there before. */
static bool begin(struct helper *h)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	rc = pthread_create(&h->thread, NULL, work, h);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

void helper_call(struct helper *h)
{
	if (h->ready)
		return;
	if (pthread_mutex_init(&h->lock, NULL) != 0)
		return;
	if (pthread_cond_init(&h->changed, NULL) != 0) {
		(void)pthread_mutex_destroy(&h->lock);
		return;
	}
	h->ready = true;
	h->process = getpid();
	h->runs = begin(h);
}

/* A forked child has neither the thread nor, perhaps, the lock. */
static void look_who_is_here(struct helper *h)
{
	if (h->ready && h->process != getpid())
		helper_init(h);
}

void helper_give(struct helper *h, helper_fn *fn, void *ctx)
{
	look_who_is_here(h);
	if (!h->runs) {
		fn(ctx);
		return;
	}
	(void)pthread_mutex_lock(&h->lock);
	h->fn = fn;
	h->ctx = ctx;
	(void)pthread_cond_broadcast(&h->changed);
	(void)pthread_mutex_unlock(&h->lock);
}

void helper_wait(struct helper *h)
{
	look_who_is_here(h);
	if (!h->runs)
		return;
	(void)pthread_mutex_lock(&h->lock);
	while (h->fn != NULL)
		(void)pthread_cond_wait(&h->changed, &h->lock);
	(void)pthread_mutex_unlock(&h->lock);
}

void helper_end(struct helper *h)
{
	look_who_is_here(h);
	if (h->runs) {
		helper_wait(h);
		(void)pthread_mutex_lock(&h->lock);
		h->leave = true;
		(void)pthread_cond_broadcast(&h->changed);
		(void)pthread_mutex_unlock(&h->lock);
		(void)pthread_join(h->thread, NULL);
	}
	if (h->ready) {
		(void)pthread_cond_destroy(&h->changed);
		(void)pthread_mutex_destroy(&h->lock);
	}
	helper_init(h);
}
