/* import_check.c - is each line a record that can be written?  And if so, as what? */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/mpjson.h>

#include "import_line.h"

#define WINDOW_LINES 512u
#define WINDOW_BYTES (1u << 20)

static bool only_space(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != ' ' && p[i] != '\t')
			return false;
	return true;
}

/* ${p} NULL: too long to be looked at. */
static enum saksi_err add_line(struct checking *c, size_t number, const char *p, size_t n,
    struct saksi_error *err)
{
	struct window *w = c->w;
	struct line *l;

	if (p != NULL && only_space(p, n))
		return SAKSI_OK;
	c->im->report->lines++;
	if (p == NULL) {
		schema_faults_add(c->faults, number, false, "",
		    "the line is longer than 4 MiB");
		return SAKSI_OK;
	}
	if ((l = list_room(w->lines, w->n, &w->cap, sizeof(*l))) == NULL)
		return saksi_fail_nomem(err);
	w->lines = l;
	l = &w->lines[w->n++];
	memset(l, 0, sizeof(*l));
	l->number = number;
	l->ref = "";
	l->at = w->text.len;
	l->len = n;
	buf_add(&w->text, p, n);
	return buf_ok(&w->text, err);
}

static enum saksi_err parse_line(struct checking *c, struct line *l,
    struct saksi_error *err)
{
	static const char what[] = "line";
	struct saksi_error why;
	json_t *json = NULL;
	enum saksi_err rc;

	rc = json_parse_line(&json, (const char *)c->w->text.p + l->at, l->len, what,
	    &why);
	if (rc == SAKSI_ENOMEM)
		return saksi_fail_nomem(err);
	if (rc != SAKSI_OK) {
		/* Which line is said already. */
		schema_faults_add(c->faults, l->number, false, "", "%.200s",
		    why.msg + sizeof(what) - 1 + strlen(": "));
		return SAKSI_OK;
	}
	if (!json_is_object(json)) {
		schema_faults_add(c->faults, l->number, false, "",
		    "a JSON object is expected on each line");
		json_decref(json);
		return SAKSI_OK;
	}
	l->json = json;
	return SAKSI_OK;
}

static enum saksi_err hand_on(struct checking *c, struct keep *to, struct buf *noted,
    struct saksi_error *err)
{
	enum saksi_err rc = buf_ok(&c->item, err);

	if (rc != SAKSI_OK || !c->helps)
		return rc == SAKSI_OK ? keep_add(to, &c->item, err) : rc;
	buf_le32(noted, (uint32_t)c->item.len);
	buf_add(noted, c->item.p, c->item.len);
	return buf_ok(noted, err);
}

static enum saksi_err keep_ready(struct checking *c, const struct line *l,
    uint32_t n_head, struct saksi_error *err)
{
	struct ready head = {.id = l->id, .n_head = n_head, .fresh = l->fresh};
	enum saksi_err rc;

	if (c->faults->n_errors > 0)
		return SAKSI_OK; /* nothing will be written */
	if ((rc = buf_ok(&c->lens, err)) != SAKSI_OK ||
	    (rc = buf_ok(&c->ops, err)) != SAKSI_OK)
		return rc;
	head.n_ops = (uint32_t)(c->lens.len / 4);
	buf_reset(&c->item);
	buf_add(&c->item, &head, sizeof(head));
	buf_add(&c->item, c->lens.p, c->lens.len);
	buf_add(&c->item, c->ops.p, c->ops.len);
	return hand_on(c, &c->im->ready, &c->ready, err);
}

/* ---- one after the other ------------------------------------------------------------ */

/* What was said since is taken back: it will be said again. */
static void take_back(struct schema_faults *f, size_t n, size_t n_errors)
{
	f->n = n;
	f->n_errors = n_errors;
}

struct later { /* before the text of a line */
	size_t number;
	const struct schema_type *type;
	struct saksi_id id;
	bool fresh;
};

static enum saksi_err keep_later(struct checking *c, const struct line *l,
    struct saksi_error *err)
{
	struct later head = {l->number, l->type, l->id, l->fresh};
	const uint8_t *text = c->w->text.p + l->at;
	size_t n = l->len;

	buf_reset(&c->item);
	buf_add(&c->item, &head, sizeof(head));
	buf_add(&c->item, text, n);
	return hand_on(c, &c->im->later, &c->later, err);
}

static enum saksi_err check_line(struct checking *c, const struct line *l,
    struct saksi_error *err)
{
	size_t n = c->faults->n, n_errors = c->faults->n_errors;
	uint32_t n_head = 0;
	enum saksi_err rc;

	c->unmet = false;
	if ((rc = line_ops(c, l, &n_head, err)) != SAKSI_OK)
		return rc;
	if (c->unmet) {
		take_back(c->faults, n, n_errors);
		return keep_later(c, l, err);
	}
	return keep_ready(c, l, n_head, err);
}

static enum saksi_err check_again(void *ctx, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct checking *c = ctx;
	struct later head;
	struct line l = {.ref = ""};
	enum saksi_err rc;

	memcpy(&head, p, sizeof(head));
	rc = json_parse_line(&l.json, (const char *)p + sizeof(head), n - sizeof(head),
	    "line", err);
	if (rc != SAKSI_OK)
		return rc;
	l.number = head.number;
	l.type = head.type;
	l.name = json_string_value(json_object_get(l.json, "id"));
	if (l.name != NULL)
		line_read_names(&l, json_string_value(json_object_get(l.json, "ref")));
	l.id = head.id;
	l.fresh = head.fresh;
	rc = check_line(c, &l, err);
	json_decref(l.json);
	return rc;
}

/* ---- a window, by two ---------------------------------------------------------------- */

