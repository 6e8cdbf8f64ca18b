/* test_sync_bundle.c - devices exchange bundles: whole, cut, altered, in any order. */
#include <pthread.h>

#include "craft.h"

#include "carry.h"

static const char *change_text(const struct sync_summary *s, size_t i, const char *key)
{
	return json_string_value(
	    json_object_get(json_array_get(json_object_get(s->detail, "changes"), i),
		key));
}

/* An empty copy of a vault, to be filled again and again. */
static void copy_vault(struct peer *copy, struct peer *of)
{
	char cmd[300];

	memset(copy, 0, sizeof(*copy));
	snprintf(copy->dir, sizeof(copy->dir), "saksi-copy-XXXXXX");
	assert_non_null(mkdtemp(copy->dir));
	snprintf(cmd, sizeof(cmd), "cp -r %s/vault %s/vault", of->dir, copy->dir);
	assert_int_equal(system(cmd), 0);
	peer_open(copy);
}

static void summary_tells_who_did_what(void **state)
{
	struct peer a, b;
	struct saksi_id id;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;
	struct saksi_txn *t;
	struct saksi_draft *d = NULL;

	(void)state;
	team_of_two(&a, &b);
	id = peer_create(&a, "ev-1", "Arrests at the market");
	bundle_write(&a, NULL, &bundle, &sum);
	assert_int_equal(sum.sent, 5); /* log, genesis, admission; log, record */
	sync_summary_free(&sum);
	OK(bundle_try_read(&b, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.received, 2);
	assert_int_equal(sum.known, 3);
	assert_int_equal(sum.new_records, 1);
	assert_int_equal(sum.changed, 0);
	assert_int_equal(json_array_size(json_object_get(sum.detail, "changes")), 1);
	assert_string_equal(change_text(&sum, 0, "label"), "Arrests at the market");
	assert_string_equal(change_text(&sum, 0, "type"), "event");
	assert_string_equal(change_text(&sum, 0, "by"), "Channary (laptop)");
	assert_string_equal(change_text(&sum, 0, "did"), "new");
	sync_summary_free(&sum);
	assert_same_state(&a, &b);

	peer_edit(&b, &id, "title", "Arrests at the old market");
	bundle_write(&b, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	OK(bundle_try_read(&a, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.changed, 1);
	assert_string_equal(change_text(&sum, 0, "did"), "changed");
	assert_string_equal(change_text(&sum, 0, "by"), "Dara (phone)");
	sync_summary_free(&sum);

	t = peer_begin(&b, true);
	OK(saksi_draft_new(&d, t, &g_err));
	OK(saksi_draft_delete(d, &id, "entered twice", &g_err));
	OK(saksi_draft_commit(d, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&d);
	bundle_write(&b, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	OK(bundle_try_read(&a, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.deleted, 1);
	assert_string_equal(change_text(&sum, 0, "did"), "deleted");
	assert_string_equal(change_text(&sum, 0, "label"), "Arrests at the old market");
	sync_summary_free(&sum);
	/* again: nothing new */
	OK(bundle_try_read(&a, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.received, 0);
	assert_int_equal(json_array_size(json_object_get(sum.detail, "changes")), 0);
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	buf_free(&bundle);
	peer_end(&a);
	peer_end(&b);
}

static void three_devices_converge_by_any_way(void **state)
{
	struct peer p[3];
	struct saksi_id id;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;
	struct saksi_txn *t;
	struct saksi_record *r = NULL;
	size_t titles = 0;

	(void)state;
	team_of_two(&p[0], &p[1]);
	peer_make(&p[2], "Eve", "old");
	peer_join(&p[2], &p[0], ROLE_EDITOR, "Eve", "tablet");
	id = peer_create(&p[0], "shared", "First");
	bundle_pass(&p[0], &p[1]);
	bundle_pass(&p[0], &p[2]);
	peer_edit(&p[0], &id, "title", "By the laptop");
	peer_edit(&p[1], &id, "title", "By the phone");
	peer_edit(&p[2], &id, "title", "By the tablet");
	peer_edit(&p[2], &id, "description", "Only the tablet says this");
	/* a ring, with p[1] not yet knowing of p[2]'s device */
	bundle_pass(&p[2], &p[1]);
	bundle_pass(&p[1], &p[0]);
	bundle_pass(&p[0], &p[2]);
	bundle_pass(&p[2], &p[1]);
	assert_same_state(&p[0], &p[1]);
	assert_same_state(&p[0], &p[2]);
	t = peer_begin(&p[1], false);
	OK(saksi_record_get(&r, t, &id, 0, &g_err));
	for (size_t i = 0; i < r->n_visible; i++)
		titles += strcmp(r->values[i].field, "title") == 0;
	assert_int_equal(titles, 3); /* no value is lost */
	assert_int_equal(r->n_conflicts, 1);
	saksi_record_free(&r);
	saksi_txn_abort(&t);
	bundle_write(&p[1], NULL, &bundle, &sum);
	sync_summary_free(&sum);
	OK(bundle_try_read(&p[0], bundle.p, bundle.len, &sum));
	assert_int_equal(sum.received, 0);
	assert_int_equal(sum.conflicts, 1);
	sync_summary_free(&sum);
	/* one person decides; it is so everywhere */
	peer_edit(&p[1], &id, "title", "Decided");
	bundle_pass(&p[1], &p[0]);
	bundle_pass(&p[0], &p[2]);
	assert_same_state(&p[1], &p[2]);
	buf_free(&bundle);
	for (int i = 0; i < 3; i++)
		peer_end(&p[i]);
}

/* Cut at every length: what is whole before the cut is merged, and the rest completes it. */
static void a_cut_bundle_gives_its_beginning(void **state)
{
	struct peer a, b, copy;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;
	size_t most = 0;
	char text[1200];

	(void)state;
	team_of_two(&a, &b);
	for (int i = 0; i < 14; i++) {
		random_text(text, sizeof(text));
		peer_create(&a, NULL, text);
	}
	bundle_write(&a, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	assert_true(bundle.len >= 80 + 4 * 4096);
	bool few = rounds(100) < 100;
	for (size_t n = 0; n < bundle.len; n += !few && (n < 200 || n % 4096 < 4) ? 1
		 : few								  ? 4001
										  : 509) {
		enum saksi_err rc;

		copy_vault(&copy, &b);
		rc = bundle_try_read(&copy, bundle.p, n, &sum);
		assert_int_equal(rc, SAKSI_EPARTIAL);
		assert_true(sum.received >= most); /* a longer piece never gives less */
		most = sum.received;
		assert_int_equal(sum.refused, 0);
		assert_int_equal(sum.pending, 0);
		sync_summary_free(&sum);
		assert_false(same_state(&a, &copy));
		OK(bundle_try_read(&copy, bundle.p, bundle.len, &sum));
		sync_summary_free(&sum);
		assert_same_state(&a, &copy);
		peer_end(&copy);
	}
	assert_true(most > 5);
	buf_free(&bundle);
	peer_end(&a);
	peer_end(&b);
}

static void a_changed_byte_is_an_altered_bundle(void **state)
{
	struct peer a, b;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;
	struct saksi_hash before;

	(void)state;
	team_of_two(&a, &b);
	peer_create(&a, "x", "Small");
	bundle_write(&a, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	before = peer_digest(&b);
	assert_int_equal(bundle.len, 80 + 4096);
	bool few = rounds(100) < 100;
	for (size_t i = 0; i < bundle.len; i += few ? 401 : i < 120 ? 1 : 61) {
		bundle.p[i] ^= (uint8_t)(1u << (i % 8));
		assert_int_equal(bundle_try_read(&b, bundle.p, bundle.len, &sum),
		    SAKSI_EAUTH);
		assert_int_equal(sum.received, 0);
		sync_summary_free(&sum);
		struct saksi_hash after = peer_digest(&b);
		assert_memory_equal(before.b, after.b, 32);
		bundle.p[i] ^= (uint8_t)(1u << (i % 8));
	}
	OK(bundle_try_read(&b, bundle.p, bundle.len, &sum));
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	buf_free(&bundle);
	peer_end(&a);
	peer_end(&b);
}

static void frames_can_not_be_moved(void **state)
{
	struct peer a, b;
	struct buf one = BUF_INIT, other = BUF_INIT, mixed = BUF_INIT;
	struct sync_summary sum;
	char text[900];

	(void)state;
	team_of_two(&a, &b);
	for (int i = 0; i < 12; i++) {
		random_text(text, sizeof(text));
		peer_create(&a, NULL, text);
	}
	bundle_write(&a, NULL, &one, &sum);
	sync_summary_free(&sum);
	bundle_write(&a, NULL, &other, &sum);
	sync_summary_free(&sum);
	/* two frames change places */
	buf_add(&mixed, one.p, one.len);
	memcpy(mixed.p + 80, one.p + 80 + 4096, 4096);
	memcpy(mixed.p + 80 + 4096, one.p + 80, 4096);
	assert_int_equal(bundle_try_read(&b, mixed.p, mixed.len, &sum), SAKSI_EAUTH);
	assert_int_equal(sum.received, 0);
	sync_summary_free(&sum);
	/* one is left out */
	buf_reset(&mixed);
	buf_add(&mixed, one.p, 80 + 4096);
	buf_add(&mixed, one.p + 80 + 2 * 4096, one.len - 80 - 2 * 4096);
	assert_int_equal(bundle_try_read(&b, mixed.p, mixed.len, &sum), SAKSI_EAUTH);
	sync_summary_free(&sum);
	/* the tail of another bundle */
	buf_reset(&mixed);
	buf_add(&mixed, one.p, 80 + 4096);
	buf_add(&mixed, other.p + 80 + 4096, other.len - 80 - 4096);
	assert_int_equal(bundle_try_read(&b, mixed.p, mixed.len, &sum), SAKSI_EAUTH);
	sync_summary_free(&sum);
	buf_free(&one);
	buf_free(&other);
	buf_free(&mixed);
	peer_end(&a);
	peer_end(&b);
}

struct piping {
	int fd;
	const struct buf *bytes;
};

static void *pipe_writer(void *arg)
{
	const struct piping *p = arg;
	size_t at = 0;

	while (at < p->bytes->len) {
		size_t n = p->bytes->len - at < 1000 ? p->bytes->len - at : 1000;
		ssize_t k = write(p->fd, p->bytes->p + at, n);

		if (k <= 0)
			break;
		at += (size_t)k;
	}
	close(p->fd);
	return NULL;
}

static enum saksi_err read_by_pipe(struct peer *p, const struct buf *bytes,
    struct sync_summary *sum)
{
	int fds[2];
	pthread_t th;
	struct piping job;
	enum saksi_err rc;

	assert_int_equal(pipe(fds), 0);
	job = (struct piping){fds[1], bytes};
	assert_int_equal(pthread_create(&th, NULL, pipe_writer, &job), 0);
	sync_summary_init(sum);
	rc = saksi_bundle_read(p->t, fds[0], NULL, sum, &g_err);
	close(fds[0]);
	assert_int_equal(pthread_join(th, NULL), 0);
	return rc;
}

static void what_follows_the_end_is_noticed(void **state)
{
	struct peer a, b, copy;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;

	(void)state;
	team_of_two(&a, &b);
	peer_create(&a, "x", "Small");
	bundle_write(&a, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	/* by pipe, whole */
	copy_vault(&copy, &b);
	OK(read_by_pipe(&copy, &bundle, &sum));
	sync_summary_free(&sum);
	assert_same_state(&a, &copy);
	peer_end(&copy);
	buf_add_byte(&bundle, 0);
	/* in a file: refused before anything is merged */
	assert_int_equal(bundle_try_read(&b, bundle.p, bundle.len, &sum), SAKSI_EAUTH);
	assert_non_null(strstr(g_err.msg, "follow its end"));
	assert_int_equal(sum.received, 0);
	sync_summary_free(&sum);
	assert_false(same_state(&a, &b));
	/* in a pipe: reported */
	assert_int_equal(read_by_pipe(&b, &bundle, &sum), SAKSI_EAUTH);
	assert_int_equal(sum.received, 2);
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	buf_free(&bundle);
	peer_end(&a);
	peer_end(&b);
}

static void bundles_leak_nothing(void **state)
{
	static const char *const needles[] = {"Arrests at the market", "Arrests",
	    "market", "Channary", "laptop", "ev-0001", "title", "event", "saksi"};
	struct peer a, b;
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct sync_summary sum;
	size_t n, bits = 0;

	(void)state;
	team_of_two(&a, &b);
	peer_create(&a, "ev-0001", "Arrests at the market");
	bundle_write(&a, NULL, &x, &sum);
	sync_summary_free(&sum);
	bundle_write(&a, NULL, &y, &sum);
	sync_summary_free(&sum);
	for (size_t i = 0; i < sizeof(needles) / sizeof(needles[0]); i++)
		assert_null(memmem(x.p, x.len, needles[i], strlen(needles[i])));
	assert_null(memmem(x.p, x.len, saksi_team_space(a.t)->b, 8));
	assert_null(memmem(x.p, x.len, saksi_team_self(a.t)->id.b, 8));
	assert_null(memmem(x.p, x.len, a.t->coll, 8));
	/* of the same content, no eight bytes in common anywhere */
	assert_int_equal(x.len, y.len);
	n = x.len - 7;
	struct idmap seen = IDMAP_INIT;
	for (size_t i = 0; i < n; i++) {
		struct saksi_hash h = {{0}};

		memcpy(h.b, x.p + i, 8);
		OK(idmap_put(&seen, &h, 0, &g_err));
	}
	for (size_t i = 0; i < n; i++) {
		struct saksi_hash h = {{0}};

		memcpy(h.b, y.p + i, 8);
		assert_int_equal(idmap_get(&seen, &h), IDMAP_NONE);
	}
	idmap_free(&seen);
	/* half of the bits are set, from the first byte on: 6 sigma */
	for (size_t i = 0; i < x.len; i++)
		for (int k = 0; k < 8; k++)
			bits += (x.p[i] >> k) & 1;
	assert_true(bits > x.len * 4 - 6 * 130 && bits < x.len * 4 + 6 * 130);
	/* sizes in steps of a frame */
	assert_int_equal((x.len - 80) % 4096, 0);
	buf_free(&x);
	buf_free(&y);
	peer_end(&a);
	peer_end(&b);
}

static void other_teams_are_told_apart(void **state)
{
	struct peer a, b, other;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;
	static uint8_t noise[80 + 4096];

	(void)state;
	team_of_two(&a, &b);
	peer_make(&other, "Eve", "elsewhere");
	peer_create(&a, "x", "Not for Eve");
	bundle_write(&a, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	assert_int_equal(bundle_try_read(&other, bundle.p, bundle.len, &sum), SAKSI_EAUTH);
	assert_non_null(strstr(g_err.msg, "not for this team"));
	assert_int_equal(sum.received + sum.known, 0);
	sync_summary_free(&sum);
	crypto_random(noise, sizeof(noise));
	assert_int_equal(bundle_try_read(&b, noise, sizeof(noise), &sum), SAKSI_EAUTH);
	sync_summary_free(&sum);
	assert_int_equal(bundle_try_read(&b, noise, 0, &sum), SAKSI_EPARTIAL);
	sync_summary_free(&sum);
	buf_free(&bundle);
	peers_end(&a, &b, &other);
}

static void only_what_is_missing_travels(void **state)
{
	struct peer a, b;
	const struct team_device *db;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;
	struct saksi_id id;

	(void)state;
	team_of_two(&a, &b);
	id = peer_create(&a, "x", "First");
	OK(saksi_team_find(a.t, "phone", &db, &g_err));
	/* nothing known of b: everything, and it says so */
	bundle_write(&a, db, &bundle, &sum);
	assert_int_equal(sum.sent, 5);
	assert_true(warned(&sum, "everything is written"));
	sync_summary_free(&sum);
	OK(bundle_try_read(&b, bundle.p, bundle.len, &sum));
	sync_summary_free(&sum);
	/* having sent it proves nothing */
	bundle_write(&a, db, &bundle, &sum);
	assert_int_equal(sum.sent, 5);
	sync_summary_free(&sum);
	/* b answers: its frontier does */
	bundle_pass(&b, &a);
	peer_edit(&a, &id, "title", "Second");
	bundle_write(&a, db, &bundle, &sum);
	assert_int_equal(sum.sent, 1);
	assert_int_equal(json_array_size(json_object_get(sum.detail, "warnings")), 0);
	sync_summary_free(&sum);
	OK(bundle_try_read(&b, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.received, 1);
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	/* b knows what a holds from a's own bundle */
	peer_edit(&b, &id, "title", "Third");
	const struct team_device *da;
	OK(saksi_team_find(b.t, "laptop", &da, &g_err));
	bundle_write(&b, da, &bundle, &sum);
	assert_int_equal(sum.sent, 2); /* b's log is opened */
	sync_summary_free(&sum);
	OK(bundle_try_read(&a, bundle.p, bundle.len, &sum));
	sync_summary_free(&sum);
	assert_same_state(&a, &b);
	/* what does not reach one is named by the next bundle's frontier */
	struct peer c;
	peer_make(&c, "Eve", "old");
	peer_join(&c, &a, ROLE_READER, "Eve", "tablet");
	OK(saksi_team_find(a.t, "phone", &db, &g_err));
	bundle_write(&a, db, &bundle, &sum); /* only what b lacks */
	sync_summary_free(&sum);
	OK(bundle_try_read(&c, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.missing, 2); /* two data logs of which c has nothing */
	sync_summary_free(&sum);
	buf_free(&bundle);
	peers_end(&a, &b, &c);
}

static enum saksi_err to_file(void *ctx, const void *p, size_t n, struct saksi_error *err)
{
	const int *fd = ctx;

	return fs_write_all(*fd, p, n, "test", err);
}

/* A member who takes another's manifest and goes on with content of his own. */
static void a_borrowed_manifest_proves_nothing(void **state)
{
	struct peer a, b, c;
	struct buf item = BUF_INIT;
	struct box_writer *w = NULL;
	struct box_place place;
	struct manifest m;
	struct frontier f;
	struct content_end e;
	struct crypto_hash_state running;
	struct sync_summary sum;
	struct saksi_txn *t;
	int fd;

	(void)state;
	team_of_two(&a, &b);
	peer_make(&c, "Eve", "old");
	peer_join(&c, &a, ROLE_EDITOR, "Eve", "tablet");
	bundle_pass(&a, &b);
	peer_create(&c, "x", "By Eve");
	/* c seals in the name of a, with its own key */
	memset(&m, 0, sizeof(m));
	place.space = *saksi_team_space(c.t);
	memcpy(place.coll, c.t->coll, 16);
	fd = temp_fd();
	for (int honest = 0; honest < 2; honest++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		OK(box_writer_new(&w, to_file, &fd, c.t->epochs[0].key, &place, &g_err));
		m.carrier = CARRIER_BUNDLE;
		m.space = place.space;
		memcpy(m.coll, place.coll, 16);
		m.epoch = c.t->epochs[0].id;
		m.sealer = honest ? c.t->self.id : a.t->self.id;
		memcpy(m.nonce, box_writer_head(w), 24);
		memcpy(m.header, box_writer_head(w) + 56, 24);
		manifest_write(&item, &m, c.t->self.sign_sk);
		OK(box_writer_item(w, ITEM_MANIFEST, item.p, item.len, &g_err));
		buf_reset(&item);
		t = peer_begin(&c, false);
		OK(frontier_of(&f, t, &g_err));
		saksi_txn_abort(&t);
		frontier_write(&item, &f);
		frontier_free(&f);
		crypto_hash_init(&running, "content");
		running_add(&running, ITEM_FRONTIER, item.p, item.len);
		OK(box_writer_item(w, ITEM_FRONTIER, item.p, item.len, &g_err));
		buf_reset(&item);
		e.count = 0;
		crypto_hash_final(&running, &e.running);
		end_write(&item, &e, &m, c.t->self.sign_sk);
		OK(box_writer_item(w, ITEM_END, item.p, item.len, &g_err));
		buf_reset(&item);
		OK(box_writer_end(w, &g_err));
		box_writer_free(&w);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		sync_summary_init(&sum);
		if (honest)
			OK(saksi_bundle_read(b.t, fd, NULL, &sum, &g_err));
		else
			assert_int_equal(saksi_bundle_read(b.t, fd, NULL, &sum, &g_err),
			    SAKSI_EAUTH);
		sync_summary_free(&sum);
	}
	close(fd);
	buf_free(&item);
	peers_end(&a, &b, &c);
}

/* A new device's bundle reaches one who has not heard of that device. */
static void an_unknown_sealer_is_introduced_inside(void **state)
{
	struct peer a, b, c;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;

	(void)state;
	team_of_two(&a, &b);
	peer_make(&c, "Eve", "old");
	peer_join(&c, &a, ROLE_EDITOR, "Eve", "tablet");
	peer_create(&c, "x", "By Eve");
	bundle_write(&c, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	assert_null(saksi_team_device(b.t, &c.t->self.id));
	OK(bundle_try_read(&b, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.received, 3); /* her admission, her log, her record */
	assert_int_equal(sum.pending, 0);
	assert_false(warned(&sum, "not known here"));
	sync_summary_free(&sum);
	assert_non_null(saksi_team_device(b.t, &c.t->self.id));
	assert_same_state(&b, &c);
	buf_free(&bundle);
	peers_end(&a, &b, &c);
}

static void imports_on_two_devices_do_not_conflict(void **state)
{
	static const char text[] =
	    "{\"id\":\"e-1\",\"type\":\"event\",\"title\":\"One\"}\n"
	    "{\"id\":\"p-1\",\"type\":\"person\",\"names\":[{\"text\":\"Sok\"}]}\n";
	struct peer a, b;
	struct import_report rep;
	struct import_options opt = {.allow_dangling = true};
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;
	enum saksi_err rc;

	(void)state;
	team_of_two(&a, &b);
	memset(&rep, 0, sizeof(rep));
	rc = saksi_import(a.v, text, strlen(text), &opt, &rep, &g_err);
	assert_int_equal(rc, SAKSI_OK);
	import_report_free(&rep);
	memset(&rep, 0, sizeof(rep));
	rc = saksi_import(b.v, text, strlen(text), &opt, &rep, &g_err);
	import_report_free(&rep);
	assert_int_equal(rc, SAKSI_OK);
	assert_same_state(&a, &b);
	bundle_write(&b, NULL, &bundle, &sum);
	sync_summary_free(&sum);
	OK(bundle_try_read(&a, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.conflicts, 0);
	assert_int_equal(sum.new_records, 0);
	sync_summary_free(&sum);
	bundle_pass(&a, &b);
	assert_same_state(&a, &b);
	buf_free(&bundle);
	peer_end(&a);
	peer_end(&b);
}

static void devices_are_found_by_name(void **state)
{
	struct peer a, b;
	const struct team_device *d;
	char hex[65];

	(void)state;
	team_of_two(&a, &b);
	OK(saksi_team_find(a.t, "laptop", &d, &g_err));
	assert_true(d->self);
	OK(saksi_team_find(a.t, "Dara", &d, &g_err));
	assert_string_equal(d->label, "phone");
	assert_false(d->self);
	hex_encode(hex, b.t->self.id.b, 32);
	hex[6] = '\0';
	OK(saksi_team_find(a.t, hex, &d, &g_err));
	assert_string_equal(d->label, "phone");
	hex[3] = '\0';
	assert_int_equal(saksi_team_find(a.t, hex, &d, &g_err), SAKSI_ENOTFOUND);
	assert_int_equal(saksi_team_find(a.t, "nobody", &d, &g_err), SAKSI_ENOTFOUND);
	struct peer c;
	peer_make(&c, "Dara", "old");
	peer_join(&c, &a, ROLE_EDITOR, "Dara", "second phone");
	assert_int_equal(saksi_team_find(a.t, "Dara", &d, &g_err), SAKSI_EINVAL);
	assert_null(d);
	peers_end(&a, &b, &c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(summary_tells_who_did_what),
    cmocka_unit_test(three_devices_converge_by_any_way),
    cmocka_unit_test(a_cut_bundle_gives_its_beginning),
    cmocka_unit_test(a_changed_byte_is_an_altered_bundle),
    cmocka_unit_test(frames_can_not_be_moved),
    cmocka_unit_test(what_follows_the_end_is_noticed),
    cmocka_unit_test(bundles_leak_nothing),
    cmocka_unit_test(other_teams_are_told_apart),
    cmocka_unit_test(only_what_is_missing_travels),
    cmocka_unit_test(a_borrowed_manifest_proves_nothing),
    cmocka_unit_test(an_unknown_sealer_is_introduced_inside),
    cmocka_unit_test(imports_on_two_devices_do_not_conflict),
    cmocka_unit_test(devices_are_found_by_name),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
