/* test_import.c - the interchange form in, and what a repeated import does. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "unnamed.h"
#include "vaults.h"

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>

static struct import_report import(struct device *d, const char *text, enum saksi_err want)
{
	struct import_options opt = {false, false, NULL, NULL};
	struct import_report rep;
	enum saksi_err rc = saksi_import(d->v, text, strlen(text), &opt, &rep, &g_err);

	if (rc != want)
		fail_msg("import: %s: %s", saksi_err_name(rc), g_err.msg);
	return rep;
}

static void samples(struct buf *b)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/data/samples/cambodia.ndjson",
	    getenv("SAKSI_SRC"));
	OK(fs_read_file(b, path, 16u << 20, &g_err));
}

static void the_samples_import_once(void **state)
{
	struct device d;
	struct buf b = BUF_INIT;
	struct import_report rep;
	struct saksi_hash before, after;

	(void)state;
	device_make(&d, g_schema);
	samples(&b);
	rep = import(&d, buf_cstr(&b), SAKSI_OK);
	assert_int_equal(rep.lines, 359);
	assert_int_equal(rep.created, 359);
	assert_int_equal(rep.rivals, 0);
	assert_int_equal(rep.faults.n_errors, 0);
	import_report_free(&rep);
	before = device_digest(&d);
	device_reopen(&d, g_schema);
	rep = import(&d, buf_cstr(&b), SAKSI_OK);
	assert_int_equal(rep.created, 0);
	assert_int_equal(rep.changed, 0);
	assert_int_equal(rep.values, 0);
	assert_int_equal(rep.unchanged, 359);
	import_report_free(&rep);
	after = device_digest(&d);
	assert_memory_equal(before.b, after.b, sizeof(before.b));
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	buf_free(&b);
	device_end(&d);
}

static void two_devices_that_import_one_file_agree(void **state)
{
	struct device a, b;
	struct buf text = BUF_INIT;
	struct import_report rep;
	struct saksi_hash ha, hb;
	struct saksi_txn *t;
	json_t *types = NULL;
	size_t conflicts, deleted;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	samples(&text);
	rep = import(&a, buf_cstr(&text), SAKSI_OK);
	import_report_free(&rep);
	rep = import(&b, buf_cstr(&text), SAKSI_OK);
	import_report_free(&rep);
	carry(&a, &b);
	carry(&b, &a);
	ha = device_digest(&a);
	hb = device_digest(&b);
	assert_memory_equal(ha.b, hb.b, sizeof(ha.b));
	t = begin(&a, false);
	OK(saksi_record_counts(t, &types, &conflicts, &deleted, &g_err));
	assert_int_equal(conflicts, 0);
	assert_int_equal(json_integer_value(json_object_get(types, "person")), 81);
	json_decref(types);
	saksi_txn_abort(&t);
	buf_free(&text);
	device_end(&a);
	device_end(&b);
}

#define PERSON(id, more) \
	"{\"id\":\"" id "\",\"type\":\"person\",\"names\":[{\"text\":\"A B\"}]" more "}\n"

static void any_fault_writes_nothing(void **state)
{
	static const struct {
		const char *text;
		size_t line;
		const char *key;
	} bad[] = {
	    {PERSON("p1", "") "{not json\n", 2, ""},
	    {PERSON("p1", "") PERSON("p2", ",\"colour\":1"), 2, "colour"},
	    {PERSON("p1", "") PERSON("p1", ""), 2, "id"},
	    {PERSON("p1", ",\"born\":\"2019-02-30\""), 1, "born"},
	    {PERSON("p1", ",\"roles\":[{\"role\":\"x\",\"organisation\":\"org-none\"}]"),
		1, NULL},
	    {"{\"type\":\"person\",\"names\":[{\"text\":\"A\"}]}\n", 1, "id"},
	    {"{\"id\":\"a\",\"type\":\"persons\"}\n", 1, "type"},
	    {PERSON("p1", ",\"class\":\"Q\""), 1, "class"},
	    {"[1]\n", 1, ""},
	    {PERSON("p1", ",\"note\":\"\\u0000\""), 1, NULL},
	    {PERSON("p1", ",\"note\":\"\xff\""), 1, NULL},
	    {PERSON("p1", ",\"rivals\":[{\"field\":\"colour\",\"value\":\"x\"}]"), 1,
		"rivals"},
	    {PERSON("p1", ",\"rivals\":[{\"field\":\"born\",\"value\":\"2019-02-30\"}]"),
		1, "born"},
	    {PERSON("p1", ",\"rivals\":{}"), 1, "rivals"},
	    {PERSON("0123456789abcdefghjkmnpqrs", "")
		    PERSON("0123456789ABCDEFGHJKMNPQRS", ""),
		2, "id"},
	};
	struct device d;
	struct saksi_hash empty;

	(void)state;
	device_make(&d, g_schema);
	empty = device_digest(&d);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct import_report rep = import(&d, bad[i].text, SAKSI_EINVAL);
		struct saksi_hash h = device_digest(&d);
		bool named = false;

		assert_memory_equal(h.b, empty.b, sizeof(h.b));
		for (size_t j = 0; j < rep.faults.n; j++)
			named |= !rep.faults.list[j].warning &&
			    rep.faults.list[j].line == bad[i].line &&
			    (bad[i].key == NULL ||
				strcmp(rep.faults.list[j].key, bad[i].key) == 0);
		if (!named)
			fail_msg("case %zu: line and key are not named", i);
		import_report_free(&rep);
	}
	device_end(&d);
}

static void a_value_too_long_is_a_fault_beforehand(void **state)
{
	struct device d;
	struct buf text = BUF_INIT;
	struct import_report rep;
	struct saksi_hash empty, after;

	(void)state;
	device_make(&d, g_schema);
	empty = device_digest(&d);
	buf_add_str(&text, PERSON("p1", ""));
	buf_add_str(&text,
	    "{\"id\":\"p2\",\"type\":\"person\",\"names\":[{\"text\":\"A\"}],\"note\":\"");
	for (size_t i = 0; i < (160u << 10); i++)
		buf_add_byte(&text, 'x');
	buf_add_str(&text, "\"}\n");
	rep = import(&d, buf_cstr(&text), SAKSI_EINVAL);
	assert_int_equal(rep.faults.n_errors, 1);
	assert_int_equal(rep.faults.list[0].line, 2);
	assert_string_equal(rep.faults.list[0].key, "note");
	import_report_free(&rep);
	after = device_digest(&d);
	assert_memory_equal(empty.b, after.b, sizeof(empty.b));
	/* A little less goes in, and out again. */
	memmove(text.p + text.len - 1003, text.p + text.len - 3, 3);
	text.len -= 1000;
	rep = import(&d, buf_cstr(&text), SAKSI_OK);
	assert_int_equal(rep.created, 2);
	import_report_free(&rep);
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	buf_free(&text);
	device_end(&d);
}

