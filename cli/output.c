/*
 * Output.  Whatever came from a record or a peer is escaped on its way out, as
 * text and as JSON alike: a terminal obeys control characters in both.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>
#include <saksi/base/text.h>

#include "output.h"
#include "progress.h"
#include "terminal.h"

/* Without memory for escaping: nothing but what no terminal obeys. */
static void print_plain(FILE *f, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)fputc(s[i] >= 0x20 && s[i] < 0x7f ? s[i] : '?', f);
}

static void print_escaped(FILE *f, const char *s, size_t n, bool multiline)
{
	struct buf b = BUF_INIT;

	text_printable(&b, s, n, multiline);
	if (!b.failed)
		(void)fwrite(buf_cstr(&b), 1, b.len, f);
	else if (f == stderr)
		print_plain(f, s, n);
	buf_free(&b);
}

void out_text(FILE *f, const char *s)
{
	print_escaped(f, s, strlen(s), false);
}

SAKSI_PRINTF(3, 0)
static void say_to(FILE *f, const char *prefix, const char *fmt, va_list ap)
{
	va_list again;
	char small[sizeof(((struct saksi_error *)NULL)->msg)];
	char *text = small;
	size_t n;
	int all;

	va_copy(again, ap);
	all = vsnprintf(small, sizeof(small), fmt, again);
	va_end(again);
	if (all < 0)
		return;
	n = (size_t)all;
	/* An error's own words always fit: lack of memory can still be told. */
	if (n >= sizeof(small)) {
		text = malloc(n + 1);
		if (text == NULL) {
			text = small;
			n = sizeof(small) - 1;
		} else
			(void)vsnprintf(text, n + 1, fmt, ap);
	}
	(void)fputs(prefix, f);
	print_escaped(f, text, n, false);
	(void)fputc('\n', f);
	wipe(text, n);
	if (text != small)
		free(text);
}

void cli_say(struct cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	va_start(ap, fmt);
	say_to(c->json ? stderr : stdout, "", fmt, ap);
	va_end(ap);
}

void cli_warn(const char *fmt, ...)
{
	va_list ap;

	/* In order with what was printed before, when both go to one place. */
	(void)fflush(stdout);
	progress_end();
	va_start(ap, fmt);
	say_to(stderr, "saksi: ", fmt, ap);
	va_end(ap);
}

/* Length of the UTF-8 sequence that begins with this byte of valid text. */
static size_t sequence(unsigned char first)
{
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static unsigned long code_point(const unsigned char *p, size_t n)
{
	unsigned long cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | (p[i] & 0x3fu);
	return cp;
}

static void escape_one(struct buf *out, const char *p, size_t n)
{
	struct buf safe = BUF_INIT;
	unsigned long cp;

	text_printable(&safe, p, n, false);
	if (safe.len == n && memcmp(safe.p, p, n) == 0) {
		buf_add(out, p, n);
	} else {
		cp = code_point((const unsigned char *)p, n);
		if (cp >= 0x10000) {
			buf_printf(out, "\\u%04lx", 0xd7c0 + (cp >> 10));
			cp = 0xdc00 | (cp & 0x3ff);
		}
		buf_printf(out, "\\u%04lx", cp);
	}
	buf_free(&safe);
}

/* JSON says the same with \uXXXX for what a terminal would obey. */
static void print_json_text(FILE *f, const struct buf *json)
{
	struct buf safe = BUF_INIT;
	const char *p = (const char *)json->p;
	size_t i = 0;

	text_printable(&safe, p, json->len, false);
	if (safe.len != json->len || memcmp(safe.p, p, json->len) != 0) {
		buf_reset(&safe);
		while (i < json->len) {
			size_t n = sequence((unsigned char)p[i]);

			if (n == 1 && p[i] != 0x7f)
				buf_add(&safe, p + i, 1);
			else
				escape_one(&safe, p + i, n);
			i += n;
		}
	}
	(void)fwrite(buf_cstr(&safe), 1, safe.len, f);
	(void)fputc('\n', f);
	buf_free(&safe);
}

enum saksi_err cli_out_json(struct cli *c, json_t *v)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	if (v == NULL)
		return saksi_fail_nomem(&c->err);
	json_text(&b, v);
	json_decref(v);
	rc = buf_ok(&b, &c->err);
	if (rc == SAKSI_OK)
		print_json_text(stdout, &b);
	buf_free(&b);
	return rc;
}

