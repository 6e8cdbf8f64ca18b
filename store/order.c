/* order.c - sorted parts of what does not fit, merged. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/store/order.h>

#include "keep.h"
#include "vault_impl.h"

#define ROOM ((size_t)6 << 20) /* bytes that are sorted at a time */
#define WHAT_MAX 64u

static size_t room = ROOM;

void order_test_room(size_t bytes)
{
	room = bytes > 0 ? bytes : ROOM;
}

/* An item: length of what it is for (1), that, text and NUL, second text and NUL. */
struct part { /* which pages of the kept ones are one sorted part */
	size_t page, end;
	struct buf here;
	size_t at; /* of the item that is next in ${here} */
};
struct saksi_order {
	bool descending;
	struct buf items; /* not yet kept */
	uint32_t *at;	  /* where each of them begins */
	size_t n, cap;
	struct keep kept;
	struct part *parts;
	size_t n_parts, cap_parts;
	size_t held; /* see saksi_order_held() */
};

enum saksi_err saksi_order_new(struct saksi_order **out, struct saksi_vault *v,
    bool descending, struct saksi_error *err)
{
	struct saksi_order *o = calloc(1, sizeof(*o));

	*out = o;
	if (o == NULL)
		return saksi_fail_nomem(err);
	o->descending = descending;
	keep_init(&o->kept, "list: what is put in order", v->dirfd, 0);
	o->kept.stay = true;
	return SAKSI_OK;
}

void saksi_order_free(struct saksi_order **po)
{
	struct saksi_order *o = *po;

	*po = NULL;
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->n_parts; i++)
		buf_free(&o->parts[i].here);
	free(o->parts);
	keep_free(&o->kept);
	buf_free(&o->items);
	free(o->at);
	free(o);
}

size_t saksi_order_held(const struct saksi_order *o)
{
	return o->held;
}

static void note_held(struct saksi_order *o)
{
	size_t now = o->items.cap;

	for (size_t i = 0; i < o->n_parts; i++)
		now += o->parts[i].here.cap;
	if (now > o->held)
		o->held = now;
}

/* ---- one part ------------------------------------------------------------------------- */

static int compare(const struct saksi_order *o, const uint8_t *a, const uint8_t *b)
{
	const char *x = (const char *)a + 1 + a[0];
	const char *y = (const char *)b + 1 + b[0];
	int d = strcmp(x, y);

	if (d == 0)
		d = strcmp(x + strlen(x) + 1, y + strlen(y) + 1);
	return o->descending ? -d : d;
}

static int by_text(const void *a, const void *b, void *arg)
{
	const struct saksi_order *o = arg;

	return compare(o, o->items.p + *(const uint32_t *)a,
	    o->items.p + *(const uint32_t *)b);
}

static void sort_items(struct saksi_order *o)
{
	if (o->n > 1)
		qsort_r(o->at, o->n, sizeof(*o->at), by_text, o);
}

static size_t length(const uint8_t *item)
{
	const char *text = (const char *)item + 1 + item[0];
	const char *second = text + strlen(text) + 1;

	return (size_t)((const uint8_t *)second + strlen(second) + 1 - item);
}

static enum saksi_err put_away(struct saksi_order *o, struct saksi_error *err)
{
	struct part *list = list_room(o->parts, o->n_parts, &o->cap_parts, sizeof(*list));
	struct part p = {.here = BUF_INIT};
	struct buf item = BUF_INIT;
	enum saksi_err rc;

	if (list == NULL)
		return saksi_fail_nomem(err);
	o->parts = list;
	sort_items(o);
	rc = keep_cut(&o->kept, &p.page, err);
	for (size_t i = 0; i < o->n && rc == SAKSI_OK; i++) {
		buf_reset(&item);
		buf_add(&item, o->items.p + o->at[i], length(o->items.p + o->at[i]));
		rc = keep_add(&o->kept, &item, err);
	}
	buf_free(&item);
	if (rc == SAKSI_OK && (rc = keep_cut(&o->kept, &p.end, err)) == SAKSI_OK)
		o->parts[o->n_parts++] = p;
	buf_reset(&o->items);
	o->n = 0;
	return rc;
}

enum saksi_err saksi_order_add(struct saksi_order *o, const char *text,
    const char *second, const void *what, size_t n, struct saksi_error *err)
{
	uint32_t *list;

	if (n > WHAT_MAX)
		return saksi_fail(err, SAKSI_EINVAL, "order: too much is put in order");
	if ((list = list_room(o->at, o->n, &o->cap, sizeof(*list))) == NULL)
		return saksi_fail_nomem(err);
	o->at = list;
	list[o->n++] = (uint32_t)o->items.len;
	buf_add_byte(&o->items, (uint8_t)n);
	buf_add(&o->items, what, n);
	buf_add(&o->items, text, strlen(text) + 1);
	buf_add(&o->items, second, strlen(second) + 1);
	note_held(o);
	if (o->items.failed)
		return saksi_fail_nomem(err);
	return o->items.len < room ? SAKSI_OK : put_away(o, err);
}

/* ---- all of them ------------------------------------------------------------------------ */

static const uint8_t *item_of(const struct part *p)
{
	return p->at < p->here.len ? p->here.p + p->at + 4 : NULL;
}

/* On to the next item; NULL from item_of(): there is none. */
static enum saksi_err advance(struct saksi_order *o, struct part *p,
    struct saksi_error *err)
{
	enum saksi_err rc;

	if (p->at < p->here.len)
		p->at += 4 + le32_get(p->here.p + p->at);
	if (p->at < p->here.len || p->page == p->end)
		return SAKSI_OK;
	p->at = 0;
	rc = keep_page(&o->kept, p->page++, &p->here, err);
	note_held(o);
	return rc;
}

static struct part *first_of(const struct saksi_order *o)
{
	struct part *first = NULL;

	for (size_t i = 0; i < o->n_parts; i++) {
		struct part *p = &o->parts[i];

		if (item_of(p) != NULL &&
		    (first == NULL || compare(o, item_of(p), item_of(first)) < 0))
			first = p;
	}
	return first;
}

static enum saksi_err merge(struct saksi_order *o, saksi_order_fn *fn, void *ctx,
    struct saksi_error *err)
{
	struct part *p;
	enum saksi_err rc = put_away(o, err);

	buf_free(&o->items);
	for (size_t i = 0; i < o->n_parts && rc == SAKSI_OK; i++)
		rc = advance(o, &o->parts[i], err);
	while (rc == SAKSI_OK && (p = first_of(o)) != NULL) {
		rc = fn(ctx, item_of(p) + 1, item_of(p)[0], err);
		if (rc == SAKSI_OK)
			rc = advance(o, p, err);
	}
	return rc;
}

enum saksi_err saksi_order_each(struct saksi_order *o, saksi_order_fn *fn, void *ctx,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	if (o->n_parts > 0)
		return merge(o, fn, ctx, err);
	sort_items(o);
	for (size_t i = 0; i < o->n && rc == SAKSI_OK; i++) {
		const uint8_t *item = o->items.p + o->at[i];

		rc = fn(ctx, item + 1, item[0], err);
	}
	return rc;
}
