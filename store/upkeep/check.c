/* check.c - `verify`: everything in the vault against everything that pins it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "rows.h"
#include "vault_impl.h"

/* An import's records lie together, and so do the few changesets that made them. */
#define KEPT_ENTRIES 16u
/* Of a group: its operations, their values and what they hide. */
#define GROUP_DEPTH (MP_DEPTH_MAX + 4u)

struct checking {
	struct saksi_vault *v;
	struct saksi_txn *t;
	struct catalog *c;
	saksi_device_key_fn *key;
	void *key_ctx;
	void (*fault)(void *ctx, const char *words);
	void *fault_ctx;
	size_t faults;
	/* deep */
	uint64_t parts;				/* of records, in the log */
	uint64_t groups;			/* in the records */
	struct stored_entry kept[KEPT_ENTRIES]; /* by arrival number */
	uint64_t *sums;				/* INDEX_SUMS of what the records say */
};

static void found(struct checking *k, const char *fmt, ...) SAKSI_PRINTF(2, 3);

static void found(struct checking *k, const char *fmt, ...)
{
	char words[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	k->faults++;
	if (k->fault != NULL)
		k->fault(k->fault_ctx, words);
}

static void pass_on(void *ctx, const char *words)
{
	found(ctx, "%s", words);
}

static void check_signature(struct checking *k, const struct stored_entry *e)
{
	uint8_t pk[CRYPTO_KEY];
	char name[17];

	if (k->key == NULL)
		return;
	hash_short(name, &e->cs->id);
	if (!k->key(k->key_ctx, &e->device, pk))
		found(k, "changeset %s: written by a device that is not in the team",
		    name);
	else if (changeset_verify(e->cs, pk, NULL) != SAKSI_OK)
		found(k, "changeset %s: its signature is not its author's", name);
}

/* What it cites is here and before it, and its chain holds. */
static enum saksi_err causes_in_order(struct checking *k, const struct stored_entry *e,
    const char *name, bool *whole, struct saksi_error *err)
{
	const struct saksi_hash *causes[CHANGESET_CAUSES_MAX];
	size_t n = changeset_causes(e->cs, causes);
	struct cat_entry c;
	bool there;
	enum saksi_err rc;

	*whole = true;
	for (size_t i = 0; i < n && *whole; i++) {
		if ((rc = catalog_entry(k->t, causes[i], &c, &there, err)) != SAKSI_OK)
			return rc;
		*whole = there && c.n < e->n && c.branch < k->c->n_branches;
		if (!*whole)
			found(k, "changeset %s: a cause of it is missing", name);
		else if (e->cs->has_prev && hash_cmp(causes[i], &e->cs->prev) == 0 &&
		    (hash_cmp(&k->c->branches[c.branch].log, &e->cs->log) != 0 ||
			c.seq + 1 != e->cs->seq))
			found(k, "changeset %s: breaks the chain of its log", name);
	}
	return SAKSI_OK;
}

/* The derived version vector is the one that the signed links give. */
static enum saksi_err check_causes(struct checking *k, const struct stored_entry *e,
    struct saksi_error *err)
{
	struct cat_entry me;
	struct vclock past = {NULL, 0};
	uint64_t max_hlc = believable_hlc(e->cs->hlc, e->received_us);
	char name[17];
	bool there, whole;
	enum saksi_err rc;

	hash_short(name, &e->cs->id);
	if ((rc = catalog_entry(k->t, &e->cs->id, &me, &there, err)) != SAKSI_OK)
		return rc;
	if (!there || me.n != e->n || me.seq != e->cs->seq || me.hlc != e->cs->hlc ||
	    me.max_hlc != e->max_hlc || me.branch != e->branch)
		found(k, "changeset %s: the index has it twice, or under another number",
		    name);
	if ((rc = catalog_at(k->t, e->branch, e->cs->seq, &me, &there, err)) != SAKSI_OK)
		return rc;
	if (!there || me.n != e->n)
		found(k, "changeset %s: the index does not find it in its log", name);
	if ((rc = causes_in_order(k, e, name, &whole, err)) != SAKSI_OK || !whole)
		return rc;
	if ((rc = log_join_causes(k->t, e->cs, &past, &max_hlc, err)) == SAKSI_OK)
		rc = vclock_raise(&past, e->branch, e->cs->seq, err);
	if (rc == SAKSI_OK &&
	    (past.n != e->past.n || max_hlc != e->max_hlc ||
		memcmp(past.seq, e->past.seq, past.n * sizeof(*past.seq)) != 0))
		found(k, "changeset %s: what is kept about its causes is wrong", name);
	vclock_free(&past);
	return rc;
}

static void count_parts(struct checking *k, const struct changeset *cs)
{
	for (uint32_t i = 0; cs->kind == CS_DATA && i < cs->n_parts; i++)
		k->parts += merge_is_record_part(cs, i);
}

static enum saksi_err check_entry(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct checking *k = ctx;
	struct stored_entry e;
	enum saksi_err rc;

	if ((rc = stored_entry_read(&e, n, p, len, err)) != SAKSI_OK)
		return rc;
	check_signature(k, &e);
	rc = check_causes(k, &e, err);
	count_parts(k, e.cs);
	stored_entry_free(&e);
	return rc;
}

/* ---- deep: each record against the log, and the index against each record ------- */

static enum saksi_err entry_of(struct checking *k, uint64_t n, struct stored_entry **out,
    struct saksi_error *err)
{
	struct stored_entry *e = &k->kept[n % KEPT_ENTRIES];

	*out = e;
	if (e->cs != NULL && e->n == n)
		return SAKSI_OK;
	stored_entry_free(e);
	memset(e, 0, sizeof(*e));
	return log_load(k->t, n, e, err);
}

/* One group of a record: what part of a changeset makes of it. */
static enum saksi_err check_group(struct checking *k, const struct saksi_id *id,
    const uint8_t *p, size_t len, bool *same, struct saksi_error *err)
{
	struct stored_entry *e;
	struct mp_reader r;
	struct group g;
	uint64_t n, number;
	enum saksi_err rc;

	mp_read_init(&r, p, len);
	mp_expect_array(&r, 7);
	n = mp_read_uint(&r);
	for (unsigned i = 0; i < 5; i++)
		mp_skip(&r, MP_DEPTH_MAX, NULL);
	mp_read_array(&r);
	mp_expect_array(&r, 5);
	number = mp_read_uint(&r);
	*same = false;
	k->groups++;
	if (r.failed)
		return SAKSI_OK;
	rc = entry_of(k, n, &e, err);
	if (rc == SAKSI_ENOTFOUND || (rc == SAKSI_OK && number >> 16 >= e->cs->n_parts))
		return SAKSI_OK;
	if (rc != SAKSI_OK)
		return rc;
	rc = merge_group(&g, k->t, e, (uint32_t)(number >> 16), err);
	*same = rc == SAKSI_OK && id_cmp(&g.record, id) == 0 && g.bytes.len == len &&
	    memcmp(g.bytes.p, p, len) == 0;
	buf_free(&g.bytes);
	return rc;
}

static enum saksi_err check_groups(struct checking *k, const struct state *s, bool *same,
    struct saksi_error *err)
{
	struct mp_reader r;
	enum saksi_err rc = SAKSI_OK;

	*same = true;
	mp_read_init(&r, s->groups, s->groups_len);
	for (size_t i = 0; i < s->n_groups && rc == SAKSI_OK && *same; i++) {
		const uint8_t *p;
		size_t len = mp_skip(&r, GROUP_DEPTH, &p);

		if (r.failed)
			*same = false;
		else
			rc = check_group(k, &s->id, p, len, same, err);
	}
	return rc;
}

static enum saksi_err add_terms(struct checking *k, uint64_t number,
    const struct state *s, struct saksi_error *err)
{
	struct index_doc d = INDEX_DOC_INIT;
	enum saksi_err rc;

	if ((rc = catalog_terms(&d, k->t, number, s, err)) == SAKSI_OK)
		rc = index_doc_digest(number, &d, k->sums, err);
	index_doc_free(&d);
	return rc;
}

static bool same_head(const struct state_head *a, const struct state_head *b)
{
	return a->code == b->code && a->type_len == b->type_len &&
	    a->ref_len == b->ref_len && memcmp(a->type, b->type, a->type_len) == 0 &&
	    memcmp(a->ref, b->ref, a->ref_len) == 0;
}

static enum saksi_err check_record(struct checking *k, uint64_t number,
    const struct state_head *head, struct state *s, struct saksi_error *err)
{
	struct state_head made;
	char id[ID_TEXT_LEN + 1];
	uint64_t at;
	bool same;
	enum saksi_err rc;

	id_text(id, &s->id);
	if ((rc = check_groups(k, s, &same, err)) != SAKSI_OK ||
	    (rc = state_view(s, k->c, 0, err)) != SAKSI_OK)
		return rc;
	state_head_of(&made, s);
	if (!same || !same_head(head, &made))
		found(k, "record %s: is not what the log makes of it", id);
	if ((rc = catalog_number(k->t, &s->id, &at, err)) != SAKSI_OK)
		return rc;
	if (at != number)
		found(k, "record %s: the index does not find it; run `saksi reindex`", id);
	return add_terms(k, number, s, err);
}

static enum saksi_err check_row(void *ctx, uint64_t number, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct checking *k = ctx;
	struct buf whole = BUF_INIT;
	struct state_head head;
	struct state s;
	bool first;
	enum saksi_err rc;

	if ((rc = rows_head(&head, &first, p, len, err)) != SAKSI_OK || !first)
		return rc;
	if ((rc = rows_whole(&whole, k->t->kv, p, len, err)) == SAKSI_OK &&
	    (rc = state_read(&s, whole.p, whole.len, err)) == SAKSI_OK) {
		rc = check_record(k, number, &head, &s, err);
		state_free(&s);
		kv_txn_rest(k->t->kv); /* it was looked up, too */
	}
	buf_free(&whole);
	return rc;
}

static enum saksi_err compare_index(struct checking *k, struct saksi_error *err)
{
	uint64_t *sums = calloc(INDEX_SUMS, sizeof(*sums));
	size_t apart = 0;
	enum saksi_err rc;

	if (sums == NULL)
		return saksi_fail_nomem(err);
	if ((rc = index_digest(k->c->index, k->t->kv, sums, err)) == SAKSI_OK) {
		for (size_t i = 0; i < INDEX_SUMS; i++)
			apart += sums[i] != k->sums[i];
		if (apart > 0)
			found(k,
			    "index: says of at least %zu record%s what is not in them; "
			    "run `saksi reindex`",
			    apart, apart == 1 ? "" : "s");
	}
	free(sums);
	return rc;
}

static enum saksi_err check_deep(struct checking *k, struct saksi_error *err)
{
	enum saksi_err rc;

	if ((k->sums = calloc(INDEX_SUMS, sizeof(*k->sums))) == NULL)
		return saksi_fail_nomem(err);
	if ((rc = kv_scan(k->t->kv, KV_RECORDS, 0, check_row, k, err)) != SAKSI_OK)
		return rc;
	if (k->groups != k->parts)
		found(k, "the log has %llu changes to records, the records hold %llu",
		    (unsigned long long)k->parts, (unsigned long long)k->groups);
	return compare_index(k, err);
}

static enum saksi_err check_log(struct checking *k, bool deep, struct saksi_error *err)
{
	enum saksi_err rc;

	if ((rc = txn_catalog(k->t, &k->c, err)) != SAKSI_OK ||
	    (rc = kv_scan(k->t->kv, KV_LOG, 0, check_entry, k, err)) != SAKSI_OK)
		return rc;
	return deep ? check_deep(k, err) : SAKSI_OK;
}

/* What the vault holds is wrong, and not memory, a lock or the disk's mood. */
static bool is_damage(enum saksi_err rc)
{
	return rc != SAKSI_ENOMEM && rc != SAKSI_EIO && rc != SAKSI_EBUSY;
}

enum saksi_err saksi_vault_verify(struct saksi_vault *v, bool deep,
    saksi_device_key_fn *key, void *key_ctx, void (*fault)(void *ctx, const char *words),
    void *fault_ctx, struct saksi_error *err)
{
	struct checking k = {.v = v,
	    .key = key,
	    .key_ctx = key_ctx,
	    .fault = fault,
	    .fault_ctx = fault_ctx};
	struct saksi_error why = {0};
	enum saksi_err rc;

	if (keyring_damage(v->keys) != NULL)
		found(&k, "%s", keyring_damage(v->keys));
	if (anchor_damage(v) != NULL)
		found(&k, "%s", anchor_damage(v));
	rc = kv_verify(v->kv, pass_on, &k, &why);
	if (!is_damage(rc))
		return saksi_fail(err, rc, "%s", why.msg);
	if (rc != SAKSI_OK && k.faults == 0)
		found(&k, "%s", why.msg);
	if (rc != SAKSI_OK) {
		rc = check_touched(v, pass_on, &k, &why);
		if (!is_damage(rc))
			return saksi_fail(err, rc, "%s", why.msg);
		rc = SAKSI_EDAMAGED;
	}
	if (rc == SAKSI_OK) {
		/* With the tables in order, what they hold can be looked at. */
		rc = saksi_txn_begin(&k.t, v, false, &why);
		if (rc == SAKSI_OK)
			rc = check_log(&k, deep, &why);
		if (rc != SAKSI_OK && is_damage(rc))
			found(&k, "%s", why.msg);
	}
	for (size_t i = 0; i < KEPT_ENTRIES; i++)
		stored_entry_free(&k.kept[i]);
	free(k.sums);
	saksi_txn_abort(&k.t);
	if (!is_damage(rc))
		return saksi_fail(err, rc, "%s", why.msg);
	if (k.faults > 0)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "vault: %zu fault%s found; copy the folder away before anything else, then ask a team "
		    "device to sync what is missing",
		    k.faults, k.faults == 1 ? "" : "s");
	return SAKSI_OK;
}
