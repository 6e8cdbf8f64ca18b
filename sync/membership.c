/* membership.c - the set of membership changesets and what it grants. */
#include "membership.h"

#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "membership_impl.h"

enum saksi_err membership_new(struct membership **out, const struct saksi_hash *space,
    struct saksi_error *err)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return saksi_fail_nomem(err);
	(*out)->space = *space;
	return SAKSI_OK;
}

void membership_free(struct membership **mp)
{
	struct membership *m = mp != NULL ? *mp : NULL;

	if (m == NULL)
		return;
	for (uint32_t i = 0; i < m->n_nodes; i++)
		free(m->nodes[i].past);
	for (uint32_t i = 0; i < m->n_epochs; i++)
		free(m->epochs[i].key.boxes);
	for (uint32_t i = 0; i < m->n_grants; i++)
		free(m->grants[i].epochs);
	idmap_free(&m->index);
	free(m->nodes);
	free(m->grants);
	free(m->epochs);
	free(m->devices);
	free(m);
	*mp = NULL;
}

void membership_founder(struct membership *m, const struct saksi_hash *device,
    const struct saksi_hash *log)
{
	m->has_founder = true;
	m->founder = *device;
	m->founder_log = *log;
}

/* ---- adding ------------------------------------------------------------------- */

static enum saksi_err add_node(struct membership *m, const struct changeset *cs,
    const struct causes *c, struct saksi_error *err)
{
	uint32_t me = m->n_nodes, words = me / 64 + 1;
	struct node *list = list_room(m->nodes, me, &m->cap_nodes, sizeof(*list));
	struct node *n;
	enum saksi_err rc;

	if (list == NULL)
		return saksi_fail_nomem(err);
	m->nodes = list;
	n = &m->nodes[me];
	*n = (struct node){.id = cs->id, .past = calloc(words, sizeof(uint64_t))};
	if (n->past == NULL)
		return saksi_fail_nomem(err);
	rc = idmap_put(&m->index, &cs->id, me, err);
	if (rc != SAKSI_OK) {
		free(n->past);
		return rc;
	}
	for (uint32_t i = 0; i < c->n; i++) {
		struct node *cause = &m->nodes[c->node[i]];

		for (uint32_t w = 0; w <= c->node[i] / 64; w++)
			n->past[w] |= cause->past[w];
		n->past[c->node[i] / 64] |= UINT64_C(1) << (c->node[i] % 64);
		cause->cited = true;
	}
	m->n_nodes++;
	return SAKSI_OK;
}

static enum saksi_err add_grant(struct membership *m, const struct grant *g,
    struct saksi_error *err)
{
	struct grant *list =
	    list_room(m->grants, m->n_grants, &m->cap_grants, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	m->grants = list;
	m->grants[m->n_grants++] = *g;
	return SAKSI_OK;
}

static void grant_device(struct grant *g, const struct device_keys *keys,
    const char *person, const char *label, enum team_role role)
{
	device_id_of(&g->d.id, keys);
	memcpy(g->d.sign_pk, keys->sign_pk, CRYPTO_KEY);
	memcpy(g->d.seal_pk, keys->seal_pk, CRYPTO_KEY);
	memcpy(g->d.noise_pk, keys->noise_pk, CRYPTO_KEY);
	memcpy(g->d.person, person, sizeof(g->d.person));
	memcpy(g->d.label, label, sizeof(g->d.label));
	g->d.role = role;
}

/* Takes over the boxes of ${key}. */
static enum saksi_err add_epoch(struct membership *m, const struct changeset_part *part,
    const struct saksi_hash *device, struct op_key *key, struct saksi_error *err)
{
	struct epoch_op *list =
	    list_room(m->epochs, m->n_epochs, &m->cap_epochs, sizeof(*list));
	struct epoch_op *e;

	if (list == NULL)
		return saksi_fail_nomem(err);
	m->epochs = list;
	e = &m->epochs[m->n_epochs++];
	*e = (struct epoch_op){.node = m->n_nodes - 1, .author = *device, .key = *key};
	crypto_hash_of(&e->id, "epoch", part->p, part->len);
	key->boxes = NULL;
	if (e->node == m->genesis)
		m->first_epoch = e->id;
	return SAKSI_OK;
}

static enum saksi_err add_op(struct membership *m, const struct changeset *cs,
    const struct changeset_part *part, const struct saksi_hash *device,
    struct member_op *op, struct saksi_error *err)
{
	struct grant g = {.node = m->n_nodes - 1, .hlc = cs->hlc};
	enum saksi_err rc;

	g.d.added_us = (int64_t)(cs->hlc >> 16) * 1000;
	if (op->tag == OP_GENESIS) {
		grant_device(&g, &op->u.genesis.keys, op->u.genesis.person,
		    op->u.genesis.label, ROLE_ADMIN);
		membership_founder(m, device, &cs->log);
		m->has_genesis = true;
		m->genesis = g.node;
		return add_grant(m, &g, err);
	}
	if (op->tag == OP_ADD_DEVICE) {
		grant_device(&g, &op->u.add.keys, op->u.add.person, op->u.add.label,
		    op->u.add.role);
		g.d.added_by = *device;
		g.request = op->u.add.request;
		g.epochs = op->u.add.epochs;
		g.n_epochs = op->u.add.n_epochs;
		rc = add_grant(m, &g, err);
		if (rc == SAKSI_OK)
			op->u.add.epochs = NULL;
		return rc;
	}
	if (op->tag == OP_KEY)
		return add_epoch(m, part, device, &op->u.key, err);
	return SAKSI_OK;
}

static int grant_order(const void *x, const void *y)
{
	const struct grant *a = x, *b = y;

	if (a->hlc != b->hlc)
		return a->hlc < b->hlc ? -1 : 1;
	return hash_cmp(&a->d.id, &b->d.id);
}

/* One entry per device: names by its first grant, the lowest role of all. */
static enum saksi_err list_devices(struct membership *m, struct saksi_error *err)
{
	struct grant *sorted;
	size_t n = 0;

