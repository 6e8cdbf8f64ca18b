/* test_index.c - the index against a model that keeps everything in arrays. */
#include "kv_fixture.h"

#include <saksi/index/index.h>

#include "gather.h"

/* ---- the model ---------------------------------------------------------------- */

#define DOCS 3000u
#define TERMS 40u /* of IX_TYPE */
#define WORDS 60u
#define LOGS 4000u

struct model_doc {
	bool there;
	uint64_t terms;	      /* bit set */
	uint8_t times[WORDS]; /* of each word */
	uint8_t weight;
};
struct model {
	struct model_doc doc[DOCS];
	bool log[LOGS];
};
struct world {
	struct fixture f;
	struct index *x;
	struct kv_txn *t;
	struct model *now, *before; /* with, and without, this transaction */
	uint64_t seed;
	struct index_sorted *sorted;
	unsigned taken, left; /* how often what was sorted beforehand was of use */
};

static uint32_t draw(struct world *w, uint32_t below)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (uint32_t)((w->seed >> 20) % below);
}

static void world_new(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->seed = seed;
	fixture_new(&w->f);
	OK(index_new(&w->x, NULL));
	w->now = calloc(1, sizeof(*w->now));
	w->before = calloc(1, sizeof(*w->before));
	assert_non_null(w->now);
	assert_non_null(w->before);
	w->t = begin(&w->f, true);
	OK(index_create(w->x, w->t, &w->f.err));
	uint64_t number = kv_txn_number(w->t);
	commit(&w->f, w->t);
	index_committed(w->x, number);
}

static void world_free(struct world *w)
{
	index_free(&w->x);
	fixture_free(&w->f);
	free(w->now);
	free(w->before);
}

static void world_begin(struct world *w, bool write)
{
	w->t = begin(&w->f, write);
	if (index_sync(w->x, w->t, &w->f.err) != SAKSI_OK)
		fail_msg("sync: %s", w->f.err.msg);
}

static void end_sorted(struct world *w, bool committed)
{
	if (w->sorted != NULL && committed) {
		w->taken += w->sorted->run == NULL;
		w->left += w->sorted->run != NULL;
	}
	index_sorted_free(&w->sorted);
}

static void world_commit(struct world *w)
{
	uint64_t number = kv_txn_number(w->t);

	if (index_flush(w->x, w->t, &w->f.err) != SAKSI_OK)
		fail_msg("flush: %s", w->f.err.msg);
	commit(&w->f, w->t);
	index_committed(w->x, number);
	*w->before = *w->now;
	end_sorted(w, true);
}

static void world_abort(struct world *w)
{
	kv_abort(&w->t);
	index_forget(w->x);
	*w->now = *w->before;
	end_sorted(w, false);
}

/* ---- terms of the model --------------------------------------------------------- */

static void term_of(struct index_term *t, unsigned i)
{
	char text[64];

	/* Some are long, most share their beginnings. */
	(void)snprintf(text, sizeof(text), "term-%s%u",
	    i % 7 == 0 ? "with-a-long-name-" : "", i);
	index_term(t, IX_TYPE, text, strlen(text));
}

static void word_of(char out[32], unsigned i)
{
	(void)snprintf(out, 32, "w%c%u", (char)('a' + i % 5), i);
}

static void id_of(struct index_term *t, uint64_t doc)
{
	struct saksi_hash h;
	uint8_t n[8];

	le64_put(n, doc);
	crypto_hash_of(&h, "test-id", n, sizeof(n));
	index_term(t, IX_ID, h.b, 16);
}

static void changeset_of(struct index_term *t, uint64_t n)
{
	struct saksi_hash h;
	uint8_t b[8];

	le64_put(b, n);
	crypto_hash_of(&h, "test-cs", b, sizeof(b));
	index_term(t, IX_CHANGESET, h.b, 32);
}

