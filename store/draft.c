/* draft.c - what a person changes at once, written as changesets. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>

#include "draft.h"
#include "state.h"
#include "vault_impl.h"

/* Room for salts, heads and the header, so that a full body still fits. */
#define BODY_MAX (CHANGESET_MAX - 56u * 1024u)
#define DOTS_MAX 512u /* of one operation: 34 to 39 bytes each */
#define OP_MAX (BODY_MAX - 1024u)

struct draft_op {
	size_t len; /* bytes in the part's buffer */
};
struct draft_part { /* one record, or one audit entry */
	struct saksi_id id;
	bool audit;
	struct buf bytes; /* encoded ops one after the other, or the whole audit part */
	struct draft_op *ops;
	size_t n_ops, cap_ops;
	struct state state; /* as it was when the draft began to speak of it */
	bool has_state;
};
struct saksi_draft {
	struct saksi_txn *t;
	struct draft_part *parts;
	size_t n, cap;
};

enum saksi_err saksi_draft_new(struct saksi_draft **out, struct saksi_txn *t,
    struct saksi_error *err)
{
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return saksi_fail_nomem(err);
	(*out)->t = t;
	return SAKSI_OK;
}

static void part_free(struct draft_part *p)
{
	buf_free(&p->bytes);
	free(p->ops);
	if (p->has_state)
		state_free(&p->state);
}

void saksi_draft_free(struct saksi_draft **pd)
{
	struct saksi_draft *d;

	if (pd == NULL || (d = *pd) == NULL)
		return;
	for (size_t i = 0; i < d->n; i++)
		part_free(&d->parts[i]);
	free(d->parts);
	free(d);
	*pd = NULL;
}

bool saksi_draft_empty(const struct saksi_draft *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->parts[i].audit || d->parts[i].n_ops > 0)
			return false;
	return true;
}

static struct draft_part *new_part(struct saksi_draft *d)
{
	struct draft_part *p;

	if (d->n == d->cap) {
		size_t cap = d->cap == 0 ? 8 : d->cap * 2;

		if ((p = realloc(d->parts, cap * sizeof(*p))) == NULL)
			return NULL;
		d->parts = p;
		d->cap = cap;
	}
	p = &d->parts[d->n++];
	memset(p, 0, sizeof(*p));
	return p;
}

/* The part of a record that is there, with its present state. */
static enum saksi_err part_of(struct saksi_draft *d, const struct saksi_id *id,
    struct draft_part **out, struct saksi_error *err)
{
	const struct cat_record *known;
	struct catalog *c;
	struct draft_part *p;
	enum saksi_err rc;

	for (size_t i = d->n; i-- > 0;)
		if (!d->parts[i].audit && id_cmp(&d->parts[i].id, id) == 0) {
			*out = &d->parts[i];
			return SAKSI_OK;
		}
	if ((rc = txn_catalog(d->t, &c, err)) != SAKSI_OK)
		return rc;
	if ((known = catalog_record(c, id)) == NULL)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "record: there is none with this id");
	if ((p = new_part(d)) == NULL)
		return saksi_fail_nomem(err);
	p->id = *id;
	if ((rc = txn_state(d->t, known->number, 0, &p->state, err)) != SAKSI_OK)
		return rc;
	p->has_state = true;
	*out = p;
	return SAKSI_OK;
}

bool draft_fits(size_t encoded)
{
	return encoded <= DRAFT_VALUE_MAX;
}

static enum saksi_err end_op(struct draft_part *p, size_t from, struct saksi_error *err)
{
	enum saksi_err rc;

	if ((rc = buf_ok(&p->bytes, err)) != SAKSI_OK)
		return rc;
	if (p->bytes.len - from > OP_MAX)
		return saksi_fail(err, SAKSI_ELIMIT,
		    "an operation: longer than a changeset");
	if (p->n_ops == p->cap_ops) {
		size_t cap = p->cap_ops == 0 ? 16 : p->cap_ops * 2;
		struct draft_op *ops = realloc(p->ops, cap * sizeof(*ops));

		if (ops == NULL)
			return saksi_fail_nomem(err);
		p->ops = ops;
		p->cap_ops = cap;
	}
	p->ops[p->n_ops++].len = p->bytes.len - from;
	return SAKSI_OK;
}

