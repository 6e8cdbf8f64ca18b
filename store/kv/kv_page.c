#include <string.h>

#include <saksi/base/bits.h>

#include "kv_page.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW 0u
#define HIGH 2u
#else
#define LOW 2u
#define HIGH 0u
#endif

_Static_assert(sizeof(size_t) == 8, "the file's page numbers are size_t");

/* offsets of LMDB 0.9's structures */
enum {
	PG_FLAGS = 10,
	PG_LOWER = 12,
	PG_UPPER = 14,
	PG_SPAN = 12,
	PG_HEAD = PAGE_HEAD,
	NODE_FLAGS = 4,
	NODE_KEY_LEN = 6,
	NODE_HEAD = 8,
	META_MAGIC = 16,
	META_VERSION = 20,
	META_ADDRESS = 24,
	META_MAPSIZE = 32,
	META_FREE = 40,
	META_MAIN = 88,
	META_LAST = 136,
	META_TXN = 144
};
#define MAGIC 0xBEEFC0DEu
#define DATA_VERSION 1u
#define MAP_MAX (UINT64_C(1) << 47)

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool bad(struct page_fault *fault, uint64_t page, const char *why)
{
	fault->page = page;
	fault->why = why;
	return false;
}

/* ---- pages ---------------------------------------------------------------- */

static bool open_nodes(struct page *out, struct page_fault *fault)
{
	out->lower = get16(out->p + PG_LOWER);
	out->upper = get16(out->p + PG_UPPER);
	if (out->lower < PG_HEAD || out->lower > out->upper || out->upper > out->size ||
	    out->lower % 2 != 0)
		return bad(fault, out->number,
		    "its table of entries has impossible bounds");
	out->count = (out->lower - PG_HEAD) / 2;
	if (out->count == 0)
		return bad(fault, out->number, "it has no entries");
	return true;
}

bool page_open_copy(struct page *out, const uint8_t *bytes, uint32_t size,
    uint64_t number, struct page_fault *fault)
{
	unsigned flags = get16(bytes + PG_FLAGS);

	memset(out, 0, sizeof(*out));
	out->p = bytes;
	out->number = number;
	out->size = size;
	if (get64(bytes) != number)
		return bad(fault, number, "it carries another page's number");
	switch (flags) {
	case PAGE_BRANCH:
	case PAGE_LEAF:
		out->kind = (enum page_kind)flags;
		return open_nodes(out, fault);
	case PAGE_OVERFLOW:
		out->kind = PAGE_OVERFLOW;
		out->span = get32(bytes + PG_SPAN);
		return true;
	default:
		return bad(fault, number, "it is of no known kind");
	}
}

static bool open_at(struct page *out, const struct page_file *f, uint64_t number,
    bool leaf, struct page_fault *fault)
{
	const uint8_t *p;

	if (number < PAGE_FIRST || number >= f->pages)
		return bad(fault, number, "there is no such page in the file");
	p = f->source == NULL ? f->map + number * f->size
			      : f->source->page(f->source, number, leaf);
	if (p == NULL)
		return bad(fault, number, "it cannot be read");
	return page_open_copy(out, p, f->size, number, fault);
}

bool page_open(struct page *out, const struct page_file *f, uint64_t number,
    struct page_fault *fault)
{
	return open_at(out, f, number, false, fault);
}

static bool leaf_node(struct node *out, const struct page *p, const uint8_t *raw,
    uint32_t room, struct page_fault *fault)
{
	out->flags = get16(raw + NODE_FLAGS);
	out->len = (uint32_t)get16(raw + LOW) | (uint32_t)get16(raw + HIGH) << 16;
	if ((out->flags & ~(NODE_BIG | NODE_SUB)) != 0)
		return bad(fault, p->number, "an entry is of no known kind");
	room -= out->key_len;
	if ((out->flags & NODE_BIG) != 0) {
		if (room < 8)
			return bad(fault, p->number, "an entry runs over the page's end");
		out->child = get64(out->key + out->key_len);
		return true;
	}
	if (room < out->len)
		return bad(fault, p->number, "an entry runs over the page's end");
	out->data = out->key + out->key_len;
	return true;
}

