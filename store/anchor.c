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
#define READ_TRIES 3u
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

/* All of it and no more, by however many calls; errno says why not, 0: it is another size. */
static bool read_whole(uint8_t raw[ANCHOR_SEALED], int fd)
{
	uint8_t more;
	size_t n = 0;

	while (n < ANCHOR_SEALED) {
		ssize_t got = pread(fd, raw + n, ANCHOR_SEALED - n, (off_t)n);

		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		n += got > 0 ? (size_t)got : 0;
	}
	errno = 0;
	return pread(fd, &more, 1, (off_t)n) == 0;
}

/* False if it is not there, or does not open. */
static bool read_fd(struct anchor_notes *a, struct saksi_vault *v,
    enum anchor_place place, int fd)
{
	uint8_t raw[ANCHOR_SEALED];

	return fd >= 0 && read_whole(raw, fd) && key_of(v) &&
	    anchor_open(a, v->anchor_key, keyring_vault_id(v->keys), place, raw);
}

/* What is there and was not read just now may be read another time; by errno. */
static bool is_for_now(enum anchor_place place)
{
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	    (place == ANCHOR_IN_VAULT && (errno == EACCES || errno == EPERM));
}

static enum saksi_err not_now(struct saksi_error *err)
{
	return saksi_fail_sys(err,
	    "anchor: the note of how far this device had come cannot be opened");
}

