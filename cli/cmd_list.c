/* list, find: records that a query selects, in order or by relevance. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "open.h"
#include "options.h"
#include "output.h"
#include "select.h"
#include "terminal.h"
#include "view.h"

static const struct cli_option options[] = {
    {"limit", 0, false, "N", "at most N records"},
    {"sort", 0, false, "FIELD",
	"by a field, or label, type, date, id; -FIELD: descending; those without come last"},
    {"fields", 0, false, "A,B", "show these fields"},
    {"deleted", 0, false, NULL, "what was deleted, by whom and why, and nothing else"},
    {NULL, 0, false, NULL, NULL},
};

#define NO_LIMIT 4000000000ul
#define LABEL_COLUMNS 44u
#define FIELD_COLUMNS 24u
#define FIELD_LEAST 3u
/* So many are kept when they are looked at twice; beyond that memory counts for more. */
#define KEPT_MAX 512u

struct listing {
	struct cli *c;
	struct selection s;
	size_t n; /* of them that are printed */
	bool ranked;
	bool twice; /* each is looked at before it is printed */
	json_t *kept[KEPT_MAX];
};

static enum saksi_err look_at(struct listing *l, size_t i, json_t **record)
{
	enum saksi_err rc = SAKSI_OK;

	if (i < KEPT_MAX && l->kept[i] != NULL) {
		*record = json_incref(l->kept[i]);
		return SAKSI_OK;
	}
	rc = select_read(l->c, l->s.list[i].number, l->s.deleted, record);
	if (rc == SAKSI_OK && l->twice && i < KEPT_MAX)
		l->kept[i] = json_incref(*record);
	return rc;
}

static void listing_free(struct listing *l)
{
	for (size_t i = 0; i < KEPT_MAX; i++)
		json_decref(l->kept[i]);
	selection_free(&l->s);
}

/* ---- values of a field, by path ----------------------------------------------------- */

static const json_t *at_path(const json_t *record, const char *path)
{
	char part[128];
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(dot - path), path);
		record = json_object_get(record, part);
		path = dot + 1;
	}
	return json_object_get(record, path);
}

static void field_words(struct cli *c, struct buf *out, const json_t *record,
    const char *path)
{
	const struct schema_field *f = view_field(c, view_text(record, "type"), path);
	const json_t *v = at_path(record, path);

	if (f == NULL || v == NULL) {
		if (json_is_string(v))
			buf_add_str(out, json_string_value(v));
		return;
	}
	view_values(c, out, f, v);
}

/* ---- order -------------------------------------------------------------------------- */

/* What began nobody knows when stands where it ended. */
static void add_day_key(struct buf *out, const struct edtf *d)
{
	int32_t first = d->earliest == EDTF_DAY_MIN ? d->latest : d->earliest;

	buf_printf(out, "%011lld%011lld", (long long)first - INT32_MIN,
	    (long long)d->latest - INT32_MIN);
}

/* A key that strcmp() orders: dates by their first possible day, text folded. */
static void sort_key(struct cli *c, struct buf *out, const json_t *record, const char *by)
{
	struct buf text = BUF_INIT;
	struct buf folded = BUF_INIT;
	struct edtf d;
	const char *date;

	if (strcmp(by, "date") == 0) {
		date = view_date(record);
		if (date != NULL && edtf_parse(&d, date, NULL) == SAKSI_OK)
			add_day_key(out, &d);
		else
			buf_add_str(out, "~");
		return;
	}
	if (strcmp(by, "label") == 0)
		view_label(c, &text, record);
	else
		field_words(c, &text, record, by);
	if (text_fold(&folded, (const char *)text.p, text.len, NULL) == SAKSI_OK)
		buf_add_str(out, buf_cstr(&folded));
	else
		buf_add_str(out, buf_cstr(&text));
	if (text.failed || folded.failed)
		out->failed = true;
	buf_free(&text);
	buf_free(&folded);
}

