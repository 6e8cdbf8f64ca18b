/*
 * needed.h - load the libraries that a plugin names, before the plugin.
 */
#ifndef SAKSI_RUNNER_NEEDED_H
#define SAKSI_RUNNER_NEEDED_H

/**
 * needed_load():
 * Read the names (DT_NEEDED) from the plugin's ELF tables and load each from
 * the system's library folders.  Runs none of the plugin's code.  Ends with
 * words when the file is no plugin for this machine, or a library is missing.
 */
void needed_load(void);

#endif
