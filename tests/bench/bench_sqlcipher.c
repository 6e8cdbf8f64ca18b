/*
 * bench_sqlcipher.c - SQLCipher with FTS5 on the same records.
 *
 *   bench_sqlcipher all --dir DIR --records N --cache MIB --system NAME ...
 *
 * Built only where its amalgamation is (run.sh fetches it).  A table of
 * msgpack blobs by 16-byte id, and a contentless FTS5 table over the texts
 * that saksi searches: the leanest that a user could set up.  Making blobs
 * and texts is not timed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include <saksi/base/mpjson.h>
#include <saksi/schema/schema.h>

#include "measure.h"

struct peer {
	struct bench *b;
	struct schema *schema;
	sqlite3 *db;
	sqlite3_stmt *put, *index, *get, *unindex, *update;
};

struct prepared {
	struct saksi_id id;
	struct buf blob, text;
};

static void must(struct peer *p, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
		die("sqlcipher: %s", sqlite3_errmsg(p->db));
}

static void sql(struct peer *p, const char *text)
{
	must(p, sqlite3_exec(p->db, text, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(struct peer *p, const char *text)
{
	sqlite3_stmt *s = NULL;

	must(p, sqlite3_prepare_v2(p->db, text, -1, &s, NULL));
	return s;
}

static void step(struct peer *p, sqlite3_stmt *s)
{
	must(p, sqlite3_step(s));
	must(p, sqlite3_reset(s));
}

static void open_db(struct peer *p)
{
	char text[4200];

	(void)snprintf(text, sizeof(text), "%.4000s/peer.db", p->b->dir);
	must(p, sqlite3_open(text, &p->db));
	/* A raw key: no key derivation in any figure. */
	sql(p,
	    "PRAGMA key = \"x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'\"");
	(void)snprintf(text, sizeof(text), "PRAGMA journal_mode=%.10s", p->b->journal);
	sql(p, text);
	sql(p, "PRAGMA synchronous=FULL");
	if (p->b->cache_mib > 0) {
		(void)snprintf(text, sizeof(text), "PRAGMA cache_size=-%ld",
		    p->b->cache_mib * 1024);
		sql(p, text);
	}
	sql(p,
	    "CREATE TABLE r(n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, v BLOB NOT NULL);"
	    "CREATE VIRTUAL TABLE t USING fts5(x, content='', detail=full)");
	p->put = prepare(p, "INSERT INTO r VALUES(?1,?2,?3)");
	p->index = prepare(p, "INSERT INTO t(rowid,x) VALUES(?1,?2)");
	p->get = prepare(p, "SELECT n,v FROM r WHERE id=?1");
	p->unindex = prepare(p, "INSERT INTO t(t,rowid,x) VALUES('delete',?1,?2)");
	p->update = prepare(p, "UPDATE r SET v=?2 WHERE id=?1");
}

static void close_db(struct peer *p)
{
	(void)sqlite3_finalize(p->put);
	(void)sqlite3_finalize(p->index);
	(void)sqlite3_finalize(p->get);
	(void)sqlite3_finalize(p->unindex);
	(void)sqlite3_finalize(p->update);
	must(p, sqlite3_close(p->db));
}

static bool add_text(void *ctx, const struct schema_field *f, enum text_weight w,
    const char *text)
{
	struct buf *out = ctx;

	(void)f;
	(void)w;
	buf_add_str(out, text);
	buf_add_byte(out, '\n');
	return true;
}

static void blob_and_text(struct peer *p, const json_t *json, struct prepared *out)
{
	buf_reset(&out->blob);
	buf_reset(&out->text);
	mpjson_write(&out->blob, json);
	record_texts(p->schema, json, add_text, &out->text);
	if (out->blob.failed || out->text.failed)
		die("no memory");
}

static void prepare_record(struct peer *p, size_t i, struct prepared *out)
{
	json_t *json = record_of(p->b, i);

	gen_id(p->b->gen, i, &out->id);
	blob_and_text(p, json, out);
	json_decref(json);
}

static void bind_blob(sqlite3_stmt *s, int at, const void *v, size_t n)
{
	(void)sqlite3_bind_blob(s, at, v, (int)n, SQLITE_STATIC);
}

