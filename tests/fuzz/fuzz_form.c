/*
 * A form definition and the records of a submission, one JSON text per line:
 * whatever stands in them, either the document is whole and can be handed to
 * an exporter, or there are words that say why not.
 */
#include <stdint.h>
#include <sys/mman.h>

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>

#include "fuzz_schema.h"
#include "submission.h"

#define LINES_MAX 200u

struct source {
	json_t *list, *by_id;
	size_t at;
};

static int next(void *ctx, json_t **out)
{
	struct source *s = ctx;

	*out = json_incref(json_array_get(s->list, s->at++));
	return 0;
}

static int again(void *ctx)
{
	((struct source *)ctx)->at = 0;
	return 0;
}

static int get(void *ctx, const char *id, json_t **out)
{
	const struct source *s = ctx;

	*out = json_incref(json_object_get(s->by_id, id));
	return 0;
}

struct link {
	const char *id;
	bool found;
};

static bool is_it(void *ctx, const struct schema_field *f, const char *id)
{
	struct link *l = ctx;

	(void)f;
	l->found = l->found || strcmp(id, l->id) == 0;
	return true;
}

static int linked(void *ctx, const char *id, const char *type,
    int (*fn)(void *fctx, json_t *record), void *fctx)
{
	const struct source *s = ctx;
	json_t *r;
	size_t i;

	json_array_foreach (s->list, i, r) {
		struct link l = {id, false};
		const char *is = json_string_value(json_object_get(r, "type"));

		if (is == NULL || strcmp(is, type) != 0)
			continue;
		record_refs(fuzz_schema(), r, is_it, &l);
		if (l.found && fn(fctx, r) != 0)
			return -1;
	}
	return 0;
}

static int parties(void *ctx, int (*fn)(void *fctx, json_t *record, bool deleted),
    void *fctx)
{
	const struct source *s = ctx;
	json_t *r;
	size_t i;

	json_array_foreach (s->list, i, r) {
		const char *is = json_string_value(json_object_get(r, "type"));

		/* Any of them may have been deleted meanwhile. */
		if (is != NULL &&
		    (strcmp(is, "person") == 0 || strcmp(is, "organisation") == 0) &&
		    fn(fctx, r, i % 5 == 4) != 0)
			return -1;
	}
	return 0;
}

/* Records as another vault may have left them: JSON objects with an id. */
static void add_record(struct source *s, const char *text, size_t n)
{
	json_t *r = NULL;
	const char *id;

	if (json_parse_line(&r, text, n, "record", NULL) != SAKSI_OK)
		return;
	id = json_string_value(json_object_get(r, "id"));
	if (json_is_object(r) && id != NULL && json_object_get(s->by_id, id) == NULL) {
		must(json_array_append(s->list, r) == 0);
		must(json_object_set(s->by_id, id, r) == 0);
	}
	json_decref(r);
}

static const char *intervention(const struct source *s)
{
	json_t *r;
	size_t i;

	json_array_foreach (s->list, i, r) {
		const char *type = json_string_value(json_object_get(r, "type"));

		if (type != NULL && strcmp(type, "intervention") == 0)
			return json_string_value(json_object_get(r, "id"));
	}
	return "none";
}

static void make(struct source *s, const char *form, enum saksi_class ceiling)
{
	const struct host_source source = {s, fuzz_schema(), next, again, get, linked,
	    parties};
	const struct host_job job = {.source = &source,
	    .form = form,
	    .intervention = intervention(s),
	    .ceiling = ceiling};
	struct submission sub;
	struct host_findings findings = {NULL, 0, 0, false};
	struct saksi_error err = {SAKSI_OK, 0, ""};

	if (submission_make(&sub, &job, &findings, &err) == SAKSI_OK)
		must(feed_fits(sub.document));
	else
		must(err.msg[0] != '\0' && err.code != SAKSI_ENOMEM);
	for (size_t i = 0; i < findings.n; i++)
		must(findings.list[i].words[0] != '\0');
	submission_free(&sub);
	host_findings_free(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source s = {json_array(), json_object(), 0};
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t n = end != NULL ? (size_t)(end - data) : size;
	char path[40];
	int fd = memfd_create("form", MFD_CLOEXEC);

	must(fd >= 0 && s.list != NULL && s.by_id != NULL);
	must(fs_write_all(fd, data, n, "form", NULL) == SAKSI_OK);
	must(snprintf(path, sizeof(path), "/proc/self/fd/%d", fd) > 0);
	for (size_t lines = 0; end != NULL && lines < LINES_MAX; lines++) {
		const uint8_t *line = end + 1;
		size_t left = size - (size_t)(line - data);

		end = left > 0 ? memchr(line, '\n', left) : NULL;
		add_record(&s, (const char *)line,
		    end != NULL ? (size_t)(end - line) : left);
	}
	make(&s, path, CLASS_P);
	make(&s, path, CLASS_S);
	json_decref(s.list);
	json_decref(s.by_id);
	(void)close(fd);
	return 0;
}
