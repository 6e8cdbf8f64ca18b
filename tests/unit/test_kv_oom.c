/*
 * test_kv_oom.c - memory that runs out: each allocation of a whole life of
 * tables fails once, in turn.  The call must say so and leave everything as it
 * was; the next try must work.  Linked with --wrap, so that the tree's own
 * allocations come here.
 */
#include "kv_fixture.h"
#include "short_memory.h"

struct env {
	struct fixture f;
	uint64_t n; /* the step that is done next */
};

static enum saksi_err try_open(struct env *e)
{
	return reopen(&e->f, 0);
}

static enum saksi_err try_step(struct env *e)
{
	static uint8_t p[9000];
	struct kv_txn *t = NULL;
	enum saksi_err rc = kv_begin(&t, e->f.kv, true, &e->f.err);
	uint64_t number = 0;

	if (rc != SAKSI_OK)
		return rc;
	value_fill(p, sizeof(p), e->n, 0);
	rc = kv_put(t, KV_RECORDS, e->n % 3000, p, sizeof(p), &e->f.err);
	if (rc == SAKSI_OK)
		rc = kv_put(t, KV_RECORDS, 3000 * e->n, p, 700, &e->f.err);
	if (rc == SAKSI_OK)
		rc = kv_del(t, KV_RECORDS, 3000 * e->n, &e->f.err);
	if (rc == SAKSI_OK)
		rc = kv_put(t, KV_LOCAL, 1, &e->n, 8, &e->f.err);
	if (rc == SAKSI_OK)
		rc = kv_next(t, KV_LOG, &number, &e->f.err);
	if (rc == SAKSI_OK)
		rc = kv_put(t, KV_LOG, number, p, 50, &e->f.err);
	if (rc == SAKSI_OK)
		return kv_commit(&t, &e->f.err);
	kv_abort(&t);
	return rc;
}

static enum saksi_err nothing(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	(void)ctx;
	(void)n;
	(void)p;
	(void)len;
	(void)err;
	return SAKSI_OK;
}

static enum saksi_err try_read(struct env *e)
{
	struct buf b = BUF_INIT;
	struct kv_txn *t = NULL;
	enum saksi_err rc = kv_begin(&t, e->f.kv, false, &e->f.err);

	if (rc != SAKSI_OK)
		return rc;
	rc = kv_get(t, KV_RECORDS, 1, &b, &e->f.err);
	if (rc == SAKSI_OK)
		rc = kv_scan(t, KV_RECORDS, 0, nothing, NULL, &e->f.err);
	if (rc == SAKSI_OK)
		rc = kv_scan(t, KV_LOG, 0, nothing, NULL, &e->f.err);
	kv_abort(&t);
	buf_free(&b);
	return rc;
}

/* What the second thread has no memory for, the first one tries again. */
static enum saksi_err try_read_ahead(struct env *e)
{
	enum saksi_err rc;

	kv_test_ahead(0, 1);
	rc = try_read(e);
	kv_test_ahead(0, 0);
	return rc;
}

static enum saksi_err try_verify(struct env *e)
{
	unsigned faults = 0;
	enum saksi_err rc = kv_verify(e->f.kv, note_fault, &faults, &e->f.err);

	assert_int_equal(faults, 0);
	return rc;
}

static enum saksi_err try_clear(struct env *e)
{
	struct kv_txn *t = NULL;
	enum saksi_err rc = kv_begin(&t, e->f.kv, true, &e->f.err);

	if (rc != SAKSI_OK)
		return rc;
	rc = kv_clear(t, KV_RECORDS, &e->f.err);
	if (rc == SAKSI_OK)
		return kv_commit(&t, &e->f.err);
	kv_abort(&t);
	return rc;
}

static uint64_t state_of(struct env *e)
{
	struct buf b = BUF_INIT;
	struct kv_txn *t = begin(&e->f, false);
	uint64_t n = 0;

	OK(kv_get(t, KV_LOCAL, 1, &b, &e->f.err));
	memcpy(&n, b.p, 8);
	kv_abort(&t);
	buf_free(&b);
	return n;
}

/* Run ${fn} with 0, 1, 2 ... allocations until it has enough. */
static unsigned starve(struct env *e, enum saksi_err (*fn)(struct env *e), bool cold)
{
	enum saksi_err rc = SAKSI_ENOMEM;
	uint64_t before = e->f.kv == NULL ? 0 : state_of(e);
	unsigned n;

	for (n = 0; rc != SAKSI_OK; n++) {
		assert_true(n < 1000);
		if (cold)
			OK(reopen(&e->f, 0));
		budget = (long)n;
		rc = fn(e);
		budget = -1;
		if (rc == SAKSI_OK)
			break;
		if (rc != SAKSI_ENOMEM)
			fail_msg("with %u: %s: %s", n, saksi_err_name(rc), e->f.err.msg);
		if (e->f.kv != NULL) {
			assert_int_equal(state_of(e), before);
			assert_sound(&e->f);
		}
	}
	return n;
}

static void test_starving(void **state)
{
	struct env e;
	unsigned i;

	(void)state;
	memset(&e, 0, sizeof(e));
	fixture_new(&e.f);
	for (e.n = 1; e.n <= 5; e.n++)
		OK(try_step(&e));
	kv_close(&e.f.kv);
	assert_in_range(starve(&e, try_open, false), 10, 500);
	for (i = 0; i < 3; i++, e.n++)
		(void)starve(&e, try_step, i < 2);
	assert_in_range(starve(&e, try_step, true), 5, 500);
	e.n++;
	assert_in_range(starve(&e, try_read, true), 3, 500);
	assert_in_range(starve(&e, try_read_ahead, true), 3, 500);
	assert_in_range(starve(&e, try_verify, true), 3, 500);
	assert_in_range(starve(&e, try_clear, true), 3, 500);
	assert_sound(&e.f);
	fixture_free(&e.f);
	assert_int_equal(secret_live(), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_starving),
};

TEST_MAIN(tests, setup_hardened, NULL)
