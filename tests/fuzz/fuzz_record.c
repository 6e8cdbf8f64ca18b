/*
 * A line of the interchange form: what passes the check goes round through
 * entries to the same entries, and everything that reads records reads it.
 */
#include <stdint.h>
#include <string.h>

#include <saksi/base/mpjson.h>

#include "fuzz_schema.h"

static bool resolve_any(void *ctx, const char *text, const char *to, char out[27])
{
	(void)ctx;
	(void)to;
	/* Equal texts mean one record; a few mean none. */
	if (text[0] == '?')
		return false;
	memset(out, '0', 26);
	out[26] = '\0';
	memcpy(out, text, strlen(text) < 26 ? strlen(text) : 26);
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = 'u';
	return true;
}

static const struct schema_resolver resolver = {resolve_any, NULL, false, NULL};

static json_t *put_together(const struct schema_entries *e, const char *type)
{
	json_t *r = json_object();

	must(r != NULL && json_object_set_new(r, "type", json_string(type)) == 0);
	for (size_t i = 0; i < e->n; i++)
		must(schema_put(r, e->list[i].field, e->list[i].value) == 0);
	return r;
}

/* Canonical entries stay as they are. */
static void check_round(const struct schema_type *t, const struct schema_entries *e)
{
	struct schema_faults faults = {NULL, 0, 0, 0, false};
	struct schema_entries again;
	json_t *r = put_together(e, t->name);

	must(schema_flatten(&again, fuzz_schema(), t, r, NULL, 1, &faults, NULL) ==
	    SAKSI_OK);
	must(faults.n_errors == 0);
	must(again.n == e->n);
	for (size_t i = 0; i < e->n; i++) {
		must(again.list[i].field == e->list[i].field);
		must(json_equal(again.list[i].value, e->list[i].value));
	}
	schema_entries_free(&again);
	schema_faults_free(&faults);
	json_decref(r);
}

static bool read_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	value_text(ctx, fuzz_schema(), f, v);
	return true;
}

static bool read_ref(void *ctx, const struct schema_field *f, const char *id)
{
	(void)f;
	buf_add_str(ctx, id);
	return true;
}

static bool read_text(void *ctx, const struct schema_field *f, enum text_weight w,
    const char *text)
{
	(void)f;
	(void)w;
	buf_add_str(ctx, text);
	return true;
}

static bool read_date(void *ctx, const struct schema_field *f, const struct edtf *d)
{
	(void)ctx;
	(void)f;
	must(d->earliest <= d->latest);
	return true;
}

static bool may_name(void *ctx, const char *id)
{
	(void)ctx;
	return id[0] != '0' && id[0] != 'i';
}

static bool is_named(void *ctx, const struct schema_field *f, const char *id)
{
	(void)f;
	must(may_name(ctx, id));
	return true;
}

/* Below each ceiling: nobody is named who may not be, and cutting twice is cutting once. */
static void check_cuts(const json_t *r)
{
	for (int c = CLASS_P; c <= CLASS_S; c++) {
		json_t *cut = NULL;
		json_t *twice = NULL;
		const enum saksi_class ceiling = (enum saksi_class)c;

		must(schema_cut(&cut, fuzz_schema(), r, ceiling, may_name, NULL, NULL) ==
		    SAKSI_OK);
		if (cut == NULL)
			continue;
		record_refs(fuzz_schema(), cut, is_named, NULL);
		must(schema_cut(&twice, fuzz_schema(), cut, ceiling, may_name, NULL,
			 NULL) == SAKSI_OK);
		must(json_equal(cut, twice));
		json_decref(cut);
		json_decref(twice);
	}
}

static void read_everywhere(const json_t *r)
{
	struct buf b = BUF_INIT;

	record_label(&b, fuzz_schema(), r);
	record_values(fuzz_schema(), r, read_value, &b);
	record_refs(fuzz_schema(), r, read_ref, &b);
	record_texts(fuzz_schema(), r, read_text, &b);
	record_dates(fuzz_schema(), r, read_date, NULL);
	must(!b.failed);
	buf_free(&b);
	check_cuts(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct schema_faults faults = {NULL, 0, 0, 0, false};
	struct schema_entries e = {NULL, 0, 0};
	const struct schema_type *t;
	json_t *r = NULL;

	if (json_parse_line(&r, (const char *)data, size, "line", NULL) != SAKSI_OK)
		return 0;
	t = schema_type(fuzz_schema(), json_string_value(json_object_get(r, "type")));
	if (t == NULL) {
		json_decref(r);
		return 0;
	}
	must(schema_flatten(&e, fuzz_schema(), t, r, &resolver, 1, &faults, NULL) ==
	    SAKSI_OK);
	must(faults.n <= faults.cap && faults.n_errors <= faults.n);
	if (faults.n_errors == 0)
		check_round(t, &e);
	read_everywhere(r);
	schema_entries_free(&e);
	schema_faults_free(&faults);
	json_decref(r);
	return 0;
}
