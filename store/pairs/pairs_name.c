/* pairs_name.c - how alike two lists of names are (records.md, section 5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "pairs_int.h"

/* Shorter names differ by a letter and are other names: Ly, Ny. */
#define NEAR1_LETTERS 5u
#define NEAR2_LETTERS 8u
#define SOUND_LETTERS 3u /* consonants in the skeleton */
#define LOOSE_LETTERS 6u
#define PART_LETTERS 4u
#define WORDS_MAX 16u

static size_t letters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s != ' ' && ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Doubled letters tell nothing: Chhun, Chuun. */
void pair_squeeze(char *s)
{
	char *out = s;

	for (const char *p = s; *p != '\0'; p++)
		if (out == s || (unsigned char)*p >= 0x80 || *p != out[-1])
			*out++ = *p;
	*out = '\0';
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

static size_t split(char *s, char *words[WORDS_MAX])
{
	size_t n = 0;

	while (n < WORDS_MAX) {
		char *end = strchr(s, ' ');

		words[n++] = s;
		if (end == NULL || n == WORDS_MAX)
			break;
		*end = '\0';
		s = end + 1;
	}
	return n;
}

/* NULL: no memory. */
static char *sort_words(const char *s, size_t *n)
{
	char *words[WORDS_MAX];
	char *copy = strdup(s);
	char *out = malloc(strlen(s) + 1);
	char *at = out;
	size_t size;

	if (copy == NULL || out == NULL) {
		pair_forget(copy);
		free(out);
		return NULL;
	}
	size = strlen(copy);
	*n = split(copy, words);
	qsort(words, *n, sizeof(words[0]), by_text);
	for (size_t i = 0; i < *n; i++) {
		size_t len = strlen(words[i]);

		if (i > 0)
			*at++ = ' ';
		memcpy(at, words[i], len);
		at += len;
	}
	*at = '\0';
	wipe(copy, size); /* it has ends in it */
	free(copy);
	return out;
}

/* ---- reading ------------------------------------------------------------------------ */

static char *taken(struct buf *b)
{
	char *s = b->failed ? NULL : strdup(buf_cstr(b));

	buf_free(b);
	return s;
}

static enum saksi_err read_name(struct pair_name *n, const char *text,
    struct saksi_error *err)
{
	struct buf folded = BUF_INIT, bones = BUF_INIT, bones2 = BUF_INIT;
	enum saksi_err rc = text_fold(&folded, text, strlen(text), err);

	if (rc == SAKSI_OK)
		rc = text_skeleton(&bones, text, strlen(text), err);
	if (rc == SAKSI_OK)
		rc = text_skeleton(&bones2, (const char *)folded.p, folded.len, err);
	if (rc != SAKSI_OK) {
		buf_free(&folded);
		buf_free(&bones);
		buf_free(&bones2);
		return rc;
	}
	n->text = strdup(text);
	n->squeezed = taken(&folded);
	n->skeleton = taken(&bones);
	n->skeleton2 = taken(&bones2);
	if (n->text == NULL || n->squeezed == NULL || n->skeleton == NULL ||
	    n->skeleton2 == NULL)
		return saksi_fail_nomem(err);
	n->size = strlen(n->squeezed);
	n->letters = letters(n->squeezed);
	if (!n->acronym) /* CP is not CPP */
		pair_squeeze(n->squeezed);
	if ((n->sorted = sort_words(n->squeezed, &n->words)) == NULL)
		return saksi_fail_nomem(err);
	return SAKSI_OK;
}

/* An acronym in parentheses behind a name: "... for Human Rights (FIDH)". */
static bool acronym_in(const char *text, char *out, size_t size)
{
	size_t n = strlen(text);
	const char *open;

	if (n < 4 || text[n - 1] != ')' || (open = strrchr(text, '(')) == NULL ||
	    open == text)
		return false;
	n = (size_t)(text + n - 1 - (open + 1));
	if (n < 2 || n >= size || memchr(open + 1, ' ', n) != NULL)
		return false;
	memcpy(out, open + 1, n);
	out[n] = '\0';
	return true;
}

static enum saksi_err add_name(struct pair_names *out, const char *text, const char *kind,
    struct saksi_error *err)
{
	struct pair_name *n;

	if (out->n == PAIR_NAMES_MAX)
		return SAKSI_OK;
	n = &out->list[out->n++];
	n->alias = kind != NULL && strcmp(kind, "alias") == 0;
	n->acronym = kind != NULL && strcmp(kind, "acronym") == 0;
	return read_name(n, text, err);
}

void *pair_list_fit(void *list, size_t n, size_t size)
{
	void *fit = malloc((n > 0 ? n : 1) * size);

	if (fit == NULL)
		return NULL;
	memcpy(fit, list, n * size);
	wipe(list, n * size);
	free(list);
	return fit;
}

enum saksi_err pair_names_read(struct pair_names *out, const json_t *record,
    struct saksi_error *err)
{
	struct pair_name *fit;
	const json_t *names = json_object_get(record, "names");
	char acronym[40];
	size_t i;
	const json_t *e;
	enum saksi_err rc = SAKSI_OK;

	out->n = 0;
	out->list = calloc(PAIR_NAMES_MAX, sizeof(*out->list));
	if (out->list == NULL)
		return saksi_fail_nomem(err);
	json_array_foreach (names, i, e) {
		const json_t *plain = value_plain(e);
		const char *text = json_is_string(plain)
		    ? json_string_value(plain)
		    : json_string_value(json_object_get(plain, "text"));

		if (text == NULL || rc != SAKSI_OK)
			continue;
		rc = add_name(out, text,
		    json_string_value(json_object_get(plain, "kind")), err);
		if (rc == SAKSI_OK && acronym_in(text, acronym, sizeof(acronym)))
			rc = add_name(out, acronym, "acronym", err);
	}
	if (rc != SAKSI_OK)
		pair_names_free(out);
	else if ((fit = pair_list_fit(out->list, out->n, sizeof(*fit))) != NULL)
		out->list = fit;
	return rc;
}

void pair_names_free(struct pair_names *n)
{
	for (size_t i = 0; n->list != NULL && i < n->n; i++) {
		pair_forget(n->list[i].text);
		if (n->list[i].squeezed != NULL) /* it was longer */
			wipe(n->list[i].squeezed, n->list[i].size);
		free(n->list[i].squeezed);
		pair_forget(n->list[i].sorted);
		pair_forget(n->list[i].skeleton);
		pair_forget(n->list[i].skeleton2);
	}
	free(n->list);
	memset(n, 0, sizeof(*n));
}

/* ---- comparing ----------------------------------------------------------------------- */

static bool same_sound(const struct pair_name *a, const struct pair_name *b)
{
	const char *as[] = {a->skeleton, a->skeleton2};
	const char *bs[] = {b->skeleton, b->skeleton2};

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 2; k++)
			if (letters(as[i]) >= SOUND_LETTERS && strcmp(as[i], bs[k]) == 0)
				return true;
	return false;
}

