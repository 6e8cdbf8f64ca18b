#include <stdlib.h>
#include <string.h>

#include "kv_guard.h"
#include "kv_int.h"

/*
 * Walks work on copies: a page is copied under the guard, then read outside
 * of it, so that what is called for each entry may do anything.
 */

enum saksi_err kv_walk_init(struct kv_walk *w, struct kv *kv,
    const struct kv_snapshot *snap, struct saksi_error *err)
{
	memset(w, 0, sizeof(*w));
	w->kv = kv;
	w->snap = snap;
	w->seen = calloc(kv->file.pages / 8 + 1, 1);
	return w->seen == NULL ? saksi_fail_nomem(err) : SAKSI_OK;
}

void kv_walk_done(struct kv_walk *w)
{
	free(w->seen);
	w->seen = NULL;
}

static void report(struct kv_walk *w, const struct page_fault *f)
{
	if (!w->stopped && !w->fault(w->ctx, w->where, f))
		w->stopped = true;
}

static void report_at(struct kv_walk *w, uint64_t page, const char *why)
{
	struct page_fault f = {page, why};

	report(w, &f);
}

/* Mark a page that lies in the file; false if it was met before. */
static bool first_visit(struct kv_walk *w, uint64_t page)
{
	uint8_t bit = (uint8_t)(1u << page % 8);

	if ((w->seen[page / 8] & bit) != 0)
		return false;
	w->seen[page / 8] |= bit;
	return true;
}

/* ---- pages ------------------------------------------------------------------------ */

struct page_copy {
	const struct page_file *file;
	uint64_t number;
	uint8_t *to;
};

static void copy_page(void *arg)
{
	struct page_copy *c = arg;

	memcpy(c->to, c->file->map + c->number * c->file->size, c->file->size);
}

struct big_copy {
	const struct page_file *file;
	const struct node *node;
	struct buf *out; /* NULL: only look */
	bool sound;
	uint64_t span; /* pages */
	struct page_fault fault;
};

static void copy_big(void *arg)
{
	struct big_copy *c = arg;
	const uint8_t *data;

	c->sound = overflow_open(&data, &c->span, c->file, c->node, &c->fault);
	if (c->sound && c->out != NULL)
		buf_add(c->out, data, c->node->len);
}

enum saksi_err kv_walk_value(struct buf *out, bool *sound, struct kv_walk *w,
    const struct node *n, struct saksi_error *err)
{
	struct big_copy c = {.file = &w->kv->file, .node = n, .out = out};

	*sound = true;
	if ((n->flags & NODE_BIG) == 0) {
		buf_add(out, n->data, n->len);
		return buf_ok(out, err);
	}
	if (!guard_run(copy_big, &c))
		return kv_give_up(w->kv, err);
	kv_rest(w->kv);
	*sound = c.sound;
	if (!c.sound)
		report(w, &c.fault);
	return buf_ok(out, err);
}

static enum saksi_err visit_big(bool *sound, struct kv_walk *w, const struct node *n,
    struct saksi_error *err)
{
	struct big_copy c = {.file = &w->kv->file, .node = n, .out = NULL};
	uint64_t i;

	if (!guard_run(copy_big, &c))
		return kv_give_up(w->kv, err);
	kv_rest(w->kv);
	*sound = c.sound;
	if (!c.sound) {
		report(w, &c.fault);
		return SAKSI_OK;
	}
	for (i = 0; i < c.span; i++) {
		if (!first_visit(w, n->child + i)) {
			report_at(w, n->child + i, "it is used twice");
			*sound = false;
			return SAKSI_OK;
		}
	}
	return SAKSI_OK;
}

/* ---- trees ------------------------------------------------------------------------ */

struct tree_walk {
	struct kv_walk *w;
	const struct tree *tree;
	enum walk_kind kind;
	kv_walk_node *fn;
	void *ctx;
	uint8_t *pages; /* one copy for each level */
};

/* Keys of a page: low <= key < high. */
struct range {
	uint64_t low;
	uint64_t high;
};

static enum saksi_err visit(struct tree_walk *t, uint64_t number, unsigned level,
    struct range r, struct saksi_error *err);

