/* The table of commands. */
#include "links.h"

/* One row each, in the order in which help shows them. */
#define COMMANDS(ROW)        \
	ROW(init)            \
	ROW(status)          \
	ROW(unlock)          \
	ROW(lock)            \
	ROW(key_list)        \
	ROW(key_add)         \
	ROW(key_change)      \
	ROW(key_remove)      \
	ROW(verify)          \
	ROW(repair)          \
	ROW(reindex)         \
	ROW(migrate)         \
	ROW(schema)          \
	ROW(add)             \
	ROW(edit)            \
	ROW(show)            \
	ROW(list)            \
	ROW(find)            \
	ROW(history)         \
	ROW(audit)           \
	ROW(conflicts)       \
	ROW(resolve)         \
	ROW(delete)          \
	ROW(undelete)        \
	ROW(timeline)        \
	ROW(duplicates)      \
	ROW(link)            \
	ROW(import)          \
	ROW(export)          \
	ROW(device_request)  \
	ROW(device_add)      \
	ROW(device_join)     \
	ROW(device_list)     \
	ROW(bundle_write)    \
	ROW(bundle_read)     \
	ROW(sync)            \
	ROW(plugin_list)     \
	ROW(plugin_info)     \
	ROW(plugin_trust)    \
	ROW(plugin_distrust) \
	ROW(plugin_hash)

#define DECLARE(n) extern const struct cli_command cmd_##n;
COMMANDS(DECLARE)
#define ADDRESS(n) &cmd_##n,
const struct cli_command *const cli_commands[] = {COMMANDS(ADDRESS) NULL};
