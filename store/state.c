/* state.c - read, extend and write the stored state of a record. */
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define STATE_VERSION 1u

void state_head_read(struct mp_reader *r, struct state_head *h)
{
	uint64_t version, code;

	mp_expect_array(r, 7);
	version = mp_read_uint(r);
	if (!r->failed && version != STATE_VERSION)
		mp_fail(r, "a newer saksi wrote it");
	mp_read_fixed(r, h->id.b, sizeof(h->id.b));
	h->type_len = mp_read_str(r, &h->type);
	h->ref_len = mp_read_str(r, &h->ref);
	code = mp_read_uint(r);
	if (code < STATE_PLAIN || code > STATE_RESTORED)
		mp_fail(r, "unknown state");
	h->code = (enum state_code)code;
}

void state_head_write(struct buf *b, const struct state_head *h)
{
	mp_array(b, 7);
	mp_uint(b, STATE_VERSION);
	mp_bin(b, h->id.b, sizeof(h->id.b));
	mp_str(b, h->type, h->type_len);
	mp_str(b, h->ref, h->ref_len);
	mp_uint(b, h->code);
}

void state_head_of(struct state_head *h, const struct state *s)
{
	memset(h, 0, sizeof(*h));
	h->id = s->id;
	h->code = s->shown == RECORD_DELETED ? STATE_DELETED
	    : s->deletions		     ? STATE_RESTORED
					     : STATE_PLAIN;
	h->type = h->ref = "";
	if (s->type != NULL)
		h->type_len = state_value_str(s->type, &h->type);
	if (s->ref != NULL)
		h->ref_len = state_value_str(s->ref, &h->ref);
}

enum record_state state_shown(enum state_code code)
{
	return code == STATE_DELETED ? RECORD_DELETED : RECORD_VISIBLE;
}

bool head_type_is(const struct state_head *h, const char *type)
{
	return h->type_len == strlen(type) && memcmp(h->type, type, h->type_len) == 0;
}

void head_text(char *out, size_t size, const char *p, size_t n)
{
	if (n >= size)
		n = size - 1;
	memcpy(out, p, n);
	out[n] = '\0';
}

void state_init(struct state *s, const struct saksi_id *id)
{
	memset(s, 0, sizeof(*s));
	s->id = *id;
	s->shown = RECORD_VISIBLE;
}

/* Without what the operations are read into. */
static void empty(struct state *s)
{
	for (size_t i = 0; i < s->n_ops; i++)
		free(s->ops[i].over);
	for (size_t i = 0; i < s->n_pasts; i++)
		vclock_free(&s->pasts[i]);
	free(s->pasts);
	buf_free(&s->bytes);
}

void state_free(struct state *s)
{
	empty(s);
	free(s->ops);
	free(s->spare);
	memset(s, 0, sizeof(*s));
}

void state_reset(struct state *s)
{
	struct state kept = {.ops = s->ops, .spare = s->spare, .cap_ops = s->cap_ops};

	empty(s);
	*s = kept;
}

static enum saksi_err read_over(struct mp_reader *r, struct state_op *op,
    struct saksi_error *err)
{
	uint32_t n = mp_read_array(r);

	if (r->failed || n == 0)
		return SAKSI_OK;
	if ((op->over = calloc(n, sizeof(*op->over))) == NULL)
		return saksi_fail_nomem(err);
	op->n_over = n;
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		mp_expect_array(r, 2);
		op->over[i].n = mp_read_uint(r);
		op->over[i].op = (uint32_t)mp_read_uint(r);
	}
	return SAKSI_OK;
}

static enum saksi_err read_op(struct mp_reader *r, struct state_op *op,
    struct saksi_error *err)
{
	uint64_t code;

	mp_expect_array(r, 5);
	op->number = (uint32_t)mp_read_uint(r);
	code = mp_read_uint(r);
	if (code < OP_SET || code > OP_REMOVE)
		mp_fail(r, "unknown operation");
	op->code = (uint8_t)code;
	op->field_len = mp_read_str(r, &op->field);
	if (!mp_read_nil(r))
		op->value_len = mp_skip(r, MP_DEPTH_MAX, &op->value);
	return read_over(r, op, err);
}

/* At least as many as one more group needs; what is read again and again needs few. */
static bool room_for(struct state *s, uint32_t n)
{
	size_t cap = s->cap_ops;
	struct state_op *ops;

	if (n <= cap - s->n_ops)
		return true;
	if (s->n_ops > SIZE_MAX / sizeof(*ops) / 2 - n)
		return false;
	cap = s->n_ops + n > 2 * cap ? s->n_ops + n : 2 * cap;
	if ((ops = realloc(s->ops, cap * sizeof(*ops))) == NULL)
		return false;
	s->ops = ops;
	s->cap_ops = cap;
	free(s->spare);
	s->spare = NULL;
	return true;
}