typedef bool pick_fn(const struct state_op *op, const void *ctx);

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
static void write_dots(struct buf *b, struct saksi_draft *d, const struct draft_part *p,
    const char *field, pick_fn *pick, const void *ctx, size_t from, size_t max)
{
	const struct catalog *c = &d->t->v->catalog;
	struct buf dots = BUF_INIT;
	size_t at = 0, n = 0;

	for (size_t i = 0; p->has_state && i < p->state.n_ops && n < max; i++) {
		const struct state_op *op = &p->state.ops[i];
		const struct cat_entry *e;

		if (!picked(op, field, pick, ctx) || at++ < from ||
		    (e = catalog_entry_n(c, op->n)) == NULL)
			continue;
		mp_array(&dots, 2);
		mp_bin(&dots, e->id.b, sizeof(e->id.b));
		mp_uint(&dots, op->number);
		n++;
	}
	mp_array(b, (uint32_t)n);
	buf_add(b, dots.p, dots.len);
	b->failed |= dots.failed;
	buf_free(&dots);
}

static bool equal_value(const struct state_op *op, const void *ctx)
{
	const struct buf *want = ctx;

	return op->value_len == want->len && memcmp(op->value, want->p, want->len) == 0;
}

/* How many distinct visible values the field has; whether ${want} is one. */
static size_t count_visible(const struct draft_part *p, const char *field,
    const struct buf *want, bool *has)
{
	size_t n = 0;

	*has = false;
	for (size_t i = 0; p->has_state && i < p->state.n_ops; i++) {
		const struct state_op *op = &p->state.ops[i];

		if (!op->visible || op->folded || !state_field_is(op, field))
			continue;
		n++;
		*has |= want != NULL && equal_value(op, want);
	}
	return n;
}

static enum saksi_err encode(struct buf *b, const char *field, const json_t *value,
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

/*
 * Hide from place 0 on in rounds of DOTS_MAX, until no more than ${leave} are
 * left; ${*done} is where the rest begins.
 */
static enum saksi_err put_removes(struct saksi_draft *d, struct draft_part *p,
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
		write_dots(&p->bytes, d, p, field, pick, ctx, *done, round);
		rc = end_op(p, from, err);
		*done += round;
	}
	return rc;
}