static void put(struct peer *p, size_t i, const struct prepared *r)
{
	(void)sqlite3_bind_int64(p->put, 1, (sqlite3_int64)i + 1);
	bind_blob(p->put, 2, r->id.b, sizeof(r->id.b));
	bind_blob(p->put, 3, r->blob.p, r->blob.len);
	step(p, p->put);
	(void)sqlite3_bind_int64(p->index, 1, (sqlite3_int64)i + 1);
	(void)sqlite3_bind_text(p->index, 2, (const char *)r->text.p, (int)r->text.len,
	    SQLITE_STATIC);
	step(p, p->index);
}

static double load_batch(struct peer *p, size_t from, size_t to, struct prepared *list,
    double *cpu)
{
	double start, begun;

	for (size_t i = from; i < to; i++)
		prepare_record(p, i, &list[i - from]);
	begun = cpu_us();
	start = now_us();
	sql(p, "BEGIN IMMEDIATE");
	for (size_t i = from; i < to; i++)
		put(p, i, &list[i - from]);
	sql(p, "COMMIT");
	*cpu += cpu_us() - begun;
	return now_us() - start;
}

static void load(struct peer *p)
{
	struct bench *b = p->b;
	struct prepared *list = calloc(b->batch, sizeof(*list));
	double us = 0, last = 0, cpu = 0;
	size_t tail = b->records > 5000 ? b->records - 5000 : 0;

	if (list == NULL)
		die("no memory");
	for (size_t at = 0; at < b->records; at += b->batch) {
		size_t to = at + b->batch < b->records ? at + b->batch : b->records;
		double took = load_batch(p, at, to, list, &cpu);

		us += took;
		if (at >= tail)
			last += took;
	}
	for (size_t i = 0; i < b->batch; i++) {
		buf_free(&list[i].blob);
		buf_free(&list[i].text);
	}
	free(list);
	result(b, "bulk insert", (double)b->records / (us / 1e6), "/s");
	result(b, "bulk insert, CPU per record", cpu / (double)b->records, "us");
	result(b, "bulk insert, last slice", (double)(b->records - tail) / (last / 1e6),
	    "/s");
	(void)sqlite3_wal_checkpoint_v2(p->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
	    NULL);
	result(b, "file", file_size(b->dir, "peer.db") + file_size(b->dir, "peer.db-wal"),
	    "B");
}

static json_t *decode(const void *v, int n)
{
	struct saksi_error err;
	struct mp_reader r;
	json_t *json = NULL;

	mp_read_init(&r, v, (size_t)n);
	if (mpjson_read(&json, &r, &err) != SAKSI_OK)
		die("sqlcipher: %s", err.msg);
	return json;
}

static json_t *get_one(struct peer *p, const struct saksi_id *id, sqlite3_int64 *n)
{
	json_t *json;

	bind_blob(p->get, 1, id->b, sizeof(id->b));
	if (sqlite3_step(p->get) != SQLITE_ROW)
		die("sqlcipher: a record is not there");
	*n = sqlite3_column_int64(p->get, 0);
	json = decode(sqlite3_column_blob(p->get, 1), sqlite3_column_bytes(p->get, 1));
	must(p, sqlite3_reset(p->get));
	return json;
}

static void get(struct peer *p)
{
	struct bench *b = p->b;
	struct dice d = dice_new(b->seed, 77);
	struct samples us = {0};

	sql(p, "BEGIN");
	for (size_t k = 0; k < 2 * b->gets; k++) {
		struct saksi_id id;
		sqlite3_int64 n;
		double start;

		gen_id(b->gen, dice_below(&d, b->records), &id);
		start = now_us();
		json_decref(get_one(p, &id, &n));
		if (k >= b->gets)
			samples_add(&us, now_us() - start);
	}
	sql(p, "COMMIT");
	samples_result(b, "get by id", &us);
	samples_free(&us);
}

static double scan_once(struct peer *p, bool decoded)
{
	sqlite3_stmt *s = prepare(p, "SELECT v FROM r ORDER BY n");
	size_t n = 0;
	unsigned long sum = 0;
	double start = now_us();

	while (sqlite3_step(s) == SQLITE_ROW) {
		const uint8_t *v = sqlite3_column_blob(s, 0);
		int len = sqlite3_column_bytes(s, 0);

		if (decoded)
			json_decref(decode(v, len));
		for (int i = 0; i < len; i += 64)
			sum += v[i];
		n++;
	}
	start = now_us() - start;
	(void)sqlite3_finalize(s);
	if (n != p->b->records || sum == 0)
		die("sqlcipher: a scan found %zu of %zu records", n, p->b->records);
	return (double)n / (start / 1e6);
}

