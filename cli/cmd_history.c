/* history: who changed what, when, from which device. */
#include <stdlib.h>
#include <string.h>

#include "find.h"
#include "open.h"
#include "output.h"
#include "terminal.h"
#include "view.h"

#define NAME_AT 12u /* column of a field's name in a line */
#define NAME_COLUMNS 22u

/* One thing that one changeset did to one field. */
struct step {
	uint64_t n; /* arrival number: the order of causes */
	uint32_t op;
	const struct record_value *v; /* made, or hidden */
	bool hidden;
};
struct steps {
	struct step *list;
	size_t n;
};

struct author {
	uint64_t n;
	uint32_t branch;
	int64_t time_us, received_us;
};

/* A value hidden by a changeset that set the same register anew was replaced. */
static bool replaced(const struct saksi_record *r, const struct record_value *v)
{
	for (size_t i = 0; i < r->n_values; i++)
		if (r->values[i].n == v->hidden_by && r->values[i].set && v->set &&
		    strcmp(r->values[i].field, v->field) == 0)
			return true;
	return false;
}

static int by_arrival(const void *a, const void *b)
{
	const struct step *x = a;
	const struct step *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	if (x->hidden != y->hidden)
		return x->hidden ? -1 : 1;
	return x->op < y->op ? -1 : x->op > y->op;
}

static enum saksi_err gather(struct steps *s, const struct saksi_record *r,
    struct saksi_error *err)
{
	s->list = calloc(r->n_values * 2 + 1, sizeof(*s->list));
	if (s->list == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < r->n_values; i++) {
		const struct record_value *v = &r->values[i];

		s->list[s->n++] = (struct step){v->n, v->op, v, false};
		if (v->hidden_by != 0 && !replaced(r, v))
			s->list[s->n++] = (struct step){v->hidden_by, v->op, v, true};
	}
	qsort(s->list, s->n, sizeof(*s->list), by_arrival);
	return SAKSI_OK;
}

static enum saksi_err author_of(struct cli *c, const struct step *s, struct author *a)
{
	struct log_entry e;
	enum saksi_err rc;

	if (a->n == s->n && a->n != 0)
		return SAKSI_OK;
	rc = saksi_log_get_n(c->txn, s->n, &e, &c->err);
	if (rc != SAKSI_OK)
		return rc;
	a->n = s->n;
	a->branch = e.branch;
	a->time_us = (int64_t)(e.cs->hlc >> 16) * 1000;
	a->received_us = e.received_us;
	log_entry_free(&e);
	return SAKSI_OK;
}

static const char *verb(const struct step *s)
{
	if (strcmp(s->v->field, "deleted") == 0)
		return s->hidden ? "undeleted" : "deleted";
	if (strcmp(s->v->field, "type") == 0 && !s->hidden)
		return "created";
	if (s->hidden)
		return s->v->set ? "cleared" : "removed";
	return s->v->set ? "set" : "added";
}

static enum saksi_err print_json(struct cli *c, const struct step *s,
    const struct author *a)
{
	json_t *o = json_object();

	obj_time(&o, "at", a->time_us);
	obj_time(&o, "received", a->received_us);
	obj_text(&o, "by", view_device(c, a->branch));
	obj_text(&o, "did", verb(s));
	obj_text(&o, "field", s->v->field);
	obj_set(&o, "value", json_incref(s->v->value));
	obj_set(&o, "visible", json_boolean(s->v->visible && !s->hidden));
	return cli_out_json(c, o);
}

static void print_head(struct cli *c, const struct author *a)
{
	char at[24];
	char received[24];

	time_people(at, a->time_us);
	time_people(received, a->received_us);
	term_style(stdout, "1");
	(void)printf("%s  ", at);
	out_text(stdout, view_device(c, a->branch));
	term_style(stdout, "0");
	if (strcmp(at, received) != 0)
		(void)printf("  (here since %s)", received);
	(void)fputc('\n', stdout);
}

static void print_step(struct cli *c, const struct saksi_record *r, const struct step *s)
{
	struct buf text = BUF_INIT;

	view_any(c, &text, r->type, s->v->field, s->v->value);
	(void)printf("  %-9s ", verb(s));
	if (strcmp(s->v->field, "deleted") != 0)
		out_name(stdout, s->v->field, NAME_AT, NAME_COLUMNS);
	(void)fputs("  ", stdout);
	out_paragraph(stdout, buf_cstr(&text), NAME_AT + NAME_COLUMNS + 2);
	if (!s->hidden && !s->v->visible)
		(void)fputs("  (no longer)", stdout);
	(void)fputc('\n', stdout);
	buf_free(&text);
}

static enum saksi_err print(struct cli *c, const struct saksi_record *r,
    const struct steps *s)
{
	struct author a = {0};
	uint64_t last = 0;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < s->n && rc == SAKSI_OK; i++) {
		rc = author_of(c, &s->list[i], &a);
		if (rc != SAKSI_OK)
			break;
		if (c->json) {
			rc = print_json(c, &s->list[i], &a);
			continue;
		}
		if (i == 0 || last != s->list[i].n)
			print_head(c, &a);
		last = s->list[i].n;
		print_step(c, r, &s->list[i]);
	}
	return rc;
}

static enum saksi_err run(struct cli *c)
{
	struct saksi_id id;
	struct saksi_record *r = NULL;
	struct steps s = {NULL, 0};
	enum saksi_err rc = cli_open(c);

	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	if (rc == SAKSI_OK)
		rc = cli_find(c, c->args[0], &id);
	if (rc == SAKSI_OK)
		rc = saksi_record_get(&r, c->txn, &id, 0, &c->err);
	if (rc == SAKSI_OK)
		rc = gather(&s, r, &c->err);
	if (rc == SAKSI_OK)
		rc = print(c, r, &s);
	free(s.list);
	saksi_record_free(&r);
	return rc;
}

const struct cli_command cmd_history = {
    .name = "history",
    .usage = "ID",
    .brief = "who changed what, and when",
    .help =
	"Each change to a record in the order of causes: the time that its author\n"
	"claims, since when this vault has it, the person and device that signed it, and\n"
	"what was set, added, removed or deleted.",
    .example = "saksi history per-kong-raiya",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
