/* formats.c - which exporters and forms there are. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi/base/list.h>

#include "form.h"
#include "job.h"

#define DESCRIBE_MS 10000u
#define DESCRIBE_MEMORY (UINT64_C(256) << 20)
#define FORMATS_MAX 256u

struct list {
	struct host_format *p;
	size_t n, cap;
};

static struct host_format *add(struct list *l, const char *path)
{
	struct host_format *grown = list_room(l->p, l->n, &l->cap, sizeof *grown);
	if (!grown)
		return NULL;
	l->p = grown;
	memset(&l->p[l->n], 0, sizeof *grown);
	snprintf(l->p[l->n].path, sizeof l->p[l->n].path, "%s", path);
	return &l->p[l->n++];
}

/* The file's name without its ending, for one that cannot say its own. */
static void name_by_file(struct host_format *f, const char *path)
{
	const char *base = strrchr(path, '/');
	base = base ? base + 1 : path;
	snprintf(f->name, sizeof f->name, "%.*s", (int)strcspn(base, "."), base);
}

static enum saksi_err describe(struct registration *reg, const char *runner,
    const char *path, struct saksi_error *err)
{
	struct runner r;
	struct buf bytes = BUF_INIT;
	struct runner_setup s = {.program = runner,
	    .plugin_fd = -1,
	    .describe = true,
	    .out_fd = -1,
	    .timeout_ms = DESCRIBE_MS,
	    .max_memory = DESCRIBE_MEMORY};
	enum saksi_err rc = host_plugin_open(&s.plugin_fd, &bytes, path, err);
	buf_free(&bytes);
	if (rc != SAKSI_OK)
		return rc;
	rc = runner_start(&r, &s, err);
	if (rc == SAKSI_OK)
		rc = runner_register(&r, err);
	if (rc == SAKSI_OK)
		rc = runner_finish(&r, err);
	if (rc == SAKSI_OK)
		*reg = r.reg;
	runner_free(&r);
	close(s.plugin_fd);
	return rc;
}

/*
 * One that cannot be used stays in the list, with the reason for a description.
 * That there is no memory is no fault of it: false.
 */
static bool add_exporter(struct list *l, const struct host_paths *paths, const char *path)
{
	struct registration reg;
	struct saksi_error why;
	struct host_format *f = add(l, path);
	if (!f)
		return false;
	enum saksi_err rc = describe(&reg, paths->runner, path, &why);
	if (rc == SAKSI_ENOMEM)
		return false;
	if (rc != SAKSI_OK) {
		name_by_file(f, path);
		snprintf(f->description, sizeof f->description, "not usable: %.140s",
		    why.msg);
		return true;
	}
	snprintf(f->name, sizeof f->name, "%s", reg.name);
	snprintf(f->description, sizeof f->description, "%.159s", reg.description);
	snprintf(f->exporter, sizeof f->exporter, "%s", reg.name);
	snprintf(f->ending, sizeof f->ending, "%s", reg.file_ending);
	snprintf(f->options, sizeof f->options, "%s", reg.options);
	f->input =
	    reg.input == SAKSI_INPUT_DOCUMENT ? HOST_INPUT_DOCUMENT : HOST_INPUT_RECORDS;
	return true;
}

/* Few values are explained, of many only the codes are listed. */
#define VALUES_EXPLAINED 8u

static void option_values(struct buf *b, const json_t *option)
{
	const json_t *values = json_object_get(option, "values"), *v;
	bool explained = json_object_size(values) <= VALUES_EXPLAINED, first = true;
	const char *key;
	json_object_foreach ((json_t *)(uintptr_t)values, key, v) {
		buf_printf(b, "%s%s", first ? ": " : ", ", key);
		if (explained && json_string_value(v))
			buf_printf(b, " (%s)", json_string_value(v));
		first = false;
	}
}

/* Its questions as lines; a line that does not fit is left out whole. */
static bool form_options(struct host_format *f, const json_t *form)
{
	const json_t *o;
	size_t i, n = 0;
	bool failed = false;
	json_array_foreach (json_object_get(form, "options"), i, o) {
		struct buf b = BUF_INIT;
		buf_printf(&b, "%s: %s", form_text(o, "key"), form_text(o, "label"));
		if (json_is_true(json_object_get(o, "many")))
			buf_add_str(&b, ", several with commas");
		option_values(&b, o);
		if (form_text(o, "default")[0])
			buf_printf(&b, " (default %s)", form_text(o, "default"));
		for (size_t k = 0; k < b.len; k++)
			if (b.p[k] == '\n')
				b.p[k] = ' ';
		buf_add_byte(&b, '\n');
		if (!b.failed && b.len < sizeof f->options - n) {
			memcpy(f->options + n, b.p, b.len);
			n += b.len;
		}
		failed = failed || b.failed;
		buf_free(&b);
	}
	return !failed;
}

