/* log.c - reading logs, heads and causality. */
#include <stdlib.h>
#include <string.h>

#include <saksi/store/log.h>

#include "entry.h"
#include "vault_impl.h"

void log_entry_free(struct log_entry *e)
{
	changeset_free(&e->cs);
}

enum saksi_err saksi_log_has(struct saksi_txn *t, const struct saksi_hash *id, bool *has,
    struct saksi_error *err)
{
	struct cat_entry e;

	return catalog_entry(t, id, &e, has, err);
}

static void entry_from_stored(struct log_entry *out, struct stored_entry *s)
{
	out->n = s->n;
	out->branch = s->branch;
	out->received_us = s->received_us;
	out->sealer = s->sealer;
	out->cs = s->cs;
	s->cs = NULL;
	stored_entry_free(s);
}

enum saksi_err log_load(struct saksi_txn *t, uint64_t n, struct stored_entry *out,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	memset(out, 0, sizeof(*out));
	if ((rc = kv_get(t->kv, KV_LOG, n, &b, err)) == SAKSI_OK)
		rc = stored_entry_read(out, n, b.p, b.len, err);
	buf_free(&b);
	return rc;
}

enum saksi_err saksi_log_get_n(struct saksi_txn *t, uint64_t n, struct log_entry *out,
    struct saksi_error *err)
{
	struct stored_entry s;
	enum saksi_err rc;

	memset(out, 0, sizeof(*out));
	if ((rc = log_load(t, n, &s, err)) == SAKSI_OK)
		entry_from_stored(out, &s);
	return rc;
}

enum saksi_err saksi_log_get(struct saksi_txn *t, const struct saksi_hash *id,
    struct log_entry *out, struct saksi_error *err)
{
	struct cat_entry e;
	char name[17];
	bool found;
	enum saksi_err rc;

	memset(out, 0, sizeof(*out));
	if ((rc = catalog_entry(t, id, &e, &found, err)) != SAKSI_OK)
		return rc;
	if (!found) {
		hash_short(name, id);
		return saksi_fail(err, SAKSI_ENOTFOUND, "changeset %s: not in this vault",
		    name);
	}
	return saksi_log_get_n(t, e.n, out, err);
}

enum saksi_err saksi_log_at(struct saksi_txn *t, uint32_t branch, uint64_t seq,
    struct saksi_hash *id, bool *there, struct saksi_error *err)
{
	struct cat_entry e;
	enum saksi_err rc = catalog_at(t, branch, seq, &e, there, err);

	if (rc == SAKSI_OK && *there)
		*id = e.id;
	return rc;
}

struct each {
	saksi_log_fn *fn;
	void *ctx;
};

static enum saksi_err each_entry(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct each *each = ctx;
	struct stored_entry s;
	struct log_entry e = {0};
	enum saksi_err rc;

	if ((rc = stored_entry_read(&s, n, p, len, err)) != SAKSI_OK)
		return rc;
	entry_from_stored(&e, &s);
	rc = each->fn(each->ctx, &e, err);
	log_entry_free(&e);
	return rc;
}

enum saksi_err saksi_log_each(struct saksi_txn *t, uint64_t from, saksi_log_fn *fn,
    void *ctx, struct saksi_error *err)
{
	struct each each = {fn, ctx};

	return kv_scan(t->kv, KV_LOG, from, each_entry, &each, err);
}

enum saksi_err saksi_log_count(struct saksi_txn *t, uint64_t *count,
    struct saksi_error *err)
{
	uint64_t first, next;

	(void)err;
	kv_range(t->kv, KV_LOG, &first, &next, count);
	return SAKSI_OK;
}

enum saksi_err saksi_log_heads(struct saksi_txn *t, struct log_head **list, size_t *n,
    struct saksi_error *err)
{
	struct catalog *c;
	enum saksi_err rc;

	*list = NULL;
	*n = 0;
	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	if (c->n_branches > 0 && (*list = calloc(c->n_branches, sizeof(**list))) == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < c->n_branches; i++) {
		const struct cat_branch *b = &c->branches[i];
		const struct cat_entry *head = &b->head;
		struct log_head *h = &(*list)[i];

		h->log = b->log;
		h->device = b->device;
		h->id = head->id;
		h->seq = head->seq;
		h->n = head->n;
		h->branch = (uint32_t)i;
		h->kind = b->kind;
		memcpy(h->coll, b->coll, sizeof(h->coll));
		h->forked = b->forked;
	}
	*n = c->n_branches;
	return SAKSI_OK;
}

enum saksi_err saksi_log_device(struct saksi_txn *t, uint32_t branch,
    struct saksi_hash *device, struct saksi_error *err)
{
	struct catalog *c;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	if (branch >= c->n_branches)
		return saksi_fail(err, SAKSI_ENOTFOUND, "log %u: there is none", branch);
	*device = c->branches[branch].device;
	return SAKSI_OK;
}

enum saksi_err saksi_log_device_of(struct saksi_txn *t, const struct saksi_hash *log,
    struct saksi_hash *device, struct saksi_error *err)
{
	struct catalog *c;
	char name[17];
	size_t i;
	enum saksi_err rc;

	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	if ((i = catalog_branch_of(c, log)) == SIZE_MAX) {
		hash_short(name, log);
		return saksi_fail(err, SAKSI_ENOTFOUND, "log %s: not in this vault", name);
	}
	*device = c->branches[i].device;
	return SAKSI_OK;
}

enum saksi_err saksi_log_missing(struct saksi_txn *t, const struct changeset *cs,
    struct saksi_hash ids[CHANGESET_CAUSES_MAX], uint32_t *n, struct saksi_error *err)
{
	const struct saksi_hash *causes[CHANGESET_CAUSES_MAX];
	size_t n_causes = changeset_causes(cs, causes);
	struct cat_entry e;
	bool found;
	enum saksi_err rc;

	*n = 0;
	for (size_t i = 0; i < n_causes; i++) {
		if ((rc = catalog_entry(t, causes[i], &e, &found, err)) != SAKSI_OK)
			return rc;
		if (!found)
			ids[(*n)++] = *causes[i];
	}
	return SAKSI_OK;
}

/* ---- covers ------------------------------------------------------------------ */

struct log_cover {
	struct vclock past;
};

enum saksi_err log_cover_new(struct log_cover **out, struct saksi_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? saksi_fail_nomem(err) : SAKSI_OK;
}

enum saksi_err log_cover_add(struct log_cover *cover, struct saksi_txn *t,
    const struct saksi_hash *id, struct saksi_error *err)
{
	struct cat_entry e;
	struct stored_entry s;
	bool found;
	enum saksi_err rc;

	if ((rc = catalog_entry(t, id, &e, &found, err)) != SAKSI_OK)
		return rc;
	if (!found)
		return saksi_fail(err, SAKSI_ENOTFOUND, "changeset: not merged here");
	if (vclock_has(&cover->past, e.branch, e.seq))
		return SAKSI_OK;
	if ((rc = log_load(t, e.n, &s, err)) != SAKSI_OK)
		return rc;
	rc = vclock_join(&cover->past, &s.past, err);
	stored_entry_free(&s);
	return rc;
}

bool log_cover_has(const struct log_cover *c, const struct log_entry *e)
{
	return vclock_has(&c->past, e->branch, e->cs->seq);
}

void log_cover_free(struct log_cover **c)
{
	if (c == NULL || *c == NULL)
		return;
	vclock_free(&(*c)->past);
	free(*c);
	*c = NULL;
}
