/*
 * keyring_file.c - two copies of the slot file, one of them always whole.
 *
 * A write never touches the copy that readers would choose before the other
 * one is on the medium and read back.  The newest whole copy wins.
 */
#include "keyring_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#define LOCK_TRIES 500
#define LOCK_PAUSE_NS 10000000 /* 10 ms */
#define CHECKSUM_TAG "keys-file"

_Static_assert(KR_SLOTS + KEYRING_SLOTS * KEYRING_SLOT_SIZE == KR_CHECKSUM, "layout");
_Static_assert(KR_CHECKSUM + sizeof(struct saksi_hash) == KEYRING_COPY_SIZE, "layout");

static bool (*test_hook)(enum keyring_step);

void keyring_test_hook(bool (*fn)(enum keyring_step step))
{
	test_hook = fn;
}

static bool step(enum keyring_step s)
{
	if (!test_hook || test_hook(s))
		return true;
	errno = EIO;
	return false;
}

/* ---- one copy ------------------------------------------------------------ */

uint8_t *keyring_slot_at(uint8_t *image, unsigned slot)
{
	return image + KR_SLOTS + slot * KEYRING_SLOT_SIZE;
}

const uint8_t *keyring_slot_view(const uint8_t *image, unsigned slot)
{
	return image + KR_SLOTS + slot * KEYRING_SLOT_SIZE;
}

struct crypto_kdf_cost keyring_image_cost(const uint8_t *image)
{
	struct crypto_kdf_cost c = {le32_get(image + KR_OPS), le64_get(image + KR_MEM)};

	return c;
}

void keyring_image_new(uint8_t image[KEYRING_COPY_SIZE], const uint8_t vault_id[VAULT_ID],
    const struct crypto_kdf_cost *cost)
{
	memset(image, 0, KEYRING_COPY_SIZE);
	memcpy(image + KR_MAGIC, KEYRING_MAGIC, KEYRING_MAGIC_LEN);
	le16_put(image + KR_FORMAT, KEYRING_FORMAT);
	image[KR_SUITE] = CRYPTO_SUITE;
	image[KR_KDF] = KEYRING_KDF_ARGON2ID13;
	le32_put(image + KR_OPS, cost->ops);
	le64_put(image + KR_MEM, cost->mem);
	memcpy(image + KR_VAULT_ID, vault_id, VAULT_ID);
	crypto_random(image + KR_SALT, CRYPTO_SALT);
	crypto_random(image + KR_SLOTS, (size_t)KEYRING_SLOTS * KEYRING_SLOT_SIZE);
}

static void checksum(struct saksi_hash *out, const uint8_t *image)
{
	crypto_hash_of(out, CHECKSUM_TAG, image, KR_CHECKSUM);
}

enum copy_state { COPY_WHOLE, COPY_DAMAGED, COPY_NEWER };

/* Magic and format stand first in every format, now and later, so a newer one
 * is known before anything else of it is understood. */
static enum copy_state judge(const uint8_t *image)
{
	struct crypto_kdf_cost cost = keyring_image_cost(image);
	struct saksi_hash sum;
	uint8_t other = 0;

	if (memcmp(image + KR_MAGIC, KEYRING_MAGIC, KEYRING_MAGIC_LEN) != 0)
		return COPY_DAMAGED;
	if (le16_get(image + KR_FORMAT) > KEYRING_FORMAT)
		return COPY_NEWER;
	checksum(&sum, image);
	for (unsigned i = 0; i < KR_RESERVED_LEN; i++)
		other |= image[KR_RESERVED + i];
	if (memcmp(image + KR_CHECKSUM, sum.b, sizeof(sum.b)) != 0 ||
	    le16_get(image + KR_FORMAT) != KEYRING_FORMAT ||
	    image[KR_SUITE] != CRYPTO_SUITE || image[KR_KDF] != KEYRING_KDF_ARGON2ID13 ||
	    other != 0 || !crypto_kdf_cost_sane(&cost))
		return COPY_DAMAGED;
	return COPY_WHOLE;
}

/* ---- reading ------------------------------------------------------------- */

static const char *const damaged_words[KEYRING_COPIES] =
    {"the first copy of the key slots is damaged, the second one is used",
	"the second copy of the key slots is damaged, the first one is used"};
static const char *const older_words[KEYRING_COPIES] =
    {"the first copy of the key slots is older: a change of them was interrupted",
	"the second copy of the key slots is older: a change of them was interrupted"};

