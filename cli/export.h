/* export.h - one export on its way; the parts of cmd_export.c share it. */
#ifndef SAKSI_CLI_EXPORT_H
#define SAKSI_CLI_EXPORT_H

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
	struct source source;
	struct fs_out file;
	int memory; /* output on its way to standard output */
	struct host_job job;
	struct host_findings findings;
	struct host_result result;
};

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
