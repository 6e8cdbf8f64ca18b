#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kv_guard.h"
#include "kv_int.h"

#define FAULTS_MAX 100u
#define WORDS_BYTES 700u

struct verify {
	struct kv *kv;
	struct kv_txn *txn;
	void (*fault)(void *ctx, const char *words);
	void *ctx;
	unsigned faults;

	/* the tree that is walked */
	unsigned table;
	uint64_t met;
	uint8_t set[KV_HASH];
	struct buf sealed;
	struct buf plain;
	enum saksi_err rc;
	struct saksi_error *err;
};

/* ---- words ------------------------------------------------------------------------ */

static void tell(struct verify *v, const char *fmt, ...) SAKSI_PRINTF(2, 3);

static void tell(struct verify *v, const char *fmt, ...)
{
	char words[WORDS_BYTES];
	va_list ap;

	v->faults++;
	if (v->fault == NULL || v->faults > FAULTS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	v->fault(v->ctx, words);
	if (v->faults == FAULTS_MAX)
		v->fault(v->ctx, KV_FILE_NAME ": more faults are not listed");
}

static bool on_page_fault(void *ctx, const char *where, const struct page_fault *f)
{
	tell(ctx, KV_FILE_NAME ": page %llu (%s): %s", (unsigned long long)f->page, where,
	    f->why);
	return true;
}

/*
 * What a call found wrong with the data becomes a fault in words, and the
 * check goes on; what keeps it from going on stays an error.
 */
static enum saksi_err absorb(struct verify *v, enum saksi_err rc,
    const struct saksi_error *why)
{
	if (v->kv->dead || (rc != SAKSI_EDAMAGED && rc != SAKSI_EAUTH))
		return rc;
	tell(v, "%s", why->msg);
	return SAKSI_OK;
}

/* ---- values of one table ------------------------------------------------------------ */

static enum saksi_err check_value(struct verify *v, uint64_t n, struct saksi_error *why)
{
	const struct kv_table_state *s = &v->txn->meta.t[v->table];
	enum saksi_err rc;
	uint32_t entry;

	rc = kv_version_get(v->txn, v->table, n, &entry, why);
	if (rc != SAKSI_OK)
		return rc;
	if (!version_there(entry) || n < s->first || n >= s->next) {
		tell(v, KV_FILE_NAME ": value %llu of table %u should not be there",
		    (unsigned long long)n, v->table);
		return SAKSI_OK;
	}
	kv_scratch(&v->plain);
	return kv_unseal_value(&v->plain, v->kv, v->table, n, entry,
	    v->sealed.p + KV_SET_HEAD, v->sealed.len - KV_SET_HEAD, why);
}

static bool on_value(void *ctx, struct kv_walk *w, const struct node *node)
{
	struct verify *v = ctx;
	uint64_t n = node_number(node);
	struct saksi_error why = {SAKSI_OK, 0, ""};
	bool sound;

	kv_set_head(&v->sealed, v->table, n);
	v->rc = kv_walk_value(&v->sealed, &sound, w, node, v->err);
	if (v->rc != SAKSI_OK)
		return false;
	v->met++;
	if (!sound)
		return true;
	kv_set_add(v->kv, v->set, &v->sealed);
	v->rc = absorb(v, check_value(v, n, &why), &why);
	if (v->rc != SAKSI_OK && v->err != NULL)
		*v->err = why;
	return v->rc == SAKSI_OK;
}

/* Name the values that the version lists know and the table lacks. */
static enum saksi_err name_missing(struct verify *v, struct saksi_error *err)
{
	const struct kv_table_state *s = &v->txn->meta.t[v->table];
	struct saksi_error why = {SAKSI_OK, 0, ""};
	uint64_t n = s->first;
	enum saksi_err rc;
	uint32_t entry;
	bool found;

	for (; v->faults < FAULTS_MAX; n++) {
		rc = kv_version_next(v->txn, v->table, &n, &entry, &found, &why);
		if (rc != SAKSI_OK || !found)
			return absorb(v, rc, &why);
		kv_scratch(&v->sealed);
		rc = kv_read_sealed(&v->sealed, &found, v->txn, v->table, n, &why);
		if (rc == SAKSI_OK && !found)
			tell(v, KV_FILE_NAME ": value %llu of table %u is missing",
			    (unsigned long long)n, v->table);
		rc = absorb(v, rc, &why);
		if (rc != SAKSI_OK) {
			if (err != NULL)
				*err = why;
			return rc;
		}
	}
	return SAKSI_OK;
}

static enum saksi_err check_table(struct verify *v, struct kv_walk *w, unsigned table,
    struct saksi_error *err)
{
	const struct kv_table_state *s = &v->txn->meta.t[table];
	char where[16];
	enum saksi_err rc;

	v->table = table;
	v->met = 0;
	memset(v->set, 0, sizeof(v->set));
	(void)snprintf(where, sizeof(where), "table %u", table);
	rc = kv_walk_tree(w, &v->txn->base.db[table], WALK_NUMBERS, where, on_value, v,
	    err);
	if (v->rc != SAKSI_OK)
		return v->rc;
	if (rc != SAKSI_OK)
		return rc;
	if (v->met != s->count) {
		tell(v, KV_FILE_NAME ": table %u should hold %llu values and holds %llu",
		    table, (unsigned long long)s->count, (unsigned long long)v->met);
		return name_missing(v, err);
	}
	if (memcmp(v->set, s->set, KV_HASH) != 0)
		tell(v,
		    KV_FILE_NAME ": the values of table %u are not those last written",
		    table);
	return SAKSI_OK;
}

/* ---- version lists ------------------------------------------------------------------- */

static enum saksi_err check_chunk(struct verify *v, uint64_t key, struct saksi_error *why)
{
	enum saksi_err rc;
	uint32_t version;
	uint64_t index;
	unsigned table;
	unsigned level;

	kv_chunk_split(key, &table, &level, &index);
	version = 0;
	if (table >= 1 && table < KV_TABLE_END) {
		rc = kv_chunk_version(v->txn, table, level, index, &version, why);
		if (rc != SAKSI_OK)
			return rc;
	}
	if (version == 0) {
		tell(v, KV_FILE_NAME ": version list %llx should not be there",
		    (unsigned long long)key);
		return SAKSI_OK;
	}
	kv_scratch(&v->plain);
	return kv_unseal_raw(&v->plain, v->kv, KV_DB_VERSIONS, key, version, v->sealed.p,
	    v->sealed.len, why);
}

static bool on_chunk(void *ctx, struct kv_walk *w, const struct node *node)
{
	struct verify *v = ctx;
	struct saksi_error why = {SAKSI_OK, 0, ""};
	bool sound;

	kv_scratch(&v->sealed);
	v->rc = kv_walk_value(&v->sealed, &sound, w, node, v->err);
	if (v->rc != SAKSI_OK)
		return false;
	v->met++;
	if (!sound)
		return true;
	v->rc = absorb(v, check_chunk(v, node_number(node), &why), &why);
	if (v->rc != SAKSI_OK && v->err != NULL)
		*v->err = why;
	return v->rc == SAKSI_OK;
}

static enum saksi_err check_chunks(struct verify *v, struct kv_walk *w,
    struct saksi_error *err)
{
	struct saksi_error why = {SAKSI_OK, 0, ""};
	uint64_t listed = 0;
	enum saksi_err rc;
	uint64_t n = 0;
	unsigned t;

	v->met = 0;
	rc = kv_walk_tree(w, &v->txn->base.db[KV_DB_VERSIONS], WALK_NUMBERS,
	    "version lists", on_chunk, v, err);
	if (v->rc != SAKSI_OK)
		return v->rc;
	for (t = 1; rc == SAKSI_OK && t < KV_TABLE_END; t++) {
		rc = absorb(v, kv_chunks_count(v->txn, t, &n, &why), &why);
		listed += n;
	}
	if (rc == SAKSI_OK && listed != v->met)
		tell(v,
		    KV_FILE_NAME
		    ": there should be %llu version lists and there are %llu",
		    (unsigned long long)listed, (unsigned long long)v->met);
	return rc;
}

/* ---- all ------------------------------------------------------------------------------- */

static bool on_meta(void *ctx, struct kv_walk *w, const struct node *node)
{
	struct verify *v = ctx;

	(void)w;
	v->met++;
	if (node_number(node) != 0)
		tell(v, KV_FILE_NAME ": table 0 holds something beside the meta record");
	return true;
}

static enum saksi_err check_all(struct verify *v, struct kv_walk *w,
    struct saksi_error *err)
{
	const struct kv_snapshot *s = &v->txn->base;
	enum saksi_err rc;
	unsigned t;

	rc = kv_walk_tree(w, &s->main, WALK_NAMES, "list of tables", NULL, NULL, err);
	if (rc == SAKSI_OK)
		rc = kv_walk_tree(w, &s->db[KV_DB_META], WALK_NUMBERS, "meta record",
		    on_meta, v, err);
	if (rc == SAKSI_OK)
		rc = check_chunks(v, w, err);
	for (t = 1; rc == SAKSI_OK && t < KV_TABLE_END; t++)
		rc = check_table(v, w, t, err);
	if (rc == SAKSI_OK)
		rc = kv_walk_free(w, err);
	return rc;
}

static enum saksi_err verify_inside(struct verify *v, struct saksi_error *err)
{
	struct saksi_error why = {SAKSI_OK, 0, ""};
	struct kv_walk w;
	enum saksi_err rc;

	/* What was cached is not what stands in the file now. */
	v->kv->snap.valid = false;
	v->kv->other_root = 0;
	kv_versions_free(v->kv);
	rc = kv_begin(&v->txn, v->kv, false, &why);
	if (rc != SAKSI_OK) {
		if (err != NULL)
			*err = why;
		if (rc == SAKSI_EDAMAGED || rc == SAKSI_EAUTH)
			tell(v, "%s", why.msg);
		return rc;
	}
	rc = kv_walk_init(&w, v->kv, &v->txn->base, err);
	if (rc == SAKSI_OK) {
		w.fault = on_page_fault;
		w.ctx = v;
		rc = check_all(v, &w, err);
		kv_walk_done(&w);
	}
	kv_abort(&v->txn);
	return rc;
}

enum saksi_err kv_verify(struct kv *kv, void (*fault)(void *ctx, const char *words),
    void *ctx, struct saksi_error *err)
{
	struct verify v = {.kv = kv,
	    .fault = fault,
	    .ctx = ctx,
	    .rc = SAKSI_OK,
	    .err = err};
	enum saksi_err rc = kv_usable(kv, err);

	if (rc != SAKSI_OK)
		return rc;
	rc = verify_inside(&v, err);
	buf_free(&v.sealed);
	buf_free(&v.plain);
	if (rc == SAKSI_EDAMAGED && v.faults == 0)
		tell(&v, KV_FILE_NAME ": reading it had to be cut short");
	if (rc != SAKSI_OK || v.faults == 0)
		return rc;
	return saksi_fail(err, SAKSI_EDAMAGED,
	    KV_FILE_NAME
	    ": %u faults were found; go back to a copy, or to a device of the team",
	    v.faults);
}
