/*
 * Plain exports: the records that may go, as the interchange form and as
 * tables, the same bytes each time, and nothing above the ceiling.
 */
#include <archive.h>
#include <archive_entry.h>

#include "host_source.h"
#include "saksi_paths.h"

static struct fake_source samples, odd;
static char ndjson[PATH_MAX + 20], csv[PATH_MAX + 20], text[PATH_MAX + 20];

static int set_up(void **state)
{
	char path[PATH_SIZE];
	schema_setup(state);
	fixture_set_paths(SAKSI_REL_RUNNER, SAKSI_REL_EXPORTERS);
	snprintf(ndjson, sizeof ndjson, "%s/ndjson.so", fixture_exporters);
	snprintf(csv, sizeof csv, "%s/csv.so", fixture_exporters);
	snprintf(text, sizeof text, "%s/text.so", fixture_exporters);
	data_path(path, "samples/cambodia.ndjson");
	fake_init(&samples);
	fake_load(&samples, path);
	fake_init(&odd);
	fake_add_text(&odd,
	    "{'id':'p1','type':'person','class':'P','names':[{'text':'=cmd|calc'},{'text':'B; C'}],"
	    "'number':{'value':-3,'qualifier':'about'},'note':'line one\\nline \\\"two\\\"',"
	    "'roles':[{'role':'leader','organisation':'o1'},{'role':'member'}],"
	    "'contacts':[{'kind':'phone','text':'+855 12 345'}],"
	    "'occupation':['-farmer',{'v':'secret trade','class':'C'}],'born':'1990~',"
	    "'rivals':[{'field':'born','value':'1991','by':'dev1','at':'2026-01-01T00:00:00Z'}]}");
	fake_add_text(&odd,
	    "{'id':'o1','type':'organisation','class':'R','names':[{'text':'Secret org'}],"
	    "'kind':'ngo'}");
	fake_add_text(&odd,
	    "{'id':'i1','type':'item','class':'P','kind':'document','title':'\\uff1dSUM(A1)',"
	    "'authors':['p1']}");
	fake_add_text(&odd,
	    "{'id':'e1','type':'event','class':'P','title':'@event','place':{'country':'KH',"
	    "'lat':-12.25,'lon':104.9},'source':[{'item':'i1','locator':'p. 2'}]}");
	fake_add_text(&odd,
	    "{'id':'a1','type':'act','class':'P','event':'e1','victim':'p1',"
	    "'kind':'04:030101000000','age':17,'detention':{'warrant_shown':'no',"
	    "'facility':' + plus'},'involvement':[{'perpetrator':'o1',"
	    "'degree':'18:990000000000'}]}");
	return 0;
}

static int tear_down(void **state)
{
	fake_free(&samples);
	fake_free(&odd);
	return schema_teardown(state);
}

static size_t count(const struct buf *b, const char *what)
{
	size_t n = 0, m = strlen(what);
	for (size_t i = 0; i + m <= b->len; i++)
		n += memcmp(b->p + i, what, m) == 0;
	return n;
}

static void assert_done(const struct fixture_run *r)
{
	if (r->rc != SAKSI_OK)
		fail_msg("%s\n%s", r->err.msg, r->log);
}

static void ndjson_of_samples(void **state)
{
	(void)state;
	struct fixture_run r, again;
	struct host_job job = {.source = &samples.host, .ceiling = CLASS_S};
	fixture_export(&r, job, ndjson);
	assert_done(&r);
	assert_int_equal(r.result.records, 359);
	assert_int_equal(r.result.withheld, 0);
	assert_int_equal(count(&r.out, "\n"), 359);
	assert_int_equal(r.out.p[r.out.len - 1], '\n');
	samples.at = 0;
	fixture_export(&again, job, ndjson);
	assert_int_equal(again.out.len, r.out.len);
	assert_memory_equal(again.out.p, r.out.p, r.out.len);

	/* Each line is the record, key by key: what goes in comes out. */
	const char *p = buf_cstr(&r.out);
	for (size_t i = 0; i < 359; i++) {
		size_t n = strcspn(p, "\n");
		json_t *v = NULL;
		assert_int_equal(json_parse_line(&v, p, n, "line", &g_err), SAKSI_OK);
		assert_true(json_equal(v, json_array_get(samples.list, i)));
		json_decref(v);
		assert_memory_equal(p, "{\"id\":\"", 7);
		p += n + 1;
	}
	fixture_done(&r);
	fixture_done(&again);
	samples.at = 0;
}

