/* import.c - the interchange form into the vault: all checked, then written. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/mpjson.h>
#include <saksi/base/text.h>

#include "draft.h"
#include "vault_impl.h"

#define BATCH_RECORDS 500u
#define LINE_MAX_BYTES (4u << 20)

struct line {	       /* one record of the file */
	size_t number; /* in the file, from 1 */
	json_t *json;
	const struct schema_type *type;
	const char *name;	       /* `id` as written; belongs to json */
	char text_id[ID_TEXT_LEN + 1]; /* `id` in its usual spelling, if it is a whole id */
	const char *ref;	       /* "" if none */
	struct saksi_id id;
	struct schema_entries entries;
};
struct name { /* by which other lines may refer to this one */
	const char *text;
	size_t line;
};
struct importing {
	struct saksi_vault *v;
	struct saksi_txn *t;
	const struct import_options *opt;
	struct import_report *report;
	struct line *lines;
	size_t n, cap;
	struct name *names;
	size_t n_names;
};

void import_report_free(struct import_report *r)
{
	schema_faults_free(&r->faults);
}

static void importing_free(struct importing *im)
{
	for (size_t i = 0; i < im->n; i++) {
		schema_entries_free(&im->lines[i].entries);
		json_decref(im->lines[i].json);
	}
	free(im->lines);
	free(im->names);
	saksi_txn_abort(&im->t);
}

static enum saksi_err add_line(struct importing *im, size_t number, json_t *json,
    struct saksi_error *err)
{
	struct line *l;

	if ((l = list_room(im->lines, im->n, &im->cap, sizeof(*l))) == NULL) {
		json_decref(json);
		return saksi_fail_nomem(err);
	}
	im->lines = l;
	l = &im->lines[im->n++];
	memset(l, 0, sizeof(*l));
	l->number = number;
	l->json = json;
	l->ref = "";
	return SAKSI_OK;
}

static bool only_space(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != ' ' && p[i] != '\t')
			return false;
	return true;
}

static enum saksi_err parse_line(struct importing *im, size_t number, const char *p,
    size_t n, struct saksi_error *err)
{
	static const char what[] = "line";
	struct schema_faults *f = &im->report->faults;
	struct saksi_error why;
	json_t *json = NULL;
	enum saksi_err rc;

	if (n > 0 && p[n - 1] == '\r')
		n--;
	if (only_space(p, n))
		return SAKSI_OK;
	im->report->lines++;
	if (n > LINE_MAX_BYTES) {
		schema_faults_add(f, number, false, "", "the line is longer than 4 MiB");
		return SAKSI_OK;
	}
	rc = json_parse_line(&json, p, n, what, &why);
	if (rc == SAKSI_ENOMEM)
		return saksi_fail_nomem(err);
	if (rc != SAKSI_OK) {
		/* Which line is said already. */
		schema_faults_add(f, number, false, "", "%.200s",
		    why.msg + sizeof(what) - 1 + strlen(": "));
		return SAKSI_OK;
	}
	if (!json_is_object(json)) {
		schema_faults_add(f, number, false, "",
		    "a JSON object is expected on each line");
		json_decref(json);
		return SAKSI_OK;
	}
	return add_line(im, number, json, err);
}

static enum saksi_err parse_lines(struct importing *im, const char *text, size_t len,
    struct saksi_error *err)
{
	size_t at = 0, number = 0;
	enum saksi_err rc = SAKSI_OK;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3; /* a byte order mark, as some editors add */
	while (at < len && rc == SAKSI_OK) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end == NULL ? len - at : (size_t)(end - (text + at));

		rc = parse_line(im, ++number, text + at, n, err);
		at += n + 1;
	}
	return rc;
}

/* ---- who is who --------------------------------------------------------------- */

