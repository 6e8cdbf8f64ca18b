/*
 * kv_old.c - formats before the present one, and how a copy of one begins.
 *
 * Each format's number stands in the meta record and in what every value is
 * bound to.  Format 1 had neither the index nor its tail nor the branches: all
 * else is the same, byte for byte.  Older files are read, never written to.
 */
#include "kv_int.h"

#define TABLES_1 4u

static uint32_t newest = KV_FORMAT;

void kv_test_newest(uint32_t format)
{
	newest = format > 0 ? format : KV_FORMAT;
}

uint32_t kv_newest(void)
{
	return newest;
}

unsigned kv_tables(uint32_t format)
{
	if (format == 1)
		return TABLES_1;
	return format >= KV_FORMAT && format <= newest ? KV_TABLE_END - 1u : 0;
}

bool kv_has(const struct kv *kv, unsigned db)
{
	return kv_db_used(db) && (db >= KV_TABLE_END || db <= kv_tables(kv->format));
}

uint32_t kv_format(const struct kv *kv)
{
	return kv->format;
}

enum saksi_err kv_number_from(struct kv_txn *txn, enum kv_table t, uint64_t first,
    uint64_t next, struct saksi_error *err)
{
	struct kv_table_state *s;

	if (!txn->write || t < 1 || t >= KV_TABLE_END)
		return saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": no table %u to be filled here", (unsigned)t);
	s = &txn->meta.t[t];
	if (first < 1 || next < first || next > KV_NUMBER_MAX || next < s->next ||
	    (s->count > 0 && first > s->first) ||
	    (kv_is_append_only(t) && next != first + s->count))
		return saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": numbers of table %u cannot be from %llu to %llu",
		    (unsigned)t, (unsigned long long)first, (unsigned long long)next);
	s->first = first;
	s->next = next;
	txn->changed = true;
	return SAKSI_OK;
}
