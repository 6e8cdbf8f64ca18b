/*
 * abi_plugin.c - exporters of other times: VARIANT says which.  The structs
 * are written out here, since a plugin of another time had another header.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SMALL 1	  /* ends at `item`: what came later was not there yet */
#define LARGE 2	  /* has members that this saksi does not know */
#define OTHER 3	  /* another ABI */
#define TINY 4	  /* a size that cannot be */
#define FAULTY 5  /* right ABI, wrong values */
#define NOTHING 6 /* no entry */
#define EMPTY 7	  /* an entry that returns NULL */

struct host {
	uint32_t size;
	void *ctx;
	int (*write)(void *ctx, const void *p, size_t len);
	void (*log)(void *ctx, int level, const char *text);
};

struct then {
	uint32_t abi, size;
	const char *name, *description, *media_type, *file_ending;
	uint32_t input;
	const char *options;
	void *(*open)(const struct host *host);
	int (*option)(void *h, const char *key, const char *value);
	int (*begin)(void *h, const uint8_t *info, size_t len);
	int (*item)(void *h, const uint8_t *msgpack, size_t len);
#if VARIANT == LARGE
	int (*end)(void *h);
	void (*close)(void *h);
	/* From a later release: this saksi must not look at them. */
	int (*progress)(void *h, uint64_t done);
	const char *homepage;
#endif
};

static const struct host *host;

static void *at_open(const struct host *h)
{
	host = h;
	return &host;
}

static int at_item(void *h, const uint8_t *p, size_t len)
{
	(void)h;
	(void)p;
	return len > 0 && host->size >= sizeof *host ? host->write(host->ctx, "item\n", 5)
						     : -1;
}

#if VARIANT == LARGE
static int at_end(void *h)
{
	(void)h;
	return host->write(host->ctx, "end\n", 4);
}

static int at_progress(void *h, uint64_t done)
{
	(void)h;
	(void)done;
	return host->write(host->ctx, "called\n", 7);
}
#endif

static const struct then plugin = {
    .abi = VARIANT == OTHER ? 7 : 1,
    .size = VARIANT == TINY ? 8 : sizeof(struct then),
    .name = VARIANT == FAULTY ? "Not A Name" : "other-times",
    .description = "From another release",
    .file_ending = VARIANT == FAULTY ? "much.too.long.an.ending" : "txt",
    .input = VARIANT == FAULTY ? 9 : 1,
    .open = at_open,
    .item = VARIANT == FAULTY ? NULL : at_item,
#if VARIANT == LARGE
    .end = at_end,
    .progress = at_progress,
    .homepage = "none",
#endif
};

#if VARIANT != NOTHING
__attribute__((visibility("default"))) const struct then *saksi_exporter_entry(void);
__attribute__((visibility("default"))) const struct then *saksi_exporter_entry(void)
{
	return VARIANT == EMPTY ? NULL : &plugin;
}
#else
__attribute__((visibility("default"))) const struct then *saksi_exporter_other(void);
__attribute__((visibility("default"))) const struct then *saksi_exporter_other(void)
{
	return &plugin;
}
#endif
