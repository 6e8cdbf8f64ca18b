/*
 * Whose names a submission may hold (check C8): names in texts are found in
 * every spelling, block, and never stand where their bearer refused.
 */
#include <time.h>

#include "../../plugins/host/names.h"
#include "submission.h"

#define REFUSED                                          \
	",'consent':[" CONSENT("share-with-un", "given", \
	    "") "," CONSENT("name-to-government", "refused", "") "]"

static char csv[PATH_MAX + 20];
static const char *const *options;
static const char *const c8[] = {"C8", NULL};

static int group_set_up(void **state)
{
	int rc = submission_group(state);

	snprintf(csv, sizeof csv, "%s/csv.so", fixture_exporters);
	return rc;
}

/* About p1 by name, who agreed to everything; e1 is what happened. */
static int set_up(void **state)
{
	(void)state;
	fake_init(&s);
	fake_add_text(&s,
	    "{'id':'i1','type':'item','class':'P','kind':'document','title':'A report'}");
	fake_add_text(&s,
	    "{'id':'p1','type':'person','class':'P','names':[{'text':'Keo Vanna'}],"
	    "'consent':[" ALL_GIVEN "]}");
	fake_add_text(&s,
	    "{'id':'a1','type':'act','class':'P','event':'e1','victim':'p1',"
	    "'kind':'04:030101000000','date':'2019-07-09','source':[{'item':'i1'}]}");
	fake_add_text(&s,
	    "{'id':'itv','type':'intervention','kind':['x-sp'],'request':'Release them',"
	    "'about':['p1'],'submitter':{'name':'Sok Dara','email':'dara@example.org'}}");
	return 0;
}

static void event(const char *title, const char *description)
{
	char line[1500];
	snprintf(line, sizeof line,
	    "{'id':'e1','type':'event','class':'P','title':'%s','description':['%s'],"
	    "'date':'2019-07-09','place':{'country':'KH'},'source':[{'item':'i1'}]}",
	    title, description);
	fake_add_text(&s, line);
}

static void person(const char *id, const char *name, const char *more)
{
	char line[1500];
	snprintf(line, sizeof line,
	    "{'id':'%s','type':'person','class':'P','names':[{'text':'%s'}]%s}", id, name,
	    more);
	fake_add_text(&s, line);
}

static void co_victim(const char *id, const char *name, const char *more)
{
	char line[600];
	person(id, name, more);
	snprintf(line, sizeof line,
	    "{'id':'act-%s','type':'act','class':'P','event':'e1','victim':'%s',"
	    "'kind':'04:030101000000','date':'2019-07-09'}",
	    id, id);
	fake_add_text(&s, line);
}

static void run(const char *const *overrides, enum saksi_class ceiling)
{
	submit(options, overrides, ceiling);
}

static const char *words_on(const char *id)
{
	char full[27];
	fake_id(full, id);
	for (size_t i = 0; i < r.findings.n; i++)
		if (strcmp(r.findings.list[i].check, "C8") == 0 &&
		    strcmp(r.findings.list[i].subject, full) == 0)
			return r.findings.list[i].words;
	return "";
}

static void assert_words(const char *id, const char *what)
{
	if (!strstr(words_on(id), what))
		fail_msg("\"%s\" is not in \"%s\"", what, words_on(id));
}

static void assert_blocked(size_t n)
{
	if (r.rc != SAKSI_EREFUSED || found("C8", HOST_BLOCK) != n)
		fail_msg("%d, %zu blocks; %s", r.rc, found("C8", HOST_BLOCK),
		    r.findings.n ? r.findings.list[0].words : "");
	assert_int_equal(r.out.len, 0);
	/* No name in what goes to logs. */
	assert_null(strstr(r.err.msg, "Chan"));
}

/* ---- whose -------------------------------------------------------------------------- */

