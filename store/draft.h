/* draft.h - what only import needs of a draft. */
#ifndef SAKSI_STORE_DRAFT_H
#define SAKSI_STORE_DRAFT_H

#include <saksi/store/record.h>

#define DRAFT_VALUE_MAX (160u << 10) /* bytes of one value, encoded */
/** draft_fits(encoded): A value of so many bytes can be written. */
bool draft_fits(size_t encoded);
/**
 * draft_create_with(d, id, lens, n, ops, len, err):
 * A record that is not there yet, with ${n} operations, each of as many bytes as
 * ${lens} says (le32): they are as they will stand in the changeset.
 */
SAKSI_MUST_CHECK enum saksi_err draft_create_with(struct saksi_draft *d,
    const struct saksi_id *id, const uint8_t *lens, size_t n, const uint8_t *ops,
    size_t len, struct saksi_error *err);
/**
 * draft_rival(d, id, op, len, written, beside, err):
 * Add the value of an operation that hides nothing beside what stands there,
 * unless it stood there ever before, be it hidden since: then it says nothing
 * new.  ${beside}: a register now has a rival.
 */
SAKSI_MUST_CHECK enum saksi_err draft_rival(struct saksi_draft *d,
    const struct saksi_id *id, const uint8_t *op, size_t len, bool *written, bool *beside,
    struct saksi_error *err);

#endif
