/*
 * query.h - the query language of `find` and `list`.
 *
 *   word  "a phrase"  -word  a OR b  ( ... )          and is implied
 *   type:act  class:P  date:2019..2021-05  before:2020  after:2019-07
 *   ref:ID (links to)  name~raiya (spelling variants)  FIELD:VALUE
 *
 * This is the language and its meaning on one record in the interchange
 * form; finding candidates fast is the index's work, and it must agree.
 */
#ifndef SAKSI_STORE_QUERY_H
#define SAKSI_STORE_QUERY_H

#include <saksi/schema/schema.h>

#define QUERY_MAX 4096u	    /* bytes */
#define QUERY_DEPTH_MAX 64u /* parentheses */

struct query;

/**
 * query_parse(out, s, text, res, err):
 * SAKSI_EINVAL names the column and what was expected.  An empty text
 * matches everything.  ${res} resolves ref:ID.
 */
SAKSI_MUST_CHECK enum saksi_err query_parse(struct query **out, const struct schema *s,
    const char *text, const struct schema_resolver *res, struct saksi_error *err);
void query_free(struct query **q);
/**
 * query_match(q, record, score, err via code):
 * 1 match, 0 none, -1 out of memory.  ${score} (may be NULL): relevance,
 * higher is better; names and titles weigh more than notes.
 */
int query_match(const struct query *q, const json_t *record, double *score);

#endif