static void co_victim_refused(void **state)
{
	(void)state;
	event("The arrest of Keo Vanna and SOK Chanthy", "Chanthy, Sok was beaten.");
	co_victim("p2", "Sok Chanthy", REFUSED);
	run(NULL, CLASS_P);
	assert_blocked(1);
	assert_words("p2", "Sok Chanthy: refused to be named to the Government");
	assert_words("p2", "title of event e1, description of event e1");
	assert_words("p2", "the name is taken out of the text");
	run(c8, CLASS_P);
	assert_ok();
	assert_true(r.findings.list[0].overridden);
	assert_silent("Chanthy");
	assert_silent("SOK");
	assert_says("The arrest of Keo Vanna and Person 1 (name withheld)");
	assert_says("Person 1 (name withheld) was beaten.");
	assert_says("1 person who may not be named");
	assert_silent("Named without their consent");
	/* To the United Nations in confidence: that is what was agreed to. */
	static const char *const confidential[] = {"names=confidential", NULL};
	options = confidential;
	run(NULL, CLASS_P);
	options = NULL;
	assert_ok();
	assert_says("SOK Chanthy");
	/* With a pseudonym that one is used. */
	co_victim("p2", "Sok Chanthy", ",'pseudonym':'Brother K'" REFUSED);
	run(c8, CLASS_P);
	assert_ok();
	assert_says("Brother K was beaten.");
	/* Without the name nothing blocks. */
	event("The arrest of Keo Vanna", "Another was beaten.");
	run(NULL, CLASS_P);
	assert_ok();
	assert_int_equal(r.findings.n, 0);
}

static void co_victim_unasked(void **state)
{
	(void)state;
	event("The arrest of Keo Vanna and Sok Chanthy", "Text");
	co_victim("p2", "Sok Chanthy", "");
	run(NULL, CLASS_P);
	assert_blocked(1);
	assert_words("p2", "was not asked");
	assert_words("p2", "; ask, then: saksi edit p2 consent+=");
	/* A missing answer can be gone over, and the text says so. */
	run(c8, CLASS_P);
	assert_ok();
	assert_says("and Sok Chanthy");
	assert_says("Named without their consent");
	assert_says("check C8 was overridden");
	/* Answered, it is relied on. */
	co_victim("p2", "Sok Chanthy", ",'consent':[" ALL_GIVEN "]");
	run(NULL, CLASS_P);
	assert_ok();
	assert_int_equal(r.findings.n, 0);
	assert_int_equal(json_array_size(r.result.relied_on), 6);
	/* Withdrawn, it is a refusal. */
	co_victim("p2", "Sok Chanthy",
	    ",'consent':[{'purpose':'share-with-un','answer':'given','withdrawn':'2026-03-"
	    "01'}]");
	run(c8, CLASS_P);
	assert_ok();
	assert_silent("Chanthy");
}

static void anybody_of_the_vault(void **state)
{
	(void)state;
	event("The arrest of Keo Vanna", "Told by Meas Sophal, her aunt.");
	person("p9", "Meas Sophal", "");
	run(NULL, CLASS_P);
	assert_blocked(1);
	assert_words("p9", "is in the vault and no answer is recorded");
	person("p9", "Meas Sophal", REFUSED);
	run(c8, CLASS_P);
	assert_ok();
	assert_says("Told by Person 1 (name withheld), her aunt.");
	/* A source is sealed, whatever else it is. */
	person("p9", "Meas Sophal", ",'occupation':['judge']");
	fake_add_text(&s,
	    "{'id':'n1','type':'information','about':['a1'],'connection':"
	    "'19:010000000000','source_party':'p9'}");
	run(NULL, CLASS_P);
	assert_blocked(1);
	assert_words("p9", "is a source");
	run(c8, CLASS_P);
	assert_ok();
	assert_silent("Meas");
	/* Above the ceiling likewise. */
	fake_add_text(&s,
	    "{'id':'n1','type':'information','about':['a1'],'connection':"
	    "'19:010000000000'}");
	fake_add_text(&s,
	    "{'id':'p9','type':'person','class':'C','names':[{'text':'Meas Sophal'}]}");
	run(NULL, CLASS_P);
	assert_blocked(1);
	assert_words("p9", "is above the ceiling");
	run(c8, CLASS_P);
	assert_ok();
	assert_silent("Meas");
}

static void deleted(void **state)
{
	(void)state;
	event("The arrest of Keo Vanna and Sok Chanthy", "Told by Meas Sophal.");
	co_victim("p2", "Sok Chanthy", "");
	person("p9", "Meas Sophal", "");
	fake_delete(&s, "p2");
	fake_delete(&s, "p9");
	run(NULL, CLASS_P);
	assert_blocked(2);
	assert_words("p2", "its names are taken out of the text");
	assert_words("p9", "is deleted from the vault");
	run(c8, CLASS_P);
	assert_ok();
	assert_silent("Chanthy");
	assert_silent("Meas");
	/* Of whom nothing is known, nothing can be taken out: it says so. */
	fake_add_text(&s,
	    "{'id':'a7','type':'act','class':'P','event':'e1','victim':'p7',"
	    "'kind':'04:030101000000','date':'2019-07-09'}");
	run(NULL, CLASS_P);
	assert_blocked(3);
	assert_words("p7", "not known here, so none can be taken out");
}

