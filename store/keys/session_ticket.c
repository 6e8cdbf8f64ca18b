/*
 * session_ticket.c - a secret in the kernel's keyring that goes by itself.
 */
#include "session_internal.h"

#include <errno.h>

#include <keyutils.h>

#define TYPE "user"
/* Every session of this user may use and revoke it, nobody may change it. */
#define RIGHTS                                                                           \
	(KEY_POS_VIEW | KEY_POS_READ | KEY_POS_SEARCH | KEY_POS_SETATTR | KEY_USR_VIEW | \
	    KEY_USR_READ | KEY_USR_SEARCH | KEY_USR_SETATTR)

struct desc_text {
	char s[2 * SESSION_DESC + 1];
};

static void desc_text(struct desc_text *t, const uint8_t desc[SESSION_DESC])
{
	hex_encode(t->s, desc, SESSION_DESC);
}

static enum saksi_err no_keyring(struct saksi_error *err)
{
	return saksi_fail_sys(err,
	    "unlock: the kernel's keyring cannot be used here; give the passphrase to each "
	    "command instead");
}

static void discard(key_serial_t key)
{
	(void)keyctl_revoke(key);
	(void)keyctl_unlink(key, KEY_SPEC_USER_KEYRING);
}

enum saksi_err ticket_put(const uint8_t desc[SESSION_DESC], const struct secret *ticket,
    unsigned seconds, struct saksi_error *err)
{
	struct desc_text t;
	key_serial_t key;
	enum saksi_err rc;

	desc_text(&t, desc);
	key = add_key(TYPE, t.s, secret_view(ticket), secret_len(ticket),
	    KEY_SPEC_USER_KEYRING);
	if (key < 0)
		return no_keyring(err);
	if (keyctl_set_timeout(key, seconds) == 0 && keyctl_setperm(key, RIGHTS) == 0)
		return SAKSI_OK;
	rc = no_keyring(err);
	discard(key);
	return rc;
}

/* The key's number, or -1 with errno. */
static key_serial_t find(const uint8_t desc[SESSION_DESC])
{
	struct desc_text t;

	desc_text(&t, desc);
	return (key_serial_t)keyctl_search(KEY_SPEC_USER_KEYRING, TYPE, t.s, 0);
}

static enum saksi_err not_there(struct saksi_error *err)
{
	switch (errno) {
	case ENOKEY:
	case EKEYEXPIRED:
	case EKEYREVOKED:
	case EKEYREJECTED:
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "vault: its time unlocked has run out");
	default:
		return no_keyring(err);
	}
}

enum saksi_err ticket_get(struct secret **ticket, const uint8_t desc[SESSION_DESC],
    struct saksi_error *err)
{
	key_serial_t key = find(desc);
	enum saksi_err rc;
	long n;

	*ticket = NULL;
	if (key < 0)
		return not_there(err);
	rc = secret_new(ticket, CRYPTO_KEY, err);
	if (rc != SAKSI_OK)
		return rc;
	n = keyctl_read(key, (char *)secret_bytes(*ticket), CRYPTO_KEY);
	if (n == (long)CRYPTO_KEY)
		return SAKSI_OK;
	rc = n < 0 ? not_there(err)
		   : saksi_fail(err, SAKSI_ENOTFOUND,
			 "vault: its ticket in the keyring is not one");
	secret_free(ticket);
	return rc;
}

bool ticket_drop(const uint8_t desc[SESSION_DESC])
{
	key_serial_t key = find(desc);

	if (key < 0)
		return false;
	discard(key);
	return true;
}
