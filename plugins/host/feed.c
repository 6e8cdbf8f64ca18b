/* feed.c - hand options and items to a confined exporter. */
#include <stdio.h>
#include <string.h>

#include <saksi/base/mpjson.h>

#include "job.h"

bool option_key(char out[64], const char *option)
{
	size_t n = strcspn(option, "=");
	if (n == 0 || n >= 64 || option[n] != '=')
		return false;
	memcpy(out, option, n);
	out[n] = '\0';
	return true;
}

/* ${options} is lines of "key: meaning". */
static bool is_offered(const char *options, const char *key)
{
	size_t n = strlen(key);
	for (const char *line = options; *line;) {
		if (strncmp(line, key, n) == 0 && line[n] == ':')
			return true;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}

static void list_keys(char *out, size_t size, const char *options)
{
	size_t n = 0;
	out[0] = '\0';
	for (const char *line = options; *line;) {
		int w = snprintf(out + n, size - n, "%s%.*s", n ? ", " : "",
		    (int)strcspn(line, ":\n"), line);
		if (w < 0 || (size_t)w >= size - n)
			return;
		n += (size_t)w;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

/* A key that neither knows: say both lists, the form's own first. */
static enum saksi_err unknown_option(const struct runner *r, const char *key,
    const json_t *form_options, struct saksi_error *err)
{
	char keys[200];
	struct buf own = BUF_INIT;
	const char *k;
	json_t *x;
	list_keys(keys, sizeof keys, r->reg.options);
	json_object_foreach ((json_t *)(uintptr_t)form_options, k, x) {
		buf_printf(&own, "%s%s", own.len ? ", " : "", k);
	}
	enum saksi_err rc = buf_ok(&own, err);
	if (rc == SAKSI_OK && own.len > 0)
		rc = saksi_fail(err, SAKSI_EINVAL,
		    "no option %s; the form takes: %.*s; and %s: %s", key,
		    (int)utf8_fit(buf_cstr(&own), 250), buf_cstr(&own), r->reg.name,
		    keys[0] ? keys : "none");
	else if (rc == SAKSI_OK)
		rc = saksi_fail(err, SAKSI_EINVAL, "%s: has no option %s; it takes: %s",
		    r->reg.name, key, keys[0] ? keys : "none");
	buf_free(&own);
	return rc;
}

static enum saksi_err give_option(struct runner *r, const char *option,
    const json_t *form_options, struct saksi_error *err)
{
	char key[64];
	struct buf b = BUF_INIT;
	if (!option_key(key, option))
		return saksi_fail(err, SAKSI_EINVAL, "an option is written KEY=VALUE");
	if (!is_offered(r->reg.options, key))
		return unknown_option(r, key, form_options, err);
	buf_add(&b, key, strlen(key) + 1);
	buf_add(&b, option + strlen(key) + 1, strlen(option + strlen(key) + 1) + 1);
	enum saksi_err rc = buf_ok(&b, err);
	if (rc == SAKSI_OK)
		rc = runner_send(r, FRAME_OPTION, b.p, b.len, err);
	buf_free(&b);
	return rc;
}

static enum saksi_err give_options(struct runner *r, const struct host_job *job,
    const json_t *form_options, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	for (size_t i = 0; job->options && job->options[i] && rc == SAKSI_OK; i++) {
		char key[64];
		/* What the form asks for was answered there. */
		if (option_key(key, job->options[i]) && json_object_get(form_options, key))
			continue;
		rc = give_option(r, job->options[i], form_options, err);
	}
	return rc;
}

enum saksi_err feed_start(struct runner *r, const struct host_job *job, uint32_t input,
    const json_t *form_options, size_t count, struct saksi_error *err)
{
	const struct runner_setup setup = {.program = job->paths->runner,
	    .plugin_fd = job->plugin_fd,
	    .describe = false,
	    .out_fd = job->out_fd,
	    .timeout_ms = job->timeout_ms,
	    .max_out = job->max_out,
	    .max_memory = job->max_memory,
	    .log = job->log,
	    .ctx = job->ctx};
	struct buf info = BUF_INIT;
	enum saksi_err rc = runner_start(r, &setup, err);
	if (rc == SAKSI_OK)
		rc = runner_register(r, err);
	if (rc == SAKSI_OK && r->reg.input != input)
		rc = saksi_fail(err, SAKSI_EINVAL,
		    input == SAKSI_INPUT_RECORDS
			? "%s: renders documents that are made from a form; it takes no records"
			: "%s: takes records and cannot render a form; choose another output type",
		    r->reg.name);
	if (rc == SAKSI_OK)
		rc = give_options(r, job, form_options, err);
	if (rc == SAKSI_OK)
		rc = info_make(&info, job, count, err);
	if (rc == SAKSI_OK)
		rc = runner_send(r, FRAME_BEGIN, info.p, info.len, err);
	buf_free(&info);
	return rc;
}

static bool fits(const json_t *v, unsigned depth)
{
	const char *key;
	json_t *x;
	size_t i;
	if (json_is_string(v))
		return strlen(json_string_value(v)) == json_string_length(v);
	if (!json_is_array(v) && !json_is_object(v))
		return true;
	if (depth == 0)
		return false;
	json_array_foreach (v, i, x) {
		if (!fits(x, depth - 1))
			return false;
	}
	json_object_foreach ((json_t *)(uintptr_t)v, key, x) {
		if (!fits(x, depth - 1))
			return false;
	}
	return true;
}

bool feed_fits(const json_t *item)
{
	return fits(item, MP_DEPTH_MAX);
}

enum saksi_err feed_item(struct runner *r, const json_t *item, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	mpjson_write(&b, item);
	enum saksi_err rc = buf_ok(&b, err);
	if (rc == SAKSI_OK)
		rc = runner_send(r, FRAME_ITEM, b.p, b.len, err);
	buf_free(&b);
	return rc;
}

enum saksi_err feed_end(struct runner *r, struct saksi_error *err)
{
	enum saksi_err rc = runner_send(r, FRAME_END, NULL, 0, err);
	return rc == SAKSI_OK ? runner_finish(r, err) : rc;
}
