/*
 * cheap_vault - make the passphrase of a test's vault cheap to try.
 *
 *   cheap_vault VAULT <PASSPHRASE-FILE
 *
 * saksi makes none that costs less than 64 MiB and two passes, but opens one of
 * any cost that the format allows.  A scenario pays that with each command, for
 * most of its time.  Any other way in than this passphrase is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/store/vault.h>

#include "keyring_internal.h"

static const struct crypto_kdf_cost cheap = {CRYPTO_KDF_OPS_MIN, CRYPTO_KDF_MEM_MIN};

static enum saksi_err first_line(struct secret **out, struct saksi_error *err)
{
	char line[256];
	enum saksi_err rc;

	if (fgets(line, sizeof(line), stdin) == NULL)
		return saksi_fail(err, SAKSI_EINVAL, "no passphrase on standard input");
	rc = secret_copy(out, line, strcspn(line, "\n"), err);
	wipe(line, sizeof(line));
	return rc;
}

int main(int argc, char **argv)
{
	const char *src = getenv("SAKSI_SRC");
	struct schema *schema = NULL;
	struct saksi_vault *v = NULL;
	struct secret *pass = NULL;
	struct saksi_error err;
	char path[4096];
	unsigned slot;
	enum saksi_err rc;

	if (argc != 2 || src == NULL) {
		(void)fprintf(stderr, "usage: SAKSI_SRC=... cheap_vault VAULT <FILE\n");
		return 2;
	}
	keyring_test_allow_weak_kdf();
	(void)snprintf(path, sizeof(path), "%s/data/schema", src);
	if ((rc = first_line(&pass, &err)) == SAKSI_OK &&
	    (rc = schema_load(&schema, path, &err)) == SAKSI_OK &&
	    (rc = saksi_vault_open(&v, argv[1], schema, pass, 0, &err)) == SAKSI_OK)
		rc = saksi_vault_rekdf(v, pass, pass, &cheap, &slot, &err);
	if (rc != SAKSI_OK)
		(void)fprintf(stderr, "cheap_vault: %s\n", err.msg);
	saksi_vault_close(&v);
	schema_free(&schema);
	secret_free(&pass);
	return rc == SAKSI_OK ? 0 : 1;
}