static void ndjson_below_the_ceiling(void **state)
{
	(void)state;
	struct fixture_run r;
	size_t open_records = 0;
	json_t *x;
	size_t i;
	json_array_foreach (samples.list, i, x)
		open_records += schema_record_class(x) == CLASS_P;
	assert_true(open_records > 100 && open_records < 359);
	samples.at = 0;
	fixture_export(&r, (struct host_job){.source = &samples.host}, ndjson);
	assert_done(&r);
	assert_int_equal(r.result.records, open_records);
	assert_int_equal(r.result.withheld, 359 - open_records);
	assert_int_equal(count(&r.out, "\n"), open_records);
	/* Not even the id of one that stays. */
	json_array_foreach (samples.list, i, x)
		if (schema_record_class(x) > CLASS_P)
			assert_int_equal(count(&r.out,
					     json_string_value(json_object_get(x, "id"))),
			    0);
	fixture_done(&r);
	samples.at = 0;
}

static void ndjson_exactly(void **state)
{
	(void)state;
	struct fixture_run r;
	char id[27], line[600];
	odd.at = 0;
	fixture_export(&r, (struct host_job){.source = &odd.host}, ndjson);
	assert_done(&r);
	assert_int_equal(r.result.records, 4);
	assert_int_equal(r.result.withheld, 1);
	fake_id(id, "e1");
	char item[27];
	fake_id(item, "i1");
	snprintf(line, sizeof line,
	    "{\"id\":\"%s\",\"ref\":\"e1\",\"type\":\"event\",\"class\":\"P\",\"title\":\"@event\","
	    "\"place\":{\"country\":\"KH\",\"lat\":-12.25,\"lon\":104.9},"
	    "\"source\":[{\"item\":\"%s\",\"locator\":\"p. 2\"}]}\n",
	    id, item);
	if (count(&r.out, line) != 1)
		fail_msg("%s\nnot in\n%s", line, buf_cstr(&r.out));
	assert_int_equal(count(&r.out, "secret trade"), 0);
	assert_int_equal(count(&r.out, "855"), 0);
	fake_id(id, "o1");
	assert_int_equal(count(&r.out, id), 0);
	assert_int_equal(count(&r.out,
			     "\"rivals\":[{\"field\":\"born\",\"value\":\"1991\""),
	    1);
	fixture_done(&r);
}

/* ---- csv ----------------------------------------------------------------------------- */

static struct buf unzipped(const struct buf *zip, const char *name, size_t *files)
{
	struct buf out = BUF_INIT;
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	char block[512];
	la_ssize_t n;
	archive_read_support_format_zip(a);
	assert_int_equal(archive_read_open_memory(a, zip->p, zip->len), ARCHIVE_OK);
	*files = 0;
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		++*files;
		assert_int_equal(archive_entry_mtime(e), 315532800);
		assert_int_equal(archive_entry_uid(e), 0);
		while ((n = archive_read_data(a, block, sizeof block)) > 0)
			if (strcmp(archive_entry_pathname(e), name) == 0)
				buf_add(&out, block, (size_t)n);
		assert_int_equal(n, 0);
	}
	archive_read_free(a);
	return out;
}

static void csv_zip(void **state)
{
	(void)state;
	struct fixture_run r, again;
	size_t files;
	static const char *const plain[] = {"labels=no", "columns=all", "bom=no", NULL};
	const struct host_job job = {.source = &samples.host,
	    .ceiling = CLASS_C,
	    .options = plain};
	samples.at = 0;
	fixture_export(&r, job, csv);
	assert_done(&r);
	samples.at = 0;
	fixture_export(&again, job, csv);
	assert_int_equal(again.out.len, r.out.len);
	assert_memory_equal(again.out.p, r.out.p, r.out.len);
	struct buf act = unzipped(&r.out, "act.csv", &files);
	assert_int_equal(files, 12);
	assert_int_equal(count(&act, "\r\n"), 62);
	assert_int_equal(count(&act, "detention.warrant_shown"), 1);
	assert_int_equal(count(&act, "contacts"), 0);
	assert_memory_equal(act.p, "id,ref,class,event,victim,kind,", 31);
	buf_free(&act);
	fixture_done(&r);
	fixture_done(&again);
	samples.at = 0;
}

