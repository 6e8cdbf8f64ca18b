/*
 * gather_sort.c - what was put, sorted into a run.
 *
 * Every term gets a slot in a hash table, slots are sorted by their terms, and
 * postings follow their slots in the order of documents.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/secret.h>

#include "gather.h"

#define NONE UINT32_MAX

struct slot {
	const uint8_t *term;
	uint32_t n, postings;
	uint32_t last;	/* its newest posting */
	uint32_t begin; /* of its postings in ${sorted} */
};
struct posting {
	uint32_t slot, put;
	uint32_t first_place, last_place; /* of a word */
	uint32_t times;
	uint8_t weight;
};
struct place {
	uint32_t next, position;
};
struct sorting {
	const struct gather *g;
	struct slot *slots;
	size_t n_slots, cap_slots;
	uint64_t *hashes;
	size_t cap_hashes;
	struct table table;
	struct posting *postings;
	size_t n_postings, cap_postings;
	struct place *places;
	size_t n_places, cap_places;
	struct term_place *order; /* slots by term */
	uint32_t *sorted; /* postings by the order of their slots, then document */
};

static void sorting_free(struct sorting *s)
{
	if (s->order != NULL)
		wipe(s->order, s->n_slots * sizeof(*s->order)); /* it has parts of words */
	free(s->slots);
	free(s->hashes);
	free(s->table.slot);
	free(s->postings);
	free(s->places);
	free(s->order);
	free(s->sorted);
}

static bool slot_of(struct sorting *s, const uint8_t *term, size_t n, uint32_t *out)
{
	uint64_t hash = term_hash(term, n), *hashes;
	struct slot *slots;
	size_t at;

	if (2 * (s->n_slots + 1) > s->table.cap &&
	    !table_grow(&s->table, s->hashes, s->n_slots))
		return false;
	at = (size_t)hash & (s->table.cap - 1);
	for (; s->hashes != NULL && s->table.slot[at] != 0;
	     at = (at + 1) & (s->table.cap - 1)) {
		*out = s->table.slot[at] - 1;
		if (s->hashes[*out] == hash &&
		    term_cmp(s->slots[*out].term, s->slots[*out].n, term, n) == 0)
			return true;
	}
	slots = list_room(s->slots, s->n_slots, &s->cap_slots, sizeof(*slots));
	if (slots == NULL)
		return false;
	s->slots = slots;
	hashes = list_room(s->hashes, s->n_slots, &s->cap_hashes, sizeof(*hashes));
	if (hashes == NULL || s->n_slots >= NONE - 1)
		return false;
	s->hashes = hashes;
	*out = (uint32_t)s->n_slots++;
	s->hashes[*out] = hash;
	s->slots[*out] = (struct slot){term, (uint32_t)n, 0, NONE, 0};
	s->table.slot[at] = *out + 1;
	return true;
}

static bool posting_of(struct sorting *s, uint32_t slot, uint32_t put,
    struct posting **out)
{
	struct slot *k = &s->slots[slot];
	struct posting *list;

	if (k->last != NONE && s->postings[k->last].put == put) {
		*out = &s->postings[k->last];
		return true;
	}
	list = list_room(s->postings, s->n_postings, &s->cap_postings, sizeof(*list));
	if (list == NULL || s->n_postings >= NONE - 1)
		return false;
	s->postings = list;
	k->last = (uint32_t)s->n_postings++;
	k->postings++;
	*out = &s->postings[k->last];
	**out = (struct posting){slot, put, NONE, NONE, 0, 0};
	return true;
}

static bool add_place(struct sorting *s, struct posting *p, uint32_t position,
    uint8_t weight)
{
	struct place *list =
	    list_room(s->places, s->n_places, &s->cap_places, sizeof(*list));

	if (list == NULL || s->n_places >= NONE - 1)
		return false;
	s->places = list;
	s->places[s->n_places] = (struct place){NONE, position};
	if (p->last_place == NONE)
		p->first_place = (uint32_t)s->n_places;
	else
		s->places[p->last_place].next = (uint32_t)s->n_places;
	p->last_place = (uint32_t)s->n_places++;
	p->times++;
	if (weight > p->weight)
		p->weight = weight;
	return true;
}

