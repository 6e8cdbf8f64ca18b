/* container.c - write and read containers: header, frames, item stream. */
#include "container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ITEM_HEAD 5u /* u8 type, u32 length */

/* nonce || space || collection, as both keys of a container see it */
static size_t place_text(uint8_t out[72], const uint8_t nonce[CRYPTO_NONCE],
    const struct box_place *place)
{
	memcpy(out, nonce, CRYPTO_NONCE);
	memcpy(out + CRYPTO_NONCE, place->space.b, 32);
	memcpy(out + CRYPTO_NONCE + 32, place->coll, 16);
	return CRYPTO_NONCE + 32 + 16;
}

/* The object's own key exists only as long as it takes to start the stream. */
static enum saksi_err start_stream(struct crypto_stream **out, uint8_t *header, bool push,
    const struct secret *epoch_key, const uint8_t *nonce, const struct box_place *place,
    struct saksi_error *err)
{
	struct secret *key = NULL;
	uint8_t text[72];
	size_t n = place_text(text, nonce, place);
	enum saksi_err rc = secret_new(&key, CRYPTO_KEY, err);

	if (rc != SAKSI_OK)
		return rc;
	crypto_prf(secret_bytes(key), CRYPTO_KEY, secret_view(epoch_key), "object-key",
	    text, n);
	rc = push ? crypto_stream_push_new(out, header, secret_view(key), err)
		  : crypto_stream_pull_new(out, header, secret_view(key), err);
	secret_free(&key);
	return rc;
}

static void finder_of(uint8_t out[32], const struct secret *epoch_key,
    const uint8_t *nonce, const struct box_place *place)
{
	uint8_t text[72];
	size_t n = place_text(text, nonce, place);

	crypto_prf(out, 32, secret_view(epoch_key), "object-find", text, n);
}

/* ---- writing ------------------------------------------------------------------ */

struct box_writer {
	box_sink_fn *sink;
	void *ctx;
	struct crypto_stream *stream;
	uint8_t head[BOX_HEAD];
	uint8_t plain[BOX_FRAME_PLAIN]; /* the frame being filled; data from byte 2 */
	uint8_t sealed[BOX_FRAME];
	size_t used;
	uint64_t frames; /* written */
	uint64_t size;	 /* item bytes */
};

enum saksi_err box_writer_new(struct box_writer **out, box_sink_fn *sink, void *ctx,
    const struct secret *epoch_key, const struct box_place *place,
    struct saksi_error *err)
{
	struct box_writer *w = calloc(1, sizeof(*w));
	enum saksi_err rc;

	*out = NULL;
	if (w == NULL)
		return saksi_fail_nomem(err);
	w->sink = sink;
	w->ctx = ctx;
	crypto_random(w->head, CRYPTO_NONCE);
	finder_of(w->head + CRYPTO_NONCE, epoch_key, w->head, place);
	rc = start_stream(&w->stream, w->head + BOX_FINDER_END, true, epoch_key, w->head,
	    place, err);
	if (rc == SAKSI_OK)
		rc = sink(ctx, w->head, sizeof(w->head), err);
	if (rc != SAKSI_OK)
		box_writer_free(&w);
	*out = w;
	return rc;
}

const uint8_t *box_writer_head(const struct box_writer *w)
{
	return w->head;
}

uint64_t box_writer_size(const struct box_writer *w)
{
	return w->size;
}

static enum saksi_err put_frame(struct box_writer *w, bool final, struct saksi_error *err)
{
	enum saksi_err rc;

	le16_put(w->plain, (uint16_t)w->used);
	memset(w->plain + 2 + w->used, 0, BOX_FRAME_DATA - w->used);
	rc = crypto_stream_push(w->stream, w->sealed, w->plain, sizeof(w->plain), NULL, 0,
	    final, err);
	w->used = 0;
	w->frames++;
	return rc == SAKSI_OK ? w->sink(w->ctx, w->sealed, sizeof(w->sealed), err) : rc;
}

