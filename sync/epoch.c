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

	while (t->epochs_looked < n && rc == SAKSI_OK) {
		const struct epoch_op *e = &list[t->epochs_looked];
		const struct key_box *box = box_for(&e->key, &t->self.id);

		if (box != NULL && t->keys.n < EPOCHS_KEPT_MAX &&
		    local_epochs_find(&t->keys, &e->id) == NULL)
			rc = open_box(t, e, box, err);
		t->epochs_looked += rc == SAKSI_OK;
	}
	return rc;
}

/* ---- choosing ------------------------------------------------------------------- */

bool epoch_for_all(const struct saksi_team *t, const struct saksi_hash *id)
{
	size_t n;
	const struct epoch_op *list = membership_epochs(t->members, &n);

	for (size_t i = 0; i < n; i++)
		if (hash_cmp(&list[i].id, id) == 0 &&
		    membership_epoch_for_all(t->members, &list[i]))
			return true;
	return false;
}

/*
 * Asked of the membership alone: what this device happens to hold, and when it
 * learned of it, has no say.  ${all}: which of the epochs everyone holds.
 */
static const struct epoch_op *choice(const struct saksi_team *t, const bool *all)
{
	size_t n;
	const struct epoch_op *list = membership_epochs(t->members, &n), *best = NULL;

	for (size_t i = 0; i < n; i++) {
		bool newest = all[i];

		for (size_t k = 0; k < n && newest; k++)
			newest = !all[k] ||
			    !membership_before(t->members, list[i].node, list[k].node);
		if (newest && (best == NULL || hash_cmp(&list[i].id, &best->id) > 0))
			best = &list[i];
	}
	return best;
}

static enum saksi_err choose(const struct saksi_team *t, const struct epoch_op **best,
    struct saksi_error *err)
{
	size_t n;
	const struct epoch_op *list = membership_epochs(t->members, &n);
	bool *all = calloc(n + 1, sizeof(*all));

	if (all == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		all[i] = membership_epoch_for_all(t->members, &list[i]);
	*best = choice(t, all);
	free(all);
	return SAKSI_OK;
}

enum saksi_err epochs_choose(struct saksi_team *t, struct saksi_error *err)
{
	const struct epoch_op *best = NULL;
	size_t at = 0, out = 1;
	struct team_epoch *list;
	enum saksi_err rc = choose(t, &best, err);

	if (rc != SAKSI_OK)
		return rc;
	list = calloc(t->keys.n + 1, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	free(t->epochs);
	t->epochs = list;
	t->n_epochs = t->keys.n;
	t->can_seal = false;
	for (size_t i = 0; i < t->keys.n && best != NULL && !t->can_seal; i++) {
		at = i;
		t->can_seal = hash_cmp(&t->keys.list[i].id, &best->id) == 0;
	}
	for (size_t i = 0; i < t->keys.n; i++)
		list[i == at ? 0 : out++] = (struct team_epoch){t->keys.list[i].id,
		    t->keys.list[i].key, (uint32_t)(i + 1)};
	return SAKSI_OK;
}
