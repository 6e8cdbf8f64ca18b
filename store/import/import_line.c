/* import_line.c - who a line is, and which operations it comes to. */
#include <string.h>

#include <saksi/base/mpjson.h>

#include "import_line.h"

/* ---- who is who --------------------------------------------------------------- */

static const char *text_key(struct checking *c, const struct line *l, const char *key,
    bool required)
{
	const json_t *v = json_object_get(l->json, key);
	const char *s = json_string_value(v);

	if (v == NULL && !required)
		return NULL;
	if (s == NULL || s[0] == '\0' || strlen(s) > 200) {
		schema_faults_add(c->faults, l->number, false, key,
		    v == NULL ? "is missing" : "a text of 1 to 200 bytes is expected");
		return NULL;
	}
	return s;
}

/* Of several the one with the smallest id, so that all devices take the same. */
struct best {
	const char *type;
	struct saksi_id id;
	bool found;
};

static enum saksi_err keep_best(void *ctx, const struct cat_record *r,
    struct saksi_error *err)
{
	struct best *best = ctx;

	(void)err;
	if (head_type_is(&r->head, best->type) &&
	    (!best->found || id_cmp(&r->id, &best->id) < 0)) {
		best->id = r->id;
		best->found = true;
	}
	return SAKSI_OK;
}

/* A record that already has this reference keeps it; else the id follows from it. */
static enum saksi_err id_of_ref(struct importing *im, struct line *l, bool *derived,
    struct saksi_error *err)
{
	struct best best = {.type = l->type->name};
	enum saksi_err rc;

	if ((rc = catalog_by_ref(im->t, l->ref, keep_best, &best, err)) != SAKSI_OK)
		return rc;
	*derived = !best.found;
	im->derives = im->derives || *derived;
	if (best.found) {
		l->id = best.id;
		return SAKSI_OK;
	}
	return saksi_import_id(im->t, l->type->name, l->ref, &l->id, err);
}

/* What the vault has under a line's whole id must be of its type. */
static enum saksi_err must_be_of_type(struct checking *c, struct line *l,
    struct saksi_error *err)
{
	struct cat_record known;
	bool found;
	enum saksi_err rc = catalog_record(c->im->t, &l->id, &known, &found, err);

	if (rc == SAKSI_OK && found && !head_type_is(&known.head, l->type->name))
		schema_faults_add(c->faults, l->number, false, "type",
		    "the vault has this id as another type");
	l->fresh = !found;
	cat_record_free(&known);
	return rc;
}

static enum saksi_err add_name(struct checking *c, const struct line *l, const char *text,
    bool derived, struct saksi_error *err)
{
	struct named what = {.id = l->id,
	    .line = (uint32_t)l->number,
	    .type = (uint32_t)(l->type - c->types),
	    .derived = derived};
	uint32_t earlier;
	enum saksi_err rc = import_names_add(&c->im->names, text, &what, &earlier, err);

	if (rc == SAKSI_OK && earlier != 0)
		schema_faults_add(c->faults, l->number, false, "id",
		    "stands in line %u already", (unsigned)earlier);
	return rc;
}

void line_read_names(struct line *l, const char *ref)
{
	if (id_parse(&l->id, l->name)) {
		id_text(l->text_id, &l->id);
		l->ref = ref == NULL ? "" : ref;
	} else
		l->ref = l->name;
}

enum saksi_err line_identify(struct checking *c, struct line *l, struct saksi_error *err)
{
	const char *type, *ref, *cls;
	bool derived = false;
	enum saksi_err rc;

