/* The name that was perhaps meant: one rule for every "did you mean". */
#include <limits.h>
#include <string.h>

#include <saksi/base/text.h>

#define APART 2u

static bool lower(char out[TEXT_NEAR_MAX], const char *s)
{
	size_t n = strnlen(s, TEXT_NEAR_MAX);

	if (n == TEXT_NEAR_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 'a' : s[i]);
	out[n] = '\0';
	return true;
}

void text_near_begin(struct text_near *n, const char *word)
{
	n->best = NULL;
	n->distance = UINT_MAX;
	if (!lower(n->word, word))
		n->word[0] = '\0';
}

bool text_near_try(struct text_near *n, const char *name)
{
	char folded[TEXT_NEAR_MAX];
	size_t len = strlen(n->word);
	unsigned d;

	if (len < 2 || !lower(folded, name))
		return false;
	d = text_distance(folded, n->word, APART);
	if (d > APART || d * 2 > len)
		return false;
	/* Slips rarely hit the first letter. */
	d = d * 2 + (folded[0] == n->word[0] ? 0 : 1);
	if (d >= n->distance)
		return false;
	n->distance = d;
	n->best = name;
	return true;
}
