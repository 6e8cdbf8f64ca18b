/*
 * import_line.h - one line of an import; for import_check.c and import_line.c.
 */
#ifndef SAKSI_STORE_IMPORT_LINE_H
#define SAKSI_STORE_IMPORT_LINE_H

#include "import_int.h"

struct line {		/* one record of the file */
	size_t number;	/* in the file, from 1 */
	size_t at, len; /* where its text lies in the window */
	json_t *json;
	const struct schema_type *type;
	const char *name;	       /* `id` as written; belongs to json */
	char text_id[ID_TEXT_LEN + 1]; /* `id` in its usual spelling, if it is a whole id */
	const char *ref;	       /* "" if none */
	struct saksi_id id;
	bool fresh; /* the vault has no such id, which stands in the line whole */
};
struct window {
	struct line *lines;
	size_t n, cap;
	struct buf text;
	bool all_known;	       /* no line is to come: what is not found is not there */
	pthread_mutex_t vault; /* of both that check one may ask it */
};
/* Who checks: this thread, and the helper, which notes what is to be handed on. */
struct checking {
	struct importing *im;
	struct window *w;
	const struct schema_type *types;
	struct schema_faults *faults;
	size_t from, to;	    /* its lines */
	bool unmet;		    /* a name was not found, and may yet come */
	struct buf item, ops, lens; /* of one record that is ready */
	bool helps;
	struct schema_faults noted;
	struct buf ready, later; /* items, each with its length before it */
	enum saksi_err rc;
	struct saksi_error err;
};

/** line_identify(c, l, err): Its type, id and names, which are now known. */
SAKSI_MUST_CHECK enum saksi_err line_identify(struct checking *c, struct line *l,
    struct saksi_error *err);
/** line_read_names: The texts of a line that line_identify() found to be right. */
void line_read_names(struct line *l, const char *ref);
/**
 * line_ops(c, l, n_head, err):
 * All its operations into ${c}'s ops and lens, those of the head first; how many
 * these are.  c->unmet: they are not right yet.
 */
SAKSI_MUST_CHECK enum saksi_err line_ops(struct checking *c, const struct line *l,
    uint32_t *n_head, struct saksi_error *err);

#endif