	free(m->devices);
	m->n_devices = 0;
	m->devices = calloc(m->n_grants + 1u, sizeof(*m->devices));
	sorted = calloc(m->n_grants + 1u, sizeof(*sorted));
	if (m->devices == NULL || sorted == NULL) {
		free(sorted);
		return saksi_fail_nomem(err);
	}
	for (uint32_t i = 0; i < m->n_grants; i++)
		sorted[i] = m->grants[i];
	qsort(sorted, m->n_grants, sizeof(*sorted), grant_order);
	for (uint32_t i = 0; i < m->n_grants; i++) {
		size_t at = 0;

		while (at < n && hash_cmp(&m->devices[at].id, &sorted[i].d.id) != 0)
			at++;
		if (at == n)
			m->devices[n++] = sorted[i].d;
		else if (sorted[i].d.role < m->devices[at].role)
			m->devices[at].role = sorted[i].d.role;
	}
	m->n_devices = n;
	free(sorted);
	return SAKSI_OK;
}

enum saksi_err membership_add(struct membership *m, const struct changeset *cs,
    const struct saksi_hash *device, struct saksi_error *err)
{
	struct causes c;
	enum team_verdict v;
	enum saksi_err rc;

	if (idmap_get(&m->index, &cs->id) != IDMAP_NONE)
		return SAKSI_OK;
	if (m->n_nodes >= MEMBERSHIP_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "membership: more than %u changes",
		    MEMBERSHIP_MAX);
	causes_of(&c, m, cs, false);
	if (c.missing)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "membership: a change cites one that is not here");
	rc = membership_judge(&v, m, cs, device, NULL, 0, err);
	if (rc == SAKSI_OK)
		rc = add_node(m, cs, &c, err);
	for (uint32_t i = 0; rc == SAKSI_OK && v == TEAM_OK && i < cs->n_parts; i++) {
		struct member_op op;

		rc = member_op_read(&op, cs->parts[i].p, cs->parts[i].len, err);
		if (rc == SAKSI_OK)
			rc = add_op(m, cs, &cs->parts[i], device, &op, err);
		member_op_free(&op);
	}
	return rc == SAKSI_OK ? list_devices(m, err) : rc;
}

/* ---- asking ------------------------------------------------------------------- */

bool membership_has(const struct membership *m, const struct saksi_hash *id)
{
	return idmap_get(&m->index, id) != IDMAP_NONE;
}

size_t membership_count(const struct membership *m)
{
	return m->n_nodes;
}

const struct saksi_hash *membership_id(const struct membership *m, size_t i)
{
	return &m->nodes[i].id;
}

static bool knows_device(const struct membership *m, uint32_t node,
    const struct saksi_hash *device)
{
	for (uint32_t i = 0; i < m->n_grants; i++)
		if (hash_cmp(&m->grants[i].d.id, device) == 0 &&
		    (m->grants[i].node == node || node_before(m, m->grants[i].node, node)))
			return true;
	return false;
}

void membership_heads(const struct membership *m, const struct saksi_hash *device,
    struct saksi_hash heads[CHANGESET_AUTH_MAX], uint32_t *n)
{
	uint32_t first = IDMAP_NONE;

	*n = 0;
	/* Newest first: these know most. */
	for (uint32_t i = m->n_nodes; i-- > 0 && first == IDMAP_NONE;)
		if (!m->nodes[i].cited && knows_device(m, i, device))
			first = i;
	if (first != IDMAP_NONE)
		heads[(*n)++] = m->nodes[first].id;
	for (uint32_t i = m->n_nodes; i-- > 0 && *n < CHANGESET_AUTH_MAX;)
		if (!m->nodes[i].cited && i != first)
			heads[(*n)++] = m->nodes[i].id;
}

const struct team_device *membership_devices(const struct membership *m, size_t *n)
{
	*n = m->n_devices;
	return m->devices;
}

const struct team_device *membership_device(const struct membership *m,
    const struct saksi_hash *id)
{
	for (size_t i = 0; i < m->n_devices; i++)
		if (hash_cmp(&m->devices[i].id, id) == 0)
			return &m->devices[i];
	return NULL;
}

bool membership_request_used(const struct membership *m, const struct saksi_hash *request)
{
	for (uint32_t i = 0; i < m->n_grants; i++)
		if (hash_cmp(&m->grants[i].request, request) == 0)
			return true;
	return false;
}

bool membership_has_genesis(const struct membership *m)
{
	return m->has_genesis;
}

const struct epoch_op *membership_epochs(const struct membership *m, size_t *n)
{
	*n = m->n_epochs;
	return m->epochs;
}

static int by_id(const void *a, const void *b)
{
	return hash_cmp(a, b);
}

bool membership_epoch_for_all(const struct membership *m, const struct epoch_op *e)
{
	for (uint32_t i = 0; i < m->n_grants; i++) {
		const struct grant *g = &m->grants[i];

		if (hash_cmp(&g->d.id, &e->author) != 0 &&
		    (g->n_epochs == 0 ||
			bsearch(&e->id, g->epochs, g->n_epochs, sizeof(e->id), by_id) ==
			    NULL))
			return false;
	}
	return true;
}

bool membership_before(const struct membership *m, uint32_t a, uint32_t b)
{
	return node_before(m, a, b);
}