static enum saksi_err read_group(struct state *s, struct mp_reader *r,
    struct saksi_error *err)
{
	struct state_op head = {0};
	struct vclock *past = NULL;
	enum saksi_err rc = SAKSI_OK;
	uint32_t n;

	mp_expect_array(r, 7);
	head.n = mp_read_uint(r);
	head.branch = (uint32_t)mp_read_uint(r);
	head.seq = mp_read_uint(r);
	head.hlc = mp_read_uint(r);
	head.max_hlc = mp_read_uint(r);
	if (!mp_read_nil(r)) {
		past = &s->pasts[s->n_pasts++];
		if ((rc = vclock_read(past, r, err)) != SAKSI_OK)
			return rc;
	}
	n = mp_read_array(r);
	if (r->failed || n == 0)
		return SAKSI_OK;
	if (!room_for(s, n))
		return saksi_fail_nomem(err);
	for (uint32_t i = 0; i < n && !r->failed && rc == SAKSI_OK; i++) {
		s->ops[s->n_ops] = head;
		s->ops[s->n_ops].past = past;
		rc = read_op(r, &s->ops[s->n_ops++], err);
	}
	return rc;
}

static enum saksi_err parse(struct state *s, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct mp_reader r;
	struct state_head h = {0};
	enum saksi_err rc;
	uint32_t n;

	mp_read_init(&r, p, len);
	state_head_read(&r, &h);
	s->id = h.id;
	s->shown = state_shown(h.code);
	mp_expect_array(&r, 0); /* continued nowhere: this is the whole */
	n = mp_read_array(&r);
	s->n_groups = r.failed ? 0 : n;
	s->groups = r.p;
	s->groups_len = (size_t)(r.end - r.p);
	if (s->n_groups > 0 && (s->pasts = calloc(s->n_groups, sizeof(*s->pasts))) == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < s->n_groups && !r.failed; i++)
		if ((rc = read_group(s, &r, err)) != SAKSI_OK)
			return rc;
	return mp_done(&r, "stored record", err);
}

enum saksi_err state_read(struct state *s, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct buf bytes = BUF_INIT;

	buf_add(&bytes, p, n);
	return state_take(s, &bytes, err);
}

enum saksi_err state_take(struct state *s, struct buf *bytes, struct saksi_error *err)
{
	enum saksi_err rc;

	memset(s, 0, sizeof(*s));
	s->bytes = *bytes;
	*bytes = (struct buf)BUF_INIT;
	if ((rc = buf_ok(&s->bytes, err)) != SAKSI_OK ||
	    (rc = parse(s, s->bytes.p, s->bytes.len, err)) != SAKSI_OK)
		state_free(s);
	return rc;
}

enum saksi_err state_borrow(struct state *s, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	enum saksi_err rc;

	state_reset(s);
	if ((rc = parse(s, p, n, err)) != SAKSI_OK)
		state_reset(s);
	return rc;
}

static void write_whole(struct buf *b, const struct state *s, size_t n_groups)
{
	struct state_head h;

	state_head_of(&h, s);
	state_head_write(b, &h);
	mp_array(b, 0);
	mp_array(b, (uint32_t)n_groups);
}

void state_write(struct buf *b, const struct state *s)
{
	write_whole(b, s, s->n_groups);
	buf_add(b, s->groups, s->groups_len);
}

enum saksi_err state_append(struct state *s, const struct buf *group,
    struct saksi_error *err)
{
	struct state longer = {.n_ops = 0};
	enum saksi_err rc;

	s->type = s->ref = NULL;
	write_whole(&longer.bytes, s, s->n_groups + 1);
	buf_add(&longer.bytes, s->groups, s->groups_len);
	buf_add(&longer.bytes, group->p, group->len);
	if ((rc = buf_ok(&longer.bytes, err)) != SAKSI_OK ||
	    (rc = parse(&longer, longer.bytes.p, longer.bytes.len, err)) != SAKSI_OK) {
		state_free(&longer);
		return rc;
	}
	state_free(s);
	*s = longer;
	return SAKSI_OK;
}

size_t state_value_str(const struct state_op *op, const char **p)
{
	struct mp_reader r;
	size_t n;

	*p = "";
	if (op->value == NULL)
		return 0;
	mp_read_init(&r, op->value, op->value_len);
	if (mp_peek(&r) != MP_STR)
		return 0;
	n = mp_read_str(&r, p);
	return r.failed ? 0 : n;
}
