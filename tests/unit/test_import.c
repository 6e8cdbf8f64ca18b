/* test_import.c - the interchange form in, and what a repeated import does. */
#include "vaults.h"

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>

static struct import_report import(struct device *d, const char *text, enum saksi_err want)
{
	struct import_options opt = {false, false, NULL, NULL};
	struct import_report rep;
	enum saksi_err rc = saksi_import(d->v, text, strlen(text), &opt, &rep, &g_err);

	if (rc != want)
		fail_msg("import: %s: %s", saksi_err_name(rc), g_err.msg);
	return rep;
}

static void samples(struct buf *b)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/data/samples/cambodia.ndjson",
	    getenv("SAKSI_SRC"));
	OK(fs_read_file(b, path, 16u << 20, &g_err));
}

static void the_samples_import_once(void **state)
{
	struct device d;
	struct buf b = BUF_INIT;
	struct import_report rep;
	struct saksi_hash before, after;

	(void)state;
	device_make(&d, g_schema);
	samples(&b);
	rep = import(&d, buf_cstr(&b), SAKSI_OK);
	assert_int_equal(rep.lines, 359);
	assert_int_equal(rep.created, 359);
	assert_int_equal(rep.rivals, 0);
	assert_int_equal(rep.faults.n_errors, 0);
	import_report_free(&rep);
	before = device_digest(&d);
	device_reopen(&d, g_schema);
	rep = import(&d, buf_cstr(&b), SAKSI_OK);
	assert_int_equal(rep.created, 0);
	assert_int_equal(rep.changed, 0);
	assert_int_equal(rep.values, 0);
	assert_int_equal(rep.unchanged, 359);
	import_report_free(&rep);
	after = device_digest(&d);
	assert_memory_equal(before.b, after.b, sizeof(before.b));
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	buf_free(&b);
	device_end(&d);
}

static void two_devices_that_import_one_file_agree(void **state)
{
	struct device a, b;
	struct buf text = BUF_INIT;
	struct import_report rep;
	struct saksi_hash ha, hb;
	struct saksi_txn *t;
	json_t *types = NULL;
	size_t conflicts, deleted;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	samples(&text);
	rep = import(&a, buf_cstr(&text), SAKSI_OK);
	import_report_free(&rep);
	rep = import(&b, buf_cstr(&text), SAKSI_OK);
	import_report_free(&rep);
	carry(&a, &b);
	carry(&b, &a);
	ha = device_digest(&a);
	hb = device_digest(&b);
	assert_memory_equal(ha.b, hb.b, sizeof(ha.b));
	t = begin(&a, false);
	OK(saksi_record_counts(t, &types, &conflicts, &deleted, &g_err));
	assert_int_equal(conflicts, 0);
	assert_int_equal(json_integer_value(json_object_get(types, "person")), 81);
	json_decref(types);
	saksi_txn_abort(&t);
	buf_free(&text);
	device_end(&a);
	device_end(&b);
}

#define PERSON(id, more) \
	"{\"id\":\"" id "\",\"type\":\"person\",\"names\":[{\"text\":\"A B\"}]" more "}\n"

