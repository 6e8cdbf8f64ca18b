#include <string.h>
#include <time.h>

#include "kv_guard.h"
#include "kv_int.h"

/* A meta page is written in one call; a reader may still meet it half-way. */
#define TORN_TRIES 100u
#define TORN_WAIT_NS 100000L

/* ---- meta pages ---------------------------------------------------------------- */

struct metas_copy {
	const struct page_file *file;
	uint8_t raw[2][META_BYTES];
};

static void copy_metas(void *arg)
{
	struct metas_copy *c = arg;

	memcpy(c->raw[0], c->file->map, META_BYTES);
	memcpy(c->raw[1], c->file->map + c->file->size, META_BYTES);
}

enum saksi_err kv_metas(struct meta_page m[2], struct kv *kv, struct saksi_error *err)
{
	struct metas_copy c = {.file = &kv->file};
	struct page_fault fault;
	unsigned i;

	if (!guard_run(copy_metas, &c))
		return kv_give_up(kv, err);
	for (i = 0; i < 2; i++) {
		if (!meta_parse(&m[i], c.raw[i], i, &fault))
			return kv_fault(err, &fault);
		if (m[i].size != kv->file.size) {
			fault.page = i;
			fault.why = "it names another page size than when it was opened";
			return kv_fault(err, &fault);
		}
	}
	return SAKSI_OK;
}

/*
 * LMDB writes the state after transaction N to meta page N mod 2, so the other
 * one holds N-1.  While others write, a reader of N may find N+1 there, or both
 * gone on by two.  Anything else is an older head put back, or damage.
 */
static enum kv_fit metas_fit(const struct meta_page m[2], uint64_t number, bool write)
{
	uint64_t own = m[number & 1].txn;
	uint64_t other = m[~number & 1].txn;

	if (own == number && (other == number - 1 || (number == 0 && other == 0)))
		return KV_FIT;
	if (write)
		return KV_FIT_BAD;
	if (own == number && other == number + 1)
		return KV_FIT;
	if (own > number && (own - number) % 2 == 0 &&
	    (other == own + 1 || other == own - 1))
		return KV_FIT_PASSED;
	return KV_FIT_BAD;
}

static void pause_briefly(void)
{
	struct timespec ts = {0, TORN_WAIT_NS};

	(void)nanosleep(&ts, NULL);
}

static enum saksi_err metas_settled(enum kv_fit *fit, struct meta_page m[2],
    struct kv *kv, uint64_t number, bool write, struct saksi_error *err)
{
	unsigned tries = write || kv->env == NULL ? 1 : TORN_TRIES;
	enum saksi_err rc = SAKSI_OK;

	*fit = KV_FIT_BAD;
	while (tries-- > 0) {
		rc = kv_metas(m, kv, err);
		*fit = rc == SAKSI_OK ? metas_fit(m, number, write) : KV_FIT_BAD;
		if (kv->dead || *fit != KV_FIT_BAD)
			return rc;
		if (tries > 0)
			pause_briefly();
	}
	if (rc != SAKSI_OK)
		return rc;
	return saksi_fail(err, SAKSI_EDAMAGED,
	    KV_FILE_NAME
	    ": its two heads are of transactions %llu and %llu, which does not go "
	    "with %llu: damaged, or an older head was put back; go back to a copy, or to a device of the team",
	    (unsigned long long)m[0].txn, (unsigned long long)m[1].txn,
	    (unsigned long long)number);
}

/* ---- values ---------------------------------------------------------------------- */

struct value_copy {
	struct buf *out;
	const struct page_file *file;
	const struct tree *tree;
	struct tree_key key;
	struct node node;
	bool found;
	bool sound;
	struct page_fault fault;
};

static void copy_value(void *arg)
{
	struct value_copy *c = arg;
	const uint8_t *data;

	c->sound =
	    tree_find(&c->node, &c->found, c->file, c->tree, &c->key, NULL, &c->fault);
	if (!c->sound || !c->found)
		return;
	data = c->node.data;
	if ((c->node.flags & NODE_BIG) != 0) {
		c->sound = overflow_open(&data, NULL, c->file, &c->node, &c->fault);
		if (!c->sound)
			return;
	}
	if (c->node.len > KV_SEALED_MAX) {
		c->sound = false;
		c->fault.page = c->node.child;
		c->fault.why = "a value is longer than any can be";
		return;
	}
	buf_add(c->out, data, c->node.len);
}

static enum saksi_err read_value(struct value_copy *c, struct kv *kv,
    struct saksi_error *err)
{
	if (!guard_run(copy_value, c))
		return kv_give_up(kv, err);
	if (!c->sound)
		return kv_fault(err, &c->fault);
	return buf_ok(c->out, err);
}

static enum saksi_err read_number(struct buf *out, bool *found, struct kv *kv,
    const struct tree *t, uint64_t n, struct saksi_error *err)
{
	struct value_copy c = {.out = out,
	    .file = &kv->file,
	    .tree = t,
	    .key = {.n = n, .name = NULL}};
	enum saksi_err rc = read_value(&c, kv, err);

	*found = c.found;
	return rc;
}

/* ---- loading ----------------------------------------------------------------------- */

static enum saksi_err load_table(struct kv_snapshot *out, struct kv *kv, unsigned db,
    struct saksi_error *err)
{
	char name[2] = {(char)('0' + db), '\0'};
	struct buf raw = BUF_INIT;
	struct value_copy c = {.out = &raw,
	    .file = &kv->file,
	    .tree = &out->main,
	    .key = {.n = 0, .name = name}};
	enum saksi_err rc = read_value(&c, kv, err);
	bool good;

