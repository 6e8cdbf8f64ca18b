/*
 * Passphrases come from a descriptor or from the terminal; never from an
 * argument or the environment, which other programs can read.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "passphrase.h"
#include "terminal.h"

#define SHORT_PASSPHRASE 12u /* bytes; below this a warning */

/* One line, byte by byte: what follows belongs to the next reader. */
static enum saksi_err read_fd_line(struct cli *c, struct secret **out)
{
	enum saksi_err rc = secret_new(out, TYPED_MAX, &c->err);
	uint8_t *p;
	size_t n = 0;
	uint8_t ch = 0;
	ssize_t k = 1;

	if (rc != SAKSI_OK)
		return rc;
	p = secret_bytes(*out);
	while (n <= TYPED_MAX) {
		do
			k = read(c->passphrase_fd, &ch, 1);
		while (k < 0 && errno == EINTR);
		if (k <= 0 || ch == '\n')
			break;
		if (n < TYPED_MAX)
			p[n] = ch;
		n++;
	}
	wipe(&ch, sizeof(ch));
	if (n > 0 && n <= TYPED_MAX && p[n - 1] == '\r')
		n--;
	if (k < 0)
		rc = saksi_fail_sys(&c->err, "--passphrase-fd %d: cannot be read",
		    c->passphrase_fd);
	else if (n == 0)
		rc = saksi_fail(&c->err, SAKSI_EINVAL,
		    "--passphrase-fd %d: there is no passphrase in it; write one line",
		    c->passphrase_fd);
	else if (n > TYPED_MAX)
		rc = saksi_fail(&c->err, SAKSI_EINVAL, "passphrase: longer than %u bytes",
		    TYPED_MAX);
	if (rc != SAKSI_OK) {
		secret_free(out);
		return rc;
	}
	secret_truncate(*out, n);
	return SAKSI_OK;
}

enum saksi_err pass_current(struct cli *c, struct secret **out)
{
	*out = NULL;
	if (c->passphrase_fd >= 0)
		return read_fd_line(c, out);
	return term_secret(out, "Passphrase of the vault: ", &c->err);
}

static bool same(const struct secret *a, const struct secret *b)
{
	return secret_len(a) == secret_len(b) &&
	    crypto_equal(secret_view(a), secret_view(b), secret_len(a)) != 0;
}

static enum saksi_err ask_twice(struct cli *c, struct secret **out)
{
	struct secret *again = NULL;
	enum saksi_err rc = SAKSI_OK;

	term_say("Take five or six unrelated words. Nothing shows while you type.");
	for (int i = 0; i < 3; i++) {
		rc = term_secret(out, "New passphrase: ", &c->err);
		if (rc == SAKSI_OK)
			rc = term_secret(&again, "The same again: ", &c->err);
		if (rc != SAKSI_OK)
			break;
		if (same(*out, again))
			break;
		rc = saksi_fail(&c->err, SAKSI_EINVAL,
		    "passphrase: the two are not the same; nothing was changed");
		term_say("They are not the same. Once more.");
		secret_free(out);
		secret_free(&again);
	}
	secret_free(&again);
	if (rc != SAKSI_OK)
		secret_free(out);
	return rc;
}

enum saksi_err pass_new(struct cli *c, struct secret **out)
{
	enum saksi_err rc;

	*out = NULL;
	rc = c->passphrase_fd >= 0 ? read_fd_line(c, out) : ask_twice(c, out);
	if (rc != SAKSI_OK || secret_len(*out) >= SHORT_PASSPHRASE)
		return rc;
	cli_warn("passphrase: short ones can be guessed by a machine; "
		 "six random words or more hold");
	if (c->passphrase_fd < 0 && !term_yes("Use it all the same?", false)) {
		secret_free(out);
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "passphrase: too short; nothing was changed, begin again with a longer one");
	}
	return rc;
}

enum saksi_err kdf_level(struct crypto_kdf_cost *out, const char *name,
    struct saksi_error *err)
{
	static const char *const names[] = {"interactive", "moderate", "sensitive"};

	if (name == NULL)
		name = "moderate";
	for (int i = KDF_INTERACTIVE; i <= KDF_SENSITIVE; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = crypto_kdf_cost((enum crypto_kdf_level)i);
			return SAKSI_OK;
		}
	return saksi_fail(err, SAKSI_EINVAL,
	    "--kdf: is one of interactive (64 MiB), moderate (256 MiB), sensitive (1 GiB)");
}
