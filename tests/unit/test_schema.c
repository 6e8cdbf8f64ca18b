/*
 * The loader: types, fields and code lists of the shipped data files, and what
 * it refuses.
 */
#include <sys/stat.h>

#include "schema_fixture.h"

static void test_types(void **state)
{
	static const char *const names[] = {"case", "person", "organisation", "event",
	    "act", "proceeding", "charge", "decision", "information", "item",
	    "intervention", "relationship", "provision"};
	size_t n;
	(void)state;
	const struct schema_type *t = schema_types(schema, &n);
	assert_int_equal(n, 13);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(t[i].name, names[i]);
	assert_null(schema_type(schema, "acts"));
	assert_null(schema_type(schema, NULL));
}

static void test_fields(void **state)
{
	(void)state;
	const struct schema_type *act = schema_type(schema, "act");
	const struct schema_field *f = schema_field(act, "kind");
	assert_string_equal(f->list, "04");
	assert_string_equal(f->esf, "2109");
	assert_true(f->required);
	assert_false(f->many);
	f = schema_field(act, "detention.warrant_shown");
	assert_string_equal(f->path, "detention.warrant_shown");
	assert_string_equal(f->name, "warrant_shown");
	assert_int_equal(f->kind, FIELD_YESNO);
	f = schema_field(act, "involvement");
	assert_true(f->many);
	assert_int_equal(f->n_fields, 6);
	assert_string_equal(f->fields[0].path, "involvement.perpetrator");
	/* A leaf of a list of groups is no register. */
	assert_null(schema_field(act, "involvement.degree"));
	assert_null(schema_field(act, "kind.x"));
	assert_null(schema_field(act, "detention."));
	assert_null(schema_field(act, "detention.nothing"));
	assert_null(schema_field(act, ""));
	assert_null(schema_field(act, "type"));
	/* Own fields first, then the common ones. */
	assert_string_equal(act->fields[0].name, "event");
	assert_string_equal(act->fields[act->n_fields - 1].name, "items");
	assert_true(schema_field(act, "internal_note")->sealed);
}

static void test_sealed_reaches_leaves(void **state)
{
	(void)state;
	assert_true(field_of("act", "torture.findings")->sealed);
	assert_true(field_of("intervention", "submitter.name")->sealed);
	assert_true(field_of("item", "capture.account")->sealed);
	assert_false(field_of("item", "capture.url")->sealed);
	const struct schema_field *consent = field_of("person", "consent");
	for (size_t i = 0; i < consent->n_fields; i++)
		assert_true(consent->fields[i].sealed);
}

static void check_about(const struct schema_field *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (f[i].about == NULL || strlen(f[i].about) < 3 ||
		    strlen(f[i].about) > 76)
			fail_msg("%s: says nothing of itself, or too much", f[i].path);
		check_about(f[i].fields, f[i].n_fields);
	}
}

/* Whoever fills in a field can read what goes into it. */
static void test_all_are_described(void **state)
{
	size_t n;
	const struct schema_type *t = schema_types(schema, &n);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_non_null(t[i].about);
		check_about(t[i].fields, t[i].n_fields);
	}
}

static void test_code_labels(void **state)
{
	static const char *const known[][3] = {{"04", "04:030101000000", "Arrest"},
	    {"04", "04:020103030000", "Surveillance"},
	    {"04", "04:120104000000", "Surveillance"},
	    {"41", "41:010300000000", "Confirmed as not a violation"},
	    {"42", "42:010000000000", "Highly reliable"},
	    {"43", "43:010000000000", "Active"},
	    {"45", "45:070000000000", "Intervention closed"},
	    {"46", "46:010000000000", "Urgent"},
	    {"28", "28:010000000000", "Declaration from officials"},
	    {"44", "44:010000000000", "Strong positive impact"},
	    {"16", "16:990000000000", "Unknown"}, {"16", "x-web", "Web page capture"},
	    {"24", "x-prosecution", "Prosecutor"}, {"20", "x-upr", "UPR submission"},
	    {"x-act", "x-questioning",
		"Summons or questioning by an authority, without arrest"},
	    /* ... which is an act all the same */
	    {"04", "x-questioning",
		"Summons or questioning by an authority, without arrest"},
	    {"x-decision", "x-conviction", "Conviction"},
	    {"x-charge-status", "x-dropped", "Charge dropped"},
	    {"organisation-kind", "trade-union", "trade union"},
	    {"organisation-kind", "ngo", "NGO"},
	    {"court-level", "first instance", "first instance"}, {"sex", "f", "female"}};
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *label = schema_code_label(schema, known[i][0], known[i][1]);
		assert_non_null(label);
		assert_string_equal(label, known[i][2]);
	}
	assert_null(schema_code_label(schema, "42", "42:040100000000"));
	assert_null(schema_code_label(schema, "43", "43:040000000000"));
	assert_null(schema_code_label(schema, "04", "x-conviction"));
	assert_null(schema_code_label(schema, "nothing", "x"));
}

