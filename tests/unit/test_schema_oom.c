/*
 * Memory that runs out: each allocation of each call fails once, in turn.
 * The call must say so, leave nothing behind (the leak checker looks) and work
 * when it is tried again.
 *
 * Linked with --wrap, so that our own allocations come here, and jansson's by
 * its hook.  ICU's do not.
 */
#include <saksi/base/text.h>
#include <saksi/store/query.h>

#include "schema_fixture.h"
#include "short_memory.h"

/* Call with 0, 1, 2 ... allocations until it needs no more. */
static void starve(enum saksi_err (*call)(void))
{
	for (long n = 0;; n++) {
		assert_true(n < 100000);
		refused = false;
		budget = n;
		enum saksi_err e = call();
		budget = -1;
		if (!refused) {
			assert_int_equal(e, SAKSI_OK);
			assert_true(n > 0);
			return;
		}
		if (e != SAKSI_ENOMEM)
			fail_msg("allocation %ld failed and the call returned %s", n,
			    saksi_err_name(e));
	}
}

static json_t *record;
static const struct schema_type *type;

static void with(const char *text)
{
	json_decref(record);
	record = json_of(text);
	type = schema_type(schema, json_string_value(json_object_get(record, "type")));
	assert_non_null(type);
}

#define RICH                                                                                         \
	"{'type': 'act', 'class': 'P', 'event': 'e', 'kind': '04:030101000000', 'place': "           \
	"{'country': 'KH', 'lat': 11.5, 'lon': 104.5}, 'detention': {'transfers': ['a', 'b'], "      \
	"'warrant_shown': true}, 'involvement': [{'degree': '18:010100000000', 'basis': {'v': 'b', " \
	"'source': ['i'], 'note': 'n'}}], 'sanctions': [{'kind': 'fine', 'money': {'amount': 5, "    \
	"'currency': 'USD'}}], 'note': 'caf\xc3\xa9\\r\\n', 'date': {'edtf': '2019'}, 'source': "    \
	"['i', {'item': 'j', 'locator': 'l'}], 'variants': [{'about': 'a', 'value': 'v'}], "         \
	"'tags': ['t'], 'rivals': [{'field': 'date', 'value': '2020'}]}"

static enum saksi_err call_flatten(void)
{
	struct schema_faults f = {NULL, 0, 0, 0, false};
	struct schema_entries e;
	enum saksi_err r = schema_flatten(&e, schema, type, record, NULL, 1, &f, &g_err);
	assert_true(r == SAKSI_OK || e.n == 0);
	schema_entries_free(&e);
	schema_faults_free(&f);
	return r;
}

static void test_flatten(void **state)
{
	(void)state;
	with(RICH);
	starve(call_flatten);
	with(
	    "{'type': 'person', 'names': ['A', {'text': 'B', 'source': ['i']}], 'number': 5, "
	    "'citizenship': ['kh'], 'languages': ['km']}");
	starve(call_flatten);
	with(
	    "{'type': 'item', 'kind': 'x-new', 'title': 't', 'attachment': {'sha256': 'a', 'size': "
	    "1}, 'held': false, 'collected': '2021-05-31T08:15:00Z'}");
	starve(call_flatten);
	/* Faults need memory too. */
	with("{'type': 'act', 'kid': 1, 'date': 'soon', 'involvement': [{}, 1]}");
	starve(call_flatten);
}

static enum saksi_err call_put(void)
{
	struct schema_faults f = {NULL, 0, 0, 0, false};
	struct schema_entries e;
	json_t *r = json_object();
	enum saksi_err x = schema_flatten(&e, schema, type, record, NULL, 1, &f, &g_err);
	for (size_t i = 0; x == SAKSI_OK && i < e.n; i++)
		if (r == NULL || schema_put(r, e.list[i].field, e.list[i].value) != 0)
			x = SAKSI_ENOMEM;
	json_decref(r);
	schema_entries_free(&e);
	schema_faults_free(&f);
	return refused ? SAKSI_ENOMEM : x;
}

static void test_put(void **state)
{
	(void)state;
	with(RICH);
	starve(call_put);
}

static enum saksi_err call_cut(void)
{
	json_t *out = NULL;
	enum saksi_err e = schema_cut(&out, schema, record, CLASS_P, NULL, NULL, &g_err);
	assert_true((e == SAKSI_OK) == (out != NULL));
	json_decref(out);
	return e;
}

static void test_cut(void **state)
{
	(void)state;
	with(RICH);
	starve(call_cut);
	with(
	    "{'type': 'person', 'class': 'P', 'names': [{'v': {'text': 'A', 'source': [{'item': "
	    "'i'}]}, 'source': [{'item': 'i'}]}], 'health': 'h', 'contacts': [{'kind': 'k', "
	    "'text': 't'}]}");
	starve(call_cut);
}

static const char *typed_path, *typed_text;

static enum saksi_err call_parse(void)
{
	struct schema_faults f = {NULL, 0, 0, 0, false};
	json_t *out = NULL;
	const struct schema_field *field =
	    schema_field(schema_type(schema, "act"), typed_path);
	enum saksi_err e =
	    schema_parse_text(&out, schema, field, typed_text, NULL, &f, &g_err);
	assert_true(e == SAKSI_OK || out == NULL);
	json_decref(out);
	schema_faults_free(&f);
	return e;
}

