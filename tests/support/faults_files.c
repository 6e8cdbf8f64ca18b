/* faults_files.c - calls on files that can be made to fail. */
#include "faults.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

static mode_t mode_of(int flags, va_list ap)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(ap, int) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;
	REAL(open);
	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	FAIL_IF(OPEN, open, -1);
	return real(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;
	REAL(openat);
	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	FAIL_IF(OPEN, openat, -1);
	return real(dir, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	REAL(fopen);
	FAIL_IF(OPEN, fopen, NULL);
	return real(path, mode);
}

DIR *opendir(const char *path)
{
	REAL(opendir);
	FAIL_IF(OPEN, opendir, NULL);
	return real(path);
}

DIR *fdopendir(int fd)
{
	REAL(fdopendir);
	FAIL_IF(OPEN, fdopendir, NULL);
	return real(fd);
}

/* A transfer of N bytes that shall be cut short: at least one, not all. */
static size_t part(size_t n)
{
	return n > 1 ? n / 2 : n;
}

#define TRANSFER(kind, name, n, ...)         \
	do {                                 \
		if (STRUCK(kind, name)) {    \
			if (why != SHORT) {  \
				errno = why; \
				return -1;   \
			}                    \
			(n) = part(n);       \
		}                            \
		return real(__VA_ARGS__);    \
	} while (0)

ssize_t read(int fd, void *p, size_t n)
{
	REAL(read);
	TRANSFER(READ, read, n, fd, p, n);
}

ssize_t pread(int fd, void *p, size_t n, off_t off)
{
	REAL(pread);
	TRANSFER(READ, pread, n, fd, p, n, off);
}

ssize_t write(int fd, const void *p, size_t n)
{
	REAL(write);
	TRANSFER(WRITE, write, n, fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t off)
{
	REAL(pwrite);
	TRANSFER(WRITE, pwrite, n, fd, p, n, off);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	REAL(writev);
	if (STRUCK(WRITE, writev)) {
		if (why == SHORT && n > 1)
			return real(fd, v, n - 1);
		if (why != SHORT) {
			errno = why;
			return -1;
		}
	}
	return real(fd, v, n);
}

int fflush(FILE *f)
{
	REAL(fflush);
	if (f == stdout && STRUCK(WRITE, fflush) && why != SHORT) {
		errno = why;
		return EOF;
	}
	return real(f);
}

int fsync(int fd)
{
	REAL(fsync);
	FAIL_IF(SYNC, fsync, -1);
	return real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	FAIL_IF(SYNC, fdatasync, -1);
	return real(fd);
}

int msync(void *p, size_t n, int flags)
{
	REAL(msync);
	FAIL_IF(SYNC, msync, -1);
	return real(p, n, flags);
}

int ftruncate(int fd, off_t n)
{
	REAL(ftruncate);
	FAIL_IF(SIZE, ftruncate, -1);
	return real(fd, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	REAL(posix_fallocate);
	if (STRUCK(SIZE, posix_fallocate))
		return why;
	return real(fd, at, n);
}

int rename(const char *from, const char *to)
{
	REAL(rename);
	FAIL_IF(NAME, rename, -1);
	return real(from, to);
}

int renameat(int fd, const char *from, int fd2, const char *to)
{
	REAL(renameat);
	FAIL_IF(NAME, renameat, -1);
	return real(fd, from, fd2, to);
}

int renameat2(int fd, const char *from, int fd2, const char *to, unsigned flags)
{
	REAL(renameat2);
	FAIL_IF(NAME, renameat2, -1);
	return real(fd, from, fd2, to, flags);
}

int linkat(int fd, const char *from, int fd2, const char *to, int flags)
{
	REAL(linkat);
	FAIL_IF(NAME, linkat, -1);
	return real(fd, from, fd2, to, flags);
}

int link(const char *from, const char *to)
{
	REAL(link);
	FAIL_IF(NAME, link, -1);
	return real(from, to);
}

int unlink(const char *path)
{
	REAL(unlink);
	FAIL_IF(NAME, unlink, -1);
	return real(path);
}

int unlinkat(int fd, const char *path, int flags)
{
	REAL(unlinkat);
	FAIL_IF(NAME, unlinkat, -1);
	return real(fd, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	FAIL_IF(NAME, mkdir, -1);
	return real(path, mode);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
	REAL(mkdirat);
	FAIL_IF(NAME, mkdirat, -1);
	return real(fd, path, mode);
}

int rmdir(const char *path)
{
	REAL(rmdir);
	FAIL_IF(NAME, rmdir, -1);
	return real(path);
}

int fchmod(int fd, mode_t mode)
{
	REAL(fchmod);
	FAIL_IF(NAME, fchmod, -1);
	return real(fd, mode);
}

int stat(const char *path, struct stat *st)
{
	REAL(stat);
	FAIL_IF(STAT, stat, -1);
	return real(path, st);
}

int lstat(const char *path, struct stat *st)
{
	REAL(lstat);
	FAIL_IF(STAT, lstat, -1);
	return real(path, st);
}

int fstat(int fd, struct stat *st)
{
	REAL(fstat);
	FAIL_IF(STAT, fstat, -1);
	return real(fd, st);
}

int fstatat(int fd, const char *path, struct stat *st, int flags)
{
	REAL(fstatat);
	FAIL_IF(STAT, fstatat, -1);
	return real(fd, path, st, flags);
}

int fstatfs(int fd, struct statfs *st)
{
	REAL(fstatfs);
	FAIL_IF(STAT, fstatfs, -1);
	return real(fd, st);
}

int fstatvfs(int fd, struct statvfs *st)
{
	REAL(fstatvfs);
	FAIL_IF(STAT, fstatvfs, -1);
	return real(fd, st);
}

int access(const char *path, int mode)
{
	REAL(access);
	FAIL_IF(STAT, access, -1);
	return real(path, mode);
}

ssize_t readlink(const char *path, char *p, size_t n)
{
	REAL(readlink);
	FAIL_IF(STAT, readlink, -1);
	return real(path, p, n);
}

char *realpath(const char *path, char *p)
{
	REAL(realpath);
	FAIL_IF(STAT, realpath, NULL);
	return real(path, p);
}

off_t lseek(int fd, off_t off, int whence)
{
	REAL(lseek);
	FAIL_IF(STAT, lseek, -1);
	return real(fd, off, whence);
}

void *mmap(void *p, size_t n, int prot, int flags, int fd, off_t off)
{
	REAL(mmap);
	FAIL_IF(MAP, mmap, MAP_FAILED);
	return real(p, n, prot, flags, fd, off);
}

int madvise(void *p, size_t n, int advice)
{
	REAL(madvise);
	FAIL_IF(MAP, madvise, -1);
	return real(p, n, advice);
}

int mlock(const void *p, size_t n)
{
	REAL(mlock);
	FAIL_IF(MAP, mlock, -1);
	return real(p, n);
}

int flock(int fd, int op)
{
	REAL(flock);
	FAIL_IF(LOCK, flock, -1);
	return real(fd, op);
}

int fcntl(int fd, int op, ...)
{
	const bool lock =
	    op == F_SETLK || op == F_SETLKW || op == F_GETLK || op == F_OFD_SETLK;
	va_list ap;
	void *arg;
	REAL(fcntl);
	va_start(ap, op);
	arg = va_arg(ap, void *);
	va_end(ap);
	FAIL_IF(lock ? LOCK : FCNTL, fcntl, -1);
	return real(fd, op, arg);
}

int close(int fd)
{
	REAL(close);
	if (STRUCK(CLOSE, close)) {
		(void)real(fd);
		errno = why;
		return -1;
	}
	return real(fd);
}

struct dirent *readdir(DIR *d)
{
	REAL(readdir);
	FAIL_IF(DIRECTORY, readdir, NULL);
	return real(d);
}