struct count {
	size_t n, with_broader, stars;
	const char *first, *last;
};

static void count_code(void *ctx, const char *code, const char *label, const char *broader)
{
	struct count *c = ctx;
	if (c->n++ == 0)
		c->first = code;
	c->last = code;
	c->with_broader += broader != NULL;
	c->stars += strchr(label, '*') != NULL;
	if (broader != NULL)
		assert_int_equal(strlen(broader), 15);
}

static void test_code_lists(void **state)
{
	static const struct {
		const char *list;
		size_t n;
		const char *first, *last;
	} lists[] = {{"04", 66, "04:010101000000", "04:380101000000"},
	    {"41", 8, "41:010000000000", "41:990000000000"},
	    {"42", 6, "42:010000000000", "42:990000000000"},
	    {"43", 3, "43:010000000000", "43:030000000000"},
	    {"44", 7, "44:010000000000", "44:990000000000"},
	    {"45", 7, "45:010000000000", "45:070000000000"},
	    {"46", 5, "46:010000000000", "46:050000000000"},
	    {"28", 14, "28:010000000000", "28:990000000000"},
	    {"24", 28, "24:010000000000", "24:990000000000"},
	    {"x-act", 17, "x-questioning", "x-tax"},
	    {"x-decision", 31, "x-summons", "x-deportation"}, {"sex", 3, "f", "x"},
	    {"judgement", 4, "confirmed", "rejected"},
	    {"activity", 10, "human-rights-defender", "student"}};
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct count c = {0, 0, 0, NULL, NULL};
		schema_codes(schema, lists[i].list, count_code, &c);
		assert_int_equal(c.n, lists[i].n);
		assert_string_equal(c.first, lists[i].first);
		assert_string_equal(c.last, lists[i].last);
		assert_int_equal(c.stars, 0);
		if (strcmp(lists[i].list, "x-act") == 0)
			assert_int_equal(c.with_broader, 17);
	}
}

static void test_codes_as_json(void **state)
{
	(void)state;
	json_t *codes = schema_codes_json(schema);
	const json_t *list = json_object_get(codes, "43");
	assert_int_equal(json_array_size(list), 3);
	assert_string_equal(json_show(json_array_get(list, 0)),
	    "{'code':'43:010000000000','label':'Active'}");
	json_decref(codes);
}

static void test_kinds_and_classes(void **state)
{
	(void)state;
	assert_string_equal(field_kind_name(FIELD_TEXT), "text");
	assert_string_equal(field_kind_name(FIELD_ATTACHMENT), "attachment");
	assert_string_equal(field_kind_name((enum field_kind)99), "?");
	assert_int_equal(class_parse("P"), CLASS_P);
	assert_int_equal(class_parse("R"), CLASS_R);
	assert_int_equal(class_parse("C"), CLASS_C);
	assert_int_equal(class_parse("S"), CLASS_S);
	assert_int_equal(class_parse("p"), CLASS_NONE);
	assert_int_equal(class_parse("PS"), CLASS_NONE);
	assert_int_equal(class_parse(""), CLASS_NONE);
	assert_int_equal(class_parse(NULL), CLASS_NONE);
	assert_int_equal(class_letter(CLASS_R), 'R');
	assert_int_equal(class_letter(CLASS_NONE), '?');
	assert_true(CLASS_P < CLASS_R && CLASS_R < CLASS_C && CLASS_C < CLASS_S);
}

