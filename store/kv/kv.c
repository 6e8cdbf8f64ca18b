#include <stdlib.h>
#include <string.h>

#include "kv_int.h"

/* ---- arguments -------------------------------------------------------------------- */

static enum saksi_err check_args(const struct kv_txn *txn, enum kv_table t, bool write,
    struct saksi_error *err)
{
	enum saksi_err rc = kv_usable(txn->kv, err);

	if (rc != SAKSI_OK)
		return rc;
	if (t < 1 || t >= KV_TABLE_END)
		return saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": there is no table %u", (unsigned)t);
	if (write && !txn->write)
		return saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": this transaction only reads");
	if (write && txn->broken)
		return saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": a change in this transaction failed; begin it again");
	if (write && txn->dirty > KV_BATCH_MAX)
		return saksi_fail(err, SAKSI_ELIMIT,
		    KV_FILE_NAME
		    ": too much in one transaction; write in smaller batches");
	return SAKSI_OK;
}

static enum saksi_err absent(unsigned t, uint64_t n, struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_ENOTFOUND,
	    KV_FILE_NAME ": no value %llu in table %u", (unsigned long long)n, t);
}

static enum saksi_err missing(unsigned t, uint64_t n, struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EDAMAGED,
	    KV_FILE_NAME ": value %llu of table %u should be there and is not; run "
			 "`saksi verify`; go back to a copy, or to a device of the team",
	    (unsigned long long)n, t);
}

static enum saksi_err surplus(unsigned t, uint64_t n, struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EDAMAGED,
	    KV_FILE_NAME
	    ": value %llu of table %u should not be there; run `saksi verify`, "
	    "go back to a copy, or to a device of the team",
	    (unsigned long long)n, t);
}

/* ---- reading ---------------------------------------------------------------------- */

enum saksi_err kv_read_current(struct buf *out, struct kv_txn *txn, unsigned t,
    uint64_t n, uint32_t entry, struct saksi_error *err)
{
	bool found;
	enum saksi_err rc = kv_read_sealed(out, &found, txn, t, n, err);

	if (rc != SAKSI_OK)
		return rc;
	if (!version_there(entry))
		return found ? surplus(t, n, err) : absent(t, n, err);
	return found ? SAKSI_OK : missing(t, n, err);
}

static enum saksi_err get_version(struct kv_txn *txn, unsigned t, uint64_t n,
    uint32_t entry, struct buf *out, struct saksi_error *err)
{
	struct kv *kv = txn->kv;
	enum saksi_err rc;

	kv_scratch(&kv->older);
	rc = kv_read_current(&kv->older, txn, t, n, entry, err);
	if (rc != SAKSI_OK)
		return rc;
	return kv_unseal_value(out, kv, t, n, entry, kv->older.p, kv->older.len, err);
}

enum saksi_err kv_get(struct kv_txn *txn, enum kv_table t, uint64_t n, struct buf *out,
    struct saksi_error *err)
{
	enum saksi_err rc = check_args(txn, t, false, err);
	uint32_t entry;

	if (rc == SAKSI_OK)
		rc = kv_version_get(txn, t, n, &entry, err);
	if (rc == SAKSI_OK)
		rc = get_version(txn, t, n, entry, out, err);
	return rc;
}

void kv_range(struct kv_txn *txn, enum kv_table t, uint64_t *first, uint64_t *next,
    uint64_t *count)
{
	*first = txn->meta.t[t].first;
	*next = txn->meta.t[t].next;
	*count = txn->meta.t[t].count;
}

/* ---- writing ---------------------------------------------------------------------- */

/* Take the present value's hash out of the set, if it is the genuine one. */
static enum saksi_err subtract(struct kv_txn *txn, unsigned t, uint64_t n, uint32_t entry,
    struct saksi_error *err)
{
	struct kv *kv = txn->kv;
	enum saksi_err rc;
	bool found;

	kv_set_head(&kv->older, t, n);
	rc = kv_read_sealed(&kv->older, &found, txn, t, n, err);
	if (rc != SAKSI_OK)
		return rc;
	if (!found)
		return missing(t, n, err);
	kv_scratch(&kv->plain);
	rc = kv_unseal_raw(&kv->plain, kv, t, n, entry, kv->older.p + KV_SET_HEAD,
	    kv->older.len - KV_SET_HEAD, err);
	if (rc == SAKSI_OK)
		kv_set_sub(kv, txn->meta.t[t].set, &kv->older);
	return rc;
}

