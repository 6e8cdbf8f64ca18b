/*
 * repair_record.c - state once more what only rows and pending changes know.
 *
 * For each record: its history in the fresh vault, and with it what its
 * surviving row says of changes that are not in the log; without a row, what
 * pending changes did to it.  What is visible of all that together and not in
 * the fresh vault is written there by this device; what is visible there and
 * hidden in all that together, is hidden.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "draft_int.h"
#include "entry.h"
#include "repair.h"
#include "rows.h"

#define DRAFT_PARTS 200u

struct known { /* what is known of one record beside the log */
	struct saksi_id id;
	struct buf groups;
	uint32_t n;
	bool whole; /* its row is the current one, and all of it is there */
};

struct restating {
	struct saksi_repair *r;
	struct saksi_draft *draft;
	bool sure;	     /* nothing later than what is found can have been there */
	struct known *parts; /* of rows that are not the whole: waiting for pending changes */
	size_t n_parts, cap_parts;
};

/* ---- writing ------------------------------------------------------------------------------ */

static enum saksi_err write_draft(struct restating *w, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	if (w->draft != NULL && !saksi_draft_empty(w->draft))
		rc = saksi_draft_commit(w->draft, NULL, err);
	saksi_draft_free(&w->draft);
	if (rc == SAKSI_OK)
		rc = repair_seen_written(w->r, err);
	return rc == SAKSI_OK ? repair_batch(w->r, err) : rc;
}

static enum saksi_err room_in_draft(struct restating *w, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	if (w->draft != NULL && w->draft->n >= DRAFT_PARTS)
		rc = write_draft(w, err);
	if (rc == SAKSI_OK && w->draft == NULL)
		rc = saksi_draft_new(&w->draft, w->r->t, err);
	return rc;
}

/* Whether ${op}'s value is visible in ${s}. */
static bool shows(const struct state *s, const struct state_op *op)
{
	for (size_t i = 0; i < s->n_ops && s->ops[i].visible; i++)
		if (state_compare_content(&s->ops[i], op) == 0)
			return true;
	return false;
}

static bool is_this(const struct state_op *op, const void *ctx)
{
	return state_compare_content(op, ctx) == 0;
}

static enum saksi_err field_name(char out[200], const struct state_op *op,
    struct saksi_error *err)
{
	if (op->field_len >= 200)
		return saksi_fail(err, SAKSI_EDAMAGED, "stored record: a field's name");
	memcpy(out, op->field, op->field_len);
	out[op->field_len] = '\0';
	return SAKSI_OK;
}

/* A deletion is said anew even where it stands: it has to cover what is said now. */
static bool renews(const struct state_op *op, const struct state *all)
{
	return all->shown == RECORD_DELETED && state_field_is(op, "deleted");
}

static enum saksi_err hide_what_is_gone(struct restating *w, struct draft_part *p,
    const struct state *all, struct saksi_error *err)
{
	char field[200];
	size_t done;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; p->has_state && i < p->state.n_ops &&
	     p->state.ops[i].visible && rc == SAKSI_OK;
	     i++) {
		const struct state_op *op = &p->state.ops[i];

		if (op->folded || (shows(all, op) && !renews(op, all)))
			continue;
		if ((rc = field_name(field, op, err)) == SAKSI_OK)
			rc = part_put_removes(w->draft, p, field, is_this, op, 0, &done,
			    err);
	}
	return rc;
}

static enum saksi_err say_what_is_new(struct restating *w, struct draft_part *p,
    const struct state *all, struct saksi_error *err)
{
	char field[200];
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < all->n_ops && all->ops[i].visible && rc == SAKSI_OK; i++) {
		const struct state_op *op = &all->ops[i];
		struct buf value = BUF_INIT;

		if (op->folded ||
		    (p->has_state && shows(&p->state, op) && !renews(op, all)))
			continue;
		/* One deletion that rivals saw would here cover all of them. */
		if (state_field_is(op, "deleted") && all->shown != RECORD_DELETED)
			continue;
		if ((rc = field_name(field, op, err)) != SAKSI_OK)
			break;
		buf_add(&value, op->value, op->value_len);
		rc = buf_ok(&value, err);
		if (rc == SAKSI_OK && op->code == OP_SET)
			rc = part_put_set(w->draft, p, field, &value, false, err);
		else if (rc == SAKSI_OK)
			rc = part_put_add(p, field, &value, err);
		buf_free(&value);
	}
	return rc;
}

static enum saksi_err open_part(struct restating *w, const struct saksi_id *id,
    bool there, struct draft_part **p, struct saksi_error *err)
{
	if (there)
		return part_open(w->draft, id, p, err);
	if ((*p = part_new(w->draft)) == NULL)
		return saksi_fail_nomem(err);
	(*p)->id = *id;
	return SAKSI_OK;
}

