/* keep.c - a list in memory that goes on in a sealed file without a name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/list.h>

#include <saksi/keys/crypto.h>

#include "keep.h"

#define PAGE_BYTES (256u << 10) /* an item more than that goes in whole */

struct keep_page {
	struct buf here; /* or, if it is empty, */
	uint64_t at;	 /* sealed in the file */
	size_t len;
};

void keep_init(struct keep *k, const char *name, int dirfd, size_t room)
{
	memset(k, 0, sizeof(*k));
	k->name = name;
	k->dirfd = dirfd;
	k->room = room;
	k->fd = -1;
}

void keep_free(struct keep *k)
{
	for (size_t i = 0; i < k->n; i++)
		buf_free(&k->pages[i].here);
	free(k->pages);
	buf_free(&k->open);
	secret_free(&k->key);
	if (k->fd >= 0)
		(void)close(k->fd);
	keep_init(k, k->name, -1, 0);
}

/* Where no file can be made without a name, it loses it at once. */
static int open_unnamed(int dirfd)
{
	char path[40], hex[17];
	uint8_t random[8];
	int fd;

#ifdef O_TMPFILE
	if ((fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return -1;
#endif
	crypto_random(random, sizeof(random));
	hex_encode(hex, random, sizeof(random));
	(void)snprintf(path, sizeof(path), "kept-%s.tmp", hex);
	fd =
	    openat(dirfd, path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 && unlinkat(dirfd, path, 0) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static enum saksi_err open_file(struct keep *k, struct saksi_error *err)
{
	enum saksi_err rc;

	if (k->fd >= 0)
		return SAKSI_OK;
	if (k->key == NULL) {
		if ((rc = secret_new(&k->key, CRYPTO_KEY, err)) != SAKSI_OK)
			return rc;
		crypto_random(secret_bytes(k->key), CRYPTO_KEY);
	}
	if ((k->fd = open_unnamed(k->dirfd)) < 0)
		return saksi_fail_sys(err, "%s: no file can be made beside the vault",
		    k->name);
	return SAKSI_OK;
}

static void place(uint8_t ad[8], size_t page)
{
	le64_put(ad, page);
}

static enum saksi_err write_page(struct keep *k, struct keep_page *p,
    struct saksi_error *err)
{
	struct buf sealed = BUF_INIT;
	uint8_t ad[8];
	enum saksi_err rc;

	place(ad, k->n);
	if ((rc = open_file(k, err)) == SAKSI_OK &&
	    (rc = crypto_seal(&sealed, secret_view(k->key), ad, sizeof(ad), k->open.p,
		 k->open.len, err)) == SAKSI_OK &&
	    (rc = fs_pwrite_all(k->fd, sealed.p, sealed.len, k->end, k->name, err)) ==
		SAKSI_OK) {
		p->at = k->end;
		p->len = sealed.len;
		k->end += sealed.len;
		buf_reset(&k->open);
	}
	buf_free(&sealed);
	return rc;
}

static enum saksi_err close_page(struct keep *k, struct saksi_error *err)
{
	struct keep_page p = {.here = BUF_INIT};
	struct keep_page *list = list_room(k->pages, k->n, &k->cap, sizeof(*list));
	enum saksi_err rc;

	if (list == NULL)
		return saksi_fail_nomem(err);
	k->pages = list;
	if (k->open.cap <= k->room) {
		p.here = k->open;
		k->room -= k->open.cap;
		k->open = (struct buf)BUF_INIT;
	} else if ((rc = write_page(k, &p, k->stay ? NULL : err)) != SAKSI_OK) {
		if (!k->stay)
			return rc;
		p.here = k->open;
		k->open = (struct buf)BUF_INIT;
	}
	k->pages[k->n++] = p;
	return SAKSI_OK;
}

enum saksi_err keep_add(struct keep *k, const struct buf *item, struct saksi_error *err)
{
	enum saksi_err rc;

	if ((rc = buf_ok(item, err)) != SAKSI_OK)
		return rc;
	if (k->open.len > 0 && k->open.len + item->len + 4 > PAGE_BYTES &&
	    (rc = close_page(k, err)) != SAKSI_OK)
		return rc;
	buf_le32(&k->open, (uint32_t)item->len);
	buf_add(&k->open, item->p, item->len);
	k->n_items++;
	return buf_ok(&k->open, err);
}

static enum saksi_err each_in(const struct buf *page, keep_fn *fn, void *ctx,
    struct saksi_error *err)
{
	size_t at = 0;
	enum saksi_err rc = SAKSI_OK;

	while (rc == SAKSI_OK && at < page->len) {
		size_t n = le32_get(page->p + at);

		rc = fn(ctx, page->p + at + 4, n, err);
		at += 4 + n;
	}
	return rc;
}

static enum saksi_err read_page(struct keep *k, size_t i, struct buf *out,
    struct saksi_error *err)
{
	const struct keep_page *p = &k->pages[i];
	struct buf sealed = BUF_INIT;
	uint8_t *where = buf_reserve(&sealed, p->len);
	uint8_t ad[8];
	enum saksi_err rc;

	if (where == NULL)
		return saksi_fail_nomem(err);
	place(ad, i);
	rc = fs_pread_all(k->fd, where, p->len, p->at, k->name, err);
	sealed.len = p->len;
	if (rc == SAKSI_OK &&
	    (rc = crypto_open(out, secret_view(k->key), ad, sizeof(ad), sealed.p,
		 sealed.len, err)) == SAKSI_EAUTH)
		rc = saksi_fail(err, SAKSI_EDAMAGED,
		    "%s: came back altered; is the disk failing?", k->name);
	buf_free(&sealed);
	return rc;
}

enum saksi_err keep_each(struct keep *k, keep_fn *fn, void *ctx, struct saksi_error *err)
{
	struct buf back = BUF_INIT;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < k->n && rc == SAKSI_OK; i++) {
		struct keep_page *p = &k->pages[i];

		if (p->here.len > 0) {
			rc = each_in(&p->here, fn, ctx, err);
			buf_free(&p->here);
			continue;
		}
		buf_reset(&back);
		if ((rc = read_page(k, i, &back, err)) == SAKSI_OK)
			rc = each_in(&back, fn, ctx, err);
	}
	if (rc == SAKSI_OK)
		rc = each_in(&k->open, fn, ctx, err);
	buf_free(&back);
	return rc;
}

enum saksi_err keep_cut(struct keep *k, size_t *pages, struct saksi_error *err)
{
	enum saksi_err rc = k->open.len > 0 ? close_page(k, err) : SAKSI_OK;

	*pages = k->n;
	return rc;
}

enum saksi_err keep_page(struct keep *k, size_t i, struct buf *out,
    struct saksi_error *err)
{
	const struct buf *here = &k->pages[i].here;

	buf_reset(out);
	if (here->len == 0)
		return read_page(k, i, out, err);
	buf_add(out, here->p, here->len);
	return buf_ok(out, err);
}
