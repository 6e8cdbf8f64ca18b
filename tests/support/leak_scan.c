/*
 * leak_scan - search files for anything that a set of records says.
 *
 *   leak_scan [-s NDJSON] ... [-w TEXT] ... [-x HEX] ... FILE-OR-DIRECTORY ...
 *
 *   -s FILE  every string in these JSON lines, each of its words, and every
 *            key: what must not be found
 *   -w TEXT  one text more;  -x HEX  some bytes more
 *
 * Each is looked for as it stands, in lower and upper case, folded as the
 * index folds, as UTF-16 of both byte orders, in base 64 (at each alignment,
 * both alphabets), in hex, and backwards; record ids of 26 letters also as the 16
 * bytes that they stand for.  Texts below 6 bytes are left out: random bytes
 * hold those.  File names are searched as well.
 *
 * Exit 0: nothing found.  1: found; says what, how and where.  2: cannot work.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/id.h>
#include <saksi/base/mpjson.h>
#include <saksi/base/text.h>

#define SHORTEST 6u	  /* bytes of a text that is looked for */
#define SHORTEST_CODED 8u /* of one that was encoded: chance is likelier there */
#define BUCKETS (1u << 18)
#define REPORTED 20u /* findings in full */
#define FILE_LARGEST ((size_t)1 << 30)

struct pattern {
	struct pattern *next; /* in its bucket */
	uint8_t *p;
	size_t n;
	const char *form;
};

static struct pattern *buckets[BUCKETS];
static size_t n_texts, n_patterns, n_files, n_found;
static uint64_t n_bytes;

static _Noreturn void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "leak_scan: %s: %s\n", what, why);
	exit(2);
}

static uint32_t hash6(const uint8_t *p)
{
	uint64_t h = 0;

	memcpy(&h, p, SHORTEST);
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 46);
}

static void add(const char *form, const void *p, size_t n, size_t shortest)
{
	struct pattern *e;
	uint32_t h;

	if (n < shortest)
		return;
	h = hash6(p);
	for (e = buckets[h]; e != NULL; e = e->next)
		if (e->n == n && memcmp(e->p, p, n) == 0)
			return;
	e = malloc(sizeof(*e));
	if (e == NULL || (e->p = malloc(n)) == NULL)
		die("patterns", "out of memory");
	memcpy(e->p, p, n);
	e->n = n;
	e->form = form;
	e->next = buckets[h];
	buckets[h] = e;
	n_patterns++;
}

/* ---- the forms of one text ----------------------------------------------------- */

static void add_hex(const uint8_t *p, size_t n)
{
	char *hex = malloc(2 * n + 1);

	if (hex == NULL)
		die("patterns", "out of memory");
	hex_encode(hex, p, n);
	add("hex", hex, 2 * n, SHORTEST_CODED);
	for (size_t i = 0; i < 2 * n; i++)
		if (hex[i] >= 'a')
			hex[i] = (char)(hex[i] - 'a' + 'A');
	add("HEX", hex, 2 * n, SHORTEST_CODED);
	free(hex);
}

/* The digits that do not depend on what stands before and after. */
static void add_base64(const uint8_t *p, size_t n, size_t before, const char *last)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t bits = 8 * (before + n), first = (8 * before + 5) / 6, end = bits / 6;
	struct buf out = BUF_INIT;

	for (size_t i = first; i < end; i++) {
		unsigned v = 0;

		for (size_t b = 6 * i; b < 6 * i + 6; b++)
			v = v << 1 | (((unsigned)p[b / 8 - before] >> (7 - b % 8)) & 1u);
		buf_add_byte(&out, (uint8_t)(v < 62 ? digits[v] : last[v - 62]));
	}
	add("base 64", out.p, out.len, SHORTEST_CODED);
	buf_free(&out);
}

static void add_reversed(const char *form, const uint8_t *p, size_t n)
{
	uint8_t *r = malloc(n);

	if (r == NULL)
		die("patterns", "out of memory");
	for (size_t i = 0; i < n; i++)
		r[i] = p[n - 1 - i];
	add(form, r, n, SHORTEST_CODED);
	free(r);
}

static void add_utf16(const uint8_t *p, size_t n, bool big)
{
	struct buf out = BUF_INIT;
	size_t i = 0;

	while (i < n) { /* well-formed: JSON made sure */
		uint32_t c = p[i++];
		unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

		c &= more != 0 ? 0x3fu >> more : 0x7fu;
		for (; more > 0 && i < n; more--)
			c = c << 6 | (p[i++] & 0x3fu);
		for (int half = c > 0xffff ? 1 : 0; half >= 0; half--) {
			uint32_t u = c;

			if (c > 0xffff)
				u = half == 1 ? 0xd7c0 + (c >> 10) : 0xdc00 + (c & 0x3ff);
			buf_add_byte(&out, (uint8_t)(big ? u >> 8 : u));
			buf_add_byte(&out, (uint8_t)(big ? u : u >> 8));
		}
	}
	add(big ? "UTF-16BE" : "UTF-16LE", out.p, out.len, SHORTEST_CODED);
	buf_free(&out);
}

static void add_cases(const uint8_t *p, size_t n)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_add_byte(&b, p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
	add("lower case", b.p, b.len, SHORTEST);
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i] >= 'a' && b.p[i] <= 'z')
			b.p[i] &= 0xdf;
	add("upper case", b.p, b.len, SHORTEST);
	buf_reset(&b);
	if (text_fold(&b, (const char *)p, n, NULL) == SAKSI_OK)
		add("folded", b.p, b.len, SHORTEST);
	buf_free(&b);
}

