/*
 * filter.h - which system calls are left, in three steps (seccomp).
 *
 *   FILTER_LIBRARIES  before the runner loads the libraries that the exporter
 *                     links: what the dynamic linker needs, files read-only
 *   FILTER_EXPORTER   before the exporter itself is loaded, since its
 *                     constructors run inside dlopen(): no path at all
 *   FILTER_CALLS      before the first call into it: no new code either
 *
 * Lists allow by name; what stands on none of them fails with EPERM, and
 * what only an attack needs ends the process.
 */
#ifndef SAKSI_RUNNER_FILTER_H
#define SAKSI_RUNNER_FILTER_H

enum filter_stage { FILTER_LIBRARIES, FILTER_EXPORTER, FILTER_CALLS, FILTER_STAGES };

/** filters_prepare(): Build all; later steps could not. */
void filters_prepare(void);
/** filter_load(stage): For good. */
void filter_load(enum filter_stage stage);

#endif