/* Something new of a document, and into the model. */
static void make_doc(struct world *w, unsigned doc, struct index_doc *d)
{
	struct model_doc *m = &w->now->doc[doc];
	struct index_term t;
	uint32_t position = 0;

	memset(m, 0, sizeof(*m));
	m->there = true;
	m->terms = ((uint64_t)draw(w, 1u << 30) << 30 | draw(w, 1u << 30)) &
	    ((UINT64_C(1) << TERMS) - 1) & draw(w, 1u << 30);
	m->weight = (uint8_t)draw(w, 3);
	id_of(&t, doc);
	index_doc_term(d, &t);
	for (unsigned i = 0; i < TERMS; i++) {
		if ((m->terms >> i & 1) == 0)
			continue;
		term_of(&t, i);
		index_doc_term(d, &t);
	}
	for (unsigned k = draw(w, 12); k > 0; k--) {
		unsigned i = draw(w, WORDS);
		char word[32];

		word_of(word, i);
		m->times[i]++;
		position += 1 + draw(w, 200);
		index_doc_word(d, word, strlen(word), position, m->weight);
	}
}

static void put_doc(struct world *w, unsigned doc)
{
	struct index_doc d = INDEX_DOC_INIT;

	make_doc(w, doc, &d);
	OK(index_put(w->x, doc, &d, &w->f.err));
	index_doc_free(&d);
}

/* Many, sorted beforehand; now and then one of them is put in another way. */
static void put_sorted(struct world *w)
{
	unsigned n = 1 + draw(w, 100), first = draw(w, DOCS - n);
	bool wrong = draw(w, 3) == 0;
	struct index_sort_doc list[100];
	struct index_doc says[100];

	for (unsigned i = 0; i < n; i++) {
		says[i] = (struct index_doc)INDEX_DOC_INIT;
		make_doc(w, first + i, &says[i]);
		list[i] = (struct index_sort_doc){first + i, &says[i]};
	}
	OK(index_sort(&w->sorted, list, n, &w->f.err));
	for (unsigned i = 0; i < n; i++) {
		bool other = wrong && draw(w, n) == 0;

		OK(index_put_sorted(w->x, other ? NULL : w->sorted, first + i, &says[i],
		    &w->f.err));
		index_doc_free(&says[i]);
	}
	if (draw(w, 4) == 0)
		put_doc(w, first + draw(w, n));
}

static void put_log(struct world *w, uint64_t n)
{
	struct index_term t[3];
	uint8_t key[12], payload[20];

	changeset_of(&t[0], n);
	for (unsigned i = 0; i < 8; i++)
		key[i] = (uint8_t)(n >> (56 - 8 * i));
	index_term(&t[1], IX_ARRIVAL, key, 8);
	memset(key, 0, 4);
	memcpy(key + 4, t[1].b + 1, 8);
	index_term(&t[2], IX_SEQ, key, 12);
	memset(payload, (int)(n % 251), sizeof(payload));
	OK(index_put_log(w->x, n, t, 3, payload, 1 + n % sizeof(payload), &w->f.err));
	w->now->log[n] = true;
}

/* ---- comparing ------------------------------------------------------------------- */

static void compare_term(struct world *w, const struct index_term *t, int term, int word)
{
	struct index_hits *h = NULL;
	uint64_t doc = 0, from = 0;
	bool found;

	if (index_hits_open(&h, w->x, w->t, t, &w->f.err) != SAKSI_OK)
		fail_msg("hits: %s", w->f.err.msg);
	for (unsigned i = 0; i < DOCS; i++) {
		const struct model_doc *m = &w->now->doc[i];
		size_t n;

		if (!m->there || (term >= 0 && (m->terms >> term & 1) == 0) ||
		    (word >= 0 && m->times[word] == 0))
			continue;
		/* Now and then jump over some. */
		if (draw(w, 10) == 0)
			from = i;
		if (i < from)
			continue;
		OK(index_hits_next(h, from, &doc, &found, &w->f.err));
		assert_true(found);
		assert_int_equal(doc, i);
		if (word >= 0) {
			const uint8_t *p = index_hits_payload(h, &n);

			assert_int_equal(n, 1);
			assert_int_equal(index_impact_weight(*p), m->weight);
			assert_int_equal(index_impact_times(*p), m->times[word]);
		}
		from = doc + 1;
	}
	OK(index_hits_next(h, from, &doc, &found, &w->f.err));
	assert_false(found);
	index_hits_close(&h);
}

static void compare_positions(struct world *w, unsigned word)
{
	struct index_hits *h = NULL;
	struct index_term t;
	uint64_t doc = 0, from = 0;
	char text[32];
	bool found;

	word_of(text, word);
	index_term(&t, IX_POSITION, text, strlen(text));
	OK(index_hits_open(&h, w->x, w->t, &t, &w->f.err));
	for (;; from = doc + 1) {
		const uint8_t *p, *end;
		uint32_t position = 0, times = 0;
		size_t n;

		OK(index_hits_next(h, from, &doc, &found, &w->f.err));
		if (!found)
			break;
		p = index_hits_payload(h, &n);
		for (end = p + n; index_position_next(&p, end, &position);)
			times++;
		assert_int_equal(times, w->now->doc[doc].times[word]);
	}
	index_hits_close(&h);
}