static bool in_range(const struct tree_walk *t, const struct node *n, struct range r)
{
	uint64_t key;

	if (t->kind == WALK_NAMES)
		return true;
	key = node_number(n);
	return key >= r.low && key < r.high;
}

static enum saksi_err visit_children(struct tree_walk *t, const struct page *p,
    unsigned level, struct range r, struct saksi_error *err)
{
	struct page_fault f;
	struct node next;
	struct range part;
	struct node n;
	enum saksi_err rc;
	unsigned i;

	if (p->count < 2 && t->kind != WALK_FREE)
		report_at(t->w, p->number, "it leads to fewer than two pages");
	for (i = 0; i < p->count && !t->w->stopped; i++) {
		if (!page_node(&n, p, i, &f))
			break; /* page_check() passed it */
		if (i > 0 && !in_range(t, &n, r))
			report_at(t->w, p->number,
			    "a key does not belong under its place");
		part = r;
		if (t->kind != WALK_NAMES) {
			if (i > 0)
				part.low = node_number(&n);
			if (i + 1 < p->count && page_node(&next, p, i + 1, &f))
				part.high = node_number(&next);
		}
		rc = visit(t, n.child, level + 1, part, err);
		if (rc != SAKSI_OK)
			return rc;
	}
	return SAKSI_OK;
}

static enum saksi_err visit_entries(struct tree_walk *t, const struct page *p,
    struct range r, struct saksi_error *err)
{
	unsigned flags = t->kind == WALK_NAMES ? NODE_SUB : NODE_BIG;
	struct page_fault f;
	enum saksi_err rc;
	struct node n;
	unsigned i;
	bool sound;

	for (i = 0; i < p->count && !t->w->stopped; i++) {
		if (!page_node(&n, p, i, &f))
			break;
		t->w->entries++;
		if (!in_range(t, &n, r))
			report_at(t->w, p->number,
			    "a key does not belong under its place");
		if (t->kind == WALK_NAMES ? n.flags != flags : (n.flags & ~flags) != 0) {
			report_at(t->w, p->number, "an entry is of the wrong kind");
			continue;
		}
		sound = true;
		if ((n.flags & NODE_BIG) != 0) {
			rc = visit_big(&sound, t->w, &n, err);
			if (rc != SAKSI_OK)
				return rc;
		}
		if (sound && t->fn != NULL && !t->fn(t->ctx, t->w, &n))
			return saksi_fail_nomem(err);
	}
	return SAKSI_OK;
}

static enum saksi_err visit(struct tree_walk *t, uint64_t number, unsigned level,
    struct range r, struct saksi_error *err)
{
	const struct page_file *file = &t->w->kv->file;
	uint8_t *room = t->pages + (size_t)(level - 1) * file->size;
	struct page_copy c = {file, number, room};
	struct page_fault f;
	struct page p;

	if (number < PAGE_FIRST || number >= file->pages) {
		report_at(t->w, number, "there is no such page in the file");
		return SAKSI_OK;
	}
	if (!first_visit(t->w, number)) {
		report_at(t->w, number, "it is used twice");
		return SAKSI_OK;
	}
	if (!guard_run(copy_page, &c))
		return kv_give_up(t->w->kv, err);
	kv_rest(t->w->kv);
	if (!page_open_copy(&p, room, file->size, number, &f)) {
		report(t->w, &f);
		return SAKSI_OK;
	}
	if (p.kind != (level == t->tree->depth ? PAGE_LEAF : PAGE_BRANCH)) {
		report_at(t->w, number, "it is of the wrong kind for its place");
		return SAKSI_OK;
	}
	if (!page_check(&p, t->kind != WALK_NAMES, &f)) {
		report(t->w, &f);
		return SAKSI_OK;
	}
	if (p.kind == PAGE_LEAF)
		return visit_entries(t, &p, r, err);
	return visit_children(t, &p, level, r, err);
}

