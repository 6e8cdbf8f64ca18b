#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "kv_guard.h"
#include "kv_int.h"

#define MAP_FIRST ((size_t)1 << 30)
#define READERS 254u
#define LOCK_TRIES 200u
#define LOCK_WAIT_MS 16

static size_t test_map_size;

void kv_test_map_size(size_t bytes)
{
	test_map_size = bytes;
}

/* ---- one environment per process and vault ---------------------------------------- */

static struct kv *all_open;
static volatile unsigned fork_generation;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void after_fork(void)
{
	fork_generation++;
}

static void watch_forks(void)
{
	(void)pthread_atfork(NULL, NULL, after_fork);
}

enum saksi_err kv_usable(const struct kv *kv, struct saksi_error *err)
{
	if (kv->fork_generation != fork_generation)
		return saksi_fail(err, SAKSI_EINVAL,
		    KV_FILE_NAME ": it was opened by the parent process; open it anew");
	if (kv->dead)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": it was found damaged and is not used any further; run "
		    "`saksi verify`; go back to a copy, or to a device of the team");
	return SAKSI_OK;
}

/* Two of them would release each other's file locks. */
static bool opened_here(const struct kv *kv)
{
	const struct kv *o;

	for (o = all_open; o != NULL; o = o->other) {
		if (o->fork_generation == fork_generation && o->dev == kv->dev &&
		    o->ino == kv->ino)
			return true;
	}
	return false;
}

static void forget(struct kv *kv)
{
	struct kv **at = &all_open;

	while (*at != NULL && *at != kv)
		at = &(*at)->other;
	if (*at == kv)
		*at = kv->other;
}

/* What a sprung guard leaves behind cannot be freed; keep it reachable. */
struct wreck {
	struct wreck *next;
	const void *what;
};
static struct wreck *wrecks;

void kv_abandon(const void *what)
{
	struct wreck *w = malloc(sizeof(*w));

	if (w == NULL)
		return;
	w->what = what;
	w->next = wrecks;
	wrecks = w;
}

/* ---- LMDB calls under the guard ---------------------------------------------------- */

struct open_call {
	MDB_env *env;
	unsigned flags;
	const char *path;
	int rc;
};

static void call_open(void *arg)
{
	struct open_call *c = arg;

	c->rc = mdb_env_open(c->env, c->path, c->flags, 0600);
}

static void call_close(void *arg)
{
	struct open_call *c = arg;

	mdb_env_close(c->env);
}

static void call_first_reader_check(void *arg)
{
	struct open_call *c = arg;
	int dead;

	c->rc = mdb_reader_check(c->env, &dead);
}

/* ---- opening ------------------------------------------------------------------------ */

static enum saksi_err check_dir(int dirfd, const char *dir, unsigned flags,
    struct saksi_error *err)
{
	struct stat st;

	if (fstat(dirfd, &st) != 0)
		return saksi_fail_sys(err, "%s", dir);
	if ((flags & KV_READ_ONLY) != 0)
		return SAKSI_OK;
	if (st.st_uid != geteuid())
		return saksi_fail(err, SAKSI_EREFUSED,
		    "%s: it belongs to another user; use it as that user, or copy it",
		    dir);
	if (fs_is_network(dirfd))
		return saksi_fail(err, SAKSI_EREFUSED,
		    "%s: it lies on a network file system, where a vault gets damaged; keep it "
		    "on a local disk and use `saksi sync`",
		    dir);
	return SAKSI_OK;
}

/* ${*made}: the file is new, or empty, and LMDB is to start it. */
static enum saksi_err open_file(struct kv *kv, bool *made, int dirfd, unsigned flags,
    struct saksi_error *err)
{
	int how = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	struct stat st;
	int fd;

