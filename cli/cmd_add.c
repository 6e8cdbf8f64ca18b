/* add: one new record, from FIELD=VALUE or from JSON; all of it or nothing. */
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>

#include "assign.h"
#include "find.h"
#include "open.h"
#include "options.h"
#include "output.h"

#define JSON_MAX (1u << 20)
#define REF_BYTES 200u /* as in an import */

static const struct cli_option options[] = {
    {"ref", 0, false, "REF", "a name of your own for the record, such as per-kong-raiya"},
    {"from-json", 0, false, "FILE",
	"take fields from a JSON object (- for standard input)"},
    {NULL, 0, false, NULL, NULL},
};

struct add {
	const struct schema_type *type;
	json_t *record;
	const char *ref, *cls;
	struct schema_faults faults;
	struct schema_entries entries;
};

static enum saksi_err read_json(struct cli *c, struct add *a, const char *file)
{
	struct buf b = BUF_INIT;
	bool in = strcmp(file, "-") == 0;
	enum saksi_err rc = in ? fs_read_fd(&b, STDIN_FILENO, JSON_MAX, &c->err)
			       : fs_read_file(&b, file, JSON_MAX, &c->err);

	while (rc == SAKSI_OK && b.len > 0 && strchr(" \t\r\n", b.p[b.len - 1]) != NULL)
		b.len--;
	if (rc == SAKSI_OK)
		rc = json_parse_line(&a->record, (const char *)b.p, b.len,
		    in ? "standard input" : file, &c->err);
	if (rc == SAKSI_OK && !json_is_object(a->record))
		rc = saksi_fail(&c->err, SAKSI_EINVAL, "%s: one JSON object is expected",
		    file);
	buf_free(&b);
	return rc;
}

/* `type`, `id` and `ref` in the object: must agree with what the command says. */
static enum saksi_err take_reserved(struct cli *c, struct add *a)
{
	const char *type = json_string_value(json_object_get(a->record, "type"));

	if (type != NULL && strcmp(type, a->type->name) != 0)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "type: the JSON says otherwise than the command; make them agree");
	if (json_object_get(a->record, "id") != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "id: a new record gets its own; use --ref for a name, or `saksi import`");
	if (a->ref == NULL)
		a->ref = json_string_value(json_object_get(a->record, "ref"));
	a->cls = json_string_value(json_object_get(a->record, "class"));
	if (a->cls == NULL && json_object_get(a->record, "class") != NULL)
		a->cls = "";
	return SAKSI_OK;
}

static enum saksi_err put_value(struct cli *c, struct add *a,
    const struct schema_field *f, json_t *value)
{
	size_t i;
	json_t *e;

	if (f->many && json_is_array(value)) {
		json_array_foreach (value, i, e) {
			if (schema_put(a->record, f, e) != 0)
				return saksi_fail_nomem(&c->err);
		}
		return SAKSI_OK;
	}
	return schema_put(a->record, f, value) == 0 ? SAKSI_OK
						    : saksi_fail_nomem(&c->err);
}

/* Leaves that were given before stay; flattening judges the rest. */
static enum saksi_err put_group(struct cli *c, struct add *a,
    const struct schema_field *f, const char *text)
{
	json_t *group = NULL;
	json_t *have = json_object_get(a->record, f->name);
	enum saksi_err rc = assign_group(f, text, &group, &c->err);

	if (rc == SAKSI_OK && json_is_object(have)) {
		if (json_object_update(have, group) != 0)
			rc = saksi_fail_nomem(&c->err);
	} else if (rc == SAKSI_OK && json_object_set(a->record, f->name, group) != 0) {
		rc = saksi_fail_nomem(&c->err);
	}
	json_decref(group);
	return rc;
}

static enum saksi_err put_field(struct cli *c, struct add *a, const char *arg)
{
	struct schema_resolver res = cli_resolver_new(c);
	const struct schema_field *f;
	struct assign as;
	json_t *value = NULL;
	enum saksi_err rc = assign_split(&as, arg, &c->err);

