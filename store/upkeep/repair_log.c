/* repair_log.c - the surviving log, merged once more in its order. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "entry.h"
#include "repair.h"

/* What sync's gate keeps of one sealer. */
#define KEPT_COUNT 1000u
#define KEPT_BYTES ((uint64_t)16 << 20)

uint64_t repair_number(const struct saksi_repair *r, uint64_t n)
{
	if (n < r->n_merged && r->merged[n] != 0)
		return r->merged[n];
	return NOT_MERGED + n;
}

uint32_t repair_branch(const struct saksi_repair *r, uint64_t branch)
{
	if (branch < r->n_branches && r->branches[branch] != UINT32_MAX)
		return r->branches[branch];
	return r->lost_branches + (uint32_t)(branch % LOST_BRANCHES_MAX);
}

/* ---- which number is which ------------------------------------------------------------ */

static enum saksi_err note_merged(struct saksi_repair *r, uint64_t there, uint64_t here,
    struct saksi_error *err)
{
	uint64_t more = r->n_merged == 0 ? 1024 : r->n_merged;
	uint64_t *p;

	if (there >= r->n_merged) {
		while (more <= there)
			more *= 2;
		if (more > SIZE_MAX / sizeof(*p) ||
		    (p = realloc(r->merged, (size_t)more * sizeof(*p))) == NULL)
			return saksi_fail_nomem(err);
		memset(p + r->n_merged, 0, (size_t)(more - r->n_merged) * sizeof(*p));
		r->merged = p;
		r->n_merged = more;
	}
	r->merged[there] = here;
	return SAKSI_OK;
}

static enum saksi_err note_branch(struct saksi_repair *r, uint32_t there, uint32_t here,
    struct saksi_error *err)
{
	uint32_t *p;

	/* Numbers follow each other, but for branches that are lost. */
	if (there >= r->n_branches + 100000u)
		return SAKSI_OK;
	if (there >= r->n_branches) {
		if ((p = realloc(r->branches, ((size_t)there + 1) * sizeof(*p))) == NULL)
			return saksi_fail_nomem(err);
		memset(p + r->n_branches, 0xff, (there + 1 - r->n_branches) * sizeof(*p));
		r->branches = p;
		r->n_branches = (size_t)there + 1;
	}
	if (r->branches[there] == UINT32_MAX)
		r->branches[there] = here;
	return SAKSI_OK;
}

static enum saksi_err now_here(struct saksi_repair *r, const struct stored_entry *e,
    struct saksi_error *err)
{
	struct cat_entry here;
	bool found;
	enum saksi_err rc = catalog_entry(r->t, &e->cs->id, &here, &found, err);

	if (rc != SAKSI_OK || !found)
		return rc;
	if ((rc = note_merged(r, e->n, here.n, err)) == SAKSI_OK)
		rc = note_branch(r, e->branch, here.branch, err);
	return rc;
}

/* ---- one change -------------------------------------------------------------------------- */

