/* join.c - the new device: ask, open the answer, become part of the team. */
#include "join.h"

#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>

/* ---- only an empty vault joins ------------------------------------------------------ */

struct contents {
	bool records, devices;
};

static enum saksi_err look_at(void *ctx, const struct log_entry *e,
    struct saksi_error *err)
{
	struct contents *c = ctx;

	for (uint32_t i = 0; i < e->cs->n_parts; i++) {
		const struct changeset_part *part = &e->cs->parts[i];
		struct mp_reader r;
		uint64_t tag = PART_RECORD; /* an erased part was one */

		if (part->p != NULL) {
			mp_read_init(&r, part->p, part->len);
			(void)mp_read_array(&r);
			tag = mp_read_uint(&r);
		}
		c->records = c->records || (e->cs->kind == CS_DATA && tag == PART_RECORD);
		c->devices =
		    c->devices || (e->cs->kind == CS_MEMBERSHIP && tag == OP_ADD_DEVICE);
	}
	/* Any code stops the scan: what was found is in ${c}. */
	return c->records || c->devices ? saksi_fail(err, SAKSI_EEXIST, "found")
					: SAKSI_OK;
}

static enum saksi_err check_empty(struct saksi_txn *txn, struct saksi_error *err)
{
	struct contents c = {false, false};
	enum saksi_err rc = saksi_log_each(txn, 0, look_at, &c, err);

	if (c.records)
		return saksi_fail(err, SAKSI_EREFUSED,
		    "join: this vault holds records already; export them, join with a fresh "
		    "vault, and import them there");
	if (c.devices)
		return saksi_fail(err, SAKSI_EREFUSED,
		    "join: the team of this vault has other devices; join with a fresh vault");
	return rc;
}

/* ---- ask ---------------------------------------------------------------------------- */

static enum saksi_err make_request(struct local_join *j, struct join_request *q,
    const char *person, const char *label, struct saksi_error *err)
{
	enum saksi_err rc = local_device_new(&j->device, err);

	if (rc == SAKSI_OK)
		rc = crypto_box_new(q->once_pk, &j->once_sk, err);
	if (rc != SAKSI_OK)
		return rc;
	q->keys = j->device.keys;
	crypto_random(q->nonce, sizeof(q->nonce));
	memcpy(q->person, person, strlen(person) + 1);
	memcpy(q->label, label, strlen(label) + 1);
	q->made_us = clock_now_us();
	if (q->made_us < 0)
		q->made_us = 0;
	request_body_write(&j->request, q);
	return buf_ok(&j->request, err);
}

enum saksi_err saksi_join_request(struct saksi_vault *v, const char *person,
    const char *label, struct buf *out, char words[TEAM_WORDS_TEXT],
    struct saksi_error *err)
{
	struct local_join j = {.request = BUF_INIT};
	struct join_request q = {.made_us = 0};
	struct saksi_txn *txn = NULL;
	enum saksi_err rc;

	words[0] = '\0';
	if (!name_valid(person, strlen(person)) || !name_valid(label, strlen(label)))
		return saksi_fail(err, SAKSI_EINVAL,
		    "join request: person and device need names of 1 to %u bytes, without "
		    "control characters",
		    NAME_MAX_BYTES);
	rc = make_request(&j, &q, person, label, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_begin(&txn, v, true, err);
	if (rc == SAKSI_OK)
		rc = check_empty(txn, err);
	if (rc == SAKSI_OK)
		rc = local_join_put(txn, &j, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&txn, err);
	if (rc == SAKSI_OK) {
		request_write(out, &j.request, &q.id, j.device.sign_sk);
		request_words(words, &q);
		rc = buf_ok(out, err);
	}
	saksi_txn_abort(&txn);
	local_join_free(&j);
	return rc;
}

/* ---- check the answer --------------------------------------------------------------- */

static void joining_free(struct joining *g)
{
	for (size_t i = 0; i < g->n; i++)
		changeset_free(&g->list[i].cs);
	free(g->list);
	idmap_free(&g->index);
	membership_free(&g->members);
	welcome_free(&g->w);
	local_join_free(&g->mine);
	memset(g, 0, sizeof(*g));
}

static enum saksi_err wrong(struct saksi_error *err, const char *what)
{
	return saksi_fail(err, SAKSI_EAUTH,
	    "welcome: %s; do not use it, ask the admin for a new one", what);
}

static enum saksi_err decode_all(struct joining *g, struct saksi_error *err)
{
	static const uint8_t membership_coll[16];
	enum saksi_err rc = SAKSI_OK;

