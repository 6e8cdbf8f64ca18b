/*
 * kv_page.h - read LMDB's pages without believing them.
 *
 * A bounded reader for the file format of LMDB 0.9 (data version 1, 64-bit).
 * Nothing here follows a pointer, length, page number or depth that was not
 * checked against the file first.  Values are read through this, not through
 * LMDB; LMDB gets to see only pages that page_check() passed.
 *
 * The bytes may lie in a map that is cut off underneath: callers run these
 * functions under guard_run(), unless the file has a source.
 */
#ifndef SAKSI_STORE_KV_PAGE_H
#define SAKSI_STORE_KV_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_NONE UINT64_MAX /* root of an empty tree */
#define PAGE_FIRST 2u	     /* pages 0 and 1 are LMDB's meta pages */
#define PAGE_SIZE_MIN 4096u
#define PAGE_SIZE_MAX 32768u
#define TREE_DEPTH_MAX 16u
#define PAGE_HEAD 16u

enum page_kind { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8 };

#define NODE_BIG 1u /* the data lies in overflow pages */
#define NODE_SUB 2u /* the data describes a table */

/* Pages from elsewhere than a map: NULL if this one cannot be had. */
struct page_source {
	const uint8_t *(*page)(struct page_source *s, uint64_t number, bool leaf);
};

/* The file, as far as it is there. */
struct page_file {
	const uint8_t *map;
	uint64_t pages;		    /* whole pages in the file */
	uint32_t size;		    /* of a page */
	struct page_source *source; /* NULL: the map */
};

/* Where a reader found damage, and in which way.  ${why} is static. */
struct page_fault {
	uint64_t page;
	const char *why;
};

struct page {
	const uint8_t *p;
	uint64_t number;
	uint32_t size;
	enum page_kind kind;
	unsigned count; /* nodes */
	uint32_t lower;
	uint32_t upper;
	uint32_t span; /* overflow: how many pages */
};

struct node {
	const uint8_t *key;
	uint32_t key_len;
	unsigned flags;
	uint64_t child;	     /* branch: page; NODE_BIG: first overflow page */
	const uint8_t *data; /* leaf, not NODE_BIG */
	uint32_t len;	     /* leaf: bytes of data, also when NODE_BIG */
};

struct tree {
	uint64_t root;
	uint64_t entries;
	unsigned depth;
	unsigned flags;
};
#define TREE_INTEGER 8u /* MDB_INTEGERKEY */
#define TREE_BYTES 48u

struct meta_page {
	uint64_t txn;
	uint64_t last; /* page number */
	uint64_t map_size;
	uint32_t size;
	struct tree free;
	struct tree main;
};

/* A number, or (name != NULL) a name. */
struct tree_key {
	uint64_t n;
	const char *name;
};

/** page_open(out, f, number, fault): Header and node table lie inside. */
bool page_open(struct page *out, const struct page_file *f, uint64_t number,
    struct page_fault *fault);
/** page_open_copy: As page_open(), for the bytes of one page elsewhere. */
bool page_open_copy(struct page *out, const uint8_t *bytes, uint32_t size,
    uint64_t number, struct page_fault *fault);
/** page_node(out, p, i, fault): Node ${i} < p->count lies inside. */
bool page_node(struct node *out, const struct page *p, unsigned i,
    struct page_fault *fault);
/** page_check(p, integer, fault): Every node, no overlap, keys ascending. */
bool page_check(const struct page *p, bool integer, struct page_fault *fault);

uint64_t node_number(const struct node *n); /* key_len is 8 */

/**
 * overflow_open(data, span, f, n, fault):
 * Where the ${n}->len bytes lie, and how many pages are theirs (${span} may
 * be NULL): LMDB keeps the pages of a value that a shorter one replaced in
 * the same transaction, so there can be more than the length needs.
 */
bool overflow_open(const uint8_t **data, uint64_t *span, const struct page_file *f,
    const struct node *n, struct page_fault *fault);
uint64_t overflow_span(uint32_t page_size, uint64_t len);
/**
 * overflow_place / overflow_check_head:
 * The same for who reads the bytes himself: they begin behind PAGE_HEAD bytes of
 * head at ${*at}, and with it no more than ${*room} bytes are there.
 */
bool overflow_place(uint64_t *at, size_t *room, const struct page_file *f,
    const struct node *n, struct page_fault *fault);
bool overflow_check_head(const uint8_t head[PAGE_HEAD], const struct page_file *f,
    const struct node *n, struct page_fault *fault);

/** meta_parse(out, page, number, fault): The first 152 bytes of a meta page. */
#define META_BYTES 152u
bool meta_parse(struct meta_page *out, const uint8_t *p, uint64_t number,
    struct page_fault *fault);
/** tree_parse(out, p): TREE_BYTES bytes; false if no sound tree. */
bool tree_parse(struct tree *out, const uint8_t *p);

/* The leaf of the last look-up in a tree, and which of its nodes it was. */
struct tree_hint {
	uint64_t leaf; /* PAGE_NONE at first */
	unsigned at;
};
/**
 * tree_find(out, found, f, t, key, hint, fault):
 * The node of ${key}.  ${hint} makes the next look-up in the same tree cheaper,
 * most of all that of the next key; may be NULL.
 */
bool tree_find(struct node *out, bool *found, const struct page_file *f,
    const struct tree *t, const struct tree_key *key, struct tree_hint *hint,
    struct page_fault *fault);

#endif
