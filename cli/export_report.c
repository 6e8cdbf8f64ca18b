/* What an export found and did, for people and programs. */
#include <string.h>

#include "export.h"
#include "options.h"
#include "output.h"
#include "view.h"

#define SUBJECT_BYTES 40u /* of a name, where several stand in one line */

static const char *level_name(const struct host_finding *f)
{
	if (f->overridden)
		return "overridden";
	return f->level == HOST_BLOCK ? "BLOCKS"
	    : f->level == HOST_WARN   ? "warning"
				      : "note";
}

/* What blocks, or would have, before what only warns. */
static bool is_block(const struct host_finding *f)
{
	return f->level == HOST_BLOCK;
}

/* Where the command that answers a finding begins, as host.h says; or the end. */
static const char *command_in(const char *words)
{
	static const char mark[] = "then: saksi ";
	const char *found = NULL;

	for (const char *p = words; (p = strstr(p, mark)) != NULL; p++)
		found = p;
	return found != NULL ? found + strlen("then: ") : words + strlen(words);
}

/* The words of one finding, without the name that its heading says. */
static void print_finding(const struct host_finding *f, const char *name)
{
	struct buf line = BUF_INIT;
	const char *words = f->words;
	const char *end = command_in(words);
	const char *semicolon;
	size_t n = strlen(name);
	size_t length = strlen(words);

	if (*end != '\0') {
		length = (size_t)(end - words);
		for (semicolon = end; semicolon > words && *semicolon != ';'; semicolon--)
			;
		if (semicolon > words)
			length = (size_t)(semicolon - words);
	}
	if (n > 0 && length > n + 2 && strncmp(words, name, n) == 0 &&
	    strncmp(words + n, ": ", 2) == 0) {
		words += n + 2;
		length -= n + 2;
	}
	buf_printf(&line, "%s: %.*s", level_name(f), (int)length, words);
	(void)fprintf(stderr, "    %-3s ", f->check);
	out_paragraph(stderr, buf_cstr(&line), 8);
	(void)fputc('\n', stderr);
	buf_free(&line);
}

/* What to type where the finding itself has no command; NULL where its words must do. */
static const char *next_step(const struct host_finding *f)
{
	static const struct {
		const char *check, *about, *command;
	} steps[] = {
	    {"F1", "submitter", "edit %s submitter.name=NAME submitter.email=ADDRESS"},
	    {"A1", "submitter", "edit %s submitter.name=NAME submitter.email=ADDRESS"},
	    {"A2", "source", "edit %s source+=ITEM"},
	    {"C8", "deleted", "undelete %s"},
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].check, f->check) == 0 &&
		    strstr(f->words, steps[i].about) != NULL && f->subject[0] != '\0')
			return steps[i].command;
	return NULL;
}

/* May it stand on a command line as it is? */
static bool ref_for_shell(const char *ref)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return ref[0] != '\0' && ref[0] != '-' && ref[strspn(ref, plain)] == '\0';
}

static void print_command(const char *heading, const char *command)
{
	(void)fprintf(stderr, "    %s:\n    ", heading);
	out_text(stderr, command);
	(void)fputc('\n', stderr);
}

/* How what the findings of one subject ask for is recorded. */
static void print_steps(struct exporting *x, size_t first, const json_t *record)
{
	const struct host_finding *list = x->findings.list;
	const char *subject = list[first].subject;
	const char *asked = "";
	const char *step = NULL;

	for (size_t i = first; i < x->findings.n; i++) {
		if (is_block(&list[i]) != is_block(&list[first]) ||
		    strcmp(list[i].subject, subject) != 0)
			continue;
		if (asked[0] == '\0')
			asked = command_in(list[i].words);
		if (step == NULL && is_block(&list[i]))
			step = next_step(&list[i]);
		if (is_block(&list[i]) && strcmp(list[i].check, "C1") == 0 &&
		    record != NULL)
			export_refusals(x, record);
	}
	if (asked[0] != '\0')
		print_command("Ask, then record the answer", asked);
	if (step != NULL) {
		struct buf line = BUF_INIT;
		const char *ref = record != NULL ? view_text(record, "ref") : "";

		buf_add_str(&line, "saksi ");
		/* One of the commands above, each with one place for a record. */
		buf_add(&line, step, (size_t)(strstr(step, "%s") - step));
		buf_add_str(&line, ref_for_shell(ref) ? ref : subject);
		buf_add_str(&line, strstr(step, "%s") + 2);
		print_command("Next", buf_cstr(&line));
		buf_free(&line);
	}
}

