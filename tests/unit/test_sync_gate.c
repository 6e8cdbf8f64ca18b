/* test_sync_gate.c - what comes in ends merged, pending, quarantined or refused. */
#include "craft.h"

static struct held_set g_held, g_held2;

/* ---- single cases -------------------------------------------------------------------- */

static void a_reader_can_not_write(void **state)
{
	struct peer a, r;
	struct saksi_id id;
	struct craft c;
	static struct pile p;
	struct feeding f;
	struct saksi_hash before;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&r, "Rith", "phone");
	peer_join(&r, &a, ROLE_READER, "Rith", "phone");
	id = peer_create(&a, "ev", "Seen");
	bundle_pass(&a, &r);
	assert_same_state(&a, &r);
	/* on its own device */
	assert_int_equal(peer_try_edit(&r, &id, "title", "Changed"), SAKSI_EREFUSED);
	assert_non_null(strstr(g_err.msg, "may only read"));
	assert_same_state(&a, &r);
	/* and with a program that does not ask */
	before = peer_digest(&a);
	craft_begin(&c, &r, CS_DATA, &r.t->self.id, r.t->self.sign_sk);
	craft_log(&p, &c, "Forged by a reader");
	feed_all(&f, &a, &p, &r.t->self.id);
	assert_int_equal(f.sum.received, 0);
	assert_int_equal(f.sum.quarantined, 2);
	assert_int_equal(f.sum.refused, 0);
	sync_summary_free(&f.sum);
	struct saksi_hash after = peer_digest(&a);
	assert_memory_equal(before.b, after.b, 32);
	held_get(&g_held, &a);
	assert_int_equal(held_why(&g_held, HELD_QUARANTINED, "may only read"), 1);
	assert_int_equal(held_why(&g_held, HELD_QUARANTINED, "follows"), 1);
	pile_free(&p);
	peer_end(&a);
	peer_end(&r);
}

static void membership_is_for_admins(void **state)
{
	struct peer a, b;
	struct craft c;
	static struct pile p;
	struct feeding f;
	struct member_op op = {.tag = OP_ADD_DEVICE};
	struct local_device friend;
	struct buf bytes = BUF_INIT;
	struct part_bytes part;
	struct changeset *cs;
	size_t n;

	(void)state;
	team_of_two(&a, &b);
	OK(local_device_new(&friend, &g_err));
	op.u.add.keys = friend.keys;
	strcpy(op.u.add.person, "Mallory");
	strcpy(op.u.add.label, "phone");
	op.u.add.role = ROLE_ADMIN;
	op.u.add.epochs = &b.t->keys.list[0].id;
	op.u.add.n_epochs = 1;
	member_op_write(&bytes, &op);
	part = (struct part_bytes){bytes.p, bytes.len};
	craft_begin(&c, &b, CS_MEMBERSHIP, &b.t->self.id, b.t->self.sign_sk);
	cs = craft_open(&c);
	pile_add(&p, cs);
	changeset_free(&cs);
	cs = craft_next(&c, &part, 1);
	pile_add(&p, cs);
	changeset_free(&cs);
	feed_all(&f, &a, &p, &b.t->self.id);
	assert_int_equal(f.sum.quarantined, 2); /* the log itself, and what follows */
	assert_int_equal(f.sum.received, 0);
	sync_summary_free(&f.sum);
	(void)saksi_team_devices(a.t, &n);
	assert_int_equal(n, 2);
	assert_null(saksi_team_device(a.t, &friend.id));
	local_device_free(&friend);
	buf_free(&bytes);
	pile_free(&p);
	peer_end(&a);
	peer_end(&b);
}

