/* anchor.c - notes of how far own logs have come. */
#include "anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "vault_impl.h"

/* The plain note; FORMAT.md section 11 has the table. */
#define FORMAT 1u
#define ENTRIES 12u
#define ENTRY 80u
#define AT_ENTRIES 8u
#define PLAIN (AT_ENTRIES + ENTRIES * ENTRY)
#define SEALED (1u + CRYPTO_SEAL_OVERHEAD + PLAIN)
#define AD_BYTES 33u

enum place { IN_VAULT = 1, IN_STATE = 2 };

struct entry {
	uint8_t kind; /* 0: data, 1: membership */
	uint64_t seq;
	struct saksi_hash log, head;
};
struct notes {
	bool anew[2]; /* a new log is asked for */
	unsigned n;
	struct entry list[ENTRIES]; /* the one written last at the end */
};

/* ---- form --------------------------------------------------------------------------- */

static void notes_write(uint8_t p[PLAIN], const struct notes *a)
{
	memset(p, 0, PLAIN);
	p[0] = FORMAT;
	p[1] = (uint8_t)a->n;
	p[2] = a->anew[0];
	p[3] = a->anew[1];
	for (unsigned i = 0; i < a->n; i++) {
		uint8_t *e = p + AT_ENTRIES + i * ENTRY;

		e[0] = a->list[i].kind;
		le64_put(e + 8, a->list[i].seq);
		memcpy(e + 16, a->list[i].log.b, 32);
		memcpy(e + 48, a->list[i].head.b, 32);
	}
}

static bool notes_read(struct notes *a, const uint8_t p[PLAIN])
{
	memset(a, 0, sizeof(*a));
	if (p[0] != FORMAT || p[1] > ENTRIES || p[2] > 1 || p[3] > 1)
		return false;
	a->n = p[1];
	a->anew[0] = p[2];
	a->anew[1] = p[3];
	for (unsigned i = 0; i < a->n; i++) {
		const uint8_t *e = p + AT_ENTRIES + i * ENTRY;

		a->list[i].kind = e[0] != 0;
		a->list[i].seq = le64_get(e + 8);
		memcpy(a->list[i].log.b, e + 16, 32);
		memcpy(a->list[i].head.b, e + 48, 32);
	}
	return true;
}

static bool key_of(struct saksi_vault *v)
{
	if (v->anchor_key == NULL &&
	    crypto_kdf(&v->anchor_key, v->key, "anchor", NULL) != SAKSI_OK)
		return false;
	return true;
}

static void make_ad(uint8_t ad[AD_BYTES], const struct saksi_vault *v, enum place place)
{
	static const uint8_t tag[14] = "saksi1\0anchor";

	memcpy(ad, tag, sizeof(tag));
	ad[14] = FORMAT;
	ad[15] = 0;
	memcpy(ad + 16, keyring_vault_id(v->keys), VAULT_ID);
	ad[32] = (uint8_t)place;
}

/* ---- places ---------------------------------------------------------------------------- */

/* The folder for it, or NULL where there is none: then there is no second note. */
static char *state_dir(void)
{
	const char *base = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (base != NULL && base[0] == '/')
		return fs_join(base, "saksi");
	if (home != NULL && home[0] == '/')
		return fs_join(home, ".local/state/saksi");
	return NULL;
}

/* Its name, which without the vault's key nobody connects with the vault. */
static char *state_path(const char *dir, const struct saksi_vault *v)
{
	uint8_t name[16];
	char hex[33];

	crypto_prf(name, sizeof(name), secret_view(v->key), "anchor-name",
	    keyring_vault_id(v->keys), VAULT_ID);
	hex_encode(hex, name, sizeof(name));
	return fs_join(dir, hex);
}

static int open_state(const struct saksi_vault *v, int how)
{
	char *dir = state_dir();
	char *path = dir == NULL ? NULL : state_path(dir, v);
	int fd = -1;

	if (path != NULL) {
		fd = open(path, how, 0600);
		if (fd < 0 && errno == ENOENT && (how & O_CREAT) != 0 &&
		    fs_mkdirs(dir, NULL) == SAKSI_OK)
			fd = open(path, how, 0600);
	}
	free(path);
	free(dir);
	return fd;
}

