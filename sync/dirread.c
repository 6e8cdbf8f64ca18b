/* dirread.c - read the new objects of a shared directory. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/list.h>

#include "directory.h"

static int open_object(const struct dir_sync *s, const struct found_object *o)
{
	struct stat st;
	int fd = openat(s->fd, o->hex,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	/* It may have been exchanged since it was looked at. */
	if (fd >= 0 &&
	    (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		(uint64_t)st.st_size > OBJECT_FILE_MAX)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static const char *fault_words(enum saksi_err rc)
{
	if (rc == SAKSI_EPARTIAL)
		return "is not there to its end yet; it is tried again next time";
	if (rc == SAKSI_ENEWER)
		return "was written by a newer version of saksi";
	if (rc == SAKSI_ELIMIT)
		return "holds more than this device can take in; it is tried again next time";
	return "was altered or damaged";
}

/* A fault of this vault ends the sync; one of the object only the object. */
static bool objects_fault(enum saksi_err rc)
{
	return rc == SAKSI_EPARTIAL || rc == SAKSI_EAUTH || rc == SAKSI_ENEWER ||
	    rc == SAKSI_EFORMAT || rc == SAKSI_ELIMIT;
}

static bool name_fits(const struct dir_sync *s, const struct found_object *o,
    const struct manifest *m)
{
	uint8_t name[OBJECT_NAME];

	for (size_t i = 0; i < s->team->n_epochs; i++) {
		if (hash_cmp(&s->team->epochs[i].id, &m->epoch) != 0)
			continue;
		object_name_of(name, s->team->epochs[i].key, &m->sealer, m->counter);
		return memcmp(name, o->id.name, OBJECT_NAME) == 0;
	}
	return false;
}

/* Whose is it, and where does it stand in the order of reading? */
static enum saksi_err peek(struct dir_sync *s, struct found_object *o, size_t *foreign,
    struct saksi_error *err)
{
	struct saksi_error e;
	int fd = open_object(s, o);
	enum saksi_err rc;

	if (fd < 0) {
		o->state = FOUND_IGNORED;
		dir_fault(s, o->hex, "cannot be opened");
		return SAKSI_OK;
	}
	rc = incoming_peek(&s->in, fd, &e);
	close(fd);
	if (rc == SAKSI_OK && !name_fits(s, o, &s->in.manifest)) {
		o->state = FOUND_IGNORED;
		dir_fault(s, o->hex, "stands under a name that is not its own");
		return SAKSI_OK;
	}
	if (rc == SAKSI_OK) {
		o->sealer = s->in.manifest.sealer;
		o->height = s->in.manifest.height;
		o->counter = s->in.manifest.counter;
		return SAKSI_OK;
	}
	if (!objects_fault(rc))
		return saksi_fail(err, rc, "%s", e.msg);
	o->state = FOUND_IGNORED;
	if (s->in.ours)
		dir_fault(s, o->hex, fault_words(rc));
	else
		++*foreign;
	return SAKSI_OK;
}

static int by_height(const void *a, const void *b)
{
	const struct found_object *x = a, *y = b;
	int c;

	if (x->height != y->height)
		return x->height < y->height ? -1 : 1;
	c = hash_cmp(&x->sealer, &y->sealer);
	if (c != 0)
		return c;
	if (x->counter != y->counter)
		return x->counter < y->counter ? -1 : 1;
	return memcmp(x->id.name, y->id.name, OBJECT_NAME);
}

/* Of each sealer the newest word on what it holds is kept for the end. */
static enum saksi_err keep_word(struct dir_sync *s, struct saksi_error *err)
{
	struct last_word *w = NULL, *list;

	for (size_t i = 0; i < s->n_words; i++)
		if (hash_cmp(&s->words[i].manifest.sealer, &s->in.manifest.sealer) == 0)
			w = &s->words[i];
	if (w != NULL && w->manifest.counter > s->in.manifest.counter)
		return SAKSI_OK;
	if (w == NULL) {
		list = list_room(s->words, s->n_words, &s->cap_words, sizeof(*list));
		if (list == NULL)
			return saksi_fail_nomem(err);
		s->words = list;
		w = &list[s->n_words++];
		memset(w, 0, sizeof(*w));
	}
	frontier_free(&w->frontier);
	w->manifest = s->in.manifest;
	w->frontier = s->in.frontier;
	memset(&s->in.frontier, 0, sizeof(s->in.frontier));
	return SAKSI_OK;
}

static enum saksi_err read_object(struct dir_sync *s, struct found_object *o,
    struct saksi_error *err)
{
	struct saksi_error e;
	int fd = open_object(s, o);
	bool more = false;
	char c;
	enum saksi_err rc;

	s->n_here = 0;
	if (fd < 0) {
		o->state = FOUND_IGNORED;
		dir_fault(s, o->hex, "cannot be opened");
		return SAKSI_OK;
	}
	rc = incoming_read(&s->in, fd, &e);
	if (rc == SAKSI_OK)
		more = read(fd, &c, 1) > 0;
	close(fd);
	if (rc != SAKSI_OK && !objects_fault(rc))
		return saksi_fail(err, rc, "%s", e.msg);
	if (rc != SAKSI_OK || more) {
		o->state = FOUND_IGNORED;
		dir_fault(s, o->hex, more ? "more bytes follow its end" : fault_words(rc));
		return SAKSI_OK;
	}
	/* Others can read from it what we just did, if it is whole, its sealer stands by
	 * it, and it is under a key that everyone holds.  Else they need ours. */
	if (!s->in.proven || !epoch_for_all(s->team, &s->in.manifest.epoch))
		s->n_here = 0;
	rc = dir_count_here(s, err);
	o->state = s->in.settled ? FOUND_READ : FOUND_AGAIN;
	if (rc == SAKSI_OK && s->in.settled)
		rc = dir_object(s, &o->id, err);
	if (rc == SAKSI_OK && s->in.proven)
		rc = keep_word(s, err);
	return rc;
}

/* What waited for room or for a later object is read again while that helps. */
static enum saksi_err read_rounds(struct dir_sync *s, struct saksi_error *err)
{
	size_t before;
	enum found_state which = FOUND_NEW;
	enum saksi_err rc = SAKSI_OK;
	bool again;

	do {
		size_t refused = s->sum->refused;

		before = s->sum->received;
		again = false;
		for (size_t i = 0; i < s->n && rc == SAKSI_OK; i++) {
			if (s->list[i].state != which)
				continue;
			rc = read_object(s, &s->list[i], err);
			again = again || s->list[i].state == FOUND_AGAIN;
			if (s->opt != NULL && s->opt->progress != NULL)
				s->opt->progress(s->opt->ctx, "reading objects", i + 1,
				    s->n);
		}
		/* Only a full waiting list is a reason to come back at once. */
		again = again && s->sum->refused > refused;
		which = FOUND_AGAIN;
	} while (rc == SAKSI_OK && again && s->sum->received > before);
	return rc;
}

enum saksi_err dir_read(struct dir_sync *s, struct saksi_error *err)
{
	size_t foreign = 0;
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < s->n && rc == SAKSI_OK; i++)
		if (s->list[i].state == FOUND_NEW)
			rc = peek(s, &s->list[i], &foreign, err);
	if (rc != SAKSI_OK)
		return rc;
	if (foreign > 0)
		tally_warn(&s->tally,
		    "%zu files with names like objects are not for this team, or their beginning "
		    "was altered; they were left alone",
		    foreign);
	if (s->n > 0)
		qsort(s->list, s->n, sizeof(*s->list), by_height);
	return read_rounds(s, err);
}
