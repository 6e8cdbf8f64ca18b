/* export.h - one export on its way; the parts of cmd_export.c share it. */
#ifndef SAKSI_CLI_EXPORT_H
#define SAKSI_CLI_EXPORT_H

#include <saksi/base/fsio.h>
#include <saksi/host/host.h>

#include "exporters.h"
#include "source.h"

struct exporting {
	struct cli *c;
	struct exporters exporters;
	const struct host_format *format;
	char *plugin; /* path of the shared object */
	int plugin_fd;
	struct saksi_hash plugin_hash;
	enum saksi_class ceiling;
	char intervention[ID_TEXT_LEN + 1];
	const char **options, **overrides;
	char type_option[48]; /* "type=act" where the file's name asks for one table */
	struct source source;
	struct fs_out file;
	int memory; /* output on its way to standard output */
	struct host_job job;
	struct host_findings findings;
	struct host_result result;
};

/* ---- export_file.c ------------------------------------------------------------ */
/**
 * export_fit_file(x): Does what is to be written go with the file's ending?  A
 * .csv gets the table of the one type that is selected, or SAKSI_EINVAL.
 */
SAKSI_MUST_CHECK enum saksi_err export_fit_file(struct exporting *x);
/** export_one_table: Is one table asked for, and not a ZIP of all? */
bool export_one_table(const struct exporting *x);

/* ---- export_consent.c --------------------------------------------------------- */
/**
 * export_refusals(x, person): Print the entries that say no to sharing with
 * the United Nations, where each stands, and how a new answer is recorded.
 */
void export_refusals(struct exporting *x, const json_t *person);

/* ---- export_report.c ---------------------------------------------------------- */
void export_findings(struct exporting *x);
/** export_blocked: Does a check block that was not overridden? */
bool export_blocked(const struct exporting *x);
/** export_refuse: SAKSI_EREFUSED with what blocks and the way on. */
enum saksi_err export_refuse(struct exporting *x);
SAKSI_MUST_CHECK enum saksi_err export_report(struct exporting *x, bool exported);

/* ---- export_audit.c ----------------------------------------------------------- */
/** export_blocks(x, fn, ctx): The output so far, block by block. */
SAKSI_MUST_CHECK enum saksi_err export_blocks(struct exporting *x,
    void (*fn)(void *ctx, const void *p, size_t n), void *ctx);
SAKSI_MUST_CHECK enum saksi_err export_audit(struct exporting *x);

#endif