static void csv_cells(void **state)
{
	(void)state;
	static const char *const options[] = {"type=person", NULL};
	struct fixture_run r;
	odd.at = 0;
	fixture_export(&r, (struct host_job){.source = &odd.host, .options = options},
	    csv);
	assert_done(&r);
	assert_memory_equal(r.out.p, "\xef\xbb\xbfid,ref,class,names,", 22);
	assert_int_equal(count(&r.out, "\xef\xbb\xbf"), 1);
	/* Defused, quoted, joined; the whole of it in `more`. */
	assert_int_equal(count(&r.out, ",\"'=cmd|calc; B; C\","), 1);
	assert_int_equal(count(&r.out, ",'"), 0);
	assert_int_equal(count(&r.out, "\"\"names\"\":[{\"\"text\"\":\"\"=cmd|calc\"\"}"),
	    1);
	assert_int_equal(count(&r.out, ",\"'-farmer\","), 1);
	assert_int_equal(count(&r.out, "line one\nline \"\"two\"\""), 1);
	assert_int_equal(count(&r.out, "\"[{\"\"field\"\":\"\"born\"\""), 1);
	assert_int_equal(count(&r.out, "secret trade"), 0);
	assert_int_equal(count(&r.out, "\r\n"), 2);
	fixture_done(&r);

	static const char *const acts[] = {"type=act", "separator=|", NULL};
	odd.at = 0;
	fixture_export(&r, (struct host_job){.source = &odd.host, .options = acts}, csv);
	assert_done(&r);
	assert_int_equal(count(&r.out, ",\"' + plus\","), 1);
	assert_int_equal(count(&r.out, ",17,"), 1);
	fixture_done(&r);

	static const char *const events[] = {"type=event", NULL};
	odd.at = 0;
	fixture_export(&r, (struct host_job){.source = &odd.host, .options = events}, csv);
	assert_int_equal(count(&r.out, "\"'@event\""), 1);
	fixture_done(&r);

	static const char *const items[] = {"type=item", NULL};
	odd.at = 0;
	fixture_export(&r, (struct host_job){.source = &odd.host, .options = items}, csv);
	assert_int_equal(count(&r.out, "\"'\xef\xbc\x9dSUM(A1)\""), 1);
	fixture_done(&r);
}

/* Every row has as many cells as the header, whatever stands in them. */
static void csv_is_rectangular(void **state)
{
	static const char *const types[] = {"type=person", "type=act", "type=item",
	    "type=event", "type=charge", "type=decision", "type=organisation",
	    "type=intervention"};
	(void)state;
	for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
		const char *const options[] = {types[t], NULL};
		struct fixture_run r;
		samples.at = 0;
		fixture_export(&r,
		    (struct host_job){.source = &samples.host,
			.options = options,
			.ceiling = CLASS_S},
		    csv);
		assert_done(&r);
		size_t cells = 1, width = 0, rows = 0;
		bool quoted = false;
		for (size_t i = 0; i < r.out.len; i++) {
			char c = (char)r.out.p[i];
			if (c == '"')
				quoted = !quoted;
			else if (!quoted && c == ',')
				cells++;
			else if (!quoted && c == '\n') {
				assert_int_equal(r.out.p[i - 1], '\r');
				width = width ? width : cells;
				assert_int_equal(cells, width);
				cells = 1;
				rows++;
			}
		}
		assert_false(quoted);
		assert_true(rows > 1);
		fixture_done(&r);
	}
	samples.at = 0;
}

static void csv_says_its_rows(void **state)
{
	(void)state;
	static const char *const options[] = {"type=person", NULL};
	struct fixture_run r;
	odd.at = 0;
	fixture_export(&r, (struct host_job){.source = &odd.host, .options = options},
	    csv);
	assert_done(&r);
	assert_int_equal(r.result.records, 4);
	assert_string_equal(r.log, "0 1 row of type person\n");
	fixture_done(&r);
	odd.at = 0;
	fixture_export(&r, (struct host_job){.source = &odd.host}, csv);
	assert_string_equal(r.log, "");
	fixture_done(&r);
}

