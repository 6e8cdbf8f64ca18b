/* search_set.c - documents with a byte each, in pages. */
#include <stdlib.h>
#include <string.h>

#include "search_int.h"

static bool make_page(struct doc_set_scores *s, uint64_t at)
{
	if (at >= SIZE_MAX / sizeof(*s->page) / 2)
		return false;
	if (at >= s->n_pages) {
		size_t n = (size_t)at + 1 + (size_t)at / 2;
		uint8_t **p = realloc(s->page, n * sizeof(*p));

		if (p == NULL)
			return false;
		memset(p + s->n_pages, 0, (n - s->n_pages) * sizeof(*p));
		s->page = p;
		s->n_pages = n;
	}
	if (s->page[at] == NULL)
		s->page[at] = calloc(SET_PAGE, 1);
	return s->page[at] != NULL;
}

bool set_put(struct doc_set_scores *s, uint64_t doc, unsigned level, bool doubt)
{
	uint64_t at = doc / SET_PAGE;
	uint8_t *b;

	if ((at >= s->n_pages || s->page[at] == NULL) && !make_page(s, at))
		return false;
	if (level == 0)
		level = 1;
	if (level > SET_LEVEL)
		level = SET_LEVEL;
	b = &s->page[at][doc % SET_PAGE];
	if (*b == 0) {
		s->n++;
		*b = SET_DOUBT;
	}
	if ((*b & SET_LEVEL) < level)
		*b = (uint8_t)((*b & SET_DOUBT) | level);
	if (!doubt)
		*b &= SET_LEVEL;
	return true;
}

uint8_t set_get(const struct doc_set_scores *s, uint64_t doc)
{
	uint64_t at = doc / SET_PAGE;

	return at < s->n_pages && s->page[at] != NULL ? s->page[at][doc % SET_PAGE] : 0;
}

bool set_next(const struct doc_set_scores *s, uint64_t *doc)
{
	uint64_t at = *doc / SET_PAGE;
	size_t i = *doc % SET_PAGE;

	for (; at < s->n_pages; at++, i = 0) {
		if (s->page[at] == NULL)
			continue;
		for (; i < SET_PAGE; i++)
			if (s->page[at][i] != 0) {
				*doc = at * SET_PAGE + i;
				return true;
			}
	}
	return false;
}

void set_free(struct doc_set_scores *s)
{
	for (size_t i = 0; i < s->n_pages; i++)
		free(s->page[i]);
	free(s->page);
	memset(s, 0, sizeof(*s));
}
