/* csv.c - tables for spreadsheets and statistics.  See README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/exporter.h>

#include "csv.h"

#define SEPARATOR_MAX 8u

/* Records of one type, packed one after the other until all are there. */
struct pile {
	struct text packed; /* a size_t, then that many bytes, and again */
	size_t rows;
};

struct csv {
	const struct saksi_exporter_host *host;
	struct message info;
	const msgpack_object *types;
	struct pile *piles; /* one per type of the schema */
	struct names names;
	char type[40]; /* the only one; else a ZIP of all */
	char separator[SEPARATOR_MAX + 1];
	bool bom, labels, all_columns;
	size_t nameless;
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
		/* For a person with a spreadsheet; a program asks for the rest. */
		x->bom = x->labels = true;
	}
	return x;
}

static int choose(struct csv *x, bool *out, const char *value, const char *yes,
    const char *no, const char *words)
{
	*out = strcmp(value, yes) == 0;
	return *out || strcmp(value, no) == 0 ? 0 : fail(x, words);
}

static int csv_option(void *h, const char *key, const char *value)
{
	struct csv *x = h;
	size_t n = strlen(value);
	if (strcmp(key, "type") == 0) {
		if (n == 0 || n >= sizeof x->type)
			return fail(x, "option type names a record type, as type=person");
		memcpy(x->type, value, n + 1);
		return 0;
	}
	if (strcmp(key, "bom") == 0)
		return choose(x, &x->bom, value, "yes", "no", "option bom is yes or no");
	if (strcmp(key, "labels") == 0)
		return choose(x, &x->labels, value, "yes", "no",
		    "option labels is yes or no");
	if (strcmp(key, "columns") == 0)
		return choose(x, &x->all_columns, value, "all", "used",
		    "option columns is used or all");
	if (strcmp(key, "separator") != 0)
		return fail(x, "no such option");
	if (n == 0 || n > SEPARATOR_MAX || strpbrk(value, "\"\r\n"))
		return fail(x, "option separator is 1 to 8 bytes, no quotes or lines");
	memcpy(x->separator, value, n + 1);
	return 0;
}

static int csv_begin(void *h, const uint8_t *info, size_t len)
{
	struct csv *x = h;
	if (!message_take(&x->info, info, len))
		return fail(x, "out of memory");
	x->types = value_get(value_get(message_root(&x->info), "schema"), "types");
	if (!x->types || x->types->type != MSGPACK_OBJECT_ARRAY)
		return fail(x, "the host sent no schema");
	x->names.codes = value_get(value_get(message_root(&x->info), "schema"), "codes");
	x->piles = calloc(x->types->via.array.size + 1u, sizeof *x->piles);
	if (!x->piles)
		return fail(x, "out of memory");
	bool known = x->type[0] == '\0';
	for (uint32_t i = 0; i < x->types->via.array.size; i++)
		known = known ||
		    value_is(value_get(&x->types->via.array.ptr[i], "name"), x->type);
	return known ? 0
		     : fail(x, "option type names no record type; see `saksi schema`");
}

/* What a record is called may be needed in a row before it: so they wait. */
static int add_record(struct csv *x, const msgpack_object *record, const uint8_t *p,
    size_t len)
{
	const msgpack_object *name = value_get(record, "type");
	const msgpack_object *type = field_named(x->types, name);
	if (!type)
		return fail(x, "a record of a type that the schema does not have");
	if (x->labels)
		names_add(&x->names, record, type);
	if (x->names.failed)
		return fail(x, "out of memory");
	if (x->type[0] && !value_is(name, x->type))
		return 0;
	struct pile *pile = &x->piles[type - x->types->via.array.ptr];
	text_add(&pile->packed, &len, sizeof len);
	text_add(&pile->packed, p, len);
	pile->rows++;
	return pile->packed.failed ? fail(x, "out of memory") : 0;
}

static int csv_item(void *h, const uint8_t *p, size_t len)
{
	struct csv *x = h;
	struct message m = {0};
	int rc = message_take(&m, p, len) ? add_record(x, message_root(&m), p, len)
					  : fail(x, "out of memory");
	message_free(&m);
	return rc;
}

