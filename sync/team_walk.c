/* team_walk.c - find membership in the log and evaluate it. */
#include <stdio.h>
#include <stdlib.h>

#include <saksi/base/list.h>

#include "idmap.h"
#include "team_impl.h"

struct found { /* a membership changeset met on the way back from the heads */
	uint64_t n;
	struct saksi_hash device;
	struct changeset *cs;
};
struct walk {
	struct saksi_team *t;
	struct saksi_txn *txn;
	struct saksi_hash *todo;
	size_t n_todo, cap_todo;
	struct found *found;
	size_t n_found, cap_found;
	struct idmap seen;
};

static enum saksi_err walk_to(struct walk *w, const struct saksi_hash *id,
    struct saksi_error *err)
{
	struct saksi_hash *list;

	if (membership_has(w->t->members, id) || idmap_get(&w->seen, id) != IDMAP_NONE)
		return SAKSI_OK;
	if ((list = list_room(w->todo, w->n_todo, &w->cap_todo, sizeof(*list))) == NULL)
		return saksi_fail_nomem(err);
	w->todo = list;
	w->todo[w->n_todo++] = *id;
	return idmap_put(&w->seen, id, 0, err);
}

static enum saksi_err keep_found(struct walk *w, struct log_entry *e,
    struct saksi_error *err)
{
	struct found *f;
	enum saksi_err rc;
	struct found *list =
	    list_room(w->found, w->n_found, &w->cap_found, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	w->found = list;
	f = &w->found[w->n_found];
	f->n = e->n;
	rc = saksi_log_device(w->txn, e->branch, &f->device, err);
	if (rc == SAKSI_ENOTFOUND)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "membership: an entry without a log");
	if (rc != SAKSI_OK)
		return rc;
	f->cs = e->cs;
	e->cs = NULL;
	w->n_found++;
	return SAKSI_OK;
}

static enum saksi_err walk_one(struct walk *w, struct saksi_error *err)
{
	struct saksi_hash id = w->todo[--w->n_todo];
	struct log_entry e = {0};
	enum saksi_err rc = saksi_log_get(w->txn, &id, &e, err);

	if (rc != SAKSI_OK)
		return rc;
	if (e.cs->has_prev)
		rc = walk_to(w, &e.cs->prev, err);
	for (uint32_t i = 0; i < e.cs->n_deps && rc == SAKSI_OK; i++)
		rc = walk_to(w, &e.cs->deps[i], err);
	for (uint32_t i = 0; i < e.cs->n_auth && rc == SAKSI_OK; i++)
		rc = walk_to(w, &e.cs->auth[i], err);
	if (rc == SAKSI_OK)
		rc = keep_found(w, &e, err);
	log_entry_free(&e);
	return rc;
}

static int by_arrival(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->n < y->n ? -1 : x->n > y->n;
}

static enum saksi_err list_devices(struct saksi_team *t, struct saksi_error *err)
{
	size_t n;
	const struct team_device *d = membership_devices(t->members, &n);
	struct team_device *copy = calloc(n + 1, sizeof(*copy));
	char(*names)[260] = calloc(n + 1, sizeof(*names));

	if (copy == NULL || names == NULL) {
		free(copy);
		free(names);
		return saksi_fail_nomem(err);
	}
	for (size_t i = 0; i < n; i++) {
		copy[i] = d[i];
		copy[i].self = hash_cmp(&d[i].id, &t->self.id) == 0;
		(void)snprintf(names[i], sizeof(names[i]), "%s (%s)", d[i].person,
		    d[i].label);
	}
	free(t->devices);
	free(t->names);
	t->devices = copy;
	t->names = names;
	t->n_devices = n;
	return SAKSI_OK;
}

static enum saksi_err settle(struct saksi_team *t, struct saksi_error *err)
{
	enum saksi_err rc = epochs_learn(t, err);

	if (rc == SAKSI_OK)
		rc = epochs_choose(t, err);
	if (rc == SAKSI_OK)
		rc = list_devices(t, err);
	return rc;
}

enum saksi_err team_note(struct saksi_team *t, const struct changeset *cs,
    const struct saksi_hash *device, struct saksi_error *err)
{
	enum saksi_err rc = membership_add(t->members, cs, device, err);

	return rc == SAKSI_OK ? settle(t, err) : rc;
}

enum saksi_err team_catch_up(struct saksi_team *t, struct saksi_txn *txn,
    struct saksi_error *err)
{
	struct walk w = {.t = t, .txn = txn, .seen = IDMAP_INIT};
	struct log_head *heads = NULL;
	size_t n = 0;
	enum saksi_err rc;

	if (t->members == NULL)
		return saksi_fail(err, SAKSI_EINVAL,
		    "team: not loaded; open the vault again");
	rc = saksi_log_heads(txn, &heads, &n, err);
	for (size_t i = 0; i < n && rc == SAKSI_OK; i++)
		if (heads[i].kind == CS_MEMBERSHIP)
			rc = walk_to(&w, &heads[i].id, err);
	while (rc == SAKSI_OK && w.n_todo > 0)
		rc = walk_one(&w, err);
	if (w.n_found > 0)
		qsort(w.found, w.n_found, sizeof(*w.found), by_arrival);
	for (size_t i = 0; i < w.n_found && rc == SAKSI_OK; i++)
		rc = membership_add(t->members, w.found[i].cs, &w.found[i].device, err);
	if (rc == SAKSI_OK && (w.n_found > 0 || t->devices == NULL))
		rc = settle(t, err);
	for (size_t i = 0; i < w.n_found; i++)
		changeset_free(&w.found[i].cs);
	idmap_free(&w.seen);
	free(w.found);
	free(w.todo);
	free(heads);
	return rc;
}
