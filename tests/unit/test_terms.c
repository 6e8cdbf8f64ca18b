/* test_terms.c - what a record is to be found by. */
#include <saksi/base/text.h>
#include <saksi/index/index.h>

#include "schema_fixture.h"
#include "terms.h"

#define OK(call) assert_int_equal(call, SAKSI_OK)

/* Does the document of ${json} have this term?  By the sum over all of them. */
static uint64_t digest_of(const char *json, const struct index_term *more)
{
	static uint64_t sums[INDEX_SUMS];
	struct index_doc d = INDEX_DOC_INIT;
	json_t *record = json_of(json);

	memset(sums, 0, sizeof(sums));
	OK(record_terms(&d, schema, record, false, false, &g_err));
	if (more != NULL)
		index_doc_term(&d, more);
	OK(index_doc_digest(1, &d, sums, &g_err));
	index_doc_free(&d);
	json_decref(record);
	return sums[1];
}

static bool has_term(const char *json, const struct index_term *t)
{
	return digest_of(json, NULL) == digest_of(json, t);
}

static bool has(const char *json, enum index_family family, const char *text)
{
	struct index_term t;

	index_term(&t, family, text, strlen(text));
	return has_term(json, &t);
}

static bool has_value(const char *json, const char *path, const char *text)
{
	struct index_term t;

	index_term_keyed(&t, IX_FIELD, path, text, strlen(text));
	return has_term(json, &t);
}

static bool asks_record(const char *json, const char *path)
{
	static const char more[] = {FIELD_MORE_TAG, '\0'};

	return has_value(json, path, more);
}

static const char person[] =
    "{'id': '4xwdps7d7ev7z0nmsb155v17vf', 'type': 'person', 'ref': 'per-1', 'names': "
    "[{'text': 'Phuon Keo-Reaksmey', 'kind': 'alias'}], 'roles': [{'role': 'leader', "
    "'organisation': 'org-a'}], 'note': 'one two three four five six seven eight nine', "
    "'occupation': ['Student activist'], 'sex': 'f', 'citizenship': ['KH']}";
static const char act[] =
    "{'type': 'act', 'class': 'R', 'event': '4xwdps7d7ev7z0nmsb155v17vf', 'victim': "
    "'per-1', 'kind': '04:030101000000', 'date': {'edtf': '2019-07-09', 'basis': "
    "'derived'}, 'amount': {'amount': '4000000', 'currency': 'KHR'}, 'age': 28, "
    "'detention': {'warrant_shown': {'v': 'no', 'status': 'disputed'}}}";

static void test_head(void **state)
{
	struct index_term t;

	(void)state;
	assert_true(has(person, IX_TYPE, "person"));
	assert_false(has(person, IX_TYPE, "act"));
	assert_true(has(person, IX_REF, "per-1"));
	assert_true(has(person, IX_CLASS, "C"));
	assert_true(has(act, IX_CLASS, "R"));
	assert_false(has(person, IX_STATE, "deleted"));
	term_link(&t, "4xwdps7d7ev7z0nmsb155v17vf");
	assert_int_equal(t.n, 17);
	assert_true(has_term(act, &t));
	assert_false(has_term(person, &t));
	assert_true(has(act, IX_LINK, "per-1"));
	assert_true(has(person, IX_LINK, "org-a"));
}

static void test_values(void **state)
{
	(void)state;
	assert_true(has_value(person, "occupation", "activist"));
	assert_false(has_value(person, "occupation", "one"));
	assert_true(has_value(person, "names", "phuon"));
	assert_true(has_value(person, "names", "alias"));
	assert_true(has_value(person, "citizenship", "kh"));
	assert_false(has_value(person, "note", "nine"));
	assert_true(asks_record(person, "note"));
	assert_false(asks_record(person, "occupation"));
	assert_true(has_value(person, "roles.organisation", "org-a"));
	assert_true(has_value(act, "kind", "04:030101000000"));
	assert_false(has_value(act, "kind", "arrest"));
	assert_true(has_value(act, "amount", "4000000"));
	assert_true(has_value(act, "amount", "khr"));
	assert_true(has_value(act, "age", "28"));
	assert_true(has_value(act, "detention.warrant_shown", "no"));
	assert_true(has_value(act, "detention.warrant_shown", "disputed"));
	assert_true(has_value("{'type': 'act', 'kind': 'x-foo'}", "kind", "foo"));
	assert_true(asks_record("{'type': 'event', 'title': '?!'}", "title"));
	assert_true(
	    asks_record("{'type': 'person', 'born': {'basis': 'unknown'}}", "born"));
}

static void test_names(void **state)
{
	(void)state;
	assert_true(has(person, IX_NAME, "\x05phuon"));
	assert_true(has(person, IX_NAME, "\x0ckeo-reaksmey"));
	assert_true(has(person, IX_SKELETON, "pn"));
	assert_true(has(person, IX_SKELETON,
	    "\x01"
	    "k"));
	assert_false(has(person, IX_SKELETON, "k"));
	assert_false(has("{'type': 'event', 'title': 'Phuon'}", IX_SKELETON, "pn"));
}

static struct edtf days(const char *text)
{
	struct edtf d;

	OK(edtf_parse(&d, text, NULL));
	return d;
}

