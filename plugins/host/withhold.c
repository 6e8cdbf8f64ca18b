/*
 * withhold.c - a withheld name leaves every text of the document.
 *
 * Free text is where names leak.  Each spelling of a withheld name that the
 * records know is looked for as a run of words, in any order of its words,
 * whatever case, accents or punctuation stand between, and replaced by what
 * the victim is called here.  A single part of a name (Mr Sokha) is not
 * replaced, since it may be somebody else's: it is reported.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "submission.h"

#define WORDS_MAX 12u
#define PART_LEAST 4u /* shorter parts of names are words of many languages */

struct word {
	size_t from, to;
	char *folded;
};
struct words {
	struct word *list;
	size_t n, cap;
	bool failed;
};

static void words_free(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i].folded);
	free(w->list);
	memset(w, 0, sizeof *w);
}

static void word_add(struct words *w, const char *text, size_t from, size_t to)
{
	struct buf b = BUF_INIT;
	if (w->n == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 32;
		struct word *grown = realloc(w->list, cap * sizeof *grown);
		if (!grown) {
			w->failed = true;
			return;
		}
		w->list = grown;
		w->cap = cap;
	}
	if (text_fold(&b, text + from, to - from, NULL) != SAKSI_OK)
		b.failed = true;
	char *folded = b.failed ? NULL : strdup(buf_cstr(&b));
	buf_free(&b);
	if (!folded) {
		w->failed = true;
		return;
	}
	w->list[w->n++] = (struct word){from, to, folded};
}

/* Length of what is no part of a word at ${p}; 0 inside a word. */
static size_t gap(const char *p)
{
	unsigned char c = (unsigned char)*p;
	if (c < 0x80)
		return isalnum(c) ? 0 : 1;
	/* General punctuation, no-break space, ideographic space and stops, guillemets. */
	if (c == 0xe2 && ((unsigned char)p[1] == 0x80 || (unsigned char)p[1] == 0x81))
		return 3;
	if (c == 0xe3 && (unsigned char)p[1] == 0x80)
		return 3;
	if (c == 0xc2 && (unsigned char)p[1] < 0xc0 && strchr("\xa0\xab\xbb\xb7", p[1]))
		return 2;
	return 0;
}

static void split(struct words *w, const char *text)
{
	size_t i = 0;
	while (text[i]) {
		size_t g = gap(text + i), from = i;
		if (g > 0) {
			i += g;
			continue;
		}
		while (text[i] && gap(text + i) == 0)
			i++;
		word_add(w, text, from, i);
	}
}

/* ---- the names ---------------------------------------------------------------------- */

struct name {
	struct words words;
	const struct victim *victim;
};
struct names {
	struct name *list;
	size_t n;
	bool failed;
};

static void name_add(struct names *all, const struct victim *v, const char *text)
{
	struct name *grown = realloc(all->list, (all->n + 1) * sizeof *grown);
	if (!grown) {
		all->failed = true;
		return;
	}
	all->list = grown;
	struct name *name = &grown[all->n++];
	memset(name, 0, sizeof *name);
	name->victim = v;
	split(&name->words, text);
	all->failed = all->failed || name->words.failed;
}

static void names_of(struct names *all, const struct victim *v)
{
	const json_t *x;
	size_t i;
	json_array_foreach (json_object_get(v->record, "names"), i, x) {
		name_add(all, v, text_at(value_plain(x), "text"));
	}
	json_array_foreach (json_object_get(v->record, "variants"), i, x) {
		if (strncmp(text_at(value_plain(x), "about"), "name", 4) == 0)
			name_add(all, v, text_at(value_plain(x), "value"));
	}
}

static int longest_first(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	return x->words.n < y->words.n ? 1 : x->words.n > y->words.n ? -1 : 0;
}

/* The ${n} words at ${at} are those of the name, in whatever order. */
static bool same_words(const struct word *at, const struct words *name)
{
	bool used[WORDS_MAX] = {false};
	for (size_t i = 0; i < name->n; i++) {
		size_t k = 0;
		while (k < name->n &&
		    (used[k] || strcmp(at[i].folded, name->list[k].folded) != 0))
			k++;
		if (k == name->n)
			return false;
		used[k] = true;
	}
	return true;
}