static enum saksi_err none_whole(const enum copy_state state[KEYRING_COPIES],
    struct saksi_error *err)
{
	for (unsigned i = 0; i < KEYRING_COPIES; i++)
		if (state[i] == COPY_NEWER)
			return saksi_fail(err, SAKSI_ENEWER,
			    "vault: its key slots were written by a newer version of saksi; "
			    "install that version");
	return saksi_fail(err, SAKSI_EDAMAGED,
	    "vault: both copies of its key slots (file %s) are damaged, so no passphrase can "
	    "be tried; put the file back from a backup",
	    KEYRING_FILE);
}

static void choose(struct keyring *k, uint8_t (*copy)[KEYRING_COPY_SIZE],
    const enum copy_state state[KEYRING_COPIES])
{
	uint64_t g0 = le64_get(copy[0] + KR_GENERATION);
	uint64_t g1 = le64_get(copy[1] + KR_GENERATION);

	k->damage = NULL;
	if (state[0] != COPY_WHOLE || state[1] != COPY_WHOLE) {
		k->newest = state[0] == COPY_WHOLE ? 0 : 1;
		k->damage = damaged_words[1 - k->newest];
	} else {
		k->newest = g1 > g0 ? 1 : 0;
		if (g0 != g1)
			k->damage = older_words[1 - k->newest];
		else if (memcmp(copy[0], copy[1], KEYRING_COPY_SIZE) != 0)
			k->damage = "the two copies of the key slots differ";
		else if (k->length != KEYRING_FILE_SIZE)
			k->damage = "the file of the key slots has bytes after its end";
	}
	memcpy(k->image, copy[k->newest], KEYRING_COPY_SIZE);
}

static enum saksi_err read_size(uint64_t *size, int fd, struct saksi_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return saksi_fail_sys(err, "vault: its key slots (file %s)", KEYRING_FILE);
	if (!S_ISREG(st.st_mode))
		return saksi_fail(err, SAKSI_EREFUSED, "vault: %s is not a regular file",
		    KEYRING_FILE);
	*size = (uint64_t)st.st_size;
	return SAKSI_OK;
}

/* A place that can't be read must not take the other copy with it. */
static enum saksi_err read_copy(uint8_t *image, int fd, uint64_t length, unsigned which,
    struct saksi_error *err)
{
	const uint64_t at = (uint64_t)which * KEYRING_COPY_SIZE;
	uint64_t n = length > at ? length - at : 0;
	enum saksi_err rc;

	if (n > KEYRING_COPY_SIZE)
		n = KEYRING_COPY_SIZE;
	memset(image, 0, KEYRING_COPY_SIZE); /* what is cut off reads as zero */
	rc = fs_pread_all(fd, image, (size_t)n, at, KEYRING_FILE, err);
	if (rc != SAKSI_OK)
		memset(image, 0, KEYRING_COPY_SIZE);
	return rc;
}

static enum saksi_err read_copies(struct keyring *k, int fd, struct saksi_error *err)
{
	uint8_t(*copy)[KEYRING_COPY_SIZE] = NULL;
	enum copy_state state[KEYRING_COPIES];
	enum saksi_err failed = SAKSI_OK;
	enum saksi_err rc = read_size(&k->length, fd, err);

	if (rc != SAKSI_OK)
		return rc;
	copy = calloc(KEYRING_COPIES, sizeof(*copy));
	if (!copy)
		return saksi_fail_nomem(err);
	for (unsigned i = 0; i < KEYRING_COPIES; i++) {
		rc = read_copy(copy[i], fd, k->length, i, err);
		if (rc != SAKSI_OK)
			failed = rc;
		state[i] = judge(copy[i]);
	}
	rc = SAKSI_OK;
	if (state[0] == COPY_WHOLE || state[1] == COPY_WHOLE)
		choose(k, copy, state);
	else
		rc = failed != SAKSI_OK ? failed : none_whole(state, err);
	free(copy);
	return rc;
}

/* Another command holds the lock for some writes, never while a person types. */
static bool lock(int fd, int how)
{
	const struct timespec pause = {0, LOCK_PAUSE_NS};

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, how | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	errno = EWOULDBLOCK;
	return false;
}

static enum saksi_err open_file(int *fd, int dirfd, int flags, struct saksi_error *err)
{
	*fd = openat(dirfd, KEYRING_FILE,
	    flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	if (*fd >= 0)
		return SAKSI_OK;
	if (errno == ENOENT)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "vault: no key slots (file %s) here; is this a vault?", KEYRING_FILE);
	if (errno == EEXIST)
		return saksi_fail(err, SAKSI_EEXIST, "vault: there is one here already");
	return saksi_fail_sys(err, "vault: its key slots (file %s)", KEYRING_FILE);
}

