/* verify.c - the gate: merged, pending, quarantined or refused. */
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>

#include "cut.h"

#define BATCH_BYTES ((size_t)1 << 20)
#define FUTURE_MS (INT64_C(24) * 3600 * 1000)

struct piece { /* of the queue */
	size_t at, n;
};
struct gate {
	struct saksi_team *t;
	struct tally *tally;
	gate_here_fn *here;
	void *ctx;
	struct saksi_txn *txn; /* while working */
	struct hold hold;
	struct saksi_hash sealer;
	struct buf queue;
	struct piece *pieces;
	size_t n_pieces, cap_pieces;
	struct saksi_hash *released; /* merged or quarantined: who waited for them? */
	size_t n_released, cap_released;
	bool members_changed;
	bool unsettled; /* the container left something that may end otherwise later */
};

/* ---- one changeset ------------------------------------------------------------------ */

enum outcome { MERGED, KNOWN, WAITS, QUARANTINED, REFUSED };
struct verdict {
	enum outcome what;
	struct saksi_hash need; /* WAITS: for this cause; zero: for membership */
	char reason[200];
	struct saksi_hash device; /* if found */
	bool has_device;
};

static void say(struct verdict *v, enum outcome what, const char *reason)
{
	v->what = what;
	cut_copy(v->reason, sizeof(v->reason), reason);
}

static void wait_for(struct verdict *v, const struct saksi_hash *id)
{
	char name[17];

	hash_short(name, id);
	v->what = WAITS;
	v->need = *id;
	(void)snprintf(v->reason, sizeof(v->reason), "waits for changeset %s", name);
}

static bool place_fits(const struct gate *g, const struct changeset *cs)
{
	static const uint8_t none[16];

	if (hash_cmp(&cs->space, &g->t->local.space) != 0)
		return false;
	return memcmp(cs->coll, cs->kind == CS_MEMBERSHIP ? none : g->t->coll, 16) == 0;
}

static bool part_missing(const struct changeset *cs)
{
	for (uint32_t i = 0; i < cs->n_parts; i++)
		if (cs->parts[i].p == NULL)
			return true;
	return false;
}

/* Steps 1-6 of PROTOCOL.md 6 that need no other changeset.  True: go on. */
static bool check_form(const struct gate *g, const struct changeset *cs, struct verdict *v)
{
	char why[600];

	if (!place_fits(g, cs)) {
		say(v, REFUSED, "of another team or collection");
		return false;
	}
	if (cs->kind == CS_MEMBERSHIP &&
	    !saksi_team_check_membership(cs, why, sizeof(why))) {
		say(v, REFUSED, why);
		return false;
	}
	if ((cs->kind != CS_DATA && cs->kind != CS_MEMBERSHIP) || part_missing(cs)) {
		say(v, WAITS, "needs a newer version of saksi");
		v->need = cs->id; /* nothing that comes in can change this */
		return false;
	}
	return true;
}

/* The device of a log of which nothing is merged, by what of it is quarantined. */
static bool device_in_quarantine(const struct gate *g, const struct changeset *cs,
    struct saksi_hash *device)
{
	const struct hold *h = &g->hold;
	uint32_t at = cs->has_prev ? idmap_get(&h->quarantined, &cs->prev) : IDMAP_NONE;

	while (at != IDMAP_NONE && h->list[at].cs != NULL) {
		const struct changeset *w = h->list[at].cs;
		uint8_t nonce[16];
		unsigned reason;

		if (hash_cmp(&w->log, &cs->log) != 0)
			return false;
		if (!w->has_prev)
			return changeset_log_open(w, device, nonce, &reason);
		at = idmap_get(&h->quarantined, &w->prev);
	}
	return false;
}

/* Steps 7, 8: whose log is it? */
static bool find_device(const struct gate *g, const struct changeset *cs,
    struct verdict *v)
{
	struct saksi_hash log;
	uint8_t nonce[16];
	unsigned reason;

	if (!cs->has_prev) {
		if (!changeset_log_open(cs, &v->device, nonce, &reason)) {
			say(v, REFUSED, "the first of a log does not open it");
			return false;
		}
		log_id_of(&log, &v->device, cs->coll, nonce);
		if (hash_cmp(&log, &cs->log) != 0) {
			say(v, REFUSED, "its log does not belong to the device it names");
			return false;
		}
	} else if (!saksi_log_device_of(g->txn, &cs->log, &v->device) &&
	    !device_in_quarantine(g, cs, &v->device)) {
		wait_for(v, &cs->prev);
		return false;
	}
	v->has_device = true;
	if (membership_device(g->t->members, &v->device) == NULL) {
		say(v, WAITS, "its device is not known here yet");
		return false;
	}
	return true;
}

