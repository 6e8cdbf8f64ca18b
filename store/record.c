/* record.c - records as people see them. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>
#include <saksi/store/record.h>

#include "state.h"
#include "vault_impl.h"

void saksi_record_free(struct saksi_record **pr)
{
	struct saksi_record *r;

	if (pr == NULL || (r = *pr) == NULL)
		return;
	for (size_t i = 0; i < r->n_values; i++)
		json_decref(r->values[i].value);
	free(r->values);
	buf_free(&r->text);
	free(r);
	*pr = NULL;
}

/* Strings go into one block; offsets become pointers when it has stopped growing. */
static size_t keep_text(struct buf *b, const char *p, size_t n)
{
	size_t at = b->len;

	buf_add(b, p, n);
	buf_add_byte(b, 0);
	return at;
}

static enum saksi_err fill_value(struct record_value *v, const struct state_op *op,
    struct saksi_error *err)
{
	struct mp_reader r;
	enum saksi_err rc;

	v->n = op->n;
	v->op = op->number;
	v->branch = op->branch;
	v->time_us = (int64_t)(op->hlc >> 16) * 1000;
	v->set = op->code == OP_SET;
	v->visible = op->visible;
	v->hidden_by = op->hidden_by;
	v->copies = op->copies;
	mp_read_init(&r, op->value, op->value_len);
	if ((rc = mpjson_read(&v->value, &r, err)) != SAKSI_OK)
		return rc;
	return SAKSI_OK;
}

static bool shown_apart(const struct state_op *op)
{
	return op->counted && op->value != NULL && !op->folded;
}

static enum saksi_err fill_values(struct saksi_record *r, const struct state *s,
    struct saksi_error *err)
{
	size_t n = 0, *at;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < s->n_ops; i++)
		n += shown_apart(&s->ops[i]);
	r->values = calloc(n + 1, sizeof(*r->values));
	at = calloc(n + 1, sizeof(*at));
	if (r->values == NULL || at == NULL) {
		free(at);
		return saksi_fail_nomem(err);
	}
	for (size_t i = 0; i < s->n_ops && rc == SAKSI_OK; i++) {
		if (!shown_apart(&s->ops[i]))
			continue;
		at[r->n_values] =
		    keep_text(&r->text, s->ops[i].field, s->ops[i].field_len);
		rc = fill_value(&r->values[r->n_values], &s->ops[i], err);
		r->n_visible += s->ops[i].visible;
		r->n_values++;
	}
	if (rc == SAKSI_OK)
		rc = buf_ok(&r->text, err);
	for (size_t i = 0; i < r->n_values && rc == SAKSI_OK; i++)
		r->values[i].field = (const char *)r->text.p + at[i];
	free(at);
	return rc;
}

static enum saksi_err record_from_state(struct saksi_record **out, const struct state *s,
    uint64_t number, struct saksi_error *err)
{
	struct saksi_record *r = calloc(1, sizeof(*r));
	const char *p = "";
	size_t type_at, ref_at, n = 0;
	enum saksi_err rc;

	*out = NULL;
	if (r == NULL)
		return saksi_fail_nomem(err);
	r->id = s->id;
	r->number = number;
	r->state = s->shown;
	r->delete_conflict = s->delete_conflict;
	r->cls = s->cls;
	r->n_conflicts = s->n_conflicts;
	if (s->type != NULL)
		n = state_value_str(s->type, &p);
	type_at = keep_text(&r->text, p, n);
	n = s->ref != NULL ? state_value_str(s->ref, &p) : 0;
	ref_at = keep_text(&r->text, p, n);
	if ((rc = fill_values(r, s, err)) != SAKSI_OK) {
		saksi_record_free(&r);
		return rc;
	}
	r->type = (const char *)r->text.p + type_at;
	r->ref = (const char *)r->text.p + ref_at;
	*out = r;
	return SAKSI_OK;
}

static bool existed(const struct state *s)
{
	for (size_t i = 0; i < s->n_ops; i++)
		if (s->ops[i].counted)
			return true;
	return false;
}

