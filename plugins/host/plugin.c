/* plugin.c - a plugin file, pinned: what is hashed is what runs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/host/host.h>

#define PLUGIN_MAX (64u * 1024u * 1024u)
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Nobody but root and the user may have put it there or replace it. */
static enum saksi_err check_owner(const char *path, const struct stat *st,
    struct saksi_error *err)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return saksi_fail(err, SAKSI_EREFUSED,
		    "%s: belongs to another user; copy it and use the copy", path);
	return SAKSI_OK;
}

/* In a sticky folder, as /tmp is, nobody renames or removes what is another's. */
static enum saksi_err check_folder(const char *path, struct saksi_error *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return saksi_fail_sys(err, "%s", path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX))
		return saksi_fail(err, SAKSI_EREFUSED,
		    "%s: others may replace what is in this folder; chmod go-w it or move the "
		    "plugin",
		    path);
	return check_owner(path, &st, err);
}

/* ${dir} has no symlinks left; look at it and at each folder above. */
static enum saksi_err check_folders(const char *dir, struct saksi_error *err)
{
	char *up = strdup(dir);
	enum saksi_err rc = up ? SAKSI_OK : saksi_fail_nomem(err);
	while (rc == SAKSI_OK && up[0]) {
		rc = check_folder(up, err);
		*strrchr(up, '/') = '\0';
	}
	free(up);
	return rc == SAKSI_OK ? check_folder("/", err) : rc;
}

static enum saksi_err check_file(const char *path, const struct stat *st,
    struct saksi_error *err)
{
	if (!S_ISREG(st->st_mode))
		return saksi_fail(err, SAKSI_EREFUSED, "%s: not a regular file", path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return saksi_fail(err, SAKSI_EREFUSED,
		    "%s: others may write to it; chmod go-w it", path);
	if (st->st_size > (off_t)PLUGIN_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "%s: larger than 64 MiB", path);
	return check_owner(path, st, err);
}

/* Open ${path}; symlinks are fine on the way but not at its end. */
static enum saksi_err open_checked(int *out, const char *path, struct saksi_error *err)
{
	char *dir = NULL, *copy = NULL;
	struct stat st;
	int dirfd = -1, fd = -1;
	enum saksi_err rc;

	const char *base = strrchr(path, '/');
	if (path[0] != '/' || !base[1])
		return saksi_fail(err, SAKSI_EINVAL,
		    "%s: give the whole path of the plugin", path);
	copy = strndup(path, base == path ? 1 : (size_t)(base - path));
	if (!copy)
		return saksi_fail_nomem(err);
	dir = realpath(copy, NULL);
	if (!dir) {
		rc = saksi_fail_sys(err, "%s", copy);
		goto fail;
	}
	rc = check_folders(dir, err);
	if (rc != SAKSI_OK)
		goto fail;
	dirfd = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd >= 0)
		fd = openat(dirfd, base + 1,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ELOOP)
		rc = saksi_fail(err, SAKSI_EREFUSED,
		    "%s: a symbolic link; give the path of the file itself", path);
	else if (fd < 0 || fstat(fd, &st) != 0)
		rc = saksi_fail_sys(err, "%s", path);
	else
		rc = check_file(path, &st, err);
fail:
	if (rc == SAKSI_OK)
		*out = fd;
	else if (fd >= 0)
		close(fd);
	if (dirfd >= 0)
		close(dirfd);
	free(dir);
	free(copy);
	return rc;
}

static int new_memfd(void)
{
	/* Nothing may be executed from it by name; older kernels don't know the flag. */
	int fd = memfd_create("saksi-exporter",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("saksi-exporter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

enum saksi_err host_plugin_open(int *memfd, struct buf *bytes, const char *path,
    struct saksi_error *err)
{
	int fd = -1, mem = -1;
	size_t before = bytes->len;
	enum saksi_err rc = open_checked(&fd, path, err);
	*memfd = -1;
	if (rc != SAKSI_OK)
		goto fail;
	rc = fs_read_fd(bytes, fd, PLUGIN_MAX, err);
	if (rc == SAKSI_OK)
		rc = buf_ok(bytes, err);
	if (rc != SAKSI_OK)
		goto fail;
	mem = new_memfd();
	if (mem < 0) {
		rc = saksi_fail_sys(err, "making a memory file");
		goto fail;
	}
	rc = fs_write_all(mem, bytes->p + before, bytes->len - before, "a memory file",
	    err);
	if (rc != SAKSI_OK)
		goto fail;
	if (fcntl(mem, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
		rc = saksi_fail_sys(err, "sealing a memory file");
		goto fail;
	}
	*memfd = mem;
	mem = -1;
fail:
	if (mem >= 0)
		close(mem);
	if (fd >= 0)
		close(fd);
	return rc;
}
