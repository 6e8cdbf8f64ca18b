/*
 * submission.h - making a submission of made-up records, and what it says: the
 * case of one arrest, what blocks it, its document.
 */
#ifndef SAKSI_TESTS_SUBMISSION_H
#define SAKSI_TESTS_SUBMISSION_H

#include "host_source.h"
#include "saksi_paths.h"

#define ITV                                                                                              \
	"{'id':'itv','type':'intervention','kind':['x-sp'],'addressed_to_stated':'Government of "        \
	"Cambodia','request':'Release them','about':['%s'],'tags':['letter:UA','mandates:SR-DEFENDERS'," \
	"'urgency:ongoing'],'submitter':{'name':'Sok Dara','organisation':'LICADHO',"                    \
	"'email':'dara@example.org','confidential':'yes'}}"
#define CONSENT(purpose, answer, more) \
	"{'purpose':'" purpose "','answer':'" answer "','date':'2026-01-02'" more "}"
#define ALL_GIVEN                                                                 \
	CONSENT("share-with-un", "given", "")                                     \
	"," CONSENT("name-to-government", "given", "") "," CONSENT("name-public", \
	    "refused", "")

static struct fake_source s;
static char text[PATH_MAX + 20], form[PATH_SIZE];
static struct fixture_run r;
static const char *doc;

static inline int64_t fixed_clock(void)
{
	return INT64_C(1795286883) * 1000000; /* 2026-11-21 */
}

static inline int submission_group(void **state)
{
	schema_setup(state);
	fixture_set_paths(SAKSI_REL_RUNNER, SAKSI_REL_EXPORTERS);
	snprintf(text, sizeof text, "%s/text.so", fixture_exporters);
	data_path(form, "forms/un-sp.json");
	clock_replace(fixed_clock);
	return 0;
}

/* p1 was arrested and convicted with p2; who was asked what is each test's to say. */
static inline int arrest_set_up(void **state)
{
	(void)state;
	fake_init(&s);
	fake_add_text(&s,
	    "{'id':'i1','type':'item','class':'P','kind':'document','title':'A report',"
	    "'authors':['o1']}");
	fake_add_text(&s,
	    "{'id':'i2','type':'item','class':'P','kind':'post','title':'A post'}");
	fake_add_text(&s,
	    "{'id':'o1','type':'organisation','class':'P','names':[{'text':"
	    "'LICADHO'}],'kind':'ngo'}");
	fake_add_text(&s,
	    "{'id':'o2','type':'organisation','class':'P','names':[{'text':"
	    "'Phnom Penh Municipal Court'}],'kind':'court'}");
	fake_add_text(&s,
	    "{'id':'e1','type':'event','class':'P','title':'The arrest of Keo Vanna',"
	    "'date':'2019-07-09','place':{'country':'KH','stated':'Phnom Penh'},"
	    "'source':[{'item':'i1'}]}");
	fake_add_text(&s,
	    "{'id':'p1','type':'person','class':'P','names':[{'text':'Keo Vanna',"
	    "'kind':'name'},{'text':'Keo Vana','kind':'variant'}],'sex':'f'}");
	fake_add_text(&s,
	    "{'id':'p2','type':'person','class':'P','names':[{'text':'Bystander "
	    "Name'}]}");
	fake_add_text(&s,
	    "{'id':'a1','type':'act','class':'P','event':'e1','victim':'p1',"
	    "'kind':'04:030101000000','date':'2019-07-09','note':'VANNA KEO, and "
	    "later Vanna alone','involvement':[{'perpetrator':'o2',"
	    "'degree':'18:990000000000'}],'source':[{'item':'i1'}]}");
	fake_add_text(&s,
	    "{'id':'c1','type':'charge','class':'P','accused':['p1','p2'],"
	    "'label_stated':'incitement','date':'2019-07-11','event':'e1'}");
	fake_add_text(&s,
	    "{'id':'d1','type':'decision','class':'P','kind':'x-conviction',"
	    "'subjects':['p1'],'date':'2020-06','charges':['c1'],'authority':'o2',"
	    "'sanctions':[{'kind':'imprisonment','term':'P18M'}]}");
	return 0;
}

static inline int submission_tear_down(void **state)
{
	(void)state;
	fixture_done(&r);
	memset(&r, 0, sizeof r);
	fake_free(&s);
	return 0;
}

static inline void about(const char *what)
{
	char line[1200];
	snprintf(line, sizeof line, ITV, what);
	fake_add_text(&s, line);
}

static inline void consent(const char *entries)
{
	char line[1500];
	snprintf(line, sizeof line,
	    "{'id':'p1','type':'person','class':'P','pseudonym':'Sister M','names':[{'text':"
	    "'Keo Vanna','kind':'name'},{'text':'Keo Vana','kind':'variant'}],'sex':'f',"
	    "'consent':[%s]}",
	    entries);
	fake_add_text(&s, line);
}

static inline void submit(const char *const *options, const char *const *overrides,
    enum saksi_class ceiling)
{
	static char id[27];
	fake_id(id, "itv");
	fixture_done(&r);
	fixture_export(&r,
	    (struct host_job){.source = &s.host,
		.form = form,
		.intervention = id,
		.options = options,
		.overrides = overrides,
		.ceiling = ceiling},
	    text);
	doc = buf_cstr(&r.out);
}

static inline size_t found(const char *check, enum host_level level)
{
	size_t n = 0;
	for (size_t i = 0; i < r.findings.n; i++)
		n += strcmp(r.findings.list[i].check, check) == 0 &&
		    r.findings.list[i].level == level;
	return n;
}

static inline void assert_says(const char *what)
{
	if (!strstr(doc, what))
		fail_msg("\"%s\" is not in\n%s\n%s", what, doc, r.err.msg);
}

static inline void assert_silent(const char *what)
{
	if (strstr(doc, what))
		fail_msg("\"%s\" is in\n%s", what, doc);
}

static inline void assert_ok(void)
{
	if (r.rc != SAKSI_OK)
		fail_msg("%s %s", r.err.msg, r.findings.n ? r.findings.list[0].words : "");
}

/* Of the first finding of a check. */
static inline const char *words(const char *check)
{
	for (size_t i = 0; i < r.findings.n; i++)
		if (strcmp(r.findings.list[i].check, check) == 0)
			return r.findings.list[i].words;
	return "";
}

/* One section of the document, from its number to the next. */
static inline const char *section(const char *id)
{
	static char part[8000];
	const char *from = strstr(doc, id);
	assert_non_null(from);
	const char *to = strstr(from + 1, "[SPP.");
	size_t n = to ? (size_t)(to - from) : strlen(from);
	assert_true(n < sizeof part);
	memcpy(part, from, n);
	part[n] = '\0';
	return part;
}

static inline void assert_in(const char *id, const char *what)
{
	if (!strstr(section(id), what))
		fail_msg("\"%s\" is not in\n%s", what, section(id));
}

static inline void assert_not_in(const char *id, const char *what)
{
	if (strstr(section(id), what))
		fail_msg("\"%s\" is in\n%s", what, section(id));
}

#endif