/* The first line of a table, without the byte order mark. */
static const char *header(const struct fixture_run *r)
{
	static char line[8000];
	const char *p = (const char *)r->out.p;
	size_t n = 0;
	while (n < r->out.len && n < sizeof line - 1 && p[n] != '\r')
		n++;
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		p += 3;
		n -= 3;
	}
	memcpy(line, p, n);
	line[n] = '\0';
	return line;
}

static void csv_export(struct fixture_run *r, struct fake_source *from,
    enum saksi_class ceiling, const char *const *options)
{
	from->at = 0;
	fixture_export(r,
	    (struct host_job){.source = &from->host,
		.ceiling = ceiling,
		.options = options},
	    csv);
	assert_done(r);
}

/* Beside codes and references stands what they are called, below the ceiling only. */
static void csv_says_what_codes_mean(void **state)
{
	(void)state;
	static const char *const options[] = {"type=act", NULL};
	struct fake_source s;
	struct fixture_run r;
	fake_init(&s);
	fake_add_text(&s,
	    "{'id':'p1','type':'person','class':'P','names':[{'kind':'alias','text':'Alias'},"
	    "{'text':'Ann, B'}]}");
	fake_add_text(&s,
	    "{'id':'p2','type':'person','class':'P','names':[{'v':{'text':'Team Name'},"
	    "'class':'C'}],'pseudonym':{'v':'Sealed Name','class':'S'}}");
	fake_add_text(&s,
	    "{'id':'o1','type':'organisation','class':'R','names':[{'text':'Inner Circle'}],"
	    "'kind':'ngo'}");
	fake_add_text(&s, "{'id':'e1','type':'event','class':'P','title':'=1+1'}");
	fake_add_text(&s,
	    "{'id':'a1','type':'act','class':'P','event':'e1','victim':'p1',"
	    "'kind':'04:030101000000','date':'2020-05','involvement':[{'perpetrator':'o1',"
	    "'degree':'18:990000000000'},{'perpetrator':'p2','degree':'18:990000000000'}]}");
	fake_add_text(&s,
	    "{'id':'a2','type':'act','class':'P','event':'e1','victim':'p2',"
	    "'kind':'04:990000000001'}");
	fake_add_text(&s,
	    "{'id':'c1','type':'charge','class':'P','accused':['p1','p2'],'act':['a1'],"
	    "'label_stated':'incitement'}");

	csv_export(&r, &s, CLASS_P, options);
	assert_string_equal(header(&r),
	    "id,ref,class,event,event_label,victim,victim_label,kind,kind_label,date,"
	    "involvement.perpetrator,involvement.perpetrator_label,involvement.degree,"
	    "involvement.degree_label,rivals,more");
	assert_int_equal(count(&r.out, ",04:030101000000,Arrest,2020-05,"), 1);
	assert_int_equal(count(&r.out, ",\"Ann, B\","), 1);
	assert_int_equal(count(&r.out, ",\"'=1+1\","), 2);
	/* A code of nobody's list stands for itself, a person without a name too. */
	assert_int_equal(count(&r.out, ",04:990000000001,04:990000000001,"), 1);
	assert_int_equal(count(&r.out, ",person,"), 2);
	assert_int_equal(count(&r.out, "Name"), 0);
	assert_int_equal(count(&r.out, "Inner"), 0);
	assert_string_equal(r.log, "0 2 rows of type act\n");
	fixture_done(&r);

	csv_export(&r, &s, CLASS_R, options);
	assert_int_equal(count(&r.out, ",\"Inner Circle; person\","), 1);
	assert_int_equal(count(&r.out, "Name"), 0);
	fixture_done(&r);
	csv_export(&r, &s, CLASS_C, options);
	assert_int_equal(count(&r.out, ",Team Name,"), 1);
	assert_int_equal(count(&r.out, "Sealed"), 0);
	fixture_done(&r);

	static const char *const charges[] = {"type=charge", NULL};
	csv_export(&r, &s, CLASS_C, charges);
	assert_int_equal(count(&r.out, ",\"Ann, B; Team Name\","), 1);
	assert_int_equal(count(&r.out, ",\"Arrest: Ann, B, 2020-05\","), 1);
	fixture_done(&r);

	/* What was not handed over has no name here: empty places, and a word on it. */
	char log[40];
	json_array_remove(s.list, 0);
	csv_export(&r, &s, CLASS_P, options);
	assert_int_equal(count(&r.out, "Ann"), 0);
	assert_int_equal(count(&r.out, "person"), 2);
	snprintf(log, sizeof log, "%.34s", r.log + strlen("0 2 rows of type act\n"));
	assert_string_equal(log, "0 1 reference without a label: the");
	fixture_done(&r);

	static const char *const codes[] = {"type=act", "labels=no", "bom=no", NULL};
	csv_export(&r, &s, CLASS_P, codes);
	assert_int_equal(count(&r.out, "_label"), 0);
	assert_int_equal(count(&r.out, "Ann"), 0);
	assert_int_equal(count(&r.out, "Arrest"), 0);
	assert_memory_equal(r.out.p, "id,", 3);
	fixture_done(&r);
	fake_free(&s);
}

