/* team.c - the team as this vault sees it: load, keep in step, answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "team_impl.h"

void coll_main(uint8_t coll[16], const struct saksi_hash *space)
{
	struct saksi_hash h;

	crypto_hash_of(&h, "coll", space->b, sizeof(space->b));
	memcpy(coll, h.b, 16);
}

const char *team_role_name(enum team_role r)
{
	switch (r) {
	case ROLE_READER:
		return "reader";
	case ROLE_EDITOR:
		return "editor";
	case ROLE_ADMIN:
		return "admin";
	case ROLE_ROOT:
		return "root";
	case ROLE_NONE:
		break;
	}
	return "none";
}

enum team_role team_role_parse(const char *s)
{
	static const enum team_role roles[] = {ROLE_READER, ROLE_EDITOR, ROLE_ADMIN};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(s, team_role_name(roles[i])) == 0)
			return roles[i];
	return ROLE_NONE;
}

/* ---- the vault's writers and policy ------------------------------------------------ */

static enum saksi_err policy(void *ctx, struct saksi_txn *txn, enum changeset_kind kind,
    struct saksi_hash auth[CHANGESET_AUTH_MAX], uint32_t *n_auth, struct saksi_error *err)
{
	struct saksi_team *t = ctx;
	const struct team_device *self = membership_device(t->members, &t->self.id);

	(void)txn;
	*n_auth = 0;
	if (kind == CS_MEMBERSHIP && (self == NULL || self->role < ROLE_ADMIN))
		return saksi_fail(err, SAKSI_EREFUSED,
		    "team: only an admin changes who is in it; ask one");
	if (self == NULL || self->role < ROLE_EDITOR)
		return saksi_fail(err, SAKSI_EREFUSED,
		    "record: this device may only read; ask an admin of the team for the "
		    "editor role");
	membership_heads(t->members, &t->self.id, auth, n_auth);
	/* Which log is the own one from now on is kept with its first entry. */
	return t->restored ? local_team_put(txn, &t->local, err) : SAKSI_OK;
}

static void set_writer(struct saksi_team *t, enum changeset_kind kind,
    const struct local_log *log)
{
	struct saksi_writer *w = &t->writers[kind == CS_MEMBERSHIP];

	memset(w, 0, sizeof(*w));
	w->space = t->local.space;
	if (kind == CS_DATA)
		memcpy(w->coll, t->coll, sizeof(w->coll));
	w->device = t->self.id;
	memcpy(w->nonce, log->nonce, sizeof(w->nonce));
	w->reason = log->reason;
	log_id_of(&w->log, &w->device, w->coll, w->nonce);
	w->sign_sk = t->self.sign_sk;
	saksi_vault_set_writer(t->v, kind, w);
}

void team_new_log(struct saksi_team *t, enum changeset_kind kind,
    enum log_open_reason reason)
{
	struct local_log *log = kind == CS_DATA ? &t->local.data : &t->local.member;

	crypto_random(log->nonce, sizeof(log->nonce));
	log->reason = reason;
	t->local_dirty = true;
	set_writer(t, kind, log);
}

enum saksi_err team_save(struct saksi_team *t, struct saksi_txn *txn,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	if (t->keys_dirty)
		rc = local_epochs_put(txn, &t->keys, err);
	if (rc == SAKSI_OK && t->local_dirty)
		rc = local_team_put(txn, &t->local, err);
	if (rc == SAKSI_OK)
		t->keys_dirty = t->local_dirty = false;
	return rc;
}

/* ---- load, refresh, free ------------------------------------------------------------ */

/* Everything that is read from the vault; the handle itself stays. */
static void forget(struct saksi_team *t)
{
	saksi_vault_set_writer(t->v, CS_DATA, NULL);
	saksi_vault_set_writer(t->v, CS_MEMBERSHIP, NULL);
	saksi_vault_set_policy(t->v, NULL, NULL);
	local_device_free(&t->self);
	local_epochs_free(&t->keys);
	wipe(&t->local, sizeof(t->local));
	membership_free(&t->members);
	free(t->epochs);
	free(t->devices);
	free(t->names);
	t->epochs = NULL;
	t->devices = NULL;
	t->names = NULL;
	t->n_epochs = t->n_devices = t->n_bad_keys = t->epochs_looked = 0;
	t->can_seal = false;
	t->keys_dirty = t->local_dirty = false;
}

/* A log that others may have longer than we do is not gone on with. */
static enum saksi_err leave_old_logs(struct saksi_team *t, struct saksi_txn *txn,
    struct saksi_error *err)
{
	bool restored;
	enum saksi_err rc = saksi_vault_restored(txn, &restored, err);

	if (rc != SAKSI_OK || !restored)
		return rc;
	t->restored = true;
	team_new_log(t, CS_DATA, LOG_RESTORED);
	team_new_log(t, CS_MEMBERSHIP, LOG_RESTORED);
	return SAKSI_OK;
}

bool saksi_team_restored(const struct saksi_team *t)
{
	return t->restored;
}

enum saksi_err saksi_team_refresh(struct saksi_team *t, struct saksi_txn *txn,
    struct saksi_error *err)
{
	enum saksi_err rc;

	forget(t);
	rc = local_device_get(&t->self, txn, err);
	if (rc == SAKSI_OK)
		rc = local_team_get(&t->local, txn, err);
	if (rc == SAKSI_OK)
		rc = local_epochs_get(&t->keys, txn, err);
	if (rc == SAKSI_OK)
		rc = membership_new(&t->members, &t->local.space, err);
	if (rc == SAKSI_OK)
		rc = team_catch_up(t, txn, err);
	if (rc != SAKSI_OK) {
		forget(t);
		return rc == SAKSI_ENOTFOUND
		    ? saksi_fail(err, rc,
			  "team: this vault has none yet; found one or join one")
		    : rc;
	}
	coll_main(t->coll, &t->local.space);
	set_writer(t, CS_DATA, &t->local.data);
	set_writer(t, CS_MEMBERSHIP, &t->local.member);
	saksi_vault_set_policy(t->v, policy, t);
	saksi_vault_set_import_key(t->v, t->local.import_key);
	return leave_old_logs(t, txn, err);
}

