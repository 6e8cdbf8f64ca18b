/*
 * syncs.c - preloaded: counts what makes a device write down.
 *
 * fsync, fdatasync, msync and each write to a file that was opened with
 * O_SYNC or O_DSYNC (LMDB writes its meta page so).
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

SHOWN unsigned long bench_syncs(void);

static unsigned long count;

unsigned long bench_syncs(void)
{
	return count;
}

static void count_write(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	count += flags != -1 && (flags & (O_SYNC | O_DSYNC)) != 0;
}

SHOWN int fsync(int fd)
{
	count++;
	return (int)syscall(SYS_fsync, fd);
}

SHOWN int fdatasync(int fd)
{
	count++;
	return (int)syscall(SYS_fdatasync, fd);
}

SHOWN int msync(void *p, size_t n, int flags)
{
	count++;
	return (int)syscall(SYS_msync, p, n, flags);
}

SHOWN ssize_t write(int fd, const void *p, size_t n)
{
	count_write(fd);
	return syscall(SYS_write, fd, p, n);
}

SHOWN ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	count_write(fd);
	return syscall(SYS_pwrite64, fd, p, n, at);
}

SHOWN ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	count_write(fd);
	return syscall(SYS_pwrite64, fd, p, n, at);
}

SHOWN ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	count_write(fd);
	return syscall(SYS_pwritev, fd, v, n, at, 0);
}
