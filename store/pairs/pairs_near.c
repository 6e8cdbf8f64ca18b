/*
 * pairs_near.c - names whose skeletons differ by a consonant or two.
 *
 * Two words that differ by one letter are equal when the right letter is taken
 * from each, or from one.  So every skeleton of a whole name stands under a key for
 * each letter that can be missing (of a long one for each two letters), and those
 * under one key are compared (Mor and Fraenkel, A hash code method for detecting
 * and correcting spelling errors, 1982).  The keys are made in as many passes as
 * keep the list of them small.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "pairs_int.h"
#include "terms.h"

#define BONES_MAX 40u /* bytes of a skeleton; longer ones are equal or not */
#define TWO_LEAST 6u  /* letters of one of which two may be missing */
#define TWO_MOST 16u
#define WORDS_MAX 8u
#define SPELL_PIECES 58u    /* of all skeletons, and their documents: 14.5 MiB */
#define KEYS_MAX (1u << 20) /* in one pass */
#define GROUP_MAX 16u	    /* skeletons under one key */
#define SPELLINGS_MAX 12u   /* records of one skeleton */

struct key {
	uint32_t hash, at; /* where its skeleton begins in the pool */
};
/*
 * In the pool: a skeleton and NUL, how many documents (1), and each of their numbers
 * less the one before as a varint.
 */
struct spellings {
	struct pair_pool pool;
	bool full;
};
struct joining {
	struct pairing *p;
	const struct pair_pool *pool;
	struct key *keys;
	size_t n;
	uint64_t all; /* keys of all skeletons */
	uint32_t pass, passes;
	uint32_t at;
	bool full;
};

/* ---- keys ------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

static uint64_t hash_words(char *s)
{
	char *words[WORDS_MAX] = {NULL};
	size_t n = 0;
	uint64_t h = 0xcbf29ce484222325u;

	for (char *at = s; at != NULL && n < WORDS_MAX;) {
		char *end = strchr(at, ' ');

		if (end != NULL)
			*end++ = '\0';
		if (*at != '\0')
			words[n++] = at;
		at = end;
	}
	qsort(words, n, sizeof(words[0]), by_text);
	for (size_t i = 0; i < n; i++) {
		for (const char *c = words[i]; *c != '\0'; c++)
			h = (h ^ (uint8_t)*c) * 0x100000001b3u;
		h = (h ^ ' ') * 0x100000001b3u;
	}
	return h ^ h >> 29;
}

static void add_key(struct joining *j, const char *bones, size_t skip, size_t skip2)
{
	char s[BONES_MAX + 1];
	size_t n = 0;
	uint64_t h;

	for (size_t i = 0; bones[i] != '\0'; i++)
		if (i != skip && i != skip2)
			s[n++] = bones[i];
	s[n] = '\0';
	h = hash_words(s);
	j->all++;
	if (j->passes == 0 || h % j->passes != j->pass)
		return;
	if (j->n == KEYS_MAX) {
		j->full = true; /* cannot be, unless keys fall together badly */
		return;
	}
	j->keys[j->n++] = (struct key){(uint32_t)(h >> 32), j->at};
}

static void add_keys(struct joining *j, const char *bones)
{
	size_t n = strlen(bones), count = 0;
	bool two;

	for (size_t i = 0; i < n; i++)
		count += bones[i] != ' ';
	two = count >= TWO_LEAST && count <= TWO_MOST;
	add_key(j, bones, SIZE_MAX, SIZE_MAX);
	for (size_t i = 0; i < n; i++) {
		if (bones[i] == ' ')
			continue;
		add_key(j, bones, i, SIZE_MAX);
		for (size_t k = i + 1; two && k < n; k++)
			if (bones[k] != ' ')
				add_key(j, bones, i, k);
	}
}

/* ---- skeletons ---------------------------------------------------------------------------- */

static bool is_candidate(const struct index_term *t)
{
	return t->n > 3 && t->n - 1 <= BONES_MAX && t->b[1] != SKELETON_PART_TAG &&
	    memchr(t->b + 1, ' ', t->n - 1) != NULL &&
	    memchr(t->b + 1, '\0', t->n - 1) == NULL;
}

enum saksi_err spellings_note(struct pairing *p, const struct index_term *term,
    const uint64_t *docs, size_t n, struct saksi_error *err)
{
	struct spellings *s = p->spellings;
	uint8_t entry[BONES_MAX + 2 + SPELLINGS_MAX * VARINT_MAX], *end = entry, *room;
	size_t len = term->n - 1;
	uint64_t last = 0;
	uint32_t at;

	if (!is_candidate(term))
		return SAKSI_OK;
	if (s == NULL && (s = p->spellings = calloc(1, sizeof(*s))) == NULL)
		return saksi_fail_nomem(err);
	if (!pair_pool_has_room(&s->pool, sizeof(entry), SPELL_PIECES)) {
		s->full = true;
		return SAKSI_OK;
	}
	memcpy(end, term->b + 1, len);
	end += len;
	*end++ = 0;
	*end++ = (uint8_t)(n <= SPELLINGS_MAX ? n : SPELLINGS_MAX + 1);
	for (size_t i = 0; n <= SPELLINGS_MAX && i < n; last = docs[i++])
		end += varint_put(end, docs[i] - last);
	room = pair_pool_room(&s->pool, (size_t)(end - entry), &at);
	if (room != NULL)
		memcpy(room, entry, (size_t)(end - entry));
	wipe(entry, (size_t)(end - entry));
	return room != NULL ? SAKSI_OK : saksi_fail_nomem(err);
}

