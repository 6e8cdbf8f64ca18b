/*
 * keyring_internal.h - the parts of the key-slot file, and hooks for tests.
 *
 * keyring_file.c knows places, checksums, locks and the order of writing;
 * keyring_slot.c knows what is inside a slot; keyring.c joins them.
 */
#ifndef SAKSI_STORE_KEYRING_INTERNAL_H
#define SAKSI_STORE_KEYRING_INTERNAL_H

#include <stdbool.h>

#include <saksi/keys/keyring.h>

#define KEYRING_ALL_SLOTS ((1u << KEYRING_SLOTS) - 1)
#define KEYRING_COPIES 2u
#define KEYRING_COPY_SIZE 4096u
#define KEYRING_FILE_SIZE (KEYRING_COPIES * KEYRING_COPY_SIZE)
#define KEYRING_MAGIC "SAKSIKEY"
#define KEYRING_MAGIC_LEN 8u
#define KEYRING_KDF_ARGON2ID13 1u

/* Offsets within a copy; FORMAT.md section 2. */
#define KR_MAGIC 0u
#define KR_FORMAT 8u
#define KR_SUITE 10u
#define KR_KDF 11u
#define KR_OPS 12u
#define KR_MEM 16u
#define KR_GENERATION 24u
#define KR_VAULT_ID 32u
#define KR_SALT 48u
#define KR_RESERVED 64u
#define KR_RESERVED_LEN 32u
#define KR_SLOTS 96u
#define KEYRING_SLOT_SIZE 496u
#define KR_CHECKSUM 4064u

struct keyring {
	uint8_t image[KEYRING_COPY_SIZE]; /* the newest whole copy */
	unsigned newest;		  /* which copy that is */
	uint64_t length;		  /* of the file */
	const char *damage;		  /* static words, or NULL */
};

/* ---- keyring_file.c ------------------------------------------------------ */

/** keyring_image_new(image, vault_id, cost): A header with a fresh salt and
 * eight random slots, generation 0. */
void keyring_image_new(uint8_t image[KEYRING_COPY_SIZE], const uint8_t vault_id[VAULT_ID],
    const struct crypto_kdf_cost *cost);
struct crypto_kdf_cost keyring_image_cost(const uint8_t *image);
/** keyring_slot_at(image, slot): Where the slot's bytes are. */
uint8_t *keyring_slot_at(uint8_t *image, unsigned slot);
const uint8_t *keyring_slot_view(const uint8_t *image, unsigned slot);

/** keyring_file_create: O_EXCL, both copies, file and folder synced. */
SAKSI_MUST_CHECK enum saksi_err keyring_file_create(int dirfd, struct keyring *k,
    struct saksi_error *err);
/** keyring_file_load: Read both copies into ${k}. */
SAKSI_MUST_CHECK enum saksi_err keyring_file_load(struct keyring *k, int dirfd,
    struct saksi_error *err);
/** keyring_file_lock: Open for writing under the lock, and read what is there now. */
SAKSI_MUST_CHECK enum saksi_err keyring_file_lock(int *fd, struct keyring *now, int dirfd,
    struct saksi_error *err);
/**
 * keyring_file_replace(k, fd, err):
 * Write ${k->image} with the next generation into both copies, the one that
 * is not k->newest first.  SAKSI_EPARTIAL: it holds in one copy only.
 */
SAKSI_MUST_CHECK enum saksi_err keyring_file_replace(struct keyring *k, int fd,
    struct saksi_error *err);

/* ---- keyring_slot.c ------------------------------------------------------ */

/** keyring_slot_seal: Fill a slot of ${image} with the vault key under ${kdf}. */
SAKSI_MUST_CHECK enum saksi_err keyring_slot_seal(uint8_t *image, unsigned slot,
    enum keyring_kind kind, const struct secret *kdf, const struct secret *vault_key,
    struct saksi_error *err);
/**
 * keyring_slots_open(vault_key, slot, kind, wanted, image, kdf, err):
 * Try all slots, each with the same work; the first that opens and whose bit
 * is in ${wanted} counts.  SAKSI_EAUTH: none.
 */
SAKSI_MUST_CHECK enum saksi_err keyring_slots_open(struct secret **vault_key,
    unsigned *slot, enum keyring_kind *kind, unsigned wanted, const uint8_t *image,
    const struct secret *kdf, struct saksi_error *err);

/* ---- for tests only ------------------------------------------------------ */

/** keyring_test_allow_weak_kdf(): Let new files of this process cost less than
 * libsodium's interactive level. */
void keyring_test_allow_weak_kdf(void);

enum keyring_step {
	KEYRING_STEP_LOCKED,	 /* before anything is written */
	KEYRING_STEP_FIRST_TORN, /* half of the first copy is written */
	KEYRING_STEP_FIRST_DONE, /* the first copy is whole and synced */
	KEYRING_STEP_SECOND_TORN,
	KEYRING_STEP_SECOND_DONE
};
/** keyring_test_hook(fn): Call ${fn} between the steps; false from it is an
 * input/output error there.  NULL: none. */
void keyring_test_hook(bool (*fn)(enum keyring_step step));

#endif