	*made = false;
	if ((flags & KV_CREATE) != 0) {
		fd = openat(dirfd, KV_DATA_FILE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
		if (fd >= 0) {
			*made = true;
			(void)fchmod(fd, 0600); /* whatever the umask was */
			(void)close(fd);
		} else if (errno != EEXIST) {
			return saksi_fail_sys(err, KV_FILE_NAME ": it cannot be made");
		}
	}
	kv->fd = openat(dirfd, KV_DATA_FILE, how);
	if (kv->fd < 0)
		return saksi_fail_sys(err, KV_FILE_NAME ": it cannot be opened");
	if (fstat(kv->fd, &st) != 0)
		return saksi_fail_sys(err, KV_FILE_NAME ": it cannot be opened");
	if (!S_ISREG(st.st_mode))
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME ": it is no plain file");
	if ((flags & KV_READ_ONLY) == 0 && st.st_uid != geteuid())
		return saksi_fail(err, SAKSI_EREFUSED,
		    KV_FILE_NAME
		    ": it belongs to another user; copy the vault as your own");
	kv->dev = st.st_dev;
	kv->ino = st.st_ino;
	if (opened_here(kv))
		return saksi_fail(err, SAKSI_EBUSY,
		    KV_FILE_NAME ": this process has it open already; close it first");
	return SAKSI_OK;
}

/* Before LMDB sees the file: two sound heads, and their page size. */
static enum saksi_err check_heads(struct meta_page m[2], struct kv *kv,
    struct saksi_error *err)
{
	uint8_t raw[META_BYTES];
	struct page_fault fault;
	struct stat st;
	enum saksi_err rc;
	unsigned i;

	m[0].size = 0;
	for (i = 0; i < 2; i++) {
		if (fstat(kv->fd, &st) != 0)
			return saksi_fail_sys(err, KV_FILE_NAME ": it cannot be measured");
		if ((uint64_t)st.st_size < (uint64_t)m[0].size + META_BYTES)
			return saksi_fail(err, SAKSI_EDAMAGED,
			    KV_FILE_NAME
			    ": it is cut off (%lld bytes are left); go back to a copy, or to a device of the team",
			    (long long)st.st_size);
		rc = fs_pread_all(kv->fd, raw, sizeof(raw), i * (uint64_t)m[0].size,
		    KV_FILE_NAME, err);
		if (rc != SAKSI_OK)
			return rc;
		if (!meta_parse(&m[i], raw, i, &fault))
			return kv_fault(err, &fault);
	}
	if (m[0].size != m[1].size) {
		fault.page = 1;
		fault.why = "its page size is not that of page 0";
		return kv_fault(err, &fault);
	}
	kv->file.size = m[0].size;
	return SAKSI_OK;
}

static size_t first_map_size(const struct kv *kv)
{
	size_t least = test_map_size > 0 ? test_map_size : MAP_FIRST;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct stat st;

	if (fstat(kv->fd, &st) == 0 && 4 * (uint64_t)st.st_size > least &&
	    test_map_size == 0)
		least = 4 * (size_t)st.st_size;
	return (least + page - 1) / page * page;
}

/* ${*blank}: several came at once to a lock file that only one alone may begin. */
static enum saksi_err open_env(struct kv *kv, bool *blank, const char *dir,
    struct saksi_error *err)
{
	struct open_call c = {.flags = MDB_NOTLS, .path = dir};
	mode_t mask;
	int rc;

	*blank = false;
	rc = mdb_env_create(&kv->env);
	if (rc != 0)
		return kv_lmdb(kv, err, rc, "opening");
	(void)mdb_env_set_assert(kv->env, guard_assert);
	rc = mdb_env_set_maxdbs(kv->env, KV_DBS);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(kv->env, READERS);
	if (rc == 0)
		rc = mdb_env_set_mapsize(kv->env, first_map_size(kv));
	if (rc != 0)
		return kv_lmdb(kv, err, rc, "opening");
	c.env = kv->env;
	mask = umask(077); /* LMDB makes lock.mdb itself */
	if (!guard_run(call_open, &c)) {
		(void)umask(mask);
		return kv_give_up(kv, err);
	}
	(void)umask(mask);
	if (c.rc != 0) {
		mdb_env_close(kv->env);
		kv->env = NULL;
		/* The heads were found sound, so it is not the data that it means. */
		*blank = c.rc == MDB_INVALID;
		return kv_lmdb(kv, err, c.rc, "opening");
	}
	return SAKSI_OK;
}

