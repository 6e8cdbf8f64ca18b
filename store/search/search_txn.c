/* search_txn.c - searching what a transaction sees. */
#include "search_int.h"
#include "vault_impl.h"

static enum saksi_err read_record(void *ctx, uint64_t number, json_t **out,
    struct saksi_error *err)
{
	return txn_record_json(ctx, number, out, err);
}

enum saksi_err saksi_search_open(struct saksi_search **out, struct saksi_txn *t,
    const struct query *q, const struct search_options *opt, struct saksi_error *err)
{
	struct search_source src = {.schema = saksi_vault_schema(saksi_txn_vault(t)),
	    .json = read_record,
	    .ctx = t};
	enum saksi_err rc = txn_index(t, &src.x, &src.kv, err);

	*out = NULL;
	return rc == SAKSI_OK ? search_open_in(out, &src, q, opt, err) : rc;
}

enum saksi_err saksi_search_record(struct saksi_record **out, struct saksi_txn *t,
    uint64_t number, struct saksi_error *err)
{
	struct state s;
	enum saksi_err rc = txn_state(t, number, 0, &s, err);

	*out = NULL;
	if (rc != SAKSI_OK)
		return rc;
	rc = record_from_state(out, &s, number, err);
	state_free(&s);
	kv_txn_rest(t->kv);
	return rc;
}

enum saksi_err saksi_search_links(struct saksi_txn *t, const struct saksi_id *to,
    enum saksi_err (*fn)(void *ctx, uint64_t number, struct saksi_error *err), void *ctx,
    struct saksi_error *err)
{
	struct index_term term;
	struct index *x;
	struct kv_txn *kv;
	enum saksi_err rc = txn_index(t, &x, &kv, err);

	index_term(&term, IX_LINK, to->b, sizeof(to->b));
	return rc == SAKSI_OK ? index_each(x, kv, &term, fn, ctx, err) : rc;
}