bool page_node(struct node *out, const struct page *p, unsigned i,
    struct page_fault *fault)
{
	uint32_t at = get16(p->p + PG_HEAD + 2 * (size_t)i);
	const uint8_t *raw;
	uint32_t room;

	memset(out, 0, sizeof(*out));
	if (at < p->upper || at % 2 != 0 || at + NODE_HEAD > p->size)
		return bad(fault, p->number, "an entry lies outside of the page");
	raw = p->p + at;
	room = p->size - at - NODE_HEAD;
	out->key = raw + NODE_HEAD;
	out->key_len = get16(raw + NODE_KEY_LEN);
	if (out->key_len > room)
		return bad(fault, p->number, "a key runs over the page's end");
	if (p->kind == PAGE_LEAF)
		return leaf_node(out, p, raw, room, fault);
	out->child = (uint64_t)get16(raw + LOW) | (uint64_t)get16(raw + HIGH) << 16 |
	    (uint64_t)get16(raw + NODE_FLAGS) << 32;
	return true;
}

uint64_t node_number(const struct node *n)
{
	return get64(n->key);
}

static int compare_names(const uint8_t *a, uint32_t alen, const uint8_t *b, uint32_t blen)
{
	int c = memcmp(a, b, alen < blen ? alen : blen);

	if (c != 0)
		return c;
	return alen < blen ? -1 : alen > blen;
}

/* Bytes that the node takes in its page, rounded up as LMDB does. */
static uint32_t node_bytes(const struct page *p, const struct node *n)
{
	uint32_t bytes = NODE_HEAD + n->key_len;

	if (p->kind == PAGE_LEAF)
		bytes += (n->flags & NODE_BIG) != 0 ? 8 : n->len;
	return bytes + bytes % 2;
}

static bool mark(uint8_t *used, uint32_t at, uint32_t bytes)
{
	uint32_t i;

	for (i = at / 2; i < (at + bytes) / 2; i++) {
		if (bit_get(used, i))
			return false;
		bit_set(used, i);
	}
	return true;
}

static bool check_key(const struct page *p, bool integer, unsigned i,
    const struct node *n, const struct node *last, struct page_fault *fault)
{
	/* A branch page's first key stands for "all that is less". */
	if (p->kind == PAGE_BRANCH && i == 0)
		return true;
	if (integer && n->key_len != 8)
		return bad(fault, p->number, "a key has the wrong length");
	if (i == 0 || (p->kind == PAGE_BRANCH && i == 1))
		return true;
	if (integer ? node_number(last) >= node_number(n)
		    : compare_names(last->key, last->key_len, n->key, n->key_len) >= 0)
		return bad(fault, p->number, "its keys are out of order");
	return true;
}

bool page_check(const struct page *p, bool integer, struct page_fault *fault)
{
	uint8_t used[PAGE_SIZE_MAX / 16] = {0};
	uint32_t total = 0;
	struct node n;
	struct node last = {0};
	uint32_t bytes;
	unsigned i;

	for (i = 0; i < p->count; i++) {
		if (!page_node(&n, p, i, fault) ||
		    !check_key(p, integer, i, &n, &last, fault))
			return false;
		bytes = node_bytes(p, &n);
		if ((uint32_t)(n.key - p->p) - NODE_HEAD + bytes > p->size)
			return bad(fault, p->number, "an entry runs over the page's end");
		if (!mark(used, (uint32_t)(n.key - p->p) - NODE_HEAD, bytes))
			return bad(fault, p->number, "two of its entries overlap");
		total += bytes;
		last = n;
	}
	if (total != p->size - p->upper)
		return bad(fault, p->number,
		    "its entries do not fill the room they claim");
	return true;
}

