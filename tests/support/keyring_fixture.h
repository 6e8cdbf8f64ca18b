/*
 * keyring_fixture.h - a folder with a cheap slot file, for the keyring's tests.
 */
#ifndef SAKSI_TEST_KEYRING_FIXTURE_H
#define SAKSI_TEST_KEYRING_FIXTURE_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring_internal.h"
#include "test.h"

#define OK(call) assert_int_equal(call, SAKSI_OK)

struct fixture {
	char dir[32];
	int dirfd;
	uint8_t vault_id[VAULT_ID];
	struct secret *vault_key;
	struct keyring *k;
};

static const struct crypto_kdf_cost cheap = {1, 8u << 20};

/** fewer(n): ${n}, or a tenth of it where everything takes fifty times as long. */
static inline unsigned fewer(unsigned n)
{
	return getenv("SAKSI_TEST_WRAPPER") ? n / 10 : n;
}

static inline struct secret *passphrase(const char *text)
{
	struct secret *s = NULL;

	OK(secret_copy(&s, text, strlen(text), NULL));
	return s;
}

/** folder_new: An empty folder. */
static inline void folder_new(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	(void)strcpy(f->dir, "keyring.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->dirfd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->dirfd >= 0);
	crypto_random(f->vault_id, sizeof(f->vault_id));
	OK(secret_new(&f->vault_key, CRYPTO_KEY, NULL));
	crypto_random(secret_bytes(f->vault_key), CRYPTO_KEY);
}

/** fixture_new: A slot file that "first" opens. */
static inline void fixture_new(struct fixture *f)
{
	struct secret *pass = passphrase("first");

	folder_new(f);
	keyring_test_allow_weak_kdf();
	OK(keyring_create(&f->k, f->dirfd, f->vault_id, f->vault_key, pass, &cheap, NULL));
	secret_free(&pass);
}

static inline void fixture_free(struct fixture *f)
{
	keyring_free(&f->k);
	secret_free(&f->vault_key);
	(void)unlinkat(f->dirfd, KEYRING_FILE, 0);
	(void)close(f->dirfd);
	assert_int_equal(rmdir(f->dir), 0);
}

/** opens(f, text): The slot that ${text} opens in the file as it is now, -1 if none. */
static inline int opens(const struct fixture *f, const char *text)
{
	struct secret *pass = passphrase(text), *key = NULL;
	struct keyring *k = NULL;
	unsigned slot = 99;
	enum saksi_err rc;

	OK(keyring_load(&k, f->dirfd, NULL));
	assert_memory_equal(keyring_vault_id(k), f->vault_id, VAULT_ID);
	rc = keyring_open(&key, &slot, k, pass, NULL);
	if (rc == SAKSI_OK)
		assert_memory_equal(secret_view(key), secret_view(f->vault_key),
		    CRYPTO_KEY);
	else
		assert_int_equal(rc, SAKSI_EAUTH);
	secret_free(&key);
	secret_free(&pass);
	keyring_free(&k);
	return rc == SAKSI_OK ? (int)slot : -1;
}

/** set_slot(k, f, slot, text): keyring_set() of kind passphrase. */
static inline enum saksi_err set_slot(struct keyring *k, const struct fixture *f,
    unsigned slot, const char *text)
{
	struct secret *pass = passphrase(text);
	enum saksi_err rc =
	    keyring_set(k, f->dirfd, slot, SLOT_PASSPHRASE, f->vault_key, pass, NULL);

	secret_free(&pass);
	return rc;
}

/** file_get, file_put: The whole file; put replaces what is there. */
static inline size_t file_get(const struct fixture *f, uint8_t *p, size_t max)
{
	int fd = openat(f->dirfd, KEYRING_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, p, max);
	assert_true(n >= 0);
	(void)close(fd);
	return (size_t)n;
}

static inline void file_put(const struct fixture *f, const uint8_t *p, size_t n)
{
	int fd = openat(f->dirfd, KEYRING_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	(void)close(fd);
}

/** restamp(image): Make the checksum fit, as somebody who can write would. */
static inline void restamp(uint8_t *image)
{
	struct saksi_hash sum;

	crypto_hash_of(&sum, "keys-file", image, KR_CHECKSUM);
	memcpy(image + KR_CHECKSUM, sum.b, sizeof(sum.b));
}

/** file_put_both(f, image): ${image} as both copies. */
static inline void file_put_both(const struct fixture *f, const uint8_t *image)
{
	uint8_t *file = malloc(KEYRING_FILE_SIZE);

	assert_non_null(file);
	memcpy(file, image, KEYRING_COPY_SIZE);
	memcpy(file + KEYRING_COPY_SIZE, image, KEYRING_COPY_SIZE);
	file_put(f, file, KEYRING_FILE_SIZE);
	free(file);
}

#endif
