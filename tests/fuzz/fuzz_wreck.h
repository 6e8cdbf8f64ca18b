/*
 * fuzz_wreck.h - a small sealed data file, and what an input makes of it.
 *
 * The file is made anew when the target starts: same layout each time, other
 * nonces.  An input is a list of edits, each a kind (1), a page (1), an offset
 * in it (2), a number (2); so what is sealed stays genuine unless an edit hits
 * it, and readers come further than random bytes would let them.
 */
#ifndef SAKSI_FUZZ_WRECK_H
#define SAKSI_FUZZ_WRECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "kv_int.h"

#define WRECK_PAGE 4096u
#define WRECK_EDIT 6u
#define WRECK_SAID_MAX 512u
/* A target may want less, to be quick. */
#ifndef WRECK_ROUNDS
#define WRECK_FIRST 60u
#define WRECK_ROUNDS 6u
#endif

struct wreck_said { /* a value that was put at some time */
	enum kv_table t;
	uint64_t n;
	struct buf bytes;
};
struct wreck {
	char dir[512];
	uint8_t vault_id[VAULT_ID];
	struct secret *key;
	struct buf file; /* as it was made */
	struct buf now;	 /* as the input has it */
	struct wreck_said said[WRECK_SAID_MAX];
	size_t n_said;
};
static struct wreck wreck;

static inline void must(int true_enough)
{
	if (!true_enough)
		abort();
}

static inline enum saksi_err wreck_open(struct kv **kv, unsigned flags,
    struct saksi_error *err)
{
	return kv_open(kv, wreck.dir, wreck.vault_id, wreck.key, flags, err);
}

static inline void wreck_path(char out[600], const char *name)
{
	(void)snprintf(out, 600, "%s/%s", wreck.dir, name);
}

/* ---- making it -------------------------------------------------------------------- */

static inline void wreck_put(struct kv_txn *txn, enum kv_table t, uint64_t n, size_t len)
{
	struct wreck_said *s = &wreck.said[wreck.n_said];
	uint64_t x = wreck.n_said + 1;

	must(wreck.n_said < WRECK_SAID_MAX);
	s->t = t;
	s->n = n;
	for (size_t i = 0; i < len; i++) { /* does not compress */
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
		buf_add_byte(&s->bytes, (uint8_t)(x >> 56));
	}
	must(!s->bytes.failed &&
	    kv_put(txn, t, n, s->bytes.p, s->bytes.len, NULL) == SAKSI_OK);
	wreck.n_said++;
}

static inline void wreck_put_new(struct kv_txn *txn, enum kv_table t, size_t len)
{
	uint64_t n;

	must(kv_next(txn, t, &n, NULL) == SAKSI_OK);
	wreck_put(txn, t, n, len);
}

/* Leaves under a branch, long values, freed pages and lists of them. */
static inline void wreck_fill(struct kv *kv)
{
	for (unsigned round = 0; round < WRECK_ROUNDS; round++) {
		struct kv_txn *txn = NULL;

		must(kv_begin(&txn, kv, true, NULL) == SAKSI_OK);
		for (unsigned i = 0; i < (round == 0 ? WRECK_FIRST : 5); i++)
			wreck_put_new(txn, KV_RECORDS, 20 + 37 * (i % 5));
		wreck_put_new(txn, KV_RECORDS, round == 1 ? 9000 : 2500);
		wreck_put_new(txn, KV_LOG, 400);
		wreck_put_new(txn, KV_INDEX, 1975);
		wreck_put(txn, KV_LOCAL, 1 + round % 2, 100);
		wreck_put(txn, KV_RECORDS, 1 + round, 600);
		if (round + 3 >= WRECK_ROUNDS)
			must(kv_del(txn, KV_RECORDS, 10 + round, NULL) == SAKSI_OK &&
			    kv_del(txn, KV_INDEX, round + 4 - WRECK_ROUNDS, NULL) ==
				SAKSI_OK);
		must(kv_commit(&txn, NULL) == SAKSI_OK);
	}
}

static inline void wreck_end(void)
{
	char path[600];

	wreck_path(path, KV_DATA_FILE);
	(void)unlink(path);
	wreck_path(path, "lock.mdb");
	(void)unlink(path);
	(void)rmdir(wreck.dir);
	for (size_t i = 0; i < wreck.n_said; i++)
		buf_free(&wreck.said[i].bytes);
	buf_free(&wreck.file);
	buf_free(&wreck.now);
	secret_free(&wreck.key);
}

