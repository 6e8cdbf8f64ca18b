/* outgoing.c - write one container: manifest, frontier, changesets, end. */
#include <string.h>

#include <saksi/base/fsio.h>

#include "carry.h"

void place_of(struct box_place *place, const struct saksi_team *t)
{
	place->space = t->local.space;
	memcpy(place->coll, t->coll, sizeof(place->coll));
}

static enum saksi_err put_item(struct outgoing *o, enum box_item type,
    struct saksi_error *err)
{
	enum saksi_err rc = buf_ok(&o->item, err);

	if (rc == SAKSI_OK && (type == ITEM_FRONTIER || type == ITEM_CHANGESET))
		running_add(&o->running, type, o->item.p, o->item.len);
	if (rc == SAKSI_OK)
		rc = box_writer_item(o->box, type, o->item.p, o->item.len, err);
	buf_reset(&o->item);
	return rc;
}

static enum saksi_err put_manifest(struct outgoing *o, struct saksi_txn *txn,
    enum carrier carrier, uint64_t counter, struct saksi_error *err)
{
	struct manifest *m = &o->manifest;
	const uint8_t *head = box_writer_head(o->box);
	int64_t now = clock_now_us();
	enum saksi_err rc;

	m->carrier = carrier;
	m->space = o->team->local.space;
	memcpy(m->coll, o->team->coll, sizeof(m->coll));
	m->epoch = o->team->epochs[0].id;
	m->sealer = o->team->self.id;
	m->counter = counter;
	m->made_us = now > 0 ? now : 0;
	memcpy(m->nonce, head, sizeof(m->nonce));
	memcpy(m->header, head + BOX_FINDER_END, sizeof(m->header));
	rc = saksi_log_count(txn, &m->height, err);
	if (rc != SAKSI_OK)
		return rc;
	manifest_write(&o->item, m, o->team->self.sign_sk);
	return put_item(o, ITEM_MANIFEST, err);
}

enum saksi_err outgoing_begin(struct outgoing *o, struct saksi_team *t,
    struct saksi_txn *txn, enum carrier carrier, uint64_t counter, box_sink_fn *sink,
    void *ctx, struct saksi_error *err)
{
	struct box_place place;
	struct frontier f = {.n = 0};
	enum saksi_err rc;

	memset(o, 0, sizeof(*o));
	o->team = t;
	if (!t->can_seal)
		return saksi_fail(err, SAKSI_EREFUSED,
		    "team: this device lacks the key that everyone holds; join again with a fresh "
		    "vault");
	place_of(&place, t);
	crypto_hash_init(&o->running, "content");
	rc = box_writer_new(&o->box, sink, ctx, t->epochs[0].key, &place, err);
	if (rc == SAKSI_OK)
		rc = put_manifest(o, txn, carrier, counter, err);
	if (rc == SAKSI_OK)
		rc = frontier_of(&f, txn, err);
	if (rc == SAKSI_OK) {
		frontier_write(&o->item, &f);
		rc = put_item(o, ITEM_FRONTIER, err);
	}
	frontier_free(&f);
	return rc;
}

enum saksi_err outgoing_change(struct outgoing *o, const struct changeset *cs,
    struct saksi_error *err)
{
	enum saksi_err rc = change_write(&o->item, cs->bytes.p, cs->bytes.len, err);

	if (rc == SAKSI_OK)
		rc = put_item(o, ITEM_CHANGESET, err);
	o->end.count += rc == SAKSI_OK;
	return rc;
}

enum saksi_err outgoing_end(struct outgoing *o, struct saksi_error *err)
{
	enum saksi_err rc;

	crypto_hash_final(&o->running, &o->end.running);
	end_write(&o->item, &o->end, &o->manifest, o->team->self.sign_sk);
	rc = put_item(o, ITEM_END, err);
	return rc == SAKSI_OK ? box_writer_end(o->box, err) : rc;
}

void outgoing_free(struct outgoing *o)
{
	box_writer_free(&o->box);
	buf_free(&o->item);
}

/* ---- order -------------------------------------------------------------------------- */

struct data_only {
	carry_want_fn *want;
	saksi_log_fn *fn;
	void *ctx;
};

static enum saksi_err each_data(void *ctx, const struct log_entry *e,
    struct saksi_error *err)
{
	struct data_only *d = ctx;

	if (e->cs->kind == CS_MEMBERSHIP || !d->want(d->ctx, e))
		return SAKSI_OK;
	return d->fn(d->ctx, e, err);
}

enum saksi_err outgoing_each(struct saksi_team *t, struct saksi_txn *txn,
    carry_want_fn *want, saksi_log_fn *fn, void *ctx, struct saksi_error *err)
{
	struct data_only d = {want, fn, ctx};
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < membership_count(t->members) && rc == SAKSI_OK; i++) {
		struct log_entry e = {0};

		rc = saksi_log_get(txn, membership_id(t->members, i), &e, err);
		if (rc == SAKSI_OK && want(ctx, &e))
			rc = fn(ctx, &e, err);
		log_entry_free(&e);
	}
	return rc == SAKSI_OK ? saksi_log_each(txn, 0, each_data, &d, err) : rc;
}
