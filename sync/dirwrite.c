/* dirwrite.c - add to a shared directory what it lacks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "directory.h"

#define TRIES 4096u /* names taken in a row before something is wrong */
#define RACES 16u   /* lost to other processes */

struct object_out {
	struct dir_sync *s;
	struct saksi_txn *txn;
	struct outgoing out;
	bool open;
	int fd;
	struct crypto_hash_state sum; /* of all bytes written */
	uint64_t size;
	char hex[OBJECT_HEX + 1], part[OBJECT_HEX + 24];
	struct remote_object id;
	size_t sent;
};

static enum saksi_err to_part(void *ctx, const void *p, size_t n, struct saksi_error *err)
{
	struct object_out *o = ctx;

	crypto_hash_add(&o->sum, p, n);
	o->size += n;
	return fs_write_all(o->fd, p, n, "object", err);
}

/* The next name of ours that nothing stands under. */
static enum saksi_err choose_name(struct object_out *o, struct saksi_error *err)
{
	struct dir_sync *s = o->s;
	struct stat st;
	uint8_t tag[8];
	char tag_hex[2 * sizeof(tag) + 1];

	for (unsigned i = 0; i < TRIES; i++, s->remotes.counter++) {
		object_name_of(o->id.name, s->team->epochs[0].key, &s->team->self.id,
		    s->remotes.counter);
		hex_encode(o->hex, o->id.name, OBJECT_NAME);
		if (fstatat(s->fd, o->hex, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (errno != ENOENT)
			return saksi_fail_sys(err, "directory: cannot be looked into");
		/* Another process of this vault may be at the same name. */
		crypto_random(tag, sizeof(tag));
		hex_encode(tag_hex, tag, sizeof(tag));
		(void)snprintf(o->part, sizeof(o->part), ".%s.%s.part", o->hex, tag_hex);
		return SAKSI_OK;
	}
	return saksi_fail(err, SAKSI_EEXIST, "directory: no free name for an object");
}

static enum saksi_err open_part(struct object_out *o, struct saksi_error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;

	o->fd = openat(o->s->fd, o->part, flags, 0600);
	if (o->fd < 0)
		return saksi_fail_sys(err, "directory: cannot be written to");
	/* Whoever may look into the folder may read its objects; some systems know no modes. */
	if (fstat(o->s->fd, &st) == 0)
		(void)fchmod(o->fd, 0600 | (st.st_mode & 0044));
	return SAKSI_OK;
}

static enum saksi_err begin_object(struct object_out *o, struct saksi_error *err)
{
	struct dir_sync *s = o->s;
	enum saksi_err rc;

	if (!s->team->can_seal)
		return saksi_fail(err, SAKSI_EREFUSED,
		    "team: this device lacks the key that everyone holds; join again with a fresh "
		    "vault");
	rc = choose_name(o, err);
	if (rc == SAKSI_OK)
		rc = open_part(o, err);
	if (rc != SAKSI_OK)
		return rc;
	crypto_hash_init(&o->sum, "object-written");
	o->size = 0;
	o->sent = 0;
	o->open = true;
	s->n_here = 0;
	return outgoing_begin(&o->out, s->team, o->txn, CARRIER_DIRECTORY,
	    s->remotes.counter, to_part, o, err);
}

static void drop_object(struct object_out *o)
{
	if (!o->open)
		return;
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	outgoing_free(&o->out);
	(void)unlinkat(o->s->fd, o->part, 0);
	o->open = false;
}

/* Never over something else.  Where the system can't promise that, look first. */
static int rename_new(int dirfd, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return -1;
	if (fstatat(dirfd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(dirfd, from, dirfd, to);
}

/* What the directory gives back is what counts, not what was handed to it. */
static enum saksi_err read_back(struct object_out *o, const struct saksi_hash *want,
    struct saksi_error *err)
{
	struct crypto_hash_state st;
	struct saksi_hash got;
	uint8_t block[BOX_FRAME];
	uint64_t size = 0;
	int fd = openat(o->s->fd, o->hex, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return saksi_fail_sys(err, "object: cannot be read back");
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	crypto_hash_init(&st, "object-written");
	while (size <= o->size && (n = read(fd, block, sizeof(block))) > 0) {
		crypto_hash_add(&st, block, (size_t)n);
		size += (uint64_t)n;
	}
	crypto_hash_final(&st, &got);
	if (n == 0 && size == o->size && hash_cmp(&got, want) == 0 &&
	    object_print_of(o->id.print, fd, size)) {
		close(fd);
		return SAKSI_OK;
	}
	close(fd);
	return saksi_fail(err, SAKSI_EPARTIAL,
	    "directory: an object did not come back as it was written; check the medium and sync "
	    "again");
}

static enum saksi_err finish_object(struct object_out *o, struct saksi_error *err)
{
	struct dir_sync *s = o->s;
	struct saksi_hash written;
	enum saksi_err rc = outgoing_end(&o->out, err);

	if (rc == SAKSI_OK && fsync(o->fd) != 0)
		rc = saksi_fail_sys(err, "object: cannot be written to its end");
	if (rc == SAKSI_OK) {
		int fd = o->fd;

		o->fd = -1;
		if (close(fd) != 0)
			rc = saksi_fail_sys(err, "object: cannot be written to its end");
	}
	if (rc == SAKSI_OK && rename_new(s->fd, o->part, o->hex) != 0)
		rc = errno == EEXIST
		    ? saksi_fail(err, SAKSI_EEXIST, "object: its name was just taken")
		    : saksi_fail_sys(err, "object: cannot be put in its place");
	if (rc != SAKSI_OK) {
		drop_object(o);
		return rc;
	}
	outgoing_free(&o->out);
	o->open = false;
	s->remotes.counter++;
	crypto_hash_final(&o->sum, &written);
	/* Not every file system can sync a folder; what counts is read back anyway. */
	if (fsync(s->fd) != 0 && errno != EINVAL && errno != ENOTSUP)
		return saksi_fail_sys(err, "directory: cannot be synced");
	rc = read_back(o, &written, err);
	if (rc == SAKSI_OK)
		rc = dir_count_here(s, err);
	if (rc == SAKSI_OK)
		rc = dir_object(s, &o->id, err);
	if (rc == SAKSI_OK)
		s->sum->sent += o->sent;
	return rc;
}

/* ---- what is lacking ------------------------------------------------------------------- */

static bool lacking(void *ctx, const struct log_entry *e)
{
	const struct object_out *o = ctx;

	return !remote_dir_has(o->s->dir, e->n);
}

static enum saksi_err send_one(void *ctx, const struct log_entry *e,
    struct saksi_error *err)
{
	struct object_out *o = ctx;
	struct dir_sync *s = o->s;
	enum saksi_err rc = SAKSI_OK;

	if (o->open && box_writer_size(o->out.box) + BOX_ITEM_MAX > OBJECT_ITEMS_MAX)
		rc = finish_object(o, err);
	if (rc == SAKSI_OK && !o->open)
		rc = begin_object(o, err);
	if (rc == SAKSI_OK)
		rc = outgoing_change(&o->out, e->cs, err);
	if (rc == SAKSI_OK)
		rc = dir_here(s, e->n, err);
	o->sent += rc == SAKSI_OK;
	if (s->opt != NULL && s->opt->progress != NULL && o->sent % 64 == 0)
		s->opt->progress(s->opt->ctx, "writing", s->sum->sent + o->sent, 0);
	return rc;
}

static enum saksi_err write_once(struct dir_sync *s, struct saksi_error *err)
{
	struct object_out o = {.s = s, .fd = -1};
	enum saksi_err rc = saksi_txn_begin(&o.txn, s->team->v, false, err);

	if (rc == SAKSI_OK)
		rc = team_catch_up(s->team, o.txn, err);
	if (rc == SAKSI_OK)
		rc = outgoing_each(s->team, o.txn, lacking, send_one, &o, err);
	if (rc == SAKSI_OK && o.open)
		rc = finish_object(&o, err);
	drop_object(&o);
	saksi_txn_abort(&o.txn);
	return rc;
}

enum saksi_err dir_write(struct dir_sync *s, struct saksi_error *err)
{
	enum saksi_err rc = write_once(s, err);

	/* Another process of this vault was quicker with a name: take the next. */
	for (unsigned i = 0; i < RACES && rc == SAKSI_EEXIST; i++) {
		s->remotes.counter++;
		rc = write_once(s, err);
	}
	return rc;
}
