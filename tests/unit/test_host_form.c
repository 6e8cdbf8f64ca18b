/*
 * A submission: what blocks it, what it says, and what it never says.
 */
#include "submission.h"

static char ndjson[PATH_MAX + 20];

static int group_set_up(void **state)
{
	int rc = submission_group(state);

	snprintf(ndjson, sizeof ndjson, "%s/ndjson.so", fixture_exporters);
	return rc;
}

/* ---- checks ---------------------------------------------------------------------------- */

static void blocks_without_consent(void **state)
{
	(void)state;
	about("p1");
	submit(NULL, NULL, CLASS_P);
	assert_int_equal(r.rc, SAKSI_EREFUSED);
	assert_int_equal(r.out.len, 0);
	assert_int_equal(found("C1", HOST_BLOCK), 1);
	assert_int_equal(found("C2", HOST_BLOCK), 1);
	assert_int_equal(found("F1", HOST_BLOCK), 0);
	assert_int_equal(found("A1", HOST_BLOCK), 0);
	assert_non_null(strstr(r.findings.list[0].words, "Keo Vanna"));
	assert_null(strstr(r.err.msg, "Keo"));
}

static void check_without_export(void **state)
{
	(void)state;
	char id[27];
	struct host_findings f;
	about("p1");
	fake_id(id, "itv");
	struct host_job job = {.paths = &fixture_paths,
	    .source = &s.host,
	    .form = form,
	    .intervention = id,
	    .ceiling = CLASS_P};
	assert_int_equal(host_check(&job, &f, &g_err), SAKSI_OK);
	assert_int_equal(f.n, 2);
	host_findings_free(&f);
	job.form = NULL;
	assert_int_equal(host_check(&job, &f, &g_err), SAKSI_OK);
	assert_int_equal(f.n, 0);
}

static void overridden(void **state)
{
	(void)state;
	static const char *const one[] = {"C1", NULL};
	static const char *const both[] = {"C1", "C2", NULL};
	about("p1");
	submit(NULL, one, CLASS_P);
	assert_int_equal(r.rc, SAKSI_EREFUSED);
	submit(NULL, both, CLASS_P);
	assert_ok();
	assert_true(r.findings.list[0].overridden);
	/* An override answers nothing. */
	assert_says("Keo Vanna: [not recorded]");
	assert_silent(": Yes\n");
}

static void complete(void **state)
{
	(void)state;
	about("p1");
	consent(ALL_GIVEN);
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_int_equal(r.findings.n, 0);
	assert_int_equal(r.result.records, 4);
	assert_int_equal(json_array_size(r.result.relied_on), 3);
	assert_says(
	    "The victims or their representatives are aware and agree that a letter "
	    "containing their names and further information on them is to be sent to the "
	    "Government (and / or relevant other actor) [Yes / No]\n\nKeo Vanna: Yes\n");
	assert_says("public reports and online database [Yes / No]\n\nKeo Vanna: No\n");
	assert_says("[SPP.05] Victims");
	assert_says("Name(s): Keo Vanna; Keo Vana (variant)");
	assert_says("Sex: ");
	assert_says("Not recorded: date of birth or age, nationality");
	assert_says("9 July 2019: Keo Vanna: ");
	assert_says("(Source: A report)");
	assert_says("11 July 2019: Keo Vanna: Charge: incitement.");
	assert_says("Phnom Penh Municipal Court");
	assert_says("Phnom Penh, Cambodia");
	assert_says("18 months");
	assert_says("Name: Sok Dara");
	assert_says("E-mail: dara@example.org");
	assert_says("UA (urgent appeal");
	assert_says("SR-DEFENDERS (human rights defenders)");
	assert_says("not checked against the live portal");
	assert_says("Release them");
	assert_says("Highest class of the case records in it");
	assert_says("[Not recorded: whether another body was addressed]");
	/* In order of time. */
	assert_true(strstr(doc, "9 July 2019: Keo") < strstr(doc, "11 July 2019: Keo"));
	assert_true(strstr(doc, "11 July 2019: Keo") < strstr(doc, "June 2020: Keo"));
	/* The other accused is not part of this submission. */
	assert_silent("Bystander");
	assert_silent("2026-01-02");
}

/* ---- what goes where ------------------------------------------------------------------- */

