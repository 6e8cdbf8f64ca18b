/* build.c - putting documents together, with one flag for memory that ran out. */
#include <string.h>

#include "submission.h"

static json_t *made(struct submission *s, json_t *v)
{
	s->failed = s->failed || !v;
	return v;
}

json_t *build_array(struct submission *s)
{
	return made(s, json_array());
}

json_t *build_object(struct submission *s)
{
	return made(s, json_object());
}

void build_add(struct submission *s, json_t *array, json_t *v)
{
	if (json_array_append_new(array, v) != 0)
		s->failed = true;
}

void build_set(struct submission *s, json_t *object, const char *key, json_t *v)
{
	if (json_object_set_new(object, key, v) != 0)
		s->failed = true;
}

void build_once(struct submission *s, json_t *lines, struct buf *b)
{
	const char *line = buf_cstr(b);
	const json_t *l;
	size_t i;
	json_array_foreach (lines, i, l) {
		if (strcmp(json_string_value(l), line) == 0)
			return;
	}
	if (b->len > 0)
		build_add(s, lines, json_string(line));
}

void build_done(struct submission *s, struct buf *b)
{
	s->failed = s->failed || b->failed;
	buf_free(b);
}

enum saksi_err build_ok(const struct submission *s, struct saksi_error *err)
{
	enum saksi_err rc = cut_ok(&s->cut, err);
	return rc == SAKSI_OK && s->failed ? saksi_fail_nomem(err) : rc;
}
