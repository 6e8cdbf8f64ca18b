/* pack.c - a draft written to the log: its parts in as few changesets as the limits allow. */
#include <stdlib.h>

#include "draft_int.h"

struct packing {
	struct saksi_draft *d;
	struct buf bodies[CHANGESET_PARTS_MAX];
	struct part_bytes parts[CHANGESET_PARTS_MAX];
	size_t n, ops, bytes;
	struct saksi_hash *last;
};

static enum saksi_err flush(struct packing *k, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < k->n; i++)
		k->parts[i] = (struct part_bytes){k->bodies[i].p, k->bodies[i].len};
	if (k->n > 0)
		rc = saksi_log_append(k->d->t, CS_DATA, k->parts, k->n, k->last, err);
	for (size_t i = 0; i < k->n; i++)
		buf_free(&k->bodies[i]);
	k->n = k->ops = k->bytes = 0;
	return rc;
}

static enum saksi_err make_room(struct packing *k, size_t ops, size_t bytes,
    struct saksi_error *err)
{
	if (k->n < CHANGESET_PARTS_MAX && k->ops + ops <= CHANGESET_OPS_MAX &&
	    k->bytes + bytes <= BODY_MAX)
		return SAKSI_OK;
	return flush(k, err);
}

static enum saksi_err pack_slice(struct packing *k, const struct draft_part *p, size_t n,
    const uint8_t *ops, size_t len, struct saksi_error *err)
{
	struct buf *b;
	enum saksi_err rc;

	if ((rc = make_room(k, n, len + 64, err)) != SAKSI_OK)
		return rc;
	b = &k->bodies[k->n++];
	mp_array(b, 3);
	mp_uint(b, PART_RECORD);
	mp_bin(b, p->id.b, sizeof(p->id.b));
	mp_array(b, (uint32_t)n);
	buf_add(b, ops, len);
	k->ops += n;
	k->bytes += len + 64;
	return buf_ok(b, err);
}

/* A record with very many values takes several parts. */
static enum saksi_err pack_record(struct packing *k, const struct draft_part *p,
    struct saksi_error *err)
{
	size_t i = 0, at = 0;

	while (i < p->n_ops) {
		size_t n = 0, len = 0;
		enum saksi_err rc;

		while (i + n < p->n_ops && n < CHANGESET_OPS_MAX &&
		    len + p->ops[i + n].len <= BODY_MAX - 64)
			len += p->ops[i + n++].len;
		if ((rc = pack_slice(k, p, n, p->bytes.p + at, len, err)) != SAKSI_OK)
			return rc;
		i += n;
		at += len;
	}
	return SAKSI_OK;
}

static enum saksi_err pack_audit(struct packing *k, const struct draft_part *p,
    struct saksi_error *err)
{
	struct buf *b;
	enum saksi_err rc;

	if ((rc = make_room(k, 1, p->bytes.len, err)) != SAKSI_OK)
		return rc;
	b = &k->bodies[k->n++];
	buf_add(b, p->bytes.p, p->bytes.len);
	k->ops++;
	k->bytes += p->bytes.len;
	return buf_ok(b, err);
}

enum saksi_err saksi_draft_commit(struct saksi_draft *d, struct saksi_hash *last,
    struct saksi_error *err)
{
	struct packing *k = calloc(1, sizeof(*k));
	enum saksi_err rc = SAKSI_OK;

	if (k == NULL)
		return saksi_fail_nomem(err);
	k->d = d;
	k->last = last;
	for (size_t i = 0; i < d->n && rc == SAKSI_OK; i++)
		rc = d->parts[i].audit ? pack_audit(k, &d->parts[i], err)
				       : pack_record(k, &d->parts[i], err);
	if (rc == SAKSI_OK)
		rc = flush(k, err);
	for (size_t i = 0; i < k->n; i++)
		buf_free(&k->bodies[i]);
	free(k);
	return rc;
}
