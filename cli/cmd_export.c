/* export: run an exporter, confined, over selected records cut to a ceiling. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi_paths.h>

#include "exporters.h"
#include "source.h"

#define TIMEOUT_MS 300000u
#define OUT_MAX ((uint64_t)1 << 30)
#define MEMORY_MAX ((uint64_t)1 << 30)

static const struct cli_option options[] = {
    {"output", 'o', false, "FILE", "where to write (- for standard output)"},
    {"check", 0, false, NULL, "only the checks: completeness, admissibility, consent"},
    {"select", 0, false, "QUERY", "only the records that match"},
    {"ceiling", 0, false, "CLASS", "leave out what is above P (default), R, C or S"},
    {"for", 0, false, "INTERVENTION", "the intervention record that a form is made from"},
    {"as", 0, false, "TYPE", "a form's output type, such as text; else by FILE's ending"},
    {"option", 0, true, "K=V", "an option of the exporter; see `saksi plugin info`"},
    {"override", 0, true, "CHECK", "go on over a check that blocks; needs --reason"},
    {"reason", 0, false, "TEXT", "why; kept in the audit trail"},
    {"force", 0, false, NULL, "replace FILE if it is there"},
    {NULL, 0, false, NULL, NULL},
};

struct export
{
	struct cli *c;
	struct exporters exporters;
	const struct host_format *format;
	char *plugin; /* path of the shared object */
	int plugin_fd;
	struct saksi_hash plugin_hash;
	enum saksi_class ceiling;
	char intervention[ID_TEXT_LEN + 1];
	const char **options, **overrides;
	struct source source;
	struct fs_out file;
	int memory; /* output on its way to standard output */
	struct host_job job;
	struct host_findings findings;
	struct host_result result;
};

/* ---- what was asked ---------------------------------------------------------------- */

static enum saksi_err check_options(struct export *x)
{
	struct cli *c = x->c;
	const char *ceiling = cli_opt(c, "ceiling");
	const char *reason = cli_opt(c, "reason");

	x->ceiling = ceiling != NULL ? class_parse(ceiling) : CLASS_P;
	if (x->ceiling == CLASS_NONE)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--ceiling: is one of P, R, C, S");
	if (!cli_flag(c, "check") && cli_opt(c, "output") == NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "export: needs -o FILE, or --check to look only");
	x->options = cli_opt_list(c, "option");
	x->overrides = cli_opt_list(c, "override");
	if (x->options == NULL || x->overrides == NULL)
		return saksi_fail_nomem(&c->err);
	for (size_t i = 0; x->options[i] != NULL; i++)
		if (strchr(x->options[i], '=') == NULL)
			return saksi_fail(&c->err, SAKSI_EINVAL,
			    "--option: is written KEY=VALUE");
	if (x->overrides[0] != NULL && (reason == NULL || reason[0] == '\0'))
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--override: needs --reason TEXT, which the audit trail keeps");
	if (x->overrides[0] == NULL && reason != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--reason: belongs to --override CHECK");
	return SAKSI_OK;
}

/* A form's renderer: --as, else by the file's ending, else the form's own. */
static const char *renderer(struct export *x)
{
	const char *as = cli_opt(x->c, "as");
	const char *file = cli_opt(x->c, "output");
	const char *dot = file != NULL ? strrchr(file, '.') : NULL;

	if (as != NULL)
		return as;
	if (dot != NULL && strchr(dot, '/') == NULL)
		for (size_t i = 0; i < x->exporters.n; i++) {
			const struct host_format *f = &x->exporters.list[i];

			if (!f->form && f->ending[0] != '\0' &&
			    strcmp(f->ending, dot + 1) == 0 &&
			    strcmp(f->name, "csv") != 0 && strcmp(f->name, "ndjson") != 0)
				return f->name;
		}
	return x->format->exporter;
}

static enum saksi_err find_format(struct export *x)
{
	struct cli *c = x->c;
	enum saksi_err rc = exporters_load(c, &x->exporters);

	if (rc == SAKSI_OK)
		rc = exporters_find(c, &x->exporters, c->args[0], &x->format);
	if (rc != SAKSI_OK)
		return rc;
	if (!x->format->form && cli_opt(c, "as") != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--as: %s is no form and has only one output type", x->format->name);
	x->plugin = x->format->form ? exporters_file(&x->exporters, renderer(x))
				    : strdup(x->format->path);
	return x->plugin != NULL ? SAKSI_OK : saksi_fail_nomem(&c->err);
}

static enum saksi_err find_intervention(struct export *x)
{
	struct cli *c = x->c;
	const char *name = cli_opt(c, "for");
	struct saksi_record *r = NULL;
	struct saksi_id id;
	enum saksi_err rc;

