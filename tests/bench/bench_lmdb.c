/*
 * bench_lmdb.c - plain LMDB by growing number: what no store above it beats.
 *
 *   bench_lmdb all --dir DIR --records N ...     load, get, scan, put
 *   bench_lmdb tables --dir VAULT --records 1    bytes of each table of a vault
 */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/mpjson.h>

#include "measure.h"

static void must(int rc)
{
	if (rc != 0)
		die("lmdb: %s", mdb_strerror(rc));
}

static MDB_env *open_env(const char *dir, unsigned flags)
{
	MDB_env *env;

	must(mdb_env_create(&env));
	must(mdb_env_set_mapsize(env, (size_t)16 << 30));
	must(mdb_env_set_maxdbs(env, 32));
	must(mdb_env_open(env, dir, flags, 0600));
	return env;
}

static MDB_txn *begin(MDB_env *env, unsigned flags, MDB_dbi *dbi)
{
	MDB_txn *t;

	must(mdb_txn_begin(env, NULL, flags, &t));
	must(mdb_dbi_open(t, "r", MDB_INTEGERKEY | (flags == 0 ? MDB_CREATE : 0), dbi));
	return t;
}

static void put(MDB_txn *t, MDB_dbi dbi, uint64_t key, const struct buf *v, unsigned flags)
{
	MDB_val k = {sizeof(key), &key}, d = {v->len, v->p};

	must(mdb_put(t, dbi, &k, &d, flags));
}

static void blob_of(const struct bench *b, size_t i, struct buf *out)
{
	json_t *json = record_of(b, i);

	buf_reset(out);
	mpjson_write(out, json);
	if (out->failed)
		die("no memory");
	json_decref(json);
}

/* Blobs of one batch, made before the clock starts. */
static double load_batch(const struct bench *b, MDB_env *env, size_t from, size_t to,
    struct buf *blobs, double *bytes)
{
	MDB_txn *t;
	MDB_dbi dbi;
	double start;

	for (size_t i = from; i < to; i++) {
		blob_of(b, i, &blobs[i - from]);
		*bytes += (double)blobs[i - from].len;
	}
	start = now_us();
	t = begin(env, 0, &dbi);
	for (size_t i = from; i < to; i++)
		put(t, dbi, i + 1, &blobs[i - from], MDB_APPEND);
	must(mdb_txn_commit(t));
	return now_us() - start;
}

static void load(const struct bench *b, MDB_env *env)
{
	struct buf *blobs = calloc(b->batch, sizeof(*blobs));
	double us = 0, bytes = 0;

	if (blobs == NULL)
		die("no memory");
	for (size_t at = 0; at < b->records; at += b->batch) {
		size_t to = at + b->batch < b->records ? at + b->batch : b->records;

		us += load_batch(b, env, at, to, blobs, &bytes);
	}
	for (size_t i = 0; i < b->batch; i++)
		buf_free(&blobs[i]);
	free(blobs);
	result(b, "bulk insert", (double)b->records / (us / 1e6), "/s");
	result(b, "msgpack per record", bytes / (double)b->records, "B");
	result(b, "file", file_size(b->dir, "data.mdb"), "B");
}

static void get(const struct bench *b, MDB_env *env)
{
	struct dice d = dice_new(b->seed, 77);
	struct samples us = {0};
	MDB_dbi dbi;
	MDB_txn *t = begin(env, MDB_RDONLY, &dbi);

	for (size_t k = 0; k < 2 * b->gets; k++) {
		uint64_t n = dice_below(&d, b->records) + 1;
		MDB_val key = {sizeof(n), &n}, v;
		double start = now_us();

		must(mdb_get(t, dbi, &key, &v));
		if (k >= b->gets)
			samples_add(&us, now_us() - start);
	}
	samples_result(b, "get by id", &us);
	samples_free(&us);
	mdb_txn_abort(t);
}

