/*
 * kv_salvage.h - what the parts of salvaging share.
 *
 *   kv_salvage.c       opening, reading       kv_salvage_list.c  what was found
 *   kv_salvage_page.c  what pages hold        kv_salvage_pick.c  what of it is current
 */
#ifndef SAKSI_STORE_KV_SALVAGE_H
#define SAKSI_STORE_KV_SALVAGE_H

#include <saksi/base/bits.h>
#include <saksi/kv/salvage.h>

#include "kv_int.h"
#include "kv_salvage_list.h"

struct kv_salvage {
	struct kv *kv; /* keys and scratch buffers only */
	uint64_t size; /* of the file */
	uint32_t page;
	uint64_t pages;
	uint8_t *done;	  /* bitmap: pages of values that were found */
	uint8_t *doubt;	  /* bitmap: pages that could not be read as what they are */
	uint8_t *reached; /* bitmap */
	struct salvage_list list; /* one entry for each value, however many pages hold it */
	struct buf bytes;
	/* Sealed bytes that were opened in vain in a look at long values, and how many
	 * places were left alone when that had become too much. */
	uint64_t in_vain, skipped;
	bool has_meta, sure;
	struct kv_meta meta;
	struct {
		uint64_t key;
		uint32_t version;
		bool valid;
		uint32_t entry[CHUNK_ENTRIES];
	} chunk;
};

#define SALVAGE_VAIN_LEAST (UINT64_C(1) << 30)
#define SALVAGE_VAIN_TIMES 64u /* the size of the file */

/** salvage_read(s, p, n, at): Bytes that can't be read, or lie past the end, are 0. */
void salvage_read(const struct kv_salvage *s, uint8_t *p, size_t n, uint64_t at);
/** salvage_bytes(s, v, err): Its sealed bytes, in s->bytes. */
SAKSI_MUST_CHECK enum saksi_err salvage_bytes(struct kv_salvage *s,
    const struct salvaged *v, struct saksi_error *err);

/* kv_salvage_page.c */
SAKSI_MUST_CHECK enum saksi_err salvage_pages(struct kv_salvage *s,
    void (*progress)(void *ctx, size_t done, size_t total), void *ctx,
    struct saksi_error *err);
/** salvage_reach(s, err): Mark what the newest head leads to. */
SAKSI_MUST_CHECK enum saksi_err salvage_reach(struct kv_salvage *s,
    struct saksi_error *err);

/* kv_salvage_pick.c */
/** salvage_meta(s, err): Choose the meta record to go by. */
SAKSI_MUST_CHECK enum saksi_err salvage_meta(struct kv_salvage *s,
    struct saksi_error *err);

#endif