static enum saksi_err put_set(struct saksi_draft *d, struct draft_part *p,
    const char *field, const struct buf *value, bool over, struct saksi_error *err)
{
	size_t done = 0, from;
	enum saksi_err rc;

	if (over &&
	    (rc = put_removes(d, p, field, NULL, NULL, DOTS_MAX, &done, err)) != SAKSI_OK)
		return rc;
	from = p->bytes.len;
	mp_array(&p->bytes, 4);
	mp_uint(&p->bytes, OP_SET);
	mp_cstr(&p->bytes, field);
	buf_add(&p->bytes, value->p, value->len);
	write_dots(&p->bytes, d, p, field, NULL, NULL, done, over ? DOTS_MAX : 0);
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

/* Who sets a register twice in one draft means the second: a draft has no rivals of its own. */
static void forget_set(struct draft_part *p, const char *field)
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

enum saksi_err saksi_draft_set(struct saksi_draft *d, const struct saksi_id *id,
    const char *field, const json_t *value, struct saksi_error *err)
{
	struct draft_part *p;
	struct buf b = BUF_INIT;
	bool has;
	enum saksi_err rc;

	if ((rc = part_of(d, id, &p, err)) == SAKSI_OK &&
	    (rc = encode(&b, field, value, err)) == SAKSI_OK) {
		forget_set(p, field);
		/* The value that stands there alone is no change. */
		if (!(count_visible(p, field, &b, &has) == 1 && has))
			rc = put_set(d, p, field, &b, true, err);
	}
	buf_free(&b);
	return rc;
}

enum saksi_err draft_rival(struct saksi_draft *d, const struct saksi_id *id,
    const char *field, const json_t *value, bool set, bool *written, bool *beside,
    struct saksi_error *err)
{
	struct draft_part *p;
	struct buf b = BUF_INIT;
	bool known = false, has;
	enum saksi_err rc;

	*written = *beside = false;
	if ((rc = part_of(d, id, &p, err)) != SAKSI_OK ||
	    (rc = encode(&b, field, value, err)) != SAKSI_OK)
		goto fail;
	/* A value that stood there once, even if hidden since, says nothing new. */
	for (size_t i = 0; p->has_state && i < p->state.n_ops && !known; i++)
		known = p->state.ops[i].value != NULL &&
		    state_field_is(&p->state.ops[i], field) &&
		    equal_value(&p->state.ops[i], &b);
	if (known)
		goto fail;
	*beside = set && count_visible(p, field, NULL, &has) > 0;
	*written = true;
	rc = set ? put_set(d, p, field, &b, false, err)
		 : saksi_draft_add(d, id, field, value, err);
fail:
	buf_free(&b);
	return rc;
}

enum saksi_err saksi_draft_add(struct saksi_draft *d, const struct saksi_id *id,
    const char *field, const json_t *value, struct saksi_error *err)
{
	struct draft_part *p;
	struct buf b = BUF_INIT;
	size_t from;
	bool has;
	enum saksi_err rc;

	if ((rc = part_of(d, id, &p, err)) != SAKSI_OK ||
	    (rc = encode(&b, field, value, err)) != SAKSI_OK)
		goto fail;
	count_visible(p, field, &b, &has);
	if (has)
		goto fail;
	from = p->bytes.len;
	mp_array(&p->bytes, 3);
	mp_uint(&p->bytes, OP_ADD);
	mp_cstr(&p->bytes, field);
	buf_add(&p->bytes, b.p, b.len);
	rc = end_op(p, from, err);
fail:
	buf_free(&b);
	return rc;
}

enum saksi_err saksi_draft_clear(struct saksi_draft *d, const struct saksi_id *id,
    const char *field, struct saksi_error *err)
{
	struct draft_part *p;
	size_t n;
	enum saksi_err rc;

	if ((rc = part_of(d, id, &p, err)) != SAKSI_OK)
		return rc;
	return put_removes(d, p, field, NULL, NULL, 0, &n, err);
}

enum saksi_err saksi_draft_remove(struct saksi_draft *d, const struct saksi_id *id,
    const char *field, const json_t *value, struct saksi_error *err)
{
	struct draft_part *p;
	struct buf b = BUF_INIT;
	size_t n = 0;
	enum saksi_err rc;

	if ((rc = part_of(d, id, &p, err)) == SAKSI_OK &&
	    (rc = encode(&b, field, value, err)) == SAKSI_OK)
		rc = put_removes(d, p, field, equal_value, &b, 0, &n, err);
	buf_free(&b);
	if (rc == SAKSI_OK && n == 0)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "%s: no such value is in the list", field);
	return rc;
}

enum saksi_err saksi_draft_create(struct saksi_draft *d, struct saksi_id *out,
    const char *type, const char *ref, const char *cls, struct saksi_error *err)
{
	struct saksi_id id;
	enum saksi_err rc;

	if (ref != NULL && ref[0] != '\0') {
		if ((rc = saksi_import_id(d->t, type, ref, &id, err)) != SAKSI_OK)
			return rc;
	} else
		id_random(&id);
	*out = id;
	return draft_create_as(d, &id, type, ref, cls, err);
}

static enum saksi_err set_text(struct saksi_draft *d, struct draft_part *p,
    const char *field, const char *text, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	if (text == NULL || text[0] == '\0')
		return SAKSI_OK;
	mp_cstr(&b, text);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		rc = put_set(d, p, field, &b, false, err);
	buf_free(&b);
	return rc;
}

