/* import_check.c - is each line a record that can be written?  And if so, as what? */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/mpjson.h>

#include "import_int.h"

#define WINDOW_LINES 512u
#define WINDOW_BYTES (1u << 20)

struct line {		/* one record of the file */
	size_t number;	/* in the file, from 1 */
	size_t at, len; /* where its text lies in the window */
	json_t *json;
	const struct schema_type *type;
	const char *name;	       /* `id` as written; belongs to json */
	char text_id[ID_TEXT_LEN + 1]; /* `id` in its usual spelling, if it is a whole id */
	const char *ref;	       /* "" if none */
	struct saksi_id id;
};
struct window {
	struct line *lines;
	size_t n, cap;
	struct buf text;
	bool all_known;	       /* no line is to come: what is not found is not there */
	pthread_mutex_t vault; /* of both that check one may ask it */
};
/* Who checks: this thread, and the helper, which notes what is to be handed on. */
struct checking {
	struct importing *im;
	struct window *w;
	const struct schema_type *types;
	struct schema_faults *faults;
	size_t from, to;	    /* its lines */
	bool unmet;		    /* a name was not found, and may yet come */
	struct buf item, ops, lens; /* of one record that is ready */
	bool helps;
	struct schema_faults noted;
	struct buf ready, later; /* items, each with its length before it */
	enum saksi_err rc;
	struct saksi_error err;
};

static bool only_space(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != ' ' && p[i] != '\t')
			return false;
	return true;
}

/* ${p} NULL: too long to be looked at. */
static enum saksi_err add_line(struct checking *c, size_t number, const char *p, size_t n,
    struct saksi_error *err)
{
	struct window *w = c->w;
	struct line *l;

	if (p != NULL && only_space(p, n))
		return SAKSI_OK;
	c->im->report->lines++;
	if (p == NULL) {
		schema_faults_add(c->faults, number, false, "",
		    "the line is longer than 4 MiB");
		return SAKSI_OK;
	}
	if ((l = list_room(w->lines, w->n, &w->cap, sizeof(*l))) == NULL)
		return saksi_fail_nomem(err);
	w->lines = l;
	l = &w->lines[w->n++];
	memset(l, 0, sizeof(*l));
	l->number = number;
	l->ref = "";
	l->at = w->text.len;
	l->len = n;
	buf_add(&w->text, p, n);
	return buf_ok(&w->text, err);
}

static enum saksi_err parse_line(struct checking *c, struct line *l,
    struct saksi_error *err)
{
	static const char what[] = "line";
	struct saksi_error why;
	json_t *json = NULL;
	enum saksi_err rc;

	rc = json_parse_line(&json, (const char *)c->w->text.p + l->at, l->len, what,
	    &why);
	if (rc == SAKSI_ENOMEM)
		return saksi_fail_nomem(err);
	if (rc != SAKSI_OK) {
		/* Which line is said already. */
		schema_faults_add(c->faults, l->number, false, "", "%.200s",
		    why.msg + sizeof(what) - 1 + strlen(": "));
		return SAKSI_OK;
	}
	if (!json_is_object(json)) {
		schema_faults_add(c->faults, l->number, false, "",
		    "a JSON object is expected on each line");
		json_decref(json);
		return SAKSI_OK;
	}
	l->json = json;
	return SAKSI_OK;
}

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
	if (best.found) {
		l->id = best.id;
		return SAKSI_OK;
	}
	return saksi_import_id(im->t, l->type->name, l->ref, &l->id, err);
}

/* What the vault has under a line's whole id must be of its type. */
static enum saksi_err must_be_of_type(struct checking *c, const struct line *l,
    struct saksi_error *err)
{
	struct cat_record known;
	bool found;
	enum saksi_err rc = catalog_record(c->im->t, &l->id, &known, &found, err);

