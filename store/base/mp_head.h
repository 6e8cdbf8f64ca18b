/*
 * mp_head.h - the head of one msgpack item (private to the reader).
 */
#ifndef SAKSI_BASE_MP_HEAD_H
#define SAKSI_BASE_MP_HEAD_H

#include <saksi/base/mp.h>

/*
 * A head that has been checked: it is whole, in its shortest form, and what it
 * claims to hold fits into the bytes that follow.
 */
struct mp_head {
	enum mp_type type;
	size_t size; /* of the head itself, 1 .. 9 */
	uint64_t v;  /* number; bits of a double or of a negative; length; count */
};

/** mp_type_of(first): The type that this first byte announces. */
enum mp_type mp_type_of(uint8_t first);

/**
 * mp_head_get(h, r):
 * Look at the next head without passing it.  A str has been checked to be
 * UTF-8.  On a fault it is recorded in ${r} and false returned.
 */
bool mp_head_get(struct mp_head *h, struct mp_reader *r);

/*
 * The heads that most items have: a length or a count in the first byte, under
 * ${kind} with its lower bits as ${mask}.  False says nothing: mp_head_get() knows.
 */
#define MP_FIX_STR 0xa0u, 0x1fu
static inline bool mp_head_fix(const struct mp_reader *r, uint8_t kind, uint8_t mask,
    size_t *n)
{
	if (r->failed || r->p == r->end || (*r->p & ~(unsigned)mask) != kind)
		return false;
	*n = *r->p & mask;
	return *n < (size_t)(r->end - r->p);
}

/** mp_negative(bits): The number of an MP_NEGINT head. */
int64_t mp_negative(uint64_t bits);

#endif
