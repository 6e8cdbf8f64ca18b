/*
 * pairs_block.c - records that share a name by sound, or a word of one.
 *
 * Every skeleton under which several records stand in the index is a block.  In a
 * small one each is compared with each.  A name that many bear tells little: there
 * only those are compared that agree in something else too, which is what makes a
 * pair probable anyway.  A single word that many names have tells nothing; a name
 * near another one is found by pairs_near.c.
 */
#include <stdlib.h>
#include <string.h>

#include "pairs_int.h"
#include "terms.h"

#define COMMON_MAX 4000u  /* records of one name that are looked at */
#define SPLIT_MAX 100000u /* attributes of all of them */

/* ---- a common name, by attributes ---------------------------------------------------- */

struct part {
	uint64_t key;
	uint64_t number;
};
struct parts {
	struct part *list; /* SPLIT_MAX */
	size_t n;
};
/*
 * For one common name after the other.  If it was freed after each, profiles would
 * come to lie where it was, and the next one would need other memory.
 */
struct common_room {
	uint64_t docs[COMMON_MAX];
	struct part parts[SPLIT_MAX];
};

static uint64_t hash(enum attr_kind kind, const char *s)
{
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)kind * 0x9e3779b97f4a7c15u;

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3u;
	return h;
}

static bool splits(const struct pair_attr *a)
{
	return a->kind < ATTR_KINDS_AGREE && a->kind != ATTR_KIND;
}

static int by_key(const void *x, const void *y)
{
	const struct part *a = x, *b = y;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static enum saksi_err add_parts(struct pairing *p, uint64_t number, struct parts *out,
    struct saksi_error *err)
{
	struct pair_profile *f;
	enum saksi_err rc = pairing_profile(p, number, &f, err);

	if (rc != SAKSI_OK)
		return rc;
	rc = pairing_deepen(p, f, err);
	for (size_t i = 0; rc == SAKSI_OK && i < f->n_attrs && out->n < SPLIT_MAX; i++)
		if (splits(&f->attrs[i]))
			out->list[out->n++] =
			    (struct part){hash(f->attrs[i].kind, f->attrs[i].key), number};
	pairing_release(p, &f);
	return rc;
}

static enum saksi_err compare_parts(struct pairing *p, const struct parts *parts,
    struct saksi_error *err)
{
	uint64_t list[BLOCK_MAX];
	bool left = false;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0, end; i < parts->n && rc == SAKSI_OK; i = end) {
		for (end = i;
		     end < parts->n && parts->list[end].key == parts->list[i].key; end++)
			if (end - i < BLOCK_MAX)
				list[end - i] = parts->list[end].number;
		if (end - i > BLOCK_MAX)
			left = true;
		else if (end - i > 1)
			rc = pairing_block(p, list, end - i, 0, true, err);
	}
	p->out->left += left;
	return rc;
}

static enum saksi_err split(struct pairing *p, size_t n, struct saksi_error *err)
{
	struct parts parts = {p->common->parts, 0};
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++)
		rc = add_parts(p, p->common->docs[i], &parts, err);
	if (rc != SAKSI_OK)
		return rc;
	pair_sort(parts.list, parts.n, sizeof(*parts.list), by_key);
	return compare_parts(p, &parts, err);
}

static enum saksi_err common(struct pairing *p, const struct index_term *term,
    struct saksi_error *err)
{
	size_t n;
	enum saksi_err rc;

	if (p->common == NULL && (p->common = malloc(sizeof(*p->common))) == NULL)
		return saksi_fail_nomem(err);
	p->out->common_names++;
	rc = pairing_docs(p, term, p->common->docs, COMMON_MAX, &n, err);
	if (n > COMMON_MAX) {
		p->out->left++;
		n = COMMON_MAX;
	}
	return rc == SAKSI_OK ? split(p, n, err) : rc;
}

/* ---- blocks --------------------------------------------------------------------------- */

static bool is_whole(const struct index_term *t)
{
	return memchr(t->b + 1, ' ', t->n - 1) != NULL;
}

static enum saksi_err block(struct pairing *p, const struct index_term *term,
    struct saksi_error *err)
{
	uint64_t list[BLOCK_MAX];
	size_t n;
	enum saksi_err rc = pairing_docs(p, term, list, BLOCK_MAX, &n, err);

	if (rc != SAKSI_OK || n == 0)
		return rc;
	if ((rc = spellings_note(p, term, list, n, err)) != SAKSI_OK || n < 2)
		return rc;
	if (n <= BLOCK_MAX)
		return pairing_block(p, list, n, 0, is_whole(term), err);
	return is_whole(term) ? common(p, term, err) : SAKSI_OK;
}

enum saksi_err pairs_by_name(struct pairing *p, struct saksi_error *err)
{
	struct index_walk *w = NULL;
	struct index_term prefix, term;
	bool found = true;
	enum saksi_err rc;

	index_term(&prefix, IX_SKELETON, NULL, 0);
	rc = index_walk_open(&w, p->x, p->kv, &prefix, NULL, err);
	while (rc == SAKSI_OK &&
	    (rc = index_walk_next(w, &term, &found, err)) == SAKSI_OK && found) {
		if (term.n < 2 || term.b[1] == SKELETON_PART_TAG)
			continue;
		rc = block(p, &term, err);
		pairing_step(p);
	}
	index_walk_close(&w);
	return rc;
}
