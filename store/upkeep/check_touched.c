/*
 * check_touched.c - which records a damaged file's faults touch.
 *
 * A fault is of a page or a value; people ask for records.  The file is looked
 * through as for a repair (kv/salvage.h): a record is touched when its row, or
 * a change to it, does not stand whole where the tables lead.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/kv/salvage.h>

#include "entry.h"
#include "repair.h"
#include "rows.h"

#define NAMED_MAX 100u

struct touched {
	struct saksi_id id;
	bool whole; /* all that is damaged of it has a whole copy elsewhere */
	bool log;   /* a change to it, not its row */
};
struct touching {
	struct kv_salvage *s;
	struct touched *list;
	size_t n, cap;
	uint64_t *changes; /* numbers of those that do not stand, ascending */
	size_t n_changes, cap_changes;
	struct saksi_id *known; /* records that have a row */
	size_t n_known, cap_known;
	size_t nameless; /* rows of which not even the record is known */
	/* while a number is looked at */
	bool whole, log, found;
};

static enum saksi_err note(struct touching *k, const struct saksi_id *id,
    struct saksi_error *err)
{
	struct touched *list = list_room(k->list, k->n, &k->cap, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	k->list = list;
	list[k->n++] = (struct touched){*id, k->whole, k->log};
	k->found = true;
	return SAKSI_OK;
}

/* Any version of a row names its record. */
static enum saksi_err on_row(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct touching *k = ctx;
	struct rows_parts w;
	bool first;

	(void)f;
	if (k->found || rows_split(&w, &first, p, len, NULL) != SAKSI_OK)
		return SAKSI_OK;
	return note(k, &w.head.id, err);
}

static enum saksi_err on_change(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct touching *k = ctx;
	struct stored_entry e;
	enum saksi_err rc = SAKSI_OK;

	if (k->found || stored_entry_read(&e, f->n, p, len, NULL) != SAKSI_OK)
		return SAKSI_OK;
	for (uint32_t i = 0; i < e.cs->n_parts && rc == SAKSI_OK; i++) {
		struct saksi_id id;

		if (repair_part_record(e.cs, i, &id))
			rc = note(k, &id, err);
	}
	stored_entry_free(&e);
	return rc;
}

static enum saksi_err look_at(struct touching *k, enum kv_table t, uint64_t n,
    struct saksi_error *err)
{
	enum kv_standing as;
	uint64_t *list;
	enum saksi_err rc = kv_salvage_standing(k->s, t, n, &as, err);

