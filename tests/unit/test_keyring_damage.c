/* test_keyring_damage.c - flipped bytes, cut files, hostile headers, newer formats. */
#include "keyring_fixture.h"

#include <stdio.h>

static enum saksi_err load(struct fixture *f, struct saksi_error *err)
{
	keyring_free(&f->k);
	return keyring_load(&f->k, f->dirfd, err);
}

/* ---- flipped bits -------------------------------------------------------- */

static void every_flipped_byte_leaves_the_other_copy(void **state)
{
	struct fixture f;
	static uint8_t file[KEYRING_FILE_SIZE], image[KEYRING_COPY_SIZE];
	const char *words;

	(void)state;
	fixture_new(&f);
	assert_int_equal(file_get(&f, file, sizeof(file)), sizeof(file));
	memcpy(image, f.k->image, sizeof(image));
	for (size_t i = 0; i < sizeof(file); i++) {
		uint8_t change = (uint8_t)(1u << i % 8);

		file[i] ^= change;
		file_put(&f, file, sizeof(file));
		file[i] ^= change;
		OK(load(&f, NULL));
		words = keyring_damage(f.k);
		assert_non_null(words);
		assert_non_null(
		    strstr(words, i < KEYRING_COPY_SIZE ? "first copy" : "second copy"));
		/* the same bytes, so the same key for each passphrase */
		assert_memory_equal(f.k->image, image, sizeof(image));
	}
	file_put(&f, file, sizeof(file));
	assert_int_equal(opens(&f, "first"), 0);
	fixture_free(&f);
}

static void the_same_flip_in_both_copies_is_told(void **state)
{
	struct fixture f;
	static uint8_t image[KEYRING_COPY_SIZE];
	struct saksi_error err;

	(void)state;
	fixture_new(&f);
	memcpy(image, f.k->image, sizeof(image));
	for (size_t i = 0; i < sizeof(image) * 8; i += i < 128 * 8 ? 1 : 5) {
		enum saksi_err rc;

		image[i / 8] ^= (uint8_t)(1u << i % 8);
		file_put_both(&f, image);
		image[i / 8] ^= (uint8_t)(1u << i % 8);
		rc = load(&f, &err);
		assert_null(f.k);
		if (i / 8 == KR_FORMAT || i / 8 == KR_FORMAT + 1)
			assert_true(rc == SAKSI_ENEWER || rc == SAKSI_EDAMAGED);
		else
			assert_int_equal(rc, SAKSI_EDAMAGED);
	}
	fixture_free(&f);
}

/* Somebody who can write makes the checksum fit: then a passphrase may not
 * open, but never gives another key (opens() compares it). */
static void a_hostile_header_never_gives_another_key(void **state)
{
	struct fixture f;
	static uint8_t image[KEYRING_COPY_SIZE];
	const size_t stride = fewer(10) == 10 ? 1 : 5;
	unsigned tried = 0, refused = 0;

	(void)state;
	fixture_new(&f);
	memcpy(image, f.k->image, sizeof(image));
	for (size_t i = 0; i < KR_SLOTS + KEYRING_SLOT_SIZE; i += stride) {
		uint8_t vault_id[VAULT_ID];
		enum saksi_err rc;
		struct crypto_kdf_cost cost;

		image[i] ^= (uint8_t)(1u << i % 8);
		memcpy(f.k->image, image, sizeof(image));
		restamp(f.k->image);
		file_put_both(&f, f.k->image);
		image[i] ^= (uint8_t)(1u << i % 8);
		rc = load(&f, NULL);
		if (rc != SAKSI_OK) {
			assert_true(rc == SAKSI_EDAMAGED || rc == SAKSI_ENEWER);
			f.k = calloc(1, sizeof(*f.k));
			assert_non_null(f.k);
			refused++;
			continue;
		}
		cost = keyring_cost(f.k);
		if (cost.mem > 64u << 20 || cost.ops > 8)
			continue; /* allowed, and too slow to try here */
		memcpy(vault_id, f.vault_id, VAULT_ID);
		memcpy(f.vault_id, keyring_vault_id(f.k), VAULT_ID);
		if (i >= KR_GENERATION && i < KR_VAULT_ID)
			assert_int_equal(opens(&f, "first"), 0);
		else
			assert_int_equal(opens(&f, "first"), -1);
		memcpy(f.vault_id, vault_id, VAULT_ID);
		tried++;
	}
	assert_true(tried > 500 / stride && refused > 30 / stride);
	fixture_free(&f);
}

