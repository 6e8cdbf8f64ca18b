/*
 * Whole records: flattening, putting together, the shipped sample records,
 * and random records that must never do more than fault.
 */
#include <saksi/base/mp.h>

#include "schema_fixture.h"

static struct schema_entries entries;

static void flatten(const char *text)
{
	json_t *r = json_of(text);
	faults_clear();
	schema_entries_free(&entries);
	const struct schema_type *t =
	    schema_type(schema, json_string_value(json_object_get(r, "type")));
	assert_non_null(t);
	assert_int_equal(schema_flatten(&entries, schema, t, r, NULL, 12, &faults, &g_err),
	    SAKSI_OK);
	json_decref(r);
}

static bool fault_is(const char *key, const char *part)
{
	for (size_t i = 0; i < faults.n; i++)
		if (strcmp(faults.list[i].key, key) == 0 &&
		    strstr(faults.list[i].words, part) != NULL)
			return true;
	return false;
}

static void test_entries_in_schema_order(void **state)
{
	(void)state;
	flatten(
	    "{'type': 'act', 'id': 'x', 'ref': 'y', 'class': 'P', 'rivals': [], 'tags': ['b', "
	    "'a', 'b'], 'detention': {'transfers': ['t1', 't2'], 'warrant_shown': false}, "
	    "'kind': '04:030101000000', 'event': 'e', 'method': [], 'torture': {}}");
	static const char *const expected[][2] = {{"event", "'e'"},
	    {"kind", "'04:030101000000'"}, {"detention.warrant_shown", "'no'"},
	    {"detention.transfers", "'t1'"}, {"detention.transfers", "'t2'"},
	    {"tags", "'b'"}, {"tags", "'a'"}};
	assert_int_equal(faults.n, 0);
	assert_int_equal(entries.n, 7);
	for (size_t i = 0; i < 7; i++) {
		assert_string_equal(entries.list[i].field->path, expected[i][0]);
		assert_string_equal(json_show(entries.list[i].value), expected[i][1]);
	}
}

static void test_equal_elements_collapse(void **state)
{
	(void)state;
	flatten(
	    "{'type': 'item', 'kind': 'photo', 'title': 't', 'source': ['i', {'item': 'i'}, "
	    "{'v': {'item': 'i'}}, {'item': 'i', 'locator': 'p'}], 'language': ['EN', 'en']}");
	assert_int_equal(faults.n, 0);
	assert_int_equal(entries.n, 5);
}

static void test_record_faults(void **state)
{
	(void)state;
	flatten("{'type': 'act', 'kid': 1, 'created': 'x', 'k\\u0435y zz': 1, 'v': 1}");
	assert_int_equal(entries.n, 0);
	assert_true(fault_is("kid", "did you mean kind"));
	assert_true(fault_is("created", "not a field of act"));
	assert_true(fault_is("k??y?zz", "not a field of act"));
	assert_true(fault_is("v", "not a field"));
	assert_true(fault_is("event", "required"));
	assert_true(fault_is("kind", "required"));
	assert_int_equal(faults.n_errors, 6);
	for (size_t i = 0; i < faults.n; i++)
		assert_int_equal(faults.list[i].line, 12);

	flatten(
	    "{'type': 'act', 'event': ['e'], 'kind': '04:030101000000', 'method': "
	    "'05:010100000000', 'detention': [], 'death': {'v': {'cause': 'c'}}, 'torture': "
	    "{'finding': 'zz'}}");
	assert_true(fault_is("event", "takes one value"));
	assert_true(fault_is("method", "not a list"));
	assert_true(fault_is("detention", "not an object"));
	assert_true(fault_is("death", "one by one"));
	assert_true(fault_is("torture.finding", "did you mean findings"));
	assert_int_equal(entries.n, 1);

	flatten("{'type': 'charge', 'accused': []}");
	assert_true(fault_is("accused", "required"));
	flatten("{'type': 'intervention', 'kind': ['x-sp'], 'submitter': {'role': 'r'}}");
	assert_true(fault_is("submitter.name", "required"));
	flatten(
	    "{'type': 'act', 'event': 'e', 'kind': '04:030101000000', 'involvement': [{'degree': "
	    "'18:010100000000'}, {'degree': '18:010100000000', 'basi': 'zz'}]}");
	assert_true(fault_is("involvement.basi", "element 2: "));
	assert_true(fault_is("involvement.basi", "did you mean basis"));
}

