/* import_write.c - records that were found right, into the vault, batch by batch. */
#include <string.h>

#include "import_int.h"

#define BATCH_RECORDS 500u
#define BATCH_BYTES (4u << 20)

struct writing {
	struct importing *im;
	struct saksi_draft *d;
	size_t n, bytes; /* in this batch */
	size_t done;
};

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
	w->n = w->bytes = 0;
	if (!w->im->opt->dry_run)
		rc = saksi_txn_begin(&w->im->t, w->im->v, true, err);
	return rc == SAKSI_OK ? saksi_draft_new(&w->d, w->im->t, err) : rc;
}

static enum saksi_err end(struct writing *w, struct saksi_error *err)
{
	struct importing *im = w->im;
	enum saksi_err rc = SAKSI_OK;

	if (w->d != NULL && !im->opt->dry_run) {
		bool empty = saksi_draft_empty(w->d);

		if (!empty)
			rc = saksi_draft_commit(w->d, NULL, err);
		if (rc == SAKSI_OK && !empty)
			rc = saksi_txn_commit(&im->t, err);
		else
			saksi_txn_abort(&im->t);
	}
	saksi_draft_free(&w->d);
	w->done += w->n;
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
	w->n++;
	w->bytes += n;
	if ((rc = catalog_number(w->im->t, &head.id, &number, err)) != SAKSI_OK)
		return rc;
	if (number != 0)
		return add_to_known(w, &head, lens, ops, err);
	r->created++;
	r->values += head.n_ops - head.n_head;
	return draft_create_with(w->d, &head.id, lens, head.n_ops, ops,
	    (size_t)(p + n - ops), err);
}

static enum saksi_err take(void *ctx, const uint8_t *p, size_t n, struct saksi_error *err)
{
	struct writing *w = ctx;
	enum saksi_err rc = SAKSI_OK;

	if (w->d == NULL)
		rc = begin(w, err);
	if (rc == SAKSI_OK)
		rc = write_one(w, p, n, err);
	if (rc == SAKSI_OK && (w->n >= BATCH_RECORDS || w->bytes >= BATCH_BYTES))
		rc = end(w, err);
	return rc;
}

enum saksi_err import_write(struct importing *im, struct saksi_error *err)
{
	struct writing w = {.im = im};
	enum saksi_err rc;

	if (!im->opt->dry_run)
		saksi_txn_abort(&im->t);
	if ((rc = keep_each(&im->ready, take, &w, err)) == SAKSI_OK)
		rc = end(&w, err);
	if (rc == SAKSI_OK)
		progress(&w);
	saksi_draft_free(&w.d);
	return rc;
}
