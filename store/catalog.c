/* catalog.c - branches in memory, the rest in the index; in step with the vault. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "catalog.h"
#include "entry.h"
#include "vault_impl.h"

void cat_record_free(struct cat_record *r)
{
	buf_free(&r->row);
	memset(r, 0, sizeof(*r));
}

/* What holds of one state of the vault only. */
static void forget_lookups(struct catalog *c)
{
	vclock_free(&c->past);
	c->past_n = 0;
	if (c->seen != NULL)
		wipe(c->seen, CAT_SEEN * sizeof(*c->seen));
}

enum saksi_err catalog_keep_past(struct catalog *c, uint64_t n, const struct vclock *past,
    struct saksi_error *err)
{
	enum saksi_err rc;

	vclock_free(&c->past);
	c->past_n = 0;
	if ((rc = vclock_join(&c->past, past, err)) == SAKSI_OK)
		c->past_n = n;
	return rc;
}

void catalog_reset(struct catalog *c)
{
	if (c->index != NULL)
		index_forget(c->index);
	c->valid = false;
	c->n_branches = 0;
	c->n_touched = 0;
	forget_lookups(c);
}

void catalog_free(struct catalog *c)
{
	index_free(&c->index);
	free(c->branches);
	free(c->touched);
	forget_lookups(c);
	free(c->seen);
	memset(c, 0, sizeof(*c));
}

static enum saksi_err have_index(struct catalog *c, struct saksi_error *err)
{
	return c->index != NULL ? SAKSI_OK : index_new(&c->index, err);
}

/* ---- branches --------------------------------------------------------------------- */

static enum saksi_err add_branch(struct catalog *c, const struct cat_branch *b,
    struct saksi_error *err)
{
	struct cat_branch *list =
	    list_room(c->branches, c->n_branches, &c->cap_branches, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	c->branches = list;
	c->branches[c->n_branches++] = *b;
	return SAKSI_OK;
}

/* Value: [bin32 log, bin32 device, kind, bin16 coll, forked, [id, n, seq, hlc, max_hlc]] */
static void write_branch(struct buf *b, const struct cat_branch *x)
{
	mp_array(b, 6);
	mp_bin(b, x->log.b, sizeof(x->log.b));
	mp_bin(b, x->device.b, sizeof(x->device.b));
	mp_uint(b, x->kind);
	mp_bin(b, x->coll, sizeof(x->coll));
	mp_bool(b, x->forked);
	mp_array(b, 5);
	mp_bin(b, x->head.id.b, sizeof(x->head.id.b));
	mp_uint(b, x->head.n);
	mp_uint(b, x->head.seq);
	mp_uint(b, x->head.hlc);
	mp_uint(b, x->head.max_hlc);
}

static enum saksi_err read_branch(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct catalog *c = ctx;
	struct cat_branch b = {.changed = false};
	struct mp_reader r;
	enum saksi_err rc;

	mp_read_init(&r, p, len);
	mp_expect_array(&r, 6);
	mp_read_fixed(&r, b.log.b, sizeof(b.log.b));
	mp_read_fixed(&r, b.device.b, sizeof(b.device.b));
	b.kind = (uint8_t)mp_read_uint(&r);
	mp_read_fixed(&r, b.coll, sizeof(b.coll));
	b.forked = mp_read_bool(&r);
	mp_expect_array(&r, 5);
	mp_read_fixed(&r, b.head.id.b, sizeof(b.head.id.b));
	b.head.n = mp_read_uint(&r);
	b.head.seq = mp_read_uint(&r);
	b.head.hlc = mp_read_uint(&r);
	b.head.max_hlc = mp_read_uint(&r);
	b.head.kind = b.kind;
	b.head.branch = (uint32_t)c->n_branches;
	if (n != c->n_branches + 1)
		mp_fail(&r, "a branch is missing before it");
	if ((rc = mp_done(&r, "branch of a log", err)) != SAKSI_OK)
		return rc;
	return add_branch(c, &b, err);
}

static enum saksi_err write_branches(struct catalog *c, struct kv_txn *kv,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < c->n_branches && rc == SAKSI_OK; i++) {
		struct buf b = BUF_INIT;

