/* Changes to one record, from what was typed to operations of a draft. */
#include <string.h>

#include "assign.h"
#include "change.h"
#include "find.h"
#include "open.h"
#include "output.h"
#include "view.h"

enum saksi_err change_begin(struct change *ch, struct cli *c, const char *name)
{
	enum saksi_err rc;

	memset(ch, 0, sizeof(*ch));
	ch->c = c;
	rc = cli_open(c);
	if (rc == SAKSI_OK)
		rc = cli_begin(c, true);
	if (rc == SAKSI_OK)
		rc = cli_find(c, name, &ch->id);
	if (rc == SAKSI_OK)
		rc = saksi_record_get(&ch->r, c->txn, &ch->id, 0, &c->err);
	if (rc == SAKSI_OK)
		rc = saksi_draft_new(&ch->draft, c->txn, &c->err);
	if (rc != SAKSI_OK)
		return rc;
	ch->type = schema_type(c->schema, ch->r->type);
	if (ch->type == NULL)
		return saksi_fail(&c->err, SAKSI_ENEWER,
		    "record: its type is unknown to this version; install a newer saksi");
	return SAKSI_OK;
}

enum saksi_err change_begin_live(struct change *ch, struct cli *c, const char *name)
{
	enum saksi_err rc = change_begin(ch, c, name);

	if (rc == SAKSI_OK && ch->r->state == RECORD_DELETED)
		rc = saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "%s: is deleted; `saksi undelete` brings it back", name);
	return rc;
}

size_t change_count(const struct change *ch, const char *field)
{
	size_t n = 0;

	for (size_t i = 0; i < ch->r->n_visible; i++)
		n += strcmp(ch->r->values[i].field, field) == 0;
	return n;
}

static bool stands(const struct change *ch, const char *field, const json_t *value)
{
	for (size_t i = 0; i < ch->r->n_visible; i++)
		if (strcmp(ch->r->values[i].field, field) == 0 &&
		    json_equal(ch->r->values[i].value, value))
			return true;
	return false;
}

static bool holds(const json_t *list, const json_t *value)
{
	size_t i;
	const json_t *e;

	json_array_foreach (list, i, e) {
		if (json_equal(e, value))
			return true;
	}
	return false;
}

static enum saksi_err set_register(struct change *ch, const char *field,
    const json_t *value)
{
	size_t rivals = change_count(ch, field);

	if (rivals == 1 && stands(ch, field, value))
		return SAKSI_OK;
	if (rivals > 1 && !ch->resolving)
		cli_warn("%s: %zu rival values are replaced; the history keeps them",
		    field, rivals);
	return saksi_draft_set(ch->draft, &ch->id, field, value, &ch->c->err);
}

enum saksi_err change_keep_some(struct change *ch, const struct schema_field *f)
{
	if (!f->required)
		return SAKSI_OK;
	return saksi_fail(&ch->c->err, SAKSI_EINVAL,
	    "%s.%s: a record of this type needs it; give another value instead",
	    ch->type->name, f->path);
}

/* The list becomes exactly ${want}; elements that stay keep their history. */
static enum saksi_err set_list(struct change *ch, const struct schema_field *f,
    const json_t *want)
{
	size_t i;
	const json_t *e;
	enum saksi_err rc = SAKSI_OK;

	if (json_array_size(want) == 0)
		rc = change_keep_some(ch, f);
	for (i = 0; i < ch->r->n_visible && rc == SAKSI_OK; i++) {
		const struct record_value *v = &ch->r->values[i];

		if (strcmp(v->field, f->path) == 0 && !holds(want, v->value))
			rc = saksi_draft_remove(ch->draft, &ch->id, f->path, v->value,
			    &ch->c->err);
	}
	json_array_foreach (want, i, e) {
		if (rc == SAKSI_OK && !stands(ch, f->path, e))
			rc = saksi_draft_add(ch->draft, &ch->id, f->path, e, &ch->c->err);
	}
	return rc;
}

/* What was typed as an array of canonical values; NULL after a fault. */
static enum saksi_err parse(struct change *ch, const struct schema_field *f,
    const char *text, json_t **out)
{
	struct schema_resolver res = cli_resolver_new(ch->c);
	json_t *v = NULL;
	enum saksi_err rc =
	    schema_parse_text(&v, ch->c->schema, f, text, &res, &ch->faults, &ch->c->err);

	*out = NULL;
	if (rc != SAKSI_OK || v == NULL)
		return rc;
	if (f->many && json_is_array(v)) {
		*out = v;
		return SAKSI_OK;
	}
	*out = json_array();
	if (*out == NULL || json_array_append_new(*out, v) != 0) {
		json_decref(*out);
		*out = NULL;
		return saksi_fail_nomem(&ch->c->err);
	}
	return SAKSI_OK;
}

