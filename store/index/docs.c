/* docs.c - which documents a run holds. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/bits.h>

#include "index_int.h"

/* Where the first document that is not before ${doc} stands in the list. */
static size_t place_of(const struct doc_set *s, uint64_t doc)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->list[mid] < doc)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool doc_set_has(const struct doc_set *s, uint64_t doc)
{
	size_t at;

	if (s->n == 0 || doc < s->min || doc > s->max)
		return false;
	if (s->bits != NULL)
		return bit_get(s->bits, doc - s->min);
	at = place_of(s, doc);
	return at < s->n && s->list[at] == doc;
}

uint8_t doc_set_length(const struct doc_set *s, uint64_t doc)
{
	return s->length[s->bits != NULL ? doc - s->min : place_of(s, doc)];
}

void doc_set_free(struct doc_set *s)
{
	free(s->list);
	free(s->bits);
	free(s->length);
	memset(s, 0, sizeof(*s));
}

/* A bit for each number of the range where that is less than eight bytes for each. */
static enum saksi_err set_start(struct doc_set *s, const struct run *r,
    struct saksi_error *err)
{
	uint64_t span = r->max_doc - r->min_doc + 1;

	s->min = r->min_doc;
	s->max = r->max_doc;
	if (span / 64 < r->docs) {
		s->bits = calloc((size_t)(span / 8 + 1), 1);
		s->length = calloc((size_t)span, 1);
	} else {
		s->list = calloc((size_t)r->docs + 1, sizeof(*s->list));
		s->length = calloc((size_t)r->docs + 1, 1);
	}
	return s->length == NULL || (s->bits == NULL && s->list == NULL)
	    ? saksi_fail_nomem(err)
	    : SAKSI_OK;
}

static bool set_add(struct doc_set *s, const struct run *r, const struct chunk *chunk)
{
	for (size_t i = 0; i < chunk->n; i++) {
		uint64_t doc = chunk->docs[i];

		if (doc < s->min || doc > s->max || s->n >= r->docs)
			return false;
		if (s->bits != NULL) {
			bit_set(s->bits, doc - s->min);
			s->length[doc - s->min] = chunk->pay[i];
		} else {
			s->list[s->n] = doc;
			s->length[s->n] = chunk->pay[i];
		}
		s->n++;
	}
	return true;
}

static enum saksi_err read_set(struct doc_set *s, struct cursor *c,
    struct saksi_error *err)
{
	static const uint8_t term[] = {IX_DOCS};
	struct chunk chunk = {.docs = NULL};
	enum saksi_err rc = cursor_seek(c, term, sizeof(term), 0, err);

	while (rc == SAKSI_OK && c->valid &&
	    term_cmp(c->term, c->term_len, term, sizeof(term)) == 0) {
		rc = chunk_read(&chunk, PAYLOAD_BYTE, c->chunk, c->chunk_len, err);
		if (rc == SAKSI_OK && !set_add(s, c->run, &chunk))
			rc = saksi_fail(err, SAKSI_EDAMAGED,
			    "index: the documents of a segment are not those it "
			    "names; run `saksi reindex`");
		if (rc == SAKSI_OK)
			rc = cursor_next(c, err);
	}
	chunk_free(&chunk);
	return rc;
}

enum saksi_err run_set(struct index *x, struct kv_txn *txn, struct run *r,
    struct saksi_error *err)
{
	struct cursor c;
	enum saksi_err rc;

	if (r->has_set)
		return SAKSI_OK;
	if (r->docs > 0) {
		if ((rc = set_start(&r->set, r, err)) == SAKSI_OK &&
		    (rc = cursor_open(&c, x, txn, r, err)) == SAKSI_OK) {
			rc = read_set(&r->set, &c, err);
			cursor_close(&c);
		}
		if (rc != SAKSI_OK) {
			doc_set_free(&r->set);
			return rc;
		}
	}
	r->has_set = true;
	return SAKSI_OK;
}

enum saksi_err index_doc_length(struct index *x, struct kv_txn *txn, uint64_t doc,
    uint32_t *words, struct saksi_error *err)
{
	enum saksi_err rc;

	*words = 0;
	for (size_t i = run_count(x); i-- > 0;) {
		struct run *r = run_at(x, i);

		if (r->docs == 0 || doc < r->min_doc || doc > r->max_doc)
			continue;
		if ((rc = run_set(x, txn, r, err)) != SAKSI_OK)
			return rc;
		if (doc_set_has(&r->set, doc)) {
			*words = index_length(doc_set_length(&r->set, doc));
			break;
		}
	}
	return SAKSI_OK;
}