static void compare_ones(struct world *w, unsigned tries)
{
	for (; tries > 0; tries--) {
		unsigned doc = draw(w, DOCS), n = draw(w, LOGS);
		struct buf payload = BUF_INIT;
		struct index_term t;
		uint64_t got = 0;
		uint8_t key[12] = {0};
		bool found;

		id_of(&t, doc);
		OK(index_find_one(w->x, w->t, &t, &got, NULL, &found, &w->f.err));
		assert_int_equal(found, w->now->doc[doc].there);
		if (found)
			assert_int_equal(got, doc);
		changeset_of(&t, n);
		OK(index_find_one(w->x, w->t, &t, &got, NULL, &found, &w->f.err));
		assert_int_equal(found, w->now->log[n]);
		for (unsigned i = 0; i < 8; i++)
			key[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
		index_term(&t, IX_ARRIVAL, key, 8);
		OK(index_find_one(w->x, w->t, &t, &got, &payload, &found, &w->f.err));
		assert_int_equal(found, w->now->log[n]);
		if (found) {
			assert_int_equal(got, n);
			assert_int_equal(payload.len, 1 + n % 20);
			assert_int_equal(payload.p[0], n % 251);
		}
		memmove(key + 4, key, 8);
		memset(key, 0, 4);
		index_term(&t, IX_SEQ, key, 12);
		OK(index_find_one(w->x, w->t, &t, &got, NULL, &found, &w->f.err));
		assert_int_equal(found, w->now->log[n]);
		assert_true(!found || got == n);
		buf_free(&payload);
	}
}

static void compare_walk(struct world *w)
{
	struct index_walk *walk = NULL;
	struct index_term prefix, t, last = {.n = 0};
	unsigned met = 0, want = 0;
	uint64_t seen = 0;
	bool found;

	for (unsigned i = 0; i < DOCS; i++)
		if (w->now->doc[i].there)
			seen |= w->now->doc[i].terms;
	for (unsigned i = 0; i < TERMS; i++)
		want += i % 7 == 0 && (seen >> i & 1);
	index_term(&prefix, IX_TYPE, "term-with", 9);
	OK(index_walk_open(&walk, w->x, w->t, &prefix, NULL, &w->f.err));
	for (;;) {
		struct index_hits *h = NULL;
		uint64_t doc;

		OK(index_walk_next(walk, &t, &found, &w->f.err));
		if (!found)
			break;
		assert_true(last.n == 0 || term_cmp(last.b, last.n, t.b, t.n) < 0);
		assert_memory_equal(t.b, prefix.b, prefix.n);
		last = t;
		OK(index_hits_open(&h, w->x, w->t, &t, &w->f.err));
		OK(index_hits_next(h, 0, &doc, &found, &w->f.err));
		met += found;
		index_hits_close(&h);
	}
	assert_int_equal(met, want);
	index_walk_close(&walk);
}

static void compare(struct world *w, unsigned much)
{
	struct index_term t;
	static const uint8_t none[1];

	for (unsigned k = 0; k < much; k++) {
		unsigned term = draw(w, TERMS), word = draw(w, WORDS);
		char text[32];

		term_of(&t, term);
		compare_term(w, &t, (int)term, -1);
		word_of(text, word);
		index_term(&t, IX_WORD, text, strlen(text));
		compare_term(w, &t, -1, (int)word);
		compare_positions(w, word);
	}
	index_term(&t, IX_DOCS, none, 0);
	compare_term(w, &t, -1, -1);
	compare_walk(w);
	compare_ones(w, 40 * much);
}

/* ---- the tests ----------------------------------------------------------------------- */

static void test_small_numbers(void **state)
{
	uint32_t last = 0;

	(void)state;
	for (uint32_t words = 0; words < 300000; words++) {
		uint32_t about = index_length(index_length_class(words));

		assert_true(
		    about >= last && about <= words && words - about <= words / 16 + 1);
		last = about;
	}
	assert_int_equal(index_length_class(UINT32_MAX), 255);
	for (unsigned weight = 0; weight < 3; weight++)
		for (uint32_t times = 1; times < 100; times++) {
			uint8_t b = index_impact(weight, times);

			assert_int_equal(index_impact_weight(b), weight);
			assert_int_equal(index_impact_times(b), times < 60 ? times : 60);
		}
}

static void test_long_terms(void **state)
{
	struct index_term a, b;
	char text[600];

	(void)state;
	memset(text, 'x', sizeof(text));
	index_term(&a, IX_WORD, text, 599);
	index_term(&b, IX_WORD, text, 600);
	assert_int_equal(a.n, INDEX_TERM_MAX);
	assert_int_equal(b.n, INDEX_TERM_MAX);
	assert_memory_not_equal(a.b, b.b, a.n);
	index_term_keyed(&a, IX_FIELD, "names", text, 599);
	index_term_keyed(&b, IX_FIELD, "names", text, 600);
	assert_int_equal(a.n, INDEX_TERM_MAX);
	assert_memory_equal(a.b, b.b, INDEX_TERM_MAX - 16);
	assert_memory_not_equal(a.b, b.b, a.n);
	index_term_keyed(&a, IX_FIELD, "k", "v", 1);
	assert_int_equal(a.n, 4);
}

static void round_of(struct world *w, uint64_t *log)
{
	/* Mostly a person's edit, now and then a batch, sometimes given up. */
	unsigned n = draw(w, 12) == 0 ? 20 + draw(w, 400) : 1 + draw(w, 3);

	world_begin(w, true);
	if (draw(w, 8) == 0)
		put_sorted(w);
	for (unsigned i = 0; i < n; i++)
		put_doc(w, draw(w, 4) == 0 ? draw(w, DOCS) : draw(w, DOCS / 10));
	if (*log < LOGS)
		put_log(w, *log);
	compare_ones(w, 5);
	if (draw(w, 9) == 0)
		world_abort(w);
	else {
		world_commit(w);
		++*log;
	}
}

static void run_world(uint64_t seed, unsigned rounds)
{
	struct world w;
	uint64_t log = 1;

	world_new(&w, seed);
	for (unsigned i = 0; i < rounds; i++) {
		round_of(&w, &log);
		if (i % 40 == 39) {
			world_begin(&w, false);
			compare(&w, 4);
			kv_abort(&w.t);
		}
		if (i % 150 == 149) {
			index_free(&w.x);
			OK(reopen(&w.f, 0));
			OK(index_new(&w.x, NULL));
		}
	}
	world_begin(&w, false);
	compare(&w, TERMS);
	kv_abort(&w.t);
	assert_sound(&w.f);
	assert_true(w.taken > 0 && w.left > 0);
	world_free(&w);
}

static void test_model(void **state)
{
	const char *seed = getenv("SAKSI_TEST_SEED");

	(void)state;
	run_world(seed != NULL ? strtoull(seed, NULL, 10) | 1 : 0x5eed1, 900);
	run_world(0xabcdef, 300);
}

/* Batches alone: tiers grow, and at the end little is left over. */
static void test_tiers(void **state)
{
	struct index_counts c;
	struct world w;
	uint64_t first, next, blocks;
	bool more = true;

	(void)state;
	world_new(&w, 77);
	for (unsigned i = 0; i < 80; i++) {
		world_begin(&w, true);
		for (unsigned k = 0; k < 30; k++)
			put_doc(&w, (i * 30 + k) % DOCS);
		world_commit(&w);
	}
	index_count(w.x, &c);
	assert_true(c.runs <= 2 * FANOUT * 3);
	while (more) {
		uint64_t number;

		world_begin(&w, true);
		OK(merge_carry_on(w.x, w.t, 4000, &more, &w.f.err));
		OK(super_write(&w.x->super, w.t, &w.f.err));
		number = kv_txn_number(w.t);
		commit(&w.f, w.t);
		index_committed(w.x, number);
	}
	world_begin(&w, false);
	compare(&w, 10);
	index_count(w.x, &c);
	assert_true(c.runs < FANOUT * 2);
	/* Every block in the table belongs to a run, but for the state record. */
	kv_range(w.t, KV_INDEX, &first, &next, &blocks);
	assert_int_equal(blocks, c.blocks + 1);
	kv_abort(&w.t);
	assert_sound(&w.f);
	world_free(&w);
}

/* ---- what shows without a key ------------------------------------------------------ */

struct shown {
	struct world *w;
	enum kv_table table;
	size_t values;
	size_t others; /* of another length than a block's */
};

static enum saksi_err look(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct shown *s = ctx;
	struct buf sealed = BUF_INIT;
	bool found;

	(void)p;
	(void)len;
	OK(kv_read_sealed(&sealed, &found, s->w->t, s->table, n, err));
	assert_true(found);
	s->values++;
	s->others += sealed.len != 1 + CRYPTO_SEAL_OVERHEAD + 1980;
	/* One of the few lengths there are, with its head and seal. */
	assert_int_equal(kv_frame_len(sealed.len - 1 - CRYPTO_SEAL_OVERHEAD - 5),
	    sealed.len - 1 - CRYPTO_SEAL_OVERHEAD);
	buf_free(&sealed);
	return SAKSI_OK;
}

static void look_at(struct world *w, struct shown *s, enum kv_table table)
{
	*s = (struct shown){.w = w, .table = table};
	OK(kv_scan(w->t, table, 0, look, s, &w->f.err));
}

/* A document of words that all have, or that it has alone. */
static void say(struct world *w, uint64_t doc, bool common)
{
	struct index_doc d = INDEX_DOC_INIT;
	struct index_term t;
	char word[32];

	id_of(&t, doc);
	index_doc_term(&d, &t);
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(word, sizeof(word), "word%08u%02u",
		    common ? 0 : (unsigned)doc, i);
		index_doc_word(&d, word, strlen(word), 2 * i + 1, 1);
	}
	OK(index_put(w->x, doc, &d, &w->f.err));
	index_doc_free(&d);
}

