#include <stdlib.h>
#include <string.h>

#include <saksi/base/bits.h>

#include "kv_guard.h"
#include "kv_int.h"

/*
 * LMDB's writing code copies by lengths that it finds in pages: on a damaged
 * one it destroys its own heap before any signal comes.  So each page that a
 * change can touch is checked first.  A small file is checked whole; a large
 * one by the paths that are used, beside the list of tables and the free list.
 * What this process committed onto checked pages stays checked.
 */
#define WHOLE_PAGES ((uint64_t)8192)

static uint64_t whole_pages = WHOLE_PAGES;

void kv_test_check_whole(uint64_t pages)
{
	whole_pages = pages;
}

static bool stop_at(void *ctx, const char *where, const struct page_fault *f)
{
	struct page_fault *first = ctx;

	(void)where;
	*first = *f;
	return false;
}

static enum saksi_err verdict(const struct kv_walk *w, enum saksi_err rc,
    struct saksi_error *err)
{
	if (rc == SAKSI_OK && w->stopped)
		return kv_fault(err, w->ctx);
	return rc;
}

static enum saksi_err check_all(struct kv_walk *w, struct saksi_error *err)
{
	const struct kv_snapshot *s = w->snap;
	enum saksi_err rc = kv_walk_all(w, err);
	unsigned t;

	for (t = 1; rc == SAKSI_OK && !w->stopped && t < KV_TABLE_END; t++) {
		if (s->db[t].entries != s->meta.t[t].count)
			rc = saksi_fail(err, SAKSI_EDAMAGED,
			    KV_FILE_NAME
			    ": table %u lists %llu values and should list %llu; run "
			    "`saksi verify`; go back to a copy, or to a device of the team",
			    t, (unsigned long long)s->db[t].entries,
			    (unsigned long long)s->meta.t[t].count);
	}
	return rc;
}

static enum saksi_err check_some(struct kv_walk *w, struct saksi_error *err)
{
	enum saksi_err rc;

	rc = kv_walk_tree(w, &w->snap->main, WALK_NAMES, "list of tables", NULL, NULL,
	    err);
	if (rc == SAKSI_OK)
		rc = kv_walk_tree(w, &w->snap->db[KV_DB_META], WALK_NUMBERS,
		    "meta record", NULL, NULL, err);
	return rc == SAKSI_OK ? kv_walk_free(w, err) : rc;
}

/* Walk as far as ${walk} goes; the pages it met are left in ${*seen}. */
static enum saksi_err run_walk(struct kv_txn *txn,
    enum saksi_err (*walk)(struct kv_walk *w, struct saksi_error *err), uint8_t **seen,
    struct saksi_error *err)
{
	struct page_fault first;
	struct kv_walk w;
	enum saksi_err rc;

	rc = kv_walk_init(&w, txn->kv, &txn->base, err);
	if (rc != SAKSI_OK)
		return rc;
	w.fault = stop_at;
	w.ctx = &first;
	rc = verdict(&w, walk(&w, err), err);
	if (rc == SAKSI_OK && seen != NULL) {
		*seen = w.seen;
		w.seen = NULL;
	}
	kv_walk_done(&w);
	return rc;
}

static enum saksi_err check_whole(struct kv_txn *txn, struct saksi_error *err)
{
	enum saksi_err rc = run_walk(txn, check_all, NULL, err);

	txn->sound = rc == SAKSI_OK;
	return rc;
}

enum saksi_err kv_check_begin(struct kv_txn *txn, struct saksi_error *err)
{
	struct kv *kv = txn->kv;
	enum saksi_err rc;

	txn->sound = txn->base.txn == 0 || kv->sound_txn == txn->base.txn;
	if (txn->sound)
		return SAKSI_OK;
	if (kv->file.pages <= whole_pages)
		return check_whole(txn, err);
	rc = run_walk(txn, check_some, &txn->seen, err);
	if (rc != SAKSI_OK)
		return rc;
	/* Free pages are marked too, but nothing may lead to them. */
	txn->seen_pages = kv->file.pages;
	memset(txn->seen, 0, kv->file.pages / 8 + 1);
	return SAKSI_OK;
}

enum saksi_err kv_check_all(struct kv_txn *txn, struct saksi_error *err)
{
	return txn->sound ? SAKSI_OK : check_whole(txn, err);
}