static inline void wreck_make(void)
{
	const char *tmp = getenv("TMPDIR");
	struct kv *kv = NULL;
	char path[600];

	must(process_harden(NULL) == SAKSI_OK);
	(void)snprintf(wreck.dir, sizeof(wreck.dir), "%s/wreck.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	must(mkdtemp(wreck.dir) != NULL);
	must(secret_new(&wreck.key, CRYPTO_KEY, NULL) == SAKSI_OK);
	memset(secret_bytes(wreck.key), 7, CRYPTO_KEY);
	kv_test_map_size((size_t)1 << 20);
	must(wreck_open(&kv, KV_CREATE, NULL) == SAKSI_OK);
	wreck_fill(kv);
	kv_close(&kv);
	wreck_path(path, KV_DATA_FILE);
	must(fs_read_file(&wreck.file, path, (size_t)1 << 24, NULL) == SAKSI_OK);
	must(wreck.file.len % WRECK_PAGE == 0);
	(void)atexit(wreck_end);
}

/* ---- edits --------------------------------------------------------------------------- */

struct wreck_edit {
	unsigned kind;
	size_t at; /* in the file; a page of bytes is there */
	size_t page;
	unsigned number;
};

static inline void wreck_swap(uint8_t *a, uint8_t *b)
{
	for (size_t i = 0; i < WRECK_PAGE; i++) {
		uint8_t x = a[i];

		a[i] = b[i];
		b[i] = x;
	}
}

/* ${left} literal bytes follow it; returns how many it takes. */
static inline size_t wreck_one(const struct wreck_edit *e, const uint8_t *more,
    size_t left)
{
	uint8_t *p = wreck.now.p + e->at, *page = wreck.now.p + e->page;
	size_t pages = wreck.now.len / WRECK_PAGE, room = wreck.now.len - e->at;
	uint8_t *other = wreck.now.p + e->number % pages * WRECK_PAGE;
	size_t n = e->number % 1024;

	switch (e->kind % 9) {
	case 0:
		*p = (uint8_t)e->number;
		return 0;
	case 1:
		*p ^= (uint8_t)e->number;
		return 0;
	case 2:
		if (room >= 2)
			le16_put(p, (uint16_t)e->number);
		return 0;
	case 3:
		if (room >= 8)
			le64_put(p, e->number);
		return 0;
	case 4:
		memmove(other, page, WRECK_PAGE);
		return 0;
	case 5:
		if (other != page)
			wreck_swap(other, page);
		return 0;
	case 6:
		memset(p, 0, n < room ? n : room);
		return 0;
	case 7: /* a piece to the same place of another page */
		n = 256;
		if (e->at % WRECK_PAGE + n <= WRECK_PAGE)
			memmove(other + e->at % WRECK_PAGE, p, n);
		return 0;
	default:
		n %= 64;
		n = n < left ? n : left;
		memcpy(p, more, n < room ? n : room);
		return n;
	}
}

/* ${size}: of what is written; the last edit may cut it off. */
static inline size_t wreck_edits(const uint8_t *p, size_t n)
{
	size_t size = wreck.file.len;

	wreck.now.len = 0;
	buf_add(&wreck.now, wreck.file.p, wreck.file.len);
	must(!wreck.now.failed);
	while (n >= WRECK_EDIT) {
		struct wreck_edit e = {.kind = p[0], .number = le16_get(p + 4)};

		e.page = p[1] * (size_t)WRECK_PAGE % wreck.now.len;
		e.at = e.page + le16_get(p + 2) % WRECK_PAGE;
		p += WRECK_EDIT;
		n -= WRECK_EDIT;
		if (e.kind == 255) {
			size = e.at;
		} else {
			size_t took = wreck_one(&e, p, n);

			p += took;
			n -= took;
		}
	}
	return size;
}

/** wreck_write(p, n): The edited file, and no lock file beside it. */
static inline void wreck_write(const uint8_t *p, size_t n)
{
	size_t size = wreck_edits(p, n);
	char path[600];
	FILE *f;

	wreck_path(path, "lock.mdb");
	(void)unlink(path);
	wreck_path(path, KV_DATA_FILE);
	f = fopen(path, "wb");
	must(f != NULL && fwrite(wreck.now.p, 1, size, f) == size);
	must(fclose(f) == 0);
}

/** wreck_was_said: Was this ever the value of that number? */
static inline bool wreck_was_said(enum kv_table t, uint64_t n, const uint8_t *p,
    size_t len)
{
	for (size_t i = 0; i < wreck.n_said; i++) {
		const struct wreck_said *s = &wreck.said[i];

		if (s->t == t && s->n == n && s->bytes.len == len &&
		    memcmp(s->bytes.p, p, len) == 0)
			return true;
	}
	return false;
}

/** wreck_last: The value that was put last under that number. */
static inline bool wreck_is_last(size_t at)
{
	for (size_t i = at + 1; i < wreck.n_said; i++)
		if (wreck.said[i].t == wreck.said[at].t &&
		    wreck.said[i].n == wreck.said[at].n)
			return false;
	return true;
}

#endif
