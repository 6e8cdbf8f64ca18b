/*
 * anchor_form.h - what a note of own logs looks like: FORMAT.md section 11.
 */
#ifndef SAKSI_STORE_ANCHOR_FORM_H
#define SAKSI_STORE_ANCHOR_FORM_H

#include <saksi/keys/keyring.h>

#define ANCHOR_ENTRIES 12u
#define ANCHOR_PLAIN 968u
#define ANCHOR_SEALED (1u + CRYPTO_SEAL_OVERHEAD + ANCHOR_PLAIN)
#define ANCHOR_NAME 32u /* letters of the second note's name */

enum anchor_place { ANCHOR_IN_VAULT = 1, ANCHOR_IN_STATE = 2 };

struct anchor_entry {
	uint8_t kind; /* 0: data, 1: membership, 2: line of commits */
	uint64_t seq;
	struct saksi_hash log, head;
};
struct anchor_notes {
	bool anew[2]; /* a new log is asked for */
	unsigned n;
	struct anchor_entry list[ANCHOR_ENTRIES]; /* the one written last at the end */
};

/** anchor_key(out, vault_key, err): What both notes are sealed with. */
SAKSI_MUST_CHECK enum saksi_err anchor_key(struct secret **out,
    const struct secret *vault_key, struct saksi_error *err);
/** anchor_name: Of the second note, which without the key nobody connects with the vault. */
void anchor_name(char out[ANCHOR_NAME + 1], const struct secret *vault_key,
    const uint8_t vault_id[VAULT_ID]);
/** anchor_open(a, key, vault_id, place, raw): false if it does not open. */
bool anchor_open(struct anchor_notes *a, const struct secret *key,
    const uint8_t vault_id[VAULT_ID], enum anchor_place place,
    const uint8_t raw[ANCHOR_SEALED]);
/** anchor_seal(raw, ...): Append ANCHOR_SEALED bytes. */
SAKSI_MUST_CHECK enum saksi_err anchor_seal(struct buf *raw, const struct anchor_notes *a,
    const struct secret *key, const uint8_t vault_id[VAULT_ID], enum anchor_place place,
    struct saksi_error *err);

#endif
