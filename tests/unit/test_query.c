/*
 * The query language: what each form matches, what is refused and where, and
 * how hits are ranked.
 */
#include <saksi/base/text.h>
#include <saksi/store/query.h>

#include "schema_fixture.h"

/* Records by a letter, so that a query's result reads as a word. */
static const struct {
	char letter;
	const char *json;
} shelf[] = {
    {'k',
	"{'type': 'person', 'class': 'C', 'names': [{'text': 'Kong Raiya'}, {'text': "
	"'\xe1\x9e\x82\xe1\x9e\x84\xe1\x9f\x8b \xe1\x9e\x9a\xe1\x9f\x89\xe1\x9e\xb6\xe1\x9e\x99"
	"\xe1\x9f\x89\xe1\x9e\xb6'}], 'occupation': ['student activist'], 'sex': 'm', "
	"'citizenship': ['KH'], 'died': {'basis': 'unknown'}}"},
    {'u',
	"{'type': 'person', 'class': 'P', 'names': [{'text': 'Kung Raiya'}], 'note': 'sold "
	"T-shirts on the anniversary', 'roles': [{'role': 'leader', 'organisation': 'org-a'}]}"},
    {'s', "{'type': 'person', 'names': [{'text': 'Kem Sokha'}], 'born': '1953-06-27'}"},
    {'l',
	"{'type': 'person', 'names': [{'text': 'Lem Sokha'}, {'text': 'Srey Mom', 'kind': "
	"'alias'}]}"},
    {'e',
	"{'type': 'event', 'class': 'P', 'title': 'Arrest of T-shirt sellers', 'date': "
	"'[2019-07-09..2019-07-12]', 'place': {'country': 'KH', 'subdivision': 'KH-12', "
	"'stated': 'Phnom Penh'}, 'description': ['Police took two activists away. The police "
	"would not say where.', {'v': 'A sealed account', 'class': 'S'}]}"},
    {'a',
	"{'type': 'act', 'class': 'R', 'event': 'evt-1', 'victim': 'per-1', 'kind': "
	"'04:030101000000', 'date': {'edtf': '2019-07-09', 'stated': 'a Tuesday'}, 'amount': "
	"{'amount': '4000000', 'currency': 'KHR'}, 'involvement': [{'perpetrator': 'org-p', "
	"'degree': '18:010100000000', 'basis': 'eyewitness'}], 'detention': {'warrant_shown': "
	"'no', 'facility': 'Prey Sar'}, 'age': 28, 'source': [{'item': 'item-1', 'locator': "
	"'lines 3'}]}"},
    {'d',
	"{'type': 'decision', 'class': 'P', 'kind': 'x-conviction', 'subjects': ['per-1'], "
	"'date': '2020-01/2021-02', 'sanctions': [{'kind': 'imprisonment', 'term': 'P18M'}], "
	"'rivals': [{'field': 'authority_stated', 'value': 'provincial court'}]}"},
    {'i',
	"{'type': 'item', 'class': 'S', 'kind': 'photo', 'title': 'Photo of the raid', "
	"'language': ['km-Latn'], 'collected': '2021-05-31T08:15:00Z', 'tags': "
	"['anti-corruption']}"},
};
#define SHELF (sizeof(shelf) / sizeof(shelf[0]))

static bool resolve_ref(void *ctx, const char *text, const char *to, char out[27])
{
	(void)ctx;
	if (strcmp(to, "any") != 0 || strncmp(text, "nobody", 6) == 0)
		return false;
	/* "raiya" is a prefix or reference that means per-1. */
	(void)snprintf(out, 27, "%s", strcmp(text, "raiya") == 0 ? "per-1" : text);
	return true;
}

static struct schema_resolver res = {resolve_ref, NULL, false, NULL};

static const char *hits(const char *text)
{
	static char out[SHELF + 1];
	struct query *q = NULL;
	size_t n = 0;
	if (query_parse(&q, schema, text, &res, &g_err) != SAKSI_OK)
		fail_msg("%s: %s", text, g_err.msg);
	for (size_t i = 0; i < SHELF; i++) {
		json_t *r = json_of(shelf[i].json);
		double score = -1;
		int m = query_match(q, r, &score);
		assert_int_equal(m, query_match(q, r, NULL));
		assert_true(m == 0 || m == 1);
		assert_true(m == 1 ? score >= 0 : score <= 0);
		if (m)
			out[n++] = shelf[i].letter;
		json_decref(r);
	}
	out[n] = '\0';
	query_free(&q);
	assert_null(q);
	return out;
}

