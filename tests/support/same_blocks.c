/*
 * same_blocks - what two vaults have in common, byte for byte.
 *
 *   same_blocks A ... -- B ...   every 16 bytes, wherever they stand, that lie
 *                                both in a file of A and in a file of B
 *   same_blocks -v FILE          where the bytes lie that are compared: offset,
 *                                length, and what they are
 *
 * A and B are files or directories.  Compared is all but what is equal in any
 * two vaults because it says nothing of them:
 *
 *   data.mdb  what LMDB writes itself: heads, page headers, tables of entries,
 *             heads and numbers of entries, descriptions of tables, lists of
 *             free pages.  It is found by the structure of each page, in use or
 *             not: what freed pages still hold is compared.  In the middle of
 *             pages, and in pages that read as none, lie rests of both kinds;
 *             there 16 bytes are LMDB's when most of them read as its small
 *             numbers, which random bytes do once in 300,000.
 *   keys      magic, format and cost, and the bytes that are reserved
 *   lock.mdb  nothing is compared
 *
 * Exit 0: nothing in common.  1: something; says what and where.  2: cannot work.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "kv_page.h"

#define WINDOW 16u
#define FILES_MAX 4096u
#define FILE_LARGEST ((size_t)1 << 30)
#define ALL_LARGEST ((size_t)1 << 31)
#define REPORTED 20u
#define SLOT_FILE_HALF 4096u

enum kind { OWN, VALUE, REST }; /* of a byte; OWN is not compared */

struct part { /* a file, in the bytes of its side */
	char *name;
	size_t at, n;
};
/* All files of one side, one after the other, a byte that is no part between them. */
struct side {
	struct buf bytes, kinds;
	struct part parts[FILES_MAX];
	size_t n;
	size_t of[3]; /* bytes of each kind */
	size_t windows;
};

static struct side sides[2];
static struct side *filled; /* by the walk through a directory */
static uint32_t page_size = PAGE_SIZE_MIN;

static _Noreturn void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "same_blocks: %s: %s\n", what, why);
	exit(2);
}

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* ---- a data file ------------------------------------------------------------------- */

struct data {
	struct page_file f;
	uint8_t *kinds;
};

static void mark(const struct data *d, const uint8_t *p, size_t n, enum kind kind)
{
	memset(d->kinds + (p - d->f.map), (int)kind, n);
}

/*
 * A list of free pages: how many, then their numbers, descending.  False if it
 * is none; a sealed value would need seven zero bytes in its nonce to be one.
 */
static bool mark_list(const struct data *d, const uint8_t *p, size_t n)
{
	uint64_t above = d->f.pages;
	size_t i = 0;

	if (n < 8 || n % 8 != 0 || get64(p) > n / 8 - 1)
		return false;
	mark(d, p, n, REST);
	while (i < get64(p) && get64(p + 8 * i + 8) >= PAGE_FIRST &&
	    get64(p + 8 * i + 8) < above)
		above = get64(p + 8 * ++i);
	mark(d, p, 8 * i + 8, OWN);
	return true;
}

static void mark_entry(const struct data *d, const struct page *p, const struct node *n)
{
	const uint8_t *head = n->key - 8;

	mark(d, head, 8 + n->key_len, OWN);
	if (p->kind != PAGE_LEAF)
		return;
	if ((n->flags & NODE_BIG) != 0)
		mark(d, n->key + n->key_len, 8, OWN);
	else if ((n->flags & NODE_SUB) != 0 && n->len == TREE_BYTES)
		mark(d, n->data, n->len, OWN);
	else if (!mark_list(d, n->data, n->len))
		mark(d, n->data, n->len, VALUE);
}

/*
 * Later pages of it may be pages of their own by now: these come later.  How
 * long the value is, only what leads to it says: all fill their pages but the
 * version lists, and those of files with larger pages.
 */
static void mark_run(const struct data *d, const struct page *p)
{
	uint64_t most = d->f.pages - p->number;
	size_t span = (size_t)(p->span < most ? p->span : most);
	size_t unsure = d->f.size == PAGE_SIZE_MIN ? 39 : d->f.size - 16;
	size_t n = span * d->f.size - 16;

	if (span == 0 || mark_list(d, p->p + 16, n))
		return;
	mark(d, p->p + 16, n - unsure, VALUE);
	mark(d, p->p + 16 + n - unsure, unsure, REST);
}

