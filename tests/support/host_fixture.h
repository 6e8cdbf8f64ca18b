/* host_fixture.h - where the runner and the test exporters stand. */
#ifndef TEST_HOST_FIXTURE_H
#define TEST_HOST_FIXTURE_H

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/* From the directory of this test program, which is a sibling of bin/. */
static inline void fixture_path(char out[PATH_MAX], const char *relative)
{
	char self[PATH_MAX / 2];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	assert_true(n > 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(out, PATH_MAX, "%s/%s", self, relative);
}

#endif
