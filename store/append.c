/* append.c - new entries: own ones signed here, foreign ones handed in by the gate. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>

#include "entry.h"
#include "repair.h"
#include "vault_impl.h"

static int by_hash(const void *a, const void *b)
{
	return hash_cmp(a, b);
}

enum saksi_err log_join_causes(struct saksi_txn *t, const struct changeset *cs,
    struct vclock *past, uint64_t *max_hlc, struct saksi_error *err)
{
	const struct saksi_hash *causes[CHANGESET_CAUSES_MAX];
	size_t n = changeset_causes(cs, causes);
	struct catalog *c;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct cat_entry e;
		struct stored_entry s;
		bool found;

		if ((rc = catalog_entry(t, causes[i], &e, &found, err)) != SAKSI_OK)
			return rc;
		if (!found)
			return saksi_fail(err, SAKSI_ENOTFOUND,
			    "changeset: a cause of it is not merged here");
		if (e.max_hlc > *max_hlc)
			*max_hlc = e.max_hlc;
		if (vclock_has(past, e.branch, e.seq))
			continue;
		if (c->past_n == e.n)
			rc = vclock_join(past, &c->past, err);
		else if ((rc = log_load(t, e.n, &s, err)) == SAKSI_OK) {
			rc = vclock_join(past, &s.past, err);
			stored_entry_free(&s);
		}
		if (rc != SAKSI_OK)
			return rc;
	}
	return SAKSI_OK;
}

/* The branch that ${cs} extends, or a new one; also which device wrote it. */
static enum saksi_err find_branch(struct saksi_txn *t, const struct catalog *c,
    const struct changeset *cs, uint32_t *branch, struct saksi_hash *device,
    struct saksi_error *err)
{
	const struct cat_branch *b;
	struct cat_entry prev;
	struct saksi_hash log;
	uint8_t nonce[16];
	unsigned reason;
	bool found;
	enum saksi_err rc;

	*branch = (uint32_t)c->n_branches;
	if (!cs->has_prev) {
		if (!changeset_log_open(cs, device, nonce, &reason))
			return saksi_fail(err, SAKSI_EFORMAT,
			    "changeset: the first entry of a log does not open it");
		log_id_of(&log, device, cs->coll, nonce);
		if (hash_cmp(&log, &cs->log) != 0)
			return saksi_fail(err, SAKSI_EFORMAT,
			    "changeset: log id does not fit its opening");
	} else {
		if ((rc = catalog_entry(t, &cs->prev, &prev, &found, err)) != SAKSI_OK)
			return rc;
		if (!found || prev.branch >= c->n_branches)
			return saksi_fail(err, SAKSI_ENOTFOUND,
			    "changeset: its predecessor is not here");
		b = &c->branches[prev.branch];
		if (hash_cmp(&b->log, &cs->log) != 0 || b->kind != cs->kind ||
		    memcmp(b->coll, cs->coll, sizeof(cs->coll)) != 0 ||
		    prev.seq + 1 != cs->seq || prev.hlc >= cs->hlc)
			return saksi_fail(err, SAKSI_EFORMAT,
			    "changeset: does not continue the log that it names");
		*device = b->device;
		if (b->head.n == prev.n)
			*branch = prev.branch;
	}
	return SAKSI_OK;
}

static enum saksi_err store_entry(struct saksi_txn *t, struct catalog *c,
    struct stored_entry *s, struct saksi_error *err)
{
	struct buf bytes = BUF_INIT;
	enum saksi_err rc;

	if ((rc = kv_next(t->kv, KV_LOG, &s->n, err)) != SAKSI_OK)
		return rc;
	stored_entry_write(&bytes, s);
	if ((rc = buf_ok(&bytes, err)) == SAKSI_OK)
		rc = kv_put(t->kv, KV_LOG, s->n, bytes.p, bytes.len, err);
	buf_free(&bytes);
	if (rc != SAKSI_OK)
		return rc;
	return catalog_add_stored(c, s, err);
}

