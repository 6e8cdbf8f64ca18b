#include <errno.h>
#include <lmdb.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "kv_guard.h"
#include "kv_int.h"

#define MAP_HEADROOM ((size_t)128 << 20)
#define BEGIN_TRIES 100u
#define READER_CHECK_EVERY 64u
#define SPACE_LOW ((uint64_t)16 << 20)

/* ---- words ------------------------------------------------------------------------ */

enum saksi_err kv_give_up(struct kv *kv, struct saksi_error *err)
{
	kv->dead = true;
	return saksi_fail(err, SAKSI_EDAMAGED,
	    KV_FILE_NAME
	    ": it is damaged so that reading had to be cut short (or it shrank "
	    "while in use); run `saksi verify`; go back to a copy, or to a device of the team");
}

enum saksi_err kv_fault(struct saksi_error *err, const struct page_fault *fault)
{
	return saksi_fail(err, SAKSI_EDAMAGED,
	    KV_FILE_NAME
	    ": page %llu: %s; run `saksi verify`; go back to a copy, or to a device of the team",
	    (unsigned long long)fault->page, fault->why);
}

static bool space_is_low(const struct kv *kv)
{
	struct statvfs st;

	if (fstatvfs(kv->fd, &st) != 0)
		return false;
	return (uint64_t)st.f_bavail * st.f_frsize < SPACE_LOW;
}

static enum saksi_err no_space(struct kv *kv, struct saksi_error *err)
{
	struct statvfs st;
	unsigned long long left = 0;

	if (fstatvfs(kv->fd, &st) == 0)
		left = (unsigned long long)st.f_bavail * st.f_frsize;
	(void)saksi_fail(err, SAKSI_EIO,
	    KV_FILE_NAME ": the disk is full (%llu KiB left); nothing of this change was "
			 "written; free some space and repeat it",
	    left >> 10);
	if (err != NULL)
		err->sys = ENOSPC;
	return SAKSI_EIO;
}

/* Whether a short write can come from the limit on the size of files. */
static bool limit_is_near(const struct kv *kv)
{
	struct rlimit limit;
	struct stat st;

	return kv->fd >= 0 && getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY && fstat(kv->fd, &st) == 0 &&
	    (uint64_t)st.st_size + SPACE_LOW > limit.rlim_cur;
}

static enum saksi_err too_large(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EIO,
	    KV_FILE_NAME
	    ": it would grow too large for this process or this disk; nothing "
	    "of this change was written; raise the limit (`ulimit -f`), or move the "
	    "vault to another disk");
}

enum saksi_err kv_lmdb(struct kv *kv, struct saksi_error *err, int rc, const char *doing)
{
	switch (rc) {
	case ENOSPC:
	case EDQUOT:
		return no_space(kv, err);
	case EIO: /* LMDB's word for a short write, too */
		if (kv->fd >= 0 && space_is_low(kv))
			return no_space(kv, err);
		if (limit_is_near(kv))
			return too_large(err);
		break;
	case EFBIG:
		return too_large(err);
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
		return saksi_fail(err, SAKSI_ELIMIT,
		    KV_FILE_NAME
		    ": too much in one transaction; write in smaller batches");
	case MDB_READERS_FULL:
		return saksi_fail(err, SAKSI_EBUSY,
		    KV_FILE_NAME ": too many processes read this vault; end some");
	case MDB_PANIC:
		return saksi_fail(err, SAKSI_EIO,
		    KV_FILE_NAME
		    ": an earlier write failed in its last step; start saksi again");
	default:
		break;
	}
	if (rc < 0)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": while %s: %s; run `saksi verify`; go back to a copy, or to a device of the team",
		    doing, mdb_strerror(rc));
	errno = rc;
	return saksi_fail_sys(err, KV_FILE_NAME ": %s failed", doing);
}

/* ---- LMDB calls under the guard ---------------------------------------------------- */

struct env_call {
	MDB_env *env;
	MDB_txn *txn;
	unsigned flags;
	size_t size;
	size_t used;
	int rc;
};

static void call_info(void *arg)
{
	struct env_call *c = arg;
	MDB_envinfo info;

	c->rc = mdb_env_info(c->env, &info);
	if (c->rc == 0) {
		c->size = info.me_mapsize;
		c->used = info.me_last_pgno + 1;
	}
}

