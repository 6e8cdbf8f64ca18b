/* kv_salvage.c - open a data file to salvage from, and remember what was found. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv_salvage.h"

#define READ_TRIES 4u

/* A failing disk may read at the second try what it did not at the first. */
static ssize_t read_some(const struct kv_salvage *s, uint8_t *p, size_t n, uint64_t at)
{
	ssize_t k = -1;

	for (unsigned tries = 0; k < 0 && tries < READ_TRIES; tries++)
		k = pread(s->kv->fd, p, n, (off_t)at);
	return k;
}

void salvage_read(const struct kv_salvage *s, uint8_t *p, size_t n, uint64_t at)
{
	size_t done = 0;

	while (done < n && at + done < s->size) {
		ssize_t k = read_some(s, p + done, n - done, at + done);
		size_t skip = s->page - (size_t)((at + done) % s->page);

		if (k > 0) {
			done += (size_t)k;
			continue;
		}
		/* A block that the disk can't read: go on behind its page. */
		if (skip > n - done)
			skip = n - done;
		memset(p + done, 0, skip);
		done += skip;
	}
	memset(p + done, 0, n - done);
}

enum saksi_err salvage_bytes(struct kv_salvage *s, const struct salvaged *v,
    struct saksi_error *err)
{
	uint8_t *p;

	s->bytes.len = 0;
	if ((p = buf_reserve(&s->bytes, v->len)) == NULL)
		return saksi_fail_nomem(err);
	salvage_read(s, p, v->len, v->at);
	s->bytes.len = v->len;
	return SAKSI_OK;
}

/* ---- opening ---------------------------------------------------------------------- */

/* The size of pages, as either head has it; else what this computer's are. */
static uint32_t page_size(const struct kv_salvage *s)
{
	uint8_t raw[META_BYTES];
	struct page_fault fault;
	struct meta_page m;
	uint32_t size;

	salvage_read(s, raw, sizeof(raw), 0);
	if (meta_parse(&m, raw, 0, &fault))
		return m.size;
	for (size = PAGE_SIZE_MIN; size <= PAGE_SIZE_MAX; size *= 2) {
		salvage_read(s, raw, sizeof(raw), size);
		if (meta_parse(&m, raw, 1, &fault) && m.size == size)
			return size;
	}
	size = (uint32_t)sysconf(_SC_PAGESIZE);
	return size >= PAGE_SIZE_MIN && size <= PAGE_SIZE_MAX ? size : PAGE_SIZE_MIN;
}

static enum saksi_err open_file(struct kv_salvage *s, const char *dir,
    struct saksi_error *err)
{
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (dirfd < 0)
		return saksi_fail_sys(err, "%s: can't be opened", dir);
	s->kv->fd =
	    openat(dirfd, KV_DATA_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	(void)close(dirfd);
	if (s->kv->fd < 0)
		return saksi_fail_sys(err, KV_FILE_NAME ": it can't be opened");
	if (fstat(s->kv->fd, &st) != 0)
		return saksi_fail_sys(err, KV_FILE_NAME ": it can't be measured");
	if (!S_ISREG(st.st_mode))
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME ": it is no plain file");
	s->size = (uint64_t)st.st_size;
	s->page = PAGE_SIZE_MIN;
	s->page = page_size(s);
	s->pages = (s->size + s->page - 1) / s->page;
	return SAKSI_OK;
}

static enum saksi_err make_maps(struct kv_salvage *s, struct saksi_error *err)
{
	size_t bytes = (size_t)(s->pages / 8) + 1;

	s->done = calloc(bytes, 1);
	s->doubt = calloc(bytes, 1);
	s->reached = calloc(bytes, 1);
	if (s->done == NULL || s->doubt == NULL || s->reached == NULL)
		return saksi_fail_nomem(err);
	return SAKSI_OK;
}

/* What the file's format is, its values tell: they open under no other. */
static enum saksi_err find_values(struct kv_salvage *s,
    void (*progress)(void *ctx, size_t done, size_t total), void *ctx,
    struct saksi_error *err)
{
	struct salvage_cursor last;
	enum saksi_err rc = SAKSI_OK;
	bool found = false;

	for (uint32_t f = KV_FORMAT; f >= KV_FORMAT_OLDEST && rc == SAKSI_OK && !found;
	     f--) {
		s->kv->format = f;
		salvage_list_free(&s->list);
		salvage_list_init(&s->list, s->reached, s->page);
		rc = salvage_pages(s, progress, ctx, err);
		salvage_before(&last, &s->list, KV_DBS, 0);
		found = last.there && last.now.db != KV_DB_META;
	}
	return rc;
}

enum saksi_err kv_salvage_open(struct kv_salvage **out, const char *dir,
    const uint8_t vault_id[VAULT_ID], const struct secret *vault_key,
    void (*progress)(void *ctx, size_t done, size_t total), void *ctx,
    struct saksi_error *err)
{
	struct kv_salvage *s = calloc(1, sizeof(*s));
	enum saksi_err rc;

	*out = NULL;
	if (s == NULL || (s->kv = calloc(1, sizeof(*s->kv))) == NULL) {
		free(s);
		return saksi_fail_nomem(err);
	}
	s->kv->fd = -1;
	memcpy(s->kv->vault_id, vault_id, VAULT_ID);
	if ((rc = kv_keys_make(s->kv, vault_key, err)) != SAKSI_OK ||
	    (rc = kv_zstd_new(&s->kv->zstd, err)) != SAKSI_OK ||
	    (rc = open_file(s, dir, err)) != SAKSI_OK ||
	    (rc = make_maps(s, err)) != SAKSI_OK ||
	    (rc = salvage_reach(s, err)) != SAKSI_OK ||
	    (rc = find_values(s, progress, ctx, err)) != SAKSI_OK ||
	    (rc = salvage_meta(s, err)) != SAKSI_OK) {
		kv_salvage_close(&s);
		return rc;
	}
	*out = s;
	return SAKSI_OK;
}

uint64_t kv_salvage_skipped(const struct kv_salvage *s)
{
	return s->skipped;
}

void kv_salvage_close(struct kv_salvage **ps)
{
	struct kv_salvage *s = *ps;

	if (s == NULL)
		return;
	*ps = NULL;
	if (s->kv->fd >= 0)
		(void)close(s->kv->fd);
	kv_keys_drop(s->kv);
	kv_zstd_free(&s->kv->zstd);
	buf_free(&s->kv->sealed);
	buf_free(&s->kv->older);
	buf_free(&s->kv->plain);
	wipe(s->kv, sizeof(*s->kv));
	free(s->kv);
	buf_free(&s->bytes);
	free(s->done);
	free(s->doubt);
	free(s->reached);
	salvage_list_free(&s->list);
	wipe(s, sizeof(*s));
	free(s);
}
