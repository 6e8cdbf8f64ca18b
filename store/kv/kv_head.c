#include <lmdb.h>
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "kv_guard.h"
#include "kv_int.h"

/*
 * When LMDB cannot write a head it puts the old transaction number back, beside
 * the new roots: the head of N-1 then leads to what N+1 was to be.  To LMDB that
 * is harmless, to kv_snapshot_load() it is a head with a wrong number.  So the
 * whole old head is put back.  Nobody can have begun to write in between: who
 * tries finds the wrong head and refuses.
 */
#define HEAD_FIXED 32u /* what comes before never changes */
#define HEAD_TXN 144u

struct head_copy {
	const uint8_t *from;
	uint8_t *to;
};

static void copy_head(void *arg)
{
	struct head_copy *c = arg;

	memcpy(c->to, c->from, META_BYTES);
}

static uint64_t head_place(const struct kv_txn *txn)
{
	return (txn->number & 1) * (uint64_t)txn->kv->file.size;
}

enum saksi_err kv_head_save(struct kv_txn *txn, struct saksi_error *err)
{
	struct head_copy c = {txn->kv->file.map + head_place(txn), txn->head};

	if (!guard_run(copy_head, &c))
		return kv_give_up(txn->kv, err);
	return SAKSI_OK;
}

void kv_head_restore(const struct kv_txn *txn)
{
	struct kv *kv = txn->kv;
	uint8_t now[META_BYTES];
	int fd;

	if (mdb_env_get_fd(kv->env, &fd) != 0)
		return;
	if (fs_pread_all(fd, now, sizeof(now), head_place(txn), KV_FILE_NAME, NULL) !=
	    SAKSI_OK)
		return;
	if (memcmp(now + HEAD_TXN, txn->head + HEAD_TXN, 8) != 0 ||
	    memcmp(now, txn->head, sizeof(now)) == 0)
		return;
	if (fs_pwrite_all(fd, txn->head + HEAD_FIXED, META_BYTES - HEAD_FIXED,
		head_place(txn) + HEAD_FIXED, KV_FILE_NAME, NULL) == SAKSI_OK)
		(void)fdatasync(fd);
}
