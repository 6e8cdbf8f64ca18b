/*
 * Words for people and from people: values in words, labels of records, and
 * values typed on the command line.
 */
#include "schema_fixture.h"

static const char *words_of(const char *type, const char *path, const char *value)
{
	static char out[512];
	struct buf b = BUF_INIT;
	json_t *v = json_of(value);
	value_text(&b, schema, field_of(type, path), v);
	assert_true(b.len < sizeof(out));
	memcpy(out, buf_cstr(&b), b.len + 1);
	buf_free(&b);
	json_decref(v);
	return out;
}

static void test_value_text(void **state)
{
	static const struct {
		const char *type, *path, *value, *words;
	} cases[] = {
	    {"act", "kind", "'04:030101000000'", "Arrest"},
	    {"act", "kind", "'x-slapp'", "Lawsuit or complaint meant to silence (SLAPP)"},
	    {"act", "kind", "'04:990000000000'", "04:990000000000"},
	    {"act", "date", "'2016-07-10'", "10 July 2016"},
	    {"act", "date", "{'edtf': '2016-07-10', 'stated': 's'}", "10 July 2016"},
	    {"act", "date", "{'basis': 'unknown'}", "date unknown"},
	    {"act", "date", "{'basis': 'unknown', 'stated': 'recently'}", "recently"},
	    {"act", "date", "{'v': '2016-07-10', 'class': 'S'}", "10 July 2016"},
	    {"person", "names", "{'text': 'Kong Raiya'}", "Kong Raiya"},
	    {"person", "names", "[{'text': 'A'}, {'v': {'text': 'B'}, 'note': 'n'}]",
		"A; B"},
	    {"act", "place",
		"{'country': 'KH', 'subdivision': 'KH-12', 'stated': 'Phnom Penh'}",
		"Phnom Penh, KH"},
	    {"act", "place", "{'country': 'KH', 'exact': 'Prey Sar Prison'}",
		"Prey Sar Prison, KH"},
	    {"act", "place", "{'country': 'KH', 'subdivision': 'KH-12'}", "KH-12"},
	    {"act", "place", "{'stated': 'Thai border'}", "Thai border"},
	    {"act", "place", "{'lat': 11.55, 'lon': 104}", "11.55, 104"},
	    {"person", "number", "{'value': 22, 'qualifier': 'at least', 'stated': 's'}",
		"at least 22"},
	    {"person", "number", "{'stated': 'dozens'}", "dozens"},
	    {"act", "amount", "{'amount': '4000000', 'currency': 'KHR'}", "4,000,000 KHR"},
	    {"act", "amount", "{'amount': '500', 'currency': 'USD'}", "500 USD"},
	    {"act", "amount", "{'amount': '1234.50', 'currency': 'USD'}", "1,234.50 USD"},
	    {"act", "amount", "{'stated': 'a fine'}", "a fine"},
	    {"act", "sanctions", "{'kind': 'imprisonment', 'term': 'P18M'}",
		"imprisonment, 18 months"},
	    {"act", "sanctions", "{'kind': 'imprisonment', 'term': 'P1Y6M'}",
		"imprisonment, 1 year 6 months"},
	    {"act", "sanctions", "{'kind': 'imprisonment', 'term': 'LIFE'}",
		"imprisonment, life"},
	    {"act", "sanctions", "{'kind': 'imprisonment', 'term': 'PT36H'}",
		"imprisonment, 36 hours"},
	    {"act", "sanctions",
		"{'kind': 'imprisonment', 'term_min': 'P1Y', 'term_max': 'P18M'}",
		"imprisonment, 1 year to 18 months"},
	    {"act", "sanctions", "{'kind': 'imprisonment', 'term_max': 'P10Y'}",
		"imprisonment, up to 10 years"},
	    {"act", "sanctions", "{'kind': 'imprisonment', 'term_min': 'P1D'}",
		"imprisonment, at least 1 day"},
	    {"act", "sanctions",
		"{'kind': 'imprisonment', 'term': 'P5Y', 'suspended': 'P16M'}",
		"imprisonment, 5 years, suspended: 16 months"},
	    {"act", "sanctions",
		"{'kind': 'imprisonment', 'term': 'P5Y', 'suspended': 'all'}",
		"imprisonment, 5 years, suspended: all"},
	    {"act", "sanctions",
		"{'kind': 'fine', 'collective': true, 'money': {'amount': '40000', "
		"'currency': 'KHR'}}",
		"fine, 40,000 KHR, together"},
	    {"act", "involvement", "{'perpetrator': 'o', 'degree': '18:010100000000'}",
		"perpetrator: o; degree: Directly carried out the act"},
	    {"person", "roles",
		"{'role': 'leader', 'source': [{'item': 'i'}, {'item': 'j'}]}",
		"role: leader; source: i; j"},
	    {"act", "source", "{'item': 'i', 'locator': 'lines 3'}", "i, lines 3"},
	    {"act", "age", "15", "15"},
	    {"act", "event", "'e'", "e"},
	    {"item", "held", "'no'", "no"},
	    {"item", "attachment", "{'name': 'a.jpg', 'size': 5}", "name: a.jpg, size: 5"},
	    {"act", "note", "'two\\nlines'", "two\nlines"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(words_of(cases[i].type, cases[i].path, cases[i].value),
		    cases[i].words);
}

static void test_record_label(void **state)
{
	static const char *const cases[][2] = {
	    {"{'type': 'event', 'title': 'T'}", "T"},
	    {"{'type': 'event', 'title': {'v': 'T', 'class': 'S'}}", "T"},
	    {"{'type': 'person', 'names': [{'text': 'A', 'kind': 'alias'}, {'text': 'N'}]}",
		"N"},
	    {"{'type': 'person', 'names': [{'text': 'A', 'kind': 'alias'}]}", "A"},
	    {"{'type': 'person', 'group_description': 'eight workers'}", "eight workers"},
	    {"{'type': 'person', 'pseudonym': 'P'}", "P"},
	    {"{'type': 'person'}", "person"},
	    {"{'type': 'act', 'kind': '04:030101000000', 'date': '2016-07-10'}",
		"Arrest, 10 July 2016"},
	    {"{'type': 'act', 'kind': '04:020103000000', 'local_kind': 'x-slapp'}",
		"Lawsuit or complaint meant to silence (SLAPP)"},
	    {"{'type': 'decision', 'kind': 'x-bail-denied', 'date': {'edtf': '2016'}}",
		"Bail denied, 2016"},
	    {"{'type': 'charge', 'label_stated': 'incitement'}", "incitement"},
	    {"{'type': 'charge', 'label': 'incitement'}", "incitement"},
	    {"{'type': 'charge', 'date': '2016'}", "charge, 2016"},
	    {"{'type': 'information', 'connection': '19:010200000000'}",
		"information, Witness"},
	    {"{'type': 'relationship', 'kind': 'founded-by', 'a': 'x', 'b': 'y'}",
		"founded by"},
	    {"{'type': 'provision', 'law': 'Criminal Code', 'article': '305'}",
		"Criminal Code, article 305"},
	    {"{'type': 'intervention', 'kind': ['x-upr'], 'date': '2016'}",
		"UPR submission, 2016"},
	    {"{'type': 'spaceship'}", ""},
	    {"{}", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;
		json_t *r = json_of(cases[i][0]);
		record_label(&b, schema, r);
		assert_string_equal(buf_cstr(&b), cases[i][1]);
		buf_free(&b);
		json_decref(r);
	}
}

/* ---- walking --------------------------------------------------------------------- */

static char seen[1024];

static bool see_ref(void *ctx, const struct schema_field *f, const char *id)
{
	size_t n = strlen(seen);
	(void)ctx;
	(void)snprintf(seen + n, sizeof(seen) - n, "%s=%s ", f->path, id);
	return strcmp(id, "stop") != 0;
}

static bool see_text(void *ctx, const struct schema_field *f, enum text_weight w,
    const char *text)
{
	size_t n = strlen(seen);
	(void)ctx;
	(void)f;
	(void)snprintf(seen + n, sizeof(seen) - n, "%d:%s|", (int)w, text);
	return true;
}

static bool see_date(void *ctx, const struct schema_field *f, const struct edtf *d)
{
	size_t n = strlen(seen);
	(void)ctx;
	(void)snprintf(seen + n, sizeof(seen) - n, "%s=%d..%d ", f->path,
	    (int)d->earliest, (int)d->latest);
	return true;
}

static void test_walks(void **state)
{
	(void)state;
	json_t *r = json_of(
	    "{'type': 'act', 'event': 'e', 'victim': {'v': 'p', 'source': [{'item': "
	    "'i1'}], 'note': 'remark'}, 'involvement': [{'perpetrator': 'o', 'basis': 'b'}, {'v': "
	    "{'perpetrator': 'q'}, 'source': [{'item': 'i2'}]}], 'detention': {'held_by': 'h', "
	    "'facility': 'Prey Sar'}, 'date': '1970-01-02', 'kind': '04:030101000000', 'source': "
	    "[{'item': 'i3', 'locator': 'lines'}], 'sanctions': [{'kind': 'fine', 'money': {'stated': "
	    "'five'}}], 'rivals': [{'field': 'event', 'value': 'e2'}, {'field': 'date', 'value': "
	    "'1970'}]}");
	seen[0] = '\0';
	record_refs(schema, r, see_ref, NULL);
	assert_string_equal(seen,
	    "event=e victim=i1 victim=p involvement.perpetrator=o involvement=i2 "
	    "involvement.perpetrator=q detention.held_by=h source=i3 event=e2 ");
	seen[0] = '\0';
	record_dates(schema, r, see_date, NULL);
	assert_string_equal(seen, "date=1..1 date=0..364 ");
	seen[0] = '\0';
	record_texts(schema, r, see_text, NULL);
	assert_string_equal(seen, "1:remark|0:Arrest|1:b|1:Prey Sar|0:fine|1:five|");
	json_decref(r);

	r = json_of(
	    "{'type': 'person', 'names': [{'text': 'N', 'note': 'n', 'source': [{'item': "
	    "'stop'}]}, {'text': 'O', 'source': [{'item': 'i'}]}]}");
	seen[0] = '\0';
	record_refs(schema, r, see_ref, NULL);
	assert_string_equal(seen, "names=stop ");
	seen[0] = '\0';
	record_texts(schema, r, see_text, NULL);
	assert_string_equal(seen, "2:N|1:n|2:O|");
	json_decref(r);

	r = json_of("{'type': 'item', 'title': 'T', 'collected': '1970-01-02T00:00:00Z'}");
	seen[0] = '\0';
	record_dates(schema, r, see_date, NULL);
	assert_string_equal(seen, "collected=1..1 ");
	seen[0] = '\0';
	record_texts(schema, r, see_text, NULL);
	assert_string_equal(seen, "2:T|");
	json_decref(r);
}

/* ---- typed values -------------------------------------------------------------------- */

static void test_parse_text(void **state)
{
	static const struct {
		const char *type, *path, *text, *value; /* NULL: a fault */
	} cases[] = {
	    {"case", "title", "Raiya's case", "'Raiya's case'"},
	    {"case", "title", "\"in quotes\"", "'in quotes'"},
	    {"case", "title", "[Draft] x", NULL},
	    {"case", "title", "{\"v\": \"t\", \"class\": \"S\"}", "{'class':'S','v':'t'}"},
	    {"case", "title", "", NULL},
	    {"case", "title", "\xff", NULL},
	    {"case", "tags", "a", "'a'"},
	    {"case", "tags", "[\"a\", \"b\", \"a\"]", "['a','b']"},
	    {"case", "tags", "[1]", NULL},
	    {"act", "date", "2019-07~", "'2019-07~'"},
	    {"act", "date", "[2019-07..2019-08]", "'[2019-07..2019-08]'"},
	    {"act", "date", "{\"edtf\": \"2019\", \"basis\": \"derived\"}",
		"{'basis':'derived','edtf':'2019'}"},
	    {"act", "date", "yesterday", NULL},
	    {"person", "names", "Kong Raiya", "{'text':'Kong Raiya'}"},
	    {"act", "place", "Phnom Penh, KH", "{'country':'KH','stated':'Phnom Penh'}"},
	    {"act", "place", "Koh Kong, KH-9",
		"{'country':'KH','stated':'Koh Kong','subdivision':'KH-9'}"},
	    {"act", "place", "KH-12", "{'country':'KH','subdivision':'KH-12'}"},
	    {"act", "place", "KH", "{'country':'KH'}"},
	    {"act", "place", "Pate Commune, O'Yadav District",
		"{'stated':'Pate Commune, O'Yadav "
		"District'}"},
	    {"act", "amount", "4000000 KHR", "{'amount':'4000000','currency':'KHR'}"},
	    {"act", "amount", "4,000,000 KHR", "{'amount':'4000000','currency':'KHR'}"},
	    {"act", "amount", "12.50 USD", "{'amount':'12.50','currency':'USD'}"},
	    {"act", "amount", "USD 12.50", "{'amount':'12.50','currency':'USD'}"},
	    {"act", "amount", "4,00 KHR", NULL},
	    {"act", "amount", "4000000", NULL},
	    {"act", "amount", "4000000 riel", NULL},
	    {"act", "amount", "much", NULL},
	    {"person", "number", "22", "{'value':22}"},
	    {"person", "number", "at least 5,000",
		"{'qualifier':'at least','value':5000}"},
	    {"person", "number", "2.5", "{'value':2.5}"},
	    {"person", "number", "many", NULL},
	    {"act", "age", "15", "15"},
	    {"act", "age", "-1", "-1"},
	    {"act", "age", "fifteen", NULL},
	    {"act", "age", "99999999999999999999", NULL},
	    {"decision", "sanctions", "imprisonment P18M",
		"{'kind':'imprisonment','term':'P18M'}"},
	    {"decision", "sanctions", "imprisonment, 18 months",
		"{'kind':'imprisonment','term':'P18M'}"},
	    {"decision", "sanctions", "imprisonment LIFE",
		"{'kind':'imprisonment','term':'LIFE'}"},
	    {"decision", "sanctions", "imprisonment P1Y..P18M",
		"{'kind':'imprisonment','term_max':'P18M','term_min':'P1Y'}"},
	    {"decision", "sanctions", "imprisonment ..P10Y",
		"{'kind':'imprisonment','term_max':'P10Y'}"},
	    {"decision", "sanctions", "fine 4000000 KHR",
		"{'kind':'fine','money':{'amount':'4000000','currency':'KHR'}}"},
	    {"decision", "sanctions", "fine", "{'kind':'fine'}"},
	    {"decision", "sanctions", "imprisonment long", NULL},
	    {"decision", "sanctions", "flogging", NULL},
	    {"item", "held", "yes", "'yes'"},
	    {"item", "held", "false", "'no'"},
	    {"item", "held", "maybe", NULL},
	    {"act", "event", "evt-1", "'evt-1'"},
	    {"act", "kind", "04:030101000000", "'04:030101000000'"},
	    {"act", "kind", "030101000000", "'04:030101000000'"},
	    {"act", "kind", "arrest", "'04:030101000000'"},
	    {"act", "kind", "ARREST", "'04:030101000000'"},
	    {"act", "kind", "Surveillance", NULL},
	    {"act", "kind", "arres", NULL},
	    {"act", "local_kind", "mass trial", "'x-mass-trial'"},
	    {"organisation", "kind", "NGO", "'ngo'"},
	    {"organisation", "kind", "trade union", "'trade-union'"},
	    {"person", "sex", "female", "'f'"},
	    {"person", "citizenship", "es", "'ES'"},
	    {"item", "language", "km-latn", "'km-Latn'"},
	    {"item", "collected", "2021-05-31T08:15:00Z", "'2021-05-31T08:15:00Z'"},
	    {"act", "source", "item-1", "{'item':'item-1'}"},
	    {"act", "source", "item-1, lines 3, 5",
		"{'item':'item-1','locator':'lines 3, 5'}"},
	    {"act", "involvement", "{\"degree\": \"18:010100000000\"}",
		"{'degree':'18:010100000000'}"},
	    {"act", "involvement", "police", NULL},
	    {"act", "detention", "Prey Sar", NULL},
	    {"act", "detention", "{\"facility\": \"Prey Sar\"}", NULL},
	    {"act", "detention.facility", "Prey Sar", "'Prey Sar'"},
	    {"item", "attachment", "a.jpg", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *v = NULL;
		faults_clear();
		assert_int_equal(schema_parse_text(&v, schema,
				     field_of(cases[i].type, cases[i].path),
				     cases[i].text, NULL, &faults, &g_err),
		    SAKSI_OK);
		const char *expected = cases[i].value != NULL ? cases[i].value : "NULL";
		if (strcmp(json_show(v), expected) != 0)
			fail_msg("%s: %s, not %s", cases[i].text, json_show(v), expected);
		assert_true((v == NULL) == (faults.n_errors == 1));
		json_decref(v);
	}
}

static bool resolve_none(void *ctx, const char *text, const char *to, char out[27])
{
	(void)ctx;
	(void)text;
	(void)to;
	(void)out;
	return false;
}

static void test_parse_unresolved(void **state)
{
	struct schema_resolver res = {resolve_none, NULL, false, NULL};
	json_t *v = NULL;
	(void)state;
	faults_clear();
	assert_int_equal(schema_parse_text(&v, schema, field_of("act", "event"), "evt-1",
			     &res, &faults, &g_err),
	    SAKSI_OK);
	assert_null(v);
	assert_int_equal(faults.n_errors, 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_value_text),
    cmocka_unit_test(test_record_label),
    cmocka_unit_test(test_walks),
    cmocka_unit_test(test_parse_text),
    cmocka_unit_test(test_parse_unresolved),
};

TEST_MAIN(tests, schema_setup, schema_teardown)
