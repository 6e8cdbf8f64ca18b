/* dirscan.c - what is in a shared directory: PROTOCOL.md section 8. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/list.h>

#include "directory.h"

void object_name_of(uint8_t out[OBJECT_NAME], const struct secret *epoch_key,
    const struct saksi_hash *sealer, uint64_t counter)
{
	uint8_t text[40];

	memcpy(text, sealer->b, 32);
	le64_put(text + 32, counter);
	crypto_prf(out, OBJECT_NAME, secret_view(epoch_key), "object-name", text,
	    sizeof(text));
}

bool object_print_of(uint8_t out[OBJECT_NAME], int fd, uint64_t size)
{
	uint8_t text[8 + BOX_HEAD];
	struct saksi_hash h;

	if (size < BOX_HEAD || pread(fd, text + 8, BOX_HEAD, 0) != (ssize_t)BOX_HEAD)
		return false;
	le64_put(text, size);
	crypto_hash_of(&h, "object-print", text, sizeof(text));
	memcpy(out, h.b, OBJECT_NAME);
	return true;
}

void dir_fault(struct dir_sync *s, const char *hex, const char *reason)
{
	char what[64] = "object ";

	memcpy(what + 7, hex, OBJECT_HEX + 1);
	tally_refused(&s->tally, what, reason);
	s->faulty++;
}

enum saksi_err dir_here(void *ctx, uint64_t n, struct saksi_error *err)
{
	struct dir_sync *s = ctx;
	uint64_t *list = list_room(s->here, s->n_here, &s->cap_here, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	s->here = list;
	s->here[s->n_here++] = n;
	return SAKSI_OK;
}

enum saksi_err dir_count_here(struct dir_sync *s, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < s->n_here && rc == SAKSI_OK; i++) {
		rc = remote_dir_add(s->dir, s->here[i], err);
		if (rc == SAKSI_OK)
			rc = remote_dir_add(&s->added, s->here[i], err);
	}
	s->n_here = 0;
	return rc;
}

enum saksi_err dir_object(struct dir_sync *s, const struct remote_object *o,
    struct saksi_error *err)
{
	enum saksi_err rc = remote_dir_object(s->dir, o, err);

	return rc == SAKSI_OK ? remote_dir_object(&s->added, o, err) : rc;
}

/* ---- names -------------------------------------------------------------------------- */

/* Lower case only: another spelling is another file, and none of ours. */
static bool object_name(const char *s, uint8_t out[OBJECT_NAME])
{
	if (strlen(s) != OBJECT_HEX || strspn(s, "0123456789abcdef") != OBJECT_HEX)
		return false;
	return hex_decode(out, OBJECT_NAME, s);
}

static enum saksi_err keep_name(struct dir_sync *s, const char *name,
    struct saksi_error *err)
{
	struct found_object *list;
	struct found_object o;

	memset(&o, 0, sizeof(o));
	if (!object_name(name, o.id.name))
		return SAKSI_OK;
	memcpy(o.hex, name, OBJECT_HEX + 1);
	if ((list = list_room(s->list, s->n, &s->cap, sizeof(*list))) == NULL)
		return saksi_fail_nomem(err);
	s->list = list;
	s->list[s->n++] = o;
	return SAKSI_OK;
}

static enum saksi_err list_names(struct dir_sync *s, struct saksi_error *err)
{
	int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	int fault = 0;
	enum saksi_err rc = SAKSI_OK;

	if (d == NULL) {
		rc = saksi_fail_sys(err, "directory: cannot be listed");
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == SAKSI_OK && s->n < DIR_NAMES_MAX) {
		errno = 0;
		e = readdir(d);
		if (e == NULL) {
			fault = errno;
			break;
		}
		rc = keep_name(s, e->d_name, err);
	}
	errno = fault;
	if (rc == SAKSI_OK && fault != 0)
		rc = saksi_fail_sys(err, "directory: cannot be listed to its end");
	if (s->n == DIR_NAMES_MAX)
		tally_warn(&s->tally,
		    "the directory holds more than %u objects; the rest was not "
		    "looked at",
		    DIR_NAMES_MAX);
	closedir(d);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const struct found_object *x = a, *y = b;

	return memcmp(x->id.name, y->id.name, OBJECT_NAME);
}

/* ---- a look at each ------------------------------------------------------------------- */

/* Fills id.print; what can't be an object is set aside, untouched. */
static void look_at(struct dir_sync *s, struct found_object *o)
{
	struct stat st;
	int fd = openat(s->fd, o->hex,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	o->state = FOUND_IGNORED;
	if (fd < 0) {
		if (errno != ENOENT)
			dir_fault(s, o->hex,
			    errno == ELOOP ? "is a link; links are not followed"
					   : "cannot be opened");
		return;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		dir_fault(s, o->hex, "is no regular file");
	else if ((uint64_t)st.st_size > OBJECT_FILE_MAX)
		dir_fault(s, o->hex, "is larger than any object");
	else if (!object_print_of(o->id.print, fd, (uint64_t)st.st_size))
		dir_fault(s, o->hex,
		    "is not there to its end yet; it is tried again next time");
	else
		o->state = FOUND_NEW;
	close(fd);
}

static const struct found_object *find_listed(const struct dir_sync *s,
    const struct remote_object *o)
{
	struct found_object key;

	memset(&key, 0, sizeof(key));
	memcpy(key.id.name, o->name, OBJECT_NAME);
	return s->n == 0 ? NULL : bsearch(&key, s->list, s->n, sizeof(key), by_name);
}

/* Objects read before must still be there, as they were. */
static void compare_with_memory(struct dir_sync *s)
{
	size_t gone = 0;

	for (size_t i = 0; i < s->dir->n_objects; i++) {
		const struct remote_object *o = &s->dir->objects[i];
		const struct found_object *f = find_listed(s, o);

		if (f == NULL || f->state == FOUND_IGNORED ||
		    memcmp(f->id.print, o->print, OBJECT_NAME) != 0)
			gone++;
	}
	if (gone > 0) {
		tally_warn(&s->tally,
		    "%zu objects that were in this directory are gone or were replaced: it was put "
		    "back to an older state, or cleaned; what it lacks is written again",
		    gone);
		remote_dir_forget(s->dir);
		s->forgot = true;
		return;
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].state == FOUND_NEW &&
		    remote_dir_find(s->dir, s->list[i].id.name) != NULL)
			s->list[i].state = FOUND_KNOWN;
}

enum saksi_err dir_scan(struct dir_sync *s, struct saksi_error *err)
{
	enum saksi_err rc = list_names(s, err);

	if (rc != SAKSI_OK)
		return rc;
	if (s->n > 0)
		qsort(s->list, s->n, sizeof(*s->list), by_name);
	for (size_t i = 0; i < s->n; i++)
		look_at(s, &s->list[i]);
	compare_with_memory(s);
	return SAKSI_OK;
}
