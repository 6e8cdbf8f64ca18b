/*
 * wire.h - frames in and out of the runner.  A pipe that breaks ends the
 * process: nobody is left to work for.
 */
#ifndef SAKSI_RUNNER_WIRE_H
#define SAKSI_RUNNER_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "frames.h"

/** wire_read(body, len): The next frame; ${*body} is valid until the next call. */
enum frame_type wire_read(const uint8_t **body, size_t *len);
/** wire_send(type, p, n): A whole frame, after all that wire_write() holds back. */
void wire_send(enum frame_type type, const void *p, size_t n);
/** wire_write(p, n): Bytes of the output, collected into larger frames. */
void wire_write(const void *p, size_t n);
/** wire_fail(fmt, ...): Say why, and end. */
void wire_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
