/* hold.c - the waiting list of the gate. */
#include "hold.h"

#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "cut.h"

void hold_free(struct hold *h)
{
	for (size_t i = 0; i < h->n; i++) {
		changeset_free(&h->list[i].cs);
		changeset_free(&h->list[i].gone);
	}
	free(h->list);
	idmap_free(&h->by_bytes);
	idmap_free(&h->quarantined);
	memset(h, 0, sizeof(*h));
}

static void bytes_of(struct saksi_hash *out, const struct changeset *cs)
{
	crypto_hash_of(out, "held", cs->bytes.p, cs->bytes.len);
}

static struct waiting *by_bytes(const struct hold *h, const struct saksi_hash *bytes)
{
	uint32_t at = idmap_get(&h->by_bytes, bytes);

	return at == IDMAP_NONE || h->list[at].cs == NULL ? NULL : &h->list[at];
}

struct waiting *hold_find(const struct hold *h, const struct changeset *cs)
{
	struct saksi_hash bytes;

	if (h->n == 0)
		return NULL;
	bytes_of(&bytes, cs);
	return by_bytes(h, &bytes);
}

static enum saksi_err insert(struct hold *h, const struct waiting *w,
    struct saksi_error *err)
{
	struct waiting *list;
	enum saksi_err rc;

	if (h->n >= IDMAP_NONE - 1)
		return saksi_fail(err, SAKSI_ELIMIT, "held: too many changesets");
	if ((list = list_room(h->list, h->n, &h->cap, sizeof(*list))) == NULL)
		return saksi_fail_nomem(err);
	h->list = list;
	rc = idmap_put(&h->by_bytes, &w->bytes, (uint32_t)h->n, err);
	if (rc == SAKSI_OK && w->why == HELD_QUARANTINED)
		rc = idmap_put(&h->quarantined, &w->cs->id, (uint32_t)h->n, err);
	if (rc == SAKSI_OK)
		h->list[h->n++] = *w;
	return rc;
}

/* ---- from and to the vault ------------------------------------------------------------ */

struct loading {
	struct hold *h;
	uint64_t *doubles;
	size_t n, cap;
};

static enum saksi_err note_double(struct loading *l, uint64_t n, struct saksi_error *err)
{
	uint64_t *list = list_room(l->doubles, l->n, &l->cap, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	l->doubles = list;
	l->doubles[l->n++] = n;
	return SAKSI_OK;
}

static enum saksi_err load_one(void *ctx, const struct held_entry *e,
    struct saksi_error *err)
{
	struct loading *l = ctx;
	struct waiting w = {.n = e->n, .why = e->why, .sealer = e->sealer};
	enum saksi_err rc;

	bytes_of(&w.bytes, e->cs);
	if (by_bytes(l->h, &w.bytes) != NULL)
		return note_double(l, e->n, err);
	memcpy(w.reason, e->reason, sizeof(w.reason));
	rc = changeset_decode(&w.cs, e->cs->bytes.p, e->cs->bytes.len, err);
	if (rc == SAKSI_OK)
		rc = insert(l->h, &w, err);
	if (rc != SAKSI_OK)
		changeset_free(&w.cs);
	return rc;
}

enum saksi_err hold_load(struct hold *h, struct saksi_txn *txn, struct saksi_error *err)
{
	struct loading l = {.h = h};
	enum saksi_err rc = saksi_held_each(txn, load_one, &l, err);

	for (size_t i = 0; i < l.n && rc == SAKSI_OK; i++)
		rc = saksi_held_del(txn, l.doubles[i], err);
	free(l.doubles);
	h->from = h->since = h->n;
	return rc;
}

static enum saksi_err remove_stored(const struct waiting *w, struct saksi_txn *txn,
    struct saksi_error *err)
{
	enum saksi_err rc = saksi_held_del(txn, w->n, err);

