/* tally.c - the summary of what came in: counts, who changed what, what is missing. */
#include "tally.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_LISTED 2000u
#define FAULTS_LISTED 200u

void sync_summary_init(struct sync_summary *s)
{
	memset(s, 0, sizeof(*s));
	s->detail = json_pack("{s:[],s:[],s:[],s:[]}", "changes", "refused", "missing",
	    "warnings");
}

void sync_summary_free(struct sync_summary *s)
{
	json_decref(s->detail);
	memset(s, 0, sizeof(*s));
}

void tally_init(struct tally *t, struct sync_summary *sum)
{
	memset(t, 0, sizeof(*t));
	t->sum = sum;
}

void tally_free(struct tally *t)
{
	idmap_free(&t->records);
	idmap_free(&t->pairs);
	free(t->by_record);
	free(t->by_pair);
	memset(t, 0, sizeof(*t));
}

/* ---- changes ---------------------------------------------------------------------- */

/* The entry for ${key}, made if it is new. */
static struct touched *entry_for(struct idmap *map, struct touched **list, uint32_t *n,
    uint32_t *cap, const struct saksi_hash *key, const struct merge_change *c)
{
	uint32_t at = idmap_get(map, key);

	if (at != IDMAP_NONE)
		return &(*list)[at];
	if (*n == *cap) {
		uint32_t more = *cap == 0 ? 64 : *cap * 2;
		struct touched *bigger = realloc(*list, more * sizeof(*bigger));

		if (bigger == NULL)
			return NULL;
		*list = bigger;
		*cap = more;
	}
	if (idmap_put(map, key, *n, NULL) != SAKSI_OK)
		return NULL;
	(*list)[*n] = (struct touched){.record = c->record, .was = c->was};
	return &(*list)[(*n)++];
}

void tally_change(struct tally *t, const struct merge_change *c,
    const struct saksi_hash *device)
{
	struct saksi_hash key = {{0}};
	struct touched *e;

	memcpy(key.b, c->record.b, sizeof(c->record.b));
	e = entry_for(&t->records, &t->by_record, &t->n_records, &t->cap_records, &key, c);
	if (e != NULL) {
		e->is = c->is;
		e->values += c->values;
	}
	t->failed = t->failed || e == NULL;
	memcpy(key.b + 16, device->b, 16);
	e = entry_for(&t->pairs, &t->by_pair, &t->n_pairs, &t->cap_pairs, &key, c);
	if (e != NULL) {
		e->device = *device;
		e->is = c->is;
		e->values += c->values;
	}
	t->failed = t->failed || e == NULL;
}

/* ---- faults and warnings ------------------------------------------------------------ */

static void append(struct tally *t, const char *list, json_t *item)
{
	if (item == NULL ||
	    json_array_append_new(json_object_get(t->sum->detail, list), item) != 0)
		t->failed = true;
}

void tally_refused(struct tally *t, const char *what, const char *reason)
{
	t->sum->refused++;
	if (t->refused_listed++ < FAULTS_LISTED)
		append(t, "refused",
		    json_pack("{s:s,s:s}", "what", what, "reason", reason));
}

void tally_missing(struct tally *t, const struct saksi_hash *id, const char *device,
    uint64_t seq)
{
	char hex[65] = "";

	t->sum->missing++;
	if (t->missing_listed++ >= FAULTS_LISTED)
		return;
	if (id != NULL)
		hex_encode(hex, id->b, sizeof(id->b));
	append(t, "missing",
	    json_pack("{s:s,s:s,s:I}", "id", hex, "device", device == NULL ? "" : device,
		"seq", (json_int_t)seq));
}

void tally_warn(struct tally *t, const char *fmt, ...)
{
	json_t *list = json_object_get(t->sum->detail, "warnings"), *one;
	char text[600];
	size_t i;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_foreach (list, i, one)
		if (strcmp(json_string_value(one), text) == 0)
			return;
	if (json_array_size(list) < FAULTS_LISTED)
		append(t, "warnings", json_string(text));
}

/* ---- telling ------------------------------------------------------------------------ */

static const char *what_was_done(const struct touched *e)
{
	if (e->was == 0 && e->is == 1)
		return "new";
	if (e->was != 2 && e->is == 2)
		return "deleted";
	if (e->was == 2 && e->is == 1)
		return "undeleted";
	return "changed";
}

static enum saksi_err tell_change(struct tally *t, struct saksi_team *team,
    struct saksi_txn *txn, const struct touched *e, struct saksi_error *err)
{
	struct saksi_record *r = NULL;
	struct buf label = BUF_INIT;
	json_t *form = NULL;
	const char *by = saksi_team_device_name(team, &e->device);
	char id[ID_TEXT_LEN + 1], shortid[17];
	enum saksi_err rc = saksi_record_get(&r, txn, &e->record, 0, err);

	if (rc == SAKSI_OK)
		rc = saksi_record_json(&form, txn, r, saksi_team_device_name, team, err);
	if (rc == SAKSI_OK) {
		record_label(&label, saksi_vault_schema(saksi_team_vault(team)), form);
		id_text(id, &e->record);
		hash_short(shortid, &e->device);
		append(t, "changes",
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:I}", "id", id, "type", r->type,
			"label", buf_cstr(&label), "by", by != NULL ? by : shortid, "did",
			what_was_done(e), "values", (json_int_t)e->values));
	} else if (rc == SAKSI_ENOTFOUND) {
		rc = SAKSI_OK; /* nothing of it is there to show */
	}
	json_decref(form);
	buf_free(&label);
	saksi_record_free(&r);
	return rc;
}

static void count_records(struct tally *t)
{
	for (uint32_t i = 0; i < t->n_records; i++) {
		const struct touched *e = &t->by_record[i];

		if (e->was == 0 && e->is != 0)
			t->sum->new_records++;
		else if (e->is == 2 && e->was != 2)
			t->sum->deleted++;
		else if (e->is != 0)
			t->sum->changed++;
	}
}

enum saksi_err tally_finish(struct tally *t, struct saksi_team *team,
    struct saksi_txn *txn, struct saksi_error *err)
{
	json_t *by_type = NULL;
	size_t deleted;
	enum saksi_err rc = SAKSI_OK;

	count_records(t);
	for (uint32_t i = 0; i < t->n_pairs && i < CHANGES_LISTED && rc == SAKSI_OK; i++)
		rc = tell_change(t, team, txn, &t->by_pair[i], err);
	if (t->n_pairs > CHANGES_LISTED)
		tally_warn(t, "%u more changes are not listed",
		    t->n_pairs - CHANGES_LISTED);
	if (rc == SAKSI_OK)
		rc =
		    saksi_record_counts(txn, &by_type, &t->sum->conflicts, &deleted, err);
	json_decref(by_type);
	if (rc == SAKSI_OK && (t->failed || t->sum->detail == NULL))
		rc = saksi_fail_nomem(err);
	return rc;
}
