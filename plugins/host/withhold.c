/*
 * withhold.c - names that may not be read leave every text of the document.
 *
 * Free text is where names leak.  Whose name is withheld is replaced by what
 * they are called here, wherever a spelling that the records know stands.  A
 * single part of a name (Mr Sokha) stays, since it may be somebody else's: it
 * is reported.  That a person who is no victim of the submission had to be
 * replaced blocks (C8): a person should word it so that nobody needs a name.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "bearers.h"

#define SURE_LETTERS 5u	 /* of a name of one word, of anybody in the vault */
#define TOLD_LETTERS 4u	 /* likewise, of who is protected here */
#define LEAST_LETTERS 3u /* shorter ones are words of many languages */

struct pass {
	struct bearers *b;
	struct name_hits hits, open, masks;
	size_t persons; /* that got a number, no victims of the submission */
	bool failed;
};

/* ---- what a hit means --------------------------------------------------------------- */

enum verdict { NAME_NOT_MEANT, NAME_UNSURE, NAME_MEANT };

/* Dates are written with these. */
static bool is_calendar(struct pass *p, const struct name_hit *h, const char *text)
{
	static const char *const words[] = {"january", "february", "march", "april",
	    "may", "june", "july", "august", "september", "october", "november",
	    "december", "monday", "tuesday", "wednesday", "thursday", "friday",
	    "saturday", "sunday"};
	struct tokens t = {0};
	struct buf b = BUF_INIT;
	bool found = false;
	buf_add(&b, text + h->from, h->to - h->from);
	tokens_split(&t, buf_cstr(&b));
	for (size_t i = 0; i < sizeof words / sizeof *words && t.n == 1 && !t.failed; i++)
		found = found || strcmp(token_text(&t, 0), words[i]) == 0;
	p->failed = p->failed || b.failed || t.failed;
	tokens_free(&t);
	buf_free(&b);
	return found;
}

/* A name of one word may be any word; so it has to look like a name. */
static enum verdict is_meant(struct pass *p, const struct bearer *x,
    const struct name_hit *h, const char *text)
{
	if (h->words > 1)
		return NAME_MEANT;
	if (!h->capital && (!x->guarded || h->letters < TOLD_LETTERS))
		return NAME_NOT_MEANT;
	if (x->victim)
		return NAME_MEANT;
	if (h->letters < LEAST_LETTERS)
		return x->guarded ? NAME_UNSURE : NAME_NOT_MEANT;
	if (is_calendar(p, h, text))
		return x->guarded ? NAME_UNSURE : NAME_NOT_MEANT;
	return x->guarded || h->letters >= SURE_LETTERS ? NAME_MEANT : NAME_UNSURE;
}

static void keep(struct pass *p, struct name_hits *m, const struct name_hit *h)
{
	struct name_hit *list = list_room(m->list, m->n, &m->cap, sizeof *list);

	if (!list) {
		p->failed = true;
		return;
	}
	m->list = list;
	m->list[m->n++] = *h;
}

/* Where names stand that may be read: each place once, however many bear the name. */
static void find_open(struct pass *p)
{
	p->open.n = 0;
	for (size_t i = 0; i < p->hits.n; i++) {
		const struct name_hit *h = &p->hits.list[i];
		const struct bearer *x = &p->b->list[h->owner];
		const struct name_hit *last =
		    p->open.n ? &p->open.list[p->open.n - 1] : NULL;
		if (h->kind == NAME_WHOLE && x->standing == STANDING_OPEN &&
		    (!x->victim || h->open) &&
		    !(last && last->from == h->from && last->to == h->to))
			keep(p, &p->open, h);
	}
}

/* Somebody who may be named has a name here: 2 a longer one, 1 the same, 0 none. */
static int is_explained(const struct pass *p, const struct name_hit *h)
{
	int best = 0;
	for (size_t i = 0; i < p->open.n && best < 2; i++) {
		const struct name_hit *o = &p->open.list[i];
		if (o->from > h->from)
			break;
		if (o->to < h->to)
			continue;
		int here = o->from < h->from || o->to > h->to ? 2 : 1;
		best = here > best ? here : best;
	}
	return best;
}

static void mask(struct pass *p, const struct name_hit *h)
{
	struct name_hits *m = &p->masks;
	struct name_hit *last = m->n ? &m->list[m->n - 1] : NULL;
	if (last && h->from < last->to) {
		/* From the left, and of those that begin there the longest. */
		if (h->from == last->from && h->to > last->to)
			*last = *h;
		else if (h->to > last->to)
			last->to = h->to; /* what overlaps goes with it */
		return;
	}
	keep(p, m, h);
}

/* The same words are the name of somebody who may be named. */
static void judge_namesake(struct bearer *x)
{
	if (x->tie)
		x->stands = x->namesake = true;
	else if (x->standing == STANDING_WITHHELD && x->guarded)
		x->unsure = true;
}

static void judge_name(struct pass *p, struct bearer *x, const struct name_hit *h,
    const char *text)
{
	bool hidden = x->standing != STANDING_OPEN || (x->victim && !h->open);
	enum verdict meant = hidden ? is_meant(p, x, h, text) : NAME_NOT_MEANT;
	if (meant == NAME_NOT_MEANT)
		return;
	int explained = x->victim ? 0 : is_explained(p, h);
	if (explained == 2)
		return;
	if (explained == 1) {
		judge_namesake(x);
		return;
	}
	if (meant == NAME_UNSURE) {
		x->unsure = true;
		return;
	}
	x->stands = true;
	if (x->standing != STANDING_UNASKED)
		mask(p, h);
}