/* A full frame is written only when more follows: the last one is final. */
static enum saksi_err put_bytes(struct box_writer *w, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	enum saksi_err rc;

	w->size += n;
	while (n > 0) {
		size_t now = BOX_FRAME_DATA - w->used;

		if (now == 0) {
			rc = put_frame(w, false, err);
			if (rc != SAKSI_OK)
				return rc;
			continue;
		}
		if (now > n)
			now = n;
		memcpy(w->plain + 2 + w->used, p, now);
		w->used += now;
		p += now;
		n -= now;
	}
	return SAKSI_OK;
}

enum saksi_err box_writer_item(struct box_writer *w, enum box_item type, const void *p,
    size_t n, struct saksi_error *err)
{
	uint8_t head[ITEM_HEAD];
	enum saksi_err rc;

	if (n > BOX_ITEM_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "bundle: an item is too long");
	head[0] = (uint8_t)type;
	le32_put(head + 1, (uint32_t)n);
	rc = put_bytes(w, head, sizeof(head), err);
	return rc == SAKSI_OK ? put_bytes(w, p, n, err) : rc;
}

enum saksi_err box_writer_end(struct box_writer *w, struct saksi_error *err)
{
	uint64_t want = padme_len(w->frames + 1);
	enum saksi_err rc = SAKSI_OK;

	while (rc == SAKSI_OK && w->frames < want)
		rc = put_frame(w, w->frames + 1 == want, err);
	return rc;
}

void box_writer_free(struct box_writer **w)
{
	if (w == NULL || *w == NULL)
		return;
	crypto_stream_free(&(*w)->stream);
	wipe(*w, sizeof(**w));
	free(*w);
	*w = NULL;
}

/* ---- reading ------------------------------------------------------------------ */

struct box_reader {
	int fd;
	struct crypto_stream *stream;
	struct saksi_hash epoch;
	uint8_t head[BOX_HEAD];
	uint8_t plain[BOX_FRAME_PLAIN];
	uint8_t sealed[BOX_FRAME];
	struct buf items; /* not yet handed out, from ${at} on */
	size_t at;
	bool short_seen; /* a frame was not full: content has ended */
	bool over;	 /* the final frame has passed */
};

/* As many bytes as there are, up to ${n}. */
static enum saksi_err read_some(int fd, uint8_t *p, size_t n, size_t *got,
    struct saksi_error *err)
{
	*got = 0;
	while (*got < n) {
		ssize_t k = read(fd, p + *got, n - *got);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return saksi_fail_sys(err, "bundle: cannot be read");
		if (k == 0)
			break;
		*got += (size_t)k;
	}
	return SAKSI_OK;
}

static enum saksi_err cut_off(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EPARTIAL,
	    "bundle: cut off; copy it again and read it again, what is here already stays");
}

static enum saksi_err altered(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EAUTH,
	    "bundle: altered or damaged; copy it again and read it again");
}

enum saksi_err box_reader_new(struct box_reader **out, int fd,
    const struct team_epoch *epochs, size_t n, const struct box_place *place,
    struct saksi_error *err)
{
	struct box_reader *r = calloc(1, sizeof(*r));
	const struct secret *key = NULL;
	size_t got = 0;
	enum saksi_err rc;

	*out = NULL;
	if (r == NULL)
		return saksi_fail_nomem(err);
	r->fd = fd;
	rc = read_some(fd, r->head, BOX_FINDER_END, &got, err);
	if (rc == SAKSI_OK && got < BOX_FINDER_END)
		rc = saksi_fail(err, SAKSI_EPARTIAL,
		    "bundle: shorter than any; cut off, or not a bundle");
	for (size_t i = 0; i < n && rc == SAKSI_OK && key == NULL; i++) {
		uint8_t finder[32];

		finder_of(finder, epochs[i].key, r->head, place);
		if (crypto_equal(finder, r->head + CRYPTO_NONCE, sizeof(finder))) {
			key = epochs[i].key;
			r->epoch = epochs[i].id;
		}
	}
	if (rc == SAKSI_OK && key == NULL)
		rc = saksi_fail(err, SAKSI_EAUTH,
		    "bundle: not for this team, or not a bundle, or its beginning was altered");
	if (rc == SAKSI_OK)
		rc = read_some(fd, r->head + BOX_FINDER_END, CRYPTO_STREAM_HEADER, &got,
		    err);
	if (rc == SAKSI_OK && got < CRYPTO_STREAM_HEADER)
		rc = cut_off(err);
	if (rc == SAKSI_OK)
		rc = start_stream(&r->stream, r->head + BOX_FINDER_END, false, key,
		    r->head, place, err);
	if (rc != SAKSI_OK)
		box_reader_free(&r);
	*out = r;
	return rc;
}

