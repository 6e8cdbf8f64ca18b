/*
 * crypto_password.c - passphrase to key by Argon2id, and the memory it needs.
 */
#include <saksi/keys/crypto.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define MIB ((uint64_t)1 << 20)

_Static_assert(CRYPTO_SALT == crypto_pwhash_argon2id_SALTBYTES, "salt");

struct crypto_kdf_cost crypto_kdf_cost(enum crypto_kdf_level level)
{
	struct crypto_kdf_cost c = {crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
	    crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE};

	switch (level) {
	case KDF_INTERACTIVE:
		break;
	case KDF_MODERATE:
		c.ops = crypto_pwhash_argon2id_OPSLIMIT_MODERATE;
		c.mem = crypto_pwhash_argon2id_MEMLIMIT_MODERATE;
		break;
	case KDF_SENSITIVE:
		c.ops = crypto_pwhash_argon2id_OPSLIMIT_SENSITIVE;
		c.mem = crypto_pwhash_argon2id_MEMLIMIT_SENSITIVE;
		break;
	}
	return c;
}

bool crypto_kdf_cost_sane(const struct crypto_kdf_cost *c)
{
	return c->ops >= CRYPTO_KDF_OPS_MIN && c->ops <= CRYPTO_KDF_OPS_MAX &&
	    c->mem >= CRYPTO_KDF_MEM_MIN && c->mem <= CRYPTO_KDF_MEM_MAX &&
	    c->mem % 1024 == 0 && c->mem <= SIZE_MAX;
}

/* Memory that the system says it could give, or UINT64_MAX if it doesn't say.
 * Asked because Linux hands out more than it has and then kills somebody. */
static uint64_t memory_available(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	uint64_t sum = 0, kib;
	bool seen = false;

	if (!f)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			seen = true;
		else if (sscanf(line, "SwapFree: %" SCNu64 " kB", &kib) != 1)
			continue;
		if (kib > UINT64_MAX / 4096)
			kib = UINT64_MAX / 4096;
		sum += kib * 1024;
	}
	(void)fclose(f);
	return seen ? sum : UINT64_MAX;
}

static enum saksi_err too_little(uint64_t need, struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_ENOMEM,
	    "passphrase: checking it needs %" PRIu64
	    " MiB of free memory and this computer "
	    "has less; close other programs and try again",
	    (need + MIB - 1) / MIB);
}

enum saksi_err crypto_password(struct secret **out, const struct secret *pass,
    const uint8_t salt[CRYPTO_SALT], const struct crypto_kdf_cost *cost,
    struct saksi_error *err)
{
	const uint8_t *bytes = secret_view(pass);
	const char *text;
	enum saksi_err rc;

	*out = NULL;
	if (!crypto_kdf_cost_sane(cost))
		return saksi_fail(err, SAKSI_EINVAL,
		    "passphrase: cost out of range (%u to %u passes, 8 MiB to 4 GiB)",
		    CRYPTO_KDF_OPS_MIN, CRYPTO_KDF_OPS_MAX);
	if (memory_available() < cost->mem)
		return too_little(cost->mem, err);
	rc = secret_new(out, CRYPTO_KEY, err);
	if (rc != SAKSI_OK)
		return rc;
	text = (const char *)bytes;
	errno = 0;
	if (crypto_pwhash(secret_bytes(*out), CRYPTO_KEY, text, secret_len(pass), salt,
		cost->ops, (size_t)cost->mem, crypto_pwhash_ALG_ARGON2ID13) != 0) {
		secret_free(out);
		return errno == ENOMEM || errno == 0
		    ? too_little(cost->mem, err)
		    : saksi_fail_sys(err, "passphrase: Argon2id failed");
	}
	return SAKSI_OK;
}
