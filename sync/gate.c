/* gate.c - the gate: what waits, what it waits for, transactions, counts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "gate_impl.h"

#define BATCH_BYTES ((size_t)1 << 20)

/* ---- transactions --------------------------------------------------------------------- */

static enum saksi_err begin(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = saksi_txn_begin(&g->txn, g->t->v, true, err);

	tally_mark(g->tally);
	g->n_arrivals = 0;
	g->moved = false;
	return rc == SAKSI_OK ? team_catch_up(g->t, g->txn, err) : rc;
}

static enum saksi_err commit(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = team_save(g->t, g->txn, err);

	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&g->txn, err);
	if (rc != SAKSI_OK)
		return rc;
	hold_commit(&g->hold);
	tally_mark(g->tally);
	for (size_t i = 0; i < g->n_arrivals && rc == SAKSI_OK; i++)
		rc = g->here(g->ctx, g->arrivals[i], err);
	g->n_arrivals = 0;
	return rc;
}

/* What was not committed must not stay in any picture of it. */
static enum saksi_err undo(struct gate *g, enum saksi_err why)
{
	struct saksi_txn *txn = NULL;

	saksi_txn_abort(&g->txn);
	hold_undo(&g->hold);
	tally_back(g->tally);
	g->n_arrivals = 0;
	if (saksi_txn_begin(&txn, g->t->v, false, NULL) == SAKSI_OK &&
	    saksi_team_refresh(g->t, txn, NULL) != SAKSI_OK)
		saksi_vault_set_policy(g->t->v, NULL, NULL);
	saksi_txn_abort(&txn);
	return why;
}

/* However much one changeset sets free, it comes in transactions of bounded size. */
static enum saksi_err spill(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc;

	if (!saksi_txn_full(g->txn) && !(g->careful && g->moved))
		return SAKSI_OK;
	rc = commit(g, err);
	return rc == SAKSI_OK ? begin(g, err) : rc;
}

/* More than a whole transaction of this vault holds: no verdict, and not in the way. */
static enum saksi_err set_aside(struct gate *g, struct verdict *v,
    const struct saksi_hash *id, struct saksi_error *err)
{
	(void)undo(g, SAKSI_ELIMIT);
	say(v, WAITS,
	    "more than this vault can write at once; it is tried again each time");
	v->need = *id;
	return begin(g, err);
}

/* ---- what follows from an outcome --------------------------------------------------- */

static enum saksi_err released(struct gate *g, const struct saksi_hash *id,
    struct saksi_error *err)
{
	struct saksi_hash *list =
	    list_room(g->released, g->n_released, &g->cap_released, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	g->released = list;
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

static enum saksi_err note_arrival(struct gate *g, uint64_t n, struct saksi_error *err)
{
	uint64_t *list =
	    list_room(g->arrivals, g->n_arrivals, &g->cap_arrivals, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	g->arrivals = list;
	g->arrivals[g->n_arrivals++] = n;
	return SAKSI_OK;
}

/*
 * It stands in the container being read: others can have it from there, if
 * that is the copy which this vault holds and not one that only looks like it.
 */
static enum saksi_err tell_here(struct gate *g, const struct changeset *cs,
    struct saksi_error *err)
{
	struct log_entry e = {0};
	enum saksi_err rc;

	if (g->here == NULL)
		return SAKSI_OK;
	rc = saksi_log_get(g->txn, &cs->id, &e, err);
	if (rc == SAKSI_OK && e.cs->bytes.len == cs->bytes.len &&
	    memcmp(e.cs->bytes.p, cs->bytes.p, cs->bytes.len) == 0)
		rc = note_arrival(g, e.n, err);
	log_entry_free(&e);
	return rc;
}

static enum saksi_err arrived(struct gate *g, const struct changeset *cs,
    enum outcome what, bool of_container, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	g->moved = true;
	if (what == MERGED)
		g->tally->sum->received++;
	else if (of_container)
		g->tally->sum->known++;
	if (of_container)
		rc = tell_here(g, cs, err);
	return rc == SAKSI_OK ? released(g, &cs->id, err) : rc;
}

/* What is over its sealer's quota is refused, and can come again. */
static enum saksi_err keep(struct gate *g, struct changeset **cs, struct verdict *v,
    bool verified, struct saksi_error *err)
{
	uint8_t why = v->what == QUARANTINED ? HELD_QUARANTINED : HELD_PENDING;
	struct saksi_hash id = (*cs)->id;
	enum saksi_err rc =
	    hold_add(&g->hold, cs, why, &g->sealer, &v->need, v->reason, err);

	g->unsettled = g->unsettled || v->what == WAITS;
	g->moved = true;
	if (rc == SAKSI_OK)
		g->hold.list[g->hold.n - 1].verified = verified;
	if (rc == SAKSI_ELIMIT) {
		say(v, REFUSED, "too many changesets of its sealer wait already");
		refuse(g, &id, v);
		g->unsettled = true;
		rc = SAKSI_OK;
	}
	return rc;
}

/* A changeset that was just read. */
static enum saksi_err take(struct gate *g, struct changeset **cs, struct saksi_error *err)
{
	struct waiting *same = hold_find(&g->hold, *cs);
	struct verdict v;
	bool verified = false, stuck = false;
	enum saksi_err rc;

	if (same != NULL) {
		same->seen = true;
		g->tally->sum->known++;
		g->unsettled = g->unsettled || same->why == HELD_PENDING;
		return SAKSI_OK;
	}
	rc = verify_one(g, *cs, &g->sealer, &verified, &v, err);
	if (rc == SAKSI_ELIMIT && g->careful) {
		rc = set_aside(g, &v, &(*cs)->id, err);
		stuck = true;
	}
	if (rc != SAKSI_OK)
		return rc;
	if (v.what == MERGED || v.what == KNOWN)
		return arrived(g, *cs, v.what, true, err);
	if (v.what == REFUSED) {
		refuse(g, &(*cs)->id, &v);
		return SAKSI_OK;
	}
	if (v.what == QUARANTINED)
		rc = released(g, &(*cs)->id, err);
	if (rc == SAKSI_OK)
		rc = keep(g, cs, &v, verified, err);
	if (rc == SAKSI_OK && stuck && *cs == NULL)
		g->hold.list[g->hold.n - 1].stuck = true;
	return rc;
}

/* One that waits is tried again. */
static enum saksi_err retry(struct gate *g, struct waiting *w, bool *moved,
    struct saksi_error *err)
{
	struct verdict v;
	bool verified = w->verified;
	enum saksi_err rc = verify_one(g, w->cs, &w->sealer, &verified, &v, err);

	if (rc == SAKSI_ELIMIT && g->careful) {
		rc = set_aside(g, &v, &w->cs->id, err);
		w->stuck = true;
	}
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
	g->moved = true;
	if (v.what == REFUSED)
		refuse(g, &w->cs->id, &v);
	else
		rc = arrived(g, w->cs, v.what, w->seen, err);
	return rc == SAKSI_OK ? hold_drop(&g->hold, w, g->txn, err) : rc;
}

static bool waits_on(const struct waiting *w, const struct saksi_hash *id)
{
	return w->cs != NULL && w->why == HELD_PENDING && !w->stuck &&
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
		for (size_t i = 0; i < g->hold.n && rc == SAKSI_OK; i++) {
			if (waits_on(&g->hold.list[i], &id))
				rc = retry(g, &g->hold.list[i], &moved, err);
			if (rc == SAKSI_OK)
				rc = spill(g, err);
		}
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

			if (w->cs != NULL && w->why == HELD_PENDING && !w->stuck)
				rc = retry(g, w, &moved, err);
			if (rc == SAKSI_OK)
				rc = spill(g, err);
		}
		g->n_released = 0;
		g->members_changed = false;
	}
	return rc;
}

/* ---- batches -------------------------------------------------------------------------- */

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
	if (rc == SAKSI_OK)
		rc = spill(g, err);
	return rc == SAKSI_OK ? settle(g, err) : rc;
}