/* ---- what the loader refuses ------------------------------------------------- */

#define TSV "list\tcode\tlabel\tbroader\n"
#define COMMON "'common': {'note': {'kind': 'note'}}, 'lists': {}"
#define ONE_TYPE(fields)                                                             \
	"{'schema': 1, " COMMON ", 'types': {'t': {'label': 'a', 'fields': {" fields \
	"}}}}"
#define GOOD ONE_TYPE("'a': {'kind': 'text'}")

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* Load a schema of its own; the result, with g_err filled. */
static enum saksi_err load_text(const char *json, const char *tsv)
{
	char dir[] = "/tmp/saksi-schema-XXXXXX", path[256];
	struct schema *s = NULL;
	struct buf b = BUF_INIT;
	assert_non_null(mkdtemp(dir));
	for (const char *p = json; *p != '\0'; p++)
		buf_add_byte(&b, (uint8_t)(*p == '\'' ? '"' : *p));
	write_file(dir, "schema.json", buf_cstr(&b));
	write_file(dir, "thesauri.tsv", tsv);
	enum saksi_err e = schema_load(&s, dir, &g_err);
	assert_true((e == SAKSI_OK) == (s != NULL));
	schema_free(&s);
	buf_free(&b);
	(void)snprintf(path, sizeof(path), "%s/schema.json", dir);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/thesauri.tsv", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	return e;
}

static void test_bad_json(void **state)
{
	static const char *const bad[] = {"", "[]", "{'schema': 1",
	    "{'schema': 1, 'schema': 1}", "{'schema': '1'}", "{'schema': 1}",
	    "{'schema': 1, " COMMON ", 'types': {}}", ONE_TYPE(""),
	    ONE_TYPE("'b': {'kind': 'text'}"), ONE_TYPE("'a': {}"),
	    ONE_TYPE("'a': {'kind': 'texts'}"), ONE_TYPE("'a': {'kind': 'text', 'x': 1}"),
	    ONE_TYPE("'a': {'kind': 'text', 'many': 'yes'}"),
	    ONE_TYPE("'a': {'kind': 'text', 'class': 'X'}"),
	    ONE_TYPE("'a': {'kind': 'code'}"),
	    ONE_TYPE("'a': {'kind': 'code', 'list': 'nowhere'}"),
	    ONE_TYPE("'a': {'kind': 'text', 'list': '04'}"),
	    ONE_TYPE("'a': {'kind': 'ref'}"),
	    ONE_TYPE("'a': {'kind': 'ref', 'to': 'nobody'}"),
	    ONE_TYPE("'a': {'kind': 'group'}"),
	    ONE_TYPE("'a': {'kind': 'group', 'fields': {}}"),
	    ONE_TYPE("'a': {'kind': 'group', 'fields': {'v': {'kind': 'text'}}}"),
	    ONE_TYPE(
		"'a': {'kind': 'group', 'fields': {'b': {'kind': 'group', 'fields': {'c': "
		"{'kind': 'text'}}}}}"),
	    ONE_TYPE("'a': {'kind': 'text'}, 'id': {'kind': 'text'}"),
	    ONE_TYPE("'a': {'kind': 'text'}, 'A': {'kind': 'text'}"),
	    ONE_TYPE("'a': {'kind': 'text'}, 'rivals': {'kind': 'text'}"),
	    "{'schema': 1, 'common': {'n': {'kind': 'note'}}, 'lists': {'l': [1]}, 'types': "
	    "{'t': {'label': 'a', 'fields': {'a': {'kind': 'text'}}}}}",
	    "{'schema': 1, 'common': {'n': {'kind': 'note'}}, 'lists': {'l': ['A B']}, 'types': "
	    "{'t': {'label': 'a', 'fields': {'a': {'kind': 'text'}}}}}",
	    "{'schema': 1, 'common': {'n': {'kind': 'note'}}, 'lists': {'04': ['a']}, 'types': "
	    "{'t': {'label': 'a', 'fields': {'a': {'kind': 'text'}}}}}"};
	(void)state;
	assert_int_equal(load_text(GOOD, TSV), SAKSI_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load_text(bad[i], TSV), SAKSI_EFORMAT);
		assert_non_null(strstr(g_err.msg, "schema.json"));
	}
	assert_int_equal(load_text("{'schema': 2}", TSV), SAKSI_ENEWER);
}

