/*
 * session.c - a vault stays unlocked: ticket in the kernel, wrapped key in a file.
 *
 * Neither half is of use alone.  When the ticket's time is over the file is
 * rubbish, and the next command that meets it overwrites it; when the file is
 * overwritten the ticket is rubbish, in every session of the user.
 */
#include "session_internal.h"

#include <string.h>
#include <unistd.h>

struct wrap {
	uint8_t key[CRYPTO_KEY];
	uint8_t ad[15 + 2 + VAULT_ID + SESSION_DESC];
};

static void wrap_key(struct wrap *w, const uint8_t vault_id[VAULT_ID],
    const uint8_t desc[SESSION_DESC], const struct secret *ticket)
{
	static const char purpose[15] = "saksi1\0session"; /* ends with 00 */
	uint8_t input[VAULT_ID + SESSION_DESC];

	memcpy(input, vault_id, VAULT_ID);
	memcpy(input + VAULT_ID, desc, SESSION_DESC);
	crypto_prf(w->key, sizeof(w->key), secret_view(ticket), "session-wrap", input,
	    sizeof(input));
	memcpy(w->ad, purpose, sizeof(purpose));
	le16_put(w->ad + sizeof(purpose), SESSION_FORMAT);
	memcpy(w->ad + sizeof(purpose) + 2, input, sizeof(input));
}

void session_file_name(char out[SESSION_NAME_TEXT], const uint8_t vault_id[VAULT_ID])
{
	struct saksi_hash h;

	crypto_hash_of(&h, "session-name", vault_id, VAULT_ID);
	hex_encode(out, h.b, SESSION_NAME_TEXT / 2);
}

/* ---- save ---------------------------------------------------------------- */

static enum saksi_err make_file(uint8_t file[SESSION_FILE_SIZE],
    const uint8_t vault_id[VAULT_ID], const uint8_t desc[SESSION_DESC],
    const struct secret *ticket, const struct secret *vault_key, struct saksi_error *err)
{
	struct buf sealed = BUF_INIT;
	struct wrap w;
	enum saksi_err rc;

	wrap_key(&w, vault_id, desc, ticket);
	rc = crypto_seal(&sealed, w.key, w.ad, sizeof(w.ad), secret_view(vault_key),
	    CRYPTO_KEY, err);
	if (rc == SAKSI_OK) {
		memcpy(file + SE_MAGIC, SESSION_MAGIC, 8);
		le16_put(file + SE_FORMAT, SESSION_FORMAT);
		memcpy(file + SE_DESC, desc, SESSION_DESC);
		memcpy(file + SE_SEALED, sealed.p, sealed.len);
	}
	buf_free(&sealed);
	wipe(&w, sizeof(w));
	return rc;
}

/* The first place that can be used; the last one's reason when none can. */
static enum saksi_err write_somewhere(const uint8_t vault_id[VAULT_ID],
    const uint8_t file[SESSION_FILE_SIZE], struct saksi_error *err)
{
	char name[SESSION_NAME_TEXT];
	enum saksi_err rc = SAKSI_ENOTFOUND;
	int dirfd;

	session_file_name(name, vault_id);
	for (unsigned i = 0; i < SESSION_PLACES; i++) {
		rc = place_open(&dirfd, i, true, err);
		if (rc != SAKSI_OK)
			continue;
		rc = place_write(dirfd, name, file, err);
		(void)close(dirfd);
		if (rc == SAKSI_OK)
			return rc;
	}
	if (rc == SAKSI_ENOTFOUND)
		rc = saksi_fail(err, SAKSI_EIO,
		    "unlock: no run-time directory here (XDG_RUNTIME_DIR, /run/user, /dev/shm); "
		    "give the passphrase to each command instead");
	return rc;
}

