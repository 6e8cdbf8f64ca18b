/* test_search_pair.c - what two long lists of documents share, beside two arrays. */
#include "search_world.h"

#define DOCS 30000u
#define LISTS 6u

struct lists {
	struct world w;
	struct seeking seeking;
	bool has[LISTS][DOCS + 1];
	uint64_t seed;
};

static uint32_t draw(struct lists *l, uint32_t below)
{
	l->seed ^= l->seed << 13;
	l->seed ^= l->seed >> 7;
	l->seed ^= l->seed << 17;
	return (uint32_t)((l->seed >> 20) % below);
}

/* All; every third; one in five thousand; long stretches; any half; the first only. */
static bool belongs(struct lists *l, unsigned list, unsigned doc)
{
	switch (list) {
	case 0:
		return true;
	case 1:
		return doc % 3 == 0;
	case 2:
		return doc % 5000 == 1;
	case 3:
		return doc / 6000 % 2 == 0;
	case 4:
		return draw(l, 2) == 0;
	default:
		return doc == 1;
	}
}

static void term_of(struct index_term *t, unsigned list)
{
	uint8_t name = (uint8_t)('a' + list);

	index_term(t, IX_TYPE, &name, 1);
}

static void put_doc(struct lists *l, unsigned doc)
{
	struct index_doc d = INDEX_DOC_INIT;
	struct index_term t;

	for (unsigned i = 0; i < LISTS; i++) {
		l->has[i][doc] = belongs(l, i, doc);
		if (!l->has[i][doc])
			continue;
		term_of(&t, i);
		index_doc_term(&d, &t);
	}
	OK(index_put(l->w.x, doc, &d, &l->w.f.err));
	index_doc_free(&d);
}

/* In several segments; said again, three of them hide what the older ones say. */
static struct lists *lists_new(void)
{
	struct lists *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->seed = 0x9a125;
	world_new(&l->w);
	for (unsigned doc = 1; doc <= DOCS;) {
		world_begin(&l->w, true);
		for (unsigned n = 500 + draw(l, 7000); n > 0 && doc <= DOCS; n--)
			put_doc(l, doc++);
		world_commit(&l->w);
	}
	for (unsigned i = 0; i < 3; i++) {
		world_begin(&l->w, true);
		put_doc(l, 1 + draw(l, DOCS));
		world_commit(&l->w);
	}
	world_begin(&l->w, false);
	l->w.src.x = l->w.x;
	l->w.src.kv = l->w.t;
	l->seeking.src = &l->w.src;
	return l;
}

static struct seeker *pair(struct lists *l, unsigned a, unsigned b)
{
	struct seeker *s = NULL, *kid = NULL;
	struct index_term t;

	OK(seeker_new(&s, FIND_ALL_OF, &l->w.f.err));
	for (int i = 0; i < 2; i++) {
		term_of(&t, i == 0 ? a : b);
		OK(seeker_term(&kid, &l->seeking, &t, &l->w.f.err));
		OK(seeker_add(s, &kid, &l->w.f.err));
	}
	seeker_complete(s);
	return s;
}

static unsigned next_in_both(const struct lists *l, unsigned a, unsigned b, unsigned from)
{
	while (from <= DOCS && !(l->has[a][from] && l->has[b][from]))
		from++;
	return from;
}

/* One after the other, and one time in ${leaps} far ahead (0: never). */
static void follow(struct lists *l, unsigned a, unsigned b, unsigned leaps)
{
	struct seeker *s = pair(l, a, b);
	unsigned from = 1;

	for (;;) {
		unsigned want = next_in_both(l, a, b, from);

		OK(seeker_seek(s, from, &l->w.f.err));
		assert_int_equal(s->end, want > DOCS);
		if (s->end)
			break;
		assert_int_equal(s->doc, want);
		assert_true(s->sure);
		from = want + 1;
		if (leaps > 0 && draw(l, leaps) == 0)
			from += draw(l, 9000);
	}
	seeker_free(&s);
}

static void count(struct lists *l, unsigned a, unsigned b, unsigned from)
{
	struct seeker *s = pair(l, a, b);
	uint64_t n, want = 0;
	bool exact;

	for (unsigned doc = from; (doc = next_in_both(l, a, b, doc)) <= DOCS; doc++)
		want++;
	OK(seeker_count(s, from, &n, &exact, &l->w.f.err));
	assert_int_equal(n, want);
	assert_true(exact);
	seeker_free(&s);
}

static void what_two_lists_share(void **state)
{
	struct lists *l = lists_new();

	(void)state;
	for (unsigned a = 0; a < LISTS; a++)
		for (unsigned b = 0; b < LISTS; b++) {
			follow(l, a, b, 0);
			follow(l, a, b, 3);
			follow(l, a, b, 300);
			count(l, a, b, 1);
			count(l, a, b, 1 + draw(l, DOCS));
		}
	world_free(&l->w);
	free(l);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_two_lists_share),
};

TEST_MAIN(tests, NULL, NULL)
