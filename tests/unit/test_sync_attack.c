/*
 * test_sync_attack.c - a member who wants to stop the others: too much at
 * once, keys that shut someone out, floods of membership, copies that only
 * look like the real thing.
 */
#include "craft.h"

/* Linked with --wrap: a vault that can write only so much at once. */
static size_t g_room;		 /* merges that fit one transaction; 0: as many as come */
static size_t g_merged;		 /* in this one */
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
	return __real_saksi_log_merge(t, cs, sealer, fn, ctx, err);
}

enum saksi_err __wrap_saksi_txn_begin(struct saksi_txn **out, struct saksi_vault *v,
    bool write, struct saksi_error *err)
{
	g_merged = 0;
	return __real_saksi_txn_begin(out, v, write, err);
}

static struct held_set g_held;

static bool told(const struct sync_summary *s, const char *list, const char *words)
{
	json_t *all = json_object_get(s->detail, list), *one;
	size_t i;

	json_array_foreach (all, i, one) {
		const char *text = json_is_string(one)
		    ? json_string_value(one)
		    : json_string_value(json_object_get(one, "reason"));

		if (strstr(text, words) != NULL)
			return true;
	}
	return false;
}

/* ${a} founds; ${b} is an honest editor, ${m} one who is not. */
static void trio(struct peer *a, struct peer *b, struct peer *m)
{
	peer_make(a, "Channary", "laptop");
	peer_make(b, "Dara", "old");
	peer_make(m, "Mallory", "old");
	peer_join(b, a, ROLE_EDITOR, "Dara", "phone");
	peer_join(m, a, ROLE_EDITOR, "Mallory", "tablet");
	bundle_pass(a, b);
	bundle_pass(a, m);
}

static void trio_end(struct peer *a, struct peer *b, struct peer *m)
{
	peer_end(a);
	peer_end(b);
	peer_end(m);
}

static void random_text(char *out, size_t n)
{
	crypto_random(out, n);
	for (size_t i = 0; i + 1 < n; i++)
		out[i] = (char)('!' + (unsigned char)out[i] % 90);
	out[n - 1] = '\0';
}

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
	trio(&a, &b, &m);
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
	feed_begin(&f, &b);
	feed_some(&f, &p, order, 1, &m.t->self.id, true);
	feed_end(&f);
	assert_int_equal(f.sum.received, 65);
	assert_int_equal(f.sum.pending + f.sum.quarantined + f.sum.refused, 0);
	sync_summary_free(&f.sum);
	assert_same_state(&a, &b);
	bundle_pass(&a, &b);
	assert_same_state(&a, &b);
	pile_free(&p);
	trio_end(&a, &b, &m);
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
	trio(&a, &b, &m);
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
	trio_end(&a, &b, &m);
}

static int setup(void **state)
{
	(void)state;
	keyring_test_allow_weak_kdf();
	g_schema = load_schema();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	schema_free(&g_schema);
	assert_int_equal(secret_live(), 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(much_that_waits_is_released),
	    cmocka_unit_test(a_small_vault_ends_like_a_large_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
