/* checks_ceiling.c - what the ceiling left out of the submission, also within its records. */
#include <stdio.h>
#include <string.h>

#include <saksi/base/text.h>

#include "checks.h"

#define NAMED_MAX 100u /* findings; what is beyond them is counted */
#define PATHS_ROOM 200u

struct hidden {
	enum saksi_class record, ceiling;
	enum saksi_class highest; /* of what is left out */
	struct buf paths;
	size_t n;
};

static void note(struct hidden *h, const struct schema_field *f, enum saksi_class c)
{
	h->highest = c > h->highest ? c : h->highest;
	/* What nobody would ever send is not missed. */
	if (h->paths.len > PATHS_ROOM || strcmp(f->name, "internal_note") == 0)
		return;
	buf_printf(&h->paths, "%s%s", h->n++ > 0 ? ", " : "", f->path);
}

static void look_into(struct hidden *h, const struct schema_field *fields, size_t n,
    const json_t *values);

/* The highest class of the entries that are above; none if all may be seen. */
static enum saksi_class class_above(const struct hidden *h, const struct schema_field *f,
    const json_t *v)
{
	enum saksi_class above = CLASS_NONE, c;
	const json_t *x;
	size_t i;
	if (!f->many) {
		c = schema_value_class(h->record, f, v);
		return c > h->ceiling ? c : CLASS_NONE;
	}
	json_array_foreach (v, i, x) {
		c = schema_value_class(h->record, f, x);
		if (c > h->ceiling && c > above)
			above = c;
	}
	return above;
}

static void look_at(struct hidden *h, const struct schema_field *f, const json_t *v)
{
	/* Of a group each part is named, whatever closes it. */
	if (f->kind == FIELD_GROUP && !f->many) {
		look_into(h, f->fields, f->n_fields, value_plain(v));
		return;
	}
	enum saksi_class above = class_above(h, f, v);
	if (above != CLASS_NONE)
		note(h, f, above);
}

static void look_into(struct hidden *h, const struct schema_field *fields, size_t n,
    const json_t *values)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_object_get(values, fields[i].name);
		if (v)
			look_at(h, &fields[i], v);
	}
}

/* ${record} is uncut; false: nothing of it is above. */
static bool check_record(struct check_run *c, const json_t *record, bool say)
{
	const struct submission *s = c->s;
	const struct schema_type *t = schema_type(s->schema, text_at(record, "type"));
	const char *id = text_at(record, "id");
	struct hidden h = {.ceiling = s->job->ceiling, .paths = BUF_INIT};
	if (!t)
		return false;
	if (json_object_get(record, "class"))
		h.record = schema_record_class(record);
	look_into(&h, t->fields, t->n_fields, record);
	if (h.n > 0 && say)
		finding_add(s->findings, c->id, c->level, id,
		    "%s of %s %s %s %s and left out; --ceiling %c takes %s in, with all else "
		    "up to that class",
		    buf_cstr(&h.paths), t->name, id, h.n == 1 ? "is" : "are",
		    h.highest == CLASS_S ? "sealed" : "above the ceiling",
		    class_letter(h.highest), h.n == 1 ? "it" : "them");
	s->findings->failed = s->findings->failed || h.paths.failed;
	buf_free(&h.paths);
	return h.n > 0;
}

static void check_values(struct check_run *c)
{
	const char *id;
	json_t *seen, *record;
	size_t n = 0;
	json_object_foreach (c->s->events, id, seen) {
		if (!json_is_object(seen) || c->rc != SAKSI_OK)
			continue;
		c->rc = record_get(&record, c->s, id, c->err);
		n += record && check_record(c, record, n < NAMED_MAX);
		json_decref(record);
	}
	for (size_t i = 0; i < c->s->n_facts; i++)
		n += check_record(c, c->s->facts[i].record, n < NAMED_MAX);
	if (n > NAMED_MAX)
		finding_add(c->s->findings, c->id, c->level, "",
		    "and values of %zu more records are left out likewise",
		    n - NAMED_MAX);
}

void check_ceiling(struct check_run *c)
{
	if (c->s->above > 0)
		finding_add(c->s->findings, c->id, c->level,
		    text_at(c->s->intervention, "id"),
		    "%zu record%s of victims and facts are above the ceiling %c and left out; "
		    "--ceiling R or C takes them in",
		    c->s->above, c->s->above == 1 ? "" : "s",
		    class_letter(c->s->job->ceiling));
	check_values(c);
}
