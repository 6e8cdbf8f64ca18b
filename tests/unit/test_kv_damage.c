/*
 * test_kv_damage.c - flipped bits, old pages, moved pages, cut files: each is
 * read as it was written, or reported; never a changed or an older value,
 * never a signal.
 */
#include "kv_victim.h"

#define NEWEST ((int)VICTIM_STATES - 1)
#define PAGE 4096u

static uint32_t rnd_state = 20251;

static uint32_t rnd(uint32_t below)
{
	rnd_state = rnd_state * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)(rnd_state >> 1) * below) >> 31);
}

static void poke(const struct victim *v, size_t at, const void *p, size_t n)
{
	char path[320];
	int fd;

	data_path(&v->f, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	OK(fs_pwrite_all(fd, p, n, at, path, NULL));
	(void)close(fd);
}

static void restore(const struct victim *v)
{
	const struct buf *b = &v->image[NEWEST];

	store_file(&v->f, b->p, b->len);
}

struct tally {
	unsigned same;
	unsigned reported;
};

static void judge(struct tally *t, int outcome, const char *what, size_t a, size_t b)
{
	if (outcome == NEWEST)
		t->same++;
	else if (outcome == OUT_REPORTED)
		t->reported++;
	else
		fail_msg("%s %zu %zu: outcome %d", what, a, b, outcome);
}

/* Run ${fn} in a child, so that a signal is a failure with a name. */
static void in_child(struct victim *v, void (*fn)(struct victim *v))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		fn(v);
		exit(0); /* a failed assertion ends in cmocka's own exit */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		fail_msg("signal %d", WTERMSIG(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- flips ---------------------------------------------------------------------- */

/* Of page headers and node tables a quarter, of the rest a few. */
static bool wanted(size_t at)
{
	return at % PAGE < 48 ? rnd(4) == 0 : rnd(64) == 0;
}

static void flips(struct victim *v)
{
	const struct buf *b = &v->image[NEWEST];
	struct tally t = {0, 0};
	uint8_t byte;
	size_t at;

	for (at = 0; at < b->len; at++) {
		if (!wanted(at))
			continue;
		byte = (uint8_t)(b->p[at] ^ 1u << rnd(8));
		poke(v, at, &byte, 1);
		judge(&t, victim_read(v, rnd(4) == 0 ? KV_READ_ONLY : 0), "flip", at,
		    byte);
		poke(v, at, &b->p[at], 1);
	}
	assert_true(t.same > 20);
	assert_true(t.reported > 100);
	assert_int_equal(victim_read(v, 0), NEWEST);
}

static void test_flips(void **state)
{
	in_child(*state, flips);
}

/*
 * Every bit of both heads after transaction 3: LMDB goes by the larger number,
 * and one bit makes 1 of 3, so that it takes the state of 2 for the newest.
 */
static void head_flips(struct victim *v)
{
	const struct buf *b = &v->image[1];
	unsigned reported = 0;
	uint8_t byte;
	unsigned bit;
	size_t at;
	int got;

	store_file(&v->f, b->p, b->len);
	for (at = 0; at < PAGE + META_BYTES; at++) {
		at = at == META_BYTES ? PAGE : at;
		for (bit = 0; bit < 8; bit++) {
			byte = (uint8_t)(b->p[at] ^ 1u << bit);
			poke(v, at, &byte, 1);
			got = victim_read(v, 0);
			if (got != 1 && got != OUT_REPORTED)
				fail_msg("head, byte %zu, bit %u: %d", at, bit, got);
			reported += got == OUT_REPORTED;
		}
		poke(v, at, &b->p[at], 1);
	}
	restore(v);
	assert_true(reported > 1000);
}

static void test_head_flips(void **state)
{
	in_child(*state, head_flips);
}

/*
 * The same, then write.  What is committed may not have harmed anything: the
 * values that were there are read or reported.
 */
static enum saksi_err write_some(struct fixture *f)
{
	struct kv_txn *t = NULL;
	enum saksi_err rc = kv_begin(&t, f->kv, true, &f->err);

	if (rc != SAKSI_OK)
		return rc;
	rc = kv_put(t, KV_RECORDS, 20, "new", 3, &f->err);
	if (rc == SAKSI_OK)
		rc = kv_put(t, KV_RECORDS, 20, "new", 3, &f->err);
	if (rc == SAKSI_OK)
		rc = kv_del(t, KV_RECORDS, 20, &f->err);
	if (rc == SAKSI_OK)
		rc = kv_put(t, KV_LOCAL, 20, "new", 3, &f->err);
	if (rc == SAKSI_OK)
		rc = kv_del(t, KV_LOCAL, 20, &f->err);
	if (rc == SAKSI_OK)
		return kv_commit(&t, &f->err);
	kv_abort(&t);
	return rc;
}

static bool victim_rewrite(struct victim *v)
{
	enum saksi_err rc = reopen(&v->f, 0);

	if (rc == SAKSI_OK)
		rc = write_some(&v->f);
	if (rc == SAKSI_OK)
		rc = write_some(&v->f);
	kv_close(&v->f.kv);
	assert_true(rc == SAKSI_OK || is_report(rc));
	return rc == SAKSI_OK;
}

static void flips_then_writes(struct victim *v)
{
	const struct buf *b = &v->image[NEWEST];
	struct tally t = {0, 0};
	unsigned written = 0;
	uint8_t byte;
	size_t at;

	for (at = 0; at < b->len; at++) {
		if (at % PAGE > 64 ? rnd(320) != 0 : rnd(12) != 0)
			continue;
		byte = (uint8_t)(b->p[at] ^ 1u << rnd(8));
		restore(v);
		poke(v, at, &byte, 1);
		written += victim_rewrite(v);
		judge(&t, victim_read(v, 0), "flip, write", at, byte);
	}
	restore(v);
	assert_true(written > 20);
	assert_true(t.same > 20);
	assert_true(t.reported > 20);
}

static void test_flips_then_writes(void **state)
{
	in_child(*state, flips_then_writes);
}

/* Whole pages of noise, and pages with plausible headers over noise. */
static void noise(struct victim *v)
{
	const struct buf *b = &v->image[NEWEST];
	struct tally t = {0, 0};
	uint8_t page[PAGE];
	unsigned round;
	size_t at;

	for (round = 0; round < 4; round++) {
		for (at = 0; at < b->len; at += PAGE) {
			restore(v);
			crypto_random(page, sizeof(page));
			if (round % 2 != 0)
				memcpy(page, b->p + at, 16 + 4 * round);
			poke(v, at, page, sizeof(page));
			judge(&t, victim_read(v, 0), "noise", at, round);
			(void)victim_rewrite(v);
			judge(&t, victim_read(v, 0), "noise, write", at, round);
		}
	}
	restore(v);
	assert_true(t.reported > 20);
}

static void test_noise(void **state)
{
	in_child(*state, noise);
}

/* As in a large file, of which only the paths that are used are checked. */
static void test_flips_then_writes_large(void **state)
{
	kv_test_check_whole(0);
	in_child(*state, flips_then_writes);
	in_child(*state, noise);
	kv_test_check_whole(8192);
}

/* ---- old pages ------------------------------------------------------------------ */

/*
 * Each old page in its own place.  A stale head alone is what a crash before
 * the last step of a commit leaves, so there the whole state before it may
 * come back (the anchor finds that); anything between two states may not.
 */
static void old_pages(struct victim *v)
{
	const struct buf *now = &v->image[NEWEST];
	const struct buf *old;
	struct tally t = {0, 0};
	unsigned tried = 0;
	unsigned s;
	size_t at;
	int got;

	for (s = 0; s < VICTIM_STATES - 1; s++) {
		old = &v->image[s];
		for (at = 0; at < old->len; at += PAGE) {
			if (memcmp(old->p + at, now->p + at, PAGE) == 0)
				continue;
			poke(v, at, old->p + at, PAGE);
			got = victim_read(v, 0);
			if (at < 2 * (size_t)PAGE && got == NEWEST - 1)
				t.reported++;
			else
				judge(&t, got, "old page", at / PAGE, s);
			poke(v, at, now->p + at, PAGE);
			tried++;
		}
	}
	assert_true(tried > 20);
	assert_true(t.reported > 10);
}

static void test_old_pages(void **state)
{
	in_child(*state, old_pages);
}

/* Any page of any state in place of any other, its page number made to fit. */
static void moved_pages(struct victim *v)
{
	const struct buf *now = &v->image[NEWEST];
	struct tally t = {0, 0};
	uint8_t page[PAGE];
	const struct buf *old;
	uint64_t number;
	unsigned s;
	size_t from;
	size_t to;

	for (s = 0; s < VICTIM_STATES; s++) {
		old = &v->image[s];
		for (from = 2 * (size_t)PAGE; from < old->len; from += PAGE) {
			for (to = 2 * (size_t)PAGE; to < now->len; to += PAGE) {
				if (rnd(4) != 0)
					continue;
				memcpy(page, old->p + from, PAGE);
				number = to / PAGE;
				memcpy(page, &number, 8);
				poke(v, to, page, PAGE);
				judge(&t, victim_read(v, 0), "moved page", from / PAGE,
				    to / PAGE);
				poke(v, to, now->p + to, PAGE);
			}
		}
	}
	assert_true(t.same > 20);
	assert_true(t.reported > 100);
}

static void test_moved_pages(void **state)
{
	in_child(*state, moved_pages);
}

/* Everything that could be a page number is pointed at each other page. */
static void repointed(struct victim *v)
{
	const struct buf *now = &v->image[NEWEST];
	uint64_t pages = now->len / PAGE;
	struct tally t = {0, 0};
	uint64_t word;
	uint64_t to;
	size_t at;

	for (at = 16; at + 8 <= now->len; at += 2) {
		memcpy(&word, now->p + at, 8);
		if (word < 2 || word >= pages)
			continue;
		for (to = 0; to < pages + 2; to++) {
			if (rnd(6) != 0)
				continue;
			poke(v, at, &to, 8);
			judge(&t, victim_read(v, 0), "pointer", at, to);
		}
		poke(v, at, now->p + at, 8);
	}
	assert_true(t.reported > 100);
}

static void test_repointed(void **state)
{
	in_child(*state, repointed);
}

/* The whole file of a state is that state; heads of two states do not mix. */
static void test_heads(void **state)
{
	struct victim *v = *state;
	const struct buf *now = &v->image[NEWEST];
	unsigned s;
	unsigned h;
	int got;

	for (s = 0; s < VICTIM_STATES; s++) {
		store_file(&v->f, v->image[s].p, v->image[s].len);
		assert_int_equal(victim_read(v, 0), s);
		/* both heads of an earlier state over the pages of the last one */
		restore(v);
		poke(v, 0, v->image[s].p, 2 * (size_t)PAGE);
		got = victim_read(v, 0);
		assert_true(got == (int)s || got == OUT_REPORTED);
		for (h = 0; h < 2; h++) {
			restore(v);
			poke(v, h * (size_t)PAGE, now->p + (1 - h) * (size_t)PAGE, PAGE);
			assert_int_equal(victim_read(v, 0), OUT_REPORTED);
			poke(v, h * (size_t)PAGE, (uint8_t[8]){(uint8_t)h}, 8);
			assert_int_equal(victim_read(v, 0), OUT_REPORTED);
		}
	}
	restore(v);
	assert_int_equal(victim_read(v, 0), NEWEST);
}

/* A set hash that does not fit is told, and nothing else of it. */
static void test_set_hash(void **state)
{
	struct victim *v = *state;
	struct kv_txn *t;
	unsigned faults;

	OK(reopen(&v->f, 0));
	t = begin(&v->f, true);
	put_str(&v->f, t, KV_RECORDS, 1, "anew");
	t->meta.t[KV_RECORDS].set[7] ^= 1;
	commit(&v->f, t);
	assert_int_equal(verify(&v->f, &faults), SAKSI_EDAMAGED);
	assert_int_equal(faults, 1);
	kv_close(&v->f.kv);
	restore(v);
}

/* ---- cut files ------------------------------------------------------------------- */

static void cut(struct victim *v)
{
	const struct buf *b = &v->image[NEWEST];
	struct tally t = {0, 0};
	uint8_t tail[5000];
	size_t len;

	for (len = 0; len < b->len;
	     len += rnd(2) == 0 ? 1 + rnd(700) : PAGE - len % PAGE) {
		store_file(&v->f, b->p, len);
		judge(&t, victim_read(v, rnd(2) == 0 ? KV_READ_ONLY : 0), "cut", len, 0);
		if (len > 2 * (size_t)PAGE)
			(void)victim_rewrite(v);
	}
	assert_true(t.reported > 50);
	/* longer by noise, as after a write that the disk had no room for */
	restore(v);
	crypto_random(tail, sizeof(tail));
	poke(v, b->len, tail, sizeof(tail));
	assert_int_equal(victim_read(v, 0), NEWEST);
	assert_true(victim_rewrite(v));
	assert_int_equal(victim_read(v, 0), NEWEST);
	restore(v);
}

static void test_cut(void **state)
{
	in_child(*state, cut);
}

static void foreign(struct victim *v)
{
	static const char text[] = "# not a vault\n";
	static uint8_t page[3 * PAGE];
	unsigned i;

	store_file(&v->f, (const uint8_t *)text, sizeof(text));
	assert_int_equal(victim_read(v, 0), OUT_REPORTED);
	store_file(&v->f, page, sizeof(page));
	assert_int_equal(victim_read(v, 0), OUT_REPORTED);
	for (i = 0; i < 20; i++) {
		crypto_random(page, sizeof(page));
		store_file(&v->f, page, sizeof(page));
		assert_int_equal(victim_read(v, 0), OUT_REPORTED);
	}
	/* LMDB's own, other vault's */
	restore(v);
	v->f.vault_id[0] ^= 1;
	assert_int_equal(victim_read(v, 0), OUT_REPORTED);
	v->f.vault_id[0] ^= 1;
	assert_int_equal(victim_read(v, 0), NEWEST);
}

static void test_foreign(void **state)
{
	in_child(*state, foreign);
}

/* ---- copies by LMDB's own means --------------------------------------------------- */

static void test_lmdb_copy(void **state)
{
	struct victim *v = *state;
	struct victim copy;
	char to[300];

	memset(&copy, 0, sizeof(copy));
	copy.f = v->f;
	copy.f.kv = NULL;
	(void)snprintf(copy.f.dir, sizeof(copy.f.dir), "%.200s/copy", v->f.dir);
	(void)snprintf(to, sizeof(to), "%s", copy.f.dir);
	assert_int_equal(mkdir(to, 0700), 0);
	OK(reopen(&v->f, 0));
	assert_int_equal(mdb_env_copy2(v->f.kv->env, to, 0), 0);
	kv_close(&v->f.kv);
	assert_int_equal(victim_read(&copy, 0), NEWEST);
	(void)snprintf(to, sizeof(to), "%s/%s", copy.f.dir, KV_DATA_FILE);
	assert_int_equal(unlink(to), 0);
	/* A compacting copy counts transactions anew: that is another history. */
	OK(reopen(&v->f, 0));
	assert_int_equal(mdb_env_copy2(v->f.kv->env, copy.f.dir, MDB_CP_COMPACT), 0);
	kv_close(&v->f.kv);
	assert_int_equal(victim_read(&copy, 0), OUT_REPORTED);
	assert_int_equal(unlink(to), 0);
	(void)snprintf(to, sizeof(to), "%s/lock.mdb", copy.f.dir);
	(void)unlink(to);
	assert_int_equal(rmdir(copy.f.dir), 0);
}

/* ---- what lies in the file --------------------------------------------------------- */

/* No value can be told from noise, and equal values differ. */
static void test_nothing_readable(void **state)
{
	struct victim *v = *state;
	const struct buf *b = &v->image[NEWEST];
	static uint8_t value[9000];
	unsigned table;
	uint64_t n;
	size_t len;
	size_t i;

	for (table = 1; table < KV_TABLE_END; table++) {
		for (n = 1; n <= VICTIM_NUMBERS; n++) {
			len = victim_value(value, (enum kv_table)table, n,
			    VICTIM_STATES - 1);
			for (i = 0; i + 12 <= len; i += 12)
				assert_null(memmem(b->p, b->len, value + i, 12));
		}
	}
	assert_null(memmem(b->p, b->len, v->f.vault_id, VAULT_ID));
	assert_null(memmem(b->p, b->len, "saksi", 5));
}

static int setup(void **state)
{
	static struct victim v;

	if (setup_hardened(state) != 0)
		return -1;
	victim_new(&v);
	*state = &v;
	return 0;
}

static int teardown(void **state)
{
	victim_free(*state);
	return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_heads),
    cmocka_unit_test(test_flips),
    cmocka_unit_test(test_head_flips),
    cmocka_unit_test(test_flips_then_writes),
    cmocka_unit_test(test_noise),
    cmocka_unit_test(test_flips_then_writes_large),
    cmocka_unit_test(test_old_pages),
    cmocka_unit_test(test_moved_pages),
    cmocka_unit_test(test_repointed),
    cmocka_unit_test(test_set_hash),
    cmocka_unit_test(test_cut),
    cmocka_unit_test(test_foreign),
    cmocka_unit_test(test_lmdb_copy),
    cmocka_unit_test(test_nothing_readable),
};

TEST_MAIN(tests, setup, teardown)