/* All that concerns the subject of finding ${first}: its name once, then line by line. */
static void print_subject(struct exporting *x, size_t first)
{
	const struct host_finding *list = x->findings.list;
	const char *subject = list[first].subject;
	struct buf name = BUF_INIT;
	struct saksi_id id;
	json_t *record = NULL;

	if (id_parse(&id, subject) && view_get(x->c, &id, 0, NULL, &record) == SAKSI_OK)
		record_label(&name, x->c->schema, record);
	if (subject[0] != '\0') {
		(void)fputs("  ", stderr);
		out_text(stderr, buf_cstr(&name));
		(void)fprintf(stderr, "%s(%.*s)\n", name.len > 0 ? " " : "", SHORT_ID,
		    subject);
	}
	for (size_t i = first; i < x->findings.n; i++)
		if (is_block(&list[i]) == is_block(&list[first]) &&
		    strcmp(list[i].subject, subject) == 0)
			print_finding(&list[i], buf_cstr(&name));
	print_steps(x, first, record);
	json_decref(record);
	buf_free(&name);
}

static bool subject_before(const struct exporting *x, size_t at)
{
	const struct host_finding *list = x->findings.list;

	for (size_t i = 0; i < at; i++)
		if (is_block(&list[i]) == is_block(&list[at]) &&
		    strcmp(list[i].subject, list[at].subject) == 0)
			return true;
	return false;
}

void export_findings(struct exporting *x)
{
	struct saksi_error kept = x->c->err;

	if (x->findings.n > 0)
		cli_warn("%s: what the checks found:", x->format->name);
	for (int block = 1; block >= (x->c->quiet ? 1 : 0); block--)
		for (size_t i = 0; i < x->findings.n; i++)
			if (is_block(&x->findings.list[i]) == (block == 1) &&
			    !subject_before(x, i))
				print_subject(x, i);
	x->c->err = kept;
}

static json_t *findings_json(const struct host_findings *f)
{
	static const char *const levels[] = {"info", "warn", "block"};
	json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++) {
		json_t *o = json_object();

		obj_text(&o, "check", f->list[i].check);
		obj_text(&o, "level", levels[f->list[i].level]);
		obj_text(&o, "subject", f->list[i].subject);
		obj_text(&o, "words", f->list[i].words);
		obj_set(&o, "overridden", json_boolean(f->list[i].overridden));
		arr_add(&list, o);
	}
	return list;
}

static bool blocks(const struct host_finding *f)
{
	return f->level == HOST_BLOCK && !f->overridden;
}

bool export_blocked(const struct exporting *x)
{
	for (size_t i = 0; i < x->findings.n; i++)
		if (blocks(&x->findings.list[i]))
			return true;
	return false;
}

/* The ceiling that a finding of this check asks for; 0 if none does. */
static char ceiling_for(const struct exporting *x, const char *check)
{
	char highest = 0;

	for (size_t i = 0; i < x->findings.n; i++) {
		const struct host_finding *f = &x->findings.list[i];

		/* C is above R. */
		if (blocks(f) && f->ceiling != 0 && strcmp(f->check, check) == 0 &&
		    highest != 'C')
			highest = f->ceiling;
	}
	return highest;
}

static bool named_before(const struct exporting *x, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (blocks(&x->findings.list[i]) &&
		    strcmp(x->findings.list[i].check, x->findings.list[at].check) == 0)
			return true;
	return false;
}

/* The field that answers a check; "" where the finding's words say which. */
static const char *field_of(const char *check)
{
	static const char *const fields[][2] = {{"C1", "consent"}, {"C2", "consent"},
	    {"A1", "submitter"}, {"A2", "source"}};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(fields[i][0], check) == 0)
			return fields[i][1];
	return "";
}

