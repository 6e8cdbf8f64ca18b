/* Records, types and references by what people call them; and slips. */
#include <string.h>

#include <saksi/base/text.h>

#include "find.h"
#include "view.h"

enum saksi_err cli_find(struct cli *c, const char *name, struct saksi_id *id)
{
	char near[SAKSI_NEAR];
	enum saksi_err rc = saksi_record_find(c->txn, name, id, &c->err);

	if (rc == SAKSI_ENOTFOUND && saksi_record_near(c->txn, name, NULL, near))
		rc = saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "no record has this id or reference; did you mean %s?", near);
	return rc;
}

enum saksi_err cli_type(struct cli *c, const char *name, const struct schema_type **out)
{
	struct text_near near;
	size_t n;
	const struct schema_type *types = schema_types(c->schema, &n);

	*out = schema_type(c->schema, name);
	if (*out != NULL)
		return SAKSI_OK;
	text_near_begin(&near, name);
	for (size_t i = 0; i < n; i++)
		(void)text_near_try(&near, types[i].name);
	if (near.best != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: there is no such type of record; did you mean %s?", name,
		    near.best);
	return saksi_fail(&c->err, SAKSI_EINVAL,
	    "%s: there is no such type of record; `saksi schema` lists them", name);
}

/* ---- references ------------------------------------------------------------------ */

static const char *expected(const char *to)
{
	if (to == NULL || strcmp(to, "any") == 0)
		return "record";
	return strcmp(to, "party") == 0 ? "person or organisation" : to;
}

static bool is_deleted(struct cli *c, const struct saksi_id *id)
{
	struct saksi_record *r = NULL;
	bool deleted = saksi_record_get(&r, c->txn, id, 0, NULL) == SAKSI_OK &&
	    r->state == RECORD_DELETED;

	saksi_record_free(&r);
	return deleted;
}

static bool resolve_new(void *ctx, const char *text, const char *to, char out[27])
{
	struct cli *c = ctx;
	struct saksi_id id;

	return saksi_record_resolver(c->txn, text, to, out) && id_parse(&id, out) &&
	    !is_deleted(c, &id);
}

static void why_not(void *ctx, const char *text, const char *to, char words[SCHEMA_WORDS])
{
	struct cli *c = ctx;
	struct saksi_id id;
	char name[ID_TEXT_LEN + 1];
	char near[SAKSI_NEAR];
	enum saksi_err rc = saksi_record_find(c->txn, text, &id, NULL);

	if (rc == SAKSI_OK)
		id_text(name, &id);
	if (rc == SAKSI_OK && is_deleted(c, &id))
		(void)snprintf(words, SCHEMA_WORDS,
		    "this record was deleted; name another one, or bring it back with "
		    "`saksi undelete %.*s`",
		    SHORT_ID, name);
	else if (rc == SAKSI_OK)
		(void)snprintf(words, SCHEMA_WORDS,
		    "that record is no %s; name another one", expected(to));
	else if (rc == SAKSI_EINVAL)
		(void)snprintf(words, SCHEMA_WORDS,
		    "means several records; name one by its id, which `saksi list` shows");
	else if (saksi_record_near(c->txn, text, to, near))
		(void)snprintf(words, SCHEMA_WORDS,
		    "no %s has this id or reference; did you mean %.100s?", expected(to),
		    near);
	else
		(void)snprintf(words, SCHEMA_WORDS,
		    "no %s has this id or reference; add that record first",
		    expected(to));
}

struct schema_resolver cli_resolver(struct cli *c)
{
	return (struct schema_resolver){saksi_record_resolver, c->txn, false, NULL};
}

struct schema_resolver cli_resolver_new(struct cli *c)
{
	return (struct schema_resolver){resolve_new, c, false, why_not};
}