static void forged_and_foreign_ones_are_refused(void **state)
{
	struct peer a, b, other;
	struct craft c;
	static struct pile p, good;
	struct feeding f;
	struct changeset *cs;
	struct secret *sk = NULL;
	uint8_t pk[32];

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "phone");
	peer_make(&other, "Eve", "elsewhere");
	peer_join(&b, &a, ROLE_EDITOR, "Dara", "phone");
	OK(crypto_sign_new(pk, &sk, &g_err));
	/* another key */
	craft_begin(&c, &a, CS_DATA, &b.t->self.id, sk);
	craft_log(&p, &c, "In Dara's name");
	/* another team, another collection, another log */
	craft_begin(&c, &other, CS_DATA, &b.t->self.id, b.t->self.sign_sk);
	craft_log(&p, &c, "Of another team");
	craft_begin(&c, &a, CS_DATA, &b.t->self.id, b.t->self.sign_sk);
	c.head.coll[0] ^= 1;
	craft_log(&p, &c, "Of another collection");
	craft_begin(&c, &a, CS_DATA, &b.t->self.id, b.t->self.sign_sk);
	c.head.log.b[0] ^= 1;
	craft_log(&p, &c, "In a log that is not its own");
	/* a second GENESIS */
	struct member_op op = {.tag = OP_GENESIS};
	struct buf bytes = BUF_INIT;
	op.u.genesis.keys = a.t->self.keys;
	strcpy(op.u.genesis.person, "Dara");
	strcpy(op.u.genesis.label, "phone");
	member_op_write(&bytes, &op);
	struct part_bytes part = {bytes.p, bytes.len};
	craft_begin(&c, &a, CS_MEMBERSHIP, &a.t->self.id, a.t->self.sign_sk);
	cs = craft_open(&c);
	pile_add(&p, cs);
	changeset_free(&cs);
	cs = craft_next(&c, &part, 1);
	pile_add(&p, cs);
	changeset_free(&cs);
	/* no changeset at all */
	p.bytes[p.n] = (struct buf)BUF_INIT;
	buf_add_str(&p.bytes[p.n++], "not a changeset");
	feed_all(&f, &a, &p, &b.t->self.id);
	assert_int_equal(f.sum.received, 1); /* the opened membership log */
	assert_true(refused_for(&f.sum, "signature"));
	assert_true(refused_for(&f.sum, "another team"));
	assert_true(refused_for(&f.sum, "does not belong to the device"));
	assert_true(refused_for(&f.sum, "GENESIS"));
	assert_int_equal(f.sum.quarantined, 0);
	sync_summary_free(&f.sum);
	/* a bad copy does not keep the good one out, in either order */
	craft_begin(&c, &a, CS_DATA, &b.t->self.id, b.t->self.sign_sk);
	craft_log(&good, &c, "Good");
	for (size_t i = 0; i < 2; i++) {
		struct changeset *copy = NULL;

		OK(changeset_decode(&copy, good.bytes[i].p, good.bytes[i].len, &g_err));
		pile_add(&good, copy);
		/* the signature stands at a fixed place behind the header */
		struct mp_reader r;
		const uint8_t *h;
		mp_read_init(&r, good.bytes[good.n - 1].p, good.bytes[good.n - 1].len);
		(void)mp_read_array(&r);
		(void)mp_read_bin(&r, &h);
		good.bytes[good.n - 1].p[(size_t)(r.p - good.bytes[good.n - 1].p) + 5] ^=
		    4;
		changeset_free(&copy);
	}
	size_t order[] = {2, 3, 0, 1, 2};
	struct saksi_hash nobody = {{0}};
	feed_begin(&f, &a);
	feed_some(&f, &good, order, 5, &nobody, true);
	feed_end(&f);
	assert_int_equal(f.sum.received, 2);
	sync_summary_free(&f.sum);
	secret_free(&sk);
	buf_free(&bytes);
	pile_free(&p);
	pile_free(&good);
	peers_end(&a, &b, &other);
}

