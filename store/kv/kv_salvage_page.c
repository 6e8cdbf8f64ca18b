/* kv_salvage_page.c - sealed values wherever they lie in a file's pages. */
#include <stdlib.h>
#include <string.h>

#include "kv_salvage.h"

#define PAGE_HEAD 16u
#define NODE_HEAD 8u
#define KEY 8u
#define SEAL 41u	 /* suite, nonce, tag */
#define LIST_LEN 4041u	 /* a sealed version list: the one that has this length */
#define PAGE_LOSS 16u	 /* what the longest value leaves of its pages */
#define RUN_MAX 4096u	 /* pages of the longest value */
#define LOST_RUN_MAX 80u /* of one whose length nothing tells: more than a changeset */
#define SHORT_RUN 9u	 /* of a record's row */
#define STEP_PAGES 256u

/* Those that hold most come first; the others tell index pages from wrecked ones. */
static const uint8_t order_tables[] = {KV_LOG, KV_RECORDS, KV_DB_META, KV_LOCAL, KV_HELD,
    KV_INDEX, KV_TAIL, KV_BRANCH};

struct scan {
	struct kv_salvage *s;
	uint8_t *page;
	uint64_t number; /* of the page */
	struct buf big;
	unsigned last; /* table of the value found before */
	bool failed;   /* out of memory */
};

static bool is_derived(unsigned db)
{
	return db == KV_INDEX || db == KV_TAIL || db == KV_BRANCH;
}

static void note(struct scan *c, unsigned db, uint64_t n, uint64_t version, uint64_t at,
    size_t len)
{
	struct salvaged v = {.n = db == KV_DB_META ? version : n,
	    .at = at,
	    .version = db == KV_DB_META ? 0 : (uint32_t)version,
	    .len = (uint32_t)len,
	    .db = (uint8_t)db};

	c->last = db;
	if (is_derived(db) || c->failed)
		return; /* made anew from the log */
	c->failed = !salvage_list_add(&c->s->list, &v);
}

/* ---- one place --------------------------------------------------------------------- */

static bool try_table(struct scan *c, unsigned db, bool known, uint64_t n,
    const uint8_t *p, size_t len, uint64_t at)
{
	uint64_t version;

	if (!kv_unbind(c->s->kv, db, known, &n, &version, p, len))
		return false;
	note(c, db, n, version, at, len);
	return true;
}

/* Whether these bytes are a sealed value; of number ${n} if ${known}. */
static bool try_value(struct scan *c, bool known, uint64_t n, const uint8_t *p,
    size_t len, uint64_t at)
{
	if (len < SEAL || p[0] != CRYPTO_SUITE)
		return false;
	if (len == LIST_LEN)
		return try_table(c, KV_DB_VERSIONS, known, n, p, len, at);
	if (try_table(c, c->last, known, n, p, len, at))
		return true;
	for (size_t i = 0; i < sizeof(order_tables); i++) {
		if (order_tables[i] != c->last &&
		    (known || !is_derived(order_tables[i])) &&
		    try_table(c, order_tables[i], known, n, p, len, at))
			return true;
	}
	return false;
}

static void mark_run(struct kv_salvage *s, uint64_t first, size_t len)
{
	uint64_t span = overflow_span(s->page, len);

	for (uint64_t i = 0; i < span && first + i < s->pages; i++)
		bit_set(s->done, first + i);
}

/* A long value, in the pages from ${first} on. */
static bool try_run(struct scan *c, bool known, uint64_t n, uint64_t first, size_t len)
{
	uint64_t at = first * c->s->page + PAGE_HEAD;
	uint8_t *p;

	if (first < PAGE_FIRST || first >= c->s->pages || len > KV_SEALED_MAX ||
	    at + len > c->s->size)
		return false;
	/* Whoever can write into the file could have it searched for days. */
	if (c->s->in_vain > SALVAGE_VAIN_LEAST + SALVAGE_VAIN_TIMES * c->s->size) {
		c->s->skipped++;
		return false;
	}
	c->big.len = 0;
	if ((p = buf_reserve(&c->big, len)) == NULL) {
		c->failed = true;
		return false;
	}
	salvage_read(c->s, p, len, at);
	if (!try_value(c, known, n, p, len, at)) {
		if (len >= SEAL && p[0] == CRYPTO_SUITE)
			c->s->in_vain += (uint64_t)len * sizeof(order_tables);
		return false;
	}
	mark_run(c->s, first, len);
	return true;
}

/* ---- pages as they should be ---------------------------------------------------------- */

/* Lists of free pages and descriptions of tables are none of ours. */
static bool could_be_value(const struct node *n)
{
	return n->key_len == KEY && (n->flags & NODE_SUB) == 0 && n->len >= SEAL + 195 &&
	    n->len <= KV_SEALED_MAX;
}

