/*
 * schema_parse.c - values typed on the command line.
 *
 * Each kind turns its text into the JSON that the interchange form would
 * hold, which is then checked like any other; so there is one judge.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/mpjson.h>
#include <saksi/base/text.h>

#include "schema_internal.h"

/* An object that takes strings of a given length; NULL-safe, notes lack of memory. */
static void set_text(struct checker *c, json_t *o, const char *key, const char *s,
    size_t n)
{
	if (json_object_set_new(o, key, json_stringn(s, n)) != 0)
		c->nomem = true;
}

static void set_value(struct checker *c, json_t *o, const char *key, json_t *v)
{
	if (v != NULL && json_object_set_new(o, key, v) != 0)
		c->nomem = true;
}

static json_t *text_json(struct checker *c, const char *s, size_t n)
{
	json_t *v = json_stringn(s, n);
	if (v == NULL)
		check_fault(c, "not well-formed UTF-8; write it again");
	return v;
}

/* ---- numbers and sums --------------------------------------------------------------- */

/* "4,000,000.50" or "4000000.50" at the start of ${s}, without separators; its length. */
static size_t digits_take(const char *s, char out[48])
{
	size_t n = 0, i = strspn(s, "0123456789");
	if (i == 0 || i > 40)
		return 0;
	bool grouped = i <= 3 && s[i] == ',';
	memcpy(out, s, i);
	n = i;
	while (grouped && s[i] == ',' && strspn(s + i + 1, "0123456789") == 3 && n < 36) {
		memcpy(out + n, s + i + 1, 3);
		n += 3;
		i += 4;
	}
	size_t part = s[i] == '.' ? strspn(s + i + 1, "0123456789") : 0;
	if (part != 0 && n + part < 40) {
		memcpy(out + n, s + i, part + 1);
		n += part + 1;
		i += part + 1;
	}
	out[n] = '\0';
	return i;
}

/* A whole text that is one number. */
static json_t *number_json(const char *s)
{
	char digits[48];
	bool minus = s[0] == '-';
	size_t n = digits_take(s + minus, digits);
	if (n == 0 || s[minus + n] != '\0')
		return NULL;
	if (strchr(digits, '.') != NULL)
		return json_real(strtod(digits, NULL) * (minus ? -1 : 1));
	if (strlen(digits) > 18)
		return NULL;
	return json_integer(strtoll(digits, NULL, 10) * (minus ? -1 : 1));
}

/* "22", "at least 22" */
static json_t *quantity_json(struct checker *c, const char *s)
{
	const char *last = strrchr(s, ' ');
	json_t *n = number_json(last != NULL ? last + 1 : s);
	if (n == NULL) {
		check_fault(c, "not a number; write as 22, or at least 22");
		return NULL;
	}
	json_t *o = json_object();
	set_value(c, o, "value", n);
	if (last != NULL && last > s)
		set_text(c, o, "qualifier", s, (size_t)(last - s));
	return o;
}

/* "4000000 KHR", "KHR 4,000,000" */
static json_t *money_json(struct checker *c, const char *s)
{
	char digits[48];
	const char *currency = s, *amount = s;
	size_t used = digits_take(s, digits);

	if (used != 0) {
		currency = s + used + strspn(s + used, " ");
	} else if (strlen(s) > 4 && s[3] == ' ') {
		amount = s + 4;
		used = digits_take(amount, digits);
		if (amount[used] != '\0')
			used = 0;
	}
	if (used == 0) {
		check_fault(c, "not a sum; write as 4000000 KHR");
		return NULL;
	}
	json_t *o = json_object();
	set_text(c, o, "amount", digits, strlen(digits));
	set_text(c, o, "currency", currency, amount > s ? 3 : strlen(currency));
	return o;
}

/* ---- places --------------------------------------------------------------------------- */

