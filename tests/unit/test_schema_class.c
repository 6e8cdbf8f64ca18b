/*
 * Confidentiality: classes of values, and what is left below a ceiling.
 */
#include "schema_fixture.h"

static void test_value_class(void **state)
{
	const struct schema_field *title = field_of("case", "title");
	const struct schema_field *note = field_of("case", "internal_note");
	const struct schema_field *pseudonym = field_of("person", "pseudonym");
	const struct schema_field *consent = field_of("case", "consent");
	json_t *plain = json_of("'z'"), *sealed = json_of("{'v': 'z', 'class': 'S'}");
	json_t *public = json_of("{'v': 'z', 'class': 'P'}"),
	       *odd = json_of("{'v': 1, 'class': 7}");
	(void)state;
	assert_int_equal(schema_value_class(CLASS_NONE, title, plain), CLASS_C);
	assert_int_equal(schema_value_class(CLASS_P, title, plain), CLASS_P);
	assert_int_equal(schema_value_class(CLASS_R, title, plain), CLASS_R);
	assert_int_equal(schema_value_class(CLASS_P, title, sealed), CLASS_S);
	assert_int_equal(schema_value_class(CLASS_C, title, public), CLASS_C);
	/* The record's own class replaces a field's default ... */
	assert_int_equal(schema_value_class(CLASS_NONE, pseudonym, plain), CLASS_C);
	assert_int_equal(schema_value_class(CLASS_P, pseudonym, plain), CLASS_P);
	/* ... but nothing opens a sealed field. */
	assert_int_equal(schema_value_class(CLASS_P, note, plain), CLASS_S);
	assert_int_equal(schema_value_class(CLASS_P, consent, plain), CLASS_S);
	assert_int_equal(schema_value_class(CLASS_P, consent, public), CLASS_S);
	assert_int_equal(schema_value_class(CLASS_P, field_of("item", "capture.account"),
			     plain),
	    CLASS_S);
	/* A class that we do not know is not opened either. */
	assert_int_equal(schema_value_class(CLASS_P, title, odd), CLASS_S);
	json_decref(plain);
	json_decref(sealed);
	json_decref(public);
	json_decref(odd);
}

static void test_record_class(void **state)
{
	static const struct {
		const char *record;
		enum saksi_class cls;
	} cases[] = {{"{}", CLASS_C}, {"{'class': 'P'}", CLASS_P},
	    {"{'class': 'S'}", CLASS_S}, {"{'class': 'Q'}", CLASS_S},
	    {"{'class': null}", CLASS_S}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *r = json_of(cases[i].record);
		assert_int_equal(schema_record_class(r), cases[i].cls);
		json_decref(r);
	}
}

/* ---- cutting ------------------------------------------------------------------ */

static bool not_hidden(void *ctx, const char *id)
{
	(void)ctx;
	return strncmp(id, "hidden", 6) != 0;
}

static void check_cut(const char *record, enum saksi_class ceiling, const char *expected)
{
	json_t *r = json_of(record), *before = json_deep_copy(r), *out = NULL;
	assert_int_equal(schema_cut(&out, schema, r, ceiling, not_hidden, NULL, &g_err),
	    SAKSI_OK);
	assert_string_equal(json_show(out), expected);
	/* The record stays as it was, also when its copy changes. */
	json_decref(out);
	assert_true(json_equal(r, before));
	json_decref(before);
	json_decref(r);
}

static void test_whole_record(void **state)
{
	static const char c[] = "{'type': 'case', 'title': 't', 'id': 'i', 'ref': 'r'}";
	static const char p[] = "{'type': 'case', 'title': 't', 'class': 'P'}";
	(void)state;
	check_cut(c, CLASS_P, "NULL");
	check_cut(c, CLASS_R, "NULL");
	check_cut(c, CLASS_C, "{'id':'i','ref':'r','title':'t','type':'case'}");
	check_cut(p, CLASS_P, "{'class':'P','title':'t','type':'case'}");
	check_cut(p, CLASS_NONE, "NULL");
	check_cut("{'type': 'case', 'class': 'S', 'title': 't'}", CLASS_C, "NULL");
	check_cut("{'type': 'case', 'class': 'S', 'title': 't'}", CLASS_S,
	    "{'class':'S','title':'t','type':'case'}");
}

