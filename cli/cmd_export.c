/* export: run an exporter, confined, over selected records cut to a ceiling. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi_paths.h>

#include "export.h"
#include "open.h"
#include "options.h"
#include "outfile.h"
#include "output.h"
#include "progress.h"
#include "terminal.h"
#include "trust.h"

#define REASON_BYTES 2000u
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

/* ---- what was asked ---------------------------------------------------------------- */

static enum saksi_err check_options(struct exporting *x)
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
	if (reason != NULL &&
	    cli_check_text(c, "--reason", reason, REASON_BYTES) != SAKSI_OK)
		return SAKSI_EINVAL;
	if (x->overrides[0] == NULL && reason != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--reason: belongs to --override CHECK");
	return SAKSI_OK;
}

/* A form's renderer: --as, else by the file's ending, else the form's own. */
static const char *renderer(struct exporting *x)
{
	const char *as = cli_opt(x->c, "as");
	const char *file = cli_opt(x->c, "output");
	const char *dot = file != NULL ? strrchr(file, '.') : NULL;

	if (as != NULL)
		return as;
	if (dot != NULL && strchr(dot, '/') == NULL)
		for (size_t i = 0; i < x->exporters.n; i++) {
			const struct host_format *f = &x->exporters.list[i];

			if (!f->form && f->input == HOST_INPUT_DOCUMENT &&
			    f->ending[0] != '\0' && strcmp(f->ending, dot + 1) == 0)
				return f->name;
		}
	return x->format->exporter;
}

static enum saksi_err find_format(struct exporting *x)
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
	if (!x->format->form && cli_opt(c, "for") != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--for: %s is no form; choose its records with --select",
		    x->format->name);
	if (!x->format->form && x->format->input == HOST_INPUT_DOCUMENT)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: writes what a form made, and takes no records; `saksi plugin list` shows the "
		    "forms",
		    x->format->name);
	x->plugin = x->format->form ? exporters_file(&x->exporters, renderer(x))
				    : strdup(x->format->path);
	return x->plugin != NULL ? SAKSI_OK : saksi_fail_nomem(&c->err);
}

static enum saksi_err find_intervention(struct exporting *x)
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

static enum saksi_err check_trust(struct exporting *x)
{
	struct cli *c = x->c;
	struct trust t = {0};
	char hex[65];
	char name[64] = "plugin";
	struct saksi_hash hash;
	int fd = -1;
	enum saksi_err rc = trust_hash(&hash, x->plugin, &fd, &c->err);

	if (rc == SAKSI_ENOTFOUND)
		return saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "%s: there is no exporter at %s; `saksi plugin list` shows what there is",
		    x->format->name, x->plugin);
	if (rc != SAKSI_OK)
		return rc;
	x->plugin_hash = hash;
	x->plugin_fd = fd;
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

static enum saksi_err ask_sealed(struct exporting *x)
{
	struct cli *c = x->c;

	if (x->ceiling != CLASS_S || cli_flag(c, "check"))
		return SAKSI_OK;
	return cli_ask(c,
	    "The file will hold everything in clear text, sources and protected names too.\n"
	    "This is for moving between vaults of your own. Go on?");
}

/* ---- where it goes ----------------------------------------------------------------- */

static enum saksi_err open_output(struct exporting *x)
{
	struct cli *c = x->c;
	const char *file = cli_opt(c, "output");

	if (strcmp(file, "-") != 0) {
		enum saksi_err rc = outfile_open(c, &x->file, file);

		x->job.out_fd = x->file.fd;
		return rc;
	}
	if (isatty(STDOUT_FILENO) == 1)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "-o -: an export is not for a terminal, which would obey what is in it; "
		    "name a file");
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

static void to_stdout(void *ctx, const void *p, size_t n)
{
	(void)fwrite(p, 1, n, ctx);
}

static enum saksi_err deliver(struct exporting *x)
{
	if (x->memory >= 0)
		return export_blocks(x, to_stdout, stdout);
	return outfile_commit(x->c, &x->file);
}

/* ---- all together --------------------------------------------------------------------- */

static void on_log(void *ctx, int level, const char *text)
{
	const struct exporting *x = ctx;

	if (level > 0 || !x->c->quiet)
		cli_warn("%s: %s", x->format->name, text);
}

static void fill_job(struct exporting *x)
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

/* The host knows only that a record failed; why is ours to tell. */
static enum saksi_err source_failure(struct exporting *x, enum saksi_err rc)
{
	if (rc == SAKSI_OK || x->source.err.code == SAKSI_OK)
		return rc;
	x->c->err = x->source.err;
	return x->source.err.code;
}

static enum saksi_err check_only(struct exporting *x)
{
	enum saksi_err rc = host_check(&x->job, &x->findings, &x->c->err);

	progress_end();
	rc = source_failure(x, rc);
	if (rc != SAKSI_OK && rc != SAKSI_EREFUSED)
		return rc;
	export_findings(x);
	rc = export_report(x, false);
	return rc == SAKSI_OK && export_blocked(x) ? export_refuse(x) : rc;
}

static enum saksi_err do_export(struct exporting *x)
{
	enum saksi_err rc = open_output(x);

	if (rc == SAKSI_OK)
		rc = host_export(&x->job, &x->findings, &x->result, &x->c->err);
	progress_end();
	rc = source_failure(x, rc);
	if (rc == SAKSI_OK || rc == SAKSI_EREFUSED)
		export_findings(x);
	if (rc == SAKSI_EREFUSED && export_blocked(x)) {
		if (x->c->json && export_report(x, false) != SAKSI_OK)
			return x->c->err.code;
		return export_refuse(x);
	}
	/* What left the vault is on record before it has left. */
	if (rc == SAKSI_OK)
		rc = export_audit(x);
	if (rc == SAKSI_OK)
		rc = deliver(x);
	return rc == SAKSI_OK ? export_report(x, true) : rc;
}

static enum saksi_err prepare(struct exporting *x)
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
	if (rc == SAKSI_OK)
		rc = export_fit_file(x);
	return rc;
}

static enum saksi_err run(struct cli *c)
{
	struct exporting x = {.c = c, .plugin_fd = -1, .memory = -1, .file = FS_OUT_INIT};
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
	"what it tells.\n"
	"csv makes a table per record type: NAME.zip holds all of them, NAME.csv one\n"
	"(--option type=TYPE, or select records of one type). Beside each code and each\n"
	"reference a column NAME_label says it in words, as far as the records named are\n"
	"in the export too. Tables are made for spreadsheets; a program rather wants\n"
	"--option columns=all --option labels=no --option bom=no. In all of them text that\n"
	"a spreadsheet would run as a formula gets an apostrophe in front.",
    .example = "saksi export csv -o cases.zip --select 'date:2016..2019'\n"
	       "saksi export csv -o acts.csv --option type=act\n"
	       "saksi export un-sp --for int-2026-1 --check\n"
	       "saksi export un-sp --for int-2026-1 -o submission.txt --ceiling C",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