/* Once to see which columns there are to be, once to write them. */
static bool each_record(const struct pile *pile, struct table *table, struct text *out)
{
	bool ok = true;
	for (size_t at = 0, len; ok && at < pile->packed.n; at += len) {
		struct message m = {0};
		memcpy(&len, pile->packed.p + at, sizeof len);
		at += sizeof len;
		ok = message_take(&m, (const uint8_t *)pile->packed.p + at, len);
		if (ok && out)
			table_row(out, table, message_root(&m));
		else if (ok)
			ok = table_see(table, message_root(&m));
		ok = ok && !(out && out->failed);
		message_free(&m);
	}
	return ok;
}

static bool make_file(struct csv *x, struct zip_file *f, const msgpack_object *type,
    struct pile *pile)
{
	const msgpack_object *name = value_get(type, "name");
	struct table table = {.separator = x->separator,
	    .names = x->labels ? &x->names : NULL};
	f->name = name->via.str.ptr;
	f->name_len = name->via.str.size;
	bool ok = table_make(&table, value_get(type, "fields"));
	/* Without a row every column is as empty as the next. */
	if (ok && (x->all_columns || pile->rows == 0))
		table_all(&table);
	else if (ok)
		ok = each_record(pile, &table, NULL);
	if (ok && x->bom)
		text_str(&f->text, "\xef\xbb\xbf");
	if (ok)
		table_header(&f->text, &table);
	ok = ok && each_record(pile, &table, &f->text) && !f->text.failed;
	x->nameless += table.nameless;
	table_free(&table);
	text_free(&pile->packed);
	return ok;
}

/* Of the records that were handed over, most may be of other types. */
static void say_rows(struct csv *x, size_t rows)
{
	char words[100];
	snprintf(words, sizeof words, "%zu row%s of type %s", rows, rows == 1 ? "" : "s",
	    x->type);
	x->host->log(x->host->ctx, SAKSI_LOG_INFO, words);
}

static void say_nameless(struct csv *x)
{
	char words[240];
	if (x->nameless == 0)
		return;
	snprintf(words, sizeof words,
	    "%zu reference%s without a label: the records that they name are not in this "
	    "export; to have their names, select those records too (option type=TYPE then "
	    "writes the table of one type only)",
	    x->nameless, x->nameless == 1 ? "" : "s");
	x->host->log(x->host->ctx, SAKSI_LOG_INFO, words);
}

static int write_all(struct csv *x, struct zip_file *files, size_t n)
{
	const char *words = "the output is larger than allowed";
	bool ok = x->type[0]
	    ? x->host->write(x->host->ctx, files[0].text.p, files[0].text.n) == 0
	    : zip_write(files, n, x->host->write, x->host->ctx, &words);
	return ok ? 0 : fail(x, words);
}

static int csv_end(void *h)
{
	struct csv *x = h;
	uint32_t n_types = x->types->via.array.size;
	struct zip_file *files = calloc(n_types + 1u, sizeof *files);
	size_t n = 0, rows = 0;
	bool ok = files != NULL;
	names_ready(&x->names);
	/* Only the types that have records, in the schema's order. */
	for (uint32_t i = 0; ok && i < n_types; i++) {
		const msgpack_object *type = &x->types->via.array.ptr[i];
		bool only = value_is(value_get(type, "name"), x->type);
		if (x->type[0] ? !only : x->piles[i].rows == 0)
			continue;
		rows += x->piles[i].rows;
		ok = make_file(x, &files[n++], type, &x->piles[i]);
	}
	int rc = ok ? write_all(x, files, n) : fail(x, "out of memory");
	if (rc == 0 && x->type[0])
		say_rows(x, rows);
	if (rc == 0)
		say_nameless(x);
	for (size_t i = 0; i < n; i++)
		text_free(&files[i].text);
	free(files);
	return rc;
}

static void csv_close(void *h)
{
	struct csv *x = h;
	for (uint32_t i = 0; x->piles && i < x->types->via.array.size; i++)
		text_free(&x->piles[i].packed);
	free(x->piles);
	names_free(&x->names);
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
    .options =
	"type: only the table of this type, as one CSV file without a ZIP\n"
	"labels: no leaves out the columns NAME_label, which say codes and references in "
	"words (default yes)\n"
	"columns: all writes every column of a type, used leaves out the empty ones "
	"(default used)\n"
	"bom: no leaves out the byte order mark that spreadsheets need (default yes)\n"
	"separator: between the values of a list (default \"; \")\n",
    .open = csv_open,
    .option = csv_option,
    .begin = csv_begin,
    .item = csv_item,
    .end = csv_end,
    .close = csv_close,
};

SAKSI_EXPORTER_REGISTER(csv);
