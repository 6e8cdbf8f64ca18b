/*
 * search_name.c - name~x.
 *
 * By sound: the skeleton of a whole name or of a word is a term.  By edits: one
 * walk through all words that names have (IX_NAME), shorter ones first, with three
 * questions to each.
 *   - How far is it from the word that is asked for, or from each of them?
 *   - How far from x as a whole, when x has several words?
 *   - How far from some beginning of x, and from some end of it?  A name of
 *     several words that is near x as a whole begins with a word that is near a
 *     beginning of x and ends with one near an end of x, and both distances
 *     together, and the spaces that x lacks, are within what is allowed.
 */
#include <stdlib.h>
#include <string.h>

#include "search_int.h"

#define LETTERS_MAX 160u
#define WORDS_MAX 16u
#define WALK_COST 2048u /* in terms to be opened */
#define NAME_WORTH 3.0

struct letters {
	uint32_t c[LETTERS_MAX];
	size_t n;
	uint64_t some; /* a bit for each letter that occurs; letters may share one */
};

/* Of well-formed UTF-8; false: too many. */
static bool letters_of(struct letters *out, const uint8_t *s, size_t n)
{
	out->n = 0;
	out->some = 0;
	for (size_t i = 0; i < n;) {
		unsigned more = s[i] < 0x80 ? 0 : s[i] < 0xe0 ? 1 : s[i] < 0xf0 ? 2 : 3;
		uint32_t c = more == 0 ? s[i] : s[i] & (0x3fu >> more);

		for (i++; more > 0 && i < n; more--)
			c = c << 6 | (s[i++] & 0x3fu);
		if (out->n == LETTERS_MAX)
			return false;
		out->c[out->n++] = c;
		out->some |= UINT64_C(1) << c % 64;
	}
	return true;
}

/* Each letter of ${x} that ${q} lacks is an edit, whatever part of ${q} is compared. */
static bool is_far(const struct letters *x, const struct letters *q, unsigned max)
{
	uint64_t lacks = x->some & ~q->some;
	unsigned n = 0;

	for (; lacks != 0 && n <= max; n++)
		lacks &= lacks - 1;
	return n > max;
}

static void reverse(struct letters *l)
{
	for (size_t i = 0, k = l->n; i + 1 < k; i++) {
		uint32_t c = l->c[i];

		l->c[i] = l->c[--k];
		l->c[k] = c;
	}
}

#define FAR 255u

/*
 * Edits from ${x} to the whole of ${q}, and to its nearest beginning.  Where the
 * lengths of what is compared differ by more than ${max} there is nothing to find.
 */
static unsigned distance(const struct letters *x, const struct letters *q, unsigned max,
    unsigned *row, unsigned *beginning)
{
	size_t from = 0, to = max < q->n ? max : q->n;

	for (size_t j = 0; j <= to; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= x->n; i++) {
		unsigned corner, left, least;

		if (i + max <= q->n)
			row[++to] = FAR;
		/* The cell before the first that counts stands for all that are too far. */
		corner = row[from];
		left = least = row[from] = from == 0 ? (unsigned)i : FAR;
		for (size_t j = from + 1; j <= to; j++) {
			unsigned above = row[j],
				 cost = corner + (x->c[i - 1] != q->c[j - 1]);

			corner = above;
			left = left < above ? left + 1 : above + 1;
			left = left < cost ? left : cost;
			row[j] = left;
			least = left < least ? left : least;
		}
		if (least > max)
			return FAR;
		from += i > max;
	}
	for (size_t j = from; j <= to; j++)
		*beginning = row[j] < *beginning ? row[j] : *beginning;
	return to == q->n ? row[q->n] : FAR;
}

/* ---- the walk ----------------------------------------------------------------------- */

struct naming {
	struct seeking *s;
	const struct node *n;
	struct letters whole, backward, word[WORDS_MAX];
	struct seeker *near[WORDS_MAX]; /* those near each word */
	struct seeker *joined;		/* one word near x, which has several */
	struct doc_set_scores first, last;
	struct saksi_error *err;
	unsigned row[LETTERS_MAX + 1];
	/* the word at hand: levels by which its documents are put, 0: not */
	struct index_term t;
	struct letters x;
	unsigned as_word[WORDS_MAX], as_whole, as_first, as_last;
};

