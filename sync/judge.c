/* judge.c - may this changeset's device do this?  PROTOCOL.md section 3. */
#include "cut.h"
#include "membership_impl.h"

bool node_before(const struct membership *m, uint32_t a, uint32_t b)
{
	return a < b && (m->nodes[b].past[a / 64] >> (a % 64) & 1) != 0;
}

/* ${node} is one of them or before one. */
static bool causes_include(const struct membership *m, const struct causes *c,
    uint32_t node)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->node[i] == node || node_before(m, node, c->node[i]))
			return true;
	return false;
}

static void add_cause(struct causes *c, const struct membership *m,
    const struct saksi_hash *id)
{
	uint32_t node = idmap_get(&m->index, id);

	if (node == IDMAP_NONE)
		c->missing = true;
	else
		c->node[c->n++] = node;
}

void causes_of(struct causes *c, const struct membership *m, const struct changeset *cs,
    bool auth_only)
{
	c->n = 0;
	c->missing = false;
	for (uint32_t i = 0; i < cs->n_auth; i++)
		add_cause(c, m, &cs->auth[i]);
	if (auth_only)
		return;
	if (cs->has_prev)
		add_cause(c, m, &cs->prev);
	for (uint32_t i = 0; i < cs->n_deps; i++)
		add_cause(c, m, &cs->deps[i]);
}

static enum team_role role_at(const struct membership *m, const struct causes *c,
    const struct saksi_hash *device)
{
	enum team_role lowest = ROLE_NONE;

	for (uint32_t i = 0; i < m->n_grants; i++) {
		const struct grant *g = &m->grants[i];

		if ((lowest == ROLE_NONE || g->d.role < lowest) &&
		    hash_cmp(&g->d.id, device) == 0 && causes_include(m, c, g->node))
			lowest = g->d.role;
	}
	return lowest;
}

static enum team_verdict say(enum team_verdict v, char *why, size_t size,
    const char *words)
{
	if (why != NULL && size > 0)
		cut_copy(why, size, words);
	return v;
}

static enum team_verdict judge_data(const struct membership *m,
    const struct changeset *cs, const struct saksi_hash *device, char *why, size_t size)
{
	struct causes c;
	enum team_role role;

	causes_of(&c, m, cs, true);
	if (c.missing)
		return say(TEAM_PENDING, why, size,
		    "cites membership that is not here yet");
	role = role_at(m, &c, device);
	if (role >= ROLE_EDITOR)
		return TEAM_OK;
	if (role == ROLE_READER)
		return say(TEAM_QUARANTINE, why, size,
		    "written by a device that may only read");
	return say(TEAM_QUARANTINE, why, size,
	    "the membership that it cites does not admit its device");
}

/* Is there already a grant for this device, or by this request, in the past? */
static bool added_before(const struct membership *m, const struct causes *c,
    const struct op_add *add)
{
	struct saksi_hash device;

	device_id_of(&device, &add->keys);
	for (uint32_t i = 0; i < m->n_grants; i++) {
		const struct grant *g = &m->grants[i];

		if ((hash_cmp(&g->d.id, &device) == 0 ||
			hash_cmp(&g->request, &add->request) == 0) &&
		    causes_include(m, c, g->node))
			return true;
	}
	return false;
}

static bool announced(const struct membership *m, const struct causes *c,
    const struct saksi_hash *epoch)
{
	for (uint32_t i = 0; i < m->n_epochs; i++)
		if (hash_cmp(&m->epochs[i].id, epoch) == 0 &&
		    causes_include(m, c, m->epochs[i].node))
			return true;
	return false;
}

/* What a WELCOME carries has been announced, and the team's first is always in it. */
static bool epochs_fit(const struct membership *m, const struct causes *c,
    const struct op_add *add)
{
	bool first = false;

	for (uint32_t i = 0; i < add->n_epochs; i++) {
		if (!announced(m, c, &add->epochs[i]))
			return false;
		first = first || hash_cmp(&add->epochs[i], &m->first_epoch) == 0;
	}
	return first;
}

/* Role that is in force for the changeset's own parts. */
struct own {
	const struct membership *m;
	const struct changeset *cs;
	const struct saksi_hash *device;
	struct causes causes;
	enum team_role role;
	bool founding;
	bool begins; /* it holds GENESIS */
	uint32_t n_ops, n_adds;
	bool no_memory; /* the verdict is none */
};

