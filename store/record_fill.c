/* record_fill.c - what a state shows, as a record: of one, or of each in turn. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>
#include <saksi/store/record.h>

#include "rows.h"
#include "state.h"
#include "vault_impl.h"

/* Without what its values are read into. */
static void empty(struct saksi_record *r)
{
	for (size_t i = 0; i < r->n_values; i++)
		json_decref(r->values[i].value);
	r->n_values = 0;
}

void saksi_record_free(struct saksi_record **pr)
{
	struct saksi_record *r;

	if (pr == NULL || (r = *pr) == NULL)
		return;
	empty(r);
	free(r->values);
	buf_free(&r->text);
	free(r);
	*pr = NULL;
}

/* There is room: see measure(). */
static const char *keep_text(struct buf *b, const char *p, size_t n)
{
	const char *kept = (const char *)b->p + b->len;

	buf_add(b, p, n);
	buf_add_byte(b, 0);
	return kept;
}

static const char *keep_value(struct buf *b, const struct state_op *op)
{
	const char *p = "";
	size_t n = op == NULL ? 0 : state_value_str(op, &p);

	return keep_text(b, p, n);
}

static enum saksi_err fill_value(struct record_value *v, const struct state_op *op,
    struct saksi_error *err)
{
	v->n = op->n;
	v->op = op->number;
	v->branch = op->branch;
	v->time_us = (int64_t)(op->hlc >> 16) * 1000;
	v->set = op->code == OP_SET;
	v->visible = op->visible;
	v->hidden_by = op->hidden_by;
	v->copies = op->copies;
	/* state_read() has passed it. */
	return mpjson_make(&v->value, op->value, op->value_len, err);
}

static bool shown_apart(const struct state_op *op)
{
	return op->counted && op->value != NULL && !op->folded;
}

/* How many values, and how long all texts are that a record keeps, with their ends. */
static size_t measure(const struct state *s, size_t *text)
{
	size_t n = 0;

	*text = 2 + (s->type == NULL ? 0 : s->type->value_len) +
	    (s->ref == NULL ? 0 : s->ref->value_len);
	for (size_t i = 0; i < s->n_ops; i++) {
		if (!shown_apart(&s->ops[i]))
			continue;
		*text += s->ops[i].field_len + 1;
		n++;
	}
	return n;
}

/* A record that is filled again and again, and the values that it has room for. */
struct filled {
	struct saksi_record r;
	size_t cap;
};

static bool make_room(struct filled *f, const struct state *s)
{
	size_t text, n = measure(s, &text);
	struct record_value *values;

	if (f->r.text.len > 0)
		wipe(f->r.text.p, f->r.text.len);
	f->r.text.len = 0;
	if (buf_reserve(&f->r.text, text) == NULL)
		return false;
	if (f->r.values != NULL && n <= f->cap)
		return true;
	if (n > SIZE_MAX / sizeof(*values) ||
	    (values = realloc(f->r.values, (n + 1) * sizeof(*values))) == NULL)
		return false;
	f->r.values = values;
	f->cap = n;
	return true;
}

static enum saksi_err fill(struct filled *f, const struct state *s, uint64_t number,
    struct saksi_error *err)
{
	struct saksi_record *r = &f->r;
	enum saksi_err rc = SAKSI_OK;

	empty(r);
	if (!make_room(f, s))
		return saksi_fail_nomem(err);
	r->id = s->id;
	r->number = number;
	r->state = s->shown;
	r->delete_conflict = s->delete_conflict;
	r->cls = s->cls;
	r->n_conflicts = s->n_conflicts;
	r->n_visible = 0;
	r->type = keep_value(&r->text, s->type);
	r->ref = keep_value(&r->text, s->ref);
	for (size_t i = 0; i < s->n_ops && rc == SAKSI_OK; i++) {
		const struct state_op *op = &s->ops[i];
		struct record_value *v = &r->values[r->n_values];

		if (!shown_apart(op))
			continue;
		v->field = keep_text(&r->text, op->field, op->field_len);
		rc = fill_value(v, op, err);
		r->n_visible += op->visible;
		r->n_values++;
	}
	return rc;
}

static void filled_free(struct filled *f)
{
	empty(&f->r);
	free(f->r.values);
	buf_free(&f->r.text);
}

enum saksi_err record_from_state(struct saksi_record **out, const struct state *s,
    uint64_t number, struct saksi_error *err)
{
	struct filled f = {.cap = 0};
	enum saksi_err rc;

	*out = NULL;
	if ((rc = fill(&f, s, number, err)) == SAKSI_OK) {
		if ((*out = malloc(sizeof(**out))) != NULL) {
			**out = f.r;
			return SAKSI_OK;
		}
		rc = saksi_fail_nomem(err);
	}
	filled_free(&f);
	return rc;
}

/* What one record is decoded into, and the next one again. */
struct each {
	struct saksi_txn *t;
	struct catalog *c;
	bool deleted;
	saksi_record_fn *fn;
	void *ctx;
	struct state state;
	struct filled record;
};

static enum saksi_err decode(struct each *e, uint64_t number, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	enum saksi_err rc;

	if ((rc = state_borrow(&e->state, p, n, err)) == SAKSI_OK &&
	    (rc = state_view(&e->state, e->c, 0, err)) == SAKSI_OK)
		rc = fill(&e->record, &e->state, number, err);
	return rc;
}

static enum saksi_err each_row(void *ctx, uint64_t number, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct each *e = ctx;
	struct buf whole = BUF_INIT;
	struct rows_parts w;
	bool first;
	enum saksi_err rc;

	if ((rc = rows_split(&w, &first, p, n, err)) != SAKSI_OK || !first ||
	    (w.head.code == STATE_DELETED && !e->deleted))
		return rc;
	if (w.n_more > 0) {
		rc = rows_whole(&whole, e->t->kv, p, n, err);
		p = whole.p;
		n = whole.len;
	}
	/* A row that is continued nowhere has the form of the whole. */
	if (rc == SAKSI_OK)
		rc = decode(e, number, p, n, err);
	if (rc == SAKSI_OK)
		rc = e->fn(e->ctx, &e->record.r, err);
	state_reset(&e->state);
	empty(&e->record.r);
	buf_free(&whole);
	return rc;
}

enum saksi_err saksi_record_each(struct saksi_txn *t, bool deleted, saksi_record_fn *fn,
    void *ctx, struct saksi_error *err)
{
	struct each e = {.t = t, .deleted = deleted, .fn = fn, .ctx = ctx};
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &e.c, err)) == SAKSI_OK)
		rc = kv_scan(t->kv, KV_RECORDS, 0, each_row, &e, err);
	state_free(&e.state);
	filled_free(&e.record);
	return rc;
}