static void a_new_value_is_a_rival_and_an_old_one_no_change(void **state)
{
	struct device d;
	struct import_report rep;
	struct saksi_txn *t;
	struct saksi_id id;
	struct saksi_record *r = NULL;
	json_t *j = NULL;

	(void)state;
	device_make(&d, g_schema);
	rep = import(&d, PERSON("p1", ",\"pseudonym\":\"one\""), SAKSI_OK);
	import_report_free(&rep);
	rep = import(&d, PERSON("p1", ",\"pseudonym\":\"two\""), SAKSI_OK);
	assert_int_equal(rep.changed, 1);
	assert_int_equal(rep.rivals, 1);
	import_report_free(&rep);
	rep = import(&d, PERSON("p1", ",\"pseudonym\":\"one\""), SAKSI_OK);
	assert_int_equal(rep.unchanged, 1);
	import_report_free(&rep);
	/* An absent key says nothing. */
	rep = import(&d, PERSON("p1", ""), SAKSI_OK);
	assert_int_equal(rep.unchanged, 1);
	import_report_free(&rep);
	t = begin(&d, false);
	OK(saksi_record_find(t, "p1", &id, &g_err));
	OK(saksi_record_get(&r, t, &id, 0, &g_err));
	assert_int_equal(r->n_conflicts, 1);
	OK(saksi_record_json(&j, t, r, NULL, NULL, &g_err));
	assert_string_equal(json_string_value(json_object_get(j, "pseudonym")), "one");
	assert_int_equal(json_array_size(json_object_get(j, "rivals")), 1);
	json_decref(j);
	saksi_record_free(&r);
	saksi_txn_abort(&t);
	device_end(&d);
}