size_t out_fit(const char *p, size_t n, size_t columns)
{
	static const char coeng[] = "\xe1\x9f\x92";

	while (n > 0 && text_columns(p, n) > columns) {
		do
			n--;
		while (n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80);
	}
	/* The Khmer sign that puts the next consonant below, which is cut off. */
	while (n >= 3 && memcmp(p + n - 3, coeng, 3) == 0)
		n -= 3;
	return n;
}

void out_cell(FILE *f, const char *s, unsigned width)
{
	struct buf b = BUF_INIT;
	size_t used;
	bool cut;

	text_printable(&b, s, strlen(s), false);
	if (b.failed || width == 0) {
		(void)fputs(buf_cstr(&b), f);
		buf_free(&b);
		return;
	}
	cut = text_columns(buf_cstr(&b), b.len) > width;
	if (cut)
		b.len = out_fit((const char *)b.p, b.len, width - 1);
	used = text_columns((const char *)b.p, b.len);
	(void)fwrite(buf_cstr(&b), 1, b.len, f);
	if (cut) {
		(void)fputs("\xe2\x80\xa6", f);
		used++;
	}
	for (; used < width; used++)
		(void)fputc(' ', f);
	buf_free(&b);
}

void out_name(FILE *f, const char *s, unsigned at, unsigned width)
{
	if (text_columns(s, strlen(s)) <= width) {
		out_cell(f, s, width);
		return;
	}
	out_text(f, s);
	(void)fprintf(f, "\n%*s", (int)(at + width), "");
}

/* How many of ${n} bytes fit into ${columns}: up to a space, or the first word at least. */
static size_t line_length(const char *p, size_t n, size_t columns)
{
	size_t fits = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && p[i] != ' ')
			continue;
		if (fits > 0 && text_columns(p, i) > columns)
			return fits;
		fits = i;
	}
	return n;
}

/* ${n} bytes that begin at column ${at}; further lines too. */
static void print_line(FILE *f, const char *p, size_t n, unsigned at)
{
	unsigned width = term_width(f);

	for (;;) {
		size_t k = width > at + 20 ? line_length(p, n, width - at) : n;

		(void)fwrite(p, 1, k, f);
		for (p += k, n -= k; n > 0 && *p == ' '; n--)
			p++;
		if (n == 0)
			return;
		(void)fprintf(f, "\n%*s", (int)at, "");
	}
}

void out_paragraph(FILE *f, const char *s, unsigned indent)
{
	struct buf b = BUF_INIT;
	const char *p;

	text_printable(&b, s, strlen(s), true);
	for (p = buf_cstr(&b);; p++) {
		size_t n = strcspn(p, "\n");

		print_line(f, p, n, indent);
		p += n;
		if (*p == '\0')
			break;
		(void)fprintf(f, "\n%*s", (int)indent, "");
	}
	buf_free(&b);
}

void obj_set(json_t **o, const char *key, json_t *value)
{
	if (*o != NULL && value != NULL && json_object_set_new(*o, key, value) == 0)
		return;
	if (*o == NULL)
		json_decref(value);
	json_decref(*o);
	*o = NULL;
}

void obj_text(json_t **o, const char *key, const char *value)
{
	struct buf b = BUF_INIT;

	if (utf8_valid(value, strlen(value))) {
		obj_set(o, key, json_string(value));
		return;
	}
	text_printable(&b, value, strlen(value), true);
	obj_set(o, key, json_string(buf_cstr(&b)));
	buf_free(&b);
}

void obj_int(json_t **o, const char *key, size_t value)
{
	obj_set(o, key, json_integer((json_int_t)value));
}

void obj_time(json_t **o, const char *key, int64_t us)
{
	char text[24];

	time_text(text, us);
	obj_set(o, key, json_string(text));
}

void arr_add(json_t **a, json_t *value)
{
	if (*a != NULL && value != NULL && json_array_append_new(*a, value) == 0)
		return;
	if (*a == NULL)
		json_decref(value);
	json_decref(*a);
	*a = NULL;
}

void time_people(char out[24], int64_t us)
{
	char t[24];

	time_text(t, us);
	(void)snprintf(out, 24, "%.10s %.5s UTC", t, t + 11);
}
