/* merge.c - several runs as one stream of postings. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/secret.h>

#include "index_int.h"

struct merge_input {
	struct cursor c;
	struct run *run;
	struct chunk_parts whole; /* the chunk it stands in */
	struct chunk chunk;	  /* the same, decoded when its postings are asked for */
	struct chunk_at at;
	bool decoded;
	size_t i;	/* posting in the chunk */
	bool active;	/* stands on the merger's term */
	size_t shadows; /* younger inputs that may hold the same records */
};

static bool overlap(const struct run *a, const struct run *b)
{
	return a->docs > 0 && b->docs > 0 && a->min_doc <= b->max_doc &&
	    b->min_doc <= a->max_doc;
}

enum saksi_err merger_open(struct merger *m, struct index *x, struct kv_txn *txn,
    struct run *const *runs, size_t n, struct saksi_error *err)
{
	enum saksi_err rc;

	memset(m, 0, sizeof(*m));
	m->x = x;
	m->txn = txn;
	if ((m->in = calloc(n + 1, sizeof(*m->in))) == NULL)
		return saksi_fail_nomem(err);
	for (; m->n < n; m->n++) {
		struct merge_input *in = &m->in[m->n];

		in->run = runs[m->n];
		if ((rc = cursor_open(&in->c, x, txn, in->run, err)) != SAKSI_OK)
			return rc;
		in->c.once = true;
		for (size_t j = 0; j < m->n; j++)
			m->in[j].shadows += overlap(m->in[j].run, in->run);
	}
	for (size_t i = 1; i < n; i++)
		if ((rc = run_set(x, txn, m->in[i].run, err)) != SAKSI_OK)
			return rc;
	return SAKSI_OK;
}

void merger_close(struct merger *m)
{
	for (size_t i = 0; m->in != NULL && i < m->n; i++) {
		cursor_close(&m->in[i].c);
		chunk_free(&m->in[i].chunk);
	}
	free(m->in);
	wipe(m, sizeof(*m));
}

static enum saksi_err open_chunk(struct merge_input *in, struct saksi_error *err)
{
	in->i = 0;
	in->decoded = false;
	if (in->c.valid &&
	    !chunk_split(&in->whole, family_payload(in->c.term[0]), in->c.chunk,
		in->c.chunk_len))
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "index: a list in it makes no sense; run `saksi reindex`");
	return SAKSI_OK;
}

static enum saksi_err decode(struct merge_input *in, struct saksi_error *err)
{
	if (in->decoded)
		return SAKSI_OK;
	in->decoded = true;
	in->at = (struct chunk_at){0, NULL};
	return chunk_read(&in->chunk, family_payload(in->c.term[0]), in->c.chunk,
	    in->c.chunk_len, err);
}

static uint64_t doc_of(const struct merge_input *in)
{
	return in->i == 0 ? in->whole.first : in->chunk.docs[in->i];
}

/* To its next posting, or over the rest of its chunk; is it one of the same term? */
static enum saksi_err forward(struct merger *m, size_t at, bool rest,
    struct saksi_error *err)
{
	struct merge_input *in = &m->in[at];
	enum saksi_err rc;

	if (!rest && ++in->i < in->whole.n)
		return decode(in, err);
	if ((rc = cursor_next(&in->c, err)) == SAKSI_OK)
		rc = open_chunk(in, err);
	in->active = rc == SAKSI_OK && in->c.valid &&
	    term_cmp(in->c.term, in->c.term_len, m->term, m->term_len) == 0;
	m->n_active -= !in->active;
	return rc;
}

/* A younger input holds this record as a whole. */
static bool is_shadowed(const struct merger *m, size_t at, uint64_t doc)
{
	if (m->in[at].shadows == 0 || family_is_log(m->in[at].c.term[0]))
		return false;
	for (size_t j = at + 1; j < m->n; j++)
		if (doc_set_has(&m->in[j].run->set, doc))
			return true;
	return false;
}

/* The smallest term that any input stands on, and who stands on it. */
static bool next_term(struct merger *m)
{
	const struct merge_input *least = NULL;

	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *in = &m->in[i];

		in->active = false;
		if (in->c.valid &&
		    (least == NULL ||
			term_cmp(in->c.term, in->c.term_len, least->c.term,
			    least->c.term_len) < 0))
			least = in;
	}
	if (least == NULL)
		return false;
	memcpy(m->term, least->c.term, least->c.term_len);
	m->term_len = least->c.term_len;
	m->n_active = 0;
	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *in = &m->in[i];

		in->active = in->c.valid &&
		    term_cmp(in->c.term, in->c.term_len, m->term, m->term_len) == 0;
		m->n_active += in->active;
	}
	return true;
}