static void test_bad_tsv(void **state)
{
	static const char *const bad[] = {"list code label broader\n",
	    TSV "04\t04:010000000000\n", TSV "04\t04:010000000000\t\n",
	    TSV "04\t010000000000\tx\n", TSV "04\t05:010000000000\tx\n",
	    TSV "04\tx_a\tx\n", TSV "4\tx-a\tx\n", TSV "04\tx-a\tx\t010000000000\n",
	    TSV "04\tx-a\tx\t04:010000000000\tmore\n", TSV "nolist\ta\tx\n",
	    TSV "04\tx-a\tx\n04\tx-a\ty\n", TSV "04\tx-a\t\xff\n"};
	(void)state;
	assert_int_equal(load_text(GOOD, "# only a comment\n"), SAKSI_OK);
	assert_int_equal(load_text(GOOD, ""), SAKSI_OK);
	assert_int_equal(load_text(GOOD, TSV "04\tx-a\tx\t\n\n# more\n04\tx-b\tx"),
	    SAKSI_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load_text(GOOD, bad[i]), SAKSI_EFORMAT);
		assert_non_null(strstr(g_err.msg, "thesauri.tsv"));
	}
}

static void test_absent(void **state)
{
	struct schema *s = NULL;
	(void)state;
	assert_int_equal(schema_load(&s, "/nonexistent", &g_err), SAKSI_ENOTFOUND);
	assert_null(s);
}

/* ---- faults -------------------------------------------------------------------- */

static void test_faults(void **state)
{
	struct schema_faults f = {NULL, 0, 0, 0, false};
	(void)state;
	char longer[400];
	memset(longer, 'k', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	schema_faults_add(&f, 7, false, longer, "%s", longer);
	schema_faults_add(&f, 8, true, "a\xc3\xa9\n", "fine");
	assert_int_equal(f.n, 2);
	assert_int_equal(f.n_errors, 1);
	assert_int_equal(strlen(f.list[0].key), sizeof(f.list[0].key) - 1);
	assert_int_equal(strlen(f.list[0].words), sizeof(f.list[0].words) - 1);
	assert_string_equal(f.list[1].key, "a???");
	assert_true(f.list[1].warning);
	for (unsigned i = 0; i < SCHEMA_FAULTS_MAX * 2; i++)
		schema_faults_add(&f, i, true, "k", "w");
	assert_true(f.n < SCHEMA_FAULTS_MAX);
	for (unsigned i = 0; i < SCHEMA_FAULTS_MAX * 2; i++)
		schema_faults_add(&f, i, false, "k", "w");
	assert_int_equal(f.n, SCHEMA_FAULTS_MAX);
	assert_int_equal(f.n_errors, 2 * SCHEMA_FAULTS_MAX + 1);
	assert_false(f.failed);
	schema_faults_free(&f);
	assert_null(f.list);
	schema_faults_free(NULL);
	schema_entries_free(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_types),
    cmocka_unit_test(test_fields),
    cmocka_unit_test(test_sealed_reaches_leaves),
    cmocka_unit_test(test_all_are_described),
    cmocka_unit_test(test_code_labels),
    cmocka_unit_test(test_code_lists),
    cmocka_unit_test(test_codes_as_json),
    cmocka_unit_test(test_kinds_and_classes),
    cmocka_unit_test(test_bad_json),
    cmocka_unit_test(test_bad_tsv),
    cmocka_unit_test(test_absent),
    cmocka_unit_test(test_faults),
};

TEST_MAIN(tests, schema_setup, schema_teardown)
