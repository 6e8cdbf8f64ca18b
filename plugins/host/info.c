/* info.c - what an exporter is told before the first record. */
#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>

#include "job.h"

static void set(json_t *o, const char *key, json_t *v, bool *ok)
{
	if (json_object_set_new(o, key, v) != 0)
		*ok = false;
}

static json_t *fields_json(const struct schema_field *list, size_t n, bool *ok)
{
	json_t *a = json_array();
	for (size_t i = 0; i < n; i++) {
		const struct schema_field *f = &list[i];
		json_t *o = json_object();
		set(o, "name", json_string(f->name), ok);
		set(o, "path", json_string(f->path), ok);
		set(o, "kind", json_string(field_kind_name(f->kind)), ok);
		set(o, "many", json_boolean(f->many), ok);
		if (f->list)
			set(o, "list", json_string(f->list), ok);
		if (f->to)
			set(o, "to", json_string(f->to), ok);
		if (f->esf)
			set(o, "esf", json_string(f->esf), ok);
		if (f->n_fields > 0)
			set(o, "fields", fields_json(f->fields, f->n_fields, ok), ok);
		if (json_array_append_new(a, o) != 0)
			*ok = false;
	}
	return a;
}

/* Arrays, because the order of types and fields says something. */
static json_t *schema_info(const struct schema *s, bool *ok)
{
	size_t n;
	const struct schema_type *types = schema_types(s, &n);
	json_t *list = json_array(), *o = json_object();
	for (size_t i = 0; i < n; i++) {
		json_t *t = json_object();
		set(t, "name", json_string(types[i].name), ok);
		if (types[i].label)
			set(t, "label", json_string(types[i].label), ok);
		set(t, "fields", fields_json(types[i].fields, types[i].n_fields, ok), ok);
		if (json_array_append_new(list, t) != 0)
			*ok = false;
	}
	set(o, "types", list, ok);
	/* What codes mean is no secret, and an exporter can open no file to find out. */
	set(o, "codes", schema_codes_json(s), ok);
	return o;
}

enum saksi_err info_make(struct buf *out, const struct host_job *job, size_t count,
    struct saksi_error *err)
{
	const char ceiling[2] = {class_letter(job->ceiling), '\0'};
	char made[24];
	bool ok = true;
	json_t *o = json_object();

	time_text(made, clock_now_us());
	set(o, "schema", schema_info(job->source->schema, &ok), &ok);
	set(o, "count", json_integer((json_int_t)count), &ok);
	set(o, "ceiling", json_string(ceiling), &ok);
	set(o, "made", json_string(made), &ok);
	set(o, "generator", json_string(job->generator ? job->generator : "saksi"), &ok);
	if (ok)
		mpjson_write(out, o);
	json_decref(o);
	return ok ? buf_ok(out, err) : saksi_fail_nomem(err);
}
