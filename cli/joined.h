/* joined.h - records that are confirmed to be one, shown together. */
#ifndef SAKSI_CLI_JOINED_H
#define SAKSI_CLI_JOINED_H

#include <saksi/store/pairs.h>

#include "links.h"

/* A record and those that it is joined with, as of c->as_of_us. */
struct joined {
	struct cli *c;
	struct saksi_id self;
	struct saksi_pair_links with;
};
SAKSI_MUST_CHECK enum saksi_err joined_load(struct joined *j, struct cli *c,
    const struct saksi_id *id);
void joined_free(struct joined *j);

/** joined_print(j, links): Who they are, and what refers to each of them. */
SAKSI_MUST_CHECK enum saksi_err joined_print(const struct joined *j, struct links *links);
/**
 * joined_json(j, links, o):
 * `joined` in ${*o}: {same: [{id, ref, link}], records: [{id, type, field, of}]}.
 */
SAKSI_MUST_CHECK enum saksi_err joined_json(const struct joined *j, struct links *links,
    json_t **o);
/** joined_hangs_on(j, record): Which of those ${record} names; NULL: itself, or none. */
const struct saksi_id *joined_hangs_on(const struct joined *j, const json_t *record);
/** joined_label(c, out, id): "Son Chhay [2eyf33pk]" */
void joined_label(struct cli *c, struct buf *out, const struct saksi_id *id);

/** joined_has(j, id): One of those that it is joined with. */
bool joined_has(const struct joined *j, const struct saksi_id *id);
/**
 * joined_also(j, record, o):
 * Into ${*o}: `same` [{id, ref, link, kind}], and `sources` of ${record} and of
 * all of them, each once.
 */
SAKSI_MUST_CHECK enum saksi_err joined_also(const struct joined *j, const json_t *record,
    json_t **o);
/** joined_say_also(c, out, o): That in words, after what stands in ${out}. */
void joined_say_also(struct cli *c, struct buf *out, const json_t *o);

#endif
