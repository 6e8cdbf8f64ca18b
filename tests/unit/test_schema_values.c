/*
 * Each kind of value: what it may be, what its canonical shape is, and what a
 * fault says.
 */
#include "schema_fixture.h"

struct value_case {
	const char *type, *path;
	const char *in;
	const char *out; /* NULL: a fault */
	const char *key; /* of the fault; NULL: the field's path */
};

static bool resolve_known(void *ctx, const char *text, const char *to, char out[27])
{
	(void)ctx;
	if (strncmp(text, "known", 5) != 0 ||
	    (strcmp(to, "event") == 0 && strcmp(text, "known") != 0))
		return false;
	memcpy(out, "00000000000000000000000000", 27);
	out[25] = text[5] == '\0' ? '0' : text[5];
	return true;
}

static json_t *canonical(const char *type, const char *path, const char *in,
    const struct schema_resolver *res)
{
	json_t *v = json_of(in), *out = NULL;
	faults_clear();
	assert_int_equal(schema_canonical(&out, schema, field_of(type, path), v, res, 3,
			     &faults, &g_err),
	    SAKSI_OK);
	json_decref(v);
	assert_true((out == NULL) == (faults.n_errors != 0));
	return out;
}

/* No fault repeats what stood in the record: here always ZZ or zz. */
static void check_words(void)
{
	for (size_t i = 0; i < faults.n; i++) {
		assert_null(strstr(faults.list[i].words, "ZZ"));
		assert_null(strstr(faults.list[i].words, "zz"));
		assert_int_equal(faults.list[i].line, 3);
		assert_true(strlen(faults.list[i].words) > 10);
	}
}

static void check_cases(const struct value_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *v = canonical(c[i].type, c[i].path, c[i].in, NULL);
		if (strcmp(json_show(v), c[i].out != NULL ? c[i].out : "NULL") != 0)
			fail_msg("%s of %s: %s, not %s", c[i].path, c[i].in, json_show(v),
			    c[i].out != NULL ? c[i].out : "a fault");
		if (c[i].out == NULL)
			assert_string_equal(faults.list[0].key,
			    c[i].key != NULL ? c[i].key : c[i].path);
		check_words();
		/* Canonical means that doing it again changes nothing. */
		json_t *again = NULL;
		if (v != NULL)
			again = canonical(c[i].type, c[i].path, c[i].out, NULL);
		assert_true(json_equal(v, again) || v == NULL);
		json_decref(again);
		json_decref(v);
	}
}
#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof((cases)[0]))

