/*
 * Consent to a submission: how to answer, which answer counts, and whose names
 * must not appear then.
 */
#include "submission.h"

/* ---- how to answer ------------------------------------------------------------------------ */

#define ANSWERS \
	"; ANSWER: given, refused, withdrawn or not-possible; ask, then: saksi edit "
#define ANSWER(purpose) " consent+='{\"purpose\":\"" purpose "\",\"answer\":\"ANSWER\"}'"

static void how_to_answer(void **state)
{
	(void)state;
	about("p1");
	submit(NULL, NULL, CLASS_P);
	/* The command stands once per person and assumes nothing. */
	assert_string_equal(words("C1"),
	    "Keo Vanna: no consent recorded to share the case with the UN" ANSWERS
	    "p1" ANSWER("share-with-un") ANSWER("name-to-government")
		ANSWER("name-public"));
	assert_string_equal(words("C2"),
	    "Keo Vanna: may a letter with the name go to the Government (not answered), may "
	    "the name appear in public reports (not answered)");
	consent(CONSENT("share-with-un", "given", "") "," CONSENT("name-public", "given",
	    ""));
	submit(NULL, NULL, CLASS_P);
	assert_string_equal(words("C1"), "");
	assert_string_equal(words("C2"),
	    "Keo Vanna: may a letter with the name go to the Government (not answered)" ANSWERS
	    "p1" ANSWER("name-to-government"));
	consent(CONSENT("share-with-un", "refused", "") "," CONSENT("name-public",
	    "given", ""));
	submit(NULL, NULL, CLASS_P);
	assert_null(strstr(words("C1"), "saksi edit"));
	assert_non_null(strstr(words("C2"), "saksi edit p1" ANSWER("name-to-government")));

	/* Of a long name whole characters are left, and the whole command. */
	char line[1200], name[500] = "";
	for (int i = 0; i < 100; i++)
		strcat(name, "\xe1\x9e\x80");
	snprintf(line, sizeof line,
	    "{'id':'it is; a ref','type':'person','class':'P','names':[{'text':'%s'}]}",
	    name);
	fake_add_text(&s, line);
	about("it is; a ref");
	submit(NULL, NULL, CLASS_P);
	char id[27];
	fake_id(id, "it is; a ref");
	snprintf(line, sizeof line, ANSWERS "%s%s", id,
	    ANSWER("share-with-un") ANSWER("name-to-government") ANSWER("name-public"));
	const char *w = words("C1"), *tail = strstr(w, "; ANSWER");
	assert_non_null(tail);
	assert_string_equal(tail, line);
	const char *colon = strchr(w, ':');
	assert_true(colon - w > 30 && (colon - w) % 3 == 0);
	assert_true(strlen(w) > 390);
}

/* ---- answers ------------------------------------------------------------------------------ */

static void withdrawn_and_expired(void **state)
{
	(void)state;
	static const struct {
		const char *entries;
		size_t c1;
	} cases[] = {
	    {CONSENT("share-with-un", "given", ",'withdrawn':'2026-05-01'"), 1},
	    {CONSENT("share-with-un", "given", ",'expires':'2026-11-20'"), 1},
	    {CONSENT("share-with-un", "given", ",'expires':'2026-11-21'"), 0},
	    {CONSENT("share-with-un", "given", ",'expires':'2026'"), 1},
	    {CONSENT("share-with-un", "refused", ""), 1},
	    {CONSENT("share-with-un", "withdrawn", ""), 1},
	    {CONSENT("share-with-un", "not-possible", ",'reason':'disappeared'"), 1},
	    {CONSENT("share-with-un", "not-possible", "") "," CONSENT("share-with-un",
		 "given", ",'given_by':'relative'"),
		0},
	    {"{'purpose':'share-with-un','answer':'refused','date':'2025'}," CONSENT(
		 "share-with-un", "given", ""),
		0},
	    {"{'purpose':'share-with-un','answer':'refused','date':'2026-02'}," CONSENT(
		 "share-with-un", "given", ""),
		1},
	    {"{'purpose':'share-with-un','answer':'refused'}," CONSENT("share-with-un",
		 "given", ""),
		1},
	    {CONSENT("media", "given", ""), 1},
	    {CONSENT("share-with-un", "given", ",'person':'p2'"), 1},
	};
	about("p1");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		consent(cases[i].entries);
		submit(NULL, NULL, CLASS_P);
		assert_int_equal(r.rc, SAKSI_EREFUSED); /* C2 at least */
		if (found("C1", HOST_BLOCK) != cases[i].c1)
			fail_msg("%s", cases[i].entries);
	}
}

