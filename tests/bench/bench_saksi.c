/*
 * bench_saksi.c - saksi's library at work on generated records.
 *
 *   bench_saksi load|get|scan|query|edit --dir VAULT --schema DIR --records N ...
 *
 * One part per process, so that each part's memory is its own.  The vault must
 * exist; it is opened as every command opens it: by the unlocked session, or
 * with --passphrase FILE.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/give_back.h>
#include <saksi/base/mpjson.h>
#include <saksi/sync/team.h>

#include "measure.h"
#include "saksi_search.h"

struct subject {
	struct bench *b;
	struct schema *schema;
	struct saksi_vault *v;
	struct saksi_team *team;
	struct saksi_error err;
};

static void must(struct subject *s, enum saksi_err rc)
{
	if (rc != SAKSI_OK)
		die("saksi: %s", s->err.msg);
}

static struct secret *read_passphrase(struct subject *s)
{
	struct buf text = BUF_INIT;
	struct secret *pass = NULL;

	must(s, fs_read_file(&text, s->b->pass, 1024, &s->err));
	while (text.len > 0 && text.p[text.len - 1] == '\n')
		text.len--;
	must(s, secret_copy(&pass, text.p, text.len, &s->err));
	buf_free(&text);
	return pass;
}

static void open_vault(struct subject *s)
{
	struct secret *pass = s->b->pass == NULL ? NULL : read_passphrase(s);

	must(s, schema_load(&s->schema, s->b->schema, &s->err));
	must(s, saksi_vault_open(&s->v, s->b->dir, s->schema, pass, 0, &s->err));
	must(s, saksi_team_load(&s->team, s->v, &s->err));
	secret_free(&pass);
}

static void close_vault(struct subject *s)
{
	saksi_team_free(&s->team);
	saksi_vault_close(&s->v);
	schema_free(&s->schema);
}

static struct saksi_txn *begin(struct subject *s, bool write)
{
	struct saksi_txn *t = NULL;

	must(s, saksi_txn_begin(&t, s->v, write, &s->err));
	return t;
}

/* ---- parts ------------------------------------------------------------------------------- */

struct loaded {
	double us, cpu, bytes;
};

/* Text is made before the clock starts.  Returns the time that the slice took. */
static double load_slice(struct subject *s, size_t from, size_t to, struct loaded *l)
{
	static const struct import_options opt = {false, false, NULL, NULL};
	struct import_report report;
	struct buf text = BUF_INIT;
	double start, cpu;

	for (size_t i = from; i < to; i++) {
		gen_record(s->b->gen, i, &text);
		buf_add_byte(&text, '\n');
	}
	must(s, buf_ok(&text, &s->err));
	l->bytes += (double)text.len;
	cpu = cpu_us();
	start = now_us();
	must(s,
	    saksi_import(s->v, (const char *)text.p, text.len, &opt, &report, &s->err));
	start = now_us() - start;
	l->us += start;
	l->cpu += cpu_us() - cpu;
	if (report.created != to - from || report.faults.n > 0)
		die("import: %zu of %zu records are new, %zu faults or warnings",
		    report.created, to - from, report.faults.n);
	import_report_free(&report);
	buf_free(&text);
	return start;
}

static void load(struct subject *s)
{
	struct bench *b = s->b;
	struct loaded l = {0, 0, 0};
	double last, n = (double)b->records;

	for (size_t at = 0; at < b->records; at += b->slice) {
		size_t to = at + b->slice < b->records ? at + b->slice : b->records;

		last = load_slice(s, at, to, &l);
		if (to == b->records)
			result(b, "bulk insert, last slice",
			    (double)(to - at) / (last / 1e6), "/s");
	}
	result(b, "bulk insert", n / (l.us / 1e6), "/s");
	result(b, "bulk insert, CPU per record", l.cpu / n, "us");
	result(b, "input per record", l.bytes / n, "B");
	result(b, "file", file_size(b->dir, "data.mdb"), "B");
	result_rss(b, "rss: bulk insert");
}

static void get_one(struct subject *s, struct saksi_txn *t, const struct saksi_id *id)
{
	struct saksi_record *r = NULL;

	must(s, saksi_record_get(&r, t, id, 0, &s->err));
	if (r->n_visible == 0)
		die("a record is empty");
	saksi_record_free(&r);
}

static void get(struct subject *s)
{
	struct bench *b = s->b;
	struct dice d = dice_new(b->seed, 77);
	struct samples us = {0};
	struct saksi_txn *t = begin(s, false);
	struct saksi_id id;
	double start = now_us();

	gen_id(b->gen, 0, &id);
	get_one(s, t, &id);
	result(b, "first get after open", now_us() - start, "us");
	for (size_t k = 0; k < 2 * b->gets; k++) {
		gen_id(b->gen, dice_below(&d, b->records), &id);
		start = now_us();
		get_one(s, t, &id);
		if (k >= b->gets) /* the first half warms */
			samples_add(&us, now_us() - start);
	}
	samples_result(b, "get by id", &us);
	samples_free(&us);
	saksi_txn_abort(&t);
	result_rss(b, "rss: get");
}

