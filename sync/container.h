/*
 * container.h - what a bundle file and a directory object are made of:
 * PROTOCOL.md section 5.  Frames and items; what the items say is items.h.
 */
#ifndef SAKSI_SYNC_CONTAINER_H
#define SAKSI_SYNC_CONTAINER_H

#include <saksi/sync/team.h>

#define BOX_HEAD 80u	   /* nonce, finder, stream header */
#define BOX_FINDER_END 56u /* what tells the epoch */
#define BOX_FRAME 4096u	   /* sealed */
#define BOX_FRAME_PLAIN (BOX_FRAME - CRYPTO_STREAM_OVERHEAD)
#define BOX_FRAME_DATA (BOX_FRAME_PLAIN - 2u)
#define BOX_ITEM_MAX 262400u

enum box_item { ITEM_MANIFEST = 1, ITEM_FRONTIER = 2, ITEM_CHANGESET = 3, ITEM_END = 4 };

/* What a container is bound to, beside its key. */
struct box_place {
	struct saksi_hash space;
	uint8_t coll[16];
};

/* ---- writing ---------------------------------------------------------------- */
typedef enum saksi_err box_sink_fn(void *ctx, const void *p, size_t n,
    struct saksi_error *err);
struct box_writer;
/** box_writer_new: Writes the first 80 bytes. */
SAKSI_MUST_CHECK enum saksi_err box_writer_new(struct box_writer **out, box_sink_fn *sink,
    void *ctx, const struct secret *epoch_key, const struct box_place *place,
    struct saksi_error *err);
/** box_writer_head: The 80 bytes, for the manifest. */
const uint8_t *box_writer_head(const struct box_writer *w);
SAKSI_MUST_CHECK enum saksi_err box_writer_item(struct box_writer *w, enum box_item type,
    const void *p, size_t n, struct saksi_error *err);
/** box_writer_size: Item bytes so far. */
uint64_t box_writer_size(const struct box_writer *w);
/** box_writer_end: The rest, the padding, the final frame. */
SAKSI_MUST_CHECK enum saksi_err box_writer_end(struct box_writer *w,
    struct saksi_error *err);
void box_writer_free(struct box_writer **w);

/* ---- reading ------------------------------------------------------------------ */
struct box_reader;
/**
 * box_reader_new(out, fd, epochs, n, place, err):
 * Reads the first 80 bytes.  SAKSI_EAUTH: sealed under none of the epochs;
 * SAKSI_EPARTIAL: shorter.
 */
SAKSI_MUST_CHECK enum saksi_err box_reader_new(struct box_reader **out, int fd,
    const struct team_epoch *epochs, size_t n, const struct box_place *place,
    struct saksi_error *err);
const uint8_t *box_reader_head(const struct box_reader *r);
const struct saksi_hash *box_reader_epoch(const struct box_reader *r);
/**
 * box_reader_item(r, type, payload, err):
 * The next item, valid until the next call.  SAKSI_ENOTFOUND: no more, and
 * the final frame has passed.  SAKSI_EPARTIAL: cut off.  SAKSI_EAUTH: altered.
 */
SAKSI_MUST_CHECK enum saksi_err box_reader_item(struct box_reader *r, unsigned *type,
    const uint8_t **p, size_t *n, struct saksi_error *err);
/** box_reader_frames: Open all frames to the end, looking at nothing (structure only). */
SAKSI_MUST_CHECK enum saksi_err box_reader_frames(struct box_reader *r,
    struct saksi_error *err);
/** box_reader_trailing: After the final frame: are there more bytes? */
SAKSI_MUST_CHECK enum saksi_err box_reader_trailing(struct box_reader *r, bool *more,
    struct saksi_error *err);
void box_reader_free(struct box_reader **r);

#endif