static enum saksi_err check_number(const struct kv_txn *txn, unsigned t, uint64_t n,
    struct saksi_error *err)
{
	const struct kv_table_state *s = &txn->meta.t[t];

	if (n >= KV_NUMBER_MAX)
		return saksi_fail(err, SAKSI_ELIMIT,
		    KV_FILE_NAME ": numbers in table %u end at 2^40", t);
	if (kv_is_append_only(t) && n != s->first + s->count)
		return saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": table %u grows only at its end", t);
	return SAKSI_OK;
}

static enum saksi_err put_inside(struct kv_txn *txn, unsigned t, uint64_t n, uint32_t old,
    const void *plain, size_t len, struct saksi_error *err)
{
	struct kv_table_state *s = &txn->meta.t[t];
	uint32_t version = kv_version_new(old);
	struct kv *kv = txn->kv;
	enum saksi_err rc = SAKSI_OK;

	if (version_there(old))
		rc = subtract(txn, t, n, old, err);
	if (rc == SAKSI_OK)
		rc = kv_seal_value(kv, t, n, version, plain, len, err);
	if (rc == SAKSI_OK)
		rc = kv_db_write(txn, t, n, kv->sealed.p + KV_SET_HEAD,
		    kv->sealed.len - KV_SET_HEAD, err);
	if (rc != SAKSI_OK)
		return rc;
	kv_set_add(kv, s->set, &kv->sealed);
	rc = kv_version_set(txn, t, n, version, err);
	if (!version_there(old))
		s->count++;
	if (n >= s->next)
		s->next = n + 1;
	if (n < s->first)
		s->first = n;
	return rc;
}

enum saksi_err kv_put(struct kv_txn *txn, enum kv_table t, uint64_t n, const void *plain,
    size_t len, struct saksi_error *err)
{
	enum saksi_err rc = check_args(txn, t, true, err);
	uint32_t old = 0;

	if (rc == SAKSI_OK)
		rc = check_number(txn, t, n, err);
	if (rc == SAKSI_OK && len > KV_VALUE_MAX)
		rc = saksi_fail(err, SAKSI_ELIMIT,
		    KV_FILE_NAME ": a value of %zu bytes is longer than %u", len,
		    KV_VALUE_MAX);
	if (rc == SAKSI_OK)
		rc = kv_version_get(txn, t, n, &old, err);
	if (rc != SAKSI_OK)
		return rc;
	txn->changed = true;
	rc = put_inside(txn, t, n, old, plain, len, err);
	if (rc != SAKSI_OK)
		txn->broken = true;
	return rc;
}

static enum saksi_err del_inside(struct kv_txn *txn, unsigned t, uint64_t n, uint32_t old,
    struct saksi_error *err)
{
	enum saksi_err rc = subtract(txn, t, n, old, err);

	if (rc == SAKSI_OK)
		rc = kv_db_remove(txn, t, n, err);
	if (rc == SAKSI_OK)
		rc = kv_version_set(txn, t, n, old | VERSION_GONE, err);
	if (rc == SAKSI_OK)
		txn->meta.t[t].count--;
	return rc;
}

enum saksi_err kv_del(struct kv_txn *txn, enum kv_table t, uint64_t n,
    struct saksi_error *err)
{
	enum saksi_err rc = check_args(txn, t, true, err);
	uint32_t old;

	if (rc == SAKSI_OK && kv_is_append_only(t))
		rc = saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": table %u can only be emptied whole", (unsigned)t);
	if (rc == SAKSI_OK)
		rc = kv_version_get(txn, t, n, &old, err);
	if (rc != SAKSI_OK)
		return rc;
	if (!version_there(old))
		return absent(t, n, err);
	txn->changed = true;
	rc = del_inside(txn, t, n, old, err);
	if (rc != SAKSI_OK)
		txn->broken = true;
	return rc;
}

