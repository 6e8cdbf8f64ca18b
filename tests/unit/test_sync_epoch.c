/*
 * test_sync_epoch.c - epoch keys and several admins; and the rarer ways of a
 * changeset through the gate.
 */
#include "craft.h"

/* ${p} issues an epoch for ${n} devices. */
static void issue(struct peer *p, const struct team_device *to, size_t n,
    bool wrong_commit)
{
	struct saksi_txn *t = peer_begin(p, true);
	struct member_op op = {.tag = OP_KEY};
	struct secret *key = NULL;
	struct buf b = BUF_INIT;
	struct part_bytes part;

	OK(secret_new(&key, 32, &g_err));
	crypto_random(secret_bytes(key), 32);
	OK(epoch_op_new(&op.u.key, key, &p->t->epochs[0].id, to, n, &g_err));
	if (wrong_commit)
		op.u.key.commit[0] ^= 1;
	member_op_write(&b, &op);
	part = (struct part_bytes){b.p, b.len};
	OK(saksi_log_append(t, CS_MEMBERSHIP, &part, 1, NULL, &g_err));
	OK(team_catch_up(p->t, t, &g_err));
	OK(team_save(p->t, t, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	member_op_free(&op);
	secret_free(&key);
	buf_free(&b);
}

/* As if it had come by an older carrier. */
static void tell(struct peer *from, struct peer *to, struct sync_summary *sum)
{
	static struct pile p;
	struct feeding f;

	pile_log(&p, from);
	feed_all(&f, to, &p, &from->t->self.id);
	*sum = f.sum;
	pile_free(&p);
}

static void tell_quietly(struct peer *from, struct peer *to)
{
	struct sync_summary sum;

	tell(from, to, &sum);
	assert_int_equal(sum.refused + sum.pending + sum.quarantined, 0);
	sync_summary_free(&sum);
}

static void assert_same_choice(struct peer *a, struct peer *b)
{
	assert_memory_equal(a->t->epochs[0].id.b, b->t->epochs[0].id.b, 32);
	assert_memory_equal(secret_view(a->t->epochs[0].key),
	    secret_view(b->t->epochs[0].key), 32);
}

/* What everyone holds by a signed statement is used; the rest can be read. */
static void a_new_epoch_is_learned_and_used(void **state)
{
	struct peer a, b, c;
	struct saksi_hash first, second;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	first = a.t->epochs[0].id;
	issue(&a, a.t->devices, a.t->n_devices,
	    false); /* alone: nobody else has to know */
	second = a.t->epochs[0].id;
	assert_int_not_equal(hash_cmp(&first, &second), 0);
	peer_make(&b, "Dara", "old");
	peer_join(&b, &a, ROLE_ADMIN, "Dara", "phone");
	assert_int_equal(b.t->n_epochs, 2);
	assert_same_choice(&a, &b);
	assert_memory_equal(second.b, b.t->epochs[0].id.b, 32);
	/* a box is no statement: whether it opens only its receiver knows */
	issue(&a, a.t->devices, a.t->n_devices, false);
	assert_int_equal(a.t->n_epochs, 3);
	assert_memory_equal(second.b, a.t->epochs[0].id.b, 32);
	tell_quietly(&a, &b);
	assert_int_equal(b.t->n_epochs, 3);
	assert_same_choice(&a, &b);
	/* it is there after a restart */
	peer_close(&b);
	peer_open(&b);
	assert_int_equal(b.t->n_epochs, 3);
	assert_same_choice(&a, &b);
	peer_create(&a, "x", "Under the second");
	bundle_pass(&a, &b);
	assert_same_state(&a, &b);
	/* who comes later gets all of them */
	peer_make(&c, "Fen", "old");
	peer_join(&c, &b, ROLE_READER, "Fen", "desk");
	assert_int_equal(c.t->n_epochs, 3);
	assert_same_choice(&b, &c);
	bundle_pass(&b, &c);
	assert_same_state(&b, &c);
	peers_end(&a, &b, &c);
}

static void an_epoch_that_leaves_someone_out_is_not_used(void **state)
{
	struct peer a, b, c;
	struct saksi_hash first;
	struct team_device two[2];

	(void)state;
	team_of_three(&a, &b, ROLE_ADMIN, &c, ROLE_EDITOR);
	first = a.t->epochs[0].id;
	two[0] = *saksi_team_device(a.t, &a.t->self.id);
	two[1] = *saksi_team_device(a.t, &b.t->self.id);
	issue(&a, two, 2, false);
	assert_memory_equal(first.b, a.t->epochs[0].id.b, 32);
	tell_quietly(&a, &b);
	tell_quietly(&a, &c);
	assert_memory_equal(first.b, b.t->epochs[0].id.b, 32);
	assert_int_equal(b.t->n_epochs, 2);
	assert_int_equal(c.t->n_epochs, 1);
	peer_create(&b, "x", "All can read this");
	bundle_pass(&b, &c);
	assert_same_state(&b, &c);
	peers_end(&a, &b, &c);
}

static void epochs_at_the_same_time_end_in_one_choice(void **state)
{
	struct peer a, b, c;

	(void)state;
	team_of_three(&a, &b, ROLE_ADMIN, &c, ROLE_EDITOR);
	issue(&a, a.t->devices, a.t->n_devices, false);
	issue(&b, b.t->devices, b.t->n_devices, false);
	assert_same_choice(&a, &b);
	tell_quietly(&b, &a);
	tell_quietly(&a, &b);
	tell_quietly(&b, &c);
	assert_int_equal(a.t->n_epochs, 3);
	assert_int_equal(c.t->n_epochs, 3);
	assert_same_choice(&a, &b);
	assert_same_choice(&a, &c);
	peers_end(&a, &b, &c);
}

/* ${p} would issue a key in a log of its own, knowing of ${after}. */
static void craft_key(struct peer *p, struct changeset *cs[2],
    const struct changeset *after)
{
	struct member_op op = {.tag = OP_KEY};
	struct secret *key = NULL;
	struct buf b = BUF_INIT;
	struct craft c;

	OK(secret_new(&key, 32, &g_err));
	crypto_random(secret_bytes(key), 32);
	OK(epoch_op_new(&op.u.key, key, NULL, p->t->devices, 1, &g_err));
	member_op_write(&b, &op);
	craft_begin(&c, p, CS_MEMBERSHIP, &p->t->self.id, p->t->self.sign_sk);
	if (after != NULL)
		c.head.auth[0] = after->id;
	cs[0] = craft_open(&c);
	cs[1] = craft_next(&c, &(struct part_bytes){b.p, b.len}, 1);
	member_op_free(&op);
	secret_free(&key);
	buf_free(&b);
}

/* What ${p} would seal under, had these come in that order. */
static struct saksi_hash choice_in_order(struct peer *p, struct changeset *cs[3][2],
    const int order[3])
{
	struct saksi_team t = *p->t;
	struct saksi_hash id;

	OK(membership_new(&t.members, saksi_team_space(p->t), &g_err));
	for (size_t i = 0; i < membership_count(p->t->members); i++) {
		struct saksi_txn *txn = peer_begin(p, false);
		struct log_entry e = {0};

		OK(saksi_log_get(txn, membership_id(p->t->members, i), &e, &g_err));
		OK(membership_add(t.members, e.cs, &p->t->self.id, &g_err));
		log_entry_free(&e);
		saksi_txn_abort(&txn);
	}
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 2; k++)
			OK(membership_add(t.members, cs[order[i]][k], &p->t->self.id,
			    &g_err));
	t.keys = (struct local_epochs){.list = NULL};
	t.epochs = NULL;
	t.n_epochs = t.epochs_looked = t.n_bad_keys = 0;
	OK(epochs_learn(&t, &g_err));
	OK(epochs_choose(&t, &g_err));
	assert_int_equal(t.n_epochs, 4);
	assert_true(t.can_seal);
	id = t.epochs[0].id;
	local_epochs_free(&t.keys);
	free(t.epochs);
	membership_free(&t.members);
	return id;
}

/* Two in a row and one beside them, all for everyone: one choice, whatever the order. */
static void the_choice_asks_no_order(void **state)
{
	static const int orders[3][3] = {{0, 1, 2}, {0, 2, 1}, {2, 0, 1}};
	struct peer a;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	for (int run = 0; run < 16; run++) {
		struct changeset *cs[3][2];
		struct saksi_hash want, got;

		craft_key(&a, cs[0], NULL);
		craft_key(&a, cs[1], cs[0][1]);
		craft_key(&a, cs[2], NULL);
		want = choice_in_order(&a, cs, orders[0]);
		for (int o = 1; o < 3; o++) {
			got = choice_in_order(&a, cs, orders[o]);
			assert_memory_equal(want.b, got.b, 32);
		}
		for (int i = 0; i < 3; i++)
			for (int k = 0; k < 2; k++)
				changeset_free(&cs[i][k]);
	}
	peer_end(&a);
}

static void a_key_that_is_not_as_announced_is_named(void **state)
{
	struct peer a, b, c;
	struct saksi_hash first;
	struct sync_summary sum;

	(void)state;
	team_of_three(&a, &b, ROLE_ADMIN, &c, ROLE_EDITOR);
	first = a.t->epochs[0].id;
	issue(&b, b.t->devices, b.t->n_devices, true);
	tell(&b, &c, &sum);
	assert_true(warned(&sum, "Dara (phone): issued an epoch key that does not fit"));
	sync_summary_free(&sum);
	assert_int_equal(c.t->n_epochs, 1);
	assert_memory_equal(first.b, c.t->epochs[0].id.b, 32);
	/* it was tried once, however often membership changes */
	assert_int_equal(c.t->epochs_looked, 2);
	peers_end(&a, &b, &c);
}

/* Two admins admit at the same time; all agree on who is in the team. */
static void two_admins_at_once(void **state)
{
	struct peer a, b, c, d, e;
	size_t n, m;
	const struct team_device *x, *y;
	uint8_t pk[32];

	(void)state;
	team_of_three(&a, &b, ROLE_ADMIN, &c, ROLE_EDITOR);
	peer_make(&d, "Fen", "old");
	peer_make(&e, "Gita", "old");
	peer_join(&d, &a, ROLE_EDITOR, "Fen", "desk");
	peer_join(&e, &b, ROLE_EDITOR, "Gita", "pad");
	peer_create(&d, "d", "By Fen");
	peer_create(&e, "e", "By Gita");
	bundle_pass(&e, &d);
	bundle_pass(&d, &e);
	bundle_pass(&d, &a);
	bundle_pass(&e, &b);
	bundle_pass(&a, &c);
	assert_same_state(&d, &e);
	assert_same_state(&a, &b);
	assert_same_state(&a, &c);
	assert_same_state(&a, &d);
	/* and the next admission ties both together */
	struct peer f;
	peer_make(&f, "Hak", "old");
	peer_join(&f, &a, ROLE_READER, "Hak", "old phone");
	bundle_pass(&a, &e);
	x = saksi_team_devices(a.t, &n);
	y = saksi_team_devices(e.t, &m);
	assert_int_equal(n, 6);
	assert_int_equal(m, 6);
	for (size_t i = 0; i < n; i++)
		assert_memory_equal(x[i].id.b, y[i].id.b, 32);
	assert_true(saksi_team_device_key(f.t, &e.t->self.id, pk));
	assert_memory_equal(pk, e.t->self.keys.sign_pk, 32);
	assert_string_equal(saksi_team_device_name(f.t, &e.t->self.id), "Gita (pad)");
	memset(pk, 9, 32);
	assert_false(saksi_team_device_key(f.t, &(struct saksi_hash){{1}}, pk));
	assert_null(saksi_team_device_name(f.t, &(struct saksi_hash){{1}}));
	peers_end(&f, &d, &e);
	peers_end(&a, &b, &c);
}

static void roles_have_names(void **state)
{
	(void)state;
	assert_string_equal(team_role_name(ROLE_READER), "reader");
	assert_string_equal(team_role_name(ROLE_ROOT), "root");
	assert_string_equal(team_role_name(ROLE_NONE), "none");
	assert_int_equal(team_role_parse("editor"), ROLE_EDITOR);
	assert_int_equal(team_role_parse("admin"), ROLE_ADMIN);
	assert_int_equal(team_role_parse("root"), ROLE_NONE);
	assert_int_equal(team_role_parse(""), ROLE_NONE);
}

/* GENESIS follows the opening of its log. */
static bool genesis_has_root(struct peer *p)
{
	static struct pile log;
	struct changeset *cs = NULL;
	struct member_op op;
	bool has;

	pile_log(&log, p);
	OK(changeset_decode(&cs, log.bytes[1].p, log.bytes[1].len, &g_err));
	OK(member_op_read(&op, cs->parts[0].p, cs->parts[0].len, &g_err));
	assert_int_equal(op.tag, OP_GENESIS);
	has = op.u.genesis.has_root;
	member_op_free(&op);
	changeset_free(&cs);
	pile_free(&log);
	return has;
}

static enum saksi_err keep_root(void *ctx, const struct secret *root,
    const struct saksi_hash *team, struct saksi_error *err)
{
	(void)team;
	return secret_copy(ctx, secret_view(root), secret_len(root), err);
}

static enum saksi_err refuse_root(void *ctx, const struct secret *root,
    const struct saksi_hash *team, struct saksi_error *err)
{
	(void)ctx;
	(void)team;
	assert_int_equal(secret_len(root), 32);
	return saksi_fail(err, SAKSI_EIO, "kit: cannot be written");
}

static void a_team_has_a_root_or_not(void **state)
{
	static const struct crypto_kdf_cost weak = {1, 8u << 20};
	struct peer p, without;
	struct secret *pass = passphrase("a long enough passphrase"), *root = NULL;
	char path[100];

	(void)state;
	memset(&p, 0, sizeof(p));
	snprintf(p.dir, sizeof(p.dir), "saksi-team-XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	snprintf(path, sizeof(path), "%s/vault", p.dir);
	OK(saksi_vault_create(&p.v, path, g_schema, pass, &weak, &g_err));
	secret_free(&pass);
	/* no team yet: nothing can be written, and it says why */
	assert_int_equal(saksi_team_load(&p.t, p.v, &g_err), SAKSI_ENOTFOUND);
	assert_null(p.t);
	assert_int_equal(saksi_team_found(p.v, "", "x", keep_root, &root, &g_err),
	    SAKSI_EINVAL);
	assert_null(root);
	/* a kit that nobody could take: no team, as if it had never been tried */
	assert_int_equal(saksi_team_found(p.v, "Channary", "laptop", refuse_root, NULL,
			     &g_err),
	    SAKSI_EIO);
	assert_int_equal(saksi_team_load(&p.t, p.v, &g_err), SAKSI_ENOTFOUND);
	OK(saksi_team_found(p.v, "Channary", "laptop", keep_root, &root, &g_err));
	assert_int_equal(secret_len(root), 32);
	secret_free(&root);
	assert_int_equal(saksi_team_found(p.v, "Channary", "laptop", keep_root, &root,
			     &g_err),
	    SAKSI_EEXIST);
	assert_null(root);
	OK(saksi_team_load(&p.t, p.v, &g_err));
	assert_true(genesis_has_root(&p));
	peer_end(&p);
	peer_make(&without, "Dara", "old");
	assert_false(genesis_has_root(&without));
	peer_end(&without);
}

/* ---- rarer ways through the gate ------------------------------------------------------- */

/* The same changeset with its only part erased. */
static void erase_part(struct buf *out, const struct changeset *cs)
{
	struct mp_reader r;
	const uint8_t *header = NULL;
	size_t n;

	mp_read_init(&r, cs->bytes.p, cs->bytes.len);
	(void)mp_read_array(&r);
	n = mp_read_bin(&r, &header);
	mp_array(out, 3);
	mp_bin(out, header, n);
	mp_bin(out, cs->sig, sizeof(cs->sig));
	mp_array(out, 1);
	mp_array(out, 2);
	mp_bin(out, cs->parts[0].commit.b, 32);
	mp_uint(out, cs->parts[0].len);
}

static void add_part(struct pile *p, struct craft *c, struct buf *b)
{
	struct part_bytes part = {b->p, b->len};
	struct changeset *cs = craft_next(c, &part, 1);

	pile_add(p, cs);
	changeset_free(&cs);
	buf_reset(b);
}

static void odd_ones(void **state)
{
	static struct pile p;
	struct peer a, b;
	struct craft c, from;
	struct feeding f;
	struct changeset *cs;
	struct saksi_id id;
	struct buf b1 = BUF_INIT;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	peer_join(&b, &a, ROLE_ADMIN, "Dara", "phone");
	id_random(&id);
	/* an erased part waits for a version that knows what to do, and its full copy is taken */
	craft_begin(&c, &a, CS_DATA, &b.t->self.id, b.t->self.sign_sk);
	cs = craft_open(&c);
	pile_add(&p, cs);
	changeset_free(&cs);
	cs = craft_record(&c, &id, "Whole");
	p.bytes[p.n] = (struct buf)BUF_INIT;
	erase_part(&p.bytes[p.n++], cs);
	feed_all(&f, &a, &p, &b.t->self.id);
	assert_int_equal(f.sum.received, 1);
	assert_int_equal(f.sum.pending, 1);
	sync_summary_free(&f.sum);
	pile_free(&p);
	pile_add(&p, cs);
	changeset_free(&cs);
	feed_all(&f, &a, &p, &b.t->self.id);
	assert_int_equal(f.sum.received, 1);
	assert_int_equal(f.sum.pending, 0); /* the other copy is known now */
	sync_summary_free(&f.sum);
	pile_free(&p);
	/* a beacon, and a part that nobody knows */
	from = c;
	c.head.kind = CS_BEACON;
	mp_array(&b1, 1);
	mp_uint(&b1, 7);
	add_part(&p, &c, &b1);
	c = from;
	mp_array(&b1, 1);
	mp_uint(&b1, 9);
	add_part(&p, &c, &b1);
	/* a record part that is none */
	c = from;
	mp_array(&b1, 2);
	mp_uint(&b1, PART_RECORD);
	mp_uint(&b1, 1);
	add_part(&p, &c, &b1);
	/* a log that does not begin with its opening */
	craft_begin(&c, &a, CS_DATA, &b.t->self.id, b.t->self.sign_sk);
	cs = craft_record(&c, &id, "Not an opening");
	pile_add(&p, cs);
	changeset_free(&cs);
	/* a number left out; a clock that goes back */
	c = from;
	c.head.seq++;
	cs = craft_record(&c, &id, "Skips one");
	pile_add(&p, cs);
	changeset_free(&cs);
	c = from;
	c.head.hlc -= 1000;
	cs = craft_record(&c, &id, "Earlier than before");
	pile_add(&p, cs);
	changeset_free(&cs);
	/* membership of the wrong form */
	craft_begin(&c, &a, CS_MEMBERSHIP, &b.t->self.id, b.t->self.sign_sk);
	cs = craft_open(&c);
	pile_add(&p, cs);
	changeset_free(&cs);
	mp_array(&b1, 2);
	mp_uint(&b1, OP_KEY);
	mp_uint(&b1, 1);
	add_part(&p, &c, &b1);
	feed_all(&f, &a, &p, &b.t->self.id);
	assert_int_equal(f.sum.received, 1); /* the opening of the membership log */
	assert_int_equal(f.sum.pending, 2);
	assert_int_equal(f.sum.refused, 5);
	assert_true(refused_for(&f.sum, "does not open it"));
	assert_true(refused_for(&f.sum, "does not continue the log"));
	assert_true(refused_for(&f.sum, "membership operation"));
	sync_summary_free(&f.sum);
	pile_free(&p);
	/* however many branches a log has, all of them count */
	for (int i = 0; i < 10; i++) {
		char title[20];
		struct craft branch = from;

		snprintf(title, sizeof(title), "Branch %d", i);
		cs = craft_record(&branch, &id, title);
		pile_add(&p, cs);
		changeset_free(&cs);
	}
	feed_all(&f, &a, &p, &b.t->self.id);
	assert_int_equal(f.sum.received, 10);
	assert_true(warned(&f.sum, "two branches"));
	assert_int_equal(f.sum.conflicts, 1); /* the title; its type is one, said often */
	sync_summary_free(&f.sum);
	pile_free(&p);
	buf_free(&b1);
	peer_end(&a);
	peer_end(&b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_new_epoch_is_learned_and_used),
    cmocka_unit_test(an_epoch_that_leaves_someone_out_is_not_used),
    cmocka_unit_test(epochs_at_the_same_time_end_in_one_choice),
    cmocka_unit_test(the_choice_asks_no_order),
    cmocka_unit_test(a_key_that_is_not_as_announced_is_named),
    cmocka_unit_test(two_admins_at_once),
    cmocka_unit_test(roles_have_names),
    cmocka_unit_test(a_team_has_a_root_or_not),
    cmocka_unit_test(odd_ones),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