/* ---- cut and grown files ------------------------------------------------- */

static void cut_files(void **state)
{
	struct fixture f;
	static uint8_t file[KEYRING_FILE_SIZE + 100] = {0};
	struct saksi_error err;

	(void)state;
	fixture_new(&f);
	assert_int_equal(file_get(&f, file, sizeof(file)), KEYRING_FILE_SIZE);
	for (size_t n = 0; n < KEYRING_FILE_SIZE; n += n % 64 < 2 ? 1 : 31) {
		file_put(&f, file, n);
		if (n < KEYRING_COPY_SIZE) {
			assert_int_equal(load(&f, &err), SAKSI_EDAMAGED);
			continue;
		}
		OK(load(&f, NULL));
		assert_non_null(strstr(keyring_damage(f.k), "second copy"));
	}
	file_put(&f, file, KEYRING_COPY_SIZE);
	assert_int_equal(opens(&f, "first"), 0);
	file_put(&f, file, sizeof(file));
	OK(load(&f, NULL));
	assert_non_null(strstr(keyring_damage(f.k), "after its end"));
	fixture_free(&f);
}

static void two_whole_copies_that_differ(void **state)
{
	struct fixture f;
	static uint8_t file[KEYRING_FILE_SIZE];

	(void)state;
	fixture_new(&f);
	assert_int_equal(file_get(&f, file, sizeof(file)), sizeof(file));
	file[KEYRING_COPY_SIZE + KR_SLOTS + 5 * KEYRING_SLOT_SIZE] ^= 1;
	restamp(file + KEYRING_COPY_SIZE);
	file_put(&f, file, sizeof(file));
	OK(load(&f, NULL));
	assert_string_equal(keyring_damage(f.k), "the two copies of the key slots differ");
	assert_memory_equal(f.k->image, file, KEYRING_COPY_SIZE);
	fixture_free(&f);
}

/* ---- words --------------------------------------------------------------- */

static void four_different_answers(void **state)
{
	struct fixture f;
	static uint8_t image[KEYRING_COPY_SIZE];
	struct secret *pass = passphrase("wrong"), *key = NULL;
	struct saksi_error wrong, damaged, newer, none;

	(void)state;
	fixture_new(&f);
	memcpy(image, f.k->image, sizeof(image));
	assert_int_equal(keyring_open(&key, NULL, f.k, pass, &wrong), SAKSI_EAUTH);
	image[1000] ^= 1;
	file_put_both(&f, image);
	assert_int_equal(load(&f, &damaged), SAKSI_EDAMAGED);
	le16_put(image + KR_FORMAT, 2);
	file_put_both(&f, image);
	assert_int_equal(load(&f, &newer), SAKSI_ENEWER);
	assert_int_equal(unlinkat(f.dirfd, KEYRING_FILE, 0), 0);
	assert_int_equal(load(&f, &none), SAKSI_ENOTFOUND);
	assert_non_null(strstr(wrong.msg, "passphrase does not fit"));
	assert_non_null(strstr(damaged.msg, "damaged"));
	assert_null(strstr(damaged.msg, "does not fit"));
	assert_non_null(strstr(newer.msg, "newer version"));
	assert_non_null(strstr(none.msg, "is this a vault?"));
	secret_free(&pass);
	fixture_free(&f);
}

/* A later format may have other places and another checksum: only magic and
 * format, at the very start, are known. */
static void newer_formats(void **state)
{
	struct fixture f;
	static uint8_t file[KEYRING_FILE_SIZE], later[600];
	struct saksi_error err;

	(void)state;
	fixture_new(&f);
	assert_int_equal(file_get(&f, file, sizeof(file)), sizeof(file));
	crypto_random(later, sizeof(later));
	memcpy(later, KEYRING_MAGIC, KEYRING_MAGIC_LEN);
	le16_put(later + KR_FORMAT, 9);
	file_put(&f, later, sizeof(later));
	assert_int_equal(load(&f, &err), SAKSI_ENEWER);
	file_put(&f, later, 10);
	assert_int_equal(load(&f, &err), SAKSI_ENEWER);
	/* one whole copy of today's form: the other one is damaged */
	le16_put(file + KR_FORMAT, 2);
	file_put(&f, file, sizeof(file));
	OK(load(&f, NULL));
	assert_non_null(strstr(keyring_damage(f.k), "first copy"));
	assert_int_equal(opens(&f, "first"), 0);
	fixture_free(&f);
}

