/* test_keyring.c - what opens, what does not, and which words come then. */
#include "keyring_fixture.h"

#include <math.h>

#include <saksi/base/text.h>

#include "vectors.h"

#define SLOT_AD 32u

/* ---- vectors ------------------------------------------------------------- */

static struct secret *typed(const struct vectors *v, const char *field)
{
	struct secret *raw = NULL, *out = NULL;
	struct buf b = BUF_INIT;

	vectors_hex(&b, v, field);
	OK(secret_copy(&raw, b.p, b.len, NULL));
	OK(text_passphrase(&out, raw, NULL));
	secret_free(&raw);
	buf_free(&b);
	return out;
}

static void check_open(const struct vectors *v, const struct keyring *k,
    const char *field, unsigned expected)
{
	struct secret *pass = typed(v, field), *key = NULL;
	uint8_t vault_key[CRYPTO_KEY];
	unsigned slot = 99;

	vectors_bytes(vault_key, sizeof(vault_key), v, "vault_key");
	OK(keyring_open(&key, &slot, k, pass, NULL));
	assert_int_equal(slot, expected);
	assert_memory_equal(secret_view(key), vault_key, CRYPTO_KEY);
	secret_free(&key);
	secret_free(&pass);
}

static void check_steps(const struct vectors *v, const uint8_t *image)
{
	struct crypto_kdf_cost cost = {(uint32_t)vectors_number(v, "ops"),
	    vectors_number(v, "mib") << 20};
	struct secret *pass = typed(v, "typed"), *kdf = NULL;
	uint8_t expected[CRYPTO_KEY], slot_key[CRYPTO_KEY], input[1 + VAULT_ID] = {0};

	OK(crypto_password(&kdf, pass, image + KR_SALT, &cost, NULL));
	vectors_bytes(expected, sizeof(expected), v, "kdf");
	assert_memory_equal(secret_view(kdf), expected, sizeof(expected));
	memcpy(input + 1, image + KR_VAULT_ID, VAULT_ID);
	crypto_prf(slot_key, sizeof(slot_key), secret_view(kdf), "slot", input,
	    sizeof(input));
	vectors_bytes(expected, sizeof(expected), v, "slot_key");
	assert_memory_equal(slot_key, expected, sizeof(expected));
	secret_free(&kdf);
	secret_free(&pass);
}

static void slot_file_vector(void **state)
{
	struct vectors v;
	struct fixture f;
	static uint8_t image[KEYRING_COPY_SIZE];
	struct secret *wrong = passphrase("caf\xc3\xa9 five stones in the rivers"),
		      *key = NULL;

	(void)state;
	vectors_open(&v, "keyring.txt");
	assert_true(vectors_next(&v));
	assert_string_equal(v.name[0], "keys");
	folder_new(&f);
	vectors_bytes(image, sizeof(image), &v, "copy");
	vectors_bytes(f.vault_id, sizeof(f.vault_id), &v, "vault_id");
	file_put_both(&f, image);
	check_steps(&v, image);
	OK(keyring_load(&f.k, f.dirfd, NULL));
	assert_null(keyring_damage(f.k));
	assert_memory_equal(keyring_vault_id(f.k), f.vault_id, VAULT_ID);
	assert_int_equal(keyring_cost(f.k).ops, 1);
	assert_int_equal(keyring_cost(f.k).mem, 8u << 20);
	check_open(&v, f.k, "typed", 0);
	check_open(&v, f.k, "other", 5);
	assert_int_equal(keyring_open(&key, NULL, f.k, wrong, NULL), SAKSI_EAUTH);
	assert_null(key);
	secret_free(&wrong);
	fixture_free(&f);
	vectors_close(&v);
}

/* ---- making one ---------------------------------------------------------- */