static void parse_range(void *ctx)
{
	struct checking *c = ctx;

	c->rc = SAKSI_OK;
	for (size_t i = c->from; i < c->to && c->rc == SAKSI_OK; i++)
		c->rc = parse_line(c, &c->w->lines[i], &c->err);
}

static void check_range(void *ctx)
{
	struct checking *c = ctx;

	c->rc = SAKSI_OK;
	for (size_t i = c->from; i < c->to; i++) {
		struct line *l = &c->w->lines[i];

		if (c->rc == SAKSI_OK && l->type != NULL)
			c->rc = check_line(c, l, &c->err);
		json_decref(l->json);
		l->json = NULL;
	}
}

static void add_faults(struct schema_faults *to, struct schema_faults *noted)
{
	size_t n = to->n_errors + noted->n_errors;

	for (size_t i = 0; i < noted->n; i++) {
		const struct schema_fault *f = &noted->list[i];

		schema_faults_add(to, f->line, f->warning, f->key, "%s", f->words);
	}
	to->n_errors = n;
	to->failed |= noted->failed;
	schema_faults_free(noted);
}

static enum saksi_err add_items(struct keep *to, struct buf *noted,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t at = 0; at < noted->len && rc == SAKSI_OK;) {
		struct buf item = {noted->p + at + 4, le32_get(noted->p + at), 0, false};

		rc = keep_add(to, &item, err);
		at += 4 + item.len;
	}
	buf_reset(noted);
	return rc;
}

/* ${c}[0] is this thread's, the other one the helper's: half of the window each. */
static enum saksi_err by_two(struct checking c[2], helper_fn *fn, struct saksi_error *err)
{
	struct importing *im = c[0].im;
	struct helper *h = &im->helper;
	enum saksi_err rc;

	c[0].from = 0;
	c[1].to = c[0].w->n;
	c[0].to = c[1].from = h->runs ? c[1].to / 2 : c[1].to;
	helper_give(h, fn, &c[1]);
	fn(&c[0]);
	helper_wait(h);
	add_faults(c[0].faults, &c[1].noted);
	for (size_t i = 0; i < 2; i++)
		if (c[i].rc != SAKSI_OK) {
			*err = c[i].err;
			return c[i].rc;
		}
	if ((rc = add_items(&im->ready, &c[1].ready, err)) != SAKSI_OK)
		return rc;
	return add_items(&im->later, &c[1].later, err);
}

static void window_clear(struct window *w)
{
	for (size_t i = 0; i < w->n; i++)
		json_decref(w->lines[i].json);
	w->n = 0;
	buf_reset(&w->text);
}

static enum saksi_err check_window(struct checking c[2], struct saksi_error *err)
{
	struct window *w = c[0].w;
	enum saksi_err rc;

	if (w->n >= WINDOW_LINES)
		helper_call(&c[0].im->helper);
	rc = by_two(c, parse_range, err);
	for (size_t i = 0; i < w->n && rc == SAKSI_OK; i++)
		if (w->lines[i].json != NULL)
			rc = line_identify(&c[0], &w->lines[i], err);
	if (rc == SAKSI_OK)
		rc = by_two(c, check_range, err);
	window_clear(w);
	return rc;
}

static enum saksi_err check_all(struct checking c[2], struct lines *lines,
    struct saksi_error *err)
{
	struct window *w = c[0].w;
	enum saksi_err rc = SAKSI_OK;
	bool more = true;

	while (rc == SAKSI_OK && more) {
		const char *p;
		size_t n;

		if ((rc = lines_next(lines, &p, &n, &more, err)) == SAKSI_OK && more)
			rc = add_line(&c[0], lines->number, p, n, err);
		if (rc == SAKSI_OK &&
		    (!more || w->n >= WINDOW_LINES || w->text.len >= WINDOW_BYTES))
			rc = check_window(c, err);
	}
	w->all_known = true;
	if (rc == SAKSI_OK)
		rc = keep_each(&c[0].im->later, check_again, &c[0], err);
	return rc;
}

static void checking_free(struct checking *c)
{
	buf_free(&c->item);
	buf_free(&c->ops);
	buf_free(&c->lens);
	buf_free(&c->ready);
	buf_free(&c->later);
	schema_faults_free(&c->noted);
}

/* What is asked takes microseconds, and putting a thread to sleep as long again. */
static bool lock_make(pthread_mutex_t *m)
{
#ifdef __GLIBC__
	pthread_mutexattr_t how;
	bool made;

	if (pthread_mutexattr_init(&how) != 0)
		return false;
	made = pthread_mutexattr_settype(&how, PTHREAD_MUTEX_ADAPTIVE_NP) == 0 &&
	    pthread_mutex_init(m, &how) == 0;
	(void)pthread_mutexattr_destroy(&how);
	return made;
#else
	return pthread_mutex_init(m, NULL) == 0;
#endif
}

enum saksi_err import_check(struct importing *im, const struct import_source *from,
    struct saksi_error *err)
{
	struct lines lines = {.from = from};
	struct window w = {.n = 0};
	struct checking c[2] = {{.im = im, .w = &w}, {.im = im, .w = &w, .helps = true}};
	enum saksi_err rc;
	size_t n;

	c[0].types = c[1].types = schema_types(im->v->schema, &n);
	c[0].faults = &im->report->faults;
	c[1].faults = &c[1].noted;
	if (!lock_make(&w.vault))
		return saksi_fail_nomem(err);
	rc = check_all(c, &lines, err);
	if (rc == SAKSI_OK && im->report->faults.failed)
		rc = saksi_fail_nomem(err);
	window_clear(&w);
	(void)pthread_mutex_destroy(&w.vault);
	free(w.lines);
	buf_free(&w.text);
	checking_free(&c[0]);
	checking_free(&c[1]);
	lines_free(&lines);
	return rc;
}