/* How many bytes of a name, in whole characters. */
static size_t fitting(const char *name)
{
	size_t n = strlen(name);

	if (n <= SUBJECT_BYTES)
		return n;
	for (n = SUBJECT_BYTES; n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

/* "C1 (`consent` of Thun Ratha and 2 others)" */
static void add_check(struct exporting *x, struct buf *out, size_t at)
{
	const struct host_finding *list = x->findings.list;
	const char *field = field_of(list[at].check);
	struct buf name = BUF_INIT;
	struct saksi_id id;
	json_t *record = NULL;
	size_t others = 0;

	for (size_t i = at + 1; i < x->findings.n; i++)
		others += blocks(&list[i]) &&
		    strcmp(list[i].check, list[at].check) == 0 &&
		    strcmp(list[i].subject, list[at].subject) != 0;
	if (id_parse(&id, list[at].subject) &&
	    view_get(x->c, &id, 0, NULL, &record) == SAKSI_OK)
		record_label(&name, x->c->schema, record);
	if (name.len == 0)
		buf_printf(&name, "%.*s", SHORT_ID, list[at].subject);
	buf_add_str(out, list[at].check);
	if (name.len > 0)
		buf_printf(out, " (%s%s%s%.*s", field[0] != '\0' ? "`" : "", field,
		    field[0] != '\0' ? "` of " : "", (int)fitting(buf_cstr(&name)),
		    buf_cstr(&name));
	if (name.len > 0 && others > 0)
		buf_printf(out, " and %zu other%s", others, others == 1 ? "" : "s");
	if (name.len > 0)
		buf_add_byte(out, ')');
	json_decref(record);
	buf_free(&name);
}

enum saksi_err export_refuse(struct exporting *x)
{
	struct buf names = BUF_INIT;
	struct buf overrides = BUF_INIT;
	char ceiling = 0;
	size_t n = 0;

	for (size_t i = 0; i < x->findings.n; i++) {
		const char *check = x->findings.list[i].check;

		if (!blocks(&x->findings.list[i]) || named_before(x, i))
			continue;
		buf_add_str(&names, n++ > 0 ? ", " : "");
		add_check(x, &names, i);
		/* What is only above the ceiling needs no override. */
		if (ceiling_for(x, check) == 0)
			buf_printf(&overrides, "--override %s ", check);
		else if (ceiling != 'C')
			ceiling = ceiling_for(x, check);
	}
	if (ceiling != 0) {
		(void)saksi_fail(&x->c->err, SAKSI_EREFUSED,
		    "%s: %s %s%s; your records are class %c: repeat with --ceiling %c",
		    x->format->name, buf_cstr(&names), n == 1 ? "blocks" : "block",
		    cli_flag(x->c, "check") ? "" : ", so nothing was written", ceiling,
		    ceiling);
		goto done;
	}
	(void)saksi_fail(&x->c->err, SAKSI_EREFUSED,
	    "%s: %s %s%s; record it as shown above with each record, or go on over it "
	    "with %s--reason TEXT, which is kept",
	    x->format->name, buf_cstr(&names), n == 1 ? "blocks" : "block",
	    cli_flag(x->c, "check") ? "" : ", so nothing was written",
	    buf_cstr(&overrides));
done:
	buf_free(&names);
	buf_free(&overrides);
	return SAKSI_EREFUSED;
}

static void report_check(struct exporting *x)
{
	struct buf names = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < x->findings.n; i++)
		if (blocks(&x->findings.list[i]) && !named_before(x, i))
			buf_printf(&names, "%s%s", n++ > 0 ? ", " : "",
			    x->findings.list[i].check);
	if (n == 0)
		cli_say(x->c, "Nothing blocks this export.");
	else
		cli_say(x->c, "%zu check%s: %s. What each lacks stands with its record.",
		    n, n == 1 ? " blocks this export" : "s block this export",
		    buf_cstr(&names));
	buf_free(&names);
}

enum saksi_err export_report(struct exporting *x, bool exported)
{
	struct cli *c = x->c;
	const char *file = cli_opt(c, "output");
	char withheld[60];
	json_t *o;

	(void)snprintf(withheld, sizeof(withheld), ", %zu withheld above the ceiling",
	    x->result.withheld);

	if (c->json) {
		o = json_object();
		obj_text(&o, "format", x->format->name);
		obj_set(&o, "blocked", json_boolean(export_blocked(x)));
		if (exported) {
			obj_text(&o, "file", file);
			obj_int(&o, "records", x->result.records);
			obj_int(&o, "withheld", x->result.withheld);
		}
		obj_set(&o, "findings", findings_json(&x->findings));
		return cli_out_json(c, o);
	}
	if (!exported)
		report_check(x);
	else if (x->memory < 0 && export_one_table(x))
		cli_say(c, "%s: made from %zu selected record%s%s.", file,
		    x->result.records, x->result.records == 1 ? "" : "s",
		    x->result.withheld > 0 ? withheld : "");
	else if (x->memory < 0)
		cli_say(c, "%s: %zu record%s%s.", file, x->result.records,
		    x->result.records == 1 ? "" : "s",
		    x->result.withheld > 0 ? withheld : "");
	return SAKSI_OK;
}
