/*
 * id_filter.c - the ids that a segment holds, in ten bits each.
 *
 * Who asks for many ids that are not there, as an import does, would go down the
 * fences of every segment for each of them.  A segment that was asked often enough
 * has its ids read once, and most questions end here from then on.
 */
#include <stdlib.h>
#include <string.h>

#include "index_int.h"

/* Reading the ids costs about as much as asking for half as many. */
#define ASKED_SHARE 8u
#define ASKED_LEAST 64u
#define DOCS_MOST (UINT64_C(1) << 22) /* 5 MiB */

void id_filter_free(struct id_filter *f)
{
	free(f->bits);
	memset(f, 0, sizeof(*f));
}

static bool is_worth_it(const struct run *r)
{
	return r->docs > 0 && r->docs <= DOCS_MOST &&
	    r->ids.asked >= r->docs / ASKED_SHARE + ASKED_LEAST;
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

/* Without memory for it the fences are asked. */
static enum saksi_err make(struct index *x, struct kv_txn *txn, struct run *r,
    struct saksi_error *err)
{
	size_t len = filter_len((size_t)r->docs);
	struct id_filter f = {.bits = calloc(len, 1), .len = len};
	struct cursor c;
	enum saksi_err rc;

	r->ids.asked = 0;
	if (f.bits == NULL)
		return SAKSI_OK;
	if ((rc = cursor_open(&c, x, txn, r, err)) == SAKSI_OK) {
		c.once = true;
		rc = read_ids(&f, &c, err);
		cursor_close(&c);
	}
	if (rc == SAKSI_OK)
		r->ids = f;
	else
		id_filter_free(&f);
	return rc;
}

enum saksi_err run_may_have_id(struct index *x, struct kv_txn *txn, struct run *r,
    const struct index_term *t, bool *may, struct saksi_error *err)
{
	enum saksi_err rc;

	*may = true;
	if (r->ids.bits == NULL) {
		r->ids.asked++;
		if (is_worth_it(r) && (rc = make(x, txn, r, err)) != SAKSI_OK)
			return rc;
	}
	if (r->ids.bits != NULL)
		*may = filter_may_have(r->ids.bits, r->ids.len, term_hash(t->b, t->n));
	return SAKSI_OK;
}
