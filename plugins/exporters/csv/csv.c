/* csv.c - tables for spreadsheets and statistics.  See README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/exporter.h>

#include "csv.h"

#define SEPARATOR_MAX 8u

struct csv {
	const struct saksi_exporter_host *host;
	struct message info;
	const msgpack_object *types;
	struct zip_file *files; /* one per type of the schema */
	char type[40];		/* the only one; else a ZIP of all */
	char separator[SEPARATOR_MAX + 1];
	bool bom;
	unsigned long rows; /* of the only type */
};

static int fail(struct csv *x, const char *words)
{
	x->host->log(x->host->ctx, SAKSI_LOG_ERROR, words);
	return -1;
}

static void *csv_open(const struct saksi_exporter_host *host)
{
	struct csv *x = calloc(1, sizeof *x);
	if (x) {
		x->host = host;
		memcpy(x->separator, "; ", 3);
	}
	return x;
}

static int csv_option(void *h, const char *key, const char *value)
{
	struct csv *x = h;
	size_t n = strlen(value);
	if (strcmp(key, "type") == 0) {
		if (n == 0 || n >= sizeof x->type)
			return fail(x,
			    "csv: option type names a record type, as type=person");
		memcpy(x->type, value, n + 1);
	} else if (strcmp(key, "bom") == 0) {
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return fail(x, "csv: option bom is yes or no");
		x->bom = strcmp(value, "yes") == 0;
	} else if (strcmp(key, "separator") == 0) {
		if (n == 0 || n > SEPARATOR_MAX || strpbrk(value, "\"\r\n"))
			return fail(x,
			    "csv: option separator is 1 to 8 bytes, no quotes or lines");
		memcpy(x->separator, value, n + 1);
	} else {
		return fail(x, "csv: no such option");
	}
	return 0;
}

static int csv_begin(void *h, const uint8_t *info, size_t len)
{
	struct csv *x = h;
	if (!message_take(&x->info, info, len))
		return fail(x, "csv: out of memory");
	x->types = value_get(value_get(message_root(&x->info), "schema"), "types");
	if (!x->types || x->types->type != MSGPACK_OBJECT_ARRAY)
		return fail(x, "csv: the host sent no schema");
	x->files = calloc(x->types->via.array.size + 1u, sizeof *x->files);
	if (!x->files)
		return fail(x, "csv: out of memory");
	bool known = x->type[0] == '\0';
	for (uint32_t i = 0; i < x->types->via.array.size; i++)
		known = known ||
		    value_is(value_get(&x->types->via.array.ptr[i], "name"), x->type);
	return known
	    ? 0
	    : fail(x, "csv: option type names no record type; see `saksi schema`");
}

static void begin_file(struct csv *x, struct zip_file *f, const msgpack_object *type)
{
	const msgpack_object *name = value_get(type, "name");
	f->name = name->via.str.ptr;
	f->name_len = name->via.str.size;
	if (x->bom)
		text_str(&f->text, "\xef\xbb\xbf");
	table_header(&f->text, value_get(type, "fields"));
}

static int add_record(struct csv *x, const msgpack_object *record)
{
	const msgpack_object *name = value_get(record, "type");
	const msgpack_object *type = field_named(x->types, name);
	if (!type)
		return fail(x, "csv: a record of a type that the schema does not have");
	if (x->type[0] && !value_is(name, x->type))
		return 0;
	struct zip_file *f = &x->files[type - x->types->via.array.ptr];
	if (!f->name)
		begin_file(x, f, type);
	table_row(&f->text, record, value_get(type, "fields"), x->separator);
	x->rows++;
	return f->text.failed ? fail(x, "csv: out of memory") : 0;
}

static int csv_item(void *h, const uint8_t *p, size_t len)
{
	struct csv *x = h;
	struct message m = {0};
	int rc = message_take(&m, p, len) ? add_record(x, message_root(&m))
					  : fail(x, "csv: out of memory");
	message_free(&m);
	return rc;
}

/* Of the records that were handed over, most may be of other types. */
static void say_rows(struct csv *x)
{
	char words[100];
	snprintf(words, sizeof words, "%lu row%s of type %s", x->rows,
	    x->rows == 1 ? "" : "s", x->type);
	x->host->log(x->host->ctx, SAKSI_LOG_INFO, words);
}

static int write_one(struct csv *x)
{
	for (uint32_t i = 0; i < x->types->via.array.size; i++) {
		const msgpack_object *type = &x->types->via.array.ptr[i];
		if (!value_is(value_get(type, "name"), x->type))
			continue;
		struct zip_file *f = &x->files[i];
		if (!f->name)
			begin_file(x, f, type); /* no record: the header alone */
		if (x->host->write(x->host->ctx, f->text.p, f->text.n) != 0)
			return fail(x, "csv: the output is larger than allowed");
	}
	say_rows(x);
	return 0;
}

static int csv_end(void *h)
{
	struct csv *x = h;
	if (x->type[0])
		return write_one(x);
	/* Only the types that have records, in the schema's order. */
	size_t n = 0;
	const char *words;
	for (uint32_t i = 0; i < x->types->via.array.size; i++)
		if (x->files[i].name) {
			struct zip_file f = x->files[i];
			x->files[i] = x->files[n];
			x->files[n++] = f;
		}
	return zip_write(x->files, n, x->host->write, x->host->ctx, &words)
	    ? 0
	    : fail(x, words);
}

static void csv_close(void *h)
{
	struct csv *x = h;
	for (uint32_t i = 0; x->files && i < x->types->via.array.size; i++)
		text_free(&x->files[i].text);
	free(x->files);
	message_free(&x->info);
	free(x);
}

static const struct saksi_exporter csv = {
    .abi = SAKSI_EXPORTER_ABI,
    .size = sizeof(struct saksi_exporter),
    .name = "csv",
    .description = "Tables: one CSV per record type in a ZIP, or one type alone",
    .media_type = "application/zip",
    .file_ending = "zip",
    .input = SAKSI_INPUT_RECORDS,
    .options = "type: only records of this type, as one CSV file without a ZIP\n"
	       "bom: yes writes a byte order mark, for older spreadsheets (default no)\n"
	       "separator: between the values of a list (default \"; \")\n",
    .open = csv_open,
    .option = csv_option,
    .begin = csv_begin,
    .item = csv_item,
    .end = csv_end,
    .close = csv_close,
};

SAKSI_EXPORTER_REGISTER(csv);
