/* schema: what can be recorded.  Needs no vault. */
#include <string.h>

#include <saksi/base/text.h>

#include "find.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "terminal.h"

static enum saksi_err list_types(struct cli *c)
{
	size_t n;
	const struct schema_type *types = schema_types(c->schema, &n);
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		if (c->json) {
			json_t *o = json_object();

			obj_text(&o, "type", types[i].name);
			obj_int(&o, "fields", types[i].n_fields);
			if (types[i].about != NULL)
				obj_text(&o, "about", types[i].about);
			rc = cli_out_json(c, o);
		} else {
			(void)printf("%-14s %3zu fields  ", types[i].name,
			    types[i].n_fields);
			out_paragraph(stdout,
			    types[i].about != NULL ? types[i].about : "", 27);
			(void)fputc('\n', stdout);
		}
	}
	if (rc == SAKSI_OK && !c->json)
		cli_say(c, "`saksi schema TYPE` shows the fields of one.");
	return rc;
}

static void field_json(json_t **list, const struct schema_field *f)
{
	json_t *o = json_object();
	char letter[2] = {class_letter(f->sealed	 ? CLASS_S
				  : f->cls != CLASS_NONE ? f->cls
							 : CLASS_C),
	    '\0'};

	obj_text(&o, "field", f->path);
	obj_text(&o, "kind", field_kind_name(f->kind));
	obj_set(&o, "list", json_boolean(f->many));
	obj_set(&o, "required", json_boolean(f->required));
	obj_text(&o, "class", letter);
	obj_set(&o, "sealed", json_boolean(f->sealed));
	if (f->list != NULL)
		obj_text(&o, "codes", f->list);
	if (f->to != NULL)
		obj_text(&o, "to", f->to);
	if (f->esf != NULL)
		obj_text(&o, "esf", f->esf);
	if (f->about != NULL)
		obj_text(&o, "about", f->about);
	if (f->n_fields > 0) {
		json_t *sub = json_array();

		for (size_t i = 0; i < f->n_fields; i++)
			field_json(&sub, &f->fields[i]);
		obj_set(&o, "fields", sub);
	}
	arr_add(list, o);
}

static void field_line(const struct schema_field *f, int depth, const char *shown)
{
	char kind[64];
	char name[96];

	(void)snprintf(name, sizeof(name), "%*s%s%s", depth * 2, "", shown,
	    f->required ? " *" : "");
	(void)snprintf(kind, sizeof(kind), "%s%s", field_kind_name(f->kind),
	    f->many ? ", list" : "");
	(void)printf("%-34s %-18s %c%s", name, kind,
	    class_letter(f->sealed	   ? CLASS_S
		    : f->cls != CLASS_NONE ? f->cls
					   : CLASS_C),
	    f->sealed ? "!" : " ");
	if (f->list != NULL)
		(void)printf("  codes %s", f->list);
	if (f->to != NULL)
		(void)printf("  -> %s", f->to);
	(void)fputc('\n', stdout);
	if (f->about != NULL) {
		(void)printf("%*s", depth * 2 + 4, "");
		term_style(stdout, "2");
		out_paragraph(stdout, f->about, (unsigned)depth * 2 + 4);
		term_style(stdout, "0");
		(void)fputc('\n', stdout);
	}
	/* Leaves of a single group are typed by their path, those of a list as JSON. */
	for (size_t i = 0; i < f->n_fields; i++)
		field_line(&f->fields[i], depth + 1,
		    f->many ? f->fields[i].name : f->fields[i].path);
}

static enum saksi_err one_type(struct cli *c, const char *name)
{
	const struct schema_type *t;
	json_t *o;
	json_t *list;

	if (cli_type(c, name, &t) != SAKSI_OK)
		return c->err.code = SAKSI_ENOTFOUND;
	if (c->json) {
		o = json_object();
		list = json_array();
		for (size_t i = 0; i < t->n_fields; i++)
			field_json(&list, &t->fields[i]);
		obj_text(&o, "type", t->name);
		obj_set(&o, "fields", list);
		return cli_out_json(c, o);
	}
	for (size_t i = 0; i < t->n_fields; i++)
		field_line(&t->fields[i], 0, t->fields[i].path);
	cli_say(c, "%s", "");
	cli_say(c,
	    "* required. Class: P public, R organisation, C case team, S sealed; ! always "
	    "sealed.");
	cli_say(c, "`saksi schema --codes LIST` shows the codes of a list.");
	return SAKSI_OK;
}

struct codes {
	struct cli *c;
	size_t n;
	enum saksi_err rc;
};

static void one_code(void *ctx, const char *code, const char *label, const char *broader)
{
	struct codes *k = ctx;
	json_t *o;

	k->n++;
	if (k->rc != SAKSI_OK)
		return;
	if (!k->c->json) {
		(void)printf("%-28s %s\n", code, label);
		return;
	}
	o = json_object();
	obj_text(&o, "code", code);
	obj_text(&o, "label", label);
	if (broader != NULL && broader[0] != '\0')
		obj_text(&o, "broader", broader);
	k->rc = cli_out_json(k->c, o);
}

static void near_list(struct text_near *near, const struct schema_field *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (f[i].list != NULL)
			(void)text_near_try(near, f[i].list);
		near_list(near, f[i].fields, f[i].n_fields);
	}
}

static enum saksi_err no_such_list(struct cli *c, const char *list)
{
	struct text_near near;
	size_t n;
	const struct schema_type *types = schema_types(c->schema, &n);

	text_near_begin(&near, list);
	for (size_t i = 0; i < n; i++)
		near_list(&near, types[i].fields, types[i].n_fields);
	if (near.best != NULL)
		return saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "%s: there is no such list of codes; did you mean %s?", list,
		    near.best);
	return saksi_fail(&c->err, SAKSI_ENOTFOUND,
	    "%s: there is no such list of codes; `saksi schema TYPE` names the list of "
	    "each field",
	    list);
}

static enum saksi_err run(struct cli *c)
{
	const char *list = cli_opt(c, "codes");
	struct codes k = {c, 0, SAKSI_OK};
	enum saksi_err rc = cli_schema(c);

	if (rc != SAKSI_OK)
		return rc;
	if (list != NULL) {
		schema_codes(c->schema, list, one_code, &k);
		if (k.rc == SAKSI_OK && k.n == 0)
			return no_such_list(c, list);
		return k.rc;
	}
	return c->n_args == 0 ? list_types(c) : one_type(c, c->args[0]);
}

static const struct cli_option options[] = {
    {"codes", 0, false, "LIST", "the codes of a list, such as 04 or name-kind"},
    {NULL, 0, false, NULL, NULL},
};

const struct cli_command cmd_schema = {
    .name = "schema",
    .usage = "[TYPE] [--codes LIST]",
    .brief = "what can be recorded",
    .help =
	"Without TYPE: the types of record. With TYPE: its fields, what goes into each,\n"
	"what kind it is, whether it is a list, its class of confidentiality, its list of\n"
	"codes, and the type that it refers to. Needs no vault.",
    .example = "saksi schema person\nsaksi schema --codes 04",
    .options = options,
    .max_args = 1,
    .run = run,
};