	if (rc != SAKSI_OK || as == STANDS)
		return rc;
	k->found = false;
	k->whole = as == STANDS_ELSEWHERE;
	k->log = t == KV_LOG;
	rc = kv_salvage_one(k->s, t, n, t == KV_LOG ? on_change : on_row, k, err);
	if (t == KV_RECORDS)
		k->nameless += !k->found;
	if (rc != SAKSI_OK || t != KV_LOG || k->whole)
		return rc;
	list = list_room(k->changes, k->n_changes, &k->cap_changes, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	k->changes = list;
	list[k->n_changes++] = n;
	return SAKSI_OK;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Rows know which changes made them, also of those that are gone. */
static enum saksi_err on_history(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct touching *k = ctx;
	struct mp_reader in;
	struct rows_parts w;
	bool first;

	(void)f;
	if (rows_split(&w, &first, p, len, NULL) != SAKSI_OK)
		return SAKSI_OK;
	mp_read_init(&in, w.groups, w.groups_len);
	for (uint32_t i = 0; i < w.n_groups && !in.failed; i++) {
		const uint8_t *group;
		struct mp_reader g;
		size_t n = mp_skip(&in, MP_DEPTH_MAX + 4u, &group);
		uint64_t change;

		mp_read_init(&g, group, in.failed ? 0 : n);
		mp_read_array(&g);
		change = mp_read_uint(&g);
		if (!g.failed &&
		    bsearch(&change, k->changes, k->n_changes, sizeof(change),
			by_number) != NULL)
			return note(k, &w.head.id, err);
	}
	return SAKSI_OK;
}

/* ---- rows that nothing names: by what the log says and no row does ------------------------ */

static enum saksi_err on_known(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct touching *k = ctx;
	struct saksi_id *list;
	struct rows_parts w;
	bool first;

	(void)f;
	if (rows_split(&w, &first, p, len, NULL) != SAKSI_OK || !first)
		return SAKSI_OK;
	list = list_room(k->known, k->n_known, &k->cap_known, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	k->known = list;
	list[k->n_known++] = w.head.id;
	return SAKSI_OK;
}

static int by_id(const void *a, const void *b)
{
	return id_cmp(a, b);
}

static enum saksi_err on_mention(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct touching *k = ctx;
	struct stored_entry e;
	enum saksi_err rc = SAKSI_OK;

	if (stored_entry_read(&e, f->n, p, len, NULL) != SAKSI_OK)
		return SAKSI_OK;
	for (uint32_t i = 0; i < e.cs->n_parts && rc == SAKSI_OK; i++) {
		struct saksi_id id;

		if (repair_part_record(e.cs, i, &id) &&
		    (k->n_known == 0 ||
			bsearch(&id, k->known, k->n_known, sizeof(id), by_id) == NULL))
			rc = note(k, &id, err);
	}
	stored_entry_free(&e);
	return rc;
}

static enum saksi_err name_by_log(struct touching *k, struct saksi_error *err)
{
	enum saksi_err rc = kv_salvage_each(k->s, KV_RECORDS, on_known, k, err);
	size_t before = k->n;

	if (k->n_known > 1)
		qsort(k->known, k->n_known, sizeof(*k->known), by_id);
	k->whole = k->log = false;
	if (rc == SAKSI_OK)
		rc = kv_salvage_each(k->s, KV_LOG, on_mention, k, err);
	if (k->n > before)
		k->nameless = 0;
	return rc;
}

static enum saksi_err look_through(struct touching *k, struct saksi_error *err)
{
	static const enum kv_table tables[] = {KV_LOG, KV_RECORDS};
	struct kv_salvage_state state;
	enum saksi_err rc = SAKSI_OK;

	for (unsigned i = 0; i < 2; i++) {
		kv_salvage_state(k->s, tables[i], &state);
		for (uint64_t n = state.first; n < state.next && rc == SAKSI_OK; n++)
			rc = look_at(k, tables[i], n, err);
	}
	k->whole = false;
	k->log = true;
	if (rc == SAKSI_OK && k->n_changes > 0)
		rc = kv_salvage_each(k->s, KV_RECORDS, on_history, k, err);
	if (rc == SAKSI_OK && k->nameless > 0)
		rc = name_by_log(k, err);
	return rc;
}

/* ---- words ------------------------------------------------------------------------------ */

static int by_record(const void *a, const void *b)
{
	const struct touched *x = a, *y = b;
	int c = id_cmp(&x->id, &y->id);

	/* What is worse comes first. */
	return c != 0 ? c : (x->whole - y->whole) * 2 + (x->log - y->log);
}

static void say(void (*fault)(void *ctx, const char *words), void *ctx, const char *fmt,
    ...) SAKSI_PRINTF(3, 4);

static void say(void (*fault)(void *ctx, const char *words), void *ctx, const char *fmt,
    ...)
{
	char words[300];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	fault(ctx, words);
}

static void name_all(struct touching *k, void (*fault)(void *ctx, const char *words),
    void *ctx)
{
	char id[ID_TEXT_LEN + 1];
	size_t named = 0, more = 0;

	if (k->n > 1)
		qsort(k->list, k->n, sizeof(*k->list), by_record);
	for (size_t i = 0; i < k->n; i++) {
		const struct touched *t = &k->list[i];

		if (i > 0 && id_cmp(&t->id, &t[-1].id) == 0)
			continue;
		if (named++ >= NAMED_MAX) {
			more++;
			continue;
		}
		id_text(id, &t->id);
		say(fault, ctx, "record %s: %s is damaged%s", id,
		    t->log ? "a change to it" : "its row",
		    t->whole ? "; a whole copy is left for `saksi repair`" : "");
	}
	if (more > 0)
		say(fault, ctx, "and %zu more records are touched", more);
	if (k->nameless > 0)
		say(fault, ctx, "%zu row%s of records that nothing names any more",
		    k->nameless, k->nameless == 1 ? "" : "s");
}

enum saksi_err check_touched(struct saksi_vault *v,
    void (*fault)(void *ctx, const char *words), void *ctx, struct saksi_error *err)
{
	struct touching k = {.s = NULL};
	enum saksi_err rc;

	rc = kv_salvage_open(&k.s, v->dir, keyring_vault_id(v->keys), v->key, NULL, NULL,
	    err);
	if (rc == SAKSI_OK)
		rc = look_through(&k, err);
	if (rc == SAKSI_OK)
		name_all(&k, fault, ctx);
	if (k.s != NULL)
		kv_salvage_close(&k.s);
	free(k.list);
	free(k.changes);
	free(k.known);
	return rc;
}
