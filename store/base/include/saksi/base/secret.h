/*
 * secret.h - the one type for keys and passphrases.
 *
 * Guarded and locked where the system allows (libsodium's sodium_malloc; a
 * failed mlock is not an error and "never swapped" is not promised), wiped
 * when freed.  About 26 us each: for keys, never per record.
 */
#ifndef SAKSI_BASE_SECRET_H
#define SAKSI_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include <saksi/base/err.h>

struct secret; /* opaque */

/** secret_new(out, len, err): ${len} (1 .. 64 KiB) zero bytes; caller owns. */
SAKSI_MUST_CHECK enum saksi_err secret_new(struct secret **out, size_t len,
    struct saksi_error *err);

/** secret_copy(out, src, len, err): As secret_new() with ${src}'s bytes. */
SAKSI_MUST_CHECK enum saksi_err secret_copy(struct secret **out, const void *src,
    size_t len, struct saksi_error *err);

/** secret_free(sp): Wipe, free, set ${*sp} to NULL.  NULL and (NULL) are fine. */
void secret_free(struct secret **sp);

uint8_t *secret_bytes(struct secret *s);
const uint8_t *secret_view(const struct secret *s);
size_t secret_len(const struct secret *s);

/** secret_truncate(s, len): Wipe and forget what lies past ${len}. */
void secret_truncate(struct secret *s, size_t len);

/**
 * secret_live(): How many secrets are not yet freed.  Leak checkers cannot
 * see these pages, so each test program asserts 0 at its end.
 */
size_t secret_live(void);

/** wipe(p, n): Zero ${n} bytes in a way that the compiler keeps. */
void wipe(void *p, size_t n);

/** random_bytes(p, n): Fill with random bytes of the system; never fails. */
void random_bytes(void *p, size_t n);

/**
 * process_harden(err):
 * Initialise libsodium; no core dumps (RLIMIT_CORE 0), not dumpable
 * (PR_SET_DUMPABLE 0).  Call once, before the first secret.  Builds with a
 * sanitizer, or with SAKSI_KEEP_DUMPABLE defined, stay dumpable (LeakSanitizer
 * and debuggers need ptrace) but still write no core.
 */
SAKSI_MUST_CHECK enum saksi_err process_harden(struct saksi_error *err);

/**
 * process_on_misuse(fn):
 * ${fn} is called when cryptography cannot go on: the system gives no random
 * numbers, or a secret's guard was overwritten.  It must not return; if it
 * does, or without one, the process aborts.
 */
void process_on_misuse(void (*fn)(void));

#endif