static void offices(void **state)
{
	(void)state;
	static const char *const texts[] = {"Ordered by Chan Makara.", "Text"};
	static const char *const more[] = {",'occupation':['judge']",
	    ",'roles':[{'role':'clerk','organisation':'o1'}]",
	    ",'roles':[{'role':'Minister of Justice'}]"};
	fake_add_text(&s,
	    "{'id':'o1','type':'organisation','class':'P','names':[{'text':'A court'}],"
	    "'kind':'court'}");
	event("The arrest of Keo Vanna", texts[0]);
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		person("p8", "Chan Makara", more[i]);
		run(NULL, CLASS_P);
		assert_ok();
		assert_says(texts[0]);
	}
	person("p8", "Chan Makara", "");
	run(NULL, CLASS_P);
	assert_blocked(1);
	/* By what the facts say of him. */
	fake_add_text(&s,
	    "{'id':'a1','type':'act','class':'P','event':'e1','victim':'p1',"
	    "'kind':'04:030101000000','date':'2019-07-09','involvement':[{'perpetrator':'p8',"
	    "'degree':'18:990000000000'}],'source':[{'item':'i1'}]}");
	run(NULL, CLASS_P);
	assert_ok();
	assert_says(texts[0]);
	/* An office does not outweigh a refusal, or what was done to him. */
	person("p8", "Chan Makara", REFUSED);
	run(NULL, CLASS_P);
	assert_blocked(1);
	co_victim("p8", "Chan Makara", ",'occupation':['judge']");
	run(NULL, CLASS_P);
	assert_blocked(1);
	fake_free(&s);
	set_up(NULL);
	/* The text that says who decided names an authority. */
	fake_add_text(&s,
	    "{'id':'d1','type':'decision','class':'P','kind':'x-conviction',"
	    "'subjects':['p1'],'date':'2020','authority_stated':'Judge Chan Dany'}");
	event("The arrest of Keo Vanna", "Chan Dany convicted her.");
	person("p10", "Chan Dany", "");
	run(NULL, CLASS_P);
	assert_ok();
	assert_says("Chan Dany convicted her.");
}

static void namesakes(void **state)
{
	(void)state;
	event("The arrest of Keo Vanna", "Text");
	/* Of somebody who is named with consent, and has nothing to do with it. */
	person("p9", "Vanna Keo", "");
	run(NULL, CLASS_P);
	assert_ok();
	assert_int_equal(r.findings.n, 0);
	person("p9", "Vanna Keo", REFUSED);
	run(NULL, CLASS_P);
	assert_ok();
	assert_int_equal(found("C8", HOST_WARN), 1);
	/* Two victims of one name: nobody but a person can tell. */
	co_victim("p9", "Vanna Keo", REFUSED);
	run(NULL, CLASS_P);
	assert_blocked(1);
	assert_words("p9", "has the same name, so it stays");
	run(c8, CLASS_P);
	assert_ok();
	assert_says("Named without their consent");
	/* A longer name of who may be named is not the shorter one. */
	fake_add_text(&s,
	    "{'id':'p1','type':'person','class':'P','names':[{'text':'Keo Vanna "
	    "Sok'}],'consent':[" ALL_GIVEN "]}");
	event("The arrest of Keo Vanna Sok", "Text");
	run(NULL, CLASS_P);
	assert_ok();
}

/* ---- where, and in which spelling ------------------------------------------------------ */

