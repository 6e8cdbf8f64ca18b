/*
 * test_sync_attack.c - a member who wants to stop the others: too much at
 * once, keys that shut someone out, floods of membership, copies that only
 * look like the real thing.
 */
#include "craft.h"

/* Linked with --wrap: a vault that can write only so much at once. */
static size_t g_room;		 /* merges that fit one transaction; 0: as many as come */
static size_t g_merged;		 /* in this one */
static size_t g_most;		 /* in any */
static struct saksi_hash g_huge; /* never fits */

enum saksi_err __real_saksi_log_merge(struct saksi_txn *t, const struct changeset *cs,
    const struct saksi_hash *sealer, merge_change_fn *fn, void *ctx,
    struct saksi_error *err);
enum saksi_err __real_saksi_txn_begin(struct saksi_txn **out, struct saksi_vault *v,
    bool write, struct saksi_error *err);
enum saksi_err __wrap_saksi_log_merge(struct saksi_txn *t, const struct changeset *cs,
    const struct saksi_hash *sealer, merge_change_fn *fn, void *ctx,
    struct saksi_error *err);
enum saksi_err __wrap_saksi_txn_begin(struct saksi_txn **out, struct saksi_vault *v,
    bool write, struct saksi_error *err);

enum saksi_err __wrap_saksi_log_merge(struct saksi_txn *t, const struct changeset *cs,
    const struct saksi_hash *sealer, merge_change_fn *fn, void *ctx,
    struct saksi_error *err)
{
	if ((g_room > 0 && g_merged >= g_room) || hash_cmp(&cs->id, &g_huge) == 0)
		return saksi_fail(err, SAKSI_ELIMIT, "test: too much in one transaction");
	g_merged++;
	g_most = g_merged > g_most ? g_merged : g_most;
	return __real_saksi_log_merge(t, cs, sealer, fn, ctx, err);
}

enum saksi_err __wrap_saksi_txn_begin(struct saksi_txn **out, struct saksi_vault *v,
    bool write, struct saksi_error *err)
{
	g_merged = 0;
	return __real_saksi_txn_begin(out, v, write, err);
}

static struct held_set g_held;

/* One part of one operation: ADD ${text} to a list field. */
static void add_op(struct buf *b, const struct saksi_id *id, const char *field,
    const char *text)
{
	mp_array(b, 3);
	mp_uint(b, PART_RECORD);
	mp_bin(b, id->b, sizeof(id->b));
	mp_array(b, 1);
	mp_array(b, 3);
	mp_uint(b, OP_ADD);
	mp_cstr(b, field);
	mp_cstr(b, text);
}

static void craft_to(struct pile *p, struct craft *c, const struct part_bytes *parts,
    size_t n)
{
	struct changeset *cs = craft_next(c, parts, n);

	pile_add(p, cs);
	changeset_free(&cs);
}

static void craft_open_to(struct pile *p, struct craft *c)
{
	struct changeset *cs = craft_open(c);

	pile_add(p, cs);
	changeset_free(&cs);
}

/* ---- more than a transaction holds ------------------------------------------------------ */

