/*
 * damage.c - a vault's data file damaged in five ways, read, verified, repaired.
 *
 *   damage [--every N] [--seed S] [--jobs J] [--records R]
 *
 * Makes a vault with the first R sample records (default 40) and edits some of
 * them, then damages data.mdb: 1,000 single bits in page headers, 1,000
 * anywhere, 1,000 cuts, 1,000 exchanges of two pages, 200 pages of an older
 * state put into the newer one; with --every N each N-th of these.
 *
 * Each time: what opens reads as before or the damage is told, `verify` tells
 * of each loss, nothing ends by a signal.  Then it is repaired into a fresh
 * vault, and this is compared with where the bytes of each value lie: with
 * every change intact all is as it was; a record whose rows are intact says
 * what it said; any other says so too, or is named as damaged; and nothing is
 * there that never was.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include <saksi/base/list.h>
#include <saksi/store/repair.h>

#include "judge.h"
#include "kv_int.h"
#include "rows.h"

#define PAGE 4096u
#define NAMES_MAX (1u << 20)

/* ---- the model: where the bytes of each value lie ----------------------------------- */

struct value { /* of table KV_RECORDS or KV_LOG */
	struct saksi_id record;
	bool is_log;
	struct buf sealed;
	size_t *at, n, cap;	     /* copies in the newer file */
	size_t *old, n_old, cap_old; /* in the older one */
};
struct record {
	struct saksi_id id;
	struct saksi_hash says;
};
struct model {
	struct value *values;
	size_t n, cap;
	struct record *records;
	size_t n_records, cap_records;
	struct contents contents;
	struct buf newer, older;
};

static int compare_ops(const void *a, const void *b)
{
	const struct state_op *const *x = a, *const *y = b;

	return state_compare_content(*x, *y);
}

/* What a record says, whoever said it. */
static void what_it_says(struct saksi_hash *out, const struct state *s)
{
	const struct state_op **ops = calloc(s->n_ops + 1, sizeof(struct state_op *));
	struct crypto_hash_state st;
	size_t n = 0;

	assert_non_null(ops);
	for (size_t i = 0; i < s->n_ops && s->ops[i].visible; i++)
		if (!s->ops[i].folded)
			ops[n++] = &s->ops[i];
	qsort(ops, n, sizeof(*ops), compare_ops);
	crypto_hash_init(&st, "damage");
	crypto_hash_add(&st, &s->shown, sizeof(s->shown));
	for (size_t i = 0; i < n; i++) {
		crypto_hash_add(&st, ops[i]->field, ops[i]->field_len);
		crypto_hash_add(&st, ops[i]->value, ops[i]->value_len);
	}
	crypto_hash_final(&st, out);
	free(ops);
}

struct listing {
	struct saksi_txn *t;
	struct record *list;
	size_t n, cap;
};

static enum saksi_err list_one(void *ctx, const struct cat_record *r,
    struct saksi_error *err)
{
	struct listing *l = ctx;
	struct state s;
	enum saksi_err rc = txn_state(l->t, r->number, 0, &s, err);

	if (rc != SAKSI_OK)
		return rc;
	l->list = list_room(l->list, l->n, &l->cap, sizeof(*l->list));
	assert_non_null(l->list);
	l->list[l->n].id = r->id;
	what_it_says(&l->list[l->n++].says, &s);
	state_free(&s);
	return SAKSI_OK;
}

/* In order of ids. */
static void list_records(struct listing *l, struct saksi_vault *v)
{
	OK(saksi_txn_begin(&l->t, v, false, &g_err));
	OK(catalog_by_id(l->t, list_one, l, &g_err));
	saksi_txn_abort(&l->t);
}

static void find_copies(size_t **at, size_t *n, size_t *cap, const struct buf *file,
    const struct buf *sealed)
{
	const uint8_t *p = file->p;

	while ((p = memmem(p, file->len - (size_t)(p - file->p), sealed->p,
		    sealed->len)) != NULL) {
		*at = list_room(*at, *n, cap, sizeof(**at));
		assert_non_null(*at);
		(*at)[(*n)++] = (size_t)(p++ - file->p);
	}
}

struct gathering {
	struct model *m;
	struct saksi_txn *t;
	enum kv_table table;
};

static enum saksi_err gather(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct gathering *g = ctx;
	struct model *m = g->m;
	struct rows_parts row;
	struct value *v;
	bool found, first;

	m->values = list_room(m->values, m->n, &m->cap, sizeof(*v));
	assert_non_null(m->values);
	v = &m->values[m->n++];
	memset(v, 0, sizeof(*v));
	v->is_log = g->table == KV_LOG;
	if (!v->is_log) {
		OK(rows_split(&row, &first, p, len, err));
		v->record = row.head.id;
	}
	OK(kv_read_sealed(&v->sealed, &found, g->t->kv, g->table, n, err));
	assert_true(found);
	find_copies(&v->at, &v->n, &v->cap, &m->newer, &v->sealed);
	find_copies(&v->old, &v->n_old, &v->cap_old, &m->older, &v->sealed);
	assert_true(v->n > 0);
	return SAKSI_OK;
}

