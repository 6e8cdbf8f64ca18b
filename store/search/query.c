/*
 * query.c - the query language: text to a tree.
 *
 *   or     := and { "OR" and }
 *   and    := { ["AND"] unary }             at least one
 *   unary  := ["-"] ( "(" or ")" | phrase | term )
 *   term   := key ":" value | "name~" value | word ["*"]
 *   value  := phrase | characters up to a space, quote or parenthesis
 *
 * A key is of a-z, _ and dots.  What begins otherwise and holds a colon
 * (12:30, 04:030101000000) is a word.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "query_int.h"

static enum saksi_err parse_or(struct parser *p, struct node **out);

static void skip_spaces(struct parser *p)
{
	while (is_space(*p->p))
		p->p++;
}

static bool at_keyword(const struct parser *p, const char *word)
{
	size_t n = strlen(word);
	return strncmp(p->p, word, n) == 0 && ends_term(p->p[n]);
}

/* ---- the tree -------------------------------------------------------------------------- */

static enum saksi_err parse_group(struct parser *p, struct node **out)
{
	const char *open = p->p++;
	if (++p->depth > QUERY_DEPTH_MAX)
		return saksi_fail(p->err, SAKSI_ELIMIT,
		    "query: column %u: more than %u parentheses "
		    "inside each other; write it flatter",
		    query_column(p, open), QUERY_DEPTH_MAX);
	enum saksi_err e = parse_or(p, out);
	if (e != SAKSI_OK)
		return e;
	p->depth--;
	if (*p->p != ')')
		return query_wrong(p, open, "expected a closing parenthesis for this one");
	p->p++;
	return SAKSI_OK;
}

static enum saksi_err parse_unary(struct parser *p, struct node **out)
{
	bool negated = *p->p == '-';
	struct node *n = NULL;

	if (negated) {
		p->p++;
		if (*p->p == '-' || (ends_term(*p->p) && *p->p != '(' && *p->p != '"'))
			return query_wrong(p, p->p,
			    "expected a word right after the minus sign");
	}
	if (*p->p == ')')
		return query_wrong(p, p->p, "expected a word before this parenthesis");
	enum saksi_err e = *p->p == '(' ? parse_group(p, &n) : parse_term(p, &n);
	if (e != SAKSI_OK || !negated) {
		*out = n;
		return e;
	}
	*out = node_new(p, NODE_NOT);
	if (*out == NULL)
		return saksi_fail_nomem(p->err);
	(*out)->child = n;
	return SAKSI_OK;
}

/* Children in a chain under a new node, or the only child itself. */
struct chain {
	struct node *first, *last;
	size_t n;
};

static void chain_add(struct chain *c, struct node *n)
{
	if (c->last != NULL)
		c->last->next = n;
	else
		c->first = n;
	c->last = n;
	c->n++;
}

static enum saksi_err chain_end(struct parser *p, const struct chain *c,
    enum node_kind kind, struct node **out)
{
	*out = c->first;
	if (c->n == 1)
		return SAKSI_OK;
	*out = node_new(p, kind);
	if (*out == NULL)
		return saksi_fail_nomem(p->err);
	(*out)->child = c->first;
	return SAKSI_OK;
}

static enum saksi_err parse_and(struct parser *p, struct node **out)
{
	struct chain c = {NULL, NULL, 0};

	for (;;) {
		skip_spaces(p);
		bool must = c.n == 0;
		if (!must && at_keyword(p, "AND")) {
			p->p += 3;
			skip_spaces(p);
			must = true;
		}
		bool end = *p->p == '\0' || *p->p == ')' || at_keyword(p, "OR") ||
		    at_keyword(p, "AND");
		if (end && must)
			return query_wrong(p, p->p,
			    "expected a word, a phrase, field:value or ( here");
		if (end)
			return chain_end(p, &c, NODE_AND, out);
		struct node *n = NULL;
		enum saksi_err e = parse_unary(p, &n);
		if (e != SAKSI_OK)
			return e;
		chain_add(&c, n);
	}
}