/* One leaf of a group given as JSON: canonical, then as if typed by its path. */
static enum saksi_err set_leaf(struct change *ch, const struct schema_field *leaf,
    const json_t *given)
{
	struct schema_resolver res = cli_resolver_new(ch->c);
	json_t *list = json_array();
	size_t n = leaf->many && json_is_array(given) ? json_array_size(given) : 1;
	enum saksi_err rc = list != NULL ? SAKSI_OK : saksi_fail_nomem(&ch->c->err);

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		const json_t *e =
		    leaf->many && json_is_array(given) ? json_array_get(given, i) : given;
		json_t *v = NULL;

		rc = schema_canonical(&v, ch->c->schema, leaf, e, &res, 0, &ch->faults,
		    &ch->c->err);
		if (rc == SAKSI_OK && v != NULL && json_array_append_new(list, v) != 0)
			rc = saksi_fail_nomem(&ch->c->err);
	}
	if (rc == SAKSI_OK && ch->faults.n_errors == 0)
		rc = leaf->many ? set_list(ch, leaf, list)
				: set_register(ch, leaf->path, json_array_get(list, 0));
	json_decref(list);
	return rc;
}

/* A single group as a JSON object: each leaf that it names. */
static enum saksi_err set_group(struct change *ch, const struct schema_field *f,
    const char *text)
{
	json_t *object = NULL;
	const char *key;
	json_t *v;
	enum saksi_err rc = assign_group(f, text, &object, &ch->c->err);

	if (rc != SAKSI_OK)
		return rc;
	json_object_foreach (object, key, v) {
		const struct schema_field *leaf = NULL;

		for (size_t i = 0; i < f->n_fields; i++)
			if (strcmp(f->fields[i].name, key) == 0)
				leaf = &f->fields[i];
		if (leaf == NULL)
			schema_faults_add(&ch->faults, 0, false, f->path,
			    "has no field of that name; `saksi schema` lists them");
		else if (rc == SAKSI_OK)
			rc = set_leaf(ch, leaf, v);
	}
	json_decref(object);
	return rc;
}

/* All that this command sets a list to: `names=A names=B` means both. */
static enum saksi_err gather_list(struct change *ch, const struct schema_field *f,
    const char *const *args, size_t n, json_t **want)
{
	enum saksi_err rc = SAKSI_OK;

	*want = json_array();
	if (*want == NULL)
		return saksi_fail_nomem(&ch->c->err);
	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		struct assign a;
		json_t *list = NULL;

		rc = assign_split(&a, args[i], &ch->c->err);
		if (rc != SAKSI_OK || a.how != ASSIGN_SET || strcmp(a.field, f->path) != 0)
			continue;
		rc = parse(ch, f, a.text, &list);
		if (rc == SAKSI_OK && list != NULL && json_array_extend(*want, list) != 0)
			rc = saksi_fail_nomem(&ch->c->err);
		json_decref(list);
	}
	return rc;
}

static enum saksi_err do_set(struct change *ch, const struct schema_field *f,
    const char *text, const char *const *args, size_t n)
{
	json_t *list = NULL;
	enum saksi_err rc;

	if (f->many) {
		rc = gather_list(ch, f, args, n, &list);
		if (rc == SAKSI_OK && ch->faults.n_errors == 0)
			rc = set_list(ch, f, list);
	} else if (f->kind == FIELD_GROUP) {
		return set_group(ch, f, text);
	} else {
		rc = parse(ch, f, text, &list);
		if (rc == SAKSI_OK && list != NULL)
			rc = set_register(ch, f->path, json_array_get(list, 0));
	}
	json_decref(list);
	return rc;
}

static enum saksi_err do_add(struct change *ch, const struct schema_field *f,
    const char *text)
{
	json_t *list = NULL;
	size_t i;
	const json_t *e;
	enum saksi_err rc = parse(ch, f, text, &list);

	json_array_foreach (list, i, e) {
		if (rc == SAKSI_OK && !stands(ch, f->path, e))
			rc = saksi_draft_add(ch->draft, &ch->id, f->path, e, &ch->c->err);
	}
	json_decref(list);
	return rc;
}

static enum saksi_err do_clear(struct change *ch, const struct schema_field *f)
{
	enum saksi_err rc = SAKSI_OK;