static void addressee_and_state(void **state)
{
	(void)state;
	about("e1");
	consent(ALL_GIVEN);
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	/* Whom it is addressed to is not the State that it is about. */
	assert_not_in("[SPP.02]", "Government of");
	assert_in("[SPP.02]", "Cambodia");
	assert_in("[SPP.18]", "human rights defenders");
	assert_in("[SPP.18]", "Government of Cambodia");
	/* Said by somebody, it is not guessed from places any more. */
	static const char *const thailand[] = {"state=Thailand", NULL};
	submit(thailand, NULL, CLASS_P);
	assert_ok();
	assert_in("[SPP.02]", "Thailand");
	assert_not_in("[SPP.02]", "Cambodia");
	/* A subdivision says its country. */
	fake_add_text(&s,
	    "{'id':'e1','type':'event','class':'P','title':'Arrest','date':'2019-07-09',"
	    "'place':{'subdivision':'LA-VT'},'source':[{'item':'i1'}]}");
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_in("[SPP.02]", "Laos");
	assert_in("[SPP.10]", "LA-VT, Laos");
}

static void assert_order(const char *first, const char *second)
{
	const char *part = section("[SPP.11]"), *a = strstr(part, first),
		   *b = strstr(part, second);
	if (!a || !b || a > b)
		fail_msg("not \"%s\" before \"%s\" in\n%s", first, second, part);
}

#define OTHER "Earlier and other facts recorded about the same person(s)"

static void other_facts(void **state)
{
	(void)state;
	consent(ALL_GIVEN);
	fake_add_text(&s,
	    "{'id':'e9','type':'event','class':'P','title':'At the border','date':'2021',"
	    "'place':{'country':'TH'}}");
	fake_add_text(&s,
	    "{'id':'a9','type':'act','class':'P','event':'e9','victim':'p1',"
	    "'kind':'04:030101000000','note':'Border act','date':'2021'}");
	fake_add_text(&s,
	    "{'id':'c15','type':'charge','class':'P','accused':['p1'],"
	    "'label_stated':'a post of 2015','date':'2015'}");
	fake_add_text(&s,
	    "{'id':'d15','type':'decision','class':'P','kind':'x-conviction',"
	    "'subjects':['p1'],'date':'2015-08','charges':['c15'],"
	    "'authority_stated':'Old Court'}");
	/* Neither says its event; the proceeding, or an act, does. */
	fake_add_text(&s,
	    "{'id':'d19','type':'decision','class':'P','kind':'x-conviction',"
	    "'subjects':['p1'],'date':'2019-12','authority_stated':'By proceeding'}");
	fake_add_text(&s,
	    "{'id':'c19','type':'charge','class':'P','accused':['p1'],"
	    "'label_stated':'charge by proceeding','date':'2019-08'}");
	fake_add_text(&s,
	    "{'id':'k19','type':'proceeding','class':'P','title':'Trial',"
	    "'charges':['c1','c19'],'decisions':['d19']}");
	fake_add_text(&s,
	    "{'id':'d20','type':'decision','class':'P','kind':'x-conviction',"
	    "'subjects':['p1'],'date':'2019-10','authority_stated':'By act'}");
	fake_add_text(&s,
	    "{'id':'a1','type':'act','class':'P','event':'e1','victim':'p1',"
	    "'kind':'04:030101000000','date':'2019-07-09','decision':['d20'],"
	    "'source':[{'item':'i1'}]}");
	static const char *const whats[] = {"e1", "p1','e1", "a1", "c1", "d1", "k19"};
	for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
		static const char *const all[] = {"C1", "C2", NULL};
		about(whats[i]);
		submit(NULL, all, CLASS_P);
		assert_ok();
		assert_order("9 July 2019: Keo", "incitement");
		assert_order("incitement", OTHER);
		assert_order("By proceeding", OTHER);
		assert_order("charge by proceeding", OTHER);
		assert_order("By act", OTHER);
		assert_order(OTHER, "a post of 2015");
		assert_order("a post of 2015", "Old Court");
		/* Another event is another matter. */
		assert_not_in("[SPP.11]", "Border act");
		assert_not_in("[SPP.02]", "Thailand");
		/* What is told apart is not what this is about. */
		assert_in("[SPP.09]", "First recorded fact: 9 July 2019");
		assert_not_in("[SPP.12]", "Old Court");
	}
	/* About a person alone: all that happened to them, in order. */
	about("p1");
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_order("a post of 2015", "9 July 2019: Keo");
	assert_in("[SPP.11]", "Border act");
	assert_silent(OTHER);
	/* A case is what it holds. */
	fake_add_text(&s,
	    "{'id':'k1','type':'case','title':'Case','subjects':['p1'],"
	    "'proceedings':['k19']}");
	about("k1");
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_order("charge by proceeding", OTHER);
	assert_order(OTHER, "a post of 2015");
	fake_add_text(&s, "{'id':'k1','type':'case','title':'Case','subjects':['p1']}");
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_silent(OTHER);
	assert_in("[SPP.11]", "Border act");
}