	if (rc == SAKSI_OK && found && !head_type_is(&known.head, l->type->name))
		schema_faults_add(c->faults, l->number, false, "type",
		    "the vault has this id as another type");
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

/* The texts of a line that identify() found to be right. */
static void read_names(struct line *l, const char *ref)
{
	if (id_parse(&l->id, l->name)) {
		id_text(l->text_id, &l->id);
		l->ref = ref == NULL ? "" : ref;
	} else
		l->ref = l->name;
}

static enum saksi_err identify(struct checking *c, struct line *l, struct saksi_error *err)
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
	read_names(l, ref);
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
static enum saksi_err make_ops(struct checking *c, const struct line *l, uint32_t *n_head,
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

static enum saksi_err hand_on(struct checking *c, struct keep *to, struct buf *noted,
    struct saksi_error *err)
{
	enum saksi_err rc = buf_ok(&c->item, err);

	if (rc != SAKSI_OK || !c->helps)
		return rc == SAKSI_OK ? keep_add(to, &c->item, err) : rc;
	buf_le32(noted, (uint32_t)c->item.len);
	buf_add(noted, c->item.p, c->item.len);
	return buf_ok(noted, err);
}

static enum saksi_err keep_ready(struct checking *c, const struct line *l,
    uint32_t n_head, struct saksi_error *err)
{
	struct ready head = {.id = l->id, .n_head = n_head};
	enum saksi_err rc;

	if (c->faults->n_errors > 0)
		return SAKSI_OK; /* nothing will be written */
	if ((rc = buf_ok(&c->lens, err)) != SAKSI_OK ||
	    (rc = buf_ok(&c->ops, err)) != SAKSI_OK)
		return rc;
	head.n_ops = (uint32_t)(c->lens.len / 4);
	buf_reset(&c->item);
	buf_add(&c->item, &head, sizeof(head));
	buf_add(&c->item, c->lens.p, c->lens.len);
	buf_add(&c->item, c->ops.p, c->ops.len);
	return hand_on(c, &c->im->ready, &c->ready, err);
}

/* ---- one after the other ------------------------------------------------------------ */

/* What was said since is taken back: it will be said again. */
static void take_back(struct schema_faults *f, size_t n, size_t n_errors)
{
	f->n = n;
	f->n_errors = n_errors;
}

struct later { /* before the text of a line */
	size_t number;
	const struct schema_type *type;
	struct saksi_id id;
};

static enum saksi_err keep_later(struct checking *c, const struct line *l,
    struct saksi_error *err)
{
	struct later head = {l->number, l->type, l->id};
	const uint8_t *text = c->w->text.p + l->at;
	size_t n = l->len;

	buf_reset(&c->item);
	buf_add(&c->item, &head, sizeof(head));
	buf_add(&c->item, text, n);
	return hand_on(c, &c->im->later, &c->later, err);
}

static enum saksi_err check_line(struct checking *c, const struct line *l,
    struct saksi_error *err)
{
	size_t n = c->faults->n, n_errors = c->faults->n_errors;
	uint32_t n_head = 0;
	enum saksi_err rc;

	c->unmet = false;
	if ((rc = make_ops(c, l, &n_head, err)) != SAKSI_OK)
		return rc;
	if (c->unmet) {
		take_back(c->faults, n, n_errors);
		return keep_later(c, l, err);
	}
	return keep_ready(c, l, n_head, err);
}

static enum saksi_err check_again(void *ctx, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct checking *c = ctx;
	struct later head;
	struct line l = {.ref = ""};
	enum saksi_err rc;

	memcpy(&head, p, sizeof(head));
	rc = json_parse_line(&l.json, (const char *)p + sizeof(head), n - sizeof(head),
	    "line", err);
	if (rc != SAKSI_OK)
		return rc;
	l.number = head.number;
	l.type = head.type;
	l.name = json_string_value(json_object_get(l.json, "id"));
	if (l.name != NULL)
		read_names(&l, json_string_value(json_object_get(l.json, "ref")));
	l.id = head.id;
	rc = check_line(c, &l, err);
	json_decref(l.json);
	return rc;
}

/* ---- a window, by two ---------------------------------------------------------------- */

static void parse_range(void *ctx)
{
	struct checking *c = ctx;

	c->rc = SAKSI_OK;
	for (size_t i = c->from; i < c->to && c->rc == SAKSI_OK; i++)
		c->rc = parse_line(c, &c->w->lines[i], &c->err);
}

static void check_range(void *ctx)
{
	struct checking *c = ctx;

	c->rc = SAKSI_OK;
	for (size_t i = c->from; i < c->to; i++) {
		struct line *l = &c->w->lines[i];

		if (c->rc == SAKSI_OK && l->type != NULL)
			c->rc = check_line(c, l, &c->err);
		json_decref(l->json);
		l->json = NULL;
	}
}

static void add_faults(struct schema_faults *to, struct schema_faults *noted)
{
	size_t n = to->n_errors + noted->n_errors;

	for (size_t i = 0; i < noted->n; i++) {
		const struct schema_fault *f = &noted->list[i];

		schema_faults_add(to, f->line, f->warning, f->key, "%s", f->words);
	}
	to->n_errors = n;
	to->failed |= noted->failed;
	schema_faults_free(noted);
}

static enum saksi_err add_items(struct keep *to, struct buf *noted,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t at = 0; at < noted->len && rc == SAKSI_OK;) {
		struct buf item = {noted->p + at + 4, le32_get(noted->p + at), 0, false};

		rc = keep_add(to, &item, err);
		at += 4 + item.len;
	}
	buf_reset(noted);
	return rc;
}

/* ${c}[0] is this thread's, the other one the helper's: half of the window each. */
static enum saksi_err by_two(struct checking c[2], helper_fn *fn, struct saksi_error *err)
{
	struct importing *im = c[0].im;
	struct helper *h = &im->helper;
	enum saksi_err rc;

