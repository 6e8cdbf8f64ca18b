/*
 * merge_steps.c - which runs are merged, and a bounded part of it at a time.
 *
 * FANOUT runs of one level, neighbours in age, become one of the next.  An
 * older run never has a lower level than a younger one, so runs of one level
 * stand together.  One merge for each level may be under way; the lowest
 * goes first.  Its result takes the place of its inputs when it is whole, and
 * their blocks are removed afterwards, a part at a time too.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "index_int.h"

/* ---- choosing ---------------------------------------------------------------------- */

/* The oldest FANOUT neighbours of this level that are in no merge. */
static enum saksi_err start_merge(struct super *s, unsigned level, struct saksi_error *err)
{
	size_t first = SIZE_MAX, n = 0;
	struct merge *m;

	for (size_t i = 0; i < s->n_runs && n < FANOUT; i++) {
		if (s->runs[i]->level != level || s->runs[i]->merging ||
		    s->runs[i]->id < s->rebuild.run_id)
			n = 0;
		else if (n++ == 0)
			first = i;
	}
	if (n < FANOUT || s->merges[level] != NULL || level + 1 >= LEVELS)
		return SAKSI_OK;
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return saksi_fail_nomem(err);
	m->level = level;
	m->out_id = s->next_id++;
	for (size_t i = first; m->n_in < FANOUT; i++) {
		s->runs[i]->merging = true;
		m->in[m->n_in++] = s->runs[i]->id;
	}
	s->merges[level] = m;
	return SAKSI_OK;
}

static size_t place_of(const struct super *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_runs; i++)
		if (s->runs[i]->id == id)
			return i;
	return SIZE_MAX;
}

/* ---- removing --------------------------------------------------------------------------- */

static enum saksi_err add_drop(struct super *s, const struct run *r,
    struct saksi_error *err)
{
	struct drop *list = list_room(s->drops, s->n_drops, &s->cap_drops, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	s->drops = list;
	s->drops[s->n_drops++] = (struct drop){.root = r->root, .height = r->height};
	return SAKSI_OK;
}

/* Child number ${place} of a fence; false: it has fewer. */
static enum saksi_err child_at(struct index *x, struct kv_txn *txn, uint64_t number,
    uint64_t place, uint64_t *child, bool *there, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	struct block_iter it;
	enum saksi_err rc;

	*there = false;
	if ((rc = block_load(x, txn, number, true, &b, err)) == SAKSI_OK &&
	    (rc = block_open(&it, b.p, b.len, err)) == SAKSI_OK) {
		*there = block_next(&it);
		while (*there && place-- > 0)
			*there = block_next(&it);
		*child = *there ? it.child : 0;
	}
	buf_free(&b);
	return rc;
}

/* Remove the next block, children before their parents. */
static enum saksi_err drop_one(struct index *x, struct kv_txn *txn, struct drop *d,
    bool *done, struct saksi_error *err)
{
	uint64_t number = d->root, child;
	enum saksi_err rc;
	unsigned level = 0;
	bool there;

	*done = false;
	while (level + 1 < d->height) {
		rc = child_at(x, txn, number, d->place[level], &child, &there, err);
		if (rc != SAKSI_OK)
			return rc;
		if (!there)
			break; /* all its children are gone */
		number = child;
		level++;
	}
	if ((rc = kv_del(txn, KV_INDEX, number, err)) != SAKSI_OK)
		return rc;
	if (level == 0) {
		*done = true;
		return SAKSI_OK;
	}
	d->place[level - 1]++;
	for (; level < HEIGHT_MAX; level++)
		d->place[level] = 0;
	return SAKSI_OK;
}

static enum saksi_err carry_drops(struct index *x, struct kv_txn *txn, uint64_t *budget,
    struct saksi_error *err)
{
	struct super *s = &x->super;
	enum saksi_err rc;
	bool done;

	while (s->n_drops > 0 && *budget > 0) {
		if ((rc = drop_one(x, txn, &s->drops[0], &done, err)) != SAKSI_OK)
			return rc;
		--*budget;
		if (done)
			memmove(s->drops, s->drops + 1, --s->n_drops * sizeof(*s->drops));
	}
	return SAKSI_OK;
}

/* ---- merging ------------------------------------------------------------------------------ */

/* The result takes the place of its inputs. */
static enum saksi_err finish(struct index *x, struct merge *m, struct run *r,
    struct saksi_error *err)
{
	struct super *s = &x->super;
	size_t first = place_of(s, m->in[0]);
	enum saksi_err rc;