static void much_that_waits_is_released(void **state)
{
	static struct pile p;
	static char text[100000];
	struct peer a, b, m;
	struct craft c;
	struct feeding f;
	struct saksi_id id;
	size_t order[70];

	(void)state;
	team_of_three(&a, &b, ROLE_EDITOR, &m, ROLE_EDITOR);
	id = peer_create(&a, "one", "Arrests");
	bundle_pass(&a, &b);
	craft_begin(&c, &m, CS_DATA, &m.t->self.id, m.t->self.sign_sk);
	craft_open_to(&p, &c);
	for (int i = 0; i < 64; i++) {
		struct buf part = BUF_INIT;

		random_text(text, sizeof(text));
		add_op(&part, &id, "title", text);
		craft_to(&p, &c, &(struct part_bytes){part.p, part.len}, 1);
		buf_free(&part);
	}
	feed_all(&f, &a, &p, &m.t->self.id);
	assert_int_equal(f.sum.received, 65);
	sync_summary_free(&f.sum);
	/* all that follows the opening, last first, then the opening */
	for (size_t i = 0; i < 64; i++)
		order[i] = 64 - i;
	feed_begin(&f, &b);
	feed_some(&f, &p, order, 64, &m.t->self.id, true);
	feed_end(&f);
	assert_int_equal(f.sum.pending, 64);
	sync_summary_free(&f.sum);
	order[0] = 0;
	g_most = 0;
	feed_begin(&f, &b);
	feed_some(&f, &p, order, 1, &m.t->self.id, true);
	feed_end(&f);
	assert_int_equal(f.sum.received, 65);
	assert_true(g_most < 64); /* not all in one transaction, which has its limit */
	assert_int_equal(f.sum.pending + f.sum.quarantined + f.sum.refused, 0);
	sync_summary_free(&f.sum);
	assert_same_state(&a, &b);
	bundle_pass(&a, &b);
	assert_same_state(&a, &b);
	pile_free(&p);
	peers_end(&a, &b, &m);
}

/* What this vault has no room for is no verdict on who wrote it. */
static void a_small_vault_ends_like_a_large_one(void **state)
{
	static struct pile p;
	struct peer a, b, m;
	struct craft c;
	struct feeding f;
	struct saksi_id id;
	struct changeset *cs;
	size_t order[40];

	(void)state;
	team_of_three(&a, &b, ROLE_EDITOR, &m, ROLE_EDITOR);
	id = peer_create(&a, "one", "Arrests");
	bundle_pass(&a, &b);
	craft_begin(&c, &m, CS_DATA, &m.t->self.id, m.t->self.sign_sk);
	craft_open_to(&p, &c);
	for (int i = 0; i < 30; i++) {
		char title[20];

		snprintf(title, sizeof(title), "Title %d", i);
		cs = craft_record(&c, &id, title);
		pile_add(&p, cs);
		changeset_free(&cs);
	}
	feed_all(&f, &a, &p, &m.t->self.id);
	assert_int_equal(f.sum.received, 31);
	sync_summary_free(&f.sum);
	/* half of it waits, the rest comes in order; four fit one transaction */
	for (size_t i = 0; i < 31; i++)
		order[i] = i < 15 ? 30 - i : i - 15;
	g_room = 4;
	g_huge = p.id[20];
	feed_begin(&f, &b);
	feed_some(&f, &p, order, 31, &m.t->self.id, true);
	feed_end(&f);
	assert_int_equal(f.sum.received, 20);
	assert_int_equal(f.sum.pending, 11);
	assert_int_equal(f.sum.quarantined + f.sum.refused, 0);
	assert_int_equal(f.sum.changed, 1);
	sync_summary_free(&f.sum);
	held_get(&g_held, &b);
	assert_int_equal(held_why(&g_held, HELD_PENDING, "can write at once"), 1);
	peer_create(&a, "two", "By A");
	bundle_pass(&a, &b);
	held_get(&g_held, &b);
	assert_int_equal(g_held.n, 12); /* what A writes now rests on M's */
	/* and once there is room, it is as if it had come in order */
	memset(&g_huge, 0, sizeof(g_huge));
	feed_begin(&f, &b);
	feed_end(&f);
	assert_int_equal(f.sum.received, 12);
	assert_int_equal(f.sum.pending, 0);
	sync_summary_free(&f.sum);
	g_room = 0;
	assert_same_state(&a, &b);
	pile_free(&p);
	peers_end(&a, &b, &m);
}

/* ---- keys, floods, beginnings ------------------------------------------------------------ */

