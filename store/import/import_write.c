/* import_write.c - records that were found right, into the vault, batch by batch. */
#include <string.h>

#include "import_int.h"

#define BATCH_RECORDS 500u
#define BATCH_BYTES (4u << 20)

struct writing {
	struct importing *im;
	struct saksi_draft *d;
	struct batch filling;
	struct batch waiting; /* it is being prepared while the one before is written */
	bool mostly_new;      /* the last batch was */
	bool alone;	      /* nobody else has written since the lines were checked */
	uint64_t base;	      /* then the next transaction builds on this one */
	uint64_t next_row;    /* of the first record that is made next */
	size_t done;
	size_t kept; /* of these in the vault, whatever happens from now on */
};

static uint64_t next_row(const struct saksi_txn *t)
{
	uint64_t first, next, count;

	kv_range(t->kv, KV_RECORDS, &first, &next, &count);
	return next;
}

static void progress(const struct writing *w)
{
	const struct import_options *opt = w->im->opt;

	if (opt->progress != NULL)
		opt->progress(opt->ctx, w->done, w->im->ready.n_items);
}

static enum saksi_err begin(struct writing *w, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	progress(w);
	if (!w->im->opt->dry_run)
		rc = saksi_txn_begin(&w->im->t, w->im->v, true, err);
	w->alone = w->alone && rc == SAKSI_OK && kv_txn_base(w->im->t->kv) == w->base;
	return rc == SAKSI_OK ? saksi_draft_new(&w->d, w->im->t, err) : rc;
}

static enum saksi_err end(struct writing *w, struct batch *b, struct saksi_error *err)
{
	struct importing *im = w->im;
	struct catalog *c = &im->v->catalog;
	enum saksi_err rc = SAKSI_OK;

	if (!im->opt->dry_run) {
		bool empty = saksi_draft_empty(w->d);
		uint64_t number = kv_txn_number(im->t->kv);

		c->ahead = b->ahead;
		c->n_ahead = b->n_ahead;
		c->sorted = b->sorted;
		if (!empty)
			rc = saksi_draft_commit(w->d, NULL, err);
		c->ahead = NULL;
		c->n_ahead = 0;
		c->sorted = NULL;
		w->next_row = next_row(im->t);
		if (rc == SAKSI_OK && !empty) {
			rc = saksi_txn_commit(&im->t, err);
			w->base = number;
		} else
			saksi_txn_abort(&im->t);
		w->kept += rc == SAKSI_OK ? b->n : 0;
	}
	saksi_draft_free(&w->d);
	w->done += b->n;
	return rc;
}

/* What the vault has of it already is not said again; the type stays as it is. */
static enum saksi_err add_to_known(struct writing *w, const struct ready *head,
    const uint8_t *lens, const uint8_t *ops, struct saksi_error *err)
{
	struct import_report *r = w->im->report;
	size_t values = 0;
	enum saksi_err rc = SAKSI_OK;

	for (uint32_t i = 0; i < head->n_ops && rc == SAKSI_OK; i++) {
		size_t len = le32_get(lens + 4 * (size_t)i);
		bool written = false, beside = false;

		if (i > 0)
			rc = draft_rival(w->d, &head->id, ops, len, &written, &beside,
			    err);
		values += written;
		r->rivals += beside;
		ops += len;
	}
	r->values += values;
	r->changed += values > 0;
	r->unchanged += values == 0;
	return rc;
}

static enum saksi_err write_one(struct writing *w, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct import_report *r = w->im->report;
	struct ready head;
	const uint8_t *lens = p + sizeof(head), *ops;
	uint64_t number;
	enum saksi_err rc;

	memcpy(&head, p, sizeof(head));
	ops = lens + 4 * (size_t)head.n_ops;
	/* No other line can have made it since, either: each has another id. */
	if (head.fresh && w->alone && !w->im->derives)
		catalog_made(&w->im->v->catalog, &head.id, 0);
	if ((rc = catalog_number(w->im->t, &head.id, &number, err)) != SAKSI_OK)
		return rc;
	if (number != 0)
		return add_to_known(w, &head, lens, ops, err);
	r->created++;
	r->values += head.n_ops - head.n_head;
	return draft_create_with(w->d, &head.id, lens, head.n_ops, ops,
	    (size_t)(p + n - ops), err);
}

static enum saksi_err write_batch(struct writing *w, struct batch *b,
    struct saksi_error *err)
{
	size_t created = w->im->report->created;
	enum saksi_err rc = begin(w, err);

	for (size_t at = 0; at < b->items.len && rc == SAKSI_OK;) {
		size_t n = le32_get(b->items.p + at);

		rc = write_one(w, b->items.p + at + 4, n, err);
		at += 4 + n;
	}
	if (rc == SAKSI_OK)
		rc = end(w, b, err);
	w->mostly_new = 2 * (w->im->report->created - created) > b->n;
	return rc;
}

/* The batch that is full is prepared while the one before it is written. */
static enum saksi_err next_batch(struct writing *w, struct saksi_error *err)
{
	struct helper *h = &w->im->helper;
	struct batch ready;
	enum saksi_err rc = SAKSI_OK;

	helper_wait(h);
	ready = w->waiting;
	w->waiting = w->filling;
	memset(&w->filling, 0, sizeof(w->filling));
	if (h->runs && w->mostly_new && !w->im->opt->dry_run && w->waiting.n > 0) {
		w->waiting.schema = w->im->v->schema;
		w->waiting.first = w->next_row + ready.n;
		helper_give(h, batch_prepare, &w->waiting);
	}
	if (ready.n > 0)
		rc = write_batch(w, &ready, err);
	batch_free(&ready);
	return rc;
}

static enum saksi_err take(void *ctx, const uint8_t *p, size_t n, struct saksi_error *err)
{
	struct writing *w = ctx;
	struct batch *b = &w->filling;
	enum saksi_err rc;

	buf_le32(&b->items, (uint32_t)n);
	buf_add(&b->items, p, n);
	b->n++;
	if ((rc = buf_ok(&b->items, err)) == SAKSI_OK &&
	    (b->n >= BATCH_RECORDS || b->items.len >= BATCH_BYTES))
		rc = next_batch(w, err);
	return rc;
}

/* Batches that were committed stay. */
static enum saksi_err tell_kept(const struct writing *w, enum saksi_err rc,
    struct saksi_error *err)
{
	const struct saksi_error why = *err;

	return saksi_fail(err, rc,
	    "%s; %zu of %zu records are in the vault, and importing the file again goes on",
	    why.msg, w->kept, w->im->ready.n_items);
}

enum saksi_err import_write(struct importing *im, struct saksi_error *err)
{
	struct writing w = {.im = im,
	    .mostly_new = true,
	    .alone = true,
	    .base = im->base,
	    .next_row = next_row(im->t)};
	enum saksi_err rc;

	if (!im->opt->dry_run)
		saksi_txn_abort(&im->t);
	if ((rc = keep_each(&im->ready, take, &w, err)) == SAKSI_OK &&
	    (rc = next_batch(&w, err)) == SAKSI_OK)
		rc = next_batch(&w, err);
	if (rc == SAKSI_OK)
		progress(&w);
	helper_wait(&im->helper);
	saksi_draft_free(&w.d);
	batch_free(&w.filling);
	batch_free(&w.waiting);
	return rc == SAKSI_OK || w.kept == 0 ? rc : tell_kept(&w, rc, err);
}