/* False if an entry is not what it seems. */
static bool try_leaf(struct scan *c, const struct page *p)
{
	bool sound = true;
	struct page_fault f;
	struct node n;

	for (unsigned i = 0; i < p->count; i++) {
		if (!page_node(&n, p, i, &f)) {
			sound = false;
			continue;
		}
		if (!could_be_value(&n))
			sound = false;
		else if ((n.flags & NODE_BIG) != 0)
			sound &= try_run(c, true, node_number(&n), n.child, n.len);
		else
			sound &= try_value(c, true, node_number(&n), n.data, n.len,
			    c->number * c->s->page + (uint64_t)(n.data - c->page));
	}
	return sound;
}

static void first_look(struct scan *c)
{
	struct page_fault f;
	struct page p;

	/* A page in the wrong place is still itself, whatever its number says. */
	if (!page_open_copy(&p, c->page, c->s->page, le64_get(c->page), &f) ||
	    (p.kind == PAGE_LEAF && !try_leaf(c, &p)))
		bit_set(c->s->doubt, c->number);
	else if (p.kind == PAGE_OVERFLOW)
		bit_set(c->s->doubt, c->number);
}

/* ---- pages that are wrecked -------------------------------------------------------------- */

/* Of all formats, and of the meta record. */
static const uint16_t lengths[] = {195 + SEAL, 231 + SEAL, 256 + SEAL, 281 + SEAL,
    349 + SEAL, 451 + SEAL, 512 + SEAL, 523 + SEAL, 621 + SEAL, 757 + SEAL, 768 + SEAL,
    961 + SEAL, 1024 + SEAL, 1280 + SEAL, 1301 + SEAL, 1536 + SEAL, 1792 + SEAL,
    1980 + SEAL};

/*
 * Whether the eight bytes before the key look like the head of an entry of
 * this length: length (4), flags (2), length of the key (2).  Two of these
 * four parts at least must fit, so that few places are tried in vain.
 */
static bool looks_like_entry(const uint8_t *head, size_t len)
{
	unsigned fits = 0;

	fits += head[0] == (uint8_t)len && head[1] == (uint8_t)(len >> 8);
	fits += head[2] == 0 && head[3] == 0;
	fits += head[4] == 0 && head[5] == 0;
	fits += head[6] == KEY && head[7] == 0;
	return fits >= 2;
}

static void try_places(struct scan *c, size_t from, size_t size)
{
	uint64_t base = c->number * c->s->page;

	for (size_t at = from + NODE_HEAD + KEY; at + lengths[0] <= size; at += 2) {
		const uint8_t *p = c->page + at;

		for (size_t i = 0; p[0] == CRYPTO_SUITE &&
		     i < sizeof(lengths) / sizeof(lengths[0]) && at + lengths[i] <= size;
		     i++) {
			if (!looks_like_entry(p - KEY - NODE_HEAD, lengths[i]))
				continue;
			if (try_value(c, true, le64_get(p - KEY), p, lengths[i],
				base + at) ||
			    try_value(c, false, 0, p, lengths[i], base + at)) {
				at += lengths[i] & ~(size_t)1;
				break;
			}
		}
	}
}

/* A long value begins here, and nothing that leads to it says how long it is. */
static void try_lost_run(struct scan *c)
{
	uint64_t left = c->s->pages - c->number;
	uint64_t most = left < LOST_RUN_MAX ? left : LOST_RUN_MAX;
	struct page_fault f;
	struct page p;

	if (c->page[PAGE_HEAD] != CRYPTO_SUITE)
		return;
	if (page_open_copy(&p, c->page, c->s->page, le64_get(c->page), &f) &&
	    p.kind == PAGE_OVERFLOW && p.span > 0 && p.span <= RUN_MAX &&
	    p.span <= left) {
		/* The span may be what is damaged: short values are tried all the same. */
		if (most > SHORT_RUN)
			most = p.span > SHORT_RUN ? p.span : SHORT_RUN;
		/* Nearly always it fills its pages. */
		if (try_run(c, false, 0, c->number,
			(size_t)p.span * c->s->page - PAGE_LOSS))
			return;
	}
	if (try_run(c, false, 0, c->number, LIST_LEN))
		return;
	/* Lengths go by 4096 bytes, whatever the size of pages. */
	most = most * c->s->page / 4096;
	for (uint64_t k = 1; k <= most && !c->failed; k++) {
		if (try_run(c, false, 0, c->number, (size_t)k * 4096 - PAGE_LOSS))
			return;
	}
}

