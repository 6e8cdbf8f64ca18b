/* What of a record is visible when very much of it was written, and then deleted. */
#include "test.h"

#include "catalog.h"
#include "state.h"

/* Each with each, this many would not be through within the time of a test. */
#define MANY 200000u
#define DELETIONS 60u

struct history {
	struct state s;
	uint64_t n;
};

static void begin(struct history *h)
{
	struct saksi_id id = {{1}};

	h->n = 0;
	state_init(&h->s, &id);
}

/* Up to its operations; a past of one branch, or none. */
static void group(struct buf *b, struct history *h, uint32_t branch, uint64_t seq,
    const struct vclock *past, uint32_t ops)
{
	h->n++;
	mp_array(b, 7);
	mp_uint(b, h->n);
	mp_uint(b, branch);
	mp_uint(b, seq);
	mp_uint(b, h->n << 16);
	mp_uint(b, h->n << 16);
	if (past != NULL)
		vclock_write(b, past);
	else
		mp_nil(b);
	mp_array(b, ops);
}

static void add(struct buf *b, uint32_t number, const char *field, uint64_t value)
{
	mp_array(b, 5);
	mp_uint(b, number);
	mp_uint(b, OP_ADD);
	mp_str(b, field, strlen(field));
	mp_uint(b, value);
	mp_array(b, 0);
}

static void end(struct history *h, struct buf *b)
{
	assert_int_equal(state_append(&h->s, b, NULL), SAKSI_OK);
	buf_free(b);
}

static void put(struct history *h, uint32_t branch, uint64_t seq, const char *field,
    uint32_t values)
{
	struct buf b = BUF_INIT;

	group(&b, h, branch, seq, NULL, values);
	for (uint32_t i = 0; i < values; i++)
		add(&b, i, field, i);
	end(h, &b);
}

/* A deletion that knows one branch up to ${seq}, and what was deleted so often. */
static void put_deletion(struct history *h, uint32_t branch, uint64_t seq, uint32_t known,
    uint64_t up_to, uint32_t elements)
{
	struct vclock past = {NULL, 0};
	struct buf b = BUF_INIT;

	assert_int_equal(vclock_raise(&past, known, up_to, NULL), SAKSI_OK);
	group(&b, h, branch, seq, &past, elements);
	for (uint32_t i = 0; i < elements; i++)
		add(&b, i, "deleted", i);
	vclock_free(&past);
	end(h, &b);
}

static void view(struct history *h)
{
	struct catalog c = {.n_branches = 0};

	assert_int_equal(state_view(&h->s, &c, 0, NULL), SAKSI_OK);
	assert_true(h->s.deletions);
}

/* Fields before and behind "deleted" in order. */
static void many_values_are_deleted_at_once(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	put(&h, 0, 1, "alias", MANY);
	put(&h, 0, 2, "names", MANY / 2);
	put_deletion(&h, 0, 3, 0, 3, 1);
	view(&h);
	assert_int_equal(h.s.shown, RECORD_DELETED);
	assert_false(h.s.delete_conflict);
	assert_int_equal(h.s.n_ops, MANY + MANY / 2 + 1);
	put(&h, 1, 1, "names", 1);
	view(&h);
	assert_int_equal(h.s.shown, RECORD_VISIBLE);
	assert_true(h.s.delete_conflict);
	state_free(&h.s);
}

/* Many deletions, each of many elements, and a value that only the last has seen. */
static void many_deletions_count_once_each(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	put(&h, 0, 1, "alias", MANY / 20);
	put(&h, 0, DELETIONS, "alias", 1);
	for (uint32_t i = 0; i + 1 < DELETIONS; i++)
		put_deletion(&h, i + 1, 1, 0, i + 1, 100);
	view(&h);
	assert_int_equal(h.s.shown, RECORD_VISIBLE);
	assert_true(h.s.delete_conflict);
	put_deletion(&h, DELETIONS, 1, 0, DELETIONS, 100);
	view(&h);
	assert_int_equal(h.s.shown, RECORD_DELETED);
	assert_false(h.s.delete_conflict);
	state_free(&h.s);
}

/* Each value in the past of a deletion, though none has seen both. */
static void two_deletions_may_share_the_values(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	put(&h, 0, 1, "alias", 1);
	put(&h, 5, 1, "names", 1);
	put_deletion(&h, 0, 2, 0, 2, 1);
	view(&h);
	assert_int_equal(h.s.shown, RECORD_VISIBLE);
	assert_int_equal(h.s.n_conflicts, 1);
	put_deletion(&h, 5, 2, 5, 2, 1);
	view(&h);
	assert_int_equal(h.s.shown, RECORD_DELETED);
	assert_int_equal(h.s.n_conflicts, 0);
	state_free(&h.s);
}

static void no_secret_is_left(void **state)
{
	(void)state;
	assert_int_equal(secret_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_deletions_may_share_the_values),
	    cmocka_unit_test(many_deletions_count_once_each),
	    cmocka_unit_test(many_values_are_deleted_at_once),
	    cmocka_unit_test(no_secret_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