	g->list = calloc(g->w.n_changes + 1, sizeof(*g->list));
	if (g->list == NULL)
		return saksi_fail_nomem(err);
	while (g->n < g->w.n_changes && rc == SAKSI_OK) {
		const struct welcome_change *c = &g->w.changes[g->n];
		struct changeset *cs = NULL;

		rc = changeset_decode(&cs, c->p, c->n, err);
		if (rc != SAKSI_OK || cs == NULL)
			return rc;
		g->list[g->n++].cs = cs;
		if (cs->kind != CS_MEMBERSHIP || hash_cmp(&cs->space, &g->w.space) != 0 ||
		    memcmp(cs->coll, membership_coll, sizeof(membership_coll)) != 0)
			rc = wrong(err, "it holds something of another team");
	}
	return rc;
}

/* The founder must be known before the first entry is judged. */
static enum saksi_err find_genesis(struct joining *g, struct saksi_error *err)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct changeset *cs = g->list[i].cs;
		struct saksi_hash space, device;
		struct member_op op;

		if (cs == NULL || cs->seq != 2 || cs->n_parts == 0 ||
		    cs->parts[0].p == NULL)
			continue;
		crypto_hash_of(&space, "space", cs->parts[0].p, cs->parts[0].len);
		if (hash_cmp(&space, &g->w.space) != 0)
			continue;
		if (member_op_read(&op, cs->parts[0].p, cs->parts[0].len, err) != SAKSI_OK)
			break;
		if (op.tag == OP_GENESIS) {
			memcpy(g->founder_pk, op.u.genesis.keys.sign_pk, CRYPTO_KEY);
			device_id_of(&device, &op.u.genesis.keys);
			membership_founder(g->members, &device, &cs->log);
			g->founder = device;
			member_op_free(&op);
			return SAKSI_OK;
		}
		member_op_free(&op);
	}
	return wrong(err, "it does not show how the team began");
}

/* Whose log, and does it continue what came before? */
static bool find_author(struct joining *g, struct joining_change *c)
{
	struct changeset *cs = c->cs;
	struct saksi_hash log;
	uint8_t nonce[16];
	unsigned reason;
	uint32_t at;

	if (!cs->has_prev) {
		if (!changeset_log_open(cs, &c->device, nonce, &reason))
			return false;
		log_id_of(&log, &c->device, cs->coll, nonce);
		return hash_cmp(&log, &cs->log) == 0;
	}
	at = idmap_get(&g->index, &cs->prev);
	if (at == IDMAP_NONE || hash_cmp(&g->list[at].cs->log, &cs->log) != 0 ||
	    g->list[at].cs->seq + 1 != cs->seq)
		return false;
	c->device = g->list[at].device;
	return true;
}

static const uint8_t *author_key(const struct joining *g, const struct saksi_hash *device)
{
	const struct team_device *d = membership_device(g->members, device);

	if (d != NULL)
		return d->sign_pk;
	return hash_cmp(device, &g->founder) == 0 ? g->founder_pk : NULL;
}

static enum saksi_err check_change(struct joining *g, size_t i, struct saksi_error *err)
{
	struct joining_change *c = &g->list[i];
	const uint8_t *pk;
	enum team_verdict v;
	enum saksi_err rc;

	if (!find_author(g, c))
		return wrong(err, "the membership in it has gaps");
	pk = author_key(g, &c->device);
	if (pk == NULL || changeset_verify(c->cs, pk, NULL) != SAKSI_OK)
		return wrong(err, "a membership change in it is not signed by a member");
	rc = membership_judge(&v, g->members, c->cs, &c->device, NULL, 0, err);
	if (rc != SAKSI_OK)
		return rc;
	if (v == TEAM_PENDING)
		return saksi_fail(err, SAKSI_ENEWER,
		    "welcome: the team uses a newer version of saksi; update this one");
	if (v != TEAM_OK)
		return wrong(err,
		    "a membership change in it is by someone who may not make it");
	rc = idmap_put(&g->index, &c->cs->id, (uint32_t)i, err);
	return rc == SAKSI_OK ? membership_add(g->members, c->cs, &c->device, err) : rc;
}