/* "Phnom Penh, KH", "Koh Kong, KH-9", "KH", "Thai border" */
static json_t *place_json(struct checker *c, const char *s)
{
	const char *comma = strrchr(s, ',');
	const char *last = comma != NULL ? comma + 1 + strspn(comma + 1, " ") : s;
	size_t words = comma != NULL ? (size_t)(comma - s) : 0;
	bool country =
	    strlen(last) == 2 && strspn(last, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2;
	bool part = form_subdivision(last);
	json_t *o = json_object();

	if (!country && !part)
		words = strlen(s);
	else
		set_text(c, o, "country", last, 2);
	if (part)
		set_text(c, o, "subdivision", last, strlen(last));
	if (words != 0)
		set_text(c, o, "stated", s, words);
	return o;
}

/* ---- sanctions -------------------------------------------------------------------------- */

/* "18 months" as P18M; a duration as it is; NULL: neither. */
static json_t *term_json(const char *s, size_t n)
{
	static const char *const units[] = {"day", "week", "month", "year"};
	char text[64];
	if (n == 0 || n >= sizeof(text))
		return NULL;
	memcpy(text, s, n);
	text[n] = '\0';
	if (duration_valid(text))
		return json_string(text);
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits + strspn(text + digits, " ");
	for (size_t i = 0; digits != 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i]);
		if (strncmp(unit, units[i], len) == 0 &&
		    (unit[len] == '\0' || strcmp(unit + len, "s") == 0))
			return json_sprintf("P%.*s%c", (int)digits, text, "DWMY"[i]);
	}
	return NULL;
}

/* What follows the kind: a term, a range of terms, or a sum. */
static bool sanction_rest(struct checker *c, json_t *o, const char *s)
{
	const char *range = strstr(s, "..");
	if (range != NULL) {
		json_t *min = term_json(s, (size_t)(range - s));
		json_t *max = term_json(range + 2, strlen(range + 2));
		set_value(c, o, "term_min", min);
		set_value(c, o, "term_max", max);
		return (min != NULL || range == s) && (max != NULL || range[2] == '\0') &&
		    (min != NULL || max != NULL);
	}
	json_t *term = term_json(s, strlen(s));
	if (term != NULL) {
		set_value(c, o, "term", term);
		return true;
	}
	size_t errors = c->faults->n_errors, n = c->faults->n;
	json_t *money = money_json(c, s);
	if (money == NULL) { /* one fault is enough, and it is not about the sum alone */
		c->faults->n_errors = errors;
		c->faults->n = n;
	}
	set_value(c, o, "money", money);
	return money != NULL;
}

/* "imprisonment P18M", "imprisonment P1Y..P18M", "fine 4000000 KHR" */
static json_t *sanction_json(struct checker *c, const char *s)
{
	size_t kind = strcspn(s, " ");
	const char *rest = s + kind + strspn(s + kind, " ,");
	json_t *o = json_object();

	if (kind != 0 && s[kind - 1] == ',')
		kind--;
	set_text(c, o, "kind", s, kind);
	if (*rest == '\0' || sanction_rest(c, o, rest))
		return o;
	check_fault(c,
	    "neither a term nor a sum after the kind; write as imprisonment P18M, or "
	    "fine 4000000 KHR");
	json_decref(o);
	return NULL;
}

/* ---- codes by their label ------------------------------------------------------------------- */

struct label_search {
	struct checker *c;
	const char *want; /* folded */
	const char *found;
	size_t hits;
};

static void label_compare(void *ctx, const char *code, const char *label,
    const char *broader)
{
	struct label_search *l = ctx;
	struct buf folded = BUF_INIT;
	(void)broader;
	if (text_fold(&folded, label, strlen(label), NULL) != SAKSI_OK)
		l->c->nomem = true;
	if (strcmp(buf_cstr(&folded), l->want) == 0) {
		l->found = code;
		l->hits++;
	}
	buf_free(&folded);
}

/* A code is kept for the judge; a label becomes its code if just one has it. */
static json_t *code_json(struct checker *c, const char *list, const char *s)
{
	struct buf folded = BUF_INIT;
	struct label_search l = {.c = c};
	json_t *out = NULL;

	if (code_find(c->s, list, s) != NULL || form_list_code(s) || form_x_code(s))
		return text_json(c, s, strlen(s));
	if (list_is_thesaurus(list) && strlen(s) == 12 && strspn(s, "0123456789") == 12)
		return json_sprintf("%s:%s", list, s);
	if (text_fold(&folded, s, strlen(s), NULL) == SAKSI_OK) {
		l.want = buf_cstr(&folded);
		schema_codes(c->s, list, label_compare, &l);
	}
	if (l.hits == 1)
		out = json_string(l.found);
	else if (l.hits > 1)
		check_fault(c, "%zu codes have this label; write the code", l.hits);
	else
		out = text_json(c, s, strlen(s));
	buf_free(&folded);
	return out;
}

/* ---- the rest ------------------------------------------------------------------------------------ */