struct search {
	const char *query, *hits;
};

static void check_searches(const struct search *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *h = hits(s[i].query);
		if (strcmp(h, s[i].hits) != 0)
			fail_msg("%s: found %s, not %s", s[i].query, h, s[i].hits);
	}
}
#define CHECK(searches) check_searches(searches, sizeof(searches) / sizeof((searches)[0]))

static void test_words(void **state)
{
	static const struct search searches[] = {
	    {"raiya", "ku"},
	    {"RAIYA", "ku"},
	    {"raiy", ""},
	    {"raiy*", "ku"},
	    {"sokha kem", "s"},
	    {"activist", "k"},
	    {"activist*", "ke"},
	    {"arrest", "ea"},
	    {"conviction", "d"},
	    {"imprisonment", "d"},
	    {"eyewitness", "a"},
	    {"tuesday", "a"},
	    {"lines", ""},
	    {"item-1", ""},
	    {"provincial", "d"},
	    {"account", "e"},
	    {"photo", "i"},
	    {"corruption", "i"},
	    {"t-shirt", "e"},
	    {"shirts", "u"},
	};
	(void)state;
	CHECK(searches);
	assert_string_equal(hits(""), "kusleadi");
	assert_string_equal(hits("  \t "), "kusleadi");
}

static void test_phrases(void **state)
{
	static const struct search searches[] = {
	    {"\"kong raiya\"", "k"},
	    {"\"raiya kong\"", ""},
	    {"\"raiya student\"", ""},
	    {"\"two activists away\"", "e"},
	    {"\"Police took\"", "e"},
	    {"anti-corruption", "i"},
	    {"corruption-anti", ""},
	    {"t-shir*", "ue"},
	    {"\"t-shirt*\"", "e"},
	    {"\xe1\x9e\x82\xe1\x9e\x84\xe1\x9f\x8b", "k"},
	};
	(void)state;
	CHECK(searches);
}

static void test_operators(void **state)
{
	static const struct search searches[] = {
	    {"kong OR kem", "ks"},
	    {"kong OR kem OR lem", "ksl"},
	    {"raiya -kong", "u"},
	    {"-raiya type:person", "sl"},
	    {"raiya AND kong", "k"},
	    {"(kong OR kem) raiya", "k"},
	    {"kong OR kem sokha", "ks"},
	    {"(kong OR kem) sokha", "s"},
	    {"-(kong OR kem) type:person", "ul"},
	    {"-\"kong raiya\" type:person", "usl"},
	    {"((((kong))))", "k"},
	    {"(kong)(raiya)", "k"},
	    {"kong\"raiya\"", "k"},
	    {"or", ""},
	    {"and", ""},
	    {"-kong -kung -kem -lem -arrest", "di"},
	};
	(void)state;
	CHECK(searches);
}

static void test_keys(void **state)
{
	static const struct search searches[] = {
	    {"type:act", "a"},
	    {"type:person", "kusl"},
	    {"class:P", "ued"},
	    {"class:p", "ued"},
	    {"class:C", "ksl"},
	    {"class:S", "i"},
	    {"ref:per-1", "ad"},
	    {"ref:raiya", "ad"},
	    {"ref:item-1", "a"},
	    {"ref:org-p", "a"},
	    {"ref:org-a", "u"},
	    {"ref:\"evt-1\"", "a"},
	    {"-ref:per-1 type:act", ""},
	};
	(void)state;
	CHECK(searches);
}

static void test_dates(void **state)
{
	static const struct search searches[] = {
	    {"date:2019", "ea"},
	    {"date:2019-07", "ea"},
	    {"date:2019-07-09", "ea"},
	    {"date:2019-07-12", "e"},
	    {"date:2019-07-13", ""},
	    {"date:2019..2021-05", "eadi"},
	    {"date:2021-03..2021-05-30", ""},
	    {"date:2021-05-31", "i"},
	    {"date:2021-02", "d"},
	    {"date:..1960", "s"},
	    {"date:2020..", "di"},
	    {"date:2019/2020", "ead"},
	    {"date:[2019-07-12..]", "edi"},
	    {"date:2019~", "ea"},
	    {"before:2019-07-09", "s"},
	    {"before:2019-07-10", "sea"},
	    {"before:2020", "sea"},
	    {"after:2019-07-11", "edi"},
	    {"after:2019-07", "di"},
	    {"after:2019 before:2021", "d"},
	    {"date:\"2019\"", "ea"},
	};
	(void)state;
	CHECK(searches);
}

