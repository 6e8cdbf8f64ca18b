/* frontier.c - what do I hold, what does the other hold. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "remotes.h"

static int by_hash(const void *a, const void *b)
{
	return hash_cmp(a, b);
}

enum saksi_err frontier_of(struct frontier *f, struct saksi_txn *t,
    struct saksi_error *err)
{
	struct log_head *heads = NULL;
	struct saksi_hash *ids = NULL;
	size_t n = 0;
	enum saksi_err rc = saksi_log_heads(t, &heads, &n, err);

	memset(f, 0, sizeof(*f));
	crypto_random(f->key, sizeof(f->key));
	if (rc != SAKSI_OK)
		return rc;
	f->list = calloc(n + 1, sizeof(*f->list));
	ids = calloc(n + 1, sizeof(*ids));
	if (f->list == NULL || ids == NULL) {
		rc = saksi_fail_nomem(err);
		goto fail;
	}
	for (size_t i = 0; i < n; i++) {
		ids[i] = heads[i].id;
		if (f->n == FRONTIER_HEADS_MAX)
			continue; /* to claim less is always true */
		frontier_log(f->list[f->n].log, f, &heads[i].log);
		frontier_id(f->list[f->n].head, f, &heads[i].id);
		f->list[f->n++].seq = heads[i].seq;
	}
	qsort(ids, n, sizeof(*ids), by_hash);
	frontier_digest(&f->digest, f, ids, n);
fail:
	free(ids);
	free(heads);
	if (rc != SAKSI_OK)
		frontier_free(f);
	return rc;
}

/* ---- learning ---------------------------------------------------------------------- */

struct learning {
	const struct frontier *f;
	struct saksi_txn *txn;
	struct log_head *heads;
	uint8_t (
	    *tags)[FRONTIER_SHORT]; /* of each head's log, under this frontier's key */
	size_t n_heads;
	struct saksi_hash *found;
	size_t n_found;
};

static enum saksi_err resolve(struct learning *l, const struct frontier_head *h,
    bool *found, const struct log_head **log, struct saksi_error *err)
{
	uint8_t tag[FRONTIER_SHORT];

	*found = false;
	*log = NULL;
	for (size_t i = 0; i < l->n_heads; i++) {
		struct saksi_hash id;
		bool there;
		enum saksi_err rc;

		if (memcmp(l->tags[i], h->log, FRONTIER_SHORT) != 0)
			continue;
		*log = &l->heads[i];
		/* What was there before a fork stands in one branch of the log. */
		rc = saksi_log_at(l->txn, l->heads[i].branch, h->seq, &id, &there, err);
		if (rc != SAKSI_OK)
			return rc;
		if (!there)
			continue;
		frontier_id(tag, l->f, &id);
		if (memcmp(tag, h->head, FRONTIER_SHORT) == 0) {
			l->found[l->n_found++] = id;
			*found = true;
			return SAKSI_OK;
		}
	}
	return SAKSI_OK;
}

struct held_match {
	const struct frontier *f;
	const struct frontier_head *h;
};

static bool is_head(const void *ctx, const struct saksi_hash *id)
{
	const struct held_match *m = ctx;
	uint8_t tag[FRONTIER_SHORT];

	frontier_id(tag, m->f, id);
	return memcmp(tag, m->h->head, FRONTIER_SHORT) == 0;
}

/* Eight bytes can be alike; where every head was found, the digest tells. */
static bool digest_fits(struct learning *l)
{
	struct saksi_hash all;

	if (l->n_found != l->f->n)
		return true;
	if (l->n_found > 0)
		qsort(l->found, l->n_found, sizeof(*l->found), by_hash);
	frontier_digest(&all, l->f, l->found, l->n_found);
	return crypto_equal(all.b, l->f->digest.b, sizeof(all.b)) != 0;
}

struct known { /* a changeset that a peer holds, and so all before it */
	struct saksi_hash id;
	uint64_t n;
};

static int newest_first(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->n > y->n ? -1 : x->n < y->n;
}

/* Of all that is known to be held, those that no other has in its past. */
static enum saksi_err keep_newest(struct remote_peer *p, struct known *list, size_t n,
    struct saksi_txn *txn, struct saksi_error *err)
{
	struct log_cover *cover = NULL;
	struct saksi_hash *heads = calloc(n + 1, sizeof(*heads));
	size_t kept = 0;
	enum saksi_err rc =
	    heads == NULL ? saksi_fail_nomem(err) : log_cover_new(&cover, err);

