/*
 * team.h - the space: devices, roles, epochs, and how a device joins.
 *
 * PROTOCOL.md sections 1-4.  Membership is a log like any other (collection
 * id zero); this module evaluates it, keeps this device's keys, and sets the
 * vault's writers, policy and import key.
 */
#ifndef SAKSI_SYNC_TEAM_H
#define SAKSI_SYNC_TEAM_H

#include <saksi/store/record.h>

struct saksi_team; /* evaluated membership of one vault */

enum team_role {
	ROLE_NONE = 0,
	ROLE_READER = 1,
	ROLE_EDITOR = 3,
	ROLE_ADMIN = 4,
	ROLE_ROOT = 5
};
const char *team_role_name(enum team_role r);
enum team_role team_role_parse(const char *s); /* ROLE_NONE if unknown */

struct team_device {
	struct saksi_hash id; /* H("device", sign_pk || seal_pk || noise_pk) */
	uint8_t sign_pk[CRYPTO_KEY], seal_pk[CRYPTO_KEY], noise_pk[CRYPTO_KEY];
	char person[128]; /* who uses it, as the admin certified it */
	char label[128];  /* what it is called */
	enum team_role role;
	struct saksi_hash added_by; /* zero for the founder */
	int64_t added_us;
	bool self;
};

/** saksi_kit_fn(ctx, root, team, err): Keep the recovery kit: 32 bytes of ${team}'s root. */
typedef enum saksi_err saksi_kit_fn(void *ctx, const struct secret *root,
    const struct saksi_hash *team, struct saksi_error *err);
/**
 * saksi_team_found(v, person, label, kit, ctx, err):
 * Make this vault's device and team: GENESIS, first epoch, import key.  With
 * ${kit} not NULL a root key is made and handed to it (the recovery kit); it is
 * not kept here.  That comes before the team is written, so that a stop leaves
 * no team whose kit nobody has; what ${kit} returns is the founding's end.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_team_found(struct saksi_vault *v,
    const char *person, const char *label, saksi_kit_fn *kit, void *ctx,
    struct saksi_error *err);
/**
 * saksi_team_load(out, v, err):
 * Evaluate the membership log; set the vault's writers, policy, import key
 * (they live until saksi_team_free(), which must come before the vault's close).
 */
SAKSI_MUST_CHECK enum saksi_err saksi_team_load(struct saksi_team **out,
    struct saksi_vault *v, struct saksi_error *err);
void saksi_team_free(struct saksi_team **t);
/** saksi_team_refresh: Evaluate again inside ${txn}, after membership came in. */
SAKSI_MUST_CHECK enum saksi_err saksi_team_refresh(struct saksi_team *t,
    struct saksi_txn *txn, struct saksi_error *err);

/**
 * saksi_team_restored: When it was loaded the vault was found put back to an
 * older state, or copied; what is written from now on goes into a new log.
 */
bool saksi_team_restored(const struct saksi_team *t);

struct saksi_vault *saksi_team_vault(const struct saksi_team *t);
const struct saksi_hash *saksi_team_space(const struct saksi_team *t);
/* Pointers to devices hold until the team's membership changes: until a join, a
 * read or a refresh. */
const struct team_device *saksi_team_self(const struct saksi_team *t);
const struct team_device *saksi_team_devices(const struct saksi_team *t, size_t *n);
const struct team_device *saksi_team_device(const struct saksi_team *t,
    const struct saksi_hash *id);
/** saksi_team_find: By label, person, or a prefix (>= 4) of the id's hex. */
SAKSI_MUST_CHECK enum saksi_err saksi_team_find(const struct saksi_team *t,
    const char *name, const struct team_device **out, struct saksi_error *err);
/** saksi_team_device_name / _key: For record.h's and vault.h's callbacks; ctx = the team. */
const char *saksi_team_device_name(void *team, const struct saksi_hash *device);
bool saksi_team_device_key(void *team, const struct saksi_hash *device,
    uint8_t pk[CRYPTO_KEY]);

/* ---- epochs: what foreign eyes need to read a sealed object ---------------- */
struct team_epoch {
	struct saksi_hash id; /* H("epoch", KEY operation) */
	const struct secret *key;
	uint32_t number; /* order in which this vault learned it, for people */
};

/* ---- the gate's questions (verify.c is the only caller) ----------------------- */
enum team_verdict { TEAM_OK, TEAM_PENDING, TEAM_QUARANTINE, TEAM_REFUSE };
/**
 * saksi_team_judge(v, t, cs, device, why, size, err):
 * May this changeset's device do this, as membership stands at and after the
 * heads that it cites?  ${why}: words for anything but TEAM_OK.  Fails only
 * when there is no memory to find out, which is no verdict.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_team_judge(enum team_verdict *v,
    const struct saksi_team *t, const struct changeset *cs,
    const struct saksi_hash *device, char *why, size_t size, struct saksi_error *err);
/**
 * saksi_team_check_membership(cs, err):
 * The form of a membership changeset's operations (not whether they hold, or
 * are known): SAKSI_EFORMAT.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_team_check_membership(const struct changeset *cs,
    struct saksi_error *err);

/* ---- joining: PROTOCOL.md section 4 --------------------------------------------- */
#define TEAM_WORDS 12u /* bytes shown as words: 96 bits, 6 words */
#define TEAM_WORDS_TEXT 64u

/**
 * saksi_join_request(v, person, label, out, words, err):
 * On the new device: keys, one-time key, self-signed REQUEST (7 days).  The
 * vault must hold no changeset of records (SAKSI_EREFUSED: export, join with a
 * fresh vault, import).  Asking again replaces the open request.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_join_request(struct saksi_vault *v,
    const char *person, const char *label, struct buf *out, char words[TEAM_WORDS_TEXT],
    struct saksi_error *err);

struct join_info { /* what a person must see before saying yes */
	char person[128], label[128];
	struct saksi_hash device;
	int64_t made_us;
	char words[TEAM_WORDS_TEXT];	     /* of the request: both screens must agree */
	char adder[260];		     /* WELCOME: who admits */
	char welcome_words[TEAM_WORDS_TEXT]; /* WELCOME: over request, space, ADD_DEVICE, adder */
	enum team_role role;
	uint32_t devices; /* WELCOME: devices in the team */
};
/** saksi_join_inspect: Check a REQUEST (form, self-signature, age, not used before). */
SAKSI_MUST_CHECK enum saksi_err saksi_join_inspect(struct saksi_team *t,
    const void *request, size_t n, struct join_info *info, struct saksi_error *err);
/** saksi_join_admit: ADD_DEVICE and the sealed WELCOME; fills ${info}. Admins only. */
SAKSI_MUST_CHECK enum saksi_err saksi_join_admit(struct saksi_team *t,
    const void *request, size_t n, enum team_role role, struct buf *welcome,
    struct join_info *info, struct saksi_error *err);
/** saksi_join_open: Open a WELCOME for our open request; nothing is kept yet. */
SAKSI_MUST_CHECK enum saksi_err saksi_join_open(struct saksi_vault *v,
    const void *welcome, size_t n, struct join_info *info, struct saksi_error *err);
/** saksi_join_accept: Give up the founding team and become part of the other. */
SAKSI_MUST_CHECK enum saksi_err saksi_join_accept(struct saksi_vault *v,
    const void *welcome, size_t n, struct saksi_error *err);

#endif