static const char *text_key(struct importing *im, const struct line *l, const char *key,
    bool required)
{
	const json_t *v = json_object_get(l->json, key);
	const char *s = json_string_value(v);

	if (v == NULL && !required)
		return NULL;
	if (s == NULL || s[0] == '\0' || strlen(s) > 200) {
		schema_faults_add(&im->report->faults, l->number, false, key,
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
static enum saksi_err id_of_ref(struct importing *im, struct line *l,
    struct saksi_error *err)
{
	struct best best = {.type = l->type->name};
	enum saksi_err rc;

	if ((rc = catalog_by_ref(im->t, l->ref, keep_best, &best, err)) != SAKSI_OK)
		return rc;
	if (best.found) {
		l->id = best.id;
		return SAKSI_OK;
	}
	return saksi_import_id(im->t, l->type->name, l->ref, &l->id, err);
}

static enum saksi_err identify(struct importing *im, struct line *l,
    struct saksi_error *err)
{
	struct schema_faults *f = &im->report->faults;
	struct cat_record known;
	bool found;
	const char *type, *ref, *cls;
	enum saksi_err rc;

	type = text_key(im, l, "type", true);
	l->name = text_key(im, l, "id", true);
	ref = text_key(im, l, "ref", false);
	cls = text_key(im, l, "class", false);
	if (cls != NULL && class_parse(cls) == CLASS_NONE)
		schema_faults_add(f, l->number, false, "class",
		    "one of P, R, C, S is expected");
	if (type != NULL && (l->type = schema_type(im->v->schema, type)) == NULL)
		schema_faults_add(f, l->number, false, "type",
		    "there is no such record type; `saksi schema` lists them");
	if (l->type == NULL || l->name == NULL)
		return SAKSI_OK;
	if (id_parse(&l->id, l->name)) {
		id_text(l->text_id, &l->id);
		l->ref = ref == NULL ? "" : ref;
		rc = catalog_record(im->t, &l->id, &known, &found, err);
		if (rc == SAKSI_OK && found && !head_type_is(&known.head, l->type->name))
			schema_faults_add(f, l->number, false, "type",
			    "the vault has this id as another type");
		cat_record_free(&known);
		return rc;
	}
	if (ref != NULL)
		schema_faults_add(f, l->number, false, "ref",
		    "stands beside an id that is itself a reference; leave one out");
	l->ref = l->name;
	return id_of_ref(im, l, err);
}

static int by_name(const void *pa, const void *pb)
{
	const struct name *a = pa, *b = pb;
	int c = strcmp(a->text, b->text);

	return c != 0 ? c : (a->line > b->line) - (a->line < b->line);
}

static int by_text(const void *pkey, const void *pb)
{
	return strcmp(pkey, ((const struct name *)pb)->text);
}

static const struct line *line_named(const struct importing *im, const char *text)
{
	char usual[ID_TEXT_LEN + 1];
	struct saksi_id id;
	const struct name *n;

	if (id_parse(&id, text)) {
		id_text(usual, &id);
		text = usual;
	}
	n = im->n_names == 0
	    ? NULL
	    : bsearch(text, im->names, im->n_names, sizeof(*im->names), by_text);
	return n == NULL ? NULL : &im->lines[n->line];
}

static enum saksi_err collect_names(struct importing *im, struct saksi_error *err)
{
	if ((im->names = calloc(2 * im->n + 1, sizeof(*im->names))) == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < im->n; i++) {
		const struct line *l = &im->lines[i];

		if (l->type == NULL || l->name == NULL)
			continue;
		im->names[im->n_names++] =
		    (struct name){l->text_id[0] != '\0' ? l->text_id : l->name, i};
		if (l->ref[0] != '\0' && l->ref != l->name)
			im->names[im->n_names++] = (struct name){l->ref, i};
	}
	qsort(im->names, im->n_names, sizeof(*im->names), by_name);
	for (size_t i = 1; i < im->n_names; i++)
		if (strcmp(im->names[i].text, im->names[i - 1].text) == 0)
			schema_faults_add(&im->report->faults,
			    im->lines[im->names[i].line].number, false, "id",
			    "stands in line %zu already",
			    im->lines[im->names[i - 1].line].number);
	return SAKSI_OK;
}

static bool resolve(void *ctx, const char *text, const char *to, char out[27])
{
	struct importing *im = ctx;
	const struct line *l = line_named(im, text);

	if (l == NULL)
		return saksi_record_resolver(im->t, text, to, out);
	if (!type_fits(l->type->name, to))
		return false;
	id_text(out, &l->id);
	return true;
}

/* One more entry at the end of ${l}'s; ${value} is taken over. */
static enum saksi_err add_entry(struct line *l, const struct schema_field *f,
    json_t *value, struct saksi_error *err)
{
	struct schema_entries *e = &l->entries;
	struct schema_entry *list = list_room(e->list, e->n, &e->cap, sizeof(*list));

	if (list == NULL) {
		json_decref(value);
		return saksi_fail_nomem(err);
	}
	e->list = list;
	e->list[e->n++] = (struct schema_entry){f, value};
	return SAKSI_OK;
}

/* `type`, `ref` and `class` may have rivals too: texts, written beside the first. */
static bool is_head_field(const char *path)
{
	return strcmp(path, "type") == 0 || strcmp(path, "ref") == 0 ||
	    strcmp(path, "class") == 0;
}

static enum saksi_err check_rival(struct importing *im, struct line *l,
    const json_t *rival, const struct schema_resolver *res, struct saksi_error *err)
{
	const char *path = json_string_value(json_object_get(rival, "field"));
	const json_t *given = json_object_get(rival, "value");
	const struct schema_field *f;
	json_t *value = NULL;
	enum saksi_err rc;

	if (path == NULL || given == NULL) {
		schema_faults_add(&im->report->faults, l->number, false, "rivals",
		    "each rival has a field and a value");
		return SAKSI_OK;
	}
	if (is_head_field(path)) {
		if (!json_is_string(given) || json_string_length(given) > 200)
			schema_faults_add(&im->report->faults, l->number, false, "rivals",
			    "a rival type, ref or class is a short text");
		return SAKSI_OK;
	}
	if ((f = schema_field(l->type, path)) == NULL) {
		schema_faults_add(&im->report->faults, l->number, false, "rivals",
		    "a rival names a field that this type does not have");
		return SAKSI_OK;
	}
	rc = schema_canonical(&value, im->v->schema, f, given, res, l->number,
	    &im->report->faults, err);
	if (rc == SAKSI_OK && value != NULL)
		rc = add_entry(l, f, value, err);
	return rc;
}

/* Rival values of an export come back as rivals, under this device's name. */
static enum saksi_err check_rivals(struct importing *im, struct line *l,
    const struct schema_resolver *res, struct saksi_error *err)
{
	const json_t *rivals = json_object_get(l->json, "rivals");
	enum saksi_err rc = SAKSI_OK;

	if (rivals != NULL && !json_is_array(rivals))
		schema_faults_add(&im->report->faults, l->number, false, "rivals",
		    "a list is expected");
	for (size_t i = 0; i < json_array_size(rivals) && rc == SAKSI_OK; i++)
		rc = check_rival(im, l, json_array_get(rivals, i), res, err);
	return rc;
}

/* What is too long to be written is a fault like any other, known before. */
static enum saksi_err check_lengths(struct importing *im, const struct line *l,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < l->entries.n && rc == SAKSI_OK; i++) {
		struct buf b = BUF_INIT;

		mpjson_write(&b, l->entries.list[i].value);
		rc = buf_ok(&b, err);
		if (rc == SAKSI_OK && !draft_fits(b.len))
			schema_faults_add(&im->report->faults, l->number, false,
			    l->entries.list[i].field->path,
			    "longer than %u KiB; split it, or keep it as a document beside the vault",
			    DRAFT_VALUE_MAX / 1024);
		buf_free(&b);
	}
	return rc;
}

static enum saksi_err check_all(struct importing *im, struct saksi_error *err)
{
	const struct schema_resolver res = {resolve, im, im->opt->allow_dangling, NULL};
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < im->n && rc == SAKSI_OK; i++)
		rc = identify(im, &im->lines[i], err);
	if (rc == SAKSI_OK)
		rc = collect_names(im, err);
	for (size_t i = 0; i < im->n && rc == SAKSI_OK; i++) {
		struct line *l = &im->lines[i];

		if (l->type == NULL)
			continue;
		rc = schema_flatten(&l->entries, im->v->schema, l->type, l->json, &res,
		    l->number, &im->report->faults, err);
		if (rc == SAKSI_OK)
			rc = check_rivals(im, l, &res, err);
		if (rc == SAKSI_OK)
			rc = check_lengths(im, l, err);
	}
	if (rc == SAKSI_OK && im->report->faults.failed)
		rc = saksi_fail_nomem(err);
	return rc;
}

/* ---- writing ------------------------------------------------------------------------ */

struct outcome {
	size_t values, rivals;
};

static enum saksi_err put_value(struct saksi_draft *d, const struct line *l,
    const char *field, const json_t *value, bool set, struct outcome *o,
    struct saksi_error *err)
{
	bool written, beside;
	enum saksi_err rc;

	rc = draft_rival(d, &l->id, field, value, set, &written, &beside, err);
	o->values += written;
	o->rivals += beside;
	return rc;
}

static enum saksi_err put_text(struct saksi_draft *d, const struct line *l,
    const char *field, const char *text, struct outcome *o, struct saksi_error *err)
{
	json_t *v;
	enum saksi_err rc;

	if (text == NULL || text[0] == '\0')
		return SAKSI_OK;
	if ((v = json_string(text)) == NULL)
		return saksi_fail_nomem(err);
	rc = put_value(d, l, field, v, true, o, err);
	json_decref(v);
	return rc;
}

static enum saksi_err put_head_rivals(struct saksi_draft *d, const struct line *l,
    struct outcome *o, struct saksi_error *err)
{
	const json_t *rivals = json_object_get(l->json, "rivals");
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < json_array_size(rivals) && rc == SAKSI_OK; i++) {
		const json_t *rival = json_array_get(rivals, i);
		const char *path = json_string_value(json_object_get(rival, "field"));

		if (is_head_field(path))
			rc = put_text(d, l, path,
			    json_string_value(json_object_get(rival, "value")), o, err);
	}
	return rc;
}