enum saksi_err keyring_file_load(struct keyring *k, int dirfd, struct saksi_error *err)
{
	int fd;
	enum saksi_err rc = open_file(&fd, dirfd, O_RDONLY, err);

	if (rc != SAKSI_OK)
		return rc;
	/* Without the lock (some media have none) a copy may be seen half written
	 * and is told as damaged; the other one is whole all the same. */
	(void)lock(fd, LOCK_SH);
	rc = read_copies(k, fd, err);
	(void)close(fd);
	return rc;
}

enum saksi_err keyring_file_lock(int *fd, struct keyring *now, int dirfd,
    struct saksi_error *err)
{
	struct stat held, named;
	enum saksi_err rc = open_file(fd, dirfd, O_RDWR, err);

	if (rc != SAKSI_OK)
		return rc;
	if (!lock(*fd, LOCK_EX)) {
		rc = errno == EWOULDBLOCK
		    ? saksi_fail(err, SAKSI_EBUSY,
			  "vault: another command is changing its key "
			  "slots; try again when it is done")
		    : saksi_fail_sys(err, "vault: locking its key slots");
		goto fail;
	}
	if (fstat(*fd, &held) != 0 ||
	    fstatat(dirfd, KEYRING_FILE, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
	    held.st_dev != named.st_dev || held.st_ino != named.st_ino) {
		rc = saksi_fail(err, SAKSI_EBUSY,
		    "vault: another command has replaced its key slots; try again");
		goto fail;
	}
	rc = read_copies(now, *fd, err);
	if (rc == SAKSI_OK)
		return SAKSI_OK;
fail:
	(void)close(*fd);
	*fd = -1;
	return rc;
}

/* ---- writing ------------------------------------------------------------- */

static enum saksi_err io_failed(struct saksi_error *err)
{
	return saksi_fail_sys(err, "vault: its key slots cannot be written");
}

static enum saksi_err write_copy(int fd, unsigned which, const uint8_t *image,
    enum keyring_step torn, struct saksi_error *err)
{
	const uint64_t at = (uint64_t)which * KEYRING_COPY_SIZE;
	const size_t half = KEYRING_COPY_SIZE / 2;
	uint8_t back[KEYRING_COPY_SIZE];
	enum saksi_err rc;

	rc = fs_pwrite_all(fd, image, half, at, KEYRING_FILE, err);
	if (rc == SAKSI_OK && !step(torn))
		rc = io_failed(err);
	if (rc == SAKSI_OK)
		rc = fs_pwrite_all(fd, image + half, half, at + half, KEYRING_FILE, err);
	if (rc != SAKSI_OK)
		return rc;
	if (fsync(fd) != 0)
		return io_failed(err);
	/* drop the cached page, so that the medium is asked where it can be */
	(void)posix_fadvise(fd, (off_t)at, KEYRING_COPY_SIZE, POSIX_FADV_DONTNEED);
	rc = fs_pread_all(fd, back, sizeof(back), at, KEYRING_FILE, err);
	if (rc == SAKSI_OK && memcmp(back, image, sizeof(back)) != 0)
		rc = saksi_fail(err, SAKSI_EDAMAGED,
		    "vault: the disk did not keep what was written to its key slots; copy the "
		    "vault to another disk");
	return rc;
}

static void stamp(uint8_t *image, uint64_t generation)
{
	struct saksi_hash sum;

	le64_put(image + KR_GENERATION, generation);
	checksum(&sum, image);
	memcpy(image + KR_CHECKSUM, sum.b, sizeof(sum.b));
}

/* The first copy failed somewhere: it must not win over the one that counts. */
static bool put_back(int fd, unsigned first)
{
	uint8_t old[KEYRING_COPY_SIZE];
	const uint64_t from = (uint64_t)(1 - first) * KEYRING_COPY_SIZE;
	const uint64_t to = (uint64_t)first * KEYRING_COPY_SIZE;

	return fs_pread_all(fd, old, sizeof(old), from, KEYRING_FILE, NULL) == SAKSI_OK &&
	    fs_pwrite_all(fd, old, sizeof(old), to, KEYRING_FILE, NULL) == SAKSI_OK &&
	    fsync(fd) == 0;
}

static enum saksi_err half_done(struct saksi_error *err)
{
	struct saksi_error why = {SAKSI_OK, 0, ""};
	char reason[SAKSI_REASON];

