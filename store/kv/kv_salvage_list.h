/*
 * kv_salvage_list.h - genuine values that were found: in order, in little room.
 *
 * Values come as pages have them, a copy as often as pages hold one.  A few
 * thousand at a time are sorted and packed as a run: each the difference to
 * the one before it, about ten bytes instead of forty.  Runs are merged, a
 * longer one only with one that is more than half as long, so that there are few and
 * the work is n log n; of copies one stays, rather one that the newest head
 * leads to.
 */
#ifndef SAKSI_STORE_KV_SALVAGE_LIST_H
#define SAKSI_STORE_KV_SALVAGE_LIST_H

#include <saksi/base/err.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct salvaged {
	uint64_t n;	  /* table KV_DB_META: the transaction */
	uint64_t at;	  /* offset in the file */
	uint32_t version; /* table KV_DB_META: 0 */
	uint32_t len;
	uint8_t db;
	bool reached; /* the newest head leads to its page */
};

#define SALVAGE_FRESH 4096u
#define SALVAGE_RUNS 64u /* each at least twice as long as the next one */

struct salvage_block { /* values of one table */
	uint64_t n;    /* number of the first one */
	uint8_t *bytes;
	uint32_t len;
	uint8_t db;
};
struct salvage_run {
	struct salvage_block *blocks;
	size_t n, cap;
	size_t values;
};
struct salvage_list {
	const uint8_t *reached; /* bitmap of pages; not owned */
	uint32_t page;		/* bytes */
	struct salvaged *fresh; /* that no run has yet */
	size_t n_fresh;
	struct salvage_run runs[SALVAGE_RUNS];
	size_t n_runs;
};

void salvage_list_init(struct salvage_list *l, const uint8_t *reached, uint32_t page);
void salvage_list_free(struct salvage_list *l);
/** salvage_list_add(l, v): ${v->reached} is looked up; false: out of memory. */
bool salvage_list_add(struct salvage_list *l, const struct salvaged *v);
/** salvage_list_close(l): No more come; what follows works from here on. */
bool salvage_list_close(struct salvage_list *l);

struct salvage_cursor {
	const struct salvage_list *l;
	const struct salvage_run *run;
	size_t block, at; /* of what comes next */
	bool there;	  /* whether it stands at a value: */
	struct salvaged now;
};
/** salvage_seek: To the first value of number ${n} of table ${db}, or else what follows. */
void salvage_seek(struct salvage_cursor *c, const struct salvage_list *l, unsigned db,
    uint64_t n);
/** salvage_before: To the last value before (${db}, ${n}). */
void salvage_before(struct salvage_cursor *c, const struct salvage_list *l, unsigned db,
    uint64_t n);
void salvage_step(struct salvage_cursor *c);
/** salvage_at: Whether it stands at a value of number ${n} of table ${db}. */
static inline bool salvage_at(const struct salvage_cursor *c, unsigned db, uint64_t n)
{
	return c->there && c->now.db == db && c->now.n == n;
}

struct salvage_group { /* all values of one number */
	struct salvaged *v;
	size_t n, cap;
};
/** salvage_take(g, c, err): Those of the number it stands at; ${c} stands behind them then. */
SAKSI_MUST_CHECK enum saksi_err salvage_take(struct salvage_group *g,
    struct salvage_cursor *c, struct saksi_error *err);

#endif