/* ${*there} false: there is none, or it does not open. */
static enum saksi_err read_place(struct anchor_notes *a, bool *there,
    struct saksi_vault *v, enum anchor_place place, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	int fd;

	errno = 0;
	fd = open_place(v, place, O_RDONLY);
	*there = read_fd(a, v, place, fd);
	/* It may say what nothing else does. */
	if (!*there && is_for_now(place))
		rc = not_now(err);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

/*
 * In place, in one call, not synced: two more syncs would double the cost of
 * an edit, and what a power cut leaves is an older note or one that does not
 * open, never one of what is not in the vault.
 */
static enum saksi_err write_fd(const struct anchor_notes *a, struct saksi_vault *v,
    enum anchor_place place, int fd, struct saksi_error *err)
{
	struct buf raw = BUF_INIT;
	enum saksi_err rc = SAKSI_OK;

	if (v->anchor_key == NULL)
		rc = anchor_key(&v->anchor_key, v->key, err);
	if (rc == SAKSI_OK)
		rc = anchor_seal(&raw, a, v->anchor_key, keyring_vault_id(v->keys), place,
		    err);
	if (rc == SAKSI_OK)
		rc = fs_pwrite_all(fd, raw.p, raw.len, 0, ANCHOR_FILE, err);
	/* A longer one does not open, and is written anew. */
	if (rc == SAKSI_OK && ftruncate(fd, (off_t)raw.len) != 0)
		rc = saksi_fail_sys(err, ANCHOR_FILE);
	buf_free(&raw);
	return rc;
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
		errno = 0;
		if (!read_fd(&a, v, (enum anchor_place)place, fd)) {
			/* What it says of other logs is not to be lost for that. */
			if (is_for_now((enum anchor_place)place)) {
				(void)close(fd);
				continue;
			}
			memset(&a, 0, sizeof(a));
		}
		for (unsigned kind = 0; kind < ANCHOR_KINDS; kind++)
			if (own[kind].set)
				note(&a, kind, &own[kind]);
		if (write_fd(&a, v, (enum anchor_place)place, fd, NULL) != SAKSI_OK)
			errno = 0; /* a late note is no harm */
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

/* Of another folder; as read_place(). */
static enum saksi_err read_of(struct anchor_notes *a, bool *there, bool *unread,
    struct saksi_vault *v, const char *from, struct saksi_error *err)
{
	char *path = fs_join(from, ANCHOR_FILE);
	enum saksi_err rc = SAKSI_OK;
	int fd;

	*there = *unread = false;
	if (path == NULL)
		return saksi_fail_nomem(err);
	/* What a failing disk does not give at once it may give the next time. */
	for (unsigned tries = READ_TRIES; tries > 0 && rc == SAKSI_OK; tries--) {
		errno = 0;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		*there = read_fd(a, v, ANCHOR_IN_VAULT, fd);
		*unread = !*there && errno == EIO;
		if (!*there && is_for_now(ANCHOR_IN_VAULT))
			rc = not_now(err);
		if (fd >= 0)
			(void)close(fd);
		if (!*unread)
			break;
	}
	free(path);
	return rc;
}

enum saksi_err anchor_carry(struct saksi_vault *v, const char *from, bool anew,
    bool *unread, struct saksi_error *err)
{
	struct anchor_notes a;
	bool there;
	enum saksi_err rc = read_of(&a, &there, unread, v, from, err);
	int fd;

	if (rc != SAKSI_OK)
		return rc;
	if (!there)
		memset(&a, 0, sizeof(a));
	a.anew[0] |= anew || *unread;
	a.anew[1] |= anew || *unread;
	if ((fd = open_place(v, ANCHOR_IN_VAULT, O_RDWR | O_CREAT)) < 0)
		return saksi_fail_sys(err,
		    "anchor: the note of how far this device had come cannot be made");
	rc = write_fd(&a, v, ANCHOR_IN_VAULT, fd, err);
	if (rc == SAKSI_OK && fsync(fd) != 0)
		rc = saksi_fail_sys(err, ANCHOR_FILE);
	(void)close(fd);
	return rc;
}

void anchor_forget(struct saksi_vault *v)
{
	char path[PATH_MAX];

	if (v->key != NULL && v->keys != NULL && state_path(path, v))
		(void)unlink(path);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/*
 * Notes come after commits, so one that was read is of what is there by now; but
 * another process may have written it since ${t} began, and it is asked once more.
 */
static enum saksi_err has_entry(struct saksi_txn *t, const struct saksi_hash *head,
    bool *has, struct saksi_error *err)
{
	struct saksi_txn *now = NULL;
	enum saksi_err rc = saksi_log_has(t, head, has, err);

	if (rc != SAKSI_OK || *has || t->write)
		return rc;
	if ((rc = saksi_txn_begin(&now, t->v, false, err)) == SAKSI_OK)
		rc = saksi_log_has(now, head, has, err);
	saksi_txn_abort(&now);
	return rc;
}

enum saksi_err anchor_missing(struct saksi_txn *t, unsigned i, bool *missing,
    struct saksi_error *err)
{
	struct saksi_vault *v = t->v;
	struct anchor_notes a;
	enum saksi_err rc = SAKSI_OK;

	*missing = false;
	for (unsigned place = ANCHOR_IN_VAULT; place <= ANCHOR_IN_STATE && rc == SAKSI_OK;
	     place++) {
		bool there;

		rc = read_place(&a, &there, v, (enum anchor_place)place, err);
		if (rc != SAKSI_OK || !there)
			continue;
		*missing |= a.anew[i];
		for (unsigned k = 0; k < a.n && rc == SAKSI_OK; k++) {
			bool has = true;

			if (a.list[k].kind != LINE &&
			    hash_cmp(&a.list[k].log, &v->writers[i].log) == 0)
				rc = has_entry(t, &a.list[k].head, &has, err);
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
		return errno == ENOENT
		    ? NULL
		    : "anchor: the note of how far this device had come cannot be opened, so a "
		      "vault that was put back may go unnoticed";
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
static enum saksi_err line_is_behind(struct saksi_txn *t, bool *behind,
    struct saksi_error *err)
{
	struct saksi_vault *v = t->v;
	struct saksi_hash line;
	struct anchor_notes a;
	uint64_t newest;
	enum saksi_err rc = SAKSI_OK;

	*behind = false;
	if (line_of(&line, t, NULL) != SAKSI_OK)
		return SAKSI_OK;
	for (unsigned place = ANCHOR_IN_VAULT; place <= ANCHOR_IN_STATE && rc == SAKSI_OK;
	     place++) {
		bool there;

		rc = read_place(&a, &there, v, (enum anchor_place)place, err);
		if (rc != SAKSI_OK || !there)
			continue;
		/* Asked after the note was read: another process may have gone on since
		 * this transaction began, and notes come after commits. */
		if (kv_newest_commit(&newest, v->kv, NULL) != SAKSI_OK)
			newest = kv_txn_base(t->kv);
		for (unsigned k = 0; k < a.n; k++)
			*behind |= a.list[k].kind == LINE &&
			    hash_cmp(&a.list[k].log, &line) == 0 &&
			    a.list[k].seq > line_number(v, newest);
	}
	return rc;
}

enum saksi_err saksi_vault_restored(struct saksi_txn *t, bool *restored,
    struct saksi_error *err)
{
	bool missing;
	enum saksi_err rc = line_is_behind(t, restored, err);

	for (unsigned i = 0; i < 2 && rc == SAKSI_OK; i++) {
		if (!t->v->has_writer[i])
			continue;
		rc = anchor_missing(t, i, &missing, err);
		*restored |= rc == SAKSI_OK && missing;
	}
	t->v->new_line |= rc == SAKSI_OK && *restored;
	return rc;
}
