/* names.c - many names in one text: windows of tokens, found by their hashes. */
#include <stdlib.h>
#include <string.h>

#include "names.h"

#define TOKENS_MAX 40u	/* longer names are looked for by their beginning */
#define JOINED_LEAST 7u /* letters of a name that is written together */
#define RUN_LEAST 4u	/* clusters of one word that can stand inside a run */
#define SURE_LEAST 3u	/* clusters of two words likewise */

struct pattern {
	uint64_t sum; /* of the hashes, so that their order does not count */
	size_t owner, first, n;
	size_t next; /* of the same slot, + 1 */
	enum name_kind kind;
	unsigned words, letters;
	bool in_order; /* clusters: any order of them would be any word */
	bool whole;    /* too short to be meant inside a run */
	bool open;
};

/* ---- which names may be there ------------------------------------------------------ */

static size_t index_slot(const struct name_index *x, uint64_t hash)
{
	size_t i = (size_t)hash & (x->cap - 1);
	while (x->slots[i] != 0 && x->slots[i] != hash)
		i = (i + 1) & (x->cap - 1);
	return i;
}

static bool index_has(const struct name_index *x, uint64_t hash)
{
	return x->n > 0 && x->slots[index_slot(x, hash)] == hash;
}

static bool index_grow(struct name_index *x)
{
	struct name_index grown = {NULL, 0, x->cap ? x->cap * 2 : 256, false};
	grown.slots = calloc(grown.cap, sizeof *grown.slots);
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < x->cap; i++) {
		if (x->slots[i] != 0)
			grown.slots[index_slot(&grown, x->slots[i])] = x->slots[i];
	}
	grown.n = x->n;
	free(x->slots);
	*x = grown;
	return true;
}

void name_index_add(struct name_index *x, const char *text)
{
	struct tokens t = {0};
	tokens_split(&t, text);
	for (size_t i = 0; i < t.n && !t.failed && !x->failed; i++) {
		if (x->n * 2 >= x->cap && !index_grow(x)) {
			x->failed = true;
			break;
		}
		if (index_has(x, t.list[i].hash))
			continue;
		x->slots[index_slot(x, t.list[i].hash)] = t.list[i].hash;
		x->n++;
	}
	x->failed = x->failed || t.failed;
	tokens_free(&t);
}

/* The words written together, from the first or from the last. */
static size_t joined(struct buf *out, const struct tokens *t, size_t first, size_t n,
    bool backwards)
{
	size_t letters = 0;
	for (size_t i = 0; i < n; i++) {
		size_t k = backwards ? first + n - 1 - i : first + i;
		buf_add_str(out, token_text(t, k));
		letters += t->list[k].letters;
	}
	return letters;
}

static bool may_join(const struct tokens *t, size_t first, size_t n)
{
	if (n < 2 || n > 4)
		return false;
	for (size_t i = 0; i < n; i++)
		if (t->list[first + i].cluster)
			return false;
	return true;
}

bool name_index_may(struct name_index *x, const char *name)
{
	struct tokens t = {0};
	bool may = true;
	tokens_split(&t, name);
	size_t n = t.n < TOKENS_MAX ? t.n : TOKENS_MAX;
	for (size_t i = 0; i < n && may; i++)
		may = index_has(x, t.list[i].hash);
	for (int backwards = 0; backwards < 2 && !may && may_join(&t, 0, n); backwards++) {
		struct buf b = BUF_INIT;
		(void)joined(&b, &t, 0, n, backwards == 1);
		t.failed = t.failed || b.failed;
		may = !t.failed && index_has(x, token_hash(buf_cstr(&b), b.len));
		buf_free(&b);
	}
	may = may && n > 0;
	x->failed = x->failed || t.failed;
	tokens_free(&t);
	return may;
}

void name_index_free(struct name_index *x)
{
	free(x->slots);
	memset(x, 0, sizeof *x);
}

/* ---- the names ------------------------------------------------------------------------ */

static void pattern_add(struct names *all, struct pattern p)
{
	if (all->n == all->cap) {
		size_t cap = all->cap ? all->cap * 2 : 64;
		struct pattern *grown = realloc(all->list, cap * sizeof *grown);
		if (!grown) {
			all->failed = true;
			return;
		}
		all->list = grown;
		all->cap = cap;
	}
	for (size_t i = 0; i < p.n; i++)
		p.sum += all->tokens.list[p.first + i].hash;
	all->lengths |= UINT64_C(1) << p.n;
	all->list[all->n++] = p;
}

/* One word of the words ${p} has, in both orders. */
static void add_joined(struct names *all, const struct pattern *p)
{
	for (int backwards = 0; backwards < 2; backwards++) {
		struct buf b = BUF_INIT;
		struct pattern one = *p;
		size_t letters = joined(&b, &all->tokens, p->first, p->n, backwards == 1);
		one.first = all->tokens.n;
		one.n = 1;
		if (letters >= JOINED_LEAST) {
			tokens_split(&all->tokens, buf_cstr(&b));
			if (all->tokens.n == one.first + 1)
				pattern_add(all, one);
		}
		all->failed = all->failed || b.failed;
		buf_free(&b);
	}
}

