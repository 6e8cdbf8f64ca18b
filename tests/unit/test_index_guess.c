/* test_index_guess.c - what an index knows without reading: what ids name, what runs lack. */
#include "kv_fixture.h"

#include <saksi/index/index.h>

#include "index_int.h"

#define DOCS 300u

struct world {
	struct fixture f;
	struct index *x;
};

static void id_term(struct index_term *t, uint64_t first, uint64_t second)
{
	uint8_t id[16];

	le64_put(id, first * UINT64_C(0x9e3779b97f4a7c15));
	le64_put(id + 8, second);
	index_term(t, IX_ID, id, sizeof(id));
}

static void put_term(struct world *w, uint64_t doc, const struct index_term *t)
{
	struct index_doc d = INDEX_DOC_INIT;

	index_doc_term(&d, t);
	OK(index_put(w->x, doc, &d, &w->f.err));
	index_doc_free(&d);
}

static void commit_all(struct world *w, struct kv_txn *t)
{
	uint64_t number = kv_txn_number(t);

	OK(index_flush(w->x, t, &w->f.err));
	commit(&w->f, t);
	index_committed(w->x, number);
}

static struct kv_txn *start(struct world *w, bool write)
{
	struct kv_txn *t = begin(&w->f, write);

	OK(index_sync(w->x, t, &w->f.err));
	return t;
}

static void world_new(struct world *w)
{
	struct kv_txn *t;
	uint64_t number;

	fixture_new(&w->f);
	OK(index_new(&w->x, &w->f.err));
	t = begin(&w->f, true);
	OK(index_create(w->x, t, &w->f.err));
	number = kv_txn_number(t);
	commit(&w->f, t);
	index_committed(w->x, number);
}

static void world_free(struct world *w)
{
	index_free(&w->x);
	fixture_free(&w->f);
}

/* Documents 1 to DOCS, whose ids differ in their first halves. */
static void put_docs(struct world *w)
{
	struct kv_txn *t = start(w, true);
	struct index_term id;

	for (uint64_t doc = 1; doc <= DOCS; doc++) {
		id_term(&id, doc, 0);
		put_term(w, doc, &id);
	}
	commit_all(w, t);
}

static uint64_t find(struct world *w, struct kv_txn *t, const struct index_term *term)
{
	uint64_t doc = 0;
	bool found;

	OK(index_find_one(w->x, t, term, &doc, NULL, &found, &w->f.err));
	return found ? doc : 0;
}

/* How many are known; none is taken for another. */
static unsigned known(struct world *w)
{
	struct index_term id;
	unsigned n = 0;

	for (uint64_t doc = 1; doc <= DOCS; doc++) {
		uint64_t guess;

		id_term(&id, doc, 0);
		guess = index_guess(w->x, &id);
		assert_true(guess == 0 || guess == doc);
		n += guess != 0;
	}
	return n;
}

static void a_leaf_makes_its_ids_known(void **state)
{
	struct world w;
	struct kv_txn *t;
	struct index_term id, none;

	(void)state;
	world_new(&w);
	put_docs(&w);
	t = start(&w, false);
	assert_int_equal(known(&w), 0);
	id_term(&id, 7, 0);
	assert_int_equal(find(&w, t, &id), 7);
	assert_int_equal(index_guess(w.x, &id), 7);
	assert_true(known(&w) > 20 && known(&w) < DOCS);
	for (uint64_t doc = 1; doc <= DOCS; doc++) {
		id_term(&id, doc, 0);
		assert_int_equal(find(&w, t, &id), doc);
	}
	assert_true(known(&w) > DOCS * 3 / 4);
	id_term(&none, DOCS + 1, 0);
	assert_int_equal(index_guess(w.x, &none), 0);
	index_term(&none, IX_REF, id.b + 1, 16);
	assert_int_equal(index_guess(w.x, &none), 0);
	kv_abort(&t);
	index_forget(w.x);
	assert_int_equal(known(&w), 0);
	world_free(&w);
}

