/* find.h - records by what people call them. */
#ifndef SAKSI_CLI_FIND_H
#define SAKSI_CLI_FIND_H

#include <saksi/base/id.h>

#include "cli.h"

/** cli_find(c, name, id): saksi_record_find(), with a guess at what a slip meant. */
SAKSI_MUST_CHECK enum saksi_err cli_find(struct cli *c, const char *name,
    struct saksi_id *id);
/** cli_type(c, name, out): The type of record; SAKSI_EINVAL with a suggestion. */
SAKSI_MUST_CHECK enum saksi_err cli_type(struct cli *c, const char *name,
    const struct schema_type **out);
/** cli_resolver: Any record; for what is only looked up, or taken away. */
struct schema_resolver cli_resolver(struct cli *c);
/** cli_resolver_new: For what is written: none that was deleted; says why not. */
struct schema_resolver cli_resolver_new(struct cli *c);

#endif
