/* test_sync_join.c - a device joins; whoever meddles is noticed. */
#include "teams.h"

#include "request.h"
#include "team_impl.h"

static int64_t g_shift; /* of the clock, in microseconds */

static int64_t shifted_clock(void)
{
	return INT64_C(1790000000000000) + g_shift;
}

struct papers {
	struct buf request, welcome;
	char words[TEAM_WORDS_TEXT];
	struct join_info at_admin;
};

static void ask(struct peer *p, struct papers *q)
{
	memset(q, 0, sizeof(*q));
	OK(saksi_join_request(p->v, "Dara", "phone", &q->request, q->words, &g_err));
}

static void answer(struct peer *admin, struct papers *q, enum team_role role)
{
	OK(saksi_join_admit(admin->t, q->request.p, q->request.len, role, &q->welcome,
	    &q->at_admin, &g_err));
}

static void papers_free(struct papers *q)
{
	buf_free(&q->request);
	buf_free(&q->welcome);
}

static enum saksi_err open_welcome(struct peer *p, const struct papers *q,
    struct join_info *info)
{
	return saksi_join_open(p->v, q->welcome.p, q->welcome.len, info, &g_err);
}

static enum saksi_err accept_welcome(struct peer *p, const struct papers *q)
{
	return saksi_join_accept(p->v, q->welcome.p, q->welcome.len, &g_err);
}

static void both_screens_show_the_same(void **state)
{
	struct peer a, b;
	struct papers q;
	struct join_info info;
	const struct team_device *self;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	ask(&b, &q);
	OK(saksi_join_inspect(a.t, q.request.p, q.request.len, &info, &g_err));
	assert_string_equal(info.words, q.words);
	assert_string_equal(info.person, "Dara");
	assert_string_equal(info.label, "phone");
	answer(&a, &q, ROLE_READER);
	assert_string_equal(q.at_admin.words, q.words);
	OK(open_welcome(&b, &q, &info));
	assert_string_equal(info.welcome_words, q.at_admin.welcome_words);
	assert_string_not_equal(info.welcome_words, info.words);
	assert_string_equal(info.adder, "Channary (laptop)");
	assert_int_equal(info.role, ROLE_READER);
	assert_int_equal(info.devices, 2);
	/* opening keeps nothing */
	assert_memory_not_equal(saksi_team_space(b.t)->b, saksi_team_space(a.t)->b, 32);
	saksi_team_free(&b.t);
	OK(accept_welcome(&b, &q));
	OK(saksi_team_load(&b.t, b.v, &g_err));
	assert_memory_equal(saksi_team_space(b.t)->b, saksi_team_space(a.t)->b, 32);
	assert_memory_equal(b.t->coll, a.t->coll, 16);
	self = saksi_team_self(b.t);
	assert_non_null(self);
	assert_string_equal(self->label, "phone");
	assert_int_equal(self->role, ROLE_READER);
	assert_memory_equal(self->added_by.b, saksi_team_self(a.t)->id.b, 32);
	/* two epochs worth of keys are the same key */
	assert_int_equal(b.t->n_epochs, 1);
	assert_memory_equal(secret_view(b.t->epochs[0].key),
	    secret_view(a.t->epochs[0].key), 32);
	papers_free(&q);
	peer_end(&a);
	peer_end(&b);
}

static void papers_work_once(void **state)
{
	struct peer a, b, c;
	struct papers q;
	struct join_info info;
	struct buf again = BUF_INIT;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	peer_make(&c, "Eve", "other");
	ask(&b, &q);
	answer(&a, &q, ROLE_EDITOR);
	/* the admin admits each request once, by whichever name */
	assert_int_equal(saksi_join_inspect(a.t, q.request.p, q.request.len, &info,
			     &g_err),
	    SAKSI_EREFUSED);
	assert_int_equal(saksi_join_admit(a.t, q.request.p, q.request.len, ROLE_ADMIN,
			     &again, &info, &g_err),
	    SAKSI_EREFUSED);
	assert_int_equal(again.len, 0);
	/* a welcome for another device */
	assert_int_equal(open_welcome(&c, &q, &info), SAKSI_ENOTFOUND);
	struct papers own;
	ask(&c, &own);
	assert_int_equal(open_welcome(&c, &q, &info), SAKSI_EAUTH);
	assert_int_equal(accept_welcome(&c, &q), SAKSI_EAUTH);
	/* once accepted, never again */
	saksi_team_free(&b.t);
	OK(accept_welcome(&b, &q));
	assert_int_equal(accept_welcome(&b, &q), SAKSI_ENOTFOUND);
	assert_int_equal(open_welcome(&b, &q, &info), SAKSI_ENOTFOUND);
	OK(saksi_team_load(&b.t, b.v, &g_err));
	papers_free(&q);
	papers_free(&own);
	peers_end(&a, &b, &c);
}

