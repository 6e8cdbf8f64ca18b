/*
 * session_place.c - folders that only this user can enter, files in them.
 *
 * Nothing here follows a symbolic link: /dev/shm belongs to everybody.
 */
#include "session_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#define NEW_NAME_TEXT (SESSION_NAME_TEXT + 4u) /* ".new" */

struct place {
	char base[4096];
	char folder[32];
};

static bool fits(int n, size_t size)
{
	return n > 0 && (size_t)n < size;
}

/* Where the folder would be; false when the system has no such place. */
static bool place_name(struct place *p, unsigned which)
{
	const unsigned uid = (unsigned)geteuid();
	const char *dir;

	(void)snprintf(p->folder, sizeof(p->folder), "saksi");
	switch (which) {
	case 0:
		dir = getenv("XDG_RUNTIME_DIR");
		return dir && dir[0] == '/' &&
		    fits(snprintf(p->base, sizeof(p->base), "%s", dir), sizeof(p->base));
	case 1:
		return fits(snprintf(p->base, sizeof(p->base), "/run/user/%u", uid),
		    sizeof(p->base));
	default:
		(void)snprintf(p->base, sizeof(p->base), "/dev/shm");
		return fits(snprintf(p->folder, sizeof(p->folder), "saksi-%u", uid),
		    sizeof(p->folder));
	}
}

static bool ours_alone(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0;
}

static enum saksi_err open_folder(int *dirfd, int base, const struct place *p, bool make,
    struct saksi_error *err)
{
	if (make && mkdirat(base, p->folder, 0700) != 0 && errno != EEXIST)
		return saksi_fail_sys(err, "%s/%s: cannot be made", p->base, p->folder);
	*dirfd = openat(base, p->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*dirfd < 0 && errno == ENOENT)
		return saksi_fail(err, SAKSI_ENOTFOUND, "vault: it is locked");
	if (*dirfd >= 0 && ours_alone(*dirfd))
		return SAKSI_OK;
	if (*dirfd >= 0)
		(void)close(*dirfd);
	*dirfd = -1;
	return saksi_fail(err, SAKSI_EREFUSED,
	    "%s/%s: must be a folder of yours that nobody else can enter; remove it",
	    p->base, p->folder);
}

enum saksi_err place_open(int *dirfd, unsigned which, bool make, struct saksi_error *err)
{
	struct place p = {"", ""};
	enum saksi_err rc;
	int base = -1;

	*dirfd = -1;
	if (place_name(&p, which))
		base = open(p.base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base < 0)
		return saksi_fail(err, SAKSI_ENOTFOUND, "vault: it is locked");
	/* a run-time directory is the user's own; only /dev/shm is shared */
	if (which < 2 && !ours_alone(base))
		rc = saksi_fail(err, SAKSI_EREFUSED,
		    "%s: must be a folder of yours that nobody else can enter", p.base);
	else
		rc = open_folder(dirfd, base, &p, make, err);
	(void)close(base);
	/* held until the caller closes: nobody erases what another just wrote */
	if (rc == SAKSI_OK)
		while (flock(*dirfd, LOCK_EX) != 0 && errno == EINTR)
			;
	return rc;
}

/* ---- files --------------------------------------------------------------- */

static void new_name(char out[NEW_NAME_TEXT], const char *name)
{
	(void)snprintf(out, NEW_NAME_TEXT, "%.*s.new", (int)SESSION_NAME_TEXT - 1, name);
}

static enum saksi_err cannot_write(struct saksi_error *err)
{
	return saksi_fail_sys(err, "unlock: the run-time directory cannot be written");
}

enum saksi_err place_write(int dirfd, const char *name,
    const uint8_t file[SESSION_FILE_SIZE], struct saksi_error *err)
{
	char tmp[NEW_NAME_TEXT];
	enum saksi_err rc;
	int fd;

	new_name(tmp, name);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return cannot_write(err);
	rc = fchmod(fd, 0600) == 0
	    ? fs_write_all(fd, file, SESSION_FILE_SIZE, "run-time directory", err)
	    : cannot_write(err);
	(void)close(fd);
	if (rc == SAKSI_OK && renameat(dirfd, tmp, dirfd, name) != 0)
		rc = cannot_write(err);
	if (rc != SAKSI_OK)
		(void)unlinkat(dirfd, tmp, 0);
	return rc;
}

/* A regular file of our own under this name, or -1. */
static int open_own(int dirfd, const char *name, int flags)
{
	struct stat st;
	int fd =
	    openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 &&
	    (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())) {
		(void)close(fd);
		fd = -1;
		errno = EPERM;
	}
	return fd;
}

enum saksi_err place_read(uint8_t file[SESSION_FILE_SIZE], int dirfd, const char *name,
    struct saksi_error *err)
{
	struct stat st;
	enum saksi_err rc;
	int fd = open_own(dirfd, name, O_RDONLY);

	if (fd < 0)
		return errno == ENOENT
		    ? saksi_fail(err, SAKSI_ENOTFOUND, "vault: it is locked")
		    : saksi_fail(err, SAKSI_EDAMAGED, "vault: its unlock file is not one");
	if (fstat(fd, &st) != 0 || st.st_size != (off_t)SESSION_FILE_SIZE)
		rc = saksi_fail(err, SAKSI_EDAMAGED, "vault: its unlock file is not one");
	else
		rc = fs_pread_all(fd, file, SESSION_FILE_SIZE, 0, "unlock file", err);
	(void)close(fd);
	if (rc == SAKSI_OK &&
	    (memcmp(file + SE_MAGIC, SESSION_MAGIC, 8) != 0 ||
		le16_get(file + SE_FORMAT) != SESSION_FORMAT))
		rc = saksi_fail(err, SAKSI_EDAMAGED, "vault: its unlock file is not one");
	return rc;
}

static void erase_one(int dirfd, const char *name)
{
	uint8_t noise[SESSION_FILE_SIZE];
	int fd = open_own(dirfd, name, O_WRONLY);

	if (fd >= 0) {
		crypto_random(noise, sizeof(noise));
		if (fs_pwrite_all(fd, noise, sizeof(noise), 0, "unlock file", NULL) ==
		    SAKSI_OK)
			(void)fsync(fd);
		(void)close(fd);
	}
	(void)unlinkat(dirfd, name, 0);
}

void place_erase(int dirfd, const char *name)
{
	char tmp[NEW_NAME_TEXT];

	new_name(tmp, name);
	erase_one(dirfd, name);
	erase_one(dirfd, tmp);
}