static bool carries_what_it_says(const struct welcome *w, const struct op_add *add)
{
	for (uint32_t i = 0; i < add->n_epochs; i++)
		if (local_epochs_find(&w->epochs, &add->epochs[i]) == NULL)
			return false;
	return w->epochs.n == add->n_epochs;
}

/* The one operation that all this is about names exactly us. */
static enum saksi_err check_admission(struct joining *g, struct saksi_error *err)
{
	uint32_t at = idmap_get(&g->index, &g->w.add);
	const struct team_device *adder = membership_device(g->members, &g->w.adder);
	enum saksi_err rc;

	if (at == IDMAP_NONE || adder == NULL ||
	    hash_cmp(&g->list[at].device, &g->w.adder) != 0)
		return wrong(err, "it does not admit this device");
	if (crypto_verify_hash(g->w.sig, adder->sign_pk, "welcome-sig", &g->w.hash,
		NULL) != SAKSI_OK)
		return wrong(err, "it is not signed by who admits");
	for (uint32_t i = 0; i < g->list[at].cs->n_parts; i++) {
		const struct changeset_part *part = &g->list[at].cs->parts[i];
		struct member_op op;
		bool ours, whole;

		rc = member_op_read(&op, part->p, part->len, err);
		if (rc == SAKSI_ENOMEM)
			return rc;
		if (rc != SAKSI_OK)
			continue;
		ours = op.tag == OP_ADD_DEVICE &&
		    memcmp(&op.u.add.keys, &g->q.keys, sizeof(g->q.keys)) == 0 &&
		    hash_cmp(&op.u.add.request, &g->q.id) == 0;
		whole = ours && carries_what_it_says(&g->w, &op.u.add);
		if (ours)
			g->role = op.u.add.role;
		member_op_free(&op);
		if (ours)
			return whole
			    ? SAKSI_OK
			    : wrong(err,
				  "its keys are not those that the admin signed for");
	}
	return wrong(err, "it admits another device than this one");
}

static enum saksi_err check_epochs(const struct joining *g, struct saksi_error *err)
{
	size_t n;
	const struct epoch_op *ops = membership_epochs(g->members, &n);

	for (size_t i = 0; i < g->w.epochs.n; i++) {
		const struct local_epoch *e = &g->w.epochs.list[i];
		bool fits = false;

		for (size_t k = 0; k < n && !fits; k++) {
			uint8_t commit[32];

			if (hash_cmp(&ops[k].id, &e->id) != 0)
				continue;
			key_commit_of(commit, secret_view(e->key),
			    ops[k].key.has_prev ? &ops[k].key.prev : NULL);
			fits =
			    crypto_equal(commit, ops[k].key.commit, sizeof(commit)) != 0;
		}
		if (!fits)
			return wrong(err, "a key in it is not the one that was announced");
	}
	return g->w.epochs.n > 0 ? SAKSI_OK : wrong(err, "it holds no key");
}

static enum saksi_err check_welcome(struct joining *g, struct saksi_txn *txn,
    const void *p, size_t n, struct saksi_error *err)
{
	enum saksi_err rc = local_join_get(&g->mine, txn, err);

	if (rc == SAKSI_ENOTFOUND)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "join: this vault has no open request; each is used once, so make one first");
	if (rc == SAKSI_OK)
		rc =
		    request_body_read(&g->q, g->mine.request.p, g->mine.request.len, err);
	if (rc == SAKSI_OK)
		rc = request_fresh(&g->q, err);
	if (rc == SAKSI_OK)
		rc = check_empty(txn, err);
	if (rc == SAKSI_OK)
		rc = welcome_read(&g->w, p, n, g->q.once_pk, g->mine.once_sk, err);
	if (rc == SAKSI_OK && hash_cmp(&g->w.request, &g->q.id) != 0)
		rc = wrong(err, "it answers another request");
	if (rc == SAKSI_OK)
		rc = membership_new(&g->members, &g->w.space, err);
	if (rc == SAKSI_OK)
		rc = decode_all(g, err);
	if (rc == SAKSI_OK)
		rc = find_genesis(g, err);
	for (size_t i = 0; i < g->n && rc == SAKSI_OK; i++)
		rc = check_change(g, i, err);
	if (rc == SAKSI_OK && !membership_has_genesis(g->members))
		rc = wrong(err, "it does not show how the team began");
	if (rc == SAKSI_OK)
		rc = check_admission(g, err);
	if (rc == SAKSI_OK)
		rc = check_epochs(g, err);
	g->mine.device.keys = g->q.keys;
	g->mine.device.id = g->q.device;
	return rc;
}