static void a_new_request_replaces_the_old(void **state)
{
	struct peer a, b;
	struct papers first, second;
	struct join_info info;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	ask(&b, &first);
	ask(&b, &second);
	assert_string_not_equal(first.words, second.words);
	answer(&a, &first, ROLE_EDITOR);
	assert_int_equal(open_welcome(&b, &first, &info), SAKSI_EAUTH);
	answer(&a, &second, ROLE_EDITOR);
	OK(open_welcome(&b, &second, &info));
	papers_free(&first);
	papers_free(&second);
	peer_end(&a);
	peer_end(&b);
}

static void every_changed_byte_is_noticed(void **state)
{
	struct peer a, b;
	struct papers q;
	struct join_info info;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	ask(&b, &q);
	for (size_t i = 0; i < q.request.len; i++) {
		q.request.p[i] ^= 0x01;
		assert_int_not_equal(saksi_join_inspect(a.t, q.request.p, q.request.len,
					 &info, &g_err),
		    SAKSI_OK);
		q.request.p[i] ^= 0x01;
		assert_int_not_equal(saksi_join_inspect(a.t, q.request.p, i, &info,
					 &g_err),
		    SAKSI_OK);
	}
	answer(&a, &q, ROLE_EDITOR);
	for (size_t i = 0; i < q.welcome.len;
	     i += i < 200 && rounds(100) == 100 ? 1 : 41) {
		q.welcome.p[i] ^= 0x80;
		assert_int_not_equal(open_welcome(&b, &q, &info), SAKSI_OK);
		q.welcome.p[i] ^= 0x80;
	}
	OK(open_welcome(&b, &q, &info));
	papers_free(&q);
	peer_end(&a);
	peer_end(&b);
}

/* Who stands between swaps keys in the request, and signs it as his own. */
static void swapped_keys_change_the_words(void **state)
{
	struct peer a, b;
	struct papers q;
	struct join_request r;
	struct local_device mallory;
	struct buf body = BUF_INIT, forged = BUF_INIT, welcome = BUF_INIT;
	struct join_info info;
	char words[TEAM_WORDS_TEXT];

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	ask(&b, &q);
	OK(request_read(&r, q.request.p, q.request.len, &g_err));
	OK(local_device_new(&mallory, &g_err));
	/* only the sealing key: the signature no longer holds */
	memcpy(r.keys.seal_pk, mallory.keys.seal_pk, CRYPTO_KEY);
	request_body_write(&body, &r);
	request_write(&forged, &body, &r.id, mallory.sign_sk);
	assert_int_equal(saksi_join_inspect(a.t, forged.p, forged.len, &info, &g_err),
	    SAKSI_EAUTH);
	/* all of them: a request of his own, whose words differ */
	r.keys = mallory.keys;
	buf_reset(&body);
	buf_reset(&forged);
	request_body_write(&body, &r);
	request_write(&forged, &body, &r.id, mallory.sign_sk);
	OK(saksi_join_inspect(a.t, forged.p, forged.len, &info, &g_err));
	assert_string_not_equal(info.words, q.words);
	/* admitted all the same: the true device does not accept the answer */
	OK(saksi_join_admit(a.t, forged.p, forged.len, ROLE_EDITOR, &welcome, &info,
	    &g_err));
	assert_int_equal(saksi_join_open(b.v, welcome.p, welcome.len, &info, &g_err),
	    SAKSI_EAUTH);
	/* the other way: answered with his own team, whose words differ */
	struct peer m;
	struct join_info at_mallory, at_b;
	peer_make(&m, "Channary", "laptop");
	buf_reset(&welcome);
	OK(saksi_join_admit(m.t, q.request.p, q.request.len, ROLE_EDITOR, &welcome,
	    &at_mallory, &g_err));
	answer(&a, &q, ROLE_EDITOR);
	OK(saksi_join_open(b.v, welcome.p, welcome.len, &at_b, &g_err));
	assert_string_not_equal(at_b.welcome_words, q.at_admin.welcome_words);
	request_words(words, &r);
	assert_string_not_equal(words, q.words);
	local_device_free(&mallory);
	buf_free(&body);
	buf_free(&forged);
	buf_free(&welcome);
	papers_free(&q);
	peers_end(&a, &b, &m);
}