/* ---- overflow pages ------------------------------------------------------- */

uint64_t overflow_span(uint32_t page_size, uint64_t len)
{
	return (PG_HEAD - 1 + len) / page_size + 1;
}

static bool overflow_fits(const struct page *p, const struct page_file *f,
    const struct node *n, struct page_fault *fault)
{
	if (p->kind != PAGE_OVERFLOW)
		return bad(fault, n->child, "it should hold a long value");
	if (p->span < overflow_span(f->size, n->len) || p->span > f->pages - n->child)
		return bad(fault, n->child, "its length does not fit its value");
	return true;
}

bool overflow_open(const uint8_t **data, uint64_t *span, const struct page_file *f,
    const struct node *n, struct page_fault *fault)
{
	struct page p;

	if (!page_open(&p, f, n->child, fault) || !overflow_fits(&p, f, n, fault))
		return false;
	*data = p.p + PG_HEAD;
	if (span != NULL)
		*span = p.span;
	return true;
}

bool overflow_place(uint64_t *at, size_t *room, const struct page_file *f,
    const struct node *n, struct page_fault *fault)
{
	if (n->child < PAGE_FIRST || n->child >= f->pages)
		return bad(fault, n->child, "there is no such page in the file");
	*at = n->child * f->size;
	*room = (size_t)((f->pages - n->child) * f->size);
	return true;
}

bool overflow_check_head(const uint8_t head[PAGE_HEAD], const struct page_file *f,
    const struct node *n, struct page_fault *fault)
{
	struct page p;

	/* It looks no further than at the head. */
	return page_open_copy(&p, head, f->size, n->child, fault) &&
	    overflow_fits(&p, f, n, fault);
}

/* ---- meta pages ----------------------------------------------------------- */

bool tree_parse(struct tree *out, const uint8_t *p)
{
	memset(out, 0, sizeof(*out));
	out->flags = get16(p + 4);
	out->depth = get16(p + 6);
	out->entries = get64(p + 32);
	out->root = get64(p + 40);
	if (out->root == PAGE_NONE)
		return out->depth == 0 && out->entries == 0;
	return out->root >= PAGE_FIRST && out->depth >= 1 &&
	    out->depth <= TREE_DEPTH_MAX && out->entries > 0;
}

static bool meta_kind(const uint8_t *p, uint64_t number, struct page_fault *fault)
{
	uint32_t magic = get32(p + META_MAGIC);

	if (magic == __builtin_bswap32(MAGIC))
		return bad(fault, number,
		    "it was written by a computer of the other byte order");
	if (magic != MAGIC)
		return bad(fault, number, "it is no start of an LMDB file");
	if (get32(p + META_VERSION) != DATA_VERSION)
		return bad(fault, number, "it names an unknown version of LMDB's format");
	if (get64(p) != number || get16(p + PG_FLAGS) != PAGE_META)
		return bad(fault, number, "its header is wrong");
	return true;
}

bool meta_parse(struct meta_page *out, const uint8_t *p, uint64_t number,
    struct page_fault *fault)
{
	memset(out, 0, sizeof(*out));
	if (!meta_kind(p, number, fault))
		return false;
	out->size = get32(p + META_FREE);
	out->map_size = get64(p + META_MAPSIZE);
	out->last = get64(p + META_LAST);
	out->txn = get64(p + META_TXN);
	if (out->size < PAGE_SIZE_MIN || out->size > PAGE_SIZE_MAX ||
	    (out->size & (out->size - 1)) != 0)
		return bad(fault, number, "it names an impossible page size");
	if (out->map_size > MAP_MAX || out->last < 1 ||
	    out->last >= MAP_MAX / out->size || get64(p + META_ADDRESS) != 0)
		return bad(fault, number, "it names an impossible size of the file");
	if (!tree_parse(&out->free, p + META_FREE) || out->free.flags != TREE_INTEGER)
		return bad(fault, number, "its list of free pages is impossible");
	if (!tree_parse(&out->main, p + META_MAIN) || out->main.flags != 0 ||
	    get32(p + META_MAIN) != 0)
		return bad(fault, number, "its list of tables is impossible");
	if ((out->free.root != PAGE_NONE && out->free.root > out->last) ||
	    (out->main.root != PAGE_NONE && out->main.root > out->last))
		return bad(fault, number, "it points past the end");
	return true;
}

