/*
 * schema_scalar.c - checking of values that are one string or number.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/text.h>

#include "schema_internal.h"

/* The string of ${v}, or NULL after a fault: not text, empty, too long, a NUL in it. */
static const char *string_in(struct checker *c, const json_t *v, size_t max)
{
	const char *s = json_string_value(v);
	if (s == NULL) {
		check_fault(c, "%s; write a text in quotes",
		    json_is_null(v) ? "null says nothing" : "not a text");
		return NULL;
	}
	size_t n = json_string_length(v);
	if (n == 0)
		check_fault(c, "empty; leave the key out");
	else if (n > max)
		check_fault(c, "longer than %zu bytes; attach it as a file", max);
	else if (strlen(s) != n)
		check_fault(c, "holds a NUL character; take it out");
	else
		return s;
	return NULL;
}

enum chars { CHARS_ASCII, CHARS_WIDE, CHARS_CR, CHARS_BAD };

/* Control characters (C0, DEL, C1) do nothing good in a record. */
static enum chars chars_look(const char *s, bool note)
{
	enum chars found = CHARS_ASCII;
	for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++) {
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;
		if (note && p[0] == '\r' && p[1] == '\n')
			found = CHARS_CR;
		else if (c1 || *p == 0x7f ||
		    (*p < 0x20 && !(note && (*p == '\n' || *p == '\t'))))
			return CHARS_BAD;
		else if (*p >= 0x80 && found == CHARS_ASCII)
			found = CHARS_WIDE;
	}
	return found;
}

/* NFC, and LF for CR LF. */
static json_t *text_normal(struct checker *c, const char *s)
{
	struct buf b = BUF_INIT, nfc = BUF_INIT;
	struct saksi_error err;
	json_t *out = NULL;

	for (const char *p = s; *p != '\0'; p++)
		if (!(p[0] == '\r' && p[1] == '\n'))
			buf_add_byte(&b, (uint8_t)*p);
	enum saksi_err e = buf_ok(&b, &err);
	if (e == SAKSI_OK)
		e = text_nfc(&nfc, (const char *)b.p, b.len, &err);
	if (e == SAKSI_OK)
		e = buf_ok(&nfc, &err);
	if (e == SAKSI_OK)
		out = check_keep(c, json_stringn((const char *)nfc.p, nfc.len));
	else if (e == SAKSI_ENOMEM)
		c->nomem = true;
	else
		check_fault(c, "not well-formed Unicode; write it again");
	buf_free(&b);
	buf_free(&nfc);
	return out;
}

json_t *check_text(struct checker *c, const json_t *v, bool note)
{
	const char *s = string_in(c, v, note ? NOTE_MAX : TEXT_MAX);
	if (s == NULL)
		return NULL;
	switch (chars_look(s, note)) {
	case CHARS_ASCII:
		return check_keep(c, json_string(s));
	case CHARS_BAD:
		check_fault(c,
		    note ? "holds a control character; take it out"
			 : "holds a control character or several lines; write one line");
		return NULL;
	case CHARS_WIDE:
	case CHARS_CR:
		break;
	}
	return text_normal(c, s);
}

/* ---- codes ---------------------------------------------------------------- */

/* Codes and labels alike: a label can be typed for its code. */
static const char *code_nearest(const struct schema *s, const char *list, const char *word)
{
	struct text_near n;
	text_near_begin(&n, word);
	for (size_t i = 0; i < s->n_codes; i++) {
		if (strcmp(s->codes[i].list, list) != 0)
			continue;
		(void)text_near_try(&n, s->codes[i].code);
		(void)text_near_try(&n, s->codes[i].label);
	}
	return n.best;
}

static bool not_in_list(struct checker *c, const char *list, const char *code)
{
	const char *near = code_nearest(c->s, list, code);
	if (near != NULL)
		check_fault(c, "not in the list %s; did you mean \"%s\"?", list, near);
	else
		check_fault(c,
		    "not in the list %s; `saksi schema --codes %s` shows its codes and "
		    "labels, and x-name is one of your own",
		    list, list);
	return false;
}

/* Why a code that is not shipped in ${list} cannot stand there; says so itself. */
static bool code_allowed(struct checker *c, const char *list, const char *code)
{
	if (form_x_code(code)) {
		if (code_addition(c->s, list, code) != NULL)
			return true;
		if (code_elsewhere(c->s, code)) {
			check_fault(c,
			    "a code of another list than %s; choose one of that list",
			    list);
			return false;
		}
		check_warn(c,
		    "a code that list %s as shipped does not have; kept as it is", list);
		return true;
	}
	if (list_is_closed(c->s, list) || !form_list_code(code) ||
	    !list_is_thesaurus(list))
		return not_in_list(c, list, code);
	if (strncmp(code, list, 2) != 0) {
		check_fault(c, "a code of another list than %s; choose one of that list",
		    list);
		return false;
	}
	check_warn(c, "a code that list %s as shipped does not have; kept as it is", list);
	return true;
}