static void add_bytes(const uint8_t *p, size_t n)
{
	add("as bytes", p, n, SHORTEST);
	add_hex(p, n);
	add_reversed("backwards", p, n);
	for (size_t before = 0; before < 3; before++) {
		add_base64(p, n, before, "+/");
		add_base64(p, n, before, "-_");
	}
}

static void add_text(const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;
	struct saksi_id id;

	if (n < SHORTEST)
		return;
	n_texts++;
	add_bytes(p, n);
	add_cases(p, n);
	add_utf16(p, n, false);
	add_utf16(p, n, true);
	if (n == ID_TEXT_LEN && id_parse(&id, text))
		add_bytes(id.b, sizeof(id.b));
}

static void add_words(const char *text)
{
	const char *p = text;

	add_text(text, strlen(text));
	while (*p != '\0') {
		size_t n = strcspn(p, " \t\n");
		char *word = strndup(p, n);

		if (word == NULL)
			die("patterns", "out of memory");
		if (n < strlen(text))
			add_text(word, n);
		free(word);
		p += n;
		p += strspn(p, " \t\n");
	}
}

static void add_value(const json_t *v) /* NOLINT(misc-no-recursion): depth <= 16 */
{
	const char *key;
	json_t *part;
	size_t i;

	if (json_is_string(v))
		add_words(json_string_value(v));
	json_array_foreach (v, i, part)
		add_value(part);
	json_object_foreach ((json_t *)(uintptr_t)v, key, part) {
		add_text(key, strlen(key));
		add_value(part);
	}
}

static void add_samples(const char *path)
{
	struct buf b = BUF_INIT;
	struct saksi_error err;
	const char *p, *end;

	if (fs_read_file(&b, path, FILE_LARGEST, &err) != SAKSI_OK)
		die(path, err.msg);
	p = (const char *)b.p;
	end = p + b.len;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl != NULL ? (size_t)(nl - p) : (size_t)(end - p);
		json_t *line = NULL;

		if (n > 0) {
			if (json_parse_line(&line, p, n, path, &err) != SAKSI_OK)
				die(path, err.msg);
			add_value(line);
			json_decref(line);
		}
		p += n + 1;
	}
	buf_free(&b);
}

static void add_hex_option(const char *hex)
{
	uint8_t bytes[256];
	size_t n = strlen(hex) / 2;

	if (n > sizeof(bytes) || !hex_decode(bytes, n, hex))
		die(hex, "no hex digits");
	n_texts++;
	add_bytes(bytes, n);
	add_hex(bytes, n);
}

/* ---- searching ------------------------------------------------------------------- */

static void found(const char *where, size_t at, const struct pattern *e)
{
	if (n_found++ >= REPORTED)
		return;
	(void)printf("%s: byte %zu: %s, %zu bytes:", where, at, e->form, e->n);
	for (size_t i = 0; i < e->n && i < 32; i++)
		(void)printf(e->p[i] >= ' ' && e->p[i] < 0x7f ? "%s%c" : "%s\\%02x",
		    i == 0 ? " " : "", e->p[i]);
	(void)putchar('\n');
}

static void search(const char *where, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + SHORTEST <= n; i++)
		for (const struct pattern *e = buckets[hash6(p + i)]; e != NULL;
		     e = e->next)
			if (e->n <= n - i && memcmp(e->p, p + i, e->n) == 0)
				found(where, i, e);
}

static void search_path(const char *path) /* NOLINT(misc-no-recursion) */
{
	const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	struct buf b = BUF_INIT;
	struct saksi_error err;
	struct stat st;

	if (lstat(path, &st) != 0)
		die(path, strerror(errno));
	search("a file name", (const uint8_t *)name, strlen(name));
	if (S_ISDIR(st.st_mode)) {
		DIR *d = opendir(path);
		struct dirent *entry;

		if (d == NULL)
			die(path, strerror(errno));
		while ((entry = readdir(d)) != NULL) {
			char *inner = fs_join(path, entry->d_name);

			if (inner == NULL)
				die(path, "out of memory");
			if (strcmp(entry->d_name, ".") != 0 &&
			    strcmp(entry->d_name, "..") != 0)
				search_path(inner);
			free(inner);
		}
		(void)closedir(d);
	} else if (S_ISREG(st.st_mode)) {
		if (fs_read_file(&b, path, FILE_LARGEST, &err) != SAKSI_OK)
			die(path, err.msg);
		search(path, b.p, b.len);
		n_files++;
		n_bytes += b.len;
		buf_free(&b);
	} else {
		die(path, "neither a file nor a directory");
	}
}

static void free_patterns(void)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (buckets[i] != NULL) {
			struct pattern *e = buckets[i];

			buckets[i] = e->next;
			free(e->p);
			free(e);
		}
	}
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "s:w:x:")) != -1) {
		if (c == 's')
			add_samples(optarg);
		else if (c == 'w')
			add_words(optarg);
		else if (c == 'x')
			add_hex_option(optarg);
		else
			return 2;
	}
	if (n_texts == 0 || optind == argc)
		die("usage", "leak_scan [-s NDJSON] [-w TEXT] [-x HEX] FILE ...");
	for (; optind < argc; optind++)
		search_path(argv[optind]);
	if (n_found > REPORTED)
		(void)printf("and %zu more\n", n_found - REPORTED);
	(void)printf("%zu texts in %zu forms, %zu files, %llu bytes: %zu found\n",
	    n_texts, n_patterns, n_files, (unsigned long long)n_bytes, n_found);
	free_patterns();
	text_end_thread();
	return n_found == 0 ? 0 : 1;
}
