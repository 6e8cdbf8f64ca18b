/* duplicates: pairs of records that may be one; a person decides. */
#include <string.h>

#include <saksi/store/pairs.h>

#include "find.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "terminal.h"
#include "view.h"

#define LIMIT 200u

static const char *const types[] = {"person", "organisation", "act"};

static const struct cli_option options[] = {
    {"limit", 'n', false, "N", "the N best pairs of each type (200; at most 10000)"},
    {NULL, 0, false, NULL, NULL},
};

/* ---- for people ---------------------------------------------------------------------- */

static void print_side(struct cli *c, const json_t *record)
{
	const char *ref = view_text(record, "ref");
	struct buf label = BUF_INIT;

	view_label(c, &label, record);
	(void)printf("      %.*s  ", SHORT_ID, view_text(record, "id"));
	out_text(stdout, buf_cstr(&label));
	if (ref[0] != '\0') {
		(void)fputs("  ", stdout);
		out_text(stdout, ref);
	}
	(void)fputc('\n', stdout);
	buf_free(&label);
}

static void print_list(const json_t *list, const char *mark)
{
	size_t i;
	const json_t *e;

	json_array_foreach (list, i, e) {
		(void)printf("      %s ", mark);
		out_paragraph(stdout, json_string_value(e), 8);
		(void)fputc('\n', stdout);
	}
}

static void print_pair(struct cli *c, const struct saksi_pair *p, const char *type)
{
	const char *same = strcmp(type, "act") == 0 ? "same_act" : "same_as";

	(void)printf("%.2f  ", p->score);
	term_style(stdout, "1");
	(void)fputs(p->probable ? "probable" : "possible", stdout);
	term_style(stdout, "0");
	if (p->linked[0] != '\0')
		(void)printf("  (linked as %s, not confirmed)", p->linked);
	(void)fputc('\n', stdout);
	print_side(c, p->record_a);
	print_side(c, p->record_b);
	print_list(p->reasons, "+");
	print_list(p->against, "-");
	(void)printf("      decide: saksi link %.*s %.*s --kind %s|different_from\n\n",
	    SHORT_ID, view_text(p->record_a, "id"), SHORT_ID,
	    view_text(p->record_b, "id"), same);
}

/* ---- for programs --------------------------------------------------------------------- */

static json_t *side_json(const json_t *record)
{
	json_t *o = json_object();

	obj_text(&o, "id", view_text(record, "id"));
	obj_text(&o, "ref", view_text(record, "ref"));
	return o;
}

static enum saksi_err print_json(struct cli *c, const struct saksi_pair *p,
    const char *type)
{
	json_t *o = json_object();

	obj_text(&o, "type", type);
	obj_set(&o, "a", side_json(p->record_a));
	obj_set(&o, "b", side_json(p->record_b));
	obj_set(&o, "score", json_real((double)(int)(p->score * 100 + 0.5) / 100));
	obj_text(&o, "status", p->probable ? "probable" : "possible");
	if (p->linked[0] != '\0')
		obj_text(&o, "linked", p->linked);
	obj_set(&o, "reasons", json_incref(p->reasons));
	obj_set(&o, "against", json_incref(p->against));
	return cli_out_json(c, o);
}

/* ---- what was left out -------------------------------------------------------------------- */

static void say_left_out(struct cli *c, const struct saksi_pairs *p, const char *type,
    size_t limit)
{
	if (p->more)
		cli_say(c,
		    "%s: only the %zu best pairs are shown; --limit asks for more, and what "
		    "is decided is not proposed again.",
		    type, limit);
	if (p->common_names > 0)
		cli_say(c,
		    "%s: %llu name%s common: of these only pairs that agree in something "
		    "else too were compared.",
		    type, (unsigned long long)p->common_names,
		    p->common_names == 1 ? " is" : "s are");
	if (p->common_spellings > 0)
		cli_say(c,
		    "%s: %llu group%s of names that are spelled nearly alike %s too large to "
		    "compare each with each.",
		    type, (unsigned long long)p->common_spellings,
		    p->common_spellings == 1 ? "" : "s",
		    p->common_spellings == 1 ? "is" : "are");
	if (p->left > 0)
		cli_say(c,
		    "%s: in %llu case%s so many records share one thing that not all were "
		    "compared.",
		    type, (unsigned long long)p->left, p->left == 1 ? "" : "s");
}