const uint8_t *box_reader_head(const struct box_reader *r)
{
	return r->head;
}

const struct saksi_hash *box_reader_epoch(const struct box_reader *r)
{
	return &r->epoch;
}

/* Open one frame into r->plain; *used is how much of it is content. */
static enum saksi_err next_frame(struct box_reader *r, size_t *used,
    struct saksi_error *err)
{
	size_t got;
	int final = 0;
	enum saksi_err rc = read_some(r->fd, r->sealed, sizeof(r->sealed), &got, err);

	if (rc != SAKSI_OK)
		return rc;
	if (got < sizeof(r->sealed))
		return cut_off(err);
	if (crypto_stream_pull(r->stream, r->plain, r->sealed, sizeof(r->sealed), NULL, 0,
		&final, NULL) != SAKSI_OK)
		return altered(err);
	*used = le16_get(r->plain);
	if (*used > BOX_FRAME_DATA || (r->short_seen && *used > 0))
		return altered(err);
	for (size_t i = *used; i < BOX_FRAME_DATA; i++)
		if (r->plain[2 + i] != 0)
			return altered(err);
	r->short_seen = r->short_seen || *used < BOX_FRAME_DATA;
	r->over = final != 0;
	return SAKSI_OK;
}

/* At least ${n} bytes of the item stream at r->items.p + r->at. */
static enum saksi_err need(struct box_reader *r, size_t n, bool *ended,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	*ended = false;
	while (rc == SAKSI_OK && r->items.len - r->at < n) {
		size_t used = 0;

		if (r->over) {
			*ended = true;
			return SAKSI_OK;
		}
		rc = next_frame(r, &used, err);
		if (rc == SAKSI_OK) {
			buf_add(&r->items, r->plain + 2, used);
			rc = buf_ok(&r->items, err);
		}
	}
	return rc;
}

/* Forget what was handed out, so that memory holds one item and one frame. */
static void compact(struct box_reader *r)
{
	size_t left = r->items.len - r->at;

	if (r->at == 0)
		return;
	memmove(r->items.p, r->items.p + r->at, left);
	wipe(r->items.p + left, r->items.len - left);
	r->items.len = left;
	r->at = 0;
}

enum saksi_err box_reader_item(struct box_reader *r, unsigned *type, const uint8_t **p,
    size_t *n, struct saksi_error *err)
{
	uint32_t len;
	bool ended;
	enum saksi_err rc;

	if (r->at > BOX_FRAME)
		compact(r);
	rc = need(r, ITEM_HEAD, &ended, err);
	if (rc != SAKSI_OK)
		return rc;
	if (ended)
		return r->items.len == r->at
		    ? saksi_fail(err, SAKSI_ENOTFOUND, "bundle: no more items")
		    : altered(err);
	*type = r->items.p[r->at];
	len = le32_get(r->items.p + r->at + 1);
	if (len > BOX_ITEM_MAX)
		return altered(err);
	rc = need(r, ITEM_HEAD + (size_t)len, &ended, err);
	if (rc != SAKSI_OK)
		return rc;
	if (ended)
		return altered(err);
	*p = r->items.p + r->at + ITEM_HEAD;
	*n = len;
	r->at += ITEM_HEAD + (size_t)len;
	return SAKSI_OK;
}

enum saksi_err box_reader_frames(struct box_reader *r, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	size_t used;

	while (rc == SAKSI_OK && !r->over)
		rc = next_frame(r, &used, err);
	return rc;
}

enum saksi_err box_reader_trailing(struct box_reader *r, bool *more,
    struct saksi_error *err)
{
	uint8_t c;
	size_t got = 0;
	enum saksi_err rc = read_some(r->fd, &c, 1, &got, err);

	*more = got > 0;
	return rc;
}

void box_reader_free(struct box_reader **r)
{
	if (r == NULL || *r == NULL)
		return;
	crypto_stream_free(&(*r)->stream);
	buf_free(&(*r)->items);
	wipe(*r, sizeof(**r));
	free(*r);
	*r = NULL;
}
