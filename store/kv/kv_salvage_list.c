/* kv_salvage_list.c - runs of packed values, merged. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/bits.h>
#include <saksi/base/list.h>
#include <saksi/base/varint.h>

#include "kv_salvage_list.h"

#define BLOCK 2048u			  /* bytes after which one ends */
#define PACKED_MAX (3u * VARINT_MAX + 4u) /* of one value */
#define FARTHEST (UINT64_C(1) << 62)	  /* two numbers that share a block */

/* ---- order ------------------------------------------------------------------------- */

static int by_number(const struct salvaged *x, unsigned db, uint64_t n)
{
	if (x->db != db)
		return x->db < db ? -1 : 1;
	return x->n < n ? -1 : x->n > n;
}

static int by_value(const void *a, const void *b)
{
	const struct salvaged *x = a, *y = b;
	int c = by_number(x, y->db, y->n);

	if (c != 0)
		return c;
	if (x->version != y->version)
		return x->version < y->version ? -1 : 1;
	if (x->reached != y->reached)
		return x->reached ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool same_value(const struct salvaged *a, const struct salvaged *b)
{
	return a->db == b->db && a->n == b->n && a->version == b->version;
}

static bool is_reached(const struct salvage_list *l, uint64_t at)
{
	return bit_get(l->reached, at / l->page);
}

/* ---- packing ----------------------------------------------------------------------- */

struct packer {
	struct salvage_run run;
	struct salvaged last;
	uint64_t first; /* number that the open block begins with */
	size_t len;
	uint8_t open[BLOCK + PACKED_MAX];
};

static uint64_t distance(uint64_t from, uint64_t to)
{
	return to >= from ? (to - from) << 1 : (from - to) << 1 | 1;
}

static uint64_t moved(uint64_t from, uint64_t d)
{
	return (d & 1) != 0 ? from - (d >> 1) : from + (d >> 1);
}

static bool close_block(struct packer *p)
{
	struct salvage_block b = {.n = p->first,
	    .len = (uint32_t)p->len,
	    .db = p->last.db};
	struct salvage_block *list;

	if (p->len == 0)
		return true;
	list = list_room(p->run.blocks, p->run.n, &p->run.cap, sizeof(*list));
	if (list == NULL)
		return false;
	p->run.blocks = list;
	if ((b.bytes = malloc(p->len)) == NULL)
		return false;
	memcpy(b.bytes, p->open, p->len);
	list[p->run.n++] = b;
	p->len = 0;
	return true;
}

/* In order; of copies the first one. */
static bool pack(struct packer *p, const struct salvaged *v)
{
	if (p->run.values > 0 && same_value(&p->last, v))
		return true;
	if (p->len >= BLOCK ||
	    (p->len > 0 && (p->last.db != v->db || v->n - p->last.n >= FARTHEST))) {
		if (!close_block(p))
			return false;
	}
	if (p->len == 0) {
		p->first = v->n;
		p->last = (struct salvaged){.n = v->n, .db = v->db};
	}
	p->len += varint_put(p->open + p->len, v->n - p->last.n);
	le32_put(p->open + p->len, v->version);
	p->len += 4;
	p->len += varint_put(p->open + p->len, distance(p->last.at, v->at));
	p->len += varint_put(p->open + p->len, v->len);
	p->last = *v;
	p->run.values++;
	return true;
}

static void run_free(struct salvage_run *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->blocks[i].bytes);
	free(r->blocks);
	*r = (struct salvage_run){.blocks = NULL};
}

/* ---- reading ----------------------------------------------------------------------- */

void salvage_step(struct salvage_cursor *c)
{
	const struct salvage_block *b;
	const uint8_t *p, *end;
	uint64_t more = 0, d = 0, len = 0;

	if (c->block < c->run->n && c->at == c->run->blocks[c->block].len) {
		c->block++;
		c->at = 0;
	}
	c->there = c->block < c->run->n;
	if (!c->there)
		return;
	b = &c->run->blocks[c->block];
	if (c->at == 0)
		c->now = (struct salvaged){.n = b->n, .db = b->db};
	p = b->bytes + c->at;
	end = b->bytes + b->len;
	c->there = varint_get(&p, end, &more);
	c->now.n += more;
	c->now.version = le32_get(p);
	p += 4;
	c->there = c->there && varint_get(&p, end, &d) && varint_get(&p, end, &len);
	c->now.at = moved(c->now.at, d);
	c->now.len = (uint32_t)len;
	c->now.reached = is_reached(c->l, c->now.at);
	c->at = (size_t)(p - b->bytes);
}

static void begin(struct salvage_cursor *c, const struct salvage_list *l,
    const struct salvage_run *run, size_t block)
{
	*c = (struct salvage_cursor){.l = l, .run = run, .block = block};
	salvage_step(c);
}