	/* Another process may have been quicker. */
	return rc == SAKSI_ENOTFOUND ? SAKSI_OK : rc;
}

enum saksi_err hold_save(struct hold *h, size_t *at, struct saksi_txn *txn,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (; *at < h->n && rc == SAKSI_OK && !saksi_txn_full(txn); ++*at) {
		struct waiting *w = &h->list[*at];

		if (w->cs == NULL || (w->n != 0 && !w->rewrite))
			continue;
		if (w->n != 0)
			rc = remove_stored(w, txn, err);
		if (rc == SAKSI_OK)
			rc = saksi_held_put(txn, w->cs, (enum held_why)w->why, &w->sealer,
			    w->reason, err);
	}
	return rc;
}

/* ---- changes ---------------------------------------------------------------------------- */

static bool over_quota(const struct hold *h, uint8_t why, const struct saksi_hash *sealer,
    size_t more)
{
	uint64_t bytes = more;
	size_t n = 1;

	for (size_t i = 0; i < h->n; i++) {
		const struct waiting *w = &h->list[i];

		if (w->cs == NULL || w->why != why || hash_cmp(&w->sealer, sealer) != 0)
			continue;
		bytes += w->cs->bytes.len;
		n++;
	}
	return n > HOLD_COUNT_MAX || bytes > HOLD_BYTES_MAX;
}

enum saksi_err hold_add(struct hold *h, struct changeset **cs, uint8_t why,
    const struct saksi_hash *sealer, const struct saksi_hash *need, const char *reason,
    struct saksi_error *err)
{
	struct waiting w = {.cs = *cs,
	    .why = why,
	    .sealer = *sealer,
	    .need = *need,
	    .seen = true};
	enum saksi_err rc;

	if (over_quota(h, why, sealer, (*cs)->bytes.len))
		return saksi_fail(err, SAKSI_ELIMIT,
		    "too many of its sealer's changesets wait already");
	bytes_of(&w.bytes, *cs);
	cut_copy(w.reason, sizeof(w.reason), reason);
	rc = insert(h, &w, err);
	if (rc == SAKSI_OK)
		*cs = NULL;
	return rc;
}

enum saksi_err hold_set(struct hold *h, struct waiting *w, uint8_t why,
    const struct saksi_hash *need, const char *reason, struct saksi_error *err)
{
	char text[sizeof(w->reason)];

	w->need = *need;
	memset(text, 0, sizeof(text));
	cut_copy(text, sizeof(text), reason);
	if (w->why == why && strcmp(w->reason, text) == 0)
		return SAKSI_OK;
	w->rewrite = true;
	w->why = why;
	memcpy(w->reason, text, sizeof(text));
	if (why != HELD_QUARANTINED)
		return SAKSI_OK;
	return idmap_put(&h->quarantined, &w->cs->id, (uint32_t)(w - h->list), err);
}

enum saksi_err hold_drop(struct hold *h, struct waiting *w, struct saksi_txn *txn,
    struct saksi_error *err)
{
	enum saksi_err rc = w->n != 0 ? remove_stored(w, txn, err) : SAKSI_OK;

	(void)h;
	if (rc == SAKSI_OK) {
		w->gone = w->cs;
		w->cs = NULL;
	}
	return rc;
}

void hold_commit(struct hold *h)
{
	for (size_t i = 0; i < h->n; i++)
		changeset_free(&h->list[i].gone);
	h->since = h->n;
}

void hold_undo(struct hold *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct waiting *w = &h->list[i];

		if (i >= h->since) { /* will be read again */
			changeset_free(&w->cs);
			changeset_free(&w->gone);
		} else if (w->gone != NULL) {
			w->cs = w->gone;
			w->gone = NULL;
		}
	}
	h->since = h->n;
}

void hold_mark(struct hold *h)
{
	h->from = h->n;
	for (size_t i = 0; i < h->n; i++)
		h->list[i].seen = false;
}

void hold_book(struct hold *h, const struct saksi_hash *sealer, size_t *over)
{
	*over = 0;
	for (size_t i = h->from; i < h->n; i++) {
		struct waiting *w = &h->list[i];

		if (w->cs == NULL || hash_cmp(&w->sealer, sealer) == 0)
			continue;
		if (over_quota(h, w->why, sealer, w->cs->bytes.len)) {
			changeset_free(&w->cs);
			++*over;
		} else {
			w->sealer = *sealer;
		}
	}
	h->from = h->n;
}

void hold_count(const struct hold *h, size_t *pending, size_t *quarantined)
{
	*pending = *quarantined = 0;
	for (size_t i = 0; i < h->n; i++) {
		if (h->list[i].cs == NULL)
			continue;
		if (h->list[i].why == HELD_QUARANTINED)
			++*quarantined;
		else
			++*pending;
	}
}