static void test_blocks_have_one_size(void **state)
{
	(void)state;
	for (unsigned common = 0; common < 2; common++) {
		struct shown before, after, tail;
		struct world w;

		world_new(&w, 11);
		for (uint64_t doc = 1; doc <= 300; doc++) {
			if (doc % 100 == 1)
				world_begin(&w, true);
			say(&w, doc, common == 1);
			if (doc % 100 == 0)
				world_commit(&w);
		}
		world_begin(&w, false);
		look_at(&w, &before, KV_INDEX);
		look_at(&w, &tail, KV_TAIL);
		assert_int_equal(tail.values, 0);
		assert_true(before.values > 6);
		assert_true(before.others <= 1); /* the state record */
		kv_abort(&w.t);
		/* A small change adds one value of the tail, and no block. */
		for (uint64_t doc = 301; doc <= 305; doc++) {
			world_begin(&w, true);
			say(&w, doc, common == 1);
			world_commit(&w);
		}
		world_begin(&w, false);
		look_at(&w, &after, KV_INDEX);
		look_at(&w, &tail, KV_TAIL);
		assert_int_equal(tail.values, 5);
		assert_int_equal(after.values, before.values);
		kv_abort(&w.t);
		world_free(&w);
	}
}

static void test_clear(void **state)
{
	struct world w;
	uint64_t number;

	(void)state;
	world_new(&w, 5);
	for (unsigned i = 0; i < 20; i++) {
		world_begin(&w, true);
		for (unsigned k = 0; k < 1 + i * 5; k++)
			put_doc(&w, draw(&w, DOCS));
		world_commit(&w);
	}
	world_begin(&w, true);
	OK(index_clear(w.x, w.t, &w.f.err));
	memset(w.now, 0, sizeof(*w.now));
	put_doc(&w, 17);
	number = kv_txn_number(w.t);
	OK(index_flush(w.x, w.t, &w.f.err));
	commit(&w.f, w.t);
	index_committed(w.x, number);
	index_free(&w.x);
	OK(index_new(&w.x, NULL));
	world_begin(&w, false);
	compare(&w, 10);
	kv_abort(&w.t);
	assert_sound(&w.f);
	world_free(&w);
}