static void model_make(struct model *m, struct saksi_vault *v)
{
	struct gathering g = {.m = m};
	struct listing l = {NULL, NULL, 0, 0};

	OK(saksi_txn_begin(&g.t, v, false, &g_err));
	for (g.table = KV_RECORDS; g.table <= KV_LOG; g.table++)
		OK(kv_scan(g.t->kv, g.table, 0, gather, &g, &g_err));
	saksi_txn_abort(&g.t);
	list_records(&l, v);
	m->records = l.list;
	m->n_records = l.n;
	OK(read_all(&m->contents, v, &g_err));
}

static void model_free(struct model *m)
{
	for (size_t i = 0; i < m->n; i++) {
		buf_free(&m->values[i].sealed);
		free(m->values[i].at);
		free(m->values[i].old);
	}
	free(m->values);
	free(m->records);
	buf_free(&m->newer);
	buf_free(&m->older);
}

/* ---- damage ---------------------------------------------------------------------------- */

enum kind { HEADER_FLIP, FLIP, CUT, EXCHANGE, SPLICE };
struct damage {
	enum kind kind;
	size_t a, b; /* byte; length; pages */
	unsigned bit;
};

static struct {
	uint32_t state;
} rnd;

static size_t below(size_t n)
{
	rnd.state += 0x9e3779b9u;
	return flips_mix(rnd.state) % n;
}

static bool spliceable(const struct model *m, size_t page)
{
	const uint8_t *old = m->older.p + page * PAGE, *now = m->newer.p + page * PAGE;

	return memcmp(old, now, PAGE) != 0;
}

static void damage_choose(struct damage *d, const struct model *m, enum kind kind,
    size_t number, unsigned seed)
{
	size_t pages = m->newer.len / PAGE;

	rnd.state = flips_mix(seed ^ (uint32_t)number << 3 ^ (uint32_t)kind);
	d->kind = kind;
	d->bit = (unsigned)below(8);
	switch (kind) {
	case HEADER_FLIP: /* the header and the places of the first entries */
		d->a = below(pages) * PAGE + below(32);
		break;
	case FLIP:
		d->a = below(m->newer.len);
		break;
	case CUT:
		d->a = below(m->newer.len);
		break;
	case EXCHANGE:
		d->a = below(pages);
		d->b = (d->a + 1 + below(pages - 1)) % pages;
		break;
	case SPLICE:
		do
			d->a = below(m->older.len / PAGE);
		while (!spliceable(m, d->a));
		break;
	}
}

static void damage_do(struct buf *file, const struct damage *d, const struct model *m)
{
	uint8_t page[PAGE];

	file->len = 0;
	buf_add(file, m->newer.p, m->newer.len);
	OK(buf_ok(file, &g_err));
	switch (d->kind) {
	case HEADER_FLIP:
	case FLIP:
		file->p[d->a] ^= (uint8_t)(1u << d->bit);
		break;
	case CUT:
		file->len = d->a;
		break;
	case EXCHANGE:
		memcpy(page, file->p + d->a * PAGE, PAGE);
		memcpy(file->p + d->a * PAGE, file->p + d->b * PAGE, PAGE);
		memcpy(file->p + d->b * PAGE, page, PAGE);
		break;
	case SPLICE:
		memcpy(file->p + d->a * PAGE, m->older.p + d->a * PAGE, PAGE);
		break;
	}
}

static bool overlaps(size_t at, size_t len, size_t from, size_t to)
{
	return at < to && from < at + len;
}

static bool within(size_t at, size_t len, size_t page)
{
	return at / PAGE == page && (at + len - 1) / PAGE == page;
}

/* Whether a copy's bytes still lie together somewhere. */
static bool copy_intact(const struct damage *d, size_t at, size_t len)
{
	switch (d->kind) {
	case HEADER_FLIP:
	case FLIP:
		return !overlaps(at, len, d->a, d->a + 1);
	case CUT:
		return at + len <= d->a;
	case EXCHANGE:
		return within(at, len, d->a) || within(at, len, d->b) ||
		    (!overlaps(at, len, d->a * PAGE, (d->a + 1) * PAGE) &&
			!overlaps(at, len, d->b * PAGE, (d->b + 1) * PAGE));
	case SPLICE:
		return !overlaps(at, len, d->a * PAGE, (d->a + 1) * PAGE);
	}
	return false;
}

