/*
 * saksi_search.h - the one place where the bench asks saksi a query.
 */
#ifndef SAKSI_TESTS_BENCH_SAKSI_SEARCH_H
#define SAKSI_TESTS_BENCH_SAKSI_SEARCH_H

#include <saksi/store/record.h>

/**
 * saksi_search(t, schema, text, hits, err):
 * Find all records that ${text} selects, by the index, as `find` and `list` do.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_search(struct saksi_txn *t,
    const struct schema *schema, const char *text, size_t *hits, struct saksi_error *err);

#endif
