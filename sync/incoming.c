/* incoming.c - read one container through the gate: PROTOCOL.md 5.2. */
#include <string.h>

#include <saksi/base/fsio.h>

#include "carry.h"

static enum saksi_err altered(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EAUTH,
	    "bundle: its content is not what its sealer signed; do not use it, ask for another");
}

/* A form that no honest sealer writes is an altered one, whatever the parser calls it. */
static enum saksi_err judged(enum saksi_err rc, struct saksi_error *err)
{
	return rc == SAKSI_EFORMAT ? altered(err) : rc;
}

static enum saksi_err check_manifest(const struct incoming *in,
    const struct box_reader *box, struct saksi_error *err)
{
	const struct manifest *m = &in->manifest;
	const uint8_t *head = box_reader_head(box);
	const struct team_device *d;

	if (m->carrier != (unsigned)in->carrier)
		return saksi_fail(err, SAKSI_EAUTH,
		    m->carrier == CARRIER_BUNDLE
			? "object: this is a bundle; read it with `bundle read`"
			: "bundle: this is an object of a shared directory; use `sync` with its "
			  "directory");
	if (hash_cmp(&m->space, &in->team->local.space) != 0 ||
	    memcmp(m->coll, in->team->coll, sizeof(m->coll)) != 0 ||
	    hash_cmp(&m->epoch, box_reader_epoch(box)) != 0 ||
	    memcmp(m->nonce, head, sizeof(m->nonce)) != 0 ||
	    memcmp(m->header, head + BOX_FINDER_END, sizeof(m->header)) != 0)
		return altered(err);
	d = membership_device(in->team->members, &m->sealer);
	if (d != NULL && !manifest_signed_by(m, d->sign_pk))
		return altered(err);
	return SAKSI_OK;
}

static enum saksi_err next_item(struct box_reader *box, unsigned want, const uint8_t **p,
    size_t *n, struct saksi_error *err)
{
	unsigned type = 0;
	enum saksi_err rc = box_reader_item(box, &type, p, n, err);

	if (rc == SAKSI_ENOTFOUND || (rc == SAKSI_OK && type != want))
		return altered(err);
	return rc;
}

static enum saksi_err open_box(struct box_reader **box, struct incoming *in, int fd,
    struct saksi_error *err)
{
	struct box_place place;
	const uint8_t *p;
	size_t n;
	enum saksi_err rc;

	place_of(&place, in->team);
	rc = box_reader_new(box, fd, in->team->epochs, in->team->n_epochs, &place, err);
	in->ours = rc == SAKSI_OK;
	if (rc == SAKSI_OK)
		rc = next_item(*box, ITEM_MANIFEST, &p, &n, err);
	if (rc == SAKSI_OK)
		rc = judged(manifest_read(&in->manifest, p, n, err), err);
	if (rc == SAKSI_OK)
		rc = check_manifest(in, *box, err);
	return rc;
}

enum saksi_err incoming_peek(struct incoming *in, int fd, struct saksi_error *err)
{
	struct box_reader *box = NULL;
	enum saksi_err rc = open_box(&box, in, fd, err);

	box_reader_free(&box);
	return rc;
}

enum saksi_err incoming_frames(struct incoming *in, int fd, struct saksi_error *err)
{
	struct box_reader *box = NULL;
	bool more = false;
	enum saksi_err rc = open_box(&box, in, fd, err);

	if (rc == SAKSI_OK)
		rc = box_reader_frames(box, err);
	if (rc == SAKSI_OK)
		rc = box_reader_trailing(box, &more, err);
	if (rc == SAKSI_OK && more)
		rc = saksi_fail(err, SAKSI_EFORMAT,
		    "bundle: more bytes follow its end; it was altered, so nothing of it was read");
	box_reader_free(&box);
	return rc;
}

/* ---- content ------------------------------------------------------------------------ */

static enum saksi_err take_change(struct incoming *in, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct buf bytes = BUF_INIT;
	enum saksi_err rc = judged(change_read(&bytes, p, n, err), err);

	if (rc == SAKSI_OK)
		rc = gate_put(in->gate, bytes.p, bytes.len, err);
	buf_free(&bytes);
	in->count++;
	if (in->opt != NULL && in->opt->progress != NULL && in->count % 64 == 0)
		in->opt->progress(in->opt->ctx, "reading", in->count, 0);
	return rc;
}

