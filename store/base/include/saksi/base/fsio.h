/*
 * fsio.h - files that are whole or absent, and who may read them.
 */
#ifndef SAKSI_BASE_FSIO_H
#define SAKSI_BASE_FSIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <saksi/base/buf.h>
#include <saksi/base/err.h>

/**
 * fs_read_file(out, path, max, err):
 * Append a regular file's bytes (symlinks are followed, devices, pipes and
 * files over ${max} are refused).
 */
SAKSI_MUST_CHECK enum saksi_err fs_read_file(struct buf *out, const char *path,
    size_t max, struct saksi_error *err);
/** fs_read_fd(out, fd, max, err): Append all until end of file. */
SAKSI_MUST_CHECK enum saksi_err fs_read_fd(struct buf *out, int fd, size_t max,
    struct saksi_error *err);
/** fs_open_file(fd, path, err): To read a regular file bit by bit; the caller closes. */
SAKSI_MUST_CHECK enum saksi_err fs_open_file(int *fd, const char *path,
    struct saksi_error *err);
/** fs_read_some(fd, p, room, n, name, err): *n is 0 at the end only. */
SAKSI_MUST_CHECK enum saksi_err fs_read_some(int fd, void *p, size_t room, size_t *n,
    const char *name, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err fs_write_all(int fd, const void *p, size_t n,
    const char *name, struct saksi_error *err);
/** fs_pread_all(fd, p, n, off, name, err): SAKSI_EDAMAGED if the file ends before. */
SAKSI_MUST_CHECK enum saksi_err fs_pread_all(int fd, void *p, size_t n, uint64_t off,
    const char *name, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err fs_pwrite_all(int fd, const void *p, size_t n,
    uint64_t off, const char *name, struct saksi_error *err);

/*
 * An output file: 0600, written under a temporary name in the same folder,
 * renamed when whole and synced.  Without ${force} an existing path is
 * SAKSI_EEXIST, also when it appears in between; with it, folders, devices and
 * pipes are still refused, and a symbolic link is replaced, not followed.
 * After a failed open or a commit that succeeded nothing is left to free; after
 * a commit that failed call fs_out_abort().
 */
struct fs_out {
	int fd;
	bool force;
	char *path;
	char *tmp;
};
#define FS_OUT_INIT                   \
	{                             \
		-1, false, NULL, NULL \
	}
SAKSI_MUST_CHECK enum saksi_err fs_out_open(struct fs_out *o, const char *path,
    bool force, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err fs_out_commit(struct fs_out *o, struct saksi_error *err);
/** fs_out_abort(o): Remove the temporary file, free.  Fine, and empty, after a commit. */
void fs_out_abort(struct fs_out *o);

/** fs_join(a, b): "a/b" in new memory (caller frees), NULL when out of memory. */
char *fs_join(const char *a, const char *b);
SAKSI_MUST_CHECK enum saksi_err fs_sync_dir(const char *dir, struct saksi_error *err);
/** fs_mkdirs(path, err): Like mkdir -p, new ones 0700. */
SAKSI_MUST_CHECK enum saksi_err fs_mkdirs(const char *path, struct saksi_error *err);
/** fs_is_network(fd): The file lies on a network file system. */
bool fs_is_network(int fd);

/* Time: microseconds since 1970 UTC.  Tests may replace the clock. */
int64_t clock_now_us(void);
void clock_replace(int64_t (*fn)(void)); /* NULL: the real one again */
/** time_text(out, us): "2026-11-21T18:48:03Z". */
void time_text(char out[24], int64_t us);
/** time_parse(out, s): RFC 3339 UTC, or false. */
bool time_parse(int64_t *out, const char *s);

#endif