static void every_field(void **state)
{
	(void)state;
	static const char *const acts[] = {"'note':'With SECRET NAME.'",
	    "'reason_stated':'Secret Name'",
	    "'detention':{'conditions':'a cell with Secret-Name'}",
	    "'variants':[{'about':'date','value':'as Name, Secret says'}]"};
	char line[600];
	person("p9", "Secret Name", REFUSED);
	event("Arrest", "Text");
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		snprintf(line, sizeof line,
		    "{'id':'a1','type':'act','class':'P','event':'e1','victim':'p1',"
		    "'kind':'04:030101000000','date':'2019-07-09','source':[{'item':'i1'}],%s}",
		    acts[i]);
		fake_add_text(&s, line);
		run(NULL, CLASS_P);
		assert_blocked(1);
		assert_words("p9", "of act a1");
		run(c8, CLASS_P);
		assert_ok();
		assert_silent("ecret");
		assert_silent("SECRET");
	}
	fake_free(&s);
	set_up(NULL);
	person("p9", "Secret Name", REFUSED);
	event("Arrest", "Text");
	fake_add_text(&s,
	    "{'id':'i1','type':'item','class':'P','kind':'document','title':'Letter of "
	    "Secret Name'}");
	run(NULL, CLASS_P);
	assert_blocked(1);
	assert_words("p9", "title of item i1");
	fake_add_text(&s,
	    "{'id':'i1','type':'item','class':'P','kind':'document','title':'A report'}");
	fake_add_text(&s,
	    "{'id':'itv','type':'intervention','kind':['x-sp'],'request':'Release Secret "
	    "Name','about':['p1'],'submitter':{'name':'Secret Name','email':'d@e.org'}}");
	run(NULL, CLASS_P);
	assert_blocked(1);
	assert_words("p9", "request of intervention itv");
	run(c8, CLASS_P);
	assert_ok();
	assert_says("Release Person 1 (name withheld)");
	/* Who submits says so in the part that is for that. */
	assert_says("Name: Secret Name");
	/* Named by a reference. */
	fake_add_text(&s,
	    "{'id':'itv','type':'intervention','kind':['x-sp'],'request':'Release',"
	    "'about':['p1'],'submitter':{'name':'Sok Dara','email':'d@e.org'}}");
	fake_add_text(&s,
	    "{'id':'c1','type':'charge','class':'P','accused':['p1'],'label_stated':'x',"
	    "'date':'2019-07-11','event':'e1','complainant':['p9']}");
	run(NULL, CLASS_P);
	assert_blocked(1);
	assert_words("p9", "a reference to the record");
	run(c8, CLASS_P);
	assert_ok();
	assert_silent("Secret");
}

static const struct {
	const char *name, *text;
	bool stands;
} spellings[] = {
    {"Sok Chanthy", "Seen: sok CHANTHY.", true},
    {"Sok Chanthy", "CHANTHY, Sok", true},
    {"Sok Chanthy", "S\xc3\xb3k Chanth\xc3\xbd", true},
    {"Sok Chanthy", "Sok-Chanthy\xe2\x80\x99s house", true},
    {"Sok Chanthy", "Sok\xc2\xa0\x43hanthy", true},
    {"Sok Chanthy", "Sok Chan\xe2\x80\x8bthy", true},
    {"Sok Chanthy", "Sok Chan\xc2\xadthy", true},
    {"Sok Chanthy", "@SokChanthy wrote", true},
    {"Sok Chanthy", "chanthysok at the gate", true},
    {"Sok Chanthy", "\xef\xbc\xb3ok Chanthy", true},
    {"Sok Chanthy", "Chanthy alone", false},
    {"Sok Chanthy", "Sok and Chanthy", false},
    {"Sok Chanthy", "Sokha Chanthy", false},
    {"An Li", "an line of Lions", false},
    {"Li", "Lions and Limits; Li", false},
    {"Blackfox", "Known as Blackfox.", true},
    {"Blackfox", "Blackfoxes", false},
    {"August", "In August 2019", false},
    /* Khmer: no spaces around, and one between the parts of the name. */
    {"\xe1\x9e\x9f\xe1\x9e\xbb\xe1\x9e\x81 \xe1\x9e\x85\xe1\x9e\x93\xe1\x9f\x92\xe1\x9e"
     "\x90\xe1\x9e\xb8",
	"\xe1\x9e\x9b\xe1\x9f\x84\xe1\x9e\x80\xe1\x9e\x9f\xe1\x9e\xbb\xe1\x9e\x81\xe1\x9e\x85"
	"\xe1\x9e\x93\xe1\x9f\x92\xe1\x9e\x90\xe1\x9e\xb8\xe1\x9e\x8f\xe1\x9f\x92\xe1\x9e\x9a"
	"\xe1\x9e\xbc\xe1\x9e\x9c",
	true},
    {"\xe1\x9e\x9f\xe1\x9e\xbb\xe1\x9e\x81 \xe1\x9e\x85\xe1\x9e\x93\xe1\x9f\x92\xe1\x9e"
     "\x90\xe1\x9e\xb8",
	"\xe1\x9e\x85\xe1\x9e\x93\xe1\x9f\x92\xe1\x9e\x90\xe1\x9e\xb8 "
	"\xe1\x9e\x9f\xe1\x9e\xbb\xe1\x9e\x81",
	true},
    /* The first part alone means "health", and stands in many words. */
    {"\xe1\x9e\x9f\xe1\x9e\xbb\xe1\x9e\x81",
	"\xe1\x9e\x9f\xe1\x9e\xbb\xe1\x9e\x81\xe1\x9e\x97\xe1\x9e\xb6\xe1\x9e\x96", false},
    {"\xe0\xb8\xaa\xe0\xb8\xa1\xe0\xb8\x8a\xe0\xb8\xb2\xe0\xb8\xa2 "
     "\xe0\xb9\x83\xe0\xb8\x88\xe0\xb8\x94\xe0\xb8\xb5",
	"\xe0\xb8\x99\xe0\xb8\xb2\xe0\xb8\xa2\xe0\xb8\xaa\xe0\xb8\xa1\xe0\xb8\x8a\xe0\xb8\xb2"
	"\xe0\xb8\xa2\xe0\xb9\x83\xe0\xb8\x88\xe0\xb8\x94\xe0\xb8\xb5\xe0\xb8\x96\xe0\xb8\xb9"
	"\xe0\xb8\x81",
	true},
};

