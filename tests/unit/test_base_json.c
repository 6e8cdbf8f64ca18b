/*
 * JSON: strict in, one text out, one msgpack encoding per value.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>
#include <saksi/base/secret.h>

#include "test.h"

static json_t *parsed(const char *text)
{
	struct saksi_error err = {SAKSI_OK, 0, ""};
	json_t *v = NULL;

	if (json_parse_line(&v, text, strlen(text), "text", &err) != SAKSI_OK)
		fail_msg("%s: %s", text, err.msg);
	return v;
}

static void assert_text(const json_t *v, const char *want)
{
	struct buf b = BUF_INIT;

	json_text(&b, v);
	assert_string_equal(buf_cstr(&b), want);
	buf_free(&b);
}

static void test_one_text(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {{"{\"b\":1,\"a\":[true,false,null]}",
			 "{\"a\":[true,false,null],\"b\":1}"},
	    {" { } ", "{}"}, {"[ ]", "[]"},
	    {"\"\\u1780\\n\\\"\"", "\"\xe1\x9e\x80\\n\\\"\""},
	    {"[0.1, 11.5564, 1.0, 1e300, -12.5]", "[0.1,11.5564,1.0,1e300,-12.5]"},
	    {"[0.30000000000000004]", "[0.30000000000000004]"},
	    {"[9223372036854775807,-9223372036854775808]",
		"[9223372036854775807,-9223372036854775808]"},
	    {"{\"ab\":1,\"a\":2,\"\xc3\xa9\":3,\"z\":4,\"\":5}",
		"{\"\":5,\"a\":2,\"ab\":1,\"z\":4,\"\xc3\xa9\":3}"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *v = parsed(cases[i].in);

		assert_text(v, cases[i].out);
		json_decref(v);
	}
}

static void test_strict(void **state)
{
	static const struct {
		const char *in;
		const char *why;
	} cases[] = {{"", "too early"}, {"{", "too early"}, {"[1", "too early"},
	    {"{\"a\":1,\"a\":2}", "twice"}, {"{\"a\":1,\"\\u0061\":2}", "twice"},
	    {"[1] x", "follows"}, {"{} {}", "follows"}, {"1 2", "follows"},
	    {"\"\\u0000\"", "NUL"}, {"{\"\\u0000\":1}", "NUL"}, {"\"\xff\"", "UTF-8"},
	    {"\"\xc0\x80\"", "UTF-8"}, {"\"\xed\xa0\x80\"", "UTF-8"},
	    {"\"\\ud800\"", "not JSON"}, {"\"\\udc00\\ud800\"", "not JSON"},
	    {"99999999999999999999", "too large"}, {"1e999", "too large"},
	    {"01", "not JSON"}, {"+1", "not JSON"}, {"NaN", "not JSON"},
	    {"[1,]", "not JSON"}, {"{'a':1}", "not JSON"}, {"// x", "not JSON"},
	    {"\xef\xbb\xbf{}", "not JSON"}, {"\"a\nb\"", "not JSON"}};
	struct saksi_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *v = (json_t *)&err;

		assert_int_equal(json_parse_line(&v, cases[i].in, strlen(cases[i].in),
				     "line 7", &err),
		    SAKSI_EFORMAT);
		assert_null(v);
		assert_non_null(strstr(err.msg, "line 7: column "));
		if (strstr(err.msg, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].in, err.msg);
	}
	assert_int_equal(json_parse_line(&(json_t *){NULL}, "[\n1,,]", 6, "line 7", &err),
	    SAKSI_EFORMAT);
	assert_string_equal(err.msg, "line 7: line 2, column 3: not JSON");
	/* jansson's own words would quote this. */
	assert_int_not_equal(json_parse_line(&(json_t *){NULL}, "{\"a\": Sokha}", 12,
				 "line", &err),
	    SAKSI_OK);
	assert_null(strstr(err.msg, "Sokha"));
}