/* How many blocks begin before (db, n). */
static size_t blocks_before(const struct salvage_run *r, unsigned db, uint64_t n)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct salvage_block *b = &r->blocks[middle];

		if (b->db < db || (b->db == db && b->n < n))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void salvage_seek(struct salvage_cursor *c, const struct salvage_list *l, unsigned db,
    uint64_t n)
{
	size_t before = blocks_before(&l->runs[0], db, n);

	begin(c, l, &l->runs[0], before > 0 ? before - 1 : 0);
	while (c->there && by_number(&c->now, db, n) < 0)
		salvage_step(c);
}

void salvage_before(struct salvage_cursor *c, const struct salvage_list *l, unsigned db,
    uint64_t n)
{
	size_t before = blocks_before(&l->runs[0], db, n);
	struct salvage_cursor next;

	*c = (struct salvage_cursor){.l = l, .run = &l->runs[0]};
	if (before == 0)
		return;
	begin(&next, l, &l->runs[0], before - 1);
	while (next.there && by_number(&next.now, db, n) < 0) {
		*c = next;
		salvage_step(&next);
	}
}

enum saksi_err salvage_take(struct salvage_group *g, struct salvage_cursor *c,
    struct saksi_error *err)
{
	struct salvaged first = c->now;

	g->n = 0;
	for (; salvage_at(c, first.db, first.n); salvage_step(c)) {
		struct salvaged *list = list_room(g->v, g->n, &g->cap, sizeof(*list));

		if (list == NULL)
			return saksi_fail_nomem(err);
		g->v = list;
		list[g->n++] = c->now;
	}
	return SAKSI_OK;
}

/* ---- runs -------------------------------------------------------------------------- */

/* What lies behind the cursor is no longer needed: merging needs no room of its own. */
static void let_go(struct salvage_run *r, size_t *gone, const struct salvage_cursor *c)
{
	while (*gone < c->block) {
		free(r->blocks[*gone].bytes);
		r->blocks[(*gone)++].bytes = NULL;
	}
}

/* The last two runs into one. */
static bool merge_last(struct salvage_list *l)
{
	struct salvage_run *run[2] = {&l->runs[l->n_runs - 2], &l->runs[l->n_runs - 1]};
	struct packer p = {.len = 0};
	struct salvage_cursor c[2];
	size_t gone[2] = {0, 0};
	bool ok = true;

	for (unsigned i = 0; i < 2; i++)
		begin(&c[i], l, run[i], 0);
	while (ok && (c[0].there || c[1].there)) {
		unsigned i =
		    !c[0].there || (c[1].there && by_value(&c[1].now, &c[0].now) < 0);

		ok = pack(&p, &c[i].now);
		salvage_step(&c[i]);
		let_go(run[i], &gone[i], &c[i]);
	}
	ok = ok && close_block(&p);
	run_free(run[0]);
	run_free(run[1]);
	l->n_runs -= 2;
	if (ok)
		l->runs[l->n_runs++] = p.run;
	else
		run_free(&p.run);
	return ok;
}

static bool add_run(struct salvage_list *l)
{
	struct packer p = {.len = 0};
	bool ok = true;

	if (l->n_fresh == 0)
		return true;
	qsort(l->fresh, l->n_fresh, sizeof(*l->fresh), by_value);
	for (size_t i = 0; i < l->n_fresh && ok; i++)
		ok = pack(&p, &l->fresh[i]);
	l->n_fresh = 0;
	if (!ok || !close_block(&p)) {
		run_free(&p.run);
		return false;
	}
	l->runs[l->n_runs++] = p.run;
	while (ok && l->n_runs > 1 &&
	    l->runs[l->n_runs - 2].values / 2 < l->runs[l->n_runs - 1].values)
		ok = merge_last(l);
	return ok;
}

void salvage_list_init(struct salvage_list *l, const uint8_t *reached, uint32_t page)
{
	memset(l, 0, sizeof(*l));
	l->reached = reached;
	l->page = page;
}

void salvage_list_free(struct salvage_list *l)
{
	for (size_t i = 0; i < l->n_runs; i++)
		run_free(&l->runs[i]);
	free(l->fresh);
	memset(l, 0, sizeof(*l));
}

bool salvage_list_add(struct salvage_list *l, const struct salvaged *v)
{
	if (l->fresh == NULL &&
	    (l->fresh = malloc(SALVAGE_FRESH * sizeof(*l->fresh))) == NULL)
		return false;
	l->fresh[l->n_fresh] = *v;
	l->fresh[l->n_fresh++].reached = is_reached(l, v->at);
	return l->n_fresh < SALVAGE_FRESH || add_run(l);
}

bool salvage_list_close(struct salvage_list *l)
{
	bool ok = add_run(l);

	while (ok && l->n_runs > 1)
		ok = merge_last(l);
	free(l->fresh);
	l->fresh = NULL;
	return ok;
}
