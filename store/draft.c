/* draft.c - what a person changes at once. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>

#include "draft_int.h"
#include "vault_impl.h"

enum saksi_err saksi_draft_new(struct saksi_draft **out, struct saksi_txn *t,
    struct saksi_error *err)
{
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return saksi_fail_nomem(err);
	(*out)->t = t;
	return SAKSI_OK;
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

enum saksi_err saksi_draft_set(struct saksi_draft *d, const struct saksi_id *id,
    const char *field, const json_t *value, struct saksi_error *err)
{
	struct draft_part *p;
	struct buf b = BUF_INIT;
	bool has;
	enum saksi_err rc;

	if ((rc = part_open(d, id, &p, err)) == SAKSI_OK &&
	    (rc = part_encode(&b, field, value, err)) == SAKSI_OK) {
		part_forget_set(p, field);
		/* The value that stands there alone is no change. */
		if (!(part_count_visible(p, field, &b, &has) == 1 && has))
			rc = part_put_set(d, p, field, &b, true, err);
	}
	buf_free(&b);
	return rc;
}

enum saksi_err saksi_draft_add(struct saksi_draft *d, const struct saksi_id *id,
    const char *field, const json_t *value, struct saksi_error *err)
{
	struct draft_part *p;
	struct buf b = BUF_INIT;
	bool has;
	enum saksi_err rc;

	if ((rc = part_open(d, id, &p, err)) != SAKSI_OK ||
	    (rc = part_encode(&b, field, value, err)) != SAKSI_OK)
		goto fail;
	part_count_visible(p, field, &b, &has);
	if (!has)
		rc = part_put_add(p, field, &b, err);
fail:
	buf_free(&b);
	return rc;
}

struct read_op { /* an operation that sets or adds */
	bool set;
	char field[161];
	const uint8_t *value;
	size_t len;
};

static enum saksi_err read_op(struct read_op *o, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	const char *field;
	size_t len;

	mp_read_init(&r, p, n);
	mp_read_array(&r);
	o->set = mp_read_uint(&r) == OP_SET;
	len = mp_read_str(&r, &field);
	if (len >= sizeof(o->field))
		mp_fail(&r, "field name too long");
	o->len = mp_skip(&r, MP_DEPTH_MAX, &o->value);
	if (o->set)
		mp_expect_array(&r, 0);
	if (!r.failed) {
		memcpy(o->field, field, len);
		o->field[len] = '\0';
	}
	return mp_done(&r, "operation", err);
}

enum saksi_err draft_rival(struct saksi_draft *d, const struct saksi_id *id,
    const uint8_t *op, size_t len, bool *written, bool *beside, struct saksi_error *err)
{
	struct draft_part *p;
	struct read_op o;
	bool known = false, has;
	enum saksi_err rc;

	*written = *beside = false;
	if ((rc = part_open(d, id, &p, err)) != SAKSI_OK ||
	    (rc = read_op(&o, op, len, err)) != SAKSI_OK)
		return rc;
	/* A value that stood there once, even if hidden since, says nothing new. */
	for (size_t i = 0; p->has_state && i < p->state.n_ops && !known; i++) {
		const struct state_op *old = &p->state.ops[i];

		known = old->value_len == o.len && state_field_is(old, o.field) &&
		    memcmp(old->value, o.value, o.len) == 0;
	}
	if (known)
		return SAKSI_OK;
	*beside = o.set && part_count_visible(p, o.field, NULL, &has) > 0;
	*written = true;
	return part_put_op(p, op, len, err);
}

enum saksi_err saksi_draft_clear(struct saksi_draft *d, const struct saksi_id *id,
    const char *field, struct saksi_error *err)
{
	struct draft_part *p;
	size_t n;
	enum saksi_err rc;

	if ((rc = part_open(d, id, &p, err)) != SAKSI_OK)
		return rc;
	return part_put_removes(d, p, field, NULL, NULL, 0, &n, err);
}