static void rivals_come_back_as_rivals(void **state)
{
	static const char text[] = PERSON("p1",
	    ",\"class\":\"P\",\"pseudonym\":\"one\",\"rivals\":["
	    "{\"field\":\"pseudonym\",\"value\":\"two\",\"by\":\"x\",\"at\":\"y\"},"
	    "{\"field\":\"class\",\"value\":\"C\"}]");
	struct device d;
	struct import_report rep;
	struct saksi_txn *t;
	struct saksi_id id;
	struct saksi_record *r = NULL;

	(void)state;
	device_make(&d, g_schema);
	rep = import(&d, text, SAKSI_OK);
	import_report_free(&rep);
	rep = import(&d, text, SAKSI_OK);
	assert_int_equal(rep.unchanged, 1);
	import_report_free(&rep);
	t = begin(&d, false);
	OK(saksi_record_find(t, "p1", &id, &g_err));
	OK(saksi_record_get(&r, t, &id, 0, &g_err));
	assert_int_equal(r->n_conflicts, 2);
	assert_int_equal(r->cls, CLASS_C);
	saksi_record_free(&r);
	saksi_txn_abort(&t);
	device_end(&d);
}

static void references_hold_whatever_the_order_of_lines(void **state)
{
	struct device d;
	struct import_report rep;
	struct saksi_txn *t;
	struct saksi_id id;
	char text[27];

	(void)state;
	device_make(&d, g_schema);
	rep = import(&d,
	    PERSON("p1",
		",\"roles\":[{\"role\":\"chair\",\"organisation\":\"o1\"}]") "{\"id\":\"o1\",\"type\":\"organisation\",\"kind\":\"ngo\",\"names\":[{\"text\":\"O\"}]}\r\n\n",
	    SAKSI_OK);
	assert_int_equal(rep.created, 2);
	import_report_free(&rep);
	t = begin(&d, false);
	assert_true(saksi_record_resolver(t, "o1", "organisation", text));
	assert_true(saksi_record_resolver(t, "o1", "party", text));
	assert_false(saksi_record_resolver(t, "o1", "person", text));
	OK(saksi_record_find(t, text, &id, &g_err));
	assert_int_equal(saksi_record_find(t, "o9", &id, &g_err), SAKSI_ENOTFOUND);
	text[5] = '\0';
	OK(saksi_record_find(t, text, &id, &g_err));
	saksi_txn_abort(&t);
	device_end(&d);
}

/* People, each of ${size} bytes and in an organisation that comes at the end. */
struct made {
	size_t people, size;
	const char *end; /* a line more */
	size_t line;	 /* to be made next */
	struct buf text; /* of the one before, and how much of it was given */
	size_t given, calls;
	const char *dir; /* of the vault */
	size_t unnamed;	 /* bytes in a file there that has no name */
};

/* What waits in a file without a name must be sealed: the notes repeat the alphabet. */
static void make_line(struct made *m)
{
	size_t i = m->line++;

	buf_reset(&m->text);
	m->given = 0;
	if (i < m->people) {
		buf_printf(&m->text,
		    "%s{\"id\":\"p%zu\",\"type\":\"person\",\"names\":[{\"text\":\"A B\"}],"
		    "\"roles\":[{\"role\":\"chair\",\"organisation\":\"o%zu\"}],\"note\":\"",
		    i == 0 ? "\xef\xbb\xbf" : "", i, i % 7);
		for (size_t k = 0; k < m->size; k++)
			buf_add_byte(&m->text, (uint8_t)('a' + (i + k) % 26));
		buf_add_str(&m->text, i % 2 == 0 ? "\"}\n" : "\"}\r\n");
	} else if (i < m->people + 7)
		buf_printf(&m->text,
		    "{\"id\":\"o%zu\",\"type\":\"organisation\",\"kind\":\"ngo\",\"names\":[{\"text\":\"O\"}]}\n",
		    i - m->people);
	else if (i == m->people + 7 && m->end != NULL)
		buf_add_str(&m->text, m->end);
	if (i == m->people + 7)
		m->unnamed +=
		    unnamed_bytes(m->dir, "abcdefgh") + unnamed_bytes(m->dir, "names");
	assert_false(m->text.failed);
}

static enum saksi_err read_made(void *ctx, void *to, size_t room, size_t *n,
    struct saksi_error *err)
{
	struct made *m = ctx;
	/* Pieces of all lengths, so that they end anywhere. */
	size_t most = m->calls++ < 40 ? 1 : 1 + m->calls * 7919 % 9000;

	(void)err;
	if (m->given == m->text.len)
		make_line(m);
	*n = m->text.len - m->given;
	*n = *n < room ? *n : room;
	*n = *n < most ? *n : most;
	if (*n > 0)
		memcpy(to, m->text.p + m->given, *n);
	m->given += *n;
	return SAKSI_OK;
}