static void what_another_wrote_ends_it(void **state)
{
	struct world w;
	struct index *mine;
	struct index_term id;
	struct kv_txn *t;

	(void)state;
	world_new(&w);
	put_docs(&w);
	t = start(&w, false);
	id_term(&id, 7, 0);
	assert_int_equal(known(&w), 0);
	assert_int_equal(find(&w, t, &id), 7);
	kv_abort(&t);
	assert_true(known(&w) > 0);
	mine = w.x;
	OK(index_new(&w.x, &w.f.err));
	t = start(&w, true);
	id_term(&id, DOCS + 1, 0);
	put_term(&w, DOCS + 1, &id);
	commit_all(&w, t);
	index_free(&w.x);
	w.x = mine;
	t = start(&w, false);
	assert_int_equal(known(&w), 0);
	kv_abort(&t);
	world_free(&w);
}

static void ids_may_be_alike(void **state)
{
	struct world w;
	struct kv_txn *t;
	struct index_term id;

	(void)state;
	world_new(&w);
	t = start(&w, true);
	for (uint64_t doc = 1; doc <= 20; doc++) {
		id_term(&id, 1, doc);
		put_term(&w, doc, &id);
	}
	commit_all(&w, t);
	t = start(&w, false);
	id_term(&id, 1, 1);
	assert_int_equal(index_guess(w.x, &id), 0);
	for (uint64_t doc = 1; doc <= 20; doc++) {
		id_term(&id, 1, doc);
		assert_int_equal(find(&w, t, &id), doc);
		/* Some other one, and only the index's own word counts. */
		assert_in_range(index_guess(w.x, &id), 1, 20);
	}
	kv_abort(&t);
	world_free(&w);
}

static unsigned hits(struct world *w, struct kv_txn *t, const struct index_term *term)
{
	struct index_hits *h = NULL;
	uint64_t doc = 0;
	unsigned n = 0;
	bool found;

	OK(index_hits_open(&h, w->x, t, term, &w->f.err));
	for (;; n++) {
		OK(index_hits_next(h, doc + 1, &doc, &found, &w->f.err));
		if (!found)
			break;
	}
	index_hits_close(&h);
	return n;
}

static void a_lack_is_of_one_run(void **state)
{
	static const char *const names[] = {"deleted", "long", "conflict", "d", "e", "f",
	    "a name that is longer than any"};
	struct world w;
	struct kv_txn *t;
	struct index_term term[7];

	(void)state;
	world_new(&w);
	put_docs(&w);
	for (size_t i = 0; i < 7; i++)
		index_term(&term[i], IX_STATE, names[i], strlen(names[i]));
	t = start(&w, false);
	for (size_t i = 0; i < 14; i++)
		assert_int_equal(hits(&w, t, &term[i % 7]), 0);
	kv_abort(&t);
	assert_true(run_lacks(run_at(w.x, 0), &term[0]));
	assert_true(run_lacks(run_at(w.x, 0), &term[1]));
	assert_false(run_lacks(run_at(w.x, 0), &term[6]));
	/* One to the tail, as many as make a segment, and both are found. */
	t = start(&w, true);
	put_term(&w, 7, &term[0]);
	commit_all(&w, t);
	t = start(&w, false);
	assert_int_equal(hits(&w, t, &term[0]), 1);
	assert_int_equal(hits(&w, t, &term[1]), 0);
	kv_abort(&t);
	t = start(&w, true);
	for (uint64_t doc = 20; doc < 40; doc++)
		put_term(&w, doc, &term[doc % 2]);
	commit_all(&w, t);
	t = start(&w, false);
	assert_int_equal(hits(&w, t, &term[0]), 11);
	assert_int_equal(hits(&w, t, &term[1]), 10);
	assert_int_equal(hits(&w, t, &term[2]), 0);
	kv_abort(&t);
	assert_true(run_lacks(run_at(w.x, 0), &term[0]));
	world_free(&w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_leaf_makes_its_ids_known),
    cmocka_unit_test(what_another_wrote_ends_it),
    cmocka_unit_test(ids_may_be_alike),
    cmocka_unit_test(a_lack_is_of_one_run),
};

TEST_MAIN(tests, NULL, NULL)
