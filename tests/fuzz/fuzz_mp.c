/*
 * Canonical msgpack: whatever is accepted must encode to the same bytes again,
 * as msgpack and by way of JSON text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>

static void must(int true_enough)
{
	if (!true_enough)
		abort();
}

static void same_bytes(const json_t *v, const uint8_t *p, size_t n)
{
	struct buf b = BUF_INIT;

	mpjson_write(&b, v);
	must(!b.failed && b.len == n && memcmp(b.p, p, n) == 0);
	buf_free(&b);
}

static void by_way_of_text(const json_t *v, const uint8_t *p, size_t n)
{
	struct buf text = BUF_INIT;
	json_t *again = NULL;

	json_text(&text, v);
	must(!text.failed);
	must(json_parse_line(&again, (const char *)text.p, text.len, "text", NULL) ==
	    SAKSI_OK);
	same_bytes(again, p, n);
	json_decref(again);
	buf_free(&text);
}

/* What a reader of records does: the input itself decides what is asked for. */
static void read_along(struct mp_reader *r)
{
	const uint8_t *bin;
	const char *str;
	uint8_t fixed[32];

	while (mp_peek(r) != MP_BAD) {
		const uint8_t *before = r->p;

		switch (mp_peek(r)) {
		case MP_NIL:
			must(mp_read_nil(r));
			break;
		case MP_BOOL:
			(void)mp_read_bool(r);
			break;
		case MP_UINT:
			(void)mp_read_uint(r);
			break;
		case MP_NEGINT:
			must(mp_read_int(r) < 0 || r->failed);
			break;
		case MP_DOUBLE:
			(void)mp_read_double(r);
			break;
		case MP_STR:
			must(mp_read_str(r, &str) <= (size_t)(r->end - before));
			break;
		case MP_BIN:
			if ((size_t)(r->end - r->p) == sizeof(fixed) + 2)
				mp_read_fixed(r, fixed, sizeof(fixed));
			else
				must(mp_read_bin(r, &bin) <= (size_t)(r->end - before));
			break;
		case MP_ARRAY:
			must(mp_read_array(r) <= (size_t)(r->end - before));
			break;
		case MP_MAP:
			must(mp_read_map(r) <= (size_t)(r->end - before) / 2);
			break;
		case MP_BAD:
			abort();
		}
		must(r->failed || r->p > before);
		must(r->p <= r->end);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mp_reader r;
	const uint8_t *start;
	size_t len;
	json_t *v = NULL;

	mp_read_init(&r, data, size);
	read_along(&r);

	mp_read_init(&r, data, size);
	len = mp_skip(&r, 64, &start);
	must(r.failed ? len == 0 : start + len == r.p);

	mp_read_init(&r, data, size);
	if (mpjson_read(&v, &r, NULL) == SAKSI_OK) {
		const size_t n = size - (size_t)(r.end - r.p);

		same_bytes(v, data, n);
		by_way_of_text(v, data, n);
		json_decref(v);
	} else {
		must(v == NULL && r.failed);
	}

	v = NULL;
	if (json_parse_line(&v, (const char *)data, size, "text", NULL) == SAKSI_OK) {
		struct buf b = BUF_INIT;

		json_text(&b, v);
		must(!b.failed);
		buf_free(&b);
		json_decref(v);
	}
	return 0;
}