/* A dishonest admin's WELCOME, rebuilt with one thing wrong, sealed and signed well. */
static void seal_again(struct peer *admin, struct welcome *w,
    const uint8_t once_pk[CRYPTO_KEY], struct buf *out)
{
	buf_reset(out);
	OK(welcome_write(out, w, once_pk, admin->t->self.sign_sk, &g_err));
}

static void a_false_welcome_is_refused(void **state)
{
	struct peer a, b;
	struct papers q;
	struct local_join mine;
	struct join_request r;
	struct welcome w;
	struct join_info info;
	struct buf out = BUF_INIT;
	struct saksi_txn *t;
	size_t n;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	ask(&b, &q);
	answer(&a, &q, ROLE_EDITOR);
	t = peer_begin(&b, false);
	OK(local_join_get(&mine, t, &g_err));
	saksi_txn_abort(&t);
	OK(request_body_read(&r, mine.request.p, mine.request.len, &g_err));
	OK(welcome_read(&w, q.welcome.p, q.welcome.len, r.once_pk, mine.once_sk, &g_err));
	n = w.n_changes;

	seal_again(&a, &w, r.once_pk, &out);
	OK(saksi_join_open(b.v, out.p, out.len, &info, &g_err));

	w.n_changes = n - 1; /* without our admission */
	seal_again(&a, &w, r.once_pk, &out);
	assert_int_equal(saksi_join_open(b.v, out.p, out.len, &info, &g_err), SAKSI_EAUTH);
	w.changes++; /* without the beginning */
	seal_again(&a, &w, r.once_pk, &out);
	assert_int_equal(saksi_join_open(b.v, out.p, out.len, &info, &g_err), SAKSI_EAUTH);
	w.changes--;
	w.n_changes = 0;
	seal_again(&a, &w, r.once_pk, &out);
	assert_int_equal(saksi_join_open(b.v, out.p, out.len, &info, &g_err), SAKSI_EAUTH);
	w.n_changes = n;

	w.space.b[0] ^= 1; /* another team */
	seal_again(&a, &w, r.once_pk, &out);
	assert_int_equal(saksi_join_open(b.v, out.p, out.len, &info, &g_err), SAKSI_EAUTH);
	w.space.b[0] ^= 1;

	w.request.b[0] ^= 1; /* another request */
	seal_again(&a, &w, r.once_pk, &out);
	assert_int_equal(saksi_join_open(b.v, out.p, out.len, &info, &g_err), SAKSI_EAUTH);
	w.request.b[0] ^= 1;

	w.adder = r.device; /* someone else admits: ourselves */
	seal_again(&a, &w, r.once_pk, &out);
	assert_int_equal(saksi_join_open(b.v, out.p, out.len, &info, &g_err), SAKSI_EAUTH);
	w.adder = saksi_team_self(a.t)->id;

	secret_bytes(w.epochs.list[0].key)[0] ^= 1; /* another key than announced */
	seal_again(&a, &w, r.once_pk, &out);
	assert_int_equal(saksi_join_open(b.v, out.p, out.len, &info, &g_err), SAKSI_EAUTH);
	secret_bytes(w.epochs.list[0].key)[0] ^= 1;

	/* signed by a stranger */
	buf_reset(&out);
	OK(welcome_write(&out, &w, r.once_pk, mine.device.sign_sk, &g_err));
	assert_int_equal(saksi_join_open(b.v, out.p, out.len, &info, &g_err), SAKSI_EAUTH);

	seal_again(&a, &w, r.once_pk, &out);
	OK(saksi_join_open(b.v, out.p, out.len, &info, &g_err));
	welcome_free(&w);
	local_join_free(&mine);
	buf_free(&out);
	papers_free(&q);
	peer_end(&a);
	peer_end(&b);
}

static void seven_days(void **state)
{
	struct peer a, b;
	struct papers q;
	struct join_info info;
	const int64_t day = INT64_C(24) * 3600 * 1000000;

	(void)state;
	g_shift = 0;
	clock_replace(shifted_clock);
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	ask(&b, &q);
	g_shift = 7 * day + 1;
	assert_int_equal(saksi_join_inspect(a.t, q.request.p, q.request.len, &info,
			     &g_err),
	    SAKSI_EREFUSED);
	g_shift = -2 * day;
	assert_int_equal(saksi_join_inspect(a.t, q.request.p, q.request.len, &info,
			     &g_err),
	    SAKSI_EREFUSED);
	g_shift = 7 * day;
	answer(&a, &q, ROLE_EDITOR);
	OK(open_welcome(&b, &q, &info));
	g_shift = 7 * day + 1;
	assert_int_equal(open_welcome(&b, &q, &info), SAKSI_EREFUSED);
	assert_int_equal(accept_welcome(&b, &q), SAKSI_EREFUSED);
	clock_replace(NULL);
	papers_free(&q);
	peer_end(&a);
	peer_end(&b);
}