	if (err)
		why = *err;
	return saksi_fail(err, SAKSI_EPARTIAL,
	    "vault: the change of its key slots holds, but in one of two copies only (%s); the "
	    "other one is older or damaged until a command writes into the vault, and `saksi "
	    "verify` tells",
	    saksi_reason(reason, &why));
}

/*
 * The first copy failed and could not be put back.  As the file reads now it
 * is either damaged, and the change is none, or whole and newer, and it holds.
 */
static enum saksi_err not_put_back(const struct keyring *k, int fd, enum saksi_err rc,
    struct saksi_error *err)
{
	struct saksi_error why = {SAKSI_OK, 0, ""};
	struct keyring now;
	char reason[SAKSI_REASON];

	if (err)
		why = *err;
	if (read_copies(&now, fd, NULL) == SAKSI_OK) {
		if (now.damage == NULL)
			return rc;
		if (memcmp(now.image, k->image, KEYRING_COPY_SIZE) == 0)
			return half_done(err);
		return saksi_fail(err, rc,
		    "vault: its key slots are as they were (%s), but one of the two copies is "
		    "damaged until a command writes into the vault; `saksi verify` tells",
		    saksi_reason(reason, &why));
	}
	return saksi_fail(err, rc,
	    "vault: its key slots can neither be written nor read (%s), so that the change may "
	    "hold or not; see which passphrase opens it, and check the disk",
	    saksi_reason(reason, &why));
}

static enum saksi_err write_second(struct keyring *k, int fd, unsigned first,
    struct saksi_error *err)
{
	enum saksi_err rc = step(KEYRING_STEP_FIRST_DONE)
	    ? write_copy(fd, 1 - first, k->image, KEYRING_STEP_SECOND_TORN, err)
	    : io_failed(err);

	if (rc == SAKSI_OK && k->length > KEYRING_FILE_SIZE &&
	    ftruncate(fd, KEYRING_FILE_SIZE) != 0)
		rc = io_failed(err);
	if (rc != SAKSI_OK)
		return rc;
	k->length = KEYRING_FILE_SIZE;
	k->damage = NULL;
	(void)step(KEYRING_STEP_SECOND_DONE);
	return SAKSI_OK;
}

static enum saksi_err write_first(struct keyring *k, int fd, unsigned first,
    struct saksi_error *err)
{
	if (!step(KEYRING_STEP_LOCKED))
		return io_failed(err);
	return write_copy(fd, first, k->image, KEYRING_STEP_FIRST_TORN, err);
}

enum saksi_err keyring_file_replace(struct keyring *k, int fd, struct saksi_error *err)
{
	const uint64_t generation = le64_get(k->image + KR_GENERATION);
	const unsigned first = 1 - k->newest;
	enum saksi_err rc;

	if (generation == UINT64_MAX)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "vault: the change counter of its key slots cannot be true; put the file %s "
		    "back from a backup",
		    KEYRING_FILE);
	stamp(k->image, generation + 1);
	rc = write_first(k, fd, first, err);
	if (rc != SAKSI_OK && !put_back(fd, first))
		rc = not_put_back(k, fd, rc, err);
	if (rc != SAKSI_OK && rc != SAKSI_EPARTIAL)
		return rc;
	k->newest = first;
	if (rc == SAKSI_OK && write_second(k, fd, first, err) != SAKSI_OK)
		rc = half_done(err);
	if (rc != SAKSI_OK)
		k->damage = older_words[1 - first];
	return rc;
}

enum saksi_err keyring_file_create(int dirfd, struct keyring *k, struct saksi_error *err)
{
	int fd;
	enum saksi_err rc = open_file(&fd, dirfd, O_RDWR | O_CREAT | O_EXCL, err);

	if (rc != SAKSI_OK)
		return rc;
	k->length = KEYRING_FILE_SIZE;
	k->newest = 0;
	stamp(k->image, 1);
	/* the umask may have taken bits away, and some systems give more */
	if (!lock(fd, LOCK_EX) || fchmod(fd, 0600) != 0)
		rc = io_failed(err);
	else
		rc = write_first(k, fd, 0, err);
	if (rc == SAKSI_OK)
		rc = write_second(k, fd, 0, err);
	if (rc == SAKSI_OK && fsync(dirfd) != 0)
		rc = io_failed(err);
	(void)close(fd);
	if (rc != SAKSI_OK)
		(void)unlinkat(dirfd, KEYRING_FILE, 0);
	return rc;
}