json_t *check_code(struct checker *c, const json_t *v, const char *list)
{
	const char *code = string_in(c, v, 128);
	if (code == NULL)
		return NULL;
	if (code_find(c->s, list, code) == NULL && !code_allowed(c, list, code))
		return NULL;
	return check_keep(c, json_string(code));
}

/* ---- references -------------------------------------------------------------- */

json_t *check_ref(struct checker *c, const json_t *v, const char *to)
{
	const char *what = strcmp(to, "any") == 0 ? "record"
	    : strcmp(to, "party") == 0		  ? "person or organisation"
						  : to;
	char id[27];
	char words[SCHEMA_WORDS] = "";

	if (string_in(c, v, REF_MAX) == NULL)
		return NULL;
	json_t *text = check_text(c, v, false);
	if (text == NULL || c->res == NULL || c->res->fn == NULL)
		return text;
	if (c->res->fn(c->res->ctx, json_string_value(text), to, id)) {
		json_decref(text);
		id[sizeof(id) - 1] = '\0';
		return check_keep(c, json_string(id));
	}
	if (c->res->allow_dangling)
		return text;
	if (c->res->why != NULL)
		c->res->why(c->res->ctx, json_string_value(text), to, words);
	json_decref(text);
	if (words[0] != '\0')
		check_fault(c, "%s", words);
	else
		check_fault(c,
		    "no %s with this id or reference is known; add it, or allow dangling "
		    "references",
		    what);
	return NULL;
}

/* ---- numbers ----------------------------------------------------------------- */

/* One shape for each number: 5.0 is 5, and there is one zero. */
static json_t *number_normal(struct checker *c, const json_t *v)
{
	double d = json_real_value(v);
	if (json_is_integer(v))
		return check_keep(c, json_integer(json_integer_value(v)));
	if (!isfinite(d)) {
		check_fault(c, "not a finite number; write one");
		return NULL;
	}
	if (fabs(d) < 9007199254740992.0 && floor(d) >= d)
		return check_keep(c, json_integer((json_int_t)d));
	return check_keep(c, json_real(d));
}

json_t *check_number(struct checker *c, const json_t *v)
{
	if (!json_is_number(v)) {
		check_fault(c, "not a number; write it without quotes");
		return NULL;
	}
	return number_normal(c, v);
}

json_t *check_int(struct checker *c, const json_t *v)
{
	json_t *n = check_number(c, v);
	if (n != NULL && !json_is_integer(n)) {
		check_fault(c, "not a whole number; write one");
		json_decref(n);
		return NULL;
	}
	return n;
}

static json_t *check_degrees(struct checker *c, const json_t *v, double max)
{
	json_t *n = check_number(c, v);
	if (n != NULL && fabs(json_number_value(n)) > max) {
		check_fault(c, "beyond %d degrees; write decimal degrees", (int)max);
		json_decref(n);
		return NULL;
	}
	return n;
}

/* ---- strings of a given form ----------------------------------------------------- */

json_t *check_yesno(struct checker *c, const json_t *v)
{
	const char *s = json_string_value(v);
	if (json_is_boolean(v))
		s = json_is_true(v) ? "yes" : "no";
	if (s == NULL ||
	    (strcmp(s, "yes") != 0 && strcmp(s, "no") != 0 && strcmp(s, "unknown") != 0)) {
		check_fault(c, "neither yes, no nor unknown; write one of these");
		return NULL;
	}
	return check_keep(c, json_string(s));
}

/* UTC; somewhere it is tomorrow already. */
static int64_t today(void)
{
	return clock_now_us() / 1000000 / 86400;
}

json_t *check_edtf(struct checker *c, const json_t *v)
{
	char why[EDTF_WHY];
	struct edtf d;
	const char *s = string_in(c, v, 64);
	if (s == NULL)
		return NULL;
	if (edtf_explain(why, sizeof(why), s)) {
		check_fault(c, "%s", why);
		return NULL;
	}
	if (edtf_parse(&d, s, NULL) == SAKSI_OK && d.earliest != EDTF_DAY_MIN &&
	    d.earliest > today() + 1 && (c->field == NULL || !c->field->future))
		check_warn(c, "lies in the future; correct it if that is a slip");
	return check_keep(c, json_string(s));
}

json_t *check_lang(struct checker *c, const json_t *v)
{
	char tag[LANG_MAX];
	const char *s = string_in(c, v, LANG_MAX - 1);
	if (s == NULL)
		return NULL;
	if (!form_lang(tag, s)) {
		check_fault(c, "not a language tag; write one as en, km or km-Latn");
		return NULL;
	}
	return check_keep(c, json_string(tag));
}

json_t *check_country(struct checker *c, const json_t *v)
{
	char country[3];
	const char *s = string_in(c, v, 64);
	if (s == NULL)
		return NULL;
	if (!form_country(country, s)) {
		check_fault(c, "not a country code; write two letters as KH");
		return NULL;
	}
	if (!text_is_country(country))
		check_warn(c, "no country has this code in ISO 3166-1; kept as it is");
	return check_keep(c, json_string(country));
}

