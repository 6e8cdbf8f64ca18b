/* test_slots.c - key slots and their list on a disk that fails or is full. */
#include "keyring_internal.h"
#include "vaults.h"

#include <signal.h>
#include <sys/resource.h>

/* As a full disk does: no file takes another byte. */
static void disk_full(bool full)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = full ? 0 : r.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static enum keyring_step g_fail_at;
static bool g_disk_full;

/* The key file fails at one step, and with it, if it shall, all that comes after. */
static bool fail_there(enum keyring_step step)
{
	if (step != g_fail_at)
		return true;
	if (g_disk_full)
		disk_full(true);
	return g_disk_full;
}

struct slot_change {
	enum saksi_err (*make)(struct device *d, unsigned *slot);
	const char *before, *after; /* opens before and not after, and the other way */
};

static enum saksi_err do_add(struct device *d, unsigned *slot)
{
	struct secret *three = passphrase("third one");
	enum saksi_err rc = saksi_vault_slot_add(d->v, three, "third", slot, &g_err);

	secret_free(&three);
	return rc;
}

static enum saksi_err do_remove(struct device *d, unsigned *slot)
{
	*slot = 1;
	return saksi_vault_slot_remove(d->v, 1, &g_err);
}

static enum saksi_err do_rekdf(struct device *d, unsigned *slot)
{
	struct secret *one = passphrase("a long enough passphrase");
	struct secret *three = passphrase("third one");
	enum saksi_err rc = saksi_vault_rekdf(d->v, one, three,
	    &(struct crypto_kdf_cost){2, 9u << 20}, slot, &g_err);

	secret_free(&one);
	secret_free(&three);
	return rc;
}

static const struct slot_change slot_changes[] = {
    {do_add, NULL, "third one"},
    {do_remove, "second one", NULL},
    {do_rekdf, "second one", NULL},
};
#define CHANGES (sizeof(slot_changes) / sizeof(slot_changes[0]))

static struct device *with_two_slots(struct device *d)
{
	struct secret *two = passphrase("second one");
	unsigned slot = 0;

	device_make(d, g_schema);
	OK(saksi_vault_slot_add(d->v, two, "office", &slot, &g_err));
	assert_int_equal(slot, 1);
	secret_free(&two);
	return d;
}

static enum saksi_err change_failing(struct device *d, const struct slot_change *c,
    unsigned *slot)
{
	enum saksi_err rc;

	keyring_test_hook(fail_there);
	rc = c->make(d, slot);
	keyring_test_hook(NULL);
	disk_full(false);
	return rc;
}

static uint8_t kind_of(struct device *d, unsigned slot)
{
	struct slot_dir dir;

	OK(saksi_vault_slots(d->v, &dir, NULL, &g_err));
	return dir.slot[slot].kind;
}

/* What is not done is not listed either; what is, is. */
static void a_slot_file_that_fails_and_its_list_agree(void **state)
{
	(void)state;
	g_disk_full = false;
	for (size_t i = 0; i < CHANGES; i++)
		for (int step = 0; step < KEYRING_STEP_SECOND_DONE; step++) {
			const struct slot_change *c = &slot_changes[i];
			const bool holds = step >= KEYRING_STEP_FIRST_DONE;
			struct device d;
			unsigned slot = 9;
			enum saksi_err rc;

			g_fail_at = (enum keyring_step)step;
			rc = change_failing(with_two_slots(&d), c, &slot);
			assert_int_equal(rc, holds ? SAKSI_EPARTIAL : SAKSI_EIO);
			assert_int_equal(kind_of(&d, 0), SLOT_PASSPHRASE);
			assert_int_equal(kind_of(&d, 1),
			    holds && c->before != NULL ? SLOT_EMPTY : SLOT_PASSPHRASE);
			assert_int_equal(kind_of(&d, 2),
			    holds && c->make == do_add ? SLOT_PASSPHRASE : SLOT_EMPTY);
			if (c->before != NULL)
				assert_int_equal(opens(&d, c->before), !holds);
			if (c->after != NULL)
				assert_int_equal(opens(&d, c->after), holds);
			device_end(&d);
		}
}

/* The disk is full after the first copy: the change holds, and only half is listed. */
static void what_a_full_disk_took_of_a_slot_is_told(void **state)
{
	(void)state;
	g_disk_full = true;
	g_fail_at = KEYRING_STEP_FIRST_DONE;
	for (size_t i = 0; i < CHANGES; i++) {
		const struct slot_change *c = &slot_changes[i];
		struct device d;
		unsigned slot = 9;

		assert_int_equal(change_failing(with_two_slots(&d), c, &slot),
		    SAKSI_EPARTIAL);
		assert_non_null(strstr(g_err.msg, "unfinished"));
		assert_null(strstr(g_err.msg, "nothing"));
		assert_non_null(strstr(g_err.msg, "until a command writes"));
		assert_int_equal(kind_of(&d, c->make == do_add ? 2 : 1), SLOT_UNFINISHED);
		if (c->before != NULL)
			assert_false(opens(&d, c->before));
		if (c->after != NULL)
			assert_true(opens(&d, c->after));
		/* What is listed and is no way in does not let the last one go. */
		assert_true(opens(&d, "a long enough passphrase"));
		if (c->make != do_add)
			assert_int_equal(saksi_vault_slot_remove(d.v, 0, &g_err),
			    SAKSI_EREFUSED);
		OK(saksi_vault_slot_remove(d.v, c->make == do_add ? 2 : 1, &g_err));
		OK(saksi_vault_verify(d.v, false, NULL, NULL, NULL, NULL, &g_err));
		device_end(&d);
	}
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_slot_file_that_fails_and_its_list_agree),
    cmocka_unit_test(what_a_full_disk_took_of_a_slot_is_told),
};

/* A write beyond the limit shall fail, not end the test. */
static int setup(void **state)
{
	(void)signal(SIGXFSZ, SIG_IGN);
	return vaults_setup(state);
}

TEST_MAIN(tests, setup, vaults_teardown)
