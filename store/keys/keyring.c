/*
 * keyring.c - passphrases come and go, the vault key stays.
 *
 * The slow KDF runs before the file is locked; under the lock the file is
 * read again, and a change that another command made meanwhile is kept or, if
 * it touched the same slot, reported as SAKSI_EBUSY.
 */
#include "keyring_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool weak_allowed;

void keyring_test_allow_weak_kdf(void)
{
	weak_allowed = true;
}

static enum saksi_err check_cost(const struct crypto_kdf_cost *c, struct saksi_error *err)
{
	struct crypto_kdf_cost floor = crypto_kdf_cost(KDF_INTERACTIVE);

	if (crypto_kdf_cost_sane(c) &&
	    (weak_allowed || (c->ops >= floor.ops && c->mem >= floor.mem)))
		return SAKSI_OK;
	return saksi_fail(err, SAKSI_EINVAL,
	    "vault: the cost of trying a passphrase must be at least %u passes over 64 MiB",
	    floor.ops);
}

static enum saksi_err check_vault_key(const struct secret *key, struct saksi_error *err)
{
	if (secret_len(key) == CRYPTO_KEY)
		return SAKSI_OK;
	return saksi_fail(err, SAKSI_EINVAL, "vault: its key must have %u bytes",
	    CRYPTO_KEY);
}

static enum saksi_err check_slot(unsigned slot, struct saksi_error *err)
{
	if (slot < KEYRING_SLOTS)
		return SAKSI_OK;
	return saksi_fail(err, SAKSI_EINVAL, "key slot %u: slots are 0 to %u", slot,
	    KEYRING_SLOTS - 1);
}

static enum saksi_err run_kdf(struct secret **out, const uint8_t *image,
    const struct secret *pass, struct saksi_error *err)
{
	struct crypto_kdf_cost cost = keyring_image_cost(image);

	return crypto_password(out, pass, image + KR_SALT, &cost, err);
}

static enum saksi_err fill(uint8_t *image, unsigned slot, enum keyring_kind kind,
    const struct secret *vault_key, const struct secret *pass, struct saksi_error *err)
{
	struct secret *kdf = NULL;
	enum saksi_err rc = run_kdf(&kdf, image, pass, err);

	if (rc == SAKSI_OK)
		rc = keyring_slot_seal(image, slot, kind, kdf, vault_key, err);
	secret_free(&kdf);
	return rc;
}

enum saksi_err keyring_create(struct keyring **out, int dirfd,
    const uint8_t vault_id[VAULT_ID], const struct secret *vault_key,
    const struct secret *pass, const struct crypto_kdf_cost *cost,
    struct saksi_error *err)
{
	struct keyring *k = NULL;
	enum saksi_err rc;

	*out = NULL;
	rc = check_cost(cost, err);
	if (rc == SAKSI_OK)
		rc = check_vault_key(vault_key, err);
	if (rc != SAKSI_OK)
		return rc;
	k = calloc(1, sizeof(*k));
	if (!k)
		return saksi_fail_nomem(err);
	keyring_image_new(k->image, vault_id, cost);
	rc = fill(k->image, 0, SLOT_PASSPHRASE, vault_key, pass, err);
	if (rc == SAKSI_OK)
		rc = keyring_file_create(dirfd, k, err);
	if (rc != SAKSI_OK)
		keyring_free(&k);
	*out = k;
	return rc;
}

enum saksi_err keyring_load(struct keyring **out, int dirfd, struct saksi_error *err)
{
	struct keyring *k = calloc(1, sizeof(*k));
	enum saksi_err rc;

	*out = NULL;
	if (!k)
		return saksi_fail_nomem(err);
	rc = keyring_file_load(k, dirfd, err);
	if (rc != SAKSI_OK)
		keyring_free(&k);
	*out = k;
	return rc;
}

void keyring_free(struct keyring **k)
{
	if (!k)
		return;
	free(*k);
	*k = NULL;
}

const uint8_t *keyring_vault_id(const struct keyring *k)
{
	return k->image + KR_VAULT_ID;
}

struct crypto_kdf_cost keyring_cost(const struct keyring *k)
{
	return keyring_image_cost(k->image);
}

const char *keyring_damage(const struct keyring *k)
{
	return k->damage;
}