static void test_unknown_type(void **state)
{
	json_t *r = json_of("{'type': 'spaceship'}"), *out = NULL;
	(void)state;
	assert_int_equal(schema_cut(&out, schema, r, CLASS_S, NULL, NULL, &g_err),
	    SAKSI_EFORMAT);
	assert_null(out);
	/* Without a class it is C: below that it is above the ceiling like any other. */
	assert_int_equal(schema_cut(&out, schema, r, CLASS_R, NULL, NULL, &g_err),
	    SAKSI_OK);
	assert_null(out);
	json_decref(r);
}

static void test_unknown_keys_go(void **state)
{
	(void)state;
	check_cut("{'type': 'case', 'class': 'P', 'title': 't', 'secret': 'x', 'v': 1}",
	    CLASS_S, "{'class':'P','title':'t','type':'case'}");
}

static void test_values(void **state)
{
	static const char r[] =
	    "{'type': 'person', 'class': 'P', 'names': [{'text': 'A'}, {'v': "
	    "{'text': 'B'}, 'class': 'C'}], 'health': 'h', 'hrd_work': {'v': 'w', 'class': 'R'}, "
	    "'tags': [{'v': 't', 'class': 'S'}]}";
	(void)state;
	check_cut(r, CLASS_P, "{'class':'P','names':[{'text':'A'}],'type':'person'}");
	check_cut(r, CLASS_R,
	    "{'class':'P','hrd_work':{'class':'R','v':'w'},'names':[{'text':'A'}],"
	    "'type':'person'}");
	check_cut(r, CLASS_C,
	    "{'class':'P','hrd_work':{'class':'R','v':'w'},'names':[{'text':'A'},"
	    "{'class':'C','v':{'text':'B'}}],'type':'person'}");
	check_cut(r, CLASS_S,
	    "{'class':'P','health':'h','hrd_work':{'class':'R','v':'w'},'names':"
	    "[{'text':'A'},{'class':'C','v':{'text':'B'}}],'tags':[{'class':'S',"
	    "'v':'t'}],'type':'person'}");
}

static void test_sealed_leaves(void **state)
{
	static const char r[] =
	    "{'type': 'item', 'class': 'P', 'capture': {'url': 'u', 'account': "
	    "'a', 'address': 'b'}}";
	(void)state;
	check_cut(r, CLASS_C, "{'capture':{'url':'u'},'class':'P','type':'item'}");
	check_cut("{'type': 'item', 'class': 'P', 'capture': {'account': 'a'}}", CLASS_C,
	    "{'class':'P','type':'item'}");
	check_cut("{'type': 'act', 'class': 'P', 'torture': {'findings': 'f'}}", CLASS_C,
	    "{'class':'P','type':'act'}");
	check_cut("{'type': 'intervention', 'class': 'P', 'submitter': {'name': 'n'}}",
	    CLASS_C, "{'class':'P','type':'intervention'}");
	/* A leaf of a list element, secret by itself, goes alone ... */
	check_cut("{'type': 'act', 'class': 'P', 'involvement': [{'degree': '18:010100000000', "
		  "'basis': {'v': 'b', 'class': 'S'}}]}",
	    CLASS_C,
	    "{'class':'P','involvement':[{'degree':'18:010100000000'}],'type':'act'}");
	/* ... but one that the element needs takes it along. */
	check_cut("{'type': 'act', 'class': 'P', 'involvement': [{'basis': 'b', 'degree': {'v': "
		  "'18:010100000000', 'class': 'S'}}]}",
	    CLASS_C, "{'class':'P','type':'act'}");
	check_cut("{'type': 'item', 'class': 'P', 'verification': [{'by': {'v': 'b', 'class': 'S'}}]}",
	    CLASS_C, "{'class':'P','type':'item'}");
}