static void call_resize(void *arg)
{
	struct env_call *c = arg;

	c->rc = mdb_env_set_mapsize(c->env, c->size);
}

static void call_begin(void *arg)
{
	struct env_call *c = arg;

	c->rc = mdb_txn_begin(c->env, NULL, c->flags, &c->txn);
}

static void call_abort(void *arg)
{
	struct env_call *c = arg;

	mdb_txn_abort(c->txn);
}

static void call_reader_check(void *arg)
{
	struct env_call *c = arg;
	int dead;

	c->rc = mdb_reader_check(c->env, &dead);
}

/* ---- growth and begin --------------------------------------------------------------- */

static enum saksi_err resize(struct kv *kv, size_t size, struct saksi_error *err)
{
	struct env_call c = {.env = kv->env, .size = size};

	kv->env_map = NULL; /* it comes to lie elsewhere */
	if (!guard_run(call_resize, &c))
		return kv_give_up(kv, err);
	if (c.rc != 0) {
		kv->dead = true; /* LMDB is left without a map */
		return kv_lmdb(kv, err, c.rc, "enlarging the map");
	}
	return SAKSI_OK;
}

/* How large the map must become before a write; 0: it is large enough. */
static enum saksi_err wanted_size(size_t *size, struct kv *kv, struct saksi_error *err)
{
	struct env_call c = {.env = kv->env};
	size_t room;
	size_t used;

	*size = 0;
	if (!guard_run(call_info, &c))
		return kv_give_up(kv, err);
	used = c.used * kv->file.size;
	room = c.size / 4 < MAP_HEADROOM ? c.size / 4 : MAP_HEADROOM;
	while (used > c.size || c.size - used < room) {
		if (c.size > SIZE_MAX / 4)
			return saksi_fail(err, SAKSI_ELIMIT,
			    KV_FILE_NAME ": it is too large");
		c.size *= 2;
		*size = c.size;
	}
	return SAKSI_OK;
}

static void abort_txn(struct kv *kv, MDB_txn *txn)
{
	struct env_call c = {.txn = txn};

	if (!guard_run(call_abort, &c))
		kv->dead = true;
}

/* One try; ${*again} when the map had to change first. */
static enum saksi_err begin_once(struct MDB_txn **out, bool *again, struct kv *kv,
    bool write, struct saksi_error *err)
{
	struct env_call c = {.env = kv->env, .flags = write ? 0 : MDB_RDONLY};
	enum saksi_err rc;
	size_t size = 0;

	*again = true;
	if (!guard_run(call_begin, &c))
		return kv_give_up(kv, err);
	if (c.rc == MDB_MAP_RESIZED)
		return resize(kv, 0, err);
	if (c.rc == MDB_READERS_FULL) {
		(void)guard_run(call_reader_check, &c);
		if (!guard_run(call_begin, &c))
			return kv_give_up(kv, err);
	}
	if (c.rc != 0)
		return kv_lmdb(kv, err, c.rc, "beginning a transaction");
	/* Asked under the write lock: nobody else can fill the room meanwhile. */
	rc = write ? wanted_size(&size, kv, err) : SAKSI_OK;
	if (rc == SAKSI_OK && size == 0) {
		*again = false;
		*out = c.txn;
		return SAKSI_OK;
	}
	if (!kv->dead)
		abort_txn(kv, c.txn);
	return rc == SAKSI_OK ? resize(kv, size, err) : rc;
}

enum saksi_err kv_env_begin(struct MDB_txn **out, struct kv *kv, bool write,
    struct saksi_error *err)
{
	struct env_call check = {.env = kv->env};
	enum saksi_err rc;
	unsigned tries;
	bool again;

	*out = NULL;
	if (++kv->begun % READER_CHECK_EVERY == 0 && !guard_run(call_reader_check, &check))
		return kv_give_up(kv, err);
	for (tries = 0; tries < BEGIN_TRIES; tries++) {
		rc = begin_once(out, &again, kv, write, err);
		if (rc != SAKSI_OK || !again)
			return rc;
	}
	return saksi_fail(err, SAKSI_EBUSY,
	    KV_FILE_NAME ": other processes enlarge it all the time; try again");
}
