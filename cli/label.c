/*
 * What people call a record.  An act, a charge or a decision alone says little:
 * its label names to whom it was done, which another record holds.
 */
#include <string.h>

#include <saksi/base/text.h>

#include "output.h"
#include "view.h"

#define KIND_COLUMNS 16u /* what is left of a kind that makes room for a name */

/* The fields with the parties of a record, in the order in which they are named. */
static const struct parties {
	const char *type, *field, *second;
} parties[] = {
    {"act", "victim", NULL},
    {"charge", "accused", NULL},
    {"decision", "subjects", NULL},
    {"relationship", "a", "b"},
};

static void party_label(struct cli *c, struct buf *out, const char *text)
{
	struct saksi_id id;
	struct saksi_record *r = NULL;
	json_t *party = NULL;
	size_t before = out->len;
	enum saksi_err rc;

	if (!id_parse(&id, text)) {
		buf_add_str(out, text);
		return;
	}
	rc = view_get(c, &id, c->as_of_us, &r, &party);
	if (rc == SAKSI_OK)
		record_label(out, c->schema, party);
	else
		view_unread(c, rc);
	if (out->len == before)
		buf_printf(out, "%.*s", SHORT_ID, text);
	if (r != NULL && r->state == RECORD_DELETED)
		buf_add_str(out, " (deleted)");
	saksi_record_free(&r);
	json_decref(party);
}

/* ": Thun Ratha and 2 others" */
static void add_party(struct cli *c, struct buf *out, const json_t *record,
    const char *field, const char *before)
{
	const json_t *v = json_object_get(record, field);
	const char *first =
	    json_string_value(value_plain(json_is_array(v) ? json_array_get(v, 0) : v));
	size_t n = json_array_size(v);

	if (first == NULL)
		return;
	buf_add_str(out, before);
	party_label(c, out, first);
	if (n > 1)
		buf_printf(out, " and %zu other%s", n - 1, n == 2 ? "" : "s");
}

static void add_parties(struct cli *c, struct buf *out, const json_t *record)
{
	const char *type = view_text(record, "type");

	for (size_t i = 0; i < sizeof(parties) / sizeof(parties[0]); i++) {
		if (strcmp(parties[i].type, type) != 0)
			continue;
		add_party(c, out, record, parties[i].field, ": ");
		if (parties[i].second != NULL)
			add_party(c, out, record, parties[i].second, ", ");
	}
}

static void add_kind(struct cli *c, struct buf *out, const json_t *record)
{
	json_t *undated = json_deep_copy(record);

	if (undated != NULL) {
		(void)json_object_del(undated, "date");
		record_label(out, c->schema, undated);
	}
	json_decref(undated);
	if (out->len == 0)
		buf_add_str(out, "(no name)");
}

void view_label(struct cli *c, struct buf *out, const json_t *record)
{
	struct buf kind = BUF_INIT;
	struct buf whole = BUF_INIT;

	add_kind(c, &kind, record);
	buf_add_str(out, buf_cstr(&kind));
	add_parties(c, out, record);
	/* The schema's label has a record's date at its end; the parties stand before it. */
	record_label(&whole, c->schema, record);
	if (whole.len > kind.len && memcmp(whole.p, kind.p, kind.len) == 0)
		buf_add(out, whole.p + kind.len, whole.len - kind.len);
	buf_free(&kind);
	buf_free(&whole);
}

/* The beginning of ${text} in ${columns}, with a sign that more was there. */
static void add_cut(struct buf *out, const struct buf *text, size_t columns)
{
	const char *p = (const char *)text->p;

	buf_add(out, p, out_fit(p, text->len, columns - 1));
	buf_add_str(out, "\xe2\x80\xa6");
}

void view_title(struct cli *c, struct buf *out, const json_t *record, unsigned columns)
{
	struct buf kind = BUF_INIT;
	struct buf names = BUF_INIT;
	size_t room;
	size_t taken;

	add_kind(c, &kind, record);
	add_parties(c, &names, record);
	taken = text_columns(buf_cstr(&names), names.len);
	room = columns > taken + KIND_COLUMNS ? columns - taken : KIND_COLUMNS;
	if (columns > 0 && names.len > 0 && text_columns(buf_cstr(&kind), kind.len) > room)
		add_cut(out, &kind, room);
	else
		buf_add_str(out, buf_cstr(&kind));
	buf_add_str(out, buf_cstr(&names));
	buf_free(&kind);
	buf_free(&names);
}