static unsigned level_of(unsigned edits)
{
	return (unsigned)(SET_LEVEL * (1.0 - FIT_EDIT * edits));
}

/* In P and Z the level tells the distance: the smaller the better. */
static unsigned level_of_end(const struct naming *m, unsigned edits)
{
	return m->n->near + 1 - edits;
}

static unsigned edits(struct naming *m, const struct letters *x, const struct letters *q,
    unsigned *beginning)
{
	*beginning = FAR;
	return is_far(x, q, m->n->near) ? FAR
					: distance(x, q, m->n->near, m->row, beginning);
}

static void judge_ends(struct naming *m, unsigned beginning)
{
	unsigned end;

	if (beginning <= m->n->near)
		m->as_first = level_of_end(m, beginning);
	reverse(&m->x);
	(void)edits(m, &m->x, &m->backward, &end);
	if (end <= m->n->near)
		m->as_last = level_of_end(m, end);
}

static bool like_in_length(const struct naming *m, const struct letters *q)
{
	return q->n <= m->x.n + m->n->near && m->x.n <= q->n + m->n->near;
}

static void judge(struct naming *m)
{
	size_t words = m->n->words.n;
	unsigned beginning = FAR, unused, d = FAR;
	bool may_be_end;

	m->as_whole = m->as_first = m->as_last = 0;
	memset(m->as_word, 0, words * sizeof(m->as_word[0]));
	if (m->t.n < 3 || !letters_of(&m->x, m->t.b + 2, m->t.n - 2))
		return;
	/* With a word more, there are a space and a letter besides. */
	may_be_end = m->x.n + 2 <= m->whole.n + m->n->near;
	if (may_be_end || like_in_length(m, &m->whole))
		d = edits(m, &m->x, &m->whole, &beginning);
	if (d <= m->n->near && words > 1)
		m->as_whole = level_of(d);
	for (size_t i = 0; i < words; i++) {
		if (words > 1)
			d = like_in_length(m, &m->word[i])
			    ? edits(m, &m->x, &m->word[i], &unused)
			    : FAR;
		if (d <= m->n->near)
			m->as_word[i] = level_of(d);
	}
	if (may_be_end)
		judge_ends(m, beginning);
}

static bool want_name(void *ctx)
{
	struct naming *m = ctx;
	bool any;

	judge(m);
	any = m->as_whole != 0 || m->as_first != 0 || m->as_last != 0;
	for (size_t i = 0; i < m->n->words.n; i++)
		any = any || m->as_word[i] != 0;
	return any;
}

static bool put_as(struct doc_set_scores *s, uint64_t doc, unsigned level, bool doubt)
{
	return level == 0 || set_put(s, doc, level, doubt);
}

static bool take_name(void *ctx, uint64_t doc, const uint8_t *p, size_t n)
{
	struct naming *m = ctx;
	bool ok = true;

	(void)p;
	(void)n;
	for (size_t i = 0; i < m->n->words.n && ok; i++)
		ok = put_as(&m->near[i]->set, doc, m->as_word[i], false);
	return ok && put_as(&m->joined->set, doc, m->as_whole, true) &&
	    put_as(&m->first, doc, m->as_first, false) &&
	    put_as(&m->last, doc, m->as_last, false);
}

static enum saksi_err walk_words(struct naming *m)
{
	struct index_walk *w = NULL;
	struct index_term all, from;
	uint8_t one = 1;
	bool found = true;

	index_term(&all, IX_NAME, NULL, 0);
	index_term(&from, IX_NAME, &one, 1);
	enum saksi_err rc =
	    index_walk_open(&w, m->s->src->x, m->s->src->kv, &all, &from, m->err);
	while (rc == SAKSI_OK && found) {
		rc = index_walk_docs(w, &m->t, want_name, take_name, m, &found, m->err);
		if (found && m->t.b[1] > m->whole.n + m->n->near)
			break;
	}
	index_walk_close(&w);
	return rc;
}