static void test_parse_depth(void **state)
{
	char *deep = malloc(200000);
	json_t *v = NULL;

	(void)state;
	assert_non_null(deep);
	memset(deep, '[', 100000);
	memset(deep + 100000, ']', 100000);
	assert_int_equal(json_parse_line(&v, deep, 200000, "x", NULL), SAKSI_EFORMAT);
	assert_int_equal(json_parse_line(&v, deep, 100000, "x", NULL), SAKSI_EFORMAT);
	memset(deep + 16, ']', 16);
	assert_int_equal(json_parse_line(&v, deep, 32, "x", NULL), SAKSI_OK);
	json_decref(v);
	memset(deep + 16, '[', 1);
	memset(deep + 17, ']', 17);
	assert_int_equal(json_parse_line(&v, deep, 34, "x", NULL), SAKSI_EFORMAT);
	free(deep);
	/* Brackets in text do not nest. */
	v = parsed("\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"");
	json_decref(v);
}

static void round_trip(const char *text)
{
	struct buf b = BUF_INIT;
	struct buf again = BUF_INIT;
	struct mp_reader r;
	json_t *v = parsed(text);
	json_t *w = NULL;

	mpjson_write(&b, v);
	assert_int_equal(buf_ok(&b, NULL), SAKSI_OK);
	mp_read_init(&r, b.p, b.len);
	assert_int_equal(mpjson_read(&w, &r, NULL), SAKSI_OK);
	assert_int_equal(mp_done(&r, "value", NULL), SAKSI_OK);
	assert_true(json_equal(v, w));
	mpjson_write(&again, w);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	json_decref(v);
	json_decref(w);
	buf_free(&b);
	buf_free(&again);
}

static void test_msgpack_and_back(void **state)
{
	(void)state;
	round_trip("null");
	round_trip("[]");
	round_trip("{}");
	round_trip("\"\"");
	round_trip(
	    "{\"v\":{\"text\":\"\\u1780\",\"n\":[1,-1,1.0,0.5,true,null]},\"class\":\"S\"}");
	round_trip(
	    "[9223372036854775807,-9223372036854775808,1e-320,1.7976931348623157e308]");
	round_trip("[[[[[[[[]]]]]]]]");
}

static void test_equal_bytes(void **state)
{
	json_t *a = parsed("{\"x\":0.0,\"y\":1,\"zz\":2,\"z\":3}");
	json_t *b = parsed("{\"z\":3,\"zz\":2,\"y\":1,\"x\":-0.0}");
	struct buf ba = BUF_INIT;
	struct buf bb = BUF_INIT;

	(void)state;
	mpjson_write(&ba, a);
	mpjson_write(&bb, b);
	assert_int_equal(ba.len, bb.len);
	assert_memory_equal(ba.p, bb.p, ba.len);
	json_decref(a);
	json_decref(b);
	buf_free(&ba);
	buf_free(&bb);
}

static void assert_not_written(json_t *v)
{
	struct buf b = BUF_INIT;

	assert_non_null(v);
	mpjson_write(&b, v);
	assert_true(b.failed);
	buf_free(&b);
	json_decref(v);
}

static void test_not_written(void **state)
{
	json_t *o = json_object();

	(void)state;
	assert_not_written(parsed("[[[[[[[[[1]]]]]]]]]"));
	assert_not_written(parsed("{\"a\":[[[[[[[[]]]]]]]]}"));
	assert_not_written(json_stringn("a\0b", 3));
	assert_int_equal(json_object_setn_new(o, "a\0b", 3, json_null()), 0);
	assert_not_written(o);
}

static void assert_not_read(const void *p, size_t n)
{
	struct saksi_error err = {SAKSI_OK, 0, ""};
	struct mp_reader r;
	json_t *v = (json_t *)&r;

	mp_read_init(&r, p, n);
	assert_int_equal(mpjson_read(&v, &r, &err), SAKSI_EFORMAT);
	assert_null(v);
	assert_true(r.failed);
	assert_int_equal(mp_done(&r, "value", NULL), SAKSI_EFORMAT);
}

static void test_not_read(void **state)
{
	(void)state;
	assert_not_read("", 0);
	assert_not_read("\xc4\x01x", 3);
	assert_not_read("\x91\xc4\x01x", 4);
	assert_not_read("\x82\xa1\x61\xc0\xa1\x62\xc4\x00", 8);
	assert_not_read("\xcf\x80\0\0\0\0\0\0\0", 9);
	assert_not_read("\x91\xcf\xff\0\0\0\0\0\0\0", 10);
	assert_not_read("\x82\xa1\x62\xc0\xa1\x61\xc0", 7);
	assert_not_read("\xdd\xff\xff\xff\xff", 5);
	assert_not_read("\x91\x91\x91\x91\x91\x91\x91\x91\x90", 9);
	assert_not_read("\xa1\x00", 2);
}

/* The cursor stands behind one item, whatever follows. */
static void test_reads_one(void **state)
{
	struct mp_reader r;
	json_t *v = NULL;

	(void)state;
	mp_read_init(&r, "\x91\x01\x02", 3);
	assert_int_equal(mpjson_read(&v, &r, NULL), SAKSI_OK);
	assert_text(v, "[1]");
	assert_int_equal(mp_read_uint(&r), 2);
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_text),
	    cmocka_unit_test(test_strict),
	    cmocka_unit_test(test_parse_depth),
	    cmocka_unit_test(test_msgpack_and_back),
	    cmocka_unit_test(test_equal_bytes),
	    cmocka_unit_test(test_not_written),
	    cmocka_unit_test(test_not_read),
	    cmocka_unit_test(test_reads_one),
	};

	json_wiping_alloc();
	return RUN_TESTS(tests, NULL, NULL);
}