	if (name == NULL)
		return SAKSI_OK;
	rc = saksi_record_find(c->txn, name, &id, &c->err);
	if (rc == SAKSI_OK)
		rc = saksi_record_get(&r, c->txn, &id, 0, &c->err);
	if (rc == SAKSI_OK && strcmp(r->type, "intervention") != 0)
		rc = saksi_fail(&c->err, SAKSI_EINVAL,
		    "--for: that record is no intervention; make one with `saksi add intervention`");
	if (rc == SAKSI_OK)
		id_text(x->intervention, &id);
	saksi_record_free(&r);
	return rc;
}

/* ---- may it run -------------------------------------------------------------------- */

static enum saksi_err check_trust(struct export *x)
{
	struct cli *c = x->c;
	struct trust t = {0};
	char hex[65];
	char name[64] = "plugin";
	enum saksi_err rc =
	    trust_hash(&x->plugin_hash, x->plugin, &x->plugin_fd, &c->err);

	if (rc == SAKSI_ENOTFOUND)
		return saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "%s: there is no exporter at %s; `saksi plugin list` shows what there is",
		    x->format->name, x->plugin);
	if (rc == SAKSI_OK)
		rc = trust_load(c, &t);
	if (rc == SAKSI_OK && trust_find(&t, &x->plugin_hash) == NULL) {
		hex_encode(hex, x->plugin_hash.b, sizeof(x->plugin_hash.b));
		(void)trust_name(name, sizeof(name), x->plugin);
		rc = saksi_fail(&c->err, SAKSI_EREFUSED,
		    "%s: this exporter's file is not trusted in this vault (hash %.16s...); if "
		    "you know where it comes from: saksi plugin trust %s",
		    name, hex, x->plugin);
	}
	trust_free(&t);
	return rc;
}

static enum saksi_err ask_sealed(struct export *x)
{
	struct cli *c = x->c;

	if (x->ceiling != CLASS_S || cli_flag(c, "check"))
		return SAKSI_OK;
	return cli_ask(c,
	    "The file will hold everything in clear text, sources and protected names too.\n"
	    "This is for moving between vaults of your own. Go on?");
}

/* ---- where it goes ----------------------------------------------------------------- */

static enum saksi_err open_output(struct export *x)
{
	struct cli *c = x->c;
	const char *file = cli_opt(c, "output");

	if (strcmp(file, "-") != 0) {
		enum saksi_err rc =
		    outfile_open(&x->file, file, cli_flag(c, "force"), &c->err);

		x->job.out_fd = x->file.fd;
		return rc;
	}
	if (c->json)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "-o -: the export and --json would both go to standard output; name a file");
	/* Whole or not at all, on standard output too. */
	x->memory = memfd_create("saksi-export", MFD_CLOEXEC);
	if (x->memory < 0)
		return saksi_fail_sys(&c->err, "output: no memory file can be made");
	x->job.out_fd = x->memory;
	return SAKSI_OK;
}

static enum saksi_err each_block(struct export *x,
    void (*fn)(void *ctx, const void *p, size_t n), void *ctx)
{
	uint8_t block[4096];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(x->job.out_fd, block, sizeof(block), at)) > 0) {
		fn(ctx, block, (size_t)n);
		at += n;
	}
	wipe(block, sizeof(block));
	return n == 0 ? SAKSI_OK
		      : saksi_fail_sys(&x->c->err, "output: cannot be read back");
}

static void to_hash(void *ctx, const void *p, size_t n)
{
	crypto_hash_add(ctx, p, n);
}

static void to_stdout(void *ctx, const void *p, size_t n)
{
	(void)fwrite(p, 1, n, ctx);
}

static enum saksi_err deliver(struct export *x)
{
	if (x->memory >= 0)
		return each_block(x, to_stdout, stdout);
	return outfile_commit(&x->file, &x->c->err);
}

/* ---- what the checks found ----------------------------------------------------------- */

static const char *level_name(const struct host_finding *f)
{
	if (f->overridden)
		return "overridden";
	return f->level == HOST_BLOCK ? "BLOCKS"
	    : f->level == HOST_WARN   ? "warning"
				      : "note";
}