static struct import_report import_made(struct device *d, size_t people, size_t size,
    const char *end, bool dry, enum saksi_err want)
{
	struct made m = {.people = people, .size = size, .end = end, .dir = d->dir};
	struct import_options opt = {dry, false, NULL, NULL};
	struct import_source from = {read_made, &m};
	struct import_report rep;
	enum saksi_err rc = saksi_import_from(d->v, &from, &opt, &rep, &g_err);

	if (rc != want)
		fail_msg("import: %s: %s", saksi_err_name(rc), g_err.msg);
	buf_free(&m.text);
	/* Without /proc nobody can look. */
	if (people * size > (8u << 20) && people > 100 &&
	    access("/proc/self/fd", R_OK) == 0)
		assert_true(m.unnamed > 0);
	return rep;
}

/* More than is kept in memory, and all of it speaks of lines to come. */
static void a_long_input_is_taken_piece_by_piece(void **state)
{
	enum { PEOPLE = 1300, SIZE = 9000 };
	struct device d;
	struct import_report rep;
	struct saksi_hash before, after;

	(void)state;
	device_make(&d, g_schema);
	before = device_digest(&d);
	rep = import_made(&d, PEOPLE, SIZE, "{\"id\":\"p3\",\"type\":\"person\"}", false,
	    SAKSI_EINVAL);
	assert_int_equal(rep.faults.n_errors, 1);
	assert_int_equal(rep.faults.list[0].line, PEOPLE + 8);
	import_report_free(&rep);
	rep = import_made(&d, PEOPLE, SIZE, NULL, true, SAKSI_OK);
	assert_int_equal(rep.created, PEOPLE + 7);
	import_report_free(&rep);
	after = device_digest(&d);
	assert_memory_equal(before.b, after.b, sizeof(before.b));
	rep = import_made(&d, PEOPLE, SIZE, "\n \n", false, SAKSI_OK);
	assert_int_equal(rep.lines, PEOPLE + 7);
	assert_int_equal(rep.created, PEOPLE + 7);
	import_report_free(&rep);
	before = device_digest(&d);
	/* The terms, which a second thread made, are those of the records. */
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	rep = import_made(&d, PEOPLE, SIZE, NULL, false, SAKSI_OK);
	assert_int_equal(rep.unchanged, PEOPLE + 7);
	import_report_free(&rep);
	after = device_digest(&d);
	assert_memory_equal(before.b, after.b, sizeof(before.b));
	device_end(&d);
}

static void a_line_too_long_is_named_and_the_next_one_read(void **state)
{
	struct device d;
	struct import_report rep;

	(void)state;
	device_make(&d, g_schema);
	rep = import_made(&d, 2, 5u << 20, "{\"id\":\"x\"}", false, SAKSI_EINVAL);
	assert_int_equal(rep.lines, 10);
	assert_int_equal(rep.faults.n_errors, 3);
	assert_int_equal(rep.faults.list[0].line, 1);
	assert_int_equal(rep.faults.list[1].line, 2);
	assert_int_equal(rep.faults.list[2].line, 10);
	import_report_free(&rep);
	device_end(&d);
}

/* What a later line is called comes before what the vault has. */
static void a_later_line_goes_before_the_vault(void **state)
{
	static const char org[] =
	    "{\"id\":\"x1\",\"type\":\"organisation\",\"kind\":\"ngo\",\"names\":[{\"text\":\"O\"}]}\n";
	static const char act[] =
	    "{\"id\":\"r1\",\"type\":\"relationship\",\"kind\":\"member\",\"from\":\"p1\",\"to\":\"x1\"}\n";
	struct device d;
	struct import_report rep;
	struct buf text = BUF_INIT;
	size_t errors;

	(void)state;
	device_make(&d, g_schema);
	rep = import(&d, org, SAKSI_OK);
	import_report_free(&rep);
	/* The same lines, the one that is spoken of before or behind. */
	buf_add_str(&text, PERSON("x1", "") PERSON("p1", ""));
	buf_add_str(&text, act);
	rep = import(&d, buf_cstr(&text), SAKSI_EINVAL);
	errors = rep.faults.n_errors;
	import_report_free(&rep);
	buf_reset(&text);
	buf_add_str(&text, act);
	buf_add_str(&text, PERSON("x1", "") PERSON("p1", ""));
	rep = import(&d, buf_cstr(&text), SAKSI_EINVAL);
	assert_int_equal(rep.faults.n_errors, errors);
	import_report_free(&rep);
	buf_free(&text);
	device_end(&d);
}

#define WHOLE "{\"id\":\"%s\",\"type\":\"person\",\"names\":[{\"text\":\"A B\"}]}\n"

static size_t people(struct device *d)
{
	struct saksi_txn *t = begin(d, false);
	json_t *types = NULL;
	size_t conflicts, deleted;
	json_int_t n;

	OK(saksi_record_counts(t, &types, &conflicts, &deleted, &g_err));
	n = json_integer_value(json_object_get(types, "person"));
	json_decref(types);
	saksi_txn_abort(&t);
	return (size_t)n;
}

