/*
 * query_term.c - one term of a query: a word, a phrase, key:value, name~x.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "query_int.h"

/* Columns count characters from 1, as a person does. */
unsigned query_column(const struct parser *p, const char *at)
{
	unsigned n = 1;
	for (const char *s = p->text; s < at; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

enum saksi_err query_wrong(const struct parser *p, const char *at, const char *what)
{
	return saksi_fail(p->err, SAKSI_EINVAL, "query: column %u: %s",
	    query_column(p, at), what);
}

struct node *node_new(struct parser *p, enum node_kind kind)
{
	struct node *n = calloc(1, sizeof(*n));
	if (n == NULL)
		return NULL;
	n->kind = kind;
	n->all = p->q->all;
	p->q->all = n;
	return n;
}

/* ---- reading ------------------------------------------------------------ */

bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool ends_term(char c)
{
	return c == '\0' || c == '"' || c == '(' || c == ')' || is_space(c);
}

/* A value: what stands between quotes, or up to where a term ends. */
static enum saksi_err take_value(struct parser *p, const char **value, size_t *n,
    bool *quoted)
{
	*quoted = *p->p == '"';
	if (*quoted) {
		const char *end = strchr(p->p + 1, '"');
		if (end == NULL)
			return query_wrong(p, p->p, "expected a closing quote");
		*value = p->p + 1;
		*n = (size_t)(end - *value);
		p->p = end + 1;
		return SAKSI_OK;
	}
	*value = p->p;
	while (!ends_term(*p->p))
		p->p++;
	*n = (size_t)(p->p - *value);
	return SAKSI_OK;
}

/* ---- terms ----------------------------------------------------------------------- */

/* Fold the value into words; a star at its end opens the last one. */
static enum saksi_err take_words(struct parser *p, struct node *n, const char *value,
    size_t len, bool quoted)
{
	struct buf folded = BUF_INIT;
	if (!quoted && len > 1 && value[len - 1] == '*') {
		n->prefix = true;
		len--;
	}
	bool ok = fold_into(&folded, value, len) &&
	    words_add(&n->words, (const char *)folded.p, folded.len);
	buf_free(&folded);
	return ok ? SAKSI_OK : saksi_fail_nomem(p->err);
}

static enum saksi_err term_words(struct parser *p, struct node *n, const char *value,
    size_t len, bool quoted)
{
	enum saksi_err e = take_words(p, n, value, len, quoted);
	if (e == SAKSI_OK && n->words.n == 0)
		return query_wrong(p, value, "expected a word with letters or digits");
	p->q->texts = true;
	return e;
}

/* 2019, 2019-07, 2019..2021-05, 2019.., ..2021, or any EDTF. */
static bool days_parse(struct edtf *d, const char *value)
{
	char text[80];
	size_t n = strlen(value);
	if (n == 0 || n + 3 > sizeof(text))
		return false;
	bool range =
	    strstr(value, "..") != NULL && value[0] != '[' && strchr(value, '/') == NULL;
	text[0] = '[';
	memcpy(text + 1, value, n);
	text[n + 1] = ']';
	text[n + 2] = '\0';
	return edtf_parse(d, range ? text : value, NULL) == SAKSI_OK;
}

static enum saksi_err term_date(struct parser *p, struct node *n, const char *key,
    const char *at, const char *value)
{
	static const char *const expected =
	    "expected a date as 2019, 2019-07, 2019-07-09 or "
	    "2019..2021-05";
	struct edtf d;

	if (!days_parse(&d, value))
		return query_wrong(p, at, expected);
	n->dated = true;
	n->days = d;
	if (strcmp(key, "date") == 0)
		return SAKSI_OK;
	n->days.earliest = EDTF_DAY_MIN;
	n->days.latest = EDTF_DAY_MAX;
	if (strcmp(key, "before") == 0) {
		if (d.earliest == EDTF_DAY_MIN)
			return query_wrong(p, at, "expected a date with a beginning");
		n->days.latest = d.earliest - 1;
	} else {
		if (d.latest == EDTF_DAY_MAX)
			return query_wrong(p, at, "expected a date with an end");
		n->days.earliest = d.latest + 1;
	}
	return SAKSI_OK;
}

static enum saksi_err unknown_type(const struct parser *p, const char *at,
    const char *name)
{
	struct text_near near;
	size_t n;
	const struct schema_type *t = schema_types(p->q->s, &n);
	char words[200];
	text_near_begin(&near, name);
	for (size_t i = 0; i < n; i++)
		(void)text_near_try(&near, t[i].name);
	if (near.best == NULL)
		return query_wrong(p, at,
		    "expected a record type as person, act or decision");
	(void)snprintf(words, sizeof(words),
	    "no type of record has this name; did you mean %s?", near.best);
	return query_wrong(p, at, words);
}

static enum saksi_err term_type(struct parser *p, struct node *n, const char *at,
    const char *value)
{
	const struct schema_type *t = schema_type(p->q->s, value);
	if (t == NULL)
		return unknown_type(p, at, value);
	buf_add_str(&n->text, t->name);
	(void)buf_cstr(&n->text);
	return buf_ok(&n->text, p->err);
}

static enum saksi_err term_class(struct parser *p, struct node *n, const char *at,
    const char *value)
{
	char letter[2] = {value[0], '\0'};
	if (letter[0] >= 'a' && letter[0] <= 'z')
		letter[0] = (char)(letter[0] - 'a' + 'A');
	n->cls = value[0] != '\0' && value[1] == '\0' ? class_parse(letter) : CLASS_NONE;
	if (n->cls == CLASS_NONE)
		return query_wrong(p, at, "expected a class: P, R, C or S");
	return SAKSI_OK;
}

/* The id that a reference means; as written where nobody resolves. */
static bool resolve(const struct parser *p, char id[27], const char *value)
{
	bool found = p->res != NULL && p->res->fn != NULL &&
	    p->res->fn(p->res->ctx, value, "any", id);
	if (!found)
		id[0] = '\0';
	id[26] = '\0';
	return found;
}

static enum saksi_err term_ref(struct parser *p, struct node *n, const char *at,
    const char *value)
{
	bool found = resolve(p, n->id, value);
	if (!found && p->res != NULL && p->res->fn != NULL && !p->res->allow_dangling)
		return query_wrong(p, at,
		    "expected the id or reference of a record that is here");
	buf_add_str(&n->text, found ? n->id : value);
	(void)buf_cstr(&n->text);
	return buf_ok(&n->text, p->err);
}

static size_t letters(const char *folded)
{
	size_t n = 0;
	for (const char *s = folded; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80 && *s != ' ';
	return n;
}

static enum saksi_err term_name(struct parser *p, struct node *n, const char *at,
    const char *value)
{
	if (!fold_into(&n->text, value, strlen(value)))
		return saksi_fail_nomem(p->err);
	enum saksi_err e = text_skeleton(&n->skeleton, value, strlen(value), p->err);
	if (e != SAKSI_OK)
		return e;
	const char *folded = buf_cstr(&n->text);
	(void)buf_cstr(&n->skeleton);
	if (letters(folded) == 0)
		return query_wrong(p, at, "expected a name");
	n->near = letters(folded) <= 5 ? 1 : 2;
	if (!words_split(&n->words, folded))
		return saksi_fail_nomem(p->err);
	return buf_ok(&n->skeleton, p->err);
}

static enum saksi_err term_field(struct parser *p, struct node *n, const char *value,
    bool quoted)
{
	enum saksi_err e = take_words(p, n, value, strlen(value), quoted);
	if (e != SAKSI_OK)
		return e;
	(void)resolve(p, n->id, value);
	n->dated = days_parse(&n->days, value);
	buf_add_str(&n->text, value);
	(void)buf_cstr(&n->text);
	return buf_ok(&n->text, p->err);
}

/* ---- keys --------------------------------------------------------------------------- */

static const struct {
	const char *key;
	enum node_kind kind;
} keys[] = {{"type", NODE_TYPE}, {"class", NODE_CLASS}, {"date", NODE_DATE},
    {"before", NODE_DATE}, {"after", NODE_DATE}, {"ref", NODE_REF}};

static enum node_kind key_kind(const char *key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].kind;
	return NODE_FIELD;
}

bool field_has_name(const struct schema_field *f, const char *key)
{
	size_t n = strlen(key);
	return strcmp(f->name, key) == 0 || strcmp(f->path, key) == 0 ||
	    (strncmp(f->path, key, n) == 0 && f->path[n] == '.') ||
	    (f->kind == FIELD_NAME && strcmp(key, "name") == 0);
}

static bool field_exists(const struct schema *s, const char *key)
{
	size_t n_types;
	const struct schema_type *t = schema_types(s, &n_types);
	for (size_t i = 0; i < n_types; i++)
		for (size_t k = 0; k < t[i].n_fields; k++) {
			const struct schema_field *f = &t[i].fields[k];
			if (field_has_name(f, key))
				return true;
			for (size_t m = 0; m < f->n_fields; m++)
				if (field_has_name(&f->fields[m], key))
					return true;
		}
	return false;
}

static enum saksi_err unknown_key(const struct parser *p, const char *at, const char *key)
{
	struct text_near near;
	size_t n;
	const struct schema_type *t = schema_types(p->q->s, &n);
	char words[200];
	text_near_begin(&near, key);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		(void)text_near_try(&near, keys[i].key);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < t[i].n_fields; k++)
			(void)text_near_try(&near, t[i].fields[k].name);
	if (near.best == NULL)
		return query_wrong(p, at,
		    "no field has this name; put words that hold a colon in quotes");
	(void)snprintf(words, sizeof(words),
	    "no field has this name; did you mean %s:? (Words that hold a colon stand in "
	    "quotes.)",
	    near.best);
	return query_wrong(p, at, words);
}

/* "key:" or "name~" at the cursor; the key's length, 0 if there is none. */
static size_t key_length(const struct parser *p)
{
	size_t n = strspn(p->p, "abcdefghijklmnopqrstuvwxyz_.");
	return n != 0 && n < sizeof(((struct node *)NULL)->key) &&
		(p->p[n] == ':' || p->p[n] == '~')
	    ? n
	    : 0;
}

static enum saksi_err term_keyed_value(struct parser *p, struct node *n, const char *at,
    const char *value, bool quoted)
{
	switch (n->kind) {
	case NODE_TYPE:
		return term_type(p, n, at, value);
	case NODE_CLASS:
		return term_class(p, n, at, value);
	case NODE_DATE:
		return term_date(p, n, n->key, at, value);
	case NODE_REF:
		return term_ref(p, n, at, value);
	case NODE_NAME:
		return term_name(p, n, at, value);
	case NODE_FIELD:
	case NODE_ALL:
	case NODE_AND:
	case NODE_OR:
	case NODE_NOT:
	case NODE_WORDS:
		break;
	}
	return term_field(p, n, value, quoted);
}

static enum saksi_err parse_keyed(struct parser *p, struct node **out, size_t key_len)
{
	const char *at = p->p, *value = NULL;
	bool variants = at[key_len] == '~', quoted = false;
	size_t len = 0;
	struct buf copy = BUF_INIT;

	struct node *n = node_new(p, NODE_FIELD);
	if (n == NULL)
		return saksi_fail_nomem(p->err);
	memcpy(n->key, at, key_len);
	n->kind = variants ? NODE_NAME : key_kind(n->key);
	if (variants && strcmp(n->key, "name") != 0)
		return query_wrong(p, at,
		    "expected name~ before a name; nothing else has variants");
	if (n->kind == NODE_FIELD && !field_exists(p->q->s, n->key))
		return unknown_key(p, at, n->key);
	p->p += key_len + 1;
	at = p->p;
	enum saksi_err e = take_value(p, &value, &len, &quoted);
	if (e != SAKSI_OK)
		return e;
	if (len == 0)
		return query_wrong(p, at, "expected a value right after the key");
	buf_add(&copy, value, len);
	const char *text = buf_cstr(&copy);
	e = buf_ok(&copy, p->err);
	if (e == SAKSI_OK)
		e = term_keyed_value(p, n, at, text, quoted);
	buf_free(&copy);
	*out = n;
	return e;
}

enum saksi_err parse_term(struct parser *p, struct node **out)
{
	size_t key_len = key_length(p), len = 0;
	const char *value = NULL;
	bool quoted = false;

	if (key_len != 0)
		return parse_keyed(p, out, key_len);
	struct node *n = node_new(p, NODE_WORDS);
	if (n == NULL)
		return saksi_fail_nomem(p->err);
	*out = n;
	enum saksi_err e = take_value(p, &value, &len, &quoted);
	return e == SAKSI_OK ? term_words(p, n, value, len, quoted) : e;
}
