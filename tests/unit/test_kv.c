/* test_kv.c - sealed tables: what goes in comes out, and nothing else does. */
#include "kv_fixture.h"

/* ---- life of a value ---------------------------------------------------------- */

static void test_empty(void **state)
{
	struct fixture f;
	struct kv_txn *t;

	(void)state;
	fixture_new(&f);
	t = begin(&f, false);
	assert_int_equal(kv_txn_number(t), 1);
	assert_range(t, KV_RECORDS, 1, 1, 0);
	assert_absent(&f, t, KV_RECORDS, 1);
	assert_absent(&f, t, KV_LOG, 1);
	assert_absent(&f, t, KV_LOCAL, UINT64_MAX);
	kv_abort(&t);
	assert_null(t);
	assert_sound(&f);
	OK(reopen(&f, 0));
	assert_sound(&f);
	fixture_free(&f);
}

static void test_put_get(void **state)
{
	struct fixture f;
	struct kv_txn *t;
	uint64_t n;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	assert_int_equal(kv_txn_number(t), 2);
	n = next_number(&f, t, KV_RECORDS);
	assert_int_equal(n, 1);
	put_str(&f, t, KV_RECORDS, n, "first");
	assert_str(&f, t, KV_RECORDS, n, "first");
	put_str(&f, t, KV_RECORDS, n, "second");
	assert_str(&f, t, KV_RECORDS, n, "second");
	put(&f, t, KV_RECORDS, next_number(&f, t, KV_RECORDS), "", 0);
	put_str(&f, t, KV_LOCAL, 7, "slot");
	put_str(&f, t, KV_LOG, 1, "entry");
	assert_true(kv_txn_dirty(t) > 0);
	commit(&f, t);
	t = begin(&f, false);
	assert_str(&f, t, KV_RECORDS, 1, "second");
	assert_value(&f, t, KV_RECORDS, 2, "", 0);
	assert_str(&f, t, KV_LOCAL, 7, "slot");
	assert_str(&f, t, KV_LOG, 1, "entry");
	assert_absent(&f, t, KV_LOCAL, 6);
	assert_range(t, KV_RECORDS, 1, 3, 2);
	assert_range(t, KV_LOCAL, 1, 8, 1);
	kv_abort(&t);
	assert_sound(&f);
	OK(reopen(&f, 0));
	t = begin(&f, false);
	assert_str(&f, t, KV_RECORDS, 1, "second");
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

static void test_abort_leaves_nothing(void **state)
{
	struct fixture f;
	struct kv_txn *t;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_RECORDS, 1, "kept");
	commit(&f, t);
	t = begin(&f, true);
	put_str(&f, t, KV_RECORDS, 1, "dropped");
	put_str(&f, t, KV_RECORDS, 5000, "dropped");
	(void)next_number(&f, t, KV_RECORDS);
	kv_abort(&t);
	t = begin(&f, true);
	assert_str(&f, t, KV_RECORDS, 1, "kept");
	assert_absent(&f, t, KV_RECORDS, 5000);
	assert_range(t, KV_RECORDS, 1, 2, 1);
	put_str(&f, t, KV_RECORDS, 1, "anew");
	commit(&f, t);
	t = begin(&f, false);
	assert_str(&f, t, KV_RECORDS, 1, "anew");
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

static void test_nothing_changed(void **state)
{
	struct fixture f;
	struct kv_txn *t;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	assert_int_equal(kv_txn_number(t), 2);
	commit(&f, t);
	t = begin(&f, true);
	assert_int_equal(kv_txn_number(t), 2);
	kv_abort(&t);
	fixture_free(&f);
}

static void test_del_and_again(void **state)
{
	struct fixture f;
	struct kv_txn *t;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_HELD, 1, "one");
	put_str(&f, t, KV_HELD, 2, "two");
	commit(&f, t);
	t = begin(&f, true);
	OK(kv_del(t, KV_HELD, 1, &f.err));
	assert_int_equal(kv_del(t, KV_HELD, 1, &f.err), SAKSI_ENOTFOUND);
	assert_int_equal(kv_del(t, KV_HELD, 9, &f.err), SAKSI_ENOTFOUND);
	assert_absent(&f, t, KV_HELD, 1);
	commit(&f, t);
	assert_sound(&f);
	t = begin(&f, true);
	assert_range(t, KV_HELD, 1, 3, 1);
	put_str(&f, t, KV_HELD, 1, "one again");
	commit(&f, t);
	t = begin(&f, false);
	assert_str(&f, t, KV_HELD, 1, "one again");
	assert_str(&f, t, KV_HELD, 2, "two");
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

/* What a transaction wrote it reads from its own pages, the rest as it was committed. */
static void test_own_and_others(void **state)
{
	struct fixture f;
	struct kv_txn *t;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	for (unsigned i = 1; i <= 3000; i++)
		put_str(&f, t, KV_HELD, i, "committed");
	commit(&f, t);
	t = begin(&f, true);
	for (unsigned i = 1; i <= 3000; i += 3) {
		put_str(&f, t, KV_HELD, i, "written");
		OK(kv_del(t, KV_HELD, i + 1, &f.err));
	}
	for (unsigned i = 1; i <= 3000; i += 3) {
		assert_str(&f, t, KV_HELD, i, "written");
		assert_absent(&f, t, KV_HELD, i + 1);
		assert_str(&f, t, KV_HELD, i + 2, "committed");
	}
	kv_abort(&t);
	t = begin(&f, true);
	for (unsigned i = 1; i <= 3000; i++)
		assert_str(&f, t, KV_HELD, i, "committed");
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

static enum saksi_err collect(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct buf *b = ctx;

	(void)err;
	buf_printf(b, "%llu=%.*s;", (unsigned long long)n, (int)len, (const char *)p);
	return SAKSI_OK;
}

static enum saksi_err stop_at_two(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	(void)ctx;
	(void)p;
	(void)len;
	return n == 2 ? saksi_fail(err, SAKSI_EREFUSED, "enough") : SAKSI_OK;
}

static void test_scan(void **state)
{
	struct buf b = BUF_INIT;
	struct fixture f;
	struct kv_txn *t;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_RECORDS, 1, "a");
	put_str(&f, t, KV_RECORDS, 3, "c");
	put_str(&f, t, KV_RECORDS, 2, "b");
	put_str(&f, t, KV_RECORDS, 12345, "z");
	put_str(&f, t, KV_LOG, 1, "l");
	put_str(&f, t, KV_LOG, 2, "m");
	OK(kv_del(t, KV_RECORDS, 3, &f.err));
	OK(kv_scan(t, KV_RECORDS, 0, collect, &b, &f.err));
	assert_string_equal(buf_cstr(&b), "1=a;2=b;12345=z;");
	commit(&f, t);
	t = begin(&f, false);
	buf_reset(&b);
	OK(kv_scan(t, KV_RECORDS, 2, collect, &b, &f.err));
	OK(kv_scan(t, KV_LOG, 0, collect, &b, &f.err));
	OK(kv_scan(t, KV_LOG, 2, collect, &b, &f.err));
	OK(kv_scan(t, KV_LOG, 3, collect, &b, &f.err));
	OK(kv_scan(t, KV_HELD, 0, collect, &b, &f.err));
	assert_string_equal(buf_cstr(&b), "2=b;12345=z;1=l;2=m;2=m;");
	assert_int_equal(kv_scan(t, KV_RECORDS, 0, stop_at_two, NULL, &f.err),
	    SAKSI_EREFUSED);
	kv_abort(&t);
	buf_free(&b);
	fixture_free(&f);
}

/* A scan's function may read and write in the same transaction. */
struct rewriting {
	struct fixture *f;
	struct kv_txn *t;
};

static enum saksi_err rewrite(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct rewriting *r = ctx;
	uint8_t longer[64];

	memcpy(longer, p, len);
	longer[len] = '!';
	(void)err;
	put(r->f, r->t, KV_RECORDS, n, longer, len + 1);
	assert_memory_equal(longer, p, len);
	return SAKSI_OK;
}

static void test_write_while_scanning(void **state)
{
	struct buf b = BUF_INIT;
	struct rewriting r;
	struct fixture f;
	unsigned i;

	(void)state;
	fixture_new(&f);
	r.f = &f;
	r.t = begin(&f, true);
	for (i = 1; i <= 3; i++)
		put_str(&f, r.t, KV_RECORDS, i, "x");
	OK(kv_scan(r.t, KV_RECORDS, 0, rewrite, &r, &f.err));
	OK(kv_scan(r.t, KV_RECORDS, 0, collect, &b, &f.err));
	assert_string_equal(buf_cstr(&b), "1=x!;2=x!;3=x!;");
	commit(&f, r.t);
	assert_sound(&f);
	buf_free(&b);
	fixture_free(&f);
}

/* ---- rules -------------------------------------------------------------------- */

static void test_append_only(void **state)
{
	struct fixture f;
	struct kv_txn *t;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_LOG, next_number(&f, t, KV_LOG), "1");
	assert_int_equal(kv_put(t, KV_LOG, 1, "x", 1, &f.err), SAKSI_EINVAL);
	assert_int_equal(kv_put(t, KV_LOG, 3, "x", 1, &f.err), SAKSI_EINVAL);
	assert_int_equal(kv_del(t, KV_LOG, 1, &f.err), SAKSI_EINVAL);
	commit(&f, t);
	t = begin(&f, true);
	(void)next_number(&f, t, KV_LOG);
	assert_int_equal(kv_commit(&t, &f.err), SAKSI_EINVAL);
	assert_null(t);
	t = begin(&f, true);
	assert_range(t, KV_LOG, 1, 2, 1);
	put_str(&f, t, KV_LOG, 2, "2");
	OK(kv_clear(t, KV_LOG, &f.err));
	assert_range(t, KV_LOG, 3, 3, 0);
	put_str(&f, t, KV_LOG, 3, "3");
	commit(&f, t);
	t = begin(&f, false);
	assert_absent(&f, t, KV_LOG, 1);
	assert_absent(&f, t, KV_LOG, 2);
	assert_str(&f, t, KV_LOG, 3, "3");
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

static void test_clear(void **state)
{
	struct fixture f;
	struct kv_txn *t;
	unsigned i;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	for (i = 1; i <= 2500; i++)
		put_str(&f, t, KV_HELD, next_number(&f, t, KV_HELD), "held");
	commit(&f, t);
	t = begin(&f, true);
	OK(kv_clear(t, KV_HELD, &f.err));
	assert_range(t, KV_HELD, 2501, 2501, 0);
	for (i = 1; i <= 2500; i += 100)
		assert_absent(&f, t, KV_HELD, i);
	commit(&f, t);
	assert_sound(&f);
	t = begin(&f, true);
	for (i = 1; i <= 2500; i++)
		assert_absent(&f, t, KV_HELD, i);
	assert_int_equal(next_number(&f, t, KV_HELD), 2501);
	put_str(&f, t, KV_HELD, 2501, "new");
	put_str(&f, t, KV_HELD, 3, "a fixed slot");
	commit(&f, t);
	t = begin(&f, false);
	assert_range(t, KV_HELD, 3, 2502, 2);
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

static void test_misuse(void **state)
{
	static uint8_t huge[KV_VALUE_MAX + 1];
	struct kv_txn *again = NULL;
	struct fixture f;
	struct kv *other = NULL;
	struct kv_txn *t;
	struct buf b = BUF_INIT;
	uint64_t n;

	(void)state;
	fixture_new(&f);
	t = begin(&f, false);
	assert_int_equal(kv_put(t, KV_RECORDS, 1, "x", 1, &f.err), SAKSI_EINVAL);
	assert_int_equal(kv_next(t, KV_RECORDS, &n, &f.err), SAKSI_EINVAL);
	assert_int_equal(kv_clear(t, KV_RECORDS, &f.err), SAKSI_EINVAL);
	assert_int_equal(kv_get(t, (enum kv_table)0, 1, &b, &f.err), SAKSI_EINVAL);
	assert_int_equal(kv_get(t, KV_TABLE_END, 1, &b, &f.err), SAKSI_EINVAL);
	OK(kv_commit(&t, &f.err));
	t = begin(&f, true);
	assert_int_equal(kv_put(t, KV_RECORDS, 1, huge, sizeof(huge), &f.err),
	    SAKSI_ELIMIT);
	assert_int_equal(kv_put(t, KV_RECORDS, UINT64_MAX, "x", 1, &f.err), SAKSI_ELIMIT);
	assert_int_equal(kv_begin(&again, f.kv, true, &f.err), SAKSI_EINVAL);
	assert_null(again);
	put(&f, t, KV_RECORDS, 1, huge, KV_VALUE_MAX);
	commit(&f, t);
	t = begin(&f, false);
	assert_value(&f, t, KV_RECORDS, 1, huge, KV_VALUE_MAX);
	kv_abort(&t);
	assert_int_equal(kv_open(&other, f.dir, f.vault_id, f.vault_key, 0, &f.err),
	    SAKSI_EBUSY);
	assert_null(other);
	assert_int_equal(reopen(&f, KV_CREATE), SAKSI_EEXIST);
	assert_null(f.kv);
	OK(reopen(&f, 0));
	assert_sound(&f);
	fixture_free(&f);
}

static void test_batch_limit(void **state)
{
	static uint8_t mega[1u << 20];
	struct fixture f;
	struct kv_txn *t;
	enum saksi_err rc = SAKSI_OK;
	unsigned i;

	(void)state;
	crypto_random(mega, sizeof(mega));
	fixture_new(&f);
	t = begin(&f, true);
	for (i = 0; rc == SAKSI_OK && i < 100; i++)
		rc = kv_put(t, KV_RECORDS, i, mega, sizeof(mega), &f.err);
	assert_int_equal(rc, SAKSI_ELIMIT);
	assert_in_range(i, 60, 66);
	assert_true(kv_txn_dirty(t) >= (size_t)64 << 20);
	commit(&f, t); /* what was put before the limit holds */
	t = begin(&f, false);
	assert_range(t, KV_RECORDS, 0, i - 1, i - 1);
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

/* ---- sizes -------------------------------------------------------------------- */

static void test_every_length(void **state)
{
	static uint8_t p[3 * 4096 + 64];
	struct fixture f;
	struct kv_txn *t;
	size_t len;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	for (len = 0; len < sizeof(p); len += len < 2200 ? 7 : 61) {
		value_fill(p, len, len, 0);
		put(&f, t, KV_RECORDS, 2 * len, p, len);
		crypto_random(p, len);
		put(&f, t, KV_RECORDS, 2 * len + 1, p, len);
		assert_value(&f, t, KV_RECORDS, 2 * len + 1, p, len);
	}
	commit(&f, t);
	t = begin(&f, false);
	for (len = 0; len < sizeof(p); len += len < 2200 ? 7 : 61) {
		value_fill(p, len, len, 0);
		assert_value(&f, t, KV_RECORDS, 2 * len, p, len);
	}
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

static void test_frame_lengths(void **state)
{
	size_t n;
	size_t frame;

	(void)state;
	for (n = 0; n < 20000; n++) {
		frame = kv_frame_len(n);
		assert_true(frame >= n + 5);
		assert_true(frame >= kv_frame_len(n == 0 ? 0 : n - 1));
		assert_true(frame <= 1980 || (frame + 57) % 4096 == 0);
		/* With the seal, and what LMDB puts before it, a whole number to a page. */
		if (frame <= 1980) {
			size_t node = 2 + 16 + (frame + 41 + 1) / 2 * 2;

			assert_true(4080 % node < node / 8 || frame == 195);
		}
		assert_true(frame < n + 5 + 4096);
	}
	assert_int_equal(kv_frame_len(0), 195);
	assert_int_equal(kv_frame_len(190), 195);
	assert_int_equal(kv_frame_len(252), 281);
	assert_int_equal(kv_frame_len(1975), 1980);
	assert_int_equal(kv_frame_len(1976), 4096 - 57);
}

/* LMDB keeps the longer run of pages when a value shrinks before the commit. */
static void test_shrinks_in_one_transaction(void **state)
{
	enum { LONG = 100000, SHORT = 9000 };
	uint8_t *bytes = malloc(LONG);
	struct buf got = BUF_INIT;
	struct kv_txn *txn = NULL;
	struct fixture f;

	(void)state;
	assert_non_null(bytes);
	crypto_random(bytes, LONG);
	fixture_new(&f);
	OK(kv_begin(&txn, f.kv, true, &f.err));
	OK(kv_put(txn, KV_RECORDS, 1, bytes, LONG, &f.err));
	OK(kv_put(txn, KV_RECORDS, 1, bytes, SHORT, &f.err));
	OK(kv_put(txn, KV_RECORDS, 2, bytes, LONG, &f.err));
	OK(kv_commit(&txn, &f.err));
	OK(kv_begin(&txn, f.kv, false, &f.err));
	OK(kv_get(txn, KV_RECORDS, 1, &got, &f.err));
	assert_int_equal(got.len, SHORT);
	assert_memory_equal(got.p, bytes, SHORT);
	kv_abort(&txn);
	assert_sound(&f);
	/* The next to change it frees the longer run, also in a large file. */
	kv_test_check_whole(0);
	OK(reopen(&f, 0));
	txn = begin(&f, true);
	put(&f, txn, KV_RECORDS, 3, bytes, 100);
	put(&f, txn, KV_RECORDS, 1, bytes, 100);
	commit(&f, txn);
	kv_test_check_whole(8192);
	assert_sound(&f);
	buf_free(&got);
	free(bytes);
	fixture_free(&f);
}

/* ---- many values: several levels of version lists ------------------------------ */

#define MANY 12000u

static void test_many(void **state)
{
	uint8_t p[300];
	struct fixture f;
	struct kv_txn *t;
	uint64_t n;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	for (n = 1; n <= MANY; n++) {
		value_fill(p, n % 300, n, 1);
		put(&f, t, KV_RECORDS, next_number(&f, t, KV_RECORDS), p, n % 300);
		if (n % 5000 == 0) {
			commit(&f, t);
			t = begin(&f, true);
		}
	}
	put_str(&f, t, KV_RECORDS, UINT64_C(2000000000), "far away");
	put_str(&f, t, KV_RECORDS, UINT64_C(900000000000), "further");
	commit(&f, t);
	assert_sound(&f);
	OK(reopen(&f, 0));
	t = begin(&f, true);
	for (n = 1; n <= MANY; n += 7) {
		value_fill(p, n % 300, n, 2);
		put(&f, t, KV_RECORDS, n, p, n % 300);
	}
	for (n = 2; n <= MANY; n += 7)
		OK(kv_del(t, KV_RECORDS, n, &f.err));
	commit(&f, t);
	t = begin(&f, false);
	for (n = 1; n <= MANY; n++) {
		value_fill(p, n % 300, n, n % 7 == 1 ? 2 : 1);
		if (n % 7 == 2)
			assert_absent(&f, t, KV_RECORDS, n);
		else
			assert_value(&f, t, KV_RECORDS, n, p, n % 300);
	}
	assert_str(&f, t, KV_RECORDS, UINT64_C(2000000000), "far away");
	assert_str(&f, t, KV_RECORDS, UINT64_C(900000000000), "further");
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

/* More changed version lists in one transaction than the cache keeps. */
static void test_many_lists(void **state)
{
	struct fixture f;
	struct kv_txn *t;
	unsigned round;
	uint64_t n;

	(void)state;
	fixture_new(&f);
	for (round = 0; round < 2; round++) {
		t = begin(&f, true);
		for (n = 0; n < 5000; n++)
			put_str(&f, t, KV_RECORDS, n * 1000, round == 0 ? "old" : "new");
		commit(&f, t);
	}
	t = begin(&f, false);
	for (n = 0; n < 5000; n++)
		assert_str(&f, t, KV_RECORDS, n * 1000, "new");
	kv_abort(&t);
	assert_sound(&f);
	fixture_free(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_empty),
    cmocka_unit_test(test_put_get),
    cmocka_unit_test(test_abort_leaves_nothing),
    cmocka_unit_test(test_nothing_changed),
    cmocka_unit_test(test_del_and_again),
    cmocka_unit_test(test_own_and_others),
    cmocka_unit_test(test_scan),
    cmocka_unit_test(test_write_while_scanning),
    cmocka_unit_test(test_append_only),
    cmocka_unit_test(test_clear),
    cmocka_unit_test(test_misuse),
    cmocka_unit_test(test_batch_limit),
    cmocka_unit_test(test_every_length),
    cmocka_unit_test(test_frame_lengths),
    cmocka_unit_test(test_shrinks_in_one_transaction),
    cmocka_unit_test(test_many),
    cmocka_unit_test(test_many_lists),
};

TEST_MAIN(tests, setup_hardened, NULL)
