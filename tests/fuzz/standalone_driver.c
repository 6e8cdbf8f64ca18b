/*
 * standalone_driver.c - run a fuzz target over files, without a fuzzer.
 *
 *   corpus_NAME [-m MUTATIONS] FILE|DIRECTORY ...
 *
 * Each input is given as it stands, cut off at each of its (first 2048)
 * lengths, and MUTATIONS times (default 300) with a few bytes changed from a
 * fixed seed, so that a fault shows again on the next run.  Inputs stand in
 * allocations of exactly their size: a sanitizer sees the first byte too far.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (16u * 1024u * 1024u)
#define CUTS_MAX 2048u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static unsigned long mutations = 300;
static unsigned long runs;
static unsigned long files;
static uint64_t seed;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(2);
}

/* splitmix64: small, fixed, good enough to choose bytes. */
static uint64_t next_random(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t below(size_t n)
{
	return n == 0 ? 0 : (size_t)(next_random() % n);
}

/* Give the target its own exact copy, which it may not outgrow. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	if (copy == NULL)
		die("corpus", "out of memory");
	if (size > 0)
		memcpy(copy, data, size);
	if (LLVMFuzzerTestOneInput(copy, size) != 0)
		die("corpus", "the target did not return 0");
	free(copy);
	runs++;
}

static size_t mutate_once(uint8_t *data, size_t size)
{
	static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xc1, 0xdd, 0xdf, 0xff,
	    '"', '\\', '[', '{'};
	size_t at = below(size);
	size_t n;

	switch (next_random() % 5) {
	case 0: /* one bit */
		data[at] ^= (uint8_t)(1u << below(8));
		break;
	case 1: /* any byte */
		data[at] = (uint8_t)next_random();
		break;
	case 2: /* a byte that formats care about */
		data[at] = edges[below(sizeof(edges))];
		break;
	case 3: /* a hole */
		n = 1 + below(size - at < 8 ? size - at : 8);
		memmove(data + at, data + at + n, size - at - n);
		size -= n;
		break;
	default: /* a piece over another place */
		n = 1 + below(size - at < 16 ? size - at : 16);
		memmove(data + at, data + below(size - n + 1), n);
		break;
	}
	return size;
}

static void run_mutated(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	unsigned long i;

	if (copy == NULL)
		die("corpus", "out of memory");
	for (i = 0; i < mutations; i++) {
		size_t now = size;
		size_t changes = 1 + below(4);

		memcpy(copy, data, size);
		while (changes-- > 0 && now > 0)
			now = mutate_once(copy, now);
		run(copy, now);
	}
	free(copy);
}

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t got = 0;
	size_t cap = 0;

	if (f == NULL)
		die(path, strerror(errno));
	do {
		cap = cap == 0 ? 4096 : cap * 2;
		if (cap > INPUT_MAX)
			die(path, "too large for a corpus");
		data = realloc(data, cap);
		if (data == NULL)
			die(path, "out of memory");
		got += fread(data + got, 1, cap - got, f);
	} while (got == cap);
	if (ferror(f))
		die(path, "cannot be read");
	fclose(f);
	*size = got;
	return data;
}

static void run_file(const char *path)
{
	size_t size = 0;
	size_t cut;
	uint8_t *data = read_file(path, &size);

	/* The same mutations whatever order the files come in. */
	seed = size;
	run(data, size);
	if (mutations > 0) {
		for (cut = 0; cut < size && cut < CUTS_MAX; cut++)
			run(data, cut);
		if (size > 0)
			run_mutated(data, size);
	}
	free(data);
	files++;
}

static int wanted(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void run_path(const char *path)
{
	struct stat st;
	struct dirent **list = NULL;
	int n;
	int i;

	if (stat(path, &st) != 0)
		die(path, strerror(errno));
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	n = scandir(path, &list, wanted, alphasort);
	if (n < 0)
		die(path, strerror(errno));
	for (i = 0; i < n; i++) {
		char child[4096];
		int len = snprintf(child, sizeof(child), "%s/%s", path, list[i]->d_name);

		if (len < 0 || (size_t)len >= sizeof(child))
			die(path, "name too long");
		run_path(child);
		free(list[i]);
	}
	free(list);
}

int main(int argc, char **argv)
{
	int i = 1;

	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	if (argc > 2 && strcmp(argv[1], "-m") == 0) {
		mutations = strtoul(argv[2], NULL, 10);
		i = 3;
	}
	if (i >= argc)
		die("usage", "corpus_NAME [-m MUTATIONS] FILE|DIRECTORY ...");
	for (; i < argc; i++)
		run_path(argv[i]);
	if (files == 0)
		die(argv[argc - 1], "no corpus files: a target needs at least one");
	printf("%lu files, %lu runs\n", files, runs);
	return 0;
}
