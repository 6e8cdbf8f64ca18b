/*
 * keyring_slot.c - what a used slot holds.
 *
 * The AEAD does not commit to its key, so a slot could be made that opens
 * under two passphrases; the commitment inside rules that out and is checked
 * before anything else in the slot is believed.
 */
#include "keyring_internal.h"

#include <string.h>

/* Offsets within a slot's plaintext; FORMAT.md section 2. */
#define SL_SUITE 0u
#define SL_KIND 1u
#define SL_ENV 2u
#define SL_KEY 4u
#define SL_COMMITMENT 36u
#define SL_REST 68u
#define PLAIN_SIZE (KEYRING_SLOT_SIZE - CRYPTO_SEAL_OVERHEAD)
#define SLOT_AD_SIZE (12u + 2u + 1u + 1u + VAULT_ID)

struct slot_key {
	uint8_t key[CRYPTO_KEY];
	uint8_t ad[SLOT_AD_SIZE];
};

static void slot_key(struct slot_key *sk, const uint8_t *image, unsigned slot,
    const struct secret *kdf)
{
	static const char purpose[12] = "saksi1\0slot"; /* ends with 00 */
	uint8_t input[1 + VAULT_ID];

	input[0] = (uint8_t)slot;
	memcpy(input + 1, image + KR_VAULT_ID, VAULT_ID);
	crypto_prf(sk->key, sizeof(sk->key), secret_view(kdf), "slot", input,
	    sizeof(input));
	memcpy(sk->ad, purpose, sizeof(purpose));
	le16_put(sk->ad + 12, KEYRING_FORMAT);
	sk->ad[14] = CRYPTO_SUITE;
	sk->ad[15] = (uint8_t)slot;
	memcpy(sk->ad + 16, image + KR_VAULT_ID, VAULT_ID);
}

/* Binds the slot key to everything that stands before the commitment. */
static void commitment(uint8_t out[CRYPTO_KEY], const struct slot_key *sk,
    const uint8_t *plain)
{
	crypto_prf(out, CRYPTO_KEY, sk->key, "slot-commit", plain, SL_COMMITMENT);
}

enum saksi_err keyring_slot_seal(uint8_t *image, unsigned slot, enum keyring_kind kind,
    const struct secret *kdf, const struct secret *vault_key, struct saksi_error *err)
{
	uint8_t plain[PLAIN_SIZE] = {0};
	struct buf sealed = BUF_INIT;
	struct slot_key sk;
	enum saksi_err rc;

	slot_key(&sk, image, slot, kdf);
	plain[SL_SUITE] = CRYPTO_SUITE;
	plain[SL_KIND] = (uint8_t)kind;
	memcpy(plain + SL_KEY, secret_view(vault_key), CRYPTO_KEY);
	commitment(plain + SL_COMMITMENT, &sk, plain);
	rc =
	    crypto_seal(&sealed, sk.key, sk.ad, sizeof(sk.ad), plain, sizeof(plain), err);
	if (rc == SAKSI_OK)
		memcpy(keyring_slot_at(image, slot), sealed.p, KEYRING_SLOT_SIZE);
	buf_free(&sealed);
	wipe(plain, sizeof(plain));
	wipe(&sk, sizeof(sk));
	return rc;
}

static bool slot_opens(struct buf *plain, const uint8_t *image, unsigned slot,
    const struct secret *kdf)
{
	uint8_t expected[CRYPTO_KEY];
	struct slot_key sk;
	bool ok;

	slot_key(&sk, image, slot, kdf);
	ok = crypto_open(plain, sk.key, sk.ad, sizeof(sk.ad),
		 keyring_slot_view(image, slot), KEYRING_SLOT_SIZE, NULL) == SAKSI_OK;
	if (ok) {
		commitment(expected, &sk, plain->p);
		ok = crypto_equal(expected, plain->p + SL_COMMITMENT, sizeof(expected)) !=
		    0;
	}
	wipe(&sk, sizeof(sk));
	wipe(expected, sizeof(expected));
	return ok;
}

/* An authentic slot that we don't understand can only come from later. */
static bool understood(const uint8_t *plain)
{
	uint8_t other = plain[SL_ENV] | plain[SL_ENV + 1];

	for (unsigned i = SL_REST; i < PLAIN_SIZE; i++)
		other |= plain[i];
	return other == 0 && plain[SL_SUITE] == CRYPTO_SUITE &&
	    plain[SL_KIND] != SLOT_EMPTY && plain[SL_KIND] <= SLOT_SHARES;
}

static enum saksi_err take(struct secret **vault_key, enum keyring_kind *kind,
    const uint8_t *plain, struct saksi_error *err)
{
	if (!understood(plain))
		return saksi_fail(err, SAKSI_ENEWER,
		    "vault: this key slot was written by a newer version of saksi; install "
		    "that version");
	*kind = (enum keyring_kind)plain[SL_KIND];
	return secret_copy(vault_key, plain + SL_KEY, CRYPTO_KEY, err);
}

enum saksi_err keyring_slots_open(struct secret **vault_key, unsigned *slot,
    enum keyring_kind *kind, unsigned wanted, const uint8_t *image,
    const struct secret *kdf, struct saksi_error *err)
{
	struct buf plain = BUF_INIT;
	bool found = false;
	bool starved = false;
	enum saksi_err rc = SAKSI_OK;

	*vault_key = NULL;
	for (unsigned i = 0; i < KEYRING_SLOTS; i++) {
		bool opens;

		buf_reset(&plain);
		opens = slot_opens(&plain, image, i, kdf);
		starved = starved || plain.failed;
		if (!opens || found || !(wanted & (1u << i)))
			continue;
		found = true;
		*slot = i;
		rc = take(vault_key, kind, plain.p, err);
	}
	if (!found)
		rc = starved ? saksi_fail_nomem(err)
			     : saksi_fail(err, SAKSI_EAUTH,
				   "vault: the passphrase does not fit; try again");
	buf_free(&plain);
	return rc;
}
