#include <lmdb.h>
#include <string.h>

#include <saksi/base/bits.h>

#include "kv_guard.h"
#include "kv_int.h"

#define PAGE 4096u
#define ENTRY_BYTES 18u /* node header, key, place in the page's table */
#define IN_PAGE_MAX 2022u

struct db_call {
	MDB_txn *txn;
	const char *name;
	MDB_dbi dbi;
	unsigned flags;
	uint64_t n;
	const uint8_t *p;
	size_t len;
	struct buf *out;
	bool too_long;
	int rc;
};

static void call_dbi(void *arg)
{
	struct db_call *c = arg;

	c->rc = mdb_dbi_open(c->txn, c->name, c->flags, &c->dbi);
}

static void call_get(void *arg)
{
	struct db_call *c = arg;
	MDB_val key = {sizeof(c->n), &c->n};
	MDB_val val;

	c->rc = mdb_get(c->txn, c->dbi, &key, &val);
	if (c->rc != 0)
		return;
	c->too_long = val.mv_size > KV_SEALED_MAX;
	if (!c->too_long)
		buf_add(c->out, val.mv_data, val.mv_size);
}

static void call_put(void *arg)
{
	struct db_call *c = arg;
	MDB_val key = {sizeof(c->n), &c->n};
	MDB_val val = {c->len, (void *)(uintptr_t)c->p};

	c->rc = mdb_put(c->txn, c->dbi, &key, &val, c->flags);
}

static void call_del(void *arg)
{
	struct db_call *c = arg;
	MDB_val key = {sizeof(c->n), &c->n};

	c->rc = mdb_del(c->txn, c->dbi, &key, NULL);
}

static void call_drop(void *arg)
{
	struct db_call *c = arg;

	c->rc = mdb_drop(c->txn, c->dbi, 0);
}

static void call_commit(void *arg)
{
	struct db_call *c = arg;

	c->rc = mdb_txn_commit(c->txn);
}

static void call_abort(void *arg)
{
	struct db_call *c = arg;

	mdb_txn_abort(c->txn);
}

/* ---- what is not as it was committed ------------------------------------------------ */

static uint64_t bit_of(unsigned db, uint64_t n)
{
	return ((n ^ (uint64_t)db << 40) * UINT64_C(0x9e3779b97f4a7c15) >> 48);
}

static void note_written(struct kv_txn *txn, unsigned db, uint64_t n)
{
	bit_set(txn->written, bit_of(db, n));
}

static bool is_written(const struct kv_txn *txn, unsigned db, uint64_t n)
{
	return bit_get(txn->written, bit_of(db, n));
}

/* ---- handles --------------------------------------------------------------------- */

static enum saksi_err open_db(struct kv_txn *txn, unsigned db, bool create,
    struct saksi_error *err)
{
	char name[2] = {(char)('0' + db), '\0'};
	struct db_call c = {.txn = txn->mdb,
	    .name = name,
	    .flags = MDB_INTEGERKEY | (create ? MDB_CREATE : 0u)};

	if (txn->dbi[db] != 0)
		return SAKSI_OK;
	if (!guard_run(call_dbi, &c))
		return kv_give_up(txn->kv, err);
	if (c.rc == MDB_NOTFOUND)
		c.rc = MDB_CORRUPTED;
	if (c.rc != 0)
		return kv_lmdb(txn->kv, err, c.rc, "opening a table");
	txn->dbi[db] = c.dbi;
	return SAKSI_OK;
}

enum saksi_err kv_db_create(struct kv_txn *txn, struct saksi_error *err)
{
	enum saksi_err rc;
	unsigned db;

	for (db = 0; db < KV_DBS; db++) {
		if (!kv_db_used(db))
			continue;
		rc = open_db(txn, db, true, err);
		if (rc != SAKSI_OK)
			return rc;
	}
	txn->changed = true;
	return SAKSI_OK;
}

static enum saksi_err prepare(struct db_call *c, struct kv_txn *txn, unsigned db,
    uint64_t n, struct saksi_error *err)
{
	enum saksi_err rc = kv_check_path(txn, db, n, err);

	if (rc == SAKSI_OK)
		rc = open_db(txn, db, false, err);
	c->txn = txn->mdb;
	c->dbi = txn->dbi[db];
	c->n = n;
	return rc;
}

enum saksi_err kv_db_locate(struct kv_txn *txn, struct saksi_error *err)
{
	struct db_call c = {.rc = 0};
	enum saksi_err rc;

	if (txn->kv->env_map != NULL || txn->base.txn == 0)
		return SAKSI_OK;
	if ((rc = prepare(&c, txn, KV_DB_META, 0, err)) != SAKSI_OK)
		return rc;
	return kv_map_locate(txn, c.dbi, err);
}