static enum saksi_err parse_or(struct parser *p, struct node **out)
{
	struct chain c = {NULL, NULL, 0};

	for (;;) {
		struct node *n = NULL;
		enum saksi_err e = parse_and(p, &n);
		if (e != SAKSI_OK)
			return e;
		chain_add(&c, n);
		if (!at_keyword(p, "OR"))
			return chain_end(p, &c, NODE_OR, out);
		p->p += 2;
	}
}

static enum saksi_err parse_all(struct parser *p)
{
	skip_spaces(p);
	if (*p->p == '\0') {
		p->q->root = node_new(p, NODE_ALL);
		return p->q->root != NULL ? SAKSI_OK : saksi_fail_nomem(p->err);
	}
	enum saksi_err e = parse_or(p, &p->q->root);
	if (e == SAKSI_OK && *p->p != '\0')
		return query_wrong(p, p->p,
		    "expected nothing more, or an opening parenthesis before");
	return e;
}

enum saksi_err query_parse(struct query **out, const struct schema *s, const char *text,
    const struct schema_resolver *res, struct saksi_error *err)
{
	*out = NULL;
	size_t n = strlen(text);
	if (n > QUERY_MAX)
		return saksi_fail(err, SAKSI_ELIMIT,
		    "query: longer than %u bytes; write a shorter "
		    "one",
		    QUERY_MAX);
	if (!utf8_valid(text, n))
		return saksi_fail(err, SAKSI_EINVAL,
		    "query: column 1: not well-formed UTF-8; write "
		    "it again");
	struct query *q = calloc(1, sizeof(*q));
	if (q == NULL)
		return saksi_fail_nomem(err);
	q->s = s;
	struct parser p = {.q = q, .res = res, .text = text, .p = text, .err = err};
	enum saksi_err e = parse_all(&p);
	if (e != SAKSI_OK) {
		query_free(&q);
		return e;
	}
	*out = q;
	return SAKSI_OK;
}

static enum saksi_err type_node(struct parser *p, const char *type, struct node **out)
{
	*out = node_new(p, NODE_TYPE);
	if (*out == NULL)
		return saksi_fail_nomem(p->err);
	buf_add_str(&(*out)->text, type);
	(void)buf_cstr(&(*out)->text);
	return buf_ok(&(*out)->text, p->err);
}

static enum saksi_err no_known_type(struct parser *p, struct node **out)
{
	struct chain c = {NULL, NULL, 0};
	size_t n;
	const struct schema_type *types = schema_types(p->q->s, &n);
	struct node *any, *one;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++)
		if ((rc = type_node(p, types[i].name, &one)) == SAKSI_OK)
			chain_add(&c, one);
	if (rc != SAKSI_OK || (rc = chain_end(p, &c, NODE_OR, &any)) != SAKSI_OK)
		return rc;
	*out = node_new(p, NODE_NOT);
	if (*out == NULL)
		return saksi_fail_nomem(p->err);
	(*out)->child = any;
	return SAKSI_OK;
}

enum saksi_err query_of_type(struct query *q, const char *type, struct saksi_error *err)
{
	struct parser p = {.q = q, .err = err};
	struct chain c = {NULL, NULL, 0};
	struct node *n = NULL;
	enum saksi_err rc =
	    type != NULL ? type_node(&p, type, &n) : no_known_type(&p, &n);

	if (rc != SAKSI_OK)
		return rc;
	chain_add(&c, n);
	chain_add(&c, q->root);
	return chain_end(&p, &c, NODE_AND, &q->root);
}

void query_free(struct query **qp)
{
	if (qp == NULL || *qp == NULL)
		return;
	struct node *next;
	for (struct node *n = (*qp)->all; n != NULL; n = next) {
		next = n->all;
		words_free(&n->words);
		buf_free(&n->text);
		buf_free(&n->skeleton);
		wipe(n, sizeof(*n));
		free(n);
	}
	free(*qp);
	*qp = NULL;
}
