/* import_ahead.c - the terms of new records, made while others are written. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>

#include "import_int.h"
#include "terms.h"

void batch_free(struct batch *b)
{
	for (size_t i = 0; i < b->n_ahead; i++) {
		state_free(&b->ahead[i].state);
		index_doc_free(&b->ahead[i].doc);
	}
	free(b->ahead);
	index_sorted_free(&b->sorted);
	buf_free(&b->items);
	memset(b, 0, sizeof(*b));
}

/* One operation as a state has it: [number, code, field, value, []]. */
static void add_op(struct buf *group, uint32_t number, const uint8_t *p, size_t n)
{
	struct mp_reader r;
	uint64_t code;

	mp_read_init(&r, p, n);
	mp_read_array(&r);
	code = mp_read_uint(&r);
	mp_array(group, 5);
	mp_uint(group, number);
	mp_uint(group, code);
	buf_add(group, r.p, (size_t)(r.end - r.p));
	if (code == OP_ADD)
		mp_array(group, 0); /* OP_SET has its own */
}

/* As merge_group() will write it, of some changeset: which one makes no difference. */
static void write_group(struct buf *group, const struct ready *head, const uint8_t *lens)
{
	const uint8_t *ops = lens + 4 * (size_t)head->n_ops;

	mp_array(group, 7);
	for (unsigned i = 0; i < 5; i++)
		mp_uint(group, i == 1 ? 0 : 1);
	mp_nil(group);
	mp_array(group, head->n_ops);
	for (uint32_t i = 0; i < head->n_ops; i++) {
		size_t n = le32_get(lens + 4 * (size_t)i);

		add_op(group, i, ops, n);
		ops += n;
	}
}

static enum saksi_err terms_of(struct cat_ahead *a, struct saksi_txn *t,
    const struct buf *group, struct saksi_error *err)
{
	struct catalog nowhere = {.valid = false};
	json_t *json = NULL;
	enum saksi_err rc;

	if ((rc = state_append(&a->state, group, err)) == SAKSI_OK &&
	    (rc = state_view(&a->state, &nowhere, 0, err)) == SAKSI_OK &&
	    a->state.n_conflicts == 0 &&
	    (rc = state_json(&json, t, &a->state, 0, err)) == SAKSI_OK) {
		rc = record_terms(&a->doc, t->v->schema, json, false, false, err);
		a->made = rc == SAKSI_OK;
	}
	json_decref(json);
	return rc;
}

/* What can't be made here is made, or fails, when the record is written. */
static void make_one(struct batch *b, const uint8_t *item, struct buf *group)
{
	/* Rivals would be asked for their authors; without them nothing is asked for. */
	struct saksi_vault v = {.schema = b->schema};
	struct saksi_txn t = {.v = &v};
	struct cat_ahead *a = &b->ahead[b->n_ahead];
	struct saksi_error why;
	struct ready head;

	memcpy(&head, item, sizeof(head));
	*a = (struct cat_ahead){.id = head.id,
	    .number = b->first + b->n_ahead++,
	    .doc = INDEX_DOC_INIT};
	state_init(&a->state, &a->id);
	buf_reset(group);
	write_group(group, &head, item + sizeof(head));
	if (buf_ok(group, &why) != SAKSI_OK || terms_of(a, &t, group, &why) != SAKSI_OK)
		index_doc_reset(&a->doc);
}

/* Without memory for it they are sorted when they are written. */
static void sort_all(struct batch *b)
{
	struct index_sort_doc *docs = calloc(b->n_ahead + 1, sizeof(*docs));
	struct saksi_error why;
	size_t n = 0;

	for (size_t i = 0; docs != NULL && i < b->n_ahead; i++)
		if (b->ahead[i].made)
			docs[n++] =
			    (struct index_sort_doc){b->ahead[i].number, &b->ahead[i].doc};
	if (n > 0 && index_sort(&b->sorted, docs, n, &why) != SAKSI_OK)
		b->sorted = NULL;
	free(docs);
}

void batch_prepare(void *ctx)
{
	struct batch *b = ctx;
	struct buf group = BUF_INIT;

	b->ahead = calloc(b->n, sizeof(*b->ahead));
	for (size_t at = 0; b->ahead != NULL && at < b->items.len;) {
		make_one(b, b->items.p + at + 4, &group);
		at += 4 + le32_get(b->items.p + at);
	}
	buf_free(&group);
	if (b->ahead != NULL)
		sort_all(b);
}
