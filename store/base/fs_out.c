/*
 * Output files.  Nobody ever sees half of one: the bytes go to a temporary
 * name, and the name that was asked for appears in one step.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/secret.h>

#define TMP_TRIES 16

/* "." for a bare name, "/" for a file in the root folder. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static enum saksi_err exists(struct saksi_error *err, const char *path)
{
	return saksi_fail(err, SAKSI_EEXIST,
	    "%s: exists already; choose another name or ask to replace it", path);
}

static enum saksi_err check_target(const char *path, bool force, struct saksi_error *err)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	struct stat st;

	if (*base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return saksi_fail(err, SAKSI_EINVAL, "%s: is not the name of a file",
		    path);
	if (lstat(path, &st) != 0)
		return errno == ENOENT
		    ? SAKSI_OK
		    : saksi_fail_sys(err, "%s: cannot be written", path);
	if (S_ISDIR(st.st_mode))
		return saksi_fail(err, SAKSI_EINVAL, "%s: is a folder, not a file", path);
	if (!force)
		return exists(err, path);
	/* A symbolic link is replaced itself; what it points to stays. */
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return saksi_fail(err, SAKSI_EINVAL,
		    "%s: is not an ordinary file and is not replaced", path);
	return SAKSI_OK;
}

/* A name that nobody can foresee, and that is refused if somebody did. */
static enum saksi_err open_tmp(struct fs_out *o, const char *dir, struct saksi_error *err)
{
	uint8_t r[8];
	char name[32];
	char hex[17];

	for (int i = 0; i < TMP_TRIES; i++) {
		random_bytes(r, sizeof(r));
		hex_encode(hex, r, sizeof(r));
		(void)snprintf(name, sizeof(name), ".saksi-%s.part", hex);
		free(o->tmp);
		o->tmp = fs_join(dir, name);
		if (o->tmp == NULL)
			return saksi_fail_nomem(err);
		o->fd = open(o->tmp,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
		if (o->fd >= 0)
			return SAKSI_OK;
		if (errno != EEXIST && errno != EINTR)
			break;
	}
	/* Nothing of ours stands under that name: abort must not remove it. */
	free(o->tmp);
	o->tmp = NULL;
	return saksi_fail_sys(err, "%s: no file can be made in this folder", dir);
}

enum saksi_err fs_out_open(struct fs_out *o, const char *path, bool force,
    struct saksi_error *err)
{
	char *dir = NULL;
	enum saksi_err rc;

	*o = (struct fs_out)FS_OUT_INIT;
	o->force = force;
	rc = check_target(path, force, err);
	if (rc != SAKSI_OK)
		return rc;
	dir = folder_of(path);
	o->path = strdup(path);
	if (dir == NULL || o->path == NULL)
		rc = saksi_fail_nomem(err);
	else
		rc = open_tmp(o, dir, err);
	free(dir);
	if (rc != SAKSI_OK)
		fs_out_abort(o);
	return rc;
}

/*
 * For file systems with neither RENAME_NOREPLACE nor hard links (FAT with
 * older kernels): reserve the name with an empty file, which fails if there is
 * one, and rename over it while it is still ours.
 */
static int rename_over_own(const char *tmp, const char *path)
{
	struct stat mine;
	struct stat there;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int saved;

	if (fd < 0)
		return -1;
	if (fstat(fd, &mine) != 0 || lstat(path, &there) != 0 ||
	    mine.st_ino != there.st_ino || mine.st_dev != there.st_dev) {
		(void)close(fd);
		errno = EEXIST;
		return -1;
	}
	if (rename(tmp, path) == 0) {
		(void)close(fd);
		return 0;
	}
	saved = errno;
	(void)unlink(path);
	(void)close(fd);
	errno = saved;
	return -1;
}

static int rename_new(const char *tmp, const char *path)
{
	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return -1;
	if (link(tmp, path) == 0) {
		/* The file is there; a second name left over is only untidy. */
		(void)unlink(tmp);
		return 0;
	}
	if (errno == EEXIST)
		return -1;
	return rename_over_own(tmp, path);
}

static enum saksi_err put_in_place(struct fs_out *o, struct saksi_error *err)
{
	int fd = o->fd;

	if (fsync(fd) != 0)
		return saksi_fail_sys(err, "%s: cannot be written", o->path);
	o->fd = -1;
	/* Network file systems report a full disk only here. */
	if (close(fd) != 0 && errno != EINTR)
		return saksi_fail_sys(err, "%s: cannot be written", o->path);
	if (o->force ? rename(o->tmp, o->path) != 0 : rename_new(o->tmp, o->path) != 0) {
		if (errno == EEXIST)
			return exists(err, o->path);
		return saksi_fail_sys(err, "%s: cannot be put in place", o->path);
	}
	free(o->tmp);
	o->tmp = NULL;
	return SAKSI_OK;
}

enum saksi_err fs_out_commit(struct fs_out *o, struct saksi_error *err)
{
	char *dir = NULL;
	enum saksi_err rc;

	if (o->fd < 0 || o->tmp == NULL)
		return saksi_fail(err, SAKSI_EINVAL, "output file: it is not open");
	rc = put_in_place(o, err);
	if (rc != SAKSI_OK)
		return rc;
	dir = folder_of(o->path);
	rc = dir == NULL ? saksi_fail_nomem(err) : fs_sync_dir(dir, err);
	free(dir);
	/* What was not there before is not left behind by what failed. */
	if (rc != SAKSI_OK && !o->force)
		(void)unlink(o->path);
	fs_out_abort(o);
	return rc;
}

void fs_out_abort(struct fs_out *o)
{
	if (o->fd >= 0)
		(void)close(o->fd);
	if (o->tmp != NULL)
		(void)unlink(o->tmp);
	free(o->tmp);
	free(o->path);
	*o = (struct fs_out)FS_OUT_INIT;
}