/* Runs first: later tests allow weak costs for the whole program. */
static void weak_costs_are_refused(void **state)
{
	static const struct crypto_kdf_cost weak[] = {{1, 8u << 20}, {1, 64u << 20},
	    {2, (64u << 20) - 1024}, {0, 0}};
	struct fixture f;
	struct secret *pass = passphrase("x");
	struct crypto_kdf_cost enough = crypto_kdf_cost(KDF_INTERACTIVE);
	struct saksi_error err;

	(void)state;
	folder_new(&f);
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
		assert_int_equal(keyring_create(&f.k, f.dirfd, f.vault_id, f.vault_key,
				     pass, &weak[i], &err),
		    SAKSI_EINVAL);
		assert_null(f.k);
		assert_int_equal(faccessat(f.dirfd, KEYRING_FILE, F_OK, 0), -1);
	}
	OK(keyring_create(&f.k, f.dirfd, f.vault_id, f.vault_key, pass, &enough, NULL));
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		assert_int_equal(keyring_rekey(f.k, f.dirfd, &weak[i], f.vault_key, 1,
				     (const unsigned[]){0},
				     (const struct secret *[]){pass}, &err),
		    SAKSI_EINVAL);
	assert_int_equal(opens(&f, "x"), 0);
	secret_free(&pass);
	fixture_free(&f);
}

