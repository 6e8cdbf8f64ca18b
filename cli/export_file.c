/* The file of an export and what the exporter writes: the two have to go together. */
#include <string.h>
#include <strings.h>

#include "export.h"
#include "options.h"
#include "select.h"
#include "view.h"

/* What stands after the last dot of the file's own name; "" if nothing does. */
static const char *ending(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash != NULL ? slash + 1 : file;
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot != name ? dot + 1 : "";
}

static bool one_of(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(text, list[i]) == 0)
			return true;
	return false;
}

/* Does it write a ZIP of tables, or one of them with an option `type`? */
static bool writes_tables(const struct host_format *f)
{
	static const char key[] = "type: ";
	const char *p = f->options;

	if (f->form || strcmp(f->ending, "zip") != 0)
		return false;
	while (p != NULL && strncmp(p, key, strlen(key)) != 0) {
		p = strchr(p, '\n');
		p = p != NULL ? p + 1 : NULL;
	}
	return p != NULL;
}

bool export_one_table(const struct exporting *x)
{
	for (size_t i = 0; x->options[i] != NULL; i++)
		if (strncmp(x->options[i], "type=", 5) == 0)
			return true;
	return false;
}

static enum saksi_err type_at(struct exporting *x, size_t at, char *type, size_t size)
{
	struct cli *c = x->c;
	json_t *record = NULL;
	enum saksi_err rc = select_read(c, x->source.list[at], false, &record);

	if (rc == SAKSI_OK)
		(void)snprintf(type, size, "%s", view_text(record, "type"));
	json_decref(record);
	return rc;
}

/* The one type that all selected records have; "" if there are several, or none. */
static enum saksi_err only_type(struct exporting *x, char type[40])
{
	char last[40] = "";
	size_t n = x->source.n;
	enum saksi_err rc = SAKSI_OK;

	type[0] = '\0';
	if (n == 0)
		return SAKSI_OK;
	/* They stand in order of their types. */
	rc = type_at(x, 0, type, 40);
	if (rc == SAKSI_OK)
		rc = type_at(x, n - 1, last, sizeof(last));
	if (strcmp(type, last) != 0)
		type[0] = '\0';
	return rc;
}

static enum saksi_err take_type(struct exporting *x, const char *type)
{
	size_t n = 0;
	const char **grown;

	while (x->options[n] != NULL)
		n++;
	grown = reallocarray(x->options, n + 2, sizeof(*grown));
	if (grown == NULL)
		return saksi_fail_nomem(&x->c->err);
	x->options = grown;
	(void)snprintf(x->type_option, sizeof(x->type_option), "type=%s", type);
	x->options[n] = x->type_option;
	x->options[n + 1] = NULL;
	return SAKSI_OK;
}

enum saksi_err export_fit_file(struct exporting *x)
{
	static const char *const tables[] = {"csv", "tsv", "tab", "txt"};
	static const char *const others[] = {"xlsx", "xls", "ods", "fods", "json", "html"};
	struct cli *c = x->c;
	const char *file = cli_opt(c, "output");
	const char *end;
	char type[40];
	enum saksi_err rc;

	if (file == NULL || strcmp(file, "-") == 0 || !writes_tables(x->format))
		return SAKSI_OK;
	end = ending(file);
	if (one_of(end, others, sizeof(others) / sizeof(others[0])))
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: %s does not write .%s files; name it .zip for all tables, or .csv with "
		    "--option type=TYPE for one, which spreadsheet programs open",
		    file, x->format->name, end);
	if (export_one_table(x) && strcasecmp(end, "zip") == 0)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: with --option type=TYPE it is one table and no ZIP; name it .csv, or "
		    "leave that option out",
		    file);
	if (export_one_table(x) ||
	    !one_of(end, tables, sizeof(tables) / sizeof(tables[0])))
		return SAKSI_OK;
	rc = only_type(x, type);
	if (rc != SAKSI_OK || type[0] != '\0')
		return rc != SAKSI_OK ? rc : take_type(x, type);
	return saksi_fail(&c->err, SAKSI_EINVAL,
	    "%s: a .csv file holds one table, and each type of record is a table of its own; "
	    "name the file .zip to get all of them, or take one with --option type=TYPE "
	    "(`saksi schema` lists the types)",
	    file);
}