static void key_part(struct buf *b, struct peer *p, const struct saksi_hash *spoil)
{
	struct member_op op = {.tag = OP_KEY};
	struct secret *key = NULL;

	OK(secret_new(&key, 32, &g_err));
	crypto_random(secret_bytes(key), 32);
	OK(epoch_op_new(&op.u.key, key, NULL, p->t->devices, p->t->n_devices, &g_err));
	for (uint32_t i = 0; i < op.u.key.n_boxes; i++)
		if (hash_cmp(&op.u.key.boxes[i].device, spoil) == 0)
			crypto_random(op.u.key.boxes[i].box, KEY_BOX);
	member_op_write(b, &op);
	member_op_free(&op);
	secret_free(&key);
}

/* A key whose box for one member is spoilt must not shut him out. */
static void a_spoilt_box_locks_nobody_out(void **state)
{
	static struct pile p;
	static const enum team_role roles[] = {ROLE_EDITOR, ROLE_ADMIN};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct peer a, b, m, d;
		struct buf key = BUF_INIT;
		struct feeding f;
		struct craft c;

		team_of_three(&a, &b, ROLE_EDITOR, &m, roles[i]);
		key_part(&key, &m, &a.t->self.id);
		craft_begin(&c, &m, CS_MEMBERSHIP, &m.t->self.id, m.t->self.sign_sk);
		craft_open_to(&p, &c);
		craft_to(&p, &c, &(struct part_bytes){key.p, key.len}, 1);
		feed_all(&f, &a, &p, &m.t->self.id);
		assert_int_equal(f.sum.quarantined, i == 0 ? 2 : 0);
		sync_summary_free(&f.sum);
		feed_all(&f, &b, &p, &m.t->self.id);
		sync_summary_free(&f.sum);
		peer_create(&b, "one", "Urgent");
		bundle_pass(&b, &a);
		assert_same_state(&a, &b);
		peer_make(&d, "Fen", "old");
		peer_join(&d, &a, ROLE_READER, "Fen", "desk");
		bundle_pass(&b, &d);
		assert_same_state(&b, &d);
		buf_free(&key);
		pile_free(&p);
		peer_end(&d);
		peers_end(&a, &b, &m);
	}
}

/* Whoever is no admin has no membership log: nothing of it enters the team's. */
static void a_flood_of_membership_stays_outside(void **state)
{
	static struct pile p;
	struct peer a, b, m, d;
	struct feeding f;
	size_t before;

	(void)state;
	team_of_three(&a, &b, ROLE_EDITOR, &m, ROLE_EDITOR);
	before = membership_count(a.t->members);
	for (int i = 0; i < 20; i++) {
		struct craft c;

		craft_begin(&c, &m, CS_MEMBERSHIP, &m.t->self.id, m.t->self.sign_sk);
		craft_open_to(&p, &c);
		for (int k = 0; k < 10; k++)
			craft_to(&p, &c, NULL, 0);
	}
	feed_all(&f, &a, &p, &m.t->self.id);
	assert_int_equal(f.sum.received, 0);
	assert_int_equal(f.sum.quarantined, 220);
	sync_summary_free(&f.sum);
	assert_int_equal(membership_count(a.t->members), before);
	/* and on his own device he is told */
	struct saksi_txn *t = peer_begin(&m, true);
	assert_int_equal(saksi_log_append(t, CS_MEMBERSHIP, NULL, 0, NULL, &g_err),
	    SAKSI_EREFUSED);
	saksi_txn_abort(&t);
	peer_make(&d, "Fen", "old");
	peer_join(&d, &a, ROLE_EDITOR, "Fen", "desk");
	peer_create(&d, "x", "By Fen");
	bundle_pass(&d, &a);
	bundle_pass(&a, &b);
	assert_same_state(&a, &b);
	pile_free(&p);
	peer_end(&d);
	peers_end(&a, &b, &m);
}

