/* ndjson.c - the interchange form: one record per line.  See README.md. */
#include <stdlib.h>

#include <saksi/exporter.h>

#include "json.h"
#include "text.h"
#include "value.h"

struct ndjson {
	const struct saksi_exporter_host *host;
	struct message info;
	struct text line;
};

static void *ndjson_open(const struct saksi_exporter_host *host)
{
	struct ndjson *x = calloc(1, sizeof *x);
	if (x)
		x->host = host;
	return x;
}

static int fail(struct ndjson *x, const char *words)
{
	x->host->log(x->host->ctx, SAKSI_LOG_ERROR, words);
	return -1;
}

static int ndjson_begin(void *h, const uint8_t *info, size_t len)
{
	struct ndjson *x = h;
	return message_take(&x->info, info, len) ? 0 : fail(x, "ndjson: out of memory");
}

static int ndjson_item(void *h, const uint8_t *p, size_t len)
{
	struct ndjson *x = h;
	struct message m = {0};
	int rc = 0;

	x->line.n = 0;
	if (message_take(&m, p, len)) {
		const msgpack_object *record = message_root(&m);
		json_record(&x->line, record,
		    schema_fields(message_root(&x->info), value_get(record, "type")));
		text_char(&x->line, '\n');
	} else {
		x->line.failed = true;
	}
	message_free(&m);
	if (x->line.failed)
		rc = fail(x, "ndjson: out of memory");
	else if (x->host->write(x->host->ctx, x->line.p, x->line.n) != 0)
		rc = fail(x, "ndjson: the output is larger than allowed");
	return rc;
}

static void ndjson_close(void *h)
{
	struct ndjson *x = h;
	message_free(&x->info);
	text_free(&x->line);
	free(x);
}

static const struct saksi_exporter ndjson = {
    .abi = SAKSI_EXPORTER_ABI,
    .size = sizeof(struct saksi_exporter),
    .name = "ndjson",
    .description = "Interchange form: one JSON record per line, for import elsewhere",
    .media_type = "application/x-ndjson",
    .file_ending = "ndjson",
    .input = SAKSI_INPUT_RECORDS,
    .open = ndjson_open,
    .begin = ndjson_begin,
    .item = ndjson_item,
    .close = ndjson_close,
};

SAKSI_EXPORTER_REGISTER(ndjson);