enum saksi_err session_save(const uint8_t vault_id[VAULT_ID],
    const struct secret *vault_key, unsigned seconds, struct saksi_error *err)
{
	uint8_t file[SESSION_FILE_SIZE], desc[SESSION_DESC];
	struct secret *ticket = NULL;
	enum saksi_err rc;

	if (seconds == 0 || seconds > SESSION_SECONDS_MAX)
		return saksi_fail(err, SAKSI_EINVAL,
		    "unlock: for one second to seven days");
	if (secret_len(vault_key) != CRYPTO_KEY)
		return saksi_fail(err, SAKSI_EINVAL, "unlock: not a vault's key");
	rc = session_drop(vault_id, err);
	if (rc != SAKSI_OK && rc != SAKSI_ENOTFOUND)
		return rc;
	rc = secret_new(&ticket, CRYPTO_KEY, err);
	if (rc != SAKSI_OK)
		return rc;
	crypto_random(secret_bytes(ticket), CRYPTO_KEY);
	crypto_random(desc, sizeof(desc));
	rc = make_file(file, vault_id, desc, ticket, vault_key, err);
	if (rc == SAKSI_OK)
		rc = ticket_put(desc, ticket, seconds, err);
	secret_free(&ticket);
	if (rc != SAKSI_OK)
		return rc;
	rc = write_somewhere(vault_id, file, err);
	if (rc != SAKSI_OK)
		(void)ticket_drop(desc);
	return rc;
}

/* ---- load ---------------------------------------------------------------- */

enum saksi_err session_unwrap(struct secret **vault_key,
    const uint8_t file[SESSION_FILE_SIZE], const uint8_t vault_id[VAULT_ID],
    const struct secret *ticket, struct saksi_error *err)
{
	struct buf plain = BUF_INIT;
	struct wrap w;
	enum saksi_err rc;

	wrap_key(&w, vault_id, file + SE_DESC, ticket);
	rc = crypto_open(&plain, w.key, w.ad, sizeof(w.ad), file + SE_SEALED,
	    SESSION_FILE_SIZE - SE_SEALED, err);
	if (rc == SAKSI_OK)
		rc = secret_copy(vault_key, plain.p, CRYPTO_KEY, err);
	buf_free(&plain);
	wipe(&w, sizeof(w));
	return rc;
}

/* ${useless}: the file will never open again. */
static enum saksi_err load_from(struct secret **vault_key, bool *useless, int dirfd,
    const char *name, const uint8_t vault_id[VAULT_ID], struct saksi_error *err)
{
	uint8_t file[SESSION_FILE_SIZE];
	struct secret *ticket = NULL;
	enum saksi_err rc = place_read(file, dirfd, name, err);

	*useless = rc == SAKSI_EDAMAGED;
	if (rc != SAKSI_OK)
		return rc;
	rc = ticket_get(&ticket, file + SE_DESC, err);
	*useless = rc == SAKSI_ENOTFOUND;
	if (rc == SAKSI_OK) {
		rc = session_unwrap(vault_key, file, vault_id, ticket, err);
		*useless = rc == SAKSI_EAUTH;
	}
	secret_free(&ticket);
	return rc;
}

enum saksi_err session_load(struct secret **vault_key, const uint8_t vault_id[VAULT_ID],
    struct saksi_error *err)
{
	char name[SESSION_NAME_TEXT];
	enum saksi_err rc;
	bool useless;
	int dirfd;

	*vault_key = NULL;
	session_file_name(name, vault_id);
	for (unsigned i = 0; i < SESSION_PLACES; i++) {
		if (place_open(&dirfd, i, false, NULL) != SAKSI_OK)
			continue;
		rc = load_from(vault_key, &useless, dirfd, name, vault_id, err);
		if (useless)
			place_erase(dirfd, name);
		(void)close(dirfd);
		if (rc == SAKSI_OK || rc == SAKSI_ENOMEM)
			return rc;
	}
	return saksi_fail(err, SAKSI_ENOTFOUND,
	    "vault: it is locked; 'unlock' it or give the passphrase");
}

/* ---- drop ---------------------------------------------------------------- */

static bool drop_from(int dirfd, const char *name)
{
	uint8_t file[SESSION_FILE_SIZE];
	bool alive = place_read(file, dirfd, name, NULL) == SAKSI_OK &&
	    ticket_drop(file + SE_DESC);

	place_erase(dirfd, name);
	return alive;
}

enum saksi_err session_drop(const uint8_t vault_id[VAULT_ID], struct saksi_error *err)
{
	char name[SESSION_NAME_TEXT];
	bool found = false;
	int dirfd;

	session_file_name(name, vault_id);
	for (unsigned i = 0; i < SESSION_PLACES; i++) {
		if (place_open(&dirfd, i, false, NULL) != SAKSI_OK)
			continue;
		found |= drop_from(dirfd, name);
		(void)close(dirfd);
	}
	return found ? SAKSI_OK
		     : saksi_fail(err, SAKSI_ENOTFOUND, "vault: it was not unlocked");
}
