/*
 * salvage.h - what is genuine in a data file, whatever has become of its pages.
 *
 * Every page of the file is looked at, LMDB's order aside: leaf pages by their
 * entries, long values in their pages, and where a page's own table is wrecked
 * each place where a sealed value can begin.  A value is genuine when its tag
 * fits a number and a version: which, is computed back from it where neither
 * an entry nor a version list says so (FORMAT.md section 12).  Older values of
 * a number lie in pages that LMDB freed; the newest meta record and the version
 * lists, where they open, tell which one is the current.
 *
 * The file is only read, by plain reads: no map, no lock, no LMDB.
 */
#ifndef SAKSI_KV_SALVAGE_H
#define SAKSI_KV_SALVAGE_H

#include <saksi/kv/kv.h>

struct kv_salvage;

enum kv_found_as {
	FOUND_CURRENT, /* a version list names it */
	FOUND_LIKELY,  /* its list is lost; it lies where the newest tree has it */
	FOUND_LOOSE,   /* its list is lost; it lies in a page out of use */
	FOUND_OLDER    /* a list names a later value, which is lost */
};
struct kv_found {
	uint64_t n;
	uint32_t version;
	enum kv_found_as as;
};
enum kv_expected {
	EXPECT_UNKNOWN, /* what would tell is lost */
	EXPECT_THERE,
	EXPECT_NOT
};
struct kv_salvage_state { /* of a table, as the newest meta record has it */
	bool known;
	uint64_t first, next, count;
};

/**
 * kv_salvage_open(out, dir, vault_id, vault_key, progress, ctx, err):
 * Look at the whole file.  Fails only for want of memory, or when there is no
 * such file or it can't be read at all.
 */
SAKSI_MUST_CHECK enum saksi_err kv_salvage_open(struct kv_salvage **out, const char *dir,
    const uint8_t vault_id[VAULT_ID], const struct secret *vault_key,
    void (*progress)(void *ctx, size_t done, size_t total), void *ctx,
    struct saksi_error *err);
void kv_salvage_close(struct kv_salvage **s);
/**
 * kv_salvage_skipped(s): How often a long value might have begun and was not looked
 * for, since too much had been tried in vain; 0: all was looked for.
 */
uint64_t kv_salvage_skipped(const struct kv_salvage *s);

/**
 * kv_salvage_newest(s, sure):
 * The transaction whose meta record was found and goes by; 0: none was.
 * ${*sure}: the file's two heads agree that it is the last.
 */
uint64_t kv_salvage_newest(const struct kv_salvage *s, bool *sure);
void kv_salvage_state(const struct kv_salvage *s, enum kv_table t,
    struct kv_salvage_state *out);
/** kv_salvage_expects: Whether the version lists say that number ${n} holds a value. */
SAKSI_MUST_CHECK enum saksi_err kv_salvage_expects(struct kv_salvage *s, enum kv_table t,
    uint64_t n, enum kv_expected *out, struct saksi_error *err);
/** kv_salvage_standing: How number ${n}, which should hold a value, stands. */
enum kv_standing {
	STANDS,		  /* and can be read where it is, or there should be none */
	STANDS_ELSEWHERE, /* only a copy in another page is whole */
	STANDS_NOT	  /* none is */
};
SAKSI_MUST_CHECK enum saksi_err kv_salvage_standing(struct kv_salvage *s, enum kv_table t,
    uint64_t n, enum kv_standing *out, struct saksi_error *err);
/**
 * kv_salvage_each(s, t, fn, ctx, err):
 * Each genuine value, by number, of one number the likeliest first.  Where the
 * current one is found for certain it alone; nothing of numbers that hold none.
 */
typedef enum saksi_err kv_salvage_fn(void *ctx, const struct kv_found *f,
    const uint8_t *p, size_t len, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_salvage_each(struct kv_salvage *s, enum kv_table t,
    kv_salvage_fn *fn, void *ctx, struct saksi_error *err);
/** kv_salvage_one: The same of one number. */
SAKSI_MUST_CHECK enum saksi_err kv_salvage_one(struct kv_salvage *s, enum kv_table t,
    uint64_t n, kv_salvage_fn *fn, void *ctx, struct saksi_error *err);

#endif
