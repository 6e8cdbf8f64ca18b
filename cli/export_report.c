/* What an export found and did, for people and programs. */
#include <string.h>

#include "export.h"

static const char *level_name(const struct host_finding *f)
{
	if (f->overridden)
		return "overridden";
	return f->level == HOST_BLOCK ? "BLOCKS"
	    : f->level == HOST_WARN   ? "warning"
				      : "note";
}

void export_findings(struct exporting *x)
{
	for (size_t i = 0; i < x->findings.n; i++) {
		const struct host_finding *f = &x->findings.list[i];

		if (x->c->quiet && f->level != HOST_BLOCK)
			continue;
		cli_warn("%-3s %s: %s%s%.*s%s", f->check, level_name(f), f->words,
		    f->subject[0] != '\0' ? " (" : "", SHORT_ID, f->subject,
		    f->subject[0] != '\0' ? ")" : "");
	}
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

static bool named_before(const struct exporting *x, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (blocks(&x->findings.list[i]) &&
		    strcmp(x->findings.list[i].check, x->findings.list[at].check) == 0)
			return true;
	return false;
}

enum saksi_err export_refuse(struct exporting *x)
{
	struct buf names = BUF_INIT;
	struct buf overrides = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < x->findings.n; i++) {
		const char *check = x->findings.list[i].check;

		if (!blocks(&x->findings.list[i]) || named_before(x, i))
			continue;
		buf_printf(&names, "%s%s", n++ > 0 ? ", " : "", check);
		buf_printf(&overrides, "--override %s ", check);
	}
	(void)saksi_fail(&x->c->err, SAKSI_EREFUSED,
	    "%s: %s %s, so nothing was written; record what is missing, or go on over it "
	    "with %s--reason TEXT, which is kept",
	    x->format->name, buf_cstr(&names), n == 1 ? "blocks" : "block",
	    buf_cstr(&overrides));
	buf_free(&names);
	buf_free(&overrides);
	return SAKSI_EREFUSED;
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
		cli_say(c,
		    export_blocked(x) ? "Something blocks this export."
				      : "Nothing blocks this export.");
	else if (x->memory < 0)
		cli_say(c, "%s: %zu record%s%s.", file, x->result.records,
		    x->result.records == 1 ? "" : "s",
		    x->result.withheld > 0 ? withheld : "");
	return SAKSI_OK;
}