/* Ids are random: they must not decide the order. */
static void victims_by_name(void **state)
{
	(void)state;
	static const char *const names[] = {"Delta", "Alpha", "Echo", "Charlie", "Bravo"};
	char line[400], all[200] = "";
	for (size_t i = 0; i < 5; i++) {
		snprintf(line, sizeof line,
		    "{'id':'v%zu','type':'person','class':'P','names':[{'text':'%s One'}]%s}",
		    i, names[i],
		    i == 1 || i == 3
			? ",'consent':[" CONSENT("name-to-government", "refused", "") "]"
			: "");
		fake_add_text(&s, line);
		snprintf(all + strlen(all), sizeof all - strlen(all), "%sv%zu",
		    i ? "','" : "", i);
	}
	static const char *const overrides[] = {"C1", "C2", "F1", NULL};
	about(all);
	submit(NULL, overrides, CLASS_P);
	assert_ok();
	/* Those that are withheld come last: their place would tell how they begin. */
	static const char *const order[] = {"Bravo", "Delta", "Echo", "Victim 4",
	    "Victim 5"};
	const char *at = section("[SPP.05]");
	for (size_t i = 0; i < 5; i++) {
		at = strstr(at, order[i]);
		if (!at)
			fail_msg("%s is not where it should be in\n%s", order[i],
			    section("[SPP.05]"));
	}
	assert_silent("Alpha");
	assert_int_equal(found("C1", HOST_BLOCK), 5);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(strstr(r.findings.list[i].words, order[i]),
		    r.findings.list[i].words);
}

static void unknown_types(void **state)
{
	(void)state;
	consent(ALL_GIVEN);
	fake_add_raw(&s,
	    "{'id':'x1','type':'spaceship','class':'P','title':'Unreadable'}");
	about("e1','x1");
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_int_equal(found("TYPE", HOST_WARN), 1);
	assert_silent("Unreadable");
	/* Also where a fact refers to one. */
	fake_add_text(&s,
	    "{'id':'d1','type':'decision','class':'P','kind':'x-conviction',"
	    "'subjects':['p1'],'date':'2020-06','charges':['c1'],'authority':'x1'}");
	about("e1");
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_int_equal(found("TYPE", HOST_WARN), 1);
}

/* ---- completeness, admissibility --------------------------------------------------------------- */

static void incomplete(void **state)
{
	(void)state;
	fake_add_text(&s, "{'id':'itv','type':'intervention','kind':['x-sp']}");
	submit(NULL, NULL, CLASS_P);
	assert_int_equal(r.rc, SAKSI_EREFUSED);
	assert_int_equal(found("F1", HOST_BLOCK), 5);
	assert_int_equal(found("A1", HOST_BLOCK), 2);
	assert_int_equal(found("C1", HOST_BLOCK), 0);
}

static void media_only(void **state)
{
	(void)state;
	about("p1");
	consent(ALL_GIVEN);
	fake_add_text(&s,
	    "{'id':'o1','type':'organisation','class':'P','names':[{'text':"
	    "'A paper'}],'kind':'media-outlet'}");
	about("e1");
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_int_equal(found("A2", HOST_WARN), 1);
	fake_add_text(&s,
	    "{'id':'n1','type':'information','about':['e1'],'connection':"
	    "'19:010000000000','source_party':'p2'}");
	submit(NULL, NULL, CLASS_P);
	assert_int_equal(found("A2", HOST_WARN), 0);
	assert_silent("Bystander");
}

static void victims_of_an_event(void **state)
{
	(void)state;
	about("e1");
	consent(ALL_GIVEN);
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_says("Name(s): Keo Vanna");
	assert_says("Individuals: 1");
	about("c1"); /* both accused */
	submit(NULL, NULL, CLASS_P);
	assert_int_equal(r.rc, SAKSI_EREFUSED);
	assert_int_equal(found("C1", HOST_BLOCK), 1);
}