static enum saksi_err state_all(struct restating *w, const struct known *k,
    const struct state *all, bool there, struct saksi_error *err)
{
	char id[ID_TEXT_LEN + 1];
	struct draft_part *p;
	enum saksi_err rc;

	if ((rc = room_in_draft(w, err)) != SAKSI_OK ||
	    (rc = open_part(w, &k->id, there, &p, err)) != SAKSI_OK ||
	    (rc = hide_what_is_gone(w, p, all, err)) != SAKSI_OK ||
	    (rc = say_what_is_new(w, p, all, err)) != SAKSI_OK)
		return rc;
	id_text(id, &k->id);
	w->r->report.restated++;
	if (k->whole)
		repair_lost(w->r,
		    "record %s: what it says is saved; who said some of it when is lost",
		    id);
	else
		repair_lost(w->r,
		    "record %s: not all that was said of it is left; it may say what it said before",
		    id);
	return k->whole ? SAKSI_OK : repair_seen_note(w->r, &k->id, err);
}

/* ---- what is known together ------------------------------------------------------------- */

static void together(struct buf *out, const struct known *k, const struct state *here)
{
	struct state_head h = {.id = k->id, .code = STATE_PLAIN, .type = "", .ref = ""};

	state_head_write(out, &h);
	mp_array(out, 0);
	mp_array(out, (uint32_t)here->n_groups + k->n);
	buf_add(out, here->groups, here->groups_len);
	buf_add(out, k->groups.p, k->groups.len);
}

static enum saksi_err restate(struct restating *w, const struct known *k,
    struct saksi_error *err)
{
	struct state here, all = {.n_ops = 0};
	struct buf whole = BUF_INIT;
	struct catalog *c;
	uint64_t number;
	enum saksi_err rc;

	if (k->n == 0)
		return SAKSI_OK;
	state_init(&here, &k->id);
	if ((rc = txn_catalog(w->r->t, &c, err)) != SAKSI_OK ||
	    (rc = catalog_number(w->r->t, &k->id, &number, err)) != SAKSI_OK)
		goto fail;
	if (number != 0 && (rc = txn_state(w->r->t, number, 0, &here, err)) != SAKSI_OK) {
		state_init(&here, &k->id);
		goto fail;
	}
	together(&whole, k, &here);
	if ((rc = buf_ok(&whole, err)) == SAKSI_OK &&
	    (rc = state_read(&all, whole.p, whole.len, err)) == SAKSI_OK &&
	    (rc = state_view(&all, c, 0, err)) == SAKSI_OK)
		rc = state_all(w, k, &all, number != 0, err);
fail:
	state_free(&here);
	state_free(&all);
	buf_free(&whole);
	return rc;
}

/* ---- rows ----------------------------------------------------------------------------------- */

struct continuation {
	struct saksi_repair *r;
	struct known *k;
	uint32_t want; /* groups */
	bool found;
};

static enum saksi_err on_continuation(void *ctx, const struct kv_found *f,
    const uint8_t *p, size_t len, struct saksi_error *err)
{
	struct continuation *c = ctx;
	struct rows_parts w;
	bool first;

	(void)f;
	if (c->found || rows_split(&w, &first, p, len, NULL) != SAKSI_OK || first ||
	    id_cmp(&w.head.id, &c->k->id) != 0 || w.n_groups != c->want)
		return SAKSI_OK;
	c->found = true;
	return repair_row_groups(c->r, &c->k->groups, &c->k->n, w.groups, w.groups_len,
	    w.n_groups, err);
}

static enum saksi_err add_continuations(struct saksi_repair *r, struct known *k,
    const struct rows_parts *w, struct saksi_error *err)
{
	struct mp_reader in;
	enum saksi_err rc = SAKSI_OK;

	mp_read_init(&in, w->more, w->more_len);
	for (uint32_t i = 0; i < w->n_more && rc == SAKSI_OK && !in.failed; i++) {
		struct continuation c = {.r = r, .k = k};
		uint64_t number;

		mp_expect_array(&in, 2);
		number = mp_read_uint(&in);
		c.want = (uint32_t)mp_read_uint(&in);
		if (!in.failed)
			rc = kv_salvage_one(r->salvage, KV_RECORDS, number,
			    on_continuation, &c, err);
		k->whole &= c.found;
	}
	return rc;
}

/* Of several rows of one number the one with the longest history is the newest. */
struct choosing {
	uint64_t n;
	uint64_t groups;
	enum kv_found_as as;
	struct buf row;
};

static uint64_t history(const struct rows_parts *w)
{
	struct mp_reader in;
	uint64_t n = w->n_groups;

	mp_read_init(&in, w->more, w->more_len);
	for (uint32_t i = 0; i < w->n_more && !in.failed; i++) {
		mp_expect_array(&in, 2);
		mp_read_uint(&in);
		n += mp_read_uint(&in);
	}
	return n;
}