static void any_fault_writes_nothing(void **state)
{
	static const struct {
		const char *text;
		size_t line;
		const char *key;
	} bad[] = {
	    {PERSON("p1", "") "{not json\n", 2, ""},
	    {PERSON("p1", "") PERSON("p2", ",\"colour\":1"), 2, "colour"},
	    {PERSON("p1", "") PERSON("p1", ""), 2, "id"},
	    {PERSON("p1", ",\"born\":\"2019-02-30\""), 1, "born"},
	    {PERSON("p1", ",\"roles\":[{\"role\":\"x\",\"organisation\":\"org-none\"}]"),
		1, NULL},
	    {"{\"type\":\"person\",\"names\":[{\"text\":\"A\"}]}\n", 1, "id"},
	    {"{\"id\":\"a\",\"type\":\"persons\"}\n", 1, "type"},
	    {PERSON("p1", ",\"class\":\"Q\""), 1, "class"},
	    {"[1]\n", 1, ""},
	    {PERSON("p1", ",\"note\":\"\\u0000\""), 1, NULL},
	    {PERSON("p1", ",\"note\":\"\xff\""), 1, NULL},
	    {PERSON("p1", ",\"rivals\":[{\"field\":\"colour\",\"value\":\"x\"}]"), 1,
		"rivals"},
	    {PERSON("p1", ",\"rivals\":[{\"field\":\"born\",\"value\":\"2019-02-30\"}]"),
		1, "born"},
	    {PERSON("p1", ",\"rivals\":{}"), 1, "rivals"},
	    {PERSON("0123456789abcdefghjkmnpqrs", "")
		    PERSON("0123456789ABCDEFGHJKMNPQRS", ""),
		2, "id"},
	};
	struct device d;
	struct saksi_hash empty;

	(void)state;
	device_make(&d, g_schema);
	empty = device_digest(&d);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct import_report rep = import(&d, bad[i].text, SAKSI_EINVAL);
		struct saksi_hash h = device_digest(&d);
		bool named = false;

		assert_memory_equal(h.b, empty.b, sizeof(h.b));
		for (size_t j = 0; j < rep.faults.n; j++)
			named |= !rep.faults.list[j].warning &&
			    rep.faults.list[j].line == bad[i].line &&
			    (bad[i].key == NULL ||
				strcmp(rep.faults.list[j].key, bad[i].key) == 0);
		if (!named)
			fail_msg("case %zu: line and key are not named", i);
		import_report_free(&rep);
	}
	device_end(&d);
}

static void a_value_too_long_is_a_fault_beforehand(void **state)
{
	struct device d;
	struct buf text = BUF_INIT;
	struct import_report rep;
	struct saksi_hash empty, after;

	(void)state;
	device_make(&d, g_schema);
	empty = device_digest(&d);
	buf_add_str(&text, PERSON("p1", ""));
	buf_add_str(&text,
	    "{\"id\":\"p2\",\"type\":\"person\",\"names\":[{\"text\":\"A\"}],\"note\":\"");
	for (size_t i = 0; i < (160u << 10); i++)
		buf_add_byte(&text, 'x');
	buf_add_str(&text, "\"}\n");
	rep = import(&d, buf_cstr(&text), SAKSI_EINVAL);
	assert_int_equal(rep.faults.n_errors, 1);
	assert_int_equal(rep.faults.list[0].line, 2);
	assert_string_equal(rep.faults.list[0].key, "note");
	import_report_free(&rep);
	after = device_digest(&d);
	assert_memory_equal(empty.b, after.b, sizeof(empty.b));
	/* A little less goes in, and out again. */
	memmove(text.p + text.len - 1003, text.p + text.len - 3, 3);
	text.len -= 1000;
	rep = import(&d, buf_cstr(&text), SAKSI_OK);
	assert_int_equal(rep.created, 2);
	import_report_free(&rep);
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	buf_free(&text);
	device_end(&d);
}