/* ---- what is no file ----------------------------------------------------- */

static void only_a_regular_file(void **state)
{
	struct fixture f;

	(void)state;
	fixture_new(&f);
	assert_int_equal(renameat(f.dirfd, KEYRING_FILE, f.dirfd, "elsewhere"), 0);
	assert_int_equal(symlinkat("elsewhere", f.dirfd, KEYRING_FILE), 0);
	assert_int_not_equal(load(&f, NULL), SAKSI_OK);
	assert_int_equal(unlinkat(f.dirfd, KEYRING_FILE, 0), 0);
	assert_int_equal(mkfifoat(f.dirfd, KEYRING_FILE, 0600), 0);
	assert_int_equal(load(&f, NULL), SAKSI_EREFUSED); /* and does not wait */
	assert_int_equal(unlinkat(f.dirfd, KEYRING_FILE, 0), 0);
	assert_int_equal(mkdirat(f.dirfd, KEYRING_FILE, 0700), 0);
	assert_int_not_equal(load(&f, NULL), SAKSI_OK);
	assert_int_equal(unlinkat(f.dirfd, KEYRING_FILE, AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(f.dirfd, "elsewhere", 0), 0);
	fixture_free(&f);
}

/* ---- repair -------------------------------------------------------------- */

static void repair_makes_both_whole(void **state)
{
	struct fixture f;
	static uint8_t file[KEYRING_FILE_SIZE + 9] = {0};

	(void)state;
	for (unsigned which = 0; which < 3; which++) {
		struct stat st;

		fixture_new(&f);
		assert_int_equal(file_get(&f, file, sizeof(file)), KEYRING_FILE_SIZE);
		if (which < 2)
			memset(file + (size_t)which * KEYRING_COPY_SIZE, 0xaa, 3000);
		file_put(&f, file, which < 2 ? KEYRING_FILE_SIZE : sizeof(file));
		OK(load(&f, NULL));
		assert_non_null(keyring_damage(f.k));
		OK(keyring_repair(f.k, f.dirfd, NULL));
		assert_null(keyring_damage(f.k));
		OK(load(&f, NULL));
		assert_null(keyring_damage(f.k));
		assert_int_equal(fstatat(f.dirfd, KEYRING_FILE, &st, 0), 0);
		assert_int_equal(st.st_size, KEYRING_FILE_SIZE);
		assert_int_equal(opens(&f, "first"), 0);
		fixture_free(&f);
	}
}

static void repair_leaves_a_whole_file_alone(void **state)
{
	struct fixture f;
	static uint8_t before[KEYRING_FILE_SIZE], after[KEYRING_FILE_SIZE];

	(void)state;
	fixture_new(&f);
	assert_int_equal(file_get(&f, before, sizeof(before)), sizeof(before));
	OK(keyring_repair(f.k, f.dirfd, NULL));
	assert_int_equal(file_get(&f, after, sizeof(after)), sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	fixture_free(&f);
}

static void a_counter_at_its_end_is_not_passed(void **state)
{
	struct fixture f;
	static uint8_t image[KEYRING_COPY_SIZE];

	(void)state;
	fixture_new(&f);
	memcpy(image, f.k->image, sizeof(image));
	le64_put(image + KR_GENERATION, UINT64_MAX);
	restamp(image);
	file_put_both(&f, image);
	OK(load(&f, NULL));
	assert_int_equal(set_slot(f.k, &f, 1, "second"), SAKSI_EDAMAGED);
	assert_int_equal(opens(&f, "first"), 0);
	fixture_free(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_flipped_byte_leaves_the_other_copy),
    cmocka_unit_test(the_same_flip_in_both_copies_is_told),
    cmocka_unit_test(a_hostile_header_never_gives_another_key),
    cmocka_unit_test(cut_files),
    cmocka_unit_test(two_whole_copies_that_differ),
    cmocka_unit_test(four_different_answers),
    cmocka_unit_test(newer_formats),
    cmocka_unit_test(only_a_regular_file),
    cmocka_unit_test(repair_makes_both_whole),
    cmocka_unit_test(repair_leaves_a_whole_file_alone),
    cmocka_unit_test(a_counter_at_its_end_is_not_passed),
};

TEST_MAIN(tests, NULL, NULL)
