/* gate_report.c - the gate: what is told once all is in the vault. */
#include <stdlib.h>

#include "gate_impl.h"

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
			if (prev)
				rc = saksi_log_device_of(g->txn, &w->cs->log, &device,
				    err);
			if (prev && rc == SAKSI_OK)
				team_name(g->t, &device, name);
			else if (rc != SAKSI_OK && rc != SAKSI_ENOTFOUND)
				break;
			tally_missing(g->tally, &ids[k], name, prev ? w->cs->seq - 1 : 0);
			rc = idmap_put(&seen, &ids[k], 0, err);
		}
	}
	idmap_free(&seen);
	idmap_free(&held);
	return rc;
}

/* All is in the vault: what is told of it is read from there. */
enum saksi_err gate_report(struct gate *g, struct saksi_error *err)
{
	enum saksi_err rc = saksi_txn_begin(&g->txn, g->t->v, false, err);

	if (rc == SAKSI_OK)
		rc = list_missing(g, err);
	if (rc == SAKSI_OK)
		rc = warn_forks(g, err);
	if (rc == SAKSI_OK)
		tally_finish(g->tally, g->t, g->txn);
	saksi_txn_abort(&g->txn);
	warn_keys(g);
	hold_count(&g->hold, &g->tally->sum->pending, &g->tally->sum->quarantined);
	return rc;
}
