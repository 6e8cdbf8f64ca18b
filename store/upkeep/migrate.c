/*
 * migrate.c - an older format into the present one: copy, check, switch.
 *
 * Log, records, held changesets and local values are copied as they are, under
 * their numbers, which records cite; what older formats lack is made from
 * them.  The old file is only read until the new one is in its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "migrate.h"

static const enum kv_table copied[] = {KV_LOG, KV_RECORDS, KV_HELD, KV_LOCAL};
#define N_COPIED (sizeof(copied) / sizeof(copied[0]))
/* What the index takes beside the data, at most, and a transaction's room. */
#define ROOM_TIMES 2u
#define ROOM_MORE ((uint64_t)32 << 20)

struct migration {
	struct saksi_vault *v;
	struct kv *old;
	struct saksi_vault next; /* what is made: same keys, another file */
	struct saksi_txn *t;
	char *dir;
	int lock;
	uint64_t done, total;
	saksi_work_fn *progress;
	void *ctx;
};

unsigned saksi_vault_format(const struct saksi_vault *v, unsigned *newest)
{
	*newest = KV_FORMAT;
	return kv_format(v->kv);
}

enum saksi_err migrate_opened(struct saksi_vault *v, struct saksi_error *err)
{
	/* While we hold LMDB's lock nobody migrates.  What cannot be removed harms
	 * no one, and is told by the next migration. */
	if (!v->read_only && migrate_clean(v->dirfd, NULL) != SAKSI_OK && v->any_format &&
	    kv_format(v->kv) < KV_FORMAT)
		return migrate_clean(v->dirfd, err);
	if (kv_format(v->kv) >= KV_FORMAT || v->any_format)
		return SAKSI_OK;
	if (v->read_only)
		return saksi_fail(err, SAKSI_EREFUSED,
		    "%s: it has the older format %u, in which nothing can be looked up; copy the "
		    "folder to a disk that can be written to and run `saksi migrate` there",
		    v->dir, (unsigned)kv_format(v->kv));
	return saksi_fail(err, SAKSI_EREFUSED,
	    "%s: it has the older format %u; `saksi migrate` copies it into format %u",
	    v->dir, (unsigned)kv_format(v->kv), KV_FORMAT);
}

enum saksi_err saksi_vault_migration_room(struct saksi_vault *v, uint64_t *needed,
    uint64_t *free_bytes, struct saksi_error *err)
{
	struct statvfs fs;
	struct stat st;

	if (fstatat(v->dirfd, KV_DATA_FILE, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fstatvfs(v->dirfd, &fs) != 0)
		return saksi_fail_sys(err, "%s: cannot be measured", v->dir);
	*needed = ROOM_TIMES * (uint64_t)st.st_size + ROOM_MORE;
	*free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	return SAKSI_OK;
}

static void tell(const struct migration *m, const char *what, uint64_t done,
    uint64_t total)
{
	if (m->progress != NULL)
		m->progress(m->ctx, what, (size_t)done, (size_t)total);
}

/* ---- copying --------------------------------------------------------------------- */

struct copying {
	struct migration *m;
	enum kv_table table;
	struct crypto_hash_state *hash;
};

/* Number and length before each value, so that no two lists are the same bytes. */
static void hash_value(struct crypto_hash_state *hash, unsigned table, uint64_t n,
    const uint8_t *p, size_t len)
{
	uint8_t head[17];

	head[0] = (uint8_t)table;
	le64_put(head + 1, n);
	le64_put(head + 9, len);
	crypto_hash_add(hash, head, sizeof(head));
	crypto_hash_add(hash, p, len);
}

static enum saksi_err copy_value(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct copying *c = ctx;
	struct migration *m = c->m;
	enum saksi_err rc = SAKSI_OK;

	hash_value(c->hash, c->table, n, p, len);
	tell(m, "copying", m->done++, m->total);
	if (m->t != NULL && saksi_txn_full(m->t))
		rc = saksi_txn_commit(&m->t, err);
	if (rc == SAKSI_OK && m->t == NULL)
		rc = saksi_txn_begin(&m->t, &m->next, true, err);
	return rc == SAKSI_OK ? kv_put(m->t->kv, c->table, n, p, len, err) : rc;
}

static enum saksi_err copy_table(struct migration *m, struct kv_txn *from,
    struct copying *c, struct saksi_error *err)
{
	uint64_t first, next, count;
	enum saksi_err rc = SAKSI_OK;

	kv_range(from, c->table, &first, &next, &count);
	if (m->t == NULL)
		rc = saksi_txn_begin(&m->t, &m->next, true, err);
	if (rc == SAKSI_OK &&
	    (rc = kv_number_from(m->t->kv, c->table, first, first, err)) == SAKSI_OK &&
	    (rc = kv_scan(from, c->table, 0, copy_value, c, err)) == SAKSI_OK)
		rc = kv_number_from(m->t->kv, c->table, first, next, err);
	return rc;
}

static enum saksi_err copy_all(struct migration *m, struct kv_txn *from,
    struct saksi_hash *sum, struct saksi_error *err)
{
	struct crypto_hash_state hash;
	enum saksi_err rc = SAKSI_OK;

	crypto_hash_init(&hash, "migration");
	for (size_t i = 0; i < N_COPIED; i++) {
		uint64_t first, next, count;

		kv_range(from, copied[i], &first, &next, &count);
		m->total += count;
	}
	for (size_t i = 0; i < N_COPIED && rc == SAKSI_OK; i++) {
		struct copying c = {m, copied[i], &hash};

		rc = copy_table(m, from, &c, err);
	}
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&m->t, err);
	saksi_txn_abort(&m->t);
	crypto_hash_final(&hash, sum);
	return rc;
}

