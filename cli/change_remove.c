/* FIELD-=VALUE: elements taken out of a list. */
#include <string.h>

#include "change.h"
#include "find.h"
#include "view.h"

static bool says(struct buf *words, const char *text)
{
	bool same = strcmp(buf_cstr(words), text) == 0;

	buf_free(words);
	return same;
}

/* A reference that leads nowhere, by as much of it as is shown. */
static bool begins_with(const struct schema_field *f, const json_t *value,
    const char *text)
{
	const char *name = json_string_value(
	    f->kind == FIELD_SOURCE ? json_object_get(value, "item") : value);
	struct saksi_id id;
	size_t n = strlen(text);

	return (f->kind == FIELD_REF || f->kind == FIELD_SOURCE) && name != NULL &&
	    n >= SHORT_ID && id_parse(&id, name) && strncmp(name, text, n) == 0;
}

/* Equal as a value, whatever source or note stands beside it; or by its words. */
static bool is_meant(struct change *ch, const struct schema_field *f, const json_t *value,
    const json_t *wanted, const char *text)
{
	const json_t *plain = value_plain(value);
	struct buf words = BUF_INIT;
	struct buf shown = BUF_INIT;

	if (wanted != NULL)
		return json_equal(plain, value_plain(wanted));
	value_text(&words, ch->c->schema, f, plain);
	if (says(&words, text))
		return true;
	view_value(ch->c, &shown, f, value);
	return says(&shown, text) || begins_with(f, plain, text);
}

static enum saksi_err remove_meant(struct change *ch, const struct schema_field *f,
    const json_t *wanted, const char *text, size_t *hits)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < ch->r->n_visible && rc == SAKSI_OK; i++) {
		const struct record_value *v = &ch->r->values[i];

		if (strcmp(v->field, f->path) != 0 ||
		    !is_meant(ch, f, v->value, wanted, text))
			continue;
		(*hits)++;
		rc = saksi_draft_remove(ch->draft, &ch->id, f->path, v->value,
		    &ch->c->err);
	}
	return rc;
}

/*
 * By value, then by its words as `show` has them: what cannot be read as a
 * value, as a reference that leads nowhere, can still be taken away.
 */
enum saksi_err change_remove(struct change *ch, const struct schema_field *f,
    const char *text)
{
	struct schema_resolver res = cli_resolver(ch->c);
	struct schema_faults faults = {0};
	json_t *wanted = NULL;
	size_t hits = 0;
	enum saksi_err rc = schema_parse_text(&wanted, ch->c->schema, f, text, &res,
	    &faults, &ch->c->err);

	if (json_is_array(wanted))
		for (size_t i = 0; i < json_array_size(wanted) && rc == SAKSI_OK; i++)
			rc = remove_meant(ch, f, json_array_get(wanted, i), text, &hits);
	else if (rc == SAKSI_OK && wanted != NULL)
		rc = remove_meant(ch, f, wanted, text, &hits);
	if (rc == SAKSI_OK && hits == 0)
		rc = remove_meant(ch, f, NULL, text, &hits);
	if (rc == SAKSI_OK && hits > 0 && hits == change_count(ch, f->path))
		rc = change_keep_some(ch, f);
	if (rc == SAKSI_OK && hits == 0)
		rc = saksi_fail(&ch->c->err, SAKSI_ENOTFOUND,
		    "%s.%s: holds no such value; `saksi show` lists what it holds",
		    ch->type->name, f->path);
	json_decref(wanted);
	schema_faults_free(&faults);
	return rc;
}