	if (rc == SAKSI_OK) {
		good = c.found && c.node.flags == NODE_SUB && raw.len == TREE_BYTES &&
		    tree_parse(&out->db[db], raw.p) && out->db[db].flags == TREE_INTEGER;
		if (!good)
			rc = saksi_fail(err, SAKSI_EDAMAGED,
			    KV_FILE_NAME
			    ": table %u is missing or its description is damaged; "
			    "go back to a copy, or to a device of the team",
			    db);
	}
	buf_free(&raw);
	return rc;
}

/*
 * The record of transaction ${number}, whose head leads to ${main}.  A head
 * with a wrong number on it does not get past this.
 */
static enum saksi_err load_meta(struct kv_snapshot *out, struct kv *kv,
    struct saksi_error *err)
{
	struct buf raw = BUF_INIT;
	bool found = false;
	enum saksi_err rc = read_number(&raw, &found, kv, &out->db[KV_DB_META], 0, err);

	if (rc == SAKSI_OK && !found)
		rc = saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": its meta record is missing; go back to a copy, or to a device of the team");
	if (rc == SAKSI_OK)
		rc = kv_meta_read(&out->meta, kv, out->txn, raw.p, raw.len, err);
	buf_free(&raw);
	return rc;
}

static enum saksi_err load_all(struct kv_snapshot *out, struct kv *kv,
    struct saksi_error *err)
{
	enum saksi_err rc = load_table(out, kv, KV_DB_META, err);
	unsigned db;

	/* First of all, because it says which tables there are. */
	if (rc == SAKSI_OK)
		rc = load_meta(out, kv, err);
	for (db = 1; rc == SAKSI_OK && db < KV_DBS; db++) {
		if (kv_has(kv, db))
			rc = load_table(out, kv, db, err);
		else
			out->db[db].root = PAGE_NONE;
	}
	return rc;
}

static bool other_known(const struct kv *kv, const struct meta_page *other)
{
	if (kv->other_root != 0 && kv->other_txn == other->txn &&
	    kv->other_root == other->main.root)
		return true;
	return kv->snap.valid && kv->snap.txn == other->txn &&
	    kv->snap.main.root == other->main.root;
}

/*
 * The other head must lead to the state that its number says.  If not, the
 * number is wrong: one changed bit makes N of N+2, and then the state taken for
 * the newest is in truth an older one.  LMDB keeps the pages of N-1 until a
 * transaction after N+1, so they are all there.
 */
static enum saksi_err check_other(struct kv *kv, const struct meta_page *other,
    struct saksi_error *err)
{
	struct saksi_error why = {SAKSI_OK, 0, ""};
	enum saksi_err rc = SAKSI_OK;
	struct kv_snapshot s;

	memset(&s, 0, sizeof(s));
	s.txn = other->txn;
	s.main = other->main;
	if (s.txn > 0 || s.main.root != PAGE_NONE || other->free.root != PAGE_NONE) {
		rc = load_table(&s, kv, KV_DB_META, NULL);
		if (rc == SAKSI_OK)
			rc = load_meta(&s, kv, &why);
	}
	if (rc == SAKSI_OK) {
		kv->other_txn = other->txn;
		kv->other_root = other->main.root;
		return SAKSI_OK;
	}
	if (rc == SAKSI_ENOMEM)
		return saksi_fail_nomem(err);
	/* Its record opened: nothing is damaged. */
	if (rc == SAKSI_ENEWER)
		return saksi_fail(err, rc, "%s", why.msg);
	if (kv->dead)
		return kv_give_up(kv, err);
	return saksi_fail(err, SAKSI_EDAMAGED,
	    KV_FILE_NAME
	    ": its second head does not lead to the state of transaction %llu that it names, so "
	    "the first may not be the newest; go back to a copy, or to a device of the team",
	    (unsigned long long)other->txn);
}

static void set_empty(struct kv_snapshot *out)
{
	unsigned db;

	for (db = 0; db < KV_DBS; db++)
		out->db[db].root = PAGE_NONE;
	kv_meta_init(&out->meta);
}

enum saksi_err kv_snapshot_load(enum kv_fit *fit, struct kv_snapshot *out, struct kv *kv,
    uint64_t number, bool write, struct saksi_error *err)
{
	const struct meta_page *own;
	const struct meta_page *other;
	struct meta_page m[2];
	enum saksi_err rc;

	memset(out, 0, sizeof(*out));
	memset(m, 0, sizeof(m));
	rc = metas_settled(fit, m, kv, number, write, err);
	if (rc != SAKSI_OK || *fit == KV_FIT_PASSED)
		return rc;
	own = &m[number & 1];
	other = &m[~number & 1];
	rc = other->txn >= number || other_known(kv, other) ? SAKSI_OK
							    : check_other(kv, other, err);
	if (rc != SAKSI_OK)
		return rc;
	if (kv->snap.valid && kv->snap.txn == number &&
	    kv->snap.main.root == own->main.root &&
	    kv->snap.free.root == own->free.root && kv->snap.last == own->last) {
		*out = kv->snap;
		return SAKSI_OK;
	}
	out->txn = number;
	out->last = own->last;
	out->free = own->free;
	out->main = own->main;
	if (number == 0 && own->main.root == PAGE_NONE)
		set_empty(out);
	else
		rc = load_all(out, kv, err);
	if (rc != SAKSI_OK)
		return rc;
	out->valid = true;
	kv->snap = *out;
	return SAKSI_OK;
}
