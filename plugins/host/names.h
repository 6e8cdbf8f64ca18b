/*
 * names.h - find many names in a text, in one pass.
 *
 * A text is a row of tokens: folded words, or, of scripts that are written
 * without spaces (Khmer, Thai, Lao, Burmese, Chinese ...), folded clusters of
 * letters with their marks.  A name matches only whole tokens: never inside
 * another word.  Its words match in any order, whatever case, accents or
 * punctuation stand between, and also when they are written together.
 *
 * The cost grows with the length of the text and with the number of names,
 * never with their product.
 */
#ifndef SAKSI_HOST_NAMES_H
#define SAKSI_HOST_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <saksi/base/buf.h>

struct token {
	size_t from, to; /* bytes in the text */
	size_t folded;	 /* where it stands in the pool, with a NUL */
	uint64_t hash;
	unsigned letters;
	bool cluster; /* of a script without spaces; else a word */
	bool apart;   /* something that is no letter stands before it */
	bool capital; /* or of a script that has none */
};
struct tokens {
	struct token *list;
	size_t n, cap;
	struct buf pool;
	bool failed;
};
/** tokens_split(t, text): Append the tokens of ${text}. */
void tokens_split(struct tokens *t, const char *text);
const char *token_text(const struct tokens *t, size_t i);
void tokens_free(struct tokens *t);
uint64_t token_hash(const char *folded, size_t n);

/* ---- which names may stand in a text at all ------------------------------------ */
struct name_index {
	uint64_t *slots; /* hashes of the text's tokens; 0: free */
	size_t n, cap;
	bool failed;
};
void name_index_add(struct name_index *x, const char *text);
/** name_index_may(x, name): false: it does not stand in any of the texts. */
bool name_index_may(struct name_index *x, const char *name);
void name_index_free(struct name_index *x);

/* ---- the names ------------------------------------------------------------------ */
enum name_kind { NAME_WHOLE, NAME_PART, NAME_CONTACT };
struct name_hit {
	size_t from, to; /* bytes in the text */
	size_t owner;
	enum name_kind kind;
	unsigned words, letters; /* of the name; 1 word may be any word */
	bool capital;		 /* as it stands in the text */
	bool open;		 /* the owner's name is one that may be read here */
};
struct names {
	struct pattern *list;
	size_t n, cap;
	struct tokens tokens; /* of all patterns */
	size_t *table;	      /* hash -> first pattern + 1 */
	size_t n_table;
	uint64_t lengths; /* bit n: there are names of n tokens */
	bool failed;
};
/** names_add(all, owner, kind, open, text): Before names_ready(). */
void names_add(struct names *all, size_t owner, enum name_kind kind, bool open,
    const char *text);
void names_ready(struct names *all);
struct name_hits {
	struct name_hit *list;
	size_t n, cap;
	bool failed;
};
/** names_in(hits, all, text): Every name at every place, in order of the places. */
void names_in(struct name_hits *hits, const struct names *all, const char *text);
void names_free(struct names *all);

#endif
