/*
 * gather.c - what one transaction puts, sorted into a run.
 *
 * Each document's occurrences are kept as they came until the flush, so that
 * a document that is put again replaces itself.  Then every term gets a slot
 * in a hash table, slots are sorted by their terms, and postings follow their
 * slots in the order of documents.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/secret.h>

#include "index_int.h"

/* ---- hash tables ------------------------------------------------------------------ */

struct table { /* hash -> position + 1 */
	uint32_t *slot;
	size_t cap, n;
};

static bool table_grow(struct table *t, const uint64_t *hashes, size_t n)
{
	size_t cap = t->cap == 0 ? 256 : t->cap * 2;
	uint32_t *slot = calloc(cap, sizeof(*slot));

	if (slot == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t at = (size_t)hashes[i] & (cap - 1);

		while (slot[at] != 0)
			at = (at + 1) & (cap - 1);
		slot[at] = (uint32_t)i + 1;
	}
	free(t->slot);
	t->slot = slot;
	t->cap = cap;
	return true;
}

/* ---- what was put ------------------------------------------------------------------ */

struct put { /* a document, or a changeset */
	uint64_t doc;
	bool log;
	struct index_doc said;
};
struct gather {
	struct put *puts;
	size_t n_puts, cap_puts;
	/* puts by (log, document), and terms of index_find_one() */
	struct table by_doc;
	uint64_t *doc_hash;
	size_t cap_hash;
	struct one {
		struct index_term term;
		uint64_t doc;
		struct buf payload;
	} * ones;
	size_t n_ones, cap_ones;
	struct table by_one;
	uint64_t *one_hash;
	size_t cap_one_hash;
};

enum saksi_err gather_new(struct gather **out, struct saksi_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? saksi_fail_nomem(err) : SAKSI_OK;
}

static void forget(struct gather *g)
{
	for (size_t i = 0; i < g->n_puts; i++)
		index_doc_free(&g->puts[i].said);
	for (size_t i = 0; i < g->n_ones; i++)
		buf_free(&g->ones[i].payload);
	free(g->puts);
	if (g->ones != NULL)
		wipe(g->ones, g->n_ones * sizeof(*g->ones));
	free(g->ones);
	free(g->doc_hash);
	free(g->one_hash);
	free(g->by_doc.slot);
	free(g->by_one.slot);
	memset(g, 0, sizeof(*g));
}

void gather_free(struct gather **g)
{
	if (*g == NULL)
		return;
	forget(*g);
	free(*g);
	*g = NULL;
}

bool gather_empty(const struct gather *g)
{
	return g->n_puts == 0;
}

static uint64_t put_hash(uint64_t doc, bool log)
{
	uint8_t key[9];

	le64_put(key, doc);
	key[8] = log;
	return term_hash(key, sizeof(key));
}

static struct put *find_put(const struct gather *g, uint64_t doc, bool log, uint64_t hash)
{
	if (g->by_doc.cap == 0)
		return NULL;
	for (size_t i = (size_t)hash & (g->by_doc.cap - 1); g->by_doc.slot[i] != 0;
	     i = (i + 1) & (g->by_doc.cap - 1)) {
		struct put *p = &g->puts[g->by_doc.slot[i] - 1];

		if (p->doc == doc && p->log == log)
			return p;
	}
	return NULL;
}

static enum saksi_err new_put(struct gather *g, uint64_t doc, bool log, struct put **out,
    struct saksi_error *err)
{
	uint64_t hash = put_hash(doc, log), *hashes;
	struct put *puts;
	size_t at;