static void test_references(void **state)
{
	(void)state;
	/* Its other facts hold, so an act stays without the event. */
	check_cut("{'type': 'act', 'class': 'P', 'event': 'hidden', 'victim': 'seen'}",
	    CLASS_S, "{'class':'P','type':'act','victim':'seen'}");
	check_cut("{'type': 'case', 'class': 'P', 'subjects': ['hidden1', 'seen', 'hidden2']}",
	    CLASS_S, "{'class':'P','subjects':['seen'],'type':'case'}");
	check_cut("{'type': 'case', 'class': 'P', 'subjects': ['hidden1', {'v': 'hidden2', 'note': "
		  "'n'}]}",
	    CLASS_S, "{'class':'P','type':'case'}");
	/* An element of a list of groups goes whole ... */
	check_cut("{'type': 'act', 'class': 'P', 'involvement': [{'degree': '18:010100000000', "
		  "'perpetrator': 'hidden'}, {'degree': '18:990000000000', 'perpetrator': 'seen'}]}",
	    CLASS_S,
	    "{'class':'P','involvement':[{'degree':'18:990000000000','perpetrator':'seen'}],"
	    "'type':'act'}");
	check_cut("{'type': 'act', 'class': 'P', 'involvement': [{'degree': '18:010100000000', "
		  "'perpetrator': {'v': 'hidden', 'note': 'n'}}]}",
	    CLASS_S, "{'class':'P','type':'act'}");
	/* ... a leaf of a single group alone. */
	check_cut("{'type': 'act', 'class': 'P', 'detention': {'ordered_by': 'hidden', 'facility': "
		  "'f'}}",
	    CLASS_S, "{'class':'P','detention':{'facility':'f'},'type':'act'}");
}

static void test_secret_reference_in_element(void **state)
{
	(void)state;
	/* Cut by its class, the reference names nobody: the rest may stay. */
	check_cut("{'type': 'act', 'class': 'P', 'involvement': [{'degree': '18:010100000000', "
		  "'perpetrator': {'v': 'hidden', 'class': 'S'}}]}",
	    CLASS_C,
	    "{'class':'P','involvement':[{'degree':'18:010100000000'}],'type':'act'}");
}

static void test_sources(void **state)
{
	(void)state;
	check_cut("{'type': 'person', 'class': 'P', 'source': ['hidden', {'item': 'hidden'}, "
		  "{'item': 'seen', 'locator': 'l'}, {'v': {'item': 'seen'}, 'class': 'S'}]}",
	    CLASS_C,
	    "{'class':'P','source':[{'item':'seen','locator':'l'}],'type':'person'}");
	check_cut("{'type': 'person', 'class': 'P', 'names': [{'text': 'A', 'source': [{'item': "
		  "'hidden'}]}, {'v': {'text': 'B'}, 'source': [{'item': 'hidden'}], 'note': 'n'}, "
		  "{'v': {'text': 'C'}, 'source': [{'item': 'hidden'}]}]}",
	    CLASS_C,
	    "{'class':'P','names':[{'text':'A'},{'note':'n','v':{'text':'B'}},{'text':'C'}],"
	    "'type':'person'}");
	check_cut("{'type': 'person', 'class': 'P', 'roles': [{'role': 'r', 'source': [{'item': "
		  "'hidden'}, {'item': 'seen'}]}, {'role': 's', 'source': [{'item': 'hidden'}]}]}",
	    CLASS_C,
	    "{'class':'P','roles':[{'role':'r','source':[{'item':'seen'}]},{'role':'s'}],"
	    "'type':'person'}");
}