static void test_not_an_object(void **state)
{
	json_t *v = json_array();
	(void)state;
	faults_clear();
	schema_entries_free(&entries);
	assert_int_equal(schema_flatten(&entries, schema, schema_type(schema, "act"), v,
			     NULL, 1, &faults, &g_err),
	    SAKSI_OK);
	assert_int_equal(faults.n_errors, 1);
	json_decref(v);
}

/* A long list of equal elements takes no quadratic time: 200,000 of them. */
static void test_many_elements(void **state)
{
	json_t *r = json_of("{'type': 'case', 'title': 't'}"), *tags = json_array();
	(void)state;
	for (int i = 0; i < 200000; i++)
		assert_int_equal(json_array_append_new(tags, json_sprintf("%d", i / 2)),
		    0);
	assert_int_equal(json_object_set_new(r, "tags", tags), 0);
	faults_clear();
	schema_entries_free(&entries);
	assert_int_equal(schema_flatten(&entries, schema, schema_type(schema, "case"), r,
			     NULL, 1, &faults, &g_err),
	    SAKSI_OK);
	assert_int_equal(entries.n, 100001);
	schema_entries_free(&entries);
	json_decref(r);
}

static void test_put(void **state)
{
	json_t *r = json_object(), *v = json_of("'w'");
	(void)state;
	assert_int_equal(schema_put(r, field_of("act", "detention.facility"), v), 0);
	assert_int_equal(schema_put(r, field_of("act", "detention.transfers"), v), 0);
	assert_int_equal(schema_put(r, field_of("act", "detention.transfers"), v), 0);
	assert_int_equal(schema_put(r, field_of("act", "tags"), v), 0);
	assert_int_equal(schema_put(r, field_of("act", "note"), v), 0);
	assert_string_equal(json_show(r),
	    "{'detention':{'facility':'w','transfers':['w','w']},'note':'w','tags':['w']}");
	assert_int_equal(json_object_set_new(r, "death", json_true()), 0);
	assert_int_equal(schema_put(r, field_of("act", "death.cause"), v), -1);
	json_decref(r);
	json_decref(v);
}

/* ---- the sample records ---------------------------------------------------------- */

static struct buf sample;

static int sample_setup(void **state)
{
	char path[PATH_SIZE];
	data_path(path, "samples/cambodia.ndjson");
	assert_int_equal(fs_read_file(&sample, path, 1u << 24, &g_err), SAKSI_OK);
	return schema_setup(state);
}

static int sample_teardown(void **state)
{
	buf_free(&sample);
	schema_entries_free(&entries);
	return schema_teardown(state);
}

/* Canonical bytes of a record as its entries put it together. */
static void record_bytes(struct buf *out, const struct schema_entries *e)
{
	json_t *r = json_object();
	for (size_t i = 0; i < e->n; i++)
		assert_int_equal(schema_put(r, e->list[i].field, e->list[i].value), 0);
	mpjson_write(out, r);
	assert_false(out->failed);
	json_decref(r);
}

static void round_trip(const struct schema_type *t, const struct schema_entries *first)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct schema_entries again;
	json_t *r = NULL;
	struct mp_reader in;

	record_bytes(&once, first);
	/* Through msgpack, as the vault keeps it. */
	mp_read_init(&in, once.p, once.len);
	assert_int_equal(mpjson_read(&r, &in, &g_err), SAKSI_OK);
	assert_int_equal(schema_flatten(&again, schema, t, r, NULL, 0, &faults, &g_err),
	    SAKSI_OK);
	assert_int_equal(faults.n_errors, 0);
	assert_int_equal(again.n, first->n);
	for (size_t i = 0; i < again.n; i++) {
		assert_ptr_equal(again.list[i].field, first->list[i].field);
		assert_true(json_equal(again.list[i].value, first->list[i].value));
	}
	record_bytes(&twice, &again);
	assert_int_equal(once.len, twice.len);
	assert_memory_equal(once.p, twice.p, once.len);
	schema_entries_free(&again);
	json_decref(r);
	buf_free(&once);
	buf_free(&twice);
}