static void every_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		event("Arrest", spellings[i].text);
		person("p9", spellings[i].name, REFUSED);
		run(NULL, CLASS_P);
		if ((r.rc == SAKSI_EREFUSED) != spellings[i].stands)
			fail_msg("%s in %s: %s", spellings[i].name, spellings[i].text,
			    r.err.msg);
		run(c8, CLASS_P);
		assert_ok();
		if (spellings[i].stands)
			assert_says("(name withheld)");
	}
	/* Another name, and what a source wrote. */
	event("Arrest", "Old Name came, and Sokh Chantee.");
	fake_add_text(&s,
	    "{'id':'p9','type':'person','class':'P','names':[{'text':'New Name'},{'text':"
	    "'Old Name','kind':'variant'}],'variants':[{'about':'names','value':'Sokh "
	    "Chantee'}]" REFUSED "}");
	run(c8, CLASS_P);
	assert_ok();
	assert_says("Person 1 (name withheld) came, and Person 1 (name withheld).");
}

static void contacts(void **state)
{
	(void)state;
	static const char *const texts[] = {"call +855 12 345 678",
	    "call 012/345-678 now", "write to Chan.The@example.org"};
	person("p9", "Another Person",
	    ",'contacts':[{'kind':'phone','text':'012 345 678'},{'kind':'email','text':"
	    "'chan.the@example.org'}]");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		event("Arrest", texts[i]);
		run(NULL, CLASS_P);
		assert_blocked(1);
		assert_words("p9", "a telephone number, e-mail or address");
		run(c8, CLASS_P);
		assert_ok();
		assert_says("[withheld]");
		assert_silent("345");
		assert_silent("han.");
	}
	person("p9", "Another Person",
	    ",'address':{'exact':'House 12, Street 271, Tuol Kork'}");
	event("Arrest", "at house 12 street 271, Tuol Kork");
	run(c8, CLASS_P);
	assert_ok();
	assert_says("at [withheld]");
	assert_silent("271");
	event("Arrest", "on 2019-07-09 012 people");
	run(NULL, CLASS_P);
	assert_ok();
}

/* A name of a victim that is above the ceiling is not in the text either. */
static void names_above_the_ceiling(void **state)
{
	(void)state;
	fake_add_text(&s,
	    "{'id':'p1','type':'person','class':'P','names':[{'text':'Keo Vanna'},"
	    "{'v':{'text':'Red Blackfox'},'class':'C'}],'consent':[" ALL_GIVEN "]}");
	event("Arrest of Red Blackfox", "Text");
	run(NULL, CLASS_P);
	assert_ok();
	assert_silent("Blackfox");
	assert_says("Arrest of Keo Vanna");
	run(NULL, CLASS_C);
	assert_ok();
	assert_says("Arrest of Red Blackfox");
}

