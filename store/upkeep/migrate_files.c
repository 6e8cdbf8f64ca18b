/* migrate_files.c - the files of a migration: lock, switch, leftovers. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/keys/crypto.h>

#include "migrate.h"

#define WIPE_BLOCK ((size_t)1 << 20)

/* ---- alone with the vault ---------------------------------------------------------
 *
 * Each process that has the vault open holds a shared lock on the first byte of
 * LMDB's lock file and takes it before it looks at the data, so an exclusive one
 * waits for none of them and keeps new ones waiting.
 */

enum saksi_err migrate_lock_again(int fd, struct saksi_error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return SAKSI_OK;
	if (errno == EACCES || errno == EAGAIN)
		return saksi_fail(err, SAKSI_EBUSY,
		    "vault: another process has it open; end that one, then migrate");
	return saksi_fail_sys(err, LOCK_FILE ": it cannot be locked");
}

enum saksi_err migrate_lock(int *fd, int dirfd, struct saksi_error *err)
{
	enum saksi_err rc;

	*fd = openat(dirfd, LOCK_FILE,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (*fd < 0)
		return saksi_fail_sys(err, LOCK_FILE ": it cannot be opened");
	if ((rc = migrate_lock_again(*fd, err)) != SAKSI_OK) {
		(void)close(*fd);
		*fd = -1;
	}
	return rc;
}

enum saksi_err migrate_lock_blank(int fd, struct saksi_error *err)
{
	static const uint8_t zeros[4096];
	struct stat st;
	enum saksi_err rc = SAKSI_OK;

	if (fstat(fd, &st) != 0)
		return saksi_fail_sys(err, LOCK_FILE ": it cannot be measured");
	for (uint64_t at = 0; at < (uint64_t)st.st_size && rc == SAKSI_OK;
	     at += sizeof(zeros)) {
		uint64_t left = (uint64_t)st.st_size - at;

		rc = fs_pwrite_all(fd, zeros, left < sizeof(zeros) ? left : sizeof(zeros),
		    at, LOCK_FILE, err);
	}
	return rc;
}

/* ---- leftovers ---------------------------------------------------------------------- */

/* Its name is ours alone: a backup of hard links must not be overwritten. */
static bool may_wipe(int fd, struct stat *st)
{
	return fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_nlink == 1;
}

static enum saksi_err overwrite(int fd, uint64_t size, const char *name,
    struct saksi_error *err)
{
	uint8_t *noise = malloc(WIPE_BLOCK);
	enum saksi_err rc = SAKSI_OK;

	if (noise == NULL)
		return saksi_fail_nomem(err);
	crypto_random(noise, WIPE_BLOCK);
	for (uint64_t at = 0; at < size && rc == SAKSI_OK; at += WIPE_BLOCK) {
		size_t n = size - at < WIPE_BLOCK ? (size_t)(size - at) : WIPE_BLOCK;

		rc = fs_pwrite_all(fd, noise, n, at, name, err);
	}
	free(noise);
	if (rc == SAKSI_OK && fsync(fd) != 0)
		rc = saksi_fail_sys(err, "%s: cannot be overwritten", name);
	return rc;
}

static enum saksi_err wipe_file(int dirfd, const char *name, struct saksi_error *err)
{
	struct stat st;
	enum saksi_err rc = SAKSI_OK;
	int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return saksi_fail_sys(err, "%s: cannot be opened", name);
	if (may_wipe(fd, &st))
		rc = overwrite(fd, (uint64_t)st.st_size, name, err);
	(void)close(fd);
	return rc;
}

static enum saksi_err remove_name(int dirfd, const char *name, struct saksi_error *err)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return SAKSI_OK;
	return saksi_fail_sys(err, "%s: cannot be removed", name);
}

/* Before the switch it is but another name of the vault's own file. */
static enum saksi_err clean_old(int dirfd, int inside, struct saksi_error *err)
{
	struct stat old, now;
	enum saksi_err rc = SAKSI_OK;

	if (fstatat(inside, MIGRATION_OLD, &old, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT
		    ? SAKSI_OK
		    : saksi_fail_sys(err, MIGRATION_OLD ": cannot be looked at");
	/* Without a data file this would be the last copy. */
	if (fstatat(dirfd, KV_DATA_FILE, &now, AT_SYMLINK_NOFOLLOW) != 0)
		return saksi_fail_sys(err, KV_DATA_FILE ": cannot be looked at");
	if (old.st_dev != now.st_dev || old.st_ino != now.st_ino) {
		/* After a power cut the name must not lead to what was overwritten. */
		if (fsync(dirfd) != 0)
			return saksi_fail_sys(err, "vault: its folder cannot be synced");
		rc = wipe_file(inside, MIGRATION_OLD, err);
	}
	return rc == SAKSI_OK ? remove_name(inside, MIGRATION_OLD, err) : rc;
}

enum saksi_err migrate_clean(int dirfd, struct saksi_error *err)
{
	int inside =
	    openat(dirfd, MIGRATION_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	enum saksi_err rc;

	if (inside < 0)
		return errno == ENOENT
		    ? SAKSI_OK
		    : saksi_fail_sys(err, MIGRATION_DIR ": cannot be opened");
	if ((rc = clean_old(dirfd, inside, err)) == SAKSI_OK &&
	    (rc = remove_name(inside, KV_DATA_FILE, err)) == SAKSI_OK)
		rc = remove_name(inside, LOCK_FILE, err);
	(void)close(inside);
	if (rc == SAKSI_OK && unlinkat(dirfd, MIGRATION_DIR, AT_REMOVEDIR) != 0 &&
	    errno != ENOENT)
		rc = saksi_fail_sys(err, MIGRATION_DIR ": cannot be removed");
	return rc;
}

/* ---- the switch ------------------------------------------------------------------------ */

enum saksi_err migrate_switch(int dirfd, const char *dir, bool *done,
    struct saksi_error *err)
{
	enum saksi_err rc;
	int inside =
	    openat(dirfd, MIGRATION_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (inside < 0)
		return saksi_fail_sys(err, MIGRATION_DIR ": cannot be opened");
	/* A file system without links loses the name; its blocks stay as they are. */
	if (linkat(dirfd, KV_DATA_FILE, inside, MIGRATION_OLD, 0) != 0 &&
	    errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		rc = saksi_fail_sys(err, KV_DATA_FILE ": cannot be given a second name");
	else if (fsync(inside) != 0)
		rc = saksi_fail_sys(err, MIGRATION_DIR ": cannot be synced");
	else if (renameat(inside, KV_DATA_FILE, dirfd, KV_DATA_FILE) != 0)
		rc = saksi_fail_sys(err, KV_DATA_FILE ": cannot be put in place");
	else {
		*done = true;
		rc = fs_sync_dir(dir, err);
	}
	(void)close(inside);
	return rc;
}