static enum saksi_err draft_line(struct importing *im, struct saksi_draft *d,
    const struct line *l, struct saksi_error *err)
{
	const char *cls = json_string_value(json_object_get(l->json, "class"));
	struct outcome o = {0, 0};
	uint64_t number;
	bool known;
	enum saksi_err rc;

	if ((rc = catalog_number(im->t, &l->id, &number, err)) != SAKSI_OK)
		return rc;
	known = number != 0;
	if (!known)
		rc = draft_create_as(d, &l->id, l->type->name, l->ref, cls, err);
	else if ((rc = put_text(d, l, "ref", l->ref, &o, err)) == SAKSI_OK)
		rc = put_text(d, l, "class", cls, &o, err);
	for (size_t i = 0; i < l->entries.n && rc == SAKSI_OK; i++) {
		const struct schema_entry *e = &l->entries.list[i];

		rc = put_value(d, l, e->field->path, e->value, !e->field->many, &o, err);
	}
	if (rc == SAKSI_OK)
		rc = put_head_rivals(d, l, &o, err);
	im->report->created += !known;
	im->report->changed += known && o.values > 0;
	im->report->unchanged += known && o.values == 0;
	im->report->values += o.values;
	im->report->rivals += o.rivals;
	return rc;
}

static enum saksi_err write_batch(struct importing *im, size_t from, size_t to,
    struct saksi_error *err)
{
	struct saksi_draft *d = NULL;
	enum saksi_err rc = SAKSI_OK;

