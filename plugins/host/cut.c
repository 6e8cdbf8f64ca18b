/* cut.c - nothing above the ceiling, and no reference to what is above it. */
#include "job.h"

enum saksi_err source_failed(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EIO, "reading records for the export failed");
}

/* Only the class is looked at, so an answer can be kept. */
static bool may_name(struct cut *c, const char *id)
{
	json_t *record = NULL;
	if (c->source->get(c->source->ctx, id, &record) != 0) {
		c->failed = true;
		return false;
	}
	bool may = record && schema_record_class(record) <= c->ceiling;
	json_decref(record);
	return may;
}

bool cut_name(void *cut, const char *id)
{
	struct cut *c = cut;
	if (!c->known)
		c->known = json_object();
	const json_t *seen = json_object_get(c->known, id);
	if (seen)
		return json_is_true(seen);
	bool may = may_name(c, id);
	if (!c->known || json_object_set_new(c->known, id, json_boolean(may)) != 0)
		c->failed = true;
	return may && !c->failed;
}

enum saksi_err cut_record(json_t **out, struct cut *c, const json_t *record,
    struct saksi_error *err)
{
	enum saksi_err rc =
	    schema_cut(out, c->source->schema, record, c->ceiling, cut_name, c, err);
	if (rc == SAKSI_OK && c->failed) {
		json_decref(*out);
		*out = NULL;
		rc = source_failed(err);
	}
	return rc;
}

void cut_free(struct cut *c)
{
	json_decref(c->known);
	c->known = NULL;
}
