/* FIELD=VALUE, FIELD+=VALUE, FIELD-=VALUE, FIELD= as they are typed. */
#include <string.h>

#include <saksi/base/mpjson.h>
#include <saksi/base/text.h>

#include "assign.h"
#include "output.h"

#define FAULTS_SHOWN 20u

enum saksi_err assign_split(struct assign *a, const char *arg, struct saksi_error *err)
{
	const char *eq = strchr(arg, '=');
	size_t n = eq != NULL ? (size_t)(eq - arg) : 0;

	a->how = ASSIGN_SET;
	if (n > 0 && (arg[n - 1] == '+' || arg[n - 1] == '-')) {
		n--;
		a->how = arg[n] == '+' ? ASSIGN_ADD : ASSIGN_REMOVE;
	}
	if (n == 0)
		return saksi_fail(err, SAKSI_EINVAL,
		    "%.40s: a change is written FIELD=VALUE, such as title='Arrest of 10 July'",
		    arg);
	if (n >= sizeof(a->field))
		return saksi_fail(err, SAKSI_EINVAL,
		    "%.40s...: no field has so long a name", arg);
	memcpy(a->field, arg, n);
	a->field[n] = '\0';
	a->text = eq + 1;
	if (a->text[0] == '\0' && a->how != ASSIGN_SET)
		return saksi_fail(err, SAKSI_EINVAL,
		    "%s: += and -= need a value; `%s=` alone clears the field", a->field,
		    a->field);
	if (a->text[0] == '\0')
		a->how = ASSIGN_CLEAR;
	return SAKSI_OK;
}

static void near_in(struct text_near *near, const struct schema_field *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)text_near_try(near, list[i].path);
		near_in(near, list[i].fields, list[i].n_fields);
	}
}

enum saksi_err assign_field(struct cli *c, const struct schema_type *type,
    const char *path, const struct schema_field **out)
{
	struct text_near near;

	*out = schema_field(type, path);
	if (*out != NULL)
		return SAKSI_OK;
	text_near_begin(&near, path);
	near_in(&near, type->fields, type->n_fields);
	if (near.best != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s.%s: there is no such field; did you mean %s?", type->name, path,
		    near.best);
	return saksi_fail(&c->err, SAKSI_EINVAL,
	    "%s.%s: there is no such field; `saksi schema %s` lists them", type->name,
	    path, type->name);
}

enum saksi_err assign_group(const struct schema_field *f, const char *text, json_t **out,
    struct saksi_error *err)
{
	enum saksi_err rc;

	*out = NULL;
	if (text[0] != '{')
		return saksi_fail(err, SAKSI_EINVAL,
		    "%s: is a group; write %s.%s=VALUE, or the group as a JSON object",
		    f->path, f->path, f->n_fields > 0 ? f->fields[0].name : "FIELD");
	rc = json_parse_line(out, text, strlen(text), f->path, err);
	/* What was typed is at fault here, not a file. */
	if (rc == SAKSI_EFORMAT && err != NULL)
		err->code = rc = SAKSI_EINVAL;
	return rc;
}

/* What was typed is read twice: as a value, then as part of the record. */
static bool is_repeated(const struct schema_faults *f, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (f->list[i].line == f->list[at].line &&
		    strcmp(f->list[i].key, f->list[at].key) == 0 &&
		    strcmp(f->list[i].words, f->list[at].words) == 0)
			return true;
	return false;
}

void faults_print(const struct schema_faults *f, const char *type)
{
	for (size_t i = 0; i < f->n && i < FAULTS_SHOWN; i++) {
		const struct schema_fault *x = &f->list[i];
		char line[40] = "";

		if (is_repeated(f, i))
			continue;
		if (x->line > 0)
			(void)snprintf(line, sizeof(line), "line %zu: ", x->line);
		cli_warn("%s%s%s%s%s%s%s", x->warning ? "warning: " : "", line,
		    type != NULL ? type : "",
		    type != NULL && x->key[0] != '\0' ? "." : "", x->key,
		    x->key[0] != '\0' || type != NULL ? ": " : "", x->words);
	}
	if (f->n > FAULTS_SHOWN)
		cli_warn("... and %zu more", f->n - FAULTS_SHOWN);
}

json_t *faults_json(const struct schema_faults *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++) {
		json_t *o = json_object();

		obj_int(&o, "line", f->list[i].line);
		obj_text(&o, "key", f->list[i].key);
		obj_text(&o, "words", f->list[i].words);
		obj_set(&o, "warning", json_boolean(f->list[i].warning));
		arr_add(&list, o);
	}
	return list;
}