static void print_findings(struct export *x)
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

static const char *first_block(const struct export *x)
{
	for (size_t i = 0; i < x->findings.n; i++)
		if (x->findings.list[i].level == HOST_BLOCK &&
		    !x->findings.list[i].overridden)
			return x->findings.list[i].check;
	return NULL;
}

/* The way on, whichever words the layers below had. */
static enum saksi_err blocked(struct export *x)
{
	const char *check = first_block(x);

	return saksi_fail(&x->c->err, SAKSI_EREFUSED,
	    "%s: check %s blocks, so nothing was written; record what is missing (consents: "
	    "`saksi edit PERSON consent+=...`), or go on with --override %s --reason TEXT",
	    x->format->name, check, check);
}

static enum saksi_err report(struct export *x, bool exported)
{
	struct cli *c = x->c;
	const char *file = cli_opt(c, "output");
	json_t *o;

	if (c->json) {
		o = json_object();
		obj_text(&o, "format", x->format->name);
		obj_set(&o, "blocked", json_boolean(first_block(x) != NULL));
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
		    first_block(x) != NULL ? "Something blocks this export."
					   : "Nothing blocks this export.");
	else if (x->memory < 0)
		cli_say(c, "%s: %zu record%s%s.", file, x->result.records,
		    x->result.records == 1 ? "" : "s",
		    x->result.withheld > 0 ? ", more withheld above the ceiling" : "");
	return SAKSI_OK;
}

/* ---- the audit trail ------------------------------------------------------------------ */

static json_t *used_overrides(const struct export *x)
{
	json_t *list = json_array();

	for (size_t i = 0; x->overrides[i] != NULL; i++)
		for (size_t k = 0; k < x->findings.n; k++)
			if (x->findings.list[k].overridden &&
			    strcmp(x->findings.list[k].check, x->overrides[i]) == 0) {
				arr_add(&list, json_string(x->overrides[i]));
				break;
			}
	return list;
}

static json_t *export_details(struct export *x, const struct saksi_hash *output)
{
	struct cli *c = x->c;
	char letter[2] = {class_letter(x->ceiling), '\0'};
	char hex[65];
	json_t *o = json_object();

	obj_text(&o, "format", x->format->name);
	if (x->format->form)
		obj_text(&o, "form_version", x->format->version);
	hex_encode(hex, x->plugin_hash.b, sizeof(x->plugin_hash.b));
	obj_text(&o, "exporter", hex);
	hex_encode(hex, output->b, sizeof(output->b));
	obj_text(&o, "output", hex);
	obj_text(&o, "ceiling", letter);
	if (cli_opt(c, "select") != NULL)
		obj_text(&o, "select", cli_opt(c, "select"));
	if (x->intervention[0] != '\0')
		obj_text(&o, "for", x->intervention);
	obj_int(&o, "records", x->result.records);
	obj_int(&o, "withheld", x->result.withheld);
	if (x->result.relied_on != NULL)
		obj_set(&o, "relied_on", json_incref(x->result.relied_on));
	return o;
}

static enum saksi_err write_audit(struct export *x)
{
	struct crypto_hash_state st;
	struct saksi_hash output;
	json_t *o;
	json_t *overridden = used_overrides(x);
	bool over = json_array_size(overridden) > 0;
	enum saksi_err rc;

	crypto_hash_init(&st, "export");
	rc = each_block(x, to_hash, &st);
	crypto_hash_final(&st, &output);
	o = export_details(x, &output);
	if (over) {
		obj_set(&o, "overridden", overridden);
		obj_text(&o, "reason", cli_opt(x->c, "reason"));
	} else {
		json_decref(overridden);
	}
	if (rc == SAKSI_OK && o == NULL)
		rc = saksi_fail_nomem(&x->c->err);
	if (rc == SAKSI_OK)
		rc = audit_write(x->c, over ? "override" : "export", o, over);
	json_decref(o);
	return rc;
}

/* ---- all together --------------------------------------------------------------------- */

static void on_log(void *ctx, int level, const char *text)
{
	const struct export *x = ctx;

	if (level > 0 || !x->c->quiet)
		cli_warn("%s: %s", x->format->name, text);
}