static const struct name *name_at(const struct names *all, const struct words *text,
    size_t at)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct words *w = &all->list[i].words;
		if (w->n >= 1 && w->n <= WORDS_MAX && at + w->n <= text->n &&
		    same_words(&text->list[at], w))
			return &all->list[i];
	}
	return NULL;
}

static const struct victim *part_at(const struct names *all, const struct word *w)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->list[i].words.n; k++)
			if (strlen(w->folded) >= PART_LEAST &&
			    strcmp(w->folded, all->list[i].words.list[k].folded) == 0)
				return all->list[i].victim;
	return NULL;
}

/* ---- the texts ---------------------------------------------------------------------- */

struct pass {
	const struct names *all;
	json_t *reported; /* ids of victims with a part of a name left */
	bool failed;
};

/* ${text} without the names, or NULL when there was none in it. */
static char *cleaned(struct pass *p, const char *text)
{
	struct words w = {0};
	struct buf out = BUF_INIT;
	size_t done = 0;
	bool any = false;
	split(&w, text);
	for (size_t i = 0; i < w.n; i++) {
		const struct name *name = name_at(p->all, &w, i);
		if (!name) {
			const struct victim *v = part_at(p->all, &w.list[i]);
			if (v && json_object_set_new(p->reported, v->id, json_true()) != 0)
				p->failed = true;
			continue;
		}
		buf_add(&out, text + done, w.list[i].from - done);
		buf_add_str(&out, name->victim->called);
		i += name->words.n - 1;
		done = w.list[i].to;
		any = true;
	}
	buf_add_str(&out, text + done);
	char *clean = any && !out.failed ? strdup(buf_cstr(&out)) : NULL;
	p->failed = p->failed || w.failed || out.failed || (any && !clean);
	words_free(&w);
	buf_free(&out);
	return clean;
}

static void pass_over(struct pass *p, json_t *v)
{
	const char *key;
	json_t *x;
	size_t i;
	if (json_is_string(v)) {
		char *clean = cleaned(p, json_string_value(v));
		if (clean && json_string_set(v, clean) != 0)
			p->failed = true;
		free(clean);
	}
	json_array_foreach (v, i, x) {
		pass_over(p, x);
	}
	json_object_foreach (v, key, x) {
		pass_over(p, x);
	}
}

/* Who submits is told to nobody but the recipient, also when it is the victim. */
static bool is_submitter(const json_t *form_section)
{
	const json_t *f;
	size_t i;
	json_array_foreach (json_object_get(form_section, "feeds"), i, f) {
		if (strcmp(json_string_value(f), "submitter") == 0)
			return true;
	}
	return false;
}

static void pass_over_sections(struct pass *p, const struct submission *s)
{
	const json_t *forms = json_object_get(s->form, "sections");
	json_t *x;
	size_t i;
	json_array_foreach (json_object_get(s->document, "sections"), i, x) {
		if (!is_submitter(json_array_get(forms, i)))
			pass_over(p, x);
	}
	pass_over(p, json_object_get(s->document, "cover"));
}

enum saksi_err withhold(struct submission *s, struct saksi_error *err)
{
	struct names all = {NULL, 0, false};
	struct pass p = {&all, build_object(s), false};
	const char *id;
	json_t *yes;
	for (size_t i = 0; i < s->n_victims; i++)
		if (s->victims[i].withheld || !s->victims[i].seen)
			names_of(&all, &s->victims[i]);
	if (all.n > 0 && !all.failed) {
		qsort(all.list, all.n, sizeof *all.list, longest_first);
		pass_over_sections(&p, s);
	}
	json_object_foreach (p.reported, id, yes) {
		finding_add(s->findings, "C8", HOST_WARN, id,
		    "a part of a name that is withheld still stands in the text; read it before "
		    "sending");
	}
	for (size_t i = 0; i < all.n; i++)
		words_free(&all.list[i].words);
	free(all.list);
	json_decref(p.reported);
	return all.failed || p.failed || s->failed ? saksi_fail_nomem(err) : SAKSI_OK;
}