static void test_names(void **state)
{
	static const struct search searches[] = {
	    {"name~raiya", "ku"},
	    {"name~raya", "ku"},
	    {"name~\"Kong Raiya\"", "ku"},
	    {"name~\"Raiya Kong\"", "ku"},
	    {"name~\"kem sokha\"", "sl"},
	    {"name~sokha", "sl"},
	    {"name~sokkha", "sl"},
	    {"name~\"srey mom\"", "l"},
	    {"name~sreymom", "l"},
	    {"name~elephant", ""},
	    {"name~arrest", ""},
	};
	(void)state;
	CHECK(searches);
}

static void test_fields(void **state)
{
	static const struct search searches[] = {
	    {"kind:04:030101000000", "a"},
	    {"kind:030101000000", "a"},
	    {"kind:arrest", "a"},
	    {"kind:x-conviction", "d"},
	    {"kind:photo", "i"},
	    {"title:raid", "i"},
	    {"title:\"t-shirt sellers\"", "e"},
	    {"title:sell*", "e"},
	    {"names:raiya", "ku"},
	    {"name:raiya", "ku"},
	    {"name:mom", "l"},
	    {"victim:per-1", "a"},
	    {"victim:raiya", "a"},
	    {"victim:nobody", ""},
	    {"subjects:per-1", "d"},
	    {"detention.warrant_shown:no", "a"},
	    {"warrant_shown:no", "a"},
	    {"warrant_shown:yes", ""},
	    {"detention:\"prey sar\"", "a"},
	    {"involvement.degree:18:010100000000", "a"},
	    {"degree:\"carried out\"", "a"},
	    {"involvement:eyewitness", "a"},
	    {"perpetrator:org-p", "a"},
	    {"place:\"phnom penh\"", "e"},
	    {"place:KH-12", "e"},
	    {"amount:4000000", "a"},
	    {"amount:4,000,000", "a"},
	    {"amount:KHR", "a"},
	    {"age:28", "a"},
	    {"age:2", ""},
	    {"sex:m", "k"},
	    {"sex:male", "k"},
	    {"citizenship:kh", "k"},
	    {"language:km", "i"},
	    {"language:km-Latn", "i"},
	    {"born:1953", "s"},
	    {"born:1953-06", "s"},
	    {"born:1954", ""},
	    {"born:june", "s"},
	    {"born:1950..1955", "s"},
	    {"collected:2021-05", "i"},
	    {"source:item-1", "a"},
	    {"source:lines", "a"},
	    {"authority_stated:provincial", "d"},
	    {"sanctions:\"18 months\"", "d"},
	    {"sanctions:P18M", "d"},
	    {"note:anniversary", "u"},
	    {"roles:leader", "u"},
	    {"role:leader", "u"},
	    {"organisation:org-a", "u"},
	    {"died:2016", ""},
	    {"tags:anti-corruption", "i"},
	    {"-sex:m type:person", "usl"},
	};
	(void)state;
	CHECK(searches);
}

static void test_words_with_colons(void **state)
{
	(void)state;
	assert_string_equal(hits("12:30"), "");
	assert_string_equal(hits("04:030101000000"), "");
}

/* ---- refusals ------------------------------------------------------------------ */