enum saksi_err saksi_team_load(struct saksi_team **out, struct saksi_vault *v,
    struct saksi_error *err)
{
	struct saksi_team *t = calloc(1, sizeof(*t));
	struct saksi_txn *txn = NULL;
	enum saksi_err rc;

	*out = NULL;
	if (t == NULL)
		return saksi_fail_nomem(err);
	t->v = v;
	rc = saksi_txn_begin(&txn, v, false, err);
	if (rc == SAKSI_OK)
		rc = saksi_team_refresh(t, txn, err);
	saksi_txn_abort(&txn);
	if (rc != SAKSI_OK)
		saksi_team_free(&t);
	*out = t;
	return rc;
}

void saksi_team_free(struct saksi_team **t)
{
	if (t == NULL || *t == NULL)
		return;
	forget(*t);
	free(*t);
	*t = NULL;
}

/* ---- answers ------------------------------------------------------------------------ */

struct saksi_vault *saksi_team_vault(const struct saksi_team *t)
{
	return t->v;
}

const struct saksi_hash *saksi_team_space(const struct saksi_team *t)
{
	return &t->local.space;
}

const struct team_device *saksi_team_device(const struct saksi_team *t,
    const struct saksi_hash *id)
{
	for (size_t i = 0; i < t->n_devices; i++)
		if (hash_cmp(&t->devices[i].id, id) == 0)
			return &t->devices[i];
	return NULL;
}

const struct team_device *saksi_team_self(const struct saksi_team *t)
{
	return saksi_team_device(t, &t->self.id);
}

const struct team_device *saksi_team_devices(const struct saksi_team *t, size_t *n)
{
	*n = t->n_devices;
	return t->devices;
}

const char *saksi_team_device_name(void *team, const struct saksi_hash *device)
{
	const struct saksi_team *t = team;

	for (size_t i = 0; i < t->n_devices; i++)
		if (hash_cmp(&t->devices[i].id, device) == 0)
			return t->names[i];
	return NULL;
}

bool saksi_team_device_key(void *team, const struct saksi_hash *device,
    uint8_t pk[CRYPTO_KEY])
{
	const struct team_device *d = saksi_team_device(team, device);

	if (d != NULL)
		memcpy(pk, d->sign_pk, CRYPTO_KEY);
	return d != NULL;
}

void team_name(const struct saksi_team *t, const struct saksi_hash *device, char out[260])
{
	for (size_t i = 0; i < t->n_devices; i++)
		if (hash_cmp(&t->devices[i].id, device) == 0) {
			memcpy(out, t->names[i], sizeof(t->names[i]));
			return;
		}
	hash_short(out, device);
}

enum saksi_err saksi_team_judge(enum team_verdict *v, const struct saksi_team *t,
    const struct changeset *cs, const struct saksi_hash *device, char *why, size_t size,
    struct saksi_error *err)
{
	if (t->members == NULL || membership_device(t->members, device) == NULL) {
		cut_copy(why, size, "its device is not known here yet");
		*v = TEAM_PENDING;
		return SAKSI_OK;
	}
	return membership_judge(v, t->members, cs, device, why, size, err);
}

enum saksi_err saksi_team_check_membership(const struct changeset *cs,
    struct saksi_error *err)
{
	for (uint32_t i = 0; i < cs->n_parts; i++) {
		struct member_op op;
		enum saksi_err rc;

		if (cs->parts[i].p == NULL)
			return saksi_fail(err, SAKSI_EFORMAT,
			    "a part of a membership change is missing");
		rc = member_op_read(&op, cs->parts[i].p, cs->parts[i].len, err);
		if (rc == SAKSI_OK)
			member_op_free(&op);
		else if (rc != SAKSI_ENEWER)
			return rc;
	}
	return SAKSI_OK;
}

/* ---- by name ------------------------------------------------------------------------ */

static bool matches(const struct team_device *d, const char *name, int level)
{
	char hex[65];
	size_t n = strlen(name);

	if (level == 0)
		return strcmp(d->label, name) == 0;
	if (level == 1)
		return strcmp(d->person, name) == 0;
	hex_encode(hex, d->id.b, sizeof(d->id.b));
	return n >= 4 && n <= 64 && strncmp(hex, name, n) == 0;
}

enum saksi_err saksi_team_find(const struct saksi_team *t, const char *name,
    const struct team_device **out, struct saksi_error *err)
{
	*out = NULL;
	for (int level = 0; level < 3; level++) {
		struct buf list = BUF_INIT;
		size_t n = 0;
		enum saksi_err rc = SAKSI_OK;

		for (size_t i = 0; i < t->n_devices; i++) {
			char id[17];

			if (!matches(&t->devices[i], name, level))
				continue;
			hash_short(id, &t->devices[i].id);
			buf_printf(&list, "%s%s", n > 0 ? ", " : "", id);
			*out = &t->devices[i];
			n++;
		}
		if (n > 1) {
			*out = NULL;
			rc = saksi_fail(err, SAKSI_EINVAL,
			    "device: that name fits several; use the id of one: %s",
			    buf_cstr(&list));
		}
		buf_free(&list);
		if (n > 0)
			return rc;
	}
	return saksi_fail(err, SAKSI_ENOTFOUND,
	    "device: none of that label, person or id in the team; see the device list");
}
