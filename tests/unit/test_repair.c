/*
 * test_repair.c - named losses: what `verify` says of a damaged value, and what
 * a repair makes of it.  tests/campaign/damage.c damages at random.
 */
#include <fcntl.h>

#include <saksi/store/repair.h>

#include "kv_int.h"
#include "vault_impl.h"
#include "vaults.h"

struct words {
	struct buf b;
	size_t n;
};

static void on_words(void *ctx, const char *what)
{
	struct words *w = ctx;

	buf_add_str(&w->b, what);
	buf_add_byte(&w->b, '\n');
	w->n++;
}

static bool says(struct words *w, const char *what)
{
	return strstr(buf_cstr(&w->b), what) != NULL;
}

static void data_path(char out[200], const struct device *d)
{
	snprintf(out, 200, "%s/vault/%s", d->dir, KV_DATA_FILE);
}

static struct saksi_id make_record(struct device *d, const char *title)
{
	struct saksi_txn *t = begin(d, true);
	struct saksi_draft *draft = NULL;
	json_t *v = text_value(title);
	struct saksi_id id;

	OK(saksi_draft_new(&draft, t, &g_err));
	OK(saksi_draft_create(draft, &id, "event", NULL, NULL, &g_err));
	OK(saksi_draft_set(draft, &id, "title", v, &g_err));
	OK(saksi_draft_commit(draft, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&draft);
	json_decref(v);
	return id;
}

static void change_record(struct device *d, const struct saksi_id *id, const char *title)
{
	struct saksi_txn *t = begin(d, true);
	struct saksi_draft *draft = NULL;
	json_t *v = text_value(title);

	OK(saksi_draft_new(&draft, t, &g_err));
	OK(saksi_draft_set(draft, id, "title", v, &g_err));
	OK(saksi_draft_commit(draft, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&draft);
	json_decref(v);
}

/* One byte wrong in every copy of value ${n}. */
static void wreck(struct device *d, enum kv_table table, uint64_t n)
{
	struct saksi_txn *t = begin(d, false);
	struct buf sealed = BUF_INIT, file = BUF_INIT;
	char path[200];
	bool found;
	size_t hits = 0;
	uint8_t *p;
	int fd;

	OK(kv_read_sealed(&sealed, &found, t->kv, table, n, &g_err));
	assert_true(found);
	saksi_txn_abort(&t);
	data_path(path, d);
	OK(fs_read_file(&file, path, 1u << 30, &g_err));
	for (p = file.p; (p = memmem(p, file.len - (size_t)(p - file.p), sealed.p,
			      sealed.len)) != NULL;
	     p++, hits++)
		p[60] ^= 4;
	assert_true(hits > 0);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	OK(fs_write_all(fd, file.p, file.len, path, &g_err));
	close(fd);
	buf_free(&sealed);
	buf_free(&file);
}

static void id_words(char out[120], const struct saksi_id *id, const char *rest)
{
	char text[ID_TEXT_LEN + 1];

	id_text(text, id);
	snprintf(out, 120, "record %s: %s", text, rest);
}

static void verify_names(struct device *d, struct words *w)
{
	buf_reset(&w->b);
	w->n = 0;
	assert_int_equal(saksi_vault_verify(d->v, false, NULL, NULL, on_words, w, &g_err),
	    SAKSI_EDAMAGED);
	assert_true(w->n > 0);
}

/* Repair ${d}'s vault beside it and go on with the fresh one. */
static void repair(struct device *d, struct words *w, struct repair_report *rep)
{
	struct secret *pass = passphrase("a long enough passphrase");
	struct repair_options opt = {.lost = on_words, .ctx = w};
	struct saksi_repair *r = NULL;
	char from[200], to[200], cmd[700];

	snprintf(from, sizeof(from), "%s/vault", d->dir);
	snprintf(to, sizeof(to), "%s/fresh", d->dir);
	buf_reset(&w->b);
	w->n = 0;
	OK(saksi_repair_begin(&r, from, to, g_schema, pass, &opt, &g_err));
	crypto_random(d->w.nonce, sizeof(d->w.nonce));
	log_id_of(&d->w.log, &d->w.device, d->w.coll, d->w.nonce);
	saksi_vault_set_writer(saksi_repair_vault(r), CS_DATA, &d->w);
	OK(saksi_repair_records(r, &g_err));
	OK(saksi_repair_end(&r, rep, &g_err));
	assert_null(r);
	secret_free(&pass);
	snprintf(cmd, sizeof(cmd), "rm -r %s && mv %s %s", from, to, from);
	assert_int_equal(system(cmd), 0);
	device_reopen(d, g_schema);
	OK(saksi_vault_verify(d->v, true, NULL, NULL, on_words, w, &g_err));
}

static void assert_title(struct device *d, const struct saksi_id *id, const char *title)
{
	struct saksi_txn *t = begin(d, false);
	json_t *json = NULL;
	uint64_t number;

	OK(catalog_number(t, id, &number, &g_err));
	assert_int_not_equal(number, 0);
	OK(txn_record_json(t, number, &json, &g_err));
	assert_string_equal(json_string_value(json_object_get(json, "title")), title);
	json_decref(json);
	saksi_txn_abort(&t);
}

static void a_damaged_row_is_named_and_made_anew(void **state)
{
	struct words w = {BUF_INIT, 0};
	struct repair_report rep;
	struct saksi_id a, b;
	struct device d;
	char text[120];

	(void)state;
	device_make(&d, g_schema);
	a = make_record(&d, "First");
	b = make_record(&d, "Second");
	wreck(&d, KV_RECORDS, 1);
	verify_names(&d, &w);
	id_words(text, &a, "its row is damaged");
	assert_true(says(&w, text));
	id_words(text, &b, "");
	assert_false(says(&w, text));
	repair(&d, &w, &rep);
	/* The log says all that the row did. */
	assert_int_equal(rep.losses, 0);
	assert_int_equal(rep.records, 2);
	assert_title(&d, &a, "First");
	assert_title(&d, &b, "Second");
	buf_free(&w.b);
	device_end(&d);
}

static void a_lost_change_is_named_and_taken_from_the_row(void **state)
{
	struct words w = {BUF_INIT, 0};
	struct repair_report rep;
	struct saksi_id a, b;
	struct device d;
	char text[120];

	(void)state;
	device_make(&d, g_schema);
	a = make_record(&d, "First");
	b = make_record(&d, "Second");
	change_record(&d, &a, "First, later");
	change_record(&d, &b, "Second, later");
	wreck(&d, KV_LOG, 4); /* 1 opens the log; 4 changes a */
	verify_names(&d, &w);
	id_words(text, &a, "a change to it is damaged");
	assert_true(says(&w, text));
	id_words(text, &b, "");
	assert_false(says(&w, text));
	repair(&d, &w, &rep);
	assert_true(says(&w, "change 4: it is lost"));
	assert_int_equal(rep.changes, 3);
	assert_int_equal(rep.missing, 1);
	assert_int_equal(rep.pending, 1); /* the one after it */
	assert_int_equal(rep.restated, 2);
	assert_title(&d, &a, "First, later");
	assert_title(&d, &b, "Second, later");
	id_words(text, &a, "what it says is saved");
	assert_true(says(&w, text));
	buf_free(&w.b);
	device_end(&d);
}

static void a_pending_change_without_its_row_is_stated(void **state)
{
	struct words w = {BUF_INIT, 0};
	struct repair_report rep;
	struct saksi_id a, b;
	struct device d;
	char text[120];

	(void)state;
	device_make(&d, g_schema);
	a = make_record(&d, "First");
	b = make_record(&d, "Second");
	change_record(&d, &a, "First, later");
	change_record(&d, &b, "Second, later");
	change_record(&d, &b, "Second, latest");
	wreck(&d, KV_LOG, 4);
	wreck(&d, KV_RECORDS, 2);
	repair(&d, &w, &rep);
	assert_title(&d, &a, "First, later");
	/* Of b all changes are there, though two can't stand in a log. */
	assert_title(&d, &b, "Second, latest");
	id_words(text, &b, "not all that was said of it");
	assert_true(says(&w, text));
	assert_int_equal(rep.pending, 2);
	buf_free(&w.b);
	device_end(&d);
}

static void a_record_lost_with_all_its_bytes_is_not_invented(void **state)
{
	struct words w = {BUF_INIT, 0};
	struct repair_report rep;
	struct saksi_txn *t;
	struct saksi_id a, b;
	struct device d;
	uint64_t number;

	(void)state;
	device_make(&d, g_schema);
	a = make_record(&d, "First");
	b = make_record(&d, "Second");
	wreck(&d, KV_LOG, 3);
	wreck(&d, KV_RECORDS, 2);
	repair(&d, &w, &rep);
	assert_true(says(&w, "change 3: it is lost"));
	assert_int_equal(rep.records, 1);
	assert_title(&d, &a, "First");
	t = begin(&d, false);
	OK(catalog_number(t, &b, &number, &g_err));
	assert_int_equal(number, 0);
	saksi_txn_abort(&t);
	buf_free(&w.b);
	device_end(&d);
}

static void import_many(struct device *d, unsigned n)
{
	struct import_options opt = {false, false, NULL, NULL};
	struct import_report rep;
	struct buf b = BUF_INIT;

	for (unsigned i = 0; i < n; i++)
		buf_printf(&b,
		    "{\"id\":\"e%u\",\"type\":\"event\",\"title\":\"Event %u\"}\n", i, i);
	OK(saksi_import(d->v, (const char *)b.p, b.len, &opt, &rep, &g_err));
	assert_int_equal(rep.created, n);
	import_report_free(&rep);
	buf_free(&b);
}

/* More rows than are counted in one piece, and the last ones have no change any more. */
static void rows_of_many_records_settle_them(void **state)
{
	enum { MANY = 9000 };
	struct words w = {BUF_INIT, 0};
	struct repair_report rep;
	struct saksi_txn *t;
	struct device d;
	uint64_t first, next, count;

	(void)state;
	device_make(&d, g_schema);
	import_many(&d, MANY);
	t = begin(&d, false);
	kv_range(t->kv, KV_LOG, &first, &next, &count);
	saksi_txn_abort(&t);
	wreck(&d, KV_LOG, next - 2);
	repair(&d, &w, &rep);
	assert_int_equal(rep.missing, 1);
	assert_int_equal(rep.pending, 1);
	assert_int_equal(rep.records, MANY);
	/* Those of two changes, more than one draft holds. */
	assert_in_range(rep.restated, 400, MANY);
	assert_true(says(&w, "what it says is saved"));
	/* Each row is there, so nobody has to doubt what a record says. */
	assert_false(says(&w, "it may say what it said before"));
	buf_free(&w.b);
	device_end(&d);
}

/* Its row is whole and shows nothing; what a change said before is not said anew. */
static void what_a_row_took_back_is_not_said_anew(void **state)
{
	struct words w = {BUF_INIT, 0};
	struct saksi_draft *draft = NULL;
	struct repair_report rep;
	struct saksi_txn *t;
	struct saksi_id b;
	struct device d;
	uint64_t number;

	(void)state;
	device_make(&d, g_schema);
	(void)make_record(&d, "First");
	(void)make_record(&d, "Lost");
	b = make_record(&d, "Second");
	t = begin(&d, true);
	OK(saksi_draft_new(&draft, t, &g_err));
	OK(saksi_draft_clear(draft, &b, "title", &g_err));
	OK(saksi_draft_clear(draft, &b, "type", &g_err));
	OK(saksi_draft_commit(draft, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&draft);
	wreck(&d, KV_LOG, 3);
	wreck(&d, KV_LOG, 5);
	repair(&d, &w, &rep);
	assert_true(says(&w, "change 3: it is lost"));
	t = begin(&d, false);
	OK(catalog_number(t, &b, &number, &g_err));
	assert_int_equal(number, 0);
	saksi_txn_abort(&t);
	buf_free(&w.b);
	device_end(&d);
}

/* The older head of the two no longer reads as one. */
static void wreck_head(struct device *d, uint64_t newest)
{
	static const uint8_t wrong[8] = {0x55};
	char path[200];
	int fd;

	data_path(path, d);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, wrong, sizeof(wrong), newest % 2 == 0 ? 4096 : 0), 8);
	close(fd);
}

static void what_was_removed_stays_removed(void **state)
{
	struct words w = {BUF_INIT, 0};
	struct repair_report rep;
	struct saksi_hash sealer = {{1}};
	struct buf b = BUF_INIT;
	struct log_entry e;
	struct saksi_txn *t;
	struct device d;
	uint64_t newest;

	(void)state;
	device_make(&d, g_schema);
	(void)make_record(&d, "Meeting in the village");
	t = begin(&d, true);
	OK(saksi_log_get_n(t, 1, &e, &g_err));
	OK(saksi_held_put(t, e.cs, HELD_PENDING, &sealer, "waits", &g_err));
	log_entry_free(&e);
	OK(saksi_local_put(t, LOCAL_JOIN, "join request", 12, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	t = begin(&d, true);
	OK(saksi_held_del(t, 1, &g_err));
	OK(saksi_local_del(t, LOCAL_JOIN, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	t = begin(&d, false);
	newest = kv_txn_base(t->kv);
	saksi_txn_abort(&t);
	/* Their bytes are there still, and no head says that this is the last commit. */
	wreck_head(&d, newest);
	repair(&d, &w, &rep);
	assert_int_equal(rep.held, 0);
	t = begin(&d, false);
	assert_int_equal(saksi_local_get(t, LOCAL_JOIN, &b, &g_err), SAKSI_ENOTFOUND);
	saksi_txn_abort(&t);
	buf_free(&b);
	buf_free(&w.b);
	device_end(&d);
}

static void put_local(struct device *d, enum local_slot slot, const char *words)
{
	struct saksi_txn *t = begin(d, true);

	OK(saksi_local_put(t, slot, words, strlen(words), &g_err));
	OK(saksi_txn_commit(&t, &g_err));
}

/* Nothing is trusted here, not even what came with saksi. */
static void assert_no_trust(struct device *d)
{
	static const char expected[] = "\x81\xacnone_shipped\xc3";
	struct buf b = BUF_INIT;
	struct saksi_txn *t = begin(d, false);

	OK(saksi_local_get(t, LOCAL_TRUST, &b, &g_err));
	saksi_txn_abort(&t);
	assert_int_equal(b.len, sizeof(expected) - 1);
	assert_memory_equal(b.p, expected, b.len);
	buf_free(&b);
}

/* The newest head wrecked: which settings are current nobody knows then. */
static void a_setting_that_may_be_old_is_told_and_no_trust(void **state)
{
	static const uint8_t zeros[8192];
	struct words w = {BUF_INIT, 0};
	struct repair_report rep;
	struct buf b = BUF_INIT;
	struct saksi_txn *t;
	struct device d;
	char path[200];
	int fd;

	(void)state;
	device_make(&d, g_schema);
	(void)make_record(&d, "First");
	put_local(&d, LOCAL_TRUST, "trusted");
	/* Sound and current: it comes along, and nothing is said. */
	repair(&d, &w, &rep);
	assert_int_equal(rep.losses, 0);
	t = begin(&d, false);
	OK(saksi_local_get(t, LOCAL_TRUST, &b, &g_err));
	saksi_txn_abort(&t);
	data_path(path, &d);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	OK(fs_pwrite_all(fd, zeros, sizeof(zeros), 0, path, &g_err));
	close(fd);
	repair(&d, &w, &rep);
	assert_true(rep.losses > 0);
	assert_true(says(&w, "which exporters are trusted: what was found may be older"));
	assert_no_trust(&d);
	buf_free(&b);
	buf_free(&w.b);
	device_end(&d);
}

/* A list that is gone, or of which nobody can tell whether there was one. */
static void a_lost_list_of_exporters_is_no_trust(void **state)
{
	struct words w = {BUF_INIT, 0};
	struct repair_report rep;
	struct saksi_txn *t;
	struct device d;

	(void)state;
	device_make(&d, g_schema);
	(void)make_record(&d, "First");
	/* There never was one: what came with saksi is trusted. */
	repair(&d, &w, &rep);
	assert_int_equal(rep.losses, 0);
	t = begin(&d, false);
	assert_int_equal(saksi_local_get(t, LOCAL_TRUST, &w.b, &g_err), SAKSI_ENOTFOUND);
	saksi_txn_abort(&t);
	put_local(&d, LOCAL_TRUST, "trusted");
	wreck(&d, KV_LOCAL, LOCAL_TRUST);
	repair(&d, &w, &rep);
	assert_true(says(&w, "which exporters are trusted: lost, so none is"));
	assert_no_trust(&d);
	device_end(&d);
	/* A later setting, so that the meta record does not say it. */
	device_make(&d, g_schema);
	put_local(&d, (enum local_slot)(LOCAL_TRUST + 5), "x");
	wreck(&d, (enum kv_table)KV_DB_VERSIONS, kv_chunk_key(KV_LOCAL, 0, 0));
	repair(&d, &w, &rep);
	assert_true(says(&w, "which exporters are trusted: whether any was distrusted"));
	assert_no_trust(&d);
	buf_free(&w.b);
	device_end(&d);
}

/* The version lists of table 4 wrecked: what a page holds is likely, no more. */
static void a_likely_setting_is_told(void **state)
{
	struct words w = {BUF_INIT, 0};
	struct repair_report rep;
	struct buf b = BUF_INIT;
	struct saksi_txn *t;
	struct device d;

	(void)state;
	device_make(&d, g_schema);
	put_local(&d, LOCAL_REMOTES, "remotes");
	put_local(&d, LOCAL_TRUST, "trusted");
	wreck(&d, (enum kv_table)KV_DB_VERSIONS, kv_chunk_key(KV_LOCAL, 0, 0));
	repair(&d, &w, &rep);
	assert_true(says(&w, "which exporters are trusted: what was found may be older"));
	assert_true(
	    says(&w, "were seen to hold: which of its states is the newest can't"));
	t = begin(&d, false);
	OK(saksi_local_get(t, LOCAL_REMOTES, &b, &g_err));
	saksi_txn_abort(&t);
	assert_no_trust(&d);
	buf_free(&b);
	buf_free(&w.b);
	device_end(&d);
}

static void a_target_that_is_there_is_refused(void **state)
{
	struct secret *pass = passphrase("a long enough passphrase");
	struct repair_options opt = {.anew = false};
	struct saksi_repair *r = NULL;
	struct device d;
	char from[200];

	(void)state;
	device_make(&d, g_schema);
	snprintf(from, sizeof(from), "%s/vault", d.dir);
	assert_int_equal(saksi_repair_begin(&r, from, from, g_schema, pass, &opt, &g_err),
	    SAKSI_EEXIST);
	assert_null(r);
	secret_free(&pass);
	device_end(&d);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_damaged_row_is_named_and_made_anew),
    cmocka_unit_test(a_lost_change_is_named_and_taken_from_the_row),
    cmocka_unit_test(a_pending_change_without_its_row_is_stated),
    cmocka_unit_test(a_record_lost_with_all_its_bytes_is_not_invented),
    cmocka_unit_test(rows_of_many_records_settle_them),
    cmocka_unit_test(what_a_row_took_back_is_not_said_anew),
    cmocka_unit_test(what_was_removed_stays_removed),
    cmocka_unit_test(a_setting_that_may_be_old_is_told_and_no_trust),
    cmocka_unit_test(a_lost_list_of_exporters_is_no_trust),
    cmocka_unit_test(a_likely_setting_is_told),
    cmocka_unit_test(a_target_that_is_there_is_refused),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