/* A person may have no name, but hardly neither name nor description. */
static void test_nameless_warns(void **state)
{
	static const struct {
		const char *type, *record;
		size_t warnings;
	} cases[] = {{"person", "{'names': ['A']}", 0},
	    {"person", "{'group_description': 'villagers'}", 0},
	    {"person", "{'sex': 'f'}", 1}, {"person", "{'names': []}", 1},
	    {"event", "{'title': 'T'}", 0}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct schema_entries e;
		json_t *r = json_of(cases[i].record);
		faults_clear();
		assert_int_equal(schema_flatten(&e, schema,
				     schema_type(schema, cases[i].type), r, NULL, 7,
				     &faults, &g_err),
		    SAKSI_OK);
		assert_int_equal(faults.n, cases[i].warnings);
		assert_int_equal(faults.n_errors, 0);
		if (faults.n > 0) {
			assert_int_equal(faults.list[0].line, 7);
			assert_string_equal(faults.list[0].key, "names");
		}
		schema_entries_free(&e);
		json_decref(r);
	}
}

static json_t *sample_line(const char **at, const struct schema_type **t)
{
	const char *end =
	    memchr(*at, '\n', (size_t)((const char *)sample.p + sample.len - *at));
	json_t *r = NULL;
	assert_non_null(end);
	assert_int_equal(json_parse_line(&r, *at, (size_t)(end - *at), "sample", &g_err),
	    SAKSI_OK);
	*at = end + 1;
	*t = schema_type(schema, json_string_value(json_object_get(r, "type")));
	assert_non_null(*t);
	return r;
}

static void test_sample(void **state)
{
	const char *at = (const char *)sample.p;
	size_t lines = 0, total = 0;
	(void)state;
	faults_clear();
	while (at < (const char *)sample.p + sample.len) {
		const struct schema_type *t;
		struct schema_entries e;
		json_t *r = sample_line(&at, &t);
		lines++;
		assert_int_equal(schema_flatten(&e, schema, t, r, NULL, lines, &faults,
				     &g_err),
		    SAKSI_OK);
		total += e.n;
		assert_int_equal(faults.n, 0);
		round_trip(t, &e);
		schema_entries_free(&e);
		json_decref(r);
	}
	assert_int_equal(lines, 359);
	assert_int_equal(total, 2020);
}

/* ---- random changes ---------------------------------------------------------------- */

static uint64_t rng = 88172645463325252u;