static bool add_put(struct sorting *s, uint32_t at)
{
	const struct buf *list = &s->g->puts[at].said.list;
	const uint8_t *p = list->p, *end = p + list->len;

	while (p < end) {
		uint8_t what = p[0];
		size_t n = p[1];
		struct posting *posting;
		uint64_t position;
		uint32_t slot;

		if (!slot_of(s, p + 2, n, &slot) || !posting_of(s, slot, at, &posting))
			return false;
		p += 2 + n;
		if (what != OCC_TERM &&
		    (!varint_get(&p, end, &position) ||
			!add_place(s, posting, (uint32_t)position,
			    (uint8_t)(what - OCC_WORD))))
			return false;
	}
	return true;
}

static int by_doc(const void *pa, const void *pb)
{
	const struct put *a = pa, *b = pb;

	return (a->doc > b->doc) - (a->doc < b->doc);
}

static bool sort_slots(struct sorting *s)
{
	uint32_t at = 0;

	s->order = calloc(s->n_slots + 1, sizeof(*s->order));
	s->sorted = calloc(s->n_postings + 1, sizeof(*s->sorted));
	if (s->order == NULL || s->sorted == NULL)
		return false;
	for (size_t i = 0; i < s->n_slots; i++) {
		s->order[i].term = s->slots[i].term;
		s->order[i].n = s->slots[i].n;
		s->order[i].which = (uint32_t)i;
	}
	term_sort(s->order, s->n_slots);
	for (size_t i = 0; i < s->n_slots; i++) {
		struct slot *k = &s->slots[s->order[i].which];

		k->begin = at;
		at += k->postings;
		k->last = 0; /* from here on: how many were placed */
	}
	for (size_t i = 0; i < s->n_postings; i++) {
		struct slot *k = &s->slots[s->postings[i].slot];

		s->sorted[k->begin + k->last++] = (uint32_t)i;
	}
	return true;
}

/* ---- writing the run ------------------------------------------------------------------ */

static void write_positions(struct sorting *s, const struct posting *p, struct buf *out)
{
	uint64_t last = 0, at;

	out->len = 0;
	for (uint32_t i = p->first_place; i != NONE; i = s->places[i].next) {
		/* Places count from 1: 0 alone says that there are too many to keep. */
		at = (uint64_t)s->places[i].position + 1;
		if (out->len + VARINT_MAX > INDEX_PAYLOAD_MAX) {
			out->len = 0;
			buf_varint(out, 0);
			return;
		}
		buf_varint(out, (at - last) << 1 | (s->places[i].next != NONE));
		last = at;
	}
}

static void payload_of(struct sorting *s, uint8_t family, const struct posting *p,
    struct buf *out)
{
	const struct slot *k = &s->slots[p->slot];
	const struct buf *with;

	out->len = 0;
	if (family == IX_WORD)
		buf_add_byte(out, index_impact(p->weight, p->times));
	else if (family == IX_POSITION)
		write_positions(s, p, out);
	else if (family == IX_ARRIVAL &&
	    (with = gather_payload(s->g, k->term, k->n)) != NULL)
		buf_add(out, with->p, with->len);
}

struct run_writing {
	struct run *r;
	struct chunk_build chunk;
	struct buf bytes, payload;
};

/* The slot that is number ${rank} by its term. */
static void write_slot(struct sorting *s, struct run_writing *w, size_t rank,
    uint8_t family)
{
	const struct slot *k = &s->slots[s->order[rank].which];
	uint8_t term[INDEX_TERM_MAX];

	chunk_reset(&w->chunk);
	for (uint32_t i = 0; i < k->postings; i++) {
		const struct posting *p = &s->postings[s->sorted[k->begin + i]];

		payload_of(s, family, p, &w->payload);
		chunk_add(&w->chunk, family_payload(family), s->g->puts[p->put].doc,
		    w->payload.p, w->payload.len);
	}
	memcpy(term, k->term, k->n);
	term[0] = family;
	w->bytes.len = 0;
	chunk_write(&w->bytes, &w->chunk);
	run_write_entry(&w->r->bytes, term, k->n, w->bytes.p, w->bytes.len);
	w->r->bytes.failed |= w->bytes.failed || w->payload.failed;
}