/* From the first piece that is not committed. */
static enum saksi_err work(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = begin(g, err);

	for (size_t i = g->done; i < g->n_pieces && rc == SAKSI_OK; i++) {
		rc = work_piece(g, &g->pieces[i], err);
		if (rc == SAKSI_OK && (g->careful || saksi_txn_full(g->txn))) {
			rc = commit(g, err);
			g->done = i + 1;
			if (rc == SAKSI_OK)
				rc = begin(g, err);
		}
	}
	return rc == SAKSI_OK ? commit(g, err) : rc;
}

enum saksi_err gate_flush(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc;

	if (g->n_pieces == 0)
		return SAKSI_OK;
	g->done = 0;
	rc = work(g, err);
	if (rc == SAKSI_ELIMIT && !g->careful) {
		(void)undo(g, rc);
		g->careful = true;
		rc = work(g, err);
	}
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
	free(g->arrivals);
	free(g);
	*gp = NULL;
}

void gate_begin(struct gate *g, const struct saksi_hash *sealer)
{
	g->sealer = *sealer;
	g->unsettled = g->careful = false;
	hold_mark(&g->hold);
}

enum saksi_err gate_put(struct gate *g, const void *p, size_t n, struct saksi_error *err)
{
	enum saksi_err rc;
	struct piece *list =
	    list_room(g->pieces, g->n_pieces, &g->cap_pieces, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	g->pieces = list;
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

static enum saksi_err save_held(struct gate *g, struct saksi_error *err)
{
	size_t at = 0;
	enum saksi_err rc = SAKSI_OK;

	while (at < g->hold.n && rc == SAKSI_OK) {
		rc = hold_save(&g->hold, &at, g->txn, err);
		if (rc == SAKSI_OK)
			rc = spill(g, err);
	}
	return rc;
}

static enum saksi_err settle_and_save(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = begin(g, err);

	if (rc == SAKSI_OK)
		rc = settle_all(g, err);
	if (rc == SAKSI_OK)
		rc = save_held(g, err);
	return rc == SAKSI_OK ? commit(g, err) : rc;
}

enum saksi_err gate_finish(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = gate_flush(g, err);

	if (rc != SAKSI_OK)
		return rc;
	rc = settle_and_save(g, err);
	if (rc == SAKSI_ELIMIT && !g->careful) {
		(void)undo(g, rc);
		g->careful = true;
		rc = settle_and_save(g, err);
	}
	return rc == SAKSI_OK ? gate_report(g, err) : undo(g, rc);
}

bool gate_holds(const struct gate *g,
    bool (*fn)(const void *ctx, const struct saksi_hash *id), const void *ctx)
{
	for (size_t i = 0; i < g->hold.n; i++)
		if (g->hold.list[i].cs != NULL && fn(ctx, &g->hold.list[i].cs->id))
			return true;
	return false;
}
