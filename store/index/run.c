/*
 * run.c - a run in memory: a value of the tail, or what a transaction put.
 *
 *   value = entries of varint length, term, varint length, chunk
 *
 * in order of terms, one entry for a term, the documents first.
 */
#include <stdlib.h>
#include <string.h>

#include "index_int.h"

void run_free(struct run *r)
{
	if (r == NULL)
		return;
	buf_free(&r->bytes);
	free(r->entries);
	doc_set_free(&r->set);
	id_filter_free(&r->id_filter);
	free(r);
}

bool run_lacks(const struct run *r, const struct index_term *t)
{
	for (unsigned i = 0; t->b[0] == IX_STATE && i < STATE_TERMS; i++)
		if (r->lacks.len[i] == t->n && memcmp(r->lacks.b[i], t->b, t->n) == 0)
			return true;
	return false;
}

void run_note_lack(struct run *r, const struct index_term *t)
{
	for (unsigned i = 0;
	     t->b[0] == IX_STATE && t->n <= STATE_TERM_MAX && i < STATE_TERMS; i++) {
		if (r->lacks.len[i] != 0)
			continue;
		memcpy(r->lacks.b[i], t->b, t->n);
		r->lacks.len[i] = (uint8_t)t->n;
		return;
	}
}

void run_write_entry(struct buf *out, const uint8_t *term, size_t n, const uint8_t *chunk,
    size_t chunk_len)
{
	buf_varint(out, n);
	buf_add(out, term, n);
	buf_varint(out, chunk_len);
	buf_add(out, chunk, chunk_len);
}

static bool read_entry(const uint8_t **p, const uint8_t *end, struct mem_entry *e)
{
	uint64_t n, doc, count;

	if (!varint_get(p, end, &n) || n == 0 || n > INDEX_TERM_MAX ||
	    n > (size_t)(end - *p))
		return false;
	e->term = *p;
	e->term_len = (uint32_t)n;
	*p += n;
	if (!varint_get(p, end, &n) || n > (size_t)(end - *p))
		return false;
	e->chunk = *p;
	e->chunk_len = (uint32_t)n;
	*p += n;
	return chunk_first(e->chunk, e->chunk_len, &doc, &count);
}

static bool in_order(const struct run *r)
{
	for (size_t i = 1; i < r->n_entries; i++)
		if (term_cmp(r->entries[i - 1].term, r->entries[i - 1].term_len,
			r->entries[i].term, r->entries[i].term_len) >= 0)
			return false;
	return true;
}

/* How many records there are, from the first entry. */
static enum saksi_err count_docs(struct run *r, struct saksi_error *err)
{
	const struct mem_entry *e = r->entries;
	struct chunk c = {.docs = NULL};
	enum saksi_err rc;

	r->docs = r->words = 0;
	r->min_doc = 1;
	r->max_doc = 0;
	if (r->n_entries == 0 || e->term[0] != IX_DOCS)
		return SAKSI_OK;
	rc = chunk_read(&c, PAYLOAD_BYTE, e->chunk, e->chunk_len, err);
	if (rc == SAKSI_OK) {
		r->docs = c.n;
		r->min_doc = c.docs[0];
		r->max_doc = c.docs[c.n - 1];
		for (size_t i = 0; i < c.n; i++)
			r->words += index_length(c.pay[i]);
	}
	chunk_free(&c);
	return rc;
}

enum saksi_err run_parse(struct run *r, struct saksi_error *err)
{
	const uint8_t *p = r->bytes.p, *end = p + r->bytes.len;
	struct mem_entry e;
	size_t n = 0;
	bool good = true;

	while (good && p < end) {
		good = read_entry(&p, end, &e);
		n++;
	}
	free(r->entries);
	r->n_entries = 0;
	if ((r->entries = calloc(n + 1, sizeof(*r->entries))) == NULL)
		return saksi_fail_nomem(err);
	for (p = r->bytes.p; good && p < end; r->n_entries++)
		good = read_entry(&p, end, &r->entries[r->n_entries]);
	if (!good || !in_order(r))
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "index: a part of its tail makes no sense; run `saksi reindex`");
	return count_docs(r, err);
}
