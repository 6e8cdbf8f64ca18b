/* gather.c - what one transaction puts, kept until it is flushed. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/secret.h>

#include "gather.h"

bool table_grow(struct table *t, const uint64_t *hashes, size_t n)
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

enum saksi_err gather_new(struct gather **out, struct saksi_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? saksi_fail_nomem(err) : SAKSI_OK;
}

void gather_forget(struct gather *g)
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
	gather_forget(*g);
	free(*g);
	*g = NULL;
}

bool gather_empty(const struct gather *g)
{
	return g->n_puts == 0;
}

size_t gather_bytes(const struct gather *g)
{
	return g->bytes;
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
	return family == IX_ID || family_is_log(family);
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

const struct buf *gather_payload(const struct gather *g, const uint8_t *term, size_t n)
{
	const struct one *o = find_one(g, term, n, term_hash(term, n));

	return o == NULL ? NULL : &o->payload;
}

/* A record's id; it has one. */
static enum saksi_err note_ones(struct gather *g, uint64_t doc, const struct buf *list,
    struct saksi_error *err)
{
	const uint8_t *p = list->p, *end = p + list->len;
	uint64_t position;

	while (p < end) {
		bool word = p[0] != OCC_TERM;
		size_t n = p[1];

		if (!word && is_one(p[2]))
			return add_one(g, p + 2, n, doc, NULL, 0, err);
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
	g->bytes += d->list.len - p->said.list.len;
	index_doc_free(&p->said);
	p->sorted = false;
	p->said = *d;
	*d = (struct index_doc)INDEX_DOC_INIT;
	return SAKSI_OK;
}

void gather_is_sorted(struct gather *g, uint64_t doc, struct index_sorted *s)
{
	struct put *p = find_put(g, doc, false, put_hash(doc, false));

	if (g->sorted == NULL)
		g->sorted = s;
	if (p != NULL && g->sorted == s)
		p->sorted = true;
}

static bool all_sorted(const struct gather *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_puts; i++)
		n += g->puts[i].sorted;
	return g->sorted != NULL && g->sorted->run != NULL && n == g->sorted->n;
}

struct run *gather_take_sorted(struct gather *g)
{
	struct run *r;
	size_t kept = 0;

	if (!all_sorted(g))
		return NULL;
	r = g->sorted->run;
	g->sorted->run = NULL;
	for (size_t i = 0; i < g->n_puts; i++) {
		if (g->puts[i].sorted)
			index_doc_free(&g->puts[i].said);
		else
			g->puts[kept++] = g->puts[i];
	}
	g->n_puts = kept; /* the table of puts is of no use from here on */
	return r;
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
