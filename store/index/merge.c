/* merge.c - several runs as one stream of postings. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/secret.h>

#include "index_int.h"

struct merge_input {
	struct cursor c;
	struct run *run;
	struct chunk chunk;
	struct chunk_at at;
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
	in->at = (struct chunk_at){0, NULL};
	if (!in->c.valid)
		return SAKSI_OK;
	return chunk_read(&in->chunk, family_payload(in->c.term[0]), in->c.chunk,
	    in->c.chunk_len, err);
}

/* To its next posting; whether that is one of the same term is seen at once. */
static enum saksi_err forward(struct merger *m, size_t at, struct saksi_error *err)
{
	struct merge_input *in = &m->in[at];
	enum saksi_err rc;

	if (++in->i < in->chunk.n)
		return SAKSI_OK;
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

		if (in->active &&
		    (best == SIZE_MAX ||
			in->chunk.docs[in->i] < m->in[best].chunk.docs[m->in[best].i]))
			best = i;
	}
	return best;
}

static enum saksi_err settle(struct merger *m, struct saksi_error *err)
{
	enum saksi_err rc;

	for (;;) {
		struct merge_input *in;

		m->valid = m->n_active > 0 || next_term(m);
		if (!m->valid)
			return SAKSI_OK;
		m->at = smallest(m);
		in = &m->in[m->at];
		m->doc = in->chunk.docs[in->i];
		if (!is_shadowed(m, m->at, m->doc)) {
			chunk_payload(&in->chunk, &in->at, in->i, &m->pay, &m->pay_len);
			return SAKSI_OK;
		}
		if ((rc = forward(m, m->at, err)) != SAKSI_OK)
			return rc;
	}
}

enum saksi_err merger_next(struct merger *m, struct saksi_error *err)
{
	enum saksi_err rc = forward(m, m->at, err);

	return rc == SAKSI_OK ? settle(m, err) : rc;
}

/* Past (term, doc), where an input stands on it. */
static enum saksi_err pass(struct merge_input *in, const uint8_t *term, size_t n,
    uint64_t doc, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	while (rc == SAKSI_OK && in->c.valid && in->chunk.docs[in->i] <= doc &&
	    term_cmp(in->c.term, in->c.term_len, term, n) == 0) {
		if (++in->i < in->chunk.n)
			continue;
		if ((rc = cursor_next(&in->c, err)) == SAKSI_OK)
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
	return settle(m, err);
}