static void bad_jobs(void **state)
{
	(void)state;
	static const char *const letter[] = {"letter=XX", NULL};
	static const char *const width[] = {"width=40", "letter=AL", NULL};
	static const char *const nothing[] = {"nothing=1", NULL};
	about("p1");
	consent(ALL_GIVEN);
	submit(letter, NULL, CLASS_P);
	assert_int_equal(r.rc, SAKSI_EINVAL);
	submit(nothing, NULL, CLASS_P);
	assert_int_equal(r.rc, SAKSI_EINVAL);
	static const char *const leter[] = {"leter=AL", NULL};
	static const char *const c9[] = {"C1", "C9", NULL};
	submit(leter, NULL, CLASS_P);
	assert_int_equal(r.rc, SAKSI_EINVAL);
	assert_non_null(strstr(r.err.msg, "the form takes: letter, "));
	assert_non_null(strstr(r.err.msg, "text: "));
	assert_non_null(strstr(r.err.msg, "width"));
	submit(NULL, c9, CLASS_P);
	assert_int_equal(r.rc, SAKSI_EINVAL);
	assert_int_equal(r.out.len, 0);
	assert_non_null(strstr(r.err.msg, "C9: un-sp has no such check; it has C1, C2, "));
	submit(width, NULL, CLASS_P);
	assert_ok();
	assert_says("AL (allegation letter");
	for (const char *p = doc; *p; p += strcspn(p, "\n") + 1)
		if (strcspn(p, "\n") > 40 && !memchr(p, '/', 40))
			fail_msg("too long: %.60s", p);
	fixture_done(&r);
	fixture_export(&r, (struct host_job){.source = &s.host, .form = form}, text);
	assert_int_equal(r.rc, SAKSI_EINVAL);
	fixture_done(&r);
	fixture_export(&r,
	    (struct host_job){.source = &s.host, .form = form, .intervention = "nobody"},
	    text);
	assert_int_equal(r.rc, SAKSI_ENOTFOUND);
	char id[27];
	fake_id(id, "itv");
	fixture_done(&r);
	fixture_export(&r,
	    (struct host_job){.source = &s.host, .form = form, .intervention = id},
	    ndjson);
	assert_int_equal(r.rc, SAKSI_EINVAL);
}

static void failing_source(void **state)
{
	(void)state;
	about("e1");
	consent(ALL_GIVEN);
	for (int n = 0; n < 25; n++) {
		s.fail_after = n;
		submit(NULL, NULL, CLASS_P);
		if (r.rc != SAKSI_EIO)
			fail_msg("call %d: %d", n, r.rc);
		assert_int_equal(r.out.len, 0);
	}
	s.fail_after = -1;
}

/* Whose record is deleted cannot be withheld: it blocks, whoever `about` names. */
static void deleted_victim(void **state)
{
	(void)state;
	static const char *const others[] = {"C1", "C2", "F1", "A1", NULL};
	static const char *const c8[] = {"C8", NULL};
	static const char *const what[] = {"e1", "p1','e1", "p1"};
	char gone[27];
	fake_id(gone, "gone");
	consent(ALL_GIVEN);
	fake_add_text(&s,
	    "{'id':'a9','type':'act','class':'P','event':'e1','victim':'gone',"
	    "'kind':'04:030101000000',"
	    "'date':'2019-07-09'}");
	for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
		about(what[i]);
		submit(NULL, others, CLASS_P);
		assert_int_equal(r.rc, SAKSI_EREFUSED);
		assert_int_equal(found("C8", HOST_BLOCK), 1);
		assert_non_null(strstr(r.findings.list[0].words, gone));
		assert_string_equal(r.findings.list[0].subject, gone);
	}
	submit(NULL, c8, CLASS_P);
	assert_ok();
	about("p1','gone2");
	submit(NULL, others, CLASS_P);
	assert_int_equal(found("C8", HOST_BLOCK), 2);
}

/* What somebody only prepares was not done. */
static void drafts(void **state)
{
	(void)state;
	about("p1");
	consent(ALL_GIVEN);
#define STEP(id, kind, more)                                                   \
	fake_add_text(&s,                                                      \
	    "{'id':'" id "','type':'intervention','class':'P','about':['p1']," \
	    "'request':'The request " id "','kind':['" kind "']" more "}")
	STEP("s1", "x-sp", "");
	STEP("s2", "x-sp", ",'form':'un-sp'");
	STEP("s3", "x-tb", "");
	STEP("s4", "x-sp", ",'form':'un-sp','date':'2027-01-01'");
	STEP("s5", "20:020100000000", ",'form':'other'");
	STEP("t1", "x-sp", ",'date':'2020-01-01'");
	STEP("t2", "x-sp", ",'form':'un-sp','sent_hash':'00'");
	STEP("t3", "x-tb", ",'source':[{'item':'i1'}]");
#undef STEP
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	for (char c = '1'; c <= '5'; c++) {
		char words[] = "The request s1";
		words[sizeof words - 2] = c;
		assert_silent(words);
	}
	assert_in("[SPP.16]", "The request t1");
	assert_in("[SPP.16]", "The request t2");
	assert_in("[SPP.16]", "The request t3");
}