static void query(struct peer *p, const struct bench_query *q)
{
	struct bench *b = p->b;
	sqlite3_stmt *s = prepare(p, "SELECT rowid FROM t WHERE t MATCH ?1");
	struct samples us = {0};
	char name[80];
	size_t hits;
	double began = now_us();

	(void)sqlite3_bind_text(s, 1, q->fts5, -1, SQLITE_STATIC);
	do {
		double start = now_us();

		hits = 0;
		while (sqlite3_step(s) == SQLITE_ROW)
			hits++;
		must(p, sqlite3_reset(s));
		samples_add(&us, now_us() - start);
	} while (us.n < 200 && now_us() - began < b->budget * 1e6);
	(void)sqlite3_finalize(s);
	query_check(b, q, hits);
	(void)snprintf(name, sizeof(name), "query: %s", q->name);
	result(b, name, samples_at(&us, 0.5), "us");
	samples_free(&us);
}

/* What an application does: read, change, write, and index the text anew. */
static void edit_one(struct peer *p, const struct saksi_id *id, const char *note,
    struct prepared *old, struct prepared *new)
{
	sqlite3_int64 n;
	json_t *json;

	sql(p, "BEGIN IMMEDIATE");
	json = get_one(p, id, &n);
	blob_and_text(p, json, old);
	if (json_object_set_new(json, "internal_note", json_string(note)) != 0)
		die("no memory");
	blob_and_text(p, json, new);
	json_decref(json);
	bind_blob(p->update, 1, id->b, sizeof(id->b));
	bind_blob(p->update, 2, new->blob.p, new->blob.len);
	step(p, p->update);
	(void)sqlite3_bind_int64(p->unindex, 1, n);
	(void)sqlite3_bind_text(p->unindex, 2, (const char *)old->text.p,
	    (int)old->text.len, SQLITE_STATIC);
	step(p, p->unindex);
	(void)sqlite3_bind_int64(p->index, 1, n);
	(void)sqlite3_bind_text(p->index, 2, (const char *)new->text.p,
	    (int)new->text.len, SQLITE_STATIC);
	step(p, p->index);
	sql(p, "COMMIT");
}

static void edit(struct peer *p)
{
	struct bench *b = p->b;
	struct dice d = dice_new(b->seed, 99);
	struct prepared old = {.blob = BUF_INIT}, new = {.blob = BUF_INIT};
	struct samples us = {0};
	double cpu = cpu_us();

	for (size_t k = 0; k < b->edits + 5; k++) {
		struct buf text = BUF_INIT;
		struct saksi_id id;
		double start;

		if (k == 5)
			cpu = cpu_us();

		gen_id(b->gen, dice_below(&d, b->records), &id);
		gen_words(b->gen, k, 20, &text);
		start = now_us();
		edit_one(p, &id, buf_cstr(&text), &old, &new);
		if (k >= 5)
			samples_add(&us, now_us() - start);
		buf_free(&text);
	}
	result(b, "single durable edit, CPU", (cpu_us() - cpu) / (double)b->edits, "us");
	samples_result(b, "single durable edit", &us);
	samples_free(&us);
	buf_free(&old.blob);
	buf_free(&old.text);
	buf_free(&new.blob);
	buf_free(&new.text);
}

int main(int argc, char **argv)
{
	struct saksi_error err;
	struct bench b;
	struct peer p = {.b = &b};

	bench_args(&b, argc, argv);
	if (b.schema == NULL || schema_load(&p.schema, b.schema, &err) != SAKSI_OK)
		die("--schema: missing, or cannot be read");
	if (mkdir(b.dir, 0700) != 0 && errno != EEXIST)
		die("%s: cannot be made", b.dir);
	open_db(&p);
	load(&p);
	get(&p);
	(void)scan_once(&p, false);
	result(&b, "full scan, raw", scan_once(&p, false), "/s");
	result(&b, "full scan, decoded", scan_once(&p, true), "/s");
	for (size_t i = 0; i < bench_n_queries; i++)
		if (bench_queries[i].fts5 != NULL)
			query(&p, &bench_queries[i]);
	edit(&p);
	result_rss(&b, "rss: all parts");
	close_db(&p);
	schema_free(&p.schema);
	bench_end(&b);
	return bench_faults > 0;
}
