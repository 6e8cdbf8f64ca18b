/* import: records in the interchange form; all is checked before any is written. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "assign.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "progress.h"

#define FIRST_BYTES 4096u /* tell what the file is */

static const struct cli_option options[] = {
    {"format", 0, false, "FORMAT", "ndjson, the interchange form (the only one yet)"},
    {"dry-run", 'n', false, NULL, "check and count only"},
    {"allow-dangling", 0, false, NULL, "references to records that are not here are kept"},
    {NULL, 0, false, NULL, NULL},
};

static enum saksi_err print_json(struct cli *c, const struct import_report *r,
    bool written)
{
	json_t *o = json_object();

	obj_int(&o, "lines", r->lines);
	obj_int(&o, "created", r->created);
	obj_int(&o, "changed", r->changed);
	obj_int(&o, "unchanged", r->unchanged);
	obj_int(&o, "values", r->values);
	obj_int(&o, "rivals", r->rivals);
	obj_set(&o, "written", json_boolean(written));
	obj_set(&o, "faults", faults_json(&r->faults));
	return cli_out_json(c, o);
}

static void print_text(struct cli *c, const struct import_report *r, bool dry)
{
	cli_say(c, "%zu record%s: %zu new, %zu changed, %zu unchanged%s.", r->lines,
	    r->lines == 1 ? "" : "s", r->created, r->changed, r->unchanged,
	    dry ? " (nothing was written)" : "");
	if (r->rivals > 0)
		cli_say(c,
		    "%zu field%s now hold%s rival values; `saksi conflicts` shows them.",
		    r->rivals, r->rivals == 1 ? "" : "s", r->rivals == 1 ? "s" : "");
}

/* They were found by one check after the other; people go through a file by its lines. */
static int by_line(const void *a, const void *b)
{
	const struct schema_fault *x = a;
	const struct schema_fault *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->key, y->key);
}

static enum saksi_err report(struct cli *c, struct import_report *r,
    const struct import_options *opt, enum saksi_err rc)
{
	size_t n = r->faults.n_errors;

	progress_end();
	if (r->faults.n > 0)
		qsort(r->faults.list, r->faults.n, sizeof(*r->faults.list), by_line);
	faults_print(&r->faults, NULL);
	if (rc == SAKSI_OK) {
		if (c->json)
			return print_json(c, r, !opt->dry_run);
		print_text(c, r, opt->dry_run);
		return rc;
	}
	if (rc != SAKSI_EINVAL || n == 0)
		return rc;
	if (c->json && print_json(c, r, false) != SAKSI_OK)
		return c->err.code;
	/* Faulty data is a failure of the work, not of how the command was used. */
	return saksi_fail(&c->err, SAKSI_EFORMAT,
	    "%s: %zu fault%s, so nothing was imported; mend the file and repeat",
	    c->args[0], n, n == 1 ? "" : "s");
}

struct input {
	int fd;
	const char *name;
	struct buf first;
	size_t given; /* of first */
};

static enum saksi_err read_input(void *ctx, void *to, size_t room, size_t *n,
    struct saksi_error *err)
{
	struct input *in = ctx;
	size_t rest = in->first.len - in->given;

	if (rest == 0)
		return fs_read_some(in->fd, to, room, n, in->name, err);
	*n = rest < room ? rest : room;
	memcpy(to, in->first.p + in->given, *n);
	in->given += *n;
	return SAKSI_OK;
}

static enum saksi_err input_open(struct input *in, const char *file,
    struct saksi_error *err)
{
	bool standard = strcmp(file, "-") == 0;
	size_t n = 1;
	enum saksi_err rc = SAKSI_OK;

	*in = (struct input){STDIN_FILENO, standard ? "input" : file, BUF_INIT, 0};
	if (!standard)
		rc = fs_open_file(&in->fd, file, err);
	while (rc == SAKSI_OK && n > 0 && in->first.len < FIRST_BYTES) {
		uint8_t *where = buf_reserve(&in->first, FIRST_BYTES);

		if (where == NULL)
			return saksi_fail_nomem(err);
		rc = fs_read_some(in->fd, where, FIRST_BYTES, &n, in->name, err);
		in->first.len += n;
	}
	return rc;
}

static void input_close(struct input *in)
{
	buf_free(&in->first);
	if (in->fd > STDIN_FILENO)
		(void)close(in->fd);
}

/*
 * Is the first line meant as an object?  A table or a document would give a
 * fault in each line; a lone { begins JSON that was spread over many.
 */
static bool is_interchange(const struct buf *text)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *p = (const char *)text->p;
	const char *end = p + text->len;

	if (text->len >= 3 && memcmp(p, mark, 3) == 0)
		p += 3;
	while (p < end && strchr(" \t\r\n", *p) != NULL && *p != '\0')
		p++;
	if (p == end)
		return true;
	if (*p != '{')
		return false;
	do
		p++;
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'));
	return p < end && *p != '\n';
}

static enum saksi_err refuse(struct cli *c, struct import_report *r)
{
	static const char words[] =
	    "this is not the interchange form (one JSON object per line)";

	schema_faults_add(&r->faults, 1, false, "", "%s", words);
	if (c->json && print_json(c, r, false) != SAKSI_OK)
		return c->err.code;
	return saksi_fail(&c->err, SAKSI_EFORMAT,
	    "%s: %s, so nothing was imported; `saksi export ndjson` writes that form",
	    c->args[0], words);
}

static enum saksi_err run(struct cli *c)
{
	const char *format = cli_opt(c, "format");
	const char *file = c->args[0];
	struct import_options opt = {cli_flag(c, "dry-run"),
	    cli_flag(c, "allow-dangling"), progress_step, NULL};
	struct import_report r;
	struct input in;
	const struct import_source from = {read_input, &in};
	enum saksi_err rc;

	memset(&r, 0, sizeof(r));
	if (format != NULL && strcmp(format, "ndjson") != 0)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: is no format that import reads; it reads ndjson", format);
	if ((rc = input_open(&in, file, &c->err)) == SAKSI_OK)
		rc = cli_open(c);
	if (rc == SAKSI_OK && !is_interchange(&in.first)) {
		rc = refuse(c, &r);
	} else if (rc == SAKSI_OK) {
		progress_begin(c, "importing");
		rc = saksi_import_from(c->vault, &from, &opt, &r, &c->err);
		rc = report(c, &r, &opt, rc);
	}
	import_report_free(&r);
	input_close(&in);
	return rc;
}

const struct cli_command cmd_import = {
    .name = "import",
    .usage = "FILE|- [--dry-run] [--allow-dangling] [--format ndjson]",
    .brief = "take in records from a file",
    .help =
	"Reads the interchange form: one JSON object per line, references by id or ref.\n"
	"The whole file is checked first, and nothing is written if any line is faulty;\n"
	"each fault names its line and field. An `id` that is not one of saksi's becomes\n"
	"the record's ref, so that importing a file again changes nothing, and two devices\n"
	"of a team that import one file make the same records. A run that was cut off is\n"
	"completed by repeating it.",
    .example = "saksi import cases.ndjson --dry-run\nsaksi import cases.ndjson",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .flags = CMD_WRITES,
    .run = run,
};