	if (n > 0)
		qsort(list, n, sizeof(*list), newest_first);
	for (size_t i = 0; i < n && kept < REMOTE_HEADS_MAX && rc == SAKSI_OK; i++) {
		struct log_entry e = {0};

		rc = saksi_log_get(txn, &list[i].id, &e, err);
		if (rc == SAKSI_OK && !log_cover_has(cover, &e)) {
			heads[kept++] = list[i].id;
			rc = log_cover_add(cover, txn, &list[i].id, err);
		}
		log_entry_free(&e);
	}
	log_cover_free(&cover);
	if (rc != SAKSI_OK) {
		free(heads);
		return rc;
	}
	free(p->heads);
	p->heads = heads;
	p->n = kept;
	return SAKSI_OK;
}

static enum saksi_err peer_of(struct remotes *r, const struct saksi_hash *device,
    struct remote_peer **out, struct saksi_error *err)
{
	struct remote_peer *list;

	*out = NULL;
	for (size_t i = 0; i < r->n_peers; i++)
		if (hash_cmp(&r->peers[i].device, device) == 0) {
			*out = &r->peers[i];
			return SAKSI_OK;
		}
	if (r->n_peers == REMOTE_PEERS_MAX)
		return SAKSI_OK;
	list = list_room(r->peers, r->n_peers, &r->cap_peers, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	r->peers = list;
	*out = &list[r->n_peers++];
	**out = (struct remote_peer){.device = *device};
	return SAKSI_OK;
}

/* Earlier knowledge stays: a peer that was put back says so by its new log. */
static enum saksi_err remember(struct remotes *r, const struct manifest *m,
    const struct learning *l, struct saksi_error *err)
{
	struct remote_peer *p;
	struct known *list;
	size_t n = 0;
	enum saksi_err rc = peer_of(r, &m->sealer, &p, err);

	if (rc != SAKSI_OK || p == NULL)
		return rc;
	list = calloc(l->n_found + p->n + 1, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < l->n_found + p->n; i++) {
		const struct saksi_hash *id =
		    i < l->n_found ? &l->found[i] : &p->heads[i - l->n_found];
		struct log_entry e = {0};

		if (saksi_log_get(l->txn, id, &e, NULL) == SAKSI_OK)
			list[n++] = (struct known){*id, e.n};
		log_entry_free(&e);
	}
	rc = keep_newest(p, list, n, l->txn, err);
	free(list);
	if (m->made_us > p->time_us)
		p->time_us = m->made_us;
	return rc;
}

enum saksi_err frontier_learn(struct remotes *r, const struct frontier *f,
    const struct manifest *m, const struct saksi_team *team, struct saksi_txn *txn,
    const struct gate *gate, struct tally *tally, struct saksi_error *err)
{
	struct learning l = {.f = f, .txn = txn};
	enum saksi_err rc = saksi_log_heads(txn, &l.heads, &l.n_heads, err);

	if (rc != SAKSI_OK)
		return rc;
	l.found = calloc(f->n + 1, sizeof(*l.found));
	l.tags = calloc(l.n_heads + 1, sizeof(*l.tags));
	if (l.found == NULL || l.tags == NULL)
		rc = saksi_fail_nomem(err);
	for (size_t i = 0; i < l.n_heads && rc == SAKSI_OK; i++)
		frontier_log(l.tags[i], f, &l.heads[i].log);
	for (size_t i = 0; i < f->n && rc == SAKSI_OK; i++) {
		struct held_match match = {f, &f->list[i]};
		const struct log_head *log;
		char name[260] = "";
		bool found;

		rc = resolve(&l, &f->list[i], &found, &log, err);
		if (rc != SAKSI_OK || found || gate_holds(gate, is_head, &match))
			continue;
		if (log != NULL)
			team_name(team, &log->device, name);
		tally_missing(tally, NULL, name, f->list[i].seq);
	}
	if (rc == SAKSI_OK && hash_cmp(&m->sealer, &team->self.id) != 0 && digest_fits(&l))
		rc = remember(r, m, &l, err);
	free(l.found);
	free(l.tags);
	free(l.heads);
	return rc;
}