static void test_text(void **state)
{
	static const struct value_case cases[] = {
	    {"case", "title", "'zz'", "'zz'", NULL},
	    {"case", "title", "'  zz  '", "'  zz  '", NULL},
	    {"case", "title", "'e\xcc\x81'", "'\xc3\xa9'", NULL},
	    {"case", "title", "'\\u1780\\u17d2\\u1798\\u17c2\\u179a'",
		"'\xe1\x9e\x80\xe1\x9f\x92\xe1\x9e\x98\xe1\x9f\x82\xe1\x9e\x9a'", NULL},
	    {"case", "title", "''", NULL, NULL},
	    {"case", "title", "null", NULL, NULL},
	    {"case", "title", "1", NULL, NULL},
	    {"case", "title", "['zz']", NULL, NULL},
	    {"case", "title", "{'zz': 1}", NULL, NULL},
	    {"case", "title", "'zz\\nzz'", NULL, NULL},
	    {"case", "title", "'zz\\tzz'", NULL, NULL},
	    {"case", "title", "'zz\\u001b[31m'", NULL, NULL},
	    {"case", "title", "'zz\\u007f'", NULL, NULL},
	    {"case", "title", "'zz\\u009b'", NULL, NULL},
	    {"case", "note", "'zz\\nzz\\tzz'", "'zz\\nzz\\tzz'", NULL},
	    {"case", "note", "'zz\\r\\nzz'", "'zz\\nzz'", NULL},
	    {"case", "note", "'zz\\rzz'", NULL, NULL},
	    {"case", "note", "'zz\\u0000zz'", NULL, NULL},
	    {"case", "tags", "'zz'", "'zz'", NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_text_limits(void **state)
{
	static const struct {
		const char *path;
		size_t n;
		bool good;
	} sizes[] = {{"title", 64u << 10, true}, {"title", (64u << 10) + 1, false},
	    {"note", 1u << 20, true}, {"note", (1u << 20) + 1, false}};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *s = malloc(sizes[i].n + 1);
		json_t *out = NULL;
		assert_non_null(s);
		memset(s, 'z', sizes[i].n);
		s[sizes[i].n] = '\0';
		json_t *v = json_string(s);
		faults_clear();
		assert_int_equal(schema_canonical(&out, schema,
				     field_of("case", sizes[i].path), v, NULL, 0, &faults,
				     &g_err),
		    SAKSI_OK);
		assert_true((out != NULL) == sizes[i].good);
		json_decref(out);
		json_decref(v);
		free(s);
	}
}

static void test_codes(void **state)
{
	static const struct value_case cases[] = {
	    {"act", "kind", "'04:030101000000'", "'04:030101000000'", NULL},
	    {"act", "kind", "'x-slapp'", "'x-slapp'", NULL},
	    {"act", "kind", "'05:010100000000'", NULL, NULL},
	    {"act", "kind", "'x-conviction'", NULL, NULL},
	    {"act", "kind", "'04:03010100000'", NULL, NULL},
	    {"act", "kind", "'030101000000'", NULL, NULL},
	    {"act", "kind", "'04:0301010000zz'", NULL, NULL},
	    {"act", "kind", "'Arrest zz'", NULL, NULL},
	    {"act", "kind", "'x-'", NULL, NULL},
	    {"act", "kind", "'x-ZZ'", NULL, NULL},
	    {"act", "kind", "'x-a--b'", NULL, NULL},
	    {"act", "kind", "4", NULL, NULL},
	    {"act", "local_kind", "'x-slapp'", "'x-slapp'", NULL},
	    {"act", "local_kind", "'04:030101000000'", NULL, NULL},
	    {"act", "local_kind", "'x-web'", NULL, NULL},
	    {"person", "sex", "'f'", "'f'", NULL},
	    {"person", "sex", "'female zz'", NULL, NULL},
	    {"organisation", "kind", "'ngo'", "'ngo'", NULL},
	    {"organisation", "kind", "'NGO'", NULL, NULL},
	    {"organisation", "court_level", "'first instance'", "'first instance'", NULL},
	    {"event", "violation_status", "'41:010100000000'", "'41:010100000000'", NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_unknown_codes_warn(void **state)
{
	static const char *const cases[][3] = {{"act", "kind", "'04:990000000000'"},
	    {"act", "kind", "'x-zz'"}, {"act", "method", "'05:990000000000'"},
	    {"organisation", "kind", "'x-zz'"}, {"decision", "kind", "'x-zz'"},
	    {"act", "death.autopsy", "'34:010000000000'"}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *v = canonical(cases[i][0], cases[i][1], cases[i][2], NULL);
		assert_string_equal(json_show(v), cases[i][2]);
		assert_int_equal(faults.n, 1);
		assert_true(faults.list[0].warning);
		check_words();
		json_decref(v);
	}
	json_t *v = canonical("person", "sex", "'ff'", NULL);
	assert_null(v);
	assert_non_null(strstr(faults.list[0].words, "did you mean \"f\"?"));
}

static int64_t in_march_2026(void)
{
	return (int64_t)day_from_civil(2026, 3, 8) * 86400 * 1000000;
}

/* What is well formed and yet hardly meant: kept, with a word. */
static void test_doubtful_values_warn(void **state)
{
	static const struct {
		const char *type, *field, *value;
		bool warned;
	} cases[] = {
	    {"event", "date", "'2026-03-09'", false}, /* somewhere it is tomorrow */
	    {"event", "date", "'2026-03-10'", true},
	    {"event", "date", "'2026'", false},
	    {"event", "date", "'2026-03/2027'", false},
	    {"event", "date", "'../2099'", false},
	    {"event", "date", "{'edtf': '2962', 'stated': 'x'}", true},
	    {"decision", "next_date", "'2026-05'", false},
	    {"person", "citizenship", "'KH'", false},
	    {"person", "citizenship", "'XX'", true},
	    {"act", "place", "{'country': 'UK'}", true},
	    {"act", "place", "{'country': 'KH', 'subdivision': 'KH-12'}", false},
	    {"act", "place", "{'subdivision': 'KX-12'}", true},
	};
	(void)state;
	clock_replace(in_march_2026);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *v =
		    canonical(cases[i].type, cases[i].field, cases[i].value, NULL);
		assert_non_null(v);
		json_decref(v);
		if (faults.n != cases[i].warned || faults.n_errors != 0)
			fail_msg("%s: %zu faults", cases[i].value, faults.n);
		if (cases[i].warned) {
			assert_true(faults.list[0].warning);
			check_words();
		}
	}
	clock_replace(NULL);
}

/* The day is named, and how it is written. */
static void test_date_says_what_is_wrong(void **state)
{
	(void)state;
	assert_null(canonical("event", "date", "'2026-02-30'", NULL));
	assert_non_null(strstr(faults.list[0].words, "February 2026 has 28 days"));
	assert_null(canonical("event", "date", "'8/3/2026'", NULL));
	assert_non_null(strstr(faults.list[0].words, "write 2026-03-08 or 2026-08-03"));
}

static void refuse_words(void *ctx, const char *text, const char *to,
    char words[SCHEMA_WORDS])
{
	assert_ptr_equal(ctx, &schema);
	(void)snprintf(words, SCHEMA_WORDS, "%s is no %s; ask", text, to);
}

static bool refuse_all(void *ctx, const char *text, const char *to, char out[27])
{
	(void)ctx, (void)text, (void)to, (void)out;
	return false;
}

static void test_resolver_says_why(void **state)
{
	struct schema_resolver r = {refuse_all, &schema, false, refuse_words};
	(void)state;
	assert_null(canonical("act", "victim", "'per-x'", &r));
	assert_string_equal(faults.list[0].words, "per-x is no party; ask");
}

/* A slip in a label is as good as one in a code. */
static void test_code_nearest(void **state)
{
	(void)state;
	assert_null(canonical("act", "kind", "'Arest'", NULL));
	assert_non_null(strstr(faults.list[0].words, "did you mean \"Arrest\"?"));
	assert_null(canonical("act", "kind", "'04:123'", NULL));
	assert_non_null(strstr(faults.list[0].words, "`saksi schema --codes 04`"));
}

static void test_dates(void **state)
{
	static const struct value_case cases[] = {
	    {"act", "date", "'2019-07-09'", "'2019-07-09'", NULL},
	    {"act", "date", "{'edtf': '2019'}", "'2019'", NULL},
	    {"act", "date", "{'edtf': '2019', 'basis': 'stated'}", "'2019'", NULL},
	    {"act", "date", "{'edtf': '2019', 'basis': 'derived'}",
		"{'basis':'derived','edtf':'2019'}", NULL},
	    {"act", "date", "{'edtf': '2019', 'basis': 'stated', 'stated': 'in 2019'}",
		"{'edtf':'2019','stated':'in 2019'}", NULL},
	    {"act", "date", "{'basis': 'unknown'}", "{'basis':'unknown'}", NULL},
	    {"act", "date", "{'stated': 'recently'}", "{'stated':'recently'}", NULL},
	    {"act", "date", "'[2019-07..2019-08]'", "'[2019-07..2019-08]'", NULL},
	    {"act", "date", "'2019-07/..'", "'2019-07/..'", NULL},
	    {"act", "date", "'2019~'", "'2019~'", NULL},
	    {"act", "date", "'9 July 2019 ZZ'", NULL, NULL},
	    {"act", "date", "'2019-13'", NULL, NULL},
	    {"act", "date", "'2019-02-29'", NULL, NULL},
	    {"act", "date", "2019", NULL, NULL},
	    {"act", "date", "{}", NULL, NULL},
	    {"act", "date", "{'note': 'zz'}", NULL, NULL},
	    {"act", "date", "{'basis': 'derived', 'stated': 'zz'}", NULL, NULL},
	    {"act", "date", "{'edtf': '2019', 'basis': 'guessed zz'}", NULL, "date.basis"},
	    {"act", "date", "{'edtf': '2019', 'when': 'zz'}", NULL, "date.when"},
	    {"act", "date", "{'edtf': 'zz'}", NULL, "date.edtf"},
	    {"act", "date", "{'edtf': 2019}", NULL, "date.edtf"},
	};
	(void)state;
	CHECK(cases);
}

static void test_times(void **state)
{
	static const struct value_case cases[] = {
	    {"item", "collected", "'2021-05-31T08:15:00Z'", "'2021-05-31T08:15:00Z'",
		NULL},
	    {"item", "collected", "'2021-05-31T08:15:00.000Z'", "'2021-05-31T08:15:00Z'",
		NULL},
	    {"item", "collected", "'2021-05-31T08:15:00.1200Z'",
		"'2021-05-31T08:15:00.12Z'", NULL},
	    {"item", "collected", "'1969-12-31T23:59:59.5Z'", "'1969-12-31T23:59:59.5Z'",
		NULL},
	    {"item", "collected", "'2021-05-31'", NULL, NULL},
	    {"item", "collected", "'2021-05-31T08:15:00+07:00'", NULL, NULL},
	    {"item", "collected", "'2021-02-30T08:15:00Z'", NULL, NULL},
	    {"item", "collected", "'2021-05-31T24:00:00Z'", NULL, NULL},
	    {"item", "collected", "0", NULL, NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_names(void **state)
{
	static const struct value_case cases[] = {
	    {"person", "names", "{'text': 'Z'}", "{'text':'Z'}", NULL},
	    {"person", "names", "'Z'", "{'text':'Z'}", NULL},
	    {"person", "names", "{'text': 'Z', 'kind': 'name'}", "{'text':'Z'}", NULL},
	    {"person", "names",
		"{'text': 'Z', 'kind': 'alias', 'script': 'latn', 'lang': 'KM-latn'}",
		"{'kind':'alias','lang':'km-Latn','script':'Latn','text':'Z'}", NULL},
	    {"person", "names",
		"{'text': 'Z', 'order': 'family-first', 'note': 'n', 'source': []}",
		"{'note':'n','order':'family-first','text':'Z'}", NULL},
	    {"person", "names", "{'text': 'Z', 'source': ['i', {'item': 'i'}]}",
		"{'source':[{'item':'i'}],'text':'Z'}", NULL},
	    {"person", "names", "{'kind': 'name'}", NULL, "names.text"},
	    {"person", "names", "{'text': ''}", NULL, "names.text"},
	    {"person", "names", "{'text': 'ZZ', 'kind': 'nickname'}", NULL, "names.kind"},
	    {"person", "names", "{'text': 'ZZ', 'script': 'Latin'}", NULL, "names.script"},
	    {"person", "names", "{'text': 'ZZ', 'order': 'western'}", NULL, "names.order"},
	    {"person", "names", "{'text': 'ZZ', 'source': 'i'}", NULL, "names.source"},
	    {"person", "names", "{'text': 'ZZ', 'source': [{'locator': 'p'}]}", NULL,
		"names.item"},
	    {"person", "names", "{'txt': 'ZZ'}", NULL, "names.txt"},
	    {"person", "names", "3", NULL, NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_places(void **state)
{
	static const struct value_case cases[] = {
	    {"act", "place", "{'country': 'kh'}", "{'country':'KH'}", NULL},
	    {"act", "place", "{'country': 'KH', 'subdivision': 'KH-12', 'stated': 'Z'}",
		"{'country':'KH','stated':'Z','subdivision':'KH-12'}", NULL},
	    {"act", "place", "{'lat': 11.50, 'lon': 104.0}", "{'lat':11.5,'lon':104}",
		NULL},
	    {"act", "place", "{'lat': -90, 'lon': 180}", "{'lat':-90,'lon':180}", NULL},
	    {"act", "place", "{'lat': -0.0, 'lon': 0}", "{'lat':0,'lon':0}", NULL},
	    {"act", "place", "{'type': '17:030600000000', 'exact': 'Z'}",
		"{'exact':'Z','type':'17:030600000000'}", NULL},
	    {"act", "place", "{'lat': 90.1, 'lon': 1}", NULL, "place.lat"},
	    {"act", "place", "{'lat': 1, 'lon': -181}", NULL, "place.lon"},
	    {"act", "place", "{'lat': 1}", NULL, NULL},
	    {"act", "place", "{'lat': '1', 'lon': 1}", NULL, "place.lat"},
	    {"act", "place", "{'country': 'KHM'}", NULL, "place.country"},
	    {"act", "place", "{'subdivision': 'KH12'}", NULL, "place.subdivision"},
	    {"act", "place", "{'country': 'TH', 'subdivision': 'KH-12'}", NULL, NULL},
	    {"act", "place", "{'type': '04:030101000000'}", NULL, "place.type"},
	    {"act", "place", "'Phnom Penh ZZ'", NULL, NULL},
	    {"act", "place", "{}", NULL, NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_numbers(void **state)
{
	static const struct value_case cases[] = {
	    {"person", "number", "22", "{'value':22}", NULL},
	    {"person", "number", "{'value': 22.0}", "{'value':22}", NULL},
	    {"person", "number", "{'value': 2.5, 'qualifier': 'about'}",
		"{'qualifier':'about','value':2.5}", NULL},
	    {"person", "number", "{'stated': 'dozens'}", "{'stated':'dozens'}", NULL},
	    {"person", "number", "{'qualifier': 'about'}", NULL, NULL},
	    {"person", "number", "{'value': '22'}", NULL, "number.value"},
	    {"person", "number", "'22'", NULL, NULL},
	    {"act", "age", "15", "15", NULL},
	    {"act", "age", "15.0", "15", NULL},
	    {"act", "age", "15.5", NULL, NULL},
	    {"act", "age", "'15'", NULL, NULL},
	    {"act", "age", "1e300", NULL, NULL},
	    {"act", "age", "true", NULL, NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_money(void **state)
{
	static const struct value_case cases[] = {
	    {"act", "amount", "{'amount': '4000000', 'currency': 'KHR'}",
		"{'amount':'4000000','currency':'KHR'}", NULL},
	    {"act", "amount", "{'amount': 500, 'currency': 'USD'}",
		"{'amount':'500','currency':'USD'}", NULL},
	    {"act", "amount", "{'amount': '0.50', 'currency': 'USD'}",
		"{'amount':'0.50','currency':'USD'}", NULL},
	    {"act", "amount", "{'stated': 'a fine'}", "{'stated':'a fine'}", NULL},
	    {"act", "amount", "{'amount': 0.5, 'currency': 'USD'}", NULL, "amount.amount"},
	    {"act", "amount", "{'amount': '4,000', 'currency': 'USD'}", NULL,
		"amount.amount"},
	    {"act", "amount", "{'amount': '-4', 'currency': 'USD'}", NULL,
		"amount.amount"},
	    {"act", "amount", "{'amount': '04', 'currency': 'USD'}", NULL,
		"amount.amount"},
	    {"act", "amount", "{'amount': '4.', 'currency': 'USD'}", NULL,
		"amount.amount"},
	    {"act", "amount", "{'amount': '.5', 'currency': 'USD'}", NULL,
		"amount.amount"},
	    {"act", "amount", "{'amount': '1e3', 'currency': 'USD'}", NULL,
		"amount.amount"},
	    {"act", "amount", "{'amount': '', 'currency': 'USD'}", NULL, "amount.amount"},
	    {"act", "amount", "{'amount': '4', 'currency': 'usd'}", NULL,
		"amount.currency"},
	    {"act", "amount", "{'amount': '4'}", NULL, NULL},
	    {"act", "amount", "{'currency': 'USD'}", NULL, NULL},
	    {"act", "amount", "'4 USD'", NULL, NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_sanctions(void **state)
{
	static const struct value_case cases[] = {
	    {"decision", "sanctions", "{'kind': 'imprisonment', 'term': 'P18M'}",
		"{'kind':'imprisonment','term':'P18M'}", NULL},
	    {"decision", "sanctions", "{'kind': 'imprisonment', 'term': 'LIFE'}",
		"{'kind':'imprisonment','term':'LIFE'}", NULL},
	    {"decision", "sanctions", "{'kind': 'fine', 'collective': false}",
		"{'kind':'fine'}", NULL},
	    {"decision", "sanctions", "{'kind': 'fine', 'collective': 'yes'}",
		"{'collective':true,'kind':'fine'}", NULL},
	    {"decision", "sanctions",
		"{'kind': 'imprisonment', 'term_min': 'P1Y', 'term_max': 'P18M',"
		"'suspended': 'remainder'}",
		"{'kind':'imprisonment','suspended':'remainder','term_max':'P18M','term_min':'P1Y'}",
		NULL},
	    {"decision", "sanctions",
		"{'kind': 'fine', 'money': {'amount': 5, 'currency': 'USD'}}",
		"{'kind':'fine','money':{'amount':'5','currency':'USD'}}", NULL},
	    {"decision", "sanctions", "{'term': 'P18M'}", NULL, "sanctions.kind"},
	    {"decision", "sanctions", "{'kind': 'flogging'}", NULL, "sanctions.kind"},
	    {"decision", "sanctions", "{'kind': 'fine', 'term': '18 months zz'}", NULL,
		"sanctions.term"},
	    {"decision", "sanctions",
		"{'kind': 'fine', 'term': 'P1Y', 'term_max': 'P2Y'}", NULL, NULL},
	    {"decision", "sanctions", "{'kind': 'fine', 'suspended': 'half'}", NULL,
		"sanctions.suspended"},
	    {"decision", "sanctions", "{'kind': 'fine', 'collective': 'unknown'}", NULL,
		"sanctions.collective"},
	    {"decision", "sanctions", "{'kind': 'fine', 'money': {'amount': 'zz'}}", NULL,
		"sanctions.amount"},
	    {"decision", "sanctions", "{'kind': 'fine', 'money': 5}", NULL,
		"sanctions.money"},
	};
	(void)state;
	CHECK(cases);
}

static void test_short_strings(void **state)
{
	static const struct value_case cases[] = {
	    {"item", "held", "true", "'yes'", NULL},
	    {"item", "held", "false", "'no'", NULL},
	    {"item", "held", "'unknown'", "'unknown'", NULL},
	    {"item", "held", "'Yes'", NULL, NULL},
	    {"item", "held", "1", NULL, NULL},
	    {"item", "held", "null", NULL, NULL},
	    {"person", "citizenship", "'ES'", "'ES'", NULL},
	    {"person", "citizenship", "'es'", "'ES'", NULL},
	    {"person", "citizenship", "'ESP'", NULL, NULL},
	    {"person", "citizenship", "'E1'", NULL, NULL},
	    {"item", "language", "'en'", "'en'", NULL},
	    {"item", "language", "'KM-LATN'", "'km-Latn'", NULL},
	    {"item", "language", "'zh-cmn-hans-cn'", "'zh-cmn-Hans-CN'", NULL},
	    {"item", "language", "'de-1996-u-co-phonebk-x-a'",
		"'de-1996-u-co-phonebk-x-a'", NULL},
	    {"item", "language", "'es-419'", "'es-419'", NULL},
	    {"item", "language", "'x-team'", "'x-team'", NULL},
	    {"item", "language", "'English zz'", NULL, NULL},
	    {"item", "language", "'e'", NULL, NULL},
	    {"item", "language", "'en-'", NULL, NULL},
	    {"item", "language", "'en--gb'", NULL, NULL},
	    {"item", "language", "'-en'", NULL, NULL},
	    {"item", "language", "'en-u'", NULL, NULL},
	    {"item", "language", "'en-x'", NULL, NULL},
	    {"item", "language", "'en-a-bb-a-cc'", NULL, NULL},
	    {"item", "language", "'de-1996-1996'", NULL, NULL},
	    {"item", "language", "'en_GB'", NULL, NULL},
	    {"item", "language", "'abcdefghi'", NULL, NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_sources(void **state)
{
	static const struct value_case cases[] = {
	    {"act", "source", "'i'", "{'item':'i'}", NULL},
	    {"act", "source", "{'item': 'i', 'locator': 'lines 3'}",
		"{'item':'i','locator':'lines 3'}", NULL},
	    {"act", "source", "{'v': 'i', 'class': 'S'}",
		"{'class':'S','v':{'item':'i'}}", NULL},
	    {"act", "source", "{'locator': 'zz'}", NULL, "source.item"},
	    {"act", "source", "{'item': 'i', 'page': 3}", NULL, "source.page"},
	    {"act", "source", "{'item': ''}", NULL, "source.item"},
	    {"act", "source", "[]", NULL, NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_groups(void **state)
{
	static const struct value_case cases[] = {
	    {"act", "involvement", "{'degree': '18:010100000000', 'perpetrator': 'o'}",
		"{'degree':'18:010100000000','perpetrator':'o'}", NULL},
	    {"act", "involvement", "{'v': {'degree': '18:010100000000'}, 'class': 'S'}",
		"{'class':'S','v':{'degree':'18:010100000000'}}", NULL},
	    {"act", "involvement", "{'degree': {'v': '18:010100000000', 'note': 'n'}}",
		"{'degree':{'note':'n','v':'18:010100000000'}}", NULL},
	    {"person", "roles", "{'role': 'r', 'source': []}", "{'role':'r'}", NULL},
	    {"person", "roles",
		"{'role': 'r', 'source': ['i', 'i'], 'from': {'edtf': '2019'}}",
		"{'from':'2019','role':'r','source':[{'item':'i'}]}", NULL},
	    {"act", "involvement", "{'perpetrator': 'zz'}", NULL, "involvement.degree"},
	    {"act", "involvement", "{'degre': 'zz', 'degree': '18:010100000000'}", NULL,
		"involvement.degre"},
	    {"act", "involvement",
		"{'degree': '18:010100000000', 'type': '18:010100000000'}", NULL,
		"involvement.type"},
	    {"act", "involvement", "'zz'", NULL, NULL},
	    {"act", "involvement", "{}", NULL, "involvement.degree"},
	    {"act", "arbitrariness", "{'v': {'v': {'category': 'i'}}}", NULL, NULL},
	    {"item", "verification", "{}", NULL, NULL},
	    {"person", "roles", "{'role': 'r', 'source': 'i'}", NULL, "roles.source"},
	    {"act", "detention", "{'facility': 'zz'}", NULL, NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_wrappers(void **state)
{
	static const struct value_case cases[] = {
	    {"case", "title", "{'v': 'z'}", "'z'", NULL},
	    {"case", "title", "{'v': 'z', 'source': []}", "'z'", NULL},
	    {"case", "title",
		"{'v': 'z', 'class': 'S', 'source': ['i'], 'status': 'disputed',"
		"'note': 'n'}",
		"{'class':'S','note':'n','source':[{'item':'i'}],'status':'disputed','v':'z'}",
		NULL},
	    {"act", "date", "{'v': {'edtf': '2019'}, 'class': 'R'}",
		"{'class':'R','v':'2019'}", NULL},
	    {"case", "title", "{'v': {'v': 'zz'}}", NULL, NULL},
	    {"case", "title", "{'v': null}", NULL, NULL},
	    {"case", "title", "{'v': 'zz', 'class': 'X'}", NULL, "title.class"},
	    {"case", "title", "{'v': 'zz', 'class': 'P R'}", NULL, "title.class"},
	    {"case", "title", "{'v': 'zz', 'class': ''}", NULL, "title.class"},
	    {"case", "title", "{'v': 'zz', 'status': 'true'}", NULL, "title.status"},
	    {"case", "title", "{'v': 'zz', 'by': 'zz'}", NULL, "title.by"},
	};
	(void)state;
	CHECK(cases);
}

static void test_attachment(void **state)
{
	static const struct value_case cases[] = {
	    {"item", "attachment", "{'sha256': 'ab', 'size': 5}",
		"{'sha256':'ab','size':5}", NULL},
	    {"item", "attachment", "'zz'", NULL, NULL},
	    {"item", "attachment", "{}", NULL, NULL},
	    {"item", "attachment", "{'zz': []}", NULL, NULL},
	    {"item", "attachment", "{'ZZ': 'a'}", NULL, NULL},
	};
	(void)state;
	CHECK(cases);
}

static void test_references(void **state)
{
	struct schema_resolver res = {resolve_known, NULL, false, NULL};
	(void)state;
	json_t *v = canonical("act", "event", "'known'", &res);
	assert_string_equal(json_show(v), "'00000000000000000000000000'");
	json_decref(v);
	/* The right name, but not an event. */
	assert_null(canonical("act", "event", "'known2'", &res));
	assert_null(canonical("act", "event", "'zz'", &res));
	assert_non_null(strstr(faults.list[0].words, "no event"));
	check_words();
	assert_null(canonical("act", "victim", "'zz'", &res));
	assert_non_null(strstr(faults.list[0].words, "person or organisation"));
	res.allow_dangling = true;
	v = canonical("act", "event", "'zz'", &res);
	assert_string_equal(json_show(v), "'zz'");
	json_decref(v);
	/* Sources resolve too, wherever they stand; equal ones then collapse. */
	v = canonical("person", "names",
	    "{'text': 'Z', 'source': ['known', {'item': 'known'}]}", &res);
	assert_string_equal(json_show(v),
	    "{'source':[{'item':'00000000000000000000000000'}],'text':'Z'}");
	json_decref(v);
	assert_null(canonical("act", "event", "'zz\\u0001'", &res));
	assert_null(canonical("act", "event", "''", &res));
	assert_null(canonical("act", "event", "{'id': 'zz'}", &res));
	check_words();
}

static void test_suggestions(void **state)
{
	(void)state;
	assert_null(canonical("act", "date", "{'edft': '2019'}", NULL));
	assert_string_equal(faults.list[0].key, "date.edft");
	assert_non_null(strstr(faults.list[0].words, "did you mean edtf"));
	assert_null(canonical("act", "date", "{'something': '2019'}", NULL));
	assert_null(strstr(faults.list[0].words, "did you mean"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_text),
    cmocka_unit_test(test_text_limits),
    cmocka_unit_test(test_codes),
    cmocka_unit_test(test_unknown_codes_warn),
    cmocka_unit_test(test_doubtful_values_warn),
    cmocka_unit_test(test_date_says_what_is_wrong),
    cmocka_unit_test(test_resolver_says_why),
    cmocka_unit_test(test_code_nearest),
    cmocka_unit_test(test_dates),
    cmocka_unit_test(test_times),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_places),
    cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_money),
    cmocka_unit_test(test_sanctions),
    cmocka_unit_test(test_short_strings),
    cmocka_unit_test(test_sources),
    cmocka_unit_test(test_groups),
    cmocka_unit_test(test_wrappers),
    cmocka_unit_test(test_attachment),
    cmocka_unit_test(test_references),
    cmocka_unit_test(test_suggestions),
};

TEST_MAIN(tests, schema_setup, schema_teardown)