/* "ITEM" or "ITEM, lines 3-5" */
static json_t *source_json(struct checker *c, const char *s)
{
	size_t item = strcspn(s, ", ");
	const char *locator = s + item + strspn(s + item, ", ");
	json_t *o = json_object();

	set_text(c, o, "item", s, item);
	if (*locator != '\0')
		set_text(c, o, "locator", locator, strlen(locator));
	return o;
}

static json_t *int_json(struct checker *c, const char *s)
{
	json_t *n = number_json(s);
	if (n == NULL)
		check_fault(c, "not a whole number; write one");
	return n;
}

static json_t *yesno_json(struct checker *c, const char *s)
{
	if (strcmp(s, "true") == 0)
		return json_true();
	if (strcmp(s, "false") == 0)
		return json_false();
	return text_json(c, s, strlen(s));
}

static json_t *kind_json(struct checker *c, const struct schema_field *f, const char *s)
{
	switch (f->kind) {
	case FIELD_CODE:
		return code_json(c, f->list, s);
	case FIELD_PLACE:
		return place_json(c, s);
	case FIELD_NUMBER:
		return quantity_json(c, s);
	case FIELD_MONEY:
		return money_json(c, s);
	case FIELD_SANCTION:
		return sanction_json(c, s);
	case FIELD_SOURCE:
		return source_json(c, s);
	case FIELD_INT:
		return int_json(c, s);
	case FIELD_YESNO:
		return yesno_json(c, s);
	case FIELD_GROUP:
		check_fault(c,
		    f->many ? "a group; write it as JSON, {\"%s\": ...}"
			    : "a group; set its fields one by one, as with %s",
		    f->many ? f->fields[0].name : f->fields[0].path);
		return NULL;
	case FIELD_ATTACHMENT:
		check_fault(c, "made by attach, never by hand; attach the file");
		return NULL;
	case FIELD_TEXT:
	case FIELD_NOTE:
	case FIELD_DATE:
	case FIELD_TIME:
	case FIELD_NAME:
	case FIELD_REF:
	case FIELD_LANG:
	case FIELD_COUNTRY:
		return text_json(c, s, strlen(s));
	}
	return NULL;
}

/* An EDTF set begins with a bracket too: [2019-07-01..2019-07-31] */
static bool looks_like_json(const struct schema_field *f, const char *s)
{
	return s[0] == '{' || s[0] == '"' ||
	    (s[0] == '[' && (f->many || f->kind != FIELD_DATE));
}

static enum saksi_err text_value(json_t **out, struct checker *c,
    const struct schema_field *f, const char *text, struct saksi_error *err)
{
	if (!utf8_valid(text, strlen(text))) {
		check_fault(c, "not well-formed UTF-8; write it again");
		return SAKSI_OK;
	}
	if (!looks_like_json(f, text)) {
		*out = kind_json(c, f, text);
		return SAKSI_OK;
	}
	enum saksi_err e = json_parse_line(out, text, strlen(text), f->path, err);
	if (e != SAKSI_EFORMAT)
		return e;
	check_fault(c,
	    "begins like JSON and is not; correct it, or write the text in quotes as "
	    "\"...\"");
	return SAKSI_OK;
}

enum saksi_err schema_parse_text(json_t **out, const struct schema *s,
    const struct schema_field *f, const char *text, const struct schema_resolver *res,
    struct schema_faults *faults, struct saksi_error *err)
{
	struct checker c = {.s = s, .res = res, .faults = faults, .field = f};
	size_t errors = faults->n_errors;
	json_t *v = NULL;

	*out = NULL;
	enum saksi_err e = text_value(&v, &c, f, text, err);
	if (e == SAKSI_OK && v != NULL && faults->n_errors == errors && !c.nomem) {
		if (f->many && json_is_array(v))
			*out = check_list(&c, f, v);
		else if (field_is_single_group(f))
			check_fault(&c,
			    "a group is no value; set its fields one by one, as %s",
			    f->fields[0].path);
		else
			*out = check_entry(&c, f, v);
	}
	json_decref(v);
	if (e == SAKSI_OK && (c.nomem || faults->failed))
		e = saksi_fail_nomem(err);
	if (e == SAKSI_OK && *out == NULL && faults->n_errors == errors)
		e = saksi_fail_nomem(err); /* no value and nothing wrong with it */
	if (e != SAKSI_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return e;
}