static enum team_verdict judge_genesis(struct own *o, uint32_t part,
    const struct op_genesis *g, char *why, size_t size)
{
	struct saksi_hash space, device;

	crypto_hash_of(&space, "space", o->cs->parts[part].p, o->cs->parts[part].len);
	device_id_of(&device, &g->keys);
	if (hash_cmp(&space, &o->m->space) != 0)
		return say(TEAM_REFUSE, why, size, "a GENESIS of another team");
	if (o->m->has_genesis ||
	    (o->m->has_founder && hash_cmp(&o->cs->log, &o->m->founder_log) != 0))
		return say(TEAM_REFUSE, why, size,
		    "a second GENESIS; the team has begun already");
	if (part != 0 || o->cs->n_parts != 2 || o->cs->seq != 2 ||
	    o->cs->n_deps + o->cs->n_auth > 0 || hash_cmp(&device, o->device) != 0)
		return say(TEAM_REFUSE, why, size,
		    "a GENESIS that is not where it belongs");
	o->role = ROLE_ADMIN;
	o->begins = true;
	return TEAM_OK;
}

static enum team_verdict judge_op(struct own *o, uint32_t part,
    const struct member_op *op, char *why, size_t size)
{
	if (op->tag == PART_LOG_OPEN)
		return part == 0 && o->cs->seq == 1
		    ? TEAM_OK
		    : say(TEAM_REFUSE, why, size, "opens a log in its middle");
	o->n_ops++;
	if (op->tag == OP_GENESIS)
		return judge_genesis(o, part, &op->u.genesis, why, size);
	if (o->role < ROLE_ADMIN)
		return say(TEAM_QUARANTINE, why, size,
		    "a membership change by a device that is no admin");
	if (op->tag == OP_KEY)
		return TEAM_OK;
	if (o->begins)
		return say(TEAM_REFUSE, why, size,
		    "a GENESIS that does not come with the first key alone");
	if (++o->n_adds > 1)
		return say(TEAM_REFUSE, why, size, "admits two devices at once");
	if (added_before(o->m, &o->causes, &op->u.add))
		return say(TEAM_QUARANTINE, why, size, "admits a device a second time");
	if (!epochs_fit(o->m, &o->causes, &op->u.add))
		return say(TEAM_REFUSE, why, size,
		    "admits a device without the team's first key, or with unknown ones");
	return TEAM_OK;
}

/* Form and rights of each operation.  The first fault decides. */
static enum team_verdict judge_parts(struct own *o, char *why, size_t size)
{
	for (uint32_t i = 0; i < o->cs->n_parts; i++) {
		const struct changeset_part *part = &o->cs->parts[i];
		struct saksi_error e;
		struct member_op op;
		enum team_verdict v;
		enum saksi_err rc;

		if (part->p == NULL)
			return say(TEAM_REFUSE, why, size,
			    "a part of a membership change is missing");
		rc = member_op_read(&op, part->p, part->len, &e);
		if (rc == SAKSI_ENEWER)
			return say(TEAM_PENDING, why, size,
			    "needs a newer version of saksi");
		o->no_memory = rc == SAKSI_ENOMEM;
		if (rc != SAKSI_OK)
			return say(o->no_memory ? TEAM_PENDING : TEAM_REFUSE, why, size,
			    e.msg);
		v = judge_op(o, i, &op, why, size);
		member_op_free(&op);
		if (v != TEAM_OK)
			return v;
	}
	return TEAM_OK;
}

static enum team_verdict judge_membership(const struct membership *m,
    const struct changeset *cs, const struct saksi_hash *device, char *why, size_t size,
    bool *no_memory)
{
	struct own o = {.m = m, .cs = cs, .device = device};
	enum team_verdict v;

	causes_of(&o.causes, m, cs, false);
	if (o.causes.missing)
		return say(TEAM_PENDING, why, size,
		    "cites membership that is not here yet");
	o.role = role_at(m, &o.causes, device);
	o.founding = m->has_founder && o.causes.n == 0 && cs->seq == 1 &&
	    hash_cmp(device, &m->founder) == 0 &&
	    hash_cmp(&cs->log, &m->founder_log) == 0;
	v = judge_parts(&o, why, size);
	*no_memory = o.no_memory;
	if (v == TEAM_OK && o.n_ops == 0 && o.role < ROLE_ADMIN && !o.founding)
		return say(TEAM_QUARANTINE, why, size,
		    "a membership log by a device that is no admin");
	return v;
}

enum saksi_err membership_judge(enum team_verdict *v, const struct membership *m,
    const struct changeset *cs, const struct saksi_hash *device, char *why, size_t size,
    struct saksi_error *err)
{
	bool no_memory = false;

	if (why != NULL && size > 0)
		why[0] = '\0';
	if (cs->kind == CS_DATA)
		*v = judge_data(m, cs, device, why, size);
	else if (cs->kind == CS_MEMBERSHIP)
		*v = judge_membership(m, cs, device, why, size, &no_memory);
	else
		*v = say(TEAM_PENDING, why, size, "needs a newer version of saksi");
	return no_memory ? saksi_fail_nomem(err) : SAKSI_OK;
}
