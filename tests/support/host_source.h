/*
 * host_source.h - records of an NDJSON text as the plugin host wants them:
 * canonical, with 26-letter ids made from the refs.
 */
#ifndef TEST_HOST_SOURCE_H
#define TEST_HOST_SOURCE_H

#include <saksi/host/host.h>

#include "host_fixture.h"
#include "schema_fixture.h"

struct fake_source {
	json_t *list; /* in order */
	json_t *by_id;
	json_t *deleted;
	size_t at;
	int fail_after; /* calls until the source fails; -1: never */
	struct host_source host;
};

/* Any 26 letters, the same for the same ref; FNV-1a over and over. */
static inline void fake_id(char out[27], const char *ref)
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	uint64_t h = UINT64_C(14695981039346656037);
	for (int i = 0; i < 26; i++) {
		for (const char *p = ref; *p; p++)
			h = (h ^ (uint8_t)*p) * UINT64_C(1099511628211);
		out[i] = letters[(h >> 40) & (i == 0 ? 7 : 31)];
	}
	out[26] = '\0';
}

static inline bool fake_resolve(void *ctx, const char *text, const char *to, char out[27])
{
	(void)ctx;
	(void)to;
	fake_id(out, text);
	return true;
}

static inline bool fake_failing(struct fake_source *s)
{
	return s->fail_after >= 0 && s->fail_after-- == 0;
}

/* Fail with rubbish in the out-parameter. */
static inline int fake_fail(json_t **out)
{
	json_decref(*out);
	memset(out, 0x5a, sizeof *out);
	return -1;
}

static inline int fake_next(void *ctx, json_t **out)
{
	struct fake_source *s = ctx;
	*out = json_incref(json_array_get(s->list, s->at++));
	return fake_failing(s) ? fake_fail(out) : 0;
}

static inline int fake_rewind(void *ctx)
{
	struct fake_source *s = ctx;
	s->at = 0;
	return 0;
}

static inline int fake_get(void *ctx, const char *id, json_t **out)
{
	struct fake_source *s = ctx;
	*out = json_incref(json_object_get(s->by_id, id));
	return fake_failing(s) ? fake_fail(out) : 0;
}

/* A deleted party, which get() does not find, is kept in a list of its own. */
static inline int fake_parties(void *ctx,
    int (*fn)(void *fctx, json_t *record, bool deleted), void *fctx)
{
	struct fake_source *s = ctx;
	const json_t *const lists[] = {s->list, s->deleted};
	json_t *r;
	size_t i;
	if (fake_failing(s))
		return -1;
	for (size_t l = 0; l < 2; l++)
		json_array_foreach (lists[l], i, r) {
			const char *type = json_string_value(json_object_get(r, "type"));
			if (strcmp(type, "person") != 0 &&
			    strcmp(type, "organisation") != 0)
				continue;
			if (fn(fctx, r, l == 1) != 0)
				return -1;
		}
	return 0;
}

struct fake_link {
	const char *id;
	bool found;
};

static inline bool fake_is_it(void *ctx, const struct schema_field *f, const char *id)
{
	struct fake_link *l = ctx;
	(void)f;
	l->found = l->found || strcmp(id, l->id) == 0;
	return true;
}