	type = text_key(c, l, "type", true);
	l->name = text_key(c, l, "id", true);
	ref = text_key(c, l, "ref", false);
	cls = text_key(c, l, "class", false);
	if (cls != NULL && class_parse(cls) == CLASS_NONE)
		schema_faults_add(c->faults, l->number, false, "class",
		    "one of P, R, C, S is expected");
	if (type != NULL && (l->type = schema_type(c->im->v->schema, type)) == NULL)
		schema_faults_add(c->faults, l->number, false, "type",
		    "there is no such record type; `saksi schema` lists them");
	if (l->type == NULL || l->name == NULL)
		return SAKSI_OK;
	line_read_names(l, ref);
	if (l->text_id[0] != '\0') {
		if ((rc = must_be_of_type(c, l, err)) != SAKSI_OK ||
		    (rc = add_name(c, l, l->text_id, false, err)) != SAKSI_OK ||
		    l->ref[0] == '\0')
			return rc;
		return add_name(c, l, l->ref, false, err);
	}
	if (ref != NULL)
		schema_faults_add(c->faults, l->number, false, "ref",
		    "stands beside an id that is itself a reference; leave one out");
	if ((rc = id_of_ref(c->im, l, &derived, err)) != SAKSI_OK)
		return rc;
	return add_name(c, l, l->name, derived, err);
}

static bool in_vault(struct checking *c, const char *text, const char *to, char out[27])
{
	bool found;

	(void)pthread_mutex_lock(&c->w->vault);
	found = saksi_record_resolver(c->im->t, text, to, out);
	(void)pthread_mutex_unlock(&c->w->vault);
	return found;
}

static bool resolve(void *ctx, const char *text, const char *to, char out[27])
{
	struct checking *c = ctx;
	static const char any[] = "00000000000000000000000000";
	char usual[ID_TEXT_LEN + 1];
	const char *name = text;
	struct saksi_id id;
	struct named l;
	bool whole = id_parse(&id, text);

	if (whole) {
		id_text(usual, &id);
		name = usual;
	}
	if (!import_names_find(&c->im->names, name, &l)) {
		/* Behind a whole id is the same record, whoever names it. */
		if ((whole || c->w->all_known) && in_vault(c, text, to, out))
			return true;
		if (c->w->all_known)
			return false;
		/* A later line may be called so, whatever the vault has. */
		c->unmet = true;
		memcpy(out, any, sizeof(any));
		return true;
	}
	if (!type_fits(c->types[l.type].name, to))
		return false;
	if (l.derived &&
	    saksi_import_id(c->im->t, c->types[l.type].name, name, &l.id, NULL) !=
		SAKSI_OK)
		return false;
	id_text(out, &l.id);
	return true;
}

/* ---- as operations ---------------------------------------------------------------- */

/* What is too long to be written is a fault like any other, known before. */
static enum saksi_err add_op(struct checking *c, const struct line *l, const char *field,
    const json_t *value, bool set, struct saksi_error *err)
{
	size_t from = c->ops.len, value_from;
	enum saksi_err rc;

	mp_array(&c->ops, set ? 4 : 3);
	mp_uint(&c->ops, set ? OP_SET : OP_ADD);
	mp_cstr(&c->ops, field);
	value_from = c->ops.len;
	mpjson_write(&c->ops, value);
	if ((rc = buf_ok(&c->ops, err)) == SAKSI_OK &&
	    !draft_fits(c->ops.len - value_from))
		schema_faults_add(c->faults, l->number, false, field,
		    "longer than %u KiB; split it, or keep it as a document beside the vault",
		    DRAFT_VALUE_MAX / 1024);
	if (set)
		mp_array(&c->ops, 0);
	buf_le32(&c->lens, (uint32_t)(c->ops.len - from));
	return rc;
}

static enum saksi_err add_text_op(struct checking *c, const char *field, const char *text,
    struct saksi_error *err)
{
	size_t from = c->ops.len;

	if (text == NULL || text[0] == '\0')
		return SAKSI_OK;
	mp_array(&c->ops, 4);
	mp_uint(&c->ops, OP_SET);
	mp_cstr(&c->ops, field);
	mp_cstr(&c->ops, text);
	mp_array(&c->ops, 0);
	buf_le32(&c->lens, (uint32_t)(c->ops.len - from));
	return buf_ok(&c->ops, err);
}

