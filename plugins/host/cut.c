/* cut.c - nothing above the ceiling, and no reference to what is above it. */
#include <string.h>

#include <saksi/base/text.h>

#include "job.h"

#define NAMED_MAX 100u	 /* findings; what is beyond them is counted */
#define KNOWN_MAX 65536u /* answers that are kept; then they are asked for again */

enum saksi_err source_failed(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EIO, "reading records for the export failed");
}

enum saksi_err cut_ok(const struct cut *c, struct saksi_error *err)
{
	if (c->failed)
		return source_failed(err);
	return c->no_memory ? saksi_fail_nomem(err) : SAKSI_OK;
}

static const char *text_of(const json_t *record, const char *key)
{
	const char *s = json_string_value(json_object_get(record, key));
	return s ? s : "";
}

static bool type_known(const struct cut *c, const json_t *record)
{
	return schema_type(c->source->schema, text_of(record, "type")) != NULL;
}

/* Only class and type are looked at, so an answer can be kept. */
static bool may_name(struct cut *c, const char *id)
{
	json_t *record = NULL;
	if (c->source->get(c->source->ctx, id, &record) != 0) {
		c->failed = true;
		return false;
	}
	bool may = record && schema_record_class(record) <= c->ceiling;
	if (may && !type_known(c, record)) {
		cut_unfit(c, record, "TYPE");
		may = false;
	}
	json_decref(record);
	return may;
}

bool cut_name(void *cut, const char *id)
{
	struct cut *c = cut;
	if (!c->known)
		c->known = json_object();
	if (json_object_size(c->known) >= KNOWN_MAX)
		json_object_clear(c->known);
	const json_t *seen = json_object_get(c->known, id);
	if (seen)
		return json_is_true(seen);
	bool may = may_name(c, id);
	if (!c->known || json_object_set_new(c->known, id, json_boolean(may)) != 0)
		c->no_memory = true;
	return may && !c->failed && !c->no_memory;
}

enum saksi_err cut_record(json_t **out, struct cut *c, const json_t *record,
    struct saksi_error *err)
{
	*out = NULL;
	if (schema_record_class(record) > c->ceiling)
		return SAKSI_OK;
	if (!type_known(c, record)) {
		cut_unfit(c, record, "TYPE");
		return cut_ok(c, err);
	}
	enum saksi_err rc =
	    schema_cut(out, c->source->schema, record, c->ceiling, cut_name, c, err);
	if (rc == SAKSI_OK && *out && c->used &&
	    json_object_set(c->used, text_of(record, "id"), *out) != 0)
		c->no_memory = true;
	if (rc == SAKSI_OK)
		rc = cut_ok(c, err);
	if (rc != SAKSI_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

/* ---- what nothing here can read ------------------------------------------------------ */

void cut_unfit(struct cut *c, const json_t *record, const char *check)
{
	const char *id = text_of(record, "id");
	if (!c->unfit)
		c->unfit = json_object();
	if (!c->unfit ||
	    (!json_object_get(c->unfit, id) &&
		json_object_set_new(c->unfit, id,
		    json_pack("{s:s, s:s}", "check", check, "type",
			text_of(record, "type"))) != 0))
		c->no_memory = true;
}

static void add_one(struct host_findings *findings, const char *id, const json_t *x)
{
	struct buf name = BUF_INIT, type = BUF_INIT;
	text_printable(&name, id, strlen(id), false);
	text_printable(&type, text_of(x, "type"), strlen(text_of(x, "type")), false);
	if (strcmp(text_of(x, "check"), "TYPE") == 0)
		finding_add(findings, "TYPE", HOST_WARN, id,
		    "record %.80s is left out: its type \"%.80s\" is not in this version's schema; "
		    "export it with the version that wrote it",
		    buf_cstr(&name), buf_cstr(&type));
	else
		finding_add(findings, "RECORD", HOST_WARN, id,
		    "record %.80s (%.80s) is left out: it is too large, too deep or has text that no "
		    "exporter can take; `saksi show` tells what is in it",
		    buf_cstr(&name), buf_cstr(&type));
	findings->failed = findings->failed || name.failed || type.failed;
	buf_free(&name);
	buf_free(&type);
}

void cut_findings(const struct cut *c, struct host_findings *findings)
{
	size_t n = json_object_size(c->unfit), i = 0;
	const char *id;
	json_t *x;
	json_object_foreach (c->unfit, id, x) {
		if (i++ < NAMED_MAX)
			add_one(findings, id, x);
	}
	if (n > NAMED_MAX)
		finding_add(findings, "RECORD", HOST_WARN, "",
		    "and %zu more records are left out for the same reasons",
		    n - NAMED_MAX);
}

void cut_free(struct cut *c)
{
	json_decref(c->known);
	json_decref(c->unfit);
	json_decref(c->used);
	c->known = c->unfit = c->used = NULL;
}