static void consent_of_a_case(void **state)
{
	(void)state;
	about("p1");
	fake_add_text(&s,
	    "{'id':'k1','type':'case','title':'Case','subjects':['p1'],'consent':["
	    "{'person':'p1','purpose':'share-with-un','answer':'given'},"
	    "{'person':'p1','purpose':'name-to-government','answer':'given'},"
	    "{'person':'p1','purpose':'name-public','answer':'given'}]}");
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	/* One without a person is nobody's. */
	fake_add_text(&s,
	    "{'id':'k1','type':'case','title':'Case','subjects':['p1'],'consent':["
	    "{'purpose':'share-with-un','answer':'given'}]}");
	submit(NULL, NULL, CLASS_P);
	assert_int_equal(found("C1", HOST_BLOCK), 1);
}

/* ---- names that must not appear ------------------------------------------------------------ */

static void refused_to_government(void **state)
{
	(void)state;
	about("p1");
	consent(CONSENT("share-with-un", "given", "") "," CONSENT("name-to-government",
	    "refused", "") "," CONSENT("name-public", "refused", ""));
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_says("Sister M: No");
	assert_says("withheld at the victim's wish");
	/* In titles and notes too, in any order and case. */
	assert_says("The arrest of Sister M");
	assert_says("Note: Sister M, and later Vanna alone");
	assert_silent("Keo Vanna");
	assert_silent("VANNA KEO");
	assert_silent("Vana (variant)");
	assert_silent("Sex:");
	/* Half a name may be anybody's: said, not changed. */
	assert_int_equal(found("C8", HOST_WARN), 1);

	static const char *const confidential[] = {"names=confidential", NULL};
	submit(confidential, NULL, CLASS_P);
	assert_ok();
	assert_says("Name(s): Keo Vanna");
	assert_says("Keo Vanna: No");
}

static void refusal_is_never_overridden(void **state)
{
	(void)state;
	static const char *const all[] = {"C1", "C2", "F1", "A1", NULL};
	static const char *const confidential[] = {"names=confidential", NULL};
	about("p1");
	consent(CONSENT("share-with-un", "refused", ""));
	submit(confidential, all, CLASS_P);
	assert_ok();
	assert_silent("Keo");
	assert_says("Sister M: No");
}

static void above_the_ceiling(void **state)
{
	(void)state;
	about("e1");
	fake_add_text(&s,
	    "{'id':'p3','type':'person','names':[{'text':'Hidden Person'}],'consent':["
	    "{'purpose':'share-with-un','answer':'given'},"
	    "{'purpose':'name-to-government','answer':'given'},"
	    "{'purpose':'name-public','answer':'given'}]}");
	fake_add_text(&s,
	    "{'id':'a3','type':'act','event':'e1','victim':'p3',"
	    "'kind':'04:030101000000','date':'2019-07-09'}");
	fake_add_text(&s,
	    "{'id':'e1','type':'event','class':'P','title':'Arrest of Hidden Person "
	    "and another','date':'2019-07-09','place':{'country':'KH'},'source':[{"
	    "'item':'i1'}]}");
	consent(ALL_GIVEN);
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_silent("Hidden");
	assert_int_equal(found("CEILING", HOST_WARN), 1);
	assert_int_equal(r.result.withheld, 1);
	submit(NULL, NULL, CLASS_C);
	assert_ok();
	assert_says("Hidden Person: Yes");
	assert_int_equal(found("CEILING", HOST_WARN), 0);
}

static const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, arrest_set_up, submission_tear_down)
    TEST(how_to_answer),
    TEST(withdrawn_and_expired),
    TEST(consent_of_a_case),
    TEST(refused_to_government),
    TEST(refusal_is_never_overridden),
    TEST(above_the_ceiling),
};

TEST_MAIN(tests, submission_group, schema_teardown)
