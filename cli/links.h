/* links.h - who refers to whom. */
#ifndef SAKSI_CLI_LINKS_H
#define SAKSI_CLI_LINKS_H

#include <saksi/base/id.h>

#include "cli.h"

struct link {
	struct saksi_id to, from;
	const char *type;  /* of `from`; static in the schema */
	const char *field; /* path; static in the schema */
};
struct links {
	struct cli *c;
	bool whole;	   /* `list` has all of them, as of some time */
	struct link *list; /* sorted by `to` */
	size_t n, cap;
	struct links_of **of; /* else those that were asked for */
	size_t n_of, cap_of;
};
/** links_load: Those between visible records; as of another time by one pass over all. */
SAKSI_MUST_CHECK enum saksi_err links_load(struct cli *c, struct links *out);
/** links_to(l, id, list, n): The references to ${id}, by type; valid up to links_free(). */
SAKSI_MUST_CHECK enum saksi_err links_to(struct links *l, const struct saksi_id *id,
    const struct link **list, size_t *n);
void links_free(struct links *l);
/** link_print: A line for who refers, as of c->as_of_us; ${of}: also to whom. */
SAKSI_MUST_CHECK enum saksi_err link_print(struct cli *c, const struct link *l, bool of);

#endif
