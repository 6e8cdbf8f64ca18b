/* test_index_id_filter.c - what a segment knows of its ids: never less than it has. */
#include "kv_fixture.h"

#include "index_int.h"

#define DOCS 400u /* enough for a segment of its own */
#define OTHER 7u  /* a life in which nobody lives */

struct place {
	struct fixture f;
	struct index *x;
	struct kv_txn *t;
};

static void place_new(struct place *p)
{
	uint64_t number;

	memset(p, 0, sizeof(*p));
	fixture_new(&p->f);
	OK(index_new(&p->x, NULL));
	p->t = begin(&p->f, true);
	OK(index_create(p->x, p->t, &p->f.err));
	number = kv_txn_number(p->t);
	commit(&p->f, p->t);
	index_committed(p->x, number);
}

static void place_free(struct place *p)
{
	index_free(&p->x);
	fixture_free(&p->f);
}

static void start(struct place *p, bool write)
{
	p->t = begin(&p->f, write);
	OK(index_sync(p->x, p->t, &p->f.err));
}

static void id_of(struct index_term *t, uint64_t doc, uint8_t life)
{
	uint8_t id[16] = {life};

	le64_put(id + 1, doc * UINT64_C(0x9e3779b97f4a7c15));
	index_term(t, IX_ID, id, sizeof(id));
}

static void put_all(struct place *p, uint64_t from, uint8_t life)
{
	for (uint64_t doc = from; doc < from + DOCS; doc++) {
		struct index_doc d = INDEX_DOC_INIT;
		struct index_term t;

		id_of(&t, doc, life);
		index_doc_term(&d, &t);
		index_doc_word(&d, "word", 4, 1, 1);
		OK(index_put(p->x, doc, &d, &p->f.err));
		index_doc_free(&d);
	}
	OK(index_flush(p->x, p->t, &p->f.err));
}

static void end(struct place *p)
{
	uint64_t number = kv_txn_number(p->t);

	commit(&p->f, p->t);
	index_committed(p->x, number);
}

static void write_some(struct place *p, uint64_t from, uint8_t life)
{
	start(p, true);
	put_all(p, from, life);
	end(p);
}

/* How many of these are found, each as itself. */
static unsigned found(struct place *p, uint64_t from, unsigned n, uint8_t life)
{
	unsigned sum = 0;

	for (uint64_t doc = from; doc < from + n; doc++) {
		struct index_term t;
		uint64_t got = 0;
		bool there;

		id_of(&t, doc, life);
		OK(index_find_one(p->x, p->t, &t, &got, NULL, &there, &p->f.err));
		assert_true(!there || got == doc);
		sum += there;
	}
	return sum;
}

static const struct run *only_run(const struct place *p)
{
	assert_int_equal(p->x->super.n_runs, 1);
	return p->x->super.runs[0];
}

static void test_made_when_asked(void **state)
{
	struct place p;

	(void)state;
	place_new(&p);
	write_some(&p, 1, 1);
	start(&p, false);
	assert_int_equal(found(&p, 1, 20, 1), 20);
	assert_null(only_run(&p)->id_filter.bits); /* a few are not worth it */
	assert_int_equal(found(&p, 1, 200, OTHER), 0);
	assert_non_null(only_run(&p)->id_filter.bits);
	assert_int_equal(found(&p, 1, DOCS, 1), DOCS);
	assert_int_equal(found(&p, 1, 4000, OTHER), 0);
	kv_abort(&p.t);
	place_free(&p);
}

static void test_says_no(void **state)
{
	unsigned may = 0;
	struct place p;

	(void)state;
	place_new(&p);
	write_some(&p, 1, 1);
	start(&p, false);
	assert_int_equal(found(&p, 1, 200, OTHER), 0);
	for (unsigned i = 1; i <= 4000; i++) {
		struct index_term t;

		id_of(&t, i, OTHER);
		may += run_may_have_id(p.x, p.t, p.x->super.runs[0], &t);
	}
	assert_true(may < 4000 / 20);
	kv_abort(&p.t);
	place_free(&p);
}

/* Another index over the same vault writes: what is known of a segment stays known. */
static void test_kept(void **state)
{
	struct place p;
	struct index *mine, *other = NULL;
	const uint8_t *bits;

	(void)state;
	place_new(&p);
	mine = p.x;
	write_some(&p, 1, 1);
	start(&p, false);
	assert_int_equal(found(&p, 1, 200, OTHER), 0);
	kv_abort(&p.t);
	bits = only_run(&p)->id_filter.bits;
	assert_non_null(bits);
	OK(index_new(&other, NULL));
	p.x = other;
	write_some(&p, DOCS + 1, 1);
	p.x = mine;
	start(&p, false);
	assert_int_equal(mine->super.n_runs, 2);
	assert_ptr_equal(mine->super.runs[0]->id_filter.bits, bits);
	assert_int_equal(found(&p, 1, 2 * DOCS, 1), 2 * DOCS);
	kv_abort(&p.t);
	index_free(&other);
	place_free(&p);
}