/* False if it reads as none. */
static bool mark_page(const struct data *d, uint64_t number)
{
	struct page_fault fault;
	struct node n;
	struct page p;
	bool opens = page_open(&p, &d->f, number, &fault);

	if (p.kind == 0)
		return false;
	if (p.kind != PAGE_OVERFLOW)
		mark(d, p.p, d->f.size, REST);
	mark(d, p.p, 16, OWN);
	if (!opens)
		return p.count == 0; /* emptied before it was freed */
	if (p.kind == PAGE_OVERFLOW) {
		mark_run(d, &p);
		return true;
	}
	if (!page_check(&p, true, &fault) && !page_check(&p, false, &fault))
		return false;
	mark(d, p.p, p.lower, OWN);
	for (unsigned i = 0; i < p.count; i++)
		if (page_node(&n, &p, i, &fault))
			mark_entry(d, &p, &n);
	return true;
}

static bool mark_data_file(const char *name, const uint8_t *p, size_t n, uint8_t *kinds)
{
	struct data d = {{.map = p}, kinds};
	struct page_fault fault;
	struct meta_page m;
	size_t odd = 0;

	if (n < PAGE_SIZE_MIN || !meta_parse(&m, p, 0, &fault) || n < 2 * (size_t)m.size)
		return false;
	d.f.size = page_size = m.size;
	d.f.pages = n / m.size;
	memset(kinds, REST, n);
	for (uint64_t i = 0; i < PAGE_FIRST; i++)
		if (meta_parse(&m, p + i * d.f.size, i, &fault))
			mark(&d, p + i * d.f.size, META_BYTES, OWN);
	for (uint64_t i = PAGE_FIRST; i < d.f.pages; i++)
		odd += !mark_page(&d, i);
	(void)printf("%s: %llu pages, %zu of them inside of long values, or of none\n",
	    name, (unsigned long long)d.f.pages, odd);
	return true;
}

/* ---- any file ---------------------------------------------------------------------- */

static bool mark_slots(const uint8_t *p, size_t n, uint8_t *kinds)
{
	if (n != 2 * SLOT_FILE_HALF || memcmp(p, "SAKSIKEY", 8) != 0)
		return false;
	for (size_t half = 0; half < n; half += SLOT_FILE_HALF) {
		memset(kinds + half, OWN, 32);
		memset(kinds + half + 64, OWN, 32);
	}
	return true;
}

static void add_file(struct side *s, const char *path)
{
	const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	struct part *part = &s->parts[s->n];
	struct saksi_error err;
	uint8_t *kinds;

	if (strcmp(name, "lock.mdb") == 0)
		return;
	if (s->n == FILES_MAX || s->bytes.len > ALL_LARGEST)
		die(path, "too many files, or too long");
	part->at = s->bytes.len;
	if ((part->name = strdup(path)) == NULL)
		die(path, "out of memory");
	if (fs_read_file(&s->bytes, path, FILE_LARGEST, &err) != SAKSI_OK)
		die(path, err.msg);
	part->n = s->bytes.len - part->at;
	if ((kinds = buf_reserve(&s->kinds, part->n)) == NULL)
		die(path, "out of memory");
	s->kinds.len += part->n;
	memset(kinds, VALUE, part->n);
	if (!mark_slots(s->bytes.p + part->at, part->n, kinds) &&
	    !mark_data_file(path, s->bytes.p + part->at, part->n, kinds) &&
	    strcmp(name, "data.mdb") == 0)
		die(path, "it cannot be read as LMDB's");
	buf_add_byte(&s->bytes, 0);
	buf_add_byte(&s->kinds, OWN);
	s->n++;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)where;
	if (type == FTW_F)
		add_file(filled, path);
	else if (type != FTW_D)
		die(path, "neither a file nor a directory, or not to be read");
	return 0;
}

static void add_path(struct side *s, const char *path)
{
	filled = s;
	if (nftw(path, visit, 16, FTW_PHYS) != 0)
		die(path, strerror(errno));
}

static void print_place(const struct side *s, size_t at)
{
	size_t i = 0;

	while (i + 1 < s->n && s->parts[i + 1].at <= at)
		i++;
	(void)printf("%s byte %zu", s->parts[i].name, at - s->parts[i].at);
}

/* ---- windows ------------------------------------------------------------------------ */

/* Lengths, offsets in a page, kinds, and the upper parts of numbers. */
static bool reads_as_small(const uint8_t *p)
{
	uint16_t v = get16(p);

	return v < 64 || (v < page_size && v % 2 == 0);
}

static bool reads_as_lmdb(const uint8_t *p)
{
	for (size_t odd = 0; odd < 2; odd++) {
		unsigned small = 0;

		for (size_t i = odd; i + 2 <= WINDOW; i += 2)
			small += reads_as_small(p + i);
		if (small >= 5)
			return true;
	}
	return false;
}