		if (!c->branches[i].changed)
			continue;
		write_branch(&b, &c->branches[i]);
		if ((rc = buf_ok(&b, err)) == SAKSI_OK)
			rc = kv_put(kv, KV_BRANCH, i + 1, b.p, b.len, err);
		buf_free(&b);
		c->branches[i].changed = false;
	}
	return rc;
}

size_t catalog_branch_of(const struct catalog *c, const struct saksi_hash *log)
{
	for (size_t i = 0; i < c->n_branches; i++)
		if (hash_cmp(&c->branches[i].log, log) == 0)
			return i;
	return SIZE_MAX;
}

const struct cat_entry *catalog_head(const struct catalog *c, size_t branch)
{
	return branch < c->n_branches ? &c->branches[branch].head : NULL;
}

/* ---- in step ----------------------------------------------------------------------- */

enum saksi_err catalog_sync(struct catalog *c, struct kv_txn *kv, struct saksi_error *err)
{
	enum saksi_err rc;

	if (c->valid && c->base == kv_txn_base(kv))
		return SAKSI_OK;
	if ((rc = have_index(c, err)) != SAKSI_OK)
		return rc;
	c->valid = false;
	c->n_branches = c->n_touched = 0;
	forget_lookups(c);
	if ((rc = index_sync(c->index, kv, err)) == SAKSI_OK)
		rc = kv_scan(kv, KV_BRANCH, 0, read_branch, c, err);
	if (rc != SAKSI_OK) {
		catalog_reset(c);
		return rc;
	}
	c->base = kv_txn_base(kv);
	c->valid = true;
	return SAKSI_OK;
}

enum saksi_err catalog_create(struct catalog *c, struct kv_txn *kv,
    struct saksi_error *err)
{
	enum saksi_err rc = have_index(c, err);

	return rc == SAKSI_OK ? index_create(c->index, kv, err) : rc;
}

enum saksi_err catalog_clear(struct catalog *c, struct kv_txn *kv, struct saksi_error *err)
{
	enum saksi_err rc = have_index(c, err);

	c->valid = false;
	c->n_branches = c->n_touched = 0;
	forget_lookups(c);
	if (rc == SAKSI_OK && (rc = kv_clear(kv, KV_BRANCH, err)) == SAKSI_OK)
		rc = index_clear(c->index, kv, err);
	if (rc == SAKSI_OK) {
		c->base = kv_txn_base(kv);
		c->valid = true;
	}
	return rc;
}

void catalog_committed(struct catalog *c, uint64_t number)
{
	if (!c->valid)
		return;
	c->base = number;
	index_committed(c->index, number);
}

/* ---- what a transaction adds ---------------------------------------------------------- */

