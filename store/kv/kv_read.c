/*
 * kv_read.c - values as they were committed, by read() and not through the map.
 *
 * Where pages are met at random, having one mapped costs more than all the rest
 * of reading it, and it counts as memory of this process until the map is let go
 * of.  So they are copied: those that lead to others are kept while the
 * transaction lasts (nobody writes to what it sees), of leaves one of each table.
 * A writing transaction reads so what it did not write itself: LMDB keeps to pages
 * of its own until it commits, and what only this reader follows needs no check for
 * what LMDB would do with it.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>

#include "kv_int.h"

/* Twice 1,024: a page has two places, and what was asked for last stands in the first. */
#define PLACE_BITS 10u
#define BRANCHES (2u << PLACE_BITS)

struct kept {
	uint64_t number; /* 0: none, for that is no page of a tree */
	uint8_t *bytes;
};

struct kv_pages {
	struct kept branch[BRANCHES];
	struct kept leaf[KV_DBS];
};

/* One look-up. */
struct reading {
	struct page_source source;
	struct kv *kv;
	struct kv_pages *pages;
	unsigned db;
	enum saksi_err rc;
	struct saksi_error *err;
};

void kv_pages_free(struct kv_pages **pp)
{
	struct kv_pages *pages = *pp;

	*pp = NULL;
	if (pages == NULL)
		return;
	for (unsigned i = 0; i < BRANCHES; i++)
		free(pages->branch[i].bytes);
	for (unsigned i = 0; i < KV_DBS; i++)
		free(pages->leaf[i].bytes);
	free(pages);
}

static bool from_file(struct reading *r, uint8_t *p, size_t n, uint64_t at)
{
	r->rc = fs_pread_all(r->kv->fd, p, n, at, KV_FILE_NAME, r->err);
	/* It was long enough when the transaction began. */
	if (r->rc == SAKSI_EDAMAGED)
		r->rc = kv_give_up(r->kv, r->err);
	return r->rc == SAKSI_OK;
}

static struct kept *place_of(struct reading *r, uint64_t number, bool leaf)
{
	uint64_t h = number * UINT64_C(0x9e3779b97f4a7c15);
	struct kept *k, first;

	if (leaf)
		return &r->pages->leaf[r->db];
	k = &r->pages->branch[h >> (64 - PLACE_BITS) << 1];
	if (k[0].number != number) {
		first = k[0];
		k[0] = k[1];
		k[1] = first;
	}
	return k;
}

static const uint8_t *page(struct page_source *s, uint64_t number, bool leaf)
{
	struct reading *r = (struct reading *)s;
	struct kept *k = place_of(r, number, leaf);
	const uint32_t size = r->kv->file.size;

	if (k->number == number)
		return k->bytes;
	if (k->bytes == NULL && (k->bytes = malloc(size)) == NULL) {
		r->rc = saksi_fail_nomem(r->err);
		return NULL;
	}
	k->number = 0;
	if (!from_file(r, k->bytes, size, number * size))
		return NULL;
	k->number = number;
	return k->bytes;
}

/* ${n} bytes of the file behind those of ${out}, where they do not count yet. */
static uint8_t *room_for(struct buf *out, struct reading *r, size_t n)
{
	uint8_t *p = buf_reserve(out, n);

	if (p == NULL)
		r->rc = saksi_fail_nomem(r->err);
	return p;
}

/* A value in pages of its own.  Their head is read with it, and does not stay. */
static bool add_long(struct buf *out, struct reading *r, const struct page_file *f,
    const struct node *n, struct page_fault *fault)
{
	const size_t len = n->len <= KV_SEALED_MAX ? n->len : 0;
	uint64_t at;
	size_t room;
	uint8_t *p;

	if (!overflow_place(&at, &room, f, n, fault))
		return false;
	if (room > PAGE_HEAD + len)
		room = PAGE_HEAD + len;
	if ((p = room_for(out, r, room)) == NULL || !from_file(r, p, room, at) ||
	    !overflow_check_head(p, f, n, fault))
		return false;
	memmove(p, p + PAGE_HEAD, len);
	out->len += len;
	return true;
}

static bool add_value(struct buf *out, struct reading *r, const struct page_file *f,
    const struct node *n, struct page_fault *fault)
{
	if ((n->flags & NODE_BIG) == 0)
		buf_add(out, n->data, n->len);
	else if (!add_long(out, r, f, n, fault))
		return false;
	if (n->len <= KV_SEALED_MAX)
		return true;
	fault->page = n->child;
	fault->why = "a value is longer than any can be";
	return false;
}

enum saksi_err kv_pages_read(struct buf *out, bool *found, struct kv_txn *txn,
    unsigned db, uint64_t n, struct saksi_error *err)
{
	struct reading r = {.source = {page}, .kv = txn->kv, .db = db, .err = err};
	struct page_file file = txn->kv->file;
	struct tree_key key = {.n = n, .name = NULL};
	struct page_fault fault;
	struct node node;
	bool sound;

	*found = false;
	if (txn->pages == NULL && (txn->pages = calloc(1, sizeof(*txn->pages))) == NULL)
		return saksi_fail_nomem(err);
	r.pages = txn->pages;
	file.source = &r.source;
	sound = tree_find(&node, found, &file, &txn->base.db[db], &key, &txn->hint[db],
	    &fault);
	if (sound && *found)
		sound = add_value(out, &r, &file, &node, &fault);
	if (r.rc != SAKSI_OK)
		return r.rc;
	return sound ? buf_ok(out, err) : kv_fault(err, &fault);
}