/* Steps through the windows that count. */
struct walk {
	struct side *s;
	size_t at;	    /* of the window, after walk_next() */
	size_t next;	    /* first byte not yet looked at */
	size_t whole, pure; /* bytes up to it that are compared; that are of values */
};

static bool walk_next(struct walk *w)
{
	while (w->next < w->s->bytes.len) {
		uint8_t kind = w->s->kinds.p[w->next++];

		w->whole = kind == OWN ? 0 : w->whole + 1;
		w->pure = kind == VALUE ? w->pure + 1 : 0;
		if (w->whole < WINDOW)
			continue;
		w->at = w->next - WINDOW;
		if (w->pure >= WINDOW || !reads_as_lmdb(w->s->bytes.p + w->at))
			return true;
	}
	return false;
}

/* The windows of the first side: places, by hash, each content once. */
static uint32_t *table;
static size_t slots;

static size_t slot_of(const uint8_t *p)
{
	uint64_t h = get64(p) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 29 ^ get64(p + 8)) * UINT64_C(0xbf58476d1ce4e5b9);
	return (size_t)(h ^ h >> 32) & (slots - 1);
}

/* Where it stands, or belongs. */
static size_t find(const uint8_t *p)
{
	size_t i = slot_of(p);

	while (table[i] != 0 && memcmp(sides[0].bytes.p + (table[i] - 1), p, WINDOW) != 0)
		i = (i + 1) & (slots - 1);
	return i;
}

static void remember(void)
{
	struct walk w = {.s = &sides[0]};

	for (slots = 1024; slots < 2 * sides[0].bytes.len; slots *= 2)
		;
	if ((table = calloc(slots, sizeof(*table))) == NULL)
		die("table", "out of memory");
	while (walk_next(&w)) {
		size_t i = find(w.s->bytes.p + w.at);

		if (table[i] == 0)
			table[i] = (uint32_t)w.at + 1;
		w.s->windows++;
	}
}

static void report(size_t a, size_t b)
{
	print_place(&sides[0], a);
	(void)printf(" = ");
	print_place(&sides[1], b);
	(void)putchar(':');
	for (size_t i = 0; i < WINDOW; i++)
		(void)printf(" %02x", sides[1].bytes.p[b + i]);
	(void)putchar('\n');
}

static size_t compare(void)
{
	struct walk w = {.s = &sides[1]};
	size_t found = 0, runs = 0, last = SIZE_MAX - 1;

	while (walk_next(&w)) {
		uint32_t there = table[find(w.s->bytes.p + w.at)];

		w.s->windows++;
		if (there == 0)
			continue;
		found++;
		/* What is longer than 16 bytes is told once. */
		if (w.at != last + 1 && runs++ < REPORTED)
			report(there - 1, w.at);
		last = w.at;
	}
	if (runs > REPORTED)
		(void)printf("and %zu more\n", runs - REPORTED);
	return found;
}

/* ---- */

static void count(struct side *s)
{
	for (size_t i = 0; i < s->kinds.len; i++)
		s->of[s->kinds.p[i]]++;
	(void)printf("%zu files: %zu bytes of values, %zu of rests, %zu not compared\n",
	    s->n, s->of[VALUE], s->of[REST], s->of[OWN]);
}

static void show(const struct side *s)
{
	static const char *const names[] = {"own", "value", "rest"};
	size_t from = 0;

	for (size_t i = 1; i < s->kinds.len; i++) {
		if (s->kinds.p[i] == s->kinds.p[from])
			continue;
		if (s->kinds.p[from] != OWN && i - from >= WINDOW)
			(void)printf("%zu %zu %s\n", from, i - from,
			    names[s->kinds.p[from]]);
		from = i;
	}
}

static void free_side(struct side *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->parts[i].name);
	buf_free(&s->bytes);
	buf_free(&s->kinds);
}

int main(int argc, char **argv)
{
	size_t found = 0;
	int side = 0;

	if (argc == 3 && strcmp(argv[1], "-v") == 0) {
		add_path(&sides[0], argv[2]);
		show(&sides[0]);
		free_side(&sides[0]);
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			side++;
		else if (side > 1)
			break;
		else
			add_path(&sides[side], argv[i]);
	}
	if (side != 1 || sides[0].n == 0 || sides[1].n == 0)
		die("usage", "same_blocks A ... -- B ... | -v FILE");
	count(&sides[0]);
	count(&sides[1]);
	remember();
	found = compare();
	(void)printf("%zu and %zu blocks of %u bytes compared: %zu in common\n",
	    sides[0].windows, sides[1].windows, WINDOW, found);
	free(table);
	free_side(&sides[0]);
	free_side(&sides[1]);
	return found == 0 ? 0 : 1;
}