/* ---- values ---------------------------------------------------------------------- */

static enum saksi_err db_read(struct buf *out, bool *found, struct kv_txn *txn,
    unsigned db, uint64_t n, struct saksi_error *err)
{
	struct db_call c = {.out = out};
	enum saksi_err rc = prepare(&c, txn, db, n, err);

	*found = false;
	if (rc != SAKSI_OK)
		return rc;
	if (!guard_run(call_get, &c))
		return kv_give_up(txn->kv, err);
	kv_rest(txn->kv);
	if (c.rc == MDB_NOTFOUND)
		return SAKSI_OK;
	if (c.too_long)
		c.rc = MDB_CORRUPTED;
	if (c.rc != 0)
		return kv_lmdb(txn->kv, err, c.rc, "reading");
	*found = true;
	return buf_ok(out, err);
}

/* An upper bound for what a put makes dirty, tree pages above aside. */
static size_t cost(size_t len, bool append)
{
	if (len > IN_PAGE_MAX)
		return (size_t)overflow_span(PAGE, len) * PAGE +
		    (append ? ENTRY_BYTES : PAGE);
	return append ? len + ENTRY_BYTES : PAGE;
}

enum saksi_err kv_db_write(struct kv_txn *txn, unsigned db, uint64_t n, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	bool append = n >= txn->top[db];
	struct db_call c = {.p = p, .len = len, .flags = append ? MDB_APPEND : 0u};
	enum saksi_err rc = prepare(&c, txn, db, n, err);

	if (rc != SAKSI_OK)
		return rc;
	note_written(txn, db, n);
	c.flags = append ? MDB_APPEND : 0u;
	if (!guard_run(call_put, &c))
		return kv_give_up(txn->kv, err);
	kv_rest(txn->kv);
	if (c.rc != 0)
		return kv_lmdb(txn->kv, err, c.rc, "writing");
	if (append)
		txn->top[db] = n + 1;
	txn->dirty += cost(len, append);
	return SAKSI_OK;
}

enum saksi_err kv_db_remove(struct kv_txn *txn, unsigned db, uint64_t n,
    struct saksi_error *err)
{
	struct db_call c = {0};
	enum saksi_err rc = prepare(&c, txn, db, n, err);

	if (rc != SAKSI_OK)
		return rc;
	note_written(txn, db, n);
	if (!guard_run(call_del, &c))
		return kv_give_up(txn->kv, err);
	kv_rest(txn->kv);
	if (c.rc == MDB_NOTFOUND)
		c.rc = MDB_CORRUPTED;
	if (c.rc != 0)
		return kv_lmdb(txn->kv, err, c.rc, "removing");
	txn->dirty += PAGE;
	return SAKSI_OK;
}

enum saksi_err kv_db_empty(struct kv_txn *txn, unsigned db, struct saksi_error *err)
{
	enum saksi_err rc = kv_check_all(txn, err);
	struct db_call c = {0};

	if (rc == SAKSI_OK)
		rc = open_db(txn, db, false, err);
	if (rc != SAKSI_OK)
		return rc;
	c.txn = txn->mdb;
	c.dbi = txn->dbi[db];
	memset(txn->written, 0xff, sizeof(txn->written));
	if (!guard_run(call_drop, &c))
		return kv_give_up(txn->kv, err);
	if (c.rc != 0)
		return kv_lmdb(txn->kv, err, c.rc, "emptying a table");
	txn->dirty += PAGE;
	return SAKSI_OK;
}

/* ---- end -------------------------------------------------------------------------- */

enum saksi_err kv_db_commit(struct kv_txn *txn, struct saksi_error *err)
{
	struct db_call c = {.txn = txn->mdb};

	txn->mdb = NULL; /* mdb_txn_commit() frees it in any case */
	if (!guard_run(call_commit, &c))
		return kv_give_up(txn->kv, err);
	if (c.rc == 0)
		return SAKSI_OK;
	kv_head_restore(txn);
	return kv_lmdb(txn->kv, err, c.rc, "committing");
}

void kv_db_abort(struct kv_txn *txn)
{
	struct db_call c = {.txn = txn->mdb};

	txn->mdb = NULL;
	if (c.txn == NULL)
		return;
	if (kv_usable(txn->kv, NULL) == SAKSI_OK && guard_run(call_abort, &c))
		return;
	txn->kv->dead = true;
	kv_abandon(c.txn);
}

enum saksi_err kv_read_sealed(struct buf *out, bool *found, struct kv_txn *txn,
    unsigned db, uint64_t n, struct saksi_error *err)
{
	if (txn->write && (txn->base.txn == 0 || is_written(txn, db, n)))
		return db_read(out, found, txn, db, n, err);
	return kv_pages_read(out, found, txn, db, n, err);
}
