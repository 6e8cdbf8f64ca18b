#include "hostile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/exporter.h>

/* Volatile: the compiler must not think that it knows what stands here. */
static volatile struct orders patched = {ORDERS_MARK, "", "", "", "", "", ""};
static struct orders orders;
static const struct saksi_exporter_host *host;
static char report[256] = "not tried";

pid_t parent(const struct orders *o)
{
	long pid = strtol(o->parent, NULL, 10);
	if (pid < 2)
		abort();
	return (pid_t)pid;
}

static void write_out(const void *p, size_t n)
{
	if (host)
		(void)host->write(host->ctx, p, n);
}

static void log_out(const char *text)
{
	if (host)
		host->log(host->ctx, SAKSI_LOG_WARNING, text);
}

void (*hostile_write)(const void *p, size_t n) = write_out;
void (*hostile_log)(const char *text) = log_out;

static void read_orders(void)
{
	const volatile char *from = (const volatile char *)&patched;
	char *to = (char *)&orders;
	for (size_t i = 0; i < sizeof orders; i++)
		to[i] = from[i];
}

static void now(const char *when)
{
	static const struct attempt *const tables[] = {attempts_files, attempts_sockets,
	    attempts_processes, attempts_kernel, attempts_limits};
	read_orders();
	if (strcmp(orders.when, when) != 0)
		return;
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const struct attempt *a = tables[t]; a->name; a++) {
			if (strcmp(a->name, orders.what) != 0)
				continue;
			errno = 0;
			int achieved = a->run(&orders);
			snprintf(report, sizeof report, "%s: %s (errno %d)", a->name,
			    achieved ? "ACHIEVED" : "refused", errno);
		}
}

__attribute__((constructor)) static void at_load(void)
{
	now("constructor");
}

static void *hostile_open(const struct saksi_exporter_host *h)
{
	host = h;
	now("open");
	return &orders;
}

static int hostile_option(void *h, const char *key, const char *value)
{
	(void)h;
	(void)key;
	(void)value;
	now("option");
	return 0;
}

static int hostile_begin(void *h, const uint8_t *info, size_t len)
{
	(void)h;
	(void)info;
	(void)len;
	now("begin");
	return 0;
}

static int hostile_item(void *h, const uint8_t *p, size_t len)
{
	(void)h;
	(void)p;
	(void)len;
	now("item");
	return 0;
}

static int hostile_end(void *h)
{
	(void)h;
	now("end");
	write_out(report, strlen(report));
	return 0;
}

static void hostile_close(void *h)
{
	(void)h;
	now("close");
}

static const struct saksi_exporter hostile = {
    .abi = SAKSI_EXPORTER_ABI,
    .size = sizeof(struct saksi_exporter),
    .name = "hostile",
    .description = "Tries to get out",
    .media_type = "text/plain",
    .file_ending = "txt",
    .input = SAKSI_INPUT_RECORDS,
    .options = "any: thing\n",
    .open = hostile_open,
    .option = hostile_option,
    .begin = hostile_begin,
    .item = hostile_item,
    .end = hostile_end,
    .close = hostile_close,
};

SAKSI_EXPORTER_REGISTER(hostile);