static inline int fake_linked(void *ctx, const char *id, const char *type,
    int (*fn)(void *fctx, json_t *record), void *fctx)
{
	struct fake_source *s = ctx;
	json_t *r;
	size_t i;
	if (fake_failing(s))
		return -1;
	json_array_foreach (s->list, i, r) {
		struct fake_link l = {id, false};
		if (strcmp(json_string_value(json_object_get(r, "type")), type) != 0)
			continue;
		record_refs(schema, r, fake_is_it, &l);
		if (l.found) {
			int rc = fn(fctx, r);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

/* Add one record of the interchange form; its `id` is a ref. */
static inline void fake_add(struct fake_source *s, const json_t *in)
{
	const struct schema_resolver res = {fake_resolve, NULL, false, NULL};
	const char *ref = json_string_value(json_object_get(in, "id"));
	const char *type = json_string_value(json_object_get(in, "type"));
	struct schema_entries entries = {NULL, 0, 0};
	struct schema_faults found = {NULL, 0, 0, 0, false};
	char id[27];

	fake_id(id, ref);
	json_t *out = json_pack("{s:s, s:s, s:s}", "id", id, "ref", ref, "type", type);
	if (json_object_get(in, "class"))
		json_object_set(out, "class", json_object_get(in, "class"));
	json_t *copy = json_deep_copy(in);
	json_t *rivals = json_incref(json_object_get(copy, "rivals"));
	assert_int_equal(schema_flatten(&entries, schema, schema_type(schema, type), copy,
			     &res, 1, &found, &g_err),
	    SAKSI_OK);
	if (found.n_errors > 0)
		fail_msg("%s: %s: %s", ref, found.list[0].key, found.list[0].words);
	for (size_t i = 0; i < entries.n; i++)
		assert_int_equal(schema_put(out, entries.list[i].field,
				     entries.list[i].value),
		    0);
	if (rivals)
		json_object_set_new(out, "rivals", rivals);
	json_decref(copy);
	schema_entries_free(&entries);
	schema_faults_free(&found);
	/* A later record of the same ref replaces the earlier one. */
	json_t *old = json_object_get(s->by_id, id);
	size_t i = 0;
	while (old && json_array_get(s->list, i) != old)
		i++;
	if (old)
		json_array_set(s->list, i, out);
	else
		json_array_append(s->list, out);
	json_object_set_new(s->by_id, id, out);
}

/* As fake_add(), from JSON with single quotes. */
static inline void fake_add_text(struct fake_source *s, const char *text)
{
	json_t *v = json_of(text);
	fake_add(s, v);
	json_decref(v);
}

/* Add a record as it is, unchecked: what another version or a fault left. */
static inline void fake_add_raw(struct fake_source *s, const char *text)
{
	json_t *v = json_of(text);
	char id[27];
	fake_id(id, json_string_value(json_object_get(v, "id")));
	json_object_set_new(v, "id", json_string(id));
	json_array_append(s->list, v);
	json_object_set_new(s->by_id, id, v);
}

/* What `saksi delete` does to the record of ${ref}. */
static inline void fake_delete(struct fake_source *s, const char *ref)
{
	char id[27];
	size_t i = 0;
	fake_id(id, ref);
	json_t *r = json_object_get(s->by_id, id);
	while (json_array_get(s->list, i) != r)
		i++;
	json_array_append(s->deleted, r);
	json_array_remove(s->list, i);
	json_object_del(s->by_id, id);
}

static inline void fake_init(struct fake_source *s)
{
	memset(s, 0, sizeof *s);
	s->list = json_array();
	s->by_id = json_object();
	s->deleted = json_array();
	s->fail_after = -1;
	s->host = (struct host_source){s, schema, fake_next, fake_rewind, fake_get,
	    fake_linked, fake_parties};
}

static inline void fake_load(struct fake_source *s, const char *path)
{
	struct buf b = BUF_INIT;
	assert_int_equal(fs_read_file(&b, path, 1 << 24, &g_err), SAKSI_OK);
	const char *p = buf_cstr(&b);
	while (*p) {
		size_t n = strcspn(p, "\n");
		json_t *v = NULL;
		assert_int_equal(json_parse_line(&v, p, n, "line", &g_err), SAKSI_OK);
		fake_add(s, v);
		json_decref(v);
		p += n + (p[n] == '\n');
	}
	buf_free(&b);
}

static inline void fake_free(struct fake_source *s)
{
	json_decref(s->deleted);
	json_decref(s->list);
	json_decref(s->by_id);
}

/* ---- a job with everything that does not matter here ------------------------------ */

static char fixture_runner[PATH_MAX], fixture_exporters[PATH_MAX],
    fixture_forms[PATH_SIZE];
static struct host_paths fixture_paths;

static inline void fixture_set_paths(const char *rel_runner, const char *rel_exporters)
{
	fixture_path(fixture_runner, rel_runner);
	fixture_path(fixture_exporters, rel_exporters);
	data_path(fixture_forms, "forms");
	fixture_paths =
	    (struct host_paths){fixture_runner, fixture_exporters, fixture_forms};
}

static inline int fixture_plugin(const char *path)
{
	struct buf b = BUF_INIT;
	int fd;
	if (host_plugin_open(&fd, &b, path, &g_err) != SAKSI_OK)
		fail_msg("%s", g_err.msg);
	buf_free(&b);
	return fd;
}

struct fixture_run {
	enum saksi_err rc;
	struct saksi_error err;
	struct host_findings findings;
	struct host_result result;
	struct buf out;
	char log[1500];
};

static inline void fixture_log(void *ctx, int level, const char *text)
{
	struct fixture_run *r = ctx;
	size_t n = strlen(r->log);
	snprintf(r->log + n, sizeof r->log - n, "%d %s\n", level, text);
}

/* Run ${job} with what is missing in it filled in. */
static inline void fixture_export(struct fixture_run *r, struct host_job job,
    const char *path)
{
	FILE *f = tmpfile();
	memset(r, 0, sizeof *r);
	assert_non_null(f);
	job.paths = &fixture_paths;
	job.plugin_fd = fixture_plugin(path);
	job.out_fd = fileno(f);
	job.timeout_ms = job.timeout_ms ? job.timeout_ms : 20000;
	job.max_out = job.max_out ? job.max_out : 1 << 26;
	job.max_memory = job.max_memory ? job.max_memory : 1 << 28;
	job.ceiling = job.ceiling ? job.ceiling : CLASS_P;
	job.generator = "saksi test";
	job.log = fixture_log;
	job.ctx = r;
	r->rc = host_export(&job, &r->findings, &r->result, &r->err);
	assert_int_equal(lseek(job.out_fd, 0, SEEK_SET), 0);
	assert_int_equal(fs_read_fd(&r->out, job.out_fd, 1 << 27, &g_err), SAKSI_OK);
	fclose(f);
	close(job.plugin_fd);
}

static inline void fixture_done(struct fixture_run *r)
{
	host_findings_free(&r->findings);
	json_decref(r->result.relied_on);
	buf_free(&r->out);
}

#endif