static enum saksi_err check_sort(struct cli *c, const char *by)
{
	static const char *const own[] = {"label", "type", "date", "id", "ref", "class"};
	struct text_near near;
	size_t n;
	const struct schema_type *types = schema_types(c->schema, &n);

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i], by) == 0)
			return SAKSI_OK;
	for (size_t i = 0; i < n; i++)
		if (schema_field(&types[i], by) != NULL)
			return SAKSI_OK;
	text_near_begin(&near, by);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < types[i].n_fields; k++)
			(void)text_near_try(&near, types[i].fields[k].path);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)text_near_try(&near, own[i]);
	if (near.best != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: no type has such a field; did you mean %s?", by, near.best);
	return saksi_fail(&c->err, SAKSI_EINVAL,
	    "%s: no type has such a field; `saksi schema TYPE` lists them", by);
}

/* What the index keeps in order need not be read to the end. */
static enum saksi_err choose_order(struct cli *c, struct selection *s, bool ranked,
    unsigned long limit)
{
	const char *by = cli_opt(c, "sort");
	enum saksi_err rc;

	s->how.order = ranked ? SEARCH_RANKED : SEARCH_CREATED;
	if (by != NULL) {
		s->how.descending = by[0] == '-';
		s->how.sort = by + (by[0] == '-' ? 1 : 0);
		if ((rc = check_sort(c, s->how.sort)) != SAKSI_OK)
			return rc;
		s->how.order = SEARCH_SORTED;
		if (!saksi_search_sortable(c->schema, s->how.sort)) {
			/* By what other records are called: all are read and sorted here. */
			s->how.order = SEARCH_CREATED;
			s->how.descending = false;
			return SAKSI_OK;
		}
	}
	s->how.limit = limit == NO_LIMIT ? 0 : limit;
	return SAKSI_OK;
}

static enum saksi_err arrange(struct cli *c, struct selection *s)
{
	const char *by = cli_opt(c, "sort");

	if (by == NULL || s->how.order == SEARCH_SORTED)
		return SAKSI_OK;
	return selection_sort(c, s, sort_key, s->how.sort, by[0] == '-');
}

/* ---- output ------------------------------------------------------------------------- */

static enum saksi_err check_fields(struct cli *c, const char *list)
{
	char name[128];
	enum saksi_err rc = SAKSI_OK;

	while (list != NULL && *list != '\0' && rc == SAKSI_OK) {
		size_t n = strcspn(list, ",");

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, list);
		rc = check_sort(c, name);
		list += n + (list[n] == ',' ? 1 : 0);
	}
	return rc;
}

static json_t *chosen_json(const json_t *record, const char *fields)
{
	static const char *const always[] = {"id", "ref", "type", "deleted"};
	json_t *o = json_object();
	char name[128];

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (json_object_get(record, always[i]) != NULL)
			obj_set(&o, always[i],
			    json_incref(json_object_get(record, always[i])));
	while (*fields != '\0') {
		size_t n = strcspn(fields, ",");
		const json_t *v;

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, fields);
		v = at_path(record, name);
		if (v != NULL)
			obj_set(&o, name, json_deep_copy(v));
		fields += n + (fields[n] == ',' ? 1 : 0);
	}
	return o;
}

static enum saksi_err json_line(const struct listing *l, size_t i, json_t *record)
{
	struct cli *c = l->c;
	const char *fields = cli_opt(c, "fields");
	struct buf label = BUF_INIT;
	json_t *o;

	o = fields != NULL ? chosen_json(record, fields) : json_copy(record);
	view_label(c, &label, record);
	obj_text(&o, "label", buf_cstr(&label));
	if (l->ranked)
		obj_set(&o, "score", json_real(l->s.list[i].score));
	buf_free(&label);
	return cli_out_json(c, o);
}

/* Columns of a table of fields; 0: as wide as it comes, where nothing is cut. */
struct table {
	unsigned label, field, last;
};

/* What the columns must hold, asked before the first line. */
struct widths {
	struct view_columns line;
	size_t label; /* the longest one, in columns */
};

static void widen_for_label(struct cli *c, size_t *most, const json_t *record)
{
	struct buf label = BUF_INIT;
	size_t n;

	view_label(c, &label, record);
	n = text_columns(buf_cstr(&label), label.len);
	if (n > *most)
		*most = n;
	buf_free(&label);
}

