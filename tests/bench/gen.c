/* gen.c - identity, planted words and text of generated records. */
#include <stdlib.h>
#include <string.h>

#include "gen_int.h"
#include "words.h"

#define VOCABULARY 80000u
#define MILLION 1000000u

enum script { LATIN, KHMER, ARABIC };

struct dice dice_new(uint64_t seed, uint64_t salt)
{
	struct dice d = {seed ^ salt * 0x9e3779b97f4a7c15u};

	(void)dice_next(&d);
	return d;
}

uint64_t dice_next(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

size_t dice_below(struct dice *d, size_t n)
{
	return (size_t)((dice_next(d) >> 11) % n);
}

struct gen *gen_new(uint64_t seed, size_t n)
{
	struct gen *g = calloc(1, sizeof(*g));
	double sum = 0;

	if (g == NULL || (g->zipf = calloc(VOCABULARY, sizeof(*g->zipf))) == NULL) {
		free(g);
		return NULL;
	}
	g->seed = seed;
	g->n = n;
	for (size_t i = 0; i < VOCABULARY; i++)
		g->zipf[i] = sum += 1.0 / (double)(i + 1);
	for (size_t i = 0; i < VOCABULARY; i++)
		g->zipf[i] /= sum;
	return g;
}

void gen_free(struct gen **g)
{
	if (*g != NULL)
		free((*g)->zipf);
	free(*g);
	*g = NULL;
}

size_t gen_count(const struct gen *g)
{
	return g->n;
}

void gen_id(const struct gen *g, size_t i, struct saksi_id *out)
{
	struct dice d = dice_new(g->seed, 2 * (uint64_t)i + 1);

	le64_put(out->b, dice_next(&d));
	le64_put(out->b + 8, dice_next(&d));
}

/* ---- planted words ------------------------------------------------------------------- */

static bool holds_rare(const struct gen *g, size_t i)
{
	size_t step = g->n / 14 > 0 ? g->n / 14 : 1;

	return i % step == step / 2 && i / step < 14;
}

unsigned gen_plants(const struct gen *g, size_t i)
{
	static const struct {
		unsigned bit, per_million;
	} often[] = {{PLANT_MID, 1000}, {PLANT_COMMON_A, 166000},
	    {PLANT_COMMON_B, 166000}, {PLANT_HUGE, 784000}, {PLANT_PHRASE, 5000},
	    {PLANT_REVERSE, 20000}, {PLANT_PREFIX, 10000}};
	struct dice d = dice_new(g->seed, 2 * (uint64_t)i + ((uint64_t)1 << 40));
	unsigned plants = holds_rare(g, i) ? PLANT_RARE : 0;

	for (size_t k = 0; k < sizeof(often) / sizeof(often[0]); k++)
		if (dice_below(&d, MILLION) < often[k].per_million)
			plants |= often[k].bit;
	/* A record with both orders would blur what the phrase has to find. */
	if ((plants & PLANT_PHRASE) != 0)
		plants &= ~(unsigned)PLANT_REVERSE;
	return plants;
}

size_t gen_truth(const struct gen *g, unsigned all, unsigned any)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		unsigned p = gen_plants(g, i);

		n += (p & all) == all && (any == 0 || (p & any) != 0);
	}
	return n;
}

/* ---- text ------------------------------------------------------------------------------ */

static size_t zipf_rank(const struct gen *g, struct dice *d)
{
	double x = (double)(dice_next(d) >> 11) / 9007199254740992.0;
	size_t low = 0, high = VOCABULARY - 1;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (g->zipf[mid] < x)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Ranks as numerals whose digits are syllables: each rank another word. */
static void add_numeral(struct buf *out, const struct word_list *digits, size_t rank)
{
	for (rank += digits->n; rank > 0; rank /= digits->n)
		buf_add_str(out, digits->w[rank % digits->n]);
}

static void add_word(const struct gen *g, struct dice *d, enum script script,
    struct buf *out)
{
	size_t rank = zipf_rank(g, d);

	switch (script) {
	case KHMER:
		buf_add_str(out, khmer_words.w[rank % khmer_words.n]);
		break;
	case ARABIC:
		if (dice_below(d, 3) == 0)
			buf_add_str(out, "ال");
		add_numeral(out, &arabic_letters, rank);
		break;
	case LATIN:
		add_numeral(out, &latin_syllables, rank);
		break;
	}
}

static enum script choose_script(struct dice *d)
{
	size_t k = dice_below(d, 100);

	return k < 50 ? LATIN : k < 85 ? KHMER : ARABIC;
}

/* Khmer is written without spaces between words; now and then there is one. */
static void add_words(const struct gen *g, struct dice *d, enum script script, size_t n,
    struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (script != KHMER || dice_below(d, 6) == 0))
			buf_add_byte(out, ' ');
		add_word(g, d, script, out);
	}
}

void gen_words(const struct gen *g, uint64_t salt, size_t words, struct buf *out)
{
	struct dice d = dice_new(g->seed, salt + ((uint64_t)1 << 50));
	enum script script = choose_script(&d);

	add_words(g, &d, script, words, out);
}

void gen_title(const struct gen *g, struct dice *d, struct buf *out)
{
	add_words(g, d, choose_script(d), 4 + dice_below(d, 5), out);
}

/* The words that a record must hold, each alone or in its order. */
static void add_plants(struct dice *d, unsigned plants, struct buf *out)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {{PLANT_RARE, GEN_RARE}, {PLANT_MID, GEN_MID},
	    {PLANT_COMMON_A, GEN_COMMON_A}, {PLANT_HUGE, GEN_HUGE},
	    {PLANT_COMMON_B, GEN_COMMON_B},
	    {PLANT_PHRASE, GEN_PHRASE_1 " " GEN_PHRASE_2}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((plants & words[i].bit) != 0)
			buf_printf(out, " %s", words[i].word);
	if ((plants & PLANT_PREFIX) != 0)
		buf_printf(out, " " GEN_PREFIX "%s",
		    latin_syllables.w[dice_below(d, latin_syllables.n)]);
}

void gen_text(const struct gen *g, struct dice *d, unsigned plants, struct buf *out)
{
	enum script script = choose_script(d);
	size_t n = 18 + dice_below(d, 38) + dice_below(d, 38);

	if (dice_below(d, 50) == 0)
		n *= 5; /* some people write a page */
	if (script != LATIN)
		n = n * 5 / 9; /* the other scripts take two or three bytes a letter */
	if ((plants & PLANT_REVERSE) != 0)
		buf_add_str(out, GEN_PHRASE_2 " ");
	add_words(g, d, script, n / 2, out);
	add_plants(d, plants, out);
	buf_add_byte(out, ' ');
	add_words(g, d, script, n - n / 2, out);
	if ((plants & PLANT_REVERSE) != 0)
		buf_add_str(out, " " GEN_PHRASE_1);
}
