/* select.h - queries over records. */
#ifndef SAKSI_CLI_SELECT_H
#define SAKSI_CLI_SELECT_H

#include <jansson.h>

#include <saksi/base/buf.h>
#include <saksi/store/search.h>

#include "cli.h"

struct selected {
	uint64_t number; /* of the record */
	double score;
};
/* Numbers, since a million records have no room; they are read when they are used. */
struct selection {
	struct selected *list;
	size_t n, cap;
	bool deleted;		   /* set before: of what was deleted, and nothing else */
	struct search_options how; /* set before: order and limit; zeros: creation, all */
	uint64_t rest;		   /* how many there are behind the limit */
	bool rest_sure;		   /* else at most so many */
};
/** select_records(c, text, out): What a query selects, in ${out->how}'s order. */
SAKSI_MUST_CHECK enum saksi_err select_records(struct cli *c, const char *text,
    struct selection *out);
/** select_of_type: Of it only those of ${type}; NULL: those that the schema has no type for. */
SAKSI_MUST_CHECK enum saksi_err select_of_type(struct cli *c, const char *text,
    const char *type, struct selection *out);
/** select_read: A record anew, the caller's; ${deleted}: with its `deleted`. */
SAKSI_MUST_CHECK enum saksi_err select_read(struct cli *c, uint64_t number, bool deleted,
    json_t **record);
/**
 * selection_sort(c, s, key, arg, descending):
 * By the text that ${key} gives of each record, as strcmp() orders, then by id.
 */
typedef void selection_key_fn(struct cli *c, struct buf *out, const json_t *record,
    const char *arg);
SAKSI_MUST_CHECK enum saksi_err selection_sort(struct cli *c, struct selection *s,
    selection_key_fn *key, const char *arg, bool descending);
void selection_free(struct selection *s);

#endif
