/* anchor.c - notes of how far the vault and its own logs have come. */
#include "anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "anchor_form.h"
#include "vault_impl.h"

#define LINE 2u
/* A file of an older format, whose numbers a migration leaves, is older throughout. */
#define FORMAT_SHIFT 56

static bool key_of(struct saksi_vault *v)
{
	return v->anchor_key != NULL ||
	    anchor_key(&v->anchor_key, v->key, NULL) == SAKSI_OK;
}

/* ---- places ---------------------------------------------------------------------------- */

/*
 * Where the second note lies; false: nowhere.  Without allocating, since it is also
 * asked for when there is no memory left and what was begun is undone.
 */
static bool state_path(char path[PATH_MAX], const struct saksi_vault *v)
{
	const char *base = getenv("XDG_STATE_HOME");
	const char *under = "saksi";
	char name[ANCHOR_NAME + 1];
	int n;

	if (base == NULL || base[0] != '/') {
		base = getenv("HOME");
		under = ".local/state/saksi";
	}
	if (base == NULL || base[0] != '/')
		return false;
	anchor_name(name, v->key, keyring_vault_id(v->keys));
	n = snprintf(path, PATH_MAX, "%s/%s/%s", base, under, name);
	return n > 0 && n < PATH_MAX;
}

static int open_state(const struct saksi_vault *v, int how)
{
	char path[PATH_MAX];
	char *slash;
	enum saksi_err rc;
	int fd;

	if (!state_path(path, v))
		return -1;
	fd = open(path, how, 0600);
	if (fd >= 0 || errno != ENOENT || (how & O_CREAT) == 0)
		return fd;
	slash = strrchr(path, '/');
	*slash = '\0';
	rc = fs_mkdirs(path, NULL);
	*slash = '/';
	return rc == SAKSI_OK ? open(path, how, 0600) : -1;
}