static void gaps_are_named_and_filled(void **state)
{
	struct peer a, b;
	static struct pile p;
	struct feeding f;
	struct saksi_id id;
	size_t order[256];

	(void)state;
	team_of_two(&a, &b);
	id = peer_create(&a, NULL, "One");
	for (int i = 0; i < 4; i++)
		peer_edit(&a, &id, "title", i % 2 ? "Odd" : "Even");
	pile_log(&p, &a); /* 3 of membership, opening, 5 */
	assert_int_equal(p.n, 9);
	for (size_t i = 0; i < 5; i++)
		order[i] = 8 - i; /* without the opening of the log, last first */
	feed_begin(&f, &b);
	feed_some(&f, &p, order, 5, &a.t->self.id, true);
	feed_end(&f);
	assert_int_equal(f.sum.pending, 5);
	assert_int_equal(f.sum.missing, 1);
	char hex[65];
	hex_encode(hex, p.id[3].b, 32);
	assert_string_equal(json_string_value(
				json_object_get(json_array_get(json_object_get(f.sum.detail,
								   "missing"),
						    0),
				    "id")),
	    hex);
	sync_summary_free(&f.sum);
	/* the gap is filled: all at once */
	order[0] = 3;
	feed_begin(&f, &b);
	feed_some(&f, &p, order, 1, &a.t->self.id, true);
	feed_end(&f);
	assert_int_equal(f.sum.received, 6);
	assert_int_equal(f.sum.pending, 0);
	assert_int_equal(f.sum.missing, 0);
	sync_summary_free(&f.sum);
	assert_same_state(&a, &b);
	pile_free(&p);
	peer_end(&a);
	peer_end(&b);
}

static void each_sealer_has_a_quota(void **state)
{
	struct peer a, b;
	struct craft c;
	struct changeset *cs;
	struct saksi_id id;
	struct sync_summary sum;
	struct tally tally;
	struct gate *gate;
	bool settled;
	struct saksi_hash nobody = {{0}};

	(void)state;
	team_of_two(&a, &b);
	craft_begin(&c, &a, CS_DATA, &b.t->self.id, b.t->self.sign_sk);
	cs = craft_open(&c);
	changeset_free(&cs); /* never sent: all that follows must wait */
	sync_summary_init(&sum);
	tally_init(&tally, &sum);
	OK(gate_new(&gate, a.t, &tally, NULL, NULL, &g_err));
	gate_begin(gate, &b.t->self.id);
	id_random(&id);
	for (int i = 0; i < 1100; i++) {
		cs = craft_record(&c, &id, "Waits");
		OK(gate_put(gate, cs->bytes.p, cs->bytes.len, &g_err));
		changeset_free(&cs);
	}
	OK(gate_end(gate, true, &settled, &g_err));
	assert_false(settled);
	OK(gate_finish(gate, &g_err));
	gate_free(&gate);
	assert_int_equal(sum.pending, 1000);
	assert_int_equal(sum.refused, 100);
	tally_free(&tally);
	sync_summary_free(&sum);
	/* another sealer, even an unproven one, still has room */
	sync_summary_init(&sum);
	tally_init(&tally, &sum);
	OK(gate_new(&gate, a.t, &tally, NULL, NULL, &g_err));
	gate_begin(gate, &a.t->self.id);
	for (int i = 0; i < 10; i++) {
		cs = craft_record(&c, &id, "Waits as well");
		OK(gate_put(gate, cs->bytes.p, cs->bytes.len, &g_err));
		changeset_free(&cs);
	}
	OK(gate_end(gate, false, &settled, &g_err));
	OK(gate_finish(gate, &g_err));
	gate_free(&gate);
	assert_int_equal(sum.pending, 1010);
	held_get(&g_held, &a);
	size_t unproven = 0;
	for (size_t i = 0; i < g_held.n; i++)
		unproven += hash_cmp(&g_held.e[i].sealer, &nobody) == 0;
	assert_int_equal(unproven, 10);
	tally_free(&tally);
	sync_summary_free(&sum);
	peer_end(&a);
	peer_end(&b);
}