static enum saksi_err keep_part(struct restating *w, struct known *k,
    struct saksi_error *err)
{
	struct known *list;

	if (k->n == 0)
		return SAKSI_OK;
	list = list_room(w->parts, w->n_parts, &w->cap_parts, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	w->parts = list;
	list[w->n_parts++] = *k;
	k->groups = (struct buf)BUF_INIT;
	return SAKSI_OK;
}

static enum saksi_err take_row(struct restating *w, struct choosing *c,
    struct saksi_error *err)
{
	struct known k = {.groups = BUF_INIT,
	    .whole = w->sure && (c->as == FOUND_CURRENT || c->as == FOUND_LIKELY)};
	struct rows_parts row;
	bool first;
	enum saksi_err rc = SAKSI_OK;

	if (c->row.len == 0)
		return SAKSI_OK;
	if (rows_split(&row, &first, c->row.p, c->row.len, NULL) == SAKSI_OK && first) {
		k.id = row.head.id;
		rc = add_continuations(w->r, &k, &row, err);
		if (rc == SAKSI_OK)
			rc = repair_row_groups(w->r, &k.groups, &k.n, row.groups,
			    row.groups_len, row.n_groups, err);
		/* Damage inside of what opened: a newer saksi, or a fault of ours. */
		if (rc == SAKSI_EFORMAT || rc == SAKSI_EDAMAGED)
			rc = SAKSI_OK;
		else if (rc == SAKSI_OK && !k.whole)
			rc = keep_part(w, &k, err);
		else if (rc == SAKSI_OK && (rc = restate(w, &k, err)) == SAKSI_OK)
			rc = repair_seen_note(w->r, &k.id, err);
	}
	buf_free(&k.groups);
	c->row.len = 0;
	c->groups = 0;
	return rc;
}

struct rows_pass {
	struct restating *w;
	struct choosing best;
};

static enum saksi_err on_row(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct rows_pass *pass = ctx;
	struct choosing *c = &pass->best;
	struct rows_parts w;
	uint64_t groups;
	bool first;
	enum saksi_err rc;

	if (f->n != c->n && (rc = take_row(pass->w, c, err)) != SAKSI_OK)
		return rc;
	c->n = f->n;
	if (rows_split(&w, &first, p, len, NULL) != SAKSI_OK || !first)
		return SAKSI_OK;
	groups = history(&w);
	if (c->row.len > 0 && groups <= c->groups)
		return SAKSI_OK;
	c->row.len = 0;
	buf_add(&c->row, p, len);
	c->groups = groups;
	c->as = f->as;
	return buf_ok(&c->row, err);
}

/* ---- pending changes of records without a row ------------------------------------------------- */

struct mention {
	struct saksi_id id;
	uint64_t n;	   /* of the change; 0: what a row says, and it comes first */
	uint32_t part;	   /* of the change */
	struct known *row; /* n is 0 */
};
struct mentions {
	struct saksi_repair *r;
	struct mention *list;
	size_t n, cap;
	/* while one is read */
	const struct mention *want;
	struct known *k;
	uint64_t last; /* change whose parts are being taken */
	bool done;
};

static enum saksi_err mention(struct mentions *m, const struct mention *one,
    struct saksi_error *err)
{
	struct mention *list = list_room(m->list, m->n, &m->cap, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	m->list = list;
	list[m->n++] = *one;
	return SAKSI_OK;
}

static int by_record(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	int c = id_cmp(&x->id, &y->id);

	if (c != 0)
		return c;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return x->part < y->part ? -1 : x->part > y->part;
}

static enum saksi_err on_pending(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct mentions *m = ctx;
	struct stored_entry e;
	enum saksi_err rc = SAKSI_OK;

	if (m->done || f->as == FOUND_OLDER ||
	    stored_entry_read(&e, f->n, p, len, NULL) != SAKSI_OK)
		return SAKSI_OK;
	m->done = true;
	if (m->want != NULL)
		rc = repair_part_group(m->r, &m->k->groups, &e, m->want->part, err);
	for (uint32_t i = 0; m->want == NULL && i < e.cs->n_parts && rc == SAKSI_OK; i++) {
		struct mention one = {.n = f->n, .part = i};
		bool seen;

		if (!repair_part_record(e.cs, i, &one.id))
			continue;
		rc = repair_seen_record(m->r, &one.id, &seen, err);
		if (rc == SAKSI_OK && !seen)
			rc = mention(m, &one, err);
	}
	stored_entry_free(&e);
	return rc;
}

/* Whether what the row says has a group of this change already. */
static bool has_group(const struct known *k, uint64_t number)
{
	struct mp_reader in;

	mp_read_init(&in, k->groups.p, k->groups.len);
	for (uint32_t i = 0; i < k->n && !in.failed; i++) {
		const uint8_t *p;
		struct mp_reader group;
		size_t n = mp_skip(&in, MP_DEPTH_MAX + 4u, &p);

		mp_read_init(&group, p, in.failed ? 0 : n);
		mp_read_array(&group);
		if (mp_read_uint(&group) == number && !group.failed)
			return true;
	}
	return false;
}

static enum saksi_err add_mention(struct mentions *m, struct known *k,
    const struct mention *one, struct saksi_error *err)
{
	enum saksi_err rc;

	if (one->row != NULL) {
		buf_add(&k->groups, one->row->groups.p, one->row->groups.len);
		k->n += one->row->n;
		return buf_ok(&k->groups, err);
	}
	if (has_group(k, repair_number(m->r, one->n)) && m->last != one->n)
		return SAKSI_OK;
	m->last = one->n;
	m->want = one;
	m->done = false;
	rc = kv_salvage_one(m->r->salvage, KV_LOG, one->n, on_pending, m, err);
	k->n += m->done;
	return rc;
}

static enum saksi_err restate_mentioned(struct restating *w, struct mentions *m,
    size_t from, size_t to, struct saksi_error *err)
{
	struct known k = {.id = m->list[from].id, .groups = BUF_INIT, .whole = false};
	enum saksi_err rc = SAKSI_OK;

	m->k = &k;
	m->last = 0;
	for (size_t i = from; i < to && rc == SAKSI_OK; i++)
		rc = add_mention(m, &k, &m->list[i], err);
	if (rc == SAKSI_OK)
		rc = restate(w, &k, err);
	m->k = NULL;
	buf_free(&k.groups);
	return rc;
}

static enum saksi_err pending_records(struct restating *w, struct saksi_error *err)
{
	struct mentions m = {.r = w->r};
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < w->n_parts && rc == SAKSI_OK; i++) {
		struct mention one = {.id = w->parts[i].id, .row = &w->parts[i]};

		rc = mention(&m, &one, err);
	}
	for (size_t i = 0; i < w->r->n_pending && rc == SAKSI_OK; i++) {
		m.want = NULL;
		m.done = false;
		rc = kv_salvage_one(w->r->salvage, KV_LOG, w->r->pending[i].n, on_pending,
		    &m, err);
	}
	if (m.n > 1)
		qsort(m.list, m.n, sizeof(*m.list), by_record);
	for (size_t i = 0, to; i < m.n && rc == SAKSI_OK; i = to) {
		for (to = i + 1; to < m.n && id_cmp(&m.list[to].id, &m.list[i].id) == 0;)
			to++;
		rc = restate_mentioned(w, &m, i, to, err);
	}
	free(m.list);
	return rc;
}

/* ---- what may say less than it did ------------------------------------------------------------ */

static enum saksi_err name_doubtful(void *ctx, const struct cat_record *rec,
    struct saksi_error *err)
{
	struct saksi_repair *r = ctx;
	char id[ID_TEXT_LEN + 1];