static void test_rivals(void **state)
{
	(void)state;
	check_cut("{'type': 'act', 'class': 'P', 'date': {'v': '2019', 'class': 'S'}, 'rivals': ["
		  "{'field': 'date', 'value': '2020', 'by': 'd', 'at': 't'}, "
		  "{'field': 'date', 'value': {'v': '2021', 'class': 'C'}}, "
		  "{'field': 'event', 'value': 'hidden'}, {'field': 'event', 'value': 'seen'}, "
		  "{'field': 'injuries', 'value': 'i'}, {'field': 'nothing', 'value': 'i'}, "
		  "{'field': 'class', 'value': 'P'}, {'field': 'class', 'value': 'S'}, "
		  "{'field': 'class', 'value': 'T'}, {'value': 'x'}, 'x']}",
	    CLASS_R,
	    "{'class':'P','rivals':[{'field':'date','value':'2020'},"
	    "{'field':'event','value':'seen'},{'field':'class','value':'P'}],'type':'act'}");
	check_cut("{'type': 'act', 'class': 'P', 'rivals': [{'field': 'injuries', 'value': 'i'}]}",
	    CLASS_C, "{'class':'P','type':'act'}");
	/* Who wrote a rival is for the team's own vaults only. */
	check_cut("{'type': 'act', 'class': 'P', 'rivals': ["
		  "{'field': 'date', 'value': '2020', 'by': 'd', 'at': 't'}]}",
	    CLASS_S,
	    "{'class':'P','rivals':[{'at':'t','by':'d','field':'date','value':'2020'}],"
	    "'type':'act'}");
}

static void test_variants(void **state)
{
	static const char r[] =
	    "{'type': 'act', 'class': 'P', 'variants': [{'about': 'date', "
	    "'value': 'a'}, {'about': 'injuries', 'value': 'b'}, {'about': 'torture.findings', "
	    "'value': 'c'}]}";
	(void)state;
	check_cut(r, CLASS_C,
	    "{'class':'P','type':'act','variants':[{'about':'date','value':'a'}]}");
	check_cut(r, CLASS_S,
	    "{'class':'P','type':'act','variants':[{'about':'date','value':'a'},"
	    "{'about':'injuries','value':'b'},{'about':'torture.findings',"
	    "'value':'c'}]}");
}

static void test_everyone_may_be_named(void **state)
{
	json_t *r = json_of("{'type': 'act', 'class': 'P', 'event': 'hidden'}"),
	       *out = NULL;
	(void)state;
	assert_int_equal(schema_cut(&out, schema, r, CLASS_P, NULL, NULL, &g_err),
	    SAKSI_OK);
	assert_true(json_equal(out, r));
	json_decref(out);
	json_decref(r);
}

/* A copy, not a view: changing it changes nothing else. */
static void test_copy(void **state)
{
	json_t *r = json_of(
	    "{'type': 'act', 'class': 'P', 'place': {'country': 'KH'}, 'detention': "
	    "{'transfers': ['a']}, 'tags': ['t']}");
	json_t *before = json_deep_copy(r), *out = NULL;
	(void)state;
	assert_int_equal(schema_cut(&out, schema, r, CLASS_P, NULL, NULL, &g_err),
	    SAKSI_OK);
	assert_true(json_equal(out, r));
	json_object_set_new(json_object_get(out, "place"), "country", json_string("TH"));
	json_array_clear(json_object_get(json_object_get(out, "detention"), "transfers"));
	json_array_clear(json_object_get(out, "tags"));
	assert_true(json_equal(r, before));
	json_decref(out);
	json_decref(before);
	json_decref(r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_value_class),
    cmocka_unit_test(test_record_class),
    cmocka_unit_test(test_whole_record),
    cmocka_unit_test(test_unknown_type),
    cmocka_unit_test(test_unknown_keys_go),
    cmocka_unit_test(test_values),
    cmocka_unit_test(test_sealed_leaves),
    cmocka_unit_test(test_references),
    cmocka_unit_test(test_secret_reference_in_element),
    cmocka_unit_test(test_sources),
    cmocka_unit_test(test_rivals),
    cmocka_unit_test(test_variants),
    cmocka_unit_test(test_everyone_may_be_named),
    cmocka_unit_test(test_copy),
};

TEST_MAIN(tests, schema_setup, schema_teardown)