/* `type`, `ref` and `class` may have rivals too: texts, written beside the first. */
static bool is_head_field(const char *path)
{
	return strcmp(path, "type") == 0 || strcmp(path, "ref") == 0 ||
	    strcmp(path, "class") == 0;
}

static enum saksi_err add_rival(struct checking *c, const struct line *l,
    const json_t *rival, const struct schema_resolver *res, struct saksi_error *err)
{
	const char *path = json_string_value(json_object_get(rival, "field"));
	const json_t *given = json_object_get(rival, "value");
	const struct schema_field *f;
	json_t *value = NULL;
	enum saksi_err rc;

	if (path == NULL || given == NULL) {
		schema_faults_add(c->faults, l->number, false, "rivals",
		    "each rival has a field and a value");
		return SAKSI_OK;
	}
	if (is_head_field(path)) {
		if (json_is_string(given) && json_string_length(given) <= 200)
			return add_text_op(c, path, json_string_value(given), err);
		schema_faults_add(c->faults, l->number, false, "rivals",
		    "a rival type, ref or class is a short text");
		return SAKSI_OK;
	}
	if ((f = schema_field(l->type, path)) == NULL) {
		schema_faults_add(c->faults, l->number, false, "rivals",
		    "a rival names a field that this type does not have");
		return SAKSI_OK;
	}
	rc = schema_canonical(&value, c->im->v->schema, f, given, res, l->number,
	    c->faults, err);
	if (rc == SAKSI_OK && value != NULL)
		rc = add_op(c, l, f->path, value, !f->many, err);
	json_decref(value);
	return rc;
}

/* Rival values of an export come back as rivals, under this device's name. */
static enum saksi_err add_rivals(struct checking *c, const struct line *l,
    const struct schema_resolver *res, struct saksi_error *err)
{
	const json_t *rivals = json_object_get(l->json, "rivals");
	enum saksi_err rc = SAKSI_OK;

	if (rivals != NULL && !json_is_array(rivals))
		schema_faults_add(c->faults, l->number, false, "rivals",
		    "a list is expected");
	for (size_t i = 0; i < json_array_size(rivals) && rc == SAKSI_OK; i++)
		rc = add_rival(c, l, json_array_get(rivals, i), res, err);
	return rc;
}

static enum saksi_err add_entries(struct checking *c, const struct line *l,
    const struct schema_resolver *res, struct saksi_error *err)
{
	struct schema_entries entries;
	enum saksi_err rc;

	rc = schema_flatten(&entries, c->im->v->schema, l->type, l->json, res, l->number,
	    c->faults, err);
	if (rc != SAKSI_OK)
		return rc;
	for (size_t i = 0; i < entries.n && rc == SAKSI_OK; i++) {
		const struct schema_field *f = entries.list[i].field;

		rc = add_op(c, l, f->path, entries.list[i].value, !f->many, err);
	}
	schema_entries_free(&entries);
	return rc;
}

/* All operations of a line, those of the head first; how many these are. */
enum saksi_err line_ops(struct checking *c, const struct line *l, uint32_t *n_head,
    struct saksi_error *err)
{
	const struct schema_resolver res = {resolve, c, c->im->opt->allow_dangling, NULL};
	const char *cls = json_string_value(json_object_get(l->json, "class"));
	enum saksi_err rc;

	buf_reset(&c->ops);
	buf_reset(&c->lens);
	if ((rc = add_text_op(c, "type", l->type->name, err)) != SAKSI_OK ||
	    (rc = add_text_op(c, "ref", l->ref, err)) != SAKSI_OK ||
	    (rc = add_text_op(c, "class", cls, err)) != SAKSI_OK)
		return rc;
	*n_head = (uint32_t)(c->lens.len / 4);
	if ((rc = add_entries(c, l, &res, err)) != SAKSI_OK)
		return rc;
	return add_rivals(c, l, &res, err);
}
