/*
 * query_int.h - what parsing and matching of queries share.
 */
#ifndef SAKSI_STORE_QUERY_INT_H
#define SAKSI_STORE_QUERY_INT_H

#include <saksi/store/query.h>

enum node_kind {
	NODE_ALL, /* matches everything */
	NODE_AND,
	NODE_OR,
	NODE_NOT,
	NODE_WORDS, /* consecutive words in one text of the record */
	NODE_NAME,  /* name~x */
	NODE_TYPE,
	NODE_CLASS,
	NODE_DATE,
	NODE_REF,
	NODE_FIELD /* field:value */
};

/* The words of a folded text, each ended by NUL, one after the other. */
struct words {
	struct buf text;
	size_t *at; /* where each begins */
	size_t n, cap;
};
/** words_add(w, folded, n): Append the words of a folded text. false: no memory. */
bool words_add(struct words *w, const char *folded, size_t n);
/** words_add_raw: The same, folding first. */
bool words_add_raw(struct words *w, const char *text);
bool words_push(struct words *w, const char *word, size_t len);
/** words_split: The same, of what stands between spaces. */
bool words_split(struct words *w, const char *folded);
const char *words_get(const struct words *w, size_t i);
void words_free(struct words *w);
/** words_find(hay, from, to, w, prefix): How often ${w} stands in hay[from..to). */
size_t words_find(const struct words *hay, size_t from, size_t to, const struct words *w,
    bool prefix);

struct node {
	enum node_kind kind;
	struct node *child;  /* first one; of AND, OR, NOT */
	struct node *next;   /* of the same parent */
	struct node *all;    /* list of all, for freeing */
	char key[64];	     /* FIELD */
	struct words words;  /* WORDS, FIELD; NAME: between spaces */
	bool prefix;	     /* the last word may go on */
	struct buf text;     /* FIELD: as written; NAME: folded; REF: id; TYPE: name */
	struct buf skeleton; /* NAME */
	unsigned near;	     /* NAME: allowed edit distance */
	char id[27];	     /* FIELD: what the value resolves to, or "" */
	enum saksi_class cls;
	bool dated; /* DATE, FIELD: these days */
	struct edtf days;
};
struct query {
	const struct schema *s;
	struct node *root;
	struct node *all;
	bool texts; /* some node looks at the words of the record */
};

/* Where the parser stands; nodes belong to the query from the start. */
struct parser {
	struct query *q;
	const struct schema_resolver *res;
	const char *text;
	const char *p;
	unsigned depth;
	struct saksi_error *err;
};

/** query_wrong(p, at, what): SAKSI_EINVAL with the column of ${at}. */
enum saksi_err query_wrong(const struct parser *p, const char *at, const char *what);
/** query_column(p, at): Characters from the beginning, counted from 1. */
unsigned query_column(const struct parser *p, const char *at);
/** node_new(p, kind): NULL when out of memory. */
struct node *node_new(struct parser *p, enum node_kind kind);
bool is_space(char c);
/** ends_term(c): A space, quote, parenthesis or the end. */
bool ends_term(char c);
/* How well a name fits that is so many edits away, or only sounds alike. */
#define FIT_EDIT 0.25
#define FIT_SKELETON 0.5

enum saksi_err parse_term(struct parser *p, struct node **out);

/** field_has_name(f, key): By path, last name, or as a field of a group of that name. */
bool field_has_name(const struct schema_field *f, const char *key);
/** fold_into(out, text): Folded and NUL-terminated. false: no memory. */
bool fold_into(struct buf *out, const char *text, size_t n);

/** match_field: Does a value say what a field:value node asks?  1, 0, -1 (no memory). */
int match_field(const struct query *q, const struct node *n, const json_t *record);
/** match_name: The same of a name and name~x; ${score} up to 1 for an equal name. */
int match_name(const struct query *q, const struct node *n, const json_t *record,
    double *score);

#endif
