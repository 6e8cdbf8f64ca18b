/*
 * plugin.h - load the exporter and take over its registration.
 */
#ifndef SAKSI_RUNNER_PLUGIN_H
#define SAKSI_RUNNER_PLUGIN_H

#include <saksi/exporter.h>

/**
 * plugin_load(out):
 * dlopen the sealed file, copy what both sides know of its struct, check it,
 * and tell the host (REGISTER).  Ends with words for each thing that is wrong.
 */
void plugin_load(struct saksi_exporter *out);

#endif
