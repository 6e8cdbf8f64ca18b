/*
 * super.c - the state record: which segments there are, and what is under way.
 *
 *   [1, next run id, first number of the tail, [run ...], [merge ...], [drop ...]]
 *   and, while it is made anew, [phase, blank, run id, block, swept, log, its end, row, its end]
 *   run   = [id, level, root, height, blocks, first doc, last doc, docs, words]
 *   merge = [level, id of the result, [id ...], nil or [bin term, doc, bin writer]]
 *   drop  = [root, height, [place ...]]
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/mp.h>
#include <saksi/base/secret.h>

#include "index_int.h"

#define SUPER_VERSION 1u

void merge_free(struct merge *m)
{
	if (m != NULL) {
		buf_free(&m->writer);
		wipe(m, sizeof(*m)); /* it holds a term */
	}
	free(m);
}

void super_free(struct super *s)
{
	for (size_t i = 0; i < s->n_runs; i++)
		run_free(s->runs[i]);
	free(s->runs);
	for (unsigned i = 0; i < LEVELS; i++)
		merge_free(s->merges[i]);
	free(s->drops);
	memset(s, 0, sizeof(*s));
}

enum saksi_err super_add_run(struct super *s, struct run *r, size_t at,
    struct saksi_error *err)
{
	struct run **list = list_room(s->runs, s->n_runs, &s->cap_runs, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	s->runs = list;
	memmove(s->runs + at + 1, s->runs + at, (s->n_runs - at) * sizeof(struct run *));
	s->runs[at] = r;
	s->n_runs++;
	return SAKSI_OK;
}

/* ---- reading ----------------------------------------------------------------------- */

static void read_run(struct mp_reader *r, struct run *run)
{
	uint64_t level, height;

	mp_expect_array(r, 9);
	run->id = mp_read_uint(r);
	level = mp_read_uint(r);
	run->root = mp_read_uint(r);
	height = mp_read_uint(r);
	run->blocks = mp_read_uint(r);
	run->min_doc = mp_read_uint(r);
	run->max_doc = mp_read_uint(r);
	run->docs = mp_read_uint(r);
	run->words = mp_read_uint(r);
	if (level >= LEVELS || height < 1 || height > HEIGHT_MAX ||
	    run->max_doc > DOC_MAX || run->docs > DOC_MAX ||
	    (run->docs > 0) != (run->min_doc <= run->max_doc) ||
	    (run->docs > 0 && run->docs > run->max_doc - run->min_doc + 1))
		mp_fail(r, "a segment that cannot be");
	run->level = (unsigned)level;
	run->height = (unsigned)height;
}

static enum saksi_err read_runs(struct super *s, struct mp_reader *r,
    struct saksi_error *err)
{
	uint32_t n = mp_read_array(r);
	enum saksi_err rc;

	for (uint32_t i = 0; i < n && !r->failed; i++) {
		struct run *run = calloc(1, sizeof(*run));

		if (run == NULL)
			return saksi_fail_nomem(err);
		read_run(r, run);
		if ((rc = super_add_run(s, run, s->n_runs, err)) != SAKSI_OK) {
			run_free(run);
			return rc;
		}
	}
	return SAKSI_OK;
}

static struct run *run_of(const struct super *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_runs; i++)
		if (s->runs[i]->id == id)
			return s->runs[i];
	return NULL;
}

static void read_progress(struct mp_reader *r, struct merge *m)
{
	const uint8_t *p;
	size_t n;

	if (mp_read_nil(r))
		return;
	mp_expect_array(r, 3);
	n = mp_read_bin(r, &p);
	if (n == 0 || n > INDEX_TERM_MAX)
		mp_fail(r, "a term that cannot be");
	if (r->failed)
		return;
	memcpy(m->term, p, n);
	m->term_len = n;
	m->doc = mp_read_uint(r);
	n = mp_read_bin(r, &p);
	if (!r->failed)
		buf_add(&m->writer, p, n);
	m->started = true;
}

static enum saksi_err read_merge(struct super *s, struct mp_reader *r,
    struct saksi_error *err)
{
	struct merge *m;
	uint64_t level;
	uint32_t n;

	mp_expect_array(r, 4);
	level = mp_read_uint(r);
	if (level >= LEVELS || s->merges[level] != NULL)
		mp_fail(r, "a merge that cannot be");
	if (r->failed)
		return SAKSI_OK;
	if ((m = s->merges[level] = calloc(1, sizeof(*m))) == NULL)
		return saksi_fail_nomem(err);
	m->level = (unsigned)level;
	m->out_id = mp_read_uint(r);
	n = mp_read_array(r);
	if (n < 2 || n > FANOUT)
		mp_fail(r, "a merge that cannot be");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		struct run *run = run_of(s, mp_read_uint(r));

		if (run == NULL) {
			mp_fail(r, "a merge of what is not there");
			break;
		}
		run->merging = true;
		m->in[m->n_in++] = run->id;
	}
	read_progress(r, m);
	return SAKSI_OK;
}

static enum saksi_err read_drops(struct super *s, struct mp_reader *r,
    struct saksi_error *err)
{
	uint32_t n = mp_read_array(r);

	if (r->failed || n == 0)
		return SAKSI_OK;
	if ((s->drops = calloc(n, sizeof(*s->drops))) == NULL)
		return saksi_fail_nomem(err);
	s->cap_drops = n;
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		struct drop *d = &s->drops[s->n_drops++];
		uint64_t height;