	if (!im->opt->dry_run)
		rc = saksi_txn_begin(&im->t, im->v, true, err);
	if (rc == SAKSI_OK)
		rc = saksi_draft_new(&d, im->t, err);
	for (size_t i = from; i < to && rc == SAKSI_OK; i++)
		rc = draft_line(im, d, &im->lines[i], err);
	if (rc == SAKSI_OK && !im->opt->dry_run) {
		rc = saksi_draft_empty(d) ? SAKSI_OK : saksi_draft_commit(d, NULL, err);
		if (rc == SAKSI_OK && !saksi_draft_empty(d))
			rc = saksi_txn_commit(&im->t, err);
		else
			saksi_txn_abort(&im->t);
	}
	saksi_draft_free(&d);
	return rc;
}

static enum saksi_err write_all(struct importing *im, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	if (!im->opt->dry_run)
		saksi_txn_abort(&im->t);
	for (size_t at = 0; at < im->n && rc == SAKSI_OK; at += BATCH_RECORDS) {
		size_t to = im->n - at < BATCH_RECORDS ? im->n : at + BATCH_RECORDS;

		if (im->opt->progress != NULL)
			im->opt->progress(im->opt->ctx, at, im->n);
		rc = write_batch(im, at, to, err);
	}
	if (rc == SAKSI_OK && im->opt->progress != NULL)
		im->opt->progress(im->opt->ctx, im->n, im->n);
	return rc;
}

enum saksi_err saksi_import(struct saksi_vault *v, const char *text, size_t len,
    const struct import_options *opt, struct import_report *report,
    struct saksi_error *err)
{
	struct importing im = {.v = v, .opt = opt, .report = report};
	enum saksi_err rc;

	memset(report, 0, sizeof(*report));
	if ((rc = saksi_txn_begin(&im.t, v, false, err)) != SAKSI_OK ||
	    (rc = parse_lines(&im, text, len, err)) != SAKSI_OK ||
	    (rc = check_all(&im, err)) != SAKSI_OK)
		goto fail;
	if (report->faults.n_errors > 0) {
		rc = saksi_fail(err, SAKSI_EINVAL,
		    "import: %zu fault%s in the file, so nothing was written; mend them and import again",
		    report->faults.n_errors, report->faults.n_errors == 1 ? "" : "s");
		goto fail;
	}
	rc = write_all(&im, err);
fail:
	importing_free(&im);
	return rc;
}
