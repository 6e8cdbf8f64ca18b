/* catalog.c - the in-memory directory of a vault. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "catalog.h"
#include "entry.h"
#include "rows.h"

#define INDEX_MIN 64u

static uint64_t index_hash(const struct catalog *c, const char *tag, const void *p,
    size_t n)
{
	uint8_t h[16];

	crypto_prf(h, sizeof(h), c->key, tag, p, n);
	return le64_get(h);
}

static void index_place(struct cat_index *x, uint64_t hash, uint32_t pos)
{
	size_t i = (size_t)hash & (x->cap - 1);

	while (x->pos[i] != 0)
		i = (i + 1) & (x->cap - 1);
	x->hash[i] = hash;
	x->pos[i] = pos;
	x->n++;
}

static bool index_grow(struct cat_index *x)
{
	struct cat_index bigger = {NULL, NULL, x->cap == 0 ? INDEX_MIN : x->cap * 2, 0};

	bigger.hash = calloc(bigger.cap, sizeof(*bigger.hash));
	bigger.pos = calloc(bigger.cap, sizeof(*bigger.pos));
	if (bigger.hash == NULL || bigger.pos == NULL) {
		free(bigger.hash);
		free(bigger.pos);
		return false;
	}
	for (size_t i = 0; i < x->cap; i++)
		if (x->pos[i] != 0)
			index_place(&bigger, x->hash[i], x->pos[i]);
	free(x->hash);
	free(x->pos);
	*x = bigger;
	return true;
}

static bool index_add(struct cat_index *x, uint64_t hash, size_t pos)
{
	if (pos >= UINT32_MAX || (x->n + 1 > x->cap / 2 && !index_grow(x)))
		return false;
	index_place(x, hash, (uint32_t)pos + 1);
	return true;
}

/* Next position with this hash at or after slot *at; SIZE_MAX at the end. */
static size_t index_next(const struct cat_index *x, uint64_t hash, size_t *at)
{
	if (x->cap == 0)
		return SIZE_MAX;
	for (size_t i = *at;; i++) {
		size_t slot = ((size_t)hash + i) & (x->cap - 1);

		if (x->pos[slot] == 0 || i >= x->cap)
			return SIZE_MAX;
		if (x->hash[slot] == hash) {
			*at = i + 1;
			return x->pos[slot] - 1;
		}
	}
}

static void index_free(struct cat_index *x)
{
	free(x->hash);
	free(x->pos);
	memset(x, 0, sizeof(*x));
}

void catalog_reset(struct catalog *c)
{
	for (size_t i = 0; i < c->n_records; i++) {
		wipe(c->records[i].ref, strlen(c->records[i].ref));
		free(c->records[i].type);
		free(c->records[i].ref);
	}
	free(c->entries);
	free(c->branches);
	free(c->records);
	index_free(&c->by_changeset);
	index_free(&c->by_record);
	index_free(&c->by_ref);
	index_free(&c->by_log);
	memset(c, 0, sizeof(*c));
}

const struct cat_entry *catalog_entry(const struct catalog *c, const struct saksi_hash *id)
{
	uint64_t h = index_hash(c, "cat-cs", id->b, sizeof(id->b));
	size_t at = 0, pos;

	while ((pos = index_next(&c->by_changeset, h, &at)) != SIZE_MAX)
		if (hash_cmp(&c->entries[pos].id, id) == 0)
			return &c->entries[pos];
	return NULL;
}

const struct cat_entry *catalog_entry_n(const struct catalog *c, uint64_t n)
{
	if (n < c->log_first || n - c->log_first >= c->n_entries)
		return NULL;
	return &c->entries[n - c->log_first];
}

static size_t record_position(const struct catalog *c, const struct saksi_id *id)
{
	uint64_t h = index_hash(c, "cat-rec", id->b, sizeof(id->b));
	size_t at = 0, pos;

	while ((pos = index_next(&c->by_record, h, &at)) != SIZE_MAX)
		if (id_cmp(&c->records[pos].id, id) == 0)
			return pos;
	return SIZE_MAX;
}

const struct cat_record *catalog_record(const struct catalog *c, const struct saksi_id *id)
{
	size_t pos = record_position(c, id);

	return pos == SIZE_MAX ? NULL : &c->records[pos];
}

const struct cat_record *catalog_by_ref(const struct catalog *c, const char *ref,
    size_t *at)
{
	uint64_t h = index_hash(c, "cat-ref", ref, strlen(ref));
	size_t pos;

	/* A record whose ref changed still stands under its old one too. */
	while ((pos = index_next(&c->by_ref, h, at)) != SIZE_MAX)
		if (strcmp(c->records[pos].ref, ref) == 0)
			return &c->records[pos];
	return NULL;
}

size_t catalog_branch_of(const struct catalog *c, const struct saksi_hash *log)
{
	uint64_t h = index_hash(c, "cat-log", log->b, sizeof(log->b));
	size_t at = 0, pos;

	while ((pos = index_next(&c->by_log, h, &at)) != SIZE_MAX)
		if (hash_cmp(&c->branches[pos].log, log) == 0)
			return pos;
	return SIZE_MAX;
}

const struct cat_entry *catalog_head(const struct catalog *c, size_t branch)
{
	return branch < c->n_branches ? &c->entries[c->branches[branch].head] : NULL;
}

static bool add_branch(struct catalog *c, const struct cat_branch *b)
{
	size_t first = catalog_branch_of(c, &b->log);

	c->branches[c->n_branches] = *b;
	if (first == SIZE_MAX) {
		if (!index_add(&c->by_log,
			index_hash(c, "cat-log", b->log.b, sizeof(b->log.b)),
			c->n_branches))
			return false;
	} else
		c->branches[first].forked = c->branches[c->n_branches].forked = true;
	c->n_branches++;
	return true;
}