enum saksi_err saksi_record_get(struct saksi_record **out, struct saksi_txn *t,
    const struct saksi_id *id, int64_t as_of_us, struct saksi_error *err)
{
	const struct cat_record *known;
	struct catalog *c;
	struct state s;
	char text[ID_TEXT_LEN + 1];
	enum saksi_err rc;

	*out = NULL;
	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	id_text(text, id);
	if ((known = catalog_record(c, id)) == NULL)
		return saksi_fail(err, SAKSI_ENOTFOUND, "record %s: there is none", text);
	if ((rc = txn_state(t, known->number, as_of_us, &s, err)) != SAKSI_OK)
		return rc;
	if (!existed(&s))
		rc = saksi_fail(err, SAKSI_ENOTFOUND,
		    "record %s: was not there yet at that time", text);
	else
		rc = record_from_state(out, &s, known->number, err);
	state_free(&s);
	return rc;
}

enum saksi_err saksi_record_each(struct saksi_txn *t, bool deleted, saksi_record_fn *fn,
    void *ctx, struct saksi_error *err)
{
	struct catalog *c;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	for (size_t i = 0; i < c->n_records && rc == SAKSI_OK; i++) {
		struct saksi_record *r = NULL;

		if (c->records[i].code == STATE_DELETED && !deleted)
			continue;
		if ((rc = saksi_record_get(&r, t, &c->records[i].id, 0, err)) == SAKSI_OK)
			rc = fn(ctx, r, err);
		saksi_record_free(&r);
	}
	return rc;
}

/* ---- names -------------------------------------------------------------------------- */

static enum saksi_err find_by_ref(const struct catalog *c, const char *name,
    struct saksi_id *id, struct saksi_error *err)
{
	const struct cat_record *r, *first = NULL;
	struct buf list = BUF_INIT;
	size_t at = 0, n = 0;
	char text[ID_TEXT_LEN + 1];
	enum saksi_err rc = SAKSI_OK;

	while ((r = catalog_by_ref(c, name, &at)) != NULL) {
		/* A deleted one gives way to one that is there. */
		if (first != NULL && r->code == STATE_DELETED)
			continue;
		if (first == NULL || first->code == STATE_DELETED) {
			first = r;
			n = 0;
			buf_reset(&list);
		}
		n++;
		id_text(text, &r->id);
		buf_printf(&list, " %s (%s)", text, r->type);
	}
	if (first == NULL)
		rc = SAKSI_ENOTFOUND;
	else if (n > 1)
		rc = saksi_fail(err, SAKSI_EINVAL,
		    "this reference: stands for several records; name one by id:%s",
		    buf_cstr(&list));
	else
		*id = first->id;
	buf_free(&list);
	return rc;
}

#define CANDIDATES_SHOWN 8u

static enum saksi_err find_by_prefix(const struct catalog *c, const char *name,
    struct saksi_id *id, struct saksi_error *err)
{
	struct buf list = BUF_INIT;
	char text[ID_TEXT_LEN + 1];
	size_t n = 0;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < c->n_records; i++) {
		if (!id_prefix_match(&c->records[i].id, name))
			continue;
		*id = c->records[i].id;
		if (n++ < CANDIDATES_SHOWN) {
			id_text(text, id);
			buf_printf(&list, " %s (%s)", text, c->records[i].type);
		}
	}
	if (n == 0)
		rc = saksi_fail(err, SAKSI_ENOTFOUND,
		    "no record has this id or reference; `saksi find` searches by content");
	else if (n > 1)
		rc = saksi_fail(err, SAKSI_EINVAL,
		    "this begins the ids of %zu records; add letters:%s%s", n,
		    buf_cstr(&list), n > CANDIDATES_SHOWN ? " ..." : "");
	buf_free(&list);
	return rc;
}

enum saksi_err saksi_record_find(struct saksi_txn *t, const char *name,
    struct saksi_id *id, struct saksi_error *err)
{
	struct catalog *c;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	if (name[0] == '\0')
		return saksi_fail(err, SAKSI_EINVAL,
		    "an id or a reference is expected, not an empty text");
	if ((rc = find_by_ref(c, name, id, err)) != SAKSI_ENOTFOUND)
		return rc;
	return find_by_prefix(c, name, id, err);
}

