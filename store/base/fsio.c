#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/secret.h>

#define CHUNK 65536u
/* Some kernels cut longer transfers; no caller needs more in one call. */
#define TRANSFER_MAX ((size_t)1 << 30)

/* The descriptor may be non-blocking (an inherited terminal or pipe). */
static bool retry(int fd, short events)
{
	struct pollfd pfd = {.fd = fd, .events = events};

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN)
		return false;
	return poll(&pfd, 1, -1) >= 0 || errno == EINTR;
}

static size_t at_most(size_t n)
{
	return n < TRANSFER_MAX ? n : TRANSFER_MAX;
}

static enum saksi_err too_large(struct saksi_error *err, const char *name, size_t max)
{
	return saksi_fail(err, SAKSI_ELIMIT, "%s: larger than the limit of %zu bytes",
	    name, max);
}

static enum saksi_err read_to_end(struct buf *out, int fd, size_t max, const char *name,
    struct saksi_error *err)
{
	size_t total = 0;

	for (;;) {
		/* One byte more than allowed tells "full" from "too large". */
		size_t want = max - total < CHUNK ? max - total + 1 : CHUNK;
		uint8_t *where = buf_reserve(out, want);
		ssize_t n;

		if (where == NULL)
			return saksi_fail_nomem(err);
		n = read(fd, where, want);
		if (n < 0) {
			if (retry(fd, POLLIN))
				continue;
			return saksi_fail_sys(err, "%s: cannot be read", name);
		}
		if (n == 0)
			return SAKSI_OK;
		out->len += (size_t)n;
		total += (size_t)n;
		if (total > max)
			return too_large(err, name, max);
	}
}

/* What was read before a failure is of no use and may be secret. */
static enum saksi_err read_whole(struct buf *out, int fd, size_t max, const char *name,
    struct saksi_error *err)
{
	const size_t before = out->len;
	enum saksi_err rc;

	if (max >= SIZE_MAX)
		max = SIZE_MAX - 1;
	rc = read_to_end(out, fd, max, name, err);
	if (rc != SAKSI_OK && out->p != NULL) {
		wipe(out->p + before, out->cap - before);
		out->len = before;
	}
	return rc;
}

enum saksi_err fs_read_fd(struct buf *out, int fd, size_t max, struct saksi_error *err)
{
	return read_whole(out, fd, max, "input", err);
}

static enum saksi_err check_regular(const struct stat *st, const char *path, size_t max,
    struct saksi_error *err)
{
	if (S_ISDIR(st->st_mode))
		return saksi_fail(err, SAKSI_EINVAL, "%s: is a folder, not a file", path);
	if (!S_ISREG(st->st_mode))
		return saksi_fail(err, SAKSI_EINVAL,
		    "%s: is not an ordinary file; copy its content into one first", path);
	if ((uintmax_t)st->st_size > max)
		return too_large(err, path, max);
	return SAKSI_OK;
}

static enum saksi_err open_regular(int *fd, struct stat *st, const char *path, size_t max,
    struct saksi_error *err)
{
	enum saksi_err rc;

	*fd = -1;
	/* Look before opening: merely opening a device can have effects. */
	if (stat(path, st) != 0)
		return saksi_fail_sys(err, "%s: cannot be read", path);
	if ((rc = check_regular(st, path, max, err)) != SAKSI_OK)
		return rc;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0)
		return saksi_fail_sys(err, "%s: cannot be opened", path);
	rc = fstat(*fd, st) != 0 ? saksi_fail_sys(err, "%s: cannot be read", path)
				 : check_regular(st, path, max, err);
	if (rc != SAKSI_OK) {
		(void)close(*fd);
		*fd = -1;
	}
	return rc;
}

enum saksi_err fs_open_file(int *fd, const char *path, struct saksi_error *err)
{
	struct stat st;

	return open_regular(fd, &st, path, SIZE_MAX, err);
}

enum saksi_err fs_read_some(int fd, void *p, size_t room, size_t *n, const char *name,
    struct saksi_error *err)
{
	ssize_t got;

	*n = 0;
	while ((got = read(fd, p, at_most(room))) < 0)
		if (!retry(fd, POLLIN))
			return saksi_fail_sys(err, "%s: cannot be read", name);
	*n = (size_t)got;
	return SAKSI_OK;
}

enum saksi_err fs_read_file(struct buf *out, const char *path, size_t max,
    struct saksi_error *err)
{
	struct stat st;
	enum saksi_err rc;
	int fd;

	if ((rc = open_regular(&fd, &st, path, max, err)) != SAKSI_OK)
		return rc;
	/* One block of the right size, so that growing leaves fewer copies. */
	if (buf_reserve(out, (size_t)st.st_size + 1) == NULL)
		rc = saksi_fail_nomem(err);
	else
		rc = read_whole(out, fd, max, path, err);
	(void)close(fd);
	return rc;
}

enum saksi_err fs_write_all(int fd, const void *p, size_t n, const char *name,
    struct saksi_error *err)
{
	const uint8_t *at = p;

	while (n > 0) {
		ssize_t done = write(fd, at, at_most(n));

		if (done < 0) {
			if (retry(fd, POLLOUT))
				continue;
			return saksi_fail_sys(err, "%s: cannot be written", name);
		}
		at += done;
		n -= (size_t)done;
	}
	return SAKSI_OK;
}

static enum saksi_err check_range(size_t n, uint64_t off, const char *name,
    struct saksi_error *err)
{
	if (off > INT64_MAX || n > INT64_MAX - off)
		return saksi_fail(err, SAKSI_EINVAL, "%s: a position beyond any file",
		    name);
	return SAKSI_OK;
}

enum saksi_err fs_pread_all(int fd, void *p, size_t n, uint64_t off, const char *name,
    struct saksi_error *err)
{
	uint8_t *at = p;
	enum saksi_err rc = check_range(n, off, name, err);

	if (rc != SAKSI_OK)
		return rc;
	while (n > 0) {
		ssize_t done = pread(fd, at, at_most(n), (off_t)off);

		if (done < 0) {
			if (retry(fd, POLLIN))
				continue;
			return saksi_fail_sys(err, "%s: cannot be read", name);
		}
		if (done == 0)
			return saksi_fail(err, SAKSI_EDAMAGED,
			    "%s: ends too early; it was cut off or is still being copied",
			    name);
		at += done;
		off += (uint64_t)done;
		n -= (size_t)done;
	}
	return SAKSI_OK;
}

enum saksi_err fs_pwrite_all(int fd, const void *p, size_t n, uint64_t off,
    const char *name, struct saksi_error *err)
{
	const uint8_t *at = p;
	enum saksi_err rc = check_range(n, off, name, err);

	if (rc != SAKSI_OK)
		return rc;
	while (n > 0) {
		ssize_t done = pwrite(fd, at, at_most(n), (off_t)off);

		if (done < 0) {
			if (retry(fd, POLLOUT))
				continue;
			return saksi_fail_sys(err, "%s: cannot be written", name);
		}
		at += done;
		off += (uint64_t)done;
		n -= (size_t)done;
	}
	return SAKSI_OK;
}