enum saksi_err saksi_draft_remove(struct saksi_draft *d, const struct saksi_id *id,
    const char *field, const json_t *value, struct saksi_error *err)
{
	struct draft_part *p;
	struct buf b = BUF_INIT;
	size_t n = 0;
	enum saksi_err rc;

	if ((rc = part_open(d, id, &p, err)) == SAKSI_OK &&
	    (rc = part_encode(&b, field, value, err)) == SAKSI_OK)
		rc = part_put_removes(d, p, field, part_equal_value, &b, 0, &n, err);
	buf_free(&b);
	if (rc == SAKSI_OK && n == 0)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "%s: no such value is in the list", field);
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

static enum saksi_err set_text(struct saksi_draft *d, struct draft_part *p,
    const char *field, const char *text, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	if (text == NULL || text[0] == '\0')
		return SAKSI_OK;
	mp_cstr(&b, text);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		rc = part_put_set(d, p, field, &b, false, err);
	buf_free(&b);
	return rc;
}

static enum saksi_err must_be_new(struct saksi_txn *t, const struct saksi_id *id,
    struct saksi_error *err)
{
	struct cat_record known;
	char text[ID_TEXT_LEN + 1];
	bool found;
	enum saksi_err rc = catalog_record(t, id, &known, &found, err);

	if (rc == SAKSI_OK && found) {
		id_text(text, id);
		rc = saksi_fail(err, SAKSI_EEXIST, "record %s: is there already%s", text,
		    known.head.code == STATE_DELETED
			? ", deleted; `saksi undelete` brings it back"
			: "; `saksi edit` changes it");
	}
	cat_record_free(&known);
	return rc;
}

static enum saksi_err create_as(struct saksi_draft *d, const struct saksi_id *id,
    const char *type, const char *ref, const char *cls, struct saksi_error *err)
{
	struct draft_part *p;
	enum saksi_err rc;

	if ((rc = must_be_new(d->t, id, err)) != SAKSI_OK)
		return rc;
	if ((p = part_new(d)) == NULL)
		return saksi_fail_nomem(err);
	p->id = *id;
	if ((rc = set_text(d, p, "type", type, err)) != SAKSI_OK ||
	    (rc = set_text(d, p, "ref", ref, err)) != SAKSI_OK)
		return rc;
	return set_text(d, p, "class", cls, err);
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
	return create_as(d, &id, type, ref, cls, err);
}

enum saksi_err draft_create_with(struct saksi_draft *d, const struct saksi_id *id,
    const uint8_t *lens, size_t n, const uint8_t *ops, size_t len,
    struct saksi_error *err)
{
	struct draft_part *p = part_new(d);
	enum saksi_err rc = SAKSI_OK;

	if (p == NULL)
		return saksi_fail_nomem(err);
	p->id = *id;
	if (buf_reserve(&p->bytes, len) == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0, at = 0; i < n && rc == SAKSI_OK; i++) {
		size_t one = le32_get(lens + 4 * i);

		rc = part_put_op(p, ops + at, one, err);
		at += one;
	}
	return rc;
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
	if ((rc = part_open(d, id, &p, err)) == SAKSI_OK &&
	    (rc = part_put_removes(d, p, "deleted", NULL, NULL, 0, &n, err)) == SAKSI_OK) {
		struct buf b = BUF_INIT;

		if ((rc = part_encode(&b, "deleted", v, err)) == SAKSI_OK)
			rc = part_put_add(p, "deleted", &b, err);
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

	if ((rc = part_open(d, id, &p, err)) != SAKSI_OK ||
	    (rc = part_put_removes(d, p, "deleted", NULL, NULL, 0, &n, err)) != SAKSI_OK)
		return rc;
	return n > 0 ? SAKSI_OK
		     : saksi_fail(err, SAKSI_ENOTFOUND, "record: it is not deleted");
}

enum saksi_err saksi_draft_audit(struct saksi_draft *d, const char *what,
    const json_t *details, struct saksi_error *err)
{
	struct draft_part *p = part_new(d);

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
