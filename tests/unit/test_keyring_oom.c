/*
 * test_keyring_oom.c - memory that runs out: each allocation of each call fails
 * once, in turn.  The call must say so, leave no secret behind and change
 * nothing.  Linked with --wrap, so that the tree's allocations come here.
 */
#include "keyring_fixture.h"

#include "session_internal.h"
#include "short_memory.h"

struct env {
	struct fixture f;
	struct secret *pass, *key;
	uint8_t pk[CRYPTO_KEY];
	struct buf out;
};

/* Run ${fn} with 0, 1, 2 ... allocations until it has enough. */
static unsigned starve(struct env *e, enum saksi_err (*fn)(struct env *e))
{
	const size_t live = secret_live();
	static uint8_t before[KEYRING_FILE_SIZE], after[KEYRING_FILE_SIZE];
	enum saksi_err rc = SAKSI_ENOMEM;
	unsigned n;

	assert_int_equal(file_get(&e->f, before, sizeof(before)), sizeof(before));
	for (n = 0; rc != SAKSI_OK; n++) {
		assert_true(n < 100);
		budget = (long)n;
		rc = fn(e);
		budget = -1;
		assert_true(rc == SAKSI_OK || rc == SAKSI_ENOMEM);
		if (rc == SAKSI_OK)
			break;
		assert_int_equal(secret_live(), live);
		assert_int_equal(file_get(&e->f, after, sizeof(after)), sizeof(after));
		assert_memory_equal(before, after, sizeof(before));
		buf_free(&e->out); /* a failed buffer stays so until it is freed */
	}
	secret_free(&e->key);
	buf_free(&e->out);
	assert_int_equal(secret_live(), live);
	return n;
}

static enum saksi_err do_load(struct env *e)
{
	struct keyring *k = NULL;
	enum saksi_err rc = keyring_load(&k, e->f.dirfd, NULL);

	assert_int_equal(k != NULL, rc == SAKSI_OK);
	keyring_free(&k);
	return rc;
}

static enum saksi_err do_open(struct env *e)
{
	enum saksi_err rc = keyring_open(&e->key, NULL, e->f.k, e->pass, NULL);

	assert_int_equal(e->key != NULL, rc == SAKSI_OK);
	return rc;
}

static enum saksi_err do_set(struct env *e)
{
	return keyring_set(e->f.k, e->f.dirfd, 2, SLOT_PASSPHRASE, e->f.vault_key,
	    e->pass, NULL);
}

static enum saksi_err do_clear(struct env *e)
{
	return keyring_clear(e->f.k, e->f.dirfd, 2, NULL);
}

static enum saksi_err do_rekey(struct env *e)
{
	const unsigned slots[] = {0};
	const struct secret *passes[] = {e->pass};

	return keyring_rekey(e->f.k, e->f.dirfd, &cheap, e->f.vault_key, 1, slots, passes,
	    NULL);
}

static enum saksi_err do_sign_key(struct env *e)
{
	return crypto_sign_new(e->pk, &e->key, NULL);
}

static enum saksi_err do_box_key(struct env *e)
{
	return crypto_box_new(e->pk, &e->key, NULL);
}

static enum saksi_err do_kdf(struct env *e)
{
	return crypto_kdf(&e->key, e->f.vault_key, "test", NULL);
}

static enum saksi_err do_sealed_box(struct env *e)
{
	return crypto_sealed_box(&e->out, e->pk, "x", 1, NULL);
}

static enum saksi_err do_streams(struct env *e)
{
	uint8_t header[CRYPTO_STREAM_HEADER];
	struct crypto_stream *push = NULL, *pull = NULL;
	enum saksi_err rc = crypto_stream_push_new(&push, header, e->pk, NULL);

	if (rc == SAKSI_OK)
		rc = crypto_stream_pull_new(&pull, header, e->pk, NULL);
	crypto_stream_free(&push);
	crypto_stream_free(&pull);
	return rc;
}

static void env_new(struct env *e)
{
	memset(e, 0, sizeof(*e));
	fixture_new(&e->f);
	e->pass = passphrase("first");
	OK(crypto_box_new(e->pk, &e->key, NULL)); /* a public key that works */
	secret_free(&e->key);
}

static void env_free(struct env *e)
{
	secret_free(&e->pass);
	fixture_free(&e->f);
}

static void every_allocation_may_fail(void **state)
{
	static enum saksi_err (*const calls[])(struct env *) = {do_load, do_open, do_set,
	    do_clear, do_rekey, do_sign_key, do_box_key, do_kdf, do_sealed_box,
	    do_streams};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct env e;

		env_new(&e);
		assert_true(starve(&e, calls[i]) >= 1);
		env_free(&e);
	}
}

/* A folder without a file must stay so. */
static void creation(void **state)
{
	struct fixture f;
	struct secret *pass = passphrase("first");
	enum saksi_err rc = SAKSI_ENOMEM;

	(void)state;
	folder_new(&f);
	keyring_test_allow_weak_kdf();
	for (long n = 0; rc != SAKSI_OK; n++) {
		assert_true(n < 100);
		assert_int_equal(faccessat(f.dirfd, KEYRING_FILE, F_OK, 0), -1);
		budget = n;
		rc = keyring_create(&f.k, f.dirfd, f.vault_id, f.vault_key, pass, &cheap,
		    NULL);
		budget = -1;
		assert_true(rc == SAKSI_OK || rc == SAKSI_ENOMEM);
		assert_int_equal(f.k != NULL, rc == SAKSI_OK);
	}
	assert_int_equal(opens(&f, "first"), 0);
	secret_free(&pass);
	fixture_free(&f);
}

static void unlocking(void **state)
{
	const uint8_t id[VAULT_ID] = {1, 2, 3};
	struct secret *key = NULL, *got = NULL;
	enum saksi_err rc = SAKSI_ENOMEM;
	unsigned waited = 0;

	(void)state;
	OK(secret_new(&key, CRYPTO_KEY, NULL));
	for (long n = 0; rc != SAKSI_OK; n++) {
		budget = n;
		rc = session_save(id, key, 60, NULL);
		budget = -1;
		if (rc == SAKSI_EIO) { /* no kernel keyring here */
			secret_free(&key);
			skip();
		}
		assert_true(rc == SAKSI_OK || rc == SAKSI_ENOMEM);
		assert_int_equal(secret_live(), 1);
	}
	for (long n = 0; !got; n++, waited++) {
		budget = n;
		rc = session_load(&got, id, NULL);
		budget = -1;
		/* out of memory is no reason to lock the vault */
		assert_true(rc == SAKSI_OK || rc == SAKSI_ENOMEM);
		assert_int_equal(secret_live(), rc == SAKSI_OK ? 2 : 1);
	}
	assert_true(waited > 2);
	OK(session_drop(id, NULL));
	secret_free(&got);
	secret_free(&key);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_allocation_may_fail),
    cmocka_unit_test(creation),
    cmocka_unit_test(unlocking),
};

TEST_MAIN(tests, NULL, NULL)