static bool add_form(struct list *l, const struct host_paths *paths, const char *path)
{
	struct saksi_error why;
	json_t *form = NULL;
	struct host_format *f = add(l, path);
	(void)paths;
	if (!f)
		return false;
	f->form = true;
	enum saksi_err rc = form_load(&form, path, &why);
	if (rc == SAKSI_ENOMEM)
		return false;
	if (rc != SAKSI_OK) {
		name_by_file(f, path);
		snprintf(f->description, sizeof f->description, "not usable: %.140s",
		    why.msg);
		return true;
	}
	snprintf(f->name, sizeof f->name, "%s", form_text(form, "id"));
	snprintf(f->description, sizeof f->description, "%.159s", form_text(form, "name"));
	snprintf(f->exporter, sizeof f->exporter, "%s", form_text(form, "exporter"));
	snprintf(f->version, sizeof f->version, "%.24s, %.10s",
	    form_text(form, "version"), form_text(form, "verified_on"));
	f->input = HOST_INPUT_DOCUMENT;
	bool ok = form_options(f, form);
	json_decref(form);
	return ok;
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;
	return strcmp(*x, *y);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n > m && s[0] != '.' && strcmp(s + n - m, end) == 0;
}

/* The files of ${dir} that end with ${end}, by name: the same list each time. */
static enum saksi_err each_file(struct list *l, const struct host_paths *paths,
    const char *dir, const char *end,
    bool (*fn)(struct list *, const struct host_paths *, const char *),
    struct saksi_error *err)
{
	char *names[FORMATS_MAX];
	size_t n = 0;
	enum saksi_err rc = SAKSI_OK;
	struct dirent *e;
	DIR *d = dir ? opendir(dir) : NULL;
	if (!d)
		return !dir || errno == ENOENT ? SAKSI_OK
					       : saksi_fail_sys(err, "%s", dir);
	/* A folder that ends too early would be a format that does not exist. */
	while (rc == SAKSI_OK && n < FORMATS_MAX && (errno = 0, e = readdir(d)) != NULL) {
		if (!ends_with(e->d_name, end))
			continue;
		if ((names[n] = strdup(e->d_name)) != NULL)
			n++;
		else
			rc = saksi_fail_nomem(err);
	}
	if (rc == SAKSI_OK && n < FORMATS_MAX && errno != 0)
		rc = saksi_fail_sys(err, "%s: cannot be listed", dir);
	closedir(d);
	qsort(names, n, sizeof *names, by_text);
	for (size_t i = 0; i < n; i++) {
		char path[sizeof l->p->path];
		int w = snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (rc == SAKSI_OK && w > 0 && (size_t)w < sizeof path &&
		    !fn(l, paths, path))
			rc = saksi_fail_nomem(err);
		free(names[i]);
	}
	return rc;
}

enum saksi_err host_format_of(struct host_format *out, const struct host_paths *paths,
    const char *path, struct saksi_error *err)
{
	struct list l = {NULL, 0, 0};
	if (strlen(path) >= sizeof out->path)
		return saksi_fail(err, SAKSI_ELIMIT, "%.100s...: the path is too long",
		    path);
	bool ok = add_exporter(&l, paths, path);
	if (ok)
		*out = l.p[0];
	free(l.p);
	return ok ? SAKSI_OK : saksi_fail_nomem(err);
}

enum saksi_err host_formats(const struct host_paths *paths, struct host_format **list,
    size_t *n, struct saksi_error *err)
{
	struct list l = {NULL, 0, 0};
	*list = NULL;
	*n = 0;
	enum saksi_err rc =
	    each_file(&l, paths, paths->exporters, ".so", add_exporter, err);
	if (rc == SAKSI_OK)
		rc = each_file(&l, paths, paths->forms, ".json", add_form, err);
	if (rc != SAKSI_OK) {
		free(l.p);
		return rc;
	}
	/* A form ends up in a file of the kind that its exporter writes. */
	for (size_t i = 0; i < l.n; i++)
		for (size_t k = 0; l.p[i].form && k < l.n; k++)
			if (!l.p[k].form && strcmp(l.p[k].name, l.p[i].exporter) == 0)
				memcpy(l.p[i].ending, l.p[k].ending, sizeof l.p[i].ending);
	*list = l.p;
	*n = l.n;
	return SAKSI_OK;
}
