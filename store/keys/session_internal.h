/*
 * session_internal.h - the three places of an unlocked vault.
 *
 * session_ticket.c is the kernel's keyring, session_place.c the folders and
 * files of the user's run-time directory, session.c what is in them.
 */
#ifndef SAKSI_STORE_SESSION_INTERNAL_H
#define SAKSI_STORE_SESSION_INTERNAL_H

#include <stdbool.h>

#include <saksi/keys/keyring.h>

#define SESSION_DESC 16u		     /* random bytes; hex in the keyring */
#define SESSION_NAME_TEXT (2u * 16u + 1u)    /* hex of a hash of the vault id */
#define SESSION_SECONDS_MAX (7u * 24 * 3600) /* a week */
#define SESSION_MAGIC "SAKSIUNL"
#define SESSION_FORMAT 1u

/* Offsets of the file; FORMAT.md section 2. */
#define SE_MAGIC 0u
#define SE_FORMAT 8u
#define SE_DESC 10u
#define SE_SEALED 26u
#define SESSION_FILE_SIZE (SE_SEALED + CRYPTO_SEAL_OVERHEAD + CRYPTO_KEY)

/* ---- session.c ----------------------------------------------------------- */

/** session_file_name: Hex of a hash of the vault id. */
void session_file_name(char out[SESSION_NAME_TEXT], const uint8_t vault_id[VAULT_ID]);
/** session_unwrap: SAKSI_EAUTH: another ticket or vault, or altered. */
SAKSI_MUST_CHECK enum saksi_err session_unwrap(struct secret **vault_key,
    const uint8_t file[SESSION_FILE_SIZE], const uint8_t vault_id[VAULT_ID],
    const struct secret *ticket, struct saksi_error *err);

/* ---- session_ticket.c ---------------------------------------------------- */

/** ticket_put: Into the user keyring, gone after ${seconds}. */
SAKSI_MUST_CHECK enum saksi_err ticket_put(const uint8_t desc[SESSION_DESC],
    const struct secret *ticket, unsigned seconds, struct saksi_error *err);
/** ticket_get: SAKSI_ENOTFOUND when it is gone; SAKSI_EIO when it can't be asked for. */
SAKSI_MUST_CHECK enum saksi_err ticket_get(struct secret **ticket,
    const uint8_t desc[SESSION_DESC], struct saksi_error *err);
/** ticket_drop: Revoke and remove; true if it was there and alive. */
bool ticket_drop(const uint8_t desc[SESSION_DESC]);

/* ---- session_place.c ----------------------------------------------------- */

#define SESSION_PLACES 3u
/**
 * place_open(dirfd, which, make, err):
 * Open folder ${which} (0: under $XDG_RUNTIME_DIR, 1: under /run/user/UID, 2:
 * under /dev/shm), with ${make} making it, and lock it until it is closed.
 * SAKSI_ENOTFOUND: there is none; SAKSI_EREFUSED: it is not ours alone.
 */
SAKSI_MUST_CHECK enum saksi_err place_open(int *dirfd, unsigned which, bool make,
    struct saksi_error *err);
/** place_write: A new file under ${name}, whole or not at all. */
SAKSI_MUST_CHECK enum saksi_err place_write(int dirfd, const char *name,
    const uint8_t file[SESSION_FILE_SIZE], struct saksi_error *err);
/** place_read: SAKSI_ENOTFOUND: none; SAKSI_EDAMAGED: not of the right form. */
SAKSI_MUST_CHECK enum saksi_err place_read(uint8_t file[SESSION_FILE_SIZE], int dirfd,
    const char *name, struct saksi_error *err);
/** place_erase: Overwrite and remove ${name} and what an interrupted write left of it. */
void place_erase(int dirfd, const char *name);

#endif
