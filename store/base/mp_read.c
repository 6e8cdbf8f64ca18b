#include <math.h>
#include <string.h>

#include <saksi/base/mp.h>
#include <saksi/base/text.h>

#include "mp_head.h"

void mp_read_init(struct mp_reader *r, const void *p, size_t n)
{
	static const uint8_t nothing[1];

	r->p = n == 0 ? nothing : p;
	r->end = r->p + n;
	r->failed = false;
	r->again = false;
	r->why = NULL;
}

void mp_read_again(struct mp_reader *r, const void *p, size_t n)
{
	mp_read_init(r, p, n);
	r->again = true;
}

void mp_fail(struct mp_reader *r, const char *why)
{
	if (r->failed)
		return;
	r->failed = true;
	r->why = why;
}

enum mp_type mp_peek(const struct mp_reader *r)
{
	if (r->failed || r->p == r->end)
		return MP_BAD;
	return mp_type_of(*r->p);
}

/* Pass the head of the next item if it is of type ${want}. */
static bool take(struct mp_reader *r, struct mp_head *h, enum mp_type want,
    const char *why)
{
	if (r->failed)
		return false;
	if (!mp_head_get(h, r))
		return false;
	if (h->type != want) {
		mp_fail(r, why);
		return false;
	}
	r->p += h->size;
	return true;
}

uint32_t mp_read_array_any(struct mp_reader *r)
{
	struct mp_head h;

	return take(r, &h, MP_ARRAY, "an array is missing") ? (uint32_t)h.v : 0;
}

uint32_t mp_read_map(struct mp_reader *r)
{
	struct mp_head h;

	return take(r, &h, MP_MAP, "a map is missing") ? (uint32_t)h.v : 0;
}

uint64_t mp_read_uint_any(struct mp_reader *r)
{
	struct mp_head h;

	return take(r, &h, MP_UINT, "a number is missing") ? h.v : 0;
}

int64_t mp_read_int(struct mp_reader *r)
{
	const enum mp_type type = mp_peek(r);
	struct mp_head h;

	if (!take(r, &h, type == MP_NEGINT ? MP_NEGINT : MP_UINT, "a number is missing"))
		return 0;
	if (type == MP_NEGINT)
		return mp_negative(h.v);
	if (h.v > INT64_MAX) {
		mp_fail(r, "a number is too large");
		return 0;
	}
	return (int64_t)h.v;
}

bool mp_read_bool(struct mp_reader *r)
{
	struct mp_head h;

	return take(r, &h, MP_BOOL, "true or false is missing") && h.v != 0;
}

double mp_read_double(struct mp_reader *r)
{
	struct mp_head h;
	double d;

	if (!take(r, &h, MP_DOUBLE, "a real number is missing"))
		return 0;
	memcpy(&d, &h.v, sizeof(d));
	return d;
}

bool mp_read_nil(struct mp_reader *r)
{
	if (mp_peek(r) != MP_NIL)
		return false;
	r->p++;
	return true;
}

static const uint8_t *take_bytes(struct mp_reader *r, size_t *n, enum mp_type want,
    const char *why)
{
	static const uint8_t nothing[1];
	const uint8_t *p;
	struct mp_head h;

	*n = 0;
	if (!take(r, &h, want, why))
		return nothing;
	p = r->p;
	*n = (size_t)h.v;
	r->p += *n;
	return p;
}

size_t mp_read_bin(struct mp_reader *r, const uint8_t **p)
{
	size_t n;

	*p = take_bytes(r, &n, MP_BIN, "bytes are missing");
	return n;
}

size_t mp_read_str(struct mp_reader *r, const char **p)
{
	size_t n;

	if (mp_head_fix(r, MP_FIX_STR, &n) && (r->again || utf8_valid(r->p + 1, n))) {
		*p = (const char *)r->p + 1;
		r->p += 1 + n;
		return n;
	}
	*p = (const char *)take_bytes(r, &n, MP_STR, "a text is missing");
	return n;
}

void mp_read_fixed(struct mp_reader *r, void *out, size_t n)
{
	const uint8_t *p;
	size_t got = mp_read_bin(r, &p);

	if (!r->failed && got != n)
		mp_fail(r, "bytes of another length than expected");
	if (r->failed)
		memset(out, 0, n);
	else if (n > 0)
		memcpy(out, p, n);
}

void mp_expect_array(struct mp_reader *r, uint32_t n)
{
	uint32_t got = mp_read_array(r);

	if (!r->failed && got != n)
		mp_fail(r, "an array of another length than expected");
}

enum saksi_err mp_done(const struct mp_reader *r, const char *what,
    struct saksi_error *err)
{
	if (r->failed)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "%s: does not follow its format: %s", what, r->why);
	if (r->p != r->end)
		return saksi_fail(err, SAKSI_EFORMAT,
		    "%s: does not follow its format: bytes are left over", what);
	return SAKSI_OK;
}
