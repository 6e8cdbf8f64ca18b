/*
 * keyring.h - the key-slot file `keys`: passphrase -> vault key.
 *
 * One Argon2id salt and cost per file, eight slots of equal size; a slot
 * holds the vault key sealed under BLAKE2b(KDF output; slot number, vault id)
 * or random bytes.  Two copies at fixed places, both rewritten in place and
 * read back by each command.  FORMAT.md section 2 has the offsets.
 *
 * Which slots are in use can be told only with the vault key: the directory
 * (kind, label, time) is kept in the vault's own sealed local table by the
 * caller; slot_dir below is its form.
 */
#ifndef SAKSI_KEYS_KEYRING_H
#define SAKSI_KEYS_KEYRING_H

#include <saksi/keys/crypto.h>

#define KEYRING_FILE "keys"
#define KEYRING_SLOTS 8u
#define KEYRING_FORMAT 1u
#define VAULT_ID 16u

struct keyring; /* a parsed, checked slot file: public parts only */

enum keyring_kind {
	SLOT_EMPTY = 0,
	SLOT_PASSPHRASE = 1,
	SLOT_RECOVERY = 2,
	SLOT_SHARES = 3,
	SLOT_UNFINISHED = 4 /* in a slot list: a change of it was cut short */
};

struct slot_info {
	uint8_t kind; /* enum keyring_kind */
	int64_t made_us;
	char label[64]; /* UTF-8, NUL-terminated */
};
struct slot_dir {
	struct slot_info slot[KEYRING_SLOTS];
};
void slot_dir_write(struct buf *out, const struct slot_dir *d);
SAKSI_MUST_CHECK enum saksi_err slot_dir_read(struct slot_dir *d, const void *p, size_t n,
    struct saksi_error *err);

/**
 * keyring_create(out, dirfd, vault_id, vault_key, pass, cost, err):
 * Write a new slot file (O_EXCL, 0600, synced) with slot 0 for ${pass}
 * (already NFKC) and seven random ones.
 */
SAKSI_MUST_CHECK enum saksi_err keyring_create(struct keyring **out, int dirfd,
    const uint8_t vault_id[VAULT_ID], const struct secret *vault_key,
    const struct secret *pass, const struct crypto_kdf_cost *cost,
    struct saksi_error *err);
/**
 * keyring_load(out, dirfd, err):
 * Read and check.  One damaged copy is no error (keyring_damage() tells).
 * SAKSI_ENOTFOUND no slot file; SAKSI_EDAMAGED both copies; SAKSI_ENEWER.
 */
SAKSI_MUST_CHECK enum saksi_err keyring_load(struct keyring **out, int dirfd,
    struct saksi_error *err);
void keyring_free(struct keyring **k);
const uint8_t *keyring_vault_id(const struct keyring *k);
struct crypto_kdf_cost keyring_cost(const struct keyring *k);
/** keyring_damage(k): NULL, or words that name which copy is damaged. */
const char *keyring_damage(const struct keyring *k);
/**
 * keyring_open(vault_key, slot, k, pass, err):
 * One KDF run, all slots tried.  ${slot} may be NULL.  SAKSI_EAUTH: wrong
 * passphrase; SAKSI_ENOMEM: too little memory for the KDF (names the need).
 */
SAKSI_MUST_CHECK enum saksi_err keyring_open(struct secret **vault_key, unsigned *slot,
    const struct keyring *k, const struct secret *pass, struct saksi_error *err);
/*
 * Changes.  ${k} follows the file.  SAKSI_EBUSY: another command changed the
 * same slot since ${k} was loaded (load again), or holds the file.
 * SAKSI_EPARTIAL: the change holds, but one copy could not be written.  After
 * any other error the file opens as before, unless the words say that nobody
 * can know, as a disk does that neither writes nor reads any more.
 */
/** keyring_set(k, dirfd, slot, kind, vault_key, pass, err): Fill a slot and write. */
SAKSI_MUST_CHECK enum saksi_err keyring_set(struct keyring *k, int dirfd, unsigned slot,
    enum keyring_kind kind, const struct secret *vault_key, const struct secret *pass,
    struct saksi_error *err);
/** keyring_clear(k, dirfd, slot, err): Random bytes in its place, and write. */
SAKSI_MUST_CHECK enum saksi_err keyring_clear(struct keyring *k, int dirfd, unsigned slot,
    struct saksi_error *err);
/**
 * keyring_rekey(k, dirfd, cost, vault_key, n, slots, passes, err):
 * New salt and cost; only the ${n} slots given survive.  Each passphrase must
 * open its slot now (SAKSI_EAUTH else).
 */
SAKSI_MUST_CHECK enum saksi_err keyring_rekey(struct keyring *k, int dirfd,
    const struct crypto_kdf_cost *cost, const struct secret *vault_key, unsigned n,
    const unsigned *slots, const struct secret *const *passes, struct saksi_error *err);

/** keyring_repair(k, dirfd, err): Write both copies anew when keyring_damage() tells. */
SAKSI_MUST_CHECK enum saksi_err keyring_repair(struct keyring *k, int dirfd,
    struct saksi_error *err);

/* ---- session.c: keep a vault unlocked for a time -------------------------
 * A random ticket under a random description lies in the kernel's user
 * keyring with a time-out; the vault key wrapped by it lies in the user's
 * run-time directory ($XDG_RUNTIME_DIR, /run/user/UID or /dev/shm, in a 0700
 * folder `saksi` / `saksi-UID`), overwritten by drop. */
SAKSI_MUST_CHECK enum saksi_err session_save(const uint8_t vault_id[VAULT_ID],
    const struct secret *vault_key, unsigned seconds, struct saksi_error *err);
/** session_load: SAKSI_ENOTFOUND when locked, timed out, or there is none. */
SAKSI_MUST_CHECK enum saksi_err session_load(struct secret **vault_key,
    const uint8_t vault_id[VAULT_ID], struct saksi_error *err);
/** session_drop: Overwrite, remove, revoke. SAKSI_ENOTFOUND: was locked. */
SAKSI_MUST_CHECK enum saksi_err session_drop(const uint8_t vault_id[VAULT_ID],
    struct saksi_error *err);

#endif