/* ${cs} is borrowed. */
static enum saksi_err take_in(struct saksi_txn *t, struct changeset *cs,
    const struct saksi_hash *sealer, int64_t received_us, merge_change_fn *fn, void *ctx,
    struct saksi_error *err)
{
	struct stored_entry s = {.cs = cs, .max_hlc = cs->hlc, .received_us = received_us};
	struct cat_entry there;
	struct catalog *c;
	bool found;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK ||
	    (rc = catalog_entry(t, &cs->id, &there, &found, err)) != SAKSI_OK)
		return rc;
	if (found)
		return saksi_fail(err, SAKSI_EEXIST, "changeset: is here already");
	if (cs->kind == CS_DATA && (rc = merge_check(cs, err)) != SAKSI_OK)
		return rc;
	if ((rc = find_branch(t, c, cs, &s.branch, &s.device, err)) != SAKSI_OK)
		return rc;
	s.sealer = sealer != NULL ? *sealer : s.device;
	s.max_hlc = believable_hlc(cs->hlc, s.received_us);
	txn_touch(t);
	if ((rc = log_join_causes(t, cs, &s.past, &s.max_hlc, err)) == SAKSI_OK &&
	    (rc = vclock_raise(&s.past, s.branch, cs->seq, err)) == SAKSI_OK &&
	    (rc = store_entry(t, c, &s, err)) == SAKSI_OK &&
	    (rc = catalog_keep_past(c, s.n, &s.past, err)) == SAKSI_OK &&
	    cs->kind == CS_DATA)
		rc = merge_apply(t, &s, fn, ctx, err);
	vclock_free(&s.past);
	return rc;
}

enum saksi_err saksi_log_check(const struct changeset *cs, struct saksi_error *err)
{
	return cs->kind == CS_DATA ? merge_check(cs, err) : SAKSI_OK;
}

enum saksi_err saksi_log_merge(struct saksi_txn *t, const struct changeset *cs,
    const struct saksi_hash *sealer, merge_change_fn *fn, void *ctx,
    struct saksi_error *err)
{
	struct changeset copy = *cs;

	return take_in(t, &copy, sealer, clock_now_us(), fn, ctx, err);
}

enum saksi_err log_restore(struct saksi_txn *t, const struct changeset *cs,
    const struct saksi_hash *sealer, int64_t received_us, struct saksi_error *err)
{
	struct changeset copy = *cs;

	return take_in(t, &copy, sealer, received_us, NULL, NULL, err);
}

/* ---- own changesets ------------------------------------------------------------ */

static const struct cat_entry *own_head(const struct catalog *c,
    const struct saksi_writer *w)
{
	return catalog_head(c, catalog_branch_of(c, &w->log));
}

/* Heads of other branches of this kind and collection that ${past} lacks. */
static void cite_heads(const struct catalog *c, struct changeset *head,
    const struct vclock *past, bool *more)
{
	*more = false;
	for (size_t i = 0; i < c->n_branches; i++) {
		const struct cat_branch *b = &c->branches[i];
		const struct cat_entry *e = catalog_head(c, i);

		if (e == NULL || b->kind != head->kind ||
		    memcmp(b->coll, head->coll, sizeof(b->coll)) != 0 ||
		    vclock_has(past, e->branch, e->seq))
			continue;
		if (head->n_deps == CHANGESET_DEPS_MAX) {
			*more = true;
			break;
		}
		head->deps[head->n_deps++] = e->id;
	}
	qsort(head->deps, head->n_deps, sizeof(head->deps[0]), by_hash);
}

/* Hybrid clock (Kulkarni et al. 2014): a far future claim of others is not followed. */
static enum saksi_err next_hlc(struct saksi_txn *t, struct changeset *head,
    const struct cat_entry *prev, struct saksi_error *err)
{
	int64_t now_ms = clock_now_us() / 1000;
	uint64_t hlc = now_ms > 0 ? (uint64_t)now_ms << 16 : 1;

	if (prev != NULL && prev->hlc >= hlc)
		hlc = prev->hlc + 1;
	for (uint32_t i = 0; i < head->n_deps + head->n_auth; i++) {
		const struct saksi_hash *id =
		    i < head->n_deps ? &head->deps[i] : &head->auth[i - head->n_deps];
		struct cat_entry e;
		bool found;
		enum saksi_err rc;

		if ((rc = catalog_entry(t, id, &e, &found, err)) != SAKSI_OK)
			return rc;
		if (found && e.hlc >= hlc &&
		    (int64_t)(e.hlc >> 16) <= now_ms + HLC_FUTURE_MS)
			hlc = e.hlc + 1;
	}
	head->hlc = hlc;
	return SAKSI_OK;
}

