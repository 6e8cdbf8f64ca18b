/* test_kv_map.c - the file in memory: each reader's time, growth, and how much of it. */
#include <sys/mman.h>

#include "kv_fixture.h"

/* ---- snapshots ------------------------------------------------------------------ */

static void test_reader_keeps_its_time(void **state)
{
	struct kv_txn *old;
	struct fixture f;
	struct kv_txn *t;
	unsigned i;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	for (i = 1; i <= 3000; i++)
		put_str(&f, t, KV_RECORDS, i, "old");
	commit(&f, t);
	old = begin(&f, false);
	for (i = 1; i <= 3000; i += 300) {
		t = begin(&f, true);
		put_str(&f, t, KV_RECORDS, i, "new");
		OK(kv_del(t, KV_RECORDS, i + 1, &f.err));
		assert_str(&f, old, KV_RECORDS, i, "old");
		commit(&f, t);
		assert_str(&f, old, KV_RECORDS, i, "old");
		assert_str(&f, old, KV_RECORDS, i + 1, "old");
		t = begin(&f, false);
		assert_str(&f, t, KV_RECORDS, i, "new");
		assert_absent(&f, t, KV_RECORDS, i + 1);
		kv_abort(&t);
	}
	kv_abort(&old);
	assert_sound(&f);
	fixture_free(&f);
}

static void test_map_grows(void **state)
{
	static uint8_t p[20000];
	struct fixture f;
	struct kv_txn *old;
	struct kv_txn *t;
	unsigned i;

	(void)state;
	kv_test_map_size(256u << 10);
	fixture_new(&f);
	old = begin(&f, false);
	for (i = 1; i <= 400; i++) {
		crypto_random(p, sizeof(p));
		memcpy(p, &i, sizeof(i));
		t = begin(&f, true);
		put(&f, t, KV_RECORDS, i, p, sizeof(p));
		commit(&f, t);
	}
	assert_range(old, KV_RECORDS, 1, 1, 0);
	assert_absent(&f, old, KV_RECORDS, 1);
	kv_abort(&old);
	assert_true(kv_file_size(f.kv) > 8u << 20);
	assert_sound(&f);
	OK(reopen(&f, 0)); /* the file is larger than the first map */
	assert_sound(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_RECORDS, 401, "on");
	commit(&f, t);
	kv_test_map_size(0);
	fixture_free(&f);
}

/* A batch that does not fit a small map fails whole, and only that batch. */
static void test_map_full(void **state)
{
	static uint8_t p[100000];
	enum saksi_err rc = SAKSI_OK;
	struct fixture f;
	struct kv_txn *t;
	unsigned i;

	(void)state;
	crypto_random(p, sizeof(p));
	kv_test_map_size(512u << 10);
	fixture_new(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_RECORDS, 1, "before");
	commit(&f, t);
	t = begin(&f, true);
	for (i = 2; rc == SAKSI_OK && i < 100; i++)
		rc = kv_put(t, KV_RECORDS, i, p, sizeof(p), &f.err);
	assert_int_equal(rc, SAKSI_ELIMIT);
	assert_int_equal(kv_commit(&t, &f.err), SAKSI_EINVAL);
	t = begin(&f, true);
	assert_range(t, KV_RECORDS, 1, 2, 1);
	put_str(&f, t, KV_RECORDS, 2, "after");
	commit(&f, t);
	assert_sound(&f);
	kv_test_map_size(0);
	fixture_free(&f);
}

/* ---- memory ------------------------------------------------------------------------ */

#define LONG_VALUES 3000u
#define LONG_BYTES 16000u

/* KiB of the data file that count as memory of this process; see is_told(). */
static size_t mapped_kib(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[600];
	size_t sum = 0, n;
	bool ours = false;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, "-") != NULL && strstr(line, " r--s ") != NULL)
			ours = strstr(line, KV_DATA_FILE) != NULL;
		else if (ours && sscanf(line, "Rss: %zu kB", &n) == 1)
			sum += n;
		if (strncmp(line, "VmFlags", 7) == 0)
			ours = false;
	}
	if (f != NULL)
		(void)fclose(f);
	return sum;
}

/* Whether the system says of a mapped file how much of it counts, and it is understood. */
static bool is_told(const struct fixture *f)
{
	char path[300];
	size_t before, after;
	volatile uint8_t seen;
	uint8_t *map;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->dir, KV_DATA_FILE);
	before = mapped_kib();
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	seen = *map;
	(void)seen;
	after = mapped_kib();
	assert_int_equal(munmap(map, 4096), 0);
	close(fd);
	return after > before;
}

static void put_long_one(struct fixture *f, struct kv_txn *t, uint64_t n)
{
	static uint8_t value[LONG_BYTES];

	crypto_random(value, sizeof(value)); /* cannot be made shorter */
	put(f, t, KV_RECORDS, n, value, sizeof(value));
}

static void put_long(struct fixture *f, uint64_t from, uint64_t to)
{
	struct kv_txn *t = begin(f, true);

	for (uint64_t n = from; n < to; n++)
		put_long_one(f, t, n);
	commit(f, t);
}

/*
 * Who writes all over a file in one transaction does not come to count all of it: LMDB
 * looks through its map at each value that it replaces.  Nor does who verifies it.
 */
static void test_lets_go_of_what_it_looked_at(void **state)
{
	struct fixture f;
	struct kv_txn *t;
	size_t most = 0, now;

	(void)state;
	fixture_new(&f);
	for (uint64_t n = 1; n < LONG_VALUES; n += 500)
		put_long(&f, n, n + 500);
	kv_close(&f.kv);
	OK(reopen(&f, 0));
	if (!is_told(&f)) {
		fixture_free(&f);
		skip();
	}
	t = begin(&f, true);
	for (uint64_t n = 1; n <= LONG_VALUES; n++) {
		uint64_t at = 1 + n * 997 % LONG_VALUES;

		if (n % 3 == 0)
			OK(kv_del(t, KV_RECORDS, at, &f.err));
		else
			put_long_one(&f, t, at);
		if (n % 50 == 0 && (now = mapped_kib()) > most)
			most = now;
	}
	commit(&f, t);
	assert_in_range(most, 1, 24 << 10);
	OK(kv_verify(f.kv, NULL, NULL, &f.err));
	now = mapped_kib();
	assert_in_range(now, 0, 24 << 10);
	fixture_free(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_reader_keeps_its_time),
    cmocka_unit_test(test_map_grows),
    cmocka_unit_test(test_map_full),
    cmocka_unit_test(test_lets_go_of_what_it_looked_at),
};

TEST_MAIN(tests, setup_hardened, NULL)
