/* import.c - the interchange form into the vault: all checked, then written. */
#include <string.h>

#include "import_int.h"

/* A file of so many bytes needs no other. */
#define READY_ROOM (8u << 20)
#define LATER_ROOM (2u << 20)

void import_report_free(struct import_report *r)
{
	schema_faults_free(&r->faults);
}

static const char kept[] = "import: what is kept until all is checked";

enum saksi_err saksi_import_from(struct saksi_vault *v, const struct import_source *from,
    const struct import_options *opt, struct import_report *report,
    struct saksi_error *err)
{
	struct importing im = {.v = v, .opt = opt, .report = report};
	enum saksi_err rc;

	memset(report, 0, sizeof(*report));
	import_names_init(&im.names);
	helper_init(&im.helper);
	keep_init(&im.ready, kept, v->dirfd, READY_ROOM);
	keep_init(&im.later, kept, v->dirfd, LATER_ROOM);
	if ((rc = saksi_txn_begin(&im.t, v, false, err)) != SAKSI_OK)
		goto fail;
	im.base = kv_txn_base(im.t->kv);
	if ((rc = import_check(&im, from, err)) != SAKSI_OK)
		goto fail;
	import_names_free(&im.names);
	if (report->faults.n_errors > 0) {
		rc = saksi_fail(err, SAKSI_EINVAL,
		    "import: %zu fault%s in the file, so nothing was written; mend them and import again",
		    report->faults.n_errors, report->faults.n_errors == 1 ? "" : "s");
		goto fail;
	}
	rc = import_write(&im, err);
fail:
	helper_end(&im.helper);
	import_names_free(&im.names);
	keep_free(&im.ready);
	keep_free(&im.later);
	saksi_txn_abort(&im.t);
	return rc;
}

struct memory {
	const char *p;
	size_t n;
};

static enum saksi_err read_memory(void *ctx, void *to, size_t room, size_t *n,
    struct saksi_error *err)
{
	struct memory *m = ctx;

	(void)err;
	*n = m->n < room ? m->n : room;
	if (*n > 0)
		memcpy(to, m->p, *n);
	m->p += *n;
	m->n -= *n;
	return SAKSI_OK;
}

enum saksi_err saksi_import(struct saksi_vault *v, const char *text, size_t len,
    const struct import_options *opt, struct import_report *report,
    struct saksi_error *err)
{
	struct memory m = {text, len};
	const struct import_source from = {read_memory, &m};

	return saksi_import_from(v, &from, opt, report, err);
}