static bool check_signature(const struct gate *g, const struct changeset *cs,
    bool *verified, struct verdict *v)
{
	const struct team_device *d = membership_device(g->t->members, &v->device);

	if (*verified)
		return true;
	if (d == NULL || changeset_verify(cs, d->sign_pk, NULL) != SAKSI_OK) {
		say(v, REFUSED, "its signature is wrong");
		return false;
	}
	*verified = true;
	return true;
}

/* A signed entry of our own present log that we lack: this vault was put back. */
static void notice_restored(struct gate *g, const struct changeset *cs,
    const struct verdict *v)
{
	enum changeset_kind kind = cs->kind == CS_DATA ? CS_DATA : CS_MEMBERSHIP;

	if (hash_cmp(&v->device, &g->t->self.id) != 0 ||
	    hash_cmp(&cs->log, &g->t->writers[kind == CS_MEMBERSHIP].log) != 0)
		return;
	team_new_log(g->t, kind, LOG_RESTORED);
	tally_warn(g->tally,
	    "this vault was restored from an older state, or copied: changes "
	    "made here before came back; from now on it writes a new log");
}

static bool cites_quarantined(const struct gate *g, const struct changeset *cs)
{
	const struct idmap *q = &g->hold.quarantined;

	if (cs->has_prev && idmap_get(q, &cs->prev) != IDMAP_NONE)
		return true;
	for (uint32_t i = 0; i < cs->n_deps; i++)
		if (idmap_get(q, &cs->deps[i]) != IDMAP_NONE)
			return true;
	for (uint32_t i = 0; i < cs->n_auth; i++)
		if (idmap_get(q, &cs->auth[i]) != IDMAP_NONE)
			return true;
	return false;
}

/* Step 12. */
static bool check_rights(const struct gate *g, const struct changeset *cs,
    struct verdict *v)
{
	char why[160] = "";

	switch (saksi_team_judge(g->t, cs, &v->device, why, sizeof(why))) {
	case TEAM_OK:
		return true;
	case TEAM_PENDING:
		say(v, WAITS, why);
		v->need = cs->id;
		break;
	case TEAM_QUARANTINE:
		say(v, QUARANTINED, why);
		break;
	case TEAM_REFUSE:
		say(v, REFUSED, why);
		break;
	}
	return false;
}

/* ---- merging -------------------------------------------------------------------------- */

struct merging {
	struct gate *g;
	const struct saksi_hash *device;
};

static void on_change(void *ctx, const struct merge_change *c)
{
	struct merging *m = ctx;

	tally_change(m->g->tally, c, m->device);
}

static void warn_future(struct gate *g, const struct changeset *cs,
    const struct saksi_hash *device)
{
	char name[260];

	if ((int64_t)(cs->hlc >> 16) <= clock_now_us() / 1000 + FUTURE_MS)
		return;
	team_name(g->t, device, name);
	tally_warn(g->tally,
	    "%s: its clock is more than a day ahead; the times of its changes "
	    "are wrong",
	    name);
}

static enum saksi_err tell_here(struct gate *g, const struct saksi_hash *id,
    struct saksi_error *err)
{
	struct log_entry e = {0};
	enum saksi_err rc;
	uint64_t n;

	if (g->here == NULL)
		return SAKSI_OK;
	rc = saksi_log_get(g->txn, id, &e, err);
	n = e.n;
	log_entry_free(&e);
	return rc == SAKSI_OK ? g->here(g->ctx, n, err) : rc;
}

