#include "plugin.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "trap.h"
#include "wire.h"

#define NAME_MAX_LEN 32u
#define LINE_MAX_LEN 200u
#define ENDING_MAX_LEN 15u
#define OPTIONS_MAX_LEN 2000u

/* The members that the first release of the ABI had up to its last required one. */
#define SIZE_LEAST (offsetof(struct saksi_exporter, item) + sizeof(void *))

static bool short_text(const char *s, size_t max)
{
	return strnlen(s, max + 1) <= max;
}

static bool name_ok(const char *s)
{
	size_t n = strnlen(s, NAME_MAX_LEN + 1);
	return n >= 1 && n <= NAME_MAX_LEN &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static void complain(char *words, size_t size, const char *what)
{
	size_t n = strlen(words);
	snprintf(words + n, size - n, "%s%s", n > 0 ? "; " : "", what);
}

/* Say all that is wrong at once: who builds a plugin then fixes it at once. */
static void check(const struct saksi_exporter *e)
{
	char words[FRAME_LOG_MAX] = "";
	if (!e->name || !name_ok(e->name))
		complain(words, sizeof words, "`name` must be 1 to 32 of a-z, 0-9 and -");
	if (e->description && !short_text(e->description, LINE_MAX_LEN))
		complain(words, sizeof words, "`description` is longer than 200 bytes");
	if (e->media_type && !short_text(e->media_type, LINE_MAX_LEN))
		complain(words, sizeof words, "`media_type` is longer than 200 bytes");
	if (e->file_ending && !short_text(e->file_ending, ENDING_MAX_LEN))
		complain(words, sizeof words, "`file_ending` is longer than 15 bytes");
	if (e->options && !short_text(e->options, OPTIONS_MAX_LEN))
		complain(words, sizeof words, "`options` is longer than 2000 bytes");
	if (e->input != SAKSI_INPUT_RECORDS && e->input != SAKSI_INPUT_DOCUMENT)
		complain(words, sizeof words,
		    "`input` must be SAKSI_INPUT_RECORDS or SAKSI_INPUT_DOCUMENT");
	if (!e->item)
		complain(words, sizeof words, "`item` is missing");
	if (e->options && !e->option)
		complain(words, sizeof words,
		    "`options` are named but `option` is missing");
	if (words[0])
		wire_fail("its registration is faulty: %s", words);
}

static void tell_host(const struct saksi_exporter *e)
{
	static uint8_t body[4096];
	const char *strings[REGISTER_STRINGS] = {e->name, e->description, e->media_type,
	    e->file_ending, e->options};
	const uint32_t numbers[3] = {e->abi, e->size, e->input};
	size_t at = 0;
	for (size_t i = 0; i < 3; i++)
		for (unsigned b = 0; b < 4; b++)
			body[at++] = (uint8_t)(numbers[i] >> (8 * b));
	for (size_t i = 0; i < REGISTER_STRINGS; i++) {
		size_t n = strings[i] ? strnlen(strings[i], OPTIONS_MAX_LEN) : 0;
		for (unsigned b = 0; b < 4; b++)
			body[at++] = (uint8_t)(n >> (8 * b));
		if (n > 0)
			memcpy(body + at, strings[i], n);
		at += n;
	}
	wire_send(FRAME_REGISTER, body, at);
}

void plugin_load(struct saksi_exporter *out)
{
	void *h = dlopen(TRAP_PLUGIN_PATH, RTLD_NOW | RTLD_LOCAL);
	/* Whatever code there is to be is mapped now. */
	filter_load(FILTER_CALLS);
	if (!h)
		wire_fail("it cannot be loaded: %s", dlerror());

	const struct saksi_exporter *(*entry)(void);
	void *symbol = dlsym(h, SAKSI_EXPORTER_SYMBOL);
	if (!symbol)
		wire_fail("it has no symbol " SAKSI_EXPORTER_SYMBOL
			  ": use SAKSI_EXPORTER_REGISTER");
	memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast for this */
	const struct saksi_exporter *e = entry();
	if (!e)
		wire_fail("its " SAKSI_EXPORTER_SYMBOL " returned nothing");
	if (e->abi != SAKSI_EXPORTER_ABI)
		wire_fail("it was built for version %u of the exporter ABI, this saksi has "
			  "version %u: build it with this saksi's exporter.h",
		    e->abi, SAKSI_EXPORTER_ABI);
	if (e->size < SIZE_LEAST)
		wire_fail("its struct saksi_exporter has %u bytes, at least %zu (to `item`) are "
			  "needed: set .size = sizeof(struct saksi_exporter)",
		    e->size, SIZE_LEAST);

	memset(out, 0, sizeof *out);
	memcpy(out, e, e->size < sizeof *out ? e->size : sizeof *out);
	check(out);
	tell_host(out);
}