/* ---- what came of it ------------------------------------------------------------------ */

static enum saksi_err join_ends(struct naming *m)
{
	unsigned spaces = m->n->words.n == 1 ? 1 : 0;
	uint64_t doc = 0;

	for (; set_next(&m->first, &doc); doc++) {
		unsigned a = m->n->near + 1 - (set_get(&m->first, doc) & SET_LEVEL);
		unsigned b = m->n->near + 1 - (set_get(&m->last, doc) & SET_LEVEL);

		if (set_get(&m->last, doc) != 0 && a + b + spaces <= m->n->near &&
		    !set_put(&m->joined->set, doc, level_of(a + b + spaces), true))
			return saksi_fail_nomem(m->err);
	}
	return SAKSI_OK;
}

static enum saksi_err part_term(struct seeker *any, struct seeking *s, const char *part,
    bool tagged, struct saksi_error *err)
{
	uint8_t p[INDEX_TERM_MAX];
	size_t n = strlen(part);
	struct seeker *kid = NULL;
	struct index_term t;
	enum saksi_err rc;

	if (n + 1 >= sizeof(p))
		return SAKSI_OK;
	p[0] = SKELETON_PART_TAG;
	memcpy(p + 1, part, n);
	index_term(&t, IX_SKELETON, tagged ? p : p + 1, tagged ? n + 1 : n);
	rc = seeker_term(&kid, s, &t, err);
	return rc == SAKSI_OK ? seeker_add(any, &kid, err) : rc;
}

/* Neighbouring words that sound like x: each part of its skeleton is there. */
static enum saksi_err plan_parts(struct seeker *any, struct seeking *s,
    const char *skeleton, struct saksi_error *err)
{
	struct words parts = {BUF_INIT, NULL, 0, 0};
	struct seeker *all = NULL;
	enum saksi_err rc = seeker_new(&all, FIND_ALL_OF, err);

	if (rc == SAKSI_OK && !words_split(&parts, skeleton))
		rc = saksi_fail_nomem(err);
	for (size_t i = 0; i < parts.n && rc == SAKSI_OK; i++) {
		struct seeker *either = NULL;

		rc = seeker_new(&either, FIND_ANY_OF, err);
		for (int tagged = 0; tagged < 2 && rc == SAKSI_OK; tagged++)
			rc = part_term(either, s, words_get(&parts, i), tagged == 1, err);
		if (rc == SAKSI_OK) {
			seeker_complete(either);
			rc = seeker_add(all, &either, err);
		}
		seeker_free(&either);
	}
	words_free(&parts);
	if (rc == SAKSI_OK) {
		seeker_complete(all);
		all->doubt = true;
		rc = seeker_add(any, &all, err);
	}
	seeker_free(&all);
	return rc;
}

static enum saksi_err add_skeletons(struct naming *m, struct seeker *any)
{
	const char *skeleton =
	    m->n->skeleton.len > 0 ? (const char *)m->n->skeleton.p : "";
	struct index_term t;
	enum saksi_err rc;

	if (skeleton[0] == '\0')
		return SAKSI_OK;
	index_term(&t, IX_SKELETON, skeleton, strlen(skeleton));
	if (m->n->words.n == 1)
		return gather_term(m->s, &t, &m->near[0]->set,
		    (unsigned)(SET_LEVEL * FIT_SKELETON), false, m->err);
	rc = gather_term(m->s, &t, &m->joined->set, (unsigned)(SET_LEVEL * FIT_SKELETON),
	    true, m->err);
	return rc == SAKSI_OK ? plan_parts(any, m->s, skeleton, m->err) : rc;
}

/* Words of 180 bytes and more are not in the list. */
static enum saksi_err add_long(struct naming *m, struct seeker *any)
{
	static const uint8_t none = 0;
	struct seeker *kid = NULL;
	struct index_term t;
	enum saksi_err rc;