/* Every pair, by the walks and by edtf_overlaps(). */
static void test_dates(void **state)
{
	static const char *const texts[] = {"2019", "2019-07", "2019-07-09", "2019-07-10",
	    "2020-02-29", "2020", "[2019-07-09..2019-07-12]", "[..2020-09-14]",
	    "[2019..]", "2018-01/2021-02", "2021/..", "../1960", "1953-06-27",
	    "1900/2000", "0000/9999", "1066-10-14", "1969-12-31", "1970-01-01",
	    "2010/2019", "9999-12-31", "../.."};
	size_t n = sizeof(texts) / sizeof(texts[0]), overlaps = 0;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			struct edtf a, q;
			uint8_t term[DATE_TERM], from[DATE_TERM], to[DATE_TERM];

			if (edtf_parse(&a, texts[i], NULL) != SAKSI_OK ||
			    edtf_parse(&q, texts[k], NULL) != SAKSI_OK)
				continue;
			date_term(term, &a);
			assert_true(term[0] < DATE_CLASSES);
			date_range(from, to, (enum date_class)term[0], &q);
			bool in = memcmp(from, term, DATE_TERM) <= 0 &&
			    memcmp(term, to, DATE_TERM) <= 0 &&
			    date_term_overlaps(term, &q);
			if (in != edtf_overlaps(&a, &q))
				fail_msg("%s in %s: %d", texts[i], texts[k], in);
			overlaps += in;
		}
	assert_true(overlaps > n && overlaps < n * n);
	struct index_term t;
	uint8_t term[DATE_TERM];
	struct edtf d = days("2019-07-09");
	date_term(term, &d);
	index_term(&t, IX_DATE, term, sizeof(term));
	assert_true(has_term(act, &t));
	assert_false(has_term(person, &t));
}

static void key_of(struct buf *out, const char *json, const char *path, bool want)
{
	json_t *record = json_of(json);
	bool found;

	buf_reset(out);
	OK(record_sort_key(out, schema, record, path, &found, &g_err));
	assert_int_equal(found, want);
	json_decref(record);
}

/* Each is before the next. */
static void check_order(const char *path, const char *const *list, size_t n)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		key_of(&b, list[i], path, true);
		size_t less = a.len < b.len ? a.len : b.len;
		int c = less > 0 ? memcmp(a.p, b.p, less) : 0;

		if (c > 0 || (c == 0 && a.len >= b.len))
			fail_msg("%s: %s is not behind", path, list[i]);
		buf_reset(&a);
		buf_add(&a, b.p, b.len);
	}
	buf_free(&a);
	buf_free(&b);
}
#define ORDER(path, list) check_order(path, list, sizeof(list) / sizeof((list)[0]))

static void test_order(void **state)
{
	static const char *const ages[] = {"{'type': 'act', 'age': -3}",
	    "{'type': 'act', 'age': 0}", "{'type': 'act', 'age': 7}",
	    "{'type': 'act', 'age': 28}", "{'type': 'act', 'age': 1000}"};
	static const char *const when[] = {"{'type': 'act', 'date': '1066'}",
	    "{'type': 'act', 'date': '[..1969-12-31]'}",
	    "{'type': 'act', 'date': '2019-07-09'}",
	    "{'type': 'act', 'date': {'edtf': '2019-07-09/2019-07-10'}}",
	    "{'type': 'act', 'date': '2020'}"};
	static const char *const titles[] = {"{'type': 'event', 'title': 'abc'}",
	    "{'type': 'event', 'title': 'ABCD'}",
	    "{'type': 'event', 'title': {'v': 'B'}}",
	    "{'type': 'event', 'title': '\u00e9t\u00e9'}"};
	static const char *const sums[] =
	    {"{'type': 'act', 'amount': {'amount': '25.50', 'currency': 'KHR'}}",
		"{'type': 'act', 'amount': {'amount': '100', 'currency': 'KHR'}}",
		"{'type': 'act', 'amount': {'amount': '100', 'currency': 'USD'}}"};
	struct buf key = BUF_INIT;

	(void)state;
	ORDER("age", ages);
	ORDER("date", when);
	ORDER("title", titles);
	ORDER(SORT_LABEL, titles);
	ORDER("amount", sums);
	key_of(&key, "{'type': 'event'}", "title", false);
	key_of(&key, "{'type': 'act', 'date': {'basis': 'unknown'}}", "date", false);
	buf_free(&key);
}

/* The order of keys makes no difference; that of values does. */
static void test_same(void **state)
{
	static const char ab[] = "{'type': 'event', 'title': 'a b', 'date': '2019'}";

	(void)state;
	assert_true(digest_of(ab, NULL) ==
	    digest_of("{'date': '2019', 'title': 'a b', 'type': 'event'}", NULL));
	assert_true(digest_of(ab, NULL) !=
	    digest_of("{'date': '2019', 'title': 'b a', 'type': 'event'}", NULL));
	assert_true(
	    has("{'type': 'nothing-known', 'title': 'a b'}", IX_TYPE, "nothing-known"));
}

static int teardown(void **state)
{
	text_end_thread();
	return schema_teardown(state);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_head),
    cmocka_unit_test(test_values),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_dates),
    cmocka_unit_test(test_order),
    cmocka_unit_test(test_same),
};

TEST_MAIN(tests, schema_setup, teardown)
