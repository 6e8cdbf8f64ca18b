/*
 * kv_ahead.c - a long scan, with a second thread that opens values ahead.
 *
 * The caller's thread alone reads: versions, pages, and what goes with them.  It
 * gathers a batch of sealed values, which the other thread decrypts and unpacks
 * while the batch before is told of; of struct kv that thread looks only at what
 * stays as it is.  What it does not open, for whatever reason, is opened by the
 * caller when its turn comes, and fails there as it does without a second thread.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/helper.h>

#include "kv_int.h"

#define AFTER 256u  /* who stops early should not pay for a thread */
#define LEAST 1024u /* values that must be left */
#define BATCH 256u
#define SEALED_MAX ((size_t)256 << 10) /* of a batch, its last value aside */
#define LONG ((size_t)64 << 10)	       /* a sealed value that is left to the caller */
#define PLAIN_MAX ((size_t)1 << 20)
#define KEPT_MAX ((size_t)2 << 20) /* a larger buffer is not kept for the next batch */

struct item {
	uint64_t n;
	uint32_t entry;
	bool opened;
	size_t sealed, sealed_len;
	size_t plain, plain_len;
};

struct batch {
	struct ahead *a;
	struct item item[BATCH];
	size_t n;
	struct buf sealed, plain;
	bool last;	   /* nothing comes after it */
	enum saksi_err rc; /* why, if that is not the end of the table */
	struct saksi_error err;
};

struct ahead {
	struct kv_txn *txn;
	unsigned table;
	uint64_t next; /* number to gather */
	bool died;     /* while gathering: what came before is told of all the same */
	struct helper helper;
	struct kv_zstd *zstd; /* the helper's, as the frame is */
	struct buf frame;
	struct buf value; /* the caller's */
	struct batch batch[2];
};

static uint64_t after = AFTER, least = LEAST, opened;

uint64_t kv_ahead_after(void)
{
	return after;
}

void kv_test_ahead(uint64_t new_after, uint64_t new_least)
{
	after = new_least == 0 ? AFTER : new_after;
	least = new_least == 0 ? LEAST : new_least;
}

uint64_t kv_test_ahead_opened(void)
{
	return opened;
}

/* ---- the second thread ------------------------------------------------------------- */

static void empty(struct buf *b)
{
	if (b->failed || b->cap > KEPT_MAX) {
		buf_free(b);
	} else if (b->len > 0) {
		wipe(b->p, b->len);
		b->len = 0;
	}
}

static void open_batch(void *ctx)
{
	struct batch *b = ctx;
	struct ahead *a = b->a;

	empty(&b->plain);
	for (size_t i = 0; i < b->n && b->plain.len < PLAIN_MAX; i++) {
		struct item *it = &b->item[i];

		if (it->sealed_len > LONG)
			continue;
		it->plain = b->plain.len;
		if (kv_unseal_apart(&b->plain, a->txn->kv, a->zstd, &a->frame, a->table,
			it->n, it->entry, b->sealed.p + it->sealed, it->sealed_len,
			NULL) != SAKSI_OK)
			break;
		it->plain_len = b->plain.len - it->plain;
		it->opened = true;
	}
	kv_scratch(&a->frame);
}

/* ---- the caller's ------------------------------------------------------------------ */

static enum saksi_err gather_one(struct batch *b, bool *found)
{
	struct ahead *a = b->a;
	struct item it = {.sealed = b->sealed.len};
	enum saksi_err rc;

	rc = kv_version_next(a->txn, a->table, &a->next, &it.entry, found, &b->err);
	if (rc != SAKSI_OK || !*found)
		return rc;
	it.n = a->next++;
	rc = kv_read_current(&b->sealed, a->txn, a->table, it.n, it.entry, &b->err);
	if (rc != SAKSI_OK)
		return rc;
	it.sealed_len = b->sealed.len - it.sealed;
	b->item[b->n++] = it;
	return SAKSI_OK;
}

