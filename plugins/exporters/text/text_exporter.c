/* text_exporter.c - a document as labelled plain text.  See README.md. */
#include <stdlib.h>
#include <string.h>

#include <saksi/exporter.h>

#include "text.h"
#include "value.h"
#include "wrap.h"

#define WIDTH_LEAST 20u

struct plain {
	const struct saksi_exporter_host *host;
	size_t width;
	struct text out;
};

static int fail(struct plain *x, const char *words)
{
	x->host->log(x->host->ctx, SAKSI_LOG_ERROR, words);
	return -1;
}

static void *plain_open(const struct saksi_exporter_host *host)
{
	struct plain *x = calloc(1, sizeof *x);
	if (x)
		x->host = host;
	return x;
}

static int plain_option(void *h, const char *key, const char *value)
{
	struct plain *x = h;
	char *end;
	unsigned long w = strtoul(value, &end, 10);
	if (strcmp(key, "width") != 0)
		return fail(x, "text: no such option");
	if (value[0] < '0' || value[0] > '9' || *end || w > 10000 ||
	    (w > 0 && w < WIDTH_LEAST))
		return fail(x, "text: option width is 0 (no wrapping) or 20 to 10000");
	x->width = w;
	return 0;
}

/* ---- parts --------------------------------------------------------------------- */

static bool is_text(const msgpack_object *v)
{
	return v && v->type == MSGPACK_OBJECT_STR;
}

static uint32_t n_of(const msgpack_object *v)
{
	return v && v->type == MSGPACK_OBJECT_ARRAY ? v->via.array.size : 0;
}

static const msgpack_object *nth(const msgpack_object *v, uint32_t i)
{
	return &v->via.array.ptr[i];
}

static void put(struct plain *x, const msgpack_object *v, size_t indent)
{
	if (is_text(v))
		wrap_add(&x->out, v->via.str.ptr, v->via.str.size, x->width, indent);
}

/* ${before}${v}${after} as one paragraph. */
static void put_marked(struct plain *x, const char *before, const msgpack_object *v,
    const char *after, size_t indent)
{
	struct text t = {0};
	if (!is_text(v))
		return;
	text_str(&t, before);
	text_add(&t, v->via.str.ptr, v->via.str.size);
	text_str(&t, after);
	wrap_add(&x->out, t.p, t.n, x->width, indent);
	x->out.failed = x->out.failed || t.failed;
	text_free(&t);
}

static void put_underlined(struct plain *x, const char *before, const msgpack_object *v,
    char line)
{
	struct text t = {0};
	text_str(&t, before);
	if (is_text(v))
		text_add(&t, v->via.str.ptr, v->via.str.size);
	size_t columns = t.n ? wrap_columns(t.p, t.n) : 0;
	if (x->width > 0 && columns > x->width)
		columns = x->width;
	if (t.n)
		wrap_add(&x->out, t.p, t.n, x->width, 0);
	while (columns-- > 0)
		text_char(&x->out, line);
	text_char(&x->out, '\n');
	x->out.failed = x->out.failed || t.failed;
	text_free(&t);
}

static void put_fields(struct plain *x, const msgpack_object *fields)
{
	for (uint32_t i = 0; i < n_of(fields); i++) {
		const msgpack_object *label = value_get(nth(fields, i), "label");
		const msgpack_object *value = value_get(nth(fields, i), "value");
		struct text t = {0};
		if (!is_text(label) || !is_text(value))
			continue;
		text_add(&t, label->via.str.ptr, label->via.str.size);
		text_str(&t, ": ");
		text_add(&t, value->via.str.ptr, value->via.str.size);
		wrap_add(&x->out, t.p, t.n, x->width, 0);
		x->out.failed = x->out.failed || t.failed;
		text_free(&t);
	}
}

