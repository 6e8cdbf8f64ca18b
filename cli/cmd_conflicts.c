/* conflicts, resolve: rival values, and a person's decision between them. */
#include <string.h>

#include "assign.h"
#include "change.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "view.h"

struct conflicts {
	struct cli *c;
	size_t n;
};

static json_t *rival_json(struct cli *c, const struct record_value *v, size_t number)
{
	json_t *o = json_object();

	obj_int(&o, "number", number);
	obj_set(&o, "value", json_incref(v->value));
	obj_text(&o, "by", view_device(c, v->branch));
	obj_time(&o, "at", v->time_us);
	return o;
}

/* ---- deleted here, edited there ------------------------------------------------- */

/* What those who deleted a record had seen of the team's work. */
static enum saksi_err seen_by_deleters(struct cli *c, const struct saksi_record *r,
    struct log_cover **out)
{
	enum saksi_err rc = log_cover_new(out, &c->err);

	for (size_t i = 0; i < r->n_visible && rc == SAKSI_OK; i++) {
		struct log_entry e;

		if (strcmp(r->values[i].field, "deleted") != 0)
			continue;
		rc = saksi_log_get_n(c->txn, r->values[i].n, &e, &c->err);
		if (rc != SAKSI_OK)
			break;
		rc = log_cover_add(*out, c->txn, &e.cs->id, &c->err);
		log_entry_free(&e);
	}
	return rc;
}

typedef enum saksi_err edit_fn(struct cli *c, const struct saksi_record *r,
    const struct record_value *v, void *ctx);

/* Each value that whoever deleted the record had not seen. */
static enum saksi_err each_edit(struct cli *c, const struct saksi_record *r, edit_fn *fn,
    void *ctx)
{
	struct log_cover *cover = NULL;
	enum saksi_err rc = seen_by_deleters(c, r, &cover);

	for (size_t i = 0; i < r->n_visible && rc == SAKSI_OK; i++) {
		const struct record_value *v = &r->values[i];
		struct log_entry e;
		bool seen;

		if (strcmp(v->field, "deleted") == 0)
			continue;
		rc = saksi_log_get_n(c->txn, v->n, &e, &c->err);
		if (rc != SAKSI_OK)
			break;
		seen = log_cover_has(cover, &e);
		log_entry_free(&e);
		if (!seen)
			rc = fn(c, r, v, ctx);
	}
	log_cover_free(&cover);
	return rc;
}

static enum saksi_err edit_json(struct cli *c, const struct saksi_record *r,
    const struct record_value *v, void *ctx)
{
	json_t **list = ctx;
	json_t *o = json_object();

	(void)r;
	obj_text(&o, "field", v->field);
	obj_set(&o, "value", json_incref(v->value));
	obj_text(&o, "by", view_device(c, v->branch));
	obj_time(&o, "at", v->time_us);
	arr_add(list, o);
	return SAKSI_OK;
}

/* ---- one field ------------------------------------------------------------------- */

static enum saksi_err print_json(struct cli *c, const struct saksi_record *r,
    const json_t *record, const char *field)
{
	json_t *edits = json_array();
	enum saksi_err rc = SAKSI_OK;
	struct buf label = BUF_INIT;
	json_t *rivals = json_array();
	json_t *o = json_object();
	size_t number = 0;

	view_label(c, &label, record);
	obj_text(&o, "id", view_text(record, "id"));
	obj_text(&o, "type", r->type);
	obj_text(&o, "ref", r->ref);
	obj_text(&o, "label", buf_cstr(&label));
	obj_text(&o, "field", field);
	for (size_t i = 0; i < r->n_visible; i++)
		if (strcmp(r->values[i].field, field) == 0)
			arr_add(&rivals, rival_json(c, &r->values[i], ++number));
	obj_set(&o, "rivals", rivals);
	if (strcmp(field, "deleted") == 0)
		rc = each_edit(c, r, edit_json, &edits);
	if (strcmp(field, "deleted") == 0)
		obj_set(&o, "edits", edits);
	else
		json_decref(edits);
	buf_free(&label);
	if (rc == SAKSI_OK)
		return cli_out_json(c, o);
	json_decref(o);
	return rc;
}

static void print_value(struct cli *c, const struct saksi_record *r,
    const struct record_value *v, const char *before)
{
	struct buf text = BUF_INIT;
	char at[24];

	buf_add_str(&text, before);
	view_any(c, &text, r->type, v->field, v->value);
	time_people(at, v->time_us);
	out_paragraph(stdout, buf_cstr(&text), 7);
	(void)fputs("\n       by ", stdout);
	out_text(stdout, view_device(c, v->branch));
	(void)printf(", %s\n", at);
	buf_free(&text);
}

