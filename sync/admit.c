/* admit.c - the admin's device: look at a request, answer it. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>

#include "request.h"
#include "team_impl.h"

/* ---- inspect ------------------------------------------------------------------------ */

static enum saksi_err check_request(const struct saksi_team *t, struct join_request *q,
    const void *p, size_t n, struct saksi_error *err)
{
	enum saksi_err rc = request_read(q, p, n, err);

	if (rc == SAKSI_OK)
		rc = request_fresh(q, err);
	if (rc == SAKSI_OK && t->members == NULL)
		rc = saksi_fail(err, SAKSI_EINVAL,
		    "team: not loaded; open the vault again");
	if (rc == SAKSI_OK &&
	    (membership_device(t->members, &q->device) != NULL ||
		membership_request_used(t->members, &q->id)))
		rc = saksi_fail(err, SAKSI_EREFUSED,
		    "join request: was used already; each is used once, so make a new one");
	return rc;
}

static void describe(struct join_info *info, const struct join_request *q)
{
	memset(info, 0, sizeof(*info));
	memcpy(info->person, q->person, sizeof(info->person));
	memcpy(info->label, q->label, sizeof(info->label));
	info->device = q->device;
	info->made_us = q->made_us;
	request_words(info->words, q);
}

enum saksi_err saksi_join_inspect(struct saksi_team *t, const void *request, size_t n,
    struct join_info *info, struct saksi_error *err)
{
	struct join_request q;
	enum saksi_err rc = check_request(t, &q, request, n, err);

	memset(info, 0, sizeof(*info));
	if (rc == SAKSI_OK)
		describe(info, &q);
	return rc;
}

/* ---- admit -------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	return hash_cmp(a, b);
}

/* The signed statement of what the WELCOME carries. */
static enum saksi_err list_epochs(struct op_add *add, const struct local_epochs *keys,
    struct saksi_error *err)
{
	add->epochs = calloc(keys->n + 1, sizeof(*add->epochs));
	if (add->epochs == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < keys->n; i++)
		add->epochs[i] = keys->list[i].id;
	add->n_epochs = (uint32_t)keys->n;
	qsort(add->epochs, keys->n, sizeof(*add->epochs), by_id);
	return SAKSI_OK;
}

static enum saksi_err append_add(struct saksi_team *t, struct saksi_txn *txn,
    const struct join_request *q, enum team_role role, struct saksi_hash *id,
    struct saksi_error *err)
{
	struct member_op op = {.tag = OP_ADD_DEVICE};
	struct buf b = BUF_INIT;
	struct part_bytes part;
	enum saksi_err rc;

	op.u.add.keys = q->keys;
	memcpy(op.u.add.person, q->person, sizeof(op.u.add.person));
	memcpy(op.u.add.label, q->label, sizeof(op.u.add.label));
	op.u.add.role = role;
	op.u.add.request = q->id;
	rc = list_epochs(&op.u.add, &t->keys, err);
	if (rc == SAKSI_OK) {
		member_op_write(&b, &op);
		rc = buf_ok(&b, err);
	}
	part = (struct part_bytes){b.p, b.len};
	if (rc == SAKSI_OK)
		rc = saksi_log_append(txn, CS_MEMBERSHIP, &part, 1, id, err);
	buf_free(&b);
	member_op_free(&op);
	return rc == SAKSI_OK ? team_catch_up(t, txn, err) : rc;
}

struct gathered { /* every membership changeset, causes first */
	struct changeset **cs;
	struct welcome_change *list;
	size_t n;
};

static void gathered_free(struct gathered *g)
{
	for (size_t i = 0; i < g->n; i++)
		changeset_free(&g->cs[i]);
	free(g->cs);
	free(g->list);
}

static enum saksi_err gather(struct gathered *g, const struct saksi_team *t,
    struct saksi_txn *txn, struct saksi_error *err)
{
	size_t n = membership_count(t->members);
	enum saksi_err rc = SAKSI_OK;