/* Of those on the present term the one with the smallest document. */
static size_t smallest(const struct merger *m)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < m->n; i++) {
		const struct merge_input *in = &m->in[i];

		if (in->active && (best == SIZE_MAX || doc_of(in) < doc_of(&m->in[best])))
			best = i;
	}
	return best;
}

static enum saksi_err settle(struct merger *m, struct saksi_error *err)
{
	enum saksi_err rc;

	for (;;) {
		m->valid = m->n_active > 0 || next_term(m);
		if (!m->valid)
			return SAKSI_OK;
		m->at = smallest(m);
		m->doc = doc_of(&m->in[m->at]);
		if (!is_shadowed(m, m->at, m->doc))
			return SAKSI_OK;
		if ((rc = forward(m, m->at, false, err)) != SAKSI_OK)
			return rc;
	}
}

static enum saksi_err look(struct merger *m, struct saksi_error *err)
{
	struct merge_input *in = &m->in[m->at];
	enum saksi_err rc;

	if (m->valid && (rc = decode(in, err)) != SAKSI_OK)
		return rc;
	if (m->valid)
		chunk_payload(&in->chunk, &in->at, in->i, &m->pay, &m->pay_len);
	return SAKSI_OK;
}

enum saksi_err merger_next(struct merger *m, struct saksi_error *err)
{
	enum saksi_err rc;

	if ((rc = forward(m, m->at, false, err)) != SAKSI_OK ||
	    (rc = settle(m, err)) != SAKSI_OK)
		return rc;
	return look(m, err);
}

/* ---- to a writer ---------------------------------------------------------------------- */

/* It stands before a chunk of which all is to be copied, before any other's postings. */
static bool stands_alone(const struct merger *m)
{
	const struct merge_input *in = &m->in[m->at];

	if (in->i > 0 || (in->shadows > 0 && !family_is_log(m->term[0])))
		return false;
	for (size_t i = 0; m->n_active > 1 && i < m->n; i++)
		if (i != m->at && m->in[i].active && doc_of(&m->in[i]) <= in->whole.last)
			return false;
	return true;
}

static enum saksi_err copy_some(struct merger *m, struct writer *w,
    struct saksi_error *err)
{
	bool all = false;
	enum saksi_err rc = SAKSI_OK;

	if (stands_alone(m))
		rc = writer_add_all(w, m->term, m->term_len, &m->in[m->at].whole, &all,
		    err);
	if (rc == SAKSI_OK && !all && (rc = look(m, err)) == SAKSI_OK)
		rc = writer_add(w, m->term, m->term_len, m->doc, m->pay, m->pay_len, err);
	if (rc == SAKSI_OK)
		rc = forward(m, m->at, all, err);
	return rc;
}

enum saksi_err merger_copy(struct merger *m, struct writer *w, uint64_t budget,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	while (rc == SAKSI_OK && m->valid && w->written < budget)
		if ((rc = copy_some(m, w, err)) == SAKSI_OK)
			rc = settle(m, err);
	return rc;
}

/* ---- from some place on ------------------------------------------------------------------ */

/* Past (term, doc), where an input stands on it. */
static enum saksi_err pass(struct merge_input *in, const uint8_t *term, size_t n,
    uint64_t doc, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	while (rc == SAKSI_OK && in->c.valid && doc_of(in) <= doc &&
	    term_cmp(in->c.term, in->c.term_len, term, n) == 0) {
		if (++in->i < in->whole.n)
			rc = decode(in, err);
		else if ((rc = cursor_next(&in->c, err)) == SAKSI_OK)
			rc = open_chunk(in, err);
	}
	return rc;
}

enum saksi_err merger_start(struct merger *m, const uint8_t *term, size_t n, uint64_t doc,
    struct saksi_error *err)
{
	static const uint8_t first[] = {0};
	enum saksi_err rc;

	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *in = &m->in[i];

		rc = n == 0 ? cursor_seek(&in->c, first, sizeof(first), 0, err)
			    : cursor_seek(&in->c, term, n, doc, err);
		if (rc == SAKSI_OK)
			rc = open_chunk(in, err);
		if (rc == SAKSI_OK && n > 0)
			rc = pass(in, term, n, doc, err);
		if (rc != SAKSI_OK)
			return rc;
	}
	m->n_active = 0;
	return (rc = settle(m, err)) == SAKSI_OK ? look(m, err) : rc;
}
