/*
 * test_sync_vectors.c - what another implementation wrote from PROTOCOL.md,
 * this one reads: operations, REQUEST, WELCOME, bundle, object, local state.
 */
#include "craft.h"

#include "directory.h"
#include "request.h"
#include "vectors.h"

static struct vectors g_v;
static int64_t g_now;

static int64_t fixed_clock(void)
{
	return g_now;
}

/* The block that has a field of this name. */
static void block(const char *name)
{
	vectors_close(&g_v);
	vectors_open(&g_v, "protocol.txt");
	while (vectors_next(&g_v))
		if (vectors_find(&g_v, name) != NULL && g_v.name[0] != NULL &&
		    strcmp(g_v.name[0], name) == 0)
			return;
	fail_msg("no block %s", name);
}

static struct buf hex(const char *name)
{
	struct buf b = BUF_INIT;

	vectors_hex(&b, &g_v, name);
	return b;
}

static struct saksi_hash hash(const char *name)
{
	struct saksi_hash h;

	vectors_bytes(h.b, 32, &g_v, name);
	return h;
}

static void assert_hash(const struct saksi_hash *h, const char *name)
{
	struct saksi_hash want = hash(name);

	assert_memory_equal(h->b, want.b, 32);
}

static void assert_written(const struct member_op *op, const struct buf *want)
{
	struct buf out = BUF_INIT;

	member_op_write(&out, op);
	assert_int_equal(out.len, want->len);
	assert_memory_equal(out.p, want->p, out.len);
	buf_free(&out);
}

static void operations(void **state)
{
	struct device_keys keys;
	struct saksi_hash h;
	struct member_op op;
	struct buf b, seal_sk, key = BUF_INIT;
	struct secret *sk = NULL;
	uint8_t coll[16], want[32], commit[32];

	(void)state;
	block("device");
	vectors_bytes(keys.sign_pk, 32, &g_v, "sign_pk");
	vectors_bytes(keys.seal_pk, 32, &g_v, "seal_pk");
	vectors_bytes(keys.noise_pk, 32, &g_v, "noise_pk");
	device_id_of(&h, &keys);
	assert_hash(&h, "id");

	block("genesis");
	b = hex("genesis");
	OK(member_op_read(&op, b.p, b.len, &g_err));
	assert_int_equal(op.tag, OP_GENESIS);
	assert_string_equal(op.u.genesis.person, vectors_text(&g_v, "person"));
	assert_string_equal(op.u.genesis.label, vectors_text(&g_v, "label"));
	assert_true(op.u.genesis.has_root);
	vectors_bytes(want, 32, &g_v, "root_pk");
	assert_memory_equal(op.u.genesis.root_pk, want, 32);
	device_id_of(&h, &op.u.genesis.keys);
	assert_hash(&h, "device");
	assert_written(&op, &b);
	crypto_hash_of(&h, "space", b.p, b.len);
	assert_hash(&h, "space");
	coll_main(coll, &h);
	vectors_bytes(want, 16, &g_v, "coll");
	assert_memory_equal(coll, want, 16);
	member_op_free(&op);
	buf_free(&b);

	block("key");
	b = hex("key");
	OK(member_op_read(&op, b.p, b.len, &g_err));
	assert_int_equal(op.tag, OP_KEY);
	assert_int_equal(op.u.key.n_boxes, 8);
	assert_false(op.u.key.has_prev);
	assert_written(&op, &b);
	crypto_hash_of(&h, "epoch", b.p, b.len);
	assert_hash(&h, "epoch");
	vectors_bytes(want, 32, &g_v, "out");
	key_commit_of(commit, want, NULL);
	assert_memory_equal(commit, op.u.key.commit, 32);
	seal_sk = hex("seal_sk");
	OK(secret_copy(&sk, seal_sk.p, seal_sk.len, &g_err));
	h = hash("device");
	size_t opened = 0;
	for (uint32_t i = 0; i < 8; i++) {
		uint8_t pk[32];

		vectors_bytes(pk, 32, &g_v, "seal_pk");
		if (crypto_sealed_box_open(&key, pk, sk, op.u.key.boxes[i].box, KEY_BOX,
			NULL) == SAKSI_OK) {
			opened++;
			assert_memory_equal(op.u.key.boxes[i].device.b, h.b, 32);
		}
	}
	assert_int_equal(opened, 1);
	assert_int_equal(key.len, 32);
	assert_memory_equal(key.p, want, 32);
	secret_free(&sk);
	buf_free(&key);
	buf_free(&seal_sk);
	member_op_free(&op);
	buf_free(&b);

	block("add");
	b = hex("add");
	OK(member_op_read(&op, b.p, b.len, &g_err));
	assert_int_equal(op.tag, OP_ADD_DEVICE);
	assert_int_equal(op.u.add.role, vectors_number(&g_v, "role"));
	device_id_of(&h, &op.u.add.keys);
	assert_hash(&h, "device");
	assert_hash(&op.u.add.request, "request");
	assert_int_equal(op.u.add.n_epochs, 1);
	assert_hash(&op.u.add.epochs[0], "carries");
	assert_written(&op, &b);
	member_op_free(&op);
	buf_free(&b);
}