static enum saksi_err open_with(struct secret **vault_key, unsigned *slot,
    enum keyring_kind *kind, unsigned wanted, const struct keyring *k,
    const struct secret *pass, struct saksi_error *err)
{
	struct secret *kdf = NULL;
	enum saksi_err rc = run_kdf(&kdf, k->image, pass, err);

	if (rc == SAKSI_OK)
		rc =
		    keyring_slots_open(vault_key, slot, kind, wanted, k->image, kdf, err);
	secret_free(&kdf);
	return rc;
}

enum saksi_err keyring_open(struct secret **vault_key, unsigned *slot,
    const struct keyring *k, const struct secret *pass, struct saksi_error *err)
{
	enum keyring_kind kind = SLOT_EMPTY;
	unsigned found = 0;
	enum saksi_err rc;

	*vault_key = NULL;
	rc = open_with(vault_key, &found, &kind, KEYRING_ALL_SLOTS, k, pass, err);
	if (rc == SAKSI_OK && slot)
		*slot = found;
	return rc;
}

/* ---- changes ------------------------------------------------------------- */

static enum saksi_err changed_meanwhile(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EBUSY,
	    "vault: another command has changed its key slots; look at them again and repeat");
}

/* Is ${now} the file that ${k} was, apart from slots other than ${slot}? */
static bool same_but_for_others(const struct keyring *k, const struct keyring *now,
    unsigned slot)
{
	return memcmp(k->image + KR_VAULT_ID, now->image + KR_VAULT_ID, VAULT_ID) == 0 &&
	    memcmp(k->image + KR_SALT, now->image + KR_SALT, CRYPTO_SALT) == 0 &&
	    memcmp(k->image + KR_OPS, now->image + KR_OPS, KR_GENERATION - KR_OPS) == 0 &&
	    memcmp(keyring_slot_view(k->image, slot), keyring_slot_view(now->image, slot),
		KEYRING_SLOT_SIZE) == 0;
}

static bool same(const struct keyring *k, const struct keyring *now)
{
	return memcmp(k->image, now->image, KEYRING_COPY_SIZE) == 0;
}

/* What is on disk after ${rc}: the change, unless it failed before it held. */
static enum saksi_err finish(struct keyring *k, const struct keyring *now, int fd,
    enum saksi_err rc)
{
	if (rc == SAKSI_OK || rc == SAKSI_EPARTIAL)
		*k = *now;
	(void)close(fd);
	return rc;
}

static enum saksi_err replace_slot(struct keyring *k, int dirfd, unsigned slot,
    const uint8_t *bytes, struct saksi_error *err)
{
	struct keyring now;
	int fd = -1;
	enum saksi_err rc = keyring_file_lock(&fd, &now, dirfd, err);

	if (rc != SAKSI_OK)
		return rc;
	if (same_but_for_others(k, &now, slot)) {
		memcpy(keyring_slot_at(now.image, slot), bytes, KEYRING_SLOT_SIZE);
		rc = keyring_file_replace(&now, fd, err);
	} else {
		rc = changed_meanwhile(err);
	}
	return finish(k, &now, fd, rc);
}

enum saksi_err keyring_set(struct keyring *k, int dirfd, unsigned slot,
    enum keyring_kind kind, const struct secret *vault_key, const struct secret *pass,
    struct saksi_error *err)
{
	uint8_t image[KEYRING_COPY_SIZE];
	enum saksi_err rc = check_slot(slot, err);

	if (rc == SAKSI_OK)
		rc = check_vault_key(vault_key, err);
	if (rc == SAKSI_OK && (kind <= SLOT_EMPTY || kind > SLOT_SHARES))
		rc = saksi_fail(err, SAKSI_EINVAL, "key slot %u: no such kind", slot);
	if (rc != SAKSI_OK)
		return rc;
	memcpy(image, k->image, sizeof(image));
	rc = fill(image, slot, kind, vault_key, pass, err);
	if (rc == SAKSI_OK)
		rc = replace_slot(k, dirfd, slot, keyring_slot_view(image, slot), err);
	return rc;
}

enum saksi_err keyring_clear(struct keyring *k, int dirfd, unsigned slot,
    struct saksi_error *err)
{
	uint8_t bytes[KEYRING_SLOT_SIZE];
	enum saksi_err rc = check_slot(slot, err);

