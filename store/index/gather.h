/*
 * gather.h - what one transaction puts; for gather.c and gather_sort.c only.
 *
 * Each document's occurrences are kept as they came until the flush, so that
 * a document that is put again replaces itself.
 */
#ifndef SAKSI_INDEX_GATHER_H
#define SAKSI_INDEX_GATHER_H

#include "index_int.h"

struct table { /* hash -> position + 1 */
	uint32_t *slot;
	size_t cap, n;
};
/** table_grow(t, hashes, n): Twice as large, with the ${n} that are in it. */
bool table_grow(struct table *t, const uint64_t *hashes, size_t n);

struct put { /* a document, or a changeset */
	uint64_t doc;
	bool log;
	bool sorted; /* the gather's ${sorted} has it */
	struct index_doc said;
};
struct index_sorted {
	struct run *run;
	size_t n;
};
struct gather {
	struct put *puts;
	size_t n_puts, cap_puts;
	size_t bytes;		     /* of what they say */
	struct index_sorted *sorted; /* borrowed; NULL: none */
	/* puts by (log, document), and terms of index_find_one() */
	struct table by_doc;
	uint64_t *doc_hash;
	size_t cap_hash;
	struct one {
		struct index_term term;
		uint64_t doc;
		struct buf payload;
	} * ones;
	size_t n_ones, cap_ones;
	struct table by_one;
	uint64_t *one_hash;
	size_t cap_one_hash;
};

/* An occurrence in a document's list: 0, length, term; or 1 + weight, length, word, position. */
#define OCC_TERM 0u
#define OCC_WORD 1u

/** gather_payload: What was put beside a term of index_find_one(); or NULL. */
const struct buf *gather_payload(const struct gather *g, const uint8_t *term, size_t n);
/** gather_forget: All that was put. */
void gather_forget(struct gather *g);

#endif