	if ((*out = find_put(g, doc, log, hash)) != NULL)
		return SAKSI_OK;
	puts = list_room(g->puts, g->n_puts, &g->cap_puts, sizeof(*puts));
	if (puts != NULL)
		g->puts = puts;
	hashes = list_room(g->doc_hash, g->n_puts, &g->cap_hash, sizeof(*hashes));
	if (hashes != NULL)
		g->doc_hash = hashes;
	if (puts == NULL || hashes == NULL ||
	    (2 * (g->n_puts + 1) > g->by_doc.cap &&
		!table_grow(&g->by_doc, g->doc_hash, g->n_puts)))
		return saksi_fail_nomem(err);
	g->doc_hash[g->n_puts] = hash;
	*out = &g->puts[g->n_puts++];
	memset(*out, 0, sizeof(**out));
	(*out)->doc = doc;
	(*out)->log = log;
	at = (size_t)hash & (g->by_doc.cap - 1);
	while (g->by_doc.slot[at] != 0)
		at = (at + 1) & (g->by_doc.cap - 1);
	g->by_doc.slot[at] = (uint32_t)g->n_puts;
	return SAKSI_OK;
}

/* An occurrence in a document's list: 0, length, term; or 1 + weight, length, word, position. */
#define OCC_TERM 0u
#define OCC_WORD 1u

void index_doc_term(struct index_doc *d, const struct index_term *t)
{
	buf_add_byte(&d->list, OCC_TERM);
	buf_add_byte(&d->list, (uint8_t)t->n);
	buf_add(&d->list, t->b, t->n);
}

void index_doc_word(struct index_doc *d, const char *word, size_t n, uint32_t position,
    unsigned weight)
{
	struct index_term t;

	index_term(&t, IX_WORD, word, n);
	buf_add_byte(&d->list, (uint8_t)(OCC_WORD + (weight > 2 ? 2 : weight)));
	buf_add_byte(&d->list, (uint8_t)t.n);
	buf_add(&d->list, t.b, t.n);
	buf_varint(&d->list, position);
	d->words++;
}

void index_doc_reset(struct index_doc *d)
{
	if (d->list.len > 0)
		wipe(d->list.p, d->list.len);
	d->list.len = 0;
	d->words = 0;
}

void index_doc_free(struct index_doc *d)
{
	buf_free(&d->list);
	d->words = 0;
}

/* ---- terms of index_find_one() -------------------------------------------------------- */

static bool is_one(uint8_t family)
{
	return family == IX_ID || family == IX_CHANGESET || family == IX_ARRIVAL;
}

static struct one *find_one(const struct gather *g, const uint8_t *term, size_t n,
    uint64_t hash)
{
	if (g->by_one.cap == 0)
		return NULL;
	for (size_t i = (size_t)hash & (g->by_one.cap - 1); g->by_one.slot[i] != 0;
	     i = (i + 1) & (g->by_one.cap - 1)) {
		struct one *o = &g->ones[g->by_one.slot[i] - 1];

		if (term_cmp(o->term.b, o->term.n, term, n) == 0)
			return o;
	}
	return NULL;
}

static enum saksi_err add_one(struct gather *g, const uint8_t *term, size_t n,
    uint64_t doc, const void *payload, size_t len, struct saksi_error *err)
{
	uint64_t hash = term_hash(term, n), *hashes;
	struct one *o, *ones;
	size_t at;

	if (find_one(g, term, n, hash) != NULL)
		return SAKSI_OK; /* it always stands for the same document */
	ones = list_room(g->ones, g->n_ones, &g->cap_ones, sizeof(*ones));
	if (ones != NULL)
		g->ones = ones;
	hashes = list_room(g->one_hash, g->n_ones, &g->cap_one_hash, sizeof(*hashes));
	if (hashes != NULL)
		g->one_hash = hashes;
	if (ones == NULL || hashes == NULL ||
	    (2 * (g->n_ones + 1) > g->by_one.cap &&
		!table_grow(&g->by_one, g->one_hash, g->n_ones)))
		return saksi_fail_nomem(err);
	g->one_hash[g->n_ones] = hash;
	o = &g->ones[g->n_ones++];
	memset(o, 0, sizeof(*o));
	memcpy(o->term.b, term, n);
	o->term.n = n;
	o->doc = doc;
	at = (size_t)hash & (g->by_one.cap - 1);
	while (g->by_one.slot[at] != 0)
		at = (at + 1) & (g->by_one.cap - 1);
	g->by_one.slot[at] = (uint32_t)g->n_ones;
	buf_add(&o->payload, payload, len);
	return buf_ok(&o->payload, err);
}

