/*
 * test_kv_ahead.c - a scan whose values a second thread opens ahead: the same
 * values, the same words for the same damage, and nothing of it where it would
 * be wrong.
 */
#include "kv_fixture.h"

#define VALUES 3000u
#define VALUE_MAX 3000u
#define NEVER UINT64_MAX

static struct fixture f;
static uint8_t long_value[200000];

/* What a scan told: how many, a sum over all of it, and how it ended. */
struct told {
	uint64_t n, last;
	struct saksi_hash sum;
	enum saksi_err rc;
	struct saksi_error err;
};

struct listener {
	struct crypto_hash_state sum;
	struct told *t;
	uint64_t stop_at; /* 0: not */
};

static enum saksi_err listen(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct listener *l = ctx;
	uint8_t head[16];

	le64_put(head, n);
	le64_put(head + 8, len);
	crypto_hash_add(&l->sum, head, sizeof(head));
	crypto_hash_add(&l->sum, p, len);
	l->t->n++;
	l->t->last = n;
	if (l->stop_at != 0 && n >= l->stop_at)
		return saksi_fail(err, SAKSI_EREFUSED, "enough of it");
	return SAKSI_OK;
}

static void scan(struct told *t, uint64_t from, uint64_t stop_at)
{
	struct listener l = {.t = t, .stop_at = stop_at};
	struct kv_txn *txn = begin(&f, false);

	memset(t, 0, sizeof(*t));
	crypto_hash_init(&l.sum, "told");
	t->rc = kv_scan(txn, KV_RECORDS, from, listen, &l, &t->err);
	crypto_hash_final(&l.sum, &t->sum);
	kv_abort(&txn);
}

/* Alone and with help; says how many values the help opened. */
static uint64_t both(struct told *t, uint64_t from, uint64_t stop_at)
{
	uint64_t before = kv_test_ahead_opened();
	struct told alone;

	kv_test_ahead(NEVER, 1);
	scan(&alone, from, stop_at);
	assert_int_equal(kv_test_ahead_opened(), before);
	OK(reopen(&f, 0));
	kv_test_ahead(3, 1);
	scan(t, from, stop_at);
	kv_test_ahead(0, 0);
	assert_int_equal(t->rc, alone.rc);
	assert_string_equal(t->err.msg, alone.err.msg);
	assert_int_equal(t->n, alone.n);
	assert_int_equal(t->last, alone.last);
	assert_memory_equal(&t->sum, &alone.sum, sizeof(t->sum));
	return kv_test_ahead_opened() - before;
}

static size_t length_of(uint64_t n)
{
	return (size_t)(n * 7919 % VALUE_MAX);
}

static void fill(struct kv_txn *t)
{
	uint8_t value[VALUE_MAX];

	for (uint64_t n = 1; n <= VALUES; n++) {
		value_fill(value, sizeof(value), n, 1);
		if (n % 700 == 0)
			put(&f, t, KV_RECORDS, n, long_value, sizeof(long_value));
		else
			put(&f, t, KV_RECORDS, n, value, length_of(n));
	}
	for (uint64_t n = 5; n <= VALUES; n += 11)
		OK(kv_del(t, KV_RECORDS, n, &f.err));
}

static int setup(void **state)
{
	struct kv_txn *t;

	(void)state;
	if (setup_hardened(state) != 0)
		return -1;
	value_fill(long_value, sizeof(long_value), 0, 3);
	fixture_new(&f);
	t = begin(&f, true);
	fill(t);
	commit(&f, t);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_free(&f);
	return 0;
}

/* Change one byte of what lies in the file under this number. */
static void spoil(unsigned db, uint64_t n)
{
	struct kv_txn *t = begin(&f, false);
	struct buf sealed = BUF_INIT, file = BUF_INIT;
	char path[320];
	const uint8_t *at;
	uint8_t byte;
	bool found;
	int fd;

	OK(kv_read_sealed(&sealed, &found, t, db, n, &f.err));
	assert_true(found);
	kv_abort(&t);
	data_path(&f, path);
	OK(fs_read_file(&file, path, (size_t)1 << 30, NULL));
	at = memmem(file.p, file.len, sealed.p, sealed.len);
	assert_non_null(at);
	at += sealed.len / 2;
	byte = *at ^ 1u;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	OK(fs_pwrite_all(fd, &byte, 1, (uint64_t)(at - file.p), path, NULL));
	(void)close(fd);
	OK(reopen(&f, 0));
	buf_free(&sealed);
	buf_free(&file);
}

static void test_same_values(void **state)
{
	struct told t;
	uint64_t opened = both(&t, 0, 0);

	(void)state;
	assert_int_equal(t.rc, SAKSI_OK);
	assert_int_equal(t.last, VALUES);
	assert_int_equal(t.n, VALUES - (VALUES - 5) / 11 - 1);
	/* All but those before it began, and the long ones. */
	assert_int_equal(opened, t.n - 3 - VALUES / 700);
	(void)both(&t, 1234, 0);
	assert_int_equal(t.last, VALUES);
	assert_true(t.n < VALUES - 1234);
}

static void test_stopped(void **state)
{
	struct told t;

	(void)state;
	for (uint64_t at = 1; at < VALUES; at += 333) {
		(void)both(&t, 0, at);
		assert_int_equal(t.rc, SAKSI_EREFUSED);
		assert_string_equal(t.err.msg, "enough of it");
	}
}

