/* remotes.c - LOCAL_REMOTES: encode, decode, ask. */
#include "remotes.h"

#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

/* ---- memory ---------------------------------------------------------------------- */

void remote_dir_free(struct remote_dir *d)
{
	free(d->name);
	free(d->objects);
	free(d->ranges);
	memset(d, 0, sizeof(*d));
}

void remotes_free(struct remotes *r)
{
	for (size_t i = 0; i < r->n_peers; i++)
		free(r->peers[i].heads);
	for (size_t i = 0; i < r->n_dirs; i++)
		remote_dir_free(&r->dirs[i]);
	free(r->peers);
	free(r->dirs);
	memset(r, 0, sizeof(*r));
}

static void *room(void *list, size_t n, size_t *cap, size_t size, struct saksi_error *err)
{
	void *p = list_room(list, n, cap, size);

	if (p == NULL)
		(void)saksi_fail_nomem(err);
	return p;
}

const struct remote_peer *remotes_peer(const struct remotes *r,
    const struct saksi_hash *device)
{
	for (size_t i = 0; i < r->n_peers; i++)
		if (hash_cmp(&r->peers[i].device, device) == 0)
			return &r->peers[i];
	return NULL;
}

static void drop_oldest_dir(struct remotes *r)
{
	size_t oldest = 0;

	for (size_t i = 1; i < r->n_dirs; i++)
		if (r->dirs[i].time_us < r->dirs[oldest].time_us)
			oldest = i;
	remote_dir_free(&r->dirs[oldest]);
	r->dirs[oldest] = r->dirs[--r->n_dirs];
}

enum saksi_err remotes_dir(struct remotes *r, const char *name, struct remote_dir **out,
    struct saksi_error *err)
{
	struct remote_dir *list;

	*out = NULL;
	for (size_t i = 0; i < r->n_dirs; i++)
		if (strcmp(r->dirs[i].name, name) == 0) {
			*out = &r->dirs[i];
			return SAKSI_OK;
		}
	if (strlen(name) > REMOTE_NAME_MAX)
		return saksi_fail(err, SAKSI_ELIMIT,
		    "directory: its path is longer than %u bytes", REMOTE_NAME_MAX);
	if (r->n_dirs == REMOTE_DIRS_MAX)
		drop_oldest_dir(r);
	list = list_room(r->dirs, r->n_dirs, &r->cap_dirs, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	r->dirs = list;
	memset(&list[r->n_dirs], 0, sizeof(*list));
	list[r->n_dirs].name = strdup(name);
	if (list[r->n_dirs].name == NULL)
		return saksi_fail_nomem(err);
	*out = &list[r->n_dirs++];
	return SAKSI_OK;
}

void remote_dir_forget(struct remote_dir *d)
{
	d->n_objects = d->n_ranges = 0;
}

const struct remote_object *remote_dir_find(const struct remote_dir *d,
    const uint8_t name[OBJECT_NAME])
{
	for (size_t i = 0; i < d->n_objects; i++)
		if (memcmp(d->objects[i].name, name, OBJECT_NAME) == 0)
			return &d->objects[i];
	return NULL;
}

enum saksi_err remote_dir_object(struct remote_dir *d, const struct remote_object *o,
    struct saksi_error *err)
{
	struct remote_object *list;

