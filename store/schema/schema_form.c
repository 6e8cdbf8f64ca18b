/*
 * schema_form.c - the forms of short strings: codes, countries, scripts,
 * language tags, times, sums.
 */
#include <stdio.h>
#include <string.h>

#include <saksi/base/fsio.h>

#include "schema_internal.h"

#define DIGIT "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static char to_upper(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static char to_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool form_slug(const char *s)
{
	size_t n = strlen(s);
	if (n == 0 || n > 64 || !lower_or_digit(s[0]) || !lower_or_digit(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++) {
		bool gap = s[i] == '-' || s[i] == ' ';
		if (!lower_or_digit(s[i]) && (!gap || !lower_or_digit(s[i + 1])))
			return false;
	}
	return true;
}

bool form_x_code(const char *s)
{
	return s[0] == 'x' && s[1] == '-' && form_slug(s) && strchr(s, ' ') == NULL;
}

bool form_list_code(const char *s)
{
	return strlen(s) == 15 && strspn(s, DIGIT) == 2 && s[2] == ':' &&
	    strspn(s + 3, DIGIT) == 12;
}

bool form_currency(const char *s)
{
	return strlen(s) == 3 && strspn(s, UPPER) == 3;
}

/* A plain decimal number: no sign, no separators, no leading zeros, no exponent. */
bool form_amount(const char *s)
{
	size_t whole = strspn(s, DIGIT);
	if (whole == 0 || (whole > 1 && s[0] == '0') || strlen(s) > 40)
		return false;
	if (s[whole] == '\0')
		return true;
	size_t part = strspn(s + whole + 1, DIGIT);
	return s[whole] == '.' && part != 0 && s[whole + 1 + part] == '\0';
}

bool form_subdivision(const char *s)
{
	size_t n = strlen(s);
	return n >= 4 && n <= 6 && strspn(s, UPPER) == 2 && s[2] == '-' &&
	    strspn(s + 3, UPPER DIGIT) == n - 3;
}

bool form_country(char out[3], const char *s)
{
	if (strlen(s) != 2 || !letter(s[0]) || !letter(s[1]))
		return false;
	out[0] = to_upper(s[0]);
	out[1] = to_upper(s[1]);
	out[2] = '\0';
	return true;
}

bool form_script(char out[5], const char *s)
{
	if (strlen(s) != 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (!letter(s[i]))
			return false;
		out[i] = i == 0 ? to_upper(s[i]) : to_lower(s[i]);
	}
	out[4] = '\0';
	return true;
}

/* ---- BCP 47 (RFC 5646 section 2.1, without the grandfathered tags) ------------- */

struct tag {
	char *at; /* next subtag, lower case, NUL after each */
	char *end;
};

static size_t subtag_len(const struct tag *t)
{
	return t->at < t->end ? strlen(t->at) : 0;
}

static bool subtag_is(const struct tag *t, size_t min, size_t max, const char *of)
{
	size_t n = subtag_len(t);
	return n >= min && n <= max && strspn(t->at, of) == n;
}

static void subtag_next(struct tag *t)
{
	t->at += strlen(t->at) + 1;
}

static bool subtag_is_variant(const struct tag *t)
{
	return subtag_is(t, 5, 8, LOWER DIGIT) ||
	    (subtag_is(t, 4, 4, LOWER DIGIT) && digit(t->at[0]));
}

/* A subtag that stands earlier in [from, upto): variants may not repeat. */
static bool subtag_repeats(const char *from, const char *upto)
{
	for (const char *p = from; p < upto; p += strlen(p) + 1)
		if (strcmp(p, upto) == 0)
			return true;
	return false;
}

static bool tag_variants(struct tag *t)
{
	const char *first = t->at;
	while (subtag_is_variant(t)) {
		if (subtag_repeats(first, t->at))
			return false;
		subtag_next(t);
	}
	return true;
}

/* Extensions (each letter once), then private use. */
static bool tag_tail(struct tag *t)
{
	bool seen[128] = {false};
	while (subtag_is(t, 1, 1, LOWER DIGIT)) {
		unsigned char single = (unsigned char)t->at[0];
		bool private = single == 'x';
		if (seen[single])
			return false;
		seen[single] = true;
		subtag_next(t);
		size_t n = 0;
		for (; subtag_is(t, private ? 1 : 2, 8, LOWER DIGIT); n++)
			subtag_next(t);
		if (n == 0 || (private && t->at < t->end))
			return false;
	}
	return t->at >= t->end;
}

static bool tag_check(struct tag *t, char **script, char **region)
{
	if (strcmp(t->at, "x") == 0)
		return tag_tail(t);
	if (!subtag_is(t, 2, 8, LOWER))
		return false;
	size_t language = subtag_len(t);
	subtag_next(t);
	for (int i = 0; i < 3 && language <= 3 && subtag_is(t, 3, 3, LOWER); i++)
		subtag_next(t);
	if (subtag_is(t, 4, 4, LOWER)) {
		*script = t->at;
		subtag_next(t);
	}
	if (subtag_is(t, 2, 2, LOWER) || subtag_is(t, 3, 3, DIGIT)) {
		*region = t->at;
		subtag_next(t);
	}
	return tag_variants(t) && tag_tail(t);
}

bool form_lang(char out[LANG_MAX], const char *s)
{
	size_t n = strlen(s);
	if (n < 2 || n >= LANG_MAX)
		return false;
	for (size_t i = 0; i <= n; i++)
		out[i] = (char)(s[i] == '-' ? '\0' : to_lower(s[i]));
	struct tag t = {out, out + n};
	char *script = NULL, *region = NULL;
	if (out[n - 1] == '\0' || !tag_check(&t, &script, &region))
		return false;
	if (script != NULL)
		script[0] = to_upper(script[0]);
	for (char *p = region; p != NULL && *p != '\0'; p++)
		*p = to_upper(*p);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(out[i] == '\0' ? '-' : out[i]);
	return true;
}

/* ---- RFC 3339 --------------------------------------------------------------- */

bool form_time(char out[TIME_MAX], const char *s)
{
	int64_t us;
	if (!time_parse(&us, s))
		return false;
	char text[24];
	time_text(text, us);
	int64_t part = us % 1000000;
	if (part == 0)
		return snprintf(out, TIME_MAX, "%s", text) < (int)TIME_MAX;
	/* The fraction goes in before the Z, without its closing zeros. */
	char frac[8];
	(void)snprintf(frac, sizeof(frac), "%06d",
	    (int)(part < 0 ? part + 1000000 : part));
	for (size_t i = 6; i > 0 && frac[i - 1] == '0'; i--)
		frac[i - 1] = '\0';
	return snprintf(out, TIME_MAX, "%.19s.%sZ", text, frac) < (int)TIME_MAX;
}