/* ---- open, accept ------------------------------------------------------------------- */

static void describe(struct join_info *info, const struct joining *g)
{
	const struct team_device *adder = membership_device(g->members, &g->w.adder);
	struct buf name = BUF_INIT;
	size_t n;

	memcpy(info->person, g->q.person, sizeof(info->person));
	memcpy(info->label, g->q.label, sizeof(info->label));
	info->device = g->q.device;
	info->made_us = g->w.made_us;
	request_words(info->words, &g->q);
	welcome_words(info->welcome_words, &g->w);
	buf_printf(&name, "%s (%s)", adder->person, adder->label);
	(void)strncpy(info->adder, buf_cstr(&name), sizeof(info->adder) - 1);
	buf_free(&name);
	info->role = g->role;
	(void)membership_devices(g->members, &n);
	info->devices = (uint32_t)n;
}

enum saksi_err saksi_join_open(struct saksi_vault *v, const void *welcome, size_t n,
    struct join_info *info, struct saksi_error *err)
{
	struct joining g;
	struct saksi_txn *txn = NULL;
	enum saksi_err rc;

	memset(&g, 0, sizeof(g));
	memset(info, 0, sizeof(*info));
	rc = saksi_txn_begin(&txn, v, false, err);
	if (rc == SAKSI_OK)
		rc = check_welcome(&g, txn, welcome, n, err);
	if (rc == SAKSI_OK)
		describe(info, &g);
	saksi_txn_abort(&txn);
	joining_free(&g);
	return rc;
}

static enum saksi_err forget_slot(struct saksi_txn *txn, enum local_slot slot,
    struct saksi_error *err)
{
	enum saksi_err rc = saksi_local_del(txn, slot, err);

	return rc == SAKSI_ENOTFOUND ? SAKSI_OK : rc;
}

static enum saksi_err move_in(struct joining *g, struct saksi_txn *txn,
    struct saksi_error *err)
{
	struct local_team local = {.space = g->w.space, .since_us = clock_now_us()};
	enum saksi_err rc = saksi_log_clear(txn, err);

	for (size_t i = 0; i < g->n && rc == SAKSI_OK; i++)
		rc = saksi_log_merge(txn, g->list[i].cs, &g->w.adder, NULL, NULL, err);
	crypto_random(local.data.nonce, sizeof(local.data.nonce));
	crypto_random(local.member.nonce, sizeof(local.member.nonce));
	memcpy(local.import_key, g->w.import_key, sizeof(local.import_key));
	if (rc == SAKSI_OK)
		rc = local_device_put(txn, &g->mine.device, err);
	if (rc == SAKSI_OK)
		rc = local_team_put(txn, &local, err);
	if (rc == SAKSI_OK)
		rc = local_epochs_put(txn, &g->w.epochs, err);
	if (rc == SAKSI_OK) /* the one-time key goes with it */
		rc = forget_slot(txn, LOCAL_JOIN, err);
	if (rc == SAKSI_OK)
		rc = forget_slot(txn, LOCAL_REMOTES, err);
	wipe(&local, sizeof(local));
	return rc;
}

enum saksi_err saksi_join_accept(struct saksi_vault *v, const void *welcome, size_t n,
    struct saksi_error *err)
{
	struct joining g;
	struct saksi_txn *txn = NULL;
	enum saksi_err rc;

	memset(&g, 0, sizeof(g));
	rc = saksi_txn_begin(&txn, v, true, err);
	if (rc == SAKSI_OK)
		rc = check_welcome(&g, txn, welcome, n, err);
	if (rc == SAKSI_OK)
		rc = move_in(&g, txn, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&txn, err);
	saksi_txn_abort(&txn);
	if (rc == SAKSI_OK) { /* nothing more may be written in the name of the old team */
		saksi_vault_set_writer(v, CS_DATA, NULL);
		saksi_vault_set_writer(v, CS_MEMBERSHIP, NULL);
	}
	joining_free(&g);
	return rc;
}
