/*
 * Passing one whole item: the check that stored and received values are
 * canonical.  A stack of fixed size instead of recursion, since the input says
 * how deep it goes.
 */
#include <string.h>

#include <saksi/base/text.h>

#include "mp_head.h"

#define STACK_MAX 64u

struct level {
	uint64_t left;	    /* items still to come; a map's keys count too */
	bool map;	    /* the items alternate between key and value */
	const uint8_t *key; /* a map's last key, NULL before the first */
	size_t key_len;
};

/* Strictly ascending by bytes: sorted, and none twice. */
static bool key_ascends(const struct level *l, const uint8_t *key, size_t n)
{
	size_t shorter = n < l->key_len ? n : l->key_len;
	int c;

	if (l->key == NULL)
		return true;
	c = memcmp(l->key, key, shorter);
	return c < 0 || (c == 0 && l->key_len < n);
}

static void check_key(struct mp_reader *r, struct level *l, const struct mp_head *h)
{
	const uint8_t *key = r->p + h->size;

	if (h->type != MP_STR) {
		mp_fail(r, "a map's key is not a text");
		return;
	}
	if (!key_ascends(l, key, (size_t)h->v)) {
		mp_fail(r, "a map's keys are not in order, or one stands twice");
		return;
	}
	l->key = key;
	l->key_len = (size_t)h->v;
}

static void pass(struct mp_reader *r, const struct mp_head *h)
{
	r->p += h->size;
	if (h->type == MP_STR || h->type == MP_BIN)
		r->p += h->v;
}

/* An array or a map, with all that is in it. */
static size_t skip_nested(struct mp_reader *r, unsigned depth, const uint8_t **start)
{
	const uint8_t *first = r->p;
	struct level stack[STACK_MAX];
	struct mp_head h;
	unsigned top = 0; /* how many levels are open */

	if (depth > STACK_MAX)
		depth = STACK_MAX;
	do {
		struct level *l = top > 0 ? &stack[top - 1] : NULL;

		if (!mp_head_get(&h, r))
			return 0;
		if (l != NULL) {
			if (l->map && l->left % 2 == 0)
				check_key(r, l, &h);
			l->left--;
		}
		if (r->failed)
			return 0;
		pass(r, &h);
		if (h.type == MP_ARRAY || h.type == MP_MAP) {
			if (top >= depth) {
				mp_fail(r, "nested too deep");
				return 0;
			}
			stack[top].map = h.type == MP_MAP;
			stack[top].left = stack[top].map ? h.v * 2 : h.v;
			stack[top].key = NULL;
			stack[top].key_len = 0;
			top++;
		}
		while (top > 0 && stack[top - 1].left == 0)
			top--;
	} while (top > 0);
	if (start != NULL)
		*start = first;
	return (size_t)(r->p - first);
}

size_t mp_skip(struct mp_reader *r, unsigned depth, const uint8_t **start)
{
	static const uint8_t nothing[1];
	const uint8_t *first = r->p;
	struct mp_head h;
	size_t len;

	if (mp_head_fix(r, MP_FIX_STR, &len) && (r->again || utf8_valid(first + 1, len))) {
		r->p += 1 + len;
		if (start != NULL)
			*start = first;
		return 1 + len;
	}
	if (start != NULL)
		*start = nothing;
	if (!mp_head_get(&h, r))
		return 0;
	/* Most items are of one piece and need no room for levels. */
	if (h.type == MP_ARRAY || h.type == MP_MAP)
		return skip_nested(r, depth, start);
	pass(r, &h);
	if (start != NULL)
		*start = first;
	return (size_t)(r->p - first);
}