static void scan(const struct bench *b, MDB_env *env)
{
	MDB_dbi dbi;
	MDB_txn *t = begin(env, MDB_RDONLY, &dbi);
	MDB_cursor *c;
	MDB_val key, v;
	size_t n = 0;
	unsigned long sum = 0;
	double start = now_us();

	must(mdb_cursor_open(t, dbi, &c));
	while (mdb_cursor_get(c, &key, &v, MDB_NEXT) == 0) {
		for (size_t i = 0; i < v.mv_size; i += 64) /* touch every line */
			sum += ((const uint8_t *)v.mv_data)[i];
		n++;
	}
	result(b, "full scan, raw", (double)n / ((now_us() - start) / 1e6), "/s");
	if (n != b->records || sum == 0) {
		(void)fprintf(stderr, "bench: lmdb: a scan found %zu of %zu records\n", n,
		    b->records);
		bench_faults++;
	}
	mdb_cursor_close(c);
	mdb_txn_abort(t);
}

static void edit(const struct bench *b, MDB_env *env)
{
	struct dice d = dice_new(b->seed, 99);
	struct samples us = {0};
	struct buf blob = BUF_INIT;

	for (size_t k = 0; k < b->edits; k++) {
		size_t i = dice_below(&d, b->records);
		MDB_txn *t;
		MDB_dbi dbi;
		double start;

		blob_of(b, i, &blob);
		start = now_us();
		t = begin(env, 0, &dbi);
		put(t, dbi, i + 1, &blob, 0);
		must(mdb_txn_commit(t));
		samples_add(&us, now_us() - start);
	}
	samples_result(b, "single durable edit", &us);
	samples_free(&us);
	buf_free(&blob);
}

/* What the device takes to keep one page: the floor under every commit. */
static void device(const struct bench *b)
{
	static const uint8_t page[4096] = {1};
	struct samples us = {0};
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%.4000s/page", b->dir);
	if ((fd = open(path, O_RDWR | O_CREAT, 0600)) < 0)
		die("%s: cannot be made", path);
	for (int k = 0; k < 50; k++) {
		double start = now_us();

		if (pwrite(fd, page, sizeof(page), 0) < 0 || fdatasync(fd) != 0)
			die("%s: cannot be written", path);
		samples_add(&us, now_us() - start);
	}
	result(b, "device", samples_at(&us, 0.5), "us");
	samples_free(&us);
	(void)close(fd);
}

/* Pages of a vault's tables can be counted without any key. */
static void tables(const struct bench *b)
{
	MDB_env *env = open_env(b->dir, MDB_RDONLY | MDB_NOLOCK);
	MDB_txn *t;
	MDB_stat st;
	MDB_dbi dbi;

	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &t));
	for (char name[2] = "0"; name[0] <= '9'; name[0]++) {
		char metric[80];
		int rc = mdb_dbi_open(t, name, MDB_INTEGERKEY, &dbi);

		if (rc == MDB_INCOMPATIBLE)
			rc = mdb_dbi_open(t, name, 0, &dbi);
		if (rc == MDB_NOTFOUND)
			continue;
		must(rc);
		must(mdb_stat(t, dbi, &st));
		(void)snprintf(metric, sizeof(metric), "table %s", name);
		result(b, metric,
		    (double)(st.ms_branch_pages + st.ms_leaf_pages +
			st.ms_overflow_pages) *
			st.ms_psize,
		    "B");
	}
	mdb_txn_abort(t);
	mdb_env_close(env);
}

int main(int argc, char **argv)
{
	struct bench b;
	MDB_env *env;

	bench_args(&b, argc, argv);
	if (strcmp(b.what, "tables") == 0) {
		tables(&b);
		bench_end(&b);
		return 0;
	}
	if (mkdir(b.dir, 0700) != 0 && errno != EEXIST)
		die("%s: cannot be made", b.dir);
	env = open_env(b.dir, 0);
	device(&b);
	load(&b, env);
	get(&b, env);
	scan(&b, env);
	edit(&b, env);
	mdb_env_close(env);
	bench_end(&b);
	return bench_faults > 0;
}
