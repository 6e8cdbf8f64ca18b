/* test_merge.c - what is visible is a function of the set of changesets. */
#include "vaults.h"

/* ---- small, named cases ------------------------------------------------------------ */

static void edit(struct device *d, const struct saksi_id *id, const char *field,
    const char *value)
{
	struct saksi_txn *t = begin(d, true);
	struct saksi_draft *dr = NULL;
	json_t *v = text_value(value);

	OK(saksi_draft_new(&dr, t, &g_err));
	OK(saksi_draft_set(dr, id, field, v, &g_err));
	OK(saksi_draft_commit(dr, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&dr);
	json_decref(v);
}

static void tag(struct device *d, const struct saksi_id *id, const char *value, bool add)
{
	struct saksi_txn *t = begin(d, true);
	struct saksi_draft *dr = NULL;
	json_t *v = text_value(value);

	OK(saksi_draft_new(&dr, t, &g_err));
	if (add)
		OK(saksi_draft_add(dr, id, "tags", v, &g_err));
	else
		OK(saksi_draft_remove(dr, id, "tags", v, &g_err));
	OK(saksi_draft_commit(dr, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&dr);
	json_decref(v);
}

static void hide(struct device *d, const struct saksi_id *id, bool deleted)
{
	struct saksi_txn *t = begin(d, true);
	struct saksi_draft *dr = NULL;

	OK(saksi_draft_new(&dr, t, &g_err));
	if (deleted)
		OK(saksi_draft_delete(dr, id, "entered twice", &g_err));
	else
		OK(saksi_draft_undelete(dr, id, &g_err));
	OK(saksi_draft_commit(dr, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&dr);
}

static struct saksi_id create(struct device *d, const char *ref, const char *title)
{
	struct saksi_txn *t = begin(d, true);
	struct saksi_draft *dr = NULL;
	struct saksi_id id;
	json_t *v = text_value(title);

	OK(saksi_draft_new(&dr, t, &g_err));
	OK(saksi_draft_create(dr, &id, "event", ref, "C", &g_err));
	OK(saksi_draft_set(dr, &id, "title", v, &g_err));
	OK(saksi_draft_commit(dr, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&dr);
	json_decref(v);
	return id;
}

static struct saksi_record *get(struct device *d, const struct saksi_id *id)
{
	struct saksi_txn *t = begin(d, false);
	struct saksi_record *r = NULL;

	OK(saksi_record_get(&r, t, id, 0, &g_err));
	saksi_txn_abort(&t);
	return r;
}

static size_t values_of(const struct saksi_record *r, const char *field)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_visible; i++)
		n += strcmp(r->values[i].field, field) == 0;
	return n;
}

static bool has_value(const struct saksi_record *r, const char *field, const char *value)
{
	for (size_t i = 0; i < r->n_visible; i++)
		if (strcmp(r->values[i].field, field) == 0 &&
		    strcmp(json_string_value(r->values[i].value), value) == 0)
			return true;
	return false;
}

static void assert_same(struct device *a, struct device *b)
{
	struct saksi_hash ha = device_digest(a), hb = device_digest(b);

	assert_memory_equal(ha.b, hb.b, sizeof(ha.b));
}

static void concurrent_sets_both_stay_until_resolved(void **state)
{
	struct device a, b;
	struct saksi_id id;
	struct saksi_record *r;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	id = create(&a, NULL, "Arrests at the market");
	carry(&a, &b);
	edit(&a, &id, "title", "Arrests at the old market");
	edit(&b, &id, "title", "Arrests at the new market");
	carry(&a, &b);
	carry(&b, &a);
	assert_same(&a, &b);
	r = get(&a, &id);
	assert_int_equal(values_of(r, "title"), 2);
	assert_true(has_value(r, "title", "Arrests at the old market"));
	assert_true(has_value(r, "title", "Arrests at the new market"));
	assert_int_equal(r->n_conflicts, 1);
	saksi_record_free(&r);

	edit(&a, &id, "title", "Arrests at the old market");
	carry(&a, &b);
	r = get(&b, &id);
	assert_int_equal(values_of(r, "title"), 1);
	assert_int_equal(r->n_conflicts, 0);
	/* The rival is kept in history, and who hid it is known. */
	assert_int_equal(r->n_values - r->n_visible > 0, 1);
	saksi_record_free(&r);
	assert_same(&a, &b);
	device_end(&a);
	device_end(&b);
}

static void equal_values_are_no_conflict(void **state)
{
	struct device a, b;
	struct saksi_id id;
	struct saksi_record *r;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	id = create(&a, NULL, "First");
	carry(&a, &b);
	edit(&a, &id, "title", "Second");
	edit(&b, &id, "title", "Second");
	carry(&a, &b);
	r = get(&b, &id);
	assert_int_equal(r->n_conflicts, 0);
	assert_int_equal(values_of(r, "title"), 1);
	for (size_t i = 0; i < r->n_visible; i++)
		if (strcmp(r->values[i].field, "title") == 0)
			assert_int_equal(r->values[i].copies, 1);
	saksi_record_free(&r);
	device_end(&a);
	device_end(&b);
}

static void add_wins_over_concurrent_remove(void **state)
{
	struct device a, b;
	struct saksi_id id;
	struct saksi_record *r;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	id = create(&a, NULL, "E");
	tag(&a, &id, "union", true);
	carry(&a, &b);
	tag(&a, &id, "union", false);
	tag(&b, &id, "union", false);
	tag(&b, &id, "union", true);
	carry(&a, &b);
	carry(&b, &a);
	assert_same(&a, &b);
	r = get(&a, &id);
	assert_true(has_value(r, "tags", "union"));
	assert_int_equal(r->n_conflicts, 0);
	saksi_record_free(&r);
	device_end(&a);
	device_end(&b);
}

static void deletion_hides_but_not_what_it_has_not_seen(void **state)
{
	struct device a, b;
	struct saksi_id id;
	struct saksi_record *r;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	id = create(&a, "evt-1", "E");
	carry(&a, &b);
	hide(&a, &id, true);
	r = get(&a, &id);
	assert_int_equal(r->state, RECORD_DELETED);
	assert_true(has_value(r, "title", "E"));
	saksi_record_free(&r);

	edit(&b, &id, "title", "E, corrected");
	carry(&a, &b);
	carry(&b, &a);
	assert_same(&a, &b);
	r = get(&a, &id);
	assert_int_equal(r->state, RECORD_VISIBLE);
	assert_true(r->delete_conflict);
	assert_int_equal(r->n_conflicts, 1);
	saksi_record_free(&r);

	hide(&a, &id, true);
	r = get(&a, &id);
	assert_int_equal(r->state, RECORD_DELETED);
	saksi_record_free(&r);
	hide(&a, &id, false);
	carry(&a, &b);
	r = get(&b, &id);
	assert_int_equal(r->state, RECORD_VISIBLE);
	assert_false(r->delete_conflict);
	saksi_record_free(&r);
	device_end(&a);
	device_end(&b);
}

static int64_t g_now;

static int64_t fixed_clock(void)
{
	return g_now;
}

static void as_of_shows_what_was_claimed_by_then(void **state)
{
	struct device a;
	struct saksi_id id;
	struct saksi_txn *t;
	struct saksi_record *r = NULL;

	(void)state;
	clock_replace(fixed_clock);
	device_make(&a, g_schema);
	g_now = INT64_C(1600000000000000);
	id = create(&a, NULL, "before");
	g_now = INT64_C(1700000000000000);
	edit(&a, &id, "title", "after");
	t = begin(&a, false);
	OK(saksi_record_get(&r, t, &id, INT64_C(1650000000000000), &g_err));
	assert_true(has_value(r, "title", "before"));
	assert_false(has_value(r, "title", "after"));
	saksi_record_free(&r);
	assert_int_equal(saksi_record_get(&r, t, &id, INT64_C(1500000000000000), &g_err),
	    SAKSI_ENOTFOUND);
	saksi_txn_abort(&t);
	/* A clock that jumps back never makes a later entry older. */
	g_now = INT64_C(1000000000000000);
	edit(&a, &id, "title", "later still");
	r = get(&a, &id);
	assert_true(has_value(r, "title", "later still"));
	assert_int_equal(r->n_conflicts, 0);
	saksi_record_free(&r);
	device_end(&a);
	clock_replace(NULL);
}

/* ---- at random: any order that causes allow, duplicates, the same view -------------- */

#define SET_MAX 400

struct set {
	struct changeset *cs[SET_MAX];
	size_t n;
};

static enum saksi_err collect(void *ctx, const struct log_entry *e,
    struct saksi_error *err)
{
	struct set *s = ctx;

	for (size_t i = 0; i < s->n; i++)
		if (hash_cmp(&s->cs[i]->id, &e->cs->id) == 0)
			return SAKSI_OK;
	assert_true(s->n < SET_MAX);
	return changeset_decode(&s->cs[s->n++], e->cs->bytes.p, e->cs->bytes.len, err);
}

static uint32_t g_seed;

static uint32_t roll(uint32_t n)
{
	g_seed = g_seed * 1664525u + 1013904223u;
	return (g_seed >> 8) % n;
}

static void random_change(struct device *d, const struct saksi_id *ids, size_t n)
{
	const struct saksi_id *id = &ids[roll((uint32_t)n)];
	struct saksi_txn *t = begin(d, false);
	bool known;
	char value[16];

	{
		struct saksi_record *r = NULL;
		known = saksi_record_get(&r, t, id, 0, NULL) == SAKSI_OK;
		saksi_record_free(&r);
	}
	saksi_txn_abort(&t);
	if (!known)
		return;
	snprintf(value, sizeof(value), "v%u", roll(4));
	switch (roll(8)) {
	case 0: {
		struct saksi_record *r = get(d, id);
		hide(d, id, r->state != RECORD_DELETED && !r->delete_conflict);
		saksi_record_free(&r);
		break;
	}
	case 1: {
		struct saksi_record *r = get(d, id);
		if (has_value(r, "tags", value))
			tag(d, id, value, false);
		saksi_record_free(&r);
		break;
	}
	case 2:
	case 3:
		tag(d, id, value, true);
		break;
	default:
		edit(d, id, roll(2) ? "title" : "violation_status", value);
	}
}

/* Merge the set in a random order; what lacks a cause waits for a later round. */
static void replay(struct saksi_txn *t, const struct set *s)
{
	bool done[SET_MAX] = {false};
	size_t left = s->n;

	while (left > 0) {
		size_t i = roll((uint32_t)s->n);
		enum saksi_err rc =
		    saksi_log_merge(t, s->cs[i], NULL, NULL, NULL, &g_err);

		if (rc == SAKSI_OK) {
			assert_false(done[i]);
			done[i] = true;
			left--;
		} else if (rc == SAKSI_EEXIST)
			assert_true(done[i]);
		else
			assert_int_equal(rc, SAKSI_ENOTFOUND);
	}
}

static void any_order_gives_the_same_view(void **state)
{
	const char *rounds = getenv("SAKSI_ROUNDS");
	unsigned orders = rounds == NULL ? 200 : (unsigned)atoi(rounds);
	struct device d[3];
	struct saksi_id ids[4];
	static struct set s;
	struct saksi_hash want;

	(void)state;
	g_seed = 20261121;
	for (size_t i = 0; i < 3; i++)
		device_make(&d[i], g_schema);
	for (size_t i = 0; i < 4; i++)
		ids[i] = create(&d[i % 3], NULL, "start");
	for (size_t i = 0; i < 220; i++) {
		size_t at = roll(3);

		random_change(&d[at], ids, 4);
		if (roll(5) == 0)
			carry(&d[at], &d[(at + 1 + roll(2)) % 3]);
	}
	for (size_t i = 0; i < 3; i++) {
		struct saksi_txn *t = begin(&d[i], false);
		OK(saksi_log_each(t, 0, collect, &s, &g_err));
		saksi_txn_abort(&t);
	}
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++)
			if (i != j)
				carry(&d[i], &d[j]);
	want = device_digest(&d[0]);
	for (size_t i = 1; i < 3; i++)
		assert_same(&d[0], &d[i]);
	for (unsigned i = 0; i < orders; i++) {
		struct saksi_txn *t = begin(&d[1], true);
		struct saksi_hash h;

		OK(saksi_log_clear(t, &g_err));
		replay(t, &s);
		h = digest_of(t);
		assert_memory_equal(h.b, want.b, sizeof(h.b));
		saksi_txn_abort(&t);
	}
	assert_same(&d[0], &d[1]);
	for (size_t i = 0; i < 3; i++) {
		OK(saksi_vault_verify(d[i].v, true, NULL, NULL, NULL, NULL, &g_err));
		device_end(&d[i]);
	}
	for (size_t i = 0; i < s.n; i++)
		changeset_free(&s.cs[i]);
	assert_true(s.n > 100);
}

/* ---- what a lying author can't do ---------------------------------------------------- */

static struct changeset *forge(struct device *d, struct changeset head,
    const struct buf *part)
{
	struct part_bytes p = {part->p, part->len};
	struct changeset *cs = NULL;

	OK(changeset_build(&cs, &head, &p, 1, d->sk, &g_err));
	return cs;
}

static struct changeset next_header(struct device *d)
{
	struct saksi_txn *t = begin(d, false);
	struct changeset h = {.kind = CS_DATA};
	struct log_head *list = NULL;
	size_t n;

	OK(saksi_log_heads(t, &list, &n, &g_err));
	h.space = d->w.space;
	memcpy(h.coll, d->w.coll, sizeof(h.coll));
	h.log = d->w.log;
	for (size_t i = 0; i < n; i++)
		if (hash_cmp(&list[i].log, &h.log) == 0) {
			struct log_entry e;

			h.seq = list[i].seq + 1;
			h.has_prev = true;
			h.prev = list[i].id;
			OK(saksi_log_get(t, &list[i].id, &e, &g_err));
			h.hlc = e.cs->hlc + 1;
			log_entry_free(&e);
		}
	free(list);
	saksi_txn_abort(&t);
	return h;
}

static void hiding_what_was_not_seen_does_nothing(void **state)
{
	struct device a, b;
	struct saksi_id id;
	struct saksi_record *r;
	struct saksi_txn *t;
	struct changeset *cs;
	struct log_head *list = NULL;
	struct buf part = BUF_INIT;
	size_t n;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	id = create(&a, NULL, "seen");
	carry(&a, &b);
	edit(&a, &id, "title", "not seen by b");
	/* b names the dot of a's edit, which is no cause of b's changeset. */
	t = begin(&a, false);
	OK(saksi_log_heads(t, &list, &n, &g_err));
	mp_array(&part, 3);
	mp_uint(&part, PART_RECORD);
	mp_bin(&part, id.b, sizeof(id.b));
	mp_array(&part, 1);
	mp_array(&part, 3);
	mp_uint(&part, OP_REMOVE);
	mp_cstr(&part, "title");
	mp_array(&part, 1);
	mp_array(&part, 2);
	mp_bin(&part, list[0].id.b, sizeof(list[0].id.b));
	mp_uint(&part, 0);
	free(list);
	saksi_txn_abort(&t);
	edit(&b, &id, "violation_status", "x-opened");
	cs = forge(&b, next_header(&b), &part);
	carry(&b, &a);
	t = begin(&a, true);
	OK(saksi_log_merge(t, cs, NULL, NULL, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	r = get(&a, &id);
	assert_true(has_value(r, "title", "not seen by b"));
	saksi_record_free(&r);
	changeset_free(&cs);
	buf_free(&part);
	device_end(&a);
	device_end(&b);
}

static void broken_chains_are_refused(void **state)
{
	struct device a, b;
	struct saksi_txn *t;
	struct changeset head, *cs;
	struct buf part = BUF_INIT;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	create(&a, NULL, "one");
	carry(&a, &b);
	mp_array(&part, 3);
	mp_uint(&part, PART_AUDIT);
	mp_cstr(&part, "test");
	mp_map(&part, 0);
	for (unsigned i = 0; i < 4; i++) {
		head = next_header(&a);
		switch (i) {
		case 0:
			head.seq++;
			break;
		case 1:
			head.log.b[0] ^= 1;
			break;
		case 2:
			head.hlc = 1;
			break;
		default:
			head.coll[0] ^= 1;
		}
		cs = forge(&a, head, &part);
		t = begin(&b, true);
		assert_int_equal(saksi_log_merge(t, cs, NULL, NULL, NULL, &g_err),
		    SAKSI_EFORMAT);
		saksi_txn_abort(&t);
		changeset_free(&cs);
	}
	head = next_header(&a);
	head.n_deps = 1;
	memset(head.deps[0].b, 9, sizeof(head.deps[0].b));
	cs = forge(&a, head, &part);
	t = begin(&b, true);
	assert_int_equal(saksi_log_merge(t, cs, NULL, NULL, NULL, &g_err),
	    SAKSI_ENOTFOUND);
	saksi_txn_abort(&t);
	changeset_free(&cs);
	buf_free(&part);
	device_end(&a);
	device_end(&b);
}

static void entries_stand_once(struct saksi_txn *t, const struct log_head *list, size_t n)
{
	uint64_t count, met = 0;

	for (size_t i = 0; i < n; i++) {
		for (uint64_t seq = 0; seq <= list[i].seq + 1; seq++) {
			struct saksi_hash id;
			struct log_entry e = {0};
			bool there;

			OK(saksi_log_at(t, list[i].branch, seq, &id, &there, &g_err));
			assert_false(there && (seq == 0 || seq > list[i].seq));
			if (!there)
				continue;
			OK(saksi_log_get(t, &id, &e, &g_err));
			assert_int_equal(e.cs->seq, seq);
			assert_int_equal(e.branch, list[i].branch);
			log_entry_free(&e);
			met++;
		}
	}
	OK(saksi_log_count(t, &count, &g_err));
	assert_int_equal(met, count);
}

static void a_forked_log_keeps_both_branches(void **state)
{
	struct device a, b;
	struct saksi_id id;
	struct saksi_txn *t;
	struct changeset head, *cs;
	struct buf part = BUF_INIT;
	struct log_head *list = NULL;
	struct saksi_record *r;
	size_t n;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	id = create(&a, NULL, "one");
	carry(&a, &b);
	head = next_header(&a);
	mp_array(&part, 3);
	mp_uint(&part, PART_RECORD);
	mp_bin(&part, id.b, sizeof(id.b));
	mp_array(&part, 1);
	mp_array(&part, 3);
	mp_uint(&part, OP_ADD);
	mp_cstr(&part, "tags");
	mp_cstr(&part, "from the copy");
	cs = forge(&a, head, &part);
	tag(&a, &id, "from the original", true);
	carry(&a, &b);
	t = begin(&b, true);
	OK(saksi_log_merge(t, cs, NULL, NULL, NULL, &g_err));
	OK(saksi_log_heads(t, &list, &n, &g_err));
	assert_int_equal(n, 2);
	assert_true(list[0].forked && list[1].forked);
	/* Each entry is found in one branch, before it is written and after. */
	entries_stand_once(t, list, n);
	OK(saksi_txn_commit(&t, &g_err));
	t = begin(&b, false);
	entries_stand_once(t, list, n);
	saksi_txn_abort(&t);
	free(list);
	r = get(&b, &id);
	assert_true(has_value(r, "tags", "from the copy"));
	assert_true(has_value(r, "tags", "from the original"));
	saksi_record_free(&r);
	OK(saksi_vault_verify(b.v, true, NULL, NULL, NULL, NULL, &g_err));
	changeset_free(&cs);
	buf_free(&part);
	device_end(&a);
	device_end(&b);
}

/* ---- what a hostile member sends, and everybody can still work --------------------------- */

/* A part with one op on ${id}: SET or ADD of ${field} to the given msgpack. */
static struct buf op_part(const struct saksi_id *id, unsigned code, const char *field,
    const void *value, size_t n)
{
	struct buf part = BUF_INIT;

	mp_array(&part, 3);
	mp_uint(&part, PART_RECORD);
	mp_bin(&part, id->b, sizeof(id->b));
	mp_array(&part, 1);
	mp_array(&part, code == OP_SET ? 4 : 3);
	mp_uint(&part, code);
	mp_cstr(&part, field);
	buf_add(&part, value, n);
	if (code == OP_SET)
		mp_array(&part, 0);
	return part;
}

static enum saksi_err give(struct device *from, struct device *to, const struct buf *part)
{
	struct changeset *cs = forge(from, next_header(from), part);
	struct saksi_txn *t = begin(to, true);
	enum saksi_err rc = saksi_log_merge(t, cs, NULL, NULL, NULL, &g_err);

	if (rc == SAKSI_OK)
		OK(saksi_txn_commit(&t, &g_err));
	saksi_txn_abort(&t);
	changeset_free(&cs);
	return rc;
}

static void values_that_cannot_be_shown_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {{"\xc4\x01x", 3}, {"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9},
	    {"\x91\xc4\x01x", 4}, {"\x81\xa1k\xc4\x01x", 6}, {"\xc0", 1},
	    {"\xcb\x7f\xf8\0\0\0\0\0\0", 9}};
	struct device a, m;
	struct saksi_id id;

	(void)state;
	device_make(&a, g_schema);
	device_make(&m, g_schema);
	id = create(&a, NULL, "E");
	carry(&a, &m);
	tag(&m, &id, "x", true);
	carry(&m, &a);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (unsigned code = OP_SET; code <= OP_ADD; code++) {
			struct buf part =
			    op_part(&id, code, "title", bad[i].bytes, bad[i].n);

			assert_int_equal(give(&m, &a, &part), SAKSI_EFORMAT);
			buf_free(&part);
		}
	device_end(&a);
	device_end(&m);
}

static enum saksi_err as_json(void *ctx, const struct saksi_record *r,
    struct saksi_error *err)
{
	json_t *j = NULL;
	enum saksi_err rc = saksi_record_json(&j, ctx, r, NULL, NULL, err);

	json_decref(j);
	return rc;
}

static void any_field_name_and_shape_can_be_shown(void **state)
{
	static const char *const fields[] = {"id", "rivals", "type", "ref", "class",
	    "deleted", "title", "colour", "place", "date", "source", "names", "v",
	    "detention", "a.b", "\x1b[2J"};
	static const struct {
		const char *bytes;
		size_t n;
	} values[] = {{"\xa1x", 2}, {"\x05", 1}, {"\xc3", 1}, {"\x90", 1}, {"\x80", 1},
	    {"\x91\x90", 2}, {"\x81\xa1v\xa1x", 5}, {"\x81\xa4text\x05", 7}};
	struct device a, m;
	struct saksi_id id;
	struct saksi_txn *t;

	(void)state;
	device_make(&a, g_schema);
	device_make(&m, g_schema);
	id = create(&a, NULL, "E");
	carry(&a, &m);
	tag(&m, &id, "x", true);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++)
			for (unsigned code = OP_SET; code <= OP_ADD; code++) {
				struct buf part = op_part(&id, code, fields[i],
				    values[j].bytes, values[j].n);

				/* Into its author's own vault too, so that its log goes on. */
				if (give(&m, &m, &part) != SAKSI_OK)
					assert_int_equal(g_err.code, SAKSI_EFORMAT);
				buf_free(&part);
			}
	carry(&m, &a);
	t = begin(&a, false);
	OK(saksi_record_each(t, true, as_json, t, &g_err));
	saksi_txn_abort(&t);
	OK(saksi_vault_verify(a.v, true, NULL, NULL, NULL, NULL, &g_err));
	/* And it can still be put right. */
	edit(&a, &id, "title", "E, mended");
	device_end(&a);
	device_end(&m);
}

#define RIVALS 6000u

static void thousands_of_rivals_can_be_resolved(void **state)
{
	struct device a, m;
	struct saksi_id id;
	struct saksi_record *r;

	(void)state;
	device_make(&a, g_schema);
	device_make(&m, g_schema);
	id = create(&a, NULL, "E");
	carry(&a, &m);
	tag(&m, &id, "x", true);
	for (unsigned done = 0; done < RIVALS;) {
		struct buf part = BUF_INIT;

		mp_array(&part, 3);
		mp_uint(&part, PART_RECORD);
		mp_bin(&part, id.b, sizeof(id.b));
		mp_array(&part, 1000);
		for (unsigned i = 0; i < 1000; i++) {
			mp_array(&part, 4);
			mp_uint(&part, OP_SET);
			mp_cstr(&part, "title");
			mp_uint(&part, done++);
			mp_array(&part, 0);
		}
		OK(give(&m, &m, &part));
		buf_free(&part);
	}
	carry(&m, &a);
	r = get(&a, &id);
	assert_int_equal(values_of(r, "title"), RIVALS + 1);
	saksi_record_free(&r);
	edit(&a, &id, "title", "E");
	r = get(&a, &id);
	assert_int_equal(values_of(r, "title"), 1);
	assert_int_equal(r->n_conflicts, 0);
	saksi_record_free(&r);
	carry(&a, &m);
	assert_same(&a, &m);
	device_end(&a);
	device_end(&m);
}

/* A history past any one row's size, in two orders, is the same record. */
static void a_history_of_many_rows_is_whole(void **state)
{
	struct device a, b, m;
	struct saksi_id id;
	char *big = malloc(100001);

	(void)state;
	assert_non_null(big);
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	device_make(&m, g_schema);
	id = create(&a, "evt-big", "E");
	carry(&a, &m);
	for (unsigned i = 0; i < 30; i++) {
		memset(big, 'a' + (int)(i % 26), 100000);
		big[100000] = '\0';
		big[0] = (char)('A' + (int)(i % 26));
		big[1] = (char)('a' + (int)(i / 26));
		tag(&m, &id, big, true);
		if (i == 15)
			hide(&m, &id, true);
		if (i == 20)
			hide(&m, &id, false);
	}
	carry(&m, &a);
	carry(&m, &b);
	edit(&a, &id, "title", "from a");
	edit(&b, &id, "title", "from b");
	carry(&a, &b);
	carry(&b, &a);
	assert_same(&a, &b);
	OK(saksi_vault_verify(a.v, true, NULL, NULL, NULL, NULL, &g_err));
	OK(saksi_vault_verify(b.v, true, NULL, NULL, NULL, NULL, &g_err));
	device_reopen(&a, g_schema);
	assert_same(&a, &b);
	free(big);
	device_end(&a);
	device_end(&b);
	device_end(&m);
}

/* Whichever branches come first, the same ones are merged: all. */
static void a_log_of_many_branches_is_the_same_everywhere(void **state)
{
	struct device a, b, m;
	struct saksi_id id;
	struct changeset *cs[40], head;
	struct saksi_txn *t;

	(void)state;
	device_make(&a, g_schema);
	device_make(&b, g_schema);
	device_make(&m, g_schema);
	id = create(&m, NULL, "E");
	head = next_header(&m);
	for (size_t i = 0; i < 40; i++) {
		char value[3] = {(char)0xa1, (char)('!' + (int)i), '\0'};
		struct buf part = op_part(&id, OP_ADD, "tags", value, 2);

		cs[i] = forge(&m, head, &part);
		buf_free(&part);
	}
	carry(&m, &a);
	carry(&m, &b);
	t = begin(&a, true);
	for (size_t i = 0; i < 40; i++)
		OK(saksi_log_merge(t, cs[i], NULL, NULL, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	t = begin(&b, true);
	for (size_t i = 40; i-- > 0;)
		OK(saksi_log_merge(t, cs[i], NULL, NULL, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	assert_same(&a, &b);
	/* Work goes on, and ties the branches together. */
	edit(&a, &id, "title", "E, known");
	carry(&a, &b);
	assert_same(&a, &b);
	for (size_t i = 0; i < 40; i++)
		changeset_free(&cs[i]);
	device_end(&a);
	device_end(&b);
	device_end(&m);
}

static void one_far_clock_does_not_hide_what_cites_it(void **state)
{
	struct device a, m;
	struct saksi_id id;
	struct saksi_txn *t;
	struct saksi_record *r = NULL;

	(void)state;
	clock_replace(fixed_clock);
	g_now = INT64_C(1700000000000000);
	device_make(&a, g_schema);
	device_make(&m, g_schema);
	create(&m, NULL, "now");
	g_now = INT64_C(9700000000000000);
	create(&m, NULL, "in 250 years");
	g_now = INT64_C(1700000100000000);
	carry(&m, &a);
	id = create(&a, NULL, "cites it");
	t = begin(&a, false);
	OK(saksi_record_get(&r, t, &id, INT64_C(1700000200000000), &g_err));
	saksi_record_free(&r);
	assert_int_equal(saksi_record_get(&r, t, &id, INT64_C(1700000050000000), &g_err),
	    SAKSI_ENOTFOUND);
	saksi_txn_abort(&t);
	OK(saksi_vault_verify(a.v, true, NULL, NULL, NULL, NULL, &g_err));
	device_end(&a);
	device_end(&m);
	clock_replace(NULL);
}

static void a_draft_has_no_rivals_of_its_own(void **state)
{
	struct device a;
	struct saksi_id id;
	struct saksi_txn *t;
	struct saksi_draft *dr = NULL;
	struct saksi_record *r;
	json_t *one = text_value("one"), *two = text_value("two");

	(void)state;
	device_make(&a, g_schema);
	id = create(&a, NULL, "E");
	t = begin(&a, true);
	OK(saksi_draft_new(&dr, t, &g_err));
	OK(saksi_draft_set(dr, &id, "title", one, &g_err));
	OK(saksi_draft_set(dr, &id, "violation_status", one, &g_err));
	OK(saksi_draft_set(dr, &id, "title", two, &g_err));
	OK(saksi_draft_commit(dr, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&dr);
	r = get(&a, &id);
	assert_int_equal(r->n_conflicts, 0);
	assert_true(has_value(r, "title", "two"));
	assert_true(has_value(r, "violation_status", "one"));
	saksi_record_free(&r);
	json_decref(one);
	json_decref(two);
	device_end(&a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(concurrent_sets_both_stay_until_resolved),
    cmocka_unit_test(equal_values_are_no_conflict),
    cmocka_unit_test(add_wins_over_concurrent_remove),
    cmocka_unit_test(deletion_hides_but_not_what_it_has_not_seen),
    cmocka_unit_test(as_of_shows_what_was_claimed_by_then),
    cmocka_unit_test(any_order_gives_the_same_view),
    cmocka_unit_test(hiding_what_was_not_seen_does_nothing),
    cmocka_unit_test(broken_chains_are_refused),
    cmocka_unit_test(a_forked_log_keeps_both_branches),
    cmocka_unit_test(values_that_cannot_be_shown_are_refused),
    cmocka_unit_test(any_field_name_and_shape_can_be_shown),
    cmocka_unit_test(thousands_of_rivals_can_be_resolved),
    cmocka_unit_test(a_history_of_many_rows_is_whole),
    cmocka_unit_test(a_log_of_many_branches_is_the_same_everywhere),
    cmocka_unit_test(one_far_clock_does_not_hide_what_cites_it),
    cmocka_unit_test(a_draft_has_no_rivals_of_its_own),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
