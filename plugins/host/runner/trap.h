/*
 * trap.h - dlopen() of one sealed file in a process that can open none.
 *
 * The kernel refuses openat() and path-based fstatat() to this process
 * before the exporter is mapped.  It delivers SIGSYS instead, and the handler
 * answers the dynamic linker's two questions from what the process holds
 * already: "open TRAP_PLUGIN_PATH" with a copy of the plugin's descriptor,
 * "stat this descriptor" with fstat().  An exporter that takes the handler
 * over gains nothing: the handler has no right that the exporter lacks.
 */
#ifndef SAKSI_RUNNER_TRAP_H
#define SAKSI_RUNNER_TRAP_H

#define TRAP_PLUGIN_PATH "/saksi-exporter.so"

void trap_install(void);

#endif
