/*
 * schema_codes.c - code lists: thesauri.tsv and the closed lists of schema.json.
 *
 * thesauri.tsv: UTF-8, lines that begin with # are comments, then the header
 * line, then list, code, label and maybe broader code, separated by tabs.
 * For a closed list it gives labels only; a slug without one is its own
 * label, hyphens read as spaces.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/list.h>
#include <saksi/base/text.h>

#include "schema_internal.h"

#define TSV_HEADER "list\tcode\tlabel\tbroader"

bool list_is_thesaurus(const char *list)
{
	return list[0] >= '0' && list[0] <= '9' && list[1] >= '0' && list[1] <= '9' &&
	    list[2] == '\0';
}

static const json_t *closed_list(const struct schema *s, const char *list)
{
	return json_object_get(json_object_get(s->json, "lists"), list);
}

bool list_is_closed(const struct schema *s, const char *list)
{
	return closed_list(s, list) != NULL;
}

static bool closed_has(const json_t *list, const char *code)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), code) == 0)
			return true;
	return false;
}

/* ---- loading -------------------------------------------------------------- */

static enum saksi_err code_add(struct schema *s, const struct schema_code *c,
    struct saksi_error *err)
{
	struct schema_code *p;

	if (s->n_codes == SCHEMA_CODES_MAX)
		return saksi_fail(err, SAKSI_ELIMIT,
		    "thesauri.tsv: more than %u codes; split "
		    "off what no one uses",
		    SCHEMA_CODES_MAX);
	if ((p = list_room(s->codes, s->n_codes, &s->cap_codes, sizeof(*p))) == NULL)
		return saksi_fail_nomem(err);
	s->codes = p;
	s->codes[s->n_codes++] = *c;
	return SAKSI_OK;
}

static enum saksi_err bad_line(struct saksi_error *err, size_t line, const char *why)
{
	return saksi_fail(err, SAKSI_EFORMAT,
	    "thesauri.tsv: line %zu: %s; correct the line or take it out", line, why);
}

static const char *code_mistake(const struct schema *s, const struct schema_code *c)
{
	const json_t *closed = closed_list(s, c->list);

	if (closed != NULL && !closed_has(closed, c->code) && !form_x_code(c->code))
		return "the list has no such code in schema.json";
	if (closed == NULL && !list_is_thesaurus(c->list) &&
	    strncmp(c->list, "x-", 2) != 0)
		return "the list is neither two digits, nor x-, nor in schema.json";
	if (closed == NULL && !form_x_code(c->code) &&
	    !(form_list_code(c->code) && strncmp(c->code, c->list, 2) == 0))
		return "the code is neither LL:12 digits of its list nor x-name";
	if (c->label[0] == '\0')
		return "the label is empty";
	if (c->broader != NULL && !form_list_code(c->broader))
		return "the broader code is not LL:12 digits";
	return NULL;
}

/* Cut a line in place at its tabs; the number of cells, or 0 for too many. */
static size_t cells_cut(char *line, const char *cell[4])
{
	for (size_t n = 0; n < 4;) {
		cell[n++] = line;
		char *tab = strchr(line, '\t');
		if (tab == NULL)
			return n;
		*tab = '\0';
		line = tab + 1;
	}
	return 0;
}

static enum saksi_err line_load(struct schema *s, char *line, size_t number,
    struct saksi_error *err)
{
	const char *cell[4] = {NULL, NULL, NULL, NULL};
	size_t n = cells_cut(line, cell);
	if (n < 3)
		return bad_line(err, number, "not three or four cells between tabs");
	struct schema_code c = {.list = cell[0],
	    .code = cell[1],
	    .label = cell[2],
	    .broader = cell[3] != NULL && cell[3][0] != '\0' ? cell[3] : NULL,
	    .order = SCHEMA_CODES_MAX + s->n_codes};
	const char *why = code_mistake(s, &c);
	if (why != NULL)
		return bad_line(err, number, why);
	return code_add(s, &c, err);
}

static enum saksi_err tsv_load(struct schema *s, struct saksi_error *err)
{
	bool header = false;
	size_t number = 0;
	char *next = (char *)s->tsv.p;

