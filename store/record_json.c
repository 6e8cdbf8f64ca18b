/* record_json.c - a record in the interchange form (data/schema/README.md). */
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/store/record.h>

struct writing {
	struct saksi_txn *t;
	saksi_device_name_fn *name;
	void *ctx;
	json_t *out, *rivals;
	enum saksi_err rc; /* what failed, unless it was memory */
	struct saksi_error *err;
};

static bool is_reserved(const char *field)
{
	return strcmp(field, "type") == 0 || strcmp(field, "ref") == 0 ||
	    strcmp(field, "class") == 0 || strcmp(field, "deleted") == 0;
}

static json_t *author(struct writing *w, const struct record_value *v)
{
	struct saksi_hash device;
	const char *name = NULL;
	char hash[17];

	w->rc = saksi_log_device(w->t, v->branch, &device, w->err);
	if (w->rc == SAKSI_ENOTFOUND) {
		w->rc = SAKSI_OK;
		return json_string("?");
	}
	if (w->rc != SAKSI_OK)
		return NULL;
	if (w->name != NULL)
		name = w->name(w->ctx, &device);
	hash_short(hash, &device);
	return json_string(name != NULL ? name : hash);
}

static int add_rival(struct writing *w, const struct record_value *v)
{
	char at[24];
	json_t *rival = json_object();

	time_text(at, v->time_us);
	if (rival == NULL ||
	    json_object_set_new(rival, "field", json_string(v->field)) != 0 ||
	    json_object_set(rival, "value", v->value) != 0 ||
	    json_object_set_new(rival, "by", author(w, v)) != 0 ||
	    json_object_set_new(rival, "at", json_string(at)) != 0) {
		json_decref(rival);
		return -1;
	}
	return json_array_append_new(w->rivals, rival);
}

static bool is_output_key(const char *field)
{
	return is_reserved(field) || strcmp(field, "id") == 0 ||
	    strcmp(field, "rivals") == 0;
}

/*
 * A field that this version's schema lacks still travels, under its own name
 * where that is free and of the same form, else among the rivals.
 */
static int put_unknown(struct writing *w, const struct record_value *v)
{
	json_t *there = json_object_get(w->out, v->field);

	if (is_output_key(v->field) ||
	    (there != NULL && (v->set || !json_is_array(there))))
		return add_rival(w, v);
	if (v->set)
		return json_object_set(w->out, v->field, v->value);
	if (there == NULL) {
		if ((there = json_array()) == NULL ||
		    json_object_set_new(w->out, v->field, there) != 0)
			return -1;
	}
	return json_array_append(there, v->value);
}

static int put_values(struct writing *w, const struct saksi_record *r,
    const struct schema_field *f)
{
	bool taken = false;

	for (size_t i = 0; i < r->n_visible; i++) {
		const struct record_value *v = &r->values[i];
		int rc;

		if (strcmp(v->field, f->path) != 0)
			continue;
		rc =
		    taken && !f->many ? add_rival(w, v) : schema_put(w->out, f, v->value);
		if (rc != 0)
			return -1;
		taken = true;
	}
	return 0;
}

static int put_field(struct writing *w, const struct saksi_record *r,
    const struct schema_field *f)
{
	if (f->kind != FIELD_GROUP || f->many)
		return put_values(w, r, f);
	for (size_t i = 0; i < f->n_fields; i++)
		if (put_field(w, r, &f->fields[i]) != 0)
			return -1;
	return 0;
}

static int put_reserved_rivals(struct writing *w, const struct saksi_record *r,
    const char *field, const char *shown)
{
	for (size_t i = 0; i < r->n_visible; i++) {
		const char *s = json_string_value(r->values[i].value);

		if (strcmp(r->values[i].field, field) == 0 && s != NULL &&
		    strcmp(s, shown) != 0 && add_rival(w, &r->values[i]) != 0)
			return -1;
	}
	return 0;
}

static int put_head(struct writing *w, const struct saksi_record *r)
{
	char id[ID_TEXT_LEN + 1], cls[2] = {0};

	id_text(id, &r->id);
	if (json_object_set_new(w->out, "id", json_string(id)) != 0)
		return -1;
	if (r->ref[0] != '\0' &&
	    json_object_set_new(w->out, "ref", json_string(r->ref)) != 0)
		return -1;
	if (json_object_set_new(w->out, "type", json_string(r->type)) != 0)
		return -1;
	if (r->cls != CLASS_NONE) {
		cls[0] = class_letter(r->cls);
		if (json_object_set_new(w->out, "class", json_string(cls)) != 0)
			return -1;
	}
	return 0;
}

enum saksi_err saksi_record_json(json_t **out, struct saksi_txn *t,
    const struct saksi_record *r, saksi_device_name_fn *name, void *ctx,
    struct saksi_error *err)
{
	const struct schema_type *type =
	    schema_type(saksi_vault_schema(saksi_txn_vault(t)), r->type);
	struct writing w = {t, name, ctx, json_object(), json_array(), SAKSI_OK, err};
	char cls[2] = {0};

	*out = NULL;
	if (w.out == NULL || w.rivals == NULL || put_head(&w, r) != 0)
		goto fail;
	for (size_t i = 0; type != NULL && i < type->n_fields; i++)
		if (put_field(&w, r, &type->fields[i]) != 0)
			goto fail;
	for (size_t i = 0; i < r->n_visible; i++)
		if (!is_reserved(r->values[i].field) &&
		    (type == NULL || schema_field(type, r->values[i].field) == NULL) &&
		    put_unknown(&w, &r->values[i]) != 0)
			goto fail;
	if (r->cls != CLASS_NONE)
		cls[0] = class_letter(r->cls);
	if (put_reserved_rivals(&w, r, "type", r->type) != 0 ||
	    put_reserved_rivals(&w, r, "ref", r->ref) != 0 ||
	    put_reserved_rivals(&w, r, "class", cls) != 0)
		goto fail;
	if (json_array_size(w.rivals) > 0 &&
	    json_object_set(w.out, "rivals", w.rivals) != 0)
		goto fail;
	json_decref(w.rivals);
	*out = w.out;
	return SAKSI_OK;
fail:
	json_decref(w.out);
	json_decref(w.rivals);
	return w.rc != SAKSI_OK ? w.rc : saksi_fail_nomem(err);
}
