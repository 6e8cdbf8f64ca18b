/* test_reindex.c - the index made anew: from any state, stopped anywhere, beside others. */
#include "vaults.h"

#include <sys/wait.h>

#include <saksi/index/index.h>

#include "vault_impl.h"

#define RECORDS 200u
#define STEP 16u

static void import(struct device *d, size_t from, size_t to, const char *note)
{
	struct import_options opt = {false, false, NULL, NULL};
	struct import_report rep;
	struct buf b = BUF_INIT;

	for (size_t i = from; i < to; i++)
		buf_printf(&b,
		    "{\"id\":\"org-%zu\",\"type\":\"organisation\",\"kind\":\"ngo\","
		    "\"names\":[{\"text\":\"Office %zu\"}],\"note\":\"%s %zu\"}\n",
		    i, i, note, i);
	OK(saksi_import(d->v, buf_cstr(&b), b.len, &opt, &rep, &g_err));
	import_report_free(&rep);
	buf_free(&b);
}

/* Segments of several levels, a tail, several values of some fields. */
static void make(struct device *d)
{
	device_make(d, g_schema);
	for (size_t i = 0; i < RECORDS; i += 20)
		import(d, i, i + 20, "first note");
	for (size_t i = 0; i < RECORDS; i += 31)
		import(d, i, i + 1, "second note");
}

static void all_is_found(struct device *d, size_t n)
{
	struct saksi_txn *t = begin(d, false);

	for (size_t i = 0; i < n; i++) {
		struct saksi_id id, wanted;
		char ref[32];

		snprintf(ref, sizeof(ref), "org-%zu", i);
		OK(saksi_import_id(t, "organisation", ref, &wanted, &g_err));
		OK(saksi_record_find(t, ref, &id, &g_err));
		assert_int_equal(id_cmp(&id, &wanted), 0);
	}
	saksi_txn_abort(&t);
}

static void all_is_right(struct device *d, size_t n)
{
	OK(saksi_vault_verify(d->v, true, NULL, NULL, NULL, NULL, &g_err));
	all_is_found(d, n);
}

static struct reindex_report reindex(struct device *d)
{
	struct reindex_report r;

	OK(saksi_vault_reindex(d->v, &r, NULL, NULL, &g_err));
	return r;
}

static uint64_t blocks_of(struct device *d)
{
	uint64_t first, next, count;
	struct saksi_txn *t = begin(d, false);

	kv_range(t->kv, KV_INDEX, &first, &next, &count);
	saksi_txn_abort(&t);
	return count;
}

static void a_right_index_stays_right(void **state)
{
	struct device d;
	struct saksi_hash before, after;
	struct reindex_report r;
	uint64_t blocks;

	(void)state;
	make(&d);
	before = device_digest(&d);
	r = reindex(&d);
	assert_int_equal(r.records, RECORDS);
	assert_false(r.blank);
	all_is_right(&d, RECORDS);
	after = device_digest(&d);
	assert_memory_equal(before.b, after.b, sizeof(before.b));
	/* What was there before is gone: it does not grow with each time. */
	blocks = blocks_of(&d);
	r = reindex(&d);
	assert_false(r.blank);
	assert_int_equal(blocks_of(&d), blocks);
	import(&d, RECORDS, RECORDS + 30, "later");
	device_reopen(&d, g_schema);
	all_is_right(&d, RECORDS + 30);
	device_end(&d);
}

static void an_empty_vault_has_an_index(void **state)
{
	struct device d;

	(void)state;
	device_make(&d, g_schema);
	assert_int_equal(reindex(&d).records, 0);
	import(&d, 0, 3, "x");
	all_is_right(&d, 3);
	device_end(&d);
}

/* ---- what may be wrong with it ------------------------------------------------------ */

enum harm {
	HARM_BLOCK,
	HARM_STATE,
	HARM_NO_STATE,
	HARM_TAIL,
	HARM_BRANCH,
	HARM_NO_BRANCHES,
	HARM_EMPTY,
	HARM_END
};

static uint64_t some_value(struct saksi_txn *t, enum kv_table table)
{
	uint64_t first, next, count;
	struct buf b = BUF_INIT;

	kv_range(t->kv, table, &first, &next, &count);
	assert_true(count > 0);
	while (kv_get(t->kv, table, --next, &b, NULL) == SAKSI_ENOTFOUND)
		assert_true(next > first);
	buf_free(&b);
	return next;
}

static void harm(struct device *d, enum harm what)
{
	static const char nonsense[] = "\xc1 this is no block, no run, no branch";
	struct saksi_txn *t = begin(d, true);
	struct index *empty = NULL;

	switch (what) {
	case HARM_BLOCK:
		OK(kv_put(t->kv, KV_INDEX, some_value(t, KV_INDEX), nonsense,
		    sizeof(nonsense), &g_err));
		break;
	case HARM_STATE:
		OK(kv_put(t->kv, KV_INDEX, 1, nonsense, sizeof(nonsense), &g_err));
		break;
	case HARM_NO_STATE:
		OK(kv_del(t->kv, KV_INDEX, 1, &g_err));
		break;
	case HARM_TAIL:
		OK(kv_put(t->kv, KV_TAIL, some_value(t, KV_TAIL), nonsense,
		    sizeof(nonsense), &g_err));
		break;
	case HARM_BRANCH:
		OK(kv_put(t->kv, KV_BRANCH, 1, nonsense, sizeof(nonsense), &g_err));
		break;
	case HARM_NO_BRANCHES:
		OK(kv_clear(t->kv, KV_BRANCH, &g_err));
		break;
	case HARM_EMPTY:
		OK(index_new(&empty, &g_err));
		OK(index_clear(empty, t->kv, &g_err));
		index_free(&empty);
		break;
	case HARM_END:
		break;
	}
	OK(saksi_txn_commit(&t, &g_err));
	device_reopen(d, g_schema);
}

