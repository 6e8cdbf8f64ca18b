#include <string.h>

#include "kv_int.h"

/* The meta record before it is sealed; FORMAT.md section 4 has the table. */
enum {
	AT_FORMAT = 0,
	AT_ORDER = 4,
	AT_TABLES = 5,
	AT_VAULT = 8,
	AT_TXN = 24,
	AT_STATE = 40,
	STATE_BYTES = 64,
	RECORD_BYTES = 512
};
enum {
	ST_COUNT = 0,
	ST_FIRST = 8,
	ST_NEXT = 16,
	ST_SET = 24,
	ST_ROOT = 56,
	ST_HEIGHT = 60
};

#define HEIGHT_MAX 4u
#define TABLES (KV_TABLE_END - 1u)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER 1u
#else
#define OWN_ORDER 2u
#endif

_Static_assert(AT_STATE + TABLES * STATE_BYTES <= RECORD_BYTES, "the tables fit");

bool kv_is_append_only(unsigned table)
{
	return table == KV_LOG;
}

void kv_meta_init(struct kv_meta *m)
{
	unsigned t;

	memset(m, 0, sizeof(*m));
	for (t = 1; t < KV_TABLE_END; t++) {
		m->t[t].first = 1;
		m->t[t].next = 1;
	}
}

static enum saksi_err impossible(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EDAMAGED,
	    KV_FILE_NAME
	    ": its meta record holds what cannot be; go back to a copy, or to a device of the team");
}

static bool state_read(struct kv_table_state *s, const uint8_t *p, unsigned table)
{
	s->count = le64_get(p + ST_COUNT);
	s->first = le64_get(p + ST_FIRST);
	s->next = le64_get(p + ST_NEXT);
	memcpy(s->set, p + ST_SET, KV_HASH);
	s->root = le32_get(p + ST_ROOT);
	s->height = p[ST_HEIGHT];
	if (s->first > s->next || s->next > KV_NUMBER_MAX ||
	    s->count > s->next - s->first || s->height > HEIGHT_MAX ||
	    (s->height == 0) != (s->root == 0) || s->root > VERSION_MAX)
		return false;
	return !kv_is_append_only(table) || s->count == s->next - s->first;
}

static enum saksi_err parse(struct kv_meta *m, struct kv *kv, uint64_t number,
    const uint8_t *p, size_t len, struct saksi_error *err)
{
	uint32_t format;
	unsigned t;

	if (len < 4)
		return impossible(err);
	format = le32_get(p + AT_FORMAT);
	if (format > kv_newest())
		return saksi_fail(err, SAKSI_ENEWER,
		    KV_FILE_NAME
		    ": it has format %u, this saksi knows up to %u; use a newer saksi",
		    format, kv_newest());
	if (kv_tables(format) == 0 || (kv->format != 0 && format != kv->format) ||
	    len != RECORD_BYTES || p[AT_TABLES] != kv_tables(format) ||
	    le64_get(p + AT_TXN) != number ||
	    memcmp(p + AT_VAULT, kv->vault_id, VAULT_ID) != 0)
		return impossible(err);
	if (p[AT_ORDER] != OWN_ORDER)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": it was written by a computer of the other byte order; join the "
		    "team there from a fresh vault");
	kv_meta_init(m);
	m->txn = number;
	kv->format = format;
	for (t = 1; t <= kv_tables(format); t++) {
		if (!state_read(&m->t[t], p + AT_STATE + (t - 1) * STATE_BYTES, t))
			return impossible(err);
	}
	return SAKSI_OK;
}

enum saksi_err kv_meta_read(struct kv_meta *m, struct kv *kv, uint64_t number,
    const uint8_t *p, size_t len, struct saksi_error *err)
{
	enum saksi_err rc;

	memset(m, 0, sizeof(*m));
	kv_scratch(&kv->plain);
	rc = kv_unseal_raw(&kv->plain, kv, KV_DB_META, 0, number, p, len, NULL);
	if (rc == SAKSI_EAUTH)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": its meta record does not open as that of transaction %llu: "
		    "pages are damaged or from another time; go back to a copy, or to a device of the team",
		    (unsigned long long)number);
	if (rc != SAKSI_OK)
		return saksi_fail_nomem(err);
	return parse(m, kv, number, kv->plain.p, kv->plain.len, err);
}

static void state_write(uint8_t *p, const struct kv_table_state *s)
{
	le64_put(p + ST_COUNT, s->count);
	le64_put(p + ST_FIRST, s->first);
	le64_put(p + ST_NEXT, s->next);
	memcpy(p + ST_SET, s->set, KV_HASH);
	le32_put(p + ST_ROOT, s->root);
	p[ST_HEIGHT] = s->height;
}

enum saksi_err kv_meta_write(struct kv_txn *txn, struct saksi_error *err)
{
	uint8_t p[RECORD_BYTES] = {0};
	struct kv *kv = txn->kv;
	enum saksi_err rc;
	unsigned t;

	txn->meta.txn = txn->number;
	le32_put(p + AT_FORMAT, kv_newest());
	p[AT_ORDER] = OWN_ORDER;
	p[AT_TABLES] = TABLES;
	memcpy(p + AT_VAULT, kv->vault_id, VAULT_ID);
	le64_put(p + AT_TXN, txn->number);
	for (t = 1; t < KV_TABLE_END; t++)
		state_write(p + AT_STATE + (t - 1) * STATE_BYTES, &txn->meta.t[t]);
	rc = kv_seal_raw(kv, KV_DB_META, 0, txn->number, p, sizeof(p), err);
	if (rc != SAKSI_OK)
		return rc;
	return kv_db_write(txn, KV_DB_META, 0, kv->sealed.p + KV_SET_HEAD,
	    kv->sealed.len - KV_SET_HEAD, err);
}