static void second_look(struct scan *c)
{
	struct page_fault f;
	struct page p;

	bool opens;

	if (bit_get(c->s->done, c->number))
		return;
	opens = page_open_copy(&p, c->page, c->s->page, le64_get(c->page), &f);
	/* Between its table and its entries a page keeps what was there before. */
	if (!bit_get(c->s->doubt, c->number)) {
		if (opens && p.kind != PAGE_OVERFLOW)
			try_places(c, p.lower + p.lower % 2, p.upper);
		return;
	}
	try_lost_run(c);
	if (!opens || p.kind != PAGE_OVERFLOW)
		try_places(c, PAGE_HEAD, c->s->page);
}

static enum saksi_err each_page(struct scan *c, void (*look)(struct scan *),
    void (*progress)(void *ctx, size_t done, size_t total), void *ctx, size_t done,
    struct saksi_error *err)
{
	struct kv_salvage *s = c->s;

	for (uint64_t i = PAGE_FIRST; i < s->pages && !c->failed; i++) {
		if (progress != NULL && i % STEP_PAGES == 0)
			progress(ctx, done + (size_t)i, 2 * (size_t)s->pages);
		c->number = i;
		salvage_read(s, c->page, s->page, i * s->page);
		look(c);
	}
	return c->failed ? saksi_fail_nomem(err) : SAKSI_OK;
}

enum saksi_err salvage_pages(struct kv_salvage *s,
    void (*progress)(void *ctx, size_t done, size_t total), void *ctx,
    struct saksi_error *err)
{
	struct scan c = {.s = s, .last = KV_LOG};
	enum saksi_err rc;

	if ((c.page = malloc(s->page)) == NULL)
		return saksi_fail_nomem(err);
	memset(s->done, 0, (size_t)(s->pages / 8) + 1);
	memset(s->doubt, 0, (size_t)(s->pages / 8) + 1);
	s->in_vain = s->skipped = 0;
	rc = each_page(&c, first_look, progress, ctx, 0, err);
	s->in_vain = 0; /* what led nowhere takes nothing from what stands alone */
	if (rc == SAKSI_OK)
		rc = each_page(&c, second_look, progress, ctx, (size_t)s->pages, err);
	if (rc == SAKSI_OK && !salvage_list_close(&s->list))
		rc = saksi_fail_nomem(err);
	free(c.page);
	buf_free(&c.big);
	return rc;
}

/* ---- what the newest head leads to -------------------------------------------------------- */

struct reach {
	struct kv_salvage *s;
	uint8_t *pages; /* one for each level */
};

static void visit(struct reach *r, uint64_t number, unsigned level);

static void visit_node(struct reach *r, const struct page *p, const struct node *n,
    unsigned level)
{
	struct tree t;

	if (p->kind == PAGE_BRANCH || (n->flags & NODE_BIG) != 0) {
		if (p->kind == PAGE_LEAF && n->child < r->s->pages)
			bit_set(r->s->reached, n->child);
		else if (p->kind == PAGE_BRANCH)
			visit(r, n->child, level + 1);
	} else if ((n->flags & NODE_SUB) != 0 && n->len == TREE_BYTES &&
	    tree_parse(&t, n->data) && t.root != PAGE_NONE) {
		visit(r, t.root, level + 1);
	}
}

static void visit(struct reach *r, uint64_t number, unsigned level)
{
	struct kv_salvage *s = r->s;
	struct page_fault f;
	struct page p;
	struct node n;
	uint8_t *room;

	if (level >= TREE_DEPTH_MAX || number < PAGE_FIRST || number >= s->pages ||
	    bit_get(s->reached, number))
		return;
	bit_set(s->reached, number);
	room = r->pages + (size_t)level * s->page;
	salvage_read(s, room, s->page, number * s->page);
	if (!page_open_copy(&p, room, s->page, number, &f) || p.kind == PAGE_OVERFLOW)
		return;
	for (unsigned i = 0; i < p.count; i++) {
		if (page_node(&n, &p, i, &f))
			visit_node(r, &p, &n, level);
	}
}

enum saksi_err salvage_reach(struct kv_salvage *s, struct saksi_error *err)
{
	struct reach r = {.s = s};
	struct meta_page newest = {0}, m;
	uint8_t raw[META_BYTES];
	struct page_fault f;

	for (unsigned i = 0; i < 2; i++) {
		salvage_read(s, raw, sizeof(raw), (uint64_t)i * s->page);
		if (meta_parse(&m, raw, i, &f) && m.txn > newest.txn)
			newest = m;
	}
	if (newest.txn == 0 || newest.main.root == PAGE_NONE)
		return SAKSI_OK;
	if ((r.pages = malloc((size_t)TREE_DEPTH_MAX * s->page)) == NULL)
		return saksi_fail_nomem(err);
	visit(&r, newest.main.root, 0);
	free(r.pages);
	return SAKSI_OK;
}
