/*
 * fuzz_schema.h - the shipped schema for fuzz targets, loaded once.
 */
#ifndef SAKSI_FUZZ_SCHEMA_H
#define SAKSI_FUZZ_SCHEMA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi/schema/schema.h>

static inline void must(int true_enough)
{
	if (!true_enough)
		abort();
}

/* From the source tree, or beside the build's bin/. */
static inline const struct schema *fuzz_schema(void)
{
	static struct schema *s;
	const char *src = getenv("SAKSI_SRC");
	char exe[900];
	char dir[1024];
	ssize_t n;

	if (s != NULL)
		return s;
	if (src != NULL) {
		must(snprintf(dir, sizeof(dir), "%.900s/data/schema", src) > 0);
	} else {
		n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
		must(n > 0);
		exe[n] = '\0';
		*strrchr(exe, '/') = '\0';
		must(snprintf(dir, sizeof(dir), "%s/../share/saksi/schema", exe) > 0);
	}
	must(schema_load(&s, dir, NULL) == SAKSI_OK);
	return s;
}

#endif