		mp_expect_array(r, 3);
		d->root = mp_read_uint(r);
		height = mp_read_uint(r);
		if (height < 1 || height > HEIGHT_MAX)
			mp_fail(r, "a segment that cannot be");
		d->height = (unsigned)height;
		mp_expect_array(r, HEIGHT_MAX);
		for (unsigned k = 0; k < HEIGHT_MAX; k++)
			d->place[k] = mp_read_uint(r);
	}
	return SAKSI_OK;
}

static void read_rebuild(struct mp_reader *r, struct rebuild *b)
{
	uint64_t phase;

	mp_expect_array(r, 9);
	phase = mp_read_uint(r);
	b->blank = mp_read_bool(r);
	b->run_id = mp_read_uint(r);
	b->block = mp_read_uint(r);
	b->swept = mp_read_uint(r);
	b->log = mp_read_uint(r);
	b->log_end = mp_read_uint(r);
	b->row = mp_read_uint(r);
	b->row_end = mp_read_uint(r);
	if (phase != INDEX_REBUILD_PUT && phase != INDEX_REBUILD_SWEEP)
		mp_fail(r, "a rebuilding that cannot be");
	else
		b->phase = (enum index_rebuild_phase)phase;
}

enum saksi_err super_read(struct super *s, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	uint64_t version;
	uint32_t merges, parts;
	enum saksi_err rc;

	memset(s, 0, sizeof(*s));
	mp_read_init(&r, p, n);
	parts = mp_read_array(&r);
	if (parts != 6 && parts != 7)
		mp_fail(&r, "an array of the wrong length");
	version = mp_read_uint(&r);
	if (!r.failed && version != SUPER_VERSION)
		mp_fail(&r, "a newer saksi wrote it");
	s->next_id = mp_read_uint(&r);
	s->tail_first = mp_read_uint(&r);
	if ((rc = read_runs(s, &r, err)) != SAKSI_OK)
		return rc;
	merges = mp_read_array(&r);
	for (uint32_t i = 0; i < merges && !r.failed; i++)
		if ((rc = read_merge(s, &r, err)) != SAKSI_OK)
			return rc;
	if ((rc = read_drops(s, &r, err)) != SAKSI_OK)
		return rc;
	if (parts == 7)
		read_rebuild(&r, &s->rebuild);
	return mp_done(&r, "index", err);
}

/* ---- writing ------------------------------------------------------------------------ */

static void write_run(struct buf *b, const struct run *r)
{
	mp_array(b, 9);
	mp_uint(b, r->id);
	mp_uint(b, r->level);
	mp_uint(b, r->root);
	mp_uint(b, r->height);
	mp_uint(b, r->blocks);
	mp_uint(b, r->min_doc);
	mp_uint(b, r->max_doc);
	mp_uint(b, r->docs);
	mp_uint(b, r->words);
}

static void write_merge(struct buf *b, const struct merge *m)
{
	mp_array(b, 4);
	mp_uint(b, m->level);
	mp_uint(b, m->out_id);
	mp_array(b, m->n_in);
	for (unsigned i = 0; i < m->n_in; i++)
		mp_uint(b, m->in[i]);
	if (!m->started) {
		mp_nil(b);
		return;
	}
	mp_array(b, 3);
	mp_bin(b, m->term, m->term_len);
	mp_uint(b, m->doc);
	mp_bin(b, m->writer.p, m->writer.len);
}

static void write_drop(struct buf *b, const struct drop *d)
{
	mp_array(b, 3);
	mp_uint(b, d->root);
	mp_uint(b, d->height);
	mp_array(b, HEIGHT_MAX);
	for (unsigned i = 0; i < HEIGHT_MAX; i++)
		mp_uint(b, d->place[i]);
}

static void write_rebuild(struct buf *b, const struct rebuild *r)
{
	mp_array(b, 9);
	mp_uint(b, r->phase);
	mp_bool(b, r->blank);
	mp_uint(b, r->run_id);
	mp_uint(b, r->block);
	mp_uint(b, r->swept);
	mp_uint(b, r->log);
	mp_uint(b, r->log_end);
	mp_uint(b, r->row);
	mp_uint(b, r->row_end);
}

enum saksi_err super_write(const struct super *s, struct kv_txn *txn,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	uint32_t merges = 0;
	enum saksi_err rc;

	for (unsigned i = 0; i < LEVELS; i++)
		merges += s->merges[i] != NULL;
	mp_array(&b, s->rebuild.phase == INDEX_REBUILD_NONE ? 6 : 7);
	mp_uint(&b, SUPER_VERSION);
	mp_uint(&b, s->next_id);
	mp_uint(&b, s->tail_first);
	mp_array(&b, (uint32_t)s->n_runs);
	for (size_t i = 0; i < s->n_runs; i++)
		write_run(&b, s->runs[i]);
	mp_array(&b, merges);
	for (unsigned i = 0; i < LEVELS; i++)
		if (s->merges[i] != NULL)
			write_merge(&b, s->merges[i]);
	mp_array(&b, (uint32_t)s->n_drops);
	for (size_t i = 0; i < s->n_drops; i++)
		write_drop(&b, &s->drops[i]);
	if (s->rebuild.phase != INDEX_REBUILD_NONE)
		write_rebuild(&b, &s->rebuild);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		rc = kv_put(txn, KV_INDEX, SUPER_NUMBER, b.p, b.len, err);
	buf_free(&b);
	return rc;
}
