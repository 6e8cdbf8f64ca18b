/* draft_part.c - one record's part of a draft: what it holds, and its operations as bytes. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/mpjson.h>

#include "draft_int.h"
#include "vault_impl.h"

#define DOTS_MAX 512u /* of one operation: 34 to 39 bytes each */
#define OP_MAX (BODY_MAX - 1024u)

struct draft_part *part_new(struct saksi_draft *d)
{
	struct draft_part *p = list_room(d->parts, d->n, &d->cap, sizeof(*p));

	if (p == NULL)
		return NULL;
	d->parts = p;
	p = &d->parts[d->n++];
	memset(p, 0, sizeof(*p));
	return p;
}

void part_free(struct draft_part *p)
{
	buf_free(&p->bytes);
	free(p->ops);
	if (p->has_state)
		state_free(&p->state);
}

enum saksi_err part_open(struct saksi_draft *d, const struct saksi_id *id,
    struct draft_part **out, struct saksi_error *err)
{
	struct draft_part *p;
	uint64_t number;
	enum saksi_err rc;

	for (size_t i = d->n; i-- > 0;)
		if (!d->parts[i].audit && id_cmp(&d->parts[i].id, id) == 0) {
			*out = &d->parts[i];
			return SAKSI_OK;
		}
	if ((rc = catalog_number(d->t, id, &number, err)) != SAKSI_OK)
		return rc;
	if (number == 0)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "record: there is none with this id");
	if ((p = part_new(d)) == NULL)
		return saksi_fail_nomem(err);
	p->id = *id;
	if ((rc = txn_state(d->t, number, 0, &p->state, err)) != SAKSI_OK)
		return rc;
	p->has_state = true;
	*out = p;
	return SAKSI_OK;
}

bool draft_fits(size_t encoded)
{
	return encoded <= DRAFT_VALUE_MAX;
}

enum saksi_err part_encode(struct buf *b, const char *field, const json_t *value,
    struct saksi_error *err)
{
	enum saksi_err rc;

	mpjson_write(b, value);
	if ((rc = buf_ok(b, err)) == SAKSI_OK && !draft_fits(b->len))
		rc = saksi_fail(err, SAKSI_ELIMIT,
		    "%s: longer than %u KiB; split it, or keep it as a document beside the vault",
		    field, DRAFT_VALUE_MAX / 1024);
	return rc;
}

/* ---- what stands there ----------------------------------------------------------- */

static bool picked(const struct state_op *op, const char *field, pick_fn *pick,
    const void *ctx)
{
	return op->visible && state_field_is(op, field) &&
	    (pick == NULL || pick(op, ctx));
}

/* How many visible values of this field ${pick} wants. */
static size_t count_picked(const struct draft_part *p, const char *field, pick_fn *pick,
    const void *ctx)
{
	size_t n = 0;

	for (size_t i = 0; p->has_state && i < p->state.n_ops; i++)
		n += picked(&p->state.ops[i], field, pick, ctx);
	return n;
}

/* The dots of those from place ${from} on, at most ${max}, as msgpack. */
static enum saksi_err write_dots(struct buf *b, struct saksi_draft *d,
    const struct draft_part *p, const char *field, pick_fn *pick, const void *ctx,
    size_t from, size_t max, struct saksi_error *err)
{
	struct buf dots = BUF_INIT;
	size_t at = 0, n = 0;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; p->has_state && i < p->state.n_ops && n < max; i++) {
		const struct state_op *op = &p->state.ops[i];
		struct cat_entry e;
		bool found;

		if (!picked(op, field, pick, ctx) || at++ < from)
			continue;
		if ((rc = catalog_arrival(d->t, op->n, &e, &found, err)) != SAKSI_OK)
			break;
		if (!found)
			continue;
		mp_array(&dots, 2);
		mp_bin(&dots, e.id.b, sizeof(e.id.b));
		mp_uint(&dots, op->number);
		n++;
	}
	mp_array(b, (uint32_t)n);
	buf_add(b, dots.p, dots.len);
	b->failed |= dots.failed;
	buf_free(&dots);
	return rc;
}

bool part_equal_value(const struct state_op *op, const void *ctx)
{
	const struct buf *want = ctx;

	return op->value_len == want->len && memcmp(op->value, want->p, want->len) == 0;
}