static int by_number(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

#define PENDING_MAX ((size_t)8 << 20)

static enum saksi_err index_touched(struct saksi_txn *t, struct saksi_error *err)
{
	struct catalog *c = &t->v->catalog;
	uint64_t last = 0;
	enum saksi_err rc = SAKSI_OK;

	if (c->n_touched > 1)
		qsort(c->touched, c->n_touched, sizeof(*c->touched), by_number);
	for (size_t i = 0; i < c->n_touched && rc == SAKSI_OK; i++) {
		struct state s;

		if (c->touched[i] == last)
			continue;
		last = c->touched[i];
		if ((rc = txn_state(t, last, 0, &s, err)) == SAKSI_OK) {
			rc = catalog_index(t, last, &s, err);
			state_free(&s);
		}
		/* However many records one changeset touches, their terms are few at once. */
		if (rc == SAKSI_OK && index_pending(c->index) > PENDING_MAX)
			rc = index_flush(c->index, t->kv, err);
	}
	c->n_touched = 0;
	return rc;
}

enum saksi_err catalog_flush(struct saksi_txn *t, struct saksi_error *err)
{
	struct catalog *c = &t->v->catalog;
	enum saksi_err rc;

	if (!c->valid)
		return SAKSI_OK;
	if ((rc = index_touched(t, err)) == SAKSI_OK &&
	    (rc = index_flush(c->index, t->kv, err)) == SAKSI_OK)
		rc = write_branches(c, t->kv, err);
	return rc;
}

/* ---- changesets ------------------------------------------------------------------------- */

static void be64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* Payload: id (32), branch (4), seq, hlc, max_hlc (8 each), kind (1). */
#define ENTRY_BYTES 61u

static void write_entry(uint8_t p[ENTRY_BYTES], const struct cat_entry *e)
{
	memcpy(p, e->id.b, sizeof(e->id.b));
	le32_put(p + 32, e->branch);
	le64_put(p + 36, e->seq);
	le64_put(p + 44, e->hlc);
	le64_put(p + 52, e->max_hlc);
	p[60] = e->kind;
}

static void arrival_term(struct index_term *t, uint64_t n)
{
	uint8_t key[8];

	be64(key, n);
	index_term(t, IX_ARRIVAL, key, sizeof(key));
}

static void seq_term(struct index_term *t, uint32_t branch, uint64_t seq)
{
	uint8_t key[12];

	for (unsigned i = 0; i < 4; i++)
		key[i] = (uint8_t)(branch >> (24 - 8 * i));
	be64(key + 4, seq);
	index_term(t, IX_SEQ, key, sizeof(key));
}

static enum saksi_err put_entry(struct catalog *c, const struct cat_entry *e,
    struct saksi_error *err)
{
	struct index_term t[3];
	uint8_t payload[ENTRY_BYTES];

	index_term(&t[0], IX_CHANGESET, e->id.b, sizeof(e->id.b));
	arrival_term(&t[1], e->n);
	seq_term(&t[2], e->branch, e->seq);
	write_entry(payload, e);
	return index_put_log(c->index, e->n, t, 3, payload, sizeof(payload), err);
}

static void entry_of(struct cat_entry *e, const struct stored_entry *s)
{
	*e = (struct cat_entry){.id = s->cs->id,
	    .n = s->n,
	    .seq = s->cs->seq,
	    .hlc = s->cs->hlc,
	    .max_hlc = s->max_hlc,
	    .branch = s->branch,
	    .kind = s->cs->kind};
}

enum saksi_err catalog_add_head(struct catalog *c, const struct stored_entry *s,
    struct saksi_error *err)
{
	struct cat_branch b = {.log = s->cs->log,
	    .device = s->device,
	    .kind = s->cs->kind};
	struct cat_entry e;
	enum saksi_err rc;

	entry_of(&e, s);

	if (e.branch > c->n_branches)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "log: entry %llu names a branch that is not there",
		    (unsigned long long)e.n);
	if (e.branch == c->n_branches) {
		size_t first = catalog_branch_of(c, &b.log);

		memcpy(b.coll, s->cs->coll, sizeof(b.coll));
		b.forked = first != SIZE_MAX;
		if ((rc = add_branch(c, &b, err)) != SAKSI_OK)
			return rc;
		if (first != SIZE_MAX) {
			c->branches[first].forked = true;
			c->branches[first].changed = true;
		}
	}
	c->branches[e.branch].head = e;
	c->branches[e.branch].changed = true;
	return SAKSI_OK;
}

enum saksi_err catalog_put_entry(struct catalog *c, const struct stored_entry *s,
    struct saksi_error *err)
{
	struct cat_entry e;

	entry_of(&e, s);
	return put_entry(c, &e, err);
}