/* The documents themselves, before all else. */
static void write_docs(struct sorting *s, struct run_writing *w)
{
	static const uint8_t term[] = {IX_DOCS};
	const struct gather *g = s->g;
	struct run *r = w->r;

	r->min_doc = 1;
	r->max_doc = 0;
	for (size_t i = 0; i < g->n_puts; i++) {
		const struct put *p = &g->puts[i];
		uint8_t cls = index_length_class(p->said.words);

		if (p->log)
			continue;
		if (r->docs++ == 0)
			r->min_doc = p->doc;
		r->max_doc = p->doc;
		r->words += index_length(cls);
		chunk_add(&w->chunk, PAYLOAD_BYTE, p->doc, &cls, 1);
	}
	if (r->docs == 0)
		return;
	chunk_write(&w->bytes, &w->chunk);
	run_write_entry(&r->bytes, term, sizeof(term), w->bytes.p, w->bytes.len);
}

static uint8_t family_at(const struct sorting *s, size_t rank)
{
	return s->order[rank].term[0];
}

static void write_all(struct sorting *s, struct run_writing *w)
{
	size_t words = SIZE_MAX;

	write_docs(s, w);
	for (size_t k = 0; k < s->n_slots; k++) {
		uint8_t family = family_at(s, k);

		/* The same words once more, with their places, follow the words. */
		if (words != SIZE_MAX && family > IX_POSITION) {
			for (size_t i = words;
			     i < s->n_slots && family_at(s, i) == IX_WORD; i++)
				write_slot(s, w, i, IX_POSITION);
			words = SIZE_MAX;
		}
		if (family == IX_WORD && words == SIZE_MAX)
			words = k;
		write_slot(s, w, k, family);
	}
	for (size_t i = words; i < s->n_slots && family_at(s, i) == IX_WORD; i++)
		write_slot(s, w, i, IX_POSITION);
}

static enum saksi_err sort_and_write(struct sorting *s, struct run_writing *w,
    struct saksi_error *err)
{
	const struct gather *g = s->g;

	/* by_doc: the table of puts is of no use from here on. */
	qsort(g->puts, g->n_puts, sizeof(*g->puts), by_doc);
	for (uint32_t i = 0; i < g->n_puts; i++)
		if (!add_put(s, i))
			return saksi_fail_nomem(err);
	if (!sort_slots(s))
		return saksi_fail_nomem(err);
	write_all(s, w);
	return buf_ok(&w->r->bytes, err);
}

/* ${g} stays as it is, but for the order of its puts. */
static enum saksi_err run_of(const struct gather *g, struct run **out,
    struct saksi_error *err)
{
	struct sorting s = {.g = g};
	struct run_writing w = {.r = calloc(1, sizeof(*w.r))};
	enum saksi_err rc;

	*out = NULL;
	if (w.r == NULL)
		return saksi_fail_nomem(err);
	if ((rc = sort_and_write(&s, &w, err)) == SAKSI_OK)
		rc = run_parse(w.r, err);
	sorting_free(&s);
	chunk_build_free(&w.chunk);
	buf_free(&w.bytes);
	buf_free(&w.payload);
	if (rc != SAKSI_OK) {
		run_free(w.r);
		return rc;
	}
	*out = w.r;
	return SAKSI_OK;
}

enum saksi_err gather_run(struct gather *g, struct run **out, struct saksi_error *err)
{
	enum saksi_err rc = run_of(g, out, err);

	gather_forget(g);
	return rc;
}

/* ---- beforehand ------------------------------------------------------------------------ */

enum saksi_err index_sort(struct index_sorted **out, const struct index_sort_doc *docs,
    size_t n, struct saksi_error *err)
{
	struct index_sorted *s = calloc(1, sizeof(*s));
	struct gather g = {.puts = calloc(n, sizeof(*g.puts)), .n_puts = n};
	enum saksi_err rc;

	*out = NULL;
	if (s == NULL || g.puts == NULL) {
		rc = saksi_fail_nomem(err);
		goto fail;
	}
	for (size_t i = 0; i < n; i++) {
		g.puts[i].doc = docs[i].doc;
		g.puts[i].said = *docs[i].says;
	}
	s->n = n;
	if ((rc = run_of(&g, &s->run, err)) == SAKSI_OK) {
		*out = s;
		s = NULL;
	}
fail:
	free(g.puts);
	free(s);
	return rc;
}

void index_sorted_free(struct index_sorted **s)
{
	if (*s != NULL)
		run_free((*s)->run);
	free(*s);
	*s = NULL;
}
