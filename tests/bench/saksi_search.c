/* saksi_search.c - the one place where the bench asks saksi a query. */
#include "saksi_search.h"

#include <saksi/store/search.h>

enum saksi_err saksi_search(struct saksi_txn *t, const struct schema *schema,
    const char *text, size_t *hits, struct saksi_error *err)
{
	const struct schema_resolver res = {.fn = saksi_record_resolver,
	    .ctx = t,
	    .allow_dangling = true};
	struct search_options how = {.order = SEARCH_CREATED};
	struct saksi_search *s = NULL;
	struct query *q = NULL;
	struct search_hit hit;
	bool found = true;
	enum saksi_err rc = query_parse(&q, schema, text, &res, err);

	*hits = 0;
	if (rc == SAKSI_OK)
		rc = saksi_search_open(&s, t, q, &how, err);
	while (rc == SAKSI_OK &&
	    (rc = saksi_search_next(s, &hit, &found, err)) == SAKSI_OK && found)
		++*hits;
	saksi_search_close(&s);
	query_free(&q);
	return rc;
}