/* A plain file of this user's, or -1. */
static int open_place(const struct saksi_vault *v, enum anchor_place place, int how)
{
	struct stat st;
	int fd;

	how |= O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	fd = place == ANCHOR_IN_VAULT ? openat(v->dirfd, ANCHOR_FILE, how, 0600)
				      : open_state(v, how);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* False if it is not there, or does not open. */
static bool read_fd(struct anchor_notes *a, struct saksi_vault *v,
    enum anchor_place place, int fd)
{
	uint8_t raw[ANCHOR_SEALED + 1];

	return fd >= 0 && pread(fd, raw, sizeof(raw), 0) == (ssize_t)ANCHOR_SEALED &&
	    key_of(v) &&
	    anchor_open(a, v->anchor_key, keyring_vault_id(v->keys), place, raw);
}

static bool read_place(struct anchor_notes *a, struct saksi_vault *v,
    enum anchor_place place)
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
static void write_fd(const struct anchor_notes *a, struct saksi_vault *v,
    enum anchor_place place, int fd)
{
	struct buf raw = BUF_INIT;

	if (key_of(v) &&
	    anchor_seal(&raw, a, v->anchor_key, keyring_vault_id(v->keys), place, NULL) ==
		SAKSI_OK &&
	    fs_pwrite_all(fd, raw.p, raw.len, 0, ANCHOR_FILE, NULL) == SAKSI_OK &&
	    ftruncate(fd, (off_t)raw.len) != 0)
		errno = 0; /* a longer one does not open, and is written anew */
	buf_free(&raw);
}

/* ---- keeping ------------------------------------------------------------------------------ */

static void note(struct anchor_notes *a, unsigned kind, const struct anchor_own *own)
{
	struct anchor_entry e = {(uint8_t)kind, own->seq, own->log, own->head};
	unsigned i = 0;

	while (i < a->n && hash_cmp(&a->list[i].log, &e.log) != 0)
		i++;
	/* Another process was quicker to note a later one. */
	if (i < a->n && a->list[i].seq > e.seq)
		return;
	if (i == a->n && a->n < ANCHOR_ENTRIES)
		a->n++;
	else if (i == a->n)
		i = 0; /* full: the one that was written to longest ago goes */
	memmove(&a->list[i], &a->list[i + 1], (a->n - i - 1) * sizeof(e));
	a->list[a->n - 1] = e;
	if (kind != LINE)
		a->anew[0] = a->anew[1] = false; /* both logs are left together */
}

void anchor_write(struct saksi_vault *v, const struct anchor_own own[ANCHOR_KINDS])
{
	if (!own[0].set && !own[1].set && !own[LINE].set)
		return;
	if (own[LINE].set)
		v->new_line = false;
	for (unsigned place = ANCHOR_IN_VAULT; place <= ANCHOR_IN_STATE; place++) {
		int fd = open_place(v, (enum anchor_place)place, O_RDWR | O_CREAT);
		struct anchor_notes a;

		if (fd < 0)
			continue;
		if (!read_fd(&a, v, (enum anchor_place)place, fd))
			memset(&a, 0, sizeof(a));
		for (unsigned kind = 0; kind < ANCHOR_KINDS; kind++)
			if (own[kind].set)
				note(&a, kind, &own[kind]);
		write_fd(&a, v, (enum anchor_place)place, fd);
		(void)close(fd);
	}
}

/* All zero for the first one, which nothing tells of. */
static enum saksi_err line_of(struct saksi_hash *line, struct saksi_txn *t,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc = saksi_local_get(t, LOCAL_LINE, &b, err);

	memset(line, 0, sizeof(*line));
	if (rc == SAKSI_OK && b.len != sizeof(line->b))
		rc = saksi_fail(err, SAKSI_EFORMAT,
		    "vault: the name of its line of commits has a wrong length");
	else if (rc == SAKSI_OK)
		memcpy(line->b, b.p, sizeof(line->b));
	buf_free(&b);
	return rc == SAKSI_ENOTFOUND ? SAKSI_OK : rc;
}

static uint64_t line_number(const struct saksi_vault *v, uint64_t txn)
{
	return (uint64_t)kv_format(v->kv) << FORMAT_SHIFT | txn;
}

enum saksi_err anchor_line_new(struct saksi_txn *t, struct saksi_error *err)
{
	struct saksi_hash line;

	crypto_random(line.b, sizeof(line.b));
	return saksi_local_put(t, LOCAL_LINE, line.b, sizeof(line.b), err);
}

enum saksi_err anchor_line(struct saksi_txn *t, struct saksi_error *err)
{
	struct saksi_vault *v = t->v;
	struct anchor_own own = {.set = true};
	enum saksi_err rc = SAKSI_OK;

	/* A half vault may be thrown away: no note may be ahead of what is kept. */
	if (!v->in_use)
		return SAKSI_OK;
	if (v->new_line && (rc = anchor_line_new(t, err)) != SAKSI_OK)
		return rc;
	/* A damaged name is for `verify` to tell of, and keeps nobody from writing. */
	if (line_of(&own.log, t, NULL) != SAKSI_OK)
		return SAKSI_OK;
	own.seq = line_number(v, kv_txn_number(t->kv));
	t->own[LINE] = own;
	return SAKSI_OK;
}

void anchor_carry(struct saksi_vault *v, const char *from, bool anew)
{
	char *path = fs_join(from, ANCHOR_FILE);
	int fd = path == NULL
	    ? -1
	    : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct anchor_notes a;

	free(path);
	if (!read_fd(&a, v, ANCHOR_IN_VAULT, fd))
		memset(&a, 0, sizeof(a));
	if (fd >= 0)
		(void)close(fd);
	a.anew[0] |= anew;
	a.anew[1] |= anew;
	if ((fd = open_place(v, ANCHOR_IN_VAULT, O_RDWR | O_CREAT)) < 0)
		return;
	write_fd(&a, v, ANCHOR_IN_VAULT, fd);
	(void)close(fd);
}

void anchor_forget(struct saksi_vault *v)
{
	char path[PATH_MAX];

	if (v->key != NULL && v->keys != NULL && state_path(path, v))
		(void)unlink(path);
}

/* ---- asking ---------------------------------------------------------------------------------- */

enum saksi_err anchor_missing(struct saksi_txn *t, unsigned i, bool *missing,
    struct saksi_error *err)
{
	struct saksi_vault *v = t->v;
	struct anchor_notes a;
	enum saksi_err rc = SAKSI_OK;

	*missing = false;
	for (unsigned place = ANCHOR_IN_VAULT; place <= ANCHOR_IN_STATE && rc == SAKSI_OK;
	     place++) {
		errno = 0;
		if (!read_place(&a, v, (enum anchor_place)place)) {
			/* It may say what nothing else does, and can be read another time. */
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
				rc = saksi_fail_sys(err,
				    "anchor: the note of how far this device had come cannot be opened");
			continue;
		}
		*missing |= a.anew[i];
		for (unsigned k = 0; k < a.n && rc == SAKSI_OK; k++) {
			bool has = true;

			if (a.list[k].kind != LINE &&
			    hash_cmp(&a.list[k].log, &v->writers[i].log) == 0)
				rc = saksi_log_has(t, &a.list[k].head, &has, err);
			*missing |= !has;
		}
	}
	return rc;
}

const char *anchor_damage(struct saksi_vault *v)
{
	int fd = open_place(v, ANCHOR_IN_VAULT, O_RDONLY);
	struct anchor_notes a;
	struct stat st;
	bool good;

	if (fd < 0)
		return NULL;
	/* An empty one was made and never came to be written: as if there were none. */
	good = (fstat(fd, &st) == 0 && st.st_size == 0) ||
	    read_fd(&a, v, ANCHOR_IN_VAULT, fd);
	(void)close(fd);
	return good
	    ? NULL
	    : "anchor: the note of how far this device had come is damaged, so a vault "
	      "that was put back may go unnoticed; the next change writes it anew";
}

/* Whether a note has a number of this vault's line that it never came to. */
static bool line_is_behind(struct saksi_txn *t)
{
	struct saksi_vault *v = t->v;
	struct saksi_hash line;
	struct anchor_notes a;
	uint64_t newest;
	bool behind = false;

	if (line_of(&line, t, NULL) != SAKSI_OK)
		return false;
	for (unsigned place = ANCHOR_IN_VAULT; place <= ANCHOR_IN_STATE; place++) {
		if (!read_place(&a, v, (enum anchor_place)place))
			continue;
		/* Asked after the note was read: another process may have gone on since
		 * this transaction began, and notes come after commits. */
		if (kv_newest_commit(&newest, v->kv, NULL) != SAKSI_OK)
			newest = kv_txn_base(t->kv);
		for (unsigned k = 0; k < a.n; k++)
			behind |= a.list[k].kind == LINE &&
			    hash_cmp(&a.list[k].log, &line) == 0 &&
			    a.list[k].seq > line_number(v, newest);
	}
	return behind;
}

enum saksi_err saksi_vault_restored(struct saksi_txn *t, bool *restored,
    struct saksi_error *err)
{
	bool missing;
	enum saksi_err rc = SAKSI_OK;

	*restored = line_is_behind(t);
	for (unsigned i = 0; i < 2 && rc == SAKSI_OK; i++) {
		if (!t->v->has_writer[i])
			continue;
		rc = anchor_missing(t, i, &missing, err);
		*restored |= rc == SAKSI_OK && missing;
	}
	t->v->new_line |= rc == SAKSI_OK && *restored;
	return rc;
}