/* ---- checking ---------------------------------------------------------------------- */

struct first_fault {
	char words[400];
	bool any;
};

static void on_fault(void *ctx, const char *words)
{
	struct first_fault *f = ctx;

	if (f->any)
		return;
	f->any = true;
	strncpy(f->words, words, sizeof(f->words) - 1);
}

static enum saksi_err check_file(struct kv *kv, const char *which, struct saksi_error *err)
{
	struct first_fault f = {.any = false};
	enum saksi_err rc = kv_verify(kv, on_fault, &f, err);

	/* Their advice is for a vault that can be used. */
	if (rc != SAKSI_OK && f.any)
		return saksi_fail(err, rc,
		    "vault: %s is damaged, and nothing was changed: %.*s; go back to a copy, or to "
		    "a device of the team",
		    which, (int)strcspn(f.words, ";"), f.words);
	return rc;
}

struct rereading {
	struct crypto_hash_state hash;
	unsigned table;
};

static enum saksi_err reread_value(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct rereading *r = ctx;

	(void)err;
	hash_value(&r->hash, r->table, n, p, len);
	return SAKSI_OK;
}

/* What the new file holds, and hands out next, is what the old one did. */
static enum saksi_err check_copy(struct migration *m, struct kv_txn *from,
    const struct saksi_hash *sum, struct saksi_error *err)
{
	struct rereading r;
	struct kv_txn *now = NULL;
	struct saksi_hash again;
	bool same = true;
	enum saksi_err rc = check_file(m->next.kv, "the new file", err);

	crypto_hash_init(&r.hash, "migration");
	if (rc == SAKSI_OK)
		rc = kv_begin(&now, m->next.kv, false, err);
	for (size_t i = 0; i < N_COPIED && rc == SAKSI_OK; i++) {
		uint64_t a[3], b[3];

		kv_range(from, copied[i], &a[0], &a[1], &a[2]);
		kv_range(now, copied[i], &b[0], &b[1], &b[2]);
		same = same && memcmp(a, b, sizeof(a)) == 0;
		r.table = copied[i];
		rc = kv_scan(now, copied[i], 0, reread_value, &r, err);
	}
	kv_abort(&now);
	crypto_hash_final(&r.hash, &again);
	if (rc == SAKSI_OK && (!same || hash_cmp(&again, sum) != 0))
		rc = saksi_fail(err, SAKSI_EDAMAGED,
		    "vault: the copy is not what the old file holds, so nothing was changed; the "
		    "disk or the memory of this computer may be failing");
	return rc;
}

/* ---- the whole --------------------------------------------------------------------------- */

static enum saksi_err check_room(struct migration *m, struct saksi_error *err)
{
	uint64_t needed, there;
	enum saksi_err rc = saksi_vault_migration_room(m->v, &needed, &there, err);

	if (rc == SAKSI_OK && there < needed) {
		rc = saksi_fail(err, SAKSI_EIO,
		    "%s: the copy may need %llu MiB and the disk has %llu MiB left; free some, or "
		    "move the folder to a larger disk first",
		    m->v->dir, (unsigned long long)(needed >> 20),
		    (unsigned long long)(there >> 20));
		if (err != NULL)
			err->sys = ENOSPC;
	}
	return rc;
}

/* Only with nobody else there, and with the file that still has the name. */
static enum saksi_err open_old(struct migration *m, struct saksi_error *err)
{
	struct saksi_vault *v = m->v;
	struct stat before, after;
	enum saksi_err rc;

