/*
 * search.h - the records that a query selects, found by the index.
 *
 * What a query means is query.h's: the index proposes, and where a proposal is
 * not certain the record is read and query_match() asked, so that a search and
 * a scan give the same records.
 */
#ifndef SAKSI_STORE_SEARCH_H
#define SAKSI_STORE_SEARCH_H

#include <saksi/store/query.h>
#include <saksi/store/record.h>

enum search_order {
	SEARCH_CREATED, /* oldest first */
	SEARCH_RANKED,	/* by relevance, best first; then oldest first */
	SEARCH_SORTED /* by ${sort}, those without such a value last; then oldest first */
};
struct search_options {
	enum search_order order;
	/*
	 * Path of a field of which saksi_search_sortable() says yes, or one of
	 * "label", "id", "ref", "type", "class".
	 */
	const char *sort;
	bool descending; /* SEARCH_CREATED, SEARCH_SORTED */
	bool deleted;	 /* only records that are deleted, else only others */
	uint64_t offset; /* leave out so many */
	uint64_t limit;	 /* and stop after so many; 0: all */
};
struct search_hit {
	uint64_t number; /* of the record */
	double score;	 /* SEARCH_RANKED; 0 else */
};

/** saksi_search_sortable(s, by): The index knows the order of these values. */
bool saksi_search_sortable(const struct schema *s, const char *by);

struct saksi_search;
/**
 * saksi_search_open(out, t, q, opt, err):
 * ${t}, ${q} and ${opt->sort} must outlive it, and ${t} must not write.
 * SAKSI_EINVAL: the index does not know that order.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_search_open(struct saksi_search **out,
    struct saksi_txn *t, const struct query *q, const struct search_options *opt,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_search_next(struct saksi_search *s,
    struct search_hit *hit, bool *found, struct saksi_error *err);
/**
 * saksi_search_rest(s, n, exact, err):
 * How many more there are behind the limit, once saksi_search_next() has found
 * no more; not ${*exact}: at most, since not each was looked at.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_search_rest(struct saksi_search *s, uint64_t *n,
    bool *exact, struct saksi_error *err);
void saksi_search_close(struct saksi_search **s);

/** saksi_search_record(out, t, number, err): The record that was found. */
SAKSI_MUST_CHECK enum saksi_err saksi_search_record(struct saksi_record **out,
    struct saksi_txn *t, uint64_t number, struct saksi_error *err);

/**
 * saksi_search_links(t, to, fn, ctx, err):
 * The numbers of the records, deleted ones too, that refer to ${to}, ascending.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_search_links(struct saksi_txn *t,
    const struct saksi_id *to,
    enum saksi_err (*fn)(void *ctx, uint64_t number, struct saksi_error *err), void *ctx,
    struct saksi_error *err);

#endif
