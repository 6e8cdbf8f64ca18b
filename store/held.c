/* held.c - changesets that wait: pending on a cause, or quarantined. */
#include <stdio.h>
#include <string.h>

#include "vault_impl.h"

/* Table KV_HELD: [why, bin32 sealer, str reason, bin changeset]. */
enum saksi_err saksi_held_put(struct saksi_txn *t, const struct changeset *cs,
    enum held_why why, const struct saksi_hash *sealer, const char *reason,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	uint64_t n;
	enum saksi_err rc;

	mp_array(&b, 4);
	mp_uint(&b, why);
	mp_bin(&b, sealer->b, sizeof(sealer->b));
	mp_cstr(&b, reason);
	mp_bin(&b, cs->bytes.p, cs->bytes.len);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK &&
	    (rc = kv_next(t->kv, KV_HELD, &n, err)) == SAKSI_OK)
		rc = kv_put(t->kv, KV_HELD, n, b.p, b.len, err);
	buf_free(&b);
	return rc;
}

struct each {
	enum saksi_err (*fn)(void *, const struct held_entry *, struct saksi_error *);
	void *ctx;
};

static enum saksi_err each_held(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	const struct each *each = ctx;
	struct held_entry e = {.n = n};
	struct mp_reader r;
	const uint8_t *cs;
	const char *reason;
	size_t cs_len, reason_len;
	enum saksi_err rc;

	mp_read_init(&r, p, len);
	mp_expect_array(&r, 4);
	e.why = (uint8_t)mp_read_uint(&r);
	mp_read_fixed(&r, e.sealer.b, sizeof(e.sealer.b));
	reason_len = mp_read_str(&r, &reason);
	cs_len = mp_read_bin(&r, &cs);
	if ((rc = mp_done(&r, "held changeset", err)) != SAKSI_OK)
		return rc;
	snprintf(e.reason, sizeof(e.reason), "%.*s",
	    (int)(reason_len < 159 ? reason_len : 159), reason);
	if ((rc = changeset_decode(&e.cs, cs, cs_len, err)) == SAKSI_OK)
		rc = each->fn(each->ctx, &e, err);
	changeset_free(&e.cs);
	return rc;
}

enum saksi_err saksi_held_each(struct saksi_txn *t,
    enum saksi_err (*fn)(void *ctx, const struct held_entry *e, struct saksi_error *err),
    void *ctx, struct saksi_error *err)
{
	struct each each = {fn, ctx};

	return kv_scan(t->kv, KV_HELD, 0, each_held, &each, err);
}

enum saksi_err saksi_held_del(struct saksi_txn *t, uint64_t n, struct saksi_error *err)
{
	return kv_del(t->kv, KV_HELD, n, err);
}
