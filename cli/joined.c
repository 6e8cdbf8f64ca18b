/* Records that are confirmed to be one, shown together; in the vault they stay two. */
#include <string.h>

#include "joined.h"
#include "links.h"
#include "output.h"
#include "view.h"

enum saksi_err joined_load(struct joined *j, struct cli *c, const struct saksi_id *id)
{
	memset(j, 0, sizeof(*j));
	j->c = c;
	j->self = *id;
	return saksi_pairs_joined(c->txn, id, c->as_of_us, &j->with, &c->err);
}

void joined_free(struct joined *j)
{
	saksi_pair_links_free(&j->with);
}

/* ---- what hangs on them ------------------------------------------------------------------- */

bool joined_has(const struct joined *j, const struct saksi_id *id)
{
	for (size_t i = 0; i < j->with.n; i++)
		if (id_cmp(&j->with.list[i].other, id) == 0)
			return true;
	return false;
}

static bool is_link(const struct joined *j, const struct saksi_id *id)
{
	for (size_t i = 0; i < j->with.n; i++)
		if (id_cmp(&j->with.list[i].link, id) == 0)
			return true;
	return false;
}

/* The links that join, and the joined ones themselves, are told of above. */
static bool is_told(const struct joined *j, const struct link *l)
{
	return is_link(j, &l->from) || joined_has(j, &l->from) ||
	    id_cmp(&l->from, &j->self) == 0;
}

struct finding {
	const struct joined *j;
	const struct saksi_id *found;
	bool self;
};

static bool look_at_ref(void *ctx, const struct schema_field *f, const char *text)
{
	struct finding *g = ctx;
	struct saksi_id id;

	(void)f;
	if (!id_parse(&id, text))
		return true;
	g->self = id_cmp(&id, &g->j->self) == 0;
	for (size_t i = 0; i < g->j->with.n && g->found == NULL; i++)
		if (id_cmp(&g->j->with.list[i].other, &id) == 0)
			g->found = &g->j->with.list[i].other;
	return !g->self;
}

const struct saksi_id *joined_hangs_on(const struct joined *j, const json_t *record)
{
	struct finding g = {.j = j};

	if (j->with.n > 0)
		record_refs(j->c->schema, record, look_at_ref, &g);
	return g.self ? NULL : g.found;
}

void joined_label(struct cli *c, struct buf *out, const struct saksi_id *id)
{
	char text[ID_TEXT_LEN + 1];

	id_text(text, id);
	view_ref(c, out, text);
}

/* ---- for people ---------------------------------------------------------------------------- */

static enum saksi_err print_member(const struct joined *j, const struct saksi_pair_link *m)
{
	struct cli *c = j->c;
	struct buf label = BUF_INIT;
	char id[ID_TEXT_LEN + 1], link[ID_TEXT_LEN + 1];
	json_t *record = NULL;
	enum saksi_err rc = view_get(c, &m->other, c->as_of_us, NULL, &record);

	if (rc == SAKSI_OK) {
		view_label(c, &label, record);
		id_text(id, &m->other);
		id_text(link, &m->link);
		(void)printf("  %.*s  %-12s  %-20s  ", SHORT_ID, id,
		    view_text(record, "type"), view_text(record, "ref"));
		out_text(stdout, buf_cstr(&label));
		(void)printf("  (by %.*s)\n", SHORT_ID, link);
	}
	buf_free(&label);
	json_decref(record);
	return rc;
}

enum saksi_err joined_print(const struct joined *j, struct links *links)
{
	bool first = true;
	enum saksi_err rc = SAKSI_OK;

	if (j->with.n > 0)
		(void)fputs("\nConfirmed to be the same\n", stdout);
	for (size_t i = 0; i < j->with.n && rc == SAKSI_OK; i++)
		rc = print_member(j, &j->with.list[i]);
	for (size_t i = 0; i < j->with.n && rc == SAKSI_OK; i++) {
		const struct link *l = NULL;
		size_t n = 0;

		rc = links_to(links, &j->with.list[i].other, &l, &n);
		for (size_t k = 0; rc == SAKSI_OK && k < n; k++) {
			if (is_told(j, &l[k]))
				continue;
			if (first)
				(void)fputs("\nLinked from these\n", stdout);
			first = false;
			rc = link_print(j->c, &l[k], true);
		}
	}
	return rc;
}