static bool value_intact(const struct value *v, const struct damage *d)
{
	for (size_t i = 0; i < v->n; i++)
		if (copy_intact(d, v->at[i], v->sealed.len))
			return true;
	for (size_t i = 0; d->kind == SPLICE && i < v->n_old; i++)
		if (within(v->old[i], v->sealed.len, d->a))
			return true;
	return false;
}

/* ---- repairing --------------------------------------------------------------------------- */

struct target {
	struct saksi_vault *v;
	const struct model *m;
	struct damage d;
	enum kind kind;
	unsigned seed;
	struct buf file, lost;
	struct saksi_writer w;
	char fresh[220];
};

static void on_lost(void *ctx, const char *what)
{
	struct target *g = ctx;

	buf_add_str(&g->lost, what);
	buf_add_byte(&g->lost, '\n');
}

static void count(void *ctx, const char *what)
{
	size_t *n = ctx;

	++*n;
	if (*n == 1)
		snprintf(g_err.msg, sizeof(g_err.msg), "the fresh vault: %s", what);
}

static bool is_named(struct target *g, const struct saksi_id *id)
{
	char text[ID_TEXT_LEN + 1];

	id_text(text, id);
	return strstr(buf_cstr(&g->lost), text) != NULL;
}

static const struct record *find(const struct listing *l, const struct saksi_id *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (id_cmp(&l->list[i].id, id) == 0)
			return &l->list[i];
	return NULL;
}

static int wrong(const char *what, const struct saksi_id *id)
{
	char text[ID_TEXT_LEN + 1] = "";

	if (id != NULL)
		id_text(text, id);
	snprintf(g_err.msg, sizeof(g_err.msg), "%s %s", what, text);
	return FLIPS_WRONG;
}

static bool rows_intact(const struct model *m, const struct damage *d,
    const struct saksi_id *id)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->values[i].is_log && id_cmp(&m->values[i].record, id) == 0 &&
		    !value_intact(&m->values[i], d))
			return false;
	return true;
}

static bool log_intact(const struct model *m, const struct damage *d)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->values[i].is_log && !value_intact(&m->values[i], d))
			return false;
	return true;
}

static int compare(struct target *g, struct saksi_vault *fresh)
{
	bool whole = log_intact(g->m, &g->d);
	struct listing now = {NULL, NULL, 0, 0};
	const struct listing before = {NULL, g->m->records, g->m->n_records, 0};
	int verdict = SAME;

	list_records(&now, fresh);
	for (size_t i = 0; i < before.n && verdict == SAME; i++) {
		const struct record *was = &before.list[i], *is = find(&now, &was->id);
		bool same = is != NULL && hash_cmp(&is->says, &was->says) == 0;

		if (!same && whole)
			verdict =
			    wrong("with the whole log not as it was: record", &was->id);
		else if (!same && rows_intact(g->m, &g->d, &was->id))
			verdict =
			    wrong("its row is intact and it is not as it was: record",
				&was->id);
		else if (!same && is != NULL && !is_named(g, &was->id))
			verdict = wrong("changed and not named: record", &was->id);
		else if (!same && g->lost.len == 0)
			verdict = wrong("gone in silence: record", &was->id);
	}
	for (size_t i = 0; i < now.n && verdict == SAME; i++)
		if (find(&before, &now.list[i].id) == NULL)
			verdict = wrong("never was: record", &now.list[i].id);
	free(now.list);
	return verdict;
}

static int repair(struct target *g)
{
	struct secret *pass = passphrase("a long enough passphrase");
	struct repair_options opt = {.lost = on_lost, .ctx = g};
	struct repair_report rep;
	struct saksi_repair *r = NULL;
	size_t faults = 0;
	char cmd[600];
	int verdict = SAME;

	g->lost.len = 0;
	if (saksi_repair_begin(&r, g->v->dir, g->fresh, g->v->schema, pass, &opt,
		&g_err) != SAKSI_OK) {
		secret_free(&pass);
		return FLIPS_WRONG;
	}
	secret_free(&pass);
	saksi_vault_set_writer(saksi_repair_vault(r), CS_DATA, &g->w);
	if (saksi_repair_records(r, &g_err) != SAKSI_OK)
		verdict = FLIPS_WRONG;
	if (verdict == SAME &&
	    (saksi_vault_verify(saksi_repair_vault(r), true, NULL, NULL, count, &faults,
		 &g_err) != SAKSI_OK ||
		faults > 0))
		verdict = FLIPS_WRONG;
	if (verdict == SAME)
		verdict = compare(g, saksi_repair_vault(r));
	if (verdict == SAME && saksi_repair_end(&r, &rep, &g_err) != SAKSI_OK)
		verdict = FLIPS_WRONG;
	saksi_repair_abort(&r);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s' '%s'.new-*", g->fresh, g->fresh);
	assert_int_equal(system(cmd), 0);
	return verdict;
}

