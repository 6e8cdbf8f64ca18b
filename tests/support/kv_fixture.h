/*
 * kv_fixture.h - a folder with sealed tables, for the tests of kv.
 */
#ifndef SAKSI_TEST_KV_FIXTURE_H
#define SAKSI_TEST_KV_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "kv_int.h"
#include "test.h"

#define OK(call) assert_int_equal(call, SAKSI_OK)

struct fixture {
	char dir[256];
	uint8_t vault_id[VAULT_ID];
	struct secret *vault_key;
	struct kv *kv;
	struct saksi_error err;
};

static inline void folder_new(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	(void)strcpy(f->dir, "kv.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	crypto_random(f->vault_id, sizeof(f->vault_id));
	OK(secret_new(&f->vault_key, CRYPTO_KEY, NULL));
	crypto_random(secret_bytes(f->vault_key), CRYPTO_KEY);
}

static inline enum saksi_err reopen(struct fixture *f, unsigned flags)
{
	kv_close(&f->kv);
	return kv_open(&f->kv, f->dir, f->vault_id, f->vault_key, flags, &f->err);
}

static inline void fixture_new(struct fixture *f)
{
	folder_new(f);
	OK(reopen(f, KV_CREATE));
}

static inline void folder_free(struct fixture *f)
{
	DIR *d = opendir(f->dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	assert_int_equal(rmdir(f->dir), 0);
	secret_free(&f->vault_key);
}

static inline void fixture_free(struct fixture *f)
{
	kv_close(&f->kv);
	folder_free(f);
}

static inline struct kv_txn *begin(struct fixture *f, bool write)
{
	struct kv_txn *t = NULL;

	if (kv_begin(&t, f->kv, write, &f->err) != SAKSI_OK)
		fail_msg("begin: %s", f->err.msg);
	return t;
}

static inline void commit(struct fixture *f, struct kv_txn *t)
{
	if (kv_commit(&t, &f->err) != SAKSI_OK)
		fail_msg("commit: %s", f->err.msg);
}

static inline void put(struct fixture *f, struct kv_txn *t, enum kv_table table,
    uint64_t n, const void *p, size_t len)
{
	if (kv_put(t, table, n, p, len, &f->err) != SAKSI_OK)
		fail_msg("put %u/%llu: %s", (unsigned)table, (unsigned long long)n,
		    f->err.msg);
}

static inline void put_str(struct fixture *f, struct kv_txn *t, enum kv_table table,
    uint64_t n, const char *s)
{
	put(f, t, table, n, s, strlen(s));
}

static inline uint64_t next_number(struct fixture *f, struct kv_txn *t,
    enum kv_table table)
{
	uint64_t n = 0;

	if (kv_next(t, table, &n, &f->err) != SAKSI_OK)
		fail_msg("next: %s", f->err.msg);
	return n;
}

/** value(n, round, len): Bytes that only this number and round have. */
static inline void value_fill(uint8_t *p, size_t len, uint64_t n, uint64_t round)
{
	uint64_t x = n * 0x9e3779b97f4a7c15u + round * 0xc2b2ae3d27d4eb4fu + 1;
	size_t i;

	for (i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* half of it compresses */
		p[i] = i % 2 != 0 ? 'a' : (uint8_t)x;
	}
}

static inline void note_fault(void *ctx, const char *words)
{
	unsigned *count = ctx;

	assert_true(strlen(words) > 8);
	++*count;
}

static inline enum saksi_err verify(struct fixture *f, unsigned *faults)
{
	*faults = 0;
	return kv_verify(f->kv, note_fault, faults, &f->err);
}

static inline void assert_sound(struct fixture *f)
{
	unsigned faults;

	if (verify(f, &faults) != SAKSI_OK)
		fail_msg("verify: %u faults: %s", faults, f->err.msg);
	assert_int_equal(faults, 0);
}

static inline void assert_value(struct fixture *f, struct kv_txn *t, enum kv_table table,
    uint64_t n, const void *want, size_t len)
{
	struct buf b = BUF_INIT;

	if (kv_get(t, table, n, &b, &f->err) != SAKSI_OK)
		fail_msg("get %u/%llu: %s", (unsigned)table, (unsigned long long)n,
		    f->err.msg);
	assert_int_equal(b.len, len);
	if (len > 0)
		assert_memory_equal(b.p, want, len);
	buf_free(&b);
}

static inline void assert_str(struct fixture *f, struct kv_txn *t, enum kv_table table,
    uint64_t n, const char *want)
{
	assert_value(f, t, table, n, want, strlen(want));
}

static inline void assert_absent(struct fixture *f, struct kv_txn *t, enum kv_table table,
    uint64_t n)
{
	struct buf b = BUF_INIT;

	assert_int_equal(kv_get(t, table, n, &b, &f->err), SAKSI_ENOTFOUND);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static inline void assert_range(struct kv_txn *t, enum kv_table table, uint64_t first,
    uint64_t next, uint64_t count)
{
	uint64_t a;
	uint64_t b;
	uint64_t c;

	kv_range(t, table, &a, &b, &c);
	assert_int_equal(a, first);
	assert_int_equal(b, next);
	assert_int_equal(c, count);
}

static inline void data_path(const struct fixture *f, char out[320])
{
	(void)snprintf(out, 320, "%s/%s", f->dir, KV_DATA_FILE);
}

static inline void load_file(const struct fixture *f, struct buf *b)
{
	char path[320];

	data_path(f, path);
	b->len = 0;
	OK(fs_read_file(b, path, (size_t)1 << 30, NULL));
}

/** store_file: Overwrite in place, to the length of ${b}; the lock file goes. */
static inline void store_file(const struct fixture *f, const uint8_t *p, size_t len)
{
	char path[320];
	int fd;

	data_path(f, path);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	OK(fs_write_all(fd, p, len, path, NULL));
	(void)close(fd);
}

#endif