enum saksi_err kv_walk_tree(struct kv_walk *w, const struct tree *t, enum walk_kind kind,
    const char *where, kv_walk_node *fn, void *ctx, struct saksi_error *err)
{
	struct tree_walk walk = {w, t, kind, fn, ctx, NULL};
	struct range all = {0, UINT64_MAX};
	enum saksi_err rc;

	w->where = where;
	w->entries = 0;
	if (t->root == PAGE_NONE)
		return SAKSI_OK;
	walk.pages = malloc((size_t)t->depth * w->kv->file.size);
	if (walk.pages == NULL)
		return saksi_fail_nomem(err);
	rc = visit(&walk, t->root, 1, all, err);
	free(walk.pages);
	if (rc == SAKSI_OK && w->entries != t->entries)
		report_at(w, t->root,
		    "its tree does not hold as many entries as it claims");
	return rc;
}

/* ---- free pages ------------------------------------------------------------------- */

static void check_list(struct kv_walk *w, uint64_t txn, const uint8_t *p, size_t len)
{
	uint64_t above = UINT64_MAX;
	uint64_t count;
	uint64_t page;
	uint64_t i;

	if (len < 8 || len % 8 != 0) {
		report_at(w, w->snap->free.root, "a list of free pages has an odd length");
		return;
	}
	memcpy(&count, p, 8);
	if (count > len / 8 - 1 || txn == 0 || txn > w->snap->txn) {
		report_at(w, w->snap->free.root, "a list of free pages is impossible");
		return;
	}
	for (i = 1; i <= count && !w->stopped; i++) {
		memcpy(&page, p + 8 * i, 8);
		if (page < PAGE_FIRST || page > w->snap->last || page >= above)
			report_at(w, page, "it stands wrongly in the list of free pages");
		else if (page < w->kv->file.pages && !first_visit(w, page))
			report_at(w, page,
			    "it is listed as free and is in use, or listed twice");
		above = page;
	}
}

struct lists {
	struct buf all; /* each: txn (8), length (8), bytes */
	enum saksi_err rc;
	struct saksi_error *err;
};

static bool gather_list(void *ctx, struct kv_walk *w, const struct node *n)
{
	struct lists *l = ctx;
	size_t at = l->all.len;
	bool sound;

	buf_add(&l->all, n->key, 8);
	buf_le64(&l->all, 0);
	l->rc = kv_walk_value(&l->all, &sound, w, n, l->err);
	if (l->rc != SAKSI_OK)
		return false;
	if (!sound)
		l->all.len = at;
	else
		le64_put(l->all.p + at + 8, l->all.len - at - 16);
	return true;
}

enum saksi_err kv_walk_free(struct kv_walk *w, struct saksi_error *err)
{
	struct lists l = {BUF_INIT, SAKSI_OK, err};
	enum saksi_err rc;
	uint64_t txn;
	size_t at;
	size_t len;

	/* All of the tree first: the lists must not name its own pages. */
	rc = kv_walk_tree(w, &w->snap->free, WALK_FREE, "free pages", gather_list, &l,
	    err);
	if (l.rc != SAKSI_OK)
		rc = l.rc;
	for (at = 0; rc == SAKSI_OK && at < l.all.len; at += 16 + len) {
		memcpy(&txn, l.all.p + at, 8);
		len = (size_t)le64_get(l.all.p + at + 8);
		check_list(w, txn, l.all.p + at + 16, len);
	}
	buf_free(&l.all);
	return rc;
}

/* ---- everything --------------------------------------------------------------------- */

enum saksi_err kv_walk_all(struct kv_walk *w, struct saksi_error *err)
{
	static const char *const names[KV_DBS] = {"table 0", "table 1", "table 2",
	    "table 3", "table 4", "table 5", "table 6", "table 7", "table 8", "table 9"};
	enum saksi_err rc;
	unsigned db;

	rc = kv_walk_tree(w, &w->snap->main, WALK_NAMES, "list of tables", NULL, NULL,
	    err);
	for (db = 0; rc == SAKSI_OK && db < KV_DBS; db++) {
		if (kv_db_used(db))
			rc = kv_walk_tree(w, &w->snap->db[db], WALK_NUMBERS, names[db],
			    NULL, NULL, err);
	}
	return rc == SAKSI_OK ? kv_walk_free(w, err) : rc;
}