/* An id that stands in one line, and follows from the reference in another, far from it. */
static void one_id_twice_is_one_record(void **state)
{
	enum { BETWEEN = 600 };
	struct device d;
	struct saksi_txn *t;
	struct saksi_id id;
	struct import_report rep;
	struct buf text = BUF_INIT;
	char whole[ID_TEXT_LEN + 1], other[ID_TEXT_LEN + 1];

	(void)state;
	for (int first = 0; first < 2; first++) {
		device_make(&d, g_schema);
		t = begin(&d, false);
		OK(saksi_import_id(t, "person", "p1", &id, &g_err));
		saksi_txn_abort(&t);
		id_text(whole, &id);
		buf_reset(&text);
		if (first == 0)
			buf_add_str(&text, PERSON("p1", ""));
		else
			buf_printf(&text, WHOLE, whole);
		for (unsigned i = 0; i < BETWEEN; i++) {
			snprintf(other, sizeof(other), "%026u", i);
			buf_printf(&text, WHOLE, other);
		}
		if (first == 0)
			buf_printf(&text, WHOLE, whole);
		else
			buf_add_str(&text, PERSON("p1", ""));
		rep = import(&d, buf_cstr(&text), SAKSI_OK);
		assert_int_equal(rep.created, BETWEEN + 1);
		import_report_free(&rep);
		assert_int_equal(people(&d), BETWEEN + 1);
		OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
		device_end(&d);
	}
	buf_free(&text);
}

struct elsewhere {
	int go[2], done[2];
	bool told;
};

static void let_the_other_write(void *ctx, size_t done, size_t all)
{
	struct elsewhere *e = ctx;
	char c = 0;

	(void)done;
	(void)all;
	if (e->told)
		return;
	e->told = true;
	assert_int_equal(write(e->go[1], &c, 1), 1);
	assert_int_equal(read(e->done[0], &c, 1), 1);
}

/* Between the check of a file and its writing another process wrote the same. */
static void what_came_meanwhile_is_seen(void **state)
{
	struct elsewhere e = {.told = false};
	struct import_options opt = {false, false, let_the_other_write, &e};
	struct device d;
	struct import_report rep;
	char text[400], c = 0;
	pid_t child;

	(void)state;
	snprintf(text, sizeof(text), WHOLE WHOLE, "00000000000000000000000001",
	    "00000000000000000000000002");
	device_make(&d, g_schema);
	saksi_vault_close(&d.v);
	assert_int_equal(pipe(e.go), 0);
	assert_int_equal(pipe(e.done), 0);
	if ((child = fork()) == 0) {
		device_reopen(&d, g_schema);
		if (read(e.go[0], &c, 1) != 1)
			_exit(1);
		rep = import(&d, text, SAKSI_OK);
		saksi_vault_close(&d.v);
		_exit(write(e.done[1], &c, 1) == 1 && rep.created == 2 ? 0 : 1);
	}
	device_reopen(&d, g_schema);
	OK(saksi_import(d.v, text, strlen(text), &opt, &rep, &g_err));
	assert_true(e.told);
	assert_int_equal(rep.created, 0);
	assert_int_equal(rep.unchanged, 2);
	import_report_free(&rep);
	assert_int_equal(people(&d), 2);
	assert_int_equal(waitpid(child, NULL, 0), child);
	for (size_t i = 0; i < 2; i++) {
		close(e.go[i]);
		close(e.done[i]);
	}
	device_end(&d);
}

static int setup(void **state)
{
	json_wiping_alloc();
	return vaults_setup(state);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_samples_import_once),
    cmocka_unit_test(two_devices_that_import_one_file_agree),
    cmocka_unit_test(any_fault_writes_nothing),
    cmocka_unit_test(a_value_too_long_is_a_fault_beforehand),
    cmocka_unit_test(a_new_value_is_a_rival_and_an_old_one_no_change),
    cmocka_unit_test(rivals_come_back_as_rivals),
    cmocka_unit_test(references_hold_whatever_the_order_of_lines),
    cmocka_unit_test(a_long_input_is_taken_piece_by_piece),
    cmocka_unit_test(a_line_too_long_is_named_and_the_next_one_read),
    cmocka_unit_test(a_later_line_goes_before_the_vault),
    cmocka_unit_test(one_id_twice_is_one_record),
    cmocka_unit_test(what_came_meanwhile_is_seen),
};

TEST_MAIN(tests, setup, vaults_teardown)