static void wait_a_little(void)
{
	struct timespec ts = {.tv_sec = 0};
	uint8_t ms;

	crypto_random(&ms, 1);
	ts.tv_nsec = 1000000L * (1 + ms % LOCK_WAIT_MS);
	(void)nanosleep(&ts, NULL);
}

static enum saksi_err open_lmdb(struct kv *kv, const char *dir, struct saksi_error *err)
{
	struct open_call c = {.rc = 0};
	struct stat st;
	bool blank;
	enum saksi_err opened = open_env(kv, &blank, dir, err);
	int fd;
	int rc;

	for (unsigned tries = 1; blank && tries < LOCK_TRIES; tries++) {
		wait_a_little();
		opened = open_env(kv, &blank, dir, err);
	}
	if (blank)
		return saksi_fail(err, SAKSI_EBUSY,
		    KV_FILE_NAME ": other processes open it all the time; try again");
	if (opened != SAKSI_OK)
		return opened;
	c.env = kv->env;
	rc = mdb_env_get_fd(kv->env, &fd);
	if (rc != 0)
		return kv_lmdb(kv, err, rc, "opening");
	if (fstat(fd, &st) != 0)
		return saksi_fail_sys(err, KV_FILE_NAME ": it cannot be measured");
	if (st.st_ino != kv->ino || st.st_dev != kv->dev)
		return saksi_fail(err, SAKSI_EBUSY,
		    KV_FILE_NAME ": it was replaced while being opened; try again");
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (!guard_run(call_first_reader_check, &c))
		return kv_give_up(kv, err);
	return SAKSI_OK;
}

/* Without LMDB and its lock file nobody may write; ask whether someone could. */
static enum saksi_err check_no_writer(int dirfd, struct saksi_error *err)
{
	struct flock lock = {.l_type = F_WRLCK,
	    .l_whence = SEEK_SET,
	    .l_start = 0,
	    .l_len = 1};
	int fd =
	    openat(dirfd, "lock.mdb", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return SAKSI_OK;
	rc = fcntl(fd, F_GETLK, &lock);
	(void)close(fd);
	if (rc == 0 && lock.l_type != F_UNLCK)
		return saksi_fail(err, SAKSI_EBUSY,
		    KV_FILE_NAME
		    ": process %ld has this vault open; end it, or do without "
		    "--read-only",
		    (long)lock.l_pid);
	return SAKSI_OK;
}

/* The first transaction: empty tables and a meta record. */
static enum saksi_err fill_new(struct kv *kv, const char *dir, struct saksi_error *err)
{
	struct kv_txn *txn = NULL;
	enum saksi_err rc;

	kv->creating = true;
	rc = kv_begin(&txn, kv, true, err);
	kv->creating = false;
	if (rc != SAKSI_OK)
		return rc;
	rc = kv_db_create(txn, err);
	if (rc != SAKSI_OK) {
		kv_abort(&txn);
		return rc;
	}
	rc = kv_commit(&txn, err);
	if (rc != SAKSI_OK)
		return rc;
	return fs_sync_dir(dir, err);
}

/* Fails unless a transaction can be read. */
static enum saksi_err try_reading(struct kv *kv, struct saksi_error *err)
{
	struct kv_txn *txn = NULL;
	enum saksi_err rc = kv_begin(&txn, kv, false, err);