static void a_new_value_is_a_rival_and_an_old_one_no_change(void **state)
{
	struct device d;
	struct import_report rep;
	struct saksi_txn *t;
	struct saksi_id id;
	struct saksi_record *r = NULL;
	json_t *j = NULL;

	(void)state;
	device_make(&d, g_schema);
	rep = import(&d, PERSON("p1", ",\"pseudonym\":\"one\""), SAKSI_OK);
	import_report_free(&rep);
	rep = import(&d, PERSON("p1", ",\"pseudonym\":\"two\""), SAKSI_OK);
	assert_int_equal(rep.changed, 1);
	assert_int_equal(rep.rivals, 1);
	import_report_free(&rep);
	rep = import(&d, PERSON("p1", ",\"pseudonym\":\"one\""), SAKSI_OK);
	assert_int_equal(rep.unchanged, 1);
	import_report_free(&rep);
	/* An absent key says nothing. */
	rep = import(&d, PERSON("p1", ""), SAKSI_OK);
	assert_int_equal(rep.unchanged, 1);
	import_report_free(&rep);
	t = begin(&d, false);
	OK(saksi_record_find(t, "p1", &id, &g_err));
	OK(saksi_record_get(&r, t, &id, 0, &g_err));
	assert_int_equal(r->n_conflicts, 1);
	OK(saksi_record_json(&j, t, r, NULL, NULL, &g_err));
	assert_string_equal(json_string_value(json_object_get(j, "pseudonym")), "one");
	assert_int_equal(json_array_size(json_object_get(j, "rivals")), 1);
	json_decref(j);
	saksi_record_free(&r);
	saksi_txn_abort(&t);
	device_end(&d);
}

static void rivals_come_back_as_rivals(void **state)
{
	static const char text[] = PERSON("p1",
	    ",\"class\":\"P\",\"pseudonym\":\"one\",\"rivals\":["
	    "{\"field\":\"pseudonym\",\"value\":\"two\",\"by\":\"x\",\"at\":\"y\"},"
	    "{\"field\":\"class\",\"value\":\"C\"}]");
	struct device d;
	struct import_report rep;
	struct saksi_txn *t;
	struct saksi_id id;
	struct saksi_record *r = NULL;

	(void)state;
	device_make(&d, g_schema);
	rep = import(&d, text, SAKSI_OK);
	import_report_free(&rep);
	rep = import(&d, text, SAKSI_OK);
	assert_int_equal(rep.unchanged, 1);
	import_report_free(&rep);
	t = begin(&d, false);
	OK(saksi_record_find(t, "p1", &id, &g_err));
	OK(saksi_record_get(&r, t, &id, 0, &g_err));
	assert_int_equal(r->n_conflicts, 2);
	assert_int_equal(r->cls, CLASS_C);
	saksi_record_free(&r);
	saksi_txn_abort(&t);
	device_end(&d);
}

static void references_hold_whatever_the_order_of_lines(void **state)
{
	struct device d;
	struct import_report rep;
	struct saksi_txn *t;
	struct saksi_id id;
	char text[27];

	(void)state;
	device_make(&d, g_schema);
	rep = import(&d,
	    PERSON("p1",
		",\"roles\":[{\"role\":\"chair\",\"organisation\":\"o1\"}]") "{\"id\":\"o1\",\"type\":\"organisation\",\"kind\":\"ngo\",\"names\":[{\"text\":\"O\"}]}\r\n\n",
	    SAKSI_OK);
	assert_int_equal(rep.created, 2);
	import_report_free(&rep);
	t = begin(&d, false);
	assert_true(saksi_record_resolver(t, "o1", "organisation", text));
	assert_true(saksi_record_resolver(t, "o1", "party", text));
	assert_false(saksi_record_resolver(t, "o1", "person", text));
	OK(saksi_record_find(t, text, &id, &g_err));
	assert_int_equal(saksi_record_find(t, "o9", &id, &g_err), SAKSI_ENOTFOUND);
	text[5] = '\0';
	OK(saksi_record_find(t, text, &id, &g_err));
	saksi_txn_abort(&t);
	device_end(&d);
}

static int setup(void **state)
{
	json_wiping_alloc();
	return vaults_setup(state);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_samples_import_once),
    cmocka_unit_test(two_devices_that_import_one_file_agree),
    cmocka_unit_test(any_fault_writes_nothing),
    cmocka_unit_test(a_value_too_long_is_a_fault_beforehand),
    cmocka_unit_test(a_new_value_is_a_rival_and_an_old_one_no_change),
    cmocka_unit_test(rivals_come_back_as_rivals),
    cmocka_unit_test(references_hold_whatever_the_order_of_lines),
};

TEST_MAIN(tests, setup, vaults_teardown)