	if (rc != SAKSI_OK)
		return rc;
	crypto_random(bytes, sizeof(bytes));
	return replace_slot(k, dirfd, slot, bytes, err);
}

/* The passphrase must open its slot today, or a typing error would lock a
 * person out; the slot says of which kind it is. */
static enum saksi_err carry_over(uint8_t *image, const struct keyring *k,
    const struct secret *vault_key, unsigned slot, const struct secret *pass,
    struct saksi_error *err)
{
	struct secret *opened = NULL;
	enum keyring_kind kind = SLOT_EMPTY;
	unsigned found = 0;
	enum saksi_err rc = open_with(&opened, &found, &kind, 1u << slot, k, pass, err);

	if (rc == SAKSI_EAUTH)
		rc = saksi_fail(err, SAKSI_EAUTH,
		    "key slot %u: the passphrase does not fit; try again", slot);
	else if (rc == SAKSI_OK &&
	    !crypto_equal(secret_view(opened), secret_view(vault_key), CRYPTO_KEY))
		rc = saksi_fail(err, SAKSI_EINVAL,
		    "key slot %u: holds the key of another vault", slot);
	secret_free(&opened);
	if (rc == SAKSI_OK)
		rc = fill(image, slot, kind, vault_key, pass, err);
	return rc;
}

static enum saksi_err check_list(unsigned n, const unsigned *slots,
    struct saksi_error *err)
{
	unsigned seen = 0;

	if (n == 0 || n > KEYRING_SLOTS)
		return saksi_fail(err, SAKSI_EINVAL,
		    "vault: at least one key slot must stay, at most %u", KEYRING_SLOTS);
	for (unsigned i = 0; i < n; i++) {
		enum saksi_err rc = check_slot(slots[i], err);

		if (rc != SAKSI_OK)
			return rc;
		if (seen & (1u << slots[i]))
			return saksi_fail(err, SAKSI_EINVAL, "key slot %u: named twice",
			    slots[i]);
		seen |= 1u << slots[i];
	}
	return SAKSI_OK;
}

static enum saksi_err replace_all(struct keyring *k, int dirfd, const uint8_t *image,
    struct saksi_error *err)
{
	struct keyring now;
	int fd = -1;
	enum saksi_err rc = keyring_file_lock(&fd, &now, dirfd, err);

	if (rc != SAKSI_OK)
		return rc;
	if (same(k, &now)) {
		uint64_t generation = le64_get(now.image + KR_GENERATION);

		memcpy(now.image, image, KEYRING_COPY_SIZE);
		le64_put(now.image + KR_GENERATION, generation);
		rc = keyring_file_replace(&now, fd, err);
	} else {
		rc = changed_meanwhile(err);
	}
	return finish(k, &now, fd, rc);
}

enum saksi_err keyring_rekey(struct keyring *k, int dirfd,
    const struct crypto_kdf_cost *cost, const struct secret *vault_key, unsigned n,
    const unsigned *slots, const struct secret *const *passes, struct saksi_error *err)
{
	uint8_t *image = NULL;
	enum saksi_err rc = check_cost(cost, err);

	if (rc == SAKSI_OK)
		rc = check_vault_key(vault_key, err);
	if (rc == SAKSI_OK)
		rc = check_list(n, slots, err);
	if (rc != SAKSI_OK)
		return rc;
	image = malloc(KEYRING_COPY_SIZE);
	if (!image)
		return saksi_fail_nomem(err);
	keyring_image_new(image, keyring_vault_id(k), cost);
	for (unsigned i = 0; i < n && rc == SAKSI_OK; i++)
		rc = carry_over(image, k, vault_key, slots[i], passes[i], err);
	if (rc == SAKSI_OK)
		rc = replace_all(k, dirfd, image, err);
	free(image);
	return rc;
}

enum saksi_err keyring_repair(struct keyring *k, int dirfd, struct saksi_error *err)
{
	struct keyring now;
	int fd = -1;
	enum saksi_err rc = keyring_file_lock(&fd, &now, dirfd, err);

	if (rc != SAKSI_OK)
		return rc;
	if (now.damage)
		rc = keyring_file_replace(&now, fd, err);
	return finish(k, &now, fd, rc);
}