static void check_refused(const char *text, enum saksi_err code, unsigned column,
    const char *part)
{
	struct query *q = NULL;
	char at[32];
	g_err.msg[0] = '\0';
	assert_int_equal(query_parse(&q, schema, text, &res, &g_err), code);
	assert_null(q);
	(void)snprintf(at, sizeof(at), "column %u:", column);
	if ((column != 0 && strstr(g_err.msg, at) == NULL) ||
	    strstr(g_err.msg, part) == NULL)
		fail_msg("%s: %s", text, g_err.msg);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text;
		unsigned column;
		const char *part;
	} cases[] = {
	    {"\"kong", 1, "closing quote"},
	    {"title:\"kong", 7, "closing quote"},
	    {"(kong", 1, "closing parenthesis"},
	    {"kong)", 5, "nothing more"},
	    {"()", 2, "expected a word"},
	    {"kong OR", 8, "expected a word"},
	    {"OR kong", 1, "expected a word"},
	    {"kong AND", 9, "expected a word"},
	    {"kong AND OR x", 10, "expected a word"},
	    {"AND kong", 1, "expected a word"},
	    {"-", 2, "minus"},
	    {"- kong", 2, "minus"},
	    {"--kong", 2, "minus"},
	    {"-)", 2, "minus"},
	    {"\"\"", 2, "letters or digits"},
	    {"!!!", 1, "letters or digits"},
	    {"*", 1, "letters or digits"},
	    {"type:acts", 6, "did you mean act?"},
	    {"type:nothing", 6, "record type"},
	    {"dtae:2019", 1, "did you mean date:?"},
	    {"type:", 6, "value"},
	    {"type: act", 6, "value"},
	    {"class:X", 7, "P, R, C or S"},
	    {"class:PS", 7, "P, R, C or S"},
	    {"date:yesterday", 6, "expected a date"},
	    {"date:2019..2018", 6, "expected a date"},
	    {"date:2019-13", 6, "expected a date"},
	    {"before:..2019", 8, "beginning"},
	    {"after:2019..", 7, "an end"},
	    {"ref:nobody", 5, "id or reference"},
	    {"stated:x", 1, "no field"},
	    {"http://example.org", 1, "quotes"},
	    {"kong title~raiya", 6, "name~"},
	    {"name~", 6, "value"},
	    {"name~\"\"", 6, "value"},
	    {"name~\" \"", 6, "name"},
	    {"\xe1\x9e\x82 (", 4, "expected a word"},
	    {"\xff", 1, "UTF-8"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_refused(cases[i].text, SAKSI_EINVAL, cases[i].column, cases[i].part);
}

static void test_limits(void **state)
{
	struct buf b = BUF_INIT;
	struct query *q = NULL;
	(void)state;
	for (unsigned i = 0; i < QUERY_DEPTH_MAX; i++)
		buf_add_str(&b, "-(");
	buf_add_str(&b, "x");
	for (unsigned i = 0; i < QUERY_DEPTH_MAX; i++)
		buf_add_str(&b, ")");
	assert_int_equal(query_parse(&q, schema, buf_cstr(&b), &res, &g_err), SAKSI_OK);
	query_free(&q);
	buf_reset(&b);
	for (unsigned i = 0; i <= QUERY_DEPTH_MAX; i++)
		buf_add_str(&b, "(");
	check_refused(buf_cstr(&b), SAKSI_ELIMIT, QUERY_DEPTH_MAX + 1, "64");
	buf_reset(&b);
	while (b.len + 2 <= QUERY_MAX)
		buf_add_str(&b, "x ");
	assert_int_equal(query_parse(&q, schema, buf_cstr(&b), &res, &g_err), SAKSI_OK);
	query_free(&q);
	buf_add_str(&b, "x");
	check_refused(buf_cstr(&b), SAKSI_ELIMIT, 0, "4096");
	buf_free(&b);
	query_free(NULL);
	query_free(&q);
}

static void test_no_resolver(void **state)
{
	struct query *q = NULL;
	json_t *r = json_of(shelf[5].json);
	struct schema_resolver lax = {resolve_ref, NULL, true, NULL};
	(void)state;
	assert_int_equal(query_parse(&q, schema, "ref:per-1", NULL, &g_err), SAKSI_OK);
	assert_int_equal(query_match(q, r, NULL), 1);
	query_free(&q);
	assert_int_equal(query_parse(&q, schema, "ref:nobody", &lax, &g_err), SAKSI_OK);
	assert_int_equal(query_match(q, r, NULL), 0);
	query_free(&q);
	json_decref(r);
}

/* ---- ranking --------------------------------------------------------------------- */

static double score_of(const char *text, const char *record)
{
	struct query *q = NULL;
	double score = -1;
	json_t *r = json_of(record);
	assert_int_equal(query_parse(&q, schema, text, &res, &g_err), SAKSI_OK);
	assert_int_equal(query_match(q, r, &score), 1);
	query_free(&q);
	json_decref(r);
	return score;
}

static void test_ranking(void **state)
{
	static const char title[] = "{'type': 'event', 'title': 'raid'}";
	static const char note[] = "{'type': 'event', 'title': 't', 'note': 'raid'}";
	static const char often[] =
	    "{'type': 'event', 'title': 't', 'note': 'raid after raid'}";
	static const char label[] = "{'type': 'act', 'kind': '04:040101000000'}";
	static const char name[] =
	    "{'type': 'person', 'names': [{'text': 'Kong Raiya'}]}";
	static const char near[] =
	    "{'type': 'person', 'names': [{'text': 'Kung Raiya'}]}";
	(void)state;
	assert_true(score_of("raid", title) > score_of("raid", often));
	assert_true(score_of("raid", often) > score_of("raid", note));
	assert_true(score_of("raid", note) > score_of("raid", label));
	assert_true(score_of("raid", label) > 0);
	assert_true(score_of("\"kong raiya\"", name) > score_of("kong raiya", name));
	assert_true(score_of("name~\"kong raiya\"", name) >
	    score_of("name~\"kong raiya\"", near));
	assert_true(
	    score_of("raid -nothing type:event", title) >= score_of("raid", title));
}

/* ---- on the sample records ---------------------------------------------------------- */

static size_t count_sample(const char *text)
{
	struct buf sample = BUF_INIT;
	struct query *q = NULL;
	char path[PATH_SIZE];
	size_t n = 0;

	data_path(path, "samples/cambodia.ndjson");
	assert_int_equal(fs_read_file(&sample, path, 1u << 24, &g_err), SAKSI_OK);
	assert_int_equal(query_parse(&q, schema, text, NULL, &g_err), SAKSI_OK);
	const char *at = buf_cstr(&sample);
	while (*at != '\0') {
		const char *end = strchr(at, '\n');
		json_t *r = NULL;
		assert_non_null(end);
		assert_int_equal(json_parse_line(&r, at, (size_t)(end - at), "sample",
				     &g_err),
		    SAKSI_OK);
		int m = query_match(q, r, NULL);
		assert_true(m >= 0);
		n += (size_t)m;
		json_decref(r);
		at = end + 1;
	}
	query_free(&q);
	buf_free(&sample);
	return n;
}

static void test_sample(void **state)
{
	(void)state;
	assert_int_equal(count_sample(""), 359);
	assert_int_equal(count_sample("type:act"), 61);
	assert_int_equal(count_sample("type:act kind:arrest") +
		count_sample("type:act -kind:arrest"),
	    61);
	assert_true(count_sample("kind:arrest") > 0);
	assert_int_equal(count_sample("class:C"), 5);
	assert_int_equal(count_sample("-class:C"), 354);
	assert_true(count_sample("name~\"kong raia\"") >= 1);
	assert_int_equal(count_sample("ref:org-ppmc type:decision"), 13);
}

static int teardown(void **state)
{
	text_end_thread();
	return schema_teardown(state);
}

/* Whether a record of ${type} that says "pier" is found by ${text} and of type ${only}. */
static bool is_found(const char *text, const char *only, const char *type)
{
	struct query *q = NULL;
	json_t *r = json_pack("{s:s, s:[{s:s}]}", "type", type, "names", "text", "pier");
	int m;

	assert_int_equal(query_parse(&q, schema, text, &res, &g_err), SAKSI_OK);
	assert_int_equal(query_of_type(q, only, &g_err), SAKSI_OK);
	m = query_match(q, r, NULL);
	query_free(&q);
	json_decref(r);
	assert_true(m == 0 || m == 1);
	return m == 1;
}

static void test_of_type(void **state)
{
	size_t n;
	const struct schema_type *types = schema_types(schema, &n);

	(void)state;
	assert_true(is_found("pier OR sand", "person", "person"));
	assert_true(is_found("", "person", "person"));
	assert_false(is_found("sand", "person", "person"));
	assert_false(is_found("-pier", "person", "person"));
	assert_false(is_found("pier OR sand", "act", "person"));
	assert_true(is_found("", NULL, "x-of-tomorrow"));
	assert_false(is_found("sand", NULL, "x-of-tomorrow"));
	/* Each record is found once: by its type, or by none that is known. */
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++)
			assert_int_equal(is_found("", types[k].name, types[i].name),
			    i == k);
		assert_false(is_found("", NULL, types[i].name));
		assert_false(is_found("", types[i].name, "x-of-tomorrow"));
	}
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_words),
    cmocka_unit_test(test_phrases),
    cmocka_unit_test(test_operators),
    cmocka_unit_test(test_keys),
    cmocka_unit_test(test_dates),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_fields),
    cmocka_unit_test(test_words_with_colons),
    cmocka_unit_test(test_refusals),
    cmocka_unit_test(test_limits),
    cmocka_unit_test(test_no_resolver),
    cmocka_unit_test(test_ranking),
    cmocka_unit_test(test_of_type),
    cmocka_unit_test(test_sample),
};

TEST_MAIN(tests, schema_setup, teardown)
