/* form.c - read a form definition and the answers to its own questions. */
#include "form.h"

#include <stdio.h>
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>

#include "job.h"

#define FORM_MAX ((size_t)1 << 20)

const char *form_text(const json_t *form, const char *key)
{
	const char *s = json_string_value(json_object_get(form, key));
	return s ? s : "";
}

enum host_level form_level(const json_t *check)
{
	const char *level = form_text(check, "level");
	return strcmp(level, "info") == 0 ? HOST_INFO
	    : strcmp(level, "warn") == 0  ? HOST_WARN
					  : HOST_BLOCK;
}

static enum saksi_err faulty(const char *path, const char *what, const char *name,
    struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EFORMAT, "%s: faulty form definition: %s%s%s", path,
	    what, name ? " " : "", name ? name : "");
}

static enum saksi_err check_sections(const char *path, const json_t *form,
    struct saksi_error *err)
{
	const json_t *sections = json_object_get(form, "sections"), *s, *f;
	size_t i, k;
	if (json_array_size(sections) == 0)
		return faulty(path, "no sections", NULL, err);
	json_array_foreach (sections, i, s) {
		if (!form_text(s, "id")[0] || !form_text(s, "title")[0])
			return faulty(path, "a section without id or title", NULL, err);
		json_array_foreach (json_object_get(s, "feeds"), k, f) {
			if (!json_is_string(f) || !feed_known(json_string_value(f)))
				return faulty(path, "unknown feed in section",
				    form_text(s, "id"), err);
		}
	}
	return SAKSI_OK;
}

static enum saksi_err check_form(const char *path, const json_t *form,
    struct saksi_error *err)
{
	static const char *const texts[] = {"id", "name", "version", "verified_on",
	    "exporter"};
	const json_t *c;
	size_t i;
	if (json_integer_value(json_object_get(form, "form")) != 1)
		return saksi_fail(err, SAKSI_ENEWER,
		    "%s: no form definition of version 1; install a newer saksi", path);
	for (i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!form_text(form, texts[i])[0])
			return faulty(path, "missing", texts[i], err);
	json_array_foreach (json_object_get(form, "checks"), i, c) {
		if (!check_known(form_text(c, "id")))
			return faulty(path, "unknown check", form_text(c, "id"), err);
	}
	json_array_foreach (json_object_get(form, "options"), i, c) {
		if (!form_text(c, "key")[0] || !form_text(c, "label")[0])
			return faulty(path, "an option without key or label", NULL, err);
	}
	return check_sections(path, form, err);
}

enum saksi_err form_load(json_t **out, const char *path, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	json_t *form = NULL;
	*out = NULL;
	enum saksi_err rc = fs_read_file(&b, path, FORM_MAX, err);
	if (rc == SAKSI_OK)
		rc = json_parse_line(&form, (const char *)b.p, b.len, path, err);
	if (rc == SAKSI_OK)
		rc = check_form(path, form, err);
	if (rc == SAKSI_OK)
		*out = form;
	else
		json_decref(form);
	buf_free(&b);
	return rc;
}

json_t *form_option_keys(const json_t *form)
{
	json_t *keys = json_object();
	const json_t *o;
	size_t i;
	json_array_foreach (json_object_get(form, "options"), i, o) {
		if (json_object_set_new(keys, form_text(o, "key"), json_true()) != 0) {
			json_decref(keys);
			return NULL;
		}
	}
	return keys;
}

static const json_t *option_of(const json_t *form, const char *key)
{
	const json_t *o;
	size_t i;
	json_array_foreach (json_object_get(form, "options"), i, o) {
		if (strcmp(form_text(o, "key"), key) == 0)
			return o;
	}
	return NULL;
}

const char *form_meaning(const json_t *form, const char *key, const char *value)
{
	const json_t *values = json_object_get(option_of(form, key), "values");
	const char *m = json_string_value(json_object_get(values, value));
	return m ? m : value;
}

static enum saksi_err add_answer(json_t *answers, const json_t *option, const char *value,
    struct saksi_error *err)
{
	const char *key = form_text(option, "key");
	const json_t *values = json_object_get(option, "values");
	if (values && !json_object_get(values, value)) {
		char known[300] = "";
		size_t n = 0;
		for (void *it = json_object_iter((json_t *)(uintptr_t)values);
		     it && n < sizeof known;
		     it = json_object_iter_next((json_t *)(uintptr_t)values, it))
			n += (size_t)snprintf(known + n, sizeof known - n, "%s%s",
			    n ? ", " : "", json_object_iter_key(it));
		return saksi_fail(err, SAKSI_EINVAL, "option %s: this form knows %s%s",
		    key, known, n >= sizeof known ? " ..." : "");
	}
	json_t *list = json_object_get(answers, key);
	if (!list && json_object_set_new(answers, key, list = json_array()) != 0)
		return saksi_fail_nomem(err);
	if (!json_is_true(json_object_get(option, "many")) && json_array_clear(list) != 0)
		return saksi_fail_nomem(err);
	return json_array_append_new(list, json_string(value)) == 0
	    ? SAKSI_OK
	    : saksi_fail_nomem(err);
}

/* One text, or with `many` several separated by commas. */
static enum saksi_err add_answers(json_t *answers, const json_t *option, const char *text,
    struct saksi_error *err)
{
	if (!json_is_true(json_object_get(option, "many")))
		return add_answer(answers, option, text, err);
	enum saksi_err rc = SAKSI_OK;
	while (rc == SAKSI_OK && *text) {
		char value[200];
		size_t n = strcspn(text, ",");
		if (n >= sizeof value)
			return saksi_fail(err, SAKSI_EINVAL, "option %s: too long",
			    form_text(option, "key"));
		memcpy(value, text, n);
		value[n] = '\0';
		if (n > 0)
			rc = add_answer(answers, option, value, err);
		text += n;
		text += *text == ',';
	}
	return rc;
}

static enum saksi_err answer_one(json_t *answers, const json_t *option,
    const json_t *intervention, const char *const *options, struct saksi_error *err)
{
	const char *key = form_text(option, "key");
	size_t n = strlen(key), i;
	const json_t *tag;
	enum saksi_err rc = SAKSI_OK;
	for (i = 0; options && options[i] && rc == SAKSI_OK; i++)
		if (strncmp(options[i], key, n) == 0 && options[i][n] == '=')
			rc = add_answers(answers, option, options[i] + n + 1, err);
	if (rc != SAKSI_OK || json_object_get(answers, key))
		return rc;
	json_array_foreach (json_object_get(intervention, "tags"), i, tag) {
		const char *t = json_string_value(value_plain(tag));
		if (t && strncmp(t, key, n) == 0 && t[n] == ':')
			rc = add_answers(answers, option, t + n + 1, err);
		if (rc != SAKSI_OK)
			return rc;
	}
	const char *otherwise = form_text(option, "default");
	if (!json_object_get(answers, key) && otherwise[0])
		rc = add_answers(answers, option, otherwise, err);
	return rc;
}

enum saksi_err form_answers(json_t **out, const json_t *form, const json_t *intervention,
    const char *const *options, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	const json_t *o;
	size_t i;
	*out = json_object();
	if (!*out)
		return saksi_fail_nomem(err);
	json_array_foreach (json_object_get(form, "options"), i, o) {
		rc = answer_one(*out, o, intervention, options, err);
		if (rc != SAKSI_OK)
			break;
	}
	return rc;
}
