/* epoch.c - which keys seal what travels: PROTOCOL.md 2.3. */
#include <stdlib.h>
#include <string.h>

#include "team_impl.h"

static int by_device(const void *a, const void *b)
{
	const struct key_box *x = a, *y = b;

	return hash_cmp(&x->device, &y->device);
}

enum saksi_err epoch_op_new(struct op_key *op, const struct secret *key,
    const struct saksi_hash *prev, const struct team_device *devices, size_t n,
    struct saksi_error *err)
{
	struct buf box = BUF_INIT;
	enum saksi_err rc = SAKSI_OK;
	size_t places = (n + KEY_BOXES_STEP - 1) / KEY_BOXES_STEP * KEY_BOXES_STEP;

	memset(op, 0, sizeof(*op));
	if (n == 0 || places > KEY_BOXES_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "epoch: for 1 to %u devices",
		    KEY_BOXES_MAX);
	op->has_prev = prev != NULL;
	if (prev != NULL)
		op->prev = *prev;
	key_commit_of(op->commit, secret_view(key), prev);
	op->boxes = calloc(places, sizeof(*op->boxes));
	if (op->boxes == NULL)
		return saksi_fail_nomem(err);
	op->n_boxes = (uint32_t)places;
	for (size_t i = 0; i < places && rc == SAKSI_OK; i++) {
		struct key_box *b = &op->boxes[i];

		if (i >= n) { /* nobody's: hides how many there are */
			crypto_random(b->device.b, sizeof(b->device.b));
			crypto_random(b->box, sizeof(b->box));
			continue;
		}
		b->device = devices[i].id;
		buf_reset(&box);
		rc = crypto_sealed_box(&box, devices[i].seal_pk, secret_view(key),
		    CRYPTO_KEY, err);
		if (rc == SAKSI_OK && box.len != sizeof(b->box))
			rc = saksi_fail(err, SAKSI_EINVAL, "epoch: box of another size");
		if (rc == SAKSI_OK)
			memcpy(b->box, box.p, sizeof(b->box));
	}
	buf_free(&box);
	if (rc == SAKSI_OK) {
		qsort(op->boxes, places, sizeof(*op->boxes), by_device);
	} else {
		free(op->boxes);
		op->boxes = NULL;
	}
	return rc;
}

/* ---- learning ------------------------------------------------------------------- */

static const struct key_box *box_for(const struct op_key *k,
    const struct saksi_hash *device)
{
	for (uint32_t i = 0; i < k->n_boxes; i++)
		if (hash_cmp(&k->boxes[i].device, device) == 0)
			return &k->boxes[i];
	return NULL;
}

static void note_bad_key(struct saksi_team *t, const struct saksi_hash *author)
{
	for (size_t i = 0; i < t->n_bad_keys; i++)
		if (hash_cmp(&t->bad_key[i], author) == 0)
			return;
	if (t->n_bad_keys < sizeof(t->bad_key) / sizeof(t->bad_key[0]))
		t->bad_key[t->n_bad_keys++] = *author;
}

static enum saksi_err open_box(struct saksi_team *t, const struct epoch_op *e,
    const struct key_box *box, struct saksi_error *err)
{
	struct buf key = BUF_INIT;
	uint8_t commit[32];
	enum saksi_err rc;

	rc = crypto_sealed_box_open(&key, t->self.keys.seal_pk, t->self.seal_sk, box->box,
	    sizeof(box->box), err);
	if (rc == SAKSI_OK && key.len == CRYPTO_KEY) {
		key_commit_of(commit, key.p, e->key.has_prev ? &e->key.prev : NULL);
		if (!crypto_equal(commit, e->key.commit, sizeof(commit)))
			rc = SAKSI_EAUTH;
	}
	if (rc == SAKSI_OK) {
		rc = local_epochs_add(&t->keys, &e->id, key.p, err);
		t->keys_dirty = rc == SAKSI_OK;
	} else if (rc == SAKSI_EAUTH) {
		/* A key that was issued wrongly is not ours to stumble over. */
		note_bad_key(t, &e->author);
		rc = SAKSI_OK;
	}
	buf_free(&key);
	return rc;
}

enum saksi_err epochs_learn(struct saksi_team *t, struct saksi_error *err)
{
	size_t n;
	const struct epoch_op *list = membership_epochs(t->members, &n);
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++) {
		const struct key_box *box;

		if (local_epochs_find(&t->keys, &list[i].id) != NULL)
			continue;
		box = box_for(&list[i].key, &t->self.id);
		if (box != NULL && t->keys.n < EPOCHS_KEPT_MAX)
			rc = open_box(t, &list[i], box, err);
	}
	return rc;
}

/* ---- choosing ------------------------------------------------------------------- */

static bool for_everyone(const struct saksi_team *t, const struct epoch_op *e)
{
	size_t n;
	const struct team_device *d = membership_devices(t->members, &n);

	for (size_t i = 0; i < n; i++)
		if (!membership_epoch_open(t->members, e, &d[i].id))
			return false;
	return true;
}

static const struct epoch_op *op_of(const struct saksi_team *t,
    const struct saksi_hash *id)
{
	size_t n;
	const struct epoch_op *list = membership_epochs(t->members, &n);

	for (size_t i = 0; i < n; i++)
		if (hash_cmp(&list[i].id, id) == 0)
			return &list[i];
	return NULL;
}

/* Later by causality, else by id: a choice that all devices make alike. */
static bool preferred(const struct saksi_team *t, const struct epoch_op *a,
    const struct epoch_op *b)
{
	if (b == NULL || membership_before(t->members, b->node, a->node))
		return true;
	if (membership_before(t->members, a->node, b->node))
		return false;
	return hash_cmp(&a->id, &b->id) > 0;
}

enum saksi_err epochs_choose(struct saksi_team *t, struct saksi_error *err)
{
	const struct epoch_op *best = NULL;
	size_t at = t->keys.n;
	struct team_epoch *list = calloc(t->keys.n + 1, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	free(t->epochs);
	t->epochs = list;
	t->n_epochs = t->keys.n;
	for (size_t i = 0; i < t->keys.n; i++) {
		const struct epoch_op *e = op_of(t, &t->keys.list[i].id);

		if (e != NULL && for_everyone(t, e) && preferred(t, e, best)) {
			best = e;
			at = i;
		}
	}
	/* None that everyone can open: the newest, which most can. */
	if (best == NULL && t->keys.n > 0)
		at = t->keys.n - 1;
	for (size_t i = 0, out = 1; i < t->keys.n; i++)
		list[i == at ? 0 : out++] = (struct team_epoch){t->keys.list[i].id,
		    t->keys.list[i].key, (uint32_t)(i + 1)};
	return SAKSI_OK;
}