static uint64_t next_random(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static json_t *random_value(unsigned depth)
{
	static const char *const texts[] = {"", "a", "x-a", "04:030101000000", "2019",
	    "P1Y", "\xe1\x9e\x80", "\n", "yes", "known", "[2019..]", "KH", "\xcc\x81",
	    "S"};
	json_t *o;
	switch (next_random() % (depth == 0 ? 5 : 8)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(next_random() % 2);
	case 2:
		return json_integer((json_int_t)next_random());
	case 3:
		return json_real((double)(int64_t)next_random() / 1e17);
	case 4:
		return json_string(
		    texts[next_random() % (sizeof(texts) / sizeof(texts[0]))]);
	case 5:
		o = json_array();
		for (uint64_t n = next_random() % 4; n > 0; n--)
			assert_int_equal(json_array_append_new(o, random_value(depth - 1)),
			    0);
		return o;
	default:
		break;
	}
	static const char *const keys[] = {"v", "class", "source", "item", "text", "edtf",
	    "degree", "note", "kind", "amount", "value", "lat", "status", "term"};
	o = json_object();
	for (uint64_t n = next_random() % 5; n > 0; n--) {
		const char *key = keys[next_random() % (sizeof(keys) / sizeof(keys[0]))];
		assert_int_equal(json_object_set_new(o, key, random_value(depth - 1)), 0);
	}
	return o;
}

/* Put something else somewhere into a record. */
static void spoil(json_t *o, unsigned depth)
{
	const char *key;
	json_t *v;
	void *tmp;
	size_t n = json_object_size(o), pick = n != 0 ? next_random() % n : 0, i = 0;
	json_object_foreach_safe (o, tmp, key, v) {
		if (i++ != pick)
			continue;
		if (json_is_object(v) && depth != 0 && next_random() % 2 != 0) {
			spoil(v, depth - 1);
		} else if (json_is_array(v) && json_array_size(v) != 0 &&
		    next_random() % 2 != 0) {
			size_t k = next_random() % json_array_size(v);
			assert_int_equal(json_array_set_new(v, k, random_value(3)), 0);
		} else {
			assert_int_equal(json_object_set_new(o, key, random_value(3)), 0);
		}
		return;
	}
}

static void use_everywhere(const json_t *r);

static void test_random_records(void **state)
{
	const char *at = (const char *)sample.p;
	size_t good = 0, faulty = 0;
	(void)state;
	while (at < (const char *)sample.p + sample.len) {
		const struct schema_type *t;
		json_t *r = sample_line(&at, &t);
		for (int i = 0; i < 12; i++) {
			json_t *x = json_deep_copy(r);
			struct schema_entries e;
			for (uint64_t k = 1 + next_random() % 3; k > 0; k--)
				spoil(x, 2);
			faults_clear();
			assert_int_equal(schema_flatten(&e, schema, t, x, NULL, 1,
					     &faults, &g_err),
			    SAKSI_OK);
			if (faults.n_errors == 0)
				round_trip(t, &e);
			good += faults.n_errors == 0;
			faulty += faults.n_errors != 0;
			schema_entries_free(&e);
			/* The rest is given only checked records, and survives others. */
			use_everywhere(x);
			json_decref(x);
		}
		json_decref(r);
	}
	/* Both ways were really gone. */
	assert_true(good > 300);
	assert_true(faulty > 1000);
}

static bool any_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	struct buf b = BUF_INIT;
	value_text(&b, schema, f, v);
	assert_false(b.failed);
	*(size_t *)ctx += b.len;
	buf_free(&b);
	return true;
}

static bool any_date(void *ctx, const struct schema_field *f, const struct edtf *d)
{
	(void)f;
	*(size_t *)ctx += d->earliest <= d->latest;
	return true;
}

static bool any_ref(void *ctx, const struct schema_field *f, const char *id)
{
	(void)f;
	*(size_t *)ctx += strlen(id);
	return true;
}

static bool any_text(void *ctx, const struct schema_field *f, enum text_weight w,
    const char *text)
{
	(void)f;
	*(size_t *)ctx += strlen(text) + (size_t)w;
	return true;
}

static bool even_id(void *ctx, const char *id)
{
	(void)ctx;
	return strlen(id) % 2 == 0;
}

static void use_everywhere(const json_t *r)
{
	struct buf b = BUF_INIT;
	size_t n = 0;
	record_label(&b, schema, r);
	assert_false(b.failed);
	record_values(schema, r, any_value, &n);
	record_dates(schema, r, any_date, &n);
	record_refs(schema, r, any_ref, &n);
	record_texts(schema, r, any_text, &n);
	buf_free(&b);
	for (int c = CLASS_P; c <= CLASS_S; c++) {
		json_t *cut = NULL;
		enum saksi_err e = schema_cut(&cut, schema, r, (enum saksi_class)c,
		    even_id, NULL, &g_err);
		assert_true(e == SAKSI_OK || e == SAKSI_EFORMAT);
		json_decref(cut);
	}
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_entries_in_schema_order),
    cmocka_unit_test(test_equal_elements_collapse),
    cmocka_unit_test(test_record_faults),
    cmocka_unit_test(test_not_an_object),
    cmocka_unit_test(test_many_elements),
    cmocka_unit_test(test_put),
    cmocka_unit_test(test_nameless_warns),
    cmocka_unit_test(test_sample),
    cmocka_unit_test(test_random_records),
};

TEST_MAIN(tests, sample_setup, sample_teardown)