bool type_fits(const char *type, const char *to)
{
	if (to == NULL || strcmp(to, "any") == 0 || type[0] == '\0')
		return true;
	if (strcmp(to, "party") == 0)
		return strcmp(type, "person") == 0 || strcmp(type, "organisation") == 0;
	return strcmp(type, to) == 0;
}

bool saksi_record_resolver(void *txn, const char *text, const char *to, char out[27])
{
	const struct cat_record *r;
	struct catalog *c;
	struct saksi_id id;

	if (txn_catalog(txn, &c, NULL) != SAKSI_OK ||
	    saksi_record_find(txn, text, &id, NULL) != SAKSI_OK)
		return false;
	if ((r = catalog_record(c, &id)) == NULL || !type_fits(r->type, to))
		return false;
	id_text(out, &id);
	return true;
}

/* ---- the whole ------------------------------------------------------------------------ */

enum saksi_err saksi_record_counts(struct saksi_txn *t, json_t **by_type,
    size_t *conflicts, size_t *deleted, struct saksi_error *err)
{
	struct catalog *c;
	enum saksi_err rc;

	*conflicts = *deleted = 0;
	if ((*by_type = json_object()) == NULL)
		return saksi_fail_nomem(err);
	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	for (size_t i = 0; i < c->n_records; i++) {
		const char *type =
		    c->records[i].type[0] == '\0' ? "unknown" : c->records[i].type;
		struct state s;

		if ((rc = txn_state(t, c->records[i].number, 0, &s, err)) != SAKSI_OK)
			return rc;
		if (c->records[i].code != STATE_DELETED)
			*conflicts += s.n_conflicts;
		state_free(&s);
		if (c->records[i].code == STATE_DELETED) {
			(*deleted)++;
			continue;
		}
		if (json_object_set_new(*by_type, type,
			json_integer(json_integer_value(json_object_get(*by_type, type)) +
			    1)) != 0)
			return saksi_fail_nomem(err);
	}
	return SAKSI_OK;
}

static int by_record_id(const void *pa, const void *pb)
{
	const struct cat_record *const *a = pa, *const *b = pb;

	return id_cmp(&(*a)->id, &(*b)->id);
}

static int by_field_and_value(const void *pa, const void *pb)
{
	const struct state_op *const *a = pa, *const *b = pb;

	return state_compare_content(*a, *b);
}

/* [id, [[field, value] ...]] with distinct visible values, sorted by bytes. */
static enum saksi_err digest_record(struct crypto_hash_state *st, struct state *s,
    struct saksi_error *err)
{
	const struct state_op **list =
	    calloc(s->n_ops + 1, sizeof(const struct state_op *));
	struct buf b = BUF_INIT;
	size_t n = 0;
	enum saksi_err rc;

	if (list == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < s->n_ops; i++)
		if (s->ops[i].visible && !s->ops[i].folded)
			list[n++] = &s->ops[i];
	qsort(list, n, sizeof(const struct state_op *), by_field_and_value);
	mp_array(&b, 2);
	mp_bin(&b, s->id.b, sizeof(s->id.b));
	mp_array(&b, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		mp_array(&b, 2);
		mp_str(&b, list[i]->field, list[i]->field_len);
		buf_add(&b, list[i]->value, list[i]->value_len);
	}
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		crypto_hash_add(st, b.p, b.len);
	buf_free(&b);
	free(list);
	return rc;
}

enum saksi_err saksi_state_digest(struct saksi_txn *t, struct saksi_hash *out,
    struct saksi_error *err)
{
	struct crypto_hash_state st;
	const struct cat_record **list;
	struct catalog *c;
	size_t n = 0;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	if ((list = calloc(c->n_records + 1, sizeof(const struct cat_record *))) == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < c->n_records; i++)
		if (c->records[i].code != STATE_DELETED)
			list[n++] = &c->records[i];
	qsort(list, n, sizeof(const struct cat_record *), by_record_id);
	crypto_hash_init(&st, "state");
	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		struct state s;

		if ((rc = txn_state(t, list[i]->number, 0, &s, err)) != SAKSI_OK)
			break;
		rc = digest_record(&st, &s, err);
		state_free(&s);
	}
	crypto_hash_final(&st, out);
	free(list);
	return rc;
}
