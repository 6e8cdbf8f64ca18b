/* query_name.c - name~x on one record. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "query_int.h"

struct asking {
	const struct node *n;
	const char *skeleton; /* that is asked for; "" if there is none */
	bool nomem;
	double best;
};

static void keep_best(struct asking *a, double fit)
{
	if (fit > a->best)
		a->best = fit;
}

static bool add_skeleton(struct asking *a, struct buf *out, const char *s, size_t n)
{
	if (text_skeleton(out, s, n, NULL) != SAKSI_OK)
		a->nomem = true;
	(void)buf_cstr(out);
	return !a->nomem && !out->failed;
}

static bool sounds_like(struct asking *a, const char *s, size_t n)
{
	struct buf skeleton = BUF_INIT;
	bool same = a->skeleton[0] != '\0' && add_skeleton(a, &skeleton, s, n) &&
	    strcmp((const char *)skeleton.p, a->skeleton) == 0;

	buf_free(&skeleton);
	return same;
}

/* A skeleton needs the name as it was written, in its own script. */
static void whole_fits(struct asking *a, const char *text, const char *folded)
{
	unsigned d = text_distance(folded, (const char *)a->n->text.p, a->n->near);

	if (d <= a->n->near)
		keep_best(a, 1.0 - FIT_EDIT * d);
	else if (sounds_like(a, text, strlen(text)) ||
	    sounds_like(a, folded, strlen(folded)))
		keep_best(a, FIT_SKELETON);
}

/* ---- runs of words: "raiya" in "kong raiya" --------------------------------------- */

static unsigned run_distance(const struct asking *a, const struct words *w, size_t from)
{
	unsigned sum = 0;

	for (size_t i = 0; i < a->n->words.n && sum <= a->n->near; i++)
		sum += text_distance(words_get(w, from + i), words_get(&a->n->words, i),
		    a->n->near);
	return sum;
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

/* Are the words of both, sorted, the same? */
static bool same_words(struct asking *a, const struct words *parts)
{
	struct words want = {BUF_INIT, NULL, 0, 0};
	const char **list = NULL;
	bool same = words_split(&want, a->skeleton);

	if (!same)
		a->nomem = true;
	same = same && parts->n == want.n && want.n > 0;
	if (same && (list = calloc(parts->n, sizeof(*list))) == NULL) {
		a->nomem = true;
		same = false;
	}
	for (size_t i = 0; same && i < parts->n; i++)
		list[i] = words_get(parts, i);
	if (same)
		qsort(list, parts->n, sizeof(*list), by_text);
	for (size_t i = 0; same && i < parts->n; i++)
		same = strcmp(list[i], words_get(&want, i)) == 0;
	free(list);
	words_free(&want);
	return same;
}

/* ${skeletons}: of each word. */
static bool run_sounds_like(struct asking *a, const struct words *skeletons, size_t from)
{
	struct words parts = {BUF_INIT, NULL, 0, 0};
	bool ok = true;

	for (size_t i = 0; ok && i < a->n->words.n; i++)
		ok = words_split(&parts, words_get(skeletons, from + i));
	if (!ok)
		a->nomem = true;
	bool same = ok && same_words(a, &parts);
	words_free(&parts);
	return same;
}

static bool skeletons_of(struct asking *a, struct words *out, const struct words *w)
{
	struct buf one = BUF_INIT;

	for (size_t i = 0; i < w->n && !a->nomem; i++) {
		const char *s = words_get(w, i);

		buf_reset(&one);
		if (!add_skeleton(a, &one, s, strlen(s)) ||
		    !words_push(out, (const char *)one.p, one.len))
			a->nomem = true;
	}
	buf_free(&one);
	return !a->nomem;
}

static void runs_fit(struct asking *a, const struct words *w)
{
	struct words skeletons = {BUF_INIT, NULL, 0, 0};
	bool sound = a->skeleton[0] != '\0' && skeletons_of(a, &skeletons, w);

	for (size_t i = 0; i + a->n->words.n <= w->n && !a->nomem; i++) {
		unsigned d = run_distance(a, w, i);

		if (d <= a->n->near)
			keep_best(a, 1.0 - FIT_EDIT * d);
		else if (sound && run_sounds_like(a, &skeletons, i))
			keep_best(a, FIT_SKELETON);
	}
	words_free(&skeletons);
}

static bool name_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	struct asking *a = ctx;
	struct buf folded = BUF_INIT;
	struct words w = {BUF_INIT, NULL, 0, 0};

	if (f->kind != FIELD_NAME)
		return true;
	const json_t *plain = value_plain(v);
	const char *text = json_is_string(plain)
	    ? json_string_value(plain)
	    : json_string_value(json_object_get(plain, "text"));
	if (text == NULL)
		return true;
	if (!fold_into(&folded, text, strlen(text)) ||
	    !words_split(&w, (const char *)folded.p))
		a->nomem = true;
	if (!a->nomem)
		whole_fits(a, text, (const char *)folded.p);
	if (!a->nomem && w.n > a->n->words.n)
		runs_fit(a, &w);
	words_free(&w);
	buf_free(&folded);
	return !a->nomem && a->best < 1.0;
}

int match_name(const struct query *q, const struct node *n, const json_t *record,
    double *score)
{
	struct asking a = {n, n->skeleton.len != 0 ? (const char *)n->skeleton.p : "",
	    false, 0};

	record_values(q->s, record, name_value, &a);
	*score = a.best;
	return a.nomem ? -1 : a.best > 0;
}
