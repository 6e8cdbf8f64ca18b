/* An exporter for the scenarios: one line per record that it was given. */
#include <saksi/exporter.h>

static const struct saksi_exporter_host *host;
static char handle;

static void *lines_open(const struct saksi_exporter_host *h)
{
	host = h;
	return &handle;
}

static int lines_begin(void *h, const uint8_t *info, size_t len)
{
	(void)h;
	(void)info;
	(void)len;
	return 0;
}

static int lines_item(void *h, const uint8_t *msgpack, size_t len)
{
	(void)h;
	(void)msgpack;
	(void)len;
	return host->write(host->ctx, "record\n", 7);
}

static int lines_end(void *h)
{
	(void)h;
	return 0;
}

static void lines_close(void *h)
{
	(void)h;
}

static const struct saksi_exporter lines = {
    .abi = SAKSI_EXPORTER_ABI,
    .size = sizeof(struct saksi_exporter),
    .name = "lines",
    .description = "One line per record, for tests",
    .media_type = "text/plain",
    .file_ending = "lines",
    .input = SAKSI_INPUT_RECORDS,
    .open = lines_open,
    .begin = lines_begin,
    .item = lines_item,
    .end = lines_end,
    .close = lines_close,
};

SAKSI_EXPORTER_REGISTER(lines);