	(void)err;
	if (repair_seen_row(r, rec->number))
		return SAKSI_OK;
	id_text(id, &rec->id);
	repair_lost(r,
	    "record %s: a lost change may have been about it; it may say what it said before",
	    id);
	return SAKSI_OK;
}

enum saksi_err saksi_repair_records(struct saksi_repair *r, struct saksi_error *err)
{
	struct restating w = {.r = r};
	struct rows_pass pass = {.w = &w, .best = {.row = BUF_INIT}};
	enum saksi_err rc;

	/* With the whole log there is nothing that it does not say. */
	(void)kv_salvage_newest(r->salvage, &w.sure);
	if (w.sure && r->report.missing == 0 && r->n_pending == 0)
		return SAKSI_OK;
	if ((rc = saksi_txn_begin(&r->t, r->v, true, err)) != SAKSI_OK)
		return rc;
	rc = kv_salvage_each(r->salvage, KV_RECORDS, on_row, &pass, err);
	if (rc == SAKSI_OK)
		rc = take_row(&w, &pass.best, err);
	if (rc == SAKSI_OK)
		rc = write_draft(&w, err);
	if (rc == SAKSI_OK)
		rc = pending_records(&w, err);
	if (rc == SAKSI_OK)
		rc = write_draft(&w, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&r->t, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_begin(&r->t, r->v, false, err);
	if (rc == SAKSI_OK)
		rc = catalog_by_id(r->t, name_doubtful, r, err);
	saksi_draft_free(&w.draft);
	for (size_t i = 0; i < w.n_parts; i++)
		buf_free(&w.parts[i].groups);
	free(w.parts);
	buf_free(&pass.best.row);
	saksi_txn_abort(&r->t);
	return rc;
}
