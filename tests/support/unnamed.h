/*
 * unnamed.h - files that this process has open and that have no name.
 */
#ifndef SAKSI_TESTS_UNNAMED_H
#define SAKSI_TESTS_UNNAMED_H

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#include <saksi/base/buf.h>
#include <saksi/base/fsio.h>

/* How many bytes they have that are in folder ${dir}; ${word} is in none of them. */
static inline size_t unnamed_bytes(const char *dir, const char *word)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	size_t all = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct buf b = BUF_INIT;
		char link[300], to[600];
		ssize_t n;
		int fd;

		snprintf(link, sizeof(link), "/proc/self/fd/%s", e->d_name);
		if ((n = readlink(link, to, sizeof(to) - 1)) <= 0)
			continue;
		to[n] = '\0';
		if (strstr(to, dir) == NULL || strstr(to, "(deleted)") == NULL)
			continue;
		fd = open(link, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(fs_read_fd(&b, fd, 64u << 20, NULL), SAKSI_OK);
		(void)close(fd);
		all += b.len;
		assert_null(b.len == 0 ? NULL : memmem(b.p, b.len, word, strlen(word)));
		buf_free(&b);
	}
	if (d != NULL)
		(void)closedir(d);
	return all;
}

#endif