static enum saksi_err print_edit(struct cli *c, const struct saksi_record *r,
    const struct record_value *v, void *ctx)
{
	struct buf before = BUF_INIT;
	size_t *n = ctx;

	(*n)++;
	(void)fputs("    -  ", stdout);
	buf_printf(&before, "edited: %s: ", v->field);
	print_value(c, r, v, buf_cstr(&before));
	buf_free(&before);
	return SAKSI_OK;
}

/* The deletion with its reason, and beside it the work that it would hide. */
static enum saksi_err print_deletion(struct cli *c, const struct saksi_record *r,
    const char *id)
{
	size_t edits = 0;
	enum saksi_err rc;

	(void)fputs("  one deleted it while another edited it\n", stdout);
	for (size_t i = 0; i < r->n_visible; i++) {
		if (strcmp(r->values[i].field, "deleted") != 0)
			continue;
		(void)fputs("    -  ", stdout);
		print_value(c, r, &r->values[i], "deleted: ");
	}
	rc = each_edit(c, r, print_edit, &edits);
	if (rc == SAKSI_OK && edits == 0)
		(void)fputs("    -  edited: the values that it had were written again\n",
		    stdout);
	(void)
	    printf("    decide: saksi undelete %.*s keeps it, with the edit\n"
		   "            saksi delete %.*s --reason TEXT hides it, the edit too\n",
		SHORT_ID, id, SHORT_ID, id);
	return rc;
}

static enum saksi_err print_field(struct conflicts *k, const struct saksi_record *r,
    const json_t *record, const char *field)
{
	size_t number = 0;

	k->n++;
	if (k->c->json)
		return print_json(k->c, r, record, field);
	if (strcmp(field, "deleted") == 0)
		return print_deletion(k->c, r, view_text(record, "id"));
	(void)printf("  %s\n", field);
	for (size_t i = 0; i < r->n_visible; i++) {
		if (strcmp(r->values[i].field, field) != 0)
			continue;
		(void)printf("    %zu  ", ++number);
		print_value(k->c, r, &r->values[i], "");
	}
	(void)printf("    decide: saksi resolve %.*s %s --take NUMBER\n", SHORT_ID,
	    view_text(record, "id"), field);
	return SAKSI_OK;
}

static enum saksi_err one_record(void *ctx, const struct saksi_record *r,
    struct saksi_error *err)
{
	static const struct view_columns w = {12, 0};
	struct conflicts *k = ctx;
	json_t *json = NULL;
	enum saksi_err rc;

	if (r->n_conflicts == 0)
		return SAKSI_OK;
	rc = saksi_record_json(&json, k->c->txn, r, saksi_team_device_name, k->c->team,
	    err);
	if (rc == SAKSI_OK && !k->c->json)
		view_line(k->c, stdout, json, &w);
	for (size_t i = 0; i < r->n_visible && rc == SAKSI_OK; i++)
		if (view_rivals(r, i) > 0)
			rc = print_field(k, r, json, r->values[i].field);
	if (rc == SAKSI_OK && r->delete_conflict)
		rc = print_field(k, r, json, "deleted");
	json_decref(json);
	return rc;
}

static enum saksi_err run_conflicts(struct cli *c)
{
	struct conflicts k = {c, 0};
	enum saksi_err rc = cli_open(c);

	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	if (rc == SAKSI_OK)
		rc = saksi_record_each(c->txn, false, one_record, &k, &c->err);
	if (rc == SAKSI_OK && k.n == 0 && !c->json)
		cli_say(c, "No conflicts.");
	return rc;
}

const struct cli_command cmd_conflicts = {
    .name = "conflicts",
    .usage = "",
    .brief = "fields where two devices disagree",
    .help =
	"Lists each field that was changed on two devices at the same time: the rival\n"
	"values, who wrote each, and when. None is lost until a person decides with\n"
	"`resolve`, and the history keeps all of them. Of a record that one deleted while\n"
	"another edited it, both the deletion and the edit: `undelete` or `delete` decides.",
    .example = "saksi conflicts",
    .max_args = 0,
    .run = run_conflicts,
};

/* ---- resolve ---------------------------------------------------------------------- */