	c[0].from = 0;
	c[1].to = c[0].w->n;
	c[0].to = c[1].from = h->runs ? c[1].to / 2 : c[1].to;
	helper_give(h, fn, &c[1]);
	fn(&c[0]);
	helper_wait(h);
	add_faults(c[0].faults, &c[1].noted);
	for (size_t i = 0; i < 2; i++)
		if (c[i].rc != SAKSI_OK) {
			*err = c[i].err;
			return c[i].rc;
		}
	if ((rc = add_items(&im->ready, &c[1].ready, err)) != SAKSI_OK)
		return rc;
	return add_items(&im->later, &c[1].later, err);
}

static void window_clear(struct window *w)
{
	for (size_t i = 0; i < w->n; i++)
		json_decref(w->lines[i].json);
	w->n = 0;
	buf_reset(&w->text);
}

static enum saksi_err check_window(struct checking c[2], struct saksi_error *err)
{
	struct window *w = c[0].w;
	enum saksi_err rc;

	if (w->n >= WINDOW_LINES)
		helper_call(&c[0].im->helper);
	rc = by_two(c, parse_range, err);
	for (size_t i = 0; i < w->n && rc == SAKSI_OK; i++)
		if (w->lines[i].json != NULL)
			rc = identify(&c[0], &w->lines[i], err);
	if (rc == SAKSI_OK)
		rc = by_two(c, check_range, err);
	window_clear(w);
	return rc;
}

static enum saksi_err check_all(struct checking c[2], struct lines *lines,
    struct saksi_error *err)
{
	struct window *w = c[0].w;
	enum saksi_err rc = SAKSI_OK;
	bool more = true;

	while (rc == SAKSI_OK && more) {
		const char *p;
		size_t n;

		if ((rc = lines_next(lines, &p, &n, &more, err)) == SAKSI_OK && more)
			rc = add_line(&c[0], lines->number, p, n, err);
		if (rc == SAKSI_OK &&
		    (!more || w->n >= WINDOW_LINES || w->text.len >= WINDOW_BYTES))
			rc = check_window(c, err);
	}
	w->all_known = true;
	if (rc == SAKSI_OK)
		rc = keep_each(&c[0].im->later, check_again, &c[0], err);
	return rc;
}

static void checking_free(struct checking *c)
{
	buf_free(&c->item);
	buf_free(&c->ops);
	buf_free(&c->lens);
	buf_free(&c->ready);
	buf_free(&c->later);
	schema_faults_free(&c->noted);
}

enum saksi_err import_check(struct importing *im, const struct import_source *from,
    struct saksi_error *err)
{
	struct lines lines = {.from = from};
	struct window w = {.n = 0};
	struct checking c[2] = {{.im = im, .w = &w}, {.im = im, .w = &w, .helps = true}};
	enum saksi_err rc;
	size_t n;

	c[0].types = c[1].types = schema_types(im->v->schema, &n);
	c[0].faults = &im->report->faults;
	c[1].faults = &c[1].noted;
	if (pthread_mutex_init(&w.vault, NULL) != 0)
		return saksi_fail_nomem(err);
	rc = check_all(c, &lines, err);
	if (rc == SAKSI_OK && im->report->faults.failed)
		rc = saksi_fail_nomem(err);
	window_clear(&w);
	(void)pthread_mutex_destroy(&w.vault);
	free(w.lines);
	buf_free(&w.text);
	checking_free(&c[0]);
	checking_free(&c[1]);
	lines_free(&lines);
	return rc;
}