static enum saksi_err keep(struct saksi_repair *r, const struct stored_entry *e,
    const char *why, struct saksi_error *err)
{
	struct repair_pending *list;
	char name[17];

	list = list_room(r->pending, r->n_pending, &r->cap_pending, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	r->pending = list;
	list[r->n_pending++] = (struct repair_pending){e->cs->id, e->n};
	if (r->report.pending >= KEPT_COUNT ||
	    r->kept_bytes + e->cs->bytes.len > KEPT_BYTES) {
		hash_short(name, &e->cs->id);
		repair_lost(r,
		    "change %llu (%s): %s; too many wait already, so it is not kept",
		    (unsigned long long)e->n, name, why);
		return SAKSI_OK;
	}
	r->report.pending++;
	r->kept_bytes += e->cs->bytes.len;
	return saksi_held_put(r->t, e->cs, HELD_PENDING, &e->sealer, why, err);
}

/* Of two that claim one number, a later one settles which was committed: it cites it. */
static enum saksi_err merge_entry(struct saksi_repair *r, const struct stored_entry *e,
    struct saksi_error *err)
{
	struct saksi_hash missing[CHANGESET_CAUSES_MAX];
	struct saksi_error why;
	uint32_t n = 0;
	enum saksi_err rc;

	if (r->opt.anew)
		return keep(r, e, "this device's keys are lost", err);
	if ((rc = saksi_log_missing(r->t, e->cs, missing, &n, err)) != SAKSI_OK)
		return rc;
	if (n > 0)
		return keep(r, e, "it follows a change that is lost", err);
	rc = log_restore(r->t, e->cs, &e->sealer, e->received_us, &why);
	if (rc == SAKSI_EEXIST)
		return now_here(r, e, err);
	if (rc == SAKSI_EFORMAT || rc == SAKSI_ELIMIT || rc == SAKSI_ENEWER) {
		repair_lost(r, "change %llu: %s", (unsigned long long)e->n, why.msg);
		return SAKSI_OK;
	}
	if (rc != SAKSI_OK)
		return saksi_fail(err, rc, "%s", why.msg);
	r->report.changes++;
	return now_here(r, e, err);
}

struct merging {
	struct saksi_repair *r;
	uint64_t next; /* number after the last one that was met */
	uint64_t end;  /* number after the last one that there should be */
};

static void name_missing(struct merging *m, uint64_t upto)
{
	struct saksi_repair *r = m->r;
	uint64_t from = m->next;

	if (upto <= from)
		return;
	r->report.missing += (size_t)(upto - from);
	if (upto - from == 1)
		repair_lost(r, "change %llu: it is lost", (unsigned long long)from);
	else
		repair_lost(r, "changes %llu to %llu: they are lost",
		    (unsigned long long)from, (unsigned long long)upto - 1);
}

static enum saksi_err on_entry(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct merging *m = ctx;
	struct stored_entry e;
	struct saksi_error why;
	enum saksi_err rc;

	/* Another one had this number and was committed. */
	if (f->as == FOUND_OLDER || f->n + 1 == m->next)
		return SAKSI_OK;
	rc = stored_entry_read(&e, f->n, p, len, &why);
	if (rc == SAKSI_ENOMEM)
		return saksi_fail_nomem(err);
	if (rc != SAKSI_OK)
		return SAKSI_OK;
	name_missing(m, f->n);
	m->next = f->n + 1;
	rc = merge_entry(m->r, &e, err);
	stored_entry_free(&e);
	if (rc == SAKSI_OK)
		rc = repair_batch(m->r, err);
	if (rc == SAKSI_OK && m->r->opt.progress != NULL)
		m->r->opt.progress(m->r->opt.ctx, "Merging changes", (size_t)f->n,
		    (size_t)m->end);
	return rc;
}

static int by_id(const void *a, const void *b)
{
	const struct repair_pending *x = a, *y = b;

	return hash_cmp(&x->id, &y->id);
}

enum saksi_err repair_log(struct saksi_repair *r, struct saksi_error *err)
{
	struct merging m = {.r = r, .next = 1};
	struct kv_salvage_state state;
	enum saksi_err rc;

	kv_salvage_state(r->salvage, KV_LOG, &state);
	if (state.known) {
		m.next = state.first;
		m.end = state.next;
	}
	rc = kv_salvage_each(r->salvage, KV_LOG, on_entry, &m, err);
	if (rc == SAKSI_OK)
		name_missing(&m, m.end);
	/* Room for the logs that this device opens meanwhile. */
	r->lost_branches = (uint32_t)r->v->catalog.n_branches + 64;
	if (r->n_pending > 1)
		qsort(r->pending, r->n_pending, sizeof(*r->pending), by_id);
	return rc;
}

/* ---- held before ------------------------------------------------------------------------------ */

struct holding {
	struct saksi_repair *r;
	uint64_t last;
};

static enum saksi_err on_held(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct holding *h = ctx;
	uint64_t n;
	enum saksi_err rc;

	/* A value here is written once; after it is settled it is gone. */
	if (f->as == FOUND_OLDER || f->as == FOUND_LOOSE || f->n == h->last)
		return SAKSI_OK;
	h->last = f->n;
	if ((rc = kv_next(h->r->t->kv, KV_HELD, &n, err)) == SAKSI_OK &&
	    (rc = kv_put(h->r->t->kv, KV_HELD, n, p, len, err)) == SAKSI_OK)
		rc = repair_batch(h->r, err);
	h->r->report.held += rc == SAKSI_OK;
	return rc;
}

enum saksi_err repair_held(struct saksi_repair *r, struct saksi_error *err)
{
	struct holding h = {.r = r};
	struct kv_salvage_state state;
	enum saksi_err rc;

	if (r->opt.anew)
		return SAKSI_OK;
	kv_salvage_state(r->salvage, KV_HELD, &state);
	if ((rc = kv_salvage_each(r->salvage, KV_HELD, on_held, &h, err)) != SAKSI_OK)
		return rc;
	if (state.known && state.count > r->report.held)
		repair_lost(r, "%llu of the changesets that were held back",
		    (unsigned long long)state.count - r->report.held);
	return SAKSI_OK;
}
