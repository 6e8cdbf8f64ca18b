/* checks_names.c - C8: who stands in a text and may not, and what to do about it. */
#include <string.h>

#include "bearers.h"
#include "checks.h"

#define NAMED_MAX 100u	/* findings; what is beyond them is counted */
#define NAME_MOST 80u	/* bytes of a name */
#define PLACE_MOST 110u /* bytes of the places */

static const char *outcome(const struct bearer *x)
{
	if (x->namesake)
		return "; somebody who may be named has the same name, so it stays in the text "
		       "if you override this: reword it";
	if (x->standing == STANDING_WITHHELD)
		return "; reword it (if you override this, the name is taken out of the text)";
	return "; reword it, or have it answered";
}

/* "NAME: refused ..., and stands in TITLE of event evt-1; reword it" */
static void report_name(struct bearers *b, struct bearer *x)
{
	const size_t room = sizeof((struct host_finding *)NULL)->words - 1;
	struct victim *v = &x->own;
	struct buf name = BUF_INIT, line = BUF_INIT, command = BUF_INIT;
	const char *where = buf_cstr(&x->where);
	record_label(&name, b->s->schema, v->record);
	buf_printf(&line, "%.*s: %s; the name stands in %.*s",
	    (int)utf8_fit(buf_cstr(&name), NAME_MOST), buf_cstr(&name), x->why,
	    (int)utf8_fit(where, PLACE_MOST), where[0] ? where : "the text");
	if (x->n_where > 2)
		buf_printf(&line, " and %u more places", x->n_where - 2);
	buf_add_str(&line, outcome(x));
	if (x->standing == STANDING_UNASKED)
		consent_command(&command, b->s, v);
	/* A command that was cut off would be worse than none. */
	if (line.len + command.len > room)
		command.len = 0;
	finding_add(b->s->findings, "C8", HOST_BLOCK, v->id, "%s%s", buf_cstr(&line),
	    buf_cstr(&command));
	b->failed = b->failed || name.failed || line.failed || command.failed;
	buf_free(&name);
	buf_free(&line);
	buf_free(&command);
}

static void report_contact(struct bearers *b, struct bearer *x)
{
	const char *where = buf_cstr(&x->where);
	finding_add(b->s->findings, "C8", HOST_BLOCK, bearer_of(x)->id,
	    "a telephone number, e-mail or address that is sealed stands in %.*s; reword it (if "
	    "you override this, it is taken out of the text)",
	    (int)utf8_fit(where, PLACE_MOST), where[0] ? where : "the text");
}

/* Of who is deleted and named by an act, missing_findings() tells. */
static bool blocks(const struct bearers *b, const struct bearer *x)
{
	return !x->victim && x->stands && !json_object_get(b->s->missing, x->own.id);
}

void bearers_report(struct bearers *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++) {
		struct bearer *x = &b->list[i];
		const char *id = bearer_of(x)->id;
		if (blocks(b, x) && n++ < NAMED_MAX)
			report_name(b, x);
		if (x->contact && n++ < NAMED_MAX)
			report_contact(b, x);
		if (x->part)
			finding_add(b->s->findings, "C8", HOST_WARN, id,
			    "a part of a name that is withheld still stands in the text; "
			    "read it before sending");
		else if (x->unsure && !x->stands)
			finding_add(b->s->findings, "C8", HOST_WARN, id,
			    "a word of the text may be the name of this person, who may not "
			    "be named; read it before sending");
	}
	if (n > NAMED_MAX)
		finding_add(b->s->findings, "C8", HOST_BLOCK, "",
		    "and %zu more whose names may not stand in the text", n - NAMED_MAX);
}
