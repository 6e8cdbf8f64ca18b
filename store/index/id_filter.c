/*
 * id_filter.c - the ids that a segment holds, in ten bits each.
 *
 * Who asks for many ids that are not there, as an import does, would go down the
 * fences of every segment for each of them.  A segment that was asked often enough
 * has its ids read once, and most questions end here from then on.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/secret.h>

#include "index_int.h"

/* Reading the ids costs as much as some of the questions that it saves. */
#define ASKED_SHARE 8u
#define ASKED_LEAST 64u
#define DOCS_MOST (UINT64_C(1) << 22) /* of one segment, 5 MiB; larger ones get none */

void id_filter_free(struct id_filter *f)
{
	if (f->bits != NULL)
		wipe(f->bits, f->len);
	free(f->bits);
	memset(f, 0, sizeof(*f));
}

static bool is_worth_it(const struct run *r)
{
	return !r->id_filter.given_up && r->docs > 0 && r->docs <= DOCS_MOST &&
	    r->id_filter.asked >= r->docs / ASKED_SHARE + ASKED_LEAST;
}

static enum saksi_err read_ids(struct id_filter *f, struct cursor *c,
    struct saksi_error *err)
{
	static const uint8_t first[] = {IX_ID};
	enum saksi_err rc = cursor_seek(c, first, sizeof(first), 0, err);

	while (rc == SAKSI_OK && c->valid && c->term[0] == IX_ID) {
		filter_add(f->bits, f->len, term_hash(c->term, c->term_len));
		rc = cursor_next(c, err);
	}
	return rc;
}

/*
 * Without memory for it, or where a leaf cannot be read, the fences are asked: a
 * look-up fails for what it meets itself, not for what lies beside it.
 */
static void make(struct index *x, struct kv_txn *txn, struct run *r)
{
	size_t len = filter_len((size_t)r->docs);
	struct id_filter f = {.bits = calloc(len, 1), .len = len};
	struct cursor c;
	enum saksi_err rc;

	r->id_filter.asked = 0;
	if (f.bits == NULL)
		return;
	if ((rc = cursor_open(&c, x, txn, r, NULL)) == SAKSI_OK) {
		c.once = true;
		rc = read_ids(&f, &c, NULL);
		cursor_close(&c);
	}
	if (rc == SAKSI_OK) {
		r->id_filter = f;
		return;
	}
	id_filter_free(&f);
	r->id_filter.given_up = rc != SAKSI_ENOMEM;
}

bool run_may_have_id(struct index *x, struct kv_txn *txn, struct run *r,
    const struct index_term *t)
{
	const struct id_filter *f = &r->id_filter;

	if (f->bits == NULL) {
		r->id_filter.asked++;
		if (is_worth_it(r))
			make(x, txn, r);
	}
	return f->bits == NULL || filter_may_have(f->bits, f->len, term_hash(t->b, t->n));
}