static enum saksi_err count_one(void *ctx, const struct saksi_record *r,
    struct saksi_error *err)
{
	(void)err;
	*(size_t *)ctx += r->n_visible > 0;
	return SAKSI_OK;
}

static void scan(struct subject *s)
{
	struct bench *b = s->b;
	struct saksi_txn *t = begin(s, false);
	struct samples us = {0};
	double began = now_us();

	for (int k = 0; k < 3 && (k == 0 || now_us() - began < b->budget * 1e6); k++) {
		size_t n = 0;
		double start = now_us();

		must(s, saksi_record_each(t, false, count_one, &n, &s->err));
		samples_add(&us, now_us() - start);
		if (n != b->records)
			die("saksi: a scan found %zu of %zu records", n, b->records);
	}
	result(b, "full scan, decoded", (double)b->records / (samples_at(&us, 0.5) / 1e6),
	    "/s");
	samples_free(&us);
	saksi_txn_abort(&t);
	result_rss(b, "rss: scan");
}

static void query_one(struct subject *s, struct saksi_txn *t, const struct bench_query *q)
{
	struct bench *b = s->b;
	struct samples us = {0};
	char name[80];
	size_t hits = 0;
	double began = now_us();

	do {
		double start = now_us();

		must(s, saksi_search(t, s->schema, q->saksi, &hits, &s->err));
		samples_add(&us, now_us() - start);
	} while (us.n < 200 && now_us() - began < b->budget * 1e6);
	query_check(b, q, hits);
	(void)snprintf(name, sizeof(name), "query: %s", q->name);
	result(b, name, samples_at(&us, 0.5), "us");
	samples_free(&us);
}

static void query(struct subject *s)
{
	struct saksi_txn *t = begin(s, false);

	for (size_t i = 0; i < bench_n_queries; i++)
		query_one(s, t, &bench_queries[i]);
	saksi_txn_abort(&t);
	result_rss(s->b, "rss: query");
}

/* ---- single edits ------------------------------------------------------------------------ */

/* syncs.c, when it is preloaded. */
static unsigned long (*find_counter(void))(void)
{
	union {
		void *p;
		unsigned long (*fn)(void);
	} u = {dlsym(RTLD_DEFAULT, "bench_syncs")};

	return u.fn;
}

static void edit_one(struct subject *s, const struct saksi_id *id, const json_t *note)
{
	struct saksi_txn *t = begin(s, true);
	struct saksi_draft *d = NULL;

	must(s, saksi_draft_new(&d, t, &s->err));
	must(s, saksi_draft_set(d, id, "internal_note", note, &s->err));
	must(s, saksi_draft_commit(d, NULL, &s->err));
	saksi_draft_free(&d);
	must(s, saksi_txn_commit(&t, &s->err));
}

static void edit(struct subject *s)
{
	struct bench *b = s->b;
	struct dice d = dice_new(b->seed, 99);
	struct samples us = {0};
	unsigned long (*counter)(void) = find_counter();
	unsigned long before = 0;
	double began = now_us(), cpu = cpu_us();

	for (size_t k = 0; k < b->edits + 5; k++) {
		struct buf text = BUF_INIT;
		struct saksi_id id;
		json_t *note;
		double start;

		if (k == 5) {
			before = counter == NULL ? 0 : counter();
			cpu = cpu_us();
		}
		gen_id(b->gen, dice_below(&d, b->records), &id);
		gen_words(b->gen, k, 20, &text);
		if ((note = json_string(buf_cstr(&text))) == NULL)
			die("no memory");
		start = now_us();
		edit_one(s, &id, note);
		if (k >= 5) /* the first ones read in what the process lacks */
			samples_add(&us, now_us() - start);
		json_decref(note);
		buf_free(&text);
		if (us.n >= 10 && now_us() - began > b->budget * 1e6)
			break;
	}
	if (counter != NULL)
		result(b, "syncs per edit", (double)(counter() - before) / (double)us.n,
		    "");
	result(b, "single durable edit, CPU", (cpu_us() - cpu) / (double)us.n, "us");
	samples_result(b, "single durable edit", &us);
	samples_free(&us);
	result_rss(b, "rss: edit");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct subject *s);
	} parts[] = {{"load", load}, {"get", get}, {"scan", scan}, {"query", query},
	    {"edit", edit}};
	struct bench b;
	struct subject s = {.b = &b};
	double start;

	bench_args(&b, argc, argv);
	if (b.schema == NULL)
		die("--schema is missing");
	process_give_back(); /* as in saksi */
	json_wiping_alloc();
	must(&s, process_harden(&s.err));
	start = now_us();
	open_vault(&s);
	if (strcmp(b.what, "get") == 0)
		result(&b, "open", now_us() - start, "us");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].name, b.what) == 0) {
			parts[i].run(&s);
			start = -1;
		}
	close_vault(&s);
	bench_end(&b);
	if (start >= 0)
		die("%s: there is no such part", b.what);
	return bench_faults > 0;
}