/* The clusters of the words, from the last word to the first. */
static void add_backwards(struct names *all, const struct pattern *p)
{
	struct pattern other = *p;
	struct tokens *t = &all->tokens;
	const size_t end = p->first + p->n;
	other.first = t->n;
	for (size_t to = end, i = end; i > p->first; i--) {
		if (i - 1 > p->first && !t->list[i - 1].apart)
			continue;
		for (size_t k = i - 1; k < to; k++) {
			if (t->n == t->cap) {
				struct token *grown =
				    realloc(t->list, t->cap * 2 * sizeof *grown);
				if (!grown) {
					all->failed = true;
					return;
				}
				t->list = grown;
				t->cap *= 2;
			}
			t->list[t->n] = t->list[k];
			t->n++;
		}
		to = i - 1;
	}
	pattern_add(all, other);
}

void names_add(struct names *all, size_t owner, enum name_kind kind, bool open,
    const char *text)
{
	struct pattern p = {.owner = owner, .kind = kind, .open = open};
	size_t clusters = 0;
	p.first = all->tokens.n;
	tokens_split(&all->tokens, text);
	all->failed = all->failed || all->tokens.failed;
	if (all->failed || all->tokens.n == p.first)
		return;
	p.n = all->tokens.n - p.first;
	p.n = p.n < TOKENS_MAX ? p.n : TOKENS_MAX;
	for (size_t i = 0; i < p.n; i++) {
		const struct token *t = &all->tokens.list[p.first + i];
		p.letters += t->letters;
		clusters += t->cluster;
		p.words += i == 0 || t->apart || !t->cluster;
	}
	p.in_order = clusters > 0;
	p.whole = clusters == p.n && clusters < (p.words > 1 ? SURE_LEAST : RUN_LEAST);
	pattern_add(all, p);
	if (!all->failed && clusters > 0 && p.words > 1)
		add_backwards(all, &p);
	if (!all->failed && may_join(&all->tokens, p.first, p.n))
		add_joined(all, &p);
	all->failed = all->failed || all->tokens.failed;
}

void names_ready(struct names *all)
{
	all->n_table = 64;
	while (all->n_table < all->n * 2)
		all->n_table *= 2;
	all->table = calloc(all->n_table, sizeof *all->table);
	if (!all->table) {
		all->failed = true;
		return;
	}
	for (size_t i = 0; i < all->n; i++) {
		size_t *slot = &all->table[(size_t)all->list[i].sum & (all->n_table - 1)];
		all->list[i].next = *slot;
		*slot = i + 1;
	}
}

void names_free(struct names *all)
{
	free(all->list);
	free(all->table);
	tokens_free(&all->tokens);
	memset(all, 0, sizeof *all);
}

/* ---- the search ------------------------------------------------------------------------- */

static bool same_at(const struct names *all, const struct pattern *p,
    const struct tokens *text, size_t at)
{
	bool used[TOKENS_MAX] = {false};
	for (size_t i = 0; i < p->n; i++) {
		const char *word = token_text(text, at + i);
		size_t k = p->in_order ? i : 0;
		const size_t end = p->in_order ? i + 1 : p->n;
		while (k < end &&
		    (used[k] || strcmp(word, token_text(&all->tokens, p->first + k)) != 0))
			k++;
		if (k == end)
			return false;
		used[k] = true;
	}
	return true;
}

/* A short name of a script without spaces is one only when it stands alone. */
static bool stands_alone(const struct tokens *text, size_t at, size_t n)
{
	const struct token *after = at + n < text->n ? &text->list[at + n] : NULL;
	const struct token *before = at > 0 ? &text->list[at - 1] : NULL;
	return (text->list[at].apart || !before || !before->cluster) &&
	    (!after || after->apart || !after->cluster);
}

static void hit_add(struct name_hits *hits, const struct pattern *p,
    const struct token *first, const struct token *last)
{
	if (hits->n == hits->cap) {
		size_t cap = hits->cap ? hits->cap * 2 : 16;
		struct name_hit *grown = realloc(hits->list, cap * sizeof *grown);
		if (!grown) {
			hits->failed = true;
			return;
		}
		hits->list = grown;
		hits->cap = cap;
	}
	hits->list[hits->n++] = (struct name_hit){first->from, last->to, p->owner,
	    p->kind, p->words, p->letters, first->capital, p->open};
}

static void window(struct name_hits *hits, const struct names *all,
    const struct tokens *text, size_t at, size_t n, uint64_t sum)
{
	for (size_t i = all->table[(size_t)sum & (all->n_table - 1)]; i > 0;
	     i = all->list[i - 1].next) {
		const struct pattern *p = &all->list[i - 1];
		if (p->sum == sum && p->n == n && same_at(all, p, text, at) &&
		    (!p->whole || stands_alone(text, at, n)))
			hit_add(hits, p, &text->list[at], &text->list[at + n - 1]);
	}
}

void names_in(struct name_hits *hits, const struct names *all, const char *text)
{
	struct tokens t = {0};
	hits->n = 0;
	if (all->n == 0 || all->failed)
		return;
	tokens_split(&t, text);
	for (size_t at = 0; at < t.n && !t.failed; at++) {
		uint64_t sum = 0;
		for (size_t n = 1; n <= TOKENS_MAX && at + n <= t.n; n++) {
			if (all->lengths >> n == 0)
				break;
			sum += t.list[at + n - 1].hash;
			if ((all->lengths >> n & 1) != 0)
				window(hits, all, &t, at, n, sum);
		}
	}
	hits->failed = hits->failed || t.failed;
	tokens_free(&t);
}