/* The index was emptied by another: a segment of the same number is not the same. */
static void test_not_mixed_up(void **state)
{
	struct place p;
	struct index *mine, *other = NULL;
	uint64_t id;

	(void)state;
	place_new(&p);
	mine = p.x;
	write_some(&p, 1, 1);
	start(&p, false);
	assert_int_equal(found(&p, 1, 200, OTHER), 0);
	kv_abort(&p.t);
	assert_non_null(only_run(&p)->id_filter.bits);
	id = only_run(&p)->id;
	OK(index_new(&other, NULL));
	p.x = other;
	start(&p, true);
	OK(index_clear(p.x, p.t, &p.f.err));
	put_all(&p, 1, 2);
	end(&p);
	p.x = mine;
	start(&p, false);
	assert_int_equal(only_run(&p)->id, id);
	assert_null(only_run(&p)->id_filter.bits);
	assert_int_equal(found(&p, 1, DOCS, 2), DOCS);
	assert_int_equal(found(&p, 1, DOCS, 1), 0);
	kv_abort(&p.t);
	index_free(&other);
	place_free(&p);
}

/* What was made in a transaction that was given up is not believed of the next. */
static void test_after_abort(void **state)
{
	struct place p;

	(void)state;
	place_new(&p);
	start(&p, true);
	put_all(&p, 1, 1);
	assert_int_equal(found(&p, 1, 200, OTHER), 0);
	assert_non_null(only_run(&p)->id_filter.bits);
	kv_abort(&p.t);
	index_forget(p.x);
	write_some(&p, 1, 2);
	start(&p, false);
	assert_int_equal(found(&p, 1, 200, OTHER), 0);
	assert_int_equal(found(&p, 1, DOCS, 2), DOCS);
	kv_abort(&p.t);
	place_free(&p);
}

/* Batch after batch, asked all the while, as segments are merged. */
static void test_through_merges(void **state)
{
	enum { BATCHES = 20 };
	struct place p;

	(void)state;
	place_new(&p);
	for (unsigned i = 0; i < BATCHES; i++) {
		start(&p, true);
		assert_int_equal(found(&p, 1, 300, OTHER), 0);
		assert_int_equal(found(&p, 1, i * DOCS, 1), i * DOCS);
		put_all(&p, 1 + i * DOCS, 1);
		end(&p);
	}
	start(&p, false);
	assert_true(p.x->super.n_runs < BATCHES);
	assert_int_equal(found(&p, 1, BATCHES * DOCS, 1), BATCHES * DOCS);
	kv_abort(&p.t);
	assert_sound(&p.f);
	place_free(&p);
}

/* ---- a leaf that cannot be read -------------------------------------------------------- */

struct leaf {
	uint64_t number; /* of the first one that holds ids only */
	unsigned ids;
};

static enum saksi_err look(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct leaf *l = ctx;
	struct block_iter it;
	unsigned ids = 0, others = 0;

	if (l->number != 0 || block_open(&it, p, len, err) != SAKSI_OK ||
	    it.kind != BLOCK_LEAF)
		return SAKSI_OK;
	while (block_next(&it)) {
		ids += it.term[0] == IX_ID;
		others += it.term[0] != IX_ID;
	}
	if (ids > 0 && others == 0)
		*l = (struct leaf){n, ids};
	return SAKSI_OK;
}

static void spoil(struct place *p, const struct leaf *l)
{
	static const uint8_t junk[] = "no block";

	index_free(&p->x);
	p->t = begin(&p->f, true);
	OK(kv_put(p->t, KV_INDEX, l->number, junk, sizeof(junk), &p->f.err));
	commit(&p->f, p->t);
	OK(index_new(&p->x, NULL));
}

/* A look-up fails for what it meets itself, not for what lies beside it. */
static void test_a_leaf_is_damaged(void **state)
{
	struct leaf l = {0, 0};
	unsigned failed = 0;
	struct place p;

	(void)state;
	place_new(&p);
	write_some(&p, 1, 1);
	start(&p, false);
	OK(kv_scan(p.t, KV_INDEX, 0, look, &l, &p.f.err));
	assert_int_not_equal(l.number, 0);
	kv_abort(&p.t);
	spoil(&p, &l);
	start(&p, false);
	for (uint64_t i = 0; i < 3u * DOCS; i++) {
		uint64_t doc = 1 + i % DOCS, got = 0;
		struct index_term t;
		bool there = false;
		enum saksi_err rc;

		id_of(&t, doc, 1);
		rc = index_find_one(p.x, p.t, &t, &got, NULL, &there, &p.f.err);
		failed += rc == SAKSI_EDAMAGED;
		assert_true(rc == SAKSI_EDAMAGED || (there && got == doc));
	}
	assert_int_equal(failed, 3 * l.ids);
	assert_null(only_run(&p)->id_filter.bits);
	assert_true(only_run(&p)->id_filter.given_up);
	kv_abort(&p.t);
	place_free(&p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_made_when_asked),
    cmocka_unit_test(test_says_no),
    cmocka_unit_test(test_a_leaf_is_damaged),
    cmocka_unit_test(test_kept),
    cmocka_unit_test(test_not_mixed_up),
    cmocka_unit_test(test_after_abort),
    cmocka_unit_test(test_through_merges),
};

TEST_MAIN(tests, setup_hardened, NULL)
