/*
 * Which exporters may run: those whose file's hash is in the list that was
 * made when saksi was installed, and those that a person trusted in this
 * vault; minus what was taken back here.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi_paths.h>

#include <saksi/base/fsio.h>
#include <saksi/base/list.h>
#include <saksi/base/mpjson.h>

#include "open.h"
#include "output.h"
#include "trust.h"
#include "view.h"

#define MANIFEST_MAX (64u << 10)

static enum saksi_err add_entry(struct trust *t, const char *name, const char *path,
    const struct saksi_hash *hash, bool shipped, int64_t at_us, struct saksi_error *err)
{
	struct trust_entry *list = list_room(t->list, t->n, &t->cap, sizeof(*list)), *e;

	if (list == NULL)
		return saksi_fail_nomem(err);
	t->list = list;
	e = &t->list[t->n];
	*e = (struct trust_entry){strdup(name), strdup(path), *hash, shipped, false,
	    at_us};
	if (e->name == NULL || e->path == NULL) {
		free(e->name);
		free(e->path);
		return saksi_fail_nomem(err);
	}
	t->n++;
	return SAKSI_OK;
}

/* "HASH  NAME" per line, as `saksi plugin hash` prints it. */
static enum saksi_err read_manifest(struct trust *t, struct buf *b,
    struct saksi_error *err)
{
	char *save = NULL;
	char *text;
	enum saksi_err rc = SAKSI_OK;

	(void)buf_cstr(b);
	text = (char *)b->p;
	for (char *line = strtok_r(text, "\n", &save); line != NULL && rc == SAKSI_OK;
	     line = strtok_r(NULL, "\n", &save)) {
		struct saksi_hash hash;

		if (strlen(line) < 67 || strncmp(line + 64, "  ", 2) != 0)
			continue;
		line[64] = '\0';
		if (hex_decode(hash.b, sizeof(hash.b), line))
			rc = add_entry(t, line + 66, "", &hash, true, 0, err);
	}
	return rc;
}

static enum saksi_err load_shipped(struct trust *t, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	char *path = cli_place(SAKSI_REL_EXPORTERS ".trust");
	enum saksi_err rc;

	if (path == NULL)
		return saksi_fail_nomem(err);
	rc = fs_read_file(&b, path, MANIFEST_MAX, err);
	if (rc == SAKSI_OK && b.len > 0)
		rc = read_manifest(t, &b, err);
	/* Without the list no exporter is trusted, and the export says so. */
	if (rc == SAKSI_ENOTFOUND)
		rc = SAKSI_OK;
	free(path);
	buf_free(&b);
	return rc;
}

static enum saksi_err load_local(struct trust *t, const json_t *doc,
    struct saksi_error *err)
{
	size_t i;
	const json_t *e;
	enum saksi_err rc = SAKSI_OK;

	/* From a repair that could not read what was distrusted. */
	t->none_shipped = json_is_true(json_object_get(doc, "none_shipped"));
	for (i = 0; i < t->n; i++)
		t->list[i].distrusted = t->none_shipped;
	json_array_foreach (json_object_get(doc, "trusted"), i, e) {
		const char *hex = view_text(e, "hash");
		struct saksi_hash hash;

		if (rc != SAKSI_OK || !hex_decode(hash.b, sizeof(hash.b), hex))
			break;
		rc = add_entry(t, view_text(e, "name"), view_text(e, "path"), &hash,
		    false, json_integer_value(json_object_get(e, "at")), err);
	}
	json_array_foreach (json_object_get(doc, "distrusted"), i, e) {
		for (size_t k = 0; k < t->n && json_is_string(e); k++)
			if (t->list[k].shipped &&
			    strcmp(t->list[k].name, json_string_value(e)) == 0)
				t->list[k].distrusted = true;
	}
	return rc;
}

enum saksi_err trust_load(struct cli *c, struct trust *out)
{
	struct buf b = BUF_INIT;
	struct mp_reader r;
	json_t *doc = NULL;
	enum saksi_err rc = load_shipped(out, &c->err);

	if (rc == SAKSI_OK)
		rc = saksi_local_get(c->txn, LOCAL_TRUST, &b, &c->err);
	if (rc == SAKSI_ENOTFOUND) {
		buf_free(&b);
		return SAKSI_OK;
	}
	if (rc == SAKSI_OK) {
		mp_read_init(&r, b.p, b.len);
		rc = mpjson_read(&doc, &r, &c->err);
	}
	if (rc == SAKSI_OK)
		rc = load_local(out, doc, &c->err);
	json_decref(doc);
	buf_free(&b);
	if (rc != SAKSI_OK)
		trust_free(out);
	return rc;
}

