/* terms_name.c - names by their words and by how they sound. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "terms_int.h"

static size_t letters(const char *s, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += ((unsigned char)s[i] & 0xc0) != 0x80;
	return k;
}

/* Behind its number of letters, so that what is too long is not looked at. */
static void add_word(struct maker *m, const char *word, size_t n)
{
	uint8_t term[1 + NAME_WORD_MAX];

	if (n == 0)
		return;
	term[0] = 0;
	if (n > NAME_WORD_MAX) {
		maker_term(m, IX_NAME, term, 1);
		return;
	}
	term[0] = (uint8_t)letters(word, n);
	memcpy(term + 1, word, n);
	maker_term(m, IX_NAME, term, n + 1);
}

static bool skeleton_of(struct maker *m, const char *s, size_t n)
{
	buf_reset(&m->key);
	m->rc = text_skeleton(&m->key, s, n, m->err);
	return m->rc == SAKSI_OK;
}

/* Each part of the skeleton of one word: Chak-Sopheap has two. */
static void add_parts(struct maker *m)
{
	uint8_t term[INDEX_TERM_MAX];
	const char *s = buf_cstr(&m->key);

	if (strchr(s, ' ') == NULL)
		return;
	while (*s != '\0') {
		size_t n = strcspn(s, " ");

		if (n + 1 < sizeof(term)) {
			term[0] = SKELETON_PART_TAG;
			memcpy(term + 1, s, n);
			maker_term(m, IX_SKELETON, term, n + 1);
		}
		s += n + (s[n] == ' ');
	}
}

static void add_skeleton(struct maker *m)
{
	if (m->key.len > 0)
		maker_term(m, IX_SKELETON, m->key.p, m->key.len);
}

static bool add_words(struct maker *m, size_t *words)
{
	const char *s = buf_cstr(&m->folded);

	for (*words = 0; *s != '\0' && !maker_full(m); (*words)++) {
		size_t n = strcspn(s, " ");

		add_word(m, s, n);
		if (!skeleton_of(m, s, n))
			return false;
		add_skeleton(m);
		add_parts(m);
		s += n + (s[n] == ' ');
	}
	return true;
}

static bool is_ascii(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->p[i] >= 0x80)
			return false;
	return true;
}

bool terms_of_name(struct maker *m, const char *text)
{
	bool ascii = is_ascii(&m->folded);
	size_t words;

	if (maker_full(m))
		return true;
	if (!add_words(m, &words))
		return false;
	/* As a whole; in its own script also as it was written. */
	if (words > 1) {
		if (!skeleton_of(m, (const char *)m->folded.p, m->folded.len))
			return false;
		add_skeleton(m);
	}
	if (ascii || strcmp(text, buf_cstr(&m->folded)) == 0)
		return true;
	if (!skeleton_of(m, text, strlen(text)))
		return false;
	add_skeleton(m);
	return true;
}
