/* exporters.h - which formats there are, and the file that makes one. */
#ifndef SAKSI_CLI_EXPORTERS_H
#define SAKSI_CLI_EXPORTERS_H

#include <saksi/host/host.h>

#include "cli.h"

struct exporters {
	char *runner, *folder, *forms;
	struct host_paths paths;
	struct host_format *list;
	size_t n, cap;
};
SAKSI_MUST_CHECK enum saksi_err exporters_load(struct cli *c, struct exporters *e);
void exporters_free(struct exporters *e);
/** exporters_find: SAKSI_ENOTFOUND lists what there is. */
SAKSI_MUST_CHECK enum saksi_err exporters_find(struct cli *c, const struct exporters *e,
    const char *name, const struct host_format **out);
/** exporters_file(e, name): Path of the shared object NAME; caller frees. */
char *exporters_file(const struct exporters *e, const char *name);

#endif