	g->cs = calloc(n + 1, sizeof(*g->cs));
	g->list = calloc(n + 1, sizeof(*g->list));
	if (g->cs == NULL || g->list == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		struct log_entry e = {0};

		rc = saksi_log_get(txn, membership_id(t->members, i), &e, err);
		if (rc != SAKSI_OK)
			break;
		g->cs[i] = e.cs;
		g->list[i] = (struct welcome_change){e.cs->bytes.p, e.cs->bytes.len};
		g->n++;
	}
	return rc;
}

static enum saksi_err write_welcome(struct saksi_team *t, struct saksi_txn *txn,
    const struct join_request *q, const struct saksi_hash *add, struct buf *out,
    struct join_info *info, struct saksi_error *err)
{
	struct gathered g = {NULL, NULL, 0};
	struct welcome w = {.request = q->id,
	    .space = t->local.space,
	    .add = *add,
	    .adder = t->self.id,
	    .made_us = clock_now_us()};
	enum saksi_err rc = gather(&g, t, txn, err);

	w.epochs = t->keys; /* borrowed */
	w.changes = g.list;
	w.n_changes = g.n;
	memcpy(w.import_key, t->local.import_key, sizeof(w.import_key));
	if (rc == SAKSI_OK)
		rc = welcome_write(out, &w, q->once_pk, t->self.sign_sk, err);
	if (rc == SAKSI_OK) {
		welcome_words(info->welcome_words, &w);
		team_name(t, &t->self.id, info->adder);
		info->devices = (uint32_t)t->n_devices;
	}
	wipe(&w, sizeof(w));
	gathered_free(&g);
	return rc;
}

/* What was aborted must not stay in the team's picture. */
static void take_back(struct saksi_team *t)
{
	struct saksi_txn *txn = NULL;

	/* If even this fails the team is empty, and every call on it says so. */
	if (saksi_txn_begin(&txn, t->v, false, NULL) == SAKSI_OK &&
	    saksi_team_refresh(t, txn, NULL) != SAKSI_OK)
		saksi_vault_set_policy(t->v, NULL, NULL);
	saksi_txn_abort(&txn);
}

enum saksi_err saksi_join_admit(struct saksi_team *t, const void *request, size_t n,
    enum team_role role, struct buf *welcome, struct join_info *info,
    struct saksi_error *err)
{
	const struct team_device *self;
	struct join_request q;
	struct saksi_txn *txn = NULL;
	struct saksi_hash add;
	size_t from = welcome->len;
	enum saksi_err rc;

	memset(info, 0, sizeof(*info));
	if (role != ROLE_READER && role != ROLE_EDITOR && role != ROLE_ADMIN)
		return saksi_fail(err, SAKSI_EINVAL, "role: one of admin, editor, reader");
	rc = saksi_txn_begin(&txn, t->v, true, err);
	if (rc == SAKSI_OK) /* another process may have admitted someone */
		rc = team_catch_up(t, txn, err);
	self = saksi_team_self(t);
	if (rc == SAKSI_OK && (self == NULL || self->role < ROLE_ADMIN))
		rc = saksi_fail(err, SAKSI_EREFUSED,
		    "device: only an admin of the team admits devices; ask one");
	if (rc == SAKSI_OK)
		rc = check_request(t, &q, request, n, err);
	if (rc != SAKSI_OK) {
		saksi_txn_abort(&txn);
		return rc;
	}
	describe(info, &q);
	info->role = role;
	rc = append_add(t, txn, &q, role, &add, err);
	if (rc == SAKSI_OK)
		rc = write_welcome(t, txn, &q, &add, welcome, info, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&txn, err);
	saksi_txn_abort(&txn);
	if (rc != SAKSI_OK) {
		if (welcome->len > from) {
			wipe(welcome->p + from, welcome->len - from);
			welcome->len = from;
		}
		take_back(t);
	}
	return rc;
}