/* ---- the campaign --------------------------------------------------------------------------- */

static void begin_copy(void *ctx, unsigned job)
{
	struct target *g = ctx;
	char cmd[500], dir[200];

	snprintf(dir, sizeof(dir), "%s.%u", g->v->dir, job);
	snprintf(g->fresh, sizeof(g->fresh), "%s.fresh", dir);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'; cp -r '%s' '%s'", dir, g->v->dir, dir);
	assert_int_equal(system(cmd), 0);
	close(g->v->dirfd);
	g->v->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(g->v->dir);
	g->v->dir = strdup(dir);
	assert_non_null(g->v->dir);
}

static void put_file(const struct target *g)
{
	int fd = openat(g->v->dirfd, KV_DATA_FILE, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	OK(fs_write_all(fd, g->file.p, g->file.len, KV_DATA_FILE, &g_err));
	close(fd);
}

static int one(void *ctx, size_t number, unsigned bit)
{
	struct target *g = ctx;
	enum verdict verdict;
	int repaired;

	(void)bit;
	damage_choose(&g->d, g->m, g->kind, number, g->seed);
	damage_do(&g->file, &g->d, g->m);
	put_file(g);
	verdict = try_data(g->v, &g->m->contents);
	if (verdict == WRONG)
		return FLIPS_WRONG;
	repaired = repair(g);
	return repaired == SAME ? (int)verdict : repaired;
}

static bool run_kind(struct target *g, const struct plan *p, enum kind kind)
{
	static const struct {
		const char *name;
		size_t times;
	} kinds[] = {{"single bits in page headers", 1000},
	    {"single bits anywhere", 1000}, {"cuts", 1000}, {"exchanged pages", 1000},
	    {"older pages", 200}};
	struct flips f = {kinds[kind].name, kinds[kind].times, g, begin_copy, one};
	struct flips_tally sum;
	bool good;
	char cmd[300];

	g->kind = kind;
	good = flips_run(&f, p, words, &sum);
	fflush(stdout);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'.*", g->v->dir);
	assert_int_equal(system(cmd), 0);
	return good;
}

static void read_file(struct buf *b, const struct device *d)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/vault/%s", d->dir, KV_DATA_FILE);
	OK(fs_read_file(b, path, (size_t)1 << 30, &g_err));
	buf_add(b, (const uint8_t[PAGE]){0}, (PAGE - b->len % PAGE) % PAGE);
}

/* A longer history for every third record, and one that is deleted. */
static void edit_some(struct device *d, unsigned round)
{
	struct listing l = {NULL, NULL, 0, 0};
	char text[80];

	list_records(&l, d->v);
	for (size_t i = 0; i < l.n; i += 3) {
		struct saksi_txn *t = begin(d, true);
		struct saksi_draft *draft = NULL;
		json_t *v;

		snprintf(text, sizeof(text), "what was found out later, %u.%zu", round, i);
		v = text_value(text);
		OK(saksi_draft_new(&draft, t, &g_err));
		OK(saksi_draft_set(draft, &l.list[i].id, "notes", v, &g_err));
		if (i == 6)
			OK(saksi_draft_delete(draft, &l.list[i].id, "twice", &g_err));
		OK(saksi_draft_commit(draft, NULL, &g_err));
		OK(saksi_txn_commit(&t, &g_err));
		saksi_draft_free(&draft);
		json_decref(v);
	}
	free(l.list);
}

static bool run(const struct plan *p)
{
	struct schema *schema = load_schema();
	struct model m = {.newer = BUF_INIT, .older = BUF_INIT};
	struct target g = {.m = &m, .seed = p->seed};
	struct device d;
	bool good = true;

	device_make(&d, schema);
	flips_import(d.v, p->records, 3);
	edit_some(&d, 1);
	read_file(&m.older, &d);
	edit_some(&d, 2);
	read_file(&m.newer, &d);
	model_make(&m, d.v);
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	printf("%zu records, %zu values in %zu pages\n", m.n_records, m.n,
	    m.newer.len / PAGE);
	kv_close(&d.v->kv);
	catalog_reset(&d.v->catalog);
	g.v = d.v;
	g.w = d.w;
	crypto_random(g.w.nonce, sizeof(g.w.nonce));
	log_id_of(&g.w.log, &g.w.device, g.w.coll, g.w.nonce);
	g.w.reason = LOG_RESTORED;
	for (unsigned kind = HEADER_FLIP; kind <= SPLICE; kind++)
		good = run_kind(&g, p, (enum kind)kind) && good;
	buf_free(&g.file);
	buf_free(&g.lost);
	model_free(&m);
	device_end(&d);
	schema_free(&schema);
	return good;
}

int main(int argc, char **argv)
{
	return flips_main(argc, argv, 40, run);
}
