/*
 * The same field twice in one command: one of the two would be lost without a
 * word, so it is refused.  A group and its leaves are compared leaf by leaf.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "assign.h"

struct touch {
	char path[160];
	enum assign_how how;
	bool parts; /* a list, of which each argument gives a part */
};
struct touches {
	struct cli *c;
	struct touch *list;
	size_t n, cap;
};

static enum saksi_err clash(struct cli *c, const struct touch *a, const struct touch *b)
{
	bool whole = a->how == ASSIGN_SET || a->how == ASSIGN_CLEAR;
	bool other = b->how == ASSIGN_SET || b->how == ASSIGN_CLEAR;

	if (strcmp(a->path, b->path) != 0)
		return SAKSI_OK;
	if (a->how != b->how && (whole || other))
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: is set or cleared, and changed too; one of them is enough",
		    a->path);
	if (a->how == b->how && (!a->parts || !b->parts || a->how == ASSIGN_CLEAR))
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: is given twice; once is enough", a->path);
	return SAKSI_OK;
}

static enum saksi_err touch(struct touches *t, const char *path, enum assign_how how,
    bool parts)
{
	struct touch *list = list_room(t->list, t->n, &t->cap, sizeof(*list)), *e;
	enum saksi_err rc = SAKSI_OK;

	if (list == NULL)
		return saksi_fail_nomem(&t->c->err);
	t->list = list;
	e = &t->list[t->n++];
	(void)snprintf(e->path, sizeof(e->path), "%s", path);
	e->how = how;
	e->parts = parts;
	for (size_t i = 0; i + 1 < t->n && rc == SAKSI_OK; i++)
		rc = clash(t->c, &t->list[i], e);
	return rc;
}

/* The leaves that a group names; what is wrong with it is told when it is read. */
static enum saksi_err touch_group(struct touches *t, const struct schema_field *f,
    const struct assign *a)
{
	json_t *group = NULL;
	enum saksi_err rc = SAKSI_OK;

	if (a->how != ASSIGN_CLEAR && assign_group(f, a->text, &group, NULL) != SAKSI_OK)
		return SAKSI_OK;
	for (size_t i = 0; i < f->n_fields && rc == SAKSI_OK; i++)
		if (a->how == ASSIGN_CLEAR ||
		    json_object_get(group, f->fields[i].name) != NULL)
			rc = touch(t, f->fields[i].path, a->how, false);
	json_decref(group);
	return rc;
}

static enum saksi_err touch_argument(struct touches *t, const struct schema_type *type,
    const char *arg, bool fresh)
{
	struct assign a;
	const struct schema_field *f;

	if (assign_split(&a, arg, NULL) != SAKSI_OK)
		return SAKSI_OK;
	if (fresh && a.how == ASSIGN_ADD)
		a.how = ASSIGN_SET;
	f = schema_field(type, a.field);
	if (f != NULL && f->kind == FIELD_GROUP && !f->many)
		return touch_group(t, f, &a);
	return touch(t, a.field, a.how, f != NULL && f->many);
}

enum saksi_err assign_check_twice(struct cli *c, const struct schema_type *type,
    const char *const *args, size_t n, bool fresh)
{
	struct touches t = {.c = c};
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < n && rc == SAKSI_OK; i++)
		rc = touch_argument(&t, type, args[i], fresh);
	free(t.list);
	return rc;
}