	catalog_reset(&v->catalog);
	kv_close(&v->kv);
	if ((rc = migrate_lock(&m->lock, v->dirfd, err)) != SAKSI_OK)
		return rc;
	if (fstatat(v->dirfd, KV_DATA_FILE, &before, AT_SYMLINK_NOFOLLOW) != 0)
		return saksi_fail_sys(err, KV_DATA_FILE ": cannot be looked at");
	rc = kv_open(&m->old, v->dir, keyring_vault_id(v->keys), v->key, KV_READ_ONLY,
	    err);
	/* It has looked at the lock file, and closing that let go of the lock. */
	if (rc == SAKSI_OK)
		rc = migrate_lock_again(m->lock, err);
	if (rc != SAKSI_OK)
		return rc;
	if (fstatat(v->dirfd, KV_DATA_FILE, &after, AT_SYMLINK_NOFOLLOW) != 0 ||
	    before.st_dev != after.st_dev || before.st_ino != after.st_ino)
		return saksi_fail(err, SAKSI_EBUSY,
		    "vault: another process replaced its data meanwhile; try again");
	return SAKSI_OK;
}

static enum saksi_err open_new(struct migration *m, struct saksi_error *err)
{
	struct saksi_vault *v = m->v;

	if ((m->dir = fs_join(v->dir, MIGRATION_DIR)) == NULL)
		return saksi_fail_nomem(err);
	if (mkdirat(v->dirfd, MIGRATION_DIR, 0700) != 0)
		return saksi_fail_sys(err, "%s: cannot be made", m->dir);
	m->next.dir = m->dir;
	m->next.dirfd = v->dirfd;
	m->next.schema = v->schema;
	m->next.keys = v->keys;
	m->next.healed = true; /* the slot file is not this file's affair */
	return kv_open(&m->next.kv, m->dir, keyring_vault_id(v->keys), v->key, KV_CREATE,
	    err);
}

static enum saksi_err make_new(struct migration *m, struct saksi_error *err)
{
	struct reindex_report ignored = {0};
	struct kv_txn *from = NULL;
	struct saksi_hash sum;
	enum saksi_err rc;

	tell(m, "checking", 0, 0);
	if ((rc = check_file(m->old, "the old file", err)) != SAKSI_OK ||
	    (rc = open_new(m, err)) != SAKSI_OK ||
	    (rc = kv_begin(&from, m->old, false, err)) != SAKSI_OK)
		return rc;
	if ((rc = copy_all(m, from, &sum, err)) == SAKSI_OK &&
	    (rc = saksi_vault_reindex(&m->next, &ignored, m->progress, m->ctx, err)) ==
		SAKSI_OK) {
		tell(m, "checking", 0, 0);
		rc = check_copy(m, from, &sum, err);
	}
	kv_abort(&from);
	return rc;
}

static void close_new(struct migration *m)
{
	catalog_free(&m->next.catalog);
	kv_close(&m->next.kv);
	free(m->dir);
	m->dir = NULL;
}

/* What failed was after the switch; the next command removes what is left. */
static enum saksi_err tell_done(enum saksi_err rc, struct saksi_error *err)
{
	struct saksi_error why = {.msg = ""};

	if (err != NULL)
		why = *err;
	return saksi_fail(err, rc, "%s; the vault was migrated all the same", why.msg);
}

enum saksi_err saksi_vault_migrate(struct saksi_vault *v, saksi_work_fn *progress,
    void *ctx, struct saksi_error *err)
{
	struct migration m = {.v = v, .lock = -1, .progress = progress, .ctx = ctx};
	bool done = false;
	enum saksi_err rc;

	if (v->read_only)
		return saksi_fail(err, SAKSI_EREFUSED, "%s: opened to read only", v->dir);
	if (kv_format(v->kv) >= KV_FORMAT)
		return SAKSI_OK;
	rc = open_old(&m, err);
	if (rc == SAKSI_OK && kv_format(m.old) < KV_FORMAT &&
	    (rc = migrate_clean(v->dirfd, err)) == SAKSI_OK &&
	    (rc = check_room(&m, err)) == SAKSI_OK) {
		rc = make_new(&m, err);
		close_new(&m);
		if (rc == SAKSI_OK)
			rc = migrate_lock_blank(m.lock, err);
		if (rc == SAKSI_OK)
			rc = migrate_switch(v->dirfd, v->dir, &done, err);
		kv_close(&m.old);
		tell(&m, "overwriting the old file", 0, 0);
		/* Also after a failure; what cannot be removed now goes next time. */
		if (migrate_clean(v->dirfd, rc == SAKSI_OK ? err : NULL) != SAKSI_OK &&
		    rc == SAKSI_OK)
			rc = SAKSI_EPARTIAL;
	}
	kv_close(&m.old);
	if (m.lock >= 0)
		(void)close(m.lock);
	if (rc == SAKSI_OK)
		rc = kv_open(&v->kv, v->dir, keyring_vault_id(v->keys), v->key, 0, err);
	return rc != SAKSI_OK && done ? tell_done(rc, err) : rc;
}