static void only_an_empty_vault_joins(void **state)
{
	struct peer a, b, c;
	struct papers q;
	struct join_info info;
	struct buf out = BUF_INIT;
	char words[TEAM_WORDS_TEXT];

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	peer_make(&c, "Eve", "tablet");
	ask(&b, &q);
	answer(&a, &q, ROLE_EDITOR);
	OK(open_welcome(&b, &q, &info));
	/* a record in between */
	peer_create(&b, NULL, "Written too early");
	assert_int_equal(open_welcome(&b, &q, &info), SAKSI_EREFUSED);
	assert_int_equal(accept_welcome(&b, &q), SAKSI_EREFUSED);
	assert_int_equal(saksi_join_request(b.v, "Dara", "phone", &out, words, &g_err),
	    SAKSI_EREFUSED);
	/* a team with other devices is not given up */
	peer_join(&c, &a, ROLE_EDITOR, "Eve", "tablet");
	assert_int_equal(saksi_join_request(a.v, "Channary", "laptop", &out, words,
			     &g_err),
	    SAKSI_EREFUSED);
	assert_int_equal(out.len, 0);
	buf_free(&out);
	papers_free(&q);
	peers_end(&a, &b, &c);
}

static void only_admins_admit(void **state)
{
	struct peer a, b, c;
	struct papers q;
	struct join_info info;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	peer_make(&c, "Eve", "tablet");
	peer_join(&b, &a, ROLE_EDITOR, "Dara", "phone");
	ask(&c, &q);
	assert_int_equal(saksi_join_admit(b.t, q.request.p, q.request.len, ROLE_EDITOR,
			     &q.welcome, &info, &g_err),
	    SAKSI_EREFUSED);
	assert_int_equal(q.welcome.len, 0);
	assert_int_equal(saksi_join_admit(a.t, q.request.p, q.request.len, ROLE_ROOT,
			     &q.welcome, &info, &g_err),
	    SAKSI_EINVAL);
	OK(saksi_join_admit(a.t, q.request.p, q.request.len, ROLE_ADMIN, &q.welcome,
	    &info, &g_err));
	saksi_team_free(&c.t);
	OK(accept_welcome(&c, &q));
	OK(saksi_team_load(&c.t, c.v, &g_err));
	papers_free(&q);
	/* an admin who was admitted admits in turn */
	struct peer d;
	peer_make(&d, "Fen", "desk");
	peer_join(&d, &c, ROLE_READER, "Fen", "desk");
	peer_create(&a, "r-1", "First");
	bundle_pass(&c, &a);
	bundle_pass(&a, &d);
	assert_same_state(&a, &d);
	size_t n;
	(void)saksi_team_devices(a.t, &n);
	assert_int_equal(n, 4);
	peer_end(&a);
	peers_end(&b, &c, &d);
}

static void names_are_checked(void **state)
{
	struct peer a;
	struct buf out = BUF_INIT;
	char words[TEAM_WORDS_TEXT], lengthy[200];

	(void)state;
	memset(lengthy, 'x', sizeof(lengthy));
	lengthy[128] = '\0';
	peer_make(&a, "Channary", "laptop");
	assert_int_equal(saksi_join_request(a.v, "", "phone", &out, words, &g_err),
	    SAKSI_EINVAL);
	assert_int_equal(saksi_join_request(a.v, "a\nb", "phone", &out, words, &g_err),
	    SAKSI_EINVAL);
	assert_int_equal(saksi_join_request(a.v, "a", "\xff", &out, words, &g_err),
	    SAKSI_EINVAL);
	assert_int_equal(saksi_join_request(a.v, lengthy, "b", &out, words, &g_err),
	    SAKSI_EINVAL);
	lengthy[127] = '\0';
	OK(saksi_join_request(a.v, lengthy, "ភ្នំពេញ", &out, words, &g_err));
	buf_free(&out);
	peer_end(&a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(both_screens_show_the_same),
    cmocka_unit_test(papers_work_once),
    cmocka_unit_test(a_new_request_replaces_the_old),
    cmocka_unit_test(every_changed_byte_is_noticed),
    cmocka_unit_test(swapped_keys_change_the_words),
    cmocka_unit_test(a_false_welcome_is_refused),
    cmocka_unit_test(seven_days),
    cmocka_unit_test(only_an_empty_vault_joins),
    cmocka_unit_test(only_admins_admit),
    cmocka_unit_test(names_are_checked),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
