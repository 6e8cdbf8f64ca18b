/*
 * mp.h - canonical msgpack: written with msgpack-c, read strictly.
 *
 * Canonical: integers and lengths in their shortest form, str only with
 * well-formed UTF-8, no ext, map keys are str, strictly ascending by bytes.
 * Floats (float 64 only) are allowed inside values, never in headers.
 * The reader checks each claimed count against the bytes that remain before
 * anything is allocated (msgpack-c#1013: 5 bytes can ask for 96 GB) and
 * never recurses; nesting is bounded by the caller's own structure or by
 * mp_skip()'s depth.
 */
#ifndef SAKSI_BASE_MP_H
#define SAKSI_BASE_MP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <saksi/base/buf.h>
#include <saksi/base/err.h>

#define MP_DEPTH_MAX 8u

/* ---- writing: appends to a buf; errors are buf's sticky flag ------------ */
void mp_array(struct buf *b, uint32_t n);
void mp_map(struct buf *b, uint32_t n);
void mp_uint(struct buf *b, uint64_t v);
void mp_int(struct buf *b, int64_t v);
void mp_bin(struct buf *b, const void *p, size_t n);
void mp_str(struct buf *b, const char *s, size_t n);
void mp_cstr(struct buf *b, const char *s);
void mp_nil(struct buf *b);
void mp_bool(struct buf *b, bool v);
void mp_double(struct buf *b, double v);

/* ---- reading: a cursor; the first fault is sticky, later reads give zero - */
struct mp_reader {
	const uint8_t *p;
	const uint8_t *end;
	bool failed;
	bool again;	 /* texts are not looked through once more */
	const char *why; /* static words for the first fault */
};

enum mp_type {
	MP_NIL,
	MP_BOOL,
	MP_UINT,
	MP_NEGINT,
	MP_DOUBLE,
	MP_STR,
	MP_BIN,
	MP_ARRAY,
	MP_MAP,
	MP_BAD
};

void mp_read_init(struct mp_reader *r, const void *p, size_t n);
/** mp_read_again: Of bytes that mp_skip() has passed: their texts are known to be UTF-8. */
void mp_read_again(struct mp_reader *r, const void *p, size_t n);
/** mp_peek(r): Type of the next item; MP_BAD at the end or after a fault. */
enum mp_type mp_peek(const struct mp_reader *r);
/* Most arrays and numbers have a head of one byte: see the bottom of this file. */
static inline uint32_t mp_read_array(struct mp_reader *r);
uint32_t mp_read_map(struct mp_reader *r);
static inline uint64_t mp_read_uint(struct mp_reader *r);
int64_t mp_read_int(struct mp_reader *r);
bool mp_read_bool(struct mp_reader *r);
double mp_read_double(struct mp_reader *r);
/** mp_read_nil(r): If the next item is nil, consume it and return true. */
bool mp_read_nil(struct mp_reader *r);
/** mp_read_bin / mp_read_str: Point ${*p} into the input; return the length. */
size_t mp_read_bin(struct mp_reader *r, const uint8_t **p);
size_t mp_read_str(struct mp_reader *r, const char **p);
/** mp_read_fixed(r, out, n): A bin of exactly ${n} bytes, copied. */
void mp_read_fixed(struct mp_reader *r, void *out, size_t n);
/** mp_expect_array(r, n): An array of exactly ${n} elements. */
void mp_expect_array(struct mp_reader *r, uint32_t n);
/**
 * mp_skip(r, depth, start):
 * Pass one item of any type, checking that it is canonical and no deeper
 * than ${depth} (<= 64); set ${*start} (unless NULL) to its first byte and
 * return its length.
 */
size_t mp_skip(struct mp_reader *r, unsigned depth, const uint8_t **start);
/** mp_fail(r, why): Record a fault found by the caller (static words). */
void mp_fail(struct mp_reader *r, const char *why);
/**
 * mp_done(r, what, err):
 * SAKSI_OK iff no fault and nothing left over; else SAKSI_EFORMAT naming ${what}.
 */
SAKSI_MUST_CHECK enum saksi_err mp_done(const struct mp_reader *r, const char *what,
    struct saksi_error *err);

/* ---- heads of one byte ---------------------------------------------------- */

uint32_t mp_read_array_any(struct mp_reader *r);
uint64_t mp_read_uint_any(struct mp_reader *r);

static inline uint32_t mp_read_array(struct mp_reader *r)
{
	/* It cannot claim more than there is: see mp_read_array_any(). */
	if (!r->failed && r->p != r->end && (*r->p & 0xf0u) == 0x90u &&
	    (*r->p & 0x0fu) < r->end - r->p)
		return *r->p++ & 0x0fu;
	return mp_read_array_any(r);
}

static inline uint64_t mp_read_uint(struct mp_reader *r)
{
	if (!r->failed && r->p != r->end && *r->p <= 0x7f)
		return *r->p++;
	return mp_read_uint_any(r);
}

#endif