	index_term(&t, IX_NAME, &none, 1);
	if ((rc = seeker_term(&kid, m->s, &t, m->err)) != SAKSI_OK)
		return rc;
	kid->doubt = true;
	return seeker_add(any, &kid, m->err);
}

static void weigh(struct seeker *k, struct seeking *s, size_t words)
{
	k->estimate = k->set.n;
	k->worth = NAME_WORTH * term_worth(s, k->set.n) / (double)words;
}

static enum saksi_err add_near(struct naming *m, struct seeker *any)
{
	struct seeker *all = NULL;
	enum saksi_err rc = seeker_new(&all, FIND_ALL_OF, m->err);

	for (size_t i = 0; i < m->n->words.n && rc == SAKSI_OK; i++) {
		weigh(m->near[i], m->s, m->n->words.n);
		rc = seeker_add(all, &m->near[i], m->err);
	}
	if (rc == SAKSI_OK) {
		seeker_complete(all);
		all->doubt = m->n->words.n > 1;
		rc = seeker_add(any, &all, m->err);
	}
	seeker_free(&all);
	weigh(m->joined, m->s, 1);
	return rc == SAKSI_OK ? seeker_add(any, &m->joined, m->err) : rc;
}

static enum saksi_err look_up(struct naming *m, struct seeker *any)
{
	enum saksi_err rc = seeker_new(&m->joined, FIND_SET, m->err);

	for (size_t i = 0; i < m->n->words.n && rc == SAKSI_OK; i++)
		rc = seeker_new(&m->near[i], FIND_SET, m->err);
	if (rc == SAKSI_OK)
		rc = walk_words(m);
	if (rc == SAKSI_OK)
		rc = join_ends(m);
	if (rc == SAKSI_OK)
		rc = add_skeletons(m, any);
	if (rc == SAKSI_OK)
		rc = add_near(m, any);
	return rc == SAKSI_OK ? add_long(m, any) : rc;
}

static bool spell(struct naming *m)
{
	const struct words *w = &m->n->words;

	if (w->n == 0 || w->n > WORDS_MAX ||
	    !letters_of(&m->whole, m->n->text.p, m->n->text.len))
		return false;
	for (size_t i = 0; i < w->n; i++)
		(void)letters_of(&m->word[i], (const uint8_t *)words_get(w, i),
		    strlen(words_get(w, i)));
	m->backward = m->whole;
	reverse(&m->backward);
	return m->whole.n + m->n->near < 255;
}

/* Too long to be spelt: every record that has a name is asked. */
static enum saksi_err plan_any_name(struct seeker **out, struct seeking *s,
    struct saksi_error *err)
{
	struct index_term t;
	enum saksi_err rc;

	index_term(&t, IX_NAME, NULL, 0);
	rc = plan_prefix(out, s, &t, false, NO_BUDGET, err);
	if (rc == SAKSI_OK)
		(*out)->doubt = true;
	return rc;
}

enum saksi_err plan_name(struct seeker **out, struct seeking *s, const struct node *n,
    uint64_t budget, struct saksi_error *err)
{
	struct naming *m;
	struct seeker *any = NULL;
	enum saksi_err rc;

	*out = NULL;
	if (budget < WALK_COST)
		return SAKSI_OK;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return saksi_fail_nomem(err);
	m->s = s;
	m->n = n;
	m->err = err;
	if (!spell(m)) {
		rc = plan_any_name(out, s, err);
		goto done;
	}
	if ((rc = seeker_new(&any, FIND_ANY_OF, err)) == SAKSI_OK)
		rc = look_up(m, any);
	if (rc == SAKSI_OK) {
		seeker_complete(any);
		*out = any;
		any = NULL;
	}
done:
	seeker_free(&any);
	seeker_free(&m->joined);
	for (size_t i = 0; i < WORDS_MAX; i++)
		seeker_free(&m->near[i]);
	set_free(&m->first);
	set_free(&m->last);
	wipe(m, sizeof(*m));
	free(m);
	return rc;
}