static void test_parse(void **state)
{
	static const char *const typed[][2] = {{"kind", "arrest"},
	    {"kind", "030101000000"}, {"place", "Koh Kong, KH-9"},
	    {"amount", "4,000 KHR"}, {"sanctions", "fine 5 USD"},
	    {"sanctions", "imprisonment, 18 months"},
	    {"sanctions", "imprisonment P1Y..P2Y"}, {"age", "15"}, {"source", "i, lines"},
	    {"tags", "[\"a\", \"b\"]"}, {"date", "2019"},
	    {"involvement", "{\"degree\": \"18:010100000000\"}"},
	    {"detention.warrant_shown", "true"}};
	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		typed_path = typed[i][0];
		typed_text = typed[i][1];
		starve(call_parse);
	}
}

static enum saksi_err call_words(void)
{
	struct buf b = BUF_INIT;
	record_label(&b, schema, record);
	enum saksi_err e = buf_ok(&b, &g_err);
	buf_free(&b);
	return e;
}

static void test_words(void **state)
{
	(void)state;
	with(RICH);
	starve(call_words);
}

static const char *query_text;

static enum saksi_err call_query(void)
{
	struct query *q = NULL;
	enum saksi_err e = query_parse(&q, schema, query_text, NULL, &g_err);
	assert_true((e == SAKSI_OK) == (q != NULL));
	if (q != NULL && query_match(q, record, NULL) < 0)
		e = SAKSI_ENOMEM;
	query_free(&q);
	return e;
}

static void test_query(void **state)
{
	static const char *const queries[] = {"word OR \"two words\" (-x y)", "raiy*",
	    "type:person class:P", "date:2019 OR before:2020", "ref:i", "names:kong",
	    "role:\"a b\"", "name~raiya", "name~\"kong raya\"", ""};
	(void)state;
	with(
	    "{'type': 'person', 'class': 'P', 'names': [{'text': 'Kong Raiya'}, {'text': "
	    "'R\xc3\xa4iya'}], 'roles': [{'role': 'a leader'}], 'born': '1990'}");
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		query_text = queries[i];
		/* The transliterator is opened once; not here, where it would be starved. */
		assert_int_equal(call_query(), SAKSI_OK);
		starve(call_query);
	}
}

static enum saksi_err load_from(const char *dir)
{
	struct schema *s = NULL;
	enum saksi_err e = schema_load(&s, dir, &g_err);
	assert_true((e == SAKSI_OK) == (s != NULL));
	schema_free(&s);
	return e;
}

static enum saksi_err call_load(void)
{
	char dir[PATH_SIZE];
	data_path(dir, "schema");
	return load_from(dir);
}

static char small[] = "/tmp/saksi-schema-XXXXXX";

static void small_file(const char *name, const char *text)
{
	char path[PATH_SIZE];
	(void)snprintf(path, sizeof(path), "%s/%s", small, name);
	if (text == NULL) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* One failure and none after it: what is made then must not be lost. */
static void test_load_small(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(small));
	small_file("schema.json",
	    "{\"schema\": 1, \"common\": {\"note\": {\"kind\": \"note\"}}, \"lists\": {\"l\": "
	    "[\"a\", \"b\"]}, \"types\": {\"t\": {\"label\": \"a\", \"fields\": {\"a\": {\"kind\": "
	    "\"text\"}}}}}");
	small_file("thesauri.tsv",
	    "list\tcode\tlabel\tbroader\n"
	    "04\t04:010000000000\tx\t\n04\tx-a\ty\t04:010000000000\nl\ta\tA\t\nl\tb\tB\t\n");
	refuse_once = true;
	for (long n = 0; n == 0 || refused; n++) {
		refused = false;
		budget = n;
		enum saksi_err e = load_from(small);
		assert_true(refused ? e == SAKSI_ENOMEM || e == SAKSI_EFORMAT
				    : e == SAKSI_OK && n > 50);
	}
	refuse_once = false;
	budget = -1;
	small_file("schema.json", NULL);
	small_file("thesauri.tsv", NULL);
	assert_int_equal(rmdir(small), 0);
}

/* The parser of jansson does not tell a lack of memory from bad text: one of many. */
static void test_load(void **state)
{
	(void)state;
	long step = 1;
	for (long n = 0;; n += step) {
		refused = false;
		budget = n;
		enum saksi_err e = call_load();
		budget = -1;
		if (!refused) {
			assert_int_equal(e, SAKSI_OK);
			assert_true(n > 1000);
			return;
		}
		assert_true(e == SAKSI_ENOMEM || e == SAKSI_EFORMAT);
		step = n < 100 ? 1 : 37;
	}
}

static int setup(void **state)
{
	json_set_alloc_funcs(__wrap_malloc, free);
	return schema_setup(state);
}

static int teardown(void **state)
{
	json_decref(record);
	text_end_thread();
	return schema_teardown(state);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_flatten),
    cmocka_unit_test(test_put),
    cmocka_unit_test(test_cut),
    cmocka_unit_test(test_parse),
    cmocka_unit_test(test_words),
    cmocka_unit_test(test_query),
    cmocka_unit_test(test_load),
    cmocka_unit_test(test_load_small),
};

TEST_MAIN(tests, setup, teardown)