	for (unsigned i = 0; i < m->n_in; i++)
		if ((rc = add_drop(s, s->runs[first + i], err)) != SAKSI_OK)
			return rc;
	r->level = m->level + 1;
	for (size_t i = first + m->n_in; i < s->n_runs; i++)
		if (s->runs[i]->level > r->level)
			r->level = s->runs[i]->level;
	for (unsigned i = 0; i < m->n_in; i++)
		run_free(s->runs[first + i]);
	s->runs[first] = r;
	memmove(s->runs + first + 1, s->runs + first + m->n_in,
	    (s->n_runs - first - m->n_in) * sizeof(struct run *));
	s->n_runs -= m->n_in - 1;
	s->merges[m->level] = NULL;
	merge_free(m);
	return SAKSI_OK;
}

/* ${*out}: the whole result, if this part was the last. */
static enum saksi_err merge_part(struct merge *m, struct merger *in, struct writer *w,
    uint64_t budget, struct run **out, struct saksi_error *err)
{
	enum saksi_err rc;

	if (m->started &&
	    (rc = writer_resume(w, m->writer.p, m->writer.len, err)) != SAKSI_OK)
		return rc;
	rc = merger_start(in, m->term, m->started ? m->term_len : 0, m->doc, err);
	if (rc != SAKSI_OK || (rc = merger_copy(in, w, budget, err)) != SAKSI_OK)
		return rc;
	if (in->valid) {
		/* The writer stands on the last posting it was given. */
		m->started = true;
		memcpy(m->term, w->term, w->term_len);
		m->term_len = w->term_len;
		m->doc = w->chunk.last;
		buf_reset(&m->writer);
		return writer_pause(w, &m->writer, err);
	}
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return saksi_fail_nomem(err);
	(*out)->id = m->out_id;
	return writer_finish(w, *out, err);
}

static enum saksi_err carry_merge(struct index *x, struct kv_txn *txn, struct merge *m,
    uint64_t *budget, struct saksi_error *err)
{
	struct merger in = {.n = 0};
	struct writer w = {.x = NULL};
	struct run *out = NULL;
	enum saksi_err rc;

	rc = merger_open(&in, x, txn, x->super.runs + place_of(&x->super, m->in[0]),
	    m->n_in, err);
	if (rc == SAKSI_OK && (rc = writer_open(&w, x, txn, err)) == SAKSI_OK)
		rc = merge_part(m, &in, &w, *budget, &out, err);
	*budget = w.written < *budget ? *budget - w.written : 0;
	writer_close(&w);
	merger_close(&in);
	if (rc == SAKSI_OK && out != NULL)
		rc = finish(x, m, out, err);
	if (rc != SAKSI_OK)
		run_free(out);
	return rc;
}

enum saksi_err merge_carry_on(struct index *x, struct kv_txn *txn, uint64_t budget,
    bool *busy, struct saksi_error *err)
{
	struct super *s = &x->super;
	enum saksi_err rc;

	*busy = false;
	/* What is written now leaves room for what has to be; the rest comes another time. */
	if (budget > kv_txn_room(txn) / 2)
		budget = kv_txn_room(txn) / 2;
	for (unsigned level = 0; level < LEVELS; level++)
		if ((rc = start_merge(s, level, err)) != SAKSI_OK)
			return rc;
	/* Dropping is what gives room back, and it is what was paid for first. */
	if ((rc = carry_drops(x, txn, &budget, err)) != SAKSI_OK)
		return rc;
	for (unsigned level = 0; level < LEVELS && budget > 0; level++) {
		if (s->merges[level] == NULL)
			continue;
		rc = carry_merge(x, txn, s->merges[level], &budget, err);
		if (rc == SAKSI_OK)
			rc = start_merge(s, level, err);
		if (rc == SAKSI_OK && level + 1 < LEVELS)
			rc = start_merge(s, level + 1, err);
		if (rc != SAKSI_OK)
			return rc;
	}
	*busy = s->n_drops > 0;
	for (unsigned level = 0; level < LEVELS; level++)
		*busy |= s->merges[level] != NULL;
	return SAKSI_OK;
}
