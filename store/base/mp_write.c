#include <math.h>

#include <msgpack.h>

#include <saksi/base/mp.h>
#include <saksi/base/text.h>

/* msgpack-c chooses the shortest form itself; only the sink is ours. */
static int to_buf(void *data, const char *p, size_t n)
{
	struct buf *b = data;

	buf_add(b, p, n);
	return b->failed ? -1 : 0;
}

static msgpack_packer packer(struct buf *b)
{
	msgpack_packer pk;

	msgpack_packer_init(&pk, b, to_buf);
	return pk;
}

void mp_array(struct buf *b, uint32_t n)
{
	msgpack_packer pk = packer(b);

	(void)msgpack_pack_array(&pk, n);
}

void mp_map(struct buf *b, uint32_t n)
{
	msgpack_packer pk = packer(b);

	(void)msgpack_pack_map(&pk, n);
}

void mp_uint(struct buf *b, uint64_t v)
{
	msgpack_packer pk = packer(b);

	(void)msgpack_pack_uint64(&pk, v);
}

void mp_int(struct buf *b, int64_t v)
{
	msgpack_packer pk = packer(b);

	(void)msgpack_pack_int64(&pk, v);
}

void mp_bin(struct buf *b, const void *p, size_t n)
{
	msgpack_packer pk = packer(b);

	if (n > UINT32_MAX) {
		b->failed = true;
		return;
	}
	(void)msgpack_pack_bin(&pk, n);
	buf_add(b, p, n);
}

void mp_str(struct buf *b, const char *s, size_t n)
{
	msgpack_packer pk = packer(b);

	/* What the reader would refuse must never be written. */
	if (n > UINT32_MAX || !utf8_valid(s, n)) {
		b->failed = true;
		return;
	}
	(void)msgpack_pack_str(&pk, n);
	buf_add(b, s, n);
}

void mp_cstr(struct buf *b, const char *s)
{
	mp_str(b, s, strlen(s));
}

void mp_nil(struct buf *b)
{
	msgpack_packer pk = packer(b);

	(void)msgpack_pack_nil(&pk);
}

void mp_bool(struct buf *b, bool v)
{
	msgpack_packer pk = packer(b);

	(void)(v ? msgpack_pack_true(&pk) : msgpack_pack_false(&pk));
}

void mp_double(struct buf *b, double v)
{
	msgpack_packer pk = packer(b);

	if (!isfinite(v)) {
		b->failed = true;
		return;
	}
	/* Equal values, equal bytes: there is only one zero. */
	(void)msgpack_pack_double(&pk, fpclassify(v) == FP_ZERO ? 0.0 : v);
}