/* ---- cost ------------------------------------------------------------------------------------ */

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A name that very many bear costs no more for each of them. */
static void many_bearers(void **state)
{
	(void)state;
	char id[20], about[400] = "";
	for (int i = 0; i < 20; i++)
		strcat(about, "Sok Chanthy, ");
	event("Arrest", about);
	for (int i = 0; i < 1500; i++) {
		snprintf(id, sizeof id, "q%d", i);
		person(id, "Sok Chanthy", "");
	}
	double from = seconds();
	run(NULL, CLASS_P);
	assert_blocked(101);
	assert_non_null(strstr(r.findings.list[r.findings.n - 1].words, "and 1400 more"));
	if (seconds() - from > 60)
		fail_msg("%f seconds", seconds() - from);
}

/* A hundred thousand names, and a text as long as a book, in one pass each. */
static void many_names(void **state)
{
	(void)state;
	struct names all;
	struct name_index index = {0};
	struct name_hits hits = {0};
	struct buf b = BUF_INIT;
	char name[60];
	memset(&all, 0, sizeof all);
	for (int i = 0; i < 40000; i++)
		buf_printf(&b, "Word%d Other%d. ", i % 997, i);
	buf_add_str(&b, "Fam99999 Giv99999");
	double from = seconds();
	name_index_add(&index, buf_cstr(&b));
	for (size_t i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "Fam%zu Giv%zu", i, i);
		assert_int_equal(name_index_may(&index, name), i == 99999);
		names_add(&all, i, NAME_WHOLE, false, name);
	}
	names_ready(&all);
	names_in(&hits, &all, buf_cstr(&b));
	assert_false(all.failed || index.failed || hits.failed);
	assert_int_equal(hits.n, 1);
	assert_int_equal(hits.list[0].owner, 99999);
	if (seconds() - from > 60)
		fail_msg("%f seconds", seconds() - from);
	free(hits.list);
	names_free(&all);
	name_index_free(&index);
	buf_free(&b);
}

/* ---- options -------------------------------------------------------------------------------- */

static enum saksi_err check_options(const char *plugin, const char *with,
    const char *const *list)
{
	struct buf bytes = BUF_INIT;
	struct host_findings f;
	char id[27];
	int fd = -1;
	fake_id(id, "itv");
	assert_int_equal(host_plugin_open(&fd, &bytes, plugin, &g_err), SAKSI_OK);
	struct host_job job = {.paths = &fixture_paths,
	    .source = &s.host,
	    .form = with,
	    .intervention = id,
	    .plugin_fd = fd,
	    .options = list,
	    .ceiling = CLASS_P,
	    .timeout_ms = 60000,
	    .max_out = 1 << 20,
	    .max_memory = UINT64_C(1) << 29};
	enum saksi_err rc = host_check(&job, &f, &g_err);
	host_findings_free(&f);
	buf_free(&bytes);
	(void)close(fd);
	return rc;
}

static void options_are_checked(void **state)
{
	(void)state;
	static const char *const wrong[] = {"widht=40", NULL};
	static const char *const right[] = {"letter=AL", "width=40", NULL};
	static const char *const colour[] = {"colour=red", NULL};
	static const char *const type[] = {"type=person", NULL};
	static const char *const no_type[] = {"type=spaceship", NULL};
	event("Arrest", "Text");
	assert_int_equal(check_options(text, form, wrong), SAKSI_EINVAL);
	assert_non_null(strstr(g_err.msg, "no option widht"));
	assert_int_equal(check_options(text, form, right), SAKSI_OK);
	assert_int_equal(check_options(csv, NULL, colour), SAKSI_EINVAL);
	assert_int_equal(check_options(csv, NULL, type), SAKSI_OK);
	assert_int_not_equal(check_options(csv, NULL, no_type), SAKSI_OK);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, submission_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(co_victim_refused),
	    TEST(co_victim_unasked),
	    TEST(anybody_of_the_vault),
	    TEST(deleted),
	    TEST(offices),
	    TEST(namesakes),
	    TEST(every_field),
	    TEST(every_spelling),
	    TEST(contacts),
	    TEST(names_above_the_ceiling),
	    TEST(many_bearers),
	    TEST(options_are_checked),
	    cmocka_unit_test(many_names),
	};
	return RUN_TESTS(tests, group_set_up, schema_teardown);
}
