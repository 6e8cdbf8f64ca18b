/* feeds_people.c - sections on victims, perpetrators and who submits. */
#include <string.h>

#include "submission.h"

/* A field of a cut record, when it has one. */
static void put_field(struct section *x, json_t *fields, const char *label,
    const json_t *record, const char *path)
{
	const struct schema_type *t = schema_type(x->s->schema, text_at(record, "type"));
	const struct schema_field *f = t ? schema_field(t, path) : NULL;
	const json_t *v = json_object_get(record, path);
	struct buf b = BUF_INIT;
	if (!f || !v)
		return;
	words_value(&b, x->s, f, v);
	if (b.len > 0)
		block_field(x, fields, label, buf_cstr(&b));
	build_done(x->s, &b);
}

static void put_names(struct section *x, json_t *fields, const json_t *seen)
{
	const json_t *names = json_object_get(seen, "names"), *n;
	struct buf b = BUF_INIT;
	size_t i;
	json_array_foreach (names, i, n) {
		const json_t *v = value_plain(n);
		const char *kind = text_at(v, "kind"), *order = text_at(v, "order");
		buf_printf(&b, "%s%s", i ? "; " : "", text_at(v, "text"));
		if (kind[0] && strcmp(kind, "name") != 0)
			buf_printf(&b, " (%s)", kind);
		if (order[0])
			buf_printf(&b, " (%s)", order);
	}
	if (b.len > 0)
		block_field(x, fields, "Name(s)", buf_cstr(&b));
	build_done(x->s, &b);
}

static bool is_group(const json_t *seen)
{
	const char *unit = text_at(seen, "counting_unit");
	return text_at(seen, "group_description")[0] ||
	    (unit[0] && strcmp(unit, "07:010000000000") != 0);
}