/* Below the usual bounds there is nobody else. */
static void test_few(void **state)
{
	uint64_t before = kv_test_ahead_opened();
	struct told t;

	(void)state;
	kv_test_ahead(3, VALUES);
	scan(&t, 0, 0);
	kv_test_ahead(0, 0);
	assert_int_equal(t.rc, SAKSI_OK);
	assert_int_equal(kv_test_ahead_opened(), before);
}

/* ---- what a scan's function does meanwhile ----------------------------------------- */

struct doing {
	struct kv_txn *t;
	uint64_t n;
};

static enum saksi_err look_elsewhere(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct doing *d = ctx;
	struct buf b = BUF_INIT;
	enum saksi_err rc = kv_get(d->t, KV_RECORDS, n, &b, err);

	if (rc == SAKSI_OK) {
		assert_int_equal(b.len, len);
		assert_memory_equal(b.p, p, len);
	}
	d->n++;
	buf_free(&b);
	return rc;
}

static void test_reads_meanwhile(void **state)
{
	struct doing d = {.t = begin(&f, false)};
	uint64_t before = kv_test_ahead_opened();

	(void)state;
	kv_test_ahead(0, 1);
	OK(kv_scan(d.t, KV_RECORDS, 0, look_elsewhere, &d, &f.err));
	kv_test_ahead(0, 0);
	assert_true(kv_test_ahead_opened() > before);
	assert_true(d.n > VALUES / 2);
	kv_abort(&d.t);
}

static enum saksi_err rewrite(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct doing *d = ctx;

	/* What was written a moment ago is what comes. */
	if (n > 1)
		assert_true(len == 3 && memcmp(p, "new", 3) == 0);
	d->n++;
	return n >= 100
	    ? SAKSI_OK
	    : kv_put(d->t, KV_RECORDS, n % 11 == 4 ? n + 2 : n + 1, "new", 3, err);
}

static enum saksi_err stop_at_hundred(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	enum saksi_err rc = rewrite(ctx, n, p, len, err);

	return rc == SAKSI_OK && n >= 100 ? SAKSI_EREFUSED : rc;
}

/* A writer's values are not read before their turn. */
static void test_writes_meanwhile(void **state)
{
	struct doing d = {.t = begin(&f, true)};
	uint64_t before = kv_test_ahead_opened();

	(void)state;
	kv_test_ahead(0, 1);
	assert_int_equal(kv_scan(d.t, KV_RECORDS, 0, stop_at_hundred, &d, &f.err),
	    SAKSI_EREFUSED);
	kv_test_ahead(0, 0);
	assert_true(d.n > 80);
	assert_int_equal(kv_test_ahead_opened(), before);
	kv_abort(&d.t);
}

/* The child has no thread to wait for; it is refused, and goes on its way. */
static enum saksi_err divide(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	pid_t *child = ctx;

	(void)p;
	(void)len;
	(void)err;
	if (n == 1500)
		*child = fork();
	return SAKSI_OK;
}

static void test_fork_meanwhile(void **state)
{
	struct kv_txn *t = begin(&f, false);
	pid_t child = -1;
	enum saksi_err rc;
	int status = -1;

	(void)state;
	kv_test_ahead(0, 1);
	rc = kv_scan(t, KV_RECORDS, 0, divide, &child, &f.err);
	kv_test_ahead(0, 0);
	if (child == 0)
		_exit(rc == SAKSI_EINVAL ? 0 : 1);
	assert_int_equal(rc, SAKSI_OK);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	kv_abort(&t);
}

/* ---- damage: these come last ------------------------------------------------------- */

static void test_altered_list(void **state)
{
	struct told t;

	(void)state;
	spoil(KV_DB_VERSIONS, kv_chunk_key(KV_RECORDS, 0, 2));
	assert_true(both(&t, 0, 0) > 1000);
	assert_int_equal(t.rc, SAKSI_EDAMAGED);
	assert_int_equal(t.last, 1999);
}

static void test_altered_values(void **state)
{
	struct told t;

	(void)state;
	spoil(KV_RECORDS, 1401);
	spoil(KV_RECORDS, 1400); /* a long one */
	assert_true(both(&t, 0, 0) > 1000);
	assert_int_equal(t.rc, SAKSI_EAUTH);
	assert_int_equal(t.last, 1399);
	assert_true(both(&t, 1401, 0) == 0);
	assert_int_equal(t.rc, SAKSI_EAUTH);
	assert_int_equal(t.n, 0);
}

static enum saksi_err cut_off(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	(void)p;
	(void)len;
	(void)err;
	if (n == 20)
		assert_int_equal(truncate(ctx, 8192), 0);
	return SAKSI_OK;
}

static void test_cut_meanwhile(void **state)
{
	struct kv_txn *t = begin(&f, false);
	char path[320];

	(void)state;
	data_path(&f, path);
	kv_test_ahead(0, 1);
	assert_int_equal(kv_scan(t, KV_RECORDS, 0, cut_off, path, &f.err), SAKSI_EDAMAGED);
	kv_test_ahead(0, 0);
	kv_abort(&t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_same_values),
    cmocka_unit_test(test_stopped),
    cmocka_unit_test(test_few),
    cmocka_unit_test(test_reads_meanwhile),
    cmocka_unit_test(test_writes_meanwhile),
    cmocka_unit_test(test_fork_meanwhile),
    cmocka_unit_test(test_altered_list),
    cmocka_unit_test(test_altered_values),
    cmocka_unit_test(test_cut_meanwhile),
};

TEST_MAIN(tests, setup, teardown)