/* Another process wrote meanwhile: this one follows, and what it knew is not mixed in. */
static void test_two_readers(void **state)
{
	struct world w;
	struct index *other = NULL;

	(void)state;
	world_new(&w, 31);
	OK(index_new(&other, NULL));
	for (unsigned i = 0; i < 120; i++) {
		struct index *mine = w.x;

		if (i % 3 == 0)
			w.x = other;
		world_begin(&w, true);
		for (unsigned k = 0; k < 1 + (i % 17 == 0) * 40; k++)
			put_doc(&w, draw(&w, DOCS / 20));
		world_commit(&w);
		w.x = mine;
		if (i % 10 == 9) {
			world_begin(&w, false);
			compare(&w, 3);
			kv_abort(&w.t);
		}
	}
	index_free(&other);
	world_free(&w);
}

/* A transaction that began before others committed sees what it saw. */
static void test_an_older_state(void **state)
{
	struct model *old = calloc(1, sizeof(*old)), *now;
	struct kv_txn *reader;
	struct world w;

	(void)state;
	assert_non_null(old);
	world_new(&w, 37);
	world_begin(&w, true);
	for (unsigned k = 0; k < 20; k++)
		put_doc(&w, draw(&w, DOCS / 20));
	world_commit(&w);
	*old = *w.now;
	reader = begin(&w.f, false);
	/* Into the tail, then on until all of it is a segment, and merged. */
	for (unsigned i = 0; i < 300; i++) {
		world_begin(&w, true);
		put_doc(&w, draw(&w, DOCS / 20));
		world_commit(&w);
		if (i % 50 > 1)
			continue;
		now = w.now;
		w.now = old;
		w.t = reader;
		OK(index_sync(w.x, w.t, &w.f.err));
		compare(&w, 3);
		w.now = now;
		world_begin(&w, false);
		compare(&w, 3);
		kv_abort(&w.t);
	}
	kv_abort(&reader);
	free(old);
	world_free(&w);
}