bool gather_find(const struct gather *g, const struct index_term *t, uint64_t *doc,
    const uint8_t **payload, size_t *n)
{
	const struct one *o = find_one(g, t->b, t->n, term_hash(t->b, t->n));

	if (o == NULL)
		return false;
	*doc = o->doc;
	*payload = o->payload.p;
	*n = o->payload.len;
	return true;
}

static enum saksi_err note_ones(struct gather *g, uint64_t doc, const struct buf *list,
    struct saksi_error *err)
{
	const uint8_t *p = list->p, *end = p + list->len;
	uint64_t position;
	enum saksi_err rc;

	while (p < end) {
		bool word = p[0] != OCC_TERM;
		size_t n = p[1];

		if (!word && is_one(p[2]) &&
		    (rc = add_one(g, p + 2, n, doc, NULL, 0, err)) != SAKSI_OK)
			return rc;
		p += 2 + n;
		if (word && !varint_get(&p, end, &position))
			break;
	}
	return SAKSI_OK;
}

enum saksi_err gather_put(struct gather *g, uint64_t doc, struct index_doc *d,
    struct saksi_error *err)
{
	struct put *p;
	enum saksi_err rc;

	if ((rc = buf_ok(&d->list, err)) != SAKSI_OK ||
	    (rc = note_ones(g, doc, &d->list, err)) != SAKSI_OK ||
	    (rc = new_put(g, doc, false, &p, err)) != SAKSI_OK)
		return rc;
	index_doc_free(&p->said);
	p->said = *d;
	*d = (struct index_doc)INDEX_DOC_INIT;
	return SAKSI_OK;
}

enum saksi_err gather_put_log(struct gather *g, uint64_t n,
    const struct index_term *terms, size_t n_terms, const void *payload,
    size_t payload_len, struct saksi_error *err)
{
	struct put *p;
	enum saksi_err rc;

	if ((rc = new_put(g, n, true, &p, err)) != SAKSI_OK)
		return rc;
	for (size_t i = 0; i < n_terms && rc == SAKSI_OK; i++) {
		bool with = terms[i].b[0] == IX_ARRIVAL;

		index_doc_term(&p->said, &terms[i]);
		if (is_one(terms[i].b[0]))
			rc = add_one(g, terms[i].b, terms[i].n, n, with ? payload : NULL,
			    with ? payload_len : 0, err);
	}
	return rc == SAKSI_OK ? buf_ok(&p->said.list, err) : rc;
}

/* ---- sorting ------------------------------------------------------------------------- */

#define NONE UINT32_MAX

struct slot {
	uint64_t prefix; /* the term's first bytes, big-endian: most comparisons end here */
	const uint8_t *term;
	uint32_t n, postings;
	uint32_t last; /* its newest posting */
	uint32_t rank;
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
	struct gather *g;
	struct slot *slots;
	size_t n_slots, cap_slots;
	uint64_t *hashes;
	size_t cap_hashes;
	struct table table;
	struct posting *postings;
	size_t n_postings, cap_postings;
	struct place *places;
	size_t n_places, cap_places;
	uint32_t *order;  /* slots by term */
	uint32_t *sorted; /* postings by rank of their slot, then document */
	size_t *begin;	  /* of each rank in it */
};

static void sorting_free(struct sorting *s)
{
	if (s->slots != NULL)
		wipe(s->slots, s->n_slots * sizeof(*s->slots)); /* they begin words */
	free(s->slots);
	free(s->hashes);
	free(s->table.slot);
	free(s->postings);
	free(s->places);
	free(s->order);
	free(s->sorted);
	free(s->begin);
}

