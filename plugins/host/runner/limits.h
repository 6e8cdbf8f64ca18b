/*
 * limits.h - what the process gives up before it confines itself.
 */
#ifndef SAKSI_RUNNER_LIMITS_H
#define SAKSI_RUNNER_LIMITS_H

#include <stdint.h>

/** limits_detach(parent): End with the host; no core; no new privileges. */
void limits_detach(long parent);
/** limits_drop_capabilities(): All of them, for good: root runs exporters too. */
void limits_drop_capabilities(void);
/** limits_set(cpu_s, memory): rlimits; after this no file can be written. */
void limits_set(uint64_t cpu_s, uint64_t memory);

#endif