static void fill_job(struct export *x)
{
	struct host_job *j = &x->job;

	j->paths = &x->exporters.paths;
	j->source = &x->source.host;
	j->form = x->format->form ? x->format->path : NULL;
	j->intervention = x->intervention[0] != '\0' ? x->intervention : NULL;
	j->plugin_fd = x->plugin_fd;
	j->ceiling = x->ceiling;
	j->options = x->options;
	j->overrides = x->overrides;
	j->timeout_ms = TIMEOUT_MS;
	j->max_out = OUT_MAX;
	j->max_memory = MEMORY_MAX;
	j->generator = "saksi " SAKSI_VERSION;
	j->log = on_log;
	j->progress = progress_step;
	j->ctx = x;
}

static enum saksi_err check_only(struct export *x)
{
	enum saksi_err rc = host_check(&x->job, &x->findings, &x->c->err);

	progress_end();
	if (rc != SAKSI_OK && rc != SAKSI_EREFUSED)
		return rc;
	print_findings(x);
	rc = report(x, false);
	return rc == SAKSI_OK && first_block(x) != NULL ? blocked(x) : rc;
}

static enum saksi_err do_export(struct export *x)
{
	enum saksi_err rc = open_output(x);

	if (rc == SAKSI_OK)
		rc = host_export(&x->job, &x->findings, &x->result, &x->c->err);
	progress_end();
	if (rc != SAKSI_OK && x->source.err.msg[0] != '\0')
		x->c->err = x->source.err;
	if (rc == SAKSI_OK || rc == SAKSI_EREFUSED)
		print_findings(x);
	if (rc == SAKSI_EREFUSED && first_block(x) != NULL) {
		if (x->c->json && report(x, false) != SAKSI_OK)
			return x->c->err.code;
		return blocked(x);
	}
	/* What left the vault is on record before it has left. */
	if (rc == SAKSI_OK)
		rc = write_audit(x);
	if (rc == SAKSI_OK)
		rc = deliver(x);
	return rc == SAKSI_OK ? report(x, true) : rc;
}

static enum saksi_err prepare(struct export *x)
{
	struct cli *c = x->c;
	const char *query = cli_opt(c, "select");
	enum saksi_err rc = check_options(x);

	if (rc == SAKSI_OK)
		rc = cli_open(c);
	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	if (rc == SAKSI_OK)
		rc = find_format(x);
	if (rc == SAKSI_OK)
		rc = find_intervention(x);
	if (rc == SAKSI_OK)
		rc = check_trust(x);
	if (rc == SAKSI_OK)
		rc = ask_sealed(x);
	if (rc == SAKSI_OK)
		rc = source_begin(&x->source, c, query != NULL ? query : "");
	return rc;
}

static enum saksi_err run(struct cli *c)
{
	struct export x = {.c = c, .plugin_fd = -1, .memory = -1, .file = FS_OUT_INIT};
	enum saksi_err rc = prepare(&x);

	if (rc == SAKSI_OK) {
		fill_job(&x);
		progress_begin(c, "exporting");
		rc = cli_flag(c, "check") ? check_only(&x) : do_export(&x);
	}
	outfile_abort(&x.file);
	if (x.memory >= 0)
		(void)close(x.memory);
	if (x.plugin_fd >= 0)
		(void)close(x.plugin_fd);
	source_end(&x.source);
	host_findings_free(&x.findings);
	json_decref(x.result.relied_on);
	exporters_free(&x.exporters);
	free(x.plugin);
	free(x.options);
	free(x.overrides);
	return rc;
}

const struct cli_command cmd_export = {
    .name = "export",
    .usage =
	"FORMAT -o FILE|- [--check] [--select QUERY] [--ceiling P|R|C|S] [--for ID] ...",
    .brief = "write records or a submission for others",
    .help =
	"Runs an exporter, confined to a process that can open nothing, over the selected\n"
	"records without what is above the ceiling (default P, public). FORMAT is one\n"
	"of `saksi plugin list`: csv and ndjson for records, forms such as un-sp for\n"
	"submissions; a form takes victims, submitter and options from the intervention\n"
	"record named with --for. If a check blocks (consent, completeness,\n"
	"admissibility), the command ends with 5 and says how to go on. Exports and\n"
	"overrides are kept in the audit trail. FILE is plain text: keep it as safe as\n"
	"what it tells.",
    .example = "saksi export csv -o cases.zip --select 'type:act date:2016..2019'\n"
	       "saksi export un-sp --for int-2026-1 --check\n"
	       "saksi export un-sp --for int-2026-1 -o submission.txt --ceiling C",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