struct showing {
	struct cli *c;
	const char *type;
	size_t n;
};

static enum saksi_err show_pair(void *ctx, const struct saksi_pair *p,
    struct saksi_error *err)
{
	struct showing *s = ctx;

	(void)err; /* is c->err */
	if (s->n++ == 0)
		progress_end();
	if (s->c->json)
		return print_json(s->c, p, s->type);
	if (s->n == 1)
		(void)printf("%s\n\n", s->type);
	print_pair(s->c, p, s->type);
	return SAKSI_OK;
}

static enum saksi_err look_at(struct cli *c, const char *type, size_t limit, size_t *n)
{
	struct showing s = {c, type, 0};
	struct saksi_pairs_options opt = {.type = type,
	    .limit = limit,
	    .found = show_pair,
	    .found_ctx = &s,
	    .progress = progress_step};
	struct saksi_pairs p;
	enum saksi_err rc;

	progress_begin(c, "Names looked at:");
	rc = saksi_pairs_find(c->txn, &opt, &p, &c->err);
	progress_end();
	*n += s.n;
	if (rc == SAKSI_OK)
		say_left_out(c, &p, type, limit);
	return rc;
}

static enum saksi_err check_args(struct cli *c, unsigned long *limit)
{
	const struct schema_type *t;
	const char *text = cli_opt(c, "limit");
	enum saksi_err rc = cli_schema(c);

	*limit = LIMIT;
	if (text != NULL && (!cli_number(limit, text, PAIRS_LIMIT_MAX) || *limit == 0))
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--limit: takes a number from 1 to %u", PAIRS_LIMIT_MAX);
	if (rc == SAKSI_OK && c->n_args > 0)
		rc = cli_type(c, c->args[0], &t);
	if (rc == SAKSI_OK && c->n_args > 0 && !saksi_pairs_type(t->name))
		rc = saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: only person, organisation and act are compared; `saksi link` joins "
		    "records of any type",
		    t->name);
	return rc;
}

static enum saksi_err run(struct cli *c)
{
	unsigned long limit;
	size_t n = 0;
	enum saksi_err rc = check_args(c, &limit);

	if (rc == SAKSI_OK)
		rc = cli_open(c);
	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && rc == SAKSI_OK; i++)
		if (c->n_args == 0 || strcmp(types[i], c->args[0]) == 0)
			rc = look_at(c, types[i], limit, &n);
	if (rc == SAKSI_OK && n == 0)
		cli_say(c, "No pair is open.");
	return rc;
}

const struct cli_command cmd_duplicates = {
    .name = "duplicates",
    .usage = "[TYPE] [--limit N]",
    .brief = "records that may be one and the same, with reasons",
    .help =
	"Proposes pairs of persons, of organisations and of acts (TYPE: of these only), the\n"
	"most alike first, with what speaks for it (+) and against it (-). Names are near\n"
	"that differ by a letter or two, sound alike, or have the same words in another\n"
	"order; organisations go by their acronym first. A name alone makes a pair\n"
	"possible; it takes something else that agrees (organisation, role, date, event,\n"
	"place, those accused with them) to make it probable. Nothing is merged or changed:\n"
	"`saksi link` says what you decide, and then the pair is not proposed again. Where\n"
	"very many bear one name not each is compared with each, and this is said. Of one\n"
	"record the first 32 names are compared, and the first 64 entries of each kind\n"
	"(occupations, organisations, places, contacts, ...); of one victim 200 acts.",
    .example = "saksi duplicates person",
    .options = options,
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
