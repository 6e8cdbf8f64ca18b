/* change.h - changes to one record, gathered in a draft: edit, resolve, delete. */
#ifndef SAKSI_CLI_CHANGE_H
#define SAKSI_CLI_CHANGE_H

#include "cli.h"

struct change {
	struct cli *c;
	struct saksi_id id;
	struct saksi_record *r; /* as it is before */
	const struct schema_type *type;
	struct saksi_draft *draft;
	struct schema_faults faults;
	bool resolving; /* rivals are expected: no warning */
};

/** change_begin(ch, c, name): Open, begin to write, find the record ${name}. */
SAKSI_MUST_CHECK enum saksi_err change_begin(struct change *ch, struct cli *c,
    const char *name);
/** change_begin_live(ch, c, name): The same; SAKSI_ENOTFOUND if it is deleted. */
SAKSI_MUST_CHECK enum saksi_err change_begin_live(struct change *ch, struct cli *c,
    const char *name);
/** change_apply(ch, args, n): FIELD=VALUE and its like; faults are gathered. */
SAKSI_MUST_CHECK enum saksi_err change_apply(struct change *ch, const char *const *args,
    size_t n);
/** change_commit(ch): Write, unless there are faults or nothing changes (*wrote). */
SAKSI_MUST_CHECK enum saksi_err change_commit(struct change *ch, bool *wrote);
void change_end(struct change *ch);
/** change_report(ch, did): "abcdefgh: did", or JSON {"id", "did"}. */
SAKSI_MUST_CHECK enum saksi_err change_report(struct change *ch, const char *did);

/** change_remove(ch, f, text): Take what ${text} means out of a list. */
SAKSI_MUST_CHECK enum saksi_err change_remove(struct change *ch,
    const struct schema_field *f, const char *text);
/** change_keep_some(ch, f): SAKSI_EINVAL if records of this type need the field. */
SAKSI_MUST_CHECK enum saksi_err change_keep_some(struct change *ch,
    const struct schema_field *f);
/** change_count(ch, field): Distinct visible values of a field. */
size_t change_count(const struct change *ch, const char *field);

#endif
