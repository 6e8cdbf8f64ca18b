/* Formats: exporters beside the program, those trusted elsewhere, and forms. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <saksi_paths.h>

#include <saksi/base/fsio.h>
#include <saksi/base/list.h>

#include "exporters.h"
#include "open.h"
#include "trust.h"

/* A plugin trusted in this vault may stand anywhere. */
static enum saksi_err add_foreign(struct exporters *e, const char *path,
    struct saksi_error *err)
{
	struct host_format f;
	struct host_format *grown;
	enum saksi_err rc = host_format_of(&f, &e->paths, path, err);

	if (rc != SAKSI_OK)
		return rc;
	grown = list_room(e->list, e->n, &e->cap, sizeof(*grown));
	if (grown == NULL)
		return saksi_fail_nomem(err);
	e->list = grown;
	e->list[e->n++] = f;
	return SAKSI_OK;
}

static enum saksi_err add_trusted(struct cli *c, struct exporters *e)
{
	struct trust t = {0};
	enum saksi_err rc = trust_load(c, &t);

	for (size_t i = 0; i < t.n && rc == SAKSI_OK; i++)
		if (!t.list[i].shipped && t.list[i].path[0] == '/' &&
		    strncmp(t.list[i].path, e->folder, strlen(e->folder)) != 0)
			rc = add_foreign(e, t.list[i].path, &c->err);
	trust_free(&t);
	return rc;
}

/* Without `..`, so that paths can be compared and shown; what is not there stays. */
static enum saksi_err make_plain(struct cli *c, char **path)
{
	char *plain;

	if (*path == NULL || ((plain = realpath(*path, NULL)) == NULL && errno == ENOMEM))
		return saksi_fail_nomem(&c->err);
	if (plain == NULL)
		return errno == ENOENT
		    ? SAKSI_OK
		    : saksi_fail_sys(&c->err, "%s: cannot be looked at", *path);
	free(*path);
	*path = plain;
	return SAKSI_OK;
}

enum saksi_err exporters_load(struct cli *c, struct exporters *e)
{
	enum saksi_err rc;

	memset(e, 0, sizeof(*e));
	e->runner = cli_place(SAKSI_REL_RUNNER);
	e->folder = cli_place(SAKSI_REL_EXPORTERS);
	e->forms = cli_place(SAKSI_REL_DATA "/forms");
	if (e->runner == NULL)
		return saksi_fail_nomem(&c->err);
	if ((rc = make_plain(c, &e->folder)) != SAKSI_OK ||
	    (rc = make_plain(c, &e->forms)) != SAKSI_OK)
		return rc;
	e->paths = (struct host_paths){e->runner, e->folder, e->forms};
	rc = host_formats(&e->paths, &e->list, &e->n, &c->err);
	e->cap = e->n;
	if (rc == SAKSI_OK && c->txn != NULL)
		rc = add_trusted(c, e);
	return rc;
}

void exporters_free(struct exporters *e)
{
	free(e->runner);
	free(e->folder);
	free(e->forms);
	free(e->list);
	memset(e, 0, sizeof(*e));
}

enum saksi_err exporters_find(struct cli *c, const struct exporters *e, const char *name,
    const struct host_format **out)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->list[i].name, name) == 0) {
			*out = &e->list[i];
			return SAKSI_OK;
		}
	for (size_t i = 0; i < e->n; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", e->list[i].name);
	(void)saksi_fail(&c->err, SAKSI_ENOTFOUND,
	    "%s: there is no such format; there are %s", name,
	    e->n > 0 ? buf_cstr(&names) : "none");
	buf_free(&names);
	return SAKSI_ENOTFOUND;
}

char *exporters_file(const struct exporters *e, const char *name)
{
	char file[64];

	for (size_t i = 0; i < e->n; i++)
		if (!e->list[i].form && strcmp(e->list[i].name, name) == 0)
			return strdup(e->list[i].path);
	(void)snprintf(file, sizeof(file), "%.50s.so", name);
	return fs_join(e->folder, file);
}