static void gather(struct batch *b)
{
	const struct kv *kv = b->a->txn->kv;
	const bool dead = kv->dead;
	bool found = true;

	/* No secret: it is not wiped. */
	if (b->sealed.failed || b->sealed.cap > KEPT_MAX)
		buf_free(&b->sealed);
	b->sealed.len = 0;
	b->n = 0;
	while (b->rc == SAKSI_OK && found && b->n < BATCH && b->sealed.len < SEALED_MAX)
		b->rc = gather_one(b, &found);
	b->last = b->rc != SAKSI_OK || !found;
	b->a->died = !dead && kv->dead;
}

static enum saksi_err tell_one(struct batch *b, const struct item *it, kv_scan_fn *fn,
    void *ctx, struct saksi_error *err)
{
	struct ahead *a = b->a;
	enum saksi_err rc;

	if (it->opened)
		return fn(ctx, it->n, b->plain.p + it->plain, it->plain_len, err);
	kv_scratch(&a->value);
	rc = kv_unseal_value(&a->value, a->txn->kv, a->table, it->n, it->entry,
	    b->sealed.p + it->sealed, it->sealed_len, err);
	return rc == SAKSI_OK ? fn(ctx, it->n, a->value.p, a->value.len, err) : rc;
}

static enum saksi_err usable(const struct ahead *a, struct saksi_error *err)
{
	return a->died ? SAKSI_OK : kv_usable(a->txn->kv, err);
}

static enum saksi_err tell(struct batch *b, kv_scan_fn *fn, void *ctx, uint64_t *met,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < b->n; i++) {
		if ((rc = usable(b->a, err)) != SAKSI_OK ||
		    (rc = tell_one(b, &b->item[i], fn, ctx, err)) != SAKSI_OK)
			return rc;
		opened += b->item[i].opened;
		++*met;
	}
	rc = usable(b->a, err);
	if (rc == SAKSI_OK && b->rc != SAKSI_OK) {
		rc = b->rc;
		if (err != NULL)
			*err = b->err;
	}
	return rc;
}

/* While one batch is told of, the next is opened; while that goes on, one more is gathered. */
static enum saksi_err run(struct ahead *a, kv_scan_fn *fn, void *ctx, uint64_t *met,
    struct saksi_error *err)
{
	struct batch *now = &a->batch[0], *next = &a->batch[1], *swap;
	enum saksi_err rc;

	gather(now);
	helper_give(&a->helper, open_batch, now);
	for (;;) {
		if (!now->last)
			gather(next);
		helper_wait(&a->helper);
		if (!now->last)
			helper_give(&a->helper, open_batch, next);
		if ((rc = tell(now, fn, ctx, met, err)) != SAKSI_OK || now->last)
			return rc;
		swap = now;
		now = next;
		next = swap;
	}
}

static void ahead_free(struct ahead *a)
{
	helper_end(&a->helper);
	kv_zstd_free(&a->zstd);
	buf_free(&a->frame);
	buf_free(&a->value);
	for (size_t i = 0; i < 2; i++) {
		buf_free(&a->batch[i].sealed);
		buf_free(&a->batch[i].plain);
	}
	free(a);
}

enum saksi_err kv_ahead(bool *begun, struct kv_txn *txn, unsigned t, uint64_t from,
    kv_scan_fn *fn, void *ctx, uint64_t *met, struct saksi_error *err)
{
	struct ahead *a;
	enum saksi_err rc = SAKSI_OK;

	*begun = false;
	/* Where values change meanwhile, none may be read before its turn. */
	if (txn->write || txn->meta.t[t].count < *met + least ||
	    (a = calloc(1, sizeof(*a))) == NULL)
		return SAKSI_OK;
	a->txn = txn;
	a->table = t;
	a->next = from;
	a->batch[0].a = a->batch[1].a = a;
	helper_init(&a->helper);
	if (kv_zstd_new(&a->zstd, NULL) == SAKSI_OK)
		helper_call(&a->helper);
	if (a->helper.runs) {
		*begun = true;
		rc = run(a, fn, ctx, met, err);
	}
	ahead_free(a);
	return rc;
}