/* ---- paths ------------------------------------------------------------------------ */

struct path {
	const struct page_file *file;
	const struct tree *tree;
	uint64_t n;
	uint8_t *seen;
	uint64_t seen_pages;
	bool sound;
	bool doubt; /* only a look at the whole file can tell */
	struct page_fault fault;
};

static bool bad(struct path *c, uint64_t page, const char *why)
{
	c->fault.page = page;
	c->fault.why = why;
	return false;
}

static bool check_page(struct path *c, struct page *p, uint64_t number, unsigned level)
{
	if (!page_open(p, c->file, number, &c->fault))
		return false;
	if (number >= c->seen_pages)
		return bad(c, number, "there was no such page when the transaction began");
	if (p->kind != (level == c->tree->depth ? PAGE_LEAF : PAGE_BRANCH))
		return bad(c, number, "it is of the wrong kind for its place");
	if (bit_get(c->seen, number))
		return true;
	if (!page_check(p, true, &c->fault))
		return false;
	bit_set(c->seen, number);
	return true;
}

/* The entry under which ${n} belongs, in a checked page. */
static bool place_of(struct path *c, unsigned *at, const struct page *p)
{
	unsigned low = p->kind == PAGE_BRANCH ? 1 : 0;
	unsigned high = p->count;
	unsigned middle;
	struct node n;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (!page_node(&n, p, middle, &c->fault))
			return false;
		if (node_number(&n) <= c->n)
			low = middle + 1;
		else
			high = middle;
	}
	*at = low == 0 ? 0 : low - 1;
	return true;
}

/* LMDB evens out neighbours: those beside the path count, too. */
static bool check_children(struct path *c, const struct page *p, unsigned at,
    unsigned level)
{
	unsigned i = at == 0 ? 0 : at - 1;
	struct page child;
	struct node n;

	for (; i <= at + 1 && i < p->count; i++) {
		if (!page_node(&n, p, i, &c->fault) ||
		    !check_page(c, &child, n.child, level))
			return false;
	}
	return true;
}

/*
 * LMDB frees as many pages as the first of a long value names.  More than the
 * value needs may be right, or be the pages of others.
 */
static bool check_big(struct path *c, const struct node *n)
{
	const uint8_t *data;
	uint64_t span;

	if (!overflow_open(&data, &span, c->file, n, &c->fault))
		return false;
	if (span != overflow_span(c->file->size, n->len))
		c->doubt = true;
	return true;
}

static bool check_values(struct path *c, const struct page *p)
{
	struct node n;
	unsigned i;

	for (i = 0; i < p->count; i++) {
		if (!page_node(&n, p, i, &c->fault))
			return false;
		if (n.flags > NODE_BIG)
			return bad(c, p->number, "an entry is of the wrong kind");
		if (n.flags == NODE_BIG && node_number(&n) == c->n && !check_big(c, &n))
			return false;
	}
	return true;
}

static bool check_down(struct path *c)
{
	uint64_t number = c->tree->root;
	unsigned level;
	struct page p;
	struct node n;
	unsigned at;

	for (level = 1;; level++) {
		if (!check_page(c, &p, number, level))
			return false;
		if (p.kind == PAGE_LEAF)
			return check_values(c, &p);
		if (!place_of(c, &at, &p) || !check_children(c, &p, at, level + 1) ||
		    !page_node(&n, &p, at, &c->fault))
			return false;
		number = n.child;
	}
}

static void run_check(void *arg)
{
	struct path *c = arg;

	c->sound = check_down(c);
}

enum saksi_err kv_check_path(struct kv_txn *txn, unsigned db, uint64_t n,
    struct saksi_error *err)
{
	struct path c = {.file = &txn->kv->file, .tree = &txn->base.db[db], .n = n};

	if (txn->sound || c.tree->root == PAGE_NONE)
		return SAKSI_OK;
	c.seen = txn->seen;
	c.seen_pages = txn->seen_pages;
	if (!guard_run(run_check, &c))
		return kv_give_up(txn->kv, err);
	if (!c.sound)
		return kv_fault(err, &c.fault);
	return c.doubt ? check_whole(txn, err) : SAKSI_OK;
}