/* Step 13 and the merge itself. */
static enum saksi_err merge(struct gate *g, const struct changeset *cs,
    const struct saksi_hash *sealer, struct verdict *v, struct saksi_error *err)
{
	struct merging m = {g, &v->device};
	struct saksi_error e;
	enum saksi_err rc;

	if (cs->kind == CS_MEMBERSHIP &&
	    membership_count(g->t->members) >= MEMBERSHIP_MAX) {
		say(v, QUARANTINED, "the team has had too many membership changes");
		return SAKSI_OK;
	}
	rc = saksi_log_merge(g->txn, cs, sealer, on_change, &m, &e);

	if (rc != SAKSI_OK && rc != SAKSI_EEXIST && saksi_log_has(g->txn, &cs->id))
		return saksi_fail(err, rc, "%s",
		    e.msg); /* half merged: give up the batch */
	switch (rc) {
	case SAKSI_OK:
		v->what = MERGED;
		warn_future(g, cs, &v->device);
		if (cs->kind != CS_MEMBERSHIP)
			return SAKSI_OK;
		g->members_changed = true;
		return team_note(g->t, cs, &v->device, err);
	case SAKSI_EEXIST:
		v->what = KNOWN;
		return SAKSI_OK;
	case SAKSI_EFORMAT:
	case SAKSI_ELIMIT:
		say(v, REFUSED, e.msg);
		return SAKSI_OK;
	case SAKSI_ENEWER:
		say(v, WAITS, "needs a newer version of saksi");
		v->need = cs->id;
		return SAKSI_OK;
	case SAKSI_ENOTFOUND:
	case SAKSI_EINVAL:
	case SAKSI_EAUTH:
	case SAKSI_EDAMAGED:
	case SAKSI_EBUSY:
	case SAKSI_ENOMEM:
	case SAKSI_EIO:
	case SAKSI_EREFUSED:
	case SAKSI_EPARTIAL:
		break;
	}
	return saksi_fail(err, rc, "%s", e.msg);
}

/* All of PROTOCOL.md 6 for one changeset.  Fails only for reasons of this vault. */
static enum saksi_err attempt(struct gate *g, const struct changeset *cs,
    const struct saksi_hash *sealer, bool *verified, struct verdict *v,
    struct saksi_error *err)
{
	struct saksi_hash missing[CHANGESET_CAUSES_MAX];
	uint32_t n = 0;
	enum saksi_err rc;

	memset(v, 0, sizeof(*v));
	if (saksi_log_has(g->txn, &cs->id)) {
		v->what = KNOWN;
		return SAKSI_OK;
	}
	if (!check_form(g, cs, v) || !find_device(g, cs, v) ||
	    !check_signature(g, cs, verified, v))
		return SAKSI_OK;
	notice_restored(g, cs, v);
	if (cites_quarantined(g, cs)) {
		say(v, QUARANTINED, "follows a quarantined changeset");
		return SAKSI_OK;
	}
	rc = saksi_log_missing(g->txn, cs, missing, &n, err);
	if (rc != SAKSI_OK)
		return rc;
	if (n > 0) {
		wait_for(v, &missing[0]);
		return SAKSI_OK;
	}
	return check_rights(g, cs, v) ? merge(g, cs, sealer, v, err) : SAKSI_OK;
}

/* ---- what follows from an outcome --------------------------------------------------- */

static enum saksi_err released(struct gate *g, const struct saksi_hash *id,
    struct saksi_error *err)
{
	if (g->n_released == g->cap_released) {
		size_t cap = g->cap_released == 0 ? 32 : g->cap_released * 2;
		struct saksi_hash *list = realloc(g->released, cap * sizeof(*list));

		if (list == NULL)
			return saksi_fail_nomem(err);
		g->released = list;
		g->cap_released = cap;
	}
	g->released[g->n_released++] = *id;
	return SAKSI_OK;
}

static void refuse(struct gate *g, const struct saksi_hash *id, const struct verdict *v)
{
	char what[400], shortid[17], name[260];

	hash_short(shortid, id);
	if (v->has_device) {
		team_name(g->t, &v->device, name);
		(void)snprintf(what, sizeof(what), "changeset %s of %s", shortid, name);
	} else {
		(void)snprintf(what, sizeof(what), "changeset %s", shortid);
	}
	tally_refused(g->tally, what, v->reason);
}

static enum saksi_err arrived(struct gate *g, const struct changeset *cs,
    enum outcome what, bool of_container, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	if (what == MERGED)
		g->tally->sum->received++;
	else if (of_container)
		g->tally->sum->known++;
	if (of_container)
		rc = tell_here(g, &cs->id, err);
	return rc == SAKSI_OK ? released(g, &cs->id, err) : rc;
}

