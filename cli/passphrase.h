/* passphrase.h - passphrases and what one guess of them costs. */
#ifndef SAKSI_CLI_PASSPHRASE_H
#define SAKSI_CLI_PASSPHRASE_H

#include <saksi/base/secret.h>
#include <saksi/keys/crypto.h>

#include "cli.h"

/** pass_current: The vault's passphrase, by --passphrase-fd or a prompt. */
SAKSI_MUST_CHECK enum saksi_err pass_current(struct cli *c, struct secret **out);
/** pass_new: A new one: the next line of --passphrase-fd, or asked twice. */
SAKSI_MUST_CHECK enum saksi_err pass_new(struct cli *c, struct secret **out);
/** kdf_level: "interactive", "moderate", "sensitive" to a cost; NULL: moderate. */
SAKSI_MUST_CHECK enum saksi_err kdf_level(struct crypto_kdf_cost *out, const char *name,
    struct saksi_error *err);

#endif
