/*
 * query.h - the query language of `find` and `list`.
 *
 *   word  "a phrase"  -word  a OR b  ( ... )          and is implied
 *   type:act  class:P  date:2019..2021-05  before:2020  after:2019-07
 *   ref:ID (links to)  name~raiya (spelling variants)  FIELD:VALUE
 *
 * This is the language and its meaning on one record in the interchange
 * form; finding candidates fast is the index's work, and it must agree.
 *
 *   word       some word (text_words of text_fold) of one of record_texts is
 *              equal; word* begins with it.  What is written as one word and
 *              breaks into several (anti-corruption, Khmer) is a phrase.
 *   "phrase"   its words stand one after the other in one text
 *   date:D     one of record_dates may lie in D (EDTF, or a..b, a.., ..b);
 *              before:D on a day before D begins, after:D after it ends
 *   class:X    the record's class, C where it states none
 *   ref:ID     one of record_refs
 *   name~x     a whole name, or as many neighbouring words of it as x has,
 *              with the same skeleton, or with an edit distance of at most 1
 *              (x of up to 5 letters) or 2; that of single words is added up
 *   FIELD:V    a field by path or last name, in whatever type, or any field
 *              of a group of that name; `name` is any name.  A code: equal,
 *              or its label says V.  A reference: to that record.  A date,
 *              if V is one: overlaps.  Else the value in words says V (as a
 *              word or phrase), or is V.
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
 * matches everything.  ${res} resolves ref:ID (NULL: compared as written).
 * SAKSI_ELIMIT: longer or deeper than the limits.  ${s} is borrowed.
 */
SAKSI_MUST_CHECK enum saksi_err query_parse(struct query **out, const struct schema *s,
    const char *text, const struct schema_resolver *res, struct saksi_error *err);
void query_free(struct query **q);
/**
 * query_of_type(q, type, err):
 * Only what is of that type, too; NULL: of none that the schema knows.
 * After a failure ${q} can but be freed.
 */
SAKSI_MUST_CHECK enum saksi_err query_of_type(struct query *q, const char *type,
    struct saksi_error *err);
/**
 * query_match(q, record, score, err via code):
 * 1 match, 0 none, -1 out of memory.  ${score} (may be NULL): relevance,
 * higher is better; names and titles weigh more than notes.
 */
int query_match(const struct query *q, const json_t *record, double *score);

#endif