/* A changeset that was just read. */
static enum saksi_err take(struct gate *g, struct changeset **cs, struct saksi_error *err)
{
	struct waiting *same = hold_find(&g->hold, *cs);
	struct verdict v;
	bool verified = false;
	enum saksi_err rc;

	if (same != NULL) {
		same->seen = true;
		g->tally->sum->known++;
		g->unsettled = g->unsettled || same->why == HELD_PENDING;
		return SAKSI_OK;
	}
	rc = attempt(g, *cs, &g->sealer, &verified, &v, err);
	if (rc != SAKSI_OK)
		return rc;
	if (v.what == MERGED || v.what == KNOWN)
		return arrived(g, *cs, v.what, true, err);
	if (v.what == REFUSED) {
		refuse(g, &(*cs)->id, &v);
		return SAKSI_OK;
	}
	g->unsettled = g->unsettled || v.what == WAITS;
	if (v.what == QUARANTINED)
		rc = released(g, &(*cs)->id, err);
	if (rc == SAKSI_OK) {
		struct saksi_hash id = (*cs)->id;

		rc = hold_add(&g->hold, cs,
		    v.what == QUARANTINED ? HELD_QUARANTINED : HELD_PENDING, &g->sealer,
		    &v.need, v.reason, err);
		if (rc == SAKSI_OK)
			g->hold.list[g->hold.n - 1].verified = verified;
		if (rc == SAKSI_ELIMIT) {
			say(&v, REFUSED, "too many changesets of its sealer wait already");
			refuse(g, &id, &v);
			g->unsettled = true;
			rc = SAKSI_OK;
		}
	}
	return rc;
}

/* One that waits is tried again. */
static enum saksi_err retry(struct gate *g, struct waiting *w, bool *moved,
    struct saksi_error *err)
{
	struct verdict v;
	bool verified = w->verified;
	enum saksi_err rc = attempt(g, w->cs, &w->sealer, &verified, &v, err);

	if (rc != SAKSI_OK)
		return rc;
	w->verified = verified;
	*moved = *moved || v.what != WAITS;
	if (v.what == WAITS)
		return hold_set(&g->hold, w, HELD_PENDING, &v.need, v.reason, err);
	if (v.what == QUARANTINED) {
		rc = hold_set(&g->hold, w, HELD_QUARANTINED, &v.need, v.reason, err);
		return rc == SAKSI_OK ? released(g, &w->cs->id, err) : rc;
	}
	if (v.what == REFUSED)
		refuse(g, &w->cs->id, &v);
	else
		rc = arrived(g, w->cs, v.what, w->seen, err);
	return rc == SAKSI_OK ? hold_drop(&g->hold, w, g->txn, err) : rc;
}

static bool waits_on(const struct waiting *w, const struct saksi_hash *id)
{
	return w->cs != NULL && w->why == HELD_PENDING &&
	    (hash_cmp(&w->need, id) == 0 || hash_cmp(&w->cs->id, id) == 0);
}

/* Whoever waited for what has come is tried, until nobody is left. */
static enum saksi_err settle(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	bool moved = false;

	while (rc == SAKSI_OK && (g->n_released > 0 || g->members_changed)) {
		struct saksi_hash id = {{0}}; /* zero: those that wait for membership */

		if (g->n_released > 0)
			id = g->released[--g->n_released];
		else
			g->members_changed = false;
		for (size_t i = 0; i < g->hold.n && rc == SAKSI_OK; i++)
			if (waits_on(&g->hold.list[i], &id))
				rc = retry(g, &g->hold.list[i], &moved, err);
	}
	return rc;
}

/* Every one that waits, until none moves: exact whatever was noticed before. */
static enum saksi_err settle_all(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	bool moved = true;

	while (rc == SAKSI_OK && moved) {
		moved = false;
		for (size_t i = 0; i < g->hold.n && rc == SAKSI_OK; i++) {
			struct waiting *w = &g->hold.list[i];

			if (w->cs != NULL && w->why == HELD_PENDING)
				rc = retry(g, w, &moved, err);
		}
		g->n_released = 0;
		g->members_changed = false;
	}
	return rc;
}

/* ---- transactions --------------------------------------------------------------------- */

static enum saksi_err begin(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = saksi_txn_begin(&g->txn, g->t->v, true, err);

	return rc == SAKSI_OK ? team_catch_up(g->t, g->txn, err) : rc;
}