void spellings_free(struct spellings **s)
{
	if (*s != NULL)
		pair_pool_free(&(*s)->pool);
	free(*s);
	*s = NULL;
}

static const char *bones_at(const struct joining *j, uint32_t at)
{
	return (const char *)pair_pool_at(j->pool, at);
}

/* The documents of the skeleton at ${at}, and where the next one begins. */
static size_t docs_of(const struct joining *j, uint32_t at, uint64_t docs[SPELLINGS_MAX],
    uint32_t *next)
{
	const uint8_t *begin = pair_pool_at(j->pool, at),
		      *end = pair_pool_end(j->pool, at);
	const uint8_t *p = begin + strlen((const char *)begin) + 1;
	size_t n = *p++;
	uint64_t last = 0, step = 0;

	for (size_t i = 0; n <= SPELLINGS_MAX && i < n; i++) {
		(void)varint_get(&p, end, &step);
		docs[i] = last += step;
	}
	*next = at + (uint32_t)(p - begin);
	return n;
}

static void make_keys(struct joining *j)
{
	uint64_t docs[SPELLINGS_MAX];
	uint32_t next;

	j->n = 0;
	j->all = 0;
	for (size_t i = 0; i < j->pool->n; i++) {
		uint32_t first = (uint32_t)(i * POOL_PIECE);

		for (uint32_t at = first; at < first + j->pool->used[i]; at = next) {
			j->at = at;
			add_keys(j, bones_at(j, at));
			(void)docs_of(j, at, docs, &next);
		}
	}
}

/* ---- pairs of skeletons ------------------------------------------------------------------- */

static size_t letters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s != ' ';
	return n;
}

static enum saksi_err compare(struct joining *j, uint32_t a, uint32_t b,
    struct saksi_error *err)
{
	const char *x = bones_at(j, a), *y = bones_at(j, b);
	uint64_t docs[2 * SPELLINGS_MAX];
	uint32_t next;
	size_t n = docs_of(j, a, docs, &next), m;
	bool loose;

	m = n <= SPELLINGS_MAX ? docs_of(j, b, docs + n, &next) : 0;
	if (n > SPELLINGS_MAX || m > SPELLINGS_MAX) {
		j->p->out->common_spellings++;
		return SAKSI_OK;
	}
	loose = letters(x) >= TWO_LEAST && letters(y) >= TWO_LEAST &&
	    text_distance(x, y, 2) <= 2;
	return pairing_block(j->p, docs, n + m, n, loose, err);
}

static int by_hash(const void *x, const void *y)
{
	const struct key *a = x, *b = y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

/* One skeleton can have come to a key in two ways. */
static size_t distinct(uint32_t out[GROUP_MAX], const struct key *keys, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && keys[i].at == keys[i - 1].at)
			continue;
		if (k == GROUP_MAX)
			return GROUP_MAX + 1;
		out[k++] = keys[i].at;
	}
	return k;
}

static enum saksi_err compare_group(struct joining *j, const struct key *keys, size_t n,
    struct saksi_error *err)
{
	uint32_t at[GROUP_MAX];
	size_t k = distinct(at, keys, n);
	enum saksi_err rc = SAKSI_OK;

	if (k > GROUP_MAX) {
		j->p->out->common_spellings++;
		return SAKSI_OK;
	}
	for (size_t a = 0; a < k; a++)
		for (size_t b = a + 1; b < k && rc == SAKSI_OK; b++)
			rc = compare(j, at[a], at[b], err);
	return rc;
}

static enum saksi_err compare_all(struct joining *j, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	pair_sort(j->keys, j->n, sizeof(*j->keys), by_hash);
	for (size_t i = 0, end; i < j->n && rc == SAKSI_OK; i = end) {
		for (end = i + 1; end < j->n && j->keys[end].hash == j->keys[i].hash;
		     end++)
			;
		if (end - i > 1)
			rc = compare_group(j, j->keys + i, end - i, err);
		pairing_step(j->p);
	}
	return rc;
}

enum saksi_err pairs_by_spelling(struct pairing *p, struct saksi_error *err)
{
	struct joining j = {.p = p};
	enum saksi_err rc = SAKSI_OK;

	if (p->spellings == NULL)
		return SAKSI_OK;
	j.pool = &p->spellings->pool;
	make_keys(&j); /* counts them */
	j.passes = (uint32_t)(j.all / (KEYS_MAX / 2)) + 1;
	j.keys = calloc(j.all < KEYS_MAX ? (size_t)j.all + 1 : KEYS_MAX, sizeof(*j.keys));
	if (j.keys == NULL)
		rc = saksi_fail_nomem(err);
	for (j.pass = 0; j.pass < j.passes && rc == SAKSI_OK; j.pass++) {
		make_keys(&j);
		rc = compare_all(&j, err);
	}
	p->out->common_spellings += j.full || p->spellings->full;
	free(j.keys);
	return rc;
}
