/* draft.h - what only import needs of a draft. */
#ifndef SAKSI_STORE_DRAFT_H
#define SAKSI_STORE_DRAFT_H

#include <saksi/store/record.h>

#define DRAFT_VALUE_MAX (160u << 10) /* bytes of one value, encoded */
/** draft_fits(encoded): A value of so many bytes can be written. */
bool draft_fits(size_t encoded);
/** draft_create_as: saksi_draft_create() with the id given. */
SAKSI_MUST_CHECK enum saksi_err draft_create_as(struct saksi_draft *d,
    const struct saksi_id *id, const char *type, const char *ref, const char *cls,
    struct saksi_error *err);
/**
 * draft_rival(d, id, field, value, set, written, beside, err):
 * Add a value beside what stands there, unless it stood there ever
 * before, be it hidden since: then it says nothing new.  ${beside}: a register now has a rival.
 */
SAKSI_MUST_CHECK enum saksi_err draft_rival(struct saksi_draft *d,
    const struct saksi_id *id, const char *field, const json_t *value, bool set,
    bool *written, bool *beside, struct saksi_error *err);

#endif