static enum saksi_err measure(struct listing *l, struct widths *w, bool labels)
{
	json_t *record = NULL;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < l->n && rc == SAKSI_OK; i++) {
		if ((rc = look_at(l, i, &record)) != SAKSI_OK)
			break;
		view_widths(&w->line, record);
		if (labels)
			widen_for_label(l->c, &w->label, record);
		json_decref(record);
	}
	return rc;
}

/* A terminal gets lines that fit; a pipe gets everything. */
static struct table table_for(const char *fields, unsigned width, size_t longest)
{
	struct table t = {0, 0, 0};
	unsigned room;
	unsigned n = 1;

	if (width == 0)
		return t;
	for (; *fields != '\0'; fields++)
		n += *fields == ',';
	room = width > SHORT_ID + 3 ? width - SHORT_ID - 3 : 1;
	t.label = n > 2 ? room / 3 : room / 2;
	if (t.label > LABEL_COLUMNS)
		t.label = LABEL_COLUMNS;
	if (longest > 0 && longest < t.label)
		t.label = (unsigned)longest;
	room -= t.label;
	t.field = room / n > 2 + FIELD_LEAST ? room / n - 2 : FIELD_LEAST;
	if (t.field > FIELD_COLUMNS)
		t.field = FIELD_COLUMNS;
	room = room > (n - 1) * (t.field + 2) ? room - (n - 1) * (t.field + 2) : 0;
	t.last = room > 2 + FIELD_LEAST ? room - 2 : FIELD_LEAST;
	return t;
}

static void fields_line(struct cli *c, const json_t *record, const char *fields,
    const struct table *t)
{
	struct buf text = BUF_INIT;
	char name[128];

	(void)printf("%.*s  ", SHORT_ID, view_text(record, "id"));
	view_label(c, &text, record);
	out_cell(stdout, buf_cstr(&text), t->label);
	while (*fields != '\0') {
		size_t n = strcspn(fields, ",");
		bool last = fields[n] != ',';

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, fields);
		buf_reset(&text);
		field_words(c, &text, record, name);
		(void)fputs("  ", stdout);
		out_cell(stdout, buf_cstr(&text), last ? t->last : t->field);
		fields += n + (last ? 0 : 1);
	}
	(void)fputc('\n', stdout);
	buf_free(&text);
}

/* Below its line: why a record was deleted, by whom and when. */
static void deleted_line(const json_t *record)
{
	const json_t *d = json_object_get(record, "deleted");
	struct buf text = BUF_INIT;

	if (d == NULL)
		return;
	buf_printf(&text, "deleted: %s (", view_text(d, "reason"));
	view_deleted_on(&text, d);
	buf_add_str(&text, ")");
	(void)printf("%*s", SHORT_ID + 2, "");
	out_paragraph(stdout, buf_cstr(&text), SHORT_ID + 2);
	(void)fputc('\n', stdout);
	buf_free(&text);
}

static enum saksi_err print_lines(struct listing *l)
{
	struct cli *c = l->c;
	const char *fields = cli_opt(c, "fields");
	unsigned width = fields != NULL && !c->json ? term_width(stdout) : 0;
	struct widths w = {{0, 0}, 0};
	struct table t = {0, 0, 0};
	json_t *record = NULL;
	enum saksi_err rc = SAKSI_OK;

	l->twice = !c->json && (fields == NULL || width > 0);
	if (l->twice)
		rc = measure(l, &w, width > 0);
	if (fields != NULL)
		t = table_for(fields, width, w.label);
	for (size_t i = 0; i < l->n && rc == SAKSI_OK && !ferror(stdout); i++) {
		if ((rc = look_at(l, i, &record)) != SAKSI_OK)
			break;
		if (c->json)
			rc = json_line(l, i, record);
		else if (fields != NULL)
			fields_line(c, record, fields, &t);
		else
			view_line(c, stdout, record, &w.line);
		if (!c->json)
			deleted_line(record);
		json_decref(record);
	}
	return rc;
}

static enum saksi_err print(struct listing *l)
{
	struct cli *c = l->c;
	unsigned long long more = l->s.rest + (l->s.n - l->n);
	enum saksi_err rc = print_lines(l);

