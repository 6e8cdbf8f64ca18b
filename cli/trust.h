/* trust.h - which exporters may run. */
#ifndef SAKSI_CLI_TRUST_H
#define SAKSI_CLI_TRUST_H

#include <saksi/host/host.h>

#include "cli.h"

struct trust_entry {
	char *name;
	char *path; /* "" for shipped ones */
	struct saksi_hash hash;
	bool shipped;
	bool distrusted; /* shipped, but taken back in this vault */
	int64_t at_us;
};
struct trust {
	struct trust_entry *list;
	size_t n, cap;
	bool none_shipped; /* a repair knew not which were taken back: all are */
};
SAKSI_MUST_CHECK enum saksi_err trust_load(struct cli *c, struct trust *out);
/** trust_save: And commit.  ${t} was loaded in the same write transaction. */
SAKSI_MUST_CHECK enum saksi_err trust_save(struct cli *c, const struct trust *t);
const struct trust_entry *trust_find(const struct trust *t, const struct saksi_hash *hash);
SAKSI_MUST_CHECK enum saksi_err trust_add(struct trust *t, const char *name,
    const char *path, const struct saksi_hash *hash, struct saksi_error *err);
/** trust_remove: Forget a local one, mark a shipped one; false if there is none. */
bool trust_remove(struct trust *t, const char *name);
void trust_free(struct trust *t);
/** trust_hash(out, path, memfd, err): Open, pin and hash a plugin file. */
SAKSI_MUST_CHECK enum saksi_err trust_hash(struct saksi_hash *out, const char *path,
    int *memfd, struct saksi_error *err);
/** trust_name(out, path): "csv" of ".../csv.so". */
bool trust_name(char *out, size_t size, const char *path);

#endif