	while (next != NULL && *next != '\0') {
		char *line = next;
		number++;
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (!header) {
			if (strcmp(line, TSV_HEADER) != 0)
				return bad_line(err, number,
				    "the header line is not list, "
				    "code, label, broader");
			header = true;
			continue;
		}
		enum saksi_err e = line_load(s, line, number, err);
		if (e != SAKSI_OK)
			return e;
	}
	return SAKSI_OK;
}

/* "trade-union" becomes "trade union". */
static const char *slug_label(struct schema *s, const char *slug)
{
	char *label = pool_alloc(&s->pool, strlen(slug) + 1, 1);
	for (size_t i = 0; label != NULL && slug[i] != '\0'; i++)
		label[i] = slug[i] == '-' ? ' ' : slug[i];
	return label;
}

static size_t first_row(const struct schema *s, size_t n, const char *list)
{
	size_t i = 0;

	while (i < n && strcmp(s->codes[i].list, list) != 0)
		i++;
	return i;
}

static struct schema_code *label_row(struct schema *s, size_t from, size_t n,
    const char *list, const char *code)
{
	for (size_t i = from; i < n; i++)
		if (strcmp(s->codes[i].list, list) == 0 &&
		    strcmp(s->codes[i].code, code) == 0)
			return &s->codes[i];
	return NULL;
}

/* Order and membership come from schema.json, the label maybe from a row. */
static enum saksi_err closed_load(struct schema *s, const char *list, const json_t *slugs,
    struct saksi_error *err)
{
	size_t rows = s->n_codes, from = first_row(s, rows, list);

	for (size_t i = 0; i < json_array_size(slugs); i++) {
		const char *slug = json_string_value(json_array_get(slugs, i));
		struct schema_code *row = label_row(s, from, rows, list, slug);
		if (row != NULL) {
			row->order = i;
			continue;
		}
		struct schema_code c = {.list = list,
		    .code = slug,
		    .order = i,
		    .label = slug_label(s, slug)};
		if (c.label == NULL)
			return saksi_fail_nomem(err);
		enum saksi_err e = code_add(s, &c, err);
		if (e != SAKSI_OK)
			return e;
	}
	return SAKSI_OK;
}

static enum saksi_err closed_check(const struct schema *s, struct saksi_error *err)
{
	const char *list;
	json_t *slugs;
	json_object_foreach (json_object_get(s->json, "lists"), list, slugs) {
		bool ok = json_is_array(slugs) && json_array_size(slugs) <= 1000 &&
		    !list_is_thesaurus(list) && strncmp(list, "x-", 2) != 0;
		for (size_t i = 0; ok && i < json_array_size(slugs); i++) {
			const char *slug = json_string_value(json_array_get(slugs, i));
			ok = slug != NULL && form_slug(slug);
		}
		if (!ok)
			return saksi_fail(err, SAKSI_EFORMAT,
			    "schema.json: lists: one is not "
			    "a named list of words; put the data file of this version back");
	}
	return SAKSI_OK;
}