static unsigned edits(const struct pair_name *a, const struct pair_name *b)
{
	unsigned d = text_distance(a->squeezed, b->squeezed, 2);
	unsigned e = d > 0 ? text_distance(a->sorted, b->sorted, 2) : 0;

	return d < e ? d : e;
}

static bool is_part(const struct pair_name *a, const struct pair_name *b)
{
	char *words[WORDS_MAX];
	char *copy;
	char all[256];
	size_t n, size;
	bool in = a->words < b->words && a->letters >= PART_LETTERS;

	if (!in || (size_t)snprintf(all, sizeof(all), " %s ", b->squeezed) >= sizeof(all))
		return false;
	if ((copy = strdup(a->squeezed)) == NULL)
		return false;
	size = strlen(copy);
	n = split(copy, words);
	for (size_t i = 0; i < n && in; i++) {
		char word[sizeof(all)];

		(void)snprintf(word, sizeof(word), " %.200s ", words[i]);
		in = strstr(all, word) != NULL;
	}
	wipe(copy, size);
	free(copy);
	return in;
}

static enum name_rank rank_of(const struct pair_name *a, const struct pair_name *b,
    bool sound)
{
	size_t least = a->letters < b->letters ? a->letters : b->letters;
	unsigned d;

	if (strcmp(a->squeezed, b->squeezed) == 0)
		return NAME_EQUAL;
	if (strcmp(a->sorted, b->sorted) == 0)
		return NAME_ORDER;
	d = edits(a, b);
	if (d <= 1 && least >= NEAR1_LETTERS)
		return NAME_NEAR1;
	if (sound)
		return NAME_SOUND;
	if (d <= 2 && least >= NEAR2_LETTERS)
		return NAME_NEAR2;
	if (letters(a->skeleton) >= LOOSE_LETTERS &&
	    letters(b->skeleton) >= LOOSE_LETTERS &&
	    text_distance(a->skeleton, b->skeleton, 2) <= 2)
		return NAME_LOOSE;
	return is_part(a, b) || is_part(b, a) ? NAME_PART : NAME_FAR;
}

/* Acronyms are the same or not: CCHR and CCIM are two bodies. */
static enum name_rank rank_of_acronyms(const struct pair_name *a,
    const struct pair_name *b)
{
	return strcmp(a->squeezed, b->squeezed) == 0 ? NAME_EQUAL : NAME_FAR;
}

static bool has_acronym(const struct pair_names *n, const struct pair_names *of)
{
	bool both = false;

	for (size_t i = 0; i < n->n; i++)
		for (size_t k = 0; k < of->n; k++) {
			if (!n->list[i].acronym || !of->list[k].acronym)
				continue;
			both = true;
			if (strcmp(n->list[i].squeezed, of->list[k].squeezed) == 0)
				return false;
		}
	return both;
}

void pair_names_match(struct name_match *m, const struct pair_names *a,
    const struct pair_names *b, bool organisations)
{
	/* Two with acronyms, and none in common: only equal names count. */
	bool other = organisations && has_acronym(a, b);

	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++) {
			const struct pair_name *x = &a->list[i], *y = &b->list[k];
			bool acronym = x->acronym || y->acronym;
			bool sound = !acronym && same_sound(x, y);
			enum name_rank r =
			    acronym ? rank_of_acronyms(x, y) : rank_of(x, y, sound);

			if (other && r < NAME_ORDER)
				continue;
			if (r > m->rank || (r == m->rank && sound && !m->sound && r > 0)) {
				m->rank = r;
				m->sound = sound;
				m->a = x;
				m->b = y;
			}
		}
}
