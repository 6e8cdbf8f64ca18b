/*
 * schema.c - looking things up, faults, small tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/text.h>

#include "schema_internal.h"

static const char *const kind_names[] = {[FIELD_TEXT] = "text",
    [FIELD_NOTE] = "note",
    [FIELD_CODE] = "code",
    [FIELD_DATE] = "date",
    [FIELD_TIME] = "time",
    [FIELD_NAME] = "name",
    [FIELD_PLACE] = "place",
    [FIELD_NUMBER] = "number",
    [FIELD_MONEY] = "money",
    [FIELD_SANCTION] = "sanction",
    [FIELD_REF] = "ref",
    [FIELD_LANG] = "lang",
    [FIELD_COUNTRY] = "country",
    [FIELD_YESNO] = "yesno",
    [FIELD_INT] = "int",
    [FIELD_GROUP] = "group",
    [FIELD_SOURCE] = "source",
    [FIELD_ATTACHMENT] = "attachment"};

const char *field_kind_name(enum field_kind k)
{
	return (size_t)k < sizeof(kind_names) / sizeof(kind_names[0]) ? kind_names[k]
								      : "?";
}

char class_letter(enum saksi_class c)
{
	static const char letters[] = "?PRCS";
	return (size_t)c < sizeof(letters) - 1 ? letters[c] : '?';
}

enum saksi_class class_parse(const char *s)
{
	if (s == NULL || s[0] == '\0' || s[1] != '\0')
		return CLASS_NONE;
	switch (s[0]) {
	case 'P':
		return CLASS_P;
	case 'R':
		return CLASS_R;
	case 'C':
		return CLASS_C;
	case 'S':
		return CLASS_S;
	default:
		return CLASS_NONE;
	}
}

bool key_is_reserved(const char *key)
{
	static const char *const reserved[] = {"id", "type", "class", "ref", "rivals",
	    "v"};
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(reserved[i], key) == 0)
			return true;
	return false;
}

const struct schema_type *schema_types(const struct schema *s, size_t *n)
{
	*n = s->n_types;
	return s->types;
}

const struct schema_type *schema_type(const struct schema *s, const char *name)
{
	for (size_t i = 0; name != NULL && i < s->n_types; i++)
		if (strcmp(s->types[i].name, name) == 0)
			return &s->types[i];
	return NULL;
}

const struct schema_field *field_in(const struct schema_field *f, size_t n,
    const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].name, name) == 0)
			return &f[i];
	return NULL;
}

bool field_is_single_group(const struct schema_field *f)
{
	return f->kind == FIELD_GROUP && !f->many;
}

const struct schema_field *schema_field(const struct schema_type *t, const char *path)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct schema_field *f = &t->fields[i];
		size_t n = strlen(f->name);
		if (strncmp(f->name, path, n) != 0)
			continue;
		if (path[n] == '\0')
			return f;
		if (path[n] == '.' && field_is_single_group(f))
			return field_in(f->fields, f->n_fields, path + n + 1);
	}
	return NULL;
}

const char *json_str(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- faults -------------------------------------------------------------- */

/* Keys come from files: what is not plain ASCII is shown as a question mark. */
static void key_copy(char *out, size_t size, const char *key)
{
	size_t i = 0;
	for (; key[i] != '\0' && i + 1 < size; i++)
		out[i] = key[i] > ' ' && key[i] <= '~' ? key[i] : '?';
	out[i] = '\0';
}

/*
 * A hostile file can hold more faults than memory.  All errors are counted;
 * the first ones are kept, and warnings leave room for them.
 */
static struct schema_fault *faults_next(struct schema_faults *f, bool warning)
{
	struct schema_fault *list;

	if (f->n >= (warning ? SCHEMA_FAULTS_MAX / 2 : SCHEMA_FAULTS_MAX))
		return NULL;
	if ((list = list_room(f->list, f->n, &f->cap, sizeof(*list))) == NULL) {
		f->failed = true;
		return NULL;
	}
	f->list = list;
	return &f->list[f->n++];
}

static void SAKSI_PRINTF(5, 0) faults_addv(struct schema_faults *f, size_t line,
    bool warning, const char *key, const char *fmt, va_list ap)
{
	if (!warning)
		f->n_errors++;
	struct schema_fault *x = faults_next(f, warning);
	if (x == NULL)
		return;
	x->line = line;
	x->warning = warning;
	key_copy(x->key, sizeof(x->key), key);
	if (vsnprintf(x->words, sizeof(x->words), fmt, ap) < 0)
		x->words[0] = '\0';
}

void schema_faults_add(struct schema_faults *f, size_t line, bool warning,
    const char *key, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	faults_addv(f, line, warning, key, fmt, ap);
	va_end(ap);
}

void schema_faults_free(struct schema_faults *f)
{
	if (f == NULL)
		return;
	free(f->list);
	*f = (struct schema_faults){NULL, 0, 0, 0, false};
}

void schema_entries_free(struct schema_entries *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->n; i++)
		json_decref(e->list[i].value);
	free(e->list);
	*e = (struct schema_entries){NULL, 0, 0};
}

static void SAKSI_PRINTF(3, 0)
    fault_at(struct checker *c, bool warning, const char *fmt, va_list ap)
{
	char key[sizeof(((struct schema_fault *)NULL)->key) * 2];
	char words[sizeof(((struct schema_fault *)NULL)->words)];
	const char *path = c->field != NULL ? c->field->path : "";

	(void)snprintf(key, sizeof(key), "%s%s%s", path,
	    path[0] != '\0' && c->part != NULL ? "." : "",
	    c->part != NULL ? c->part : "");
	if (vsnprintf(words, sizeof(words), fmt, ap) < 0)
		words[0] = '\0';
	if (c->element != 0)
		schema_faults_add(c->faults, c->line, warning, key, "element %zu: %s",
		    c->element, words);
	else
		schema_faults_add(c->faults, c->line, warning, key, "%s", words);
}

void check_fault(struct checker *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fault_at(c, false, fmt, ap);
	va_end(ap);
}

void check_warn(struct checker *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fault_at(c, true, fmt, ap);
	va_end(ap);
}

json_t *check_keep(struct checker *c, json_t *v)
{
	if (v == NULL)
		c->nomem = true;
	return v;
}

void check_unknown(struct checker *c, const char *what, const char *key,
    const struct text_near *n)
{
	const char *part = c->part;
	c->part = key;
	if (n->best != NULL)
		check_fault(c, "not a field of %s; did you mean %s?", what, n->best);
	else
		check_fault(c, "not a field of %s; `saksi schema` lists the fields", what);
	c->part = part;
}