	if (rc == SAKSI_OK)
		kv_abort(&txn);
	return rc;
}

static enum saksi_err open_inside(struct kv *kv, bool *made, int dirfd, const char *dir,
    unsigned flags, struct saksi_error *err)
{
	bool create = (flags & KV_CREATE) != 0;
	struct meta_page m[2];
	struct stat st;
	enum saksi_err rc;

	rc = check_dir(dirfd, dir, flags, err);
	if (rc == SAKSI_OK)
		rc = open_file(kv, made, dirfd, flags, err);
	if (rc == SAKSI_OK && (flags & KV_READ_ONLY) != 0)
		rc = check_no_writer(dirfd, err);
	if (rc != SAKSI_OK)
		return rc;
	if (fstat(kv->fd, &st) != 0)
		return saksi_fail_sys(err, KV_FILE_NAME ": it cannot be measured");
	/* An interrupted creation may have left an empty file. */
	if (!create || st.st_size > 0) {
		rc = check_heads(m, kv, err);
		if (rc != SAKSI_OK)
			return rc;
		if (create && (m[0].txn != 0 || m[1].txn != 0))
			return saksi_fail(err, SAKSI_EEXIST,
			    KV_FILE_NAME ": there is a vault already");
	}
	if ((flags & KV_READ_ONLY) == 0) {
		rc = open_lmdb(kv, dir, err);
		if (rc != SAKSI_OK)
			return rc;
	}
	if (create) {
		rc = check_heads(m, kv, err);
		if (rc != SAKSI_OK)
			return rc;
		return fill_new(kv, dir, err);
	}
	return try_reading(kv, err);
}

enum saksi_err kv_open(struct kv **out, const char *dir, const uint8_t vault_id[VAULT_ID],
    const struct secret *vault_key, unsigned flags, struct saksi_error *err)
{
	bool made = false;
	struct kv *kv;
	enum saksi_err rc;
	int dirfd;

	*out = NULL;
	if ((flags & KV_CREATE) != 0 && (flags & KV_READ_ONLY) != 0)
		return saksi_fail(err, SAKSI_EINVAL, "%s: cannot make a vault read-only",
		    dir);
	(void)pthread_once(&fork_once, watch_forks);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return saksi_fail_sys(err, "%s", dir);
	kv = calloc(1, sizeof(*kv));
	if (kv == NULL) {
		(void)close(dirfd);
		return saksi_fail_nomem(err);
	}
	kv->fd = -1;
	kv->format = (flags & KV_CREATE) != 0 ? kv_newest() : 0;
	kv->fork_generation = fork_generation;
	memcpy(kv->vault_id, vault_id, VAULT_ID);
	guard_install();
	rc = kv_keys_make(kv, vault_key, err);
	if (rc == SAKSI_OK)
		rc = kv_zstd_new(&kv->zstd, err);
	if (rc == SAKSI_OK)
		rc = open_inside(kv, &made, dirfd, dir, flags, err);
	guard_remove();
	if (rc == SAKSI_OK) {
		kv->other = all_open;
		all_open = kv;
		*out = kv;
	} else {
		kv_close(&kv);
		if (made)
			(void)unlinkat(dirfd, KV_DATA_FILE, 0);
	}
	(void)close(dirfd);
	return rc;
}

static void close_lmdb(struct kv *kv)
{
	struct open_call c = {.env = kv->env};

	if (kv->dead || kv->fork_generation != fork_generation) {
		kv_abandon(kv->env);
		return;
	}
	guard_install();
	if (!guard_run(call_close, &c))
		kv_abandon(kv->env);
	guard_remove();
}

void kv_close(struct kv **pkv)
{
	struct kv *kv = *pkv;

	if (kv == NULL)
		return;
	*pkv = NULL;
	forget(kv);
	if (kv->env != NULL)
		close_lmdb(kv);
	if (kv->map != NULL)
		(void)munmap((void *)(uintptr_t)kv->map, kv->map_len);
	if (kv->fd >= 0)
		(void)close(kv->fd);
	kv_versions_settle(kv, false);
	kv_versions_free(kv);
	kv_keys_drop(kv);
	kv_zstd_free(&kv->zstd);
	buf_free(&kv->sealed);
	buf_free(&kv->older);
	buf_free(&kv->plain);
	wipe(kv, sizeof(*kv));
	free(kv);
}

uint64_t kv_file_size(const struct kv *kv)
{
	struct stat st;

	return fstat(kv->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}