enum saksi_err catalog_add_entry(struct catalog *c, const struct cat_entry *e,
    const struct cat_branch *b, struct saksi_error *err)
{
	size_t pos = c->n_entries;
	struct cat_entry *entries =
	    list_room(c->entries, pos, &c->cap_entries, sizeof(*entries));
	struct cat_branch *branches =
	    list_room(c->branches, c->n_branches, &c->cap_branches, sizeof(*branches));

	if (entries != NULL)
		c->entries = entries;
	if (branches != NULL)
		c->branches = branches;
	if (entries == NULL || branches == NULL ||
	    !index_add(&c->by_changeset,
		index_hash(c, "cat-cs", e->id.b, sizeof(e->id.b)), pos))
		return saksi_fail_nomem(err);
	if (e->branch > c->n_branches)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "log: entry %llu names a branch that is not there",
		    (unsigned long long)e->n);
	c->entries[c->n_entries++] = *e;
	if (e->branch == c->n_branches && !add_branch(c, b))
		return saksi_fail_nomem(err);
	c->branches[e->branch].head = pos;
	c->log_next = e->n + 1;
	return SAKSI_OK;
}

static char *copy_text(const char *s, size_t n)
{
	char *p = malloc(n + 1);

	if (p != NULL) {
		memcpy(p, s, n);
		p[n] = '\0';
	}
	return p;
}

static bool add_record(struct catalog *c, const struct saksi_id *id, uint64_t number)
{
	struct cat_record *r =
	    list_room(c->records, c->n_records, &c->cap_records, sizeof(*r));

	if (r == NULL)
		return false;
	c->records = r;
	if (!index_add(&c->by_record, index_hash(c, "cat-rec", id->b, sizeof(id->b)),
		c->n_records))
		return false;
	r = &c->records[c->n_records];
	memset(r, 0, sizeof(*r));
	r->id = *id;
	r->number = number;
	r->type = copy_text("", 0);
	r->ref = copy_text("", 0);
	if (r->type == NULL || r->ref == NULL) {
		free(r->type);
		free(r->ref);
		return false;
	}
	c->n_records++;
	return true;
}

/* Give ${*text} the new content, if it is another. */
static bool renew(char **text, const char *p, size_t n, bool *changed)
{
	char *copy;

	*changed = strlen(*text) != n || memcmp(*text, p, n) != 0;
	if (!*changed)
		return true;
	if ((copy = copy_text(p, n)) == NULL)
		return false;
	wipe(*text, strlen(*text));
	free(*text);
	*text = copy;
	return true;
}

enum saksi_err catalog_put_record(struct catalog *c, uint64_t number,
    const struct state_head *h, struct saksi_error *err)
{
	size_t pos = record_position(c, &h->id);
	struct cat_record *r;
	bool changed;

	if (pos == SIZE_MAX) {
		pos = c->n_records;
		if (!add_record(c, &h->id, number))
			return saksi_fail_nomem(err);
	}
	r = &c->records[pos];
	r->code = h->code;
	if (!renew(&r->type, h->type, h->type_len, &changed) ||
	    !renew(&r->ref, h->ref, h->ref_len, &changed))
		return saksi_fail_nomem(err);
	if (changed && h->ref_len > 0 &&
	    !index_add(&c->by_ref, index_hash(c, "cat-ref", h->ref, h->ref_len), pos))
		return saksi_fail_nomem(err);
	return SAKSI_OK;
}

enum saksi_err catalog_add_stored(struct catalog *c, const struct stored_entry *s,
    struct saksi_error *err)
{
	struct cat_entry e = {.id = s->cs->id,
	    .n = s->n,
	    .seq = s->cs->seq,
	    .hlc = s->cs->hlc,
	    .max_hlc = s->max_hlc,
	    .branch = s->branch,
	    .kind = s->cs->kind};
	struct cat_branch b = {.log = s->cs->log,
	    .device = s->device,
	    .kind = s->cs->kind};

	memcpy(b.coll, s->cs->coll, sizeof(b.coll));
	return catalog_add_entry(c, &e, &b, err);
}

static enum saksi_err load_entry(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct stored_entry s;
	enum saksi_err rc;

	if ((rc = stored_entry_read(&s, n, p, len, err)) != SAKSI_OK)
		return rc;
	rc = catalog_add_stored(ctx, &s, err);
	stored_entry_free(&s);
	return rc;
}

static enum saksi_err load_record(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct catalog *c = ctx;
	struct state_head h;
	bool first;
	enum saksi_err rc;

	if ((rc = rows_head(&h, &first, p, len, err)) != SAKSI_OK || !first)
		return rc;
	return catalog_put_record(c, n, &h, err);
}

enum saksi_err catalog_sync(struct catalog *c, struct kv_txn *txn, struct saksi_error *err)
{
	uint64_t first, next, count, number = kv_txn_number(txn);
	enum saksi_err rc;

	if (c->valid && c->txn == number)
		return SAKSI_OK;
	kv_range(txn, KV_LOG, &first, &next, &count);
	if (!c->valid || c->log_first != first) {
		catalog_reset(c);
		c->log_first = c->log_next = first;
		crypto_random(c->key, sizeof(c->key));
	}
	c->valid = false;
	if ((rc = kv_scan(txn, KV_LOG, c->log_next, load_entry, c, err)) != SAKSI_OK ||
	    (rc = kv_scan(txn, KV_RECORDS, 0, load_record, c, err)) != SAKSI_OK) {
		catalog_reset(c);
		return rc;
	}
	c->txn = number;
	c->valid = true;
	return SAKSI_OK;
}
