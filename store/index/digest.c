/* digest.c - all that the index says of records, summed up for comparing. */
#include <stdlib.h>

#include "index_int.h"

/* No secret hangs on it: blocks are authentic, and what is looked for is a fault. */
static void add(uint64_t sums[INDEX_SUMS], const uint8_t *term, size_t n, uint64_t doc,
    const uint8_t *pay, size_t pay_len)
{
	uint64_t h = term_hash(term, n) * UINT64_C(0xff51afd7ed558ccd);

	h ^= (doc + 1) * UINT64_C(0xc2b2ae3d27d4eb4f);
	h ^= h >> 31;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	h ^= term_hash(pay, pay_len);
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	sums[doc % INDEX_SUMS] += h ^ h >> 32;
}

#define POSTINGS 128u

enum saksi_err index_digest(struct index *x, struct kv_txn *txn,
    uint64_t sums[INDEX_SUMS], struct saksi_error *err)
{
	static struct run *const none[1];
	size_t n = run_count(x);
	struct run **runs = calloc(n + 1, sizeof(struct run *));
	struct merger m = {.n = 0};
	uint64_t added = 0;
	enum saksi_err rc;

	if (runs == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		runs[i] = run_at(x, i);
	if ((rc = merger_open(&m, x, txn, n > 0 ? runs : none, n, err)) == SAKSI_OK)
		rc = merger_start(&m, NULL, 0, 0, err);
	while (rc == SAKSI_OK && m.valid) {
		if (!family_is_log(m.term[0]))
			add(sums, m.term, m.term_len, m.doc, m.pay, m.pay_len);
		/* About as often as a block is read. */
		if (++added % POSTINGS == 0)
			kv_txn_rest(txn);
		rc = merger_next(&m, err);
	}
	merger_close(&m);
	free(runs);
	return rc;
}

static enum saksi_err add_entry(uint64_t sums[INDEX_SUMS], const struct mem_entry *e,
    struct chunk *c, struct saksi_error *err)
{
	struct chunk_at at = {0, NULL};
	enum saksi_err rc =
	    chunk_read(c, family_payload(e->term[0]), e->chunk, e->chunk_len, err);

	for (size_t i = 0; rc == SAKSI_OK && i < c->n; i++) {
		const uint8_t *pay;
		size_t n;

		chunk_payload(c, &at, i, &pay, &n);
		add(sums, e->term, e->term_len, c->docs[i], pay, n);
	}
	return rc;
}

enum saksi_err index_doc_digest(uint64_t doc, struct index_doc *d,
    uint64_t sums[INDEX_SUMS], struct saksi_error *err)
{
	struct gather *g = NULL;
	struct chunk c = {.docs = NULL};
	struct run *r = NULL;
	enum saksi_err rc;

	if ((rc = gather_new(&g, err)) == SAKSI_OK &&
	    (rc = gather_put(g, doc, d, err)) == SAKSI_OK)
		rc = gather_run(g, &r, err);
	for (size_t i = 0; rc == SAKSI_OK && i < r->n_entries; i++)
		rc = add_entry(sums, &r->entries[i], &c, err);
	chunk_free(&c);
	run_free(r);
	gather_free(&g);
	return rc;
}
