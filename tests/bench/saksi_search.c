/* saksi_search.c - the one place where the bench asks saksi a query. */
#include "saksi_search.h"

#include <saksi/store/query.h>

struct searching {
	struct saksi_txn *t;
	struct query *q;
	size_t hits;
};

static enum saksi_err match_one(void *ctx, const struct saksi_record *r,
    struct saksi_error *err)
{
	struct searching *s = ctx;
	json_t *json = NULL;
	double score;
	int hit;
	enum saksi_err rc = saksi_record_json(&json, s->t, r, NULL, NULL, err);

	if (rc != SAKSI_OK)
		return rc;
	hit = query_match(s->q, json, &score);
	json_decref(json);
	if (hit < 0)
		return saksi_fail_nomem(err);
	s->hits += hit > 0;
	return SAKSI_OK;
}

enum saksi_err saksi_search(struct saksi_txn *t, const struct schema *schema,
    const char *text, size_t *hits, struct saksi_error *err)
{
	const struct schema_resolver res = {.fn = saksi_record_resolver,
	    .ctx = t,
	    .allow_dangling = true};
	struct searching s = {t, NULL, 0};
	enum saksi_err rc = query_parse(&s.q, schema, text, &res, err);

	if (rc == SAKSI_OK)
		rc = saksi_record_each(t, false, match_one, &s, err);
	query_free(&s.q);
	*hits = s.hits;
	return rc;
}
