#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "kv_guard.h"
#include "kv_int.h"

#define BEGIN_TRIES 100u

/* ---- begin -------------------------------------------------------------------- */

/* Without LMDB the newer head is the state. */
static enum saksi_err newest(uint64_t *number, struct kv *kv, struct saksi_error *err)
{
	struct meta_page m[2];
	enum saksi_err rc = kv_metas(m, kv, err);

	if (rc == SAKSI_OK)
		*number = m[0].txn > m[1].txn ? m[0].txn : m[1].txn;
	return rc;
}

enum saksi_err kv_newest_commit(uint64_t *number, struct kv *kv, struct saksi_error *err)
{
	return newest(number, kv, err);
}

static enum saksi_err begin_once(struct kv_txn *txn, enum kv_fit *fit,
    struct saksi_error *err)
{
	struct kv *kv = txn->kv;
	uint64_t base = 0;
	enum saksi_err rc;

	if (kv->env != NULL) {
		rc = kv_env_begin(&txn->mdb, kv, txn->write, err);
		if (rc != SAKSI_OK)
			return rc;
		txn->number = mdb_txn_id(txn->mdb);
		base = txn->write ? txn->number - 1 : txn->number;
	}
	/* Only now: the file may have grown up to this transaction. */
	rc = kv_map_refresh(kv, err);
	if (rc == SAKSI_OK && kv->env == NULL) {
		rc = newest(&base, kv, err);
		txn->number = base;
	}
	if (rc == SAKSI_OK)
		rc = kv_snapshot_load(fit, &txn->base, kv, base, txn->write, err);
	return rc;
}

static enum saksi_err begin_inside(struct kv_txn *txn, struct saksi_error *err)
{
	enum kv_fit fit = KV_FIT_BAD;
	enum saksi_err rc;
	unsigned tries;

	for (tries = 0; tries < BEGIN_TRIES; tries++) {
		rc = begin_once(txn, &fit, err);
		if (rc != SAKSI_OK || fit != KV_FIT_PASSED)
			break;
		kv_db_abort(txn);
	}
	if (rc != SAKSI_OK)
		return rc;
	if (fit != KV_FIT)
		return saksi_fail(err, SAKSI_EBUSY,
		    KV_FILE_NAME ": other processes write to it all the time; try again");
	if (txn->base.txn == 0 && !txn->kv->creating)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": there is no finished vault in it: making it was interrupted, "
		    "or it is damaged; go back to a copy, or to a device of the team");
	if (!txn->write)
		return SAKSI_OK;
	rc = kv_check_begin(txn, err);
	if (rc == SAKSI_OK)
		rc = kv_db_locate(txn, err);
	return rc == SAKSI_OK ? kv_head_save(txn, err) : rc;
}

static void txn_free(struct kv_txn **ptxn)
{
	struct kv_txn *txn = *ptxn;

	*ptxn = NULL;
	kv_db_abort(txn);
	if (txn->write) {
		kv_versions_settle(txn->kv, false);
		txn->kv->writer = NULL;
	}
	kv_pages_free(&txn->pages);
	free(txn->seen);
	free(txn);
	guard_remove();
}

enum saksi_err kv_begin(struct kv_txn **out, struct kv *kv, bool write,
    struct saksi_error *err)
{
	enum saksi_err rc = kv_usable(kv, err);
	struct kv_txn *txn;
	unsigned db;

	*out = NULL;
	if (rc != SAKSI_OK)
		return rc;
	if (write && kv->env == NULL)
		return saksi_fail(err, SAKSI_EREFUSED,
		    KV_FILE_NAME ": it was opened for reading only");
	if (write && kv->format != kv_newest())
		return saksi_fail(err, SAKSI_EREFUSED,
		    KV_FILE_NAME ": it has the older format %u, which is only read; "
				 "`saksi migrate` makes a new one of it",
		    kv->format);
	if (write && kv->writer != NULL)
		return saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": this process is writing to it already");
	txn = calloc(1, sizeof(*txn));
	if (txn == NULL)
		return saksi_fail_nomem(err);
	txn->kv = kv;
	txn->write = write;
	if (write)
		kv->writer = txn;
	guard_install();
	rc = begin_inside(txn, err);
	if (rc != SAKSI_OK) {
		txn_free(&txn);
		return rc;
	}
	txn->meta = txn->base.meta;
	for (db = 0; db < KV_DBS; db++) {
		txn->hint[db].leaf = PAGE_NONE;
		txn->top[db] =
		    db > 0 && db < KV_TABLE_END ? txn->meta.t[db].next : UINT64_MAX;
	}
	*out = txn;
	return SAKSI_OK;
}

void kv_abort(struct kv_txn **txn)
{
	if (*txn != NULL)
		txn_free(txn);
}

/* ---- commit ------------------------------------------------------------------- */

/* An append-only table has no holes, so each number handed out must be used. */
static enum saksi_err check_holes(const struct kv_txn *txn, struct saksi_error *err)
{
	const struct kv_table_state *s;
	unsigned t;

	for (t = 1; t < KV_TABLE_END; t++) {
		s = &txn->meta.t[t];
		if (kv_is_append_only(t) && s->first + s->count != s->next)
			return saksi_fail(err, SAKSI_EINVAL,
			    KV_FILE_NAME ": a number of table %u was taken and not used",
			    t);
	}
	return SAKSI_OK;
}

static enum saksi_err commit_inside(struct kv_txn *txn, struct saksi_error *err)
{
	struct kv *kv = txn->kv;
	enum saksi_err rc = kv_usable(kv, err);

	if (rc != SAKSI_OK)
		return rc;
	if (txn->broken)
		return saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": a change in this transaction failed; begin it again");
	if (!txn->write || !txn->changed)
		return SAKSI_OK;
	rc = check_holes(txn, err);
	if (rc == SAKSI_OK)
		rc = kv_versions_flush(txn, err);
	if (rc == SAKSI_OK)
		rc = kv_meta_write(txn, err);
	if (rc == SAKSI_OK)
		rc = kv_db_commit(txn, err);
	if (rc != SAKSI_OK)
		return rc;
	kv_versions_settle(kv, true);
	if (txn->sound)
		kv->sound_txn = txn->number;
	return SAKSI_OK;
}

enum saksi_err kv_commit(struct kv_txn **txn, struct saksi_error *err)
{
	enum saksi_err rc = commit_inside(*txn, err);

	txn_free(txn);
	return rc;
}

uint64_t kv_txn_number(const struct kv_txn *txn)
{
	return txn->number;
}

bool kv_txn_changed(const struct kv_txn *txn)
{
	return txn->write && txn->changed;
}

uint64_t kv_txn_base(const struct kv_txn *txn)
{
	return txn->base.txn;
}

size_t kv_txn_dirty(const struct kv_txn *txn)
{
	return txn->dirty;
}

void kv_txn_rest(struct kv_txn *txn)
{
	/* What only reads does not look through the map. */
	if (txn->write)
		kv_rest(txn->kv);
}

size_t kv_txn_room(const struct kv_txn *txn)
{
	return txn->dirty < KV_BATCH_MAX
	    ? (KV_BATCH_MAX - txn->dirty) / txn->kv->file.size
	    : 0;
}