json_t *check_time(struct checker *c, const json_t *v)
{
	char text[TIME_MAX];
	const char *s = string_in(c, v, 64);
	if (s == NULL)
		return NULL;
	if (!form_time(text, s)) {
		check_fault(c, "not a time in UTC; write one as 2021-05-31T08:15:00Z");
		return NULL;
	}
	return check_keep(c, json_string(text));
}

static json_t *check_script(struct checker *c, const json_t *v)
{
	char script[5];
	const char *s = string_in(c, v, 64);
	if (s == NULL)
		return NULL;
	if (!form_script(script, s)) {
		check_fault(c, "not a script code; write four letters as Latn or Khmr");
		return NULL;
	}
	return check_keep(c, json_string(script));
}

/* A whole number may come as a JSON number; a fraction would lose digits. */
static json_t *check_amount(struct checker *c, const json_t *v)
{
	if (json_is_integer(v) && json_integer_value(v) >= 0)
		return check_keep(c,
		    json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(v)));
	const char *s = json_string_value(v);
	if (s == NULL || strlen(s) != json_string_length(v) || !form_amount(s)) {
		check_fault(c,
		    "not an amount; write digits in quotes as \"4000000\" or \"12.50\"");
		return NULL;
	}
	return check_keep(c, json_string(s));
}

static json_t *check_form(struct checker *c, const json_t *v, bool (*form)(const char *),
    const char *write)
{
	const char *s = string_in(c, v, 64);
	if (s == NULL)
		return NULL;
	if (!form(s)) {
		check_fault(c, "not in its form; write %s", write);
		return NULL;
	}
	return check_keep(c, json_string(s));
}

/* Of the parts of countries there is no list at hand; of the countries there is. */
static json_t *check_subdivision(struct checker *c, const json_t *v)
{
	json_t *part = check_form(c, v, form_subdivision, "a country's part as KH-12");
	char country[3] = "";
	if (part == NULL)
		return NULL;
	memcpy(country, json_string_value(part), 2);
	if (!text_is_country(country))
		check_warn(c, "no country has this code in ISO 3166-1; kept as it is");
	return part;
}

static bool suspended_valid(const char *s)
{
	return strcmp(s, "all") == 0 || strcmp(s, "remainder") == 0 || duration_valid(s);
}

static bool word_in(const char *words, const char *s)
{
	size_t n = strlen(s);
	for (const char *p = words; n != 0 && p != NULL; p = strchr(p, ' ')) {
		p += *p == ' ';
		if (strncmp(p, s, n) == 0 && (p[n] == ' ' || p[n] == '\0'))
			return true;
	}
	return false;
}

static json_t *check_word(struct checker *c, const json_t *v, const char *words)
{
	const char *s = json_string_value(v);
	if (s == NULL || strchr(s, ' ') != NULL || !word_in(words, s)) {
		check_fault(c, "none of: %s; write one of these", words);
		return NULL;
	}
	return check_keep(c, json_string(s));
}

static json_t *check_true(struct checker *c, const json_t *v)
{
	json_t *yesno = check_yesno(c, v);
	if (yesno == NULL)
		return NULL;
	const char *s = json_string_value(yesno);
	json_t *out =
	    strcmp(s, "unknown") == 0 ? NULL : json_boolean(strcmp(s, "yes") == 0);
	if (out == NULL)
		check_fault(c, "neither true nor false; write one, or leave it out");
	json_decref(yesno);
	return out;
}

json_t *check_part(struct checker *c, const struct part *p, const json_t *v)
{
	switch (p->kind) {
	case PART_TEXT:
		return check_text(c, v, false);
	case PART_NOTE:
		return check_text(c, v, true);
	case PART_CODE:
		return check_code(c, v, p->arg);
	case PART_WORD:
		return check_word(c, v, p->arg);
	case PART_EDTF:
		return check_edtf(c, v);
	case PART_SCRIPT:
		return check_script(c, v);
	case PART_LANG:
		return check_lang(c, v);
	case PART_COUNTRY:
		return check_country(c, v);
	case PART_SUBDIVISION:
		return check_subdivision(c, v);
	case PART_NUMBER:
		return check_number(c, v);
	case PART_LATITUDE:
		return check_degrees(c, v, 90);
	case PART_LONGITUDE:
		return check_degrees(c, v, 180);
	case PART_AMOUNT:
		return check_amount(c, v);
	case PART_CURRENCY:
		return check_form(c, v, form_currency, "three letters as KHR or USD");
	case PART_TERM:
		return check_form(c, v, duration_valid,
		    "a duration as P18M, P2Y, P10D, or LIFE");
	case PART_SUSPENDED:
		return check_form(c, v, suspended_valid,
		    "a duration as P18M, or all, or remainder");
	case PART_MONEY:
		return check_money(c, v);
	case PART_YES:
		return check_true(c, v);
	case PART_REF:
		return check_ref(c, v, p->arg);
	case PART_SOURCES:
		return check_sources(c, v);
	case PART_VALUE:
		return check_value(c, c->field, v);
	}
	return NULL;
}