static void judge(struct pass *p, const char *text)
{
	p->masks.n = 0;
	find_open(p);
	for (size_t i = 0; i < p->hits.n; i++) {
		const struct name_hit *h = &p->hits.list[i];
		struct bearer *x = &p->b->list[h->owner];
		if (h->kind == NAME_WHOLE) {
			judge_name(p, x, h, text);
		} else if (h->kind == NAME_CONTACT) {
			x->contact = true;
			mask(p, h);
		}
	}
}

static bool is_masked(const struct pass *p, const struct name_hit *h)
{
	for (size_t i = 0; i < p->masks.n; i++)
		if (p->masks.list[i].from <= h->from && h->to <= p->masks.list[i].to)
			return true;
	return false;
}

static void look_for_parts(struct pass *p)
{
	for (size_t i = 0; i < p->hits.n; i++) {
		const struct name_hit *h = &p->hits.list[i];
		struct bearer *x = &p->b->list[h->owner];
		if (h->kind == NAME_PART && x->standing == STANDING_WITHHELD &&
		    h->letters >= TOLD_LETTERS && !is_masked(p, h) && !is_explained(p, h))
			x->part = true;
	}
}

/* ---- what stands there instead --------------------------------------------------------- */

static const char *called(struct pass *p, struct bearer *x)
{
	struct victim *v = bearer_of(x);
	struct buf b = BUF_INIT;
	if (v->called)
		return v->called;
	/* The pseudonym is there to be used, whatever class it has. */
	if (text_at(v->record, "pseudonym")[0])
		buf_add_str(&b, text_at(v->record, "pseudonym"));
	else
		buf_printf(&b, "Person %zu (name withheld)", ++p->persons);
	v->called = b.failed ? NULL : strdup(buf_cstr(&b));
	p->failed = p->failed || !v->called;
	buf_free(&b);
	return v->called ? v->called : "";
}

static void replace(struct pass *p, json_t *v)
{
	const char *text = json_string_value(v);
	struct buf out = BUF_INIT;
	size_t done = 0;
	for (size_t i = 0; i < p->masks.n; i++) {
		const struct name_hit *h = &p->masks.list[i];
		struct bearer *x = &p->b->list[h->owner];
		buf_add(&out, text + done, h->from - done);
		if (h->kind == NAME_CONTACT) {
			buf_add_str(&out, "[withheld]");
		} else {
			buf_add_str(&out, called(p, x));
			x->masked = true;
		}
		done = h->to;
	}
	buf_add_str(&out, text + done);
	p->failed = p->failed || out.failed || json_string_set(v, buf_cstr(&out)) != 0;
	buf_free(&out);
}

static void pass_over(void *ctx, json_t *v)
{
	struct pass *p = ctx;
	if (p->failed)
		return;
	names_in(&p->hits, &p->b->names, json_string_value(v));
	judge(p, json_string_value(v));
	look_for_parts(p);
	if (p->masks.n > 0)
		replace(p, v);
	p->failed = p->failed || p->hits.failed;
}

static void find(void *ctx, json_t *v)
{
	struct pass *p = ctx;
	names_in(&p->hits, &p->b->names, json_string_value(v));
	for (size_t i = 0; i < p->hits.n; i++)
		p->b->list[p->hits.list[i].owner].found = true;
	p->failed = p->failed || p->hits.failed;
}

/* ---- the document says what was done to it ------------------------------------------------ */

static void cover_line(struct submission *s, const char *label, size_t n,
    const char *words)
{
	json_t *cover = json_object_get(s->document, "cover");
	struct buf b = BUF_INIT;
	buf_printf(&b, "%zu %s%s", n, n == 1 ? "person" : "persons", words);
	if (n > 0)
		build_add(s, cover,
		    json_pack("{s:s, s:s}", "label", label, "value", buf_cstr(&b)));
	build_done(s, &b);
}

static void tell(struct pass *p)
{
	size_t masked = 0, left = 0;
	for (size_t i = 0; i < p->b->n; i++) {
		const struct bearer *x = &p->b->list[i];
		masked += !x->victim && x->masked;
		left += !x->victim && x->stands &&
		    (x->standing == STANDING_UNASKED || x->namesake);
	}
	cover_line(p->b->s, "Names taken out of texts", masked,
	    " who may not be named, beside the victims; read what is left");
	cover_line(p->b->s, "Named without their consent", left,
	    " beside the victims; check C8 was overridden");
}

static enum saksi_err pass_all(struct pass *p, struct saksi_error *err)
{
	struct submission *s = p->b->s;
	each_text(s, find, p);
	if (p->failed)
		return saksi_fail_nomem(err);
	enum saksi_err rc = bearers_weigh(p->b, err);
	if (rc != SAKSI_OK)
		return rc;
	each_text(s, pass_over, p);
	if (!p->failed) {
		bearers_report(p->b);
		tell(p);
	}
	return p->failed || p->b->failed || s->failed ? saksi_fail_nomem(err) : SAKSI_OK;
}

enum saksi_err withhold(struct submission *s, struct saksi_error *err)
{
	struct bearers b;
	struct pass p = {.b = &b};
	enum saksi_err rc = bearers_gather(&b, s, err);
	if (rc == SAKSI_OK)
		rc = pass_all(&p, err);
	free(p.hits.list);
	free(p.open.list);
	free(p.masks.list);
	bearers_free(&b);
	return rc == SAKSI_OK ? build_ok(s, err) : rc;
}
