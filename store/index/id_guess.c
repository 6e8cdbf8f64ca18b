/*
 * id_guess.c - which documents ids probably name, without going down to a leaf.
 *
 * A leaf holds about a hundred ids, and in a large vault there are far more leaves
 * than can be kept.  So when one is read, what its ids name is noted, in eight bytes
 * each: some bits of an id choose a line, others tell it from the rest of the
 * line.  Two ids can be alike in all of these, and what was noted gives way to
 * what comes later: it is a guess.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/secret.h>

#include "index_int.h"

#define WAYS 8u
#define LINE_BITS 6u
#define LINES \
	(1u << LINE_BITS) /* of a part: 4 KiB; one look-up fills little more than one */
#define PART_BITS 11u	  /* at most: 8 MiB */

struct line {
	uint32_t rest[WAYS];
	uint32_t doc[WAYS]; /* 0: none */
};
struct guesses {
	unsigned bits;	     /* of an id, that choose the part */
	struct line *part[]; /* NULL: nothing in it yet */
};

struct place {
	size_t part, line;
	uint32_t rest;
};

/* Ids are random; neighbours in a leaf are neighbours here, too. */
static struct place place_of(const struct guesses *g, const uint8_t *id)
{
	struct place p;
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | id[i];
	p.part = g->bits == 0 ? 0 : (size_t)(v >> (64 - g->bits));
	v <<= g->bits;
	p.line = (size_t)(v >> (64 - LINE_BITS));
	p.rest = (uint32_t)(v << LINE_BITS >> 32);
	return p;
}

static bool is_id(const uint8_t *term, size_t n)
{
	return n == 1 + sizeof(struct saksi_id) && term[0] == IX_ID;
}

/* As many parts as give each document a place, if they lie evenly. */
static struct guesses *guesses_new(const struct index *x)
{
	unsigned bits = 0;
	struct index_counts c;
	struct guesses *g;

	index_count(x, &c);
	while (bits < PART_BITS && (uint64_t)WAYS * LINES << bits < c.docs)
		bits++;
	g = calloc(1, sizeof(*g) + sizeof(*g->part) * ((size_t)1 << bits));
	if (g != NULL)
		g->bits = bits;
	return g;
}

void guesses_free(struct guesses **g)
{
	if (*g == NULL)
		return;
	for (size_t i = 0; i < (size_t)1 << (*g)->bits; i++)
		if ((*g)->part[i] != NULL) {
			wipe((*g)->part[i], LINES * sizeof(struct line));
			free((*g)->part[i]);
		}
	free(*g);
	*g = NULL;
}

static void note(struct line *l, uint32_t rest, uint32_t doc)
{
	unsigned at = doc % WAYS; /* who gives way where there is no room */

	for (unsigned i = 0; i < WAYS; i++) {
		if (l->doc[i] == 0 || l->rest[i] == rest) {
			at = i;
			break;
		}
	}
	l->rest[at] = rest;
	l->doc[at] = doc;
}

void guesses_learn(struct index *x, const uint8_t *leaf, size_t n)
{
	struct block_iter it;

	/* Nobody has guessed yet, or there was no memory. */
	if (x->guesses == NULL || block_open(&it, leaf, n, NULL) != SAKSI_OK ||
	    it.kind != BLOCK_LEAF)
		return;
	while (block_next(&it)) {
		struct place p;
		struct line **part;

		if (!is_id(it.term, it.term_len) || it.doc == 0 || it.doc > UINT32_MAX)
			continue;
		p = place_of(x->guesses, it.term + 1);
		part = &x->guesses->part[p.part];
		if (*part == NULL && (*part = calloc(LINES, sizeof(**part))) == NULL)
			break;
		note(&(*part)[p.line], p.rest, (uint32_t)it.doc);
	}
	wipe(it.term, sizeof(it.term));
}

uint64_t index_guess(struct index *x, const struct index_term *t)
{
	struct place p;
	const struct line *l;

	if (x->guesses == NULL)
		x->guesses = guesses_new(x);
	if (x->guesses == NULL || !is_id(t->b, t->n))
		return 0;
	p = place_of(x->guesses, t->b + 1);
	if (x->guesses->part[p.part] == NULL)
		return 0;
	l = &x->guesses->part[p.part][p.line];
	for (unsigned i = 0; i < WAYS; i++)
		if (l->rest[i] == p.rest && l->doc[i] != 0)
			return l->doc[i];
	return 0;
}