static void clocks_and_forks_are_named(void **state)
{
	struct peer a, b;
	struct craft c, branch;
	static struct pile p;
	struct feeding f;
	struct changeset *cs;
	struct saksi_id id;

	(void)state;
	team_of_two(&a, &b);
	id_random(&id);
	craft_begin(&c, &a, CS_DATA, &b.t->self.id, b.t->self.sign_sk);
	craft_log(&p, &c, "Before");
	branch = c;
	c.head.hlc += (uint64_t)(400 * 24 * 3600) * 1000 << 16;
	cs = craft_record(&c, &id, "From next year");
	pile_add(&p, cs);
	changeset_free(&cs);
	feed_all(&f, &a, &p, &b.t->self.id);
	assert_int_equal(f.sum.received, 3);
	assert_true(warned(&f.sum, "Dara (phone): its clock"));
	assert_false(warned(&f.sum, "two branches"));
	sync_summary_free(&f.sum);
	cs = craft_record(&branch, &id, "On a second branch");
	pile_add(&p, cs);
	changeset_free(&cs);
	feed_all(&f, &a, &p, &b.t->self.id);
	assert_int_equal(f.sum.received, 1);
	assert_true(warned(&f.sum, "Dara (phone): its log has two branches"));
	assert_int_equal(f.sum.conflicts, 1); /* both titles stay */
	sync_summary_free(&f.sum);
	pile_free(&p);
	peer_end(&a);
	peer_end(&b);
}

/* The vault of b is put back to a copy; what it had sent comes home. */
/* The note in the state folder stays when the vault's folder is put back. */
static void a_vault_put_back_is_noticed_by_its_note(void **state)
{
	struct saksi_hash old_log, new_log;
	struct saksi_id id;
	struct peer a;
	char cmd[400];

	(void)state;
	peer_make(&a, "Channary", "laptop");
	id = peer_create(&a, "ev", "First");
	peer_close(&a);
	snprintf(cmd, sizeof(cmd), "cp -r %s/vault %s/backup", a.dir, a.dir);
	assert_int_equal(system(cmd), 0);
	peer_open(&a);
	assert_false(saksi_team_restored(a.t));
	old_log = a.t->writers[0].log;
	peer_edit(&a, &id, "title", "Second");
	peer_close(&a);
	snprintf(cmd, sizeof(cmd), "rm -r %s/vault && mv %s/backup %s/vault", a.dir,
	    a.dir, a.dir);
	assert_int_equal(system(cmd), 0);
	/* Noticed each time until something is written ... */
	for (unsigned i = 0; i < 2; i++) {
		peer_open(&a);
		assert_true(saksi_team_restored(a.t));
		assert_int_not_equal(hash_cmp(&old_log, &a.t->writers[0].log), 0);
		assert_int_equal(a.t->writers[0].reason, LOG_RESTORED);
		if (i == 0)
			peer_close(&a);
	}
	new_log = a.t->writers[0].log;
	peer_edit(&a, &id, "title", "Third");
	peer_close(&a);
	/* ... and gone on with in the log that was opened then. */
	peer_open(&a);
	assert_false(saksi_team_restored(a.t));
	assert_int_equal(hash_cmp(&new_log, &a.t->writers[0].log), 0);
	peer_edit(&a, &id, "title", "Fourth");
	peer_end(&a);
}