/* Empty columns only where they are asked for; then always the same ones. */
static void csv_columns(void **state)
{
	(void)state;
	static const char *const all[] = {"type=act", "columns=all", NULL};
	static const char *const used[] = {"type=act", "columns=used", NULL};
	static const char *const none[] = {"type=proceeding", NULL};
	struct fixture_run r;
	static char first[8000];
	csv_export(&r, &samples, CLASS_C, all);
	snprintf(first, sizeof first, "%s", header(&r));
	fixture_done(&r);
	csv_export(&r, &odd, CLASS_P, all);
	assert_string_equal(header(&r), first);
	assert_non_null(strstr(first, ",torture.findings,"));
	assert_non_null(strstr(first, ",method,method_label,"));
	fixture_done(&r);
	csv_export(&r, &odd, CLASS_P, used);
	assert_null(strstr(header(&r), "torture"));
	assert_non_null(strstr(header(&r), ",detention.facility,"));
	fixture_done(&r);
	csv_export(&r, &odd, CLASS_P, none);
	assert_non_null(strstr(header(&r), ",title,case_number,kind,kind_label,"));
	assert_int_equal(count(&r.out, "\r\n"), 1);
	fixture_done(&r);
	samples.at = 0;
}

/* ---- records that cannot go ------------------------------------------------------------ */

static size_t found(const struct fixture_run *r, const char *check, const char *ref,
    const char *words)
{
	char id[27];
	size_t n = 0;
	fake_id(id, ref);
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct host_finding *f = &r->findings.list[i];
		n += strcmp(f->check, check) == 0 && strcmp(f->subject, id) == 0 &&
		    f->level == HOST_WARN && strstr(f->words, id) &&
		    strstr(f->words, words);
	}
	return n;
}

/* One bad record never aborts an export: it stays here and is named. */
static void bad_records(void **state)
{
	(void)state;
	struct fake_source bad;
	struct fixture_run r;
	char id[27];
	fake_init(&bad);
	fake_add_raw(&bad,
	    "{'id':'s1','type':'space\\u001b[31mship','class':'P','title':'x'}");
	fake_add_text(&bad, "{'id':'e1','type':'event','class':'P','title':'First'}");
	fake_add_raw(&bad, "{'id':'n1','type':'event','class':'P','title':'a\\u0000b'}");
	fake_add_raw(&bad,
	    "{'id':'d1','type':'event','class':'P','title':[[[[[[[[['deep']]]]]]]]]}");
	fake_add_raw(&bad, "{'id':'h1','type':'hidden','title':'above the ceiling'}");
	fake_add_text(&bad,
	    "{'id':'v1','type':'intervention','class':'P','kind':['x-sp'],'request':'Help',"
	    "'about':['s1','e1']}");
	const char *const paths[] = {ndjson, csv};
	for (size_t i = 0; i < 2; i++) {
		bad.at = 0;
		fixture_export(&r, (struct host_job){.source = &bad.host}, paths[i]);
		assert_done(&r);
		assert_int_equal(r.result.records, 2);
		assert_int_equal(r.result.withheld, 4);
		assert_int_equal(r.findings.n, 3);
		assert_int_equal(found(&r, "TYPE", "s1", "\"space\\x1b[31mship\""), 1);
		assert_int_equal(found(&r, "RECORD", "n1", "(event)"), 1);
		assert_int_equal(found(&r, "RECORD", "d1", "(event)"), 1);
		if (i == 0) {
			/* What is left out is not referred to either. */
			assert_int_equal(count(&r.out, "\n"), 2);
			fake_id(id, "s1");
			assert_int_equal(count(&r.out, id), 0);
			fake_id(id, "e1");
			assert_int_equal(count(&r.out, id), 2);
		}
		fixture_done(&r);
	}
	/* At every ceiling, and when there is nothing else. */
	bad.at = 0;
	fixture_export(&r, (struct host_job){.source = &bad.host, .ceiling = CLASS_S},
	    ndjson);
	assert_done(&r);
	assert_int_equal(found(&r, "TYPE", "h1", "\"hidden\""), 1);
	assert_int_equal(r.result.withheld, 4);
	fixture_done(&r);
	fake_free(&bad);

	/* Thousands are counted, not listed. */
	fake_init(&bad);
	for (int i = 0; i < 150; i++) {
		char line[100];
		snprintf(line, sizeof line, "{'id':'x%d','type':'spaceship','class':'P'}",
		    i);
		fake_add_raw(&bad, line);
	}
	fixture_export(&r, (struct host_job){.source = &bad.host}, ndjson);
	assert_done(&r);
	assert_int_equal(r.result.records, 0);
	assert_int_equal(r.result.withheld, 150);
	assert_int_equal(r.findings.n, 101);
	assert_non_null(strstr(r.findings.list[100].words, "and 50 more"));
	fixture_done(&r);
	fake_free(&bad);
}