	for (size_t i = 0; i < d->n_objects; i++)
		if (memcmp(d->objects[i].name, o->name, OBJECT_NAME) == 0) {
			d->objects[i] = *o;
			return SAKSI_OK;
		}
	if (d->n_objects == REMOTE_OBJECTS_MAX) { /* the oldest will be read again */
		memmove(d->objects, d->objects + 1,
		    (d->n_objects - 1) * sizeof(*d->objects));
		d->n_objects--;
	}
	list = room(d->objects, d->n_objects, &d->cap_objects, sizeof(*list), err);
	if (list == NULL)
		return SAKSI_ENOMEM;
	d->objects = list;
	d->objects[d->n_objects++] = *o;
	return SAKSI_OK;
}

/* ---- ranges of arrival numbers ----------------------------------------------------- */

/* First range that ends after ${n}. */
static size_t range_at(const struct remote_dir *d, uint64_t n)
{
	size_t lo = 0, hi = d->n_ranges;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (d->ranges[mid].first + d->ranges[mid].count > n)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

bool remote_dir_has(const struct remote_dir *d, uint64_t n)
{
	size_t at = range_at(d, n);

	return at < d->n_ranges && d->ranges[at].first <= n;
}

enum saksi_err remote_dir_add(struct remote_dir *d, uint64_t n, struct saksi_error *err)
{
	size_t at = range_at(d, n);
	struct remote_range *list;
	bool after, before;

	if (at < d->n_ranges && d->ranges[at].first <= n)
		return SAKSI_OK;
	after = at > 0 && d->ranges[at - 1].first + d->ranges[at - 1].count == n;
	before = at < d->n_ranges && d->ranges[at].first == n + 1;
	if (after) {
		d->ranges[at - 1].count++;
		if (before) {
			d->ranges[at - 1].count += d->ranges[at].count;
			memmove(&d->ranges[at], &d->ranges[at + 1],
			    (d->n_ranges - at - 1) * sizeof(*d->ranges));
			d->n_ranges--;
		}
		return SAKSI_OK;
	}
	if (before) {
		d->ranges[at].first--;
		d->ranges[at].count++;
		return SAKSI_OK;
	}
	/* Too scattered to remember: it is then written once more than needed. */
	if (d->n_ranges == REMOTE_RANGES_MAX)
		return SAKSI_OK;
	list = room(d->ranges, d->n_ranges, &d->cap_ranges, sizeof(*list), err);
	if (list == NULL)
		return SAKSI_ENOMEM;
	d->ranges = list;
	memmove(&list[at + 1], &list[at], (d->n_ranges - at) * sizeof(*list));
	list[at] = (struct remote_range){n, 1};
	d->n_ranges++;
	return SAKSI_OK;
}

/* ---- writing ----------------------------------------------------------------------- */

static void write_peer(struct buf *b, const struct remote_peer *p)
{
	mp_array(b, 3);
	mp_bin(b, p->device.b, sizeof(p->device.b));
	mp_int(b, p->time_us);
	mp_array(b, (uint32_t)p->n);
	for (size_t i = 0; i < p->n; i++)
		mp_bin(b, p->heads[i].b, sizeof(p->heads[i].b));
}

static void write_dir(struct buf *b, const struct remote_dir *d)
{
	mp_array(b, 4);
	mp_bin(b, d->name, strlen(d->name));
	mp_int(b, d->time_us);
	mp_array(b, (uint32_t)d->n_objects);
	for (size_t i = 0; i < d->n_objects; i++) {
		mp_array(b, 2);
		mp_bin(b, d->objects[i].name, OBJECT_NAME);
		mp_bin(b, d->objects[i].print, OBJECT_NAME);
	}
	mp_array(b, (uint32_t)d->n_ranges);
	for (size_t i = 0; i < d->n_ranges; i++) {
		mp_array(b, 2);
		mp_uint(b, d->ranges[i].first);
		mp_uint(b, d->ranges[i].count);
	}
}

enum saksi_err remotes_put(struct saksi_txn *t, const struct remotes *r,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	mp_array(&b, 4);
	mp_uint(&b, 1);
	mp_uint(&b, r->counter);
	mp_array(&b, (uint32_t)r->n_peers);
	for (size_t i = 0; i < r->n_peers; i++)
		write_peer(&b, &r->peers[i]);
	mp_array(&b, (uint32_t)r->n_dirs);
	for (size_t i = 0; i < r->n_dirs; i++)
		write_dir(&b, &r->dirs[i]);
	rc = local_write(t, LOCAL_REMOTES, &b, err);
	buf_free(&b);
	return rc;
}

/* ---- reading ----------------------------------------------------------------------- */

static enum saksi_err read_peer(struct mp_reader *r, struct remote_peer *p,
    struct saksi_error *err)
{
	uint32_t n;

	mp_expect_array(r, 3);
	mp_read_fixed(r, p->device.b, sizeof(p->device.b));
	p->time_us = mp_read_int(r);
	n = mp_read_array(r);
	if (n > REMOTE_HEADS_MAX)
		mp_fail(r, "too many heads");
	if (r->failed || n == 0)
		return SAKSI_OK;
	p->heads = calloc(n, sizeof(*p->heads));
	if (p->heads == NULL)
		return saksi_fail_nomem(err);
	for (; p->n < n && !r->failed; p->n++)
		mp_read_fixed(r, p->heads[p->n].b, sizeof(p->heads[p->n].b));
	return SAKSI_OK;
}

static enum saksi_err read_dir(struct mp_reader *r, struct remote_dir *d,
    struct saksi_error *err)
{
	const uint8_t *name = NULL;
	size_t len;
	uint32_t n;
	enum saksi_err rc = SAKSI_OK;

	mp_expect_array(r, 4);
	len = mp_read_bin(r, &name);
	if (len > REMOTE_NAME_MAX)
		mp_fail(r, "name too long");
	if (r->failed)
		return SAKSI_OK;
	d->name = calloc(1, len + 1);
	if (d->name == NULL)
		return saksi_fail_nomem(err);
	memcpy(d->name, name, len);
	d->time_us = mp_read_int(r);
	n = mp_read_array(r);
	for (uint32_t i = 0; i < n && !r->failed && rc == SAKSI_OK; i++) {
		struct remote_object o = {{0}, {0}};

		mp_expect_array(r, 2);
		mp_read_fixed(r, o.name, OBJECT_NAME);
		mp_read_fixed(r, o.print, OBJECT_NAME);
		rc = remote_dir_object(d, &o, err);
	}
	n = mp_read_array(r);
	for (uint32_t i = 0; i < n && !r->failed && rc == SAKSI_OK; i++) {
		struct remote_range *list =
		    room(d->ranges, d->n_ranges, &d->cap_ranges, sizeof(*list), err);

		if (list == NULL)
			return SAKSI_ENOMEM;
		d->ranges = list;
		mp_expect_array(r, 2);
		list[d->n_ranges].first = mp_read_uint(r);
		list[d->n_ranges++].count = mp_read_uint(r);
	}
	return rc;
}

static enum saksi_err read_all(struct mp_reader *r, struct remotes *out,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	uint32_t n;

	out->counter = mp_read_uint(r);
	n = mp_read_array(r);
	if (n > REMOTE_PEERS_MAX)
		mp_fail(r, "too many peers");
	out->peers = r->failed ? NULL : calloc(n + 1u, sizeof(*out->peers));
	if (!r->failed && out->peers == NULL)
		return saksi_fail_nomem(err);
	out->cap_peers = r->failed ? 0 : n + 1u;
	while (out->n_peers < n && !r->failed && rc == SAKSI_OK)
		rc = read_peer(r, &out->peers[out->n_peers++], err);
	n = mp_read_array(r);
	if (n > REMOTE_DIRS_MAX)
		mp_fail(r, "too many directories");
	out->dirs = r->failed ? NULL : calloc(n + 1u, sizeof(*out->dirs));
	if (!r->failed && out->dirs == NULL)
		return saksi_fail_nomem(err);
	out->cap_dirs = r->failed ? 0 : n + 1u;
	while (out->n_dirs < n && !r->failed && rc == SAKSI_OK)
		rc = read_dir(r, &out->dirs[out->n_dirs++], err);
	return rc == SAKSI_OK ? mp_done(r, "what remotes hold", err) : rc;
}

enum saksi_err remotes_get(struct remotes *r, struct saksi_txn *t, struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	struct mp_reader reader;
	enum saksi_err rc;

	memset(r, 0, sizeof(*r));
	rc = local_read(&b, t, LOCAL_REMOTES, &reader, 4, "what remotes hold", err);
	if (rc == SAKSI_OK)
		rc = read_all(&reader, r, err);
	else if (rc == SAKSI_ENOTFOUND)
		rc = SAKSI_OK;
	buf_free(&b);
	if (rc != SAKSI_OK)
		remotes_free(r);
	return rc;
}