static uint64_t prefix_of(const uint8_t *term, size_t n)
{
	uint64_t prefix = 0;

	for (size_t i = 0; i < 8; i++)
		prefix = prefix << 8 | (i < n ? term[i] : 0u);
	return prefix;
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
	s->slots[*out] = (struct slot){prefix_of(term, n), term, (uint32_t)n, 0, NONE, 0};
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

static int by_term(const void *pa, const void *pb)
{
	const struct slot *a = pa, *b = pb;

	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	return term_cmp(a->term, a->n, b->term, b->n);
}

/* Slots in order of terms; a posting finds its slot's new place by ${rank}. */
static bool sort_slots(struct sorting *s)
{
	size_t at = 0;

	s->order = calloc(s->n_slots + 1, sizeof(*s->order));
	s->sorted = calloc(s->n_postings + 1, sizeof(*s->sorted));
	s->begin = calloc(s->n_slots + 2, sizeof(*s->begin));
	if (s->order == NULL || s->sorted == NULL || s->begin == NULL)
		return false;
	for (size_t i = 0; i < s->n_slots; i++)
		s->slots[i].rank = (uint32_t)i;
	if (s->n_slots > 1)
		qsort(s->slots, s->n_slots, sizeof(*s->slots), by_term);
	/* order[old number] = new place */
	for (size_t i = 0; i < s->n_slots; i++) {
		s->order[s->slots[i].rank] = (uint32_t)i;
		s->begin[i] = at;
		at += s->slots[i].postings;
	}
	s->begin[s->n_slots] = at;
	for (size_t i = 0; i < s->n_slots; i++)
		s->slots[i].last = 0; /* from here on: how many were placed */
	for (size_t i = 0; i < s->n_postings; i++) {
		uint32_t k = s->order[s->postings[i].slot];

		s->sorted[s->begin[k] + s->slots[k].last++] = (uint32_t)i;
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
	const struct slot *k = &s->slots[s->order[p->slot]];
	const struct one *o;

	out->len = 0;
	if (family == IX_WORD)
		buf_add_byte(out, index_impact(p->weight, p->times));
	else if (family == IX_POSITION)
		write_positions(s, p, out);
	else if (family == IX_ARRIVAL &&
	    (o = find_one(s->g, k->term, k->n, term_hash(k->term, k->n))) != NULL)
		buf_add(out, o->payload.p, o->payload.len);
}

struct run_writing {
	struct run *r;
	struct chunk_build chunk;
	struct buf bytes, payload;
};

static void write_slot(struct sorting *s, struct run_writing *w, size_t k, uint8_t family)
{
	uint8_t term[INDEX_TERM_MAX];

	chunk_reset(&w->chunk);
	for (size_t i = s->begin[k]; i < s->begin[k + 1]; i++) {
		const struct posting *p = &s->postings[s->sorted[i]];

		payload_of(s, family, p, &w->payload);
		chunk_add(&w->chunk, family_payload(family), s->g->puts[p->put].doc,
		    w->payload.p, w->payload.len);
	}
	memcpy(term, s->slots[k].term, s->slots[k].n);
	term[0] = family;
	w->bytes.len = 0;
	chunk_write(&w->bytes, &w->chunk);
	run_write_entry(&w->r->bytes, term, s->slots[k].n, w->bytes.p, w->bytes.len);
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

static void write_all(struct sorting *s, struct run_writing *w)
{
	size_t words = SIZE_MAX;

	write_docs(s, w);
	for (size_t k = 0; k < s->n_slots; k++) {
		uint8_t family = s->slots[k].term[0];

		/* The same words once more, with their places, follow the words. */
		if (words != SIZE_MAX && family > IX_POSITION) {
			for (size_t i = words;
			     i < s->n_slots && s->slots[i].term[0] == IX_WORD; i++)
				write_slot(s, w, i, IX_POSITION);
			words = SIZE_MAX;
		}
		if (family == IX_WORD && words == SIZE_MAX)
			words = k;
		write_slot(s, w, k, family);
	}
	for (size_t i = words; i < s->n_slots && s->slots[i].term[0] == IX_WORD; i++)
		write_slot(s, w, i, IX_POSITION);
}

static enum saksi_err sort_and_write(struct sorting *s, struct run_writing *w,
    struct saksi_error *err)
{
	struct gather *g = s->g;

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

enum saksi_err gather_run(struct gather *g, struct run **out, struct saksi_error *err)
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
	forget(g);
	if (rc != SAKSI_OK) {
		run_free(w.r);
		return rc;
	}
	*out = w.r;
	return SAKSI_OK;
}