enum saksi_err kv_next(struct kv_txn *txn, enum kv_table t, uint64_t *n,
    struct saksi_error *err)
{
	enum saksi_err rc = check_args(txn, t, true, err);

	if (rc != SAKSI_OK)
		return rc;
	if (txn->meta.t[t].next >= KV_NUMBER_MAX)
		return saksi_fail(err, SAKSI_ELIMIT,
		    KV_FILE_NAME ": numbers in table %u end at 2^40", (unsigned)t);
	*n = txn->meta.t[t].next++;
	txn->changed = true;
	return SAKSI_OK;
}

enum saksi_err kv_clear(struct kv_txn *txn, enum kv_table t, struct saksi_error *err)
{
	enum saksi_err rc = check_args(txn, t, true, err);
	struct kv_table_state *s;

	if (rc != SAKSI_OK)
		return rc;
	s = &txn->meta.t[t];
	txn->changed = true;
	rc = kv_versions_gone(txn, t, err);
	if (rc == SAKSI_OK)
		rc = kv_db_empty(txn, t, err);
	if (rc != SAKSI_OK) {
		txn->broken = true;
		return rc;
	}
	s->count = 0;
	s->first = s->next;
	memset(s->set, 0, sizeof(s->set));
	return SAKSI_OK;
}

/* ---- scan ------------------------------------------------------------------------- */

struct scan {
	struct kv_txn *txn;
	unsigned table;
	struct buf value;
	uint64_t met;
};

static enum saksi_err scan_each(struct scan *s, uint64_t from, kv_scan_fn *fn, void *ctx,
    struct saksi_error *err)
{
	enum saksi_err rc;
	uint32_t entry;
	uint64_t n;
	bool found, begun;

	for (n = from;; n++) {
		rc = kv_usable(s->txn->kv, err);
		if (rc == SAKSI_OK && s->met == kv_ahead_after()) {
			rc = kv_ahead(&begun, s->txn, s->table, n, fn, ctx, &s->met, err);
			if (rc != SAKSI_OK || begun)
				return rc;
		}
		if (rc == SAKSI_OK)
			rc = kv_version_next(s->txn, s->table, &n, &entry, &found, err);
		if (rc != SAKSI_OK || !found)
			return rc;
		kv_scratch(&s->value);
		rc = get_version(s->txn, s->table, n, entry, &s->value, err);
		kv_txn_rest(s->txn);
		if (rc == SAKSI_OK)
			rc = fn(ctx, n, s->value.p, s->value.len, err);
		if (rc != SAKSI_OK)
			return rc;
		s->met++;
	}
}

/* What the version lists say, the meta record says and LMDB says, is one. */
static enum saksi_err scan_count(const struct scan *s, uint64_t from,
    const struct kv_table_state *before, struct saksi_error *err)
{
	const struct kv_txn *txn = s->txn;
	const struct kv_table_state *now = &txn->meta.t[s->table];

	if (from > before->first || memcmp(before->set, now->set, KV_HASH) != 0 ||
	    before->count != now->count)
		return SAKSI_OK;
	if (s->met == now->count &&
	    (txn->changed || txn->base.db[s->table].entries == s->met))
		return SAKSI_OK;
	return saksi_fail(err, SAKSI_EDAMAGED,
	    KV_FILE_NAME
	    ": table %u should hold %llu values, %llu were found and %llu are "
	    "listed; run `saksi verify`; go back to a copy, or to a device of the team",
	    s->table, (unsigned long long)now->count, (unsigned long long)s->met,
	    (unsigned long long)txn->base.db[s->table].entries);
}

enum saksi_err kv_scan(struct kv_txn *txn, enum kv_table t, uint64_t from, kv_scan_fn *fn,
    void *ctx, struct saksi_error *err)
{
	struct scan s = {.txn = txn, .table = t, .value = BUF_INIT};
	enum saksi_err rc = check_args(txn, t, false, err);
	struct kv_table_state before;

	if (rc != SAKSI_OK)
		return rc;
	before = txn->meta.t[t];
	rc = scan_each(&s, from, fn, ctx, err);
	if (rc == SAKSI_OK)
		rc = scan_count(&s, from, &before, err);
	buf_free(&s.value);
	return rc;
}