enum saksi_err draft_create_as(struct saksi_draft *d, const struct saksi_id *id,
    const char *type, const char *ref, const char *cls, struct saksi_error *err)
{
	const struct cat_record *known;
	struct catalog *c;
	struct draft_part *p;
	char text[ID_TEXT_LEN + 1];
	enum saksi_err rc;

	if ((rc = txn_catalog(d->t, &c, err)) != SAKSI_OK)
		return rc;
	if ((known = catalog_record(c, id)) != NULL) {
		id_text(text, id);
		return saksi_fail(err, SAKSI_EEXIST, "record %s: is there already%s",
		    text,
		    known->code == STATE_DELETED
			? ", deleted; `saksi undelete` brings it back"
			: "; `saksi edit` changes it");
	}
	if ((p = new_part(d)) == NULL)
		return saksi_fail_nomem(err);
	p->id = *id;
	if ((rc = set_text(d, p, "type", type, err)) != SAKSI_OK ||
	    (rc = set_text(d, p, "ref", ref, err)) != SAKSI_OK)
		return rc;
	return set_text(d, p, "class", cls, err);
}

enum saksi_err saksi_draft_delete(struct saksi_draft *d, const struct saksi_id *id,
    const char *reason, struct saksi_error *err)
{
	json_t *v = json_pack("{s:s}", "reason", reason);
	struct draft_part *p;
	size_t n = 0;
	enum saksi_err rc;

	if (v == NULL)
		return saksi_fail(err, SAKSI_EINVAL, "reason: not a text in UTF-8");
	/* A standing deletion is renewed: the new one has seen the later edits. */
	if ((rc = part_of(d, id, &p, err)) == SAKSI_OK &&
	    (rc = put_removes(d, p, "deleted", NULL, NULL, 0, &n, err)) == SAKSI_OK) {
		struct buf b = BUF_INIT;
		size_t from = p->bytes.len;

		if ((rc = encode(&b, "deleted", v, err)) == SAKSI_OK) {
			mp_array(&p->bytes, 3);
			mp_uint(&p->bytes, OP_ADD);
			mp_cstr(&p->bytes, "deleted");
			buf_add(&p->bytes, b.p, b.len);
			rc = end_op(p, from, err);
		}
		buf_free(&b);
	}
	json_decref(v);
	return rc;
}

enum saksi_err saksi_draft_undelete(struct saksi_draft *d, const struct saksi_id *id,
    struct saksi_error *err)
{
	struct draft_part *p;
	size_t n = 0;
	enum saksi_err rc;

	if ((rc = part_of(d, id, &p, err)) != SAKSI_OK ||
	    (rc = put_removes(d, p, "deleted", NULL, NULL, 0, &n, err)) != SAKSI_OK)
		return rc;
	return n > 0 ? SAKSI_OK
		     : saksi_fail(err, SAKSI_ENOTFOUND, "record: it is not deleted");
}

enum saksi_err saksi_draft_audit(struct saksi_draft *d, const char *what,
    const json_t *details, struct saksi_error *err)
{
	struct draft_part *p = new_part(d);

	if (p == NULL)
		return saksi_fail_nomem(err);
	p->audit = true;
	mp_array(&p->bytes, 3);
	mp_uint(&p->bytes, PART_AUDIT);
	mp_cstr(&p->bytes, what);
	mpjson_write(&p->bytes, details);
	if (p->bytes.len > DRAFT_VALUE_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "audit entry: too long");
	return buf_ok(&p->bytes, err);
}

/* ---- writing: parts packed into as few changesets as the limits allow ------------- */

struct packing {
	struct saksi_draft *d;
	struct buf bodies[CHANGESET_PARTS_MAX];
	struct part_bytes parts[CHANGESET_PARTS_MAX];
	size_t n, ops, bytes;
	struct saksi_hash *last;
};

