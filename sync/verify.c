/* verify.c - what becomes of one changeset: PROTOCOL.md section 6. */
#include <stdio.h>
#include <string.h>

#include <saksi/base/fsio.h>

#include "gate_impl.h"

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

/* Steps 1-6 of PROTOCOL.md 6 that need no other changeset.  ${*go_on}: no verdict yet. */
static enum saksi_err check_form(const struct gate *g, const struct changeset *cs,
    struct verdict *v, bool *go_on, struct saksi_error *err)
{
	struct saksi_error e;
	enum saksi_err rc = SAKSI_OK;

	*go_on = false;
	if (!place_fits(g, cs)) {
		say(v, REFUSED, "of another team or collection");
		return SAKSI_OK;
	}
	if (cs->kind == CS_MEMBERSHIP)
		rc = saksi_team_check_membership(cs, &e);
	if (rc == SAKSI_ENOMEM)
		return saksi_fail_nomem(err);
	if (rc != SAKSI_OK) {
		say(v, REFUSED, e.msg);
		return SAKSI_OK;
	}
	if ((cs->kind != CS_DATA && cs->kind != CS_MEMBERSHIP) || part_missing(cs)) {
		say(v, WAITS, "needs a newer version of saksi");
		v->need = cs->id; /* nothing that comes in can change this */
		return SAKSI_OK;
	}
	*go_on = true;
	return SAKSI_OK;
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
static enum saksi_err find_device(const struct gate *g, const struct changeset *cs,
    struct verdict *v, bool *go_on, struct saksi_error *err)
{
	struct saksi_hash log;
	uint8_t nonce[16];
	unsigned reason;
	enum saksi_err rc;

	*go_on = false;
	if (!cs->has_prev) {
		if (!changeset_log_open(cs, &v->device, nonce, &reason)) {
			say(v, REFUSED, "the first of a log does not open it");
			return SAKSI_OK;
		}
		log_id_of(&log, &v->device, cs->coll, nonce);
		if (hash_cmp(&log, &cs->log) != 0) {
			say(v, REFUSED, "its log does not belong to the device it names");
			return SAKSI_OK;
		}
	} else {
		rc = saksi_log_device_of(g->txn, &cs->log, &v->device, err);
		if (rc != SAKSI_OK && rc != SAKSI_ENOTFOUND)
			return rc;
		if (rc == SAKSI_ENOTFOUND && !device_in_quarantine(g, cs, &v->device)) {
			wait_for(v, &cs->prev);
			return SAKSI_OK;
		}
	}
	v->has_device = true;
	if (membership_device(g->t->members, &v->device) == NULL) {
		say(v, WAITS, "its device is not known here yet");
		return SAKSI_OK;
	}
	*go_on = true;
	return SAKSI_OK;
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
static enum saksi_err check_rights(const struct gate *g, const struct changeset *cs,
    struct verdict *v, bool *go_on, struct saksi_error *err)
{
	char why[160] = "";
	enum team_verdict team = TEAM_PENDING;
	enum saksi_err rc =
	    saksi_team_judge(&team, g->t, cs, &v->device, why, sizeof(why), err);

	*go_on = rc == SAKSI_OK && team == TEAM_OK;
	if (rc != SAKSI_OK)
		return rc;
	switch (team) {
	case TEAM_OK:
		break;
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
	return SAKSI_OK;
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

	if ((int64_t)(cs->hlc >> 16) <= clock_now_us() / 1000 + HLC_FUTURE_MS)
		return;
	team_name(g->t, device, name);
	tally_warn(g->tally,
	    "%s: its clock is more than a day ahead; the times of its changes "
	    "are wrong",
	    name);
}

/* Form and limits that its bytes alone decide.  ${*go_on}: it passes. */
static enum saksi_err check_parts(const struct changeset *cs, struct verdict *v,
    bool *go_on, struct saksi_error *err)
{
	struct saksi_error e;
	enum saksi_err rc = saksi_log_check(cs, &e);

	*go_on = rc == SAKSI_OK;
	if (rc == SAKSI_OK)
		return SAKSI_OK;
	if (rc == SAKSI_EFORMAT || rc == SAKSI_ELIMIT) {
		say(v, REFUSED, e.msg);
	} else if (rc == SAKSI_ENEWER) {
		say(v, WAITS, "needs a newer version of saksi");
		v->need = cs->id;
	} else {
		return saksi_fail(err, rc, "%s", e.msg);
	}
	return SAKSI_OK;
}

/*
 * Step 13 and the merge itself.  From here on only the place in its log can
 * speak against it; any other failure is one of this vault, and no verdict.
 */
static enum saksi_err merge(struct gate *g, const struct changeset *cs,
    const struct saksi_hash *sealer, struct verdict *v, struct saksi_error *err)
{
	struct merging m = {g, &v->device};
	struct saksi_error e;
	bool go_on;
	enum saksi_err rc = check_parts(cs, v, &go_on, err);

	if (rc != SAKSI_OK || !go_on)
		return rc;
	if (cs->kind == CS_MEMBERSHIP &&
	    membership_count(g->t->members) >= MEMBERSHIP_MAX) {
		say(v, WAITS,
		    "the team has more membership changes than this version takes");
		v->need = cs->id;
		return SAKSI_OK;
	}
	rc = saksi_log_merge(g->txn, cs, sealer, on_change, &m, &e);
	if (rc == SAKSI_EEXIST) {
		v->what = KNOWN;
		return SAKSI_OK;
	}
	if (rc == SAKSI_EFORMAT) {
		bool here;
		enum saksi_err asked = saksi_log_has(g->txn, &cs->id, &here, err);

		if (asked != SAKSI_OK)
			return asked;
		if (!here) {
			say(v, REFUSED, e.msg);
			return SAKSI_OK;
		}
	}
	/* What is too much for the index is too much of this one, not of those after it. */
	if (rc == SAKSI_OK && g->careful)
		rc = saksi_txn_settle(g->txn, &e);
	if (rc != SAKSI_OK)
		return saksi_fail(err, rc, "%s", e.msg);
	v->what = MERGED;
	warn_future(g, cs, &v->device);
	if (cs->kind != CS_MEMBERSHIP)
		return SAKSI_OK;
	g->members_changed = true;
	return team_note(g->t, cs, &v->device, err);
}

enum saksi_err verify_one(struct gate *g, const struct changeset *cs,
    const struct saksi_hash *sealer, bool *verified, struct verdict *v,
    struct saksi_error *err)
{
	struct saksi_hash missing[CHANGESET_CAUSES_MAX];
	uint32_t n = 0;
	bool here, go_on;
	enum saksi_err rc;

	memset(v, 0, sizeof(*v));
	rc = saksi_log_has(g->txn, &cs->id, &here, err);
	if (rc == SAKSI_OK && here)
		v->what = KNOWN;
	if (rc != SAKSI_OK || here)
		return rc;
	rc = check_form(g, cs, v, &go_on, err);
	if (rc == SAKSI_OK && go_on)
		rc = find_device(g, cs, v, &go_on, err);
	if (rc != SAKSI_OK || !go_on || !check_signature(g, cs, verified, v))
		return rc;
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
	rc = check_rights(g, cs, v, &go_on, err);
	return rc == SAKSI_OK && go_on ? merge(g, cs, sealer, v, err) : rc;
}
