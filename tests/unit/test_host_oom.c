/*
 * Memory that runs out while a submission is made: each allocation fails once,
 * in turn.  Then there is no document and no list of findings, rather than one
 * with something missing in it.
 *
 * Linked with --wrap, so that our own allocations come here, and jansson's by
 * its hook.  ICU's do not.
 */
#include "host_source.h"
#include "short_memory.h"

static long planned = -1; /* the budget from where it begins to count */
static struct fake_source s;
static char form[PATH_SIZE];

/* The form has been read: that is jansson's part, which may cope by itself. */
static int get(void *ctx, const char *id, json_t **out)
{
	if (planned >= 0)
		budget = planned;
	planned = -1;
	return fake_get(ctx, id, out);
}

static int set_up(void **state)
{
	json_set_alloc_funcs(__wrap_malloc, free);
	schema_setup(state);
	data_path(form, "forms/un-sp.json");
	fake_init(&s);
	s.host.get = get;
	fake_add_text(&s,
	    "{'id':'i1','type':'item','class':'P','kind':'document','title':'A report'}");
	fake_add_text(&s,
	    "{'id':'o1','type':'organisation','class':'P','names':[{'text':'A court'}],"
	    "'kind':'court'}");
	fake_add_text(&s,
	    "{'id':'e1','type':'event','class':'P','title':'The arrest of Keo Vanna',"
	    "'description':['Text'],'date':'2019-07-09','place':{'country':'KH',"
	    "'stated':'Phnom Penh'},'source':[{'item':'i1'}]}");
	fake_add_text(&s,
	    "{'id':'p1','type':'person','class':'P','names':[{'text':'Keo Vanna'}],"
	    "'occupation':['farmer'],'consent':[{'purpose':'share-with-un','answer':'given'},"
	    "{'purpose':'name-to-government','answer':'refused'}]}");
	fake_add_text(&s,
	    "{'id':'p2','type':'person','class':'P','names':[{'text':'Sok Dara'}]}");
	fake_add_text(&s,
	    "{'id':'a1','type':'act','class':'P','event':'e1','victim':'p1',"
	    "'kind':'04:030101000000','date':'2019-07-09','involvement':[{'perpetrator':'o1',"
	    "'degree':'18:990000000000'}],'source':[{'item':'i1'}]}");
	fake_add_text(&s,
	    "{'id':'c1','type':'charge','class':'P','accused':['p1'],'label_stated':'x',"
	    "'variants':[{'about':'date','value':'2018'}],'event':'e1','court':'o1'}");
	fake_add_text(&s,
	    "{'id':'d1','type':'decision','class':'P','kind':'x-conviction',"
	    "'subjects':['p2'],'date':'2015','authority':'o1'}");
	fake_add_text(&s,
	    "{'id':'k1','type':'case','class':'P','title':'Case','subjects':['p1']}");
	fake_add_raw(&s, "{'id':'x1','type':'spaceship','class':'P'}");
	fake_add_text(&s,
	    "{'id':'v0','type':'intervention','class':'P','kind':['x-wgad'],'about':['e1'],"
	    "'request':'Earlier','impact':'44:010000000000'}");
	fake_add_text(&s,
	    "{'id':'v1','type':'intervention','class':'P','kind':['x-sp'],"
	    "'about':['p1','p2','e1','x1'],'tags':['letter:UA','mandates:SR-DEFENDERS'],"
	    "'addressed_to':['o1'],'request':'Release',"
	    "'submitter':{'name':'Dara','email':'d@example.org'}}");
	/* Whom the texts name beside the victims: asked, refused, in office, gone. */
	fake_add_text(&s,
	    "{'id':'e1','type':'event','class':'P','title':'The arrest of Keo Vanna, Meas "
	    "Sophal and Mr Sophal','description':['By Chan Makara; call 012 345 678. Told by "
	    "Prak Sitha and Ouk Borey.'],'date':'2019-07-09','place':{'country':'KH',"
	    "'stated':'Phnom Penh'},'source':[{'item':'i1'}]}");
	fake_add_text(&s,
	    "{'id':'q1','type':'person','class':'P','names':[{'text':'Meas Sophal'}],"
	    "'consent':[{'purpose':'share-with-un','answer':'refused'}],'contacts':[{"
	    "'kind':'phone','text':'+855 12 345 678'}]}");
	fake_add_text(&s,
	    "{'id':'b1','type':'act','class':'P','event':'e1','victim':'q1',"
	    "'kind':'04:030101000000','date':'2019-07-09'}");
	fake_add_text(&s,
	    "{'id':'q2','type':'person','class':'P','names':[{'text':'Chan Makara'}],"
	    "'roles':[{'role':'clerk','organisation':'o1'}]}");
	fake_add_text(&s,
	    "{'id':'q3','type':'person','class':'P','names':[{'text':'Prak Sitha'}]}");
	fake_add_text(&s,
	    "{'id':'q4','type':'person','class':'P','names':[{'text':'Ouk Borey'}]}");
	fake_delete(&s, "q4");
	return 0;
}

static int tear_down(void **state)
{
	fake_free(&s);
	return schema_teardown(state);
}

static enum saksi_err check(size_t *n)
{
	char id[27];
	struct host_findings f;
	fake_id(id, "v1");
	const struct host_job job = {.source = &s.host,
	    .form = form,
	    .intervention = id,
	    .ceiling = CLASS_P};
	enum saksi_err rc = host_check(&job, &f, NULL);
	*n = f.n;
	host_findings_free(&f);
	return rc;
}

static void submission(void **state)
{
	(void)state;
	size_t all, n;
	assert_int_equal(check(&all), SAKSI_OK);
	assert_true(all >= 4);
	for (long i = 0;; i++) {
		assert_true(i < 100000);
		refused = false;
		refuse_once = true; /* none after it: so nothing else gives it away */
		planned = i;
		enum saksi_err rc = check(&n);
		planned = budget = -1;
		if (!refused) {
			assert_int_equal(rc, SAKSI_OK);
			assert_int_equal(n, all);
			assert_true(i > 1000);
			return;
		}
		if (rc != SAKSI_ENOMEM)
			fail_msg("allocation %ld failed and the call returned %s", i,
			    saksi_err_name(rc));
	}
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(submission)};

TEST_MAIN(tests, set_up, tear_down)