/* The founder signs GENESIS again: in another log, and on another branch of the first. */
static void a_team_begins_once(void **state)
{
	static struct pile p, own;
	struct peer a, b, m;
	struct craft c;
	struct feeding f;
	struct changeset *first = NULL, *open = NULL;
	struct part_bytes parts[2];
	size_t before;

	(void)state;
	team_of_three(&a, &b, ROLE_EDITOR, &m, ROLE_EDITOR);
	before = membership_count(b.t->members);
	pile_log(&own, &a);
	OK(changeset_decode(&open, own.bytes[0].p, own.bytes[0].len, &g_err));
	OK(changeset_decode(&first, own.bytes[1].p, own.bytes[1].len, &g_err));
	assert_int_equal(first->n_parts, 2);
	for (int i = 0; i < 2; i++)
		parts[i] = (struct part_bytes){first->parts[i].p, first->parts[i].len};
	craft_begin(&c, &a, CS_MEMBERSHIP, &a.t->self.id, a.t->self.sign_sk);
	craft_open_to(&p, &c);
	c.head.n_auth = 0;
	craft_to(&p, &c, parts, 2);
	craft_begin(&c, &a, CS_MEMBERSHIP, &a.t->self.id, a.t->self.sign_sk);
	c.head.log = open->log;
	c.head.seq = 2;
	c.head.has_prev = true;
	c.head.prev = open->id;
	c.head.n_auth = 0;
	craft_to(&p, &c, parts, 2);
	feed_all(&f, &b, &p, &a.t->self.id);
	assert_int_equal(f.sum.received, 1); /* the opening of another log */
	assert_int_equal(f.sum.refused, 2);
	assert_true(refused_for(&f.sum, "second GENESIS"));
	sync_summary_free(&f.sum);
	assert_int_equal(membership_count(b.t->members), before + 1);
	changeset_free(&first);
	changeset_free(&open);
	pile_free(&p);
	pile_free(&own);
	peers_end(&a, &b, &m);
}

/* Two admins answer one request, not knowing of each other: the lower role holds. */
static void the_lower_of_two_roles_holds(void **state)
{
	struct peer a, b, d;
	struct buf q = BUF_INIT, w1 = BUF_INIT, w2 = BUF_INIT;
	char words[TEAM_WORDS_TEXT];
	struct join_info i1, i2;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	peer_make(&d, "Fen", "old");
	peer_join(&b, &a, ROLE_ADMIN, "Dara", "phone");
	bundle_pass(&a, &b);
	OK(saksi_join_request(d.v, "Fen", "desk", &q, words, &g_err));
	OK(saksi_join_admit(a.t, q.p, q.len, ROLE_READER, &w1, &i1, &g_err));
	OK(saksi_join_admit(b.t, q.p, q.len, ROLE_ADMIN, &w2, &i2, &g_err));
	assert_string_not_equal(i1.welcome_words, i2.welcome_words);
	saksi_team_free(&d.t);
	OK(saksi_join_accept(d.v, w1.p, w1.len, &g_err));
	OK(saksi_team_load(&d.t, d.v, &g_err));
	assert_int_equal(saksi_team_self(d.t)->role, ROLE_READER);
	bundle_pass(&b, &a);
	bundle_pass(&a, &d);
	bundle_pass(&a, &b);
	assert_int_equal(saksi_team_device(a.t, &d.t->self.id)->role, ROLE_READER);
	assert_int_equal(saksi_team_device(b.t, &d.t->self.id)->role, ROLE_READER);
	assert_int_equal(saksi_team_self(d.t)->role, ROLE_READER);
	buf_free(&q);
	buf_free(&w1);
	buf_free(&w2);
	peers_end(&a, &b, &d);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(much_that_waits_is_released),
    cmocka_unit_test(a_small_vault_ends_like_a_large_one),
    cmocka_unit_test(a_spoilt_box_locks_nobody_out),
    cmocka_unit_test(a_flood_of_membership_stays_outside),
    cmocka_unit_test(a_team_begins_once),
    cmocka_unit_test(the_lower_of_two_roles_holds),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