	if (f->kind == FIELD_GROUP && !f->many) {
		for (size_t i = 0; i < f->n_fields && rc == SAKSI_OK; i++)
			rc = do_clear(ch, &f->fields[i]);
		return rc;
	}
	if (change_count(ch, f->path) == 0)
		return SAKSI_OK;
	rc = change_keep_some(ch, f);
	return rc == SAKSI_OK
	    ? saksi_draft_clear(ch->draft, &ch->id, f->path, &ch->c->err)
	    : rc;
}

static enum saksi_err do_class(struct change *ch, const struct assign *a)
{
	json_t *v;
	enum saksi_err rc;

	if (a->how == ASSIGN_CLEAR)
		return saksi_draft_clear(ch->draft, &ch->id, "class", &ch->c->err);
	if (a->how != ASSIGN_SET || class_parse(a->text) == CLASS_NONE)
		return saksi_fail(&ch->c->err, SAKSI_EINVAL,
		    "class: is one of P, R, C, S");
	v = json_string(a->text);
	if (v == NULL)
		return saksi_fail_nomem(&ch->c->err);
	rc = set_register(ch, "class", v);
	json_decref(v);
	return rc;
}

static enum saksi_err one_change(struct change *ch, const char *const *args, size_t n,
    size_t at)
{
	const struct schema_field *f;
	struct assign a;
	struct assign before;
	enum saksi_err rc = assign_split(&a, args[at], &ch->c->err);

	if (rc != SAKSI_OK)
		return rc;
	if (strcmp(a.field, "class") == 0)
		return do_class(ch, &a);
	if (strcmp(a.field, "id") == 0 || strcmp(a.field, "type") == 0 ||
	    strcmp(a.field, "ref") == 0)
		return saksi_fail(&ch->c->err, SAKSI_EINVAL,
		    "%s: stays what it was when the record was made", a.field);
	rc = assign_field(ch->c, ch->type, a.field, &f);
	if (rc != SAKSI_OK)
		return rc;
	if (!f->many && (a.how == ASSIGN_ADD || a.how == ASSIGN_REMOVE))
		return saksi_fail(&ch->c->err, SAKSI_EINVAL,
		    "%s: is no list, so only %s=VALUE can be said", f->path, f->path);
	/* The first one of a list that is set gathers them all. */
	for (size_t i = 0; i < at && a.how == ASSIGN_SET && f->many; i++)
		if (assign_split(&before, args[i], NULL) == SAKSI_OK &&
		    before.how == ASSIGN_SET && strcmp(before.field, a.field) == 0)
			return SAKSI_OK;
	if (a.how == ASSIGN_CLEAR)
		return do_clear(ch, f);
	if (a.how == ASSIGN_ADD)
		return do_add(ch, f, a.text);
	if (a.how == ASSIGN_REMOVE)
		return change_remove(ch, f, a.text);
	return do_set(ch, f, a.text, args, n);
}

enum saksi_err change_apply(struct change *ch, const char *const *args, size_t n)
{
	enum saksi_err rc = assign_check_twice(ch->c, ch->type, args, n, false);

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++)
		rc = one_change(ch, args, n, i);
	if (rc == SAKSI_OK && ch->faults.failed)
		rc = saksi_fail_nomem(&ch->c->err);
	faults_print(&ch->faults, ch->type->name);
	if (rc == SAKSI_OK && ch->faults.n_errors > 0)
		rc = saksi_fail(&ch->c->err, SAKSI_EINVAL,
		    "%s: %zu fault%s, so nothing was changed; `saksi schema %s` shows the fields",
		    ch->type->name, ch->faults.n_errors,
		    ch->faults.n_errors == 1 ? "" : "s", ch->type->name);
	return rc;
}

enum saksi_err change_commit(struct change *ch, bool *wrote)
{
	struct saksi_hash last;
	enum saksi_err rc;

	*wrote = !saksi_draft_empty(ch->draft);
	if (!*wrote)
		return SAKSI_OK;
	rc = saksi_draft_commit(ch->draft, &last, &ch->c->err);
	return rc == SAKSI_OK ? cli_commit(ch->c) : rc;
}

enum saksi_err change_report(struct change *ch, const char *did)
{
	char text[ID_TEXT_LEN + 1];
	json_t *o;

	id_text(text, &ch->id);
	if (!ch->c->json) {
		cli_say(ch->c, "%.*s: %s.", SHORT_ID, text, did);
		return SAKSI_OK;
	}
	o = json_object();
	obj_text(&o, "id", text);
	obj_text(&o, "did", did);
	return cli_out_json(ch->c, o);
}

void change_end(struct change *ch)
{
	saksi_draft_free(&ch->draft);
	saksi_record_free(&ch->r);
	schema_faults_free(&ch->faults);
}
