/*
 * keep.h - a list in memory that goes on in a sealed file without a name.
 *
 * Few items stay in memory; more go, sealed with a key that only this process has,
 * to a file beside the vault that has no name and ends with the process.
 */
#ifndef SAKSI_STORE_KEEP_H
#define SAKSI_STORE_KEEP_H

#include <saksi/base/buf.h>
#include <saksi/base/secret.h>

struct keep_page;
struct keep {
	const char *name; /* what it is, for messages; a constant */
	int dirfd;
	size_t room; /* bytes that may stay in memory */
	bool stay;   /* what can't be written stays in memory, too */
	struct buf open;
	struct keep_page *pages;
	size_t n, cap;
	size_t n_items;
	struct secret *key;
	int fd;
	uint64_t end;
};
void keep_init(struct keep *k, const char *name, int dirfd, size_t room);
void keep_free(struct keep *k);
SAKSI_MUST_CHECK enum saksi_err keep_add(struct keep *k, const struct buf *item,
    struct saksi_error *err);
/** keep_each(k, fn, ctx, err): In the order in which they came; then there are none. */
typedef enum saksi_err keep_fn(void *ctx, const uint8_t *p, size_t n,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err keep_each(struct keep *k, keep_fn *fn, void *ctx,
    struct saksi_error *err);

/** keep_cut(k, pages, err): What is added next begins page number ${*pages}. */
SAKSI_MUST_CHECK enum saksi_err keep_cut(struct keep *k, size_t *pages,
    struct saksi_error *err);
/** keep_page(k, i, out, err): All of a page: items, each after its length (4). */
SAKSI_MUST_CHECK enum saksi_err keep_page(struct keep *k, size_t i, struct buf *out,
    struct saksi_error *err);

#endif
