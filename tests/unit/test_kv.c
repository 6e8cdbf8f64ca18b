/* test_kv.c - sealed tables: what goes in comes out, and nothing else does. */
#include "kv_fixture.h"

#include <errno.h>
#include <signal.h>

static void assert_value(struct fixture *f, struct kv_txn *t, enum kv_table table,
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

static void assert_str(struct fixture *f, struct kv_txn *t, enum kv_table table,
    uint64_t n, const char *want)
{
	assert_value(f, t, table, n, want, strlen(want));
}

static void assert_absent(struct fixture *f, struct kv_txn *t, enum kv_table table,
    uint64_t n)
{
	struct buf b = BUF_INIT;

	assert_int_equal(kv_get(t, table, n, &b, &f->err), SAKSI_ENOTFOUND);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void assert_range(struct kv_txn *t, enum kv_table table, uint64_t first,
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

/* ---- opening -------------------------------------------------------------------- */

static void write_history(struct fixture *f, const char *what)
{
	struct kv_txn *t = begin(f, true);
	char text[64];

	for (uint64_t n = 1; n <= 8; n++) {
		(void)snprintf(text, sizeof(text), "%s %u", what, (unsigned)n);
		put_str(f, t, KV_RECORDS, n, text);
	}
	(void)snprintf(text, sizeof(text), "%s log", what);
	put_str(f, t, KV_LOG, next_number(f, t, KV_LOG), text);
	commit(f, t);
}

/* What can be read is what was committed, or an error; never the other history. */
static void reads_committed(struct fixture *f, unsigned *read, unsigned *told)
{
	struct kv_txn *t = NULL;
	struct buf b = BUF_INIT;

	if (reopen(f, 0) != SAKSI_OK || kv_begin(&t, f->kv, false, &f->err) != SAKSI_OK) {
		++*told;
		return;
	}
	for (uint64_t n = 1; n <= 9; n++) {
		buf_reset(&b);
		if (kv_get(t, n == 9 ? KV_LOG : KV_RECORDS, n == 9 ? 2 : n, &b, NULL) ==
		    SAKSI_OK) {
			assert_non_null(strstr(buf_cstr(&b), "committed"));
			assert_null(strstr(buf_cstr(&b), "cut off"));
			++*read;
		} else
			++*told;
	}
	buf_free(&b);
	kv_abort(&t);
}

/*
 * A killed command leaves the pages of a transaction that never was; the next
 * one has the same number and writes to the same places.
 */
static void test_what_was_never_committed_does_not_open(void **state)
{
	struct buf before = BUF_INIT, other = BUF_INIT, now = BUF_INIT;
	unsigned read = 0, told = 0;
	struct fixture f;

	(void)state;
	fixture_new(&f);
	write_history(&f, "committed first");
	kv_close(&f.kv);
	load_file(&f, &before);
	OK(reopen(&f, 0));
	write_history(&f, "cut off");
	kv_close(&f.kv);
	load_file(&f, &other);
	store_file(&f, before.p, before.len);
	OK(reopen(&f, 0));
	write_history(&f, "committed second");
	kv_close(&f.kv);
	load_file(&f, &now);
	for (size_t at = 8192; at + 4096 <= now.len && at + 4096 <= other.len;
	     at += 4096) {
		struct buf mixed = BUF_INIT;

		buf_add(&mixed, now.p, now.len);
		OK(buf_ok(&mixed, NULL));
		memcpy(mixed.p + at, other.p + at, 4096);
		store_file(&f, mixed.p, mixed.len);
		reads_committed(&f, &read, &told);
		kv_close(&f.kv);
		buf_free(&mixed);
	}
	assert_true(read > 9);
	assert_true(told > 0);
	buf_free(&before);
	buf_free(&other);
	buf_free(&now);
	folder_free(&f);
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

static void test_open_errors(void **state)
{
	struct secret *other_key = NULL;
	struct fixture f;
	struct kv *kv = NULL;
	char path[320];
	uint8_t other_id[VAULT_ID] = {1};

	(void)state;
	fixture_new(&f);
	kv_close(&f.kv);
	OK(secret_new(&other_key, CRYPTO_KEY, NULL));
	assert_int_equal(kv_open(&kv, f.dir, f.vault_id, other_key, 0, &f.err),
	    SAKSI_EDAMAGED);
	assert_int_equal(kv_open(&kv, f.dir, other_id, f.vault_key, 0, &f.err),
	    SAKSI_EDAMAGED);
	assert_int_equal(kv_open(&kv, "no/such/dir", f.vault_id, f.vault_key, 0, &f.err),
	    SAKSI_ENOTFOUND);
	data_path(&f, path);
	assert_int_equal(kv_open(&kv, path, f.vault_id, f.vault_key, 0, &f.err),
	    SAKSI_EIO);
	assert_int_equal(f.err.sys, ENOTDIR);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(reopen(&f, 0), SAKSI_ENOTFOUND);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(reopen(&f, 0), SAKSI_EDAMAGED);
	assert_int_equal(reopen(&f, KV_CREATE), SAKSI_EDAMAGED);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(reopen(&f, 0), SAKSI_EIO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(reopen(&f, 0), SAKSI_EDAMAGED);
	assert_null(kv);
	secret_free(&other_key);
	fixture_free(&f);
}

static void test_modes(void **state)
{
	static const char *const names[] = {KV_DATA_FILE, "lock.mdb"};
	static const mode_t masks[] = {0, 022, 0277, 0777};
	struct fixture f;
	struct stat st;
	char path[320];
	mode_t was;
	unsigned i;
	unsigned j;

	(void)state;
	for (i = 0; i < 4; i++) {
		folder_new(&f);
		was = umask(masks[i]);
		OK(reopen(&f, KV_CREATE));
		assert_int_equal(umask(was), masks[i]);
		for (j = 0; j < 2; j++) {
			(void)snprintf(path, sizeof(path), "%s/%s", f.dir, names[j]);
			assert_int_equal(stat(path, &st), 0);
			assert_int_equal(st.st_mode & 07777, 0600);
		}
		fixture_free(&f);
	}
}

static void test_unfinished_creation(void **state)
{
	struct fixture f;
	char path[320];
	int fd;

	(void)state;
	folder_new(&f);
	data_path(&f, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(reopen(&f, 0), SAKSI_EDAMAGED);
	OK(reopen(&f, KV_CREATE));
	assert_sound(&f);
	fixture_free(&f);
}

static void test_read_only(void **state)
{
	struct fixture f;
	struct kv_txn *t = NULL;
	char lock[320];
	int ends[2];
	pid_t child;
	char c;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_RECORDS, 1, "one");
	commit(&f, t);
	kv_close(&f.kv);
	(void)snprintf(lock, sizeof(lock), "%s/lock.mdb", f.dir);
	assert_int_equal(unlink(lock), 0);
	OK(reopen(&f, KV_READ_ONLY));
	assert_int_not_equal(access(lock, F_OK), 0);
	assert_int_equal(kv_begin(&t, f.kv, true, &f.err), SAKSI_EREFUSED);
	t = begin(&f, false);
	assert_int_equal(kv_txn_number(t), 2);
	assert_str(&f, t, KV_RECORDS, 1, "one");
	kv_abort(&t);
	assert_sound(&f);
	kv_close(&f.kv);
	/* refused while another process has it open */
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		c = reopen(&f, 0) == SAKSI_OK ? 'y' : 'n';
		(void)!write(ends[1], &c, 1);
		(void)pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_int_equal(reopen(&f, KV_READ_ONLY), SAKSI_EBUSY);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)close(ends[0]);
	(void)close(ends[1]);
	OK(reopen(&f, KV_READ_ONLY));
	fixture_free(&f);
}

static void test_refused_after_fork(void **state)
{
	struct kv_txn *mine = NULL;
	struct fixture f;
	struct kv_txn *t;
	struct buf b = BUF_INIT;
	pid_t child;
	int status;
	bool good;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	put_str(&f, t, KV_RECORDS, 1, "one");
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		good = kv_begin(&mine, f.kv, false, &f.err) == SAKSI_EINVAL &&
		    kv_get(t, KV_RECORDS, 1, &b, &f.err) == SAKSI_EINVAL &&
		    kv_commit(&t, &f.err) == SAKSI_EINVAL;
		kv_close(&f.kv);
		/* its own is fine, as far as the parent's writing lets it */
		good = good && reopen(&f, 0) == SAKSI_OK;
		kv_close(&f.kv);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	put_str(&f, t, KV_RECORDS, 2, "two");
	commit(&f, t);
	assert_sound(&f);
	fixture_free(&f);
}

/* The file shrinks under an open transaction: words, then nothing is touched. */
static void test_shrinks_while_open(void **state)
{
	struct buf b = BUF_INIT;
	struct fixture f;
	struct kv_txn *t;
	char path[320];
	unsigned i;

	(void)state;
	fixture_new(&f);
	t = begin(&f, true);
	for (i = 1; i <= 200; i++)
		put_str(&f, t, KV_RECORDS, i, "value");
	commit(&f, t);
	t = begin(&f, false);
	data_path(&f, path);
	assert_int_equal(truncate(path, 8192), 0);
	assert_int_equal(kv_get(t, KV_RECORDS, 150, &b, &f.err), SAKSI_EDAMAGED);
	assert_int_equal(kv_get(t, KV_RECORDS, 1, &b, &f.err), SAKSI_EDAMAGED);
	assert_int_equal(b.len, 0);
	kv_abort(&t);
	assert_int_equal(kv_begin(&t, f.kv, true, &f.err), SAKSI_EDAMAGED);
	kv_close(&f.kv);
	assert_int_equal(reopen(&f, 0), SAKSI_EDAMAGED);
	fixture_free(&f);
}

/* ---- memory ------------------------------------------------------------------------ */

#define LONG_VALUES 3000u
#define LONG_BYTES 16000u

/* KiB of the data file that count as memory of this process; 0: nobody tells. */
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

static void put_long(struct fixture *f, uint64_t from, uint64_t to)
{
	struct kv_txn *t = begin(f, true);
	uint8_t *value = malloc(LONG_BYTES);

	assert_non_null(value);
	for (uint64_t n = from; n < to; n++) {
		crypto_random(value, LONG_BYTES); /* cannot be made shorter */
		assert_int_equal(kv_put(t, KV_RECORDS, n, value, LONG_BYTES, &f->err),
		    SAKSI_OK);
	}
	free(value);
	commit(f, t);
}

/* Who looks at all of a file in one transaction does not come to count all of it. */
static void test_lets_go_of_what_it_read(void **state)
{
	struct buf b = BUF_INIT;
	struct fixture f;
	struct kv_txn *t;
	size_t most = 0, now;

	(void)state;
	fixture_new(&f);
	for (uint64_t n = 1; n < LONG_VALUES; n += 500)
		put_long(&f, n, n + 500);
	kv_close(&f.kv);
	assert_int_equal(reopen(&f, 0), SAKSI_OK);
	t = begin(&f, true);
	for (uint64_t n = 1; n <= LONG_VALUES; n++) {
		/* All over the file, and some of it is changed meanwhile. */
		uint64_t at = 1 + n * 997 % LONG_VALUES;

		b.len = 0;
		assert_int_equal(kv_get(t, KV_RECORDS, at, &b, &f.err), SAKSI_OK);
		assert_int_equal(b.len, LONG_BYTES);
		if (n % 3 == 0)
			assert_int_equal(kv_del(t, KV_RECORDS, at, &f.err), SAKSI_OK);
		if (n % 50 == 0 && (now = mapped_kib()) > most)
			most = now;
	}
	commit(&f, t);
	assert_in_range(most, 0, 24 << 10);
	assert_int_equal(kv_verify(f.kv, NULL, NULL, &f.err), SAKSI_OK);
	now = mapped_kib();
	assert_in_range(now, 0, 24 << 10);
	buf_free(&b);
	fixture_free(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_empty),
    cmocka_unit_test(test_put_get),
    cmocka_unit_test(test_abort_leaves_nothing),
    cmocka_unit_test(test_nothing_changed),
    cmocka_unit_test(test_del_and_again),
    cmocka_unit_test(test_scan),
    cmocka_unit_test(test_write_while_scanning),
    cmocka_unit_test(test_append_only),
    cmocka_unit_test(test_clear),
    cmocka_unit_test(test_misuse),
    cmocka_unit_test(test_batch_limit),
    cmocka_unit_test(test_every_length),
    cmocka_unit_test(test_frame_lengths),
    cmocka_unit_test(test_many),
    cmocka_unit_test(test_many_lists),
    cmocka_unit_test(test_lets_go_of_what_it_read),
    cmocka_unit_test(test_reader_keeps_its_time),
    cmocka_unit_test(test_map_grows),
    cmocka_unit_test(test_map_full),
    cmocka_unit_test(test_open_errors),
    cmocka_unit_test(test_modes),
    cmocka_unit_test(test_unfinished_creation),
    cmocka_unit_test(test_read_only),
    cmocka_unit_test(test_refused_after_fork),
    cmocka_unit_test(test_shrinks_while_open),
    cmocka_unit_test(test_shrinks_in_one_transaction),
    cmocka_unit_test(test_what_was_never_committed_does_not_open),
};

TEST_MAIN(tests, setup_hardened, NULL)