static enum saksi_err commit(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = team_save(g->t, g->txn, err);

	return rc == SAKSI_OK ? saksi_txn_commit(&g->txn, err) : rc;
}

/* What was not committed must not stay in the team's picture either. */
static enum saksi_err undo(struct gate *g, enum saksi_err why)
{
	struct saksi_txn *txn = NULL;

	saksi_txn_abort(&g->txn);
	if (saksi_txn_begin(&txn, g->t->v, false, NULL) == SAKSI_OK &&
	    saksi_team_refresh(g->t, txn, NULL) != SAKSI_OK)
		saksi_vault_set_policy(g->t->v, NULL, NULL);
	saksi_txn_abort(&txn);
	return why;
}

static void refuse_bytes(struct gate *g, const struct saksi_error *e)
{
	tally_refused(g->tally, "changeset", e->msg);
}

static enum saksi_err work_piece(struct gate *g, const struct piece *p,
    struct saksi_error *err)
{
	struct changeset *cs = NULL;
	struct saksi_error e;
	enum saksi_err rc = changeset_decode(&cs, g->queue.p + p->at, p->n, &e);

	if (rc == SAKSI_ENOMEM)
		return saksi_fail_nomem(err);
	if (rc != SAKSI_OK) {
		refuse_bytes(g, &e);
		return SAKSI_OK;
	}
	rc = take(g, &cs, err);
	changeset_free(&cs);
	return rc == SAKSI_OK ? settle(g, err) : rc;
}

enum saksi_err gate_flush(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc;

	if (g->n_pieces == 0)
		return SAKSI_OK;
	rc = begin(g, err);
	for (size_t i = 0; i < g->n_pieces && rc == SAKSI_OK; i++) {
		rc = work_piece(g, &g->pieces[i], err);
		if (rc == SAKSI_OK && saksi_txn_full(g->txn)) {
			rc = commit(g, err);
			if (rc == SAKSI_OK)
				rc = begin(g, err);
		}
	}
	if (rc == SAKSI_OK)
		rc = commit(g, err);
	buf_reset(&g->queue);
	g->n_pieces = 0;
	return rc == SAKSI_OK ? rc : undo(g, rc);
}

/* ---- the gate's face -------------------------------------------------------------------- */

enum saksi_err gate_new(struct gate **out, struct saksi_team *t, struct tally *tally,
    gate_here_fn *here, void *ctx, struct saksi_error *err)
{
	struct gate *g = calloc(1, sizeof(*g));
	enum saksi_err rc;

	*out = NULL;
	if (g == NULL)
		return saksi_fail_nomem(err);
	g->t = t;
	g->tally = tally;
	g->here = here;
	g->ctx = ctx;
	rc = begin(g, err);
	if (rc == SAKSI_OK)
		rc = hold_load(&g->hold, g->txn, err);
	if (rc == SAKSI_OK)
		rc = commit(g, err);
	if (rc != SAKSI_OK) {
		rc = undo(g, rc);
		gate_free(&g);
	}
	*out = g;
	return rc;
}

void gate_free(struct gate **gp)
{
	struct gate *g = gp != NULL ? *gp : NULL;

	if (g == NULL)
		return;
	saksi_txn_abort(&g->txn);
	hold_free(&g->hold);
	buf_free(&g->queue);
	free(g->pieces);
	free(g->released);
	free(g);
	*gp = NULL;
}

void gate_begin(struct gate *g, const struct saksi_hash *sealer)
{
	g->sealer = *sealer;
	g->unsettled = false;
	hold_mark(&g->hold);
}

enum saksi_err gate_put(struct gate *g, const void *p, size_t n, struct saksi_error *err)
{
	enum saksi_err rc;

	if (g->n_pieces == g->cap_pieces) {
		size_t cap = g->cap_pieces == 0 ? 64 : g->cap_pieces * 2;
		struct piece *list = realloc(g->pieces, cap * sizeof(*list));

		if (list == NULL)
			return saksi_fail_nomem(err);
		g->pieces = list;
		g->cap_pieces = cap;
	}
	g->pieces[g->n_pieces] = (struct piece){g->queue.len, n};
	buf_add(&g->queue, p, n);
	rc = buf_ok(&g->queue, err);
	if (rc != SAKSI_OK)
		return rc;
	g->n_pieces++;
	return g->queue.len >= BATCH_BYTES ? gate_flush(g, err) : SAKSI_OK;
}