static void join_request(void **state)
{
	struct join_request q, again;
	struct buf b, body = BUF_INIT;
	char words[TEAM_WORDS_TEXT];

	(void)state;
	block("request");
	b = hex("request");
	OK(request_read(&q, b.p, b.len, &g_err));
	assert_hash(&q.id, "id");
	assert_hash(&q.device, "device");
	assert_string_equal(q.person, "Dara");
	assert_int_equal(q.made_us, vectors_number(&g_v, "made"));
	request_words(words, &q);
	assert_string_equal(words, vectors_text(&g_v, "words"));
	again = q;
	request_body_write(&body, &again);
	assert_int_equal(body.len, b.len - 8 - CRYPTO_SIG);
	assert_memory_equal(body.p, b.p + 8, body.len);
	buf_free(&body);
	buf_free(&b);
}

/* A vault that asked long ago, in the other implementation, and now joins. */
static void make_newcomer(struct peer *p)
{
	struct buf join = hex("local_join");
	struct saksi_txn *t;

	peer_make(p, "Dara", "old");
	saksi_team_free(&p->t);
	t = peer_begin(p, true);
	OK(saksi_local_put(t, LOCAL_JOIN, join.p, join.len, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	buf_free(&join);
}

static void assert_slot(struct peer *p, enum local_slot slot, const char *name)
{
	struct buf want = hex(name), got = BUF_INIT;
	struct saksi_txn *t = peer_begin(p, false);

	OK(saksi_local_get(t, slot, &got, &g_err));
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.p, want.p, got.len);
	saksi_txn_abort(&t);
	buf_free(&got);
	buf_free(&want);
}

static void newcomer_joins(struct peer *p)
{
	struct buf welcome;
	struct join_info info;
	const struct team_device *adder;

	block("welcome");
	g_now = (int64_t)vectors_number(&g_v, "now") + 3600000000;
	clock_replace(fixed_clock);
	make_newcomer(p);
	welcome = hex("welcome");
	OK(saksi_join_open(p->v, welcome.p, welcome.len, &info, &g_err));
	assert_string_equal(info.welcome_words, vectors_text(&g_v, "words"));
	assert_string_equal(info.adder, "Channary (laptop)");
	assert_int_equal(info.role, ROLE_EDITOR);
	assert_int_equal(info.devices, 2);
	assert_hash(&info.device, "device");
	OK(saksi_join_accept(p->v, welcome.p, welcome.len, &g_err));
	OK(saksi_team_load(&p->t, p->v, &g_err));
	assert_hash(saksi_team_space(p->t), "space");
	assert_hash(&saksi_team_self(p->t)->id, "device");
	assert_slot(p, LOCAL_DEVICE, "local_device");
	assert_slot(p, LOCAL_EPOCHS, "local_epochs");
	struct saksi_hash id = hash("adder");
	adder = saksi_team_device(p->t, &id);
	assert_non_null(adder);
	assert_int_equal(adder->role, ROLE_ADMIN);
	buf_free(&welcome);
}

static void assert_record(struct peer *p)
{
	struct saksi_txn *t = peer_begin(p, false);
	struct saksi_record *r = NULL;
	struct saksi_id id;
	bool found = false;

	vectors_bytes(id.b, 16, &g_v, "record");
	OK(saksi_record_get(&r, t, &id, 0, &g_err));
	for (size_t i = 0; i < r->n_visible; i++)
		found = found ||
		    (strcmp(r->values[i].field, "title") == 0 &&
			strcmp(json_string_value(r->values[i].value),
			    vectors_text(&g_v, "title")) == 0);
	assert_true(found);
	saksi_record_free(&r);
	saksi_txn_abort(&t);
}

static void welcome_and_bundle(void **state)
{
	struct peer p;
	struct sync_summary sum;
	struct buf bundle, back = BUF_INIT;
	json_t *status;
	size_t pending, quarantined;

	(void)state;
	newcomer_joins(&p);
	block("bundle");
	bundle = hex("bundle");
	OK(bundle_try_read(&p, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.received, 2);
	assert_int_equal(sum.known, vectors_number(&g_v, "changes") - 2);
	assert_int_equal(sum.refused + sum.pending + sum.quarantined + sum.missing, 0);
	assert_int_equal(json_array_size(json_object_get(sum.detail, "warnings")), 0);
	sync_summary_free(&sum);
	assert_record(&p);
	/* its frontier was proven and understood */
	OK(saksi_sync_status(p.t, &status, &pending, &quarantined, &g_err));
	assert_non_null(
	    json_object_get(json_object_get(status, "peers"), "Channary (laptop)"));
	json_decref(status);
	const struct team_device *a;
	OK(saksi_team_find(p.t, "laptop", &a, &g_err));
	bundle_write(&p, a, &back, &sum);
	assert_int_equal(sum.sent, 0);
	sync_summary_free(&sum);
	buf_free(&back);
	buf_free(&bundle);
	peer_end(&p);
	clock_replace(NULL);
}

static void directory_object(void **state)
{
	struct peer p;
	struct sync_summary sum;
	struct buf object;
	char path[300], dir[100];
	int fd;

	(void)state;
	newcomer_joins(&p);
	block("object");
	object = hex("object");
	snprintf(dir, sizeof(dir), "%s/shared", p.dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s", dir, vectors_text(&g_v, "name"));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	OK(fs_write_all(fd, object.p, object.len, "object", &g_err));
	close(fd);
	sync_summary_init(&sum);
	OK(saksi_sync_dir(p.t, dir, NULL, &sum, &g_err));
	assert_int_equal(sum.received, 2);
	assert_int_equal(sum.sent, 3); /* the membership, which the object left out */
	assert_int_equal(sum.refused + sum.missing, 0);
	sync_summary_free(&sum);
	block("bundle");
	assert_record(&p);
	buf_free(&object);
	peer_end(&p);
	clock_replace(NULL);
}

static void local_state(void **state)
{
	struct peer p;
	struct saksi_txn *t;
	struct local_team l;
	struct remotes r;
	struct buf b, got = BUF_INIT;
	uint8_t want[32];

	(void)state;
	peer_make(&p, "Dara", "old");
	block("local_team");
	b = hex("local_team");
	t = peer_begin(&p, true);
	OK(saksi_local_put(t, LOCAL_TEAM, b.p, b.len, &g_err));
	OK(local_team_get(&l, t, &g_err));
	assert_hash(&l.space, "space");
	vectors_bytes(want, 16, &g_v, "data_nonce");
	assert_memory_equal(l.data.nonce, want, 16);
	assert_int_equal(l.data.reason, LOG_RESTORED);
	vectors_bytes(want, 16, &g_v, "member_nonce");
	assert_memory_equal(l.member.nonce, want, 16);
	assert_int_equal(l.member.reason, LOG_NEW);
	vectors_bytes(want, 32, &g_v, "import_key");
	assert_memory_equal(l.import_key, want, 32);
	OK(local_team_put(t, &l, &g_err));
	OK(saksi_local_get(t, LOCAL_TEAM, &got, &g_err));
	assert_int_equal(got.len, b.len);
	assert_memory_equal(got.p, b.p, b.len);
	buf_free(&got);
	buf_free(&b);

	block("local_remotes");
	b = hex("local_remotes");
	OK(saksi_local_put(t, LOCAL_REMOTES, b.p, b.len, &g_err));
	OK(remotes_get(&r, t, &g_err));
	assert_int_equal(r.counter, 8);
	assert_int_equal(r.n_peers, 1);
	assert_int_equal(r.peers[0].n, 2);
	assert_string_equal(r.dirs[0].name, "/media/stick");
	assert_true(remote_dir_has(&r.dirs[0], 5));
	assert_false(remote_dir_has(&r.dirs[0], 6));
	assert_true(remote_dir_has(&r.dirs[0], 9));
	OK(remotes_put(t, &r, &g_err));
	OK(saksi_local_get(t, LOCAL_REMOTES, &got, &g_err));
	assert_int_equal(got.len, b.len);
	assert_memory_equal(got.p, b.p, b.len);
	remotes_free(&r);
	buf_free(&got);
	buf_free(&b);
	saksi_txn_abort(&t);
	peer_end(&p);
}

/* Ranges of arrival numbers against a plain set. */
static void ranges(void **state)
{
	struct remote_dir d;
	bool set[200] = {false};
	uint32_t x = 1;

	(void)state;
	memset(&d, 0, sizeof(d));
	for (int i = 0; i < 400; i++) {
		x = x * 1664525u + 1013904223u;
		OK(remote_dir_add(&d, (x >> 8) % 200, &g_err));
		set[(x >> 8) % 200] = true;
		if (i % 20 == 0)
			for (uint64_t n = 0; n < 200; n++)
				assert_int_equal(remote_dir_has(&d, n), set[n]);
	}
	for (size_t i = 1; i < d.n_ranges; i++)
		assert_true(
		    d.ranges[i - 1].first + d.ranges[i - 1].count < d.ranges[i].first);
	free(d.ranges);
}

static int teardown(void **state)
{
	(void)state;
	vectors_close(&g_v);
	return vaults_teardown(state);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(operations),
    cmocka_unit_test(join_request),
    cmocka_unit_test(welcome_and_bundle),
    cmocka_unit_test(directory_object),
    cmocka_unit_test(local_state),
    cmocka_unit_test(ranges),
};

TEST_MAIN(tests, vaults_setup, teardown)