size_t part_count_visible(const struct draft_part *p, const char *field,
    const struct buf *want, bool *has)
{
	size_t n = 0;

	*has = false;
	for (size_t i = 0; p->has_state && i < p->state.n_ops; i++) {
		const struct state_op *op = &p->state.ops[i];

		if (!op->visible || op->folded || !state_field_is(op, field))
			continue;
		n++;
		*has |= want != NULL && part_equal_value(op, want);
	}
	return n;
}

/* ---- operations ------------------------------------------------------------------ */

static enum saksi_err end_op(struct draft_part *p, size_t from, struct saksi_error *err)
{
	struct draft_op *ops;
	enum saksi_err rc;

	if ((rc = buf_ok(&p->bytes, err)) != SAKSI_OK)
		return rc;
	if (p->bytes.len - from > OP_MAX)
		return saksi_fail(err, SAKSI_ELIMIT,
		    "an operation: longer than a changeset");
	if ((ops = list_room(p->ops, p->n_ops, &p->cap_ops, sizeof(*ops))) == NULL)
		return saksi_fail_nomem(err);
	p->ops = ops;
	p->ops[p->n_ops++].len = p->bytes.len - from;
	return SAKSI_OK;
}

enum saksi_err part_put_removes(struct saksi_draft *d, struct draft_part *p,
    const char *field, pick_fn *pick, const void *ctx, size_t leave, size_t *done,
    struct saksi_error *err)
{
	size_t n = count_picked(p, field, pick, ctx);
	enum saksi_err rc = SAKSI_OK;

	*done = 0;
	while (rc == SAKSI_OK && n - *done > leave) {
		size_t from = p->bytes.len;
		size_t round = n - *done < DOTS_MAX ? n - *done : DOTS_MAX;

		mp_array(&p->bytes, 3);
		mp_uint(&p->bytes, OP_REMOVE);
		mp_cstr(&p->bytes, field);
		rc = write_dots(&p->bytes, d, p, field, pick, ctx, *done, round, err);
		if (rc == SAKSI_OK)
			rc = end_op(p, from, err);
		*done += round;
	}
	return rc;
}

enum saksi_err part_put_set(struct saksi_draft *d, struct draft_part *p,
    const char *field, const struct buf *value, bool over, struct saksi_error *err)
{
	size_t done = 0, from;
	enum saksi_err rc;

	if (over &&
	    (rc = part_put_removes(d, p, field, NULL, NULL, DOTS_MAX, &done, err)) !=
		SAKSI_OK)
		return rc;
	from = p->bytes.len;
	mp_array(&p->bytes, 4);
	mp_uint(&p->bytes, OP_SET);
	mp_cstr(&p->bytes, field);
	buf_add(&p->bytes, value->p, value->len);
	rc = write_dots(&p->bytes, d, p, field, NULL, NULL, done, over ? DOTS_MAX : 0,
	    err);
	return rc == SAKSI_OK ? end_op(p, from, err) : rc;
}

enum saksi_err part_put_add(struct draft_part *p, const char *field,
    const struct buf *value, struct saksi_error *err)
{
	size_t from = p->bytes.len;

	mp_array(&p->bytes, 3);
	mp_uint(&p->bytes, OP_ADD);
	mp_cstr(&p->bytes, field);
	buf_add(&p->bytes, value->p, value->len);
	return end_op(p, from, err);
}

enum saksi_err part_put_op(struct draft_part *p, const uint8_t *op, size_t len,
    struct saksi_error *err)
{
	size_t from = p->bytes.len;

	buf_add(&p->bytes, op, len);
	return end_op(p, from, err);
}

static bool is_set_of(const uint8_t *p, size_t n, const char *field)
{
	struct mp_reader r;
	const char *name;
	size_t len;

	mp_read_init(&r, p, n);
	if (mp_read_array(&r) != 4 || mp_read_uint(&r) != OP_SET)
		return false;
	len = mp_read_str(&r, &name);
	return !r.failed && len == strlen(field) && memcmp(name, field, len) == 0;
}

void part_forget_set(struct draft_part *p, const char *field)
{
	size_t at = 0;

	for (size_t i = 0; i < p->n_ops; i++) {
		size_t n = p->ops[i].len;

		if (!is_set_of(p->bytes.p + at, n, field)) {
			at += n;
			continue;
		}
		memmove(p->bytes.p + at, p->bytes.p + at + n, p->bytes.len - at - n);
		p->bytes.len -= n;
		memmove(&p->ops[i], &p->ops[i + 1], (p->n_ops - i - 1) * sizeof(*p->ops));
		p->n_ops--;
		i--;
	}
}
