/* import_lines.c - the lines of an input that is read in pieces. */
#include <string.h>

#include "import_int.h"

#define PIECE 65536u

void lines_free(struct lines *s)
{
	buf_free(&s->in);
}

/* What was given out is wiped when its place is needed. */
static enum saksi_err read_more(struct lines *s, struct saksi_error *err)
{
	size_t rest = s->in.len - s->at, n = 0;
	uint8_t *where;
	enum saksi_err rc;

	if (s->at > 0 && s->in.p != NULL) {
		memmove(s->in.p, s->in.p + s->at, rest);
		s->in.len = rest;
		s->at = 0;
	}
	if ((where = buf_reserve(&s->in, PIECE)) == NULL)
		return saksi_fail_nomem(err);
	if ((rc = s->from->read(s->from->ctx, where, PIECE, &n, err)) != SAKSI_OK)
		return rc;
	s->in.len += n;
	s->ended = n == 0;
	return SAKSI_OK;
}

/* A byte order mark, as some editors add. */
static void skip_mark(struct lines *s)
{
	if (s->in.len - s->at >= 3 && memcmp(s->in.p + s->at, "\xef\xbb\xbf", 3) == 0) {
		s->at += 3;
		s->searched = 0;
	}
}

enum saksi_err lines_next(struct lines *s, const char **p, size_t *n, bool *more,
    struct saksi_error *err)
{
	bool too_long = false;

	*p = NULL;
	*n = 0;
	*more = false;
	for (;;) {
		size_t rest = s->in.len - s->at;
		const uint8_t *from = s->in.p == NULL ? NULL : s->in.p + s->at;
		const uint8_t *end = from != NULL && rest > s->searched
		    ? memchr(from + s->searched, '\n', rest - s->searched)
		    : NULL;
		enum saksi_err rc;

		if (end != NULL || s->ended) {
			*more = end != NULL || rest > 0 || too_long;
			*n = end != NULL ? (size_t)(end - from) : rest;
			*p = too_long || *n > IMPORT_LINE_MAX ? NULL : (const char *)from;
			s->at += *n + (end != NULL);
			s->searched = 0;
			s->number += *more;
			if (*more && *p != NULL && *n > 0 && (*p)[*n - 1] == '\r')
				--*n;
			return SAKSI_OK;
		}
		s->searched = rest;
		if (rest > IMPORT_LINE_MAX) {
			too_long = true;
			s->at = s->in.len;
			s->searched = 0;
		}
		if ((rc = read_more(s, err)) != SAKSI_OK)
			return rc;
		/* Three bytes make a mark; a pipe may give them one by one. */
		if (s->number == 0 && !too_long && s->searched < 3)
			skip_mark(s);
	}
}
