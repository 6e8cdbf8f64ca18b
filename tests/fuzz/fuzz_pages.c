/*
 * The reader of LMDB's pages: for any bytes it stays inside them, and what a
 * checked page holds can be found in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kv_page.h"

static void must(int true_enough)
{
	if (!true_enough)
		abort();
}

/* Reading every byte shows whether it is there. */
static void touch(const uint8_t *p, size_t n)
{
	volatile uint8_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum = (uint8_t)(sum + p[i]);
}

static void touch_value(const struct page_file *f, const struct node *n)
{
	struct page_fault fault;
	const uint8_t *data;

	if ((n->flags & NODE_BIG) == 0)
		touch(n->data, n->len);
	else if (overflow_open(&data, NULL, f, n, &fault))
		touch(data, n->len);
}

static void look_up(const struct page_file *f, const struct tree *t, const char *name)
{
	static const uint64_t numbers[] = {0, 1, 2, 3, 7, 1000, UINT64_MAX};
	struct page_fault fault;
	struct tree_key key = {0, name};
	struct tree_hint hint = {PAGE_NONE, 0};
	struct node n;
	bool found;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		key.n = numbers[i];
		if (tree_find(&n, &found, f, t, &key, i % 2 == 0 ? &hint : NULL, &fault) &&
		    found)
			touch_value(f, &n);
		if (name != NULL)
			return;
	}
}

static void each_page(const struct page_file *f)
{
	struct page_fault fault;
	struct node n;
	struct page p;
	uint64_t i;
	unsigned at;

	for (i = 0; i < f->pages; i++) {
		if (!page_open(&p, f, i, &fault) || p.kind == PAGE_OVERFLOW)
			continue;
		for (at = 0; at < p.count; at++) {
			if (!page_node(&n, &p, at, &fault))
				continue;
			touch(n.key, n.key_len);
			if (p.kind == PAGE_LEAF)
				touch_value(f, &n);
		}
		if (!page_check(&p, true, &fault))
			continue;
		for (at = p.kind == PAGE_BRANCH ? 1 : 0; at < p.count; at++) {
			struct tree t = {i, 1, 1, TREE_INTEGER};
			struct tree_key key = {0, NULL};
			bool found;

			must(page_node(&n, &p, at, &fault));
			key.n = node_number(&n);
			if (p.kind == PAGE_LEAF)
				must(tree_find(&n, &found, f, &t, &key, NULL, &fault) &&
				    found);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct page_file f = {.pages = size / PAGE_SIZE_MIN, .size = PAGE_SIZE_MIN};
	size_t bytes = (size_t)f.pages * PAGE_SIZE_MIN;
	struct page_fault fault;
	struct meta_page m;
	struct tree table;
	struct node n;
	uint8_t *own;
	bool found;
	unsigned i;

	if (f.pages < 2)
		return 0;
	own = malloc(bytes); /* exactly as long, so that a byte too far is seen */
	if (own == NULL)
		return 0;
	memcpy(own, data, bytes);
	f.map = own;
	each_page(&f);
	for (i = 0; i < 2; i++) {
		if (!meta_parse(&m, own + i * (size_t)PAGE_SIZE_MIN, i, &fault))
			continue;
		look_up(&f, &m.free, NULL);
		if (tree_find(&n, &found, &f, &m.main, &(struct tree_key){0, "1"}, NULL,
			&fault) &&
		    found && n.flags == NODE_SUB && n.len == TREE_BYTES &&
		    tree_parse(&table, n.data))
			look_up(&f, &table, NULL);
		look_up(&f, &m.main, "9");
	}
	free(own);
	return 0;
}