static void victim_person(struct section *x, json_t *fields, const json_t *seen)
{
	static const struct {
		const char *label, *path;
	} rows[] = {{"Group", "group_description"}, {"Number", "number"}, {"Sex", "sex"},
	    {"Date of birth", "born"}, {"Place of birth", "birth_place"},
	    {"Nationality", "citizenship"}, {"Residence", "address"},
	    {"Occupation", "occupation"}, {"Activities", "activities"},
	    {"Human rights work", "hrd_work"}, {"Characteristics", "characteristics"},
	    {"Roles", "roles"}, {"Died", "died"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		put_field(x, fields, rows[i].label, seen, rows[i].path);
	if (is_group(seen))
		return;
	/* What the form asks of a person and nobody recorded. */
	static const char *const asked[] = {"sex", "born", "citizenship"};
	static const char *const called[] = {"sex", "date of birth or age", "nationality"};
	struct buf b = BUF_INIT;
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		if (!json_object_get(seen, asked[i]))
			buf_printf(&b, "%s%s", b.len ? ", " : "", called[i]);
	if (b.len > 0)
		block_field(x, fields, "Not recorded", buf_cstr(&b));
	build_done(x->s, &b);
}

static void victim_organisation(struct section *x, json_t *fields, const json_t *seen)
{
	static const struct {
		const char *label, *path;
	} rows[] = {{"Kind", "kind"}, {"Place", "place"}, {"Founded", "founded"},
	    {"Status", "status"}, {"Scope", "scope"}, {"Work", "work"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		put_field(x, fields, rows[i].label, seen, rows[i].path);
}

/* Of one whose name is withheld nothing is told that could point to them. */
static void feed_victims(struct section *x)
{
	for (size_t i = 0; i < x->s->n_victims; i++) {
		const struct victim *v = &x->s->victims[i];
		if (!v->seen)
			continue;
		block_text(x, "heading", v->called);
		json_t *fields = block_fields(x);
		if (v->withheld) {
			block_field(x, fields, "Name(s)", v->called);
			block_field(x, fields, "Identity",
			    "withheld at the victim's wish");
			continue;
		}
		put_names(x, fields, v->seen);
		if (strcmp(text_at(v->seen, "type"), "organisation") == 0)
			victim_organisation(x, fields, v->seen);
		else
			victim_person(x, fields, v->seen);
	}
}

static void feed_victim_count(struct section *x)
{
	size_t persons = 0, groups = 0, organisations = 0;
	struct buf b = BUF_INIT;
	for (size_t i = 0; i < x->s->n_victims; i++) {
		const json_t *seen = x->s->victims[i].seen;
		if (!seen)
			continue;
		if (strcmp(text_at(seen, "type"), "organisation") == 0)
			organisations++;
		else if (is_group(seen))
			groups++;
		else
			persons++;
	}
	if (persons + groups + organisations == 0)
		return;
	json_t *fields = block_fields(x);
	const struct {
		const char *label;
		size_t n;
	} rows[] = {{"Individuals", persons}, {"Groups", groups},
	    {"Organisations", organisations}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].n == 0)
			continue;
		b.len = 0;
		buf_printf(&b, "%zu", rows[i].n);
		block_field(x, fields, rows[i].label, buf_cstr(&b));
	}
	build_done(x->s, &b);
}

/* ---- consents ------------------------------------------------------------------------ */

static void answers(struct section *x, enum purpose p)
{
	json_t *fields = NULL;
	for (size_t i = 0; i < x->s->n_victims; i++) {
		const struct victim *v = &x->s->victims[i];
		/* A group without names has none that could be sent. */
		if (!v->seen || (!v->named && !v->withheld && is_group(v->seen)))
			continue;
		if (!fields)
			fields = block_fields(x);
		enum answer a = v->consents[p].answer;
		block_field(x, fields, v->called,
		    a == ANSWER_YES	 ? "Yes"
			: a == ANSWER_NO ? "No"
					 : "[not recorded]");
	}
	if (!fields)
		block_text(x, "gap",
		    "no victim is named, so there is nobody to answer for");
}

/* The question stands in the form definition, word by word. */
static void question(struct section *x, enum purpose p)
{
	const char *q = form_text(x->form, "question");
	if (q[0])
		block_text(x, "text", q);
	answers(x, p);
}

static void feed_consent_submission(struct section *x)
{
	question(x, SHARE_WITH_UN);
}

static void feed_consent_government(struct section *x)
{
	question(x, NAME_TO_GOVERNMENT);
}

static void feed_consent_public(struct section *x)
{
	question(x, NAME_PUBLIC);
}

/* ---- perpetrators ---------------------------------------------------------------------- */

static void involved(struct section *x, json_t *lines, const struct fact *f)
{
	const struct schema_type *t = schema_type(x->s->schema, "act");
	const struct schema_field *g = t ? schema_field(t, "involvement") : NULL;
	const json_t *e;
	size_t i;
	json_array_foreach (json_object_get(f->seen, "involvement"), i, e) {
		const json_t *v = value_plain(e);
		const char *id = text_at(v, "perpetrator");
		struct buf b = BUF_INIT;
		if (!id[0] || !words_record(&b, x->s, id))
			buf_add_str(&b, "Not identified");
		for (size_t k = 0; g && k < g->n_fields; k++) {
			const struct schema_field *leaf = &g->fields[k];
			const json_t *w = json_object_get(v, leaf->name);
			if (!w || leaf->kind == FIELD_REF || leaf->kind == FIELD_SOURCE)
				continue;
			buf_printf(&b, "; %s: ", leaf->name);
			words_value(&b, x->s, leaf, w);
		}
		build_once(x->s, lines, &b);
		build_done(x->s, &b);
	}
}

static void authority(struct section *x, json_t *lines, const struct fact *f)
{
	static const char *const keys[] = {"authority", "court"};
	for (size_t k = 0; k < 2; k++) {
		const char *id = text_at(f->seen, keys[k]);
		struct buf b = BUF_INIT;
		if (id[0] && words_record(&b, x->s, id))
			build_once(x->s, lines, &b);
		build_done(x->s, &b);
	}
	struct buf stated = BUF_INIT;
	buf_add_str(&stated, text_at(f->seen, "authority_stated"));
	build_once(x->s, lines, &stated);
	build_done(x->s, &stated);
}

static void put_lines(struct section *x, const char *intro, json_t *lines)
{
	if (json_array_size(lines) > 0) {
		block_text(x, "text", intro);
		block_add(x, "list", "items", json_incref(lines));
	}
	json_decref(lines);
}

static void feed_perpetrators(struct section *x)
{
	json_t *direct = build_array(x->s), *authorities = build_array(x->s);
	for (size_t i = 0; i < x->s->n_main; i++) {
		const struct fact *f = &x->s->facts[i];
		if (f->rank == 0)
			involved(x, direct, f);
		else
			authority(x, authorities, f);
	}
	put_lines(x, "Involved in the acts:", direct);
	put_lines(x, "Authorities that brought charges or took decisions:", authorities);
}

/* ---- who submits ----------------------------------------------------------------------- */

/* Recorded for this submission and nothing else, so it goes out whatever its class. */
static void feed_submitter(struct section *x)
{
	static const struct {
		const char *key, *label;
	} rows[] = {{"name", "Name"}, {"organisation", "Organisation"}, {"role", "Role"},
	    {"relation", "Relation to the victim(s)"}, {"address", "Address"},
	    {"email", "E-mail"}, {"phone", "Telephone"},
	    {"confidential", "Keep the submitter's identity confidential"}};
	const json_t *g = value_plain(json_object_get(x->s->intervention, "submitter"));
	if (json_object_size(g) == 0)
		return;
	json_t *fields = block_fields(x);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *t = text_at(g, rows[i].key);
		if (t[0])
			block_field(x, fields, rows[i].label, t);
	}
}

const struct feed feeds_people[] = {{"victims", feed_victims},
    {"victim-count", feed_victim_count}, {"consent-submission", feed_consent_submission},
    {"consent-government", feed_consent_government},
    {"consent-public", feed_consent_public}, {"perpetrators", feed_perpetrators},
    {"submitter", feed_submitter}, {NULL, NULL}};