static void put_facts(struct plain *x, const msgpack_object *facts)
{
	for (uint32_t i = 0; i < n_of(facts); i++) {
		const msgpack_object *f = nth(facts, i), *date = value_get(f, "date");
		const msgpack_object *words = value_get(f, "text"),
				     *s = value_get(f, "sources");
		struct text t = {0};
		if (i > 0)
			text_char(&x->out, '\n');
		if (is_text(date)) {
			text_add(&t, date->via.str.ptr, date->via.str.size);
			text_str(&t, ": ");
		}
		if (is_text(words))
			text_add(&t, words->via.str.ptr, words->via.str.size);
		for (uint32_t k = 0; k < n_of(s); k++) {
			text_str(&t, k == 0 ? " (Source: " : "; ");
			if (is_text(nth(s, k)))
				text_add(&t, nth(s, k)->via.str.ptr,
				    nth(s, k)->via.str.size);
		}
		if (n_of(s) > 0)
			text_char(&t, ')');
		wrap_add(&x->out, t.p ? t.p : "", t.n, x->width, 0);
		x->out.failed = x->out.failed || t.failed;
		text_free(&t);
	}
}

static void put_block(struct plain *x, const msgpack_object *b)
{
	const msgpack_object *kind = value_get(b, "kind");
	if (value_is(kind, "text")) {
		put(x, value_get(b, "text"), 0);
	} else if (value_is(kind, "heading")) {
		put_underlined(x, "", value_get(b, "text"), '.');
	} else if (value_is(kind, "gap")) {
		put_marked(x, "[Not recorded: ", value_get(b, "text"), "]", 0);
	} else if (value_is(kind, "fields")) {
		put_fields(x, value_get(b, "fields"));
	} else if (value_is(kind, "facts")) {
		put_facts(x, value_get(b, "facts"));
	} else if (value_is(kind, "list")) {
		const msgpack_object *items = value_get(b, "items");
		for (uint32_t i = 0; i < n_of(items); i++)
			put_marked(x, "- ", nth(items, i), "", 2);
	}
}

static void put_section(struct plain *x, const msgpack_object *s)
{
	const msgpack_object *id = value_get(s, "id"), *blocks = value_get(s, "blocks");
	struct text mark = {0};
	text_str(&x->out, "\n\n");
	if (is_text(id)) {
		text_char(&mark, '[');
		text_add(&mark, id->via.str.ptr, id->via.str.size);
		text_str(&mark, "] ");
	}
	text_char(&mark, '\0');
	put_underlined(x, mark.failed ? "" : mark.p, value_get(s, "title"), '-');
	text_free(&mark);
	for (uint32_t i = 0; i < n_of(blocks); i++) {
		text_char(&x->out, '\n');
		put_block(x, nth(blocks, i));
	}
}

static int plain_item(void *h, const uint8_t *p, size_t len)
{
	struct plain *x = h;
	struct message m = {0};
	int rc = 0;

	if (message_take(&m, p, len)) {
		const msgpack_object *d = message_root(&m), *s = value_get(d, "sections");
		put_underlined(x, "", value_get(d, "title"), '=');
		text_char(&x->out, '\n');
		put_fields(x, value_get(d, "cover"));
		for (uint32_t i = 0; i < n_of(s); i++)
			put_section(x, nth(s, i));
	} else {
		x->out.failed = true;
	}
	message_free(&m);
	if (x->out.failed)
		rc = fail(x, "text: out of memory");
	else if (x->host->write(x->host->ctx, x->out.p, x->out.n) != 0)
		rc = fail(x, "text: the output is larger than allowed");
	return rc;
}

static void plain_close(void *h)
{
	struct plain *x = h;
	text_free(&x->out);
	free(x);
}

static const struct saksi_exporter plain = {
    .abi = SAKSI_EXPORTER_ABI,
    .size = sizeof(struct saksi_exporter),
    .name = "text",
    .description = "A document as labelled plain text, to paste part by part",
    .media_type = "text/plain; charset=utf-8",
    .file_ending = "txt",
    .input = SAKSI_INPUT_DOCUMENT,
    .options =
	"width: characters per line for mail and print, 20 or more (default 0: one "
	"line per paragraph, for pasting)\n",
    .open = plain_open,
    .option = plain_option,
    .item = plain_item,
    .close = plain_close,
};

SAKSI_EXPORTER_REGISTER(plain);
