/*
 * query_words.c - lists of folded words.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/text.h>

#include "query_int.h"

bool words_push(struct words *w, const char *word, size_t len)
{
	size_t *at = list_room(w->at, w->n, &w->cap, sizeof(*at));

	if (at == NULL)
		return false;
	w->at = at;
	w->at[w->n++] = w->text.len;
	buf_add(&w->text, word, len);
	buf_add_byte(&w->text, 0);
	return !w->text.failed;
}

struct pushing {
	struct words *w;
	bool ok;
};

static bool push_word(void *ctx, const char *word, size_t len)
{
	struct pushing *p = ctx;
	p->ok = words_push(p->w, word, len);
	return p->ok;
}

bool words_add(struct words *w, const char *folded, size_t n)
{
	struct pushing p = {w, true};
	return text_words(folded, n, push_word, &p, NULL) == SAKSI_OK && p.ok;
}

bool fold_into(struct buf *out, const char *text, size_t n)
{
	if (text_fold(out, text, n, NULL) != SAKSI_OK)
		return false;
	(void)buf_cstr(out);
	return !out->failed;
}

bool words_add_raw(struct words *w, const char *text)
{
	struct buf folded = BUF_INIT;
	bool ok = fold_into(&folded, text, strlen(text)) &&
	    words_add(w, (const char *)folded.p, folded.len);
	buf_free(&folded);
	return ok;
}

bool words_split(struct words *w, const char *folded)
{
	for (const char *s = folded; *s != '\0';) {
		size_t n = strcspn(s, " ");

		if (n > 0 && !words_push(w, s, n))
			return false;
		s += n + (s[n] == ' ');
	}
	return true;
}

const char *words_get(const struct words *w, size_t i)
{
	return (const char *)w->text.p + w->at[i];
}

void words_free(struct words *w)
{
	buf_free(&w->text);
	free(w->at);
	*w = (struct words){BUF_INIT, NULL, 0, 0};
}

static bool stands_at(const struct words *hay, size_t at, const struct words *w,
    bool prefix)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *a = words_get(hay, at + i), *b = words_get(w, i);
		bool same = prefix && i + 1 == w->n ? strncmp(a, b, strlen(b)) == 0
						    : strcmp(a, b) == 0;
		if (!same)
			return false;
	}
	return true;
}

size_t words_find(const struct words *hay, size_t from, size_t to, const struct words *w,
    bool prefix)
{
	size_t hits = 0;
	for (size_t i = from; w->n != 0 && i + w->n <= to; i++)
		hits += stands_at(hay, i, w, prefix);
	return hits;
}