static enum saksi_err check_end(struct incoming *in, struct crypto_hash_state *running,
    const uint8_t *p, size_t n, struct saksi_error *err)
{
	struct content_end end;
	struct saksi_hash h;
	const struct team_device *d;
	enum saksi_err rc = judged(end_read(&end, p, n, err), err);

	crypto_hash_final(running, &h);
	if (rc != SAKSI_OK)
		return rc;
	if (end.count != in->count || hash_cmp(&end.running, &h) != 0)
		return altered(err);
	/* Who sealed it may have been made known by the membership inside. */
	rc = gate_flush(in->gate, err);
	if (rc != SAKSI_OK)
		return rc;
	d = membership_device(in->team->members, &in->manifest.sealer);
	if (d == NULL) {
		tally_warn(in->tally, "sealed by a device that is not known here yet");
		return SAKSI_OK;
	}
	if (!manifest_signed_by(&in->manifest, d->sign_pk) ||
	    !end_signed_by(&end, &in->manifest, d->sign_pk))
		return altered(err);
	in->proven = true;
	return SAKSI_OK;
}

static enum saksi_err read_content(struct incoming *in, struct box_reader *box,
    struct crypto_hash_state *running, struct saksi_error *err)
{
	const uint8_t *p;
	size_t n;
	unsigned type = 0;
	enum saksi_err rc = next_item(box, ITEM_FRONTIER, &p, &n, err);

	if (rc == SAKSI_OK)
		rc = judged(frontier_read(&in->frontier, p, n, err), err);
	if (rc == SAKSI_OK)
		running_add(running, ITEM_FRONTIER, p, n);
	while (rc == SAKSI_OK && type != ITEM_END) {
		rc = box_reader_item(box, &type, &p, &n, err);
		if (rc == SAKSI_ENOTFOUND)
			return altered(err);
		if (rc != SAKSI_OK)
			return rc;
		if (type == ITEM_CHANGESET) {
			running_add(running, type, p, n);
			rc = take_change(in, p, n, err);
		} else if (type == ITEM_END) {
			rc = check_end(in, running, p, n, err);
		} else if (type == ITEM_MANIFEST || type == ITEM_FRONTIER) {
			rc = altered(err);
		} else {
			rc = saksi_fail(err, SAKSI_ENEWER,
			    "bundle: holds something that only a newer saksi knows; update this "
			    "one");
		}
	}
	return rc;
}

/* After the end: only padding, up to the final frame. */
static enum saksi_err read_padding(struct incoming *in, struct box_reader *box,
    struct saksi_error *err)
{
	const uint8_t *p;
	size_t n;
	unsigned type = 0;
	struct saksi_error e;
	enum saksi_err rc = box_reader_item(box, &type, &p, &n, &e);

	if (rc == SAKSI_ENOTFOUND)
		return SAKSI_OK;
	in->proven = false;
	return rc == SAKSI_OK ? altered(err) : saksi_fail(err, rc, "%s", e.msg);
}

enum saksi_err incoming_read(struct incoming *in, int fd, struct saksi_error *err)
{
	struct crypto_hash_state running;
	struct box_reader *box = NULL;
	struct saksi_error late;
	enum saksi_err rc, ended;

	in->proven = in->settled = false;
	in->count = 0;
	frontier_free(&in->frontier);
	crypto_hash_init(&running, "content");
	rc = open_box(&box, in, fd, err);
	if (rc == SAKSI_OK) {
		gate_begin(in->gate, &in->manifest.sealer);
		rc = read_content(in, box, &running, err);
		if (rc == SAKSI_OK)
			rc = read_padding(in, box, err);
		/* What came before a fault was verified by itself: it stays. */
		ended = gate_end(in->gate, in->proven, &in->settled, &late);
		if (ended != SAKSI_OK && rc == SAKSI_OK)
			rc = saksi_fail(err, ended, "%s", late.msg);
	}
	in->settled = in->settled && rc == SAKSI_OK;
	box_reader_free(&box);
	wipe(&running, sizeof(running));
	return rc;
}

void incoming_free(struct incoming *in)
{
	frontier_free(&in->frontier);
}