/* ---- for programs --------------------------------------------------------------------------- */

static void id_json(json_t **o, const char *key, const struct saksi_id *id)
{
	char text[ID_TEXT_LEN + 1];

	id_text(text, id);
	obj_text(o, key, text);
}

static enum saksi_err member_json(const struct joined *j, const struct saksi_pair_link *m,
    json_t **list)
{
	struct saksi_record *r = NULL;
	json_t *o = json_object();
	enum saksi_err rc = view_get(j->c, &m->other, j->c->as_of_us, &r, NULL);

	id_json(&o, "id", &m->other);
	if (rc == SAKSI_OK)
		obj_text(&o, "ref", r->ref);
	id_json(&o, "link", &m->link);
	obj_text(&o, "kind", m->kind);
	arr_add(list, o);
	saksi_record_free(&r);
	return rc;
}

enum saksi_err joined_json(const struct joined *j, struct links *links, json_t **out)
{
	json_t *same = json_array(), *records = json_array(), *o;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < j->with.n && rc == SAKSI_OK; i++) {
		const struct link *l = NULL;
		size_t n = 0;

		rc = member_json(j, &j->with.list[i], &same);
		if (rc == SAKSI_OK)
			rc = links_to(links, &j->with.list[i].other, &l, &n);
		for (size_t k = 0; rc == SAKSI_OK && k < n; k++) {
			if (is_told(j, &l[k]))
				continue;
			o = json_object();
			id_json(&o, "id", &l[k].from);
			obj_text(&o, "type", l[k].type);
			obj_text(&o, "field", l[k].field);
			id_json(&o, "of", &l[k].to);
			arr_add(&records, o);
		}
	}
	if (rc != SAKSI_OK || j->with.n == 0) {
		json_decref(same);
		json_decref(records);
		return rc;
	}
	o = json_object();
	obj_set(&o, "same", same);
	obj_set(&o, "records", records);
	obj_set(out, "joined", o);
	return SAKSI_OK;
}

/* ---- acts that are one ------------------------------------------------------------------------ */

static void add_sources(json_t **list, const json_t *record)
{
	size_t i, k;
	json_t *e, *f;

	json_array_foreach (json_object_get(record, "source"), i, e) {
		bool there = false;

		json_array_foreach (*list, k, f) {
			there = there || json_equal(e, f);
		}
		if (!there)
			arr_add(list, json_incref(e));
	}
}

enum saksi_err joined_also(const struct joined *j, const json_t *record, json_t **out)
{
	json_t *same = json_array(), *sources = json_array();
	enum saksi_err rc = SAKSI_OK;

	add_sources(&sources, record);
	for (size_t i = 0; i < j->with.n && rc == SAKSI_OK; i++) {
		json_t *other = NULL;

		rc = member_json(j, &j->with.list[i], &same);
		if (rc == SAKSI_OK)
			rc = view_get(j->c, &j->with.list[i].other, j->c->as_of_us, NULL,
			    &other);
		if (rc == SAKSI_OK)
			add_sources(&sources, other);
		json_decref(other);
	}
	obj_set(out, "same", same);
	obj_set(out, "sources", sources);
	return rc;
}

void joined_say_also(struct cli *c, struct buf *out, const json_t *o)
{
	static const struct schema_field source = {.kind = FIELD_SOURCE};
	size_t i;
	json_t *e;

	json_array_foreach (json_object_get(o, "same"), i, e) {
		buf_printf(out, "%s%.*s", i == 0 ? "  (the same as " : ", ", SHORT_ID,
		    view_text(e, "id"));
	}
	if (i > 0)
		buf_add_byte(out, ')');
	json_array_foreach (json_object_get(o, "sources"), i, e) {
		buf_add_str(out, i == 0 ? "; sources: " : "; ");
		view_value(c, out, &source, e);
	}
}