static void created_file(void **state)
{
	struct fixture f;
	struct secret *pass = passphrase("first");
	struct keyring *second = NULL;
	struct stat st;
	mode_t old = umask(0);

	(void)state;
	fixture_new(&f);
	(void)umask(old);
	assert_int_equal(fstatat(f.dirfd, KEYRING_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, KEYRING_FILE_SIZE);
	assert_null(keyring_damage(f.k));
	assert_int_equal(keyring_create(&second, f.dirfd, f.vault_id, f.vault_key, pass,
			     &cheap, NULL),
	    SAKSI_EEXIST);
	assert_null(second);
	assert_int_equal(opens(&f, "first"), 0);
	assert_int_equal(opens(&f, "First"), -1);
	assert_int_equal(opens(&f, "first "), -1);
	secret_free(&pass);
	fixture_free(&f);
}

/* Somebody in Hanoi types on another keyboard than somebody in Paris. */
static void two_spellings_are_one_passphrase(void **state)
{
	static const char *const spelling[] =
	    {"qu\xe1\xbb\x91\x63 \xef\xac\x81n \xe2\x91\xa0", /* composed, ligature, circled 1 */
		"quo\xcc\x82\xcc\x81\x63 fin 1"};	      /* apart */
	struct fixture f;
	struct secret *key = NULL;

	(void)state;
	folder_new(&f);
	keyring_test_allow_weak_kdf();
	for (unsigned made = 0; made < 2; made++) {
		struct secret *raw[2] = {passphrase(spelling[0]), passphrase(spelling[1])};
		struct secret *nfkc[2] = {NULL, NULL};

		for (unsigned i = 0; i < 2; i++)
			OK(text_passphrase(&nfkc[i], raw[i], NULL));
		OK(keyring_create(&f.k, f.dirfd, f.vault_id, f.vault_key, nfkc[made],
		    &cheap, NULL));
		for (unsigned i = 0; i < 2; i++) {
			OK(keyring_open(&key, NULL, f.k, nfkc[i], NULL));
			secret_free(&key);
			secret_free(&nfkc[i]);
			secret_free(&raw[i]);
		}
		keyring_free(&f.k);
		assert_int_equal(unlinkat(f.dirfd, KEYRING_FILE, 0), 0);
	}
	fixture_free(&f);
}

/* ---- changing ------------------------------------------------------------ */

static void slots_come_and_go(void **state)
{
	struct fixture f;

	(void)state;
	fixture_new(&f);
	OK(set_slot(f.k, &f, 3, "second"));
	OK(set_slot(f.k, &f, 7, "third"));
	assert_int_equal(opens(&f, "first"), 0);
	assert_int_equal(opens(&f, "second"), 3);
	assert_int_equal(opens(&f, "third"), 7);
	OK(set_slot(f.k, &f, 3, "changed"));
	assert_int_equal(opens(&f, "second"), -1);
	assert_int_equal(opens(&f, "changed"), 3);
	OK(keyring_clear(f.k, f.dirfd, 0, NULL));
	assert_int_equal(opens(&f, "first"), -1);
	assert_int_equal(opens(&f, "third"), 7);
	/* one passphrase in two slots opens the first of them */
	OK(set_slot(f.k, &f, 1, "third"));
	assert_int_equal(opens(&f, "third"), 1);
	fixture_free(&f);
}

static void removed_slots_are_gone_from_both_copies(void **state)
{
	struct fixture f;
	static uint8_t before[KEYRING_FILE_SIZE], after[KEYRING_FILE_SIZE];

	(void)state;
	fixture_new(&f);
	OK(set_slot(f.k, &f, 2, "leaver"));
	assert_int_equal(file_get(&f, before, sizeof(before)), sizeof(before));
	OK(keyring_clear(f.k, f.dirfd, 2, NULL));
	assert_int_equal(file_get(&f, after, sizeof(after)), sizeof(after));
	for (size_t i = 0; i + 16 <= sizeof(after); i++)
		assert_memory_not_equal(after + i, keyring_slot_view(before, 2), 16);
	assert_memory_equal(after, after + KEYRING_COPY_SIZE, KEYRING_COPY_SIZE);
	fixture_free(&f);
}

static enum saksi_err rekey(struct fixture *f, unsigned n, const unsigned *slots,
    const char *const *texts)
{
	struct crypto_kdf_cost cost = {2, 9u << 20};
	struct secret *pass[KEYRING_SLOTS + 1] = {NULL};
	const struct secret *view[KEYRING_SLOTS + 1] = {NULL};
	enum saksi_err rc;

	for (unsigned i = 0; i < n; i++)
		view[i] = pass[i] = passphrase(texts[i]);
	rc = keyring_rekey(f->k, f->dirfd, &cost, f->vault_key, n, slots, view, NULL);
	for (unsigned i = 0; i < n; i++)
		secret_free(&pass[i]);
	return rc;
}

static void rekey_keeps_only_the_named(void **state)
{
	static const unsigned slots[] = {0, 3};
	static const char *const texts[] = {"first", "second"};
	struct fixture f;
	uint8_t salt[CRYPTO_SALT];

	(void)state;
	fixture_new(&f);
	OK(set_slot(f.k, &f, 3, "second"));
	OK(set_slot(f.k, &f, 4, "left out"));
	memcpy(salt, f.k->image + KR_SALT, sizeof(salt));
	OK(rekey(&f, 2, slots, texts));
	assert_memory_not_equal(salt, f.k->image + KR_SALT, sizeof(salt));
	assert_int_equal(keyring_cost(f.k).ops, 2);
	assert_int_equal(keyring_cost(f.k).mem, 9u << 20);
	assert_int_equal(opens(&f, "first"), 0);
	assert_int_equal(opens(&f, "second"), 3);
	assert_int_equal(opens(&f, "left out"), -1);
	fixture_free(&f);
}

static void rekey_keeps_the_kind(void **state)
{
	static const unsigned slots[] = {6};
	static const char *const texts[] = {"kit"};
	struct fixture f;
	struct secret *pass = passphrase("kit"), *kdf = NULL, *key = NULL;
	enum keyring_kind kind = SLOT_EMPTY;
	struct crypto_kdf_cost cost;
	unsigned slot;

	(void)state;
	fixture_new(&f);
	OK(keyring_set(f.k, f.dirfd, 6, SLOT_RECOVERY, f.vault_key, pass, NULL));
	OK(rekey(&f, 1, slots, texts));
	cost = keyring_cost(f.k);
	OK(crypto_password(&kdf, pass, f.k->image + KR_SALT, &cost, NULL));
	OK(keyring_slots_open(&key, &slot, &kind, KEYRING_ALL_SLOTS, f.k->image, kdf,
	    NULL));
	assert_int_equal(slot, 6);
	assert_int_equal(kind, SLOT_RECOVERY);
	secret_free(&key);
	secret_free(&kdf);
	secret_free(&pass);
	fixture_free(&f);
}

static void rekey_refuses(void **state)
{
	static const unsigned twice[] = {0, 0}, high[] = {8}, zero[] = {0}, one[] = {1},
			      many[9] = {0, 1, 2, 3, 4, 5, 6, 7, 7};
	static const char *const first[] = {"first", "first"}, *const typo[] = {"frist"},
				 *const nine[9] = {"a", "a", "a", "a", "a", "a", "a", "a",
				     "a"};
	struct fixture f;
	static uint8_t before[KEYRING_FILE_SIZE], after[KEYRING_FILE_SIZE];

	(void)state;
	fixture_new(&f);
	assert_int_equal(file_get(&f, before, sizeof(before)), sizeof(before));
	assert_int_equal(rekey(&f, 0, zero, first), SAKSI_EINVAL);
	assert_int_equal(rekey(&f, 2, twice, first), SAKSI_EINVAL);
	assert_int_equal(rekey(&f, 1, high, first), SAKSI_EINVAL);
	assert_int_equal(rekey(&f, 9, many, nine), SAKSI_EINVAL);
	assert_int_equal(rekey(&f, 1, zero, typo), SAKSI_EAUTH);
	assert_int_equal(rekey(&f, 1, one, first), SAKSI_EAUTH);
	crypto_random(secret_bytes(f.vault_key), CRYPTO_KEY);
	assert_int_equal(rekey(&f, 1, zero, first), SAKSI_EINVAL);
	assert_int_equal(file_get(&f, after, sizeof(after)), sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	fixture_free(&f);
}

static void changes_refuse(void **state)
{
	struct fixture f;
	struct secret *pass = passphrase("p"), *shorter = NULL;

	(void)state;
	fixture_new(&f);
	OK(secret_new(&shorter, CRYPTO_KEY - 1, NULL));
	assert_int_equal(set_slot(f.k, &f, 8, "p"), SAKSI_EINVAL);
	assert_int_equal(keyring_clear(f.k, f.dirfd, 8, NULL), SAKSI_EINVAL);
	assert_int_equal(keyring_set(f.k, f.dirfd, 1, SLOT_EMPTY, f.vault_key, pass, NULL),
	    SAKSI_EINVAL);
	assert_int_equal(keyring_set(f.k, f.dirfd, 1, (enum keyring_kind)4, f.vault_key,
			     pass, NULL),
	    SAKSI_EINVAL);
	assert_int_equal(keyring_set(f.k, f.dirfd, 1, SLOT_PASSPHRASE, shorter, pass,
			     NULL),
	    SAKSI_EINVAL);
	assert_int_equal(unlinkat(f.dirfd, KEYRING_FILE, 0), 0);
	assert_int_equal(set_slot(f.k, &f, 1, "p"), SAKSI_ENOTFOUND);
	secret_free(&shorter);
	secret_free(&pass);
	fixture_free(&f);
}

/* ---- the inside of a slot ------------------------------------------------ */

static const uint8_t *slot_ad(uint8_t ad[SLOT_AD], const uint8_t *image)
{
	memcpy(ad, "saksi1\0slot\0\1\0\1\0", 16);
	memcpy(ad + 16, image + KR_VAULT_ID, VAULT_ID);
	return ad;
}

/* Slot 0 opened, byte ${at} changed, the commitment made again if ${commit}, and
 * sealed again: what a person who knows the passphrase can do. */
static void edit_slot(struct fixture *f, size_t at, uint8_t change, bool commit)
{
	struct secret *pass = passphrase("first"), *kdf = NULL;
	uint8_t ad[SLOT_AD], key[CRYPTO_KEY], input[1 + VAULT_ID] = {0};
	uint8_t *image = f->k->image;
	struct buf plain = BUF_INIT, sealed = BUF_INIT;

	OK(crypto_password(&kdf, pass, image + KR_SALT, &cheap, NULL));
	memcpy(input + 1, image + KR_VAULT_ID, VAULT_ID);
	crypto_prf(key, sizeof(key), secret_view(kdf), "slot", input, sizeof(input));
	(void)slot_ad(ad, image);
	OK(crypto_open(&plain, key, ad, sizeof(ad), image + KR_SLOTS, KEYRING_SLOT_SIZE,
	    NULL));
	plain.p[at] ^= change;
	if (commit)
		crypto_prf(plain.p + 36, 32, key, "slot-commit", plain.p, 36);
	OK(crypto_seal(&sealed, key, ad, sizeof(ad), plain.p, plain.len, NULL));
	memcpy(image + KR_SLOTS, sealed.p, KEYRING_SLOT_SIZE);
	restamp(image);
	file_put_both(f, image);
	buf_free(&plain);
	buf_free(&sealed);
	secret_free(&kdf);
	secret_free(&pass);
}

static enum saksi_err open_edited(size_t at, uint8_t change, bool commit)
{
	struct fixture f;
	struct secret *pass = passphrase("first"), *key = NULL;
	enum saksi_err rc;

	fixture_new(&f);
	edit_slot(&f, at, change, commit);
	keyring_free(&f.k);
	OK(keyring_load(&f.k, f.dirfd, NULL));
	rc = keyring_open(&key, NULL, f.k, pass, NULL);
	secret_free(&key);
	secret_free(&pass);
	fixture_free(&f);
	return rc;
}

static void commitment_is_checked(void **state)
{
	(void)state;
	assert_int_equal(open_edited(4, 0, true), SAKSI_OK);
	for (size_t at = 0; at < 68; at += 3)
		assert_int_equal(open_edited(at, 1, false), SAKSI_EAUTH);
}

static void what_comes_later_is_called_newer(void **state)
{
	(void)state;
	assert_int_equal(open_edited(0, 3, true), SAKSI_ENEWER);  /* suite 2 */
	assert_int_equal(open_edited(1, 5, true), SAKSI_ENEWER);  /* kind 4 */
	assert_int_equal(open_edited(1, 1, true), SAKSI_ENEWER);  /* kind 0 */
	assert_int_equal(open_edited(2, 1, true), SAKSI_ENEWER);  /* environment 1 */
	assert_int_equal(open_edited(68, 1, true), SAKSI_ENEWER); /* reserved */
	assert_int_equal(open_edited(455, 1, true), SAKSI_ENEWER);
}

static void slots_fit_their_place_and_vault_only(void **state)
{
	struct fixture f;
	static uint8_t image[KEYRING_COPY_SIZE];

	(void)state;
	fixture_new(&f);
	memcpy(image, f.k->image, sizeof(image));
	memcpy(keyring_slot_at(image, 5), keyring_slot_view(image, 0), KEYRING_SLOT_SIZE);
	crypto_random(keyring_slot_at(image, 0), KEYRING_SLOT_SIZE);
	restamp(image);
	file_put_both(&f, image);
	assert_int_equal(opens(&f, "first"), -1);
	memcpy(image, f.k->image, sizeof(image));
	f.vault_id[3] ^= 1;
	memcpy(image + KR_VAULT_ID, f.vault_id, VAULT_ID);
	restamp(image);
	file_put_both(&f, image);
	assert_int_equal(opens(&f, "first"), -1);
	fixture_free(&f);
}

/* ---- unused slots -------------------------------------------------------- */

struct counts {
	double byte[256];
	double bit[KEYRING_SLOT_SIZE * 8];
};

static void count(struct counts *c, const uint8_t *slot)
{
	for (size_t i = 0; i < KEYRING_SLOT_SIZE; i++) {
		c->byte[slot[i]]++;
		for (unsigned b = 0; b < 8; b++)
			c->bit[i * 8 + b] += slot[i] >> b & 1;
	}
}

/* Bytes evenly spread, and no bit that leans to one side: with bounds that
 * chance passes but once in millions of runs. */
static void assert_random(const struct counts *c, unsigned files)
{
	const double expected = (double)files * KEYRING_SLOT_SIZE / 256;
	double chi = 0;

	for (unsigned i = 0; i < 256; i++)
		chi += (c->byte[i] - expected) * (c->byte[i] - expected) / expected;
	assert_true(chi > 255 - 6 * 22.6 && chi < 255 + 6 * 22.6);
	for (size_t i = 0; i < KEYRING_SLOT_SIZE * 8; i++)
		assert_true(fabs(c->bit[i] - files / 2.0) < 6.5 * sqrt(files / 4.0));
}

static void unused_slots_look_like_used_ones(void **state)
{
	const unsigned files = fewer(300);
	struct counts *used = calloc(1, sizeof(*used)),
		      *unused = calloc(1, sizeof(*unused));
	struct fixture f;

	(void)state;
	assert_true(used && unused);
	for (unsigned i = 0; i < files; i++) {
		fixture_new(&f);
		count(used, keyring_slot_view(f.k->image, 0));
		count(unused, keyring_slot_view(f.k->image, 1 + i % 7));
		fixture_free(&f);
	}
	assert_random(used, files);
	assert_random(unused, files);
	free(used);
	free(unused);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(weak_costs_are_refused),
    cmocka_unit_test(slot_file_vector),
    cmocka_unit_test(created_file),
    cmocka_unit_test(two_spellings_are_one_passphrase),
    cmocka_unit_test(slots_come_and_go),
    cmocka_unit_test(removed_slots_are_gone_from_both_copies),
    cmocka_unit_test(rekey_keeps_only_the_named),
    cmocka_unit_test(rekey_keeps_the_kind),
    cmocka_unit_test(rekey_refuses),
    cmocka_unit_test(changes_refuse),
    cmocka_unit_test(commitment_is_checked),
    cmocka_unit_test(what_comes_later_is_called_newer),
    cmocka_unit_test(slots_fit_their_place_and_vault_only),
    cmocka_unit_test(unused_slots_look_like_used_ones),
};

TEST_MAIN(tests, NULL, NULL)