	if (rc == SAKSI_OK && more > 0 && !c->json)
		cli_say(c, "... and %s%llu more; leave --limit out to see all.",
		    l->s.rest_sure ? "" : "up to ", more);
	if (rc == SAKSI_OK && l->s.n == 0 && !c->json)
		cli_say(c,
		    l->s.deleted ? "No deleted record matches." : "No record matches.");
	return rc;
}

static enum saksi_err run_listing(struct listing *l, const char *query,
    unsigned long limit)
{
	struct cli *c = l->c;
	enum saksi_err rc = cli_open(c);

	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	l->s.deleted = cli_flag(c, "deleted");
	if (rc == SAKSI_OK)
		rc = choose_order(c, &l->s, l->ranked, limit);
	if (rc == SAKSI_OK)
		rc = select_records(c, query, &l->s);
	if (rc == SAKSI_OK)
		rc = arrange(c, &l->s);
	l->n = l->s.n < limit ? l->s.n : limit;
	return rc == SAKSI_OK ? print(l) : rc;
}

static enum saksi_err run_query(struct cli *c, bool ranked)
{
	struct listing *l;
	struct buf query = BUF_INIT;
	unsigned long limit = NO_LIMIT;
	enum saksi_err rc = cli_schema(c);

	if (cli_opt(c, "limit") != NULL &&
	    !cli_number(&limit, cli_opt(c, "limit"), NO_LIMIT))
		return saksi_fail(&c->err, SAKSI_EINVAL, "--limit: takes a number");
	if (rc == SAKSI_OK)
		rc = check_fields(c, cli_opt(c, "fields"));
	cli_join_args(&query, c, 0);
	if (rc == SAKSI_OK)
		rc = buf_ok(&query, &c->err);
	if (rc == SAKSI_OK && (l = calloc(1, sizeof(*l))) == NULL)
		rc = saksi_fail_nomem(&c->err);
	if (rc == SAKSI_OK) {
		l->c = c;
		l->ranked = ranked;
		rc = run_listing(l, buf_cstr(&query), limit);
		listing_free(l);
		free(l);
	}
	buf_free(&query);
	return rc;
}

static enum saksi_err run_list(struct cli *c)
{
	return run_query(c, false);
}

static enum saksi_err run_find(struct cli *c)
{
	return run_query(c, true);
}

#define QUERY_HELP                                                                             \
	"A query: words, word* and \"phrases\" are searched in names, texts, notes and the\n"  \
	"labels of codes; not in locators of sources, references, numbers and dates, for\n"    \
	"which there are fields: type:act, FIELD:VALUE,\n"                                     \
	"class:P, date:2019..2021-05, before:2020, after:2019-07, ref:ID (links to it),\n"     \
	"-word (not), OR, parentheses, name~raiya (spelling variants). Quote what the shell\n" \
	"would take: '\"Kong Raiya\" (type:act OR type:charge)'."

const struct cli_command cmd_list = {
    .name = "list",
    .usage = "[QUERY] [--limit N] [--sort FIELD] [--fields A,B] [--deleted]",
    .brief = "records, in order of entry or sorted",
    .help = QUERY_HELP
    "\nOn a terminal long lines are cut; a pipe gets all of them. With --json one record\n"
    "per line, in the interchange form. --deleted lists what was deleted.",
    .example = "saksi list type:act date:2016..2019 --sort date\n"
	       "saksi list type:person --fields names,citizenship\n"
	       "saksi list --deleted",
    .options = options,
    .max_args = CMD_ANY_ARGS,
    .flags = CMD_QUERY,
    .run = run_list,
};

const struct cli_command cmd_find = {
    .name = "find",
    .usage = "QUERY [--limit N] [--sort FIELD] [--fields A,B] [--deleted]",
    .brief = "search, best matches first",
    .help = QUERY_HELP,
    .example = "saksi find arrest phnom penh -trial\n"
	       "saksi find name~raiya",
    .options = options,
    .min_args = 1,
    .max_args = CMD_ANY_ARGS,
    .flags = CMD_QUERY,
    .run = run_find,
};