/* ---- look-up -------------------------------------------------------------- */

static bool compare(int *c, const struct page *p, const struct node *n,
    const struct tree_key *key, struct page_fault *fault)
{
	uint64_t number;

	if (key->name != NULL) {
		*c = compare_names((const uint8_t *)key->name,
		    (uint32_t)strlen(key->name), n->key, n->key_len);
		return true;
	}
	if (n->key_len != 8)
		return bad(fault, p->number, "a key has the wrong length");
	number = node_number(n);
	*c = key->n < number ? -1 : key->n > number;
	return true;
}

/* The last node whose key is not above ${key}; a branch's first has no key. */
static bool search(unsigned *at, bool *exact, struct node *out, const struct page *p,
    const struct tree_key *key, struct page_fault *fault)
{
	unsigned low = p->kind == PAGE_BRANCH ? 1 : 0;
	unsigned high = p->count;
	unsigned middle;
	int c;

	*exact = false;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (!page_node(out, p, middle, fault) || !compare(&c, p, out, key, fault))
			return false;
		if (c == 0) {
			*exact = true;
			*at = middle;
			return true;
		}
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*at = low == 0 ? 0 : low - 1;
	return page_node(out, p, *at, fault);
}

/* Whether the leaf of the last look-up is also this key's leaf. */
static bool try_hint(struct node *out, bool *found, const struct page_file *f,
    const struct tree_key *key, struct tree_hint *hint)
{
	struct page_fault ignored;
	struct page p;
	struct node end;
	unsigned at;
	int c;

	if (hint->leaf == PAGE_NONE || !open_at(&p, f, hint->leaf, true, &ignored) ||
	    p.kind != PAGE_LEAF)
		return false;
	/* Who goes through a tree asks for one key after the other. */
	if (hint->at + 1 < p.count && page_node(out, &p, hint->at + 1, &ignored) &&
	    compare(&c, &p, out, key, &ignored) && c == 0) {
		hint->at++;
		*found = true;
		return true;
	}
	if (!page_node(&end, &p, p.count - 1, &ignored) ||
	    !compare(&c, &p, &end, key, &ignored) || c > 0)
		return false;
	if (!page_node(&end, &p, 0, &ignored) || !compare(&c, &p, &end, key, &ignored) ||
	    c < 0)
		return false;
	if (!search(&at, found, out, &p, key, &ignored))
		return false;
	hint->at = at;
	return true;
}

bool tree_find(struct node *out, bool *found, const struct page_file *f,
    const struct tree *t, const struct tree_key *key, struct tree_hint *hint,
    struct page_fault *fault)
{
	uint64_t number = t->root;
	struct page p;
	unsigned level;
	unsigned at;

	*found = false;
	if (t->root == PAGE_NONE)
		return true;
	if (hint != NULL && try_hint(out, found, f, key, hint))
		return true;
	for (level = 1;; level++) {
		if (!open_at(&p, f, number, level == t->depth, fault))
			return false;
		if (p.kind != (level == t->depth ? PAGE_LEAF : PAGE_BRANCH))
			return bad(fault, number, "it is of the wrong kind for its place");
		if (!search(&at, found, out, &p, key, fault))
			return false;
		if (p.kind == PAGE_LEAF)
			break;
		number = out->child;
	}
	if (hint != NULL) {
		hint->leaf = number;
		hint->at = at;
	}
	return true;
}