static enum saksi_err flush(struct packing *k, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < k->n; i++)
		k->parts[i] = (struct part_bytes){k->bodies[i].p, k->bodies[i].len};
	if (k->n > 0)
		rc = saksi_log_append(k->d->t, CS_DATA, k->parts, k->n, k->last, err);
	for (size_t i = 0; i < k->n; i++)
		buf_free(&k->bodies[i]);
	k->n = k->ops = k->bytes = 0;
	return rc;
}

static enum saksi_err make_room(struct packing *k, size_t ops, size_t bytes,
    struct saksi_error *err)
{
	if (k->n < CHANGESET_PARTS_MAX && k->ops + ops <= CHANGESET_OPS_MAX &&
	    k->bytes + bytes <= BODY_MAX)
		return SAKSI_OK;
	return flush(k, err);
}

static enum saksi_err pack_slice(struct packing *k, const struct draft_part *p, size_t n,
    const uint8_t *ops, size_t len, struct saksi_error *err)
{
	struct buf *b;
	enum saksi_err rc;

	if ((rc = make_room(k, n, len + 64, err)) != SAKSI_OK)
		return rc;
	b = &k->bodies[k->n++];
	mp_array(b, 3);
	mp_uint(b, PART_RECORD);
	mp_bin(b, p->id.b, sizeof(p->id.b));
	mp_array(b, (uint32_t)n);
	buf_add(b, ops, len);
	k->ops += n;
	k->bytes += len + 64;
	return buf_ok(b, err);
}

/* A record with very many values takes several parts. */
static enum saksi_err pack_record(struct packing *k, const struct draft_part *p,
    struct saksi_error *err)
{
	size_t i = 0, at = 0;

	while (i < p->n_ops) {
		size_t n = 0, len = 0;
		enum saksi_err rc;

		while (i + n < p->n_ops && n < CHANGESET_OPS_MAX &&
		    len + p->ops[i + n].len <= BODY_MAX - 64)
			len += p->ops[i + n++].len;
		if ((rc = pack_slice(k, p, n, p->bytes.p + at, len, err)) != SAKSI_OK)
			return rc;
		i += n;
		at += len;
	}
	return SAKSI_OK;
}

static enum saksi_err pack_audit(struct packing *k, const struct draft_part *p,
    struct saksi_error *err)
{
	struct buf *b;
	enum saksi_err rc;

	if ((rc = make_room(k, 1, p->bytes.len, err)) != SAKSI_OK)
		return rc;
	b = &k->bodies[k->n++];
	buf_add(b, p->bytes.p, p->bytes.len);
	k->ops++;
	k->bytes += p->bytes.len;
	return buf_ok(b, err);
}

enum saksi_err saksi_draft_commit(struct saksi_draft *d, struct saksi_hash *last,
    struct saksi_error *err)
{
	struct packing *k = calloc(1, sizeof(*k));
	enum saksi_err rc = SAKSI_OK;

	if (k == NULL)
		return saksi_fail_nomem(err);
	k->d = d;
	k->last = last;
	for (size_t i = 0; i < d->n && rc == SAKSI_OK; i++)
		rc = d->parts[i].audit ? pack_audit(k, &d->parts[i], err)
				       : pack_record(k, &d->parts[i], err);
	if (rc == SAKSI_OK)
		rc = flush(k, err);
	for (size_t i = 0; i < k->n; i++)
		buf_free(&k->bodies[i]);
	free(k);
	return rc;
}

enum saksi_err saksi_import_id(struct saksi_txn *t, const char *type, const char *ref,
    struct saksi_id *out, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	if (!t->v->has_import_key)
		return saksi_fail(err, SAKSI_EREFUSED,
		    "vault: this device is in no team yet; run `saksi init` or join one");
	mp_array(&b, 2);
	mp_cstr(&b, type);
	mp_cstr(&b, ref);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		crypto_prf(out->b, sizeof(out->b), t->v->import_key, "import-id", b.p,
		    b.len);
	buf_free(&b);
	return rc;
}
