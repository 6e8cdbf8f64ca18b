/*
 * exporter.h - all that an export plugin sees.  ABI version 1.
 *
 * An exporter is a shared object with one exported symbol, made by
 * SAKSI_EXPORTER_REGISTER.  It is loaded by saksi-runner in a process of its
 * own that can open no file, no socket and no process, and ends at a limit
 * of time, memory and output.  It gets either a stream of records or one
 * finished document, already cut to what the reader may see, and writes bytes
 * through the host.  No key, passphrase or uncut record ever reaches it.
 * EXPORTER-API.md is the manual.
 *
 * Rules of the ABI: structs only grow at their end; `size` says how much a
 * side knows; the host copies min(size, its own) and zeroes the rest; an
 * exporter checks host->size before it uses a later member.
 */
#ifndef SAKSI_EXPORTER_H
#define SAKSI_EXPORTER_H

#include <stddef.h>
#include <stdint.h>

#define SAKSI_EXPORTER_ABI 1u

enum saksi_exporter_input {
	SAKSI_INPUT_RECORDS = 1, /* item() once per record, interchange form */
	SAKSI_INPUT_DOCUMENT = 2 /* item() once, a document made from a form */
};
enum saksi_exporter_level {
	SAKSI_LOG_INFO = 0,
	SAKSI_LOG_WARNING = 1,
	SAKSI_LOG_ERROR = 2
};

/** What the host does for an exporter.  Valid from open() to close(). */
struct saksi_exporter_host {
	uint32_t size;
	void *ctx;
	/** Append ${len} bytes to the output; 0, or -1 when the limit is reached. */
	int (*write)(void *ctx, const void *p, size_t len);
	/** A line for the user, UTF-8; shown escaped. */
	void (*log)(void *ctx, int level, const char *text);
};

/**
 * One exporter.  Static, read-only.  Calls come on one thread in this order:
 *
 *     open -> option* -> begin -> item* -> end -> close
 *
 * Each returns 0, or -1 after host->log(); then close() follows at once.
 * msgpack input is canonical (shortest forms, map keys ascending) and valid
 * only during the call.
 */
struct saksi_exporter {
	uint32_t abi;		 /* SAKSI_EXPORTER_ABI */
	uint32_t size;		 /* sizeof(struct saksi_exporter) */
	const char *name;	 /* [a-z0-9-]{1,32} */
	const char *description; /* one line */
	const char *media_type;	 /* of the output, "text/csv" */
	const char *file_ending; /* "csv", no dot */
	uint32_t input;		 /* enum saksi_exporter_input */
	/** "key: meaning\n" per option; NULL: none. */
	const char *options;

	void *(*open)(const struct saksi_exporter_host *host);
	/** An option the user gave.  Unknown keys never come: see `options`. */
	int (*option)(void *h, const char *key, const char *value);
	/**
	 * Map: "schema" (types and their fields, in order), "count" (items to
	 * come), "ceiling" ("P" ..), "made" (RFC 3339), "generator".
	 */
	int (*begin)(void *h, const uint8_t *info, size_t len);
	int (*item)(void *h, const uint8_t *msgpack, size_t len);
	int (*end)(void *h);
	void (*close)(void *h);
};

#define SAKSI_EXPORTER_SYMBOL "saksi_exporter_entry"
#define SAKSI_EXPORTER_REGISTER(e)                                           \
	__attribute__((visibility("default"))) const struct saksi_exporter * \
	saksi_exporter_entry(void);                                          \
	__attribute__((visibility("default"))) const struct saksi_exporter * \
	saksi_exporter_entry(void)                                           \
	{                                                                    \
		return &(e);                                                 \
	}                                                                    \
	struct saksi_exporter_needs_a_semicolon

#endif