/* ---- refusals ----------------------------------------------------------------------- */

static void assert_refused(struct host_job job, const char *path, const char *says)
{
	struct fixture_run r;
	odd.at = 0;
	fixture_export(&r, job, path);
	assert_int_not_equal(r.rc, SAKSI_OK);
	if (!strstr(r.err.msg, says) && !strstr(r.log, says))
		fail_msg("%s\n%s", r.err.msg, r.log);
	fixture_done(&r);
}

static void refused(void **state)
{
	(void)state;
	static const char *const unknown[] = {"no-such=1", NULL};
	static const char *const bare[] = {"bom", NULL};
	static const char *const bad[] = {"bom=maybe", NULL};
	static const char *const type[] = {"type=martian", NULL};
	const struct host_source *s = &odd.host;
	assert_refused((struct host_job){.source = s, .options = unknown}, csv,
	    "no option no-such; it takes: type, labels, columns, bom, separator");
	assert_refused((struct host_job){.source = s, .options = unknown}, ndjson,
	    "takes: none");
	assert_refused((struct host_job){.source = s, .options = bare}, csv, "KEY=VALUE");
	assert_refused((struct host_job){.source = s, .options = bad}, csv, "yes or no");
	assert_refused((struct host_job){.source = s, .options = type}, csv,
	    "no record type");
	assert_refused((struct host_job){.source = s}, text, "takes no records");
	assert_refused((struct host_job){.source = s, .max_out = 100}, ndjson,
	    "larger than the limit");
	assert_refused((struct host_job){.source = s, .max_out = 100}, csv,
	    "larger than the limit");
	assert_refused((struct host_job){.source = s, .max_memory = 1}, csv, "");
	assert_refused((struct host_job){.source = s, .timeout_ms = 1}, csv,
	    "within its limit");
}

/* A source that fails at any call fails the export, and leaves no process. */
static void failing_source(void **state)
{
	(void)state;
	for (int n = 0; n < 12; n++) {
		odd.fail_after = n;
		assert_refused((struct host_job){.source = &odd.host}, ndjson,
		    "reading records");
	}
	odd.fail_after = -1;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ndjson_of_samples),
    cmocka_unit_test(ndjson_below_the_ceiling),
    cmocka_unit_test(ndjson_exactly),
    cmocka_unit_test(csv_zip),
    cmocka_unit_test(csv_cells),
    cmocka_unit_test(csv_is_rectangular),
    cmocka_unit_test(csv_says_its_rows),
    cmocka_unit_test(csv_says_what_codes_mean),
    cmocka_unit_test(csv_columns),
    cmocka_unit_test(bad_records),
    cmocka_unit_test(refused),
    cmocka_unit_test(failing_source),
};

TEST_MAIN(tests, set_up, tear_down)