static const struct cli_option options[] = {
    {"take", 0, false, "NUMBER", "the rival with this number in `saksi conflicts`"},
    {NULL, 0, false, NULL, NULL},
};

/* A slip in the name, a matter for delete, or nothing to decide. */
static enum saksi_err not_rival(struct change *ch, const char *field)
{
	const struct schema_field *f;

	if (strcmp(field, "deleted") == 0 && ch->r->delete_conflict)
		return saksi_fail(&ch->c->err, SAKSI_EINVAL,
		    "deleted: `saksi undelete %s` keeps the record with its edits, `saksi "
		    "delete %s --reason TEXT` hides both",
		    ch->c->args[0], ch->c->args[0]);
	if (view_field(ch->c, ch->type->name, field) == NULL &&
	    assign_field(ch->c, ch->type, field, &f) != SAKSI_OK)
		return ch->c->err.code;
	return saksi_fail(&ch->c->err, SAKSI_ENOTFOUND,
	    "%s.%s: has no rival values; `saksi conflicts` lists those, `saksi edit` changes "
	    "a field",
	    ch->type->name, field);
}

/* Where the rival values of a field begin, and how many they are. */
static size_t rivals(const struct change *ch, const char *field, size_t *first)
{
	size_t n = 0;

	for (*first = 0; *first < ch->r->n_visible; (*first)++)
		if (strcmp(ch->r->values[*first].field, field) == 0 &&
		    (n = view_rivals(ch->r, *first)) > 0)
			break;
	return n;
}

static enum saksi_err take(struct change *ch, const char *field, const char *text)
{
	unsigned long number;
	size_t first;
	size_t n = rivals(ch, field, &first);

	if (strchr(field, '=') != NULL)
		return saksi_fail(&ch->c->err, SAKSI_EINVAL,
		    "resolve: either FIELD=VALUE, or FIELD with --take NUMBER");
	if (n == 0)
		return not_rival(ch, field);
	if (!cli_number(&number, text, 1000) || number == 0 || number > n)
		return saksi_fail(&ch->c->err, SAKSI_EINVAL,
		    "--take: is a number from 1 to %zu; `saksi conflicts` shows them", n);
	return saksi_draft_set(ch->draft, &ch->id, field,
	    ch->r->values[first + number - 1].value, &ch->c->err);
}

static enum saksi_err decide(struct change *ch, const char *arg)
{
	struct assign a;
	size_t first;
	enum saksi_err rc;

	if (cli_opt(ch->c, "take") != NULL)
		return take(ch, arg, cli_opt(ch->c, "take"));
	if (strchr(arg, '=') == NULL && rivals(ch, arg, &first) == 0)
		return not_rival(ch, arg);
	if (strchr(arg, '=') == NULL)
		return saksi_fail(&ch->c->err, SAKSI_EINVAL,
		    "resolve: which one? %s --take NUMBER for one of those that `saksi "
		    "conflicts` shows, or %s=VALUE",
		    arg, arg);
	rc = assign_split(&a, arg, &ch->c->err);
	if (rc == SAKSI_OK && a.how != ASSIGN_SET)
		rc = saksi_fail(&ch->c->err, SAKSI_EINVAL, "resolve: takes FIELD=VALUE");
	if (rc == SAKSI_OK && rivals(ch, a.field, &first) == 0)
		rc = not_rival(ch, a.field);
	return rc == SAKSI_OK ? change_apply(ch, &arg, 1) : rc;
}

static enum saksi_err run_resolve(struct cli *c)
{
	struct change ch;
	bool wrote = false;
	enum saksi_err rc = change_begin_live(&ch, c, c->args[0]);

	if (rc == SAKSI_OK)
		ch.resolving = true;
	if (rc == SAKSI_OK)
		rc = decide(&ch, c->args[1]);
	if (rc == SAKSI_OK)
		rc = change_commit(&ch, &wrote);
	if (rc == SAKSI_OK)
		rc = change_report(&ch, "resolved");
	change_end(&ch);
	return rc;
}

const struct cli_command cmd_resolve = {
    .name = "resolve",
    .usage = "ID FIELD=VALUE | ID FIELD --take NUMBER",
    .brief = "decide between rival values",
    .help =
	"Sets a field that has rival values to the one that is right: one of them, by\n"
	"its number in `saksi conflicts`, or a third. The history keeps the others.",
    .example = "saksi resolve 4g7k2m9q date --take 2\n"
	       "saksi resolve 4g7k2m9q date=2016-07-10",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .flags = CMD_WRITES,
    .run = run_resolve,
};