	if (rc != SAKSI_OK)
		return rc;
	if (strcmp(as.field, "class") == 0) {
		a->cls = as.text;
		return SAKSI_OK;
	}
	if (strcmp(as.field, "ref") == 0 || strcmp(as.field, "id") == 0)
		return saksi_fail(&c->err, SAKSI_EINVAL, "%s: use --ref REF", as.field);
	rc = assign_field(c, a->type, as.field, &f);
	if (rc != SAKSI_OK)
		return rc;
	if (as.how == ASSIGN_REMOVE || as.how == ASSIGN_CLEAR)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: a new record holds nothing yet that could be taken away",
		    as.field);
	if (f->kind == FIELD_GROUP && !f->many)
		return put_group(c, a, f, as.text);
	rc = schema_parse_text(&value, c->schema, f, as.text, &res, &a->faults, &c->err);
	if (rc == SAKSI_OK && value != NULL)
		rc = put_value(c, a, f, value);
	json_decref(value);
	return rc;
}

static enum saksi_err check_free(struct cli *c, const char *ref)
{
	struct saksi_record *r = NULL;
	struct saksi_id id;
	bool taken;
	enum saksi_err rc = saksi_record_find(c->txn, ref, &id, &c->err);

	if (rc == SAKSI_ENOTFOUND)
		return SAKSI_OK;
	/* Several records share it, or their ids begin with it: nobody would know which. */
	if (rc == SAKSI_EINVAL)
		return saksi_fail(&c->err, SAKSI_EEXIST,
		    "%s: means several records already; choose another ref", ref);
	if (rc == SAKSI_OK)
		rc = saksi_record_get(&r, c->txn, &id, 0, &c->err);
	if (rc != SAKSI_OK)
		return rc;
	taken = strcmp(r->ref, ref) == 0;
	saksi_record_free(&r);
	if (!taken)
		return SAKSI_OK;
	return saksi_fail(&c->err, SAKSI_EEXIST,
	    "%s: a record has this ref already; `saksi show %s` shows it", ref, ref);
}

static enum saksi_err check_reserved(struct cli *c, const struct add *a)
{
	struct saksi_id id;

	if (a->cls != NULL && class_parse(a->cls) == CLASS_NONE)
		return saksi_fail(&c->err, SAKSI_EINVAL, "class: is one of P, R, C, S");
	if (a->ref == NULL)
		return SAKSI_OK;
	if (cli_check_text(c, "--ref", a->ref, REF_BYTES) != SAKSI_OK)
		return SAKSI_EINVAL;
	if (id_parse(&id, a->ref))
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--ref: looks like a record's id; choose a name that does not");
	return check_free(c, a->ref);
}

/*
 * What was typed is judged as a value, then as part of the record, which lacks
 * what was faulty: one fault is enough for one field.
 */
static void add_faults(struct schema_faults *f, const struct schema_faults *whole)
{
	size_t n = f->n;

	for (size_t i = 0; i < whole->n; i++) {
		const struct schema_fault *x = &whole->list[i];
		bool said = false;

		for (size_t k = 0; k < n; k++)
			said = said || strcmp(f->list[k].key, x->key) == 0;
		if (!said)
			schema_faults_add(f, x->line, x->warning, x->key, "%s", x->words);
	}
	f->failed = f->failed || whole->failed;
}

static enum saksi_err gather(struct cli *c, struct add *a)
{
	struct schema_faults whole = {0};
	struct schema_resolver res = cli_resolver_new(c);
	enum saksi_err rc = SAKSI_OK;

	rc = assign_check_twice(c, a->type, c->args + 1, c->n_args - 1, true);
	for (size_t i = 1; i < c->n_args && rc == SAKSI_OK; i++)
		rc = put_field(c, a, c->args[i]);
	if (rc == SAKSI_OK)
		rc = check_reserved(c, a);
	if (rc == SAKSI_OK)
		rc = schema_flatten(&a->entries, c->schema, a->type, a->record, &res, 0,
		    &whole, &c->err);
	add_faults(&a->faults, &whole);
	schema_faults_free(&whole);
	if (rc != SAKSI_OK)
		return rc;
	if (a->faults.failed)
		return saksi_fail_nomem(&c->err);
	faults_print(&a->faults, a->type->name);
	if (a->faults.n_errors > 0)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: %zu fault%s, so nothing was added; `saksi schema %s` shows the fields",
		    a->type->name, a->faults.n_errors, a->faults.n_errors == 1 ? "" : "s",
		    a->type->name);
	return SAKSI_OK;
}