static json_t *trust_json(const struct trust *t)
{
	json_t *trusted = json_array();
	json_t *distrusted = json_array();
	json_t *doc = json_object();
	bool any_shipped = false;
	char hex[65];

	for (size_t i = 0; i < t->n; i++) {
		const struct trust_entry *e = &t->list[i];
		json_t *o;

		any_shipped |= e->shipped;
		if (e->shipped && e->distrusted)
			arr_add(&distrusted, json_string(e->name));
		if (e->shipped)
			continue;
		o = json_object();
		hex_encode(hex, e->hash.b, sizeof(e->hash.b));
		obj_text(&o, "name", e->name);
		obj_text(&o, "path", e->path);
		obj_text(&o, "hash", hex);
		obj_set(&o, "at", json_integer(e->at_us));
		arr_add(&trusted, o);
	}
	obj_set(&doc, "trusted", trusted);
	obj_set(&doc, "distrusted", distrusted);
	/* Now they stand there by name; unless none is known just now. */
	if (t->none_shipped && !any_shipped)
		obj_set(&doc, "none_shipped", json_true());
	return doc;
}

enum saksi_err trust_save(struct cli *c, const struct trust *t)
{
	struct buf b = BUF_INIT;
	json_t *doc = trust_json(t);
	enum saksi_err rc;

	if (doc == NULL)
		return saksi_fail_nomem(&c->err);
	mpjson_write(&b, doc);
	json_decref(doc);
	rc = buf_ok(&b, &c->err);
	if (rc == SAKSI_OK)
		rc = saksi_local_put(c->txn, LOCAL_TRUST, b.p, b.len, &c->err);
	if (rc == SAKSI_OK)
		rc = cli_commit(c);
	buf_free(&b);
	return rc;
}

const struct trust_entry *trust_find(const struct trust *t, const struct saksi_hash *hash)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->list[i].distrusted && hash_cmp(&t->list[i].hash, hash) == 0)
			return &t->list[i];
	return NULL;
}

/* The same file at another place: there it is looked for from now on. */
static enum saksi_err move_entry(struct trust_entry *e, const char *path,
    struct saksi_error *err)
{
	char *copy = strdup(path);

	if (copy == NULL)
		return saksi_fail_nomem(err);
	free(e->path);
	e->path = copy;
	return SAKSI_OK;
}

enum saksi_err trust_add(struct trust *t, const char *name, const char *path,
    const struct saksi_hash *hash, struct saksi_error *err)
{
	for (size_t i = 0; i < t->n; i++)
		if (hash_cmp(&t->list[i].hash, hash) == 0) {
			t->list[i].distrusted = false;
			return t->list[i].shipped ? SAKSI_OK
						  : move_entry(&t->list[i], path, err);
		}
	return add_entry(t, name, path, hash, false, clock_now_us(), err);
}

bool trust_remove(struct trust *t, const char *name)
{
	bool any = false;
	size_t i = 0;

	while (i < t->n) {
		struct trust_entry *e = &t->list[i];

		if (strcmp(e->name, name) != 0) {
			i++;
		} else if (e->shipped) {
			any = any || !e->distrusted;
			e->distrusted = true;
			i++;
		} else {
			any = true;
			free(e->name);
			free(e->path);
			memmove(e, e + 1, (t->n - i - 1) * sizeof(*e));
			t->n--;
		}
	}
	return any;
}

void trust_free(struct trust *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].name);
		free(t->list[i].path);
	}
	free(t->list);
	memset(t, 0, sizeof(*t));
}

enum saksi_err trust_hash(struct saksi_hash *out, const char *path, int *memfd,
    struct saksi_error *err)
{
	struct buf bytes = BUF_INIT;
	char *absolute = realpath(path, NULL);
	int fd = -1;
	enum saksi_err rc;

	if (absolute == NULL)
		return saksi_fail_sys(err, "%s: cannot be opened", path);
	rc = host_plugin_open(&fd, &bytes, absolute, err);
	if (rc == SAKSI_OK)
		crypto_hash_of(out, "exporter", bytes.p, bytes.len);
	if (rc == SAKSI_OK && memfd != NULL)
		*memfd = fd;
	else if (fd >= 0)
		(void)close(fd);
	buf_free(&bytes);
	free(absolute);
	return rc;
}

bool trust_name(char *out, size_t size, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t n;

	base = base != NULL ? base + 1 : path;
	n = strlen(base);
	if (n > 3 && strcmp(base + n - 3, ".so") == 0)
		n -= 3;
	if (n == 0 || n >= size)
		return false;
	memcpy(out, base, n);
	out[n] = '\0';
	return true;
}
