/*
 * mpjson.h - JSON values (jansson) to canonical msgpack and back.
 *
 * null, booleans, integers, reals, strings (NFC is the caller's duty),
 * arrays, objects with keys in ascending byte order.  The encoding is a
 * function of the value alone: equal values have equal bytes.
 */
#ifndef SAKSI_BASE_MPJSON_H
#define SAKSI_BASE_MPJSON_H

#include <jansson.h>

#include <saksi/base/mp.h>

/**
 * mpjson_write(b, v):
 * Append ${v}.  NaN, infinities, NUL in strings and more than MP_DEPTH_MAX
 * levels, which no reader would take, set the failed flag of ${b}.
 */
void mpjson_write(struct buf *b, const json_t *v);

/**
 * mpjson_read(out, r, err):
 * Decode one item (depth <= MP_DEPTH_MAX).  The caller owns ${*out}.
 */
SAKSI_MUST_CHECK enum saksi_err mpjson_read(json_t **out, struct mp_reader *r,
    struct saksi_error *err);

/**
 * mpjson_make(out, item, n, err):
 * The same of one item that mp_skip() has passed, without looking at it twice.
 */
SAKSI_MUST_CHECK enum saksi_err mpjson_make(json_t **out, const uint8_t *item, size_t n,
    struct saksi_error *err);

/**
 * mpjson_check(r, err):
 * Pass one item as mpjson_read() would, and find the same faults, without making it.
 */
SAKSI_MUST_CHECK enum saksi_err mpjson_check(struct mp_reader *r, struct saksi_error *err);

/** json_wiping_alloc(): Make jansson wipe what it frees.  Call once at start. */
void json_wiping_alloc(void);

/** json_text(b, v): Append compact JSON, keys sorted, UTF-8, no newline. */
void json_text(struct buf *b, const json_t *v);

/**
 * json_parse_line(out, text, len, what, err):
 * Strict JSON (duplicate keys, NUL escapes, bad UTF-8 and trailing text are
 * faults; depth <= 16).  SAKSI_EFORMAT names ${what} and the column.
 */
SAKSI_MUST_CHECK enum saksi_err json_parse_line(json_t **out, const char *text,
    size_t len, const char *what, struct saksi_error *err);

#endif