static enum saksi_err write_record(struct cli *c, const struct add *a, struct saksi_id *id)
{
	struct saksi_draft *d = NULL;
	struct saksi_hash last;
	enum saksi_err rc = saksi_draft_new(&d, c->txn, &c->err);

	if (rc == SAKSI_OK)
		rc = saksi_draft_create(d, id, a->type->name, a->ref, a->cls, &c->err);
	for (size_t i = 0; i < a->entries.n && rc == SAKSI_OK; i++) {
		const struct schema_entry *e = &a->entries.list[i];

		rc = e->field->many
		    ? saksi_draft_add(d, id, e->field->path, e->value, &c->err)
		    : saksi_draft_set(d, id, e->field->path, e->value, &c->err);
	}
	if (rc == SAKSI_OK)
		rc = saksi_draft_commit(d, &last, &c->err);
	saksi_draft_free(&d);
	return rc == SAKSI_OK ? cli_commit(c) : rc;
}

static enum saksi_err report(struct cli *c, const struct add *a, const struct saksi_id *id)
{
	char text[ID_TEXT_LEN + 1];
	json_t *o;

	id_text(text, id);
	if (!c->json) {
		(void)puts(text);
		return SAKSI_OK;
	}
	o = json_object();
	obj_text(&o, "id", text);
	if (a->ref != NULL)
		obj_text(&o, "ref", a->ref);
	return cli_out_json(c, o);
}

static enum saksi_err prepare(struct cli *c, struct add *a)
{
	const char *file = cli_opt(c, "from-json");
	enum saksi_err rc = cli_schema(c);

	if (rc != SAKSI_OK)
		return rc;
	a->ref = cli_opt(c, "ref");
	rc = cli_type(c, c->args[0], &a->type);
	if (rc != SAKSI_OK)
		return rc;
	if (file != NULL)
		rc = read_json(c, a, file);
	else if ((a->record = json_object()) == NULL)
		rc = saksi_fail_nomem(&c->err);
	return rc == SAKSI_OK ? take_reserved(c, a) : rc;
}

static enum saksi_err run(struct cli *c)
{
	struct add a;
	struct saksi_id id;
	enum saksi_err rc;

	memset(&a, 0, sizeof(a));
	rc = prepare(c, &a);
	if (rc == SAKSI_OK)
		rc = cli_open(c);
	if (rc == SAKSI_OK)
		rc = cli_begin(c, true);
	if (rc == SAKSI_OK)
		rc = gather(c, &a);
	if (rc == SAKSI_OK)
		rc = write_record(c, &a, &id);
	if (rc == SAKSI_OK)
		rc = report(c, &a, &id);
	schema_entries_free(&a.entries);
	schema_faults_free(&a.faults);
	json_decref(a.record);
	return rc;
}

const struct cli_command cmd_add = {
    .name = "add",
    .usage = "TYPE FIELD=VALUE ... [--ref REF] [--from-json FILE|-]",
    .brief = "make a record",
    .help =
	"Makes a record of TYPE and prints its id. A list takes FIELD=VALUE several\n"
	"times. Fields of a group are written with a dot; groups in a list, and values\n"
	"with a source or class of their own, as JSON. References are an id, the beginning\n"
	"of one, or a ref. class=P|R|C|S sets the record's class. Nothing is written if\n"
	"any value is faulty. `saksi schema TYPE` shows the fields.",
    .example =
	"saksi add person names='Sok Dara' citizenship=KH --ref per-sok-dara\n"
	"saksi add act event=ev-march kind=04:030101000000 victim=per-sok-dara \\\n"
	"    date=2026-03-08 detention.warrant_shown=no",
    .options = options,
    .min_args = 1,
    .max_args = CMD_ANY_ARGS,
    .flags = CMD_WRITES,
    .run = run,
};
