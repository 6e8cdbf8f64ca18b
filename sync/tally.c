/* tally.c - the summary of what came in: counts, who changed what, what is missing. */
#include "tally.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

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
	free(t->recent);
	free(t->by_record);
	free(t->by_pair);
	memset(t, 0, sizeof(*t));
}

/* ---- changes ---------------------------------------------------------------------- */

/* The entry for ${key}, made if it is new. */
static struct touched *entry_for(struct idmap *map, struct touched **list, uint32_t *n,
    size_t *cap, const struct saksi_hash *key, const struct merge_change *c)
{
	uint32_t at = idmap_get(map, key);
	struct touched *bigger;

	if (at != IDMAP_NONE)
		return &(*list)[at];
	if ((bigger = list_room(*list, *n, cap, sizeof(*bigger))) == NULL)
		return NULL;
	*list = bigger;
	if (idmap_put(map, key, *n, NULL) != SAKSI_OK)
		return NULL;
	(*list)[*n] = (struct touched){.record = c->record, .was = c->was};
	return &(*list)[(*n)++];
}

static void count_change(struct tally *t, const struct merge_change *c,
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

void tally_change(struct tally *t, const struct merge_change *c,
    const struct saksi_hash *device)
{
	struct recent *list =
	    list_room(t->recent, t->n_recent, &t->cap_recent, sizeof(*list));

	if (list == NULL) {
		t->failed = true;
		return;
	}
	t->recent = list;
	t->recent[t->n_recent++] = (struct recent){*c, *device};
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

static const char *what_was_done(const struct touched *e, bool edited)
{
	if (e->was == 0 && e->is == 1)
		return "new";
	if (e->was != 2 && e->is == 2)
		return "deleted";
	/* Edited while another deleted it: that undid nothing. */
	if (e->was == 2 && e->is == 1 && !edited)
		return "undeleted";
	return "changed";
}

/* A record that can't be shown, for whatever reason, is named by its id. */
static void tell_change(struct tally *t, struct saksi_team *team, struct saksi_txn *txn,
    const struct touched *e)
{
	struct saksi_record *r = NULL;
	struct buf label = BUF_INIT;
	json_t *form = NULL, *item;
	const char *by = saksi_team_device_name(team, &e->device);
	char id[ID_TEXT_LEN + 1], shortid[17];
	enum saksi_err rc = saksi_record_get(&r, txn, &e->record, 0, NULL);

	if (rc == SAKSI_ENOTFOUND)
		return; /* nothing of it is there to show */
	if (rc == SAKSI_OK)
		rc = saksi_record_json(&form, txn, r, saksi_team_device_name, team, NULL);
	if (rc == SAKSI_OK)
		record_label(&label, saksi_vault_schema(saksi_team_vault(team)), form);
	id_text(id, &e->record);
	hash_short(shortid, &e->device);
	item = json_pack("{s:s,s:s,s:s,s:s,s:s,s:I}", "id", id, "type",
	    r != NULL ? r->type : "", "label", id, "by", by != NULL ? by : shortid, "did",
	    what_was_done(e, r != NULL && r->delete_conflict), "values",
	    (json_int_t)e->values);
	if (item != NULL && rc == SAKSI_OK && !label.failed)
		(void)json_object_set_new(item, "label", json_string(buf_cstr(&label)));
	append(t, "changes", item);
	json_decref(form);
	buf_free(&label);
	saksi_record_free(&r);
}

static void count_records(struct tally *t)
{
	for (uint32_t i = 0; i < t->n_records; i++) {
		const struct touched *e = &t->by_record[i];

		/* What a list shows afterwards must follow from these. */
		if (e->was == 0 && e->is == 2)
			t->sum->new_deleted++;
		else if (e->was == 0 && e->is != 0)
			t->sum->new_records++;
		else if (e->is == 2 && e->was != 2)
			t->sum->deleted++;
		else if (e->is == 1 && e->was == 2)
			t->sum->undeleted++;
		else if (e->is != 0)
			t->sum->changed++;
	}
}

void tally_mark(struct tally *t)
{
	for (size_t i = 0; i < t->n_recent; i++)
		count_change(t, &t->recent[i].change, &t->recent[i].device);
	t->n_recent = 0;
	t->mark.received = t->sum->received;
	t->mark.known = t->sum->known;
	t->mark.refused = t->sum->refused;
	t->mark.listed = t->refused_listed;
}

void tally_back(struct tally *t)
{
	json_t *list = json_object_get(t->sum->detail, "refused");

	t->n_recent = 0;
	t->sum->received = t->mark.received;
	t->sum->known = t->mark.known;
	t->sum->refused = t->mark.refused;
	t->refused_listed = t->mark.listed;
	while (json_array_size(list) > t->mark.listed)
		(void)json_array_remove(list, json_array_size(list) - 1);
}

void tally_finish(struct tally *t, struct saksi_team *team, struct saksi_txn *txn)
{
	json_t *by_type = NULL;
	size_t deleted;

	count_records(t);
	for (uint32_t i = 0; i < t->n_pairs && i < CHANGES_LISTED; i++)
		tell_change(t, team, txn, &t->by_pair[i]);
	if (t->n_pairs > CHANGES_LISTED)
		tally_warn(t, "%u more changes are not listed",
		    t->n_pairs - CHANGES_LISTED);
	if (saksi_record_counts(txn, &by_type, &t->sum->conflicts, &deleted, NULL) !=
	    SAKSI_OK)
		tally_warn(t, "the conflicts could not be counted");
	json_decref(by_type);
	if (t->failed)
		tally_warn(t, "this list of what came in is not whole; what came in is");
}