static void whatever_is_wrong_is_mended(void **state)
{
	(void)state;
	for (enum harm what = HARM_BLOCK; what < HARM_END; what++) {
		struct device d;

		make(&d);
		harm(&d, what);
		assert_int_not_equal(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL,
					 &g_err),
		    SAKSI_OK);
		assert_int_equal(reindex(&d).records, RECORDS);
		all_is_right(&d, RECORDS);
		device_reopen(&d, g_schema);
		all_is_right(&d, RECORDS);
		import(&d, 0, 40, "third note");
		import(&d, RECORDS, RECORDS + 20, "new");
		all_is_right(&d, RECORDS + 20);
		device_end(&d);
	}
}

/* ---- stopped ------------------------------------------------------------------------- */

struct stop {
	unsigned at;
};

static void stop_there(void *ctx, const char *what, size_t done, size_t total)
{
	struct stop *s = ctx;

	(void)what;
	(void)done;
	(void)total;
	if (s->at-- == 0)
		_exit(9);
}

/* In a process of its own, which ends at the ${at}th step; 0: it came to the end. */
static int reindex_until(struct device *d, unsigned at)
{
	struct stop s = {at};
	struct reindex_report r;
	int status;
	pid_t pid;

	saksi_vault_close(&d->v);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		device_reopen(d, g_schema);
		reindex_test_step(STEP);
		_exit(saksi_vault_reindex(d->v, &r, stop_there, &s, NULL) != SAKSI_OK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	device_reopen(d, g_schema);
	return WEXITSTATUS(status);
}

static void stopped_anywhere_all_is_found(void **state)
{
	size_t n = RECORDS;
	struct device d;
	unsigned stops = 0;
	int code;

	(void)state;
	make(&d);
	/* Each goes on where the one before was stopped, some steps further. */
	for (unsigned at = 0; at < 40; at++) {
		code = reindex_until(&d, at % 5);
		assert_true(code == 0 || code == 9);
		stops += code == 9;
		all_is_right(&d, n);
		if (at % 3 == 0) {
			import(&d, at, at + 1, "edited meanwhile");
			import(&d, n, n + 9, "made meanwhile");
			n += 9;
		}
	}
	assert_true(stops > 30);
	assert_int_equal(reindex_until(&d, 1000), 0);
	all_is_right(&d, n);
	device_end(&d);
}

static void stopped_without_an_index_it_goes_on(void **state)
{
	struct device d;
	struct saksi_txn *t;
	struct saksi_id id;
	enum saksi_err rc;
	unsigned refused = 0;
	int code = 9;

	(void)state;
	make(&d);
	harm(&d, HARM_NO_STATE);
	for (unsigned at = 0; code == 9; at++) {
		code = reindex_until(&d, 1 + at % 3);
		if (code == 0)
			break;
		/* Never a wrong "there is none". */
		t = begin(&d, false);
		rc = saksi_record_find(t, "org-7", &id, &g_err);
		saksi_txn_abort(&t);
		assert_int_not_equal(rc, SAKSI_OK == rc ? SAKSI_EINVAL : SAKSI_ENOTFOUND);
		refused += rc == SAKSI_EBUSY;
		assert_true(at < 200);
	}
	assert_int_equal(code, 0);
	assert_true(refused > 3);
	all_is_right(&d, RECORDS);
	device_end(&d);
}

/* ---- beside others --------------------------------------------------------------------- */

static void others_read_and_write_meanwhile(void **state)
{
	struct device d;
	int status = 0;
	unsigned times = 0;
	pid_t pid;

	(void)state;
	make(&d);
	saksi_vault_close(&d.v);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		device_reopen(&d, g_schema);
		for (size_t i = 0; i < 60; i++) {
			import(&d, RECORDS + i, RECORDS + i + 1, "made meanwhile");
			import(&d, i * 3, i * 3 + 1, "edited meanwhile");
			if (i % 10 == 0)
				all_is_found(&d, RECORDS + i + 1);
		}
		saksi_vault_close(&d.v);
		_exit(0);
	}
	device_reopen(&d, g_schema);
	reindex_test_step(STEP);
	do {
		(void)reindex(&d);
		times++;
	} while (waitpid(pid, &status, WNOHANG) == 0);
	reindex_test_step(0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(times > 1);
	all_is_right(&d, RECORDS + 60);
	device_end(&d);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_right_index_stays_right),
    cmocka_unit_test(an_empty_vault_has_an_index),
    cmocka_unit_test(whatever_is_wrong_is_mended),
    cmocka_unit_test(stopped_anywhere_all_is_found),
    cmocka_unit_test(stopped_without_an_index_it_goes_on),
    cmocka_unit_test(others_read_and_write_meanwhile),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