enum saksi_err gate_end(struct gate *g, bool proven, bool *settled,
    struct saksi_error *err)
{
	static const struct saksi_hash nobody;
	size_t over = 0;
	enum saksi_err rc = gate_flush(g, err);

	if (rc == SAKSI_OK && !proven)
		hold_book(&g->hold, &nobody, &over);
	for (size_t i = 0; i < over; i++)
		tally_refused(g->tally, "changeset",
		    "too many changesets without a proven sealer wait already");
	*settled = rc == SAKSI_OK && proven && !g->unsettled;
	return rc;
}

static enum saksi_err warn_forks(struct gate *g, struct saksi_error *err)
{
	struct log_head *heads = NULL;
	char name[260];
	size_t n = 0;
	enum saksi_err rc = saksi_log_heads(g->txn, &heads, &n, err);

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		if (!heads[i].forked)
			continue;
		team_name(g->t, &heads[i].device, name);
		tally_warn(g->tally,
		    "%s: its log has two branches, so its key is used in two "
		    "places or it does not tell the truth; ask its user",
		    name);
	}
	free(heads);
	return rc;
}

static void warn_keys(struct gate *g)
{
	char name[260];

	for (size_t i = 0; i < g->t->n_bad_keys; i++) {
		team_name(g->t, &g->t->bad_key[i], name);
		tally_warn(g->tally,
		    "%s: issued an epoch key that does not fit its announcement; "
		    "it is not used",
		    name);
	}
}

/* Every cause that something waits for and that is neither here nor held. */
static enum saksi_err list_missing(struct gate *g, struct saksi_error *err)
{
	struct idmap seen = IDMAP_INIT, held = IDMAP_INIT;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < g->hold.n && rc == SAKSI_OK; i++)
		if (g->hold.list[i].cs != NULL)
			rc = idmap_put(&held, &g->hold.list[i].cs->id, 0, err);
	for (size_t i = 0; i < g->hold.n && rc == SAKSI_OK; i++) {
		struct saksi_hash ids[CHANGESET_CAUSES_MAX], device;
		const struct waiting *w = &g->hold.list[i];
		uint32_t n = 0;

		if (w->cs == NULL || w->why != HELD_PENDING)
			continue;
		rc = saksi_log_missing(g->txn, w->cs, ids, &n, err);
		for (uint32_t k = 0; k < n && rc == SAKSI_OK; k++) {
			bool prev =
			    w->cs->has_prev && hash_cmp(&ids[k], &w->cs->prev) == 0;
			char name[260] = "";

			if (idmap_get(&held, &ids[k]) != IDMAP_NONE ||
			    idmap_get(&seen, &ids[k]) != IDMAP_NONE)
				continue;
			if (prev && saksi_log_device_of(g->txn, &w->cs->log, &device))
				team_name(g->t, &device, name);
			tally_missing(g->tally, &ids[k], name, prev ? w->cs->seq - 1 : 0);
			rc = idmap_put(&seen, &ids[k], 0, err);
		}
	}
	idmap_free(&seen);
	idmap_free(&held);
	return rc;
}

enum saksi_err gate_finish(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = gate_flush(g, err);

	if (rc == SAKSI_OK)
		rc = begin(g, err);
	if (rc == SAKSI_OK)
		rc = settle_all(g, err);
	if (rc == SAKSI_OK)
		rc = hold_save(&g->hold, g->txn, err);
	if (rc == SAKSI_OK)
		rc = list_missing(g, err);
	if (rc == SAKSI_OK)
		rc = warn_forks(g, err);
	if (rc == SAKSI_OK)
		rc = tally_finish(g->tally, g->t, g->txn, err);
	if (rc == SAKSI_OK)
		rc = commit(g, err);
	if (rc != SAKSI_OK)
		return undo(g, rc);
	warn_keys(g);
	hold_count(&g->hold, &g->tally->sum->pending, &g->tally->sum->quarantined);
	return SAKSI_OK;
}

bool gate_holds(const struct gate *g,
    bool (*fn)(const void *ctx, const struct saksi_hash *id), const void *ctx)
{
	for (size_t i = 0; i < g->hold.n; i++)
		if (g->hold.list[i].cs != NULL && fn(ctx, &g->hold.list[i].cs->id))
			return true;
	return false;
}