/* ---- aborted ------------------------------------------------------------------------ */

static void named(struct index_term *t, uint64_t doc, uint8_t life)
{
	uint8_t id[16] = {life};

	le64_put(id + 1, doc * UINT64_C(0x9e3779b97f4a7c15));
	index_term(t, IX_ID, id, sizeof(id));
}

static void put_life(struct world *w, uint64_t docs, uint8_t life)
{
	for (uint64_t i = 1; i <= docs; i++) {
		struct index_doc d = INDEX_DOC_INIT;
		struct index_term t;

		named(&t, i, life);
		index_doc_term(&d, &t);
		for (unsigned k = 0; k < 20; k++) {
			char word[40];
			int n = snprintf(word, sizeof(word), "w%u-%u-%u", (unsigned)i, k,
			    life);

			index_doc_word(&d, word, (size_t)n, k, 1);
		}
		OK(index_put(w->x, i, &d, &w->f.err));
		index_doc_free(&d);
	}
	OK(index_flush(w->x, w->t, &w->f.err));
}

static void find_life(struct world *w, uint64_t docs, uint8_t life)
{
	for (uint64_t i = 1; i <= docs; i++) {
		struct index_term t;
		uint64_t doc = 0;
		bool found;

		named(&t, i, life);
		OK(index_find_one(w->x, w->t, &t, &doc, NULL, &found, &w->f.err));
		assert_true(found);
		assert_int_equal(doc, i);
	}
}

/* Blocks of an aborted transaction are not taken for those that get their numbers. */
static void test_after_abort(void **state)
{
	enum { MANY_DOCS = 400 };
	struct world w;

	(void)state;
	world_new(&w, 1);
	w.t = begin(&w.f, true);
	OK(index_sync(w.x, w.t, &w.f.err));
	put_life(&w, MANY_DOCS, 1);
	find_life(&w, MANY_DOCS, 1);
	kv_abort(&w.t);
	index_forget(w.x);
	w.t = begin(&w.f, true);
	OK(index_sync(w.x, w.t, &w.f.err));
	put_life(&w, MANY_DOCS, 2);
	uint64_t number = kv_txn_number(w.t);
	OK(kv_commit(&w.t, &w.f.err));
	index_committed(w.x, number);
	w.t = begin(&w.f, false);
	OK(index_sync(w.x, w.t, &w.f.err));
	find_life(&w, MANY_DOCS, 2);
	kv_abort(&w.t);
	world_free(&w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_after_abort),
    cmocka_unit_test(test_small_numbers),
    cmocka_unit_test(test_long_terms),
    cmocka_unit_test(test_model),
    cmocka_unit_test(test_tiers),
    cmocka_unit_test(test_blocks_have_one_size),
    cmocka_unit_test(test_clear),
    cmocka_unit_test(test_two_readers),
    cmocka_unit_test(test_an_older_state),
};

TEST_MAIN(tests, setup_hardened, NULL)