/* Not its own changes alone: the number of the newest commit is noted, too. */
static void what_others_wrote_is_missed_in_a_vault_put_back(void **state)
{
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;
	struct saksi_txn *t = NULL;
	struct peer a, b;
	bool restored;
	char cmd[400];

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "phone");
	peer_join(&b, &a, ROLE_EDITOR, "Dara", "phone");
	(void)peer_create(&b, "ev", "First");
	peer_close(&a);
	snprintf(cmd, sizeof(cmd), "cp -r %s/vault %s/backup", a.dir, a.dir);
	assert_int_equal(system(cmd), 0);
	peer_open(&a);
	assert_false(saksi_team_restored(a.t));
	bundle_write(&b, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	OK(bundle_try_read(&a, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.received, 2);
	sync_summary_free(&sum);
	OK(saksi_txn_begin(&t, a.v, false, &g_err));
	OK(saksi_vault_restored(t, &restored, &g_err));
	assert_false(restored);
	saksi_txn_abort(&t);
	peer_close(&a);
	snprintf(cmd, sizeof(cmd), "rm -r %s/vault && mv %s/backup %s/vault", a.dir,
	    a.dir, a.dir);
	assert_int_equal(system(cmd), 0);
	for (unsigned i = 0; i < 2; i++) {
		peer_open(&a);
		assert_true(saksi_team_restored(a.t));
		if (i == 0)
			peer_close(&a);
	}
	OK(bundle_try_read(&a, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.received, 2);
	sync_summary_free(&sum);
	peer_close(&a);
	peer_open(&a);
	assert_false(saksi_team_restored(a.t));
	buf_free(&bundle);
	peer_end(&a);
	peer_end(&b);
}

static void a_restored_vault_opens_a_new_log(void **state)
{
	struct peer a, b;
	struct saksi_id id;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;
	struct saksi_hash old_log;
	char cmd[300];

	(void)state;
	team_of_two(&a, &b);
	id = peer_create(&b, "ev", "First");
	peer_close(&b);
	snprintf(cmd, sizeof(cmd), "cp -r %s/vault %s/backup", b.dir, b.dir);
	assert_int_equal(system(cmd), 0);
	peer_open(&b);
	peer_edit(&b, &id, "title", "Second");
	bundle_pass(&b, &a);
	peer_close(&b);
	/* With the whole disk: the note in the state folder goes, too. */
	snprintf(cmd, sizeof(cmd),
	    "rm -r %s/vault \"$HOME/.local/state/saksi\" && mv %s/backup %s/vault", b.dir,
	    b.dir, b.dir);
	assert_int_equal(system(cmd), 0);
	peer_open(&b);
	old_log = b.t->writers[0].log;
	bundle_write(&a, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	OK(bundle_try_read(&b, bundle.p, bundle.len, &sum));
	assert_true(warned(&sum, "restored"));
	assert_int_equal(sum.received, 1);
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	assert_int_not_equal(hash_cmp(&old_log, &b.t->writers[0].log), 0);
	/* told once, kept over a restart, and writing goes on without a fork */
	OK(bundle_try_read(&b, bundle.p, bundle.len, &sum));
	assert_false(warned(&sum, "restored"));
	sync_summary_free(&sum);
	peer_close(&b);
	peer_open(&b);
	assert_int_not_equal(hash_cmp(&old_log, &b.t->writers[0].log), 0);
	peer_edit(&b, &id, "title", "Third");
	bundle_write(&b, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	OK(bundle_try_read(&a, bundle.p, bundle.len, &sum));
	assert_false(warned(&sum, "branches"));
	assert_int_equal(sum.conflicts, 0);
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	buf_free(&bundle);
	peer_end(&a);
	peer_end(&b);
}

/* ---- the same set in every order ------------------------------------------------------- */

static void unknown_operation(struct peer *a, struct pile *p, struct craft *c)
{
	struct buf b = BUF_INIT;
	struct part_bytes part;
	struct changeset *cs;

	craft_begin(c, a, CS_MEMBERSHIP, &a->t->self.id, a->t->self.sign_sk);
	cs = craft_open(c);
	pile_add(p, cs);
	changeset_free(&cs);
	mp_array(&b, 2);
	mp_uint(&b, 20); /* REVOKE of a later version */
	mp_cstr(&b, "anything");
	part = (struct part_bytes){b.p, b.len};
	cs = craft_next(c, &part, 1);
	pile_add(p, cs);
	changeset_free(&cs);
	buf_free(&b);
}

/* Honest work of three devices, and everything an attacker could mix in. */
static void make_pile(struct pile *p, struct peer *a, struct peer *b, struct peer *r)
{
	struct craft c, d, fork;
	struct changeset *cs;
	struct secret *sk = NULL;
	uint8_t pk[32];
	struct saksi_hash stranger;
	struct saksi_id id, id2;

	id = peer_create(a, "shared", "As first written");
	bundle_pass(a, b);
	for (int i = 0; i < 4; i++) {
		peer_edit(a, &id, "title", i % 2 ? "A odd" : "A even");
		peer_edit(b, &id, "title", i % 2 ? "B odd" : "B even");
		peer_edit(b, &id, "description", "B says more");
		if (i == 2)
			bundle_pass(b, a);
	}
	id2 = peer_create(b, "own", "Only B's");
	bundle_pass(b, a);
	peer_edit(a, &id2, "title", "Edited by A");
	pile_log(p, a);
	/* a reader's log, and what follows it */
	craft_begin(&c, a, CS_DATA, &r->t->self.id, r->t->self.sign_sk);
	craft_log(p, &c, "By a reader");
	cs = craft_record(&c, &id, "By a reader, again");
	pile_add(p, cs);
	/* a member builds on it */
	craft_begin(&d, a, CS_DATA, &b->t->self.id, b->t->self.sign_sk);
	craft_log(p, &d, "Fine so far");
	d.head.n_deps = 1;
	d.head.deps[0] = cs->id;
	changeset_free(&cs);
	cs = craft_record(&d, &id, "Builds on what a reader wrote");
	pile_add(p, cs);
	changeset_free(&cs);
	/* a log with two branches */
	craft_begin(&c, a, CS_DATA, &b->t->self.id, b->t->self.sign_sk);
	craft_log(p, &c, "Forked log");
	fork = c;
	cs = craft_record(&c, &id, "Left branch");
	pile_add(p, cs);
	changeset_free(&cs);
	cs = craft_record(&fork, &id, "Right branch");
	pile_add(p, cs);
	changeset_free(&cs);
	/* a cause that does not exist */
	craft_begin(&c, a, CS_DATA, &b->t->self.id, b->t->self.sign_sk);
	craft_log(p, &c, "Still whole");
	c.head.n_deps = 1;
	memset(c.head.deps[0].b, 0x55, 32);
	cs = craft_record(&c, &id, "Hangs in the air");
	pile_add(p, cs);
	changeset_free(&cs);
	cs = craft_record(&c, &id, "And what comes after it");
	pile_add(p, cs);
	changeset_free(&cs);
	/* a device that nobody knows */
	OK(crypto_sign_new(pk, &sk, &g_err));
	crypto_hash_of(&stranger, "stranger", pk, 32);
	craft_begin(&c, a, CS_DATA, &stranger, sk);
	craft_log(p, &c, "By a stranger");
	/* a membership log by who is no admin, and what rests on it */
	craft_begin(&c, a, CS_MEMBERSHIP, &b->t->self.id, b->t->self.sign_sk);
	cs = craft_open(&c);
	pile_add(p, cs);
	changeset_free(&cs);
	cs = craft_next(&c, NULL, 0);
	pile_add(p, cs);
	changeset_free(&cs);
	craft_begin(&d, a, CS_DATA, &b->t->self.id, b->t->self.sign_sk);
	d.head.auth[0] = c.head.prev;
	d.head.n_auth = 1;
	craft_log(p, &d, "Rests on such a log");
	/* something of a later version, and what rests on it */
	unknown_operation(a, p, &c);
	craft_begin(&d, a, CS_DATA, &b->t->self.id, b->t->self.sign_sk);
	d.head.auth[0] = c.head.prev;
	d.head.n_auth = 1;
	craft_log(p, &d, "Rests on a later version");
	/* a copy with a bad signature of something honest */
	OK(changeset_decode(&cs, p->bytes[p->n / 2].p, p->bytes[p->n / 2].len, &g_err));
	pile_add(p, cs);
	changeset_free(&cs);
	struct mp_reader rd;
	const uint8_t *h;
	struct buf *last = &p->bytes[p->n - 1];
	mp_read_init(&rd, last->p, last->len);
	(void)mp_read_array(&rd);
	(void)mp_read_bin(&rd, &h);
	last->p[(size_t)(rd.p - last->p) + 9] ^= 1;
	secret_free(&sk);
}

static uint64_t g_seed;

static size_t below(size_t n)
{
	uint64_t z = (g_seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (size_t)((z ^ (z >> 31)) % n);
}

static void shuffled_order(size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k = below(i), tmp = order[i - 1];

		order[i - 1] = order[k];
		order[k] = tmp;
	}
}

static void every_order_ends_the_same(void **state)
{
	struct peer a, b, r, base, one;
	static struct pile p;
	struct saksi_hash want = {{0}};
	char cmd[300];
	int n = rounds(200);

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&base, "Base", "desk");
	peer_join(&base, &a, ROLE_EDITOR, "Base",
	    "desk"); /* before it knows of the others */
	peer_make(&b, "Dara", "phone");
	peer_make(&r, "Rith", "tablet");
	peer_join(&b, &a, ROLE_EDITOR, "Dara", "phone");
	peer_join(&r, &a, ROLE_READER, "Rith", "tablet");
	make_pile(&p, &a, &b, &r);
	print_message("%zu changesets\n", p.n);
	peer_close(&base);
	for (int run = 0; run < n; run++) {
		static size_t order[600];
		size_t total = p.n;
		struct feeding f;

		g_seed = (uint64_t)run;
		shuffled_order(order, p.n);
		for (; total < p.n + p.n / 2; total++) /* half of them twice */
			order[total] = below(p.n);
		one = base;
		snprintf(one.dir, sizeof(one.dir), "%.40s/copy", base.dir);
		snprintf(cmd, sizeof(cmd), "mkdir %s && cp -r %s/vault %s/vault", one.dir,
		    base.dir, one.dir);
		assert_int_equal(system(cmd), 0);
		peer_open(&one);
		/* in one to five containers, over one to three runs */
		feed_begin(&f, &one);
		for (size_t at = 0; at < total;) {
			size_t now = 1 + below(total - at);

			feed_some(&f, &p, order + at, now, &a.t->self.id, true);
			at += now;
			if (at < total && below(3) == 0) {
				feed_end(&f);
				sync_summary_free(&f.sum);
				feed_begin(&f, &one);
			}
		}
		feed_end(&f);
		sync_summary_free(&f.sum);
		struct saksi_hash got = peer_digest(&one);
		held_get(run == 0 ? &g_held : &g_held2, &one);
		if (run == 0) {
			want = got;
			/* a reader's three and the one that builds on them; an editor's two of
			 * membership and the two that build on these */
			assert_int_equal(held_why(&g_held, HELD_QUARANTINED, ""), 8);
			assert_int_equal(held_why(&g_held, HELD_PENDING, "not known here"),
			    1);
			assert_int_equal(held_why(&g_held, HELD_PENDING, "newer version"),
			    1);
			assert_true(held_why(&g_held, HELD_PENDING, "waits for") >= 5);
		} else {
			assert_memory_equal(want.b, got.b, 32);
			assert_int_equal(g_held.n, g_held2.n);
			for (size_t i = 0; i < g_held.n; i++)
				assert_memory_equal(&g_held.e[i], &g_held2.e[i],
				    sizeof(g_held.e[0]));
		}
		peer_close(&one);
		snprintf(cmd, sizeof(cmd), "rm -rf %s", one.dir);
		assert_int_equal(system(cmd), 0);
	}
	pile_free(&p);
	peer_open(&base);
	peer_end(&base);
	peers_end(&a, &b, &r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_reader_can_not_write),
    cmocka_unit_test(membership_is_for_admins),
    cmocka_unit_test(forged_and_foreign_ones_are_refused),
    cmocka_unit_test(gaps_are_named_and_filled),
    cmocka_unit_test(each_sealer_has_a_quota),
    cmocka_unit_test(clocks_and_forks_are_named),
    cmocka_unit_test(what_others_wrote_is_missed_in_a_vault_put_back),
    cmocka_unit_test(a_restored_vault_opens_a_new_log),
    cmocka_unit_test(a_vault_put_back_is_noticed_by_its_note),
    cmocka_unit_test(every_order_ends_the_same),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