/* What is left out of a record that stands in the text is named. */
static void sealed_values(void **state)
{
	(void)state;
	about("p1");
	consent(ALL_GIVEN);
	fake_add_text(&s,
	    "{'id':'a1','type':'act','class':'P','event':'e1','victim':'p1',"
	    "'kind':'04:030101000000','date':'2019-07-09','internal_note':'ours',"
	    "'injuries':'SECRET wound','torture':{'methods':'SECRET way'},'note':{'v':'SECRET note','class':'C'}}");
	submit(NULL, NULL, CLASS_P);
	assert_ok();
	assert_silent("SECRET");
	char line[400], id[27];
	fake_id(id, "a1");
	assert_int_equal(found("CEILING", HOST_WARN), 1);
	assert_non_null(strstr(words("CEILING"), "injuries"));
	assert_non_null(strstr(words("CEILING"), "note"));
	assert_null(strstr(words("CEILING"), "internal_note"));
	assert_null(strstr(words("CEILING"), "SECRET"));
	submit(NULL, NULL, CLASS_C);
	assert_ok();
	snprintf(line, sizeof line,
	    "injuries, torture.methods of act %s are sealed and left out; --ceiling S",
	    id);
	assert_non_null(strstr(words("CEILING"), line));
	submit(NULL, NULL, CLASS_S);
	assert_ok();
	assert_int_equal(found("CEILING", HOST_WARN), 0);
}

/* What is only above the ceiling is not missing. */
static void missing_by_the_ceiling(void **state)
{
	(void)state;
	static const char want[] =
	    "no victim is identified: your records are class C: repeat "
	    "with --ceiling C";
	about("p5");
	consent(ALL_GIVEN);
	fake_add_text(&s,
	    "{'id':'p5','type':'person','class':'C','names':[{'text':'Hidden Person'}],"
	    "'consent':[" ALL_GIVEN "]}");
	fake_add_text(&s,
	    "{'id':'a5','type':'act','class':'C','event':'e1','victim':'p5',"
	    "'kind':'04:030101000000','date':'2019-07-09'}");
	submit(NULL, NULL, CLASS_P);
	assert_int_equal(r.rc, SAKSI_EREFUSED);
	assert_string_equal(words("F1"), want);
	for (size_t i = 0; i < r.findings.n; i++)
		if (strcmp(r.findings.list[i].check, "F1") == 0)
			assert_int_equal(r.findings.list[i].ceiling, 'C');
	submit(NULL, NULL, CLASS_C);
	assert_ok();
	assert_int_equal(found("F1", HOST_BLOCK), 0);
}

/* The samples: every intervention of theirs is blocked, and works with an override. */
static void samples(void **state)
{
	(void)state;
	static const char *const all[] = {"C1", "C2", "C8", "F1", "A1", NULL};
	char path[PATH_SIZE];
	size_t i, n = 0;
	json_t *x;
	data_path(path, "samples/cambodia.ndjson");
	fake_load(&s, path);
	json_array_foreach (s.list, i, x) {
		struct host_job job = {.source = &s.host, .form = form};
		if (strcmp(json_string_value(json_object_get(x, "type")),
			"intervention") != 0)
			continue;
		job.intervention = json_string_value(json_object_get(x, "id"));
		fixture_done(&r);
		fixture_export(&r, job, text);
		assert_int_equal(r.rc, SAKSI_EREFUSED);
		job.overrides = all;
		fixture_done(&r);
		fixture_export(&r, job, text);
		assert_ok();
		doc = buf_cstr(&r.out);
		assert_says("[SPP.21] Acknowledgements");
		if (getenv("SAKSI_TEST_VERBOSE"))
			(void)!write(1, doc, strlen(doc));
		n++;
	}
	assert_int_equal(n, 6);
}

static const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, arrest_set_up, submission_tear_down)
    TEST(blocks_without_consent),
    TEST(check_without_export),
    TEST(overridden),
    TEST(complete),
    TEST(addressee_and_state),
    TEST(other_facts),
    TEST(victims_by_name),
    TEST(unknown_types),
    TEST(incomplete),
    TEST(media_only),
    TEST(victims_of_an_event),
    TEST(bad_jobs),
    TEST(failing_source),
    TEST(deleted_victim),
    TEST(drafts),
    TEST(sealed_values),
    TEST(missing_by_the_ceiling),
    TEST(samples),
};

TEST_MAIN(tests, group_set_up, schema_teardown)