static int cmp_order(const void *pa, const void *pb)
{
	const struct schema_code *a = pa, *b = pb;
	int c = strcmp(a->list, b->list);
	return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

static int cmp_code(const void *pa, const void *pb)
{
	const struct schema_code *const *a = pa, *const *b = pb;
	int c = strcmp((*a)->list, (*b)->list);
	return c != 0 ? c : strcmp((*a)->code, (*b)->code);
}

static enum saksi_err codes_sort(struct schema *s, struct saksi_error *err)
{
	s->by_code = calloc(s->n_codes ? s->n_codes : 1, sizeof(*s->by_code));
	if (s->by_code == NULL)
		return saksi_fail_nomem(err);
	if (s->n_codes == 0)
		return SAKSI_OK;
	qsort(s->codes, s->n_codes, sizeof(*s->codes), cmp_order);
	for (size_t i = 0; i < s->n_codes; i++)
		s->by_code[i] = &s->codes[i];
	qsort(s->by_code, s->n_codes, sizeof(*s->by_code), cmp_code);
	for (size_t i = 1; i < s->n_codes; i++)
		if (cmp_code(&s->by_code[i - 1], &s->by_code[i]) == 0)
			return saksi_fail(err, SAKSI_EFORMAT,
			    "thesauri.tsv: list %s has the "
			    "code %s twice; take one out",
			    s->by_code[i]->list, s->by_code[i]->code);
	return SAKSI_OK;
}

enum saksi_err codes_load(struct schema *s, const char *dir, struct saksi_error *err)
{
	enum saksi_err e = closed_check(s, err);
	if (e != SAKSI_OK)
		return e;
	char *path = fs_join(dir, "thesauri.tsv");
	if (path == NULL)
		return saksi_fail_nomem(err);
	e = fs_read_file(&s->tsv, path, SCHEMA_TSV_MAX, err);
	free(path);
	if (e != SAKSI_OK)
		return e;
	if (!utf8_valid(s->tsv.p, s->tsv.len))
		return saksi_fail(err, SAKSI_EFORMAT,
		    "thesauri.tsv: not UTF-8; put the data "
		    "file of this version back");
	(void)buf_cstr(&s->tsv);
	if ((e = buf_ok(&s->tsv, err)) != SAKSI_OK || (e = tsv_load(s, err)) != SAKSI_OK)
		return e;
	const char *list;
	json_t *slugs;
	json_object_foreach (json_object_get(s->json, "lists"), list, slugs) {
		e = closed_load(s, list, slugs, err);
		if (e != SAKSI_OK)
			return e;
	}
	return codes_sort(s, err);
}

/* ---- looking up ------------------------------------------------------------ */

const struct schema_code *code_find(const struct schema *s, const char *list,
    const char *code)
{
	struct schema_code k = {.list = list, .code = code};
	const struct schema_code *kp = &k;
	const struct schema_code **hit =
	    bsearch(&kp, s->by_code, s->n_codes, sizeof(*s->by_code), cmp_code);
	return hit != NULL ? *hit : NULL;
}

/*
 * An addition such as x-slapp is filed in its own list, x-act, and yet is an
 * act: a list also has the additions whose broader code is one of its codes.
 */
const struct schema_code *code_addition(const struct schema *s, const char *list,
    const char *code)
{
	if (!list_is_thesaurus(list) || !form_x_code(code))
		return NULL;
	for (size_t i = 0; i < s->n_codes; i++) {
		const struct schema_code *c = &s->codes[i];
		if (c->broader != NULL && strncmp(c->broader, list, 2) == 0 &&
		    strcmp(c->code, code) == 0)
			return c;
	}
	return NULL;
}

bool code_elsewhere(const struct schema *s, const char *code)
{
	for (size_t i = 0; i < s->n_codes; i++)
		if (strcmp(s->codes[i].code, code) == 0)
			return true;
	return false;
}

const char *schema_code_label(const struct schema *s, const char *list, const char *code)
{
	const struct schema_code *c = code_find(s, list, code);
	if (c == NULL)
		c = code_addition(s, list, code);
	return c != NULL ? c->label : NULL;
}

void schema_codes(const struct schema *s, const char *list,
    void (*fn)(void *ctx, const char *code, const char *label, const char *broader),
    void *ctx)
{
	for (size_t i = 0; i < s->n_codes; i++)
		if (strcmp(s->codes[i].list, list) == 0)
			fn(ctx, s->codes[i].code, s->codes[i].label, s->codes[i].broader);
}

/* json_pack() would take a broader code that it has no memory for as none. */
static json_t *code_json(const struct schema_code *c)
{
	json_t *o = json_object();

	if (json_object_set_new(o, "code", json_string(c->code)) == 0 &&
	    json_object_set_new(o, "label", json_string(c->label)) == 0 &&
	    (c->broader == NULL ||
		json_object_set_new(o, "broader", json_string(c->broader)) == 0))
		return o;
	json_decref(o);
	return NULL;
}

json_t *schema_codes_json(const struct schema *s)
{
	json_t *all = json_object();
	bool ok = all != NULL;

	for (size_t i = 0; ok && i < s->n_codes; i++) {
		const struct schema_code *c = &s->codes[i];
		json_t *list = json_object_get(all, c->list);

		if (list == NULL) {
			list = json_array();
			ok = json_object_set_new(all, c->list, list) == 0;
		}
		/* A list that could not be put in place is gone already. */
		ok = ok && json_array_append_new(list, code_json(c)) == 0;
	}
	if (ok)
		return all;
	json_decref(all);
	return NULL;
}
