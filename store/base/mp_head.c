#include <math.h>
#include <string.h>

#include <saksi/base/text.h>

#include "mp_head.h"

/*
 * The msgpack specification's table of first bytes, without what canonical
 * msgpack leaves out (0xc1, ext, float 32).  ${width} bytes of number follow
 * the first byte; it must be at least ${least} to need that width.
 */
struct form {
	uint8_t first;
	enum mp_type type;
	uint8_t width;
	uint32_t least;
};

/* By the lower five bits of the first byte, from 0xc0 to 0xdf. */
static const struct form forms[32] = {
    [0x00] = {0xc0, MP_NIL, 0, 0},
    [0x02] = {0xc2, MP_BOOL, 0, 0},
    [0x03] = {0xc3, MP_BOOL, 0, 0},
    [0x04] = {0xc4, MP_BIN, 1, 0},
    [0x05] = {0xc5, MP_BIN, 2, 0x100},
    [0x06] = {0xc6, MP_BIN, 4, 0x10000},
    [0x0b] = {0xcb, MP_DOUBLE, 8, 0},
    [0x0c] = {0xcc, MP_UINT, 1, 0x80},
    [0x0d] = {0xcd, MP_UINT, 2, 0x100},
    [0x0e] = {0xce, MP_UINT, 4, 0x10000},
    [0x0f] = {0xcf, MP_UINT, 8, 0},
    [0x10] = {0xd0, MP_NEGINT, 1, 0},
    [0x11] = {0xd1, MP_NEGINT, 2, 0},
    [0x12] = {0xd2, MP_NEGINT, 4, 0},
    [0x13] = {0xd3, MP_NEGINT, 8, 0},
    [0x19] = {0xd9, MP_STR, 1, 0x20},
    [0x1a] = {0xda, MP_STR, 2, 0x100},
    [0x1b] = {0xdb, MP_STR, 4, 0x10000},
    [0x1c] = {0xdc, MP_ARRAY, 2, 0x10},
    [0x1d] = {0xdd, MP_ARRAY, 4, 0x10000},
    [0x1e] = {0xde, MP_MAP, 2, 0x10},
    [0x1f] = {0xdf, MP_MAP, 4, 0x10000},
};

/* Bytes whose number or length stands in the first byte itself. */
static bool packed_head(struct mp_head *h, uint8_t c)
{
	h->size = 1;
	if (c <= 0x7f) {
		h->type = MP_UINT;
		h->v = c;
	} else if (c <= 0x8f) {
		h->type = MP_MAP;
		h->v = c & 0x0fu;
	} else if (c <= 0x9f) {
		h->type = MP_ARRAY;
		h->v = c & 0x0fu;
	} else if (c <= 0xbf) {
		h->type = MP_STR;
		h->v = c & 0x1fu;
	} else if (c >= 0xe0) {
		h->type = MP_NEGINT;
		h->v = UINT64_MAX - 0xff + c;
	} else {
		return false;
	}
	return true;
}

/* Of a byte that packed_head() does not know. */
static const struct form *form_of(uint8_t c)
{
	const struct form *f = &forms[c & 0x1fu];

	return f->first == c ? f : NULL;
}

enum mp_type mp_type_of(uint8_t first)
{
	const struct form *f;
	struct mp_head h;

	if (packed_head(&h, first))
		return h.type;
	f = form_of(first);
	return f == NULL ? MP_BAD : f->type;
}

int64_t mp_negative(uint64_t bits)
{
	/* Two's complement, without a cast whose result C leaves open. */
	return -(int64_t)(UINT64_MAX - bits) - 1;
}

static uint64_t big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* A negative of ${width} bytes must be one, and not fit into a shorter form. */
static bool negative_ok(struct mp_head *h, size_t width)
{
	const unsigned bits = (unsigned)width * 8;
	const uint64_t sign = UINT64_C(1) << (bits - 1);
	uint64_t shorter = 32; /* what the one-byte form reaches down to */

	if ((h->v & sign) == 0)
		return false;
	if (width < 8)
		h->v |= UINT64_MAX << bits;
	if (width > 1)
		shorter = UINT64_C(1) << (bits / 2 - 1);
	return UINT64_MAX - h->v >= shorter;
}

static bool double_ok(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return isfinite(d) && (fpclassify(d) != FP_ZERO || bits == 0);
}

static const char *number_fault(struct mp_head *h, const struct form *f)
{
	static const char longer[] = "a number or length is not in its shortest form";

	if (f->type == MP_NEGINT)
		return negative_ok(h, f->width) ? NULL : longer;
	if (f->type == MP_DOUBLE)
		return double_ok(h->v) ? NULL : "a real number that may not be";
	if (f->first == 0xcf)
		return h->v > UINT32_MAX ? NULL : longer;
	return h->v >= f->least ? NULL : longer;
}

/* What the head promises must be there before anyone believes it. */
static const char *content_fault(const struct mp_head *h, const struct mp_reader *r)
{
	const size_t left = (size_t)(r->end - r->p) - h->size;

	if (h->type < MP_STR)
		return NULL;
	if (h->type == MP_STR && h->v <= left)
		return r->again || utf8_valid(r->p + h->size, (size_t)h->v)
		    ? NULL
		    : "a text is not UTF-8";
	if (h->type == MP_ARRAY && h->v > left)
		return "an array claims more than there is";
	if (h->type == MP_MAP && h->v > left / 2)
		return "a map claims more than there is";
	if (h->type != MP_BIN && h->type != MP_STR)
		return NULL;
	return h->v > left ? "bytes or text are cut off" : NULL;
}

bool mp_head_get(struct mp_head *h, struct mp_reader *r)
{
	const struct form *f;
	const char *fault;

	*h = (struct mp_head){MP_BAD, 0, 0};
	if (r->failed)
		return false;
	if (r->p == r->end) {
		mp_fail(r, "the input is cut off");
		return false;
	}
	if (!packed_head(h, *r->p)) {
		f = form_of(*r->p);
		if (f == NULL) {
			mp_fail(r, "a type that is not allowed");
			return false;
		}
		if ((size_t)(r->end - r->p) < 1u + f->width) {
			mp_fail(r, "the input is cut off");
			return false;
		}
		h->type = f->type;
		h->size = 1u + f->width;
		h->v = f->width == 0 ? f->first == 0xc3 : big_endian(r->p + 1, f->width);
		fault = f->width == 0 ? NULL : number_fault(h, f);
		if (fault != NULL) {
			mp_fail(r, fault);
			return false;
		}
	}
	fault = content_fault(h, r);
	if (fault != NULL)
		mp_fail(r, fault);
	return fault == NULL;
}