enum saksi_err catalog_add_stored(struct catalog *c, const struct stored_entry *s,
    struct saksi_error *err)
{
	enum saksi_err rc = catalog_add_head(c, s, err);

	return rc == SAKSI_OK ? catalog_put_entry(c, s, err) : rc;
}

enum saksi_err catalog_no_branches(struct catalog *c, struct kv_txn *kv,
    struct saksi_error *err)
{
	c->n_branches = 0;
	return kv_clear(kv, KV_BRANCH, err);
}

enum saksi_err catalog_arrival(struct saksi_txn *t, uint64_t n, struct cat_entry *e,
    bool *found, struct saksi_error *err)
{
	struct catalog *c = &t->v->catalog;
	struct buf b = BUF_INIT;
	struct index_term term;
	enum saksi_err rc;

	arrival_term(&term, n);
	rc = index_find_one(c->index, t->kv, &term, &e->n, &b, found, err);
	if (rc == SAKSI_OK && *found) {
		if (b.len != ENTRY_BYTES)
			rc = saksi_fail(err, SAKSI_EDAMAGED,
			    "index: what it says of changeset %llu makes no sense; run "
			    "`saksi reindex`",
			    (unsigned long long)n);
		else {
			memcpy(e->id.b, b.p, sizeof(e->id.b));
			e->branch = le32_get(b.p + 32);
			e->seq = le64_get(b.p + 36);
			e->hlc = le64_get(b.p + 44);
			e->max_hlc = le64_get(b.p + 52);
			e->kind = b.p[60];
		}
	}
	buf_free(&b);
	return rc;
}

enum saksi_err catalog_at(struct saksi_txn *t, uint32_t branch, uint64_t seq,
    struct cat_entry *e, bool *found, struct saksi_error *err)
{
	const struct cat_entry *head;
	struct catalog *c;
	struct index_term term;
	uint64_t n;
	enum saksi_err rc;

	*found = false;
	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	head = catalog_head(c, branch);
	if (head == NULL || seq > head->seq)
		return SAKSI_OK;
	if (seq == head->seq) {
		*e = *head;
		*found = true;
		return SAKSI_OK;
	}
	seq_term(&term, branch, seq);
	rc = index_find_one(c->index, t->kv, &term, &n, NULL, found, err);
	if (rc != SAKSI_OK || !*found)
		return rc;
	rc = catalog_arrival(t, n, e, found, err);
	if (rc == SAKSI_OK && (!*found || e->branch != branch || e->seq != seq))
		rc = saksi_fail(err, SAKSI_EDAMAGED,
		    "index: it names a changeset that is not there; run `saksi reindex`");
	return rc;
}

#define HEADS_TRIED 256u

enum saksi_err catalog_entry(struct saksi_txn *t, const struct saksi_hash *id,
    struct cat_entry *e, bool *found, struct saksi_error *err)
{
	struct catalog *c;
	struct index_term term;
	uint64_t n;
	enum saksi_err rc;

	*found = false;
	if ((rc = txn_catalog(t, &c, err)) != SAKSI_OK)
		return rc;
	/* Most that is asked for is the newest entry of some log. */
	for (size_t i = c->n_branches; i-- > 0 && i + HEADS_TRIED >= c->n_branches;)
		if (hash_cmp(&c->branches[i].head.id, id) == 0) {
			*e = c->branches[i].head;
			*found = true;
			return SAKSI_OK;
		}
	index_term(&term, IX_CHANGESET, id->b, sizeof(id->b));
	rc = index_find_one(c->index, t->kv, &term, &n, NULL, found, err);
	if (rc != SAKSI_OK || !*found)
		return rc;
	rc = catalog_arrival(t, n, e, found, err);
	if (rc == SAKSI_OK && (!*found || hash_cmp(&e->id, id) != 0))
		rc = saksi_fail(err, SAKSI_EDAMAGED,
		    "index: it names a changeset that is not there; run `saksi reindex`");
	return rc;
}