/* A plain file of this user's, or -1. */
static int open_place(const struct saksi_vault *v, enum place place, int how)
{
	struct stat st;
	int fd;

	how |= O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	fd = place == IN_VAULT ? openat(v->dirfd, ANCHOR_FILE, how, 0600)
			       : open_state(v, how);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* False if it is not there, or does not open. */
static bool read_fd(struct notes *a, struct saksi_vault *v, enum place place, int fd)
{
	uint8_t raw[SEALED + 1], ad[AD_BYTES];
	struct buf plain = BUF_INIT;
	bool good;

	if (fd < 0 || pread(fd, raw, sizeof(raw), 0) != (ssize_t)SEALED ||
	    raw[0] != CRYPTO_SUITE || !key_of(v))
		return false;
	make_ad(ad, v, place);
	good = crypto_open(&plain, secret_view(v->anchor_key), ad, sizeof(ad), raw + 1,
		   SEALED - 1, NULL) == SAKSI_OK &&
	    notes_read(a, plain.p);
	buf_free(&plain);
	return good;
}

static bool read_place(struct notes *a, struct saksi_vault *v, enum place place)
{
	int fd = open_place(v, place, O_RDONLY);
	bool good = read_fd(a, v, place, fd);

	if (fd >= 0)
		(void)close(fd);
	return good;
}

/*
 * In place, in one call, not synced: two more syncs would double the cost of
 * an edit, and what a power cut leaves is an older note or one that does not
 * open, never one of what is not in the vault.
 */
static void write_fd(const struct notes *a, struct saksi_vault *v, enum place place,
    int fd)
{
	uint8_t plain[PLAIN], ad[AD_BYTES];
	struct buf raw = BUF_INIT;

	if (!key_of(v))
		return;
	notes_write(plain, a);
	make_ad(ad, v, place);
	buf_add_byte(&raw, CRYPTO_SUITE);
	if (crypto_seal(&raw, secret_view(v->anchor_key), ad, sizeof(ad), plain,
		sizeof(plain), NULL) == SAKSI_OK &&
	    !raw.failed &&
	    fs_pwrite_all(fd, raw.p, raw.len, 0, ANCHOR_FILE, NULL) == SAKSI_OK &&
	    ftruncate(fd, (off_t)raw.len) != 0)
		errno = 0; /* a longer one does not open, and is written anew */
	wipe(plain, sizeof(plain));
	buf_free(&raw);
}

/* ---- keeping ------------------------------------------------------------------------------ */

static void note(struct notes *a, unsigned kind, const struct anchor_own *own)
{
	struct entry e = {(uint8_t)kind, own->seq, own->log, own->head};
	unsigned i = 0;

	while (i < a->n && hash_cmp(&a->list[i].log, &e.log) != 0)
		i++;
	/* Another process was quicker to note a later one. */
	if (i < a->n && a->list[i].seq > e.seq)
		return;
	if (i == a->n && a->n < ENTRIES)
		a->n++;
	else if (i == a->n)
		i = 0; /* full: the one that was written to longest ago goes */
	memmove(&a->list[i], &a->list[i + 1], (a->n - i - 1) * sizeof(e));
	a->list[a->n - 1] = e;
	a->anew[0] = a->anew[1] = false; /* both logs are left together */
}

void anchor_write(struct saksi_vault *v, const struct anchor_own own[2])
{
	for (unsigned place = IN_VAULT; place <= IN_STATE; place++) {
		int fd = open_place(v, (enum place)place, O_RDWR | O_CREAT);
		struct notes a;

		if (fd < 0)
			continue;
		if (!read_fd(&a, v, (enum place)place, fd))
			memset(&a, 0, sizeof(a));
		for (unsigned kind = 0; kind < 2; kind++)
			if (own[kind].set)
				note(&a, kind, &own[kind]);
		write_fd(&a, v, (enum place)place, fd);
		(void)close(fd);
	}
}

void anchor_carry(struct saksi_vault *v, const char *from, bool anew)
{
	char *path = fs_join(from, ANCHOR_FILE);
	int fd = path == NULL
	    ? -1
	    : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct notes a;

	free(path);
	if (!read_fd(&a, v, IN_VAULT, fd))
		memset(&a, 0, sizeof(a));
	if (fd >= 0)
		(void)close(fd);
	a.anew[0] |= anew;
	a.anew[1] |= anew;
	if ((fd = open_place(v, IN_VAULT, O_RDWR | O_CREAT)) < 0)
		return;
	write_fd(&a, v, IN_VAULT, fd);
	(void)close(fd);
}

void anchor_forget(struct saksi_vault *v)
{
	char *dir = state_dir();
	char *path =
	    dir == NULL || v->key == NULL || v->keys == NULL ? NULL : state_path(dir, v);

	if (path != NULL)
		(void)unlink(path);
	free(path);
	free(dir);
}

/* ---- asking ---------------------------------------------------------------------------------- */

enum saksi_err anchor_missing(struct saksi_txn *t, unsigned i, bool *missing,
    struct saksi_error *err)
{
	struct saksi_vault *v = t->v;
	struct notes a;
	enum saksi_err rc = SAKSI_OK;

	*missing = false;
	for (unsigned place = IN_VAULT; place <= IN_STATE && rc == SAKSI_OK; place++) {
		if (!read_place(&a, v, (enum place)place))
			continue;
		*missing |= a.anew[i];
		for (unsigned k = 0; k < a.n && rc == SAKSI_OK; k++) {
			bool has = true;

			if (hash_cmp(&a.list[k].log, &v->writers[i].log) == 0)
				rc = saksi_log_has(t, &a.list[k].head, &has, err);
			*missing |= !has;
		}
	}
	return rc;
}

const char *anchor_damage(struct saksi_vault *v)
{
	int fd = open_place(v, IN_VAULT, O_RDONLY);
	struct notes a;
	struct stat st;
	bool good;

	if (fd < 0)
		return NULL;
	/* An empty one was made and never came to be written: as if there were none. */
	good = (fstat(fd, &st) == 0 && st.st_size == 0) || read_fd(&a, v, IN_VAULT, fd);
	(void)close(fd);
	return good
	    ? NULL
	    : "anchor: the note of how far this device had come is damaged, so a vault "
	      "that was put back may go unnoticed; the next change writes it anew";
}

enum saksi_err saksi_vault_restored(struct saksi_txn *t, bool *restored,
    struct saksi_error *err)
{
	bool missing;
	enum saksi_err rc = SAKSI_OK;

	*restored = false;
	for (unsigned i = 0; i < 2 && rc == SAKSI_OK; i++) {
		if (!t->v->has_writer[i])
			continue;
		rc = anchor_missing(t, i, &missing, err);
		*restored |= rc == SAKSI_OK && missing;
	}
	return rc;
}