static void write_log_open(struct buf *b, const struct saksi_writer *w)
{
	mp_array(b, 4);
	mp_uint(b, PART_LOG_OPEN);
	mp_bin(b, w->device.b, sizeof(w->device.b));
	mp_bin(b, w->nonce, sizeof(w->nonce));
	mp_uint(b, w->reason);
}

static enum saksi_err fill_header(struct saksi_txn *t, const struct catalog *c,
    enum changeset_kind kind, const struct saksi_writer *w, struct changeset *head,
    bool *more, struct saksi_error *err)
{
	const struct cat_entry *prev = own_head(c, w);
	struct vclock past = {NULL, 0};
	uint64_t ignored = 0;
	enum saksi_err rc;

	memset(head, 0, sizeof(*head));
	head->kind = (uint8_t)kind;
	head->space = w->space;
	memcpy(head->coll, w->coll, sizeof(head->coll));
	head->log = w->log;
	head->seq = prev == NULL ? 1 : prev->seq + 1;
	head->has_prev = prev != NULL;
	if (prev != NULL)
		head->prev = prev->id;
	if (t->v->policy != NULL &&
	    (rc = t->v->policy(t->v->policy_ctx, t, kind, head->auth, &head->n_auth,
		 err)) != SAKSI_OK)
		return rc;
	qsort(head->auth, head->n_auth, sizeof(head->auth[0]), by_hash);
	if ((rc = log_join_causes(t, head, &past, &ignored, err)) == SAKSI_OK)
		cite_heads(c, head, &past, more);
	vclock_free(&past);
	return rc == SAKSI_OK ? next_hlc(t, head, prev, err) : rc;
}

static enum saksi_err append_one(struct saksi_txn *t, enum changeset_kind kind,
    const struct saksi_writer *w, const struct part_bytes *parts, size_t n, bool *written,
    struct saksi_hash *id, struct saksi_error *err)
{
	struct catalog *c;
	struct changeset head, *cs = NULL;
	struct buf open = BUF_INIT;
	struct part_bytes open_part;
	bool more = false;
	enum saksi_err rc;

	*written = false;
	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK ||
	    (rc = fill_header(t, c, kind, w, &head, &more, err)) != SAKSI_OK)
		return rc;
	if (head.seq == 1) {
		/* A log is opened by an entry of its own. */
		write_log_open(&open, w);
		if ((rc = buf_ok(&open, err)) != SAKSI_OK)
			goto fail;
		open_part = (struct part_bytes){open.p, open.len};
		rc = changeset_build(&cs, &head, &open_part, 1, w->sign_sk, err);
	} else if (more)
		/* More heads than one changeset can cite: tie them together first. */
		rc = changeset_build(&cs, &head, NULL, 0, w->sign_sk, err);
	else {
		rc = changeset_build(&cs, &head, parts, n, w->sign_sk, err);
		*written = true;
	}
	if (rc == SAKSI_OK &&
	    (rc = take_in(t, cs, NULL, clock_now_us(), NULL, NULL, err)) == SAKSI_OK &&
	    id != NULL)
		*id = cs->id;
	if (rc == SAKSI_OK)
		t->own[kind == CS_MEMBERSHIP] =
		    (struct anchor_own){true, cs->seq, cs->log, cs->id};
fail:
	changeset_free(&cs);
	buf_free(&open);
	return rc;
}

enum saksi_err saksi_log_append(struct saksi_txn *t, enum changeset_kind kind,
    const struct part_bytes *parts, size_t n, struct saksi_hash *out_id,
    struct saksi_error *err)
{
	size_t i = kind == CS_MEMBERSHIP;
	bool written = false;
	enum saksi_err rc = SAKSI_OK;

	if (!t->v->has_writer[i])
		return saksi_fail(err, SAKSI_EREFUSED,
		    "vault: this device is in no team yet, so it can't sign; join one first");
	while (rc == SAKSI_OK && !written)
		rc = append_one(t, kind, &t->v->writers[i], parts, n, &written, out_id,
		    err);
	return rc;
}
